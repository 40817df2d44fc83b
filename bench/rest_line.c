#include "bench/rest_line.h"

#include "core/check.h"

#include <stdlib.h>
#include <strings.h>

enum { AGAIN_MS = 100 };

static void connect_now(struct rest_line *line);

static void on_again(uv_timer_t *timer) { connect_now(timer->data); }

static void on_socket_closed(uv_handle_t *handle) {
    struct rest_line *line = handle->data;
    if (line->state != REST_LINE_CLOSED) uv_timer_start(&line->again, on_again, AGAIN_MS, 0);
}

/* Tells of an answer that will not come, and tries again after a while. */
static void lose(struct rest_line *line) {
    bool was_busy = line->state == REST_LINE_BUSY;
    if (line->state == REST_LINE_DOWN || line->state == REST_LINE_CLOSED) return;
    line->state = REST_LINE_DOWN;
    line->breaks++;
    line->received = 0;
    uv_close((uv_handle_t *)&line->socket, on_socket_closed);
    if (was_busy) line->on_answer(line, 0, TEXT_NONE);
}

/* The value of a header in an answer's head; absent if it is not there. */
static struct text find_header(const char *head, size_t size, const char *name) {
    size_t length = strlen(name);
    for (const char *at = head; at < head + size;) {
        const char *end = memchr(at, '\n', (size_t)(head + size - at));
        if (!end) break;
        if ((size_t)(end - at) > length && strncasecmp(at, name, length) == 0 && at[length] == ':')
            return (struct text){at + length + 1, (uint32_t)(end - at - (ptrdiff_t)length - 1)};
        at = end + 1;
    }
    return TEXT_NONE;
}

/* Takes a whole answer from what was received; false if something is still missing. */
static bool take_answer(struct rest_line *line) {
    char *end = memmem(line->answer, line->received, "\r\n\r\n", 4);
    if (!end) return false;
    size_t head = (size_t)(end - line->answer) + 4;
    struct text length = find_header(line->answer, head, "content-length");
    uint64_t body = length.data ? strtoull(length.data, NULL, 10) : 0;
    if (line->received < head + body) return false;
    int status = line->received > 12 ? atoi(line->answer + 9) : 0;
    struct text connection = find_header(line->answer, head, "connection");
    bool closes = connection.data && memmem(connection.data, connection.size, "close", 5);
    line->state = REST_LINE_IDLE;
    line->received = 0; /* a request at a time: nothing can follow */
    line->on_answer(line, status, (struct text){line->answer + head, (uint32_t)body});
    if (closes && line->state == REST_LINE_IDLE)
        lose(line);
    else if (line->state == REST_LINE_IDLE)
        line->on_idle(line);
    return true;
}

static void on_room(uv_handle_t *handle, size_t size, uv_buf_t *buffer) {
    struct rest_line *line = handle->data;
    (void)size;
    *buffer = uv_buf_init(line->answer + line->received, (unsigned)(sizeof line->answer - line->received));
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
    struct rest_line *line = stream->data;
    (void)buffer;
    if (size < 0) {
        lose(line);
        return;
    }
    line->received += (uint32_t)size;
    if (line->state != REST_LINE_BUSY || (!take_answer(line) && line->received == sizeof line->answer)) lose(line);
}

static void on_written(uv_write_t *write, int status) {
    if (status < 0 && status != UV_ECANCELED) lose(write->data);
}

static void on_connected(uv_connect_t *connect, int status) {
    struct rest_line *line = connect->data;
    if (line->state != REST_LINE_CONNECTING) return;
    if (status < 0 || uv_read_start((uv_stream_t *)&line->socket, on_room, on_read) < 0) {
        lose(line);
        return;
    }
    line->state = REST_LINE_IDLE;
    line->on_idle(line);
}

static void connect_now(struct rest_line *line) {
    if (line->state == REST_LINE_CLOSED) return;
    CHECK(uv_tcp_init(line->again.loop, &line->socket) == 0, "libuv gives no socket");
    line->socket.data = line->connect.data = line->write.data = line;
    line->state = REST_LINE_CONNECTING;
    line->received = 0;
    uv_tcp_nodelay(&line->socket, 1);
    if (uv_tcp_connect(&line->connect, &line->socket, (const struct sockaddr *)&line->address, on_connected) < 0)
        lose(line);
}

void rest_line_open(struct rest_line *line, uv_loop_t *loop, const struct sockaddr *address,
    rest_line_on_answer *on_answer, rest_line_on_idle *on_idle, void *context) {
    memset(line, 0, offsetof(struct rest_line, request));
    memcpy(&line->address, address,
        address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
    line->on_answer = on_answer;
    line->on_idle = on_idle;
    line->context = context;
    uv_timer_init(loop, &line->again);
    line->again.data = line;
    connect_now(line);
}

void rest_line_send(struct rest_line *line, uint32_t size) {
    uv_buf_t buffer = uv_buf_init(line->request, size);
    CHECK(line->state == REST_LINE_IDLE, "a request on a line that is not idle");
    line->state = REST_LINE_BUSY;
    if (uv_write(&line->write, (uv_stream_t *)&line->socket, &buffer, 1, on_written) < 0) lose(line);
}

void rest_line_close(struct rest_line *line) {
    bool has_socket = line->state != REST_LINE_DOWN && line->state != REST_LINE_CLOSED;
    line->state = REST_LINE_CLOSED;
    if (has_socket) uv_close((uv_handle_t *)&line->socket, on_socket_closed);
    uv_close((uv_handle_t *)&line->again, NULL);
}
