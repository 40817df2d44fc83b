/* The topics that Shardbook needs: made where they are missing, and checked, down to each setting that matters. */
#ifndef SHARDBOOK_IO_KAFKA_TOPICS_H
#define SHARDBOOK_IO_KAFKA_TOPICS_H

#include "io/kafka/settings.h"

#include <stdbool.h>
#include <stdint.h>

struct topics_wanted {
    int replication;         /* at least so many replicas of each partition; 1 for a single broker */
    int min_insync_replicas; /* at least */
    int64_t retention_ms;    /* of orders, pending-orders, fills and orders-dead-letter: at least; 7 days or more */
    bool create;             /* makes what is missing; otherwise only looks */
    int timeout_ms;          /* for each question to the brokers */
};

/* Replication 1, 1 in sync, 7 days, create, 15 s. */
struct topics_wanted topics_wanted_defaults(void);

enum topic_finding { TOPIC_IN_ORDER = 0, TOPIC_CREATED, TOPIC_DIFFERS, TOPIC_MISSING, TOPIC_UNKNOWN };

/* Told for each topic, once for each finding: what differs and how to mend it is in text (for IN_ORDER and CREATED
 * empty). Views live until the call returns. */
typedef void (*topics_on_finding)(void *context, enum topic_finding finding, const char *topic, const char *text);

/* STATUS_OK: all topics are there as wanted. REFUSED: something differs or could not be made (see the findings). AWAY:
 * no broker answered. INVALID: the settings. A line on standard error for the last two. Blocks; any thread. */
int topics_ensure(const struct kafka_settings *settings, const struct topics_wanted *wanted,
    topics_on_finding on_finding, void *context);

#endif
