/* A view of bytes that somebody else owns. */
#ifndef SHARDBOOK_CORE_TEXT_H
#define SHARDBOOK_CORE_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* `size` bytes at `data`, not terminated. Absent: data NULL and size 0. The owner of the bytes is named
 * where a struct text appears. */
struct text {
    const char *data;
    uint32_t size;
};

#define TEXT_NONE ((struct text){0})

/* The view of a string literal. */
#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})

static inline struct text text_of(const char *string) {
    return (struct text){string, string ? (uint32_t)strlen(string) : 0};
}

static inline bool text_is_absent(struct text t) { return t.size == 0; }

static inline bool text_equal(struct text a, struct text b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

#endif
