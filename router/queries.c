#include "router/queries.h"

#include "core/event.h"
#include "core/limits.h"
#include "io/json/json_event.h"
#include "io/json/json_writer.h"

#include <stdlib.h>
#include <string.h>

enum {
    PAGE_BYTES = 1 << 18,
    TRADES_MAX = 500,
    TRADES_USUALLY = 100,
    TRADE_BYTES_MAX = 256,
    KEY_BYTES_MAX = 32 + 3 * ID_BYTES_MAX,
    ORDER_FIELDS_MAX = 64
};

/* A question on its way. */
struct query {
    struct queries *queries;
    struct http_exchange exchange;
    enum call call;
    uint32_t limit;
    bool anybody; /* every account's orders may be seen */
    uint8_t account_size, order_id_size, symbol_size;
    char account[ID_BYTES_MAX], order_id[ID_BYTES_MAX], symbol[SYMBOL_BYTES_MAX];
};

#define FIXED(literal) {(literal), sizeof(literal) - 1}
static const struct fault away = {503, CODE_NONE, FIXED("Valkey does not answer; try again"), {0}};
static const struct fault unknown_order = {404, CODE_NO_SUCH_ORDER, FIXED("no order of this account has this id"), {0}};
static const struct fault unreadable = {500, CODE_NONE, FIXED("what is stored cannot be read"), {0}};

bool queries_init(struct queries *queries, struct valkey_client *valkey, queries_on_done on_done, void *context) {
    *queries = (struct queries){.valkey = valkey, .on_done = on_done, .context = context, .page = malloc(PAGE_BYTES)};
    return queries->page && json_decoder_init(&queries->decoder, EVENT_BYTES_MAX);
}

void queries_deinit(struct queries *queries) {
    json_decoder_deinit(&queries->decoder);
    free(queries->page);
}

static void done(const struct query *query, const struct fault *fault, struct text body) {
    query->queries->on_done(query->queries->context, query->exchange, query->call, fault, body);
}

static void fail(struct query *query, const struct fault *fault) {
    done(query, fault, TEXT_NONE);
    free(query);
}

static void succeed(struct query *query, size_t bytes) {
    struct fault none = {0};
    done(query, &none, (struct text){query->queries->page, (uint32_t)bytes});
    free(query);
}

static struct text text_at(const char *bytes, uint8_t size) { return (struct text){bytes, size}; }

static void send_words(struct query *query, const struct text *words, size_t count, valkey_on_reply on_reply) {
    if (valkey_client_command(query->queries->valkey, words, count, on_reply, query) != STATUS_OK) {
        fail(query, &away);
    }
}

static char *put_parts(char *at, const struct text *parts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        at = json_put_bytes(at, parts[i].data, parts[i].size);
    }
    return at;
}

/* ---------------------------------------------------------------- orders */

static struct text find_field(const struct redisReply *fields, struct text name) {
    for (size_t i = 0; i + 1 < valkey_reply_count(fields); i += 2) {
        if (text_equal(valkey_reply_text(valkey_reply_at(fields, i)), name)) {
            return valkey_reply_text(valkey_reply_at(fields, i + 1));
        }
    }
    return TEXT_NONE;
}

static bool is_digits(struct text text) {
    for (uint32_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return text.size > 0 && text.size < 19;
}

/* The order's hash as an object: decimals stay strings, the time is a number. */
static size_t write_order(const struct query *query, const struct redisReply *fields) {
    static const char *const names[] = {"symbol", "clientOrderId", "userId", "status", "side", "price", "quantity",
        "leaves", "cumulative", "reason", "timestamp"};
    char *at = JSON_PUT(query->queries->page, "{\"orderId\":");
    at = json_put_text(at, text_at(query->order_id, query->order_id_size));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct text name = text_of(names[i]), value = find_field(fields, name);
        if (value.size == 0 || value.size > 1024) {
            continue;
        }
        at = JSON_PUT(at, ",");
        at = json_put_text(at, name);
        at = JSON_PUT(at, ":");
        bool number = i + 1 == sizeof names / sizeof *names && is_digits(value);
        at = number ? json_put_bytes(at, value.data, value.size) : json_put_text(at, value);
    }
    return (size_t)(JSON_PUT(at, "}") - query->queries->page);
}

static void on_order(void *context, const struct redisReply *reply) {
    struct query *query = context;
    bool is_mine =
        query->anybody || text_equal(find_field(reply, TEXT("userId")), text_at(query->account, query->account_size));
    if (!reply || valkey_reply_error(reply).data) {
        fail(query, &away);
    } else if (valkey_reply_count(reply) == 0 || valkey_reply_count(reply) > ORDER_FIELDS_MAX || !is_mine) {
        fail(query, &unknown_order);
    } else {
        succeed(query, write_order(query, reply));
    }
}

static void ask_order(struct query *query) {
    char key[KEY_BYTES_MAX];
    struct text parts[] = {TEXT("order:"), text_at(query->order_id, query->order_id_size)};
    struct text words[] = {TEXT("HGETALL"), {key, (uint32_t)(put_parts(key, parts, 2) - key)}};
    send_words(query, words, 2, on_order);
}

static void on_order_id(void *context, const struct redisReply *reply) {
    struct query *query = context;
    struct text id = valkey_reply_text(reply);
    if (!reply || valkey_reply_error(reply).data) {
        fail(query, &away);
    } else if (id.size == 0 || id.size > ID_BYTES_MAX) {
        fail(query, &unknown_order);
    } else {
        memcpy(query->order_id, id.data, id.size);
        query->order_id_size = (uint8_t)id.size;
        ask_order(query);
    }
}

static void ask_client_order(struct query *query, struct text client_order_id) {
    char key[KEY_BYTES_MAX];
    struct text parts[] = {TEXT("client:"), text_at(query->account, query->account_size), TEXT(":"),
        text_at(query->symbol, query->symbol_size), TEXT(":"), client_order_id};
    struct text words[] = {TEXT("GET"), {key, (uint32_t)(put_parts(key, parts, 6) - key)}};
    send_words(query, words, 2, on_order_id);
}

/* ---------------------------------------------------------------- depth */

/* The end of the first `levels` inner arrays of the array that starts at `from` (its '['): *taken is where to cut, *end
 * behind the whole array. False if it has another form. */
static bool span_levels(struct text text, uint32_t from, uint32_t levels, uint32_t *taken, uint32_t *end) {
    uint32_t deep = 0, count = 0;
    *taken = from + 1;
    for (uint32_t i = from; i < text.size; i++) {
        char c = text.data[i];
        if (c == '[' && ++deep > 2) {
            return false;
        }
        if (c == ']' && --deep == 1 && ++count <= levels) {
            *taken = i + 1;
        }
        if (deep == 0) {
            *end = i + 1;
            return c == ']';
        }
    }
    return false;
}

/* One side, `"b":[...]`, cut. NULL if it is not there. */
static char *put_side(char *at, struct text stored, struct text name, uint32_t levels) {
    const char *found = memmem(stored.data, stored.size, name.data, name.size);
    if (!found) {
        return NULL;
    }
    uint32_t from = (uint32_t)(found - stored.data) + name.size - 1, taken, end;
    if (!span_levels(stored, from, levels, &taken, &end)) {
        return NULL;
    }
    at = JSON_PUT(at, ",");
    at = json_put_bytes(at, found, taken - (from - name.size + 1));
    return JSON_PUT(at, "]");
}

size_t depth_cut(struct text stored, struct text symbol, uint32_t levels, char *out, size_t bytes) {
    static const struct text start = FIXED("{\"u\":");
    if (stored.size < start.size || memcmp(stored.data, start.data, start.size) != 0 ||
        stored.size + symbol.size + 64 > bytes) {
        return 0;
    }
    const char *comma = memchr(stored.data, ',', stored.size);
    struct text fseq = {stored.data + start.size, comma ? (uint32_t)(comma - stored.data) - start.size : 0};
    if (!is_digits(fseq)) {
        return 0;
    }
    char *at = JSON_PUT(out, "{\"symbol\":");
    at = json_put_text(at, symbol);
    at = JSON_PUT(at, ",\"u\":");
    at = json_put_bytes(at, fseq.data, fseq.size);
    at = put_side(at, stored, TEXT("\"b\":["), levels);
    at = at ? put_side(at, stored, TEXT("\"a\":["), levels) : NULL;
    return at ? (size_t)(JSON_PUT(at, "}") - out) : 0;
}

static void on_depth(void *context, const struct redisReply *reply) {
    struct query *query = context;
    static const struct text none = FIXED("{\"u\":0,\"b\":[],\"a\":[]}");
    if (!reply || valkey_reply_error(reply).data) {
        fail(query, &away);
        return;
    }
    struct text stored = valkey_reply_is_nil(reply) ? none : valkey_reply_text(reply);
    size_t bytes =
        depth_cut(stored, text_at(query->symbol, query->symbol_size), query->limit, query->queries->page, PAGE_BYTES);
    if (bytes) {
        succeed(query, bytes);
    } else {
        fail(query, &unreadable);
    }
}

static void ask_depth(struct query *query) {
    char key[KEY_BYTES_MAX];
    struct text parts[] = {TEXT("depth:"), text_at(query->symbol, query->symbol_size)};
    struct text words[] = {TEXT("GET"), {key, (uint32_t)(put_parts(key, parts, 2) - key)}};
    send_words(query, words, 2, on_depth);
}

/* ---------------------------------------------------------------- trades */

/* What everybody may know of a fill. */
static char *put_trade(char *at, const struct event *fill) {
    at = json_put_unsigned(JSON_PUT(at, "{\"seq\":"), fill->fseq);
    at = json_put_unsigned(JSON_PUT(at, ",\"tradeId\":"), fill->trade_id);
    at = json_put_decimal(JSON_PUT(at, ",\"p\":"), fill->price_ticks, fill->instrument.tick);
    at = json_put_decimal(JSON_PUT(at, ",\"q\":"), fill->quantity_lots, fill->instrument.lot);
    at = json_put_text(
        JSON_PUT(at, ",\"side\":"), fill->side == SIDE_NONE ? TEXT("") : side_name((enum side)fill->side));
    at = json_put_integer(JSON_PUT(at, ",\"T\":"), fill->timestamp_ms);
    return JSON_PUT(at, "}");
}

/* The JSON of one entry of the stream: [id, ["e", json]]. */
static struct text entry_bytes(const struct redisReply *entry) {
    return valkey_reply_text(valkey_reply_at(valkey_reply_at(entry, 1), 1));
}

static size_t write_trades(struct query *query, const struct redisReply *reply) {
    char *at = JSON_PUT(query->queries->page, "{\"symbol\":");
    at = json_put_text(at, text_at(query->symbol, query->symbol_size));
    at = JSON_PUT(at, ",\"trades\":[");
    bool first = true;
    for (size_t i = 0; i < valkey_reply_count(reply) && i < TRADES_MAX; i++) {
        struct text bytes = entry_bytes(valkey_reply_at(reply, i));
        struct event fill;
        if (!bytes.data || !json_event_decode(&query->queries->decoder, bytes.data, bytes.size, NULL, &fill) ||
            fill.type != EVENT_FILL) {
            continue;
        }
        at = first ? at : JSON_PUT(at, ",");
        at = put_trade(at, &fill);
        first = false;
    }
    return (size_t)(JSON_PUT(at, "]}") - query->queries->page);
}

static void on_trades(void *context, const struct redisReply *reply) {
    struct query *query = context;
    _Static_assert(TRADES_MAX * TRADE_BYTES_MAX < PAGE_BYTES, "a page of trades");
    if (!reply || valkey_reply_error(reply).data) {
        fail(query, &away);
    } else {
        succeed(query, write_trades(query, reply));
    }
}

static void ask_trades(struct query *query) {
    char key[KEY_BYTES_MAX], count[16];
    struct text parts[] = {TEXT("fills:"), text_at(query->symbol, query->symbol_size)};
    struct text words[] = {TEXT("XREVRANGE"), {key, (uint32_t)(put_parts(key, parts, 2) - key)}, TEXT("+"), TEXT("-"),
        TEXT("COUNT"), {count, (uint32_t)(json_put_unsigned(count, query->limit) - count)}};
    send_words(query, words, 6, on_trades);
}

/* ---------------------------------------------------------------- asking */

static uint32_t limit_of(const struct target *target) {
    uint32_t usual = target->call == CALL_TRADES ? TRADES_USUALLY : DEPTH_LEVELS;
    uint32_t most = target->call == CALL_TRADES ? TRADES_MAX : DEPTH_LEVELS;
    uint32_t limit = target->limit ? target->limit : usual;
    return limit < most ? limit : most;
}

static uint8_t keep(char *out, struct text text) {
    memcpy(out, text.size ? text.data : "", text.size);
    return (uint8_t)text.size;
}

void queries_ask(
    struct queries *queries, struct http_exchange exchange, const struct target *target, struct text account) {
    struct query *query = malloc(sizeof *query);
    if (!query) {
        queries->on_done(queries->context, exchange, target->call, &away, TEXT_NONE);
        return;
    }
    *query = (struct query){.queries = queries, .exchange = exchange, .call = target->call, .limit = limit_of(target)};
    query->anybody = text_is_absent(account);
    query->account_size = keep(query->account, account);
    query->order_id_size = keep(query->order_id, target->order_id);
    query->symbol_size = keep(query->symbol, target->symbol);
    switch (target->call) {
    case CALL_ORDER: ask_order(query); break;
    case CALL_FIND_ORDER: ask_client_order(query, target->client_order_id); break;
    case CALL_DEPTH: ask_depth(query); break;
    default: ask_trades(query); break;
    }
}
