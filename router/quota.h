/* The monthly counts of all routers together: what this one counted is added to Valkey's count in batches, and what the
 * others counted comes back. While Valkey is away this router's own count goes on alone. */
#ifndef SHARDBOOK_ROUTER_QUOTA_H
#define SHARDBOOK_ROUTER_QUOTA_H

#include "io/valkey_client/valkey_client.h"
#include "router/metrics.h"
#include "router/rate_limit.h"

#include <stdint.h>

/* year * 12 + month (January 0), UTC. */
int32_t quota_month(int64_t calendar_ms);

/* Seconds until that month is over. */
uint32_t quota_month_ends_in_s(int64_t calendar_ms);

struct quota {
    struct rate_limit *limit;
    struct valkey_client *valkey;
    struct metrics *metrics;
};

/* Sends what was counted since the last time, key by key: INCRBY quota:<key id>:<yyyymm>, kept for 40 days. Call once a
 * second. */
void quota_report(struct quota *quota);

#endif
