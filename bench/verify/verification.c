#include "bench/verify/verification.h"

#include "core/limits.h"
#include "io/kafka/connection.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum source { SOURCE_ORDERS, SOURCE_FILLS, SOURCE_PENDING, SOURCE_COUNT };

/* One partition of one topic. */
struct track {
    int64_t next; /* of the record after the last one read, or where the broker said its end is */
    int64_t end;  /* to be read up to here */
};

struct verification {
    struct verification_options options;
    struct kafka_connection connection;
    rd_kafka_t *consumer;
    const char *topics[SOURCE_COUNT]; /* NULL: not read */
    struct track tracks[SOURCE_COUNT][PARTITIONS];
    struct reference *reference;
    struct verify *verify;
    struct carriage carriage;
    uint64_t pending_records, fills_records;
    double seconds;
    char *problem;
    size_t problem_bytes;
    bool failed;
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

__attribute__((format(printf, 2, 3))) static bool fail(struct verification *v, const char *format, ...) {
    va_list arguments;
    if (v->failed) return false;
    v->failed = true;
    va_start(arguments, format);
    vsnprintf(v->problem, v->problem_bytes, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- the topics: whether they are there, where they begin and end */

/* A broker that is away may come back: asks are repeated until it has been silent for too long. */
static bool may_ask_again(const struct verification *v, rd_kafka_resp_err_t error, int64_t began_ms) {
    if (kafka_status_of(error) != STATUS_AWAY || now_ms() - began_ms >= v->options.silence_ms) return false;
    nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    return true;
}

static bool find_topic(struct verification *v, const char *name) {
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(v->consumer, name, NULL);
    rd_kafka_resp_err_t error;
    int64_t began_ms = now_ms();
    do error = rd_kafka_metadata(v->consumer, 0, topic, &metadata, v->options.silence_ms);
    while (may_ask_again(v, error, began_ms));
    bool good = !error && metadata->topic_cnt == 1 && !metadata->topics[0].err &&
                metadata->topics[0].partition_cnt == PARTITIONS;
    if (error)
        fail(v, "no answer from %s: %s", v->options.kafka.brokers, rd_kafka_err2str(error));
    else if (!good)
        fail(v, "topic %s does not exist with %d partitions: 'shardbookctl topics ensure' makes the topics", name,
            PARTITIONS);
    if (metadata) rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(topic);
    return good;
}

static bool find_topics(struct verification *v) {
    for (int source = 0; source < SOURCE_COUNT; source++)
        if (v->topics[source] && !find_topic(v, v->topics[source])) return false;
    return true;
}

static bool sample_end(struct verification *v, enum source source, int32_t partition) {
    int64_t low = 0, high = 0, began_ms = now_ms();
    rd_kafka_resp_err_t error;
    do
        error = rd_kafka_query_watermark_offsets(
            v->consumer, v->topics[source], partition, &low, &high, v->options.silence_ms);
    while (may_ask_again(v, error, began_ms));
    if (error)
        return fail(v, "cannot ask for the end of %s/%d: %s", v->topics[source], partition, rd_kafka_err2str(error));
    if (low > 0 && source != SOURCE_PENDING)
        return fail(v,
            "%s/%d begins at offset %lld: the whole log is needed; verify before retention takes its beginning",
            v->topics[source], partition, (long long)low);
    v->tracks[source][partition].end = high;
    return true;
}

static bool sample_ends(struct verification *v, enum source source) {
    for (int32_t p = 0; v->topics[source] && p < PARTITIONS; p++)
        if (!sample_end(v, source, p)) return false;
    return true;
}

static bool is_read(const struct verification *v, enum source source) {
    for (int p = 0; v->topics[source] && p < PARTITIONS; p++)
        if (v->tracks[source][p].next < v->tracks[source][p].end) return false;
    return true;
}

/* ---- reading */

enum { HEADERS_LOOKED_AT = 16 };

/* The first header of this name. */
static struct text header_of(const rd_kafka_headers_t *headers, const char *name) {
    const char *found = NULL;
    const void *value = NULL;
    size_t size = 0;
    for (size_t i = 0; headers && i < HEADERS_LOOKED_AT && !rd_kafka_header_get_all(headers, i, &found, &value, &size);
        i++)
        if (strcmp(found, name) == 0) return value ? (struct text){value, (uint32_t)size} : TEXT_NONE;
    return TEXT_NONE;
}

static struct text view(const void *bytes, size_t size) { return (struct text){bytes, (uint32_t)size}; }

static void carry(struct verification *v, const struct reference_record *record, enum reference_fate fate) {
    struct reference_origin origin;
    if (fate == REFERENCE_MISDIRECTED)
        carriage_on_origin(
            &v->carriage, text_of(v->topics[SOURCE_ORDERS]), record->partition, record->offset, record->value);
    if ((fate != REFERENCE_COPY && fate != REFERENCE_VOID) || !reference_read_origin(record->me_src, &origin)) return;
    bool from_orders = text_equal(origin.topic, text_of(v->topics[SOURCE_ORDERS]));
    bool from_pending = v->topics[SOURCE_PENDING] && text_equal(origin.topic, text_of(v->topics[SOURCE_PENDING]));
    if (from_orders || from_pending)
        carriage_on_copy(&v->carriage, origin.topic, origin.partition, origin.offset, record->value);
}

static void on_order(struct verification *v, const rd_kafka_message_t *message) {
    rd_kafka_headers_t *headers = NULL;
    enum reference_fate fate = REFERENCE_COUNTED;
    if (message->offset >= v->tracks[SOURCE_ORDERS][message->partition].end) return;
    rd_kafka_message_headers(message, &headers);
    struct reference_record record = {.partition = message->partition,
        .offset = message->offset,
        .timestamp_ms = rd_kafka_message_timestamp(message, NULL),
        .key = view(message->key, message->key_len),
        .value = view(message->payload, message->len),
        .me_t = header_of(headers, "me-t"),
        .me_src = header_of(headers, "me-src")};
    enum reference_status status = reference_apply(v->reference, &record, verify_on_event, v->verify, &fate);
    if (status != REFERENCE_OK)
        fail(v, "%s/%d: offset %lld came behind a later one", v->topics[SOURCE_ORDERS], message->partition,
            (long long)message->offset);
    carry(v, &record, fate);
}

/* What names a symbol has to come back as a copy; what does not goes to the dead letters. */
static void on_pending(struct verification *v, const rd_kafka_message_t *message) {
    struct text value = view(message->payload, message->len);
    if (message->offset >= v->tracks[SOURCE_PENDING][message->partition].end) return;
    v->pending_records++;
    if (reference_names_symbol(value))
        carriage_on_origin(
            &v->carriage, text_of(v->topics[SOURCE_PENDING]), message->partition, message->offset, value);
}

static void on_record(struct verification *v, enum source source, const rd_kafka_message_t *message) {
    if (source == SOURCE_ORDERS) {
        on_order(v, message);
    } else if (source == SOURCE_PENDING) {
        on_pending(v, message);
    } else {
        v->fills_records++;
        verify_see(v->verify, message->partition, message->offset, view(message->key, message->key_len),
            view(message->payload, message->len));
    }
}

static enum source source_of(const struct verification *v, const rd_kafka_message_t *message) {
    const char *name = message->rkt ? rd_kafka_topic_name(message->rkt) : "";
    enum source source = SOURCE_ORDERS;
    while (source < SOURCE_COUNT && !(v->topics[source] && strcmp(v->topics[source], name) == 0)) source++;
    return source;
}

static void on_message(struct verification *v, const rd_kafka_message_t *message) {
    enum source source = source_of(v, message);
    bool is_ours = source < SOURCE_COUNT && message->partition >= 0 && message->partition < PARTITIONS;
    if (is_ours && !message->err) {
        kafka_connection_heard(&v->connection);
        on_record(v, source, message);
        v->tracks[source][message->partition].next = message->offset + 1;
    } else if (is_ours && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        v->tracks[source][message->partition].next =
            message->offset; /* behind a transaction's marker, if there is one */
    } else if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
               message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
        fail(v, "%s: %s", source < SOURCE_COUNT ? v->topics[source] : "?", rd_kafka_message_errstr(message));
    } else if (rd_kafka_fatal_error(v->consumer, NULL, 0)) {
        fail(v, "%s", rd_kafka_message_errstr(message));
    }
}

/* ---- how far it is */

static bool is_complete(const struct verification *v) {
    return verify_outstanding(v->verify) == 0 && v->carriage.without_copy == 0 && v->carriage.without_origin == 0;
}

static void say_progress(struct verification *v, int64_t now, int64_t *last) {
    if (!v->options.on_progress || now - *last < 200) return;
    *last = now;
    v->options.on_progress(v->options.progress_context, reference_counters(v->reference)->records, v->fills_records);
}

/* The records behind the end first sampled are read too when something is waited for that they may hold. Reading never
 * begins anew: what was passed over beyond the end is asked for again. */
static bool read_further(struct verification *v, enum source source) {
    for (int32_t p = 0; v->topics[source] && p < PARTITIONS; p++) {
        struct track *track = &v->tracks[source][p];
        int64_t before = track->end;
        if (!sample_end(v, source, p)) return false;
        if (track->end == before || source == SOURCE_FILLS) continue;
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(list, v->topics[source], p)->offset = before;
        rd_kafka_error_t *error = rd_kafka_seek_partitions(v->consumer, list, v->options.silence_ms);
        rd_kafka_resp_err_t inner = list->elems[0].err;
        rd_kafka_topic_partition_list_destroy(list);
        if (error || inner) {
            fail(v, "cannot read %s/%d again from %lld: %s", v->topics[source], p, (long long)before,
                error ? rd_kafka_error_string(error) : rd_kafka_err2str(inner));
            rd_kafka_error_destroy(error);
            return false;
        }
        track->next = before;
    }
    return true;
}

/* Reads until `done` says so, or `until_ms` has come; false if the broker said nothing for too long or reading failed.
 */
static bool read_until(struct verification *v, bool (*done)(const struct verification *v), int64_t until_ms) {
    int64_t heard = now_ms(), shown = heard, now = heard;
    unsigned taken = 0;
    while (!v->failed && !done(v) && (until_ms == 0 || now < until_ms)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(v->consumer, 50);
        if (message) {
            on_message(v, message);
            rd_kafka_message_destroy(message);
            if (++taken % 64) /* the clock is dear beside a record */
                continue;
        }
        now = now_ms();
        if (taken) heard = now;
        taken = 0;
        if (until_ms == 0 && now - heard > v->options.silence_ms)
            return fail(v, "the broker said nothing for %d s", v->options.silence_ms / 1000);
        say_progress(v, now, &shown);
    }
    return !v->failed;
}

static bool orders_are_read(const struct verification *v) {
    return is_read(v, SOURCE_ORDERS) && is_read(v, SOURCE_PENDING);
}

static bool fills_are_read(const struct verification *v) { return is_read(v, SOURCE_FILLS); }

/* Waits for `fills`, and for the copies of what was misdirected; what `orders` gets meanwhile is read only for those.
 */
static bool await_fills(struct verification *v) {
    int64_t deadline = now_ms() + v->options.timeout_ms;
    while (!is_complete(v) && now_ms() < deadline) {
        int64_t pause = now_ms() + 100;
        if (!read_until(v, is_complete, pause < deadline ? pause : deadline)) return false;
        bool waits_for_copies = v->carriage.without_copy || v->carriage.without_origin;
        if (waits_for_copies &&
            (!read_further(v, SOURCE_ORDERS) || !read_further(v, SOURCE_PENDING) || !read_until(v, orders_are_read, 0)))
            return false;
    }
    return true;
}

static bool compare(struct verification *v) {
    if (!sample_ends(v, SOURCE_ORDERS) || !sample_ends(v, SOURCE_PENDING)) return false;
    if (!read_until(v, orders_are_read, 0) || !await_fills(v)) return false;
    if (!sample_ends(v, SOURCE_FILLS) || !read_until(v, fills_are_read, 0)) return false;
    for (int32_t p = 0; p < PARTITIONS; p++) verify_limit(v->verify, p, v->tracks[SOURCE_ORDERS][p].end);
    verify_finish(v->verify);
    return true;
}

/* ---- the consumer */

static bool open_consumer(struct verification *v) {
    static const struct kafka_property properties[] = {
        {"group.id", "shardbook-verify"},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "error"},
        {"enable.partition.eof", "true"},
        {"fetch.wait.max.ms", "20"},
        {"fetch.queue.backoff.ms", "10"},
        {"queued.min.messages", "200000"},
        {"queued.max.messages.kbytes", "131072"},
        {"fetch.message.max.bytes", "4194304"},
        {"allow.auto.create.topics", "false"},
        {"socket.nagle.disable", "true"},
    };
    rd_kafka_conf_t *conf = kafka_conf_new(&v->options.kafka, properties, sizeof properties / sizeof properties[0],
        &v->connection, v->problem, v->problem_bytes);
    if (!conf) return !(v->failed = true);
    v->connection.name = "verification";
    v->consumer = kafka_handle_new(RD_KAFKA_CONSUMER, conf, &v->connection);
    if (!v->consumer) return fail(v, "no consumer could be made");
    rd_kafka_poll_set_consumer(v->consumer);
    return true;
}

static bool assign(struct verification *v) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(SOURCE_COUNT * PARTITIONS);
    for (int source = 0; source < SOURCE_COUNT; source++)
        for (int32_t p = 0; v->topics[source] && p < PARTITIONS; p++)
            rd_kafka_topic_partition_list_add(list, v->topics[source], p)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_resp_err_t error = rd_kafka_assign(v->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    return error ? fail(v, "cannot read the topics: %s", rd_kafka_err2str(error)) : true;
}

static void close_consumer(struct verification *v) {
    if (!v->consumer) return;
    rd_kafka_consumer_close(v->consumer);
    rd_kafka_destroy(v->consumer);
    v->consumer = NULL;
}

struct verification *verification_run(const struct verification_options *options, char *problem, size_t problem_bytes) {
    struct verification *v = reference_allocate(sizeof *v);
    const char *const *topics = options->kafka.topics;
    v->options = *options;
    v->topics[SOURCE_ORDERS] = topics[TOPIC_ORDERS] ? topics[TOPIC_ORDERS] : kafka_topic_default_name(TOPIC_ORDERS);
    v->topics[SOURCE_FILLS] = topics[TOPIC_FILLS] ? topics[TOPIC_FILLS] : kafka_topic_default_name(TOPIC_FILLS);
    if (options->with_pending)
        v->topics[SOURCE_PENDING] =
            topics[TOPIC_PENDING] ? topics[TOPIC_PENDING] : kafka_topic_default_name(TOPIC_PENDING);
    v->reference = reference_open();
    reference_name_topics(v->reference, text_of(v->topics[SOURCE_ORDERS]),
        text_of(topics[TOPIC_PENDING] ? topics[TOPIC_PENDING] : kafka_topic_default_name(TOPIC_PENDING)));
    v->verify = verify_open();
    v->problem = problem;
    v->problem_bytes = problem_bytes;
    int64_t began = now_ms();
    bool done = open_consumer(v) && find_topics(v) && assign(v) && compare(v);
    v->seconds = (double)(now_ms() - began) / 1000;
    close_consumer(v);
    if (done) return v;
    verification_close(v);
    return NULL;
}

void verification_close(struct verification *v) {
    if (!v) return;
    carriage_deinit(&v->carriage);
    reference_close(v->reference);
    verify_close(v->verify);
    free(v);
}

struct verification_findings verification_findings(const struct verification *v) {
    const struct reference_counters *c = reference_counters(v->reference);
    const struct verify_result *events = verify_result(v->verify);
    bool adds_up = c->records == c->answered + c->controls + c->misdirected + c->watermark_drops + c->voids +
                                     c->void_drops + c->ticks + c->malformed_control;
    bool carried = v->carriage.without_copy == 0 && v->carriage.without_origin == 0 && v->carriage.altered == 0;
    return (struct verification_findings){.orders = c,
        .events = events,
        .carried = &v->carriage,
        .pending_records = v->pending_records,
        .fills_records = v->fills_records,
        .seconds = v->seconds,
        .same = verify_exit_code(events) == 0 && carried && adds_up};
}
