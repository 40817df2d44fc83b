/* Reading with yyjson, for the decoders of this folder only. */
#ifndef SHARDBOOK_IO_JSON_JSON_READER_H
#define SHARDBOOK_IO_JSON_JSON_READER_H

#include "core/text.h"
#include "io/json/json_decoder.h"

#include <yyjson.h>

/* The object that the bytes are, numbers as they are written; NULL if they are too long, not JSON, or no object. It
 * lives until the decoder's next reading. */
yyjson_val *json_read_object(struct json_decoder *decoder, const char *bytes, size_t size);

static inline struct text json_text_of(yyjson_val *value) {
    return (struct text){unsafe_yyjson_get_str(value), (uint32_t)unsafe_yyjson_get_len(value)};
}

static inline struct text json_number_of(yyjson_val *value) {
    return (struct text){unsafe_yyjson_get_raw(value), (uint32_t)unsafe_yyjson_get_len(value)};
}

/* Plain digits without sign, point or exponent, up to `most`; false if it is anything else. */
bool json_unsigned_of(yyjson_val *value, uint64_t most, uint64_t *number);

#endif
