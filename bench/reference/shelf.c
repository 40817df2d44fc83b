#include "bench/reference/shelf.h"

#include "bench/reference/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Account and id with a byte between them that no id holds. */
static size_t client_key(struct text user_id, struct text client_order_id, char key[2 * ID_BYTES_MAX + 1]) {
    memcpy(key, user_id.data, user_id.size);
    key[user_id.size] = 0;
    memcpy(key + user_id.size + 1, client_order_id.data, client_order_id.size);
    return user_id.size + 1 + client_order_id.size;
}

static size_t order_client_key(const struct order *order, char key[2 * ID_BYTES_MAX + 1]) {
    if (order->user_id.size == 0 || order->client_order_id.size == 0) return 0;
    return client_key(order_text(&order->user_id), order_text(&order->client_order_id), key);
}

static bool is_better(int side, int64_t a, int64_t b) { return side == REQUEST_BUY ? a > b : a < b; }

/* Where the level of a price is, or would be. */
static size_t level_place(const struct shelf_side *levels, int side, int64_t price) {
    size_t low = 0, high = levels->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (is_better(side, levels->levels[middle].price, price))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct shelf_level *level_for(struct shelf_side *side, int which, int64_t price) {
    size_t at = level_place(side, which, price);
    if (at < side->count && side->levels[at].price == price) return &side->levels[at];
    if (side->count == side->room) {
        side->room = side->room ? side->room * 2 : 16;
        side->levels = realloc(side->levels, side->room * sizeof side->levels[0]);
        if (!side->levels) {
            fprintf(stderr, "reference book: no memory for %zu price levels\n", side->room);
            abort();
        }
    }
    memmove(&side->levels[at + 1], &side->levels[at], (side->count - at) * sizeof side->levels[0]);
    side->levels[at] = (struct shelf_level){.price = price};
    side->count++;
    return &side->levels[at];
}

void shelf_enrol(struct shelf *shelf, struct order *order) {
    char key[2 * ID_BYTES_MAX + 1];
    dictionary_put(&shelf->by_id, order->order_id.bytes, order->order_id.size, order);
    size_t bytes = order_client_key(order, key);
    if (bytes) dictionary_put(&shelf->by_client, key, bytes, order);
    shelf->open_orders++;
}

void shelf_strike(struct shelf *shelf, struct order *order) {
    char key[2 * ID_BYTES_MAX + 1];
    dictionary_remove(&shelf->by_id, order->order_id.bytes, order->order_id.size);
    size_t bytes = order_client_key(order, key);
    if (bytes) dictionary_remove(&shelf->by_client, key, bytes);
    shelf->open_orders--;
}

int64_t shelf_clip(const struct order *order) {
    return order->clip && order->clip < order->leaves ? order->clip : order->leaves;
}

void shelf_place(struct shelf *shelf, struct order *order) {
    order->place = ORDER_RESTS;
    order->shown = shelf_clip(order);
    struct shelf_level *level = level_for(&shelf->sides[order->side], order->side, order->price);
    order->previous = level->last;
    order->next = NULL;
    if (level->last)
        level->last->next = order;
    else
        level->first = order;
    level->last = order;
}

void shelf_take(struct shelf *shelf, struct order *order) {
    struct shelf_side *side = &shelf->sides[order->side];
    size_t at = level_place(side, order->side, order->price);
    struct shelf_level *level = &side->levels[at];
    *(order->previous ? &order->previous->next : &level->first) = order->next;
    *(order->next ? &order->next->previous : &level->last) = order->previous;
    if (!level->first) {
        memmove(level, level + 1, (side->count - at - 1) * sizeof *level);
        side->count--;
    }
}

void shelf_deinit(struct shelf *shelf) {
    for (int side = 0; side < 2; side++) free(shelf->sides[side].levels);
    dictionary_deinit(&shelf->by_id);
    dictionary_deinit(&shelf->by_client);
    *shelf = (struct shelf){0};
}

struct order *shelf_find(const struct shelf *shelf, struct text order_id) {
    return dictionary_find(&shelf->by_id, order_id.data, order_id.size);
}

struct order *shelf_find_client(const struct shelf *shelf, struct text user_id, struct text client_order_id) {
    char key[2 * ID_BYTES_MAX + 1];
    return dictionary_find(&shelf->by_client, key, client_key(user_id, client_order_id, key));
}

bool shelf_crosses(int taker_side, int64_t limit, int64_t level_price) {
    return taker_side == REQUEST_BUY ? level_price <= limit : level_price >= limit;
}

struct order *shelf_first_against(
    const struct shelf *shelf, int taker_side, int64_t limit, const struct order *without) {
    const struct shelf_side *side = &shelf->sides[!taker_side];
    for (size_t i = 0; i < side->count && shelf_crosses(taker_side, limit, side->levels[i].price); i++)
        for (struct order *order = side->levels[i].first; order; order = order->next)
            if (order != without) return order;
    return NULL;
}

int64_t shelf_level_total(const struct shelf_level *level) {
    int64_t total = 0;
    for (const struct order *order = level->first; order; order = order->next) total += order->shown;
    return total;
}
