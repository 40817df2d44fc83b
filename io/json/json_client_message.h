/* WebSocket messages of clients in JSON. */
#ifndef SHARDBOOK_IO_JSON_JSON_CLIENT_MESSAGE_H
#define SHARDBOOK_IO_JSON_JSON_CLIENT_MESSAGE_H

#include "core/client_message.h"
#include "io/json/json_decoder.h"

#include <stddef.h>

/* Decodes one message; unknown members are ignored. Returns CLIENT_OK or what is wrong with it; then *message is
 * unspecified. `symbols` is needed by subscribe (at least one, unless `channels` is just orders); unsubscribe without
 * any means all; `apiKey` is needed by auth. The decoder must take CLIENT_MESSAGE_BYTES_MAX bytes. */
enum client_fault json_client_message_decode(
    struct json_decoder *decoder, const char *bytes, size_t size, struct client_message *message);

#endif
