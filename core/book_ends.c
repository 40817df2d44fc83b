/* How orders end: by command, by a rule, many at once. */
#include "core/book_inside.h"

void book_take_out(struct book *book, struct book_output *out, uint32_t slot) {
    switch (book_place(book, slot)) {
    case PLACE_LEVEL: book_unlink(book, out, slot); return;
    case PLACE_STOP:
    case PLACE_TRAILING:
    case PLACE_TRAILED: book_unwait(book, slot); return;
    case PLACE_CHILD: book_forget(book, slot); return;
    case PLACE_TO_ENTER:
    case PLACE_TO_RUN:
    case PLACE_TRIGGERED: book_unqueue(book, slot); return;
    }
}

void book_end(struct book *book, struct book_output *out, uint32_t slot, enum event_type type, enum reason reason,
    enum book_event_flag flags) {
    book_answer(book, out,
        (struct book_event){.type = (uint8_t)type,
            .reason = (uint8_t)reason,
            .flags = (uint8_t)flags,
            .order_slot = slot,
            .leaves_lots = (int64_t)book->orders[slot].leaves_lots},
        book->orders[slot].id_hash, 0);
    if (book->orders[slot].special) book_on_end(book, out, slot);
    book_end_order(book, slot);
}

void book_finish(struct book *book, struct book_output *out, uint32_t slot, enum event_type type, enum reason reason,
    enum book_event_flag flags) {
    book_take_out(book, out, slot);
    book_end(book, out, slot, type, reason, flags);
}

/* ---- bids best to worst, asks best to worst, stops by sequence ------------------------------------------- */

void book_start_cancelling(struct book *book, const struct command *command) {
    struct book_run *run = &book->run;
    enum side side = command ? command->side : SIDE_NONE;
    run->is_day_end = !command;
    run->cancel_side = side == SIDE_NONE ? SIDE_BUY : side;
    run->cancel_last_side = side == SIDE_NONE ? SIDE_SELL : side;
    if (command) run->user_hash = rolling_id(command->user_id);
    run->cancel_slot = 0;
    run->cancel_count = 0;
    run->cancels_stops = false;
    run->scan_key = book->ladders[run->cancel_side].best;
    run->phase = BOOK_CANCELLING;
}

/* Finds the next order to look at; false behind the last one. */
static bool find_position(struct book *book) {
    struct book_run *run = &book->run;
    while (!run->cancel_slot) {
        if (run->cancels_stops) {
            return false;
        } else if (run->scan_key != LADDER_EMPTY) {
            run->cancel_slot = ladder_get(&book->ladders[run->cancel_side], book->arena, run->scan_key)->head;
        } else if (run->cancel_side < run->cancel_last_side) {
            run->cancel_side++;
            run->scan_key = book->ladders[run->cancel_side].best;
        } else {
            run->cancels_stops = true;
            run->cancel_slot = book->specials ? book->specials->wait_first : 0;
        }
    }
    return true;
}

static void move_on(struct book *book) {
    struct book_run *run = &book->run;
    if (run->cancels_stops) {
        run->cancel_slot = book_extra(book, run->cancel_slot)->wait_next;
        return;
    }
    run->cancel_slot = book->orders[run->cancel_slot].next;
    if (!run->cancel_slot) run->scan_key = ladder_next(&book->ladders[run->cancel_side], book->arena, run->scan_key);
}

static bool is_meant(const struct book *book, uint32_t slot, const struct command *command) {
    const struct order *order = &book->orders[slot];
    if (book->run.is_day_end) return order->time_in_force == TIF_DAY;
    return order->account_tag == book_account_tag(book->run.user_hash) &&
           (command->side == SIDE_NONE || order->side == command->side) &&
           order_is_of(book->arena, slot, command->user_id);
}

static void end_one(struct book *book, struct book_output *out, uint32_t slot) {
    if (book->run.is_day_end)
        book_finish(book, out, slot, EVENT_EXPIRED, REASON_DAY, 0);
    else
        book_finish(book, out, slot, EVENT_CANCELLED, REASON_MASS, BOOK_EVENT_BY_COMMAND);
    book->run.cancel_count++;
}

bool book_cancel(struct book *book, struct book_output *out, const struct command *command) {
    struct book_run *run = &book->run;
    for (uint32_t visits = 0; find_position(book); visits++) {
        if (!book_has_room(out) || visits == BOOK_VISITS_MAX) return false;
        uint32_t slot = run->cancel_slot;
        move_on(book);
        if (is_meant(book, slot, command)) end_one(book, out, slot);
    }
    if (!run->is_day_end)
        book_answer(book, out, (struct book_event){.type = EVENT_CANCEL_ALL_DONE, .rest = run->cancel_count}, 0, 0);
    return true;
}
