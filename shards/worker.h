/* A worker: reads its partitions' queue and its links, applies, answers. A room with a step function; worker_start puts
 * a pinned thread on it. */
#ifndef SHARDBOOK_SHARDS_WORKER_H
#define SHARDBOOK_SHARDS_WORKER_H

#include "core/ports.h"
#include "shards/answers.h"
#include "shards/partition.h"
#include "shards/worker_link.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { WORKERS_MAX = 16, WORKER_ASKS_MAX = 256 };

/* What a worker does when there is nothing to do. */
enum idle { IDLE_BLOCK = 0, IDLE_YIELD, IDLE_SPIN };

/* A feed's question, to the worker of the symbol's partition. An absent symbol asks for all. */
struct worker_ask {
    struct name symbol;
};

/* What a worker tells the rest of the server; called on its thread. */
struct worker_doors {
    void (*misdirected)(void *context, int32_t partition, int64_t offset);
    void (*gap)(void *context, struct text symbol, const struct source_position *position, int64_t watermark);
    void (*recovered)(void *context, int worker); /* every partition of it has reached the end seen at the start */
    void (*failed)(void *context, const char *words);
    void *context;
};

struct worker {
    int index, count;
    int processor; /* to pin to, or -1 */
    enum idle idle;
    struct worker *workers; /* all of them, this one too */
    struct log_reader *reader;
    struct command_reader *commands;
    struct control_reader *controls;
    struct worker_doors doors;
    const struct published *published;
    struct partition *partitions[PARTITIONS]; /* by number; NULL: another worker's */
    struct broadcast_ring ring;
    struct answers answers;
    struct worker_link links[WORKERS_MAX]; /* from worker i to this one; links[index] is unused */
    struct symbol *adoptions[WORKERS_MAX], **adoptions_tail[WORKERS_MAX]; /* wait for room in the link to worker i */
    uint32_t to_wake; /* workers that got something since they were last woken, by bit */
    bool is_serving;  /* inside the links: do not serve them again */
    bool is_recovered;
    int quiet_polls;
    _Atomic bool is_parked;
    _Atomic bool stop;
    pthread_mutex_t asks_lock;
    struct worker_ask asks[WORKER_ASKS_MAX];
    _Atomic uint32_t ask_count;
    struct worker_counters counters;
    pthread_t thread;
    bool has_thread;
};

/* Bounded work: what the links hold, the feeds' questions, one poll of the log. Returns how many records and deliveries
 * it took, or a negative enum status after which the worker is done for. */
int worker_step(struct worker *worker, int timeout_ms);

/* What the worker offers its partitions. Before worker_start. */
struct partition_doors worker_partition_doors(struct worker *worker);

/* Puts a thread on the worker, or takes it off: it finishes what it has, and joins. */
int worker_start(struct worker *worker);
void worker_stop(struct worker *worker);

/* Asks for a symbol's snapshot, or with an absent symbol for FEED_READY of all. STATUS_FULL: ask again later. Any
 * thread. */
int worker_ask(struct worker *worker, struct text symbol);

/* Makes a worker that waits look around. Any thread. */
void worker_wake(struct worker *worker);

#endif
