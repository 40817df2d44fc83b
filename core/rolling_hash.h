/* The rolling hash over a symbol's events: what two engines compare instead of their whole output. */
#ifndef SHARDBOOK_CORE_ROLLING_HASH_H
#define SHARDBOOK_CORE_ROLLING_HASH_H

#include "core/text.h"

#include <stdint.h>

#define ROLLING_HASH_MULTIPLIER UINT64_C(0x9E3779B97F4A7C15)

static inline uint64_t rolling_mix(uint64_t v) { return (v ^ v >> 29) * ROLLING_HASH_MULTIPLIER; }

/* The last 1 to 7 bytes of an id of `size` bytes, zero-padded, without a read outside of it. */
static inline uint64_t rolling_tail(const char *at, uint32_t left, uint32_t size) {
    uint64_t w;
    if (size >= 8) {
        memcpy(&w, at + left - 8, 8);
        return w >> (64 - 8 * left);
    }
    if (left >= 4) {
        uint32_t low, high;
        memcpy(&low, at, 4);
        memcpy(&high, at + left - 4, 4);
        return low | (uint64_t)high << (8 * left - 32);
    }
    const unsigned char *bytes = (const unsigned char *)at;
    w = bytes[0] | (uint64_t)bytes[left >> 1] << (left >> 1 << 3);
    return w | (uint64_t)bytes[left - 1] << ((left - 1) << 3);
}

/* The value that rolling_mix makes `h` of. */
static inline uint64_t rolling_unmix(uint64_t h) {
    uint64_t v = h * UINT64_C(0xf1de83e19937733d); /* the multiplier's inverse */
    return v ^ v >> 29 ^ v >> 58;
}

/* The hash of an id: the length in bytes, then each 8 bytes, little-endian, zero-padded, mixed in. An
 * absent id is 0. Any thread. */
static inline uint64_t rolling_id(struct text id) {
    if (id.size == 0) return 0;
    uint64_t v = id.size;
    const char *at = id.data;
    uint32_t left = id.size;
    for (; left >= 8; at += 8, left -= 8) {
        uint64_t w;
        memcpy(&w, at, 8);
        v = rolling_mix(v ^ w);
    }
    return left ? rolling_mix(v ^ rolling_tail(at, left, id.size)) : v;
}

/* What one event adds. Absent values are 0. */
struct rolling_input {
    uint64_t type; /* enum event_type */
    uint64_t fseq;
    uint64_t src_offset;
    uint64_t price_ticks;
    uint64_t quantity_lots;
    uint64_t leaves_lots; /* of a fill: the taker's */
    uint64_t order;       /* rolling_id of the order, of a fill the taker */
    uint64_t maker;       /* rolling_id of a fill's maker */
};

/* What the offset of the input adds to each of its events. */
static inline uint64_t rolling_source(uint64_t src_offset) { return src_offset * UINT64_C(0x06c45d188009454f); }

/* As rolling_add, with rolling_source of the offset in place of in->src_offset. */
static inline __attribute__((always_inline)) uint64_t rolling_add_from(
    uint64_t hash, uint64_t source, const struct rolling_input *in) {
    return rolling_mix(
        hash ^ (source + in->type * UINT64_C(0xe220a8397b1dcdaf) + in->fseq * UINT64_C(0x6e789e6aa1b965f5) +
                   in->price_ticks * UINT64_C(0xf88bb8a8724c81ed) + in->quantity_lots * UINT64_C(0x1b39896a51a8749b) +
                   in->leaves_lots * UINT64_C(0x53cb9f0c747ea2eb) + in->order * UINT64_C(0x2c829abe1f4532e1) +
                   in->maker * UINT64_C(0xc584133ac916ab3d)));
}

static inline uint64_t rolling_add(uint64_t hash, const struct rolling_input *in) {
    return rolling_add_from(hash, rolling_source(in->src_offset), in);
}

#endif
