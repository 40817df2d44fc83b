/* Our book under the neutral driver, as the server uses it: ids are texts, and every one is looked up among those of
 * the last minute. A client writes a stream's number as decimal text. Symbols share the windows of their home
 * partitions, as in the server. */
#define ENGINE "shardbook-text"
#include "bench/book/stall.h"
#include "core/digits.h"
#include "core/short_road.h"
#include "core/status.h"
#include "shards/repeats.h"

enum { ID_DIGITS_MAX = 8 };

/* What stands in the log for a record of the stream. */
struct written {
    char id[ID_DIGITS_MAX];
    uint32_t id_bytes;
    uint32_t replace_lots; /* of an OP_REPLACE: the whole quantity, which counts what was filled before */
};

static struct written *written; /* by position in the stream */
static uint32_t *filled;        /* rehearsal: by id */
static uint64_t position;
static bool is_rehearsal;

/* What comes next in the log is known, as to the server in a batch: fetched in three steps, of which the latter two pay
 * only where the books outgrow the caches. */
enum {
    AHEAD_FAR = 24,
    AHEAD_MIDDLE = 14,
    AHEAD_NEAR = 7,
    AHEAD_KEPT = 32,    /* more than the furthest */
    AHEAD_JUDGED = 4096 /* records between two looks whether it pays */
};

static struct {
    uint64_t id_hash;
    uint32_t slot;
} ahead[AHEAD_KEPT];
static uint64_t hashed; /* records whose id_hash was taken: all before this position */
static bool is_ahead;

/* A home partition. */
struct home {
    struct id_window window;
    int64_t offset; /* of the next record */
};

struct traded {
    struct text name;
    uint64_t hash;
    struct home *home;
    struct book *book;
};

static struct home homes[PARTITIONS];
static struct traded traded[65536]; /* by symbol */
static struct command command;
static struct book_input input = {.command = &command};

/* The number that an order's id of at most eight digits says: all of them at once. */
static inline uint64_t id_of(uint32_t slot) {
    const struct order_record *record = order_record_of(&stall.arena, slot);
    uint64_t v;
    memcpy(&v, record->texts, sizeof v);
    v = v << (64 - 8 * record->order_id_bytes) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    v = (v * 10 + (v >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
    v = (v * 100 + (v >> 16)) & UINT64_C(0x0000ffff0000ffff);
    return (v * 10000 + (v >> 32)) & UINT32_MAX;
}

static void note_fills(const struct book_output *out, uint64_t taker) {
    for (uint32_t i = 0; i < out->event_count; i++) {
        const struct book_event *event = &out->events[i];
        if (event->type != EVENT_FILL) continue;
        filled[id_of(event->maker_slot)] += (uint32_t)event->quantity_lots;
        filled[taker] += (uint32_t)event->quantity_lots;
    }
}

static inline void take_fills(const struct book_output *out, uint64_t taker, uint32_t first) {
    for (uint32_t i = first; i < out->event_count; i++) {
        const struct book_event *event = &out->events[i];
        if (event->type != EVENT_FILL) continue;
        on_trade(id_of(event->maker_slot), taker, (uint64_t)event->price_ticks, (uint64_t)event->quantity_lots);
    }
    if (__builtin_expect(is_rehearsal, 0)) note_fills(out, taker);
}

static inline uint64_t hash_next(void) {
    const struct written *w = &written[hashed];
    __builtin_prefetch(w + AHEAD_KEPT);
    return ahead[hashed++ % AHEAD_KEPT].id_hash = rolling_id((struct text){w->id, w->id_bytes});
}

/* The same at its turn, ahead of which nobody may have looked. */
static inline uint64_t id_hash_here(void) {
    return __builtin_expect(position < hashed, 1) ? ahead[position % AHEAD_KEPT].id_hash : hash_next();
}

static void apply(uint32_t symbol, uint64_t id) {
    const struct written *w = &written[position];
    command.order_id = (struct text){w->id, w->id_bytes};
    const struct traded *of = &traded[symbol];
    command.symbol = of->name;
    struct log_position at = {.offset = of->home->offset++, .log_time_ms = stall_time_ms()};
    const struct command_ids ids = {.symbol = of->hash, .order_id = id_hash_here()}; /* all */
    struct repeat repeat;
    if (repeats_check(&of->home->window, &command, &ids, at, &repeat) != STATUS_OK) stall_fail("no memory");
    input.src_offset = at.offset;
    input.log_time_ms = at.log_time_ms;
    input.verdict = repeat.verdict;
    input.ids = &ids;
    if (repeat.verdict == BOOK_REPEAT) input.original_order_id = repeat.original_order_id;
    struct book *book = of->book;
    struct book_output *out = &stall.out;
    out->event_count = out->level_count = 0;
    enum book_progress progress = book_apply(book, &input, out);
    if (out->event_count > 1) take_fills(out, id, 1); /* the first is no fill */
    while (__builtin_expect(progress == BOOK_MORE, 0)) {
        out->event_count = out->level_count = 0;
        progress = book_step(book, &input, out);
        take_fills(out, id, 0);
    }
    stall.offset++;
    position++;
}

INLINE void apply_new(uint32_t symbol, uint64_t id, int side, enum order_type type, enum time_in_force tif,
    uint32_t price, uint32_t lots) {
    command.action = ACTION_NEW;
    command.side = (uint8_t)side;
    command.order_type = (uint8_t)type;
    command.time_in_force = (uint8_t)tif;
    command.price = type == ORDER_LIMIT ? stall_units(price) : (struct decimal){0};
    command.quantity = stall_units(lots);
    apply(symbol, id);
}

INLINE void eng_limit(uint32_t symbol, uint64_t id, int side, uint32_t price, uint32_t lots) {
    apply_new(symbol, id, side, ORDER_LIMIT, TIF_GTC, price, lots);
}

static void eng_ioc(uint32_t symbol, uint64_t id, int side, uint32_t price, uint32_t lots) {
    apply_new(symbol, id, side, ORDER_LIMIT, TIF_IOC, price, lots);
}

static void eng_market(uint32_t symbol, uint64_t id, int side, uint32_t lots) {
    apply_new(symbol, id, side, ORDER_MARKET, TIF_NONE, 0, lots);
}

INLINE void apply_change(uint32_t symbol, uint64_t id, enum action action, uint32_t price, uint32_t lots) {
    command.action = (uint8_t)action;
    command.side = SIDE_NONE;
    command.order_type = ORDER_TYPE_NONE;
    command.time_in_force = TIF_NONE;
    command.price = action == ACTION_MODIFY ? stall_units(price) : (struct decimal){0};
    command.quantity = action == ACTION_MODIFY ? stall_units(lots) : (struct decimal){0};
    apply(symbol, id);
}

INLINE void eng_cancel(uint32_t symbol, uint64_t id) { apply_change(symbol, id, ACTION_CANCEL, 0, 0); }

static void eng_replace(uint32_t symbol, uint64_t id, uint32_t price, uint32_t lots) {
    struct written *w = &written[position];
    if (__builtin_expect(is_rehearsal, 0)) w->replace_lots = lots + filled[id];
    apply_change(symbol, id, ACTION_MODIFY, price, w->replace_lots);
}

static inline void look_at_books(const rec_t *records, uint64_t at) {
    const rec_t *middle = &records[at + AHEAD_MIDDLE], *near = &records[at + AHEAD_NEAR];
    const struct book *book = stall_book(middle->sym);
    uint32_t slot = id_index_guess(&book->ids, &stall.arena, ahead[(at + AHEAD_MIDDLE) % AHEAD_KEPT].id_hash);
    ahead[(at + AHEAD_MIDDLE) % AHEAD_KEPT].slot = slot;
    __builtin_prefetch(&stall.arena.records[slot], 1);
    book_prefetch(book, slot, middle->side, middle->price);
    uint32_t near_slot = ahead[(at + AHEAD_NEAR) % AHEAD_KEPT].slot;
    book_prefetch_near(stall_book(near->sym), near_slot, near->side, near->price);
}

static inline void look_ahead(const rec_t *records, uint64_t at, uint64_t count) {
    if (__builtin_expect(at + AHEAD_FAR >= count, 0)) return;
    if (__builtin_expect(at % AHEAD_JUDGED == 0, 0)) is_ahead = arena_is_large(&stall.arena);
    while (__builtin_expect(hashed < at + AHEAD_FAR, 0)) hash_next();
    const rec_t *far = &records[at + AHEAD_FAR];
    uint64_t hash = hash_next();
    const struct traded *of = &traded[far->sym];
    repeats_prefetch(&of->home->window, of->hash, hash);
    if (!is_ahead) return;
    id_index_prefetch(&of->book->ids, &stall.arena, hash);
    look_at_books(records, at);
}

#define ENG_AHEAD look_ahead

static void eng_finish(void) {}

static void eng_init(const hdr_t *header);

#ifdef PF
#error "the windows prefetch for themselves"
#endif
#define DRIVER_MAIN
#include "bench/neutral/driver.h"

static void write_ids(const rec_t *records, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        char digits[24];
        const char *first = digits_before(digits + sizeof digits, records[i].id);
        written[i].id_bytes = (uint32_t)(digits + sizeof digits - first);
        memcpy(written[i].id, first, written[i].id_bytes);
    }
}

static void name_symbols(uint32_t count) {
    static char names[65536][8];
    if (count > 65536) stall_fail("too many symbols in the stream");
    for (uint32_t i = 0; i < count; i++) {
        int size = snprintf(names[i], sizeof names[i], "S%u", i);
        struct text name = {names[i], (uint32_t)size};
        traded[i] = (struct traded){name, rolling_id(name), &homes[home_partition(name)], stall_book(i)};
    }
}

/* Runs the stream once before the clock: what was filled of an order when it is replaced is what a client would know
 * from its events. Nothing of the books remains; the windows keep their memory. */
static void rehearse(const rec_t *records, uint64_t count) {
    is_rehearsal = true;
    stall_open();
    for (uint64_t i = 0; i < count; i++) step(records + i);
    stall_close();
    for (int i = 0; i < PARTITIONS; i++) {
        homes[i].offset += REPEAT_WINDOW_RECORDS + 1;
        id_window_expire(&homes[i].window, homes[i].offset, stall_time_ms());
    }
    position = hashed = 0;
    is_rehearsal = false;
    stall_forget_trades();
}

static void eng_init(const hdr_t *header) {
    if (header->max_id > 99999999) stall_fail("ids of more than eight digits in the stream");
    stall_prepare(header);
    name_symbols(stall.symbol_count);
    command_init(&command);
    written = stall_memory(header->nops * sizeof *written);
    filled = calloc(header->max_id + 1, sizeof *filled);
    const rec_t *records = stall_open_stream(header->nops);
    write_ids(records, header->nops);
    rehearse(records, header->nops);
    stall_close_stream(records, header->nops);
    free(filled);
    stall_open();
    stall_report();
}
