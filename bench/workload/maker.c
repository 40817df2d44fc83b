#include "bench/workload/maker.h"

#include "core/control.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { START_MS = 1000000 };

static char usual_symbols[MAKER_SYMBOLS][SYMBOL_BYTES_MAX + 1] = {"AAPL", "NVDA", "SAP", "VOD"};

#define PICK(m, array) ((array)[below((m), sizeof(array) / sizeof((array)[0]))])

/* ---- chance */

static uint64_t next_random(struct maker *m) {
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return m->random >> 11;
}

static uint64_t next_bytes(struct maker *m, uint64_t n) {
    uint64_t value = 0;
    for (uint64_t reach = 1; reach < n && m->bytes_used<m->byte_count; reach = reach> n >> 8 ? n : reach << 8)
        value = value << 8 | m->bytes[m->bytes_used++];
    return value;
}

static uint64_t below(struct maker *m, uint64_t n) { return (m->bytes ? next_bytes(m, n) : next_random(m)) % n; }

static bool percent(struct maker *m, uint32_t p) { return below(m, 100) >= 100 - p; }

static bool one_in(struct maker *m, uint64_t n) { return below(m, n) == n - 1; }

bool maker_is_spent(const struct maker *maker) { return maker->bytes && maker->bytes_used >= maker->byte_count; }

/* Another kind of market. */
static void change_market(struct maker *m) {
    static const int64_t spreads[] = {4, 10, 40, 300, 3000};
    static const uint32_t crowds[] = {15, 40, 100, 250}, quantities[] = {3, 10, 100, 10000};
    m->spread = PICK(m, spreads);
    m->wander = (int64_t)below(m, 3) * (m->spread / 8 + 1);
    m->users = 2 + (uint32_t)below(m, 5);
    m->quantity_max = PICK(m, quantities);
    m->crowd = PICK(m, crowds);
    if (percent(m, 10)) m->middle = 50 + (int64_t)below(m, 1 << 20);
}

void maker_name_symbols(struct maker *maker, char symbols[MAKER_SYMBOLS][SYMBOL_BYTES_MAX + 1]) {
    memcpy(maker->symbols, symbols, sizeof maker->symbols);
}

static void start(struct maker *m) {
    maker_name_symbols(m, usual_symbols);
    m->time_ms = START_MS;
    m->middle = 10000;
    m->tick = m->lot = 1;
    m->next_id = 1;
    change_market(m);
}

void maker_init(struct maker *maker, uint64_t seed) {
    memset(maker, 0, sizeof *maker);
    maker->random = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15) | 1;
    for (int i = 0; i < 8; i++) next_random(maker);
    start(maker);
}

void maker_init_bytes(struct maker *maker, const uint8_t *bytes, size_t count) {
    memset(maker, 0, sizeof *maker);
    maker->bytes = bytes;
    maker->byte_count = count;
    start(maker);
}

/* ---- words */

struct page {
    char *bytes;
    size_t at;
};

static void put(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct page *page, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int bytes = vsnprintf(page->bytes + page->at, MAKER_VALUE_BYTES - page->at, format, args);
    va_end(args);
    if (bytes > 0 && page->at + (size_t)bytes < MAKER_VALUE_BYTES) page->at += (size_t)bytes;
}

static void put_decimal(struct maker *m, struct page *page, const char *name, int64_t hundredths) {
    const char *quote = percent(m, 30) ? "\"" : "";
    put(page, ",\"%s\":%s%ld.%02ld%s", name, quote, (long)(hundredths / 100), (long)(hundredths % 100), quote);
}

static int64_t on_tick(const struct maker *m, int64_t price) {
    price -= price % m->tick;
    return price < m->tick ? m->tick : price;
}

static int64_t some_price(struct maker *m) {
    if (one_in(m, 100)) return on_tick(m, 1 + (int64_t)below(m, one_in(m, 3) ? PRICE_TICKS_MAX : 4 * 10000));
    return on_tick(m, m->middle + (int64_t)below(m, (uint64_t)m->spread) - m->spread / 2);
}

/* Now and then one that no order can have. */
static void put_price(struct maker *m, struct page *page, const char *name, int64_t price) {
    static const char *const odd[] = {"0", "0.001", "150.005", "1e308", "12345678901234567890123", "10995116277.77",
        "1e2", "15e-1", "-1", "\"x\"", "null"};
    if (one_in(m, 250))
        put(page, ",\"%s\":%s", name, PICK(m, odd));
    else
        put_decimal(m, page, name, price);
}

static uint64_t some_quantity(struct maker *m) { return (1 + below(m, m->quantity_max)) * m->lot; }

static void put_quantity(struct maker *m, struct page *page, const char *name, uint64_t quantity) {
    static const char *const odd[] = {"0", "1.5", "1000001", "1e6", "3.0", "99999999999999999999999", "true", "\"4\""};
    if (one_in(m, 250))
        put(page, ",\"%s\":%s", name, PICK(m, odd));
    else
        put(page, ",\"%s\":%lu", name, (unsigned long)quantity);
}

static void put_user(struct maker *m, struct page *page) {
    if (percent(m, 4)) return;
    put(page, ",\"userId\":\"user-%lu\"", (unsigned long)below(m, m->users));
}

static uint64_t recent_id(struct maker *m) {
    uint64_t back = below(m, percent(m, 80) ? 30 : 400);
    return m->next_id > back ? m->next_id - back : 0;
}

static void write_id(char out[ID_BYTES_MAX + 1], uint64_t id) {
    if (id % 41 == 3)
        snprintf(out, ID_BYTES_MAX + 1, "an-order-id-of-sixty-four-bytes-in-all-0123456789-0123-%09lu",
            (unsigned long)(id % 1000000000));
    else
        snprintf(out, ID_BYTES_MAX + 1, "o%lu", (unsigned long)id);
}

/* The order that a command is about, and mostly its account; NULL where it is chosen blindly. */
static const struct maker_order *put_target(struct maker *m, struct page *page, const char *name) {
    char id[ID_BYTES_MAX + 1];
    if (m->open_count && percent(m, 88)) {
        const struct maker_order *order = &m->open[below(m, m->open_count)];
        put(page, ",\"%s\":\"%s\"", name, order->order_id);
        if (order->user_id[0] && percent(m, 92))
            put(page, ",\"userId\":\"%s\"", order->user_id);
        else
            put_user(m, page);
        return order;
    }
    write_id(id, one_in(m, 12) ? m->next_id + below(m, 4) : recent_id(m));
    put(page, ",\"%s\":\"%s\"", name, id);
    put_user(m, page);
    return NULL;
}

/* ---- orders */

static void put_expiry(struct maker *m, struct page *page) {
    int64_t ahead = one_in(m, 30) ? -5 : (int64_t)below(m, percent(m, 70) ? 400 : 5000);
    put(page, ",\"expireTime\":%ld", (long)(m->time_ms + ahead));
}

static const char *some_time_in_force(struct maker *m, bool is_limit) {
    static const char *const limits[] = {"GTC", "IOC", "FOK", "GTD", "GTD", "DAY", "DAY"};
    static const char *const markets[] = {"IOC", "FOK", "FOK"};
    if (one_in(m, 60)) return one_in(m, 4) ? "AON" : PICK(m, limits);
    return is_limit ? PICK(m, limits) : PICK(m, markets);
}

static void put_type(struct maker *m, struct page *page, bool *is_limit) {
    int64_t stop_away = (int64_t)below(m, (uint64_t)(m->spread + 2)) + 1 - m->spread / 3;
    uint64_t kind = below(m, 100);
    *is_limit = true;
    if (kind < 62) {
        put(page, ",\"orderType\":\"LIMIT\"");
    } else if (kind < 74) {
        put(page, ",\"orderType\":\"MARKET\"");
        *is_limit = false;
    } else if (kind < 82) {
        put(page, ",\"orderType\":\"STOP\"");
        put_price(m, page, "stopPrice", on_tick(m, m->middle + (percent(m, 50) ? stop_away : -stop_away)));
        *is_limit = false;
    } else if (kind < 90) {
        put(page, ",\"orderType\":\"STOP_LIMIT\"");
        put_price(m, page, "stopPrice", on_tick(m, m->middle + (percent(m, 50) ? stop_away : -stop_away)));
    } else {
        put(page, ",\"orderType\":\"TRAILING_STOP\"");
        if (percent(m, 60))
            put_price(m, page, "trailingAmount", on_tick(m, 1 + (int64_t)below(m, (uint64_t)m->spread)));
        else
            put(page, ",\"trailingBps\":%lu", (unsigned long)(1 + below(m, percent(m, 90) ? 60 : 9999)));
        if (percent(m, 30)) put_price(m, page, "stopPrice", some_price(m));
        *is_limit = percent(m, 40);
    }
}

static const char *some_side(struct maker *m) { return percent(m, 50) ? "SELL" : "BUY"; }

/* The members of an order but for symbol and userId. */
static void put_order(struct maker *m, struct page *page, uint64_t id, const char *side) {
    static const char *const modes[] = {"EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "NONE"};
    char text[ID_BYTES_MAX + 1];
    uint64_t quantity = some_quantity(m);
    const char *tif = NULL;
    bool is_limit;
    write_id(text, id);
    put(page, "\"orderId\":\"%s\",\"side\":\"%s\"", text, side);
    put_quantity(m, page, "quantity", quantity);
    put_type(m, page, &is_limit);
    if (is_limit || one_in(m, 12)) put_price(m, page, "price", some_price(m));
    if (percent(m, is_limit ? 45 : 25)) tif = some_time_in_force(m, is_limit);
    if (tif) put(page, ",\"timeInForce\":\"%s\"", tif);
    if (tif ? !strcmp(tif, "GTD") != one_in(m, 60) : one_in(m, 200)) put_expiry(m, page);
    bool may_rest = is_limit && (!tif || (strcmp(tif, "IOC") && strcmp(tif, "FOK")));
    if (may_rest ? percent(m, 20) : one_in(m, 100))
        put_quantity(m, page, "displayQuantity", (1 + below(m, quantity / m->lot)) * m->lot);
    if (may_rest ? percent(m, 7) : one_in(m, 100)) put(page, ",\"postOnly\":%s", percent(m, 90) ? "true" : "false");
    if (percent(m, 30)) put(page, ",\"selfTradePrevention\":\"%s\"", PICK(m, modes));
    if (is_limit ? one_in(m, 150) : percent(m, 25))
        put_price(m, page, "maxSlippage", (int64_t)below(m, (uint64_t)m->spread) / m->tick * m->tick);
    if (percent(m, 15))
        put(page, ",\"clientOrderId\":\"c%lu\"", (unsigned long)(percent(m, 85) ? m->next_id : recent_id(m)));
}

static uint64_t some_new_id(struct maker *m) { return percent(m, 98) ? m->next_id++ : recent_id(m); }

static void make_new(struct maker *m, struct page *page) {
    put(page, "{\"symbol\":\"%s\",", m->symbol);
    put_order(m, page, some_new_id(m), some_side(m));
    put_user(m, page);
    put(page, "}");
}

static void make_replace(struct maker *m, struct page *page) {
    put(page, "{\"action\":\"REPLACE\",\"symbol\":\"%s\"", m->symbol);
    put_target(m, page, "cancelOrderId");
    put(page, ",");
    put_order(m, page, some_new_id(m), some_side(m));
    put(page, "}");
}

static void make_list(struct maker *m, struct page *page) {
    static const char *const kinds[] = {"OCO", "OCO", "OTO", "OTOCO"};
    const char *kind = PICK(m, kinds), *legs = some_side(m);
    bool is_parent = strcmp(kind, "OCO") != 0;
    uint64_t count = strcmp(kind, "OTOCO") ? 2 : 3;
    if (one_in(m, 40)) count = 1 + below(m, 4);
    put(page, "{\"action\":\"LIST\",\"symbol\":\"%s\",\"listId\":\"l%lu\",\"contingency\":\"%s\"", m->symbol,
        (unsigned long)m->next_id++, kind);
    put_user(m, page);
    put(page, ",\"orders\":[");
    for (uint64_t i = 0; i < count; i++) {
        put(page, i ? ",{" : "{");
        put_order(m, page, some_new_id(m), (i == 0 && is_parent) || one_in(m, 30) ? some_side(m) : legs);
        put(page, "}");
    }
    put(page, "]}");
}

/* ---- other commands */

static void put_command_id(struct maker *m, struct page *page) {
    if (percent(m, 60))
        put(page, ",\"commandId\":\"k%lu\"", (unsigned long)(percent(m, 97) ? m->next_id++ : recent_id(m)));
}

static void make_cancel(struct maker *m, struct page *page) {
    put(page, "{\"action\":\"CANCEL\",\"symbol\":\"%s\"", m->symbol);
    if (percent(m, 88)) {
        put_target(m, page, "orderId");
    } else {
        put(page, ",\"clientOrderId\":\"c%lu\"", (unsigned long)(recent_id(m) + (one_in(m, 10) ? 3 : 0)));
        put_user(m, page);
    }
    put_command_id(m, page);
    put(page, "}");
}

static uint64_t near(struct maker *m, int64_t quantity) {
    uint64_t q = (uint64_t)quantity * m->lot;
    return percent(m, 50) ? some_quantity(m) : percent(m, 70) ? q - below(m, q / m->lot) * m->lot : q + m->lot;
}

static void make_modify(struct maker *m, struct page *page) {
    put(page, "{\"action\":\"MODIFY\",\"symbol\":\"%s\"", m->symbol);
    const struct maker_order *order = put_target(m, page, "orderId");
    uint64_t kind = below(m, 100);
    if (kind < 60) put_quantity(m, page, "quantity", order ? near(m, order->quantity_lots) : some_quantity(m));
    if (kind >= 40 && kind < 92)
        put_price(m, page, "price", order && percent(m, 15) ? order->price_ticks * m->tick : some_price(m));
    if (kind % 14 == 0) put_price(m, page, "stopPrice", some_price(m));
    if (kind % 11 == 0 || kind >= 92) put_expiry(m, page);
    put_command_id(m, page);
    put(page, "}");
}

static void make_cancel_all(struct maker *m, struct page *page) {
    put(page, "{\"action\":\"CANCEL_ALL\",\"symbol\":\"%s\"", m->symbol);
    put_user(m, page);
    if (percent(m, 50)) put(page, ",\"side\":\"%s\"", percent(m, 50) ? "BUY" : "SELL");
    put_command_id(m, page);
    put(page, "}");
}

static void make_faulty(struct maker *m, struct page *page) {
    static const char *const faulty[] = {"{\"symbol\":\"%s\"}",
        "{\"symbol\":\"%s\",\"orderId\":\"x1\",\"side\":\"UP\",\"quantity\":1,\"price\":1,\"orderType\":\"LIMIT\"}",
        "{\"symbol\":\"%s\",\"orderId\":\"x2\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"LIMIT\",\"userId\":"
        "\"u\\u0001\\\"\"}",
        "{\"symbol\":\"%s\",\"orderId\":\"x3\",\"side\":\"BUY\",\"quantity\":1,\"price\":1,\"orderType\":\"LIMIT\","
        "\"timeInForce\":\"GTD\"}",
        "{\"symbol\":\"%s\",\"orderId\":\"x4\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"MARKET\",\"postOnly\":"
        "true}",
        "{\"symbol\":\"%s\",\"action\":\"MODIFY\",\"userId\":\"user-1\",\"orderId\":\"x\"}",
        "{\"symbol\":\"%s\",\"action\":\"CANCEL\",\"userId\":\"user-1\"}", "{\"symbol\":\"%s\",\"action\":\"JUMP\"}",
        "{\"symbol\":\"%s\"", "{\"symbol\":\"%s\",\"symbol\":\"AAPL\"}", "[\"%s\"]", "{\"Symbol\":\"%s\"}",
        "{\"symbol\":\"%s is none\"}",
        "{\"symbol\":\"%s\",\"action\":\"LIST\",\"listId\":\"x5\",\"userId\":\"user-1\",\"contingency\":\"OCO\","
        "\"orders\":[{}]}",
        "{\"symbol\":\"%s\",\"action\":\"LIST\",\"listId\":\"x6\",\"userId\":\"user-1\",\"contingency\":\"OCO\","
        "\"orders\":[7,8]}",
        "{\"symbol\":\"%s\",\"action\":\"REPLACE\",\"cancelOrderId\":\"x7\",\"orderId\":\"x7\",\"userId\":\"user-1\","
        "\"side\":\"BUY\",\"quantity\":1,\"price\":1,\"orderType\":\"LIMIT\"}"};
    put(page, PICK(m, faulty), m->symbol);
}

/* ---- control records */

static void put_distance(struct maker *m, struct page *page, const char *name) {
    if (percent(m, 60))
        put(page, ",\"%s\":{\"ticks\":%lu}", name, (unsigned long)(1 + below(m, (uint64_t)m->spread)));
    else
        put(page, ",\"%s\":{\"bps\":%lu}", name, (unsigned long)(1 + below(m, 300)));
}

static void put_units(struct maker *m, struct page *page) {
    static const uint32_t ticks[] = {1, 1, 5, 10}, lots[] = {1, 1, 10};
    m->tick = PICK(m, ticks);
    m->lot = PICK(m, lots);
    put(page, ",\"tick\":\"0.%02u\",\"lot\":%u", m->tick, m->lot);
}

/* Mostly mild; what it leaves out goes back to the default, the tick too if it may. */
static void make_instrument(struct maker *m, struct page *page) {
    static const char *const states[] = {"TRADING", "HALTED", "AUCTION", "CLOSED", "OPEN"};
    put(page, "{\"kind\":\"INSTRUMENT\",\"symbol\":\"%s\"", m->symbol);
    if (m->tells_units || percent(m, 15))
        put_units(m, page);
    else
        m->tick = m->lot = 1;
    if (percent(m, 30)) put(page, ",\"minQuantity\":%lu", (unsigned long)(m->lot * (1 + below(m, 2))));
    if (percent(m, 15)) put(page, ",\"maxQuantity\":%lu", (unsigned long)(m->lot * (1 + below(m, 20000))));
    if (percent(m, 25)) put(page, ",\"minNotional\":%lu", (unsigned long)below(m, (uint64_t)m->middle / 8 + 1));
    if (percent(m, 30)) put(page, ",\"minClip\":%lu", (unsigned long)(m->lot * (1 + below(m, 4))));
    if (percent(m, 20)) put_distance(m, page, "band");
    if (percent(m, 40)) put_distance(m, page, "collar");
    if (percent(m, 50)) put_decimal(m, page, "referencePrice", some_price(m));
    if (percent(m, 20)) put(page, ",\"state\":\"%s\"", PICK(m, states));
    put(page, "}");
}

static void make_state(struct maker *m, struct page *page) {
    m->state = m->state == TRADING_STATE_TRADING ? 1 + (unsigned)below(m, 3)
               : percent(m, 75)                  ? TRADING_STATE_TRADING
                                                 : (unsigned)below(m, 4);
    struct text name = trading_state_name(m->state);
    put(page, "{\"kind\":\"STATE\",\"symbol\":\"%s\",\"state\":\"%.*s\"}", m->symbol, (int)name.size, name.data);
}

static void make_listing(struct maker *m, struct page *page) {
    m->is_listing_closed = !m->is_listing_closed && percent(m, 60);
    put(page, "{\"kind\":\"LISTING\",\"mode\":\"%s\"", m->is_listing_closed ? "CLOSED" : "OPEN");
    if (percent(m, 40)) put(page, ",\"limit\":%lu", (unsigned long)(1 + below(m, 4)));
    put(page, "}");
}

static void make_move(struct maker *m, struct page *page) {
    static const char *const kinds[] = {"BEGIN", "CUT", "CUT", "ABORT", "RELEASE"};
    const char *kind = PICK(m, kinds);
    if (!strcmp(kind, "BEGIN")) m->epoch++;
    put(page, "{\"kind\":\"%s\",\"symbol\":\"%s\",\"mid\":\"m\",\"epoch\":%lu,\"worker\":%lu,\"mode\":\"%s\"}", kind,
        m->symbols[0], (unsigned long)(m->epoch + one_in(m, 5)), (unsigned long)(m->epoch % 2),
        one_in(m, 8) ? "PARKED" : "DIRECT");
}

static void make_odd_control(struct maker *m, struct page *page) {
    static const char *const odd[] = {"{\"kind\":\"RULES\",\"version\":1}", "{\"kind\":\"RULES\",\"version\":2}",
        "{\"kind\":\"KEY\",\"keyId\":\"k\"}", "{\"kind\":\"CLAIM\",\"epoch\":1,\"claimer\":\"x\"}",
        "{\"kind\":\"JUMP\"}", "{\"kind\":\"STATE\",\"symbol\":\"%s\",\"state\":\"OPEN\"}",
        "{\"kind\":\"INSTRUMENT\",\"symbol\":\"%s\",\"tick\":0}", "{\"kind\":\"BLOCK\",\"userId\":\"user-0\"}",
        "{\"kind\":\"STATE\",\"symbol\":\"MSFT\",\"state\":\"HALTED\"}", "{}"};
    put(page, PICK(m, odd), m->symbols[0]);
}

static void make_control(struct maker *m, struct page *page) {
    uint64_t kind = below(m, 100);
    if (kind < 55)
        put(page, "{\"kind\":\"TICK\"}");
    else if (kind < 75)
        make_instrument(m, page);
    else if (kind < 87)
        put(page, "{\"kind\":\"BLOCK\",\"userId\":\"user-%lu\",\"blocked\":%s}", (unsigned long)below(m, m->users),
            percent(m, 8) ? "true" : "false");
    else if (kind < 91)
        make_listing(m, page);
    else if (kind < 95)
        make_move(m, page);
    else
        make_odd_control(m, page);
}

/* ---- records */

static bool wants_state(struct maker *m) {
    static const uint64_t stays[TRADING_STATE_COUNT] = {250, 15, 60, 8};
    return one_in(m, stays[m->state]);
}

static void make_command(struct maker *m, struct page *page) {
    bool is_crowded = m->open_count >= m->crowd;
    uint64_t kind = below(m, 1000);
    if (kind < (is_crowded ? 200 : 600))
        make_new(m, page);
    else if (kind < (is_crowded ? 240 : 650))
        make_list(m, page);
    else if (kind < (is_crowded ? 700 : 780))
        make_cancel(m, page);
    else if (kind < 920)
        make_modify(m, page);
    else if (kind < 975)
        make_replace(m, page);
    else if (kind < (is_crowded ? 990 : 979))
        make_cancel_all(m, page);
    else
        make_faulty(m, page);
}

static void choose_symbol(struct maker *m) {
    uint64_t far = m->made > 200 ? MAKER_SYMBOLS : 2; /* others come when the listing has been closed once or not */
    snprintf(m->symbol, sizeof m->symbol, "%s", m->symbols[percent(m, 4) ? below(m, far) : 0]);
}

static void move_time(struct maker *m) {
    uint64_t step = below(m, 1000);
    m->time_ms += step < 900   ? (int64_t)below(m, 20)
                  : step < 990 ? (int64_t)below(m, 400)
                  : step < 997 ? (int64_t)below(m, 3000)
                               : 60000 + (int64_t)below(m, 2);
}

static void move_market(struct maker *m) {
    if (one_in(m, 600)) change_market(m);
    m->middle += (int64_t)below(m, (uint64_t)m->wander * 2 + 1) - m->wander;
    if (m->middle < 20) m->middle = 20;
}

void maker_next(struct maker *m, struct maker_record *record) {
    struct page page = {.bytes = record->value};
    move_market(m);
    move_time(m);
    choose_symbol(m);
    record->timestamp_ms = one_in(m, 50) ? m->time_ms - (int64_t)below(m, 500) : m->time_ms;
    record->is_control = true;
    if (wants_state(m)) {
        make_state(m, &page);
    } else if (percent(m, 4)) {
        make_control(m, &page);
    } else if (m->made >= MAKER_LAST_MAX && percent(m, 2)) {
        const struct maker_record *again = &m->last[below(m, MAKER_LAST_MAX)];
        record->is_control = again->is_control;
        put(&page, "%s", again->value);
    } else {
        record->is_control = false;
        make_command(m, &page);
    }
    m->last[m->made++ % MAKER_LAST_MAX] = *record;
}

static void remember_order(void *context, const struct reference_order *order) {
    struct maker *m = context;
    if (m->open_count == MAKER_OPEN_MAX || order->where == REFERENCE_WAITS_AS_CHILD) return;
    struct maker_order *open = &m->open[m->open_count++];
    snprintf(open->order_id, sizeof open->order_id, "%.*s", (int)order->order_id.size, order->order_id.data);
    snprintf(open->user_id, sizeof open->user_id, "%.*s", (int)order->user_id.size,
        order->user_id.data ? order->user_id.data : "");
    open->price_ticks = order->price_ticks;
    open->quantity_lots = order->quantity_lots;
}

void maker_look(struct maker *m, const struct reference *reference) {
    struct text symbol = text_of(m->symbols[0]);
    uint64_t fseq, hash;
    m->open_count = 0;
    uint64_t count = reference_orders(reference, symbol, remember_order, m);
    if (!m->bytes) m->tells_units = count == 0 && reference_position(reference, symbol, &fseq, &hash);
}
