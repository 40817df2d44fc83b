/* What may be traded under a symbol: settings that enter by the log. */
#ifndef SHARDBOOK_CORE_INSTRUMENT_H
#define SHARDBOOK_CORE_INSTRUMENT_H

#include "core/decimal.h"
#include "core/limits.h"

/* A distance from a price. Both 0: none. */
struct price_distance {
    int64_t ticks;        /* 1 to 2^40 */
    int64_t basis_points; /* 1 to 9999, of the price, rounded toward it */
};

struct instrument {
    struct decimal_unit tick, lot;
    int64_t price_ticks_min, price_ticks_max;     /* inclusive, within 1 to 2^40 */
    int64_t quantity_lots_min, quantity_lots_max; /* inclusive, within 1 to 2^40 */
    int64_t clip_lots_min;                        /* least displayQuantity, at least 1 */
    uint64_t notional_units_min;                  /* least ticks times lots of an order with a price; 0: none */
    struct price_distance band;                   /* of limit prices from the last trade or the reference */
    struct price_distance collar;                 /* of market orders from the best opposite price */
    int64_t reference_price_ticks;                /* 0: none */
};

/* A symbol that no INSTRUMENT record named: the guide's tick 0.01, lot 1, 1 to 1,000,000 lots. */
static inline struct instrument instrument_default(void) {
    return (struct instrument){.tick = {1, 2},
        .lot = {1, 0},
        .price_ticks_min = 1,
        .price_ticks_max = PRICE_TICKS_MAX,
        .quantity_lots_min = 1,
        .quantity_lots_max = 1000000,
        .clip_lots_min = 1};
}

#endif
