/* What kafka_log.c shares with its readers and writers. */
#ifndef SHARDBOOK_IO_KAFKA_KAFKA_PARTS_H
#define SHARDBOOK_IO_KAFKA_KAFKA_PARTS_H

#include "io/kafka/connection.h"
#include "io/kafka/kafka_log.h"

struct kafka_log {
    struct log_store port;
    struct kafka_log_settings settings; /* its kafka member is a copy of ours */
    struct kafka_connection connection;
    rd_kafka_t *rk; /* asks questions */
};

/* Partitions that a topic must have: 10 or 1. */
int32_t kafka_topic_partitions(uint8_t topic);

/* Bytes that one record may have with key, headers and framing. */
uint32_t kafka_topic_bytes_max(uint8_t topic);

struct log_reader *kafka_reader_open(struct kafka_log *log, int *status);
struct log_writer *kafka_writer_open(struct kafka_log *log, int *status);

/* Topic handles by enum topic; rd_kafka_topic_opaque() of each is the topic's number. STATUS_OK or NO_MEMORY (and none is left open). */
int kafka_topics_open(rd_kafka_t *rk, const struct kafka_settings *settings, rd_kafka_topic_t *topics[TOPIC_COUNT]);
void kafka_topics_close(rd_kafka_topic_t *topics[TOPIC_COUNT]);

/* Asks for a topic's metadata, so that its first record is not late, and checks its partitions; a status after a line on standard error. */
int kafka_topic_check(rd_kafka_t *rk, struct kafka_connection *connection, rd_kafka_topic_t *topic, uint8_t number, int timeout_ms);

#endif
