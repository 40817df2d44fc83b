/* What a record's bytes mean, in each of their forms. */
#include "tests/reference/transcript.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct transcript t;

static void open_book(void) { transcript_open(&t); }

static void close_book(void) { transcript_close(&t); }

TestSuite(decoding, .init = open_book, .fini = close_book);

static void expect_reason(const char *value, const char *symbol, const char *reason) {
    char fields[128];
    transcript_aapl(&t, value);
    EXPECT_COUNT(&t, 1);
    snprintf(fields, sizeof fields, "symbol=%s reason=%s", symbol, reason);
    EXPECT_EVENT(&t, 0, "REJECTED", fields);
}

Test(decoding, malformed_json) {
    static const char *const values[] = {"", "null", "[]", "5", "{", "{}x", "\xef\xbb\xbf{}", " [1]",
        "{'symbol':'AAPL',}", "{'symbol':'AAPL','symbol':'AAPL'}", "{'symbol':'AAPL','price':null,'price':1}",
        "{'symbol':'AAPL','\\u0073ymbol':'AAPL'}", "{'symbol':'AAPL','orderId':'\xff'}",
        "{'symbol':'AAPL','x':'\xc0\x80'}", "{'symbol':'AAPL','orderId':'\\ud800'}", "{'symbol':'AAPL','quantity':01}",
        "{'symbol':'AAPL','quantity':NaN}", "{'symbol':'AAPL','quantity':+1}", "{'symbol':'AAPL','orderId':'a\tb'}"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        expect_reason(values[i], "#7", "MALFORMED");
        EXPECT_EVENT(&t, 0, "REJECTED", "-orderId -commandId -userId");
    }
    transcript_record(&t, AAPL_HOME, TEXT("AAPL"), TEXT_NONE, NULL, NULL);
    EXPECT_EVENT(&t, 0, "REJECTED", "symbol=#7 reason=MALFORMED");
}

Test(decoding, missing_comes_before_bad) {
    expect_reason("{}", "#7", "MISSING_FIELD");
    expect_reason(" \n{'symbol':null,'orderId':5}", "#7", "MISSING_FIELD");
    expect_reason("{'symbol':'aapl'}", "#7", "MISSING_FIELD");
    expect_reason("{'symbol':'AAPL','orderId':'a','side':'BUY','quantity':1,'price':1}", "AAPL", "MISSING_FIELD");
    expect_reason(
        "{'symbol':'AAPL','orderId':'b','side':'BUY','quantity':1,'orderType':'LIMIT'}", "AAPL", "MISSING_FIELD");
    expect_reason("{'symbol':'AAPL','orderId':'c','side':'BUY','orderType':'limit'}", "AAPL", "MISSING_FIELD");
    expect_reason("{'symbol':'AAPL','side':'BUY','quantity':1,'price':1,'orderType':'LIMIT'}", "AAPL", "MISSING_FIELD");
    expect_reason("{'symbol':'AAPL','orderId':'d','side':'BUY','quantity':1,'orderType':'limit'}", "AAPL", "BAD_FIELD");
    expect_reason("{'symbol':'AAPL','action':'CANCEL','userId':'','orderId':'x'}", "AAPL", "MISSING_FIELD");
    expect_reason("{'symbol':'AAPL','action':'AMEND'}", "AAPL", "BAD_FIELD");
    expect_reason("{'action':'AMEND'}", "#7", "MISSING_FIELD");
}

static void expect_bad(const char *member) {
    static int counter;
    char value[512];
    snprintf(value, sizeof value,
        "{'symbol':'AAPL','orderId':'i%d','side':'BUY','quantity':1,'orderType':'LIMIT','price':1,%s}", counter++,
        member);
    expect_reason(value, "AAPL", "BAD_FIELD");
}

Test(decoding, bad_fields) {
    static const char *const members[] = {"'timestamp':'5'", "'timestamp':1.0", "'timestamp':-1",
        "'timestamp':9007199254740992", "'expireTime':1e3", "'postOnly':'true'", "'postOnly':1", "'stopPrice':-0",
        "'stopPrice':''", "'stopPrice':' 1'", "'stopPrice':'1.'", "'stopPrice':'.5'", "'stopPrice':'1e'",
        "'stopPrice':'0x1'", "'stopPrice':'+1'", "'stopPrice':true", "'commandId':''", "'commandId':7",
        "'commandId':'\\u0000'", "'userId':{}", "'clientOrderId':[]", "'timeInForce':'gtc'", "'timeInForce':0",
        "'selfTradePrevention':'X'", "'contingency':'OCX'", "'orders':{}", "'listId':''", "'action':5",
        "'trailingBps':'5'", "'maxSlippage':'-1'", "'displayQuantity':[1]"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) expect_bad(members[i]);
    char member[128];
    snprintf(member, sizeof member, "'commandId':'%065d'", 0);
    expect_bad(member);
    expect_reason(
        "{'symbol':'AAPL','orderId':7,'side':'BUY','quantity':1,'orderType':'LIMIT','price':1}", "AAPL", "BAD_FIELD");
    EXPECT_EVENT(&t, 0, "REJECTED", "-orderId");
    expect_reason(
        "{'symbol':'aapl','orderId':'low','side':'BUY','quantity':1,'orderType':'LIMIT','price':1}", "#7", "BAD_FIELD");
    EXPECT_EVENT(&t, 0, "REJECTED", "orderId=low");
    expect_reason("{'symbol':'AAPLAAPLAAP','orderId':'long','side':'BUY','quantity':1,'orderType':'LIMIT','price':1}",
        "#7", "BAD_FIELD");
}

Test(decoding, what_may_be_there) {
    transcript_aapl(&t,
        "\t{'x':1,'x':{'symbol':[]},'symbol':'AAPL','orderId':'a','side':'BUY','quantity':'1','orderType':'LIMIT','"
        "price':'1.00',"
        "'timestamp':9007199254740991,'postOnly':false,'userId':'','stopPrice':null,'action':'NEW'}\r\n ");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=a -userId");
    char value[256];
    snprintf(value, sizeof value,
        "{'symbol':'AAPL','orderId':'%064d','side':'BUY','quantity':1,'orderType':'LIMIT','price':1}", 7);
    transcript_aapl(&t, value);
    EXPECT_EVENT(&t, 0, "ACCEPTED", "");
}

static void say_padded(size_t bytes) {
    static const char start[] =
        "{\"symbol\":\"AAPL\",\"orderId\":\"a\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"LIMIT\",\"price\":1}";
    char *value = malloc(bytes);
    memset(value, ' ', bytes);
    memcpy(value, start, sizeof start - 1);
    transcript_record(&t, AAPL_HOME, TEXT("AAPL"), (struct text){value, (uint32_t)bytes}, NULL, NULL);
    free(value);
}

Test(decoding, the_size_of_a_record) {
    say_padded(65537);
    EXPECT_EVENT(&t, 0, "REJECTED", "symbol=#7 reason=MALFORMED");
    say_padded(65536);
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=a");
}

/* ---- msgpack */

static void say_bytes(const char *bytes, size_t size) {
    transcript_record(&t, AAPL_HOME, TEXT("AAPL"), (struct text){bytes, (uint32_t)size}, NULL, NULL);
}

#define SAY(literal) say_bytes(literal, sizeof(literal) - 1)

/* [1, NEW, "AAPL", id, "u1", 5, BUY, LIMIT, nil, 10, 15000, nil, nil] */
#define ARRAY_HEAD(id)                                                                                                 \
    "\x9d\x01\x00\xa4"                                                                                                 \
    "AAPL"                                                                                                             \
    "\xa1" id "\xa2u1\x05\x00\x00\xc0"

Test(decoding, msgpack_array) {
    SAY(ARRAY_HEAD("a") "\x0a\xcd\x3a\x98\xc0\xc0");
    EXPECT_EVENT(
        &t, 0, "ACCEPTED", "orderId=a userId=u1 side=BUY orderType=LIMIT timeInForce=GTC price=150.00 quantity=10");
    SAY(ARRAY_HEAD("a") "\x0a\xcd\x3a\x98\xc0\xc0");
    EXPECT_EVENT(&t, 0, "DUPLICATE", "originalOrderId=a");
    transcript_aapl(&t,
        "{'symbol':'AAPL','orderId':'a','side':'BUY','quantity':10,'orderType':'LIMIT','price':150.00,'userId':'u1'}");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=DUPLICATE_ID"); /* units and decimals are not the same content */
    SAY(ARRAY_HEAD("b") "\x0a\xcd\x3a\x98\xc0\x82\xa8postOnly\xc3\xa1x\x92\x01\x02");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=b");
    SAY(ARRAY_HEAD("c") "\x0a\xa3"
                        "150"
                        "\xc0\xc0"); /* text for a price */
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=BAD_FIELD orderId=c");
    SAY(ARRAY_HEAD("d") "\x0a\xcb\x40\x62\xc0\x00\x00\x00\x00\x00\xc0\xc0"); /* a double */
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=BAD_FIELD orderId=d");
    SAY(ARRAY_HEAD("e") "\xff\xcd\x3a\x98\xc0\xc0"); /* -1 */
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=BAD_FIELD orderId=e");
    SAY(ARRAY_HEAD("f") "\x0a\x00\xc0\xc0");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=OUT_OF_RANGE orderId=f");
    SAY(ARRAY_HEAD("g") "\x0a\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xc0\xc0");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=OUT_OF_RANGE orderId=g");
    SAY("\x9d\x01\xc0\xa4"
        "AAPL"
        "\xa1h\xa2u1\x05\x02\x00\xc0\x0a\x01\xc0\xc0"); /* side 2 */
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=BAD_FIELD orderId=h");
    SAY("\xdc\x00\x0d\x01\x01\xa4"
        "AAPL"
        "\xa1"
        "b\xa2u1\x05\xc0\xc0\xc0\xc0\xc0\xc0\x81\xa9"
        "commandId\xa1k");
    EXPECT_EVENT(&t, 0, "CANCELLED", "orderId=b commandId=k");
    SAY(ARRAY_HEAD("i") "\x0a\xcd\x3a\x98\xc0\x81\xa9stopPrice\x05");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=INVALID_COMBINATION orderId=i");
}

Test(decoding, msgpack_map) {
    SAY("\x86\xa6symbol\xa4"
        "AAPL"
        "\xa7orderId\xa1"
        "a\xa4side\xa4SELL\xa8quantity\x07\xa9orderType\xa5LIMIT\xa5price\xcc\x96");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=a side=SELL quantity=7 price=150.00");
    SAY("\x86\xa6symbol\xa4"
        "AAPL"
        "\xa7orderId\xa1"
        "b\xa4side\xa4SELL\xa8quantity\xa1"
        "7\xa9orderType\xa5LIMIT\xa5price\xa6"
        "150.05");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=b price=150.05");
    SAY("\x86\xa6symbol\xa4"
        "AAPL"
        "\xa7orderId\xa1"
        "c\xa4side\xa4SELL\xa8quantity\xca\x40\xe0\x00\x00\xa9orderType\xa5LIMIT\xa5price\x01");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=BAD_FIELD orderId=c");
    SAY("\x87\xa6symbol\xa4"
        "AAPL"
        "\xa7orderId\xa1"
        "d\xa4side\x01\xa8quantity\x01\xa9orderType\xa5LIMIT\xa5price\x01\x05\x06");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=BAD_FIELD orderId=d"); /* an enumeration by number */
    SAY("\x80");
    EXPECT_EVENT(&t, 0, "REJECTED", "symbol=#7 reason=MISSING_FIELD");
}

Test(decoding, malformed_msgpack) {
    static const struct {
        const char *bytes;
        size_t size;
    } values[] = {
#define VALUE(literal) {literal, sizeof(literal) - 1}
        VALUE("\x90"),
        VALUE("\x9d"),
        VALUE("\x80\x00"), /* bytes behind */
        VALUE("\x80 "),
        VALUE("\x9d\x02\x00\xa4"
              "AAPL"
              "\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0"), /* version 2 */
        VALUE("\x9c\x01\x00\xa4"
              "AAPL"
              "\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0"), /* 12 places */
        VALUE("\x9d\x01\x00\xa4"
              "AAPL"
              "\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\x05"), /* extra is no map */
        VALUE("\x9d\x01\x00\xa4"
              "AAPL"
              "\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\x81\xa5price\x05"), /* a place of its own */
        VALUE("\x82\xa6symbol\xa4"
              "AAPL"
              "\xa6symbol\xa4"
              "AAPL"),
        VALUE("\x81\xa6symbol\xa4"
              "AA\xffL"),
        VALUE("\x81\xa1x\xa1\xff"),
        VALUE("\xdf\xff\xff\xff\xff"),
        VALUE("\xdd\xff\xff\xff\xff\x01"),
        VALUE("\x81\xa1x\xc1"),
        VALUE("\x81\xa1x\xdb\xff\xff\xff\xff"),
        VALUE("\xa4"
              "AAPL"),
#undef VALUE
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        say_bytes(values[i].bytes, values[i].size);
        EXPECT_COUNT(&t, 1);
        EXPECT_EVENT(&t, 0, "REJECTED", "symbol=#7 reason=MALFORMED");
    }
}

/* {"x": [[[...nil...]]]}: the map and `arrays` arrays in one another. */
static void say_nested(int arrays) {
    char bytes[256] = "\x81\xa1x";
    memset(bytes + 3, 0x91, (size_t)arrays);
    bytes[3 + arrays] = (char)0xc0;
    say_bytes(bytes, (size_t)arrays + 4);
}

Test(decoding, nesting) {
    say_nested(31);
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=MISSING_FIELD");
    say_nested(32);
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=MALFORMED");
    char json[1024] = "{'x':";
    for (int i = 0; i < 400; i++) {
        json[5 + i] = '[';
        json[405 + i] = ']';
    }
    json[805] = '}';
    expect_reason(json, "#7", "MISSING_FIELD");
}

Test(decoding, bytes_by_chance_are_answered) {
    uint64_t random = 42;
    for (int i = 0; i < 20000; i++) {
        char bytes[64];
        for (size_t b = 0; b < sizeof bytes; b++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
            bytes[b] = (char)(random >> 56);
        }
        if (i % 2) bytes[0] = (char)(0x80 + (i / 2) % 0x20);
        say_bytes(bytes, 1 + (size_t)(random >> 40) % sizeof bytes);
        EXPECT_COUNT(&t, 1);
        EXPECT_EVENT(&t, 0, "REJECTED", "symbol=#7");
    }
}
