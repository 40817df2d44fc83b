/* The value of route:{S} in JSON. */
#ifndef SHARDBOOK_IO_JSON_JSON_ROUTE_H
#define SHARDBOOK_IO_JSON_JSON_ROUTE_H

#include "core/route.h"
#include "io/json/json_decoder.h"

#include <stdbool.h>
#include <stddef.h>

/* Decodes a route record. Missing, null and ill-formed members are absent, unknown ones ignored; a `status` that is
 * there and neither ACTIVE nor MIGRATING is ROUTE_UNKNOWN. False if it is no JSON object. */
bool json_route_decode(struct json_decoder *decoder, const char *bytes, size_t size, struct route *route);

/* Writes a route record with a known status; returns its bytes, 0 if out_bytes is less than ROUTE_BYTES_MAX or the
 * status is ROUTE_UNKNOWN. Any thread. */
size_t json_route_encode(const struct route *route, char *out, size_t out_bytes);

#endif
