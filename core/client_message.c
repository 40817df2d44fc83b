#include "core/client_message.h"

#define NAME(literal) {(literal), sizeof(literal) - 1}

struct text client_fault_name(enum client_fault fault) {
    static const struct text names[CLIENT_FAULT_COUNT] = {
        NAME("OK"),
        NAME("TOO_LARGE"),
        NAME("MALFORMED"),
        NAME("UNKNOWN_ACTION"),
        NAME("BAD_SYMBOLS"),
        NAME("TOO_MANY_SYMBOLS"),
        NAME("BAD_CHANNELS"),
        NAME("BAD_API_KEY"),
        NAME("BAD_SINCE"),
    };
    return (unsigned)fault < CLIENT_FAULT_COUNT ? names[fault] : TEXT_NONE;
}

struct text client_fault_text(enum client_fault fault) {
    static const struct text sentences[CLIENT_FAULT_COUNT] = {
        [CLIENT_TOO_LARGE] = NAME("A message may have 4096 bytes; send several smaller ones."),
        [CLIENT_MALFORMED] = NAME("The message is not one JSON object without repeated keys."),
        [CLIENT_UNKNOWN_ACTION] = NAME("`action` must be subscribe, unsubscribe, auth or ping."),
        [CLIENT_BAD_SYMBOLS] = NAME("`symbols` must be an array of symbols, each 1 to 10 of A-Z and 0-9."),
        [CLIENT_TOO_MANY_SYMBOLS] = NAME("`symbols` may name 100 symbols; send several messages."),
        [CLIENT_BAD_CHANNELS] = NAME("`channels` must be an array of trades, depth, ticker and orders."),
        [CLIENT_BAD_API_KEY] = NAME("`apiKey` must be a string of 1 to 256 bytes."),
        [CLIENT_BAD_SINCE] = NAME("`since` must be an object with the non-negative integers `ep` and `u`."),
    };
    return (unsigned)fault < CLIENT_FAULT_COUNT ? sentences[fault] : TEXT_NONE;
}

struct text client_channel_name(enum client_channel channel) {
    switch (channel) {
    case CHANNEL_TRADES: return TEXT("trades");
    case CHANNEL_DEPTH: return TEXT("depth");
    case CHANNEL_TICKER: return TEXT("ticker");
    case CHANNEL_ORDERS: return TEXT("orders");
    default: return TEXT_NONE;
    }
}
