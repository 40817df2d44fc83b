#include "core/limits.h"
#include "io/kafka/kafka_parts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct kafka_log_settings kafka_log_defaults(void) {
    return (struct kafka_log_settings){.metadata_timeout_ms = 10000,
        .message_timeout_ms = 0,
        .linger_ms = 1,
        .queue_records = 200000,
        .queue_kbytes = 262144,
        .fetch_wait_ms = 10,
        .read_ahead_records = 10000,
        .read_ahead_kbytes = 4096};
}

int32_t kafka_topic_partitions(uint8_t topic) {
    return topic == TOPIC_DEAD_LETTER || topic == TOPIC_STATUS ? 1 : PARTITIONS;
}

uint32_t kafka_topic_bytes_max(uint8_t topic) {
    return topic == TOPIC_ORDERS || topic == TOPIC_PENDING ? 65536 : 1048576;
}

int kafka_topics_open(rd_kafka_t *rk, const struct kafka_settings *settings, rd_kafka_topic_t *topics[TOPIC_COUNT]) {
    for (uintptr_t i = 0; i < TOPIC_COUNT; i++) {
        rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(rk);
        rd_kafka_topic_conf_set_opaque(conf, (void *)i);
        topics[i] = rd_kafka_topic_new(rk, settings->topics[i], conf);
        if (!topics[i]) {
            kafka_topics_close(topics);
            return STATUS_NO_MEMORY;
        }
    }
    return STATUS_OK;
}

void kafka_topics_close(rd_kafka_topic_t *topics[TOPIC_COUNT]) {
    for (int i = 0; i < TOPIC_COUNT; i++) {
        if (topics[i]) rd_kafka_topic_destroy(topics[i]);
        topics[i] = NULL;
    }
}

static int check_partitions(
    struct kafka_connection *connection, const rd_kafka_metadata_topic_t *topic, uint8_t number) {
    if (topic->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
        kafka_connection_say(
            connection, "topic %s does not exist; make it with: shardbookctl topics ensure", topic->topic);
        return STATUS_REFUSED;
    }
    if (topic->err) {
        kafka_connection_say(connection, "topic %s: %s", topic->topic, rd_kafka_err2str(topic->err));
        return kafka_status_of(topic->err);
    }
    if (topic->partition_cnt != kafka_topic_partitions(number)) {
        kafka_connection_say(connection,
            "topic %s has %d partitions and must have %d for ever (a symbol's home is counted by it); use another "
            "topic",
            topic->topic, topic->partition_cnt, kafka_topic_partitions(number));
        return STATUS_REFUSED;
    }
    return STATUS_OK;
}

static uint8_t topic_number(const struct kafka_settings *settings, const char *name) {
    uint8_t number = 0;
    while (number < TOPIC_COUNT && strcmp(settings->topics[number], name) != 0) number++;
    return number;
}

int kafka_topics_check(
    rd_kafka_t *rk, struct kafka_connection *connection, const struct kafka_settings *settings, int timeout_ms) {
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t error = rd_kafka_metadata(rk, 0, NULL, &metadata, timeout_ms);
    if (error) {
        kafka_connection_say(
            connection, "no answer about the topics from %s: %s", settings->brokers, rd_kafka_err2str(error));
        return kafka_status_of(error);
    }
    int status = STATUS_OK;
    for (int i = 0; status == STATUS_OK && i < metadata->topic_cnt; i++) {
        uint8_t number = topic_number(settings, metadata->topics[i].topic);
        if (number < TOPIC_COUNT) status = check_partitions(connection, &metadata->topics[i], number);
    }
    rd_kafka_metadata_destroy(metadata);
    if (status == STATUS_OK) kafka_connection_heard(connection);
    return status;
}

static int check_topics(struct kafka_log *log) {
    rd_kafka_topic_t *topics[TOPIC_COUNT] = {0};
    int status = kafka_topics_open(log->rk, &log->settings.kafka, topics);
    if (status == STATUS_OK)
        status = kafka_topics_check(log->rk, &log->connection, &log->settings.kafka, log->settings.metadata_timeout_ms);
    kafka_topics_close(topics);
    return status;
}

static struct log_reader *store_open_reader(struct log_store *store, int *status) {
    return kafka_reader_open((struct kafka_log *)store, status);
}

static struct log_writer *store_open_writer(struct log_store *store, int *status) {
    return kafka_writer_open((struct kafka_log *)store, status);
}

static int store_bounds(struct log_store *store, uint8_t topic, int32_t partition, int64_t *begin, int64_t *end) {
    struct kafka_log *log = (struct kafka_log *)store;
    if (topic >= TOPIC_COUNT || partition < 0 || partition >= kafka_topic_partitions(topic)) return STATUS_INVALID;
    rd_kafka_poll(log->rk, 0);
    rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(
        log->rk, log->settings.kafka.topics[topic], partition, begin, end, log->settings.metadata_timeout_ms);
    if (!error) kafka_connection_heard(&log->connection);
    return kafka_status_of(error);
}

/* -- ending ------------------------------------------------------------------------------------------------------- */

struct ending {
    struct kafka_log *log;
    void (*end)(void *what);
    void *what;
};

static void *end_now(void *context) {
    struct ending *ending = context;
    struct kafka_log *log = ending->log;
    ending->end(ending->what);
    free(ending);
    pthread_mutex_lock(&log->lock);
    log->ending--;
    pthread_cond_signal(&log->ended);
    pthread_mutex_unlock(&log->lock);
    return NULL;
}

void kafka_end_later(struct kafka_log *log, void (*end)(void *what), void *what) {
    pthread_t thread;
    struct ending *ending = malloc(sizeof *ending);
    if (!ending) {
        end(what);
        return;
    }
    *ending = (struct ending){log, end, what};
    pthread_mutex_lock(&log->lock);
    log->ending++;
    pthread_mutex_unlock(&log->lock);
    if (pthread_create(&thread, NULL, end_now, ending) == 0)
        pthread_detach(thread);
    else
        end_now(ending);
}

static void end_handle(void *rk) { rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); }

static void store_close(struct log_store *store) {
    struct kafka_log *log = (struct kafka_log *)store;
    kafka_readers_close(log);
    if (log->rk) kafka_end_later(log, end_handle, log->rk);
    pthread_mutex_lock(&log->lock);
    while (log->ending > 0) pthread_cond_wait(&log->ended, &log->lock);
    pthread_mutex_unlock(&log->lock);
    kafka_settings_free(&log->settings.kafka);
    pthread_cond_destroy(&log->ended);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

static int connect_log(struct kafka_log *log) {
    static const struct kafka_property properties[] = {{"isolation.level", "read_uncommitted"},
        {"enable.auto.commit", "false"}, {"allow.auto.create.topics", "false"}};
    char problem[512];
    rd_kafka_conf_t *conf = kafka_conf_new(&log->settings.kafka, properties, sizeof properties / sizeof *properties,
        &log->connection, problem, sizeof problem);
    if (!conf) {
        kafka_connection_say(&log->connection, "%s", problem);
        return STATUS_INVALID;
    }
    log->rk = kafka_handle_new(RD_KAFKA_CONSUMER, conf, &log->connection);
    return log->rk ? check_topics(log) : STATUS_INVALID;
}

struct log_store *kafka_log_open(const struct kafka_log_settings *settings, int *status) {
    struct kafka_log *log = calloc(1, sizeof *log);
    *status = STATUS_NO_MEMORY;
    if (!log) return NULL;
    log->port = (struct log_store){store_open_reader, store_open_writer, store_bounds, store_close};
    log->settings = *settings;
    log->connection.name = "log";
    pthread_mutex_init(&log->lock, NULL);
    pthread_cond_init(&log->ended, NULL);
    if (kafka_settings_copy(&settings->kafka, &log->settings.kafka)) *status = connect_log(log);
    if (*status == STATUS_OK) return &log->port;
    store_close(&log->port);
    return NULL;
}
