/* The log in memory: what the port promises, its faults, and several threads at once (run under ThreadSanitizer too).
 */
#include "io/memory/memory_log.h"
#include "tests/kafka/verify.h"

#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct log_append append_of(uint8_t topic, int32_t partition, struct text value, uint64_t token) {
    return (struct log_append){
        .topic = topic, .partition = partition, .key = TEXT("AAPL"), .value = value, .token = token};
}

struct seen {
    int count;
    int64_t offsets[64];
    int64_t timestamps[64];
    char values[64][16];
    uint32_t headers;
    bool has_value;
};

static void on_record(void *context, const struct log_record *record) {
    struct seen *seen = context;
    int i = seen->count++ % 64;
    seen->offsets[i] = record->offset;
    seen->timestamps[i] = record->timestamp_ms;
    snprintf(seen->values[i], sizeof seen->values[i], "%.*s", (int)record->value.size,
        record->value.size ? record->value.data : "");
    seen->headers = record->header_count;
    seen->has_value = record->has_value;
}

struct acked {
    int count;
    struct log_ack last;
};

static void on_ack(void *context, const struct log_ack *ack) {
    struct acked *acked = context;
    acked->count++;
    acked->last = *ack;
}

static void test_records(void) {
    struct memory_log *log = memory_log_open();
    struct log_store *store = memory_log_store(log);
    int status;
    struct log_reader *reader = store->open_reader(store, &status);
    const struct log_header headers[] = {{TEXT("me-t"), TEXT("1")}, {TEXT("none"), TEXT_NONE}};
    struct log_append record = append_of(TOPIC_ORDERS, 7, TEXT("one"), 0);
    record.headers = headers;
    record.header_count = 2;
    VERIFY_EQUAL(memory_log_append(log, &record, 1000), 0);
    memory_log_skip(log, TOPIC_ORDERS, 7, 2);
    record = append_of(TOPIC_ORDERS, 7, TEXT_NONE, 0);
    VERIFY_EQUAL(memory_log_append(log, &record, 900), 3); /* a clock that goes back is taken as given */
    record.partition = 10;
    VERIFY_EQUAL(memory_log_append(log, &record, 1), STATUS_INVALID);

    struct seen seen = {0};
    VERIFY_EQUAL(reader->seek(reader, TOPIC_ORDERS, 7, 0), STATUS_OK);
    VERIFY_EQUAL(reader->poll(reader, 0, 10, on_record, &seen), 2);
    VERIFY_EQUAL(seen.offsets[0], 0);
    VERIFY_EQUAL(seen.offsets[1], 3);
    VERIFY_EQUAL(seen.timestamps[0], 1000);
    VERIFY_EQUAL(seen.timestamps[1], 900);
    VERIFY(!seen.has_value);
    VERIFY_EQUAL(reader->poll(reader, 0, 10, on_record, &seen), 0);

    struct log_record back;
    VERIFY_EQUAL(memory_log_read(log, TOPIC_ORDERS, 7, 0, &back), STATUS_OK);
    VERIFY_EQUAL(back.header_count, 2);
    VERIFY(text_equal(back.headers[0].name, TEXT("me-t")) && text_equal(back.headers[0].value, TEXT("1")));
    VERIFY(!back.headers[1].value.data);
    VERIFY(text_equal(back.key, TEXT("AAPL")) && text_equal(back.value, TEXT("one")));
    VERIFY_EQUAL(memory_log_read(log, TOPIC_ORDERS, 7, 1, &back), STATUS_EMPTY);
    VERIFY_EQUAL(memory_log_read(log, TOPIC_ORDERS, 7, 4, &back), STATUS_EMPTY);

    int64_t begin, end;
    memory_log_trim(log, TOPIC_ORDERS, 7, 3);
    VERIFY_EQUAL(store->bounds(store, TOPIC_ORDERS, 7, &begin, &end), STATUS_OK);
    VERIFY_EQUAL(begin, 3);
    VERIFY_EQUAL(end, 4);
    VERIFY_EQUAL(memory_log_read(log, TOPIC_ORDERS, 7, 0, &back), STATUS_GAP);
    VERIFY_EQUAL(reader->seek(reader, TOPIC_ORDERS, 7, 0), STATUS_OK);
    VERIFY_EQUAL(reader->poll(reader, 0, 10, on_record, &seen), STATUS_GAP);
    VERIFY_EQUAL(reader->seek(reader, TOPIC_ORDERS, 7, 4), STATUS_OK);
    memory_log_truncate(log, TOPIC_ORDERS, 7, 3);
    VERIFY_EQUAL(reader->poll(reader, 0, 10, on_record, &seen), STATUS_GAP);
    reader->close(reader);
    memory_log_close(log);
}

static void test_reader_faults(void) {
    struct memory_log *log = memory_log_open();
    struct log_store *store = memory_log_store(log);
    int status;
    struct log_reader *reader = store->open_reader(store, &status);
    struct seen seen = {0};
    for (int p = 0; p < 3; p++) {
        VERIFY_EQUAL(reader->seek(reader, TOPIC_ORDERS, p, 0), STATUS_OK);
        for (int i = 0; i < 10; i++) {
            struct log_append record = append_of(TOPIC_ORDERS, p, TEXT("x"), 0);
            memory_log_append(log, &record, 1);
        }
    }
    memory_log_set_faults(log, &(struct memory_faults){.read_pieces_max = 3});
    VERIFY_EQUAL(reader->poll(reader, 0, 100, on_record, &seen), 3);
    memory_log_set_faults(log, &(struct memory_faults){.away = true});
    VERIFY_EQUAL(reader->poll(reader, 10, 100, on_record, &seen), STATUS_AWAY);
    memory_log_set_faults(log, &(struct memory_faults){0});
    VERIFY_EQUAL(reader->pause(reader, TOPIC_ORDERS, 1, true), STATUS_OK);
    VERIFY_EQUAL(reader->pause(reader, TOPIC_FILLS, 1, true), STATUS_INVALID);
    seen.count = 0;
    int before = reader->poll(reader, 0, 100, on_record, &seen);
    VERIFY_EQUAL(reader->pause(reader, TOPIC_ORDERS, 1, false), STATUS_OK);
    VERIFY_EQUAL(before + reader->poll(reader, 0, 100, on_record, &seen), 27);
    reader->close(reader);
    memory_log_close(log);
}

static void test_writer_faults(void) {
    struct memory_log *log = memory_log_open();
    struct log_store *store = memory_log_store(log);
    int status;
    struct log_writer *writer = store->open_writer(store, &status);
    struct log_append records[20];
    struct acked acked = {0};
    for (int i = 0; i < 20; i++) records[i] = append_of(TOPIC_FILLS, 2, TEXT("e"), (uint64_t)i);
    memory_log_set_time(log, 5000);
    memory_log_set_faults(log, &(struct memory_faults){.append_pieces_max = 4, .in_flight_max = 6, .hold_acks = true});
    VERIFY_EQUAL(writer->append(writer, records, 20), 4);
    VERIFY_EQUAL(writer->append(writer, records + 4, 16), 2);
    VERIFY_EQUAL(writer->append(writer, records + 6, 14), 0);
    VERIFY_EQUAL(writer->poll(writer, 10, on_ack, &acked), 0);
    VERIFY_EQUAL(writer->in_flight(writer), 6);
    memory_log_set_faults(log, &(struct memory_faults){0});
    VERIFY_EQUAL(writer->poll(writer, 0, on_ack, &acked), 6);
    VERIFY_EQUAL(acked.last.token, 5);
    VERIFY_EQUAL(acked.last.offset, 5);
    VERIFY_EQUAL(acked.last.status, STATUS_OK);
    struct log_record back;
    VERIFY_EQUAL(memory_log_read(log, TOPIC_FILLS, 2, 5, &back), STATUS_OK);
    VERIFY_EQUAL(back.timestamp_ms, 5000);

    int64_t began = now_ms();
    memory_log_set_faults(log, &(struct memory_faults){.ack_delay_ms = 50});
    VERIFY_EQUAL(writer->append(writer, records + 6, 1), 1);
    VERIFY_EQUAL(writer->poll(writer, 0, on_ack, &acked), 0);
    VERIFY_EQUAL(writer->poll(writer, 5000, on_ack, &acked), 1);
    VERIFY(now_ms() - began >= 49);

    memory_log_set_faults(
        log, &(struct memory_faults){.fail_after = true, .fail_after_records = 2, .fail_stores = true});
    VERIFY_EQUAL(writer->append(writer, records + 7, 2), 2);
    VERIFY_EQUAL(writer->poll(writer, 0, on_ack, &acked), 2);
    VERIFY_EQUAL(acked.last.status, STATUS_OK);
    VERIFY_EQUAL(writer->append(writer, records + 9, 1), 1);
    VERIFY_EQUAL(writer->poll(writer, 0, on_ack, &acked), 1);
    VERIFY_EQUAL(acked.last.status, STATUS_FATAL);
    VERIFY_EQUAL(writer->append(writer, records + 10, 1), STATUS_FATAL);
    VERIFY_EQUAL(memory_log_end(log, TOPIC_FILLS, 2), 10); /* the failed one was stored: its fate was unknown */
    writer->close(writer);
    memory_log_close(log);
}

/* -- threads --------------------------------------------------------------------------------------------------------
 */

enum { WRITERS = 2, READERS = 2, EACH = 20000 };

struct job {
    struct log_store *store;
    int number;
    int64_t counted;
    int64_t next[10];
};

static void *write_many(void *context) {
    struct job *job = context;
    int status;
    struct log_writer *writer = job->store->open_writer(job->store, &status);
    struct acked acked = {0};
    for (int i = 0; i < EACH;) {
        struct log_append batch[16];
        int count = 0;
        for (; count < 16 && i + count < EACH; count++)
            batch[count] =
                append_of(TOPIC_FILLS, job->number * 5 + (i + count) % 5, TEXT("payload"), (uint64_t)(i + count));
        int taken = writer->append(writer, batch, count);
        VERIFY(taken >= 0);
        i += taken;
        writer->poll(writer, taken ? 0 : 10, on_ack, &acked);
    }
    while (writer->in_flight(writer) > 0) writer->poll(writer, 10, on_ack, &acked);
    VERIFY_EQUAL(acked.count, EACH);
    writer->close(writer);
    return NULL;
}

static void on_counted(void *context, const struct log_record *record) {
    struct job *job = context;
    VERIFY_EQUAL(record->offset, job->next[record->partition]);
    VERIFY(text_equal(record->value, TEXT("payload")));
    job->next[record->partition]++;
    job->counted++;
}

static void *read_many(void *context) {
    struct job *job = context;
    int status;
    struct log_reader *reader = job->store->open_reader(job->store, &status);
    for (int p = 0; p < 10; p++) VERIFY_EQUAL(reader->seek(reader, TOPIC_FILLS, p, 0), STATUS_OK);
    while (job->counted < WRITERS * EACH) VERIFY(reader->poll(reader, 1000, 500, on_counted, job) >= 0);
    reader->close(reader);
    return NULL;
}

static void test_threads(void) {
    struct memory_log *log = memory_log_open();
    struct job jobs[WRITERS + READERS];
    pthread_t threads[WRITERS + READERS];
    memory_log_set_faults(
        log, &(struct memory_faults){.read_pieces_max = 100, .append_pieces_max = 7, .in_flight_max = 50});
    for (int i = 0; i < WRITERS + READERS; i++) {
        jobs[i] = (struct job){.store = memory_log_store(log), .number = i};
        pthread_create(&threads[i], NULL, i < WRITERS ? write_many : read_many, &jobs[i]);
    }
    for (int i = 0; i < WRITERS + READERS; i++) pthread_join(threads[i], NULL);
    for (int i = WRITERS; i < WRITERS + READERS; i++) VERIFY_EQUAL(jobs[i].counted, WRITERS * EACH);
    memory_log_close(log);
}

static void *wake_both(void *context) {
    void **ports = context;
    struct log_reader *reader = ports[0];
    struct log_writer *writer = ports[1];
    usleep(50000);
    reader->wake(reader);
    writer->wake(writer);
    return NULL;
}

static void test_wake(void) {
    struct memory_log *log = memory_log_open();
    struct log_store *store = memory_log_store(log);
    int status;
    struct log_reader *reader = store->open_reader(store, &status);
    struct log_writer *writer = store->open_writer(store, &status);
    void *ports[] = {reader, writer};
    struct seen seen = {0};
    struct acked acked = {0};
    pthread_t thread;
    int64_t began = now_ms();
    pthread_create(&thread, NULL, wake_both, ports);
    VERIFY_EQUAL(reader->poll(reader, 10000, 1, on_record, &seen), 0);
    VERIFY_EQUAL(writer->poll(writer, 10000, on_ack, &acked), 0);
    VERIFY(now_ms() - began < 5000);
    pthread_join(thread, NULL);
    reader->close(reader);
    writer->close(writer);
    memory_log_close(log);
}

int main(void) {
    test_records();
    test_reader_faults();
    test_writer_faults();
    test_wake();
    test_threads();
    return 0;
}
