#include "bench/reference/repeats.h"

#include "bench/reference/answer.h"
#include "bench/reference/cancellation.h"

/* What a list's orders say is not what any command says: those begin with their action's number. */
static const char content_of_list_order[] = "in a list";

/* The clientOrderId that is looked at beside the own id; absent where none is. */
static struct text client_id_of(const struct request *order, struct text account) {
    return request_is_order(order) && account.size ? request_text(order, FIELD_CLIENT_ORDER_ID) : TEXT_NONE;
}

/* The oldest note in the window on one of an order's or a command's ids. */
static const struct ledger_note *note_on(const struct desk *desk, const struct request *request, struct text account) {
    struct text own = request_own_id(request), client = client_id_of(request, account);
    const struct ledger_note *note = own.size ? ledger_find(&desk->ledger, LEDGER_OWN_ID, TEXT_NONE, own) : NULL;
    if (!note && client.size) note = ledger_find(&desk->ledger, LEDGER_CLIENT_ORDER, account, client);
    return note;
}

static void leave_note(
    struct desk *desk, const struct request *request, struct text account, struct text content, struct text original) {
    struct text own = request_own_id(request), client = client_id_of(request, account);
    if (own.size)
        ledger_write(
            &desk->ledger, LEDGER_OWN_ID, TEXT_NONE, own, desk->at->offset, desk->at->log_time_ms, content, original);
    if (client.size)
        ledger_write(&desk->ledger, LEDGER_CLIENT_ORDER, account, client, desk->at->offset, desk->at->log_time_ms,
            content, original);
}

/* True if an open order has one of the ids that this one is given; `leaves` is an order that makes room for it. */
static bool is_given(
    const struct desk *desk, const struct request *order, struct text account, const struct order *leaves) {
    struct text client = client_id_of(order, account);
    if (!request_is_order(order)) return false;
    if (request_own_id(order).size && shelf_find(&desk->shelf, request_own_id(order))) return true;
    struct order *open = client.size ? shelf_find_client(&desk->shelf, account, client) : NULL;
    return open && open != leaves;
}

/* True if one of the orders of a list has an id that was given. */
static bool list_gives_again(const struct desk *desk, const struct request *list, struct text account) {
    for (uint32_t i = 0; i < request_orders(list); i++)
        if (note_on(desk, &list->orders[i], account) || is_given(desk, &list->orders[i], account, NULL)) return true;
    return false;
}

static void remember(struct desk *desk, const struct request *request, struct text account, struct text content) {
    struct text own = request_own_id(request);
    leave_note(desk, request, account, content, own);
    for (uint32_t i = 0; i < request_orders(request); i++)
        leave_note(desk, &request->orders[i], account, text_of(content_of_list_order), own);
}

bool repeats_answer(struct desk *desk, const struct request *request) {
    char bytes[REQUEST_CONTENT_BYTES];
    struct text account = request_text(request, FIELD_USER_ID);
    if (request_own_id(request).size == 0) return false;
    struct text content = {bytes, (uint32_t)request_content(request, bytes)};
    const struct ledger_note *note = note_on(desk, request, account);
    const struct order *leaves = request->action == REQUEST_REPLACE ? cancellation_replaced(desk, request) : NULL;
    bool given = is_given(desk, request, account, leaves) || list_gives_again(desk, request, account);
    remember(desk, request, account, content);
    if (note && ledger_says(note, content))
        answer_duplicate(desk, request, ledger_original(note));
    else if (note || given)
        answer_reject(desk, request, REASON_DUPLICATE_ID);
    return note || given;
}

void repeats_leave_tombstone(struct desk *desk, const struct request *request) {
    struct text account = request_text(request, FIELD_USER_ID), order_id = request_text(request, FIELD_ORDER_ID);
    bool by_order = order_id.size > 0;
    ledger_write(&desk->ledger, by_order ? LEDGER_CANCELLED_ORDER : LEDGER_CANCELLED_CLIENT, account,
        by_order ? order_id : request_text(request, FIELD_CLIENT_ORDER_ID), desk->at->offset, desk->at->log_time_ms,
        TEXT_NONE, TEXT_NONE);
}

bool repeats_was_cancelled(const struct desk *desk, struct text account, const struct request *order) {
    struct text client = request_text(order, FIELD_CLIENT_ORDER_ID);
    if (account.size == 0) return false;
    return ledger_find(&desk->ledger, LEDGER_CANCELLED_ORDER, account, request_text(order, FIELD_ORDER_ID)) ||
           (client.size && ledger_find(&desk->ledger, LEDGER_CANCELLED_CLIENT, account, client));
}
