/* One stream of events: a symbol with its orders, settings and what it remembers, or a partition's pseudo-symbol. The
 * rules live beside it, each in a file of its own; what they share is here. */
#ifndef SHARDBOOK_BENCH_REFERENCE_DESK_H
#define SHARDBOOK_BENCH_REFERENCE_DESK_H

#include "bench/reference/dictionary.h"
#include "bench/reference/directive.h"
#include "bench/reference/ledger.h"
#include "bench/reference/order.h"
#include "bench/reference/reference.h"
#include "bench/reference/report.h"
#include "bench/reference/request.h"
#include "bench/reference/settings.h"
#include "bench/reference/shelf.h"

/* The record that is being answered, and where its answers go. */
struct occasion {
    int32_t partition;
    int64_t offset, log_time_ms;
    bool blocked;    /* the command's account is */
    uint32_t events; /* answered so far in the desk that was last at work */
    reference_on_event *on_event;
    void *context;
};

/* What waits to be run once the taker at work is done. */
struct desk_task {
    struct order *order;
    bool enters_children; /* of this order; else it is a stop and triggered */
};

struct desk {
    char symbol[SYMBOL_BYTES_MAX + 2];
    struct desk *next; /* of its partition */
    uint64_t fseq, hash, trades;
    int64_t own;
    struct occasion *at; /* the record at hand, of a desk at work */
    struct settings settings;
    enum directive_state state;

    struct shelf shelf;
    struct order *first_stop, *last_stop; /* that wait, by rank */
    uint64_t stop_rank, expire_rank;      /* given last */
    int64_t next_expiry_ms;               /* no GTD order ends before; INT64_MAX: there is none */
    bool has_last_price;
    int64_t last_price;

    struct order_row filled_parents; /* by the taker at work, in the order of the fills */
    struct order_row due;            /* stops that its prints triggered */
    struct desk_task *tasks;         /* a queue */
    size_t task_count, task_room, task_next;
    struct order *ended; /* to be freed when the record is done */

    int64_t told_ms; /* of an auction: when its last STATE event was */
    int64_t told_price, told_quantity;

    struct ledger ledger;
    uint64_t epoch;
    bool move_open;
    struct order_id move_id;
};

/* A desk without any order, TRADING, default settings; free it with desk_close. */
struct desk *desk_open(struct text symbol);
void desk_close(struct desk *desk);

/* Begins a record at this desk: time moves, and what is due by it happens. */
void desk_begin(struct desk *desk, struct occasion *occasion);

/* Ends it. Between the two: */

/* answers a command that belongs to this desk: repeats, faults, then what it asks for; */
void desk_answer(struct desk *desk, const struct request *request);

/* lets happen what follows from an accepted STATE record. */
void desk_enter_state(struct desk *desk, enum directive_state state);

void desk_end(struct desk *desk);

/* What the taker at work caused is queued behind what waits already. */
void desk_gather(struct desk *desk);

/* Runs the queue until it is empty. */
void desk_settle(struct desk *desk);

#endif
