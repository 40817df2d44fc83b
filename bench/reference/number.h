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

enum number_fit { NUMBER_FITS, NUMBER_OFF_UNIT, NUMBER_OUT_OF_RANGE };

/* Reads JSON number syntax without a sign; false if `text` is anything else. */
bool number_read(const char *text, size_t bytes, struct number *number);

/* How many units of 10^-places the number is. OFF_UNIT comes before OUT_OF_RANGE (above 2^40). */
enum number_fit number_in_units(const struct number *number, int places, int64_t *units);

/* Prints units of 10^-places with exactly that many places, terminated; out holds 48 bytes. */
void number_print(int64_t units, int places, char *out);

#endif
