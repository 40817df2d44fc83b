/* The bodies of answers: JSON texts, written into the caller's buffer. Pure. */
#ifndef SHARDBOOK_ROUTER_ANSWERS_H
#define SHARDBOOK_ROUTER_ANSWERS_H

#include "core/text.h"
#include "router/fault.h"
#include "router/orders.h"

#include <stdbool.h>
#include <stdint.h>

/* Suffices for every body below. */
enum { ANSWER_BYTES_MAX = 4096 };

/* Byte for byte as API Gateway says them. */
extern const struct text answer_forbidden, answer_too_many_requests, answer_limit_exceeded;

/* The body for a fault; `message` follows from its status: a 403 is answer_forbidden, a 400 says "Invalid request
 * body". request_id may be absent. */
struct text answer_fault(char *out, const struct fault *fault, struct text request_id);

/* The body for a status that the HTTP server answers itself. */
struct text answer_refusal(char *out, int status, struct text request_id);

/* {"message":"Order accepted","topic":"orders","symbol":"AAPL","orderId":...} and its kin for changes. `topic` is where
 * it is stored. */
struct text answer_stored(char *out, const struct order_outcome *outcome, struct text topic);

/* The order was sound (POST /orders/test). */
struct text answer_sound(char *out, struct text symbol);

/* {"ready":true,"missing":[]} */
struct text answer_ready(char *out, bool ready, bool kafka_up, bool valkey_up, bool draining);

struct text answer_time(char *out, int64_t now_ms);

/* The rules that every symbol has unless the log says otherwise. */
struct text answer_symbols(char *out);

#endif
