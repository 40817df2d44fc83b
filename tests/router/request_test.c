/* A body's way to the log: decoded, checked, identified, written. */
#include "core/instrument_terms.h"
#include "io/json/json_command.h"
#include "io/json/json_instrument.h"
#include "router/order_numbers.h"
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

static struct fault check_numbers(const struct command *command) {
    static char words[NUMBER_WORDS_BYTES];
    const struct instrument rules = instrument_default();
    return order_numbers_check(command, &rules, words);
}

/* As the router does it, ids aside. */
static struct fault check_new(struct command *command, const char *body) {
    json_command_decode(&decoder, body, strlen(body), command);
    struct fault fault = request_check_new(command);
    if (!fault.status) {
        fault = request_check_combination(command, NULL);
    }
    return fault.status ? fault : check_numbers(command);
}

struct sample {
    char body[400];
    int code;
    char field[24];
};

#define ORDER(rest)                                                                                                    \
    "{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":100,\"price\":150.00,\"orderType\":\"LIMIT\"" rest "}"

#define OTHER(type, rest) "{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":100,\"orderType\":\"" type "\"" rest "}"

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
        {ORDER(",\"timeInForce\":\"GTD\""), -1102, "expireTime"},
        {ORDER(",\"expireTime\":1764900000000"), -1128, "expireTime"},
        {ORDER(",\"timeInForce\":\"AON\""), -1115, "timeInForce"},
        {ORDER(",\"timeInForce\":\"DAY\",\"postOnly\":true"), 0, ""},
        {ORDER(",\"timeInForce\":\"IOC\",\"postOnly\":true"), -1128, "postOnly"},
        {ORDER(",\"stopPrice\":1"), -1128, "stopPrice"},
        {ORDER(",\"trailingBps\":1"), -1128, "trailingBps"},
        {ORDER(",\"trailingAmount\":1"), -1128, "trailingAmount"},
        {ORDER(",\"displayQuantity\":100"), 0, ""},
        {ORDER(",\"displayQuantity\":101"), -1111, "displayQuantity"},
        {ORDER(",\"displayQuantity\":10,\"timeInForce\":\"FOK\""), -1128, "displayQuantity"},
        {OTHER("STOP", ",\"stopPrice\":5"), 0, ""},
        {OTHER("STOP", ",\"stopPrice\":5,\"price\":0.001,\"maxSlippage\":0.10,\"timeInForce\":\"FOK\""), 0, ""},
        {OTHER("STOP", ""), -1102, "stopPrice"},
        {OTHER("STOP", ",\"stopPrice\":0"), -1111, "stopPrice"},
        {OTHER("STOP", ",\"stopPrice\":5,\"timeInForce\":\"GTC\""), -1128, "timeInForce"},
        {OTHER("STOP_LIMIT", ",\"stopPrice\":5,\"price\":6"), 0, ""},
        {OTHER("STOP_LIMIT", ",\"stopPrice\":5"), -1102, "price"},
        {OTHER("STOP_LIMIT", ",\"price\":5"), -1102, "stopPrice"},
        {OTHER("TRAILING_STOP", ",\"trailingBps\":9999"), 0, ""},
        {OTHER("TRAILING_STOP", ",\"trailingAmount\":0.05,\"stopPrice\":5,\"price\":4,\"timeInForce\":\"DAY\""), 0, ""},
        {OTHER("TRAILING_STOP", ""), -1102, "trailingAmount"},
        {OTHER("TRAILING_STOP", ",\"trailingBps\":0"), -1130, "trailingBps"},
        {OTHER("TRAILING_STOP", ",\"trailingBps\":10000"), -1130, "trailingBps"},
        {OTHER("TRAILING_STOP", ",\"trailingBps\":5,\"trailingAmount\":1"), -1128, "trailingBps"},
        {OTHER("MARKET", ",\"maxSlippage\":0"), 0, ""},
        {OTHER("MARKET", ",\"timeInForce\":\"GTC\""), -1128, "timeInForce"},
        {OTHER("MARKET", ",\"displayQuantity\":1"), -1128, "displayQuantity"},
        {ORDER(",\"postOnly\":\"yes\""), -1130, "postOnly"},
        {ORDER(",\"expireTime\":1.5"), -1130, "expireTime"},
        {ORDER(",\"stopPrice\":1.005"), -1128, "stopPrice"}, /* whatever its value */
        {ORDER(",\"displayQuantity\":0"), -1111, "displayQuantity"},
        {ORDER(",\"maxSlippage\":0"), -1128, "maxSlippage"},
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
    const struct instrument rules = instrument_default();
    out[record_write(command, &rules, out)] = 0;
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

static void expect_written(const char *body, const char *record) {
    struct command command;
    struct fault fault = check_new(&command, body);
    cr_assert_eq(fault.status, 0, "%s: %.*s", body, (int)fault.error.size, fault.error.data);
    command.timestamp_ms = 7;
    command.order_id = TEXT("o");
    cr_expect_str_eq(written(&command), record);
}

Test(request, options_are_passed_and_a_price_that_is_ignored_is_not) {
    expect_written("{\"orderType\":\"MARKET\",\"price\":12.345,\"quantity\":\"1e3\",\"side\":\"SELL\",\"symbol\":\"X\","
                   "\"timeInForce\":\"FOK\",\"maxSlippage\":0.1,\"selfTradePrevention\":\"NONE\","
                   "\"clientOrderId\":\"a\\\"\\u0001\\u00e9\",\"orderId\":\"mine\",\"timestamp\":1}",
        "{\"symbol\":\"X\",\"side\":\"SELL\",\"quantity\":1000,\"orderType\":\"MARKET\",\"timestamp\":7,"
        "\"orderId\":\"o\",\"clientOrderId\":\"a\\\"\\u0001\xc3\xa9\",\"timeInForce\":\"FOK\","
        "\"selfTradePrevention\":\"NONE\",\"maxSlippage\":0.10}");
    expect_written(
        OTHER("TRAILING_STOP", ",\"trailingBps\":25,\"stopPrice\":1e1,\"price\":\"9\",\"timeInForce\":\"GTD\","
                               "\"expireTime\":5,\"displayQuantity\":10"),
        "{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":100,\"price\":9.00,\"orderType\":\"TRAILING_STOP\","
        "\"timestamp\":7,\"orderId\":\"o\",\"timeInForce\":\"GTD\",\"stopPrice\":10.00,\"trailingBps\":25,"
        "\"displayQuantity\":10,\"expireTime\":5}");
    expect_written(OTHER("STOP", ",\"stopPrice\":3,\"price\":1"),
        "{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":100,\"orderType\":\"STOP\",\"timestamp\":7,"
        "\"orderId\":\"o\",\"stopPrice\":3.00}");
    expect_written(OTHER("TRAILING_STOP", ",\"trailingAmount\":\"0.50\",\"postOnly\":false"),
        "{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":100,\"orderType\":\"TRAILING_STOP\",\"timestamp\":7,"
        "\"orderId\":\"o\",\"postOnly\":false,\"trailingAmount\":0.50}");
}

static struct fault check_replace(struct command *command, const char *body) {
    json_command_decode_as(&decoder, body, strlen(body), ACTION_REPLACE, command);
    return request_check_replace(command);
}

Test(request, a_replacement_is_a_new_order_with_the_old_ones_id) {
    struct command command;
    cr_assert_eq(check_replace(&command, ORDER(",\"cancelOrderId\":\"old\"")).status, 0);
    command.order_id = TEXT("new");
    command.user_id = TEXT("u");
    command.timestamp_ms = 7;
    cr_assert_eq(request_check_combination(&command, NULL).status, 0);
    cr_assert_str_eq(written(&command),
        "{\"action\":\"REPLACE\",\"cancelOrderId\":\"old\",\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":100,"
        "\"price\":150.00,\"orderType\":\"LIMIT\",\"userId\":\"u\",\"timestamp\":7,\"orderId\":\"new\"}");
    command.order_id = TEXT("old");
    struct fault fault = request_check_combination(&command, NULL);
    cr_assert(fault.code == CODE_COMBINATION && text_equal(fault.field, TEXT("cancelOrderId")));
    cr_assert_eq(check_replace(&command, ORDER("")).code, CODE_MISSING);
    cr_assert_eq(check_replace(&command, ORDER(",\"cancelOrderId\":7")).code, CODE_FIELD);
    cr_assert_eq(check_replace(&command, ORDER(",\"cancelOrderId\":\"x\",\"action\":\"NEW\"")).code, CODE_FIELD);
    cr_assert_eq(check_replace(&command, ORDER(",\"cancelOrderId\":\"x\",\"action\":\"REPLACE\"")).status, 0);
    cr_assert_eq(check_replace(&command, ORDER(",\"cancelOrderId\":\"x\",\"postOnly\":7")).code, CODE_FIELD);
}

/* ---- Lists. */

#define LEG(rest) "{\"side\":\"SELL\",\"quantity\":10,\"price\":151,\"orderType\":\"LIMIT\"" rest "}"
#define STOP_LEG "{\"side\":\"SELL\",\"quantity\":10,\"orderType\":\"STOP\",\"stopPrice\":140}"
#define LIST(contingency, orders) "{\"symbol\":\"AAPL\",\"contingency\":\"" contingency "\",\"orders\":[" orders "]}"

/* As the router does it, with ids that tell the orders apart. */
static struct fault check_list(struct command *list, struct command *orders, const char *body) {
    static const struct text ids[] = {{"a", 1}, {"b", 1}, {"c", 1}};
    json_command_decode_as(&decoder, body, strlen(body), ACTION_LIST, list);
    struct fault fault = request_check_list(list, orders);
    if (fault.status) {
        return fault;
    }
    list->user_id = TEXT("u");
    list->list_id = TEXT("l");
    list->timestamp_ms = 7;
    for (uint32_t i = 0; i < list->order_count; i++) {
        orders[i].order_id = ids[i];
    }
    fault = request_check_combination(list, orders);
    return fault.status ? fault : check_numbers(list);
}

struct list_sample {
    char body[500];
    int code;
    char field[24];
    uint8_t order;
};

ParameterizedTestParameters(request, lists) {
    static struct list_sample samples[] = {
        {LIST("OCO", LEG("") "," STOP_LEG), 0, "", 0},
        {LIST("OTO", "{\"side\":\"BUY\",\"quantity\":10,\"orderType\":\"MARKET\"}," STOP_LEG), 0, "", 0},
        {LIST("OTOCO", LEG("") "," LEG("") "," STOP_LEG), 0, "", 0},
        {LIST("OCO", LEG(",\"symbol\":\"AAPL\",\"action\":\"NEW\",\"timestamp\":5,\"orderId\":7") "," STOP_LEG), 0, "",
            0},
        {LIST("OCO", LEG("")), -1128, "orders", 0},
        {LIST("OCO", LEG("") "," LEG("") "," LEG("")), -1128, "orders", 0},
        {LIST("OTOCO", LEG("") "," LEG("")), -1128, "orders", 0},
        {LIST("OCO", LEG("") ",{\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"MARKET\"}"), -1128, "side", 0},
        {LIST("BOTH", LEG("") "," STOP_LEG), -1130, "contingency", 0},
        {"{\"symbol\":\"AAPL\",\"orders\":[]}", -1102, "contingency", 0},
        {"{\"symbol\":\"AAPL\",\"contingency\":\"OCO\"}", -1102, "orders", 0},
        {"{\"contingency\":\"OCO\",\"orders\":[]}", -1121, "symbol", 0},
        {LIST("OCO", "1,2"), -1130, "orders", 0},
        {LIST("OCO", LEG("") "," LEG(",\"price\":1")), -1100, "", 0},
        {LIST("OCO", LEG(",\"postOnly\":1") "," STOP_LEG), -1130, "postOnly", 1},
        {LIST("OCO", LEG("") ",{\"side\":\"SELL\",\"quantity\":10,\"orderType\":\"STOP\"}"), -1102, "stopPrice", 2},
        {LIST("OCO", LEG("") "," LEG(",\"symbol\":\"MSFT\"")), -1121, "symbol", 2},
        {LIST("OCO", LEG("") "," LEG(",\"userId\":\"v\"")), -1130, "userId", 2},
        {LIST("OCO", LEG(",\"action\":\"CANCEL\"") "," LEG("")), -1130, "action", 1},
        {LIST("OCO", LEG("") "," LEG(",\"timeInForce\":\"AON\"")), -1115, "timeInForce", 2},
        {LIST("OCO", LEG("") "," LEG(",\"stopPrice\":1")), -1128, "stopPrice", 2},
        {LIST("OCO", STOP_LEG "," LEG(",\"displayQuantity\":11")), -1111, "displayQuantity", 2},
        {LIST("OTO", LEG(",\"clientOrderId\":\"x\"") "," LEG(",\"clientOrderId\":\"x\"")), -1128, "clientOrderId", 0},
        {"{\"action\":\"NEW\",\"symbol\":\"AAPL\"}", -1130, "action", 0},
        {"{\"action\":\"LIST\"", -1100, "", 0},
    };
    return cr_make_param_array(struct list_sample, samples, sizeof samples / sizeof *samples);
}

ParameterizedTest(struct list_sample *sample, request, lists) {
    struct command list, orders[LIST_ORDERS_MAX];
    struct fault fault = check_list(&list, orders, sample->body);
    cr_assert_eq(
        fault.code, sample->code, "%s: %d %.*s", sample->body, fault.code, (int)fault.error.size, fault.error.data);
    cr_assert(text_equal(fault.field, *sample->field ? text_of(sample->field) : TEXT_NONE), "%s", sample->body);
    cr_assert_eq(fault.order, sample->order, "%s", sample->body);
}

Test(request, a_list_is_one_record) {
    struct command list, orders[LIST_ORDERS_MAX], again;
    const char *body = LIST("OTOCO",
        LEG(",\"clientOrderId\":\"p\",\"userId\":\"\",\"junk\":1") "," STOP_LEG "," LEG(",\"timeInForce\":\"DAY\""));
    cr_assert_eq(check_list(&list, orders, body).status, 0);
    const char *record = written(&list);
    cr_assert_str_eq(record,
        "{\"action\":\"LIST\",\"symbol\":\"AAPL\",\"listId\":\"l\",\"userId\":\"u\",\"timestamp\":7,\"contingency\":"
        "\"OTOCO\",\"orders\":["
        "{\"side\":\"SELL\",\"quantity\":10,\"price\":151.00,\"orderType\":\"LIMIT\",\"orderId\":\"a\","
        "\"clientOrderId\":"
        "\"p\"},"
        "{\"side\":\"SELL\",\"quantity\":10,\"orderType\":\"STOP\",\"orderId\":\"b\",\"stopPrice\":140.00},"
        "{\"side\":\"SELL\",\"quantity\":10,\"price\":151.00,\"orderType\":\"LIMIT\",\"orderId\":\"c\",\"timeInForce\":"
        "\"DAY\"}]}");
    json_command_decode(&decoder, record, strlen(record), &again);
    cr_assert_eq(again.fault, REASON_NONE);
    cr_assert_eq(again.order_count, 3);
}

Test(request, the_longest_list_fits) {
    struct command list, orders[LIST_ORDERS_MAX];
    char client[64 * 6 + 1] = "", leg[1024], body[4096];
    for (int i = 0; i < 64; i++) {
        memcpy(client + 6 * i, "\\u0001", 7);
    }
    snprintf(leg, sizeof leg,
        "{\"side\":\"SELL\",\"quantity\":1000000,\"price\":10995116277.76,\"orderType\":\"TRAILING_STOP\","
        "\"stopPrice\":"
        "10995116277.76,\"trailingAmount\":10995116277.76,\"timeInForce\":\"GTD\",\"expireTime\":9007199254740991,"
        "\"postOnly\":false,\"displayQuantity\":1000000,\"selfTradePrevention\":\"EXPIRE_TAKER\",\"clientOrderId\":\"%"
        "s",
        client);
    leg[strlen(leg) - 6] = 0; /* each another one */
    snprintf(body, sizeof body,
        "{\"symbol\":\"ABCDEFGHIJ\",\"contingency\":\"OTOCO\",\"orders\":[%s\\u0001\"},%s\\u0002\"},%s\\u0003\"}]}",
        leg, leg, leg);
    struct fault fault = check_list(&list, orders, body);
    cr_assert_eq(fault.status, 0, "%.*s", (int)fault.error.size, fault.error.data);
    struct text longest = orders[0].client_order_id, id = {"123456789012345678901234567890123456789012345678", 48};
    list.user_id = longest;
    list.list_id = orders[0].order_id = orders[1].order_id = orders[2].order_id = id;
    list.timestamp_ms = INT64_MAX;
    cr_assert_leq(strlen(written(&list)), RECORD_VALUE_BYTES_MAX);
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
        ORDER(",\"userId\":\"%s\",\"clientOrderId\":\"%s\",\"timeInForce\":\"GTD\",\"expireTime\":9007199254740991"),
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
    struct fault fault = request_check_modify(command, &target);
    command->action = ACTION_MODIFY;
    return fault.status ? fault : check_numbers(command);
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
    cr_assert_eq(check_modify(&command, "symbol=AAPL", "{\"price\":1,\"displayQuantity\":0}").status, 0);
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

/* ---- A symbol's own settings. */

/* As the router reads them from Valkey. */
static struct instrument settings_of(const struct instrument_terms *terms) {
    struct instrument written, read;
    char bytes[CONTROL_BYTES_MAX];
    cr_assert_null(instrument_read(terms, &written));
    struct text text = {bytes, (uint32_t)json_instrument_encode(TEXT("FINE"), &written, bytes)};
    cr_assert(!json_instrument_decode(&decoder, text, TEXT("COARSE"), &read), "another symbol's");
    cr_assert(json_instrument_decode(&decoder, text, TEXT("FINE"), &read));
    return read;
}

struct number_sample {
    const char *numbers, *field, *error; /* NULL: it fits */
};

static void expect_numbers(
    const struct instrument *rules, const char *type, const struct number_sample *samples, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char body[400], words[NUMBER_WORDS_BYTES];
        struct command command;
        snprintf(body, sizeof body, "{\"symbol\":\"FINE\",\"side\":\"BUY\",\"orderType\":\"%s\",%s}", type,
            samples[i].numbers);
        json_command_decode(&decoder, body, strlen(body), &command);
        cr_assert_eq(request_check_new(&command).status, 0, "%s", body);
        struct fault fault = order_numbers_check(&command, rules, words);
        cr_assert_eq(fault.status, samples[i].field ? 400 : 0, "%s", body);
        if (!samples[i].field) {
            continue;
        }
        cr_assert_eq(fault.code, CODE_PRECISION);
        cr_assert(text_equal(fault.field, text_of(samples[i].field)), "%s", body);
        cr_assert(text_equal(fault.error, text_of(samples[i].error)), "%s: %.*s", body, (int)fault.error.size,
            fault.error.data);
    }
}

Test(request, numbers_fit_the_settings_of_the_symbol) {
    const struct instrument rules = settings_of(&(struct instrument_terms){.tick = TEXT("0.0001"),
        .lot = TEXT("0.001"),
        .quantity_min = TEXT("0.002"),
        .quantity_max = TEXT("5"),
        .clip_min = TEXT("0.010"),
        .notional_min = TEXT("0.5")});
    static const struct number_sample samples[] = {
        {"\"quantity\":0.125,\"price\":150.1234", NULL, NULL},
        {"\"quantity\":\"5.000\",\"price\":0.1000", NULL, NULL},
        {"\"quantity\":0.0015,\"price\":150", "quantity", "quantity must be a multiple of 0.001 from 0.002 to 5.000"},
        {"\"quantity\":0.001,\"price\":150", "quantity", "quantity must be a multiple of 0.001 from 0.002 to 5.000"},
        {"\"quantity\":5.001,\"price\":150", "quantity", "quantity must be a multiple of 0.001 from 0.002 to 5.000"},
        {"\"quantity\":1,\"price\":1.00005", "price",
            "price must be a number of at least 0.0001 with at most four decimal places"},
        {"\"quantity\":1,\"price\":1,\"displayQuantity\":0.009", "displayQuantity",
            "displayQuantity must be a multiple of 0.001 from 0.010 to 5.000"},
        {"\"quantity\":1,\"price\":1,\"displayQuantity\":1.001", "displayQuantity",
            "displayQuantity must be at most the quantity"},
        {"\"quantity\":0.100,\"price\":4.9999", "quantity",
            "price times quantity is below the least that this symbol trades"},
    };
    expect_numbers(&rules, "LIMIT", samples, sizeof samples / sizeof *samples);
    static const struct number_sample market[] = {
        {"\"quantity\":0.002,\"maxSlippage\":0.0000", NULL, NULL},
        {"\"quantity\":0.002,\"maxSlippage\":0.00001", "maxSlippage",
            "maxSlippage must be a price distance of at least 0 with at most four decimal places"},
    };
    expect_numbers(&rules, "MARKET", market, sizeof market / sizeof *market);
}

Test(request, ticks_that_are_no_power_of_ten) {
    const struct instrument rules = settings_of(&(struct instrument_terms){.tick = TEXT("0.05"), .lot = TEXT("10")});
    static const struct number_sample samples[] = {
        {"\"quantity\":20,\"price\":7.15", NULL, NULL},
        {"\"quantity\":20,\"price\":7.16", "price", "price must be a number of at least 0.05, a multiple of 0.05"},
        {"\"quantity\":25,\"price\":7.15", "quantity", "quantity must be a multiple of 10 from 10 to 10000000"},
    };
    expect_numbers(&rules, "LIMIT", samples, sizeof samples / sizeof *samples);
}

Test(request, a_record_has_the_places_of_its_symbol) {
    const struct instrument rules =
        settings_of(&(struct instrument_terms){.tick = TEXT("0.0001"), .lot = TEXT("0.001")});
    struct command command;
    char out[RECORD_VALUE_BYTES_MAX + 1];
    cr_assert_eq(check_new(&command, ORDER("")).status, 0);
    out[record_write(&command, &rules, out)] = 0;
    cr_assert(strstr(out, "\"quantity\":100.000,\"price\":150.0000,"), "%s", out);
}
