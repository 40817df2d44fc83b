#include "core/reason.h"

struct reason_entry {
    struct text name;
    struct text sentence;
};

/* clang-format off */
#define ENTRY(name, sentence) {{#name, sizeof(#name) - 1}, {sentence, sizeof(sentence) - 1}}

static const struct reason_entry reasons[REASON_COUNT] = {
    [REASON_NONE] = {{0}, {0}},
    [REASON_DUPLICATE_ID] = ENTRY(DUPLICATE_ID, "This id was given before to another command; use a new one."),
    [REASON_MALFORMED] = ENTRY(MALFORMED, "The record is neither one JSON object nor a msgpack map or array of version 1, or a key is repeated; "
                               "send one well-formed command of at most 64 KiB."),
    [REASON_MISSING_FIELD] = ENTRY(MISSING_FIELD, "A field that this action needs is missing; send it."),
    [REASON_BAD_FIELD] = ENTRY(BAD_FIELD, "A field has a wrong type or form; see the table of orders in the README."),
    [REASON_UNKNOWN_SYMBOL] = ENTRY(UNKNOWN_SYMBOL, "The symbol is not listed; use one that is."),
    [REASON_BLOCKED] = ENTRY(BLOCKED, "The account is blocked; ask the operator."),
    [REASON_UNSUPPORTED] = ENTRY(UNSUPPORTED, "This kind of order or command is not offered; leave the field out or use another kind."),
    [REASON_INVALID_COMBINATION] = ENTRY(INVALID_COMBINATION, "These fields do not go together; change orderType, timeInForce or postOnly."),
    [REASON_OFF_TICK] = ENTRY(OFF_TICK, "A price is not a multiple of the tick; round it to the tick."),
    [REASON_OFF_LOT] = ENTRY(OFF_LOT, "A quantity is not a multiple of the lot; round it to the lot."),
    [REASON_OUT_OF_RANGE] = ENTRY(OUT_OF_RANGE, "A price, quantity or time is outside what the symbol allows."),
    [REASON_MIN_NOTIONAL] = ENTRY(MIN_NOTIONAL, "Price times quantity is less than the symbol's minimum; order more."),
    [REASON_HALTED] = ENTRY(HALTED, "The symbol is halted; only cancels are taken."),
    [REASON_AUCTION] = ENTRY(AUCTION, "The symbol is in an auction; only limit orders that may rest are taken."),
    [REASON_CLOSED] = ENTRY(CLOSED, "The symbol is closed; only cancels are taken."),
    [REASON_CANCELLED_BEFORE] = ENTRY(CANCELLED_BEFORE, "A cancel for this id came before the order."),
    [REASON_UNKNOWN] = ENTRY(UNKNOWN, "No open order of this account has this id."),
    [REASON_PRICE_BAND] = ENTRY(PRICE_BAND, "The price is outside the symbol's price band."),
    [REASON_POST_ONLY] = ENTRY(POST_ONLY, "The order would trade at once; a post-only order must rest."),
    [REASON_CAPACITY] = ENTRY(CAPACITY, "A limit of the book is reached; try again when orders have ended."),
    [REASON_USER] = ENTRY(USER, "Cancelled by its account."),
    [REASON_MASS] = ENTRY(MASS, "Cancelled by a cancel of all orders."),
    [REASON_REPLACED] = ENTRY(REPLACED, "Replaced by another order."),
    [REASON_REDUCED] = ENTRY(REDUCED, "Reduced to no more than what was filled."),
    [REASON_OCO] = ENTRY(OCO, "The other order of the group was filled or triggered."),
    [REASON_PARENT] = ENTRY(PARENT, "The parent order ended."),
    [REASON_IOC] = ENTRY(IOC, "The rest could not be filled at once."),
    [REASON_FOK] = ENTRY(FOK, "The order could not be filled completely at once."),
    [REASON_NO_LIQUIDITY] = ENTRY(NO_LIQUIDITY, "The opposite side has no more orders."),
    [REASON_SELF_TRADE] = ENTRY(SELF_TRADE, "The order met one of the same account."),
    [REASON_GTD] = ENTRY(GTD, "The order's expireTime was reached."),
    [REASON_DAY] = ENTRY(DAY, "The trading day ended."),
};

#define NAME(literal) {(literal), sizeof(literal) - 1}

static const struct text fields[FIELD_COUNT] = {
    [FIELD_ACTION] = NAME("action"),
    [FIELD_SYMBOL] = NAME("symbol"),
    [FIELD_SIDE] = NAME("side"),
    [FIELD_QUANTITY] = NAME("quantity"),
    [FIELD_PRICE] = NAME("price"),
    [FIELD_ORDER_TYPE] = NAME("orderType"),
    [FIELD_USER_ID] = NAME("userId"),
    [FIELD_TIMESTAMP] = NAME("timestamp"),
    [FIELD_ORDER_ID] = NAME("orderId"),
    [FIELD_CLIENT_ORDER_ID] = NAME("clientOrderId"),
    [FIELD_COMMAND_ID] = NAME("commandId"),
    [FIELD_TIME_IN_FORCE] = NAME("timeInForce"),
    [FIELD_POST_ONLY] = NAME("postOnly"),
    [FIELD_STOP_PRICE] = NAME("stopPrice"),
    [FIELD_TRAILING_AMOUNT] = NAME("trailingAmount"),
    [FIELD_TRAILING_BPS] = NAME("trailingBps"),
    [FIELD_DISPLAY_QUANTITY] = NAME("displayQuantity"),
    [FIELD_SELF_TRADE_PREVENTION] = NAME("selfTradePrevention"),
    [FIELD_EXPIRE_TIME] = NAME("expireTime"),
    [FIELD_MAX_SLIPPAGE] = NAME("maxSlippage"),
    [FIELD_CANCEL_ORDER_ID] = NAME("cancelOrderId"),
    [FIELD_LIST_ID] = NAME("listId"),
    [FIELD_CONTINGENCY] = NAME("contingency"),
    [FIELD_ORDERS] = NAME("orders"),
};
/* clang-format on */

struct text reason_name(enum reason reason) {
    return (unsigned)reason < REASON_COUNT ? reasons[reason].name : TEXT_NONE;
}

struct text reason_text(enum reason reason) {
    return (unsigned)reason < REASON_COUNT ? reasons[reason].sentence : TEXT_NONE;
}

struct text field_name(enum field field) { return (unsigned)field < FIELD_COUNT ? fields[field] : TEXT_NONE; }

/* The sizes are constants here, so that each comparison is a few instructions. */
#define MATCH(literal, field)                                                                                          \
    if (memcmp(name.data, (literal), sizeof(literal) - 1) == 0) return (field);

enum field field_find(struct text name) {
    switch (name.size) {
    case 4: MATCH("side", FIELD_SIDE) break;
    case 5: MATCH("price", FIELD_PRICE) break;
    case 6:
        MATCH("symbol", FIELD_SYMBOL)
        MATCH("userId", FIELD_USER_ID)
        MATCH("action", FIELD_ACTION)
        MATCH("listId", FIELD_LIST_ID)
        MATCH("orders", FIELD_ORDERS)
        break;
    case 7: MATCH("orderId", FIELD_ORDER_ID) break;
    case 8:
        MATCH("quantity", FIELD_QUANTITY)
        MATCH("postOnly", FIELD_POST_ONLY)
        break;
    case 9:
        MATCH("orderType", FIELD_ORDER_TYPE)
        MATCH("timestamp", FIELD_TIMESTAMP)
        MATCH("commandId", FIELD_COMMAND_ID)
        MATCH("stopPrice", FIELD_STOP_PRICE)
        break;
    case 10: MATCH("expireTime", FIELD_EXPIRE_TIME) break;
    case 11:
        MATCH("timeInForce", FIELD_TIME_IN_FORCE)
        MATCH("contingency", FIELD_CONTINGENCY)
        MATCH("maxSlippage", FIELD_MAX_SLIPPAGE)
        MATCH("trailingBps", FIELD_TRAILING_BPS)
        break;
    case 13:
        MATCH("clientOrderId", FIELD_CLIENT_ORDER_ID)
        MATCH("cancelOrderId", FIELD_CANCEL_ORDER_ID)
        break;
    case 14: MATCH("trailingAmount", FIELD_TRAILING_AMOUNT) break;
    case 15: MATCH("displayQuantity", FIELD_DISPLAY_QUANTITY) break;
    case 19: MATCH("selfTradePrevention", FIELD_SELF_TRADE_PREVENTION) break;
    default: break;
    }
    return FIELD_NONE;
}
