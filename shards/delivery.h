/* What the home of a symbol sends to the worker that holds it. */
#ifndef SHARDBOOK_SHARDS_DELIVERY_H
#define SHARDBOOK_SHARDS_DELIVERY_H

#include "core/command.h"
#include "core/instrument.h"

#include <stdbool.h>
#include <stdint.h>

struct symbol;

enum delivery_kind {
    DELIVERY_COMMAND = 1,
    DELIVERY_CONTROL,  /* a control record was decided: answer it, and hand the symbol over if it says so */
    DELIVERY_TICK,     /* time moved: expire what is due */
    DELIVERY_ADOPT,    /* the symbol is yours from here on */
    DELIVERY_MARK,     /* everything of the partition below `offset` was delivered before this */
    DELIVERY_SNAPSHOT, /* a feed asks for the symbol's state */
    DELIVERY_READY     /* say where the symbol stands */
};

enum { HAND_TO_NOBODY = -1 };

/* Views live as long as the record they came from, or until the link's record is released. */
struct delivery {
    uint8_t kind;    /* enum delivery_kind */
    uint8_t verdict; /* COMMAND: enum book_verdict */
    uint8_t input;   /* CONTROL: enum book_input_kind */
    uint8_t state;   /* CONTROL, BOOK_STATE: enum trading_state */
    bool blocked;    /* COMMAND: the account may not trade */
    struct symbol *symbol;
    int32_t partition;
    int64_t offset;
    int64_t log_time_ms;
    struct text original_order_id;                            /* COMMAND, BOOK_REPEAT */
    struct command_ids ids;                                   /* COMMAND: of `command` */
    struct command command;                                   /* COMMAND */
    struct text control_kind, control_result, control_fields; /* CONTROL */
    const struct instrument *instrument;                      /* CONTROL, BOOK_INSTRUMENT; else NULL */
    bool sets_own;                                            /* CONTROL: an accepted CUT */
    int hand_to; /* CONTROL: the worker that gets the symbol, or HAND_TO_NOBODY */
};

/* Bytes of the flat form. Any thread. */
uint32_t delivery_packed_bytes(const struct delivery *delivery);

/* Writes the flat form (delivery_packed_bytes() bytes, 8-byte aligned). */
void delivery_pack(const struct delivery *delivery, void *out);

/* Fills in *delivery with views into the flat form, and of a LIST `orders`, room for LIST_ORDERS_MAX. */
void delivery_unpack(const void *packed, struct delivery *delivery, struct command *orders);

#endif
