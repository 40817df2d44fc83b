/* An order, cancel, modify or replace in numbers: what a program hands over that needs no text, such as a gateway with
 * a binary protocol. It names an order by the slot that the book gave it, so that nothing has to be looked up. */
#ifndef SHARDBOOK_CORE_REQUEST_H
#define SHARDBOOK_CORE_REQUEST_H

#include "core/command.h"

#include <stdbool.h>
#include <stdint.h>

/* An id of 64 bits is the id of 8 bytes, little-endian, in events and hashes. The caller keeps ids unique over all
 * books of an arena, and gives each request to the book that its order is in. */
struct request {
    uint64_t id;           /* NEW, REPLACE: the new order's; CANCEL, MODIFY: the order's */
    uint64_t replaced_id;  /* REPLACE: the old order's */
    uint64_t account;      /* 0: nobody's */
    int64_t price_ticks;   /* LIMIT; MODIFY: 0, as it is */
    int64_t quantity_lots; /* MODIFY: the new total, 0: as it is */
    uint32_t slot;         /* CANCEL, MODIFY, REPLACE: where book_output.slot said that the order is */
    uint8_t action;        /* enum action: NEW, CANCEL, MODIFY, REPLACE */
    uint8_t side;          /* of NEW and REPLACE like all that follows: enum side */
    uint8_t order_type;    /* ORDER_LIMIT, ORDER_MARKET */
    uint8_t time_in_force; /* TIF_GTC, TIF_IOC, TIF_FOK, TIF_DAY; of a market order TIF_IOC, TIF_FOK */
    uint8_t self_trade;    /* enum self_trade */
    bool post_only;
};

/* Fills *command with the same in the general form; its texts view *request. A value or combination that requests do
 * not have is its fault, INVALID_COMBINATION. Any thread. */
void request_to_command(const struct request *request, struct command *command);

#endif
