/* Makes records of orders by chance, of every kind and with every kind of mistake, weighted so that every rule is met
 * often and books stay at tens to hundreds of orders. Chance is a seed, or bytes that a fuzzer chose. */
#ifndef SHARDBOOK_BENCH_WORKLOAD_MAKER_H
#define SHARDBOOK_BENCH_WORKLOAD_MAKER_H

#include "bench/reference/reference.h"
#include "core/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAKER_VALUE_BYTES = 1536, MAKER_OPEN_MAX = 256, MAKER_LAST_MAX = 32, MAKER_SYMBOLS = 4 };

struct maker_record {
    bool is_control;
    int64_t timestamp_ms;
    char value[MAKER_VALUE_BYTES];
};

/* An order that was open when last looked at. */
struct maker_order {
    char order_id[ID_BYTES_MAX + 1], user_id[ID_BYTES_MAX + 1];
    int64_t price_ticks, quantity_lots;
};

struct maker {
    uint64_t random;      /* of a seed ... */
    const uint8_t *bytes; /* ... or these, if there are any */
    size_t byte_count, bytes_used;
    int64_t time_ms;
    uint64_t next_id, epoch;
    char symbols[MAKER_SYMBOLS][SYMBOL_BYTES_MAX + 1]; /* of one home; the first gets nearly all */
    char symbol[SYMBOL_BYTES_MAX + 1];                 /* of the record being made */

    /* the market of the moment */
    int64_t middle, spread, wander;
    uint32_t users, quantity_max, crowd;
    uint32_t tick, lot; /* in hundredths, in units: what prices and quantities are multiples of */
    unsigned state;     /* enum trading_state, as asked for */
    bool is_listing_closed;
    bool tells_units;

    struct maker_order open[MAKER_OPEN_MAX];
    uint32_t open_count;
    struct maker_record last[MAKER_LAST_MAX]; /* to be repeated */
    uint64_t made;
};

/* By seed, without end, for AAPL and three more at home with it. */
void maker_init(struct maker *maker, uint64_t seed);

/* By bytes, which stay the caller's; the same bytes give the same records. */
void maker_init_bytes(struct maker *maker, const uint8_t *bytes, size_t count);

/* True when the bytes are used up: what follows is the dullest of everything. */
bool maker_is_spent(const struct maker *maker);

/* Other symbols, of one partition, before the first record. */
void maker_name_symbols(struct maker *maker, char symbols[MAKER_SYMBOLS][SYMBOL_BYTES_MAX + 1]);

/* The next record, for the home partition of the symbols. Its time is a little behind the last one's, which the caller
 * may set (time_ms) to what a clock says. */
void maker_next(struct maker *maker, struct maker_record *record);

/* Looks at what is open in the first symbol, so that the next records can mean it; to be called now and then. */
void maker_look(struct maker *maker, const struct reference *reference);

#endif
