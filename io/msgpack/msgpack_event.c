#include "io/msgpack/msgpack_event.h"

#include "core/limits.h"
#include "io/msgpack/msgpack_fields.h"

#include <msgpack.h>

/* Everything of an event but its texts: names, numbers, heads. */
enum { FRAME_BYTES_MAX = 1280, MAP_HEAD_BYTES = 3 };

/* Where the pieces go, and how many members there are. */
struct writer {
    msgpack_packer packer;
    char *at;
    uint32_t members;
};

static int append(void *context, const char *bytes, size_t size) {
    struct writer *writer = context;
    memcpy(writer->at, bytes, size);
    writer->at += size;
    return 0;
}

/* Packing into memory that suffices cannot fail, so the results of the packer are not looked at. */

static void put_text(struct writer *writer, struct text text) {
    msgpack_pack_str_with_body(&writer->packer, text.data, text.size);
}

/* Names are shorter than 32 bytes, so their head is one byte; sizes are constants where this is inlined. */
static inline __attribute__((always_inline)) void put_key(struct writer *writer, struct text name) {
    *writer->at++ = (char)(0xa0 | name.size);
    memcpy(writer->at, name.data, name.size);
    writer->at += name.size;
    writer->members++;
}

#define KEY(writer, name) put_key((writer), TEXT(name))

static inline __attribute__((always_inline)) void put_text_member(
    struct writer *writer, struct text name, struct text text) {
    if (text_is_absent(text)) return;
    put_key(writer, name);
    put_text(writer, text);
}

#define PUT_TEXT(writer, name, text) put_text_member((writer), TEXT(name), (text))

static inline __attribute__((always_inline)) void put_decimal(
    struct writer *writer, struct text name, int64_t units, struct decimal_unit unit) {
    char digits[40];
    size_t size = decimal_format(units, unit, digits);
    put_key(writer, name);
    put_text(writer, (struct text){digits, (uint32_t)size});
}

#define PUT_PRICE(writer, name, ticks) put_decimal((writer), TEXT(name), (ticks), event->instrument.tick)
#define PUT_QUANTITY(writer, name, lots) put_decimal((writer), TEXT(name), (lots), event->instrument.lot)

static inline __attribute__((always_inline)) void put_unsigned(
    struct writer *writer, struct text name, uint64_t number) {
    put_key(writer, name);
    msgpack_pack_uint64(&writer->packer, number);
}

static inline __attribute__((always_inline)) void put_signed(struct writer *writer, struct text name, int64_t number) {
    put_key(writer, name);
    msgpack_pack_int64(&writer->packer, number);
}

static void put_source(struct writer *writer, const struct event *event) {
    KEY(writer, "src");
    msgpack_pack_map(&writer->packer, 3);
    uint32_t members = writer->members;
    put_signed(writer, TEXT("p"), event->src_partition);
    put_signed(writer, TEXT("o"), event->src_offset);
    put_unsigned(writer, TEXT("i"), event->src_index);
    writer->members = members;
}

static void put_head(struct writer *writer, const struct event *event) {
    PUT_TEXT(writer, "type", event_type_name(event->type));
    PUT_TEXT(writer, "symbol", event->symbol);
    put_unsigned(writer, TEXT("fseq"), event->fseq);
    put_source(writer, event);
    put_signed(writer, TEXT("own"), event->own);
    put_signed(writer, TEXT("timestamp"), event->timestamp_ms);
}

static void put_ids(struct writer *writer, const struct event *event) {
    PUT_TEXT(writer, "orderId", event->order_id);
    PUT_TEXT(writer, "clientOrderId", event->client_order_id);
    PUT_TEXT(writer, "commandId", event->command_id);
    PUT_TEXT(writer, "userId", event->user_id);
}

static void put_price(struct writer *writer, const struct event *event) {
    if (event->has_price) PUT_PRICE(writer, "price", event->price_ticks);
    if (event->has_stop_price) PUT_PRICE(writer, "stopPrice", event->stop_price_ticks);
}

static void put_accepted(struct writer *writer, const struct event *event) {
    PUT_TEXT(writer, "orderId", event->order_id);
    PUT_TEXT(writer, "clientOrderId", event->client_order_id);
    PUT_TEXT(writer, "userId", event->user_id);
    PUT_TEXT(writer, "listId", event->list_id);
    PUT_TEXT(writer, "side", side_name(event->side));
    PUT_TEXT(writer, "orderType", order_type_name(event->order_type));
    PUT_TEXT(writer, "timeInForce", time_in_force_name(event->time_in_force));
    put_price(writer, event);
    PUT_QUANTITY(writer, "quantity", event->quantity_lots);
    PUT_QUANTITY(writer, "leaves", event->leaves_lots);
}

static void put_party(
    struct writer *writer, const struct event *event, struct text name, const struct event_party *party) {
    uint32_t ids =
        !text_is_absent(party->order_id) + !text_is_absent(party->client_order_id) + !text_is_absent(party->user_id);
    put_key(writer, name);
    msgpack_pack_map(&writer->packer, ids + 2);
    uint32_t members = writer->members;
    PUT_TEXT(writer, "orderId", party->order_id);
    PUT_TEXT(writer, "clientOrderId", party->client_order_id);
    PUT_TEXT(writer, "userId", party->user_id);
    PUT_QUANTITY(writer, "leaves", party->leaves_lots);
    PUT_QUANTITY(writer, "cumulative", party->cumulative_lots);
    writer->members = members;
}

static void put_match(struct writer *writer, const struct event *event) {
    if (event->type == EVENT_FILL) put_unsigned(writer, TEXT("tradeId"), event->trade_id);
    PUT_PRICE(writer, "price", event->price_ticks);
    PUT_QUANTITY(writer, "quantity", event->quantity_lots);
    PUT_TEXT(writer, "takerSide", side_name(event->side));
    put_party(writer, event, TEXT("taker"), &event->taker);
    put_party(writer, event, TEXT("maker"), &event->maker);
    if (event->type == EVENT_PREVENTED) PUT_TEXT(writer, "mode", self_trade_name(event->self_trade));
}

static void put_end(struct writer *writer, const struct event *event) {
    put_ids(writer, event);
    PUT_QUANTITY(writer, "leaves", event->leaves_lots);
    PUT_QUANTITY(writer, "cumulative", event->cumulative_lots);
    PUT_TEXT(writer, "reason", reason_name(event->reason));
}

static void put_modified(struct writer *writer, const struct event *event) {
    put_ids(writer, event);
    put_price(writer, event);
    PUT_QUANTITY(writer, "quantity", event->quantity_lots);
    PUT_QUANTITY(writer, "leaves", event->leaves_lots);
    KEY(writer, "keptPriority");
    if (event->kept_priority)
        msgpack_pack_true(&writer->packer);
    else
        msgpack_pack_false(&writer->packer);
}

static void put_triggered(struct writer *writer, const struct event *event) {
    PUT_TEXT(writer, "orderId", event->order_id);
    PUT_TEXT(writer, "clientOrderId", event->client_order_id);
    PUT_TEXT(writer, "userId", event->user_id);
    if (event->has_stop_price) PUT_PRICE(writer, "stopPrice", event->stop_price_ticks);
    if (event->has_last_price) PUT_PRICE(writer, "lastPrice", event->last_price_ticks);
}

static void put_state(struct writer *writer, const struct event *event) {
    PUT_TEXT(writer, "state", event->state);
    if (!event->has_indicative) return;
    PUT_PRICE(writer, "indicativePrice", event->indicative_price_ticks);
    PUT_QUANTITY(writer, "indicativeQuantity", event->indicative_quantity_lots);
}

static bool put_control(struct writer *writer, const struct event *event) {
    PUT_TEXT(writer, "kind", event->control_kind);
    PUT_TEXT(writer, "result", event->control_result);
    writer->members += msgpack_count_members(event->control_fields);
    return msgpack_put_members(&writer->packer, event->control_fields);
}

/* What stands between the head and the hash; false if the type is none. */
static bool put_body(struct writer *writer, const struct event *event) {
    switch (event->type) {
    case EVENT_ACCEPTED: put_accepted(writer, event); return true;
    case EVENT_REJECTED:
        put_ids(writer, event);
        PUT_TEXT(writer, "listId", event->list_id);
        PUT_TEXT(writer, "reason", reason_name(event->reason));
        PUT_TEXT(writer, "text", reason_text(event->reason));
        return true;
    case EVENT_DUPLICATE:
        put_ids(writer, event);
        PUT_TEXT(writer, "listId", event->list_id);
        PUT_TEXT(writer, "originalOrderId", event->original_order_id);
        return true;
    case EVENT_FILL:
    case EVENT_PREVENTED: put_match(writer, event); return true;
    case EVENT_CANCELLED:
    case EVENT_EXPIRED: put_end(writer, event); return true;
    case EVENT_CANCEL_ALL_DONE:
        PUT_TEXT(writer, "commandId", event->command_id);
        PUT_TEXT(writer, "userId", event->user_id);
        PUT_TEXT(writer, "side", side_name(event->side));
        put_unsigned(writer, TEXT("count"), event->count);
        return true;
    case EVENT_MODIFIED: put_modified(writer, event); return true;
    case EVENT_TRIGGERED: put_triggered(writer, event); return true;
    case EVENT_STATE: put_state(writer, event); return true;
    case EVENT_CONTROL: return put_control(writer, event);
    default: return false;
    }
}

static void put_hash(struct writer *writer, uint64_t hash) {
    static const char digits[16] = "0123456789abcdef";
    char text[16];
    for (unsigned i = 0; i < 16; i++) text[i] = digits[hash >> (60 - 4 * i) & 15];
    KEY(writer, "hash");
    put_text(writer, (struct text){text, sizeof text});
}

static size_t text_bytes(const struct event *event) {
    return (size_t)event->order_id.size + event->client_order_id.size + event->command_id.size + event->user_id.size +
           event->list_id.size + event->original_order_id.size + event->taker.order_id.size +
           event->taker.client_order_id.size + event->taker.user_id.size + event->maker.order_id.size +
           event->maker.client_order_id.size + event->maker.user_id.size + event->symbol.size +
           event->control_kind.size + event->control_result.size + event->state.size;
}

/* A member of JSON text grows by at most two bytes for each of its own. */
static size_t room_for(const struct event *event) {
    return FRAME_BYTES_MAX + text_bytes(event) + 2 * (size_t)event->control_fields.size;
}

size_t msgpack_event_encode(const struct event *event, char *out, size_t out_bytes) {
    struct writer writer = {.at = out + MAP_HEAD_BYTES};
    if (event->type == 0 || event->type >= EVENT_TYPE_COUNT || out_bytes < room_for(event)) return 0;
    msgpack_packer_init(&writer.packer, &writer, append);
    put_head(&writer, event);
    if (!put_body(&writer, event)) return 0;
    put_hash(&writer, event->hash);
    out[0] = (char)0xde;
    out[1] = (char)(writer.members >> 8);
    out[2] = (char)writer.members;
    return (size_t)(writer.at - out);
}
