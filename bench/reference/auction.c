#include "bench/reference/auction.h"

#include "bench/reference/answer.h"
#include "bench/reference/matching.h"

#include <stdlib.h>

static int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t distance(int64_t a, int64_t b) { return a < b ? b - a : a - b; }

/* ---- the price */

/* Ticks in a row with one outcome. */
struct stretch {
    int64_t low, high;
    int64_t volume, surplus; /* surplus: what is bought more than sold, below 0 what is sold more */
};

static int64_t whole_of(const struct shelf_level *level) {
    int64_t total = 0;
    for (const struct order *order = level->first; order; order = order->next) total += order->leaves;
    return total;
}

/* All that a side would trade at a price. */
static int64_t wanted_at(const struct shelf *shelf, int side, int64_t price) {
    const struct shelf_side *levels = &shelf->sides[side];
    int64_t total = 0;
    for (size_t i = 0; i < levels->count; i++) {
        bool takes_part = side == REQUEST_BUY ? levels->levels[i].price >= price : levels->levels[i].price <= price;
        if (takes_part) total += whole_of(&levels->levels[i]);
    }
    return total;
}

static struct stretch stretch_of(const struct shelf *shelf, int64_t low, int64_t high) {
    int64_t bought = wanted_at(shelf, REQUEST_BUY, low), sold = wanted_at(shelf, REQUEST_SELL, low);
    return (struct stretch){low, high, lesser(bought, sold), bought - sold};
}

static int compare_prices(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The prices of all levels, ascending. */
static size_t list_prices(const struct shelf *shelf, int64_t *prices) {
    size_t count = 0;
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < shelf->sides[side].count; i++) prices[count++] = shelf->sides[side].levels[i].price;
    qsort(prices, count, sizeof prices[0], compare_prices);
    return count;
}

/* Cuts all ticks between the least and the greatest price of an order at these prices, and between them. */
static size_t cut(const struct shelf *shelf, struct stretch **stretches) {
    size_t levels = shelf->sides[0].count + shelf->sides[1].count, count = 0;
    int64_t *prices = reference_allocate(levels * sizeof prices[0]);
    *stretches = reference_allocate(2 * levels * sizeof **stretches);
    levels = list_prices(shelf, prices);
    for (size_t i = 0; i < levels; i++) {
        if (i > 0 && prices[i] == prices[i - 1]) continue;
        if (i > 0 && prices[i] - prices[i - 1] > 1)
            (*stretches)[count++] = stretch_of(shelf, prices[i - 1] + 1, prices[i] - 1);
        (*stretches)[count++] = stretch_of(shelf, prices[i], prices[i]);
    }
    free(prices);
    return count;
}

/* Most volume, then least surplus: keeps the stretches that are as good as the best. */
static size_t keep_best(struct stretch *stretches, size_t count) {
    size_t best = 0, kept = 0;
    for (size_t i = 1; i < count; i++)
        if (stretches[i].volume > stretches[best].volume ||
            (stretches[i].volume == stretches[best].volume &&
                llabs(stretches[i].surplus) < llabs(stretches[best].surplus)))
            best = i;
    const struct stretch found = stretches[best];
    for (size_t i = 0; i < count; i++)
        if (stretches[i].volume == found.volume && llabs(stretches[i].surplus) == llabs(found.surplus))
            stretches[kept++] = stretches[i];
    return kept;
}

/* Nearest to the reference, of two that are as near the higher one. */
static int64_t nearest(const struct stretch *stretches, size_t count, int64_t reference) {
    int64_t best = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t price = reference < stretches[i].low    ? stretches[i].low
                        : reference > stretches[i].high ? stretches[i].high
                                                        : reference;
        if (i == 0 || distance(price, reference) <= distance(best, reference)) best = price;
    }
    return best;
}

/* The stretches ascend and are as good as each other so far. */
static int64_t choose(const struct desk *desk, const struct stretch *stretches, size_t count) {
    bool all_buy = true, all_sell = true;
    for (size_t i = 0; i < count; i++) {
        all_buy &= stretches[i].surplus > 0;
        all_sell &= stretches[i].surplus < 0;
    }
    int64_t reference = desk->has_last_price ? desk->last_price : desk->settings.reference_price;
    if (all_sell) return stretches[0].low;
    if (all_buy || reference == 0) return stretches[count - 1].high;
    return nearest(stretches, count, reference);
}

static bool is_crossed(const struct desk *desk) {
    const struct shelf_side *bids = &desk->shelf.sides[REQUEST_BUY], *asks = &desk->shelf.sides[REQUEST_SELL];
    return bids->count > 0 && asks->count > 0 && bids->levels[0].price >= asks->levels[0].price;
}

/* The price and quantity at which the book would uncross; price 0 if nothing would trade. */
static int64_t find_price(const struct desk *desk, int64_t *quantity) {
    struct stretch *stretches;
    *quantity = 0;
    if (!is_crossed(desk)) return 0;
    size_t count = cut(&desk->shelf, &stretches);
    count = keep_best(stretches, count);
    int64_t price = choose(desk, stretches, count);
    *quantity = stretches[0].volume;
    free(stretches);
    return price;
}

/* ---- what is told */

static void tell(struct desk *desk, int64_t price, int64_t quantity) {
    desk->told_ms = desk->at->log_time_ms;
    desk->told_price = price;
    desk->told_quantity = quantity;
    answer_state(desk, price, quantity);
}

void auction_report_state(struct desk *desk) {
    int64_t quantity = 0;
    int64_t price = desk->state == DIRECTIVE_AUCTION ? find_price(desk, &quantity) : 0;
    tell(desk, price, quantity);
}

void auction_report_change(struct desk *desk) {
    int64_t quantity, price = find_price(desk, &quantity);
    if (price != desk->told_price || quantity != desk->told_quantity) tell(desk, price, quantity);
}

/* ---- the trades */

/* Takes from what an order shows first; where that is used up a fresh clip shows in its place. */
static void use(struct order *order, int64_t quantity) {
    int64_t left = order->leaves - quantity;
    if (quantity < order->shown)
        order->shown -= quantity;
    else
        order->shown = order->clip ? lesser(order->clip, left) : left;
}

static void trade(struct desk *desk, struct order *buyer, struct order *seller, int64_t price) {
    int64_t quantity = lesser(buyer->leaves, seller->leaves);
    use(buyer, quantity);
    use(seller, quantity);
    matching_fill(desk, buyer, seller, price, quantity, true);
}

void auction_uncross(struct desk *desk) {
    int64_t price, quantity;
    while ((price = find_price(desk, &quantity))) {
        struct order *buyer, *seller;
        while ((buyer = shelf_first_against(&desk->shelf, REQUEST_SELL, price, NULL)) &&
               (seller = shelf_first_against(&desk->shelf, REQUEST_BUY, price, NULL)))
            trade(desk, buyer, seller, price);
    }
}
