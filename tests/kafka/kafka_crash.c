/* Writes numbered records to fills[0] and reads them back while somebody kills the broker: every record must be
 * acknowledged once and read once, in order. For tests/integration/kafka_crash.test: kafka_crash COUNT PER_SECOND. */
#include "io/kafka/kafka_log.h"
#include "tests/kafka/verify.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 100, PATIENCE_S = 90 };

static struct log_store *store;
static int64_t wanted, begin;
static atomic_llong acked, seen;
static int64_t last_offset = -1;

static void on_ack(void *context, const struct log_ack *ack) {
    (void)context;
    VERIFY_EQUAL(ack->status, STATUS_OK);
    VERIFY_EQUAL(ack->token, atomic_load(&acked));
    VERIFY(ack->offset > last_offset);
    last_offset = ack->offset;
    atomic_fetch_add(&acked, 1);
}

static void on_record(void *context, const struct log_record *record) {
    (void)context;
    VERIFY_EQUAL(strtoll(record->value.data, NULL, 10), atomic_load(&seen));
    atomic_fetch_add(&seen, 1);
}

static void *read_all(void *context) {
    int status;
    struct log_reader *reader = store->open_reader(store, &status);
    (void)context;
    VERIFY(reader);
    VERIFY_EQUAL(reader->seek(reader, TOPIC_FILLS, 0, begin), STATUS_OK);
    while (atomic_load(&seen) < wanted) {
        int got = reader->poll(reader, 100, 1000, on_record, NULL);
        VERIFY(got >= 0 || got == STATUS_AWAY);
    }
    reader->close(reader);
    return NULL;
}

/* Appends the next few; returns how many were taken. */
static int append_some(struct log_writer *writer, int64_t next) {
    char values[BATCH][24];
    struct log_append records[BATCH];
    const struct log_header header = {TEXT("me-t"), TEXT("1")};
    int count = 0;
    for (; count < BATCH && next + count < wanted; count++) {
        int bytes = snprintf(values[count], sizeof values[count], "%" PRId64 " ", next + count);
        records[count] = (struct log_append){.topic = TOPIC_FILLS,
            .key = TEXT("AAPL"),
            .value = {values[count], (uint32_t)bytes},
            .token = (uint64_t)(next + count)};
        records[count].headers = &header;
        records[count].header_count = count % 10 == 0;
    }
    int taken = writer->append(writer, records, count);
    VERIFY(taken >= 0);
    return taken;
}

int main(int argc, char **argv) {
    int status;
    int64_t end;
    pthread_t thread;
    struct kafka_log_settings settings = kafka_log_defaults();
    settings.kafka.brokers = getenv("SHARDBOOK_KAFKA");
    settings.kafka.topics[TOPIC_FILLS] = getenv("SHARDBOOK_FILLS_TOPIC");
    settings.kafka.topics[TOPIC_ORDERS] = getenv("SHARDBOOK_ORDERS_TOPIC");
    settings.kafka.topics[TOPIC_PENDING] = getenv("SHARDBOOK_PENDING_TOPIC");
    settings.kafka.topics[TOPIC_DEAD_LETTER] = getenv("SHARDBOOK_DEAD_LETTER_TOPIC");
    settings.kafka.topics[TOPIC_SNAPSHOTS] = getenv("SHARDBOOK_SNAPSHOTS_TOPIC");
    settings.kafka.topics[TOPIC_STATUS] = getenv("SHARDBOOK_STATUS_TOPIC");
    if (argc != 3 || !settings.kafka.brokers) {
        fprintf(stderr, "usage: SHARDBOOK_KAFKA=HOST:PORT kafka_crash COUNT PER_SECOND\n");
        return 2;
    }
    wanted = strtoll(argv[1], NULL, 10);
    alarm(PATIENCE_S);
    store = kafka_log_open(&settings, &status);
    VERIFY(store);
    VERIFY_EQUAL(store->bounds(store, TOPIC_FILLS, 0, &begin, &end), STATUS_OK);
    begin = end;
    struct log_writer *writer = store->open_writer(store, &status);
    VERIFY(writer);
    pthread_create(&thread, NULL, read_all, NULL);
    useconds_t pause_us = (useconds_t)(1000000LL * BATCH / strtoll(argv[2], NULL, 10));
    for (int64_t next = 0; atomic_load(&acked) < wanted;) {
        int taken = next < wanted ? append_some(writer, next) : 0;
        next += taken;
        VERIFY(writer->poll(writer, taken ? 0 : 100, on_ack, NULL) >= 0);
        usleep(pause_us);
    }
    VERIFY_EQUAL(writer->in_flight(writer), 0);
    pthread_join(thread, NULL);
    printf("%" PRId64 " records acknowledged once and read once, in order\n", wanted);
    writer->close(writer);
    store->close(store);
    return 0;
}
