#include "bench/workload/workload.h"

#include "bench/reference/reference.h"
#include "bench/workload/draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REMEMBERED = 192, RESTING_MAX = 160 };

/* An order that may still rest. */
struct remembered {
    char order_id[DRAFT_ID_BYTES], client_order_id[DRAFT_ID_BYTES], user_id[DRAFT_ID_BYTES];
    int64_t price_ticks, quantity_lots;
    int side;
};

struct market { /* a symbol */
    char symbol[16];
    int32_t home;
    int64_t middle_ticks;
    struct remembered orders[REMEMBERED]; /* no order in it is known to be dead; oldest first */
    uint32_t count;
    struct draft last; /* the last new order, to repeat it */
    bool has_last;
    struct draft promised; /* a new order whose cancel was sent before it */
    bool has_promised;
};

struct workload {
    struct workload_options options;
    uint64_t random, counter;
    struct market *markets;
    char bytes[DRAFT_BYTES_MAX];
};

/* ---- chance: splitmix64 */

static uint64_t draw(struct workload *w) {
    uint64_t z = w->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint32_t below(struct workload *w, uint32_t n) { return (uint32_t)((draw(w) >> 32) * n >> 32); }

static bool chance(struct workload *w, uint32_t per_million) { return below(w, 1000000) < per_million; }

/* Small numbers are likelier: symbols, distances, quantities. */
static uint32_t low_below(struct workload *w, uint32_t n) {
    uint32_t a = below(w, n), b = below(w, n);
    return a < b ? a : b;
}

/* ---- opening */

static void name_symbol(char out[16], uint32_t i) {
    static const char *const known[] = {"AAPL", "GOOGL", "MSFT", "AMZN", "TSLA", "NVDA", "META", "NFLX", "AMD", "INTC",
        "ORCL", "IBM", "CSCO", "ADBE", "QCOM", "TXN", "UBER", "PYPL", "SHOP", "SONY"};
    if (i < sizeof known / sizeof known[0])
        snprintf(out, 16, "%s", known[i]);
    else
        snprintf(out, 16, "SYM%u", i);
}

struct workload *workload_open(const struct workload_options *options) {
    if (options->symbols < 1 || options->symbols > 10000 || options->accounts < 1 || options->bad_per_million > 1000000)
        return NULL;
    struct workload *w = calloc(1, sizeof *w);
    struct market *markets = calloc(options->symbols, sizeof *markets);
    if (!w || !markets) {
        free(w);
        free(markets);
        return NULL;
    }
    *w = (struct workload){
        .options = *options, .random = options->seed * UINT64_C(0x2545f4914f6cdd1d) + 1, .markets = markets};
    for (uint32_t i = 0; i < options->symbols; i++) {
        name_symbol(markets[i].symbol, i);
        markets[i].home = reference_home(text_of(markets[i].symbol));
        markets[i].middle_ticks = 2000 + below(w, 50000);
    }
    return w;
}

void workload_close(struct workload *workload) {
    if (workload) free(workload->markets);
    free(workload);
}

struct text workload_symbol(const struct workload *workload, uint32_t i) {
    return text_of(workload->markets[i].symbol);
}

/* ---- ids */

/* `<ms>-<9 characters of base 36>`, as the guide's router makes them, from a counter: no id comes twice. */
static void make_id(struct workload *w, int64_t timestamp_ms, char out[DRAFT_ID_BYTES]) {
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    char tail[10] = "000000000";
    uint64_t number = ++w->counter + (w->options.seed % 1000003) * UINT64_C(1000000000);
    for (int i = 8; i >= 0; i--, number /= 36) tail[i] = digits[number % 36];
    snprintf(out, DRAFT_ID_BYTES, "%lld-%s", (long long)timestamp_ms, tail);
}

static void draw_account(struct workload *w, char out[DRAFT_ID_BYTES]) {
    snprintf(out, DRAFT_ID_BYTES, "user%u", 100 + below(w, w->options.accounts));
}

static struct draft blank(
    struct workload *w, const struct market *market, enum draft_action action, int64_t timestamp_ms) {
    struct draft d = {
        .action = action, .side = -1, .order_type = -1, .time_in_force = -1, .timestamp_ms = timestamp_ms};
    memcpy(d.symbol, market->symbol, sizeof d.symbol);
    if (w->options.preset == WORKLOAD_EVERYTHING) d.number_style = below(w, 4) ? 0 : (int)below(w, 3);
    return d;
}

/* ---- new orders */

static int64_t draw_quantity(struct workload *w) {
    return chance(w, 700000) ? 10 * (1 + low_below(w, 30)) : 1 + low_below(w, 500);
}

/* A limit near the middle: usually behind it, sometimes through it. */
static int64_t draw_price(struct workload *w, const struct market *market, int side) {
    int64_t away = (int64_t)low_below(w, 40) - 4;
    int64_t price = side == 0 ? market->middle_ticks - away : market->middle_ticks + away;
    return price < 1 ? 1 : price;
}

static struct draft draw_new(struct workload *w, struct market *market, int64_t timestamp_ms) {
    struct draft d = blank(w, market, DRAFT_NEW, timestamp_ms);
    uint32_t kind = below(w, 100);
    make_id(w, timestamp_ms, d.order_id);
    if (!chance(w, 10000)) draw_account(w, d.user_id);
    if (chance(w, 250000))
        snprintf(d.client_order_id, sizeof d.client_order_id, "c-%llu", (unsigned long long)w->counter);
    d.side = (int)below(w, 2);
    d.quantity_lots = draw_quantity(w);
    d.order_type = kind < 6;
    if (kind >= 6 || chance(w, 500000)) /* a MARKET order's price is ignored */
        d.price_ticks = draw_price(w, market, d.side);
    if (kind == 0)
        d.time_in_force = 2;
    else if (kind >= 6 && kind < 14)
        d.time_in_force = 1;
    else if (kind >= 14 && kind < 18)
        d.time_in_force = 2;
    else if (kind >= 18 && kind < 28)
        d.post_only = true;
    else if (kind >= 28 && kind < 40)
        d.time_in_force = 0;
    return d;
}

static void remember(struct market *market, const struct draft *d) {
    if (d->order_type != 0 || d->time_in_force > 0 || !*d->user_id) return;
    if (market->count == REMEMBERED) {
        memmove(&market->orders[0], &market->orders[1], (REMEMBERED - 1) * sizeof market->orders[0]);
        market->count--;
    }
    struct remembered *order = &market->orders[market->count++];
    *order = (struct remembered){.price_ticks = d->price_ticks, .quantity_lots = d->quantity_lots, .side = d->side};
    memcpy(order->order_id, d->order_id, sizeof order->order_id);
    memcpy(order->client_order_id, d->client_order_id, sizeof order->client_order_id);
    memcpy(order->user_id, d->user_id, sizeof order->user_id);
}

static void forget(struct market *market, uint32_t i) {
    memmove(&market->orders[i], &market->orders[i + 1], (market->count - i - 1) * sizeof market->orders[0]);
    market->count--;
}

/* ---- cancel, modify, mass cancel */

static struct draft about(struct workload *w, const struct market *market, enum draft_action action,
    const struct remembered *order, int64_t timestamp_ms) {
    struct draft d = blank(w, market, action, timestamp_ms);
    bool by_client = action == DRAFT_CANCEL && *order->client_order_id && chance(w, 300000);
    make_id(w, timestamp_ms, d.command_id);
    memcpy(d.user_id, order->user_id, sizeof d.user_id);
    memcpy(by_client ? d.client_order_id : d.order_id, by_client ? order->client_order_id : order->order_id,
        DRAFT_ID_BYTES);
    return d;
}

static struct draft draw_cancel(struct workload *w, struct market *market, uint32_t i, int64_t timestamp_ms) {
    struct draft d = about(w, market, DRAFT_CANCEL, &market->orders[i], timestamp_ms);
    if (w->options.preset == WORKLOAD_EVERYTHING &&
        chance(w, 50000)) { /* a stranger's, or one that will be dead by the next */
        if (chance(w, 500000)) draw_account(w, d.user_id);
        if (chance(w, 200000)) d.command_id[0] = 0;
        return d;
    }
    forget(market, i);
    return d;
}

static struct draft draw_modify(struct workload *w, struct market *market, int64_t timestamp_ms) {
    struct remembered *order = &market->orders[below(w, market->count)];
    struct draft d = about(w, market, DRAFT_MODIFY, order, timestamp_ms);
    uint32_t kind = below(w, 10);
    if (kind < 4) /* less */
        d.quantity_lots = order->quantity_lots > 1 ? 1 + below(w, (uint32_t)order->quantity_lots - 1) : 1;
    else if (kind < 6) /* more */
        d.quantity_lots = order->quantity_lots + 1 + low_below(w, 50);
    if (kind >= 5) /* elsewhere */
        d.price_ticks = draw_price(w, market, order->side);
    if (kind == 9) {
        d.quantity_lots = order->quantity_lots;
        d.price_ticks = order->price_ticks;
    }
    if (d.quantity_lots) order->quantity_lots = d.quantity_lots;
    if (d.price_ticks) order->price_ticks = d.price_ticks;
    return d;
}

static struct draft draw_cancel_all(struct workload *w, struct market *market, int64_t timestamp_ms) {
    struct draft d = blank(w, market, DRAFT_CANCEL_ALL, timestamp_ms);
    make_id(w, timestamp_ms, d.command_id);
    draw_account(w, d.user_id);
    if (chance(w, 400000)) d.side = (int)below(w, 2);
    return d;
}

/* ---- what EVERYTHING adds */

static struct draft draw_repeat(struct workload *w, struct market *market, int64_t timestamp_ms) {
    struct draft d = market->last;
    uint32_t kind = below(w, 4);
    d.timestamp_ms = timestamp_ms; /* no part of what a record says */
    if (kind == 1) d.quantity_lots++;
    if (kind >= 2 && *d.client_order_id && *d.user_id) make_id(w, timestamp_ms, d.order_id);
    if (kind == 3) d.price_ticks++;
    if (kind == 0) d.number_style = (d.number_style + 1) % 3;
    return d;
}

static struct draft draw_unborn(struct workload *w, struct market *market, int64_t timestamp_ms) {
    market->promised = draw_new(w, market, timestamp_ms);
    draw_account(w, market->promised.user_id);
    market->has_promised = true;
    struct draft d = blank(w, market, DRAFT_CANCEL, timestamp_ms);
    make_id(w, timestamp_ms, d.command_id);
    memcpy(d.user_id, market->promised.user_id, sizeof d.user_id);
    memcpy(d.order_id, market->promised.order_id, sizeof d.order_id);
    return d;
}

static struct draft draw_unsupported(struct workload *w, struct market *market, int64_t timestamp_ms) {
    static const char *const names[] = {
        "stopPrice", "displayQuantity", "expireTime", "maxSlippage", "trailingBps", "selfTradePrevention"};
    static const char *const values[] = {"\"151.00\"", "10", "1999999999999", "0.5", "25", "\"DECREMENT\""};
    struct draft d = draw_new(w, market, timestamp_ms);
    uint32_t kind = below(w, 11);
    if (kind < 6) {
        d.extra_name = names[kind];
        d.extra_text = values[kind];
    } else if (kind < 8) {
        d.order_type = (int)kind - 4;
    } else if (kind < 10) {
        d.time_in_force = (int)kind - 5;
    } else {
        d.post_only = true; /* INVALID_COMBINATION */
        d.time_in_force = 1;
    }
    return d;
}

/* Records that are refused whatever the book says; returns the bytes written. */
static size_t write_bad(struct workload *w, struct market *market, int64_t timestamp_ms) {
    struct draft d = draw_new(w, market, timestamp_ms);
    char *out = w->bytes;
    d.order_type = 0;
    d.price_ticks = draw_price(w, market, d.side);
    switch (below(w, 16)) {
    case 0: /* off tick */
        d.price_ticks = 0;
        d.extra_name = "price";
        d.extra_text = "150.123456789";
        break;
    case 1: /* off lot */
        d.quantity_lots = 0;
        d.extra_name = "quantity";
        d.extra_text = "1.5";
        break;
    case 2: /* zero */
        d.quantity_lots = 0;
        d.extra_name = "quantity";
        d.extra_text = "0";
        break;
    case 3: /* more than anybody may */ d.quantity_lots = 1000001 + below(w, 1000); break;
    case 4:
        d.price_ticks = 0;
        d.extra_name = "price";
        d.extra_text = "1e308";
        break;
    case 5:
        d.price_ticks = 0;
        d.extra_name = "price";
        d.extra_text = "-150.00";
        break;
    case 6: /* missing */ d.side = -1; break;
    case 7: d.order_id[0] = 0; break;
    case 8: /* wrong type */
        d.extra_name = "clientOrderId";
        d.extra_text = "12345";
        d.client_order_id[0] = 0;
        break;
    case 9:
        d.extra_name = "symbol"; /* a repeated key */
        d.extra_text = "\"AAPL\"";
        break;
    case 10: snprintf(d.symbol, sizeof d.symbol, "no symbol"); break;
    case 11: { /* cut short */ size_t bytes = draft_write_json(&d, out); return 1 + below(w, (uint32_t)bytes - 1);
    }
    case 12: { /* bytes behind the object */
        size_t bytes = draft_write_json(&d, out);
        out[bytes] = 'x';
        return bytes + 1;
    }
    case 13: { /* bytes by chance */
        size_t bytes = 1 + below(w, 200);
        for (size_t i = 0; i < bytes; i++) out[i] = (char)draw(w);
        return bytes;
    }
    case 14:
        d.extra_name = "action";
        d.extra_text = "\"AMEND\"";
        break;
    default:
        d.action = DRAFT_MODIFY; /* nothing to change, nobody's */
        d.quantity_lots = d.price_ticks = 0;
    }
    return draft_write_json(&d, out);
}

/* ---- the mix */

static struct draft draw_order(struct workload *w, struct market *market, int64_t timestamp_ms) {
    struct draft d;
    if (market->has_promised) {
        market->has_promised = false;
        return market->promised;
    }
    d = draw_new(w, market, timestamp_ms);
    remember(market, &d);
    market->last = d;
    market->has_last = true;
    return d;
}

static struct draft draw_odd(struct workload *w, struct market *market, int64_t timestamp_ms) {
    uint32_t kind = below(w, 10);
    if (kind < 6 && market->has_last) return draw_repeat(w, market, timestamp_ms);
    if (kind < 8) return draw_unborn(w, market, timestamp_ms);
    return draw_unsupported(w, market, timestamp_ms);
}

static struct draft draw_draft(struct workload *w, struct market *market, int64_t timestamp_ms) {
    uint32_t kind = below(w, 1000);
    if (market->count > RESTING_MAX) return draw_cancel(w, market, 0, timestamp_ms);
    if (kind < 2) return draw_cancel_all(w, market, timestamp_ms);
    if (kind < 80 && market->count) return draw_modify(w, market, timestamp_ms);
    if (kind < 380 && market->count) return draw_cancel(w, market, below(w, market->count), timestamp_ms);
    if (kind < 400 && w->options.preset == WORKLOAD_EVERYTHING) return draw_odd(w, market, timestamp_ms);
    return draw_order(w, market, timestamp_ms);
}

static bool writes_msgpack(struct workload *w) {
    return w->options.form == WORKLOAD_MSGPACK || (w->options.form == WORKLOAD_MIXED && below(w, 2));
}

void workload_next(struct workload *w, int64_t timestamp_ms, struct workload_record *record) {
    struct market *market = &w->markets[low_below(w, w->options.symbols)];
    size_t bytes;
    if (chance(w, 300000) && (market->middle_ticks += (int64_t)below(w, 3) - 1) < 100) market->middle_ticks = 100;
    if (w->options.preset == WORKLOAD_EVERYTHING && chance(w, w->options.bad_per_million)) {
        bytes = write_bad(w, market, timestamp_ms);
    } else {
        struct draft d = draw_draft(w, market, timestamp_ms);
        bytes = writes_msgpack(w) ? draft_write_msgpack(&d, w->bytes) : draft_write_json(&d, w->bytes);
    }
    *record = (struct workload_record){
        .symbol = text_of(market->symbol), .value = {w->bytes, (uint32_t)bytes}, .home = market->home};
}
