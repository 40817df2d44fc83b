/* Ids of the recent past of a log: which were carried within the last REPEAT_WINDOW_MS of log time and
 * REPEAT_WINDOW_RECORDS of the partition, by every record that carried them. A function of a slice of the log. One
 * thread at a time. */
#ifndef SHARDBOOK_SHARDS_ID_WINDOW_H
#define SHARDBOOK_SHARDS_ID_WINDOW_H

#include "core/command.h"
#include "core/limits.h"
#include "core/rolling_hash.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

enum { ID_KEY_PARTS = 3, ID_KEYS_MAX = 1 + 2 * LIST_ORDERS_MAX /* a list's own and two of each of its orders */ };

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

/* What a record of the log says under its ids. */
struct id_statement {
    int64_t offset, log_time_ms;
    uint64_t content_hash;
    uint64_t origin; /* where a re-injected record came from; 0 for others */
};

/* A record under one of its keys; those with the same key are a ring. */
struct id_link {
    uint32_t hash;
    uint32_t next;      /* reference to the next newer link with the same key, of the newest one to the oldest */
    uint16_t text_from; /* of the key, in the record */
    uint8_t text_bytes;
    uint8_t number : 7; /* among the record's links */
    uint8_t is_newest : 1;
};

/* A statement as it is kept. Its links follow it, then the keys' texts. Of offset and time the low bits are enough, as
 * all that is in a window is near its newest record. */
struct id_record {
    uint64_t content_hash;
    uint32_t offset, log_time_ms;
    uint16_t units; /* of 8 bytes, up to the next record */
    uint8_t link_count;
    bool has_origin; /* it stands before the first text */
    struct id_link links[];
};

/* One cache line of the index: where the newest links of the keys are whose home it is, or that overflowed to it. A
 * fresh id is known to be fresh by its tag. After the hash table F14 (Bronson, Shi: "Open-sourcing F14", 2019). */
enum { ID_CHUNK_SLOTS = 10 };

struct id_chunk {
    uint16_t tags[ID_CHUNK_SLOTS]; /* 0: free */
    uint16_t overflows;            /* keys that found it full and lie further on; UINT16_MAX: it stays so */
    uint32_t references[ID_CHUNK_SLOTS];
};

/* Zeroed is empty and holds no memory; grows by doubling and keeps what it has until id_window_deinit. */
struct id_window {
    char *bytes; /* ring of records by position; none wraps */
    uint64_t first, next, newest, capacity;
    int64_t newest_offset, newest_time_ms;
    int64_t due_offset, due_time_ms; /* a record beyond either does not see the first any more */
    struct id_chunk *chunks;         /* the highest bits of a hash say which is its home */
    uint64_t chunk_count, key_count;
    int chunk_shift;
};

void id_window_deinit(struct id_window *window);

static inline bool id_window_is_empty(const struct id_window *window) { return window->first == window->next; }

/* A key without parts, of which there must be at least one. Any thread. */
static inline struct id_key id_key_begin(char kind) {
    return (struct id_key){.mixed = (unsigned char)kind, .bytes = 1, .kind = kind};
}

/* What a part makes of a key's hash. */
static inline void id_key_mix(struct id_key *key, uint64_t part_hash) {
    key->mixed = rolling_mix(key->mixed ^ part_hash);
    key->hash = (uint32_t)(key->mixed >> 32);
}

/* Adds a part, of at most ID_BYTES_MAX, which must not be absent, and whose rolling_id is known. */
static inline void id_key_add(struct id_key *key, struct text part, uint64_t part_hash) {
    key->parts[key->count++] = part;
    id_key_mix(key, part_hash);
    key->bytes = (uint16_t)(key->bytes + part.size + 1);
}

/* The same at once; absent texts at the end are left out. Any thread. */
struct id_key id_key_of(char kind, struct text first, struct text second, struct text third);

/* Parts of what follows. */
static inline bool id_window_is_due(const struct id_window *window, int64_t offset, int64_t log_time_ms) {
    return !id_window_is_empty(window) && (offset > window->due_offset || log_time_ms > window->due_time_ms);
}
void id_window_forget(struct id_window *window, int64_t offset, int64_t log_time_ms);

/* Forgets what lies outside the window of a record at (offset, log_time_ms). Both never go back. */
static inline void id_window_expire(struct id_window *window, int64_t offset, int64_t log_time_ms) {
    if (__builtin_expect(id_window_is_due(window, offset, log_time_ms), 0))
        id_window_forget(window, offset, log_time_ms);
}

/* Has the processor fetch what a find or an add of a key with this hash will read first. */
void id_window_prefetch(const struct id_window *window, uint32_t key_hash);

/* The oldest record with this key that has another origin than `origin` (0: any), or NULL; valid until the next
 * id_window_add or id_window_expire. */
const struct id_record *id_window_find(const struct id_window *window, const struct id_key *key, uint64_t origin);

/* Adds a record under `count` keys, 1 to ID_KEYS_MAX, and says of each, in `found`, what id_window_find would say after
 * it for the record's origin. Offset and time of statements never go back. STATUS_OK or STATUS_NO_MEMORY. */
int id_window_add(struct id_window *window, const struct id_statement *statement, const struct id_key *keys,
    uint32_t count, const struct id_record *found[]);

/* The same with one key, as nearly all records have: what follows from that is compiled in. */
int id_window_add_one(struct id_window *window, const struct id_statement *statement, const struct id_key *key,
    const struct id_record **found);

/* The last part of the record's first key; a view into the window that lives as the record. */
struct text id_record_own_id(const struct id_record *record);

#endif
