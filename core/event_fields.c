#include "core/event_fields.h"

#include "core/limits.h"

#include <stddef.h>

enum kind {
    KIND_TYPE,
    KIND_STREAM,
    KIND_HASH,
    KIND_ID,
    KIND_PRICE,
    KIND_QUANTITY,
    KIND_UNSIGNED,
    KIND_SIGNED,
    KIND_PARTITION,
    KIND_INDEX,
    KIND_BOOLEAN,
    KIND_NAME
};

struct member {
    struct text name;
    uint8_t scope; /* enum event_scope; the maker's members are found as the taker's */
    uint8_t kind;
    bool of_control; /* a CONTROL has it too */
    uint16_t place;  /* where it goes; of the maker `party` further */
    uint16_t flag;   /* KIND_PRICE: where its has_ flag is, 0 if it has none */
    uint16_t count;  /* KIND_NAME: how many numbers have names */
    struct text (*name_of)(unsigned);
};

static struct text name_side(unsigned i) { return side_name((enum side)i); }

static struct text name_order_type(unsigned i) { return order_type_name((enum order_type)i); }

static struct text name_time_in_force(unsigned i) { return time_in_force_name((enum time_in_force)i); }

static struct text name_reason(unsigned i) { return reason_name((enum reason)i); }

static struct text name_self_trade(unsigned i) { return self_trade_name((enum self_trade)i); }

#define NAME(literal) {(literal), sizeof(literal) - 1}
#define PLACE(member) offsetof(struct event, member)
#define HEAD(name, kind, member) {NAME(name), SCOPE_EVENT, (kind), true, PLACE(member), 0, 0, NULL}
#define SOURCE(name, kind, member) {NAME(name), SCOPE_SOURCE, (kind), true, PLACE(member), 0, 0, NULL}
#define BODY(name, kind, member) {NAME(name), SCOPE_EVENT, (kind), false, PLACE(member), 0, 0, NULL}
#define PRICE(name, member, has) {NAME(name), SCOPE_EVENT, KIND_PRICE, false, PLACE(member), PLACE(has), 0, NULL}
#define ENUM(name, member, count, name_of)                                                                             \
    {NAME(name), SCOPE_EVENT, KIND_NAME, false, PLACE(member), 0, (count), (name_of)}
#define PARTY(name, kind, member) {NAME(name), SCOPE_TAKER, (kind), false, PLACE(taker.member), 0, 0, NULL}

enum { HEAD_MEMBERS = 9, PARTY_MEMBERS_FIRST = 35, PARTY_MEMBERS = 5, MEMBERS = PARTY_MEMBERS_FIRST + PARTY_MEMBERS };

/* Those that every event has come first, a party's last. */
static const struct member members[MEMBERS] = {
    HEAD("type", KIND_TYPE, type),
    HEAD("symbol", KIND_STREAM, symbol),
    HEAD("fseq", KIND_UNSIGNED, fseq),
    SOURCE("p", KIND_PARTITION, src_partition),
    SOURCE("o", KIND_SIGNED, src_offset),
    SOURCE("i", KIND_INDEX, src_index),
    HEAD("own", KIND_SIGNED, own),
    HEAD("timestamp", KIND_SIGNED, timestamp_ms),
    HEAD("hash", KIND_HASH, hash),
    HEAD("kind", KIND_ID, control_kind),
    HEAD("result", KIND_ID, control_result),
    BODY("orderId", KIND_ID, order_id),
    BODY("clientOrderId", KIND_ID, client_order_id),
    BODY("commandId", KIND_ID, command_id),
    BODY("userId", KIND_ID, user_id),
    BODY("listId", KIND_ID, list_id),
    BODY("originalOrderId", KIND_ID, original_order_id),
    BODY("state", KIND_ID, state),
    PRICE("price", price_ticks, has_price),
    PRICE("stopPrice", stop_price_ticks, has_stop_price),
    PRICE("lastPrice", last_price_ticks, has_last_price),
    PRICE("indicativePrice", indicative_price_ticks, has_indicative),
    BODY("indicativeQuantity", KIND_QUANTITY, indicative_quantity_lots),
    BODY("quantity", KIND_QUANTITY, quantity_lots),
    BODY("leaves", KIND_QUANTITY, leaves_lots),
    BODY("cumulative", KIND_QUANTITY, cumulative_lots),
    BODY("tradeId", KIND_UNSIGNED, trade_id),
    BODY("count", KIND_UNSIGNED, count),
    BODY("keptPriority", KIND_BOOLEAN, kept_priority),
    ENUM("side", side, SIDE_NONE, name_side),
    ENUM("takerSide", side, SIDE_NONE, name_side),
    ENUM("orderType", order_type, ORDER_TYPE_NONE, name_order_type),
    ENUM("timeInForce", time_in_force, TIF_AON, name_time_in_force),
    ENUM("reason", reason, REASON_COUNT, name_reason),
    ENUM("mode", self_trade, SELF_TRADE_DECREMENT + 1, name_self_trade),
    [PARTY_MEMBERS_FIRST] = PARTY("orderId", KIND_ID, order_id),
    PARTY("clientOrderId", KIND_ID, client_order_id),
    PARTY("userId", KIND_ID, user_id),
    PARTY("leaves", KIND_QUANTITY, leaves_lots),
    PARTY("cumulative", KIND_QUANTITY, cumulative_lots),
};

_Static_assert(MEMBERS + PARTY_MEMBERS <= 64, "one bit each, the maker's behind the taker's");

enum event_type event_type_find(struct text name) {
    for (unsigned type = EVENT_ACCEPTED; type < EVENT_TYPE_COUNT; type++)
        if (text_equal(event_type_name((enum event_type)type), name)) return (enum event_type)type;
    return 0;
}

bool stream_name_is_valid(struct text name) {
    bool is_partition = name.size == 2 && name.data[0] == '#' && name.data[1] >= '0' && name.data[1] < '0' + PARTITIONS;
    return is_partition || symbol_is_valid(name);
}

bool event_hash_read(const char *digits, uint64_t *hash) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < 16; i++) {
        char c = digits[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                                : 16;
        if (digit == 16) return false;
        sum = sum << 4 | digit;
    }
    *hash = sum;
    return true;
}

bool event_fields_begin(
    struct event_fields *fields, struct event *event, const struct instrument *instrument, struct text type) {
    *event = (struct event){.side = SIDE_NONE, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE};
    event->instrument = instrument ? *instrument : instrument_default();
    event->type = (uint8_t)event_type_find(type);
    *fields = (struct event_fields){.event = event, .any_unit = !instrument};
    return event->type != 0;
}

enum event_scope event_scope_find(struct text name) {
    if (text_equal(name, TEXT("src"))) return SCOPE_SOURCE;
    if (text_equal(name, TEXT("taker"))) return SCOPE_TAKER;
    return text_equal(name, TEXT("maker")) ? SCOPE_MAKER : SCOPE_EVENT;
}

unsigned event_member_find(struct event_fields *fields, enum event_scope scope, struct text name) {
    unsigned as_scope = scope == SCOPE_MAKER ? SCOPE_TAKER : scope;
    bool is_control = fields->event->type == EVENT_CONTROL;
    unsigned i = fields->next;
    for (unsigned tried = 0; tried < MEMBERS; tried++, i = i + 1 < MEMBERS ? i + 1 : 0) {
        const struct text *known = &members[i].name;
        if (known->size != name.size || members[i].scope != as_scope || known->data[0] != name.data[0]) continue;
        if (memcmp(known->data, name.data, name.size) != 0) continue;
        fields->next = i;
        return members[i].of_control || !is_control ? i : EVENT_MEMBER_NONE;
    }
    return EVENT_MEMBER_NONE;
}

/* Says where a member goes; NULL if it is none or was there before. */
static const struct member *claim(struct event_fields *fields, enum event_scope scope, unsigned i, char **place) {
    if (i >= MEMBERS) return NULL;
    bool is_maker = scope == SCOPE_MAKER;
    uint64_t bit = UINT64_C(1) << (is_maker ? i + PARTY_MEMBERS : i);
    if (fields->seen & bit) return NULL;
    fields->seen |= bit;
    *place = (char *)fields->event + members[i].place + (is_maker ? PLACE(maker) - PLACE(taker) : 0);
    return &members[i];
}

/* The unit's places are those of the first decimal seen, if any will do. */
static bool read_decimal(struct text text, bool any_unit, bool *has_unit, struct decimal_unit *unit, int64_t *units) {
    if (any_unit && !*has_unit) *unit = (struct decimal_unit){.mantissa = 1, .places = decimal_places(text)};
    *has_unit = true;
    return unit->places <= DECIMAL_PLACES_MAX && decimal_read(text, *unit, units);
}

static bool take_price(struct event_fields *fields, const struct member *member, struct text text, char *place) {
    *((bool *)fields->event + member->flag) = true;
    return read_decimal(
        text, fields->any_unit, &fields->has_tick, &fields->event->instrument.tick, (int64_t *)(void *)place);
}

static bool take_quantity(struct event_fields *fields, struct text text, char *place) {
    return read_decimal(
        text, fields->any_unit, &fields->has_lot, &fields->event->instrument.lot, (int64_t *)(void *)place);
}

static bool take_name(const struct member *member, struct text text, char *place) {
    for (unsigned i = 0; i < member->count; i++) {
        if (!text_is_absent(text) && text_equal(member->name_of(i), text)) {
            *(uint8_t *)place = (uint8_t)i;
            return true;
        }
    }
    return false;
}

static bool take_id(struct text text, char *place) {
    *(struct text *)(void *)place = text;
    return text.size >= 1 && text.size <= ID_BYTES_MAX;
}

bool event_take_text(struct event_fields *fields, enum event_scope scope, unsigned i, struct text text) {
    char *place;
    const struct member *member = claim(fields, scope, i, &place);
    if (!member) return false;
    switch (member->kind) {
    case KIND_TYPE: return event_type_find(text) == fields->event->type;
    case KIND_STREAM: fields->event->symbol = text; return stream_name_is_valid(text);
    case KIND_HASH: return text.size == 16 && event_hash_read(text.data, &fields->event->hash);
    case KIND_ID: return take_id(text, place);
    case KIND_PRICE: return take_price(fields, member, text, place);
    case KIND_QUANTITY: return take_quantity(fields, text, place);
    case KIND_NAME: return take_name(member, text, place);
    default: return false;
    }
}

bool event_take_integer(
    struct event_fields *fields, enum event_scope scope, unsigned i, bool negative, uint64_t magnitude) {
    char *place;
    const struct member *member = claim(fields, scope, i, &place);
    uint64_t most = !member                          ? 0
                    : member->kind == KIND_UNSIGNED  ? UINT64_MAX
                    : member->kind == KIND_SIGNED    ? INT64_MAX
                    : member->kind == KIND_PARTITION ? PARTITIONS - 1
                    : member->kind == KIND_INDEX     ? UINT32_MAX
                                                     : 0;
    if (most == 0 || magnitude > most || (negative && member->kind != KIND_SIGNED)) return false;
    if (member->kind == KIND_UNSIGNED)
        memcpy(place, &magnitude, sizeof magnitude);
    else if (member->kind == KIND_SIGNED)
        *(int64_t *)(void *)place = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    else
        *(uint32_t *)(void *)place = (uint32_t)magnitude;
    return true;
}

bool event_take_boolean(struct event_fields *fields, enum event_scope scope, unsigned i, bool value) {
    char *place;
    const struct member *member = claim(fields, scope, i, &place);
    if (!member || member->kind != KIND_BOOLEAN) return false;
    *(bool *)place = value;
    return true;
}

bool event_fields_end(const struct event_fields *fields) {
    const uint64_t head = (UINT64_C(1) << HEAD_MEMBERS) - 1;
    return (fields->seen & head) == head;
}
