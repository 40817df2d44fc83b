/* What a WebSocket client may say. */
#ifndef SHARDBOOK_CORE_CLIENT_MESSAGE_H
#define SHARDBOOK_CORE_CLIENT_MESSAGE_H

#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

enum { CLIENT_MESSAGE_BYTES_MAX = 4096, CLIENT_MESSAGE_SYMBOLS_MAX = 100, API_KEY_BYTES_MAX = 256 };

enum client_action { CLIENT_SUBSCRIBE = 1, CLIENT_UNSUBSCRIBE, CLIENT_AUTH, CLIENT_PING };

/* Bits of a set of channels. */
enum client_channel { CHANNEL_TRADES = 1, CHANNEL_DEPTH = 2, CHANNEL_TICKER = 4, CHANNEL_ORDERS = 8 };

enum client_fault {
    CLIENT_OK = 0,
    CLIENT_TOO_LARGE,
    CLIENT_MALFORMED,
    CLIENT_UNKNOWN_ACTION,
    CLIENT_BAD_SYMBOLS,
    CLIENT_TOO_MANY_SYMBOLS,
    CLIENT_BAD_CHANNELS,
    CLIENT_BAD_API_KEY,
    CLIENT_BAD_SINCE,
    CLIENT_FAULT_COUNT
};

/* Texts view the decoder's scratch and live until its next call. */
struct client_message {
    uint8_t action;   /* enum client_action */
    uint8_t channels; /* set of enum client_channel; 0: none named */
    bool has_since;
    uint32_t symbol_count;
    struct text symbols[CLIENT_MESSAGE_SYMBOLS_MAX]; /* each a valid symbol; as sent, perhaps repeated */
    struct text api_key;                             /* AUTH: never absent */
    uint64_t since_epoch, since_u;
};

/* "MALFORMED" and so on, and one sentence that says how to mend the message; static. Any thread. */
struct text client_fault_name(enum client_fault fault);
struct text client_fault_text(enum client_fault fault);

/* "trades" and so on, for a single channel; static. Any thread. */
struct text client_channel_name(enum client_channel channel);

#endif
