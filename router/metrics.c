#include "router/metrics.h"

#include <stdarg.h>
#include <stdio.h>

static const uint32_t bounds_us[LATENCY_BUCKETS] = {
    250, 500, 1000, 2000, 3000, 5000, 7500, 10000, 20000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000};
static const char *const result_names[RESULT_COUNT] = {"ok", "accepted", "invalid", "forbidden", "not_found", "refused",
    "rate_limited", "quota_spent", "address_limited", "unavailable", "unknown", "failed"};

void metrics_count(struct metrics *metrics, enum call call, enum request_result result) {
    metrics->requests[call][result]++;
}

void metrics_latency(struct metrics *metrics, uint64_t us) {
    int bucket = 0;
    while (bucket < LATENCY_BUCKETS && us > bounds_us[bucket]) {
        bucket++;
    }
    metrics->latency[bucket]++;
    metrics->latency_count++;
    metrics->latency_us_sum += us;
}

struct page {
    char *out;
    size_t bytes, used;
};

__attribute__((format(printf, 2, 3))) static void print(struct page *page, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(page->out + page->used, page->bytes - page->used, format, arguments);
    va_end(arguments);
    if (n > 0 && (size_t)n < page->bytes - page->used) {
        page->used += (size_t)n;
    }
}

/* The alert on each metric stands in its help line. */
static void print_one(struct page *page, const char *name, const char *type, const char *help, double value) {
    print(page, "# HELP shardbook_router_%s %s\n# TYPE shardbook_router_%s %s\nshardbook_router_%s %.10g\n", name, help,
        name, type, name, value);
}

static void print_requests(struct page *page, const struct metrics *metrics) {
    print(page, "# HELP shardbook_router_requests_total Requests by call and result. Alert: unknown or failed above 0 "
                "for 5 minutes; "
                "unavailable above 1 %% of all.\n# TYPE shardbook_router_requests_total counter\n");
    for (int call = 0; call <= CALL_COUNT; call++) {
        for (int result = 0; result < RESULT_COUNT; result++) {
            if (metrics->requests[call][result]) {
                print(page, "shardbook_router_requests_total{call=\"%s\",result=\"%s\"} %llu\n",
                    call_name((enum call)call), result_names[result],
                    (unsigned long long)metrics->requests[call][result]);
            }
        }
    }
}

static void print_latency(struct page *page, const struct metrics *metrics) {
    uint64_t below = 0;
    print(page, "# HELP shardbook_router_order_to_ack_seconds From a whole request to its acknowledgement by the "
                "broker. Alert: p99 above 0.1.\n"
                "# TYPE shardbook_router_order_to_ack_seconds histogram\n");
    for (int i = 0; i < LATENCY_BUCKETS; i++) {
        below += metrics->latency[i];
        print(page, "shardbook_router_order_to_ack_seconds_bucket{le=\"%g\"} %llu\n", bounds_us[i] / 1e6,
            (unsigned long long)below);
    }
    print(page,
        "shardbook_router_order_to_ack_seconds_bucket{le=\"+Inf\"} %llu\nshardbook_router_order_to_ack_seconds_sum "
        "%.6f\n"
        "shardbook_router_order_to_ack_seconds_count %llu\n",
        (unsigned long long)metrics->latency_count, (double)metrics->latency_us_sum / 1e6,
        (unsigned long long)metrics->latency_count);
}

static void print_records(struct page *page, const struct metrics *metrics) {
    print(page,
        "# HELP shardbook_router_records_total Records stored, by topic. Alert: pending above 0 while no symbol "
        "moves.\n"
        "# TYPE shardbook_router_records_total counter\nshardbook_router_records_total{topic=\"orders\"} %llu\n"
        "shardbook_router_records_total{topic=\"pending-orders\"} %llu\n",
        (unsigned long long)metrics->records[0], (unsigned long long)metrics->records[1]);
}

static void print_counters(struct page *page, const struct metrics *m) {
    const struct {
        const char *name, *help;
        uint64_t value;
    } counters[] = {
        {"late_acknowledgements_total",
            "Records acknowledged after the request was answered as unknown. Alert: above 0.",
            m->late_acknowledgements},
        {"route_lookups_total", "Routes asked for in Valkey. Alert: none for a minute while orders arrive.",
            m->route_lookups},
        {"route_lookup_failures_total", "Routes that Valkey did not tell. Alert: above 0 for 5 minutes.",
            m->route_lookup_failures},
        {"route_fallbacks_total",
            "Records sent by the last known route, as Valkey was away. Alert: above 0 while a symbol moves.",
            m->route_fallbacks},
        {"door_waits_total", "Times a symbol waited for its records at the other topic. Alert: none.", m->door_waits},
        {"quota_reports_total", "Additions to the shared monthly counts. Alert: none.", m->quota_reports},
        {"quota_report_failures_total", "Additions that failed; they are repeated. Alert: above 0 for an hour.",
            m->quota_report_failures},
        {"key_reloads_total", "Times the API keys were read again. Alert: none.", m->key_reloads},
        {"key_reload_failures_total", "Times that failed; the old keys stay. Alert: above 0.", m->key_reload_failures},
    };
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
        print_one(page, counters[i].name, "counter", counters[i].help, (double)counters[i].value);
    }
}

static void print_gauges(struct page *page, const struct metrics_gauges *g) {
    const struct {
        const char *name, *type, *help;
        double value;
    } gauges[] = {
        {"in_flight", "gauge", "Orders and changes not answered yet. Alert: near --in-flight.", (double)g->in_flight},
        {"waiting", "gauge", "Of these: not produced yet (route, other topic). Alert: above 0 for 10 seconds.",
            (double)g->waiting},
        {"producer_queue", "gauge", "Records that the broker has not acknowledged. Alert: growing.",
            (double)g->kafka_in_flight},
        {"producer_reopened_total", "counter", "Times the producer was made anew. Alert: above 0.",
            (double)g->kafka_reopened},
        {"kafka_up", "gauge", "1 while the brokers are believed to be reachable. Alert: 0.", g->kafka_up},
        {"valkey_up", "gauge", "1 while Valkey answers. Alert: 0.", g->valkey_up},
        {"valkey_round_trip_seconds", "gauge", "Last round trip to Valkey. Alert: above 0.05.",
            (double)g->valkey_round_trip_us / 1e6},
        {"valkey_losses_total", "counter", "Connections to Valkey lost. Alert: growing.", (double)g->valkey_losses},
        {"route_cache_age_seconds", "gauge", "Greatest age of a route used since the last scrape. Alert: above 0.25.",
            (double)g->oldest_route_ms / 1e3},
        {"routes", "gauge", "Symbols in the route cache. Alert: near 49152.", (double)g->routes},
        {"api_keys", "gauge", "API keys. Alert: 0.", (double)g->keys},
        {"connections", "gauge", "HTTP connections. Alert: near --connections.", (double)g->connections},
        {"connections_accepted_total", "counter", "HTTP connections taken. Alert: none.",
            (double)g->connections_accepted},
        {"connections_refused_total", "counter", "HTTP connections beyond the limit. Alert: above 0.",
            (double)g->connections_refused},
        {"connection_timeouts_total", "counter", "HTTP connections ended for slowness. Alert: growing fast.",
            (double)g->connection_timeouts},
        {"input_bytes", "gauge", "Memory of unfinished requests. Alert: above 32 MiB.", (double)g->input_bytes},
    };
    for (size_t i = 0; i < sizeof gauges / sizeof *gauges; i++) {
        print_one(page, gauges[i].name, gauges[i].type, gauges[i].help, gauges[i].value);
    }
}

size_t metrics_write(const struct metrics *metrics, const struct metrics_gauges *gauges, char *out, size_t bytes) {
    struct page page = {out, bytes, 0};
    print_requests(&page, metrics);
    print_latency(&page, metrics);
    print_records(&page, metrics);
    print_counters(&page, metrics);
    print_gauges(&page, gauges);
    return page.used;
}
