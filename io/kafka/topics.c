#include "io/kafka/topics.h"

#include "io/kafka/kafka_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_BYTES = 512, RULES_MAX = 8, SETTLE_TRIES = 50, SETTLE_PAUSE_US = 100000 };

#define WEEK_MS (INT64_C(7) * 24 * 3600 * 1000)

/* One setting of a topic: created with `value`, later accepted if equal, or if it is no smaller (-1: no limit). */
struct rule {
    const char *name;
    char value[32];
    bool at_least;
};

struct ensure {
    const struct kafka_settings *settings; /* a copy with all names */
    const struct topics_wanted *wanted;
    topics_on_finding on_finding;
    void *context;
    struct kafka_connection connection;
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    bool missing[TOPIC_COUNT], created[TOPIC_COUNT], wrong[TOPIC_COUNT];
};

struct topics_wanted topics_wanted_defaults(void) {
    return (struct topics_wanted){
        .replication = 1, .min_insync_replicas = 1, .retention_ms = WEEK_MS, .create = true, .timeout_ms = 15000};
}

/* -- what a topic should be ------------------------------------------------------------------------------------ */

static void add_rule(struct rule *rules, int *count, const char *name, bool at_least, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static void add_rule(struct rule *rules, int *count, const char *name, bool at_least, const char *format, ...) {
    struct rule *rule = &rules[(*count)++];
    va_list arguments;
    rule->name = name;
    rule->at_least = at_least;
    va_start(arguments, format);
    vsnprintf(rule->value, sizeof rule->value, format, arguments);
    va_end(arguments);
}

static int rules_of(uint8_t topic, const struct topics_wanted *wanted, struct rule rules[RULES_MAX]) {
    int count = 0;
    bool is_door = topic == TOPIC_ORDERS || topic == TOPIC_PENDING;
    bool is_compacted = topic == TOPIC_SNAPSHOTS || topic == TOPIC_STATUS;
    add_rule(rules, &count, "message.timestamp.type", false, "LogAppendTime");
    add_rule(rules, &count, "max.message.bytes", !is_door, "%" PRIu32, kafka_topic_bytes_max(topic));
    add_rule(rules, &count, "min.insync.replicas", true, "%d", wanted->min_insync_replicas);
    add_rule(rules, &count, "cleanup.policy", false, is_compacted ? "compact" : "delete");
    if (is_compacted) {
        add_rule(rules, &count, "segment.bytes", false, "67108864");
        add_rule(rules, &count, "max.compaction.lag.ms", false, "600000");
    } else {
        add_rule(rules, &count, "retention.ms", true, "%" PRId64, wanted->retention_ms);
        add_rule(rules, &count, "retention.bytes", false, "-1");
    }
    return count;
}

/* -- findings -------------------------------------------------------------------------------------------------- */

static void find(struct ensure *ensure, uint8_t topic, enum topic_finding finding, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void find(struct ensure *ensure, uint8_t topic, enum topic_finding finding, const char *format, ...) {
    char text[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (finding != TOPIC_IN_ORDER && finding != TOPIC_CREATED) ensure->wrong[topic] = true;
    ensure->on_finding(ensure->context, finding, ensure->settings->topics[topic], text);
}

/* -- metadata -------------------------------------------------------------------------------------------------- */

static void check_shape(struct ensure *ensure, uint8_t number, const rd_kafka_metadata_topic_t *topic) {
    int replicas = INT32_MAX;
    if (topic->partition_cnt != kafka_topic_partitions(number))
        find(ensure, number, TOPIC_DIFFERS,
            "has %d partitions and must have %d; a symbol's home is counted by it: use another topic name, or delete "
            "it and ensure again",
            topic->partition_cnt, kafka_topic_partitions(number));
    for (int i = 0; i < topic->partition_cnt; i++)
        if (topic->partitions[i].replica_cnt < replicas) replicas = topic->partitions[i].replica_cnt;
    if (topic->partition_cnt > 0 && replicas < ensure->wanted->replication)
        find(ensure, number, TOPIC_DIFFERS, "has replication factor %d, wanted is at least %d; reassign its partitions",
            replicas, ensure->wanted->replication);
}

/* Looks at one topic; *missing tells whether it is not there. STATUS_OK, or AWAY and the like. */
static int look_at_topic(struct ensure *ensure, uint8_t number, bool check, bool *missing) {
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(ensure->rk, ensure->settings->topics[number], NULL);
    rd_kafka_resp_err_t error = rd_kafka_metadata(ensure->rk, 0, topic, &metadata, ensure->wanted->timeout_ms);
    rd_kafka_topic_destroy(topic);
    if (error) {
        kafka_connection_say(&ensure->connection, "no answer about topic %s: %s", ensure->settings->topics[number],
            rd_kafka_err2str(error));
        return kafka_status_of(error);
    }
    const rd_kafka_metadata_topic_t *found = &metadata->topics[0];
    *missing = metadata->topic_cnt != 1 || found->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
               found->err == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
    if (!*missing && found->err)
        find(ensure, number, TOPIC_UNKNOWN, "cannot be looked at: %s", rd_kafka_err2str(found->err));
    else if (!*missing && check)
        check_shape(ensure, number, found);
    rd_kafka_metadata_destroy(metadata);
    return STATUS_OK;
}

/* After creation: waits until the brokers know the topic, so that who comes next finds it. */
static int look_until_there(struct ensure *ensure, uint8_t number) {
    bool missing = true;
    for (int try = 0; missing && try < SETTLE_TRIES; try++) {
        int status = look_at_topic(ensure, number, false, &missing);
        if (status != STATUS_OK) return status;
        if (missing) usleep(SETTLE_PAUSE_US);
    }
    return missing ? STATUS_AWAY : look_at_topic(ensure, number, true, &missing);
}

/* -- creation -------------------------------------------------------------------------------------------------- */

static rd_kafka_event_t *wait_for_event(struct ensure *ensure) {
    return rd_kafka_queue_poll(ensure->queue, ensure->wanted->timeout_ms + 5000);
}

static rd_kafka_AdminOptions_t *options_new(struct ensure *ensure, rd_kafka_admin_op_t operation) {
    char why[256];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(ensure->rk, operation);
    rd_kafka_AdminOptions_set_request_timeout(options, ensure->wanted->timeout_ms, why, sizeof why);
    if (operation == RD_KAFKA_ADMIN_OP_CREATETOPICS)
        rd_kafka_AdminOptions_set_operation_timeout(options, ensure->wanted->timeout_ms, why, sizeof why);
    return options;
}

static rd_kafka_NewTopic_t *new_topic(struct ensure *ensure, uint8_t number) {
    char why[256];
    struct rule rules[RULES_MAX];
    int count = rules_of(number, ensure->wanted, rules);
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(
        ensure->settings->topics[number], kafka_topic_partitions(number), ensure->wanted->replication, why, sizeof why);
    for (int i = 0; topic && i < count; i++) rd_kafka_NewTopic_set_config(topic, rules[i].name, rules[i].value);
    return topic;
}

static void on_created(struct ensure *ensure, uint8_t number, rd_kafka_event_t *event) {
    const rd_kafka_CreateTopics_result_t *result = event ? rd_kafka_event_CreateTopics_result(event) : NULL;
    size_t count = 0;
    const rd_kafka_topic_result_t **topics = result ? rd_kafka_CreateTopics_result_topics(result, &count) : NULL;
    if (!event || rd_kafka_event_error(event) || count != 1) {
        find(ensure, number, TOPIC_MISSING, "could not be made: %s",
            event ? rd_kafka_event_error_string(event) : "no answer in time");
        return;
    }
    rd_kafka_resp_err_t error = rd_kafka_topic_result_error(topics[0]);
    if (!error)
        ensure->created[number] = true;
    else if (error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        find(ensure, number, TOPIC_MISSING, "could not be made: %s: %s", rd_kafka_err2name(error),
            rd_kafka_topic_result_error_string(topics[0]));
}

static void create_topic(struct ensure *ensure, uint8_t number) {
    rd_kafka_NewTopic_t *topic = new_topic(ensure, number);
    if (!topic) {
        find(ensure, number, TOPIC_MISSING, "could not be made: replication factor %d is not possible",
            ensure->wanted->replication);
        return;
    }
    rd_kafka_AdminOptions_t *options = options_new(ensure, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_CreateTopics(ensure->rk, &topic, 1, options, ensure->queue);
    rd_kafka_event_t *event = wait_for_event(ensure);
    on_created(ensure, number, event);
    if (event) rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_NewTopic_destroy(topic);
}

/* -- settings of what is there ---------------------------------------------------------------------------------- */

static bool follows(const struct rule *rule, const char *value) {
    if (!rule->at_least) return strcmp(rule->value, value) == 0;
    long long is = strtoll(value, NULL, 10);
    return is == -1 || is >= strtoll(rule->value, NULL, 10);
}

static const char *value_in(const rd_kafka_ConfigEntry_t **entries, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0) return rd_kafka_ConfigEntry_value(entries[i]);
    return NULL;
}

static void check_rules(struct ensure *ensure, uint8_t number, const rd_kafka_ConfigResource_t *resource) {
    struct rule rules[RULES_MAX];
    int rule_count = rules_of(number, ensure->wanted, rules);
    size_t count;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (int i = 0; i < rule_count; i++) {
        const char *value = value_in(entries, count, rules[i].name);
        if (!value || !follows(&rules[i], value))
            find(ensure, number, TOPIC_DIFFERS,
                "has %s=%s, wanted is %s%s; set it with: kafka-configs --alter --topic %s --add-config %s=%s",
                rules[i].name, value ? value : "(none)", rules[i].at_least ? "at least " : "", rules[i].value,
                ensure->settings->topics[number], rules[i].name, rules[i].value);
    }
}

static void on_described(struct ensure *ensure, uint8_t number, rd_kafka_event_t *event) {
    const rd_kafka_DescribeConfigs_result_t *result = event ? rd_kafka_event_DescribeConfigs_result(event) : NULL;
    size_t count = 0;
    const rd_kafka_ConfigResource_t **resources =
        result ? rd_kafka_DescribeConfigs_result_resources(result, &count) : NULL;
    if (!event || rd_kafka_event_error(event) || count != 1)
        find(ensure, number, TOPIC_UNKNOWN, "has settings that cannot be read: %s",
            event ? rd_kafka_event_error_string(event) : "no answer in time");
    else if (rd_kafka_ConfigResource_error(resources[0]))
        find(ensure, number, TOPIC_UNKNOWN, "has settings that cannot be read: %s",
            rd_kafka_ConfigResource_error_string(resources[0]));
    else
        check_rules(ensure, number, resources[0]);
}

static void check_settings(struct ensure *ensure, uint8_t number) {
    rd_kafka_ConfigResource_t *resource =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, ensure->settings->topics[number]);
    rd_kafka_AdminOptions_t *options = options_new(ensure, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_DescribeConfigs(ensure->rk, &resource, 1, options, ensure->queue);
    rd_kafka_event_t *event = wait_for_event(ensure);
    on_described(ensure, number, event);
    if (event) rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy(resource);
}

/* -- the whole --------------------------------------------------------------------------------------------------- */

static int ensure_topic(struct ensure *ensure, uint8_t number) {
    bool missing;
    int status = look_at_topic(ensure, number, true, &missing);
    if (status != STATUS_OK) return status;
    if (missing && !ensure->wanted->create)
        find(ensure, number, TOPIC_MISSING, "does not exist; make it with: shardbookctl topics ensure");
    if (missing && ensure->wanted->create) {
        create_topic(ensure, number);
        if (!ensure->wrong[number]) status = look_until_there(ensure, number);
    }
    if (status == STATUS_OK && !(missing && ensure->wrong[number])) check_settings(ensure, number);
    if (status == STATUS_OK && !ensure->wrong[number])
        find(ensure, number, ensure->created[number] ? TOPIC_CREATED : TOPIC_IN_ORDER, "%s", "");
    return status;
}

static int ensure_all(struct ensure *ensure) {
    int status = STATUS_OK;
    bool wrong = false;
    for (uint8_t i = 0; status == STATUS_OK && i < TOPIC_COUNT; i++) {
        status = ensure_topic(ensure, i);
        wrong |= ensure->wrong[i];
    }
    return status != STATUS_OK ? status : wrong ? STATUS_REFUSED : STATUS_OK;
}

static int connect_and_ensure(struct ensure *ensure) {
    static const struct kafka_property properties[] = {{"allow.auto.create.topics", "false"}};
    char problem[512];
    rd_kafka_conf_t *conf =
        kafka_conf_new(ensure->settings, properties, 1, &ensure->connection, problem, sizeof problem);
    if (!conf) {
        kafka_connection_say(&ensure->connection, "%s", problem);
        return STATUS_INVALID;
    }
    ensure->rk = kafka_handle_new(RD_KAFKA_CONSUMER, conf, &ensure->connection);
    if (!ensure->rk) return STATUS_INVALID;
    ensure->queue = rd_kafka_queue_new(ensure->rk);
    int status = ensure_all(ensure);
    rd_kafka_queue_destroy(ensure->queue);
    rd_kafka_destroy_flags(ensure->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return status;
}

int topics_ensure(const struct kafka_settings *settings, const struct topics_wanted *wanted,
    topics_on_finding on_finding, void *context) {
    struct kafka_settings copy;
    if (!kafka_settings_copy(settings, &copy)) return STATUS_NO_MEMORY;
    struct ensure ensure = {
        .settings = &copy, .wanted = wanted, .on_finding = on_finding, .context = context, .connection.name = "topics"};
    int status = connect_and_ensure(&ensure);
    kafka_settings_free(&copy);
    return status;
}
