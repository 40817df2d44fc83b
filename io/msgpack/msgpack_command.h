/* Records of orders and pending-orders written in msgpack: an array of version 1, or a map with the JSON names. */
#ifndef SHARDBOOK_IO_MSGPACK_MSGPACK_COMMAND_H
#define SHARDBOOK_IO_MSGPACK_MSGPACK_COMMAND_H

#include "core/command.h"
#include "io/msgpack/msgpack_decoder.h"

/* Decodes one record into *command and checks it; never fails, see command->fault. The decoder must take
 * RECORD_BYTES_MAX bytes; a longer record is MALFORMED. Texts view the bytes. */
void msgpack_command_decode(struct msgpack_decoder *decoder, const char *bytes, size_t size, struct command *command);

#endif
