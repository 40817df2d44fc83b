/* Copying and comparing ids of a few bytes without a call: what an order book does most. Never touches a byte outside.
 */
#ifndef SHARDBOOK_CORE_SHORT_TEXT_H
#define SHARDBOOK_CORE_SHORT_TEXT_H

#include "core/text.h"

static inline uint64_t short_load_8(const char *at) {
    uint64_t v;
    memcpy(&v, at, 8);
    return v;
}

static inline uint32_t short_load_4(const char *at) {
    uint32_t v;
    memcpy(&v, at, 4);
    return v;
}

/* Sixteen bytes that need not be aligned. */
struct short_block {
    uint64_t words[2];
};

static inline struct short_block short_load_16(const char *at) {
    struct short_block block;
    memcpy(&block, at, sizeof block);
    return block;
}

static inline uint64_t short_difference_16(const char *a, const char *b) {
    struct short_block x = short_load_16(a), y = short_load_16(b);
    return (x.words[0] ^ y.words[0]) | (x.words[1] ^ y.words[1]);
}

/* True if `size` bytes (any number) are the same. From both ends, so that nothing loops; what is that long is rare. */
static inline bool short_equal(const char *a, const char *b, uint32_t size) {
    if (size >= 16) {
        if (size > 32) return memcmp(a, b, size) == 0;
        return (short_difference_16(a, b) | short_difference_16(a + size - 16, b + size - 16)) == 0;
    }
    if (size >= 8)
        return ((short_load_8(a) ^ short_load_8(b)) | (short_load_8(a + size - 8) ^ short_load_8(b + size - 8))) == 0;
    if (size >= 4)
        return ((short_load_4(a) ^ short_load_4(b)) | (short_load_4(a + size - 4) ^ short_load_4(b + size - 4))) == 0;
    return size == 0 || ((a[0] ^ b[0]) | (a[size >> 1] ^ b[size >> 1]) | (a[size - 1] ^ b[size - 1])) == 0;
}

/* Copies `text` to `to`; returns the byte behind the copy. */
static inline char *short_put(char *to, struct text text) {
    uint32_t size = text.size;
    const char *from = text.data;
    if (size >= 16) {
        if (size > 32) return (char *)memcpy(to, from, size) + size;
        struct short_block first = short_load_16(from), last = short_load_16(from + size - 16);
        memcpy(to, &first, sizeof first);
        memcpy(to + size - 16, &last, sizeof last);
    } else if (size >= 8) {
        uint64_t first = short_load_8(from), last = short_load_8(from + size - 8);
        memcpy(to, &first, 8);
        memcpy(to + size - 8, &last, 8);
    } else if (size >= 4) {
        uint32_t first = short_load_4(from), last = short_load_4(from + size - 4);
        memcpy(to, &first, 4);
        memcpy(to + size - 4, &last, 4);
    } else if (size) {
        char first = from[0], middle = from[size >> 1], last = from[size - 1];
        to[0] = first;
        to[size >> 1] = middle;
        to[size - 1] = last;
    }
    return to + size;
}

#endif
