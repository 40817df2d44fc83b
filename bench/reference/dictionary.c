#include "bench/reference/dictionary.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *reference_allocate(size_t bytes) {
    void *memory = calloc(1, bytes ? bytes : 1);
    if (!memory) {
        fprintf(stderr, "reference book: no memory for %zu bytes\n", bytes);
        abort();
    }
    return memory;
}

static size_t hash_of(const void *key, size_t bytes) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const unsigned char *at = key, *end = at + bytes; at < end; at++)
        hash = (hash ^ *at) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 32);
}

static struct dictionary_entry **place_of(const struct dictionary *dictionary, const void *key, size_t key_bytes) {
    struct dictionary_entry **place = &dictionary->buckets[hash_of(key, key_bytes) & (dictionary->bucket_count - 1)];
    while (*place && ((*place)->key_bytes != key_bytes || memcmp((*place)->key, key, key_bytes) != 0))
        place = &(*place)->next;
    return place;
}

static void grow(struct dictionary *dictionary) {
    struct dictionary larger = {.bucket_count = dictionary->bucket_count ? dictionary->bucket_count * 2 : 64};
    larger.buckets = reference_allocate(larger.bucket_count * sizeof larger.buckets[0]);
    for (size_t i = 0; i < dictionary->bucket_count; i++) {
        for (struct dictionary_entry *entry = dictionary->buckets[i], *next; entry; entry = next) {
            next = entry->next;
            struct dictionary_entry **head =
                &larger.buckets[hash_of(entry->key, entry->key_bytes) & (larger.bucket_count - 1)];
            entry->next = *head;
            *head = entry;
        }
    }
    larger.count = dictionary->count;
    free(dictionary->buckets);
    *dictionary = larger;
}

void dictionary_deinit(struct dictionary *dictionary) {
    for (size_t i = 0; i < dictionary->bucket_count; i++) {
        for (struct dictionary_entry *entry = dictionary->buckets[i], *next; entry; entry = next) {
            next = entry->next;
            free(entry);
        }
    }
    free(dictionary->buckets);
    *dictionary = (struct dictionary){0};
}

void *dictionary_find(const struct dictionary *dictionary, const void *key, size_t key_bytes) {
    if (dictionary->count == 0) return NULL;
    struct dictionary_entry *entry = *place_of(dictionary, key, key_bytes);
    return entry ? entry->value : NULL;
}

void dictionary_put(struct dictionary *dictionary, const void *key, size_t key_bytes, void *value) {
    if (dictionary->count >= dictionary->bucket_count) grow(dictionary);
    struct dictionary_entry **place = place_of(dictionary, key, key_bytes);
    if (!*place) {
        *place = reference_allocate(sizeof **place + key_bytes);
        memcpy((*place)->key, key, key_bytes);
        (*place)->key_bytes = key_bytes;
        dictionary->count++;
    }
    (*place)->value = value;
}

void *dictionary_remove(struct dictionary *dictionary, const void *key, size_t key_bytes) {
    if (dictionary->count == 0) return NULL;
    struct dictionary_entry **place = place_of(dictionary, key, key_bytes), *entry = *place;
    if (!entry) return NULL;
    void *value = entry->value;
    *place = entry->next;
    free(entry);
    dictionary->count--;
    return value;
}

void dictionary_each(const struct dictionary *dictionary, void (*visit)(void *context, void *value), void *context) {
    for (size_t i = 0; i < dictionary->bucket_count; i++)
        for (struct dictionary_entry *entry = dictionary->buckets[i]; entry; entry = entry->next)
            visit(context, entry->value);
}
