#include "io/json/json_flat.h"

#include "core/command_fields.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The last byte is the `}` that ends the object, so that whoever stops at it needs no look at the end. */
struct flat {
    const char *at, *last;
};

static inline void skip_space(struct flat *flat) {
    if ((unsigned char)*flat->at > ' ') return;
    while (*flat->at == ' ' || *flat->at == '\n' || *flat->at == '\t' || *flat->at == '\r') flat->at++;
}

static bool take_byte(struct flat *flat, char byte) {
    if (*flat->at != byte) return false;
    flat->at++;
    return true;
}

static bool is_plain(char c) { return (signed char)c >= 0x20 && c != '"' && c != '\\'; }

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

/* The opening quote is taken already. */
static bool take_text(struct flat *flat, struct text *text) {
    const char *end = end_of_plain(flat->at, flat->last);
    if (*end != '"') return false;
    *text = (struct text){flat->at, (uint32_t)(end - flat->at)};
    flat->at = end + 1;
    return true;
}

enum { DIGITS_AS_INTEGER_MAX = 18 };

/* As much as there is of plain digits; *value wraps around beyond DIGITS_AS_INTEGER_MAX of them. */
static inline bool take_digits(struct flat *flat, uint64_t *value) {
    const char *first = flat->at;
    for (unsigned digit; (digit = (unsigned)(*flat->at - '0')) <= 9; flat->at++) *value = *value * 10 + digit;
    return flat->at > first;
}

static bool take_number(struct flat *flat, struct command *command, enum field field) {
    const char *first = flat->at;
    uint64_t value = 0;
    if (!take_digits(flat, &value) || (*first == '0' && flat->at > first + 1)) return false;
    bool is_integer = *flat->at != '.' && flat->at - first <= DIGITS_AS_INTEGER_MAX;
    if (take_byte(flat, '.') && !take_digits(flat, &value)) return false;
    if (*flat->at == 'e' || *flat->at == 'E') return false;
    if (field == FIELD_NONE) return true;
    if (is_integer)
        command_take_integer(command, field, value);
    else
        command_take_number(command, field, (struct text){first, (uint32_t)(flat->at - first)});
    return true;
}

static bool take_word(struct flat *flat, const char *word, size_t size) {
    if ((size_t)(flat->last - flat->at) < size || memcmp(flat->at, word, size) != 0) return false;
    flat->at += size;
    return true;
}

static bool take_boolean(struct flat *flat, struct command *command, enum field field, bool value) {
    if (!(value ? take_word(flat, "true", 4) : take_word(flat, "false", 5))) return false;
    if (field != FIELD_NONE) command_take_boolean(command, field, value);
    return true;
}

static bool take_value(struct flat *flat, struct command *command, enum field field) {
    struct text text;
    switch (*flat->at) {
    case '"':
        flat->at++;
        if (!take_text(flat, &text)) return false;
        if (field != FIELD_NONE) command_take_text(command, field, text);
        return true;
    case 't': return take_boolean(flat, command, field, true);
    case 'f': return take_boolean(flat, command, field, false);
    case 'n': return take_word(flat, "null", 4);
    default: return take_number(flat, command, field);
    }
}

static bool take_member(struct flat *flat, struct command *command, uint64_t *seen) {
    struct text key;
    if (!take_byte(flat, '"') || !take_text(flat, &key)) return false;
    enum field field = field_find(key);
    uint64_t bit = field == FIELD_NONE ? 0 : UINT64_C(1) << field;
    if (*seen & bit) return false;
    *seen |= bit;
    skip_space(flat);
    if (!take_byte(flat, ':')) return false;
    skip_space(flat);
    return take_value(flat, command, field);
}

static bool take_members(struct flat *flat, struct command *command) {
    uint64_t seen = 0;
    do {
        skip_space(flat);
        if (!take_member(flat, command, &seen)) return false;
        skip_space(flat);
    } while (take_byte(flat, ','));
    return flat->at == flat->last;
}

bool json_flat_take(const char *bytes, size_t size, struct command *command) {
    if (size < 2 || bytes[0] != '{' || bytes[size - 1] != '}') return false;
    struct flat flat = {bytes + 1, bytes + size - 1};
    return take_members(&flat, command);
}
