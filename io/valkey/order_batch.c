#include "io/valkey/order_batch.h"

#include "core/rolling_hash.h"

#include <stdlib.h>

struct order_batch *order_batch_open(void) {
    struct order_batch *batch = calloc(1, sizeof *batch);
    if (batch && !ops_init(&batch->fills, BATCH_FILL_BYTES_MAX)) {
        free(batch);
        batch = NULL;
    }
    return batch;
}

void order_batch_close(struct order_batch *batch) {
    if (!batch) return;
    ops_deinit(&batch->fills);
    free(batch);
}

void order_batch_clear(struct order_batch *batch, bool is_refill) {
    batch->is_refill = is_refill;
    batch->first = batch->last = batch->last_hash = 0;
    batch->event_count = batch->fill_count = batch->order_count = 0;
    ops_clear(&batch->fills);
    memset(batch->slots, 0, sizeof batch->slots);
}

bool order_batch_has_room(const struct order_batch *batch) {
    return batch->order_count + 2 <= BATCH_ORDERS_MAX && ops_room(&batch->fills) >= EVENT_BYTES_MAX + 64;
}

size_t order_batch_bytes(const struct order_batch *batch) {
    return batch->fills.size + batch->order_count * sizeof batch->orders[0];
}

/* ---------------------------------------------------------------- orders */

static struct text change_id(const struct order_change *change) {
    return (struct text){change->order_id, change->order_id_bytes};
}

/* The slot of the id, or the empty one where it would go. */
static uint16_t *find_slot(struct order_batch *batch, struct text id) {
    uint32_t at = (uint32_t)(rolling_id(id) >> 32) & (BATCH_SLOTS - 1);
    while (batch->slots[at] && !text_equal(change_id(&batch->orders[batch->slots[at] - 1]), id))
        at = (at + 1) & (BATCH_SLOTS - 1);
    return &batch->slots[at];
}

static uint8_t copy_id(char *to, struct text id) {
    if (id.size > ID_BYTES_MAX) return 0; /* no decoder of ours lets one through */
    if (id.size) memcpy(to, id.data, id.size);
    return (uint8_t)id.size;
}

/* An empty change of this order: a further one, or in place of what *slot has. */
static struct order_change *start_change(struct order_batch *batch, uint16_t *slot, struct text id, enum batch_op op) {
    if (!*slot) *slot = (uint16_t)++batch->order_count;
    struct order_change *change = &batch->orders[*slot - 1];
    *change = (struct order_change){.op = (uint8_t)op, .side = SIDE_NONE};
    change->order_id_bytes = copy_id(change->order_id, id);
    return change;
}

static bool is_usable(struct text id) { return id.size > 0 && id.size <= ID_BYTES_MAX; }

/* The change so far of an order that is there, or a new OP_CHANGE. (A rejected record of the same id was another's.) */
static struct order_change *get_change(struct order_batch *batch, struct text id) {
    uint16_t *slot = find_slot(batch, id);
    bool is_there = *slot && batch->orders[*slot - 1].op != OP_REJECTED;
    return is_there ? &batch->orders[*slot - 1] : start_change(batch, slot, id, OP_CHANGE);
}

static void set_owner(struct order_change *change, struct text user_id, struct text client_order_id) {
    if (user_id.size && !change->user_id_bytes) change->user_id_bytes = copy_id(change->user_id, user_id);
    if (client_order_id.size && !change->client_order_id_bytes)
        change->client_order_id_bytes = copy_id(change->client_order_id, client_order_id);
}

static void set_time(struct order_change *change, const struct event *event) {
    change->fseq = event->fseq;
    change->timestamp_ms = event->timestamp_ms;
    change->has_timestamp = true;
}

static void set_price(struct order_change *change, const struct event *event) {
    if (!event->has_price) return;
    change->price_ticks = event->price_ticks;
    change->tick = event->instrument.tick;
    change->has_price = true;
}

static void set_quantity(struct order_change *change, const struct event *event) {
    change->quantity_lots = event->quantity_lots;
    change->lot = event->instrument.lot;
    change->has_quantity = true;
}

static void set_amounts(
    struct order_change *change, const struct event *event, int64_t leaves_lots, int64_t cumulative_lots) {
    change->leaves_lots = leaves_lots;
    change->cumulative_lots = cumulative_lots;
    change->lot = event->instrument.lot;
    change->has_leaves = change->has_cumulative = true;
}

static struct order_change *add_new(struct order_batch *batch, const struct event *event, enum batch_op op) {
    struct order_change *change = start_change(batch, find_slot(batch, event->order_id), event->order_id, op);
    set_owner(change, event->user_id, event->client_order_id);
    set_time(change, event);
    set_price(change, event);
    set_quantity(change, event);
    set_amounts(change, event, event->leaves_lots, event->cumulative_lots);
    change->side = event->side;
    change->status = ORDER_ACCEPTED;
    return change;
}

/* A rejected order is told under its id only if no order has it ; a rejected cancel or modify (they have a
 * commandId) is not about the order's state. */
static void add_rejected(struct order_batch *batch, const struct event *event) {
    if (!is_usable(event->order_id) || event->command_id.size) return;
    uint16_t *slot = find_slot(batch, event->order_id);
    if (*slot) return;
    struct order_change *change = start_change(batch, slot, event->order_id, OP_REJECTED);
    set_owner(change, event->user_id, event->client_order_id);
    set_time(change, event);
    change->reason = event->reason;
    change->status = ORDER_REJECTED;
}

static void add_ended(struct order_batch *batch, const struct event *event, enum order_status status) {
    if (!is_usable(event->order_id)) return;
    struct order_change *change = get_change(batch, event->order_id);
    set_owner(change, event->user_id, event->client_order_id);
    set_time(change, event);
    set_amounts(change, event, event->leaves_lots, event->cumulative_lots);
    change->reason = event->reason;
    change->status = (uint8_t)status;
}

static void add_modified(struct order_batch *batch, const struct event *event) {
    if (!is_usable(event->order_id)) return;
    struct order_change *change = get_change(batch, event->order_id);
    set_owner(change, event->user_id, event->client_order_id);
    set_time(change, event);
    set_price(change, event);
    set_quantity(change, event);
    change->leaves_lots = event->leaves_lots;
    change->has_leaves = true;
}

static struct order_change *add_party(
    struct order_batch *batch, const struct event *event, const struct event_party *party) {
    if (!is_usable(party->order_id)) return NULL;
    struct order_change *change = get_change(batch, party->order_id);
    set_owner(change, party->user_id, party->client_order_id);
    set_time(change, event);
    set_amounts(change, event, party->leaves_lots, party->cumulative_lots);
    return change;
}

/* In a refill the order's ACCEPTED may lie before what is read: a fill tells its side, and a maker's price. That of an
 * auction names the buyer taker and is at nobody's own price. */
static void add_what_fill_tells(struct order_change *change, const struct event *event, bool is_maker) {
    if (change->op != OP_CHANGE) return;
    bool is_auction = event->side == SIDE_NONE, taker_buys = is_auction || event->side == SIDE_BUY;
    change->side = taker_buys == is_maker ? SIDE_SELL : SIDE_BUY;
    if (!is_maker || is_auction || change->has_price) return;
    change->price_ticks = event->price_ticks;
    change->tick = event->instrument.tick;
    change->has_price = true;
}

/* What self-trade prevention took off to the last lot has ended by that. */
static void add_prevented(struct order_batch *batch, const struct event *event, const struct event_party *party) {
    struct order_change *change = add_party(batch, event, party);
    if (!change || party->leaves_lots) return;
    change->status = ORDER_EXPIRED;
    change->reason = REASON_SELF_TRADE;
}

static void add_filled(struct order_batch *batch, const struct event *event, bool is_maker) {
    const struct event_party *party = is_maker ? &event->maker : &event->taker;
    struct order_change *change = add_party(batch, event, party);
    if (!change) return;
    change->status = party->leaves_lots ? ORDER_PARTIALLY_FILLED : ORDER_FILLED;
    if (batch->is_refill) add_what_fill_tells(change, event, is_maker);
}

/* ---------------------------------------------------------------- fills */

/* "<fseq>-0" */
static void put_stream_id(struct ops *ops, uint64_t fseq) {
    char id[24];
    uint32_t at = sizeof id - 2;
    memcpy(id + at, "-0", 2);
    for (; fseq; fseq /= 10) id[--at] = (char)('0' + fseq % 10);
    ops_text(ops, (struct text){id + at, (uint32_t)sizeof id - at});
}

static void add_fill(struct order_batch *batch, const struct event *event, struct text bytes) {
    ops_number(&batch->fills, OP_FILL);
    ops_number(&batch->fills, event->fseq);
    put_stream_id(&batch->fills, event->fseq);
    ops_text(&batch->fills, bytes);
    batch->last_fill = (struct last_fill){.fseq = event->fseq,
        .trade_id = event->trade_id,
        .price_ticks = event->price_ticks,
        .quantity_lots = event->quantity_lots,
        .timestamp_ms = event->timestamp_ms,
        .tick = event->instrument.tick,
        .lot = event->instrument.lot,
        .taker_side = event->side};
    batch->fill_count++;
    add_filled(batch, event, false);
    add_filled(batch, event, true);
}

/* ---------------------------------------------------------------- events */

static void add_event(struct order_batch *batch, const struct event *event, struct text bytes) {
    switch ((enum event_type)event->type) {
    case EVENT_ACCEPTED:
        if (is_usable(event->order_id)) add_new(batch, event, OP_NEW);
        break;
    case EVENT_REJECTED: add_rejected(batch, event); break;
    case EVENT_FILL: add_fill(batch, event, bytes); break;
    case EVENT_PREVENTED:
        add_prevented(batch, event, &event->taker);
        add_prevented(batch, event, &event->maker);
        break;
    case EVENT_CANCELLED: add_ended(batch, event, ORDER_CANCELLED); break;
    case EVENT_EXPIRED: add_ended(batch, event, ORDER_EXPIRED); break;
    case EVENT_MODIFIED: add_modified(batch, event); break;
    default: break; /* changes no order; its number still counts */
    }
}

void order_batch_add(struct order_batch *batch, const struct event *event, struct text bytes) {
    add_event(batch, event, bytes);
    if (!batch->first) batch->first = event->fseq;
    batch->last = event->fseq;
    batch->last_hash = event->hash;
    batch->event_count++;
}

void order_batch_add_open(struct order_batch *batch, const struct event *order, uint64_t fseq) {
    if (!is_usable(order->order_id)) return;
    struct order_change *change = add_new(batch, order, OP_OPEN);
    change->fseq = fseq;
    change->has_timestamp = order->timestamp_ms > 0;
    if (order->cumulative_lots > 0) change->status = ORDER_PARTIALLY_FILLED;
    batch->event_count++;
}

/* ---------------------------------------------------------------- encoding */

static const struct text status_names[] = {{NULL, 0}, {"ACCEPTED", 8}, {"PARTIALLY_FILLED", 16}, {"FILLED", 6},
    {"CANCELLED", 9}, {"EXPIRED", 7}, {"REJECTED", 8}};

static bool is_end(uint8_t status) { return status >= ORDER_FILLED; }

static void put_units(struct ops *ops, struct text name, int64_t units, struct decimal_unit unit) {
    char out[40];
    ops_text(ops, name);
    ops_text(ops, (struct text){out, (uint32_t)decimal_format(units, unit, out)});
}

static void put_pair(struct ops *ops, struct text name, struct text value) {
    ops_text(ops, name);
    ops_text(ops, value);
}

/* Names and values; the script takes the timestamp from the first pair. */
static void put_pairs(struct ops *ops, const struct order_change *change) {
    if (change->has_timestamp) {
        ops_text(ops, TEXT("timestamp"));
        ops_decimal_text(ops, (uint64_t)change->timestamp_ms);
    }
    ops_text(ops, TEXT("fseq"));
    ops_decimal_text(ops, change->fseq);
    if (change->status) put_pair(ops, TEXT("status"), status_names[change->status]);
    if (change->side != SIDE_NONE) put_pair(ops, TEXT("side"), side_name((enum side)change->side));
    if (change->has_price) put_units(ops, TEXT("price"), change->price_ticks, change->tick);
    if (change->has_quantity) put_units(ops, TEXT("quantity"), change->quantity_lots, change->lot);
    if (change->has_leaves) put_units(ops, TEXT("leaves"), change->leaves_lots, change->lot);
    if (change->has_cumulative) put_units(ops, TEXT("cumulative"), change->cumulative_lots, change->lot);
    if (change->reason) put_pair(ops, TEXT("reason"), reason_name((enum reason)change->reason));
}

static uint32_t count_pairs(const struct order_change *change) {
    return 1u + change->has_timestamp + (change->status != 0) + (change->side != SIDE_NONE) + change->has_price +
           change->has_quantity + change->has_leaves + change->has_cumulative + (change->reason != 0);
}

static void put_order(struct ops *ops, const struct order_change *change) {
    ops_number(ops, change->op);
    ops_number(ops, change->fseq);
    ops_number(ops, change->reason == REASON_DUPLICATE_ID ? 2 : is_end(change->status));
    ops_text(ops, change_id(change));
    ops_text(ops, (struct text){change->user_id, change->user_id_bytes});
    ops_text(ops, (struct text){change->client_order_id, change->client_order_id_bytes});
    ops_number(ops, 2 * count_pairs(change));
    put_pairs(ops, change);
}

/* An auction's fill has no taker's side; the script then takes away the one that is there. */
static void put_last(struct ops *ops, const struct last_fill *last) {
    bool has_side = last->taker_side != SIDE_NONE;
    ops_number(ops, OP_LAST);
    ops_number(ops, last->fseq);
    ops_number(ops, has_side ? 12 : 10);
    put_units(ops, TEXT("price"), last->price_ticks, last->tick);
    put_units(ops, TEXT("quantity"), last->quantity_lots, last->lot);
    if (has_side) put_pair(ops, TEXT("takerSide"), side_name((enum side)last->taker_side));
    ops_text(ops, TEXT("tradeId"));
    ops_decimal_text(ops, last->trade_id);
    ops_text(ops, TEXT("fseq"));
    ops_decimal_text(ops, last->fseq);
    ops_text(ops, TEXT("timestamp"));
    ops_decimal_text(ops, (uint64_t)last->timestamp_ms);
}

void order_batch_encode(const struct order_batch *batch, struct ops *ops) {
    ops_append(ops, &batch->fills);
    if (batch->fill_count) put_last(ops, &batch->last_fill);
    for (uint32_t i = 0; i < batch->order_count; i++) put_order(ops, &batch->orders[i]);
}
