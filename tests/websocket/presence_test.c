/* The guide's keys in a real Valkey: who is connected and subscribed, through a Valkey that dies and comes back. */
#include "io/keys/keys.h"
#include "io/websocket/push.h"
#include "tests/valkey/server.h"
#include "tests/websocket/expect.h"
#include "tests/websocket/raw_client.h"
#include "tests/websocket/scripted_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The command's answer as text: numbers as such, of an array the first element, "" for none. */
static const char *ask(const struct server *server, const char *command) {
    static char text[256];
    redisContext *connection = server_connect(server);
    redisReply *reply = redisCommand(connection, command);
    const redisReply *one = reply && reply->type == REDIS_REPLY_ARRAY && reply->elements ? reply->element[0] : reply;
    if (one && one->type == REDIS_REPLY_INTEGER)
        snprintf(text, sizeof text, "%lld", one->integer);
    else
        snprintf(text, sizeof text, "%s", one && one->str ? one->str : "");
    freeReplyObject(reply);
    redisFree(connection);
    return text;
}

/* Until the answer is that text, at most some seconds. */
static void await(const struct server *server, const char *command, const char *expected) {
    const char *text = "";
    for (int i = 0; i < 250; i++, sleep_ms(20))
        if (strcmp(text = ask(server, command), expected) == 0) return;
    EXPECT(false, "%s answers %s, not %s", command, text, expected);
}

static void connect_and_subscribe(
    struct raw_client *client, const struct push *push, const char *path, const char *message) {
    EXPECT(raw_open(client, push_port(push), path, NULL, 0) == 101, "no upgrade");
    raw_say(client, message);
    raw_expect(client);
}

int main(void) {
    struct server server;
    server_start(&server, false);
    struct scripted_feed *feed = scripted_feed_open(NULL);
    struct valkey_client_options valkey = {.host = "127.0.0.1", .port = server.port, .password = server_password};
    char keys_path[64], key[KEY_TEXT_BYTES], problem[256], message[256], command[128];
    struct key_owner owner;
    snprintf(keys_path, sizeof keys_path, "%s/keys", server.directory);
    EXPECT(keys_create(keys_path, TEXT("alice"), key, &owner, problem, sizeof problem) == STATUS_OK, "%s", problem);
    struct push_world world = {.feed = scripted_feed_port(feed), .valkey = &valkey, .keys_path = keys_path};
    struct push_settings settings = push_settings_default();
    struct push *push;
    EXPECT(push_start(&push, &settings, &world) == STATUS_OK, "push does not start");

    struct raw_client user, other;
    connect_and_subscribe(
        &user, push, "/prod?userId=user123", "{\"action\":\"subscribe\",\"symbols\":[\"AAPL\",\"GOOGL\"]}");
    await(&server, "SCARD symbol:AAPL:subscribers", "1");
    await(&server, "SCARD user:user123:connections", "1");
    char id[64];
    snprintf(id, sizeof id, "%s", ask(&server, "SMEMBERS symbol:AAPL:subscribers"));
    EXPECT(strcmp(ask(&server, "SMEMBERS user:user123:connections"), id) == 0, "another id");
    snprintf(command, sizeof command, "GET ws:%s", id);
    EXPECT(strncmp(ask(&server, command), "{\"userId\":\"user123\",\"connectedAt\":1", 34) == 0, "%s",
        ask(&server, command));
    snprintf(command, sizeof command, "TTL ws:%s", id);
    EXPECT(
        atoi(ask(&server, command)) > 86000 && atoi(ask(&server, command)) <= 86400, "ttl %s", ask(&server, command));
    EXPECT(atoi(ask(&server, "TTL symbol:AAPL:subscribers")) > 86000, "the sets expire too");

    connect_and_subscribe(&other, push, "/?userId=mallory", "{\"action\":\"subscribe\",\"symbols\":[\"AAPL\"]}");
    await(&server, "SCARD symbol:AAPL:subscribers", "2");
    snprintf(message, sizeof message, "{\"action\":\"auth\",\"apiKey\":\"%s\"}", key);
    raw_say(&other, message);
    await(&server, "SCARD user:alice:connections", "1");
    await(&server, "SCARD user:mallory:connections", "0");
    raw_say(&other, "{\"action\":\"unsubscribe\",\"symbols\":[\"AAPL\"]}");
    await(&server, "SCARD symbol:AAPL:subscribers", "1");

    server_kill(&server); /* clients notice nothing */
    raw_say(&user, "{\"action\":\"subscribe\",\"symbols\":[\"MSFT\"]}");
    do raw_expect(&user);
    while (!strstr(user.message, "MSFT"));
    scripted_feed_trade(feed, "MSFT", SIDE_BUY, 100, 1, NULL, NULL);
    EXPECT(strstr(raw_expect(&user), "\"type\":\"trade\""), "%s", user.message);
    server_restart(&server); /* empty now: it is written anew */
    await(&server, "SCARD symbol:MSFT:subscribers", "1");
    await(&server, "SCARD symbol:GOOGL:subscribers", "1");
    await(&server, "SCARD user:user123:connections", "1");
    await(&server, "SCARD user:alice:connections", "1");

    raw_close(&user);
    await(&server, "SCARD symbol:AAPL:subscribers", "0");
    await(&server, "SCARD user:user123:connections", "0");
    snprintf(command, sizeof command, "EXISTS ws:%s", id);
    await(&server, command, "0");
    raw_close(&other);
    await(&server, "DBSIZE", "0");
    push_stop(push);
    scripted_feed_close(feed);
    server_end(&server);
    return 0;
}
