#include "shards/id_window.h"

#include "core/limits.h"
#include "core/rolling_hash.h"
#include "core/status.h"

#include <stdlib.h>

enum { ENTRIES_MIN = 64, BYTES_MIN = 4096 };

void id_window_deinit(struct id_window *window) {
    free(window->entries);
    free(window->bytes);
    free(window->index);
    *window = (struct id_window){0};
}

static struct id_entry *entry_at(const struct id_window *window, uint64_t sequence) {
    return &window->entries[sequence & (window->entry_capacity - 1)];
}

static char *bytes_at(const struct id_window *window, uint64_t position) {
    return window->bytes + (position & (window->bytes_capacity - 1));
}

static uint32_t key_hash(struct text key) { return (uint32_t)(rolling_id(key) >> 32); }

/* ---- index: open addressing over 32-bit hashes, deletion by shifting back -------------------------------- */

static uint64_t sequence_of(const struct id_window *window, uint32_t reference) {
    return window->first + (uint32_t)(reference - 1 - (uint32_t)window->first);
}

static uint64_t index_home(const struct id_window *window, uint32_t hash) {
    return hash & (window->index_capacity - 1);
}

static void index_put(struct id_window *window, uint64_t sequence) {
    uint64_t mask = window->index_capacity - 1;
    uint32_t hash = entry_at(window, sequence)->hash;
    uint64_t i = index_home(window, hash);
    while (window->index[i].reference) i = (i + 1) & mask;
    window->index[i] = (struct id_slot){hash, (uint32_t)sequence + 1};
}

static void index_remove(struct id_window *window, uint64_t sequence) {
    uint64_t mask = window->index_capacity - 1;
    uint64_t i = index_home(window, entry_at(window, sequence)->hash);
    while (window->index[i].reference != (uint32_t)sequence + 1) i = (i + 1) & mask;
    for (uint64_t j = i;;) {
        j = (j + 1) & mask;
        if (!window->index[j].reference) break;
        uint64_t home = index_home(window, window->index[j].hash);
        if (((j - home) & mask) >= ((j - i) & mask)) {
            window->index[i] = window->index[j];
            i = j;
        }
    }
    window->index[i] = (struct id_slot){0, 0};
}

/* ---- room ------------------------------------------------------------------------------------------------ */

static int grow_entries(struct id_window *window) {
    uint64_t capacity = window->entry_capacity ? 2 * window->entry_capacity : ENTRIES_MIN;
    struct id_entry *entries = malloc(capacity * sizeof *entries);
    struct id_slot *index = calloc(2 * capacity, sizeof *index);
    if (!entries || !index) {
        free(entries);
        free(index);
        return STATUS_NO_MEMORY;
    }
    for (uint64_t s = window->first; s != window->next; s++) entries[s & (capacity - 1)] = *entry_at(window, s);
    free(window->entries);
    free(window->index);
    window->entries = entries;
    window->entry_capacity = capacity;
    window->index = index;
    window->index_capacity = 2 * capacity;
    for (uint64_t s = window->first; s != window->next; s++) index_put(window, s);
    return STATUS_OK;
}

/* Where `bytes` more lie in one piece; what is left of a lap that is too short is skipped. */
static uint64_t place(const struct id_window *window, uint64_t capacity, uint64_t bytes) {
    uint64_t rest = capacity - (window->bytes_next & (capacity - 1));
    return rest < bytes ? window->bytes_next + rest : window->bytes_next;
}

static int grow_bytes(struct id_window *window) {
    struct id_window wider = *window;
    wider.bytes_capacity = window->bytes_capacity ? 2 * window->bytes_capacity : BYTES_MIN;
    wider.bytes = malloc(wider.bytes_capacity);
    if (!wider.bytes) return STATUS_NO_MEMORY;
    wider.bytes_first = wider.bytes_next = 0;
    for (uint64_t s = window->first; s != window->next; s++) {
        struct id_entry *entry = entry_at(window, s);
        uint64_t bytes = (uint64_t)entry->key_bytes + entry->original_bytes;
        uint64_t at = place(&wider, wider.bytes_capacity, bytes);
        memcpy(bytes_at(&wider, at), bytes_at(window, entry->bytes_at), bytes);
        entry->bytes_at = at;
        wider.bytes_next = at + bytes;
    }
    free(window->bytes);
    *window = wider;
    return STATUS_OK;
}

/* ---- the window ------------------------------------------------------------------------------------------ */

static bool is_outside(const struct id_entry *entry, int64_t offset, int64_t log_time_ms) {
    return log_time_ms - entry->log_time_ms > REPEAT_WINDOW_MS || offset - entry->offset > REPEAT_WINDOW_RECORDS;
}

void id_window_expire(struct id_window *window, int64_t offset, int64_t log_time_ms) {
    while (window->first != window->next && is_outside(entry_at(window, window->first), offset, log_time_ms)) {
        index_remove(window, window->first);
        window->first++;
        window->bytes_first =
            window->first == window->next ? window->bytes_next : entry_at(window, window->first)->bytes_at;
    }
}

void id_window_prefetch(const struct id_window *window, struct text key) {
    if (window->index_capacity) __builtin_prefetch(&window->index[index_home(window, key_hash(key))], 1);
}

const struct id_entry *id_window_find(const struct id_window *window, struct text key, uint64_t origin) {
    if (window->first == window->next) return NULL;
    uint32_t hash = key_hash(key);
    uint64_t mask = window->index_capacity - 1;
    const struct id_entry *newest = NULL;
    for (uint64_t i = index_home(window, hash); window->index[i].reference; i = (i + 1) & mask) {
        if (window->index[i].hash != hash) continue;
        const struct id_entry *entry = entry_at(window, sequence_of(window, window->index[i].reference));
        if (entry->key_bytes != key.size || (origin && entry->origin == origin)) continue;
        if (memcmp(bytes_at(window, entry->bytes_at), key.data, key.size) == 0 &&
            (!newest || entry->offset > newest->offset))
            newest = entry;
    }
    return newest;
}

int id_window_add(struct id_window *window, const struct id_entry *entry, struct text key, struct text original) {
    if (window->next - window->first == window->entry_capacity && grow_entries(window) != STATUS_OK)
        return STATUS_NO_MEMORY;
    uint64_t bytes = (uint64_t)key.size + original.size;
    while (window->bytes_capacity == 0 ||
           place(window, window->bytes_capacity, bytes) + bytes - window->bytes_first > window->bytes_capacity)
        if (grow_bytes(window) != STATUS_OK) return STATUS_NO_MEMORY;

    struct id_entry *added = entry_at(window, window->next);
    *added = *entry;
    added->hash = key_hash(key);
    added->key_bytes = (uint16_t)key.size;
    added->original_bytes = (uint16_t)original.size;
    added->bytes_at = place(window, window->bytes_capacity, bytes);
    if (window->first == window->next) window->bytes_first = added->bytes_at;
    memcpy(bytes_at(window, added->bytes_at), key.data, key.size);
    if (original.size) memcpy(bytes_at(window, added->bytes_at) + key.size, original.data, original.size);
    window->bytes_next = added->bytes_at + bytes;
    index_put(window, window->next);
    window->next++;
    return STATUS_OK;
}

struct text id_window_original(const struct id_window *window, const struct id_entry *entry) {
    return (struct text){bytes_at(window, entry->bytes_at) + entry->key_bytes, entry->original_bytes};
}
