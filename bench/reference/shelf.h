/* The open orders of one symbol by their ids, and of those that rest, for each side a sorted array of levels, each a
 * list in order of arrival. */
#ifndef SHARDBOOK_BENCH_REFERENCE_SHELF_H
#define SHARDBOOK_BENCH_REFERENCE_SHELF_H

#include "bench/reference/dictionary.h"
#include "bench/reference/order.h"

struct shelf_level {
    int64_t price;
    struct order *first, *last;
};

struct shelf_side {
    struct shelf_level *levels; /* best first */
    size_t count, room;
};

/* All zero is an empty shelf. */
struct shelf {
    struct shelf_side sides[2];
    struct dictionary by_id, by_client; /* by_client: account and clientOrderId */
    uint64_t open_orders;
};

/* Frees levels and dictionaries, not the orders. */
void shelf_deinit(struct shelf *shelf);

/* Makes an order findable by its ids, from its entry on to its end, wherever it waits or rests. */
void shelf_enrol(struct shelf *shelf, struct order *order);
void shelf_strike(struct shelf *shelf, struct order *order);

/* Puts an order at the tail of its level, an iceberg with a fresh clip. */
void shelf_place(struct shelf *shelf, struct order *order);

/* Takes a resting order out of its level. */
void shelf_take(struct shelf *shelf, struct order *order);

struct order *shelf_find(const struct shelf *shelf, struct text order_id);
struct order *shelf_find_client(const struct shelf *shelf, struct text user_id, struct text client_order_id);

/* What an iceberg shows of what it has, any other order all of it. */
int64_t shelf_clip(const struct order *order);

/* True if a price on `side` is at least as good for trading as `limit` for an order on the other side. */
bool shelf_crosses(int taker_side, int64_t limit, int64_t level_price);

/* The first order that one of `taker_side` with that limit would meet, one order aside (NULL: none); NULL if it meets
 * none. */
struct order *shelf_first_against(
    const struct shelf *shelf, int taker_side, int64_t limit, const struct order *without);

/* The sum of what its orders show. */
int64_t shelf_level_total(const struct shelf_level *level);

#endif
