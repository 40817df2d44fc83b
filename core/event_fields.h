/* What a member of an encoded event means, whatever the encoding: decoders hand over what they read, name by name. */
#ifndef SHARDBOOK_CORE_EVENT_FIELDS_H
#define SHARDBOOK_CORE_EVENT_FIELDS_H

#include "core/event.h"

#include <stdbool.h>
#include <stdint.h>

/* In which object a member stands. */
enum event_scope { SCOPE_EVENT = 0, SCOPE_SOURCE, SCOPE_TAKER, SCOPE_MAKER };

/* The state of decoding one event. */
struct event_fields {
    struct event *event;
    bool any_unit; /* no instrument was given: the places printed make the units */
    bool has_tick, has_lot;
    uint64_t seen; /* bit i: member i of the table was there */
    unsigned next; /* where the search for the next member begins: they mostly come in order */
};

/* Begins: empties *event. With an instrument prices and quantities must be whole ticks and lots of it and have its
 * places; without (NULL) they are counted in the last place printed. `type` is the value of the member of that name,
 * looked up first, because it says what the others mean. False if it is no type. Any thread. */
bool event_fields_begin(
    struct event_fields *fields, struct event *event, const struct instrument *instrument, struct text type);

/* The member of this name, for the functions below; EVENT_MEMBER_NONE if the event has none such: it is unknown, or of
 * a CONTROL a field of the record. Any thread. */
enum { EVENT_MEMBER_NONE = 255 };
unsigned event_member_find(struct event_fields *fields, enum event_scope scope, struct text name);

/* Each takes the value of one member; false if it comes twice or is ill-formed. Texts are kept as views. */
bool event_take_text(struct event_fields *fields, enum event_scope scope, unsigned member, struct text text);
bool event_take_integer(
    struct event_fields *fields, enum event_scope scope, unsigned member, bool negative, uint64_t magnitude);
bool event_take_boolean(struct event_fields *fields, enum event_scope scope, unsigned member, bool value);

/* The scope of the objects in an event: "src", "taker", "maker"; SCOPE_EVENT if the name is none of them. */
enum event_scope event_scope_find(struct text name);

/* True if every member was there that each event has. */
bool event_fields_end(const struct event_fields *fields);

/* The type of this name, 0 if there is none. Any thread. */
enum event_type event_type_find(struct text name);

/* True for a symbol and for "#<partition>". Any thread. */
bool stream_name_is_valid(struct text name);

/* Reads 16 lower-case hex digits. Any thread. */
bool event_hash_read(const char *digits, uint64_t *hash);

#endif
