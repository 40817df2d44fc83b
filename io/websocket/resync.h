/* Reading again, from topic fills, what the push thread missed: trades and private reports are never lost for having
 * been slow. A thread of its own reads, so that a broker that is away never holds up the clients.
 *
 * Where to begin: the thread samples the topic's ends now and then. Once the feed was read to its end after a sample,
 * everything missed later lies behind that sample. */
#ifndef SHARDBOOK_IO_WEBSOCKET_RESYNC_H
#define SHARDBOOK_IO_WEBSOCKET_RESYNC_H

#include "core/event.h"
#include "core/limits.h"
#include "core/ports.h"

#include <stdbool.h>
#include <stdint.h>

struct resync;

/* Events `from` to `to` of a symbol are wanted. */
struct resync_want {
    char symbol[SYMBOL_BYTES_MAX + 2];
    uint8_t symbol_bytes;
    int32_t partition;
    struct instrument instrument;
    uint64_t from, to;
    int64_t begin; /* offset in fills[partition] to begin at; -1: where the topic begins */
};

enum resync_kind {
    RESYNC_EVENT = 0,
    RESYNC_DONE,  /* nothing further comes for a want */
    RESYNC_FAILED /* the same, and not all was found: the log no longer has it or cannot be read */
};

/* What was found, in order; the caller frees each. */
struct resync_found {
    struct resync_found *next;
    uint8_t kind; /* enum resync_kind */
    char symbol[SYMBOL_BYTES_MAX + 2];
    uint8_t symbol_bytes;
    uint64_t fseq;                      /* EVENT: its number; else the want's `to` */
    int64_t next_offset;                /* where to go on reading for what comes after it */
    struct text bytes;                  /* EVENT: the record's value, in this piece */
    uint32_t size;                      /* of this piece */
    _Alignas(8) unsigned char packed[]; /* EVENT: of event_pack, then the value */
};

/* Starts the thread, which samples at once. on_found is called on it when there is something to take: it must only
 * wake. NULL without memory or thread. `log` must allow calls from this thread beside others. */
struct resync *resync_start(struct log_store *log, void (*on_found)(void *context), void *context);

/* Ends the thread, at most one poll of the log later, and frees everything. */
void resync_stop(struct resync *resync);

/* Any thread may call what follows. */
void resync_ask(struct resync *resync, const struct resync_want *want);
void resync_sample(struct resync *resync);

/* True once per finished sample, with the end of each partition of fills; -1: could not be read. */
bool resync_sampled(struct resync *resync, int64_t ends[PARTITIONS]);

/* Everything found so far, oldest first, or NULL. */
struct resync_found *resync_take(struct resync *resync);

#endif
