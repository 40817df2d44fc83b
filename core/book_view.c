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

static void view_party(const struct book *book, uint32_t slot, int64_t leaves_lots, struct event_party *party) {
    struct order_texts texts = order_texts(book->arena, slot);
    *party = (struct event_party){
        texts.order_id, texts.client_order_id, texts.user_id, leaves_lots, book_filled(book, slot, leaves_lots)};
}

/* Of the command's own order, when so much of it is left. */
static int64_t filled_of_command(const struct book *book, int64_t leaves_lots) {
    return book->run.quantity_lots - leaves_lots;
}

static void view_fill(
    const struct book *book, const struct command *command, const struct book_event *e, struct event *event) {
    event->side = e->flags & BOOK_EVENT_SELL ? SIDE_SELL : SIDE_BUY;
    event->has_price = true;
    event->trade_id = book->trades - (uint32_t)((uint32_t)book->trades - e->trade);
    view_party(book, e->maker_slot, e->rest, &event->maker);
    if (e->order_slot)
        view_party(book, e->order_slot, e->leaves_lots, &event->taker);
    else
        event->taker = (struct event_party){command->order_id, command->client_order_id, command->user_id,
            e->leaves_lots, filled_of_command(book, e->leaves_lots)};
}

static void view_accepted(const struct book *book, struct event *event) {
    event->side = book->run.side;
    event->order_type = book->run.order_type;
    event->time_in_force = book->run.time_in_force;
    event->has_price = book->run.order_type == ORDER_LIMIT;
}

static void view_end(const struct book *book, const struct book_event *e, struct event *event) {
    event->cumulative_lots =
        e->order_slot ? book_filled(book, e->order_slot, e->leaves_lots) : filled_of_command(book, e->leaves_lots);
}

static void view_by_type(
    const struct book *book, const struct book_input *input, const struct book_event *e, struct event *event) {
    const struct command *command = input->command;
    if (e->type == EVENT_FILL) {
        view_fill(book, command, e, event);
        return;
    }
    view_ids(book, e->order_slot, command, event);
    if (e->flags & BOOK_EVENT_BY_COMMAND || e->type == EVENT_REJECTED || e->type == EVENT_DUPLICATE)
        event->command_id = command->command_id;
    switch (e->type) {
    case EVENT_ACCEPTED: view_accepted(book, event); break;
    case EVENT_DUPLICATE: event->original_order_id = input->original_order_id; break;
    case EVENT_CANCELLED:
    case EVENT_EXPIRED: view_end(book, e, event); break;
    case EVENT_CANCEL_ALL_DONE:
        event->order_id = event->client_order_id = TEXT_NONE;
        event->command_id = command->command_id;
        event->side = command->side;
        event->count = (uint64_t)e->rest;
        break;
    case EVENT_MODIFIED:
        event->has_price = true;
        event->kept_priority = e->flags & BOOK_EVENT_KEPT_PRIORITY;
        break;
    default: break;
    }
}

void book_view(
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
    if (e->type != EVENT_CONTROL) view_by_type(book, input, e, event);
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

static uint32_t first_of_side(const struct book *book, enum side side) {
    const struct ladder *ladder = &book->ladders[side];
    return ladder->best == LADDER_EMPTY ? 0 : ladder_find(ladder, book->arena, ladder->best)->head;
}

static uint32_t slot_behind(const struct book *book, uint32_t slot) {
    const struct order *order = &book->orders[slot];
    const struct ladder *ladder = &book->ladders[order->side];
    if (order->next) return order->next;
    uint64_t key = ladder_next(ladder, book->arena, ladder_key(order->side, (int64_t)order->price_ticks));
    return key == LADDER_EMPTY ? 0 : ladder_find(ladder, book->arena, key)->head;
}

static void view_order(const struct book *book, uint32_t slot, struct event *event) {
    const struct order *order = &book->orders[slot];
    *event = (struct event){.type = EVENT_ACCEPTED,
        .side = order->side,
        .order_type = ORDER_LIMIT,
        .time_in_force = order->time_in_force,
        .has_price = true,
        .price_ticks = (int64_t)order->price_ticks,
        .quantity_lots = book->records[slot].quantity_lots,
        .leaves_lots = (int64_t)order->leaves_lots,
        .cumulative_lots = book_filled(book, slot, (int64_t)order->leaves_lots),
        .instrument = book->instrument};
    view_ids(book, slot, NULL, event);
}

bool book_next_order(const struct book *book, struct book_cursor *cursor, struct event *order) {
    uint32_t slot = cursor->slot      ? slot_behind(book, cursor->slot)
                    : cursor->started ? 0
                                      : first_of_side(book, SIDE_BUY);
    cursor->started = true;
    if (!slot && cursor->side == SIDE_BUY) {
        cursor->side = SIDE_SELL;
        slot = first_of_side(book, SIDE_SELL);
    }
    cursor->slot = slot;
    if (slot) view_order(book, slot, order);
    return slot != 0;
}
