/* What waits while missed events of a market are read again: the ones that came after them. So subscribers and accounts
 * see every event once and in order.
 *
 * Threads: the push thread. */
#ifndef SHARDBOOK_IO_WEBSOCKET_HOLD_H
#define SHARDBOOK_IO_WEBSOCKET_HOLD_H

#include "core/event.h"
#include "core/text.h"
#include "io/websocket/resync.h"

#include <stdint.h>

struct market;
struct push;

struct hold {
    uint64_t delivered; /* the last event that was told */
    uint64_t to;        /* the last one missing; what is held begins behind it */
    int64_t begin;      /* offset in fills where the search begins or goes on; -1: where the topic begins */
    struct held **held; /* in order */
    uint32_t count, capacity;
    uint64_t bytes;
};

/* Events of the market behind `delivered` and up to market->fseq were missed: they are read again from `begin` on. If
 * the market has a hold already, it now lasts until market->fseq. */
void hold_begin(struct push *push, struct market *market, uint64_t delivered, int64_t begin);

/* The market has a hold: keeps an event for afterwards, or, when too much is kept by all, counts it as missing too. */
void hold_event(struct push *push, struct market *market, const struct event *event, struct text bytes);

/* Takes what the reader found: tells events, ends holds. Frees it. */
void hold_on_found(struct push *push, struct resync_found *found);

/* Forgets a market's hold without telling it. */
void hold_free(struct push *push, struct market *market);

#endif
