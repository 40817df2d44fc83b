#include "tests/reference/transcript.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

void transcript_open(struct transcript *t) {
    *t = (struct transcript){.reference = reference_open(), .time_ms = INT64_C(1764900000000)};
}

static void forget_events(struct transcript *t) {
    for (size_t i = 0; i < t->count; i++) free(t->events[i]);
    t->count = 0;
}

void transcript_close(struct transcript *t) {
    forget_events(t);
    reference_close(t->reference);
}

static void keep_event(void *context, const struct reference_event *event) {
    struct transcript *t = context;
    cr_assert_lt(t->count, (size_t)TRANSCRIPT_EVENTS);
    t->events[t->count++] = strndup(event->bytes.data, event->bytes.size);
}

void transcript_record(
    struct transcript *t, int32_t partition, struct text key, struct text value, const char *me_t, const char *me_src) {
    struct reference_record record = {.partition = partition,
        .offset = t->offsets[partition]++,
        .timestamp_ms = t->time_ms,
        .key = key,
        .value = value,
        .me_t = text_of(me_t),
        .me_src = text_of(me_src)};
    forget_events(t);
    cr_assert_eq(reference_apply(t->reference, &record, keep_event, t, &t->fate), REFERENCE_OK);
}

void transcript_say(struct transcript *t, int32_t partition, const char *value) {
    char *json = strdup(value);
    for (char *at = json; *at; at++)
        if (*at == '\'') *at = '"';
    transcript_record(t, partition, TEXT("AAPL"), text_of(json), NULL, NULL);
    free(json);
}

void transcript_aapl(struct transcript *t, const char *value) { transcript_say(t, AAPL_HOME, value); }

static yyjson_val *member(yyjson_val *root, const char *path) {
    const char *dot = strchr(path, '.');
    if (!dot) return yyjson_obj_get(root, path);
    return member(yyjson_obj_getn(root, path, (size_t)(dot - path)), dot + 1);
}

/* A member as text; NULL if it is not there. The caller frees. */
static char *text_at(yyjson_val *root, const char *path) {
    yyjson_val *value = member(root, path);
    if (yyjson_is_str(value)) return strdup(yyjson_get_str(value));
    return value ? yyjson_val_write(value, 0, NULL) : NULL;
}

static bool field_is(yyjson_val *root, char *field) {
    char *equals = strchr(field, '=');
    if (*field == '-') return member(root, field + 1) == NULL;
    cr_assert(equals, "a field is NAME=VALUE or -NAME: %s", field);
    *equals = 0;
    char *text = text_at(root, field);
    bool same = text && strcmp(text, equals + 1) == 0;
    *equals = '=';
    free(text);
    return same;
}

void transcript_expect(
    struct transcript *t, size_t i, const char *type, const char *fields, const char *file, int line) {
    cr_assert_lt(i, t->count, "%s:%d: there is no event %zu", file, line, i);
    yyjson_doc *document = yyjson_read(t->events[i], strlen(t->events[i]), 0);
    yyjson_val *root = yyjson_doc_get_root(document);
    char *list = strdup(fields), *rest = NULL;
    cr_assert(root, "%s:%d: no JSON: %s", file, line, t->events[i]);
    cr_assert(yyjson_equals_str(yyjson_obj_get(root, "type"), type), "%s:%d: expected %s, got %s", file, line, type,
        t->events[i]);
    for (char *field = strtok_r(list, " ", &rest); field; field = strtok_r(NULL, " ", &rest))
        cr_assert(field_is(root, field), "%s:%d: expected %s, got %s", file, line, field, t->events[i]);
    free(list);
    yyjson_doc_free(document);
}

void transcript_expect_count(struct transcript *t, size_t count, const char *file, int line) {
    cr_assert_eq(t->count, count, "%s:%d: expected %zu events, got %zu, the last %s", file, line, count, t->count,
        t->count ? t->events[t->count - 1] : "none");
}
