#include "ops/ctl_log.h"

#include "core/limits.h"
#include "io/json/json_control.h"
#include "io/json/json_event.h"
#include "io/kafka/kafka_log.h"
#include "io/msgpack/msgpack_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { POLL_MS = 100, RECORDS_PER_POLL = 4096, SILENCE_MS = 10000 };

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool ctl_log_open(struct ctl_log *log, struct ctl *ctl) {
    int status = STATUS_NO_MEMORY;
    struct kafka_log_settings settings = kafka_log_defaults();
    *log = (struct ctl_log){.ctl = ctl, .wait_ms = (int)configuration_count(ctl->configuration, "wait-ms")};
    settings.kafka = ctl->kafka;
    settings.linger_ms = 0;
    settings.message_timeout_ms = log->wait_ms;
    settings.metadata_timeout_ms = 10000;
    if (json_decoder_init(&log->json, RECORD_BYTES_MAX) && msgpack_decoder_init(&log->msgpack, EVENT_BYTES_MAX))
        log->store = kafka_log_open(&settings, &status);
    if (log->store) return true;
    ctl_log_close(log);
    ctl_complain(CTL_FAILED, "cannot use the log at %s (%s); see --kafka", ctl->kafka.brokers, status_name(status));
    return false;
}

void ctl_log_close(struct ctl_log *log) {
    if (log->writer) log->writer->close(log->writer);
    if (log->store) log->store->close(log->store);
    json_decoder_deinit(&log->json);
    msgpack_decoder_deinit(&log->msgpack);
}

bool ctl_log_bounds(struct ctl_log *log, uint8_t topic, int32_t partition, int64_t *begin, int64_t *end) {
    int status = log->store->bounds(log->store, topic, partition, begin, end);
    if (status != STATUS_OK)
        ctl_complain(CTL_FAILED, "no answer about partition %d of the log (%s)", partition, status_name(status));
    return status == STATUS_OK;
}

/* -- reading ------------------------------------------------------------------------------------------------------ */

struct stretch {
    int64_t next, end;
    void (*on_record)(void *context, const struct log_record *record);
    void *context;
};

static void on_stretch_record(void *context, const struct log_record *record) {
    struct stretch *stretch = context;
    if (record->offset < stretch->end) stretch->on_record(stretch->context, record);
    stretch->next = record->offset + 1;
}

/* A tail without records (markers of foreign transactions) counts as read after SILENCE_MS. */
static int read_stretch(struct log_reader *reader, struct stretch *stretch) {
    int64_t heard_ms = now_ms();
    while (stretch->next < stretch->end) {
        int got = reader->poll(reader, POLL_MS, RECORDS_PER_POLL, on_stretch_record, stretch);
        if (got < 0 && got != STATUS_AWAY) return got;
        if (got > 0)
            heard_ms = now_ms();
        else if (now_ms() - heard_ms > SILENCE_MS)
            return got;
    }
    return STATUS_OK;
}

bool ctl_log_read(struct ctl_log *log, uint8_t topic, int32_t partition, int64_t begin, int64_t end,
    void (*on_record)(void *context, const struct log_record *record), void *context) {
    int status;
    struct stretch stretch = {begin, end, on_record, context};
    struct log_reader *reader = log->store->open_reader(log->store, &status);
    if (reader) {
        status = reader->seek(reader, topic, partition, begin);
        if (status == STATUS_OK) status = read_stretch(reader, &stretch);
        reader->close(reader);
    }
    if (status != STATUS_OK)
        ctl_complain(CTL_FAILED, "cannot read partition %d of the log (%s)", partition, status_name(status));
    return status == STATUS_OK;
}

/* -- events ------------------------------------------------------------------------------------------------------- */

bool ctl_log_event(struct ctl_log *log, const struct log_record *record, struct event *event) {
    if (!record->has_value || record->value.size == 0) return false;
    if (record->value.data[0] == '{')
        return json_event_decode(&log->json, record->value.data, record->value.size, NULL, event);
    return msgpack_event_decode(&log->msgpack, record->value.data, record->value.size, NULL, event);
}

/* Cheap: tells most records apart without decoding them. */
static bool may_be_control(const struct log_record *record) {
    static const char begin[] = "{\"type\":\"CONTROL\"";
    if (!record->has_value || record->value.size < sizeof begin) return false;
    return record->value.data[0] != '{' || memcmp(record->value.data, begin, sizeof begin - 1) == 0;
}

/* Reads the event's fields as the control record they came from. */
static bool decode_fields(struct ctl_log *log, const struct event *event, struct control *control) {
    static char text[CONTROL_FIELDS_BYTES_MAX + 256];
    int bytes = snprintf(text, sizeof text, "{\"kind\":\"%.*s\",\"symbol\":\"%.*s\"%s%.*s}",
        (int)event->control_kind.size, event->control_kind.data, (int)event->symbol.size, event->symbol.data,
        event->control_fields.size ? "," : "", (int)event->control_fields.size,
        event->control_fields.size ? event->control_fields.data : "");
    return bytes > 0 && bytes < (int)sizeof text && json_control_decode(&log->json, text, (size_t)bytes, control);
}

bool ctl_log_control(struct ctl_log *log, const struct log_record *record, struct text symbol, struct event *event,
    struct control *control) {
    static char kind[32], result[64];
    if (!may_be_control(record) || !ctl_log_event(log, record, event) || event->type != EVENT_CONTROL ||
        !text_equal(event->symbol, symbol))
        return false;
    /* json_control_decode reuses the decoder's memory: keep what is still wanted of the event. */
    snprintf(kind, sizeof kind, "%.*s", (int)event->control_kind.size, event->control_kind.data);
    snprintf(result, sizeof result, "%.*s", (int)event->control_result.size, event->control_result.data);
    if (!decode_fields(log, event, control)) return false;
    event->symbol = symbol;
    event->control_kind = text_of(kind);
    event->control_result = text_of(result);
    event->control_fields = TEXT_NONE;
    return true;
}

/* -- deciding ----------------------------------------------------------------------------------------------------- */

static void on_ack(void *context, const struct log_ack *ack) { *(struct log_ack *)context = *ack; }

bool ctl_log_want_writer(struct ctl_log *log) {
    int status = STATUS_OK;
    if (!log->writer) log->writer = log->store->open_writer(log->store, &status);
    if (!log->writer) ctl_complain(CTL_FAILED, "cannot write to the log (%s)", status_name(status));
    return log->writer != NULL;
}

/* Appends one record and waits until it is stored; its offset, or -1 after a complaint. */
static int64_t append_control(struct ctl_log *log, const struct control *control) {
    char value[CONTROL_BYTES_MAX];
    size_t value_bytes = json_control_encode(control, value, sizeof value);
    const struct log_header header = {TEXT("me-t"), TEXT("2")};
    const struct log_append record = {.topic = TOPIC_ORDERS,
        .partition = home_partition(control->symbol),
        .key = control->symbol,
        .value = {value, (uint32_t)value_bytes},
        .header_count = 1,
        .headers = &header};
    struct log_ack ack = {.status = STATUS_AWAY};
    if (!ctl_log_want_writer(log)) return -1;
    int64_t deadline_ms = now_ms() + log->wait_ms + 1000;
    int taken = log->writer->append(log->writer, &record, 1);
    for (int got = 0; taken == 1 && got == 0 && now_ms() < deadline_ms;)
        got = log->writer->poll(log->writer, POLL_MS, on_ack, &ack);
    int status = taken < 0 ? taken : ack.status;
    if (status == STATUS_OK) return ack.offset;
    ctl_complain(CTL_FAILED, "the %.*s record could not be written, or it is not known whether it was (%s)",
        (int)control_kind_name(control->kind).size, control_kind_name(control->kind).data, status_name(status));
    return -1;
}

struct awaited {
    struct ctl_log *log;
    struct text symbol;
    int64_t offset;
    bool found;
    struct ctl_answer *answer;
};

static void on_fill(void *context, const struct log_record *record) {
    struct awaited *awaited = context;
    struct event event;
    struct control control;
    if (awaited->found || !ctl_log_control(awaited->log, record, awaited->symbol, &event, &control) ||
        event.src_offset != awaited->offset)
        return;
    awaited->found = true;
    awaited->answer->accepted = text_equal(event.control_result, TEXT("ACCEPTED"));
    snprintf(awaited->answer->result, sizeof awaited->answer->result, "%.*s", (int)event.control_result.size,
        event.control_result.data);
}

/* Reads fills[partition] from `begin` on until the answer is there or time is up; a status. */
static int await_answer(struct ctl_log *log, int32_t partition, int64_t begin, struct awaited *awaited) {
    int status;
    int64_t deadline_ms = now_ms() + log->wait_ms;
    struct log_reader *reader = log->store->open_reader(log->store, &status);
    if (!reader) return status;
    status = reader->seek(reader, TOPIC_FILLS, partition, begin);
    while (status == STATUS_OK && !awaited->found && now_ms() < deadline_ms) {
        int got = reader->poll(reader, POLL_MS, RECORDS_PER_POLL, on_fill, awaited);
        status = got < 0 && got != STATUS_AWAY ? got : STATUS_OK;
    }
    reader->close(reader);
    return status != STATUS_OK ? status : awaited->found ? STATUS_OK : STATUS_EMPTY;
}

bool ctl_log_decide(struct ctl_log *log, const struct control *control, struct ctl_answer *answer) {
    int32_t home = home_partition(control->symbol);
    int64_t begin, end, began_ms = now_ms();
    *answer = (struct ctl_answer){.offset = -1};
    if (!ctl_log_bounds(log, TOPIC_FILLS, home, &begin, &end)) return false;
    answer->offset = append_control(log, control);
    if (answer->offset < 0) return false;
    struct awaited awaited = {.log = log, .symbol = control->symbol, .offset = answer->offset, .answer = answer};
    int status = await_answer(log, home, end, &awaited);
    answer->seconds = (double)(now_ms() - began_ms) / 1000;
    if (status == STATUS_OK) return true;
    struct text kind = control_kind_name(control->kind);
    ctl_complain(CTL_FAILED,
        "%.*s stands in the log at %d/%" PRId64
        ", but no server answered in %d ms (%s); it counts as soon as one reads it",
        (int)kind.size, kind.data, home, answer->offset, log->wait_ms, status_name(status));
    return false;
}
