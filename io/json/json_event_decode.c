#include "core/control.h"
#include "core/event_fields.h"
#include "io/json/json_event.h"
#include "io/json/json_reader.h"
#include "io/json/json_value.h"

/* ---- The scan: the beginning and the end of a record, as put_head and put_hash of json_event.c write them. */

struct cursor {
    const char *at, *end;
};

static bool skip(struct cursor *cursor, const char *literal, size_t size) {
    if ((size_t)(cursor->end - cursor->at) < size || memcmp(cursor->at, literal, size) != 0) return false;
    cursor->at += size;
    return true;
}

#define SKIP(cursor, literal) skip((cursor), (literal), sizeof(literal) - 1)

static bool scan_digits(struct cursor *cursor, uint64_t most, uint64_t *number) {
    const char *first = cursor->at;
    uint64_t sum = 0;
    for (; cursor->at < cursor->end && (unsigned char)(*cursor->at - '0') < 10; cursor->at++) {
        unsigned digit = (unsigned)(*cursor->at - '0');
        if (sum > (most - digit) / 10) return false;
        sum = sum * 10 + digit;
    }
    *number = sum;
    return cursor->at > first && (*first != '0' || cursor->at == first + 1);
}

static bool scan_signed(struct cursor *cursor, int64_t *number) {
    uint64_t digits;
    bool negative = SKIP(cursor, "-");
    if (!scan_digits(cursor, INT64_MAX, &digits)) return false;
    *number = negative ? -(int64_t)digits : (int64_t)digits;
    return true;
}

/* A name in quotes, of which none of ours has an escape. */
static bool scan_name(struct cursor *cursor, struct text *name) {
    const char *end = memchr(cursor->at, '"', (size_t)(cursor->end - cursor->at));
    if (!end) return false;
    *name = (struct text){cursor->at, (uint32_t)(end - cursor->at)};
    cursor->at = end + 1;
    return true;
}

static bool scan_source(struct cursor *cursor, struct event_scan *scan) {
    int64_t partition;
    uint64_t index;
    if (!SKIP(cursor, ",\"src\":{\"p\":") || !scan_signed(cursor, &partition) || partition != (int32_t)partition)
        return false;
    if (!SKIP(cursor, ",\"o\":") || !scan_signed(cursor, &scan->src_offset)) return false;
    if (!SKIP(cursor, ",\"i\":") || !scan_digits(cursor, UINT32_MAX, &index)) return false;
    scan->src_partition = (int32_t)partition;
    scan->src_index = (uint32_t)index;
    return SKIP(cursor, "}");
}

static bool scan_head(struct cursor *cursor, struct event_scan *scan) {
    struct text type;
    if (!SKIP(cursor, "{\"type\":\"") || !scan_name(cursor, &type) || !(scan->type = (uint8_t)event_type_find(type)))
        return false;
    if (!SKIP(cursor, ",\"symbol\":\"") || !scan_name(cursor, &scan->symbol) || !stream_name_is_valid(scan->symbol))
        return false;
    if (!SKIP(cursor, ",\"fseq\":") || !scan_digits(cursor, UINT64_MAX, &scan->fseq) || !scan_source(cursor, scan))
        return false;
    if (!SKIP(cursor, ",\"own\":") || !scan_signed(cursor, &scan->own)) return false;
    return SKIP(cursor, ",\"timestamp\":") && scan_signed(cursor, &scan->timestamp_ms) && SKIP(cursor, ",");
}

bool json_event_scan(const char *bytes, size_t size, struct event_scan *scan) {
    static const size_t tail_bytes = sizeof "\"hash\":\"0123456789abcdef\"}" - 1;
    struct cursor head = {bytes, bytes + size};
    if (!scan_head(&head, scan) || (size_t)(head.end - head.at) < tail_bytes) return false;
    struct cursor tail = {head.end - tail_bytes, head.end};
    return tail.at[-1] == ',' && SKIP(&tail, "\"hash\":\"") && event_hash_read(tail.at, &scan->hash) &&
           memcmp(tail.end - 2, "\"}", 2) == 0;
}

/* ---- The whole event. */

static bool take_number(struct event_fields *fields, enum event_scope scope, unsigned member, struct text number) {
    uint64_t magnitude;
    bool negative = number.data[0] == '-';
    struct cursor cursor = {number.data + negative, number.data + number.size};
    return scan_digits(&cursor, UINT64_MAX, &magnitude) && cursor.at == cursor.end &&
           event_take_integer(fields, scope, member, negative, magnitude);
}

/* A member that holds no object. */
static bool take_plain(struct event_fields *fields, enum event_scope scope, unsigned member, yyjson_val *value) {
    switch (unsafe_yyjson_get_type(value)) {
    case YYJSON_TYPE_STR: return event_take_text(fields, scope, member, json_text_of(value));
    case YYJSON_TYPE_RAW: return take_number(fields, scope, member, json_number_of(value));
    case YYJSON_TYPE_BOOL: return event_take_boolean(fields, scope, member, unsafe_yyjson_get_bool(value));
    default: return false;
    }
}

static bool take_inner(struct event_fields *fields, enum event_scope scope, yyjson_val *object) {
    if (!yyjson_is_obj(object)) return false;
    yyjson_obj_iter members = yyjson_obj_iter_with(object);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&members));) {
        unsigned member = event_member_find(fields, scope, json_text_of(key));
        if (member != EVENT_MEMBER_NONE && !take_plain(fields, scope, member, yyjson_obj_iter_get_val(key)))
            return false;
    }
    return true;
}

/* What a CONTROL event says beside its own members is the record's fields: put together in `room`. */
static bool take_member(struct event_fields *fields, struct json_room *room, yyjson_val *key, yyjson_val *value) {
    struct text name = json_text_of(key);
    bool is_control = fields->event->type == EVENT_CONTROL;
    enum event_scope scope = event_scope_find(name);
    if (scope == SCOPE_SOURCE || (scope != SCOPE_EVENT && !is_control)) return take_inner(fields, scope, value);
    unsigned member = event_member_find(fields, SCOPE_EVENT, name);
    if (member == EVENT_MEMBER_NONE) return !is_control || json_put_member(room, key, value);
    return take_plain(fields, SCOPE_EVENT, member, value);
}

bool json_event_decode(struct json_decoder *decoder, const char *bytes, size_t size,
    const struct instrument *instrument, struct event *event) {
    char *const out = decoder->scratch;
    struct json_room room = {out, out + CONTROL_FIELDS_BYTES_MAX};
    struct event_fields fields;
    yyjson_val *object = json_read_object(decoder, bytes, size);
    yyjson_val *type = object ? yyjson_obj_get(object, "type") : NULL;
    if (!yyjson_is_str(type) || !event_fields_begin(&fields, event, instrument, json_text_of(type))) return false;
    yyjson_obj_iter members = yyjson_obj_iter_with(object);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&members));)
        if (!take_member(&fields, &room, key, yyjson_obj_iter_get_val(key))) return false;
    if (room.at > out)
        event->control_fields = (struct text){out + 1, (uint32_t)(room.at - out - 1)}; /* without the first comma */
    return event_fields_end(&fields);
}
