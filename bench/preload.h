/* Fills topic `orders` with a seeded workload, each record in its symbol's home. */
#ifndef SHARDBOOK_BENCH_PRELOAD_H
#define SHARDBOOK_BENCH_PRELOAD_H

#include "bench/workload/workload.h"
#include "io/kafka/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns once all records are acknowledged; false with the reason in problem. No handle of librdkafka is left. */
bool preload(const struct kafka_settings *kafka, const struct workload_options *workload, uint64_t orders,
    char *problem, size_t problem_bytes);

#endif
