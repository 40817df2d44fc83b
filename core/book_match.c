/* The sweep of a taker through the other side, and the scan before it. Each stops when the step's output is nearly full
 * and goes on from book->run. */
#include "core/book_inside.h"

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

/* The taker and the first order of a level, a plain one, trade. */
static void fill_first(struct book *book, struct book_output *out, struct level *level, int64_t price_ticks) {
    uint32_t slot = level->head;
    struct order *maker = &book->orders[slot];
    order_record_of(book->arena, slot); /* as whole as it came */
    int64_t leaves = (int64_t)maker->leaves_lots;
    int64_t lots = leaves < book->run.leaves_lots ? leaves : book->run.leaves_lots;
    book->orders_hash -= lots < leaves ? maker->id_hash * (uint64_t)lots : book_weight(maker);
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

/* Trades with the plain orders at the front of a level, of which there is one. */
static void sweep_level(struct book *book, struct book_output *out, struct ladder *ladder, uint64_t key) {
    enum side side = book_other_side(book->run.side);
    struct level *level = ladder_get(ladder, book->arena, key);
    int64_t price_ticks = ladder_price(side, key);
    do fill_first(book, out, level, price_ticks);
    while (book->run.leaves_lots && level->head && !book->orders[level->head].special && book_has_room(out));
    book_note_level(out, side, price_ticks, level->total_lots);
    if (!level->head) ladder_leave(ladder, book->arena, key);
    if (__builtin_expect(book->special & BOOK_HAS_STOPS, 0)) book_on_print(book, price_ticks);
}

static int64_t distance_ticks(struct price_distance distance, int64_t price_ticks) {
    return distance.ticks ? distance.ticks : price_ticks * distance.basis_points / 10000;
}

/* How far a market order may go from the best price of the other side; -1: anywhere. */
static int64_t reach_ticks(const struct book *book, int64_t best_ticks) {
    int64_t own = book->run.slippage_ticks;
    if (!(book->special & BOOK_HAS_COLLAR)) return own;
    int64_t collar = distance_ticks(book->instrument.collar, best_ticks);
    return own >= 0 && own < collar ? own : collar;
}

uint64_t book_limit_key(const struct book *book) {
    const struct book_run *run = &book->run;
    enum side other = book_other_side(run->side);
    const uint64_t anywhere = LADDER_EMPTY - 1, nowhere = 0, best = book->ladders[other].best;
    if (book->special & BOOK_NOT_TRADING) return nowhere;
    if (run->price_ticks) return ladder_key(other, run->price_ticks);
    if (best == LADDER_EMPTY) return anywhere;
    int64_t reach = reach_ticks(book, ladder_price(other, best));
    return reach < 0 ? anywhere : best + (uint64_t)reach;
}

static enum reason end_reason(const struct book *book) {
    const struct book_run *run = &book->run;
    if (run->time_in_force == TIF_FOK) return REASON_FOK;
    if (run->price_ticks) return REASON_IOC;
    return book->ladders[book_other_side(run->side)].best == LADDER_EMPTY ? REASON_NO_LIQUIDITY : REASON_PRICE_BAND;
}

void book_expire_taker(struct book *book, struct book_output *out, enum reason reason) {
    struct book_run *run = &book->run;
    run->is_ended = true;
    if (run->slot) {
        book->orders[run->slot].leaves_lots = (uint64_t)run->leaves_lots;
        book_end(book, out, run->slot, EVENT_EXPIRED, reason, 0);
    } else {
        book_answer(book, out,
            (struct book_event){.type = EVENT_EXPIRED, .reason = (uint8_t)reason, .leaves_lots = run->leaves_lots},
            run->id_hash, 0);
    }
}

/* Of an order without limit price it is IOC or FOK. */
static bool may_rest(enum time_in_force tif) { return (1u << tif) & (1u << TIF_GTC | 1u << TIF_GTD | 1u << TIF_DAY); }

static void end_taker(struct book *book, struct book_output *out, const struct command *command) {
    const struct book_run *run = &book->run;
    if (run->slot) book->orders[run->slot].leaves_lots = (uint64_t)run->leaves_lots;
    if (!run->leaves_lots) {
        if (run->slot) book_end_order(book, run->slot);
    } else if (may_rest(run->time_in_force)) {
        book_rest(book, out, run->slot ? run->slot : book_add_order(book, command, false));
    } else {
        book_expire_taker(book, out, end_reason(book));
    }
}

/* True if prints made trailing stops cost as much as a step may. */
static bool is_step_used_up(struct book *book) {
    if (!(book->special & BOOK_HAS_STOPS) || book->specials->trail_visits < BOOK_VISITS_MAX) return false;
    book->specials->trail_visits = 0;
    return true;
}

bool book_match(struct book *book, struct book_output *out, const struct command *command) {
    struct book_run *run = &book->run;
    struct ladder *ladder = &book->ladders[book_other_side(run->side)];
    while (run->leaves_lots && ladder->best <= run->limit_key) {
        if (!book_has_room(out) || is_step_used_up(book)) return false;
        uint32_t first = ladder_get(ladder, book->arena, ladder->best)->head;
        if (__builtin_expect(!(run->is_watched | book->orders[first].special), 1)) {
            sweep_level(book, out, ladder, ladder->best);
        } else {
            if (!book_meet(book, out, command, ladder->best)) return false;
            if (run->is_ended) return true;
        }
    }
    end_taker(book, out, command);
    return true;
}

/* ---- the scan --------------------------------------------------------------------------------------------- */

void book_start_scan(struct book *book, bool is_accepted) {
    struct book_run *run = &book->run;
    run->is_accepted = is_accepted;
    run->scan_lots = run->scan_shown_lots = run->scan_reserve_lots = 0;
    run->scan_slot = 0;
    run->scan_key = book->ladders[book_other_side(run->side)].best;
    run->phase = BOOK_SCANNING;
}

/* Level by level, if nothing is hidden and nothing prevented. */
static enum book_scan scan_levels(struct book *book) {
    struct book_run *run = &book->run;
    struct ladder *ladder = &book->ladders[book_other_side(run->side)];
    for (uint32_t visits = 0; visits < BOOK_VISITS_MAX; visits++) {
        if (run->scan_lots >= run->leaves_lots) return BOOK_SCAN_ENOUGH;
        if (run->scan_key > run->limit_key) return BOOK_SCAN_TOO_LITTLE;
        run->scan_lots += ladder_get(ladder, book->arena, run->scan_key)->total_lots;
        run->scan_key = ladder_next(ladder, book->arena, run->scan_key);
    }
    return BOOK_SCAN_MORE;
}

/* The next order to look at; 0 behind the last one. At the end of a level what it hides counts as well. */
static uint32_t scan_position(struct book *book) {
    struct book_run *run = &book->run;
    if (!run->scan_slot && run->scan_key <= run->limit_key)
        run->scan_slot = ladder_get(&book->ladders[book_other_side(run->side)], book->arena, run->scan_key)->head;
    return run->scan_slot;
}

static void scan_on(struct book *book) {
    struct book_run *run = &book->run;
    run->scan_slot = book->orders[run->scan_slot].next;
    if (run->scan_slot) return;
    run->scan_lots += run->scan_shown_lots + run->scan_reserve_lots;
    run->scan_shown_lots = run->scan_reserve_lots = 0;
    run->scan_key = ladder_next(&book->ladders[book_other_side(run->side)], book->arena, run->scan_key);
}

/* Order by order, as the match would go. In front of an own order that stops the match an iceberg counts with its clip
 * only, because its reserve goes to the tail. */
static enum book_scan scan_orders(struct book *book, const struct command *command) {
    struct book_run *run = &book->run;
    for (uint32_t visits = 0; visits < BOOK_VISITS_MAX; visits++) {
        if (run->scan_lots + run->scan_shown_lots >= run->leaves_lots) return BOOK_SCAN_ENOUGH;
        uint32_t slot = scan_position(book);
        if (!slot) return BOOK_SCAN_TOO_LITTLE;
        if (run->self_trade == SELF_TRADE_NONE || !book_is_own(book, slot, command)) {
            int64_t shown = (int64_t)book->orders[slot].leaves_lots;
            run->scan_shown_lots += shown;
            run->scan_reserve_lots += book_leaves(book, slot) - shown;
        } else if (run->self_trade != SELF_TRADE_EXPIRE_MAKER) {
            return BOOK_SCAN_TOO_LITTLE;
        }
        scan_on(book);
    }
    return BOOK_SCAN_MORE;
}

enum book_scan book_scan(struct book *book, const struct command *command) {
    bool is_plain = !(book->special & BOOK_HAS_ICEBERGS) && book->run.self_trade == SELF_TRADE_NONE;
    return is_plain ? scan_levels(book) : scan_orders(book, command);
}
