/* Each rule as a story that can be checked by hand. */
#include "tests/reference/stage.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(rules, .init = stage_open, .fini = stage_close);

Test(rules, price_then_time_at_the_makers_price) {
    limit("s1", "SELL", "10", "10.02", "u1");
    limit("s2", "SELL", "10", "10.01", "u1");
    limit("s3", "SELL", "10", "10.01", "u2");
    limit("b1", "BUY", "25", "10.05", "u3");
    EXPECT_COUNT(&t, 4);
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=b1 leaves=25 price=10.05 timeInForce=GTC");
    EXPECT_EVENT(&t, 1, "FILL",
        "tradeId=1 price=10.01 quantity=10 takerSide=BUY maker.orderId=s2 maker.leaves=0 taker.leaves=15 "
        "taker.cumulative=10");
    EXPECT_EVENT(&t, 2, "FILL", "tradeId=2 price=10.01 quantity=10 maker.orderId=s3 taker.leaves=5");
    EXPECT_EVENT(&t, 3, "FILL",
        "tradeId=3 price=10.02 quantity=5 maker.orderId=s1 maker.leaves=5 maker.cumulative=5 taker.leaves=0");
    expect_level(true, 0, 1002, 5);
    expect_empty(false);
}

Test(rules, a_limit_stops_at_its_price_and_rests) {
    limit("s1", "SELL", "10", "10.00", "u1");
    limit("s2", "SELL", "10", "10.01", "u1");
    limit("b1", "BUY", "15", "10.00", "u2");
    EXPECT_COUNT(&t, 2);
    expect_level(false, 0, 1000, 5);
    expect_level(true, 0, 1001, 10);
}

Test(rules, market_never_rests) {
    limit("b1", "BUY", "10", "9.99", "u1");
    order("m1", "SELL", "MARKET", "25", NULL, "");
    EXPECT_COUNT(&t, 3);
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderType=MARKET timeInForce=IOC -price quantity=25");
    EXPECT_EVENT(&t, 1, "FILL", "price=9.99 quantity=10 takerSide=SELL");
    EXPECT_EVENT(&t, 2, "EXPIRED", "orderId=m1 leaves=15 cumulative=10 reason=NO_LIQUIDITY -commandId");
    order("m2", "SELL", "MARKET", "1", "'0.001'", ""); /* its price is ignored */
    EXPECT_COUNT(&t, 2);
    EXPECT_EVENT(&t, 1, "EXPIRED", "reason=NO_LIQUIDITY leaves=1 cumulative=0");
    order("m3", "SELL", "MARKET", "1", NULL, ",'timeInForce':'FOK'");
    EXPECT_EVENT(&t, 1, "EXPIRED", "reason=FOK");
    order("m4", "SELL", "MARKET", "1", "'x'", "");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=BAD_FIELD orderId=m4");
}

Test(rules, immediate_or_cancel) {
    limit("s1", "SELL", "10", "10.00", "u1");
    order("i1", "BUY", "LIMIT", "15", "10.00", ",'timeInForce':'IOC'");
    EXPECT_COUNT(&t, 3);
    EXPECT_EVENT(&t, 1, "FILL", "quantity=10");
    EXPECT_EVENT(&t, 2, "EXPIRED", "leaves=5 cumulative=10 reason=IOC");
    expect_empty(false);
}

Test(rules, fill_or_kill) {
    limit("s1", "SELL", "10", "10.00", "u1");
    limit("s2", "SELL", "10", "10.01", "u1");
    limit("s3", "SELL", "10", "10.02", "u1");
    order("f1", "BUY", "LIMIT", "21", "10.01", ",'timeInForce':'FOK'");
    EXPECT_COUNT(&t, 2);
    EXPECT_EVENT(&t, 1, "EXPIRED", "leaves=21 cumulative=0 reason=FOK");
    expect_level(true, 0, 1000, 10);
    order("f2", "BUY", "LIMIT", "20", "10.01", ",'timeInForce':'FOK'");
    EXPECT_COUNT(&t, 3);
    EXPECT_EVENT(&t, 2, "FILL", "price=10.01 taker.leaves=0 taker.cumulative=20");
    expect_level(true, 0, 1002, 10);
}

Test(rules, post_only) {
    limit("s1", "SELL", "10", "10.00", "u1");
    order("p1", "BUY", "LIMIT", "5", "10.00", ",'userId':'u1','postOnly':true");
    EXPECT_COUNT(&t, 1);
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=POST_ONLY orderId=p1 userId=u1");
    expect_empty(false);
    order("p2", "BUY", "LIMIT", "5", "9.99", ",'userId':'u1','postOnly':true");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=p2 timeInForce=GTC");
    expect_level(false, 0, 999, 5);
    transcript_aapl(&t, "{'action':'MODIFY','symbol':'AAPL','orderId':'p2','userId':'u1','price':10.00}");
    EXPECT_COUNT(&t, 1);
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=POST_ONLY orderId=p2");
    expect_level(false, 0, 999, 5);
    order("p3", "BUY", "LIMIT", "5", "9.99", ",'postOnly':true,'timeInForce':'IOC'");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=INVALID_COMBINATION");
    order("p4", "BUY", "MARKET", "5", NULL, ",'postOnly':true");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=INVALID_COMBINATION");
    order("p5", "BUY", "MARKET", "5", NULL, ",'timeInForce':'GTC'");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=INVALID_COMBINATION");
}

Test(rules, own_orders_trade_with_each_other_unless_asked) {
    limit("s1", "SELL", "10", "10.00", "u1");
    limit("b1", "BUY", "10", "10.00", "u1");
    EXPECT_COUNT(&t, 2);
    EXPECT_EVENT(&t, 1, "FILL", "taker.userId=u1 maker.userId=u1");
}

Test(rules, cancel_asks_whose_it_is) {
    limit("s1", "SELL", "10", "10.00", "u1");
    order("s2", "SELL", "LIMIT", "10", "10.00", "");
    transcript_aapl(&t, "{'action':'CANCEL','symbol':'AAPL','orderId':'s1','userId':'u2','commandId':'k1'}");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=UNKNOWN orderId=s1 commandId=k1 userId=u2");
    transcript_aapl(&t, "{'action':'CANCEL','symbol':'AAPL','orderId':'s2','userId':'u2','commandId':'k2'}");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=UNKNOWN");
    transcript_aapl(&t, "{'action':'CANCEL','symbol':'AAPL','orderId':'s1','userId':'u1','commandId':'k3'}");
    EXPECT_EVENT(&t, 0, "CANCELLED", "orderId=s1 commandId=k3 userId=u1 leaves=10 cumulative=0 reason=USER");
    transcript_aapl(&t, "{'action':'CANCEL','symbol':'AAPL','orderId':'s1','userId':'u1'}");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=UNKNOWN commandId=7-5");
    expect_level(true, 0, 1000, 10);
}

Test(rules, cancel_by_client_order_id) {
    order("s1", "SELL", "LIMIT", "10", "10.00", ",'userId':'u1','clientOrderId':'c'");
    order("s2", "SELL", "LIMIT", "10", "10.00", ",'userId':'u2','clientOrderId':'c'");
    transcript_aapl(&t, "{'action':'CANCEL','symbol':'AAPL','clientOrderId':'c','userId':'u2'}");
    EXPECT_EVENT(&t, 0, "CANCELLED", "orderId=s2 clientOrderId=c userId=u2");
    transcript_aapl(&t, "{'action':'CANCEL','symbol':'AAPL','clientOrderId':'c','userId':'u2','orderId':'s1'}");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=UNKNOWN orderId=s1 clientOrderId=c");
    transcript_aapl(&t, "{'action':'CANCEL','symbol':'AAPL','clientOrderId':'c','userId':'u1'}");
    EXPECT_EVENT(&t, 0, "CANCELLED", "orderId=s1");
}

Test(rules, a_cancel_that_came_first_stops_its_order_for_a_while) {
    transcript_aapl(&t, "{'action':'CANCEL','symbol':'AAPL','orderId':'x','userId':'u1'}");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=UNKNOWN");
    transcript_aapl(&t, "{'action':'CANCEL','symbol':'AAPL','clientOrderId':'cx','userId':'u1'}");
    limit("x", "SELL", "10", "10.00", "u1");
    EXPECT_COUNT(&t, 1);
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=CANCELLED_BEFORE orderId=x");
    limit("x", "SELL", "10", "10.00", "u1");
    EXPECT_EVENT(&t, 0, "DUPLICATE", "originalOrderId=x");
    order("y", "SELL", "LIMIT", "10", "10.00", ",'userId':'u1','clientOrderId':'cx'");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=CANCELLED_BEFORE orderId=y clientOrderId=cx");
    order("z", "SELL", "LIMIT", "10", "10.00", ",'userId':'u2','clientOrderId':'cx'");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=z");
    t.time_ms += 60000;
    limit("w", "SELL", "10", "10.00", "u1"); /* the window's last millisecond */
    transcript_aapl(&t, "{'action':'MODIFY','symbol':'AAPL','orderId':'never','userId':'u1','quantity':5}");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=UNKNOWN");
    limit("never", "SELL", "10", "10.00", "u1"); /* a modify leaves nothing */
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=never");
    t.time_ms += 1;
    limit("x", "SELL", "10", "10.00", "u1");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=x");
}

Test(rules, the_tombstones_last_millisecond) {
    transcript_aapl(&t, "{'action':'CANCEL','symbol':'AAPL','orderId':'x','userId':'u1'}");
    t.time_ms += 60000;
    limit("x", "SELL", "10", "10.00", "u1");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=CANCELLED_BEFORE");
}

Test(rules, modify_down_keeps_priority_up_and_price_lose_it) {
    limit("s1", "SELL", "10", "10.00", "u1");
    limit("s2", "SELL", "10", "10.00", "u2");
    transcript_aapl(&t, "{'action':'MODIFY','symbol':'AAPL','orderId':'s1','userId':'u1','quantity':4}");
    EXPECT_EVENT(&t, 0, "MODIFIED", "orderId=s1 price=10.00 quantity=4 leaves=4 keptPriority=true");
    limit("b1", "BUY", "1", "10.00", "u3");
    EXPECT_EVENT(&t, 1, "FILL", "maker.orderId=s1 maker.leaves=3 maker.cumulative=1");
    transcript_aapl(&t, "{'action':'MODIFY','symbol':'AAPL','orderId':'s1','userId':'u1','quantity':4,'price':'10'}");
    EXPECT_EVENT(&t, 0, "MODIFIED", "quantity=4 leaves=3 keptPriority=true");
    transcript_aapl(&t, "{'action':'MODIFY','symbol':'AAPL','orderId':'s1','userId':'u1','quantity':5}");
    EXPECT_EVENT(&t, 0, "MODIFIED", "quantity=5 leaves=4 keptPriority=false");
    limit("b2", "BUY", "1", "10.00", "u3");
    EXPECT_EVENT(&t, 1, "FILL", "maker.orderId=s2");
    transcript_aapl(&t, "{'action':'MODIFY','symbol':'AAPL','orderId':'s2','userId':'u2','price':10.01}");
    EXPECT_EVENT(&t, 0, "MODIFIED", "price=10.01 quantity=10 leaves=9 keptPriority=false");
    expect_level(true, 0, 1000, 4);
    expect_level(true, 1, 1001, 9);
}

Test(rules, modify_to_what_was_filled_ends_the_order) {
    limit("s1", "SELL", "10", "10.00", "u1");
    limit("b1", "BUY", "6", "10.00", "u2");
    transcript_aapl(
        &t, "{'action':'MODIFY','symbol':'AAPL','orderId':'s1','userId':'u1','quantity':6,'price':1,'commandId':'m'}");
    EXPECT_COUNT(&t, 1);
    EXPECT_EVENT(&t, 0, "CANCELLED", "orderId=s1 commandId=m leaves=4 cumulative=6 reason=REDUCED");
    expect_empty(true);
}

Test(rules, modify_that_crosses_takes) {
    limit("b1", "BUY", "4", "9.99", "u1");
    limit("s1", "SELL", "10", "10.00", "u2");
    transcript_aapl(&t, "{'action':'MODIFY','symbol':'AAPL','orderId':'s1','userId':'u2','price':9.98}");
    EXPECT_COUNT(&t, 2);
    EXPECT_EVENT(&t, 0, "MODIFIED", "price=9.98 leaves=10 keptPriority=false");
    EXPECT_EVENT(&t, 1, "FILL",
        "price=9.99 quantity=4 takerSide=SELL taker.orderId=s1 taker.leaves=6 taker.cumulative=4 maker.orderId=b1");
    expect_level(true, 0, 998, 6);
    transcript_aapl(&t, "{'action':'MODIFY','symbol':'AAPL','orderId':'s1','userId':'u1','price':9.98}");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=UNKNOWN");
    transcript_aapl(&t, "{'action':'MODIFY','symbol':'AAPL','orderId':'s1','userId':'u2','price':9.985}");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=OFF_TICK");
    transcript_aapl(&t, "{'action':'MODIFY','symbol':'AAPL','orderId':'nobody','userId':'u2','quantity':0}");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=OUT_OF_RANGE");
    transcript_aapl(&t, "{'action':'MODIFY','symbol':'AAPL','orderId':'s1','userId':'u2'}");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=MISSING_FIELD");
    transcript_aapl(&t, "{'action':'MODIFY','symbol':'AAPL','orderId':'s1','userId':'u2','stopPrice':1}");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=INVALID_COMBINATION");
}

Test(rules, mass_cancel_in_its_order) {
    limit("b1", "BUY", "1", "9.98", "u1");
    limit("b2", "BUY", "2", "9.99", "u1");
    limit("b3", "BUY", "3", "9.99", "u2");
    limit("b4", "BUY", "4", "9.99", "u1");
    limit("s1", "SELL", "5", "10.01", "u1");
    limit("s2", "SELL", "6", "10.00", "u1");
    transcript_aapl(&t, "{'action':'CANCEL_ALL','symbol':'AAPL','userId':'u1','commandId':'k'}");
    EXPECT_COUNT(&t, 6);
    EXPECT_EVENT(&t, 0, "CANCELLED", "orderId=b2 reason=MASS commandId=k leaves=2");
    EXPECT_EVENT(&t, 1, "CANCELLED", "orderId=b4");
    EXPECT_EVENT(&t, 2, "CANCELLED", "orderId=b1");
    EXPECT_EVENT(&t, 3, "CANCELLED", "orderId=s2");
    EXPECT_EVENT(&t, 4, "CANCELLED", "orderId=s1 userId=u1");
    EXPECT_EVENT(&t, 5, "CANCEL_ALL_DONE", "commandId=k userId=u1 count=5 -side -orderId");
    expect_level(false, 0, 999, 3);
    transcript_aapl(&t, "{'action':'CANCEL_ALL','symbol':'AAPL','userId':'u2','side':'SELL'}");
    EXPECT_COUNT(&t, 1);
    EXPECT_EVENT(&t, 0, "CANCEL_ALL_DONE", "side=SELL count=0 commandId=7-7");
    transcript_aapl(&t, "{'action':'CANCEL_ALL','symbol':'AAPL'}");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=MISSING_FIELD");
}

Test(rules, repeats_of_an_order_id) {
    limit("a", "SELL", "10", "10.00", "u1");
    limit("a", "SELL", "1e1", "'10.000'", "u1");
    EXPECT_COUNT(&t, 1);
    EXPECT_EVENT(&t, 0, "DUPLICATE", "orderId=a originalOrderId=a userId=u1");
    limit("a", "SELL", "11", "10.00", "u1");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=DUPLICATE_ID orderId=a");
    order(
        "a", "SELL", "LIMIT", "10", "10.00", ",'userId':'u1','timeInForce':'GTC'"); /* a field more is other content */
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=DUPLICATE_ID");
    limit("a", "SELL", "'x'", "10.00", "u1"); /* repeats come before faults */
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=DUPLICATE_ID");
    expect_level(true, 0, 1000, 10);
    t.time_ms += 60001;
    limit("a", "SELL", "10", "10.00", "u1"); /* past the window, but open */
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=DUPLICATE_ID");
    limit("a", "SELL", "10", "10.00", "u1"); /* the one before is in the window now */
    EXPECT_EVENT(&t, 0, "DUPLICATE", "originalOrderId=a");
    transcript_aapl(&t, "{'action':'CANCEL','symbol':'AAPL','orderId':'a','userId':'u1'}");
    t.time_ms += 60001;
    limit("a", "SELL", "10", "10.00", "u1");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=a");
}

/* A repeat is remembered like any other record, and the oldest in the window is what a later one is judged by. */
Test(rules, the_oldest_in_the_window_is_the_original) {
    limit("a", "SELL", "10", "10.001", "u1");
    t.time_ms += 30000;
    limit("a", "SELL", "11", "10.00", "u1");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=DUPLICATE_ID orderId=a");
    t.time_ms += 20000;
    limit("a", "SELL", "10", "10.001", "u1");
    EXPECT_EVENT(&t, 0, "DUPLICATE", "originalOrderId=a");
    t.time_ms += 10001; /* the first is outside now: the one of other content is the oldest */
    limit("a", "SELL", "10", "10.001", "u1");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=DUPLICATE_ID orderId=a");
    limit("a", "SELL", "11", "10.00", "u1");
    EXPECT_EVENT(&t, 0, "DUPLICATE", "originalOrderId=a");
    t.time_ms += 60001;
    limit("a", "SELL", "11", "10.00", "u1");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=a");
}

Test(rules, a_rejected_original_is_an_original) {
    limit("a", "SELL", "10", "10.001", "u1");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=OFF_TICK");
    limit("a", "SELL", "10", "10.001", "u1");
    EXPECT_EVENT(&t, 0, "DUPLICATE", "originalOrderId=a");
    t.time_ms += 60000;
    limit("a", "SELL", "10", "10.001", "u1");
    EXPECT_EVENT(&t, 0, "DUPLICATE", "originalOrderId=a");
    t.time_ms += 1; /* the two before are in the window still */
    limit("a", "SELL", "10", "10.00", "u1");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=DUPLICATE_ID orderId=a");
    t.time_ms += 60001;
    limit("a", "SELL", "10", "10.00", "u1");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=a");
}

Test(rules, the_window_in_records) {
    limit("a", "SELL", "10", "10.00", "u1");
    transcript_aapl(&t, "{'action':'CANCEL','symbol':'AAPL','orderId':'a','userId':'u1'}");
    t.offsets[AAPL_HOME] = 4194304;
    limit("a", "SELL", "10", "10.00", "u1");
    EXPECT_EVENT(&t, 0, "DUPLICATE", "originalOrderId=a");
    t.offsets[AAPL_HOME] = 2 * 4194304;
    limit("a", "SELL", "10", "10.00", "u1");
    EXPECT_EVENT(&t, 0, "DUPLICATE", "originalOrderId=a"); /* of the repeat before */
    t.offsets[AAPL_HOME] = 3 * 4194304 + 1;
    limit("a", "SELL", "10", "10.00", "u1");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=a");
}

Test(rules, repeats_of_a_client_order_id) {
    order("a", "SELL", "LIMIT", "10", "10.00", ",'userId':'u1','clientOrderId':'c'");
    order("b", "SELL", "LIMIT", "10", "10.00", ",'userId':'u1','clientOrderId':'c'");
    EXPECT_EVENT(&t, 0, "DUPLICATE", "orderId=b clientOrderId=c originalOrderId=a");
    order("b", "SELL", "LIMIT", "11", "10.00", ",'userId':'u1','clientOrderId':'c'");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=DUPLICATE_ID orderId=b");
    order("b", "SELL", "LIMIT", "10", "10.00", ",'userId':'u1','clientOrderId':'z'"); /* the DUPLICATE left b behind */
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=DUPLICATE_ID orderId=b clientOrderId=z");
    order("c", "SELL", "LIMIT", "10", "10.00", ",'userId':'u2','clientOrderId':'c'");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=c");
    order("d", "SELL", "LIMIT", "10", "10.00", ",'clientOrderId':'c'"); /* nobody's */
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=d clientOrderId=c -userId");
    t.time_ms += 60001;
    order("e", "SELL", "LIMIT", "10", "10.00", ",'userId':'u1','clientOrderId':'c'");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=DUPLICATE_ID orderId=e");
}

Test(rules, one_name_space_for_all_commands) {
    transcript_aapl(&t, "{'action':'CANCEL_ALL','symbol':'AAPL','userId':'u1','commandId':'k'}");
    transcript_aapl(&t, "{'action':'CANCEL_ALL','symbol':'AAPL','userId':'u1','commandId':'k'}");
    EXPECT_COUNT(&t, 1);
    EXPECT_EVENT(&t, 0, "DUPLICATE", "commandId=k originalOrderId=k userId=u1 -orderId");
    limit("k", "SELL", "10", "10.00", "u1");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=DUPLICATE_ID orderId=k");
    transcript_aapl(&t, "{'action':'CANCEL_ALL','symbol':'AAPL','userId':'u1'}");
    transcript_aapl(&t, "{'action':'CANCEL_ALL','symbol':'AAPL','userId':'u1'}"); /* made-up ids are no ids */
    EXPECT_EVENT(&t, 0, "CANCEL_ALL_DONE", "commandId=7-4");
}

Test(rules, all_or_none_is_not_supported) {
    order("a", "BUY", "LIMIT", "1", "10.001", ",'timeInForce':'AON'");
    EXPECT_COUNT(&t, 1);
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=UNSUPPORTED orderId=a");
}

Test(rules, numbers_go_to_ticks_or_not_at_all) {
    limit("a", "BUY", "10", "150.005", "u1");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=OFF_TICK");
    limit("b", "BUY", "1.5", "150.005", "u1"); /* prices first */
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=OFF_TICK");
    limit("c", "BUY", "1.5", "0", "u1"); /* OFF_LOT before OUT_OF_RANGE */
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=OFF_LOT");
    limit("d", "BUY", "1", "0.00", "u1");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=OUT_OF_RANGE");
    limit("e", "BUY", "1000001", "1", "u1");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=OUT_OF_RANGE");
    limit("f", "BUY", "0e5", "1", "u1");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=OUT_OF_RANGE");
    limit("g", "BUY", "1", "10995116277.76", "u1"); /* 2^40 ticks */
    EXPECT_EVENT(&t, 0, "ACCEPTED", "price=10995116277.76");
    limit("h", "BUY", "1", "10995116277.77", "u1");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=OUT_OF_RANGE");
    limit("i", "BUY", "1", "1e308", "u1");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=OUT_OF_RANGE");
    limit("j", "BUY", "1", "1e-3", "u1");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=OFF_TICK");
    limit("k", "BUY", "1", "1.5005E+2", "u1");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "price=150.05");
    limit("l", "BUY", "1", "0.0100000000000000000000000", "u1");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "price=0.01");
    limit("m", "BUY", "1", "12345678901234567890", "u1"); /* 20 digits, the last of them 0 */
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=OUT_OF_RANGE");
    limit("n", "BUY", "1", "12345678901234567891", "u1");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=OUT_OF_RANGE");
    limit("o", "BUY", "1", "1.2345678901234567891", "u1");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=OFF_TICK");
    limit("p", "BUY", "'1000000'", "9999999999999999999", "u1");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=OUT_OF_RANGE");
}

/* ---- copies, voids, control */

static void copy(const char *value, const char *source) {
    char json[512];
    snprintf(json, sizeof json, "%s", value ? value : "");
    for (char *at = json; *at; at++)
        if (*at == '\'') *at = '"';
    transcript_record(&t, AAPL_HOME, TEXT("AAPL"), value ? text_of(json) : TEXT_NONE, "1", source);
}

static const char some_order[] =
    "{'symbol':'AAPL','side':'SELL','quantity':1,'price':10,'orderType':'LIMIT','orderId':'%s'}";

static const char *an_order(const char *id) {
    static char value[256];
    snprintf(value, sizeof value, some_order, id);
    return value;
}

Test(rules, misdirected_records_are_answered_at_home_once) {
    transcript_say(&t, 2, an_order("a"));
    EXPECT_COUNT(&t, 0);
    cr_assert_eq(t.fate, REFERENCE_MISDIRECTED);
    copy(an_order("a"), "orders/2/0/-");
    EXPECT_COUNT(&t, 1);
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=a symbol=AAPL src.p=7 src.o=0");
    cr_assert_eq(t.fate, REFERENCE_COPY);
    copy(an_order("a"), "orders/2/0/-"); /* the other drainer's */
    EXPECT_COUNT(&t, 0);
    copy(an_order("c"), "orders/2/9/8"); /* a gap */
    EXPECT_COUNT(&t, 0);
    copy(an_order("c"), "orders/2/9/-"); /* there is a watermark */
    EXPECT_COUNT(&t, 0);
    copy(an_order("d"), "pending-orders/2/5/-"); /* another source */
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=d");
    copy(NULL, "orders/2/8/0");
    EXPECT_COUNT(&t, 0);
    cr_assert_eq(t.fate, REFERENCE_VOID);
    copy(an_order("c"), "orders/2/9/8");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=c");
    copy(NULL, "orders/2/12/11");
    cr_assert_eq(t.fate, REFERENCE_DROPPED);
    const struct reference_counters *c = reference_counters(t.reference);
    cr_assert_eq(c->misdirected, 1);
    cr_assert_eq(c->copies, 3);
    cr_assert_eq(c->watermark_drops, 3);
    cr_assert_eq(c->voids, 1);
    cr_assert_eq(c->void_drops, 1);
    cr_assert_eq(c->records, c->answered + c->misdirected + c->watermark_drops + c->voids + c->void_drops);
}

Test(rules, a_mark_that_is_none_of_ours_is_ignored) {
    static const char *const sources[] = {"orders/2/0", "orders//0/-", "orders/x/0/-", "orders/2/5/5", "orders/2/5/-1",
        "/2/0/-", "others/2/0/-", "orders/10/0/-", ""};
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        char id[16];
        snprintf(id, sizeof id, "o%zu", i);
        copy(an_order(id), sources[i]);
        EXPECT_COUNT(&t, 1);
        EXPECT_EVENT(&t, 0, "ACCEPTED", "");
        cr_assert_eq(t.fate, REFERENCE_ANSWERED);
    }
    copy(NULL, "nonsense");
    EXPECT_EVENT(&t, 0, "REJECTED", "symbol=#7 reason=MALFORMED");
    copy("{'symbol':'aapl','commandId':'k'}", "orders/2/0/-");
    EXPECT_EVENT(&t, 0, "REJECTED", "symbol=#7 reason=MISSING_FIELD commandId=k");
}

Test(rules, moves) {
    control("{'kind':'CUT','symbol':'AAPL','mid':'m1','epoch':1}");
    EXPECT_EVENT(&t, 0, "CONTROL", "symbol=AAPL fseq=1 kind=CUT result=NO_MOVE_OPEN own=0");
    control(
        "{'kind':'BEGIN','symbol':'AAPL','mid':'m1','epoch':2,'source':'a','target':'a','worker':1,'mode':'DIRECT'}");
    EXPECT_EVENT(&t, 0, "CONTROL", "result=WRONG_EPOCH");
    control(
        "{'kind':'BEGIN','symbol':'AAPL','mid':'m1','epoch':1,'source':'a','target':'a','worker':1,'mode':'PARKED'}");
    EXPECT_EVENT(&t, 0, "CONTROL", "result=UNSUPPORTED");
    control(
        "{'kind':'BEGIN','symbol':'AAPL','mid':'m1','epoch':1,'source':'a','target':'a','worker':1,'mode':'DIRECT'}");
    EXPECT_EVENT(&t, 0, "CONTROL", "result=ACCEPTED");
    control(
        "{'kind':'BEGIN','symbol':'AAPL','mid':'m2','epoch':2,'source':'a','target':'a','worker':1,'mode':'DIRECT'}");
    EXPECT_EVENT(&t, 0, "CONTROL", "result=MOVE_OPEN");
    control("{'kind':'CUT','symbol':'AAPL','mid':'m2','epoch':1}");
    EXPECT_EVENT(&t, 0, "CONTROL", "result=WRONG_MID");
    transcript_aapl(&t, an_order("a"));
    EXPECT_EVENT(&t, 0, "ACCEPTED", "own=0");
    control("{'kind':'CUT','symbol':'AAPL','mid':'m1','epoch':1}");
    EXPECT_EVENT(&t, 0, "CONTROL", "result=ACCEPTED own=0 src.o=7");
    transcript_aapl(&t, an_order("b"));
    EXPECT_EVENT(&t, 0, "ACCEPTED", "own=7");
    control("{'kind':'ABORT','symbol':'AAPL','mid':'m1','epoch':1}");
    EXPECT_EVENT(&t, 0, "CONTROL", "result=NO_MOVE_OPEN own=7");
    control(
        "{'kind':'BEGIN','symbol':'AAPL','mid':'m2','epoch':2,'source':'a','target':'a','worker':0,'mode':'DIRECT'}");
    control("{'kind':'ABORT','symbol':'AAPL','mid':'m2','epoch':2}");
    EXPECT_EVENT(&t, 0, "CONTROL", "result=ACCEPTED own=7");
    transcript_aapl(&t, an_order("c"));
    EXPECT_EVENT(&t, 0, "ACCEPTED", "own=7");
}

Test(rules, control_records_that_do_nothing) {
    static const char *const malformed[] = {"", "[]", "{'kind':'NEW'}", "{'kind':'CUT','symbol':'AAPL','mid':'m'}",
        "{'kind':'CUT','symbol':'AAPL','mid':'','epoch':1}", "{'kind':'CUT','symbol':'AAPL','mid':'m','epoch':'1'}",
        "{'kind':'CUT','symbol':'AAPL','mid':'m','epoch':1,'epoch':1}",
        "{'kind':'BEGIN','symbol':'AAPL','mid':'m','epoch':1}", "{'kind':'CUT','symbol':'GOOGL','mid':'m','epoch':1}"};
    cr_assert_neq(reference_home(TEXT("GOOGL")), AAPL_HOME);
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        control(malformed[i]);
        EXPECT_COUNT(&t, 0);
    }
    control("{'kind':'TICK'}");
    EXPECT_COUNT(&t, 0);
    control("{'kind':'CLAIM','epoch':1,'claimer':'a/1','deposed':'none'}");
    EXPECT_EVENT(&t, 0, "CONTROL", "symbol=#7 fseq=1 kind=CLAIM result=UNSUPPORTED");
    control("{'kind':'RELEASE','symbol':'AAPL','mid':'m','epoch':1}");
    EXPECT_EVENT(&t, 0, "CONTROL", "symbol=AAPL fseq=1 kind=RELEASE result=UNSUPPORTED");
    cr_assert_eq(reference_counters(t.reference)->malformed_control, sizeof malformed / sizeof malformed[0]);
    cr_assert_eq(reference_counters(t.reference)->ticks, 1);
    cr_assert_eq(reference_counters(t.reference)->controls, 2);
}

Test(rules, a_tick_moves_time) {
    limit("a", "SELL", "1", "10.001", "u1");
    t.time_ms += 60001;
    control("{'kind':'TICK'}");
    t.time_ms -= 60001;
    limit("a", "SELL", "1", "10.00", "u1");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "timestamp=1764900060001");
}

Test(rules, an_offset_that_goes_back_is_refused) {
    struct reference_record record = {.partition = 3, .offset = 5, .value = TEXT("x")};
    cr_assert_eq(reference_apply(t.reference, &record, NULL, NULL, NULL), REFERENCE_OK);
    cr_assert_eq(reference_apply(t.reference, &record, NULL, NULL, NULL), REFERENCE_OFFSET_WENT_BACK);
    record.partition = 10;
    cr_assert_eq(reference_apply(t.reference, &record, NULL, NULL, NULL), REFERENCE_BAD_PARTITION);
}
