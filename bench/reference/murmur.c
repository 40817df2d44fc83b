#include "bench/reference/murmur.h"

#include "core/limits.h"

uint32_t murmur_of(struct text key) {
    const uint32_t m = 0x5bd1e995;
    const unsigned char *bytes = (const unsigned char *)key.data;
    uint32_t left = key.size, h = 0x9747b28cu ^ key.size;
    for (; left >= 4; bytes += 4, left -= 4) {
        uint32_t k = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
        k *= m;
        k ^= k >> 24;
        k *= m;
        h *= m;
        h ^= k;
    }
    if (left >= 3) h ^= (uint32_t)bytes[2] << 16;
    if (left >= 2) h ^= (uint32_t)bytes[1] << 8;
    if (left >= 1) {
        h ^= bytes[0];
        h *= m;
    }
    h ^= h >> 13;
    h *= m;
    return h ^ h >> 15;
}

int32_t murmur_home(struct text symbol) { return (int32_t)((murmur_of(symbol) & 0x7fffffff) % PARTITIONS); }
