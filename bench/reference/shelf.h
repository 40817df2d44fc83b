/* The resting orders of one symbol: for each side a sorted array of levels, each a list in order of arrival. */
#ifndef SHARDBOOK_BENCH_REFERENCE_SHELF_H
#define SHARDBOOK_BENCH_REFERENCE_SHELF_H

#include "bench/reference/dictionary.h"
#include "core/limits.h"
#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shelf_id {
    uint8_t size; /* 0: absent */
    char bytes[ID_BYTES_MAX];
};

/* An order, resting or about to trade. quantity = filled + leaves. */
struct shelf_order {
    struct shelf_id order_id, client_order_id, user_id;
    int side; /* REQUEST_BUY, REQUEST_SELL */
    int64_t price, quantity, leaves, filled;
    bool post_only;
    struct shelf_order *previous, *next; /* in its level */
};

struct shelf_level {
    int64_t price;
    struct shelf_order *first, *last;
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

/* Frees every order. */
void shelf_deinit(struct shelf *shelf);

/* Puts an order at the tail of its level; the shelf owns it from now on. */
void shelf_place(struct shelf *shelf, struct shelf_order *order);

/* Takes a resting order out; the caller owns it again. */
void shelf_take(struct shelf *shelf, struct shelf_order *order);

struct shelf_order *shelf_find(const struct shelf *shelf, struct text order_id);
struct shelf_order *shelf_find_client(const struct shelf *shelf, struct text user_id, struct text client_order_id);

/* True if a price on `side` is at least as good for trading as `limit` for an order on the other side. */
bool shelf_crosses(int taker_side, int64_t limit, int64_t level_price);

/* What rests against a taker of `side` up to its limit, counted until `enough`. */
int64_t shelf_available(const struct shelf *shelf, int taker_side, int64_t limit, int64_t enough);

int64_t shelf_level_total(const struct shelf_level *level);

struct shelf_id shelf_id_of(struct text text);
struct text shelf_text(const struct shelf_id *id);

#endif
