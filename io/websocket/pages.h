/* The HTTP side of the door: pages for people and probes, and plain answers.
 *
 * Threads: the push thread. */
#ifndef SHARDBOOK_IO_WEBSOCKET_PAGES_H
#define SHARDBOOK_IO_WEBSOCKET_PAGES_H

#include "core/text.h"

#include <libwebsockets.h>

struct push;

/* Answers a request for `path`. Nonzero: close the socket (what lws's callback returns). */
int pages_on_request(struct push *push, struct lws *wsi, struct text path);

/* Sends one whole answer; `reason` goes with the code ("Not Found"). Nonzero: the socket is done for. */
int pages_answer(struct lws *wsi, int code, const char *reason, const char *type, struct text body);

#endif
