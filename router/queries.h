/* Questions that Valkey answers: orders, depth, trades. */
#ifndef SHARDBOOK_ROUTER_QUERIES_H
#define SHARDBOOK_ROUTER_QUERIES_H

#include "io/http/http_server.h"
#include "io/json/json_decoder.h"
#include "io/valkey_client/valkey_client.h"
#include "router/fault.h"
#include "router/target.h"

#include <stdbool.h>
#include <stdint.h>

/* What is known: `body` (a JSON text, gone when the callback returns) or a fault. */
typedef void (*queries_on_done)(
    void *context, struct http_exchange exchange, enum call call, const struct fault *fault, struct text body);

struct queries {
    struct valkey_client *valkey;
    queries_on_done on_done;
    void *context;
    struct json_decoder decoder; /* for fills */
    char *page;                  /* a body being written */
};

/* Valkey stays the caller's. False without memory. */
bool queries_init(struct queries *queries, struct valkey_client *valkey, queries_on_done on_done, void *context);
void queries_deinit(struct queries *queries);

/* Asks for CALL_ORDER, CALL_FIND_ORDER, CALL_DEPTH or CALL_TRADES; on_done follows, perhaps before this returns.
 * `account` is whose orders may be seen; absent: everybody's (open mode). */
void queries_ask(
    struct queries *queries, struct http_exchange exchange, const struct target *target, struct text account);

/* Depth as stored, {"u":1,"b":[...],"a":[...]}, cut to `levels` a side and with the symbol in front, written to out; 0
 * if it has another form or does not fit. Pure. */
size_t depth_cut(struct text stored, struct text symbol, uint32_t levels, char *out, size_t bytes);

#endif
