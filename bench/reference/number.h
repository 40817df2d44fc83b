/* Decimal numbers as they are written, by schoolbook: a row of digits and a power of ten. */
#ifndef SHARDBOOK_BENCH_REFERENCE_NUMBER_H
#define SHARDBOOK_BENCH_REFERENCE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NUMBER_DIGITS_MAX = 19 };

enum number_kind {
    NUMBER_WRITTEN = 1, /* digits * 10^exponent */
    NUMBER_UNITS,       /* units, from the msgpack array form */
    NUMBER_LONG_LARGE,  /* more than 19 significant digits, at least 10^19 */
    NUMBER_LONG_FINE    /* more than 19 significant digits, below 10^19 */
};

struct number {
    enum number_kind kind;
    int digit_count;                /* 0: the number is zero */
    char digits[NUMBER_DIGITS_MAX]; /* '0' to '9', neither the first nor the last is '0' */
    long exponent;                  /* within +-10^9 */
    uint64_t units;
};

/* A tick or a lot: mantissa * 10^-places. */
struct number_unit {
    uint64_t mantissa; /* 1 to 2^32 - 1 */
    int places;
};

enum number_fit { NUMBER_FITS, NUMBER_OFF_UNIT, NUMBER_OUT_OF_RANGE };

/* Reads JSON number syntax without a sign; false if `text` is anything else. */
bool number_read(const char *text, size_t bytes, struct number *number);

/* How many units the number is. OFF_UNIT comes before OUT_OF_RANGE (above 2^40). */
enum number_fit number_in_units(const struct number *number, struct number_unit unit, int64_t *units);

/* The least n for which n * a * b is at least the number; false if the number has more than 19 significant digits or n
 * would be above 2^63 - 1. */
bool number_in_products(const struct number *number, struct number_unit a, struct number_unit b, uint64_t *n);

/* Reads a tick or lot as it is written, "0.050" as 50 * 10^-3: at most 12 places, below 2^32 without its point, not 0.
 */
bool number_read_unit(const char *text, size_t bytes, struct number_unit *unit);

/* Prints so many units with exactly the unit's places, terminated; out holds 48 bytes. */
void number_print(int64_t units, struct number_unit unit, char *out);

#endif
