#include "bench/reference/matching.h"

#include "bench/reference/answer.h"
#include "bench/reference/ending.h"
#include "bench/reference/list.h"
#include "bench/reference/stops.h"

static int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t any_price(int side) { return side == REQUEST_BUY ? INT64_MAX : INT64_MIN; }

/* The worst price at which an order trades that starts now. */
static int64_t limit_of(const struct desk *desk, const struct order *order, const struct order *without) {
    if (order->has_price) return order->price;
    const struct order *best = shelf_first_against(&desk->shelf, order->side, any_price(order->side), without);
    int64_t slippage = order->max_slippage;
    int64_t collar = best ? settings_ticks_from(desk->settings.collar, best->price) : -1;
    if (!best || (slippage < 0 && collar < 0)) return any_price(order->side);
    int64_t distance = slippage < 0 ? collar : collar < 0 ? slippage : lesser(slippage, collar);
    return order->side == REQUEST_BUY ? best->price + distance : best->price - distance;
}

/* ---- self-trade prevention */

static bool is_own(const struct order *taker, const struct order *maker) {
    return taker->self_trade != REQUEST_PREVENT_NOTHING && order_belongs_to(maker, order_text(&taker->user_id));
}

/* A clip that is used up makes room for a fresh one at the tail. */
static void renew_clip(struct desk *desk, struct order *maker) {
    if (maker->shown > 0 || maker->leaves == 0) return;
    shelf_take(&desk->shelf, maker);
    shelf_place(&desk->shelf, maker);
}

static void decrement(struct order *order, int64_t quantity) {
    order->prevented += quantity;
    order->leaves -= quantity;
}

static void prevent(struct desk *desk, struct order *taker, struct order *maker) {
    int64_t quantity = lesser(taker->leaves, maker->shown);
    int mode = taker->self_trade;
    if (mode == REQUEST_DECREMENT) {
        decrement(taker, quantity);
        decrement(maker, quantity);
        maker->shown -= quantity;
    }
    answer_prevented(desk, taker, maker, maker->price, quantity);
    if (mode == REQUEST_EXPIRE_MAKER || mode == REQUEST_EXPIRE_BOTH) ending_expire(desk, maker, REASON_SELF_TRADE);
    if (mode == REQUEST_EXPIRE_TAKER || mode == REQUEST_EXPIRE_BOTH) ending_expire(desk, taker, REASON_SELF_TRADE);
    if (mode != REQUEST_DECREMENT) return;
    renew_clip(desk, maker);
    if (maker->leaves == 0) ending_prevented(desk, maker);
    if (taker->leaves == 0) ending_prevented(desk, taker);
}

/* ---- trades */

static void give(struct order *order, int64_t quantity) {
    order->leaves -= quantity;
    order->filled += quantity;
}

void matching_fill(
    struct desk *desk, struct order *taker, struct order *maker, int64_t price, int64_t quantity, bool in_auction) {
    give(taker, quantity);
    give(maker, quantity);
    desk->has_last_price = true;
    desk->last_price = price;
    answer_fill(desk, taker, maker, price, quantity, in_auction);
    list_on_trade(desk, maker);
    list_on_trade(desk, taker);
    if (maker->leaves == 0) ending_filled(desk, maker);
    if (taker->leaves == 0) ending_filled(desk, taker);
    stops_on_print(desk, price);
}

static void trade(struct desk *desk, struct order *taker, struct order *maker) {
    int64_t quantity = lesser(taker->leaves, maker->shown);
    maker->shown -= quantity;
    matching_fill(desk, taker, maker, maker->price, quantity, false);
    renew_clip(desk, maker);
}

static void match(struct desk *desk, struct order *taker, int64_t limit) {
    struct order *maker;
    while (taker->place != ORDER_HAS_ENDED && (maker = shelf_first_against(&desk->shelf, taker->side, limit, NULL))) {
        if (is_own(taker, maker))
            prevent(desk, taker, maker);
        else
            trade(desk, taker, maker);
    }
}

/* ---- what could be */

/* True if one of the account's own orders rests within the limit and ends the taker's way there. */
static bool is_stopped_by(const struct order *taker, const struct order *maker) {
    return is_own(taker, maker) && taker->self_trade != REQUEST_EXPIRE_MAKER;
}

static bool level_has_a_stopper(
    const struct shelf_level *level, const struct order *taker, const struct order *without) {
    for (const struct order *order = level->first; order; order = order->next)
        if (order != without && is_stopped_by(taker, order)) return true;
    return false;
}

bool matching_could_fill(const struct desk *desk, const struct order *taker, const struct order *without) {
    const struct shelf_side *side = &desk->shelf.sides[!taker->side];
    int64_t limit = limit_of(desk, taker, without), total = 0;
    for (size_t i = 0; i < side->count && shelf_crosses(taker->side, limit, side->levels[i].price); i++) {
        bool stops = level_has_a_stopper(&side->levels[i], taker, without);
        for (const struct order *order = side->levels[i].first; order; order = order->next) {
            if (order == without) continue;
            if (is_stopped_by(taker, order)) return total >= taker->leaves;
            if (!is_own(taker, order)) total += stops ? order->shown : order->leaves; /* fresh clips queue behind */
        }
    }
    return total >= taker->leaves;
}

/* ---- the taker */

static enum reason reason_to_expire(const struct desk *desk, const struct order *order) {
    if (order->time_in_force == REQUEST_FOK) return REASON_FOK;
    if (order->has_price) return REASON_IOC;
    return desk->shelf.sides[!order->side].count > 0 ? REASON_PRICE_BAND : REASON_NO_LIQUIDITY;
}

void matching_take(struct desk *desk, struct order *order) {
    bool possible = order->time_in_force != REQUEST_FOK || matching_could_fill(desk, order, NULL);
    if (desk->state == DIRECTIVE_TRADING && possible) match(desk, order, limit_of(desk, order, NULL));
    if (order->place == ORDER_HAS_ENDED) return;
    if (order_may_rest(order))
        shelf_place(&desk->shelf, order);
    else
        ending_expire(desk, order, reason_to_expire(desk, order));
}
