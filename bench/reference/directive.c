#include "bench/reference/directive.h"

#include "bench/reference/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

/* ---- members and their forms */

enum form { FORM_ID, FORM_DIGITS, FORM_DECIMAL, FORM_UNIT, FORM_DISTANCE, FORM_BOOLEAN, FORM_STATE, FORM_LISTING };

struct member {
    const char *name;
    enum form form;
};

enum { MEMBERS_MAX = 10, DECIMAL_BYTES_MAX = 40, BASIS_POINTS_MAX = 9999 };

/* What each kind has beside `kind` and `symbol`, in the order in which a CONTROL event tells it. */
static const struct {
    const char *name;
    bool strict; /* what is there must be well formed; else an ill-formed member counts as absent */
    struct member members[MEMBERS_MAX];
} kinds[DIRECTIVE_KINDS] = {
    [DIRECTIVE_BEGIN] = {"BEGIN", false,
        {{"mid", FORM_ID}, {"epoch", FORM_DIGITS}, {"source", FORM_ID}, {"target", FORM_ID}, {"worker", FORM_DIGITS},
            {"mode", FORM_ID}}},
    [DIRECTIVE_CUT] = {"CUT", false, {{"mid", FORM_ID}, {"epoch", FORM_DIGITS}}},
    [DIRECTIVE_ABORT] = {"ABORT", false, {{"mid", FORM_ID}, {"epoch", FORM_DIGITS}}},
    [DIRECTIVE_RELEASE] = {"RELEASE", false, {{"mid", FORM_ID}, {"epoch", FORM_DIGITS}}},
    [DIRECTIVE_CLAIM] = {"CLAIM", false, {{"epoch", FORM_DIGITS}, {"claimer", FORM_ID}, {"deposed", FORM_ID}}},
    [DIRECTIVE_RESIGN] = {"RESIGN", false, {{"instance", FORM_ID}}},
    [DIRECTIVE_INSTRUMENT] = {"INSTRUMENT", true,
        {{"tick", FORM_UNIT}, {"lot", FORM_UNIT}, {"minQuantity", FORM_DECIMAL}, {"maxQuantity", FORM_DECIMAL},
            {"minNotional", FORM_DECIMAL}, {"minClip", FORM_DECIMAL}, {"band", FORM_DISTANCE},
            {"collar", FORM_DISTANCE}, {"referencePrice", FORM_DECIMAL}, {"state", FORM_STATE}}},
    [DIRECTIVE_STATE] = {"STATE", true, {{"state", FORM_STATE}}},
    [DIRECTIVE_LISTING] = {"LISTING", true, {{"mode", FORM_LISTING}, {"limit", FORM_DIGITS}}},
    [DIRECTIVE_BLOCK] = {"BLOCK", true, {{"userId", FORM_ID}, {"blocked", FORM_BOOLEAN}}},
    [DIRECTIVE_RULES] = {"RULES", true, {{"version", FORM_DIGITS}}},
    [DIRECTIVE_KEY] = {"KEY", false, {{"keyId", FORM_ID}}},
    [DIRECTIVE_TICK] = {"TICK", false, {{0}}},
};

static const char *const state_names[] = {"TRADING", "HALTED", "AUCTION", "CLOSED"};

const char *directive_state_name(enum directive_state state) { return state_names[state]; }

/* The place of a string in a list of names, -1 if it is none of them. */
static int choice_of(yyjson_val *value, const char *const *names, int count) {
    for (int i = 0; i < count; i++)
        if (value && yyjson_equals_str(value, names[i])) return i;
    return -1;
}

/* The value of a key, NULL if it is absent or null. */
static yyjson_val *member_of(yyjson_val *object, const char *name) {
    yyjson_val *value = yyjson_obj_get(object, name);
    return yyjson_is_null(value) ? NULL : value;
}

/* Times that a key is there. */
static size_t times_of(yyjson_val *object, const char *name) {
    yyjson_val *key;
    size_t times = 0;
    yyjson_obj_iter keys = yyjson_obj_iter_with(object);
    while ((key = yyjson_obj_iter_next(&keys))) times += yyjson_equals_str(key, name);
    return times;
}

/* Known are the members of all kinds. */
static bool repeats_a_known_key(yyjson_val *object) {
    if (times_of(object, "kind") > 1 || times_of(object, "symbol") > 1) return true;
    for (int kind = 0; kind < DIRECTIVE_KINDS; kind++)
        for (int i = 0; i < MEMBERS_MAX && kinds[kind].members[i].name; i++)
            if (times_of(object, kinds[kind].members[i].name) > 1) return true;
    return false;
}

static bool read_id(yyjson_val *value, struct order_id *id) {
    size_t size = yyjson_get_len(value);
    if (!yyjson_is_str(value) || size < 1 || size > ID_BYTES_MAX || memchr(yyjson_get_str(value), 0, size))
        return false;
    *id = order_id_of((struct text){yyjson_get_str(value), (uint32_t)size});
    return true;
}

/* Digits alone, below 2^63. */
static bool read_digits(yyjson_val *value, uint64_t *number) {
    const char *digits = yyjson_get_raw(value);
    size_t size = yyjson_get_len(value);
    *number = 0;
    if (!yyjson_is_raw(value) || size > 19) return false;
    for (size_t i = 0; i < size; i++) {
        if (digits[i] < '0' || digits[i] > '9') return false;
        *number = *number * 10 + (uint64_t)(digits[i] - '0');
    }
    return *number <= INT64_MAX;
}

/* A number as it is written, in JSON or in a string. */
static struct text spelling_of(yyjson_val *value) {
    const char *bytes = yyjson_is_raw(value) ? yyjson_get_raw(value) : yyjson_get_str(value);
    return bytes ? (struct text){bytes, (uint32_t)yyjson_get_len(value)} : TEXT_NONE;
}

static bool read_decimal(yyjson_val *value, struct number *number) {
    struct text text = spelling_of(value);
    return text.size && text.size <= DECIMAL_BYTES_MAX && number_read(text.data, text.size, number);
}

static bool read_unit(yyjson_val *value, struct number_unit *unit) {
    struct text text = spelling_of(value);
    return text.size && text.size <= DECIMAL_BYTES_MAX && number_read_unit(text.data, text.size, unit);
}

static bool read_distance(yyjson_val *value, struct settings_distance *distance) {
    uint64_t number = 0;
    *distance = (struct settings_distance){0};
    if (!yyjson_is_obj(value) || yyjson_obj_size(value) != 1) return false;
    yyjson_val *ticks = yyjson_obj_get(value, "ticks"), *bps = yyjson_obj_get(value, "bps");
    if (!read_digits(ticks ? ticks : bps, &number) || number < 1) return false;
    *(ticks ? &distance->ticks : &distance->basis_points) = (int64_t)number;
    return distance->ticks <= PRICE_TICKS_MAX && distance->basis_points <= BASIS_POINTS_MAX;
}

static bool is_well_formed(yyjson_val *value, enum form form) {
    static const char *const listings[] = {"OPEN", "CLOSED"};
    struct order_id id;
    struct number number;
    struct number_unit unit;
    struct settings_distance distance;
    uint64_t digits;
    switch (form) {
    case FORM_ID: return read_id(value, &id);
    case FORM_DIGITS: return read_digits(value, &digits);
    case FORM_DECIMAL: return read_decimal(value, &number);
    case FORM_UNIT: return read_unit(value, &unit);
    case FORM_DISTANCE: return read_distance(value, &distance);
    case FORM_BOOLEAN: return yyjson_is_bool(value);
    case FORM_STATE: return choice_of(value, state_names, 4) >= 0;
    default: return choice_of(value, listings, 2) >= 0;
    }
}

/* ---- for the CONTROL event */

static void write_bytes(struct directive *directive, const char *bytes, size_t size) {
    if (directive->fields_bytes + size > DIRECTIVE_FIELDS_BYTES) {
        fprintf(stderr, "reference book: a control record's fields are too long\n");
        abort();
    }
    memcpy(directive->fields + directive->fields_bytes, bytes, size);
    directive->fields_bytes += (uint32_t)size;
}

static void write_string(struct directive *directive, const char *bytes, size_t size) {
    char escaped[8];
    write_bytes(directive, "\"", 1);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c == '"' || c == '\\')
            write_bytes(directive, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\%c", c));
        else if (c < 0x20)
            write_bytes(directive, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", c));
        else
            write_bytes(directive, bytes + i, 1);
    }
    write_bytes(directive, "\"", 1);
}

static void write_value(struct directive *directive, yyjson_val *value) {
    if (yyjson_is_str(value))
        write_string(directive, yyjson_get_str(value), yyjson_get_len(value));
    else if (yyjson_is_raw(value))
        write_bytes(directive, yyjson_get_raw(value), yyjson_get_len(value));
    else if (yyjson_is_bool(value))
        write_bytes(directive, yyjson_get_bool(value) ? "true" : "false", yyjson_get_bool(value) ? 4 : 5);
}

static void write_distance(struct directive *directive, yyjson_val *value) {
    yyjson_val *ticks = yyjson_obj_get(value, "ticks");
    write_bytes(directive, "{", 1);
    write_string(directive, ticks ? "ticks" : "bps", ticks ? 5 : 3);
    write_bytes(directive, ":", 1);
    write_value(directive, ticks ? ticks : yyjson_obj_get(value, "bps"));
    write_bytes(directive, "}", 1);
}

static void write_fields(yyjson_val *root, struct directive *directive) {
    for (int i = 0; i < MEMBERS_MAX && kinds[directive->kind].members[i].name; i++) {
        const struct member *member = &kinds[directive->kind].members[i];
        yyjson_val *value = member_of(root, member->name);
        if (!value || !is_well_formed(value, member->form)) continue;
        write_bytes(directive, ",", 1);
        write_string(directive, member->name, strlen(member->name));
        write_bytes(directive, ":", 1);
        if (member->form == FORM_DISTANCE)
            write_distance(directive, value);
        else
            write_value(directive, value);
    }
}

/* ---- what each kind needs */

static bool read_kind(yyjson_val *value, struct directive *directive) {
    for (int i = 0; i < DIRECTIVE_KINDS; i++) {
        if (value && yyjson_equals_str(value, kinds[i].name)) {
            directive->kind = (enum directive_kind)i;
            directive->kind_name = kinds[i].name;
            return true;
        }
    }
    return false;
}

static bool has_symbol(const struct directive *directive) { return directive->symbol_is_all || directive->symbol.size; }

/* Absent is for the kind to judge. */
static bool read_symbol(yyjson_val *value, struct directive *directive) {
    if (!value) return true;
    struct text symbol = {yyjson_get_str(value), (uint32_t)yyjson_get_len(value)};
    if (!symbol.data) return false;
    directive->symbol_is_all = text_equal(symbol, TEXT("*"));
    if (directive->symbol_is_all) return true;
    if (!request_symbol_is_proper(symbol)) return false;
    directive->symbol = order_id_of(symbol);
    return true;
}

static bool members_are_well_formed(yyjson_val *root, const struct directive *directive) {
    for (int i = 0; i < MEMBERS_MAX && kinds[directive->kind].members[i].name; i++) {
        const struct member *member = &kinds[directive->kind].members[i];
        yyjson_val *value = member_of(root, member->name);
        if (value && !is_well_formed(value, member->form)) return false;
    }
    return true;
}

static bool read_move(yyjson_val *root, struct directive *directive) {
    static const char *const modes[] = {"DIRECT", "PARKED"};
    int mode = choice_of(member_of(root, "mode"), modes, 2);
    directive->parked = mode == 1;
    return has_symbol(directive) && read_id(member_of(root, "mid"), &directive->mid) &&
           read_digits(member_of(root, "epoch"), &directive->epoch) &&
           (directive->kind != DIRECTIVE_BEGIN || mode >= 0);
}

/* A count of units of an INSTRUMENT, 1 to 2^40; left as it is if the record does not say it. */
static bool read_units(yyjson_val *root, const char *name, struct number_unit unit, int64_t *units) {
    struct number number;
    yyjson_val *value = member_of(root, name);
    if (!value) return true;
    return read_decimal(value, &number) && number_in_units(&number, unit, units) == NUMBER_FITS && *units >= 1;
}

static bool read_notional(yyjson_val *root, struct settings *settings) {
    struct number number;
    yyjson_val *value = member_of(root, "minNotional");
    if (!value) return true;
    return read_decimal(value, &number) &&
           number_in_products(&number, settings->tick, settings->lot, &settings->notional_min);
}

static bool read_settings(yyjson_val *root, struct settings *settings) {
    *settings = settings_default();
    yyjson_val *tick = member_of(root, "tick"), *lot = member_of(root, "lot");
    yyjson_val *band = member_of(root, "band"), *collar = member_of(root, "collar");
    return (!tick || read_unit(tick, &settings->tick)) && (!lot || read_unit(lot, &settings->lot)) &&
           (!band || read_distance(band, &settings->band)) && (!collar || read_distance(collar, &settings->collar)) &&
           read_units(root, "minQuantity", settings->lot, &settings->quantity_min) &&
           read_units(root, "maxQuantity", settings->lot, &settings->quantity_max) &&
           read_units(root, "minClip", settings->lot, &settings->clip_min) &&
           read_units(root, "referencePrice", settings->tick, &settings->reference_price) &&
           read_notional(root, settings) && settings->quantity_min <= settings->quantity_max;
}

static bool read_state(yyjson_val *root, struct directive *directive) {
    int state = choice_of(member_of(root, "state"), state_names, 4);
    directive->state = state < 0 ? DIRECTIVE_TRADING : (enum directive_state)state;
    return state >= 0;
}

static bool read_listing(yyjson_val *root, struct directive *directive) {
    yyjson_val *mode = member_of(root, "mode"), *limit = member_of(root, "limit");
    directive->listing_closed = mode && yyjson_equals_str(mode, "CLOSED");
    directive->limit = SYMBOLS_PER_PARTITION_MAX;
    if (limit && !read_digits(limit, &directive->limit)) return false;
    return mode && directive->limit >= 1 && directive->limit <= SYMBOLS_PER_PARTITION_MAX;
}

static bool read_members(yyjson_val *root, struct directive *directive) {
    switch (directive->kind) {
    case DIRECTIVE_BEGIN:
    case DIRECTIVE_CUT:
    case DIRECTIVE_ABORT: return read_move(root, directive);
    case DIRECTIVE_INSTRUMENT:
        read_state(root, directive);
        return directive->symbol.size && read_settings(root, &directive->settings);
    case DIRECTIVE_STATE: return directive->symbol.size && read_state(root, directive);
    case DIRECTIVE_LISTING: return read_listing(root, directive);
    case DIRECTIVE_BLOCK:
        directive->blocked = yyjson_get_bool(member_of(root, "blocked"));
        return read_id(member_of(root, "userId"), &directive->user_id) && member_of(root, "blocked");
    case DIRECTIVE_RULES: return read_digits(member_of(root, "version"), &directive->version);
    default: return true;
    }
}

static bool read_object(yyjson_val *root, struct directive *directive) {
    if (repeats_a_known_key(root) || !read_kind(member_of(root, "kind"), directive)) return false;
    if (!read_symbol(member_of(root, "symbol"), directive)) return false;
    if (kinds[directive->kind].strict && !members_are_well_formed(root, directive)) return false;
    if (!read_members(root, directive)) return false;
    write_fields(root, directive);
    return true;
}

void directive_read(struct text value, struct directive *directive) {
    *directive = (struct directive){.malformed = true};
    if (!value.data || value.size == 0 || value.size > RECORD_BYTES_MAX) return;
    yyjson_doc *document = yyjson_read(value.data, value.size, YYJSON_READ_NUMBER_AS_RAW);
    yyjson_val *root = yyjson_doc_get_root(document);
    directive->malformed = !yyjson_is_obj(root) || !read_object(root, directive);
    yyjson_doc_free(document);
}
