/* Orders for REST by seed: limits around a middle that wanders, some that trade, some markets, and cancels and changes
 * of what was accepted before. One thread at a time. */
#ifndef SHARDBOOK_BENCH_ORDER_MIX_H
#define SHARDBOOK_BENCH_ORDER_MIX_H

#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ORDER_MIX_SYMBOLS_MAX = 200, ORDER_MIX_ID_BYTES = 65 };

enum order_mix_kind {
    ORDER_MIX_REALISTIC, /* three quarters new orders, the rest cancels and changes */
    ORDER_MIX_ORDERS,    /* new orders only; they trade away what they add */
    ORDER_MIX_CROSSING   /* new orders, nearly all trade at once */
};

struct order_mix_market;

struct order_mix {
    enum order_mix_kind kind;
    uint32_t symbols;
    uint64_t random;
    struct order_mix_market *markets;
};

/* What to send. Texts are views of the mix until the next call. */
struct order_request {
    const char *method;
    char path[160];
    char body[320];  /* empty: none */
    uint32_t market; /* index of its symbol */
    bool is_new;
};

/* symbols 1 to ORDER_MIX_SYMBOLS_MAX. False without memory. */
bool order_mix_init(struct order_mix *mix, enum order_mix_kind kind, uint32_t symbols, uint64_t seed);
void order_mix_deinit(struct order_mix *mix);

/* Draws the next request; a new order gets `client_order_id`. */
void order_mix_draw(struct order_mix *mix, const char *client_order_id, struct order_request *request);

/* A new order drawn before was accepted under this id. */
void order_mix_on_accepted(struct order_mix *mix, const struct order_request *request, struct text order_id);

/* The i-th symbol's name. */
const char *order_mix_symbol(const struct order_mix *mix, uint32_t i);

#endif
