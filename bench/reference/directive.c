#include "bench/reference/directive.h"

#include "bench/reference/request.h"

#include <string.h>
#include <yyjson.h>

static const struct {
    const char *name;
    enum directive_kind kind;
} kinds[] = {{"BEGIN", DIRECTIVE_BEGIN}, {"CUT", DIRECTIVE_CUT}, {"ABORT", DIRECTIVE_ABORT}, {"TICK", DIRECTIVE_TICK},
    {"CLAIM", DIRECTIVE_OTHER}, {"RESIGN", DIRECTIVE_OTHER}, {"RELEASE", DIRECTIVE_OTHER}, {"STATE", DIRECTIVE_OTHER},
    {"INSTRUMENT", DIRECTIVE_OTHER}, {"LISTING", DIRECTIVE_OTHER}, {"BLOCK", DIRECTIVE_OTHER},
    {"RULES", DIRECTIVE_OTHER}, {"KEY", DIRECTIVE_OTHER}};

/* The value of a key, NULL if it is absent or null; *repeated if the key is there twice. */
static yyjson_val *member(yyjson_val *object, const char *name, bool *repeated) {
    yyjson_val *key, *found = NULL;
    size_t times = 0;
    yyjson_obj_iter keys = yyjson_obj_iter_with(object);
    while ((key = yyjson_obj_iter_next(&keys))) {
        if (yyjson_equals_str(key, name)) {
            found = yyjson_obj_iter_get_val(key);
            times++;
        }
    }
    *repeated |= times > 1;
    return yyjson_is_null(found) ? NULL : found;
}

static bool read_kind(yyjson_val *value, struct directive *directive) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (value && yyjson_equals_str(value, kinds[i].name)) {
            directive->kind = kinds[i].kind;
            directive->kind_name = kinds[i].name;
            return true;
        }
    }
    return false;
}

/* Absent is for the caller to judge. */
static bool read_symbol(yyjson_val *value, struct directive *directive) {
    if (!value) return true;
    struct text symbol = {yyjson_get_str(value), (uint32_t)yyjson_get_len(value)};
    if (!symbol.data) return false;
    directive->symbol_is_all = text_equal(symbol, TEXT("*"));
    if (directive->symbol_is_all) return true;
    if (!request_symbol_is_proper(symbol)) return false;
    directive->symbol_bytes = symbol.size;
    memcpy(directive->symbol, symbol.data, symbol.size);
    return true;
}

static bool read_mid(yyjson_val *value, struct directive *directive) {
    size_t size = yyjson_get_len(value);
    if (!yyjson_is_str(value) || size < 1 || size > ID_BYTES_MAX || memchr(yyjson_get_str(value), 0, size))
        return false;
    directive->mid_bytes = (uint32_t)size;
    memcpy(directive->mid, yyjson_get_str(value), size);
    return true;
}

static bool read_epoch(yyjson_val *value, struct directive *directive) {
    const char *digits = yyjson_get_raw(value);
    size_t size = yyjson_get_len(value);
    if (!yyjson_is_raw(value) || size > 15) return false;
    for (size_t i = 0; i < size; i++) {
        if (digits[i] < '0' || digits[i] > '9') return false;
        directive->epoch = directive->epoch * 10 + (uint64_t)(digits[i] - '0');
    }
    return true;
}

static bool read_mode(yyjson_val *value, struct directive *directive) {
    directive->mode = value && yyjson_equals_str(value, "PARKED") ? DIRECTIVE_PARKED : DIRECTIVE_DIRECT;
    return value && (directive->mode == DIRECTIVE_PARKED || yyjson_equals_str(value, "DIRECT"));
}

static bool read_object(yyjson_val *root, struct directive *directive) {
    bool repeated = false;
    bool good = read_kind(member(root, "kind", &repeated), directive);
    yyjson_val *symbol = member(root, "symbol", &repeated), *mid = member(root, "mid", &repeated);
    yyjson_val *epoch = member(root, "epoch", &repeated), *mode = member(root, "mode", &repeated);
    if (!good || repeated || directive->kind == DIRECTIVE_TICK) return good && !repeated;
    if (!read_symbol(symbol, directive)) return false;
    if (directive->kind == DIRECTIVE_OTHER) return true;
    return symbol && read_mid(mid, directive) && read_epoch(epoch, directive) &&
           (directive->kind != DIRECTIVE_BEGIN || read_mode(mode, directive));
}

void directive_read(struct text value, struct directive *directive) {
    *directive = (struct directive){.malformed = true};
    if (!value.data || value.size == 0 || value.size > RECORD_BYTES_MAX) return;
    yyjson_doc *document = yyjson_read(value.data, value.size, YYJSON_READ_NUMBER_AS_RAW);
    yyjson_val *root = yyjson_doc_get_root(document);
    directive->malformed = !yyjson_is_obj(root) || !read_object(root, directive);
    yyjson_doc_free(document);
}
