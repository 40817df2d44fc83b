/* shardbook-server: puts the engine, Kafka, Valkey and the push thread together, and watches over them on a libuv loop.
 */
#include "io/configuration/configuration.h"
#include "io/configuration/valkey_options.h"
#include "io/decode/event_decoder.h"
#include "io/json/json_depth.h"
#include "io/json/json_instrument.h"
#include "io/kafka/kafka_log.h"
#include "io/valkey/valkey_writer.h"
#include "io/websocket/push.h"
#include "shards/codecs.h"
#include "shards/engine.h"
#include "shards/server_metrics.h"

#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <uv.h>

enum {
    STORES = 3,
    STORE_ENGINE = 0,
    STORE_VALKEY,
    STORE_PUSH,
    WATCHDOG_MS = 1000,
    PUSH_SHUTDOWN_MS = 500,
    OPEN_TRIES = 6,
    OPEN_PAUSE_MS = 500
};

static const struct option_row options[] = {
    TITLE_ROW("Server"),
    TEXT_ROW(
        "listen", "SHARDBOOK_LISTEN", "127.0.0.1:8081", "HOST:PORT", "WebSocket, /page, /healthz, /readyz, /metrics"),
    TEXT_ROW("api-keys", "SHARDBOOK_API_KEYS", NULL, "FILE",
        "hashed API keys (shardbookctl key create); none: nobody can authenticate"),
    COUNT_ROW("workers", "SHARDBOOK_WORKERS", "0", 0, WORKERS_MAX, "matching threads; 0: by the number of processors"),
    CHOICE_ROW("idle", "SHARDBOOK_IDLE", "auto", "auto|block|yield|spin",
        "what a worker without work does; auto: by the number of processors"),
    SWITCH_ROW("pin", "SHARDBOOK_PIN", "true", "pin workers to processors, when there are more than two"),
    COUNT_ROW("ring-mbytes", "SHARDBOOK_RING_MBYTES", "16", 1, 4096,
        "broadcast ring of each worker, a power of two; also what it may have on its way to topic fills"),
    COUNT_ROW("open-orders-max", "SHARDBOOK_OPEN_ORDERS_MAX", "16777216", 1024, 33554432,
        "open orders in memory; one more stops the process"),
    COUNT_ROW("drain-ms", "SHARDBOOK_DRAIN_MS", "10000", 0, 600000,
        "on SIGTERM what was answered is written out for so long"),
    CHOICE_ROW("events", "SHARDBOOK_EVENTS", "json", "json|msgpack", "form of the records of topic fills"),
    SWITCH_ROW("accept-gap", "SHARDBOOK_ACCEPT_GAP", "false",
        "start although the beginning of orders is gone (books lack what it held)"),
    SWITCH_ROW("no-valkey", "SHARDBOOK_NO_VALKEY", "false", "do not write to Valkey"),
    SWITCH_ROW("no-push", "SHARDBOOK_NO_PUSH", "false", "no WebSocket and no HTTP pages"),
    KAFKA_OPTION_ROWS,
    COUNT_ROW("fetch-wait-ms", "SHARDBOOK_FETCH_WAIT_MS", "10", 1, 1000,
        "a broker without records answers after so long; 1 on the embedded broker"),
    COUNT_ROW("linger-ms", "SHARDBOOK_LINGER_MS", "1", 0, 5, "events wait so long for others to share a batch with"),
    VALKEY_OPTION_ROWS,
};

struct server {
    struct configuration *configuration;
    struct kafka_log_settings kafka;
    struct valkey_options valkey_options;
    struct valkey_client_options valkey_client;
    struct log_store *stores[STORES];
    struct codecs codecs;
    struct engine engine;
    bool has_engine;
    struct event_decoder valkey_decoder;
    struct valkey_writer *valkey;
    struct push *push;
    struct server_metrics metrics;
    uv_loop_t loop;
    uv_async_t changed;
    uv_timer_t watchdog, shutdown;
    uv_signal_t terminate, interrupt, hang_up;
    bool was_ready;
    int exit_code;
};

/* ---- options --------------------------------------------------------------------------------------------- */

static bool listen_address(const struct configuration *configuration, char *host, size_t host_bytes, uint16_t *port,
    char *problem, size_t problem_bytes) {
    if (address_parse(configuration_text(configuration, "listen"), 8081, host, host_bytes, port)) return true;
    snprintf(problem, problem_bytes, "--listen is not HOST:PORT: give for instance 127.0.0.1:8081");
    return false;
}

static bool check(const struct configuration *configuration, char *problem, size_t problem_bytes) {
    struct kafka_settings kafka;
    struct valkey_options valkey;
    char host[256];
    uint16_t port;
    int64_t ring = configuration_count(configuration, "ring-mbytes");
    if ((ring & (ring - 1)) != 0) {
        snprintf(problem, problem_bytes, "--ring-mbytes is no power of two: give for instance 16 or 32");
        return false;
    }
    return kafka_settings_read(configuration, &kafka, problem, problem_bytes) &&
           valkey_options_read(configuration, &valkey, problem, problem_bytes) &&
           listen_address(configuration, host, sizeof host, &port, problem, problem_bytes);
}

static const struct program program = {
    .name = "shardbook-server",
    .purpose = "matches the orders of topic orders and publishes what comes of them",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .notes = "It says `ready` on standard output once every partition is replayed. SIGTERM drains and ends it;\n"
             "kill -9 costs nothing but the time to replay. SIGHUP reads the API keys again.\n",
    .examples = "  shardbook-server --kafka 127.0.0.1:9092 --valkey 127.0.0.1:6379 --valkey-password-file /run/secret\n"
                "  shardbook-server --workers 4 --listen 0.0.0.0:8081 --api-keys /etc/shardbook/api-keys\n"
                "  SHARDBOOK_KAFKA=broker:9092 shardbook-server --print-config\n",
    .check = check,
};

static enum idle idle_of(const struct configuration *configuration, enum idle automatic) {
    const char *idle = configuration_text(configuration, "idle");
    if (strcmp(idle, "auto") == 0) return automatic;
    return strcmp(idle, "spin") == 0 ? IDLE_SPIN : strcmp(idle, "yield") == 0 ? IDLE_YIELD : IDLE_BLOCK;
}

static struct engine_options engine_options_of(const struct server *server) {
    const struct configuration *configuration = server->configuration;
    struct engine_options engine = engine_options_default();
    int64_t workers = configuration_count(configuration, "workers");
    engine.workers = workers ? (int)workers : engine.workers;
    engine.idle = idle_of(configuration, engine.idle);
    engine.pins_workers = engine.pins_workers && configuration_switch(configuration, "pin");
    engine.feeds = !configuration_switch(configuration, "no-valkey") + !configuration_switch(configuration, "no-push");
    engine.ring_bytes = (uint64_t)configuration_count(configuration, "ring-mbytes") << 20;
    engine.open_orders_max = (uint64_t)configuration_count(configuration, "open-orders-max");
    engine.accepts_gap = configuration_switch(configuration, "accept-gap");
    engine.orders_topic = text_of(configuration_text(configuration, "orders-topic"));
    engine.pending_topic = text_of(configuration_text(configuration, "pending-topic"));
    return engine;
}

/* ---- pages of the push thread ---------------------------------------------------------------------------- */

static size_t write_metrics(void *context, char *out, size_t out_bytes) {
    return server_metrics_write(&((struct server *)context)->metrics, out, out_bytes);
}

static bool is_ready(void *context, char *missing, size_t missing_bytes) {
    struct server *server = context;
    enum engine_state state = engine_state(&server->engine);
    if (state == ENGINE_RUNNING) return true;
    uint64_t replayed = 0;
    for (int i = 0; i < server->engine.options.workers; i++)
        replayed += counter_get(&server->engine.workers[i].counters.records);
    snprintf(missing, missing_bytes,
        state == ENGINE_RECOVERING ? "replaying orders: %" PRIu64 " of %" PRId64 " records" : "stopping", replayed,
        server->engine.replay_records);
    return false;
}

/* ---- starting -------------------------------------------------------------------------------------------- */

static bool fail(const char *words) {
    fprintf(stderr, "shardbook-server: %s\n", words);
    return false;
}

static bool open_stores(struct server *server) {
    char problem[512];
    server->kafka = kafka_log_defaults();
    kafka_settings_read(server->configuration, &server->kafka.kafka, problem, sizeof problem);
    server->kafka.kafka.client_id = "shardbook-server";
    server->kafka.fetch_wait_ms = (int)configuration_count(server->configuration, "fetch-wait-ms");
    server->kafka.linger_ms = (int)configuration_count(server->configuration, "linger-ms");
    bool wanted[STORES] = {true, !configuration_switch(server->configuration, "no-valkey"),
        !configuration_switch(server->configuration, "no-push")};
    for (int i = 0; i < STORES; i++) {
        int status = STATUS_OK;
        if (wanted[i] && !(server->stores[i] = kafka_log_open(&server->kafka, &status)))
            return false; /* it has said why */
    }
    return true;
}

static bool open_engine(struct server *server) {
    struct engine_options engine = engine_options_of(server);
    struct engine_codecs ports;
    bool msgpack = strcmp(configuration_text(server->configuration, "events"), "msgpack") == 0;
    if (!codecs_init(&server->codecs, engine.workers, msgpack, &ports)) return fail("no memory for decoders");
    server->has_engine = true;
    int status = engine_open(&server->engine, server->stores[STORE_ENGINE], &ports, &engine);
    for (int tries = 1; status == STATUS_AWAY && tries < OPEN_TRIES; tries++) {
        engine_close(&server->engine); /* topics just made have no leaders for a moment */
        uv_sleep(OPEN_PAUSE_MS);
        status = engine_open(&server->engine, server->stores[STORE_ENGINE], &ports, &engine);
    }
    if (status != STATUS_OK) return fail(server->engine.words);
    server->metrics.engine = &server->engine;
    return true;
}

static bool read_event(void *context, struct text value, struct event *event) {
    return event_decode(context, value.data, value.size, NULL, event);
}

static void fill_valkey_client(struct server *server) {
    char problem[512];
    valkey_options_read(server->configuration, &server->valkey_options, problem, sizeof problem);
    server->valkey_client = (struct valkey_client_options){.host = server->valkey_options.host,
        .port = server->valkey_options.port,
        .user = server->valkey_options.user,
        .password = server->valkey_options.password,
        .tls = server->valkey_options.tls,
        .tls_ca_file = server->valkey_options.ca_file};
}

static bool start_valkey(struct server *server, struct feed *feed) {
    if (!event_decoder_init(&server->valkey_decoder)) return fail("no memory for decoders");
    struct valkey_writer_options writer = {.client = server->valkey_client,
        .feed = feed,
        .store = server->stores[STORE_VALKEY],
        .read_event = read_event,
        .read_event_context = &server->valkey_decoder,
        .write_depth = json_depth_encode,
        .depth_bytes_max = JSON_DEPTH_BYTES_MAX(DEPTH_LEVELS),
        .write_instrument = json_instrument_encode};
    int status;
    const char *why = "no memory";
    server->valkey = valkey_writer_start(&writer, &status, &why);
    if (!server->valkey) return fail(why);
    server->metrics.valkey = valkey_writer_counters(server->valkey);
    return true;
}

static bool start_push(struct server *server, struct feed *feed) {
    char host[256], problem[512];
    struct push_settings settings = push_settings_default();
    listen_address(server->configuration, host, sizeof host, &settings.port, problem, sizeof problem);
    settings.bind_address = host;
    struct push_world world = {.feed = feed,
        .log = server->stores[STORE_PUSH],
        .keys_path = configuration_text(server->configuration, "api-keys"),
        .valkey = server->stores[STORE_VALKEY] ? &server->valkey_client : NULL,
        .pages = {.write_metrics = write_metrics, .ready = is_ready, .context = server}};
    if (push_start(&server->push, &settings, &world) != STATUS_OK) return fail("the push thread cannot start");
    server->metrics.push = push_counters(server->push);
    return true;
}

/* From the sink to the source: who reads is there before anything is written. */
static bool start_readers(struct server *server) {
    int feed = 0;
    fill_valkey_client(server);
    if (server->stores[STORE_VALKEY] && !start_valkey(server, engine_feed(&server->engine, feed++))) return false;
    return !server->stores[STORE_PUSH] || start_push(server, engine_feed(&server->engine, feed));
}

/* ---- watching over it ------------------------------------------------------------------------------------ */

static void stop_loop(struct server *server, int exit_code) {
    server->exit_code = exit_code;
    uv_stop(&server->loop);
}

static void say_ready(struct server *server) {
    server->was_ready = true;
    printf("ready records=%" PRId64 " workers=%d\n", server->engine.replay_records, server->engine.options.workers);
    fflush(stdout);
    sd_notify(0, "READY=1\nSTATUS=matching");
}

static void on_changed(uv_async_t *handle) {
    struct server *server = handle->data;
    if (engine_state(&server->engine) == ENGINE_FAILED) {
        fprintf(stderr, "shardbook-server: %s; start again to recover\n", server->engine.words);
        stop_loop(server, EXIT_FAILURE);
    } else if (engine_on_change(&server->engine) != STATUS_OK) {
        fail("topic pending-orders cannot be read");
        stop_loop(server, EXIT_FAILURE);
    } else if (engine_state(&server->engine) == ENGINE_RUNNING && !server->was_ready) {
        say_ready(server);
    }
}

static void wake(void *context) { uv_async_send(&((struct server *)context)->changed); }

static void on_watchdog(uv_timer_t *handle) {
    struct server *server = handle->data;
    if (engine_state(&server->engine) != ENGINE_FAILED) sd_notify(0, "WATCHDOG=1");
}

static void on_shutdown(uv_timer_t *handle) { stop_loop(handle->data, EXIT_SUCCESS); }

/* Clients hear of the shutdown a moment before the connections close. */
static void on_signal(uv_signal_t *handle, int signal_number) {
    struct server *server = handle->data;
    (void)signal_number;
    sd_notify(0, "STOPPING=1");
    if (server->push) push_announce_stop(server->push);
    uv_timer_start(&server->shutdown, on_shutdown, server->push ? PUSH_SHUTDOWN_MS : 0, 0);
}

static void on_hang_up(uv_signal_t *handle, int signal_number) {
    struct server *server = handle->data;
    (void)signal_number;
    if (server->push) push_reload_keys(server->push);
}

static bool open_loop(struct server *server) {
    if (uv_loop_init(&server->loop) != 0 || uv_async_init(&server->loop, &server->changed, on_changed) != 0)
        return fail("no event loop");
    uv_timer_init(&server->loop, &server->watchdog);
    uv_timer_init(&server->loop, &server->shutdown);
    uv_signal_init(&server->loop, &server->terminate);
    uv_signal_init(&server->loop, &server->interrupt);
    uv_signal_init(&server->loop, &server->hang_up);
    server->changed.data = server->watchdog.data = server->shutdown.data = server->terminate.data =
        server->interrupt.data = server->hang_up.data = server;
    uv_timer_start(&server->watchdog, on_watchdog, WATCHDOG_MS, WATCHDOG_MS);
    uv_signal_start(&server->terminate, on_signal, SIGTERM);
    uv_signal_start(&server->interrupt, on_signal, SIGINT);
    uv_signal_start(&server->hang_up, on_hang_up, SIGHUP);
    return true;
}

static int run(struct server *server) {
    if (!open_loop(server) || !open_stores(server) || !open_engine(server) || !start_readers(server))
        return EXIT_FAILURE;
    if (engine_start(&server->engine, wake, server) != STATUS_OK) {
        fail("no threads");
        return EXIT_FAILURE;
    }
    server->exit_code = EXIT_FAILURE;
    uv_run(&server->loop, UV_RUN_DEFAULT);
    return server->exit_code;
}

/* From the source to the sink: nothing that was answered is left behind. */
static void close_all(struct server *server) {
    uint32_t drain_ms = (uint32_t)configuration_count(server->configuration, "drain-ms");
    if (server->has_engine) engine_stop(&server->engine, (int)drain_ms);
    if (server->valkey) valkey_writer_stop(server->valkey, drain_ms < 2000 ? drain_ms : 2000);
    if (server->push) push_stop(server->push);
    if (server->has_engine) {
        engine_close(&server->engine);
        codecs_deinit(&server->codecs);
    }
    event_decoder_deinit(&server->valkey_decoder);
    for (int i = 0; i < STORES; i++)
        if (server->stores[i]) server->stores[i]->close(server->stores[i]);
    configuration_close(server->configuration);
}

/* Records on their way come and go by the megabyte. Memory that went back to the system each time would be a page fault
 * for every 4 KiB of the next batch, which costs more than the record in it. */
static void keep_memory(void) {
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

int main(int argc, char **argv) {
    static struct server server;
    int exit_code;
    signal(SIGPIPE, SIG_IGN);
    keep_memory();
    server.configuration = configuration_read(&program, argc, argv, &exit_code);
    if (!server.configuration) return exit_code;
    exit_code = run(&server);
    close_all(&server);
    return exit_code;
}
