/* The log over librdkafka: on the broker named by SHARDBOOK_KAFKA (topics as SHARDBOOK_*_TOPIC name them, made before),
 * else on a mock cluster in this process, which can also be made to fail. */
#include "core/limits.h"
#include "core/partition.h"
#include "io/kafka/connection.h"
#include "io/kafka/kafka_log.h"
#include "io/kafka/kafka_parts.h"
#include "io/kafka/order_producer.h"
#include "tests/kafka/verify.h"

#include <librdkafka/rdkafka_mock.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static rd_kafka_mock_cluster_t *mock; /* NULL: a real broker */
static struct kafka_log_settings settings;

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct log_store *open_store(void) {
    int status;
    struct log_store *store = kafka_log_open(&settings, &status);
    VERIFY_EQUAL(status, STATUS_OK);
    VERIFY(store);
    return store;
}

static struct log_reader *open_reader(struct log_store *store) {
    int status;
    struct log_reader *reader = store->open_reader(store, &status);
    VERIFY_EQUAL(status, STATUS_OK);
    return reader;
}

static struct log_writer *open_writer(struct log_store *store) {
    int status;
    struct log_writer *writer = store->open_writer(store, &status);
    VERIFY_EQUAL(status, STATUS_OK);
    return writer;
}

/* -- acknowledgements -------------------------------------------------------------------------------------------- */

enum { TOKENS_MAX = 100000 };

struct acks {
    int64_t offsets[TOKENS_MAX]; /* by token */
    int count, failed;
};

static struct acks acks; /* of the case under way */

static void on_ack(void *context, const struct log_ack *ack) {
    (void)context;
    acks.count++;
    acks.failed += ack->status != STATUS_OK;
    if (ack->token < TOKENS_MAX) acks.offsets[ack->token] = ack->offset;
}

static void await_acks(struct log_writer *writer, int count) {
    for (int64_t deadline = now_ms() + 20000; acks.count < count && now_ms() < deadline;)
        VERIFY(writer->poll(writer, 100, on_ack, NULL) >= 0);
    VERIFY_EQUAL(acks.count, count);
}

static void write_all(struct log_writer *writer, const struct log_append *records, int count) {
    int expected = acks.count + count;
    for (int done = 0; done < count;) {
        int got = writer->append(writer, records + done, count - done);
        VERIFY(got >= 0);
        done += got;
        if (got == 0) writer->poll(writer, 100, on_ack, NULL);
    }
    await_acks(writer, expected);
    VERIFY_EQUAL(writer->in_flight(writer), 0);
}

/* -- reading back ------------------------------------------------------------------------------------------------- */

struct seen {
    int count, headers, absent, empty;
    int64_t first, last; /* offsets */
    int64_t numbers[TOKENS_MAX];
    char header_value[64];
    bool back; /* an offset was not greater than the one before */
};

static struct seen seen; /* of the case under way, since its last seek */

static void on_record(void *context, const struct log_record *record) {
    (void)context;
    if (seen.count == 0)
        seen.first = record->offset;
    else if (record->offset <= seen.last)
        seen.back = true;
    seen.last = record->offset;
    seen.headers += (int)record->header_count;
    if (record->header_count > 0)
        snprintf(seen.header_value, sizeof seen.header_value, "%.*s=%.*s", (int)record->headers[0].name.size,
            record->headers[0].name.data, (int)record->headers[0].value.size, record->headers[0].value.data);
    seen.absent += !record->has_value;
    seen.empty += record->has_value && record->value.size == 0 && record->value.data;
    if (record->value.size > 0) seen.numbers[seen.count % TOKENS_MAX] = strtoll(record->value.data, NULL, 10);
    VERIFY(record->timestamp_ms > 1600000000000);
    seen.count++;
}

static void read_count(struct log_reader *reader, int count) {
    int expected = seen.count + count;
    for (int64_t deadline = now_ms() + 20000; seen.count < expected && now_ms() < deadline;) {
        int status = reader->poll(reader, 50, expected - seen.count, on_record, NULL);
        VERIFY(status >= 0 || status == STATUS_AWAY); /* a broker on a machine that stalls is away for a moment */
    }
    VERIFY_EQUAL(seen.count, expected);
}

/* `count` records with values from `first` on, for one partition. */
static struct log_append *numbered(uint8_t topic, int32_t partition, int first, int count) {
    struct log_append *records = calloc((size_t)count, sizeof *records);
    for (int i = 0; i < count; i++) {
        char *value = malloc(64);
        int bytes = snprintf(value, 64, "%d padding so that it looks like a record", first + i);
        records[i] = (struct log_append){.topic = topic,
            .partition = partition,
            .key = TEXT("AAPL"),
            .value = {value, (uint32_t)bytes},
            .token = (uint64_t)(first + i)};
    }
    return records;
}

static void free_numbered(struct log_append *records, int count) {
    for (int i = 0; i < count; i++) {
        union {
            const char *constant;
            void *owned;
        } value = {records[i].value.data};
        free(value.owned);
    }
    free(records);
}

static int64_t end_of(struct log_store *store, uint8_t topic, int32_t partition) {
    int64_t begin, end;
    VERIFY_EQUAL(store->bounds(store, topic, partition, &begin, &end), STATUS_OK);
    VERIFY(begin >= 0 && end >= begin);
    return end;
}

/* What most cases have: both ends of one partition of fills, which ended at `end` when the case began. */
struct ends {
    struct log_writer *writer;
    struct log_reader *reader;
    int32_t partition;
    int64_t end;
};

static struct ends begin(struct log_store *store, int32_t partition) {
    memset(&acks, 0, sizeof acks);
    memset(&seen, 0, sizeof seen);
    return (struct ends){open_writer(store), open_reader(store), partition, end_of(store, TOPIC_FILLS, partition)};
}

static void finish(struct ends *ends) {
    ends->reader->close(ends->reader);
    ends->writer->close(ends->writer);
}

/* Reads on from there, and forgets what was seen. */
static void read_from(struct ends *ends, int64_t offset) {
    VERIFY_EQUAL(ends->reader->seek(ends->reader, TOPIC_FILLS, ends->partition, offset), STATUS_OK);
    memset(&seen, 0, sizeof seen);
}

/* -- cases ----------------------------------------------------------------------------------------------------------
 */

static void test_round_trip(struct log_store *store) {
    struct ends ends = begin(store, 3);
    struct log_writer *writer = ends.writer;
    struct log_reader *reader = ends.reader;
    struct log_append *records = numbered(TOPIC_FILLS, 3, 0, 1000);
    const struct log_header headers[] = {
        {TEXT("me-t"), TEXT("2")}, {TEXT("me-src"), TEXT("orders/3/17/-")}, {TEXT("empty"), TEXT_NONE}};
    for (int i = 0; i < 1000; i += 7) { /* every seventh has headers: order must hold across both ways of producing */
        records[i].headers = headers;
        records[i].header_count = 3;
    }
    union {
        const char *constant;
        void *owned;
    } dropped = {records[500].value.data};
    free(dropped.owned);
    records[500].value = TEXT_NONE;
    records[501].key = TEXT_NONE;
    write_all(writer, records, 1000);
    VERIFY_EQUAL(acks.failed, 0);
    for (int i = 1; i < 1000; i++) VERIFY(acks.offsets[i] > acks.offsets[i - 1]);
    VERIFY_EQUAL(acks.offsets[0], ends.end);

    read_from(&ends, ends.end);
    read_count(reader, 1000);
    VERIFY_EQUAL(seen.first, ends.end);
    VERIFY_EQUAL(seen.last, acks.offsets[999]);
    VERIFY(!seen.back);
    VERIFY_EQUAL(seen.headers, 143 * 3);
    VERIFY_EQUAL(seen.absent, 1);
    VERIFY(strcmp(seen.header_value, "me-t=2") == 0);
    for (int i = 0; i < 1000; i++)
        if (i != 500) VERIFY_EQUAL(seen.numbers[i], i);
    VERIFY_EQUAL(end_of(store, TOPIC_FILLS, 3), acks.offsets[999] + 1);

    /* An empty value is not an absent one. */
    const struct log_append empty = {
        .topic = TOPIC_FILLS, .partition = 3, .key = TEXT("K"), .value = {"", 0}, .token = 1};
    write_all(writer, &empty, 1);
    memset(&seen, 0, sizeof seen);
    read_count(reader, 1);
    VERIFY_EQUAL(seen.empty, 1);
    free_numbered(records, 1000);
    finish(&ends);
}

static void test_max_and_seek(struct log_store *store) {
    struct ends ends = begin(store, 4);
    struct log_writer *writer = ends.writer;
    struct log_reader *reader = ends.reader;
    struct log_append *records = numbered(TOPIC_FILLS, 4, 0, 5000);
    write_all(writer, records, 5000);

    read_from(&ends, ends.end);
    for (int64_t deadline = now_ms() + 20000; seen.count < 5000 && now_ms() < deadline;) {
        int before = seen.count, got = reader->poll(reader, 50, 7, on_record, NULL);
        VERIFY(got >= 0 && got <= 7);
        VERIFY_EQUAL(seen.count - before, got);
    }
    VERIFY_EQUAL(seen.count, 5000);
    VERIFY(!seen.back);
    VERIFY_EQUAL(reader->poll(reader, 0, 10, on_record, NULL), 0);

    /* Back into the middle, with records still queued from before. */
    for (int round = 0; round < 20; round++) {
        read_from(&ends, acks.offsets[100 * round]);
        read_count(reader, 50);
        VERIFY_EQUAL(seen.first, acks.offsets[100 * round]);
        VERIFY_EQUAL(seen.numbers[0], 100 * round);
        VERIFY_EQUAL(seen.numbers[49], 100 * round + 49);
        VERIFY(!seen.back);
    }
    free_numbered(records, 5000);
    finish(&ends);
}

static void test_pause(struct log_store *store) {
    struct ends ends = begin(store, 5);
    struct log_writer *writer = ends.writer;
    struct log_reader *reader = ends.reader;
    struct log_append *records = numbered(TOPIC_FILLS, 5, 0, 20000);
    write_all(writer, records, 10000);
    VERIFY_EQUAL(reader->pause(reader, TOPIC_FILLS, 6, true), STATUS_INVALID);
    read_from(&ends, ends.end);
    for (int round = 0; round < 15; round++) { /* pause in the middle of what is fetched, again and again */
        read_count(reader, 333);
        VERIFY_EQUAL(reader->pause(reader, TOPIC_FILLS, 5, true), STATUS_OK);
        VERIFY_EQUAL(reader->poll(reader, 20, 1000, on_record, NULL), 0);
        VERIFY_EQUAL(reader->pause(reader, TOPIC_FILLS, 5, false), STATUS_OK);
    }
    write_all(writer, records + 10000, 10000);
    read_count(reader, 20000 - 15 * 333);
    VERIFY(!seen.back);
    for (int i = 0; i < 20000; i++) VERIFY_EQUAL(seen.numbers[i], i);

    /* A source sought while paused stays paused. */
    VERIFY_EQUAL(reader->pause(reader, TOPIC_FILLS, 5, true), STATUS_OK);
    read_from(&ends, ends.end);
    VERIFY_EQUAL(reader->poll(reader, 200, 1000, on_record, NULL), 0);
    VERIFY_EQUAL(reader->pause(reader, TOPIC_FILLS, 5, false), STATUS_OK);
    memset(&seen, 0, sizeof seen);
    read_count(reader, 20000);
    VERIFY_EQUAL(seen.first, ends.end);
    free_numbered(records, 20000);
    finish(&ends);
}

static void test_gap(struct log_store *store) {
    struct ends ends = begin(store, 3);
    struct log_reader *reader = ends.reader;
    int got = 0;
    read_from(&ends, ends.end + 1000);
    for (int64_t deadline = now_ms() + 10000; got == 0 && now_ms() < deadline;)
        got = reader->poll(reader, 100, 10, on_record, NULL);
    VERIFY_EQUAL(got, STATUS_GAP);
    VERIFY_EQUAL(reader->poll(reader, 100, 10, on_record, NULL), STATUS_GAP);
    read_from(&ends, ends.end - 10);
    read_count(reader, 10);
    VERIFY_EQUAL(reader->seek(reader, TOPIC_FILLS, 3, -1), STATUS_INVALID);
    VERIFY_EQUAL(reader->seek(reader, TOPIC_FILLS, 99, 0), STATUS_INVALID);
    VERIFY_EQUAL(reader->seek(reader, TOPIC_COUNT, 0, 0), STATUS_INVALID);
    finish(&ends);
}

static void *wake_both(void *context) {
    void **ports = context;
    struct log_reader *reader = ports[0];
    struct log_writer *writer = ports[1];
    usleep(100000);
    reader->wake(reader);
    usleep(100000);
    writer->wake(writer);
    return NULL;
}

static void test_wake(struct log_store *store) {
    struct ends ends = begin(store, 9);
    struct log_reader *reader = ends.reader;
    struct log_writer *writer = ends.writer;
    void *ports[] = {reader, writer};
    pthread_t thread;
    int64_t began = now_ms();
    read_from(&ends, ends.end);
    while (reader->poll(reader, 0, 10, on_record, NULL) > 0);
    pthread_create(&thread, NULL, wake_both, ports);
    VERIFY_EQUAL(reader->poll(reader, 10000, 10, on_record, NULL), 0);
    VERIFY_EQUAL(writer->poll(writer, 10000, on_ack, NULL), 0);
    VERIFY(now_ms() - began < 5000);
    pthread_join(thread, NULL);
    /* A wake before the poll is not lost. */
    reader->wake(reader);
    writer->wake(writer);
    began = now_ms();
    reader->poll(reader, 10000, 10, on_record, NULL);
    writer->poll(writer, 10000, on_ack, NULL);
    VERIFY(now_ms() - began < 5000);
    finish(&ends);
}

static void test_limits(void) {
    struct kafka_log_settings kept = settings;
    settings.queue_records = 100;
    struct log_store *store = open_store();
    struct log_writer *writer = open_writer(store);
    struct log_append *records = numbered(TOPIC_FILLS, 7, 0, 1000);
    memset(&acks, 0, sizeof acks);
    VERIFY_EQUAL(writer->append(writer, records, 1000), 100);
    VERIFY_EQUAL(writer->append(writer, records + 100, 900), 0);
    VERIFY_EQUAL(writer->in_flight(writer), 100);
    await_acks(writer, 100);
    write_all(writer, records + 100, 900);
    for (int i = 1; i < 1000; i++) VERIFY(acks.offsets[i] > acks.offsets[i - 1]);

    static char big[1048576];
    struct log_append large = {.topic = TOPIC_ORDERS, .partition = 0, .key = TEXT("AAPL"), .value = {big, 65536}};
    VERIFY_EQUAL(writer->append(writer, &large, 1), STATUS_INVALID);
    large.topic = TOPIC_FILLS;
    VERIFY_EQUAL(writer->append(writer, &large, 1), 1);
    large.value.size = sizeof big;
    VERIFY_EQUAL(writer->append(writer, &large, 1), STATUS_INVALID);
    large.value.size = 1000000;
    VERIFY_EQUAL(writer->append(writer, &large, 1), 1);
    large.partition = PARTITIONS;
    VERIFY_EQUAL(writer->append(writer, &large, 1), STATUS_INVALID);
    for (int64_t deadline = now_ms() + 20000; writer->in_flight(writer) > 0 && now_ms() < deadline;)
        VERIFY(writer->poll(writer, 100, on_ack, NULL) >= 0);
    VERIFY_EQUAL(acks.failed, 0);
    free_numbered(records, 1000);
    writer->close(writer);
    store->close(store);
    settings = kept;
}

/* Many records that do not compress, at once: the batches must stay within what the broker takes for the topic. */
static void test_bulk(struct log_store *store) {
    enum { COUNT = 20000, BYTES = 500 };
    struct log_writer *writer = open_writer(store);
    struct log_append *records = calloc(COUNT, sizeof *records);
    char *noise = malloc(COUNT * BYTES);
    uint64_t state = 88172645463325252u;
    for (int i = 0; i < COUNT * BYTES; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        noise[i] = (char)state;
    }
    for (int i = 0; i < COUNT; i++)
        records[i] = (struct log_append){.topic = i % 3 ? TOPIC_ORDERS : TOPIC_FILLS,
            .partition = 1,
            .key = TEXT("AAPL"),
            .value = {noise + i * BYTES, BYTES},
            .token = (uint64_t)i};
    memset(&acks, 0, sizeof acks);
    write_all(writer, records, COUNT);
    VERIFY_EQUAL(acks.failed, 0);
    free(noise);
    free(records);
    writer->close(writer);
}

static void on_slow(void *context, const struct log_record *record) {
    (void)record;
    nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    ++*(int *)context;
}

/* While records are taken slowly, a reader reads ahead a little, not the whole partition: test_bulk left thousands of
 * records in it. */
static void test_read_ahead(void) {
    enum { AHEAD = 500, MOST = 3000 /* and a fetch on top */, RECORDS = 3000, RECORDS_PER_POLL = 100 };
    struct kafka_log_settings kept = settings;
    settings.read_ahead_records = AHEAD;
    struct log_store *store = open_store();
    struct log_reader *reader = open_reader(store);
    int64_t begin, end;
    int got = 0;
    VERIFY_EQUAL(store->bounds(store, TOPIC_ORDERS, 1, &begin, &end), STATUS_OK);
    VERIFY(end - begin > MOST + RECORDS);
    VERIFY_EQUAL(reader->seek(reader, TOPIC_ORDERS, 1, begin), STATUS_OK);
    for (int64_t deadline = now_ms() + 20000; got < RECORDS && now_ms() < deadline;) {
        int status = reader->poll(reader, 50, RECORDS_PER_POLL, on_slow, &got);
        VERIFY(status >= 0 || status == STATUS_AWAY);
        VERIFY(kafka_reader_queued(reader) <= MOST);
    }
    VERIFY(got >= RECORDS);
    reader->close(reader);
    store->close(store);
    settings = kept;
}

/* Values that stay are read where they lie: until their acknowledgement, and never after the writer's close, whatever
 * was still on its way. */
static void test_values_that_stay(struct log_store *store) {
    enum { COUNT = 5000, BYTES = 200, READ_FIRST = 1000 };
    struct ends ends = begin(store, 6);
    struct log_append *records = calloc(COUNT, sizeof *records);
    char *values = malloc(COUNT * BYTES);
    for (int i = 0; i < COUNT; i++) {
        int bytes = snprintf(values + i * BYTES, BYTES, "%d stays where it is", i);
        records[i] = (struct log_append){.topic = TOPIC_FILLS,
            .partition = 6,
            .key = TEXT("AAPL"),
            .value = {values + i * BYTES, (uint32_t)bytes},
            .token = (uint64_t)i,
            .stays = i % 10 != 0}; /* neighbours may differ */
    }
    read_from(&ends, ends.end);
    write_all(ends.writer, records, READ_FIRST);
    read_count(ends.reader, READ_FIRST);
    for (int i = 0; i < READ_FIRST; i++) VERIFY_EQUAL(seen.numbers[i], i);
    int64_t end = end_of(store, TOPIC_FILLS, 6);
    VERIFY(ends.writer->append(ends.writer, records, COUNT) > 0);
    ends.writer->close(ends.writer);
    memset(values, '!', COUNT * BYTES);
    free(values);
    read_from(&ends, end);
    read_count(ends.reader, (int)(end_of(store, TOPIC_FILLS, 6) - end)); /* some or none, as they were given */
    for (int i = 0; i < seen.count; i++) VERIFY_EQUAL(seen.numbers[i], i);
    ends.reader->close(ends.reader);
    free(records);
}

struct reading {
    struct log_store *store;
    int64_t begin[PARTITIONS];
    int counts[PARTITIONS], total, wanted;
};

static void on_spread(void *context, const struct log_record *record) {
    struct reading *reading = context;
    int64_t number = strtoll(record->value.data, NULL, 10);
    VERIFY_EQUAL(number, reading->counts[record->partition]); /* in order, none missing, none twice */
    reading->counts[record->partition]++;
    reading->total++;
}

static void *read_spread(void *context) {
    struct reading *reading = context;
    struct log_reader *reader = open_reader(reading->store);
    for (int p = 0; p < PARTITIONS; p++) { /* sources are added while others flow */
        VERIFY_EQUAL(reader->seek(reader, TOPIC_PENDING, p, reading->begin[p]), STATUS_OK);
        VERIFY(reader->poll(reader, 5, 100, on_spread, reading) >= 0);
    }
    for (int64_t deadline = now_ms() + 30000; reading->total < reading->wanted && now_ms() < deadline;)
        VERIFY(reader->poll(reader, 50, 1000, on_spread, reading) >= 0);
    VERIFY_EQUAL(reading->total, reading->wanted);
    reader->close(reader);
    return NULL;
}

static void test_two_readers(struct log_store *store) {
    static struct reading readings[2];
    enum { EACH = 2000 };
    pthread_t threads[2];
    for (int p = 0; p < PARTITIONS; p++) readings[0].begin[p] = end_of(store, TOPIC_PENDING, p);
    for (int i = 0; i < 2; i++) {
        memcpy(readings[i].begin, readings[0].begin, sizeof readings[0].begin);
        readings[i].store = store;
        readings[i].wanted = EACH * PARTITIONS;
    }
    struct log_writer *writer = open_writer(store);
    pthread_create(&threads[0], NULL, read_spread, &readings[0]);
    struct log_append *parts[PARTITIONS];
    memset(&acks, 0, sizeof acks);
    for (int p = 0; p < PARTITIONS; p++) parts[p] = numbered(TOPIC_PENDING, p, 0, EACH);
    for (int i = 0; i < EACH; i += 100)
        for (int p = 0; p < PARTITIONS; p++) write_all(writer, parts[p] + i, 100);
    pthread_create(&threads[1], NULL, read_spread, &readings[1]);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    for (int p = 0; p < PARTITIONS; p++) free_numbered(parts[p], EACH);
    writer->close(writer);
}

/* -- the router's producer ------------------------------------------------------------------------------------------
 */

struct orders {
    uv_loop_t loop;
    int ok, away, refused, wanted;
    int64_t last_offset[PARTITIONS];
    bool closed;
};

static void on_order(void *context, int status, int32_t partition, int64_t offset) {
    struct orders *orders = context;
    orders->ok += status == STATUS_OK;
    orders->away += status == STATUS_AWAY;
    orders->refused += status == STATUS_REFUSED;
    if (status == STATUS_OK) {
        VERIFY(offset > orders->last_offset[partition] || orders->last_offset[partition] == 0);
        orders->last_offset[partition] = offset;
    } else {
        VERIFY_EQUAL(offset, -1);
    }
    if (orders->ok + orders->away + orders->refused == orders->wanted) uv_stop(&orders->loop);
}

static void on_closed(void *context) { ((struct orders *)context)->closed = true; }

static void on_late(uv_timer_t *timer) {
    (void)timer;
    VERIFY(!"the acknowledgements came in time");
}

static struct order_producer *open_producer(
    struct orders *orders, const struct kafka_settings *kafka, const struct order_producer_settings *limits) {
    int status;
    uv_loop_init(&orders->loop);
    struct order_producer *producer = order_producer_open(kafka, limits, &orders->loop, &status);
    VERIFY_EQUAL(status, STATUS_OK);
    return producer;
}

static void send_order(struct order_producer *producer, struct text value, struct orders *orders) {
    VERIFY_EQUAL(
        order_producer_send(producer, TOPIC_ORDERS, TEXT("AAPL"), value, NULL, 0, on_order, orders), STATUS_OK);
}

static void run_orders(struct orders *orders, struct order_producer *producer, int timeout_ms) {
    uv_timer_t timer;
    uv_timer_init(&orders->loop, &timer);
    uv_timer_start(&timer, on_late, (uint64_t)timeout_ms, 0);
    if (orders->ok + orders->away + orders->refused < orders->wanted) uv_run(&orders->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&timer, NULL);
    order_producer_close(producer, 0, on_closed, orders);
    uv_run(&orders->loop, UV_RUN_DEFAULT);
    VERIFY(orders->closed);
    VERIFY_EQUAL(uv_loop_close(&orders->loop), 0);
}

static void test_order_producer(struct log_store *store) {
    static struct orders orders;
    int status;
    struct order_producer_counts counts;
    struct order_producer_settings limits = order_producer_defaults();
    limits.in_flight_max = 500;
    struct order_producer *producer = open_producer(&orders, &settings.kafka, &limits);
    int32_t home = home_partition(TEXT("AAPL"));
    int64_t end = end_of(store, TOPIC_ORDERS, home);
    const struct log_header header = {TEXT("me-v"), TEXT("12")};
    orders.wanted = 500;
    for (int i = 0; i < 500; i++) {
        char value[32];
        int bytes = snprintf(value, sizeof value, "%d", i);
        status = order_producer_send(producer, i % 5 == 4 ? TOPIC_PENDING : TOPIC_ORDERS,
            i % 5 == 4 ? TEXT("MSFT") : TEXT("AAPL"), (struct text){value, (uint32_t)bytes}, &header, i % 2, on_order,
            &orders);
        VERIFY_EQUAL(status, STATUS_OK);
    }
    VERIFY_EQUAL(
        order_producer_send(producer, TOPIC_ORDERS, TEXT("AAPL"), TEXT("x"), NULL, 0, on_order, &orders), STATUS_FULL);
    VERIFY_EQUAL(order_producer_send(producer, TOPIC_FILLS, TEXT("AAPL"), TEXT("x"), NULL, 0, on_order, &orders),
        STATUS_INVALID);
    VERIFY_EQUAL(order_producer_send(producer, TOPIC_ORDERS, TEXT("AAPL"), TEXT_NONE, NULL, 0, on_order, &orders),
        STATUS_INVALID);
    order_producer_count(producer, &counts);
    VERIFY_EQUAL(counts.in_flight, 500);
    VERIFY_EQUAL(counts.full, 1);
    run_orders(&orders, producer, 20000);
    VERIFY_EQUAL(orders.ok, 500);

    struct log_reader *reader = open_reader(store);
    memset(&seen, 0, sizeof seen);
    VERIFY_EQUAL(reader->seek(reader, TOPIC_ORDERS, home, end), STATUS_OK);
    read_count(reader, 400);
    for (int i = 0; i < 400; i++) VERIFY_EQUAL(seen.numbers[i], i / 4 * 5 + i % 4);
    VERIFY_EQUAL(seen.headers, 200);
    reader->close(reader);
}

/* Nobody listens: every order is answered AWAY within the message timeout, and closing answers what is left. */
static void test_order_producer_away(void) {
    static struct orders orders;
    struct kafka_settings nowhere = settings.kafka;
    struct order_producer_settings limits = order_producer_defaults();
    nowhere.brokers = "127.0.0.1:9";
    limits.message_timeout_ms = 1000;
    struct order_producer *producer = open_producer(&orders, &nowhere, &limits);
    orders.wanted = 3;
    for (int i = 0; i < 3; i++) send_order(producer, TEXT("{}"), &orders);
    uv_timer_t timer;
    uv_timer_init(&orders.loop, &timer);
    uv_timer_start(&timer, on_late, 10000, 0);
    uv_run(&orders.loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&timer, NULL);
    VERIFY_EQUAL(orders.away, 3);
    orders.wanted = -1; /* on_order stops the loop no more */
    for (int i = 0; i < 2; i++) send_order(producer, TEXT("{}"), &orders);
    order_producer_close(producer, 0, on_closed, &orders);
    VERIFY_EQUAL(orders.away, 5);
    uv_run(&orders.loop, UV_RUN_DEFAULT);
    VERIFY(orders.closed);
    VERIFY_EQUAL(uv_loop_close(&orders.loop), 0);
}

/* -- faults, on the mock only
 * ------------------------------------------------------------------------------------------ */

static void test_broker_away(struct log_store *store) {
    struct ends ends = begin(store, 8);
    struct log_writer *writer = ends.writer;
    struct log_reader *reader = ends.reader;
    struct log_append *records = numbered(TOPIC_FILLS, 8, 0, 200);
    read_from(&ends, ends.end);
    write_all(writer, records, 100);
    read_count(reader, 100);

    rd_kafka_mock_broker_set_down(mock, -1);
    int got = 0;
    for (int64_t deadline = now_ms() + 15000; got != STATUS_AWAY && now_ms() < deadline;)
        got = reader->poll(reader, 50, 100, on_record, NULL);
    VERIFY_EQUAL(got, STATUS_AWAY);
    VERIFY_EQUAL(reader->poll(reader, 50, 100, on_record, NULL), STATUS_AWAY); /* as long as it is so */
    VERIFY_EQUAL(writer->append(writer, records + 100, 100), 100);
    VERIFY_EQUAL(writer->poll(writer, 300, on_ack, NULL), 0);

    rd_kafka_mock_broker_set_up(mock, -1);
    await_acks(writer, 200);
    VERIFY_EQUAL(acks.failed, 0);
    for (int64_t deadline = now_ms() + 20000; seen.count < 200 && now_ms() < deadline;)
        reader->poll(reader, 50, 200 - seen.count, on_record, NULL);
    VERIFY_EQUAL(seen.count, 200);
    for (int i = 0; i < 200; i++) VERIFY_EQUAL(seen.numbers[i], i);
    VERIFY_EQUAL(reader->poll(reader, 50, 100, on_record, NULL), 0);
    free_numbered(records, 200);
    finish(&ends);
}

/* A broker that is there and does not answer is away too: silence must not look like the end of the log. */
static void test_broker_hangs(struct log_store *store) {
    struct ends ends = begin(store, 8);
    struct log_reader *reader = ends.reader;
    int got = 0;
    read_from(&ends, ends.end);
    for (int64_t deadline = now_ms() + 1500; now_ms() < deadline;)
        VERIFY_EQUAL(reader->poll(reader, 50, 100, on_record, NULL), 0);
    rd_kafka_mock_broker_set_rtt(mock, 1, 2000);
    for (int64_t deadline = now_ms() + 5000; got == 0 && now_ms() < deadline;)
        got = reader->poll(reader, 50, 100, on_record, NULL);
    VERIFY_EQUAL(got, STATUS_AWAY);
    rd_kafka_mock_broker_set_rtt(mock, 1, 0);
    for (int64_t deadline = now_ms() + 10000; got != 0 && now_ms() < deadline;)
        got = reader->poll(reader, 50, 100, on_record, NULL);
    VERIFY_EQUAL(got, 0);
    finish(&ends);
}

/* An idle producer notices that the brokers went and came. */
static void test_order_producer_up(void) {
    static struct orders orders;
    struct order_producer_counts counts;
    struct order_producer_settings limits = order_producer_defaults();
    struct order_producer *producer = open_producer(&orders, &settings.kafka, &limits);
    for (int phase = 0; phase < 3; phase++) { /* up, down, up */
        if (phase == 1) rd_kafka_mock_broker_set_down(mock, -1);
        if (phase == 2) rd_kafka_mock_broker_set_up(mock, -1);
        int64_t deadline = now_ms() + 15000;
        do {
            uv_run(&orders.loop, UV_RUN_NOWAIT);
            usleep(10000);
            order_producer_count(producer, &counts);
        } while (counts.up != (phase != 1) && now_ms() < deadline);
        VERIFY_EQUAL(counts.up, phase != 1);
    }
    orders.wanted = 1;
    send_order(producer, TEXT("1"), &orders);
    run_orders(&orders, producer, 20000);
    VERIFY_EQUAL(orders.ok, 1);
}

static void test_delivery_failure(struct log_store *store) {
    struct log_writer *writer = open_writer(store);
    struct log_append *records = numbered(TOPIC_FILLS, 2, 0, 10);
    memset(&acks, 0, sizeof acks);
    rd_kafka_mock_push_request_errors(mock, 0 /* Produce */, 1, RD_KAFKA_RESP_ERR_INVALID_RECORD);
    VERIFY_EQUAL(writer->append(writer, records, 10), 10);
    for (int64_t deadline = now_ms() + 10000; acks.count < 10 && now_ms() < deadline;)
        if (writer->poll(writer, 100, on_ack, NULL) < 0) break;
    VERIFY(acks.failed > 0);
    VERIFY_EQUAL(writer->append(writer, records, 10), STATUS_FATAL);
    free_numbered(records, 10);
    writer->close(writer);
}

/* A fatal error of the producer: the orders in flight are answered, and a new handle takes the next. */
static void test_order_producer_fatal(void) {
    static struct orders orders;
    struct order_producer_counts counts;
    struct order_producer_settings limits = order_producer_defaults();
    struct order_producer *producer = open_producer(&orders, &settings.kafka, &limits);
    orders.wanted = 1;
    send_order(producer, TEXT("1"), &orders);
    uv_run(&orders.loop, UV_RUN_DEFAULT);
    VERIFY_EQUAL(orders.ok, 1);
    rd_kafka_mock_push_request_errors(mock, 0 /* Produce */, 1, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    orders.wanted = 2;
    send_order(producer, TEXT("2"), &orders);
    uv_run(&orders.loop, UV_RUN_DEFAULT);
    VERIFY_EQUAL(orders.ok + orders.away, 2);
    order_producer_count(producer, &counts);
    fprintf(stderr, "reopened %d, ok %d, away %d\n", (int)counts.reopened, orders.ok, orders.away);
    int64_t deadline = now_ms() + 5000;
    while (counts.reopened == 0 && now_ms() < deadline) {
        uv_run(&orders.loop, UV_RUN_NOWAIT);
        usleep(1000);
        order_producer_count(producer, &counts);
    }
    VERIFY_EQUAL(counts.reopened, 1);
    orders.wanted = 3;
    send_order(producer, TEXT("3"), &orders);
    run_orders(&orders, producer, 10000);
    VERIFY_EQUAL(orders.ok + orders.away, 3);
    VERIFY(orders.ok >= 2);
}

static void test_refusals(void) {
    int status;
    struct kafka_log_settings wrong = settings;
    wrong.kafka.topics[TOPIC_ORDERS] = "three-partitions";
    VERIFY_EQUAL(rd_kafka_mock_topic_create(mock, "three-partitions", 3, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    VERIFY(!kafka_log_open(&wrong, &status));
    VERIFY_EQUAL(status, STATUS_REFUSED);
    wrong.kafka.brokers = "127.0.0.1:9";
    wrong.metadata_timeout_ms = 1000;
    VERIFY(!kafka_log_open(&wrong, &status));
    VERIFY_EQUAL(status, STATUS_AWAY);
}

static rd_kafka_t *start_mock(struct kafka_connection *connection) {
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "log_level", "3", NULL, 0);
    rd_kafka_t *rk = kafka_handle_new(RD_KAFKA_PRODUCER, conf, connection);
    VERIFY(rk);
    mock = rd_kafka_mock_cluster_new(rk, 1);
    for (uint8_t i = 0; i < TOPIC_COUNT; i++)
        rd_kafka_mock_topic_create(
            mock, kafka_topic_default_name(i), i == TOPIC_DEAD_LETTER || i == TOPIC_STATUS ? 1 : 10, 1);
    settings.kafka.brokers = rd_kafka_mock_cluster_bootstraps(mock);
    settings.fetch_wait_ms = 1;
    return rk;
}

static void name_topics(void) {
    static const char *const names[TOPIC_COUNT] = {[TOPIC_ORDERS] = "SHARDBOOK_ORDERS_TOPIC",
        [TOPIC_PENDING] = "SHARDBOOK_PENDING_TOPIC",
        [TOPIC_FILLS] = "SHARDBOOK_FILLS_TOPIC",
        [TOPIC_DEAD_LETTER] = "SHARDBOOK_DEAD_LETTER_TOPIC",
        [TOPIC_SNAPSHOTS] = "SHARDBOOK_SNAPSHOTS_TOPIC",
        [TOPIC_STATUS] = "SHARDBOOK_STATUS_TOPIC"};
    for (int i = 0; i < TOPIC_COUNT; i++) settings.kafka.topics[i] = getenv(names[i]);
}

#define RUN(call)                                                                                                      \
    do {                                                                                                               \
        int64_t began_ = now_ms();                                                                                     \
        call;                                                                                                          \
        fprintf(stderr, "%s: %d ms\n", #call, (int)(now_ms() - began_));                                               \
    } while (0)

int main(void) {
    struct kafka_connection connection = {.name = "mock"};
    rd_kafka_t *rk = NULL;
    settings = kafka_log_defaults();
    settings.kafka.brokers = getenv("SHARDBOOK_KAFKA");
    if (settings.kafka.brokers)
        name_topics();
    else
        rk = start_mock(&connection);

    struct log_store *store = open_store();
    RUN(test_round_trip(store));
    RUN(test_max_and_seek(store));
    RUN(test_pause(store));
    RUN(test_gap(store));
    RUN(test_wake(store));
    RUN(test_limits());
    RUN(test_bulk(store));
    RUN(test_read_ahead());
    RUN(test_values_that_stay(store));
    RUN(test_two_readers(store));
    RUN(test_order_producer(store));
    RUN(test_order_producer_away());
    if (mock) {
        RUN(test_broker_away(store));
        RUN(test_broker_hangs(store));
        RUN(test_order_producer_up());
        RUN(test_delivery_failure(store));
        RUN(test_order_producer_fatal());
        RUN(test_refusals());
    }
    store->close(store);
    if (rk) {
        rd_kafka_mock_cluster_destroy(mock);
        rd_kafka_destroy(rk);
    }
    return 0;
}
