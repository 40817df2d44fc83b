/* A reader: one consumer handle, one queue that all its sources flow into, no group. librdkafka's per-partition start
 * and stop are used (not assign), so that adding a source leaves the others alone. */
#include "core/limits.h"
#include "io/kafka/kafka_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ASK_PAUSE_MS = 500, ASK_WAIT_MS = 100, IDLE_READERS_MAX = 4 };
enum { BATCH_MAX = 512, AHEAD = 2 /* messages */, LINE_BYTES = 64, PREFETCH_BYTES_MAX = 512 };

struct reader_source {
    bool reading, paused, gone; /* gone: its position is no longer held */
    int64_t position;           /* records before it are not handed out */
};

struct kafka_reader {
    struct log_reader port;
    struct kafka_log *log;
    struct kafka_reader *next_idle;
    struct kafka_connection connection;
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    rd_kafka_topic_t *topics[TOPIC_COUNT];
    struct reader_source sources[TOPIC_COUNT][PARTITIONS];
    int gone_count;
    int64_t heard_ms; /* when the last records or answer came */
    int64_t asked_ms; /* when a silent broker was last asked, and did not answer */
    bool unanswered;
    bool broken; /* refused: every poll says so */
    /* of the poll that is going on */
    void (*on_record)(void *context, const struct log_record *record);
    void *context;
    int count;
    rd_kafka_message_t *batch[BATCH_MAX];
};

static int64_t monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct text text_from(const void *data, size_t size) { return (struct text){data, data ? (uint32_t)size : 0}; }

/* Fills `headers` with what there is room for; returns how many there are. Parses them only now. */
static uint32_t read_headers(const rd_kafka_message_t *message, struct log_header headers[LOG_HEADERS_MAX]) {
    rd_kafka_headers_t *from;
    if (rd_kafka_message_headers(message, &from)) return 0;
    uint32_t count = (uint32_t)rd_kafka_header_cnt(from);
    for (uint32_t i = 0; i < count && i < LOG_HEADERS_MAX; i++) {
        const char *name;
        const void *value;
        size_t bytes;
        rd_kafka_header_get_all(from, i, &name, &value, &bytes);
        headers[i] = (struct log_header){text_of(name), text_from(value, bytes)};
    }
    return count;
}

static void hand_out(
    struct kafka_reader *reader, uint8_t topic, struct reader_source *source, const rd_kafka_message_t *message) {
    struct log_header headers[LOG_HEADERS_MAX];
    rd_kafka_timestamp_type_t type;
    struct log_record record = {.topic = topic,
        .partition = message->partition,
        .offset = message->offset,
        .timestamp_ms = rd_kafka_message_timestamp(message, &type),
        .key = text_from(message->key, message->key_len),
        .value = text_from(message->payload, message->len),
        .has_value = message->payload != NULL,
        .header_count = read_headers(message, headers),
        .headers = headers};
    source->position = message->offset + 1;
    reader->count++;
    reader->on_record(reader->context, &record);
}

static void on_source_error(
    struct kafka_reader *reader, uint8_t topic, struct reader_source *source, const rd_kafka_message_t *message) {
    int status = kafka_status_of(message->err);
    if (status == STATUS_GAP) {
        reader->gone_count += !source->gone;
        source->gone = true;
        kafka_connection_say(&reader->connection, "topic %s partition %d: offset %lld is not held: %s",
            rd_kafka_topic_name(message->rkt), message->partition, (long long)source->position,
            rd_kafka_message_errstr(message));
    } else if (status == STATUS_REFUSED || status == STATUS_FATAL) {
        reader->broken = true;
        kafka_connection_say(&reader->connection, "topic %u partition %d: %s", topic, message->partition,
            rd_kafka_message_errstr(message));
    } else {
        atomic_store(&reader->connection.away, true);
    }
}

static void take_message(struct kafka_reader *reader, const rd_kafka_message_t *message) {
    if (!message->rkt) /* about the handle, not a source: on_error of connection.c hears of it */
        return;
    uint8_t topic = (uint8_t)(uintptr_t)rd_kafka_topic_opaque(message->rkt);
    if (message->partition < 0 || message->partition >= PARTITIONS) return;
    struct reader_source *source = &reader->sources[topic][message->partition];
    if (message->err)
        on_source_error(reader, topic, source, message);
    else if (source->reading && message->offset >= source->position) /* a refetch after a pause may begin earlier */
        hand_out(reader, topic, source, message);
}

/* Whether the brokers are away. Silence alone does not tell an empty partition from a broker that hangs, so one that
 * has been silent is asked, rarely and briefly. */
static bool is_away(struct kafka_reader *reader) {
    const struct rd_kafka_metadata *metadata;
    int64_t now_ms = monotonic_ms();
    if (now_ms - reader->heard_ms < ASK_PAUSE_MS) return false;
    if (now_ms - reader->asked_ms < ASK_PAUSE_MS) return reader->unanswered;
    reader->asked_ms = now_ms;
    reader->unanswered = rd_kafka_metadata(reader->rk, 0, reader->topics[TOPIC_ORDERS], &metadata, ASK_WAIT_MS) != 0;
    if (reader->unanswered) return true;
    rd_kafka_metadata_destroy(metadata);
    reader->heard_ms = now_ms;
    kafka_connection_heard(&reader->connection);
    return false;
}

static int status_of_reader(struct kafka_reader *reader) {
    if (reader->broken || atomic_load_explicit(&reader->connection.failed, memory_order_relaxed)) return STATUS_FATAL;
    if (reader->gone_count > 0) return STATUS_GAP;
    return is_away(reader) ? STATUS_AWAY : 0;
}

static void take_and_destroy(struct kafka_reader *reader, rd_kafka_message_t *message) {
    take_message(reader, message);
    rd_kafka_message_destroy(message);
}

/* Another thread wrote it, some time ago. */
static void prefetch(const rd_kafka_message_t *message) {
    const char *value = message->payload;
    for (size_t line = 0; line < message->len && line < PREFETCH_BYTES_MAX; line += LINE_BYTES)
        __builtin_prefetch(value + line);
}

/* What is there now. By batches, not by callback: a callback's call takes all that is queued out of the queue, which
 * then looks empty, and librdkafka would read ahead without an end. */
static void take_batch(struct kafka_reader *reader, int max) {
    size_t wanted = max < BATCH_MAX ? (size_t)max : BATCH_MAX;
    ssize_t got = rd_kafka_consume_batch_queue(reader->queue, 0, reader->batch, wanted);
    for (ssize_t i = 0; i < got; i++) {
        if (i + AHEAD < got) prefetch(reader->batch[i + AHEAD]);
        take_and_destroy(reader, reader->batch[i]);
    }
}

static void on_first(rd_kafka_message_t *message, void *opaque) {
    struct kafka_reader *reader = opaque;
    take_message(reader, message);
    rd_kafka_yield(reader->rk); /* the others go back into the queue */
}

/* The first by callback, whose wait ends with reader_wake: a batch would wait until it is full, and one without a
 * timeout would forget that it was woken. */
static void take_some(struct kafka_reader *reader, int timeout_ms, int max) {
    rd_kafka_consume_callback_queue(reader->queue, timeout_ms, on_first, reader);
    if (reader->count > 0 && max > 1) take_batch(reader, max - 1);
}

static int reader_poll(struct log_reader *port, int timeout_ms, int max,
    void (*on_record)(void *context, const struct log_record *record), void *context) {
    struct kafka_reader *reader = (struct kafka_reader *)port;
    if (max <= 0) return 0;
    reader->on_record = on_record;
    reader->context = context;
    reader->count = 0;
    rd_kafka_poll(reader->rk, 0);
    take_some(reader, reader->gone_count || reader->broken ? 0 : timeout_ms, max);
    if (reader->count > 0) {
        kafka_connection_heard(&reader->connection);
        reader->heard_ms = monotonic_ms();
        return reader->count;
    }
    return status_of_reader(reader);
}

size_t kafka_reader_queued(const struct log_reader *port) {
    return rd_kafka_queue_length(((const struct kafka_reader *)port)->queue);
}

static void reader_wake(struct log_reader *port) { rd_kafka_queue_yield(((struct kafka_reader *)port)->queue); }

static struct reader_source *source_find(struct kafka_reader *reader, uint8_t topic, int32_t partition) {
    if (topic >= TOPIC_COUNT || partition < 0 || partition >= kafka_topic_partitions(topic)) return NULL;
    return &reader->sources[topic][partition];
}

static int set_paused(struct kafka_reader *reader, uint8_t topic, int32_t partition, bool paused) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, rd_kafka_topic_name(reader->topics[topic]), partition);
    rd_kafka_resp_err_t error =
        paused ? rd_kafka_pause_partitions(reader->rk, list) : rd_kafka_resume_partitions(reader->rk, list);
    if (!error) error = list->elems[0].err;
    rd_kafka_topic_partition_list_destroy(list);
    return kafka_status_of(error);
}

static void stop_source(struct kafka_reader *reader, uint8_t topic, int32_t partition) {
    struct reader_source *source = &reader->sources[topic][partition];
    if (source->paused) set_paused(reader, topic, partition, false);
    if (source->reading) rd_kafka_consume_stop(reader->topics[topic], partition);
    reader->gone_count -= source->gone;
    source->reading = source->gone = false;
}

static int reader_seek(struct log_reader *port, uint8_t topic, int32_t partition, int64_t offset) {
    struct kafka_reader *reader = (struct kafka_reader *)port;
    struct reader_source *source = source_find(reader, topic, partition);
    if (!source || offset < 0) return STATUS_INVALID;
    stop_source(reader, topic, partition);
    if (rd_kafka_consume_start_queue(reader->topics[topic], partition, offset, reader->queue)) {
        kafka_connection_say(&reader->connection, "cannot read topic %s partition %d: %s",
            rd_kafka_topic_name(reader->topics[topic]), partition, rd_kafka_err2str(rd_kafka_last_error()));
        return STATUS_REFUSED;
    }
    source->reading = true;
    source->position = offset;
    return source->paused ? set_paused(reader, topic, partition, true) : STATUS_OK;
}

static int reader_pause(struct log_reader *port, uint8_t topic, int32_t partition, bool paused) {
    struct kafka_reader *reader = (struct kafka_reader *)port;
    struct reader_source *source = source_find(reader, topic, partition);
    if (!source || !source->reading) return STATUS_INVALID;
    if (source->paused == paused) return STATUS_OK;
    int status = set_paused(reader, topic, partition, paused);
    if (status == STATUS_OK) source->paused = paused;
    return status;
}

static void free_reader(void *what) {
    struct kafka_reader *reader = what;
    kafka_topics_close(reader->topics);
    if (reader->queue) rd_kafka_queue_destroy(reader->queue);
    if (reader->rk) rd_kafka_destroy_flags(reader->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    free(reader);
}

/* Keeps a closed reader's handle for the next one, if there is room. */
static bool keep_idle(struct kafka_reader *reader) {
    struct kafka_log *log = reader->log;
    pthread_mutex_lock(&log->lock);
    bool kept = log->idle_reader_count < IDLE_READERS_MAX;
    if (kept) {
        reader->next_idle = log->idle_readers;
        log->idle_readers = reader;
        log->idle_reader_count++;
    }
    pthread_mutex_unlock(&log->lock);
    return kept;
}

static struct kafka_reader *take_idle(struct kafka_log *log) {
    pthread_mutex_lock(&log->lock);
    struct kafka_reader *reader = log->idle_readers;
    if (reader) {
        log->idle_readers = reader->next_idle;
        log->idle_reader_count--;
    }
    pthread_mutex_unlock(&log->lock);
    return reader;
}

void kafka_readers_close(struct kafka_log *log) {
    for (struct kafka_reader *reader; (reader = take_idle(log));) kafka_end_later(log, free_reader, reader);
}

static void reader_close(struct log_reader *port) {
    struct kafka_reader *reader = (struct kafka_reader *)port;
    for (uint8_t topic = 0; topic < TOPIC_COUNT; topic++)
        for (int32_t partition = 0; partition < PARTITIONS; partition++) stop_source(reader, topic, partition);
    if (reader->broken || atomic_load(&reader->connection.failed) || !keep_idle(reader))
        kafka_end_later(reader->log, free_reader, reader);
}

static rd_kafka_conf_t *reader_conf(
    struct kafka_log *log, struct kafka_connection *connection, char *problem, size_t problem_bytes) {
    char fetch_wait[16], records[16], kbytes[16];
    snprintf(fetch_wait, sizeof fetch_wait, "%d", log->settings.fetch_wait_ms);
    snprintf(records, sizeof records, "%d", log->settings.read_ahead_records);
    snprintf(kbytes, sizeof kbytes, "%d", log->settings.read_ahead_kbytes);
    const struct kafka_property properties[] = {{"enable.auto.commit", "false"}, {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "error"}, {"isolation.level", "read_uncommitted"}, {"allow.auto.create.topics", "false"},
        {"check.crcs", "true"}, {"fetch.wait.max.ms", fetch_wait}, {"fetch.queue.backoff.ms", "2"},
        {"fetch.error.backoff.ms", "100"}, {"fetch.message.max.bytes", "131072"}, {"fetch.max.bytes", "16777216"},
        {"receive.message.max.bytes", "20000000"}, {"queued.min.messages", records},
        {"queued.max.messages.kbytes", kbytes}};
    return kafka_conf_new(
        &log->settings.kafka, properties, sizeof properties / sizeof *properties, connection, problem, problem_bytes);
}

static int make_handle(struct kafka_reader *reader, struct kafka_log *log) {
    char problem[512];
    rd_kafka_conf_t *conf = reader_conf(log, &reader->connection, problem, sizeof problem);
    if (!conf) {
        kafka_connection_say(&reader->connection, "%s", problem);
        return STATUS_INVALID;
    }
    reader->rk = kafka_handle_new(RD_KAFKA_CONSUMER, conf, &reader->connection);
    return reader->rk ? kafka_topics_open(reader->rk, &log->settings.kafka, reader->topics) : STATUS_INVALID;
}

/* A new reader, or an idle one as new: with a queue of its own, so that nothing of its former life is in it. */
static struct kafka_reader *reader_new(struct kafka_log *log, int *status) {
    struct kafka_reader *reader = take_idle(log);
    *status = STATUS_OK;
    if (reader) {
        rd_kafka_queue_destroy(reader->queue);
        memset(reader->sources, 0, sizeof reader->sources);
    } else {
        reader = calloc(1, sizeof *reader);
        *status = STATUS_NO_MEMORY;
        if (!reader) return NULL;
        reader->port = (struct log_reader){reader_poll, reader_wake, reader_seek, reader_pause, reader_close};
        reader->log = log;
        reader->connection.name = "reader";
        *status = make_handle(reader, log);
    }
    reader->queue = reader->rk ? rd_kafka_queue_new(reader->rk) : NULL;
    return reader;
}

struct log_reader *kafka_reader_open(struct kafka_log *log, int *status) {
    struct kafka_reader *reader = reader_new(log, status);
    if (!reader) return NULL;
    if (*status == STATUS_OK) /* connected now, so that later silence means an empty partition and not a slow start */
        *status = kafka_topics_check(
            reader->rk, &reader->connection, &log->settings.kafka, log->settings.metadata_timeout_ms);
    reader->heard_ms = monotonic_ms();
    reader->unanswered = false;
    if (*status == STATUS_OK) return &reader->port;
    kafka_end_later(log, free_reader, reader);
    return NULL;
}
