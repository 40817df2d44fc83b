/* The command that almost every record is: one object of plain members, read in one pass without a document. */
#ifndef SHARDBOOK_IO_JSON_JSON_FLAT_H
#define SHARDBOOK_IO_JSON_JSON_FLAT_H

#include "core/command.h"

#include <stdbool.h>
#include <stddef.h>

/* Hands every known member to *command, which is empty, and returns true if the bytes are one JSON object whose keys
 * and texts are ASCII without escapes, whose numbers have neither sign nor exponent, that holds no array or object and
 * no known key twice. Else false (or if they are very few), whatever else the bytes are, with *command half filled.
 * Texts view the bytes. Any thread. */
bool json_flat_take(const char *bytes, size_t size, struct command *command);

#endif
