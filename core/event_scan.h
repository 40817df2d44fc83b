/* What recovery needs of a record of topic fills, without decoding the rest. */
#ifndef SHARDBOOK_CORE_EVENT_SCAN_H
#define SHARDBOOK_CORE_EVENT_SCAN_H

#include "core/event.h"

/* `symbol` views the record's bytes. */
struct event_scan {
    uint8_t type;       /* enum event_type */
    struct text symbol; /* or "#<partition>" */
    uint64_t fseq;
    int32_t src_partition;
    int64_t src_offset;
    uint32_t src_index;
    int64_t own;
    int64_t timestamp_ms;
    uint64_t hash;
};

/* These members of a whole event. Any thread. */
static inline struct event_scan event_scan_of(const struct event *event) {
    return (struct event_scan){.type = event->type,
        .symbol = event->symbol,
        .fseq = event->fseq,
        .src_partition = event->src_partition,
        .src_offset = event->src_offset,
        .src_index = event->src_index,
        .own = event->own,
        .timestamp_ms = event->timestamp_ms,
        .hash = event->hash};
}

#endif
