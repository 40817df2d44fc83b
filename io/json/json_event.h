/* Events of topic fills in JSON. The bytes are a function of the event. */
#ifndef SHARDBOOK_IO_JSON_JSON_EVENT_H
#define SHARDBOOK_IO_JSON_JSON_EVENT_H

#include "core/event.h"
#include "core/event_scan.h"
#include "io/json/json_decoder.h"

#include <stdbool.h>
#include <stddef.h>

/* Writes the event; returns its bytes, or 0 if out_bytes might not suffice (EVENT_BYTES_MAX always do when ids have at
 * most ID_BYTES_MAX bytes and control_fields at most CONTROL_FIELDS_BYTES_MAX) or the type is none. Prices of ACCEPTED
 * and MODIFIED are printed if their has_ flag is set, of FILL and PREVENTED always. Any thread. */
size_t json_event_encode(const struct event *event, char *out, size_t out_bytes);

/* Reads beginning and end of a record of ours, without looking at what lies between. False, with *scan unspecified, if
 * they are not as json_event_encode writes them. Any thread. */
bool json_event_scan(const char *bytes, size_t size, struct event_scan *scan);

/* Decodes a whole event; unknown members are ignored (of a CONTROL they are the record's fields). With an instrument
 * its prices and quantities must be whole ticks and lots of it and have its places; without one (NULL) they are counted
 * in the last place printed, and event->instrument has units of these places. False if it is no event. The decoder must
 * take EVENT_BYTES_MAX bytes; texts view its memory until its next call. */
bool json_event_decode(struct json_decoder *decoder, const char *bytes, size_t size,
    const struct instrument *instrument, struct event *event);

#endif
