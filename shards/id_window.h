/* Ids of the recent past of a log: which were carried within the last REPEAT_WINDOW_MS of log time and
 * REPEAT_WINDOW_RECORDS of the partition, by every record that carried them. A function of a slice of the log. One
 * thread at a time. */
#ifndef SHARDBOOK_SHARDS_ID_WINDOW_H
#define SHARDBOOK_SHARDS_ID_WINDOW_H

#include "core/rolling_hash.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

enum { ID_KEY_PARTS = 3 };

/* What an id is looked up by: a letter for its kind and one to three texts without NUL. Made by id_key_of, or
 * part by part; the texts stay the caller's. */
struct id_key {
    struct text parts[ID_KEY_PARTS];
    uint64_t mixed;
    uint32_t hash;
    uint16_t bytes; /* as it is stored */
    uint8_t count;  /* of the parts */
    char kind;
};

/* One record under one key. */
struct id_entry {
    int64_t offset, log_time_ms;
    uint64_t content_hash;
    uint64_t origin;   /* where a re-injected record came from; 0 for others */
    uint64_t bytes_at; /* of the key, then the original's id unless the key holds it */
    uint32_t hash;
    uint32_t next; /* reference to the next newer entry with the same key; 0: none */
    uint32_t last; /* of the oldest entry with its key: reference to the newest one */
    uint16_t key_bytes, original_from, original_bytes;
};

/* The hash stands beside the reference, so that a look that finds nothing reads no entry. */
struct id_slot {
    uint32_t hash;
    uint32_t reference; /* sequence number + 1, low 32 bits; 0 empty */
};

/* Zeroed is empty and holds no memory; grows by doubling and keeps what it has until id_window_deinit. */
struct id_window {
    struct id_entry *entries; /* ring by sequence number */
    uint64_t first, next;
    uint64_t entry_capacity;
    char *bytes; /* ring by position; no text wraps */
    uint64_t bytes_first, bytes_next, bytes_capacity;
    struct id_slot *index; /* of the oldest entry of each key */
    uint64_t index_capacity;
    int index_shift; /* the highest bits of a hash are its home: a larger index has the same order */
};

void id_window_deinit(struct id_window *window);

/* A key without parts, of which there must be at least one. Any thread. */
static inline struct id_key id_key_begin(char kind) {
    return (struct id_key){.mixed = (unsigned char)kind, .bytes = 1, .kind = kind};
}

/* What a part makes of a key's hash. */
static inline void id_key_mix(struct id_key *key, uint64_t part_hash) {
    key->mixed = rolling_mix(key->mixed ^ part_hash);
    key->hash = (uint32_t)(key->mixed >> 32);
}

/* Adds a part, which must not be absent, and whose rolling_id is known. */
static inline void id_key_add(struct id_key *key, struct text part, uint64_t part_hash) {
    key->parts[key->count++] = part;
    id_key_mix(key, part_hash);
    key->bytes = (uint16_t)(key->bytes + part.size + 1);
}

/* The same at once; absent texts at the end are left out. Any thread. */
struct id_key id_key_of(char kind, struct text first, struct text second, struct text third);

/* Forgets what lies outside the window of a record at (offset, log_time_ms). Both never go back. */
void id_window_expire(struct id_window *window, int64_t offset, int64_t log_time_ms);

/* Has the processor fetch what a find or an add of a key with this hash will read first. */
void id_window_prefetch(const struct id_window *window, uint32_t key_hash);

/* The oldest entry with this key that has another origin than `origin` (0: any), or NULL; valid until the next
 * id_window_make_room or id_window_expire. */
const struct id_entry *id_window_find(const struct id_window *window, const struct id_key *key, uint64_t origin);

/* Makes sure that so many entries can be added, with so many bytes of keys and originals in all. STATUS_OK or
 * STATUS_NO_MEMORY. */
int id_window_make_room(struct id_window *window, uint32_t entries, uint32_t bytes);

/* Adds an entry, in room that was made, and returns the oldest one with the same key and another origin, as
 * id_window_find. Of `entry` offset, log_time_ms, content_hash and origin count; offset and log_time_ms never go back.
 * `original` is the own id of the entry's record, absent if nobody will ask for it. */
const struct id_entry *id_window_add(
    struct id_window *window, const struct id_key *key, const struct id_entry *entry, struct text original);

/* The original's id of an entry; a view into the window that lives as the entry. */
struct text id_window_original(const struct id_window *window, const struct id_entry *entry);

#endif
