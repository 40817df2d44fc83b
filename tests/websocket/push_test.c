/* The push thread end to end: bare sockets on one side, a scripted feed with its log in memory on the other. Without
 * arguments every case runs; with some, those whose name contains one of them; with N/M (1 to M), each M-th from the
 * N-th. */
#include "io/keys/keys.h"
#include "io/memory/memory_log.h"
#include "io/websocket/push.h"
#include "tests/websocket/expect.h"
#include "tests/websocket/raw_client.h"
#include "tests/websocket/scripted_feed.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <yyjson.h>

/* ---- what every case has ---- */

struct stage {
    struct memory_log *log;
    struct scripted_feed *feed;
    struct push *push;
    char keys_path[64];
    char key[KEY_TEXT_BYTES]; /* of alice */
};

static size_t write_metrics(void *context, char *out, size_t out_bytes) {
    (void)context;
    return (size_t)snprintf(out, out_bytes, "shardbook_test_total 1\n");
}

static bool is_ready = true;

static bool tell_ready(void *context, char *missing, size_t missing_bytes) {
    (void)context;
    snprintf(missing, missing_bytes, "the log");
    return is_ready;
}

static void make_keys(struct stage *stage) {
    struct key_owner owner;
    char problem[256] = "";
    snprintf(stage->keys_path, sizeof stage->keys_path, "/tmp/shardbook-push-test-%d.keys", (int)getpid());
    unlink(stage->keys_path);
    EXPECT(keys_create(stage->keys_path, TEXT("alice"), stage->key, &owner, problem, sizeof problem) == STATUS_OK, "%s",
        problem);
}

static void print_line(void *context, const char *line) {
    (void)context;
    fprintf(stderr, "    | %s\n", line);
}

static void begin(struct stage *stage, const struct push_settings *settings, bool has_log) {
    struct push_settings defaults = push_settings_default();
    *stage = (struct stage){.log = memory_log_open()};
    make_keys(stage);
    stage->feed = scripted_feed_open(stage->log);
    struct push_world world = {.feed = scripted_feed_port(stage->feed),
        .log = has_log ? memory_log_store(stage->log) : NULL,
        .keys_path = stage->keys_path,
        .pages = {.write_metrics = write_metrics, .ready = tell_ready},
        .log_line = print_line};
    EXPECT(push_start(&stage->push, settings ? settings : &defaults, &world) == STATUS_OK, "push does not start");
}

static void end(struct stage *stage) {
    if (stage->push) push_stop(stage->push);
    scripted_feed_close(stage->feed);
    memory_log_close(stage->log);
    unlink(stage->keys_path);
    char lock[80];
    snprintf(lock, sizeof lock, "%s.lock", stage->keys_path);
    unlink(lock);
}

static struct raw_client connect_as(struct stage *stage, const char *path, const char *headers) {
    struct raw_client client;
    int status = raw_open(&client, push_port(stage->push), path, headers, 0);
    EXPECT(status == 101, "upgrade answered %d", status);
    return client;
}

/* Until the push thread took so many events. */
static void await_events(struct stage *stage, uint64_t events) {
    for (int i = 0; i < 500 && atomic_load(&push_counters(stage->push)->events) < events; i++) sleep_ms(5);
    EXPECT(push_counters(stage->push)->events >= events, "the push thread does not read");
}

static bool has(const char *text, const char *part) { return strstr(text, part) != NULL; }

static void expect_has(struct raw_client *client, const char *part) {
    const char *text = raw_expect(client);
    EXPECT(has(text, part), "%s is not in %s", part, text);
}

/* With alice's key. */
static struct raw_client connect_alice(struct stage *stage) {
    char header[128];
    snprintf(header, sizeof header, "x-api-key: %s\r\n", stage->key);
    return connect_as(stage, "/", header);
}

static void subscribe(struct raw_client *client, const char *symbol, const char *channels) {
    char text[256];
    snprintf(text, sizeof text, "{\"action\":\"subscribe\",\"symbols\":[\"%s\"],\"channels\":[%s]}", symbol, channels);
    raw_say(client, text);
    expect_has(client, "\"type\":\"ack\"");
}

/* ---- a client's copy of the depth, by the published rule alone ---- */

struct copy {
    bool is_there;
    uint64_t epoch, u;
    uint32_t count[2], snapshots, changes;
    struct {
        int64_t price, total;
    } levels[2][20000];
};

static int64_t hundredths(const char *text) { return (int64_t)(atof(text) * 100 + 0.5); }

static void set_level(struct copy *copy, int side, int64_t price, int64_t total) {
    uint32_t i = 0;
    while (i < copy->count[side] && copy->levels[side][i].price != price) i++;
    if (total == 0) {
        if (i < copy->count[side]) copy->levels[side][i] = copy->levels[side][--copy->count[side]];
        return;
    }
    copy->levels[side][i].price = price;
    copy->levels[side][i].total = total;
    copy->count[side] += i == copy->count[side];
}

static void apply(struct copy *copy, const char *text) {
    yyjson_doc *document = yyjson_read(text, strlen(text), 0);
    EXPECT(document, "not JSON: %s", text);
    yyjson_val *root = yyjson_doc_get_root(document);
    bool is_snapshot = yyjson_get_bool(yyjson_obj_get(root, "snapshot"));
    uint64_t pu = yyjson_get_uint(yyjson_obj_get(root, "pu")), u = yyjson_get_uint(yyjson_obj_get(root, "u"));
    if (is_snapshot) {
        copy->count[0] = copy->count[1] = 0;
        copy->snapshots++;
    } else {
        EXPECT(copy->is_there && pu == copy->u, "pu %llu does not follow u %llu", (unsigned long long)pu,
            (unsigned long long)copy->u);
        copy->changes++;
    }
    copy->is_there = true;
    copy->u = u;
    copy->epoch = yyjson_get_uint(yyjson_obj_get(root, "ep"));
    for (int side = 0; side < 2; side++) {
        size_t i, n;
        yyjson_val *level;
        yyjson_arr_foreach(yyjson_obj_get(root, side == 0 ? "b" : "a"), i, n, level) set_level(copy, side,
            hundredths(yyjson_get_str(yyjson_arr_get(level, 0))), atoll(yyjson_get_str(yyjson_arr_get(level, 1))));
    }
    yyjson_doc_free(document);
}

/* Reads depth until the copy stands at event u, at most some seconds. */
static void follow(struct raw_client *client, struct copy *copy, uint64_t u) {
    while (!copy->is_there || copy->u < u) {
        const char *text = raw_expect(client);
        if (has(text, "\"type\":\"depth\"")) apply(copy, text);
    }
}

static int64_t total_at(const struct copy *copy, enum side side, int64_t price) {
    for (uint32_t i = 0; i < copy->count[side]; i++)
        if (copy->levels[side][i].price == price) return copy->levels[side][i].total;
    return 0;
}

/* The same, and until the copy has what the feed said last: an event may be pushed before the levels that follow it. */
static void follow_to(
    struct raw_client *client, struct copy *copy, uint64_t u, enum side side, int64_t price, int64_t total) {
    follow(client, copy, u);
    while (total_at(copy, side, price) != total) {
        const char *text = raw_expect(client);
        if (has(text, "\"type\":\"depth\"")) apply(copy, text);
    }
}

static void expect_same(struct stage *stage, const struct copy *copy, const char *symbol) {
    for (int side = 0; side < 2; side++) {
        EXPECT(copy->count[side] == scripted_feed_levels(stage->feed, symbol, (enum side)side),
            "side %d has %u levels, not %u", side, copy->count[side],
            scripted_feed_levels(stage->feed, symbol, (enum side)side));
        for (uint32_t i = 0; i < copy->count[side]; i++)
            EXPECT(scripted_feed_total(stage->feed, symbol, (enum side)side, copy->levels[side][i].price) ==
                       copy->levels[side][i].total,
                "side %d price %lld has %lld", side, (long long)copy->levels[side][i].price,
                (long long)copy->levels[side][i].total);
    }
}

static struct copy *new_copy(void) { return calloc(1, sizeof(struct copy)); }

/* ---- cases ---- */

static void guide_trade(void) {
    struct stage stage;
    begin(&stage, NULL, true);
    struct raw_client client = connect_as(&stage, "/prod?userId=user123", NULL), other = connect_as(&stage, "/", NULL);
    raw_say(&client, "{\"action\":\"subscribe\",\"symbols\":[\"AAPL\",\"GOOGL\"]}");
    expect_has(&client, "{\"type\":\"ack\",\"action\":\"subscribe\",");
    EXPECT(has(client.message, "\"symbols\":[\"AAPL\",\"GOOGL\"],\"channels\":[\"trades\"]}"), "%s", client.message);
    scripted_feed_trade(stage.feed, "MSFT", SIDE_SELL, 100, 1, "user123", "bob");
    scripted_feed_trade(stage.feed, "AAPL", SIDE_BUY, 15000, 30, "alice", "bob");
    const char *text = raw_expect(&client);
    EXPECT(strcmp(text, "{\"type\":\"trade\",\"s\":\"AAPL\",\"seq\":1,\"p\":\"150.00\",\"q\":\"30\",\"side\":\"BUY\","
                        "\"T\":1764900000001,\"t\":1}") == 0,
        "%s", text);
    scripted_feed_trade(stage.feed, "GOOGL", SIDE_SELL, 5, 1000000, NULL, NULL);
    expect_has(&client, "\"s\":\"GOOGL\",\"seq\":1,\"p\":\"0.05\",\"q\":\"1000000\",\"side\":\"SELL\"");
    raw_say(&client, "{\"action\":\"unsubscribe\",\"symbols\":[\"AAPL\"]}");
    expect_has(&client, "{\"type\":\"ack\",\"action\":\"unsubscribe\"");
    scripted_feed_trade(stage.feed, "AAPL", SIDE_BUY, 15000, 30, "alice", "bob");
    EXPECT(raw_read(&client, 100) == RAW_TIMEOUT, "%s after unsubscribe", client.message);
    EXPECT(raw_read(&other, 1) == RAW_TIMEOUT, "%s to who asked for nothing", other.message);
    raw_close(&client);
    raw_close(&other);
    end(&stage);
}

/* A few hundred changes with and without pauses; the copy equals the book after each pause. */
static void depth_chain(void) {
    struct stage stage;
    begin(&stage, NULL, true);
    struct copy *copy = new_copy();
    uint64_t fseq = scripted_feed_accepted(stage.feed, "AAPL", NULL, "o1", SIDE_BUY, 15000, 10);
    scripted_feed_level(stage.feed, "AAPL", SIDE_BUY, 15000, 10);
    struct raw_client client = connect_as(&stage, "/", NULL);
    subscribe(&client, "AAPL", "\"depth\"");
    follow(&client, copy, fseq);
    EXPECT(copy->snapshots == 1 && copy->changes == 0, "the snapshot comes first, once");
    expect_same(&stage, copy, "AAPL");
    srand(7);
    for (int round = 0; round < 60; round++) {
        int changes = 1 + rand() % 40;
        for (int i = 0; i < changes; i++) {
            enum side side = rand() & 1 ? SIDE_BUY : SIDE_SELL;
            fseq = scripted_feed_accepted(stage.feed, "AAPL", NULL, "o", side, 15000, 10);
            scripted_feed_level(stage.feed, "AAPL", side, side == SIDE_BUY ? 15000 - rand() % 30 : 15001 + rand() % 30,
                rand() % 3 ? 1 + rand() % 99 : 0);
        }
        scripted_feed_level(stage.feed, "AAPL", SIDE_BUY, 14000, 1 + round); /* so that the last event shows */
        follow_to(&client, copy, fseq, SIDE_BUY, 14000, 1 + round);
        expect_same(&stage, copy, "AAPL");
    }
    EXPECT(copy->snapshots == 1, "%u snapshots in an unbroken chain", copy->snapshots);
    raw_close(&client);
    free(copy);
    end(&stage);
}

static void depth_window(void) {
    struct stage stage;
    struct push_settings settings = push_settings_default();
    settings.depth_levels = 5;
    settings.mirror_levels = 8;
    begin(&stage, &settings, true);
    struct copy *copy = new_copy();
    struct raw_client client = connect_as(&stage, "/", NULL);
    uint64_t fseq = 0;
    for (int i = 0; i < 30; i++) {
        fseq = scripted_feed_accepted(stage.feed, "AAPL", NULL, "o", SIDE_BUY, 100, 10);
        scripted_feed_level(stage.feed, "AAPL", SIDE_BUY, 100 + i * 7 % 30, 10 + i);
    }
    subscribe(&client, "AAPL", "\"depth\"");
    follow(&client, copy, fseq);
    srand(3);
    for (int round = 0; round < 200; round++) { /* the best levels go and come */
        fseq = scripted_feed_accepted(stage.feed, "AAPL", NULL, "o", SIDE_BUY, 100, 10);
        int64_t best = 130;
        while (best > 0 && scripted_feed_total(stage.feed, "AAPL", SIDE_BUY, best) == 0) best--;
        if (round % 3 && best > 100)
            scripted_feed_level(stage.feed, "AAPL", SIDE_BUY, best, 0);
        else
            scripted_feed_level(stage.feed, "AAPL", SIDE_BUY, 100 + rand() % 30, 1000 + round);
        if (round % 5) continue;
        scripted_feed_level(stage.feed, "AAPL", SIDE_SELL, 200, 1 + round);
        follow_to(&client, copy, fseq, SIDE_SELL, 200, 1 + round);
        uint32_t there = scripted_feed_levels(stage.feed, "AAPL", SIDE_BUY), told = there < 5 ? there : 5;
        EXPECT(copy->count[0] == told, "round %d: %u levels told of %u", round, copy->count[0], there);
        for (int64_t price = 130, rank = 0; price >= 100 && rank < told; price--) {
            int64_t total = scripted_feed_total(stage.feed, "AAPL", SIDE_BUY, price), mine = 0;
            for (uint32_t i = 0; i < copy->count[0]; i++)
                mine = copy->levels[0][i].price == price ? copy->levels[0][i].total : mine;
            EXPECT(mine == total, "round %d price %lld: %lld, not %lld", round, (long long)price, (long long)mine,
                (long long)total);
            rank += total > 0;
        }
    }
    raw_close(&client);
    free(copy);
    end(&stage);
}

static void resume(void) {
    struct stage stage;
    begin(&stage, NULL, true);
    struct copy *copy = new_copy();
    struct raw_client client = connect_as(&stage, "/", NULL);
    uint64_t fseq = scripted_feed_trade(stage.feed, "AAPL", SIDE_BUY, 15000, 1, NULL, NULL);
    scripted_feed_level(stage.feed, "AAPL", SIDE_BUY, 14999, 5);
    subscribe(&client, "AAPL", "\"depth\"");
    follow(&client, copy, fseq);
    raw_close(&client); /* and meanwhile */
    for (int i = 0; i < 10; i++) {
        fseq = scripted_feed_trade(stage.feed, "AAPL", SIDE_BUY, 15000 + i, 1, NULL, NULL);
        scripted_feed_level(stage.feed, "AAPL", SIDE_SELL, 15010 + i, 5 + i);
        sleep_ms(8); /* so that there are several changes */
    }
    char text[256];
    client = connect_as(&stage, "/", NULL);
    snprintf(text, sizeof text,
        "{\"action\":\"subscribe\",\"symbols\":[\"AAPL\"],\"channels\":[\"trades\",\"depth\"],\"since\":{\"ep\":%llu,"
        "\"u\":%llu}}",
        (unsigned long long)copy->epoch, (unsigned long long)copy->u);
    raw_say(&client, text);
    expect_has(&client, "\"ack\"");
    for (int i = 0; i < 10; i++) {
        snprintf(text, sizeof text, "\"type\":\"trade\",\"s\":\"AAPL\",\"seq\":%d,", 2 + i);
        expect_has(&client, text);
    }
    follow(&client, copy, fseq);
    EXPECT(copy->snapshots == 1 && copy->changes >= 2, "%u snapshots, %u changes", copy->snapshots, copy->changes);
    expect_same(&stage, copy, "AAPL");
    raw_close(&client);
    /* another epoch, or a u that nobody has: a snapshot, and the missed trades are named */
    client = connect_as(&stage, "/", NULL);
    raw_say(&client, "{\"action\":\"subscribe\",\"symbols\":[\"AAPL\"],\"channels\":[\"trades\",\"depth\"],\"since\":{"
                     "\"ep\":7,\"u\":3}}");
    expect_has(&client, "\"ack\"");
    expect_has(&client, "{\"type\":\"gap\",\"s\":\"AAPL\",\"channel\":\"trades\",\"from\":4,\"to\":11}");
    expect_has(
        &client, "\"snapshot\":true,\"pu\":11,\"U\":11,\"u\":11,\"b\":[[\"149.99\",\"5\"]],\"a\":[[\"150.10\",\"5\"],");
    raw_close(&client);
    free(copy);
    end(&stage);
}

static void unknown_symbol(void) {
    struct stage stage;
    begin(&stage, NULL, true);
    struct raw_client client = connect_as(&stage, "/", NULL);
    subscribe(&client, "NEW", "\"depth\",\"ticker\"");
    expect_has(&client, "\"type\":\"depth\",\"s\":\"NEW\","); /* an empty book, as far as anybody knows */
    EXPECT(has(client.message, "\"snapshot\":true,\"pu\":0,\"U\":0,\"u\":0,\"b\":[],\"a\":[]}"), "%s", client.message);
    expect_has(&client, "\"type\":\"ticker\"");
    scripted_feed_accepted(stage.feed, "NEW", NULL, "o1", SIDE_SELL, 700, 3);
    scripted_feed_level(stage.feed, "NEW", SIDE_SELL, 700, 3);
    bool has_depth = false, has_ticker = false;
    while (!has_depth || !has_ticker) {
        const char *text = raw_expect(&client);
        has_depth |= has(text, "\"pu\":0,\"U\":1,\"u\":1,\"b\":[],\"a\":[[\"7.00\",\"3\"]]}");
        has_ticker |= has(text, "{\"type\":\"ticker\",\"s\":\"NEW\",\"u\":1,\"a\":[\"7.00\",\"3\"]}");
    }
    raw_close(&client);
    end(&stage);
}

static void reports(void) {
    struct stage stage;
    begin(&stage, NULL, true);
    char text[256];
    struct raw_client alice = connect_alice(&stage), nobody = connect_as(&stage, "/?userId=alice", NULL), late;
    raw_say(&alice, "{\"action\":\"subscribe\",\"channels\":[\"orders\"]}");
    expect_has(&alice, "\"ack\"");
    raw_say(&nobody, "{\"action\":\"subscribe\",\"symbols\":[\"AAPL\"],\"channels\":[\"trades\",\"orders\"]}");
    expect_has(&nobody, "\"code\":\"NOT_AUTHENTICATED\"");
    raw_say(&nobody, "{\"action\":\"auth\",\"apiKey\":\"wrong\"}");
    expect_has(&nobody, "{\"type\":\"error\",\"code\":\"BAD_API_KEY\"");
    subscribe(&nobody, "AAPL", "\"trades\"");
    int status = raw_open(&late, push_port(stage.push), "/", "x-api-key: wrong\r\n", 0);
    EXPECT(status == 403, "a wrong key at the upgrade is answered %d", status);
    raw_close(&late);

    scripted_feed_accepted(stage.feed, "AAPL", "alice", "mine-1", SIDE_BUY, 15000, 30);
    expect_has(&alice,
        "{\"type\":\"report\",\"account\":\"alice\",\"event\":{\"type\":\"ACCEPTED\",\"symbol\":\"AAPL\",\"fseq\":1,");
    EXPECT(has(alice.message, "\"orderId\":\"mine-1\",\"userId\":\"alice\",\"side\":\"BUY\",\"orderType\":\"LIMIT\""),
        "%s", alice.message);
    scripted_feed_accepted(stage.feed, "AAPL", "bob", "his-1", SIDE_SELL, 15000, 30);
    scripted_feed_trade(stage.feed, "AAPL", SIDE_SELL, 15000, 30, "bob", "alice");
    expect_has(&alice,
        "\"event\":{\"type\":\"FILL\",\"symbol\":\"AAPL\",\"fseq\":3,\"src\":{\"p\":7,\"o\":1003,\"i\":0},\"own\":0,"
        "\"timestamp\":1764900000003,"
        "\"tradeId\":1,\"price\":\"150.00\",\"quantity\":\"30\",\"takerSide\":\"SELL\","
        "\"maker\":{\"orderId\":\"maker-1\",\"userId\":\"alice\",\"leaves\":\"7\",\"cumulative\":\"30\"},\"hash\":\"");
    EXPECT(!has(alice.message, "bob") && !has(alice.message, "taker-1"), "the other side shows: %s", alice.message);
    expect_has(&nobody, "\"type\":\"trade\"");
    EXPECT(!has(nobody.message, "alice") && !has(nobody.message, "bob"), "%s", nobody.message);
    EXPECT(raw_read(&nobody, 50) == RAW_TIMEOUT, "a report to who has no key: %s", nobody.message);

    scripted_feed_trade(stage.feed, "AAPL", SIDE_BUY, 15000, 1, "alice", "alice");
    expect_has(&alice, "\"taker\":{\"orderId\":\"taker-2\"");
    EXPECT(has(alice.message, "\"maker\":{\"orderId\":\"maker-2\""), "%s", alice.message);
    EXPECT(raw_read(&alice, 50) == RAW_TIMEOUT, "one event, one report: %s", alice.message);
    expect_has(&nobody, "\"seq\":4");

    snprintf(text, sizeof text, "{\"action\":\"auth\",\"apiKey\":\"%s\"}", stage.key);
    raw_say(&nobody, text);
    expect_has(&nobody, "{\"type\":\"ack\",\"action\":\"auth\",\"account\":\"alice\"}");
    raw_say(&nobody, "{\"action\":\"subscribe\",\"channels\":[\"orders\"]}");
    expect_has(&nobody, "\"channels\":[\"orders\"]");
    scripted_feed_accepted(stage.feed, "AAPL", "alice", "mine-2", SIDE_BUY, 15000, 30);
    expect_has(&alice, "mine-2");
    expect_has(&nobody, "mine-2");
    raw_say(&alice, "{\"action\":\"unsubscribe\",\"channels\":[\"orders\"]}");
    expect_has(&alice, "\"unsubscribe\"");
    scripted_feed_accepted(stage.feed, "AAPL", "alice", "mine-3", SIDE_BUY, 15000, 30);
    expect_has(&nobody, "mine-3");
    EXPECT(raw_read(&alice, 50) == RAW_TIMEOUT, "a report after unsubscribe: %s", alice.message);
    raw_close(&alice);
    raw_close(&nobody);
    end(&stage);
}

/* A key made later counts once the file was read again; a file that is wrong changes nothing. */
static void reload(void) {
    struct stage stage;
    struct key_owner owner;
    char key[KEY_TEXT_BYTES], problem[256] = "", text[256];
    begin(&stage, NULL, true);
    EXPECT(keys_create(stage.keys_path, TEXT("bob"), key, &owner, problem, sizeof problem) == STATUS_OK, "%s", problem);
    struct raw_client client = connect_as(&stage, "/", NULL);
    snprintf(text, sizeof text, "{\"action\":\"auth\",\"apiKey\":\"%s\"}", key);
    raw_say(&client, text);
    expect_has(&client, "BAD_API_KEY");
    push_reload_keys(stage.push);
    for (int i = 0; i < 20 && !(client.message && has(client.message, "bob")); i++) {
        sleep_ms(100);
        raw_say(&client, text);
        raw_expect(&client);
    }
    EXPECT(has(client.message, "{\"type\":\"ack\",\"action\":\"auth\",\"account\":\"bob\"}"), "%s", client.message);
    FILE *file = fopen(stage.keys_path, "a");
    EXPECT(file && fputs("this is no key\n", file) > 0 && fclose(file) == 0, "cannot write");
    push_reload_keys(stage.push);
    sleep_ms(300);
    raw_say(&client, text);
    expect_has(&client, "\"account\":\"bob\"");
    raw_close(&client);
    end(&stage);
}

/* Records are lost on the way: trades and reports come all the same, once and in order; depth comes anew. */
static void play_overtaken(uint32_t hold_bytes_max, bool is_away) {
    struct stage stage;
    struct push_settings settings = push_settings_default();
    settings.hold_bytes_max = hold_bytes_max;
    begin(&stage, &settings, true);
    struct copy *copy = new_copy();
    char text[128];
    struct raw_client alice = connect_alice(&stage), watcher = connect_as(&stage, "/", NULL);
    uint64_t fseq = scripted_feed_trade(stage.feed, "AAPL", SIDE_BUY, 15000, 1, "alice", NULL);
    await_events(&stage, 1);
    subscribe(&alice, "AAPL", "\"trades\",\"orders\"");
    subscribe(&watcher, "AAPL", "\"depth\"");
    follow(&watcher, copy, fseq);
    sleep_ms(1200); /* a sample of the log's ends is taken meanwhile */
    for (int round = 0; round < 3; round++) {
        uint64_t first = fseq + 1;
        memory_log_set_faults(stage.log, &(struct memory_faults){.away = is_away});
        scripted_feed_lose(stage.feed, true);
        for (int i = 0; i < 500; i++) {
            fseq = scripted_feed_trade(stage.feed, "AAPL", SIDE_SELL, 15000 + i, 1, "bob", "alice");
            scripted_feed_level(stage.feed, "AAPL", SIDE_SELL, 15000 + i, 9 + round);
        }
        scripted_feed_lose(stage.feed, false);
        scripted_feed_overtake(stage.feed, "AAPL");
        if (round != 1) /* in round 1 nothing follows: the workers' word where the symbol stands tells */
            for (int i = 0; i < 50; i++)
                fseq = scripted_feed_trade(stage.feed, "AAPL", SIDE_SELL, 15000 + i, 1, "bob", "alice");
        if (is_away) { /* the broker comes back after a while */
            sleep_ms(300);
            memory_log_set_faults(stage.log, &(struct memory_faults){0});
        }
        uint64_t trades = first, reported = first;
        while (trades <= fseq || reported <= fseq) {
            raw_expect(&alice);
            bool is_trade = has(alice.message, "\"type\":\"trade\"");
            snprintf(text, sizeof text, is_trade ? "\"seq\":%llu," : "\"fseq\":%llu,",
                (unsigned long long)(is_trade ? trades : reported));
            EXPECT(has(alice.message, text), "%s expected, got %s", text, alice.message);
            trades += is_trade;
            reported += !is_trade;
        }
        follow(&watcher, copy, fseq);
        expect_same(&stage, copy, "AAPL");
    }
    EXPECT(copy->snapshots == 4, "%u snapshots", copy->snapshots);
    const struct push_counters *counters = push_counters(stage.push);
    EXPECT(counters->gaps == 3 && counters->gaps_filled == 3 && counters->gaps_told == 0 && counters->overtaken == 3,
        "%llu gaps, %llu filled", (unsigned long long)counters->gaps, (unsigned long long)counters->gaps_filled);
    raw_close(&alice);
    raw_close(&watcher);
    free(copy);
    end(&stage);
}

static void overtaken(void) { play_overtaken(1 << 20, false); }
static void overtaken_without_room(void) { play_overtaken(3000, false); }
static void overtaken_without_broker(void) { play_overtaken(1 << 20, true); }

/* A gap that shows only after the log's ends were sampled again: reading begins behind it, notices, and begins anew. */
static void found_late(void) {
    struct stage stage;
    begin(&stage, NULL, true);
    struct raw_client client = connect_as(&stage, "/", NULL);
    subscribe(&client, "AAPL", "\"trades\"");
    scripted_feed_trade(stage.feed, "AAPL", SIDE_BUY, 15000, 1, NULL, NULL);
    expect_has(&client, "\"seq\":1,");
    scripted_feed_lose(stage.feed, true);
    for (int i = 0; i < 5; i++) scripted_feed_trade(stage.feed, "AAPL", SIDE_BUY, 15000, 1, NULL, NULL);
    scripted_feed_lose(stage.feed, false);
    for (int i = 0; i < 30; i++) { /* meanwhile others trade */
        scripted_feed_trade(stage.feed, "MSFT", SIDE_BUY, 15000, 1, NULL, NULL);
        sleep_ms(100);
    }
    scripted_feed_trade(stage.feed, "AAPL", SIDE_BUY, 15000, 1, NULL, NULL);
    for (int i = 2; i <= 7; i++) {
        char seq[32];
        snprintf(seq, sizeof seq, "\"seq\":%d,", i);
        expect_has(&client, seq);
    }
    EXPECT(
        push_counters(stage.push)->gaps_filled == 1 && push_counters(stage.push)->gaps_told == 0, "the gap is filled");
    raw_close(&client);
    end(&stage);
}

/* What cannot be read again is said to who sees trades, and ends the connection of who gets reports. */
static void overtaken_for_good(void) {
    struct stage stage;
    begin(&stage, NULL, true);
    struct raw_client alice = connect_alice(&stage), watcher = connect_as(&stage, "/", NULL);
    scripted_feed_trade(stage.feed, "AAPL", SIDE_BUY, 15000, 1, "alice", NULL);
    await_events(&stage, 1);
    subscribe(&alice, "AAPL", "\"orders\"");
    subscribe(&watcher, "AAPL", "\"trades\"");
    scripted_feed_lose(stage.feed, true);
    scripted_feed_trade(stage.feed, "AAPL", SIDE_SELL, 15000, 1, "bob", "alice");
    scripted_feed_trade(stage.feed, "AAPL", SIDE_SELL, 15000, 1, "bob", "alice");
    memory_log_trim(stage.log, TOPIC_FILLS, 7, 3); /* what was lost is gone from the log too */
    scripted_feed_lose(stage.feed, false);
    scripted_feed_overtake(stage.feed, "AAPL");
    uint64_t fseq = scripted_feed_trade(stage.feed, "AAPL", SIDE_SELL, 15001, 1, "bob", "alice");
    EXPECT(fseq == 4, "%llu", (unsigned long long)fseq);
    bool is_gap = false;
    while (!is_gap) {
        raw_expect(&watcher);
        EXPECT(!has(watcher.message, "\"seq\":4"), "the trade after the gap comes before the gap");
        is_gap = has(watcher.message, "{\"type\":\"gap\",\"s\":\"AAPL\",\"channel\":\"trades\",\"from\":2,\"to\":3}");
    }
    expect_has(&watcher, "\"seq\":4");
    enum raw_kind kind;
    while ((kind = raw_read(&alice, 2000)) == RAW_TEXT);
    EXPECT(kind == RAW_CLOSE && alice.close_code == 1013, "kind %d code %d", kind, alice.close_code);
    raw_close(&alice);
    raw_close(&watcher);
    end(&stage);
}

static long resident_kb(void) {
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    EXPECT(file && fscanf(file, "%ld %ld", &pages, &resident) == 2, "no statm");
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Little room for who lags. */
static struct push_settings tight(uint32_t lag_bytes_max) {
    struct push_settings settings = push_settings_default();
    settings.lag_bytes_max = lag_bytes_max;
    settings.depth_levels = settings.mirror_levels = 50;
    settings.send_buffer_bytes = 16 * 1024;
    return settings;
}

static struct raw_client connect_slow(struct stage *stage, const char *channels) {
    struct raw_client client;
    EXPECT(raw_open(&client, push_port(stage->push), "/", NULL, 8192) == 101, "no upgrade");
    subscribe(&client, "AAPL", channels);
    return client;
}

/* A client that does not read: others go on, memory stays, it is closed with 1013. */
static void slow_client(void) {
    struct stage stage;
    struct push_settings settings = tight(256 * 1024);
    begin(&stage, &settings, true);
    struct raw_client slow[8], quick = connect_as(&stage, "/", NULL);
    for (int i = 0; i < 8; i++) slow[i] = connect_slow(&stage, "\"trades\",\"depth\"");
    subscribe(&quick, "AAPL", "\"trades\"");
    long before_kb = 0;
    uint64_t fseq = 0;
    for (int i = 0; i < 40000; i++) {
        fseq = scripted_feed_trade(stage.feed, "AAPL", SIDE_BUY, 15000, 1 + i, "alice", "bob");
        scripted_feed_level(stage.feed, "AAPL", SIDE_BUY, 14000 + i % 50, 1 + i);
        if (i % 200 == 199) {
            char seq[32];
            snprintf(seq, sizeof seq, "\"seq\":%llu,", (unsigned long long)fseq);
            while (!has(raw_expect(&quick), seq));
        }
        if (i == 10000) before_kb = resident_kb();
    }
    const struct push_counters *counters = push_counters(stage.push);
    EXPECT(counters->slow_closes == 8, "%llu closed", (unsigned long long)counters->slow_closes);
    EXPECT(counters->conflated >= 8, "%llu conflated", (unsigned long long)counters->conflated);
    long grown_kb = resident_kb() - before_kb;
    fprintf(stderr, "    memory grew by %ld kB over 30,000 trades\n", grown_kb);
#ifndef SHARDBOOK_SANITIZED
    EXPECT(grown_kb < 60 * 1024, "memory grew by %ld kB",
        grown_kb); /* the log in memory keeps 30,000 records of some 350 bytes */
#endif
    raw_close(&slow[7]); /* one goes, seven never read on */
    for (int i = 0; i < 100 && atomic_load(&counters->connections) > 1; i++) {
        raw_say(&quick, "{\"action\":\"ping\"}");
        while (!has(raw_expect(&quick), "pong"));
        sleep_ms(100);
    }
    EXPECT(counters->connections == 1, "%llu connections are left", (unsigned long long)counters->connections);
    for (int i = 0; i < 7; i++) {
        enum raw_kind kind;
        while ((kind = raw_read(&slow[i], 2000)) == RAW_TEXT);
        EXPECT(kind == RAW_CLOSE || kind == RAW_END, "kind %d", kind); /* after the grace the socket is dropped */
        if (kind == RAW_CLOSE) EXPECT(slow[i].close_code == 1013, "closed with %d", slow[i].close_code);
        EXPECT(slow[i].received_bytes < 2 * settings.lag_bytes_max, "%llu bytes",
            (unsigned long long)slow[i].received_bytes);
        raw_close(&slow[i]);
    }
    raw_close(&quick);
    end(&stage);
}

/* The close frame with 1013 reaches a client that begins to read again in time. */
static void slow_client_wakes(void) {
    struct stage stage;
    struct push_settings settings = tight(64 * 1024);
    begin(&stage, &settings, true);
    struct raw_client slow = connect_slow(&stage, "\"trades\"");
    const struct push_counters *counters = push_counters(stage.push);
    for (int i = 0; i < 40000 && atomic_load(&counters->slow_closes) == 0; i++) {
        scripted_feed_trade(stage.feed, "AAPL", SIDE_BUY, 15000, 1 + i, "alice", "bob");
        if (i % 100 == 99) sleep_ms(10);
    }
    EXPECT(counters->slow_closes == 1, "not closed");
    uint64_t seq = 1;
    enum raw_kind kind;
    while ((kind = raw_read(&slow, 2000)) == RAW_TEXT) {
        char text[32];
        snprintf(text, sizeof text, "\"seq\":%llu,", (unsigned long long)seq++);
        EXPECT(has(slow.message, text), "%s is not next: %s", text,
            slow.message); /* nothing was left out before the end */
    }
    EXPECT(kind == RAW_CLOSE && slow.close_code == 1013, "kind %d code %d", kind, slow.close_code);
    EXPECT(has(slow.message, "Too slow"), "%s", slow.message);
    raw_close(&slow);
    end(&stage);
}

/* Lagging only in depth: it gives way to a snapshot and the connection lives. */
static void conflation(void) {
    struct stage stage;
    struct push_settings settings = tight(64 * 1024);
    begin(&stage, &settings, true);
    struct copy *copy = new_copy();
    struct raw_client slow = connect_slow(&stage, "\"depth\"");
    const struct push_counters *counters = push_counters(stage.push);
    uint64_t fseq = 0;
    for (uint64_t round = 1; round <= 3; round++) {
        for (int i = 0; i < 60000 && atomic_load(&counters->conflated) < round; i++) { /* it does not read ... */
            fseq = scripted_feed_accepted(stage.feed, "AAPL", NULL, "o", SIDE_BUY, 15000, 1);
            scripted_feed_level(stage.feed, "AAPL", SIDE_BUY, 14000 + i % 50, (int64_t)(1000000 * round) + i);
            if (i % 50 == 49) sleep_ms(6);
        }
        follow(&slow, copy, fseq); /* ... and then does */
        expect_same(&stage, copy, "AAPL");
    }
    EXPECT(counters->conflated >= 3 && counters->slow_closes == 0 && copy->snapshots >= 4,
        "%llu conflated, %u snapshots", (unsigned long long)counters->conflated, copy->snapshots);
    raw_close(&slow);
    free(copy);
    end(&stage);
}

static void expect_closed(struct raw_client *client, int code) {
    enum raw_kind kind;
    while ((kind = raw_read(client, 3000)) == RAW_TEXT || kind == RAW_PING);
    EXPECT(kind == RAW_CLOSE && client->close_code == code, "kind %d, code %d, not %d", kind, client->close_code, code);
    raw_close(client);
}

static void junk(void) {
    struct stage stage;
    begin(&stage, NULL, true);
    struct raw_client client = connect_as(&stage, "/", NULL);
    static const char *const texts[] = {"", "{", "[]", "null", "{\"action\":\"jump\"}", "{\"action\":\"subscribe\"}",
        "{\"action\":\"subscribe\",\"symbols\":[\"aapl\"]}", "{\"action\":\"subscribe\",\"symbols\":\"AAPL\"}",
        "{\"action\":\"subscribe\",\"symbols\":[\"AAPL\"],\"channels\":[\"news\"]}",
        "{\"action\":\"subscribe\",\"symbols\":[\"AAPL\"],\"since\":7}", "\xff\xfe", "{\"action\":\"auth\"}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        raw_say(&client, texts[i]);
        expect_has(&client, "{\"type\":\"error\",\"code\":\"");
    }
    EXPECT(push_counters(stage.push)->request_errors == sizeof texts / sizeof *texts, "errors are counted");
    raw_say(&client, "{\"action\":\"ping\"}");
    expect_has(&client, "{\"type\":\"pong\",\"T\":1");
    raw_send_frame(&client, 0x88, "\x03\xe8", 2); /* a polite end is answered */
    expect_closed(&client, 1000);
    client = connect_as(&stage, "/", NULL);
    raw_send_frame(&client, 0x01, "{\"action\":", 10); /* in pieces */
    raw_send_frame(&client, 0x00, "\"pi", 3);
    raw_send_frame(&client, 0x80, "ng\"}", 4);
    expect_has(&client, "pong");
    raw_send_frame(&client, 0x82, "\x81\x01", 2);
    expect_closed(&client, 1003);
    char *large = malloc(5000);
    memset(large, ' ', 5000);
    client = connect_as(&stage, "/", NULL);
    raw_send_frame(&client, 0x81, large, 4096);
    expect_has(&client, "\"code\":\"MALFORMED\"");
    raw_send_frame(&client, 0x81, large, 4097);
    expect_closed(&client, 1009);
    free(large);
    client = connect_as(&stage, "/", NULL);
    for (int i = 0; i < 100; i++) raw_say(&client, "{\"action\":\"ping\"}");
    expect_closed(&client, 1008);
    /* frames that no client may send: the connection ends, the thread does not */
    for (int i = 0; i < 8; i++) {
        client = connect_as(&stage, "/", NULL);
        unsigned char bytes[64];
        srand((unsigned)i);
        for (size_t j = 0; j < sizeof bytes; j++) bytes[j] = (unsigned char)rand();
        raw_send_frame(&client, (uint8_t)(0x83 + i), bytes, sizeof bytes);
        enum raw_kind kind = raw_read(&client, 300);
        EXPECT(kind != RAW_TEXT, "an answer to junk: %s", client.message);
        raw_close(&client);
    }
    client = connect_as(&stage, "/", NULL);
    raw_say(&client, "{\"action\":\"ping\"}");
    expect_has(&client, "pong");
    raw_close(&client);
    end(&stage);
}

/* Who answers pings stays, who does not is given up. */
static void heartbeat(void) {
    struct stage stage;
    struct push_settings settings = push_settings_default();
    settings.ping_s = 1;
    settings.hang_up_s = 3;
    begin(&stage, &settings, true);
    struct raw_client alive = connect_as(&stage, "/", NULL), dead = connect_as(&stage, "/", NULL);
    int pings = 0;
    for (int i = 0; i < 30; i++) {
        enum raw_kind kind = raw_read(&alive, 200);
        EXPECT(kind == RAW_PING || kind == RAW_TIMEOUT, "kind %d", kind);
        pings += kind == RAW_PING;
    }
    EXPECT(pings >= 2, "%d pings", pings);
    EXPECT(push_counters(stage.push)->connections == 1, "%llu connections",
        (unsigned long long)push_counters(stage.push)->connections);
    raw_say(&alive, "{\"action\":\"ping\"}");
    while (raw_read(&alive, 1000) == RAW_PING);
    EXPECT(has(alive.message, "pong"), "%s", alive.message);
    raw_close(&alive);
    raw_close(&dead);
    end(&stage);
}

static void limits(void) {
    struct stage stage;
    struct push_settings settings = push_settings_default();
    settings.connections_max = 3;
    settings.subscriptions_max = 2;
    begin(&stage, &settings, true);
    struct raw_client clients[3], more;
    for (int i = 0; i < 3; i++) clients[i] = connect_as(&stage, "/", NULL);
    int status = raw_open(&more, push_port(stage.push), "/", NULL, 0);
    EXPECT(status == 503, "the fourth connection is answered %d", status);
    raw_close(&more);
    raw_say(&clients[0], "{\"action\":\"subscribe\",\"symbols\":[\"A\",\"B\",\"C\"]}");
    expect_has(&clients[0], "\"code\":\"TOO_MANY_SUBSCRIPTIONS\"");
    raw_say(&clients[0], "{\"action\":\"subscribe\",\"symbols\":[\"A\",\"B\",\"A\"]}");
    expect_has(&clients[0], "\"ack\"");
    raw_say(&clients[0], "{\"action\":\"subscribe\",\"symbols\":[\"C\"]}");
    expect_has(&clients[0], "\"code\":\"TOO_MANY_SUBSCRIPTIONS\"");
    raw_say(&clients[0], "{\"action\":\"unsubscribe\"}");
    expect_has(&clients[0], "\"ack\"");
    raw_say(&clients[0], "{\"action\":\"subscribe\",\"symbols\":[\"C\"]}");
    expect_has(&clients[0], "\"ack\"");
    static char body[4096];
    for (int j = 0; j < 600; j++) { /* sockets that come and go, upgraded or not, use nothing up */
        status = raw_open(&more, push_port(stage.push), j % 2 ? "/" : "/elsewhere", NULL, 0);
        EXPECT(status == (j % 2 ? 503 : 404), "connection %d is answered %d", j, status);
        raw_close(&more);
        if (j % 3 == 0)
            EXPECT(raw_http(push_port(stage.push), "GET", "/healthz", body, sizeof body) == 200, "request %d", j);
    }
    raw_close(&clients[1]);
    sleep_ms(100);
    clients[1] = connect_as(&stage, "/", NULL); /* a place came free */
    for (int i = 0; i < 3; i++) raw_close(&clients[i]);
    end(&stage);
    settings = push_settings_default();
    settings.connections_per_address_max = 1;
    begin(&stage, &settings, true);
    clients[0] = connect_as(&stage, "/", NULL);
    status = raw_open(&more, push_port(stage.push), "/", NULL, 0);
    EXPECT(status == 429, "a second connection of one address is answered %d", status);
    raw_close(&more);
    raw_close(&clients[0]);
    end(&stage);
}

static void pages(void) {
    struct stage stage;
    begin(&stage, NULL, true);
    uint16_t port = push_port(stage.push);
    static char body[65536];
    EXPECT(raw_http(port, "GET", "/healthz", body, sizeof body) == 200 && has(body, "ok\n"), "%s", body);
    EXPECT(raw_http(port, "GET", "/readyz", body, sizeof body) == 200 && has(body, "ready\n"), "%s", body);
    is_ready = false;
    EXPECT(raw_http(port, "GET", "/readyz", body, sizeof body) == 503 && has(body, "not ready: the log"), "%s", body);
    is_ready = true;
    EXPECT(raw_http(port, "GET", "/metrics", body, sizeof body) == 200 && has(body, "shardbook_test_total 1\n"), "%s",
        body);
    EXPECT(raw_http(port, "GET", "/page", body, sizeof body) == 200 && has(body, "<!doctype html>") &&
               has(body, "new WebSocket"),
        "%s", body);
    EXPECT(raw_http(port, "HEAD", "/page", body, sizeof body) == 200 && !has(body, "<!doctype html>"), "%s", body);
    EXPECT(raw_http(port, "GET", "/nothing", body, sizeof body) == 404, "%s", body);
    EXPECT(raw_http(port, "GET", "/", body, sizeof body) == 426, "%s", body);
    EXPECT(raw_http(port, "POST", "/healthz", body, sizeof body) == 405, "%s", body);
    struct raw_client client;
    int status = raw_open(&client, port, "/elsewhere", NULL, 0);
    EXPECT(status == 404, "an upgrade elsewhere is answered %d", status);
    raw_close(&client);
    status = raw_open(&client, port, "/", "Sec-WebSocket-Protocol: msgpack\r\n", 0);
    EXPECT(status != 101, "a sub-protocol that is not spoken is answered %d", status);
    raw_close(&client);
    char path[1024] = "/?userId=";
    memset(path + strlen(path), 'u', 65);
    status = raw_open(&client, port, path, NULL, 0);
    EXPECT(status == 400, "a long userId is answered %d", status);
    raw_close(&client);
    EXPECT(push_counters(stage.push)->refused == 2, "refusals are counted");
    end(&stage);
}

static void thousand(void) {
    const char *given = getenv("PUSH_TEST_CLIENTS"); /* 10000 if the limits of this machine allow it */
    int count = given ? atoi(given) : 1000;
    struct stage stage;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max < (rlim_t)(3 * count) ? files.rlim_max : (rlim_t)(3 * count);
    setrlimit(RLIMIT_NOFILE, &files);
    begin(&stage, NULL, true);
    struct raw_client *clients = calloc((size_t)count, sizeof *clients);
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; i < count; i++) clients[i] = connect_as(&stage, "/", NULL);
    for (int i = 0; i < count; i++) raw_say(&clients[i], "{\"action\":\"subscribe\",\"symbols\":[\"AAPL\"]}");
    for (int i = 0; i < count; i++) expect_has(&clients[i], "\"ack\"");
    clock_gettime(CLOCK_MONOTONIC, &to);
    fprintf(stderr, "    %d connections subscribed in %.2f s\n", count,
        (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
    scripted_feed_trade(stage.feed, "AAPL", SIDE_BUY, 15000, 1, NULL, NULL);
    for (int i = 0; i < count; i++) expect_has(&clients[i], "\"seq\":1,");
    EXPECT(push_counters(stage.push)->connections == (uint64_t)count, "%llu",
        (unsigned long long)push_counters(stage.push)->connections);
    for (int i = 0; i < count; i++) raw_close(&clients[i]);
    for (int i = 0; i < 100 && atomic_load(&push_counters(stage.push)->connections); i++) sleep_ms(20);
    EXPECT(push_counters(stage.push)->connections == 0 && push_counters(stage.push)->subscriptions == 0,
        "connections are left");
    free(clients);
    end(&stage);
}

/* Reads whatever comes on many sockets and throws it away. */
struct drain {
    pthread_t thread;
    struct raw_client *clients;
    int count;
    _Atomic bool must_stop;
};

static void *drain_all(void *context) {
    struct drain *drain = context;
    struct pollfd *sockets = calloc((size_t)drain->count, sizeof *sockets);
    static char bytes[1 << 18];
    for (int i = 0; i < drain->count; i++)
        sockets[i] = (struct pollfd){.fd = drain->clients[i].socket, .events = POLLIN};
    while (!atomic_load(&drain->must_stop)) {
        poll(sockets, (nfds_t)drain->count, 50);
        for (int i = 0; i < drain->count; i++)
            if (sockets[i].revents && recv(sockets[i].fd, bytes, sizeof bytes, MSG_DONTWAIT) == 0) break;
        sleep_ms(5);
    }
    free(sockets);
    return NULL;
}

/* What a delivered message costs the push thread; printed, and held to what a fan-out worth the name may cost. */
static void fan_out(void) {
#ifdef SHARDBOOK_SANITIZED
    enum { CLIENTS = 500, TICKS = 100, PER_TICK = 10 };
#else
    enum { CLIENTS = 500, TICKS = 400, PER_TICK = 10 };
#endif
    struct stage stage;
    begin(&stage, NULL, true);
    struct raw_client *clients = calloc(CLIENTS, sizeof *clients);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = connect_as(&stage, "/", NULL);
        subscribe(&clients[i], "AAPL", "\"trades\"");
    }
    struct drain drain = {.clients = clients, .count = CLIENTS};
    pthread_create(&drain.thread, NULL, drain_all, &drain);
    const struct push_counters *counters = push_counters(stage.push);
    sleep_ms(1100);
    uint64_t cpu_us = counters->cpu_us, messages = counters->messages,
             wanted = messages + (uint64_t)CLIENTS * TICKS * PER_TICK;
    for (int i = 0; i < TICKS; i++) {
        scripted_feed_hold(stage.feed);
        for (int j = 0; j < PER_TICK; j++)
            scripted_feed_trade(stage.feed, "AAPL", SIDE_BUY, 15000 + j, 10, "alice", "bob");
        scripted_feed_release(stage.feed);
        sleep_ms(5);
    }
    for (int i = 0; i < 1000 && counters->messages < wanted; i++) sleep_ms(20);
    EXPECT(counters->messages == wanted && counters->slow_closes == 0, "%llu of %llu delivered",
        (unsigned long long)counters->messages, (unsigned long long)wanted);
    sleep_ms(1100); /* the counter of processor time moves once a second */
    double us = (double)(counters->cpu_us - cpu_us) / (double)(counters->messages - messages);
    fprintf(
        stderr, "    %d subscribers: %.3f us of the push thread's processor time per delivered message\n", CLIENTS, us);
#ifndef SHARDBOOK_SANITIZED
    EXPECT(us < 8, "%.3f us per message", us);
#endif
    atomic_store(&drain.must_stop, true);
    pthread_join(drain.thread, NULL);
    for (int i = 0; i < CLIENTS; i++) raw_close(&clients[i]);
    free(clients);
    end(&stage);
}

static void shutdown_said(void) {
    struct stage stage;
    begin(&stage, NULL, true);
    struct raw_client client = connect_as(&stage, "/", NULL), more;
    subscribe(&client, "AAPL", "\"trades\"");
    push_announce_stop(stage.push);
    expect_has(&client, "{\"type\":\"serverShutdown\"");
    static char body[4096];
    EXPECT(raw_http(push_port(stage.push), "GET", "/readyz", body, sizeof body) == 503, "%s", body);
    int status = raw_open(&more, push_port(stage.push), "/", NULL, 0);
    EXPECT(status == 503, "a connection during shutdown is answered %d", status);
    raw_close(&more);
    scripted_feed_trade(stage.feed, "AAPL", SIDE_BUY, 15000, 1, NULL, NULL);
    scripted_feed_trade(stage.feed, "AAPL", SIDE_BUY, 15000, 2, NULL, NULL);
    push_stop(stage.push);
    stage.push = NULL;
    expect_has(&client, "\"seq\":1,"); /* what waited was sent */
    expect_has(&client, "\"seq\":2,");
    expect_closed(&client, 1001);
    end(&stage);
}

static void start_failures(void) {
    struct stage stage;
    begin(&stage, NULL, false);
    struct scripted_feed *feed = scripted_feed_open(NULL);
    struct push_world world = {.feed = scripted_feed_port(feed), .log_line = print_line};
    struct push_settings settings = push_settings_default();
    struct push *push;
    settings.port = push_port(stage.push);
    EXPECT(push_start(&push, &settings, &world) == STATUS_REFUSED && !push, "a taken port");
    settings.port = 0;
    settings.tick_ms = 0;
    EXPECT(push_start(&push, &settings, &world) == STATUS_INVALID && !push, "no tick");
    settings = push_settings_default();
    world.keys_path = "/nonexistent/keys";
    EXPECT(push_start(&push, &settings, &world) != STATUS_OK && !push, "no key file");
    scripted_feed_close(feed);
    end(&stage);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        {"guide_trade", guide_trade},
        {"depth_chain", depth_chain},
        {"depth_window", depth_window},
        {"resume", resume},
        {"unknown_symbol", unknown_symbol},
        {"reports", reports},
        {"reload", reload},
        {"overtaken", overtaken},
        {"overtaken_without_room", overtaken_without_room},
        {"overtaken_without_broker", overtaken_without_broker},
        {"found_late", found_late},
        {"heartbeat", heartbeat},
        {"overtaken_for_good", overtaken_for_good},
        {"slow_client", slow_client},
        {"slow_client_wakes", slow_client_wakes},
        {"conflation", conflation},
        {"junk", junk},
        {"limits", limits},
        {"pages", pages},
        {"thousand", thousand},
        {"fan_out", fan_out},
        {"shutdown_said", shutdown_said},
        {"start_failures", start_failures},
    };
    unsigned part = 0, parts = 0;
    if (argc == 2 && sscanf(argv[1], "%u/%u", &part, &parts) == 2)
        EXPECT(part >= 1 && part <= parts, "part %u of %u", part, parts);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool is_chosen = argc == 1 || (parts && i % parts == part - 1);
        for (int j = 1; j < argc; j++) is_chosen |= has(cases[i].name, argv[j]);
        if (!is_chosen) continue;
        fprintf(stderr, "%s\n", cases[i].name);
        cases[i].run();
    }
    return 0;
}
