/* A taker meets an order that is not plain, or that may be its own account's. */
#include "core/book_inside.h"

bool book_is_own(const struct book *book, uint32_t slot, const struct command *command) {
    const struct book_run *run = &book->run;
    if (book->orders[slot].account_tag != run->account_tag) return false;
    struct text user_id = run->slot ? order_texts(book->arena, run->slot).user_id : command->user_id;
    return order_is_of(book->arena, slot, user_id);
}

void book_show_clip(struct book *book, uint32_t slot) {
    struct order_extra *extra = book_extra(book, slot);
    int64_t clip = extra->reserve_lots < extra->clip_lots ? extra->reserve_lots : extra->clip_lots;
    book->orders[slot].leaves_lots = (uint64_t)clip;
    extra->reserve_lots -= clip;
}

/* Puts the first order of a level, whose fresh clip is not in the level's total yet, at its tail. */
static void move_to_tail(struct book *book, struct level *level) {
    uint32_t slot = level->head;
    struct order *order = &book->orders[slot];
    level->total_lots += (int64_t)order->leaves_lots;
    if (level->tail == slot) return;
    level->head = order->next;
    book->orders[level->head].prev = 0;
    book->orders[level->tail].next = slot;
    order->prev = level->tail;
    order->next = 0;
    level->tail = slot;
}

/* Takes `lots` off the first order of a level. If it shows nothing then, a fresh clip goes to the tail, or, without
 * one, the order leaves its level. True if it has nothing left. */
static bool take_from_first(struct book *book, struct book_output *out, uint64_t key, int64_t lots) {
    enum side side = book_other_side(book->run.side);
    struct ladder *ladder = &book->ladders[side];
    struct level *level = ladder_get(ladder, book->arena, key);
    uint32_t slot = level->head;
    struct order *order = &book->orders[slot];
    order_record_of(book->arena, slot); /* as whole as it came */
    book_forget(book, slot);
    order->leaves_lots -= (uint64_t)lots;
    level->total_lots -= lots;
    bool is_gone = !book_leaves(book, slot);
    if (is_gone) {
        level->head = order->next;
        if (level->head)
            book->orders[level->head].prev = 0;
        else
            level->tail = 0;
    } else {
        if (!order->leaves_lots) {
            book_show_clip(book, slot);
            move_to_tail(book, level);
        }
        book_remember(book, slot);
    }
    book_note_level(out, side, ladder_price(side, key), level->total_lots);
    if (!level->head) ladder_leave(ladder, book->arena, key);
    return is_gone;
}

static void fill(struct book *book, struct book_output *out, uint32_t slot, uint64_t key, int64_t lots) {
    struct book_run *run = &book->run;
    int64_t price_ticks = ladder_price(book_other_side(run->side), key);
    bool is_special = book->orders[slot].special, is_taker_special = run->slot && book->orders[run->slot].special;
    bool is_gone = take_from_first(book, out, key, lots);
    run->leaves_lots -= lots;
    book->trades++;
    book->last_price_ticks = price_ticks;
    book->has_last_price = true;
    book_answer(book, out,
        (struct book_event){.type = EVENT_FILL,
            .flags = run->side == SIDE_SELL ? BOOK_EVENT_SELL : 0,
            .order_slot = run->slot,
            .maker_slot = slot,
            .trade = (uint32_t)book->trades,
            .price_ticks = price_ticks,
            .quantity_lots = lots,
            .leaves_lots = run->leaves_lots,
            .rest = is_gone ? 0 : book_leaves(book, slot)},
        run->id_hash, book->orders[slot].id_hash);
    if (is_special) book_on_fill(book, out, slot);
    if (is_taker_special) book_on_fill(book, out, run->slot);
    if (is_gone && is_special) book_on_filled(book, slot);
    if (!run->leaves_lots && is_taker_special) book_on_filled(book, run->slot);
    if (is_gone) book_end_order(book, slot);
    if (book->special & BOOK_HAS_STOPS) book_on_print(book, price_ticks);
}

/* ---- self-trade prevention -------------------------------------------------------------------------------- */

static void answer_prevented(
    struct book *book, struct book_output *out, uint32_t slot, int64_t price_ticks, int64_t lots) {
    const struct book_run *run = &book->run;
    book_answer(book, out,
        (struct book_event){.type = EVENT_PREVENTED,
            .flags = run->side == SIDE_SELL ? BOOK_EVENT_SELL : 0,
            .detail = run->self_trade,
            .order_slot = run->slot,
            .maker_slot = slot,
            .price_ticks = price_ticks,
            .quantity_lots = lots,
            .leaves_lots = run->leaves_lots,
            .rest = book_leaves(book, slot)},
        run->id_hash, book->orders[slot].id_hash);
}

/* An order that PREVENTED left nothing of: no EXPIRED follows. */
static void end_prevented(struct book *book, struct book_output *out, uint32_t slot) {
    if (book->orders[slot].special) book_on_end(book, out, slot);
    book_end_order(book, slot);
}

/* The taker of this mode has a slot. */
static void decrement(struct book *book, struct book_output *out, uint32_t slot, uint64_t key, int64_t lots) {
    struct book_run *run = &book->run;
    bool is_gone = take_from_first(book, out, key, lots);
    run->leaves_lots -= lots;
    order_record_of(book->arena, slot)->prevented_lots += (uint64_t)lots;
    book->records[run->slot].prevented_lots += (uint64_t)lots;
    answer_prevented(book, out, slot, ladder_price(book_other_side(run->side), key), lots);
    if (is_gone) end_prevented(book, out, slot);
    if (run->leaves_lots) return;
    run->is_ended = true;
    end_prevented(book, out, run->slot);
}

static void prevent(struct book *book, struct book_output *out, uint32_t slot, uint64_t key, int64_t lots) {
    enum self_trade mode = book->run.self_trade;
    if (mode == SELF_TRADE_DECREMENT) {
        decrement(book, out, slot, key, lots);
        return;
    }
    answer_prevented(book, out, slot, ladder_price(book_other_side(book->run.side), key), lots);
    if (mode != SELF_TRADE_EXPIRE_TAKER) book_finish(book, out, slot, EVENT_EXPIRED, REASON_SELF_TRADE, 0);
    if (mode != SELF_TRADE_EXPIRE_MAKER) book_expire_taker(book, out, REASON_SELF_TRADE);
}

bool book_meet(struct book *book, struct book_output *out, const struct command *command, uint64_t key) {
    struct book_run *run = &book->run;
    uint32_t slot = ladder_get(&book->ladders[book_other_side(run->side)], book->arena, key)->head;
    int64_t shown = (int64_t)book->orders[slot].leaves_lots;
    int64_t lots = shown < run->leaves_lots ? shown : run->leaves_lots;
    if (run->self_trade == SELF_TRADE_NONE || !book_is_own(book, slot, command)) {
        fill(book, out, slot, key, lots);
        return true;
    }
    /* What was filled so far is printed from `prevented` as it stands when the step is viewed. */
    if (run->self_trade == SELF_TRADE_DECREMENT && out->event_count) return false;
    prevent(book, out, slot, key, lots);
    return true;
}
