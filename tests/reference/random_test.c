/* Random records of every kind on one small book: whatever comes, the invariants of the rules hold after each. What
 * the events say is compared with the books they leave. */
#include "bench/reference/dictionary.h"
#include "core/limits.h"
#include "tests/reference/stage.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

enum { RECORDS = 20000, MEMBERS = 2000 };

/* ---- chance */

static uint64_t chance;

static uint32_t below(uint32_t n) {
    uint64_t z = chance += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(((z ^ z >> 31) >> 32) * n >> 32);
}

#define PICK(array) ((array)[below(sizeof(array) / sizeof((array)[0]))])

static bool once_in(uint32_t n) { return below(n) == 0; }

/* ---- what the events said */

struct known { /* an order */
    int64_t quantity, filled, prevented, leaves;
    bool open;
};

static struct {
    struct dictionary orders;
    uint64_t fseq, open, trades;
} told;

static void free_value(void *context, void *value) {
    (void)context;
    free(value);
}

static int64_t number_in(yyjson_val *object, const char *name) {
    const char *text = yyjson_get_str(yyjson_obj_get(object, name));
    return text ? strtoll(text, NULL, 10) : -1;
}

static struct known *known_of(yyjson_val *object) {
    yyjson_val *id = yyjson_obj_get(object, "orderId");
    return dictionary_find(&told.orders, yyjson_get_str(id), yyjson_get_len(id));
}

static void end(struct known *order) {
    cr_assert(order->open);
    order->open = false;
    told.open--;
}

static void on_accepted(yyjson_val *root) {
    yyjson_val *id = yyjson_obj_get(root, "orderId");
    struct known *order = known_of(root);
    cr_assert(!order || !order->open, "an open id is given again");
    if (!order) order = reference_allocate(sizeof *order);
    *order = (struct known){.quantity = number_in(root, "quantity"), .leaves = number_in(root, "leaves"), .open = true};
    dictionary_put(&told.orders, yyjson_get_str(id), yyjson_get_len(id), order);
    told.open++;
}

static void on_party(yyjson_val *party, int64_t filled, int64_t prevented) {
    struct known *order = known_of(party);
    cr_assert(order && order->open);
    order->filled += filled;
    order->prevented += prevented;
    order->leaves -= filled + prevented;
    cr_assert_eq(order->leaves, number_in(party, "leaves"));
    cr_assert_eq(order->filled, number_in(party, "cumulative"));
    cr_assert_eq(order->quantity, order->filled + order->prevented + order->leaves);
    if (order->leaves == 0) end(order);
}

static void on_trade(yyjson_val *root, bool is_fill) {
    const char *mode = yyjson_get_str(yyjson_obj_get(root, "mode"));
    int64_t quantity = number_in(root, "quantity"), prevented = mode && strcmp(mode, "DECREMENT") == 0 ? quantity : 0;
    cr_assert_gt(quantity, 0);
    if (is_fill) cr_assert_eq(yyjson_get_uint(yyjson_obj_get(root, "tradeId")), ++told.trades);
    on_party(yyjson_obj_get(root, "taker"), is_fill ? quantity : 0, prevented);
    on_party(yyjson_obj_get(root, "maker"), is_fill ? quantity : 0, prevented);
}

static void on_modified(yyjson_val *root) {
    struct known *order = known_of(root);
    cr_assert(order && order->open);
    order->quantity = number_in(root, "quantity");
    order->leaves = number_in(root, "leaves");
    cr_assert_gt(order->leaves, 0);
    cr_assert_eq(order->quantity, order->filled + order->prevented + order->leaves);
}

static void on_end(yyjson_val *root) {
    struct known *order = known_of(root);
    if (!order || !order->open) return; /* a child that never entered */
    cr_assert_eq(order->leaves, number_in(root, "leaves"));
    cr_assert_eq(order->filled, number_in(root, "cumulative"));
    end(order);
}

/* What must have come, lest the records be too tame. */
static const char *const wanted[] = {"\"PREVENTED\"", "\"TRIGGERED\"", "\"MODIFIED\"", "\"OCO\"", "\"PARENT\"",
    "\"GTD\"", "\"DAY\"", "\"MASS\"", "\"REDUCED\"", "\"REPLACED\"", "\"SELF_TRADE\"", "\"FOK\"", "\"NO_LIQUIDITY\"",
    "\"reason\":\"PRICE_BAND\"", "\"MIN_NOTIONAL\"", "\"POST_ONLY\"", "\"HALTED\"", "\"BLOCKED\"",
    "\"indicativePrice\"", "\"UNKNOWN\"", "\"DUPLICATE_ID\"", "\"listId\""};
static uint64_t came[sizeof wanted / sizeof wanted[0]];

static void count(const char *event) {
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) came[i] += strstr(event, wanted[i]) != NULL;
}

static void hear(const char *event) {
    count(event);
    yyjson_doc *document = yyjson_read(event, strlen(event), 0);
    yyjson_val *root = yyjson_doc_get_root(document);
    const char *type = yyjson_get_str(yyjson_obj_get(root, "type"));
    cr_assert(type);
    if (yyjson_equals_str(yyjson_obj_get(root, "symbol"), "AAPL"))
        cr_assert_eq(yyjson_get_uint(yyjson_obj_get(root, "fseq")), ++told.fseq);
    if (strcmp(type, "ACCEPTED") == 0) on_accepted(root);
    if (strcmp(type, "FILL") == 0 || strcmp(type, "PREVENTED") == 0) on_trade(root, type[0] == 'F');
    if (strcmp(type, "MODIFIED") == 0) on_modified(root);
    if (strcmp(type, "CANCELLED") == 0 || strcmp(type, "EXPIRED") == 0) on_end(root);
    yyjson_doc_free(document);
}

/* ---- the books they leave */

static void check_order(void *context, const struct reference_order *order) {
    const struct known *known = dictionary_find(&told.orders, order->order_id.data, order->order_id.size);
    if (order->where == REFERENCE_WAITS_AS_CHILD) return;
    ++*(uint64_t *)context;
    cr_assert(known && known->open);
    cr_assert_eq(known->quantity, order->quantity_lots);
    cr_assert_eq(known->filled, order->cumulative_lots);
    cr_assert_eq(known->prevented, order->prevented_lots);
    cr_assert_eq(known->leaves, order->leaves_lots);
    if (order->where != REFERENCE_RESTS) return;
    cr_assert_gt(order->shown_lots, 0);
    cr_assert_eq(order->shown_lots + order->reserve_lots, order->leaves_lots);
}

static void check_books(void) {
    struct reference_level bid, ask;
    struct reference_trading trading;
    uint64_t open = 0;
    if (!reference_trading(t.reference, TEXT("AAPL"), &trading)) return;
    reference_orders(t.reference, TEXT("AAPL"), check_order, &open);
    cr_assert_eq(open, told.open, "orders that the events left open: %lu, in the book: %lu", told.open, open);
    bool both = reference_level(t.reference, TEXT("AAPL"), false, 0, &bid) &&
                reference_level(t.reference, TEXT("AAPL"), true, 0, &ask);
    cr_assert(!both || strcmp(trading.state, "TRADING") != 0 || bid.price_ticks < ask.price_ticks);
    cr_assert_eq(trading.trades, told.trades);
}

/* ---- records */

static uint32_t ids;

struct page {
    char text[MEMBERS];
    size_t size;
};

__attribute__((format(printf, 2, 3))) static void add(struct page *page, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    page->size += (size_t)vsnprintf(page->text + page->size, MEMBERS - page->size, format, arguments);
    va_end(arguments);
    cr_assert_lt(page->size, (size_t)MEMBERS);
}

/* An order that is open, if there is one: its id and whose it is. */
static char some_id[ID_BYTES_MAX + 1], some_user[ID_BYTES_MAX + 1];

static void pick_order(void *context, const struct reference_order *order) {
    if (!once_in(++*(uint32_t *)context)) return;
    snprintf(some_id, sizeof some_id, "%.*s", (int)order->order_id.size, order->order_id.data);
    snprintf(
        some_user, sizeof some_user, "%.*s", (int)order->user_id.size, order->user_id.data ? order->user_id.data : "");
}

static void pick_one(void) {
    uint32_t seen = 0;
    snprintf(some_id, sizeof some_id, "o%u", 1 + below(ids + 1));
    snprintf(some_user, sizeof some_user, "u%u", below(4));
    reference_orders(t.reference, TEXT("AAPL"), pick_order, &seen);
    if (once_in(8)) snprintf(some_user, sizeof some_user, "u%u", below(4));
}

static double price(void) { return (double)(980 + below(40)) / 100; }

static void add_conditions(struct page *page, const char *type) {
    if (strncmp(type, "STOP", 4) == 0) add(page, ",'stopPrice':%.2f", price());
    if (strcmp(type, "TRAILING_STOP") != 0) return;
    if (once_in(2))
        add(page, ",'trailingAmount':0.0%u", 1 + below(9));
    else
        add(page, ",'trailingBps':%u", 1 + below(80));
    if (once_in(3)) add(page, ",'stopPrice':%.2f", price());
}

static void add_order(struct page *page, bool with_account) {
    static const char *const types[] = {
        "LIMIT", "LIMIT", "LIMIT", "LIMIT", "MARKET", "STOP", "STOP_LIMIT", "TRAILING_STOP"};
    static const char *const times[] = {"IOC", "FOK", "GTC", "DAY", "GTD"};
    static const char *const modes[] = {"EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "NONE"};
    const char *type = PICK(types), *tif = PICK(times);
    add(page, "'orderId':'o%u','side':'%s','orderType':'%s','quantity':%u", ++ids, once_in(2) ? "BUY" : "SELL", type,
        1 + below(30));
    if (strcmp(type, "LIMIT") == 0 || strcmp(type, "STOP_LIMIT") == 0 || once_in(2))
        add(page, ",'price':%.2f", price());
    add_conditions(page, type);
    if (once_in(3)) {
        add(page, ",'timeInForce':'%s'", tif);
        if (strcmp(tif, "GTD") == 0) add(page, ",'expireTime':%lld", (long long)t.time_ms + below(3000));
    }
    if (once_in(6)) add(page, ",'displayQuantity':%u", 1 + below(6));
    if (once_in(9)) add(page, ",'postOnly':true");
    if (once_in(12)) add(page, ",'maxSlippage':0.0%u", below(9));
    if (once_in(3)) add(page, ",'selfTradePrevention':'%s'", PICK(modes));
    if (once_in(8)) add(page, ",'clientOrderId':'c%u'", below(40));
    if (with_account && !once_in(12)) add(page, ",'userId':'u%u'", below(4));
}

static void add_list(struct page *page) {
    uint32_t kind = below(3);
    static const char *const names[] = {"OCO", "OTO", "OTOCO"};
    add(page, "'action':'LIST','listId':'l%u','userId':'u%u','contingency':'%s','orders':[", ++ids, below(4),
        names[kind]);
    for (uint32_t i = 0; i < (kind == 2 ? 3u : 2u); i++) {
        add(page, i ? ",{" : "{");
        add_order(page, false);
        add(page, "}");
    }
    add(page, "]");
}

static void add_modify(struct page *page) {
    pick_one();
    add(page, "'action':'MODIFY','orderId':'%s','userId':'%s'", some_id, some_user);
    if (once_in(2)) add(page, ",'quantity':%u", 1 + below(once_in(2) ? 40 : 9));
    if (once_in(2)) add(page, ",'price':%.2f", price());
    if (once_in(6)) add(page, ",'stopPrice':%.2f", price());
    if (once_in(12)) add(page, ",'expireTime':%lld", (long long)t.time_ms + below(3000));
}

static void command(void) {
    struct page page = {.size = 0};
    uint32_t what = below(40);
    if (what < 22) {
        add_order(&page, true);
    } else if (what < 28) {
        add_list(&page);
    } else if (what < 33) {
        add_modify(&page);
    } else if (what < 36) {
        pick_one();
        add(&page, "'action':'CANCEL','orderId':'%s','userId':'%s'", some_id, some_user);
    } else if (what < 39) {
        pick_one();
        add(&page, "'action':'REPLACE','cancelOrderId':'%s','userId':'%s',", some_id, some_user);
        add_order(&page, false);
    } else {
        add(&page, "'action':'CANCEL_ALL','userId':'u%u'%s", below(4), once_in(2) ? ",'side':'SELL'" : "");
    }
    say("%s", page.text);
}

static void settle_state(void) {
    static const char *const names[] = {"HALTED", "AUCTION", "AUCTION", "CLOSED"};
    static const char *const others[] = {"{'kind':'TICK'}",
        "{'kind':'INSTRUMENT','symbol':'AAPL','band':{'bps':90},'collar':{'ticks':9}}",
        "{'kind':'INSTRUMENT','symbol':'AAPL','referencePrice':9.99,'minNotional':40,'minClip':2}",
        "{'kind':'INSTRUMENT','symbol':'AAPL'}", "{'kind':'BLOCK','userId':'u3','blocked':true}",
        "{'kind':'BLOCK','userId':'u3','blocked':false}"};
    struct reference_trading trading;
    bool trades = !reference_trading(t.reference, TEXT("AAPL"), &trading) || strcmp(trading.state, "TRADING") == 0;
    if (once_in(trades ? 4 : 2))
        state(trades ? PICK(names) : "TRADING");
    else
        control(PICK(others));
}

static void play(uint64_t seed) {
    chance = seed;
    ids = 0;
    stage_open();
    for (int i = 0; i < RECORDS; i++) {
        t.time_ms += below(120);
        if (once_in(25))
            settle_state();
        else
            command();
        for (size_t e = 0; e < t.count; e++) hear(t.events[e]);
        check_books();
    }
    stage_close();
    dictionary_each(&told.orders, free_value, NULL);
    dictionary_deinit(&told.orders);
    memset(&told, 0, sizeof told);
}

Test(random, the_invariants_hold) {
    for (uint64_t seed = 1; seed <= 3; seed++) play(seed);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        cr_expect_gt(came[i], 20, "%s came %lu times", wanted[i], came[i]);
    }
}
