/* Why a command was refused or an order ended: the names that appear in events. */
#ifndef SHARDBOOK_CORE_REASON_H
#define SHARDBOOK_CORE_REASON_H

#include "core/text.h"

/* Of several that apply to a rejected command, the first in this order is the answer. */
enum reason {
    REASON_NONE = 0,
    /* REJECTED */
    REASON_DUPLICATE_ID,
    REASON_MALFORMED,
    REASON_MISSING_FIELD,
    REASON_BAD_FIELD,
    REASON_UNKNOWN_SYMBOL,
    REASON_BLOCKED,
    REASON_UNSUPPORTED,
    REASON_INVALID_COMBINATION,
    REASON_OFF_TICK,
    REASON_OFF_LOT,
    REASON_OUT_OF_RANGE,
    REASON_MIN_NOTIONAL,
    REASON_HALTED,
    REASON_AUCTION,
    REASON_CLOSED,
    REASON_CANCELLED_BEFORE,
    REASON_UNKNOWN,
    REASON_PRICE_BAND,
    REASON_POST_ONLY,
    REASON_CAPACITY,
    /* CANCELLED */
    REASON_USER,
    REASON_MASS,
    REASON_REPLACED,
    REASON_REDUCED,
    REASON_OCO,
    REASON_PARENT,
    /* EXPIRED (PRICE_BAND also) */
    REASON_IOC,
    REASON_FOK,
    REASON_NO_LIQUIDITY,
    REASON_SELF_TRADE,
    REASON_GTD,
    REASON_DAY,
    REASON_COUNT
};

/* A field of a command, for messages. */
enum field {
    FIELD_NONE = 0,
    FIELD_ACTION,
    FIELD_SYMBOL,
    FIELD_SIDE,
    FIELD_QUANTITY,
    FIELD_PRICE,
    FIELD_ORDER_TYPE,
    FIELD_USER_ID,
    FIELD_TIMESTAMP,
    FIELD_ORDER_ID,
    FIELD_CLIENT_ORDER_ID,
    FIELD_COMMAND_ID,
    FIELD_TIME_IN_FORCE,
    FIELD_POST_ONLY,
    FIELD_STOP_PRICE,
    FIELD_TRAILING_AMOUNT,
    FIELD_TRAILING_BPS,
    FIELD_DISPLAY_QUANTITY,
    FIELD_SELF_TRADE_PREVENTION,
    FIELD_EXPIRE_TIME,
    FIELD_MAX_SLIPPAGE,
    FIELD_CANCEL_ORDER_ID,
    FIELD_LIST_ID,
    FIELD_CONTINGENCY,
    FIELD_ORDERS,
    FIELD_COUNT
};

/* "OFF_TICK" and so on; static. Any thread. */
struct text reason_name(enum reason reason);

/* "clientOrderId" and so on; static, FIELD_NONE is absent. Any thread. */
struct text field_name(enum field field);

/* The field of this name, FIELD_NONE if there is none. Any thread. */
enum field field_find(struct text name);

/* One sentence that says how to mend a rejected command, for the event's `text`; static. It depends on the
 * reason alone, so that the event's bytes stay a function of the log. Any thread. */
struct text reason_text(enum reason reason);

#endif
