#include "bench/reference/request.h"

#include <stdio.h>
#include <string.h>

struct field_form {
    const char *name;
    enum request_form form;
    const char *choices[7];
};

static const struct field_form forms[FIELD_COUNT] = {
    [FIELD_ACTION] = {"action", REQUEST_FORM_CHOICE, {"NEW", "CANCEL", "MODIFY", "REPLACE", "CANCEL_ALL", "LIST"}},
    [FIELD_SYMBOL] = {"symbol", REQUEST_FORM_SYMBOL},
    [FIELD_SIDE] = {"side", REQUEST_FORM_CHOICE, {"BUY", "SELL"}},
    [FIELD_QUANTITY] = {"quantity", REQUEST_FORM_DECIMAL},
    [FIELD_PRICE] = {"price", REQUEST_FORM_DECIMAL},
    [FIELD_ORDER_TYPE] = {"orderType", REQUEST_FORM_CHOICE, {"LIMIT", "MARKET", "STOP", "STOP_LIMIT", "TRAILING_STOP"}},
    [FIELD_USER_ID] = {"userId", REQUEST_FORM_ACCOUNT},
    [FIELD_TIMESTAMP] = {"timestamp", REQUEST_FORM_INTEGER},
    [FIELD_ORDER_ID] = {"orderId", REQUEST_FORM_ID},
    [FIELD_CLIENT_ORDER_ID] = {"clientOrderId", REQUEST_FORM_ID},
    [FIELD_COMMAND_ID] = {"commandId", REQUEST_FORM_ID},
    [FIELD_TIME_IN_FORCE] = {"timeInForce", REQUEST_FORM_CHOICE, {"GTC", "IOC", "FOK", "GTD", "DAY"}},
    [FIELD_POST_ONLY] = {"postOnly", REQUEST_FORM_FLAG},
    [FIELD_STOP_PRICE] = {"stopPrice", REQUEST_FORM_DECIMAL},
    [FIELD_TRAILING_AMOUNT] = {"trailingAmount", REQUEST_FORM_DECIMAL},
    [FIELD_TRAILING_BPS] = {"trailingBps", REQUEST_FORM_INTEGER},
    [FIELD_DISPLAY_QUANTITY] = {"displayQuantity", REQUEST_FORM_DECIMAL},
    [FIELD_SELF_TRADE_PREVENTION] = {"selfTradePrevention", REQUEST_FORM_CHOICE,
        {"NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"}},
    [FIELD_EXPIRE_TIME] = {"expireTime", REQUEST_FORM_INTEGER},
    [FIELD_MAX_SLIPPAGE] = {"maxSlippage", REQUEST_FORM_DECIMAL},
    [FIELD_CANCEL_ORDER_ID] = {"cancelOrderId", REQUEST_FORM_ID},
    [FIELD_LIST_ID] = {"listId", REQUEST_FORM_ID},
    [FIELD_CONTINGENCY] = {"contingency", REQUEST_FORM_CHOICE, {"OCO", "OTO", "OTOCO"}},
    [FIELD_ORDERS] = {"orders", REQUEST_FORM_ARRAY},
};

enum request_form request_form_of(enum field field) { return forms[field].form; }

enum field request_field_named(const char *name, size_t bytes) {
    for (int field = FIELD_NONE + 1; field < FIELD_COUNT; field++)
        if (strlen(forms[field].name) == bytes && memcmp(forms[field].name, name, bytes) == 0) return field;
    return FIELD_NONE;
}

/* RFC 3629: no overlong form, no surrogate, nothing past U+10FFFF. */
bool request_utf8_is_valid(const char *bytes, size_t size) {
    const unsigned char *at = (const unsigned char *)bytes, *end = at + size;
    while (at < end) {
        uint32_t code = *at++;
        int more = code < 0x80                   ? 0
                   : code >= 0xc2 && code < 0xe0 ? 1
                   : code >= 0xe0 && code < 0xf0 ? 2
                   : code >= 0xf0 && code < 0xf5 ? 3
                                                 : -1;
        if (more < 0 || end - at < more) return false;
        code &= more == 0 ? 0x7f : more == 1 ? 0x1f : more == 2 ? 0x0f : 0x07;
        for (int i = 0; i < more; i++, at++) {
            if ((*at & 0xc0) != 0x80) return false;
            code = code << 6 | (*at & 0x3f);
        }
        if ((more == 2 && code < 0x800) || (more == 3 && (code < 0x10000 || code > 0x10ffff)) ||
            (code >= 0xd800 && code < 0xe000))
            return false;
    }
    return true;
}

bool request_symbol_is_proper(struct text symbol) {
    if (symbol.size < 1 || symbol.size > SYMBOL_BYTES_MAX) return false;
    for (uint32_t i = 0; i < symbol.size; i++)
        if (!((symbol.data[i] >= 'A' && symbol.data[i] <= 'Z') || (symbol.data[i] >= '0' && symbol.data[i] <= '9')))
            return false;
    return true;
}

void request_set_ill(struct request *request, enum field field) { request->values[field].shape = REQUEST_ILL; }

static void set_choice(struct request *request, enum field field, const char *bytes, size_t size) {
    request_set_ill(request, field);
    for (int i = 0; i < 7 && forms[field].choices[i]; i++) {
        if (strlen(forms[field].choices[i]) == size && memcmp(forms[field].choices[i], bytes, size) == 0) {
            request->values[field].shape = REQUEST_GOOD;
            request->values[field].choice = i;
        }
    }
}

static void set_id(struct request *request, enum field field, const char *bytes, size_t size) {
    struct request_value *value = &request->values[field];
    value->shape = REQUEST_ILL;
    if (size < 1 || size > ID_BYTES_MAX || memchr(bytes, 0, size)) return;
    value->shape = REQUEST_GOOD;
    value->size = (uint8_t)size;
    memcpy(value->bytes, bytes, size);
}

/* A field whose value is a string; its bytes are UTF-8. */
void request_set_text(struct request *request, enum field field, const char *bytes, size_t size) {
    struct request_value *value = &request->values[field];
    switch (forms[field].form) {
    case REQUEST_FORM_CHOICE: set_choice(request, field, bytes, size); break;
    case REQUEST_FORM_SYMBOL:
        set_id(request, field, bytes, size);
        if (!request_symbol_is_proper((struct text){bytes, (uint32_t)size})) value->shape = REQUEST_ILL;
        break;
    case REQUEST_FORM_ACCOUNT:
        if (size == 0) {
            value->shape = REQUEST_ABSENT;
            break;
        }
        set_id(request, field, bytes, size);
        break;
    case REQUEST_FORM_ID: set_id(request, field, bytes, size); break;
    case REQUEST_FORM_DECIMAL:
        value->shape = number_read(bytes, size, &value->number) ? REQUEST_GOOD : REQUEST_ILL;
        break;
    default: request_set_ill(request, field);
    }
}

static enum request_action action_of(const struct request *request) {
    const struct request_value *value = &request->values[FIELD_ACTION];
    if (value->shape == REQUEST_ABSENT) return REQUEST_NEW;
    return value->shape == REQUEST_GOOD ? (enum request_action)value->choice : REQUEST_UNKNOWN;
}

void request_read(struct text value, struct request *request) {
    *request = (struct request){.malformed = true};
    if (!value.data || value.size == 0 || value.size > RECORD_BYTES_MAX) return;
    unsigned char first = (unsigned char)value.data[0];
    if (first == '{' || first == ' ' || first == '\t' || first == '\n' || first == '\r')
        request_read_json(value, request);
    else if ((first >= 0x80 && first <= 0x9f) || (first >= 0xdc && first <= 0xdf))
        request_read_msgpack(value, request);
    request->action = action_of(request);
}

bool request_has(const struct request *request, enum field field) {
    return request->values[field].shape != REQUEST_ABSENT;
}

struct text request_text(const struct request *request, enum field field) {
    const struct request_value *value = &request->values[field];
    return value->shape == REQUEST_GOOD ? (struct text){value->bytes, value->size} : TEXT_NONE;
}

int request_choice(const struct request *request, enum field field) {
    const struct request_value *value = &request->values[field];
    return value->shape == REQUEST_GOOD ? value->choice : -1;
}

static enum field own_id_field(enum request_action action) {
    switch (action) {
    case REQUEST_NEW:
    case REQUEST_REPLACE: return FIELD_ORDER_ID;
    case REQUEST_LIST: return FIELD_LIST_ID;
    case REQUEST_UNKNOWN: return FIELD_NONE;
    default: return FIELD_COMMAND_ID;
    }
}

struct text request_own_id(const struct request *request) {
    enum field field = own_id_field(request->action);
    return field == FIELD_NONE ? TEXT_NONE : request_text(request, field);
}

static bool has_all(const struct request *request, const enum field *fields) {
    for (; *fields != FIELD_NONE; fields++)
        if (!request_has(request, *fields)) return false;
    return true;
}

static bool lacks_a_field(const struct request *r) {
    static const enum field order[] = {
        FIELD_SYMBOL, FIELD_SIDE, FIELD_QUANTITY, FIELD_ORDER_TYPE, FIELD_ORDER_ID, FIELD_NONE};
    static const enum field replace[] = {FIELD_CANCEL_ORDER_ID, FIELD_USER_ID, FIELD_NONE};
    static const enum field owned[] = {FIELD_SYMBOL, FIELD_USER_ID, FIELD_NONE};
    static const enum field list[] = {
        FIELD_SYMBOL, FIELD_LIST_ID, FIELD_USER_ID, FIELD_CONTINGENCY, FIELD_ORDERS, FIELD_NONE};
    switch (r->action) {
    case REQUEST_NEW:
    case REQUEST_REPLACE:
        if (!has_all(r, order) || (r->action == REQUEST_REPLACE && !has_all(r, replace))) return true;
        return request_choice(r, FIELD_ORDER_TYPE) == REQUEST_LIMIT && !request_has(r, FIELD_PRICE);
    case REQUEST_CANCEL:
        return !has_all(r, owned) || !(request_has(r, FIELD_ORDER_ID) || request_has(r, FIELD_CLIENT_ORDER_ID));
    case REQUEST_MODIFY:
        return !has_all(r, owned) || !request_has(r, FIELD_ORDER_ID) ||
               !(request_has(r, FIELD_QUANTITY) || request_has(r, FIELD_PRICE) || request_has(r, FIELD_STOP_PRICE) ||
                   request_has(r, FIELD_EXPIRE_TIME));
    case REQUEST_CANCEL_ALL: return !has_all(r, owned);
    case REQUEST_LIST: return !has_all(r, list);
    default: return !request_has(r, FIELD_SYMBOL);
    }
}

static bool has_an_ill_field(const struct request *request) {
    for (int field = FIELD_NONE + 1; field < FIELD_COUNT; field++)
        if (request->values[field].shape == REQUEST_ILL) return true;
    return false;
}

static bool has_any(const struct request *request, const enum field *fields) {
    for (; *fields != FIELD_NONE; fields++)
        if (request_has(request, *fields)) return true;
    return false;
}

static bool asks_for_unsupported(const struct request *r) {
    static const enum field order[] = {FIELD_STOP_PRICE, FIELD_TRAILING_AMOUNT, FIELD_TRAILING_BPS,
        FIELD_DISPLAY_QUANTITY, FIELD_EXPIRE_TIME, FIELD_MAX_SLIPPAGE, FIELD_NONE};
    static const enum field modify[] = {FIELD_STOP_PRICE, FIELD_EXPIRE_TIME, FIELD_NONE};
    switch (r->action) {
    case REQUEST_NEW:
        return request_choice(r, FIELD_ORDER_TYPE) > REQUEST_MARKET ||
               request_choice(r, FIELD_TIME_IN_FORCE) > REQUEST_FOK ||
               request_choice(r, FIELD_SELF_TRADE_PREVENTION) > 0 || has_any(r, order);
    case REQUEST_MODIFY: return has_any(r, modify);
    case REQUEST_REPLACE:
    case REQUEST_LIST: return true;
    default: return false;
    }
}

static bool combines_what_excludes(const struct request *r) {
    if (r->action != REQUEST_NEW) return false;
    bool market = request_choice(r, FIELD_ORDER_TYPE) == REQUEST_MARKET;
    int tif = request_choice(r, FIELD_TIME_IN_FORCE); /* -1: absent */
    bool post_only = request_has(r, FIELD_POST_ONLY) && r->values[FIELD_POST_ONLY].flag;
    if (post_only && (market || (tif != -1 && tif != REQUEST_GTC))) return true;
    return market && tif == REQUEST_GTC;
}

enum reason request_fault(const struct request *request) {
    if (request->malformed) return REASON_MALFORMED;
    if (lacks_a_field(request)) return REASON_MISSING_FIELD;
    if (has_an_ill_field(request)) return REASON_BAD_FIELD;
    if (asks_for_unsupported(request)) return REASON_UNSUPPORTED;
    if (combines_what_excludes(request)) return REASON_INVALID_COMBINATION;
    return REASON_NONE;
}

static int write_number(const struct number *n, char *out, size_t room) {
    switch (n->kind) {
    case NUMBER_UNITS: return snprintf(out, room, "units %llu", (unsigned long long)n->units);
    case NUMBER_LONG_LARGE: return snprintf(out, room, "large");
    case NUMBER_LONG_FINE: return snprintf(out, room, "fine");
    default: return snprintf(out, room, "%.*se%ld", n->digit_count, n->digits, n->digit_count ? n->exponent : 0);
    }
}

static int write_value(const struct request_value *value, enum request_form form, char *out, size_t room) {
    switch (form) {
    case REQUEST_FORM_CHOICE: return snprintf(out, room, "%d", value->choice);
    case REQUEST_FORM_DECIMAL: return write_number(&value->number, out, room);
    case REQUEST_FORM_INTEGER: return snprintf(out, room, "%lld", (long long)value->integer);
    case REQUEST_FORM_FLAG: return snprintf(out, room, "%d", value->flag);
    case REQUEST_FORM_ARRAY: return snprintf(out, room, "there");
    default: return snprintf(out, room, "%d:%.*s", value->size, value->size, value->bytes);
    }
}

size_t request_content(const struct request *request, char *out) {
    size_t bytes = (size_t)snprintf(out, REQUEST_CONTENT_BYTES, "%d", request->action);
    for (int field = FIELD_NONE + 1; field < FIELD_COUNT; field++) {
        const struct request_value *value = &request->values[field];
        if (field == FIELD_ACTION || field == FIELD_TIMESTAMP || field == (int)own_id_field(request->action) ||
            value->shape == REQUEST_ABSENT)
            continue;
        bytes += (size_t)snprintf(out + bytes, REQUEST_CONTENT_BYTES - bytes, "|%d=", field);
        if (value->shape == REQUEST_ILL)
            bytes += (size_t)snprintf(out + bytes, REQUEST_CONTENT_BYTES - bytes, "ill");
        else if (field == FIELD_CONTINGENCY)
            bytes += (size_t)snprintf(out + bytes, REQUEST_CONTENT_BYTES - bytes, "there");
        else
            bytes += (size_t)write_value(value, forms[field].form, out + bytes, REQUEST_CONTENT_BYTES - bytes);
    }
    return bytes;
}
