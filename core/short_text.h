/* Copying and comparing ids of a few bytes without a call: what an order book does most. Never touches a byte outside.
 */
#ifndef SHARDBOOK_CORE_SHORT_TEXT_H
#define SHARDBOOK_CORE_SHORT_TEXT_H

#include "core/text.h"

static inline uint64_t load_8(const char *at) {
    uint64_t v;
    memcpy(&v, at, 8);
    return v;
}

static inline uint32_t load_4(const char *at) {
    uint32_t v;
    memcpy(&v, at, 4);
    return v;
}

/* True if `size` bytes (any number) are the same. */
static inline bool short_equal(const char *a, const char *b, uint32_t size) {
    if (size >= 8) {
        uint64_t different = load_8(a + size - 8) ^ load_8(b + size - 8);
        for (uint32_t i = 0; i + 8 < size; i += 8) different |= load_8(a + i) ^ load_8(b + i);
        return different == 0;
    }
    if (size >= 4) return ((load_4(a) ^ load_4(b)) | (load_4(a + size - 4) ^ load_4(b + size - 4))) == 0;
    for (uint32_t i = 0; i < size; i++)
        if (a[i] != b[i]) return false;
    return true;
}

/* Copies `text` to `to`; returns the byte behind the copy. */
static inline char *short_put(char *to, struct text text) {
    uint32_t size = text.size;
    const char *from = text.data;
    if (size >= 8) {
        for (uint32_t i = 0; i + 8 < size; i += 8) memcpy(to + i, from + i, 8);
        memcpy(to + size - 8, from + size - 8, 8);
    } else if (size >= 4) {
        uint32_t first = load_4(from), last = load_4(from + size - 4);
        memcpy(to, &first, 4);
        memcpy(to + size - 4, &last, 4);
    } else {
        for (uint32_t i = 0; i < size; i++) to[i] = from[i];
    }
    return to + size;
}

#endif
