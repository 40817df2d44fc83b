#include "io/json/json_writer.h"

static const char hex_digits[16] = "0123456789abcdef";

static const char pairs[200] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
                               "4950515253545556575859606162636465666768697071727374757677787980818283848586878889909192939495969798"
                               "99";

static bool must_escape(unsigned char c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

#define EVERY_BYTE(c) (UINT64_C(0x0101010101010101) * (c))

/* Not 0 if one of eight bytes is below 0x20 or equal to `"` or `\`. Borrows may mark bytes above a true one,
 * never alone. */
static uint64_t escapes_among(uint64_t bytes)
{
    uint64_t quote = bytes ^ EVERY_BYTE('"'), backslash = bytes ^ EVERY_BYTE('\\');
    uint64_t below = (bytes - EVERY_BYTE(0x20)) & ~bytes;
    uint64_t equal = ((quote - EVERY_BYTE(1)) & ~quote) | ((backslash - EVERY_BYTE(1)) & ~backslash);
    return (below | equal) & EVERY_BYTE(0x80);
}

static char *put_escaped(char *at, unsigned char c)
{
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

char *json_put_text(char *at, struct text text)
{
    uint32_t i = 0;
    *at++ = '"';
    for (uint64_t eight; text.size - i >= 8; i += 8, at += 8) {
        memcpy(&eight, text.data + i, 8);
        if (escapes_among(eight))
            break;
        memcpy(at, &eight, 8);
    }
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

char *json_put_unsigned(char *at, uint64_t number)
{
    char digits[20];
    char *first = digits + sizeof digits;
    for (; number >= 100; number /= 100) {
        first -= 2;
        memcpy(first, pairs + number % 100 * 2, 2);
    }
    if (number >= 10) {
        first -= 2;
        memcpy(first, pairs + number * 2, 2);
    } else {
        *--first = (char)('0' + number);
    }
    return json_put_bytes(at, first, (size_t)(digits + sizeof digits - first));
}

char *json_put_hash(char *at, uint64_t hash)
{
    *at++ = '"';
    for (int shift = 60; shift >= 0; shift -= 4)
        *at++ = hex_digits[hash >> shift & 15];
    *at++ = '"';
    return at;
}
