/* Our book under the neutral driver, as a venue with ids of its own uses it: a request carries the slot that the book
 * gave its order, so nothing is looked up. */
#define ENGINE "shardbook-handle"
#define STALL_USES_SLOTS
#include "bench/book/stall.h"

/* What a client sends besides what stands in the stream: which slot its order got. By position in the stream. */
static uint32_t *carried;
static uint64_t position;

/* Rehearsal: by id, the slot and side of its order. */
static uint32_t *slots;
static uint8_t *sides;

static struct request request;
static struct book_input input = {.kind = BOOK_REQUEST, .request = &request};

#define INLINE static inline __attribute__((always_inline))

INLINE void take_fills(const struct book *book, const struct book_output *out, uint64_t taker) {
    for (uint32_t i = 0; i < out->event_count; i++) {
        const struct book_event *event = &out->events[i];
        if (event->type != EVENT_FILL) continue;
        uint64_t maker = book_request_id(book, event->maker_slot);
        on_trade(maker, taker, (uint64_t)event->price_ticks, (uint64_t)event->quantity_lots);
    }
}

INLINE void apply(uint32_t symbol, uint64_t id) {
    struct book *book = stall_book(symbol);
    struct book_output *out = &stall.out;
    request.id = id;
    input.src_offset = (int64_t)position++;
    out->event_count = out->level_count = out->slot = 0;
    enum book_progress progress = book_apply(book, &input, out);
    take_fills(book, out, id);
    while (__builtin_expect(progress == BOOK_MORE, 0)) {
        out->event_count = out->level_count = 0;
        progress = book_step(book, &input, out);
        take_fills(book, out, id);
    }
}

INLINE void fill_order(int side, enum order_type type, enum time_in_force tif, uint32_t price, uint32_t lots) {
    request.side = (uint8_t)side;
    request.order_type = (uint8_t)type;
    request.time_in_force = (uint8_t)tif;
    request.price_ticks = price;
    request.quantity_lots = lots;
}

INLINE void apply_new(uint32_t symbol, uint64_t id, int side, enum order_type type, enum time_in_force tif,
    uint32_t price, uint32_t lots) {
    request.action = ACTION_NEW;
    fill_order(side, type, tif, price, lots);
    apply(symbol, id);
}

INLINE void eng_limit(uint32_t symbol, uint64_t id, int side, uint32_t price, uint32_t lots) {
    apply_new(symbol, id, side, ORDER_LIMIT, TIF_GTC, price, lots);
}

INLINE void eng_ioc(uint32_t symbol, uint64_t id, int side, uint32_t price, uint32_t lots) {
    apply_new(symbol, id, side, ORDER_LIMIT, TIF_IOC, price, lots);
}

INLINE void eng_market(uint32_t symbol, uint64_t id, int side, uint32_t lots) {
    apply_new(symbol, id, side, ORDER_MARKET, TIF_IOC, 0, lots);
}

INLINE void eng_cancel(uint32_t symbol, uint64_t id) {
    request.action = ACTION_CANCEL;
    request.slot = carried[position];
    apply(symbol, id);
}

/* What the reference does: the order is cancelled and comes in again with another price and quantity. */
INLINE void eng_replace(uint32_t symbol, uint64_t id, uint32_t price, uint32_t lots) {
    request.action = ACTION_REPLACE;
    request.slot = carried[position] & INT32_MAX;
    request.replaced_id = id;
    fill_order((int)(carried[position] >> 31), ORDER_LIMIT, TIF_GTC, price, lots);
    apply(symbol, id);
}

static void eng_finish(void) {}

static void eng_init(const hdr_t *header);

#define DRIVER_MAIN
#include "bench/neutral/driver.h"

/* One record before the clock: what it will carry, and where its order came to rest. */
static void rehearse_record(const rec_t *record) {
    bool is_new = record->op != OP_CANCEL && record->op != OP_REPLACE;
    if (is_new) sides[record->id] = record->side;
    carried[position] = slots[record->id] | (record->op == OP_REPLACE ? (uint32_t)sides[record->id] << 31 : 0);
    step(record);
    if (stall.out.slot) slots[record->id] = stall.out.slot;
}

/* Runs the stream once before the clock, to learn what a client would know: the slots are the same again. */
static void rehearse(const rec_t *records, uint64_t count) {
    stall_open();
    for (uint64_t i = 0; i < count; i++) rehearse_record(records + i);
    stall_close();
    position = 0;
    stall_forget_trades();
}

static void eng_init(const hdr_t *header) {
    stall_prepare(header);
    carried = stall_memory(header->nops * sizeof *carried);
    sides = calloc(header->max_id + 1, sizeof *sides);
    slots = calloc(header->max_id + 1, sizeof *slots);
    if (!sides || !slots) stall_fail("not enough memory");
    const rec_t *records = stall_open_stream(header->nops);
    rehearse(records, header->nops);
    stall_close_stream(records, header->nops);
    free(sides);
    free(slots);
    stall_open();
    stall_report();
}
