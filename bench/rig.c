#include "bench/rig.h"

#include "io/kafka/topics.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MS = 15000 };

static bool fail(struct rig *rig, const char *what, const char *why) {
    snprintf(rig->problem, rig->problem_bytes, "%s: %s", what, why);
    return false;
}

static bool wake_up(struct rig *rig) {
    if (rig->admin) return true;
    rig->connection.name = "bench";
    rd_kafka_conf_t *conf = kafka_conf_new(&rig->kafka, NULL, 0, &rig->connection, rig->problem, rig->problem_bytes);
    if (!conf) return false;
    rig->admin = kafka_handle_new(RD_KAFKA_PRODUCER, conf, &rig->connection);
    if (!rig->admin) return fail(rig, "the broker", "no handle of librdkafka");
    rig->answers = rd_kafka_queue_new(rig->admin);
    return true;
}

void rig_pause(struct rig *rig) {
    if (rig->answers) rd_kafka_queue_destroy(rig->answers);
    if (rig->admin) rd_kafka_destroy(rig->admin);
    rig->answers = NULL;
    rig->admin = NULL;
}

/* ---- making and deleting */

static void on_finding(void *context, enum topic_finding finding, const char *topic, const char *text) {
    struct rig *rig = context;
    if (finding == TOPIC_CREATED && rig->made_count < RIG_TOPICS_MAX)
        snprintf(rig->made[rig->made_count++], RIG_NAME_BYTES, "%s", topic);
    else if (finding != TOPIC_IN_ORDER)
        snprintf(rig->problem, rig->problem_bytes, "topic %s: %s", topic, text);
}

static bool ensure(struct rig *rig) {
    struct topics_wanted wanted = topics_wanted_defaults();
    snprintf(rig->problem, rig->problem_bytes, "no broker answers at %s", rig->kafka.brokers);
    if (rig->made_count + TOPIC_COUNT > RIG_TOPICS_MAX) return fail(rig, "topics", "too many runs");
    return topics_ensure(&rig->kafka, &wanted, on_finding, rig) == STATUS_OK;
}

bool rig_open(struct rig *rig, const struct kafka_settings *kafka, char *problem, size_t problem_bytes) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    memset(rig, 0, sizeof *rig);
    rig->kafka = *kafka;
    rig->kafka.client_id = "shardbook-bench";
    rig->problem = problem;
    rig->problem_bytes = problem_bytes;
    unsigned random = (unsigned)(now.tv_nsec / 1000) * 2654435761u ^ (unsigned)getpid();
    snprintf(rig->prefix, sizeof rig->prefix, "bench-%06x", random & 0xffffff);
    for (uint8_t i = 0; i < TOPIC_COUNT; i++) {
        snprintf(rig->names[i], RIG_NAME_BYTES, "%s-%s", rig->prefix, kafka_topic_default_name(i));
        rig->kafka.topics[i] = rig->names[i];
    }
    return ensure(rig);
}

/* The caller destroys it; NULL: none came. An answer that came too late for its own question is passed over. */
static rd_kafka_event_t *await_answer(struct rig *rig, rd_kafka_event_type_t type) {
    rd_kafka_event_t *event;
    while ((event = rd_kafka_queue_poll(rig->answers, ANSWER_MS)) && rd_kafka_event_type(event) != type)
        rd_kafka_event_destroy(event);
    return event;
}

static bool delete_topics(struct rig *rig, char (*names)[RIG_NAME_BYTES], int count) {
    rd_kafka_DeleteTopic_t *topics[RIG_TOPICS_MAX];
    if (count == 0 || !wake_up(rig)) return count == 0;
    for (int i = 0; i < count; i++) topics[i] = rd_kafka_DeleteTopic_new(names[i]);
    rd_kafka_DeleteTopics(rig->admin, topics, (size_t)count, NULL, rig->answers);
    rd_kafka_event_t *event = await_answer(rig, RD_KAFKA_EVENT_DELETETOPICS_RESULT);
    bool good = event && !rd_kafka_event_error(event);
    if (!good) fail(rig, "topics cannot be deleted", event ? rd_kafka_event_error_string(event) : "no answer");
    if (event) rd_kafka_event_destroy(event);
    rd_kafka_DeleteTopic_destroy_array(topics, (size_t)count);
    return good;
}

bool rig_topic_delete(struct rig *rig, const char *topic) {
    for (int i = 0; i < rig->made_count; i++) {
        if (strcmp(rig->made[i], topic) != 0) continue;
        bool good = delete_topics(rig, &rig->made[i], 1);
        rig->made_count--;
        memmove(rig->made[i], rig->made[rig->made_count], RIG_NAME_BYTES);
        return good;
    }
    return true;
}

void rig_close(struct rig *rig) {
    if (!delete_topics(rig, rig->made, rig->made_count))
        fprintf(stderr, "shardbook-bench: %s; topics with the prefix %s are left\n", rig->problem, rig->prefix);
    rig_pause(rig);
}

/* ---- asking */

enum { ASK_TIMES = 30, ASK_FIRST_TIME = 0 /* the first record not before 1970 */ };

/* One question for all partitions; results by partition. */
static bool ask_once(
    struct rig *rig, const char *topic, int64_t spec, int64_t offsets[PARTITIONS], int64_t timestamps[PARTITIONS]) {
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!wake_up(rig)) return false;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS);
    for (int32_t p = 0; p < PARTITIONS; p++) rd_kafka_topic_partition_list_add(list, topic, p)->offset = spec;
    rd_kafka_ListOffsets(rig->admin, list, NULL, rig->answers);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_event_t *event = await_answer(rig, RD_KAFKA_EVENT_LISTOFFSETS_RESULT);
    bool good = event && !rd_kafka_event_error(event);
    size_t count = 0;
    const rd_kafka_ListOffsetsResultInfo_t **infos =
        good ? rd_kafka_ListOffsets_result_infos(rd_kafka_event_ListOffsets_result(event), &count) : NULL;
    for (size_t i = 0; good && i < count; i++) {
        const rd_kafka_topic_partition_t *at = rd_kafka_ListOffsetsResultInfo_topic_partition(infos[i]);
        error = at->err;
        good = !at->err && at->partition >= 0 && at->partition < PARTITIONS;
        if (good) {
            offsets[at->partition] = at->offset;
            timestamps[at->partition] = rd_kafka_ListOffsetsResultInfo_timestamp(infos[i]);
        }
    }
    if (!good)
        fail(rig, topic,
            !event  ? "the broker does not answer"
            : error ? rd_kafka_err2str(error)
                    : rd_kafka_event_error_string(event));
    if (event) rd_kafka_event_destroy(event);
    return good && count == PARTITIONS;
}

/* Asks again for a while: a new topic is not known everywhere at once. */
static bool ask(
    struct rig *rig, const char *topic, int64_t spec, int64_t offsets[PARTITIONS], int64_t timestamps[PARTITIONS]) {
    for (int i = 0; i < ASK_TIMES; i++) {
        if (ask_once(rig, topic, spec, offsets, timestamps)) return true;
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    return false;
}

bool rig_count(struct rig *rig, const char *topic, struct rig_extent *extent) {
    int64_t timestamps[PARTITIONS];
    memset(extent, 0, sizeof *extent);
    if (!ask(rig, topic, RD_KAFKA_OFFSET_SPEC_LATEST, extent->ends, timestamps)) return false;
    for (int p = 0; p < PARTITIONS; p++) extent->records += extent->ends[p];
    return true;
}

bool rig_new_fills(struct rig *rig) {
    struct rig_extent extent;
    snprintf(rig->names[TOPIC_FILLS], RIG_NAME_BYTES, "%s-fills-%d", rig->prefix, ++rig->fills_made);
    return ensure(rig) && rig_count(rig, rig->names[TOPIC_FILLS], &extent); /* every partition has found its leader */
}

bool rig_measure(struct rig *rig, const char *topic, struct rig_extent *extent) {
    int64_t offsets[PARTITIONS], first[PARTITIONS], last[PARTITIONS];
    if (!rig_count(rig, topic, extent) || !ask(rig, topic, ASK_FIRST_TIME, offsets, first) ||
        !ask(rig, topic, RD_KAFKA_OFFSET_SPEC_MAX_TIMESTAMP, offsets, last))
        return false;
    for (int p = 0; p < PARTITIONS; p++) {
        if (extent->ends[p] == 0) continue;
        extent->first_ms = extent->first_ms == 0 || first[p] < extent->first_ms ? first[p] : extent->first_ms;
        extent->last_ms = last[p] > extent->last_ms ? last[p] : extent->last_ms;
    }
    return true;
}
