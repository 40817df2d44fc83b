/* Where Kafka is and what the topics are called: rows for a program's option table, and what they say. */
#ifndef SHARDBOOK_IO_KAFKA_SETTINGS_H
#define SHARDBOOK_IO_KAFKA_SETTINGS_H

#include "core/ports.h"
#include "io/configuration/configuration.h"

#include <stdbool.h>
#include <stddef.h>

#define KAFKA_OPTION_ROWS                                                                                              \
    TITLE_ROW("Kafka"),                                                                                                \
        TEXT_ROW("kafka", "SHARDBOOK_KAFKA MSK_BOOTSTRAP_SERVERS", "127.0.0.1:9092", "HOST:PORT,...",                  \
            "brokers to start from"),                                                                                  \
        TEXT_ROW("kafka-property-file", "SHARDBOOK_KAFKA_PROPERTY_FILE", NULL, "FILE",                                 \
            "KEY=VALUE lines: security.protocol, sasl.*, ssl.*"),                                                      \
        TEXT_ROW("orders-topic", "SHARDBOOK_ORDERS_TOPIC ORDERS_TOPIC", "orders", "NAME", "topic of orders"),          \
        TEXT_ROW("pending-topic", "SHARDBOOK_PENDING_TOPIC", "pending-orders", "NAME",                                 \
            "topic of orders while a symbol moves"),                                                                   \
        TEXT_ROW("fills-topic", "SHARDBOOK_FILLS_TOPIC", "fills", "NAME", "topic of events"),                          \
        TEXT_ROW("dead-letter-topic", "SHARDBOOK_DEAD_LETTER_TOPIC", "orders-dead-letter", "NAME",                     \
            "topic of records that cannot be decoded"),                                                                \
        TEXT_ROW("snapshots-topic", "SHARDBOOK_SNAPSHOTS_TOPIC", "book-snapshots", "NAME", "topic of snapshots"),      \
        TEXT_ROW("status-topic", "SHARDBOOK_STATUS_TOPIC", "engine-status", "NAME", "topic of the servers' state")

/* Texts belong to the configuration they came from, or to whoever filled this in; whoever opens something with the
 * settings has them copied. */
struct kafka_settings {
    const char *brokers;
    const char *property_file;       /* NULL: none */
    const char *client_id;           /* seen in the broker's logs and metrics; NULL: "shardbook" */
    const char *topics[TOPIC_COUNT]; /* by enum topic; NULL: the default name */
};

/* Default names of the topics, by enum topic; static. Any thread. */
const char *kafka_topic_default_name(uint8_t topic);

/* Fills *settings from a configuration whose table has KAFKA_OPTION_ROWS; false, with the reason in problem, when two
 * topics have one name, a name is none of Kafka's, or the property file cannot be read or sets what Shardbook decides
 * itself. */
bool kafka_settings_read(
    const struct configuration *configuration, struct kafka_settings *settings, char *problem, size_t problem_bytes);

#endif
