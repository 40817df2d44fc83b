/* LIST: OCO, OTO, OTOCO; its decoding, its ids, its admission. */
#include "tests/reference/stage.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(lists, .init = stage_open, .fini = stage_close);

#define LIST(id, contingency, orders)                                                                                  \
    say("'action':'LIST','listId':'" id "','userId':'u1','contingency':'" contingency "','orders':[" orders "]")
#define LIMIT(id, side, quantity, price)                                                                               \
    "{'orderId':'" id "','side':'" side "','orderType':'LIMIT','quantity':" quantity ",'price':" price "}"
#define STOP(id, side, quantity, price)                                                                                \
    "{'orderId':'" id "','side':'" side "','orderType':'STOP','quantity':" quantity ",'stopPrice':" price "}"

Test(lists, one_cancels_the_other_by_its_first_fill) {
    LIST("l", "OCO", LIMIT("p", "SELL", "5", "11.00") "," STOP("s", "SELL", "5", "9.00"));
    TELLS("ACCEPTED p, ACCEPTED s");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=p userId=u1 listId=l side=SELL");
    limit("b", "BUY", "2", "11.00", "u2");
    TELLS("ACCEPTED b, FILL 11.00*2 b p, CANCELLED s 5 OCO");
    EXPECT_EVENT(&t, 2, "CANCELLED", "-commandId userId=u1");
    limit("c", "BUY", "2", "11.00", "u2");
    TELLS("ACCEPTED c, FILL 11.00*2 c p");
}

Test(lists, one_cancels_the_other_by_its_trigger) {
    limit("b", "BUY", "1", "9.00", "u2");
    LIST("l", "OCO", LIMIT("p", "SELL", "5", "11.00") "," STOP("s", "SELL", "5", "9.00"));
    limit("x", "SELL", "1", "9.00", "u3");
    TELLS("ACCEPTED x, FILL 9.00*1 x b, TRIGGERED s 9.00 9.00, CANCELLED p 5 OCO, EXPIRED s 5 NO_LIQUIDITY");
    expect_empty(true);
}

Test(lists, the_first_of_two_takes_the_second_along) {
    limit("b", "BUY", "1", "11.00", "u2");
    LIST("l", "OCO", LIMIT("p", "SELL", "5", "11.00") "," STOP("s", "SELL", "5", "12.00"));
    TELLS("ACCEPTED p, ACCEPTED s, FILL 11.00*1 p b, CANCELLED s 5 OCO");
    LIST("m", "OCO", STOP("s2", "SELL", "5", "12.00") "," LIMIT("p2", "SELL", "5", "11.00"));
    TELLS("ACCEPTED s2, ACCEPTED p2, TRIGGERED s2 12.00 11.00, CANCELLED p2 5 OCO, EXPIRED s2 5 NO_LIQUIDITY");
}

Test(lists, an_order_that_ends_otherwise_leaves_the_other) {
    LIST("l", "OCO", LIMIT("p", "SELL", "5", "11.00") "," STOP("s", "SELL", "5", "9.00"));
    say("'action':'CANCEL','orderId':'s','userId':'u1'");
    TELLS("CANCELLED s 5 USER");
    limit("b", "BUY", "2", "11.00", "u2");
    TELLS("ACCEPTED b, FILL 11.00*2 b p");
}

Test(lists, a_queued_stop_whose_other_order_traded_is_void) {
    limit("b", "BUY", "1", "10.00", "u2");
    order("first", "BUY", "STOP", "1", NULL, ",'stopPrice':10.00");
    LIST("l", "OCO", LIMIT("p", "SELL", "5", "11.00") "," STOP("s", "SELL", "5", "10.00"));
    limit("x", "SELL", "1", "10.00", "u3"); /* the queue: first, s; first takes p */
    TELLS("ACCEPTED x, FILL 10.00*1 x b, TRIGGERED first 10.00 10.00, FILL 11.00*1 first p, CANCELLED s 5 OCO");
}

Test(lists, children_enter_when_the_parent_is_filled) {
    LIST("l", "OTOCO",
        LIMIT("p", "BUY", "5", "10.00") "," LIMIT("c1", "SELL", "5", "11.00") "," STOP("c2", "SELL", "5", "9.00"));
    TELLS("ACCEPTED p");
    limit("x", "SELL", "3", "10.00", "u2");
    TELLS("ACCEPTED x, FILL 10.00*3 x p");
    limit("y", "SELL", "3", "10.00", "u2");
    TELLS("ACCEPTED y, FILL 10.00*2 y p, ACCEPTED c1, ACCEPTED c2");
    EXPECT_EVENT(&t, 2, "ACCEPTED", "orderId=c1 listId=l userId=u1");
    limit("z", "BUY", "9", "11.00", "u2");
    TELLS("ACCEPTED z, FILL 10.00*1 z y, FILL 11.00*5 z c1, CANCELLED c2 5 OCO");
}

Test(lists, children_come_before_the_stops_of_the_same_fills) {
    order("stop", "SELL", "STOP", "1", NULL, ",'stopPrice':10.00");
    LIST("l", "OTO", LIMIT("p", "BUY", "5", "10.00") "," LIMIT("c", "BUY", "5", "9.00"));
    limit("x", "SELL", "5", "10.00", "u2");
    TELLS("ACCEPTED x, FILL 10.00*5 x p, ACCEPTED c, TRIGGERED stop 10.00 10.00, FILL 9.00*1 stop c");
}

Test(lists, a_parent_that_ends_otherwise_takes_its_children_along) {
    LIST("l", "OTOCO",
        LIMIT("p", "BUY", "5", "10.00") "," LIMIT("c1", "SELL", "5", "11.00") "," STOP("c2", "SELL", "5", "9.00"));
    limit("x", "SELL", "4", "10.00", "u2");
    say("'action':'CANCEL_ALL','userId':'u1'");
    TELLS("CANCELLED p 1 MASS, CANCELLED c1 5 PARENT, CANCELLED c2 5 PARENT, DONE 1");
    LIST("m", "OTO", "{'orderId':'p2','side':'BUY','orderType':'MARKET','quantity':1}," LIMIT("c3", "SELL", "5", "11"));
    TELLS("ACCEPTED p2, EXPIRED p2 1 NO_LIQUIDITY, CANCELLED c3 5 PARENT");
    limit("own", "SELL", "1", "10.00", "u1");
    LIST("n", "OTO",
        "{'orderId':'p3','side':'BUY','orderType':'LIMIT','price':10,'quantity':1,'selfTradePrevention':'DECREMENT'}"
        "," LIMIT("c4", "SELL", "5", "11.00"));
    TELLS("ACCEPTED p3, PREVENTED 10.00*1 p3 own, CANCELLED c4 5 PARENT");
}

Test(lists, waiting_children) {
    LIST("l", "OTOCO",
        "{'orderId':'p','side':'BUY','orderType':'LIMIT','quantity':5,'price':10.00,'clientOrderId':'k'}," LIMIT(
            "c1", "SELL", "5", "11.00") ",{'orderId':'c2','side':'SELL','orderType':'LIMIT','quantity':5,"
                                        "'price':9.99,'postOnly':true,'clientOrderId':'kc'}");
    say("'action':'MODIFY','orderId':'c1','userId':'u1','quantity':1");
    TELLS("REJECTED c1 UNKNOWN");
    say("'action':'REPLACE','orderId':'r','cancelOrderId':'c1','userId':'u1','side':'BUY','orderType':'LIMIT',"
        "'quantity':1,'price':1");
    TELLS("REJECTED r UNKNOWN");
    say("'action':'CANCEL','clientOrderId':'kc','userId':'u2'");
    TELLS("REJECTED kc UNKNOWN");
    say("'action':'CANCEL','orderId':'c1','userId':'u1'");
    TELLS("CANCELLED c1 5 USER");
    limit("b", "BUY", "1", "9.99", "u2");
    t.time_ms += 60001;
    limit("c2", "BUY", "1", "1.00", "u1"); /* its id is open */
    TELLS("REJECTED c2 DUPLICATE_ID");
    limit("x", "SELL", "5", "10.00", "u2");
    TELLS("ACCEPTED x, FILL 10.00*5 x p, REJECTED c2 POST_ONLY");
    EXPECT_EVENT(&t, 2, "REJECTED", "orderId=c2 clientOrderId=kc userId=u1");
    EXPECT_EVENT(&t, 2, "REJECTED", "listId=l -commandId");
}

Test(lists, a_rejected_child_leaves_the_other) {
    LIST("l", "OTOCO",
        LIMIT("p", "BUY", "1", "10.00") ",{'orderId':'c1','side':'SELL','orderType':'LIMIT','quantity':5,'price':11,"
                                        "'timeInForce':'GTD','expireTime':1764900000100}," LIMIT(
                                            "c2", "SELL", "5", "12.00"));
    TELLS("ACCEPTED p");
    t.time_ms += 100;
    limit("x", "SELL", "1", "10.00", "u2");
    TELLS("ACCEPTED x, FILL 10.00*1 x p, REJECTED c1 OUT_OF_RANGE, ACCEPTED c2");
}

Test(lists, admission_is_for_all) {
    limit("open", "SELL", "1", "20.00", "u2");
    LIST("a", "OCO", LIMIT("a1", "BUY", "5", "10.00"));
    TELLS("REJECTED a INVALID_COMBINATION");
    LIST("b", "OCO", LIMIT("b1", "BUY", "5", "10.00") "," LIMIT("b2", "SELL", "5", "10.00"));
    TELLS("REJECTED b INVALID_COMBINATION");
    LIST("c", "OTO", LIMIT("c1", "BUY", "5", "10.00") "," LIMIT("c1", "SELL", "5", "10.00"));
    TELLS("REJECTED c INVALID_COMBINATION");
    LIST("d", "OTO", LIMIT("d1", "BUY", "0.5", "10.00") "," LIMIT("d2", "SELL", "5", "10.001"));
    TELLS("REJECTED d OFF_TICK");
    EXPECT_EVENT(&t, 0, "REJECTED", "listId=d userId=u1 -orderId");
    LIST("e", "OTO", LIMIT("e1", "BUY", "5", "10.00") ",{'orderId':'e2'}");
    TELLS("REJECTED e MISSING_FIELD");
    LIST("f", "OTO", LIMIT("f1", "BUY", "5", "10.00") ",5");
    TELLS("REJECTED f BAD_FIELD");
    LIST("g", "OTO", LIMIT("open", "BUY", "5", "10.00") "," LIMIT("g2", "SELL", "5", "10.00"));
    TELLS("REJECTED g DUPLICATE_ID");
    LIST("h", "OTO",
        LIMIT("h1", "BUY", "5", "10.00") ",{'orderId':'h2','symbol':'MSFT','side':'BUY','orderType':"
                                         "'MARKET','quantity':1}");
    TELLS("REJECTED h BAD_FIELD");
    LIST("i", "OTO",
        LIMIT("i1", "BUY", "5", "10.00") ",{'orderId':'i2','symbol':'AAPL','userId':'u1','action':'NEW',"
                                         "'side':'BUY','orderType':'MARKET','quantity':1}");
    TELLS("ACCEPTED i1");
    LIST("j", "OTO", LIMIT("j1", "BUY", "5", "10.00") ",{'orderId':'j2','orderId':'j3'}");
    TELLS("REJECTED - MALFORMED");
    say("'action':'CANCEL','orderId':'k2','userId':'u1'");
    LIST("k", "OTO", LIMIT("k1", "BUY", "5", "10.00") "," LIMIT("k2", "SELL", "5", "10.00"));
    TELLS("REJECTED k CANCELLED_BEFORE");
    LIST("l", "OCO",
        LIMIT("l1", "BUY", "5", "1.00") ",{'orderId':'l2','side':'BUY','orderType':'LIMIT','quantity':1,"
                                        "'price':20,'postOnly':true}");
    TELLS("REJECTED l POST_ONLY");
    LIST("m", "OTO",
        LIMIT("m1", "BUY", "5", "1.00") ",{'orderId':'m2','side':'BUY','orderType':'LIMIT','quantity':1,"
                                        "'price':20,'postOnly':true}");
    TELLS("ACCEPTED m1"); /* a child is judged when it enters */
    LIST("n", "OTO", "{'orderId':'n1','side':'BUY','orderType':'LIMIT','quantity':1,'price':1,'timeInForce':'AON'},{}");
    TELLS("REJECTED n UNSUPPORTED"); /* the first faulty order's first fault */
}

Test(lists, repeats) {
    LIST("l", "OTO", LIMIT("p", "BUY", "5", "10.00") "," LIMIT("c", "SELL", "5", "11.00"));
    LIST("l", "OTO", LIMIT("p", "BUY", "5e0", "'10.00'") "," LIMIT("c", "SELL", "5", "11.0"));
    TELLS("DUPLICATE l");
    EXPECT_EVENT(&t, 0, "DUPLICATE", "listId=l userId=u1 originalOrderId=l");
    LIST("l", "OTO", LIMIT("p", "BUY", "5", "10.00") "," LIMIT("c", "SELL", "5", "11.01"));
    TELLS("REJECTED l DUPLICATE_ID");
    LIST("l", "OCO", LIMIT("p", "BUY", "5", "10.00") "," LIMIT("c", "SELL", "5", "11.00"));
    TELLS("REJECTED l DUPLICATE_ID");
    limit("p", "BUY", "5", "10.00", "u1");
    TELLS("REJECTED p DUPLICATE_ID");
    limit("c", "SELL", "5", "11.00", "u1");
    TELLS("REJECTED c DUPLICATE_ID");
    LIST("m", "OTO", LIMIT("q", "BUY", "0", "10.00") "," LIMIT("r", "SELL", "5", "11.00"));
    TELLS("REJECTED m OUT_OF_RANGE");
    limit("q", "BUY", "5", "10.00", "u1"); /* a rejected list leaves its ids too */
    TELLS("REJECTED q DUPLICATE_ID");
}

static void pack(const char *bytes, size_t size) {
    transcript_record(&t, AAPL_HOME, TEXT("AAPL"), (struct text){bytes, (uint32_t)size}, NULL, NULL);
}
#define PACK(literal) pack(literal, sizeof(literal) - 1)
#define ARRAY_ORDER(id, price) "\x9d\x01\xc0\xc0\xa1" id "\xc0\xc0\x00\x00\xc0\x05\xcd" price "\xc0\xc0"
#define ARRAY_LIST(id, orders)                                                                                         \
    "\x9d\x01\x05\xa4"                                                                                                 \
    "AAPL\xc0\xa2u1\xc0\xc0\xc0\xc0\xc0\xc0\xc0\x83\xa6listId\xa1" id "\xab"                                           \
    "contingency\xa3OCO\xa6orders\x92" orders

Test(lists, msgpack_array_of_arrays_and_maps) {
    PACK(ARRAY_LIST("l", ARRAY_ORDER("a", "\x03\xe8") "\x85\xa7orderId\xa1"
                                                      "b\xa4side\xa3"
                                                      "BUY\xa8quantity\x07\xa9"
                                                      "orderType\xa5LIMIT\xa5price\xcd\x03\xe7"));
    TELLS("ACCEPTED a, ACCEPTED b");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "price=10.00 quantity=5 userId=u1 listId=l");
    EXPECT_EVENT(&t, 1, "ACCEPTED", "price=9.99 quantity=7"); /* in units here too */
    PACK(ARRAY_LIST("m", ARRAY_ORDER("c", "\x03\xe8") "\x91\x01"));
    TELLS("REJECTED - MALFORMED");
    PACK(ARRAY_LIST("n", ARRAY_ORDER("d", "\x03\xe8") "\x01"));
    TELLS("REJECTED n BAD_FIELD");
}

#define MAP_ORDER(id)                                                                                                  \
    "\x85\xa7orderId\xa1" id "\xa4side\xa3"                                                                            \
    "BUY\xa8quantity\x07\xa9orderType\xa5LIMIT\xa5price\x09"
#define MAP_LIST(id, orders)                                                                                           \
    "\x86\xa6orders\x92" orders "\xa6"                                                                                 \
    "action\xa4LIST\xa6symbol\xa4"                                                                                     \
    "AAPL\xa6listId\xa1" id "\xa6userId\xa2u1\xab"                                                                     \
    "contingency\xa3OTO"

Test(lists, msgpack_map) {
    PACK(MAP_LIST("l", MAP_ORDER("a") MAP_ORDER("b")));
    TELLS("ACCEPTED a");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "price=9.00 quantity=7");
    PACK(MAP_LIST("m", MAP_ORDER("c") ARRAY_ORDER("d", "\x03\xe8")));
    TELLS("REJECTED m BAD_FIELD");
}
