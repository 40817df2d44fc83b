/* What the topics hold already when a server starts: read once, so that nothing is written twice. */
#ifndef SHARDBOOK_SHARDS_PUBLISHED_H
#define SHARDBOOK_SHARDS_PUBLISHED_H

#include "core/limits.h"
#include "core/ports.h"
#include "shards/name_table.h"

/* The last event of a symbol that topic fills holds. */
struct published_symbol {
    struct name name;
    int32_t partition;
    uint64_t fseq, hash;
};

/* Written by published_read, then read by any thread. */
struct published {
    struct name_table symbols;                 /* to struct published_symbol */
    int64_t fills_end[PARTITIONS];             /* where the reading of fills ended */
    int64_t dead_letter_offset[2][PARTITIONS]; /* last offset that is a dead letter; by TOPIC_ORDERS, TOPIC_PENDING */
    uint64_t events;                           /* records read from fills */
};

/* Reads topics fills and orders-dead-letter from their beginnings to their present ends. STATUS_OK; STATUS_GAP: events
 * are missing in fills (a line on stderr names them); STATUS_AWAY, STATUS_FATAL, STATUS_NO_MEMORY. */
int published_read(struct published *published, struct log_store *store, struct event_scanner *scanner,
    struct text orders_topic, struct text pending_topic);

/* Reads partition `partition` of fills on from fills_end to its present end, where its symbols go on from what is
 * `known`; same statuses, of which after STATUS_AWAY it may be tried again. */
int published_catch_up(struct published *published, const struct published *known, struct log_store *store,
    struct event_scanner *scanner, int32_t partition);

void published_deinit(struct published *published);

/* The symbol's last published event, or NULL. */
const struct published_symbol *published_find(const struct published *published, struct text symbol);

#endif
