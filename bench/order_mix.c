#include "bench/order_mix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REMEMBERED = 64 };

struct order_mix_market {
    char symbol[12];
    int64_t middle_ticks;
    char resting[REMEMBERED][ORDER_MIX_ID_BYTES]; /* ids of limits that were accepted; some may have traded since */
    uint32_t begin, count;
};

/* splitmix64 */
static uint64_t draw(struct order_mix *mix) {
    uint64_t z = mix->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint32_t below(struct order_mix *mix, uint32_t n) { return (uint32_t)((draw(mix) >> 32) * n >> 32); }

static void name_symbol(char out[12], uint32_t i) {
    static const char *const known[] = {"AAPL", "GOOGL", "MSFT", "AMZN", "TSLA", "NVDA", "META", "NFLX", "AMD", "INTC",
        "ORCL", "IBM", "CSCO", "ADBE", "QCOM", "TXN", "UBER", "PYPL", "SHOP", "SONY"};
    if (i < sizeof known / sizeof known[0])
        snprintf(out, 12, "%s", known[i]);
    else
        snprintf(out, 12, "SYM%u", i);
}

bool order_mix_init(struct order_mix *mix, enum order_mix_kind kind, uint32_t symbols, uint64_t seed) {
    *mix = (struct order_mix){.kind = kind, .symbols = symbols, .random = seed * UINT64_C(0x2545f4914f6cdd1d) + 1};
    mix->markets = calloc(symbols, sizeof *mix->markets);
    for (uint32_t i = 0; mix->markets && i < symbols; i++) {
        name_symbol(mix->markets[i].symbol, i);
        mix->markets[i].middle_ticks = i == 0 ? 15000 : 5000 + below(mix, 40000);
    }
    return mix->markets != NULL;
}

void order_mix_deinit(struct order_mix *mix) {
    free(mix->markets);
    mix->markets = NULL;
}

const char *order_mix_symbol(const struct order_mix *mix, uint32_t i) { return mix->markets[i].symbol; }

/* ---- new orders */

/* Ticks away from the middle, on the side's own side of it if positive. */
static int64_t draw_distance(struct order_mix *mix) {
    uint32_t a = below(mix, 24), b = below(mix, 24);
    int64_t away = (int64_t)(a < b ? a : b) + 1;
    uint32_t crossing = mix->kind == ORDER_MIX_CROSSING ? 80 : 30;
    return below(mix, 100) < crossing ? -(int64_t)below(mix, 6) : away;
}

static void wander(struct order_mix *mix, struct order_mix_market *market) {
    if (below(mix, 8) == 0) market->middle_ticks += (int64_t)below(mix, 5) - 2;
    if (market->middle_ticks < 200) market->middle_ticks = 200;
}

static void draw_new(struct order_mix *mix, struct order_mix_market *market, const char *client_order_id,
    struct order_request *request) {
    bool sells = below(mix, 2), is_market = below(mix, 100) < 5;
    uint32_t quantity = below(mix, 10) < 7 ? 10 * (1 + below(mix, 20)) : 1 + below(mix, 150);
    wander(mix, market);
    int64_t away = draw_distance(mix), price = sells ? market->middle_ticks + away : market->middle_ticks - away;
    int size = snprintf(request->body, sizeof request->body,
        "{\"symbol\":\"%s\",\"side\":\"%s\",\"quantity\":%u,\"orderType\":\"%s\",\"clientOrderId\":\"%s\"",
        market->symbol, sells ? "SELL" : "BUY", quantity, is_market ? "MARKET" : "LIMIT", client_order_id);
    if (!is_market)
        size += snprintf(request->body + size, sizeof request->body - (size_t)size, ",\"price\":%lld.%02lld",
            (long long)(price / 100), (long long)(price % 100));
    snprintf(request->body + size, sizeof request->body - (size_t)size, "}");
    request->method = "POST";
    snprintf(request->path, sizeof request->path, "/orders");
    request->is_new = true;
}

void order_mix_on_accepted(struct order_mix *mix, const struct order_request *request, struct text order_id) {
    struct order_mix_market *market = &mix->markets[request->market];
    if (!request->is_new || order_id.size == 0 || order_id.size >= ORDER_MIX_ID_BYTES ||
        strstr(request->body, "\"MARKET\""))
        return;
    if (market->count == REMEMBERED) {
        market->begin = (market->begin + 1) % REMEMBERED;
        market->count--;
    }
    char *to = market->resting[(market->begin + market->count++) % REMEMBERED];
    memcpy(to, order_id.data, order_id.size);
    to[order_id.size] = 0;
}

/* ---- cancels and changes */

static void draw_change(struct order_mix *mix, struct order_mix_market *market, struct order_request *request) {
    const char *order_id = market->resting[market->begin];
    if (below(mix, 10) < 8) {
        request->method = "DELETE";
        snprintf(request->path, sizeof request->path, "/orders/%s?symbol=%s", order_id, market->symbol);
        market->begin = (market->begin + 1) % REMEMBERED;
        market->count--;
        return;
    }
    order_id = market->resting[(market->begin + below(mix, market->count)) % REMEMBERED];
    request->method = "PATCH";
    snprintf(request->path, sizeof request->path, "/orders/%s?symbol=%s", order_id, market->symbol);
    snprintf(request->body, sizeof request->body, "{\"quantity\":%u}", 1 + below(mix, 100));
}

void order_mix_draw(struct order_mix *mix, const char *client_order_id, struct order_request *request) {
    uint32_t a = below(mix, mix->symbols), b = below(mix, mix->symbols);
    *request = (struct order_request){.market = a < b ? a : b}; /* the first ones are livelier */
    struct order_mix_market *market = &mix->markets[request->market];
    if (mix->kind == ORDER_MIX_REALISTIC && market->count > 8 && below(mix, 100) < 25)
        draw_change(mix, market, request);
    else
        draw_new(mix, market, client_order_id, request);
}
