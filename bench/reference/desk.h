/* One stream of events: a symbol with its orders and what it remembers, or a partition's pseudo-symbol. */
#ifndef SHARDBOOK_BENCH_REFERENCE_DESK_H
#define SHARDBOOK_BENCH_REFERENCE_DESK_H

#include "bench/reference/dictionary.h"
#include "bench/reference/ledger.h"
#include "bench/reference/reference.h"
#include "bench/reference/report.h"
#include "bench/reference/request.h"
#include "bench/reference/shelf.h"

struct desk {
    char symbol[SYMBOL_BYTES_MAX + 2];
    uint64_t fseq, hash, trades;
    int64_t own;
    struct shelf shelf;
    struct ledger ledger;
    struct dictionary watermarks; /* source "topic/partition" to a malloc'ed offset */
    uint64_t epoch;
    bool move_open;
    struct shelf_id move_id;
};

/* The record that is being answered, and where its answers go. */
struct occasion {
    int32_t partition;
    int64_t offset, log_time_ms;
    uint32_t events; /* answered so far */
    reference_on_event *on_event;
    void *context;
};

/* A desk without any order; free it with desk_close. */
struct desk *desk_open(struct text symbol);
void desk_close(struct desk *desk);

/* Numbers, hashes and writes one event of the desk. */
void desk_report(struct desk *desk, struct occasion *occasion, struct report *report);

/* Answers a command with one REJECTED. */
void desk_reject(struct desk *desk, struct occasion *occasion, const struct request *request, enum reason reason);

/* Answers a command that belongs to this desk: repeats, faults, then what it asks for. */
void desk_answer(struct desk *desk, struct occasion *occasion, const struct request *request);

#endif
