/* Reading a book: its events made complete, its levels, its orders. */
#include "core/book_inside.h"

static void view_ids(const struct book *book, uint32_t slot, const struct command *command, struct event *event) {
    if (slot) {
        struct order_texts texts = order_texts(book->arena, slot);
        event->order_id = texts.order_id;
        event->client_order_id = texts.client_order_id;
        event->user_id = texts.user_id;
    } else {
        event->order_id = command->order_id;
        event->client_order_id = command->client_order_id;
        event->user_id = command->user_id;
    }
}

/* An order that ended whole still has no record: it had so many lots. */
static void write_ended(const struct book *book, uint32_t slot, int64_t quantity_lots) {
    const struct order *order = &book->orders[slot];
    if (order->unwritten && !order->leaves_lots) order_write_request(book->arena, slot, quantity_lots);
}

static void view_party(const struct book *book, uint32_t slot, int64_t leaves_lots, struct event_party *party) {
    struct order_texts texts = order_texts(book->arena, slot);
    *party = (struct event_party){
        texts.order_id, texts.client_order_id, texts.user_id, leaves_lots, book_filled(book, slot, leaves_lots)};
}

/* Of the command's own order while it has no slot, when so much of it is left. */
static int64_t filled_of_command(const struct book *book, int64_t leaves_lots) {
    return book->run.quantity_lots - leaves_lots;
}

/* FILL and PREVENTED. */
static void view_match(
    const struct book *book, const struct command *command, const struct book_event *e, struct event *event) {
    event->side = e->flags & BOOK_EVENT_UNCROSS ? SIDE_NONE : e->flags & BOOK_EVENT_SELL ? SIDE_SELL : SIDE_BUY;
    event->has_price = true;
    if (e->type == EVENT_FILL)
        event->trade_id = book->trades - (uint32_t)((uint32_t)book->trades - e->trade);
    else
        event->self_trade = e->detail;
    write_ended(book, e->maker_slot, e->quantity_lots + e->rest);
    view_party(book, e->maker_slot, e->rest, &event->maker);
    if (e->order_slot)
        view_party(book, e->order_slot, e->leaves_lots, &event->taker);
    else
        event->taker = (struct event_party){command->order_id, command->client_order_id, command->user_id,
            e->leaves_lots, filled_of_command(book, e->leaves_lots)};
}

static struct text list_id_of(const struct book *book, uint32_t slot) {
    if (!slot || !book->orders[slot].special || !book_extra(book, slot)->group) return TEXT_NONE;
    const struct order_group *group = book_group(book, book_extra(book, slot));
    return (struct text){group->list_id, group->list_id_bytes};
}

static void view_accepted(const struct book *book, const struct book_event *e, struct event *event) {
    event->side = e->detail & 1;
    event->order_type = e->detail >> 1 & 7;
    event->time_in_force = e->detail >> 4;
    event->list_id = list_id_of(book, e->order_slot);
}

static void view_end(const struct book *book, const struct book_event *e, struct event *event) {
    event->cumulative_lots =
        e->order_slot ? book_filled(book, e->order_slot, e->leaves_lots) : filled_of_command(book, e->leaves_lots);
}

static void view_refused(
    const struct book *book, const struct book_input *input, const struct book_event *e, struct event *event) {
    if (e->order_slot) { /* a list's child at its entry */
        event->list_id = list_id_of(book, e->order_slot);
        return;
    }
    event->command_id = input->command->command_id;
    if (input->command->action == ACTION_LIST) event->list_id = input->command->list_id;
    if (e->type == EVENT_DUPLICATE) event->original_order_id = input->original_order_id;
}

static void view_cancel_all_done(const struct command *command, const struct book_event *e, struct event *event) {
    event->order_id = event->client_order_id = TEXT_NONE;
    event->command_id = command->command_id;
    event->side = command->side;
    event->count = (uint64_t)e->rest;
}

static void view_triggered(const struct book_event *e, struct event *event) {
    event->price_ticks = 0;
    event->last_price_ticks = e->price_ticks;
    event->has_last_price = true;
}

static void view_state(const struct book_event *e, struct event *event) {
    event->state = trading_state_name(e->detail);
    event->price_ticks = event->quantity_lots = 0;
    event->has_indicative = e->flags & BOOK_EVENT_INDICATIVE;
    event->indicative_price_ticks = e->price_ticks;
    event->indicative_quantity_lots = e->quantity_lots;
}

static void view_stop_price(const struct book_event *e, struct event *event) {
    event->has_stop_price = e->rest != 0;
    event->stop_price_ticks = e->rest;
}

static void view_of_order(
    const struct book *book, const struct book_input *input, const struct book_event *e, struct event *event) {
    const struct command *command = input->command;
    if (e->order_slot) write_ended(book, e->order_slot, e->leaves_lots);
    view_ids(book, e->order_slot, command, event);
    if (e->flags & BOOK_EVENT_BY_COMMAND) event->command_id = command->command_id;
    switch (e->type) {
    case EVENT_ACCEPTED:
        event->has_price = e->price_ticks != 0;
        view_stop_price(e, event);
        view_accepted(book, e, event);
        break;
    case EVENT_REJECTED:
    case EVENT_DUPLICATE: view_refused(book, input, e, event); break;
    case EVENT_CANCELLED:
    case EVENT_EXPIRED: view_end(book, e, event); break;
    case EVENT_CANCEL_ALL_DONE: view_cancel_all_done(command, e, event); break;
    case EVENT_MODIFIED:
        event->has_price = e->price_ticks != 0;
        event->kept_priority = e->flags & BOOK_EVENT_KEPT_PRIORITY;
        view_stop_price(e, event);
        break;
    case EVENT_TRIGGERED:
        view_stop_price(e, event);
        view_triggered(e, event);
        break;
    default: break;
    }
}

static void view(
    const struct book *book, const struct book_input *input, const struct book_event *e, struct event *event) {
    *event = (struct event){.type = e->type,
        .side = SIDE_NONE,
        .order_type = ORDER_TYPE_NONE,
        .time_in_force = TIF_NONE,
        .reason = e->reason,
        .fseq = e->fseq,
        .hash = e->hash,
        .price_ticks = e->price_ticks,
        .quantity_lots = e->quantity_lots,
        .leaves_lots = e->leaves_lots,
        .instrument = book->instrument};
    switch (e->type) {
    case EVENT_CONTROL: break;
    case EVENT_STATE: view_state(e, event); break;
    case EVENT_FILL:
    case EVENT_PREVENTED: view_match(book, input->command, e, event); break;
    default: view_of_order(book, input, e, event);
    }
}

void book_view(
    const struct book *book, const struct book_input *input, const struct book_event *e, struct event *event) {
    if (input->kind != BOOK_REQUEST) {
        view(book, input, e, event);
        return;
    }
    struct command command;
    struct book_input general = *input;
    request_to_command(input->request, &command);
    general.command = &command;
    view(book, &general, e, event);
}

uint64_t book_fseq(const struct book *book) { return book->fseq; }

uint64_t book_hash(const struct book *book) { return book->hash; }

uint64_t book_open_orders(const struct book *book) { return book->open_orders; }

bool book_last_price(const struct book *book, int64_t *price_ticks) {
    *price_ticks = book->last_price_ticks;
    return book->has_last_price;
}

uint32_t book_levels(
    const struct book *book, enum side side, int64_t after_price_ticks, struct depth_level *levels, uint32_t count) {
    const struct ladder *ladder = &book->ladders[side];
    uint64_t key =
        after_price_ticks ? ladder_next(ladder, book->arena, ladder_key(side, after_price_ticks)) : ladder->best;
    uint32_t n = 0;
    for (; n < count && key != LADDER_EMPTY; key = ladder_next(ladder, book->arena, key))
        levels[n++] = (struct depth_level){ladder_price(side, key), ladder_find(ladder, book->arena, key)->total_lots};
    return n;
}

uint64_t book_state_hash(const struct book *book) {
    uint64_t last = book->has_last_price ? (uint64_t)book->last_price_ticks : 0;
    return rolling_add(book->orders_hash, &(struct rolling_input){.type = book->state,
                                              .fseq = book->fseq,
                                              .src_offset = book->hash,
                                              .price_ticks = last,
                                              .quantity_lots = book->open_orders,
                                              .leaves_lots = book->trades});
}

static uint32_t first_of_side(const struct book *book, enum side side) {
    const struct ladder *ladder = &book->ladders[side];
    return ladder->best == LADDER_EMPTY ? 0 : ladder_find(ladder, book->arena, ladder->best)->head;
}

static uint32_t slot_behind(const struct book *book, uint32_t slot) {
    const struct order *order = &book->orders[slot];
    const struct ladder *ladder = &book->ladders[order->side];
    if (book_place(book, slot) != PLACE_LEVEL) return book_extra(book, slot)->wait_next;
    if (order->next) return order->next;
    uint64_t key = ladder_next(ladder, book->arena, ladder_key(order->side, (int64_t)order->price_ticks));
    return key == LADDER_EMPTY ? 0 : ladder_find(ladder, book->arena, key)->head;
}

static void view_order(const struct book *book, uint32_t slot, struct event *event) {
    const struct order *order = &book->orders[slot];
    int64_t leaves_lots = book_leaves(book, slot);
    *event = (struct event){.type = EVENT_ACCEPTED,
        .side = order->side,
        .order_type = order->order_type,
        .time_in_force = order->time_in_force,
        .has_price = order->price_ticks != 0,
        .price_ticks = (int64_t)order->price_ticks,
        .quantity_lots = order_record_of(book->arena, slot)->quantity_lots,
        .leaves_lots = leaves_lots,
        .cumulative_lots = book_filled(book, slot, leaves_lots),
        .list_id = list_id_of(book, slot),
        .instrument = book->instrument};
    view_ids(book, slot, NULL, event);
    if (!order->special) return;
    event->stop_price_ticks = book_extra(book, slot)->stop_price_ticks;
    event->has_stop_price = event->stop_price_ticks != 0;
}

/* Behind both sides come the waiting stops. */
bool book_next_order(const struct book *book, struct book_cursor *cursor, struct event *order) {
    uint32_t slot = cursor->slot      ? slot_behind(book, cursor->slot)
                    : cursor->started ? 0
                                      : first_of_side(book, SIDE_BUY);
    cursor->started = true;
    if (!slot && cursor->side == SIDE_BUY) {
        cursor->side = SIDE_SELL;
        slot = first_of_side(book, SIDE_SELL);
    }
    if (!slot && cursor->side == SIDE_SELL) {
        cursor->side = SIDE_NONE;
        slot = book->specials ? book->specials->wait_first : 0;
    }
    cursor->slot = slot;
    if (slot) view_order(book, slot, order);
    return slot != 0;
}
