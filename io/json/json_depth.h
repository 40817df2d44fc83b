/* Depth in JSON: prices and quantities as decimal strings. */
#ifndef SHARDBOOK_IO_JSON_JSON_DEPTH_H
#define SHARDBOOK_IO_JSON_JSON_DEPTH_H

#include "core/depth.h"
#include "core/instrument.h"

#include <stddef.h>

/* The most bytes of `levels` levels of one side, and of a depth with that many per side. */
#define JSON_LEVELS_BYTES_MAX(levels) (2 + 96 * (size_t)(levels))
#define JSON_DEPTH_BYTES_MAX(levels) (64 + 2 * JSON_LEVELS_BYTES_MAX(levels))

/* Writes [["150.00","300"],...], best first, at most `levels` levels of a side; returns its bytes. `out` has room for
 * JSON_LEVELS_BYTES_MAX(levels). */
size_t json_levels_encode(
    const struct depth *depth, enum side side, uint32_t levels, const struct instrument *instrument, char *out);

/* Writes one level, ["150.00","300"], as a part of such an array; returns its bytes, at most 96. Any thread. */
size_t json_level_encode(struct depth_level level, const struct instrument *instrument, char *out);

/* Writes {"u":fseq,"b":[...],"a":[...]}, at most `levels` levels a side; returns its bytes. `out` has room for
 * JSON_DEPTH_BYTES_MAX(levels). */
size_t json_depth_encode(
    uint64_t fseq, const struct depth *depth, uint32_t levels, const struct instrument *instrument, char *out);

#endif
