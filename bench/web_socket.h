/* A WebSocket client on a libuv loop, whose thread makes every call: text messages out and in, pings answered. It does
 * not connect again: what was missed meanwhile could not be told apart from what never came. */
#ifndef SHARDBOOK_BENCH_WEB_SOCKET_H
#define SHARDBOOK_BENCH_WEB_SOCKET_H

#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { WEB_SOCKET_OUT_BYTES = 16384, WEB_SOCKET_IN_BYTES = 4 << 20 };

enum web_socket_state { WEB_SOCKET_CONNECTING, WEB_SOCKET_UPGRADING, WEB_SOCKET_OPEN, WEB_SOCKET_CLOSED };

struct web_socket;

/* The upgrade was granted: messages may be sent. */
typedef void web_socket_on_open(struct web_socket *socket);
/* A whole message; the view lives for the call. */
typedef void web_socket_on_message(struct web_socket *socket, struct text message);
/* It is over; why is static or lives for the call. Not after web_socket_close. */
typedef void web_socket_on_closed(struct web_socket *socket, const char *why);

struct web_socket_events {
    web_socket_on_open *on_open;
    web_socket_on_message *on_message;
    web_socket_on_closed *on_closed;
    void *context;
};

struct web_socket {
    uv_tcp_t socket;
    uv_connect_t connect;
    struct web_socket_events events;
    enum web_socket_state state;
    char *in; /* WEB_SOCKET_IN_BYTES: what was received and not yet taken */
    uint32_t received;
    char *fragments; /* of a message that comes in several frames */
    uint32_t fragment_bytes;
    char why[200];
    char host[300], api_key[160];
};

/* Begins to connect. `host` goes into the request; api_key (NULL or empty: none) as header x-api-key. False without
 * memory. */
bool web_socket_open(struct web_socket *socket, uv_loop_t *loop, const struct sockaddr *address, const char *host,
    const char *api_key, const struct web_socket_events *events);

/* Sends a text message of at most WEB_SOCKET_OUT_BYTES - 16 bytes; false if it is not open or there is no memory. */
bool web_socket_send(struct web_socket *socket, struct text message);

/* Says goodbye and closes; the loop must run until its handles are closed, then web_socket_free. */
void web_socket_close(struct web_socket *socket);
void web_socket_free(struct web_socket *socket);

#endif
