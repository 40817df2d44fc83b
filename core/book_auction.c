/* The call auction: its price, the indication of it, the uncross. */
#include "core/book_inside.h"

/* ---- the price -------------------------------------------------------------------------------------------- */

enum { STAGE_VOLUME = 0, STAGE_NEXT, STAGE_DONE };

bool book_is_crossed(const struct book *book) {
    uint64_t bid = book->ladders[SIDE_BUY].best, ask = book->ladders[SIDE_SELL].best;
    return bid != LADDER_EMPTY && ask != LADDER_EMPTY && ladder_price(SIDE_BUY, bid) >= ladder_price(SIDE_SELL, ask);
}

static void look_at(const struct book *book, enum side side, uint64_t key) {
    struct auction_side *at = &book->specials->pricing.sides[side];
    at->key = key;
    at->lots = 0;
    at->slot = key == LADDER_EMPTY ? 0 : ladder_find(&book->ladders[side], book->arena, key)->head;
}

void book_start_pricing(struct book *book) {
    book->specials->pricing = (struct auction_pricing){0};
    for (enum side side = SIDE_BUY; side <= SIDE_SELL; side++) look_at(book, side, book->ladders[side].best);
}

/* Counts all that the orders of a level have; false if the step has seen enough. */
static bool count_level(const struct book *book, enum side side, uint32_t *visits) {
    struct auction_side *at = &book->specials->pricing.sides[side];
    if (at->slot && !(book->special & BOOK_HAS_ICEBERGS)) {
        at->lots = ladder_find(&book->ladders[side], book->arena, at->key)->total_lots;
        at->slot = 0;
        ++*visits;
    }
    for (; at->slot; at->slot = book->orders[at->slot].next) {
        if (++*visits > BOOK_VISITS_MAX) return false;
        at->lots += book_leaves(book, at->slot);
    }
    return *visits <= BOOK_VISITS_MAX;
}

static int64_t level_price(enum side side, uint64_t key) {
    return key == LADDER_EMPTY ? (side == SIDE_BUY ? 0 : INT64_MAX) : ladder_price(side, key);
}

/* Best bids against best asks: the most that can trade at one price, and the worst levels that do. */
static bool find_volume(const struct book *book, uint32_t *visits) {
    struct auction_pricing *pricing = &book->specials->pricing;
    struct auction_side *bid = &pricing->sides[SIDE_BUY], *ask = &pricing->sides[SIDE_SELL];
    while (level_price(SIDE_BUY, bid->key) >= level_price(SIDE_SELL, ask->key)) {
        if (!count_level(book, SIDE_BUY, visits) || !count_level(book, SIDE_SELL, visits)) return false;
        int64_t lots = bid->lots < ask->lots ? bid->lots : ask->lots;
        pricing->volume_lots += lots;
        for (enum side side = SIDE_BUY; side <= SIDE_SELL; side++) {
            struct auction_side *at = &pricing->sides[side];
            at->last_key = at->key;
            at->lots -= lots;
            if (!at->lots) look_at(book, side, ladder_next(&book->ladders[side], book->arena, at->key));
        }
    }
    return true;
}

/* Of prices without surplus, or with the same on either side: nearest to the reference, else the highest. */
static int64_t nearest_reference(const struct book *book, int64_t least, int64_t greatest) {
    int64_t reference = book->has_last_price ? book->last_price_ticks : book->instrument.reference_price_ticks;
    if (!reference || reference > greatest) return greatest;
    return reference < least ? least : reference;
}

/* Everything that trades is used up, and the next bid and ask, one tick apart, are both within the prices of the most
 * volume: one of them would be the surplus. */
static int64_t choose_surplus(const struct book *book, int64_t least, int64_t greatest) {
    const struct auction_pricing *pricing = &book->specials->pricing;
    const struct auction_side *bid = &pricing->sides[SIDE_BUY], *ask = &pricing->sides[SIDE_SELL];
    if (bid->lots != ask->lots)
        return bid->lots < ask->lots ? ladder_price(SIDE_BUY, bid->key) : ladder_price(SIDE_SELL, ask->key);
    int64_t below = level_price(SIDE_BUY, ladder_next(&book->ladders[SIDE_BUY], book->arena, bid->key));
    int64_t above = level_price(SIDE_SELL, ladder_next(&book->ladders[SIDE_SELL], book->arena, ask->key));
    return nearest_reference(book, below >= least ? below + 1 : least, above <= greatest ? above - 1 : greatest);
}

/* Between the worst bid and the worst ask that trade the volume is the most; of these prices that of the least surplus,
 * then that of the pressure. */
static bool choose_price(const struct book *book, uint32_t *visits) {
    struct auction_pricing *pricing = &book->specials->pricing;
    const struct auction_side *bid = &pricing->sides[SIDE_BUY], *ask = &pricing->sides[SIDE_SELL];
    int64_t greatest = ladder_price(SIDE_BUY, bid->last_key), least = ladder_price(SIDE_SELL, ask->last_key);
    if (bid->key == bid->last_key || ask->key == ask->last_key) { /* some of the last bid, or ask, is the surplus */
        pricing->price_ticks = bid->key == bid->last_key ? greatest : least;
        return true;
    }
    int64_t below = level_price(SIDE_BUY, bid->key), above = level_price(SIDE_SELL, ask->key);
    int64_t from = below >= least ? below + 1 : least, to = above <= greatest ? above - 1 : greatest;
    if (from <= to) {
        pricing->price_ticks = nearest_reference(book, from, to);
        return true;
    }
    if (!count_level(book, SIDE_BUY, visits) || !count_level(book, SIDE_SELL, visits)) return false;
    pricing->price_ticks = choose_surplus(book, least, greatest);
    return true;
}

bool book_price(struct book *book) {
    struct auction_pricing *pricing = &book->specials->pricing;
    uint32_t visits = 0;
    if (pricing->stage == STAGE_VOLUME) {
        if (!find_volume(book, &visits)) return false;
        pricing->stage = pricing->volume_lots ? STAGE_NEXT : STAGE_DONE;
    }
    if (pricing->stage == STAGE_NEXT && !choose_price(book, &visits)) return false;
    pricing->stage = STAGE_DONE;
    return true;
}

/* ---- the indication --------------------------------------------------------------------------------------- */

bool book_is_indication_due(const struct book *book, int64_t log_time_ms) {
    const struct book_specials *specials = book->specials;
    return book->special & BOOK_IN_AUCTION && log_time_ms - specials->told_ms >= INDICATION_INTERVAL_MS &&
           !(specials->is_priced && specials->priced_hash == book->orders_hash);
}

static void tell(struct book *book, struct book_output *out, int64_t log_time_ms, bool is_indicative) {
    struct book_specials *specials = book->specials;
    specials->told_ms = log_time_ms;
    specials->has_told = is_indicative;
    specials->told_price_ticks = is_indicative ? specials->pricing.price_ticks : 0;
    specials->told_lots = is_indicative ? specials->pricing.volume_lots : 0;
    book_answer(book, out,
        (struct book_event){
            .type = EVENT_STATE, .flags = is_indicative ? BOOK_EVENT_INDICATIVE : 0, .detail = book->state},
        0, 0);
    out->events[out->event_count - 1].price_ticks = specials->told_price_ticks;
    out->events[out->event_count - 1].quantity_lots = specials->told_lots;
}

bool book_indicate(struct book *book, struct book_output *out, int64_t log_time_ms, bool is_asked) {
    struct book_specials *specials = book->specials;
    bool is_indicative = false;
    if (book->special & BOOK_IN_AUCTION) {
        if (!book_price(book)) return false;
        is_indicative = specials->pricing.volume_lots > 0;
        specials->is_priced = true;
        specials->priced_hash = book->orders_hash;
    }
    bool is_same = is_indicative == specials->has_told &&
                   (!is_indicative || (specials->pricing.price_ticks == specials->told_price_ticks &&
                                          specials->pricing.volume_lots == specials->told_lots));
    if (is_asked || !is_same) tell(book, out, log_time_ms, is_indicative);
    return true;
}

/* ---- the uncross ------------------------------------------------------------------------------------------ */

/* Takes `lots` off the first order of a side, its clip first, then its reserve; what shows then keeps the place. True
 * if it has nothing left. */
static bool take_from_best(struct book *book, struct book_output *out, enum side side, int64_t lots) {
    struct ladder *ladder = &book->ladders[side];
    uint64_t key = ladder->best;
    struct level *level = ladder_get(ladder, book->arena, key);
    uint32_t slot = level->head;
    struct order *order = &book->orders[slot];
    order_record_of(book->arena, slot); /* as whole as it came */
    int64_t shown = (int64_t)order->leaves_lots, left = book_leaves(book, slot) - lots;
    book_forget(book, slot);
    level->total_lots -= shown;
    if (lots < shown) {
        order->leaves_lots = (uint64_t)(shown - lots);
    } else {
        order->leaves_lots = 0;
        if (order->special) {
            book_extra(book, slot)->reserve_lots = left;
            book_show_clip(book, slot);
        }
    }
    level->total_lots += (int64_t)order->leaves_lots;
    if (left) {
        book_remember(book, slot);
    } else {
        level->head = order->next;
        if (level->head)
            book->orders[level->head].prev = 0;
        else
            level->tail = 0;
    }
    book_note_level(out, side, ladder_price(side, key), level->total_lots);
    if (!level->head) ladder_leave(ladder, book->arena, key);
    return !left;
}

static uint32_t first_of(const struct book *book, enum side side) {
    return ladder_find(&book->ladders[side], book->arena, book->ladders[side].best)->head;
}

static void after_fill(struct book *book, uint32_t slot, bool is_gone) {
    if (is_gone && book->orders[slot].special) book_on_filled(book, slot);
    if (is_gone) book_end_order(book, slot);
}

static void uncross_first(struct book *book, struct book_output *out, int64_t price_ticks) {
    uint32_t buy = first_of(book, SIDE_BUY), sell = first_of(book, SIDE_SELL);
    int64_t bid = book_leaves(book, buy), ask = book_leaves(book, sell), lots = bid < ask ? bid : ask;
    book->trades++;
    book->last_price_ticks = price_ticks;
    book->has_last_price = true;
    book_answer(book, out,
        (struct book_event){.type = EVENT_FILL,
            .flags = BOOK_EVENT_UNCROSS,
            .order_slot = buy,
            .maker_slot = sell,
            .trade = (uint32_t)book->trades,
            .price_ticks = price_ticks,
            .quantity_lots = lots,
            .leaves_lots = bid - lots,
            .rest = ask - lots},
        book->orders[buy].id_hash, book->orders[sell].id_hash);
    bool is_buy_gone = take_from_best(book, out, SIDE_BUY, lots);
    bool is_sell_gone = take_from_best(book, out, SIDE_SELL, lots);
    if (book->orders[sell].special) book_on_fill(book, out, sell);
    if (book->orders[buy].special) book_on_fill(book, out, buy);
    after_fill(book, sell, is_sell_gone);
    after_fill(book, buy, is_buy_gone);
    if (book->special & BOOK_HAS_STOPS) book_on_print(book, price_ticks);
}

static bool has_room(const struct book_output *out) {
    return book_has_room(out) && out->level_count <= BOOK_LEVELS_MAX - BOOK_EVENTS_SPARE;
}

bool book_uncross(struct book *book, struct book_output *out) {
    int64_t price_ticks = book->specials->pricing.price_ticks;
    const struct ladder *bids = &book->ladders[SIDE_BUY], *asks = &book->ladders[SIDE_SELL];
    while (bids->best <= ladder_key(SIDE_BUY, price_ticks) && asks->best <= ladder_key(SIDE_SELL, price_ticks)) {
        if (!has_room(out)) return false;
        uncross_first(book, out, price_ticks);
    }
    return true;
}
