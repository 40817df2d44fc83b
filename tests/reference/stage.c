#include "tests/reference/stage.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

struct transcript t;

void stage_open(void) { transcript_open(&t); }

void stage_close(void) { transcript_close(&t); }

void order(
    const char *id, const char *side, const char *type, const char *quantity, const char *price, const char *more) {
    say("'orderId':'%s','side':'%s','orderType':'%s','quantity':%s%s%s%s", id, side, type, quantity,
        price ? ",'price':" : "", price ? price : "", more);
}

void limit(const char *id, const char *side, const char *quantity, const char *price, const char *user) {
    char more[128];
    snprintf(more, sizeof more, ",'userId':'%s'", user);
    order(id, side, "LIMIT", quantity, price, more);
}

void say(const char *format, ...) {
    char members[2048], value[2304];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(members, sizeof members, format, arguments);
    va_end(arguments);
    snprintf(value, sizeof value, "{'symbol':'AAPL',%s}", members);
    transcript_aapl(&t, value);
}

void control(const char *value) {
    char json[1024];
    snprintf(json, sizeof json, "%s", value);
    for (char *at = json; *at; at++)
        if (*at == '\'') *at = '"';
    transcript_record(&t, AAPL_HOME, TEXT("AAPL"), text_of(json), "2", NULL);
}

void state(const char *name) {
    char value[128];
    snprintf(value, sizeof value, "{'kind':'STATE','symbol':'AAPL','state':'%s'}", name);
    control(value);
}

void print(const char *price) {
    static int count;
    char id[16];
    snprintf(id, sizeof id, "print%d", count++);
    limit(id, "SELL", "1", price, "printer");
    snprintf(id, sizeof id, "print%d", count++);
    order(id, "BUY", "LIMIT", "1", price, ",'timeInForce':'IOC'");
}

static const char *text_in(yyjson_val *root, const char *name) {
    const char *text = yyjson_get_str(yyjson_obj_get(root, name));
    return text ? text : "-";
}

static const char *id_of_party(yyjson_val *root, const char *name) {
    return text_in(yyjson_obj_get(root, name), "orderId");
}

/* The id of what a refused record was about. */
static const char *subject(yyjson_val *root) {
    static const char *const names[] = {"listId", "orderId", "clientOrderId", "commandId"};
    bool order_first = yyjson_obj_get(root, "orderId") != NULL;
    for (size_t i = order_first; i < sizeof names / sizeof names[0]; i++)
        if (yyjson_obj_get(root, names[i])) return text_in(root, names[i]);
    return "-";
}

static void write_state(yyjson_val *root, char *out, size_t room) {
    if (yyjson_obj_get(root, "indicativePrice"))
        snprintf(out, room, "STATE %s %s*%s", text_in(root, "state"), text_in(root, "indicativePrice"),
            text_in(root, "indicativeQuantity"));
    else
        snprintf(out, room, "STATE %s", text_in(root, "state"));
}

static void write_event(yyjson_val *root, char *out, size_t room) {
    const char *type = text_in(root, "type");
    if (strcmp(type, "ACCEPTED") == 0)
        snprintf(out, room, "ACCEPTED %s", text_in(root, "orderId"));
    else if (strcmp(type, "REJECTED") == 0)
        snprintf(out, room, "REJECTED %s %s", subject(root), text_in(root, "reason"));
    else if (strcmp(type, "DUPLICATE") == 0)
        snprintf(out, room, "DUPLICATE %s", text_in(root, "originalOrderId"));
    else if (strcmp(type, "FILL") == 0 || strcmp(type, "PREVENTED") == 0)
        snprintf(out, room, "%s %s*%s %s %s", type, text_in(root, "price"), text_in(root, "quantity"),
            id_of_party(root, "taker"), id_of_party(root, "maker"));
    else if (strcmp(type, "CANCELLED") == 0 || strcmp(type, "EXPIRED") == 0)
        snprintf(
            out, room, "%s %s %s %s", type, text_in(root, "orderId"), text_in(root, "leaves"), text_in(root, "reason"));
    else if (strcmp(type, "MODIFIED") == 0)
        snprintf(out, room, "MODIFIED %s %s %s %s", text_in(root, "orderId"), text_in(root, "quantity"),
            text_in(root, "leaves"), yyjson_is_true(yyjson_obj_get(root, "keptPriority")) ? "kept" : "lost");
    else if (strcmp(type, "TRIGGERED") == 0)
        snprintf(out, room, "TRIGGERED %s %s %s", text_in(root, "orderId"), text_in(root, "stopPrice"),
            text_in(root, "lastPrice"));
    else if (strcmp(type, "CANCEL_ALL_DONE") == 0)
        snprintf(out, room, "DONE %d", (int)yyjson_get_int(yyjson_obj_get(root, "count")));
    else if (strcmp(type, "STATE") == 0)
        write_state(root, out, room);
    else
        snprintf(out, room, "CONTROL %s %s", text_in(root, "kind"), text_in(root, "result"));
}

void stage_tells(const char *events, const char *file, int line) {
    char told[8192] = "", event[256];
    for (size_t i = 0; i < t.count; i++) {
        yyjson_doc *document = yyjson_read(t.events[i], strlen(t.events[i]), 0);
        write_event(yyjson_doc_get_root(document), event, sizeof event);
        yyjson_doc_free(document);
        cr_assert_lt(strlen(told) + strlen(event) + 3, sizeof told);
        if (i > 0) strcat(told, ", ");
        strcat(told, event);
    }
    cr_assert_str_eq(told, events, "%s:%d: expected\n  %s\ngot\n  %s", file, line, events, told);
}

void expect_level(bool sell, uint64_t i, int64_t price, int64_t total) {
    struct reference_level level;
    cr_assert(reference_level(t.reference, TEXT("AAPL"), sell, i, &level));
    cr_assert_eq(level.price_ticks, price);
    cr_assert_eq(level.total_lots, total);
}

void expect_empty(bool sell) {
    struct reference_level level;
    cr_assert_not(reference_level(t.reference, TEXT("AAPL"), sell, 0, &level));
}
