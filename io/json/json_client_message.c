#include "io/json/json_client_message.h"

#include "core/command.h"
#include "io/json/json_reader.h"

/* The known members of a message. */
struct members {
    yyjson_val *action, *symbols, *channels, *api_key, *since;
};

static yyjson_val **place_of(struct members *members, struct text name) {
    if (text_equal(name, TEXT("action"))) return &members->action;
    if (text_equal(name, TEXT("symbols"))) return &members->symbols;
    if (text_equal(name, TEXT("channels"))) return &members->channels;
    if (text_equal(name, TEXT("apiKey"))) return &members->api_key;
    return text_equal(name, TEXT("since")) ? &members->since : NULL;
}

static bool find_members(yyjson_val *object, struct members *members) {
    yyjson_obj_iter all = yyjson_obj_iter_with(object);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&all));) {
        yyjson_val **place = place_of(members, json_text_of(key));
        if (!place) continue;
        if (*place) return false;
        *place = yyjson_obj_iter_get_val(key);
    }
    return true;
}

static bool is_absent(yyjson_val *value) { return !value || yyjson_is_null(value); }

static enum client_fault take_action(struct client_message *message, yyjson_val *value) {
    if (yyjson_equals_str(value, "subscribe"))
        message->action = CLIENT_SUBSCRIBE;
    else if (yyjson_equals_str(value, "unsubscribe"))
        message->action = CLIENT_UNSUBSCRIBE;
    else if (yyjson_equals_str(value, "auth"))
        message->action = CLIENT_AUTH;
    else if (yyjson_equals_str(value, "ping"))
        message->action = CLIENT_PING;
    else
        return CLIENT_UNKNOWN_ACTION;
    return CLIENT_OK;
}

static enum client_fault take_symbols(struct client_message *message, yyjson_val *value) {
    if (is_absent(value))
        return message->action == CLIENT_SUBSCRIBE && !(message->channels == CHANNEL_ORDERS) ? CLIENT_BAD_SYMBOLS
                                                                                             : CLIENT_OK;
    if (!yyjson_is_arr(value) || (yyjson_arr_size(value) == 0 && message->action == CLIENT_SUBSCRIBE))
        return CLIENT_BAD_SYMBOLS;
    if (yyjson_arr_size(value) > CLIENT_MESSAGE_SYMBOLS_MAX) return CLIENT_TOO_MANY_SYMBOLS;
    yyjson_arr_iter items = yyjson_arr_iter_with(value);
    for (yyjson_val *item; (item = yyjson_arr_iter_next(&items));) {
        if (!yyjson_is_str(item) || !symbol_is_valid(json_text_of(item))) return CLIENT_BAD_SYMBOLS;
        message->symbols[message->symbol_count++] = json_text_of(item);
    }
    return CLIENT_OK;
}

static unsigned channel_of(yyjson_val *value) {
    for (unsigned channel = CHANNEL_TRADES; channel <= CHANNEL_ORDERS; channel *= 2)
        if (yyjson_is_str(value) && text_equal(json_text_of(value), client_channel_name((enum client_channel)channel)))
            return channel;
    return 0;
}

static enum client_fault take_channels(struct client_message *message, yyjson_val *value) {
    if (is_absent(value)) return CLIENT_OK;
    if (!yyjson_is_arr(value) || yyjson_arr_size(value) == 0) return CLIENT_BAD_CHANNELS;
    yyjson_arr_iter items = yyjson_arr_iter_with(value);
    for (yyjson_val *item; (item = yyjson_arr_iter_next(&items));) {
        unsigned channel = channel_of(item);
        if (!channel) return CLIENT_BAD_CHANNELS;
        message->channels |= (uint8_t)channel;
    }
    return CLIENT_OK;
}

static enum client_fault take_api_key(struct client_message *message, yyjson_val *value) {
    if (is_absent(value)) return message->action == CLIENT_AUTH ? CLIENT_BAD_API_KEY : CLIENT_OK;
    if (!yyjson_is_str(value) || unsafe_yyjson_get_len(value) < 1 || unsafe_yyjson_get_len(value) > API_KEY_BYTES_MAX)
        return CLIENT_BAD_API_KEY;
    message->api_key = json_text_of(value);
    return CLIENT_OK;
}

static enum client_fault take_since(struct client_message *message, yyjson_val *value) {
    if (is_absent(value)) return CLIENT_OK;
    message->has_since = yyjson_is_obj(value) &&
                         json_unsigned_of(yyjson_obj_get(value, "ep"), UINT64_MAX, &message->since_epoch) &&
                         json_unsigned_of(yyjson_obj_get(value, "u"), UINT64_MAX, &message->since_u);
    return message->has_since ? CLIENT_OK : CLIENT_BAD_SINCE;
}

enum client_fault json_client_message_decode(
    struct json_decoder *decoder, const char *bytes, size_t size, struct client_message *message) {
    struct members members = {0};
    message->action = message->channels = 0;
    message->has_since = false;
    message->symbol_count = 0;
    message->api_key = TEXT_NONE;
    if (size > CLIENT_MESSAGE_BYTES_MAX) return CLIENT_TOO_LARGE;
    yyjson_val *object = json_read_object(decoder, bytes, size);
    if (!object || !find_members(object, &members)) return CLIENT_MALFORMED;
    enum client_fault fault = take_action(message, members.action);
    if (fault == CLIENT_OK) fault = take_channels(message, members.channels);
    if (fault == CLIENT_OK) fault = take_symbols(message, members.symbols);
    if (fault == CLIENT_OK) fault = take_api_key(message, members.api_key);
    return fault == CLIENT_OK ? take_since(message, members.since) : fault;
}
