#include "shards/dead_letter.h"

#include "core/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The flat form: this, then the key, the value, and name and value of each header, one after another. */
struct packed_letter {
    int64_t offset;
    int32_t partition;
    uint8_t topic, reason, truncated, header_count, has_key, has_value;
    uint32_t key_bytes, value_bytes;
    uint32_t header_bytes[LOG_HEADERS_MAX][2];
};

static char *put(char *at, struct text text) {
    if (text.size) memcpy(at, text.data, text.size);
    return at + text.size;
}

uint32_t dead_letter_pack(const struct log_record *record, enum reason reason, void *out) {
    struct packed_letter *letter = out;
    *letter = (struct packed_letter){.offset = record->offset,
        .partition = record->partition,
        .topic = record->topic,
        .reason = (uint8_t)reason,
        .truncated = record->value.size > DEAD_LETTER_VALUE_BYTES_MAX,
        .has_key = record->key.data && record->key.size <= DEAD_LETTER_VALUE_BYTES_MAX,
        .has_value = record->has_value,
        .key_bytes = record->key.size <= DEAD_LETTER_VALUE_BYTES_MAX ? record->key.size : 0,
        .value_bytes = record->value.size};
    if (letter->truncated) letter->value_bytes = DEAD_LETTER_VALUE_BYTES_MAX;
    char *at = put((char *)(letter + 1), (struct text){record->key.data, letter->key_bytes});
    at = put(at, (struct text){record->value.data, letter->value_bytes});
    char *end = (char *)out + DEAD_LETTER_PACKED_BYTES_MAX - 8;
    uint32_t held = record->header_count < LOG_HEADERS_MAX ? record->header_count : LOG_HEADERS_MAX;
    for (uint32_t i = 0; i < held; i++) {
        struct text name = record->headers[i].name, value = record->headers[i].value;
        if ((uint64_t)name.size + value.size > (uint64_t)(end - at)) continue;
        letter->header_bytes[letter->header_count][0] = name.size;
        letter->header_bytes[letter->header_count][1] = value.size;
        letter->header_count++;
        at = put(put(at, name), value);
    }
    return (uint32_t)((at - (char *)out + 7) & ~7);
}

static void add_header(struct dead_letter *letter, struct text name, struct text value) {
    letter->headers[letter->append.header_count++] = (struct log_header){name, value};
}

void dead_letter_unpack(
    const void *packed, struct text orders_topic, struct text pending_topic, struct dead_letter *letter) {
    const struct packed_letter *from = packed;
    const char *at = (const char *)(from + 1);
    letter->append = (struct log_append){.topic = TOPIC_DEAD_LETTER,
        .key = {from->has_key ? at : NULL, from->key_bytes},
        .value = {from->has_value ? at + from->key_bytes : NULL, from->value_bytes},
        .headers = letter->headers};
    snprintf(letter->partition, sizeof letter->partition, "%" PRId32, from->partition);
    snprintf(letter->offset, sizeof letter->offset, "%" PRId64, from->offset);
    add_header(letter, TEXT("error"), reason_name(from->reason));
    add_header(letter, TEXT("src-topic"), from->topic == TOPIC_PENDING ? pending_topic : orders_topic);
    add_header(letter, TEXT("src-partition"), text_of(letter->partition));
    add_header(letter, TEXT("src-offset"), text_of(letter->offset));
    if (from->truncated) add_header(letter, TEXT("truncated"), TEXT("1"));
    at += from->key_bytes + from->value_bytes;
    for (uint32_t i = 0; i < from->header_count; i++) {
        struct text name = {at, from->header_bytes[i][0]};
        struct text value = {at + name.size, from->header_bytes[i][1]};
        add_header(letter, name, value);
        at = value.data + value.size;
    }
}

/* The first header of a name: ours come before the original's. */
static struct text header_of(const struct log_record *record, struct text name) {
    uint32_t held = record->header_count < LOG_HEADERS_MAX ? record->header_count : LOG_HEADERS_MAX;
    for (uint32_t i = 0; i < held; i++)
        if (text_equal(record->headers[i].name, name)) return record->headers[i].value;
    return TEXT_NONE;
}

static bool number_of(struct text text, int64_t *number) {
    char digits[24] = {0};
    if (text.size == 0 || text.size >= sizeof digits) return false;
    memcpy(digits, text.data, text.size);
    char *end;
    *number = strtoll(digits, &end, 10);
    return *end == 0 && *number >= 0;
}

bool dead_letter_source(const struct log_record *record, struct text orders_topic, struct text pending_topic,
    uint8_t *topic, int32_t *partition, int64_t *offset) {
    struct text name = header_of(record, TEXT("src-topic"));
    int64_t p;
    if (!number_of(header_of(record, TEXT("src-partition")), &p) || p >= PARTITIONS ||
        !number_of(header_of(record, TEXT("src-offset")), offset))
        return false;
    *partition = (int32_t)p;
    *topic = text_equal(name, pending_topic) ? TOPIC_PENDING : TOPIC_ORDERS;
    return text_equal(name, pending_topic) || text_equal(name, orders_topic);
}

bool dead_letter_is_void(const struct log_record *record) {
    return text_equal(header_of(record, TEXT("error")), reason_name(REASON_CAPACITY));
}
