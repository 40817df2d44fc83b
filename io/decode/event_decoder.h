/* Records of fills in whatever encoding they were written: the first byte tells. */
#ifndef SHARDBOOK_IO_DECODE_EVENT_DECODER_H
#define SHARDBOOK_IO_DECODE_EVENT_DECODER_H

#include "core/event.h"
#include "core/event_scan.h"
#include "io/json/json_decoder.h"
#include "io/msgpack/msgpack_decoder.h"

#include <stdbool.h>
#include <stddef.h>

/* One per thread. */
struct event_decoder {
    struct json_decoder json;
    struct msgpack_decoder msgpack;
};

/* Allocates; false if there is no memory. */
bool event_decoder_init(struct event_decoder *decoder);

void event_decoder_deinit(struct event_decoder *decoder);

/* What recovery needs of a record: of our own JSON only its beginning and end are looked at, all else is decoded. False
 * if it is no event. scan->symbol lives until the next call, and no longer than the bytes. */
bool event_scan(struct event_decoder *decoder, const char *bytes, size_t size, struct event_scan *scan);

/* Decodes a whole event, at most EVENT_BYTES_MAX bytes. With an instrument its prices and quantities must be whole
 * ticks and lots of it and have its places; without one (NULL) they are counted in the last place printed, and
 * event->instrument has units of these places. False if it is no event. Texts live until the next call, and no longer
 * than the bytes. */
bool event_decode(struct event_decoder *decoder, const char *bytes, size_t size, const struct instrument *instrument,
    struct event *event);

#endif
