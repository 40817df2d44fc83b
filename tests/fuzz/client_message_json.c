/* What WebSocket clients send: never more than the limits, never a symbol that is none. */
#include "core/command.h"
#include "io/json/json_client_message.h"
#include "tests/fuzz/fuzz.h"

static struct json_decoder *decoder(void) {
    static struct json_decoder it;
    static bool open;
    if (!open) MUST(open = json_decoder_init(&it, CLIENT_MESSAGE_BYTES_MAX));
    return &it;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static struct client_message message;
    enum client_fault fault = json_client_message_decode(decoder(), (const char *)bytes, size, &message);
    MUST(fault >= CLIENT_OK && fault < CLIENT_FAULT_COUNT);
    MUST((fault == CLIENT_TOO_LARGE) == (size > CLIENT_MESSAGE_BYTES_MAX));
    if (fault != CLIENT_OK) return 0;
    MUST(message.action >= CLIENT_SUBSCRIBE && message.action <= CLIENT_PING && message.channels < 16);
    MUST(message.symbol_count <= CLIENT_MESSAGE_SYMBOLS_MAX && message.api_key.size <= API_KEY_BYTES_MAX);
    MUST(message.action != CLIENT_AUTH || message.api_key.size > 0);
    for (uint32_t i = 0; i < message.symbol_count; i++) MUST(symbol_is_valid(message.symbols[i]));
    return 0;
}
