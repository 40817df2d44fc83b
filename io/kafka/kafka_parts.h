/* What kafka_log.c shares with its readers and writers. */
#ifndef SHARDBOOK_IO_KAFKA_KAFKA_PARTS_H
#define SHARDBOOK_IO_KAFKA_KAFKA_PARTS_H

#include "io/kafka/connection.h"
#include "io/kafka/kafka_log.h"

#include <pthread.h>

struct kafka_log {
    struct log_store port;
    struct kafka_log_settings settings; /* its kafka member is a copy of ours */
    struct kafka_connection connection;
    rd_kafka_t *rk; /* asks questions */
    pthread_mutex_t lock;
    struct kafka_reader *idle_readers; /* closed and kept for the next one */
    int idle_reader_count;
    int ending; /* handles that are being ended in the background */
    pthread_cond_t ended;
};

/* Partitions that a topic must have: 10 or 1. */
int32_t kafka_topic_partitions(uint8_t topic);

/* Bytes that one record may have with key, headers and framing. */
uint32_t kafka_topic_bytes_max(uint8_t topic);

struct log_reader *kafka_reader_open(struct kafka_log *log, int *status);

/* How many records are fetched and not yet polled. The reader's thread. */
size_t kafka_reader_queued(const struct log_reader *reader);

/* Calls end(what) on a thread of its own, as ending a handle of librdkafka takes up to a second; the log's close waits
 * for it. */
void kafka_end_later(struct kafka_log *log, void (*end)(void *what), void *what);

/* Ends the readers that are kept idle. */
void kafka_readers_close(struct kafka_log *log);

struct log_writer *kafka_writer_open(struct kafka_log *log, int *status);

/* Topic handles by enum topic; rd_kafka_topic_opaque() of each is the topic's number. STATUS_OK or NO_MEMORY (and none
 * is left open). */
int kafka_topics_open(rd_kafka_t *rk, const struct kafka_settings *settings, rd_kafka_topic_t *topics[TOPIC_COUNT]);
void kafka_topics_close(rd_kafka_topic_t *topics[TOPIC_COUNT]);

/* Asks for the metadata of all topics that the handle has open, so that the first record or fetch of each does not wait
 * for librdkafka's one-second round, and checks that they are there with their partitions; a status after a line on
 * standard error. */
int kafka_topics_check(
    rd_kafka_t *rk, struct kafka_connection *connection, const struct kafka_settings *settings, int timeout_ms);

#endif
