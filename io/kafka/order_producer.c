#include "io/kafka/order_producer.h"

#include "core/limits.h"
#include "core/partition.h"
#include "io/kafka/kafka_parts.h"

#include <stdio.h>
#include <stdlib.h>

enum { FRAMING_BYTES = 128, HEADER_FRAMING_BYTES = 12, ASK_PAUSE_MS = 500, ASK_WAIT_MS = 20 };

struct sent_order {
    struct order_producer *producer;
    order_on_ack on_ack;
    void *context;
    struct sent_order *next_free;
};

struct order_producer {
    struct kafka_settings kafka; /* a copy */
    struct order_producer_settings settings;
    struct kafka_connection connection;
    uv_async_t async;
    rd_kafka_t *rk;
    rd_kafka_queue_t *reports;
    rd_kafka_topic_t *topics[TOPIC_COUNT];
    struct sent_order *orders, *free_orders; /* in_flight_max of them */
    struct order_producer_counts counts;
    uint64_t asked_ms; /* when brokers that are away were last asked whether they are back */
    bool closing;
    void (*on_closed)(void *context);
    void *on_closed_context;
};

struct order_producer_settings order_producer_defaults(void) {
    return (struct order_producer_settings){.message_timeout_ms = 10000, .linger_ms = 1, .in_flight_max = 10000};
}

/* -- acknowledgements --------------------------------------------------------------------------------------- */

/* Only what the broker never stored and never will is REFUSED; of all else nobody knows. */
static int status_of_report(const rd_kafka_message_t *message) {
    if (!message->err) return STATUS_OK;
    return rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_NOT_PERSISTED &&
                   kafka_status_of(message->err) == STATUS_REFUSED
               ? STATUS_REFUSED
               : STATUS_AWAY;
}

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque) {
    struct order_producer *producer = ((struct kafka_connection *)opaque)->owner;
    struct sent_order *order = message->_private, done = *order;
    int status = status_of_report(message);
    (void)rk;
    order->next_free = producer->free_orders;
    producer->free_orders = order;
    producer->counts.in_flight--;
    if (status == STATUS_OK) {
        producer->counts.acknowledged++;
        kafka_connection_heard(&producer->connection);
    } else {
        producer->counts.failed++;
    }
    done.on_ack(done.context, status, message->partition, status == STATUS_OK ? message->offset : -1);
}

/* Called by librdkafka's threads. */
static void on_reports(rd_kafka_t *rk, void *opaque) {
    (void)rk;
    uv_async_send(opaque);
}

static void take_reports(struct order_producer *producer) { while (rd_kafka_poll(producer->rk, 0) > 0); }

/* -- the handle --------------------------------------------------------------------------------------------- */

static rd_kafka_conf_t *producer_conf(struct order_producer *producer, char *problem, size_t problem_bytes) {
    char linger[16], timeout[16], records[16];
    snprintf(linger, sizeof linger, "%d", producer->settings.linger_ms);
    snprintf(timeout, sizeof timeout, "%d", producer->settings.message_timeout_ms);
    snprintf(records, sizeof records, "%d", producer->settings.in_flight_max);
    const struct kafka_property properties[] = {{"enable.idempotence", "true"}, {"acks", "all"},
        {"partitioner", "murmur2_random"}, {"compression.codec", "lz4"}, {"linger.ms", linger},
        {"message.timeout.ms", timeout}, {"queue.buffering.max.messages", records},
        {"queue.buffering.max.kbytes", "262144"},
        {"batch.size", "60000"}, /* the topic's max.message.bytes bounds the batch */
        {"message.max.bytes", "65536"}, {"retry.backoff.ms", "50"}};
    return kafka_conf_new(&producer->kafka, properties, sizeof properties / sizeof *properties, &producer->connection,
        problem, problem_bytes);
}

static int open_handle(struct order_producer *producer) {
    char problem[512];
    rd_kafka_conf_t *conf = producer_conf(producer, problem, sizeof problem);
    if (!conf) {
        kafka_connection_say(&producer->connection, "%s", problem);
        return STATUS_INVALID;
    }
    atomic_store(&producer->connection.failed, false);
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    producer->rk = kafka_handle_new(RD_KAFKA_PRODUCER, conf, &producer->connection);
    if (!producer->rk) return STATUS_INVALID;
    producer->reports = rd_kafka_queue_get_main(producer->rk);
    rd_kafka_queue_cb_event_enable(producer->reports, on_reports, &producer->async);
    uv_async_send(&producer->async); /* something may have come before: only the first in an empty queue is told */
    if (kafka_topics_open(producer->rk, &producer->kafka, producer->topics) != STATUS_OK) return STATUS_NO_MEMORY;
    const struct rd_kafka_metadata *metadata; /* not waited for: the request alone makes the first order quick */
    for (int topic = TOPIC_ORDERS; topic <= TOPIC_PENDING; topic++)
        if (!rd_kafka_metadata(producer->rk, 0, producer->topics[topic], &metadata, 1))
            rd_kafka_metadata_destroy(metadata);
    return STATUS_OK;
}

/* Answers everything that is in flight and ends the handle. */
static void close_handle(struct order_producer *producer) {
    if (producer->rk) {
        rd_kafka_purge(producer->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        while (producer->counts.in_flight > 0) rd_kafka_poll(producer->rk, 100);
    }
    if (producer->reports) {
        rd_kafka_queue_cb_event_enable(producer->reports, NULL, NULL);
        rd_kafka_queue_destroy(producer->reports);
    }
    kafka_topics_close(producer->topics);
    if (producer->rk) rd_kafka_destroy(producer->rk);
    producer->reports = NULL;
    producer->rk = NULL;
}

/* A new handle in place of one with a fatal error: safe here, unlike in the server, because each order is answered and
 * carries its own id. */
static void reopen_handle(struct order_producer *producer) {
    producer->counts.reopened++;
    close_handle(producer);
    if (open_handle(producer) != STATUS_OK) close_handle(producer);
}

static void on_async(uv_async_t *async) {
    struct order_producer *producer = async->data;
    if (producer->closing || !producer->rk) return;
    take_reports(producer);
    if (atomic_load(&producer->connection.failed)) reopen_handle(producer);
}

/* -- the interface ------------------------------------------------------------------------------------------ */

static bool settings_are_valid(const struct order_producer_settings *settings) {
    return settings->message_timeout_ms >= 1000 && settings->message_timeout_ms <= 30000 && settings->linger_ms >= 0 &&
           settings->linger_ms <= 5 && settings->in_flight_max >= 1 && settings->in_flight_max <= 1000000;
}

static void free_producer(struct order_producer *producer) {
    kafka_settings_free(&producer->kafka);
    free(producer->orders);
    free(producer);
}

static bool make_orders(struct order_producer *producer) {
    producer->orders = calloc((size_t)producer->settings.in_flight_max, sizeof *producer->orders);
    for (int i = 0; producer->orders && i < producer->settings.in_flight_max; i++) {
        producer->orders[i].next_free = producer->free_orders;
        producer->free_orders = &producer->orders[i];
    }
    return producer->orders != NULL;
}

static void on_async_closed(uv_handle_t *handle) {
    struct order_producer *producer = handle->data;
    if (producer->on_closed) producer->on_closed(producer->on_closed_context);
    free_producer(producer);
}

struct order_producer *order_producer_open(
    const struct kafka_settings *kafka, const struct order_producer_settings *settings, uv_loop_t *loop, int *status) {
    if (!settings_are_valid(settings)) {
        kafka_connection_say(
            NULL, "order producer: message timeout 1,000 to 30,000 ms, linger 0 to 5 ms, in flight 1 to 1,000,000");
        *status = STATUS_INVALID;
        return NULL;
    }
    struct order_producer *producer = calloc(1, sizeof *producer);
    *status = STATUS_NO_MEMORY;
    if (!producer) return NULL;
    producer->settings = *settings;
    producer->connection.name = "order producer";
    producer->connection.owner = producer;
    if (!kafka_settings_copy(kafka, &producer->kafka) || !make_orders(producer) ||
        uv_async_init(loop, &producer->async, on_async) != 0) {
        free_producer(producer);
        return NULL;
    }
    producer->async.data = producer;
    *status = open_handle(producer);
    if (*status == STATUS_OK) return producer;
    order_producer_close(producer, 0, NULL, NULL);
    return NULL;
}

static bool fits(
    uint8_t topic, struct text symbol, struct text value, const struct log_header *headers, uint32_t header_count) {
    size_t bytes = FRAMING_BYTES + (size_t)symbol.size + value.size;
    if (header_count > LOG_HEADERS_MAX) return false;
    for (uint32_t i = 0; i < header_count; i++)
        bytes += HEADER_FRAMING_BYTES + (size_t)headers[i].name.size + headers[i].value.size;
    return (topic == TOPIC_ORDERS || topic == TOPIC_PENDING) && symbol.size > 0 && value.data &&
           bytes <= RECORD_BYTES_MAX;
}

static rd_kafka_headers_t *headers_new(const struct log_header *from, uint32_t count) {
    rd_kafka_headers_t *headers = rd_kafka_headers_new(count);
    for (uint32_t i = 0; i < count; i++)
        rd_kafka_header_add(headers, from[i].name.data, from[i].name.size, from[i].value.data, from[i].value.size);
    return headers;
}

static void *bytes_of(struct text text) {
    union {
        const char *constant;
        void *plain;
    } data = {text.data}; /* librdkafka copies and never writes through it */
    return data.plain;
}

/* Gives the order to librdkafka; a status. */
static int produce(struct order_producer *producer, uint8_t topic, struct text symbol, struct text value,
    rd_kafka_headers_t *headers, struct sent_order *order) {
    rd_kafka_vu_t items[] = {{.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = producer->topics[topic]},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = home_partition(symbol)},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {bytes_of(value), value.size}},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {bytes_of(symbol), symbol.size}},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = order}, {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers}};
    rd_kafka_error_t *error = rd_kafka_produceva(producer->rk, items, sizeof items / sizeof *items - (headers ? 0 : 1));
    if (!error) return STATUS_OK;
    int status = kafka_status_of(rd_kafka_error_code(error));
    rd_kafka_error_destroy(error);
    if (headers) rd_kafka_headers_destroy(headers);
    return status == STATUS_INVALID || status == STATUS_NO_MEMORY ? status
                                                                  : STATUS_FULL; /* what may pass: come again */
}

int order_producer_send(struct order_producer *producer, uint8_t topic, struct text symbol, struct text value,
    const struct log_header *headers, uint32_t header_count, order_on_ack on_ack, void *context) {
    if (!fits(topic, symbol, value, headers, header_count)) return STATUS_INVALID;
    struct sent_order *order = producer->free_orders;
    if (!order || !producer->rk || producer->closing) {
        producer->counts.full++;
        return STATUS_FULL;
    }
    struct sent_order *next = order->next_free;
    *order = (struct sent_order){.producer = producer, .on_ack = on_ack, .context = context};
    int status =
        produce(producer, topic, symbol, value, header_count ? headers_new(headers, header_count) : NULL, order);
    if (status != STATUS_OK) {
        order->next_free = next;
        producer->counts.full += status == STATUS_FULL;
        return status;
    }
    producer->free_orders = next;
    producer->counts.in_flight++;
    producer->counts.taken++;
    return STATUS_OK;
}

/* An idle producer hears nothing, so once the brokers were away it asks. */
static void ask_whether_back(struct order_producer *producer) {
    const struct rd_kafka_metadata *metadata;
    uint64_t now_ms = uv_now(producer->async.loop);
    if (!producer->rk || !atomic_load(&producer->connection.away) || now_ms - producer->asked_ms < ASK_PAUSE_MS) return;
    producer->asked_ms = now_ms;
    if (rd_kafka_metadata(producer->rk, 0, producer->topics[TOPIC_ORDERS], &metadata, ASK_WAIT_MS)) return;
    rd_kafka_metadata_destroy(metadata);
    kafka_connection_is_back(&producer->connection);
}

void order_producer_count(struct order_producer *producer, struct order_producer_counts *counts) {
    ask_whether_back(producer);
    *counts = producer->counts;
    counts->up = producer->rk && !atomic_load(&producer->connection.away);
}

void order_producer_close(
    struct order_producer *producer, int timeout_ms, void (*on_closed)(void *context), void *context) {
    producer->closing = true;
    producer->on_closed = on_closed;
    producer->on_closed_context = context;
    if (producer->rk && timeout_ms > 0) rd_kafka_flush(producer->rk, timeout_ms);
    close_handle(producer);
    uv_close((uv_handle_t *)&producer->async, on_async_closed);
}
