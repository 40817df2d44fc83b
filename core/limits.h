/* Limits known before the first thread starts. All of them are part of the outcome: they may change only
 * together with the rules version. */
#ifndef SHARDBOOK_CORE_LIMITS_H
#define SHARDBOOK_CORE_LIMITS_H

enum {
    PARTITIONS = 10,                      /* of orders, pending-orders and fills; pinned for life */
    SYMBOL_BYTES_MAX = 10,                /* ^[A-Z0-9]{1,10}$ */
    ID_BYTES_MAX = 64,                    /* order, client, command, list and user ids */
    RECORD_BYTES_MAX = 65536,             /* one record of orders */
    EVENT_BYTES_MAX = 8192,               /* one encoded event, ids escaped at their longest */
    REPEAT_WINDOW_MS = 60000,             /* recovery: repeats are recognised this long ... */
    REPEAT_WINDOW_RECORDS = 4194304,      /* ... or for so many records of the partition, whichever is less */
    SYMBOLS_PER_PARTITION_MAX = 65536,    /* open listing; the next new symbol is answered CAPACITY */
    OPEN_ORDERS_PER_SYMBOL_MAX = 4194304, /* the next order that would rest is answered CAPACITY */
    TRAILING_STOPS_PER_SYMBOL_MAX = 4096, /* that wait; the next one is answered CAPACITY */
    BLOCKED_PER_PARTITION_MAX = 65536,    /* accounts; the next BLOCK is refused, CAPACITY */
    INDICATION_INTERVAL_MS = 1000,        /* log time between two STATE events of an auction's indication */
    DEPTH_LEVELS = 20                     /* levels published in depth:{S} */
};

#define PRICE_TICKS_MAX (INT64_C(1) << 40)
#define QUANTITY_LOTS_MAX (INT64_C(1) << 40)

#endif
