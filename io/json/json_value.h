/* Values of a document that was read, for the decoders of this folder only. */
#ifndef SHARDBOOK_IO_JSON_JSON_VALUE_H
#define SHARDBOOK_IO_JSON_JSON_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <yyjson.h>

/* Where written pieces go, and where the room ends. */
struct json_room {
    char *at, *end;
};

/* Writes `,"key":value` compactly: numbers as they were written, strings with our escapes, arrays and objects with
 * at most four in one another. False if there is not enough room or they are deeper. */
bool json_put_member(struct json_room *room, yyjson_val *key, yyjson_val *value);

#endif
