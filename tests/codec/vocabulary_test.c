/* Names, hashes and packed events. */
#include "core/command.h"
#include "core/event.h"
#include "core/partition.h"
#include "core/rolling_hash.h"
#include "core/utf8.h"

#include <criterion/criterion.h>

/* As kafkajs 2.2.4 computes them. */
Test(partition, the_same_as_kafkajs) {
    static const struct {
        const char *key;
        uint32_t hash;
        int32_t home;
    } known[] = {
        {"AAPL", 1691292177u, 7},
        {"GOOGL", 282752101u, 1},
        {"MSFT", 2399470850u, 2},
        {"TSLA", 866263391u, 1},
        {"AMZN", 2806257289u, 1},
        {"A", 1592744578u, 8},
        {"BRK", 4052880301u, 3},
        {"META", 2600389292u, 4},
        {"NVDA", 503595197u, 7},
        {"005930", 2842183954u, 6},
        {"S0", 708691788u, 8},
        {"SPY12345", 3820902336u, 8},
        {"ABCDEFGHIJ", 1348258831u, 1},
        {"Z9", 2531808556u, 8},
        {"", 275646681u, 1},
        {"ab", 316155434u, 4},
        {"abc", 479470107u, 7},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        cr_expect_eq(murmur2(text_of(known[i].key)), known[i].hash, "%s", known[i].key);
        cr_expect_eq(home_partition(text_of(known[i].key)), known[i].home, "%s", known[i].key);
    }
}

Test(reason, every_name_is_there_once) {
    for (unsigned i = 1; i < REASON_COUNT; i++) {
        cr_expect_gt(reason_name((enum reason)i).size, 0u);
        cr_expect_gt(reason_text((enum reason)i).size, 10u, "%s", reason_name((enum reason)i).data);
        for (unsigned j = 1; j < i; j++)
            cr_expect_not(text_equal(reason_name((enum reason)i), reason_name((enum reason)j)));
    }
    cr_expect(text_is_absent(reason_name(REASON_NONE)));
    cr_expect(text_is_absent(reason_name(REASON_COUNT)));
    cr_expect(text_equal(reason_name(REASON_CANCELLED_BEFORE), TEXT("CANCELLED_BEFORE")));
}

Test(field, found_by_its_name_alone) {
    for (unsigned i = FIELD_NONE + 1; i < FIELD_COUNT; i++) {
        struct text name = field_name((enum field)i);
        char changed[32];
        cr_expect_eq(field_find(name), i, "%s", name.data);
        memcpy(changed, name.data, name.size);
        changed[name.size - 1] ^= 0x20;
        cr_expect_eq(field_find((struct text){changed, name.size}), FIELD_NONE, "%s", name.data);
        cr_expect_eq(field_find((struct text){name.data, name.size - 1}), FIELD_NONE, "%s", name.data);
    }
    cr_expect_eq(field_find(TEXT_NONE), FIELD_NONE);
}

Test(symbol, pattern) {
    static const char *const good[] = {"A", "0", "AAPL", "005930", "ABCDEFGHIJ", "Z9"};
    static const char *const bad[] = {
        "", "aapl", "ABCDEFGHIJK", "A-B", "A B", "\xc3\x84", "#7", "A@", "A[", "A/", "A:"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_expect(symbol_is_valid(text_of(good[i])), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(symbol_is_valid(text_of(bad[i])), "%s", bad[i]);
    cr_expect_not(symbol_is_valid((struct text){"A\0", 2}));
}

Test(utf8, shortest_forms_only) {
    static const char *const good[] = {"", "abc", "a long text of ascii only, over eight", "\xc3\xa4", "\xe2\x82\xac",
        "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf",
        "abcdefgh\xc3\xa4"
        "ijklmnop"};
    static const char *const bad[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "abcdefg\xff", "\xe0\x80\x80", "\xe2\x82",
        "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3\x28",
        "abcdefghijk\xe2\x28\xa1"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) cr_expect(utf8_is_valid(text_of(good[i])), "%zu", i);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) cr_expect_not(utf8_is_valid(text_of(bad[i])), "%zu", i);
    cr_expect(utf8_is_valid((struct text){"a\0b", 3}));
}

/* Computed from the formula of the README by hand in another language. */
Test(rolling_hash, known_values) {
    cr_expect_eq(rolling_id(TEXT_NONE), 0u);
    cr_expect_eq(rolling_id(TEXT("a")), UINT64_C(0x54cda58fbbee87e0));
    cr_expect_eq(rolling_id(TEXT("1764900000123-k3j9x0a1b")), UINT64_C(0xb84425d5c410c384));
    const struct rolling_input fill = {4, 1042, 123456, 15000, 30, 70, rolling_id(TEXT("t1")), rolling_id(TEXT("m1"))};
    cr_expect_eq(rolling_add(0, &fill), UINT64_C(0x371c5e992f569df3));
    cr_expect_eq(rolling_add(UINT64_MAX, &fill), UINT64_C(0xbd71d3812f569df3));
}

static struct event sample_event(void) {
    struct event event = {.type = EVENT_FILL,
        .side = SIDE_SELL,
        .order_type = ORDER_MARKET,
        .time_in_force = TIF_FOK,
        .reason = REASON_GTD,
        .self_trade = SELF_TRADE_DECREMENT,
        .kept_priority = true,
        .has_price = true,
        .has_last_price = true,
        .symbol = TEXT("AAPL"),
        .fseq = 1,
        .src_partition = 9,
        .src_offset = 3,
        .src_index = 4,
        .own = 5,
        .timestamp_ms = 6,
        .hash = 7,
        .order_id = TEXT("order"),
        .user_id = TEXT("user"),
        .original_order_id = TEXT("original"),
        .price_ticks = 8,
        .stop_price_ticks = 9,
        .last_price_ticks = 10,
        .quantity_lots = 11,
        .leaves_lots = 12,
        .cumulative_lots = 13,
        .trade_id = 14,
        .count = 15,
        .taker = {TEXT("taker"), TEXT_NONE, TEXT("u"), 16, 17},
        .maker = {TEXT("maker"), TEXT("client"), TEXT_NONE, 18, 19},
        .control_kind = TEXT("BEGIN"),
        .control_result = TEXT("ACCEPTED"),
        .control_fields = TEXT("\"mid\":\"1\""),
        .state = TEXT("HALTED"),
        .has_indicative = true,
        .indicative_price_ticks = 20,
        .indicative_quantity_lots = 21};
    event.instrument = instrument_default();
    event.instrument.tick = (struct decimal_unit){5, 3};
    return event;
}

static void expect_same_text(struct text a, struct text b) {
    cr_expect(text_equal(a, b), "%.*s and %.*s", (int)a.size, a.data, (int)b.size, b.data);
    cr_expect_eq(a.data == NULL, b.data == NULL);
}

Test(event, packed_is_the_same_event) {
    _Alignas(8) static char packed[EVENT_PACKED_BYTES_MAX], copy[EVENT_PACKED_BYTES_MAX];
    struct event event = sample_event(), back;
    memset(&back, 0xa5, sizeof back);
    uint32_t size = event_pack(&event, packed);
    cr_assert_eq(size % 8, 0u);
    memcpy(copy, packed, size);
    memset(packed, 0, sizeof packed);
    event_unpack(copy, &back);

    expect_same_text(back.symbol, event.symbol);
    expect_same_text(back.order_id, event.order_id);
    expect_same_text(back.client_order_id, event.client_order_id);
    expect_same_text(back.command_id, event.command_id);
    expect_same_text(back.user_id, event.user_id);
    expect_same_text(back.list_id, event.list_id);
    expect_same_text(back.original_order_id, event.original_order_id);
    expect_same_text(back.taker.order_id, event.taker.order_id);
    expect_same_text(back.taker.client_order_id, event.taker.client_order_id);
    expect_same_text(back.taker.user_id, event.taker.user_id);
    expect_same_text(back.maker.order_id, event.maker.order_id);
    expect_same_text(back.maker.client_order_id, event.maker.client_order_id);
    expect_same_text(back.maker.user_id, event.maker.user_id);
    expect_same_text(back.control_kind, event.control_kind);
    expect_same_text(back.control_result, event.control_result);
    expect_same_text(back.control_fields, event.control_fields);
    expect_same_text(back.state, event.state);
    cr_expect(back.type == EVENT_FILL && back.side == SIDE_SELL && back.order_type == ORDER_MARKET &&
              back.time_in_force == TIF_FOK);
    cr_expect(back.reason == REASON_GTD && back.self_trade == SELF_TRADE_DECREMENT && back.kept_priority);
    cr_expect(back.has_price && !back.has_stop_price && back.has_last_price && back.has_indicative);
    cr_expect(
        back.fseq == 1 && back.src_partition == 9 && back.src_offset == 3 && back.src_index == 4 && back.own == 5);
    cr_expect(back.timestamp_ms == 6 && back.hash == 7 && back.price_ticks == 8 && back.stop_price_ticks == 9);
    cr_expect(back.last_price_ticks == 10 && back.quantity_lots == 11 && back.leaves_lots == 12 &&
              back.cumulative_lots == 13);
    cr_expect(
        back.trade_id == 14 && back.count == 15 && back.taker.leaves_lots == 16 && back.taker.cumulative_lots == 17);
    cr_expect(back.maker.leaves_lots == 18 && back.maker.cumulative_lots == 19);
    cr_expect(back.indicative_price_ticks == 20 && back.indicative_quantity_lots == 21);
    cr_expect(
        back.instrument.tick.mantissa == 5 && back.instrument.tick.places == 3 && back.instrument.lot.places == 0);
    cr_expect(back.instrument.price_ticks_max == PRICE_TICKS_MAX && back.instrument.quantity_lots_max == 1000000);
}

Test(event, packed_at_its_largest_fits) {
    static char packed[EVENT_PACKED_BYTES_MAX];
    static char letters[4096];
    struct text id = {letters, ID_BYTES_MAX};
    struct event event = {.type = EVENT_CONTROL,
        .symbol = {letters, SYMBOL_BYTES_MAX},
        .order_id = id,
        .client_order_id = id,
        .command_id = id,
        .user_id = id,
        .list_id = id,
        .original_order_id = id,
        .taker = {id, id, id, 0, 0},
        .maker = {id, id, id, 0, 0},
        .control_kind = id,
        .control_result = id,
        .control_fields = {letters, 2048},
        .state = id};
    cr_assert_leq(event_pack(&event, packed), sizeof packed);
}
