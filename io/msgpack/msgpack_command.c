#include "io/msgpack/msgpack_command.h"

#include "core/command_fields.h"
#include "core/limits.h"
#include "io/msgpack/msgpack_reader.h"

/* What an integer counts in a decimal field. */
enum form { FORM_VALUES, FORM_UNITS };

enum { VERSION_1_PLACES = 13, PLACE_VERSION = 0, PLACE_EXTRA = 12 };

/* Which field stands at which place of the array. */
static const uint8_t fields_of_places[VERSION_1_PLACES] = {FIELD_NONE, FIELD_ACTION, FIELD_SYMBOL, FIELD_ORDER_ID,
    FIELD_USER_ID, FIELD_TIMESTAMP, FIELD_SIDE, FIELD_ORDER_TYPE, FIELD_TIME_IN_FORCE, FIELD_QUANTITY, FIELD_PRICE,
    FIELD_CLIENT_ORDER_ID, FIELD_NONE};

static void take_value(struct command *command, enum field field, const msgpack_object *value, enum form form) {
    switch (value->type) {
    case MSGPACK_OBJECT_NIL: break;
    case MSGPACK_OBJECT_STR:
        if (form == FORM_UNITS && field_is_decimal(field))
            command_take_bad(command, field);
        else
            command_take_text(command, field, msgpack_text_of(value));
        break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        if (form == FORM_UNITS)
            command_take_units(command, field, value->via.u64);
        else
            command_take_integer(command, field, value->via.u64);
        break;
    case MSGPACK_OBJECT_BOOLEAN: command_take_boolean(command, field, value->via.boolean); break;
    case MSGPACK_OBJECT_ARRAY: command_take_array(command, field); break;
    default: command_take_bad(command, field);
    }
}

/* False if a known field comes twice or is in `seen` already. */
static bool take_members(struct command *command, const msgpack_object *map, enum form form, uint64_t seen) {
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object_kv *member = &map->via.map.ptr[i];
        if (member->key.type != MSGPACK_OBJECT_STR) continue;
        enum field field = field_find(msgpack_text_of(&member->key));
        if (field == FIELD_NONE) continue;
        if (seen >> field & 1) return false;
        seen |= UINT64_C(1) << field;
        take_value(command, field, &member->val, form);
    }
    return true;
}

static bool is_enumeration(enum field field) {
    return field == FIELD_ACTION || field == FIELD_SIDE || field == FIELD_ORDER_TYPE || field == FIELD_TIME_IN_FORCE;
}

static void take_place(struct command *command, enum field field, const msgpack_object *value) {
    if (!is_enumeration(field) || value->type == MSGPACK_OBJECT_NIL)
        take_value(command, field, value, FORM_UNITS);
    else if (value->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
        command_take_ordinal(command, field, value->via.u64);
    else
        command_take_bad(command, field);
}

static bool take_places(struct command *command, const msgpack_object *array) {
    uint64_t seen = 0;
    const msgpack_object *places = array->via.array.ptr;
    if (array->via.array.size != VERSION_1_PLACES || places[PLACE_VERSION].type != MSGPACK_OBJECT_POSITIVE_INTEGER ||
        places[PLACE_VERSION].via.u64 != 1)
        return false;
    for (unsigned i = PLACE_VERSION + 1; i < PLACE_EXTRA; i++) {
        enum field field = fields_of_places[i];
        seen |= UINT64_C(1) << field;
        take_place(command, field, &places[i]);
    }
    const msgpack_object *extra = &places[PLACE_EXTRA];
    return extra->type == MSGPACK_OBJECT_NIL ||
           (extra->type == MSGPACK_OBJECT_MAP && take_members(command, extra, FORM_UNITS, seen));
}

/* False if it is ill-formed as a whole. `form` is that of a map's decimals; an array is FORM_UNITS by itself. */
static bool take_object(struct command *command, const msgpack_object *object, enum form form) {
    if (object->type == MSGPACK_OBJECT_MAP) return take_members(command, object, form, 0);
    return object->type == MSGPACK_OBJECT_ARRAY && take_places(command, object);
}

static const msgpack_object *find_member(const msgpack_object *map, enum field field) {
    for (uint32_t i = 0; map->type == MSGPACK_OBJECT_MAP && i < map->via.map.size; i++) {
        const msgpack_object_kv *member = &map->via.map.ptr[i];
        if (member->key.type == MSGPACK_OBJECT_STR && field_find(msgpack_text_of(&member->key)) == field)
            return &member->val;
    }
    return NULL;
}

/* In the array form an order may have it too. False if one of the orders is ill-formed as a whole. */
static bool take_orders(struct msgpack_decoder *decoder, struct command *list, const msgpack_object *record) {
    bool is_map = record->type == MSGPACK_OBJECT_MAP;
    const msgpack_object *orders = find_member(is_map ? record : &record->via.array.ptr[PLACE_EXTRA], FIELD_ORDERS);
    uint32_t objects = 0, count = orders->via.array.size;
    for (uint32_t i = 0; i < count; i++) {
        const msgpack_object *item = &orders->via.array.ptr[i];
        if (item->type != MSGPACK_OBJECT_MAP && (is_map || item->type != MSGPACK_OBJECT_ARRAY)) continue;
        objects++;
        if (i >= LIST_ORDERS_MAX) continue;
        command_init(&decoder->orders[i]);
        if (!take_object(&decoder->orders[i], item, is_map ? FORM_VALUES : FORM_UNITS)) return false;
        command_end_order(&decoder->orders[i], list);
    }
    if (objects == count)
        command_take_orders(list, decoder->orders, count);
    else
        command_take_bad(list, FIELD_ORDERS);
    return true;
}

static bool take_record(struct msgpack_decoder *decoder, struct command *command, const msgpack_object *record) {
    return take_object(command, record, FORM_VALUES) &&
           (!command_has_orders(command) || take_orders(decoder, command, record));
}

void msgpack_command_decode(struct msgpack_decoder *decoder, const char *bytes, size_t size, struct command *command) {
    msgpack_object record;
    command_init(command);
    if (size <= RECORD_BYTES_MAX && msgpack_read(decoder, bytes, size, &record) &&
        take_record(decoder, command, &record))
        command_check(command);
    else
        command_set_malformed(command);
}
