#include "router/answers.h"

#include "core/instrument.h"
#include "io/json/json_writer.h"

#define FIXED(literal) {(literal), sizeof(literal) - 1}
const struct text answer_forbidden = FIXED("{\"message\":\"Forbidden\"}");
const struct text answer_too_many_requests = FIXED("{\"message\":\"Too Many Requests\"}");
const struct text answer_limit_exceeded = FIXED("{\"message\":\"Limit Exceeded\"}");

static struct text body_of(const char *out, const char *at) { return (struct text){out, (uint32_t)(at - out)}; }

static char *put_member(char *at, const char *name, struct text value) {
    if (text_is_absent(value)) {
        return at;
    }
    at = JSON_PUT(at, ",\"");
    at = json_put_bytes(at, name, strlen(name));
    at = JSON_PUT(at, "\":");
    return json_put_text(at, value);
}

static struct text message_of(const struct fault *fault) {
    switch (fault->status) {
    case 400: return TEXT("Invalid request body");
    case 404: return fault->code == CODE_NO_SUCH_ORDER ? TEXT("Order not found") : TEXT("Not Found");
    case 405: return TEXT("Method Not Allowed");
    case 408: return TEXT("Request Timeout");
    case 411: return TEXT("Length Required");
    case 413: return TEXT("Request Too Long");
    case 414: return TEXT("URI Too Long");
    case 431: return TEXT("Request Header Fields Too Large");
    case 503: return TEXT("Service Unavailable");
    case 505: return TEXT("HTTP Version Not Supported");
    default: return TEXT("Internal server error");
    }
}

struct text answer_fault(char *out, const struct fault *fault, struct text request_id) {
    if (fault->status == 403) {
        return answer_forbidden;
    }
    char *at = JSON_PUT(out, "{\"message\":");
    at = json_put_text(at, message_of(fault));
    at = put_member(at, "error", fault->error);
    if (fault->code != CODE_NONE) {
        at = json_put_integer(JSON_PUT(at, ",\"code\":"), fault->code);
    }
    at = put_member(at, "field", fault->field);
    if (fault->order) {
        at = json_put_unsigned(JSON_PUT(at, ",\"order\":"), fault->order);
    }
    at = put_member(at, "requestId", request_id);
    return body_of(out, JSON_PUT(at, "}"));
}

struct text answer_refusal(char *out, int status, struct text request_id) {
    struct fault fault = {.status = status};
    switch (status) {
    case 400:
        fault.error = TEXT("this is no HTTP/1.1 request");
        fault.code = CODE_MALFORMED;
        break;
    case 408: fault.error = TEXT("the request took too long to arrive"); break;
    case 411: fault.error = TEXT("send the body's length in Content-Length, and not in chunks"); break;
    case 413: fault.error = TEXT("the body may have 65536 bytes"); break;
    case 414:
    case 431: fault.error = TEXT("request line and headers may have 8192 bytes, 64 headers"); break;
    case 503: fault.error = TEXT("too much is arriving at once; nothing was done, try again"); break;
    case 505: fault.error = TEXT("speak HTTP/1.1"); break;
    default: break;
    }
    return answer_fault(out, &fault, request_id);
}

static struct text message_of_call(enum call call) {
    switch (call) {
    case CALL_REPLACE: return TEXT("Replace accepted");
    case CALL_LIST: return TEXT("List accepted");
    case CALL_CANCEL: return TEXT("Cancel accepted");
    case CALL_CANCEL_ALL: return TEXT("Cancel all accepted");
    case CALL_MODIFY: return TEXT("Modify accepted");
    default: return TEXT("Order accepted");
    }
}

/* The ids of a list's orders, in the list's order. */
static char *put_orders(char *at, const struct order_outcome *outcome) {
    if (outcome->order_count == 0) {
        return at;
    }
    at = JSON_PUT(at, ",\"orders\":[");
    for (uint32_t i = 0; i < outcome->order_count; i++) {
        at = i ? JSON_PUT(at, ",{\"orderId\":") : JSON_PUT(at, "{\"orderId\":");
        at = json_put_text(at, outcome->orders[i].order_id);
        at = put_member(at, "clientOrderId", outcome->orders[i].client_order_id);
        at = JSON_PUT(at, "}");
    }
    return JSON_PUT(at, "]");
}

struct text answer_stored(char *out, const struct order_outcome *outcome, struct text topic) {
    char *at = JSON_PUT(out, "{\"message\":");
    at = json_put_text(at, message_of_call(outcome->call));
    at = put_member(at, "topic", topic);
    at = put_member(at, "symbol", outcome->symbol);
    at = put_member(at, "orderId", outcome->order_id);
    at = put_member(at, "listId", outcome->list_id);
    at = put_member(at, "clientOrderId", outcome->client_order_id);
    at = put_member(at, "commandId", outcome->command_id);
    at = put_orders(at, outcome);
    at = json_put_integer(JSON_PUT(at, ",\"timestamp\":"), outcome->timestamp_ms);
    return body_of(out, JSON_PUT(at, "}"));
}

struct text answer_sound(char *out, struct text symbol) {
    char *at = JSON_PUT(out, "{\"message\":\"Order valid\"");
    at = put_member(at, "symbol", symbol);
    return body_of(out, JSON_PUT(at, "}"));
}

struct text answer_ready(char *out, bool ready, bool kafka_up, bool valkey_up, bool draining) {
    char *at = JSON_PUT(out, "{\"ready\":");
    at = json_put_boolean(at, ready);
    at = JSON_PUT(at, ",\"missing\":[");
    if (!kafka_up) {
        at = JSON_PUT(at, "\"kafka\"");
    }
    if (!valkey_up) {
        at = kafka_up ? JSON_PUT(at, "\"valkey\"") : JSON_PUT(at, ",\"valkey\"");
    }
    at = draining ? JSON_PUT(at, "],\"draining\":true}") : JSON_PUT(at, "]}");
    return body_of(out, at);
}

struct text answer_time(char *out, int64_t now_ms) {
    char *at = json_put_integer(JSON_PUT(out, "{\"serverTime\":"), now_ms);
    return body_of(out, JSON_PUT(at, "}"));
}

static char *put_units(char *at, const char *name, int64_t units, struct decimal_unit unit) {
    at = JSON_PUT(at, ",\"");
    at = json_put_bytes(at, name, strlen(name));
    at = JSON_PUT(at, "\":");
    return json_put_decimal(at, units, unit);
}

struct text answer_symbols(char *out) {
    const struct instrument rules = instrument_default();
    char *at = JSON_PUT(out, "{\"listing\":\"open\",\"pattern\":\"^[A-Z0-9]{1,10}$\",\"default\":{\"orderTypes\":["
                             "\"LIMIT\",\"MARKET\",\"STOP\",\"STOP_LIMIT\",\"TRAILING_STOP\"],\"timeInForce\":["
                             "\"GTC\",\"IOC\",\"FOK\",\"GTD\",\"DAY\"]");
    at = put_units(at, "tick", 1, rules.tick);
    at = put_units(at, "lot", 1, rules.lot);
    at = put_units(at, "minPrice", rules.price_ticks_min, rules.tick);
    at = put_units(at, "maxPrice", rules.price_ticks_max, rules.tick);
    at = put_units(at, "minQuantity", rules.quantity_lots_min, rules.lot);
    at = put_units(at, "maxQuantity", rules.quantity_lots_max, rules.lot);
    return body_of(out, JSON_PUT(at, "}}"));
}
