/* A taker and what rests against it. */
#ifndef SHARDBOOK_BENCH_REFERENCE_MATCHING_H
#define SHARDBOOK_BENCH_REFERENCE_MATCHING_H

#include "bench/reference/desk.h"

/* Lets an order that is in no place trade, then rest or expire; in an auction it rests. */
void matching_take(struct desk *desk, struct order *order);

/* A trade between two orders. What each shows is the caller's to see to. */
void matching_fill(
    struct desk *desk, struct order *taker, struct order *maker, int64_t price, int64_t quantity, bool in_auction);

/* True if what rests, one order aside, would fill it completely, self-trade prevention taken into account. */
bool matching_could_fill(const struct desk *desk, const struct order *order, const struct order *without);

#endif
