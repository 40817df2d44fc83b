#include "io/websocket/subscriptions.h"

#include "core/check.h"

#include <stdlib.h>

enum { BUCKETS_FIRST = 256, SUBSCRIBERS_FIRST = 4 };

static void *must_have(void *memory) {
    CHECK(memory, "no memory for subscriptions");
    return memory;
}

void subscriptions_init(struct subscriptions *subscriptions) {
    *subscriptions = (struct subscriptions){.bucket_count = BUCKETS_FIRST};
    subscriptions->buckets = must_have(calloc(BUCKETS_FIRST, sizeof(struct market *)));
}

void subscriptions_deinit(struct subscriptions *subscriptions) {
    for (uint32_t i = 0; i < subscriptions->bucket_count; i++) {
        while (subscriptions->buckets[i]) {
            struct market *market = subscriptions->buckets[i];
            subscriptions->buckets[i] = market->next;
            market_deinit(market);
            free(market);
        }
    }
    free(subscriptions->buckets);
    *subscriptions = (struct subscriptions){0};
}

static uint32_t hash(struct text symbol) {
    uint32_t h = 2166136261u;
    for (uint32_t i = 0; i < symbol.size; i++) h = (h ^ (unsigned char)symbol.data[i]) * 16777619u;
    return h ^ h >> 15;
}

static struct market **bucket_of(const struct subscriptions *subscriptions, struct text symbol) {
    return &subscriptions->buckets[hash(symbol) & (subscriptions->bucket_count - 1)];
}

struct market *subscriptions_find(const struct subscriptions *subscriptions, struct text symbol) {
    struct market *market = *bucket_of(subscriptions, symbol);
    while (market && !text_equal(market_symbol(market), symbol)) market = market->next;
    return market;
}

static void add_market(struct subscriptions *subscriptions, struct market *market) {
    struct market **bucket = bucket_of(subscriptions, market_symbol(market));
    market->next = *bucket;
    *bucket = market;
}

static void grow(struct subscriptions *subscriptions) {
    struct subscriptions old = *subscriptions;
    subscriptions->bucket_count = 2 * old.bucket_count;
    subscriptions->buckets = must_have(calloc(subscriptions->bucket_count, sizeof(struct market *)));
    for (uint32_t i = 0; i < old.bucket_count; i++) {
        for (struct market *market = old.buckets[i], *next; market; market = next) {
            next = market->next;
            add_market(subscriptions, market);
        }
    }
    free(old.buckets);
}

struct market *subscriptions_get(struct subscriptions *subscriptions, struct text symbol, int32_t partition) {
    struct market *market = subscriptions_find(subscriptions, symbol);
    if (market) return market;
    if (subscriptions->market_count == subscriptions->bucket_count) grow(subscriptions);
    market = must_have(malloc(sizeof *market));
    market_init(market, symbol, partition);
    add_market(subscriptions, market);
    subscriptions->market_count++;
    return market;
}

void subscriptions_forget(struct subscriptions *subscriptions, struct market *market) {
    if (market->is_known || market->is_touched || market->hold || market_subscribers(market)) return;
    struct market **at = bucket_of(subscriptions, market_symbol(market));
    while (*at != market) at = &(*at)->next;
    *at = market->next;
    subscriptions->market_count--;
    market_deinit(market);
    free(market);
}

void subscriptions_each(
    const struct subscriptions *subscriptions, void (*visit)(void *context, struct market *market), void *context) {
    for (uint32_t i = 0; i < subscriptions->bucket_count; i++)
        for (struct market *market = subscriptions->buckets[i]; market; market = market->next) visit(context, market);
}

bool subscription_join(struct subscription *subscription, enum market_channel channel) {
    struct market *market = subscription->market;
    if (subscription_has(subscription, channel)) return false;
    if (market->subscriber_count[channel] == market->subscriber_capacity[channel]) {
        uint32_t capacity =
            market->subscriber_capacity[channel] ? 2 * market->subscriber_capacity[channel] : SUBSCRIBERS_FIRST;
        market->subscribers[channel] =
            must_have(realloc(market->subscribers[channel], capacity * sizeof(struct subscription *)));
        market->subscriber_capacity[channel] = capacity;
    }
    market->subscribers[channel][market->subscriber_count[channel]++] = subscription;
    subscription->places[channel] = market->subscriber_count[channel];
    return true;
}

bool subscription_leave(struct subscription *subscription, enum market_channel channel) {
    struct market *market = subscription->market;
    if (!subscription_has(subscription, channel)) return false;
    struct subscription *last = market->subscribers[channel][--market->subscriber_count[channel]];
    market->subscribers[channel][subscription->places[channel] - 1] = last;
    last->places[channel] = subscription->places[channel];
    subscription->places[channel] = 0;
    return true;
}
