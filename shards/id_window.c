#include "shards/id_window.h"

#include "core/limits.h"
#include "core/rolling_hash.h"
#include "core/short_text.h"
#include "core/status.h"
#include "shards/table_memory.h"

enum { ENTRIES_MIN = 64, BYTES_MIN = 4096, HASH_BITS = 32 };

void id_window_deinit(struct id_window *window) {
    table_memory_free(window->entries, window->entry_capacity * sizeof *window->entries);
    table_memory_free(window->bytes, window->bytes_capacity);
    table_memory_free(window->index, window->index_capacity * sizeof *window->index);
    *window = (struct id_window){0};
}

static struct id_entry *entry_at(const struct id_window *window, uint64_t sequence) {
    return &window->entries[sequence & (window->entry_capacity - 1)];
}

static char *bytes_at(const struct id_window *window, uint64_t position) {
    return window->bytes + (position & (window->bytes_capacity - 1));
}

static uint32_t reference_of(uint64_t sequence) { return (uint32_t)sequence + 1; }

static uint64_t sequence_of(const struct id_window *window, uint32_t reference) {
    return window->first + (uint32_t)(reference - 1 - (uint32_t)window->first);
}

static struct id_entry *entry_of(const struct id_window *window, uint32_t reference) {
    return entry_at(window, sequence_of(window, reference));
}

/* ---- keys: stored as the kind, then each part with a NUL behind it; parts hold no NUL ---------------------- */

struct id_key id_key_of(char kind, struct text first, struct text second, struct text third) {
    const struct text parts[ID_KEY_PARTS] = {first, second, third};
    struct id_key key = id_key_begin(kind);
    for (int i = 0; i < ID_KEY_PARTS && parts[i].size; i++) id_key_add(&key, parts[i], rolling_id(parts[i]));
    return key;
}

static void key_write(const struct id_key *key, char *at) {
    *at++ = key->kind;
    for (int i = 0; i < key->count; i++) {
        at = short_put(at, key->parts[i]);
        *at++ = 0;
    }
}

static bool key_is(const struct id_key *key, const struct id_window *window, const struct id_entry *entry) {
    if (entry->key_bytes != key->bytes) return false;
    const char *at = bytes_at(window, entry->bytes_at);
    if (*at++ != key->kind) return false;
    for (int i = 0; i < key->count; i++) {
        uint32_t size = key->parts[i].size;
        if (!short_equal(at, key->parts[i].data, size) || at[size] != 0) return false;
        at += size + 1;
    }
    return true;
}

/* Where `original` stands in the stored key, if it is one of its parts as it came; else behind the key. */
static uint16_t original_from(const struct id_key *key, struct text original) {
    uint32_t from = 1;
    for (int i = 0; i < key->count; i++) {
        if (key->parts[i].data == original.data && key->parts[i].size == original.size) return (uint16_t)from;
        from += key->parts[i].size + 1;
    }
    return key->bytes;
}

/* ---- index: open addressing over 32-bit hashes, deletion by shifting back -------------------------------- */

static uint64_t index_home(const struct id_window *window, uint32_t hash) { return hash >> window->index_shift; }

static uint64_t index_next(const struct id_window *window, uint64_t i) {
    return (i + 1) & (window->index_capacity - 1);
}

/* The slot of the key, or the empty one where it would be. */
static struct id_slot *index_find(const struct id_window *window, const struct id_key *key) {
    uint64_t i = index_home(window, key->hash);
    for (;; i = index_next(window, i)) {
        struct id_slot *slot = &window->index[i];
        if (!slot->reference) return slot;
        if (slot->hash == key->hash && key_is(key, window, entry_of(window, slot->reference))) return slot;
    }
}

static void index_put(struct id_window *window, struct id_slot slot) {
    uint64_t i = index_home(window, slot.hash);
    while (window->index[i].reference) i = index_next(window, i);
    window->index[i] = slot;
}

static uint64_t index_place_of(const struct id_window *window, const struct id_entry *entry, uint64_t sequence) {
    uint64_t i = index_home(window, entry->hash);
    while (window->index[i].reference != reference_of(sequence)) i = index_next(window, i);
    return i;
}

static void index_remove(struct id_window *window, uint64_t i) {
    uint64_t mask = window->index_capacity - 1;
    for (uint64_t j = i;;) {
        j = index_next(window, j);
        if (!window->index[j].reference) break;
        uint64_t home = index_home(window, window->index[j].hash);
        if (((j - home) & mask) >= ((j - i) & mask)) {
            window->index[i] = window->index[j];
            i = j;
        }
    }
    window->index[i] = (struct id_slot){0, 0};
}

/* ---- room: both rings grow in place, what stood in an odd lap of the old size moves up by it ---------------- */

static int grow_index(struct id_window *window, uint64_t capacity) {
    struct id_slot *index = table_memory_new(capacity * sizeof *index), *former = window->index;
    uint64_t former_capacity = window->index_capacity;
    if (!index) return STATUS_NO_MEMORY;
    window->index = index;
    window->index_capacity = capacity;
    window->index_shift = HASH_BITS - __builtin_ctzll(capacity);
    for (uint64_t i = 0; i < former_capacity; i++)
        if (former[i].reference) index_put(window, former[i]);
    table_memory_free(former, former_capacity * sizeof *former);
    return STATUS_OK;
}

static uint64_t end_of_lap(uint64_t at, uint64_t lap, uint64_t last) {
    uint64_t end = (at | (lap - 1)) + 1;
    return end < last ? end : last;
}

static int grow_entries(struct id_window *window) {
    uint64_t former = window->entry_capacity, capacity = former ? 2 * former : ENTRIES_MIN;
    struct id_entry *entries = table_memory_grow(window->entries, former * sizeof *entries, capacity * sizeof *entries);
    if (!entries) return STATUS_NO_MEMORY;
    window->entries = entries;
    window->entry_capacity = capacity;
    for (uint64_t s = window->first, end; s < window->next; s = end) {
        end = end_of_lap(s, former, window->next);
        if (s & former) memcpy(&entries[s & (capacity - 1)], &entries[s & (former - 1)], (end - s) * sizeof *entries);
    }
    return grow_index(window, 2 * capacity);
}

/* Where `bytes` more lie in one piece; what is left of a lap that is too short is skipped. */
static uint64_t place(const struct id_window *window, uint64_t bytes) {
    uint64_t rest = window->bytes_capacity - (window->bytes_next & (window->bytes_capacity - 1));
    return rest < bytes ? window->bytes_next + rest : window->bytes_next;
}

static int grow_bytes(struct id_window *window) {
    uint64_t former = window->bytes_capacity, capacity = former ? 2 * former : BYTES_MIN;
    char *bytes = table_memory_grow(window->bytes, former, capacity);
    if (!bytes) return STATUS_NO_MEMORY;
    window->bytes = bytes;
    window->bytes_capacity = capacity;
    for (uint64_t at = window->bytes_first, end; at < window->bytes_next; at = end) {
        end = end_of_lap(at, former, window->bytes_next);
        if (at & former) memcpy(bytes + (at & (capacity - 1)), bytes + (at & (former - 1)), end - at);
    }
    return STATUS_OK;
}

static bool has_room_for_bytes(const struct id_window *window, uint32_t bytes) {
    return window->bytes_capacity && place(window, bytes) + bytes - window->bytes_first <= window->bytes_capacity;
}

static bool has_room_for_entries(const struct id_window *window, uint32_t entries) {
    return window->next - window->first + entries <= window->entry_capacity;
}

__attribute__((noinline)) static int grow(struct id_window *window, uint32_t entries, uint32_t bytes) {
    while (!has_room_for_entries(window, entries))
        if (grow_entries(window) != STATUS_OK) return STATUS_NO_MEMORY;
    while (!has_room_for_bytes(window, bytes))
        if (grow_bytes(window) != STATUS_OK) return STATUS_NO_MEMORY;
    return STATUS_OK;
}

int id_window_make_room(struct id_window *window, uint32_t entries, uint32_t bytes) {
    bool has_room = has_room_for_entries(window, entries) && has_room_for_bytes(window, bytes);
    return has_room ? STATUS_OK : grow(window, entries, bytes);
}

/* ---- the window ------------------------------------------------------------------------------------------ */

static bool is_outside(const struct id_entry *entry, int64_t offset, int64_t log_time_ms) {
    return log_time_ms - entry->log_time_ms > REPEAT_WINDOW_MS || offset - entry->offset > REPEAT_WINDOW_RECORDS;
}

/* The oldest of all is the oldest of its key: the next one of that key takes its place in the index. */
__attribute__((noinline)) static void forget_first(struct id_window *window) {
    const struct id_entry *entry = entry_at(window, window->first);
    uint64_t i = index_place_of(window, entry, window->first);
    if (entry->next) {
        entry_of(window, entry->next)->last = entry->last;
        window->index[i].reference = entry->next;
    } else {
        index_remove(window, i);
    }
    window->first++;
    window->bytes_first =
        window->first == window->next ? window->bytes_next : entry_at(window, window->first)->bytes_at;
}

void id_window_expire(struct id_window *window, int64_t offset, int64_t log_time_ms) {
    while (window->first != window->next && is_outside(entry_at(window, window->first), offset, log_time_ms))
        forget_first(window);
}

void id_window_prefetch(const struct id_window *window, uint32_t key_hash) {
    if (window->index_capacity) __builtin_prefetch(&window->index[index_home(window, key_hash)], 1);
}

/* From the oldest entry of a key on, the first of another origin. */
static const struct id_entry *first_of_others(
    const struct id_window *window, const struct id_entry *entry, uint64_t origin) {
    while (origin && entry && entry->origin == origin) entry = entry->next ? entry_of(window, entry->next) : NULL;
    return entry;
}

const struct id_entry *id_window_find(const struct id_window *window, const struct id_key *key, uint64_t origin) {
    if (window->first == window->next) return NULL;
    const struct id_slot *slot = index_find(window, key);
    return slot->reference ? first_of_others(window, entry_of(window, slot->reference), origin) : NULL;
}

static void write_entry(struct id_window *window, const struct id_key *key, const struct id_entry *entry,
    struct text original, struct id_entry *added) {
    uint16_t from = original_from(key, original);
    uint64_t bytes = (uint64_t)key->bytes + (from == key->bytes ? original.size : 0), at = place(window, bytes);
    *added = (struct id_entry){.offset = entry->offset,
        .log_time_ms = entry->log_time_ms,
        .content_hash = entry->content_hash,
        .origin = entry->origin,
        .bytes_at = at,
        .hash = key->hash,
        .last = reference_of(window->next),
        .key_bytes = key->bytes,
        .original_from = from,
        .original_bytes = (uint16_t)original.size};
    if (window->first == window->next) window->bytes_first = at;
    key_write(key, bytes_at(window, at));
    if (bytes > key->bytes) memcpy(bytes_at(window, at) + from, original.data, original.size);
    window->bytes_next = at + bytes;
}

const struct id_entry *id_window_add(
    struct id_window *window, const struct id_key *key, const struct id_entry *entry, struct text original) {
    struct id_slot *slot = index_find(window, key);
    uint32_t reference = reference_of(window->next);
    struct id_entry *oldest = slot->reference ? entry_of(window, slot->reference) : NULL;
    write_entry(window, key, entry, original, entry_at(window, window->next));
    window->next++;
    if (!oldest) {
        *slot = (struct id_slot){key->hash, reference};
        return NULL;
    }
    const struct id_entry *found = first_of_others(window, oldest, entry->origin);
    entry_of(window, oldest->last)->next = reference;
    oldest->last = reference;
    return found;
}

struct text id_window_original(const struct id_window *window, const struct id_entry *entry) {
    return (struct text){bytes_at(window, entry->bytes_at) + entry->original_from, entry->original_bytes};
}
