/* How orders get in: NEW, REPLACE, and what LIST shares with them. */
#ifndef SHARDBOOK_BENCH_REFERENCE_ENTRY_H
#define SHARDBOOK_BENCH_REFERENCE_ENTRY_H

#include "bench/reference/desk.h"

void entry_new(struct desk *desk, const struct request *request);
void entry_replace(struct desk *desk, const struct request *request);

/* The first of two reasons in the order of enum reason; NONE is none. */
enum reason entry_first(enum reason a, enum reason b);

/* Writes into an empty order what a faultless request says; OFF_TICK, OFF_LOT, OUT_OF_RANGE, MIN_NOTIONAL or NONE. */
enum reason entry_fill_in(const struct desk *desk, const struct request *request, struct order *order);

/* HALTED, AUCTION, CLOSED or NONE. */
enum reason entry_check_state(const struct desk *desk, const struct order *order);

/* What needs the book as it would be without an order (NULL: as it is), but room: OUT_OF_RANGE (an expireTime that is
 * due), PRICE_BAND, POST_ONLY or NONE. */
enum reason entry_check_book(const struct desk *desk, const struct order *order, const struct order *without);

/* Decimals of a request against their unit: each sets the flags of what it is not. */
struct entry_fits {
    bool off_tick, off_lot, out_of_range;
};
int64_t entry_read_price(
    const struct desk *desk, const struct request *request, enum field field, int64_t least, struct entry_fits *fits);
int64_t entry_read_quantity(const struct desk *desk, const struct request *request, enum field field, int64_t least,
    int64_t most, struct entry_fits *fits);
/* OUT_OF_RANGE or MIN_NOTIONAL or NONE. */
enum reason entry_check_notional(const struct desk *desk, int64_t price, int64_t quantity);
enum reason entry_reason_of(const struct entry_fits *fits);

/* True if a limit price is within the band. */
bool entry_is_in_band(const struct desk *desk, int64_t price);

/* ACCEPTED of an order that is enrolled. */
void entry_accept(struct desk *desk, struct order *order);

/* Lets accepted orders act in turn, but those that ended meanwhile. */
void entry_run_accepted(struct desk *desk, struct order *const *orders, uint32_t count);

/* Both. */
void entry_run(struct desk *desk, struct order *const *orders, uint32_t count);

#endif
