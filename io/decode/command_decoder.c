#include "io/decode/command_decoder.h"

#include "core/command_fields.h"
#include "core/limits.h"
#include "io/json/json_command.h"
#include "io/msgpack/msgpack_command.h"

static void decode_value(struct command_reader *reader, struct text value, struct command *command) {
    command_decode((struct command_decoder *)reader, value.data, value.size, command);
}

bool command_decoder_init(struct command_decoder *decoder) {
    *decoder = (struct command_decoder){.reader = {.decode = decode_value}};
    if (json_decoder_init(&decoder->json, RECORD_BYTES_MAX) &&
        msgpack_decoder_init(&decoder->msgpack, RECORD_BYTES_MAX))
        return true;
    command_decoder_deinit(decoder);
    return false;
}

void command_decoder_deinit(struct command_decoder *decoder) {
    json_decoder_deinit(&decoder->json);
    msgpack_decoder_deinit(&decoder->msgpack);
}

static bool is_json(unsigned char first) {
    return first == '{' || first == ' ' || first == '\t' || first == '\n' || first == '\r';
}

static bool is_msgpack(unsigned char first) {
    return (first >= 0x80 && first <= 0x9f) || (first >= 0xdc && first <= 0xdf);
}

void command_decode(struct command_decoder *decoder, const char *bytes, size_t size, struct command *command) {
    unsigned char first = size ? (unsigned char)bytes[0] : 0;
    if (is_json(first))
        json_command_decode(&decoder->json, bytes, size, command);
    else if (is_msgpack(first))
        msgpack_command_decode(&decoder->msgpack, bytes, size, command);
    else
        command_set_malformed(command);
}
