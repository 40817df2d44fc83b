/* The guide's keys in Valkey that say who is connected and subscribed: ws:{connectionId}, user:{userId}:connections,
 * symbol:{S}:subscribers. They are for looking at: fan-out works from the tables of this process. Nothing waits for
 * Valkey: what it does not take now is written again by a sweep, and what could not be removed expires.
 *
 * Threads: the push thread. */
#ifndef SHARDBOOK_IO_WEBSOCKET_PRESENCE_H
#define SHARDBOOK_IO_WEBSOCKET_PRESENCE_H

#include "core/text.h"

#include <stdbool.h>

struct connection;
struct push;
struct valkey_client;

struct presence {
    struct valkey_client *client; /* NULL: nothing is written */
};

/* Connects if the world names a Valkey. STATUS_INVALID (said in a line) or STATUS_NO_MEMORY. */
int presence_start(struct push *push);

/* Ends the connection; the loop must run afterwards. */
void presence_stop(struct push *push);

void presence_on_connected(struct push *push, struct connection *connection);
/* The account became known; before it the connection went under connection->user_id. */
void presence_on_authenticated(struct push *push, struct connection *connection);
void presence_on_subscribed(struct push *push, struct connection *connection, struct text symbol);
void presence_on_unsubscribed(struct push *push, struct connection *connection, struct text symbol);
/* Call while its subscriptions are still there. */
void presence_on_closed(struct push *push, struct connection *connection);

/* Writes what is missing or grows old, some connections at a time. Once a second. */
void presence_sweep(struct push *push);

#endif
