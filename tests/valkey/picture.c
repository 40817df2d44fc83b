#include "tests/valkey/picture.h"

#include <inttypes.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_BYTES = 72, SYMBOLS_MAX = 64 };

enum order_field { SYMBOL, USER, CLIENT, STATUS, SIDE, PRICE, QUANTITY, LEAVES, CUMULATIVE, REASON, TIMESTAMP, FIELDS };
/* A server that does not answer in time ends the test in words. */
static redisReply *answered(const redisContext *connection, redisReply *reply) {
    if (reply) return reply;
    fprintf(stderr, "Valkey did not answer: %s\n", connection->errstr);
    exit(1);
}

static const char *const field_names[FIELDS] = {"symbol", "userId", "clientOrderId", "status", "side", "price",
    "quantity", "leaves", "cumulative", "reason", "timestamp"};

struct picture_order {
    char id[FIELD_BYTES];
    char fields[FIELDS][FIELD_BYTES];
    bool is_open;
    struct picture_order *next;
};

struct picture_client {
    char key[200];
    char id[FIELD_BYTES];
    struct picture_client *next;
};

struct fill {
    uint64_t fseq;
    char *bytes;
    uint32_t size;
};

struct picture_symbol {
    char name[16];
    uint64_t fseq, hash, u_min;
    struct fill *fills;
    uint32_t fill_count, fill_capacity;
    char last[6][FIELD_BYTES];
    char *levels;
};

struct picture {
    uint32_t stream_length;
    void *orders, *clients; /* trees of tsearch */
    struct picture_order *first_order;
    struct picture_client *first_client;
    struct picture_symbol symbols[SYMBOLS_MAX];
    uint32_t symbol_count;
    uint64_t fills, order_count;
};

static char difference[1024];

static const char *differ(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *differ(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(difference, sizeof difference, format, arguments);
    va_end(arguments);
    return difference;
}

/* ---------------------------------------------------------------- building it */

struct picture *picture_open(uint32_t stream_length) {
    struct picture *picture = calloc(1, sizeof *picture);
    picture->stream_length = stream_length;
    return picture;
}

static int compare_first_string(const void *a, const void *b) { return strcmp(a, b); }

static void keep(void *node) { (void)node; }

void picture_close(struct picture *picture) {
    tdestroy(picture->orders, keep);
    tdestroy(picture->clients, keep);
    for (struct picture_order *order = picture->first_order, *next; order; order = next) {
        next = order->next;
        free(order);
    }
    for (struct picture_client *client = picture->first_client, *next; client; client = next) {
        next = client->next;
        free(client);
    }
    for (uint32_t i = 0; i < picture->symbol_count; i++) {
        for (uint32_t j = 0; j < picture->symbols[i].fill_count; j++) free(picture->symbols[i].fills[j].bytes);
        free(picture->symbols[i].fills);
        free(picture->symbols[i].levels);
    }
    free(picture);
}

static void set(char *field, struct text value) {
    snprintf(field, FIELD_BYTES, "%.*s", (int)value.size, value.size ? value.data : "");
}

static void set_number(char *field, uint64_t value) { snprintf(field, FIELD_BYTES, "%" PRIu64, value); }

static void set_units(char *field, int64_t units, struct decimal_unit unit) {
    field[decimal_format(units, unit, field)] = 0;
}

static struct picture_symbol *symbol_of(struct picture *picture, struct text name) {
    for (uint32_t i = 0; i < picture->symbol_count; i++)
        if (strlen(picture->symbols[i].name) == name.size &&
            memcmp(picture->symbols[i].name, name.data, name.size) == 0)
            return &picture->symbols[i];
    struct picture_symbol *symbol = &picture->symbols[picture->symbol_count++];
    snprintf(symbol->name, sizeof symbol->name, "%.*s", (int)name.size, name.data);
    return symbol;
}

static struct picture_order *find_order(struct picture *picture, struct text id) {
    char key[FIELD_BYTES];
    set(key, id);
    struct picture_order *const *found = tfind(key, &picture->orders, compare_first_string);
    return found ? *found : NULL;
}

static struct picture_order *new_order(struct picture *picture, const struct event *event) {
    struct picture_order *order = find_order(picture, event->order_id);
    if (!order) {
        order = calloc(1, sizeof *order);
        set(order->id, event->order_id);
        tsearch(order, &picture->orders, compare_first_string);
        order->next = picture->first_order;
        picture->first_order = order;
        picture->order_count++;
    }
    memset(order->fields, 0, sizeof order->fields);
    set(order->fields[SYMBOL], event->symbol);
    set(order->fields[USER], event->user_id);
    set(order->fields[CLIENT], event->client_order_id);
    set_number(order->fields[TIMESTAMP], (uint64_t)event->timestamp_ms);
    return order;
}

static void name_client(struct picture *picture, const struct event *event, bool only_if_free) {
    char key[200];
    if (!event->user_id.size || !event->client_order_id.size) return;
    snprintf(key, sizeof key, "client:%.*s:%.*s:%.*s", (int)event->user_id.size, event->user_id.data,
        (int)event->symbol.size, event->symbol.data, (int)event->client_order_id.size, event->client_order_id.data);
    struct picture_client *const *found = tfind(key, &picture->clients, compare_first_string);
    struct picture_client *client = found ? *found : NULL;
    if (client && only_if_free) return;
    if (!client) {
        client = calloc(1, sizeof *client);
        snprintf(client->key, sizeof client->key, "%s", key);
        tsearch(client, &picture->clients, compare_first_string);
        client->next = picture->first_client;
        picture->first_client = client;
    }
    set(client->id, event->order_id);
}

static void on_party(struct picture *picture, const struct event *event, const struct event_party *party) {
    struct picture_order *order = find_order(picture, party->order_id);
    set_units(order->fields[LEAVES], party->leaves_lots, event->instrument.lot);
    set_units(order->fields[CUMULATIVE], party->cumulative_lots, event->instrument.lot);
    set_number(order->fields[TIMESTAMP], (uint64_t)event->timestamp_ms);
    strcpy(order->fields[STATUS], party->leaves_lots ? "PARTIALLY_FILLED" : "FILLED");
    order->is_open = party->leaves_lots > 0;
}

static void on_fill(
    struct picture *picture, struct picture_symbol *symbol, const struct event *event, struct text bytes) {
    if (symbol->fill_count == symbol->fill_capacity) {
        symbol->fill_capacity = symbol->fill_capacity ? 2 * symbol->fill_capacity : 64;
        symbol->fills = realloc(symbol->fills, symbol->fill_capacity * sizeof *symbol->fills);
    }
    struct fill fill = {.fseq = event->fseq, .bytes = malloc(bytes.size), .size = bytes.size};
    memcpy(fill.bytes, bytes.data, bytes.size);
    symbol->fills[symbol->fill_count++] = fill;
    picture->fills++;
    set_units(symbol->last[0], event->price_ticks, event->instrument.tick);
    set_units(symbol->last[1], event->quantity_lots, event->instrument.lot);
    set(symbol->last[2], side_name((enum side)event->side));
    set_number(symbol->last[3], event->trade_id);
    set_number(symbol->last[4], event->fseq);
    set_number(symbol->last[5], (uint64_t)event->timestamp_ms);
    on_party(picture, event, &event->taker);
    on_party(picture, event, &event->maker);
}

static void on_accepted(struct picture *picture, const struct event *event) {
    struct picture_order *order = new_order(picture, event);
    strcpy(order->fields[STATUS], "ACCEPTED");
    set(order->fields[SIDE], side_name((enum side)event->side));
    if (event->has_price) set_units(order->fields[PRICE], event->price_ticks, event->instrument.tick);
    set_units(order->fields[QUANTITY], event->quantity_lots, event->instrument.lot);
    set_units(order->fields[LEAVES], event->quantity_lots, event->instrument.lot);
    set_units(order->fields[CUMULATIVE], 0, event->instrument.lot);
    order->is_open = true;
    name_client(picture, event, false);
}

static void on_rejected(struct picture *picture, const struct event *event) {
    if (event->command_id.size || !event->order_id.size || find_order(picture, event->order_id)) return;
    struct picture_order *order = new_order(picture, event);
    strcpy(order->fields[STATUS], "REJECTED");
    set(order->fields[REASON], reason_name((enum reason)event->reason));
    name_client(picture, event, true);
}

static void on_ended(struct picture *picture, const struct event *event, const char *status) {
    struct picture_order *order = find_order(picture, event->order_id);
    strcpy(order->fields[STATUS], status);
    set(order->fields[REASON], reason_name((enum reason)event->reason));
    set_units(order->fields[LEAVES], event->leaves_lots, event->instrument.lot);
    set_units(order->fields[CUMULATIVE], event->cumulative_lots, event->instrument.lot);
    set_number(order->fields[TIMESTAMP], (uint64_t)event->timestamp_ms);
    order->is_open = false;
}

static void on_modified(struct picture *picture, const struct event *event) {
    struct picture_order *order = find_order(picture, event->order_id);
    if (event->has_price) set_units(order->fields[PRICE], event->price_ticks, event->instrument.tick);
    set_units(order->fields[QUANTITY], event->quantity_lots, event->instrument.lot);
    set_units(order->fields[LEAVES], event->leaves_lots, event->instrument.lot);
    set_number(order->fields[TIMESTAMP], (uint64_t)event->timestamp_ms);
}

void picture_on_event(struct picture *picture, const struct event *event, struct text bytes) {
    struct picture_symbol *symbol = symbol_of(picture, event->symbol);
    symbol->fseq = event->fseq;
    symbol->hash = event->hash;
    switch (event->type) {
    case EVENT_ACCEPTED: on_accepted(picture, event); break;
    case EVENT_REJECTED: on_rejected(picture, event); break;
    case EVENT_FILL: on_fill(picture, symbol, event, bytes); break;
    case EVENT_CANCELLED: on_ended(picture, event, "CANCELLED"); break;
    case EVENT_EXPIRED: on_ended(picture, event, "EXPIRED"); break;
    case EVENT_MODIFIED: on_modified(picture, event); break;
    default: break;
    }
}

void picture_set_depth(struct picture *picture, struct text name, const char *levels_json, uint64_t u_min) {
    struct picture_symbol *symbol = symbol_of(picture, name);
    free(symbol->levels);
    symbol->levels = strdup(levels_json);
    symbol->u_min = u_min;
}

uint64_t picture_fills(const struct picture *picture) { return picture->fills; }
uint64_t picture_orders(const struct picture *picture) { return picture->order_count; }

/* ---------------------------------------------------------------- comparing */

static const char *value_of(const redisReply *hash, const char *name) {
    for (size_t i = 0; hash->type == REDIS_REPLY_ARRAY && i + 1 < hash->elements; i += 2)
        if (strcmp(hash->element[i]->str, name) == 0) return hash->element[i + 1]->str;
    return NULL;
}

static const char *compare_head(const struct picture_symbol *symbol, redisContext *connection) {
    char fseq[24], hash[24];
    snprintf(fseq, sizeof fseq, "%" PRIu64, symbol->fseq);
    snprintf(hash, sizeof hash, "%016" PRIx64, symbol->hash);
    redisReply *reply = answered(connection, redisCommand(connection, "HGETALL fseq:%s", symbol->name));
    const char *got_fseq = value_of(reply, "fseq"), *got_hash = value_of(reply, "hash");
    bool is_filling = value_of(reply, "filling") != NULL;
    const char *result = NULL;
    if (is_filling || !got_fseq || strcmp(got_fseq, fseq) != 0)
        result = differ("fseq:%s is %s, not %s%s", symbol->name, got_fseq ? got_fseq : "absent", fseq,
            is_filling ? " (filling)" : "");
    else if (!got_hash || (strcmp(got_hash, hash) != 0 && strcmp(got_hash, "0000000000000000") != 0))
        result = differ("hash of %s at %s is %s, not %s", symbol->name, fseq, got_hash ? got_hash : "absent", hash);
    freeReplyObject(reply);
    return result;
}

static const char *compare_entry(
    const struct picture_symbol *symbol, const struct fill *fill, const redisReply *entry) {
    char id[32];
    snprintf(id, sizeof id, "%" PRIu64 "-0", fill->fseq);
    const redisReply *fields = entry->element[1];
    if (strcmp(entry->element[0]->str, id) != 0)
        return differ("fills:%s has %s where %s belongs", symbol->name, entry->element[0]->str, id);
    if (fields->elements != 2 || strcmp(fields->element[0]->str, "e") != 0 || fields->element[1]->len != fill->size ||
        memcmp(fields->element[1]->str, fill->bytes, fill->size) != 0)
        return differ("fills:%s %s: other bytes than in the topic", symbol->name, id);
    return NULL;
}

static const char *compare_fills(
    const struct picture *picture, const struct picture_symbol *symbol, redisContext *connection) {
    uint32_t count = symbol->fill_count < picture->stream_length ? symbol->fill_count : picture->stream_length;
    redisReply *reply = answered(connection, redisCommand(connection, "XRANGE fills:%s - +", symbol->name));
    const char *result = NULL;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != count)
        result = differ("fills:%s has %zu entries, not %u", symbol->name, reply->elements, count);
    for (uint32_t i = 0; !result && i < count; i++)
        result = compare_entry(symbol, &symbol->fills[symbol->fill_count - count + i], reply->element[i]);
    freeReplyObject(reply);
    return result;
}

static const char *compare_last(const struct picture_symbol *symbol, redisContext *connection) {
    static const char *const names[] = {"price", "quantity", "takerSide", "tradeId", "fseq", "timestamp"};
    redisReply *reply = answered(connection, redisCommand(connection, "HGETALL last:%s", symbol->name));
    const char *result = NULL;
    for (int i = 0; !result && i < 6; i++) {
        const char *value = value_of(reply, names[i]);
        if (strcmp(value ? value : "", symbol->last[i]) != 0)
            result =
                differ("last:%s %s is %s, not %s", symbol->name, names[i], value ? value : "absent", symbol->last[i]);
    }
    freeReplyObject(reply);
    return result;
}

static const char *compare_depth(const struct picture_symbol *symbol, redisContext *connection) {
    redisReply *reply = answered(connection, redisCommand(connection, "GET depth:%s", symbol->name));
    const char *result = NULL;
    const char *levels = reply->type == REDIS_REPLY_STRING ? strchr(reply->str, ',') : NULL;
    uint64_t u = levels ? strtoull(reply->str + 5, NULL, 10) : 0;
    if (!symbol->levels)
        result = levels ? differ("depth:%s is there", symbol->name) : NULL;
    else if (!levels || strcmp(levels, symbol->levels) != 0)
        result = differ("depth:%s is\n%s, not\n%s", symbol->name, levels ? levels : "absent", symbol->levels);
    else if (u < symbol->u_min || u > symbol->fseq)
        result = differ(
            "depth:%s says u %" PRIu64 ", not %" PRIu64 " to %" PRIu64, symbol->name, u, symbol->u_min, symbol->fseq);
    freeReplyObject(reply);
    return result;
}

/* Once anything of the symbol was told. */
static const char *compare_settings(const struct picture_symbol *symbol, redisContext *connection) {
    static const char settings[] =
        "\"tick\":\"0.01\",\"lot\":\"1\",\"minQuantity\":\"1\",\"maxQuantity\":\"1000000\",\"minClip\":\"1\"}";
    char wanted[256];
    redisReply *reply = answered(connection, redisCommand(connection, "GET instrument:%s", symbol->name));
    snprintf(wanted, sizeof wanted, "{\"kind\":\"INSTRUMENT\",\"symbol\":\"%s\",%s", symbol->name, settings);
    const char *seen = reply->type == REDIS_REPLY_STRING ? reply->str : "absent";
    const char *result = NULL;
    if (symbol->fseq && strcmp(seen, wanted) != 0)
        result = differ("instrument:%s is %s, not %s", symbol->name, seen, wanted);
    freeReplyObject(reply);
    return result;
}

static const char *compare_order(const struct picture_order *order, const redisReply *hash, bool must_be_there) {
    if (hash->elements == 0)
        return must_be_there || order->is_open ? differ("order:%s (%s) is absent", order->id, order->fields[STATUS])
                                               : NULL;
    for (int i = 0; i < FIELDS; i++) {
        const char *value = value_of(hash, field_names[i]);
        bool may_lack = !must_be_there && !value && (!order->is_open || i == TIMESTAMP);
        if (!may_lack && strcmp(value ? value : "", order->fields[i]) != 0)
            return differ("order:%s %s is %s, not %s (%s, must be %s, fseq %s)", order->id, field_names[i],
                value ? value : "absent", order->fields[i], value_of(hash, "status"), order->fields[STATUS],
                value_of(hash, "fseq") ? value_of(hash, "fseq") : "absent");
    }
    return NULL;
}

enum { PIPELINE = 500 };

static const char *compare_some_orders(
    struct picture_order **orders, int count, redisContext *connection, bool all_ended) {
    const char *result = NULL;
    for (int i = 0; i < count; i++) {
        redisAppendCommand(connection, "HGETALL order:%s", orders[i]->id);
        redisAppendCommand(connection, "TTL order:%s", orders[i]->id);
    }
    for (int i = 0; i < count; i++) {
        redisReply *hash, *ttl;
        if (redisGetReply(connection, (void **)&hash) != REDIS_OK ||
            redisGetReply(connection, (void **)&ttl) != REDIS_OK)
            return differ("connection lost");
        if (!result) result = compare_order(orders[i], hash, all_ended);
        if (!result && hash->elements && (ttl->integer < 0) != orders[i]->is_open)
            result = differ("order:%s (%s) has expiry %lld", orders[i]->id, orders[i]->fields[STATUS], ttl->integer);
        freeReplyObject(hash);
        freeReplyObject(ttl);
    }
    return result;
}

static const char *compare_orders(const struct picture *picture, redisContext *connection, bool all_ended) {
    struct picture_order *some[PIPELINE];
    int count = 0;
    const char *result = NULL;
    for (struct picture_order *order = picture->first_order; order && !result; order = order->next) {
        some[count++] = order;
        if (count == PIPELINE || !order->next) {
            result = compare_some_orders(some, count, connection, all_ended);
            count = 0;
        }
    }
    return result;
}

static const char *compare_clients(struct picture *picture, redisContext *connection, bool all_ended) {
    const char *result = NULL;
    for (struct picture_client *client = picture->first_client; client && !result; client = client->next) {
        const char *argv[] = {"GET", client->key};
        redisReply *reply = answered(connection, redisCommandArgv(connection, 2, argv, NULL));
        bool is_there = reply->type == REDIS_REPLY_STRING;
        const struct picture_order *order = find_order(picture, text_of(client->id));
        if (!all_ended &&
            !(order && order->is_open)) { /* may be of an earlier order, if the refill did not see this one */
            freeReplyObject(reply);
            continue;
        }
        if (is_there ? strcmp(reply->str, client->id) != 0 : all_ended)
            result = differ("%s is %s, not %s", client->key, is_there ? reply->str : "absent", client->id);
        freeReplyObject(reply);
    }
    return result;
}

/* No order that history does not know. */
static const char *compare_keys(struct picture *picture, redisContext *connection) {
    redisReply *reply = answered(connection, redisCommand(connection, "KEYS order:*"));
    const char *result = NULL;
    for (size_t i = 0; i < reply->elements && !result; i++)
        if (!find_order(picture, text_of(reply->element[i]->str + 6)))
            result = differ("%s belongs to nobody", reply->element[i]->str);
    freeReplyObject(reply);
    return result;
}

const char *picture_compare(struct picture *picture, redisContext *connection, bool all_ended) {
    const char *result = NULL;
    for (uint32_t i = 0; i < picture->symbol_count && !result; i++) {
        const struct picture_symbol *symbol = &picture->symbols[i];
        result = compare_head(symbol, connection);
        if (!result) result = compare_fills(picture, symbol, connection);
        if (!result) result = compare_last(symbol, connection);
        if (!result) result = compare_depth(symbol, connection);
        if (!result) result = compare_settings(symbol, connection);
    }
    if (!result) result = compare_keys(picture, connection);
    if (!result) result = compare_orders(picture, connection, all_ended);
    return result ? result : compare_clients(picture, connection, all_ended);
}
