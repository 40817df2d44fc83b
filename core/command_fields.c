#include "core/command_fields.h"

#include "core/limits.h"

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

static struct text *id_of(struct command *command, enum field field) {
    switch (field) {
    case FIELD_ORDER_ID: return &command->order_id;
    case FIELD_CLIENT_ORDER_ID: return &command->client_order_id;
    case FIELD_COMMAND_ID: return &command->command_id;
    case FIELD_USER_ID: return &command->user_id;
    case FIELD_CANCEL_ORDER_ID: return &command->cancel_order_id;
    case FIELD_LIST_ID: return &command->list_id;
    default: return NULL;
    }
}

static struct decimal *decimal_of(struct command *command, enum field field) {
    switch (field) {
    case FIELD_QUANTITY: return &command->quantity;
    case FIELD_PRICE: return &command->price;
    case FIELD_STOP_PRICE: return &command->stop_price;
    case FIELD_TRAILING_AMOUNT: return &command->trailing_amount;
    case FIELD_DISPLAY_QUANTITY: return &command->display_quantity;
    case FIELD_MAX_SLIPPAGE: return &command->max_slippage;
    default: return NULL;
    }
}

bool field_is_decimal(enum field field) {
    struct command none;
    return decimal_of(&none, field) != NULL;
}

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
    switch (field) {
    case FIELD_ACTION: return &command->action;
    case FIELD_SIDE: return &command->side;
    case FIELD_ORDER_TYPE: return &command->order_type;
    case FIELD_TIME_IN_FORCE: return &command->time_in_force;
    case FIELD_SELF_TRADE_PREVENTION: return &command->self_trade;
    case FIELD_CONTINGENCY: return &command->contingency;
    default: return NULL;
    }
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
    struct text *id = id_of(command, field);
    struct decimal *decimal = id ? NULL : decimal_of(command, field);
    if (id)
        take_id(command, field, id, text);
    else if (decimal)
        take_decimal(command, field, decimal, text);
    else if (field == FIELD_SYMBOL)
        take_symbol(command, text);
    else
        take_name(command, field, text);
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
