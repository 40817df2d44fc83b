#include "io/json/json_value.h"

#include "io/json/json_reader.h"
#include "io/json/json_writer.h"

enum { CONTAINERS_MAX = 4 };

static bool put_bytes(struct json_room *room, const char *bytes, size_t size) {
    if ((size_t)(room->end - room->at) < size) return false;
    room->at = json_put_bytes(room->at, bytes, size);
    return true;
}

static bool put_text(struct json_room *room, struct text text) {
    if ((size_t)(room->end - room->at) < JSON_TEXT_BYTES_MAX(text.size)) return false;
    room->at = json_put_text(room->at, text);
    return true;
}

static bool put_value(struct json_room *room, yyjson_val *value, unsigned containers);

static bool put_array(struct json_room *room, yyjson_val *array, unsigned containers) {
    yyjson_arr_iter items = yyjson_arr_iter_with(array);
    bool is_first = true;
    for (yyjson_val *item; (item = yyjson_arr_iter_next(&items)); is_first = false)
        if ((!is_first && !put_bytes(room, ",", 1)) || !put_value(room, item, containers)) return false;
    return true;
}

static bool put_object(struct json_room *room, yyjson_val *object, unsigned containers) {
    yyjson_obj_iter members = yyjson_obj_iter_with(object);
    bool is_first = true;
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&members)); is_first = false) {
        if ((!is_first && !put_bytes(room, ",", 1)) || !put_text(room, json_text_of(key)) || !put_bytes(room, ":", 1))
            return false;
        if (!put_value(room, yyjson_obj_iter_get_val(key), containers)) return false;
    }
    return true;
}

/* Recursion ends at CONTAINERS_MAX. */
static bool put_value(struct json_room *room, yyjson_val *value, unsigned containers) {
    switch (unsafe_yyjson_get_type(value)) {
    case YYJSON_TYPE_NULL: return put_bytes(room, "null", 4);
    case YYJSON_TYPE_BOOL:
        return unsafe_yyjson_get_bool(value) ? put_bytes(room, "true", 4) : put_bytes(room, "false", 5);
    case YYJSON_TYPE_RAW: return put_bytes(room, unsafe_yyjson_get_raw(value), unsafe_yyjson_get_len(value));
    case YYJSON_TYPE_STR: return put_text(room, json_text_of(value));
    case YYJSON_TYPE_ARR:
        return containers < CONTAINERS_MAX && put_bytes(room, "[", 1) && put_array(room, value, containers + 1) &&
               put_bytes(room, "]", 1);
    case YYJSON_TYPE_OBJ:
        return containers < CONTAINERS_MAX && put_bytes(room, "{", 1) && put_object(room, value, containers + 1) &&
               put_bytes(room, "}", 1);
    default: return false;
    }
}

bool json_put_member(struct json_room *room, yyjson_val *key, yyjson_val *value) {
    return put_bytes(room, ",", 1) && put_text(room, json_text_of(key)) && put_bytes(room, ":", 1) &&
           put_value(room, value, 0);
}
