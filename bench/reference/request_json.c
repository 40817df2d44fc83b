/* A record's value in JSON. */
#include "bench/reference/request.h"

#include <yyjson.h>

/* Digits alone, below 2^53. */
static bool read_integer(const char *text, size_t bytes, int64_t *integer) {
    *integer = 0;
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] < '0' || text[i] > '9' || *integer >= INT64_C(1) << 53) return false;
        *integer = *integer * 10 + (text[i] - '0');
    }
    return *integer < INT64_C(1) << 53;
}

/* A field whose value is a number, as it is written. */
static void set_number(struct request *request, enum field field, const char *text, size_t bytes) {
    struct request_value *value = &request->values[field];
    bool good = false;
    if (request_form_of(field) == REQUEST_FORM_DECIMAL)
        good = number_read(text, bytes, &value->number);
    else if (request_form_of(field) == REQUEST_FORM_INTEGER)
        good = read_integer(text, bytes, &value->integer);
    value->shape = good ? REQUEST_GOOD : REQUEST_ILL;
}

static void set_value(struct request *request, enum field field, yyjson_val *json) {
    struct request_value *value = &request->values[field];
    request_set_ill(request, field);
    if (yyjson_is_null(json)) {
        value->shape = REQUEST_ABSENT;
    } else if (yyjson_is_str(json)) {
        request_set_text(request, field, yyjson_get_str(json), yyjson_get_len(json));
    } else if (yyjson_is_raw(json)) {
        set_number(request, field, yyjson_get_raw(json), yyjson_get_len(json));
    } else if (yyjson_is_bool(json) && request_form_of(field) == REQUEST_FORM_FLAG) {
        value->shape = REQUEST_GOOD;
        value->flag = yyjson_get_bool(json);
    } else if (yyjson_is_arr(json) && request_form_of(field) == REQUEST_FORM_ARRAY) {
        value->shape = REQUEST_GOOD;
    }
}

static void read_members(yyjson_val *object, struct request *request) {
    yyjson_obj_iter keys = yyjson_obj_iter_with(object);
    yyjson_val *key;
    bool seen[FIELD_COUNT] = {false};
    while ((key = yyjson_obj_iter_next(&keys))) {
        enum field field = request_field_named(yyjson_get_str(key), yyjson_get_len(key));
        if (field == FIELD_NONE) continue;
        if (seen[field]) request->malformed = true;
        seen[field] = true;
        set_value(request, field, yyjson_obj_iter_get_val(key));
    }
}

static void read_orders(yyjson_val *array, struct request *list) {
    yyjson_arr_iter items = yyjson_arr_iter_with(array);
    yyjson_val *item;
    while ((item = yyjson_arr_iter_next(&items))) {
        struct request *order = request_begin_order(list);
        if (!yyjson_is_obj(item)) {
            request_set_ill(list, FIELD_ORDERS);
        } else if (order) {
            read_members(item, order);
            request_end_order(list, order);
        }
    }
}

void request_read_json(struct text value, struct request *request) {
    yyjson_doc *document = yyjson_read(value.data, value.size, YYJSON_READ_NUMBER_AS_RAW);
    yyjson_val *root = yyjson_doc_get_root(document);
    request->malformed = !yyjson_is_obj(root);
    if (!request->malformed) read_members(root, request);
    if (request_settles_as_list(request)) read_orders(yyjson_obj_get(root, "orders"), request);
    yyjson_doc_free(document);
}
