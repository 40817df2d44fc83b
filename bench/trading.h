/* Drives a running stack as its clients do: orders by REST, open loop, over keep-alive connections; fills and trades
 * over WebSocket. Each order has a planned time; latency counts from there, whenever it could really be sent. One
 * thread. */
#ifndef SHARDBOOK_BENCH_TRADING_H
#define SHARDBOOK_BENCH_TRADING_H

#include "bench/histogram.h"
#include "bench/order_mix.h"
#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRADING_LATE_MS = 50, TRADING_STATUSES = 600 };

struct trading_counters {
    uint64_t planned, sent, late,
        dropped; /* late: sent more than TRADING_LATE_MS after its time; dropped: never sent */
    uint64_t accepted, refused, throttled, unknown; /* 200; other 4xx; 429; 5xx or a broken connection */
    uint64_t new_orders;                            /* accepted ones that are orders, not changes */
    uint64_t by_status[TRADING_STATUSES];           /* index 0: no answer */
    uint64_t messages, trades, reports;             /* over WebSocket */
    uint64_t orders_filled;                         /* takers whose first fill was seen */
    uint64_t breaks;                                /* connections lost */
};

struct trading {
    struct trading_counters counters;
    struct histogram to_acknowledgement, to_fill; /* from the planned time */
    struct order_mix mix;
    double seconds;          /* sending took */
    char websocket_end[256]; /* why the WebSocket ended before us; empty: it did not */
    char first_refusal[512]; /* status and body of the first answer that is no 200 */
};

struct trading_options {
    const char *rest, *websocket, *api_key; /* addresses as in endpoints.json */
    double rate;                            /* a second */
    uint64_t orders;                        /* to send; 0: until a signal */
    uint32_t symbols, connections;
    uint64_t seed;
    enum order_mix_kind mix;
    bool with_depth;                                        /* subscribe to depth too */
    void (*on_message)(void *context, struct text message); /* each message of the WebSocket; may be NULL */
    void (*on_tick)(
        void *context, const struct trading *trading, double seconds); /* about five times a second; may be NULL */
    void *context;
};

/* Sends all, waits for answers and for the last messages. SIGINT and SIGTERM end the sending early, which is no
 * failure. False, with the reason in problem, if it cannot begin (nobody answers, the key is refused). trading_deinit
 * in any case. */
bool trading_run(struct trading *trading, const struct trading_options *options, char *problem, size_t problem_bytes);
void trading_deinit(struct trading *trading);

#endif
