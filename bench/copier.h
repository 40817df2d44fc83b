/* What librdkafka alone can do on this machine: a bare consumer of `orders`, and a bare copier that also writes, for
 * each order, the very bytes that the server wrote for it. Each measurement is a process of its own. */
#ifndef SHARDBOOK_BENCH_COPIER_H
#define SHARDBOOK_BENCH_COPIER_H

#include "core/limits.h"
#include "core/text.h"
#include "io/kafka/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The events of a topic, by the record of `orders` they answer. */
struct output {
    uint64_t events, bytes;
    struct output_partition {
        uint64_t events;
        struct output_event {
            struct text key, value; /* in `store` */
        } *list;                    /* in the topic's order */
        uint64_t orders;            /* records of orders */
        uint32_t *first;            /* orders + 1 places: events of offset o are first[o] to first[o + 1] - 1 */
        char *store;
    } partitions[PARTITIONS];
};

/* Reads topic `fills` up to its present end. `orders_ends`: the ends of `orders`. False with the reason in problem;
 * output_deinit in any case. */
bool output_read(struct output *output, const struct kafka_settings *kafka, const int64_t orders_ends[PARTITIONS],
    const int64_t fills_ends[PARTITIONS], char *problem, size_t problem_bytes);
void output_deinit(struct output *output);

struct copier_task {
    const struct kafka_settings *kafka; /* topics orders and fills */
    const int64_t *orders_ends;
    const struct output *output; /* NULL: only consume */
    int threads;                 /* 1: one for all; 2: each half of the partitions, with handles of its own */
    int linger_ms;               /* as the server's */
};

struct copier_result {
    double seconds; /* from the first record received to the last one received (consumer) or acknowledged (copier) */
    double seconds_whole; /* from the start of the process */
    double cpu_seconds;
    uint64_t consumed, produced;
};

/* Forks; the caller must have no handle of librdkafka open. False with the reason in problem. */
bool copier_run(const struct copier_task *task, struct copier_result *result, char *problem, size_t problem_bytes);

#endif
