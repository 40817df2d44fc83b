/* A body's way to the log: decoded, checked, identified, written. */
#include "io/json/json_command.h"
#include "router/record.h"
#include "router/request.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

static struct json_decoder decoder;

static void open_decoder(void) { cr_assert(json_decoder_init(&decoder, 65536)); }

static void close_decoder(void) { json_decoder_deinit(&decoder); }

TestSuite(request, .init = open_decoder, .fini = close_decoder);

static struct fault check_new(struct command *command, const char *body) {
    json_command_decode(&decoder, body, strlen(body), command);
    return request_check_new(command);
}

struct sample {
    char body[400];
    int code;
    char field[24];
};

#define ORDER(rest)                                                                                                    \
    "{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":100,\"price\":150.00,\"orderType\":\"LIMIT\"" rest "}"

ParameterizedTestParameters(request, new_orders) {
    static struct sample samples[] = {
        {ORDER(""), 0, ""},
        {ORDER(",\"userId\":\"user123\""), 0, ""},
        {ORDER(",\"unknown\":{\"a\":[1,2]},\"unknown\":3"), 0, ""},
        {ORDER(",\"clientOrderId\":null"), 0, ""},
        {ORDER(",\"clientOrderId\":\"\""), -1130, "clientOrderId"},
        {ORDER(",\"clientOrderId\":7"), -1130, "clientOrderId"},
        {ORDER(",\"userId\":7"), -1130, "userId"},
        {ORDER(",\"userId\":\"\""), 0, ""},
        {ORDER(",\"action\":\"CANCEL\""), -1130, "action"},
        {ORDER(",\"action\":\"NEW\""), 0, ""},
        {ORDER(",\"timeInForce\":\"ioc\""), -1115, "timeInForce"},
        {ORDER(",\"timeInForce\":\"GTD\",\"expireTime\":1764900000000"), 0, ""},
        {ORDER(",\"postOnly\":\"yes\""), -1130, "postOnly"},
        {ORDER(",\"expireTime\":1.5"), -1130, "expireTime"},
        {ORDER(",\"stopPrice\":1.005"), -1111, "stopPrice"},
        {ORDER(",\"displayQuantity\":0"), -1111, "displayQuantity"},
        {ORDER(",\"maxSlippage\":0"), 0, ""},
        {ORDER(",\"selfTradePrevention\":\"EXPIRE_MAKER\""), 0, ""},
        {ORDER(",\"symbol\":\"MSFT\""), -1100, ""},
        {"{\"symbol\":\"AAPL\",\"side\":\"SELL\",\"quantity\":\"100\",\"price\":\"150\",\"orderType\":\"LIMIT\"}", 0,
            ""},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":1e2,\"price\":1.5e2,\"orderType\":\"LIMIT\"}", 0, ""},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"MARKET\"}", 0, ""},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":1,\"price\":0.001,\"orderType\":\"MARKET\"}", 0, ""},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":1,\"price\":\"x\",\"orderType\":\"MARKET\"}", -1111,
            "price"},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"LIMIT\"}", -1102, "price"},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":1,\"price\":1}", -1102, "orderType"},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"price\":1,\"orderType\":\"LIMIT\"}", -1102, "quantity"},
        {"{\"symbol\":\"AAPL\",\"quantity\":1,\"price\":1,\"orderType\":\"LIMIT\"}", -1102, "side"},
        {"{\"side\":\"BUY\",\"quantity\":1,\"price\":1,\"orderType\":\"LIMIT\"}", -1121, "symbol"},
        {"{\"symbol\":\"aapl\",\"side\":\"BUY\",\"quantity\":1,\"price\":1,\"orderType\":\"LIMIT\"}", -1121, "symbol"},
        {"{\"symbol\":\"ABCDEFGHIJK\",\"side\":\"BUY\",\"quantity\":1,\"price\":1,\"orderType\":\"LIMIT\"}", -1121,
            "symbol"},
        {"{\"symbol\":\"AAPL\",\"side\":\"buy\",\"quantity\":1,\"price\":1,\"orderType\":\"LIMIT\"}", -1117, "side"},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":1,\"price\":1,\"orderType\":\"ICEBERG\"}", -1116,
            "orderType"},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":0,\"price\":1,\"orderType\":\"LIMIT\"}", -1111,
            "quantity"},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":1.5,\"price\":1,\"orderType\":\"LIMIT\"}", -1111,
            "quantity"},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":-1,\"price\":1,\"orderType\":\"LIMIT\"}", -1111,
            "quantity"},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":1000000,\"price\":1,\"orderType\":\"LIMIT\"}", 0, ""},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":1000001,\"price\":1,\"orderType\":\"LIMIT\"}", -1111,
            "quantity"},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":1,\"price\":0.01,\"orderType\":\"LIMIT\"}", 0, ""},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":1,\"price\":0.009,\"orderType\":\"LIMIT\"}", -1111,
            "price"},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":1,\"price\":0,\"orderType\":\"LIMIT\"}", -1111, "price"},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":1,\"price\":1e308,\"orderType\":\"LIMIT\"}", -1111,
            "price"},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":1,\"price\":150.123456789,\"orderType\":\"LIMIT\"}", -1111,
            "price"},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":1,\"price\":true,\"orderType\":\"LIMIT\"}", -1111,
            "price"},
        {"{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":[1],\"price\":1,\"orderType\":\"LIMIT\"}", -1111,
            "quantity"},
        {"[]", -1100, ""},
        {"", -1100, ""},
        {"{\"symbol\":", -1100, ""},
        {"{} {}", -1100, ""},
        {"{\"symbol\":\"\xff\"}", -1100, ""},
        {"nonsense", -1100, ""},
    };
    return cr_make_param_array(struct sample, samples, sizeof samples / sizeof *samples);
}

ParameterizedTest(struct sample *sample, request, new_orders) {
    struct command command;
    struct fault fault = check_new(&command, sample->body);
    cr_assert_eq(
        fault.code, sample->code, "%s: %d %.*s", sample->body, fault.code, (int)fault.error.size, fault.error.data);
    cr_assert_eq(fault.status, sample->code ? 400 : 0);
    cr_assert(text_equal(fault.field, *sample->field ? text_of(sample->field) : TEXT_NONE), "%s", sample->body);
    cr_assert(!sample->code || fault.error.size);
}

static const char *written(const struct command *command) {
    static char out[RECORD_VALUE_BYTES_MAX + 1];
    out[record_write(command, out)] = 0;
    return out;
}

Test(request, the_guides_order_is_written_as_the_guide_has_it) {
    struct command command;
    cr_assert_eq(check_new(&command, ORDER(",\"userId\":\"user123\",\"junk\":1")).status, 0);
    command.timestamp_ms = 1764900000123;
    command.order_id = TEXT("1764900000123-abcdefghi");
    cr_assert_str_eq(written(&command),
        "{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":100,\"price\":150.00,\"orderType\":\"LIMIT\","
        "\"userId\":\"user123\",\"timestamp\":1764900000123,\"orderId\":\"1764900000123-abcdefghi\"}");
}

Test(request, options_are_passed_and_a_markets_price_is_not) {
    struct command command;
    cr_assert_eq(
        check_new(&command,
            "{\"orderType\":\"MARKET\",\"price\":12.345,\"quantity\":\"1e3\",\"side\":\"SELL\",\"symbol\":\"X\","
            "\"timeInForce\":\"FOK\",\"postOnly\":true,\"maxSlippage\":0.1,\"trailingBps\":25,\"expireTime\":5,"
            "\"selfTradePrevention\":\"NONE\",\"clientOrderId\":\"a\\\"\\u0001\\u00e9\",\"displayQuantity\":10,"
            "\"stopPrice\":1e1,\"trailingAmount\":\"0.50\",\"orderId\":\"mine\",\"timestamp\":1}")
            .status,
        0);
    command.timestamp_ms = 7;
    command.order_id = TEXT("o");
    cr_assert_str_eq(written(&command),
        "{\"symbol\":\"X\",\"side\":\"SELL\",\"quantity\":1000,\"orderType\":\"MARKET\",\"timestamp\":7,"
        "\"orderId\":\"o\",\"clientOrderId\":\"a\\\"\\u0001\xc3\xa9\",\"timeInForce\":\"FOK\",\"postOnly\":true,"
        "\"stopPrice\":10.00,\"trailingAmount\":0.50,\"trailingBps\":25,\"displayQuantity\":10,"
        "\"selfTradePrevention\":\"NONE\",\"expireTime\":5,\"maxSlippage\":0.10}");
}

/* What the router writes must be what the engine's decoder understands. */
Test(request, a_written_order_decodes_to_itself) {
    struct command command, again;
    struct json_decoder other;
    cr_assert(json_decoder_init(&other, 65536));
    cr_assert_eq(
        check_new(&command, ORDER(",\"clientOrderId\":\"c\",\"userId\":\"u\",\"timeInForce\":\"IOC\"")).status, 0);
    command.order_id = TEXT("o");
    command.timestamp_ms = 5;
    const char *record = written(&command);
    json_command_decode(&other, record, strlen(record), &again);
    cr_assert_eq(again.fault, REASON_NONE);
    cr_assert_eq(command_content_hash(&again), command_content_hash(&command));
    cr_assert(text_equal(again.order_id, TEXT("o")));
    json_decoder_deinit(&other);
}

Test(request, the_longest_record_fits) {
    struct command command;
    char body[2048], id[64 * 6 + 1] = "", *at = id;
    for (int i = 0; i < 64; i++) {
        memcpy(at, "\\u0001", 6);
        at += 6;
    }
    *at = 0;
    snprintf(body, sizeof body,
        ORDER(",\"userId\":\"%s\",\"clientOrderId\":\"%s\",\"expireTime\":9007199254740991,\"trailingBps\":"
              "9007199254740991"),
        id, id);
    cr_assert_eq(check_new(&command, body).status, 0);
    command.order_id = command.command_id = command.user_id;
    command.timestamp_ms = INT64_MAX;
    cr_assert(strlen(written(&command)) <= RECORD_VALUE_BYTES_MAX);
    command.action = ACTION_CANCEL;
    cr_assert(strlen(written(&command)) <= RECORD_VALUE_BYTES_MAX);
}

static struct fault check_modify(struct command *command, const char *query, const char *body) {
    static struct target target;
    cr_assert_eq(target_parse(&target, HTTP_PATCH, TEXT("/orders/abc"), text_of(query)).status, 0);
    json_command_decode(&decoder, body, strlen(body), command);
    return request_check_modify(command, &target);
}

Test(request, modify_takes_its_symbol_from_query_or_body) {
    struct command command;
    cr_assert_eq(check_modify(&command, "symbol=AAPL", "{\"quantity\":5}").status, 0);
    cr_assert(text_equal(command.symbol, TEXT("AAPL")));
    cr_assert_eq(check_modify(&command, "", "{\"quantity\":5,\"symbol\":\"MSFT\"}").status, 0);
    cr_assert(text_equal(command.symbol, TEXT("MSFT")));
    cr_assert_eq(check_modify(&command, "symbol=AAPL", "{\"quantity\":5,\"symbol\":\"MSFT\"}").code, CODE_SYMBOL);
    cr_assert_eq(check_modify(&command, "", "{\"quantity\":5}").code, CODE_SYMBOL);
    cr_assert_eq(check_modify(&command, "symbol=AAPL", "{}").code, CODE_MISSING);
    cr_assert_eq(check_modify(&command, "symbol=AAPL", "{\"price\":1.001}").code, CODE_PRECISION);
    cr_assert_eq(check_modify(&command, "symbol=AAPL", "{\"price\"").code, CODE_MALFORMED);
}

Test(request, changes_are_written_with_their_command_id) {
    struct command command;
    cr_assert_eq(check_modify(&command, "symbol=AAPL", "{\"quantity\":5,\"price\":2}").status, 0);
    command.action = ACTION_MODIFY;
    command.order_id = TEXT("abc");
    command.user_id = TEXT("u");
    command.command_id = TEXT("k");
    command.timestamp_ms = 9;
    cr_assert_str_eq(written(&command),
        "{\"action\":\"MODIFY\",\"symbol\":\"AAPL\",\"orderId\":\"abc\",\"userId\":\"u\",\"timestamp\":9,"
        "\"commandId\":\"k\",\"quantity\":5,\"price\":2.00}");
    command_init(&command);
    command.action = ACTION_CANCEL_ALL;
    command.symbol = TEXT("AAPL");
    command.user_id = TEXT("u");
    command.command_id = TEXT("k");
    command.side = SIDE_SELL;
    cr_assert_str_eq(written(&command), "{\"action\":\"CANCEL_ALL\",\"symbol\":\"AAPL\",\"userId\":\"u\",\"timestamp\":"
                                        "0,\"commandId\":\"k\",\"side\":\"SELL\"}");
}

Test(request, identity_is_the_keys) {
    struct command command;
    check_new(&command, ORDER(""));
    cr_assert_eq(request_identify(&command, TEXT("user123")).status, 0);
    cr_assert(text_equal(command.user_id, TEXT("user123")));
    check_new(&command, ORDER(",\"userId\":\"user123\""));
    cr_assert_eq(request_identify(&command, TEXT("user123")).status, 0);
    check_new(&command, ORDER(",\"userId\":\"bob\""));
    cr_assert_eq(request_identify(&command, TEXT("user123")).status, 403);
    check_new(&command, ORDER(",\"userId\":\"bob\""));
    cr_assert_eq(request_identify(&command, TEXT_NONE).status, 0);
    cr_assert(text_equal(command.user_id, TEXT("bob")));
}
