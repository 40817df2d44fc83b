#include "shards/feed_reader.h"

#include "core/partition.h"

#include <stdlib.h>

static struct feed_reader *reader_of(struct feed *feed) { return (struct feed_reader *)feed; }

static const struct ring_head *held(const struct feed_reader *reader, int worker) {
    return (const struct ring_head *)(const void *)reader->records[worker];
}

/* ---- reading --------------------------------------------------------------------------------------------- */

static uint8_t feed_kind_of(uint8_t ring_kind) {
    switch (ring_kind) {
    case RING_EVENT: return FEED_EVENT;
    case RING_LEVEL: return FEED_LEVEL;
    case RING_SNAPSHOT_BEGIN: return FEED_SNAPSHOT_BEGIN;
    case RING_SNAPSHOT_LEVEL: return FEED_SNAPSHOT_LEVEL;
    case RING_SNAPSHOT_ORDER: return FEED_SNAPSHOT_ORDER;
    case RING_SNAPSHOT_END: return FEED_SNAPSHOT_END;
    case RING_READY: return FEED_READY;
    default: return 0;
    }
}

static void unpack(const struct ring_head *head, struct feed_record *record) {
    *record = (struct feed_record){.kind = feed_kind_of(head->kind),
        .symbol = {head->symbol, head->symbol_bytes},
        .partition = head->partition,
        .fseq = head->fseq,
        .bytes = {ring_text(head), head->text_bytes}};
    if (head->kind == RING_LEVEL || head->kind == RING_SNAPSHOT_LEVEL) {
        const struct ring_level *level = ring_packed(head);
        record->side = (uint8_t)level->side;
        record->price_ticks = level->price_ticks;
        record->total_lots = level->total_lots;
        record->instrument.tick = level->tick;
        record->instrument.lot = level->lot;
    } else if (head->packed_bytes) {
        event_unpack(ring_packed(head), &record->event);
        record->instrument = record->event.instrument;
    }
}

/* STATUS_OK: the worker's next record that feeds care about is held. */
static int hold_next(struct feed_reader *reader, int worker) {
    while (!reader->has_record[worker]) {
        int status =
            broadcast_ring_copy(&reader->workers[worker].ring, &reader->cursors[worker], reader->records[worker]);
        if (status != STATUS_OK) return status;
        reader->has_record[worker] = feed_kind_of(held(reader, worker)->kind) != 0;
    }
    return STATUS_OK;
}

/* Where the reader stands in a worker's ring: before a record that it holds. */
static uint64_t position_in(const struct feed_reader *reader, int worker) {
    return reader->cursors[worker] - (reader->has_record[worker] ? held(reader, worker)->bytes : 0);
}

static bool must_wait(const struct feed_reader *reader, const struct ring_head *head) {
    return head->after_worker != RING_NO_WORKER && position_in(reader, head->after_worker) < head->after_position;
}

static int overtaken(struct feed_reader *reader) {
    reader->feed.overtaken++;
    reader->feed.lost_partitions = (UINT64_C(1) << PARTITIONS) - 1; /* a worker may hold symbols of any partition */
    return STATUS_OVERTAKEN;
}

static int feed_next(struct feed *feed, struct feed_record *record) {
    struct feed_reader *reader = reader_of(feed);
    for (int i = 0; i < reader->worker_count; i++) {
        int worker = (reader->next_worker + i) % reader->worker_count;
        int status = hold_next(reader, worker);
        if (status == STATUS_OVERTAKEN) return overtaken(reader);
        if (status != STATUS_OK || must_wait(reader, held(reader, worker))) continue;
        unpack(held(reader, worker), record);
        reader->has_record[worker] = false;
        reader->next_worker = worker;
        return STATUS_OK;
    }
    return STATUS_EMPTY;
}

/* ---- asking ---------------------------------------------------------------------------------------------- */

static int feed_ask_snapshot(struct feed *feed, struct text symbol) {
    struct feed_reader *reader = reader_of(feed);
    if (!symbol_is_valid(symbol)) return STATUS_INVALID;
    return worker_ask(&reader->workers[home_partition(symbol) % reader->worker_count], symbol);
}

static int feed_ask_symbols(struct feed *feed) {
    struct feed_reader *reader = reader_of(feed);
    int status = STATUS_OK;
    for (int i = 0; i < reader->worker_count; i++)
        if (worker_ask(&reader->workers[i], TEXT_NONE) != STATUS_OK) status = STATUS_FULL;
    return status;
}

/* ---- parking --------------------------------------------------------------------------------------------- */

static void on_bell(void *context) {
    struct feed_reader *reader = context;
    if (atomic_exchange(&reader->is_parked, false)) reader->feed.on_ready(reader->feed.on_ready_context);
}

static int feed_park(struct feed *feed) {
    struct feed_reader *reader = reader_of(feed);
    atomic_store(&reader->is_parked, true);
    for (int i = 0; i < reader->worker_count; i++)
        if (!broadcast_ring_arm(&reader->workers[i].ring, reader->bells[i], reader->cursors[i]) &&
            atomic_exchange(&reader->is_parked, false))
            return STATUS_FULL;
    return STATUS_OK;
}

int feed_reader_init(struct feed_reader *reader, struct worker *workers, int worker_count) {
    *reader = (struct feed_reader){.feed = {.next = feed_next,
                                       .ask_snapshot = feed_ask_snapshot,
                                       .ask_symbols = feed_ask_symbols,
                                       .park = feed_park},
        .workers = workers,
        .worker_count = worker_count};
    for (int i = 0; i < worker_count; i++) {
        struct broadcast_ring *ring = &workers[i].ring;
        if (ring->laggard_count == RING_LAGGARDS_MAX) return STATUS_FULL;
        reader->records[i] = aligned_alloc(64, RING_RECORD_BYTES_MAX);
        if (!reader->records[i]) return STATUS_NO_MEMORY;
        reader->cursors[i] = broadcast_ring_published(ring);
        reader->bells[i] = &ring->laggard_bells[ring->laggard_count++];
        reader->bells[i]->ring = on_bell;
        reader->bells[i]->context = reader;
    }
    return STATUS_OK;
}

void feed_reader_deinit(struct feed_reader *reader) {
    for (int i = 0; i < reader->worker_count; i++) free(reader->records[i]);
}
