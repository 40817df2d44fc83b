#include "router/record.h"

#include "io/json/json_writer.h"

#define BIT(field) (UINT64_C(1) << (field))

static char *put_key(char *at, enum field field) {
    struct text name = field_name(field);
    if (at[-1] != '{') {
        *at++ = ',';
    }
    *at++ = '"';
    at = json_put_bytes(at, name.data, name.size);
    return JSON_PUT(at, "\":");
}

static char *put_text(char *at, enum field field, struct text text) {
    return text_is_absent(text) ? at : json_put_text(put_key(at, field), text);
}

static char *put_integer(char *at, enum field field, int64_t value) {
    return json_put_integer(put_key(at, field), value);
}

static char *put_decimal(char *at, enum field field, struct decimal value, struct decimal_unit unit) {
    int64_t units;
    if (value.state == DECIMAL_ABSENT || decimal_to_units(value, unit, &units) != DECIMAL_FITS) {
        return at;
    }
    at = put_key(at, field);
    return at + decimal_format(units, unit, at);
}

/* What only a new order has, behind the guide's members. */
static char *put_options(char *at, const struct command *command, const struct instrument *rules) {
    at = put_text(at, FIELD_TIME_IN_FORCE, time_in_force_name((enum time_in_force)command->time_in_force));
    if (command->present & BIT(FIELD_POST_ONLY)) {
        at = json_put_boolean(put_key(at, FIELD_POST_ONLY), command->post_only);
    }
    at = put_decimal(at, FIELD_STOP_PRICE, command->stop_price, rules->tick);
    at = put_decimal(at, FIELD_TRAILING_AMOUNT, command->trailing_amount, rules->tick);
    if (command->has_trailing_bps) {
        at = put_integer(at, FIELD_TRAILING_BPS, command->trailing_bps);
    }
    at = put_decimal(at, FIELD_DISPLAY_QUANTITY, command->display_quantity, rules->lot);
    if (command->present & BIT(FIELD_SELF_TRADE_PREVENTION)) {
        at = put_text(at, FIELD_SELF_TRADE_PREVENTION, self_trade_name((enum self_trade)command->self_trade));
    }
    if (command->has_expire_time) {
        at = put_integer(at, FIELD_EXPIRE_TIME, command->expire_time_ms);
    }
    return put_decimal(at, FIELD_MAX_SLIPPAGE, command->max_slippage, rules->tick);
}

static char *put_new(char *at, const struct command *command, const struct instrument *rules) {
    at = put_text(at, FIELD_SYMBOL, command->symbol);
    at = put_text(at, FIELD_SIDE, side_name((enum side)command->side));
    at = put_decimal(at, FIELD_QUANTITY, command->quantity, rules->lot);
    at = put_decimal(at, FIELD_PRICE, command->price, rules->tick);
    at = put_text(at, FIELD_ORDER_TYPE, order_type_name((enum order_type)command->order_type));
    at = put_text(at, FIELD_USER_ID, command->user_id);
    at = put_integer(at, FIELD_TIMESTAMP, command->timestamp_ms);
    at = put_text(at, FIELD_ORDER_ID, command->order_id);
    at = put_text(at, FIELD_CLIENT_ORDER_ID, command->client_order_id);
    return put_options(at, command, rules);
}

static char *put_replace(char *at, const struct command *command, const struct instrument *rules) {
    at = put_text(at, FIELD_ACTION, action_name(ACTION_REPLACE));
    at = put_text(at, FIELD_CANCEL_ORDER_ID, command->cancel_order_id);
    return put_new(at, command, rules);
}

/* An order of a list: what it shares with the list stands there. */
static char *put_order(char *at, const struct command *order, const struct instrument *rules) {
    at = JSON_PUT(at, "{");
    at = put_text(at, FIELD_SIDE, side_name((enum side)order->side));
    at = put_decimal(at, FIELD_QUANTITY, order->quantity, rules->lot);
    at = put_decimal(at, FIELD_PRICE, order->price, rules->tick);
    at = put_text(at, FIELD_ORDER_TYPE, order_type_name((enum order_type)order->order_type));
    at = put_text(at, FIELD_ORDER_ID, order->order_id);
    at = put_text(at, FIELD_CLIENT_ORDER_ID, order->client_order_id);
    return JSON_PUT(put_options(at, order, rules), "}");
}

static char *put_list(char *at, const struct command *command, const struct instrument *rules) {
    at = put_text(at, FIELD_ACTION, action_name(ACTION_LIST));
    at = put_text(at, FIELD_SYMBOL, command->symbol);
    at = put_text(at, FIELD_LIST_ID, command->list_id);
    at = put_text(at, FIELD_USER_ID, command->user_id);
    at = put_integer(at, FIELD_TIMESTAMP, command->timestamp_ms);
    at = put_text(at, FIELD_CONTINGENCY, contingency_name((enum contingency)command->contingency));
    at = JSON_PUT(put_key(at, FIELD_ORDERS), "[");
    for (uint32_t i = 0; i < command->order_count; i++) {
        at = put_order(i ? JSON_PUT(at, ",") : at, &command->orders[i], rules);
    }
    return JSON_PUT(at, "]");
}

static char *put_change(char *at, const struct command *command, const struct instrument *rules) {
    at = put_text(at, FIELD_ACTION, action_name((enum action)command->action));
    at = put_text(at, FIELD_SYMBOL, command->symbol);
    at = put_text(at, FIELD_ORDER_ID, command->order_id);
    at = put_text(at, FIELD_CLIENT_ORDER_ID, command->client_order_id);
    at = put_text(at, FIELD_USER_ID, command->user_id);
    at = put_integer(at, FIELD_TIMESTAMP, command->timestamp_ms);
    at = put_text(at, FIELD_COMMAND_ID, command->command_id);
    if (command->action == ACTION_CANCEL_ALL) {
        return put_text(at, FIELD_SIDE, side_name((enum side)command->side));
    }
    at = put_decimal(at, FIELD_QUANTITY, command->quantity, rules->lot);
    at = put_decimal(at, FIELD_PRICE, command->price, rules->tick);
    at = put_decimal(at, FIELD_STOP_PRICE, command->stop_price, rules->tick);
    return command->has_expire_time ? put_integer(at, FIELD_EXPIRE_TIME, command->expire_time_ms) : at;
}

static char *put_command(char *at, const struct command *command, const struct instrument *rules) {
    switch (command->action) {
    case ACTION_NEW: return put_new(at, command, rules);
    case ACTION_REPLACE: return put_replace(at, command, rules);
    case ACTION_LIST: return put_list(at, command, rules);
    default: return put_change(at, command, rules);
    }
}

size_t record_write(const struct command *command, const struct instrument *rules, char *out) {
    char *at = put_command(JSON_PUT(out, "{"), command, rules);
    return (size_t)(JSON_PUT(at, "}") - out);
}
