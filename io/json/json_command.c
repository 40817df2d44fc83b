#include "io/json/json_command.h"

#include "core/command_fields.h"
#include "core/limits.h"
#include "io/json/json_reader.h"

static void take_value(struct command *command, enum field field, yyjson_val *value) {
    switch (unsafe_yyjson_get_type(value)) {
    case YYJSON_TYPE_NULL: break;
    case YYJSON_TYPE_STR: command_take_text(command, field, json_text_of(value)); break;
    case YYJSON_TYPE_RAW: command_take_number(command, field, json_number_of(value)); break;
    case YYJSON_TYPE_BOOL: command_take_boolean(command, field, unsafe_yyjson_get_bool(value)); break;
    case YYJSON_TYPE_ARR: command_take_array(command, field); break;
    default: command_take_bad(command, field);
    }
}

/* False if a known field comes twice. */
static bool take_members(struct command *command, yyjson_val *object) {
    uint64_t seen = 0;
    yyjson_obj_iter members = yyjson_obj_iter_with(object);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&members));) {
        enum field field = field_find(json_text_of(key));
        if (field == FIELD_NONE) continue;
        if (seen >> field & 1) return false;
        seen |= UINT64_C(1) << field;
        take_value(command, field, yyjson_obj_iter_get_val(key));
    }
    return true;
}

/* False if a known field comes twice in one of the orders. */
static bool take_orders(struct json_decoder *decoder, struct command *list, yyjson_val *object) {
    yyjson_val *array = yyjson_obj_get(object, field_name(FIELD_ORDERS).data);
    yyjson_arr_iter items = yyjson_arr_iter_with(array);
    uint32_t objects = 0, count = 0;
    for (yyjson_val *item; (item = yyjson_arr_iter_next(&items)); count++) {
        if (!unsafe_yyjson_is_obj(item)) continue;
        objects++;
        if (count >= LIST_ORDERS_MAX) continue;
        command_init(&decoder->orders[count]);
        if (!take_members(&decoder->orders[count], item)) return false;
        command_end_order(&decoder->orders[count], list);
    }
    if (objects == count)
        command_take_orders(list, decoder->orders, count);
    else
        command_take_bad(list, FIELD_ORDERS);
    return true;
}

static bool take_record(struct json_decoder *decoder, struct command *command, yyjson_val *object) {
    return take_members(command, object) && (!command_has_orders(command) || take_orders(decoder, command, object));
}

static void decode_document(
    struct json_decoder *decoder, const char *bytes, size_t size, enum action unnamed, struct command *command) {
    yyjson_val *object = json_read_object(decoder, bytes, size);
    command_init(command);
    command->action = (uint8_t)unnamed;
    if (object && take_record(decoder, command, object))
        command_check(command);
    else
        command_set_malformed(command);
}

void json_command_decode_as(
    struct json_decoder *decoder, const char *bytes, size_t size, enum action unnamed, struct command *command) {
    command_init(command);
    command->action = (uint8_t)unnamed;
    if (size > RECORD_BYTES_MAX)
        command_set_malformed(command);
    else if (json_flat_take(&decoder->flat, bytes, size, command))
        command_check(command);
    else
        decode_document(decoder, bytes, size, unnamed, command);
}

void json_command_decode(struct json_decoder *decoder, const char *bytes, size_t size, struct command *command) {
    json_command_decode_as(decoder, bytes, size, ACTION_NEW, command);
}
