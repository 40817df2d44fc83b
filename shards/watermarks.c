#include "shards/watermarks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void watermarks_deinit(struct watermarks *watermarks) {
    free(watermarks->marks);
    *watermarks = (struct watermarks){0};
}

static struct watermark *find(const struct watermarks *watermarks, int source) {
    for (uint32_t i = 0; i < watermarks->count; i++)
        if (watermarks->marks[i].source == source) return &watermarks->marks[i];
    return NULL;
}

int64_t watermarks_get(const struct watermarks *watermarks, int source) {
    const struct watermark *mark = find(watermarks, source);
    return mark ? mark->offset : -1;
}

enum watermark_verdict watermarks_check(const struct watermarks *watermarks, const struct source_position *position) {
    int64_t applied = watermarks_get(watermarks, source_index(position->topic, position->partition));
    if (position->offset <= applied) return WATERMARK_REPEAT;
    return position->previous == applied ? WATERMARK_FOLLOWS : WATERMARK_GAP;
}

int watermarks_set(struct watermarks *watermarks, const struct source_position *position) {
    int source = source_index(position->topic, position->partition);
    struct watermark *mark = find(watermarks, source);
    if (!mark) {
        struct watermark *wider = realloc(watermarks->marks, (watermarks->count + 1) * sizeof *wider);
        if (!wider) return STATUS_NO_MEMORY;
        watermarks->marks = wider;
        mark = &wider[watermarks->count++];
        mark->source = (uint8_t)source;
    }
    mark->offset = position->offset;
    return STATUS_OK;
}

static bool take_digits(const char **at, const char *end, int64_t *number) {
    const char *start = *at;
    int64_t value = 0;
    while (*at < end && **at >= '0' && **at <= '9') {
        if (value > (INT64_MAX - 9) / 10) return false;
        value = value * 10 + (*(*at)++ - '0');
    }
    *number = value;
    return *at > start;
}

static bool take_slash(const char **at, const char *end) { return *at < end && *(*at)++ == '/'; }

static bool take_topic(
    const char **at, const char *end, struct text orders_topic, struct text pending_topic, uint8_t *topic) {
    const char *slash = memchr(*at, '/', (size_t)(end - *at));
    if (!slash) return false;
    struct text name = {*at, (uint32_t)(slash - *at)};
    *at = slash;
    *topic = text_equal(name, pending_topic) ? TOPIC_PENDING : TOPIC_ORDERS;
    return text_equal(name, pending_topic) || text_equal(name, orders_topic);
}

bool source_position_parse(
    struct text value, struct text orders_topic, struct text pending_topic, struct source_position *position) {
    const char *at = value.data, *end = value.data + value.size;
    int64_t partition;
    if (!at || !take_topic(&at, end, orders_topic, pending_topic, &position->topic) || !take_slash(&at, end) ||
        !take_digits(&at, end, &partition) || partition >= PARTITIONS || !take_slash(&at, end) ||
        !take_digits(&at, end, &position->offset) || !take_slash(&at, end))
        return false;
    position->partition = (int32_t)partition;
    if (end - at == 1 && *at == '-') {
        position->previous = -1;
        return true;
    }
    return take_digits(&at, end, &position->previous) && at == end && position->previous < position->offset;
}

uint32_t source_position_format(const struct source_position *position, struct text topic, char *out) {
    int size = snprintf(
        out, 320, "%.*s/%" PRId32 "/%" PRId64 "/", (int)topic.size, topic.data, position->partition, position->offset);
    size += position->previous < 0 ? snprintf(out + size, 320 - (size_t)size, "-")
                                   : snprintf(out + size, 320 - (size_t)size, "%" PRId64, position->previous);
    return (uint32_t)size;
}
