#include "io/msgpack/msgpack_reader.h"

#include "core/utf8.h"

/* What one first byte announces. */
struct token {
    uint32_t head;    /* bytes before the payload */
    uint64_t payload; /* bytes that follow, of strings, binaries, numbers */
    uint64_t items;   /* objects that follow */
    bool is_text, is_container, is_bad;
};

static uint64_t read_big_endian(const unsigned char *at, unsigned bytes) {
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++) value = value << 8 | at[i];
    return value;
}

static struct token sized(const unsigned char *at, size_t left, unsigned length_bytes, unsigned more) {
    if (left < 1 + length_bytes) return (struct token){.is_bad = true};
    return (struct token){.head = 1 + length_bytes, .payload = read_big_endian(at + 1, length_bytes) + more};
}

static struct token text(struct token token) {
    token.is_text = true;
    return token;
}

static struct token container(struct token token, unsigned objects_each) {
    token.items = token.payload * objects_each;
    token.payload = 0;
    token.is_container = true;
    return token;
}

/* Bytes 0xc0 to 0xdf. */
static struct token long_form(const unsigned char *at, size_t left) {
    switch (*at) {
    case 0xc0: /* nil */
    case 0xc2: /* false */
    case 0xc3: /* true */ return (struct token){.head = 1};
    case 0xc4: /* binaries */
    case 0xc5:
    case 0xc6: return sized(at, left, 1u << (*at - 0xc4), 0);
    case 0xc7: /* extensions have a byte for their type */
    case 0xc8:
    case 0xc9: return sized(at, left, 1u << (*at - 0xc7), 1);
    case 0xca: /* float */
    case 0xce:
    case 0xd2: return (struct token){.head = 1, .payload = 4};
    case 0xcb: /* double */
    case 0xcf:
    case 0xd3: return (struct token){.head = 1, .payload = 8};
    case 0xcc:
    case 0xd0: return (struct token){.head = 1, .payload = 1};
    case 0xcd:
    case 0xd1: return (struct token){.head = 1, .payload = 2};
    case 0xd4: /* extensions of fixed size */
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8: return (struct token){.head = 1, .payload = 1 + (UINT64_C(1) << (*at - 0xd4))};
    case 0xd9: /* strings */
    case 0xda:
    case 0xdb: return text(sized(at, left, 1u << (*at - 0xd9), 0));
    case 0xdc: /* arrays */
    case 0xdd: return container(sized(at, left, 2u << (*at - 0xdc), 0), 1);
    case 0xde: /* maps */
    case 0xdf: return container(sized(at, left, 2u << (*at - 0xde), 0), 2);
    default: /* 0xc1 is never used */ return (struct token){.is_bad = true};
    }
}

static struct token token_at(const unsigned char *at, size_t left) {
    unsigned char c = *at;
    if (c < 0x80 || c >= 0xe0) return (struct token){.head = 1};
    if (c < 0x90) return (struct token){.head = 1, .items = 2 * (c & 15u), .is_container = true};
    if (c < 0xa0) return (struct token){.head = 1, .items = c & 15u, .is_container = true};
    if (c < 0xc0) return (struct token){.head = 1, .payload = c & 31u, .is_text = true};
    return long_form(at, left);
}

static bool is_whole(const struct token *token, const char *at, size_t left) {
    if (token->is_bad || token->head > left || token->payload > left - token->head || token->items > left - token->head)
        return false;
    return !token->is_text || utf8_is_valid((struct text){at + token->head, (uint32_t)token->payload});
}

bool msgpack_is_well_formed(const char *bytes, size_t size) {
    uint64_t missing[MSGPACK_CONTAINERS_MAX + 1] = {1}; /* objects, per container */
    unsigned depth = 0;
    for (size_t at = 0;;) {
        while (missing[depth] == 0) {
            if (depth == 0) return at == size;
            depth--;
        }
        if (at == size) return false;
        struct token token = token_at((const unsigned char *)bytes + at, size - at);
        if (!is_whole(&token, bytes + at, size - at)) return false;
        missing[depth]--;
        at += token.head + token.payload;
        if (!token.is_container) continue;
        if (depth == MSGPACK_CONTAINERS_MAX) return false;
        missing[++depth] = token.items;
    }
}
