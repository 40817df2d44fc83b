/* A writer: idempotent producers with explicit partitions. Records without headers go in batches, the others one by
 * one; the order within a partition is that of append in any case. */
#include "io/kafka/kafka_parts.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { DOOR_NARROW = 0, DOOR_WIDE, DOOR_COUNT, BATCH_MAX = 256, FRAMING_BYTES = 128, HEADER_FRAMING_BYTES = 12 };

/* One producer handle. Narrow: batches within the 64 KiB of orders and pending-orders; wide: 1 MiB. */
struct writer_door {
    struct kafka_connection connection;
    rd_kafka_t *rk;
    rd_kafka_queue_t *reports;
    rd_kafka_topic_t *topics[TOPIC_COUNT];
};

struct kafka_writer {
    struct log_writer port;
    struct kafka_log *log;
    struct writer_door doors[DOOR_COUNT];
    uint64_t in_flight, in_flight_max;
    bool failed;
    pthread_mutex_t lock; /* woken */
    pthread_cond_t wakeup;
    bool woken;
    /* of the poll that is going on */
    void (*on_ack)(void *context, const struct log_ack *ack);
    void *context;
    int acked;
};

static struct writer_door *door_of(struct kafka_writer *writer, uint8_t topic) {
    return &writer->doors[topic == TOPIC_ORDERS || topic == TOPIC_PENDING ? DOOR_NARROW : DOOR_WIDE];
}

/* -- append ------------------------------------------------------------------------------------------------- */

static bool fits(const struct log_append *record) {
    size_t bytes = FRAMING_BYTES + (size_t)record->key.size + record->value.size;
    for (uint32_t i = 0; i < record->header_count; i++)
        bytes += HEADER_FRAMING_BYTES + (size_t)record->headers[i].name.size + record->headers[i].value.size;
    return record->topic < TOPIC_COUNT && record->partition >= 0 &&
           record->partition < kafka_topic_partitions(record->topic) && record->header_count <= LOG_HEADERS_MAX &&
           bytes <= kafka_topic_bytes_max(record->topic);
}

static void *bytes_of(struct text text) {
    union {
        const char *constant;
        void *plain;
    } data = {text.data}; /* librdkafka never writes through it */
    return data.plain;
}

static void *opaque_of(uint64_t token) { return (void *)(uintptr_t)token; }

/* How many of the first records may go in one batch: same topic, no headers, all to be copied or none, valid. */
static int batch_size(const struct log_append *records, int count) {
    int size = 0;
    while (size < count && size < BATCH_MAX && records[size].topic == records[0].topic &&
           records[size].header_count == 0 && records[size].stays == records[0].stays && fits(&records[size]))
        size++;
    return size;
}

/* Also behind one that was refused: librdkafka holds them until it reports them. */
static int count_taken(const rd_kafka_message_t *messages, int count) {
    int taken = 0;
    for (int i = 0; i < count; i++) taken += !messages[i].err;
    return taken;
}

/* Produces the first `count` records; returns how many were taken (fewer: full) or a status. */
static int produce_batch(struct kafka_writer *writer, const struct log_append *records, int count) {
    rd_kafka_message_t messages[BATCH_MAX];
    for (int i = 0; i < count; i++)
        messages[i] = (rd_kafka_message_t){.partition = records[i].partition,
            .payload = bytes_of(records[i].value),
            .len = records[i].value.size,
            .key = bytes_of(records[i].key),
            .key_len = records[i].key.size,
            ._private = opaque_of(records[i].token)};
    rd_kafka_topic_t *topic = door_of(writer, records[0].topic)->topics[records[0].topic];
    int copies = records[0].stays ? 0 : RD_KAFKA_MSG_F_COPY;
    rd_kafka_produce_batch(topic, RD_KAFKA_PARTITION_UA, copies | RD_KAFKA_MSG_F_PARTITION, messages, count);
    int taken = 0;
    while (taken < count && !messages[taken].err) taken++;
    writer->in_flight += (uint64_t)count_taken(messages, count);
    for (int i = taken; i < count; i++)
        if (messages[i].err !=
            RD_KAFKA_RESP_ERR__QUEUE_FULL) /* a later record may have gone before this one: order is lost */
            return kafka_status_of(messages[i].err) == STATUS_AWAY ? STATUS_FATAL : kafka_status_of(messages[i].err);
    return taken;
}

static rd_kafka_headers_t *headers_new(const struct log_append *record) {
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);
    for (uint32_t i = 0; i < record->header_count; i++) {
        const struct log_header *header = &record->headers[i];
        rd_kafka_header_add(headers, header->name.data, header->name.size, header->value.data, header->value.size);
    }
    return headers;
}

/* 1: taken; 0: full; or a status. */
static int produce_with_headers(struct kafka_writer *writer, const struct log_append *record) {
    rd_kafka_headers_t *headers = headers_new(record);
    rd_kafka_vu_t items[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = door_of(writer, record->topic)->topics[record->topic]},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = record->partition},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {bytes_of(record->value), record->value.size}},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {bytes_of(record->key), record->key.size}},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = opaque_of(record->token)},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers}};
    rd_kafka_error_t *error =
        rd_kafka_produceva(door_of(writer, record->topic)->rk, items, sizeof items / sizeof *items);
    if (!error) {
        writer->in_flight++;
        return 1;
    }
    int status = kafka_status_of(rd_kafka_error_code(error));
    rd_kafka_error_destroy(error);
    rd_kafka_headers_destroy(headers);
    return status == STATUS_FULL ? 0 : status == STATUS_AWAY ? STATUS_FATAL : status;
}

/* Produces some of the first records; returns how many (0: full) or a status. */
static int produce_some(struct kafka_writer *writer, const struct log_append *records, int count) {
    if (!fits(&records[0])) return STATUS_INVALID;
    if (records[0].header_count > 0) return produce_with_headers(writer, &records[0]);
    return produce_batch(writer, records, batch_size(records, count));
}

static bool has_failed(struct kafka_writer *writer) {
    for (int i = 0; i < DOOR_COUNT; i++)
        writer->failed |= atomic_load_explicit(&writer->doors[i].connection.failed, memory_order_relaxed);
    return writer->failed;
}

static int writer_append(struct log_writer *port, const struct log_append *records, int count) {
    struct kafka_writer *writer = (struct kafka_writer *)port;
    if (has_failed(writer)) return STATUS_FATAL;
    uint64_t room = writer->in_flight_max - writer->in_flight;
    if ((uint64_t)count > room) count = (int)room;
    int taken = 0, got = 1;
    while (taken < count && got > 0) {
        got = produce_some(writer, records + taken, count - taken);
        if (got > 0) taken += got;
    }
    if (got < 0 && got != STATUS_INVALID) writer->failed = true;
    return got < 0 && (taken == 0 || writer->failed) ? got : taken;
}

/* -- poll --------------------------------------------------------------------------------------------------- */

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque) {
    struct kafka_connection *connection = opaque;
    struct kafka_writer *writer = connection->owner;
    (void)rk;
    writer->in_flight--;
    if (message->err) {
        if (!writer->failed)
            kafka_connection_say(connection, "a record for topic %s partition %d was not stored: %s",
                rd_kafka_topic_name(message->rkt), message->partition, rd_kafka_err2str(message->err));
        writer->failed = true;
    } else {
        kafka_connection_heard(connection);
    }
    if (!writer->on_ack) return;
    struct log_ack ack = {.token = (uint64_t)(uintptr_t)message->_private,
        .status = message->err ? STATUS_FATAL : STATUS_OK,
        .topic = (uint8_t)(uintptr_t)rd_kafka_topic_opaque(message->rkt),
        .partition = message->partition,
        .offset = message->err ? -1 : message->offset};
    writer->acked++;
    writer->on_ack(writer->context, &ack);
}

/* Called by librdkafka's threads when a door's queue of reports stops being empty. */
static void on_reports(rd_kafka_t *rk, void *opaque) {
    (void)rk;
    struct kafka_writer *writer = opaque;
    pthread_mutex_lock(&writer->lock);
    writer->woken = true;
    pthread_cond_signal(&writer->wakeup);
    pthread_mutex_unlock(&writer->lock);
}

static void take_reports(struct kafka_writer *writer) {
    for (int i = 0; i < DOOR_COUNT; i++)
        while (rd_kafka_poll(writer->doors[i].rk, 0) > 0);
}

static void wait_for_reports(struct kafka_writer *writer, int timeout_ms) {
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += timeout_ms / 1000;
    deadline.tv_nsec += timeout_ms % 1000 * 1000000L;
    if (deadline.tv_nsec >= 1000000000L) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&writer->lock);
    while (!writer->woken && pthread_cond_timedwait(&writer->wakeup, &writer->lock, &deadline) != ETIMEDOUT);
    writer->woken = false;
    pthread_mutex_unlock(&writer->lock);
}

static int writer_poll(
    struct log_writer *port, int timeout_ms, void (*on_ack)(void *context, const struct log_ack *ack), void *context) {
    struct kafka_writer *writer = (struct kafka_writer *)port;
    writer->on_ack = on_ack;
    writer->context = context;
    writer->acked = 0;
    take_reports(writer);
    if (writer->acked == 0 && timeout_ms > 0 && !has_failed(writer)) {
        wait_for_reports(writer, timeout_ms);
        take_reports(writer);
    }
    if (writer->acked > 0) return writer->acked;
    return has_failed(writer) ? STATUS_FATAL : 0;
}

static void writer_wake(struct log_writer *port) { on_reports(NULL, port); }

static uint64_t writer_in_flight(const struct log_writer *port) {
    return ((const struct kafka_writer *)port)->in_flight;
}

/* -- open and close ----------------------------------------------------------------------------------------- */

static void *close_door(void *what) {
    struct writer_door *door = what;
    if (door->reports) {
        rd_kafka_queue_cb_event_enable(door->reports, NULL, NULL);
        rd_kafka_queue_destroy(door->reports);
    }
    kafka_topics_close(door->topics);
    if (door->rk) rd_kafka_destroy(door->rk);
    return NULL;
}

static void free_writer(void *what) {
    struct kafka_writer *writer = what;
    pthread_t thread;
    bool beside = pthread_create(&thread, NULL, close_door, &writer->doors[DOOR_NARROW]) == 0;
    close_door(&writer->doors[DOOR_WIDE]);
    if (beside)
        pthread_join(thread, NULL);
    else
        close_door(&writer->doors[DOOR_NARROW]);
    pthread_cond_destroy(&writer->wakeup);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}

/* What has not been sent is dropped before this returns; the handles end in the background, unless librdkafka still
 * holds records whose values are the caller's. */
static void writer_close(struct log_writer *port) {
    struct kafka_writer *writer = (struct kafka_writer *)port;
    writer->on_ack = NULL;
    writer->failed = true; /* what is purged now is no news */
    for (int i = 0; i < DOOR_COUNT; i++) {
        if (!writer->doors[i].rk) continue;
        rd_kafka_purge(writer->doors[i].rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        while (rd_kafka_poll(writer->doors[i].rk, 0) > 0);
    }
    if (writer->in_flight > 0)
        free_writer(writer);
    else
        kafka_end_later(writer->log, free_writer, writer);
}

static rd_kafka_conf_t *door_conf(
    struct kafka_log *log, bool wide, struct kafka_connection *connection, char *problem, size_t problem_bytes) {
    char linger[16], timeout[16], records[16], kbytes[16];
    snprintf(linger, sizeof linger, "%d", log->settings.linger_ms);
    snprintf(timeout, sizeof timeout, "%d", log->settings.message_timeout_ms);
    snprintf(records, sizeof records, "%d", log->settings.queue_records);
    snprintf(kbytes, sizeof kbytes, "%d", log->settings.queue_kbytes);
    const struct kafka_property properties[] = {{"enable.idempotence", "true"}, {"acks", "all"},
        {"partitioner", "murmur2_random"}, {"compression.codec", "lz4"}, {"linger.ms", linger},
        {"message.timeout.ms", timeout}, {"queue.buffering.max.messages", records},
        {"queue.buffering.max.kbytes", kbytes}, {"batch.num.messages", "10000"},
        {"batch.size", wide ? "1000000" : "60000"}, {"message.max.bytes", wide ? "1048576" : "65536"},
        {"retry.backoff.ms", "50"}};
    return kafka_conf_new(
        &log->settings.kafka, properties, sizeof properties / sizeof *properties, connection, problem, problem_bytes);
}

static int open_door(struct kafka_writer *writer, struct kafka_log *log, int number) {
    struct writer_door *door = &writer->doors[number];
    char problem[512];
    door->connection.name = number == DOOR_WIDE ? "writer" : "orders writer";
    door->connection.owner = writer;
    rd_kafka_conf_t *conf = door_conf(log, number == DOOR_WIDE, &door->connection, problem, sizeof problem);
    if (!conf) {
        kafka_connection_say(&door->connection, "%s", problem);
        return STATUS_INVALID;
    }
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    door->rk = kafka_handle_new(RD_KAFKA_PRODUCER, conf, &door->connection);
    if (!door->rk) return STATUS_INVALID;
    door->reports = rd_kafka_queue_get_main(door->rk);
    rd_kafka_queue_cb_event_enable(door->reports, on_reports, writer);
    int status = kafka_topics_open(door->rk, &log->settings.kafka, door->topics);
    if (status == STATUS_OK)
        status =
            kafka_topics_check(door->rk, &door->connection, &log->settings.kafka, log->settings.metadata_timeout_ms);
    return status;
}

struct log_writer *kafka_writer_open(struct kafka_log *log, int *status) {
    struct kafka_writer *writer = calloc(1, sizeof *writer);
    pthread_condattr_t attributes;
    *status = STATUS_NO_MEMORY;
    if (!writer) return NULL;
    writer->port = (struct log_writer){writer_append, writer_poll, writer_wake, writer_in_flight, writer_close};
    writer->log = log;
    writer->in_flight_max = (uint64_t)log->settings.queue_records;
    pthread_mutex_init(&writer->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&writer->wakeup, &attributes);
    pthread_condattr_destroy(&attributes);
    *status = STATUS_OK;
    for (int i = 0; *status == STATUS_OK && i < DOOR_COUNT; i++) *status = open_door(writer, log, i);
    if (*status == STATUS_OK) return &writer->port;
    writer_close(&writer->port);
    return NULL;
}
