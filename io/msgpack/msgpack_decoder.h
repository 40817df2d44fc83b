/* Memory in which msgpack is read, so that a usual record costs no allocation. */
#ifndef SHARDBOOK_IO_MSGPACK_MSGPACK_DECODER_H
#define SHARDBOOK_IO_MSGPACK_MSGPACK_DECODER_H

#include "core/command.h"

#include <stdbool.h>
#include <stddef.h>

/* Used by one thread at a time. What a decode function returns as views lives until the next one with the same decoder,
 * and no longer than the record's bytes. */
struct msgpack_decoder {
    void *zone;                             /* a msgpack_zone */
    char *scratch;                          /* for texts that are put together while decoding */
    size_t bytes_max;                       /* of one record */
    struct command orders[LIST_ORDERS_MAX]; /* of the last LIST */
};

/* Allocates for records of at most bytes_max. False if there is no memory. */
bool msgpack_decoder_init(struct msgpack_decoder *decoder, size_t bytes_max);

void msgpack_decoder_deinit(struct msgpack_decoder *decoder);

#endif
