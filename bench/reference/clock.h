/* What happens because time moves. */
#ifndef SHARDBOOK_BENCH_REFERENCE_CLOCK_H
#define SHARDBOOK_BENCH_REFERENCE_CLOCK_H

#include "bench/reference/desk.h"

/* The desk's time is the record's at hand: expires what is due, then tells an auction's indication if it is time. */
void clock_advance(struct desk *desk);

/* A GTD order got its time. */
void clock_track(struct desk *desk, struct order *order);

/* The day's orders expire. */
void clock_end_day(struct desk *desk);

#endif
