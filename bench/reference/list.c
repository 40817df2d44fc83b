#include "bench/reference/list.h"

#include "bench/reference/answer.h"
#include "bench/reference/ending.h"
#include "bench/reference/entry.h"
#include "bench/reference/repeats.h"
#include "bench/reference/stops.h"

#include <stdlib.h>

void list_separate(struct order *order) {
    if (order->sibling) order->sibling->sibling = NULL;
    order->sibling = NULL;
}

void list_on_trade(struct desk *desk, struct order *order) {
    struct order *other = order->sibling;
    list_separate(order);
    if (other) ending_cancel(desk, other, TEXT_NONE, REASON_OCO);
}

/* ---- entry */

struct draft {
    struct order *orders[REQUEST_ORDERS_MAX];
    uint32_t count, entering; /* the first of them enter now, the others are children of the first */
};

static enum reason check_room(const struct desk *desk, const struct draft *draft) {
    uint64_t trailing = stops_count_trailing(desk, NULL);
    bool adds_trailing = false;
    for (uint32_t i = 0; i < draft->entering; i++) {
        adds_trailing |= draft->orders[i]->type == REQUEST_TRAILING_STOP;
        trailing += draft->orders[i]->type == REQUEST_TRAILING_STOP;
    }
    bool full = desk->shelf.open_orders + draft->count > OPEN_ORDERS_PER_SYMBOL_MAX ||
                (adds_trailing && trailing > TRAILING_STOPS_PER_SYMBOL_MAX);
    return full ? REASON_CAPACITY : REASON_NONE;
}

/* Static checks count of all orders, checks that need the book of those that enter now. */
static enum reason judge(struct desk *desk, const struct request *request, struct draft *draft) {
    struct text account = request_text(request, FIELD_USER_ID);
    enum reason reason = REASON_NONE;
    for (uint32_t i = 0; i < draft->count; i++) {
        reason = entry_first(reason, entry_fill_in(desk, &request->orders[i], draft->orders[i]));
        if (repeats_was_cancelled(desk, account, &request->orders[i]))
            reason = entry_first(reason, REASON_CANCELLED_BEFORE);
    }
    for (uint32_t i = 0; i < draft->entering; i++) {
        reason = entry_first(reason, entry_check_state(desk, draft->orders[i]));
        reason = entry_first(reason, entry_check_book(desk, draft->orders[i], NULL));
    }
    return entry_first(reason, check_room(desk, draft));
}

static void tie(struct order *a, struct order *b) {
    a->sibling = b;
    b->sibling = a;
}

static void enrol(struct desk *desk, const struct request *request, struct draft *draft) {
    struct order *const *orders = draft->orders;
    for (uint32_t i = 0; i < draft->count; i++) {
        orders[i]->list_id = order_id_of(request_text(request, FIELD_LIST_ID));
        shelf_enrol(&desk->shelf, orders[i]);
        if (i < draft->entering) continue;
        orders[i]->place = ORDER_IS_CHILD;
        orders[i]->parent = orders[0];
        orders[0]->children[i - draft->entering] = orders[i];
    }
    if (request_choice(request, FIELD_CONTINGENCY) == REQUEST_OCO) tie(orders[0], orders[1]);
    if (request_choice(request, FIELD_CONTINGENCY) == REQUEST_OTOCO) tie(orders[1], orders[2]);
}

void list_enter(struct desk *desk, const struct request *request) {
    struct draft draft = {.count = request_orders(request),
        .entering = request_choice(request, FIELD_CONTINGENCY) == REQUEST_OCO ? 2 : 1};
    for (uint32_t i = 0; i < draft.count; i++) draft.orders[i] = reference_allocate(sizeof(struct order));
    enum reason reason = judge(desk, request, &draft);
    if (reason != REASON_NONE) {
        for (uint32_t i = 0; i < draft.count; i++) free(draft.orders[i]);
        answer_reject(desk, request, reason);
        return;
    }
    enrol(desk, request, &draft);
    entry_run(desk, draft.orders, draft.entering);
    desk_settle(desk);
}

/* ---- children */

static enum reason judge_child(const struct desk *desk, const struct order *child, uint64_t trailing_beside) {
    enum reason reason = entry_check_book(desk, child, NULL);
    bool full = child->type == REQUEST_TRAILING_STOP &&
                stops_count_trailing(desk, NULL) + trailing_beside >= TRAILING_STOPS_PER_SYMBOL_MAX;
    return full ? entry_first(reason, REASON_CAPACITY) : reason;
}

void list_enter_children(struct desk *desk, struct order *parent) {
    struct order *entering[2];
    uint32_t count = 0;
    uint64_t trailing = 0;
    for (int i = 0; i < 2; i++) {
        struct order *child = parent->children[i];
        if (!child) continue;
        parent->children[i] = NULL;
        child->parent = NULL;
        child->place = ORDER_IS_NEW;
        enum reason reason = judge_child(desk, child, trailing);
        if (reason != REASON_NONE) {
            ending_rejected(desk, child, reason);
            continue;
        }
        trailing += child->type == REQUEST_TRAILING_STOP;
        entry_accept(desk, child);
        entering[count++] = child;
    }
    entry_run_accepted(desk, entering, count);
}
