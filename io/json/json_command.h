/* Records of orders and pending-orders written in JSON. */
#ifndef SHARDBOOK_IO_JSON_JSON_COMMAND_H
#define SHARDBOOK_IO_JSON_JSON_COMMAND_H

#include "core/command.h"
#include "io/json/json_decoder.h"

/* Decodes one record into *command and checks it; never fails, see command->fault. The decoder must take
 * RECORD_BYTES_MAX bytes; a longer record is MALFORMED. Texts view the decoder's memory until its next call. */
void json_command_decode(struct json_decoder *decoder, const char *bytes, size_t size, struct command *command);

/* The same for a record that is of the action `unnamed` if it names none. */
void json_command_decode_as(
    struct json_decoder *decoder, const char *bytes, size_t size, enum action unnamed, struct command *command);

#endif
