#include "io/json/json_event.h"

#include "core/limits.h"
#include "core/short_text.h"
#include "io/json/json_writer.h"

/* Everything of an event but its texts: names, numbers, punctuation. */
enum { FRAME_BYTES_MAX = 1280 };

static size_t id_bytes(const struct event *event) {
    return (size_t)event->order_id.size + event->client_order_id.size + event->command_id.size + event->user_id.size +
           event->list_id.size + event->original_order_id.size + event->taker.order_id.size +
           event->taker.client_order_id.size + event->taker.user_id.size + event->maker.order_id.size +
           event->maker.client_order_id.size + event->maker.user_id.size + event->symbol.size +
           event->control_result.size + event->state.size;
}

/* Only the texts that the type prints are there, so adding up all of them costs no room. */
static size_t room_for(const struct event *event) {
    return FRAME_BYTES_MAX + 6 * id_bytes(event) + event->control_fields.size;
}

/* A member that is left out when its text is absent. */
#define PUT_TEXT(at, name, text) (text_is_absent(text) ? (at) : json_put_text(JSON_PUT((at), ",\"" name "\":"), (text)))
/* Names of enumerations are left out like texts and need no escapes. */
#define PUT_NAME(at, name, text) (text_is_absent(text) ? (at) : put_name(JSON_PUT((at), ",\"" name "\":"), (text)))
#define PUT_UNSIGNED(at, name, number) json_put_unsigned(JSON_PUT((at), ",\"" name "\":"), (number))
#define PUT_PRICE(at, name, ticks) json_put_decimal(JSON_PUT((at), ",\"" name "\":"), (ticks), event->instrument.tick)
#define PUT_QUANTITY(at, name, lots) json_put_decimal(JSON_PUT((at), ",\"" name "\":"), (lots), event->instrument.lot)

static char *put_name(char *at, struct text name) {
    *at++ = '"';
    at = short_put(at, name);
    *at++ = '"';
    return at;
}

static char *put_head(char *at, const struct event *event) {
    at = put_name(JSON_PUT(at, "{\"type\":"), event_type_name(event->type));
    at = put_name(JSON_PUT(at, ",\"symbol\":"), event->symbol);
    at = PUT_UNSIGNED(at, "fseq", event->fseq);
    at = json_put_integer(JSON_PUT(at, ",\"src\":{\"p\":"), event->src_partition);
    at = json_put_integer(JSON_PUT(at, ",\"o\":"), event->src_offset);
    at = json_put_unsigned(JSON_PUT(at, ",\"i\":"), event->src_index);
    at = json_put_integer(JSON_PUT(at, "},\"own\":"), event->own);
    return json_put_integer(JSON_PUT(at, ",\"timestamp\":"), event->timestamp_ms);
}

static char *put_price(char *at, const struct event *event) {
    if (event->has_price) at = PUT_PRICE(at, "price", event->price_ticks);
    return event->has_stop_price ? PUT_PRICE(at, "stopPrice", event->stop_price_ticks) : at;
}

static char *put_accepted(char *at, const struct event *event) {
    at = PUT_TEXT(at, "orderId", event->order_id);
    at = PUT_TEXT(at, "clientOrderId", event->client_order_id);
    at = PUT_TEXT(at, "userId", event->user_id);
    at = PUT_TEXT(at, "listId", event->list_id);
    at = PUT_NAME(at, "side", side_name(event->side));
    at = PUT_NAME(at, "orderType", order_type_name(event->order_type));
    at = PUT_NAME(at, "timeInForce", time_in_force_name(event->time_in_force));
    at = put_price(at, event);
    at = PUT_QUANTITY(at, "quantity", event->quantity_lots);
    return PUT_QUANTITY(at, "leaves", event->leaves_lots);
}

/* The ids of the order and command that an event is about. */
static char *put_ids(char *at, const struct event *event) {
    at = PUT_TEXT(at, "orderId", event->order_id);
    at = PUT_TEXT(at, "clientOrderId", event->client_order_id);
    at = PUT_TEXT(at, "commandId", event->command_id);
    return PUT_TEXT(at, "userId", event->user_id);
}

/* The same of what refuses a command, which may be a list. */
static char *put_command_ids(char *at, const struct event *event) {
    at = put_ids(at, event);
    return PUT_TEXT(at, "listId", event->list_id);
}

static char *put_rejected(char *at, const struct event *event) {
    at = put_command_ids(at, event);
    at = PUT_NAME(at, "reason", reason_name(event->reason));
    return PUT_TEXT(at, "text", reason_text(event->reason));
}

static char *put_party(char *at, const struct event *event, const struct event_party *party) {
    char *first = at;
    at = PUT_TEXT(at, "orderId", party->order_id);
    at = PUT_TEXT(at, "clientOrderId", party->client_order_id);
    at = PUT_TEXT(at, "userId", party->user_id);
    at = PUT_QUANTITY(at, "leaves", party->leaves_lots);
    at = PUT_QUANTITY(at, "cumulative", party->cumulative_lots);
    *first = '{'; /* in place of the first comma */
    *at++ = '}';
    return at;
}

static char *put_match(char *at, const struct event *event) {
    at = PUT_PRICE(at, "price", event->price_ticks);
    at = PUT_QUANTITY(at, "quantity", event->quantity_lots);
    at = PUT_NAME(at, "takerSide", side_name(event->side));
    at = put_party(JSON_PUT(at, ",\"taker\":"), event, &event->taker);
    return put_party(JSON_PUT(at, ",\"maker\":"), event, &event->maker);
}

static char *put_end(char *at, const struct event *event) {
    at = put_ids(at, event);
    at = PUT_QUANTITY(at, "leaves", event->leaves_lots);
    at = PUT_QUANTITY(at, "cumulative", event->cumulative_lots);
    return PUT_NAME(at, "reason", reason_name(event->reason));
}

static char *put_cancel_all_done(char *at, const struct event *event) {
    at = PUT_TEXT(at, "commandId", event->command_id);
    at = PUT_TEXT(at, "userId", event->user_id);
    at = PUT_NAME(at, "side", side_name(event->side));
    return PUT_UNSIGNED(at, "count", event->count);
}

static char *put_modified(char *at, const struct event *event) {
    at = put_price(put_ids(at, event), event);
    at = PUT_QUANTITY(at, "quantity", event->quantity_lots);
    at = PUT_QUANTITY(at, "leaves", event->leaves_lots);
    return json_put_boolean(JSON_PUT(at, ",\"keptPriority\":"), event->kept_priority);
}

static char *put_triggered(char *at, const struct event *event) {
    at = PUT_TEXT(at, "orderId", event->order_id);
    at = PUT_TEXT(at, "clientOrderId", event->client_order_id);
    at = PUT_TEXT(at, "userId", event->user_id);
    if (event->has_stop_price) at = PUT_PRICE(at, "stopPrice", event->stop_price_ticks);
    return event->has_last_price ? PUT_PRICE(at, "lastPrice", event->last_price_ticks) : at;
}

static char *put_state(char *at, const struct event *event) {
    at = PUT_TEXT(at, "state", event->state);
    if (!event->has_indicative) return at;
    at = PUT_PRICE(at, "indicativePrice", event->indicative_price_ticks);
    return PUT_QUANTITY(at, "indicativeQuantity", event->indicative_quantity_lots);
}

static char *put_control(char *at, const struct event *event) {
    at = PUT_TEXT(at, "kind", event->control_kind);
    at = PUT_TEXT(at, "result", event->control_result);
    if (text_is_absent(event->control_fields)) return at;
    *at++ = ',';
    return json_put_bytes(at, event->control_fields.data, event->control_fields.size);
}

/* What stands between the head and the hash; NULL if the type is none. */
static char *put_body(char *at, const struct event *event) {
    switch (event->type) {
    case EVENT_ACCEPTED: return put_accepted(at, event);
    case EVENT_REJECTED: return put_rejected(at, event);
    case EVENT_DUPLICATE: return PUT_TEXT(put_command_ids(at, event), "originalOrderId", event->original_order_id);
    case EVENT_FILL: return put_match(PUT_UNSIGNED(at, "tradeId", event->trade_id), event);
    case EVENT_PREVENTED: return PUT_NAME(put_match(at, event), "mode", self_trade_name(event->self_trade));
    case EVENT_CANCELLED:
    case EVENT_EXPIRED: return put_end(at, event);
    case EVENT_CANCEL_ALL_DONE: return put_cancel_all_done(at, event);
    case EVENT_MODIFIED: return put_modified(at, event);
    case EVENT_TRIGGERED: return put_triggered(at, event);
    case EVENT_STATE: return put_state(at, event);
    case EVENT_CONTROL: return put_control(at, event);
    default: return NULL;
    }
}

size_t json_event_encode(const struct event *event, char *out, size_t out_bytes) {
    if (event->type == 0 || event->type >= EVENT_TYPE_COUNT || out_bytes < room_for(event)) return 0;
    char *at = put_body(put_head(out, event), event);
    at = json_put_hash(JSON_PUT(at, ",\"hash\":"), event->hash);
    *at++ = '}';
    return (size_t)(at - out);
}
