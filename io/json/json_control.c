#include "io/json/json_control.h"

#include "core/command.h"
#include "core/instrument_terms.h"
#include "core/limits.h"
#include "io/json/json_reader.h"
#include "io/json/json_value.h"
#include "io/json/json_writer.h"

/* Every member that a control record may have, in an order that puts those of each kind in the README's. */
enum member {
    MEMBER_KIND = 0,
    MEMBER_SYMBOL,
    MEMBER_MID,
    MEMBER_EPOCH,
    MEMBER_SOURCE,
    MEMBER_TARGET,
    MEMBER_WORKER,
    MEMBER_MODE,
    MEMBER_CLAIMER,
    MEMBER_DEPOSED,
    MEMBER_INSTANCE,
    MEMBER_TICK,
    MEMBER_LOT,
    MEMBER_MIN_QUANTITY,
    MEMBER_MAX_QUANTITY,
    MEMBER_MIN_NOTIONAL,
    MEMBER_MIN_CLIP,
    MEMBER_BAND,
    MEMBER_COLLAR,
    MEMBER_REFERENCE_PRICE,
    MEMBER_STATE,
    MEMBER_LIMIT,
    MEMBER_USER_ID,
    MEMBER_BLOCKED,
    MEMBER_VERSION,
    MEMBER_KEY_ID,
    MEMBER_COUNT
};

enum form {
    FORM_ID,       /* a string of 1 to 64 bytes without NUL */
    FORM_UNSIGNED, /* plain digits below 2^63 */
    FORM_DECIMAL,  /* a number, or a string of number syntax, without sign, of at most 40 bytes */
    FORM_DISTANCE, /* an object with one member, ticks or bps, plain digits in range */
    FORM_BOOLEAN
};

static const struct {
    const char *name;
    uint8_t form;
} members[MEMBER_COUNT] = {
    [MEMBER_KIND] = {"kind", FORM_ID},
    [MEMBER_SYMBOL] = {"symbol", FORM_ID},
    [MEMBER_MID] = {"mid", FORM_ID},
    [MEMBER_EPOCH] = {"epoch", FORM_UNSIGNED},
    [MEMBER_SOURCE] = {"source", FORM_ID},
    [MEMBER_TARGET] = {"target", FORM_ID},
    [MEMBER_WORKER] = {"worker", FORM_UNSIGNED},
    [MEMBER_MODE] = {"mode", FORM_ID},
    [MEMBER_CLAIMER] = {"claimer", FORM_ID},
    [MEMBER_DEPOSED] = {"deposed", FORM_ID},
    [MEMBER_INSTANCE] = {"instance", FORM_ID},
    [MEMBER_TICK] = {"tick", FORM_DECIMAL},
    [MEMBER_LOT] = {"lot", FORM_DECIMAL},
    [MEMBER_MIN_QUANTITY] = {"minQuantity", FORM_DECIMAL},
    [MEMBER_MAX_QUANTITY] = {"maxQuantity", FORM_DECIMAL},
    [MEMBER_MIN_NOTIONAL] = {"minNotional", FORM_DECIMAL},
    [MEMBER_MIN_CLIP] = {"minClip", FORM_DECIMAL},
    [MEMBER_BAND] = {"band", FORM_DISTANCE},
    [MEMBER_COLLAR] = {"collar", FORM_DISTANCE},
    [MEMBER_REFERENCE_PRICE] = {"referencePrice", FORM_DECIMAL},
    [MEMBER_STATE] = {"state", FORM_ID},
    [MEMBER_LIMIT] = {"limit", FORM_UNSIGNED},
    [MEMBER_USER_ID] = {"userId", FORM_ID},
    [MEMBER_BLOCKED] = {"blocked", FORM_BOOLEAN},
    [MEMBER_VERSION] = {"version", FORM_UNSIGNED},
    [MEMBER_KEY_ID] = {"keyId", FORM_ID},
};

#define BIT(member) (UINT32_C(1) << (member))
#define MOVE_MEMBERS (BIT(MEMBER_MID) | BIT(MEMBER_EPOCH))

/* What a CONTROL event says of each kind, beside kind and symbol. */
static const uint32_t members_of[CONTROL_KIND_COUNT] = {
    [CONTROL_BEGIN] = MOVE_MEMBERS | BIT(MEMBER_SOURCE) | BIT(MEMBER_TARGET) | BIT(MEMBER_WORKER) | BIT(MEMBER_MODE),
    [CONTROL_CUT] = MOVE_MEMBERS,
    [CONTROL_ABORT] = MOVE_MEMBERS,
    [CONTROL_RELEASE] = MOVE_MEMBERS,
    [CONTROL_CLAIM] = BIT(MEMBER_EPOCH) | BIT(MEMBER_CLAIMER) | BIT(MEMBER_DEPOSED),
    [CONTROL_RESIGN] = BIT(MEMBER_INSTANCE),
    [CONTROL_INSTRUMENT] = BIT(MEMBER_TICK) | BIT(MEMBER_LOT) | BIT(MEMBER_MIN_QUANTITY) | BIT(MEMBER_MAX_QUANTITY) |
                           BIT(MEMBER_MIN_NOTIONAL) | BIT(MEMBER_MIN_CLIP) | BIT(MEMBER_BAND) | BIT(MEMBER_COLLAR) |
                           BIT(MEMBER_REFERENCE_PRICE) | BIT(MEMBER_STATE),
    [CONTROL_STATE] = BIT(MEMBER_STATE),
    [CONTROL_LISTING] = BIT(MEMBER_MODE) | BIT(MEMBER_LIMIT),
    [CONTROL_BLOCK] = BIT(MEMBER_USER_ID) | BIT(MEMBER_BLOCKED),
    [CONTROL_RULES] = BIT(MEMBER_VERSION),
    [CONTROL_KEY] = BIT(MEMBER_KEY_ID),
};

/* What was found: key and value of each known member that is not null. */
struct found {
    yyjson_val *keys[MEMBER_COUNT];
    yyjson_val *values[MEMBER_COUNT];
};

static enum member find_member(struct text name) {
    for (unsigned i = 0; i < MEMBER_COUNT; i++)
        if (text_equal(text_of(members[i].name), name)) return (enum member)i;
    return MEMBER_COUNT;
}

static bool find_members(yyjson_val *object, struct found *found) {
    yyjson_obj_iter all = yyjson_obj_iter_with(object);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&all));) {
        enum member member = find_member(json_text_of(key));
        if (member == MEMBER_COUNT) continue;
        if (found->keys[member]) return false;
        found->keys[member] = key;
        found->values[member] = yyjson_obj_iter_get_val(key);
    }
    return true;
}

static bool is_id(yyjson_val *value) {
    if (!yyjson_is_str(value)) return false;
    struct text id = json_text_of(value);
    return id.size >= 1 && id.size <= ID_BYTES_MAX && !memchr(id.data, 0, id.size);
}

static bool is_decimal(yyjson_val *value) {
    enum { DECIMAL_BYTES_MAX = 40 };
    if (!yyjson_is_str(value) && !yyjson_is_raw(value)) return false;
    struct text text = yyjson_is_str(value) ? json_text_of(value) : json_number_of(value);
    return text.size <= DECIMAL_BYTES_MAX && decimal_parse(text).state != DECIMAL_BAD;
}

static bool read_distance(yyjson_val *value, struct price_distance *distance) {
    uint64_t number;
    *distance = (struct price_distance){0};
    if (!yyjson_is_obj(value) || yyjson_obj_size(value) != 1) return false;
    yyjson_val *key = unsafe_yyjson_get_first(value);
    bool in_ticks = text_equal(json_text_of(key), TEXT("ticks"));
    if (!in_ticks && !text_equal(json_text_of(key), TEXT("bps"))) return false;
    if (!json_unsigned_of(yyjson_obj_iter_get_val(key), INT64_MAX, &number)) return false;
    *(in_ticks ? &distance->ticks : &distance->basis_points) = (int64_t)number;
    return price_distance_is_valid(*distance);
}

static bool is_distance(yyjson_val *value) {
    struct price_distance distance;
    return read_distance(value, &distance);
}

static bool is_well_formed(enum form form, yyjson_val *value) {
    uint64_t number;
    switch (form) {
    case FORM_ID: return is_id(value);
    case FORM_UNSIGNED: return json_unsigned_of(value, INT64_MAX, &number);
    case FORM_DECIMAL: return is_decimal(value);
    case FORM_DISTANCE: return is_distance(value);
    default: return yyjson_is_bool(value);
    }
}

/* The value of a member if it is there and well formed. */
static yyjson_val *value_of(const struct found *found, enum member member) {
    yyjson_val *value = found->values[member];
    return value && is_well_formed(members[member].form, value) ? value : NULL;
}

static struct text text_of_member(const struct found *found, enum member member) {
    yyjson_val *value = value_of(found, member);
    return value ? json_text_of(value) : TEXT_NONE;
}

static bool number_of_member(const struct found *found, enum member member, uint64_t *number) {
    yyjson_val *value = value_of(found, member);
    return value && json_unsigned_of(value, INT64_MAX, number);
}

static bool take_symbol(const struct found *found, struct control *control) {
    if (!found->values[MEMBER_SYMBOL] || yyjson_is_null(found->values[MEMBER_SYMBOL])) return true;
    control->symbol = text_of_member(found, MEMBER_SYMBOL);
    return text_equal(control->symbol, TEXT("*")) || symbol_is_valid(control->symbol);
}

/* Members that this kind does not have are unknown ones. */
static void forget_others(struct found *found, uint8_t kind) {
    for (unsigned i = MEMBER_MID; i < MEMBER_COUNT; i++)
        if (!(members_of[kind] & BIT(i))) found->values[i] = NULL;
}

static void take_move(const struct found *found, struct control *control) {
    uint64_t worker = 0;
    struct text mode = text_of_member(found, MEMBER_MODE);
    control->mid = text_of_member(found, MEMBER_MID);
    control->has_epoch = number_of_member(found, MEMBER_EPOCH, &control->epoch);
    control->source = text_of_member(found, MEMBER_SOURCE);
    control->target = text_of_member(found, MEMBER_TARGET);
    control->has_worker = number_of_member(found, MEMBER_WORKER, &worker);
    control->worker = (int64_t)worker;
    for (unsigned i = MOVE_DIRECT; i <= MOVE_PARKED; i++)
        if (text_equal(mode, move_mode_name((enum move_mode)i))) control->mode = (uint8_t)i;
}

static bool has_what_a_move_needs(const struct control *control) {
    return !text_is_absent(control->symbol) && !text_is_absent(control->mid) && control->has_epoch &&
           (control->kind != CONTROL_BEGIN || control->mode != MOVE_NONE);
}

static bool is_of_one_symbol(const struct control *control) {
    return !text_is_absent(control->symbol) && !text_equal(control->symbol, TEXT("*"));
}

/* Whether nothing that is there is ill-formed. */
static bool all_well_formed(const struct found *found) {
    for (unsigned i = MEMBER_MID; i < MEMBER_COUNT; i++)
        if (found->values[i] && !yyjson_is_null(found->values[i]) && !value_of(found, (enum member)i)) return false;
    return true;
}

static bool take_state(const struct found *found, struct control *control) {
    struct text name = text_of_member(found, MEMBER_STATE);
    for (unsigned i = 0; i < TRADING_STATE_COUNT; i++) {
        if (!text_equal(name, trading_state_name((enum trading_state)i))) continue;
        control->state = (uint8_t)i;
        return true;
    }
    return false;
}

/* A decimal's text, as a number or a string. */
static struct text decimal_of_member(const struct found *found, enum member member) {
    yyjson_val *value = value_of(found, member);
    return !value ? TEXT_NONE : yyjson_is_str(value) ? json_text_of(value) : json_number_of(value);
}

static struct price_distance distance_of_member(const struct found *found, enum member member) {
    struct price_distance distance = {0};
    yyjson_val *value = value_of(found, member);
    if (value) read_distance(value, &distance);
    return distance;
}

static bool take_instrument(const struct found *found, struct control *control) {
    const struct instrument_terms terms = {.tick = decimal_of_member(found, MEMBER_TICK),
        .lot = decimal_of_member(found, MEMBER_LOT),
        .quantity_min = decimal_of_member(found, MEMBER_MIN_QUANTITY),
        .quantity_max = decimal_of_member(found, MEMBER_MAX_QUANTITY),
        .notional_min = decimal_of_member(found, MEMBER_MIN_NOTIONAL),
        .clip_min = decimal_of_member(found, MEMBER_MIN_CLIP),
        .band = distance_of_member(found, MEMBER_BAND),
        .collar = distance_of_member(found, MEMBER_COLLAR),
        .reference_price = decimal_of_member(found, MEMBER_REFERENCE_PRICE)};
    bool has_state = value_of(found, MEMBER_STATE) != NULL;
    return !instrument_read(&terms, &control->instrument) && (!has_state || take_state(found, control));
}

static bool take_listing(const struct found *found, struct control *control) {
    uint64_t limit = SYMBOLS_PER_PARTITION_MAX;
    struct text mode = text_of_member(found, MEMBER_MODE);
    bool is_closed = text_equal(mode, listing_mode_name(LISTING_CLOSED));
    number_of_member(found, MEMBER_LIMIT, &limit);
    control->listing = is_closed ? LISTING_CLOSED : LISTING_OPEN;
    control->limit = (uint32_t)limit;
    return limit >= 1 && limit <= SYMBOLS_PER_PARTITION_MAX &&
           (is_closed || text_equal(mode, listing_mode_name(LISTING_OPEN)));
}

static bool take_block(const struct found *found, struct control *control) {
    yyjson_val *blocked = value_of(found, MEMBER_BLOCKED);
    control->user_id = text_of_member(found, MEMBER_USER_ID);
    control->blocked = blocked && unsafe_yyjson_get_bool(blocked);
    return blocked && !text_is_absent(control->user_id);
}

/* False if what this kind needs is not there or ill-formed. */
static bool take_what_it_needs(const struct found *found, struct control *control) {
    switch (control->kind) {
    case CONTROL_BEGIN:
    case CONTROL_CUT:
    case CONTROL_ABORT: return has_what_a_move_needs(control);
    case CONTROL_INSTRUMENT:
        return is_of_one_symbol(control) && all_well_formed(found) && take_instrument(found, control);
    case CONTROL_STATE: return is_of_one_symbol(control) && take_state(found, control);
    case CONTROL_LISTING: return all_well_formed(found) && take_listing(found, control);
    case CONTROL_BLOCK: return take_block(found, control);
    case CONTROL_RULES: return number_of_member(found, MEMBER_VERSION, &control->version);
    default: return true;
    }
}

static bool take_fields(struct json_decoder *decoder, const struct found *found, struct control *control) {
    char *const out = decoder->scratch;
    struct json_room room = {out, out + CONTROL_FIELDS_BYTES_MAX};
    for (unsigned i = MEMBER_MID; i < MEMBER_COUNT; i++) {
        yyjson_val *value = value_of(found, (enum member)i);
        if (value && !json_put_member(&room, found->keys[i], value)) return false;
    }
    if (room.at > out)
        control->fields = (struct text){out + 1, (uint32_t)(room.at - out - 1)}; /* without the first comma */
    return true;
}

bool json_control_decode(struct json_decoder *decoder, const char *bytes, size_t size, struct control *control) {
    struct found found = {0};
    *control = (struct control){0};
    yyjson_val *object = size <= RECORD_BYTES_MAX ? json_read_object(decoder, bytes, size) : NULL;
    if (!object || !find_members(object, &found)) return false;
    control->kind = (uint8_t)control_kind_find(text_of_member(&found, MEMBER_KIND));
    if (control->kind == CONTROL_NONE || !take_symbol(&found, control)) return false;
    forget_others(&found, control->kind);
    take_move(&found, control);
    return take_what_it_needs(&found, control) && take_fields(decoder, &found, control);
}

static char *put_name(char *at, enum member member) {
    *at++ = ',';
    at = json_put_text(at, text_of(members[member].name));
    *at++ = ':';
    return at;
}

static char *put_text(char *at, enum member member, struct text text) {
    return text_is_absent(text) ? at : json_put_text(put_name(at, member), text);
}

static char *put_units(char *at, enum member member, int64_t units, struct decimal_unit unit) {
    return json_put_decimal(put_name(at, member), units, unit);
}

static char *put_distance(char *at, enum member member, struct price_distance distance) {
    if (distance.ticks == 0 && distance.basis_points == 0) return at;
    at = put_name(at, member);
    at = distance.basis_points ? json_put_integer(JSON_PUT(at, "{\"bps\":"), distance.basis_points)
                               : json_put_integer(JSON_PUT(at, "{\"ticks\":"), distance.ticks);
    *at++ = '}';
    return at;
}

/* NULL if the least notional cannot be written. */
static char *put_notional(char *at, const struct instrument *instrument) {
    char text[NOTIONAL_BYTES_MAX];
    if (instrument->notional_units_min == 0) return at;
    size_t size = instrument_notional_format(instrument, text);
    return size ? put_text(at, MEMBER_MIN_NOTIONAL, (struct text){text, (uint32_t)size}) : NULL;
}

static char *put_instrument(char *at, const struct control *control) {
    const struct instrument *instrument = &control->instrument;
    at = put_units(at, MEMBER_TICK, 1, instrument->tick);
    at = put_units(at, MEMBER_LOT, 1, instrument->lot);
    at = put_units(at, MEMBER_MIN_QUANTITY, instrument->quantity_lots_min, instrument->lot);
    at = put_units(at, MEMBER_MAX_QUANTITY, instrument->quantity_lots_max, instrument->lot);
    at = put_notional(at, instrument);
    if (!at) return NULL;
    at = put_units(at, MEMBER_MIN_CLIP, instrument->clip_lots_min, instrument->lot);
    at = put_distance(at, MEMBER_BAND, instrument->band);
    at = put_distance(at, MEMBER_COLLAR, instrument->collar);
    if (instrument->reference_price_ticks)
        at = put_units(at, MEMBER_REFERENCE_PRICE, instrument->reference_price_ticks, instrument->tick);
    return put_text(at, MEMBER_STATE, trading_state_name(control->state));
}

static char *put_move(char *at, const struct control *control) {
    at = put_text(at, MEMBER_MID, control->mid);
    if (control->has_epoch) at = json_put_unsigned(put_name(at, MEMBER_EPOCH), control->epoch);
    if (control->kind != CONTROL_BEGIN) return at;
    at = put_text(at, MEMBER_SOURCE, control->source);
    at = put_text(at, MEMBER_TARGET, control->target);
    if (control->has_worker) at = json_put_integer(put_name(at, MEMBER_WORKER), control->worker);
    return put_text(at, MEMBER_MODE, move_mode_name(control->mode));
}

/* The members of a kind; NULL if they cannot be written. */
static char *put_members(char *at, const struct control *control) {
    switch (control->kind) {
    case CONTROL_BEGIN:
    case CONTROL_CUT:
    case CONTROL_ABORT:
    case CONTROL_RELEASE: return put_move(at, control);
    case CONTROL_CLAIM: return control->has_epoch ? json_put_unsigned(put_name(at, MEMBER_EPOCH), control->epoch) : at;
    case CONTROL_INSTRUMENT: return put_instrument(at, control);
    case CONTROL_STATE: return put_text(at, MEMBER_STATE, trading_state_name(control->state));
    case CONTROL_LISTING:
        at = put_text(at, MEMBER_MODE, listing_mode_name(control->listing));
        return json_put_unsigned(put_name(at, MEMBER_LIMIT), control->limit);
    case CONTROL_BLOCK:
        at = put_text(at, MEMBER_USER_ID, control->user_id);
        return json_put_boolean(put_name(at, MEMBER_BLOCKED), control->blocked);
    case CONTROL_RULES: return json_put_unsigned(put_name(at, MEMBER_VERSION), control->version);
    default: return at;
    }
}

size_t json_control_encode(const struct control *control, char *out, size_t out_bytes) {
    if (out_bytes < CONTROL_BYTES_MAX || control->kind == CONTROL_NONE || control->kind >= CONTROL_KIND_COUNT) return 0;
    char *at = json_put_text(JSON_PUT(out, "{\"kind\":"), control_kind_name(control->kind));
    at = put_members(put_text(at, MEMBER_SYMBOL, control->symbol), control);
    if (!at) return 0;
    *at++ = '}';
    return (size_t)(at - out);
}
