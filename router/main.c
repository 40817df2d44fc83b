/* shardbook-router: puts the parts together, and takes them apart. */
#include "io/configuration/configuration.h"
#include "io/configuration/valkey_options.h"
#include "io/http/http_server.h"
#include "io/kafka/order_producer.h"
#include "io/kafka/settings.h"
#include "io/keys/keys.h"
#include "io/valkey_client/valkey_client.h"
#include "router/clock.h"
#include "router/router.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <uv.h>

enum { TICK_MS = 50, TICKS_PER_SECOND = 20, PROBLEM_BYTES = 512, FLUSH_MS = 3000, HOST_BYTES = 256 };

static const struct option_row options[] = {
    TITLE_ROW("Serving"),
    TEXT_ROW("listen", "SHARDBOOK_LISTEN", "127.0.0.1:8080", "ADDRESS:PORT", "where REST is served"),
    TEXT_ROW("tls-cert", "SHARDBOOK_TLS_CERT", NULL, "FILE", "certificate chain in PEM: serve HTTPS"),
    TEXT_ROW("tls-key", "SHARDBOOK_TLS_KEY", NULL, "FILE", "its key in PEM"),
    TEXT_ROW("cors-origin", "SHARDBOOK_CORS_ORIGIN", "*", "ORIGIN", "access-control-allow-origin of every answer"),
    COUNT_ROW("connections", "SHARDBOOK_CONNECTIONS", "10000", 1, 1000000, "HTTP connections at once; more are closed"),
    COUNT_ROW(
        "in-flight", "SHARDBOOK_IN_FLIGHT", "10000", 1, 1000000, "orders under way at once; more are answered 503"),
    COUNT_ROW("deadline-ms", "SHARDBOOK_DEADLINE_MS", "8000", 6000, 30000, "every order is answered within this time"),
    COUNT_ROW(
        "linger-ms", "SHARDBOOK_LINGER_MS", "1", 0, 5, "an order waits this long for company on its way to Kafka"),
    TITLE_ROW("Who may, and how much"),
    TEXT_ROW("api-keys", "SHARDBOOK_API_KEYS", NULL, "FILE",
        "hashed API keys (shardbookctl key create); read again on SIGHUP"),
    SWITCH_ROW("open-mode", "SHARDBOOK_OPEN_MODE", "false", "take userId as clients give it; for demonstrations only"),
    COUNT_ROW("rate", "SHARDBOOK_RATE", "1000", 0, 1000000, "requests a second and key; 0: no limit"),
    COUNT_ROW("burst", "SHARDBOOK_BURST", "2000", 1, 10000000, "so many at once"),
    COUNT_ROW("quota-per-month", "SHARDBOOK_QUOTA_PER_MONTH", "1000000", 0, 1000000000000,
        "requests a month and key; 0: no limit"),
    COUNT_ROW(
        "requests-per-minute-per-address", "SHARDBOOK_REQUESTS_PER_MINUTE_PER_ADDRESS", "0", 0, 1000000, "0: no limit"),
    KAFKA_OPTION_ROWS,
    VALKEY_OPTION_ROWS,
};

static const char notes[] =
    "POST /orders as in the guide, POST /orders/test, /orders/replace and /orders/list, DELETE and PATCH\n"
    "/orders/ORDERID, DELETE /orders?symbol=, GET /orders/ORDERID, /orders?clientOrderId=&symbol=, /depth, /trades,\n"
    "/symbols and /time, all with the header x-api-key and also under /prod; /healthz, /readyz and (from this\n"
    "machine) /metrics without. Unknown query parameters are ignored, wait is refused. 200 only after all in-sync "
    "replicas\n"
    "have the order; a 503 with code -1007 means that nobody knows: ask by clientOrderId. /readyz names what is\n"
    "missing; without Valkey it is ready if Valkey was there before or 10 s have passed (routes: the last known,\n"
    "else orders). SIGHUP reads the API keys again; SIGTERM takes no more requests, answers those under way, and "
    "ends.\n";

static const char examples[] =
    "  shardbook-router --kafka 127.0.0.1:19092 --valkey 127.0.0.1:16379 \\\n"
    "    --valkey-password-file valkey.password --api-keys api-keys\n"
    "  curl -X POST http://127.0.0.1:8080/orders -H 'content-type: application/json' -H 'x-api-key: KEY' \\\n"
    "    -d '{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":100,\"price\":150.00,\"orderType\":\"LIMIT\"}'\n";

static bool check(const struct configuration *configuration, char *problem, size_t bytes);

static const struct program program = {
    .name = "shardbook-router",
    .purpose = "Takes orders by REST, checks them, and puts them into the log.",
    .notes = notes,
    .examples = examples,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .check = check,
};

/* The whole program. */
struct process {
    uv_loop_t loop;
    struct configuration *configuration;
    struct keys *keys;
    struct http_server *http;
    struct valkey_client *valkey;
    struct order_producer *producer;
    struct router *router;
    uv_timer_t tick;
    uv_signal_t signals[3];
    uint32_t ticks;
    bool stopping, stopped;
    uint64_t stop_by_us;
};

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "shardbook-router: ");
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

/* ---------------------------------------------------------------- options */

static bool has_line_break(const char *text) { return strpbrk(text, "\r\n") != NULL; }

static bool check_own(const struct configuration *configuration, char *problem, size_t bytes) {
    char host[HOST_BYTES];
    uint16_t port;
    const char *cert = configuration_text(configuration, "tls-cert"),
               *key = configuration_text(configuration, "tls-key");
    const char *origin = configuration_text(configuration, "cors-origin");
    if (!address_parse(configuration_text(configuration, "listen"), 8080, host, sizeof host, &port)) {
        snprintf(problem, bytes, "--listen must be ADDRESS:PORT, like 127.0.0.1:8080 or [::1]:8080");
    } else if (!cert != !key) {
        snprintf(problem, bytes, "--tls-cert and --tls-key belong together: give both or neither");
    } else if (origin && (has_line_break(origin) || strlen(origin) > 256)) {
        snprintf(problem, bytes, "--cors-origin must be one line of at most 256 bytes, like https://example.com");
    } else if (!configuration_text(configuration, "api-keys") && !configuration_switch(configuration, "open-mode")) {
        snprintf(problem, bytes,
            "--api-keys FILE is needed (make one with: shardbookctl key create --account NAME --file FILE), or "
            "--open-mode");
    } else {
        return true;
    }
    return false;
}

static bool check(const struct configuration *configuration, char *problem, size_t bytes) {
    struct kafka_settings kafka;
    struct valkey_options valkey;
    return check_own(configuration, problem, bytes) && kafka_settings_read(configuration, &kafka, problem, bytes) &&
           valkey_options_read(configuration, &valkey, problem, bytes);
}

static uint32_t count_of(const struct process *process, const char *name) {
    return (uint32_t)configuration_count(process->configuration, name);
}

/* ---------------------------------------------------------------- the parts */

static bool open_keys(struct process *process) {
    char problem[PROBLEM_BYTES];
    int status;
    const char *path = configuration_text(process->configuration, "api-keys");
    if (!path) {
        return true;
    }
    process->keys = keys_open(path, &status, problem, sizeof problem);
    if (!process->keys) {
        say("%s", problem);
    }
    return process->keys != NULL;
}

static bool open_http(struct process *process) {
    char host[HOST_BYTES], cors[512];
    const char *why;
    int status;
    struct configuration *configuration = process->configuration;
    struct http_server_options http = {.address = host,
        .tls_certificate_file = configuration_text(configuration, "tls-cert"),
        .tls_key_file = configuration_text(configuration, "tls-key"),
        .connections_max = count_of(process, "connections"),
        .every_answer = cors};
    struct http_server_events events = {router_on_request, router_on_refused, &process->router};
    const char *origin = configuration_text(configuration, "cors-origin");
    snprintf(cors, sizeof cors, "access-control-allow-origin: %s\r\n", origin ? origin : "*");
    address_parse(configuration_text(configuration, "listen"), 8080, host, sizeof host, &http.port);
    process->http = http_server_open(&process->loop, &http, &events, &status, &why);
    if (!process->http) {
        say("cannot serve on %s: %s", configuration_text(configuration, "listen"), why);
    }
    return process->http != NULL;
}

static void on_valkey_up(void *context) {
    (void)context;
    say("Valkey answers");
}

static void on_valkey_down(void *context, const char *why) {
    (void)context;
    say("Valkey is away (%s): routes are the last known ones", why);
}

static void on_valkey_refused(void *context, const char *why) {
    (void)context;
    say("Valkey cannot be used: %s; trying again", why);
}

static bool open_valkey(struct process *process) {
    char problem[PROBLEM_BYTES];
    struct valkey_options given;
    const char *why;
    int status;
    if (!valkey_options_read(process->configuration, &given, problem, sizeof problem)) {
        say("%s", problem);
        return false;
    }
    struct valkey_client_options valkey = {.host = given.host,
        .port = given.port,
        .user = given.user,
        .password = given.password,
        .tls = given.tls,
        .tls_ca_file = given.ca_file,
        .command_timeout_ms = 1000,
        .in_flight_max = 8192};
    struct valkey_client_events events = {on_valkey_up, on_valkey_down, on_valkey_refused, process};
    process->valkey = valkey_client_open(&process->loop, &valkey, &events, &status, &why);
    if (!process->valkey) {
        say("%s", why);
    }
    return process->valkey != NULL;
}

static bool open_producer(struct process *process) {
    char problem[PROBLEM_BYTES];
    struct kafka_settings kafka;
    struct order_producer_settings settings = order_producer_defaults();
    int status;
    if (!kafka_settings_read(process->configuration, &kafka, problem, sizeof problem)) {
        say("%s", problem);
        return false;
    }
    kafka.client_id = "shardbook-router";
    settings.in_flight_max = (int)count_of(process, "in-flight");
    settings.linger_ms = (int)count_of(process, "linger-ms");
    settings.message_timeout_ms = (int)count_of(process, "deadline-ms") - 1000;
    process->producer = order_producer_open(&kafka, &settings, &process->loop, &status);
    if (!process->producer) {
        say("the Kafka producer cannot start: %s", status_name(status));
    }
    return process->producer != NULL;
}

static void name_topics(const struct process *process, struct router_settings *settings) {
    char problem[PROBLEM_BYTES];
    struct kafka_settings kafka;
    if (kafka_settings_read(process->configuration, &kafka, problem, sizeof problem)) { /* it was read before */
        snprintf(settings->orders_topic, sizeof settings->orders_topic, "%s", kafka.topics[TOPIC_ORDERS]);
        snprintf(settings->pending_topic, sizeof settings->pending_topic, "%s", kafka.topics[TOPIC_PENDING]);
    }
}

static bool open_router(struct process *process) {
    struct router_settings settings = {
        .plan = {.rate_per_s = count_of(process, "rate"),
            .burst = count_of(process, "burst"),
            .quota_per_month = (uint64_t)configuration_count(process->configuration, "quota-per-month")},
        .requests_per_minute_per_address = count_of(process, "requests-per-minute-per-address"),
        .open_mode = configuration_switch(process->configuration, "open-mode"),
        .in_flight_max = count_of(process, "in-flight"),
        .deadline_ms = count_of(process, "deadline-ms"),
    };
    struct router_parts parts = {process->http, process->valkey, process->producer, process->keys};
    name_topics(process, &settings);
    process->router = router_open(&settings, &parts);
    if (!process->router) {
        say("out of memory");
    }
    return process->router != NULL;
}

/* ---------------------------------------------------------------- ending */

static void on_handle_closed(uv_handle_t *handle) { (void)handle; }

/* From the source to the sink: no more requests, then the log, then the rest. */
static void stop_parts(struct process *process) {
    process->stopped = true;
    order_producer_close(process->producer, FLUSH_MS, NULL, NULL);
    http_server_close(process->http);
    valkey_client_close(process->valkey);
    uv_close((uv_handle_t *)&process->tick, on_handle_closed);
    for (size_t i = 0; i < sizeof process->signals / sizeof *process->signals; i++) {
        uv_close((uv_handle_t *)&process->signals[i], on_handle_closed);
    }
}

static void begin_to_stop(struct process *process) {
    if (process->stopping) {
        return;
    }
    say("stopping: %u requests are under way", http_server_pending(process->http));
    sd_notify(0, "STOPPING=1");
    process->stopping = true;
    process->stop_by_us = clock_monotonic_us() + (uint64_t)count_of(process, "deadline-ms") * 1000;
    router_drain(process->router);
    http_server_drain(process->http);
}

static void look_whether_done(struct process *process) {
    bool done = http_server_pending(process->http) == 0 && router_in_flight(process->router) == 0;
    if (done || clock_monotonic_us() > process->stop_by_us) {
        stop_parts(process);
    }
}

/* ---------------------------------------------------------------- time and signals */

static void read_keys_again(struct process *process) {
    char problem[PROBLEM_BYTES];
    if (!process->keys) {
        return;
    }
    bool ok = keys_reload(process->keys, problem, sizeof problem) == STATUS_OK;
    router_on_keys_read(process->router, ok);
    if (ok) {
        say("%zu API keys", keys_count(process->keys));
    } else {
        say("the API keys stay as they were: %s", problem);
    }
}

static void on_signal(uv_signal_t *handle, int signal_number) {
    if (signal_number == SIGHUP) {
        read_keys_again(handle->data);
    } else {
        begin_to_stop(handle->data);
    }
}

static void on_tick(uv_timer_t *timer) {
    struct process *process = timer->data;
    router_tick(process->router);
    if (++process->ticks % TICKS_PER_SECOND == 0) {
        router_report_quota(process->router);
        sd_notify(0, "WATCHDOG=1");
    }
    if (process->stopping && !process->stopped) {
        look_whether_done(process);
    }
}

static void watch(struct process *process) {
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    uv_timer_init(&process->loop, &process->tick);
    process->tick.data = process;
    uv_timer_start(&process->tick, on_tick, TICK_MS, TICK_MS);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        uv_signal_init(&process->loop, &process->signals[i]);
        process->signals[i].data = process;
        uv_signal_start(&process->signals[i], on_signal, numbers[i]);
    }
}

/* ---------------------------------------------------------------- main */

/* Sockets for all connections, if the system lets us. */
static void raise_file_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void serve(struct process *process) {
    watch(process);
    say("serving on %s (port %u)%s", configuration_text(process->configuration, "listen"),
        http_server_port(process->http),
        configuration_switch(process->configuration, "open-mode") ? "; OPEN MODE: anybody can act as anybody" : "");
    sd_notify(0, "READY=1");
    uv_run(&process->loop, UV_RUN_DEFAULT);
    router_close(process->router);
    http_server_free(process->http);
    if (process->keys) {
        keys_close(process->keys);
    }
    configuration_close(process->configuration);
    say(uv_loop_close(&process->loop) == 0 ? "stopped" : "stopped, with handles left");
}

int main(int argc, char **argv) {
    static struct process process;
    int exit_code;
    process.configuration = configuration_read(&program, argc, argv, &exit_code);
    if (!process.configuration) {
        return exit_code;
    }
    signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    uv_loop_init(&process.loop);
    if (!open_keys(&process) || !open_http(&process) || !open_valkey(&process) || !open_producer(&process) ||
        !open_router(&process)) {
        return 1;
    }
    serve(&process);
    return 0;
}
