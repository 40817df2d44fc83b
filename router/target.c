#include "router/target.h"

#include "core/command.h"
#include "core/limits.h"

#include <string.h>

/* Paths, and what each method does there. */
struct place {
    struct text path; /* ends in '/': one more segment follows, the order's id */
    const char *methods;
    uint8_t get, post, patch, remove; /* enum call, or NOT_HERE */
};

enum { NOT_HERE = CALL_COUNT };

#define PATH(literal) {(literal), sizeof(literal) - 1}
static const struct place places[] = {
    {PATH("/orders"), "GET, POST, DELETE, OPTIONS", CALL_FIND_ORDER, CALL_NEW, NOT_HERE, CALL_CANCEL_ALL},
    {PATH("/orders/test"), "POST, OPTIONS", NOT_HERE, CALL_TEST, NOT_HERE, NOT_HERE},
    {PATH("/orders/replace"), "POST, OPTIONS", NOT_HERE, CALL_REPLACE, NOT_HERE, NOT_HERE},
    {PATH("/orders/list"), "POST, OPTIONS", NOT_HERE, CALL_LIST, NOT_HERE, NOT_HERE},
    {PATH("/orders/"), "GET, PATCH, DELETE, OPTIONS", CALL_ORDER, NOT_HERE, CALL_MODIFY, CALL_CANCEL},
    {PATH("/depth"), "GET, OPTIONS", CALL_DEPTH, NOT_HERE, NOT_HERE, NOT_HERE},
    {PATH("/trades"), "GET, OPTIONS", CALL_TRADES, NOT_HERE, NOT_HERE, NOT_HERE},
    {PATH("/symbols"), "GET, OPTIONS", CALL_SYMBOLS, NOT_HERE, NOT_HERE, NOT_HERE},
    {PATH("/time"), "GET, OPTIONS", CALL_TIME, NOT_HERE, NOT_HERE, NOT_HERE},
    {PATH("/healthz"), "GET, OPTIONS", CALL_HEALTH, NOT_HERE, NOT_HERE, NOT_HERE},
    {PATH("/readyz"), "GET, OPTIONS", CALL_READY, NOT_HERE, NOT_HERE, NOT_HERE},
    {PATH("/metrics"), "GET, OPTIONS", CALL_METRICS, NOT_HERE, NOT_HERE, NOT_HERE},
};

static struct fault bad_parameter(enum fault_code code, struct text error, struct text field) {
    return (struct fault){400, code, error, field};
}

/* Without the stage, and without a slash at the end. */
static struct text plain_path(struct text path) {
    if (path.size >= 5 && memcmp(path.data, "/prod", 5) == 0 && (path.size == 5 || path.data[5] == '/')) {
        path = (struct text){path.data + 5, path.size - 5};
    }
    if (path.size > 1 && path.data[path.size - 1] == '/') {
        path.size--;
    }
    return path;
}

/* The place of a path; *id is the still encoded segment behind one that ends in '/'. */
static const struct place *find_place(struct text path, struct text *id) {
    *id = TEXT_NONE;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct text known = places[i].path;
        bool open = known.data[known.size - 1] == '/';
        if (!open && text_equal(path, known)) {
            return &places[i];
        }
        if (open && path.size > known.size && memcmp(path.data, known.data, known.size) == 0 &&
            !memchr(path.data + known.size, '/', path.size - known.size)) {
            *id = (struct text){path.data + known.size, path.size - known.size};
            return &places[i];
        }
    }
    return NULL;
}

static unsigned call_of(const struct place *place, enum http_method method) {
    switch (method) {
    case HTTP_GET:
    case HTTP_HEAD: return place->get;
    case HTTP_POST: return place->post;
    case HTTP_PATCH: return place->patch;
    case HTTP_DELETE: return place->remove;
    case HTTP_OPTIONS: return CALL_PREFLIGHT;
    default: return NOT_HERE;
    }
}

/* Decodes into the target's memory. */
static bool keep(struct target *target, struct text encoded, bool plus, struct text *out) {
    char *room = target->memory + target->memory_used;
    if (!http_decode(encoded, plus, room, sizeof target->memory - target->memory_used, out)) {
        return false;
    }
    target->memory_used += out->size;
    return true;
}

static bool is_id(struct text id) { return id.size >= 1 && id.size <= ID_BYTES_MAX; }

/* One text parameter; false if it is there twice or cannot be decoded. An empty one counts as not given. */
static bool take_parameter(struct target *target, struct text query, struct text name, struct text *out) {
    struct text encoded;
    bool repeated;
    if (!http_query_find(query, name, &encoded, &repeated) || encoded.size == 0) {
        return !repeated;
    }
    return !repeated && keep(target, encoded, true, out);
}

static bool parse_limit(struct text text, uint32_t *limit) {
    *limit = 0;
    for (uint32_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || *limit > 100000) {
            return false;
        }
        *limit = *limit * 10 + (uint32_t)(text.data[i] - '0');
    }
    return *limit > 0;
}

static struct fault take_query(struct target *target, struct text query) {
    struct text limit = TEXT_NONE, wait = TEXT_NONE;
    struct {
        struct text name;
        struct text *out;
    } texts[] = {{TEXT("symbol"), &target->symbol}, {TEXT("clientOrderId"), &target->client_order_id},
        {TEXT("side"), &target->side}, {TEXT("userId"), &target->user_id}, {TEXT("limit"), &limit},
        {TEXT("wait"), &wait}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!take_parameter(target, query, texts[i].name, texts[i].out)) {
            return bad_parameter(CODE_FIELD,
                TEXT("the query parameter may be given once, with %xx for other characters"), texts[i].name);
        }
    }
    target->has_wait = wait.size > 0;
    if (limit.size && !parse_limit(limit, &target->limit)) {
        return bad_parameter(CODE_FIELD, TEXT("limit must be a whole number from 1 on"), TEXT("limit"));
    }
    return (struct fault){0};
}

static struct fault check_forms(const struct target *target) {
    if (target->symbol.size && !symbol_is_valid(target->symbol)) {
        return bad_parameter(CODE_SYMBOL, TEXT("symbol must be 1 to 10 characters of A-Z and 0-9"), TEXT("symbol"));
    }
    if (target->client_order_id.size && !is_id(target->client_order_id)) {
        return bad_parameter(CODE_FIELD, TEXT("clientOrderId must have 1 to 64 bytes"), TEXT("clientOrderId"));
    }
    if (target->user_id.size && !is_id(target->user_id)) {
        return bad_parameter(CODE_FIELD, TEXT("userId must have 1 to 64 bytes"), TEXT("userId"));
    }
    if (target->side.size && !text_equal(target->side, TEXT("BUY")) && !text_equal(target->side, TEXT("SELL"))) {
        return bad_parameter(CODE_SIDE, TEXT("side must be BUY or SELL"), TEXT("side"));
    }
    if (target->has_wait) {
        return bad_parameter(CODE_FIELD,
            TEXT("wait is not offered: ask for the order's state, or listen on the WebSocket"), TEXT("wait"));
    }
    return (struct fault){0};
}

static bool needs_symbol(enum call call) {
    return call == CALL_CANCEL || call == CALL_CANCEL_ALL || call == CALL_FIND_ORDER || call == CALL_DEPTH ||
           call == CALL_TRADES;
}

static struct fault check_needs(const struct target *target) {
    if (target->call == CALL_FIND_ORDER && !target->client_order_id.size) {
        return bad_parameter(CODE_MISSING, TEXT("name the order: GET /orders/{orderId}, or ?clientOrderId=&symbol="),
            TEXT("clientOrderId"));
    }
    if (needs_symbol(target->call) && !target->symbol.size) {
        return bad_parameter(CODE_MISSING, TEXT("the query parameter symbol is required"), TEXT("symbol"));
    }
    return (struct fault){0};
}

static struct fault take_order_id(struct target *target, struct text encoded) {
    if (encoded.size && (!keep(target, encoded, false, &target->order_id) || !is_id(target->order_id))) {
        return bad_parameter(CODE_FIELD,
            TEXT("the order's id in the path must have 1 to 64 bytes, with %xx for other characters"), TEXT("orderId"));
    }
    return (struct fault){0};
}

struct fault target_parse(struct target *target, enum http_method method, struct text path, struct text query) {
    memset(target, 0, offsetof(struct target, memory));
    target->memory_used = 0;
    struct text id;
    const struct place *place = find_place(plain_path(path), &id);
    if (!place) {
        return (struct fault){404, CODE_NONE, TEXT("there is no such path"), TEXT_NONE};
    }
    unsigned call = call_of(place, method);
    if (call == NOT_HERE) {
        return (struct fault){405, CODE_NONE, TEXT("this path has no such method"), TEXT_NONE};
    }
    target->call = (enum call)call;
    if (call == CALL_PREFLIGHT) {
        return (struct fault){0};
    }
    struct fault fault = take_order_id(target, id);
    if (!fault.status) {
        fault = take_query(target, query);
    }
    if (!fault.status) {
        fault = check_forms(target);
    }
    if (target->call == CALL_CANCEL_ALL && target->client_order_id.size) {
        target->call = CALL_CANCEL;
    }
    return fault.status ? fault : check_needs(target);
}

bool call_needs_key(enum call call) {
    return call != CALL_HEALTH && call != CALL_READY && call != CALL_METRICS && call != CALL_PREFLIGHT;
}

const char *call_name(enum call call) {
    static const char *const names[CALL_COUNT] = {"new", "test", "replace", "list", "cancel", "cancel_all", "modify",
        "order", "find_order", "depth", "trades", "symbols", "time", "healthz", "readyz", "metrics", "preflight"};
    return call < CALL_COUNT ? names[call] : "none";
}

const char *target_methods(struct text path) {
    struct text id;
    const struct place *place = find_place(plain_path(path), &id);
    return place ? place->methods : NULL;
}
