#include "io/valkey_client/valkey_client.h"

#include <criterion/criterion.h>

static void expect(const char *given, const char *host, uint16_t port) {
    char seen[32];
    uint16_t seen_port = 1;
    bool ok = valkey_client_split_host(given, seen, sizeof seen, &seen_port);
    cr_assert_eq(ok, host != NULL, "%s", given);
    if (host) {
        cr_assert_str_eq(seen, host);
        cr_assert_eq(seen_port, port, "%s: %u", given, seen_port);
    }
}

Test(valkey_client, hosts_with_and_without_port) {
    expect("localhost", "localhost", 1);
    expect("localhost:6380", "localhost", 6380);
    expect("10.0.0.1:65535", "10.0.0.1", 65535);
    expect("::1", "::1", 1);
    expect("[::1]", "::1", 1);
    expect("[fe80::1]:6379", "fe80::1", 6379);
    expect("", NULL, 0);
    expect(":6379", NULL, 0);
    expect("localhost:", NULL, 0);
    expect("localhost:0", NULL, 0);
    expect("localhost:65536", NULL, 0);
    expect("localhost:63x", NULL, 0);
    expect("[::1", NULL, 0);
    expect("[::1]x", NULL, 0);
    expect("a-name-that-is-longer-than-the-room-for-it", NULL, 0);
    expect(NULL, NULL, 0);
}

Test(valkey_client, a_wrong_host_is_refused_at_once) {
    uv_loop_t loop;
    uv_loop_init(&loop);
    int status;
    const char *why;
    struct valkey_client_options options = {.host = "x:y"};
    struct valkey_client_events events = {0};
    cr_assert_null(valkey_client_open(&loop, &options, &events, &status, &why));
    cr_assert_eq(status, STATUS_INVALID);
    cr_assert_not_null(why);
    options = (struct valkey_client_options){.host = "127.0.0.1", .tls = true, .tls_ca_file = "/nonexistent"};
    cr_assert_null(valkey_client_open(&loop, &options, &events, &status, &why));
    cr_assert_eq(status, STATUS_INVALID);
    cr_assert_eq(uv_loop_close(&loop), 0);
}

static void close_at_once(uv_timer_t *timer) {
    struct valkey_client *client = timer->data;
    cr_assert(!valkey_client_is_up(client));
    struct text words[] = {TEXT("PING")};
    cr_assert_eq(valkey_client_command(client, words, 1, NULL, NULL), STATUS_AWAY);
    cr_assert_geq(valkey_client_counts(client).refusals, 2);
    cr_assert_leq(valkey_client_counts(client).refusals, 6, "it backs off");
    valkey_client_close(client);
    uv_close((uv_handle_t *)timer, NULL);
}

static void note(void *context, const char *why) {
    cr_assert_not_null(why);
    ++*(int *)context;
}

Test(valkey_client, a_closed_port_is_tried_again_with_pauses_and_said_once) {
    uv_loop_t loop;
    uv_timer_t timer;
    int status, said = 0;
    const char *why;
    uv_loop_init(&loop);
    struct valkey_client_options options = {.host = "127.0.0.1:1", .back_off_min_ms = 20, .back_off_max_ms = 100};
    struct valkey_client_events events = {.on_refused = note, .context = &said};
    struct valkey_client *client = valkey_client_open(&loop, &options, &events, &status, &why);
    cr_assert_not_null(client);
    uv_timer_init(&loop, &timer);
    timer.data = client;
    uv_timer_start(&timer, close_at_once, 300, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_assert_eq(said, 1);
    cr_assert_eq(uv_loop_close(&loop), 0);
}
