#include "router/request.h"

#include "core/instrument.h"
#include "core/limits.h"
#include "core/reason.h"

#define BIT(field) (UINT64_C(1) << (field))

/* What is said of a field that is missing or of a wrong form. */
struct wording {
    enum fault_code code;
    struct text missing, bad;
};

#define WORDS(code_, name, form)                                                                                       \
    {(code_), {name " is required: " form, sizeof name " is required: " form - 1},                                     \
        {name " must be " form, sizeof name " must be " form - 1}}
static const struct wording wordings[FIELD_COUNT] = {
    [FIELD_ACTION] = WORDS(CODE_FIELD, "action", "NEW or left out"),
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
    [FIELD_TRAILING_BPS] = WORDS(CODE_FIELD, "trailingBps", "a whole number of basis points"),
    [FIELD_DISPLAY_QUANTITY] = WORDS(CODE_PRECISION, "displayQuantity", "a whole number from 1 to 1000000"),
    [FIELD_SELF_TRADE_PREVENTION] =
        WORDS(CODE_FIELD, "selfTradePrevention", "NONE, EXPIRE_TAKER, EXPIRE_MAKER, EXPIRE_BOTH or DECREMENT"),
    [FIELD_EXPIRE_TIME] = WORDS(CODE_FIELD, "expireTime", "a time in milliseconds since 1970"),
    [FIELD_MAX_SLIPPAGE] =
        WORDS(CODE_PRECISION, "maxSlippage", "a price distance of at least 0 with at most two decimal places"),
};

/* The members of a new order, in the order in which faults are looked for. */
static const uint8_t new_fields[] = {FIELD_ACTION, FIELD_SYMBOL, FIELD_SIDE, FIELD_QUANTITY, FIELD_PRICE,
    FIELD_ORDER_TYPE, FIELD_USER_ID, FIELD_CLIENT_ORDER_ID, FIELD_TIME_IN_FORCE, FIELD_POST_ONLY, FIELD_STOP_PRICE,
    FIELD_TRAILING_AMOUNT, FIELD_TRAILING_BPS, FIELD_DISPLAY_QUANTITY, FIELD_SELF_TRADE_PREVENTION, FIELD_EXPIRE_TIME,
    FIELD_MAX_SLIPPAGE};
static const uint8_t modify_fields[] = {
    FIELD_SYMBOL, FIELD_QUANTITY, FIELD_PRICE, FIELD_USER_ID, FIELD_STOP_PRICE, FIELD_EXPIRE_TIME};

static struct fault bad(enum field field) {
    const struct wording *wording = &wordings[field];
    return (struct fault){400, wording->code, wording->bad, field_name(field)};
}

static struct fault missing(enum field field) {
    return (struct fault){
        400, field == FIELD_SYMBOL ? CODE_SYMBOL : CODE_MISSING, wordings[field].missing, field_name(field)};
}

static struct fault malformed(void) {
    return (struct fault){
        400, CODE_MALFORMED, TEXT("the body must be one JSON object in UTF-8, each member once"), TEXT_NONE};
}

static uint64_t required_fields(const struct command *command) {
    bool has_limit = command->order_type == ORDER_LIMIT || command->order_type == ORDER_STOP_LIMIT ||
                     command->order_type == ORDER_TYPE_NONE;
    return BIT(FIELD_SYMBOL) | BIT(FIELD_SIDE) | BIT(FIELD_QUANTITY) | BIT(FIELD_ORDER_TYPE) |
           (has_limit ? BIT(FIELD_PRICE) : 0);
}

/* Whether a decimal is a whole number of units within the bounds; absent ones are. */
static bool fits(struct decimal value, struct decimal_unit unit, int64_t least, int64_t most) {
    int64_t units;
    return value.state == DECIMAL_ABSENT ||
           (decimal_to_units(value, unit, &units) == DECIMAL_FITS && units >= least && units <= most);
}

static bool decimal_fits(const struct command *command, enum field field) {
    const struct instrument rules = instrument_default();
    switch (field) {
    case FIELD_QUANTITY: return fits(command->quantity, rules.lot, rules.quantity_lots_min, rules.quantity_lots_max);
    case FIELD_DISPLAY_QUANTITY:
        return fits(command->display_quantity, rules.lot, rules.quantity_lots_min, rules.quantity_lots_max);
    case FIELD_PRICE: return fits(command->price, rules.tick, rules.price_ticks_min, rules.price_ticks_max);
    case FIELD_STOP_PRICE: return fits(command->stop_price, rules.tick, rules.price_ticks_min, rules.price_ticks_max);
    case FIELD_TRAILING_AMOUNT:
        return fits(command->trailing_amount, rules.tick, rules.price_ticks_min, rules.price_ticks_max);
    case FIELD_MAX_SLIPPAGE: return fits(command->max_slippage, rules.tick, 0, rules.price_ticks_max);
    default: return true;
    }
}

/* The first of the fields that is badly formed, missing, or off its tick or range. */
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
        if (!decimal_fits(command, field)) {
            return bad(field);
        }
    }
    return (struct fault){0};
}

static void forget_price(struct command *command) {
    command->price = (struct decimal){0};
    command->present &= ~BIT(FIELD_PRICE);
}

struct fault request_check_new(struct command *command) {
    if (command->fault == REASON_MALFORMED) {
        return malformed();
    }
    if (command->order_type == ORDER_MARKET && !(command->bad & BIT(FIELD_PRICE))) {
        forget_price(command);
    }
    if (command->action != ACTION_NEW) {
        return bad(FIELD_ACTION);
    }
    return check_fields(command, new_fields, sizeof new_fields, required_fields(command));
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
        return (struct fault){400, CODE_SYMBOL, TEXT("symbol differs between query and body"), TEXT("symbol")};
    }
    command->symbol = target->symbol.size ? target->symbol : command->symbol;
    if (!command->symbol.size) {
        return missing(FIELD_SYMBOL);
    }
    if (!(command->present &
            (BIT(FIELD_QUANTITY) | BIT(FIELD_PRICE) | BIT(FIELD_STOP_PRICE) | BIT(FIELD_EXPIRE_TIME)))) {
        return (struct fault){
            400, CODE_MISSING, TEXT("say what to change: quantity, price, stopPrice or expireTime"), TEXT("quantity")};
    }
    return (struct fault){0};
}

struct fault request_identify(struct command *command, struct text account) {
    if (account.size && command->user_id.size && !text_equal(command->user_id, account)) {
        return (struct fault){403, CODE_NONE, TEXT("userId is another account than the API key's"), TEXT("userId")};
    }
    if (account.size) {
        command->user_id = account;
    }
    return (struct fault){0};
}
