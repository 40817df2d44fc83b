/* Memory in which JSON is read, so that no record costs an allocation. */
#ifndef SHARDBOOK_IO_JSON_JSON_DECODER_H
#define SHARDBOOK_IO_JSON_JSON_DECODER_H

#include "core/command.h"
#include "io/json/json_flat.h"

#include <stdbool.h>
#include <stddef.h>

/* Used by one thread at a time. What a decode function returns as views lives until the next one with the same decoder.
 */
struct json_decoder {
    char *memory;
    size_t memory_bytes;
    size_t bytes_max;                       /* of one text */
    size_t used;                            /* of memory, by the text being read */
    size_t last;                            /* where the youngest piece begins */
    char *scratch;                          /* for texts that are put together while decoding */
    struct command orders[LIST_ORDERS_MAX]; /* of the last LIST */
    struct json_flat flat;
};

enum { JSON_SCRATCH_BYTES = 4096 };

/* Allocates for texts of at most bytes_max (13 times that and a little; only what is used is touched). False if
 * there is no memory. */
bool json_decoder_init(struct json_decoder *decoder, size_t bytes_max);

void json_decoder_deinit(struct json_decoder *decoder);

#endif
