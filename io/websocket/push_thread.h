/* What the files of this folder share: the push thread's own state. Not for others; see push.h.
 *
 * Threads: all of it belongs to the push thread, but for what is said otherwise. */
#ifndef SHARDBOOK_IO_WEBSOCKET_PUSH_THREAD_H
#define SHARDBOOK_IO_WEBSOCKET_PUSH_THREAD_H

#include "io/json/json_decoder.h"
#include "io/keys/keys.h"
#include "io/websocket/addresses.h"
#include "io/websocket/connection.h"
#include "io/websocket/hold.h"
#include "io/websocket/market.h"
#include "io/websocket/presence.h"
#include "io/websocket/push.h"
#include "io/websocket/reports.h"
#include "io/websocket/resync.h"
#include "io/websocket/subscriptions.h"

#include <libwebsockets.h>
#include <uv.h>

enum { WRITE_BYTES_MAX = 64 * 1024 };

struct push {
    struct push_settings settings;
    struct push_world world;
    struct push_counters counters;
    struct market_limits limits;
    uint64_t epoch; /* of the sequence of depth messages: milliseconds at the start */

    uv_thread_t thread;
    uv_sem_t started;
    int start_status;
    uint16_t port;
    _Atomic bool is_told_to_announce, is_told_to_stop, is_told_to_reload; /* by any thread */
    char *keys_path;
    struct keys *keys; /* NULL: nobody can authenticate */
    bool is_announced, is_closing;
    uint64_t stop_at_ms;

    uv_loop_t loop;
    uv_async_t wake; /* sent by feed, resync and push_stop */
    uv_timer_t tick, second, ending;
    uint64_t seconds;
    struct lws_context *lws;
    struct frames *ping; /* one frame for everybody */
    uint32_t sockets;

    struct connection *connections; /* newest first */
    struct subscriptions subscriptions;
    struct accounts accounts;
    struct addresses addresses;
    struct presence presence;
    struct resync *resync; /* NULL: no log to read from */
    uint64_t held_bytes;   /* by all holds */

    struct market *touched; /* markets with something to publish */
    uint64_t pass;          /* counts passes over the feed */
    uint64_t passed_at_ms;
    uint64_t quiet_pass, quiet_pass_before; /* the last two in which the feed was read to its end */
    bool must_ask_symbols;
    bool is_ready; /* the server said so once */
    uint64_t ready_asked_ms;

    int64_t sampled[PARTITIONS]; /* ends of fills, not yet good ... */
    bool has_sampled;
    int64_t checkpoint[PARTITIONS]; /* ... good: what is missed from now on lies behind; -1: unknown */
    int64_t lost_from[PARTITIONS];  /* what was missed lies behind; -1: nothing was */
    uint64_t lost_at_ms;            /* 0: nothing was, or long ago */
    uint64_t sampled_events;        /* counted when the last sample was asked for */

    struct json_decoder decoder; /* of clients' messages */
    struct market_scratch scratch;
    struct message message;
    unsigned char write_bytes[FRAMES_LEAD + WRITE_BYTES_MAX];
    char event_json[EVENT_BYTES_MAX];
};

/* Wall clock. */
int64_t push_wall_ms(void);

/* One line to the log; format as printf. Any thread. */
void push_log(const struct push_world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void push_count(_Atomic uint64_t *counter, uint64_t by) {
    /* one writer: no read-modify-write is needed */
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by, memory_order_relaxed);
}

static inline void push_discount(_Atomic uint64_t *counter, uint64_t by) {
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) - by, memory_order_relaxed);
}

/* An event that subscribers and accounts are told now: the next one of its symbol. */
void push_deliver(struct push *push, struct market *market, const struct event *event, struct text bytes);

/* Tells who wants the market's trades that these events cannot be had any more, and closes who gets reports. */
void push_tell_gap(struct push *push, struct market *market, uint64_t from, uint64_t to);

/* Puts a market among those to be published in this pass or the next. */
void push_touch(struct push *push, struct market *market);

/* Makes the thread pass soon though the feed says nothing. */
void push_hurry(struct push *push);

#endif
