/* Reading a stretch of the log from one offset to another, over the port. */
#ifndef SHARDBOOK_SHARDS_LOG_SCAN_H
#define SHARDBOOK_SHARDS_LOG_SCAN_H

#include "core/ports.h"

struct log_stretch {
    uint8_t topic;
    int32_t partition;
    int64_t begin, end; /* records begin <= offset < end */
};

/* Calls on_record for each record of the stretches, in order within each, mixed among them. Returns when all are
 * read; a stretch whose tail holds no records (transaction markers) counts as read after ten seconds of silence.
 * STATUS_OK, or what the reader says; STATUS_AWAY after `patience_ms` without the broker. Any thread. */
int log_scan(struct log_store *store, const struct log_stretch *stretches, int count, int patience_ms,
    void (*on_record)(void *context, const struct log_record *record), void *context);

#endif
