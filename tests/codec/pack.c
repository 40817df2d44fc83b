#include "tests/codec/pack.h"

#include "core/command_fields.h"

#include <msgpack.h>
#include <stdlib.h>
#include <yyjson.h>

struct packing {
    msgpack_packer packer;
    unsigned depth;
};

static void pack_value(struct packing *packing, yyjson_val *value, bool is_decimal, unsigned depth);

static void pack_text(struct packing *packing, yyjson_val *text) {
    msgpack_pack_str_with_body(&packing->packer, yyjson_get_str(text), yyjson_get_len(text));
}

static void pack_number(struct packing *packing, yyjson_val *number, bool is_decimal) {
    const char *text = yyjson_get_raw(number);
    size_t size = unsafe_yyjson_get_len(number);
    struct decimal value = decimal_parse((struct text){text, (uint32_t)size});
    bool signed_zero = text[0] == '-' && strspn(text + 1, "0") + 1 >= size;
    bool plain = size < 19 && strspn(text, "-0123456789") >= size && (text[0] != '-' || !is_decimal) && !signed_zero;
    if (plain)
        msgpack_pack_int64(&packing->packer, strtoll(text, NULL, 10));
    else if (is_decimal)
        msgpack_pack_str_with_body(&packing->packer, text, size);
    else
        msgpack_pack_double(&packing->packer, (double)value.mantissa);
}

static void pack_object(struct packing *packing, yyjson_val *object, unsigned depth) {
    size_t i, count;
    yyjson_val *key, *value;
    msgpack_pack_map(&packing->packer, yyjson_obj_size(object));
    yyjson_obj_foreach(object, i, count, key, value) {
        struct text name = {yyjson_get_str(key), (uint32_t)yyjson_get_len(key)};
        pack_text(packing, key);
        pack_value(packing, value, field_is_decimal(field_find(name)), depth);
    }
}

static void pack_array(struct packing *packing, yyjson_val *array, unsigned depth) {
    size_t i, count;
    yyjson_val *value;
    msgpack_pack_array(&packing->packer, yyjson_arr_size(array));
    yyjson_arr_foreach(array, i, count, value) { pack_value(packing, value, false, depth); }
}

static void pack_value(struct packing *packing, yyjson_val *value, bool is_decimal, unsigned depth) {
    packing->depth = depth > packing->depth ? depth : packing->depth;
    if (depth > 64) /* such records are not compared */
        msgpack_pack_nil(&packing->packer);
    else if (yyjson_is_null(value))
        msgpack_pack_nil(&packing->packer);
    else if (yyjson_is_bool(value))
        yyjson_get_bool(value) ? msgpack_pack_true(&packing->packer) : msgpack_pack_false(&packing->packer);
    else if (yyjson_is_raw(value))
        pack_number(packing, value, is_decimal);
    else if (yyjson_is_str(value))
        pack_text(packing, value);
    else if (yyjson_is_arr(value))
        pack_array(packing, value, depth + 1);
    else
        pack_object(packing, value, depth + 1);
}

bool pack_json(const char *json, size_t size, struct packed *packed) {
    yyjson_doc *document = yyjson_read(json, size, YYJSON_READ_NUMBER_AS_RAW);
    bool is_object = document && yyjson_is_obj(yyjson_doc_get_root(document));
    if (is_object) {
        struct packing packing = {0};
        msgpack_sbuffer buffer;
        msgpack_sbuffer_init(&buffer);
        msgpack_packer_init(&packing.packer, &buffer, msgpack_sbuffer_write);
        pack_value(&packing, yyjson_doc_get_root(document), false, 0);
        *packed = (struct packed){.size = buffer.size, .depth = packing.depth};
        packed->bytes = msgpack_sbuffer_release(&buffer);
    }
    yyjson_doc_free(document);
    return is_object;
}

void packed_free(struct packed *packed) { free(packed->bytes); }
