#include "bench/reference/stops.h"

#include "bench/reference/answer.h"
#include "bench/reference/list.h"
#include "bench/reference/matching.h"

enum { BASIS_POINTS = 10000 };

/* ---- the row of those that wait */

static void append(struct desk *desk, struct order *order) {
    order->rank = ++desk->stop_rank;
    order->previous = desk->last_stop;
    order->next = NULL;
    *(order->previous ? &order->previous->next : &desk->first_stop) = order;
    desk->last_stop = order;
}

void stops_remove(struct desk *desk, struct order *order) {
    *(order->previous ? &order->previous->next : &desk->first_stop) = order->next;
    *(order->next ? &order->next->previous : &desk->last_stop) = order->previous;
}

void stops_make_latest(struct desk *desk, struct order *order) {
    stops_remove(desk, order);
    append(desk, order);
}

uint64_t stops_count_trailing(const struct desk *desk, const struct order *without) {
    uint64_t count = 0;
    for (const struct order *order = desk->first_stop; order; order = order->next)
        count += order->type == REQUEST_TRAILING_STOP && order != without;
    return count;
}

/* ---- triggers */

static bool is_at_or_above(int64_t price, int64_t bound) { return price >= bound; }

static bool is_at_or_below(int64_t price, int64_t bound) { return price <= bound; }

/* How far a trailing stop's trigger stays behind its watermark. */
static int64_t trailing_distance(const struct order *order) {
    if (order->trailing_ticks) return order->trailing_ticks;
    return (order->watermark * order->trailing_bps + BASIS_POINTS - 1) / BASIS_POINTS;
}

int64_t stops_trigger_price(const struct order *order) {
    if (order->type != REQUEST_TRAILING_STOP) return order->stop_price;
    if (!order->has_watermark) return 0;
    if (order->side == REQUEST_BUY) return order->watermark + trailing_distance(order);
    int64_t price = order->watermark - trailing_distance(order);
    return price > 0 ? price : 0;
}

static bool is_satisfied(const struct order *order, int64_t price) {
    int64_t trigger = stops_trigger_price(order);
    if (trigger == 0) return false;
    return order->side == REQUEST_BUY ? is_at_or_above(price, trigger) : is_at_or_below(price, trigger);
}

/* A print starts or moves the watermark of a trailing stop, if it may. */
static bool moves_watermark(const struct order *order, int64_t price) {
    bool sell = order->side == REQUEST_SELL;
    if (order->has_watermark) return sell ? price > order->watermark : price < order->watermark;
    if (!order->has_stop_price) return true;
    return sell ? is_at_or_above(price, order->stop_price) : is_at_or_below(price, order->stop_price);
}

static void follow(struct order *order, int64_t price) {
    if (order->type != REQUEST_TRAILING_STOP || !moves_watermark(order, price)) return;
    order->has_watermark = true;
    order->watermark = price;
}

static void become_due(struct desk *desk, struct order *order) {
    stops_remove(desk, order);
    order->place = ORDER_IS_DUE;
    order->trigger_price = stops_trigger_price(order);
    order_row_add(&desk->due, order);
}

void stops_on_print(struct desk *desk, int64_t price) {
    for (struct order *order = desk->first_stop, *next; order; order = next) {
        next = order->next;
        follow(order, price); /* the print that moves a watermark is not behind it */
        if (is_satisfied(order, price)) become_due(desk, order);
    }
}

void stops_test_all(struct desk *desk) {
    for (struct order *order = desk->first_stop, *next; desk->has_last_price && order; order = next) {
        next = order->next;
        if (is_satisfied(order, desk->last_price)) become_due(desk, order);
    }
}

static bool runs_before(const struct order *a, const struct order *b) {
    if (a->side != b->side) return a->side == REQUEST_BUY;
    if (a->trigger_price != b->trigger_price)
        return a->side == REQUEST_BUY ? a->trigger_price < b->trigger_price : a->trigger_price > b->trigger_price;
    return a->rank < b->rank;
}

void stops_sort_due(struct desk *desk) {
    struct order **due = desk->due.orders;
    for (size_t i = 1; i < desk->due.count; i++) {
        struct order *order = due[i];
        size_t at = i;
        for (; at > 0 && runs_before(order, due[at - 1]); at--) due[at] = due[at - 1];
        due[at] = order;
    }
}

/* ---- entry and trigger */

void stops_run(struct desk *desk, struct order *order) {
    order->place = ORDER_IS_NEW;
    answer_triggered(desk, order);
    list_on_trade(desk, order);
    matching_take(desk, order);
    desk_gather(desk);
}

void stops_test(struct desk *desk, struct order *order) {
    bool waits = desk->state != DIRECTIVE_TRADING || !desk->has_last_price || !is_satisfied(order, desk->last_price);
    if (waits) return;
    order->trigger_price = stops_trigger_price(order);
    stops_remove(desk, order);
    stops_run(desk, order);
}

void stops_enter(struct desk *desk, struct order *order) {
    order->place = ORDER_WAITS;
    append(desk, order);
    if (desk->has_last_price) follow(order, desk->last_price);
    stops_test(desk, order);
}
