/* What all handles of librdkafka have in common: settings, security, and a log that speaks once per change of state.
 * For this folder and programs that drive librdkafka themselves. */
#ifndef SHARDBOOK_IO_KAFKA_CONNECTION_H
#define SHARDBOOK_IO_KAFKA_CONNECTION_H

#include "io/kafka/settings.h"

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KAFKA_LINES_REMEMBERED = 16 };

/* State of one handle, given to librdkafka as its opaque; must outlive the handle. */
struct kafka_connection {
    const char *name; /* who speaks in the log: "orders writer"; static */
    void *owner;
    atomic_bool away;   /* said to be unreachable, and nothing heard since */
    atomic_bool failed; /* a fatal error: this handle is done for */
    struct {
        atomic_uint_fast64_t hash;
        atomic_int_fast64_t written_ms;
    } lines[KAFKA_LINES_REMEMBERED]; /* lines written, so that none is repeated soon */
};

struct kafka_property {
    const char *name, *value;
};

/* A configuration with brokers, client id, the property file and then `properties` in it; connection (may be NULL, if
 * no handle is made of it) becomes its opaque. NULL, with the reason in problem, never a secret. The caller gives it to
 * rd_kafka_new or destroys it. Any thread. */
rd_kafka_conf_t *kafka_conf_new(const struct kafka_settings *settings, const struct kafka_property *properties,
    size_t property_count, struct kafka_connection *connection, char *problem, size_t problem_bytes);

/* Makes a handle and takes conf in any case. NULL after a line on standard error. */
rd_kafka_t *kafka_handle_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct kafka_connection *connection);

/* Something came from a broker: says so once, if it was away. Any thread; cheap. */
static inline void kafka_connection_heard(struct kafka_connection *connection);
void kafka_connection_is_back(struct kafka_connection *connection);

static inline void kafka_connection_heard(struct kafka_connection *connection) {
    if (atomic_load_explicit(&connection->away, memory_order_relaxed)) kafka_connection_is_back(connection);
}

/* One line on standard error: "kafka: <name>: ...". Any thread. */
void kafka_connection_say(const struct kafka_connection *connection, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The enum status for an error of librdkafka: AWAY for what may pass, REFUSED, GAP, INVALID, FATAL. Any thread. */
int kafka_status_of(rd_kafka_resp_err_t error);

/* Copies the settings with their texts (NULL topics become the default names); false without memory. */
bool kafka_settings_copy(const struct kafka_settings *from, struct kafka_settings *to);
void kafka_settings_free(struct kafka_settings *copy);

#endif
