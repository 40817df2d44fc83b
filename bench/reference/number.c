#include "bench/reference/number.h"

#include <string.h>

static const int64_t units_max = INT64_C(1) << 40;
static const long exponent_limit = 1000000000;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Where integer, fraction and exponent of a number's text begin and how long they are. */
struct spelling {
    const char *whole, *fraction, *power;
    size_t whole_count, fraction_count, power_count;
    bool power_negative;
};

static size_t count_digits(const char *at, const char *end) {
    const char *from = at;
    while (at < end && is_digit(*at)) at++;
    return (size_t)(at - from);
}

/* RFC 8259: int [ frac ] [ exp ]. */
static bool spell(const char *text, size_t bytes, struct spelling *out) {
    const char *at = text, *end = text + bytes;
    *out = (struct spelling){.whole = at, .whole_count = count_digits(at, end)};
    if (out->whole_count == 0 || (out->whole_count > 1 && *at == '0')) return false;
    at += out->whole_count;
    if (at < end && *at == '.') {
        out->fraction = ++at;
        out->fraction_count = count_digits(at, end);
        if (out->fraction_count == 0) return false;
        at += out->fraction_count;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-')) out->power_negative = *at++ == '-';
        out->power = at;
        out->power_count = count_digits(at, end);
        if (out->power_count == 0) return false;
        at += out->power_count;
    }
    return at == end;
}

static long power_of(const struct spelling *spelling) {
    long power = 0;
    for (size_t i = 0; i < spelling->power_count && power < exponent_limit; i++)
        power = power * 10 + (spelling->power[i] - '0');
    if (power > exponent_limit) power = exponent_limit;
    return spelling->power_negative ? -power : power;
}

/* The i-th digit of whole and fraction as one row. */
static char digit_at(const struct spelling *spelling, size_t i) {
    return i < spelling->whole_count ? spelling->whole[i] : spelling->fraction[i - spelling->whole_count];
}

static void write_digits(const struct spelling *spelling, struct number *number) {
    size_t first = 0, end = spelling->whole_count + spelling->fraction_count;
    long exponent = power_of(spelling) - (long)spelling->fraction_count;
    while (first < end && digit_at(spelling, first) == '0') first++;
    while (end > first && digit_at(spelling, end - 1) == '0') {
        end--;
        exponent++;
    }
    *number = (struct number){.kind = NUMBER_WRITTEN};
    if (first == end) return;
    number->exponent = exponent;
    if (end - first > NUMBER_DIGITS_MAX) {
        /* digits * 10^exponent >= 10^19 exactly if it has at least 20 digits before the point */
        number->kind = (long)(end - first) + exponent >= 20 ? NUMBER_LONG_LARGE : NUMBER_LONG_FINE;
        number->exponent = 0;
        return;
    }
    for (size_t i = first; i < end; i++) number->digits[number->digit_count++] = digit_at(spelling, i);
}

bool number_read(const char *text, size_t bytes, struct number *number) {
    struct spelling spelling;
    if (!spell(text, bytes, &spelling)) return false;
    write_digits(&spelling, number);
    return true;
}

static enum number_fit check_range(uint64_t value, int64_t *units) {
    if (value > (uint64_t)units_max) return NUMBER_OUT_OF_RANGE;
    *units = (int64_t)value;
    return NUMBER_FITS;
}

/* The row of digits with that many zeros behind it, divided by hand; a quotient above 2^63 is kept as 2^64 - 1. */
static uint64_t divide(const struct number *number, long zeros, uint64_t divisor, bool *exact) {
    __extension__ unsigned __int128 rest = 0, quotient = 0;
    const uint64_t most = UINT64_C(1) << 63;
    for (long i = 0; i < number->digit_count + zeros; i++) {
        rest = rest * 10 + (unsigned)(i < number->digit_count ? number->digits[i] - '0' : 0);
        quotient = quotient * 10 + rest / divisor;
        rest %= divisor;
        if (quotient > most) quotient = UINT64_MAX;
    }
    *exact = rest == 0;
    return (uint64_t)quotient;
}

enum number_fit number_in_units(const struct number *number, struct number_unit unit, int64_t *units) {
    bool exact;
    *units = 0;
    if (number->kind == NUMBER_LONG_LARGE || number->exponent > INT16_MAX) return NUMBER_OUT_OF_RANGE;
    if (number->kind == NUMBER_LONG_FINE) return NUMBER_OFF_UNIT;
    if (number->kind == NUMBER_UNITS) return check_range(number->units, units);
    if (number->digit_count == 0) return NUMBER_FITS;
    long zeros = number->exponent + unit.places;
    if (zeros < 0) return NUMBER_OFF_UNIT; /* the last digit is not 0 */
    uint64_t value = divide(number, zeros, unit.mantissa, &exact);
    return exact ? check_range(value, units) : NUMBER_OFF_UNIT;
}

bool number_in_products(const struct number *number, struct number_unit a, struct number_unit b, uint64_t *n) {
    bool exact;
    long zeros = number->exponent + a.places + b.places;
    *n = 0;
    if (number->kind != NUMBER_WRITTEN || number->exponent > INT16_MAX) return false;
    if (number->digit_count == 0) return true;
    if (zeros >= 0) {
        *n = divide(number, zeros, a.mantissa * b.mantissa, &exact);
    } else {
        struct number shorter = *number; /* what falls off counts as a rest */
        exact = false;
        shorter.digit_count = number->digit_count + zeros > 0 ? (int)(number->digit_count + zeros) : 0;
        *n = divide(&shorter, 0, a.mantissa * b.mantissa, &exact);
        exact = false;
    }
    if (*n > INT64_MAX) return false;
    *n += !exact;
    return *n <= INT64_MAX;
}

bool number_read_unit(const char *text, size_t bytes, struct number_unit *unit) {
    struct spelling spelling;
    if (!spell(text, bytes, &spelling)) return false;
    long places = (long)spelling.fraction_count - power_of(&spelling), zeros = places < 0 ? -places : 0;
    if (places > 12 || zeros > 12) return false;
    *unit = (struct number_unit){0, places > 0 ? (int)places : 0};
    for (size_t i = 0; i < spelling.whole_count + spelling.fraction_count + (size_t)zeros; i++) {
        bool written = i < spelling.whole_count + spelling.fraction_count;
        unit->mantissa = unit->mantissa * 10 + (unsigned)(written ? digit_at(&spelling, i) - '0' : 0);
        if (unit->mantissa > UINT32_MAX) return false;
    }
    return unit->mantissa >= 1;
}

void number_print(int64_t units, struct number_unit unit, char *out) {
    __extension__ unsigned __int128 value = (unsigned __int128)units * unit.mantissa;
    char row[48], *at = row + sizeof row - 1; /* written from its end */
    *at = 0;
    for (int i = 0; value > 0 || i <= unit.places; i++) {
        if (i == unit.places && i > 0) *--at = '.';
        *--at = (char)('0' + (int)(value % 10));
        value /= 10;
    }
    memcpy(out, at, (size_t)(row + sizeof row - at));
}
