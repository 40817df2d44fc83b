/* Bytes to pointer: a hash map that grows. One thread at a time; iteration order is never used for an outcome. */
#ifndef SHARDBOOK_BENCH_REFERENCE_DICTIONARY_H
#define SHARDBOOK_BENCH_REFERENCE_DICTIONARY_H

#include <stddef.h>

struct dictionary_entry {
    struct dictionary_entry *next;
    void *value;
    size_t key_bytes;
    char key[];
};

/* All zero is an empty dictionary. */
struct dictionary {
    struct dictionary_entry **buckets;
    size_t bucket_count, count;
};

/* Frees the entries, not the values. */
void dictionary_deinit(struct dictionary *dictionary);

/* The value under a key, NULL if there is none. */
void *dictionary_find(const struct dictionary *dictionary, const void *key, size_t key_bytes);

/* Adds or replaces; copies the key. `value` is not NULL and stays the caller's. */
void dictionary_put(struct dictionary *dictionary, const void *key, size_t key_bytes, void *value);

/* Takes a key out and returns its value, NULL if there was none. */
void *dictionary_remove(struct dictionary *dictionary, const void *key, size_t key_bytes);

/* Calls visit for each value, in no order that means anything; the dictionary must not change meanwhile. */
void dictionary_each(const struct dictionary *dictionary, void (*visit)(void *context, void *value), void *context);

/* malloc that ends the program with last words when there is no memory; zeroed. The caller frees. */
void *reference_allocate(size_t bytes);

#endif
