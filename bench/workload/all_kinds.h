/* Records of every kind for all ten partitions by seed: commands, lists and control records with every kind of mistake,
 * four symbols at each home. What is open is known from a reference book of its own, to which each record seems stored
 * the moment it is made. One thread at a time. */
#ifndef SHARDBOOK_BENCH_WORKLOAD_ALL_KINDS_H
#define SHARDBOOK_BENCH_WORKLOAD_ALL_KINDS_H

#include "bench/workload/workload.h"

#include <stdint.h>

struct all_kinds;

/* Never fails (no memory ends the program). Close with all_kinds_close. */
struct all_kinds *all_kinds_open(uint64_t seed);
void all_kinds_close(struct all_kinds *all_kinds);

/* The next record; orders that expire do so some milliseconds to seconds behind `timestamp_ms`. */
void all_kinds_next(struct all_kinds *all_kinds, int64_t timestamp_ms, struct workload_record *record);

#endif
