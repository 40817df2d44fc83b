/* What may be traded under a symbol. */
#ifndef SHARDBOOK_BENCH_REFERENCE_SETTINGS_H
#define SHARDBOOK_BENCH_REFERENCE_SETTINGS_H

#include "bench/reference/number.h"

#include <stdbool.h>
#include <stdint.h>

/* Both 0: none. */
struct settings_distance {
    int64_t ticks, basis_points;
};

struct settings {
    struct number_unit tick, lot;
    int64_t quantity_min, quantity_max, clip_min; /* lots */
    uint64_t notional_min;                        /* least ticks times lots; 0: none */
    struct settings_distance band, collar;
    int64_t reference_price; /* ticks; 0: none */
};

/* Of a symbol that no INSTRUMENT named. */
struct settings settings_default(void);

bool settings_have_equal_units(const struct settings *a, const struct settings *b);

/* How many ticks a distance is from a price, rounded toward it; -1: there is none. */
int64_t settings_ticks_from(struct settings_distance distance, int64_t price);

#endif
