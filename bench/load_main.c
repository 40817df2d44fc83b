/* shardbook-load: a seeded workload into topic `orders`. */
#include "bench/workload/all_kinds.h"
#include "bench/workload/workload.h"
#include "core/limits.h"
#include "io/configuration/configuration.h"
#include "io/kafka/connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct option_row options[] = {
    TITLE_ROW("Where"),
    TEXT_ROW(
        "kafka", "SHARDBOOK_KAFKA MSK_BOOTSTRAP_SERVERS", "127.0.0.1:9092", "HOST:PORT,...", "brokers to start from"),
    TEXT_ROW("kafka-property-file", "SHARDBOOK_KAFKA_PROPERTY_FILE", NULL, "FILE",
        "KEY=VALUE lines: security.protocol, sasl.*, ssl.*"),
    TEXT_ROW("orders-topic", "SHARDBOOK_ORDERS_TOPIC ORDERS_TOPIC", "orders", "NAME", "topic of orders"),
    TEXT_ROW(
        "pending-topic", "SHARDBOOK_PENDING_TOPIC", "pending-orders", "NAME", "topic of orders while a symbol moves"),
    TITLE_ROW("What"),
    COUNT_ROW("orders", NULL, "10000", 1, 1000000000, "records to send"),
    COUNT_ROW("rate", NULL, "0", 0, 10000000, "records a second; 0: as fast as it goes"),
    COUNT_ROW("seed", NULL, "1", 0, INT64_MAX,
        "the same seed gives the same orders (but for their times, and what all-kinds finds open because of these)"),
    COUNT_ROW("symbols", NULL, "20", 1, 10000, "how many symbols"),
    TEXT_ROW("symbol", NULL, NULL, "NAME",
        "send all of it for this one symbol only (the others' share is drawn and left out)"),
    COUNT_ROW("accounts", NULL, "50", 1, 1000000, "how many accounts"),
    CHOICE_ROW("preset", NULL, "realistic", "realistic|everything|all-kinds",
        "everything adds repeats, unsupported kinds, odd spellings, bad records; all-kinds: every kind of order, list, "
        "control record and mistake, for 40 symbols of its own, as JSON"),
    CHOICE_ROW("form", NULL, "json", "json|msgpack|mixed", "how records are written"),
    TEXT_ROW("bad", NULL, "0.01", "SHARE", "preset everything: share of bad records, 0 to 1"),
    TEXT_ROW("wrong-partition", NULL, "0", "SHARE",
        "share sent to the partition that librdkafka's default partitioner would take"),
    TEXT_ROW("pending", NULL, "0", "SHARE", "share sent to pending-orders"),
    COUNT_ROW(
        "delivery-timeout", NULL, "120", 1, 3600, "seconds until a record that is not acknowledged counts as lost"),
    SWITCH_ROW("json", NULL, "false", "the result as JSON"),
};

static bool read_share(const char *text, double *share) {
    char *end = NULL;
    errno = 0;
    *share = strtod(text, &end);
    return end != text && *end == 0 && errno == 0 && *share >= 0 && *share <= 1;
}

static bool is_all_kinds(const struct configuration *configuration) {
    return strcmp(configuration_text(configuration, "preset"), "all-kinds") == 0;
}

static bool check(const struct configuration *configuration, char *problem, size_t problem_bytes) {
    static const char *const shares[] = {"bad", "wrong-partition", "pending"};
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        double share;
        if (read_share(configuration_text(configuration, shares[i]), &share)) continue;
        snprintf(problem, problem_bytes, "--%s is a share from 0 to 1, like 0.05", shares[i]);
        return false;
    }
    if (is_all_kinds(configuration) && configuration_text(configuration, "symbol")) {
        snprintf(problem, problem_bytes, "--preset all-kinds has symbols of its own: leave out --symbol");
        return false;
    }
    return true;
}

static const struct program program = {
    .name = "shardbook-load",
    .purpose =
        "Sends a seeded workload of orders, cancels and modifies to topic orders, each record to its symbol's home.",
    .notes = "Exit code: 0 all acknowledged, 1 some were not, 2 wrong usage.",
    .examples = "  shardbook-load --kafka 127.0.0.1:19092 --orders 200000\n"
                "  shardbook-load --kafka 127.0.0.1:19092 --orders 50000 --rate 5000 --preset everything "
                "--wrong-partition 0.05\n"
                "  shardbook-load --kafka 127.0.0.1:19092 --orders 100000 --rate 5000 --preset all-kinds\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .check = check,
};

struct load {
    const struct configuration *configuration;
    struct kafka_connection connection;
    rd_kafka_t *producer;
    rd_kafka_topic_t *orders, *pending;
    struct workload *workload;
    struct all_kinds *all_kinds; /* instead of it, or NULL */
    uint64_t random;
    double wrong_partition, pending_share;
    struct text only; /* absent: every symbol */
    uint64_t sent, acknowledged, lost, misdirected, to_pending;
    char first_error[256];
};

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int64_t wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* xorshift64*, apart from the workload's own chance so that shares do not change what is drawn. */
static bool chance(struct load *load, double share) {
    load->random ^= load->random >> 12;
    load->random ^= load->random << 25;
    load->random ^= load->random >> 27;
    return (double)(load->random * UINT64_C(0x2545f4914f6cdd1d) >> 11) / 9007199254740992.0 < share;
}

/* ---- the producer */

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque) {
    struct kafka_connection *connection = opaque;
    struct load *load = connection->owner;
    (void)producer;
    if (!message->err) {
        load->acknowledged++;
        return;
    }
    load->lost++;
    if (!load->first_error[0])
        snprintf(load->first_error, sizeof load->first_error, "%s", rd_kafka_err2str(message->err));
}

static bool open_producer(struct load *load, char *problem, size_t problem_bytes) {
    char timeout[32];
    snprintf(timeout, sizeof timeout, "%lld",
        (long long)configuration_count(load->configuration, "delivery-timeout") * 1000);
    const struct kafka_property properties[] = {
        {"enable.idempotence", "true"},
        {"acks", "all"},
        {"message.timeout.ms", timeout},
        {"linger.ms", "5"},
        {"batch.size", "60000"},
        {"compression.codec", "lz4"},
        {"partitioner", "murmur2_random"},
        {"queue.buffering.max.messages", "500000"},
        {"socket.nagle.disable", "true"},
    };
    struct kafka_settings settings = {.brokers = configuration_text(load->configuration, "kafka"),
        .property_file = configuration_text(load->configuration, "kafka-property-file"),
        .client_id = "shardbook-load"};
    load->connection.name = "load";
    load->connection.owner = load;
    rd_kafka_conf_t *conf = kafka_conf_new(
        &settings, properties, sizeof properties / sizeof properties[0], &load->connection, problem, problem_bytes);
    if (!conf) return false;
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    load->producer = kafka_handle_new(RD_KAFKA_PRODUCER, conf, &load->connection);
    if (!load->producer) {
        snprintf(problem, problem_bytes, "no producer could be made");
        return false;
    }
    load->orders = rd_kafka_topic_new(load->producer, configuration_text(load->configuration, "orders-topic"), NULL);
    load->pending = rd_kafka_topic_new(load->producer, configuration_text(load->configuration, "pending-topic"), NULL);
    return load->orders && load->pending;
}

/* Asks for the topic, so that a wrong address or a missing topic is said at once. */
static bool find_topic(struct load *load, char *problem, size_t problem_bytes) {
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t error = rd_kafka_metadata(load->producer, 0, load->orders, &metadata, 15000);
    bool good = !error && metadata->topic_cnt == 1 && !metadata->topics[0].err &&
                metadata->topics[0].partition_cnt == PARTITIONS;
    if (error)
        snprintf(problem, problem_bytes, "no answer from %s: %s", configuration_text(load->configuration, "kafka"),
            rd_kafka_err2str(error));
    else if (!good)
        snprintf(problem, problem_bytes,
            "topic %s does not exist with %d partitions: 'shardbookctl topics ensure' makes the topics",
            rd_kafka_topic_name(load->orders), PARTITIONS);
    if (metadata) rd_kafka_metadata_destroy(metadata);
    return good;
}

static int32_t partition_for(struct load *load, const struct workload_record *record) {
    if (record->is_control || !chance(load, load->wrong_partition)) return record->home;
    int32_t strangers = rd_kafka_msg_partitioner_consistent(
        load->orders, record->symbol.data, record->symbol.size, PARTITIONS, NULL, NULL);
    load->misdirected += strangers != record->home;
    return strangers;
}

/* librdkafka takes the bytes without changing them. */
static void *mutable(const char *bytes) {
    union {
        const char *from;
        void *to;
    } cast = {.from = bytes};
    return cast.to;
}

static rd_kafka_resp_err_t produce(
    struct load *load, rd_kafka_topic_t *topic, int32_t partition, const struct workload_record *record) {
    rd_kafka_headers_t *headers = record->is_control ? rd_kafka_headers_new(1) : NULL;
    if (headers) rd_kafka_header_add(headers, "me-t", -1, "2", 1);
    rd_kafka_resp_err_t error = rd_kafka_producev(load->producer, RD_KAFKA_V_RKT(topic),
        RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(mutable(record->symbol.data), record->symbol.size),
        RD_KAFKA_V_VALUE(mutable(record->value.data), record->value.size), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    if (error && headers) rd_kafka_headers_destroy(headers);
    return error;
}

static bool send_record(struct load *load, const struct workload_record *record) {
    bool to_pending = !record->is_control && chance(load, load->pending_share);
    int32_t partition = to_pending ? record->home : partition_for(load, record);
    load->to_pending += to_pending;
    rd_kafka_resp_err_t error;
    while ((error = produce(load, to_pending ? load->pending : load->orders, partition, record))) {
        if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            snprintf(load->first_error, sizeof load->first_error, "%s", rd_kafka_err2str(error));
            return false;
        }
        rd_kafka_poll(load->producer, 100);
    }
    load->sent++;
    return true;
}

/* ---- pace */

static void wait_for_turn(struct load *load, double began, double rate) {
    if (rate <= 0) {
        if (load->sent % 1024 == 0) rd_kafka_poll(load->producer, 0);
        return;
    }
    double left = began + (double)load->sent / rate - now_s();
    rd_kafka_poll(load->producer, left > 0.001 ? (int)(left * 1000) : 0);
    left = began + (double)load->sent / rate - now_s();
    if (left > 0) usleep((useconds_t)(left * 1e6));
}

static bool send_all(struct load *load, uint64_t count, double rate) {
    double began = now_s(), shown = began;
    bool terminal = isatty(STDERR_FILENO);
    while (load->sent < count) {
        struct workload_record record;
        if (load->all_kinds)
            all_kinds_next(load->all_kinds, wall_ms(), &record);
        else
            workload_next(load->workload, wall_ms(), &record);
        if (load->only.size && !text_equal(load->only, record.symbol)) continue;
        wait_for_turn(load, began, rate);
        if (!send_record(load, &record)) return false;
        if (terminal && (load->sent & 1023) == 0 && now_s() - shown > 0.2) {
            shown = now_s();
            fprintf(stderr, "\r%llu of %llu ", (unsigned long long)load->sent, (unsigned long long)count);
        }
    }
    if (terminal) fprintf(stderr, "\r%30s\r", "");
    return true;
}

/* Waits until each record is acknowledged or lost. */
static void settle(struct load *load) {
    while (load->acknowledged + load->lost < load->sent && !rd_kafka_fatal_error(load->producer, NULL, 0))
        rd_kafka_flush(load->producer, 200);
    load->lost = load->sent - load->acknowledged;
}

/* ---- the program */

static struct workload *workload_from(const struct configuration *configuration) {
    static const char *const forms[] = {"json", "msgpack", "mixed"};
    double bad = 0;
    struct workload_options wanted = {.seed = (uint64_t)configuration_count(configuration, "seed"),
        .symbols = (uint32_t)configuration_count(configuration, "symbols"),
        .accounts = (uint32_t)configuration_count(configuration, "accounts")};
    read_share(configuration_text(configuration, "bad"), &bad);
    wanted.bad_per_million = (uint32_t)(bad * 1e6);
    if (strcmp(configuration_text(configuration, "preset"), "everything") == 0) wanted.preset = WORKLOAD_EVERYTHING;
    for (int i = 0; i < 3; i++)
        if (strcmp(configuration_text(configuration, "form"), forms[i]) == 0) wanted.form = (enum workload_form)i;
    return workload_open(&wanted);
}

/* The symbol asked for must be one of those drawn. */
static bool choose_symbol(struct load *load, char *problem, size_t problem_bytes) {
    const char *wanted = configuration_text(load->configuration, "symbol");
    if (!wanted) return true;
    load->only = text_of(wanted);
    for (uint32_t i = 0; i < (uint32_t)configuration_count(load->configuration, "symbols"); i++)
        if (text_equal(load->only, workload_symbol(load->workload, i))) return true;
    snprintf(problem, problem_bytes, "symbol %s is not among the %lld drawn; the first are AAPL, GOOGL, MSFT", wanted,
        (long long)configuration_count(load->configuration, "symbols"));
    return false;
}

static void print_result(const struct load *load, double seconds, bool json) {
    const char *format =
        json ? "{\"schema\":\"shardbook.load/"
               "1\",\"sent\":%llu,\"acknowledged\":%llu,\"lost\":%llu,\"wrongPartition\":%llu,\"pending\":%llu,"
               "\"seconds\":%.3f,\"per_s\":%.0f}\n"
             : "sent %llu, acknowledged %llu, lost %llu, to a wrong partition %llu, to pending-orders %llu; %.1f s, "
               "%.0f a second\n";
    printf(format, (unsigned long long)load->sent, (unsigned long long)load->acknowledged,
        (unsigned long long)load->lost, (unsigned long long)load->misdirected, (unsigned long long)load->to_pending,
        seconds, seconds > 0 ? (double)load->acknowledged / seconds : 0.0);
}

static bool run(struct load *load, char *problem, size_t problem_bytes) {
    const struct configuration *configuration = load->configuration;
    if (is_all_kinds(configuration))
        load->all_kinds = all_kinds_open((uint64_t)configuration_count(configuration, "seed"));
    else
        load->workload = workload_from(configuration);
    if (!load->workload && !load->all_kinds) {
        snprintf(problem, problem_bytes, "no memory for the workload");
        return false;
    }
    if (!choose_symbol(load, problem, problem_bytes) || !open_producer(load, problem, problem_bytes) ||
        !find_topic(load, problem, problem_bytes))
        return false;
    double began = now_s();
    bool sent = send_all(load, (uint64_t)configuration_count(configuration, "orders"),
        (double)configuration_count(configuration, "rate"));
    settle(load);
    print_result(load, now_s() - began, configuration_switch(configuration, "json"));
    if (!sent || load->lost)
        snprintf(problem, problem_bytes, "%llu records were not acknowledged: %s", (unsigned long long)load->lost,
            load->first_error[0] ? load->first_error : "no answer");
    return sent && !load->lost;
}

static void close_load(struct load *load) {
    if (load->orders) rd_kafka_topic_destroy(load->orders);
    if (load->pending) rd_kafka_topic_destroy(load->pending);
    if (load->producer) rd_kafka_destroy(load->producer);
    workload_close(load->workload);
    all_kinds_close(load->all_kinds);
}

int main(int argc, char **argv) {
    int exit_code = 0;
    char problem[1024] = "";
    struct configuration *configuration = configuration_read(&program, argc, argv, &exit_code);
    if (!configuration) return exit_code;
    struct load load = {.configuration = configuration};
    load.random =
        (uint64_t)configuration_count(configuration, "seed") * UINT64_C(0x9e3779b97f4a7c15) + 88172645463325252u;
    read_share(configuration_text(configuration, "wrong-partition"), &load.wrong_partition);
    read_share(configuration_text(configuration, "pending"), &load.pending_share);
    bool good = run(&load, problem, sizeof problem);
    if (!good) fprintf(stderr, "shardbook-load: %s\n", problem);
    close_load(&load);
    configuration_close(configuration);
    return good ? 0 : 1;
}
