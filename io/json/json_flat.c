#include "io/json/json_flat.h"

#include "core/command_fields.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Each step takes what begins at `at` and returns where the next one begins, or NULL if this is not for us. `last` is
 * the last byte, the `}` that ends the object: whoever stops at it needs no look at the end. */

static inline const char *skip_space(const char *at) {
    if ((unsigned char)*at > ' ') return at;
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') at++;
    return at;
}

static inline bool is_plain(char c) { return (signed char)c >= 0x20 && c != '"' && c != '\\'; }

/* The first byte that is `"`, `\`, below 0x20 or above 0x7f, or `last`. */
static inline const char *end_of_plain(const char *at, const char *last) {
#ifdef __SSE2__
    for (; last - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i odd = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)); /* as signed bytes those above 0x7f are below, too */
        odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
        odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
        unsigned marks = (unsigned)_mm_movemask_epi8(odd);
        if (marks) return at + __builtin_ctz(marks);
    }
#endif
    while (at < last && is_plain(*at)) at++;
    return at;
}

enum { DIGITS_AS_INTEGER_MAX = 18 };

/* As much as there is of plain digits; *value wraps around beyond DIGITS_AS_INTEGER_MAX of them. */
static inline const char *take_digits(const char *at, uint64_t *value) {
    uint64_t sum = *value;
    for (unsigned digit; (digit = (unsigned)(*at - '0')) <= 9; at++) sum = sum * 10 + digit;
    *value = sum;
    return at;
}

static const char *take_fraction(const char *first, const char *point, struct command *command, enum field field) {
    uint64_t ignored = 0;
    const char *at = take_digits(point + 1, &ignored);
    if (at == point + 1 || *at == 'e' || *at == 'E') return NULL;
    if (field != FIELD_NONE) command_take_number(command, field, (struct text){first, (uint32_t)(at - first)});
    return at;
}

static const char *take_number(const char *first, struct command *command, enum field field) {
    uint64_t value = 0;
    const char *at = take_digits(first, &value);
    if (at == first || (*first == '0' && at > first + 1)) return NULL;
    if (*at == '.') return take_fraction(first, at, command, field);
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
        if (field != FIELD_NONE) command_take_text(command, field, (struct text){at, (uint32_t)(end - at)});
        return end + 1;
    }
    switch (*at) {
    case 't': return take_boolean(at, last, command, field, true);
    case 'f': return take_boolean(at, last, command, field, false);
    case 'n': return take_word(at, last, "null", 4);
    default: return take_number(at, command, field);
    }
}

static inline const char *take_member(const char *at, const char *last, struct command *command, uint64_t *seen) {
    if (*at++ != '"') return NULL;
    const char *end = end_of_plain(at, last);
    if (*end != '"') return NULL;
    enum field field = field_find((struct text){at, (uint32_t)(end - at)});
    uint64_t bit = UINT64_C(1) << field;
    if (field != FIELD_NONE && (*seen & bit)) return NULL;
    *seen |= bit;
    at = skip_space(end + 1);
    return *at == ':' ? take_value(skip_space(at + 1), last, command, field) : NULL;
}

bool json_flat_take(const char *bytes, size_t size, struct command *command) {
    if (size < 2 || bytes[0] != '{' || bytes[size - 1] != '}') return false;
    const char *at = bytes, *last = bytes + size - 1;
    uint64_t seen = 0;
    do {
        at = take_member(skip_space(at + 1), last, command, &seen);
        if (!at) return false;
        at = skip_space(at);
    } while (*at == ',');
    return at == last;
}
