#include "io/http/http_head.h"

#include <string.h>
#include <strings.h>

static const struct text method_names[] = {
    [HTTP_GET] = {"GET", 3},
    [HTTP_HEAD] = {"HEAD", 4},
    [HTTP_POST] = {"POST", 4},
    [HTTP_PUT] = {"PUT", 3},
    [HTTP_PATCH] = {"PATCH", 5},
    [HTTP_DELETE] = {"DELETE", 6},
    [HTTP_OPTIONS] = {"OPTIONS", 7},
    [HTTP_OTHER] = {"?", 1},
};

struct text http_method_name(enum http_method method) {
    return method_names[method <= HTTP_OTHER ? method : HTTP_OTHER];
}

static bool is_token_byte(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct text t) {
    for (uint32_t i = 0; i < t.size; i++) {
        if (!is_token_byte((unsigned char)t.data[i])) {
            return false;
        }
    }
    return t.size > 0;
}

static bool equal_any_case(struct text a, struct text b) {
    return a.size == b.size && (a.size == 0 || strncasecmp(a.data, b.data, a.size) == 0);
}

/* Cuts `line` at the first `separator`: what is before it is returned, *rest is what follows; false without one. */
static bool cut(struct text line, char separator, struct text *before, struct text *rest) {
    const char *at = line.size ? memchr(line.data, separator, line.size) : NULL;
    if (!at) {
        return false;
    }
    *before = (struct text){line.data, (uint32_t)(at - line.data)};
    *rest = (struct text){at + 1, line.size - before->size - 1};
    return true;
}

static struct text trim(struct text t) {
    while (t.size && (t.data[0] == ' ' || t.data[0] == '\t')) {
        t.data++;
        t.size--;
    }
    while (t.size && (t.data[t.size - 1] == ' ' || t.data[t.size - 1] == '\t')) {
        t.size--;
    }
    return t;
}

static enum http_method method_of(struct text name) {
    for (int i = HTTP_GET; i < HTTP_OTHER; i++) {
        if (text_equal(name, method_names[i])) {
            return (enum http_method)i;
        }
    }
    return HTTP_OTHER;
}

static bool take_target(struct http_head *head, struct text target) {
    for (uint32_t i = 0; i < target.size; i++) {
        unsigned char c = (unsigned char)target.data[i];
        if (c <= ' ' || c >= 0x7f) {
            return false;
        }
    }
    if (target.size > 7 && strncasecmp(target.data, "http", 4) == 0) { /* absolute form, as sent to a proxy */
        const char *host = memmem(target.data, target.size, "://", 3);
        const char *end = target.data + target.size;
        const char *path = host ? memchr(host + 3, '/', (size_t)(end - host - 3)) : NULL;
        target = path ? (struct text){path, (uint32_t)(end - path)} : TEXT("/");
    }
    bool star = target.size == 1 && target.data[0] == '*';
    if (target.size == 0 || (target.data[0] != '/' && !star)) {
        return false;
    }
    if (!cut(target, '?', &head->path, &head->query)) {
        head->path = target;
        head->query = TEXT_NONE;
    }
    return true;
}

static int take_request_line(struct http_head *head, struct text line) {
    struct text method, rest, target, version;
    if (!cut(line, ' ', &method, &rest) || !cut(rest, ' ', &target, &version) || !is_token(method)) {
        return 400;
    }
    if (version.size != 8 || memcmp(version.data, "HTTP/", 5) != 0) {
        return 400;
    }
    if (!text_equal(version, TEXT("HTTP/1.1")) && !text_equal(version, TEXT("HTTP/1.0"))) {
        return 505;
    }
    head->method = method_of(method);
    head->keep_alive = version.data[7] == '1';
    return take_target(head, target) ? HTTP_HEAD_DONE : 400;
}

static bool take_header(struct http_head *head, struct text line) {
    struct text name, value;
    if (!cut(line, ':', &name, &value) || !is_token(name)) {
        return false;
    }
    value = trim(value);
    for (uint32_t i = 0; i < value.size; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    head->headers[head->header_count++] = (struct http_header){name, value};
    return true;
}

static bool parse_length(struct text value, uint64_t *length) {
    *length = 0;
    for (uint32_t i = 0; i < value.size; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return false;
        }
        *length = *length * 10 + (uint64_t)(value.data[i] - '0');
    }
    return value.size > 0 && value.size <= 18;
}

/* Whether a comma-separated list has the word. */
static bool list_has(struct text list, struct text word) {
    struct text item;
    while (cut(list, ',', &item, &list)) {
        if (equal_any_case(trim(item), word)) {
            return true;
        }
    }
    return equal_any_case(trim(list), word);
}

/* What the headers say about the body and the connection. */
static bool understand(struct http_head *head) {
    for (uint32_t i = 0; i < head->header_count; i++) {
        struct text name = head->headers[i].name, value = head->headers[i].value;
        if (equal_any_case(name, TEXT("content-length"))) {
            uint64_t length;
            if (!parse_length(value, &length) || (head->has_length && length != head->length)) {
                return false;
            }
            head->has_length = true;
            head->length = length;
        } else if (equal_any_case(name, TEXT("transfer-encoding"))) {
            head->has_encoding = true;
        } else if (equal_any_case(name, TEXT("connection"))) {
            head->keep_alive =
                list_has(value, TEXT("close")) ? false : head->keep_alive || list_has(value, TEXT("keep-alive"));
        } else if (equal_any_case(name, TEXT("expect"))) {
            head->wants_continue = equal_any_case(value, TEXT("100-continue"));
        }
    }
    return true;
}

/* The end of the head, just behind its empty line; 0 if it is not there. Looks at each byte once over all calls. */
static size_t find_end(const char *bytes, size_t size, size_t *scanned) {
    size_t from = *scanned > 3 ? *scanned - 3 : 0;
    *scanned = size;
    const char *at = size > from ? memmem(bytes + from, size - from, "\r\n\r\n", 4) : NULL;
    return at ? (size_t)(at - bytes) + 4 : 0;
}

static int parse_lines(const char *bytes, size_t end, struct http_head *head) {
    size_t at = 0;
    for (bool first = true; at < end - 2; first = false) {
        const char *line_end = memmem(bytes + at, end - at, "\r\n", 2);
        struct text line = {bytes + at, (uint32_t)(line_end - bytes - (ptrdiff_t)at)};
        at += line.size + 2;
        if (memchr(line.data, '\n', line.size) || memchr(line.data, '\r', line.size)) {
            return 400;
        }
        if (first) {
            int status = take_request_line(head, line);
            if (status != HTTP_HEAD_DONE) {
                return status;
            }
        } else if (head->header_count == HTTP_HEADERS_MAX) {
            return 431;
        } else if (!take_header(head, line)) {
            return 400;
        }
    }
    return understand(head) ? HTTP_HEAD_DONE : 400;
}

int http_head_parse(const char *bytes, size_t size, struct http_head *head, size_t *head_bytes, size_t *scanned) {
    size_t skip = 0;
    while (skip + 1 < size && bytes[skip] == '\r' && bytes[skip + 1] == '\n') {
        skip += 2;
    }
    if (skip > 64) {
        return 400;
    }
    if (skip > *scanned) {
        *scanned = skip;
    }
    if (size > skip && !is_token_byte((unsigned char)bytes[skip]) && bytes[skip] != '\r') {
        return 400; /* no request begins like this: TLS to a plain port, junk */
    }
    size_t looked = *scanned - skip;
    size_t end = find_end(bytes + skip, size - skip, &looked);
    *scanned = looked + skip;
    if (end == 0) {
        if (size - skip <= HTTP_HEAD_BYTES_MAX) {
            return HTTP_HEAD_MORE;
        }
        return memchr(bytes + skip, '\n', size - skip) ? 431 : 414;
    }
    if (end > HTTP_HEAD_BYTES_MAX) {
        return 431;
    }
    memset(head, 0, offsetof(struct http_head, headers));
    head->keep_alive = head->has_length = head->has_encoding = head->wants_continue = false;
    head->length = 0;
    *head_bytes = skip + end;
    return parse_lines(bytes + skip, end, head);
}

struct text http_head_find(const struct http_head *head, struct text name) {
    for (uint32_t i = 0; i < head->header_count; i++) {
        if (equal_any_case(head->headers[i].name, name)) {
            return head->headers[i].value;
        }
    }
    return TEXT_NONE;
}

uint32_t http_head_count(const struct http_head *head, struct text name) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < head->header_count; i++) {
        count += equal_any_case(head->headers[i].name, name);
    }
    return count;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool http_decode(struct text encoded, bool plus, char *buffer, size_t bytes, struct text *out) {
    size_t n = 0;
    for (uint32_t i = 0; i < encoded.size; i++) {
        int c = (unsigned char)encoded.data[i];
        if (c == '%') {
            if (encoded.size - i < 3) {
                return false;
            }
            int high = hex_digit(encoded.data[i + 1]), low = hex_digit(encoded.data[i + 2]);
            if (high < 0 || low < 0) {
                return false;
            }
            c = high * 16 + low;
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c == 0 || n == bytes) {
            return false;
        }
        buffer[n++] = (char)c;
    }
    *out = (struct text){buffer, (uint32_t)n};
    return true;
}

bool http_query_find(struct text query, struct text name, struct text *value, bool *repeated) {
    bool found = false;
    *repeated = false;
    while (query.size) {
        struct text pair, rest = TEXT_NONE;
        if (!cut(query, '&', &pair, &rest)) {
            pair = query;
        }
        query = rest;
        struct text key, word;
        if (!cut(pair, '=', &key, &word)) {
            key = pair;
            word = TEXT("");
        }
        if (text_equal(key, name)) {
            *repeated = found;
            if (!found) {
                *value = word;
            }
            found = true;
        }
    }
    return found;
}
