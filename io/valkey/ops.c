#include "io/valkey/ops.h"

#include <stdio.h>
#include <stdlib.h>

enum { HEADER_BYTES = 5 }; /* array of 32-bit length */

bool ops_init(struct ops *ops, size_t capacity) {
    *ops = (struct ops){.bytes = malloc(capacity + HEADER_BYTES), .capacity = capacity + HEADER_BYTES};
    ops_clear(ops);
    return ops->bytes != NULL;
}

void ops_deinit(struct ops *ops) {
    free(ops->bytes);
    ops->bytes = NULL;
}

void ops_clear(struct ops *ops) {
    ops->size = HEADER_BYTES;
    ops->count = 0;
}

size_t ops_room(const struct ops *ops) { return ops->capacity - ops->size; }

static unsigned char *take(struct ops *ops, size_t bytes) {
    if (bytes > ops_room(ops)) {
        fprintf(stderr, "valkey batch: %zu bytes do not fit into %zu\n", bytes, ops_room(ops));
        abort();
    }
    unsigned char *at = ops->bytes + ops->size;
    ops->size += bytes;
    return at;
}

static void put_big_endian(unsigned char *at, uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) at[i] = (unsigned char)(value >> 8 * (bytes - 1 - i));
}

void ops_number(struct ops *ops, uint64_t number) {
    ops->count++;
    if (number < 0x80) {
        *take(ops, 1) = (unsigned char)number;
        return;
    }
    unsigned char *at = take(ops, OPS_NUMBER_BYTES_MAX);
    at[0] = 0xcf;
    put_big_endian(at + 1, number, 8);
}

static unsigned char *take_text(struct ops *ops, uint32_t size) {
    unsigned width = size < 32 ? 0 : size <= 0xff ? 1 : size <= 0xffff ? 2 : 4;
    unsigned char *at = take(ops, 1 + width + (size_t)size);
    at[0] = (unsigned char)(width == 0 ? 0xa0 | size : width == 1 ? 0xd9 : width == 2 ? 0xda : 0xdb);
    put_big_endian(at + 1, size, width);
    ops->count++;
    return at + 1 + width;
}

void ops_text(struct ops *ops, struct text text) {
    unsigned char *at = take_text(ops, text.size);
    if (text.size) memcpy(at, text.data, text.size);
}

void ops_decimal_text(struct ops *ops, uint64_t number) {
    char digits[20];
    uint32_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    ops_text(ops, (struct text){digits + at, (uint32_t)sizeof digits - at});
}

void ops_append(struct ops *ops, const struct ops *other) {
    size_t bytes = other->size - HEADER_BYTES;
    memcpy(take(ops, bytes), other->bytes + HEADER_BYTES, bytes);
    ops->count += other->count;
}

struct text ops_finish(struct ops *ops) {
    ops->bytes[0] = 0xdd;
    put_big_endian(ops->bytes + 1, ops->count, 4);
    return (struct text){(const char *)ops->bytes, (uint32_t)ops->size};
}
