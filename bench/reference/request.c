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
    [FIELD_TIME_IN_FORCE] = {"timeInForce", REQUEST_FORM_CHOICE, {"GTC", "IOC", "FOK", "GTD", "DAY", "AON"}},
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

/* ---- the orders of a list */

bool request_settles_as_list(struct request *request) {
    static struct request orders[REQUEST_ORDERS_MAX]; /* one thread at a time */
    request->orders = orders;
    return !request->malformed && action_of(request) == REQUEST_LIST &&
           request->values[FIELD_ORDERS].shape == REQUEST_GOOD;
}

struct request *request_begin_order(struct request *list) {
    if (list->order_count++ >= REQUEST_ORDERS_MAX) return NULL;
    struct request *order = &list->orders[list->order_count - 1];
    *order = (struct request){.action = REQUEST_NEW};
    return order;
}

static bool say_the_same(const struct request *a, const struct request *b, enum field field) {
    const struct request_value *x = &a->values[field], *y = &b->values[field];
    if (x->shape != REQUEST_GOOD || y->shape != REQUEST_GOOD) return false;
    return request_form_of(field) == REQUEST_FORM_INTEGER ? x->integer == y->integer
                                                          : text_equal(request_text(a, field), request_text(b, field));
}

/* What an order may only repeat becomes ill if it says something else, and is the list's in any case. */
void request_end_order(struct request *list, struct request *order) {
    static const enum field repeated[] = {FIELD_SYMBOL, FIELD_USER_ID, FIELD_TIMESTAMP};
    struct request_value *action = &order->values[FIELD_ACTION];
    if (action_of(order) != REQUEST_NEW) action->shape = REQUEST_ILL;
    if (action->shape == REQUEST_GOOD) action->shape = REQUEST_ABSENT;
    for (size_t i = 0; i < sizeof repeated / sizeof repeated[0]; i++) {
        if (request_has(order, repeated[i]) && !say_the_same(order, list, repeated[i]))
            request_set_ill(order, repeated[i]);
        else
            order->values[repeated[i]] = list->values[repeated[i]];
    }
    list->malformed |= order->malformed;
}

uint32_t request_orders(const struct request *request) {
    bool has_them = request->action == REQUEST_LIST && request->values[FIELD_ORDERS].shape == REQUEST_GOOD;
    if (!has_them) return 0;
    return request->order_count < REQUEST_ORDERS_MAX ? request->order_count : REQUEST_ORDERS_MAX;
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

bool request_is_order(const struct request *request) {
    return request->action == REQUEST_NEW || request->action == REQUEST_REPLACE;
}

bool request_is_market(const struct request *r) {
    int type = request_choice(r, FIELD_ORDER_TYPE);
    return type == REQUEST_MARKET || type == REQUEST_STOP ||
           (type == REQUEST_TRAILING_STOP && !request_has(r, FIELD_PRICE));
}

bool request_flag(const struct request *request, enum field field) {
    return request->values[field].shape == REQUEST_GOOD && request->values[field].flag;
}

/* What an order of its type and time in force cannot do without. */
static bool lacks_for_its_kind(const struct request *r) {
    int type = request_choice(r, FIELD_ORDER_TYPE);
    if ((type == REQUEST_LIMIT || type == REQUEST_STOP_LIMIT) && !request_has(r, FIELD_PRICE)) return true;
    if ((type == REQUEST_STOP || type == REQUEST_STOP_LIMIT) && !request_has(r, FIELD_STOP_PRICE)) return true;
    if (type == REQUEST_TRAILING_STOP && !request_has(r, FIELD_TRAILING_AMOUNT) && !request_has(r, FIELD_TRAILING_BPS))
        return true;
    return request_choice(r, FIELD_TIME_IN_FORCE) == REQUEST_GTD && !request_has(r, FIELD_EXPIRE_TIME);
}

static bool lacks_a_field(const struct request *r) {
    static const enum field order[] = {
        FIELD_SYMBOL, FIELD_SIDE, FIELD_QUANTITY, FIELD_ORDER_TYPE, FIELD_ORDER_ID, FIELD_NONE};
    static const enum field replace[] = {FIELD_CANCEL_ORDER_ID, FIELD_USER_ID, FIELD_NONE};
    static const enum field owned[] = {FIELD_SYMBOL, FIELD_USER_ID, FIELD_NONE};
    static const enum field list[] = {
        FIELD_SYMBOL, FIELD_LIST_ID, FIELD_USER_ID, FIELD_CONTINGENCY, FIELD_ORDERS, FIELD_NONE};
    switch (r->action) {
    case REQUEST_REPLACE: return !has_all(r, order) || !has_all(r, replace) || lacks_for_its_kind(r);
    case REQUEST_NEW: return !has_all(r, order) || lacks_for_its_kind(r);
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

/* An order's fields that do not go together. */
static bool combines_what_excludes(const struct request *r) {
    int type = request_choice(r, FIELD_ORDER_TYPE), tif = request_choice(r, FIELD_TIME_IN_FORCE);
    bool market = request_is_market(r), immediate = tif == REQUEST_IOC || tif == REQUEST_FOK;
    bool trailing = request_has(r, FIELD_TRAILING_AMOUNT) || request_has(r, FIELD_TRAILING_BPS);
    if (market && tif != -1 && !immediate) return true;
    if (request_has(r, FIELD_STOP_PRICE) && (type == REQUEST_LIMIT || type == REQUEST_MARKET)) return true;
    if (trailing && type != REQUEST_TRAILING_STOP) return true;
    if (request_has(r, FIELD_TRAILING_AMOUNT) && request_has(r, FIELD_TRAILING_BPS)) return true;
    if (request_has(r, FIELD_EXPIRE_TIME) && tif != REQUEST_GTD) return true;
    if (request_has(r, FIELD_MAX_SLIPPAGE) && !market) return true;
    if (request_has(r, FIELD_DISPLAY_QUANTITY) && (market || immediate)) return true;
    if (request_flag(r, FIELD_POST_ONLY) && (type != REQUEST_LIMIT || immediate)) return true;
    return r->action == REQUEST_REPLACE &&
           text_equal(request_text(r, FIELD_ORDER_ID), request_text(r, FIELD_CANCEL_ORDER_ID));
}

static bool share_an_id(const struct request *a, const struct request *b) {
    struct text client = request_text(a, FIELD_CLIENT_ORDER_ID);
    return text_equal(request_text(a, FIELD_ORDER_ID), request_text(b, FIELD_ORDER_ID)) ||
           (client.size && text_equal(client, request_text(b, FIELD_CLIENT_ORDER_ID)));
}

/* What is wrong with the orders of a list together. */
static bool fit_no_list(const struct request *r) {
    int contingency = request_choice(r, FIELD_CONTINGENCY);
    const struct request *legs = contingency == REQUEST_OTOCO ? r->orders + 1 : r->orders;
    if (r->order_count != (contingency == REQUEST_OTOCO ? 3 : 2)) return true;
    if (contingency != REQUEST_OTO && request_choice(&legs[0], FIELD_SIDE) != request_choice(&legs[1], FIELD_SIDE))
        return true;
    for (uint32_t i = 0; i < r->order_count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (share_an_id(&r->orders[i], &r->orders[j])) return true;
    return false;
}

static enum reason fault_of_list(const struct request *request) {
    for (uint32_t i = 0; i < request_orders(request); i++) {
        enum reason fault = request_fault(&request->orders[i]);
        if (fault != REASON_NONE) return fault;
    }
    return fit_no_list(request) ? REASON_INVALID_COMBINATION : REASON_NONE;
}

enum reason request_fault(const struct request *request) {
    if (request->malformed) return REASON_MALFORMED;
    if (lacks_a_field(request)) return REASON_MISSING_FIELD;
    if (has_an_ill_field(request)) return REASON_BAD_FIELD;
    if (request->action == REQUEST_LIST) return fault_of_list(request);
    if (!request_is_order(request)) return REASON_NONE;
    if (request_choice(request, FIELD_TIME_IN_FORCE) == REQUEST_AON) return REASON_UNSUPPORTED;
    return combines_what_excludes(request) ? REASON_INVALID_COMBINATION : REASON_NONE;
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

static size_t write_fields(const struct request *request, enum field own, char *out, size_t room);

/* How many orders there are, and of the first ones what they say. */
static size_t write_orders(const struct request *list, char *out, size_t room) {
    size_t bytes = (size_t)snprintf(out, room, "%u", list->order_count);
    for (uint32_t i = 0; i < request_orders(list); i++)
        bytes += write_fields(&list->orders[i], FIELD_NONE, out + bytes, room - bytes);
    return bytes;
}

static size_t write_fields(const struct request *request, enum field own, char *out, size_t room) {
    size_t bytes = (size_t)snprintf(out, room, "%d", request->action);
    for (int field = FIELD_NONE + 1; field < FIELD_COUNT; field++) {
        const struct request_value *value = &request->values[field];
        if (field == FIELD_ACTION || field == FIELD_TIMESTAMP || field == (int)own || value->shape == REQUEST_ABSENT)
            continue;
        bytes += (size_t)snprintf(out + bytes, room - bytes, "|%d=", field);
        if (value->shape == REQUEST_ILL)
            bytes += (size_t)snprintf(out + bytes, room - bytes, "ill");
        else if (field == FIELD_ORDERS && request->action == REQUEST_LIST)
            bytes += write_orders(request, out + bytes, room - bytes);
        else
            bytes += (size_t)write_value(value, forms[field].form, out + bytes, room - bytes);
    }
    return bytes;
}

size_t request_content(const struct request *request, char *out) {
    return write_fields(request, own_id_field(request->action), out, REQUEST_CONTENT_BYTES);
}
