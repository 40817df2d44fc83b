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

static bool is_move(uint8_t kind) { return kind == CONTROL_BEGIN || kind == CONTROL_CUT || kind == CONTROL_ABORT; }

static void must_encode(const struct control *control) {
    char bytes[CONTROL_BYTES_MAX], fields[CONTROL_FIELDS_BYTES_MAX];
    struct control back;
    size_t size = json_control_encode(control, bytes, sizeof bytes);
    uint32_t fields_size = control->fields.size;
    MUST(size > 0);
    if (fields_size) memcpy(fields, control->fields.data, fields_size);
    MUST(json_control_decode(decoder(), bytes, size, &back));
    MUST(text_equal(back.fields, (struct text){fields, fields_size}));
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
    if (is_move(control.kind)) must_encode(&control);
    MUST(json_control_decode(decoder(), record, (size_t)length + fields_size + 1, &back));
    MUST(back.kind == control.kind && back.mode == control.mode && back.epoch == control.epoch);
    MUST(text_equal(back.fields, (struct text){fields, fields_size}));
    return 0;
}
