/* A book that was dumped and loaded in the middle of a random life goes on as the one it was dumped from: the same
 * events, the same bytes of the next dump. Every kind of order, lists, states and settings take part, and after each
 * step the invariants are checked.
 *
 *   core_dump [seed [records]] */
#include "tests/core/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PIECE_BYTES = 4096, LIFE_RECORDS = 2000, DUMP_PIECES_MAX = 4096, ORDERS_MAX = 4096 };

struct twin {
    struct book book;
    struct book_output out;
    uint64_t events;
};

struct random_record {
    struct command command, orders[LIST_ORDERS_MAX];
    struct book_input input;
    struct instrument instrument;
    char ids[8][16];
};

struct tally {
    uint64_t records, dumps, dumped_orders, by_type[EVENT_TYPE_COUNT];
};

static uint64_t seed;
static struct tally tally;

static uint64_t draw(uint64_t below) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 11) % below;
}

static bool once_in(uint64_t times) { return draw(times) == 0; }

static struct decimal units(uint64_t n) { return (struct decimal){n, 0, DECIMAL_UNITS}; }

/* ---- random records --------------------------------------------------------------------------------------- */

static struct text id_text(struct random_record *r, int place, uint64_t number) {
    int size = snprintf(r->ids[place], sizeof r->ids[place], "o%lu", (unsigned long)number);
    return (struct text){r->ids[place], (uint32_t)size};
}

/* The numbers of a list's orders. */
static uint64_t listed(uint64_t number) { return number * 4 + 100000000; }

/* Whose order this number is. */
static struct text account_of(uint64_t number) {
    static const char *const names[] = {"ann", "bob", "a-rather-long-name-of-an-account-that-fills-a-piece", "", "eve"};
    return text_of(names[(number >= 100000000 ? (number - 100000000) / 4 : number) % 5]);
}

static uint64_t near_price(void) { return 90 + draw(21); }

static void make_stop(struct command *c) {
    c->order_type = (uint8_t)(ORDER_STOP + draw(3));
    if (c->order_type != ORDER_TRAILING_STOP || once_in(2)) c->stop_price = units(near_price());
    bool is_limit = c->order_type == ORDER_STOP_LIMIT || (c->order_type == ORDER_TRAILING_STOP && once_in(2));
    if (is_limit) c->price = units(near_price());
    if (c->order_type != ORDER_TRAILING_STOP) return;
    if (once_in(2)) {
        c->trailing_amount = units(1 + draw(4));
    } else {
        c->has_trailing_bps = true;
        c->trailing_bps = 1 + (int64_t)draw(500);
    }
}

static void make_order(struct random_record *r, struct command *c, int place, uint64_t number, int64_t now_ms) {
    c->action = ACTION_NEW;
    c->order_id = id_text(r, place, number);
    if (once_in(4)) c->client_order_id = c->order_id;
    c->side = (uint8_t)draw(2);
    c->quantity = units(1 + draw(30));
    c->order_type = ORDER_LIMIT;
    c->self_trade = once_in(2) ? (uint8_t)draw(SELF_TRADE_DECREMENT + 1) : SELF_TRADE_NONE;
    if (once_in(3))
        make_stop(c);
    else if (once_in(8))
        c->order_type = ORDER_MARKET;
    else
        c->price = units(near_price());
    bool may_rest = c->price.state != DECIMAL_ABSENT;
    if (once_in(2)) c->time_in_force = may_rest ? (uint8_t)draw(TIF_AON) : (uint8_t)(TIF_IOC + draw(2));
    bool rests = may_rest && c->time_in_force != TIF_IOC && c->time_in_force != TIF_FOK;
    if (c->time_in_force == TIF_GTD) {
        c->has_expire_time = true;
        c->expire_time_ms = now_ms + (int64_t)draw(400);
    }
    if (rests && once_in(4)) c->display_quantity = units(1 + draw(c->quantity.mantissa));
    if (rests && c->order_type == ORDER_LIMIT) c->post_only = once_in(10);
    if (!may_rest && once_in(3)) c->max_slippage = units(draw(4));
}

static void make_list(struct random_record *r, uint64_t number, int64_t now_ms) {
    struct command *c = &r->command;
    c->action = ACTION_LIST;
    c->list_id = id_text(r, 7, number);
    c->contingency = (uint8_t)(CONTINGENCY_OCO + draw(3));
    c->orders = r->orders;
    c->order_count = c->contingency == CONTINGENCY_OTOCO ? 3 : 2;
    for (uint32_t i = 0; i < c->order_count; i++) {
        command_init(&r->orders[i]);
        r->orders[i].user_id = c->user_id;
        make_order(r, &r->orders[i], (int)i, listed(number) + i, now_ms);
    }
    uint32_t last = c->order_count - 1;
    if (c->contingency != CONTINGENCY_OTO) r->orders[last].side = r->orders[last - 1].side;
}

static void make_control(struct random_record *r) {
    uint64_t kind = draw(6);
    r->input.kind = kind < 3 ? BOOK_STATE : kind < 4 ? BOOK_TICK : kind < 5 ? BOOK_CONTROL : BOOK_INSTRUMENT;
    r->input.command = NULL;
    r->input.state = once_in(2) ? TRADING_STATE_TRADING : (uint8_t)draw(TRADING_STATE_COUNT);
    r->instrument = instrument_default();
    r->instrument.tick = (struct decimal_unit){1, 0};
    if (once_in(3)) r->instrument.band.ticks = 8;
    if (once_in(3)) r->instrument.collar.basis_points = 300;
    if (once_in(3)) r->instrument.notional_units_min = 300;
    if (once_in(2)) r->instrument.reference_price_ticks = 100;
    r->input.instrument = &r->instrument;
}

static uint64_t earlier(uint64_t number) {
    uint64_t back = number - draw(number < 60 ? number : 60);
    return once_in(5) ? listed(back) + draw(3) : back;
}

static void make_record(struct random_record *r, uint64_t number, int64_t now_ms) {
    struct command *c = &r->command;
    command_init(c);
    r->input = (struct book_input){.command = c, .src_offset = (int64_t)number * 3, .log_time_ms = now_ms};
    if (once_in(40)) {
        make_control(r);
        return;
    }
    c->user_id = account_of(number);
    uint64_t kind = draw(20);
    if (kind < 12) {
        make_order(r, c, 0, number, now_ms);
        if (kind > 0 || !c->user_id.size) return;
        c->action = ACTION_REPLACE;
        uint64_t replaced = earlier(number);
        c->cancel_order_id = id_text(r, 1, replaced);
        c->user_id = account_of(replaced);
    } else if (kind < 14 && c->user_id.size) {
        make_list(r, number, now_ms);
    } else if (kind == 14 && once_in(4) && c->user_id.size) {
        c->action = ACTION_CANCEL_ALL;
        c->side = (uint8_t)draw(3);
    } else {
        c->action = kind < 17 ? ACTION_CANCEL : ACTION_MODIFY;
        uint64_t meant = earlier(number);
        c->order_id = id_text(r, 0, meant);
        c->user_id = account_of(meant);
        if (c->action == ACTION_CANCEL) return;
        if (once_in(2)) c->quantity = units(1 + draw(30));
        if (once_in(2)) c->price = units(near_price());
        if (once_in(4)) c->stop_price = units(near_price());
        if (once_in(8)) c->has_expire_time = true, c->expire_time_ms = now_ms + (int64_t)draw(400);
    }
}

/* ---- playing ---------------------------------------------------------------------------------------------- */

static void fail(const char *words, uint64_t number) {
    fprintf(stderr, "record %lu: %s\n", (unsigned long)number, words);
    exit(1);
}

/* Everything an event says, without the addresses of its texts. */
static size_t pack(const struct twin *twin, const struct book_input *input, uint32_t i, char *out) {
    struct event event;
    book_view(&twin->book, input, &twin->out.events[i], &event);
    tally.by_type[event.type]++;
    return event_pack(&event, out);
}

static void compare_step(const struct twin *a, const struct twin *b, const struct random_record *r, uint64_t number) {
    static _Alignas(8) char first[EVENT_PACKED_BYTES_MAX], second[EVENT_PACKED_BYTES_MAX];
    if (a->out.event_count != b->out.event_count || a->out.level_count != b->out.level_count)
        fail("the loaded book answers more or less", number);
    for (uint32_t i = 0; i < a->out.event_count; i++) {
        memset(first, 0, sizeof first);
        memset(second, 0, sizeof second);
        size_t size = pack(a, &r->input, i, first);
        if (pack(b, &r->input, i, second) != size || memcmp(first, second, size) != 0)
            fail("the loaded book answers otherwise", number);
    }
    for (uint32_t i = 0; i < a->out.level_count; i++)
        if (a->out.levels[i].price_ticks != b->out.levels[i].price_ticks ||
            a->out.levels[i].total_lots != b->out.levels[i].total_lots)
            fail("the loaded book has other levels", number);
}

static enum book_progress step(struct twin *twin, const struct book_input *input, bool is_first) {
    twin->out.event_count = twin->out.level_count = 0;
    enum book_progress progress =
        is_first ? book_apply(&twin->book, input, &twin->out) : book_step(&twin->book, input, &twin->out);
    book_check(&twin->book);
    return progress;
}

static void play(struct twin *a, struct twin *b, const struct random_record *r, uint64_t number) {
    enum book_progress progress;
    bool is_first = true;
    do {
        progress = step(a, &r->input, is_first);
        if (step(b, &r->input, is_first) != progress) fail("the loaded book takes other steps", number);
        compare_step(a, b, r, number);
        is_first = false;
    } while (progress == BOOK_MORE);
    if (book_state_hash(&a->book) != book_state_hash(&b->book)) fail("the state hashes differ", number);
}

/* ---- dumps ------------------------------------------------------------------------------------------------ */

struct dump {
    char pieces[DUMP_PIECES_MAX][PIECE_BYTES];
    size_t sizes[DUMP_PIECES_MAX];
    uint32_t count;
};

static void take_dump(const struct book *book, struct dump *dump) {
    struct book_dump_cursor cursor = {0};
    dump->count = 0;
    size_t size;
    while ((size = book_dump(book, &cursor, dump->pieces[dump->count], PIECE_BYTES)) > 0)
        dump->sizes[dump->count++] = size;
}

static enum book_load load_dump(struct book *book, struct arena *arena, const struct dump *dump) {
    struct instrument instrument = instrument_default();
    book_init(book, arena, &instrument);
    enum book_load load = BOOK_LOAD_MORE;
    for (uint32_t i = 0; i < dump->count && load == BOOK_LOAD_MORE; i++)
        load = book_load(book, dump->pieces[i], dump->sizes[i]);
    return load;
}

static bool are_equal(const struct dump *a, const struct dump *b) {
    if (a->count != b->count) return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (a->sizes[i] != b->sizes[i] || memcmp(a->pieces[i], b->pieces[i], a->sizes[i]) != 0) return false;
    return true;
}

/* A dump with one byte changed, or cut short, is refused, or by chance says the same; nothing breaks. */
static void spoil(struct arena *arena, struct dump *dump, uint64_t number) {
    static struct book book;
    uint32_t piece = (uint32_t)draw(dump->count);
    size_t at = draw(dump->sizes[piece]), size = dump->sizes[piece];
    char kept = dump->pieces[piece][at];
    dump->pieces[piece][at] ^= (char)(1u << draw(8));
    load_dump(&book, arena, dump);
    book_deinit(&book);
    dump->pieces[piece][at] = kept;
    dump->sizes[piece] = at;
    if (load_dump(&book, arena, dump) == BOOK_LOAD_DONE) fail("a dump that was cut short was loaded", number);
    book_deinit(&book);
    dump->sizes[piece] = size;
}

static void move_to_twin(struct twin *a, struct twin *b, struct arena *arena, uint64_t number) {
    static struct dump first, second;
    take_dump(&a->book, &first);
    take_dump(&b->book, &second);
    if (!are_equal(&first, &second)) fail("the dumps of equal books differ", number);
    spoil(arena, &first, number);
    book_deinit(&b->book);
    if (load_dump(&b->book, arena, &first) != BOOK_LOAD_DONE) fail("a dump was not loaded", number);
    book_check(&b->book);
    take_dump(&b->book, &second);
    if (!are_equal(&first, &second)) fail("the dump of a loaded book differs", number);
    tally.dumps++;
    tally.dumped_orders += book_open_orders(&a->book);
}

static void live(uint64_t records) {
    static struct twin a, b;
    static struct random_record r;
    struct arena *arena = scenario_arena(ORDERS_MAX);
    struct instrument instrument = instrument_default();
    instrument.tick = (struct decimal_unit){1, 0};
    book_init(&a.book, arena, &instrument);
    book_init(&b.book, arena, &instrument);
    int64_t now_ms = 1000;
    for (uint64_t number = 1; number <= records; number++) {
        now_ms += (int64_t)draw(8) * (once_in(50) ? 100 : 1);
        make_record(&r, number, now_ms);
        if (r.input.kind == BOOK_INSTRUMENT && !book_takes_instrument(&a.book, r.input.instrument))
            r.input.kind = BOOK_CONTROL;
        play(&a, &b, &r, number);
        tally.records++;
        if (number % 150 == 0) move_to_twin(&a, &b, arena, number);
    }
    book_deinit(&a.book);
    book_deinit(&b.book);
    munmap(arena->orders, arena_bytes(ORDERS_MAX));
    free(arena);
}

int main(int argc, char **argv) {
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t records = argc > 2 ? strtoull(argv[2], NULL, 10) : 20000;
    for (uint64_t life = 0; life * LIFE_RECORDS < records; life++) {
        seed = (first + life) * UINT64_C(0x9E3779B97F4A7C15) | 1;
        live(LIFE_RECORDS);
    }
    printf("%lu records, %lu dumps of %lu orders;", (unsigned long)tally.records, (unsigned long)tally.dumps,
        (unsigned long)tally.dumped_orders);
    for (unsigned i = 1; i < EVENT_TYPE_COUNT; i++) {
        struct text name = event_type_name((enum event_type)i);
        printf(" %.*s %lu", (int)name.size, name.data, (unsigned long)tally.by_type[i]);
        if (!tally.by_type[i] && i != EVENT_DUPLICATE) fail("an event never came", 0);
    }
    printf("\n");
    return 0;
}
