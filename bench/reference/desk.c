#include "bench/reference/desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t quantity_lots_max = 1000000; /* of a symbol without settings of its own */
enum { PRICE_PLACES = 2, QUANTITY_PLACES = 0 };

static const char *const side_names[] = {"BUY", "SELL"};

/* The names of wire.md, of those reasons that can occur. */
static const char *reason_word(enum reason reason) {
    switch (reason) {
    case REASON_DUPLICATE_ID: return "DUPLICATE_ID";
    case REASON_MALFORMED: return "MALFORMED";
    case REASON_MISSING_FIELD: return "MISSING_FIELD";
    case REASON_BAD_FIELD: return "BAD_FIELD";
    case REASON_UNSUPPORTED: return "UNSUPPORTED";
    case REASON_INVALID_COMBINATION: return "INVALID_COMBINATION";
    case REASON_OFF_TICK: return "OFF_TICK";
    case REASON_OFF_LOT: return "OFF_LOT";
    case REASON_OUT_OF_RANGE: return "OUT_OF_RANGE";
    case REASON_CANCELLED_BEFORE: return "CANCELLED_BEFORE";
    case REASON_UNKNOWN: return "UNKNOWN";
    case REASON_POST_ONLY: return "POST_ONLY";
    case REASON_CAPACITY: return "CAPACITY";
    case REASON_USER: return "USER";
    case REASON_MASS: return "MASS";
    case REASON_REDUCED: return "REDUCED";
    case REASON_IOC: return "IOC";
    case REASON_FOK: return "FOK";
    case REASON_NO_LIQUIDITY: return "NO_LIQUIDITY";
    default: fprintf(stderr, "reference book: reason %d cannot occur\n", (int)reason); abort();
    }
}

struct desk *desk_open(struct text symbol) {
    struct desk *desk = reference_allocate(sizeof *desk);
    memcpy(desk->symbol, symbol.data, symbol.size);
    return desk;
}

static void free_value(void *context, void *value) {
    (void)context;
    free(value);
}

void desk_close(struct desk *desk) {
    shelf_deinit(&desk->shelf);
    ledger_deinit(&desk->ledger);
    dictionary_each(&desk->watermarks, free_value, NULL);
    dictionary_deinit(&desk->watermarks);
    free(desk);
}

/* ---- events */

void desk_report(struct desk *desk, struct occasion *occasion, struct report *report) {
    char bytes[EVENT_BYTES_MAX];
    report->symbol = text_of(desk->symbol);
    report->fseq = ++desk->fseq;
    report->src_partition = occasion->partition;
    report->src_offset = occasion->offset;
    report->src_index = occasion->events++;
    report->own = desk->own;
    report->timestamp_ms = occasion->log_time_ms;
    report->hash = desk->hash = report_hash(desk->hash, report);
    size_t size = report_write(report, bytes);
    struct reference_event event = {.partition = occasion->partition,
        .src_offset = occasion->offset,
        .symbol = report->symbol,
        .fseq = report->fseq,
        .bytes = {bytes, (uint32_t)size}};
    if (occasion->on_event) occasion->on_event(occasion->context, &event);
}

/* The commandId of a command: its own, or for want of one its place in the log. */
static struct text command_id_of(
    const struct request *request, const struct occasion *occasion, char made[ID_BYTES_MAX]) {
    bool needs_one =
        request->action == REQUEST_CANCEL || request->action == REQUEST_MODIFY || request->action == REQUEST_CANCEL_ALL;
    if (!needs_one || request->malformed || request_has(request, FIELD_COMMAND_ID))
        return request_text(request, FIELD_COMMAND_ID);
    snprintf(made, ID_BYTES_MAX, "%d-%lld", occasion->partition, (long long)occasion->offset);
    return text_of(made);
}

/* REJECTED or DUPLICATE: names the ids that the command has. */
static void report_refusal(
    struct desk *desk, struct occasion *occasion, const struct request *request, struct report *report) {
    char made[ID_BYTES_MAX];
    if (!request->malformed) {
        report->order_id = request_text(request, FIELD_ORDER_ID);
        report->client_order_id = request_text(request, FIELD_CLIENT_ORDER_ID);
        report->command_id = command_id_of(request, occasion, made);
        report->user_id = request_text(request, FIELD_USER_ID);
    }
    desk_report(desk, occasion, report);
}

void desk_reject(struct desk *desk, struct occasion *occasion, const struct request *request, enum reason reason) {
    char explanation[512];
    struct text text = reason_text(reason);
    snprintf(explanation, sizeof explanation, "%.*s", (int)text.size, text.data);
    struct report report = {.type = REPORT_REJECTED, .reason = reason_word(reason), .explanation = explanation};
    report_refusal(desk, occasion, request, &report);
}

static void report_duplicate(
    struct desk *desk, struct occasion *occasion, const struct request *request, struct text original) {
    struct report report = {.type = REPORT_DUPLICATE, .original_order_id = original};
    report_refusal(desk, occasion, request, &report);
}

static void report_accepted(
    struct desk *desk, struct occasion *occasion, const struct shelf_order *order, bool market, int tif) {
    static const char *const tif_names[] = {"GTC", "IOC", "FOK"};
    struct report report = {.type = REPORT_ACCEPTED,
        .order_id = shelf_text(&order->order_id),
        .client_order_id = shelf_text(&order->client_order_id),
        .user_id = shelf_text(&order->user_id),
        .side = side_names[order->side],
        .order_type = market ? "MARKET" : "LIMIT",
        .time_in_force = tif_names[tif],
        .price = market ? 0 : order->price,
        .quantity = order->quantity,
        .leaves = order->quantity};
    desk_report(desk, occasion, &report);
}

static struct report_party party_of(const struct shelf_order *order) {
    return (struct report_party){shelf_text(&order->order_id), shelf_text(&order->client_order_id),
        shelf_text(&order->user_id), order->leaves, order->filled};
}

static void report_fill(struct desk *desk, struct occasion *occasion, const struct shelf_order *taker,
    const struct shelf_order *maker, int64_t quantity) {
    struct report report = {.type = REPORT_FILL,
        .trade_id = ++desk->trades,
        .price = maker->price,
        .quantity = quantity,
        .side = side_names[taker->side],
        .taker = party_of(taker),
        .maker = party_of(maker)};
    desk_report(desk, occasion, &report);
}

/* CANCELLED or EXPIRED. */
static void report_end(struct desk *desk, struct occasion *occasion, enum report_type type,
    const struct shelf_order *order, struct text command_id, enum reason reason) {
    struct report report = {.type = type,
        .order_id = shelf_text(&order->order_id),
        .client_order_id = shelf_text(&order->client_order_id),
        .command_id = command_id,
        .user_id = shelf_text(&order->user_id),
        .leaves = order->leaves,
        .cumulative = order->filled,
        .reason = reason_word(reason)};
    desk_report(desk, occasion, &report);
}

static void report_modified(struct desk *desk, struct occasion *occasion, const struct shelf_order *order,
    struct text command_id, bool kept_priority) {
    struct report report = {.type = REPORT_MODIFIED,
        .order_id = shelf_text(&order->order_id),
        .client_order_id = shelf_text(&order->client_order_id),
        .command_id = command_id,
        .user_id = shelf_text(&order->user_id),
        .price = order->price,
        .quantity = order->quantity,
        .leaves = order->leaves,
        .kept_priority = kept_priority};
    desk_report(desk, occasion, &report);
}

/* ---- matching */

static struct shelf_order *best_against(const struct desk *desk, int taker_side, int64_t limit) {
    const struct shelf_side *side = &desk->shelf.sides[!taker_side];
    if (side->count == 0 || !shelf_crosses(taker_side, limit, side->levels[0].price)) return NULL;
    return side->levels[0].first;
}

static void match(struct desk *desk, struct occasion *occasion, struct shelf_order *taker) {
    struct shelf_order *maker;
    while (taker->leaves > 0 && (maker = best_against(desk, taker->side, taker->price))) {
        int64_t quantity = taker->leaves < maker->leaves ? taker->leaves : maker->leaves;
        taker->leaves -= quantity;
        taker->filled += quantity;
        maker->leaves -= quantity;
        maker->filled += quantity;
        report_fill(desk, occasion, taker, maker, quantity);
        if (maker->leaves == 0) {
            shelf_take(&desk->shelf, maker);
            free(maker);
        }
    }
}

/* Price and quantity of a NEW or MODIFY: OFF_TICK, OFF_LOT, OUT_OF_RANGE in this order, or NONE. Absent ones are left
 * alone. */
static enum reason read_amounts(const struct request *request, bool with_price, int64_t *price, int64_t *quantity) {
    enum number_fit price_fit = NUMBER_FITS, quantity_fit = NUMBER_FITS;
    if (with_price && request_has(request, FIELD_PRICE)) {
        price_fit = number_in_units(&request->values[FIELD_PRICE].number, PRICE_PLACES, price);
        if (price_fit == NUMBER_FITS && *price < 1) price_fit = NUMBER_OUT_OF_RANGE;
    }
    if (request_has(request, FIELD_QUANTITY)) {
        quantity_fit = number_in_units(&request->values[FIELD_QUANTITY].number, QUANTITY_PLACES, quantity);
        if (quantity_fit == NUMBER_FITS && (*quantity < 1 || *quantity > quantity_lots_max))
            quantity_fit = NUMBER_OUT_OF_RANGE;
    }
    if (price_fit == NUMBER_OFF_UNIT) return REASON_OFF_TICK;
    if (quantity_fit == NUMBER_OFF_UNIT) return REASON_OFF_LOT;
    return price_fit == NUMBER_OUT_OF_RANGE || quantity_fit == NUMBER_OUT_OF_RANGE ? REASON_OUT_OF_RANGE : REASON_NONE;
}

static bool was_cancelled_before(const struct desk *desk, const struct request *request) {
    struct text account = request_text(request, FIELD_USER_ID), client = request_text(request, FIELD_CLIENT_ORDER_ID);
    if (account.size == 0) return false;
    return ledger_find(&desk->ledger, LEDGER_CANCELLED_ORDER, account, request_text(request, FIELD_ORDER_ID)) ||
           (client.size && ledger_find(&desk->ledger, LEDGER_CANCELLED_CLIENT, account, client));
}

static enum reason refusal_of_new(
    const struct desk *desk, const struct request *request, const struct shelf_order *order, bool rests) {
    if (was_cancelled_before(desk, request)) return REASON_CANCELLED_BEFORE;
    if (order->post_only && best_against(desk, order->side, order->price)) return REASON_POST_ONLY;
    if (rests && desk->shelf.open_orders >= OPEN_ORDERS_PER_SYMBOL_MAX &&
        shelf_available(&desk->shelf, order->side, order->price, order->quantity) < order->quantity)
        return REASON_CAPACITY;
    return REASON_NONE;
}

/* A limit that every price satisfies. */
static int64_t any_price(int side) { return side == REQUEST_BUY ? INT64_MAX : 0; }

static struct shelf_order *order_from(const struct request *request, int64_t price, int64_t quantity) {
    struct shelf_order *order = reference_allocate(sizeof *order);
    order->order_id = shelf_id_of(request_text(request, FIELD_ORDER_ID));
    order->client_order_id = shelf_id_of(request_text(request, FIELD_CLIENT_ORDER_ID));
    order->user_id = shelf_id_of(request_text(request, FIELD_USER_ID));
    order->side = request_choice(request, FIELD_SIDE);
    order->price = price;
    order->quantity = order->leaves = quantity;
    order->post_only = request_has(request, FIELD_POST_ONLY) && request->values[FIELD_POST_ONLY].flag;
    return order;
}

/* Trades an accepted order and lets the rest rest or expire. Owns the order. */
static void play(struct desk *desk, struct occasion *occasion, struct shelf_order *order, bool market, int tif) {
    bool possible = tif != REQUEST_FOK ||
                    shelf_available(&desk->shelf, order->side, order->price, order->quantity) >= order->quantity;
    report_accepted(desk, occasion, order, market, tif);
    if (possible) match(desk, occasion, order);
    if (order->leaves > 0 && tif == REQUEST_GTC) {
        shelf_place(&desk->shelf, order);
        return;
    }
    if (order->leaves > 0)
        report_end(desk, occasion, REPORT_EXPIRED, order, TEXT_NONE,
            tif == REQUEST_FOK ? REASON_FOK
            : market           ? REASON_NO_LIQUIDITY
                               : REASON_IOC);
    free(order);
}

static void answer_new(struct desk *desk, struct occasion *occasion, const struct request *request) {
    bool market = request_choice(request, FIELD_ORDER_TYPE) == REQUEST_MARKET;
    int tif = request_choice(request, FIELD_TIME_IN_FORCE);
    if (tif == -1) tif = market ? REQUEST_IOC : REQUEST_GTC;
    int64_t price = 0, quantity = 0;
    enum reason reason = read_amounts(request, !market, &price, &quantity);
    if (reason != REASON_NONE) {
        desk_reject(desk, occasion, request, reason);
        return;
    }
    struct shelf_order *order =
        order_from(request, market ? any_price(request_choice(request, FIELD_SIDE)) : price, quantity);
    reason = refusal_of_new(desk, request, order, tif == REQUEST_GTC);
    if (reason != REASON_NONE) {
        desk_reject(desk, occasion, request, reason);
        free(order);
        return;
    }
    play(desk, occasion, order, market, tif);
}

/* ---- cancel, modify */

static bool belongs_to(const struct shelf_order *order, struct text account) {
    return text_equal(shelf_text(&order->user_id), account);
}

static void leave_tombstone(struct desk *desk, const struct occasion *occasion, const struct request *request) {
    struct text account = request_text(request, FIELD_USER_ID), order_id = request_text(request, FIELD_ORDER_ID);
    if (order_id.size)
        ledger_write(&desk->ledger, LEDGER_CANCELLED_ORDER, account, order_id, occasion->offset, occasion->log_time_ms,
            TEXT_NONE, TEXT_NONE);
    else
        ledger_write(&desk->ledger, LEDGER_CANCELLED_CLIENT, account, request_text(request, FIELD_CLIENT_ORDER_ID),
            occasion->offset, occasion->log_time_ms, TEXT_NONE, TEXT_NONE);
}

/* The open order that a CANCEL or MODIFY means; NULL if its account has none such. */
static struct shelf_order *order_meant(const struct desk *desk, const struct request *request) {
    struct text account = request_text(request, FIELD_USER_ID), order_id = request_text(request, FIELD_ORDER_ID);
    struct shelf_order *order =
        order_id.size ? shelf_find(&desk->shelf, order_id)
                      : shelf_find_client(&desk->shelf, account, request_text(request, FIELD_CLIENT_ORDER_ID));
    return order && belongs_to(order, account) ? order : NULL;
}

/* Ends a resting order and frees it. */
static void end_order(struct desk *desk, struct occasion *occasion, struct shelf_order *order, struct text command_id,
    enum reason reason) {
    shelf_take(&desk->shelf, order);
    report_end(desk, occasion, REPORT_CANCELLED, order, command_id, reason);
    free(order);
}

static void answer_cancel(struct desk *desk, struct occasion *occasion, const struct request *request) {
    char made[ID_BYTES_MAX];
    struct shelf_order *order = order_meant(desk, request);
    if (order) {
        end_order(desk, occasion, order, command_id_of(request, occasion, made), REASON_USER);
        return;
    }
    leave_tombstone(desk, occasion, request);
    desk_reject(desk, occasion, request, REASON_UNKNOWN);
}

/* Gives an order its new price and total; it trades or queues anew unless it only shrinks or stays as it is. */
static void change_order(struct desk *desk, struct occasion *occasion, struct shelf_order *order, int64_t price,
    int64_t quantity, struct text command_id) {
    bool keeps = price == order->price && quantity <= order->quantity;
    if (!keeps) shelf_take(&desk->shelf, order);
    order->price = price;
    order->leaves = quantity - order->filled;
    order->quantity = quantity;
    report_modified(desk, occasion, order, command_id, keeps);
    if (keeps) return;
    match(desk, occasion, order);
    if (order->leaves > 0)
        shelf_place(&desk->shelf, order);
    else
        free(order);
}

static void answer_modify(struct desk *desk, struct occasion *occasion, const struct request *request) {
    char made[ID_BYTES_MAX];
    struct text command_id = command_id_of(request, occasion, made);
    int64_t price = 0, quantity = 0;
    enum reason reason = read_amounts(request, true, &price, &quantity);
    struct shelf_order *order = order_meant(desk, request);
    if (reason == REASON_NONE && !order) reason = REASON_UNKNOWN;
    if (reason != REASON_NONE) {
        desk_reject(desk, occasion, request, reason);
        return;
    }
    if (!request_has(request, FIELD_PRICE)) price = order->price;
    if (!request_has(request, FIELD_QUANTITY)) quantity = order->quantity;
    if (quantity <= order->filled)
        end_order(desk, occasion, order, command_id, REASON_REDUCED);
    else if (order->post_only && best_against(desk, order->side, price))
        desk_reject(desk, occasion, request, REASON_POST_ONLY);
    else
        change_order(desk, occasion, order, price, quantity, command_id);
}

/* Lists the orders of an account on a side, best price first, first in first out. */
static size_t orders_of(const struct shelf_side *side, struct text account, struct shelf_order **list) {
    size_t count = 0;
    for (size_t i = 0; i < side->count; i++)
        for (struct shelf_order *order = side->levels[i].first; order; order = order->next)
            if (belongs_to(order, account)) list[count++] = order;
    return count;
}

static void answer_cancel_all(struct desk *desk, struct occasion *occasion, const struct request *request) {
    char made[ID_BYTES_MAX];
    struct text account = request_text(request, FIELD_USER_ID), command_id = command_id_of(request, occasion, made);
    int only = request_choice(request, FIELD_SIDE);
    struct report done = {.type = REPORT_CANCEL_ALL_DONE,
        .command_id = command_id,
        .user_id = account,
        .side = only == -1 ? NULL : side_names[only]};
    struct shelf_order **list = reference_allocate(desk->shelf.open_orders * sizeof(struct shelf_order *));
    for (int side = REQUEST_BUY; side <= REQUEST_SELL; side++) {
        if (only != -1 && only != side) continue;
        size_t count = orders_of(&desk->shelf.sides[side], account, list);
        for (size_t i = 0; i < count; i++) end_order(desk, occasion, list[i], command_id, REASON_MASS);
        done.count += count;
    }
    free(list);
    desk_report(desk, occasion, &done);
}

/* ---- repeats */

static bool gives_an_order(const struct request *request) {
    return request->action == REQUEST_NEW || request->action == REQUEST_REPLACE;
}

/* The clientOrderId that is looked at beside the own id, and whose; absent where none is. */
static struct text client_id_checked(const struct request *request) {
    bool looked_at = gives_an_order(request) && request_text(request, FIELD_USER_ID).size;
    return looked_at ? request_text(request, FIELD_CLIENT_ORDER_ID) : TEXT_NONE;
}

/* Answers a record that says again what is in the ledger under `note`. */
static void answer_repeat(struct desk *desk, struct occasion *occasion, const struct request *request,
    const struct ledger_note *note, struct text content) {
    if (ledger_says(note, content))
        report_duplicate(desk, occasion, request, ledger_original(note));
    else
        desk_reject(desk, occasion, request, REASON_DUPLICATE_ID);
}

/* The oldest that the window holds of an id that this record carries again, NULL if it holds none; the record is
 * remembered in any case. */
static const struct ledger_note *note_before(
    struct desk *desk, const struct occasion *occasion, const struct request *request, struct text content) {
    struct text own = request_own_id(request), client = client_id_checked(request),
                account = request_text(request, FIELD_USER_ID);
    const struct ledger_note *note = ledger_find(&desk->ledger, LEDGER_OWN_ID, TEXT_NONE, own);
    if (!note && client.size) note = ledger_find(&desk->ledger, LEDGER_CLIENT_ORDER, account, client);
    ledger_write(&desk->ledger, LEDGER_OWN_ID, TEXT_NONE, own, occasion->offset, occasion->log_time_ms, content, own);
    if (client.size)
        ledger_write(
            &desk->ledger, LEDGER_CLIENT_ORDER, account, client, occasion->offset, occasion->log_time_ms, content, own);
    return note;
}

/* True if an open order has one of the ids that this command gives to a new one. */
static bool is_given(const struct desk *desk, const struct request *request) {
    struct text client = client_id_checked(request);
    return gives_an_order(request) &&
           (shelf_find(&desk->shelf, request_own_id(request)) ||
               (client.size && shelf_find_client(&desk->shelf, request_text(request, FIELD_USER_ID), client)));
}

/* Answers a record that gives an id a second time, and says whether it was one. */
static bool is_repeat(struct desk *desk, struct occasion *occasion, const struct request *request) {
    char bytes[REQUEST_CONTENT_BYTES];
    if (request_own_id(request).size == 0) return false;
    struct text content = {bytes, (uint32_t)request_content(request, bytes)};
    const struct ledger_note *note = note_before(desk, occasion, request, content);
    if (note)
        answer_repeat(desk, occasion, request, note, content);
    else if (is_given(desk, request))
        desk_reject(desk, occasion, request, REASON_DUPLICATE_ID);
    else
        return false;
    return true;
}

void desk_answer(struct desk *desk, struct occasion *occasion, const struct request *request) {
    ledger_move(&desk->ledger, occasion->offset, occasion->log_time_ms);
    if (is_repeat(desk, occasion, request)) return;
    enum reason fault = request_fault(request);
    if (fault != REASON_NONE) {
        desk_reject(desk, occasion, request, fault);
        return;
    }
    switch (request->action) {
    case REQUEST_NEW: answer_new(desk, occasion, request); break;
    case REQUEST_CANCEL: answer_cancel(desk, occasion, request); break;
    case REQUEST_MODIFY: answer_modify(desk, occasion, request); break;
    case REQUEST_CANCEL_ALL: answer_cancel_all(desk, occasion, request); break;
    default: fprintf(stderr, "reference book: an unsupported action passed its checks\n"); abort();
    }
}
