/* Stops: where they wait, what prints do to them, and the queue of what runs next. */
#include "core/book_inside.h"

/* Stops of one side wait in a ladder as orders of the other side rest: the one triggered first is the best. */
static uint64_t stop_key(enum side side, int64_t price_ticks) { return ladder_key(book_other_side(side), price_ticks); }

/* ---- chains through order.next and prev ------------------------------------------------------------------ */

static void chain_append(struct book *book, uint32_t *first, uint32_t *last, uint32_t slot) {
    struct order *order = &book->orders[slot];
    order->next = 0;
    order->prev = *last;
    if (*last)
        book->orders[*last].next = slot;
    else
        *first = slot;
    *last = slot;
}

static void chain_remove(struct book *book, uint32_t *first, uint32_t *last, uint32_t slot) {
    const struct order *order = &book->orders[slot];
    if (order->prev)
        book->orders[order->prev].next = order->next;
    else
        *first = order->next;
    if (order->next)
        book->orders[order->next].prev = order->prev;
    else
        *last = order->prev;
}

static void ladder_append(struct book *book, struct ladder *ladder, uint64_t key, uint32_t slot) {
    struct level *level = ladder_enter(ladder, book->arena, key);
    chain_append(book, &level->head, &level->tail, slot);
}

static void ladder_remove(struct book *book, struct ladder *ladder, uint64_t key, uint32_t slot) {
    struct level *level = ladder_get(ladder, book->arena, key);
    chain_remove(book, &level->head, &level->tail, slot);
    if (!level->head) ladder_leave(ladder, book->arena, key);
}

/* ---- waiting ---------------------------------------------------------------------------------------------- */

static bool is_trailing(const struct order *order) { return order->order_type == ORDER_TRAILING_STOP; }

/* Where a trailing stop that has started would be triggered; 0 if nowhere. */
static int64_t trailing_trigger(const struct order *order, const struct order_extra *extra) {
    int64_t distance =
        extra->trailing_ticks ? extra->trailing_ticks : (extra->watermark_ticks * extra->trailing_bps + 9999) / 10000;
    int64_t trigger = order->side == SIDE_SELL ? extra->watermark_ticks - distance : extra->watermark_ticks + distance;
    return trigger > 0 ? trigger : 0;
}

/* True if this price lets a trailing stop start that waits for its stopPrice, if it has one. */
static bool does_start(const struct order *order, const struct order_extra *extra, int64_t price_ticks) {
    if (!extra->stop_price_ticks) return true;
    return order->side == SIDE_SELL ? price_ticks >= extra->stop_price_ticks : price_ticks <= extra->stop_price_ticks;
}

static void narrow_quiet(struct book_specials *specials, int64_t from_ticks, int64_t to_ticks) {
    if (from_ticks > specials->quiet_from_ticks) specials->quiet_from_ticks = from_ticks;
    if (to_ticks < specials->quiet_to_ticks) specials->quiet_to_ticks = to_ticks;
}

/* Leaves out of the quiet prices those that mean something to this trailing stop. */
static void note_quiet(struct book_specials *specials, const struct order *order, const struct order_extra *extra) {
    bool sells = order->side == SIDE_SELL;
    if (extra->is_started) {
        int64_t trigger = trailing_trigger(order, extra);
        narrow_quiet(
            specials, sells ? trigger + 1 : extra->watermark_ticks, sells ? extra->watermark_ticks : trigger - 1);
    } else if (extra->stop_price_ticks) {
        narrow_quiet(
            specials, sells ? 1 : extra->stop_price_ticks + 1, sells ? extra->stop_price_ticks - 1 : INT64_MAX);
    } else {
        narrow_quiet(specials, 1, 0);
    }
}

static void append_waiting(struct book *book, uint32_t slot) {
    struct book_specials *specials = book->specials;
    struct order_extra *extra = book_extra(book, slot);
    extra->wait_next = 0;
    extra->wait_prev = specials->wait_last;
    if (specials->wait_last)
        book_extra(book, specials->wait_last)->wait_next = slot;
    else
        specials->wait_first = slot;
    specials->wait_last = slot;
    if (specials->wait_count++ == 0) { /* what was before means nothing */
        specials->has_prints = false;
        specials->trail_visits = 0;
    }
    book->special |= BOOK_HAS_STOPS;
}

static void remove_waiting(struct book *book, uint32_t slot) {
    struct book_specials *specials = book->specials;
    const struct order_extra *extra = book_extra(book, slot);
    if (extra->wait_prev)
        book_extra(book, extra->wait_prev)->wait_next = extra->wait_next;
    else
        specials->wait_first = extra->wait_next;
    if (extra->wait_next)
        book_extra(book, extra->wait_next)->wait_prev = extra->wait_prev;
    else
        specials->wait_last = extra->wait_prev;
    if (--specials->wait_count == 0) book->special &= ~(uint32_t)BOOK_HAS_STOPS;
}

void book_put_waiting(struct book *book, uint32_t slot) {
    struct book_specials *specials = book->specials;
    struct order *order = &book->orders[slot];
    struct order_extra *extra = book_extra(book, slot);
    extra->sequence = ++specials->sequence;
    append_waiting(book, slot);
    if (is_trailing(order)) {
        extra->place = PLACE_TRAILING;
        if (specials->trail_count++ == 0) specials->quiet_from_ticks = 1, specials->quiet_to_ticks = INT64_MAX;
        chain_append(book, &specials->trail_first, &specials->trail_last, slot);
        note_quiet(specials, order, extra);
    } else {
        extra->place = PLACE_STOP;
        extra->trigger_ticks = extra->stop_price_ticks;
        ladder_append(book, &specials->stops[order->side], stop_key(order->side, extra->stop_price_ticks), slot);
    }
    book_remember(book, slot);
}

void book_wait(struct book *book, uint32_t slot) {
    struct order_extra *extra = book_extra(book, slot);
    const struct order *order = &book->orders[slot];
    if (is_trailing(order) && book->has_last_price && does_start(order, extra, book->last_price_ticks)) {
        extra->is_started = true;
        extra->watermark_ticks = book->last_price_ticks;
    }
    book_put_waiting(book, slot);
}

void book_unwait(struct book *book, uint32_t slot) {
    struct book_specials *specials = book->specials;
    struct order *order = &book->orders[slot];
    struct order_extra *extra = book_extra(book, slot);
    book_forget(book, slot);
    remove_waiting(book, slot);
    if (is_trailing(order)) {
        specials->trail_count--;
        chain_remove(book, &specials->trail_first, &specials->trail_last, slot);
    } else {
        ladder_remove(book, &specials->stops[order->side], stop_key(order->side, extra->stop_price_ticks), slot);
    }
    extra->place = PLACE_LEVEL;
}

bool book_is_satisfied(const struct book *book, uint32_t slot) {
    const struct order *order = &book->orders[slot];
    if (!book->has_last_price || is_trailing(order)) return false;
    int64_t stop_price_ticks = book_extra(book, slot)->stop_price_ticks;
    return order->side == SIDE_BUY ? book->last_price_ticks >= stop_price_ticks
                                   : book->last_price_ticks <= stop_price_ticks;
}

/* ---- prints ----------------------------------------------------------------------------------------------- */

/* One print for one trailing stop that waits. */
static void trail(struct book *book, uint32_t slot, int64_t price_ticks) {
    const struct order *order = &book->orders[slot];
    struct order_extra *extra = book_extra(book, slot);
    bool is_start = !extra->is_started && does_start(order, extra, price_ticks);
    bool is_move = extra->is_started && (order->side == SIDE_SELL ? price_ticks > extra->watermark_ticks
                                                                  : price_ticks < extra->watermark_ticks);
    if (is_start || is_move) {
        book_forget(book, slot);
        extra->is_started = true;
        extra->watermark_ticks = price_ticks;
        book_remember(book, slot);
        return;
    }
    int64_t trigger = extra->is_started ? trailing_trigger(order, extra) : 0;
    if (!trigger || (order->side == SIDE_SELL ? price_ticks > trigger : price_ticks < trigger)) return;
    book_forget(book, slot);
    extra->trigger_ticks = trigger;
    extra->place = PLACE_TRAILED;
    book_remember(book, slot);
    book->specials->has_trailed = true;
}

static void trail_all(struct book *book, int64_t price_ticks) {
    struct book_specials *specials = book->specials;
    specials->quiet_from_ticks = 1;
    specials->quiet_to_ticks = INT64_MAX;
    specials->trail_visits += specials->trail_count;
    for (uint32_t slot = specials->trail_first; slot; slot = book->orders[slot].next) {
        if (book_extra(book, slot)->place == PLACE_TRAILING) trail(book, slot, price_ticks);
        if (book_extra(book, slot)->place == PLACE_TRAILING)
            note_quiet(specials, &book->orders[slot], book_extra(book, slot));
    }
}

void book_on_print(struct book *book, int64_t price_ticks) {
    struct book_specials *specials = book->specials;
    if (!specials->has_prints) specials->print_least_ticks = specials->print_greatest_ticks = price_ticks;
    specials->has_prints = true;
    if (price_ticks < specials->print_least_ticks) specials->print_least_ticks = price_ticks;
    if (price_ticks > specials->print_greatest_ticks) specials->print_greatest_ticks = price_ticks;
    if (specials->trail_count && (price_ticks < specials->quiet_from_ticks || price_ticks > specials->quiet_to_ticks))
        trail_all(book, price_ticks);
}

/* ---- the queue -------------------------------------------------------------------------------------------- */

void book_queue(struct book *book, uint32_t slot, enum order_place place) {
    struct book_specials *specials = book->specials;
    book_extra(book, slot)->place = (uint8_t)place;
    chain_append(book, &specials->queue_first, &specials->queue_last, slot);
    book->special |= BOOK_HAS_CAUSED;
}

void book_unqueue(struct book *book, uint32_t slot) {
    struct book_specials *specials = book->specials;
    chain_remove(book, &specials->queue_first, &specials->queue_last, slot);
    book_extra(book, slot)->place = PLACE_LEVEL;
}

/* The children of the parents that were filled, in the order of those fills; false if there are more than a step takes.
 */
static bool collect_children(struct book *book) {
    struct book_specials *specials = book->specials;
    for (uint32_t visits = 0; specials->filled_first; visits++) {
        if (visits == BOOK_VISITS_MAX) return false;
        const struct order_group *group = pool_at(book->arena, ORDER_EXTRA_BYTES, specials->filled_first);
        specials->filled_first = group->next_filled;
        for (uint32_t role = 1; role < LIST_ORDERS_MAX; role++) {
            uint32_t slot = group->members[role];
            if (!slot || !book_is_child(book, slot)) continue;
            book_forget(book, slot);
            specials->timed_children -= book->orders[slot].time_in_force == TIF_GTD;
            book_queue(book, slot, PLACE_TO_ENTER);
        }
    }
    specials->filled_last = 0;
    return true;
}

/* Trailing stops that were triggered, ordered by their trigger and sequence. */
static void collect_trailed(struct book *book) {
    struct book_specials *specials = book->specials;
    uint32_t next;
    for (uint32_t slot = specials->trail_first; slot; slot = next) {
        const struct order_extra *extra = book_extra(book, slot);
        enum side side = book->orders[slot].side;
        next = book->orders[slot].next;
        if (extra->place != PLACE_TRAILED) continue;
        book_unwait(book, slot);
        ladder_append(book, &specials->trailed[side], stop_key(side, extra->trigger_ticks), slot);
    }
    specials->has_trailed = false;
}

/* Takes the next triggered stop of a side out of where it waits; 0 if there is none. */
static uint32_t take_triggered(struct book *book, enum side side) {
    struct book_specials *specials = book->specials;
    struct ladder *stops = &specials->stops[side], *trailed = &specials->trailed[side];
    uint64_t limit = stop_key(side, side == SIDE_BUY ? specials->print_greatest_ticks : specials->print_least_ticks);
    uint64_t stop = stops->best <= limit ? stops->best : LADDER_EMPTY, trail = trailed->best;
    if (stop == LADDER_EMPTY && trail == LADDER_EMPTY) return 0;
    uint32_t stop_slot = stop != LADDER_EMPTY ? ladder_get(stops, book->arena, stop)->head : 0;
    uint32_t trail_slot = trail != LADDER_EMPTY ? ladder_get(trailed, book->arena, trail)->head : 0;
    bool is_trail = trail < stop ||
                    (trail == stop && book_extra(book, trail_slot)->sequence < book_extra(book, stop_slot)->sequence);
    if (is_trail)
        ladder_remove(book, trailed, trail, trail_slot);
    else
        book_unwait(book, stop_slot);
    return is_trail ? trail_slot : stop_slot;
}

bool book_collect(struct book *book) {
    struct book_specials *specials = book->specials;
    if (!collect_children(book)) return false;
    if (!specials->has_prints) return true;
    if (specials->has_trailed) collect_trailed(book);
    uint32_t visits = 0;
    for (enum side side = SIDE_BUY; side <= SIDE_SELL; side++)
        for (uint32_t slot; (slot = take_triggered(book, side)); visits++) {
            book_queue(book, slot, PLACE_TRIGGERED);
            if (visits == BOOK_VISITS_MAX) return false;
        }
    specials->has_prints = false;
    return true;
}

void book_start_taker(struct book *book, uint32_t slot) {
    struct book_run *run = &book->run;
    const struct order *order = &book->orders[slot];
    const struct order_extra *extra = order->special ? book_extra(book, slot) : NULL;
    run->slot = slot;
    run->side = order->side;
    run->order_type = order->order_type;
    run->time_in_force = order->time_in_force;
    run->post_only = order->post_only;
    run->id_hash = order->id_hash;
    run->price_ticks = (int64_t)order->price_ticks;
    run->leaves_lots = (int64_t)order->leaves_lots;
    run->self_trade = order_record_of(book->arena, slot)->user_id_bytes ? order->self_trade : SELF_TRADE_NONE;
    run->account_tag = order->account_tag;
    run->is_watched = run->self_trade != SELF_TRADE_NONE || (extra && extra->group);
    run->is_ended = false;
    run->slippage_ticks = extra ? extra->slippage_ticks : -1;
    run->limit_key = book_limit_key(book);
    run->phase = BOOK_MATCHING;
    if (run->time_in_force == TIF_FOK) book_start_scan(book, true);
}

static void trigger(struct book *book, struct book_output *out, uint32_t slot) {
    book_answer(book, out,
        (struct book_event){.type = EVENT_TRIGGERED, .order_slot = slot, .rest = book_extra(book, slot)->trigger_ticks},
        book->orders[slot].id_hash, 0);
    out->events[out->event_count - 1].price_ticks = book->last_price_ticks;
    book_on_fill(book, out, slot);
    book_start_taker(book, slot);
}

static bool is_stop(const struct order *order) { return order->order_type >= ORDER_STOP; }

/* The turn of an order of the queue; true if it has something to match now. */
static bool begin(struct book *book, struct book_output *out, uint32_t slot) {
    enum order_place place = book_place(book, slot);
    book_unqueue(book, slot);
    if (place == PLACE_TRIGGERED) {
        trigger(book, out, slot);
    } else if (!is_stop(&book->orders[slot])) {
        book_start_taker(book, slot);
    } else if (book->state == TRADING_STATE_TRADING && book_is_satisfied(book, slot)) {
        book_extra(book, slot)->trigger_ticks = book_extra(book, slot)->stop_price_ticks;
        trigger(book, out, slot);
    } else {
        book_wait(book, slot);
        return false;
    }
    return true;
}

static void enter_child(struct book *book, const struct book_input *input, struct book_output *out, uint32_t slot) {
    enum reason reason = book_check_entry(book, slot, input->log_time_ms);
    if (reason != REASON_NONE) {
        book_unqueue(book, slot);
        book_answer(book, out,
            (struct book_event){.type = EVENT_REJECTED, .reason = (uint8_t)reason, .order_slot = slot},
            book->orders[slot].id_hash, 0);
        book_end_order(book, slot);
        return;
    }
    book_extra(book, slot)->place = PLACE_TO_RUN;
    book_accept(book, out, slot);
    if (book->orders[slot].time_in_force == TIF_GTD) book_add_time(book, slot);
}

/* The children of one parent enter together: ACCEPTED for each, before any of them matches. */
static void enter_children(struct book *book, const struct book_input *input, struct book_output *out) {
    uint32_t next = book->specials->queue_first, group = book_extra(book, next)->group, slot;
    while ((slot = next) && book_place(book, slot) == PLACE_TO_ENTER && book_extra(book, slot)->group == group) {
        next = book->orders[slot].next;
        enter_child(book, input, out, slot);
    }
}

bool book_run_queue(struct book *book, const struct book_input *input, struct book_output *out) {
    struct book_specials *specials = book->specials;
    while (specials->queue_first) {
        if (!book_has_room(out)) return false;
        uint32_t slot = specials->queue_first;
        if (book_place(book, slot) == PLACE_TO_ENTER)
            enter_children(book, input, out);
        else if (begin(book, out, slot))
            return true;
    }
    book->special &= ~(uint32_t)BOOK_HAS_CAUSED;
    book->run.phase = BOOK_IDLE;
    return true;
}
