/* shardbook-verify's inside, over librdkafka's own embedded broker: what it must find the same, and what it must not.
 */
#include "bench/verify/verification.h"
#include "bench/workload/workload.h"
#include "core/limits.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORDS = 3000, EVENTS_MAX = 20000 };

static int failures;

#define EXPECT(condition, ...)                                                                                         \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            failures++;                                                                                                \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);                                            \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fprintf(stderr, "\n");                                                                                     \
        }                                                                                                              \
    } while (0)

/* ---- a broker, and what is written to it */

struct stage {
    rd_kafka_t *producer;
    rd_kafka_mock_cluster_t *cluster;
    const char *brokers;
    struct reference *reference;
    int64_t offsets[PARTITIONS];
    struct {
        int32_t partition;
        char symbol[16];
        char *bytes;
    } events[EVENTS_MAX];
    size_t event_count;
};

static struct stage stage;

static void open_stage(bool with_fills) {
    char problem[512];
    stage = (struct stage){.reference = reference_open()};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", problem, sizeof problem);
    rd_kafka_conf_set(conf, "bootstrap.servers", "none", problem, sizeof problem);
    rd_kafka_conf_set(conf, "log_level", "0", problem, sizeof problem);
    stage.producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, problem, sizeof problem);
    if (!stage.producer) abort();
    stage.cluster = rd_kafka_handle_mock_cluster(stage.producer);
    stage.brokers = rd_kafka_mock_cluster_bootstraps(stage.cluster);
    rd_kafka_mock_topic_create(stage.cluster, "orders", PARTITIONS, 1);
    rd_kafka_mock_topic_create(stage.cluster, "pending-orders", PARTITIONS, 1);
    if (with_fills) rd_kafka_mock_topic_create(stage.cluster, "fills", PARTITIONS, 1);
}

static void close_stage(void) {
    for (size_t i = 0; i < stage.event_count; i++) free(stage.events[i].bytes);
    reference_close(stage.reference);
    rd_kafka_flush(stage.producer, 5000);
    rd_kafka_destroy(stage.producer);
}

static void produce(const char *topic, int32_t partition, struct text key, struct text value, int64_t timestamp_ms,
    const char *me_t, const char *me_src) {
    rd_kafka_headers_t *headers = rd_kafka_headers_new(2);
    if (me_t) rd_kafka_header_add(headers, "me-t", -1, me_t, -1);
    if (me_src) rd_kafka_header_add(headers, "me-src", -1, me_src, -1);
    union {
        const char *from;
        void *to;
    } bytes = {.from = value.data}, name = {.from = key.data};
    rd_kafka_resp_err_t error = rd_kafka_producev(stage.producer, RD_KAFKA_V_TOPIC(topic),
        RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(name.to, key.size),
        RD_KAFKA_V_VALUE(bytes.to, value.size), RD_KAFKA_V_TIMESTAMP(timestamp_ms), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_END);
    if (error) abort();
    rd_kafka_poll(stage.producer, 0);
}

static void keep(void *context, const struct reference_event *event) {
    (void)context;
    size_t i = stage.event_count++;
    if (i >= EVENTS_MAX) abort();
    stage.events[i].partition = event->partition;
    snprintf(
        stage.events[i].symbol, sizeof stage.events[i].symbol, "%.*s", (int)event->symbol.size, event->symbol.data);
    stage.events[i].bytes = strndup(event->bytes.data, event->bytes.size);
}

/* A record of orders; its events are kept to be published. */
static void order(int32_t partition, struct text key, struct text value, const char *me_t, const char *me_src) {
    static int64_t now_ms = 1764900000000;
    struct reference_record record = {.partition = partition,
        .offset = stage.offsets[partition]++,
        .timestamp_ms = ++now_ms,
        .key = key,
        .value = value,
        .me_t = text_of(me_t),
        .me_src = text_of(me_src)};
    produce("orders", partition, key, value, now_ms, me_t, me_src);
    if (reference_apply(stage.reference, &record, keep, NULL, NULL) != REFERENCE_OK) abort();
}

static void market(void) {
    struct workload_options options = {.seed = 11,
        .symbols = 12,
        .accounts = 9,
        .bad_per_million = 20000,
        .preset = WORKLOAD_EVERYTHING,
        .form = WORKLOAD_MIXED};
    struct workload *workload = workload_open(&options);
    for (int i = 0; i < RECORDS; i++) {
        struct workload_record record;
        workload_next(workload, 1764900000000 + i, &record);
        order(record.home, record.symbol, record.value, NULL, NULL);
    }
    workload_close(workload);
}

static void publish(size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        produce("fills", stage.events[i].partition, text_of(stage.events[i].symbol), text_of(stage.events[i].bytes),
            1764900000000, NULL, NULL);
}

/* ---- judging */

static struct verification *run(char *problem, size_t problem_bytes, int timeout_ms) {
    struct verification_options options = {
        .kafka = {.brokers = stage.brokers}, .with_pending = true, .timeout_ms = timeout_ms, .silence_ms = 10000};
    rd_kafka_flush(stage.producer, 10000);
    return verification_run(&options, problem, problem_bytes);
}

static const struct verification_findings *judge(int timeout_ms, bool same) {
    static struct verification *last;
    static struct verification_findings found;
    char problem[512] = "";
    verification_close(last);
    last = run(problem, sizeof problem, timeout_ms);
    if (!last) {
        fprintf(stderr, "not verified: %s\n", problem);
        exit(EXIT_FAILURE);
    }
    found = verification_findings(last);
    EXPECT(found.same == same, "same is %d; first %s", found.same, verify_kind_name(found.events->first.kind));
    return &found;
}

static void test_same(void) {
    open_stage(true);
    market();
    publish(0, stage.event_count);
    const struct verification_findings *found = judge(5000, true);
    EXPECT(found->events->matched == stage.event_count, "%llu matched", (unsigned long long)found->events->matched);
    EXPECT(found->orders->records == RECORDS, "%llu records", (unsigned long long)found->orders->records);
    publish(0, 100);
    EXPECT(judge(5000, true)->events->repeats == 100, "repeats are not counted");
    close_stage();
}

static void test_missing_and_altered(void) {
    open_stage(true);
    market();
    publish(0, 500);
    publish(501, stage.event_count - 1);
    EXPECT(judge(300, false)->events->missing == 2, "two events are missing");
    close_stage();

    open_stage(true);
    market();
    stage.events[777].bytes[strlen(stage.events[777].bytes) - 5] ^= 1;
    publish(0, stage.event_count);
    const struct verification_findings *found = judge(5000, false);
    EXPECT(found->events->altered == 1 && found->events->first.kind == VERIFY_ALTERED, "an altered event");
    close_stage();
}

static void test_carried(void) {
    static const char text[] =
        "{\"symbol\":\"AAPL\",\"side\":\"SELL\",\"quantity\":1,\"price\":10,\"orderType\":\"LIMIT\",\"orderId\":\"a\"}";
    static const char other[] =
        "{\"symbol\":\"AAPL\",\"side\":\"SELL\",\"quantity\":1,\"price\":10,\"orderType\":\"LIMIT\",\"orderId\":\"b\"}";
    open_stage(true);
    order(2, TEXT("AAPL"), TEXT(text), NULL, NULL);
    EXPECT(judge(300, false)->carried->without_copy == 1, "a misdirected record was not carried");
    order(7, TEXT("AAPL"), TEXT(text), "1", "orders/2/0/-");
    publish(0, stage.event_count);
    const struct verification_findings *found = judge(5000, true);
    EXPECT(found->orders->misdirected == 1 && found->orders->copies == 1, "one record, one copy");

    produce("pending-orders", 7, TEXT("AAPL"), TEXT(other), 1764900000000, NULL, NULL);
    produce("pending-orders", 7, TEXT("AAPL"), TEXT("junk"), 1764900000000, NULL, NULL);
    EXPECT(judge(300, false)->carried->without_copy == 1, "a pending record was not carried");
    size_t before = stage.event_count;
    order(7, TEXT("AAPL"), TEXT(text), "1", "pending-orders/7/0/-");
    publish(before, stage.event_count);
    EXPECT(judge(5000, false)->carried->altered == 1, "the copy says something else");
    close_stage();

    open_stage(true);
    order(7, TEXT("AAPL"), TEXT(text), "1", "pending-orders/7/0/-");
    publish(0, stage.event_count);
    EXPECT(judge(300, false)->carried->without_origin == 1, "a copy of nothing");
    close_stage();
}

static void test_refusals(void) {
    char problem[512] = "";
    open_stage(false);
    rd_kafka_mock_topic_set_error(stage.cluster, "fills", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    struct verification *none = run(problem, sizeof problem, 300);
    EXPECT(!none && strstr(problem, "fills"), "a missing topic: %s", problem);
    verification_close(none);
    close_stage();

    struct verification_options options = {.kafka = {.brokers = "127.0.0.1:1"}, .timeout_ms = 100, .silence_ms = 1000};
    none = verification_run(&options, problem, sizeof problem);
    EXPECT(!none && *problem, "nobody listens there");
    verification_close(none);
}

int main(void) {
    test_same();
    test_missing_and_altered();
    test_carried();
    test_refusals();

    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
