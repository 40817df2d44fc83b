#include "bench/reference/report.h"

#include "bench/reference/number.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the rolling hash, from its formula */

static uint64_t mix(uint64_t v) { return (v ^ (v >> 29)) * UINT64_C(0x9E3779B97F4A7C15); }

static uint64_t id_number(struct text id) {
    uint64_t v = id.size;
    for (uint32_t at = 0; at < id.size; at += 8) {
        uint64_t word = 0;
        for (uint32_t i = 0; i < 8 && at + i < id.size; i++)
            word |= (uint64_t)(unsigned char)id.data[at + i] << (8 * i);
        v = mix(v ^ word);
    }
    return v;
}

uint64_t report_hash(uint64_t before, const struct report *r) {
    static const uint64_t k[8] = {UINT64_C(0xe220a8397b1dcdaf), UINT64_C(0x6e789e6aa1b965f5),
        UINT64_C(0x06c45d188009454f), UINT64_C(0xf88bb8a8724c81ed), UINT64_C(0x1b39896a51a8749b),
        UINT64_C(0x53cb9f0c747ea2eb), UINT64_C(0x2c829abe1f4532e1), UINT64_C(0xc584133ac916ab3d)};
    bool trade = r->type == REPORT_FILL || r->type == REPORT_PREVENTED;
    uint64_t values[8] = {(uint64_t)r->type, r->fseq, (uint64_t)r->src_offset, (uint64_t)r->price,
        (uint64_t)r->quantity, (uint64_t)(trade ? r->taker.leaves : r->leaves),
        id_number(trade ? r->taker.order_id : r->order_id), trade ? id_number(r->maker.order_id) : 0};
    uint64_t sum = 0;
    for (int i = 0; i < 8; i++) sum += values[i] * k[i];
    return mix(before ^ sum);
}

/* ---- JSON */

struct sheet {
    char *at;
    size_t room;
};

static void put_bytes(struct sheet *sheet, const char *bytes, size_t size) {
    if (size == 0) return;
    if (size >= sheet->room) {
        fprintf(stderr, "reference book: an event is longer than %d bytes\n", EVENT_BYTES_MAX);
        abort();
    }
    memcpy(sheet->at, bytes, size);
    sheet->at += size;
    sheet->room -= size;
}

static void put(struct sheet *sheet, const char *string) { put_bytes(sheet, string, strlen(string)); }

__attribute__((format(printf, 2, 3))) static void put_formatted(struct sheet *sheet, const char *format, ...) {
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    int bytes = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    put_bytes(sheet, line, (size_t)bytes < sizeof line ? (size_t)bytes : sizeof line - 1);
}

static bool is_plain(char c) { return (unsigned char)c >= 0x20 && c != '"' && c != '\\'; }

static void put_escaped(struct sheet *sheet, struct text text) {
    for (uint32_t from = 0, to = 0; from < text.size; from = to) {
        while (to < text.size && is_plain(text.data[to])) to++;
        put_bytes(sheet, text.data + from, to - from);
        if (to == text.size) break;
        char c = text.data[to++];
        if (c == '"' || c == '\\')
            put_formatted(sheet, "\\%c", c);
        else
            put_formatted(sheet, "\\u%04x", (unsigned)c);
    }
}

/* Writes `before` and `"name":`. */
static void put_name(struct sheet *sheet, const char *before, const char *name) {
    put(sheet, before);
    put(sheet, "\"");
    put(sheet, name);
    put(sheet, "\":");
}

/* Writes a member, if there is a text. */
static void put_text(struct sheet *sheet, const char *before, const char *name, struct text text) {
    if (text.size == 0) return;
    put_name(sheet, before, name);
    put(sheet, "\"");
    put_escaped(sheet, text);
    put(sheet, "\"");
}

static void put_word(struct sheet *sheet, const char *name, const char *word) {
    if (word) put_text(sheet, ",", name, text_of(word));
}

static void put_number(struct sheet *sheet, const char *name, int64_t units, struct number_unit unit) {
    char printed[48];
    number_print(units, unit, printed);
    put_text(sheet, ",", name, text_of(printed));
}

static void put_quantity(struct sheet *sheet, const struct report *r, const char *name, int64_t lots) {
    put_number(sheet, name, lots, r->lot);
}

static void put_price(struct sheet *sheet, const struct report *r, const char *name, int64_t ticks) {
    if (ticks) put_number(sheet, name, ticks, r->tick);
}

static void put_ids(struct sheet *sheet, const struct report *r) {
    put_text(sheet, ",", "orderId", r->order_id);
    put_text(sheet, ",", "clientOrderId", r->client_order_id);
    put_text(sheet, ",", "commandId", r->command_id);
    put_text(sheet, ",", "userId", r->user_id);
}

static void put_party(struct sheet *sheet, const struct report *r, const char *name, const struct report_party *party) {
    put_name(sheet, ",", name);
    put(sheet, "{");
    put_text(sheet, "", "orderId", party->order_id);
    put_text(sheet, ",", "clientOrderId", party->client_order_id);
    put_text(sheet, ",", "userId", party->user_id);
    put_quantity(sheet, r, "leaves", party->leaves);
    put_quantity(sheet, r, "cumulative", party->cumulative);
    put(sheet, "}");
}

static void put_accepted(struct sheet *sheet, const struct report *r) {
    put_ids(sheet, r);
    put_text(sheet, ",", "listId", r->list_id);
    put_word(sheet, "side", r->side);
    put_word(sheet, "orderType", r->order_type);
    put_word(sheet, "timeInForce", r->time_in_force);
    put_price(sheet, r, "price", r->price);
    put_price(sheet, r, "stopPrice", r->stop_price);
    put_quantity(sheet, r, "quantity", r->quantity);
    put_quantity(sheet, r, "leaves", r->leaves);
}

static void put_fill(struct sheet *sheet, const struct report *r) {
    if (r->type == REPORT_FILL) put_formatted(sheet, ",\"tradeId\":%llu", (unsigned long long)r->trade_id);
    put_price(sheet, r, "price", r->price);
    put_quantity(sheet, r, "quantity", r->quantity);
    put_word(sheet, "takerSide", r->side);
    put_party(sheet, r, "taker", &r->taker);
    put_party(sheet, r, "maker", &r->maker);
    put_word(sheet, "mode", r->mode);
}

static void put_modified(struct sheet *sheet, const struct report *r) {
    put_ids(sheet, r);
    put_price(sheet, r, "price", r->price);
    put_price(sheet, r, "stopPrice", r->stop_price);
    put_quantity(sheet, r, "quantity", r->quantity);
    put_quantity(sheet, r, "leaves", r->leaves);
    put(sheet, r->kept_priority ? ",\"keptPriority\":true" : ",\"keptPriority\":false");
}

static void put_row(struct sheet *sheet, const struct report *r) {
    switch (r->type) {
    case REPORT_ACCEPTED: put_accepted(sheet, r); break;
    case REPORT_REJECTED:
        put_ids(sheet, r);
        put_text(sheet, ",", "listId", r->list_id);
        put_word(sheet, "reason", r->reason);
        put_word(sheet, "text", r->explanation);
        break;
    case REPORT_DUPLICATE:
        put_ids(sheet, r);
        put_text(sheet, ",", "listId", r->list_id);
        put_text(sheet, ",", "originalOrderId", r->original_order_id);
        break;
    case REPORT_FILL:
    case REPORT_PREVENTED: put_fill(sheet, r); break;
    case REPORT_CANCELLED:
    case REPORT_EXPIRED:
        put_ids(sheet, r);
        put_quantity(sheet, r, "leaves", r->leaves);
        put_quantity(sheet, r, "cumulative", r->cumulative);
        put_word(sheet, "reason", r->reason);
        break;
    case REPORT_CANCEL_ALL_DONE:
        put_text(sheet, ",", "commandId", r->command_id);
        put_text(sheet, ",", "userId", r->user_id);
        put_word(sheet, "side", r->side);
        put_formatted(sheet, ",\"count\":%llu", (unsigned long long)r->count);
        break;
    case REPORT_MODIFIED: put_modified(sheet, r); break;
    case REPORT_CONTROL:
        put_word(sheet, "kind", r->control_kind);
        put_word(sheet, "result", r->control_result);
        put_bytes(sheet, r->control_fields.data, r->control_fields.size);
        break;
    case REPORT_TRIGGERED:
        put_ids(sheet, r);
        put_price(sheet, r, "stopPrice", r->stop_price);
        put_price(sheet, r, "lastPrice", r->last_price);
        break;
    case REPORT_STATE:
        put_word(sheet, "state", r->state);
        if (r->indicative_price == 0) break;
        put_price(sheet, r, "indicativePrice", r->indicative_price);
        put_quantity(sheet, r, "indicativeQuantity", r->indicative_quantity);
        break;
    }
}

size_t report_write(const struct report *r, char *out) {
    static const char *const names[] = {
        [REPORT_ACCEPTED] = "ACCEPTED",
        [REPORT_REJECTED] = "REJECTED",
        [REPORT_DUPLICATE] = "DUPLICATE",
        [REPORT_FILL] = "FILL",
        [REPORT_PREVENTED] = "PREVENTED",
        [REPORT_CANCELLED] = "CANCELLED",
        [REPORT_EXPIRED] = "EXPIRED",
        [REPORT_CANCEL_ALL_DONE] = "CANCEL_ALL_DONE",
        [REPORT_MODIFIED] = "MODIFIED",
        [REPORT_TRIGGERED] = "TRIGGERED",
        [REPORT_STATE] = "STATE",
        [REPORT_CONTROL] = "CONTROL",
    };
    struct sheet sheet = {out, EVENT_BYTES_MAX};
    put_formatted(&sheet,
        "{\"type\":\"%s\",\"symbol\":\"%.*s\",\"fseq\":%llu,\"src\":{\"p\":%d,\"o\":%lld,\"i\":%u},\"own\":%lld,"
        "\"timestamp\":%lld",
        names[r->type], (int)r->symbol.size, r->symbol.data, (unsigned long long)r->fseq, r->src_partition,
        (long long)r->src_offset, r->src_index, (long long)r->own, (long long)r->timestamp_ms);
    put_row(&sheet, r);
    put_formatted(&sheet, ",\"hash\":\"%016llx\"}", (unsigned long long)r->hash);
    return (size_t)(sheet.at - out);
}
