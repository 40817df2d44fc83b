#include "io/json/json_writer.h"

#include "core/digits.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static const char hex_digits[16] = "0123456789abcdef";

static bool must_escape(unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; }

#define EVERY_BYTE(c) (UINT64_C(0x0101010101010101) * (c))

/* Not 0 if one of eight bytes is below 0x20 or equal to `"` or `\`. Borrows may mark bytes above a true one,
 * never alone. */
static uint64_t escapes_among(uint64_t bytes) {
    uint64_t quote = bytes ^ EVERY_BYTE('"'), backslash = bytes ^ EVERY_BYTE('\\');
    uint64_t below = (bytes - EVERY_BYTE(0x20)) & ~bytes;
    uint64_t equal = ((quote - EVERY_BYTE(1)) & ~quote) | ((backslash - EVERY_BYTE(1)) & ~backslash);
    return (below | equal) & EVERY_BYTE(0x80);
}

static char *put_escaped(char *at, unsigned char c) {
    *at++ = '\\';
    if (c >= 0x20) {
        *at++ = (char)c;
        return at;
    }
    at = JSON_PUT(at, "u00");
    *at++ = hex_digits[c >> 4];
    *at++ = hex_digits[c & 15];
    return at;
}

/* From the i-th byte on, byte by byte. */
static char *put_rest(char *at, struct text text, uint32_t i) {
    for (; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (must_escape(c))
            at = put_escaped(at, c);
        else
            *at++ = (char)c;
    }
    *at++ = '"';
    return at;
}

/* Four to seven bytes: two fours that may overlap. */
static char *put_short(char *at, struct text text) {
    uint32_t low, high;
    memcpy(&low, text.data, 4);
    memcpy(&high, text.data + text.size - 4, 4);
    if (escapes_among(low | (uint64_t)high << 32)) return put_rest(at, text, 0);
    memcpy(at, &low, 4);
    memcpy(at + text.size - 4, &high, 4);
    at[text.size] = '"';
    return at + text.size + 1;
}

#ifdef __SSE2__

/* Not 0 if one of sixteen bytes must be escaped. */
static int escapes_among_sixteen(__m128i bytes) {
    const __m128i last_control = _mm_set1_epi8(0x1f);
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    __m128i equal = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    return _mm_movemask_epi8(_mm_or_si128(control, equal));
}

static char *put_long(char *at, struct text text) {
    for (uint32_t i = 0; i < text.size; i += 16) {
        uint32_t from = i + 16 <= text.size ? i : text.size - 16; /* the last sixteen may overlap those before */
        __m128i sixteen = _mm_loadu_si128((const __m128i *)(const void *)(text.data + from));
        if (escapes_among_sixteen(sixteen)) return put_rest(at + i, text, i);
        _mm_storeu_si128((__m128i *)(void *)(at + from), sixteen);
    }
    at[text.size] = '"';
    return at + text.size + 1;
}

/* Eight to sixteen bytes: two eights that may overlap. */
static char *put_middle(char *at, struct text text) {
    int64_t low, high;
    memcpy(&low, text.data, 8);
    memcpy(&high, text.data + text.size - 8, 8);
    if (escapes_among_sixteen(_mm_set_epi64x(high, low))) return put_rest(at, text, 0);
    memcpy(at, &low, 8);
    memcpy(at + text.size - 8, &high, 8);
    at[text.size] = '"';
    return at + text.size + 1;
}

#else

static char *put_long(char *at, struct text text) { return put_rest(at, text, 0); }

static char *put_middle(char *at, struct text text) { return put_rest(at, text, 0); }

#endif

char *json_put_text(char *at, struct text text) {
    *at++ = '"';
    if (text.size > 16) return put_long(at, text);
    if (text.size >= 8) return put_middle(at, text);
    return text.size < 4 ? put_rest(at, text, 0) : put_short(at, text);
}

char *json_put_digits(char *at, uint64_t number) { return digits_put(at, number); }

/* Eight hex digits of a 32-bit number, the first one in the lowest byte. */
static uint64_t eight_hex_digits(uint32_t number) {
    uint64_t spread = __builtin_bswap32(number);
    spread = (spread | spread << 16) & UINT64_C(0x0000ffff0000ffff);
    spread = (spread | spread << 8) & UINT64_C(0x00ff00ff00ff00ff);
    spread = (spread >> 4 & UINT64_C(0x000f000f000f000f)) | (spread & UINT64_C(0x000f000f000f000f)) << 8;
    uint64_t above_nine = (spread + EVERY_BYTE(6)) >> 4 & EVERY_BYTE(1);
    return spread + EVERY_BYTE('0') + above_nine * ('a' - '9' - 1);
}

char *json_put_hash(char *at, uint64_t hash) {
    uint64_t high = eight_hex_digits((uint32_t)(hash >> 32)), low = eight_hex_digits((uint32_t)hash);
    *at++ = '"';
    memcpy(at, &high, 8);
    memcpy(at + 8, &low, 8);
    at[16] = '"';
    return at + 17;
}
