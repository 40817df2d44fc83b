/* Our book under the neutral driver, as a venue with ids of its own uses it: a request carries the slot that the book
 * gave its order, so nothing is looked up. */
#define ENGINE "shardbook-handle"
#define STALL_USES_SLOTS
#include "bench/book/stall.h"

/* What a client sends besides what stands in the stream: which slot its order got, and of a replace the whole quantity,
 * which counts what was filled before. By position in the stream. */
struct carried {
    uint32_t slot, lots;
};

static struct carried *carried;
static uint64_t position;

/* Rehearsal: by id. */
static bool is_rehearsal;
static uint32_t *filled, *slots;

static struct request request;
static struct book_input input = {.kind = BOOK_REQUEST, .request = &request};

static inline void take_fills(const struct book *book, const struct book_output *out, uint64_t taker) {
    for (uint32_t i = 0; i < out->event_count; i++) {
        const struct book_event *event = &out->events[i];
        if (event->type != EVENT_FILL) continue;
        uint64_t maker = book_request_id(book, event->maker_slot);
        on_trade(maker, taker, (uint64_t)event->price_ticks, (uint64_t)event->quantity_lots);
        if (__builtin_expect(is_rehearsal, 0)) {
            filled[maker] += (uint32_t)event->quantity_lots;
            filled[taker] += (uint32_t)event->quantity_lots;
        }
    }
}

static inline void apply(uint32_t symbol, uint64_t id) {
    request.id = id;
    input.src_offset = stall.offset;
    input.log_time_ms = stall_time_ms();
    struct book *book = stall_book(symbol);
    struct book_output *out = &stall.out;
    out->event_count = out->level_count = out->slot = 0;
    enum book_progress progress = book_apply(book, &input, out);
    take_fills(book, out, id);
    while (__builtin_expect(progress == BOOK_MORE, 0)) {
        out->event_count = out->level_count = 0;
        progress = book_step(book, &input, out);
        take_fills(book, out, id);
    }
    if (__builtin_expect(is_rehearsal, 0) && out->slot) slots[id] = out->slot;
    stall.offset++;
    position++;
}

static inline void apply_new(uint32_t symbol, uint64_t id, int side, enum order_type type, enum time_in_force tif,
    uint32_t price, uint32_t lots) {
    request.action = ACTION_NEW;
    request.side = (uint8_t)side;
    request.order_type = (uint8_t)type;
    request.time_in_force = (uint8_t)tif;
    request.price_ticks = price;
    request.quantity_lots = lots;
    apply(symbol, id);
}

static inline void eng_limit(uint32_t symbol, uint64_t id, int side, uint32_t price, uint32_t lots) {
    apply_new(symbol, id, side, ORDER_LIMIT, TIF_GTC, price, lots);
}

static inline void eng_ioc(uint32_t symbol, uint64_t id, int side, uint32_t price, uint32_t lots) {
    apply_new(symbol, id, side, ORDER_LIMIT, TIF_IOC, price, lots);
}

static inline void eng_market(uint32_t symbol, uint64_t id, int side, uint32_t lots) {
    apply_new(symbol, id, side, ORDER_MARKET, TIF_IOC, 0, lots);
}

static inline void eng_cancel(uint32_t symbol, uint64_t id) {
    if (__builtin_expect(is_rehearsal, 0)) carried[position].slot = slots[id];
    request.action = ACTION_CANCEL;
    request.slot = carried[position].slot;
    apply(symbol, id);
}

static inline void eng_replace(uint32_t symbol, uint64_t id, uint32_t price, uint32_t lots) {
    if (__builtin_expect(is_rehearsal, 0)) carried[position] = (struct carried){slots[id], lots + filled[id]};
    request.action = ACTION_MODIFY;
    request.slot = carried[position].slot;
    request.price_ticks = price;
    request.quantity_lots = carried[position].lots;
    apply(symbol, id);
}

static void eng_finish(void) {}

static void eng_init(const hdr_t *header);

#define DRIVER_MAIN
#include "bench/neutral/driver.h"

/* Runs the stream once before the clock, to learn what a client would know: the slots are the same again. */
static void rehearse(const rec_t *records, uint64_t count) {
    is_rehearsal = true;
    stall_open();
    for (uint64_t i = 0; i < count; i++) step(records + i);
    stall_close();
    stall.offset = 0;
    position = 0;
    is_rehearsal = false;
    stall_forget_trades();
}

static void eng_init(const hdr_t *header) {
    stall_prepare(header);
    carried = stall_memory(header->nops * sizeof *carried);
    filled = calloc(header->max_id + 1, sizeof *filled);
    slots = calloc(header->max_id + 1, sizeof *slots);
    if (!filled || !slots) stall_fail("not enough memory");
    const rec_t *records = stall_open_stream(header->nops);
    rehearse(records, header->nops);
    stall_close_stream(records, header->nops);
    free(filled);
    free(slots);
    stall_open();
    stall_report();
}
