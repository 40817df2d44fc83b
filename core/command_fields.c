#include "core/command_fields.h"

#include "core/limits.h"

#include <stddef.h>

#define BIT(field) (UINT64_C(1) << (field))
#define INTEGER_MAX ((INT64_C(1) << 53) - 1)

static void mark_bad(struct command *command, enum field field) {
    command->bad |= BIT(field);
    if (field == FIELD_ACTION) command->action = ACTION_COUNT;
    if (command->fault == REASON_NONE) {
        command->fault = REASON_BAD_FIELD;
        command->fault_field = (uint8_t)field;
    }
}

void command_take_bad(struct command *command, enum field field) {
    command->present |= BIT(field);
    mark_bad(command, field);
}

enum form { FORM_OTHER = 0, FORM_SYMBOL, FORM_ID, FORM_DECIMAL, FORM_NAME };

/* Where a field goes and what it is; FORM_OTHER are the integers, postOnly and orders. */
struct field_place {
    uint8_t form; /* enum form */
    uint16_t at;
};

#define PLACE(form, member) {(form), offsetof(struct command, member)}

static const struct field_place places[FIELD_COUNT] = {
    [FIELD_SYMBOL] = PLACE(FORM_SYMBOL, symbol),
    [FIELD_ORDER_ID] = PLACE(FORM_ID, order_id),
    [FIELD_CLIENT_ORDER_ID] = PLACE(FORM_ID, client_order_id),
    [FIELD_COMMAND_ID] = PLACE(FORM_ID, command_id),
    [FIELD_USER_ID] = PLACE(FORM_ID, user_id),
    [FIELD_CANCEL_ORDER_ID] = PLACE(FORM_ID, cancel_order_id),
    [FIELD_LIST_ID] = PLACE(FORM_ID, list_id),
    [FIELD_QUANTITY] = PLACE(FORM_DECIMAL, quantity),
    [FIELD_PRICE] = PLACE(FORM_DECIMAL, price),
    [FIELD_STOP_PRICE] = PLACE(FORM_DECIMAL, stop_price),
    [FIELD_TRAILING_AMOUNT] = PLACE(FORM_DECIMAL, trailing_amount),
    [FIELD_DISPLAY_QUANTITY] = PLACE(FORM_DECIMAL, display_quantity),
    [FIELD_MAX_SLIPPAGE] = PLACE(FORM_DECIMAL, max_slippage),
    [FIELD_ACTION] = PLACE(FORM_NAME, action),
    [FIELD_SIDE] = PLACE(FORM_NAME, side),
    [FIELD_ORDER_TYPE] = PLACE(FORM_NAME, order_type),
    [FIELD_TIME_IN_FORCE] = PLACE(FORM_NAME, time_in_force),
    [FIELD_SELF_TRADE_PREVENTION] = PLACE(FORM_NAME, self_trade),
    [FIELD_CONTINGENCY] = PLACE(FORM_NAME, contingency),
};

const uint16_t command_id_places[FIELD_COUNT] = {
    [FIELD_ORDER_ID] = offsetof(struct command, order_id),
    [FIELD_CLIENT_ORDER_ID] = offsetof(struct command, client_order_id),
    [FIELD_COMMAND_ID] = offsetof(struct command, command_id),
    [FIELD_USER_ID] = offsetof(struct command, user_id),
    [FIELD_CANCEL_ORDER_ID] = offsetof(struct command, cancel_order_id),
    [FIELD_LIST_ID] = offsetof(struct command, list_id),
};

static void *place_of(struct command *command, enum field field) { return (char *)command + places[field].at; }

static struct decimal *decimal_of(struct command *command, enum field field) {
    return places[field].form == FORM_DECIMAL ? place_of(command, field) : NULL;
}

bool field_is_decimal(enum field field) { return places[field].form == FORM_DECIMAL; }

static void take_id(struct command *command, enum field field, struct text *id, struct text text) {
    if (text.size == 0 && field == FIELD_USER_ID) return;
    command->present |= BIT(field);
    if (text.size == 0 || text.size > ID_BYTES_MAX || memchr(text.data, 0, text.size))
        mark_bad(command, field);
    else
        *id = text;
}

static void take_decimal(struct command *command, enum field field, struct decimal *decimal, struct text text) {
    command->present |= BIT(field);
    *decimal = decimal_parse(text);
    if (decimal->state != DECIMAL_BAD) return;
    *decimal = (struct decimal){0};
    mark_bad(command, field);
}

static void take_symbol(struct command *command, struct text text) {
    command->present |= BIT(FIELD_SYMBOL);
    if (symbol_is_valid(text))
        command->symbol = text;
    else
        mark_bad(command, FIELD_SYMBOL);
}

static uint8_t *enumeration_of(struct command *command, enum field field) {
    return places[field].form == FORM_NAME ? place_of(command, field) : NULL;
}

/* The name of a number; absent past the last one. */
static struct text name_of(enum field field, unsigned number) {
    switch (field) {
    case FIELD_ACTION: return action_name((enum action)number);
    case FIELD_SIDE: return side_name((enum side)number);
    case FIELD_ORDER_TYPE: return order_type_name((enum order_type)number);
    case FIELD_TIME_IN_FORCE: return time_in_force_name((enum time_in_force)number);
    case FIELD_SELF_TRADE_PREVENTION: return self_trade_name((enum self_trade)number);
    default: return contingency_name((enum contingency)number);
    }
}

static void take_name(struct command *command, enum field field, struct text text) {
    uint8_t *number = enumeration_of(command, field);
    command->present |= BIT(field);
    for (unsigned i = field == FIELD_CONTINGENCY; number; i++) {
        struct text name = name_of(field, i);
        if (text_is_absent(name)) break;
        if (!text_equal(name, text)) continue;
        *number = (uint8_t)i;
        return;
    }
    mark_bad(command, field);
}

void command_take_text(struct command *command, enum field field, struct text text) {
    switch (places[field].form) {
    case FORM_ID: take_id(command, field, place_of(command, field), text); break;
    case FORM_DECIMAL: take_decimal(command, field, place_of(command, field), text); break;
    case FORM_SYMBOL: take_symbol(command, text); break;
    default: take_name(command, field, text);
    }
}

static void take_integer(struct command *command, enum field field, uint64_t value) {
    command->present |= BIT(field);
    if (value > INTEGER_MAX) {
        mark_bad(command, field);
    } else if (field == FIELD_TIMESTAMP) {
        command->has_timestamp = true;
        command->timestamp_ms = (int64_t)value;
    } else if (field == FIELD_EXPIRE_TIME) {
        command->has_expire_time = true;
        command->expire_time_ms = (int64_t)value;
    } else if (field == FIELD_TRAILING_BPS) {
        command->has_trailing_bps = true;
        command->trailing_bps = (int64_t)value;
    } else {
        mark_bad(command, field);
    }
}

/* The value of plain digits, beyond INTEGER_MAX if there is anything else or too much. */
static uint64_t read_digits(struct text text) {
    uint64_t value = 0;
    if (text.size == 0 || text.size > 16) return UINT64_MAX;
    for (uint32_t i = 0; i < text.size; i++) {
        unsigned digit = (unsigned)(text.data[i] - '0');
        if (digit > 9) return UINT64_MAX;
        value = value * 10 + digit;
    }
    return value;
}

void command_take_number(struct command *command, enum field field, struct text number) {
    struct decimal *decimal = decimal_of(command, field);
    if (decimal)
        take_decimal(command, field, decimal, number);
    else
        take_integer(command, field, read_digits(number));
}

void command_take_integer(struct command *command, enum field field, uint64_t value) {
    struct decimal *decimal = decimal_of(command, field);
    if (!decimal) {
        take_integer(command, field, value);
        return;
    }
    command->present |= BIT(field);
    *decimal = decimal_of_integer(value);
}

void command_take_fixed(struct command *command, enum field field, uint64_t mantissa, int16_t decimals) {
    struct decimal *decimal = decimal_of(command, field);
    command->present |= BIT(field);
    if (decimal)
        *decimal = decimal_of_fixed(mantissa, decimals);
    else
        mark_bad(command, field);
}

void command_take_units(struct command *command, enum field field, uint64_t value) {
    struct decimal *decimal = decimal_of(command, field);
    if (!decimal) {
        take_integer(command, field, value);
        return;
    }
    command->present |= BIT(field);
    *decimal = (struct decimal){.mantissa = value, .state = DECIMAL_UNITS};
}

void command_take_boolean(struct command *command, enum field field, bool value) {
    command->present |= BIT(field);
    if (field == FIELD_POST_ONLY)
        command->post_only = value;
    else
        mark_bad(command, field);
}

void command_take_array(struct command *command, enum field field) {
    command->present |= BIT(field);
    if (field != FIELD_ORDERS) mark_bad(command, field);
}

void command_take_ordinal(struct command *command, enum field field, uint64_t value) {
    uint8_t *number = enumeration_of(command, field);
    command->present |= BIT(field);
    bool has_number = !(field == FIELD_TIME_IN_FORCE && value == TIF_AON);
    if (number && has_number && value <= UINT8_MAX && !text_is_absent(name_of(field, (unsigned)value)))
        *number = (uint8_t)value;
    else
        mark_bad(command, field);
}

bool command_has_orders(const struct command *command) {
    const uint64_t orders = BIT(FIELD_ORDERS);
    return command->action == ACTION_LIST && (command->present & orders) && !(command->bad & orders);
}

static bool says(const struct command *order, enum field field) { return (order->present & ~order->bad) >> field & 1; }

/* What an order may only repeat. */
static void compare_with_list(struct command *order, const struct command *list) {
    if (order->action != ACTION_NEW && order->action != ACTION_COUNT) mark_bad(order, FIELD_ACTION);
    if (says(order, FIELD_SYMBOL) && !text_equal(order->symbol, list->symbol)) mark_bad(order, FIELD_SYMBOL);
    if (says(order, FIELD_USER_ID) && !text_equal(order->user_id, list->user_id)) mark_bad(order, FIELD_USER_ID);
    bool same_time = list->has_timestamp && order->timestamp_ms == list->timestamp_ms;
    if (says(order, FIELD_TIMESTAMP) && !same_time) mark_bad(order, FIELD_TIMESTAMP);
}

void command_end_order(struct command *order, const struct command *list) {
    compare_with_list(order, list);
    order->symbol = list->symbol;
    order->user_id = list->user_id;
    order->has_timestamp = list->has_timestamp;
    order->timestamp_ms = list->timestamp_ms;
    order->present |= BIT(FIELD_SYMBOL) | BIT(FIELD_USER_ID);
    uint8_t action = order->action;
    order->action = ACTION_NEW; /* whatever it says, it needs what a NEW needs */
    command_check(order);
    order->action = action;
}

void command_take_orders(struct command *list, const struct command *orders, uint32_t count) {
    list->orders = orders;
    list->order_count = count;
}

void command_set_malformed(struct command *command) {
    command_init(command);
    command->fault = REASON_MALFORMED;
}
