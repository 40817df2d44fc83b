/* The last step of every run: are the events of the broker those that the reference book computes? */
#ifndef SHARDBOOK_BENCH_VERDICT_H
#define SHARDBOOK_BENCH_VERDICT_H

#include "io/kafka/settings.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <yyjson.h>

struct verdict {
    bool read; /* false: the topics could not be read; problem says why */
    bool same;
    uint64_t orders, events, trades, matched; /* records of orders; events expected; of these trades; that agree */
    double seconds;
    char problem[512];
    char difference[1024]; /* the first one, in words */
};

/* Reads orders and fills from their beginning; waits up to timeout_ms for fills to be complete. */
void verdict_reach(struct verdict *verdict, const struct kafka_settings *kafka, int timeout_ms);

/* One line, and the first difference. */
void verdict_print(const struct verdict *verdict, FILE *out);

/* As member "verification" of root. */
void verdict_add(const struct verdict *verdict, yyjson_mut_doc *doc, yyjson_mut_val *root);

/* 0 the same, 3 different, 1 not read. */
int verdict_exit_code(const struct verdict *verdict);

#endif
