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
    expect_fields("{\"kind\":\"LISTING\",\"limit\":5,\"mode\":\"CLOSED\"}", "\"mode\":\"CLOSED\",\"limit\":5");
    expect_fields("{\"kind\":\"BLOCK\",\"blocked\":true,\"userId\":\"u\"}", "\"userId\":\"u\",\"blocked\":true");
    expect_fields("{\"kind\":\"RULES\",\"version\":2}", "\"version\":2");
    expect_fields("{\"kind\":\"KEY\",\"keyId\":\"k\"}", "\"keyId\":\"k\"");
    /* ill-formed members that do not count are as if they were absent */
    expect_fields("{\"kind\":\"RELEASE\",\"mid\":5,\"epoch\":\"x\"}", "");
    expect_fields("{\"kind\":\"BEGIN\",\"symbol\":\"A\",\"mid\":\"m\",\"epoch\":1,\"mode\":\"DIRECT\",\"worker\":-1,"
                  "\"source\":7}",
        "\"mid\":\"m\",\"epoch\":1,\"mode\":\"DIRECT\"");
}

static struct instrument instrument_of(const char *members) {
    char json[1024];
    struct control c;
    snprintf(json, sizeof json, "{\"kind\":\"INSTRUMENT\",\"symbol\":\"A\"%s%s}", *members ? "," : "", members);
    cr_assert(decode_control(json, &c), "%s", json);
    cr_expect(c.kind == CONTROL_INSTRUMENT && text_equal(c.symbol, TEXT("A")));
    cr_expect(text_equal(c.fields, text_of(members)), "%.*s", (int)c.fields.size, c.fields.data);
    return c.instrument;
}

Test(control, instrument) {
    struct instrument i = instrument_of("\"tick\":0.05,\"lot\":\"2.5\",\"minQuantity\":5,\"maxQuantity\":1e3,"
                                        "\"minNotional\":10,\"minClip\":\"7.50\",\"band\":{\"bps\":50},"
                                        "\"collar\":{\"ticks\":9},\"referencePrice\":\"150.00\",\"state\":\"AUCTION\"");
    cr_expect(i.tick.mantissa == 5 && i.tick.places == 2 && i.lot.mantissa == 25 && i.lot.places == 1);
    cr_expect(i.quantity_lots_min == 2 && i.quantity_lots_max == 400 && i.clip_lots_min == 3);
    cr_expect_eq(i.notional_units_min, 80u, "0.125 each");
    cr_expect(i.band.basis_points == 50 && i.band.ticks == 0 && i.collar.ticks == 9 && i.collar.basis_points == 0);
    cr_expect(i.reference_price_ticks == 3000 && i.price_ticks_min == 1 && i.price_ticks_max == PRICE_TICKS_MAX);

    struct instrument d = instrument_of(""), of_default = instrument_default();
    cr_expect_eq(d.tick.mantissa, of_default.tick.mantissa);
    cr_expect(d.quantity_lots_min == 1 && d.quantity_lots_max == 1000000 && d.clip_lots_min == 1);
    cr_expect(d.notional_units_min == 0 && d.band.ticks == 0 && d.band.basis_points == 0 && d.collar.ticks == 0 &&
              d.reference_price_ticks == 0);
    cr_expect_eq(instrument_of("\"lot\":10").quantity_lots_max, 1000000);
}

Test(control, units_as_they_are_written) {
    static const struct {
        const char *tick;
        uint32_t mantissa;
        uint8_t places;
    } cases[] = {{"1", 1, 0}, {"0.50", 50, 2}, {"\"100\"", 100, 0}, {"1e-2", 1, 2}, {"1.50e1", 150, 1}, {"5E+1", 50, 0},
        {"0.5e1", 5, 0}, {"4294967295", 4294967295u, 0}, {"0.000000000001", 1, 12}, {"1e-12", 1, 12},
        {"1.5e3", 1500, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char members[64];
        snprintf(members, sizeof members, "\"tick\":%s", cases[i].tick);
        struct decimal_unit tick = instrument_of(members).tick;
        cr_expect(tick.mantissa == cases[i].mantissa && tick.places == cases[i].places, "%s", cases[i].tick);
    }
}

Test(control, least_notional_is_rounded_up_to_whole_units) {
    cr_expect_eq(instrument_of("\"minNotional\":0").notional_units_min, 0u);
    cr_expect_eq(instrument_of("\"minNotional\":0.00").notional_units_min, 0u);
    cr_expect_eq(instrument_of("\"minNotional\":10").notional_units_min, 1000u);
    cr_expect_eq(instrument_of("\"minNotional\":10.001").notional_units_min, 1001u);
    cr_expect_eq(instrument_of("\"minNotional\":1e-35").notional_units_min, 1u);
    cr_expect_eq(instrument_of("\"tick\":3,\"minNotional\":10").notional_units_min, 4u);
    cr_expect_eq(
        instrument_of("\"tick\":1,\"minNotional\":9223372036854775807").notional_units_min, (uint64_t)INT64_MAX);
    cr_expect_eq(
        instrument_of("\"tick\":0.000000000001,\"lot\":0.000000000001,\"minNotional\":0.000001").notional_units_min,
        UINT64_C(1000000000000000000));
}

Test(control, states_and_lists) {
    struct control c;
    cr_assert(decode_control("{\"kind\":\"INSTRUMENT\",\"symbol\":\"A\",\"state\":\"HALTED\"}", &c));
    cr_expect_eq(c.state, TRADING_STATE_HALTED);
    cr_assert(decode_control("{\"kind\":\"STATE\",\"symbol\":\"A\",\"state\":\"CLOSED\"}", &c));
    cr_expect_eq(c.state, TRADING_STATE_CLOSED);
    cr_assert(decode_control("{\"kind\":\"LISTING\",\"mode\":\"CLOSED\",\"limit\":65536}", &c));
    cr_expect(c.listing == LISTING_CLOSED && c.limit == 65536);
    cr_assert(decode_control("{\"kind\":\"LISTING\",\"mode\":\"OPEN\",\"limit\":null}", &c));
    cr_expect(c.listing == LISTING_OPEN && c.limit == SYMBOLS_PER_PARTITION_MAX);
    cr_assert(decode_control("{\"kind\":\"BLOCK\",\"userId\":\"u\",\"blocked\":false}", &c));
    cr_expect(text_equal(c.user_id, TEXT("u")) && !c.blocked);
    cr_assert(decode_control("{\"kind\":\"RULES\",\"version\":1}", &c));
    cr_expect_eq(c.version, 1u);
}

Test(control, settings_written_and_read_again) {
    struct instrument odd = {.tick = {50, 3},
        .lot = {25, 1},
        .price_ticks_min = 1,
        .price_ticks_max = PRICE_TICKS_MAX,
        .quantity_lots_min = 2,
        .quantity_lots_max = QUANTITY_LOTS_MAX,
        .clip_lots_min = 3,
        .notional_units_min = 77,
        .band = {.basis_points = 9999},
        .collar = {.ticks = PRICE_TICKS_MAX},
        .reference_price_ticks = PRICE_TICKS_MAX};
    const struct control controls[] = {
        {.kind = CONTROL_INSTRUMENT, .symbol = {"A", 1}, .instrument = instrument_default()},
        {.kind = CONTROL_INSTRUMENT, .symbol = {"A", 1}, .instrument = odd, .state = TRADING_STATE_CLOSED},
        {.kind = CONTROL_STATE, .symbol = {"A", 1}, .state = TRADING_STATE_AUCTION},
        {.kind = CONTROL_LISTING, .listing = LISTING_CLOSED, .limit = 7},
        {.kind = CONTROL_BLOCK, .user_id = {"u\"1", 3}, .blocked = true},
        {.kind = CONTROL_RULES, .version = 2},
        {.kind = CONTROL_KEY},
    };
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++) {
        char out[CONTROL_BYTES_MAX];
        const struct instrument *is = &controls[i].instrument;
        struct control back;
        size_t size = json_control_encode(&controls[i], out, sizeof out);
        cr_assert(size && json_control_decode(&decoder, out, size, &back), "%zu %.*s", i, (int)size, out);
        cr_expect(back.kind == controls[i].kind && back.state == controls[i].state &&
                  back.listing == controls[i].listing && back.limit == controls[i].limit &&
                  back.blocked == controls[i].blocked && back.version == controls[i].version);
        cr_expect(text_equal(back.user_id, controls[i].user_id) && text_equal(back.symbol, controls[i].symbol));
        cr_expect(back.instrument.tick.mantissa == is->tick.mantissa &&
                  back.instrument.tick.places == is->tick.places && back.instrument.lot.mantissa == is->lot.mantissa &&
                  back.instrument.lot.places == is->lot.places);
        cr_expect(back.instrument.quantity_lots_min == is->quantity_lots_min &&
                  back.instrument.quantity_lots_max == is->quantity_lots_max &&
                  back.instrument.clip_lots_min == is->clip_lots_min &&
                  back.instrument.notional_units_min == is->notional_units_min);
        cr_expect(back.instrument.band.basis_points == is->band.basis_points &&
                  back.instrument.collar.ticks == is->collar.ticks &&
                  back.instrument.reference_price_ticks == is->reference_price_ticks);
    }
    char out[CONTROL_BYTES_MAX];
    size_t size = json_control_encode(&controls[1], out, sizeof out);
    cr_expect(
        text_equal((struct text){out, (uint32_t)size},
            TEXT("{\"kind\":\"INSTRUMENT\",\"symbol\":\"A\",\"tick\":\"0.050\",\"lot\":\"2.5\",\"minQuantity\":\"5.0\","
                 "\"maxQuantity\":\"2748779069440.0\",\"minNotional\":\"9.625\",\"minClip\":\"7.5\",\"band\":{\"bps\":"
                 "9999},"
                 "\"collar\":{\"ticks\":1099511627776},\"referencePrice\":\"54975581388.800\",\"state\":\"CLOSED\"}")),
        "%.*s", (int)size, out);
    struct control too_fine = controls[1];
    too_fine.instrument.tick = (struct decimal_unit){4294967295u, 12};
    too_fine.instrument.notional_units_min = INT64_MAX;
    cr_expect_eq(json_control_encode(&too_fine, out, sizeof out), 0u);
}

Test(control, ill_formed_settings) {
    static const char *const instruments[] = {"\"tick\":0", "\"tick\":-1", "\"tick\":\"x\"", "\"tick\":4294967296",
        "\"tick\":0.0000000000001", "\"tick\":1e-13", "\"tick\":1e10", "\"tick\":10000000000e-9", "\"lot\":0.0",
        "\"lot\":true", "\"minQuantity\":0", "\"minQuantity\":1.5", "\"minQuantity\":1099511627777",
        "\"minQuantity\":1000001", "\"minQuantity\":5,\"maxQuantity\":4", "\"maxQuantity\":0",
        "\"lot\":3,\"maxQuantity\":10", "\"minNotional\":-1", "\"minNotional\":1e20", "\"minNotional\":1e300",
        "\"minNotional\":12345678901234567891", "\"tick\":1,\"minNotional\":9223372036854775808", "\"minClip\":0",
        "\"minClip\":0.5", "\"band\":5", "\"band\":{}", "\"band\":{\"bps\":0}", "\"band\":{\"bps\":10000}",
        "\"band\":{\"ticks\":0}", "\"band\":{\"ticks\":1099511627777}", "\"band\":{\"bps\":1,\"ticks\":2}",
        "\"band\":{\"bps\":1,\"bps\":1}", "\"band\":{\"percent\":1}", "\"collar\":{\"bps\":1.0}",
        "\"collar\":{\"bps\":\"1\"}", "\"referencePrice\":0", "\"referencePrice\":0.005", "\"referencePrice\":1e11",
        "\"state\":\"OPEN\"", "\"state\":5", "\"tick\":1,\"tick\":1",
        "\"referencePrice\":\"00000000000000000000000000000000000000150.00\""};
    static const char *const others[] = {"{\"kind\":\"INSTRUMENT\"}", "{\"kind\":\"INSTRUMENT\",\"symbol\":\"*\"}",
        "{\"kind\":\"STATE\",\"state\":\"HALTED\"}", "{\"kind\":\"STATE\",\"symbol\":\"*\",\"state\":\"HALTED\"}",
        "{\"kind\":\"STATE\",\"symbol\":\"A\"}", "{\"kind\":\"STATE\",\"symbol\":\"A\",\"state\":\"halted\"}",
        "{\"kind\":\"STATE\",\"symbol\":\"A\",\"state\":null}", "{\"kind\":\"LISTING\"}",
        "{\"kind\":\"LISTING\",\"mode\":\"closed\"}", "{\"kind\":\"LISTING\",\"mode\":\"OPEN\",\"limit\":0}",
        "{\"kind\":\"LISTING\",\"mode\":\"OPEN\",\"limit\":65537}",
        "{\"kind\":\"LISTING\",\"mode\":\"OPEN\",\"limit\":\"5\"}", "{\"kind\":\"BLOCK\",\"userId\":\"u\"}",
        "{\"kind\":\"BLOCK\",\"blocked\":true}", "{\"kind\":\"BLOCK\",\"userId\":\"\",\"blocked\":true}",
        "{\"kind\":\"BLOCK\",\"userId\":\"u\",\"blocked\":1}", "{\"kind\":\"RULES\"}",
        "{\"kind\":\"RULES\",\"version\":\"1\"}"};
    struct control control;
    for (size_t i = 0; i < sizeof instruments / sizeof instruments[0]; i++) {
        char json[256];
        snprintf(json, sizeof json, "{\"kind\":\"INSTRUMENT\",\"symbol\":\"A\",%s}", instruments[i]);
        cr_expect_not(decode_control(json, &control), "%s", json);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        cr_expect_not(decode_control(others[i], &control), "%s", others[i]);
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
