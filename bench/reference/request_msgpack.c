/* A record's value in msgpack, as an array or a map. A reader of its own: every length is held against the bytes that
 * are there. */
#include "bench/reference/request.h"

#include <stdio.h>
#include <string.h>

enum { NESTING_MAX = 32, ARRAY_PLACES = 13 };

enum piece_kind {
    PIECE_NIL,
    PIECE_FLAG,
    PIECE_INTEGER,
    PIECE_NEGATIVE,
    PIECE_STRING,
    PIECE_ARRAY,
    PIECE_MAP,
    PIECE_OTHER
};

struct piece {
    enum piece_kind kind;
    uint64_t number;   /* FLAG, INTEGER; how many elements (pairs) an ARRAY (MAP) has */
    const char *bytes; /* STRING */
    uint64_t size;
};

struct cursor {
    const unsigned char *at, *end;
    bool broken;
    const unsigned char *orders; /* what is inside the array FIELD_ORDERS, once it was seen */
    uint64_t order_count;
};

static uint64_t take_number(struct cursor *c, int bytes) {
    uint64_t number = 0;
    if (c->end - c->at < bytes) {
        c->broken = true;
        return 0;
    }
    for (int i = 0; i < bytes; i++) number = number << 8 | *c->at++;
    return number;
}

static struct piece take_bytes(struct cursor *c, enum piece_kind kind, uint64_t size) {
    struct piece piece = {.kind = kind, .bytes = (const char *)c->at, .size = size};
    if (c->broken || (uint64_t)(c->end - c->at) < size) {
        c->broken = true;
        return (struct piece){.kind = PIECE_OTHER};
    }
    c->at += size;
    if (kind == PIECE_STRING && !request_utf8_is_valid(piece.bytes, size)) c->broken = true;
    return piece;
}

static struct piece signed_piece(uint64_t number, int bytes) {
    bool negative = number >> (bytes * 8 - 1) & 1;
    return (struct piece){.kind = negative ? PIECE_NEGATIVE : PIECE_INTEGER, .number = number};
}

/* One scalar, or the head of a container. */
static struct piece take_piece(struct cursor *c) {
    unsigned head = (unsigned)take_number(c, 1);
    if (head < 0x80) return (struct piece){.kind = PIECE_INTEGER, .number = head};
    if (head < 0x90) return (struct piece){.kind = PIECE_MAP, .number = head & 0x0f};
    if (head < 0xa0) return (struct piece){.kind = PIECE_ARRAY, .number = head & 0x0f};
    if (head < 0xc0) return take_bytes(c, PIECE_STRING, head & 0x1f);
    if (head >= 0xe0) return (struct piece){.kind = PIECE_NEGATIVE};
    switch (head) {
    case 0xc0: return (struct piece){.kind = PIECE_NIL};
    case 0xc2:
    case 0xc3: return (struct piece){.kind = PIECE_FLAG, .number = head & 1};
    case 0xc4:
    case 0xc5:
    case 0xc6: /* bin */ return take_bytes(c, PIECE_OTHER, take_number(c, 1 << (head - 0xc4)));
    case 0xc7:
    case 0xc8:
    case 0xc9: /* ext: length, type, bytes */ return take_bytes(c, PIECE_OTHER, take_number(c, 1 << (head - 0xc7)) + 1);
    case 0xca: return take_bytes(c, PIECE_OTHER, 4);
    case 0xcb: return take_bytes(c, PIECE_OTHER, 8);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf: return (struct piece){.kind = PIECE_INTEGER, .number = take_number(c, 1 << (head - 0xcc))};
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3: return signed_piece(take_number(c, 1 << (head - 0xd0)), 1 << (head - 0xd0));
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8: /* fixext */ return take_bytes(c, PIECE_OTHER, (UINT64_C(1) << (head - 0xd4)) + 1);
    case 0xd9:
    case 0xda:
    case 0xdb: return take_bytes(c, PIECE_STRING, take_number(c, 1 << (head - 0xd9)));
    case 0xdc:
    case 0xdd: return (struct piece){.kind = PIECE_ARRAY, .number = take_number(c, 2 << (head - 0xdc))};
    case 0xde:
    case 0xdf: return (struct piece){.kind = PIECE_MAP, .number = take_number(c, 2 << (head - 0xde))};
    default: /* 0xc1 is never used */ c->broken = true; return (struct piece){.kind = PIECE_OTHER};
    }
}

/* Reads what a container holds without keeping it; `depth` counts the containers around it and itself. */
static void skip_inside(struct cursor *c, const struct piece *piece, int depth) {
    if (piece->kind != PIECE_ARRAY && piece->kind != PIECE_MAP) return;
    if (depth > NESTING_MAX) c->broken = true;
    uint64_t count = piece->kind == PIECE_MAP ? piece->number * 2 : piece->number;
    for (uint64_t i = 0; i < count && !c->broken; i++) {
        struct piece inner = take_piece(c);
        skip_inside(c, &inner, depth + 1);
    }
}

static bool set_integer(struct request *request, enum field field, uint64_t number, bool in_units) {
    struct request_value *value = &request->values[field];
    if (request_form_of(field) == REQUEST_FORM_INTEGER) {
        value->integer = (int64_t)number;
        return number < UINT64_C(1) << 53;
    }
    if (request_form_of(field) != REQUEST_FORM_DECIMAL) return false;
    if (in_units) {
        value->number = (struct number){.kind = NUMBER_UNITS, .units = number};
        return true;
    }
    char text[24];
    int bytes = snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    return number_read(text, (size_t)bytes, &value->number);
}

/* A field by its name: everywhere in a map, and in the array's extra, whose decimals are in units. */
static void set_named(struct request *request, enum field field, const struct piece *piece, bool in_units) {
    struct request_value *value = &request->values[field];
    enum request_form form = request_form_of(field);
    bool good = false;
    switch (piece->kind) {
    case PIECE_NIL: value->shape = REQUEST_ABSENT; return;
    case PIECE_STRING:
        request_set_text(request, field, piece->bytes, piece->size);
        if (in_units && form == REQUEST_FORM_DECIMAL) request_set_ill(request, field);
        return;
    case PIECE_INTEGER: good = set_integer(request, field, piece->number, in_units); break;
    case PIECE_FLAG:
        good = form == REQUEST_FORM_FLAG;
        value->flag = piece->number;
        break;
    case PIECE_ARRAY: good = form == REQUEST_FORM_ARRAY; break;
    default: break;
    }
    value->shape = good ? REQUEST_GOOD : REQUEST_ILL;
}

static void read_pairs(struct cursor *c, const struct piece *map, bool seen[FIELD_COUNT], bool in_units, int depth,
    struct request *request) {
    for (uint64_t i = 0; i < map->number && !c->broken; i++) {
        struct piece key = take_piece(c);
        skip_inside(c, &key, depth + 1);
        struct piece value = take_piece(c);
        const unsigned char *inside = c->at;
        skip_inside(c, &value, depth + 1);
        if (c->broken || key.kind != PIECE_STRING) continue;
        enum field field = request_field_named(key.bytes, key.size);
        if (field == FIELD_NONE) continue;
        if (seen[field]) c->broken = true;
        seen[field] = true;
        set_named(request, field, &value, in_units);
        if (field == FIELD_ORDERS) {
            c->orders = inside;
            c->order_count = value.number;
        }
    }
}

/* The array's places 1 to 11; the first is the version, the last the extra. */
static const enum field places[ARRAY_PLACES] = {
    [1] = FIELD_ACTION,
    [2] = FIELD_SYMBOL,
    [3] = FIELD_ORDER_ID,
    [4] = FIELD_USER_ID,
    [5] = FIELD_TIMESTAMP,
    [6] = FIELD_SIDE,
    [7] = FIELD_ORDER_TYPE,
    [8] = FIELD_TIME_IN_FORCE,
    [9] = FIELD_QUANTITY,
    [10] = FIELD_PRICE,
    [11] = FIELD_CLIENT_ORDER_ID,
};

static int choices_of(enum field field) { return field == FIELD_ACTION ? 6 : field == FIELD_SIDE ? 2 : 5; }

static void set_place(struct request *request, enum field field, const struct piece *piece) {
    struct request_value *value = &request->values[field];
    if (request_form_of(field) != REQUEST_FORM_CHOICE || piece->kind == PIECE_NIL) {
        set_named(request, field, piece, true);
        return;
    }
    value->shape =
        piece->kind == PIECE_INTEGER && piece->number < (uint64_t)choices_of(field) ? REQUEST_GOOD : REQUEST_ILL;
    value->choice = (int)piece->number;
}

static void read_array(struct cursor *c, const struct piece *array, struct request *request) {
    bool seen[FIELD_COUNT] = {false};
    struct piece version = take_piece(c);
    if (array->number != ARRAY_PLACES || version.kind != PIECE_INTEGER || version.number != 1) {
        c->broken = true;
        return;
    }
    for (int i = 1; i < ARRAY_PLACES - 1 && !c->broken; i++) {
        struct piece piece = take_piece(c);
        skip_inside(c, &piece, 2);
        seen[places[i]] = true;
        set_place(request, places[i], &piece);
    }
    struct piece extra = take_piece(c);
    if (extra.kind == PIECE_MAP)
        read_pairs(c, &extra, seen, true, 2, request);
    else if (extra.kind != PIECE_NIL)
        c->broken = true;
}

/* An order of a list: a map, or within the array form an array too. */
static void read_order(struct cursor *c, bool in_array, struct request *list) {
    bool seen[FIELD_COUNT] = {false};
    struct request *order = request_begin_order(list);
    struct piece piece = take_piece(c);
    bool is_order = piece.kind == PIECE_MAP || (in_array && piece.kind == PIECE_ARRAY);
    if (!is_order) request_set_ill(list, FIELD_ORDERS);
    if (!is_order || !order) {
        skip_inside(c, &piece, 1);
        return;
    }
    if (piece.kind == PIECE_MAP)
        read_pairs(c, &piece, seen, in_array, 1, order);
    else
        read_array(c, &piece, order);
    request_end_order(list, order);
}

static void read_orders(const struct cursor *record, bool in_array, struct request *list) {
    struct cursor c = {.at = record->orders, .end = record->end};
    for (uint64_t i = 0; i < record->order_count && !c.broken; i++) read_order(&c, in_array, list);
    list->malformed |= c.broken;
}

void request_read_msgpack(struct text value, struct request *request) {
    struct cursor c = {.at = (const unsigned char *)value.data, .end = (const unsigned char *)value.data + value.size};
    bool seen[FIELD_COUNT] = {false};
    struct piece root = take_piece(&c);
    if (root.kind == PIECE_MAP)
        read_pairs(&c, &root, seen, false, 1, request);
    else
        read_array(&c, &root, request);
    request->malformed = c.broken || c.at != c.end;
    if (request_settles_as_list(request)) read_orders(&c, root.kind != PIECE_MAP, request);
}
