#include "io/msgpack/msgpack_fields.h"

#include "io/msgpack/msgpack_reader.h"

enum { CONTAINERS_MAX = 4, TEXT_BYTES_MAX = 512 };

/* ---- From JSON text. The text is ours: compact, escapes only \" \\ and \u00xx. */

struct cursor {
    const char *at, *end;
};

static bool next_is(struct cursor *cursor, char c) {
    if (cursor->at == cursor->end || *cursor->at != c) return false;
    cursor->at++;
    return true;
}

/* How many items stand between commas up to the end of this container. */
static uint32_t count_items(struct cursor cursor) {
    uint32_t count = cursor.at < cursor.end && *cursor.at != '}' && *cursor.at != ']';
    bool in_text = false;
    for (int depth = 0; cursor.at < cursor.end && depth >= 0; cursor.at++) {
        char c = *cursor.at;
        if (in_text && c == '\\')
            cursor.at++;
        else if (c == '"')
            in_text = !in_text;
        else if (!in_text && (c == '{' || c == '['))
            depth++;
        else if (!in_text && (c == '}' || c == ']'))
            depth--;
        else if (!in_text && c == ',' && depth == 0)
            count++;
    }
    return count;
}

uint32_t msgpack_count_members(struct text members) {
    return text_is_absent(members) ? 0 : count_items((struct cursor){members.data, members.data + members.size});
}

static int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

/* One character after a backslash; -1 if it is none of ours. */
static int read_escape(struct cursor *cursor) {
    if (next_is(cursor, '"')) return '"';
    if (next_is(cursor, '\\')) return '\\';
    if (cursor->end - cursor->at < 5 || memcmp(cursor->at, "u00", 3) != 0) return -1;
    int high = hex_digit(cursor->at[3]), low = hex_digit(cursor->at[4]);
    cursor->at += 5;
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static bool put_text(msgpack_packer *packer, struct cursor *cursor) {
    char text[TEXT_BYTES_MAX];
    uint32_t size = 0;
    if (!next_is(cursor, '"')) return false;
    while (!next_is(cursor, '"')) {
        if (cursor->at == cursor->end || size == sizeof text) return false;
        int c = next_is(cursor, '\\') ? read_escape(cursor) : (unsigned char)*cursor->at++;
        if (c < 0) return false;
        text[size++] = (char)c;
    }
    return msgpack_pack_str_with_body(packer, text, size) == 0;
}

/* Digits, perhaps with a sign, within 64 bits. */
static bool read_integer(struct text number, bool *negative, uint64_t *magnitude) {
    uint64_t sum = 0;
    *negative = number.data[0] == '-';
    for (uint32_t i = *negative; i < number.size; i++) {
        unsigned digit = (unsigned)(number.data[i] - '0');
        if (digit > 9 || sum > (UINT64_MAX - digit) / 10) return false;
        sum = sum * 10 + digit;
    }
    *magnitude = sum;
    return !*negative || (sum > 0 && sum <= INT64_MAX);
}

static bool put_number(msgpack_packer *packer, struct cursor *cursor) {
    const char *first = cursor->at;
    bool negative;
    uint64_t magnitude;
    while (cursor->at < cursor->end && *cursor->at != ',' && *cursor->at != '}' && *cursor->at != ']') cursor->at++;
    struct text number = {first, (uint32_t)(cursor->at - first)};
    if (number.size == 0) return false;
    if (!read_integer(number, &negative, &magnitude))
        return msgpack_pack_str_with_body(packer, number.data, number.size) == 0;
    return negative ? msgpack_pack_int64(packer, -(int64_t)magnitude) == 0
                    : msgpack_pack_uint64(packer, magnitude) == 0;
}

static bool put_word(struct cursor *cursor, const char *word, int packed) {
    size_t size = strlen(word);
    if ((size_t)(cursor->end - cursor->at) < size || memcmp(cursor->at, word, size) != 0) return false;
    cursor->at += size;
    return packed == 0;
}

static bool put_value(msgpack_packer *packer, struct cursor *cursor, unsigned containers);

static bool put_items(msgpack_packer *packer, struct cursor *cursor, char close, bool has_keys, unsigned containers) {
    for (bool is_first = true; !next_is(cursor, close); is_first = false) {
        if (!is_first && !next_is(cursor, ',')) return false;
        if (has_keys && (!put_text(packer, cursor) || !next_is(cursor, ':'))) return false;
        if (!put_value(packer, cursor, containers)) return false;
    }
    return true;
}

/* Recursion ends at CONTAINERS_MAX. */
static bool put_value(msgpack_packer *packer, struct cursor *cursor, unsigned containers) {
    if (cursor->at == cursor->end) return false;
    switch (*cursor->at) {
    case '"': return put_text(packer, cursor);
    case '{':
        cursor->at++;
        return containers < CONTAINERS_MAX && msgpack_pack_map(packer, count_items(*cursor)) == 0 &&
               put_items(packer, cursor, '}', true, containers + 1);
    case '[':
        cursor->at++;
        return containers < CONTAINERS_MAX && msgpack_pack_array(packer, count_items(*cursor)) == 0 &&
               put_items(packer, cursor, ']', false, containers + 1);
    case 't': return put_word(cursor, "true", msgpack_pack_true(packer));
    case 'f': return put_word(cursor, "false", msgpack_pack_false(packer));
    case 'n': return put_word(cursor, "null", msgpack_pack_nil(packer));
    default: return put_number(packer, cursor);
    }
}

bool msgpack_put_members(msgpack_packer *packer, struct text members) {
    if (text_is_absent(members)) return true;
    struct cursor cursor = {members.data, members.data + members.size};
    for (bool is_first = true; cursor.at < cursor.end; is_first = false) {
        if (!is_first && !next_is(&cursor, ',')) return false;
        if (!put_text(packer, &cursor) || !next_is(&cursor, ':') || !put_value(packer, &cursor, 0)) return false;
    }
    return true;
}

/* ---- To JSON text. */

static bool print_bytes(char **at, const char *end, const char *bytes, size_t size) {
    if ((size_t)(end - *at) < size) return false;
    memcpy(*at, bytes, size);
    *at += size;
    return true;
}

static bool print_character(char **at, const char *end, unsigned char c) {
    static const char digits[16] = "0123456789abcdef";
    const char escaped[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
    if (c < 0x20) return print_bytes(at, end, escaped, sizeof escaped);
    if ((c == '"' || c == '\\') && !print_bytes(at, end, "\\", 1)) return false;
    return print_bytes(at, end, (const char *)&c, 1);
}

static bool print_text(char **at, const char *end, struct text text) {
    if (!print_bytes(at, end, "\"", 1)) return false;
    for (uint32_t i = 0; i < text.size; i++)
        if (!print_character(at, end, (unsigned char)text.data[i])) return false;
    return print_bytes(at, end, "\"", 1);
}

static bool print_integer(char **at, const char *end, const msgpack_object *value) {
    char digits[20];
    bool negative = value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER;
    uint64_t magnitude = negative ? UINT64_C(0) - (uint64_t)value->via.i64 : value->via.u64;
    char *first = digits + sizeof digits;
    do *--first = (char)('0' + magnitude % 10);
    while (magnitude /= 10);
    return (!negative || print_bytes(at, end, "-", 1)) &&
           print_bytes(at, end, first, (size_t)(digits + sizeof digits - first));
}

static bool print_value(char **at, const char *end, const msgpack_object *value, unsigned containers);

static bool print_pair(char **at, const char *end, const msgpack_object_kv *member, unsigned containers) {
    return member->key.type == MSGPACK_OBJECT_STR && print_text(at, end, msgpack_text_of(&member->key)) &&
           print_bytes(at, end, ":", 1) && print_value(at, end, &member->val, containers);
}

static bool print_items(char **at, const char *end, const msgpack_object *value, unsigned containers) {
    bool is_map = value->type == MSGPACK_OBJECT_MAP;
    uint32_t count = is_map ? value->via.map.size : value->via.array.size;
    for (uint32_t i = 0; i < count; i++) {
        if (i && !print_bytes(at, end, ",", 1)) return false;
        if (is_map ? !print_pair(at, end, &value->via.map.ptr[i], containers)
                   : !print_value(at, end, &value->via.array.ptr[i], containers))
            return false;
    }
    return true;
}

/* Recursion ends at CONTAINERS_MAX. */
static bool print_value(char **at, const char *end, const msgpack_object *value, unsigned containers) {
    switch (value->type) {
    case MSGPACK_OBJECT_NIL: return print_bytes(at, end, "null", 4);
    case MSGPACK_OBJECT_BOOLEAN:
        return value->via.boolean ? print_bytes(at, end, "true", 4) : print_bytes(at, end, "false", 5);
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
    case MSGPACK_OBJECT_NEGATIVE_INTEGER: return print_integer(at, end, value);
    case MSGPACK_OBJECT_STR: return print_text(at, end, msgpack_text_of(value));
    case MSGPACK_OBJECT_ARRAY:
        return containers < CONTAINERS_MAX && print_bytes(at, end, "[", 1) &&
               print_items(at, end, value, containers + 1) && print_bytes(at, end, "]", 1);
    case MSGPACK_OBJECT_MAP:
        return containers < CONTAINERS_MAX && print_bytes(at, end, "{", 1) &&
               print_items(at, end, value, containers + 1) && print_bytes(at, end, "}", 1);
    default: return false;
    }
}

bool msgpack_print_member(char **at, const char *end, const msgpack_object_kv *member) {
    return print_bytes(at, end, ",", 1) && print_pair(at, end, member, 0);
}
