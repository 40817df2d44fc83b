/* A worker's broadcast ring: one writer, one reader that holds it back (the fills writer), and readers that may
 * lag, be lapped and notice. An event is written once; each reader goes at its own pace.
 *
 * Positions count bytes from the ring's beginning and never wrap. A record lies in one piece, 8-byte aligned. */
#ifndef SHARDBOOK_SHARDS_BROADCAST_RING_H
#define SHARDBOOK_SHARDS_BROADCAST_RING_H

#include "core/decimal.h"
#include "core/limits.h"
#include "core/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ring_kind {
    RING_PAD = 0,     /* nothing: skip to the next lap */
    RING_EVENT,       /* `text`: the event as published, `packed`: the same for feeds (event_pack) */
    RING_DEAD_LETTER, /* `packed`: struct dead_letter and its bytes */
    RING_MARK,        /* everything of `partition` below src_offset was answered before this record */
    RING_LEVEL,       /* `packed`: struct ring_level */
    RING_SNAPSHOT_BEGIN,
    RING_SNAPSHOT_LEVEL,
    RING_SNAPSHOT_ORDER,
    RING_SNAPSHOT_END,
    RING_READY
};

enum { RING_NO_WORKER = 0xff };

/* The head of every record; `packed` follows, then `text`, then padding to 8. */
struct ring_head {
    uint32_t bytes; /* of the whole record, a multiple of 8 */
    uint8_t kind;   /* enum ring_kind */
    uint8_t symbol_bytes;
    uint8_t after_worker; /* the first record after a hand-over: read this worker's ring ... */
    uint8_t worker;
    char symbol[12];
    int32_t partition;
    uint64_t fseq;
    int64_t src_offset;
    uint64_t after_position; /* ... up to this position first */
    uint32_t packed_bytes;   /* a multiple of 8 */
    uint32_t text_bytes;
};

struct ring_level {
    int64_t price_ticks, total_lots;
    struct decimal_unit tick, lot;
    uint64_t side;
};

enum { RING_RECORD_BYTES_MAX = 96 * 1024, RING_LAGGARDS_MAX = 4 };

/* Called by the writer's thread when a parked reader has something to read; must only wake. */
struct ring_bell {
    _Atomic bool armed;
    void (*ring)(void *context);
    void *context;
};

struct broadcast_ring {
    unsigned char *bytes;
    uint64_t capacity; /* a power of two */

    _Alignas(64) uint64_t position;          /* writer only: end of what was written */
    uint64_t gate_seen;                      /* writer only: last look at `gate` */
    uint64_t published_seen;                 /* writer only: what is published */
    uint64_t stalls;                         /* writer only: times it waited for the gate */
    bool is_closed;                          /* writer only: something was not written; nothing may follow it */
    _Alignas(64) _Atomic uint64_t claimed;   /* bytes below claimed - capacity may be overwritten now */
    _Alignas(64) _Atomic uint64_t published; /* bytes below are readable */
    _Alignas(64) _Atomic uint64_t gate;      /* what the holding reader has released */
    _Alignas(64) struct ring_bell gate_bell;
    struct ring_bell laggard_bells[RING_LAGGARDS_MAX];
    uint32_t laggard_count;
};

/* Makes an empty ring of `capacity` bytes (a power of two, at least 4 * RING_RECORD_BYTES_MAX); allocates.
 * STATUS_NO_MEMORY, STATUS_INVALID. */
int broadcast_ring_init(struct broadcast_ring *ring, uint64_t capacity);
void broadcast_ring_deinit(struct broadcast_ring *ring);

/* Writes one record: *head (bytes is set here) with its two parts. Waits while the holding reader lags a whole
 * lap behind; false if *stop became true meanwhile, and from then on: the ring is closed. Not readable before
 * broadcast_ring_publish. Writer's thread. */
bool broadcast_ring_write(struct broadcast_ring *ring, struct ring_head *head, const void *packed, const void *text,
    const _Atomic bool *stop);

/* The same in place, for a ring without lagging readers: room for a head and `bytes_max` behind it, or NULL as
 * broadcast_ring_write returns false. The caller fills all of it in but head->bytes, then commits it. Writer's thread.
 */
struct ring_head *broadcast_ring_reserve(struct broadcast_ring *ring, uint32_t bytes_max, const _Atomic bool *stop);
void broadcast_ring_commit(struct broadcast_ring *ring, struct ring_head *head);

/* Makes what was written readable and rings the bells of parked readers. Writer's thread. */
void broadcast_ring_publish(struct broadcast_ring *ring);

/* The holding reader: the record at *cursor, in place, or NULL; release everything below `position`. */
const struct ring_head *broadcast_ring_peek(const struct broadcast_ring *ring, uint64_t *cursor);
void broadcast_ring_release(struct broadcast_ring *ring, uint64_t position);

/* Has the processor fetch what comes some records after the one at `cursor`. */
void broadcast_ring_prefetch(const struct broadcast_ring *ring, const struct ring_head *head, uint64_t cursor);

/* A lagging reader: copies the record at *cursor to `record` (RING_RECORD_BYTES_MAX bytes) and moves on. STATUS_OK,
 * STATUS_EMPTY, or STATUS_OVERTAKEN: *cursor was moved to the newest record and what lay between is lost. Any one
 * thread per cursor. */
int broadcast_ring_copy(const struct broadcast_ring *ring, uint64_t *cursor, void *record);

/* Where a reader that joins now begins. */
uint64_t broadcast_ring_published(const struct broadcast_ring *ring);

/* Arms a bell: it rings once, at the next publish. False (and not armed) if something is readable at `cursor`. */
bool broadcast_ring_arm(const struct broadcast_ring *ring, struct ring_bell *bell, uint64_t cursor);

static inline const void *ring_packed(const struct ring_head *head) { return head + 1; }

static inline const char *ring_text(const struct ring_head *head) {
    return (const char *)(head + 1) + head->packed_bytes;
}

#endif
