/* One keep-alive HTTP/1.1 connection as a client: a request at a time, answers counted by Content-Length. Lives on a
 * libuv loop, whose thread makes every call. A line that breaks connects again by itself. */
#ifndef SHARDBOOK_BENCH_REST_LINE_H
#define SHARDBOOK_BENCH_REST_LINE_H

#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { REST_LINE_REQUEST_BYTES = 2048, REST_LINE_ANSWER_BYTES = 65536 };

enum rest_line_state { REST_LINE_DOWN, REST_LINE_CONNECTING, REST_LINE_IDLE, REST_LINE_BUSY, REST_LINE_CLOSED };

struct rest_line;

/* An answer to the request under way: its status and body (a view for the call); 0: the line broke, the request's fate
 * is unknown. */
typedef void rest_line_on_answer(struct rest_line *line, int status, struct text body);
/* The line became idle: a request may be sent. */
typedef void rest_line_on_idle(struct rest_line *line);

struct rest_line {
    uv_tcp_t socket;
    uv_connect_t connect;
    uv_write_t write;
    uv_timer_t again; /* waits before connecting anew */
    struct sockaddr_storage address;
    rest_line_on_answer *on_answer;
    rest_line_on_idle *on_idle;
    void *context;
    enum rest_line_state state;
    uint64_t breaks; /* times it was lost or could not connect */
    uint32_t received;
    char request[REST_LINE_REQUEST_BYTES];
    char answer[REST_LINE_ANSWER_BYTES];
};

/* Begins to connect; on_idle follows, at once or after further tries. The line must stay where it is. */
void rest_line_open(struct rest_line *line, uv_loop_t *loop, const struct sockaddr *address,
    rest_line_on_answer *on_answer, rest_line_on_idle *on_idle, void *context);

/* Sends the first `size` bytes of line->request. Only when idle. */
void rest_line_send(struct rest_line *line, uint32_t size);

/* No more calls back; the loop must run until its handles are closed. */
void rest_line_close(struct rest_line *line);

#endif
