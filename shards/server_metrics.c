#include "shards/server_metrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct page {
    char *out;
    size_t bytes, used;
};

__attribute__((format(printf, 2, 3))) static void line(struct page *page, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(page->out + page->used, page->bytes - page->used, format, arguments);
    va_end(arguments);
    if (size > 0 && (size_t)size < page->bytes - page->used) page->used += (size_t)size;
}

/* One metric with its help, which says what to alert on. */
static void metric(struct page *page, const char *name, const char *kind, const char *help, uint64_t value) {
    line(page, "# HELP shardbook_%s %s\n# TYPE shardbook_%s %s\nshardbook_%s %" PRIu64 "\n", name, help, name, kind,
        name, value);
}

static void head(struct page *page, const char *name, const char *kind, const char *help) {
    line(page, "# HELP shardbook_%s %s\n# TYPE shardbook_%s %s\n", name, help, name, kind);
}

/* A counter that every worker has. */
static void of_workers(
    struct page *page, const struct engine *engine, const char *name, const char *help, size_t place) {
    head(page, name, "counter", help);
    for (int i = 0; i < engine->options.workers; i++) {
        const counter *at = (const counter *)(const void *)((const char *)&engine->workers[i].counters + place);
        line(page, "shardbook_%s{worker=\"%d\"} %" PRIu64 "\n", name, i, counter_get(at));
    }
}

#define OF_WORKERS(name, member, help) of_workers(page, engine, name, help, offsetof(struct worker_counters, member))

static void write_workers(struct page *page, const struct engine *engine) {
    OF_WORKERS("records_total", records, "Records read from orders; alert when it stands still while orders grows.");
    OF_WORKERS("events_total", events, "Events computed, replay included.");
    OF_WORKERS("events_suppressed_total", suppressed, "Events that topic fills held already: replay.");
    OF_WORKERS("fills_total", fills, "Trades computed, replay included.");
    OF_WORKERS("rejected_total", rejected, "Commands rejected; alert on a jump: a client sends nonsense.");
    OF_WORKERS("dead_letters_total", dead_letters, "Records that could not be decoded; alert on any.");
    OF_WORKERS("misdirected_total", misdirected,
        "Records in a wrong partition; alert on growth: a producer's partitioner is not murmur2.");
    OF_WORKERS("copies_repeated_total", dropped_repeat, "Re-injected copies dropped as repeats.");
    OF_WORKERS("copies_gap_total", dropped_gap, "Re-injected copies dropped because an earlier one is missing.");
    OF_WORKERS("voids_total", voids, "Re-injected records that could not be carried.");
    OF_WORKERS("ticks_total", ticks, "TICK records.");
    OF_WORKERS("malformed_controls_total", malformed_controls,
        "Control records ignored as malformed; alert on any: who writes them?");
    OF_WORKERS("forwarded_total", forwarded, "Deliveries to the worker that a symbol was moved to.");
    OF_WORKERS("adopted_total", adopted, "Symbols taken over from another worker.");
    OF_WORKERS("ring_stalls_total", ring_stalls, "Waits for the fills writer; alert on steady growth: Kafka is slow.");
    OF_WORKERS("link_stalls_total", link_stalls, "Waits for another worker.");
    OF_WORKERS("symbols", symbols, "Symbols listed.");
}

static void write_partitions(struct page *page, const struct engine *engine) {
    head(page, "durable_offset", "gauge",
        "Offset of orders below which everything is acknowledged; alert when it lags.");
    for (int32_t p = 0; p < PARTITIONS; p++)
        line(
            page, "shardbook_durable_offset{partition=\"%d\"} %" PRId64 "\n", (int)p, engine_durable_offset(engine, p));
}

static void write_writers(struct page *page, const struct engine *engine) {
    const struct fills_writer_counters *fills = &engine->fills.counters;
    const struct reinjector_counters *copies = &engine->reinjector.counters;
    metric(page, "fills_written_total", "counter", "Events given to topic fills since the start.",
        counter_get(&fills->written));
    metric(page, "writes_acknowledged_total", "counter", "Records of fills and orders-dead-letter acknowledged.",
        counter_get(&fills->acknowledged));
    metric(page, "writes_in_flight", "gauge", "Records written and not acknowledged; alert when it stays high.",
        counter_get(&fills->in_flight));
    metric(page, "producer_full_total", "counter", "Times the producer's queue was full.", counter_get(&fills->full));
    metric(page, "late_repeats_total", "counter", "Events of a predecessor found at the last look.",
        counter_get(&fills->late_repeats));
    metric(page, "reinjected_pending_total", "counter", "Records of pending-orders brought home.",
        counter_get(&copies->pending));
    metric(page, "reinjected_misdirected_total", "counter", "Misdirected records brought home.",
        counter_get(&copies->misdirected));
    metric(page, "reinject_rewinds_total", "counter", "Times the reinjector went back after a gap.",
        counter_get(&copies->rewinds));
    metric(page, "ticks_written_total", "counter", "TICKs appended where something waited for time.",
        counter_get(&copies->ticks));
    metric(page, "arena_used_bytes", "gauge", "Memory of the books; alert near --open-orders-max.",
        arena_used_bytes(&engine->arena));
}

static uint64_t get(const _Atomic uint64_t *at) { return atomic_load_explicit(at, memory_order_relaxed); }

static void write_push(struct page *page, const struct push_counters *push) {
    metric(page, "push_connections", "gauge", "WebSocket connections now.", get(&push->connections));
    metric(page, "push_connections_total", "counter", "WebSocket connections ever.", get(&push->connections_total));
    metric(page, "push_refused_total", "counter", "Upgrades refused by a limit or a bad key.", get(&push->refused));
    metric(page, "push_messages_total", "counter", "Messages pushed.", get(&push->messages));
    metric(page, "push_bytes_total", "counter", "Bytes pushed.", get(&push->bytes));
    metric(page, "push_slow_closes_total", "counter", "Clients closed for lagging; alert on growth.",
        get(&push->slow_closes));
    metric(page, "push_conflated_total", "counter", "Times depth gave way to a snapshot for a slow client.",
        get(&push->conflated));
    metric(page, "push_overtaken_total", "counter", "Times the workers lapped the push thread; alert on growth.",
        get(&push->overtaken));
    metric(page, "push_resyncs_total", "counter", "Depth snapshots asked of workers.", get(&push->resyncs));
    metric(page, "push_subscriptions", "gauge", "Symbols subscribed to now, of all connections.",
        get(&push->subscriptions));
    metric(page, "push_report_closes_total", "counter",
        "Clients closed because reports could not be read again; alert on any.", get(&push->report_closes));
    metric(page, "push_gaps_total", "counter", "Runs of events that were missed.", get(&push->gaps));
    metric(
        page, "push_gaps_filled_total", "counter", "Of these, read again from topic fills.", get(&push->gaps_filled));
    metric(page, "push_gaps_told_total", "counter", "Of these, told to clients as a gap; alert on any.",
        get(&push->gaps_told));
    metric(page, "push_presence_skipped_total", "counter",
        "Connection keys not written because Valkey was away or full.", get(&push->presence_skipped));
}

static void write_valkey(struct page *page, const struct valkey_writer_counters *valkey) {
    metric(page, "valkey_up", "gauge", "1: Valkey is connected; alert on 0.", get(&valkey->up));
    metric(page, "valkey_batches_total", "counter", "Batches applied by Valkey.", get(&valkey->batches));
    metric(page, "valkey_events_total", "counter", "Events applied by Valkey.", get(&valkey->events));
    metric(page, "valkey_gaps_total", "counter", "Batches that did not continue what Valkey had.", get(&valkey->gaps));
    metric(page, "valkey_errors_total", "counter", "Replies that were errors; alert on any.", get(&valkey->errors));
    metric(page, "valkey_refills_total", "counter", "Symbols cleared and filled again.", get(&valkey->refills));
    metric(page, "valkey_overtaken_total", "counter", "Times the workers lapped the Valkey writer.",
        get(&valkey->overtaken));
    metric(page, "valkey_symbols", "gauge", "Symbols known to the Valkey writer.", get(&valkey->symbols));
    metric(page, "valkey_symbols_live", "gauge", "Of these, up to date; alert when it stays below.",
        get(&valkey->symbols_live));
    metric(page, "valkey_window_bytes", "gauge", "Bytes sent and not answered.", get(&valkey->window_bytes));
    line(page, "# HELP shardbook_valkey_round_trip_seconds Time of a batch; alert on its tail.\n# TYPE "
               "shardbook_valkey_round_trip_seconds histogram\n");
    uint64_t cumulative = 0;
    for (int i = 0; i < VALKEY_ROUND_TRIP_BUCKETS - 1; i++) {
        cumulative += get(&valkey->round_trip_buckets[i]);
        line(page, "shardbook_valkey_round_trip_seconds_bucket{le=\"%g\"} %" PRIu64 "\n",
            (double)(UINT64_C(1) << i) * 1e-6, cumulative);
    }
    line(page, "shardbook_valkey_round_trip_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n", get(&valkey->round_trips));
    line(page, "shardbook_valkey_round_trip_seconds_sum %g\n", (double)get(&valkey->round_trip_us_sum) * 1e-6);
    line(page, "shardbook_valkey_round_trip_seconds_count %" PRIu64 "\n", get(&valkey->round_trips));
}

size_t server_metrics_write(const struct server_metrics *metrics, char *out, size_t out_bytes) {
    struct page page = {out, out_bytes, 0};
    metric(&page, "ready", "gauge", "1: every partition was replayed; alert on 0.",
        engine_state(metrics->engine) == ENGINE_RUNNING);
    write_workers(&page, metrics->engine);
    write_partitions(&page, metrics->engine);
    write_writers(&page, metrics->engine);
    if (metrics->push) write_push(&page, metrics->push);
    if (metrics->valkey) write_valkey(&page, metrics->valkey);
    return page.used;
}
