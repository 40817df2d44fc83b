#include "io/json/json_route.h"

#include "core/limits.h"
#include "io/json/json_reader.h"
#include "io/json/json_writer.h"

static uint8_t status_of(yyjson_val *value) {
    if (!value || yyjson_is_null(value) || yyjson_equals_str(value, "ACTIVE")) return ROUTE_ACTIVE;
    return yyjson_equals_str(value, "MIGRATING") ? ROUTE_MIGRATING : ROUTE_UNKNOWN;
}

static struct text name_of(yyjson_val *value) {
    if (!yyjson_is_str(value) || unsafe_yyjson_get_len(value) > ID_BYTES_MAX) return TEXT_NONE;
    struct text text = json_text_of(value);
    return text.size ? text : TEXT_NONE;
}

bool json_route_decode(struct json_decoder *decoder, const char *bytes, size_t size, struct route *route) {
    uint64_t partition = 0;
    yyjson_val *object = json_read_object(decoder, bytes, size);
    *route = (struct route){0};
    if (!object) return false;
    route->status = status_of(yyjson_obj_get(object, "status"));
    route->has_epoch = json_unsigned_of(yyjson_obj_get(object, "epoch"), UINT64_MAX, &route->epoch);
    route->has_v = json_unsigned_of(yyjson_obj_get(object, "v"), UINT64_MAX, &route->v);
    route->has_partition = json_unsigned_of(yyjson_obj_get(object, "partition"), PARTITIONS - 1, &partition);
    route->partition = route->has_partition ? (int32_t)partition : 0;
    route->shard = name_of(yyjson_obj_get(object, "shard"));
    route->mid = name_of(yyjson_obj_get(object, "mid"));
    return true;
}

size_t json_route_encode(const struct route *route, char *out, size_t out_bytes) {
    if (out_bytes < ROUTE_BYTES_MAX || route->status >= ROUTE_UNKNOWN) return 0;
    char *at = route->status == ROUTE_ACTIVE ? JSON_PUT(out, "{\"status\":\"ACTIVE\"")
                                             : JSON_PUT(out, "{\"status\":\"MIGRATING\"");
    if (route->has_epoch) at = json_put_unsigned(JSON_PUT(at, ",\"epoch\":"), route->epoch);
    if (route->has_v) at = json_put_unsigned(JSON_PUT(at, ",\"v\":"), route->v);
    if (route->has_partition) at = json_put_integer(JSON_PUT(at, ",\"partition\":"), route->partition);
    if (!text_is_absent(route->shard)) at = json_put_text(JSON_PUT(at, ",\"shard\":"), route->shard);
    if (!text_is_absent(route->mid)) at = json_put_text(JSON_PUT(at, ",\"mid\":"), route->mid);
    *at++ = '}';
    return (size_t)(at - out);
}
