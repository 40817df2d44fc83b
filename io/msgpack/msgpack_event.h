/* Events of topic fills in msgpack: a map with the JSON names and order; prices and quantities are decimal strings. */
#ifndef SHARDBOOK_IO_MSGPACK_MSGPACK_EVENT_H
#define SHARDBOOK_IO_MSGPACK_MSGPACK_EVENT_H

#include "core/event.h"
#include "core/event_scan.h"
#include "io/msgpack/msgpack_decoder.h"

#include <stdbool.h>
#include <stddef.h>

/* Writes the event; returns its bytes, or 0 if out_bytes might not suffice (EVENT_BYTES_MAX always do) or the type is
 * none. What is printed and what is left out is as in json_event_encode. The outer map has the 16-bit form of the
 * count. In the fields of a CONTROL numbers with a point or exponent become strings. Any thread. */
size_t msgpack_event_encode(const struct event *event, char *out, size_t out_bytes);

/* Decodes a whole event, see json_event_decode. The decoder must take EVENT_BYTES_MAX bytes; texts view the bytes or
 * the decoder's memory. */
bool msgpack_event_decode(struct msgpack_decoder *decoder, const char *bytes, size_t size,
    const struct instrument *instrument, struct event *event);

/* What recovery needs of a record; `symbol` views the bytes. False if it is no event. */
bool msgpack_event_scan(struct msgpack_decoder *decoder, const char *bytes, size_t size, struct event_scan *scan);

#endif
