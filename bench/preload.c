#include "bench/preload.h"

#include "io/kafka/connection.h"

#include <stdio.h>
#include <time.h>

enum { FLUSH_MS = 60000, GIVE_UP_MS = 60000 };

struct preloading {
    struct kafka_connection connection;
    uint64_t acknowledged;
    char first_error[128];
};

static void on_report(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque) {
    struct preloading *preloading = ((struct kafka_connection *)opaque)->owner;
    (void)producer;
    if (!message->err)
        preloading->acknowledged++;
    else if (!*preloading->first_error)
        snprintf(preloading->first_error, sizeof preloading->first_error, "%s", rd_kafka_err2str(message->err));
}

static int64_t wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool send_one(rd_kafka_t *producer, rd_kafka_topic_t *topic, const struct workload_record *record) {
    for (int waited_ms = 0; waited_ms < GIVE_UP_MS; waited_ms += 10) {
        if (rd_kafka_produce(topic, record->home, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)record->value.data,
                record->value.size, record->symbol.data, record->symbol.size, NULL) == 0)
            return true;
        if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
        rd_kafka_poll(producer, 10);
    }
    return false;
}

static bool send_all(rd_kafka_t *producer, rd_kafka_topic_t *topic, struct workload *workload, uint64_t orders) {
    struct workload_record record;
    for (uint64_t i = 0; i < orders; i++) {
        workload_next(workload, wall_ms(), &record);
        if (!send_one(producer, topic, &record)) return false;
        if (i % 256 == 0) rd_kafka_poll(producer, 0);
    }
    return rd_kafka_flush(producer, FLUSH_MS) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

bool preload(const struct kafka_settings *kafka, const struct workload_options *options, uint64_t orders, char *problem,
    size_t problem_bytes) {
    static const struct kafka_property properties[] = {{"enable.idempotence", "true"}, {"acks", "all"},
        {"linger.ms", "5"}, {"compression.codec", "lz4"}, {"partitioner", "murmur2_random"}, {"batch.size", "60000"},
        {"message.max.bytes", "65536"}, {"message.timeout.ms", "60000"}, {"queue.buffering.max.messages", "200000"}};
    struct preloading preloading = {.connection = {.name = "preload", .owner = &preloading}};
    rd_kafka_conf_t *conf = kafka_conf_new(
        kafka, properties, sizeof properties / sizeof *properties, &preloading.connection, problem, problem_bytes);
    if (!conf) return false;
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    rd_kafka_t *producer = kafka_handle_new(RD_KAFKA_PRODUCER, conf, &preloading.connection);
    struct workload *workload = workload_open(options);
    rd_kafka_topic_t *topic = producer ? rd_kafka_topic_new(producer, kafka->topics[TOPIC_ORDERS], NULL) : NULL;
    bool good = workload && topic && send_all(producer, topic, workload, orders) && preloading.acknowledged == orders;
    if (!good)
        snprintf(problem, problem_bytes, "only %llu of %llu orders could be stored: %s",
            (unsigned long long)preloading.acknowledged, (unsigned long long)orders,
            *preloading.first_error ? preloading.first_error : "the broker does not keep up or is away");
    if (topic) rd_kafka_topic_destroy(topic);
    if (producer) rd_kafka_destroy(producer);
    workload_close(workload);
    return good;
}
