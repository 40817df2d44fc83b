#include "core/control.h"
#include "core/event_fields.h"
#include "io/msgpack/msgpack_event.h"
#include "io/msgpack/msgpack_fields.h"
#include "io/msgpack/msgpack_reader.h"

/* A member that holds no map. */
static bool take_plain(
    struct event_fields *fields, enum event_scope scope, unsigned member, const msgpack_object *value) {
    switch (value->type) {
    case MSGPACK_OBJECT_STR: return event_take_text(fields, scope, member, msgpack_text_of(value));
    case MSGPACK_OBJECT_POSITIVE_INTEGER: return event_take_integer(fields, scope, member, false, value->via.u64);
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return event_take_integer(fields, scope, member, true, UINT64_C(0) - (uint64_t)value->via.i64);
    case MSGPACK_OBJECT_BOOLEAN: return event_take_boolean(fields, scope, member, value->via.boolean);
    default: return false;
    }
}

static bool take_inner(struct event_fields *fields, enum event_scope scope, const msgpack_object *map) {
    if (map->type != MSGPACK_OBJECT_MAP) return false;
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object_kv *pair = &map->via.map.ptr[i];
        if (pair->key.type != MSGPACK_OBJECT_STR) return false;
        unsigned member = event_member_find(fields, scope, msgpack_text_of(&pair->key));
        if (member != EVENT_MEMBER_NONE && !take_plain(fields, scope, member, &pair->val)) return false;
    }
    return true;
}

static bool take_member(struct event_fields *fields, char **at, const char *end, const msgpack_object_kv *pair) {
    if (pair->key.type != MSGPACK_OBJECT_STR) return false;
    struct text name = msgpack_text_of(&pair->key);
    bool is_control = fields->event->type == EVENT_CONTROL;
    enum event_scope scope = event_scope_find(name);
    if (scope == SCOPE_SOURCE || (scope != SCOPE_EVENT && !is_control)) return take_inner(fields, scope, &pair->val);
    unsigned member = event_member_find(fields, SCOPE_EVENT, name);
    if (member == EVENT_MEMBER_NONE) return !is_control || msgpack_print_member(at, end, pair);
    return take_plain(fields, SCOPE_EVENT, member, &pair->val);
}

static struct text find_type(const msgpack_object *record) {
    for (uint32_t i = 0; i < record->via.map.size; i++) {
        const msgpack_object_kv *member = &record->via.map.ptr[i];
        if (member->key.type == MSGPACK_OBJECT_STR && text_equal(msgpack_text_of(&member->key), TEXT("type")))
            return member->val.type == MSGPACK_OBJECT_STR ? msgpack_text_of(&member->val) : TEXT_NONE;
    }
    return TEXT_NONE;
}

bool msgpack_event_decode(struct msgpack_decoder *decoder, const char *bytes, size_t size,
    const struct instrument *instrument, struct event *event) {
    msgpack_object record;
    struct event_fields fields;
    char *at = decoder->scratch;
    if (!msgpack_read(decoder, bytes, size, &record) || record.type != MSGPACK_OBJECT_MAP) return false;
    if (!event_fields_begin(&fields, event, instrument, find_type(&record))) return false;
    for (uint32_t i = 0; i < record.via.map.size; i++)
        if (!take_member(&fields, &at, decoder->scratch + CONTROL_FIELDS_BYTES_MAX, &record.via.map.ptr[i]))
            return false;
    if (at > decoder->scratch)
        event->control_fields = (struct text){decoder->scratch + 1, (uint32_t)(at - decoder->scratch - 1)};
    return event_fields_end(&fields);
}

bool msgpack_event_scan(struct msgpack_decoder *decoder, const char *bytes, size_t size, struct event_scan *scan) {
    struct event event;
    if (!msgpack_event_decode(decoder, bytes, size, NULL, &event)) return false;
    *scan = event_scan_of(&event);
    return true;
}
