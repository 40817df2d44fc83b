/* The invariants, over the whole book. */
#include "core/book_inside.h"

struct count {
    uint32_t orders, entries, pieces_long, specials, icebergs, timed, timed_children, waiting, trailing;
    uint64_t hash;
};

/* What is true of every open order, wherever it is. */
static void check_order(const struct book *book, uint32_t slot, struct count *count) {
    const struct order *order = &book->orders[slot];
    struct order_texts texts = order_texts(book->arena, slot);
    CHECK(order->leaves_lots > 0 && book_filled(book, slot, book_leaves(book, slot)) >= 0,
        "an order's quantity is not what was filled, prevented and left");
    CHECK(order->id_hash == rolling_id(texts.order_id), "an order's hash is not its id's");
    CHECK(book_is_by_slot(book) || id_index_find_order(&book->ids, book->arena, order->id_hash, texts.order_id) == slot,
        "an open order is not found by its id");
    CHECK(!order->has_client || id_index_find_client(&book->ids, book->arena,
                                    id_client_hash(rolling_id(texts.user_id), texts.client_order_id), texts.user_id,
                                    texts.client_order_id) == slot,
        "an open order is not found by its clientOrderId");
    CHECK(book_is_by_slot(book) || order->has_client == (texts.user_id.size && texts.client_order_id.size),
        "an order's mark for its clientOrderId is wrong");
    CHECK(order->account_tag == book_account_tag(rolling_id(texts.user_id)),
        "an order's account tag is not its account's");
    count->orders++;
    count->entries += 1 + order->has_client;
    count->pieces_long += order->long_texts;
    count->hash += book_weight_of(book, slot);
}

/* The children that wait for this parent. */
static void check_children(const struct book *book, const struct order_group *group, struct count *count);

static void check_extra(const struct book *book, uint32_t slot, enum order_place place, struct count *count) {
    const struct order *order = &book->orders[slot];
    const struct order_extra *extra = book_extra(book, slot);
    CHECK(extra->place == place, "an order is at another place than it says");
    CHECK(extra->is_timed == (order->time_in_force == TIF_GTD && place != PLACE_CHILD),
        "an order's mark for the time at which it ends is wrong");
    CHECK(place == PLACE_LEVEL || extra->reserve_lots == 0, "an order that is not at rest hides something");
    CHECK(extra->reserve_lots >= 0 &&
              (!extra->clip_lots || place != PLACE_LEVEL || (int64_t)order->leaves_lots <= extra->clip_lots),
        "an iceberg shows more than its clip");
    CHECK(extra->clip_lots || !extra->reserve_lots, "an order that is no iceberg hides something");
    count->specials++;
    count->icebergs += extra->clip_lots != 0;
    count->timed += extra->is_timed;
    count->timed_children += place == PLACE_CHILD && order->time_in_force == TIF_GTD;
    if (!extra->group) return;
    const struct order_group *group = book_group(book, extra);
    CHECK(group->members[extra->role] == slot, "a list does not know its order");
    if (group->contingency != CONTINGENCY_OCO && extra->role == 0) check_children(book, group, count);
}

static void check_placed(const struct book *book, uint32_t slot, enum order_place place, struct count *count) {
    check_order(book, slot, count);
    if (book->orders[slot].special)
        check_extra(book, slot, place, count);
    else
        CHECK(place == PLACE_LEVEL, "a plain order waits for something");
}

static void check_children(const struct book *book, const struct order_group *group, struct count *count) {
    for (uint32_t role = 1; role < LIST_ORDERS_MAX; role++) {
        uint32_t slot = group->members[role];
        if (!slot) continue;
        CHECK(book_is_child(book, slot), "a child does not wait for its parent that is open");
        check_placed(book, slot, PLACE_CHILD, count);
    }
}

static void check_level(const struct book *book, enum side side, uint64_t key, struct count *count) {
    const struct level *level = ladder_find(&book->ladders[side], book->arena, key);
    CHECK(level && level->head, "a level without an order");
    int64_t total_lots = 0;
    uint32_t before = 0;
    for (uint32_t slot = level->head; slot; before = slot, slot = book->orders[slot].next) {
        const struct order *order = &book->orders[slot];
        CHECK(order->side == side && ladder_key(side, (int64_t)order->price_ticks) == key,
            "an order is at another price than its level");
        CHECK(order->prev == before, "a level's chain is broken backwards");
        check_placed(book, slot, PLACE_LEVEL, count);
        total_lots += (int64_t)order->leaves_lots;
    }
    CHECK(level->tail == before, "a level's tail is not its last order");
    CHECK(level->total_lots == total_lots, "a level's total is not the sum of what its orders show");
}

static void check_side(const struct book *book, enum side side, struct count *count) {
    const struct ladder *ladder = &book->ladders[side];
    ladder_check(ladder, book->arena);
    for (uint64_t key = ladder->best; key != LADDER_EMPTY; key = ladder_next(ladder, book->arena, key))
        check_level(book, side, key, count);
}

/* ---- what waits ------------------------------------------------------------------------------------------- */

static uint32_t check_stop_level(const struct book *book, enum side side, uint64_t key) {
    const struct level *level = ladder_find(&book->specials->stops[side], book->arena, key);
    uint32_t count = 0, before = 0;
    uint64_t sequence = 0;
    for (uint32_t slot = level->head; slot; before = slot, slot = book->orders[slot].next, count++) {
        const struct order_extra *extra = book_extra(book, slot);
        CHECK(extra->place == PLACE_STOP && book->orders[slot].side == side && book->orders[slot].prev == before &&
                  ladder_key(side == SIDE_BUY ? SIDE_SELL : SIDE_BUY, extra->stop_price_ticks) == key,
            "a stop waits at the wrong price");
        CHECK(extra->sequence > sequence, "stops of one price are out of order");
        sequence = extra->sequence;
    }
    CHECK(level->tail == before, "the last stop of a price is not its last one");
    return count;
}

static uint32_t check_stops(const struct book *book, enum side side) {
    const struct ladder *ladder = &book->specials->stops[side];
    uint32_t count = 0;
    ladder_check(ladder, book->arena);
    for (uint64_t key = ladder->best; key != LADDER_EMPTY; key = ladder_next(ladder, book->arena, key))
        count += check_stop_level(book, side, key);
    return count;
}

static void check_waiting(const struct book *book, struct count *count) {
    const struct book_specials *specials = book->specials;
    uint64_t sequence = 0;
    for (uint32_t slot = specials->wait_first; slot; slot = book_extra(book, slot)->wait_next) {
        const struct order_extra *extra = book_extra(book, slot);
        bool is_trailing = book->orders[slot].order_type == ORDER_TRAILING_STOP;
        CHECK(extra->sequence > sequence, "waiting stops are out of order");
        sequence = extra->sequence;
        check_placed(book, slot, is_trailing ? PLACE_TRAILING : PLACE_STOP, count);
        CHECK(book->state != TRADING_STATE_TRADING || !book_is_satisfied(book, slot),
            "a stop waits though the last price triggers it");
        count->waiting++;
        count->trailing += is_trailing;
    }
    CHECK(count->waiting == specials->wait_count && count->trailing == specials->trail_count &&
              check_stops(book, SIDE_BUY) + check_stops(book, SIDE_SELL) + count->trailing == count->waiting,
        "the count of waiting stops is wrong");
}

static void check_times(const struct book *book, const struct count *count) {
    const struct ladder *times = &book->specials->times;
    uint32_t timed = 0;
    ladder_check(times, book->arena);
    for (uint64_t key = times->best; key != LADDER_EMPTY; key = ladder_next(times, book->arena, key))
        for (uint32_t slot = ladder_find(times, book->arena, key)->head; slot; timed++) {
            CHECK(book_extra(book, slot)->is_timed && (uint64_t)book_extra(book, slot)->expire_time_ms == key,
                "an order is to end at another time than it says");
            slot = book_extra(book, slot)->time_next;
        }
    CHECK(timed == count->timed && timed == book->specials->timed, "the count of GTD orders is wrong");
}

static void check_specials(const struct book *book, struct count *count) {
    const struct book_specials *specials = book->specials;
    check_waiting(book, count);
    check_times(book, count);
    CHECK(!specials->queue_first && !specials->filled_first && specials->trailed[SIDE_BUY].best == LADDER_EMPTY &&
              specials->trailed[SIDE_SELL].best == LADDER_EMPTY,
        "something of the queue was left behind");
    CHECK(count->icebergs == specials->icebergs && count->timed_children == specials->timed_children,
        "the count of icebergs, or of GTD children, is wrong");
}

static void check_bits(const struct book *book) {
    const struct book_specials none = {0}, *specials = book->specials ? book->specials : &none;
    uint32_t wanted = (specials->wait_count ? BOOK_HAS_STOPS : 0) | (specials->timed ? BOOK_HAS_TIMED : 0) |
                      (specials->icebergs ? BOOK_HAS_ICEBERGS : 0) |
                      (book->state == TRADING_STATE_TRADING ? 0 : BOOK_NOT_TRADING);
    uint32_t looked_at = BOOK_HAS_STOPS | BOOK_HAS_TIMED | BOOK_HAS_ICEBERGS | BOOK_NOT_TRADING;
    CHECK((book->special & looked_at) == wanted, "a book does not know what it has to look out for");
}

/* ---- all of it -------------------------------------------------------------------------------------------- */

static uint32_t chain_length(const struct book *book, uint32_t slot) {
    uint32_t length = 0;
    for (; slot; slot = book->orders[slot].next) length++;
    return length;
}

/* How many pieces the slots hold that this step's events still show. */
static void count_freed(const struct book *book, struct count *count) {
    for (uint32_t slot = book->freed_first; slot; slot = book->orders[slot].next) {
        count->pieces_long += book->orders[slot].long_texts;
        count->specials += book->orders[slot].special;
    }
}

static void check_slots(const struct book *book, struct count count) {
    uint32_t freed = chain_length(book, book->freed_first), free = chain_length(book, book->free_slot);
    count_freed(book, &count);
    CHECK(book->blocks * ARENA_ORDERS_PER_BLOCK == count.orders + freed + free, "slots were lost or are used twice");
    CHECK(book->long_texts.used == count.pieces_long, "long ids were lost or are used twice");
    CHECK((book->specials ? book->specials->extras.used : 0) == count.specials, "extras were lost or are used twice");
}

static void check_not_crossed(const struct book *book) {
    CHECK(book->state != TRADING_STATE_TRADING || !book_is_crossed(book), "the best bid is not below the best ask");
}

void book_check(const struct book *book) {
    struct count count = {0};
    check_side(book, SIDE_BUY, &count);
    check_side(book, SIDE_SELL, &count);
    if (book->run.phase != BOOK_IDLE) return; /* orders are on the way */
    check_not_crossed(book);
    if (book->specials) check_specials(book, &count);
    check_bits(book);
    CHECK(count.orders == book->open_orders && (book_is_by_slot(book) ? 0 : count.entries) == book->ids.entries,
        "the count of open orders or ids is wrong");
    CHECK(count.hash == book->orders_hash, "the hash over the open orders is wrong");
    check_slots(book, count);
}
