#include "core/instrument_terms.h"

typedef unsigned __int128 wide;

enum { BASIS_POINTS_MAX = 9999, SIGNIFICANT_DIGITS_MAX = 19 };

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* The number behind the `e` of well-formed text, clamped. */
static int32_t read_exponent(struct text text, uint32_t i) {
    int32_t value = 0;
    bool negative = i < text.size && text.data[i] == '-';
    for (; i < text.size; i++)
        if (is_digit(text.data[i]) && value < 1000) value = value * 10 + (text.data[i] - '0');
    return negative ? -value : value;
}

/* The places are those written, so that 0.50 has two; an exponent moves them. */
static bool read_unit(struct text text, struct decimal_unit *unit) {
    struct decimal value = decimal_parse(text);
    uint64_t mantissa = 0;
    int32_t places = 0;
    bool behind_point = false;
    if (value.state != DECIMAL_VALUE || value.mantissa == 0) return false;
    for (uint32_t i = 0; i < text.size; i++) {
        if (text.data[i] == 'e' || text.data[i] == 'E') {
            places -= read_exponent(text, i + 1);
            break;
        }
        if (!is_digit(text.data[i])) {
            behind_point = true;
            continue;
        }
        mantissa = mantissa * 10 + (unsigned)(text.data[i] - '0');
        if (mantissa > UINT32_MAX) return false;
        places += behind_point;
    }
    for (; places < 0 && mantissa <= UINT32_MAX; places++) mantissa *= 10;
    *unit = (struct decimal_unit){.mantissa = (uint32_t)mantissa, .places = (uint8_t)places};
    return mantissa <= UINT32_MAX && places <= DECIMAL_PLACES_MAX;
}

/* Leaves *units as it is if the text is absent. */
static bool read_units(struct text text, struct decimal_unit unit, int64_t most, int64_t *units) {
    if (text_is_absent(text)) return true;
    struct decimal value = decimal_parse(text);
    return value.state != DECIMAL_BAD && decimal_to_units(value, unit, units) == DECIMAL_FITS && *units >= 1 &&
           *units <= most;
}

/* How often `unit` * 10^-places goes into the value, rounded up; false if more than 2^63 - 1 times. */
static bool divide_up(struct decimal value, wide unit, int32_t places, uint64_t *times) {
    wide most = unit * INT64_MAX, number = value.mantissa;
    int32_t power = value.exponent + places;
    for (; power > 0; power--) {
        if (number > most / 10) return false;
        number *= 10;
    }
    for (; power < 0 && unit <= number; power++) {
        if (number % 10 == 0)
            number /= 10;
        else
            unit *= 10;
    }
    *times = (uint64_t)(number / unit + (number % unit != 0));
    return number <= most;
}

/* Least ticks times lots. */
static bool read_notional(struct text text, struct instrument *instrument) {
    if (text_is_absent(text)) return true;
    struct decimal value = decimal_parse(text);
    if (value.state != DECIMAL_VALUE) return false;
    if (value.mantissa == 0) return true;
    return divide_up(value, (wide)instrument->tick.mantissa * instrument->lot.mantissa,
        instrument->tick.places + instrument->lot.places, &instrument->notional_units_min);
}

bool price_distance_is_valid(struct price_distance distance) {
    if (distance.basis_points == 0) return distance.ticks >= 1 && distance.ticks <= PRICE_TICKS_MAX;
    return distance.ticks == 0 && distance.basis_points >= 1 && distance.basis_points <= BASIS_POINTS_MAX;
}

static bool read_distance(struct price_distance distance, struct price_distance *to) {
    bool is_there = distance.ticks != 0 || distance.basis_points != 0;
    *to = distance;
    return !is_there || price_distance_is_valid(distance);
}

const char *instrument_read(const struct instrument_terms *terms, struct instrument *instrument) {
    *instrument = instrument_default();
    if (!text_is_absent(terms->tick) && !read_unit(terms->tick, &instrument->tick)) return "tick";
    if (!text_is_absent(terms->lot) && !read_unit(terms->lot, &instrument->lot)) return "lot";
    struct decimal_unit tick = instrument->tick, lot = instrument->lot;
    if (!read_units(terms->quantity_min, lot, QUANTITY_LOTS_MAX, &instrument->quantity_lots_min)) return "minQuantity";
    if (!read_units(terms->quantity_max, lot, QUANTITY_LOTS_MAX, &instrument->quantity_lots_max) ||
        instrument->quantity_lots_max < instrument->quantity_lots_min)
        return "maxQuantity";
    if (!read_notional(terms->notional_min, instrument)) return "minNotional";
    if (!read_units(terms->clip_min, lot, QUANTITY_LOTS_MAX, &instrument->clip_lots_min)) return "minClip";
    if (!read_distance(terms->band, &instrument->band)) return "band";
    if (!read_distance(terms->collar, &instrument->collar)) return "collar";
    if (!read_units(terms->reference_price, tick, PRICE_TICKS_MAX, &instrument->reference_price_ticks))
        return "referencePrice";
    return NULL;
}

size_t instrument_notional_format(const struct instrument *instrument, char *out) {
    char digits[NOTIONAL_BYTES_MAX]; /* the last first */
    wide value = (wide)instrument->notional_units_min * instrument->tick.mantissa * instrument->lot.mantissa;
    uint32_t places = (uint32_t)instrument->tick.places + instrument->lot.places, count = 0, significant = 0;
    for (; places > 0 && value % 10 == 0; places--) value /= 10;
    for (; value || count <= places; value /= 10) digits[count++] = (char)('0' + (unsigned)(value % 10));
    for (uint32_t i = 0; i < count; i++)
        if (digits[i] != '0') significant = i + 1;
    for (uint32_t i = 0; places == 0 && i < count && digits[i] == '0'; i++) significant--;
    if (significant > SIGNIFICANT_DIGITS_MAX) return 0;
    char *at = out;
    while (count > 0) {
        *at++ = digits[--count];
        if (count == places && places > 0) *at++ = '.';
    }
    return (size_t)(at - out);
}
