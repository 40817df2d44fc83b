#include "io/websocket/presence.h"

#include "io/websocket/push_thread.h"

#include <stdio.h>

enum {
    KEY_BYTES = 128,
    SWEEP_MAX = 500, /* connections per sweep */
    EXPIRY_S = 24 * 3600,
    REFRESH_MS = 6 * 3600 * 1000
};

static void on_up(void *context) {
    struct push *push = context;
    for (struct connection *connection = push->connections; connection; connection = connection->next)
        connection->is_present = false; /* it may have lost them meanwhile */
    push_log(&push->world, "Valkey answers: connections are written to it");
}

static void on_down(void *context, const char *why) {
    struct push *push = context;
    push_log(&push->world, "Valkey is away (%s): connections are not written to it, clients notice nothing", why);
}

static void on_refused(void *context, const char *why) {
    struct push *push = context;
    push_log(&push->world, "Valkey cannot be reached (%s): trying again", why);
}

int presence_start(struct push *push) {
    if (!push->world.valkey) return STATUS_OK;
    struct valkey_client_events events = {
        .on_up = on_up, .on_down = on_down, .on_refused = on_refused, .context = push};
    int status = STATUS_OK;
    const char *why = "";
    push->presence.client = valkey_client_open(&push->loop, push->world.valkey, &events, &status, &why);
    if (!push->presence.client) push_log(&push->world, "Valkey's settings cannot be used: %s", why);
    return push->presence.client ? STATUS_OK : status;
}

void presence_stop(struct push *push) {
    if (push->presence.client) valkey_client_close(push->presence.client);
    push->presence.client = NULL;
}

static struct text user_of(const struct connection *connection) {
    return text_of(connection->account[0] ? connection->account : connection->user_id);
}

static bool tell(struct push *push, const struct text *words, size_t count) {
    if (valkey_client_command(push->presence.client, words, count, NULL, NULL) == STATUS_OK) return true;
    push_count(&push->counters.presence_skipped, 1);
    return false;
}

static struct text make_key(char *key, const char *kind, struct text name, const char *ending) {
    int size = snprintf(key, KEY_BYTES, "%s:%.*s%s", kind, (int)name.size, name.data, ending);
    return (struct text){key, (uint32_t)size};
}

static struct text expiry_text(void) {
    static char text[16];
    snprintf(text, sizeof text, "%d", EXPIRY_S);
    return text_of(text);
}

static bool add_member(
    struct push *push, const struct connection *connection, const char *kind, struct text name, const char *ending) {
    char key[KEY_BYTES];
    struct text set = make_key(key, kind, name, ending);
    struct text add[] = {TEXT("SADD"), set, text_of(connection->id)};
    struct text expire[] = {TEXT("EXPIRE"), set, expiry_text()};
    return tell(push, add, 3) && tell(push, expire, 3);
}

static void remove_member(
    struct push *push, const struct connection *connection, const char *kind, struct text name, const char *ending) {
    char key[KEY_BYTES];
    struct text remove[] = {TEXT("SREM"), make_key(key, kind, name, ending), text_of(connection->id)};
    tell(push, remove, 3);
}

static bool add_user(struct push *push, const struct connection *connection) {
    struct text user = user_of(connection);
    return text_is_absent(user) || add_member(push, connection, "user", user, ":connections");
}

static bool set_connection(struct push *push, const struct connection *connection) {
    char key[KEY_BYTES];
    message_presence(&push->message, user_of(connection), connection->connected_ms);
    struct text set[] = {TEXT("SET"), make_key(key, "ws", text_of(connection->id), ""), message_view(&push->message),
        TEXT("EX"), expiry_text()};
    return tell(push, set, 5);
}

static void write_all(struct push *push, struct connection *connection) {
    bool is_written = set_connection(push, connection) && add_user(push, connection);
    for (struct subscription *at = connection->subscriptions; at && is_written; at = at->next)
        is_written = add_member(push, connection, "symbol", market_symbol(at->market), ":subscribers");
    connection->is_present = is_written;
    connection->present_until_ms = uv_now(&push->loop) + REFRESH_MS;
}

void presence_on_connected(struct push *push, struct connection *connection) {
    if (push->presence.client) write_all(push, connection);
}

void presence_on_authenticated(struct push *push, struct connection *connection) {
    if (!push->presence.client) return;
    if (connection->user_id[0] && !text_equal(text_of(connection->user_id), text_of(connection->account)))
        remove_member(push, connection, "user", text_of(connection->user_id), ":connections");
    write_all(push, connection);
}

void presence_on_subscribed(struct push *push, struct connection *connection, struct text symbol) {
    if (push->presence.client && !add_member(push, connection, "symbol", symbol, ":subscribers"))
        connection->is_present = false;
}

void presence_on_unsubscribed(struct push *push, struct connection *connection, struct text symbol) {
    if (push->presence.client) remove_member(push, connection, "symbol", symbol, ":subscribers");
}

void presence_on_closed(struct push *push, struct connection *connection) {
    if (!push->presence.client) return;
    char key[KEY_BYTES];
    struct text forget[] = {TEXT("DEL"), make_key(key, "ws", text_of(connection->id), "")};
    tell(push, forget, 2);
    if (!text_is_absent(user_of(connection)))
        remove_member(push, connection, "user", user_of(connection), ":connections");
    for (struct subscription *at = connection->subscriptions; at; at = at->next)
        remove_member(push, connection, "symbol", market_symbol(at->market), ":subscribers");
}

void presence_sweep(struct push *push) {
    if (!push->presence.client || !valkey_client_is_up(push->presence.client)) return;
    uint32_t left = SWEEP_MAX;
    for (struct connection *connection = push->connections; connection && left; connection = connection->next) {
        if (connection->is_closing || (connection->is_present && uv_now(&push->loop) < connection->present_until_ms))
            continue;
        write_all(push, connection);
        if (!connection->is_present) return; /* full for now */
        left--;
    }
}
