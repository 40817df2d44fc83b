/* CANCEL and CANCEL_ALL. */
#ifndef SHARDBOOK_BENCH_REFERENCE_CANCELLATION_H
#define SHARDBOOK_BENCH_REFERENCE_CANCELLATION_H

#include "bench/reference/desk.h"

void cancellation_cancel(struct desk *desk, const struct request *request);
void cancellation_cancel_all(struct desk *desk, const struct request *request);

/* Every order that rests or waits for its trigger: bids best to worst, asks, first in first out; then the stops by
 * rank. */
void cancellation_collect(const struct desk *desk, struct order_row *row);

/* The order that a REPLACE or MODIFY means: open, the account's, no child that waits; else NULL. */
struct order *cancellation_replaced(const struct desk *desk, const struct request *request);
struct order *cancellation_modified(const struct desk *desk, const struct request *request);

#endif
