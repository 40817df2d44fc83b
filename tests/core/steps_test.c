/* Long commands in bounded steps, limits, and what a book costs in memory. */
#include "tests/core/scenario.h"

#include "core/limits.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct desk {
    struct arena *arena;
    struct book book;
    struct book_output out;
    struct command command;
    struct book_input input;
    char id[32];
    uint64_t events, steps;
    uint64_t by_type[EVENT_TYPE_COUNT];
    struct event last;
    bool no_checks;
};

static struct desk *desk_open(uint64_t orders_max) {
    struct desk *desk = calloc(1, sizeof *desk);
    struct instrument instrument = instrument_default();
    instrument.tick = (struct decimal_unit){1, 0};
    instrument.quantity_lots_max = QUANTITY_LOTS_MAX;
    desk->arena = scenario_arena(orders_max);
    book_init(&desk->book, desk->arena, &instrument);
    return desk;
}

static void desk_close(struct desk *desk) {
    book_deinit(&desk->book);
    free(desk->arena);
    free(desk);
}

static struct decimal units(int64_t n) { return (struct decimal){(uint64_t)n, 0, DECIMAL_UNITS}; }

static void take_output(struct desk *desk) {
    cr_assert_leq(desk->out.event_count, (uint32_t)BOOK_EVENTS_MAX);
    for (uint32_t i = 0; i < desk->out.event_count; i++) {
        book_view(&desk->book, &desk->input, &desk->out.events[i], &desk->last);
        cr_assert_eq(desk->last.fseq, ++desk->events);
        desk->by_type[desk->last.type]++;
    }
    desk->out.event_count = desk->out.level_count = 0;
    desk->steps++;
    if (!desk->no_checks) book_check(&desk->book);
}

static void play_input(struct desk *desk) {
    desk->input.src_offset++;
    desk->steps = 0;
    enum book_progress progress = book_apply(&desk->book, &desk->input, &desk->out);
    take_output(desk);
    while (progress == BOOK_MORE) {
        progress = book_step(&desk->book, &desk->input, &desk->out);
        take_output(desk);
    }
}

static void play(struct desk *desk) {
    desk->input.command = &desk->command;
    play_input(desk);
}

static void name(struct desk *desk, uint64_t id, enum action action) {
    command_init(&desk->command);
    desk->command.action = (uint8_t)action;
    desk->command.order_id =
        (struct text){desk->id, (uint32_t)snprintf(desk->id, sizeof desk->id, "%lu", (unsigned long)id)};
    desk->command.user_id = id % 2 ? TEXT("odd") : TEXT("even");
}

static void place(struct desk *desk, uint64_t id, enum side side, int64_t lots, int64_t price, enum time_in_force tif) {
    name(desk, id, ACTION_NEW);
    desk->command.side = (uint8_t)side;
    desk->command.order_type = price ? ORDER_LIMIT : ORDER_MARKET;
    desk->command.time_in_force = (uint8_t)tif;
    desk->command.quantity = units(lots);
    if (price) desk->command.price = units(price);
    play(desk);
}

Test(steps, a_long_sweep_is_answered_in_steps) {
    struct desk *desk = desk_open(4096);
    for (uint64_t i = 0; i < 1000; i++) place(desk, i, SIDE_SELL, 2, 100 + (int64_t)i / 7, TIF_GTC);
    place(desk, 5000, SIDE_BUY, 1999, 100000, TIF_IOC);
    cr_assert_geq(desk->steps, 1000 / BOOK_EVENTS_MAX);
    cr_assert_eq(desk->by_type[EVENT_FILL], 1000);
    cr_assert_eq(desk->last.maker.leaves_lots, 1);
    cr_assert_eq(desk->last.taker.leaves_lots, 0);
    cr_assert_eq(desk->last.taker.cumulative_lots, 1999);
    cr_assert_eq(book_open_orders(&desk->book), 1);
    desk_close(desk);
}

Test(steps, a_sweep_that_ends_with_the_output_nearly_full_still_says_how) {
    for (uint64_t makers = BOOK_EVENTS_MAX - 4; makers < BOOK_EVENTS_MAX + 4; makers++) {
        struct desk *desk = desk_open(4096);
        for (uint64_t i = 0; i < makers; i++) place(desk, i, SIDE_SELL, 1, 100 + (int64_t)i, TIF_GTC);
        place(desk, 5000, SIDE_BUY, (int64_t)makers + 1, 0, TIF_NONE);
        cr_assert_eq(desk->by_type[EVENT_FILL], makers);
        cr_assert_eq(desk->last.type, EVENT_EXPIRED);
        cr_assert_eq(desk->last.cumulative_lots, (int64_t)makers);
        place(desk, 5001, SIDE_SELL, 1, 100, TIF_GTC);
        cr_assert_eq(book_open_orders(&desk->book), 1);
        desk_close(desk);
    }
}

Test(steps, a_modify_that_sweeps_goes_on_as_taker) {
    struct desk *desk = desk_open(4096);
    for (uint64_t i = 0; i < 300; i++) place(desk, i, SIDE_SELL, 1, 100 + (int64_t)i, TIF_GTC);
    place(desk, 1000, SIDE_BUY, 10, 50, TIF_GTC);
    name(desk, 1000, ACTION_MODIFY);
    desk->command.price = units(1000);
    desk->command.quantity = units(310);
    play(desk);
    cr_assert_gt(desk->steps, 4);
    cr_assert_eq(desk->by_type[EVENT_FILL], 300);
    cr_assert_eq(desk->last.taker.leaves_lots, 10);
    struct depth_level level;
    cr_assert_eq(book_levels(&desk->book, SIDE_BUY, 0, &level, 1), 1);
    cr_assert_eq(level.price_ticks, 1000);
    cr_assert_eq(level.total_lots, 10);
    desk_close(desk);
}

Test(steps, a_mass_cancel_passes_over_strangers_in_bounded_steps) {
    struct desk *desk = desk_open(1 << 15);
    desk->no_checks = true;
    for (uint64_t i = 0; i < 20000; i++) place(desk, i * 2, SIDE_BUY, 1, 1000 + (int64_t)i % 3000, TIF_GTC);
    for (uint64_t i = 0; i < 200; i++) place(desk, i * 2 + 1, SIDE_SELL, 1, 100000 + (int64_t)i % 20, TIF_GTC);
    name(desk, 1, ACTION_CANCEL_ALL);
    play(desk);
    cr_assert_geq(desk->steps, 20000 / BOOK_VISITS_MAX + 200 / BOOK_EVENTS_MAX);
    cr_assert_eq(desk->by_type[EVENT_CANCELLED], 200);
    cr_assert_eq(desk->last.type, EVENT_CANCEL_ALL_DONE);
    cr_assert_eq(desk->last.count, 200);
    cr_assert_eq(book_open_orders(&desk->book), 20000);
    book_check(&desk->book);
    desk_close(desk);
}

Test(steps, a_fok_looks_at_many_levels_in_bounded_steps) {
    struct desk *desk = desk_open(1 << 15);
    desk->no_checks = true;
    for (uint64_t i = 0; i < 10000; i++) place(desk, i, SIDE_SELL, 1, 100 + (int64_t)i, TIF_GTC);
    place(desk, 20000, SIDE_BUY, 10001, 1000000, TIF_FOK);
    cr_assert_gt(desk->steps, 2);
    cr_assert_eq(desk->last.type, EVENT_EXPIRED);
    cr_assert_eq(desk->last.reason, REASON_FOK);
    cr_assert_eq(book_open_orders(&desk->book), 10000);
    place(desk, 20001, SIDE_BUY, 10000, 0, TIF_FOK);
    cr_assert_eq(desk->by_type[EVENT_FILL], 10000);
    cr_assert_eq(book_open_orders(&desk->book), 0);
    desk_close(desk);
}

/* ---- what only some orders have -------------------------------------------------------------------------- */

static void make(struct desk *desk, uint64_t id, enum side side, int64_t lots, int64_t price) {
    name(desk, id, ACTION_NEW);
    desk->command.side = (uint8_t)side;
    desk->command.order_type = ORDER_LIMIT;
    desk->command.quantity = units(lots);
    if (price) desk->command.price = units(price);
}

static void place_stop(struct desk *desk, uint64_t id, enum side side, int64_t lots, int64_t stop, int64_t price) {
    make(desk, id, side, lots, price);
    desk->command.order_type = price ? ORDER_STOP_LIMIT : ORDER_STOP;
    desk->command.stop_price = units(stop);
    play(desk);
}

static void place_until(struct desk *desk, uint64_t id, enum side side, int64_t price, int64_t expire_time_ms) {
    make(desk, id, side, 1, price);
    desk->command.time_in_force = TIF_GTD;
    desk->command.has_expire_time = true;
    desk->command.expire_time_ms = expire_time_ms;
    play(desk);
}

static void control(struct desk *desk, enum book_input_kind kind, enum trading_state state) {
    desk->input = (struct book_input){.kind = (uint8_t)kind,
        .state = (uint8_t)state,
        .src_offset = desk->input.src_offset,
        .log_time_ms = desk->input.log_time_ms};
    play_input(desk);
    desk->input.kind = BOOK_COMMAND;
}

/* Each stop's print triggers the next one: only a queue can run that. */
Test(steps, a_cascade_of_stops_is_answered_in_steps) {
    struct desk *desk = desk_open(1 << 13);
    desk->no_checks = true;
    enum { STOPS = 1000 };
    for (uint64_t i = 0; i <= STOPS; i++) place(desk, 10000 + i, SIDE_SELL, 1, 101 + (int64_t)i, TIF_GTC);
    for (uint64_t i = 0; i < STOPS; i++) place_stop(desk, i, SIDE_BUY, 1, 101 + (int64_t)i, 0);
    cr_assert_eq(desk->by_type[EVENT_TRIGGERED], 0);
    place(desk, 20000, SIDE_BUY, 1, 101, TIF_GTC);
    cr_assert_geq(desk->steps, 2 * STOPS / BOOK_EVENTS_MAX);
    cr_assert_eq(desk->by_type[EVENT_TRIGGERED], STOPS);
    cr_assert_eq(desk->by_type[EVENT_FILL], STOPS + 1);
    cr_assert_eq(book_open_orders(&desk->book), 0);
    book_check(&desk->book);
    desk_close(desk);
}

/* All of them at once: they are put into the queue in bounded steps. */
Test(steps, one_print_that_triggers_many_stops_queues_them_in_steps) {
    struct desk *desk = desk_open(1 << 15);
    desk->no_checks = true;
    enum { STOPS = 10000 };
    for (uint64_t i = 0; i < STOPS; i++) place_stop(desk, i, SIDE_SELL, 1, 200 - (int64_t)(i % 50), 300);
    place(desk, 50001, SIDE_BUY, 1, 150, TIF_GTC);
    place(desk, 50000, SIDE_SELL, 1, 150, TIF_GTC);
    cr_assert_geq(desk->steps, STOPS / BOOK_VISITS_MAX + STOPS / BOOK_EVENTS_MAX);
    cr_assert_eq(desk->by_type[EVENT_TRIGGERED], STOPS);
    cr_assert_eq(book_open_orders(&desk->book), STOPS);
    book_check(&desk->book);
    desk_close(desk);
}

Test(steps, orders_that_are_due_expire_in_steps_before_the_record) {
    struct desk *desk = desk_open(1 << 13);
    for (uint64_t i = 0; i < 500; i++) place_until(desk, i, SIDE_BUY, 100, 1000);
    place_until(desk, 500, SIDE_BUY, 100, 1001);
    cr_assert(book_needs_time(&desk->book));
    desk->input.log_time_ms = 999;
    control(desk, BOOK_TICK, 0);
    cr_assert_eq(desk->by_type[EVENT_EXPIRED], 0);
    desk->input.log_time_ms = 1000;
    place(desk, 1000, SIDE_SELL, 2, 100, TIF_GTC);
    cr_assert_geq(desk->steps, 500 / BOOK_EVENTS_MAX);
    cr_assert_eq(desk->by_type[EVENT_EXPIRED], 500);
    cr_assert_eq(desk->last.type, EVENT_FILL, "the record itself comes behind what was due");
    cr_assert_eq(desk->by_type[EVENT_FILL], 1);
    desk->input.log_time_ms = 1001;
    control(desk, BOOK_TICK, 0);
    cr_assert_eq(desk->by_type[EVENT_EXPIRED], 500, "it was filled");
    cr_assert_not(book_needs_time(&desk->book));
    desk_close(desk);
}

Test(steps, a_closed_book_expires_its_day_orders_in_steps) {
    struct desk *desk = desk_open(1 << 13);
    for (uint64_t i = 0; i < 300; i++) place(desk, i, SIDE_BUY, 1, 100 + (int64_t)i % 9, i % 3 ? TIF_DAY : TIF_GTC);
    for (uint64_t i = 300; i < 400; i++) {
        make(desk, i, SIDE_BUY, 1, 500);
        desk->command.order_type = ORDER_STOP_LIMIT;
        desk->command.stop_price = units(400);
        desk->command.time_in_force = TIF_DAY;
        play(desk);
    }
    control(desk, BOOK_STATE, TRADING_STATE_CLOSED);
    cr_assert_eq(desk->by_type[EVENT_EXPIRED], 300);
    cr_assert_eq(book_open_orders(&desk->book), 100);
    cr_assert_eq(book_state(&desk->book), TRADING_STATE_CLOSED);
    desk_close(desk);
}

Test(steps, an_auction_uncrosses_in_steps_at_one_price) {
    struct desk *desk = desk_open(1 << 14);
    desk->no_checks = true;
    control(desk, BOOK_STATE, TRADING_STATE_AUCTION);
    for (uint64_t i = 0; i < 3000; i++) {
        make(desk, i, i % 2 ? SIDE_BUY : SIDE_SELL, 2 + (int64_t)(i % 5),
            i % 2 ? 2000 - (int64_t)i / 4 : 1000 + (int64_t)i / 4);
        if (i % 7 == 0) desk->command.display_quantity = units(1 + (int64_t)(i % 2));
        play(desk);
    }
    cr_assert_eq(desk->by_type[EVENT_FILL], 0);
    control(desk, BOOK_STATE, TRADING_STATE_TRADING);
    cr_assert_geq(desk->steps, 1500 / BOOK_EVENTS_MAX);
    cr_assert_geq(desk->by_type[EVENT_FILL], 1500);
    cr_assert_eq(desk->last.side, SIDE_NONE, "nobody is the taker of an auction");
    book_check(&desk->book);
    desk_close(desk);
}

/* A step of its own for each DECREMENT: what was filled before is told as it was then. */
Test(steps, decrement_counts_what_it_took_off) {
    struct desk *desk = desk_open(4096);
    for (uint64_t i = 0; i < 100; i++) place(desk, i * 2, SIDE_SELL, 1, 100, TIF_GTC);
    make(desk, 5000, SIDE_BUY, 150, 100);
    desk->command.self_trade = SELF_TRADE_DECREMENT;
    play(desk);
    cr_assert_eq(desk->by_type[EVENT_PREVENTED], 100);
    cr_assert_eq(desk->last.taker.leaves_lots, 50);
    cr_assert_eq(desk->last.taker.cumulative_lots, 0);
    place(desk, 5001, SIDE_SELL, 20, 100, TIF_GTC);
    cr_assert_eq(desk->last.maker.leaves_lots, 30);
    cr_assert_eq(desk->last.maker.cumulative_lots, 20);
    desk_close(desk);
}

Test(limits, the_trailing_stop_after_the_last_is_answered_capacity) {
    struct desk *desk = desk_open(1 << 14);
    desk->no_checks = true;
    for (uint64_t i = 0; i <= TRAILING_STOPS_PER_SYMBOL_MAX; i++) {
        make(desk, i, SIDE_SELL, 1, 0);
        desk->command.order_type = ORDER_TRAILING_STOP;
        desk->command.trailing_amount = units(3 + (int64_t)(i % 4));
        play(desk);
    }
    cr_assert_eq(desk->last.reason, REASON_CAPACITY);
    cr_assert_eq(book_open_orders(&desk->book), TRAILING_STOPS_PER_SYMBOL_MAX);
    place(desk, 1 << 20, SIDE_SELL, 1, 100, TIF_GTC);
    place(desk, (1 << 20) + 1, SIDE_BUY, 1, 100, TIF_GTC);
    for (int64_t price = 97; price > 90; price--) {
        place(desk, (1 << 20) + 2, SIDE_BUY, 1, price, TIF_GTC);
        place(desk, (1 << 20) + 3, SIDE_SELL, 1, price, TIF_GTC);
    }
    cr_assert_eq(desk->by_type[EVENT_TRIGGERED], TRAILING_STOPS_PER_SYMBOL_MAX);
    cr_assert_eq(book_open_orders(&desk->book), 0);
    book_check(&desk->book);
    desk_close(desk);
}

Test(limits, largest_price_and_quantity) {
    struct desk *desk = desk_open(4096);
    place(desk, 1, SIDE_SELL, INT64_C(1) << 23, PRICE_TICKS_MAX, TIF_GTC);
    cr_assert_eq(desk->last.type, EVENT_ACCEPTED, "2^63 is not beyond 2^63");
    place(desk, 2, SIDE_SELL, (INT64_C(1) << 23) + 1, PRICE_TICKS_MAX, TIF_GTC);
    cr_assert_eq(desk->last.reason, REASON_OUT_OF_RANGE);
    place(desk, 3, SIDE_BUY, QUANTITY_LOTS_MAX, 1, TIF_GTC);
    place(desk, 4, SIDE_BUY, QUANTITY_LOTS_MAX, 1, TIF_GTC);
    cr_assert_eq(desk->last.type, EVENT_ACCEPTED);
    name(desk, 4, ACTION_MODIFY);
    desk->command.price = units(PRICE_TICKS_MAX - 1);
    play(desk);
    cr_assert_eq(desk->last.reason, REASON_OUT_OF_RANGE);
    place(desk, 5, SIDE_SELL, QUANTITY_LOTS_MAX, 0, TIF_NONE);
    cr_assert_eq(desk->last.quantity_lots, QUANTITY_LOTS_MAX);
    cr_assert_eq(desk->by_type[EVENT_FILL], 1);
    desk_close(desk);
}

static void rest_for_client(struct desk *desk, uint64_t id, int64_t price) {
    name(desk, id, ACTION_NEW);
    desk->command.client_order_id = desk->command.order_id;
    desk->command.side = SIDE_SELL;
    desk->command.order_type = ORDER_LIMIT;
    desk->command.quantity = units(1);
    desk->command.price = units(price);
    play(desk);
}

/* Of all that may be open each has two ids, and one more is in the index while it passes. */
static void pass_with_two_ids(struct desk *desk, uint64_t id) {
    name(desk, id, ACTION_NEW);
    desk->command.client_order_id = desk->command.order_id;
    desk->command.side = SIDE_BUY;
    desk->command.order_type = ORDER_LIMIT;
    desk->command.time_in_force = TIF_IOC;
    desk->command.self_trade = SELF_TRADE_DECREMENT;
    desk->command.quantity = units(1);
    desk->command.price = units(99);
    play(desk);
}

Test(limits, the_order_after_the_last_that_may_rest_is_answered_capacity, .timeout = 120) {
    struct desk *desk = desk_open(OPEN_ORDERS_PER_SYMBOL_MAX + 1024);
    desk->no_checks = true;
    for (uint64_t i = 0; i < OPEN_ORDERS_PER_SYMBOL_MAX; i++)
        rest_for_client(desk, i, 100 + (int64_t)(i % 5000) * (int64_t)(i % 3));
    cr_assert_eq(desk->by_type[EVENT_ACCEPTED], OPEN_ORDERS_PER_SYMBOL_MAX);
    const uint64_t id = OPEN_ORDERS_PER_SYMBOL_MAX;
    place(desk, id, SIDE_BUY, 1, 99, TIF_GTC);
    cr_assert_eq(desk->last.reason, REASON_CAPACITY);
    place(desk, id + 1, SIDE_BUY, OPEN_ORDERS_PER_SYMBOL_MAX + 1, 1000000, TIF_GTC);
    cr_assert_eq(desk->last.reason, REASON_CAPACITY, "the resting orders cannot fill all of it");
    place(desk, id + 2, SIDE_BUY, 1, 99, TIF_IOC);
    cr_assert_eq(desk->last.reason, REASON_IOC, "what cannot rest needs no room");
    pass_with_two_ids(desk, id + 4);
    cr_assert_eq(desk->last.reason, REASON_IOC);
    place(desk, id + 3, SIDE_BUY, 2, 100, TIF_GTC);
    cr_assert_eq(desk->by_type[EVENT_FILL], 2, "what is filled at once needs no room");
    place(desk, id, SIDE_BUY, 1, 99, TIF_GTC);
    cr_assert_eq(desk->last.type, EVENT_ACCEPTED);
    cr_assert_eq(book_open_orders(&desk->book), OPEN_ORDERS_PER_SYMBOL_MAX - 1);
    desk_close(desk);
}

Test(memory, an_idle_symbol_costs_at_most_4_KiB) {
    struct desk *desk = desk_open(4096);
    cr_assert_leq(sizeof(struct book), 1280u);
    place(desk, 1, SIDE_BUY, 1, 100, TIF_GTC);
    place(desk, 2, SIDE_SELL, 1, 200, TIF_GTC);
    size_t first = arena_used_bytes(desk->arena);
    struct desk *other = desk_open(4096);
    size_t empty = arena_used_bytes(other->arena);
    cr_assert_leq(first - empty + sizeof(struct book), 4096u, "%zu bytes", first - empty + sizeof(struct book));
    desk_close(other);
    desk_close(desk);
}

Test(memory, an_empty_book_gives_back_what_a_full_one_took) {
    struct desk *desk = desk_open(1 << 16);
    desk->no_checks = true;
    size_t used = 0;
    for (int round = 0; round < 5; round++) {
        for (uint64_t i = 0; i < 20000; i++)
            place(desk, i, SIDE_BUY, 1, 1 + (int64_t)(i * 7919 % 100000) * (i % 11 ? 1 : 1000), TIF_GTC);
        for (uint64_t i = 0; i < 20000; i++) {
            name(desk, i, ACTION_CANCEL);
            play(desk);
        }
        cr_assert_eq(book_open_orders(&desk->book), 0);
        if (round == 1) used = arena_used_bytes(desk->arena);
        book_deinit(&desk->book);
        struct instrument instrument = instrument_default();
        instrument.tick = (struct decimal_unit){1, 0};
        book_init(&desk->book, desk->arena, &instrument);
        desk->events = 0;
    }
    cr_assert_eq(arena_used_bytes(desk->arena), used, "nothing may leak from round to round");
    desk_close(desk);
}

Test(memory, nothing_is_allocated_after_the_start) {
    struct desk *desk = desk_open(1 << 16);
    desk->no_checks = true;
    place(desk, 1 << 20, SIDE_BUY, 1, 1, TIF_GTC);
    size_t before = mallinfo2().uordblks;
    for (uint64_t i = 0; i < 100000; i++)
        place(desk, i, i % 2 ? SIDE_BUY : SIDE_SELL, 1 + (int64_t)(i % 5), 1000 + (int64_t)(i * 7919 % 1000),
            i % 3 ? TIF_GTC : TIF_IOC);
    cr_assert_eq(mallinfo2().uordblks, before);
    cr_assert_gt(desk->by_type[EVENT_FILL], 1000);
    desk_close(desk);
}

Test(memory, an_arena_that_is_used_up_stops_the_process, .signal = SIGABRT) {
    struct desk *desk = desk_open(1024);
    desk->no_checks = true;
    for (uint64_t i = 0;; i++) place(desk, i, SIDE_BUY, 1, 1, TIF_GTC);
}
