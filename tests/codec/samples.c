#include "tests/codec/samples.h"

#define NAME(literal) {(literal), sizeof(literal) - 1}
#define CENTS {{1, 2}, {1, 0}, 1, PRICE_TICKS_MAX, 1, 1000000}
#define NICKELS {{5, 2}, {25, 1}, 1, PRICE_TICKS_MAX, 1, 1000000}
#define HEAD                                                                                                           \
    .symbol = NAME("AAPL"), .fseq = 1042, .src_partition = 7, .src_offset = 123456, .src_index = 2, .own = 120001,     \
    .timestamp_ms = 1764900000123, .hash = UINT64_C(0x9f86d081884c7d65)
#define HEAD_JSON                                                                                                      \
    "\"symbol\":\"AAPL\",\"fseq\":1042,\"src\":{\"p\":7,\"o\":123456,\"i\":2},\"own\":120001,\"timestamp\":"           \
    "1764900000123"
#define TAIL_JSON ",\"hash\":\"9f86d081884c7d65\"}"

static const struct sample samples[] = {
    {{HEAD, .type = EVENT_ACCEPTED, .side = SIDE_BUY, .order_type = ORDER_LIMIT, .time_in_force = TIF_GTC,
         .has_price = true, .order_id = NAME("o1"), .client_order_id = NAME("c1"), .user_id = NAME("u1"),
         .list_id = NAME("l1"), .price_ticks = 15000, .has_stop_price = true, .stop_price_ticks = 14950,
         .quantity_lots = 100, .leaves_lots = 100, .instrument = CENTS},
        "{\"type\":\"ACCEPTED\"," HEAD_JSON
        ",\"orderId\":\"o1\",\"clientOrderId\":\"c1\",\"userId\":\"u1\",\"listId\":\"l1\",\"side\":\"BUY\","
        "\"orderType\":\"LIMIT\",\"timeInForce\":\"GTC\",\"price\":\"150.00\",\"stopPrice\":\"149.50\",\"quantity\":"
        "\"100\",\"leaves\":\"100\"" TAIL_JSON},
    {{HEAD, .type = EVENT_ACCEPTED, .side = SIDE_SELL, .order_type = ORDER_MARKET, .time_in_force = TIF_IOC,
         .order_id = NAME("o2"), .quantity_lots = 7, .leaves_lots = 7, .instrument = CENTS},
        "{\"type\":\"ACCEPTED\"," HEAD_JSON
        ",\"orderId\":\"o2\",\"side\":\"SELL\",\"orderType\":\"MARKET\",\"timeInForce\":\"IOC\","
        "\"quantity\":\"7\",\"leaves\":\"7\"" TAIL_JSON},
    {{HEAD, .type = EVENT_REJECTED, .side = SIDE_NONE, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE,
         .reason = REASON_OFF_TICK, .order_id = NAME("o1"), .client_order_id = NAME("c1"), .command_id = NAME("k1"),
         .user_id = NAME("u1"), .instrument = CENTS},
        "{\"type\":\"REJECTED\"," HEAD_JSON
        ",\"orderId\":\"o1\",\"clientOrderId\":\"c1\",\"commandId\":\"k1\",\"userId\":\"u1\","
        "\"reason\":\"OFF_TICK\",\"text\":\"A price is not a multiple of the tick; round it to the tick.\"" TAIL_JSON},
    {{HEAD, .type = EVENT_REJECTED, .side = SIDE_NONE, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE,
         .reason = REASON_UNKNOWN, .user_id = NAME("u1"), .list_id = NAME("l1"), .instrument = CENTS},
        "{\"type\":\"REJECTED\"," HEAD_JSON ",\"userId\":\"u1\",\"listId\":\"l1\",\"reason\":\"UNKNOWN\","
        "\"text\":\"No open order of this account has this id.\"" TAIL_JSON},
    {{HEAD, .type = EVENT_DUPLICATE, .side = SIDE_NONE, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE,
         .user_id = NAME("u1"), .list_id = NAME("l2"), .original_order_id = NAME("l1"), .instrument = CENTS},
        "{\"type\":\"DUPLICATE\"," HEAD_JSON
        ",\"userId\":\"u1\",\"listId\":\"l2\",\"originalOrderId\":\"l1\"" TAIL_JSON},
    {{.type = EVENT_REJECTED,
         .side = SIDE_NONE,
         .order_type = ORDER_TYPE_NONE,
         .time_in_force = TIF_NONE,
         .reason = REASON_UNKNOWN_SYMBOL,
         .symbol = NAME("#3"),
         .fseq = 1,
         .src_partition = 3,
         .instrument = CENTS},
        "{\"type\":\"REJECTED\",\"symbol\":\"#3\",\"fseq\":1,\"src\":{\"p\":3,\"o\":0,\"i\":0},\"own\":0,\"timestamp\":"
        "0,"
        "\"reason\":\"UNKNOWN_SYMBOL\",\"text\":\"The symbol is not listed; use one that "
        "is.\",\"hash\":\"0000000000000000\"}"},
    {{HEAD, .type = EVENT_DUPLICATE, .side = SIDE_NONE, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE,
         .order_id = NAME("o2"), .user_id = NAME("u1"), .original_order_id = NAME("o1"), .instrument = CENTS},
        "{\"type\":\"DUPLICATE\"," HEAD_JSON
        ",\"orderId\":\"o2\",\"userId\":\"u1\",\"originalOrderId\":\"o1\"" TAIL_JSON},
    {{HEAD, .type = EVENT_FILL, .side = SIDE_BUY, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE,
         .trade_id = 977, .has_price = true, .price_ticks = 15000, .quantity_lots = 30,
         .taker = {NAME("t1"), NAME("ct"), NAME("u1"), 70, 30}, .maker = {NAME("m1"), {0}, {0}, 0, 130},
         .instrument = CENTS},
        "{\"type\":\"FILL\"," HEAD_JSON
        ",\"tradeId\":977,\"price\":\"150.00\",\"quantity\":\"30\",\"takerSide\":\"BUY\","
        "\"taker\":{\"orderId\":\"t1\",\"clientOrderId\":\"ct\",\"userId\":\"u1\",\"leaves\":\"70\",\"cumulative\":"
        "\"30\"},"
        "\"maker\":{\"orderId\":\"m1\",\"leaves\":\"0\",\"cumulative\":\"130\"}" TAIL_JSON},
    {{HEAD, .type = EVENT_FILL, .side = SIDE_NONE, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE,
         .trade_id = 1, .has_price = true, .price_ticks = 1, .quantity_lots = 3, .taker = {NAME("t1"), {0}, {0}, 1, 3},
         .maker = {NAME("m1"), {0}, {0}, 2, 3}, .instrument = NICKELS},
        "{\"type\":\"FILL\"," HEAD_JSON ",\"tradeId\":1,\"price\":\"0.05\",\"quantity\":\"7.5\","
        "\"taker\":{\"orderId\":\"t1\",\"leaves\":\"2.5\",\"cumulative\":\"7.5\"},"
        "\"maker\":{\"orderId\":\"m1\",\"leaves\":\"5.0\",\"cumulative\":\"7.5\"}" TAIL_JSON},
    {{HEAD, .type = EVENT_PREVENTED, .side = SIDE_SELL, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE,
         .has_price = true, .self_trade = SELF_TRADE_EXPIRE_BOTH, .price_ticks = 15000, .quantity_lots = 30,
         .taker = {NAME("t1"), {0}, NAME("u1"), 70, 30}, .maker = {NAME("m1"), {0}, NAME("u1"), 30, 0},
         .instrument = CENTS},
        "{\"type\":\"PREVENTED\"," HEAD_JSON ",\"price\":\"150.00\",\"quantity\":\"30\",\"takerSide\":\"SELL\","
        "\"taker\":{\"orderId\":\"t1\",\"userId\":\"u1\",\"leaves\":\"70\",\"cumulative\":\"30\"},"
        "\"maker\":{\"orderId\":\"m1\",\"userId\":\"u1\",\"leaves\":\"30\",\"cumulative\":\"0\"},\"mode\":\"EXPIRE_"
        "BOTH\"" TAIL_JSON},
    {{HEAD, .type = EVENT_CANCELLED, .side = SIDE_NONE, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE,
         .reason = REASON_USER, .order_id = NAME("o1"), .client_order_id = NAME("c1"), .command_id = NAME("7-123456"),
         .user_id = NAME("u1"), .leaves_lots = 70, .cumulative_lots = 30, .instrument = CENTS},
        "{\"type\":\"CANCELLED\"," HEAD_JSON
        ",\"orderId\":\"o1\",\"clientOrderId\":\"c1\",\"commandId\":\"7-123456\",\"userId\":\"u1\","
        "\"leaves\":\"70\",\"cumulative\":\"30\",\"reason\":\"USER\"" TAIL_JSON},
    {{HEAD, .type = EVENT_EXPIRED, .side = SIDE_NONE, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE,
         .reason = REASON_NO_LIQUIDITY, .order_id = NAME("o1"), .leaves_lots = 1000000, .instrument = CENTS},
        "{\"type\":\"EXPIRED\"," HEAD_JSON
        ",\"orderId\":\"o1\",\"leaves\":\"1000000\",\"cumulative\":\"0\",\"reason\":\"NO_LIQUIDITY\"" TAIL_JSON},
    {{HEAD, .type = EVENT_CANCEL_ALL_DONE, .side = SIDE_SELL, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE,
         .command_id = NAME("k1"), .user_id = NAME("u1"), .count = 12, .instrument = CENTS},
        "{\"type\":\"CANCEL_ALL_DONE\"," HEAD_JSON
        ",\"commandId\":\"k1\",\"userId\":\"u1\",\"side\":\"SELL\",\"count\":12" TAIL_JSON},
    {{HEAD, .type = EVENT_CANCEL_ALL_DONE, .side = SIDE_NONE, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE,
         .command_id = NAME("k1"), .user_id = NAME("u1"), .instrument = CENTS},
        "{\"type\":\"CANCEL_ALL_DONE\"," HEAD_JSON ",\"commandId\":\"k1\",\"userId\":\"u1\",\"count\":0" TAIL_JSON},
    {{HEAD, .type = EVENT_MODIFIED, .side = SIDE_NONE, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE,
         .has_price = true, .order_id = NAME("o1"), .client_order_id = NAME("c1"), .command_id = NAME("k1"),
         .user_id = NAME("u1"), .price_ticks = 1, .quantity_lots = 50, .leaves_lots = 20, .kept_priority = true,
         .instrument = CENTS},
        "{\"type\":\"MODIFIED\"," HEAD_JSON
        ",\"orderId\":\"o1\",\"clientOrderId\":\"c1\",\"commandId\":\"k1\",\"userId\":\"u1\","
        "\"price\":\"0.01\",\"quantity\":\"50\",\"leaves\":\"20\",\"keptPriority\":true" TAIL_JSON},
    {{HEAD, .type = EVENT_MODIFIED, .side = SIDE_NONE, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE,
         .order_id = NAME("o1"), .command_id = NAME("k1"), .user_id = NAME("u1"), .has_stop_price = true,
         .stop_price_ticks = 100, .quantity_lots = 50, .leaves_lots = 50, .instrument = CENTS},
        "{\"type\":\"MODIFIED\"," HEAD_JSON
        ",\"orderId\":\"o1\",\"commandId\":\"k1\",\"userId\":\"u1\",\"stopPrice\":\"1.00\","
        "\"quantity\":\"50\",\"leaves\":\"50\",\"keptPriority\":false" TAIL_JSON},
    {{HEAD, .type = EVENT_TRIGGERED, .side = SIDE_NONE, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE,
         .order_id = NAME("o1"), .user_id = NAME("u1"), .has_stop_price = true, .stop_price_ticks = 100,
         .has_last_price = true, .last_price_ticks = 99, .instrument = CENTS},
        "{\"type\":\"TRIGGERED\"," HEAD_JSON
        ",\"orderId\":\"o1\",\"userId\":\"u1\",\"stopPrice\":\"1.00\",\"lastPrice\":\"0.99\"" TAIL_JSON},
    {{HEAD, .type = EVENT_STATE, .side = SIDE_NONE, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE,
         .state = NAME("AUCTION"), .has_indicative = true, .indicative_price_ticks = 15001,
         .indicative_quantity_lots = 300, .instrument = CENTS},
        "{\"type\":\"STATE\"," HEAD_JSON
        ",\"state\":\"AUCTION\",\"indicativePrice\":\"150.01\",\"indicativeQuantity\":\"300\"" TAIL_JSON},
    {{HEAD, .type = EVENT_STATE, .side = SIDE_NONE, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE,
         .state = NAME("HALTED"), .instrument = CENTS},
        "{\"type\":\"STATE\"," HEAD_JSON ",\"state\":\"HALTED\"" TAIL_JSON},
    {{HEAD, .type = EVENT_CONTROL, .side = SIDE_NONE, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE,
         .control_kind = NAME("BEGIN"), .control_result = NAME("ACCEPTED"),
         .control_fields =
             NAME("\"mid\":\"m-1\",\"epoch\":4,\"source\":\"a\",\"target\":\"a\",\"worker\":1,\"mode\":\"DIRECT\""),
         .instrument = CENTS},
        "{\"type\":\"CONTROL\"," HEAD_JSON
        ",\"kind\":\"BEGIN\",\"result\":\"ACCEPTED\",\"mid\":\"m-1\",\"epoch\":4,\"source\":\"a\","
        "\"target\":\"a\",\"worker\":1,\"mode\":\"DIRECT\"" TAIL_JSON},
    {{HEAD, .type = EVENT_CONTROL, .side = SIDE_NONE, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE,
         .control_kind = NAME("RESIGN"), .control_result = NAME("UNSUPPORTED"), .instrument = CENTS},
        "{\"type\":\"CONTROL\"," HEAD_JSON ",\"kind\":\"RESIGN\",\"result\":\"UNSUPPORTED\"" TAIL_JSON},
    {{HEAD, .type = EVENT_CONTROL, .side = SIDE_NONE, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE,
         .control_kind = NAME("INSTRUMENT"), .control_result = NAME("UNSUPPORTED"),
         .control_fields = NAME("\"tick\":\"0.05\",\"band\":{\"bps\":50},\"blocked\":true"), .instrument = CENTS},
        "{\"type\":\"CONTROL\"," HEAD_JSON
        ",\"kind\":\"INSTRUMENT\",\"result\":\"UNSUPPORTED\",\"tick\":\"0.05\",\"band\":{\"bps\":50},"
        "\"blocked\":true" TAIL_JSON},
    /* extremes, and output that must be escaped */
    {{.symbol = NAME("ABCDEFGHIJ"),
         .fseq = UINT64_MAX,
         .src_partition = 9,
         .src_offset = INT64_MAX,
         .src_index = UINT32_MAX,
         .own = INT64_MAX,
         .timestamp_ms = -1,
         .hash = UINT64_MAX,
         .type = EVENT_CANCELLED,
         .side = SIDE_NONE,
         .order_type = ORDER_TYPE_NONE,
         .time_in_force = TIF_NONE,
         .reason = REASON_MASS,
         .order_id = NAME("a\"b\\c/d"),
         .client_order_id = NAME("\x01\x1f\n\t\x7f"),
         .command_id = NAME("h\xc3\xa9llo \xf0\x9f\x98\x80 and a little more"),
         .user_id = NAME("12345678\"12345678\\"),
         .leaves_lots = INT64_C(1) << 40,
         .cumulative_lots = (INT64_C(1) << 40) - 1,
         .instrument = CENTS},
        "{\"type\":\"CANCELLED\",\"symbol\":\"ABCDEFGHIJ\",\"fseq\":18446744073709551615,\"src\":{\"p\":9,\"o\":"
        "9223372036854775807,"
        "\"i\":4294967295},\"own\":9223372036854775807,\"timestamp\":-1,\"orderId\":\"a\\\"b\\\\c/d\","
        "\"clientOrderId\":\"\\u0001\\u001f\\u000a\\u0009\x7f\",\"commandId\":\"h\xc3\xa9llo \xf0\x9f\x98\x80 and a "
        "little more\","
        "\"userId\":\"12345678\\\"12345678\\\\\",\"leaves\":\"1099511627776\",\"cumulative\":\"1099511627775\","
        "\"reason\":\"MASS\","
        "\"hash\":\"ffffffffffffffff\"}"},
};

const struct sample *event_samples(size_t *count) {
    *count = sizeof samples / sizeof samples[0];
    return samples;
}
