/* The core as an engine of the public benchmark: one book, its events as the harness's reports. With HARNESS_OWN_RING
 * the reports go through our ring, else through the queue that the harness gives. */
#include "bench/harness/engine_api.h"
#include "bench/harness/id_map.h"
#include "bench/harness/report_ring.h"
#include "core/book.h"
#include "core/check.h"
#include "core/short_road.h"

#include <sys/mman.h>

enum { ORDERS_MAX = 2000000, ID_BITS = 14 };
_Static_assert(ORDERS_MAX * 2 + 16 <= ID_MAP_SLOT_MAX, "the arena has two slots for an order");
#define IDS_MAX (UINT64_C(1) << 32)        /* an id of that much or more is answered like one that is not there */
#define TOUCHED_BYTES (UINT64_C(16) << 20) /* of each part of the arena, before the clock */
#define HUGE_PAGE (UINT64_C(2) << 20)

static struct arena arena;
static struct book book;
static void *memory;
static size_t memory_bytes;
static struct book_output out;
static struct id_map slots; /* of open orders */
static int64_t offset;
#ifdef HARNESS_OWN_RING
static struct report_ring *ring;
#else
static const struct harness_transport *transport;
static void *sink;
_Alignas(64) static struct harness_report reports[REPORTS_PER_BATCH]; /* not handed on yet */
static uint32_t report_count;
#endif

/* ---- reports ---------------------------------------------------------------------------------------------- */

/* What a report is about. */
struct subject {
    uint64_t order_id, sequence;
    int64_t price_ticks;
    uint32_t quantity;
    uint8_t side;
};

#ifdef HARNESS_OWN_RING

static inline void hand_on(void) { report_ring_publish(ring); }

static inline void report(enum harness_report_type type, const struct subject *s) {
    struct ring_record *record = report_ring_next(ring);
    record->sequence = s->sequence;
    record->order_id = s->order_id;
    record->price_ticks = s->price_ticks;
    record->quantity = s->quantity;
    record->type = (uint8_t)type;
    record->side = s->side;
    report_ring_written(ring);
}

static inline void report_trade(const struct subject *taker, uint64_t maker, int64_t price_ticks, uint32_t quantity) {
    report(HARNESS_TRADE, &(struct subject){maker, taker->sequence, price_ticks, quantity, taker->side});
}

#else

/* One behind the other, and long after they were written: one at a time, each waits for cache lines that the draining
 * thread has, and for its own stores, which the queue copies in longer words. */
static __attribute__((noinline)) void hand_on(void) {
    for (uint32_t i = 0; i < report_count; i++)
        while (!transport->push(sink, &reports[i])) __builtin_ia32_pause();
    report_count = 0;
}

static inline void push(struct harness_report report) {
    reports[report_count++] = report;
    if (report_count == REPORTS_PER_BATCH) hand_on();
}

static inline void report(enum harness_report_type type, const struct subject *s) {
    push((struct harness_report){.type = (uint8_t)type,
        .side = s->side,
        .sequence = s->sequence,
        .order_id = s->order_id,
        .price_ticks = s->price_ticks,
        .quantity = s->quantity});
}

static inline void report_trade(const struct subject *taker, uint64_t maker, int64_t price_ticks, uint32_t quantity) {
    push((struct harness_report){.type = HARNESS_TRADE,
        .side = taker->side,
        .sequence = taker->sequence,
        .order_id = taker->order_id,
        .price_ticks = price_ticks,
        .quantity = quantity,
        .maker_order_id = maker,
        .taker_order_id = taker->order_id});
}

#endif

/* ---- the book --------------------------------------------------------------------------------------------- */

#define INLINE static inline __attribute__((always_inline))

INLINE void report_fill(const struct subject *taker, const struct book_event *fill) {
    uint64_t maker = road_request_id(&book, fill->maker_slot);
    report_trade(taker, maker, fill->price_ticks, (uint32_t)fill->quantity_lots);
    if (fill->rest == 0) id_map_remove(&slots, (uint32_t)maker);
}

/* The reports that answer a step of a new order, or of a modify (`ack` and `reject` differ). */
INLINE void report_new(const struct subject *s, enum harness_report_type ack, enum harness_report_type reject) {
    for (uint32_t i = 0; i < out.event_count; i++) {
        const struct book_event *event = &out.events[i];
        switch (event->type) {
        case EVENT_FILL: report_fill(s, event); break;
        case EVENT_ACCEPTED: report(ack, s); break;
        case EVENT_EXPIRED: report(HARNESS_CANCEL_ACK, s); break;
        case EVENT_REJECTED: report(reject, s); break;
        default: break;
        }
    }
}

__attribute__((noinline)) static void go_on(const struct subject *s, const struct request *request, int64_t at) {
    const struct book_input input = {.kind = BOOK_REQUEST, .request = request, .src_offset = at};
    enum book_progress progress = BOOK_MORE;
    while (progress == BOOK_MORE) {
        out.event_count = out.level_count = 0;
        progress = book_step(&book, &input, &out);
        report_new(s, HARNESS_ORDER_ACK, HARNESS_CANCEL_REJECT);
    }
}

/* A new order, or a modify; every step but the first has neither `ack` nor `reject`. True unless it was refused. */
INLINE bool place(const struct subject *s, const struct request *request, enum harness_report_type ack,
    enum harness_report_type reject) {
    int64_t at = offset++;
    out.slot = 0;
    enum book_progress progress = book_request(&book, request, at, 0, &out);
    bool is_refused = out.events[0].type == EVENT_REJECTED;
    report_new(s, ack, reject);
    if (__builtin_expect(progress == BOOK_MORE, 0)) {
        const struct request copy = road_copy(request);
        go_on(s, &copy, at);
    }
    return !is_refused;
}

/* ---- what the harness calls ------------------------------------------------------------------------------- */

static void touch(void *at, size_t bytes) {
    for (size_t i = 0; i < bytes; i += 4096) ((volatile char *)at)[i] = 0;
}

void engine_init(uint64_t nonce, const struct harness_transport *given, void *given_sink) {
    (void)nonce;
#ifdef HARNESS_OWN_RING
    (void)given;
    ring = given_sink;
#else
    transport = given;
    sink = given_sink;
    report_count = 0;
    touch(reports, sizeof reports);
#endif
    memory_bytes = arena_bytes(ORDERS_MAX) + HUGE_PAGE;
    memory = mmap(NULL, memory_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(memory != MAP_FAILED, "no memory for the book");
    char *first = (char *)(((uintptr_t)memory + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
    madvise(first, memory_bytes - HUGE_PAGE, MADV_HUGEPAGE);
    arena_init(&arena, first, ORDERS_MAX);
    touch(arena.orders, TOUCHED_BYTES);
    touch(arena.records, TOUCHED_BYTES);
    touch(arena.pages, TOUCHED_BYTES);
    struct instrument instrument = instrument_default();
    instrument.quantity_lots_max = QUANTITY_LOTS_MAX;
    book_init(&book, &arena, &instrument);
    book_use_slots(&book);
    id_map_init(&slots, &book, ID_BITS);
    offset = 0;
}

void engine_shutdown(void) {
    book_deinit(&book);
    munmap(memory, memory_bytes);
    free(slots.entries);
}

INLINE void on_new(const struct harness_new *m) {
    const struct subject s = {m->order_id, m->sequence, m->price_ticks, m->quantity, m->side};
    const struct request request = {.action = ACTION_NEW,
        .id = m->order_id,
        .side = m->side,
        .order_type = ORDER_LIMIT,
        .time_in_force = m->is_ioc ? TIF_IOC : TIF_GTC,
        .price_ticks = m->price_ticks,
        .quantity_lots = m->quantity};
    if (__builtin_expect(s.order_id >= IDS_MAX, 0)) {
        report(HARNESS_CANCEL_REJECT, &s);
        return;
    }
    place(&s, &request, HARNESS_ORDER_ACK, HARNESS_CANCEL_REJECT);
    if (out.slot) id_map_put(&slots, (uint32_t)s.order_id, out.slot);
}

INLINE void on_cancel(const struct harness_cancel *m) {
    struct subject s = {.order_id = m->order_id, .sequence = m->sequence};
    uint32_t at = id_map_find(&slots, (uint32_t)s.order_id);
    const struct request request = {.action = ACTION_CANCEL, .id = s.order_id, .slot = id_map_slot(&slots, at)};
    book_request(&book, &request, offset++, 0, &out);
    const struct book_event *event = &out.events[0];
    if (event->type != EVENT_CANCELLED) {
        report(HARNESS_CANCEL_REJECT, &s);
        return;
    }
    const struct order *order = &arena.orders[request.slot];
    s.side = order->side;
    s.price_ticks = (int64_t)order->price_ticks;
    s.quantity = (uint32_t)event->leaves_lots;
    id_map_remove_at(&slots, at);
    report(HARNESS_CANCEL_ACK, &s);
}

/* Cancel and new under the same id at once. */
INLINE void on_modify(const struct harness_modify *m) {
    const struct subject s = {m->order_id, m->sequence, m->price_ticks, m->quantity, m->side};
    uint32_t id = (uint32_t)m->order_id;
    const struct request request = {.action = ACTION_REPLACE,
        .id = m->order_id,
        .replaced_id = m->order_id,
        .slot = id_map_slot(&slots, id_map_find(&slots, id)),
        .side = m->side,
        .order_type = ORDER_LIMIT,
        .time_in_force = TIF_GTC,
        .price_ticks = m->price_ticks,
        .quantity_lots = m->quantity};
    if (!place(&s, &request, HARNESS_MODIFY_ACK, HARNESS_MODIFY_REJECT)) return;
    if (out.slot)
        id_map_put(&slots, id, out.slot);
    else
        id_map_remove(&slots, id);
}

void engine_on_new_order(const struct harness_new *message) { on_new(message); }

void engine_on_cancel(const struct harness_cancel *message) { on_cancel(message); }

void engine_on_modify(const struct harness_modify *message) { on_modify(message); }

/* Only here: a batch's reports must be in the transport before its next message is looked at. */
#ifdef HARNESS_OWN_RING
void engine_on_batch(const struct harness_message *messages, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const struct harness_message *m = &messages[i];
        if (m->type == HARNESS_NEW)
            on_new(&m->new_order);
        else if (m->type == HARNESS_CANCEL)
            on_cancel(&m->cancel);
        else
            on_modify(&m->modify);
    }
}
#endif

void engine_flush(void) { hand_on(); }

static bool find_best(enum side side, struct depth_level *level) { return book_levels(&book, side, 0, level, 1) == 1; }

int64_t engine_query_best_bid(void) {
    struct depth_level level;
    return find_best(SIDE_BUY, &level) ? level.price_ticks : INT64_MIN;
}

int64_t engine_query_best_ask(void) {
    struct depth_level level;
    return find_best(SIDE_SELL, &level) ? level.price_ticks : INT64_MAX;
}

uint64_t engine_query_depth_at(int64_t price_ticks, uint8_t side) {
    struct depth_level level;
    if (price_ticks < 1 || price_ticks > PRICE_TICKS_MAX) return 0;
    int64_t before = side == HARNESS_BUY ? price_ticks + 1 : price_ticks - 1;
    if (before == 0)
        return find_best(SIDE_SELL, &level) && level.price_ticks == price_ticks ? (uint64_t)level.total_lots : 0;
    return book_levels(&book, side, before, &level, 1) == 1 && level.price_ticks == price_ticks
               ? (uint64_t)level.total_lots
               : 0;
}

#ifdef HARNESS_OWN_RING
const struct harness_transport *engine_get_transport(void) { return report_ring_transport(); }
#endif
