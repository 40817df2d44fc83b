#include "io/json/json_writer.h"

#include "core/digits.h"

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

char *json_put_text(char *at, struct text text) {
    uint64_t eight;
    *at++ = '"';
    if (text.size < 8) return put_rest(at, text, 0);
    for (uint32_t i = 0; i < text.size; i += 8) {
        uint32_t from = i + 8 <= text.size ? i : text.size - 8; /* the last eight may overlap those before */
        memcpy(&eight, text.data + from, 8);
        if (escapes_among(eight)) return put_rest(at + i, text, i);
        memcpy(at + from, &eight, 8);
    }
    at[text.size] = '"';
    return at + text.size + 1;
}

char *json_put_unsigned(char *at, uint64_t number) {
    unsigned count = digit_count(number);
    digits_before(at + count, number);
    return at + count;
}

char *json_put_hash(char *at, uint64_t hash) {
    *at++ = '"';
    for (int shift = 60; shift >= 0; shift -= 4) *at++ = hex_digits[hash >> shift & 15];
    *at++ = '"';
    return at;
}
