#include "core/command.h"

#include "core/limits.h"
#include "core/rolling_hash.h"

#include <stddef.h>

#define BIT(field) (UINT64_C(1) << (field))

void command_init(struct command *command) {
    memset(command, 0, sizeof *command);
    command->side = SIDE_NONE;
    command->order_type = ORDER_TYPE_NONE;
    command->time_in_force = TIF_NONE;
}

bool symbol_is_valid(struct text symbol) {
    if (symbol.size == 0 || symbol.size > SYMBOL_BYTES_MAX) return false;
    for (uint32_t i = 0; i < symbol.size; i++) {
        char c = symbol.data[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) return false;
    }
    return true;
}

/* What an order cannot do without beside what every order has. */
static uint64_t required_by_kind(const struct command *command) {
    static const uint64_t by_type[ORDER_TYPE_NONE + 1] = {[ORDER_LIMIT] = BIT(FIELD_PRICE),
        [ORDER_STOP] = BIT(FIELD_STOP_PRICE),
        [ORDER_STOP_LIMIT] = BIT(FIELD_STOP_PRICE) | BIT(FIELD_PRICE)};
    return by_type[command->order_type] | (command->time_in_force == TIF_GTD ? BIT(FIELD_EXPIRE_TIME) : 0);
}

/* Which fields an action cannot do without. */
static uint64_t required_fields(const struct command *command) {
    const uint64_t order = BIT(FIELD_SYMBOL) | BIT(FIELD_SIDE) | BIT(FIELD_QUANTITY) | BIT(FIELD_ORDER_TYPE) |
                           BIT(FIELD_ORDER_ID) | required_by_kind(command);
    switch (command->action) {
    case ACTION_NEW: return order;
    case ACTION_REPLACE: return order | BIT(FIELD_CANCEL_ORDER_ID) | BIT(FIELD_USER_ID);
    case ACTION_MODIFY: return BIT(FIELD_SYMBOL) | BIT(FIELD_ORDER_ID) | BIT(FIELD_USER_ID);
    case ACTION_CANCEL:
    case ACTION_CANCEL_ALL: return BIT(FIELD_SYMBOL) | BIT(FIELD_USER_ID);
    case ACTION_LIST:
        return BIT(FIELD_SYMBOL) | BIT(FIELD_LIST_ID) | BIT(FIELD_USER_ID) | BIT(FIELD_CONTINGENCY) | BIT(FIELD_ORDERS);
    default: return BIT(FIELD_SYMBOL);
    }
}

static bool is_order(const struct command *command) {
    return command->action == ACTION_NEW || command->action == ACTION_REPLACE;
}

/* Fields of which an action needs at least one, 0 if there is no such rule. The lowest bit names them in messages. */
static uint64_t alternative_fields(const struct command *command) {
    if (command->action == ACTION_CANCEL) return BIT(FIELD_ORDER_ID) | BIT(FIELD_CLIENT_ORDER_ID);
    if (command->action == ACTION_MODIFY)
        return BIT(FIELD_QUANTITY) | BIT(FIELD_PRICE) | BIT(FIELD_STOP_PRICE) | BIT(FIELD_EXPIRE_TIME);
    if (is_order(command) && command->order_type == ORDER_TRAILING_STOP)
        return BIT(FIELD_TRAILING_AMOUNT) | BIT(FIELD_TRAILING_BPS);
    return 0;
}

static enum field lowest_field(uint64_t fields) { return fields ? (enum field)__builtin_ctzll(fields) : FIELD_NONE; }

static enum field find_missing(const struct command *command) {
    uint64_t missing = required_fields(command) & ~command->present;
    uint64_t alternatives = alternative_fields(command);
    if (alternatives && !(command->present & alternatives)) missing |= alternatives;
    return lowest_field(missing);
}

static enum field find_unsupported(const struct command *command) {
    return is_order(command) && command->time_in_force == TIF_AON ? FIELD_TIME_IN_FORCE : FIELD_NONE;
}

static bool has(const struct command *command, enum field field) { return command->present >> field & 1; }

/* True if the order is a market order when it matches. */
static bool matches_at_any_price(const struct command *order) {
    return order->order_type == ORDER_MARKET || order->order_type == ORDER_STOP ||
           (order->order_type == ORDER_TRAILING_STOP && !has(order, FIELD_PRICE));
}

/* Fields that the type of order does not have. */
static uint64_t fields_of_other_types(const struct command *order) {
    const uint64_t trailing = BIT(FIELD_TRAILING_AMOUNT) | BIT(FIELD_TRAILING_BPS);
    uint64_t others = matches_at_any_price(order) ? BIT(FIELD_DISPLAY_QUANTITY) : BIT(FIELD_MAX_SLIPPAGE);
    if (order->order_type != ORDER_TRAILING_STOP) others |= trailing;
    if (order->order_type == ORDER_LIMIT || order->order_type == ORDER_MARKET) others |= BIT(FIELD_STOP_PRICE);
    if (order->time_in_force == TIF_IOC || order->time_in_force == TIF_FOK) others |= BIT(FIELD_DISPLAY_QUANTITY);
    if (order->time_in_force != TIF_GTD) others |= BIT(FIELD_EXPIRE_TIME);
    return others;
}

static enum field find_invalid_in_order(const struct command *order) {
    bool is_immediate = order->time_in_force == TIF_IOC || order->time_in_force == TIF_FOK;
    if (matches_at_any_price(order) && order->time_in_force != TIF_NONE && !is_immediate) return FIELD_TIME_IN_FORCE;
    if (order->post_only && (order->order_type != ORDER_LIMIT || is_immediate)) return FIELD_POST_ONLY;
    if (has(order, FIELD_TRAILING_AMOUNT) && has(order, FIELD_TRAILING_BPS)) return FIELD_TRAILING_BPS;
    if (order->action == ACTION_REPLACE && text_equal(order->cancel_order_id, order->order_id))
        return FIELD_CANCEL_ORDER_ID;
    return lowest_field(order->present & fields_of_other_types(order));
}

/* The id that two of a list's orders share. */
static enum field find_repeated_id(const struct command *list) {
    for (uint32_t i = 1; i < list->order_count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            const struct command *a = &list->orders[j], *b = &list->orders[i];
            if (text_equal(a->order_id, b->order_id)) return FIELD_ORDER_ID;
            if (has(a, FIELD_CLIENT_ORDER_ID) && text_equal(a->client_order_id, b->client_order_id))
                return FIELD_CLIENT_ORDER_ID;
        }
    }
    return FIELD_NONE;
}

static enum field find_invalid_in_list(const struct command *list) {
    if (list->order_count != (list->contingency == CONTINGENCY_OTOCO ? 3 : 2)) return FIELD_ORDERS;
    const struct command *legs = list->orders + (list->contingency == CONTINGENCY_OTOCO);
    if (list->contingency != CONTINGENCY_OTO && legs[0].side != legs[1].side) return FIELD_SIDE;
    return find_repeated_id(list);
}

static bool set_fault(struct command *command, enum reason reason, enum field field) {
    if (field == FIELD_NONE) return false;
    command->fault = (uint8_t)reason;
    command->fault_field = (uint8_t)field;
    return true;
}

/* Of the list's orders the first fault of the first faulty one, else what is wrong with them together. */
static void check_list(struct command *list) {
    uint32_t decoded = list->order_count < LIST_ORDERS_MAX ? list->order_count : LIST_ORDERS_MAX;
    for (uint32_t i = 0; i < decoded; i++)
        if (set_fault(list, list->orders[i].fault, list->orders[i].fault_field)) return;
    set_fault(list, REASON_INVALID_COMBINATION, find_invalid_in_list(list));
}

void command_check(struct command *command) {
    if (set_fault(command, REASON_MISSING_FIELD, find_missing(command))) return;
    if (command->fault == REASON_BAD_FIELD) return;
    if (set_fault(command, REASON_UNSUPPORTED, find_unsupported(command))) return;
    if (is_order(command))
        set_fault(command, REASON_INVALID_COMBINATION, find_invalid_in_order(command));
    else if (command->action == ACTION_LIST)
        check_list(command);
}

static inline enum field own_id_field(const struct command *command) {
    static const uint8_t fields[ACTION_COUNT] = {[ACTION_NEW] = FIELD_ORDER_ID,
        [ACTION_CANCEL] = FIELD_COMMAND_ID,
        [ACTION_MODIFY] = FIELD_COMMAND_ID,
        [ACTION_REPLACE] = FIELD_ORDER_ID,
        [ACTION_CANCEL_ALL] = FIELD_COMMAND_ID,
        [ACTION_LIST] = FIELD_LIST_ID};
    return command->action < ACTION_COUNT ? (enum field)fields[command->action] : FIELD_NONE;
}

struct text command_own_id(const struct command *command) {
    switch (own_id_field(command)) {
    case FIELD_ORDER_ID: return command->order_id;
    case FIELD_LIST_ID: return command->list_id;
    case FIELD_COMMAND_ID: return command->command_id;
    default: return TEXT_NONE;
    }
}

/* The content hash adds each value times a number of the field's own: no step waits for the one before, and an absent
 * value, 0, costs no branch. */
static inline uint64_t weigh(uint32_t field, uint64_t value) {
    return value * (rolling_mix(rolling_mix(rolling_mix(field + 1))) | 1);
}

static inline uint64_t weigh_decimal(enum field field, const struct decimal *decimal) {
    uint64_t scale = (uint64_t)decimal->state << 16 | (uint16_t)decimal->exponent;
    uint64_t sum = weigh(field, decimal->mantissa) + weigh(field + FIELD_COUNT, scale);
    return decimal->state == DECIMAL_ABSENT ? 0 : sum;
}

static inline uint64_t weigh_time(enum field field, bool is_there, int64_t value) {
    return is_there ? weigh(field, (uint64_t)value) : 0;
}

/* The enumerations and postOnly, which are the command's first seven bytes. */
static inline uint64_t weigh_kinds(const struct command *command) {
    _Static_assert(offsetof(struct command, post_only) == 6 && offsetof(struct command, has_timestamp) == 7,
        "what says the kind of an order is in one word");
    uint64_t kinds;
    memcpy(&kinds, command, sizeof kinds);
    return weigh(FIELD_ACTION, kinds << 8);
}

/* Which fields are there and which of them are badly formed. */
static inline uint64_t weigh_presence(const struct command *command, enum field own) {
    uint64_t apart = BIT(FIELD_ACTION) | BIT(FIELD_TIMESTAMP) | BIT(own);
    return weigh(FIELD_NONE, (command->present & ~apart) | (command->bad & ~apart) << 32);
}

#define RARE_VALUES                                                                                                    \
    (BIT(FIELD_COMMAND_ID) | BIT(FIELD_CANCEL_ORDER_ID) | BIT(FIELD_LIST_ID) | BIT(FIELD_STOP_PRICE) |                 \
        BIT(FIELD_TRAILING_AMOUNT) | BIT(FIELD_DISPLAY_QUANTITY) | BIT(FIELD_MAX_SLIPPAGE) | BIT(FIELD_EXPIRE_TIME) |  \
        BIT(FIELD_TRAILING_BPS))

static uint64_t weigh_rare(const struct command *command, enum field own) {
    uint64_t sum = own == FIELD_COMMAND_ID ? 0 : weigh(FIELD_COMMAND_ID, rolling_id(command->command_id));
    sum += own == FIELD_LIST_ID ? 0 : weigh(FIELD_LIST_ID, rolling_id(command->list_id));
    sum += weigh(FIELD_CANCEL_ORDER_ID, rolling_id(command->cancel_order_id));
    sum += weigh_decimal(FIELD_STOP_PRICE, &command->stop_price);
    sum += weigh_decimal(FIELD_TRAILING_AMOUNT, &command->trailing_amount);
    sum += weigh_decimal(FIELD_DISPLAY_QUANTITY, &command->display_quantity);
    sum += weigh_decimal(FIELD_MAX_SLIPPAGE, &command->max_slippage);
    sum += weigh_time(FIELD_EXPIRE_TIME, command->has_expire_time, command->expire_time_ms);
    return sum + weigh_time(FIELD_TRAILING_BPS, command->has_trailing_bps, command->trailing_bps);
}

/* Everything but the id of `own`. */
static inline uint64_t hash_content(const struct command *command, const struct command_ids *ids, enum field own) {
    _Static_assert(FIELD_COUNT <= 32, "two sets of fields in one number");
    uint64_t sum = weigh_kinds(command) + weigh_presence(command, own) + weigh(FIELD_SYMBOL, ids->symbol) +
                   weigh(FIELD_ORDER_ID, own == FIELD_ORDER_ID ? 0 : ids->order_id) +
                   weigh(FIELD_CLIENT_ORDER_ID, ids->client_order_id) + weigh(FIELD_USER_ID, ids->user_id) +
                   weigh_decimal(FIELD_QUANTITY, &command->quantity) + weigh_decimal(FIELD_PRICE, &command->price);
    if (command->present & RARE_VALUES) sum += weigh_rare(command, own);
    return rolling_mix(rolling_mix(sum));
}

struct command_ids command_ids_of(const struct command *command) {
    return (struct command_ids){.symbol = rolling_id(command->symbol),
        .order_id = rolling_id(command->order_id),
        .client_order_id = rolling_id(command->client_order_id),
        .user_id = rolling_id(command->user_id)};
}

static uint64_t hash_of_order(const struct command *order) {
    struct command_ids ids = command_ids_of(order);
    return hash_content(order, &ids, FIELD_NONE);
}

uint64_t command_content_hash(const struct command *command) {
    struct command_ids ids = command_ids_of(command);
    return command_content_hash_from(command, &ids);
}

uint64_t command_content_hash_from(const struct command *command, const struct command_ids *ids) {
    uint64_t hash = hash_content(command, ids, own_id_field(command));
    if (__builtin_expect(command->order_count == 0, 1)) return hash;
    hash = rolling_mix(hash ^ command->order_count);
    for (uint32_t i = 0; i < command->order_count && i < LIST_ORDERS_MAX; i++)
        hash = rolling_mix(hash ^ hash_of_order(&command->orders[i]));
    return hash;
}

#define NAME(literal) {(literal), sizeof(literal) - 1}

struct text action_name(enum action action) {
    static const struct text names[ACTION_COUNT] = {
        NAME("NEW"), NAME("CANCEL"), NAME("MODIFY"), NAME("REPLACE"), NAME("CANCEL_ALL"), NAME("LIST")};
    return (unsigned)action < ACTION_COUNT ? names[action] : TEXT_NONE;
}

struct text side_name(enum side side) {
    static const struct text names[SIDE_NONE] = {NAME("BUY"), NAME("SELL")};
    return (unsigned)side < SIDE_NONE ? names[side] : TEXT_NONE;
}

struct text order_type_name(enum order_type type) {
    static const struct text names[ORDER_TYPE_NONE] = {
        NAME("LIMIT"), NAME("MARKET"), NAME("STOP"), NAME("STOP_LIMIT"), NAME("TRAILING_STOP")};
    return (unsigned)type < ORDER_TYPE_NONE ? names[type] : TEXT_NONE;
}

struct text time_in_force_name(enum time_in_force tif) {
    static const struct text names[TIF_NONE] = {
        NAME("GTC"), NAME("IOC"), NAME("FOK"), NAME("GTD"), NAME("DAY"), NAME("AON")};
    return (unsigned)tif < TIF_NONE ? names[tif] : TEXT_NONE;
}

struct text self_trade_name(enum self_trade mode) {
    static const struct text names[] = {
        NAME("NONE"), NAME("EXPIRE_TAKER"), NAME("EXPIRE_MAKER"), NAME("EXPIRE_BOTH"), NAME("DECREMENT")};
    return (unsigned)mode <= SELF_TRADE_DECREMENT ? names[mode] : TEXT_NONE;
}

struct text contingency_name(enum contingency contingency) {
    static const struct text names[] = {{0}, NAME("OCO"), NAME("OTO"), NAME("OTOCO")};
    return (unsigned)contingency <= CONTINGENCY_OTOCO ? names[contingency] : TEXT_NONE;
}
