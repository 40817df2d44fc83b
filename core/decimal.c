#include "core/decimal.h"

#include "core/digits.h"
#include "core/limits.h"

__extension__ typedef unsigned __int128 wide;

enum { DIGITS_MAX = 19, EXPONENT_CLAMP = 1000000000 };

#define UNITS_MAX (UINT64_C(1) << 40)

/* What the text says so far: digits * 10^exponent, leading zeros dropped. Zeros wait in `pending` until a
 * digit follows, so that trailing ones never count as significant. */
struct digits {
    uint64_t mantissa;
    int64_t count;   /* significant digits seen, pending zeros not counted */
    int64_t pending; /* zeros since the last digit that is not 0 */
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static void add_zeros(struct digits *digits) {
    for (; digits->pending > 0; digits->pending--, digits->count++)
        if (digits->count < DIGITS_MAX) digits->mantissa *= 10;
}

static void add_digit(struct digits *digits, unsigned digit) {
    if (digit == 0) {
        digits->pending += digits->count > 0;
        return;
    }
    add_zeros(digits);
    if (digits->count < DIGITS_MAX) digits->mantissa = digits->mantissa * 10 + digit;
    digits->count++;
}

static const char *read_integer(const char *at, const char *end, struct digits *digits) {
    if (at == end || !is_digit(*at)) return NULL;
    if (*at == '0') return at + 1;
    for (; at < end && is_digit(*at); at++) add_digit(digits, (unsigned)(*at - '0'));
    return at;
}

static const char *read_fraction(const char *at, const char *end, struct digits *digits, int64_t *places) {
    if (at == end || *at != '.') return at;
    const char *first = ++at;
    for (; at < end && is_digit(*at); at++) add_digit(digits, (unsigned)(*at - '0'));
    *places = at - first;
    return at == first ? NULL : at;
}

static const char *read_exponent(const char *at, const char *end, int64_t *exponent) {
    if (at == end || (*at != 'e' && *at != 'E')) return at;
    at++;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) at++;
    const char *first = at;
    int64_t value = 0;
    for (; at < end && is_digit(*at); at++)
        value = value * 10 + (*at - '0') < EXPONENT_CLAMP ? value * 10 + (*at - '0') : EXPONENT_CLAMP;
    *exponent = negative ? -value : value;
    return at == first ? NULL : at;
}

/* Tells numbers apart whose exponent cannot be held. Never 0. */
static uint64_t identity(uint64_t mantissa, int64_t exponent) {
    return (mantissa ^ (uint64_t)exponent * UINT64_C(0x9E3779B97F4A7C15)) | 1;
}

/* Digits before `places`, places behind the point, exponent: leading zeros of a fraction are places too, so
 * the last pending zero stands at 10^(exponent - places). */
static struct decimal assemble(const struct digits *digits, int64_t places, int64_t exponent) {
    if (digits->count == 0) return (struct decimal){.state = DECIMAL_VALUE};
    int64_t e = exponent - places + digits->pending;
    bool too_many = digits->count > DIGITS_MAX;
    if (!too_many && e <= INT16_MAX && e >= INT16_MIN)
        return (struct decimal){.mantissa = digits->mantissa, .exponent = (int16_t)e, .state = DECIMAL_VALUE};
    return (struct decimal){.mantissa = too_many ? 0 : identity(digits->mantissa, e),
        .state = digits->count + e > DIGITS_MAX ? DECIMAL_TOO_LARGE : DECIMAL_TOO_FINE};
}

struct decimal decimal_of_fixed(uint64_t mantissa, int16_t places) {
    int16_t exponent = (int16_t)-places;
    for (; mantissa && mantissa % 10 == 0; exponent++) mantissa /= 10;
    return (struct decimal){.mantissa = mantissa, .exponent = mantissa ? exponent : 0, .state = DECIMAL_VALUE};
}

/* What almost every number looks like: at most 18 digits and perhaps a point. False, with nothing said, if it does not.
 */
static bool parse_plain(struct text text, struct decimal *decimal) {
    uint64_t mantissa = 0;
    uint32_t point = text.size;
    if (text.size > 19) return false;
    for (uint32_t i = 0; i < text.size; i++) {
        unsigned digit = (unsigned)(text.data[i] - '0');
        if (digit < 10)
            mantissa = mantissa * 10 + digit;
        else if (text.data[i] == '.' && point == text.size)
            point = i;
        else
            return false;
    }
    bool extra_zero = text.data[0] == '0' && point > 1;
    bool bare_point = point == 0 || point + 1 == text.size;
    if (extra_zero || bare_point || (text.size == 19 && point == text.size)) return false;
    *decimal = decimal_of_fixed(mantissa, point == text.size ? 0 : (int16_t)(text.size - 1 - point));
    return true;
}

struct decimal decimal_parse(struct text text) {
    struct decimal plain;
    const struct decimal bad = {.state = DECIMAL_BAD};
    struct digits digits = {0};
    int64_t places = 0, exponent = 0;
    if (text.size == 0) return bad;
    if (parse_plain(text, &plain)) return plain;
    const char *at = text.data, *end = text.data + text.size;
    at = read_integer(at, end, &digits);
    if (at) at = read_fraction(at, end, &digits, &places);
    if (at) at = read_exponent(at, end, &exponent);
    return at == end ? assemble(&digits, places, exponent) : bad;
}

struct decimal decimal_of_integer(uint64_t value) {
    struct decimal decimal = {.mantissa = value, .state = DECIMAL_VALUE};
    for (; decimal.mantissa && decimal.mantissa % 10 == 0; decimal.exponent++) decimal.mantissa /= 10;
    return decimal.mantissa < UINT64_C(10000000000000000000) ? decimal : (struct decimal){.state = DECIMAL_TOO_LARGE};
}

static const uint64_t powers_of_ten[DECIMAL_PLACES_MAX + 1] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000,
    100000000, 1000000000, 10000000000, 100000000000, 1000000000000};

/* 10^exponent modulo m, m below 2^32. */
static uint64_t power_of_ten_modulo(uint32_t exponent, uint64_t m) {
    uint64_t result = 1 % m, base = 10 % m;
    for (; exponent; exponent >>= 1) {
        if (exponent & 1) result = result * base % m;
        base = base * base % m;
    }
    return result;
}

/* mantissa * 10^power / unit, where power is not negative. */
static enum decimal_fit scale_up(uint64_t mantissa, uint32_t power, uint32_t unit, int64_t *units) {
    enum { POWER_MAX = 7 }; /* 2^40 times so much stays below 2^64 */
    if (unit == 1 && mantissa <= UNITS_MAX && power <= POWER_MAX) {
        uint64_t value = mantissa * powers_of_ten[power];
        if (value > UNITS_MAX) return DECIMAL_OUT_OF_RANGE;
        *units = (int64_t)value;
        return DECIMAL_FITS;
    }
    if (unit > 1 && mantissa % unit * power_of_ten_modulo(power, unit) % unit != 0) return DECIMAL_OFF_UNIT;
    const wide most = (wide)UNITS_MAX * unit;
    wide value = mantissa;
    for (; power && value <= most; power--) value *= 10;
    if (value > most) return DECIMAL_OUT_OF_RANGE;
    *units = (int64_t)(value / unit);
    return DECIMAL_FITS;
}

static enum decimal_fit value_to_units(struct decimal value, struct decimal_unit unit, int64_t *units) {
    *units = 0;
    if (value.mantissa == 0) return DECIMAL_FITS;
    int32_t power = value.exponent + unit.places;
    for (; power < 0 && value.mantissa % 10 == 0; power++) value.mantissa /= 10;
    if (power < 0) return DECIMAL_OFF_UNIT;
    return scale_up(value.mantissa, (uint32_t)power, unit.mantissa, units);
}

enum decimal_fit decimal_to_units(struct decimal value, struct decimal_unit unit, int64_t *units) {
    switch (value.state) {
    case DECIMAL_VALUE: return value_to_units(value, unit, units);
    case DECIMAL_UNITS:
        if (value.mantissa > UNITS_MAX) return DECIMAL_OUT_OF_RANGE;
        *units = (int64_t)value.mantissa;
        return DECIMAL_FITS;
    case DECIMAL_TOO_FINE: return DECIMAL_OFF_UNIT;
    default: return DECIMAL_OUT_OF_RANGE;
    }
}

/* Exactly `count` digits of value, zeros in front, that end before `end`. */
static void fixed_digits_before(char *end, uint64_t value, unsigned count) {
    for (; count >= 2; count -= 2, value /= 100) {
        end -= 2;
        memcpy(end, digit_pairs + value % 100 * 2, 2);
    }
    if (count) *--end = (char)('0' + value % 10);
}

/* The part in front of the point; returns where the next piece goes. */
static char *put_whole(char *out, wide whole) {
    const uint64_t chunk = UINT64_C(1000000000000000000);
    if (whole > UINT64_MAX) {
        out = put_whole(out, whole / chunk); /* once: 2^95 has 29 digits */
        fixed_digits_before(out + 18, (uint64_t)(whole % chunk), 18);
        return out + 18;
    }
    unsigned count = digit_count((uint64_t)whole);
    digits_before(out + count, (uint64_t)whole);
    return out + count;
}

/* What almost every instrument has: no places, or two; the compiler divides by a constant. */
static inline char *put_common(char *out, uint64_t value, uint8_t places) {
    char *at = digits_put(out, places ? value / 100 : value);
    if (!places) return at;
    *at = '.';
    memcpy(at + 1, digit_pairs + value % 100 * 2, 2);
    return at + 3;
}

__attribute__((noinline)) static size_t format_any(int64_t units, struct decimal_unit unit, char *out) {
    uint64_t scale = powers_of_ten[unit.places], small;
    bool is_small = !__builtin_mul_overflow((uint64_t)units, (uint64_t)unit.mantissa, &small);
    wide large = is_small ? 0 : (wide)(uint64_t)units * unit.mantissa;
    char *at = is_small ? put_whole(out, small / scale) : put_whole(out, large / scale);
    if (unit.places == 0) return (size_t)(at - out);
    *at++ = '.';
    fixed_digits_before(at + unit.places, is_small ? small % scale : (uint64_t)(large % scale), unit.places);
    return (size_t)(at + unit.places - out);
}

size_t decimal_format(int64_t units, struct decimal_unit unit, char *out) {
    uint64_t small;
    bool is_small = !__builtin_mul_overflow((uint64_t)units, (uint64_t)unit.mantissa, &small);
    if (is_small && (unit.places == 0 || unit.places == 2)) return (size_t)(put_common(out, small, unit.places) - out);
    return format_any(units, unit, out);
}

uint8_t decimal_places(struct text text) {
    uint32_t behind = 0;
    while (behind < text.size && text.data[text.size - 1 - behind] != '.') behind++;
    return behind == text.size || behind > UINT8_MAX ? 0 : (uint8_t)behind;
}

bool decimal_read(struct text text, struct decimal_unit unit, int64_t *units) {
    enum { DIGITS_READ_MAX = 38 };
    wide value = 0;
    if (text.size > DIGITS_READ_MAX || text.size < (unit.places ? unit.places + 2u : 1u) ||
        decimal_places(text) != unit.places)
        return false;
    uint32_t point = unit.places ? text.size - 1 - unit.places : text.size;
    for (uint32_t i = 0; i < text.size; i++) {
        if (i == point) continue;
        if (!is_digit(text.data[i])) return false;
        value = value * 10 + (unsigned)(text.data[i] - '0');
    }
    bool leading_zero = text.data[0] == '0' && point > 1;
    *units = (int64_t)(value / unit.mantissa);
    return !leading_zero && value % unit.mantissa == 0 && value / unit.mantissa <= INT64_MAX;
}
