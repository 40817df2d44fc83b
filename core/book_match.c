/* Sweeps: a taker through the other side, the scan before it, and a mass cancel. Each stops when the step's output is
 * nearly full and goes on from book->run. */
#include "core/book_inside.h"

/* One place is kept for the taker's end. */
static bool has_room(const struct book_output *out) { return out->event_count < BOOK_EVENTS_MAX - 1; }

static enum side other_side(enum side side) { return side == SIDE_BUY ? SIDE_SELL : SIDE_BUY; }

static void answer_fill(
    struct book *book, struct book_output *out, uint32_t maker_slot, int64_t price_ticks, int64_t lots) {
    const struct order *maker = &book->orders[maker_slot];
    book->trades++;
    book->last_price_ticks = price_ticks;
    book->has_last_price = true;
    book_answer(book, out,
        (struct book_event){.type = EVENT_FILL,
            .flags = book->run.side == SIDE_SELL ? BOOK_EVENT_SELL : 0,
            .order_slot = book->run.slot,
            .maker_slot = maker_slot,
            .trade = (uint32_t)book->trades,
            .price_ticks = price_ticks,
            .quantity_lots = lots,
            .leaves_lots = book->run.leaves_lots,
            .rest = (int64_t)maker->leaves_lots},
        book->run.id_hash, maker->id_hash);
}

/* The taker and the first order of a level trade. */
static void fill_first(struct book *book, struct book_output *out, struct level *level, int64_t price_ticks) {
    uint32_t slot = level->head;
    struct order *maker = &book->orders[slot];
    int64_t leaves = (int64_t)maker->leaves_lots;
    int64_t lots = leaves < book->run.leaves_lots ? leaves : book->run.leaves_lots;
    maker->leaves_lots = (uint64_t)(leaves - lots);
    level->total_lots -= lots;
    book->run.leaves_lots -= lots;
    answer_fill(book, out, slot, price_ticks, lots);
    if (lots < leaves) return;
    level->head = maker->next;
    if (level->head)
        book->orders[level->head].prev = 0;
    else
        level->tail = 0;
    book_end_order(book, slot);
}

static void sweep_level(struct book *book, struct book_output *out, struct ladder *ladder, uint64_t key) {
    enum side side = other_side(book->run.side);
    struct level *level = ladder_get(ladder, book->arena, key);
    int64_t price_ticks = ladder_price(side, key);
    while (book->run.leaves_lots && level->head && has_room(out)) fill_first(book, out, level, price_ticks);
    book_note_level(out, side, price_ticks, level->total_lots);
    if (!level->head) ladder_leave(ladder, book->arena, key);
}

static void expire(struct book *book, struct book_output *out) {
    const struct book_run *run = &book->run;
    enum reason reason = run->time_in_force == TIF_FOK     ? REASON_FOK
                         : run->order_type == ORDER_MARKET ? REASON_NO_LIQUIDITY
                                                           : REASON_IOC;
    book_answer(book, out,
        (struct book_event){.type = EVENT_EXPIRED, .reason = (uint8_t)reason, .leaves_lots = run->leaves_lots},
        run->id_hash, 0);
}

static void end_taker(struct book *book, struct book_output *out, const struct command *command) {
    const struct book_run *run = &book->run;
    if (run->slot) {
        book->orders[run->slot].leaves_lots = (uint64_t)run->leaves_lots;
        if (run->leaves_lots)
            book_rest(book, out, run->slot);
        else
            book_end_order(book, run->slot);
    } else if (run->leaves_lots && run->time_in_force == TIF_GTC) {
        book_rest(book, out, book_add_order(book, command));
    } else if (run->leaves_lots) {
        expire(book, out);
    }
}

bool book_match(struct book *book, struct book_output *out, const struct command *command) {
    struct book_run *run = &book->run;
    struct ladder *ladder = &book->ladders[other_side(run->side)];
    while (run->leaves_lots && ladder->best <= run->limit_key) {
        if (!has_room(out)) return false;
        sweep_level(book, out, ladder, ladder->best);
    }
    end_taker(book, out, command);
    return true;
}

enum book_scan book_scan(struct book *book) {
    struct book_run *run = &book->run;
    struct ladder *ladder = &book->ladders[other_side(run->side)];
    for (uint32_t visits = 0; visits < BOOK_VISITS_MAX; visits++) {
        if (run->scan_lots >= run->quantity_lots) return BOOK_SCAN_ENOUGH;
        if (run->scan_key > run->limit_key) return BOOK_SCAN_TOO_LITTLE;
        run->scan_lots += ladder_get(ladder, book->arena, run->scan_key)->total_lots;
        run->scan_key = ladder_next(ladder, book->arena, run->scan_key);
    }
    return BOOK_SCAN_MORE;
}

static bool is_of_account(const struct book *book, uint32_t slot, struct text user_id) {
    return book->orders[slot].account_tag == book_account_tag(book->run.user_hash) &&
           order_is_of(book->arena, slot, user_id);
}

static void cancel_one(struct book *book, struct book_output *out, uint32_t slot) {
    book_unlink(book, out, slot);
    book_answer(book, out,
        (struct book_event){.type = EVENT_CANCELLED,
            .reason = REASON_MASS,
            .flags = BOOK_EVENT_BY_COMMAND,
            .order_slot = slot,
            .leaves_lots = (int64_t)book->orders[slot].leaves_lots},
        book->orders[slot].id_hash, 0);
    book_end_order(book, slot);
    book->run.cancel_count++;
}

/* Finds the next order to look at; false behind the last one. */
static bool cancel_position(struct book *book) {
    struct book_run *run = &book->run;
    while (!run->cancel_slot) {
        if (run->scan_key != LADDER_EMPTY) {
            run->cancel_slot = ladder_get(&book->ladders[run->cancel_side], book->arena, run->scan_key)->head;
        } else if (run->cancel_side < run->cancel_last_side) {
            run->cancel_side++;
            run->scan_key = book->ladders[run->cancel_side].best;
        } else {
            return false;
        }
    }
    return true;
}

bool book_cancel_all(struct book *book, struct book_output *out, const struct command *command) {
    struct book_run *run = &book->run;
    for (uint32_t visits = 0; cancel_position(book); visits++) {
        if (!has_room(out) || visits == BOOK_VISITS_MAX) return false;
        uint32_t slot = run->cancel_slot;
        run->cancel_slot = book->orders[slot].next;
        bool is_mine = is_of_account(book, slot, command->user_id);
        if (!run->cancel_slot)
            run->scan_key = ladder_next(&book->ladders[run->cancel_side], book->arena, run->scan_key);
        if (is_mine) cancel_one(book, out, slot);
    }
    book_answer(book, out, (struct book_event){.type = EVENT_CANCEL_ALL_DONE, .rest = run->cancel_count}, 0, 0);
    return true;
}
