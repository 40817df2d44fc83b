/* The server's counters as Prometheus text. */
#ifndef SHARDBOOK_SHARDS_SERVER_METRICS_H
#define SHARDBOOK_SHARDS_SERVER_METRICS_H

#include "io/valkey/valkey_writer.h"
#include "io/websocket/push.h"
#include "shards/engine.h"

#include <stddef.h>

/* Where the numbers come from; NULL parts are left out. */
struct server_metrics {
    const struct engine *engine;
    const struct push_counters *push;
    const struct valkey_writer_counters *valkey;
};

/* Writes the text, returns its bytes; what does not fit is left out at a line's end. Any thread. */
size_t server_metrics_write(const struct server_metrics *metrics, char *out, size_t out_bytes);

#endif
