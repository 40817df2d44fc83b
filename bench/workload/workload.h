/* Commands for `orders` by seed: the same options give the same records, for ever. It remembers recent ids to cancel
 * and modify, and bounds what rests by cancelling the oldest. One thread at a time. */
#ifndef SHARDBOOK_BENCH_WORKLOAD_WORKLOAD_H
#define SHARDBOOK_BENCH_WORKLOAD_WORKLOAD_H

#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

struct workload;

enum workload_preset {
    WORKLOAD_REALISTIC, /* what a venue sees: limits around a moving middle, cancels, modifies, some markets; nothing is
                           refused on purpose */
    WORKLOAD_EVERYTHING /* also repeats, cancels of the dead and the unborn, what is not supported, odd spellings, and
                           bad records */
};

enum workload_form { WORKLOAD_JSON, WORKLOAD_MSGPACK, WORKLOAD_MIXED };

struct workload_options {
    uint64_t seed;
    uint32_t symbols;         /* 1 to 10,000; the first twenty have known names, AAPL the first */
    uint32_t accounts;        /* at least 1 */
    uint32_t bad_per_million; /* EVERYTHING: share of records that cannot be accepted whatever the book says */
    enum workload_preset preset;
    enum workload_form form;
};

/* Views live until the next call. */
struct workload_record {
    struct text symbol; /* the key; of a record without any valid symbol too */
    struct text value;
    int32_t home; /* the partition for it */
    bool is_control;
};

/* NULL if the options are out of range. Close with workload_close. */
struct workload *workload_open(const struct workload_options *options);
void workload_close(struct workload *workload);

/* The next record; `timestamp_ms` goes into it and into the ids it makes. */
void workload_next(struct workload *workload, int64_t timestamp_ms, struct workload_record *record);

/* The i-th symbol's name, 0 to symbols - 1. */
struct text workload_symbol(const struct workload *workload, uint32_t i);

#endif
