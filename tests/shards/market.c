#include "tests/shards/market.h"

#include "core/partition.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t chance(struct market *market) {
    uint64_t z = market->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static bool happens(struct market *market, unsigned percent) { return chance(market) % 100 < percent; }

void market_init(struct market *market, uint64_t seed, int symbols) {
    *market = (struct market){.state = seed, .symbols = symbols, .time_ms = 1764900000000};
    for (int i = 0; i < 256; i++) snprintf(market->last_ids[i], sizeof market->last_ids[i], "o-none-%d", i);
}

void market_symbol(int number, char out[8]) { snprintf(out, 8, "S%d", number); }

static void append(struct memory_log *log, uint8_t topic, int32_t partition, const char *key, struct text value,
    const struct log_header *headers, uint32_t header_count, int64_t time_ms) {
    struct log_append record = {.topic = topic,
        .partition = partition,
        .key = text_of(key),
        .value = value,
        .headers = headers,
        .header_count = header_count};
    if (memory_log_append(log, &record, time_ms) < 0) abort();
}

static const uint64_t NO_USER = UINT64_MAX;

static const char *pick_id(struct market *market) { return market->last_ids[chance(market) % 256]; }

static int write_new(struct market *market, char *out, size_t bytes, const char *symbol) {
    static const char *const kinds[] = {"\"orderType\":\"LIMIT\"", "\"orderType\":\"LIMIT\"", "\"orderType\":\"LIMIT\"",
        "\"orderType\":\"LIMIT\",\"timeInForce\":\"IOC\"", "\"orderType\":\"LIMIT\",\"timeInForce\":\"FOK\"",
        "\"orderType\":\"LIMIT\",\"postOnly\":true", "\"orderType\":\"MARKET\"",
        "\"orderType\":\"MARKET\",\"timeInForce\":\"FOK\""};
    char *id = market->last_ids[market->count % 256], client[40] = "";
    snprintf(id, 24, "o-%" PRIu64, market->count);
    if (happens(market, 30)) snprintf(client, sizeof client, ",\"clientOrderId\":\"c-%" PRIu64 "\"", market->count);
    uint64_t cents = 15000 + chance(market) % 41 - 20;
    return snprintf(out, bytes,
        "{\"symbol\":\"%s\",\"side\":\"%s\",\"quantity\":%" PRIu64 ",\"price\":%" PRIu64 ".%02" PRIu64
        ",%s,\"userId\":\"u%" PRIu64 "\",\"timestamp\":%" PRId64 ",\"orderId\":\"%s\"%s}",
        symbol, happens(market, 50) ? "BUY" : "SELL", 1 + chance(market) % 100, cents / 100, cents % 100,
        kinds[chance(market) % 8], chance(market) % 4, market->time_ms, id, client);
}

static const char *pick(struct market *market, const char *const *of, size_t count) {
    return of[chance(market) % count];
}

#define PICK(market, ...)                                                                                              \
    pick(market, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static const char *some_price(struct market *market, char out[16]) {
    uint64_t cents = 15000 + chance(market) % 41 - 20;
    snprintf(out, 16, "%" PRIu64 ".%02" PRIu64, cents / 100, cents % 100);
    return out;
}

/* The members that make the kind: orderType and what goes with it, also what does not. */
static void write_kind(struct market *market, char *out, size_t bytes) {
    char price[16], stop[16], expiry[64] = "";
    const char *time = PICK(market, "", "", ",\"timeInForce\":\"GTC\"", ",\"timeInForce\":\"DAY\"",
        ",\"timeInForce\":\"IOC\"", ",\"timeInForce\":\"FOK\"", "GTD", "GTD");
    if (time[0] == 'G')
        snprintf(expiry, sizeof expiry, ",\"timeInForce\":\"GTD\",\"expireTime\":%" PRId64,
            market->time_ms + (int64_t)(chance(market) % 400) - 3);
    const char *in_force = expiry[0] ? expiry : time;
    some_price(market, price);
    some_price(market, stop);
    switch (chance(market) % 8) {
    case 0:
        snprintf(out, bytes, "\"orderType\":\"STOP\",\"stopPrice\":%s%s", stop,
            PICK(market, "", "", ",\"maxSlippage\":0.05", ",\"timeInForce\":\"FOK\""));
        break;
    case 1:
        snprintf(out, bytes, "\"orderType\":\"STOP_LIMIT\",\"stopPrice\":%s,\"price\":%s%s", stop, price, in_force);
        break;
    case 2:
        snprintf(out, bytes, "\"orderType\":\"TRAILING_STOP\",%s",
            PICK(market, "\"trailingAmount\":0.05", "\"trailingAmount\":\"0.10\",\"stopPrice\":150.02",
                "\"trailingBps\":5", "\"trailingBps\":3,\"price\":150.05",
                "\"trailingBps\":9,\"trailingAmount\":0.01"));
        break;
    case 3:
        snprintf(out, bytes, "\"orderType\":\"MARKET\"%s",
            PICK(market, "", ",\"maxSlippage\":0.03", ",\"maxSlippage\":0", ",\"timeInForce\":\"FOK\""));
        break;
    case 4:
        snprintf(out, bytes, "\"orderType\":\"LIMIT\",\"price\":%s,\"displayQuantity\":%s%s", price,
            PICK(market, "1", "5", "20"), in_force);
        break;
    default: snprintf(out, bytes, "\"orderType\":\"LIMIT\",\"price\":%s%s", price, in_force);
    }
}

static int write_order(
    struct market *market, char *out, size_t bytes, const char *symbol, const char *head, uint64_t user) {
    char *id = market->last_ids[market->count % 256], client[40] = "", kind[160];
    static unsigned in_list;
    snprintf(id, 24, "o-%" PRIu64 "%c", market->count, 'a' + (int)(in_list++ % 3));
    if (happens(market, 30)) snprintf(client, sizeof client, ",\"clientOrderId\":\"c-%s\"", id);
    write_kind(market, kind, sizeof kind);
    if (user != NO_USER) {
        memcpy(market->latest[market->last_symbol].id, id, 24);
        market->latest[market->last_symbol].user = user;
    }
    return snprintf(out, bytes, "{%s%s\"side\":\"%s\",\"quantity\":%" PRIu64 ",%s,\"orderId\":\"%s\"%s%s}", head,
        symbol, happens(market, 50) ? "BUY" : "SELL", 1 + chance(market) % 100, kind, id, client,
        PICK(market, "", "", "", ",\"selfTradePrevention\":\"EXPIRE_TAKER\"",
            ",\"selfTradePrevention\":\"EXPIRE_MAKER\"", ",\"selfTradePrevention\":\"EXPIRE_BOTH\"",
            ",\"selfTradePrevention\":\"DECREMENT\"", ",\"postOnly\":true"));
}

static int write_list(struct market *market, char *out, size_t bytes, const char *symbol) {
    unsigned kind = (unsigned)(chance(market) % 3), count = kind == 2 ? 3 : 2;
    int size = snprintf(out, bytes,
        "{\"action\":\"LIST\",\"symbol\":\"%s\",\"userId\":\"u%" PRIu64 "\",\"listId\":\"l-%" PRIu64
        "\",\"contingency\":\"%s\",\"orders\":[",
        symbol, chance(market) % 4, market->count,
        kind == 0   ? "OCO"
        : kind == 1 ? "OTO"
                    : "OTOCO");
    for (unsigned i = 0; i < count; i++) {
        if (i) out[size++] = ',';
        size += write_order(market, out + size, bytes - (size_t)size, "", "", NO_USER);
    }
    return size + snprintf(out + size, bytes - (size_t)size, "]}");
}

/* An order of the symbol that may be there, and its account. */
static const char *known_order(struct market *market, uint64_t *user) {
    if (!market->latest[market->last_symbol].id[0] || happens(market, 20)) return pick_id(market);
    *user = market->latest[market->last_symbol].user;
    return market->latest[market->last_symbol].id;
}

/* What the plain market has not. */
static int write_any_kind(struct market *market, char *out, size_t bytes, const char *symbol) {
    char head[96], name[40];
    uint64_t user = chance(market) % 4, what = chance(market) % 10;
    if (what < 2) return write_list(market, out, bytes, symbol);
    const char *known = known_order(market, &user);
    if (what < 3)
        return snprintf(out, bytes,
            "{\"action\":\"MODIFY\",\"symbol\":\"%s\",\"orderId\":\"%s\",\"userId\":\"u%" PRIu64
            "\",\"commandId\":\"k-%" PRIu64 "\",%s}",
            symbol, known, user, market->count,
            PICK(market, "\"stopPrice\":150.04", "\"stopPrice\":149.97,\"quantity\":50", "\"price\":150.01",
                "\"expireTime\":1764900099000", "\"quantity\":7"));
    snprintf(name, sizeof name, "\"symbol\":\"%s\",", symbol);
    if (what < 4)
        snprintf(head, sizeof head, "\"action\":\"REPLACE\",\"cancelOrderId\":\"%s\",\"userId\":\"u%" PRIu64 "\",",
            known, user);
    else
        snprintf(head, sizeof head, "\"userId\":\"u%" PRIu64 "\",", user);
    return write_order(market, out, bytes, name, head, user);
}

static int write_other(struct market *market, char *out, size_t bytes, const char *symbol) {
    uint64_t user = chance(market) % 4, what = chance(market) % 10;
    if (what < 6)
        return snprintf(out, bytes,
            "{\"action\":\"CANCEL\",\"symbol\":\"%s\",\"orderId\":\"%s\",\"userId\":\"u%" PRIu64 "\"%s%" PRIu64 "%s}",
            symbol, pick_id(market), user, what < 3 ? ",\"commandId\":\"k-" : ",\"timestamp\":", market->count,
            what < 3 ? "\"" : "");
    if (what < 9)
        return snprintf(out, bytes,
            "{\"action\":\"MODIFY\",\"symbol\":\"%s\",\"orderId\":\"%s\",\"userId\":\"u%" PRIu64
            "\",\"quantity\":%" PRIu64 "%s,\"commandId\":\"k-%" PRIu64 "\"}",
            symbol, pick_id(market), user, 1 + chance(market) % 120, what == 8 ? ",\"price\":\"150.03\"" : "",
            market->count);
    return snprintf(out, bytes,
        "{\"action\":\"CANCEL_ALL\",\"symbol\":\"%s\",\"userId\":\"u%" PRIu64 "\",\"commandId\":\"k-%" PRIu64 "\"%s}",
        symbol, user, market->count, happens(market, 50) ? ",\"side\":\"SELL\"" : "");
}

static int write_fault(struct market *market, char *out, size_t bytes, const char *symbol) {
    static const char *const faults[] = {"{\"symbol\":\"%s\",\"side\":\"BUY\",\"quantity\":1,\"price\":1.001,"
                                         "\"orderType\":\"LIMIT\",\"orderId\":\"f-%" PRIu64 "\"}",
        "{\"symbol\":\"%s\",\"side\":\"BUY\",\"quantity\":0,\"price\":1,\"orderType\":\"LIMIT\",\"orderId\":\"f-"
        "%" PRIu64 "\"}",
        "{\"symbol\":\"%s\",\"side\":\"HOLD\",\"quantity\":1,\"price\":1,\"orderType\":\"LIMIT\",\"orderId\":\"f-"
        "%" PRIu64 "\"}",
        "{\"symbol\":\"%s\",\"side\":\"BUY\",\"price\":1,\"orderType\":\"LIMIT\",\"orderId\":\"f-%" PRIu64 "\"}",
        "{\"symbol\":\"%s\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"STOP\",\"orderId\":\"f-%" PRIu64 "\"}",
        "{\"symbol\":\"%s\",\"side\":\"BUY\" oh dear %" PRIu64,
        "{\"symbol\":\"no%s\",\"side\":\"BUY\",\"n\":%" PRIu64 "}"};
    return snprintf(out, bytes, faults[chance(market) % 7], symbol, market->count);
}

static const struct log_header control_mark = {{"me-t", 4}, {"2", 1}};

/* A setting of one symbol or of its partition; what closes, halts or blocks is soon undone. */
static void control_once(struct market *market, struct memory_log *log) {
    char symbol[8], value[400];
    market_symbol((int)(chance(market) % (uint64_t)market->symbols), symbol);
    if (happens(market, 10)) snprintf(symbol, sizeof symbol, "N%d", 1 + (int)(chance(market) % 300));
    const char *state =
        PICK(market, "TRADING", "TRADING", "TRADING", "TRADING", "HALTED", "AUCTION", "AUCTION", "CLOSED");
    switch (chance(market) % 16) {
    case 0:
        snprintf(value, sizeof value, "{\"kind\":\"INSTRUMENT\",\"symbol\":\"%s\"%s,\"state\":\"%s\"}", symbol,
            PICK(market, "", ",\"tick\":0.05", ",\"band\":{\"ticks\":15}",
                ",\"collar\":{\"bps\":5},\"minNotional\":300",
                ",\"minClip\":5,\"maxQuantity\":90,\"referencePrice\":150", ",\"lot\":2"),
            state);
        break;
    case 1:
        snprintf(value, sizeof value, "{\"kind\":\"BLOCK\",\"userId\":\"u%" PRIu64 "\",\"blocked\":%s}",
            chance(market) % 4, PICK(market, "true", "false", "false"));
        break;
    case 2:
        snprintf(value, sizeof value, "{\"kind\":\"LISTING\",\"mode\":\"%s\"%s}", PICK(market, "OPEN", "CLOSED"),
            PICK(market, "", ",\"limit\":3", ",\"limit\":7"));
        break;
    case 3:
        snprintf(value, sizeof value, "%s",
            PICK(market, "{\"kind\":\"RULES\",\"version\":1}", "{\"kind\":\"RULES\",\"version\":2}",
                "{\"kind\":\"KEY\",\"keyId\":\"k\"}", "{\"kind\":\"CLAIM\",\"epoch\":1}", "{\"kind\":\"STATE\"}"));
        break;
    case 4:
    case 5:
    case 6:
    case 7:
    case 8: snprintf(value, sizeof value, "{\"kind\":\"TICK\"}"); break;
    default: snprintf(value, sizeof value, "{\"kind\":\"STATE\",\"symbol\":\"%s\",\"state\":\"%s\"}", symbol, state);
    }
    if (happens(market, 10)) market->time_ms += 1100;
    append(
        log, TOPIC_ORDERS, home_partition(text_of(symbol)), symbol, text_of(value), &control_mark, 1, market->time_ms);
}

static int32_t some_partition(struct market *market, int32_t home) {
    return happens(market, market->wrong_partition_percent) ? (int32_t)(chance(market) % PARTITIONS) : home;
}

static void trade_once(struct market *market, struct memory_log *log) {
    int number = (int)(chance(market) % (uint64_t)market->symbols), size;
    char symbol[8];
    market->count++;
    market->time_ms += (int64_t)(chance(market) % 3);
    if (market->last_value[0] && happens(market, market->repeat_percent)) {
        number = market->last_symbol; /* the same record once more */
        size = (int)strlen(market->last_value);
    } else {
        char *out = market->last_value;
        size_t bytes = sizeof market->last_value;
        market_symbol(number, symbol);
        market->last_symbol = number;
        market->last_stranger = happens(market, market->stranger_percent) ? 1 + (int)(chance(market) % 300) : 0;
        if (market->last_stranger) snprintf(symbol, sizeof symbol, "N%d", market->last_stranger);
        size = happens(market, market->fault_percent)         ? write_fault(market, out, bytes, symbol)
               : market->has_all_kinds && happens(market, 60) ? write_any_kind(market, out, bytes, symbol)
               : happens(market, 70)                          ? write_new(market, out, bytes, symbol)
                                                              : write_other(market, out, bytes, symbol);
    }
    market_symbol(number, symbol);
    if (market->last_stranger) snprintf(symbol, sizeof symbol, "N%d", market->last_stranger);
    int32_t home = home_partition(text_of(symbol));
    uint8_t topic = happens(market, market->pending_percent) ? TOPIC_PENDING : TOPIC_ORDERS;
    append(log, topic, some_partition(market, home), symbol, (struct text){market->last_value, (uint32_t)size}, NULL, 0,
        market->time_ms);
}

void market_trade(struct market *market, struct memory_log *log, uint64_t count) {
    for (uint64_t i = 0; i < count; i++)
        if (chance(market) % 1000 < market->control_per_mille)
            control_once(market, log);
        else
            trade_once(market, log);
}

void market_move(struct market *market, struct memory_log *log, int number, int worker) {
    char symbol[8], value[256];
    market_symbol(number, symbol);
    uint64_t epoch = ++market->epochs[number];
    int32_t home = home_partition(text_of(symbol));
    snprintf(value, sizeof value,
        "{\"kind\":\"BEGIN\",\"symbol\":\"%s\",\"mid\":\"m%" PRIu64 "\",\"epoch\":%" PRIu64
        ",\"worker\":%d,\"mode\":\"DIRECT\"}",
        symbol, epoch, epoch, worker);
    append(log, TOPIC_ORDERS, home, symbol, text_of(value), &control_mark, 1, market->time_ms);
    snprintf(value, sizeof value, "{\"kind\":\"CUT\",\"symbol\":\"%s\",\"mid\":\"m%" PRIu64 "\",\"epoch\":%" PRIu64 "}",
        symbol, epoch, epoch);
    append(log, TOPIC_ORDERS, home, symbol, text_of(value), &control_mark, 1, market->time_ms);
}
