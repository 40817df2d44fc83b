/* Compares the events that a topic must hold with those that it holds, symbol by symbol in the order of fseq.
 * Independent of where either comes from. Holds what is outstanding on one of the sides, and 8 bytes per event seen (to
 * know whether a repeated event is the same). One thread at a time. */
#ifndef SHARDBOOK_BENCH_REFERENCE_VERIFY_H
#define SHARDBOOK_BENCH_REFERENCE_VERIFY_H

#include "bench/reference/reference.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

struct verify;

enum verify_kind {
    VERIFY_SAME = 0,
    VERIFY_ALTERED,        /* the event's bytes are others than expected */
    VERIFY_MISSING,        /* an expected event was passed over, or never came */
    VERIFY_SURPLUS,        /* an event that nothing in `orders` causes */
    VERIFY_OUT_OF_ORDER,   /* an event came behind a later one of its symbol */
    VERIFY_REPEAT_DIFFERS, /* an event came again with other bytes */
    VERIFY_NOT_AN_EVENT,   /* a record of the topic that is no event, or whose key is not its symbol */
    VERIFY_WRONG_PARTITION /* an event in another partition than its src.p */
};

/* The first difference in the order in which it was noticed. Texts belong to the verify. */
struct verify_difference {
    enum verify_kind kind;
    struct text symbol;
    uint64_t fseq;
    int32_t partition;          /* of both topics; -1 unknown */
    int64_t orders_offset;      /* of the input record; -1 unknown */
    int64_t fills_offset;       /* where it was noticed; -1: at the end */
    struct text expected, seen; /* absent: there is none */
};

struct verify_result {
    uint64_t expected, seen; /* events; `seen` counts repeats too */
    uint64_t matched;
    uint64_t repeats; /* fseq seen before, same bytes: allowed, but counted */
    uint64_t gaps;    /* places where fseq jumped */
    uint64_t missing, surplus, altered, out_of_order, repeats_differing, not_events;
    uint64_t later;                 /* caused by records behind verify_limit: not judged */
    struct verify_difference first; /* kind VERIFY_SAME if there is none */
};

struct verify *verify_open(void);
void verify_close(struct verify *verify);

/* The next expected event of its symbol (fseq without gaps, from 1). Copies the bytes. */
void verify_expect(struct verify *verify, const struct reference_event *event);

/* The same, in the form that reference_apply calls; context is the verify. */
void verify_on_event(void *context, const struct reference_event *event);

/* The next record of a partition of the topic. Copies what it keeps. */
void verify_see(struct verify *verify, int32_t partition, int64_t offset, struct text key, struct text value);

/* Events caused by records of this partition at or behind `orders_end` are not judged by verify_finish. */
void verify_limit(struct verify *verify, int32_t partition, int64_t orders_end);

/* Expected events that were not seen yet. */
uint64_t verify_outstanding(const struct verify *verify);

/* Nothing more comes: what is outstanding on either side is missing or surplus. May be called once. */
void verify_finish(struct verify *verify);

const struct verify_result *verify_result(const struct verify *verify);

/* 0: the same; 3: differs. */
int verify_exit_code(const struct verify_result *result);

/* "MISSING" and so on; static. */
const char *verify_kind_name(enum verify_kind kind);

#endif
