/* Every kind of order, MODIFY and REPLACE of each, self-trade prevention: each rule as a story. */
#include "tests/reference/stage.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(kinds, .init = stage_open, .fini = stage_close);

static void instrument(const char *members) {
    char value[512];
    snprintf(value, sizeof value, "{'kind':'INSTRUMENT','symbol':'AAPL',%s}", members);
    control(value);
    TELLS("CONTROL INSTRUMENT ACCEPTED");
}

Test(kinds, fields_that_a_kind_cannot_do_without) {
    static const char *const lacking[][2] = {{"STOP", ""}, {"STOP_LIMIT", ",'price':10"},
        {"STOP_LIMIT", ",'stopPrice':10"}, {"TRAILING_STOP", ""}, {"LIMIT", ",'price':10,'timeInForce':'GTD'"},
        {"LIMIT", ",'stopPrice':10"}};
    for (size_t i = 0; i < sizeof lacking / sizeof lacking[0]; i++) {
        char id[8];
        snprintf(id, sizeof id, "l%zu", i);
        order(id, "BUY", lacking[i][0], "1", NULL, lacking[i][1]);
        EXPECT_EVENT(&t, 0, "REJECTED", "reason=MISSING_FIELD");
    }
}

Test(kinds, fields_that_do_not_go_together) {
    static const char *const wrong[][2] = {{"LIMIT", ",'stopPrice':1"}, {"MARKET", ",'stopPrice':1"},
        {"LIMIT", ",'trailingAmount':1"}, {"STOP", ",'stopPrice':1,'trailingBps':5"},
        {"TRAILING_STOP", ",'trailingAmount':1,'trailingBps':5"}, {"LIMIT", ",'expireTime':1"},
        {"LIMIT", ",'expireTime':1,'timeInForce':'DAY'"}, {"LIMIT", ",'maxSlippage':1"},
        {"STOP_LIMIT", ",'stopPrice':1,'maxSlippage':1"}, {"TRAILING_STOP", ",'trailingBps':5,'maxSlippage':1"},
        {"LIMIT", ",'displayQuantity':1,'timeInForce':'IOC'"}, {"LIMIT", ",'displayQuantity':1,'timeInForce':'FOK'"},
        {"MARKET", ",'displayQuantity':1"}, {"STOP", ",'stopPrice':1,'displayQuantity':1"},
        {"STOP", ",'stopPrice':1,'postOnly':true"}, {"STOP_LIMIT", ",'stopPrice':1,'postOnly':true"},
        {"LIMIT", ",'postOnly':true,'timeInForce':'FOK'"}, {"MARKET", ",'timeInForce':'DAY'"},
        {"STOP", ",'stopPrice':1,'timeInForce':'GTC'"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char id[8];
        snprintf(id, sizeof id, "w%zu", i);
        order(id, "BUY", wrong[i][0], "1", "10", wrong[i][1]);
        EXPECT_EVENT(&t, 0, "REJECTED", "reason=INVALID_COMBINATION");
    }
    order("t1", "SELL", "TRAILING_STOP", "1", NULL, ",'trailingBps':5,'timeInForce':'DAY'");
    TELLS("REJECTED t1 INVALID_COMBINATION");
    order("t2", "SELL", "TRAILING_STOP", "1", "10", ",'trailingBps':5,'timeInForce':'DAY'");
    TELLS("ACCEPTED t2");
    order("p", "BUY", "LIMIT", "1", "10", ",'postOnly':true,'timeInForce':'DAY'");
    TELLS("ACCEPTED p");
    order("f", "BUY", "LIMIT", "1", "10", ",'postOnly':false,'timeInForce':'FOK'");
    TELLS("ACCEPTED f, EXPIRED f 1 FOK");
}

Test(kinds, ranges_of_the_new_fields) {
    static const char *const out[][3] = {{"TRAILING_STOP", ",'trailingBps':0", "OUT_OF_RANGE"},
        {"TRAILING_STOP", ",'trailingBps':10000", "OUT_OF_RANGE"},
        {"TRAILING_STOP", ",'trailingAmount':0", "OUT_OF_RANGE"},
        {"TRAILING_STOP", ",'trailingAmount':0.001", "OFF_TICK"}, {"STOP", ",'stopPrice':0", "OUT_OF_RANGE"},
        {"STOP", ",'stopPrice':10.001", "OFF_TICK"}, {"MARKET", ",'maxSlippage':0.005", "OFF_TICK"},
        {"MARKET", ",'maxSlippage':10995116277.77", "OUT_OF_RANGE"},
        {"LIMIT", ",'price':10,'displayQuantity':0", "OUT_OF_RANGE"},
        {"LIMIT", ",'price':10,'displayQuantity':6", "OUT_OF_RANGE"},
        {"LIMIT", ",'price':10,'displayQuantity':0.5", "OFF_LOT"},
        {"LIMIT", ",'price':10,'timeInForce':'GTD','expireTime':1764900000000", "OUT_OF_RANGE"}};
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++) {
        char id[8], reason[40];
        snprintf(id, sizeof id, "r%zu", i);
        snprintf(reason, sizeof reason, "reason=%s", out[i][2]);
        order(id, "BUY", out[i][0], "5", NULL, out[i][1]);
        EXPECT_EVENT(&t, 0, "REJECTED", reason);
    }
    order("m", "BUY", "MARKET", "5", NULL, ",'maxSlippage':0");
    TELLS("ACCEPTED m, EXPIRED m 5 NO_LIQUIDITY");
}

Test(kinds, slippage_and_collar) {
    limit("s1", "SELL", "5", "10.00", "u1");
    limit("s2", "SELL", "5", "10.01", "u1");
    limit("s3", "SELL", "5", "10.10", "u1");
    order("m0", "BUY", "MARKET", "6", NULL, ",'maxSlippage':0.01,'timeInForce':'FOK'");
    TELLS("ACCEPTED m0, FILL 10.00*5 m0 s1, FILL 10.01*1 m0 s2");
    order("m1", "BUY", "MARKET", "9", NULL, ",'maxSlippage':0");
    TELLS("ACCEPTED m1, FILL 10.01*4 m1 s2, EXPIRED m1 5 PRICE_BAND");
    order("m2", "BUY", "MARKET", "9", NULL, ",'maxSlippage':5");
    TELLS("ACCEPTED m2, FILL 10.10*5 m2 s3, EXPIRED m2 4 NO_LIQUIDITY");
    instrument("'collar':{'bps':15}"); /* 1.5 ticks of 10.00: 1 */
    limit("b1", "BUY", "5", "10.00", "u1");
    limit("b2", "BUY", "5", "9.99", "u1");
    limit("b3", "BUY", "5", "9.98", "u1");
    order("m3", "SELL", "MARKET", "11", NULL, ",'timeInForce':'FOK'");
    TELLS("ACCEPTED m3, EXPIRED m3 11 FOK");
    order("m4", "SELL", "MARKET", "11", NULL, "");
    TELLS("ACCEPTED m4, FILL 10.00*5 m4 b1, FILL 9.99*5 m4 b2, EXPIRED m4 1 PRICE_BAND");
}

Test(kinds, iceberg) {
    order("i", "SELL", "LIMIT", "25", "10.00", ",'displayQuantity':10,'userId':'u1'");
    limit("s", "SELL", "5", "10.00", "u2");
    expect_level(true, 0, 1000, 15);
    limit("b1", "BUY", "12", "10.00", "u3"); /* the clip, then the order behind it */
    TELLS("ACCEPTED b1, FILL 10.00*10 b1 i, FILL 10.00*2 b1 s");
    EXPECT_EVENT(&t, 1, "FILL", "maker.leaves=15 maker.cumulative=10");
    expect_level(true, 0, 1000, 13);
    limit("b2", "BUY", "14", "10.00", "u3");
    TELLS("ACCEPTED b2, FILL 10.00*3 b2 s, FILL 10.00*10 b2 i, FILL 10.00*1 b2 i");
    expect_level(true, 0, 1000, 4);
    order("f", "BUY", "LIMIT", "5", "10.00", ",'timeInForce':'FOK'");
    TELLS("ACCEPTED f, EXPIRED f 5 FOK");
    order("f2", "BUY", "LIMIT", "4", "10.00", ",'timeInForce':'FOK'");
    TELLS("ACCEPTED f2, FILL 10.00*4 f2 i");
}

Test(kinds, iceberg_taking_and_modified) {
    limit("s", "SELL", "4", "10.00", "u2");
    order("i", "BUY", "LIMIT", "30", "10.00", ",'displayQuantity':10,'userId':'u1'");
    TELLS("ACCEPTED i, FILL 10.00*4 i s"); /* all it has trades, then the clip shows */
    expect_level(false, 0, 1000, 10);
    say("'action':'MODIFY','orderId':'i','userId':'u1','quantity':20");
    TELLS("MODIFIED i 20 16 kept"); /* reserve first */
    expect_level(false, 0, 1000, 10);
    say("'action':'MODIFY','orderId':'i','userId':'u1','quantity':9");
    TELLS("MODIFIED i 9 5 kept");
    expect_level(false, 0, 1000, 5);
    say("'action':'MODIFY','orderId':'i','userId':'u1','quantity':40");
    TELLS("MODIFIED i 40 36 lost");
    expect_level(false, 0, 1000, 10);
    instrument("'minClip':5");
    order("j", "BUY", "LIMIT", "30", "10.00", ",'displayQuantity':4");
    TELLS("REJECTED j OUT_OF_RANGE");
}

Test(kinds, fill_or_kill_counts_the_reserve) {
    order("i", "SELL", "LIMIT", "25", "10.00", ",'displayQuantity':10");
    order("f", "BUY", "LIMIT", "25", "10.00", ",'timeInForce':'FOK'");
    TELLS("ACCEPTED f, FILL 10.00*10 f i, FILL 10.00*10 f i, FILL 10.00*5 f i");
}

Test(kinds, stops_wait_for_a_trade) {
    order("buy", "BUY", "STOP", "2", NULL, ",'stopPrice':10.05,'userId':'u1'");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderType=STOP timeInForce=IOC stopPrice=10.05 -price");
    order("sell", "SELL", "STOP_LIMIT", "2", "9.90", ",'stopPrice':9.95,'userId':'u1'");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderType=STOP_LIMIT timeInForce=GTC stopPrice=9.95 price=9.90");
    limit("s", "SELL", "10", "10.05", "u2"); /* a quote triggers nothing */
    limit("b", "BUY", "5", "9.95", "u2");
    TELLS("ACCEPTED b");
    limit("b2", "BUY", "1", "10.05", "u3");
    TELLS("ACCEPTED b2, FILL 10.05*1 b2 s, TRIGGERED buy 10.05 10.05, FILL 10.05*2 buy s");
    limit("s2", "SELL", "1", "9.95", "u3");
    TELLS("ACCEPTED s2, FILL 9.95*1 s2 b, TRIGGERED sell 9.95 9.95, FILL 9.95*2 sell b");
    order("now", "SELL", "STOP", "3", NULL, ",'stopPrice':9.95"); /* satisfied at entry */
    TELLS("ACCEPTED now, TRIGGERED now 9.95 9.95, FILL 9.95*2 now b, EXPIRED now 1 NO_LIQUIDITY");
    order("rests", "BUY", "STOP_LIMIT", "3", "9.90", ",'stopPrice':9.90");
    TELLS("ACCEPTED rests, TRIGGERED rests 9.90 9.95");
    expect_level(false, 0, 990, 3);
}

Test(kinds, cascade_runs_from_a_queue) {
    limit("s1", "SELL", "1", "10.00", "u1");
    limit("s2", "SELL", "1", "10.01", "u1");
    limit("s3", "SELL", "9", "10.02", "u1");
    limit("b1", "BUY", "9", "9.00", "u1");
    order("late", "BUY", "STOP", "1", NULL, ",'stopPrice':10.00");
    order("c", "BUY", "STOP", "1", NULL, ",'stopPrice':10.01"); /* by late's print */
    order("sell", "SELL", "STOP", "1", NULL, ",'stopPrice':10.00");
    order("d", "BUY", "STOP", "1", NULL, ",'stopPrice':9.99"); /* the least first */
    limit("b", "BUY", "1", "10.00", "u2");
    TELLS("ACCEPTED b, FILL 10.00*1 b s1, TRIGGERED d 9.99 10.00, FILL 10.01*1 d s2, TRIGGERED late 10.00 10.01, "
          "FILL 10.02*1 late s3, TRIGGERED sell 10.00 10.02, FILL 9.00*1 sell b1, TRIGGERED c 10.01 9.00, "
          "FILL 10.02*1 c s3");
}

Test(kinds, stops_of_one_price_run_as_they_came) {
    limit("s1", "SELL", "9", "10.00", "u1");
    order("x", "BUY", "STOP", "1", NULL, ",'stopPrice':10.00,'userId':'u1'");
    order("y", "BUY", "STOP", "1", NULL, ",'stopPrice':10.00,'userId':'u1'");
    order("z", "BUY", "STOP", "1", NULL, ",'stopPrice':10.00,'userId':'u1'");
    say("'action':'MODIFY','orderId':'y','userId':'u1','quantity':2");
    TELLS("MODIFIED y 2 2 kept");
    EXPECT_EVENT(&t, 0, "MODIFIED", "stopPrice=10.00 -price");
    say("'action':'MODIFY','orderId':'x','userId':'u1','stopPrice':10.01");
    TELLS("MODIFIED x 1 1 lost");
    say("'action':'MODIFY','orderId':'x','userId':'u1','stopPrice':10.00");
    limit("b", "BUY", "1", "10.00", "u2");
    TELLS("ACCEPTED b, FILL 10.00*1 b s1, TRIGGERED y 10.00 10.00, FILL 10.00*2 y s1, TRIGGERED z 10.00 10.00, "
          "FILL 10.00*1 z s1, TRIGGERED x 10.00 10.00, FILL 10.00*1 x s1");
}

Test(kinds, trailing_by_an_amount) {
    limit("b", "BUY", "9", "9.50", "u9");
    order("t", "SELL", "TRAILING_STOP", "1", NULL, ",'trailingAmount':0.10");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderType=TRAILING_STOP timeInForce=IOC -stopPrice -price");
    print("10.00");
    print("10.20"); /* the trigger is 10.10 now */
    print("10.11");
    EXPECT_COUNT(&t, 2);
    limit("x", "SELL", "1", "10.10", "u1");
    limit("y", "BUY", "1", "10.10", "u1");
    TELLS("ACCEPTED y, FILL 10.10*1 y x, TRIGGERED t 10.10 10.10, FILL 9.50*1 t b");
}

Test(kinds, trailing_by_basis_points_rounds_away) {
    order("t", "BUY", "TRAILING_STOP", "1", "10.50", ",'trailingBps':33,'stopPrice':10.00");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "stopPrice=10.00 price=10.50 timeInForce=GTC");
    print("10.20"); /* not armed: it begins at or below 10.00 */
    print("10.00"); /* 3.3 ticks behind: 10.04 */
    print("10.03");
    limit("x", "SELL", "1", "10.04", "u1");
    limit("y", "BUY", "1", "10.04", "u1");
    TELLS("ACCEPTED y, FILL 10.04*1 y x, TRIGGERED t 10.04 10.04");
    expect_level(false, 0, 1050, 1); /* with a price it rests */
}

Test(kinds, trailing_starts_at_the_last_price) {
    limit("b", "BUY", "9", "9.50", "u9");
    print("10.00");
    order("t", "SELL", "TRAILING_STOP", "1", NULL, ",'trailingAmount':0.10");
    order("armed", "SELL", "TRAILING_STOP", "1", NULL, ",'trailingAmount':0.10,'stopPrice':9.90");
    order("far", "SELL", "TRAILING_STOP", "1", NULL, ",'trailingAmount':10.00");
    limit("x", "SELL", "1", "9.90", "u1");
    limit("y", "BUY", "1", "9.90", "u1");
    TELLS("ACCEPTED y, FILL 9.90*1 y x, TRIGGERED t 9.90 9.90, FILL 9.50*1 t b, TRIGGERED armed 9.90 9.50, "
          "FILL 9.50*1 armed b");
    struct reference_trading trading;
    cr_assert(reference_trading(t.reference, TEXT("AAPL"), &trading));
    cr_assert_eq(trading.last_price_ticks, 950);
    limit("z", "SELL", "1", "9.50", "u1");
    TELLS("ACCEPTED z, FILL 9.50*1 z b"); /* `far` can never trigger */
}

Test(kinds, at_most_so_many_trailing_stops_wait) {
    for (int i = 0; i < 4096; i++) {
        char id[16];
        snprintf(id, sizeof id, "t%d", i);
        order(id, "SELL", "TRAILING_STOP", "1", NULL, ",'trailingAmount':0.10,'userId':'u1'");
        EXPECT_EVENT(&t, 0, "ACCEPTED", "");
    }
    order("more", "SELL", "TRAILING_STOP", "1", NULL, ",'trailingAmount':0.10");
    TELLS("REJECTED more CAPACITY");
    say("'action':'REPLACE','cancelOrderId':'t0','orderId':'r','userId':'u1','side':'SELL','orderType':'TRAILING_STOP',"
        "'quantity':1,'trailingBps':7");
    TELLS("CANCELLED t0 1 REPLACED, ACCEPTED r");
}

Test(kinds, gtd_by_a_record_or_a_tick) {
    order("a", "SELL", "LIMIT", "1", "10.00", ",'timeInForce':'GTD','expireTime':1764900000200,'userId':'u1'");
    order("b", "SELL", "LIMIT", "1", "10.00", ",'timeInForce':'GTD','expireTime':1764900000100,'userId':'u1'");
    order("c", "SELL", "LIMIT", "1", "10.00", ",'timeInForce':'GTD','expireTime':1764900000100,'userId':'u1'");
    order("d", "BUY", "STOP_LIMIT", "1", "9", ",'stopPrice':11,'timeInForce':'GTD','expireTime':1764900000100");
    say("'action':'MODIFY','orderId':'b','userId':'u1','expireTime':1764900000101");
    TELLS("MODIFIED b 1 1 kept");
    say("'action':'MODIFY','orderId':'b','userId':'u1','expireTime':1764900000100"); /* the latest of three now */
    say("'action':'MODIFY','orderId':'b','userId':'u1','expireTime':1764900000000");
    TELLS("REJECTED b OUT_OF_RANGE");
    t.time_ms += 99;
    limit("e", "BUY", "1", "9.00", "u1");
    TELLS("ACCEPTED e");
    t.time_ms += 1;
    limit("f", "BUY", "9", "10.00", "u1");
    TELLS("EXPIRED c 1 GTD, EXPIRED d 1 GTD, EXPIRED b 1 GTD, ACCEPTED f, FILL 10.00*1 f a");
    EXPECT_EVENT(&t, 3, "ACCEPTED", "src.i=3");
    order("g", "SELL", "LIMIT", "1", "11.00", ",'timeInForce':'GTD','expireTime':1764900000300");
    t.time_ms += 200;
    control("{'kind':'TICK'}");
    TELLS("EXPIRED g 1 GTD");
    EXPECT_EVENT(&t, 0, "EXPIRED", "src.o=10 src.i=0 -commandId timestamp=1764900000300");
}

Test(kinds, minimum_notional_and_overflow) {
    instrument("'minNotional':100.05,'lot':'0.5','minQuantity':0.5,'maxQuantity':549755813888");
    limit("a", "BUY", "10", "10.00", "u1");
    TELLS("REJECTED a MIN_NOTIONAL");
    limit("b", "BUY", "10.5", "10.00", "u1");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "orderId=b quantity=10.5 price=10.00");
    order("m", "BUY", "MARKET", "0.5", NULL, "");
    TELLS("ACCEPTED m, EXPIRED m 0.5 NO_LIQUIDITY");
    say("'action':'MODIFY','orderId':'b','userId':'u1','quantity':10");
    TELLS("REJECTED b MIN_NOTIONAL");
    limit("c", "BUY", "549755813888", "100000", "u1"); /* 2^40 lots at 10^7 ticks */
    TELLS("REJECTED c OUT_OF_RANGE");
}

Test(kinds, price_band) {
    instrument("'band':{'ticks':10},'referencePrice':10.00");
    limit("a", "BUY", "1", "10.11", "u1");
    TELLS("REJECTED a PRICE_BAND");
    limit("b", "BUY", "1", "9.90", "u1");
    TELLS("ACCEPTED b");
    print("9.95"); /* the last trade counts from now on */
    limit("c", "BUY", "1", "10.06", "u1");
    TELLS("REJECTED c PRICE_BAND");
    say("'action':'MODIFY','orderId':'b','userId':'u1','price':9.84");
    TELLS("REJECTED b PRICE_BAND");
    order("d", "BUY", "STOP_LIMIT", "1", "20.00", ",'stopPrice':15.00");
    TELLS("ACCEPTED d");
}

/* ---- MODIFY and REPLACE */

Test(kinds, modify_asks_what_the_order_has) {
    limit("l", "BUY", "5", "10.00", "u1");
    order("s", "BUY", "STOP", "5", NULL, ",'stopPrice':11.00,'userId':'u1'");
    order("t", "BUY", "TRAILING_STOP", "5", NULL, ",'trailingBps':7,'userId':'u1'");
    say("'action':'MODIFY','orderId':'l','userId':'u1','stopPrice':10.001");
    TELLS("REJECTED l INVALID_COMBINATION");
    say("'action':'MODIFY','orderId':'l','userId':'u1','expireTime':1");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=INVALID_COMBINATION");
    say("'action':'MODIFY','orderId':'s','userId':'u1','price':10");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=INVALID_COMBINATION");
    say("'action':'MODIFY','orderId':'t','userId':'u1','stopPrice':10");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=INVALID_COMBINATION");
    say("'action':'MODIFY','orderId':'s','userId':'u2','price':10");
    EXPECT_EVENT(&t, 0, "REJECTED", "reason=UNKNOWN");
    limit("a", "SELL", "1", "10.50", "u2");
    limit("b", "BUY", "1", "10.50", "u2");
    limit("c", "SELL", "9", "10.60", "u2");
    say("'action':'MODIFY','orderId':'s','userId':'u1','stopPrice':10.50");
    TELLS("MODIFIED s 5 5 lost, TRIGGERED s 10.50 10.50, FILL 10.60*5 s c, TRIGGERED t 10.51 10.60, FILL 10.60*4 t c, "
          "EXPIRED t 1 NO_LIQUIDITY"); /* 0.7 ticks are 1 */
    EXPECT_EVENT(&t, 0, "MODIFIED", "stopPrice=10.50");
}

#define REPLACE "'action':'REPLACE','userId':'u1','orderType':'LIMIT',"

Test(kinds, replace_is_atomic) {
    order("a", "SELL", "LIMIT", "5", "10.00", ",'userId':'u1','clientOrderId':'c'");
    limit("b", "BUY", "2", "9.00", "u2");
    say(REPLACE "'orderId':'r1','cancelOrderId':'a','side':'BUY','quantity':3,'price':10.00,'postOnly':true,"
                "'clientOrderId':'c'");
    TELLS("REJECTED r1 DUPLICATE_ID"); /* the window */
    say(REPLACE "'orderId':'r2','cancelOrderId':'a','side':'BUY','quantity':3,'price':10.00,'postOnly':true");
    TELLS("CANCELLED a 5 REPLACED, ACCEPTED r2"); /* as if a were gone: nothing to cross */
    EXPECT_EVENT(&t, 0, "CANCELLED", "-commandId orderId=a");
    say(REPLACE "'orderId':'r3','cancelOrderId':'r2','side':'SELL','quantity':3,'price':9.00,'postOnly':true");
    TELLS("REJECTED r3 POST_ONLY");
    expect_level(false, 0, 1000, 3);
    say(REPLACE "'orderId':'r4','cancelOrderId':'b','side':'SELL','quantity':3,'price':9.00");
    TELLS("REJECTED r4 UNKNOWN"); /* a stranger's */
    say(REPLACE "'orderId':'r5','cancelOrderId':'r5','side':'SELL','quantity':3,'price':9.00");
    TELLS("REJECTED r5 INVALID_COMBINATION");
    say(REPLACE "'orderId':'r6','cancelOrderId':'r2','side':'SELL','quantity':3,'price':9.00");
    TELLS("CANCELLED r2 3 REPLACED, ACCEPTED r6, FILL 9.00*2 r6 b");
    say(REPLACE "'orderId':'r6','cancelOrderId':'r2','side':'SELL','quantity':3,'price':9.00");
    TELLS("DUPLICATE r6");
    limit("r2", "BUY", "1", "8.00", "u1"); /* no tombstone, but the window */
    TELLS("REJECTED r2 DUPLICATE_ID");
}

Test(kinds, replace_keeps_the_client_order_id_of_the_old_one) {
    order("a", "SELL", "LIMIT", "5", "10.00", ",'userId':'u1','clientOrderId':'c'");
    t.time_ms += 60001;
    order("b", "SELL", "LIMIT", "5", "10.00", ",'userId':'u1','clientOrderId':'c'");
    TELLS("REJECTED b DUPLICATE_ID");
    t.time_ms += 60001;
    say(REPLACE "'orderId':'r','cancelOrderId':'a','side':'SELL','quantity':3,'price':10.00,'clientOrderId':'c'");
    TELLS("CANCELLED a 5 REPLACED, ACCEPTED r");
}

/* ---- self-trade prevention */

static void own(const char *id, const char *side, const char *quantity, const char *price, const char *mode) {
    char more[128];
    snprintf(more, sizeof more, ",'userId':'u1','selfTradePrevention':'%s'", mode);
    order(id, side, "LIMIT", quantity, price, more);
}

Test(kinds, self_trades_expire_the_taker) {
    limit("o", "SELL", "5", "10.00", "u2");
    limit("s", "SELL", "5", "10.00", "u1");
    own("b", "BUY", "8", "10.00", "EXPIRE_TAKER");
    TELLS("ACCEPTED b, FILL 10.00*5 b o, PREVENTED 10.00*3 b s, EXPIRED b 3 SELF_TRADE");
    EXPECT_EVENT(&t, 2, "PREVENTED",
        "mode=EXPIRE_TAKER takerSide=BUY taker.leaves=3 taker.cumulative=5 maker.leaves=5 -tradeId");
    expect_level(true, 0, 1000, 5);
}

Test(kinds, self_trades_expire_the_maker_or_both) {
    order("i", "SELL", "LIMIT", "9", "10.00", ",'userId':'u1','displayQuantity':2");
    limit("o", "SELL", "5", "10.00", "u2");
    own("b", "BUY", "6", "10.00", "EXPIRE_MAKER");
    TELLS("ACCEPTED b, PREVENTED 10.00*2 b i, EXPIRED i 9 SELF_TRADE, FILL 10.00*5 b o");
    own("s", "SELL", "6", "10.00", "EXPIRE_BOTH");
    TELLS("ACCEPTED s, PREVENTED 10.00*1 s b, EXPIRED b 1 SELF_TRADE, EXPIRED s 6 SELF_TRADE");
    order("n", "BUY", "LIMIT", "1", "10.00", ""); /* nobody's orders are not each other's */
    order("m", "SELL", "LIMIT", "1", "10.00", ",'selfTradePrevention':'EXPIRE_BOTH'");
    TELLS("ACCEPTED m, FILL 10.00*1 m n");
}

Test(kinds, self_trades_decrement) {
    order("i", "SELL", "LIMIT", "5", "10.00", ",'userId':'u1','displayQuantity':2");
    own("b", "BUY", "4", "10.00", "DECREMENT");
    TELLS("ACCEPTED b, PREVENTED 10.00*2 b i, PREVENTED 10.00*2 b i");
    EXPECT_EVENT(&t, 2, "PREVENTED", "taker.leaves=0 taker.cumulative=0 maker.leaves=1 maker.cumulative=0");
    expect_empty(false);
    say("'action':'MODIFY','orderId':'i','userId':'u1','quantity':4");
    TELLS("CANCELLED i 1 REDUCED"); /* prevented counts as gone */
    struct reference_trading trading;
    cr_assert(reference_trading(t.reference, TEXT("AAPL"), &trading));
    cr_assert_not(trading.has_last_price);
}

Test(kinds, fill_or_kill_and_own_orders) {
    order("i", "SELL", "LIMIT", "9", "10.00", ",'userId':'u2','displayQuantity':2");
    limit("s", "SELL", "5", "10.00", "u1");
    limit("o", "SELL", "5", "10.01", "u2");
#define FOK(id, quantity, mode)                                                                                        \
    order(id, "BUY", "LIMIT", quantity, "10.01", ",'userId':'u1','timeInForce':'FOK','selfTradePrevention':'" mode "'")
    FOK("f1", "3", "EXPIRE_TAKER"); /* in front of s only the clip */
    TELLS("ACCEPTED f1, EXPIRED f1 3 FOK");
    FOK("f2", "3", "DECREMENT");
    TELLS("ACCEPTED f2, EXPIRED f2 3 FOK");
    FOK("f3", "2", "EXPIRE_BOTH");
    TELLS("ACCEPTED f3, FILL 10.00*2 f3 i");
    FOK("f4", "13", "EXPIRE_MAKER"); /* 7 and 5 */
    TELLS("ACCEPTED f4, EXPIRED f4 13 FOK");
    FOK("f5", "12", "EXPIRE_MAKER");
    TELLS("ACCEPTED f5, PREVENTED 10.00*5 f5 s, EXPIRED s 5 SELF_TRADE, FILL 10.00*2 f5 i, FILL 10.00*2 f5 i, "
          "FILL 10.00*2 f5 i, FILL 10.00*1 f5 i, FILL 10.01*5 f5 o");
}
