/* What the router counts, and how it is printed for Prometheus. */
#ifndef SHARDBOOK_ROUTER_METRICS_H
#define SHARDBOOK_ROUTER_METRICS_H

#include "router/target.h"

#include <stddef.h>
#include <stdint.h>

enum request_result {
    RESULT_OK,
    RESULT_ACCEPTED,        /* an order or change is in the log */
    RESULT_INVALID,         /* 400 */
    RESULT_FORBIDDEN,       /* 403 */
    RESULT_NOT_FOUND,       /* 404, 405 */
    RESULT_REFUSED,         /* 408, 411, 413, 414, 431, 505: refused before it was a request */
    RESULT_RATE_LIMITED,    /* 429: too fast */
    RESULT_QUOTA_SPENT,     /* 429: month's quota */
    RESULT_ADDRESS_LIMITED, /* 429: too fast for an address */
    RESULT_UNAVAILABLE,     /* 503: not done, try again */
    RESULT_UNKNOWN,         /* 503: nobody knows whether it was done */
    RESULT_FAILED,          /* 500 */
    RESULT_COUNT
};

enum { LATENCY_BUCKETS = 16 };

struct metrics {
    uint64_t requests[CALL_COUNT + 1][RESULT_COUNT]; /* the last row: no call */
    uint64_t latency[LATENCY_BUCKETS + 1];           /* request to acknowledgement, not cumulative; the last: beyond */
    uint64_t latency_us_sum, latency_count;
    uint64_t late_acknowledgements; /* of requests that were answered as unknown before */
    uint64_t route_lookups, route_lookup_failures, route_fallbacks, door_waits;
    uint64_t records[2]; /* stored, by door: orders, pending-orders */
    uint64_t quota_reports, quota_report_failures;
    uint64_t key_reloads, key_reload_failures;
};

/* What others count; filled in when metrics are asked for. */
struct metrics_gauges {
    uint64_t in_flight, waiting, routes, keys;
    uint64_t connections, connections_accepted, connections_refused, connection_timeouts, input_bytes;
    bool kafka_up, valkey_up;
    uint64_t kafka_in_flight, kafka_reopened;
    uint64_t valkey_round_trip_us, valkey_losses;
    uint64_t oldest_route_ms; /* age of the oldest route used for a record since the last time metrics were asked for */
};

void metrics_count(struct metrics *metrics, enum call call, enum request_result result);
void metrics_latency(struct metrics *metrics, uint64_t us);

/* Writes the text form; returns its bytes, at most METRICS_BYTES_MAX. */
enum { METRICS_BYTES_MAX = 65536 };
size_t metrics_write(const struct metrics *metrics, const struct metrics_gauges *gauges, char *out, size_t bytes);

#endif
