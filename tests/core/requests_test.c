/* Requests in numbers against the same orders as commands: one book finds its orders by slot, the other by id; every
 * event, level and hash must be the same, through plain trading and whatever takes the book off the short road. */
#include "tests/core/scenario.h"

#include "core/check.h"
#include "core/limits.h"
#include "core/rolling_hash.h"
#include "core/short_road.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IDS_MAX = 200000 };

struct side_by_side {
    struct arena *arena;
    struct book book;
    struct book_output out;
    struct event events[1 << 14]; /* of one record */
    char texts[1 << 14][6 * ID_BYTES_MAX];
    uint32_t count;
};

static struct side_by_side by_slot, by_id;
static uint32_t slots[IDS_MAX]; /* by id: where its order is, as far as it was told */
static uint64_t accounts[IDS_MAX];
static uint64_t rng;
static struct {
    bool is_large;    /* quantities on both sides of what an unwritten order remembers */
    bool is_unlooked; /* nobody looks at the book between, so that what is unwritten stays so */
    bool is_deep;     /* few cancels; now and then both sides are swept, and the book is empty */
} mode;
static int64_t now_ms;
static int64_t depth[2][200001]; /* what the level changes of by_slot add up to */

static uint64_t draw(uint64_t n) {
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (rng >> 11) % n;
}

static struct text keep(char *at, struct text text) {
    if (text.size) memcpy(at, text.data, text.size);
    return text.size ? (struct text){at, text.size} : TEXT_NONE;
}

static void keep_events(struct side_by_side *s, const struct book_input *input) {
    for (uint32_t i = 0; i < s->out.event_count; i++) {
        struct event *event = &s->events[s->count];
        char *at = s->texts[s->count++];
        book_view(&s->book, input, &s->out.events[i], event);
        event->order_id = keep(at, event->order_id);
        event->user_id = keep(at + ID_BYTES_MAX, event->user_id);
        event->maker.order_id = keep(at + 2 * ID_BYTES_MAX, event->maker.order_id);
        event->maker.user_id = keep(at + 3 * ID_BYTES_MAX, event->maker.user_id);
        event->taker.order_id = keep(at + 4 * ID_BYTES_MAX, event->taker.order_id);
        event->taker.user_id = keep(at + 5 * ID_BYTES_MAX, event->taker.user_id);
    }
}

static void keep_levels(const struct side_by_side *s) {
    for (uint32_t i = 0; s == &by_slot && i < s->out.level_count; i++) {
        const struct level_change *change = &s->out.levels[i];
        if (change->price_ticks <= 200000) depth[change->side][change->price_ticks] = change->total_lots;
    }
}

/* A request that nothing is held against may come by book_request too, into an output with anything in it. */
static enum book_progress apply(struct side_by_side *s, const struct book_input *input) {
    bool is_direct = input->kind == BOOK_REQUEST && !input->verdict && !input->blocked && !input->cancelled_before;
    if (is_direct && draw(2)) {
        s->out.event_count = (uint32_t)draw(BOOK_EVENTS_MAX);
        s->out.level_count = (uint32_t)draw(BOOK_LEVELS_MAX);
        const struct request *request = input->request;
        if (s == &by_slot) {
            book_prefetch(&s->book, request->slot, request->side & 1, request->price_ticks);
            book_prefetch_near(&s->book, request->slot < s->book.slot_count ? request->slot : 0, request->side & 1,
                request->price_ticks);
        }
        return book_request(&s->book, request, input->src_offset, input->log_time_ms, &s->out);
    }
    s->out.event_count = s->out.level_count = 0;
    return book_apply(&s->book, input, &s->out);
}

static uint64_t steps_more;

static void play(struct side_by_side *s, const struct book_input *input) {
    s->count = 0;
    s->out.slot = 0;
    enum book_progress progress = apply(s, input);
    keep_events(s, input);
    keep_levels(s);
    while (progress == BOOK_MORE) {
        steps_more++;
        s->out.event_count = s->out.level_count = 0;
        progress = book_step(&s->book, input, &s->out);
        keep_events(s, input);
        keep_levels(s);
    }
}

static bool is_same_party(const struct event_party *a, const struct event_party *b) {
    return text_equal(a->order_id, b->order_id) && text_equal(a->user_id, b->user_id) &&
           a->leaves_lots == b->leaves_lots && a->cumulative_lots == b->cumulative_lots;
}

static bool is_same_event(const struct event *a, const struct event *b) {
    return a->type == b->type && a->fseq == b->fseq && a->hash == b->hash && a->reason == b->reason &&
           a->side == b->side && a->order_type == b->order_type && a->time_in_force == b->time_in_force &&
           text_equal(a->order_id, b->order_id) && text_equal(a->user_id, b->user_id) && a->has_price == b->has_price &&
           a->price_ticks == b->price_ticks && a->quantity_lots == b->quantity_lots &&
           a->leaves_lots == b->leaves_lots && a->cumulative_lots == b->cumulative_lots && a->trade_id == b->trade_id &&
           a->kept_priority == b->kept_priority && a->self_trade == b->self_trade &&
           is_same_party(&a->maker, &b->maker) && is_same_party(&a->taker, &b->taker);
}

static void show(const char *name, const struct side_by_side *s, uint32_t i) {
    const struct event *e = &s->events[i];
    if (i >= s->count) return;
    fprintf(stderr, "  %s: type %u reason %u price %lld quantity %lld leaves %lld cumulative %lld trade %llu; maker",
        name, e->type, e->reason, (long long)e->price_ticks, (long long)e->quantity_lots, (long long)e->leaves_lots,
        (long long)e->cumulative_lots, (unsigned long long)e->trade_id);
    fprintf(stderr, " %lld %lld ids %u %u; taker %lld %lld ids %u %u\n", (long long)e->maker.leaves_lots,
        (long long)e->maker.cumulative_lots, e->maker.order_id.size, e->maker.user_id.size,
        (long long)e->taker.leaves_lots, (long long)e->taker.cumulative_lots, e->taker.order_id.size,
        e->taker.user_id.size);
}

static void must_be_same(uint64_t record) {
    bool is_same = by_slot.count == by_id.count && book_hash(&by_slot.book) == book_hash(&by_id.book) &&
                   book_state_hash(&by_slot.book) == book_state_hash(&by_id.book);
    for (uint32_t i = 0; is_same && i < by_id.count; i++) is_same = is_same_event(&by_slot.events[i], &by_id.events[i]);
    if (is_same) return;
    fprintf(
        stderr, "record %llu: %u events by slot, %u by id\n", (unsigned long long)record, by_slot.count, by_id.count);
    fprintf(stderr, "hashes %d, state hashes %d\n", book_hash(&by_slot.book) == book_hash(&by_id.book),
        book_state_hash(&by_slot.book) == book_state_hash(&by_id.book));
    for (uint32_t i = 0; i < by_slot.count || i < by_id.count; i++) {
        show("slot", &by_slot, i);
        show("id", &by_id, i);
    }
    exit(1);
}

/* One order may be enough to sweep a side. */
static struct instrument wide_instrument(void) {
    struct instrument instrument = instrument_default();
    instrument.quantity_lots_max = QUANTITY_LOTS_MAX;
    return instrument;
}

static void must_have_same_levels(void) {
    for (int side = SIDE_BUY; side <= SIDE_SELL; side++) {
        struct depth_level a[64], b[64];
        uint32_t count = book_levels(&by_slot.book, (enum side)side, 0, a, 64);
        CHECK(count == book_levels(&by_id.book, (enum side)side, 0, b, 64), "levels differ in number");
        for (uint32_t i = 0; i < count; i++)
            CHECK(a[i].price_ticks == b[i].price_ticks && a[i].total_lots == b[i].total_lots, "levels differ");
        for (uint32_t i = 0; i < count; i++)
            CHECK(a[i].price_ticks > 200000 || depth[side][a[i].price_ticks] == a[i].total_lots,
                "the changes of levels do not add up to them");
        for (int64_t p = 1000 - 20; p < 1070; p++)
            if (depth[side][p]) {
                struct depth_level at = {0};
                int64_t before = side == SIDE_BUY ? p + 1 : p - 1;
                CHECK(book_levels(&by_slot.book, (enum side)side, before, &at, 1) == 1 && at.price_ticks == p &&
                          at.total_lots == depth[side][p],
                    "a level that was told is not there");
            }
    }
}

static void draw_order(struct request *request) {
    static const uint8_t tifs[] = {TIF_GTC, TIF_GTC, TIF_GTC, TIF_GTC, TIF_DAY, TIF_IOC, TIF_FOK};
    bool is_market = draw(10) == 0;
    request->side = (uint8_t)draw(2);
    request->order_type = is_market ? ORDER_MARKET : ORDER_LIMIT;
    request->time_in_force = is_market ? (draw(4) ? TIF_IOC : TIF_FOK) : tifs[draw(sizeof tifs)];
    request->price_ticks = is_market ? 0 : (int64_t)(1000 + draw(40) + (request->side ? 8 : 0));
    if (draw(200) == 0) request->price_ticks = (int64_t)(draw(3) ? draw(100000) : 0);
    request->quantity_lots = (int64_t)(draw(500) ? 1 + draw(60)
                                       : draw(2) ? draw(3) * 1000000
                                                 : draw(3) * (UINT64_C(1) << 40));
    if (mode.is_large && draw(2)) request->quantity_lots = (int64_t)(draw(2) ? 65528 + draw(16) : 1 + draw(140000));
    if (draw(mode.is_deep ? 400 : 3000) == 0) { /* a long sweep, that may rest */
        request->quantity_lots = mode.is_large ? 12000000 : 4000;
        request->price_ticks = request->side ? 990 : 1060;
        if (mode.is_deep && draw(3) == 0) request->quantity_lots = 2000000000;
        if (is_market) request->price_ticks = 0;
    }
    request->self_trade = (uint8_t)(draw(12) ? SELF_TRADE_NONE : draw(5));
    request->post_only = !is_market && request->time_in_force == TIF_GTC && draw(15) == 0;
    if (draw(3) == 0) request->account = 1 + draw(3);
}

/* The next request; ids of orders that are gone or were never given come too. */
static struct request draw_request(uint64_t *last_id) {
    struct request request = {.action = ACTION_NEW};
    uint64_t known = *last_id ? 1 + draw(*last_id) : 0, what = known ? draw(10) : 0;
    if (mode.is_deep && known) what = draw(30);
    if (mode.is_deep && what > 9) what = 0;
    request.action = what < 5 ? ACTION_NEW : what < 8 ? ACTION_CANCEL : what < 9 ? ACTION_MODIFY : ACTION_REPLACE;
    bool is_new = request.action == ACTION_NEW || request.action == ACTION_REPLACE;
    if (is_new) draw_order(&request);
    if (request.action == ACTION_MODIFY) {
        request.quantity_lots = (int64_t)draw(mode.is_large && draw(2) ? 140000 : 70);
        request.price_ticks = draw(2) || !request.quantity_lots ? (int64_t)(1000 + draw(48)) : 0;
    }
    if (request.action != ACTION_NEW) {
        request.slot = slots[known];
        request.account = draw(20) ? accounts[known] : 9;
    }
    request.replaced_id = request.action == ACTION_REPLACE ? known : 0;
    request.id = is_new ? ++*last_id : known;
    return request;
}

/* A MODIFY and CANCEL_ALL need an account in the general form: nobody's orders have none to give. */
static bool is_answerable(const struct request *request) {
    return request->action == ACTION_NEW || request->account != 0;
}

/* Where an order is that the book did not tell: it came in a list, or a stop that it triggered came to rest behind it.
 */
static void find_slot(uint64_t id) {
    uint64_t hash = road_request_hash(id);
    for (uint32_t slot = 1; slot < by_slot.book.slot_count; slot++)
        if (by_slot.book.orders[slot].leaves_lots && by_slot.book.orders[slot].id_hash == hash) slots[id] = slot;
}

/* Now and then what the shard found stops it; the book that finds by id is given the request or the command. */
static void play_both(const struct request *request, uint64_t record) {
    struct command command;
    request_to_command(request, &command);
    struct book_input input = {
        .kind = BOOK_REQUEST, .request = request, .src_offset = (int64_t)record, .log_time_ms = now_ms};
    input.blocked = draw(200) == 0;
    input.cancelled_before = draw(200) == 0;
    input.verdict = draw(200) ? BOOK_FRESH : 1 + (uint8_t)draw(2);
    play(&by_slot, &input);
    if (by_slot.out.slot && book_request_id(&by_slot.book, by_slot.out.slot) == request->id)
        slots[request->id] = by_slot.out.slot;
    else if (by_slot.out.slot)
        find_slot(request->id);
    input.kind = draw(2) ? BOOK_COMMAND : BOOK_REQUEST;
    input.command = &command;
    play(&by_id, &input);
    must_be_same(record);
}

/* A command that requests do not have: an iceberg, a stop, a GTD order, a mass cancel, a pair of which one cancels the
 * other; of an account. */
static void command_both(uint64_t *last_id, uint64_t record) {
    struct request request = {.action = ACTION_NEW};
    struct command command, orders[2];
    struct request of_orders[2] = {{.action = ACTION_NEW}, {.action = ACTION_NEW}};
    draw_order(&request);
    request.account = 1 + draw(3);
    request.order_type = ORDER_LIMIT;
    request.time_in_force = TIF_GTC;
    request.post_only = false;
    if (!request.price_ticks) request.price_ticks = 1000 + (int64_t)draw(40);
    request.id = ++*last_id;
    accounts[request.id] = request.account;
    request_to_command(&request, &command);
    uint64_t what = draw(5);
    if (what == 0)
        command.display_quantity =
            (struct decimal){.mantissa = 1 + (uint64_t)request.quantity_lots / (2 + draw(20)), .state = DECIMAL_UNITS};
    if (what == 1) {
        command.order_type = ORDER_STOP_LIMIT;
        command.stop_price = (struct decimal){.mantissa = 1000 + draw(48), .state = DECIMAL_UNITS};
    }
    if (what == 2) {
        command.time_in_force = TIF_GTD;
        command.has_expire_time = true;
        command.expire_time_ms = now_ms + 1 + (int64_t)draw(300);
    }
    if (what == 3) {
        command.action = ACTION_CANCEL_ALL;
        command.side = (uint8_t)draw(3);
    }
    if (what == 4) {
        for (int i = 0; i < 2; i++) {
            of_orders[i] = request;
            of_orders[i].id = i ? ++*last_id : request.id;
            of_orders[i].side = (uint8_t)i;
            of_orders[i].price_ticks = i ? 1040 + (int64_t)draw(10) : 995 + (int64_t)draw(10);
            accounts[of_orders[i].id] = request.account;
            request_to_command(&of_orders[i], &orders[i]);
        }
        command.action = ACTION_LIST;
        command.list_id = command.order_id;
        command.order_id = TEXT_NONE;
        command.contingency = CONTINGENCY_OCO;
        command.orders = orders;
        command.order_count = 2;
    }
    struct book_input input = {
        .kind = BOOK_COMMAND, .command = &command, .src_offset = (int64_t)record, .log_time_ms = now_ms};
    struct command_ids ids = command_ids_of(&command);
    play(&by_slot, &input);
    find_slot(request.id);
    find_slot(*last_id);
    if (draw(2)) input.ids = &ids;
    play(&by_id, &input);
    must_be_same(record);
}

/* Both books as bytes are the same, and one that is made of them is. */
static void dump_both(void) {
    static char a[1 << 16], b[1 << 16]; /* a piece */
    struct book_dump_cursor at_slot = {0}, at_id = {0};
    struct arena *arena = scenario_arena(1 << 17);
    struct book again;
    struct instrument instrument = wide_instrument();
    enum book_load load = BOOK_LOAD_MORE;
    book_init(&again, arena, &instrument);
    for (;;) {
        size_t size = book_dump(&by_slot.book, &at_slot, a, sizeof a);
        CHECK(size == book_dump(&by_id.book, &at_id, b, sizeof b), "dumps of another size");
        if (!size) break;
        /* the head tells what a book without specials has not */
        CHECK(!memcmp(a, b, size), "dumps differ");
        load = book_load(&again, a, size);
        CHECK(load != BOOK_LOAD_BAD, "a dump by slot cannot be loaded");
    }
    CHECK(
        load == BOOK_LOAD_DONE && book_state_hash(&again) == book_state_hash(&by_slot.book), "a load is another book");
    book_check(&again);
    book_deinit(&again);
    free(arena);
}

static void list_both(void) {
    struct book_cursor a = {0}, b = {0};
    struct event x, y;
    for (;;) {
        bool is_a = book_next_order(&by_slot.book, &a, &x), is_b = book_next_order(&by_id.book, &b, &y);
        CHECK(is_a == is_b, "one book has more orders");
        if (!is_a) return;
        CHECK(is_same_event(&x, &y), "an order differs");
    }
}

/* What takes both books off the short road, or back. */
static void change_both(uint64_t record) {
    struct instrument instrument = wide_instrument();
    struct book_input input = {.src_offset = (int64_t)record, .log_time_ms = now_ms};
    if (draw(2)) {
        input.kind = BOOK_INSTRUMENT;
        if (draw(2)) instrument.collar.ticks = 3;
        if (draw(3) == 0) instrument.notional_units_min = 2000;
        input.instrument = &instrument;
    } else {
        input.kind = BOOK_STATE;
        input.state = draw(3)   ? TRADING_STATE_TRADING
                      : draw(2) ? TRADING_STATE_AUCTION
                      : draw(2) ? TRADING_STATE_HALTED
                                : TRADING_STATE_CLOSED;
    }
    play(&by_slot, &input);
    play(&by_id, &input);
    must_be_same(record);
}

static uint64_t emptied;

/* Nothing stays open, if it can trade: then a book gives memory back. */
static void sweep_both(uint64_t *last_id, uint64_t record) {
    for (uint8_t side = SIDE_BUY; side <= SIDE_SELL; side++) {
        struct request request = {.id = ++*last_id,
            .side = side,
            .order_type = ORDER_MARKET,
            .time_in_force = TIF_IOC,
            .quantity_lots = 2000000000};
        play_both(&request, record);
    }
    emptied += book_open_orders(&by_slot.book) == 0;
}

static void run(uint64_t seed, uint64_t records) {
    struct instrument instrument = wide_instrument();
    struct side_by_side *both[] = {&by_slot, &by_id};
    rng = seed * UINT64_C(0x9E3779B97F4A7C15) | 1;
    memset(slots, 0, sizeof slots);
    memset(depth, 0, sizeof depth);
    mode.is_large = seed & 1;
    mode.is_unlooked = seed & 2;
    mode.is_deep = seed & 4;
    bool has_commands = seed & 8;
    uint64_t most = 0;
    emptied = 0;
    steps_more = 0;
    now_ms = 1000;
    for (int i = 0; i < 2; i++) {
        both[i]->arena = scenario_arena(1 << 16);
        book_init(&both[i]->book, both[i]->arena, &instrument);
    }
    book_use_slots(&by_slot.book);
    uint64_t last_id = 0, fills = 0;
    for (uint64_t record = 1; record <= records && last_id < IDS_MAX - 5; record++) {
        now_ms += (int64_t)draw(3);
        if (draw(2000) == 0 || (by_id.book.state != TRADING_STATE_TRADING && draw(150) == 0)) change_both(record);
        if (has_commands && draw(40) == 0) command_both(&last_id, record);
        if (mode.is_deep && draw(1500) == 0) sweep_both(&last_id, record);
        if (draw(4000) == 0) dump_both();
        if (draw(4000) == 0) list_both();
        struct request request = draw_request(&last_id);
        if (!is_answerable(&request)) request.account = 0;
        accounts[request.id] =
            request.action == ACTION_NEW || request.action == ACTION_REPLACE ? request.account : accounts[request.id];
        play_both(&request, record);
        for (uint32_t i = 0; i < by_id.count; i++) fills += by_id.events[i].type == EVENT_FILL;
        if (by_slot.book.open_orders > most) most = by_slot.book.open_orders;
        if (record % 64 == 0) must_have_same_levels();
        if (record % (mode.is_unlooked ? 4096 : 64)) continue;
        book_check(&by_slot.book);
        book_check(&by_id.book);
    }
    CHECK(fills > records / 100, "hardly anything traded");
    for (int i = 0; i < 2; i++) {
        book_deinit(&both[i]->book);
        free(both[i]->arena);
    }
    printf("seed %llu: %llu records, %llu fills, %llu steps more, emptied %llu times of up to %llu, the same by slot "
           "and by id\n",
        (unsigned long long)seed, (unsigned long long)records, (unsigned long long)fills,
        (unsigned long long)steps_more, (unsigned long long)emptied, (unsigned long long)most);
    fflush(stdout);
}

/* A request that says two things at once is refused, and nothing of it stays. */
static void test_combinations(void) {
    struct instrument instrument = instrument_default();
    by_slot.arena = scenario_arena(1024);
    book_init(&by_slot.book, by_slot.arena, &instrument);
    book_use_slots(&by_slot.book);
    struct request refused[] = {
        {.order_type = ORDER_MARKET, .time_in_force = TIF_GTC, .side = SIDE_SELL},
        {.order_type = ORDER_LIMIT, .time_in_force = TIF_IOC, .post_only = true},
        {.order_type = ORDER_LIMIT, .time_in_force = TIF_GTD},
        {.order_type = ORDER_STOP, .time_in_force = TIF_IOC},
        {.order_type = ORDER_LIMIT, .time_in_force = 8 + TIF_IOC},
        {.side = SIDE_NONE},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct request *request = &refused[i];
        struct book_input input = {.kind = BOOK_REQUEST, .request = request, .src_offset = (int64_t)i};
        request->id = i + 1;
        request->price_ticks = 1000;
        request->quantity_lots = 5;
        play(&by_slot, &input);
        CHECK(by_slot.count == 1 && by_slot.events[0].type == EVENT_REJECTED &&
                  by_slot.events[0].reason == REASON_INVALID_COMBINATION,
            "a request that is no combination was taken");
        CHECK(book_open_orders(&by_slot.book) == 0, "a refused request left an order behind");
    }
    book_deinit(&by_slot.book);
    free(by_slot.arena);
}

/* A slot of an order that went with its book names nothing in the next book, whatever number a caller has kept; nor
 * does one that never was, also where it is only looked ahead for. */
static void test_stale_slots(void) {
    struct instrument instrument = instrument_default();
    uint32_t stale = 0;
    by_slot.arena = scenario_arena(1024);
    for (int life = 0; life < 2; life++) {
        book_init(&by_slot.book, by_slot.arena, &instrument);
        book_use_slots(&by_slot.book);
        for (uint64_t id = 1; id <= (life ? 1 : 2); id++) {
            struct request order = {.id = id, .side = SIDE_SELL, .price_ticks = 1000, .quantity_lots = 5};
            struct book_input input = {.kind = BOOK_REQUEST, .request = &order, .src_offset = (int64_t)id};
            play(&by_slot, &input);
            stale = life ? stale : by_slot.out.slot;
        }
        if (life == 0) book_deinit(&by_slot.book);
    }
    const uint32_t slots_asked[] = {stale, 0, UINT32_MAX - 15};
    for (size_t i = 0; i < sizeof slots_asked / sizeof slots_asked[0]; i++) {
        struct request cancel = {.action = ACTION_CANCEL, .id = 2, .slot = slots_asked[i], .side = SIDE_NONE};
        struct book_input input = {.kind = BOOK_REQUEST, .request = &cancel, .src_offset = 3};
        book_prefetch(&by_slot.book, cancel.slot, cancel.side, cancel.price_ticks);
        book_prefetch_near(&by_slot.book, cancel.slot, cancel.side, cancel.price_ticks);
        play(&by_slot, &input);
        CHECK(by_slot.count == 1 && by_slot.events[0].reason == REASON_UNKNOWN, "a stale slot names an order");
        CHECK(book_open_orders(&by_slot.book) == 1, "a stale slot took an order out");
    }
    book_check(&by_slot.book);
    book_deinit(&by_slot.book);
    free(by_slot.arena);
}

/* Orders that came as commands with long ids, filled by requests, give back what they took: else the arena ends. */
static void test_long_texts(void) {
    struct instrument instrument = instrument_default();
    struct command command;
    by_slot.arena = scenario_arena(1024);
    book_init(&by_slot.book, by_slot.arena, &instrument);
    book_use_slots(&by_slot.book);
    size_t used = 0;
    for (uint64_t i = 1; i <= 20000; i++) {
        char id[65];
        snprintf(id, sizeof id, "%060llu", (unsigned long long)i);
        struct request maker = {.id = i, .side = SIDE_SELL, .price_ticks = 1000, .quantity_lots = 5};
        request_to_command(&maker, &command);
        command.order_id = (struct text){id, 60};
        struct book_input input = {.kind = BOOK_COMMAND, .command = &command, .src_offset = (int64_t)i};
        play(&by_slot, &input);
        struct request taker = {.id = 100000 + i, .side = SIDE_BUY, .price_ticks = 1000, .quantity_lots = 5};
        input = (struct book_input){.kind = BOOK_REQUEST, .request = &taker, .src_offset = (int64_t)i};
        play(&by_slot, &input);
        CHECK(book_open_orders(&by_slot.book) == 0, "the two did not trade");
        if (i == 10) used = arena_used_bytes(by_slot.arena);
    }
    CHECK(arena_used_bytes(by_slot.arena) == used, "orders with long ids leave memory behind");
    book_deinit(&by_slot.book);
    free(by_slot.arena);
}

int main(int argc, char **argv) {
    uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 10) : 4,
             records = argc > 2 ? strtoull(argv[2], NULL, 10) : 50000;
    test_combinations();
    test_stale_slots();
    test_long_texts();
    for (uint64_t seed = 1; seed <= seeds; seed++) run(seed, records);
    return 0;
}
