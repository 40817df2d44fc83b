/* The call auction: one price for all. */
#ifndef SHARDBOOK_BENCH_REFERENCE_AUCTION_H
#define SHARDBOOK_BENCH_REFERENCE_AUCTION_H

#include "bench/reference/desk.h"

/* A STATE event, in an auction with the indication if orders would trade. */
void auction_report_state(struct desk *desk);

/* The same if the indication differs from the one told last. */
void auction_report_change(struct desk *desk);

/* Trades a crossed book until it is crossed no more. */
void auction_uncross(struct desk *desk);

#endif
