/* An HTTP/1.1 server on libwebsockets and the caller's libuv loop: connections, time limits, whole requests in,
 * whole answers out. libwebsockets brings connections, TLS and the loop; requests are framed here (http_head.h),
 * because its own HTTP role (4.3.5) miscounts a body that is followed by anything, and reads freed memory for a POST
 * behind another request.
 *
 * Requests of one connection are handed over one at a time, in order; the next is looked at once the one before is
 * answered, so pipelining works and a client that does not read holds only itself up.
 *
 * Threads: everything on the loop's thread. */
#ifndef SHARDBOOK_IO_HTTP_HTTP_SERVER_H
#define SHARDBOOK_IO_HTTP_HTTP_SERVER_H

#include "core/status.h"
#include "core/text.h"
#include "io/http/http_head.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct http_server;

/* Strings are copied. Numbers of 0 take the default named. */
struct http_server_options {
    const char *address;                             /* numeric, or a name of this machine; NULL: 127.0.0.1 */
    uint16_t port;                                   /* 0: any free one, see http_server_port */
    const char *tls_certificate_file, *tls_key_file; /* PEM; both or neither */
    uint32_t connections_max;                        /* 10,000; a further one is closed at once and counted */
    uint32_t body_bytes_max;                         /* 65,536; more is 413 */
    uint64_t input_bytes_max;    /* 64 MiB: of unfinished requests, all together; what would pass it is 503 */
    uint32_t request_timeout_ms; /* 10,000: from a request's first byte to its last, else 408 */
    uint32_t idle_timeout_ms;    /* 65,000: between requests */
    uint32_t write_timeout_ms;   /* 10,000: for the client to take an answer */
    const char *every_answer;    /* header lines added to every answer, each ended by CR LF; NULL: none */
};

/* Names one request until it is answered. A copy may be kept. */
struct http_exchange {
    uint32_t slot;
    uint64_t serial;
};

/* Views live until the request is answered, at the longest until on_request returns plus the connection's life: copy
 * what is needed later. */
struct http_request {
    const struct http_head *head;
    struct text body;
    const char *peer; /* the client's address, "127.0.0.1" */
};

struct http_answer {
    int status;
    struct text content_type; /* absent: application/json */
    struct text headers;      /* further lines, each ended by CR LF; absent: none */
    struct text body;         /* absent: none (Content-Length: 0) */
};

struct http_server_events {
    /* A whole request. Answer it now or later, once, with http_server_answer. */
    void (*on_request)(void *context, struct http_exchange exchange, const struct http_request *request);
    /* The body for an answer that the server itself makes (400, 408, 411, 413, 414, 431, 503, 505); the text must live
     * until the next call. head is NULL when it could not be parsed. */
    struct text (*on_refused)(void *context, int status, const struct http_head *head);
    void *context;
};

/* Listens. NULL with *status INVALID (TLS files, address), REFUSED (the port is taken) or NO_MEMORY; *why says it
 * (static text); then the loop was run until it had nothing left, so open the server before anything else that stays on
 * the loop. */
struct http_server *http_server_open(uv_loop_t *loop, const struct http_server_options *options,
    const struct http_server_events *events, int *status, const char **why);

/* The port it listens on. */
uint16_t http_server_port(const struct http_server *server);

/* Answers an exchange; everything is copied. An exchange whose connection is gone, or that was answered, is ignored and
 * counted. */
void http_server_answer(struct http_server *server, struct http_exchange exchange, const struct http_answer *answer);

/* Stops listening; connections without a request are closed, the others after their answer. */
void http_server_drain(struct http_server *server);

/* Requests handed over and not answered. */
uint32_t http_server_pending(const struct http_server *server);

struct http_server_counts {
    uint64_t connections;       /* now */
    uint64_t accepted, refused; /* since open */
    uint64_t requests, answers; /* handed over; given */
    uint64_t faults, timeouts,
        too_late; /* refused by the server itself; ended by a time limit; answers for connections that are gone */
    uint64_t input_bytes; /* held for unfinished requests now */
};
struct http_server_counts http_server_counts(const struct http_server *server);

/* Ends all connections. Then run the loop until it has nothing left of the server, and free it. */
void http_server_close(struct http_server *server);

/* Frees the memory of a closed server, after its loop has run out. */
void http_server_free(struct http_server *server);

#endif
