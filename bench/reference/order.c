#include "bench/reference/order.h"

#include "bench/reference/request.h"

#include <stdio.h>
#include <stdlib.h>

struct order_id order_id_of(struct text text) {
    struct order_id id = {.size = (uint8_t)text.size};
    if (text.size) memcpy(id.bytes, text.data, text.size);
    return id;
}

struct text order_text(const struct order_id *id) { return id->size ? (struct text){id->bytes, id->size} : TEXT_NONE; }

bool order_belongs_to(const struct order *order, struct text account) {
    return account.size && text_equal(order_text(&order->user_id), account);
}

bool order_is_stop(const struct order *order) {
    return order->type == REQUEST_STOP || order->type == REQUEST_STOP_LIMIT || order->type == REQUEST_TRAILING_STOP;
}

bool order_may_rest(const struct order *order) {
    return order->time_in_force != REQUEST_IOC && order->time_in_force != REQUEST_FOK;
}

void order_row_add(struct order_row *row, struct order *order) {
    if (row->count == row->room) {
        row->room = row->room ? row->room * 2 : 16;
        row->orders = realloc(row->orders, row->room * sizeof(struct order *));
        if (!row->orders) {
            fprintf(stderr, "reference book: no memory for a row of %zu orders\n", row->room);
            abort();
        }
    }
    row->orders[row->count++] = order;
}

void order_row_deinit(struct order_row *row) {
    free(row->orders);
    *row = (struct order_row){0};
}
