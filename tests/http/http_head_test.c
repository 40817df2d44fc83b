#include "io/http/http_head.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct http_head head;
static size_t head_bytes;

static int parse(const char *bytes) {
    size_t scanned = 0;
    return http_head_parse(bytes, strlen(bytes), &head, &head_bytes, &scanned);
}

Test(http_head, a_usual_request) {
    cr_assert_eq(parse("POST /orders?a=1&b= HTTP/1.1\r\nHost: x\r\nX-Api-Key:  k \t\r\nContent-Length: 12\r\n\r\nbody"),
        HTTP_HEAD_DONE);
    cr_assert_eq(head.method, HTTP_POST);
    cr_assert(text_equal(head.path, TEXT("/orders")));
    cr_assert(text_equal(head.query, TEXT("a=1&b=")));
    cr_assert(text_equal(http_head_find(&head, TEXT("x-api-key")), TEXT("k")));
    cr_assert(head.keep_alive && head.has_length && !head.has_encoding);
    cr_assert_eq(head.length, 12);
    cr_assert_eq(head_bytes,
        strlen("POST /orders?a=1&b= HTTP/1.1\r\nHost: x\r\nX-Api-Key:  k \t\r\nContent-Length: 12\r\n\r\n"));
}

Test(http_head, whether_the_connection_stays) {
    cr_assert_eq(parse("GET / HTTP/1.0\r\n\r\n"), HTTP_HEAD_DONE);
    cr_assert(!head.keep_alive);
    cr_assert_eq(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), HTTP_HEAD_DONE);
    cr_assert(head.keep_alive);
    cr_assert_eq(parse("GET / HTTP/1.1\r\nConnection: x, close\r\n\r\n"), HTTP_HEAD_DONE);
    cr_assert(!head.keep_alive);
}

Test(http_head, what_is_refused) {
    static const struct {
        const char *bytes;
        int status;
    } samples[] = {
        {"GET / HTTP/2.0\r\n\r\n", 505},
        {"GET /\r\n\r\n", 400},
        {"GET  / HTTP/1.1\r\n\r\n", 400},
        {"GET x HTTP/1.1\r\n\r\n", 400},
        {"GET /\x01 HTTP/1.1\r\n\r\n", 400},
        {"G(T / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nname : x\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\na: 1\r\n folded\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\na: 1\nb: 2\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\na: \x07\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nContent-Length: 1x\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nContent-Length: \r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
        {"\x16\x03\x01\x02", 400},
        {"{\"symbol\"", 400},
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        cr_assert_eq(parse(samples[i].bytes), samples[i].status, "%s", samples[i].bytes);
    }
    cr_assert_eq(parse("GET / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n"), HTTP_HEAD_DONE);
}

Test(http_head, limits) {
    char *bytes = calloc(1, 20000);
    strcpy(bytes, "GET / HTTP/1.1\r\n");
    for (int i = 0; i < HTTP_HEADERS_MAX + 1; i++) {
        strcat(bytes, "a: b\r\n");
    }
    strcat(bytes, "\r\n");
    cr_assert_eq(parse(bytes), 431);
    memset(bytes, 'G', 10000);
    bytes[10000] = 0;
    cr_assert_eq(parse(bytes), 414);
    memcpy(bytes, "GET / HTTP/1.1\r\na: ", 19);
    cr_assert_eq(parse(bytes), 431);
    free(bytes);
}

/* However a request is cut, the result is the same. */
Test(http_head, in_pieces) {
    static const char request[] =
        "\r\nDELETE /orders/a%20b?symbol=AAPL HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
    size_t end = sizeof request - 1 - 3;
    for (size_t step = 1; step < 9; step++) {
        size_t scanned = 0, size = 0;
        int state = HTTP_HEAD_MORE;
        while (state == HTTP_HEAD_MORE) {
            size = size + step < sizeof request - 1 ? size + step : sizeof request - 1;
            state = http_head_parse(request, size, &head, &head_bytes, &scanned);
            cr_assert(state == HTTP_HEAD_DONE || size < end);
        }
        cr_assert_eq(head_bytes, end);
        cr_assert_eq(head.method, HTTP_DELETE);
        cr_assert_eq(head.length, 3);
    }
}

Test(http_head, queries) {
    struct text value;
    bool repeated;
    cr_assert(http_query_find(TEXT("a=1&symbol=AAPL&b"), TEXT("symbol"), &value, &repeated));
    cr_assert(text_equal(value, TEXT("AAPL")) && !repeated);
    cr_assert(http_query_find(TEXT("b"), TEXT("b"), &value, &repeated));
    cr_assert_eq(value.size, 0);
    cr_assert(http_query_find(TEXT("b=1&b=2"), TEXT("b"), &value, &repeated) && repeated);
    cr_assert(!http_query_find(TEXT("bb=1&&=&ab=2"), TEXT("b"), &value, &repeated));
    cr_assert(!http_query_find(TEXT_NONE, TEXT("b"), &value, &repeated));
}
