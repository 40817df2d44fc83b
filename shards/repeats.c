#include "shards/repeats.h"

#include "core/status.h"

/* Keys are the parts with their kind in front and a NUL between; ids hold no NUL. */
struct key {
    char bytes[ID_WINDOW_KEY_BYTES_MAX];
    uint32_t size;
};

static void key_add(struct key *key, struct text part) {
    memcpy(key->bytes + key->size, part.data ? part.data : "", part.size);
    key->size += part.size;
    key->bytes[key->size++] = 0;
}

static struct key key_of(char kind, struct text first, struct text second, struct text third) {
    struct key key;
    key.bytes[0] = kind;
    key.size = 1;
    key_add(&key, first);
    key_add(&key, second);
    if (!text_is_absent(third)) key_add(&key, third);
    return key;
}

static struct text key_text(const struct key *key) { return (struct text){key->bytes, key->size}; }

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
    id_window_expire(window, position.offset, position.log_time_ms);
    struct key own_key = key_of('o', symbol, own, TEXT_NONE), client_key = {.size = 0};
    id_window_prefetch(window, key_text(&own_key));
    if (has_client_key(command)) {
        client_key = key_of('c', symbol, command->user_id, command->client_order_id);
        id_window_prefetch(window, key_text(&client_key));
    }
    uint64_t content_hash = command_content_hash(command);
    const struct id_entry *entry = id_window_find(window, key_text(&own_key), position.origin);
    if (!entry && client_key.size) entry = id_window_find(window, key_text(&client_key), position.origin);
    if (entry) {
        *repeat = judge(window, entry, content_hash);
        return STATUS_OK;
    }
    struct id_entry fresh = {.offset = position.offset,
        .log_time_ms = position.log_time_ms,
        .content_hash = content_hash,
        .origin = position.origin};
    int status = id_window_add(window, &fresh, key_text(&own_key), own);
    if (status == STATUS_OK && client_key.size) status = id_window_add(window, &fresh, key_text(&client_key), own);
    return status;
}

int tombstones_add(struct id_window *window, const struct command *cancel, struct log_position position) {
    id_window_expire(window, position.offset, position.log_time_ms);
    bool by_order = !text_is_absent(cancel->order_id);
    struct key key =
        key_of(by_order ? 'o' : 'c', cancel->user_id, by_order ? cancel->order_id : cancel->client_order_id, TEXT_NONE);
    struct id_entry entry = {.offset = position.offset, .log_time_ms = position.log_time_ms};
    return id_window_add(window, &entry, key_text(&key), TEXT_NONE);
}

bool tombstones_find(struct id_window *window, const struct command *order, struct log_position position) {
    if (window->first == window->next || !places_an_order(order) || text_is_absent(order->user_id)) return false;
    id_window_expire(window, position.offset, position.log_time_ms);
    struct key key = key_of('o', order->user_id, order->order_id, TEXT_NONE);
    if (id_window_find(window, key_text(&key), 0)) return true;
    if (text_is_absent(order->client_order_id)) return false;
    key = key_of('c', order->user_id, order->client_order_id, TEXT_NONE);
    return id_window_find(window, key_text(&key), 0) != NULL;
}
