#include "router/order_id.h"

#include "core/limits.h"
#include "io/digest/digest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static uint8_t random_byte(void) {
    static uint8_t store[1024];
    static size_t left;
    if (left == 0) {
        while (left < sizeof store) {
            ssize_t n = getrandom(store + left, sizeof store - left, 0);
            if (n < 0 && errno != EINTR) {
                fprintf(stderr, "shardbook-router: getrandom: %s\n", strerror(errno));
                abort();
            }
            left += n > 0 ? (size_t)n : 0;
        }
    }
    return store[--left];
}

/* Every character is as likely as the others: bytes beyond the last multiple of 36 are drawn again. */
static char random_base36(void) {
    uint8_t byte = random_byte();
    while (byte >= 252) {
        byte = random_byte();
    }
    return "0123456789abcdefghijklmnopqrstuvwxyz"[byte % 36];
}

struct text order_id_random(int64_t now_ms, char *out) {
    int n = snprintf(out, ORDER_ID_BYTES_MAX, "%lld-", (long long)now_ms);
    for (int i = 0; i < 9; i++) {
        out[n++] = random_base36();
    }
    return (struct text){out, (uint32_t)n};
}

static char *put_hex(char *at, const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        *at++ = "0123456789abcdef"[bytes[i] >> 4];
        *at++ = "0123456789abcdef"[bytes[i] & 15];
    }
    return at;
}

/* Each part with its length before it, so that no two triples give the same bytes. */
static char *put_part(char *at, struct text part) {
    *at++ = (char)part.size;
    memcpy(at, part.data, part.size);
    return at + part.size;
}

static struct text derive(
    const char *prefix, struct text account, struct text symbol, struct text client_order_id, char *out) {
    char parts[3 * (ID_BYTES_MAX + 1)];
    uint8_t digest[SHA256_BYTES];
    char *end = put_part(put_part(put_part(parts, account), symbol), client_order_id);
    if (!digest_sha256((struct text){parts, (uint32_t)(end - parts)}, digest)) {
        fprintf(stderr, "shardbook-router: OpenSSL has no SHA-256\n");
        abort();
    }
    memcpy(out, prefix, 2);
    put_hex(out + 2, digest, 20);
    return (struct text){out, 42};
}

struct text order_id_derived(struct text account, struct text symbol, struct text client_order_id, char *out) {
    return derive("c-", account, symbol, client_order_id, out);
}

struct text list_id_derived(struct text account, struct text symbol, struct text client_order_id, char *out) {
    return derive("l-", account, symbol, client_order_id, out);
}

struct text list_order_id(struct text list_id, unsigned number, char *out) {
    memcpy(out, list_id.data, list_id.size);
    out[list_id.size] = '-';
    out[list_id.size + 1] = (char)('0' + number);
    return (struct text){out, list_id.size + 2};
}

struct text random_name(char *out) {
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = random_byte();
    }
    put_hex(out, bytes, sizeof bytes);
    return (struct text){out, 16};
}
