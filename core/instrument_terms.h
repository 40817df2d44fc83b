/* An instrument as a record or an operator writes it: decimal texts, made into ticks and lots and back. */
#ifndef SHARDBOOK_CORE_INSTRUMENT_TERMS_H
#define SHARDBOOK_CORE_INSTRUMENT_TERMS_H

#include "core/instrument.h"
#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texts in JSON number syntax without a sign; what is absent (a distance: 0 and 0) has its default. */
struct instrument_terms {
    struct text tick, lot;
    struct text quantity_min, quantity_max;
    struct text notional_min;
    struct text clip_min;
    struct price_distance band, collar;
    struct text reference_price;
};

/* Fills *instrument. NULL, or the name that the first term has in an INSTRUMENT record that is wrong by itself or does
 * not go with those before it ("tick": more than DECIMAL_PLACES_MAX places or a mantissa of 2^32 and more as it is
 * written, "minQuantity": off the lot or out of range, ...); then *instrument is unspecified. Any thread. */
const char *instrument_read(const struct instrument_terms *terms, struct instrument *instrument);

/* True if one of the two is given, and in range. Any thread. */
bool price_distance_is_valid(struct price_distance distance);

/* Writes the least notional, in money, as instrument_read takes it, to out (NOTIONAL_BYTES_MAX, not terminated);
 * returns its bytes, 0 if it has more than 19 significant digits. Any thread. */
enum { NOTIONAL_BYTES_MAX = 48 };
size_t instrument_notional_format(const struct instrument *instrument, char *out);

#endif
