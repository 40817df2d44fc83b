/* What recovery needs of a record of topic fills, without decoding the rest. */
#ifndef SHARDBOOK_CORE_EVENT_SCAN_H
#define SHARDBOOK_CORE_EVENT_SCAN_H

#include "core/text.h"

#include <stdint.h>

/* `symbol` views the record's bytes. */
struct event_scan {
    uint8_t type; /* enum event_type */
    struct text symbol; /* or "#<partition>" */
    uint64_t fseq;
    int32_t src_partition;
    int64_t src_offset;
    uint32_t src_index;
    int64_t own;
    int64_t timestamp_ms;
    uint64_t hash;
};

#endif
