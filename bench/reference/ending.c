#include "bench/reference/ending.h"

#include "bench/reference/answer.h"
#include "bench/reference/list.h"
#include "bench/reference/stops.h"

static void leave_parent(struct order *child) {
    for (int i = 0; i < 2; i++)
        if (child->parent && child->parent->children[i] == child) child->parent->children[i] = NULL;
    child->parent = NULL;
}

/* Takes an order out of where it is, for good. */
static void remove_order(struct desk *desk, struct order *order) {
    if (order->place == ORDER_RESTS) shelf_take(&desk->shelf, order);
    if (order->place == ORDER_WAITS) stops_remove(desk, order);
    if (order->place == ORDER_IS_CHILD) leave_parent(order);
    list_separate(order);
    shelf_strike(&desk->shelf, order);
    order->place = ORDER_HAS_ENDED;
    order->next = desk->ended;
    desk->ended = order;
}

static void cancel_children(struct desk *desk, struct order *parent) {
    for (int i = 0; i < 2; i++)
        if (parent->children[i]) ending_cancel(desk, parent->children[i], TEXT_NONE, REASON_PARENT);
}

void ending_cancel(struct desk *desk, struct order *order, struct text command_id, enum reason reason) {
    remove_order(desk, order);
    answer_end(desk, REPORT_CANCELLED, order, command_id, reason);
    cancel_children(desk, order);
}

void ending_expire(struct desk *desk, struct order *order, enum reason reason) {
    remove_order(desk, order);
    answer_end(desk, REPORT_EXPIRED, order, TEXT_NONE, reason);
    cancel_children(desk, order);
}

void ending_filled(struct desk *desk, struct order *order) {
    remove_order(desk, order);
    if (order->children[0] || order->children[1]) order_row_add(&desk->filled_parents, order);
}

void ending_prevented(struct desk *desk, struct order *order) {
    remove_order(desk, order);
    cancel_children(desk, order);
}

void ending_rejected(struct desk *desk, struct order *order, enum reason reason) {
    remove_order(desk, order);
    answer_rejected_child(desk, order, reason);
}
