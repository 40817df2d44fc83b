#include "io/json/json_depth.h"

#include "io/json/json_writer.h"

size_t json_level_encode(struct depth_level level, const struct instrument *instrument, char *out) {
    char *at = out;
    *at++ = '[';
    at = json_put_decimal(at, level.price_ticks, instrument->tick);
    *at++ = ',';
    at = json_put_decimal(at, level.total_lots, instrument->lot);
    *at++ = ']';
    return (size_t)(at - out);
}

size_t json_levels_encode(
    const struct depth *depth, enum side side, uint32_t levels, const struct instrument *instrument, char *out) {
    char *at = out;
    uint32_t count = depth_count(depth, side) < levels ? depth_count(depth, side) : levels;
    *at++ = '[';
    for (uint32_t i = 0; i < count; i++) {
        if (i) *at++ = ',';
        at += json_level_encode(depth_at(depth, side, i), instrument, at);
    }
    *at++ = ']';
    return (size_t)(at - out);
}

size_t json_depth_encode(
    uint64_t fseq, const struct depth *depth, uint32_t levels, const struct instrument *instrument, char *out) {
    char *at = json_put_unsigned(JSON_PUT(out, "{\"u\":"), fseq);
    at = JSON_PUT(at, ",\"b\":");
    at += json_levels_encode(depth, SIDE_BUY, levels, instrument, at);
    at = JSON_PUT(at, ",\"a\":");
    at += json_levels_encode(depth, SIDE_SELL, levels, instrument, at);
    *at++ = '}';
    return (size_t)(at - out);
}
