#include "bench/reference/cancellation.h"

#include "bench/reference/answer.h"
#include "bench/reference/ending.h"
#include "bench/reference/repeats.h"

static struct order *order_of(const struct desk *desk, struct text account, struct text order_id) {
    struct order *order = order_id.size ? shelf_find(&desk->shelf, order_id) : NULL;
    return order && order_belongs_to(order, account) ? order : NULL;
}

static struct order *entered(struct order *order) { return order && order->place != ORDER_IS_CHILD ? order : NULL; }

struct order *cancellation_replaced(const struct desk *desk, const struct request *request) {
    return entered(order_of(desk, request_text(request, FIELD_USER_ID), request_text(request, FIELD_CANCEL_ORDER_ID)));
}

struct order *cancellation_modified(const struct desk *desk, const struct request *request) {
    return entered(order_of(desk, request_text(request, FIELD_USER_ID), request_text(request, FIELD_ORDER_ID)));
}

void cancellation_cancel(struct desk *desk, const struct request *request) {
    char made[ID_BYTES_MAX];
    struct text account = request_text(request, FIELD_USER_ID), order_id = request_text(request, FIELD_ORDER_ID);
    struct order *order = order_id.size
                              ? order_of(desk, account, order_id)
                              : shelf_find_client(&desk->shelf, account, request_text(request, FIELD_CLIENT_ORDER_ID));
    if (order) {
        ending_cancel(desk, order, answer_command_id(desk, request, made), REASON_USER);
        return;
    }
    repeats_leave_tombstone(desk, request);
    answer_reject(desk, request, REASON_UNKNOWN);
}

void cancellation_collect(const struct desk *desk, struct order_row *row) {
    for (int side = REQUEST_BUY; side <= REQUEST_SELL; side++)
        for (size_t i = 0; i < desk->shelf.sides[side].count; i++)
            for (struct order *order = desk->shelf.sides[side].levels[i].first; order; order = order->next)
                order_row_add(row, order);
    for (struct order *order = desk->first_stop; order; order = order->next) order_row_add(row, order);
}

void cancellation_cancel_all(struct desk *desk, const struct request *request) {
    char made[ID_BYTES_MAX];
    struct text account = request_text(request, FIELD_USER_ID);
    int side = request_choice(request, FIELD_SIDE);
    struct order_row row = {0};
    uint64_t count = 0;
    cancellation_collect(desk, &row);
    for (size_t i = 0; i < row.count; i++) {
        struct order *order = row.orders[i];
        if (!order_belongs_to(order, account) || (side != -1 && side != order->side)) continue;
        ending_cancel(desk, order, answer_command_id(desk, request, made), REASON_MASS);
        count++;
    }
    order_row_deinit(&row);
    answer_cancel_all_done(desk, request, count);
}
