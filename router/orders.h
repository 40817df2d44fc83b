/* Orders and changes on their way into the log: each looks up its symbol's route and settings, is judged by these, goes
 * through the door that the route names, and is answered when the broker has it. For each symbol they go in the order
 * in which they came; before a symbol's other door is used, everything at the first one is acknowledged. */
#ifndef SHARDBOOK_ROUTER_ORDERS_H
#define SHARDBOOK_ROUTER_ORDERS_H

#include "core/command.h"
#include "io/http/http_server.h"
#include "io/kafka/order_producer.h"
#include "io/valkey_client/valkey_client.h"
#include "router/fault.h"
#include "router/metrics.h"
#include "router/target.h"

#include <stdint.h>

struct orders;

struct orders_settings {
    uint32_t in_flight_max;    /* beyond it orders_submit says FULL */
    uint32_t deadline_ms;      /* by then every request is answered */
    uint32_t route_age_max_ms; /* a record is sent by a route no older than this, while Valkey answers */
    uint32_t symbols_max;      /* a power of two */
};

enum order_fate {
    FATE_STORED,   /* all in-sync replicas have it */
    FATE_UNKNOWN,  /* nobody knows whether it is stored */
    FATE_NOT_SENT, /* it is not in the log: no room, or the deadline came before its turn */
    FATE_REFUSED,  /* it is not in the log: the broker does not take it */
    FATE_INVALID,  /* it is not in the log: a number does not fit the symbol's settings, see `fault` */
    FATE_SOUND     /* it would have been taken, but was only to be tested (CALL_TEST) */
};

/* The ids of one order of a list. */
struct order_ids {
    struct text order_id, client_order_id;
};

/* What became of a request; texts live until the callback returns. */
struct order_outcome {
    struct http_exchange exchange;
    enum call call;
    enum order_fate fate;
    struct fault fault; /* INVALID */
    bool pending_door;  /* STORED: in the topic of a symbol that moves */
    struct text symbol, order_id, client_order_id, command_id, list_id;
    struct order_ids orders[LIST_ORDERS_MAX]; /* of a list */
    uint32_t order_count;
    int64_t timestamp_ms;
    uint64_t began_us;
};

typedef void (*orders_on_done)(void *context, const struct order_outcome *outcome);

/* Valkey and producer stay the caller's and outlive it. NULL without memory. `now_us` everywhere: a monotonic clock. */
struct orders *orders_open(const struct orders_settings *settings, struct valkey_client *valkey,
    struct order_producer *producer, struct metrics *metrics, orders_on_done on_done, void *context);

/* After the producer and Valkey are closed. */
void orders_close(struct orders *orders);

/* Takes a checked command, complete with its ids and timestamp; on_done follows, perhaps before this returns.
 * STATUS_FULL: too much is under way, nothing was taken. */
int orders_submit(struct orders *orders, struct http_exchange exchange, enum call call, const struct command *command,
    uint64_t now_us);

/* Ends what is past its deadline. Call ten times a second. */
void orders_tick(struct orders *orders, uint64_t now_us);

uint32_t orders_in_flight(const struct orders *orders); /* not answered yet */
uint32_t orders_waiting(const struct orders *orders);   /* of these not sent yet */
uint32_t orders_symbols(const struct orders *orders);

/* The greatest age of a route that a record was sent by since this was last called. */
uint64_t orders_take_oldest_route_ms(struct orders *orders);

#endif
