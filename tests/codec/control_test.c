/* Control records, route records and what WebSocket clients say. */
#include "core/limits.h"
#include "io/json/json_client_message.h"
#include "io/json/json_control.h"
#include "io/json/json_route.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct json_decoder decoder;

static void open_decoder(void) { cr_assert(json_decoder_init(&decoder, RECORD_BYTES_MAX)); }

static void close_decoder(void) { json_decoder_deinit(&decoder); }

TestSuite(control, .init = open_decoder, .fini = close_decoder);
TestSuite(route, .init = open_decoder, .fini = close_decoder);
TestSuite(client_message, .init = open_decoder, .fini = close_decoder);

static bool decode_control(const char *json, struct control *control) {
    memset(control, 0xa5, sizeof *control);
    return json_control_decode(&decoder, json, strlen(json), control);
}

static void expect_fields(const char *json, const char *fields) {
    struct control control;
    cr_assert(decode_control(json, &control), "%s", json);
    cr_expect(
        text_equal(control.fields, text_of(fields)), "%s: %.*s", json, (int)control.fields.size, control.fields.data);
}

Test(control, begin) {
    struct control c;
    const char *json = "{\"kind\":\"BEGIN\",\"symbol\":\"AAPL\",\"mode\":\"DIRECT\",\"mid\":\"m-\\\"1\",\"worker\":3,"
                       "\"epoch\":7,\"target\":\"b/2\","
                       "\"source\":\"a/1\",\"other\":[1]}";
    cr_assert(decode_control(json, &c));
    cr_expect(c.kind == CONTROL_BEGIN && c.mode == MOVE_DIRECT && c.has_epoch && c.epoch == 7 && c.has_worker &&
              c.worker == 3);
    cr_expect(text_equal(c.symbol, TEXT("AAPL")) && text_equal(c.mid, TEXT("m-\"1")));
    cr_expect(text_equal(c.source, TEXT("a/1")) && text_equal(c.target, TEXT("b/2")));
    expect_fields(
        json, "\"mid\":\"m-\\\"1\",\"epoch\":7,\"source\":\"a/1\",\"target\":\"b/2\",\"worker\":3,\"mode\":\"DIRECT\"");
}

Test(control, written_and_read_again) {
    static const struct control controls[] = {
        {.kind = CONTROL_BEGIN,
            .mode = MOVE_PARKED,
            .symbol = {"*", 1},
            .mid = {"m", 1},
            .has_epoch = true,
            .epoch = 1,
            .source = {"s", 1},
            .target = {"t\n", 2},
            .has_worker = true,
            .worker = 2},
        {.kind = CONTROL_BEGIN,
            .mode = MOVE_DIRECT,
            .symbol = {"A", 1},
            .mid = {"m", 1},
            .has_epoch = true,
            .epoch = 1},
        {.kind = CONTROL_CUT, .symbol = {"A", 1}, .mid = {"m", 1}, .has_epoch = true, .epoch = INT64_MAX},
        {.kind = CONTROL_ABORT, .symbol = {"A", 1}, .mid = {"m", 1}, .has_epoch = true},
        {.kind = CONTROL_RELEASE, .symbol = {"A", 1}, .mid = {"m", 1}, .has_epoch = true},
        {.kind = CONTROL_TICK},
    };
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++) {
        char out[CONTROL_BYTES_MAX];
        struct control back;
        size_t size = json_control_encode(&controls[i], out, sizeof out);
        cr_assert_gt(size, 0u);
        cr_assert(json_control_decode(&decoder, out, size, &back), "%.*s", (int)size, out);
        cr_expect(back.kind == controls[i].kind && back.mode == controls[i].mode && back.epoch == controls[i].epoch);
        cr_expect(back.has_worker == controls[i].has_worker && back.worker == controls[i].worker &&
                  back.has_epoch == controls[i].has_epoch);
        cr_expect(text_equal(back.symbol, controls[i].symbol) && text_equal(back.mid, controls[i].mid));
        cr_expect(text_equal(back.source, controls[i].source) && text_equal(back.target, controls[i].target));
        cr_expect_eq(json_control_encode(&controls[i], out, CONTROL_BYTES_MAX - 1), 0u);
    }
    char out[CONTROL_BYTES_MAX];
    cr_expect_eq(json_control_encode(&(struct control){0}, out, sizeof out), 0u);
    size_t size = json_control_encode(&controls[2], out, sizeof out);
    cr_expect(text_equal((struct text){out, (uint32_t)size},
        TEXT("{\"kind\":\"CUT\",\"symbol\":\"A\",\"mid\":\"m\",\"epoch\":9223372036854775807}")));
}

Test(control, fields_in_the_order_of_the_table) {
    expect_fields("{\"kind\":\"CUT\",\"epoch\":2,\"symbol\":\"A\",\"mid\":\"x\",\"mode\":\"DIRECT\"}",
        "\"mid\":\"x\",\"epoch\":2");
    expect_fields("{\"kind\":\"CLAIM\",\"deposed\":\"none\",\"claimer\":\"a/2\",\"epoch\":3}",
        "\"epoch\":3,\"claimer\":\"a/2\",\"deposed\":\"none\"");
    expect_fields("{\"kind\":\"RESIGN\",\"instance\":\"a/2\"}", "\"instance\":\"a/2\"");
    expect_fields("{\"kind\":\"TICK\",\"epoch\":3}", "");
    expect_fields("{\"referencePrice\":\"150.00\",\"collar\":{\"ticks\":5},\"band\":{\"bps\":20},\"minClip\":1,"
                  "\"minNotional\":10,\"maxQuantity\":"
                  "1e6,\"minQuantity\":1,\"lot\":1,\"tick\":0.05,\"symbol\":\"A\",\"kind\":\"INSTRUMENT\"}",
        "\"tick\":0.05,\"lot\":1,\"minQuantity\":1,\"maxQuantity\":1e6,\"minNotional\":10,\"minClip\":1,\"band\":{"
        "\"bps\":20},"
        "\"collar\":{\"ticks\":5},\"referencePrice\":\"150.00\"");
    expect_fields("{\"kind\":\"STATE\",\"symbol\":\"A\",\"state\":\"HALTED\"}", "\"state\":\"HALTED\"");
    expect_fields("{\"kind\":\"LISTING\",\"limit\":5,\"mode\":\"closed\"}", "\"mode\":\"closed\",\"limit\":5");
    expect_fields("{\"kind\":\"BLOCK\",\"blocked\":true,\"userId\":\"u\"}", "\"userId\":\"u\",\"blocked\":true");
    expect_fields("{\"kind\":\"RULES\",\"version\":2}", "\"version\":2");
    expect_fields("{\"kind\":\"KEY\",\"keyId\":\"k\"}", "\"keyId\":\"k\"");
    /* ill-formed members that do not count are as if they were absent */
    expect_fields("{\"kind\":\"INSTRUMENT\",\"tick\":-1,\"lot\":\"x\",\"band\":{\"bps\":1,\"ticks\":2},\"collar\":5,"
                  "\"minClip\":\"2\"}",
        "\"minClip\":\"2\"");
    expect_fields("{\"kind\":\"RELEASE\",\"mid\":5,\"epoch\":\"x\"}", "");
    expect_fields("{\"kind\":\"BEGIN\",\"symbol\":\"A\",\"mid\":\"m\",\"epoch\":1,\"mode\":\"DIRECT\",\"worker\":-1,"
                  "\"source\":7}",
        "\"mid\":\"m\",\"epoch\":1,\"mode\":\"DIRECT\"");
}

Test(control, malformed) {
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{",
        "{\"kind\":\"JUMP\"}",
        "{\"kind\":1}",
        "{\"kind\":\"TICK\",\"kind\":\"TICK\"}",
        "{\"kind\":\"TICK\"}x",
        "{\"kind\":\"TICK\",\"epoch\":1,\"epoch\":null}",
        "{\"kind\":\"STATE\",\"symbol\":\"aapl\"}",
        "{\"kind\":\"STATE\",\"symbol\":5}",
        "{\"kind\":\"STATE\",\"symbol\":\"**\"}",
        "{\"kind\":\"STATE\",\"symbol\":\"\"}",
        "{\"kind\":\"CUT\",\"mid\":\"m\",\"epoch\":1}",
        "{\"kind\":\"CUT\",\"symbol\":\"A\",\"epoch\":1}",
        "{\"kind\":\"CUT\",\"symbol\":\"A\",\"mid\":\"m\"}",
        "{\"kind\":\"CUT\",\"symbol\":\"A\",\"mid\":7,\"epoch\":1}",
        "{\"kind\":\"CUT\",\"symbol\":\"A\",\"mid\":\"\",\"epoch\":1}",
        "{\"kind\":\"CUT\",\"symbol\":\"A\",\"mid\":\"m\",\"epoch\":\"1\"}",
        "{\"kind\":\"CUT\",\"symbol\":\"A\",\"mid\":\"m\",\"epoch\":-1}",
        "{\"kind\":\"CUT\",\"symbol\":\"A\",\"mid\":\"m\",\"epoch\":1.0}",
        "{\"kind\":\"CUT\",\"symbol\":\"A\",\"mid\":\"m\",\"epoch\":99999999999999999999}",
        "{\"kind\":\"CUT\",\"symbol\":null,\"mid\":\"m\",\"epoch\":1}",
        "{\"kind\":\"BEGIN\",\"symbol\":\"A\",\"mid\":\"m\",\"epoch\":1}",
        "{\"kind\":\"BEGIN\",\"symbol\":\"A\",\"mid\":\"m\",\"epoch\":1,\"mode\":\"direct\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct control control;
        cr_expect_not(decode_control(bad[i], &control), "%s", bad[i]);
    }
}

Test(control, largest_fields_fit) {
    char json[8192], id[6 * ID_BYTES_MAX + 1] = "";
    for (int i = 0; i < ID_BYTES_MAX; i++) strcat(id, "\\u0001");
    snprintf(json, sizeof json,
        "{\"kind\":\"BEGIN\",\"symbol\":\"A\",\"mid\":\"%s\",\"epoch\":1,\"source\":\"%s\",\"target\":\"%s\","
        "\"worker\":1,\"mode\":\"PARKED\"}",
        id, id, id);
    struct control control;
    cr_assert(decode_control(json, &control));
    cr_expect_gt(control.fields.size, 1152u);
    char out[CONTROL_BYTES_MAX];
    cr_expect_gt(json_control_encode(&control, out, sizeof out), 1152u);
}

/* ---- route:{S} */

static struct route route_of(const char *json) {
    struct route route;
    memset(&route, 0xa5, sizeof route);
    cr_assert(json_route_decode(&decoder, json, strlen(json), &route), "%s", json);
    return route;
}

Test(route, as_the_guide_writes_it) {
    struct route r = route_of("{\"status\":\"MIGRATING\"}");
    cr_expect(r.status == ROUTE_MIGRATING && !r.has_v && !r.has_epoch && !r.has_partition);
    cr_expect_eq(route_of("{\"status\":\"ACTIVE\",\"shard\":5,\"x\":{}}").status, ROUTE_ACTIVE);
    cr_expect_eq(route_of("{}").status, ROUTE_ACTIVE);
    cr_expect_eq(route_of("{\"status\":null}").status, ROUTE_ACTIVE);
    cr_expect_eq(route_of("{\"status\":\"migrating\"}").status, ROUTE_UNKNOWN);
    cr_expect_eq(route_of("{\"status\":true}").status, ROUTE_UNKNOWN);
}

Test(route, every_member) {
    struct route r =
        route_of("{\"status\":\"ACTIVE\",\"epoch\":4,\"v\":9,\"partition\":7,\"shard\":\"a/1\",\"mid\":\"m\"}");
    cr_expect(r.status == ROUTE_ACTIVE && r.has_epoch && r.epoch == 4 && r.has_v && r.v == 9 && r.has_partition &&
              r.partition == 7);
    cr_expect(text_equal(r.shard, TEXT("a/1")) && text_equal(r.mid, TEXT("m")));
    char out[ROUTE_BYTES_MAX];
    size_t size = json_route_encode(&r, out, sizeof out);
    cr_expect(text_equal((struct text){out, (uint32_t)size},
        TEXT("{\"status\":\"ACTIVE\",\"epoch\":4,\"v\":9,\"partition\":7,\"shard\":\"a/1\",\"mid\":\"m\"}")));
    size = json_route_encode(&(struct route){.status = ROUTE_MIGRATING}, out, sizeof out);
    cr_expect(text_equal((struct text){out, (uint32_t)size}, TEXT("{\"status\":\"MIGRATING\"}")));
    cr_expect_eq(json_route_encode(&(struct route){.status = ROUTE_UNKNOWN}, out, sizeof out), 0u);
    cr_expect_eq(json_route_encode(&r, out, 16), 0u);
}

Test(route, ill_formed_members_are_absent) {
    struct route r =
        route_of("{\"status\":\"ACTIVE\",\"epoch\":-1,\"v\":\"9\",\"partition\":10,\"shard\":7,\"mid\":\"\"}");
    cr_expect(!r.has_epoch && !r.has_v && !r.has_partition && text_is_absent(r.shard) && text_is_absent(r.mid));
    static const char *const bad[] = {"", "ACTIVE", "[]", "\"ACTIVE\"", "{\"status\":\"ACTIVE\"", "{} {}", "null"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(json_route_decode(&decoder, bad[i], strlen(bad[i]), &r), "%s", bad[i]);
}

/* ---- WebSocket clients */

static enum client_fault decode_message(const char *json, struct client_message *message) {
    memset(message, 0xa5, sizeof *message);
    return json_client_message_decode(&decoder, json, strlen(json), message);
}

Test(client_message, the_guides_subscription) {
    struct client_message m;
    cr_expect_eq(decode_message("{\"action\":\"subscribe\",\"symbols\":[\"AAPL\",\"GOOGL\"]}", &m), CLIENT_OK);
    cr_expect(m.action == CLIENT_SUBSCRIBE && m.channels == 0 && !m.has_since && m.symbol_count == 2);
    cr_expect(text_equal(m.symbols[0], TEXT("AAPL")) && text_equal(m.symbols[1], TEXT("GOOGL")));
}

Test(client_message, every_member) {
    struct client_message m;
    cr_expect_eq(decode_message("{\"action\":\"subscribe\",\"symbols\":[\"A\"],\"channels\":[\"depth\",\"trades\","
                                "\"depth\",\"ticker\",\"orders\"],"
                                "\"since\":{\"ep\":7,\"u\":1041,\"x\":1},\"id\":5}",
                     &m),
        CLIENT_OK);
    cr_expect(m.channels == (CHANNEL_DEPTH | CHANNEL_TRADES | CHANNEL_TICKER | CHANNEL_ORDERS));
    cr_expect(m.has_since && m.since_epoch == 7 && m.since_u == 1041);
    cr_expect_eq(decode_message("{\"action\":\"auth\",\"apiKey\":\"secret\"}", &m), CLIENT_OK);
    cr_expect(m.action == CLIENT_AUTH && text_equal(m.api_key, TEXT("secret")));
    cr_expect_eq(decode_message(" {\"action\":\"ping\"} ", &m), CLIENT_OK);
    cr_expect_eq(m.action, CLIENT_PING);
    cr_expect_eq(decode_message("{\"action\":\"unsubscribe\"}", &m), CLIENT_OK);
    cr_expect(m.action == CLIENT_UNSUBSCRIBE && m.symbol_count == 0);
    cr_expect_eq(decode_message("{\"action\":\"unsubscribe\",\"symbols\":[],\"since\":null}", &m), CLIENT_OK);
    cr_expect_eq(decode_message("{\"action\":\"subscribe\",\"channels\":[\"orders\"]}", &m), CLIENT_OK);
}

Test(client_message, faults) {
    static const struct {
        const char *json;
        enum client_fault fault;
    } cases[] = {
        {"", CLIENT_MALFORMED},
        {"hello", CLIENT_MALFORMED},
        {"[]", CLIENT_MALFORMED},
        {"{\"action\":\"ping\"", CLIENT_MALFORMED},
        {"{\"action\":\"ping\",\"action\":\"ping\"}", CLIENT_MALFORMED},
        {"{\"action\":\"subscribe\",\"symbols\":[\"\xff\"]}", CLIENT_MALFORMED},
        {"{}", CLIENT_UNKNOWN_ACTION},
        {"{\"action\":\"jump\"}", CLIENT_UNKNOWN_ACTION},
        {"{\"action\":5}", CLIENT_UNKNOWN_ACTION},
        {"{\"action\":\"subscribe\"}", CLIENT_BAD_SYMBOLS},
        {"{\"action\":\"subscribe\",\"symbols\":[]}", CLIENT_BAD_SYMBOLS},
        {"{\"action\":\"subscribe\",\"symbols\":\"AAPL\"}", CLIENT_BAD_SYMBOLS},
        {"{\"action\":\"subscribe\",\"symbols\":[5]}", CLIENT_BAD_SYMBOLS},
        {"{\"action\":\"subscribe\",\"symbols\":[\"AAPL\",\"aapl\"]}", CLIENT_BAD_SYMBOLS},
        {"{\"action\":\"subscribe\",\"symbols\":[\"#3\"]}", CLIENT_BAD_SYMBOLS},
        {"{\"action\":\"subscribe\",\"symbols\":[\"A\"],\"channels\":[]}", CLIENT_BAD_CHANNELS},
        {"{\"action\":\"subscribe\",\"symbols\":[\"A\"],\"channels\":[\"news\"]}", CLIENT_BAD_CHANNELS},
        {"{\"action\":\"subscribe\",\"symbols\":[\"A\"],\"channels\":\"trades\"}", CLIENT_BAD_CHANNELS},
        {"{\"action\":\"auth\"}", CLIENT_BAD_API_KEY},
        {"{\"action\":\"auth\",\"apiKey\":\"\"}", CLIENT_BAD_API_KEY},
        {"{\"action\":\"auth\",\"apiKey\":5}", CLIENT_BAD_API_KEY},
        {"{\"action\":\"subscribe\",\"symbols\":[\"A\"],\"since\":5}", CLIENT_BAD_SINCE},
        {"{\"action\":\"subscribe\",\"symbols\":[\"A\"],\"since\":{\"ep\":1}}", CLIENT_BAD_SINCE},
        {"{\"action\":\"subscribe\",\"symbols\":[\"A\"],\"since\":{\"ep\":1,\"u\":-1}}", CLIENT_BAD_SINCE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct client_message m;
        cr_expect_eq(decode_message(cases[i].json, &m), cases[i].fault, "%s", cases[i].json);
        cr_expect_gt(client_fault_text(cases[i].fault).size, 0u);
    }
}

Test(client_message, limits) {
    static struct client_message m;
    char json[CLIENT_MESSAGE_BYTES_MAX + 64] = "{\"action\":\"subscribe\",\"symbols\":[\"A\"";
    for (int i = 1; i < CLIENT_MESSAGE_SYMBOLS_MAX; i++) strcat(json, ",\"ABCDEFGHIJ\"");
    size_t end = strlen(json);
    strcpy(json + end, "]}");
    cr_expect_eq(decode_message(json, &m), CLIENT_OK);
    cr_expect_eq(m.symbol_count, (uint32_t)CLIENT_MESSAGE_SYMBOLS_MAX);
    strcpy(json + end, ",\"A\"]}");
    cr_expect_eq(decode_message(json, &m), CLIENT_TOO_MANY_SYMBOLS);
    memset(json, ' ', sizeof json);
    memcpy(json, "{\"action\":\"ping\"}", 17);
    cr_expect_eq(json_client_message_decode(&decoder, json, CLIENT_MESSAGE_BYTES_MAX, &m), CLIENT_OK);
    cr_expect_eq(json_client_message_decode(&decoder, json, CLIENT_MESSAGE_BYTES_MAX + 1, &m), CLIENT_TOO_LARGE);
}
