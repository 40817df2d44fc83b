/* A feed over all workers' rings, for one reader that may lag. */
#ifndef SHARDBOOK_SHARDS_FEED_READER_H
#define SHARDBOOK_SHARDS_FEED_READER_H

#include "core/ports.h"
#include "shards/broadcast_ring.h"
#include "shards/worker.h"

struct feed_reader {
    struct feed feed; /* first: the port */
    struct worker *workers;
    int worker_count;
    int next_worker; /* whose ring is looked at first */
    uint64_t cursors[WORKERS_MAX];
    struct ring_bell *bells[WORKERS_MAX]; /* in the rings */
    unsigned char *records[WORKERS_MAX];  /* copied and not yet given out */
    bool has_record[WORKERS_MAX];
    _Atomic bool is_parked;
};

/* Joins the rings at their present ends; before the workers start. STATUS_OK, STATUS_FULL (a ring has RING_LAGGARDS_MAX
 * already), STATUS_NO_MEMORY. */
int feed_reader_init(struct feed_reader *reader, struct worker *workers, int worker_count);
void feed_reader_deinit(struct feed_reader *reader);

#endif
