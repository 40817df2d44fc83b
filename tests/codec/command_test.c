/* Every decode rule of ARCHITECTURE.md, "Readings", in both encodings. */
#include "core/command.h"
#include "core/limits.h"
#include "io/decode/command_decoder.h"
#include "io/json/json_command.h"
#include "tests/codec/pack.h"

#include <criterion/criterion.h>
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>

#define ID64 "0123456789012345678901234567890123456789012345678901234567890123"

static struct command_decoder decoder;

static void open_decoder(void) { cr_assert(command_decoder_init(&decoder)); }

static void close_decoder(void) { command_decoder_deinit(&decoder); }

TestSuite(command, .init = open_decoder, .fini = close_decoder);

static struct command decode(const char *bytes, size_t size) {
    /* A copy of exactly that size, so that a sanitizer sees every step too far. */
    static char *copy;
    struct command command;
    free(copy);
    copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    memset(&command, 0xa5, sizeof command);
    command_decode(&decoder, copy, size, &command);
    return command;
}

static struct command decode_json(const char *json) { return decode(json, strlen(json)); }

struct expectation {
    const char *json;
    enum reason fault;
    enum field field;
};

static void expect_fault(const struct expectation *expected, const struct command *command, const char *encoding) {
    cr_expect_eq(command->fault, expected->fault, "%s %s: %s", encoding, expected->json,
        command->fault ? reason_name(command->fault).data : "no fault");
    if (expected->field)
        cr_expect_eq(command->fault_field, expected->field, "%s %s: field %s", encoding, expected->json,
            command->fault_field ? field_name(command->fault_field).data : "none");
}

/* Both encodings give the same answer and the same content. */
static void expect_in_both(const struct expectation *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct packed packed;
        struct command json = decode_json(cases[i].json);
        uint64_t content = command_content_hash(&json), present = json.present, bad = json.bad;
        expect_fault(&cases[i], &json, "JSON");
        cr_assert(pack_json(cases[i].json, strlen(cases[i].json), &packed), "%s", cases[i].json);
        struct command map = decode(packed.bytes, packed.size);
        expect_fault(&cases[i], &map, "msgpack");
        cr_expect_eq(command_content_hash(&map), content, "%s", cases[i].json);
        cr_expect(map.present == present && map.bad == bad, "%s", cases[i].json);
        packed_free(&packed);
    }
}

#define EXPECT_IN_BOTH(cases) expect_in_both((cases), sizeof(cases) / sizeof(cases)[0])

#define BASE "\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":100,\"orderType\":\"LIMIT\",\"orderId\":\"o1\""
#define ORDER BASE ",\"price\":150.00"
#define MARKET "{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":100,\"orderType\":\"MARKET\",\"orderId\":\"o1\""
#define ME "\"symbol\":\"AAPL\",\"userId\":\"u\""

Test(command, the_guides_order) {
    struct command c =
        decode_json("{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":100,\"price\":150.00,\"orderType\":\"LIMIT\","
                    "\"userId\":\"user123\",\"timestamp\":1764900000123,\"orderId\":\"1764900000123-k3j9x0a1b\"}");
    int64_t units;
    cr_expect_eq(c.fault, REASON_NONE);
    cr_expect(
        c.action == ACTION_NEW && c.side == SIDE_BUY && c.order_type == ORDER_LIMIT && c.time_in_force == TIF_NONE);
    cr_expect(text_equal(c.symbol, TEXT("AAPL")) && text_equal(c.user_id, TEXT("user123")));
    cr_expect(text_equal(c.order_id, TEXT("1764900000123-k3j9x0a1b")) && text_equal(command_own_id(&c), c.order_id));
    cr_expect(c.has_timestamp && c.timestamp_ms == 1764900000123);
    cr_expect(decimal_to_units(c.price, (struct decimal_unit){1, 2}, &units) == DECIMAL_FITS && units == 15000);
    cr_expect(decimal_to_units(c.quantity, (struct decimal_unit){1, 0}, &units) == DECIMAL_FITS && units == 100);
    cr_expect(text_is_absent(c.client_order_id) && text_is_absent(c.command_id) && !c.post_only &&
              c.fault_field == FIELD_NONE);
}

Test(command, every_field_is_decoded) {
    const char *json =
        "{" ORDER ",\"action\":\"REPLACE\",\"userId\":\"u\",\"clientOrderId\":\"c\",\"commandId\":\"k\","
        "\"cancelOrderId\":\"x\",\"listId\":\"l\",\"timeInForce\":\"GTD\",\"postOnly\":true,\"stopPrice\":\"1.25\","
        "\"trailingAmount\":2,\"trailingBps\":30,\"displayQuantity\":\"10\",\"selfTradePrevention\":\"DECREMENT\","
        "\"expireTime\":1764900000999,\"maxSlippage\":0.5,\"contingency\":\"OTOCO\",\"orders\":[{}],\"timestamp\":"
        "9007199254740991}";
    struct packed packed;
    cr_assert(pack_json(json, strlen(json), &packed));
    for (int form = 0; form < 2; form++) {
        struct command c = form ? decode(packed.bytes, packed.size) : decode_json(json);
        cr_expect(c.fault == REASON_INVALID_COMBINATION && c.fault_field == FIELD_TRAILING_BPS);
        cr_expect(c.action == ACTION_REPLACE && c.time_in_force == TIF_GTD && c.post_only &&
                  c.self_trade == SELF_TRADE_DECREMENT);
        cr_expect(c.contingency == CONTINGENCY_OTOCO);
        cr_expect(text_equal(c.client_order_id, TEXT("c")) && text_equal(c.command_id, TEXT("k")));
        cr_expect(text_equal(c.cancel_order_id, TEXT("x")) && text_equal(c.list_id, TEXT("l")));
        cr_expect(c.stop_price.mantissa == 125 && c.stop_price.exponent == -2 && c.trailing_amount.mantissa == 2);
        cr_expect(c.display_quantity.mantissa == 1 && c.display_quantity.exponent == 1 && c.max_slippage.mantissa == 5);
        cr_expect(c.has_trailing_bps && c.trailing_bps == 30 && c.has_expire_time && c.expire_time_ms == 1764900000999);
        cr_expect(c.timestamp_ms == 9007199254740991 && c.bad == 0);
        cr_expect_eq(c.present, (UINT64_C(1) << FIELD_COUNT) - 2);
    }
    packed_free(&packed);
}

Test(command, accepted_kinds) {
    static const struct expectation cases[] = {
        {"{" ORDER "}", REASON_NONE, 0},
        {"{" ORDER ",\"action\":\"NEW\"}", REASON_NONE, 0},
        {"{" ORDER ",\"action\":null,\"userId\":null,\"timeInForce\":null,\"postOnly\":null,\"stopPrice\":null}",
            REASON_NONE, 0},
        {"{" ORDER ",\"timeInForce\":\"GTC\",\"postOnly\":true}", REASON_NONE, 0},
        {"{" ORDER ",\"postOnly\":true}", REASON_NONE, 0},
        {"{" ORDER ",\"timeInForce\":\"IOC\",\"postOnly\":false}", REASON_NONE, 0},
        {"{" ORDER ",\"timeInForce\":\"FOK\"}", REASON_NONE, 0},
        {"{" ORDER ",\"selfTradePrevention\":\"NONE\"}", REASON_NONE, 0},
        {"{" ORDER ",\"userId\":\"\"}", REASON_NONE, 0},
        {"{" ORDER ",\"userId\":\"" ID64 "\"}", REASON_NONE, 0},
        {"{" BASE ",\"price\":\"150.00\"}", REASON_NONE, 0},
        {"{" BASE ",\"price\":1.5e2}", REASON_NONE, 0},
        {"{" BASE ",\"price\":0}", REASON_NONE, 0},
        {"{" BASE ",\"price\":1e400}", REASON_NONE, 0},
        {MARKET "}", REASON_NONE, 0},
        {MARKET ",\"price\":1}", REASON_NONE, 0},
        {MARKET ",\"timeInForce\":\"FOK\"}", REASON_NONE, 0},
        {MARKET ",\"timeInForce\":\"IOC\"}", REASON_NONE, 0},
        {"{" ORDER ",\"unknown\":1,\"unknown\":[{\"a\":{}}],\"Symbol\":5}", REASON_NONE, 0},
        {"{" ME ",\"action\":\"CANCEL\",\"orderId\":\"o\"}", REASON_NONE, 0},
        {"{" ME ",\"action\":\"CANCEL\",\"clientOrderId\":\"c\",\"commandId\":\"k\"}", REASON_NONE, 0},
        {"{" ME ",\"action\":\"CANCEL\",\"orderId\":\"o\",\"stopPrice\":1,\"timeInForce\":\"DAY\"}", REASON_NONE, 0},
        {"{" ME ",\"action\":\"MODIFY\",\"orderId\":\"o\",\"quantity\":1}", REASON_NONE, 0},
        {"{" ME ",\"action\":\"MODIFY\",\"orderId\":\"o\",\"price\":\"1.00\"}", REASON_NONE, 0},
        {"{" ME ",\"action\":\"MODIFY\",\"orderId\":\"o\",\"price\":1,\"displayQuantity\":1,\"orderType\":\"STOP\"}",
            REASON_NONE, 0},
        {"{" ME ",\"action\":\"CANCEL_ALL\"}", REASON_NONE, 0},
        {"{" ME ",\"action\":\"CANCEL_ALL\",\"side\":\"SELL\"}", REASON_NONE, 0},
    };
    EXPECT_IN_BOTH(cases);
}

Test(command, missing_fields) {
    static const struct expectation cases[] = {
        {"{}", REASON_MISSING_FIELD, FIELD_SYMBOL},
        {"{\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"LIMIT\",\"orderId\":\"o\",\"price\":1}",
            REASON_MISSING_FIELD, FIELD_SYMBOL},
        {"{\"symbol\":\"A\",\"quantity\":1,\"orderType\":\"LIMIT\",\"orderId\":\"o\",\"price\":1}",
            REASON_MISSING_FIELD, FIELD_SIDE},
        {"{\"symbol\":\"A\",\"side\":\"BUY\",\"orderType\":\"LIMIT\",\"orderId\":\"o\",\"price\":1}",
            REASON_MISSING_FIELD, FIELD_QUANTITY},
        {"{\"symbol\":\"A\",\"side\":\"BUY\",\"quantity\":1,\"orderId\":\"o\",\"price\":1}", REASON_MISSING_FIELD,
            FIELD_ORDER_TYPE},
        {"{\"symbol\":\"A\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"LIMIT\",\"price\":1}", REASON_MISSING_FIELD,
            FIELD_ORDER_ID},
        {"{" BASE "}", REASON_MISSING_FIELD, FIELD_PRICE},
        {"{" BASE ",\"price\":null}", REASON_MISSING_FIELD, FIELD_PRICE},
        {"{" ME ",\"action\":\"CANCEL\"}", REASON_MISSING_FIELD, FIELD_ORDER_ID},
        {"{\"symbol\":\"AAPL\",\"action\":\"CANCEL\",\"orderId\":\"o\"}", REASON_MISSING_FIELD, FIELD_USER_ID},
        {"{\"symbol\":\"AAPL\",\"action\":\"CANCEL\",\"orderId\":\"o\",\"userId\":\"\"}", REASON_MISSING_FIELD,
            FIELD_USER_ID},
        {"{" ME ",\"action\":\"MODIFY\",\"orderId\":\"o\"}", REASON_MISSING_FIELD, FIELD_QUANTITY},
        {"{" ME ",\"action\":\"MODIFY\",\"quantity\":1}", REASON_MISSING_FIELD, FIELD_ORDER_ID},
        {"{\"symbol\":\"AAPL\",\"action\":\"CANCEL_ALL\"}", REASON_MISSING_FIELD, FIELD_USER_ID},
        {"{" ORDER ",\"action\":\"REPLACE\",\"userId\":\"u\"}", REASON_MISSING_FIELD, FIELD_CANCEL_ORDER_ID},
        {"{" ORDER ",\"action\":\"REPLACE\",\"cancelOrderId\":\"x\"}", REASON_MISSING_FIELD, FIELD_USER_ID},
        {"{" ME ",\"action\":\"LIST\",\"listId\":\"l\",\"contingency\":\"OCO\"}", REASON_MISSING_FIELD, FIELD_ORDERS},
        {"{" ME ",\"action\":\"LIST\",\"listId\":\"l\",\"orders\":[]}", REASON_MISSING_FIELD, FIELD_CONTINGENCY},
        {"{" ME ",\"action\":\"LIST\",\"contingency\":\"OCO\",\"orders\":[]}", REASON_MISSING_FIELD, FIELD_LIST_ID},
        {"{\"action\":\"JUMP\"}", REASON_MISSING_FIELD, FIELD_SYMBOL},
        /* before BAD_FIELD, UNSUPPORTED and INVALID_COMBINATION */
        {"{" BASE ",\"postOnly\":1,\"timeInForce\":\"GTD\"}", REASON_MISSING_FIELD, FIELD_PRICE},
        {"{\"symbol\":\"bad\",\"side\":\"BUY\"}", REASON_MISSING_FIELD, FIELD_QUANTITY},
    };
    EXPECT_IN_BOTH(cases);
}

Test(command, bad_fields) {
    static const struct expectation cases[] = {
        {"{" ORDER ",\"action\":\"JUMP\"}", REASON_BAD_FIELD, FIELD_ACTION},
        {"{" ORDER ",\"action\":\"new\"}", REASON_BAD_FIELD, FIELD_ACTION},
        {"{" ORDER ",\"action\":0}", REASON_BAD_FIELD, FIELD_ACTION},
        {"{\"symbol\":\"A\",\"action\":\"\"}", REASON_BAD_FIELD, FIELD_ACTION},
        {"{\"symbol\":\"aapl\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"MARKET\",\"orderId\":\"o\"}",
            REASON_BAD_FIELD, FIELD_SYMBOL},
        {"{\"symbol\":7,\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"MARKET\",\"orderId\":\"o\"}", REASON_BAD_FIELD,
            FIELD_SYMBOL},
        {"{\"symbol\":\"\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"MARKET\",\"orderId\":\"o\"}",
            REASON_BAD_FIELD, FIELD_SYMBOL},
        {"{\"symbol\":\"A\",\"side\":\"buy\",\"quantity\":1,\"orderType\":\"MARKET\",\"orderId\":\"o\"}",
            REASON_BAD_FIELD, FIELD_SIDE},
        {"{\"symbol\":\"A\",\"side\":0,\"quantity\":1,\"orderType\":\"MARKET\",\"orderId\":\"o\"}", REASON_BAD_FIELD,
            FIELD_SIDE},
        {"{\"symbol\":\"A\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"PEG\",\"orderId\":\"o\"}", REASON_BAD_FIELD,
            FIELD_ORDER_TYPE},
        {"{\"symbol\":\"A\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"\",\"orderId\":\"o\"}", REASON_BAD_FIELD,
            FIELD_ORDER_TYPE},
        {"{\"symbol\":\"A\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"MARKET\",\"orderId\":\"\"}",
            REASON_BAD_FIELD, FIELD_ORDER_ID},
        {"{\"symbol\":\"A\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"MARKET\",\"orderId\":5}", REASON_BAD_FIELD,
            FIELD_ORDER_ID},
        {"{\"symbol\":\"A\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"MARKET\",\"orderId\":1.5}",
            REASON_BAD_FIELD, FIELD_ORDER_ID},
        {"{\"symbol\":\"A\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"MARKET\",\"orderId\":\"" ID64 "x\"}",
            REASON_BAD_FIELD, FIELD_ORDER_ID},
        {"{\"symbol\":\"A\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"MARKET\",\"orderId\":\"a\\u0000b\"}",
            REASON_BAD_FIELD, FIELD_ORDER_ID},
        {"{" ORDER ",\"clientOrderId\":\"\"}", REASON_BAD_FIELD, FIELD_CLIENT_ORDER_ID},
        {"{" ORDER ",\"commandId\":{}}", REASON_BAD_FIELD, FIELD_COMMAND_ID},
        {"{" ORDER ",\"listId\":[]}", REASON_BAD_FIELD, FIELD_LIST_ID},
        {"{" ORDER ",\"cancelOrderId\":true}", REASON_BAD_FIELD, FIELD_CANCEL_ORDER_ID},
        {"{" ORDER ",\"userId\":17}", REASON_BAD_FIELD, FIELD_USER_ID},
        {"{" BASE ",\"price\":-1}", REASON_BAD_FIELD, FIELD_PRICE},
        {"{" BASE ",\"price\":-0}", REASON_BAD_FIELD, FIELD_PRICE},
        {"{" BASE ",\"price\":-0.0}", REASON_BAD_FIELD, FIELD_PRICE},
        {"{" BASE ",\"price\":\"-1\"}", REASON_BAD_FIELD, FIELD_PRICE},
        {"{" BASE ",\"price\":\"+1\"}", REASON_BAD_FIELD, FIELD_PRICE},
        {"{" BASE ",\"price\":\"\"}", REASON_BAD_FIELD, FIELD_PRICE},
        {"{" BASE ",\"price\":\" 1\"}", REASON_BAD_FIELD, FIELD_PRICE},
        {"{" BASE ",\"price\":\"01\"}", REASON_BAD_FIELD, FIELD_PRICE},
        {"{" BASE ",\"price\":\"NaN\"}", REASON_BAD_FIELD, FIELD_PRICE},
        {"{" BASE ",\"price\":true}", REASON_BAD_FIELD, FIELD_PRICE},
        {"{" BASE ",\"price\":[1]}", REASON_BAD_FIELD, FIELD_PRICE},
        {"{" ORDER ",\"stopPrice\":\"x\"}", REASON_BAD_FIELD, FIELD_STOP_PRICE},
        {"{" ORDER ",\"trailingAmount\":{}}", REASON_BAD_FIELD, FIELD_TRAILING_AMOUNT},
        {"{" ORDER ",\"displayQuantity\":-5}", REASON_BAD_FIELD, FIELD_DISPLAY_QUANTITY},
        {"{" ORDER ",\"maxSlippage\":false}", REASON_BAD_FIELD, FIELD_MAX_SLIPPAGE},
        {"{" ORDER ",\"trailingBps\":1.5}", REASON_BAD_FIELD, FIELD_TRAILING_BPS},
        {"{" ORDER ",\"trailingBps\":\"5\"}", REASON_BAD_FIELD, FIELD_TRAILING_BPS},
        {"{" ORDER ",\"timestamp\":\"1764900000123\"}", REASON_BAD_FIELD, FIELD_TIMESTAMP},
        {"{" ORDER ",\"timestamp\":1764900000123.0}", REASON_BAD_FIELD, FIELD_TIMESTAMP},
        {"{" ORDER ",\"timestamp\":1e3}", REASON_BAD_FIELD, FIELD_TIMESTAMP},
        {"{" ORDER ",\"timestamp\":-1}", REASON_BAD_FIELD, FIELD_TIMESTAMP},
        {"{" ORDER ",\"timestamp\":9007199254740992}", REASON_BAD_FIELD, FIELD_TIMESTAMP},
        {"{" ORDER ",\"timestamp\":99999999999999999999999}", REASON_BAD_FIELD, FIELD_TIMESTAMP},
        {"{" ORDER ",\"expireTime\":true}", REASON_BAD_FIELD, FIELD_EXPIRE_TIME},
        {"{" ORDER ",\"postOnly\":\"true\"}", REASON_BAD_FIELD, FIELD_POST_ONLY},
        {"{" ORDER ",\"postOnly\":1}", REASON_BAD_FIELD, FIELD_POST_ONLY},
        {"{" ORDER ",\"timeInForce\":\"gtc\"}", REASON_BAD_FIELD, FIELD_TIME_IN_FORCE},
        {"{" ORDER ",\"timeInForce\":1}", REASON_BAD_FIELD, FIELD_TIME_IN_FORCE},
        {"{" ORDER ",\"selfTradePrevention\":\"CANCEL\"}", REASON_BAD_FIELD, FIELD_SELF_TRADE_PREVENTION},
        {"{" ORDER ",\"contingency\":\"ONE\"}", REASON_BAD_FIELD, FIELD_CONTINGENCY},
        {"{" ORDER ",\"contingency\":\"\"}", REASON_BAD_FIELD, FIELD_CONTINGENCY},
        {"{" ORDER ",\"orders\":{}}", REASON_BAD_FIELD, FIELD_ORDERS},
        {MARKET ",\"price\":\"free\"}", REASON_BAD_FIELD, FIELD_PRICE},
        /* fields that the action does not use are looked at all the same */
        {"{" ME ",\"action\":\"CANCEL\",\"orderId\":\"o\",\"price\":-1}", REASON_BAD_FIELD, FIELD_PRICE},
        {"{" ME ",\"action\":\"CANCEL_ALL\",\"side\":\"BOTH\"}", REASON_BAD_FIELD, FIELD_SIDE},
        /* before UNSUPPORTED and INVALID_COMBINATION */
        {"{" ORDER ",\"timeInForce\":\"GTD\",\"expireTime\":\"soon\"}", REASON_BAD_FIELD, FIELD_EXPIRE_TIME},
        {"{" ORDER ",\"timeInForce\":\"IOC\",\"postOnly\":true,\"trailingBps\":-1}", REASON_BAD_FIELD,
            FIELD_TRAILING_BPS},
        /* an ill-formed order type does not ask for a price */
        {"{\"symbol\":\"A\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":5,\"orderId\":\"o\"}", REASON_BAD_FIELD,
            FIELD_ORDER_TYPE},
    };
    EXPECT_IN_BOTH(cases);
}

#define ORDER_OF(type) "{\"symbol\":\"A\",\"side\":\"BUY\",\"quantity\":9,\"orderId\":\"o\",\"orderType\":\"" type "\""
#define STOP ORDER_OF("STOP") ",\"stopPrice\":5"
#define STOP_LIMIT ORDER_OF("STOP_LIMIT") ",\"stopPrice\":5,\"price\":6"
#define TRAILING ORDER_OF("TRAILING_STOP") ",\"trailingAmount\":5"
#define REPLACE "{" ORDER ",\"action\":\"REPLACE\",\"userId\":\"u\""

Test(command, kinds_of_orders) {
    static const struct expectation cases[] = {
        {STOP "}", REASON_NONE, 0},
        {STOP ",\"price\":7,\"timeInForce\":\"FOK\",\"maxSlippage\":0}", REASON_NONE, 0},
        {STOP_LIMIT "}", REASON_NONE, 0},
        {STOP_LIMIT ",\"timeInForce\":\"GTD\",\"expireTime\":5,\"displayQuantity\":1}", REASON_NONE, 0},
        {STOP_LIMIT ",\"timeInForce\":\"IOC\",\"selfTradePrevention\":\"DECREMENT\"}", REASON_NONE, 0},
        {STOP_LIMIT ",\"timeInForce\":\"DAY\",\"postOnly\":false}", REASON_NONE, 0},
        {TRAILING "}", REASON_NONE, 0},
        {TRAILING ",\"stopPrice\":7,\"maxSlippage\":1,\"timeInForce\":\"IOC\"}", REASON_NONE, 0},
        {TRAILING ",\"price\":7,\"timeInForce\":\"GTC\",\"displayQuantity\":2}", REASON_NONE, 0},
        {ORDER_OF("TRAILING_STOP") ",\"trailingBps\":50}", REASON_NONE, 0},
        {"{" ORDER ",\"timeInForce\":\"DAY\",\"postOnly\":true,\"displayQuantity\":5}", REASON_NONE, 0},
        {"{" ORDER ",\"timeInForce\":\"GTD\",\"expireTime\":0,\"postOnly\":true}", REASON_NONE, 0},
        {MARKET ",\"maxSlippage\":\"0.5\",\"selfTradePrevention\":\"EXPIRE_BOTH\"}", REASON_NONE, 0},
        {REPLACE ",\"cancelOrderId\":\"x\"}", REASON_NONE, 0},
        {"{" ME ",\"action\":\"MODIFY\",\"orderId\":\"o\",\"stopPrice\":1}", REASON_NONE, 0},
        {"{" ME ",\"action\":\"MODIFY\",\"orderId\":\"o\",\"expireTime\":1,\"timeInForce\":\"AON\"}", REASON_NONE, 0},
    };
    EXPECT_IN_BOTH(cases);
}

Test(command, fields_that_a_kind_of_order_needs) {
    static const struct expectation cases[] = {
        {ORDER_OF("STOP") "}", REASON_MISSING_FIELD, FIELD_STOP_PRICE},
        {ORDER_OF("STOP_LIMIT") ",\"price\":1}", REASON_MISSING_FIELD, FIELD_STOP_PRICE},
        {ORDER_OF("STOP_LIMIT") ",\"stopPrice\":1}", REASON_MISSING_FIELD, FIELD_PRICE},
        {ORDER_OF("TRAILING_STOP") "}", REASON_MISSING_FIELD, FIELD_TRAILING_AMOUNT},
        {ORDER_OF("TRAILING_STOP") ",\"trailingBps\":null}", REASON_MISSING_FIELD, FIELD_TRAILING_AMOUNT},
        {"{" ORDER ",\"timeInForce\":\"GTD\"}", REASON_MISSING_FIELD, FIELD_EXPIRE_TIME},
        {MARKET ",\"timeInForce\":\"GTD\"}", REASON_MISSING_FIELD, FIELD_EXPIRE_TIME},
        {"{" BASE ",\"action\":\"REPLACE\",\"userId\":\"u\",\"cancelOrderId\":\"x\"}", REASON_MISSING_FIELD,
            FIELD_PRICE},
        {STOP ",\"timeInForce\":\"GTD\",\"postOnly\":true}", REASON_MISSING_FIELD, FIELD_EXPIRE_TIME},
    };
    EXPECT_IN_BOTH(cases);
}

Test(command, unsupported) {
    static const struct expectation cases[] = {
        {"{" ORDER ",\"timeInForce\":\"AON\"}", REASON_UNSUPPORTED, FIELD_TIME_IN_FORCE},
        {MARKET ",\"timeInForce\":\"AON\",\"postOnly\":true}", REASON_UNSUPPORTED, FIELD_TIME_IN_FORCE},
        {REPLACE ",\"cancelOrderId\":\"o1\",\"timeInForce\":\"AON\"}", REASON_UNSUPPORTED, FIELD_TIME_IN_FORCE},
        {"{" ORDER ",\"timeInForce\":\"AON\",\"expireTime\":\"x\"}", REASON_BAD_FIELD, FIELD_EXPIRE_TIME},
        {"{" BASE ",\"timeInForce\":\"AON\"}", REASON_MISSING_FIELD, FIELD_PRICE},
    };
    EXPECT_IN_BOTH(cases);
}

Test(command, invalid_combinations) {
    static const struct expectation cases[] = {
        {MARKET ",\"timeInForce\":\"GTC\"}", REASON_INVALID_COMBINATION, FIELD_TIME_IN_FORCE},
        {MARKET ",\"timeInForce\":\"DAY\"}", REASON_INVALID_COMBINATION, FIELD_TIME_IN_FORCE},
        {MARKET ",\"timeInForce\":\"GTD\",\"expireTime\":1}", REASON_INVALID_COMBINATION, FIELD_TIME_IN_FORCE},
        {STOP ",\"timeInForce\":\"GTC\"}", REASON_INVALID_COMBINATION, FIELD_TIME_IN_FORCE},
        {TRAILING ",\"timeInForce\":\"DAY\"}", REASON_INVALID_COMBINATION, FIELD_TIME_IN_FORCE},
        {MARKET ",\"postOnly\":true}", REASON_INVALID_COMBINATION, FIELD_POST_ONLY},
        {STOP_LIMIT ",\"postOnly\":true}", REASON_INVALID_COMBINATION, FIELD_POST_ONLY},
        {TRAILING ",\"price\":1,\"postOnly\":true}", REASON_INVALID_COMBINATION, FIELD_POST_ONLY},
        {"{" ORDER ",\"timeInForce\":\"IOC\",\"postOnly\":true}", REASON_INVALID_COMBINATION, FIELD_POST_ONLY},
        {"{" ORDER ",\"timeInForce\":\"FOK\",\"postOnly\":true}", REASON_INVALID_COMBINATION, FIELD_POST_ONLY},
        {"{" ORDER ",\"stopPrice\":1}", REASON_INVALID_COMBINATION, FIELD_STOP_PRICE},
        {MARKET ",\"stopPrice\":1}", REASON_INVALID_COMBINATION, FIELD_STOP_PRICE},
        {"{" ORDER ",\"trailingAmount\":1}", REASON_INVALID_COMBINATION, FIELD_TRAILING_AMOUNT},
        {STOP ",\"trailingBps\":1}", REASON_INVALID_COMBINATION, FIELD_TRAILING_BPS},
        {STOP_LIMIT ",\"trailingBps\":1}", REASON_INVALID_COMBINATION, FIELD_TRAILING_BPS},
        {TRAILING ",\"trailingBps\":1}", REASON_INVALID_COMBINATION, FIELD_TRAILING_BPS},
        {"{" ORDER ",\"expireTime\":1}", REASON_INVALID_COMBINATION, FIELD_EXPIRE_TIME},
        {"{" ORDER ",\"expireTime\":1,\"timeInForce\":\"DAY\"}", REASON_INVALID_COMBINATION, FIELD_EXPIRE_TIME},
        {MARKET ",\"expireTime\":1}", REASON_INVALID_COMBINATION, FIELD_EXPIRE_TIME},
        {"{" ORDER ",\"maxSlippage\":1}", REASON_INVALID_COMBINATION, FIELD_MAX_SLIPPAGE},
        {STOP_LIMIT ",\"maxSlippage\":1}", REASON_INVALID_COMBINATION, FIELD_MAX_SLIPPAGE},
        {TRAILING ",\"price\":1,\"maxSlippage\":1}", REASON_INVALID_COMBINATION, FIELD_MAX_SLIPPAGE},
        {MARKET ",\"displayQuantity\":1}", REASON_INVALID_COMBINATION, FIELD_DISPLAY_QUANTITY},
        {STOP ",\"displayQuantity\":1}", REASON_INVALID_COMBINATION, FIELD_DISPLAY_QUANTITY},
        {TRAILING ",\"displayQuantity\":1}", REASON_INVALID_COMBINATION, FIELD_DISPLAY_QUANTITY},
        {"{" ORDER ",\"displayQuantity\":1,\"timeInForce\":\"IOC\"}", REASON_INVALID_COMBINATION,
            FIELD_DISPLAY_QUANTITY},
        {STOP_LIMIT ",\"displayQuantity\":1,\"timeInForce\":\"FOK\"}", REASON_INVALID_COMBINATION,
            FIELD_DISPLAY_QUANTITY},
        {REPLACE ",\"cancelOrderId\":\"o1\"}", REASON_INVALID_COMBINATION, FIELD_CANCEL_ORDER_ID},
    };
    EXPECT_IN_BOTH(cases);
}

Test(command, an_action_that_the_place_names) {
    static const struct {
        const char *json;
        enum action named;
        uint8_t action;
        enum reason fault;
    } cases[] = {
        {"{" ORDER ",\"userId\":\"u\",\"cancelOrderId\":\"x\"}", ACTION_REPLACE, ACTION_REPLACE, REASON_NONE},
        {"{" ORDER ",\"action\":\"NEW\"}", ACTION_REPLACE, ACTION_NEW, REASON_NONE},
        {"{" ORDER ",\"action\":null}", ACTION_REPLACE, ACTION_REPLACE, REASON_MISSING_FIELD},
        {"{" ORDER ",\"action\":\"JUMP\"}", ACTION_REPLACE, ACTION_COUNT, REASON_BAD_FIELD},
        {"{" ME ",\"listId\":\"l\",\"contingency\":\"OCO\",\"orders\":[{},{}]}", ACTION_LIST, ACTION_LIST,
            REASON_MISSING_FIELD},
        {"{" ME ",\"listId\":\"l\",\"contingency\":\"OCO\",\"orders\":[]}", ACTION_LIST, ACTION_LIST,
            REASON_INVALID_COMBINATION},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct command c;
        json_command_decode_as(&decoder.json, cases[i].json, strlen(cases[i].json), cases[i].named, &c);
        cr_expect(
            c.action == cases[i].action && c.fault == cases[i].fault, "%s: %u %u", cases[i].json, c.action, c.fault);
    }
}

/* ---- Lists. */

#define LIST_HEAD(contingency)                                                                                         \
    "{" ME ",\"action\":\"LIST\",\"listId\":\"l\",\"timestamp\":7,\"contingency\":\"" contingency "\",\"orders\":["
#define LEG(id, rest)                                                                                                  \
    "{\"side\":\"SELL\",\"quantity\":1,\"orderType\":\"LIMIT\",\"price\":2,\"orderId\":\"" id "\"" rest "}"
#define LEGS(a, b) LEG("a", a) "," LEG("b", b)

Test(command, lists) {
    static const struct expectation cases[] = {
        {LIST_HEAD("OCO") LEGS("", "") "]}", REASON_NONE, 0},
        {LIST_HEAD("OTO") LEGS("", ",\"side\":\"SELL\"") "]}", REASON_MALFORMED, 0},
        {LIST_HEAD("OTO")
                LEG("a", "") ",{\"orderType\":\"MARKET\",\"side\":\"BUY\",\"quantity\":1,\"orderId\":\"b\"}]}",
            REASON_NONE, 0},
        {LIST_HEAD("OTOCO") LEGS("", ",\"clientOrderId\":\"c\"") "," LEG("c", ",\"clientOrderId\":\"d\"") "]}",
            REASON_NONE, 0},
        {LIST_HEAD("OCO") LEGS(",\"symbol\":\"AAPL\",\"userId\":\"u\",\"timestamp\":7,\"action\":\"NEW\"",
             ",\"userId\":\"\",\"symbol\":null,\"action\":null,\"timestamp\":null") "]}",
            REASON_NONE, 0},
        {LIST_HEAD("OCO") LEGS(",\"orders\":[{\"side\":1}],\"note\":{\"a\":1,\"a\":2}", "") "]}", REASON_NONE, 0},
        /* the list's own members first */
        {"{\"action\":\"LIST\",\"symbol\":\"A\",\"listId\":\"l\",\"contingency\":\"OCO\",\"orders\":[" LEGS(
             "", "") "]}",
            REASON_MISSING_FIELD, FIELD_USER_ID},
        {LIST_HEAD("BOTH") "{}]}", REASON_BAD_FIELD, FIELD_CONTINGENCY},
        {"{" ME ",\"action\":\"LIST\",\"listId\":\"l\",\"contingency\":\"OCO\",\"orders\":{}}", REASON_BAD_FIELD,
            FIELD_ORDERS},
        {LIST_HEAD("OCO") LEG("a", "") ",1]}", REASON_BAD_FIELD, FIELD_ORDERS},
        {LIST_HEAD("OCO") LEG("a", "") ",[]]}", REASON_BAD_FIELD, FIELD_ORDERS},
        {LIST_HEAD("OCO") LEG("a", "") ",null]}", REASON_BAD_FIELD, FIELD_ORDERS},
        {LIST_HEAD("OCO") LEGS("", "") "," LEG("c", "") "," LEG("d", "") ",true]}", REASON_BAD_FIELD, FIELD_ORDERS},
        {LIST_HEAD("OCO") "1," LEG("b", ",\"price\":2") "]}", REASON_MALFORMED, 0},
        /* then the first fault of the first faulty order */
        {LIST_HEAD("OCO") LEG("a", "") ",{}]}", REASON_MISSING_FIELD, FIELD_SIDE},
        {LIST_HEAD("OCO") LEGS(",\"postOnly\":1", ",\"timeInForce\":\"AON\"") "]}", REASON_BAD_FIELD, FIELD_POST_ONLY},
        {LIST_HEAD("OCO") LEGS(",\"timeInForce\":\"AON\"", ",\"postOnly\":1") "]}", REASON_UNSUPPORTED,
            FIELD_TIME_IN_FORCE},
        {LIST_HEAD("OCO") LEGS(",\"stopPrice\":1", ",\"postOnly\":1") "]}", REASON_INVALID_COMBINATION,
            FIELD_STOP_PRICE},
        {LIST_HEAD("OCO") LEGS("", ",\"symbol\":\"B\"") "]}", REASON_BAD_FIELD, FIELD_SYMBOL},
        {LIST_HEAD("OCO") LEGS("", ",\"symbol\":5") "]}", REASON_BAD_FIELD, FIELD_SYMBOL},
        {LIST_HEAD("OCO") LEGS(",\"userId\":\"v\"", "") "]}", REASON_BAD_FIELD, FIELD_USER_ID},
        {LIST_HEAD("OCO") LEGS("", ",\"timestamp\":8") "]}", REASON_BAD_FIELD, FIELD_TIMESTAMP},
        {LIST_HEAD("OCO") LEGS("", ",\"action\":\"CANCEL\"") "]}", REASON_BAD_FIELD, FIELD_ACTION},
        {LIST_HEAD("OCO") LEGS("", ",\"action\":\"JUMP\"") "]}", REASON_BAD_FIELD, FIELD_ACTION},
        {LIST_HEAD("OCO") LEG("a", "") ",{\"action\":\"CANCEL\",\"orderId\":\"b\"}]}", REASON_MISSING_FIELD,
            FIELD_SIDE},
        {"{" ME
         ",\"action\":\"LIST\",\"listId\":\"l\",\"contingency\":\"OCO\",\"orders\":[" LEGS("", ",\"timestamp\":7") "]}",
            REASON_BAD_FIELD, FIELD_TIMESTAMP},
        {LIST_HEAD("OTO") LEG("a", "") "," LEG("b", "") ",{}]}", REASON_MISSING_FIELD, FIELD_SIDE},
        /* then what is wrong with them together */
        {LIST_HEAD("OCO") "]}", REASON_INVALID_COMBINATION, FIELD_ORDERS},
        {LIST_HEAD("OTO") LEG("a", "") "]}", REASON_INVALID_COMBINATION, FIELD_ORDERS},
        {LIST_HEAD("OTOCO") LEGS("", "") "]}", REASON_INVALID_COMBINATION, FIELD_ORDERS},
        {LIST_HEAD("OCO") LEGS("", "") "," LEG("c", "") "]}", REASON_INVALID_COMBINATION, FIELD_ORDERS},
        {LIST_HEAD("OTOCO") LEGS("", "") "," LEG("c", "") ",{}]}", REASON_INVALID_COMBINATION, FIELD_ORDERS},
        {LIST_HEAD("OCO")
                LEG("a", "") ",{\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"MARKET\",\"orderId\":\"b\"}]}",
            REASON_INVALID_COMBINATION, FIELD_SIDE},
        {LIST_HEAD("OTOCO") LEG("a", "") "," LEG(
             "b", "") ",{\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"MARKET\",\"orderId\":\"c\"}]}",
            REASON_INVALID_COMBINATION, FIELD_SIDE},
        {LIST_HEAD("OTO") LEG("a", "") "," LEG("a", "") "]}", REASON_INVALID_COMBINATION, FIELD_ORDER_ID},
        {LIST_HEAD("OTOCO")
                LEG("a", ",\"clientOrderId\":\"x\"") "," LEG("b", "") "," LEG("c", ",\"clientOrderId\":\"x\"") "]}",
            REASON_INVALID_COMBINATION, FIELD_CLIENT_ORDER_ID},
    };
    EXPECT_IN_BOTH(cases);
}

Test(command, orders_of_a_list) {
    const char *json = LIST_HEAD("OTOCO") LEGS("", ",\"clientOrderId\":\"c\"") "," LEG("c", "") "]}";
    struct packed packed;
    cr_assert(pack_json(json, strlen(json), &packed));
    for (int form = 0; form < 2; form++) {
        struct command c = form ? decode(packed.bytes, packed.size) : decode_json(json);
        cr_assert(c.fault == REASON_NONE && c.contingency == CONTINGENCY_OTOCO && c.order_count == 3);
        for (uint32_t i = 0; i < 3; i++) {
            const struct command *order = &c.orders[i];
            cr_expect(order->action == ACTION_NEW && order->side == SIDE_SELL && order->price.mantissa == 2);
            cr_expect(text_equal(order->symbol, TEXT("AAPL")) && text_equal(order->user_id, TEXT("u")));
            cr_expect(order->has_timestamp && order->timestamp_ms == 7 && order->order_count == 0);
            cr_expect(order->order_id.size == 1 && order->order_id.data[0] == "abc"[i]);
        }
        cr_expect(text_equal(c.orders[1].client_order_id, TEXT("c")));
    }
    packed_free(&packed);
    cr_expect(decode_json("{" ORDER ",\"orders\":[{}]}").order_count == 0, "only a LIST has orders");
    cr_expect(decode_json(LIST_HEAD("OCO") "{},{},{},{},{}]}").order_count == 5);
}

static void expect_malformed(const char *bytes, size_t size) {
    struct command c = decode(bytes, size);
    cr_expect_eq(c.fault, REASON_MALFORMED, "%.*s: %u", (int)size, bytes, c.fault);
    cr_expect(c.present == 0 && c.bad == 0 && text_is_absent(c.symbol) && text_is_absent(c.order_id) &&
              text_is_absent(c.user_id));
}

Test(command, malformed_json) {
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "}",
        "[]",
        "[{}]",
        "null",
        "1",
        "\"{}\"",
        "nonsense",
        "{" ORDER "}x",
        "{" ORDER "}{}",
        "{" ORDER ",}",
        "{" ORDER ",\"a\"}",
        "{" ORDER ",\"symbol\":\"AAPL\"}",
        "{" ORDER ",\"price\":null}",
        "{\"userId\":null," ORDER ",\"userId\":null}",
        "{'symbol':'A'}",
        "{" ORDER ",\"userId\":\"\xff\"}",
        "{" ORDER ",\"other\":\"\xc3\"}",
        "{" ORDER ",\"userId\":\"\\ud800\"}",
        "{" ORDER ",\"n\":01}",
        "{" ORDER ",\"n\":NaN}",
        "{" ORDER ",\"n\":+1}",
        "{" ORDER ",\"n\":.5}",
        "{" ORDER ",\"n\":1.}",
        "{" ORDER ",\"n\":Infinity}",
        "\xef\xbb\xbf{" ORDER "}",
        "{" ORDER ",\"u\":\"a\nb\"}",
        "{" ORDER "}//",
        "{" ORDER ",\"symb\\u006fl\":\"AAPL\"}",
        "\n\n",
        "\x01",
        "\x7f",
        "{\"symbol\":\"A\",\"listId\":1,\"listId\":2}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) expect_malformed(bad[i], strlen(bad[i]));
    expect_malformed("{" ORDER "}\0", sizeof("{" ORDER "}\0") - 1);
    expect_malformed("\0", 1);
}

Test(command, white_space_around_a_record) {
    cr_expect_eq(decode_json(" \t\r\n{" ORDER "} \r\n\t").fault, REASON_NONE);
    cr_expect_eq(decode_json("{\"symb\\u006fl\":\"\\u0041APL\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":"
                             "\"MARKET\",\"orderId\":\"o\"}")
                     .fault,
        REASON_NONE);
}

/* A record of the size asked for, filled up by one unknown member. */
static char *fill_record(size_t size, const char *open, char filling, const char *close) {
    char *record = malloc(size + 1);
    size_t begin = strlen(open), end = strlen(close);
    memcpy(record, open, begin);
    memset(record + begin, filling, size - begin - end);
    memcpy(record + size - end, close, end + 1);
    return record;
}

Test(command, largest_records) {
    char *most = fill_record(RECORD_BYTES_MAX, "{" ORDER ",\"note\":\"", 'x', "\"}");
    char *more = fill_record(RECORD_BYTES_MAX + 1, "{" ORDER ",\"note\":\"", 'x', "\"}");
    cr_expect_eq(decode(most, RECORD_BYTES_MAX).fault, REASON_NONE);
    expect_malformed(more, RECORD_BYTES_MAX + 1);
    free(most);
    free(more);
}

Test(command, records_of_very_many_values_fit_the_memory) {
    char *record = malloc(RECORD_BYTES_MAX + 1);
    size_t at = (size_t)sprintf(record, "{" ORDER ",\"note\":[1");
    while (at + 4 < RECORD_BYTES_MAX) at += (size_t)sprintf(record + at, ",1");
    at += (size_t)sprintf(record + at, "]}");
    cr_expect_eq(decode(record, at).fault, REASON_NONE);

    at = (size_t)sprintf(record, "{" ORDER ",\"note\":");
    size_t each = (RECORD_BYTES_MAX - at - 1) / 2;
    memset(record + at, '[', each);
    memset(record + at + each, ']', each);
    at += 2 * each;
    record[at++] = '}';
    cr_expect_eq(decode(record, at).fault, REASON_NONE, "JSON has no limit of depth");

    at = (size_t)sprintf(record, "{" ORDER);
    while (at + 8 < RECORD_BYTES_MAX) at += (size_t)sprintf(record + at, ",\"\":{}");
    record[at++] = '}';
    cr_expect_eq(decode(record, at).fault, REASON_NONE);
    expect_malformed(record, at - 1);
    memset(record, '{', RECORD_BYTES_MAX);
    expect_malformed(record, RECORD_BYTES_MAX);
    free(record);
}

/* ---- Own id and content. */

Test(command, own_ids) {
    struct command c = decode_json("{" ME ",\"action\":\"CANCEL\",\"orderId\":\"o\",\"commandId\":\"k\"}");
    cr_expect(text_equal(command_own_id(&c), TEXT("k")));
    c = decode_json("{" ME ",\"action\":\"CANCEL\",\"orderId\":\"o\"}");
    cr_expect(text_is_absent(command_own_id(&c)));
    c = decode_json(
        "{" ME ",\"action\":\"LIST\",\"listId\":\"l\",\"contingency\":\"OCO\",\"orders\":[],\"commandId\":\"k\"}");
    cr_expect(text_equal(command_own_id(&c), TEXT("l")));
    c = decode_json("{" ORDER ",\"action\":\"REPLACE\",\"commandId\":\"k\"}");
    cr_expect(text_equal(command_own_id(&c), TEXT("o1")));
    c = decode_json("{" ORDER ",\"action\":\"JUMP\",\"commandId\":\"k\"}");
    cr_expect(text_is_absent(command_own_id(&c)));
    c = decode_json("{\"symbol\":\"A\",\"orderId\":\"\"}");
    cr_expect(text_is_absent(command_own_id(&c)));
}

static uint64_t content_of(const char *json) {
    struct command command = decode_json(json);
    return command_content_hash(&command);
}

static void expect_content(const char *a, const char *b, bool same) {
    cr_expect_eq(content_of(a) == content_of(b), same, "%s and %s", a, b);
}

Test(command, same_content) {
    expect_content("{" ORDER "}", "{" BASE ",\"price\":\"150.0\"}", true);
    expect_content("{" ORDER "}", "{" BASE ",\"price\":1.5e2}", true);
    expect_content("{" ORDER "}", "{" ORDER ",\"action\":\"NEW\"}", true);
    expect_content("{" ORDER "}", "{" ORDER ",\"userId\":\"\",\"other\":5,\"timeInForce\":null}", true);
    expect_content("{" ORDER "}", "{" ORDER ",\"timestamp\":5}", true);
    expect_content("{" ORDER ",\"timestamp\":\"x\"}", "{" ORDER ",\"timestamp\":5}", true);
    expect_content("{\"orderId\":\"a\",\"symbol\":\"A\"}", "{\"orderId\":\"b\",\"symbol\":\"A\"}", true);
    expect_content("{" ORDER ",\"postOnly\":1}", "{" ORDER ",\"postOnly\":\"x\"}", true);
    expect_content("{" ME ",\"action\":\"CANCEL\",\"orderId\":\"o\",\"commandId\":\"k\"}",
        "{" ME ",\"action\":\"CANCEL\",\"orderId\":\"o\",\"commandId\":\"j\"}", true);
    expect_content("{" ME ",\"action\":\"LIST\",\"listId\":\"l\",\"contingency\":\"OCO\",\"orders\":[]}",
        "{" ME ",\"action\":\"LIST\",\"listId\":\"m\",\"contingency\":\"OCO\",\"orders\":[]}", true);
    expect_content(LIST_HEAD("OCO") LEGS("", "") "]}",
        LIST_HEAD("OCO") LEGS(",\"symbol\":\"AAPL\",\"userId\":\"u\",\"timestamp\":7,\"action\":\"NEW\"", "") "]}",
        true);
    expect_content(
        LIST_HEAD("OCO") LEGS("", ",\"symbol\":\"B\"") "]}", LIST_HEAD("OCO") LEGS("", ",\"symbol\":5") "]}", true);
    expect_content(LIST_HEAD("OCO") "1]}", LIST_HEAD("OCO") "{},2]}", true);
    expect_content("{" BASE ",\"price\":12345678901234567891}", "{" BASE ",\"price\":22345678901234567891}", true);
    expect_content("{" BASE ",\"price\":1e40000}", "{" BASE ",\"price\":0.10e40001}", true);
}

Test(command, other_content) {
    expect_content("{" ORDER "}", "{" BASE ",\"price\":150.01}", false);
    expect_content("{" BASE ",\"price\":15}", "{" BASE ",\"price\":150}", false);
    expect_content("{" ORDER "}", "{" ORDER ",\"postOnly\":false}", false);
    expect_content("{" ORDER ",\"postOnly\":true}", "{" ORDER ",\"postOnly\":false}", false);
    expect_content("{" ORDER ",\"postOnly\":1}", "{" ORDER ",\"postOnly\":false}", false);
    expect_content("{" ORDER "}", "{" ORDER ",\"timeInForce\":\"GTC\"}", false);
    expect_content("{" ORDER "}", "{" ORDER ",\"selfTradePrevention\":\"NONE\"}", false);
    expect_content("{" ORDER "}", "{" ORDER ",\"clientOrderId\":\"c\"}", false);
    expect_content("{" ORDER ",\"clientOrderId\":\"c\"}", "{" ORDER ",\"commandId\":\"c\"}", false);
    expect_content("{" ORDER ",\"clientOrderId\":\"c\"}", "{" ORDER ",\"clientOrderId\":\"d\"}", false);
    expect_content("{" ORDER ",\"stopPrice\":1}", "{" ORDER ",\"maxSlippage\":1}", false);
    expect_content("{" ORDER ",\"expireTime\":1}", "{" ORDER ",\"trailingBps\":1}", false);
    expect_content("{" ORDER ",\"expireTime\":1}", "{" ORDER ",\"expireTime\":2}", false);
    expect_content("{" ORDER "}", "{" ORDER ",\"userId\":\"u\"}", false);
    expect_content("{" ORDER "}", "{" ORDER ",\"orders\":[]}", false);
    expect_content("{" BASE ",\"price\":12345678901234567891}", "{" BASE ",\"price\":1.2345678901234567891}", false);
    expect_content("{" BASE ",\"price\":1e40000}", "{" BASE ",\"price\":1e40001}", false);
    expect_content("{" ORDER ",\"contingency\":\"OCO\"}", "{" ORDER ",\"contingency\":\"OTO\"}", false);
    expect_content(LIST_HEAD("OCO") LEGS("", "") "]}", LIST_HEAD("OTO") LEGS("", "") "]}", false);
    expect_content(LIST_HEAD("OCO") LEGS("", "") "]}", LIST_HEAD("OCO") LEG("b", "") "," LEG("a", "") "]}", false);
    expect_content(LIST_HEAD("OCO") LEGS("", "") "]}", LIST_HEAD("OCO") LEG("a", "") "," LEG("c", "") "]}", false);
    expect_content(LIST_HEAD("OCO") LEGS("", "") "]}", LIST_HEAD("OCO") LEGS("", "") "," LEG("c", "") "]}", false);
    expect_content(LIST_HEAD("OCO") LEGS("", ",\"action\":\"CANCEL\"") "]}", LIST_HEAD("OCO") LEGS("", "") "]}", false);
    expect_content(LIST_HEAD("OCO") LEGS("", ",\"symbol\":\"B\"") "]}", LIST_HEAD("OCO") LEGS("", "") "]}", false);
    expect_content("{" BASE ",\"price\":1e-40000}", "{" BASE ",\"price\":2e-40000}", false);
    expect_content("{" ORDER ",\"contingency\":\"OCO\"}", "{" ORDER ",\"contingency\":5}", false);
    expect_content(
        "{" ME ",\"action\":\"CANCEL\",\"orderId\":\"o\"}", "{" ME ",\"action\":\"CANCEL\",\"orderId\":\"p\"}", false);
    expect_content("{" ME ",\"action\":\"CANCEL\",\"orderId\":\"o\"}",
        "{" ME ",\"action\":\"CANCEL\",\"clientOrderId\":\"o\"}", false);
    expect_content("{" ME ",\"action\":\"CANCEL_ALL\"}", "{" ME ",\"action\":\"CANCEL_ALL\",\"side\":\"BUY\"}", false);
    expect_content("{" ME ",\"action\":\"CANCEL_ALL\",\"side\":\"SELL\"}",
        "{" ME ",\"action\":\"CANCEL_ALL\",\"side\":\"BUY\"}", false);
}

/* ---- The array form. */

static char array_bytes[1024];
static size_t array_size;

#define PLAIN_HEAD                                                                                                     \
    "\x9d\x01\x00\xa4"                                                                                                 \
    "AAPL\xa2o1\xa1u\x05"

static struct command decode_array(const char *bytes, size_t size) {
    array_size = size;
    memcpy(array_bytes, bytes, size);
    return decode(bytes, size);
}

#define DECODE(literal) decode_array((literal), sizeof(literal) - 1)

Test(command, array_of_version_1) {
    int64_t units;
    struct command c = DECODE(PLAIN_HEAD "\x00\x00\xc0\x64\xcd\x3a\x98\xc0\xc0");
    cr_expect_eq(c.fault, REASON_NONE);
    cr_expect(
        c.action == ACTION_NEW && c.side == SIDE_BUY && c.order_type == ORDER_LIMIT && c.time_in_force == TIF_NONE);
    cr_expect(
        text_equal(c.symbol, TEXT("AAPL")) && text_equal(c.order_id, TEXT("o1")) && text_equal(c.user_id, TEXT("u")));
    cr_expect(c.timestamp_ms == 5 && c.quantity.state == DECIMAL_UNITS && c.quantity.mantissa == 100);
    cr_expect(decimal_to_units(c.price, (struct decimal_unit){5, 2}, &units) == DECIMAL_FITS && units == 15000);

    c = DECODE(PLAIN_HEAD "\x01\x01\x02\x64\xc0\xa1"
                          "c\x82\xa8postOnly\xc2\xa4more\xca\x00\x00\x00\x00");
    cr_expect_eq(c.fault, REASON_NONE);
    cr_expect(c.side == SIDE_SELL && c.order_type == ORDER_MARKET && c.time_in_force == TIF_FOK &&
              text_equal(c.client_order_id, TEXT("c")));

    c = DECODE("\x9d\x01\x01\xa4"
               "AAPL\xa2o1\xa1u\x05\xc0\xc0\xc0\xc0\xc0\xc0\x81\xa9"
               "commandId\xa1k");
    cr_expect(c.fault == REASON_NONE && c.action == ACTION_CANCEL && text_equal(command_own_id(&c), TEXT("k")));
    c = DECODE("\x9d\x01\xc0\xa4"
               "AAPL\xa2o1\xc0\xc0\x00\x00\x00\x01\x01\xc0\xc0");
    cr_expect(c.fault == REASON_NONE && c.action == ACTION_NEW && c.time_in_force == TIF_GTC && !c.has_timestamp);
    c = DECODE("\xdc\x00\x0d\x01\x00\xa4"
               "AAPL\xa2o1\xc0\xc0\x00\x00\x00\x01\x01\xc0\xc0");
    cr_expect_eq(c.fault, REASON_NONE, "array of 16-bit count");
    c = DECODE("\xdd\x00\x00\x00\x0d\x01\x00\xd9\x04"
               "AAPL\xda\x00\x02o1\xc0\xd3\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\xcf\x00\x00\x00\x00\x00\x00\x00"
               "\x01\x01\xc0\xc0");
    cr_expect(c.fault == REASON_NONE && c.timestamp_ms == 7, "array of 32-bit count");
}

Test(command, array_faults) {
    static const struct {
        const char *bytes;
        size_t size;
        enum reason fault;
        enum field field;
    } cases[] = {
#define CASE(literal, fault, field) {(literal), sizeof(literal) - 1, (fault), (field)}
        CASE(PLAIN_HEAD "\x02\x00\xc0\x64\x64\xc0\xc0", REASON_BAD_FIELD, FIELD_SIDE),
        CASE(PLAIN_HEAD "\xa3"
                        "BUY\x00\xc0\x64\x64\xc0\xc0",
            REASON_BAD_FIELD, FIELD_SIDE),
        CASE(PLAIN_HEAD "\x00\x05\xc0\x64\x64\xc0\xc0", REASON_BAD_FIELD, FIELD_ORDER_TYPE),
        CASE(PLAIN_HEAD "\x00\x00\x05\x64\x64\xc0\xc0", REASON_BAD_FIELD, FIELD_TIME_IN_FORCE),
        CASE(PLAIN_HEAD "\x00\x00\xff\x64\x64\xc0\xc0", REASON_BAD_FIELD, FIELD_TIME_IN_FORCE),
        CASE(PLAIN_HEAD "\x00\x00\xc0\xa3"
                        "100\x64\xc0\xc0",
            REASON_BAD_FIELD, FIELD_QUANTITY),
        CASE(PLAIN_HEAD "\x00\x00\xc0\x64\xff\xc0\xc0", REASON_BAD_FIELD, FIELD_PRICE),
        CASE(PLAIN_HEAD "\x00\x00\xc0\x64\xcb\x40\x59\x00\x00\x00\x00\x00\x00\xc0\xc0", REASON_BAD_FIELD, FIELD_PRICE),
        CASE(PLAIN_HEAD "\x00\x00\xc0\xc0\x64\xc0\xc0", REASON_MISSING_FIELD, FIELD_QUANTITY),
        CASE(PLAIN_HEAD "\x00\x02\xc0\x64\x64\xc0\xc0", REASON_MISSING_FIELD, FIELD_STOP_PRICE),
        CASE(PLAIN_HEAD "\x00\x01\x00\x64\x64\xc0\xc0", REASON_INVALID_COMBINATION, FIELD_TIME_IN_FORCE),
        CASE(PLAIN_HEAD "\x00\x00\xc0\x64\x64\xc4\x01"
                        "c\xc0",
            REASON_BAD_FIELD, FIELD_CLIENT_ORDER_ID),
        CASE(PLAIN_HEAD "\x00\x00\xc0\x64\x64\xc0\x81\xa9stopPrice\xa1"
                        "5",
            REASON_BAD_FIELD, FIELD_STOP_PRICE),
        CASE(PLAIN_HEAD "\x00\x00\xc0\x64\x64\xc0\x81\xa9stopPrice\x05", REASON_INVALID_COMBINATION, FIELD_STOP_PRICE),
        CASE(PLAIN_HEAD "\x00\x00\xc0\x64\x64\xc0\x81\xb3selfTradePrevention\x01", REASON_BAD_FIELD,
            FIELD_SELF_TRADE_PREVENTION),
        CASE("\x9d\x01\x06\xa4"
             "AAPL\xa2o1\xa1u\x05\x00\x00\xc0\x64\x64\xc0\xc0",
            REASON_BAD_FIELD, FIELD_ACTION),
        CASE("\x9d\x01\xa3NEW\xa4"
             "AAPL\xa2o1\xa1u\x05\x00\x00\xc0\x64\x64\xc0\xc0",
            REASON_BAD_FIELD, FIELD_ACTION),
        CASE("\x9d\x01\x00\xa4"
             "AAPL\xa2o1\xa1u\xcb\x40\x59\x00\x00\x00\x00\x00\x00\x00\x00\xc0\x64\x64\xc0\xc0",
            REASON_BAD_FIELD, FIELD_TIMESTAMP),
        CASE("\x9d\x01\x00\xc0\xa2o1\xa1u\x05\x00\x00\xc0\x64\x64\xc0\xc0", REASON_MISSING_FIELD, FIELD_SYMBOL),
#undef CASE
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct command c = decode(cases[i].bytes, cases[i].size);
        cr_expect(c.fault == cases[i].fault && c.fault_field == cases[i].field, "case %zu: %s, %s", i,
            c.fault ? reason_name(c.fault).data : "none", c.fault_field ? field_name(c.fault_field).data : "none");
    }
}

#define LIST_PLACES                                                                                                    \
    "\x9d\x01\x05\xa4"                                                                                                 \
    "AAPL\xc0\xa1u\x05\xc0\xc0\xc0\xc0\xc0\xc0\x83\xa6listId\xa1l\xab"                                                 \
    "contingency\xa3OCO\xa6orders"
#define LEG_PLACES(id, extra) "\x9d\x01\xc0\xc0\xa1" id "\xc0\xc0\x01\x00\xc0\x09\x02\xc0" extra
#define LEG_MAP(id) "\x85\xa4side\xa4SELL\xa9orderType\xa5LIMIT\xa7orderId\xa1" id "\xa8quantity\x09\xa5price\x02"

Test(command, list_in_an_array) {
    struct command c = DECODE(LIST_PLACES "\x92" LEG_PLACES("a", "\xc0") LEG_MAP("b"));
    cr_assert(c.fault == REASON_NONE && c.action == ACTION_LIST && c.order_count == 2, "%u %u", c.fault, c.fault_field);
    for (int i = 0; i < 2; i++) {
        cr_expect(c.orders[i].price.state == DECIMAL_UNITS && c.orders[i].quantity.mantissa == 9);
        cr_expect(c.orders[i].side == SIDE_SELL && c.orders[i].timestamp_ms == 5);
    }
    uint64_t content = command_content_hash(&c);
    c = DECODE(LIST_PLACES "\x92" LEG_MAP("a") LEG_PLACES("b", "\x80"));
    cr_expect_eq(command_content_hash(&c), content, "an array and a map say the same");
    c = DECODE(LIST_PLACES "\x92" LEG_PLACES("a", "\xc0") LEG_PLACES("b", "\x81\xabtimeInForce\xa3"
                                                                          "DAY"));
    cr_expect_eq(c.fault, REASON_MALFORMED, "a place of its own in extra");
    c = DECODE(LIST_PLACES "\x92" LEG_PLACES("a", "\xc0") "\x9c\x01\xc0\xc0\xa1"
                                                          "b\xc0\xc0\x01\x00\xc0\x09\x02\xc0");
    cr_expect_eq(c.fault, REASON_MALFORMED, "a place is missing");
    c = DECODE(LIST_PLACES "\x92" LEG_PLACES("a", "\xc0") "\x90");
    cr_expect_eq(c.fault, REASON_MALFORMED);
    c = DECODE(LIST_PLACES "\x92" LEG_PLACES("a", "\xc0") "\x05");
    cr_expect(c.fault == REASON_BAD_FIELD && c.fault_field == FIELD_ORDERS);
    c = DECODE(LIST_PLACES "\xc0");
    cr_expect(c.fault == REASON_MISSING_FIELD && c.fault_field == FIELD_ORDERS);
    c = DECODE("\x9d\x01\x05\xa4"
               "AAPL\xc0\xa1u\x05\xc0\xc0\xc0\xc0\xc0\xc0\xc0");
    cr_expect(c.fault == REASON_MISSING_FIELD && c.fault_field == FIELD_LIST_ID);
}

#define EXPECT_MALFORMED(literal) expect_malformed((literal), sizeof(literal) - 1)

Test(command, malformed_msgpack) {
    EXPECT_MALFORMED(PLAIN_HEAD "\x00\x00\xc0\x64\x64\xc0"); /* a place is missing */
    EXPECT_MALFORMED("\x9c\x01\x00\xa4"
                     "AAPL\xa2o1\xa1u\x05\x00\x00\xc0\x64\x64\xc0");
    EXPECT_MALFORMED("\x9e\x01\x00\xa4"
                     "AAPL\xa2o1\xa1u\x05\x00\x00\xc0\x64\x64\xc0\xc0\xc0");
    EXPECT_MALFORMED("\x9d\x02\x00\xa4"
                     "AAPL\xa2o1\xa1u\x05\x00\x00\xc0\x64\x64\xc0\xc0");
    EXPECT_MALFORMED("\x9d\xa1\x31\x00\xa4"
                     "AAPL\xa2o1\xa1u\x05\x00\x00\xc0\x64\x64\xc0\xc0");
    EXPECT_MALFORMED(PLAIN_HEAD "\x00\x00\xc0\x64\x64\xc0\x90"); /* extra that is no map */
    EXPECT_MALFORMED(PLAIN_HEAD "\x00\x00\xc0\x64\x64\xc0\x81\xa6symbol\xa4"
                                "AAPL");
    EXPECT_MALFORMED(PLAIN_HEAD "\x00\x00\xc0\x64\x64\xc0\x81\xa5price\xc0");
    EXPECT_MALFORMED(PLAIN_HEAD "\x00\x00\xc0\x64\x64\xc0\x82\xa8postOnly\xc2\xa8postOnly\xc0");
    EXPECT_MALFORMED(PLAIN_HEAD "\x00\x00\xc0\x64\x64\xc0\xc0 "); /* a byte behind the object */
    EXPECT_MALFORMED(PLAIN_HEAD "\x00\x00\xc0\x64\x64\xc0\xc1");
    EXPECT_MALFORMED("\x9d\x01\x00\xa4"
                     "AAP\xff\xa2o1\xa1u\x05\x00\x00\xc0\x64\x64\xc0\xc0");
    EXPECT_MALFORMED("\x81\xa1x\xa1\xff");
    EXPECT_MALFORMED("\x81\xa1\xff\xc0");
    EXPECT_MALFORMED("\x82\xa6symbol\xa1"
                     "A\xa6symbol\xa1"
                     "A");
    EXPECT_MALFORMED("\x80\x80");
    EXPECT_MALFORMED("\x81\xa6symbol");
    EXPECT_MALFORMED("\xdf\xff\xff\xff\xff");
    EXPECT_MALFORMED("\xdd\xff\xff\xff\xff\xc0");
    EXPECT_MALFORMED("\xdd\x0f\xff\xff\xff\x01\x02\x03");
    EXPECT_MALFORMED("\x81\xdb\xff\xff\xff\xff"
                     "a");
    EXPECT_MALFORMED("\x81\xa1x\xc9\xff\xff\xff\xff\x01");
    EXPECT_MALFORMED("\xde\x00");
    EXPECT_MALFORMED("\xc0");
    EXPECT_MALFORMED("\xa6symbol");
}

Test(command, map_details) {
    struct command c = DECODE("\x80");
    cr_expect(c.fault == REASON_MISSING_FIELD && c.fault_field == FIELD_SYMBOL);
    c = DECODE("\x83\x05\x06\xa6symbol\xa1"
               "A\x90\xc0"); /* keys that are no strings are unknown */
    cr_expect(c.fault == REASON_MISSING_FIELD && text_equal(c.symbol, TEXT("A")));
    c = DECODE("\x81\xa5price\xca\x3f\x80\x00\x00");
    cr_expect_eq(c.bad, UINT64_C(1) << FIELD_PRICE);
    c = DECODE("\x81\xa5price\xcc\x96");
    cr_expect(c.price.state == DECIMAL_VALUE && c.price.mantissa == 15 && c.price.exponent == 1);
    c = DECODE("\x81\xa5price\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
    cr_expect_eq(c.price.state, DECIMAL_TOO_LARGE);
    c = DECODE("\x81\xa6symbol\xc4\x01"
               "A");
    cr_expect_eq(c.bad, UINT64_C(1) << FIELD_SYMBOL);
    c = DECODE("\x81\xa1x\xc7\x02\x05zz"); /* an extension in an unknown member */
    cr_expect_eq(c.fault, REASON_MISSING_FIELD);
    c = DECODE("\x81\xa1x\xd6\xff\x01\x02\x03\x04");
    cr_expect_eq(c.fault, REASON_MISSING_FIELD);
}

Test(command, containers_in_one_another) {
    char bytes[64] = "\x81\xa1x";
    memset(bytes + 3, '\x91', 40);
    bytes[3 + 31] = '\xc0';
    cr_expect_eq(decode(bytes, 3 + 32).fault, REASON_MISSING_FIELD, "32 containers");
    bytes[3 + 31] = '\x91';
    bytes[3 + 32] = '\xc0';
    expect_malformed(bytes, 3 + 33);
}

/* What a record says must not depend on which way it is read: an array under an unknown key sends it the longer one. */
static void expect_same_by_document(const char *json, size_t size) {
    static const char array[] = "\"~\":[],";
    char longer[1024];
    cr_assert(size + sizeof array < sizeof longer);
    longer[0] = '{';
    memcpy(longer + 1, array, sizeof array - 1);
    memcpy(longer + sizeof array, json + 1, size - 1);
    struct command command = decode(longer, size + sizeof array - 1);
    uint64_t content = command_content_hash(&command);
    char id[ID_BYTES_MAX + 1], user[ID_BYTES_MAX + 1];
    snprintf(id, sizeof id, "%.*s", (int)command.order_id.size, command.order_id.data ? command.order_id.data : "");
    snprintf(user, sizeof user, "%.*s", (int)command.user_id.size, command.user_id.data ? command.user_id.data : "");
    struct command flat = decode(json, size);
    cr_assert_eq(flat.fault, command.fault, "%.*s", (int)size, json);
    cr_assert_eq(flat.fault_field, command.fault_field, "%.*s", (int)size, json);
    cr_assert_eq(command_content_hash(&flat), content, "%.*s", (int)size, json);
    cr_assert(flat.present == command.present && flat.bad == command.bad, "%.*s", (int)size, json);
    cr_assert_eq(flat.timestamp_ms, command.timestamp_ms);
    cr_assert(text_equal(flat.order_id, text_of(id)) && text_equal(flat.user_id, text_of(user)));
}

Test(command, is_the_same_read_in_one_pass_and_as_a_document) {
    static const char *const records[] = {"{" ORDER "}",
        "{ \"symbol\" : \"AAPL\" "
        ",\t\"side\":\"BUY\",\n\"quantity\":\"1.50\",\"orderType\":\"LIMIT\",\"orderId\":\"o-1\","
        "\"price\":0.10,\"userId\":\"user123\",\"timestamp\":1764900000123,\"clientOrderId\":\"c\",\"postOnly\":false,"
        "\"timeInForce\":null,\"more\":true,\"even\":\"more\",\"and\":17 }",
        "{\"action\":\"CANCEL\",\"symbol\":\"AAPL\",\"orderId\":\"0123456789abcdef\",\"userId\":\"u\",\"timestamp\":1,"
        "\"commandId\":\"k\"}",
        "{\"action\":\"MODIFY\",\"symbol\":\"AAPL\",\"orderId\":\"x\",\"userId\":\"u\",\"quantity\":0,\"price\":01}"};
    static const char odd[] = "\"\\{}[]:,.0123456789eE+- \n\t\x01\x1f\x7f\x80\xc3\xa9tfn";
    uint64_t state = 11;
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        size_t size = strlen(records[i]);
        expect_same_by_document(records[i], size);
        for (int round = 0; round < 6000; round++) {
            char text[512];
            memcpy(text, records[i], size);
            for (int change = 0; change < 1 + round % 2; change++) {
                state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
                text[1 + (state >> 33) % (size - 1)] = odd[(state >> 20) % (sizeof odd - 1)];
            }
            size_t cut = round % 7 ? size : 2 + (state >> 40) % (size - 2);
            expect_same_by_document(text, cut);
        }
    }
}
