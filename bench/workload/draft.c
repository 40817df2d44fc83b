#include "bench/workload/draft.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pen {
    char *at, *end;
};

static void put(struct pen *pen, const void *bytes, size_t size) {
    if ((size_t)(pen->end - pen->at) < size) {
        fprintf(stderr, "workload: a record is longer than %d bytes\n", DRAFT_BYTES_MAX);
        abort();
    }
    memcpy(pen->at, bytes, size);
    pen->at += size;
}

/* ---- JSON */

__attribute__((format(printf, 2, 3))) static void print(struct pen *pen, const char *format, ...) {
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    put(pen, line, (size_t)size < sizeof line ? (size_t)size : sizeof line - 1);
}

static void print_text(struct pen *pen, const char *name, const char *text) {
    if (*text) print(pen, ",\"%s\":\"%s\"", name, text);
}

static void print_choice(struct pen *pen, const char *name, const char *const *choices, int choice) {
    if (choice >= 0) print_text(pen, name, choices[choice]);
}

static void print_decimal(struct pen *pen, const char *name, int64_t units, int places, int style) {
    long long unit = places ? 100 : 1, whole = units / unit, part = units % unit;
    if (units == 0) return;
    if (style == 2)
        print(pen, ",\"%s\":%llde-%d", name, (long long)units, places);
    else if (places)
        print(pen, style == 1 ? ",\"%s\":\"%lld.%02lld\"" : ",\"%s\":%lld.%02lld", name, whole, part);
    else
        print(pen, style == 1 ? ",\"%s\":\"%lld\"" : ",\"%s\":%lld", name, whole);
}

static const char *const actions[] = {"NEW", "CANCEL", "MODIFY", "REPLACE", "CANCEL_ALL", "LIST"};
static const char *const sides[] = {"BUY", "SELL"};
static const char *const order_types[] = {"LIMIT", "MARKET", "STOP", "STOP_LIMIT", "TRAILING_STOP"};
static const char *const times_in_force[] = {"GTC", "IOC", "FOK", "GTD", "DAY"};

size_t draft_write_json(const struct draft *d, char *out) {
    struct pen pen = {out, out + DRAFT_BYTES_MAX};
    print(&pen, "{\"symbol\":\"%s\"", d->symbol);
    if (d->action != DRAFT_NEW) print_text(&pen, "action", actions[d->action]);
    print_choice(&pen, "side", sides, d->side);
    print_decimal(&pen, "quantity", d->quantity_lots, 0, d->number_style);
    print_decimal(&pen, "price", d->price_ticks, 2, d->number_style);
    print_choice(&pen, "orderType", order_types, d->order_type);
    print_text(&pen, "userId", d->user_id);
    print(&pen, ",\"timestamp\":%lld", (long long)d->timestamp_ms);
    print_text(&pen, "orderId", d->order_id);
    print_text(&pen, "clientOrderId", d->client_order_id);
    print_text(&pen, "commandId", d->command_id);
    print_choice(&pen, "timeInForce", times_in_force, d->time_in_force);
    if (d->post_only) print(&pen, ",\"postOnly\":true");
    if (d->extra_name) print(&pen, ",\"%s\":%s", d->extra_name, d->extra_text);
    print(&pen, "}");
    return (size_t)(pen.at - out);
}

/* ---- msgpack */

static void pack_byte(struct pen *pen, unsigned byte) {
    unsigned char c = (unsigned char)byte;
    put(pen, &c, 1);
}

static void pack_integer(struct pen *pen, int64_t number) {
    if (number < 128) {
        pack_byte(pen, (unsigned)number);
        return;
    }
    pack_byte(pen, 0xcf);
    for (int shift = 56; shift >= 0; shift -= 8) pack_byte(pen, (unsigned)(number >> shift) & 0xff);
}

static void pack_text(struct pen *pen, const char *text) {
    size_t size = strlen(text);
    if (size < 32) {
        pack_byte(pen, 0xa0 | (unsigned)size);
    } else {
        pack_byte(pen, 0xd9);
        pack_byte(pen, (unsigned)size);
    }
    put(pen, text, size);
}

static void pack_or_nil(struct pen *pen, const char *text) {
    if (*text)
        pack_text(pen, text);
    else
        pack_byte(pen, 0xc0);
}

static void pack_choice(struct pen *pen, int choice) {
    if (choice >= 0)
        pack_byte(pen, (unsigned)choice);
    else
        pack_byte(pen, 0xc0);
}

static void pack_units(struct pen *pen, int64_t units) {
    if (units)
        pack_integer(pen, units);
    else
        pack_byte(pen, 0xc0);
}

static void pack_extra(struct pen *pen, const struct draft *d) {
    unsigned count = (*d->command_id != 0) + d->post_only + (d->extra_name != NULL);
    if (count == 0) {
        pack_byte(pen, 0xc0);
        return;
    }
    pack_byte(pen, 0x80 | count);
    if (*d->command_id) {
        pack_text(pen, "commandId");
        pack_text(pen, d->command_id);
    }
    if (d->post_only) {
        pack_text(pen, "postOnly");
        pack_byte(pen, 0xc3);
    }
    if (d->extra_name) {
        pack_text(pen, d->extra_name);
        pack_text(pen, d->extra_text);
    }
}

size_t draft_write_msgpack(const struct draft *d, char *out) {
    struct pen pen = {out, out + DRAFT_BYTES_MAX};
    pack_byte(&pen, 0x9d);
    pack_byte(&pen, 1);
    pack_byte(&pen, (unsigned)d->action);
    pack_text(&pen, d->symbol);
    pack_or_nil(&pen, d->order_id);
    pack_or_nil(&pen, d->user_id);
    pack_integer(&pen, d->timestamp_ms);
    pack_choice(&pen, d->side);
    pack_choice(&pen, d->order_type);
    pack_choice(&pen, d->time_in_force);
    pack_units(&pen, d->quantity_lots);
    pack_units(&pen, d->price_ticks);
    pack_or_nil(&pen, d->client_order_id);
    pack_extra(&pen, d);
    return (size_t)(pen.at - out);
}
