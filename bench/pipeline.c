/* shardbook-bench pipeline: how fast the server consumes, matches and publishes a log that is already there, beside
 * what bare programs of librdkafka do with the same records on the same broker in the same run. */
#include "bench/bench.h"
#include "bench/copier.h"
#include "bench/endpoints.h"
#include "bench/preload.h"
#include "bench/rig.h"
#include "bench/server_process.h"
#include "bench/verdict.h"
#include "io/configuration/configuration.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char who[] = "shardbook-bench pipeline";

enum { RUNS_MAX = 25, LINGER_MS = 1, PROGRESS_MS = 50, STUCK_MS = 60000, SERVER_ARGUMENTS_MAX = 16 };

enum kind { KIND_CONSUMER, KIND_COPIER_1, KIND_COPIER_2, KIND_SERVER, KIND_SERVER_FEEDS, KIND_COUNT };

static const char *const kind_names[KIND_COUNT] = {
    "consumer", "copier1", "copier2", "server", "serverWithValkeyAndPush"};
static const char *const kind_titles[KIND_COUNT] = {
    "bare consumer", "bare copier, one thread", "bare copier, two threads", "server", "server with Valkey and push"};

static const struct option_row options[] = {
    TITLE_ROW("Where"),
    TEXT_ROW("kafka", "SHARDBOOK_KAFKA MSK_BOOTSTRAP_SERVERS", NULL, "HOST:PORT,...",
        "broker; without it that of build/run/endpoints.json"),
    TEXT_ROW("kafka-property-file", "SHARDBOOK_KAFKA_PROPERTY_FILE", NULL, "FILE",
        "KEY=VALUE lines: security.protocol, sasl.*, ssl.*"),
    TEXT_ROW("endpoints", "SHARDBOOK_ENDPOINTS", NULL, "FILE", "another endpoints.json"),
    TEXT_ROW("valkey", NULL, NULL, "HOST:PORT",
        "a Valkey to fill (without password, its keys are overwritten); without it one of its own is started"),
    TITLE_ROW("What"),
    COUNT_ROW("orders", NULL, "300000", 100, 50000000, "records to preload"),
    COUNT_ROW("runs", NULL, "5", 1, RUNS_MAX, "rounds; medians count"),
    COUNT_ROW("symbols", NULL, "20", 1, 10000, "how many symbols"),
    COUNT_ROW("accounts", NULL, "50", 1, 1000000, "how many accounts"),
    COUNT_ROW("seed", NULL, "1", 0, INT64_MAX, "the same seed preloads the same orders (but for their times)"),
    CHOICE_ROW("preset", NULL, "realistic", "realistic|everything", "the workload (see shardbook-load)"),
    CHOICE_ROW("form", NULL, "json", "json|msgpack|mixed", "how the orders are written"),
    TEXT_ROW("server-arguments", NULL, NULL, "WORDS", "further arguments of the server, like '--workers 2'"),
    SWITCH_ROW("feeds", NULL, "true", "measure the server also with Valkey and push"),
    SWITCH_ROW("verify", NULL, "true", "compare the events with the reference book afterwards"),
    SWITCH_ROW("json", NULL, "false", "the result as JSON"),
};

static const struct program program = {
    .name = "shardbook-bench pipeline",
    .purpose = "Throughput of the server (consume, match, publish) beside a bare consumer and a bare copier on the "
               "same broker.",
    .notes = "Topics and processes are its own and go at the end. Each round runs all kinds one after the other, each "
             "into a fresh topic. Server and copier\n"
             "are timed by the broker's clock, from the first event appended to the last: starting and connecting does "
             "not count. The copier\n"
             "writes with the server's settings the server's own bytes and keys, read beforehand; the better of one "
             "and two threads counts.\n"
             "Exit code: 0 done, 1 failed, 2 wrong usage, 3 the events differ from the reference book's.",
    .examples =
        "  shardbook-bench pipeline\n  shardbook-bench pipeline --kafka 127.0.0.1:19092 --orders 1000000 --json\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

struct run {
    enum kind kind;
    int round;
    double seconds, seconds_whole, cpu_seconds, broker_cpu_seconds;
};

struct pipeline {
    const struct configuration *configuration;
    struct endpoints endpoints;
    struct rig rig;
    struct rig_extent orders;
    struct output output;
    struct server_process valkey;
    char valkey_address[300];
    uint64_t order_count;
    int runs_wanted, run_count;
    struct run runs[RUNS_MAX * KIND_COUNT];
    struct thread_time threads[KIND_COUNT][SERVER_PROCESS_THREADS_MAX]; /* of the last run of that kind */
    int thread_count[KIND_COUNT];
    struct verdict verdicts[2]; /* without and with feeds */
    int verdict_count;
    char server_arguments[512];
    char problem[1024];
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number) {
    (void)number;
    interrupted = 1;
}

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void say(const char *words) {
    if (isatty(STDERR_FILENO)) fprintf(stderr, "\r%s\033[K", words);
}

static bool fail(struct pipeline *pipeline, const char *words) {
    snprintf(pipeline->problem, sizeof pipeline->problem, "%s", words);
    return false;
}

/* ---- the server */

static int server_words(
    struct pipeline *pipeline, bool feeds, char listen[32], const char *words[SERVER_PROCESS_WORDS_MAX]) {
    static const char *const topic_flags[TOPIC_COUNT] = {[TOPIC_ORDERS] = "--orders-topic",
        [TOPIC_PENDING] = "--pending-topic",
        [TOPIC_FILLS] = "--fills-topic",
        [TOPIC_DEAD_LETTER] = "--dead-letter-topic",
        [TOPIC_SNAPSHOTS] = "--snapshots-topic",
        [TOPIC_STATUS] = "--status-topic"};
    int count = 0;
    snprintf(listen, 32, "127.0.0.1:%u", server_process_free_port());
    words[count++] = "shardbook-server";
    words[count++] = "--kafka";
    words[count++] = pipeline->rig.kafka.brokers;
    if (pipeline->rig.kafka.property_file) {
        words[count++] = "--kafka-property-file";
        words[count++] = pipeline->rig.kafka.property_file;
    }
    for (int i = 0; i < TOPIC_COUNT; i++) {
        words[count++] = topic_flags[i];
        words[count++] = pipeline->rig.kafka.topics[i];
    }
    words[count++] = "--linger-ms";
    words[count++] = "1";
    words[count++] = feeds ? "--valkey" : "--no-valkey";
    words[count++] = feeds ? pipeline->valkey_address : "--no-push";
    words[count++] = "--listen";
    words[count++] = listen;
    char *at = pipeline->server_arguments;
    for (char *word; (word = strsep(&at, " ")) && count < SERVER_PROCESS_WORDS_MAX - 1;)
        if (*word) words[count++] = word;
    words[count] = NULL;
    return count;
}

static bool start_server(struct pipeline *pipeline, bool feeds, struct server_process *server) {
    const char *words[SERVER_PROCESS_WORDS_MAX],
        *given = configuration_text(pipeline->configuration, "server-arguments");
    char listen[32];
    snprintf(pipeline->server_arguments, sizeof pipeline->server_arguments, "%s", given ? given : "");
    server_words(pipeline, feeds, listen, words);
    return server_process_start(server, words, pipeline->problem, sizeof pipeline->problem);
}

/* Waits until the topic of events holds as many as it must. */
static bool await_events(struct pipeline *pipeline, struct server_process *server, uint64_t wanted) {
    struct rig_extent extent;
    int64_t before = -1;
    double moved = now_s();
    while (!interrupted) {
        if (!rig_count(&pipeline->rig, pipeline->rig.kafka.topics[TOPIC_FILLS], &extent)) return false;
        if (extent.records >= (int64_t)wanted)
            return extent.records == (int64_t)wanted ||
                   fail(
                       pipeline, "the server wrote more events than before: its answers are not a function of the log");
        if (extent.records != before) moved = now_s();
        before = extent.records;
        if (now_s() - moved > STUCK_MS / 1000.0) return fail(pipeline, "the server writes no more events for 60 s");
        if (!server_process_lives(server)) return fail(pipeline, "the server ended in the middle of it");
        nanosleep(&(struct timespec){.tv_nsec = PROGRESS_MS * 1000000}, NULL);
    }
    return fail(pipeline, "interrupted");
}

static void note_times(
    struct pipeline *pipeline, enum kind kind, const struct server_process *server, struct run *run) {
    pipeline->thread_count[kind] = server_process_times(server, pipeline->threads[kind]);
    for (int i = 0; i < pipeline->thread_count[kind]; i++) run->cpu_seconds += pipeline->threads[kind][i].seconds;
}

static bool take_extent(struct pipeline *pipeline, struct run *run) {
    struct rig_extent extent;
    if (!rig_measure(&pipeline->rig, pipeline->rig.kafka.topics[TOPIC_FILLS], &extent)) return false;
    run->seconds = (double)(extent.last_ms - extent.first_ms) / 1000;
    return run->seconds > 0 || fail(pipeline, "too few orders to measure: give more with --orders");
}

static bool run_server(struct pipeline *pipeline, struct run *run) {
    struct server_process server;
    char words[512] = "";
    double began = now_s();
    if (!start_server(pipeline, run->kind == KIND_SERVER_FEEDS, &server)) return false;
    bool good = await_events(pipeline, &server, pipeline->output.events);
    run->seconds_whole = now_s() - began;
    note_times(pipeline, run->kind, &server, run);
    if (!server_process_stop(&server, words, sizeof words)) return good ? fail(pipeline, words) : false;
    return good && take_extent(pipeline, run);
}

/* The first run warms everything up and says what the server writes. */
static bool run_first(struct pipeline *pipeline) {
    struct server_process server;
    struct rig_extent extent;
    char words[512] = "";
    double began = now_s();
    if (!start_server(pipeline, false, &server)) return false;
    *pipeline->problem = 0;
    while (!server_process_await_ready(&server, 200, pipeline->problem, sizeof pipeline->problem) &&
           !*pipeline->problem && !interrupted)
        if (now_s() - began > 600) fail(pipeline, "the server is not ready after ten minutes");
    if (interrupted) fail(pipeline, "interrupted");
    bool stopped = server_process_stop(&server, words, sizeof words);
    if (*pipeline->problem) return false;
    if (!stopped) return fail(pipeline, words);
    if (!rig_count(&pipeline->rig, pipeline->rig.kafka.topics[TOPIC_FILLS], &extent)) return false;
    rig_pause(&pipeline->rig);
    return output_read(&pipeline->output, &pipeline->rig.kafka, pipeline->orders.ends, extent.ends, pipeline->problem,
        sizeof pipeline->problem);
}

/* ---- the bare programs */

static bool run_bare(struct pipeline *pipeline, struct run *run) {
    struct copier_result result;
    struct copier_task task = {.kafka = &pipeline->rig.kafka,
        .orders_ends = pipeline->orders.ends,
        .output = run->kind == KIND_CONSUMER ? NULL : &pipeline->output,
        .threads = run->kind == KIND_COPIER_2 ? 2 : 1,
        .linger_ms = LINGER_MS};
    rig_pause(&pipeline->rig);
    if (!copier_run(&task, &result, pipeline->problem, sizeof pipeline->problem)) return false;
    run->seconds = result.seconds;
    run->seconds_whole = result.seconds_whole;
    run->cpu_seconds = result.cpu_seconds;
    if (run->kind == KIND_CONSUMER) return true;
    if (result.produced != pipeline->output.events) return fail(pipeline, "the bare copier did not write all of it");
    return take_extent(pipeline, run);
}

/* ---- rounds */

static bool wants_verdict(const struct pipeline *pipeline, const struct run *run) {
    return run->kind >= KIND_SERVER && run->round == pipeline->runs_wanted &&
           configuration_switch(pipeline->configuration, "verify");
}

static bool run_kind(struct pipeline *pipeline, enum kind kind, int round) {
    struct run *run = &pipeline->runs[pipeline->run_count++];
    char words[128], topic[RIG_NAME_BYTES];
    *run = (struct run){.kind = kind, .round = round};
    snprintf(words, sizeof words, "round %d of %d: %s", round, pipeline->runs_wanted, kind_titles[kind]);
    say(words);
    if (kind != KIND_CONSUMER && !rig_new_fills(&pipeline->rig)) return false;
    snprintf(topic, sizeof topic, "%s", pipeline->rig.kafka.topics[TOPIC_FILLS]);
    double broker_cpu = server_process_cpu_of((pid_t)pipeline->endpoints.kafka_pid);
    if (!(kind >= KIND_SERVER ? run_server(pipeline, run) : run_bare(pipeline, run))) return false;
    run->broker_cpu_seconds = server_process_cpu_of((pid_t)pipeline->endpoints.kafka_pid) - broker_cpu;
    if (wants_verdict(pipeline, run)) {
        say("comparing with the reference book");
        verdict_reach(&pipeline->verdicts[pipeline->verdict_count++], &pipeline->rig.kafka, 20000);
    }
    return interrupted ? fail(pipeline, "interrupted")
                       : kind == KIND_CONSUMER || rig_topic_delete(&pipeline->rig, topic);
}

static bool run_rounds(struct pipeline *pipeline) {
    bool feeds = configuration_switch(pipeline->configuration, "feeds");
    for (int round = 1; round <= pipeline->runs_wanted; round++)
        for (enum kind kind = KIND_CONSUMER; kind < KIND_COUNT; kind++)
            if ((kind != KIND_SERVER_FEEDS || feeds) && !run_kind(pipeline, kind, round)) return false;
    return true;
}

/* ---- Valkey */

static bool start_valkey(struct pipeline *pipeline) {
    const char *given = configuration_text(pipeline->configuration, "valkey");
    char port[8];
    if (!configuration_switch(pipeline->configuration, "feeds")) return true;
    if (given) {
        snprintf(pipeline->valkey_address, sizeof pipeline->valkey_address, "%s", given);
        return true;
    }
    snprintf(port, sizeof port, "%u", server_process_free_port());
    snprintf(pipeline->valkey_address, sizeof pipeline->valkey_address, "127.0.0.1:%s", port);
    const char *words[] = {
        "valkey-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", NULL};
    if (!server_process_start(&pipeline->valkey, words, pipeline->problem, sizeof pipeline->problem)) return false;
    double began = now_s();
    while (!server_process_await_ready(&pipeline->valkey, 100, pipeline->problem, sizeof pipeline->problem))
        if (!server_process_lives(&pipeline->valkey) || now_s() - began > 10)
            return fail(
                pipeline, "valkey-server cannot be started: install it, or give --valkey HOST:PORT or --no-feeds");
    return true;
}

/* ---- results */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double orders_per_s(const struct pipeline *pipeline, const struct run *run) {
    return (double)pipeline->order_count / run->seconds;
}

/* Of the process that is measured, its start included; the broker's is another. */
static double cpu_us_per_order(const struct pipeline *pipeline, const struct run *run) {
    return run->cpu_seconds * 1e6 / (double)pipeline->order_count;
}

/* The median over that kind's runs; 0 if there were none. */
static double median(const struct pipeline *pipeline, enum kind kind,
    double (*value_of)(const struct pipeline *pipeline, const struct run *run)) {
    double values[RUNS_MAX];
    int count = 0;
    for (int i = 0; i < pipeline->run_count; i++)
        if (pipeline->runs[i].kind == kind) values[count++] = value_of(pipeline, &pipeline->runs[i]);
    if (count == 0) return 0;
    qsort(values, (size_t)count, sizeof values[0], by_value);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

struct summary {
    double rates[KIND_COUNT], cpu_us[KIND_COUNT], copier, to_copier, to_consumer, feeds_to_copier, events_per_order;
};

static struct summary sum_up(const struct pipeline *pipeline) {
    struct summary s = {0};
    for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
        s.rates[kind] = median(pipeline, kind, orders_per_s);
        s.cpu_us[kind] = median(pipeline, kind, cpu_us_per_order);
    }
    s.copier = s.rates[KIND_COPIER_1] > s.rates[KIND_COPIER_2] ? s.rates[KIND_COPIER_1] : s.rates[KIND_COPIER_2];
    s.to_copier = s.rates[KIND_SERVER] / s.copier;
    s.to_consumer = s.rates[KIND_SERVER] / s.rates[KIND_CONSUMER];
    s.feeds_to_copier = s.rates[KIND_SERVER_FEEDS] / s.copier;
    s.events_per_order = (double)pipeline->output.events / (double)pipeline->order_count;
    return s;
}

static void read_processor(char *out, size_t out_bytes) {
    char line[512];
    FILE *file = fopen("/proc/cpuinfo", "re");
    snprintf(out, out_bytes, "unknown");
    while (file && fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon) continue;
        colon[1 + strcspn(colon + 1, "\n")] = 0;
        snprintf(out, out_bytes, "%s", colon + 2);
        break;
    }
    if (file) fclose(file);
}

static void print_threads(const struct pipeline *pipeline, enum kind kind) {
    if (pipeline->thread_count[kind] == 0) return;
    printf("CPU seconds of the %s's threads, last run:", kind_titles[kind]);
    for (int i = 0; i < pipeline->thread_count[kind]; i++)
        if (pipeline->threads[kind][i].seconds >= 0.05)
            printf("  %s%s %.2f", pipeline->threads[kind][i].name,
                pipeline->threads[kind][i].threads > 1 ? " (all)" : "", pipeline->threads[kind][i].seconds);
    printf("\n");
}

static void print_text(const struct pipeline *pipeline, const struct summary *s) {
    char processor[256];
    read_processor(processor, sizeof processor);
    printf("%" PRIu64 " orders, %" PRId64 " symbols, %s; %.3f events per order; %ld cores of %s\n\n",
        pipeline->order_count, configuration_count(pipeline->configuration, "symbols"),
        configuration_text(pipeline->configuration, "preset"), s->events_per_order, sysconf(_SC_NPROCESSORS_ONLN),
        processor);
    printf("%-30s %12s %14s   %s\n", "", "orders/s", "CPU us/order", "orders/s of each run");
    for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
        if (s->rates[kind] == 0) continue;
        printf("%-30s %12.0f %14.2f  ", kind_titles[kind], s->rates[kind], s->cpu_us[kind]);
        for (int i = 0; i < pipeline->run_count; i++)
            if (pipeline->runs[i].kind == kind) printf(" %.0f", orders_per_s(pipeline, &pipeline->runs[i]));
        printf("\n");
    }
    printf("\nserver to copier %.2f, to consumer %.2f", s->to_copier, s->to_consumer);
    if (s->feeds_to_copier > 0) printf("; with Valkey and push %.2f of the copier", s->feeds_to_copier);
    printf("\n");
    print_threads(pipeline, KIND_SERVER);
    print_threads(pipeline, KIND_SERVER_FEEDS);
    for (int i = 0; i < pipeline->verdict_count; i++) verdict_print(&pipeline->verdicts[i], stdout);
}

static void add_run(yyjson_mut_doc *doc, yyjson_mut_val *runs, const struct pipeline *pipeline, const struct run *run) {
    yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, runs);
    yyjson_mut_obj_add_str(doc, object, "kind", kind_names[run->kind]);
    yyjson_mut_obj_add_int(doc, object, "round", run->round);
    yyjson_mut_obj_add_real(doc, object, "orders_per_s", orders_per_s(pipeline, run));
    yyjson_mut_obj_add_real(doc, object, "seconds", run->seconds);
    yyjson_mut_obj_add_real(doc, object, "seconds_with_start", run->seconds_whole);
    yyjson_mut_obj_add_real(doc, object, "cpu_seconds", run->cpu_seconds);
    yyjson_mut_obj_add_real(doc, object, "broker_cpu_seconds", run->broker_cpu_seconds);
}

static void add_times(
    yyjson_mut_doc *doc, yyjson_mut_val *root, const struct pipeline *pipeline, const struct summary *s) {
    yyjson_mut_val *cpu = yyjson_mut_obj_add_obj(doc, root, "cpu_us_per_order");
    for (enum kind kind = 0; kind < KIND_COUNT; kind++)
        if (s->rates[kind] > 0) yyjson_mut_obj_add_real(doc, cpu, kind_names[kind], s->cpu_us[kind]);
    yyjson_mut_val *threads = yyjson_mut_obj_add_obj(doc, root, "server_thread_cpu_seconds");
    for (int i = 0; i < pipeline->thread_count[KIND_SERVER]; i++)
        yyjson_mut_obj_add_real(
            doc, threads, pipeline->threads[KIND_SERVER][i].name, pipeline->threads[KIND_SERVER][i].seconds);
}

static void add_setting(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct pipeline *pipeline) {
    static char processor[256];
    const struct configuration *configuration = pipeline->configuration;
    read_processor(processor, sizeof processor);
    yyjson_mut_val *machine = yyjson_mut_obj_add_obj(doc, root, "machine");
    yyjson_mut_obj_add_str(doc, machine, "cpu", processor);
    yyjson_mut_obj_add_int(doc, machine, "cores", sysconf(_SC_NPROCESSORS_ONLN));
    yyjson_mut_obj_add_int(doc, root, "seed", configuration_count(configuration, "seed"));
    yyjson_mut_val *workload = yyjson_mut_obj_add_obj(doc, root, "workload");
    yyjson_mut_obj_add_uint(doc, workload, "orders", pipeline->order_count);
    yyjson_mut_obj_add_int(doc, workload, "symbols", configuration_count(configuration, "symbols"));
    yyjson_mut_obj_add_int(doc, workload, "accounts", configuration_count(configuration, "accounts"));
    yyjson_mut_obj_add_str(doc, workload, "preset", configuration_text(configuration, "preset"));
    yyjson_mut_obj_add_str(doc, workload, "form", configuration_text(configuration, "form"));
}

static void print_json(const struct pipeline *pipeline, const struct summary *s) {
    const struct {
        const char *name;
        double value;
    } rates[] = {{"orders_per_s", s->rates[KIND_SERVER]}, {"ratio_to_copier", s->to_copier},
        {"ratio_to_consumer", s->to_consumer}, {"events_per_order", s->events_per_order},
        {"consumer_orders_per_s", s->rates[KIND_CONSUMER]}, {"copier_orders_per_s", s->copier},
        {"copier_one_thread_orders_per_s", s->rates[KIND_COPIER_1]},
        {"copier_two_threads_orders_per_s", s->rates[KIND_COPIER_2]},
        {"with_valkey_and_push_orders_per_s", s->rates[KIND_SERVER_FEEDS]},
        {"with_valkey_and_push_ratio_to_copier", s->feeds_to_copier}};
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    yyjson_mut_obj_add_str(doc, root, "schema", "shardbook.bench.pipeline/1");
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
        if (i < 8 || s->rates[KIND_SERVER_FEEDS] > 0) yyjson_mut_obj_add_real(doc, root, rates[i].name, rates[i].value);
    add_setting(doc, root, pipeline);
    yyjson_mut_val *runs = yyjson_mut_obj_add_arr(doc, root, "runs");
    for (int i = 0; i < pipeline->run_count; i++) add_run(doc, runs, pipeline, &pipeline->runs[i]);
    add_times(doc, root, pipeline, s);
    for (int i = 0; i < pipeline->verdict_count; i++)
        if (i + 1 == pipeline->verdict_count || verdict_exit_code(&pipeline->verdicts[i])) {
            verdict_add(&pipeline->verdicts[i], doc, root);
            break;
        }
    char *json = yyjson_mut_write(doc, YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL);
    puts(json ? json : "{}");
    free(json);
    yyjson_mut_doc_free(doc);
}

static int conclude(const struct pipeline *pipeline) {
    struct summary s = sum_up(pipeline);
    int code = 0;
    if (configuration_switch(pipeline->configuration, "json"))
        print_json(pipeline, &s);
    else
        print_text(pipeline, &s);
    for (int i = 0; i < pipeline->verdict_count; i++)
        code = verdict_exit_code(&pipeline->verdicts[i]) > code ? verdict_exit_code(&pipeline->verdicts[i]) : code;
    return code;
}

/* ---- the whole */

static bool find_broker(struct pipeline *pipeline, struct kafka_settings *kafka) {
    const char *given = configuration_text(pipeline->configuration, "kafka");
    bool found = endpoints_read(configuration_text(pipeline->configuration, "endpoints"), &pipeline->endpoints,
        pipeline->problem, sizeof pipeline->problem);
    if (given) snprintf(pipeline->endpoints.kafka, sizeof pipeline->endpoints.kafka, "%s", given);
    if (!found && !given) {
        size_t size = strlen(pipeline->problem);
        snprintf(pipeline->problem + size, sizeof pipeline->problem - size, " (here: --kafka HOST:PORT)");
        return false;
    }
    *kafka = (struct kafka_settings){.brokers = pipeline->endpoints.kafka,
        .property_file = configuration_text(pipeline->configuration, "kafka-property-file")};
    return true;
}

static struct workload_options workload_of(const struct configuration *configuration) {
    const char *form = configuration_text(configuration, "form");
    return (struct workload_options){.seed = (uint64_t)configuration_count(configuration, "seed"),
        .symbols = (uint32_t)configuration_count(configuration, "symbols"),
        .accounts = (uint32_t)configuration_count(configuration, "accounts"),
        .bad_per_million = 10000,
        .preset = strcmp(configuration_text(configuration, "preset"), "realistic") == 0 ? WORKLOAD_REALISTIC
                                                                                        : WORKLOAD_EVERYTHING,
        .form = strcmp(form, "json") == 0      ? WORKLOAD_JSON
                : strcmp(form, "msgpack") == 0 ? WORKLOAD_MSGPACK
                                               : WORKLOAD_MIXED};
}

static bool prepare(struct pipeline *pipeline) {
    struct kafka_settings kafka;
    struct workload_options workload = workload_of(pipeline->configuration);
    if (!find_broker(pipeline, &kafka) || !start_valkey(pipeline)) return false;
    say("making topics");
    if (!rig_open(&pipeline->rig, &kafka, pipeline->problem, sizeof pipeline->problem)) return false;
    say("preloading orders");
    if (!preload(&pipeline->rig.kafka, &workload, pipeline->order_count, pipeline->problem, sizeof pipeline->problem) ||
        !rig_count(&pipeline->rig, pipeline->rig.kafka.topics[TOPIC_ORDERS], &pipeline->orders))
        return false;
    say("a first run to warm up");
    return run_first(pipeline);
}

int bench_pipeline(int argc, char **argv) {
    int code;
    char words[512];
    struct configuration *configuration = configuration_read(&program, argc, argv, &code);
    if (!configuration) return code;
    struct pipeline *pipeline = calloc(1, sizeof *pipeline);
    if (!pipeline) return 1;
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    pipeline->configuration = configuration;
    pipeline->order_count = (uint64_t)configuration_count(configuration, "orders");
    pipeline->runs_wanted = (int)configuration_count(configuration, "runs");
    bool good = prepare(pipeline) && run_rounds(pipeline);
    say("");
    if (!good) fprintf(stderr, "%s: %s\n", who, pipeline->problem);
    code = good ? conclude(pipeline) : 1;
    fflush(stdout);
    rig_close(&pipeline->rig);
    if (pipeline->valkey.pid > 0) server_process_stop(&pipeline->valkey, words, sizeof words);
    output_deinit(&pipeline->output);
    free(pipeline);
    configuration_close(configuration);
    return code;
}
