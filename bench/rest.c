/* shardbook-bench rest: latency of the running stack from the client's side, and whether it matched correctly. */
#include "bench/bench.h"
#include "bench/stack_options.h"
#include "bench/trading.h"
#include "bench/verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char who[] = "shardbook-bench";

static const struct option_row options[] = {
    STACK_OPTION_ROWS,
    TITLE_ROW("What"),
    COUNT_ROW("seconds", NULL, "30", 1, 86400, "how long"),
    STACK_ORDER_ROWS("500", "20", "64"),
    COUNT_ROW(
        "late-per-mille", NULL, "10", 0, 1000, "more sends than these late (50 ms) or dropped make the run invalid"),
    SWITCH_ROW("verify", NULL, "true", "compare every event of the log with the reference book afterwards"),
    SWITCH_ROW("hdr", NULL, "false", "print both distributions in HdrHistogram's text form too"),
    SWITCH_ROW("json", NULL, "false", "the result as JSON"),
    KAFKA_OPTION_ROWS,
};

static bool check(const struct configuration *configuration, char *problem, size_t problem_bytes) {
    struct kafka_settings kafka;
    return kafka_settings_read(configuration, &kafka, problem, problem_bytes);
}

static const struct program program = {
    .name = "shardbook-bench",
    .purpose = "Drives the running stack by REST, open loop, and verifies what it made of it.",
    .usage = "[rest] [OPTION...]  |  pipeline [OPTION...]  |  book [OPTION...]  |  market [OPTION...]  |  verify "
             "[OPTION...]\n"
             "       (each has --help)",
    .notes = "Latency counts from the planned time of each order to its acknowledgement (200, in the log of all "
             "replicas) and, of orders that\n"
             "trade, to the fill over WebSocket. The router allows 1,000 requests a second and key, as the guide's "
             "usage plan: for more\n"
             "start it with SHARDBOOK_RATE=0 ops/stack up router. --kafka is read for the verification only.\n"
             "Exit code: 0 done, 1 failed or no valid measurement, 2 wrong usage, 3 the events differ from the "
             "reference book's.",
    .examples =
        "  ops/stack up && shardbook-bench\n"
        "  shardbook-bench --rate 500 --seconds 10 --symbols 5 --json\n"
        "  shardbook-bench pipeline --orders 300000 --json     the server's throughput beside bare Kafka programs\n"
        "  shardbook-bench book                                our book beside a plain one, in memory; no stack is "
        "needed\n"
        "  shardbook-bench verify --kafka 127.0.0.1:19092      only the comparison (as shardbook-verify)\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .check = check,
};

static void show_live(void *context, const struct trading *trading, double seconds) {
    const struct trading_counters *c = &trading->counters;
    (void)context;
    fprintf(stderr,
        "\r%5.1f s  %" PRIu64 " sent  %" PRIu64 " accepted  %" PRIu64
        " trades  ack p50 %.1f ms  p99 %.1f ms  fill p99 %.1f ms  late %" PRIu64 "  dropped %" PRIu64 " \033[K",
        seconds, c->sent, c->accepted, c->trades, (double)histogram_at(&trading->to_acknowledgement, 0.5) / 1000,
        (double)histogram_at(&trading->to_acknowledgement, 0.99) / 1000,
        (double)histogram_at(&trading->to_fill, 0.99) / 1000, c->late, c->dropped);
}

/* ---- is it a measurement? */

/* Empty if the run says something, else why it does not. */
static void judge(const struct trading *trading, int64_t late_per_mille, char *why, size_t why_bytes) {
    const struct trading_counters *c = &trading->counters;
    uint64_t bad = c->late + c->dropped;
    *why = 0;
    if (c->accepted == 0)
        snprintf(why, why_bytes, "nothing was accepted; the first answer: %s", trading->first_refusal);
    else if (bad * 1000 > c->planned * (uint64_t)late_per_mille)
        snprintf(why, why_bytes,
            "%" PRIu64 " of %" PRIu64
            " sends were late or dropped: lower --rate, raise --connections, or give this machine less else to do",
            bad, c->planned);
    else if (c->throttled * 1000 > c->planned * 10)
        snprintf(why, why_bytes,
            "%" PRIu64
            " requests met the router's rate limit or quota: lower --rate, or SHARDBOOK_RATE=0 ops/stack up router",
            c->throttled);
    else if (c->unknown)
        snprintf(why, why_bytes, "%" PRIu64 " requests got no clear answer; the first: %s", c->unknown,
            trading->first_refusal);
    else if (*trading->websocket_end)
        snprintf(why, why_bytes, "the WebSocket ended: %s", trading->websocket_end);
}

/* ---- results */

static const double shares[] = {0.5, 0.9, 0.99, 0.999};

static void print_row(const char *name, const struct histogram *histogram) {
    printf("  %-28s %9" PRIu64, name, histogram->total);
    for (size_t i = 0; i < 4; i++) printf(" %9.2f", (double)histogram_at(histogram, shares[i]) / 1000);
    printf(" %9.2f\n", (double)histogram->max_us / 1000);
}

static void print_text(const struct trading *trading, const struct configuration *configuration, const char *why) {
    const struct trading_counters *c = &trading->counters;
    printf("%.1f s, %" PRIu64 " planned (%" PRId64 "/s), %" PRIu64 " sent, %" PRIu64 " late, %" PRIu64 " dropped\n",
        trading->seconds, c->planned, configuration_count(configuration, "rate"), c->sent, c->late, c->dropped);
    printf("%" PRIu64 " accepted (%.0f/s; %" PRIu64 " new orders), %" PRIu64 " refused, %" PRIu64
           " rate limited, %" PRIu64 " unknown\n",
        c->accepted, trading->seconds > 0 ? (double)c->accepted / trading->seconds : 0.0, c->new_orders, c->refused,
        c->throttled, c->unknown);
    printf("%" PRIu64 " trades seen over WebSocket, %" PRIu64 " orders traded on arrival\n\n", c->trades,
        c->orders_filled);
    printf(
        "  %-28s %9s %9s %9s %9s %9s %9s\n", "ms from the planned time", "count", "p50", "p90", "p99", "p99.9", "max");
    print_row("to the acknowledgement", &trading->to_acknowledgement);
    print_row("to the fill on WebSocket", &trading->to_fill);
    printf("\n");
    if (configuration_switch(configuration, "hdr")) {
        histogram_print(&trading->to_acknowledgement, stdout);
        histogram_print(&trading->to_fill, stdout);
    }
    if (*why) printf("INVALID: %s\n", why);
}

static void add_histogram(
    yyjson_mut_doc *doc, yyjson_mut_val *root, const char *name, const struct histogram *histogram) {
    static const char *const names[] = {"p50_ms", "p90_ms", "p99_ms", "p999_ms"};
    yyjson_mut_val *object = yyjson_mut_obj_add_obj(doc, root, name);
    yyjson_mut_obj_add_uint(doc, object, "count", histogram->total);
    for (size_t i = 0; i < 4; i++)
        yyjson_mut_obj_add_real(doc, object, names[i], (double)histogram_at(histogram, shares[i]) / 1000);
    yyjson_mut_obj_add_real(doc, object, "max_ms", (double)histogram->max_us / 1000);
}

static void print_json(const struct trading *trading, const struct configuration *configuration, const char *why,
    const struct verdict *verdict) {
    const struct trading_counters *c = &trading->counters;
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = {{"planned", c->planned}, {"sent", c->sent}, {"late", c->late}, {"dropped", c->dropped},
        {"accepted", c->accepted}, {"newOrders", c->new_orders}, {"refused", c->refused}, {"rateLimited", c->throttled},
        {"unknown", c->unknown}, {"trades", c->trades}, {"reports", c->reports}, {"ordersFilled", c->orders_filled},
        {"connectionsLost", c->breaks}};
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    yyjson_mut_obj_add_str(doc, root, "schema", "shardbook.bench.rest/1");
    yyjson_mut_obj_add_bool(doc, root, "valid", !*why);
    if (*why) yyjson_mut_obj_add_str(doc, root, "invalidBecause", why);
    yyjson_mut_obj_add_int(doc, root, "rate", configuration_count(configuration, "rate"));
    yyjson_mut_obj_add_int(doc, root, "symbols", configuration_count(configuration, "symbols"));
    yyjson_mut_obj_add_int(doc, root, "connections", configuration_count(configuration, "connections"));
    yyjson_mut_obj_add_int(doc, root, "seed", configuration_count(configuration, "seed"));
    yyjson_mut_obj_add_str(doc, root, "mix", configuration_text(configuration, "mix"));
    yyjson_mut_obj_add_real(doc, root, "seconds", trading->seconds);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        yyjson_mut_obj_add_uint(doc, root, counts[i].name, counts[i].value);
    add_histogram(doc, root, "toAcknowledgement", &trading->to_acknowledgement);
    add_histogram(doc, root, "toFill", &trading->to_fill);
    if (verdict) verdict_add(verdict, doc, root);
    char *json = yyjson_mut_write(doc, YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL);
    puts(json ? json : "{}");
    free(json);
    yyjson_mut_doc_free(doc);
}

/* ---- the run */

static int measure(
    const struct configuration *configuration, const struct endpoints *endpoints, struct trading *trading) {
    char problem[1024] = "", why[800];
    bool json = configuration_switch(configuration, "json"), verifies = configuration_switch(configuration, "verify");
    bool terminal = isatty(STDERR_FILENO);
    struct trading_options run = {.rest = endpoints->rest,
        .websocket = endpoints->websocket,
        .api_key = endpoints->api_key,
        .rate = (double)configuration_count(configuration, "rate"),
        .symbols = (uint32_t)configuration_count(configuration, "symbols"),
        .connections = (uint32_t)configuration_count(configuration, "connections"),
        .seed = (uint64_t)configuration_count(configuration, "seed"),
        .mix = stack_options_mix(configuration),
        .on_tick = terminal ? show_live : NULL};
    run.orders = (uint64_t)(run.rate * (double)configuration_count(configuration, "seconds"));
    bool ran = trading_run(trading, &run, problem, sizeof problem);
    if (terminal) fprintf(stderr, "\r\033[K");
    if (!ran) {
        fprintf(stderr, "%s: %s\n", who, problem);
        return 1;
    }
    judge(trading, configuration_count(configuration, "late-per-mille"), why, sizeof why);
    struct verdict verdict;
    struct kafka_settings kafka = stack_options_kafka(configuration, endpoints);
    if (!json) print_text(trading, configuration, why);
    fflush(stdout);
    if (verifies) verdict_reach(&verdict, &kafka, 20000);
    if (json)
        print_json(trading, configuration, why, verifies ? &verdict : NULL);
    else if (verifies)
        verdict_print(&verdict, stdout);
    int code = verifies ? verdict_exit_code(&verdict) : 0;
    return code == 0 && *why ? 1 : code;
}

int bench_rest(int argc, char **argv) {
    int code;
    struct endpoints endpoints;
    struct configuration *configuration = configuration_read(&program, argc, argv, &code);
    if (!configuration) return code;
    struct trading *trading = calloc(1, sizeof *trading);
    code = 1;
    if (trading && stack_options_read(configuration, who, configuration_switch(configuration, "verify"), &endpoints))
        code = measure(configuration, &endpoints, trading);
    if (trading) trading_deinit(trading);
    free(trading);
    configuration_close(configuration);
    return code;
}
