/* Our book under the neutral driver, as a venue with ids of its own uses it: a request carries the slot that the book
 * gave its order, so nothing is looked up. */
#define ENGINE "shardbook-handle"
#define STALL_USES_SLOTS
#include "bench/book/stall.h"
#include "core/short_road.h"

/* What a client sends besides what stands in the stream: which slot its order got. By position in the stream. */
static uint32_t *carried;
static uint64_t position;

/* Rehearsal: by id, the slot and side of its order. */
static uint32_t *slots;
static uint8_t *sides;

__attribute__((noinline)) static void take_fills(
    const struct book *book, const struct book_output *out, uint64_t taker, uint32_t first) {
    const struct book_event *event = &out->events[first], *end = &out->events[out->event_count];
    if (end[-1].type != EVENT_FILL) end--; /* what follows fills in a step is one event */
    for (; event < end; event++) {
        if (__builtin_expect(event->type != EVENT_FILL, 0)) continue;
        uint64_t maker = road_request_id(book, event->maker_slot);
        on_trade(maker, taker, (uint64_t)event->price_ticks, (uint64_t)event->quantity_lots);
    }
}

__attribute__((noinline)) static void go_on(struct book *book, const struct request *request, int64_t offset) {
    const struct book_input input = {.kind = BOOK_REQUEST, .request = request, .src_offset = offset};
    enum book_progress progress = BOOK_MORE;
    while (progress == BOOK_MORE) {
        stall.out.event_count = stall.out.level_count = 0;
        progress = book_step(book, &input, &stall.out);
        take_fills(book, &stall.out, request->id, 0);
    }
}

INLINE void apply(uint32_t symbol, const struct request *request) {
    struct book *book = stall_book(symbol);
    int64_t offset = (int64_t)position++;
    enum book_progress progress = book_request(book, request, offset, 0, &stall.out);
    /* The first is no fill. */
    if (request->action != ACTION_CANCEL && stall.out.event_count > 1) take_fills(book, &stall.out, request->id, 1);
    if (__builtin_expect(progress == BOOK_MORE, 0)) {
        const struct request copy = road_copy(request);
        go_on(book, &copy, offset);
    }
}

enum { AHEAD_FAR = 12, AHEAD_NEAR = 5, AHEAD_JUDGED = 4096 /* records between two looks whether it pays */ };

static bool is_ahead;

INLINE void look_ahead(const rec_t *records, uint64_t at, uint64_t count) {
    if (__builtin_expect(at % AHEAD_JUDGED == 0, 0)) is_ahead = arena_is_large(&stall.arena);
    if (!is_ahead || __builtin_expect(at + AHEAD_FAR >= count, 0)) return;
    const rec_t *far = &records[at + AHEAD_FAR], *near = &records[at + AHEAD_NEAR];
    book_prefetch(stall_book(far->sym), carried[at + AHEAD_FAR] & INT32_MAX, far->side, far->price);
    book_prefetch_near(stall_book(near->sym), carried[at + AHEAD_NEAR] & INT32_MAX, near->side, near->price);
}

#define ENG_AHEAD look_ahead

INLINE void apply_new(uint32_t symbol, uint64_t id, int side, enum order_type type, enum time_in_force tif,
    uint32_t price, uint32_t lots) {
    const struct request request = {.action = ACTION_NEW,
        .id = id,
        .side = (uint8_t)side,
        .order_type = (uint8_t)type,
        .time_in_force = (uint8_t)tif,
        .price_ticks = price,
        .quantity_lots = lots};
    apply(symbol, &request);
}

INLINE void eng_limit(uint32_t symbol, uint64_t id, int side, uint32_t price, uint32_t lots) {
    apply_new(symbol, id, side, ORDER_LIMIT, TIF_GTC, price, lots);
}

static void eng_ioc(uint32_t symbol, uint64_t id, int side, uint32_t price, uint32_t lots) {
    apply_new(symbol, id, side, ORDER_LIMIT, TIF_IOC, price, lots);
}

static void eng_market(uint32_t symbol, uint64_t id, int side, uint32_t lots) {
    apply_new(symbol, id, side, ORDER_MARKET, TIF_IOC, 0, lots);
}

INLINE void eng_cancel(uint32_t symbol, uint64_t id) {
    const struct request request = {.action = ACTION_CANCEL, .id = id, .slot = carried[position]};
    apply(symbol, &request);
}

/* What the reference does: the order is cancelled and comes in again with another price and quantity. */
static void eng_replace(uint32_t symbol, uint64_t id, uint32_t price, uint32_t lots) {
    const struct request request = {.action = ACTION_REPLACE,
        .id = id,
        .replaced_id = id,
        .slot = carried[position] & INT32_MAX,
        .side = (uint8_t)(carried[position] >> 31),
        .order_type = ORDER_LIMIT,
        .time_in_force = TIF_GTC,
        .price_ticks = price,
        .quantity_lots = lots};
    apply(symbol, &request);
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
    stall.out.slot = 0;
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
