#include "shards/repeats.h"

#include "core/status.h"

static bool places_an_order(const struct command *command) {
    return command->action == ACTION_NEW || command->action == ACTION_REPLACE;
}

static bool has_client_key(const struct command *command) {
    return places_an_order(command) && !text_is_absent(command->client_order_id) && !text_is_absent(command->user_id);
}

static struct repeat judge(const struct id_window *window, const struct id_entry *entry, uint64_t content_hash) {
    if (entry->content_hash != content_hash) return (struct repeat){.verdict = BOOK_ID_TAKEN};
    return (struct repeat){.verdict = BOOK_REPEAT, .original_order_id = id_window_original(window, entry)};
}

int repeats_check(struct id_window *window, struct text symbol, const struct command *command,
    struct log_position position, struct repeat *repeat) {
    *repeat = (struct repeat){.verdict = BOOK_FRESH};
    struct text own = command_own_id(command);
    if (text_is_absent(own)) return STATUS_OK;
    bool has_client = has_client_key(command);
    struct id_key own_key = id_key_of('o', symbol, own, TEXT_NONE), client_key;
    id_window_prefetch(window, &own_key);
    if (has_client) {
        client_key = id_key_of('c', symbol, command->user_id, command->client_order_id);
        id_window_prefetch(window, &client_key);
    }
    struct id_entry carrier = {.offset = position.offset,
        .log_time_ms = position.log_time_ms,
        .content_hash = command_content_hash(command),
        .origin = position.origin};
    id_window_expire(window, position.offset, position.log_time_ms);
    uint32_t bytes = own_key.bytes + (has_client ? client_key.bytes + own.size : 0);
    if (id_window_make_room(window, 1 + has_client, bytes) != STATUS_OK) return STATUS_NO_MEMORY;
    const struct id_entry *by_own = id_window_add(window, &own_key, &carrier, own);
    const struct id_entry *by_client = has_client ? id_window_add(window, &client_key, &carrier, own) : NULL;
    if (by_own || by_client) *repeat = judge(window, by_own ? by_own : by_client, carrier.content_hash);
    return STATUS_OK;
}

int tombstones_add(struct id_window *window, const struct command *cancel, struct log_position position) {
    bool by_order = !text_is_absent(cancel->order_id);
    struct id_key key = id_key_of(
        by_order ? 'o' : 'c', cancel->user_id, by_order ? cancel->order_id : cancel->client_order_id, TEXT_NONE);
    struct id_entry entry = {.offset = position.offset, .log_time_ms = position.log_time_ms};
    id_window_expire(window, position.offset, position.log_time_ms);
    if (id_window_make_room(window, 1, key.bytes) != STATUS_OK) return STATUS_NO_MEMORY;
    id_window_add(window, &key, &entry, TEXT_NONE);
    return STATUS_OK;
}

bool tombstones_find(struct id_window *window, const struct command *order, struct log_position position) {
    if (window->first == window->next || !places_an_order(order) || text_is_absent(order->user_id)) return false;
    id_window_expire(window, position.offset, position.log_time_ms);
    struct id_key key = id_key_of('o', order->user_id, order->order_id, TEXT_NONE);
    if (id_window_find(window, &key, 0)) return true;
    if (text_is_absent(order->client_order_id)) return false;
    key = id_key_of('c', order->user_id, order->client_order_id, TEXT_NONE);
    return id_window_find(window, &key, 0) != NULL;
}
