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
        size = happens(market, market->fault_percent) ? write_fault(market, out, bytes, symbol)
               : happens(market, 70)                  ? write_new(market, out, bytes, symbol)
                                                      : write_other(market, out, bytes, symbol);
    }
    market_symbol(number, symbol);
    int32_t home = home_partition(text_of(symbol));
    uint8_t topic = happens(market, market->pending_percent) ? TOPIC_PENDING : TOPIC_ORDERS;
    append(log, topic, some_partition(market, home), symbol, (struct text){market->last_value, (uint32_t)size}, NULL, 0,
        market->time_ms);
}

void market_trade(struct market *market, struct memory_log *log, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) trade_once(market, log);
}

void market_move(struct market *market, struct memory_log *log, int number, int worker) {
    static const struct log_header control = {{"me-t", 4}, {"2", 1}};
    char symbol[8], value[256];
    market_symbol(number, symbol);
    uint64_t epoch = ++market->epochs[number];
    int32_t home = home_partition(text_of(symbol));
    snprintf(value, sizeof value,
        "{\"kind\":\"BEGIN\",\"symbol\":\"%s\",\"mid\":\"m%" PRIu64 "\",\"epoch\":%" PRIu64
        ",\"worker\":%d,\"mode\":\"DIRECT\"}",
        symbol, epoch, epoch, worker);
    append(log, TOPIC_ORDERS, home, symbol, text_of(value), &control, 1, market->time_ms);
    snprintf(value, sizeof value, "{\"kind\":\"CUT\",\"symbol\":\"%s\",\"mid\":\"m%" PRIu64 "\",\"epoch\":%" PRIu64 "}",
        symbol, epoch, epoch);
    append(log, TOPIC_ORDERS, home, symbol, text_of(value), &control, 1, market->time_ms);
}
