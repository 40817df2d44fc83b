/* Control records: a record put together from the fields that an event echoes has the same fields. */
#include "core/command.h"
#include "core/limits.h"
#include "io/json/json_control.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static struct json_decoder *decoder(void) {
    static struct json_decoder it;
    static bool open;
    if (!open) MUST(open = json_decoder_init(&it, RECORD_BYTES_MAX));
    return &it;
}

/* Of these struct control has not all members. */
static bool is_partial(uint8_t kind) { return kind == CONTROL_CLAIM || kind == CONTROL_RESIGN || kind == CONTROL_KEY; }

static bool is_move(uint8_t kind) { return kind == CONTROL_BEGIN || kind == CONTROL_CUT || kind == CONTROL_ABORT; }

static bool same_distance(struct price_distance a, struct price_distance b) {
    return a.ticks == b.ticks && a.basis_points == b.basis_points;
}

static void must_be_same_instrument(const struct instrument *a, const struct instrument *b) {
    MUST(a->tick.mantissa == b->tick.mantissa && a->tick.places == b->tick.places);
    MUST(a->lot.mantissa == b->lot.mantissa && a->lot.places == b->lot.places);
    MUST(a->quantity_lots_min == b->quantity_lots_min && a->quantity_lots_max == b->quantity_lots_max);
    MUST(a->clip_lots_min == b->clip_lots_min && a->notional_units_min == b->notional_units_min);
    MUST(same_distance(a->band, b->band) && same_distance(a->collar, b->collar));
    MUST(a->reference_price_ticks == b->reference_price_ticks);
}

static void must_be_in_range(const struct instrument *i) {
    MUST(i->tick.mantissa >= 1 && i->tick.places <= DECIMAL_PLACES_MAX);
    MUST(i->lot.mantissa >= 1 && i->lot.places <= DECIMAL_PLACES_MAX);
    MUST(i->quantity_lots_min >= 1 && i->quantity_lots_min <= i->quantity_lots_max);
    MUST(i->quantity_lots_max <= QUANTITY_LOTS_MAX && i->clip_lots_min >= 1 && i->clip_lots_min <= QUANTITY_LOTS_MAX);
    MUST(i->notional_units_min <= INT64_MAX);
    MUST(i->reference_price_ticks >= 0 && i->reference_price_ticks <= PRICE_TICKS_MAX);
}

/* What is written from a decoded record says the same; texts of it are gone by then. */
static void must_encode(const struct control *control) {
    char bytes[CONTROL_BYTES_MAX], fields[CONTROL_FIELDS_BYTES_MAX];
    struct control back;
    size_t size = json_control_encode(control, bytes, sizeof bytes);
    uint32_t fields_size = control->fields.size;
    MUST(size > 0 || control->kind == CONTROL_INSTRUMENT);
    if (size == 0) return;
    if (fields_size) memcpy(fields, control->fields.data, fields_size);
    MUST(json_control_decode(decoder(), bytes, size, &back));
    if (is_move(control->kind)) MUST(text_equal(back.fields, (struct text){fields, fields_size}));
    MUST(back.kind == control->kind && back.state == control->state && back.listing == control->listing);
    MUST(back.limit == control->limit && back.blocked == control->blocked && back.version == control->version);
    if (control->kind != CONTROL_INSTRUMENT) return;
    must_be_in_range(&control->instrument);
    must_be_same_instrument(&back.instrument, &control->instrument);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct control control, back;
    char record[CONTROL_FIELDS_BYTES_MAX + 256], fields[CONTROL_FIELDS_BYTES_MAX];
    if (!json_control_decode(decoder(), (const char *)bytes, size, &control)) return 0;
    MUST(control.kind > CONTROL_NONE && control.kind < CONTROL_KIND_COUNT &&
         control.fields.size <= CONTROL_FIELDS_BYTES_MAX);
    MUST(text_is_absent(control.symbol) || text_equal(control.symbol, TEXT("*")) || symbol_is_valid(control.symbol));
    MUST(!is_move(control.kind) || (control.has_epoch && control.mid.size && control.symbol.size));

    struct text symbol = text_is_absent(control.symbol) ? TEXT("*") : control.symbol;
    struct text kind = control_kind_name(control.kind);
    uint32_t fields_size = control.fields.size;
    if (fields_size) memcpy(fields, control.fields.data, fields_size);
    int length = snprintf(record, sizeof record, "{\"kind\":\"%.*s\",\"symbol\":\"%.*s\"%s", (int)kind.size, kind.data,
        (int)symbol.size, symbol.data, fields_size ? "," : "");
    if (fields_size) memcpy(record + length, fields, fields_size);
    record[(uint32_t)length + fields_size] = '}';
    if (!is_partial(control.kind)) must_encode(&control);
    MUST(json_control_decode(decoder(), record, (size_t)length + fields_size + 1, &back));
    MUST(back.kind == control.kind && back.mode == control.mode && back.epoch == control.epoch);
    MUST(text_equal(back.fields, (struct text){fields, fields_size}));
    return 0;
}
