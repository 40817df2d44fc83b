#include "bench/reference/amendment.h"

#include "bench/reference/answer.h"
#include "bench/reference/cancellation.h"
#include "bench/reference/clock.h"
#include "bench/reference/ending.h"
#include "bench/reference/entry.h"
#include "bench/reference/matching.h"
#include "bench/reference/stops.h"

/* What an order is to become. */
struct amendment {
    int64_t price, quantity, stop_price, expire_time_ms;
};

static bool waits_for_a_stop_price(const struct order *order) {
    return order->place == ORDER_WAITS && order->type != REQUEST_TRAILING_STOP;
}

static enum reason check_combination(const struct request *request, const struct order *order) {
    bool bad = (request_has(request, FIELD_PRICE) && !order->has_price) ||
               (request_has(request, FIELD_STOP_PRICE) && !waits_for_a_stop_price(order)) ||
               (request_has(request, FIELD_EXPIRE_TIME) && order->time_in_force != REQUEST_GTD);
    return bad ? REASON_INVALID_COMBINATION : REASON_NONE;
}

/* Reads what the request says; what it does not say is 0. */
static enum reason read_amendment(const struct desk *desk, const struct request *request, struct amendment *a) {
    struct entry_fits fits = {0};
    a->price = entry_read_price(desk, request, FIELD_PRICE, 1, &fits);
    a->stop_price = entry_read_price(desk, request, FIELD_STOP_PRICE, 1, &fits);
    a->quantity = entry_read_quantity(
        desk, request, FIELD_QUANTITY, desk->settings.quantity_min, desk->settings.quantity_max, &fits);
    a->expire_time_ms = request_has(request, FIELD_EXPIRE_TIME) ? request->values[FIELD_EXPIRE_TIME].integer : 0;
    fits.out_of_range |= request_has(request, FIELD_EXPIRE_TIME) && a->expire_time_ms <= desk->at->log_time_ms;
    return entry_reason_of(&fits);
}

static void complete(const struct request *request, const struct order *order, struct amendment *a) {
    if (!request_has(request, FIELD_PRICE)) a->price = order->price;
    if (!request_has(request, FIELD_QUANTITY)) a->quantity = order->quantity;
    if (!request_has(request, FIELD_STOP_PRICE)) a->stop_price = order->stop_price;
    if (!request_has(request, FIELD_EXPIRE_TIME)) a->expire_time_ms = order->expire_time_ms;
}

static bool ends_by(const struct order *order, const struct amendment *a) {
    return a->quantity <= order->filled + order->prevented;
}

static enum reason check_state(const struct desk *desk) {
    if (desk->state == DIRECTIVE_HALTED) return REASON_HALTED;
    return desk->state == DIRECTIVE_CLOSED ? REASON_CLOSED : REASON_NONE;
}

/* PRICE_BAND, POST_ONLY. */
static enum reason check_price(const struct desk *desk, const struct order *order, const struct amendment *a) {
    if (order->type == REQUEST_LIMIT && a->price != order->price && !entry_is_in_band(desk, a->price))
        return REASON_PRICE_BAND;
    bool crosses = order->post_only && shelf_first_against(&desk->shelf, order->side, a->price, NULL);
    return crosses ? REASON_POST_ONLY : REASON_NONE;
}

/* What is wrong with the values that the order would get; MIN_NOTIONAL and the price only if it goes on. */
static enum reason check_result(const struct desk *desk, const struct order *order, const struct amendment *a) {
    enum reason reason = order->has_price ? entry_check_notional(desk, a->price, a->quantity) : REASON_NONE;
    if (!ends_by(order, a)) return entry_first(reason, check_price(desk, order, a));
    return reason == REASON_MIN_NOTIONAL ? REASON_NONE : reason;
}

static enum reason judge(
    const struct desk *desk, const struct request *request, const struct order *order, struct amendment *a) {
    enum reason reason = order ? check_combination(request, order) : REASON_NONE;
    enum reason values = read_amendment(desk, request, a);
    reason = entry_first(reason, entry_first(values, check_state(desk)));
    if (!order) return entry_first(reason, REASON_UNKNOWN);
    if (values != REASON_NONE) return reason;
    complete(request, order, a);
    return entry_first(reason, check_result(desk, order, a));
}

static void set_amounts(struct order *order, const struct amendment *a) {
    order->price = a->price;
    order->quantity = a->quantity;
    order->leaves = a->quantity - order->filled - order->prevented;
}

static void change_stop(struct desk *desk, struct order *order, const struct amendment *a, struct text command_id) {
    bool keeps = a->stop_price == order->stop_price;
    set_amounts(order, a);
    order->stop_price = a->stop_price;
    if (!keeps) stops_make_latest(desk, order);
    answer_modified(desk, order, command_id, keeps);
    stops_test(desk, order);
}

static void change_resting(struct desk *desk, struct order *order, const struct amendment *a, struct text command_id) {
    bool keeps = a->price == order->price && a->quantity <= order->quantity;
    if (!keeps) {
        shelf_take(&desk->shelf, order);
        order->place = ORDER_IS_NEW;
    }
    set_amounts(order, a);
    if (order->shown > order->leaves) order->shown = order->leaves;
    answer_modified(desk, order, command_id, keeps);
    if (keeps) return;
    matching_take(desk, order);
    desk_gather(desk);
}

void amendment_modify(struct desk *desk, const struct request *request) {
    char made[ID_BYTES_MAX];
    struct text command_id = answer_command_id(desk, request, made);
    struct order *order = cancellation_modified(desk, request);
    struct amendment a = {0};
    enum reason reason = judge(desk, request, order, &a);
    if (reason != REASON_NONE) {
        answer_reject(desk, request, reason);
        return;
    }
    if (ends_by(order, &a)) {
        ending_cancel(desk, order, command_id, REASON_REDUCED);
        return;
    }
    if (a.expire_time_ms != order->expire_time_ms) {
        order->expire_time_ms = a.expire_time_ms;
        clock_track(desk, order);
    }
    if (order->place == ORDER_WAITS)
        change_stop(desk, order, &a, command_id);
    else
        change_resting(desk, order, &a, command_id);
    desk_settle(desk);
}
