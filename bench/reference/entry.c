#include "bench/reference/entry.h"

#include "bench/reference/answer.h"
#include "bench/reference/cancellation.h"
#include "bench/reference/clock.h"
#include "bench/reference/ending.h"
#include "bench/reference/matching.h"
#include "bench/reference/repeats.h"
#include "bench/reference/stops.h"

#include <stdlib.h>

enum reason entry_first(enum reason a, enum reason b) {
    if (a == REASON_NONE || b == REASON_NONE) return a == REASON_NONE ? b : a;
    return a < b ? a : b;
}

/* ---- numbers */

static int64_t read_units(const struct request *request, enum field field, struct number_unit unit, int64_t least,
    int64_t most, bool *off_unit, bool *out_of_range) {
    int64_t units = 0;
    if (!request_has(request, field)) return 0;
    enum number_fit fit = number_in_units(&request->values[field].number, unit, &units);
    *off_unit |= fit == NUMBER_OFF_UNIT;
    *out_of_range |= fit == NUMBER_OUT_OF_RANGE || (fit == NUMBER_FITS && (units < least || units > most));
    return units;
}

int64_t entry_read_price(
    const struct desk *desk, const struct request *request, enum field field, int64_t least, struct entry_fits *fits) {
    return read_units(
        request, field, desk->settings.tick, least, PRICE_TICKS_MAX, &fits->off_tick, &fits->out_of_range);
}

int64_t entry_read_quantity(const struct desk *desk, const struct request *request, enum field field, int64_t least,
    int64_t most, struct entry_fits *fits) {
    return read_units(request, field, desk->settings.lot, least, most, &fits->off_lot, &fits->out_of_range);
}

enum reason entry_reason_of(const struct entry_fits *fits) {
    if (fits->off_tick) return REASON_OFF_TICK;
    if (fits->off_lot) return REASON_OFF_LOT;
    return fits->out_of_range ? REASON_OUT_OF_RANGE : REASON_NONE;
}

enum reason entry_check_notional(const struct desk *desk, int64_t price, int64_t quantity) {
    __extension__ unsigned __int128 notional = (unsigned __int128)price * (uint64_t)quantity;
    if (notional > UINT64_C(1) << 63) return REASON_OUT_OF_RANGE;
    return notional < desk->settings.notional_min ? REASON_MIN_NOTIONAL : REASON_NONE;
}

static int64_t read_basis_points(const struct request *request, struct entry_fits *fits) {
    if (!request_has(request, FIELD_TRAILING_BPS)) return 0;
    int64_t basis_points = request->values[FIELD_TRAILING_BPS].integer;
    fits->out_of_range |= basis_points < 1 || basis_points > 9999;
    return basis_points;
}

static enum reason fill_in_numbers(const struct desk *desk, const struct request *request, struct order *order) {
    struct entry_fits fits = {0};
    const struct settings *settings = &desk->settings;
    order->quantity = order->leaves =
        entry_read_quantity(desk, request, FIELD_QUANTITY, settings->quantity_min, settings->quantity_max, &fits);
    order->clip =
        entry_read_quantity(desk, request, FIELD_DISPLAY_QUANTITY, settings->clip_min, order->quantity, &fits);
    if (order->has_price) order->price = entry_read_price(desk, request, FIELD_PRICE, 1, &fits);
    order->stop_price = entry_read_price(desk, request, FIELD_STOP_PRICE, 1, &fits);
    order->trailing_ticks = entry_read_price(desk, request, FIELD_TRAILING_AMOUNT, 1, &fits);
    order->trailing_bps = read_basis_points(request, &fits);
    order->max_slippage =
        request_has(request, FIELD_MAX_SLIPPAGE) ? entry_read_price(desk, request, FIELD_MAX_SLIPPAGE, 0, &fits) : -1;
    enum reason reason = entry_reason_of(&fits);
    if (reason != REASON_NONE || !order->has_price) return reason;
    return entry_check_notional(desk, order->price, order->quantity);
}

enum reason entry_fill_in(const struct desk *desk, const struct request *request, struct order *order) {
    int tif = request_choice(request, FIELD_TIME_IN_FORCE), mode = request_choice(request, FIELD_SELF_TRADE_PREVENTION);
    order->order_id = order_id_of(request_text(request, FIELD_ORDER_ID));
    order->client_order_id = order_id_of(request_text(request, FIELD_CLIENT_ORDER_ID));
    order->user_id = order_id_of(request_text(request, FIELD_USER_ID));
    order->side = request_choice(request, FIELD_SIDE);
    order->type = request_choice(request, FIELD_ORDER_TYPE);
    order->has_price = !request_is_market(request);
    order->time_in_force = tif != -1 ? tif : order->has_price ? REQUEST_GTC : REQUEST_IOC;
    order->post_only = request_flag(request, FIELD_POST_ONLY);
    order->self_trade = mode == -1 ? REQUEST_PREVENT_NOTHING : mode;
    order->has_stop_price = request_has(request, FIELD_STOP_PRICE);
    if (tif == REQUEST_GTD) order->expire_time_ms = request->values[FIELD_EXPIRE_TIME].integer;
    return fill_in_numbers(desk, request, order);
}

/* ---- checks that need the book */

enum reason entry_check_state(const struct desk *desk, const struct order *order) {
    bool rests = order_is_stop(order) || (order->has_price && order_may_rest(order) && !order->post_only);
    switch (desk->state) {
    case DIRECTIVE_HALTED: return REASON_HALTED;
    case DIRECTIVE_CLOSED: return REASON_CLOSED;
    case DIRECTIVE_AUCTION: return rests ? REASON_NONE : REASON_AUCTION;
    default: return REASON_NONE;
    }
}

bool entry_is_in_band(const struct desk *desk, int64_t price) {
    int64_t reference = desk->has_last_price ? desk->last_price : desk->settings.reference_price;
    int64_t distance = settings_ticks_from(desk->settings.band, reference);
    if (reference == 0 || distance < 0) return true;
    return price >= reference - distance && price <= reference + distance;
}

enum reason entry_check_book(const struct desk *desk, const struct order *order, const struct order *without) {
    if (order->time_in_force == REQUEST_GTD && order->expire_time_ms <= desk->at->log_time_ms)
        return REASON_OUT_OF_RANGE;
    if (order->type == REQUEST_LIMIT && !entry_is_in_band(desk, order->price)) return REASON_PRICE_BAND;
    if (order->post_only && shelf_first_against(&desk->shelf, order->side, order->price, without))
        return REASON_POST_ONLY;
    return REASON_NONE;
}

/* True if what rests cannot fill it at once. */
static bool may_stay_open(const struct desk *desk, const struct order *order, const struct order *without) {
    if (order_is_stop(order)) return true;
    return order_may_rest(order) && (desk->state == DIRECTIVE_AUCTION || !matching_could_fill(desk, order, without));
}

/* CAPACITY or NONE. */
static enum reason check_room(const struct desk *desk, const struct order *order, const struct order *without) {
    uint64_t open = desk->shelf.open_orders - (without != NULL);
    if (open >= OPEN_ORDERS_PER_SYMBOL_MAX && may_stay_open(desk, order, without)) return REASON_CAPACITY;
    bool full =
        order->type == REQUEST_TRAILING_STOP && stops_count_trailing(desk, without) >= TRAILING_STOPS_PER_SYMBOL_MAX;
    return full ? REASON_CAPACITY : REASON_NONE;
}

/* Everything that may refuse one order, amounts included, as if `without` had gone already. */
static enum reason judge(
    const struct desk *desk, const struct request *request, struct order *order, const struct order *without) {
    enum reason reason = entry_fill_in(desk, request, order);
    if (reason == REASON_OFF_TICK || reason == REASON_OFF_LOT || reason == REASON_OUT_OF_RANGE) return reason;
    reason = entry_first(reason, entry_check_state(desk, order));
    if (repeats_was_cancelled(desk, request_text(request, FIELD_USER_ID), request))
        reason = entry_first(reason, REASON_CANCELLED_BEFORE);
    reason = entry_first(reason, entry_check_book(desk, order, without));
    return entry_first(reason, check_room(desk, order, without));
}

/* ---- entry */

void entry_accept(struct desk *desk, struct order *order) {
    answer_accepted(desk, order);
    if (order->time_in_force == REQUEST_GTD) clock_track(desk, order);
}

void entry_run_accepted(struct desk *desk, struct order *const *orders, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (orders[i]->place == ORDER_HAS_ENDED) continue;
        if (order_is_stop(orders[i]))
            stops_enter(desk, orders[i]);
        else
            matching_take(desk, orders[i]);
        desk_gather(desk);
    }
}

void entry_run(struct desk *desk, struct order *const *orders, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) entry_accept(desk, orders[i]);
    entry_run_accepted(desk, orders, count);
}

static void run_alone(struct desk *desk, struct order *order) {
    shelf_enrol(&desk->shelf, order);
    entry_run(desk, &order, 1);
    desk_settle(desk);
}

void entry_new(struct desk *desk, const struct request *request) {
    struct order *order = reference_allocate(sizeof *order);
    enum reason reason = judge(desk, request, order, NULL);
    if (reason != REASON_NONE) {
        free(order);
        answer_reject(desk, request, reason);
        return;
    }
    run_alone(desk, order);
}

void entry_replace(struct desk *desk, const struct request *request) {
    struct order *order = reference_allocate(sizeof *order), *old = cancellation_replaced(desk, request);
    enum reason reason = judge(desk, request, order, old);
    if (!old) reason = entry_first(reason, REASON_UNKNOWN);
    if (reason != REASON_NONE) {
        free(order);
        answer_reject(desk, request, reason);
        return;
    }
    ending_cancel(desk, old, TEXT_NONE, REASON_REPLACED);
    run_alone(desk, order);
}
