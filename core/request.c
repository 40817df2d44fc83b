#include "core/request.h"

static struct text id_text(const uint64_t *id) { return (struct text){(const char *)id, sizeof *id}; }

static struct decimal units(int64_t value) {
    return (struct decimal){.mantissa = (uint64_t)value, .state = DECIMAL_UNITS};
}

static void mark(struct command *command, enum field field) { command->present |= UINT64_C(1) << field; }

static void put_order(const struct request *request, struct command *command) {
    command->side = request->side;
    command->order_type = request->order_type;
    command->time_in_force = request->time_in_force;
    command->self_trade = request->self_trade;
    command->post_only = request->post_only;
    mark(command, FIELD_SIDE);
    mark(command, FIELD_ORDER_TYPE);
    mark(command, FIELD_TIME_IN_FORCE);
}

static void put_numbers(const struct request *request, struct command *command) {
    bool is_modify = request->action == ACTION_MODIFY;
    if (!is_modify || request->quantity_lots) {
        command->quantity = units(request->quantity_lots);
        mark(command, FIELD_QUANTITY);
    }
    if (is_modify ? request->price_ticks != 0 : request->order_type == ORDER_LIMIT) {
        command->price = units(request->price_ticks);
        mark(command, FIELD_PRICE);
    }
}

/* Combinations that command_check refuses; its look for missing fields would ask for accounts that requests may lack.
 */
static bool is_combination(const struct request *request) {
    if (request->action != ACTION_NEW && request->action != ACTION_REPLACE) return true;
    bool may_rest = request->time_in_force == TIF_GTC || request->time_in_force == TIF_DAY;
    bool is_known = request->side <= SIDE_SELL && request->self_trade <= SELF_TRADE_DECREMENT;
    if (request->order_type == ORDER_MARKET)
        return is_known && !may_rest && request->time_in_force <= TIF_FOK && !request->post_only;
    return is_known && request->order_type == ORDER_LIMIT &&
           (may_rest || (request->time_in_force <= TIF_FOK && !request->post_only));
}

void request_to_command(const struct request *request, struct command *command) {
    command_init(command);
    command->action = request->action;
    command->symbol = (struct text){"-", 1};
    mark(command, FIELD_SYMBOL);
    command->order_id = id_text(&request->id);
    mark(command, FIELD_ORDER_ID);
    if (request->account) {
        command->user_id = id_text(&request->account);
        mark(command, FIELD_USER_ID);
    }
    if (request->action == ACTION_REPLACE) {
        command->cancel_order_id = id_text(&request->replaced_id);
        mark(command, FIELD_CANCEL_ORDER_ID);
    }
    if (request->action != ACTION_CANCEL) put_numbers(request, command);
    if (request->action == ACTION_NEW || request->action == ACTION_REPLACE) put_order(request, command);
    if (request->action > ACTION_REPLACE) command->fault = REASON_UNSUPPORTED;
    if (!is_combination(request)) command->fault = REASON_INVALID_COMBINATION;
}
