/* Who wants which symbol's channels: the markets by symbol, each with its subscribers.
 *
 * Threads: one at a time (the push thread). Running out of memory aborts with last words. */
#ifndef SHARDBOOK_IO_WEBSOCKET_SUBSCRIPTIONS_H
#define SHARDBOOK_IO_WEBSOCKET_SUBSCRIPTIONS_H

#include "core/text.h"
#include "io/websocket/market.h"

#include <stdbool.h>
#include <stdint.h>

struct connection;

/* One connection's interest in one symbol. */
struct subscription {
    struct connection *connection;
    struct market *market;
    struct subscription *next;        /* of the same connection */
    uint32_t places[MARKET_CHANNELS]; /* where it stands among the market's subscribers, from 1; 0: not there */
    bool owes_depth;                  /* gets a snapshot before any further change */
    bool owes_ticker;                 /* gets the newest ticker */
};

struct subscriptions {
    struct market **buckets;
    uint32_t bucket_count; /* a power of two */
    uint32_t market_count;
};

void subscriptions_init(struct subscriptions *subscriptions);

/* Frees all markets; no subscription may be left in them. */
void subscriptions_deinit(struct subscriptions *subscriptions);

/* The symbol's market, or NULL. */
struct market *subscriptions_find(const struct subscriptions *subscriptions, struct text symbol);

/* The symbol's market, made if it is not there. */
struct market *subscriptions_get(struct subscriptions *subscriptions, struct text symbol, int32_t partition);

/* Frees a market that has no subscription left and that the feed has never named. */
void subscriptions_forget(struct subscriptions *subscriptions, struct market *market);

/* Calls visit for every market; it may not add or forget any. */
void subscriptions_each(
    const struct subscriptions *subscriptions, void (*visit)(void *context, struct market *market), void *context);

/* Puts the subscription among its market's subscribers of the channel, or takes it out; false if it was so already. */
bool subscription_join(struct subscription *subscription, enum market_channel channel);
bool subscription_leave(struct subscription *subscription, enum market_channel channel);

static inline bool subscription_has(const struct subscription *subscription, enum market_channel channel) {
    return subscription->places[channel] != 0;
}

/* No channel is left. */
static inline bool subscription_is_idle(const struct subscription *subscription) {
    return !subscription_has(subscription, MARKET_TRADES) && !subscription_has(subscription, MARKET_DEPTH) &&
           !subscription_has(subscription, MARKET_TICKER);
}

#endif
