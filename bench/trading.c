#include "bench/trading.h"

#include "bench/endpoints.h"
#include "bench/rest_line.h"
#include "bench/web_socket.h"
#include "core/check.h"

#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <yyjson.h>

enum {
    FILLS_REMEMBERED = 1 << 20,
    TICK_MS = 200,
    OPEN_MS = 5000,
    ANSWERS_MS = 15000,
    QUIET_MS = 400,
    LAST_MESSAGES_MS = 5000
};

enum phase { PHASE_OPENING, PHASE_SENDING, PHASE_ANSWERS, PHASE_LAST_MESSAGES, PHASE_OVER };

/* What is under way on a line. */
struct errand {
    struct order_request request;
    uint64_t planned_us;
    bool stands_idle; /* its line is on the stack of idle ones */
};

struct drive {
    struct trading *trading;
    const struct trading_options *options;
    uv_loop_t loop;
    uv_poll_t alarm; /* rings when the next order is due */
    int alarm_fd;
    uv_timer_t tick;
    uv_signal_t interrupt, terminate;
    struct web_socket socket;
    bool has_socket, subscribed;
    struct rest_line *lines;
    struct errand *errands;  /* by line */
    struct rest_line **idle; /* a stack */
    uint32_t idle_count, ready_lines;
    char host[300], run[16];
    uint64_t *planned_us; /* of the last FILLS_REMEMBERED orders, by number; 0: filled */
    uint64_t began_us, phase_us, heard_us;
    uint64_t due, begun; /* orders whose time has come; of these sent or dropped */
    uint64_t backlog_max;
    enum phase phase;
    bool stopped_early, failed;
    char *problem;
    size_t problem_bytes;
};

static uint64_t now_us(void) { return uv_hrtime() / 1000; }

static void enter(struct drive *drive, enum phase phase) {
    drive->phase = phase;
    drive->phase_us = now_us();
}

static void fail(struct drive *drive, const char *words) {
    if (!drive->failed) snprintf(drive->problem, drive->problem_bytes, "%s", words);
    drive->failed = true;
    enter(drive, PHASE_OVER);
    uv_stop(&drive->loop);
}

/* ---- orders out */

static uint64_t planned_at(const struct drive *drive, uint64_t number) {
    return drive->began_us + (uint64_t)((double)number * 1e6 / drive->options->rate);
}

static void set_alarm(struct drive *drive, uint64_t at_us) {
    struct itimerspec at = {.it_value = {(time_t)(at_us / 1000000), (long)(at_us % 1000000) * 1000}};
    timerfd_settime(drive->alarm_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static uint32_t write_request(struct drive *drive, char *out, const struct order_request *request) {
    int size = snprintf(out, REST_LINE_REQUEST_BYTES,
        "%s %s HTTP/1.1\r\nHost: %s\r\nx-api-key: %s\r\ncontent-type: application/json\r\ncontent-length: "
        "%zu\r\n\r\n%s",
        request->method, request->path, drive->host, drive->options->api_key, strlen(request->body), request->body);
    CHECK(size > 0 && size < REST_LINE_REQUEST_BYTES, "a request does not fit");
    return (uint32_t)size;
}

/* Sends order `number` on an idle line. */
static void send_order(struct drive *drive, struct rest_line *line, uint64_t number) {
    struct errand *errand = &drive->errands[line - drive->lines];
    char client_order_id[40];
    uint64_t now = now_us();
    snprintf(client_order_id, sizeof client_order_id, "%s%llu", drive->run, (unsigned long long)number);
    order_mix_draw(&drive->trading->mix, client_order_id, &errand->request);
    errand->planned_us = planned_at(drive, number);
    drive->planned_us[number % FILLS_REMEMBERED] = errand->planned_us;
    drive->trading->counters.sent++;
    drive->trading->counters.late += now > errand->planned_us + TRADING_LATE_MS * 1000;
    rest_line_send(line, write_request(drive, line->request, &errand->request));
}

/* Sends what is due as far as lines are idle; what waits too long is dropped, and counted. */
static void send_due(struct drive *drive) {
    while (drive->begun < drive->due && drive->idle_count > 0 && drive->phase == PHASE_SENDING) {
        struct rest_line *line = drive->idle[--drive->idle_count];
        drive->errands[line - drive->lines].stands_idle = false;
        if (line->state == REST_LINE_IDLE) send_order(drive, line, drive->begun++);
    }
    while (drive->due - drive->begun > drive->backlog_max) {
        drive->begun++;
        drive->trading->counters.dropped++;
    }
}

static bool all_begun(const struct drive *drive) {
    return drive->stopped_early || (drive->options->orders && drive->begun == drive->options->orders);
}

static void on_alarm(uv_poll_t *poll, int status, int events) {
    struct drive *drive = poll->data;
    uint64_t rings, now = now_us();
    (void)status;
    (void)events;
    if (read(drive->alarm_fd, &rings, sizeof rings) < 0 || drive->phase != PHASE_SENDING) return;
    while (planned_at(drive, drive->due) <= now && (!drive->options->orders || drive->due < drive->options->orders))
        drive->due++;
    drive->trading->counters.planned = drive->due;
    send_due(drive);
    if (!drive->options->orders || drive->due < drive->options->orders) set_alarm(drive, planned_at(drive, drive->due));
}

/* ---- answers */

static void note_refusal(struct trading *trading, int status, struct text body) {
    if (*trading->first_refusal) return;
    if (status)
        snprintf(trading->first_refusal, sizeof trading->first_refusal, "%d %.*s", status,
            (int)(body.size < 400 ? body.size : 400), body.data);
    else
        snprintf(trading->first_refusal, sizeof trading->first_refusal, "the connection broke");
}

static struct text order_id_in(struct text body) {
    static const char name[] = "\"orderId\":\"";
    const char *at = body.data ? memmem(body.data, body.size, name, sizeof name - 1) : NULL;
    if (!at) return TEXT_NONE;
    at += sizeof name - 1;
    const char *end = memchr(at, '"', (size_t)(body.data + body.size - at));
    return end ? (struct text){at, (uint32_t)(end - at)} : TEXT_NONE;
}

static void count_answer(struct trading *trading, const struct errand *errand, int status) {
    struct trading_counters *c = &trading->counters;
    c->by_status[status >= 0 && status < TRADING_STATUSES ? status : 0]++;
    if (status == 200) {
        c->accepted++;
        c->new_orders += errand->request.is_new;
    } else if (status == 429) {
        c->throttled++;
    } else if (status >= 400 && status < 500) {
        c->refused++;
    } else {
        c->unknown++;
    }
}

static void on_answer(struct rest_line *line, int status, struct text body) {
    struct drive *drive = line->context;
    struct errand *errand = &drive->errands[line - drive->lines];
    count_answer(drive->trading, errand, status);
    if (status != 200) {
        note_refusal(drive->trading, status, body);
        return;
    }
    histogram_add(&drive->trading->to_acknowledgement, now_us() - errand->planned_us);
    order_mix_on_accepted(&drive->trading->mix, &errand->request, order_id_in(body));
}

static void begin_sending(struct drive *drive) {
    if (drive->phase != PHASE_OPENING || !drive->subscribed || drive->ready_lines < drive->options->connections) return;
    drive->began_us = now_us() + 1000;
    enter(drive, PHASE_SENDING);
    set_alarm(drive, drive->began_us);
}

static void on_idle(struct rest_line *line) {
    struct drive *drive = line->context;
    bool *stands_idle = &drive->errands[line - drive->lines].stands_idle;
    if (!*stands_idle) /* it may have broken and come back while it stood there */
        drive->idle[drive->idle_count++] = line;
    *stands_idle = true;
    if (drive->phase == PHASE_OPENING) {
        drive->ready_lines++;
        begin_sending(drive);
    }
    send_due(drive);
}

/* ---- the WebSocket */

/* The number of the order whose clientOrderId this is; false if it is none of this run. */
static bool order_number(const struct drive *drive, const char *client_order_id, uint64_t *number) {
    size_t size = strlen(drive->run);
    if (!client_order_id || strncmp(client_order_id, drive->run, size) != 0) return false;
    *number = strtoull(client_order_id + size, NULL, 10);
    return *number < drive->begun && drive->begun - *number <= FILLS_REMEMBERED;
}

static void on_report(struct drive *drive, yyjson_val *event) {
    uint64_t number;
    const char *type = yyjson_get_str(yyjson_obj_get(event, "type"));
    const char *taker = yyjson_get_str(yyjson_obj_get(yyjson_obj_get(event, "taker"), "clientOrderId"));
    drive->trading->counters.reports++;
    if (!type || strcmp(type, "FILL") != 0 || !order_number(drive, taker, &number)) return;
    uint64_t *planned = &drive->planned_us[number % FILLS_REMEMBERED];
    if (*planned == 0) return;
    histogram_add(&drive->trading->to_fill, now_us() - *planned);
    drive->trading->counters.orders_filled++;
    *planned = 0;
}

static void on_ack(struct drive *drive, yyjson_val *root) {
    const char *action = yyjson_get_str(yyjson_obj_get(root, "action"));
    if (action && strcmp(action, "subscribe") == 0) {
        drive->subscribed = true;
        begin_sending(drive);
    }
}

static void on_error(struct drive *drive, const char *words) {
    char problem[400];
    snprintf(problem, sizeof problem, "the server says over WebSocket: %s", words ? words : "an error without words");
    fail(drive, problem);
}

static void on_message(struct web_socket *socket, struct text message) {
    struct drive *drive = socket->events.context;
    yyjson_doc *doc = yyjson_read(message.data, message.size, 0);
    yyjson_val *root = yyjson_doc_get_root(doc);
    const char *type = yyjson_get_str(yyjson_obj_get(root, "type"));
    drive->trading->counters.messages++;
    drive->heard_us = now_us();
    if (!type) type = "";
    if (strcmp(type, "trade") == 0)
        drive->trading->counters.trades++;
    else if (strcmp(type, "report") == 0)
        on_report(drive, yyjson_obj_get(root, "event"));
    else if (strcmp(type, "ack") == 0)
        on_ack(drive, root);
    else if (strcmp(type, "error") == 0)
        on_error(drive, yyjson_get_str(yyjson_obj_get(root, "message")));
    yyjson_doc_free(doc);
    if (drive->options->on_message) drive->options->on_message(drive->options->context, message);
}

static void on_socket_open(struct web_socket *socket) {
    struct drive *drive = socket->events.context;
    char words[8192];
    int size =
        snprintf(words, sizeof words, "{\"action\":\"subscribe\",\"channels\":[\"trades\",\"orders\"%s],\"symbols\":[",
            drive->options->with_depth ? ",\"depth\"" : "");
    for (uint32_t i = 0; i < drive->options->symbols; i++)
        size += snprintf(words + size, sizeof words - (size_t)size, "%s\"%s\"", i ? "," : "",
            order_mix_symbol(&drive->trading->mix, i));
    size += snprintf(words + size, sizeof words - (size_t)size, "]}");
    if (!web_socket_send(socket, (struct text){words, (uint32_t)size})) fail(drive, "cannot subscribe over WebSocket");
}

static void on_socket_closed(struct web_socket *socket, const char *why) {
    struct drive *drive = socket->events.context;
    char words[400];
    snprintf(drive->trading->websocket_end, sizeof drive->trading->websocket_end, "%s", why);
    if (drive->phase == PHASE_OPENING) {
        snprintf(words, sizeof words, "WebSocket at %s: %s", drive->options->websocket, why);
        fail(drive, words);
    }
}

/* ---- time */

static bool under_way(const struct drive *drive) {
    for (uint32_t i = 0; i < drive->options->connections; i++)
        if (drive->lines[i].state == REST_LINE_BUSY) return true;
    return false;
}

static void say_what_is_missing(struct drive *drive) {
    char words[400];
    if (drive->ready_lines < drive->options->connections)
        snprintf(words, sizeof words, "only %u of %u connections to the router at %s could be made", drive->ready_lines,
            drive->options->connections, drive->options->rest);
    else
        snprintf(words, sizeof words, "the server at %s did not confirm the subscription", drive->options->websocket);
    fail(drive, words);
}

static void move_on(struct drive *drive) {
    uint64_t now = now_us(), since_ms = (now - drive->phase_us) / 1000;
    if (drive->phase == PHASE_OPENING && since_ms > OPEN_MS) {
        say_what_is_missing(drive);
    } else if (drive->phase == PHASE_SENDING && all_begun(drive)) {
        drive->trading->seconds = (double)(now - drive->began_us) / 1e6;
        enter(drive, PHASE_ANSWERS);
    } else if (drive->phase == PHASE_ANSWERS && (!under_way(drive) || since_ms > ANSWERS_MS)) {
        enter(drive, PHASE_LAST_MESSAGES);
    } else if (drive->phase == PHASE_LAST_MESSAGES &&
               ((now - drive->heard_us) / 1000 > QUIET_MS || since_ms > LAST_MESSAGES_MS)) {
        enter(drive, PHASE_OVER);
        uv_stop(&drive->loop);
    }
}

static void on_tick(uv_timer_t *timer) {
    struct drive *drive = timer->data;
    double seconds = drive->phase == PHASE_OPENING ? 0 : (double)(now_us() - drive->began_us) / 1e6;
    if (drive->options->on_tick)
        drive->options->on_tick(drive->options->context, drive->trading, seconds < 0 ? 0 : seconds);
    move_on(drive);
}

static void on_signal(uv_signal_t *handle, int number) {
    struct drive *drive = handle->data;
    (void)number;
    if (drive->phase == PHASE_OPENING) fail(drive, "interrupted before it began");
    drive->stopped_early = true;
}

/* ---- opening and closing */

static bool resolve(
    struct drive *drive, const char *url, struct sockaddr_storage *address, char *host, size_t host_bytes) {
    char name[256], port_text[8], words[400];
    uint16_t port;
    struct addrinfo *found = NULL, hints = {.ai_socktype = SOCK_STREAM};
    if (endpoints_split(url, name, sizeof name, &port)) {
        snprintf(port_text, sizeof port_text, "%u", port);
        if (getaddrinfo(name, port_text, &hints, &found) == 0) {
            memcpy(address, found->ai_addr, found->ai_addrlen);
            freeaddrinfo(found);
            snprintf(host, host_bytes, strchr(name, ':') ? "[%s]:%u" : "%s:%u", name, port);
            return true;
        }
    }
    snprintf(
        words, sizeof words, "'%s' is no address that can be reached: give for instance http://127.0.0.1:8080", url);
    fail(drive, words);
    return false;
}

static void open_handles(struct drive *drive) {
    CHECK(uv_loop_init(&drive->loop) == 0, "libuv gives no loop");
    drive->alarm_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    CHECK(drive->alarm_fd >= 0, "no timer");
    uv_poll_init(&drive->loop, &drive->alarm, drive->alarm_fd);
    uv_timer_init(&drive->loop, &drive->tick);
    uv_signal_init(&drive->loop, &drive->interrupt);
    uv_signal_init(&drive->loop, &drive->terminate);
    drive->alarm.data = drive->tick.data = drive->interrupt.data = drive->terminate.data = drive;
    uv_poll_start(&drive->alarm, UV_READABLE, on_alarm);
    uv_timer_start(&drive->tick, on_tick, TICK_MS, TICK_MS);
    uv_signal_start(&drive->interrupt, on_signal, SIGINT);
    uv_signal_start(&drive->terminate, on_signal, SIGTERM);
}

static bool open_connections(struct drive *drive) {
    struct sockaddr_storage rest, websocket;
    char host[300];
    struct web_socket_events events = {on_socket_open, on_message, on_socket_closed, drive};
    if (!resolve(drive, drive->options->rest, &rest, drive->host, sizeof drive->host) ||
        !resolve(drive, drive->options->websocket, &websocket, host, sizeof host))
        return false;
    drive->has_socket = web_socket_open(
        &drive->socket, &drive->loop, (struct sockaddr *)&websocket, host, drive->options->api_key, &events);
    CHECK(drive->has_socket, "no memory for the WebSocket");
    for (uint32_t i = 0; i < drive->options->connections; i++)
        rest_line_open(&drive->lines[i], &drive->loop, (struct sockaddr *)&rest, on_answer, on_idle, drive);
    return true;
}

static bool init(struct drive *drive, struct trading *trading, const struct trading_options *options) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    drive->trading = trading;
    drive->options = options;
    drive->lines = calloc(options->connections, sizeof *drive->lines);
    drive->errands = calloc(options->connections, sizeof *drive->errands);
    drive->idle = calloc(options->connections, sizeof(struct rest_line *));
    drive->planned_us = calloc(FILLS_REMEMBERED, sizeof *drive->planned_us);
    drive->backlog_max = options->rate > options->connections ? (uint64_t)options->rate : options->connections;
    /* No two runs share clientOrderIds, or the later one's orders would be repeats. */
    snprintf(drive->run, sizeof drive->run, "b%08llx-",
        (unsigned long long)((uint64_t)now.tv_sec * 1000003 + (uint64_t)now.tv_nsec) & 0xffffffffu);
    return drive->lines && drive->errands && drive->idle && drive->planned_us &&
           order_mix_init(&trading->mix, options->mix, options->symbols, options->seed);
}

static void on_walk(uv_handle_t *handle, void *argument) {
    (void)argument;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static void close_all(struct drive *drive) {
    for (uint32_t i = 0; i < drive->options->connections && drive->lines[i].context; i++) {
        drive->trading->counters.breaks += drive->lines[i].breaks;
        rest_line_close(&drive->lines[i]);
    }
    if (drive->has_socket) web_socket_close(&drive->socket);
    uv_walk(&drive->loop, on_walk, NULL);
    uv_run(&drive->loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&drive->loop) == 0, "handles are still open");
    close(drive->alarm_fd);
    if (drive->has_socket) web_socket_free(&drive->socket);
}

bool trading_run(struct trading *trading, const struct trading_options *options, char *problem, size_t problem_bytes) {
    struct drive *drive = calloc(1, sizeof *drive);
    memset(trading, 0, sizeof *trading);
    CHECK(drive && init(drive, trading, options), "no memory");
    drive->problem = problem;
    drive->problem_bytes = problem_bytes;
    open_handles(drive);
    enter(drive, PHASE_OPENING);
    if (open_connections(drive) && !drive->failed) uv_run(&drive->loop, UV_RUN_DEFAULT);
    close_all(drive);
    bool good = !drive->failed;
    free(drive->lines);
    free(drive->errands);
    free(drive->idle);
    free(drive->planned_us);
    free(drive);
    return good;
}

void trading_deinit(struct trading *trading) { order_mix_deinit(&trading->mix); }
