/* Decimal text to integer ticks and lots, and back, never through a floating-point number. */
#ifndef SHARDBOOK_CORE_DECIMAL_H
#define SHARDBOOK_CORE_DECIMAL_H

#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DECIMAL_PLACES_MAX = 12 };

enum decimal_state {
    DECIMAL_ABSENT = 0,
    DECIMAL_VALUE,     /* mantissa * 10^exponent, trailing zeros of the mantissa moved into the exponent */
    DECIMAL_UNITS,     /* mantissa counts ticks or lots already (msgpack array) */
    DECIMAL_TOO_LARGE, /* well formed, beyond what any instrument allows: OUT_OF_RANGE */
    DECIMAL_TOO_FINE,  /* well formed, more digits than any instrument allows: OFF_TICK or OFF_LOT */
    DECIMAL_BAD        /* sign, NaN, infinity, not a number: BAD_FIELD */
};

/* A non-negative decimal as it was written. Zero is mantissa 0, exponent 0. Of TOO_LARGE and TOO_FINE the mantissa is 0
 * for all numbers of more than 19 significant digits and else tells different ones apart. */
struct decimal {
    uint64_t mantissa;
    int16_t exponent;
    uint8_t state; /* enum decimal_state */
};

/* The size of one tick or lot: mantissa * 10^-places, as INSTRUMENT gives it; 0.01 is {1, 2}, 0.05 is
 * {5, 2}, 1 is {1, 0}. mantissa >= 1, places 0 to DECIMAL_PLACES_MAX. */
struct decimal_unit {
    uint32_t mantissa;
    uint8_t places;
};

enum decimal_fit {
    DECIMAL_FITS = 0,
    DECIMAL_OFF_UNIT,    /* not a multiple of the unit */
    DECIMAL_OUT_OF_RANGE /* a multiple, but more than 2^40 units */
};

/* Parses JSON number syntax (RFC 8259 section 6), without a sign. Text of any length; never fails, see
 * `state` of the result. Any thread. */
struct decimal decimal_parse(struct text text);

/* The decimal of an integer: 150 as "150". More than 19 significant digits as decimal_parse has it. Any thread. */
struct decimal decimal_of_integer(uint64_t value);

/* The decimal of mantissa * 10^-places, of at most 18 digits, with 0 to 18 places. Any thread. */
struct decimal decimal_of_fixed(uint64_t mantissa, int16_t places);

/* Writes how many units `value` is to *units (0 to 2^40). `value` must be VALUE, UNITS, TOO_LARGE or
 * TOO_FINE. Any thread. */
enum decimal_fit decimal_to_units(struct decimal value, struct decimal_unit unit, int64_t *units);

/* Writes units * unit with exactly unit.places places to out (at least 40 bytes, not terminated), returns
 * the bytes written. units >= 0. Any thread. */
size_t decimal_format(int64_t units, struct decimal_unit unit, char *out);

/* Reads back what decimal_format wrote: exactly unit.places places, a multiple of the unit, below 2^63 units. False if
 * it is anything else. Any thread. */
bool decimal_read(struct text text, struct decimal_unit unit, int64_t *units);

/* The places that a text written by decimal_format has: what stands behind its point. Any thread. */
uint8_t decimal_places(struct text text);

#endif
