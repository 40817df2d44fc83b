/* Every rule of the book as a table: see scenario.h for the words. */
#include "tests/core/scenario.h"

#include <criterion/criterion.h>

#define RULE(name, ...)                                                                                                \
    Test(rules, name) {                                                                                                \
        const char *const lines[] = {__VA_ARGS__, NULL};                                                               \
        const char *difference = scenario_play(lines);                                                                 \
        cr_assert(!difference, "%s", difference);                                                                      \
    }

RULE(limit_rests, "> NEW a ann BUY 10 100", "ACCEPTED a BUY LIMIT GTC 10 @ 100", "> NEW b bob SELL 5 101",
    "ACCEPTED b SELL LIMIT GTC 5 @ 101", "> BOOK", "bids 10@100", "asks 5@101")

RULE(limit_trades_at_the_makers_price_and_rests_the_rest, "> NEW a ann SELL 4 100", "ACCEPTED a SELL LIMIT GTC 4 @ 100",
    "> NEW b bob BUY 10 105", "ACCEPTED b BUY LIMIT GTC 10 @ 105", "FILL 1 BUY 4 @ 100 taker b 6/4 maker a 0/4",
    "> BOOK", "bids 6@105", "asks")

RULE(seller_trades_at_the_bids_price, "> NEW a ann BUY 4 100", "ACCEPTED a BUY LIMIT GTC 4 @ 100",
    "> NEW b bob SELL 3 90", "ACCEPTED b SELL LIMIT GTC 3 @ 90", "FILL 1 SELL 3 @ 100 taker b 0/3 maker a 1/3",
    "> BOOK", "bids 1@100", "asks")

RULE(price_then_time, "> NEW a ann SELL 1 102", "ACCEPTED a SELL LIMIT GTC 1 @ 102", "> NEW b ann SELL 1 101",
    "ACCEPTED b SELL LIMIT GTC 1 @ 101", "> NEW c ann SELL 1 102", "ACCEPTED c SELL LIMIT GTC 1 @ 102",
    "> NEW d ann SELL 1 101", "ACCEPTED d SELL LIMIT GTC 1 @ 101", "> NEW e bob BUY 4 102",
    "ACCEPTED e BUY LIMIT GTC 4 @ 102", "FILL 1 BUY 1 @ 101 taker e 3/1 maker b 0/1",
    "FILL 2 BUY 1 @ 101 taker e 2/2 maker d 0/1", "FILL 3 BUY 1 @ 102 taker e 1/3 maker a 0/1",
    "FILL 4 BUY 1 @ 102 taker e 0/4 maker c 0/1", "> BOOK", "bids", "asks")

RULE(a_limit_stops_at_its_own_price, "> NEW a ann SELL 1 101", "ACCEPTED a SELL LIMIT GTC 1 @ 101",
    "> NEW b ann SELL 1 103", "ACCEPTED b SELL LIMIT GTC 1 @ 103", "> NEW c bob BUY 5 102",
    "ACCEPTED c BUY LIMIT GTC 5 @ 102", "FILL 1 BUY 1 @ 101 taker c 4/1 maker a 0/1", "> BOOK", "bids 4@102",
    "asks 1@103")

RULE(a_partial_fill_keeps_the_makers_place, "> NEW a ann SELL 5 100", "ACCEPTED a SELL LIMIT GTC 5 @ 100",
    "> NEW b ann SELL 5 100", "ACCEPTED b SELL LIMIT GTC 5 @ 100", "> NEW c bob BUY 2 100",
    "ACCEPTED c BUY LIMIT GTC 2 @ 100", "FILL 1 BUY 2 @ 100 taker c 0/2 maker a 3/2", "> NEW d bob BUY 4 100",
    "ACCEPTED d BUY LIMIT GTC 4 @ 100", "FILL 2 BUY 3 @ 100 taker d 1/3 maker a 0/5",
    "FILL 3 BUY 1 @ 100 taker d 0/4 maker b 4/1")

RULE(market_never_rests, "> NEW a ann SELL 3 100", "ACCEPTED a SELL LIMIT GTC 3 @ 100", "> NEW m bob BUY 5 MARKET",
    "ACCEPTED m BUY MARKET IOC 5", "FILL 1 BUY 3 @ 100 taker m 2/3 maker a 0/3",
    "EXPIRED m NO_LIQUIDITY left 2 filled 3", "> NEW n bob SELL 5 MARKET IOC", "ACCEPTED n SELL MARKET IOC 5",
    "EXPIRED n NO_LIQUIDITY left 5 filled 0", "> BOOK", "bids", "asks")

RULE(market_sweeps_all_levels, "> NEW a ann SELL 1 100", "ACCEPTED a SELL LIMIT GTC 1 @ 100",
    "> NEW b ann SELL 1 1000000000", "ACCEPTED b SELL LIMIT GTC 1 @ 1000000000", "> NEW m bob BUY 2 MARKET",
    "ACCEPTED m BUY MARKET IOC 2", "FILL 1 BUY 1 @ 100 taker m 1/1 maker a 0/1",
    "FILL 2 BUY 1 @ 1000000000 taker m 0/2 maker b 0/1")

RULE(market_as_fok, "> NEW a ann SELL 3 100", "ACCEPTED a SELL LIMIT GTC 3 @ 100", "> NEW m bob BUY 5 MARKET FOK",
    "ACCEPTED m BUY MARKET FOK 5", "EXPIRED m FOK left 5 filled 0", "> NEW n bob BUY 3 MARKET FOK",
    "ACCEPTED n BUY MARKET FOK 3", "FILL 1 BUY 3 @ 100 taker n 0/3 maker a 0/3")

RULE(ioc_remainder_expires, "> NEW a ann SELL 3 100", "ACCEPTED a SELL LIMIT GTC 3 @ 100", "> NEW i bob BUY 5 100 IOC",
    "ACCEPTED i BUY LIMIT IOC 5 @ 100", "FILL 1 BUY 3 @ 100 taker i 2/3 maker a 0/3", "EXPIRED i IOC left 2 filled 3",
    "> NEW j bob BUY 5 100 IOC", "ACCEPTED j BUY LIMIT IOC 5 @ 100", "EXPIRED j IOC left 5 filled 0", "> BOOK", "bids",
    "asks")

RULE(ioc_filled_has_no_end_of_its_own, "> NEW a ann SELL 3 100", "ACCEPTED a SELL LIMIT GTC 3 @ 100",
    "> NEW i bob BUY 3 100 IOC", "ACCEPTED i BUY LIMIT IOC 3 @ 100", "FILL 1 BUY 3 @ 100 taker i 0/3 maker a 0/3")

RULE(fok_all_or_nothing, "> NEW a ann SELL 3 100", "ACCEPTED a SELL LIMIT GTC 3 @ 100", "> NEW b ann SELL 3 101",
    "ACCEPTED b SELL LIMIT GTC 3 @ 101", "> NEW f bob BUY 6 100 FOK", "ACCEPTED f BUY LIMIT FOK 6 @ 100",
    "EXPIRED f FOK left 6 filled 0", "> BOOK", "bids", "asks 3@100 3@101", "> NEW g bob BUY 6 101 FOK",
    "ACCEPTED g BUY LIMIT FOK 6 @ 101", "FILL 1 BUY 3 @ 100 taker g 3/3 maker a 0/3",
    "FILL 2 BUY 3 @ 101 taker g 0/6 maker b 0/3", "> NEW h bob BUY 1 101 FOK", "ACCEPTED h BUY LIMIT FOK 1 @ 101",
    "EXPIRED h FOK left 1 filled 0")

RULE(post_only, "> NEW a ann SELL 3 100", "ACCEPTED a SELL LIMIT GTC 3 @ 100", "> NEW p bob BUY 1 100 POST",
    "REJECTED p POST_ONLY", "> NEW q ann BUY 1 101 POST", "REJECTED q POST_ONLY", "> NEW r bob BUY 1 99 POST GTC",
    "ACCEPTED r BUY LIMIT GTC 1 @ 99", "> BOOK", "bids 1@99", "asks 3@100")

RULE(an_account_may_trade_with_itself, "> NEW a ann SELL 3 100", "ACCEPTED a SELL LIMIT GTC 3 @ 100",
    "> NEW b ann BUY 3 100", "ACCEPTED b BUY LIMIT GTC 3 @ 100", "FILL 1 BUY 3 @ 100 taker b 0/3 maker a 0/3")

RULE(cancel, "> NEW a ann SELL 3 100", "ACCEPTED a SELL LIMIT GTC 3 @ 100", "> NEW b bob BUY 1 100",
    "ACCEPTED b BUY LIMIT GTC 1 @ 100", "FILL 1 BUY 1 @ 100 taker b 0/1 maker a 2/1", "> CANCEL a ann cmd=k1",
    "CANCELLED a USER left 2 filled 1 by k1", "> CANCEL a ann cmd=k2", "REJECTED a UNKNOWN by k2", "> BOOK", "bids",
    "asks")

RULE(cancel_is_the_owners, "> NEW a ann SELL 3 100", "ACCEPTED a SELL LIMIT GTC 3 @ 100", "> NEW n - SELL 3 100",
    "ACCEPTED n SELL LIMIT GTC 3 @ 100", "> CANCEL a bob cmd=k", "REJECTED a UNKNOWN by k", "> CANCEL n bob cmd=k2",
    "REJECTED n UNKNOWN by k2", "> CANCEL z bob cmd=k3", "REJECTED z UNKNOWN by k3", "> BOOK", "bids", "asks 6@100")

RULE(cancel_by_client_order_id, "> NEW a ann SELL 3 100 client=x", "ACCEPTED a/x SELL LIMIT GTC 3 @ 100",
    "> NEW b bob SELL 3 100 client=x", "ACCEPTED b/x SELL LIMIT GTC 3 @ 100", "> CANCEL client=x bob cmd=k",
    "CANCELLED b/x USER left 3 filled 0 by k", "> CANCEL client=x bob cmd=l", "REJECTED -/x UNKNOWN by l",
    "> CANCEL a ann client=y cmd=m", "CANCELLED a/x USER left 3 filled 0 by m")

RULE(cancel_in_the_middle_of_a_level, "> NEW a ann SELL 1 100", "ACCEPTED a SELL LIMIT GTC 1 @ 100",
    "> NEW b ann SELL 1 100", "ACCEPTED b SELL LIMIT GTC 1 @ 100", "> NEW c ann SELL 1 100",
    "ACCEPTED c SELL LIMIT GTC 1 @ 100", "> CANCEL b ann", "CANCELLED b USER left 1 filled 0", "> NEW d bob BUY 2 100",
    "ACCEPTED d BUY LIMIT GTC 2 @ 100", "FILL 1 BUY 1 @ 100 taker d 1/1 maker a 0/1",
    "FILL 2 BUY 1 @ 100 taker d 0/2 maker c 0/1")

RULE(cancel_of_the_best_price, "> NEW a ann BUY 1 100", "ACCEPTED a BUY LIMIT GTC 1 @ 100", "> NEW b ann BUY 1 98",
    "ACCEPTED b BUY LIMIT GTC 1 @ 98", "> CANCEL a ann", "CANCELLED a USER left 1 filled 0", "> NEW s bob SELL 2 95",
    "ACCEPTED s SELL LIMIT GTC 2 @ 95", "FILL 1 SELL 1 @ 98 taker s 1/1 maker b 0/1", "> BOOK", "bids", "asks 1@95")

RULE(an_open_id_is_not_given_twice, "> NEW a ann SELL 3 100 client=x", "ACCEPTED a/x SELL LIMIT GTC 3 @ 100",
    "> NEW a bob SELL 3 100", "REJECTED a DUPLICATE_ID", "> NEW b ann SELL 3 100 client=x", "REJECTED b/x DUPLICATE_ID",
    "> NEW c - SELL 3 100 client=x", "ACCEPTED c/x SELL LIMIT GTC 3 @ 100", "> CANCEL a ann",
    "CANCELLED a/x USER left 3 filled 0", "> NEW a bob SELL 3 100 client=x", "ACCEPTED a/x SELL LIMIT GTC 3 @ 100")

RULE(an_open_id_comes_before_faults, "> NEW a ann SELL 3 100", "ACCEPTED a SELL LIMIT GTC 3 @ 100",
    "> NEW a bob SELL 0.5 100.5 fault=4", "REJECTED a DUPLICATE_ID", "> NEW b bob SELL 0.5 100.5 fault=4",
    "REJECTED b BAD_FIELD")

RULE(repeats, "> NEW a ann SELL 3 100 REPEAT=a", "DUPLICATE a of a", "> NEW a ann SELL 3 100 TAKEN",
    "REJECTED a DUPLICATE_ID", "> CANCEL z ann cmd=k REPEAT=k", "DUPLICATE z of k by k",
    "> NEW n ann SELL 0 100 REPEAT=a client=c", "DUPLICATE n/c of a", "> BOOK", "bids", "asks")

RULE(an_open_order_id_comes_before_a_repeated_client_id, "> NEW a ann SELL 3 100", "ACCEPTED a SELL LIMIT GTC 3 @ 100",
    "> NEW a ann SELL 3 100 client=x REPEAT=y CLIENT_REPEAT", "REJECTED a/x DUPLICATE_ID",
    "> NEW b ann SELL 3 100 client=x REPEAT=y CLIENT_REPEAT", "DUPLICATE b/x of y")

RULE(tick_lot_range_in_that_order, "> NEW a ann SELL 1.5 100.5", "REJECTED a OFF_TICK", "> NEW a ann SELL 1.5 100",
    "REJECTED a OFF_LOT", "> NEW a ann SELL 0 100.5", "REJECTED a OFF_TICK", "> NEW a ann SELL 0 100",
    "REJECTED a OUT_OF_RANGE", "> NEW a ann SELL 1.5 0", "REJECTED a OFF_LOT", "> NEW a ann SELL 1 0",
    "REJECTED a OUT_OF_RANGE", "> NEW a ann SELL 1000001 100", "REJECTED a OUT_OF_RANGE",
    "> NEW a ann SELL 1 1099511627777", "REJECTED a OUT_OF_RANGE", "> NEW a ann SELL 1 1099511627776",
    "ACCEPTED a SELL LIMIT GTC 1 @ 1099511627776", "> NEW b ann SELL 1.5 MARKET", "REJECTED b OFF_LOT")

RULE(notional_beyond_63_bits, "> NEW a ann SELL 1000000 1099511627776",
    "ACCEPTED a SELL LIMIT GTC 1000000 @ 1099511627776")

RULE(cancelled_before, "> NEW a ann SELL 1 100 BEFORE", "REJECTED a CANCELLED_BEFORE",
    "> NEW a ann SELL 1 100.5 BEFORE", "REJECTED a OFF_TICK", "> BOOK", "bids", "asks")

RULE(a_decrease_keeps_priority, "> NEW a ann SELL 5 100", "ACCEPTED a SELL LIMIT GTC 5 @ 100", "> NEW b ann SELL 5 100",
    "ACCEPTED b SELL LIMIT GTC 5 @ 100", "> MODIFY a ann quantity=3 cmd=k", "MODIFIED a 3 @ 100 left 3 kept by k",
    "> BOOK", "bids", "asks 8@100", "> NEW c bob BUY 4 100", "ACCEPTED c BUY LIMIT GTC 4 @ 100",
    "FILL 1 BUY 3 @ 100 taker c 1/3 maker a 0/3", "FILL 2 BUY 1 @ 100 taker c 0/4 maker b 4/1")

RULE(an_increase_loses_priority, "> NEW a ann SELL 5 100", "ACCEPTED a SELL LIMIT GTC 5 @ 100",
    "> NEW b ann SELL 5 100", "ACCEPTED b SELL LIMIT GTC 5 @ 100", "> MODIFY a ann quantity=6",
    "MODIFIED a 6 @ 100 left 6 lost", "> NEW c bob BUY 6 100", "ACCEPTED c BUY LIMIT GTC 6 @ 100",
    "FILL 1 BUY 5 @ 100 taker c 1/5 maker b 0/5", "FILL 2 BUY 1 @ 100 taker c 0/6 maker a 5/1")

RULE(another_price_loses_priority_also_with_less, "> NEW a ann SELL 5 100", "ACCEPTED a SELL LIMIT GTC 5 @ 100",
    "> NEW b ann SELL 5 101", "ACCEPTED b SELL LIMIT GTC 5 @ 101", "> MODIFY a ann quantity=4 price=101",
    "MODIFIED a 4 @ 101 left 4 lost", "> BOOK", "bids", "asks 9@101", "> NEW c bob BUY 6 101",
    "ACCEPTED c BUY LIMIT GTC 6 @ 101", "FILL 1 BUY 5 @ 101 taker c 1/5 maker b 0/5",
    "FILL 2 BUY 1 @ 101 taker c 0/6 maker a 3/1")

RULE(nothing_that_changes_keeps_priority, "> NEW a ann SELL 5 100", "ACCEPTED a SELL LIMIT GTC 5 @ 100",
    "> NEW b ann SELL 5 100", "ACCEPTED b SELL LIMIT GTC 5 @ 100", "> MODIFY a ann quantity=5 price=100",
    "MODIFIED a 5 @ 100 left 5 kept", "> MODIFY a ann price=100", "MODIFIED a 5 @ 100 left 5 kept",
    "> NEW c bob BUY 1 100", "ACCEPTED c BUY LIMIT GTC 1 @ 100", "FILL 1 BUY 1 @ 100 taker c 0/1 maker a 4/1")

RULE(the_new_quantity_counts_what_was_filled, "> NEW a ann SELL 5 100", "ACCEPTED a SELL LIMIT GTC 5 @ 100",
    "> NEW b bob BUY 2 100", "ACCEPTED b BUY LIMIT GTC 2 @ 100", "FILL 1 BUY 2 @ 100 taker b 0/2 maker a 3/2",
    "> MODIFY a ann quantity=4", "MODIFIED a 4 @ 100 left 2 kept", "> MODIFY a ann quantity=9",
    "MODIFIED a 9 @ 100 left 7 lost", "> MODIFY a ann price=101", "MODIFIED a 9 @ 101 left 7 lost", "> CANCEL a ann",
    "CANCELLED a USER left 7 filled 2")

RULE(reduced_to_what_was_filled_ends, "> NEW a ann SELL 5 100", "ACCEPTED a SELL LIMIT GTC 5 @ 100",
    "> NEW b bob BUY 2 100", "ACCEPTED b BUY LIMIT GTC 2 @ 100", "FILL 1 BUY 2 @ 100 taker b 0/2 maker a 3/2",
    "> NEW d bob BUY 9 90", "ACCEPTED d BUY LIMIT GTC 9 @ 90", "> MODIFY a ann quantity=2 price=80 cmd=k",
    "CANCELLED a REDUCED left 3 filled 2 by k", "> BOOK", "bids 9@90", "asks")

RULE(reduced_below_what_was_filled_ends, "> NEW a ann SELL 5 100", "ACCEPTED a SELL LIMIT GTC 5 @ 100",
    "> NEW b bob BUY 2 100", "ACCEPTED b BUY LIMIT GTC 2 @ 100", "FILL 1 BUY 2 @ 100 taker b 0/2 maker a 3/2",
    "> MODIFY a ann quantity=1", "CANCELLED a REDUCED left 3 filled 2")

RULE(a_modify_that_crosses_is_a_taker, "> NEW a ann SELL 5 100", "ACCEPTED a SELL LIMIT GTC 5 @ 100",
    "> NEW b bob BUY 2 99", "ACCEPTED b BUY LIMIT GTC 2 @ 99", "> NEW c bob BUY 2 98",
    "ACCEPTED c BUY LIMIT GTC 2 @ 98", "> MODIFY a ann price=98", "MODIFIED a 5 @ 98 left 5 lost",
    "FILL 1 SELL 2 @ 99 taker a 3/2 maker b 0/2", "FILL 2 SELL 2 @ 98 taker a 1/4 maker c 0/2", "> BOOK", "bids",
    "asks 1@98", "> NEW d bob BUY 1 99", "ACCEPTED d BUY LIMIT GTC 1 @ 99", "FILL 3 BUY 1 @ 98 taker d 0/1 maker a 0/5",
    "> CANCEL a ann", "REJECTED a UNKNOWN")

RULE(a_modify_that_crosses_and_is_filled_is_gone, "> NEW a ann SELL 2 100 client=x",
    "ACCEPTED a/x SELL LIMIT GTC 2 @ 100", "> NEW b bob BUY 5 99", "ACCEPTED b BUY LIMIT GTC 5 @ 99",
    "> MODIFY a ann price=90 quantity=3", "MODIFIED a/x 3 @ 90 left 3 lost",
    "FILL 1 SELL 3 @ 99 taker a 0/3 maker b 2/3", "> CANCEL client=x ann", "REJECTED -/x UNKNOWN",
    "> NEW a ann SELL 1 100 client=x", "ACCEPTED a/x SELL LIMIT GTC 1 @ 100")

RULE(post_only_modify_that_would_cross_leaves_it, "> NEW p ann SELL 5 100 POST", "ACCEPTED p SELL LIMIT GTC 5 @ 100",
    "> NEW q ann SELL 5 100", "ACCEPTED q SELL LIMIT GTC 5 @ 100", "> NEW b bob BUY 2 99",
    "ACCEPTED b BUY LIMIT GTC 2 @ 99", "> MODIFY p ann price=99 quantity=4 cmd=k", "REJECTED p POST_ONLY by k",
    "> BOOK", "bids 2@99", "asks 10@100", "> NEW c bob BUY 1 100", "ACCEPTED c BUY LIMIT GTC 1 @ 100",
    "FILL 1 BUY 1 @ 100 taker c 0/1 maker p 4/1", "> MODIFY p ann price=101", "MODIFIED p 5 @ 101 left 4 lost")

RULE(modify_checks_values_before_the_order, "> MODIFY z ann quantity=0.5", "REJECTED z OFF_LOT",
    "> MODIFY z ann price=0", "REJECTED z OUT_OF_RANGE", "> MODIFY z ann price=1", "REJECTED z UNKNOWN",
    "> NEW a ann SELL 5 100", "ACCEPTED a SELL LIMIT GTC 5 @ 100", "> MODIFY a bob price=90", "REJECTED a UNKNOWN",
    "> MODIFY a ann quantity=0", "REJECTED a OUT_OF_RANGE", "> MODIFY a ann quantity=1 price=0.1",
    "REJECTED a OFF_TICK")

RULE(mass_cancel_in_order, "> NEW a ann BUY 1 98", "ACCEPTED a BUY LIMIT GTC 1 @ 98", "> NEW b ann BUY 2 99",
    "ACCEPTED b BUY LIMIT GTC 2 @ 99", "> NEW c bob BUY 3 99", "ACCEPTED c BUY LIMIT GTC 3 @ 99",
    "> NEW d ann BUY 4 99", "ACCEPTED d BUY LIMIT GTC 4 @ 99", "> NEW e ann SELL 5 102",
    "ACCEPTED e SELL LIMIT GTC 5 @ 102", "> NEW f ann SELL 6 101", "ACCEPTED f SELL LIMIT GTC 6 @ 101",
    "> NEW g - SELL 7 101", "ACCEPTED g SELL LIMIT GTC 7 @ 101", "> CANCEL_ALL ann cmd=k",
    "CANCELLED b MASS left 2 filled 0 by k", "CANCELLED d MASS left 4 filled 0 by k",
    "CANCELLED a MASS left 1 filled 0 by k", "CANCELLED f MASS left 6 filled 0 by k",
    "CANCELLED e MASS left 5 filled 0 by k", "CANCEL_ALL_DONE ann 5 by k", "> BOOK", "bids 3@99", "asks 7@101",
    "> CANCEL_ALL ann cmd=l", "CANCEL_ALL_DONE ann 0 by l")

RULE(mass_cancel_of_one_side, "> NEW a ann BUY 1 98", "ACCEPTED a BUY LIMIT GTC 1 @ 98", "> NEW b ann SELL 2 99",
    "ACCEPTED b SELL LIMIT GTC 2 @ 99", "> CANCEL_ALL ann SELL", "CANCELLED b MASS left 2 filled 0",
    "CANCEL_ALL_DONE ann 1", "> BOOK", "bids 1@98", "asks", "> CANCEL_ALL ann BUY", "CANCELLED a MASS left 1 filled 0",
    "CANCEL_ALL_DONE ann 1")

RULE(faults_are_answered, "> NEW a ann SELL 1 100 fault=2", "REJECTED a MALFORMED", "> CANCEL a ann fault=3 cmd=k",
    "REJECTED a MISSING_FIELD by k")

RULE(prices_far_apart, "> NEW a ann BUY 1 1", "ACCEPTED a BUY LIMIT GTC 1 @ 1", "> NEW b ann BUY 1 1000000",
    "ACCEPTED b BUY LIMIT GTC 1 @ 1000000", "> NEW c ann BUY 1 500000000000",
    "ACCEPTED c BUY LIMIT GTC 1 @ 500000000000", "> NEW d ann BUY 1 2000000", "ACCEPTED d BUY LIMIT GTC 1 @ 2000000",
    "> BOOK", "bids 1@500000000000 1@2000000 1@1000000 1@1", "asks", "> CANCEL c ann",
    "CANCELLED c USER left 1 filled 0", "> BOOK", "bids 1@2000000 1@1000000 1@1", "asks", "> NEW s bob SELL 3 1",
    "ACCEPTED s SELL LIMIT GTC 3 @ 1", "FILL 1 SELL 1 @ 2000000 taker s 2/1 maker d 0/1",
    "FILL 2 SELL 1 @ 1000000 taker s 1/2 maker b 0/1", "FILL 3 SELL 1 @ 1 taker s 0/3 maker a 0/1", "> BOOK", "bids",
    "asks")

RULE(ids_of_64_bytes,
    "> NEW 0123456789012345678901234567890123456789012345678901234567890123 "
    "u123456789012345678901234567890123456789012345678901234567890123 SELL 1 5 "
    "client=c123456789012345678901234567890123456789012345678901234567890123",
    "ACCEPTED "
    "0123456789012345678901234567890123456789012345678901234567890123/"
    "c123456789012345678901234567890123456789012345678901234567890123 SELL LIMIT GTC 1 @ 5",
    "> CANCEL client=c123456789012345678901234567890123456789012345678901234567890123 "
    "u123456789012345678901234567890123456789012345678901234567890123",
    "CANCELLED "
    "0123456789012345678901234567890123456789012345678901234567890123/"
    "c123456789012345678901234567890123456789012345678901234567890123 USER left 1 filled 0")
