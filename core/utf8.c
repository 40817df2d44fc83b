#include "core/utf8.h"

/* The bytes of the character at `at`, which is not ASCII; 0 if it is ill-formed. */
static uint32_t character_bytes(const unsigned char *at, uint32_t left) {
    unsigned char c = at[0];
    uint32_t bytes = c >= 0xc2 && c <= 0xdf ? 2 : (c & 0xf0) == 0xe0 ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
    if (bytes == 0 || bytes > left) return 0;
    for (uint32_t i = 1; i < bytes; i++)
        if ((at[i] & 0xc0) != 0x80) return 0;
    bool too_long = (c == 0xe0 && at[1] < 0xa0) || (c == 0xf0 && at[1] < 0x90);
    bool surrogate = c == 0xed && at[1] > 0x9f;
    bool too_large = c == 0xf4 && at[1] > 0x8f;
    return too_long || surrogate || too_large ? 0 : bytes;
}

/* How many bytes at the beginning are ASCII, found eight at a time and then one by one. */
static uint32_t ascii_bytes(const unsigned char *bytes, uint32_t size) {
    uint32_t i = 0;
    for (uint64_t eight; size - i >= 8; i += 8) {
        memcpy(&eight, bytes + i, 8);
        if (eight & UINT64_C(0x8080808080808080)) break;
    }
    while (i < size && bytes[i] < 0x80) i++;
    return i;
}

bool utf8_is_valid(struct text text) {
    const unsigned char *bytes = (const unsigned char *)text.data;
    for (uint32_t i = 0; i < text.size;) {
        i += ascii_bytes(bytes + i, text.size - i);
        if (i == text.size) break;
        uint32_t step = character_bytes(bytes + i, text.size - i);
        if (step == 0) return false;
        i += step;
    }
    return true;
}
