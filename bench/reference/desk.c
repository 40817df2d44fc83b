#include "bench/reference/desk.h"

#include "bench/reference/amendment.h"
#include "bench/reference/answer.h"
#include "bench/reference/auction.h"
#include "bench/reference/cancellation.h"
#include "bench/reference/clock.h"
#include "bench/reference/entry.h"
#include "bench/reference/list.h"
#include "bench/reference/repeats.h"
#include "bench/reference/stops.h"

#include <stdio.h>
#include <stdlib.h>

struct desk *desk_open(struct text symbol) {
    struct desk *desk = reference_allocate(sizeof *desk);
    memcpy(desk->symbol, symbol.data, symbol.size);
    desk->settings = settings_default();
    desk->next_expiry_ms = INT64_MAX;
    return desk;
}

static void free_value(void *context, void *value) {
    (void)context;
    free(value);
}

void desk_close(struct desk *desk) {
    dictionary_each(&desk->shelf.by_id, free_value, NULL);
    shelf_deinit(&desk->shelf);
    ledger_deinit(&desk->ledger);
    order_row_deinit(&desk->filled_parents);
    order_row_deinit(&desk->due);
    free(desk->tasks);
    free(desk);
}

void desk_begin(struct desk *desk, struct occasion *occasion) {
    desk->at = occasion;
    occasion->events = 0;
    clock_advance(desk);
}

void desk_end(struct desk *desk) {
    desk->at = NULL;
    while (desk->ended) {
        struct order *order = desk->ended;
        desk->ended = order->next;
        free(order);
    }
}

static enum reason fault_of(const struct desk *desk, const struct request *request) {
    bool concerned = request_is_order(request) || request->action == REQUEST_MODIFY || request->action == REQUEST_LIST;
    enum reason fault = request_fault(request);
    if (desk->at->blocked && concerned && (fault == REASON_NONE || fault > REASON_BLOCKED)) return REASON_BLOCKED;
    return fault;
}

void desk_answer(struct desk *desk, const struct request *request) {
    ledger_move(&desk->ledger, desk->at->offset, desk->at->log_time_ms);
    if (repeats_answer(desk, request)) return;
    enum reason fault = fault_of(desk, request);
    if (fault != REASON_NONE) {
        answer_reject(desk, request, fault);
        return;
    }
    switch (request->action) {
    case REQUEST_NEW: entry_new(desk, request); break;
    case REQUEST_CANCEL: cancellation_cancel(desk, request); break;
    case REQUEST_MODIFY: amendment_modify(desk, request); break;
    case REQUEST_REPLACE: entry_replace(desk, request); break;
    case REQUEST_CANCEL_ALL: cancellation_cancel_all(desk, request); break;
    case REQUEST_LIST: list_enter(desk, request); break;
    default: fprintf(stderr, "reference book: an unknown action passed its checks\n"); abort();
    }
}

void desk_enter_state(struct desk *desk, enum directive_state state) {
    bool changes = desk->state != state;
    desk->state = state;
    auction_report_state(desk);
    if (!changes) return;
    if (state == DIRECTIVE_CLOSED) clock_end_day(desk);
    if (state != DIRECTIVE_TRADING) return;
    auction_uncross(desk);
    stops_test_all(desk);
    desk_gather(desk);
    desk_settle(desk);
}

/* ---- what takers cause */

static void queue_task(struct desk *desk, struct order *order, bool enters_children) {
    if (desk->task_count == desk->task_room) {
        desk->task_room = desk->task_room ? desk->task_room * 2 : 16;
        desk->tasks = realloc(desk->tasks, desk->task_room * sizeof desk->tasks[0]);
        if (!desk->tasks) {
            fprintf(stderr, "reference book: no memory for a queue of %zu\n", desk->task_room);
            abort();
        }
    }
    desk->tasks[desk->task_count++] = (struct desk_task){order, enters_children};
}

void desk_gather(struct desk *desk) {
    stops_sort_due(desk);
    for (size_t i = 0; i < desk->filled_parents.count; i++) queue_task(desk, desk->filled_parents.orders[i], true);
    for (size_t i = 0; i < desk->due.count; i++) queue_task(desk, desk->due.orders[i], false);
    desk->filled_parents.count = desk->due.count = 0;
}

void desk_settle(struct desk *desk) {
    while (desk->task_next < desk->task_count) {
        struct desk_task task = desk->tasks[desk->task_next++];
        if (task.enters_children)
            list_enter_children(desk, task.order);
        else if (task.order->place == ORDER_IS_DUE)
            stops_run(desk, task.order);
    }
    desk->task_next = desk->task_count = 0;
}
