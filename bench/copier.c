#include "bench/copier.h"

#include "io/kafka/connection.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { POLL_MS = 100, BATCH_MAX = 1024, THREADS_MAX = 2, SILENCE_MS = 30000, FLUSH_MS = 60000 };

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- handles, with the settings of the server's own (io/kafka) */

static rd_kafka_t *open_consumer(
    const struct kafka_settings *kafka, struct kafka_connection *connection, char *problem, size_t problem_bytes) {
    static const struct kafka_property properties[] = {{"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"}, {"auto.offset.reset", "error"}, {"isolation.level", "read_uncommitted"},
        {"check.crcs", "true"}, {"fetch.wait.max.ms", "10"}, {"fetch.queue.backoff.ms", "5"},
        {"fetch.error.backoff.ms", "100"}, {"fetch.message.max.bytes", "1048576"}, {"fetch.max.bytes", "16777216"},
        {"receive.message.max.bytes", "20000000"}, {"queued.min.messages", "50000"},
        {"queued.max.messages.kbytes", "16384"}};
    connection->name = "bare reader";
    rd_kafka_conf_t *conf =
        kafka_conf_new(kafka, properties, sizeof properties / sizeof *properties, connection, problem, problem_bytes);
    return conf ? kafka_handle_new(RD_KAFKA_CONSUMER, conf, connection) : NULL;
}

static void on_report(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque) {
    struct kafka_connection *connection = opaque;
    (void)producer;
    if (message->err)
        atomic_store(&connection->failed, true);
    else
        ++*(uint64_t *)connection->owner;
}

static rd_kafka_t *open_producer(const struct copier_task *task, struct kafka_connection *connection,
    uint64_t *acknowledged, char *problem, size_t problem_bytes) {
    char linger[16];
    snprintf(linger, sizeof linger, "%d", task->linger_ms);
    const struct kafka_property properties[] = {{"enable.idempotence", "true"}, {"acks", "all"},
        {"partitioner", "murmur2_random"}, {"compression.codec", "lz4"}, {"linger.ms", linger},
        {"message.timeout.ms", "0"}, {"queue.buffering.max.messages", "200000"},
        {"queue.buffering.max.kbytes", "262144"}, {"batch.num.messages", "10000"}, {"batch.size", "1000000"},
        {"message.max.bytes", "1048576"}, {"retry.backoff.ms", "50"}};
    connection->name = "bare writer";
    connection->owner = acknowledged;
    rd_kafka_conf_t *conf = kafka_conf_new(
        task->kafka, properties, sizeof properties / sizeof *properties, connection, problem, problem_bytes);
    if (!conf) return NULL;
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    return kafka_handle_new(RD_KAFKA_PRODUCER, conf, connection);
}

/* ---- reading a topic's partitions from their beginning to known ends */

struct reading {
    rd_kafka_t *consumer;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *queue;
    const int64_t *ends;
    uint64_t wanted, got;
    void (*on_record)(struct reading *reading, const rd_kafka_message_t *message);
    void *context;
    const char *broken;
};

static void on_message(rd_kafka_message_t *message, void *opaque) {
    struct reading *reading = opaque;
    if (message->err) {
        if (message->err != RD_KAFKA_RESP_ERR__TRANSPORT && message->err != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
            reading->broken = rd_kafka_err2str(message->err);
        return;
    }
    if (message->offset >= reading->ends[message->partition]) return;
    reading->got++;
    reading->on_record(reading, message);
}

/* Every partition p with p % of == part. */
static void reading_start(struct reading *reading, int part, int of) {
    reading->queue = rd_kafka_queue_new(reading->consumer);
    for (int32_t p = 0; p < PARTITIONS; p++) {
        if (p % of != part || reading->ends[p] == 0) continue;
        reading->wanted += (uint64_t)reading->ends[p];
        rd_kafka_consume_start_queue(reading->topic, p, 0, reading->queue);
    }
}

static bool reading_step(struct reading *reading, double *heard) {
    uint64_t before = reading->got;
    rd_kafka_consume_callback_queue(reading->queue, POLL_MS, on_message, reading);
    if (reading->got > before)
        *heard = now_s();
    else if (now_s() - *heard > SILENCE_MS / 1000.0)
        reading->broken = "the broker said nothing for 30 s";
    return !reading->broken;
}

/* ---- the server's output */

static bool offset_of(const char *value, size_t size, int64_t *offset) {
    static const char name[] = "\"src\":{\"p\":";
    const char *at = memmem(value, size < 256 ? size : 256, name, sizeof name - 1);
    at = at ? memmem(at, (size_t)(value + size - at) < 64 ? (size_t)(value + size - at) : 64, "\"o\":", 4) : NULL;
    *offset = at ? strtoll(at + 4, NULL, 10) : -1;
    return *offset >= 0;
}

struct filling {
    struct output *output;
    uint64_t store_bytes[PARTITIONS], store_room[PARTITIONS];
};

/* Keys and values stand in the store one behind the other; the views learn where once it has stopped moving. */
static void keep_event(struct reading *reading, const rd_kafka_message_t *message) {
    struct filling *filling = reading->context;
    struct output_partition *partition = &filling->output->partitions[message->partition];
    uint64_t *used = &filling->store_bytes[message->partition], *room = &filling->store_room[message->partition];
    if (*used + message->key_len + message->len > *room) {
        *room = (*room + message->key_len + message->len) * 2 + (1 << 20);
        char *larger = realloc(partition->store, *room);
        if (!larger) {
            reading->broken = "no memory for the server's output";
            return;
        }
        partition->store = larger;
    }
    struct output_event *event = &partition->list[partition->events++];
    event->key = (struct text){NULL, (uint32_t)message->key_len};
    event->value = (struct text){NULL, (uint32_t)message->len};
    memcpy(partition->store + *used, message->key, message->key_len);
    memcpy(partition->store + *used + message->key_len, message->payload, message->len);
    *used += message->key_len + message->len;
    filling->output->bytes += message->len;
}

/* The store has found its place: let the views point into it. */
static void point_at_store(struct output_partition *partition) {
    const char *at = partition->store;
    for (uint64_t i = 0; i < partition->events; i++) {
        partition->list[i].key.data = at;
        partition->list[i].value.data = at + partition->list[i].key.size;
        at += partition->list[i].key.size + partition->list[i].value.size;
    }
}

/* Sorts events by the order they answer, keeping their order otherwise (a counting sort). */
static bool sort_by_order(struct output_partition *partition, int64_t orders) {
    struct output_event *sorted = malloc((partition->events + 1) * sizeof *sorted);
    uint32_t *next = malloc(((size_t)orders + 2) * sizeof *next);
    int64_t offset;
    bool good = sorted && next;
    partition->orders = (uint64_t)orders;
    partition->first = calloc((size_t)orders + 2, sizeof *partition->first);
    good = good && partition->first;
    for (uint64_t i = 0; good && i < partition->events; i++) {
        good = offset_of(partition->list[i].value.data, partition->list[i].value.size, &offset) && offset < orders;
        if (good) partition->first[offset + 1]++;
    }
    for (int64_t o = 0; good && o <= orders; o++) partition->first[o + 1] += partition->first[o];
    if (good) memcpy(next, partition->first, ((size_t)orders + 1) * sizeof *next);
    for (uint64_t i = 0; good && i < partition->events; i++) {
        offset_of(partition->list[i].value.data, partition->list[i].value.size, &offset);
        sorted[next[offset]++] = partition->list[i];
    }
    free(next);
    free(good ? partition->list : sorted);
    if (good) partition->list = sorted;
    return good;
}

bool output_read(struct output *output, const struct kafka_settings *kafka, const int64_t orders_ends[PARTITIONS],
    const int64_t fills_ends[PARTITIONS], char *problem, size_t problem_bytes) {
    struct kafka_connection connection = {0};
    struct filling *filling = calloc(1, sizeof *filling);
    memset(output, 0, sizeof *output);
    for (int p = 0; p < PARTITIONS; p++)
        output->partitions[p].list = malloc(((size_t)fills_ends[p] + 1) * sizeof(struct output_event));
    struct reading reading = {.ends = fills_ends, .on_record = keep_event, .context = filling};
    reading.consumer = open_consumer(kafka, &connection, problem, problem_bytes);
    if (!reading.consumer) return free(filling), false;
    filling->output = output;
    reading.topic = rd_kafka_topic_new(reading.consumer, kafka->topics[TOPIC_FILLS], NULL);
    reading_start(&reading, 0, 1);
    double heard = now_s();
    while (reading.got < reading.wanted && reading_step(&reading, &heard));
    output->events = reading.got;
    for (int p = 0; p < PARTITIONS && !reading.broken; p++) {
        point_at_store(&output->partitions[p]);
        if (!sort_by_order(&output->partitions[p], orders_ends[p]))
            reading.broken = "an event names no record of orders (or there is no memory)";
    }
    if (reading.broken) snprintf(problem, problem_bytes, "the server's output cannot be read: %s", reading.broken);
    rd_kafka_topic_destroy(reading.topic);
    rd_kafka_queue_destroy(reading.queue);
    rd_kafka_destroy_flags(reading.consumer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    free(filling);
    return !reading.broken;
}

void output_deinit(struct output *output) {
    for (int p = 0; p < PARTITIONS; p++) {
        free(output->partitions[p].list);
        free(output->partitions[p].first);
        free(output->partitions[p].store);
    }
    memset(output, 0, sizeof *output);
}

/* ---- the copier */

/* One thread of it, with handles of its own. */
struct hand {
    const struct copier_task *task;
    struct kafka_connection reader, writer;
    struct reading reading;
    rd_kafka_t *producer;
    rd_kafka_topic_t *fills;
    rd_kafka_message_t batch[BATCH_MAX];
    int batched;
    uint64_t produced, acknowledged;
    int number;
    double first, last;
};

static void send_batch(struct hand *hand) {
    int done = 0;
    while (done < hand->batched && !hand->reading.broken) {
        rd_kafka_produce_batch(
            hand->fills, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_PARTITION, hand->batch + done, hand->batched - done);
        while (done < hand->batched && !hand->batch[done].err) done++;
        if (done == hand->batched) break;
        if (hand->batch[done].err != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            hand->reading.broken = rd_kafka_err2str(hand->batch[done].err);
        for (int i = done; i < hand->batched; i++) hand->batch[i].err = RD_KAFKA_RESP_ERR_NO_ERROR;
        rd_kafka_poll(hand->producer, 1);
    }
    hand->produced += (uint64_t)done;
    hand->batched = 0;
}

static void copy_order(struct reading *reading, const rd_kafka_message_t *message) {
    struct hand *hand = reading->context;
    if (hand->first == 0) hand->first = now_s();
    if (!hand->task->output) return;
    const struct output_partition *partition = &hand->task->output->partitions[message->partition];
    for (uint32_t i = partition->first[message->offset]; i < partition->first[message->offset + 1]; i++) {
        const struct output_event *event = &partition->list[i];
        hand->batch[hand->batched++] = (rd_kafka_message_t){.partition = message->partition,
            .payload = (void *)(uintptr_t)event->value.data,
            .len = event->value.size,
            .key = (void *)(uintptr_t)event->key.data,
            .key_len = event->key.size};
        if (hand->batched == BATCH_MAX) send_batch(hand);
    }
}

static bool open_hand(struct hand *hand, char *problem, size_t problem_bytes) {
    const struct copier_task *task = hand->task;
    const struct rd_kafka_metadata *metadata;
    hand->reading = (struct reading){.ends = task->orders_ends, .on_record = copy_order, .context = hand};
    hand->reading.consumer = open_consumer(task->kafka, &hand->reader, problem, problem_bytes);
    if (!hand->reading.consumer) return false;
    hand->reading.topic = rd_kafka_topic_new(hand->reading.consumer, task->kafka->topics[TOPIC_ORDERS], NULL);
    if (!task->output) return true;
    hand->producer = open_producer(task, &hand->writer, &hand->acknowledged, problem, problem_bytes);
    if (!hand->producer) return false;
    hand->fills = rd_kafka_topic_new(hand->producer, task->kafka->topics[TOPIC_FILLS], NULL);
    if (rd_kafka_metadata(hand->producer, 0, hand->fills, &metadata, SILENCE_MS)) {
        snprintf(problem, problem_bytes, "no metadata of %s", task->kafka->topics[TOPIC_FILLS]);
        return false;
    }
    rd_kafka_metadata_destroy(metadata);
    return true;
}

static void *work(void *context) {
    struct hand *hand = context;
    double heard = now_s();
    reading_start(&hand->reading, hand->number, hand->task->threads);
    while (hand->reading.got < hand->reading.wanted && reading_step(&hand->reading, &heard)) {
        send_batch(hand);
        if (hand->producer) rd_kafka_poll(hand->producer, 0);
    }
    if (hand->producer && rd_kafka_flush(hand->producer, FLUSH_MS))
        hand->reading.broken = "not all records were acknowledged within 60 s";
    if (atomic_load(&hand->writer.failed) || hand->acknowledged != hand->produced)
        hand->reading.broken = "a record was not stored";
    hand->last = now_s();
    return NULL;
}

/* What the child tells its parent, in memory they share. */
struct report {
    struct copier_result result;
    bool good;
    char problem[256];
};

static void sum_up(const struct hand *hands, int count, double began, struct report *report) {
    double first = 0, last = 0;
    report->good = true;
    for (int i = 0; i < count; i++) {
        const struct hand *hand = &hands[i];
        if (hand->reading.wanted && (first == 0 || hand->first < first)) first = hand->first;
        last = hand->last > last ? hand->last : last;
        report->result.consumed += hand->reading.got;
        report->result.produced += hand->produced;
        if (hand->reading.broken) {
            report->good = false;
            snprintf(report->problem, sizeof report->problem, "%s", hand->reading.broken);
        }
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    report->result.cpu_seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    report->result.seconds = last - first;
    report->result.seconds_whole = last - began;
}

static void run_child(const struct copier_task *task, struct report *report, double began) {
    struct hand *hands = calloc((size_t)task->threads, sizeof *hands);
    pthread_t threads[THREADS_MAX];
    for (int i = 0; i < task->threads; i++) {
        hands[i].task = task;
        hands[i].number = i;
        if (!open_hand(&hands[i], report->problem, sizeof report->problem)) return;
    }
    for (int i = 1; i < task->threads; i++)
        if (pthread_create(&threads[i], NULL, work, &hands[i])) return;
    work(&hands[0]);
    for (int i = 1; i < task->threads; i++) pthread_join(threads[i], NULL);
    sum_up(hands, task->threads, began, report);
}

bool copier_run(const struct copier_task *task, struct copier_result *result, char *problem, size_t problem_bytes) {
    struct report *report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (report == MAP_FAILED) {
        snprintf(problem, problem_bytes, "no memory to share");
        return false;
    }
    double began = now_s();
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run_child(task, report, began);
        _exit(0); /* the handles end with the process: nothing is left to write */
    }
    int status = 0;
    bool good = child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && report->good;
    if (!good)
        snprintf(problem, problem_bytes, "the bare %s failed: %s", task->output ? "copier" : "consumer",
            *report->problem ? report->problem : "it died");
    *result = report->result;
    munmap(report, sizeof *report);
    return good;
}
