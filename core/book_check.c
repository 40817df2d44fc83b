/* The invariants, over the whole book. */
#include "core/book_inside.h"

struct count {
    uint32_t orders, entries, long_texts;
};

static void check_order(
    const struct book *book, enum side side, uint64_t key, uint32_t slot, uint32_t before, struct count *count) {
    const struct order *order = &book->orders[slot];
    struct order_texts texts = order_texts(book->arena, slot);
    CHECK(order->side == side && ladder_key(side, (int64_t)order->price_ticks) == key,
        "an order is at another price than its level");
    CHECK(order->prev == before, "a level's chain is broken backwards");
    CHECK(order->leaves_lots > 0 && book_filled(book, slot, (int64_t)order->leaves_lots) >= 0,
        "an order's quantity is not what was filled, prevented and left");
    CHECK(order->id_hash == rolling_id(texts.order_id), "an order's hash is not its id's");
    CHECK(id_index_find_order(&book->ids, book->arena, order->id_hash, texts.order_id) == slot,
        "an open order is not found by its id");
    CHECK(!order->has_client || id_index_find_client(&book->ids, book->arena,
                                    id_client_hash(rolling_id(texts.user_id), texts.client_order_id), texts.user_id,
                                    texts.client_order_id) == slot,
        "an open order is not found by its clientOrderId");
    CHECK(order->has_client == (texts.user_id.size && texts.client_order_id.size),
        "an order's mark for its clientOrderId is wrong");
    CHECK(order->account_tag == book_account_tag(rolling_id(texts.user_id)),
        "an order's account tag is not its account's");
    count->orders++;
    count->entries += 1 + order->has_client;
    count->long_texts += order->long_texts;
}

static void check_level(const struct book *book, enum side side, uint64_t key, struct count *count) {
    const struct level *level = ladder_find(&book->ladders[side], book->arena, key);
    CHECK(level && level->head, "a level without an order");
    int64_t total_lots = 0;
    uint32_t before = 0;
    for (uint32_t slot = level->head; slot; before = slot, slot = book->orders[slot].next) {
        check_order(book, side, key, slot, before, count);
        total_lots += (int64_t)book->orders[slot].leaves_lots;
    }
    CHECK(level->tail == before, "a level's tail is not its last order");
    CHECK(level->total_lots == total_lots, "a level's total is not the sum of its orders");
}

static void check_side(const struct book *book, enum side side, struct count *count) {
    const struct ladder *ladder = &book->ladders[side];
    ladder_check(ladder, book->arena);
    for (uint64_t key = ladder->best; key != LADDER_EMPTY; key = ladder_next(ladder, book->arena, key))
        check_level(book, side, key, count);
}

static uint32_t chain_length(const struct book *book, uint32_t slot) {
    uint32_t length = 0;
    for (; slot; slot = book->orders[slot].next) length++;
    return length;
}

static void check_slots(const struct book *book, struct count count) {
    uint32_t freed = chain_length(book, book->freed_first), free = chain_length(book, book->free_slot);
    CHECK(book->blocks * ARENA_ORDERS_PER_BLOCK == count.orders + freed + free, "slots were lost or are used twice");
    CHECK(book->long_texts.used == count.long_texts + book->freed_long_texts, "long ids were lost or are used twice");
}

void book_check(const struct book *book) {
    struct count count = {0};
    check_side(book, SIDE_BUY, &count);
    check_side(book, SIDE_SELL, &count);
    uint64_t best_bid = book->ladders[SIDE_BUY].best, best_ask = book->ladders[SIDE_SELL].best;
    CHECK(best_bid == LADDER_EMPTY || best_ask == LADDER_EMPTY ||
              ladder_price(SIDE_BUY, best_bid) < ladder_price(SIDE_SELL, best_ask),
        "the best bid is not below the best ask");
    bool is_taker_out = book->run.phase == BOOK_MATCHING && book->run.slot;
    if (is_taker_out) {
        const struct order *taker = &book->orders[book->run.slot];
        count.orders++;
        count.entries += 1 + taker->has_client;
        count.long_texts += taker->long_texts;
    }
    CHECK(count.orders == book->open_orders && count.entries == book->ids.entries,
        "the count of open orders or ids is wrong");
    check_slots(book, count);
}
