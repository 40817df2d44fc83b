/* shardbook-mock-broker: librdkafka's mock cluster as a process of its own, for demonstrations without Java. */
#include "io/configuration/configuration.h"
#include "io/kafka/kafka_parts.h"

#include <librdkafka/rdkafka_mock.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

static const struct option_row options[] = {
    TEXT_ROW("ready-file", "SHARDBOOK_MOCK_READY_FILE", NULL, "FILE", "write the address there too, once ready"),
    SWITCH_ROW("with-parent", NULL, "false", "end when the process that started this one ends"),
    SWITCH_ROW("topics", NULL, "true", "make the six topics (--no-topics: none)"),
    TITLE_ROW("Names of the topics it makes"),
    TEXT_ROW("orders-topic", "SHARDBOOK_ORDERS_TOPIC ORDERS_TOPIC", "orders", "NAME", "orders"),
    TEXT_ROW("pending-topic", "SHARDBOOK_PENDING_TOPIC", "pending-orders", "NAME", "orders while a symbol moves"),
    TEXT_ROW("fills-topic", "SHARDBOOK_FILLS_TOPIC", "fills", "NAME", "events"),
    TEXT_ROW(
        "dead-letter-topic", "SHARDBOOK_DEAD_LETTER_TOPIC", "orders-dead-letter", "NAME", "what cannot be decoded"),
    TEXT_ROW("snapshots-topic", "SHARDBOOK_SNAPSHOTS_TOPIC", "book-snapshots", "NAME", "snapshots"),
    TEXT_ROW("status-topic", "SHARDBOOK_STATUS_TOPIC", "engine-status", "NAME", "the servers' state")};

static const struct program program = {.name = "shardbook-mock-broker",
    .purpose = "an embedded Kafka broker that forgets, for demonstrations and tests",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .notes = "Prints one line `ready HOST:PORT` and runs until SIGTERM or SIGINT. It listens on loopback and a port of "
             "the system's choice,\n"
             "and makes the six topics. What it forgets or cannot do: everything when it ends; of each partition all "
             "but the last 5 MiB or\n"
             "100,000 batches, silently; log time is the producer's; no TLS, no passwords, no access rules; "
             "transactions are not real. An empty\n"
             "fetch waits all of the reader's fetch.wait.max.ms (use 1). Nothing about durability can be shown with "
             "it: use a real broker.",
    .examples = "  shardbook-mock-broker\n  shardbook-mock-broker --ready-file build/run/mock-broker\n"};

static const char *const topic_options[TOPIC_COUNT] = {[TOPIC_ORDERS] = "orders-topic",
    [TOPIC_PENDING] = "pending-topic",
    [TOPIC_FILLS] = "fills-topic",
    [TOPIC_DEAD_LETTER] = "dead-letter-topic",
    [TOPIC_SNAPSHOTS] = "snapshots-topic",
    [TOPIC_STATUS] = "status-topic"};

static bool make_topics(rd_kafka_mock_cluster_t *cluster, const struct configuration *configuration) {
    for (uint8_t i = 0; i < TOPIC_COUNT && configuration_switch(configuration, "topics"); i++) {
        const char *name = configuration_text(configuration, topic_options[i]);
        rd_kafka_resp_err_t error = rd_kafka_mock_topic_create(cluster, name, kafka_topic_partitions(i), 1);
        if (error) {
            fprintf(stderr, "%s: cannot make topic %s: %s\n", program.name, name, rd_kafka_err2str(error));
            return false;
        }
    }
    return true;
}

static bool tell_address(const char *address, const char *path) {
    printf("ready %s\n", address);
    fflush(stdout);
    FILE *file = path ? fopen(path, "we") : NULL;
    if (path && (!file || fprintf(file, "%s\n", address) < 0 || fclose(file))) {
        fprintf(stderr, "%s: cannot write --ready-file %s\n", program.name, path);
        return false;
    }
    return true;
}

static int run(const struct configuration *configuration, const sigset_t *ends) {
    struct kafka_connection connection = {.name = "mock broker"};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "log_level", "3", NULL, 0); /* else it warns that it has no brokers to connect to */
    rd_kafka_conf_set_opaque(conf, &connection);
    rd_kafka_t *rk = kafka_handle_new(RD_KAFKA_PRODUCER, conf, &connection);
    rd_kafka_mock_cluster_t *cluster = rk ? rd_kafka_mock_cluster_new(rk, 1) : NULL;
    int code = 1, signal_number;
    if (cluster && make_topics(cluster, configuration) &&
        tell_address(rd_kafka_mock_cluster_bootstraps(cluster), configuration_text(configuration, "ready-file"))) {
        sigwait(ends, &signal_number);
        code = 0;
    }
    if (cluster) rd_kafka_mock_cluster_destroy(cluster);
    if (rk) rd_kafka_destroy(rk);
    return code;
}

int main(int argc, char **argv) {
    int code;
    sigset_t ends;
    struct configuration *configuration = configuration_read(&program, argc, argv, &code);
    if (!configuration) return code;
    if (configuration_switch(configuration, "with-parent")) prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL); /* before librdkafka's threads, which inherit it */
    code = run(configuration, &ends);
    configuration_close(configuration);
    return code;
}
