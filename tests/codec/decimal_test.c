#include "core/decimal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

__extension__ typedef unsigned __int128 wide;

static struct decimal parse(const char *text) { return decimal_parse(text_of(text)); }

static void expect_value(const char *text, uint64_t mantissa, int exponent) {
    struct decimal d = parse(text);
    cr_expect(d.state == DECIMAL_VALUE && d.mantissa == mantissa && d.exponent == exponent, "%s: state %u, %llu e %d",
        text, d.state, (unsigned long long)d.mantissa, d.exponent);
}

static void expect_state(const char *text, enum decimal_state state) {
    cr_expect_eq(parse(text).state, state, "%s is %u", text, parse(text).state);
}

Test(decimal, same_value_in_other_words) {
    expect_value("150", 15, 1);
    expect_value("150.00", 15, 1);
    expect_value("1.5e2", 15, 1);
    expect_value("15E+1", 15, 1);
    expect_value("0.0150e4", 15, 1);
    expect_value("150.0000000000000000000000000000", 15, 1);
    expect_value("1500000000000000000000000000e-25", 15, 1);
    expect_value("0", 0, 0);
    expect_value("0.000", 0, 0);
    expect_value("0e999999999999999999999", 0, 0);
    expect_value("0.00000000000000000000000000001", 1, -29);
    expect_value("9999999999999999999", UINT64_C(9999999999999999999), 0);
    expect_value("999999999999999999", UINT64_C(999999999999999999), 0);
    expect_value("99999999999999999.99", UINT64_C(9999999999999999999), -2);
    expect_value("1e19", 1, 19);
    expect_value("10000000000000000000", 1, 19);
}

Test(decimal, not_numbers) {
    static const char *const bad[] = {"", "-1", "-0", "+1", "01", "00", ".5", "5.", "1.e2", "1e", "1e+", "e5", "1e5.5",
        " 1", "1 ", "0x10", "NaN", "nan", "Infinity", "1,5", "1_000", "1.2.3", "--1", "1e--2", "\xd9\xa1",
        "123456789012345678901234567890x", "00.5", "1e 2"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) expect_state(bad[i], DECIMAL_BAD);
    cr_expect_eq(decimal_parse((struct text){"1\0", 2}).state, DECIMAL_BAD);
    cr_expect_eq(decimal_parse(TEXT_NONE).state, DECIMAL_BAD);
}

Test(decimal, more_digits_than_any_instrument_allows) {
    expect_state("12345678901234567891", DECIMAL_TOO_LARGE);
    expect_state("10000000000000000000.1", DECIMAL_TOO_LARGE);
    expect_state("1234567890123456789.1", DECIMAL_TOO_FINE);
    expect_state("0.12345678901234567891", DECIMAL_TOO_FINE);
    expect_state("9999999999999999999.9", DECIMAL_TOO_FINE);
    expect_state("12345678901234567891e-1", DECIMAL_TOO_FINE);
    expect_state("1e40000", DECIMAL_TOO_LARGE);
    expect_state("1e-40000", DECIMAL_TOO_FINE);
    expect_state("1e99999999999999999999999999", DECIMAL_TOO_LARGE);
    expect_state("1e-99999999999999999999999999", DECIMAL_TOO_FINE);
}

static void expect_units(const char *text, struct decimal_unit unit, enum decimal_fit fit, int64_t units) {
    int64_t got = -1;
    enum decimal_fit result = decimal_to_units(parse(text), unit, &got);
    cr_expect_eq(result, fit, "%s: fit %d", text, result);
    if (fit == DECIMAL_FITS) cr_expect_eq(got, units, "%s: %lld", text, (long long)got);
}

Test(decimal, whole_units_or_nothing) {
    const struct decimal_unit cent = {1, 2}, nickel = {5, 2}, one = {1, 0}, third = {3, 2}, fine = {1, 12},
                              huge = {4294967295u, 0};
    expect_units("150.00", cent, DECIMAL_FITS, 15000);
    expect_units("150.001", cent, DECIMAL_OFF_UNIT, 0);
    expect_units("0.05", nickel, DECIMAL_FITS, 1);
    expect_units("0.07", nickel, DECIMAL_OFF_UNIT, 0);
    expect_units("100", one, DECIMAL_FITS, 100);
    expect_units("100.5", one, DECIMAL_OFF_UNIT, 0);
    expect_units("0", cent, DECIMAL_FITS, 0);
    expect_units("0.00", one, DECIMAL_FITS, 0);
    expect_units("10995116277.76", cent, DECIMAL_FITS, INT64_C(1) << 40);
    expect_units("10995116277.77", cent, DECIMAL_OUT_OF_RANGE, 0);
    expect_units("1e300", cent, DECIMAL_OUT_OF_RANGE, 0);
    expect_units("1e300", third, DECIMAL_OFF_UNIT, 0); /* no power of ten is a multiple of three */
    expect_units("3e300", third, DECIMAL_OUT_OF_RANGE, 0);
    expect_units("0.000000000001", fine, DECIMAL_FITS, 1);
    expect_units("1.099511627776", fine, DECIMAL_FITS, INT64_C(1) << 40);
    expect_units("4294967295", huge, DECIMAL_FITS, 1);
    expect_units("42949672950000000000", huge, DECIMAL_FITS, INT64_C(10000000000));
    expect_units("4294967296", huge, DECIMAL_OFF_UNIT, 0);
    expect_units("12345678901234567891", cent, DECIMAL_OUT_OF_RANGE, 0);
    expect_units("1234567890123456789.1", cent, DECIMAL_OFF_UNIT, 0);
}

Test(decimal, units_of_the_array_form) {
    int64_t units;
    struct decimal d = {.mantissa = UINT64_C(1) << 40, .state = DECIMAL_UNITS};
    cr_expect_eq(decimal_to_units(d, (struct decimal_unit){5, 2}, &units), DECIMAL_FITS);
    cr_expect_eq(units, INT64_C(1) << 40);
    d.mantissa++;
    cr_expect_eq(decimal_to_units(d, (struct decimal_unit){5, 2}, &units), DECIMAL_OUT_OF_RANGE);
    d.mantissa = UINT64_MAX;
    cr_expect_eq(decimal_to_units(d, (struct decimal_unit){5, 2}, &units), DECIMAL_OUT_OF_RANGE);
}

Test(decimal, of_integers) {
    static const uint64_t values[] = {
        0, 1, 10, 150, 1000000, UINT64_C(9999999999999999999), UINT64_C(10000000000000000000), UINT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[32];
        snprintf(text, sizeof text, "%llu", (unsigned long long)values[i]);
        struct decimal a = parse(text), b = decimal_of_integer(values[i]);
        cr_expect(a.state == b.state && a.mantissa == b.mantissa && a.exponent == b.exponent, "%s", text);
    }
}

static uint64_t next_random(uint64_t *state) {
    *state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = *state;
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* Writes units with the unit's places by the school's method, then other ways of saying the same number. */
static void spell(char *out, size_t out_bytes, wide value, unsigned places, unsigned style) {
    char digits[64];
    unsigned count = 0;
    do digits[count++] = (char)('0' + (unsigned)(value % 10));
    while ((value /= 10) || count <= places);
    char plain[80];
    size_t at = 0;
    for (unsigned i = count; i-- > 0;) {
        plain[at++] = digits[i];
        if (i == places && places) plain[at++] = '.';
    }
    plain[at] = 0;
    static const char *const endings[] = {"", "e0", "E+00", "e-0"};
    snprintf(out, out_bytes, "%s%s%s", plain, style & 4 && places ? "000" : "", endings[style & 3]);
}

Test(decimal, random_values_survive_any_spelling) {
    uint64_t seed = 20251205;
    for (int round = 0; round < 200000; round++) {
        struct decimal_unit unit = {.mantissa = 1, .places = (uint8_t)(next_random(&seed) % 13)};
        if (next_random(&seed) & 1)
            unit.mantissa = (uint32_t)(next_random(&seed) >> (32 + next_random(&seed) % 32)) | 1;
        int64_t units = (int64_t)(next_random(&seed) >> (24 + next_random(&seed) % 40));
        char text[96], formatted[40];
        spell(text, sizeof text, (wide)(uint64_t)units * unit.mantissa, unit.places, (unsigned)next_random(&seed));

        int64_t back = -1;
        struct decimal d = parse(text);
        enum decimal_fit fit = d.state == DECIMAL_VALUE ? decimal_to_units(d, unit, &back) : DECIMAL_OFF_UNIT;
        if (d.state == DECIMAL_VALUE)
            cr_assert(fit == DECIMAL_FITS && back == units, "%s in units of %ue-%u: fit %d, %lld", text, unit.mantissa,
                unit.places, fit, (long long)back);
        else /* only a number of more than 19 digits may not be held */
            cr_assert((wide)(uint64_t)units * unit.mantissa >= UINT64_C(10000000000000000000), "%s", text);

        size_t size = decimal_format(units, unit, formatted);
        spell(text, sizeof text, (wide)(uint64_t)units * unit.mantissa, unit.places, 0);
        cr_assert(
            size == strlen(text) && memcmp(text, formatted, size) == 0, "%.*s is not %s", (int)size, formatted, text);
        cr_assert(decimal_read((struct text){formatted, (uint32_t)size}, unit, &back) && back == units, "%s", text);
        cr_assert_eq(decimal_places((struct text){formatted, (uint32_t)size}), unit.places);
    }
}

Test(decimal, random_neighbours_are_off_the_unit) {
    uint64_t seed = 7;
    for (int round = 0; round < 100000; round++) {
        struct decimal_unit unit = {
            .mantissa = (uint32_t)(next_random(&seed) % 999) + 2, .places = (uint8_t)(next_random(&seed) % 6)};
        uint64_t units = next_random(&seed) >> 30;
        uint64_t off = next_random(&seed) % (unit.mantissa - 1) + 1;
        char text[96];
        int64_t got;
        spell(text, sizeof text, (wide)units * unit.mantissa + off, unit.places, (unsigned)next_random(&seed));
        cr_assert_eq(decimal_to_units(parse(text), unit, &got), DECIMAL_OFF_UNIT, "%s", text);
    }
}

Test(decimal, formats_the_largest_totals) {
    char out[40];
    size_t size = decimal_format(INT64_MAX, (struct decimal_unit){4294967295u, 12}, out);
    cr_assert_eq(size, 30u);
    cr_assert_eq(memcmp(out, "39614081247908796.755622232065", 30), 0, "%.*s", (int)size, out);
}

Test(decimal, reads_back_only_what_was_written) {
    const struct decimal_unit cent = {1, 2};
    static const char *const bad[] = {
        "", "1", "1.0", "1.000", ".00", "01.00", "1,00", "-1.00", "1.0x", "00.00", "1e2", "99999999999999999999.00"};
    int64_t units;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(decimal_read(text_of(bad[i]), cent, &units), "%s", bad[i]);
    cr_expect_not(decimal_read(TEXT("0.07"), (struct decimal_unit){5, 2}, &units));
    cr_expect(decimal_read(TEXT("0.10"), (struct decimal_unit){5, 2}, &units) && units == 2);
}
