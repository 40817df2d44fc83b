/* The pieces of the Valkey writer: what a batch says of orders, what the script does with it in a real Valkey, and
 * the events that are held. */
#include "io/valkey/held_events.h"
#include "io/valkey/order_batch.h"
#include "io/valkey/scripts.h"
#include "tests/valkey/server.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct server server;
static redisContext *valkey;
static char apply_sha[64], sweep_sha[64];

/* As redisCommand: %s and %b. */
static redisReply *ask(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    redisReply *reply = redisvCommand(valkey, format, arguments);
    va_end(arguments);
    cr_assert_not_null(reply);
    return reply;
}

static void load(const char *script, char *sha) {
    redisReply *reply = ask("SCRIPT LOAD %s", script);
    cr_assert_eq(reply->type, REDIS_REPLY_STRING, "%s", reply->str);
    snprintf(sha, 64, "%s", reply->str);
    freeReplyObject(reply);
}

static void open_server(void) {
    server_start(&server, false);
    valkey = server_connect(&server);
    load(valkey_apply_script, apply_sha);
    load(valkey_sweep_script, sweep_sha);
}

static void close_server(void) {
    redisFree(valkey);
    server_end(&server);
}

/* The script's answer: done and stored. */
struct answer {
    long long done, stored;
};

static const char *partial = "0";

static struct answer run(
    const char *mode, const char *symbol, uint64_t first, uint64_t last, const char *token, struct text ops) {
    redisReply *reply = ask("EVALSHA %s 4 fseq:%s fills:%s last:%s depth:%s %s %" PRIu64 " %" PRIu64
                            " 00000000000000ff %s 3 100 %s %b %s %s",
        apply_sha, symbol, symbol, symbol, symbol, mode, first, last, token, symbol, ops.data, (size_t)ops.size, "",
        partial);
    cr_assert_eq(reply->type, REDIS_REPLY_ARRAY, "%s", reply->str);
    struct answer answer = {reply->element[0]->integer, reply->element[1]->integer};
    freeReplyObject(reply);
    return answer;
}

static struct answer run_batch(
    const char *mode, const char *symbol, const char *token, const struct order_batch *batch) {
    struct ops ops;
    cr_assert(ops_init(&ops, BATCH_BYTES_MAX));
    order_batch_encode(batch, &ops);
    struct answer answer = run(mode, symbol, batch->first, batch->last, token, ops_finish(&ops));
    ops_deinit(&ops);
    return answer;
}

#define EXPECT(ran, is_done, is_stored)                                                                                \
    do {                                                                                                               \
        struct answer got = (ran);                                                                                     \
        cr_assert_eq(got.done, (is_done));                                                                             \
        cr_assert_eq(got.stored, (is_stored), "stored %lld", got.stored);                                              \
    } while (0)

/* "a=1 b=2 ..." of a hash, in the order of its fields; "" without it. */
static const char *hash_of(const char *key) {
    static char line[1024];
    redisReply *reply = ask("HGETALL %s", key);
    line[0] = 0;
    for (size_t i = 0; i + 1 < reply->elements; i += 2)
        snprintf(line + strlen(line), sizeof line - strlen(line), "%s%s=%s", i ? " " : "", reply->element[i]->str,
            reply->element[i + 1]->str);
    freeReplyObject(reply);
    return line;
}

static const char *string_of(const char *key) {
    static char line[256];
    redisReply *reply = ask("GET %s", key);
    snprintf(line, sizeof line, "%s", reply->type == REDIS_REPLY_STRING ? reply->str : "-");
    freeReplyObject(reply);
    return line;
}

static long long number(const char *command) {
    redisReply *reply = redisCommand(valkey, command);
    cr_assert_eq(reply->type, REDIS_REPLY_INTEGER);
    long long value = reply->integer;
    freeReplyObject(reply);
    return value;
}

/* ---------------------------------------------------------------- events to play with */

static struct event event_of(enum event_type type, uint64_t fseq, const char *id) {
    return (struct event){.type = (uint8_t)type,
        .side = SIDE_BUY,
        .fseq = fseq,
        .hash = 1000 + fseq,
        .timestamp_ms = (int64_t)(5000 + fseq),
        .order_id = text_of(id),
        .user_id = TEXT("u"),
        .client_order_id = TEXT("c"),
        .has_price = true,
        .price_ticks = 15000,
        .quantity_lots = 100,
        .leaves_lots = 100,
        .instrument = instrument_default()};
}

static struct event fill_of(
    uint64_t fseq, const char *taker, int64_t taker_leaves, const char *maker, int64_t maker_leaves) {
    struct event event = event_of(EVENT_FILL, fseq, NULL);
    event.user_id = event.client_order_id = TEXT_NONE;
    event.trade_id = fseq;
    event.quantity_lots = 10;
    event.taker = (struct event_party){text_of(taker), TEXT("ct"), TEXT("ut"), taker_leaves, 100 - taker_leaves};
    event.maker = (struct event_party){text_of(maker), TEXT("cm"), TEXT("um"), maker_leaves, 100 - maker_leaves};
    return event;
}

static struct order_batch *batch_of(bool is_refill, const struct event *events, int count) {
    struct order_batch *batch = order_batch_open();
    cr_assert_not_null(batch);
    order_batch_clear(batch, is_refill);
    for (int i = 0; i < count; i++) order_batch_add(batch, &events[i], TEXT("{\"a\0\xff\"}"));
    return batch;
}

#define RUN(mode, symbol, token, ...)                                                                                  \
    ({                                                                                                                 \
        struct event list[] = {__VA_ARGS__};                                                                           \
        struct order_batch *batch = batch_of(strcmp(mode, "apply") != 0, list, sizeof list / sizeof list[0]);          \
        struct answer got_it = run_batch(mode, symbol, token, batch);                                                  \
        order_batch_close(batch);                                                                                      \
        got_it;                                                                                                        \
    })
#define APPLY(...) RUN("apply", "AAPL", "", __VA_ARGS__)
#define FILL(...) RUN("fill", "AAPL", "t", __VA_ARGS__)

/* ---------------------------------------------------------------- the chain */

TestSuite(script, .init = open_server, .fini = close_server);

Test(script, applies_what_continues_and_nothing_else) {
    EXPECT(APPLY(event_of(EVENT_ACCEPTED, 1, "a"), fill_of(2, "b", 90, "a", 90)), 1, 2);
    EXPECT(APPLY(event_of(EVENT_DUPLICATE, 4, "a")), 0, 2);                              /* 3 is missing */
    EXPECT(APPLY(event_of(EVENT_ACCEPTED, 1, "a"), fill_of(2, "b", 90, "a", 90)), 1, 2); /* a repeat */
    cr_assert_eq(number("XLEN fills:AAPL"), 1);
    EXPECT(APPLY(fill_of(2, "b", 90, "a", 90), fill_of(3, "b", 80, "a", 80)), 1, 3); /* half a repeat */
    cr_assert_eq(number("XLEN fills:AAPL"), 2);
    cr_assert_str_eq(hash_of("fseq:AAPL"), "fseq=3 hash=00000000000000ff");
    cr_assert_str_eq(hash_of("last:AAPL"), "price=150.00 quantity=10 takerSide=BUY tradeId=3 fseq=3 timestamp=5003");
}

/* An auction's fill has no taker's side, and leaves none of an earlier one. */
Test(script, last_of_an_auction_has_no_side) {
    struct event auction = fill_of(2, "b", 80, "a", 80);
    auction.side = SIDE_NONE;
    APPLY(fill_of(1, "b", 90, "a", 90));
    EXPECT(APPLY(auction), 1, 2);
    cr_assert_str_eq(hash_of("last:AAPL"), "price=150.00 quantity=10 tradeId=2 fseq=2 timestamp=5002");
    APPLY(fill_of(3, "b", 70, "a", 70));
    cr_assert_str_eq(hash_of("last:AAPL"), "price=150.00 quantity=10 tradeId=3 fseq=3 timestamp=5003 takerSide=BUY");
}

/* The buyer is named taker; the price is nobody's own. */
Test(script, refills_sides_from_an_auction) {
    struct event auction = fill_of(7, "b", 80, "a", 80);
    auction.side = SIDE_NONE;
    RUN("clear", "AAPL", "t", event_of(EVENT_DUPLICATE, 1, "x"));
    FILL(auction);
    cr_assert_str_eq(hash_of("order:b"),
        "symbol=AAPL userId=ut clientOrderId=ct timestamp=5007 fseq=7 status=PARTIALLY_FILLED side=BUY leaves=80 "
        "cumulative=20");
    cr_assert_str_eq(hash_of("order:a"),
        "symbol=AAPL userId=um clientOrderId=cm timestamp=5007 fseq=7 status=PARTIALLY_FILLED side=SELL leaves=80 "
        "cumulative=20");
}

/* A prevented match changes what is left; of whom it leaves nothing, that one has ended. */
Test(script, prevented_to_the_last_lot_is_an_end) {
    struct event prevented = fill_of(2, "b", 90, "a", 0);
    prevented.type = EVENT_PREVENTED;
    prevented.maker.cumulative_lots = 60;
    EXPECT(APPLY(event_of(EVENT_ACCEPTED, 1, "a"), prevented), 1, 2);
    cr_assert_str_eq(hash_of("order:a"),
        "symbol=AAPL userId=u clientOrderId=c timestamp=5002 fseq=2 status=EXPIRED side=BUY price=150.00 quantity=100 "
        "leaves=0 cumulative=60 reason=SELF_TRADE");
    cr_assert_gt(number("TTL order:a"), 0);
    cr_assert_eq(number("TTL order:b"), -1);
}

/* A list's child that never entered is known by its end alone. */
Test(script, tells_the_end_of_a_child_that_waited) {
    struct event parent = event_of(EVENT_CANCELLED, 1, "p"), child = event_of(EVENT_CANCELLED, 2, "c1");
    parent.reason = REASON_USER;
    child.reason = REASON_PARENT;
    child.leaves_lots = 100;
    child.cumulative_lots = 0;
    child.client_order_id = TEXT_NONE;
    EXPECT(APPLY(parent, child), 1, 2);
    cr_assert_str_eq(hash_of("order:c1"),
        "symbol=AAPL userId=u timestamp=5002 fseq=2 status=CANCELLED leaves=100 cumulative=0 reason=PARENT");
    cr_assert_gt(number("TTL order:c1"), 0);
}

/* A replaced order's clientOrderId may go on with the new one. */
Test(script, a_replacement_keeps_the_client_id) {
    struct event replaced = event_of(EVENT_CANCELLED, 2, "a");
    replaced.reason = REASON_REPLACED;
    EXPECT(APPLY(event_of(EVENT_ACCEPTED, 1, "a"), replaced, event_of(EVENT_ACCEPTED, 3, "b")), 1, 3);
    cr_assert_str_eq(string_of("client:u:AAPL:c"), "b");
    cr_assert_eq(number("TTL client:u:AAPL:c"), -1);
    cr_assert_gt(number("TTL order:a"), 0);
}

Test(script, writes_fills_byte_by_byte_and_trims) {
    EXPECT(APPLY(fill_of(1, "a", 9, "b", 9), fill_of(2, "a", 8, "b", 8), fill_of(3, "a", 7, "b", 7),
               fill_of(4, "a", 6, "b", 6)),
        1, 4);
    redisReply *reply = ask("XRANGE fills:AAPL - +");
    cr_assert_eq(reply->elements, 3);
    cr_assert_str_eq(reply->element[0]->element[0]->str, "2-0");
    redisReply *field = reply->element[2]->element[1];
    cr_assert_str_eq(field->element[0]->str, "e");
    cr_assert_eq(field->element[1]->len, 7);
    cr_assert_eq(memcmp(field->element[1]->str, "{\"a\0\xff\"}", 7), 0);
    freeReplyObject(reply);
}

Test(script, tells_an_order_by_what_it_came_to) {
    APPLY(event_of(EVENT_ACCEPTED, 1, "a"));
    cr_assert_str_eq(hash_of("order:a"),
        "symbol=AAPL userId=u clientOrderId=c timestamp=5001 fseq=1 status=ACCEPTED side=BUY price=150.00 quantity=100 "
        "leaves=100 cumulative=0");
    cr_assert_str_eq(string_of("client:u:AAPL:c"), "a");
    cr_assert_eq(number("TTL order:a"), -1);
    struct event modified = event_of(EVENT_MODIFIED, 3, "a"), cancelled = event_of(EVENT_CANCELLED, 4, "a");
    modified.quantity_lots = 150;
    modified.leaves_lots = 140;
    modified.price_ticks = 15005;
    cancelled.leaves_lots = 140;
    cancelled.cumulative_lots = 10;
    cancelled.reason = REASON_USER;
    EXPECT(APPLY(fill_of(2, "b", 0, "a", 90), modified), 1, 3);
    cr_assert_str_eq(hash_of("order:a"),
        "symbol=AAPL userId=u clientOrderId=c timestamp=5003 fseq=3 status=PARTIALLY_FILLED side=BUY price=150.05 "
        "quantity=150 leaves=140 cumulative=10");
    EXPECT(APPLY(cancelled), 1, 4);
    cr_assert_str_eq(hash_of("order:a"),
        "symbol=AAPL userId=u clientOrderId=c timestamp=5004 fseq=4 status=CANCELLED side=BUY price=150.05 "
        "quantity=150 leaves=140 cumulative=10 reason=USER");
    cr_assert_gt(number("TTL order:a"), 90);
    cr_assert_gt(number("TTL client:u:AAPL:c"), 90);
    APPLY(event_of(EVENT_ACCEPTED, 5, "a")); /* long after, the id once more */
    cr_assert_str_eq(hash_of("order:a"),
        "symbol=AAPL userId=u clientOrderId=c timestamp=5005 fseq=5 status=ACCEPTED side=BUY price=150.00 quantity=100 "
        "leaves=100 cumulative=0");
    cr_assert_eq(number("TTL order:a"), -1);
    cr_assert_eq(number("TTL client:u:AAPL:c"), -1);
}

Test(script, a_rejected_repeat_hides_no_order) {
    struct event rejected = event_of(EVENT_REJECTED, 2, "a"), cancel = event_of(EVENT_REJECTED, 4, "z");
    rejected.reason = REASON_DUPLICATE_ID;
    cancel.reason = REASON_UNKNOWN;
    cancel.command_id = TEXT("k");
    APPLY(event_of(EVENT_ACCEPTED, 1, "a"));
    APPLY(rejected, fill_of(3, "b", 0, "a", 90), cancel); /* and the fill behind it still counts */
    cr_assert_str_eq(hash_of("order:a"),
        "symbol=AAPL userId=u clientOrderId=c timestamp=5003 fseq=3 status=PARTIALLY_FILLED side=BUY price=150.00 "
        "quantity=100 leaves=90 cumulative=10");
    cr_assert_str_eq(hash_of("order:z"), ""); /* a cancel of nothing is no order */
    struct event fresh = event_of(EVENT_REJECTED, 5, "r");
    fresh.reason = REASON_OFF_TICK;
    APPLY(fresh);
    cr_assert_str_eq(hash_of("order:r"),
        "symbol=AAPL userId=u clientOrderId=c timestamp=5005 fseq=5 status=REJECTED reason=OFF_TICK");
    cr_assert_gt(number("TTL order:r"), 90);
    cr_assert_str_eq(string_of("client:u:AAPL:c"), "a");
}

Test(script, an_id_of_another_symbol_is_not_touched) {
    APPLY(event_of(EVENT_ACCEPTED, 1, "a"));
    EXPECT(RUN("apply", "MSFT", "", event_of(EVENT_ACCEPTED, 1, "a")), 1, 1); /* takes the key */
    struct event cancelled = event_of(EVENT_CANCELLED, 2, "a");
    EXPECT(APPLY(cancelled), 1, 2);
    cr_assert_not_null(strstr(hash_of("order:a"), "symbol=MSFT"));
    cr_assert_not_null(strstr(hash_of("order:a"), "status=ACCEPTED"));
}

/* ---------------------------------------------------------------- refills */

Test(script, a_refill_needs_its_token_and_shuts_the_chain_out) {
    APPLY(event_of(EVENT_ACCEPTED, 1, "a"));
    EXPECT(run("clear", "AAPL", 0, 0, "t", TEXT("\x90")), 1, 1); /* something was there */
    EXPECT(APPLY(event_of(EVENT_DUPLICATE, 1, "a")), 0, 0);
    EXPECT(RUN("fill", "AAPL", "other", fill_of(2, "b", 0, "a", 90)), 0, 0);
    EXPECT(run("open", "AAPL", 7, 7, "other", TEXT("\x90")), 0, 0);
    EXPECT(FILL(fill_of(6, "b", 0, "a", 90)), 1, 6);
    EXPECT(run("open", "AAPL", 7, 7, "t", TEXT("\x90")), 1, 7);
    cr_assert_str_eq(hash_of("fseq:AAPL"), "fseq=7 hash=00000000000000ff base=7");
    EXPECT(APPLY(event_of(EVENT_DUPLICATE, 8, "a")), 1, 8);
    EXPECT(FILL(fill_of(9, "b", 0, "a", 90)), 0, 8);
}

Test(script, after_a_partial_refill_a_repeat_says_nothing_of_the_original) {
    run("clear", "AAPL", 0, 0, "t", TEXT("\x90"));
    partial = "5010";
    EXPECT(run("open", "AAPL", 7, 7, "t", TEXT("\x90")), 1, 7);
    partial = "0";
    cr_assert_str_eq(hash_of("fseq:AAPL"), "fseq=7 hash=00000000000000ff base=7 partial=5010");
    struct event repeat = event_of(EVENT_REJECTED, 8, "unseen"), other = event_of(EVENT_REJECTED, 9, "other"),
                 late = event_of(EVENT_REJECTED, 10, "late");
    repeat.reason = late.reason = REASON_DUPLICATE_ID; /* at 5008 and 5010 */
    other.reason = REASON_OFF_LOT;
    EXPECT(APPLY(repeat, other, late), 1, 10);
    cr_assert_str_eq(hash_of("order:unseen"), "");
    cr_assert_str_neq(hash_of("order:other"), "");
    cr_assert_str_neq(hash_of("order:late"), "");
}

Test(script, what_a_refill_did_not_read_may_have_modified_an_order) {
    APPLY(event_of(EVENT_ACCEPTED, 1, "a"), event_of(EVENT_ACCEPTED, 2, "b"));
    run("clear", "AAPL", 0, 0, "t", TEXT("\x90"));
    struct event list[] = {fill_of(6, "a", 0, "b", 0)};
    struct order_batch *batch = batch_of(true, list, 1);
    EXPECT(run_batch("fill", "AAPL", "t", batch), 1, 6);
    order_batch_close(batch);
    cr_assert_null(strstr(hash_of("order:a"), "quantity"));
    cr_assert_null(strstr(hash_of("order:a"), "price"));
    cr_assert_not_null(strstr(hash_of("order:b"), "price=150.00")); /* the fill tells a maker's */
}

Test(script, a_flush_in_a_refill_is_noticed) {
    EXPECT(run("clear", "AAPL", 0, 0, "t", TEXT("\x90")), 1, 0);
    server_do(&server, "FLUSHALL");
    load(valkey_apply_script, apply_sha);
    EXPECT(FILL(fill_of(6, "b", 0, "a", 90)), 0, 0);
}

Test(script, the_tail_does_not_undo_the_snapshot) {
    struct order_batch *snapshot = batch_of(true, NULL, 0);
    struct event open = event_of(EVENT_ACCEPTED, 0, "a");
    open.leaves_lots = 40;
    open.cumulative_lots = 60;
    open.timestamp_ms = 0;
    order_batch_add_open(snapshot, &open, 9);
    run("clear", "AAPL", 0, 0, "t", TEXT("\x90"));
    EXPECT(run_batch("fill", "AAPL", "t", snapshot), 1, 0);
    order_batch_close(snapshot);
    struct event rejected = event_of(EVENT_REJECTED, 6, "before");
    rejected.reason = REASON_DUPLICATE_ID; /* of an order that the tail does not show */
    FILL(event_of(EVENT_ACCEPTED, 2, "old"), event_of(EVENT_CANCELLED, 3, "old"), event_of(EVENT_ACCEPTED, 4, "a"),
        fill_of(5, "b", 0, "a", 90), rejected, fill_of(8, "old2", 5, "a", 40));
    cr_assert_str_eq(hash_of("order:before"), "");
    cr_assert_str_eq(hash_of("order:a"),
        "symbol=AAPL userId=u clientOrderId=c fseq=9 status=PARTIALLY_FILLED side=BUY price=150.00 quantity=100 "
        "leaves=40 cumulative=60 timestamp=5008");
    cr_assert_not_null(strstr(hash_of("order:old"), "status=CANCELLED"));
    cr_assert_str_eq(hash_of("order:b"),
        "symbol=AAPL userId=ut clientOrderId=ct timestamp=5005 fseq=5 status=FILLED side=BUY leaves=0 cumulative=100");
    cr_assert_eq(number("TTL order:a"), -1);
    cr_assert_str_eq(string_of("client:u:AAPL:c"), "a");
}

Test(script, the_sweep_takes_only_what_no_snapshot_found) {
    APPLY(
        event_of(EVENT_ACCEPTED, 1, "gone"), event_of(EVENT_ACCEPTED, 2, "done"), event_of(EVENT_CANCELLED, 3, "done"));
    RUN("apply", "MSFT", "", event_of(EVENT_ACCEPTED, 1, "other"));
    run("clear", "AAPL", 0, 0, "t", TEXT("\x90"));
    struct order_batch *snapshot = batch_of(true, NULL, 0);
    struct event open = event_of(EVENT_ACCEPTED, 0, "open");
    open.client_order_id = TEXT("c2");
    order_batch_add_open(snapshot, &open, 9);
    run_batch("fill", "AAPL", "t", snapshot);
    order_batch_close(snapshot);
    run("open", "AAPL", 9, 9, "t", TEXT("\x90"));
    long long gone = 0;
    char cursor[32] = "0";
    do {
        redisReply *reply = ask("EVALSHA %s 0 %s 2", sweep_sha, cursor);
        cr_assert_eq(reply->type, REDIS_REPLY_ARRAY, "%s", reply->str);
        snprintf(cursor, sizeof cursor, "%s", reply->element[0]->str);
        gone += reply->element[1]->integer;
        freeReplyObject(reply);
    } while (strcmp(cursor, "0") != 0);
    cr_assert_eq(gone, 1);
    cr_assert_str_eq(hash_of("order:gone"), "");
    cr_assert_str_neq(hash_of("order:done"), "");
    cr_assert_str_neq(hash_of("order:open"), "");
    cr_assert_str_neq(hash_of("order:other"), "");
}

Test(script, depth_never_goes_back_unless_told) {
    struct ops ops;
    cr_assert(ops_init(&ops, 4096));
    static const struct {
        uint64_t fseq;
        const char *json;
        bool force;
        const char *then;
    } steps[] = {{5, "{\"u\":5,\"b\":[]}", false, "{\"u\":5,\"b\":[]}"}, {4, "{\"u\":4}", false, "{\"u\":5,\"b\":[]}"},
        {5, "{\"u\":5}", false, "{\"u\":5}"}, {2, "{\"u\":2}", true, "{\"u\":2}"}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        ops_clear(&ops);
        ops_number(&ops, OP_DEPTH);
        ops_number(&ops, steps[i].fseq);
        ops_text(&ops, text_of(steps[i].json));
        ops_number(&ops, steps[i].force);
        EXPECT(run("depth", "AAPL", 0, 0, "", ops_finish(&ops)), 1, 0);
        cr_assert_str_eq(string_of("depth:AAPL"), steps[i].then);
    }
    ops_deinit(&ops);
}

/* ---------------------------------------------------------------- limits */

Test(batch, takes_no_more_than_it_can_encode) {
    struct order_batch *batch = batch_of(false, NULL, 0);
    struct ops ops;
    cr_assert(ops_init(&ops, BATCH_BYTES_MAX));
    char long_id[2][ID_BYTES_MAX], bytes[EVENT_BYTES_MAX];
    memset(bytes, 'x', sizeof bytes);
    uint64_t fseq = 0;
    for (int length = 100; length <= (int)sizeof bytes;
        length += (int)sizeof bytes - 100) { /* many orders, then many bytes */
        order_batch_clear(batch, true);
        while (order_batch_has_room(batch)) {
            struct event event = fill_of(++fseq, NULL, INT64_C(1) << 40, NULL, INT64_C(1) << 40);
            event.instrument.lot = event.instrument.tick = (struct decimal_unit){1, 12};
            event.price_ticks = PRICE_TICKS_MAX;
            for (int i = 0; i < 2; i++) {
                memset(long_id[i], 'i', ID_BYTES_MAX);
                snprintf(long_id[i], ID_BYTES_MAX, "%d-%" PRIu64, i, fseq);
            }
            event.taker.order_id = (struct text){long_id[0], ID_BYTES_MAX};
            event.maker.order_id = (struct text){long_id[1], ID_BYTES_MAX};
            event.taker.user_id = event.maker.user_id = event.taker.client_order_id = event.maker.client_order_id =
                event.taker.order_id;
            event.taker.cumulative_lots = event.maker.cumulative_lots = INT64_C(1) << 40;
            order_batch_add(batch, &event, (struct text){bytes, (uint32_t)length});
        }
        ops_clear(&ops);
        order_batch_encode(batch, &ops);
        cr_assert_gt(batch->order_count, 50);
        cr_assert_leq(ops_finish(&ops).size, BATCH_BYTES_MAX);
    }
    ops_deinit(&ops);
    order_batch_close(batch);
}

Test(hold, keeps_the_newest_within_its_limit) {
    struct held_events hold = {0};
    struct event event, got;
    struct text bytes;
    char text[600];
    uint64_t dropped = 0;
    memset(text, 't', sizeof text);
    for (uint64_t fseq = 10; fseq < 2000; fseq++) {
        event = event_of(EVENT_ACCEPTED, fseq, "a");
        text[0] = (char)fseq;
        dropped += held_events_add(&hold, &event, (struct text){text, (uint32_t)(100 + fseq % 500)}, 100000);
        cr_assert_leq(hold.capacity, 100000);
        cr_assert_eq(hold.last, fseq);
        cr_assert_eq(hold.first, 10 + dropped);
    }
    cr_assert_gt(dropped, 1000);
    for (uint64_t fseq = 10 + dropped; fseq < 2000; fseq++) {
        cr_assert(held_events_peek(&hold, &got, &bytes));
        cr_assert_eq(got.fseq, fseq);
        cr_assert_eq(bytes.size, 100 + fseq % 500);
        cr_assert_eq(bytes.data[0], (char)fseq);
        cr_assert(text_equal(got.order_id, TEXT("a")));
        held_events_drop(&hold);
    }
    cr_assert_not(held_events_peek(&hold, &got, &bytes));
    event = event_of(EVENT_ACCEPTED, 5, "a");
    cr_assert_eq(held_events_add(&hold, &event, TEXT_NONE, 100000), 0);
    event = event_of(EVENT_ACCEPTED, 8, "a"); /* does not follow: displaces */
    cr_assert_eq(held_events_add(&hold, &event, TEXT_NONE, 100000), 1);
    cr_assert_eq(hold.first, 8);
    held_events_clear(&hold);
    cr_assert_eq(held_events_add(&hold, &event, TEXT_NONE, 100), 1); /* no room at all */
    held_events_clear(&hold);
}
