/* Decimals: they are what JSON calls a number, and a value that fits prints as itself. */
#include "core/decimal.h"
#include "tests/fuzz/fuzz.h"

#include <yyjson.h>

static bool is_json_number(const char *text, size_t size) {
    yyjson_doc *document = yyjson_read(text, size, YYJSON_READ_NUMBER_AS_RAW);
    bool is_number = document && yyjson_is_raw(yyjson_doc_get_root(document)) &&
                     yyjson_doc_get_read_size(document) == size &&
                     unsafe_yyjson_get_len(yyjson_doc_get_root(document)) == size;
    yyjson_doc_free(document);
    return is_number;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const struct decimal_unit units[] = {{1, 0}, {1, 2}, {5, 2}, {25, 1}, {1, 12}, {UINT32_MAX, 6}};
    struct text text = {(const char *)bytes, (uint32_t)size};
    struct decimal value = decimal_parse(text);
    bool has_sign = size && bytes[0] == '-';
    MUST((value.state != DECIMAL_BAD) == (is_json_number(text.data, size) && !has_sign));
    if (value.state == DECIMAL_BAD) return 0;
    MUST(value.mantissa == 0 || value.mantissa % 10 != 0);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        char out[40];
        int64_t count, back;
        if (decimal_to_units(value, units[i], &count) != DECIMAL_FITS) continue;
        struct text printed = {out, (uint32_t)decimal_format(count, units[i], out)};
        struct decimal again = decimal_parse(printed);
        MUST(count >= 0 && count <= INT64_C(1) << 40 && decimal_read(printed, units[i], &back) && back == count);
        MUST(again.state != DECIMAL_VALUE || (again.mantissa == value.mantissa && again.exponent == value.exponent));
    }
    return 0;
}
