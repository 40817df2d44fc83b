/* Ids that the router gives. */
#ifndef SHARDBOOK_ROUTER_ORDER_ID_H
#define SHARDBOOK_ROUTER_ORDER_ID_H

#include "core/text.h"

#include <stdint.h>

enum { ORDER_ID_BYTES_MAX = 48 };

/* `<milliseconds>-<9 random base-36 characters>` as in the guide; returns a view of `out` (ORDER_ID_BYTES_MAX bytes).
 * The router's thread only: it draws from a small store of random bytes. Aborts if the system gives none. */
struct text order_id_random(int64_t now_ms, char *out);

/* The id that follows from account, symbol and clientOrderId (`c-` and 40 hex digits), so that a retry is the same
 * order whichever router takes it. Any thread. */
struct text order_id_derived(struct text account, struct text symbol, struct text client_order_id, char *out);

/* The id of a list that follows from a clientOrderId of it, in the same way (`l-`). */
struct text list_id_derived(struct text account, struct text symbol, struct text client_order_id, char *out);

/* `<list>-<number>`: the id of a list's order that has no clientOrderId, number 1 to 9; `out` has ORDER_ID_BYTES_MAX
 * bytes, `list_id` is one of the above. Any thread. */
struct text list_order_id(struct text list_id, unsigned number, char *out);

/* 16 random hex digits, for naming requests and producers; a view of `out`. The router's thread only. */
struct text random_name(char *out);

#endif
