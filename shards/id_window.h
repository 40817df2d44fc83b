/* Ids of the recent past of a log: which were carried within the last REPEAT_WINDOW_MS of log time and
 * REPEAT_WINDOW_RECORDS of the partition. A function of a slice of the log. One thread at a time. */
#ifndef SHARDBOOK_SHARDS_ID_WINDOW_H
#define SHARDBOOK_SHARDS_ID_WINDOW_H

#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

enum { ID_WINDOW_KEY_BYTES_MAX = 160 };

struct id_entry {
    int64_t offset, log_time_ms;
    uint64_t content_hash;
    uint64_t origin;   /* where a re-injected record came from; 0 for others */
    uint64_t bytes_at; /* of the key, then the original's id */
    uint32_t hash;
    uint16_t key_bytes, original_bytes;
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
    struct id_slot *index;
    uint64_t index_capacity;
};

void id_window_deinit(struct id_window *window);

/* Forgets what lies outside the window of a record at (offset, log_time_ms). Both never go back. */
void id_window_expire(struct id_window *window, int64_t offset, int64_t log_time_ms);

/* Has the processor fetch what a find of this key will read first. */
void id_window_prefetch(const struct id_window *window, struct text key);

/* The newest entry with this key that has another origin than `origin` (0: any), or NULL; valid until the next add or
 * expire. */
const struct id_entry *id_window_find(const struct id_window *window, struct text key, uint64_t origin);

/* Adds an entry; STATUS_OK or STATUS_NO_MEMORY. `key` is 1 to ID_WINDOW_KEY_BYTES_MAX bytes. */
int id_window_add(struct id_window *window, const struct id_entry *entry, struct text key, struct text original);

/* The original's id of an entry; a view into the window until the next add. */
struct text id_window_original(const struct id_window *window, const struct id_entry *entry);

#endif
