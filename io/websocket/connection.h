/* One WebSocket client: what waits for it, what it may still cost, how it is written to and closed.
 *
 * Threads: the push thread. */
#ifndef SHARDBOOK_IO_WEBSOCKET_CONNECTION_H
#define SHARDBOOK_IO_WEBSOCKET_CONNECTION_H

#include "core/client_message.h"
#include "core/limits.h"
#include "io/websocket/outbox.h"
#include "io/websocket/subscriptions.h"

#include <libwebsockets.h>
#include <stdbool.h>
#include <stdint.h>

struct push;

enum { CONNECTION_ID_BYTES = 16, ADDRESS_BYTES_MAX = 48 };

struct connection {
    struct push *push;
    struct lws *wsi;
    struct connection *previous, *next;                       /* of all */
    struct connection *previous_of_account, *next_of_account; /* reports.h */
    struct account *reports_of;                               /* whose private reports it gets, or NULL */
    char id[CONNECTION_ID_BYTES + 1];
    char address[ADDRESS_BYTES_MAX];
    char user_id[ID_BYTES_MAX + 1]; /* as the client says (?userId=): grants nothing; empty: none */
    char account[ID_BYTES_MAX + 1]; /* as its key says; empty: not authenticated */
    int64_t connected_ms;           /* wall clock */

    struct outbox outbox;
    struct subscription *subscriptions;
    uint32_t subscription_count;
    bool is_asked; /* to be called when its socket is writable */
    bool is_closing;
    uint64_t drop_at_ms;        /* of the loop: closing may last so long */
    struct frames *close_frame; /* to be sent; NULL: nothing is, or it was */

    uint64_t heard_ms; /* of the loop: when it last said something */
    bool is_pinged;    /* since then */

    char *received; /* of a message that comes in pieces; NULL: none */
    uint32_t received_bytes;
    uint64_t allowance_ms_scaled; /* messages it may still send, times 1000 */
    uint64_t allowance_at_ms;

    bool is_present;           /* presence.h: its keys in Valkey are written */
    uint64_t present_until_ms; /* when they must be written again */
};

/* A connection that was just upgraded; *_at_ms are of the loop. The caller closes it with connection_deinit. */
struct connection *connection_open(struct push *push, struct lws *wsi);
void connection_free(struct connection *connection);

/* Queues frames; a slow client's depth and ticker give way first, then the client is closed with 1013. */
void connection_send(struct connection *connection, struct frames *frames, enum outbox_kind kind);

/* Queues one message for this client alone. */
void connection_say(struct connection *connection, struct text message);

/* Ends the connection: forgets what waits, takes it out of all its markets (its subscriptions stay valid memory), sends
 * the close frame as soon as the socket takes it, and drops the socket if that takes more than some seconds. The first
 * call counts. */
void connection_close(struct connection *connection, uint16_t code, const char *reason);

/* Asks to be called when the socket takes more. */
void connection_ask(struct connection *connection);

/* The socket takes more: sends what waits, snapshots that are owed included. Nonzero: close it. */
int connection_on_writable(struct connection *connection);

/* Bytes of a client's message; handled once whole. Nonzero: close it. */
int connection_on_received(struct connection *connection, const char *bytes, size_t size);

/* The client answered a ping. */
void connection_on_pong(struct connection *connection);

/* Once a second: pings a client that was silent for ping_s, gives up one that was for hang_up_s. */
void connection_beat(struct connection *connection);

/* The subscription to a symbol, or NULL. */
struct subscription *connection_find(const struct connection *connection, const struct market *market);

/* The subscription to a symbol, made if it is not there. */
struct subscription *connection_subscribe(struct connection *connection, struct market *market);

/* Takes channels (bits of enum client_channel) out of a subscription, and the subscription away if none is left. */
void connection_unsubscribe(struct connection *connection, struct subscription *subscription, uint8_t channels);

/* Writes bytes that are WebSocket frames already, FRAMES_LEAD free bytes in front of them. Returns false if the socket
 * is done for. libwebsockets sends what it is given unchanged when it is called LWS_WRITE_HTTP, also on a WebSocket
 * (not documented; HTTP/1.1 only): that knowledge lives in this one function, and tests/websocket pins it. */
bool connection_write_frames(struct lws *wsi, struct text frames);

#endif
