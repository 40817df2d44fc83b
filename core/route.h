/* Where a router sends the orders of a symbol: a hint kept in Valkey, never a decision. */
#ifndef SHARDBOOK_CORE_ROUTE_H
#define SHARDBOOK_CORE_ROUTE_H

#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

enum route_status {
    ROUTE_ACTIVE = 0, /* also: no record, or a record without status */
    ROUTE_MIGRATING,
    ROUTE_UNKNOWN /* a status that is neither */
};

/* The value of route:{S}. Texts belong to the decoder (until its next call) or to whoever fills it in. */
struct route {
    uint8_t status; /* enum route_status */
    bool has_epoch, has_v, has_partition;
    uint64_t epoch, v;
    int32_t partition;
    struct text shard, mid; /* up to 64 bytes each; absent if not given */
};

enum { ROUTE_BYTES_MAX = 2048 };

#endif
