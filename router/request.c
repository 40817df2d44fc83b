#include "router/request.h"

#include "core/limits.h"
#include "core/reason.h"

enum { BPS_MAX = 9999 };

#define BIT(field) (UINT64_C(1) << (field))

/* What is said of a field that is missing or of a wrong form. */
struct wording {
    enum fault_code code;
    struct text missing, bad;
};

#define FIXED(literal) {(literal), sizeof(literal) - 1}
#define WORDS(code_, name, form)                                                                                       \
    {(code_), {name " is required: " form, sizeof name " is required: " form - 1},                                     \
        {name " must be " form, sizeof name " must be " form - 1}}
static const struct wording wordings[FIELD_COUNT] = {
    [FIELD_ACTION] = WORDS(CODE_FIELD, "action", "left out: method and path say what to do"),
    [FIELD_SYMBOL] = WORDS(CODE_SYMBOL, "symbol", "1 to 10 characters of A-Z and 0-9"),
    [FIELD_SIDE] = WORDS(CODE_SIDE, "side", "BUY or SELL"),
    [FIELD_QUANTITY] = WORDS(CODE_PRECISION, "quantity", "a whole number from 1 to 1000000"),
    [FIELD_PRICE] = WORDS(CODE_PRECISION, "price", "a number of at least 0.01 with at most two decimal places"),
    [FIELD_ORDER_TYPE] = WORDS(CODE_ORDER_TYPE, "orderType", "LIMIT, MARKET, STOP, STOP_LIMIT or TRAILING_STOP"),
    [FIELD_USER_ID] = WORDS(CODE_FIELD, "userId", "a string of at most 64 bytes"),
    [FIELD_CLIENT_ORDER_ID] = WORDS(CODE_FIELD, "clientOrderId", "a string of 1 to 64 bytes"),
    [FIELD_TIME_IN_FORCE] = WORDS(CODE_TIME_IN_FORCE, "timeInForce", "GTC, IOC, FOK, GTD or DAY"),
    [FIELD_POST_ONLY] = WORDS(CODE_FIELD, "postOnly", "true or false"),
    [FIELD_STOP_PRICE] =
        WORDS(CODE_PRECISION, "stopPrice", "a number of at least 0.01 with at most two decimal places"),
    [FIELD_TRAILING_AMOUNT] =
        WORDS(CODE_PRECISION, "trailingAmount", "a number of at least 0.01 with at most two decimal places"),
    [FIELD_TRAILING_BPS] = WORDS(CODE_FIELD, "trailingBps", "a whole number of basis points from 1 to 9999"),
    [FIELD_DISPLAY_QUANTITY] = WORDS(CODE_PRECISION, "displayQuantity", "a whole number from 1 to 1000000"),
    [FIELD_SELF_TRADE_PREVENTION] =
        WORDS(CODE_FIELD, "selfTradePrevention", "NONE, EXPIRE_TAKER, EXPIRE_MAKER, EXPIRE_BOTH or DECREMENT"),
    [FIELD_EXPIRE_TIME] = WORDS(CODE_FIELD, "expireTime", "a time in milliseconds since 1970"),
    [FIELD_MAX_SLIPPAGE] =
        WORDS(CODE_PRECISION, "maxSlippage", "a price distance of at least 0 with at most two decimal places"),
    [FIELD_CANCEL_ORDER_ID] =
        WORDS(CODE_FIELD, "cancelOrderId", "the orderId of the order that is replaced, 1 to 64 bytes"),
    [FIELD_CONTINGENCY] = WORDS(CODE_FIELD, "contingency", "OCO, OTO or OTOCO"),
    [FIELD_ORDERS] = WORDS(CODE_FIELD, "orders", "an array of two orders (OTOCO: three), each an object"),
};

/* What is said of a field that does not go with the others. */
static const struct text combinations[FIELD_COUNT] = {
    [FIELD_TIME_IN_FORCE] =
        FIXED("MARKET, STOP, and TRAILING_STOP without price take timeInForce IOC or FOK, or none at all"),
    [FIELD_POST_ONLY] = FIXED("postOnly goes with LIMIT and timeInForce GTC, GTD or DAY"),
    [FIELD_STOP_PRICE] = FIXED("stopPrice goes with STOP, STOP_LIMIT and TRAILING_STOP; leave it out"),
    [FIELD_TRAILING_AMOUNT] = FIXED("trailingAmount goes with TRAILING_STOP; leave it out"),
    [FIELD_TRAILING_BPS] = FIXED("trailingBps goes with TRAILING_STOP, in place of trailingAmount; leave it out"),
    [FIELD_DISPLAY_QUANTITY] = FIXED("displayQuantity goes with LIMIT, STOP_LIMIT, and TRAILING_STOP with price, and "
                                     "not with timeInForce IOC or FOK; leave it out"),
    [FIELD_EXPIRE_TIME] = FIXED("expireTime goes with timeInForce GTD; leave it out"),
    [FIELD_MAX_SLIPPAGE] = FIXED("maxSlippage goes with MARKET, STOP, and TRAILING_STOP without price; leave it out"),
    [FIELD_CANCEL_ORDER_ID] =
        FIXED("cancelOrderId is the new order's own id, which follows from clientOrderId; give another clientOrderId"),
    [FIELD_ORDERS] = FIXED("OCO and OTO have two orders, OTOCO three"),
    [FIELD_SIDE] = FIXED("the two orders of an OCO must have the same side"),
    [FIELD_ORDER_ID] = FIXED("each order of a list needs a clientOrderId of its own, or none"),
    [FIELD_CLIENT_ORDER_ID] = FIXED("each order of a list needs a clientOrderId of its own, or none"),
};

/* The members of requests, in the order in which faults are looked for. */
static const uint8_t new_fields[] = {FIELD_ACTION, FIELD_SYMBOL, FIELD_SIDE, FIELD_QUANTITY, FIELD_PRICE,
    FIELD_ORDER_TYPE, FIELD_USER_ID, FIELD_CLIENT_ORDER_ID, FIELD_TIME_IN_FORCE, FIELD_POST_ONLY, FIELD_STOP_PRICE,
    FIELD_TRAILING_AMOUNT, FIELD_TRAILING_BPS, FIELD_DISPLAY_QUANTITY, FIELD_SELF_TRADE_PREVENTION, FIELD_EXPIRE_TIME,
    FIELD_MAX_SLIPPAGE};
static const uint8_t replace_fields[] = {FIELD_CANCEL_ORDER_ID};
static const uint8_t list_fields[] = {
    FIELD_ACTION, FIELD_SYMBOL, FIELD_CONTINGENCY, FIELD_ORDERS, FIELD_USER_ID, FIELD_CLIENT_ORDER_ID};
static const uint8_t modify_fields[] = {
    FIELD_SYMBOL, FIELD_QUANTITY, FIELD_PRICE, FIELD_USER_ID, FIELD_STOP_PRICE, FIELD_EXPIRE_TIME};

static struct fault bad(enum field field) {
    const struct wording *wording = &wordings[field];
    return (struct fault){400, wording->code, wording->bad, field_name(field), 0};
}

static struct fault missing(enum field field) {
    return (struct fault){
        400, field == FIELD_SYMBOL ? CODE_SYMBOL : CODE_MISSING, wordings[field].missing, field_name(field), 0};
}

static struct fault malformed(void) {
    return (struct fault){
        400, CODE_MALFORMED, TEXT("the body must be one JSON object in UTF-8, each member once"), TEXT_NONE, 0};
}

static uint64_t required_fields(const struct command *command) {
    uint64_t required = BIT(FIELD_SYMBOL) | BIT(FIELD_SIDE) | BIT(FIELD_QUANTITY) | BIT(FIELD_ORDER_TYPE);
    switch (command->order_type) {
    case ORDER_TYPE_NONE:
    case ORDER_LIMIT: required |= BIT(FIELD_PRICE); break;
    case ORDER_STOP_LIMIT: required |= BIT(FIELD_PRICE) | BIT(FIELD_STOP_PRICE); break;
    case ORDER_STOP: required |= BIT(FIELD_STOP_PRICE); break;
    default: break;
    }
    return required | (command->time_in_force == TIF_GTD ? BIT(FIELD_EXPIRE_TIME) : 0);
}

/* What no symbol's settings change. */
static bool value_fits(const struct command *command, enum field field) {
    return field != FIELD_TRAILING_BPS || !command->has_trailing_bps ||
           (command->trailing_bps >= 1 && command->trailing_bps <= BPS_MAX);
}

/* The first of the fields that is badly formed, missing, or out of its range. */
static struct fault check_fields(
    const struct command *command, const uint8_t *fields, size_t count, uint64_t required) {
    for (size_t i = 0; i < count; i++) {
        enum field field = (enum field)fields[i];
        if (command->bad & BIT(field)) {
            return bad(field);
        }
        if (required & ~command->present & BIT(field)) {
            return missing(field);
        }
        if (!value_fits(command, field)) {
            return bad(field);
        }
    }
    return (struct fault){0};
}

/* A price that would be ignored is not passed on. */
static void forget_unused_price(struct command *command) {
    bool ignores_it = command->order_type == ORDER_MARKET || command->order_type == ORDER_STOP;
    if (ignores_it && !(command->bad & BIT(FIELD_PRICE))) {
        command->price = (struct decimal){0};
        command->present &= ~BIT(FIELD_PRICE);
    }
}

/* An order by itself: form, and what its kind needs. */
static struct fault check_order(struct command *command) {
    forget_unused_price(command);
    struct fault fault = check_fields(command, new_fields, sizeof new_fields, required_fields(command));
    if (fault.status) {
        return fault;
    }
    if (command->order_type == ORDER_TRAILING_STOP &&
        !(command->present & (BIT(FIELD_TRAILING_AMOUNT) | BIT(FIELD_TRAILING_BPS)))) {
        return (struct fault){400, CODE_MISSING, TEXT("TRAILING_STOP needs trailingAmount or trailingBps"),
            field_name(FIELD_TRAILING_AMOUNT), 0};
    }
    return (struct fault){0};
}

struct fault request_check_new(struct command *command) {
    if (command->fault == REASON_MALFORMED) {
        return malformed();
    }
    return command->action == ACTION_NEW ? check_order(command) : bad(FIELD_ACTION);
}

struct fault request_check_replace(struct command *command) {
    if (command->fault == REASON_MALFORMED) {
        return malformed();
    }
    if (command->action != ACTION_REPLACE) {
        return bad(FIELD_ACTION);
    }
    struct fault fault = check_fields(command, replace_fields, sizeof replace_fields, BIT(FIELD_CANCEL_ORDER_ID));
    return fault.status ? fault : check_order(command);
}

static struct fault check_order_of_list(struct command *order) {
    static const uint8_t shared[] = {FIELD_ACTION, FIELD_SYMBOL, FIELD_USER_ID};
    for (size_t i = 0; i < sizeof shared; i++) {
        if (order->bad & BIT(shared[i])) {
            return (struct fault){400, wordings[shared[i]].code,
                TEXT("symbol, userId and action are the list's: leave them out of its orders"),
                field_name((enum field)shared[i]), 0};
        }
    }
    return check_order(order);
}

struct fault request_check_list(struct command *command, struct command *orders) {
    if (command->fault == REASON_MALFORMED) {
        return malformed();
    }
    if (command->action != ACTION_LIST) {
        return bad(FIELD_ACTION);
    }
    struct fault fault = check_fields(
        command, list_fields, sizeof list_fields, BIT(FIELD_SYMBOL) | BIT(FIELD_CONTINGENCY) | BIT(FIELD_ORDERS));
    if (!fault.status && command->order_count != (command->contingency == CONTINGENCY_OTOCO ? 3 : 2)) {
        fault = (struct fault){400, CODE_COMBINATION, combinations[FIELD_ORDERS], field_name(FIELD_ORDERS), 0};
    }
    for (uint32_t i = 0; !fault.status && i < command->order_count; i++) {
        orders[i] = command->orders[i];
        fault = check_order_of_list(&orders[i]);
        fault.order = fault.status ? (uint8_t)(i + 1) : 0;
    }
    command->orders = orders;
    return fault;
}

/* As the engine will look at it, now that the form of what counts is sound and the rest is left behind. */
static void look_again(struct command *command) {
    uint64_t present = command->present;
    command->present |= BIT(FIELD_ORDER_ID) | BIT(FIELD_LIST_ID) | BIT(FIELD_USER_ID);
    command->bad = 0;
    command->fault = REASON_NONE;
    command->fault_field = FIELD_NONE;
    command_check(command);
    command->present = present;
}

static struct fault combination_fault(const struct command *command, uint8_t order) {
    enum field field = (enum field)command->fault_field;
    if (command->fault == REASON_NONE) {
        return (struct fault){0};
    }
    if (command->fault == REASON_UNSUPPORTED) {
        return (struct fault){400, CODE_TIME_IN_FORCE,
            TEXT("timeInForce AON is not offered; use FOK, or GTC, GTD, DAY to wait"), field_name(field), order};
    }
    return (struct fault){400, CODE_COMBINATION, combinations[field], field_name(field), order};
}

struct fault request_check_combination(struct command *command, struct command *orders) {
    for (uint32_t i = 0; command->action == ACTION_LIST && i < command->order_count; i++) {
        look_again(&orders[i]);
        struct fault fault = combination_fault(&orders[i], (uint8_t)(i + 1));
        if (fault.status) {
            return fault;
        }
    }
    look_again(command);
    return combination_fault(command, 0);
}

struct fault request_check_modify(struct command *command, const struct target *target) {
    if (command->fault == REASON_MALFORMED) {
        return malformed();
    }
    struct fault fault = check_fields(command, modify_fields, sizeof modify_fields, 0);
    if (fault.status) {
        return fault;
    }
    if (target->symbol.size && command->symbol.size && !text_equal(target->symbol, command->symbol)) {
        return (struct fault){400, CODE_SYMBOL, TEXT("symbol differs between query and body"), TEXT("symbol"), 0};
    }
    command->symbol = target->symbol.size ? target->symbol : command->symbol;
    if (!command->symbol.size) {
        return missing(FIELD_SYMBOL);
    }
    if (!(command->present &
            (BIT(FIELD_QUANTITY) | BIT(FIELD_PRICE) | BIT(FIELD_STOP_PRICE) | BIT(FIELD_EXPIRE_TIME)))) {
        return (struct fault){400, CODE_MISSING, TEXT("say what to change: quantity, price, stopPrice or expireTime"),
            TEXT("quantity"), 0};
    }
    return (struct fault){0};
}

struct fault request_identify(struct command *command, struct text account) {
    if (account.size && command->user_id.size && !text_equal(command->user_id, account)) {
        return (struct fault){403, CODE_NONE, TEXT("userId is another account than the API key's"), TEXT("userId"), 0};
    }
    if (account.size) {
        command->user_id = account;
    }
    return (struct fault){0};
}
