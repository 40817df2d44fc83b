/* Private reports: which connections are whose account's, and what each account is told of an event.
 *
 * Threads: the push thread. */
#ifndef SHARDBOOK_IO_WEBSOCKET_REPORTS_H
#define SHARDBOOK_IO_WEBSOCKET_REPORTS_H

#include "core/event.h"
#include "core/text.h"

#include <stdint.h>

struct connection;
struct push;

/* An account with at least one connection that gets its reports. */
struct account {
    struct account *next; /* of the same hash bucket */
    struct connection *connections;
    uint32_t name_bytes;
    char name[];
};

struct accounts {
    struct account **buckets;
    uint32_t bucket_count; /* a power of two */
    uint32_t count;
};

void accounts_init(struct accounts *accounts);
void accounts_deinit(struct accounts *accounts);

struct account *accounts_find(const struct accounts *accounts, struct text name);

/* The connection gets its account's reports from now on; it must be authenticated. */
void accounts_join(struct accounts *accounts, struct connection *connection);

/* No more; nothing happens if it got none. */
void accounts_leave(struct accounts *accounts, struct connection *connection);

/* Tells every account that is a party of the event. `bytes` is the event as in topic fills, in whatever encoding, or
 * absent. Of a FILL and PREVENTED each account sees only its own side. */
void reports_on_event(struct push *push, const struct event *event, struct text bytes);

/* Closes everybody who gets reports: some cannot be read again, and who comes back asks for its orders. */
void reports_close_all(struct push *push);

#endif
