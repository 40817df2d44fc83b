/* Records of orders in whatever encoding they come: the first byte tells. This folder stands between io/json and
 * io/msgpack and uses no library of its own, so that neither of the two needs to know the other. */
#ifndef SHARDBOOK_IO_DECODE_COMMAND_DECODER_H
#define SHARDBOOK_IO_DECODE_COMMAND_DECODER_H

#include "core/ports.h"
#include "io/json/json_decoder.h"
#include "io/msgpack/msgpack_decoder.h"

#include <stdbool.h>
#include <stddef.h>

/* A command_reader; one per thread. */
struct command_decoder {
    struct command_reader reader; /* first, so that it is the port */
    struct json_decoder json;
    struct msgpack_decoder msgpack;
};

/* Allocates; false if there is no memory. */
bool command_decoder_init(struct command_decoder *decoder);

void command_decoder_deinit(struct command_decoder *decoder);

/* Decodes the value of a record of orders or pending-orders and checks it: `{` or white space is JSON, 0x80 to 0x8f,
 * 0xde and 0xdf a msgpack map, 0x90 to 0x9f, 0xdc and 0xdd a msgpack array, all else (also nothing) MALFORMED. Never
 * fails, see command->fault. Texts live until the next call, and no longer than the bytes. */
void command_decode(struct command_decoder *decoder, const char *bytes, size_t size, struct command *command);

#endif
