/* Whole events, byte by byte. The hashes come from rolling_hash.py, which shares nothing with the C code. */
#include "core/reason.h"
#include "tests/reference/transcript.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void expect_bytes(const struct transcript *t, size_t i, const char *expected) {
    char bytes[4096];
    cr_assert_lt(i, t->count);
    snprintf(bytes, sizeof bytes, "%s", expected);
    for (char *at = bytes; *at; at++)
        if (*at == '\'') *at = '"';
    cr_assert_str_eq(t->events[i], bytes);
}

static void expect_rejected(const struct transcript *t, const char *before, enum reason reason, const char *hash) {
    char expected[2048];
    struct text text = reason_text(reason), name = reason_name(reason);
    snprintf(expected, sizeof expected, "%s,'reason':'%.*s','text':'%.*s','hash':'%s'}", before, (int)name.size,
        name.data, (int)text.size, text.data, hash);
    expect_bytes(t, 0, expected);
}

Test(golden, every_type_in_full) {
    struct transcript t;
    transcript_open(&t);

    transcript_aapl(&t,
        "{'symbol':'AAPL','side':'SELL','quantity':100,'price':150.00,'orderType':'LIMIT','userId':'user123',"
        "'timestamp':1764900000000,'orderId':'1764900000000-abcdefghi','clientOrderId':'a\\'b\\\\c\\u0001\xc3\xa9\x7f'"
        "}");
    EXPECT_COUNT(&t, 1);
    expect_bytes(&t, 0,
        "{'type':'ACCEPTED','symbol':'AAPL','fseq':1,'src':{'p':7,'o':0,'i':0},'own':0,'timestamp':1764900000000,"
        "'orderId':'1764900000000-abcdefghi','clientOrderId':'a\\'b\\\\c\\u0001\xc3\xa9\x7f','userId':'user123','side':"
        "'SELL',"
        "'orderType':'LIMIT','timeInForce':'GTC','price':'150.00','quantity':'100','leaves':'100','hash':'"
        "2843f6cd886e340d'}");

    t.time_ms += 5;
    transcript_aapl(&t, "{'symbol':'AAPL','side':'BUY','quantity':'30','orderType':'MARKET','orderId':'b1'}");
    EXPECT_COUNT(&t, 2);
    expect_bytes(&t, 0,
        "{'type':'ACCEPTED','symbol':'AAPL','fseq':2,'src':{'p':7,'o':1,'i':0},'own':0,'timestamp':1764900000005,"
        "'orderId':'b1','side':'BUY','orderType':'MARKET','timeInForce':'IOC','quantity':'30','leaves':'30','hash':'"
        "5e7561e652594dad'}");
    expect_bytes(&t, 1,
        "{'type':'FILL','symbol':'AAPL','fseq':3,'src':{'p':7,'o':1,'i':1},'own':0,'timestamp':1764900000005,'tradeId':"
        "1,"
        "'price':'150.00','quantity':'30','takerSide':'BUY','taker':{'orderId':'b1','leaves':'0','cumulative':'30'},"
        "'maker':{'orderId':'1764900000000-abcdefghi','clientOrderId':'a\\'b\\\\c\\u0001\xc3\xa9\x7f','userId':'"
        "user123',"
        "'leaves':'70','cumulative':'30'},'hash':'68fc41b1fd9c18b4'}");

    transcript_aapl(&t, "{'symbol':'AAPL',");
    EXPECT_COUNT(&t, 1);
    expect_rejected(&t,
        "{'type':'REJECTED','symbol':'#7','fseq':1,'src':{'p':7,'o':2,'i':0},'own':0,'timestamp':1764900000005",
        REASON_MALFORMED, "faf9f93239b075e9");

    transcript_aapl(&t,
        "{'action':'MODIFY','symbol':'AAPL','orderId':'1764900000000-abcdefghi','userId':'user123','quantity':120,"
        "'price':'149.95','commandId':'m1'}");
    EXPECT_COUNT(&t, 1);
    expect_bytes(&t, 0,
        "{'type':'MODIFIED','symbol':'AAPL','fseq':4,'src':{'p':7,'o':3,'i':0},'own':0,'timestamp':1764900000005,"
        "'orderId':'1764900000000-abcdefghi','clientOrderId':'a\\'b\\\\c\\u0001\xc3\xa9\x7f','commandId':'m1','userId':"
        "'user123',"
        "'price':'149.95','quantity':'120','leaves':'90','keptPriority':false,'hash':'13049f993a4365f1'}");

    t.time_ms -= 1000; /* a clock that goes back moves nothing */
    transcript_aapl(&t, "{'action':'CANCEL','symbol':'AAPL','orderId':'1764900000000-abcdefghi','userId':'user123'}");
    EXPECT_COUNT(&t, 1);
    expect_bytes(&t, 0,
        "{'type':'CANCELLED','symbol':'AAPL','fseq':5,'src':{'p':7,'o':4,'i':0},'own':0,'timestamp':1764900000005,"
        "'orderId':'1764900000000-abcdefghi','clientOrderId':'a\\'b\\\\c\\u0001\xc3\xa9\x7f','commandId':'7-4','userId'"
        ":'user123',"
        "'leaves':'90','cumulative':'30','reason':'USER','hash':'d047ec22d0e45c22'}");

    transcript_aapl(&t, "{'action':'CANCEL_ALL','symbol':'AAPL','userId':'user123','side':'SELL','commandId':'all'}");
    EXPECT_COUNT(&t, 1);
    expect_bytes(&t, 0,
        "{'type':'CANCEL_ALL_DONE','symbol':'AAPL','fseq':6,'src':{'p':7,'o':5,'i':0},'own':0,'timestamp':"
        "1764900000005,"
        "'commandId':'all','userId':'user123','side':'SELL','count':0,'hash':'810c5d68ad663814'}");

    static const char begin[] = "{\"kind\":\"BEGIN\",\"symbol\":\"AAPL\",\"mid\":\"m\",\"epoch\":1,\"source\":\"a\","
                                "\"target\":\"a\",\"worker\":1,\"mode\":\"DIRECT\"}";
    static const char cut[] = "{\"kind\":\"CUT\",\"symbol\":\"AAPL\",\"mid\":\"m\",\"epoch\":1}";
    transcript_record(&t, AAPL_HOME, TEXT("AAPL"), text_of(begin), "2", NULL);
    expect_bytes(&t, 0,
        "{'type':'CONTROL','symbol':'AAPL','fseq':7,'src':{'p':7,'o':6,'i':0},'own':0,'timestamp':1764900000005,"
        "'kind':'BEGIN','result':'ACCEPTED','mid':'m','epoch':1,'source':'a','target':'a','worker':1,'mode':'DIRECT',"
        "'hash':'055f91ff715a8a1d'}");
    transcript_record(&t, AAPL_HOME, TEXT("AAPL"), text_of(cut), "2", NULL);
    expect_bytes(&t, 0,
        "{'type':'CONTROL','symbol':'AAPL','fseq':8,'src':{'p':7,'o':7,'i':0},'own':0,'timestamp':1764900000005,"
        "'kind':'CUT','result':'ACCEPTED','mid':'m','epoch':1,'hash':'0d6413bafc274a45'}");

    transcript_aapl(&t, "{'symbol':'AAPL','side':'BUY','quantity':1e6,'price':0.01,'orderType':'LIMIT','orderId':'f1','"
                        "timeInForce':'FOK'}");
    EXPECT_COUNT(&t, 2);
    expect_bytes(&t, 0,
        "{'type':'ACCEPTED','symbol':'AAPL','fseq':9,'src':{'p':7,'o':8,'i':0},'own':7,'timestamp':1764900000005,'"
        "orderId':'f1',"
        "'side':'BUY','orderType':'LIMIT','timeInForce':'FOK','price':'0.01','quantity':'1000000','leaves':'1000000',"
        "'hash':'1db8752814d42e7c'}");
    expect_bytes(&t, 1,
        "{'type':'EXPIRED','symbol':'AAPL','fseq':10,'src':{'p':7,'o':8,'i':1},'own':7,'timestamp':1764900000005,'"
        "orderId':'f1',"
        "'leaves':'1000000','cumulative':'0','reason':'FOK','hash':'1090047f6aec9cd9'}");

    transcript_aapl(&t,
        "{'symbol':'AAPL','side':'BUY','quantity':'1000000','price':'1e-2','orderType':'LIMIT','orderId':'f1',"
        "'timeInForce':'FOK','timestamp':5,'unknown':[{}]}");
    expect_bytes(&t, 0,
        "{'type':'DUPLICATE','symbol':'AAPL','fseq':11,'src':{'p':7,'o':9,'i':0},'own':7,'timestamp':1764900000005,'"
        "orderId':'f1',"
        "'originalOrderId':'f1','hash':'519e15b820642300'}");
    transcript_aapl(&t, "{'symbol':'AAPL','side':'SELL','quantity':1e6,'price':0.01,'orderType':'LIMIT','orderId':'f1',"
                        "'timeInForce':'FOK'}");
    expect_rejected(&t,
        "{'type':'REJECTED','symbol':'AAPL','fseq':12,'src':{'p':7,'o':10,'i':0},'own':7,'timestamp':1764900000005,'"
        "orderId':'f1'",
        REASON_DUPLICATE_ID, "8ad6c3d0559bfd8b");

    uint64_t fseq, hash;
    cr_assert(reference_position(t.reference, TEXT("AAPL"), &fseq, &hash));
    cr_assert_eq(fseq, 12);
    cr_assert_eq(hash, UINT64_C(0x8ad6c3d0559bfd8b));
    transcript_close(&t);
}

/* The guide's symbol, and keys whose murmur2 Kafka's own tests pin. */
Test(golden, homes) {
    cr_assert_eq(reference_home(TEXT("AAPL")), 7);
    cr_assert_eq(reference_home(TEXT("21")), (int32_t)((uint32_t)(-973932308 & 0x7fffffff) % 10));
    cr_assert_eq(reference_home(TEXT("foobar")), (int32_t)((uint32_t)(-790332482 & 0x7fffffff) % 10));
    cr_assert_eq(reference_home(TEXT("a-little-bit-long-string")), (int32_t)((uint32_t)(-985981536 & 0x7fffffff) % 10));
    cr_assert_eq(
        reference_home(TEXT("a-little-bit-longer-string")), (int32_t)((uint32_t)(-1486304829 & 0x7fffffff) % 10));
    cr_assert_eq(reference_home(TEXT("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8")),
        (int32_t)((uint32_t)(-58897971 & 0x7fffffff) % 10));
    cr_assert_eq(reference_home(TEXT("abc")), (int32_t)(479470107u % 10));
}
