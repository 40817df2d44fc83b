/* The fills writer: takes every worker's answers to topics fills and orders-dead-letter, in order, once. It alone holds
 * workers back. */
#ifndef SHARDBOOK_SHARDS_FILLS_WRITER_H
#define SHARDBOOK_SHARDS_FILLS_WRITER_H

#include "core/limits.h"
#include "core/ports.h"
#include "shards/broadcast_ring.h"
#include "shards/counters.h"
#include "shards/published.h"
#include "shards/unacknowledged.h"
#include "shards/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { FILLS_BATCH_MAX = 1024, MARKS_MAX = 64 };

/* Everything of a partition below `offset` is durable once the writer's acknowledgements have come this far. */
struct pending_mark {
    int64_t offset;
    uint64_t fills, dead_letters; /* records appended before it */
};

struct mark_queue {
    struct pending_mark marks[MARKS_MAX];
    uint32_t first, count;
    int64_t durable; /* the last mark that is */
    bool is_used;
};

struct fills_writer_counters {
    counter written, acknowledged;
    counter dead_letters;
    counter late_repeats; /* events that a predecessor's last batch had brought to the topic */
    counter full;         /* times the log took less than offered */
    counter in_flight;
};

struct fills_writer {
    struct log_store *store;
    struct log_writer *writer;
    struct worker *workers;
    int worker_count;
    struct event_scanner *scanner;
    struct text orders_topic, pending_topic;
    uint64_t cursors[WORKERS_MAX];
    struct unacknowledged unacknowledged[WORKERS_MAX];
    const struct published *published; /* the start's reading of fills */
    struct published late;             /* what came to fills after it */
    bool has_caught_up[PARTITIONS];
    uint32_t vain_looks[PARTITIONS]; /* at its end */
    int32_t wanted;                  /* this step: the partition to look at next; -1: none */
    int64_t looks_again_ms;          /* after a vain look: on the monotonic clock */
    uint64_t fills_appended[PARTITIONS], fills_acknowledged[PARTITIONS];
    uint64_t dead_letters_appended, dead_letters_acknowledged;
    struct mark_queue marks[PARTITIONS][WORKERS_MAX];
    _Atomic int64_t durable[PARTITIONS];
    struct log_append batch[FILLS_BATCH_MAX];
    uint64_t batch_end[FILLS_BATCH_MAX]; /* ring position behind each record of the batch */
    struct fills_writer_counters counters;
    int failure; /* enum status */
    void (*failed)(void *context, const char *words);
    void *context;
    _Atomic bool stop;
    pthread_t thread;
    bool has_thread;
};

/* Opens the writer; `published` gives where the reading of fills ended, and each symbol. Everything stays the caller's.
 * STATUS_OK or what the store says. */
int fills_writer_open(struct fills_writer *fills, struct log_store *store, struct worker *workers, int worker_count,
    const struct published *published, struct event_scanner *scanner, struct text orders_topic,
    struct text pending_topic);
void fills_writer_close(struct fills_writer *fills);

/* Bounded work; returns how many records it moved, or a negative enum status. */
int fills_writer_step(struct fills_writer *fills, int timeout_ms);

/* Puts a thread on it; stop drains the rings and waits for acknowledgements, at most `drain_ms`. */
int fills_writer_start(struct fills_writer *fills);
void fills_writer_stop(struct fills_writer *fills, int drain_ms);

/* Everything caused by orders[partition] below this offset is acknowledged, by this writer. Any thread. */
int64_t fills_writer_durable(const struct fills_writer *fills, int32_t partition);

#endif
