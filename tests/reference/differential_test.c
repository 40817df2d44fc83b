/* The engine over a log in memory beside the reference book, on records that a fair market would not send: every field
 * in every wrong form, mutated bytes, odd headers, ids that come again around the edge of the window, both encodings. A
 * difference is printed with the input record that caused it.
 *
 *   differential [seed [rounds [records of a round]]] */
#include "bench/reference/reference.h"
#include "bench/reference/verify.h"
#include "bench/workload/workload.h"
#include "core/limits.h"
#include "io/memory/memory_log.h"
#include "shards/codecs.h"
#include "shards/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { VALUE_BYTES = 4096, SETTLE_MS = 20000 };

/* ---- chance */

static uint64_t state;

static uint64_t draw(void) {
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint32_t below(uint32_t n) { return (uint32_t)((draw() >> 32) * n >> 32); }

#define PICK(array) ((array)[below(sizeof(array) / sizeof((array)[0]))])

/* ---- records composed of fields in good and bad forms */

struct page {
    char bytes[VALUE_BYTES];
    size_t size;
};

static void write_text(struct page *page, const char *text) {
    size_t size = strlen(text);
    if (page->size + size > VALUE_BYTES) abort();
    memcpy(page->bytes + page->size, text, size);
    page->size += size;
}

static const char *const ids[] = {"\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"e\"", "\"f\"", "\"g\"", "\"h\"", "\"i\"",
    "\"j\"", "\"k\"", "\"l\"", "\"\\u0061\"", "\"\xc3\xa9\"", "\"\\\"\\\\\\n\"", "\"7-1\"", "\"\x7f\"", "\"\\/\\b\"",
    "\"0123456789012345678901234567890123456789012345678901234567890123\"", "\"\\ud83d\\ude00\""};
static const char *const bad_ids[] = {"\"\"", "5", "null", "\"a\\u0000\"", "[]", "{\"a\":1}", "true",
    "\"01234567890123456789012345678901234567890123456789012345678901234\"", "\"\\ud800\""};
static const char *const users[] = {"\"u1\"", "\"u2\"", "\"u3\"", "\"u1\"", "\"u2\"", "\"\"", "null"};
static const char *const symbols[] = {
    "\"AAPL\"", "\"AAPL\"", "\"AAPL\"", "\"GOOGL\"", "\"MSFT\"", "\"A\"", "\"0123456789\""};
static const char *const bad_symbols[] = {
    "\"aapl\"", "\"\"", "\"01234567890\"", "5", "null", "\"A B\"", "\"AAPL\\u0000\"", "[\"AAPL\"]"};
static const char *const sides[] = {"\"BUY\"", "\"SELL\"", "\"\\u0042UY\""};
static const char *const quantities[] = {
    "1", "10", "\"10\"", "10.0", "1e1", "100e-1", "5", "20", "\"1000000\"", "7", "3"};
static const char *const bad_quantities[] = {"0", "0.0", "1.5", "1000001", "-1", "\"-0\"", "1e400", "1e-400", "\"\"",
    "\"1 \"", "true", "null", "12345678901234567890", "12345678901234567891", "0.12345678901234567891",
    "1e99999999999999999999", "0e99999999999999999999", "\"0x1\"", "1E+1", "\"1e\"", "\".5\"", "\"5.\"", "\"00\"",
    "1.00000000000000000000000000000000000000"};
static const char *const prices[] = {
    "10.00", "10.01", "\"9.99\"", "9.98", "10.02", "1002e-2", "10", "\"10.010\"", "1.001e1", "10.03"};
static const char *const bad_prices[] = {"0", "10.005", "1e308", "-10", "\"NaN\"", "10995116277.76", "10995116277.77",
    "18446744073709551616", "184467440737095516.16", "9223372036854775808", "99999999999999999999",
    "99999999999999999999.5", "0.009999999999999999999999", "1e19", "1e20", "1e-2", "1e-3", "\"1e+2\"", "null", "{}",
    "1e1000000"};
static const char *const types[] = {"\"LIMIT\"", "\"LIMIT\"", "\"LIMIT\"", "\"MARKET\"", "\"STOP\"", "\"STOP_LIMIT\"",
    "\"TRAILING_STOP\"", "\"limit\"", "0", "null"};
static const char *const times_in_force[] = {
    "\"GTC\"", "\"IOC\"", "\"FOK\"", "\"GTD\"", "\"DAY\"", "\"AON\"", "\"gtc\"", "null", "1"};
static const char *const flags[] = {"true", "false", "null", "\"true\"", "1"};
static const char *const integers[] = {"0", "5", "9007199254740991", "9007199254740992", "-1", "-0", "1.0", "1e3",
    "\"5\"", "null", "18446744073709551617"};
static const char *const actions[] = {"\"NEW\"", "\"CANCEL\"", "\"MODIFY\"", "\"CANCEL_ALL\"", "\"REPLACE\"",
    "\"LIST\"", "\"AMEND\"", "5", "null", "\"\""};
static const char *const modes[] = {"\"NONE\"", "\"EXPIRE_TAKER\"", "\"DECREMENT\"", "\"none\"", "null", "0"};
static const char *const contingencies[] = {"\"OCO\"", "\"OTO\"", "\"OTOCO\"", "\"X\"", "null", "[]"};
static const char *const arrays[] = {"[]", "[{}]", "{}", "null", "\"\"", "[[[[1]]]]"};
#define LEG(id, side, more)                                                                                            \
    "{\"orderId\":\"" id "\",\"side\":\"" side "\",\"orderType\":\"LIMIT\",\"quantity\":5" more "}"
static const char *const legs[] = {LEG("a", "BUY", ",\"price\":9.99"), LEG("b", "BUY", ",\"price\":10.02"),
    LEG("c", "SELL", ",\"price\":10.01"), LEG("d", "SELL", ",\"price\":9.98,\"displayQuantity\":2"),
    LEG("e", "SELL", ",\"price\":10.03,\"clientOrderId\":\"f\""), LEG("g", "BUY", ",\"price\":\"x\""),
    LEG("h", "BUY", ""), LEG("i", "BUY", ",\"price\":10,\"userId\":\"u1\",\"symbol\":\"AAPL\",\"action\":\"NEW\""),
    LEG("j", "SELL", ",\"price\":10.005,\"timestamp\":1764900000123"),
    LEG("k", "SELL", ",\"price\":10,\"action\":null"), LEG("l", "BUY", ",\"price\":10,\"timeInForce\":\"AON\""),
    LEG("m", "SELL", ",\"price\":10,\"price\":10"), LEG("n", "BUY", ",\"price\":10,\"action\":\"CANCEL\""),
    LEG("o", "BUY", ",\"price\":10,\"orders\":[1]"), "5", "[]",
    "{\"orderId\":\"p\",\"side\":\"SELL\",\"orderType\":\"STOP\",\"quantity\":5,\"stopPrice\":9.99}"};
static const char *const unknowns[] = {
    "1", "null", "\"x\"", "{\"symbol\":\"X\",\"symbol\":2}", "[1,[2,{}]]", "1e999", "\"\\ud83d\\ude00\""};

static void write_member(struct page *page, const char *name, const char *value) {
    write_text(page, page->size > 1 ? ",\"" : "\"");
    write_text(page, name);
    write_text(page, "\":");
    write_text(page, value);
}

/* A member that is there with a chance (in 16), and bad with a small one. */
static void maybe(
    struct page *page, const char *name, uint32_t chance_16, const char *good, const char *bad, uint32_t bad_64) {
    if (below(16) < chance_16) write_member(page, name, below(64) < bad_64 ? bad : good);
}

static const char *some_legs(void) {
    static char array[1024];
    uint32_t count = below(8) ? 2 + below(2) : below(5);
    strcpy(array, "[");
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) strcat(array, ",");
        strcat(array, legs[below(4) ? below(5) : below(sizeof legs / sizeof legs[0])]);
    }
    return strcat(array, "]");
}

/* What only some actions and types cannot do without. */
static void write_needed(struct page *page, const char *action, const char *type) {
    if (strcmp(action, "\"LIST\"") == 0) {
        maybe(page, "listId", 15, PICK(ids), PICK(bad_ids), 1);
        maybe(page, "contingency", 15, contingencies[below(3)], PICK(contingencies), 2);
        maybe(page, "orders", 15, some_legs(), PICK(arrays), 2);
    }
    if (strcmp(action, "\"REPLACE\"") == 0) maybe(page, "cancelOrderId", 15, PICK(ids), PICK(bad_ids), 1);
    if (strncmp(type, "\"STOP", 5) == 0) maybe(page, "stopPrice", 15, PICK(prices), PICK(bad_prices), 4);
    if (strncmp(type, "\"TRAIL", 6) == 0) maybe(page, "trailingAmount", 15, "0.02", PICK(bad_prices), 8);
}

static void compose(struct page *page) {
    const char *action = below(8) ? actions[below(6)] : PICK(actions);
    const char *type = below(16) ? types[below(7)] : PICK(types);
    static const char *const names[] = {"cancelOrderId", "listId", "commandId", "stopPrice", "trailingAmount",
        "displayQuantity", "maxSlippage", "expireTime", "trailingBps", "selfTradePrevention", "contingency", "orders",
        "x", "Symbol", ""};
    uint32_t odd = below(4) == 0; /* most records are nearly right */
    *page = (struct page){0};
    write_text(page, below(40) ? "{" : " {");
    if (below(2))
        write_member(page, "action", action);
    else
        action = "\"NEW\"";
    maybe(page, "symbol", 16, PICK(symbols), PICK(bad_symbols), odd);
    maybe(page, "orderId", 15, PICK(ids), PICK(bad_ids), 2 * odd);
    maybe(page, "userId", 13, PICK(users), PICK(bad_ids), odd);
    maybe(page, "side", 14, PICK(sides), "\"buy\"", odd);
    maybe(page, "quantity", 14, PICK(quantities), PICK(bad_quantities), 12 * odd + 1);
    maybe(page, "price", 14, PICK(prices), PICK(bad_prices), 12 * odd + 1);
    maybe(page, "orderType", 15, type, type, 0);
    if (below(40)) write_needed(page, action, type);
    maybe(page, "timeInForce", 5, times_in_force[below(3)], PICK(times_in_force), 16);
    maybe(page, "postOnly", 2, "true", PICK(flags), 16);
    maybe(page, "clientOrderId", 5, PICK(ids), PICK(bad_ids), odd);
    maybe(page, "commandId", 6, PICK(ids), PICK(bad_ids), odd);
    maybe(page, "timestamp", 8, "1764900000123", PICK(integers), odd);
    for (uint32_t i = odd ? below(3) : 0; i > 0; i--) {
        const char *name = PICK(names);
        const char *value = strcmp(name, "selfTradePrevention") == 0                              ? PICK(modes)
                            : strcmp(name, "contingency") == 0                                    ? PICK(contingencies)
                            : strcmp(name, "orders") == 0                                         ? PICK(arrays)
                            : strcmp(name, "expireTime") == 0 || strcmp(name, "trailingBps") == 0 ? PICK(integers)
                            : strcmp(name, "x") == 0 || strcmp(name, "Symbol") == 0 || !*name     ? PICK(unknowns)
                            : strcmp(name + strlen(name) - 2, "Id") == 0 ? (below(2) ? PICK(ids) : PICK(bad_ids))
                                                                         : (below(2) ? PICK(prices) : PICK(bad_prices));
        write_member(page, name, value);
    }
    write_text(page, "}");
    if (below(60) == 0) write_text(page, PICK(((const char *const[]){" ", "\r\n\t", "x", "{}", ","})));
}

/* ---- msgpack composed the same way */

static void write_byte(struct page *page, unsigned byte) {
    char c = (char)byte;
    if (page->size >= VALUE_BYTES) abort();
    page->bytes[page->size++] = c;
}

static void pack_string(struct page *page, const char *text) {
    size_t size = strlen(text);
    if (size < 32 && below(8)) {
        write_byte(page, 0xa0 | (unsigned)size);
    } else if (below(2)) {
        write_byte(page, 0xd9);
        write_byte(page, (unsigned)size);
    } else {
        write_byte(page, 0xda);
        write_byte(page, 0);
        write_byte(page, (unsigned)size);
    }
    write_text(page, text);
}

static void pack_number(struct page *page, uint64_t number) {
    static const int widths[] = {1, 2, 4, 8};
    uint32_t form = below(5);
    if (number < 128 && below(2)) {
        write_byte(page, (unsigned)number);
        return;
    }
    if (form == 4) { /* a signed form */
        write_byte(page, 0xd3);
        form = 3;
    } else {
        while (form < 3 && number >> (8 * widths[form])) form++;
        write_byte(page, 0xcc + form);
    }
    for (int shift = 8 * (widths[form] - 1); shift >= 0; shift -= 8)
        write_byte(page, (unsigned)(number >> shift) & 0xff);
}

/* Something that fits nowhere. */
static void pack_odd(struct page *page) {
    static const struct {
        const char *bytes;
        uint32_t size;
    } odd[] = {{"\xff", 1}, {"\xd0\x80", 2}, {"\xca\x3f\x80\x00\x00", 5}, {"\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00", 9},
        {"\xc2", 1}, {"\xc3", 1}, {"\x90", 1}, {"\x80", 1},
        {"\xc4\x01"
         "A",
            3},
        {"\xd4\x05"
         "A",
            3},
        {"\xc7\x02\x05"
         "AB",
            5},
        {"\xd9\x00", 2}, {"\xa1\xff", 2}, {"\xc1", 1}, {"\x92\x01\x02", 3}, {"\x81\xa1x\xc0", 4}, {"\xa1\x00", 2},
        {"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9}, {"\xa3\xed\xa0\x80", 4}};
    uint32_t i = below(sizeof odd / sizeof odd[0]);
    for (uint32_t b = 0; b < odd[i].size; b++) write_byte(page, (unsigned char)odd[i].bytes[b]);
}

static const char *const plain_ids[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "\xc3\xa9", "\"\\"};

static void pack_id(struct page *page, uint32_t nil_16) {
    if (below(80) == 0)
        pack_odd(page);
    else if (below(16) < nil_16)
        write_byte(page, 0xc0);
    else
        pack_string(page, PICK(plain_ids));
}

static void pack_choice(struct page *page, uint32_t count, uint32_t nil_16) {
    if (below(60) == 0)
        pack_odd(page);
    else if (below(16) < nil_16)
        write_byte(page, 0xc0);
    else
        pack_number(page, below(count));
}

static void pack_extra(struct page *page) {
    static const char *const names[] = {"commandId", "postOnly", "stopPrice", "displayQuantity", "x",
        "selfTradePrevention", "expireTime", "price", "trailingBps"};
    uint32_t count = below(3);
    write_byte(page, 0x80 | count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t which = below(8) ? below(2) : below(sizeof names / sizeof names[0]);
        if (below(100))
            pack_string(page, names[which]);
        else
            pack_odd(page);
        if (below(20) == 0)
            pack_odd(page);
        else if (which == 0)
            pack_string(page, PICK(plain_ids));
        else if (which == 1)
            write_byte(page, 0xc2 + below(2));
        else if (which == 5)
            pack_string(page, below(2) ? "NONE" : "DECREMENT");
        else
            pack_number(page, below(1000));
    }
}

static void compose_array(struct page *page) {
    static const uint64_t amounts[] = {1, 5, 10, 20, 1000, 1000000, 1000001, 0};
    *page = (struct page){0};
    if (below(30) == 0) {
        write_byte(page, 0xdc);
        write_byte(page, 0);
        write_byte(page, 13);
    } else {
        write_byte(page, below(100) ? 0x9d : 0x9c + below(4));
    }
    write_byte(page, below(100) ? 1 : below(3));
    pack_choice(page, below(10) ? 5 : 8, 4);
    if (below(60))
        pack_string(page, PICK(((const char *const[]){"AAPL", "AAPL", "GOOGL", "MSFT"})));
    else
        pack_id(page, 4);
    pack_id(page, 1);
    if (below(8))
        pack_string(page, PICK(((const char *const[]){"u1", "u2", "u3"})));
    else
        pack_id(page, 8);
    pack_choice(page, 1000, 2);
    pack_choice(page, below(30) ? 2 : 4, 1);
    pack_choice(page, below(10) ? 2 : 6, 1);
    pack_choice(page, below(10) ? 3 : 6, 8);
    if (below(30))
        pack_number(page, below(10) ? amounts[below(4)] : PICK(amounts));
    else
        pack_odd(page);
    if (below(30))
        pack_number(page, below(12) ? 990 + below(20) : (UINT64_C(1) << 40) + below(3) - 1);
    else
        pack_odd(page);
    pack_id(page, 12);
    if (below(3))
        write_byte(page, 0xc0);
    else
        pack_extra(page);
    if (below(100) == 0) write_byte(page, below(256));
}

static void compose_map(struct page *page) {
    static const char *const names[] = {
        "symbol", "orderId", "side", "quantity", "orderType", "price", "userId", "timeInForce"};
    static const char *const choices[] = {NULL, NULL, "BUY", NULL, "LIMIT", NULL, "u1", "IOC"};
    uint32_t count = 6 + below(3);
    *page = (struct page){0};
    write_byte(page, 0x80 | count);
    for (uint32_t i = 0; i < count; i++) {
        pack_string(page, names[below(60) ? i : below(8)]);
        if (below(40) == 0)
            pack_odd(page);
        else if (i == 0)
            pack_string(page, below(8) ? "AAPL" : "MSFT");
        else if (i == 1)
            pack_string(page, PICK(plain_ids));
        else if (i == 2)
            pack_string(page, below(2) ? "BUY" : "SELL");
        else if (choices[i])
            pack_string(page, choices[i]);
        else if (below(2))
            pack_number(page, i == 3 ? 1 + below(20) : 9 + below(3));
        else
            pack_string(page, i == 3 ? "10" : "10.01");
    }
}

/* ---- bytes changed by chance */

static void mutate(struct page *page) {
    for (uint32_t i = 1 + below(3); i > 0 && page->size > 1; i--) {
        size_t at = below((uint32_t)page->size);
        switch (below(5)) {
        case 0: page->bytes[at] = (char)draw(); break;
        case 1: page->bytes[at] ^= (char)(1 << below(8)); break;
        case 2: memmove(page->bytes + at, page->bytes + at + 1, --page->size - at); break;
        case 3: page->size = at + 1; break;
        default:
            if (page->size < VALUE_BYTES) {
                memmove(page->bytes + at + 1, page->bytes + at, page->size++ - at);
                page->bytes[at] = PICK(((const char[]){'"', '0', ',', '{', '\\', (char)0xc3, 'e', '-', ' ', 0}));
            }
        }
    }
}

/* ---- control records, and copies of nobody's */

static void compose_control(struct page *page, uint64_t epochs) {
    static const char *const kinds[] = {"\"BEGIN\"", "\"CUT\"", "\"ABORT\"", "\"BEGIN\"", "\"CUT\"", "\"TICK\"",
        "\"CLAIM\"", "\"RELEASE\"", "\"STATE\"", "\"X\"", "5", "null"};
    static const char *const move_symbols[] = {
        "\"AAPL\"", "\"AAPL\"", "\"AAPL\"", "\"AAPL\"", "\"GOOGL\"", "\"*\"", "\"aapl\"", "null", "7"};
    static const char *const mids[] = {"\"m1\"", "\"m1\"", "\"m1\"", "\"m2\"", "\"\"", "5", "null"};
    char epoch[24];
    *page = (struct page){0};
    snprintf(epoch, sizeof epoch, "%llu", (unsigned long long)(epochs + below(3)));
    write_text(page, "{");
    write_member(page, "kind", below(6) ? kinds[below(5)] : PICK(kinds));
    if (below(30)) write_member(page, "symbol", below(6) ? move_symbols[below(4)] : PICK(move_symbols));
    if (below(30)) write_member(page, "mid", below(8) ? mids[below(4)] : PICK(mids));
    if (below(30))
        write_member(
            page, "epoch", below(16) ? epoch : PICK(((const char *const[]){"\"1\"", "-1", "1.0", "null", "1e0"})));
    if (below(2)) write_member(page, "worker", PICK(((const char *const[]){"0", "1", "2", "3", "700"})));
    if (below(10))
        write_member(
            page, "mode", below(10) ? "\"DIRECT\"" : PICK(((const char *const[]){"\"PARKED\"", "\"X\"", "null"})));
    if (below(2)) write_member(page, "source", "\"a/1\"");
    if (below(20) == 0) write_member(page, PICK(((const char *const[]){"epoch", "x", "target"})), "1");
    write_text(page, "}");
}

/* Settings, states and the like, good and bad. */
static const char *const settings[] = {"{\"kind\":\"STATE\",\"symbol\":\"AAPL\",\"state\":\"AUCTION\"}",
    "{\"kind\":\"STATE\",\"symbol\":\"AAPL\",\"state\":\"HALTED\",\"x\":1}",
    "{\"kind\":\"STATE\",\"symbol\":\"AAPL\",\"state\":\"CLOSED\",\"mid\":7}",
    "{\"kind\":\"STATE\",\"symbol\":\"AAPL\",\"state\":\"OPEN\"}",
    "{\"kind\":\"STATE\",\"symbol\":\"*\",\"state\":\"CLOSED\"}",
    "{\"kind\":\"INSTRUMENT\",\"symbol\":\"AAPL\",\"collar\":{\"bps\":20},\"band\":{\"ticks\":300}}",
    "{\"kind\":\"INSTRUMENT\",\"symbol\":\"AAPL\",\"tick\":\"0.010\"}", "{\"kind\":\"INSTRUMENT\",\"symbol\":\"AAPL\"}",
    "{\"kind\":\"INSTRUMENT\",\"symbol\":\"AAPL\",\"tick\":1e-2,\"lot\":1,\"minNotional\":\"20.005\"}",
    "{\"kind\":\"INSTRUMENT\",\"symbol\":\"AAPL\",\"referencePrice\":0}",
    "{\"kind\":\"INSTRUMENT\",\"symbol\":\"AAPL\",\"band\":{\"ticks\":1,\"bps\":1}}",
    "{\"kind\":\"INSTRUMENT\",\"symbol\":\"AAPL\",\"minQuantity\":3,\"maxQuantity\":2}",
    "{\"kind\":\"LISTING\",\"mode\":\"CLOSED\",\"symbol\":\"AAPL\"}",
    "{\"kind\":\"LISTING\",\"mode\":\"OPEN\",\"limit\":2}", "{\"kind\":\"LISTING\",\"mode\":\"OPEN\",\"limit\":0}",
    "{\"kind\":\"LISTING\",\"mode\":\"OPEN\"}", "{\"kind\":\"BLOCK\",\"userId\":\"u3\",\"blocked\":true}",
    "{\"kind\":\"BLOCK\",\"userId\":\"u3\",\"blocked\":false}",
    "{\"kind\":\"BLOCK\",\"userId\":\"\\u0001\\\"/\",\"blocked\":true}",
    "{\"kind\":\"BLOCK\",\"userId\":\"\",\"blocked\":true}", "{\"kind\":\"RULES\",\"version\":1}",
    "{\"kind\":\"RULES\",\"version\":2}", "{\"kind\":\"RULES\",\"version\":\"1\"}",
    "{\"kind\":\"KEY\",\"keyId\":\"k\"}", "{\"kind\":\"KEY\",\"keyId\":7}",
    "{\"kind\":\"RESIGN\",\"instance\":\"a/1\",\"symbol\":\"AAPL\"}"};

static void compose_setting(struct page *page) {
    static const char reopens[] = "{\"kind\":\"STATE\",\"symbol\":\"AAPL\",\"state\":\"TRADING\"}";
    *page = (struct page){0};
    write_text(page, below(3) ? PICK(settings) : reopens);
}

/* ---- a log */

struct stage {
    struct memory_log *log;
    int64_t time_ms;
    uint64_t epochs;
    struct workload *workload;
};

static void put(struct stage *stage, int32_t partition, struct text key, struct text value,
    const struct log_header *headers, uint32_t count) {
    struct log_append record = {.topic = TOPIC_ORDERS,
        .partition = partition,
        .key = key,
        .value = value,
        .headers = headers,
        .header_count = count};
    if (memory_log_append(stage->log, &record, stage->time_ms) < 0) abort();
}

static void put_control(struct stage *stage) {
    static const struct log_header header = {{"me-t", 4}, {"2", 1}};
    struct page page;
    if (below(2))
        compose_setting(&page);
    else
        compose_control(&page, stage->epochs);
    if (below(8) == 0) stage->epochs++;
    put(stage, below(20) ? reference_home(TEXT("AAPL")) : (int32_t)below(10), TEXT("AAPL"),
        (struct text){page.bytes, (uint32_t)page.size}, &header, 1);
}

/* A copy as another drainer might have written it, or a forger. */
static void put_copy(struct stage *stage, struct text value) {
    static int64_t next[3];
    static const char *const odd[] = {"orders/2/5", "orders/2/5/5", "orders/2/x/-", "orders//5/-", "", "orders/2/5/-/",
        "orders/2/-5/-", "orders/10/5/-", "others/2/5/-", "orders/02/05/-", "orders/2/5/+4", " orders/2/5/-",
        "orders/2/5/", "orders/2/5/--", "orders/2//-"};
    char source[64];
    uint32_t which = below(3);
    int64_t step = (int64_t)below(3), at = next[which] + step;
    if (below(12) == 0)
        snprintf(source, sizeof source, "%s", PICK(odd));
    else if (next[which] == 0)
        snprintf(source, sizeof source, "pending-orders/%u/%lld/-", which, (long long)(at + 1));
    else
        snprintf(
            source, sizeof source, "pending-orders/%u/%lld/%lld", which, (long long)(at + 1), (long long)next[which]);
    struct log_header headers[4] = {
        {{"me-t", 4}, {"1", 1}}, {{"me-src", 6}, text_of(source)}, {{"me-t", 4}, {"2", 1}}, {{"me-src", 6}, {"x", 1}}};
    if (below(8)) next[which] = at + 1;
    put(stage, reference_home(TEXT("AAPL")), TEXT("AAPL"), below(10) ? value : TEXT_NONE, headers,
        below(20) ? 2 : 1 + below(4));
}

static void put_record(struct stage *stage) {
    struct page page;
    uint32_t kind = below(100);
    if (kind < 30) {
        struct workload_record record;
        workload_next(stage->workload, stage->time_ms, &record);
        put(stage, record.home, record.symbol, record.value, NULL, 0);
        return;
    }
    if (kind < 33) {
        put_control(stage);
        return;
    }
    if (kind < 60)
        compose(&page);
    else if (kind < 80)
        compose_array(&page);
    else
        compose_map(&page);
    if (below(10) == 0) mutate(&page);
    struct text value = {page.bytes, (uint32_t)page.size};
    if (below(25) == 0)
        put_copy(stage, value);
    else
        put(stage, below(30) ? reference_home(below(3) ? TEXT("AAPL") : TEXT("GOOGL")) : (int32_t)below(10),
            TEXT("AAPL"), value, NULL, 0);
}

static void fill(struct stage *stage, int records) {
    for (int i = 0; i < records; i++) {
        uint32_t step = below(100);
        stage->time_ms += step < 90 ? (int64_t)below(400) : step < 98 ? 5000 : below(4) ? -3000 : 59999;
        put_record(stage);
        if (below(500) == 0) {
            int32_t p = (int32_t)below(10);
            memory_log_skip(stage->log, TOPIC_ORDERS, p, 1 + below(5));
            put(stage, p, TEXT("AAPL"), TEXT("{}"), NULL, 0);
        }
    }
}

/* ---- the engine */

static void ignore_change(void *context) { (void)context; }

static bool is_done(struct engine *engine, struct memory_log *log) {
    if (engine_state(engine) != ENGINE_RUNNING) return false;
    for (int32_t p = 0; p < PARTITIONS; p++)
        if (engine_durable_offset(engine, p) < memory_log_end(log, TOPIC_ORDERS, p)) return false;
    return true;
}

static bool run_engine(struct memory_log *log, int workers) {
    static struct codecs codecs;
    static struct engine engine;
    struct engine_options options = engine_options_default();
    struct engine_codecs ports;
    int quiet = 0;
    options.workers = workers;
    options.pins_workers = false;
    options.feeds = 0;
    options.open_orders_max = 200000;
    if (!codecs_init(&codecs, workers, false, &ports)) abort();
    bool good = engine_open(&engine, memory_log_store(log), &ports, &options) == STATUS_OK &&
                engine_start(&engine, ignore_change, NULL) == STATUS_OK;
    for (int waited_ms = 0; good && quiet < 20 && waited_ms < SETTLE_MS; waited_ms += 2) {
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        if (engine_state(&engine) == ENGINE_FAILED) break;
        engine_on_change(&engine);
        quiet = is_done(&engine, log) ? quiet + 1 : 0;
    }
    if (quiet < 20) fprintf(stderr, "the engine is not done: state %d, %s\n", (int)engine_state(&engine), engine.words);
    for (int32_t p = 0; quiet < 20 && p < PARTITIONS; p++)
        fprintf(stderr, "orders[%d]: %lld of %lld\n", p, (long long)engine_durable_offset(&engine, p),
            (long long)memory_log_end(log, TOPIC_ORDERS, p));
    engine_stop(&engine, 5000);
    engine_close(&engine);
    codecs_deinit(&codecs);
    return quiet >= 20;
}

/* ---- the judge */

static struct text header_of(const struct log_record *record, const char *name) {
    for (uint32_t i = 0; i < record->header_count && i < LOG_HEADERS_MAX; i++)
        if (text_equal(record->headers[i].name, text_of(name))) return record->headers[i].value;
    return TEXT_NONE;
}

static void print_bytes(struct text bytes) {
    for (uint32_t i = 0; i < bytes.size; i++) {
        unsigned char c = (unsigned char)bytes.data[i];
        fprintf(stderr, c >= 0x20 && c < 0x7f ? "%c" : "\\x%02x", c);
    }
    fprintf(stderr, "\n");
}

static void explain(struct memory_log *log, const struct verify_difference *d) {
    struct log_record record;
    fprintf(stderr, "%s, symbol %.*s, fseq %llu, orders[%d]@%lld\nexpected %.*s\nseen     %.*s\n",
        verify_kind_name(d->kind), (int)d->symbol.size, d->symbol.data ? d->symbol.data : "",
        (unsigned long long)d->fseq, d->partition, (long long)d->orders_offset, (int)d->expected.size,
        d->expected.data ? d->expected.data : "", (int)d->seen.size, d->seen.data ? d->seen.data : "");
    if (d->orders_offset < 0 ||
        memory_log_read(log, TOPIC_ORDERS, d->partition, d->orders_offset, &record) != STATUS_OK)
        return;
    fprintf(stderr, "time %lld me-t %.*s me-src %.*s value ", (long long)record.timestamp_ms,
        (int)header_of(&record, "me-t").size, header_of(&record, "me-t").data ? header_of(&record, "me-t").data : "",
        (int)header_of(&record, "me-src").size,
        header_of(&record, "me-src").data ? header_of(&record, "me-src").data : "");
    print_bytes(record.value);
    for (int64_t offset = 0; getenv("DIFFERENTIAL_LOG") && offset < d->orders_offset; offset++) {
        if (memory_log_read(log, TOPIC_ORDERS, d->partition, offset, &record) == STATUS_OK) {
            fprintf(stderr, "%lld %lld %.*s ", (long long)offset, (long long)record.timestamp_ms,
                (int)header_of(&record, "me-src").size,
                header_of(&record, "me-src").data ? header_of(&record, "me-src").data : "");
            print_bytes(record.value);
        }
    }
}

static bool judge(struct memory_log *log, uint64_t *events) {
    struct reference *reference = reference_open();
    struct verify *verify = verify_open();
    for (int32_t p = 0; p < PARTITIONS; p++) {
        struct log_record record;
        for (int64_t offset = 0; offset < memory_log_end(log, TOPIC_ORDERS, p); offset++) {
            if (memory_log_read(log, TOPIC_ORDERS, p, offset, &record) != STATUS_OK) continue;
            struct reference_record in = {.partition = p,
                .offset = offset,
                .timestamp_ms = record.timestamp_ms,
                .key = record.key,
                .value = record.value,
                .me_t = header_of(&record, "me-t"),
                .me_src = header_of(&record, "me-src")};
            reference_apply(reference, &in, verify_on_event, verify, NULL);
        }
        for (int64_t offset = 0; offset < memory_log_end(log, TOPIC_FILLS, p); offset++)
            if (memory_log_read(log, TOPIC_FILLS, p, offset, &record) == STATUS_OK)
                verify_see(verify, p, offset, record.key, record.value);
    }
    verify_finish(verify);
    const struct verify_result *result = verify_result(verify);
    bool same = verify_exit_code(result) == 0 && result->repeats == 0;
    if (!same) explain(log, &result->first);
    *events += result->matched;
    verify_close(verify);
    reference_close(reference);
    return same;
}

static bool play(uint64_t seed, int records, uint64_t *events) {
    struct workload_options options = {.seed = seed,
        .symbols = 6,
        .accounts = 5,
        .bad_per_million = 100000,
        .preset = WORKLOAD_EVERYTHING,
        .form = WORKLOAD_MIXED};
    struct stage stage = {.log = memory_log_open(), .time_ms = 1764900000000, .workload = workload_open(&options)};
    state = seed;
    fill(&stage, records);
    memory_log_set_time(stage.log, stage.time_ms); /* of what the engine re-injects */
    bool same = run_engine(stage.log, 1 + (int)(seed % 3)) && judge(stage.log, events);
    if (!same) fprintf(stderr, "seed %llu, %d records\n", (unsigned long long)seed, records);
    workload_close(stage.workload);
    memory_log_close(stage.log);
    return same;
}

int main(int argc, char **argv) {
#ifdef SHARDBOOK_SANITIZED
    int rounds = argc > 2 ? atoi(argv[2]) : 3, records = argc > 3 ? atoi(argv[3]) : 4000;
#else
    int rounds = argc > 2 ? atoi(argv[2]) : 6, records = argc > 3 ? atoi(argv[3]) : 20000;
#endif
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, events = 0;
    for (int i = 0; i < rounds; i++)
        if (!play(seed + (uint64_t)i, records, &events)) return EXIT_FAILURE;
    printf("%llu events are the same\n", (unsigned long long)events);
    return EXIT_SUCCESS;
}
