/* The engine: workers, fills writer, reinjector and feeds, put together over a log. It knows no library; a `main` gives
 * it a store and codecs, and threads are its own. */
#ifndef SHARDBOOK_SHARDS_ENGINE_H
#define SHARDBOOK_SHARDS_ENGINE_H

#include "core/arena.h"
#include "core/ports.h"
#include "shards/feed_reader.h"
#include "shards/fills_writer.h"
#include "shards/published.h"
#include "shards/reinjector.h"
#include "shards/worker.h"

enum { ENGINE_FEEDS_MAX = 2, ENGINE_WORDS_BYTES = 384 };

/* Codecs of one thread each. */
struct engine_codecs {
    struct command_reader *commands[WORKERS_MAX + 1]; /* of each worker, and after them the reinjector's */
    struct control_reader *controls[WORKERS_MAX];
    event_writer write_event;
    struct event_scanner *scanner;
    struct text tick; /* the value of a TICK record; outlives the engine */
};

/* All of it is fixed at the start, and none of it changes an outcome. */
struct engine_options {
    int workers; /* 1 to WORKERS_MAX */
    enum idle idle;
    bool pins_workers;                       /* worker k to processor k, wrapped */
    int feeds;                               /* readers that may lag, 0 to ENGINE_FEEDS_MAX */
    uint64_t ring_bytes;                     /* of each worker's broadcast ring, a power of two */
    uint64_t link_bytes;                     /* of each ring between two workers, a power of two */
    uint64_t open_orders_max;                /* of the process; more stop it */
    bool accepts_gap;                        /* an operator's decision: replay a log whose beginning is gone */
    struct text orders_topic, pending_topic; /* names as me-src has them; the caller's, outlive the engine */
};

struct engine_options engine_options_default(void);

enum engine_state { ENGINE_RECOVERING = 0, ENGINE_RUNNING, ENGINE_FAILED, ENGINE_STOPPED };

struct engine {
    struct engine_options options;
    struct engine_codecs codecs;
    struct log_store *store;
    struct published published;
    struct arena arena;
    void *arena_memory;
    size_t arena_memory_bytes;
    struct partition partitions[PARTITIONS];
    int partition_count; /* initialised so far */
    struct worker *workers;
    int worker_count; /* initialised so far */
    struct fills_writer fills;
    struct reinjector reinjector;
    bool has_fills, has_reinjector;
    struct feed_reader feeds[ENGINE_FEEDS_MAX];
    int feed_count;
    int64_t replay_records; /* of orders, at the start */
    pthread_mutex_t lock;
    int recovered_workers;
    _Atomic int state;                /* enum engine_state */
    char words[ENGINE_WORDS_BYTES];   /* why it failed; read after state says so */
    void (*on_change)(void *context); /* the state changed; any thread; must only wake */
    void *context;
};

/* Reads what is published, lays out memory and rings, opens readers and writers. STATUS_OK, or a status with the reason
 * in engine->words (the log does not begin at 0: STATUS_GAP). `store` and codecs stay the caller's and outlive it. Call
 * engine_close in any case. The engine stays at its address. */
int engine_open(struct engine *engine, struct log_store *store, const struct engine_codecs *codecs,
    const struct engine_options *options);

/* A reader's feed, 0 .. options.feeds - 1; any one thread may read it. */
struct feed *engine_feed(struct engine *engine, int index);

/* Starts the threads. on_change is called when the state changes. */
int engine_start(struct engine *engine, void (*on_change)(void *context), void *context);

/* To be called after a change: starts re-injecting once everything is replayed. The main thread. */
int engine_on_change(struct engine *engine);

/* Stops taking, writes out what was answered (at most drain_ms), joins every thread. */
void engine_stop(struct engine *engine, int drain_ms);

/* Frees everything, after engine_stop. */
void engine_close(struct engine *engine);

enum engine_state engine_state(const struct engine *engine);

/* A snapshot may name offsets of orders[partition] below this one: everything they caused is acknowledged. Any thread.
 */
int64_t engine_durable_offset(const struct engine *engine, int32_t partition);

#endif
