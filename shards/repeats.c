#include "shards/repeats.h"

#include "core/rolling_hash.h"
#include "core/status.h"

static bool places_an_order(const struct command *command) {
    return command->action == ACTION_NEW || command->action == ACTION_REPLACE;
}

static bool has_client_key(const struct command *command) {
    return places_an_order(command) && !text_is_absent(command->client_order_id) && !text_is_absent(command->user_id);
}

static void judge(const struct id_record *oldest, uint64_t content_hash, struct repeat *repeat) {
    repeat->verdict = oldest->content_hash == content_hash ? BOOK_REPEAT : BOOK_ID_TAKEN;
    if (repeat->verdict == BOOK_REPEAT) repeat->original_order_id = id_record_own_id(oldest);
}

static struct id_statement statement_of(struct log_position position, uint64_t content_hash) {
    return (struct id_statement){position.offset, position.log_time_ms, content_hash, position.origin};
}

static uint32_t decoded_orders(const struct command *list) {
    uint32_t count = list->orders ? list->order_count : 0;
    return count < LIST_ORDERS_MAX ? count : LIST_ORDERS_MAX;
}

/* The ids of a list's orders: `keys` has room for two of each order. */
static uint32_t order_keys(struct text symbol, const struct command *list, struct id_key *keys) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < decoded_orders(list); i++) {
        const struct command *order = &list->orders[i];
        if (!text_is_absent(order->order_id)) keys[count++] = id_key_of('o', symbol, order->order_id, TEXT_NONE);
        if (has_client_key(order)) keys[count++] = id_key_of('c', symbol, order->user_id, order->client_order_id);
    }
    return count;
}

/* The list's own id judges first; an id of its orders that another record carried is taken, whatever that one said. */
static int check_list(struct id_window *window, struct text symbol, const struct command *list,
    struct log_position position, struct repeat *repeat) {
    struct id_key keys[ID_KEYS_MAX];
    const struct id_record *oldest[ID_KEYS_MAX];
    keys[0] = id_key_of('o', symbol, list->list_id, TEXT_NONE);
    uint32_t count = 1 + order_keys(symbol, list, keys + 1);
    struct id_statement statement = statement_of(position, command_content_hash(list));
    id_window_expire(window, position.offset, position.log_time_ms);
    if (id_window_add(window, &statement, keys, count, oldest) != STATUS_OK) return STATUS_NO_MEMORY;
    bool is_taken = false;
    for (uint32_t i = 1; i < count; i++)
        is_taken |=
            oldest[i] && oldest[i]->offset != (uint32_t)position.offset; /* twice in this list is another mistake */
    if (oldest[0])
        judge(oldest[0], statement.content_hash, repeat);
    else if (is_taken)
        repeat->verdict = BOOK_ID_TAKEN;
    return STATUS_OK;
}

static void prefetch(const struct id_window *window, char kind, uint64_t first_hash, uint64_t second_hash) {
    struct id_key key = id_key_begin(kind);
    id_key_mix(&key, first_hash);
    id_key_mix(&key, second_hash);
    id_window_prefetch(window, key.hash);
}

void repeats_prefetch(const struct id_window *window, uint64_t symbol_hash, uint64_t id_hash) {
    prefetch(window, 'o', symbol_hash, id_hash);
}

static struct id_key own_key(const struct command *command, const struct command_ids *ids, struct text own) {
    struct id_key key = id_key_begin('o');
    id_key_add(&key, command->symbol, ids->symbol);
    id_key_add(&key, own, places_an_order(command) ? ids->order_id : rolling_id(own));
    return key;
}

static struct id_key client_key(const struct command *command, const struct command_ids *ids) {
    struct id_key key = id_key_begin('c');
    id_key_add(&key, command->symbol, ids->symbol);
    id_key_add(&key, command->user_id, ids->user_id);
    id_key_add(&key, command->client_order_id, ids->client_order_id);
    return key;
}

/* By its own id and by its clientOrderId. */
static int check_both(struct id_window *window, const struct command *command, const struct command_ids *ids,
    struct log_position position, const struct id_key *own, struct repeat *repeat) {
    const struct id_key keys[2] = {*own, client_key(command, ids)};
    id_window_prefetch(window, keys[1].hash);
    struct id_statement statement = statement_of(position, command_content_hash_from(command, ids));
    const struct id_record *oldest[2];
    id_window_expire(window, position.offset, position.log_time_ms);
    if (id_window_add(window, &statement, keys, 2, oldest) != STATUS_OK) return STATUS_NO_MEMORY;
    if (oldest[0] || oldest[1]) judge(oldest[0] ? oldest[0] : oldest[1], statement.content_hash, repeat);
    return STATUS_OK;
}

int repeats_check(struct id_window *window, const struct command *command, const struct command_ids *ids,
    struct log_position position, struct repeat *repeat) {
    repeat->verdict = BOOK_FRESH;
    struct text own = places_an_order(command) ? command->order_id : command_own_id(command);
    if (text_is_absent(own)) return STATUS_OK;
    if (command->action == ACTION_LIST) return check_list(window, command->symbol, command, position, repeat);
    const struct id_key key = own_key(command, ids, own);
    id_window_prefetch(window, key.hash);
    if (has_client_key(command)) return check_both(window, command, ids, position, &key, repeat);
    struct id_statement statement = statement_of(position, command_content_hash_from(command, ids));
    const struct id_record *oldest;
    id_window_expire(window, position.offset, position.log_time_ms);
    if (id_window_add_one(window, &statement, &key, &oldest) != STATUS_OK) return STATUS_NO_MEMORY;
    if (oldest) judge(oldest, statement.content_hash, repeat);
    return STATUS_OK;
}

void tombstones_prefetch(const struct id_window *window, const struct command *command, const struct command_ids *ids) {
    if (id_window_is_empty(window) || !places_an_order(command) || text_is_absent(command->user_id)) return;
    prefetch(window, 'o', ids->user_id, ids->order_id);
    if (!text_is_absent(command->client_order_id)) prefetch(window, 'c', ids->user_id, ids->client_order_id);
}

int tombstones_add(struct id_window *window, const struct command *cancel, struct log_position position) {
    bool by_order = !text_is_absent(cancel->order_id);
    struct id_key key = id_key_of(
        by_order ? 'o' : 'c', cancel->user_id, by_order ? cancel->order_id : cancel->client_order_id, TEXT_NONE);
    struct id_statement statement = statement_of(position, 0);
    const struct id_record *oldest;
    id_window_expire(window, position.offset, position.log_time_ms);
    return id_window_add(window, &statement, &key, 1, &oldest);
}

static bool has_tombstone(const struct id_window *window, char kind, const struct command *order,
    const struct command_ids *ids, struct text id, uint64_t id_hash) {
    if (text_is_absent(id)) return false;
    struct id_key key = id_key_begin(kind);
    id_key_add(&key, order->user_id, ids->user_id);
    id_key_add(&key, id, id_hash);
    return id_window_find(window, &key, 0) != NULL;
}

static bool was_cancelled(const struct id_window *window, const struct command *order, const struct command_ids *ids) {
    return has_tombstone(window, 'o', order, ids, order->order_id, ids->order_id) ||
           has_tombstone(window, 'c', order, ids, order->client_order_id, ids->client_order_id);
}

bool tombstones_find(struct id_window *window, const struct command *command, const struct command_ids *ids,
    struct log_position position) {
    if (id_window_is_empty(window) || text_is_absent(command->user_id)) return false;
    if (command->action != ACTION_LIST && !places_an_order(command)) return false;
    id_window_expire(window, position.offset, position.log_time_ms);
    if (command->action != ACTION_LIST) return was_cancelled(window, command, ids);
    for (uint32_t i = 0; i < decoded_orders(command); i++) {
        struct command_ids of_order = command_ids_of(&command->orders[i]);
        if (was_cancelled(window, &command->orders[i], &of_order)) return true;
    }
    return false;
}
