#include "io/json/json_flat.h"

#include "core/command_fields.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Each step takes what begins at `at` and returns where the next one begins, or NULL if this is not for us. `last` is
 * the last byte, the `}` that ends the object: whoever stops at it needs no look at the end. */

__attribute__((noinline)) static const char *skip_spaces(const char *at) {
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') at++;
    return at;
}

static inline const char *skip_space(const char *at) { return (unsigned char)*at > ' ' ? at : skip_spaces(at); }

#ifdef __SSE2__

enum { BLOCK_BYTES = 16 };

/* A bit for each of sixteen bytes that is `"`, `\`, below 0x20 or above 0x7f. */
static inline unsigned odd_among(const char *at) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i odd = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)); /* as signed bytes those above 0x7f are below, too */
    odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
    odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    return (unsigned)_mm_movemask_epi8(odd);
}

/* The first byte that is `"`, `\`, below 0x20 or above 0x7f, or `last`. At the end the last block is looked at again.
 */
static inline const char *end_of_plain(const char *at, const char *last) {
    unsigned odd;
    for (; last - at >= BLOCK_BYTES; at += BLOCK_BYTES)
        if ((odd = odd_among(at))) return at + __builtin_ctz(odd);
    odd = odd_among(last + 1 - BLOCK_BYTES) >> (at - (last + 1 - BLOCK_BYTES));
    return odd ? at + __builtin_ctz(odd) : last;
}

static inline bool begins_with(const char *at, const char *last, const struct json_flat_key *key) {
    if (last - at < BLOCK_BYTES) return false;
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i wanted = _mm_loadu_si128((const __m128i *)(const void *)key->bytes);
    unsigned same = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted));
    return (same & key->mask) == key->mask && key->mask;
}

#else

enum { BLOCK_BYTES = 2 };

static inline const char *end_of_plain(const char *at, const char *last) {
    while (at < last && (signed char)*at >= 0x20 && *at != '"' && *at != '\\') at++;
    return at;
}

static inline bool begins_with(const char *at, const char *last, const struct json_flat_key *key) {
    return key->size && last - at > key->size && memcmp(at, key->bytes, key->size) == 0;
}

#endif

enum { DIGITS_AS_INTEGER_MAX = 18 };

#define EVERY_BYTE(c) (UINT64_C(0x0101010101010101) * (c))

/* How many of eight bytes, from the lowest on, are digits. A carry of the sum begins only at a byte that is none. */
static inline unsigned count_digits(uint64_t bytes) {
    const uint64_t high_halves = EVERY_BYTE(0xf0), digit = EVERY_BYTE('0');
    uint64_t others = ((bytes & high_halves) ^ digit) | (((bytes + EVERY_BYTE(6)) & high_halves) ^ digit);
    return others ? (unsigned)__builtin_ctzll(others) >> 3 : 8;
}

/* Of the lowest `count` of eight bytes (1 to 8), digits, the first one in the lowest byte: pairs, then fours, then all.
 */
static inline uint64_t value_of_digits(uint64_t bytes, unsigned count) {
    uint64_t digits = (bytes - EVERY_BYTE('0')) << (64 - 8 * count);
    uint64_t pairs = (digits * 10 + (digits >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
    uint64_t fours = (pairs * 100 + (pairs >> 16)) & UINT64_C(0x0000ffff0000ffff);
    return (fours * 10000 + (fours >> 32)) & UINT64_C(0xffffffff);
}

/* As much as there is of plain digits; *value wraps around beyond DIGITS_AS_INTEGER_MAX of them. */
static inline const char *take_digits(const char *at, const char *last, uint64_t *value) {
    static const uint32_t powers[9] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    uint64_t sum = *value, eight;
    unsigned count = 8;
    for (; count == 8 && last - at >= 8; at += count) {
        memcpy(&eight, at, 8);
        count = count_digits(eight);
        if (count) sum = sum * powers[count] + value_of_digits(eight, count);
    }
    if (count == 8)
        for (unsigned digit; (digit = (unsigned)(*at - '0')) <= 9; at++) sum = sum * 10 + digit;
    *value = sum;
    return at;
}

/* `value` is what stands before the point. */
static const char *take_fraction(
    const char *first, const char *point, const char *last, uint64_t value, struct command *command, enum field field) {
    const char *at = take_digits(point + 1, last, &value);
    if (at == point + 1 || *at == 'e' || *at == 'E') return NULL;
    if (field == FIELD_NONE) return at;
    if (at - first <= DIGITS_AS_INTEGER_MAX)
        command_take_fixed(command, field, value, (int16_t)(at - point - 1));
    else
        command_take_number(command, field, (struct text){first, (uint32_t)(at - first)});
    return at;
}

static const char *take_number(const char *first, const char *last, struct command *command, enum field field) {
    uint64_t value = 0;
    const char *at = take_digits(first, last, &value);
    if (at == first || (*first == '0' && at > first + 1)) return NULL;
    if (*at == '.') return take_fraction(first, at, last, value, command, field);
    if (*at == 'e' || *at == 'E' || at - first > DIGITS_AS_INTEGER_MAX) return NULL;
    if (field != FIELD_NONE) command_take_integer(command, field, value);
    return at;
}

static const char *take_word(const char *at, const char *last, const char *word, size_t size) {
    return (size_t)(last - at) >= size && memcmp(at, word, size) == 0 ? at + size : NULL;
}

static const char *take_boolean(
    const char *at, const char *last, struct command *command, enum field field, bool value) {
    at = value ? take_word(at, last, "true", 4) : take_word(at, last, "false", 5);
    if (at && field != FIELD_NONE) command_take_boolean(command, field, value);
    return at;
}

static inline const char *take_value(const char *at, const char *last, struct command *command, enum field field) {
    if (*at == '"') {
        const char *end = end_of_plain(++at, last);
        if (*end != '"') return NULL;
        if (field != FIELD_NONE) command_take_plain_text(command, field, (struct text){at, (uint32_t)(end - at)});
        return end + 1;
    }
    switch (*at) {
    case 't': return take_boolean(at, last, command, field, true);
    case 'f': return take_boolean(at, last, command, field, false);
    case 'n': return take_word(at, last, "null", 4);
    default: return take_number(at, last, command, field);
    }
}

/* A key with its colon. */
static const char *take_key(const char *at, const char *last, enum field *field) {
    if (*at++ != '"') return NULL;
    const char *end = end_of_plain(at, last);
    if (*end != '"') return NULL;
    *field = field_find((struct text){at, (uint32_t)(end - at)});
    at = skip_space(end + 1);
    return *at == ':' ? at + 1 : NULL;
}

/* As take_key, of what follows a key of *field. */
static inline const char *take_next_key(struct json_flat *flat, const char *at, const char *last, enum field *field) {
    uint8_t *guess = &flat->next[*field];
    if (__builtin_expect(begins_with(at, last, &flat->keys[*guess]), 1)) {
        *field = *guess;
        return at + flat->keys[*guess].size;
    }
    at = take_key(at, last, field);
    *guess = (uint8_t)*field;
    return at;
}

void json_flat_init(struct json_flat *flat) {
    *flat = (struct json_flat){0};
    for (enum field field = FIELD_NONE + 1; field < FIELD_COUNT; field++) {
        struct text name = field_name(field);
        struct json_flat_key *key = &flat->keys[field];
        if (name.size + 3 > sizeof key->bytes) continue;
        key->bytes[0] = '"';
        memcpy(key->bytes + 1, name.data, name.size);
        memcpy(key->bytes + 1 + name.size, "\":", 2);
        key->size = (uint8_t)(name.size + 3);
        key->mask = (UINT32_C(1) << key->size) - 1;
    }
}

bool json_flat_take(struct json_flat *flat, const char *bytes, size_t size, struct command *command) {
    if (size < BLOCK_BYTES || bytes[0] != '{' || bytes[size - 1] != '}') return false;
    const char *at = bytes, *last = bytes + size - 1;
    enum field field = FIELD_NONE;
    const uint64_t known = ~(UINT64_C(1) << FIELD_NONE);
    uint64_t seen = 0;
    do {
        at = take_next_key(flat, skip_space(at + 1), last, &field);
        if (!at || (seen >> field & 1)) return false;
        seen |= UINT64_C(1) << field & known;
        at = take_value(skip_space(at), last, command, field);
        if (!at) return false;
        at = skip_space(at);
    } while (*at == ',');
    return at == last;
}
