/* Topics of a measurement's own on a broker: made under a random prefix, asked about, deleted at the end. One thread at
 * a time. */
#ifndef SHARDBOOK_BENCH_RIG_H
#define SHARDBOOK_BENCH_RIG_H

#include "core/limits.h"
#include "io/kafka/connection.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RIG_NAME_BYTES = 64, RIG_TOPICS_MAX = 256 };

struct rig {
    struct kafka_settings kafka; /* topics are those of the rig; fills is the last one made */
    struct kafka_connection connection;
    rd_kafka_t *admin;
    rd_kafka_queue_t *answers;
    char names[TOPIC_COUNT][RIG_NAME_BYTES];
    char made[RIG_TOPICS_MAX][RIG_NAME_BYTES];
    int made_count, fills_made;
    char prefix[32];
    char *problem; /* of the caller: why something failed */
    size_t problem_bytes;
};

/* `kafka` says where the broker is; its texts must outlive the rig. False with the reason in problem. Close with
 * rig_close in any case. */
bool rig_open(struct rig *rig, const struct kafka_settings *kafka, char *problem, size_t problem_bytes);

/* Deletes the topics. */
void rig_close(struct rig *rig);

/* librdkafka's threads do not survive a fork: the handle is closed before one, and opened again by itself when needed.
 */
void rig_pause(struct rig *rig);

/* Makes a new, empty topic of events and lets kafka.topics[TOPIC_FILLS] name it; rig_topic_delete takes any of the
 * rig's. */
bool rig_new_fills(struct rig *rig);
bool rig_topic_delete(struct rig *rig, const char *topic);

/* What a topic of ten partitions holds now: records, and when the broker appended the first and the last one (ms, its
 * clock; 0: none). */
struct rig_extent {
    int64_t records, first_ms, last_ms;
    int64_t ends[PARTITIONS];
};
bool rig_count(struct rig *rig, const char *topic, struct rig_extent *extent); /* records and ends only: one question */
bool rig_measure(struct rig *rig, const char *topic, struct rig_extent *extent);

#endif
