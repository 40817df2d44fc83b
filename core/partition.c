#include "core/partition.h"

#include "core/limits.h"

#define MURMUR2_MULTIPLIER UINT32_C(0x5bd1e995)
#define MURMUR2_SEED UINT32_C(0x9747b28c)

static uint32_t load_little_endian(const unsigned char *at) {
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint32_t mix_tail(uint32_t h, const unsigned char *tail, uint32_t bytes) {
    if (bytes == 0) return h;
    if (bytes == 3) h ^= (uint32_t)tail[2] << 16;
    if (bytes >= 2) h ^= (uint32_t)tail[1] << 8;
    return (h ^ tail[0]) * MURMUR2_MULTIPLIER;
}

uint32_t murmur2(struct text key) {
    const unsigned char *at = (const unsigned char *)key.data;
    uint32_t left = key.size;
    uint32_t h = MURMUR2_SEED ^ key.size;
    for (; left >= 4; at += 4, left -= 4) {
        uint32_t k = load_little_endian(at) * MURMUR2_MULTIPLIER;
        k = (k ^ k >> 24) * MURMUR2_MULTIPLIER;
        h = h * MURMUR2_MULTIPLIER ^ k;
    }
    h = mix_tail(h, at, left);
    h = (h ^ h >> 13) * MURMUR2_MULTIPLIER;
    return h ^ h >> 15;
}

int32_t home_partition(struct text symbol) { return (int32_t)((murmur2(symbol) & 0x7fffffff) % PARTITIONS); }
