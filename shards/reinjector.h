/* The reinjector: the server's one writer to topic orders. What entered by another door than a symbol's home (topic
 * pending-orders, or a partition that another partitioner chose) is put into its home, each record once and in order;
 * and where something waits for time and no record comes, a TICK is. */
#ifndef SHARDBOOK_SHARDS_REINJECTOR_H
#define SHARDBOOK_SHARDS_REINJECTOR_H

#include "core/limits.h"
#include "core/ports.h"
#include "shards/counters.h"
#include "shards/name_table.h"
#include "shards/partition.h"
#include "shards/published.h"
#include "shards/watermarks.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { SOURCES = 2 * PARTITIONS, GAP_NOTICES_MAX = 64 };

/* How far one symbol's records of one source were sent. */
struct chain {
    int64_t offset;
};

/* A stretch of orders[p] that holds misdirected records, as its worker met them. */
struct misdirected {
    int64_t first, last; /* -1: none */
};

struct gap_notice {
    struct name symbol;
    int source;
    int64_t watermark;
};

/* How long a partition has been silent, by the clock of this machine: it decides when a TICK is appended, never what
 * one does. */
struct tick_clock {
    int64_t next_offset; /* of the partition, as seen last */
    int64_t since_ms;    /* it stands there since */
    int64_t ticked;      /* offset of the last TICK, -1: none; INT64_MAX: not acknowledged yet */
};

struct reinjector_counters {
    counter pending;      /* records taken from pending-orders and re-injected */
    counter misdirected;  /* records re-injected from a partition that is not their home */
    counter voids;        /* records too large to carry */
    counter dead_letters; /* records of pending-orders without a symbol */
    counter rewinds;      /* after a gap that a worker noticed */
    counter ticks;        /* appended */
};

struct reinjector {
    struct log_reader *reader;
    struct log_writer *writer;
    struct command_reader *commands;
    const struct published *published;
    struct text orders_topic, pending_topic;
    int64_t begin[SOURCES];              /* where the log begins */
    struct name_table chains[SOURCES];   /* symbol to struct chain */
    int64_t landed[SOURCES][PARTITIONS]; /* greatest offset of a source seen in each home, -1: none */

    /* of the orders partitions */
    struct misdirected reading[PARTITIONS]; /* the stretch being read */
    int64_t done[PARTITIONS];               /* read and sent up to here */
    uint64_t sent, acknowledged;

    pthread_mutex_t lock; /* the workers' notices */
    struct misdirected noticed[PARTITIONS];
    struct gap_notice gaps[GAP_NOTICES_MAX];
    uint32_t gap_count;
    _Atomic bool has_notices;
    _Atomic int64_t first_open[PARTITIONS]; /* lowest misdirected offset not yet acknowledged, INT64_MAX: none */

    const struct partition_pace *paces[PARTITIONS]; /* the engine's; NULL: no TICKs there */
    struct text tick;                               /* the value of one; the engine's */
    struct tick_clock clocks[PARTITIONS];

    struct reinjector_counters counters;
    int failure;
    void (*failed)(void *context, const char *words);
    void *context;
    _Atomic bool stop;
    pthread_t thread;
    bool has_thread;
};

/* Before any worker starts. STATUS_OK or what the store says. `commands` is the reinjector's own. */
int reinjector_open(struct reinjector *reinjector, struct log_store *store, struct command_reader *commands,
    const struct published *published, struct text orders_topic, struct text pending_topic);
void reinjector_close(struct reinjector *reinjector);

/* A worker met a misdirected record, or a copy that does not follow. Any thread. */
void reinjector_notice_misdirected(struct reinjector *reinjector, int32_t partition, int64_t offset);
void reinjector_notice_gap(
    struct reinjector *reinjector, struct text symbol, const struct source_position *position, int64_t watermark);

/* What replay found: how far a symbol's records of a source came. Before the start. STATUS_OK or STATUS_NO_MEMORY. */
int reinjector_restore(struct reinjector *reinjector, struct text symbol, int source, int64_t offset);

/* Starts reading where replay ended, on a thread of its own; without it, step does bounded work and returns how many
 * records it moved or a negative enum status. */
int reinjector_begin(struct reinjector *reinjector);
int reinjector_step(struct reinjector *reinjector, int timeout_ms);
int reinjector_start(struct reinjector *reinjector);
void reinjector_stop(struct reinjector *reinjector);

/* Everything misdirected of orders[partition] below this offset is in its home. Any thread. */
int64_t reinjector_durable(const struct reinjector *reinjector, int32_t partition);

#endif
