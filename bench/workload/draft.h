/* A command about to be written as a record of `orders`, in any of its forms. */
#ifndef SHARDBOOK_BENCH_WORKLOAD_DRAFT_H
#define SHARDBOOK_BENCH_WORKLOAD_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DRAFT_BYTES_MAX = 2048, DRAFT_ID_BYTES = 48 };

enum draft_action { DRAFT_NEW, DRAFT_CANCEL, DRAFT_MODIFY, DRAFT_REPLACE, DRAFT_CANCEL_ALL, DRAFT_LIST };

/* Numbers as in the msgpack array form; a choice of -1, an empty text, a price or quantity of 0 is left out. */
struct draft {
    enum draft_action action;
    char symbol[16], order_id[DRAFT_ID_BYTES], client_order_id[DRAFT_ID_BYTES], user_id[DRAFT_ID_BYTES],
        command_id[DRAFT_ID_BYTES];
    int side, order_type, time_in_force;
    int64_t price_ticks, quantity_lots; /* ticks of 0.01, lots of 1 */
    bool post_only;
    int64_t timestamp_ms;
    const char *extra_name, *extra_text; /* one more field: a name and a JSON value, with msgpack a text */
    int number_style;                    /* 0: 150.05 and 7, 1: in quotes, 2: with an exponent */
};

/* Writes it as the guide's JSON, or as the msgpack array; out holds DRAFT_BYTES_MAX; returns the bytes. */
size_t draft_write_json(const struct draft *draft, char *out);
size_t draft_write_msgpack(const struct draft *draft, char *out);

#endif
