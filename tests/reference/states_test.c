/* Trading states, the call auction, settings and the other control records. */
#include "tests/reference/stage.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(states, .init = stage_open, .fini = stage_close);

Test(states, halted_and_closed_take_cancels_only) {
    static const char *const names[] = {"HALTED", "CLOSED"};
    for (int i = 0; i < 2; i++) {
        char id[8], expected[64];
        state("TRADING");
        snprintf(id, sizeof id, "a%d", i);
        limit(id, "SELL", "5", "10.00", "u1");
        state(names[i]);
        snprintf(expected, sizeof expected, "CONTROL STATE ACCEPTED, STATE %s", names[i]);
        TELLS(expected);
        snprintf(expected, sizeof expected, "reason=%s", names[i]);
        snprintf(id, sizeof id, "b%d", i);
        limit(id, "BUY", "5", "10.00", "u1");
        EXPECT_EVENT(&t, 0, "REJECTED", expected);
        say("'action':'MODIFY','orderId':'a%d','userId':'u1','quantity':4", i);
        EXPECT_EVENT(&t, 0, "REJECTED", expected);
        say("'action':'REPLACE','orderId':'r%d','cancelOrderId':'a%d','userId':'u1','side':'BUY','quantity':1,"
            "'orderType':'MARKET'",
            i, i);
        EXPECT_EVENT(&t, 0, "REJECTED", expected);
        say("'action':'CANCEL','orderId':'a%d','userId':'u1'", i);
        EXPECT_EVENT(&t, 0, "CANCELLED", "reason=USER");
        say("'action':'CANCEL_ALL','userId':'u1'");
        TELLS("DONE 0");
    }
}

Test(states, closing_ends_the_day) {
    order("a", "SELL", "LIMIT", "5", "10.00", ",'timeInForce':'DAY'");
    order("s", "SELL", "STOP_LIMIT", "5", "8.00", ",'stopPrice':9.00,'timeInForce':'DAY'");
    limit("b", "BUY", "5", "9.00", "u1");
    order("c", "BUY", "LIMIT", "5", "9.00", ",'timeInForce':'DAY'");
    state("CLOSED");
    TELLS("CONTROL STATE ACCEPTED, STATE CLOSED, EXPIRED c 5 DAY, EXPIRED a 5 DAY, EXPIRED s 5 DAY");
    state("CLOSED");
    TELLS("CONTROL STATE ACCEPTED, STATE CLOSED");
    state("TRADING");
    TELLS("CONTROL STATE ACCEPTED, STATE TRADING");
    expect_level(false, 0, 900, 5);
}

Test(states, time_expires_orders_while_halted) {
    order("g", "SELL", "LIMIT", "1", "11.00", ",'timeInForce':'GTD','expireTime':1764900000300");
    state("HALTED");
    t.time_ms += 300;
    limit("x", "SELL", "1", "11.00", "u1");
    TELLS("EXPIRED g 1 GTD, REJECTED x HALTED");
}

Test(states, what_an_auction_takes) {
    print("10.00");
    state("AUCTION");
    TELLS("CONTROL STATE ACCEPTED, STATE AUCTION");
    order("m", "BUY", "MARKET", "1", NULL, "");
    TELLS("REJECTED m AUCTION");
    order("i", "BUY", "LIMIT", "1", "10.00", ",'timeInForce':'IOC'");
    TELLS("REJECTED i AUCTION");
    order("f", "BUY", "LIMIT", "1", "10.00", ",'timeInForce':'FOK'");
    TELLS("REJECTED f AUCTION");
    order("p", "BUY", "LIMIT", "1", "10.00", ",'postOnly':true");
    TELLS("REJECTED p AUCTION");
    order("s", "BUY", "STOP", "1", NULL, ",'stopPrice':9.00");
    TELLS("ACCEPTED s"); /* satisfied, and waits */
    limit("a", "SELL", "3", "10.00", "u1");
    limit("b", "BUY", "5", "10.10", "u2");
    TELLS("ACCEPTED b"); /* crossed, and rests */
    say("'action':'MODIFY','orderId':'b','userId':'u2','price':10.20");
    TELLS("MODIFIED b 5 5 lost");
    state("AUCTION");
    TELLS("CONTROL STATE ACCEPTED, STATE AUCTION 10.20*3");
    state("TRADING");
    TELLS("CONTROL STATE ACCEPTED, STATE TRADING, FILL 10.20*3 b a, TRIGGERED s 9.00 10.20, EXPIRED s 1 NO_LIQUIDITY");
    EXPECT_EVENT(&t, 2, "FILL", "-takerSide tradeId=2 taker.leaves=2 maker.leaves=0");
    expect_level(false, 0, 1020, 2);
}

/* Orders in an auction, then TRADING: at what price do they trade? */
static void expect_price(const char *const orders[][3], const char *told) {
    static int count;
    state("AUCTION");
    for (int i = 0; orders[i][0]; i++) {
        char id[16];
        snprintf(id, sizeof id, "o%d", count++);
        limit(id, orders[i][0], orders[i][1], orders[i][2], "u1");
    }
    state("AUCTION");
    EXPECT_EVENT(&t, 1, "STATE", told);
    say("'action':'CANCEL_ALL','userId':'u1'");
}

Test(states, the_auction_price) {
    print("10.00");
    /* most volume */
    expect_price((const char *const[][3]){{"BUY", "5", "10.10"}, {"BUY", "5", "10.05"}, {"SELL", "7", "10.02"},
                     {"SELL", "9", "10.09"}, {NULL}},
        "indicativePrice=10.05 indicativeQuantity=7");
    /* least surplus: at 10.05 and below 2 lots too many are bought, above 5 against 5 */
    expect_price((const char *const[][3]){{"BUY", "5", "10.10"}, {"BUY", "2", "10.05"}, {"SELL", "5", "10.02"}, {NULL}},
        "indicativePrice=10.06 indicativeQuantity=5");
    /* between the orders' prices, nearest to the last trade */
    expect_price((const char *const[][3]){{"BUY", "5", "10.10"}, {"SELL", "5", "9.90"}, {NULL}},
        "indicativePrice=10.00 indicativeQuantity=5");
    /* all of it bought: the highest; sold: the lowest */
    expect_price((const char *const[][3]){{"BUY", "6", "10.10"}, {"SELL", "5", "9.90"}, {NULL}},
        "indicativePrice=10.10 indicativeQuantity=5");
    expect_price((const char *const[][3]){{"BUY", "5", "10.10"}, {"SELL", "6", "9.90"}, {NULL}},
        "indicativePrice=9.90 indicativeQuantity=5");
    /* as far from both: the higher */
    expect_price((const char *const[][3]){{"BUY", "3", "10.01"}, {"BUY", "2", "9.99"}, {"SELL", "3", "9.98"},
                     {"SELL", "2", "10.01"}, {NULL}},
        "indicativePrice=10.00 indicativeQuantity=3");
}

Test(states, without_a_reference_the_highest) {
    expect_price((const char *const[][3]){{"BUY", "5", "10.10"}, {"SELL", "5", "9.90"}, {NULL}},
        "indicativePrice=10.10 indicativeQuantity=5");
    control("{'kind':'INSTRUMENT','symbol':'AAPL','referencePrice':'9.95'}");
    expect_price((const char *const[][3]){{"BUY", "5", "10.10"}, {"SELL", "5", "9.90"}, {NULL}},
        "indicativePrice=9.95 indicativeQuantity=5");
}

Test(states, icebergs_in_an_auction) {
    state("AUCTION");
    order("i", "SELL", "LIMIT", "25", "10.00", ",'displayQuantity':10");
    limit("s", "SELL", "5", "10.00", "u2");
    limit("b", "BUY", "12", "10.00", "u3");
    limit("c", "BUY", "3", "10.00", "u3");
    state("TRADING");
    TELLS("CONTROL STATE ACCEPTED, STATE TRADING, FILL 10.00*12 b i, FILL 10.00*3 c i");
    expect_level(true, 0, 1000, 12); /* 10 again, then 7 of them, and s */
    limit("d", "BUY", "8", "10.00", "u3");
    TELLS("ACCEPTED d, FILL 10.00*7 d i, FILL 10.00*1 d s"); /* in its place */
}

Test(states, an_oco_in_an_auction) {
    state("AUCTION");
    say("'action':'LIST','listId':'l','userId':'u1','contingency':'OCO','orders':[{'orderId':'p','side':'SELL',"
        "'orderType':'LIMIT','quantity':5,'price':10.00},{'orderId':'q','side':'SELL','orderType':'LIMIT','quantity':5,"
        "'price':10.01}]");
    TELLS("ACCEPTED p, ACCEPTED q");
    limit("b", "BUY", "9", "10.05", "u2");
    limit("s", "SELL", "9", "10.02", "u3");
    state("TRADING");
    TELLS("CONTROL STATE ACCEPTED, STATE TRADING, FILL 10.01*5 b p, CANCELLED q 5 OCO, FILL 10.02*4 b s"); /* uncrossed
                                                                                                              twice */
}

Test(states, children_and_stops_after_the_uncross) {
    state("AUCTION");
    say("'action':'LIST','listId':'l','userId':'u1','contingency':'OTO','orders':[{'orderId':'p','side':'SELL',"
        "'orderType':'LIMIT','quantity':5,'price':10.00},{'orderId':'q','side':'BUY','orderType':'LIMIT','quantity':5,"
        "'price':9.00}]");
    order("s", "SELL", "STOP", "2", NULL, ",'stopPrice':10.00");
    limit("b", "BUY", "5", "10.00", "u1"); /* own orders trade in an auction */
    state("TRADING");
    TELLS("CONTROL STATE ACCEPTED, STATE TRADING, FILL 10.00*5 b p, ACCEPTED q, TRIGGERED s 10.00 10.00, "
          "FILL 9.00*2 s q");
}

Test(states, a_halt_keeps_the_book_crossed) {
    state("AUCTION");
    limit("a", "SELL", "3", "10.00", "u1");
    limit("b", "BUY", "5", "10.10", "u2");
    state("HALTED");
    TELLS("CONTROL STATE ACCEPTED, STATE HALTED");
    state("TRADING");
    TELLS("CONTROL STATE ACCEPTED, STATE TRADING, FILL 10.10*3 b a");
}

Test(states, the_indication_is_told_every_second) {
    state("AUCTION");
    limit("a", "SELL", "3", "10.00", "u1");
    limit("b", "BUY", "5", "10.00", "u2");
    t.time_ms += 999;
    limit("c", "SELL", "1", "10.00", "u1");
    TELLS("ACCEPTED c");
    t.time_ms += 1;
    limit("d", "SELL", "1", "10.00", "u1");
    TELLS("STATE AUCTION 10.00*4, ACCEPTED d");
    EXPECT_EVENT(&t, 0, "STATE", "src.i=0 state=AUCTION");
    t.time_ms += 1000;
    control("{'kind':'TICK'}");
    TELLS("STATE AUCTION 10.00*5");
    t.time_ms += 5000;
    control("{'kind':'TICK'}");
    EXPECT_COUNT(&t, 0);
    say("'action':'CANCEL','orderId':'b','userId':'u2'");
    TELLS("CANCELLED b 5 USER");
    control("{'kind':'TICK'}");
    TELLS("STATE AUCTION");
}

/* ---- settings */

Test(states, an_instrument_sets_units_and_ranges) {
    control("{'kind':'INSTRUMENT','symbol':'AAPL','tick':'0.050','lot':0.1,'minQuantity':0.2,'maxQuantity':5}");
    TELLS("CONTROL INSTRUMENT ACCEPTED");
    cr_assert(strstr(t.events[0], "\"result\":\"ACCEPTED\",\"tick\":\"0.050\",\"lot\":0.1,\"minQuantity\":0.2,"
                                  "\"maxQuantity\":5,\"hash\""));
    limit("a", "BUY", "1", "10.02", "u1");
    TELLS("REJECTED a OFF_TICK");
    limit("b", "BUY", "1.25", "10.05", "u1");
    TELLS("REJECTED b OFF_LOT");
    limit("c", "BUY", "0.1", "10.05", "u1");
    TELLS("REJECTED c OUT_OF_RANGE");
    limit("d", "BUY", "5.1", "10.05", "u1");
    TELLS("REJECTED d OUT_OF_RANGE");
    limit("e", "BUY", "0.2", "10.05", "u1");
    EXPECT_EVENT(&t, 0, "ACCEPTED", "price=10.050 quantity=0.2 leaves=0.2");
    expect_level(false, 0, 201, 2);
    control("{'kind':'INSTRUMENT','symbol':'AAPL','tick':'0.05','lot':0.1}");
    TELLS("CONTROL INSTRUMENT BOOK_NOT_EMPTY");
    control("{'kind':'INSTRUMENT','symbol':'AAPL','tick':'0.050','lot':0.1,'state':'CLOSED'}");
    TELLS("CONTROL INSTRUMENT ACCEPTED"); /* its state counts in the first record only */
    limit("f", "BUY", "0.1", "10.05", "u1");
    TELLS("ACCEPTED f");
}

Test(states, another_tick_forgets_the_last_price) {
    struct reference_trading trading;
    print("10.00");
    control("{'kind':'INSTRUMENT','symbol':'AAPL','tick':'0.01'}");
    cr_assert(reference_trading(t.reference, TEXT("AAPL"), &trading));
    cr_assert(trading.has_last_price);
    control("{'kind':'INSTRUMENT','symbol':'AAPL','tick':'0.02'}");
    cr_assert(reference_trading(t.reference, TEXT("AAPL"), &trading));
    cr_assert_not(trading.has_last_price);
}

Test(states, a_symbol_may_begin_in_another_state) {
    control("{'kind':'INSTRUMENT','symbol':'AAPL','state':'AUCTION'}");
    TELLS("CONTROL INSTRUMENT ACCEPTED");
    limit("a", "SELL", "3", "10.00", "u1");
    limit("b", "BUY", "3", "10.00", "u2");
    TELLS("ACCEPTED b");
    t.time_ms += 1000;
    control("{'kind':'TICK'}");
    TELLS("STATE AUCTION 10.00*3");
}

Test(states, malformed_settings) {
    static const char *const bad[] = {"{'kind':'INSTRUMENT'}", "{'kind':'INSTRUMENT','symbol':'*'}",
        "{'kind':'INSTRUMENT','symbol':'AAPL','tick':0}", "{'kind':'INSTRUMENT','symbol':'AAPL','tick':'x'}",
        "{'kind':'INSTRUMENT','symbol':'AAPL','tick':0.0000000000001}",
        "{'kind':'INSTRUMENT','symbol':'AAPL','lot':4294967296}",
        "{'kind':'INSTRUMENT','symbol':'AAPL','minQuantity':0.5}",
        "{'kind':'INSTRUMENT','symbol':'AAPL','minQuantity':5,'maxQuantity':4}",
        "{'kind':'INSTRUMENT','symbol':'AAPL','referencePrice':1.001}",
        "{'kind':'INSTRUMENT','symbol':'AAPL','band':{'ticks':0}}",
        "{'kind':'INSTRUMENT','symbol':'AAPL','band':{'bps':10000}}",
        "{'kind':'INSTRUMENT','symbol':'AAPL','band':{'bps':1,'ticks':1}}",
        "{'kind':'INSTRUMENT','symbol':'AAPL','band':5}", "{'kind':'INSTRUMENT','symbol':'AAPL','state':'OPEN'}",
        "{'kind':'INSTRUMENT','symbol':'AAPL','minNotional':1e30}", "{'kind':'STATE','symbol':'AAPL'}",
        "{'kind':'STATE','symbol':'*','state':'HALTED'}", "{'kind':'LISTING'}", "{'kind':'LISTING','mode':'SHUT'}",
        "{'kind':'LISTING','mode':'OPEN','limit':0}", "{'kind':'LISTING','mode':'OPEN','limit':65537}",
        "{'kind':'BLOCK','userId':'u1'}", "{'kind':'BLOCK','userId':'u1','blocked':1}",
        "{'kind':'BLOCK','blocked':true}", "{'kind':'RULES'}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        control(bad[i]);
        cr_assert_eq(t.count, 0, "%s", bad[i]);
    }
    cr_assert_eq(reference_counters(t.reference)->malformed_control, sizeof bad / sizeof bad[0]);
}

/* ---- for a partition */

Test(states, listing) {
    limit("a", "BUY", "1", "10.00", "u1");
    control("{'kind':'LISTING','mode':'CLOSED'}");
    EXPECT_EVENT(&t, 0, "CONTROL", "symbol=#7 kind=LISTING result=ACCEPTED mode=CLOSED");
    limit("b", "BUY", "1", "10.00", "u1");
    TELLS("ACCEPTED b"); /* it has a stream */
    const char *other = "{'symbol':'%s','side':'SELL','quantity':1,'price':10,'orderType':'LIMIT','orderId':'o'}";
    char symbol[16], value[256];
    int number = 0;
    do snprintf(symbol, sizeof symbol, "S%d", number++);
    while (reference_home(text_of(symbol)) != AAPL_HOME);
    snprintf(value, sizeof value, other, symbol);
    transcript_say(&t, AAPL_HOME, value);
    EXPECT_EVENT(&t, 0, "REJECTED", "symbol=#7 reason=UNKNOWN_SYMBOL orderId=o");
    snprintf(value, sizeof value, "{'symbol':'%s','side':'SEL','quantity':1,'orderId':'o'}", symbol);
    transcript_say(&t, AAPL_HOME, value);
    EXPECT_EVENT(&t, 0, "REJECTED", "symbol=#7 reason=MISSING_FIELD");
    snprintf(value, sizeof value, "{'kind':'STATE','symbol':'%s','state':'HALTED'}", symbol);
    control(value);
    EXPECT_EVENT(&t, 0, "CONTROL", "symbol=#7 kind=STATE result=UNKNOWN_SYMBOL state=HALTED");
    control("{'kind':'LISTING','mode':'CLOSED','limit':1}");
    snprintf(value, sizeof value, "{'kind':'INSTRUMENT','symbol':'%s'}", symbol);
    control(value);
    EXPECT_EVENT(&t, 0, "CONTROL", "symbol=#7 kind=INSTRUMENT result=CAPACITY");
    control("{'kind':'LISTING','mode':'CLOSED','limit':2}");
    control(value);
    EXPECT_EVENT(&t, 0, "CONTROL", "kind=INSTRUMENT result=ACCEPTED fseq=1");
    snprintf(value, sizeof value, other, symbol);
    transcript_say(&t, AAPL_HOME, value);
    TELLS("ACCEPTED o");
}

Test(states, blocked_accounts) {
    limit("a", "BUY", "1", "10.00", "u1");
    control("{'kind':'BLOCK','userId':'u1','blocked':true}");
    EXPECT_EVENT(&t, 0, "CONTROL", "symbol=#7 kind=BLOCK result=ACCEPTED userId=u1 blocked=true");
    order("b", "BUY", "LIMIT", "1", "10.001", ",'userId':'u1','timeInForce':'AON'");
    TELLS("REJECTED b BLOCKED");
    order("c", "BUY", "LIMIT", "x", "10.00", ",'userId':'u1'");
    TELLS("REJECTED - MALFORMED");
    order("c", "BUY", "LIMIT", "'x'", "10.00", ",'userId':'u1'");
    TELLS("REJECTED c BAD_FIELD");
    say("'action':'MODIFY','orderId':'a','userId':'u1','price':9");
    TELLS("REJECTED a BLOCKED");
    limit("d", "BUY", "1", "10.00", "u2");
    TELLS("ACCEPTED d");
    say("'action':'CANCEL','orderId':'a','userId':'u1'");
    TELLS("CANCELLED a 1 USER");
    control("{'kind':'BLOCK','userId':'u1','blocked':false}");
    limit("e", "BUY", "1", "10.00", "u1");
    TELLS("ACCEPTED e");
}

Test(states, rules_and_what_is_for_later) {
    control("{'kind':'RULES','version':1}");
    EXPECT_EVENT(&t, 0, "CONTROL", "symbol=#7 kind=RULES result=ACCEPTED version=1");
    control("{'kind':'RULES','version':2}");
    EXPECT_EVENT(&t, 0, "CONTROL", "result=UNSUPPORTED");
    control("{'kind':'KEY','keyId':'k'}");
    EXPECT_EVENT(&t, 0, "CONTROL", "symbol=#7 kind=KEY result=UNSUPPORTED keyId=k");
}
