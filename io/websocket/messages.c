#include "io/websocket/messages.h"

#include "core/check.h"
#include "io/json/json_writer.h"

#include <stdlib.h>

enum { DECIMAL_BYTES = 48, NUMBER_BYTES = 24 };

void message_init(struct message *message) { *message = (struct message){0}; }

void message_deinit(struct message *message) {
    free(message->bytes);
    message_init(message);
}

/* Where to write `bytes` more. */
static char *reserve(struct message *m, uint32_t bytes) {
    if (m->size + bytes > m->capacity) {
        uint32_t capacity = m->capacity ? m->capacity : 512;
        while (capacity < m->size + bytes) capacity *= 2;
        m->bytes = realloc(m->bytes, capacity);
        CHECK(m->bytes, "no memory for a message");
        m->capacity = capacity;
    }
    return m->bytes + m->size;
}

static void put(struct message *m, struct text text) {
    if (text.size == 0) return;
    memcpy(reserve(m, text.size), text.data, text.size);
    m->size += text.size;
}

static void put_number(struct message *m, uint64_t number) {
    m->size = (uint32_t)(json_put_unsigned(reserve(m, NUMBER_BYTES), number) - m->bytes);
}

static void put_integer(struct message *m, int64_t number) {
    m->size = (uint32_t)(json_put_integer(reserve(m, NUMBER_BYTES), number) - m->bytes);
}

static void put_decimal(struct message *m, int64_t units, struct decimal_unit unit) {
    m->size = (uint32_t)(json_put_decimal(reserve(m, DECIMAL_BYTES), units, unit) - m->bytes);
}

static void put_string(struct message *m, struct text text) {
    m->size = (uint32_t)(json_put_text(reserve(m, (uint32_t)JSON_TEXT_BYTES_MAX(text.size)), text) - m->bytes);
}

/* Begins a message: {"type":"<type>" */
static void begin(struct message *m, struct text type) {
    m->size = 0;
    put(m, TEXT("{\"type\":"));
    put_string(m, type);
}

static void end(struct message *m) { put(m, TEXT("}")); }

/* `name` comes with its quotes, comma and colon. */
static void member_string(struct message *m, struct text name, struct text value) {
    put(m, name);
    put_string(m, value);
}

static void member_id(struct message *m, struct text name, struct text id) {
    if (!text_is_absent(id)) member_string(m, name, id);
}

static void member_number(struct message *m, struct text name, uint64_t value) {
    put(m, name);
    put_number(m, value);
}

static void member_decimal(struct message *m, struct text name, int64_t units, struct decimal_unit unit) {
    put(m, name);
    put_decimal(m, units, unit);
}

void message_trade(struct message *message, struct text symbol, const struct trade *trade) {
    begin(message, TEXT("trade"));
    member_string(message, TEXT(",\"s\":"), symbol);
    member_number(message, TEXT(",\"seq\":"), trade->fseq);
    member_decimal(message, TEXT(",\"p\":"), trade->price_ticks, trade->tick);
    member_decimal(message, TEXT(",\"q\":"), trade->quantity_lots, trade->lot);
    member_id(message, TEXT(",\"side\":"), side_name((enum side)trade->taker_side)); /* none in an auction */
    put(message, TEXT(",\"T\":"));
    put_integer(message, trade->timestamp_ms);
    member_number(message, TEXT(",\"t\":"), trade->trade_id);
    end(message);
}

static void put_level(struct message *m, const struct instrument *instrument, struct depth_level level) {
    put(m, TEXT("["));
    put_decimal(m, level.price_ticks, instrument->tick);
    put(m, TEXT(","));
    put_decimal(m, level.total_lots, instrument->lot);
    put(m, TEXT("]"));
}

static void put_levels(struct message *m, const struct depth_message *depth, enum side side) {
    put(m, side == SIDE_BUY ? TEXT(",\"b\":[") : TEXT(",\"a\":["));
    for (uint32_t i = 0; i < depth->counts[side]; i++) {
        if (i) put(m, TEXT(","));
        put_level(m, depth->instrument, depth->sides[side][i]);
    }
    put(m, TEXT("]"));
}

void message_depth(struct message *message, const struct depth_message *depth) {
    begin(message, TEXT("depth"));
    member_string(message, TEXT(",\"s\":"), depth->symbol);
    member_number(message, TEXT(",\"ep\":"), depth->epoch);
    if (depth->is_snapshot) put(message, TEXT(",\"snapshot\":true"));
    member_number(message, TEXT(",\"pu\":"), depth->previous_u);
    member_number(message, TEXT(",\"U\":"), depth->first_u);
    member_number(message, TEXT(",\"u\":"), depth->last_u);
    put_levels(message, depth, SIDE_BUY);
    put_levels(message, depth, SIDE_SELL);
    end(message);
}

void message_ticker(
    struct message *message, struct text symbol, const struct instrument *instrument, const struct ticker *ticker) {
    begin(message, TEXT("ticker"));
    member_string(message, TEXT(",\"s\":"), symbol);
    member_number(message, TEXT(",\"u\":"), ticker->u);
    if (ticker->has_bid) {
        put(message, TEXT(",\"b\":"));
        put_level(message, instrument, ticker->bid);
    }
    if (ticker->has_ask) {
        put(message, TEXT(",\"a\":"));
        put_level(message, instrument, ticker->ask);
    }
    if (ticker->has_last) member_decimal(message, TEXT(",\"p\":"), ticker->last_price_ticks, ticker->last_tick);
    end(message);
}

static void begin_report(struct message *m, struct text account) {
    begin(m, TEXT("report"));
    member_string(m, TEXT(",\"account\":"), account);
    put(m, TEXT(",\"event\":"));
}

void message_report(struct message *message, struct text account, struct text event_json) {
    begin_report(message, account);
    put(message, event_json);
    end(message);
}

static void put_party(struct message *m, struct text name, const struct event_party *party, struct decimal_unit lot) {
    put(m, name);
    put(m, TEXT("{"));
    member_string(m, TEXT("\"orderId\":"), party->order_id);
    member_id(m, TEXT(",\"clientOrderId\":"), party->client_order_id);
    member_id(m, TEXT(",\"userId\":"), party->user_id);
    member_decimal(m, TEXT(",\"leaves\":"), party->leaves_lots, lot);
    member_decimal(m, TEXT(",\"cumulative\":"), party->cumulative_lots, lot);
    put(m, TEXT("}"));
}

static void put_source(struct message *m, const struct event *event) {
    put(m, TEXT(",\"src\":{\"p\":"));
    put_integer(m, event->src_partition);
    put(m, TEXT(",\"o\":"));
    put_integer(m, event->src_offset);
    member_number(m, TEXT(",\"i\":"), event->src_index);
    put(m, TEXT("},\"own\":"));
    put_integer(m, event->own);
    put(m, TEXT(",\"timestamp\":"));
    put_integer(m, event->timestamp_ms);
}

static void put_hash(struct message *m, uint64_t hash) {
    put(m, TEXT(",\"hash\":"));
    m->size = (uint32_t)(json_put_hash(reserve(m, NUMBER_BYTES), hash) - m->bytes);
}

void message_party_report(struct message *message, struct text account, const struct event *event) {
    const struct instrument *instrument = &event->instrument;
    begin_report(message, account);
    member_string(message, TEXT("{\"type\":"), event_type_name((enum event_type)event->type));
    member_string(message, TEXT(",\"symbol\":"), event->symbol);
    member_number(message, TEXT(",\"fseq\":"), event->fseq);
    put_source(message, event);
    if (event->type == EVENT_FILL) member_number(message, TEXT(",\"tradeId\":"), event->trade_id);
    member_decimal(message, TEXT(",\"price\":"), event->price_ticks, instrument->tick);
    member_decimal(message, TEXT(",\"quantity\":"), event->quantity_lots, instrument->lot);
    member_id(message, TEXT(",\"takerSide\":"), side_name((enum side)event->side));
    if (text_equal(event->taker.user_id, account))
        put_party(message, TEXT(",\"taker\":"), &event->taker, instrument->lot);
    if (text_equal(event->maker.user_id, account))
        put_party(message, TEXT(",\"maker\":"), &event->maker, instrument->lot);
    if (event->type == EVENT_PREVENTED)
        member_string(message, TEXT(",\"mode\":"), self_trade_name((enum self_trade)event->self_trade));
    put_hash(message, event->hash);
    put(message, TEXT("}"));
    end(message);
}

static void member_list(struct message *m, struct text name, const struct text *items, uint32_t count) {
    if (count == 0) return;
    put(m, name);
    for (uint32_t i = 0; i < count; i++) {
        put(m, i ? TEXT(",") : TEXT("["));
        put_string(m, items[i]);
    }
    put(m, TEXT("]"));
}

void message_ack(struct message *message, const struct ack_message *ack) {
    begin(message, TEXT("ack"));
    member_string(message, TEXT(",\"action\":"), ack->action);
    if (ack->epoch) member_number(message, TEXT(",\"ep\":"), ack->epoch);
    member_id(message, TEXT(",\"account\":"), ack->account);
    member_list(message, TEXT(",\"symbols\":"), ack->symbols, ack->symbol_count);
    member_list(message, TEXT(",\"channels\":"), ack->channels, ack->channel_count);
    end(message);
}

void message_error(struct message *message, struct text code, struct text text, struct text subject) {
    begin(message, TEXT("error"));
    member_string(message, TEXT(",\"code\":"), code);
    member_string(message, TEXT(",\"message\":"), text);
    member_id(message, TEXT(",\"subject\":"), subject);
    end(message);
}

void message_gap(struct message *message, struct text symbol, struct text channel, uint64_t from, uint64_t to) {
    begin(message, TEXT("gap"));
    member_string(message, TEXT(",\"s\":"), symbol);
    member_string(message, TEXT(",\"channel\":"), channel);
    member_number(message, TEXT(",\"from\":"), from);
    member_number(message, TEXT(",\"to\":"), to);
    end(message);
}

void message_pong(struct message *message, int64_t now_ms) {
    begin(message, TEXT("pong"));
    put(message, TEXT(",\"T\":"));
    put_integer(message, now_ms);
    end(message);
}

void message_shutdown(struct message *message) {
    begin(message, TEXT("serverShutdown"));
    member_string(message, TEXT(",\"message\":"),
        TEXT("The server stops as planned. Connect again in a few seconds and subscribe with \"since\"."));
    end(message);
}

void message_presence(struct message *message, struct text user_id, int64_t connected_ms) {
    message->size = 0;
    member_string(message, TEXT("{\"userId\":"), user_id);
    put(message, TEXT(",\"connectedAt\":"));
    put_integer(message, connected_ms);
    end(message);
}
