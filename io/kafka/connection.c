#include "io/kafka/connection.h"

#include "core/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINE_BYTES = 1024, REPEATED_LINE_MS = 60000 };

/* What a property file may set: how to reach and be known to the brokers. The rest decides what is lost or doubled, and
 * is ours. */
static const char *const allowed_prefixes[] = {"security.", "sasl.", "ssl.", "enable.ssl.", "enable.sasl.", "socket.",
    "broker.address.", "reconnect.", "client.rack", "client.dns", "metadata.", "connections.", "api.version.", "debug"};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void kafka_connection_say(const struct kafka_connection *connection, const char *format, ...) {
    char line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    for (char *c = line; *c; c++)
        if (*c == '\n' || *c == '\r') *c = ' ';
    fprintf(stderr, "kafka: %s: %s\n", connection && connection->name ? connection->name : "client", line);
}

/* -- what librdkafka tells ---------------------------------------------------------------------------------- */

/* True if this line, its numbers apart, was written not long ago. */
static bool is_repeated(struct kafka_connection *connection, const char *text) {
    uint64_t hash = 14695981039346656037u;
    for (; *text && strncmp(text, "(after ", 7) != 0; text++)
        if (*text < '0' || *text > '9') hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    size_t slot = hash % KAFKA_LINES_REMEMBERED;
    int64_t now = now_ms();
    bool same = atomic_exchange(&connection->lines[slot].hash, hash) == hash &&
                now - atomic_load(&connection->lines[slot].written_ms) < REPEATED_LINE_MS;
    if (!same) atomic_store(&connection->lines[slot].written_ms, now);
    return same;
}

static void on_away(struct kafka_connection *connection, const char *why) {
    if (!atomic_exchange(&connection->away, true))
        kafka_connection_say(connection, "cannot reach the brokers: %s; trying on", why);
}

void kafka_connection_is_back(struct kafka_connection *connection) {
    if (atomic_exchange(&connection->away, false)) kafka_connection_say(connection, "the brokers are reachable again");
}

/* Called by librdkafka's threads. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text) {
    struct kafka_connection *connection = rk ? rd_kafka_opaque(rk) : NULL;
    if (!connection) return;
    if (strcmp(facility, "ERROR") == 0 || strcmp(facility, "FATAL") == 0) /* on_error gets the same */
        return;
    if ((level <= 4 || level == 7) && !is_repeated(connection, text))
        kafka_connection_say(connection, "%s: %s", facility, text);
}

static void on_error(rd_kafka_t *rk, int error, const char *reason, void *opaque) {
    struct kafka_connection *connection = opaque;
    char text[512];
    if (error == RD_KAFKA_RESP_ERR__FATAL) {
        rd_kafka_fatal_error(rk, text, sizeof text);
        if (!atomic_exchange(&connection->failed, true))
            kafka_connection_say(connection, "fatal, this handle is done for: %s", text);
    } else if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        on_away(connection, reason);
    } else if (error == RD_KAFKA_RESP_ERR__TRANSPORT || error == RD_KAFKA_RESP_ERR__RESOLVE) {
        return; /* one broker of several, perhaps; on_log said it */
    } else if (!is_repeated(connection, reason)) {
        kafka_connection_say(connection, "%s: %s", rd_kafka_err2name((rd_kafka_resp_err_t)error), reason);
    }
}

int kafka_status_of(rd_kafka_resp_err_t error) {
    switch (error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR: return STATUS_OK;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: return STATUS_GAP;
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT: return STATUS_FATAL;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL: return STATUS_FULL;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION: return STATUS_REFUSED;
    case RD_KAFKA_RESP_ERR__INVALID_ARG: return STATUS_INVALID;
    default: return STATUS_AWAY;
    }
}

/* -- configuration ------------------------------------------------------------------------------------------ */

static bool is_secret(const char *name) {
    return strstr(name, "password") || strstr(name, "secret") || strstr(name, ".key") || strstr(name, "jaas") ||
           strstr(name, ".config");
}

static bool is_allowed(const char *name) {
    for (size_t i = 0; i < sizeof allowed_prefixes / sizeof *allowed_prefixes; i++)
        if (strncmp(name, allowed_prefixes[i], strlen(allowed_prefixes[i])) == 0) return true;
    return false;
}

static bool set_property(
    rd_kafka_conf_t *conf, const char *name, const char *value, char *problem, size_t problem_bytes) {
    char why[512];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) == RD_KAFKA_CONF_OK) return true;
    snprintf(problem, problem_bytes, "%s: %s", name, is_secret(name) ? "this value is not possible" : why);
    explicit_bzero(why, sizeof why);
    return false;
}

static char *trim(char *text) {
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length && strchr(" \t\r\n", text[length - 1])) text[--length] = 0;
    return text;
}

static bool set_from_line(
    rd_kafka_conf_t *conf, const char *path, int number, char *line, char *problem, size_t problem_bytes) {
    char *name = trim(line);
    if (*name == 0 || *name == '#') return true;
    char *equals = strchr(name, '=');
    if (!equals) {
        snprintf(problem, problem_bytes, "%s:%d: no KEY=VALUE", path, number);
        return false;
    }
    *equals = 0;
    name = trim(name);
    if (!is_allowed(name)) {
        snprintf(problem, problem_bytes,
            "%s:%d: '%s' is not for this file; it takes security.*, sasl.*, ssl.* and how to connect", path, number,
            name);
        return false;
    }
    char why[512];
    if (set_property(conf, name, trim(equals + 1), why, sizeof why)) return true;
    snprintf(problem, problem_bytes, "%s:%d: %s", path, number, why);
    return false;
}

/* OAUTHBEARER needs somebody who makes tokens: librdkafka does for OIDC; for the IAM of Amazon MSK nobody does here. */
static bool check_mechanism(const rd_kafka_conf_t *conf, char *problem, size_t problem_bytes) {
    char mechanism[64] = "", method[64] = "";
    size_t mechanism_bytes = sizeof mechanism, method_bytes = sizeof method;
    rd_kafka_conf_get(conf, "sasl.mechanisms", mechanism, &mechanism_bytes);
    rd_kafka_conf_get(conf, "sasl.oauthbearer.method", method, &method_bytes);
    if (strcmp(mechanism, "OAUTHBEARER") != 0 || strcmp(method, "oidc") == 0) return true;
    snprintf(problem, problem_bytes,
        "kafka-property-file: OAUTHBEARER works with sasl.oauthbearer.method=oidc only; IAM of Amazon MSK is not "
        "supported: use SASL/SCRAM (port 9096, sasl.mechanism=SCRAM-SHA-512)");
    return false;
}

static bool set_from_file(rd_kafka_conf_t *conf, const char *path, char *problem, size_t problem_bytes) {
    char line[8192];
    FILE *file = fopen(path, "re");
    if (!file) {
        snprintf(problem, problem_bytes, "--kafka-property-file: cannot read %s: %s", path, strerror(errno));
        return false;
    }
    bool ok = true;
    for (int number = 1; ok && fgets(line, sizeof line, file); number++)
        ok = set_from_line(conf, path, number, line, problem, problem_bytes);
    explicit_bzero(line, sizeof line);
    fclose(file);
    return ok;
}

/* No metrics for the broker: nobody asked for them, and closing a handle would wait up to a second for them. */
static bool set_all(rd_kafka_conf_t *conf, const struct kafka_settings *settings,
    const struct kafka_property *properties, size_t property_count, char *problem, size_t problem_bytes) {
    const struct kafka_property common[] = {{"bootstrap.servers", settings->brokers},
        {"client.id", settings->client_id ? settings->client_id : "shardbook"}, {"socket.nagle.disable", "true"},
        {"socket.keepalive.enable", "true"}, {"reconnect.backoff.ms", "50"}, {"reconnect.backoff.max.ms", "1000"},
        {"log.connection.close", "false"}, {"enable.metrics.push", "false"}};
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        if (!set_property(conf, common[i].name, common[i].value, problem, problem_bytes)) return false;
    if (settings->property_file && (!set_from_file(conf, settings->property_file, problem, problem_bytes) ||
                                       !check_mechanism(conf, problem, problem_bytes)))
        return false;
    for (size_t i = 0; i < property_count; i++)
        if (!set_property(conf, properties[i].name, properties[i].value, problem, problem_bytes)) return false;
    return true;
}

rd_kafka_conf_t *kafka_conf_new(const struct kafka_settings *settings, const struct kafka_property *properties,
    size_t property_count, struct kafka_connection *connection, char *problem, size_t problem_bytes) {
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (!set_all(conf, settings, properties, property_count, problem, problem_bytes)) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    rd_kafka_conf_set_opaque(conf, connection);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
    return conf;
}

rd_kafka_t *kafka_handle_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct kafka_connection *connection) {
    char why[512];
    rd_kafka_t *rk = rd_kafka_new(type, conf, why, sizeof why);
    if (!rk) {
        rd_kafka_conf_destroy(conf);
        kafka_connection_say(connection, "cannot start: %s", why);
    }
    return rk;
}

/* -- settings ----------------------------------------------------------------------------------------------- */

static bool copy_string(const char **to, const char *from) {
    *to = from ? strdup(from) : NULL;
    return !from || *to;
}

bool kafka_settings_copy(const struct kafka_settings *from, struct kafka_settings *to) {
    *to = (struct kafka_settings){0};
    bool ok = copy_string(&to->brokers, from->brokers) && copy_string(&to->property_file, from->property_file) &&
              copy_string(&to->client_id, from->client_id);
    for (uint8_t i = 0; ok && i < TOPIC_COUNT; i++)
        ok = copy_string(&to->topics[i], from->topics[i] ? from->topics[i] : kafka_topic_default_name(i));
    if (!ok) kafka_settings_free(to);
    return ok;
}

static void free_string(const char **string) {
    union {
        const char *constant;
        char *owned;
    } text = {*string};
    free(text.owned);
    *string = NULL;
}

void kafka_settings_free(struct kafka_settings *copy) {
    free_string(&copy->brokers);
    free_string(&copy->property_file);
    free_string(&copy->client_id);
    for (int i = 0; i < TOPIC_COUNT; i++) free_string(&copy->topics[i]);
}
