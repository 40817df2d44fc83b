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
    ctl_complain(CTL_FAILED,
        "cannot use the log at %s (%s); name its brokers with --kafka or SHARDBOOK_KAFKA (ops/stack and ops/demo write "
        "theirs to build/run/endpoints.json)",
        ctl->kafka.brokers, status_name(status));
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

/* -- asking ------------------------------------------------------------------------------------------------------- */

bool ctl_log_want_writer(struct ctl_log *log) {
    int status = STATUS_OK;
    if (!log->writer) log->writer = log->store->open_writer(log->store, &status);
    if (!log->writer) ctl_complain(CTL_FAILED, "cannot write to the log (%s)", status_name(status));
    return log->writer != NULL;
}

struct asked {
    struct ctl_log *log;
    const struct ctl_question *questions;
    struct ctl_answer *answers;
    int count, stored, answered;
    int status; /* of the acknowledgements */
};

static void on_ack(void *context, const struct log_ack *ack) {
    struct asked *asked = context;
    if (ack->status != STATUS_OK)
        asked->status = ack->status;
    else
        asked->answers[ack->token].offset = ack->offset;
    asked->stored++;
}

static int append_question(struct asked *asked, int i) {
    const struct ctl_question *question = &asked->questions[i];
    const struct log_header control = {TEXT("me-t"), TEXT("2")};
    const struct log_append record = {.topic = TOPIC_ORDERS,
        .partition = question->partition,
        .key = question->key,
        .value = question->value,
        .header_count = question->is_control,
        .headers = &control,
        .token = (uint64_t)i};
    return asked->log->writer->append(asked->log->writer, &record, 1);
}

/* Appends every record and waits until all are stored; a status. */
static int append_all(struct asked *asked) {
    struct log_writer *writer = asked->log->writer;
    int64_t deadline_ms = now_ms() + asked->log->wait_ms + 1000;
    for (int i = 0; i < asked->count && asked->status == STATUS_OK;) {
        int taken = append_question(asked, i);
        if (taken < 0) return taken;
        i += taken;
        if (taken == 0 && now_ms() > deadline_ms) return STATUS_AWAY;
        if (taken == 0) writer->poll(writer, POLL_MS, on_ack, asked);
    }
    while (asked->stored < asked->count && asked->status == STATUS_OK && now_ms() < deadline_ms)
        writer->poll(writer, POLL_MS, on_ack, asked);
    return asked->status != STATUS_OK ? asked->status : asked->stored < asked->count ? STATUS_AWAY : STATUS_OK;
}

/* Cheap: tells most events apart without decoding them. */
static bool may_be_answer(const struct log_record *record) {
    static const char *const begins[] = {
        "{\"type\":\"CONTROL\"", "{\"type\":\"CANCEL_ALL_DONE\"", "{\"type\":\"REJECTED\"", "{\"type\":\"DUPLICATE\""};
    if (!record->has_value || record->value.size == 0) return false;
    if (record->value.data[0] != '{') return true;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (record->value.size > strlen(begins[i]) && memcmp(record->value.data, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

static bool answers(const struct event *event, const struct ctl_question *question, const struct ctl_answer *answer) {
    bool is_final = question->is_control ? event->type == EVENT_CONTROL
                                         : event->type == EVENT_CANCEL_ALL_DONE || event->type == EVENT_REJECTED ||
                                               event->type == EVENT_DUPLICATE;
    return is_final && event->src_partition == question->partition && event->src_offset == answer->offset;
}

static void take_answer(struct ctl_answer *answer, const struct event *event) {
    struct text result = event->type == EVENT_CONTROL    ? event->control_result
                         : event->type == EVENT_REJECTED ? reason_name((enum reason)event->reason)
                                                         : event_type_name((enum event_type)event->type);
    answer->is_there = true;
    answer->is_first = event->fseq == 1;
    answer->accepted =
        event->type == EVENT_CONTROL ? text_equal(result, TEXT("ACCEPTED")) : event->type == EVENT_CANCEL_ALL_DONE;
    answer->count = event->type == EVENT_CANCEL_ALL_DONE ? event->count : 0;
    snprintf(answer->result, sizeof answer->result, "%.*s", (int)result.size, result.data);
}

static void on_fill(void *context, const struct log_record *record) {
    struct asked *asked = context;
    struct event event;
    if (!may_be_answer(record) || !ctl_log_event(asked->log, record, &event)) return;
    for (int i = 0; i < asked->count; i++) {
        if (asked->answers[i].is_there || !answers(&event, &asked->questions[i], &asked->answers[i])) continue;
        take_answer(&asked->answers[i], &event);
        asked->answered++;
        return;
    }
}

static int seek_answers(struct log_reader *reader, const int64_t begins[PARTITIONS]) {
    int status = STATUS_OK;
    for (int32_t p = 0; p < PARTITIONS && status == STATUS_OK; p++)
        if (begins[p] >= 0) status = reader->seek(reader, TOPIC_FILLS, p, begins[p]);
    return status;
}

/* Reads fills from `begins` on until every answer is there, or none came for so long; a status. */
static int await_answers(struct asked *asked, const int64_t begins[PARTITIONS]) {
    int status;
    struct log_reader *reader = asked->log->store->open_reader(asked->log->store, &status);
    if (!reader) return status;
    int64_t began_ms = now_ms(), heard_ms = began_ms;
    status = seek_answers(reader, begins);
    while (status == STATUS_OK && asked->answered < asked->count && now_ms() - heard_ms < asked->log->wait_ms) {
        int before = asked->answered;
        int got = reader->poll(reader, POLL_MS, RECORDS_PER_POLL, on_fill, asked);
        status = got < 0 && got != STATUS_AWAY ? got : STATUS_OK;
        if (asked->answered != before) heard_ms = now_ms();
    }
    reader->close(reader);
    return status != STATUS_OK ? status : asked->answered < asked->count ? STATUS_EMPTY : STATUS_OK;
}

static void complain_unanswered(const struct asked *asked, int status) {
    int i = 0;
    while (i < asked->count - 1 && asked->answers[i].is_there) i++;
    ctl_complain(CTL_FAILED,
        "%s stands in the log at %d/%" PRId64
        ", but no server answered in %d ms (%s); it counts as soon as one reads it",
        asked->questions[i].name, asked->questions[i].partition, asked->answers[i].offset, asked->log->wait_ms,
        status_name(status));
}

bool ctl_log_ask(struct ctl_log *log, const struct ctl_question *questions, int count, struct ctl_answer *answers_out) {
    struct asked asked = {.log = log, .questions = questions, .answers = answers_out, .count = count};
    int64_t begins[PARTITIONS], begin, began_ms = now_ms();
    memset(begins, 0xff, sizeof begins);
    for (int i = 0; i < count; i++) {
        answers_out[i] = (struct ctl_answer){.offset = -1};
        int32_t p = questions[i].partition;
        if (begins[p] < 0 && !ctl_log_bounds(log, TOPIC_FILLS, p, &begin, &begins[p])) return false;
    }
    if (!ctl_log_want_writer(log)) return false;
    int status = append_all(&asked);
    if (status != STATUS_OK) {
        ctl_complain(CTL_FAILED, "the %s record could not be written, or it is not known whether it was (%s)",
            questions[0].name, status_name(status));
        return false;
    }
    status = await_answers(&asked, begins);
    for (int i = 0; i < count; i++) answers_out[i].seconds = (double)(now_ms() - began_ms) / 1000;
    if (status != STATUS_OK) complain_unanswered(&asked, status);
    return status == STATUS_OK;
}

static struct ctl_question question_of(const struct control *control, int32_t partition, char *value) {
    return (struct ctl_question){.name = control_kind_name(control->kind).data,
        .partition = partition,
        .key = control->symbol,
        .value = {value, (uint32_t)json_control_encode(control, value, CONTROL_BYTES_MAX)},
        .is_control = true};
}

bool ctl_log_decide_each(
    struct ctl_log *log, const struct control *controls, int count, struct ctl_answer *answers_out) {
    static char values[CTL_CONTROLS_MAX][CONTROL_BYTES_MAX];
    struct ctl_question questions[CTL_CONTROLS_MAX];
    for (int i = 0; i < count; i++)
        questions[i] = question_of(&controls[i], home_partition(controls[i].symbol), values[i]);
    return ctl_log_ask(log, questions, count, answers_out);
}

bool ctl_log_decide(struct ctl_log *log, const struct control *control, struct ctl_answer *answer) {
    return ctl_log_decide_each(log, control, 1, answer);
}

bool ctl_log_decide_everywhere(
    struct ctl_log *log, const struct control *control, struct ctl_answer answers_out[PARTITIONS]) {
    char value[CONTROL_BYTES_MAX];
    struct ctl_question questions[PARTITIONS];
    for (int32_t p = 0; p < PARTITIONS; p++) questions[p] = question_of(control, p, value);
    return ctl_log_ask(log, questions, PARTITIONS, answers_out);
}

int ctl_print_everywhere(
    const struct ctl *ctl, const struct control *control, const struct ctl_answer answers_in[PARTITIONS]) {
    int refused = -1;
    if (ctl->json) printf("\"partitions\":[");
    for (int p = 0; p < PARTITIONS; p++) {
        if (ctl->json)
            printf("%s{\"partition\":%d,\"offset\":%" PRId64 ",\"result\":\"%s\"}", p ? "," : "", p,
                answers_in[p].offset, answers_in[p].result);
        else
            printf(" %d/%" PRId64, p, answers_in[p].offset);
        if (!answers_in[p].accepted && refused < 0) refused = p;
    }
    const char *result = refused < 0 ? "ACCEPTED" : answers_in[refused].result;
    printf(ctl->json ? "],\"result\":\"%s\"}\n" : ": %s\n", result);
    if (refused < 0) return CTL_DONE;
    return ctl_complain(
        CTL_FAILED, "%s was refused in partition %d: %s", control_kind_name(control->kind).data, refused, result);
}
