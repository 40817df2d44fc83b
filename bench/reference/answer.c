#include "bench/reference/answer.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const side_names[] = {"BUY", "SELL"};
static const char *const type_names[] = {"LIMIT", "MARKET", "STOP", "STOP_LIMIT", "TRAILING_STOP"};
static const char *const tif_names[] = {"GTC", "IOC", "FOK", "GTD", "DAY"};
static const char *const mode_names[] = {"NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"};

/* The names of wire.md. */
static const char *reason_word(enum reason reason) {
    switch (reason) {
    case REASON_DUPLICATE_ID: return "DUPLICATE_ID";
    case REASON_MALFORMED: return "MALFORMED";
    case REASON_MISSING_FIELD: return "MISSING_FIELD";
    case REASON_BAD_FIELD: return "BAD_FIELD";
    case REASON_UNKNOWN_SYMBOL: return "UNKNOWN_SYMBOL";
    case REASON_BLOCKED: return "BLOCKED";
    case REASON_UNSUPPORTED: return "UNSUPPORTED";
    case REASON_INVALID_COMBINATION: return "INVALID_COMBINATION";
    case REASON_OFF_TICK: return "OFF_TICK";
    case REASON_OFF_LOT: return "OFF_LOT";
    case REASON_OUT_OF_RANGE: return "OUT_OF_RANGE";
    case REASON_MIN_NOTIONAL: return "MIN_NOTIONAL";
    case REASON_HALTED: return "HALTED";
    case REASON_AUCTION: return "AUCTION";
    case REASON_CLOSED: return "CLOSED";
    case REASON_CANCELLED_BEFORE: return "CANCELLED_BEFORE";
    case REASON_UNKNOWN: return "UNKNOWN";
    case REASON_PRICE_BAND: return "PRICE_BAND";
    case REASON_POST_ONLY: return "POST_ONLY";
    case REASON_CAPACITY: return "CAPACITY";
    case REASON_USER: return "USER";
    case REASON_MASS: return "MASS";
    case REASON_REPLACED: return "REPLACED";
    case REASON_REDUCED: return "REDUCED";
    case REASON_OCO: return "OCO";
    case REASON_PARENT: return "PARENT";
    case REASON_IOC: return "IOC";
    case REASON_FOK: return "FOK";
    case REASON_NO_LIQUIDITY: return "NO_LIQUIDITY";
    case REASON_SELF_TRADE: return "SELF_TRADE";
    case REASON_GTD: return "GTD";
    case REASON_DAY: return "DAY";
    default: fprintf(stderr, "reference book: reason %d cannot occur\n", (int)reason); abort();
    }
}

void answer_report(struct desk *desk, struct report *report) {
    char bytes[EVENT_BYTES_MAX];
    struct occasion *at = desk->at;
    report->tick = desk->settings.tick;
    report->lot = desk->settings.lot;
    report->symbol = text_of(desk->symbol);
    report->fseq = ++desk->fseq;
    report->src_partition = at->partition;
    report->src_offset = at->offset;
    report->src_index = at->events++;
    report->own = desk->own;
    report->timestamp_ms = at->log_time_ms;
    report->hash = desk->hash = report_hash(desk->hash, report);
    size_t size = report_write(report, bytes);
    struct reference_event event = {.partition = at->partition,
        .src_offset = at->offset,
        .symbol = report->symbol,
        .fseq = report->fseq,
        .bytes = {bytes, (uint32_t)size}};
    if (at->on_event) at->on_event(at->context, &event);
}

struct text answer_command_id(const struct desk *desk, const struct request *request, char made[ID_BYTES_MAX]) {
    bool needs_one =
        request->action == REQUEST_CANCEL || request->action == REQUEST_MODIFY || request->action == REQUEST_CANCEL_ALL;
    if (!needs_one || request->malformed || request_has(request, FIELD_COMMAND_ID))
        return request_text(request, FIELD_COMMAND_ID);
    snprintf(made, ID_BYTES_MAX, "%d-%lld", desk->at->partition, (long long)desk->at->offset);
    return text_of(made);
}

/* REJECTED or DUPLICATE: names the ids that the command has. */
static void report_refusal(struct desk *desk, const struct request *request, struct report *report) {
    char made[ID_BYTES_MAX];
    if (!request->malformed) {
        report->order_id = request_text(request, FIELD_ORDER_ID);
        report->client_order_id = request_text(request, FIELD_CLIENT_ORDER_ID);
        report->command_id = answer_command_id(desk, request, made);
        report->user_id = request_text(request, FIELD_USER_ID);
        if (request->action == REQUEST_LIST) report->list_id = request_text(request, FIELD_LIST_ID);
    }
    answer_report(desk, report);
}

static void explain(enum reason reason, char out[512]) {
    struct text text = reason_text(reason);
    snprintf(out, 512, "%.*s", (int)text.size, text.data);
}

void answer_reject(struct desk *desk, const struct request *request, enum reason reason) {
    char explanation[512];
    explain(reason, explanation);
    struct report report = {.type = REPORT_REJECTED, .reason = reason_word(reason), .explanation = explanation};
    report_refusal(desk, request, &report);
}

void answer_duplicate(struct desk *desk, const struct request *request, struct text original) {
    struct report report = {.type = REPORT_DUPLICATE, .original_order_id = original};
    report_refusal(desk, request, &report);
}

/* A report that names an order. */
static struct report report_of(const struct order *order, enum report_type type, struct text command_id) {
    return (struct report){.type = type,
        .order_id = order_text(&order->order_id),
        .client_order_id = order_text(&order->client_order_id),
        .command_id = command_id,
        .user_id = order_text(&order->user_id)};
}

void answer_accepted(struct desk *desk, const struct order *order) {
    struct report report = report_of(order, REPORT_ACCEPTED, TEXT_NONE);
    report.list_id = order_text(&order->list_id);
    report.side = side_names[order->side];
    report.order_type = type_names[order->type];
    report.time_in_force = tif_names[order->time_in_force];
    report.price = order->price;
    report.stop_price = order->stop_price;
    report.quantity = report.leaves = order->quantity;
    answer_report(desk, &report);
}

void answer_rejected_child(struct desk *desk, const struct order *order, enum reason reason) {
    char explanation[512];
    explain(reason, explanation);
    struct report report = report_of(order, REPORT_REJECTED, TEXT_NONE);
    report.list_id = order_text(&order->list_id);
    report.reason = reason_word(reason);
    report.explanation = explanation;
    answer_report(desk, &report);
}

static struct report_party party_of(const struct order *order) {
    return (struct report_party){order_text(&order->order_id), order_text(&order->client_order_id),
        order_text(&order->user_id), order->leaves, order->filled};
}

void answer_fill(struct desk *desk, const struct order *taker, const struct order *maker, int64_t price,
    int64_t quantity, bool in_auction) {
    struct report report = {.type = REPORT_FILL,
        .trade_id = ++desk->trades,
        .price = price,
        .quantity = quantity,
        .side = in_auction ? NULL : side_names[taker->side],
        .taker = party_of(taker),
        .maker = party_of(maker)};
    answer_report(desk, &report);
}

void answer_prevented(
    struct desk *desk, const struct order *taker, const struct order *maker, int64_t price, int64_t quantity) {
    struct report report = {.type = REPORT_PREVENTED,
        .price = price,
        .quantity = quantity,
        .side = side_names[taker->side],
        .taker = party_of(taker),
        .maker = party_of(maker),
        .mode = mode_names[taker->self_trade]};
    answer_report(desk, &report);
}

void answer_end(
    struct desk *desk, enum report_type type, const struct order *order, struct text command_id, enum reason reason) {
    struct report report = report_of(order, type, command_id);
    report.leaves = order->leaves;
    report.cumulative = order->filled;
    report.reason = reason_word(reason);
    answer_report(desk, &report);
}

void answer_cancel_all_done(struct desk *desk, const struct request *request, uint64_t count) {
    char made[ID_BYTES_MAX];
    int side = request_choice(request, FIELD_SIDE);
    struct report report = {.type = REPORT_CANCEL_ALL_DONE,
        .command_id = answer_command_id(desk, request, made),
        .user_id = request_text(request, FIELD_USER_ID),
        .side = side == -1 ? NULL : side_names[side],
        .count = count};
    answer_report(desk, &report);
}

void answer_modified(struct desk *desk, const struct order *order, struct text command_id, bool kept_priority) {
    struct report report = report_of(order, REPORT_MODIFIED, command_id);
    bool waits = order->place == ORDER_WAITS && order->type != REQUEST_TRAILING_STOP;
    report.price = order->price;
    report.stop_price = waits ? order->stop_price : 0;
    report.quantity = order->quantity;
    report.leaves = order->leaves;
    report.kept_priority = kept_priority;
    answer_report(desk, &report);
}

void answer_triggered(struct desk *desk, const struct order *order) {
    struct report report = report_of(order, REPORT_TRIGGERED, TEXT_NONE);
    report.stop_price = order->trigger_price;
    report.last_price = desk->last_price;
    answer_report(desk, &report);
}

void answer_state(struct desk *desk, int64_t indicative_price, int64_t indicative_quantity) {
    struct report report = {.type = REPORT_STATE,
        .state = directive_state_name(desk->state),
        .indicative_price = indicative_price,
        .indicative_quantity = indicative_quantity};
    answer_report(desk, &report);
}

void answer_control(struct desk *desk, const struct directive *directive, const char *result) {
    struct report report = {.type = REPORT_CONTROL,
        .control_kind = directive->kind_name,
        .control_result = result,
        .control_fields = {directive->fields, directive->fields_bytes}};
    answer_report(desk, &report);
}
