/* The head of an HTTP/1.x request: bytes in, views of its parts out. No I/O, no allocation. */
#ifndef SHARDBOOK_IO_HTTP_HTTP_HEAD_H
#define SHARDBOOK_IO_HTTP_HTTP_HEAD_H

#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_HEADERS_MAX = 64, HTTP_HEAD_BYTES_MAX = 8192 };

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE, HTTP_OPTIONS, HTTP_OTHER };

struct http_header {
    struct text name, value; /* value without white space around it; may be empty with data set */
};

/* Views of the bytes given to http_head_parse. */
struct http_head {
    enum http_method method;
    struct text path;  /* as sent, "/orders/a%20b" */
    struct text query; /* after the '?', absent without one */
    uint32_t header_count;
    struct http_header headers[HTTP_HEADERS_MAX];
    bool keep_alive;
    bool has_length;     /* Content-Length was there */
    bool has_encoding;   /* Transfer-Encoding was there */
    bool wants_continue; /* Expect: 100-continue */
    uint64_t length;     /* of the body; 0 unless has_length */
};

enum {
    HTTP_HEAD_MORE = 0, /* the head does not end in these bytes */
    HTTP_HEAD_DONE = 1
    /* else the status to answer before closing: 400, 414, 431 or 505 */
};

/* Parses the head at the start of `bytes` (empty lines before it are skipped, as RFC 9112 asks); on DONE *head_bytes is
 * where the body begins. *scanned remembers between calls for one head how far was looked; start with 0. Lines end with
 * CR LF only; folded lines, names with white space, unequal Content-Lengths and control characters are 400: what a
 * proxy might read otherwise is not guessed at. */
int http_head_parse(const char *bytes, size_t size, struct http_head *head, size_t *head_bytes, size_t *scanned);

/* The first header of that name (any case), absent if there is none. */
struct text http_head_find(const struct http_head *head, struct text name);

/* How many headers have that name. */
uint32_t http_head_count(const struct http_head *head, struct text name);

/* "GET" and so on; static. */
struct text http_method_name(enum http_method method);

/* Decodes %xx (and, with `plus`, '+' as a space) into out; false if malformed, a NUL comes out, or it does not fit.
 * *out views `buffer`. */
bool http_decode(struct text encoded, bool plus, char *buffer, size_t bytes, struct text *out);

/* The still encoded value of a query parameter; false if it is not there. *repeated says whether there is a second one.
 */
bool http_query_find(struct text query, struct text name, struct text *value, bool *repeated);

#endif
