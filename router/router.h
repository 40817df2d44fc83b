/* The router: each request is judged (size, key, rate, quota, body, symbol), sent on its way, and answered. */
#ifndef SHARDBOOK_ROUTER_ROUTER_H
#define SHARDBOOK_ROUTER_ROUTER_H

#include "io/http/http_server.h"
#include "io/kafka/order_producer.h"
#include "io/keys/keys.h"
#include "io/valkey_client/valkey_client.h"
#include "router/metrics.h"
#include "router/orders.h"
#include "router/rate_limit.h"

#include <stdbool.h>

struct router;

struct router_settings {
    struct usage_plan plan;
    uint32_t requests_per_minute_per_address; /* 0: no limit */
    bool open_mode;                           /* a userId counts as given; without keys nobody needs one */
    uint32_t in_flight_max, deadline_ms;
    char orders_topic[256], pending_topic[256]; /* as answers name them */
};

/* What the router is put together from; all stay the caller's and outlive it. */
struct router_parts {
    struct http_server *http;
    struct valkey_client *valkey;
    struct order_producer *producer;
    struct keys *keys; /* NULL: none, in open mode only */
};

/* What an HTTP server calls; `context` is a struct router **, which router_open's result is put into before the loop
 * runs. */
void router_on_request(void *context, struct http_exchange exchange, const struct http_request *request);
struct text router_on_refused(void *context, int status, const struct http_head *head);

/* NULL without memory. */
struct router *router_open(const struct router_settings *settings, const struct router_parts *parts);

/* After http, producer and Valkey are closed. */
void router_close(struct router *router);

/* Time limits: call ten times a second. */
void router_tick(struct router *router);

/* The shared monthly counts: call once a second. */
void router_report_quota(struct router *router);

/* After the keys were read again, or that failed. */
void router_on_keys_read(struct router *router, bool ok);

/* From now on /readyz says no. */
void router_drain(struct router *router);

/* Orders and changes not answered yet. */
uint32_t router_in_flight(const struct router *router);

#endif
