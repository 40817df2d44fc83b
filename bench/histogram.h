/* Counts of durations in buckets that grow with the duration: within 1.6 % of the true value from 1 us to 70 minutes,
 * in bounded memory. One thread at a time. */
#ifndef SHARDBOOK_BENCH_HISTOGRAM_H
#define SHARDBOOK_BENCH_HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>

enum { HISTOGRAM_SUB_BITS = 6, HISTOGRAM_BUCKETS = (33 - HISTOGRAM_SUB_BITS) << HISTOGRAM_SUB_BITS };

/* All zero is empty. */
struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total, sum_us, max_us, min_us;
};

/* Durations past 2^32 us count as that. */
void histogram_add(struct histogram *histogram, uint64_t duration_us);

/* The duration that `share` (0 to 1) of all do not exceed: the upper edge of its bucket, never more than the greatest
 * seen; 0 if empty. */
uint64_t histogram_at(const struct histogram *histogram, double share);

/* The distribution in the text form of HdrHistogram (value in ms, percentile, total count, 1/(1-percentile)). */
void histogram_print(const struct histogram *histogram, FILE *out);

#endif
