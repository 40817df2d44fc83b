/* A command as it came out of the log: what every decoder fills and the book understands. */
#ifndef SHARDBOOK_CORE_COMMAND_H
#define SHARDBOOK_CORE_COMMAND_H

#include "core/decimal.h"
#include "core/reason.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

/* Numbers as in the msgpack array form. */
enum action {
    ACTION_NEW = 0,
    ACTION_CANCEL,
    ACTION_MODIFY,
    ACTION_REPLACE,
    ACTION_CANCEL_ALL,
    ACTION_LIST,
    ACTION_COUNT
};
enum side { SIDE_BUY = 0, SIDE_SELL = 1, SIDE_NONE = 2 };
enum order_type { ORDER_LIMIT = 0, ORDER_MARKET, ORDER_STOP, ORDER_STOP_LIMIT, ORDER_TRAILING_STOP, ORDER_TYPE_NONE };
/* AON has a name so that it can be refused as UNSUPPORTED; it has no number in the msgpack form. */
enum time_in_force { TIF_GTC = 0, TIF_IOC, TIF_FOK, TIF_GTD, TIF_DAY, TIF_AON, TIF_NONE };
enum contingency { CONTINGENCY_NONE = 0, CONTINGENCY_OCO, CONTINGENCY_OTO, CONTINGENCY_OTOCO };
enum self_trade {
    SELF_TRADE_NONE = 0,
    SELF_TRADE_EXPIRE_TAKER,
    SELF_TRADE_EXPIRE_MAKER,
    SELF_TRADE_EXPIRE_BOTH,
    SELF_TRADE_DECREMENT
};

/* The orders of a LIST: OCO and OTO have two, OTOCO three. */
enum { LIST_ORDERS_MAX = 3 };

/* Texts view the record's bytes or the decoder's scratch and live until the decoder's next call. Enumerations
 * say *_NONE, texts and decimals are absent, where the record has no such field (null and an empty userId
 * count as none). */
struct command {
    uint8_t action;        /* enum action; ACTION_COUNT if there is one and it is not known */
    uint8_t side;          /* enum side */
    uint8_t order_type;    /* enum order_type */
    uint8_t time_in_force; /* enum time_in_force; TIF_NONE if not given */
    uint8_t self_trade;    /* enum self_trade */
    uint8_t contingency;   /* enum contingency */
    bool post_only;
    bool has_timestamp, has_expire_time, has_trailing_bps;
    uint8_t fault;       /* enum reason: NONE, MALFORMED, MISSING_FIELD, BAD_FIELD, UNSUPPORTED, INVALID_COMBINATION */
    uint8_t fault_field; /* enum field that the fault is about, or FIELD_NONE */
    uint64_t bad;        /* bit 1 << FIELD_x for each known field of a wrong type or form; its value is absent */
    uint64_t present;    /* bit 1 << FIELD_x for each known field that was there and not null, well formed or not */

    struct text symbol; /* absent when missing or not ^[A-Z0-9]{1,10}$ */
    struct text order_id;
    struct text client_order_id;
    struct text command_id;
    struct text user_id;
    struct text cancel_order_id;
    struct text list_id;

    struct decimal quantity, price, stop_price, trailing_amount, display_quantity, max_slippage;
    int64_t timestamp_ms, expire_time_ms, trailing_bps;

    /* LIST: its orders as NEW commands that carry the list's symbol and userId; the decoder's memory. */
    const struct command *orders;
    uint32_t order_count; /* as many as the record has, of which at most LIST_ORDERS_MAX are decoded */
};

/* Empties a command: everything absent, action NEW. Any thread. */
void command_init(struct command *command);

/* Looks at a decoded command as a whole and sets fault and fault_field to the first of MISSING_FIELD,
 * BAD_FIELD (as the decoder left it in `fault`), UNSUPPORTED, INVALID_COMBINATION that applies; a decoder
 * calls it last, unless it found MALFORMED. Any thread. */
void command_check(struct command *command);

/* True if `symbol` is ^[A-Z0-9]{1,10}$. Any thread. */
bool symbol_is_valid(struct text symbol);

/* The id that the command itself carries: orderId of NEW and REPLACE, listId of LIST, else commandId; absent if there
 * is none, it is badly formed, or the action is not known. Any thread. */
struct text command_own_id(const struct command *command);

/* 64 bits over every known field but the command's own id, clientOrderId's text included, and the timestamp: equal for
 * two records that say the same in other words (150.0 and "150.00"). A field is absent, badly formed (whatever it
 * says), or its value; orders count one by one, their ids included. For the repeat check. Any thread. */
uint64_t command_content_hash(const struct command *command);

/* rolling_id of the texts that are hashed more than once on a command's way; 0 for one that is absent. */
struct command_ids {
    uint64_t symbol, order_id, client_order_id, user_id;
};

/* Any thread. */
struct command_ids command_ids_of(const struct command *command);

/* As command_content_hash, with the command's own command_ids_of(). Any thread. */
uint64_t command_content_hash_from(const struct command *command, const struct command_ids *ids);

/* Names as in the wire form ("BUY", "STOP_LIMIT", "GTC", ...); static; absent for *_NONE. Any thread. */
struct text action_name(enum action action);
struct text side_name(enum side side);
struct text order_type_name(enum order_type type);
struct text time_in_force_name(enum time_in_force tif);
struct text self_trade_name(enum self_trade mode);
struct text contingency_name(enum contingency contingency);

#endif
