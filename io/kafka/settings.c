#include "io/kafka/settings.h"
#include "io/kafka/connection.h"

#include <stdio.h>
#include <string.h>

static const char *const default_names[TOPIC_COUNT] = {[TOPIC_ORDERS] = "orders",
    [TOPIC_PENDING] = "pending-orders",
    [TOPIC_FILLS] = "fills",
    [TOPIC_DEAD_LETTER] = "orders-dead-letter",
    [TOPIC_SNAPSHOTS] = "book-snapshots",
    [TOPIC_STATUS] = "engine-status"};

static const char *const option_names[TOPIC_COUNT] = {[TOPIC_ORDERS] = "orders-topic",
    [TOPIC_PENDING] = "pending-topic",
    [TOPIC_FILLS] = "fills-topic",
    [TOPIC_DEAD_LETTER] = "dead-letter-topic",
    [TOPIC_SNAPSHOTS] = "snapshots-topic",
    [TOPIC_STATUS] = "status-topic"};

const char *kafka_topic_default_name(uint8_t topic) { return topic < TOPIC_COUNT ? default_names[topic] : NULL; }

static bool topic_name_is_valid(const char *name) {
    size_t length = strlen(name);
    return length > 0 && length <= 249 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == length;
}

static bool check_topics(const struct kafka_settings *settings, char *problem, size_t problem_bytes) {
    for (int i = 0; i < TOPIC_COUNT; i++) {
        if (!topic_name_is_valid(settings->topics[i])) {
            snprintf(problem, problem_bytes, "%s: '%.100s' is no topic name; use 1 to 249 of a-z A-Z 0-9 . _ -",
                option_names[i], settings->topics[i]);
            return false;
        }
        for (int j = 0; j < i; j++)
            if (strcmp(settings->topics[i], settings->topics[j]) == 0) {
                snprintf(problem, problem_bytes, "%s and %s are both '%s'; give each topic a name of its own",
                    option_names[j], option_names[i], settings->topics[i]);
                return false;
            }
    }
    return true;
}

bool kafka_settings_read(
    const struct configuration *configuration, struct kafka_settings *settings, char *problem, size_t problem_bytes) {
    *settings = (struct kafka_settings){.brokers = configuration_text(configuration, "kafka"),
        .property_file = configuration_text(configuration, "kafka-property-file")};
    for (int i = 0; i < TOPIC_COUNT; i++) settings->topics[i] = configuration_text(configuration, option_names[i]);
    if (!check_topics(settings, problem, problem_bytes)) return false;
    rd_kafka_conf_t *conf = kafka_conf_new(settings, NULL, 0, NULL, problem, problem_bytes);
    if (conf) rd_kafka_conf_destroy(conf);
    return conf != NULL;
}
