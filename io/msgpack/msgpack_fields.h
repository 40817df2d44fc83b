/* The fields of a control record between JSON text and msgpack, for the event codec of this folder only. */
#ifndef SHARDBOOK_IO_MSGPACK_MSGPACK_FIELDS_H
#define SHARDBOOK_IO_MSGPACK_MSGPACK_FIELDS_H

#include "core/text.h"

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

/* How many members the text holds: JSON members without braces, compact, as struct control has them in `fields`. */
uint32_t msgpack_count_members(struct text members);

/* Packs each member as key and value; numbers that are no plain integers become strings. False if the text is not of
 * that form or has more than four containers in one another. */
bool msgpack_put_members(msgpack_packer *packer, struct text members);

/* Writes `,"key":value` at *at; false if the room up to `end` does not suffice, a value has no such form, or containers
 * are deeper than four. */
bool msgpack_print_member(char **at, const char *end, const msgpack_object_kv *member);

#endif
