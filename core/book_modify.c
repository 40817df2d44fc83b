/* MODIFY: of an order at rest, in place or as a taker, and of a stop that waits. */
#include "core/book_inside.h"

static bool is_waiting_stop(const struct book *book, uint32_t slot) {
    enum order_place place = book_place(book, slot);
    return place == PLACE_STOP || place == PLACE_TRAILING;
}

/* True if the order has no such price or time to modify. */
static bool is_combination_invalid(const struct book *book, uint32_t slot, const struct command *command) {
    const struct order *order = &book->orders[slot];
    bool has_stop = book_place(book, slot) == PLACE_STOP;
    return (command->price.state != DECIMAL_ABSENT && !order->price_ticks) ||
           (command->stop_price.state != DECIMAL_ABSENT && !has_stop) ||
           (command->has_expire_time && order->time_in_force != TIF_GTD);
}

static struct book_terms terms_of(const struct book *book, uint32_t slot) {
    const struct order *order = &book->orders[slot];
    struct book_terms terms = {.price_ticks = (int64_t)order->price_ticks,
        .quantity_lots = (int64_t)order_record_of(book->arena, slot)->quantity_lots};
    if (!order->special) return terms;
    terms.stop_price_ticks = book_extra(book, slot)->stop_price_ticks;
    terms.expire_time_ms = book_extra(book, slot)->expire_time_ms;
    return terms;
}

/* Checks up to HALTED and CLOSED; price times quantity only of an order that is there, the least only if it stays. */
static enum reason check_values(const struct book *book, const struct book_input *input, const struct book_terms *new,
    bool is_there, int64_t leaves_lots) {
    if (new->reason != REASON_NONE) return new->reason;
    if (input->command->has_expire_time && input->command->expire_time_ms <= input->log_time_ms)
        return REASON_OUT_OF_RANGE;
    if (is_there && book_is_notional_too_large(new->price_ticks, new->quantity_lots)) return REASON_OUT_OF_RANGE;
    if (leaves_lots > 0 && book_is_notional_too_small(book, new->price_ticks, new->quantity_lots))
        return REASON_MIN_NOTIONAL;
    return book->state == TRADING_STATE_HALTED   ? REASON_HALTED
           : book->state == TRADING_STATE_CLOSED ? REASON_CLOSED
                                                 : REASON_NONE;
}

/* What the market says to an order that stays open. */
static enum reason check_market(const struct book *book, uint32_t slot, int64_t price_ticks) {
    const struct order *order = &book->orders[slot];
    bool is_other_price = price_ticks != (int64_t)order->price_ticks;
    if (is_other_price && order->order_type == ORDER_LIMIT && book_is_out_of_band(book, price_ticks))
        return REASON_PRICE_BAND;
    return order->post_only && book_crosses(book, order->side, price_ticks) ? REASON_POST_ONLY : REASON_NONE;
}

static void answer_modified(struct book *book, struct book_output *out, uint32_t slot, const struct book_terms *new,
    int64_t leaves_lots, int64_t stop_price_ticks, bool kept_priority) {
    book_answer(book, out,
        (struct book_event){.type = EVENT_MODIFIED,
            .flags = BOOK_EVENT_BY_COMMAND | (kept_priority ? BOOK_EVENT_KEPT_PRIORITY : 0),
            .order_slot = slot,
            .price_ticks = new->price_ticks,
            .quantity_lots = new->quantity_lots,
            .leaves_lots = leaves_lots,
            .rest = stop_price_ticks},
        book->orders[slot].id_hash, 0);
}

/* An order keeps its place in the time at which it ends if that stays. */
static void set_expire_time(struct book *book, uint32_t slot, int64_t expire_time_ms) {
    if (!book->orders[slot].special) return;
    struct order_extra *extra = book_extra(book, slot);
    if (extra->expire_time_ms == expire_time_ms) return;
    book_remove_time(book, slot);
    extra->expire_time_ms = expire_time_ms;
    book_add_time(book, slot);
}

/* The same price and not more than before: the order stays where it is; an iceberg gives up reserve first. */
static void modify_in_place(
    struct book *book, struct book_output *out, uint32_t slot, const struct book_terms *new, int64_t leaves_lots) {
    struct order *order = &book->orders[slot];
    enum side side = order->side;
    int64_t less = book_leaves(book, slot) - leaves_lots;
    book_forget(book, slot);
    order_record_of(book->arena, slot)->quantity_lots = (uint64_t)new->quantity_lots;
    set_expire_time(book, slot, new->expire_time_ms);
    if (order->special && less) {
        struct order_extra *extra = book_extra(book, slot);
        int64_t hidden = extra->reserve_lots < less ? extra->reserve_lots : less;
        extra->reserve_lots -= hidden;
        less -= hidden;
    }
    order->leaves_lots -= (uint64_t)less;
    book_remember(book, slot);
    if (less) {
        struct level *level = ladder_get(&book->ladders[side], book->arena, ladder_key(side, new->price_ticks));
        level->total_lots -= less;
        book_note_level(out, side, new->price_ticks, level->total_lots);
    }
    answer_modified(book, out, slot, new, leaves_lots, 0, true);
    book->run.phase = BOOK_IDLE;
}

/* Takes the order out and lets it come in again as a taker. */
static void modify_and_match(
    struct book *book, struct book_output *out, uint32_t slot, const struct book_terms *new, int64_t leaves_lots) {
    struct order *order = &book->orders[slot];
    book_unlink(book, out, slot);
    order_record_of(book->arena, slot)->quantity_lots = (uint64_t)new->quantity_lots;
    order->leaves_lots = (uint64_t)leaves_lots;
    order->price_ticks = (uint64_t)new->price_ticks;
    set_expire_time(book, slot, new->expire_time_ms);
    answer_modified(book, out, slot, new, leaves_lots, 0, false);
    book_start_taker(book, slot);
}

/* A stop that waits is changed, and its trigger tested again. */
static void modify_waiting(
    struct book *book, struct book_output *out, uint32_t slot, const struct book_terms *new, int64_t leaves_lots) {
    struct order *order = &book->orders[slot];
    struct order_extra *extra = book_extra(book, slot);
    bool is_moved = new->stop_price_ticks != extra->stop_price_ticks, has_stop = extra->place == PLACE_STOP;
    if (is_moved)
        book_unwait(book, slot);
    else
        book_forget(book, slot);
    order_record_of(book->arena, slot)->quantity_lots = (uint64_t)new->quantity_lots;
    order->leaves_lots = (uint64_t)leaves_lots;
    order->price_ticks = (uint64_t)new->price_ticks;
    extra->stop_price_ticks = new->stop_price_ticks;
    set_expire_time(book, slot, new->expire_time_ms);
    if (is_moved)
        book_put_waiting(book, slot);
    else
        book_remember(book, slot);
    answer_modified(book, out, slot, new, leaves_lots, has_stop ? new->stop_price_ticks : 0, !is_moved);
    book->run.phase = BOOK_IDLE;
    if (book->state != TRADING_STATE_TRADING || !book_is_satisfied(book, slot)) return;
    book_unwait(book, slot);
    book_queue(book, slot, PLACE_TRIGGERED);
    extra->trigger_ticks = extra->stop_price_ticks;
    book->run.phase = BOOK_QUEUE;
}

void book_apply_modify(struct book *book, const struct book_input *input, struct book_output *out) {
    const struct command *command = input->command;
    uint32_t slot = book_find_own(book, command);
    if (slot && book_is_child(book, slot)) slot = 0;
    if (slot && is_combination_invalid(book, slot, command)) {
        book_reject(book, out, REASON_INVALID_COMBINATION);
        return;
    }
    struct book_terms new = slot ? terms_of(book, slot) : (struct book_terms){0};
    const struct book_terms old = new;
    book_read_changes(book, command, &new);
    int64_t filled = slot ? old.quantity_lots - book_leaves(book, slot) : 0;
    int64_t leaves_lots = slot ? new.quantity_lots - filled : 0;
    enum reason reason = check_values(book, input, &new, slot != 0, leaves_lots);
    if (reason == REASON_NONE && !slot) reason = REASON_UNKNOWN;
    bool is_in_place = new.price_ticks == old.price_ticks &&new.quantity_lots <= old.quantity_lots;
    if (reason == REASON_NONE && leaves_lots > 0) reason = check_market(book, slot, new.price_ticks);
    if (reason != REASON_NONE) {
        book_reject(book, out, reason);
    } else if (leaves_lots <= 0) {
        book_finish(book, out, slot, EVENT_CANCELLED, REASON_REDUCED, BOOK_EVENT_BY_COMMAND);
    } else if (is_waiting_stop(book, slot)) {
        modify_waiting(book, out, slot, &new, leaves_lots);
    } else if (is_in_place) {
        modify_in_place(book, out, slot, &new, leaves_lots);
    } else {
        modify_and_match(book, out, slot, &new, leaves_lots);
    }
}
