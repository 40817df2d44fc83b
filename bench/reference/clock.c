#include "bench/reference/clock.h"

#include "bench/reference/auction.h"
#include "bench/reference/cancellation.h"
#include "bench/reference/ending.h"

void clock_track(struct desk *desk, struct order *order) {
    order->expire_rank = ++desk->expire_rank;
    if (order->expire_time_ms < desk->next_expiry_ms) desk->next_expiry_ms = order->expire_time_ms;
}

/* The GTD order that is due first; NULL if none is. */
static struct order *first_due(const struct order_row *row, int64_t time_ms) {
    struct order *first = NULL;
    for (size_t i = 0; i < row->count; i++) {
        struct order *order = row->orders[i];
        if (order->time_in_force != REQUEST_GTD || order->place == ORDER_HAS_ENDED || order->expire_time_ms > time_ms)
            continue;
        bool earlier = !first || order->expire_time_ms < first->expire_time_ms ||
                       (order->expire_time_ms == first->expire_time_ms && order->expire_rank < first->expire_rank);
        if (earlier) first = order;
    }
    return first;
}

static void expire_due(struct desk *desk) {
    struct order_row row = {0};
    struct order *order;
    cancellation_collect(desk, &row);
    while ((order = first_due(&row, desk->at->log_time_ms))) ending_expire(desk, order, REASON_GTD);
    order = first_due(&row, INT64_MAX);
    desk->next_expiry_ms = order ? order->expire_time_ms : INT64_MAX;
    order_row_deinit(&row);
}

void clock_advance(struct desk *desk) {
    if (desk->at->log_time_ms >= desk->next_expiry_ms) expire_due(desk);
    if (desk->state == DIRECTIVE_AUCTION && desk->at->log_time_ms - desk->told_ms >= INDICATION_INTERVAL_MS)
        auction_report_change(desk);
}

void clock_end_day(struct desk *desk) {
    struct order_row row = {0};
    cancellation_collect(desk, &row);
    for (size_t i = 0; i < row.count; i++)
        if (row.orders[i]->time_in_force == REQUEST_DAY) ending_expire(desk, row.orders[i], REASON_DAY);
    order_row_deinit(&row);
}
