/* What a request asks for, by its method, path and query. Pure. */
#ifndef SHARDBOOK_ROUTER_TARGET_H
#define SHARDBOOK_ROUTER_TARGET_H

#include "core/text.h"
#include "io/http/http_head.h"
#include "router/fault.h"

#include <stdbool.h>
#include <stdint.h>

enum call {
    CALL_NEW,        /* POST /orders */
    CALL_TEST,       /* POST /orders/test */
    CALL_REPLACE,    /* POST /orders/replace */
    CALL_LIST,       /* POST /orders/list */
    CALL_CANCEL,     /* DELETE /orders/{orderId}?symbol=, DELETE /orders?clientOrderId=&symbol= */
    CALL_CANCEL_ALL, /* DELETE /orders?symbol=[&side=] */
    CALL_MODIFY,     /* PATCH /orders/{orderId}[?symbol=] */
    CALL_ORDER,      /* GET /orders/{orderId} */
    CALL_FIND_ORDER, /* GET /orders?clientOrderId=&symbol= */
    CALL_DEPTH,      /* GET /depth?symbol=[&limit=] */
    CALL_TRADES,     /* GET /trades?symbol=[&limit=] */
    CALL_SYMBOLS,    /* GET /symbols */
    CALL_TIME,       /* GET /time */
    CALL_HEALTH,     /* GET /healthz */
    CALL_READY,      /* GET /readyz */
    CALL_METRICS,    /* GET /metrics */
    CALL_PREFLIGHT,  /* OPTIONS on any of them */
    CALL_COUNT
};

/* Parameters are decoded; texts view `memory` of the target itself, so it must not be copied. Absent: not given. */
struct target {
    enum call call;
    struct text order_id, client_order_id, symbol, side, user_id;
    uint32_t limit; /* 0: not given */
    bool has_wait;
    char memory[1024];
    uint32_t memory_used;
};

/* Fills *target. Everything is also found under /prod. A path that does not exist is 404, a method it has not 405;
 * parameters of a wrong form, twice, or missing are 400. Unknown parameters are ignored. */
struct fault target_parse(struct target *target, enum http_method method, struct text path, struct text query);

/* Whether the call is for holders of an API key only. */
bool call_needs_key(enum call call);

/* "new", "cancel" and so on, for metrics; static. */
const char *call_name(enum call call);

/* What a path allows, for the header `allow`: "GET, OPTIONS"; static; NULL if there is no such path. */
const char *target_methods(struct text path);

#endif
