/* Orders that wait for a trade at their price: STOP, STOP_LIMIT, TRAILING_STOP. */
#ifndef SHARDBOOK_BENCH_REFERENCE_STOPS_H
#define SHARDBOOK_BENCH_REFERENCE_STOPS_H

#include "bench/reference/desk.h"

/* A stop enters: it waits, or runs at once if the last price satisfies it. */
void stops_enter(struct desk *desk, struct order *order);

/* Runs a stop that does not wait any more: TRIGGERED, then what it does as a taker. */
void stops_run(struct desk *desk, struct order *order);

/* Runs a stop that waits if the last price satisfies it. */
void stops_test(struct desk *desk, struct order *order);

/* Every stop that waits and that the last price satisfies becomes due. */
void stops_test_all(struct desk *desk);

/* A trade: trailing stops follow, and whom it satisfies becomes due. */
void stops_on_print(struct desk *desk, int64_t price);

/* Brings the due stops into the order in which they run. */
void stops_sort_due(struct desk *desk);

/* Makes a stop that waits the latest of all. */
void stops_make_latest(struct desk *desk, struct order *order);

void stops_remove(struct desk *desk, struct order *order);

/* The price that triggers a stop that waits; 0: none can yet. */
int64_t stops_trigger_price(const struct order *order);

/* How many trailing stops wait, one order aside. */
uint64_t stops_count_trailing(const struct desk *desk, const struct order *without);

#endif
