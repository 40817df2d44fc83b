#include "io/http/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libwebsockets.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_BYTES = 16384, /* of one read; a TLS record at most */
    INPUT_BYTES_MIN = 2048,
    LINGER_MS = 1000,           /* for the client to close after our last answer */
    LINGER_BYTES_MAX = 4 << 20, /* it may send this much more meanwhile */
    SWEEP_MS = 250,
    ACCEPTS_PER_EVENT = 64,
    NOBODY = UINT32_MAX
};

enum phase {
    PHASE_FREE,
    PHASE_READING,  /* between requests, or in the middle of one */
    PHASE_PENDING,  /* a request is handed over; nothing is read */
    PHASE_WRITING,  /* its answer waits for the client to read */
    PHASE_LINGERING /* the last answer is given; what comes is thrown away until the client closes */
};

struct connection {
    struct lws *wsi;
    uint64_t serial; /* of the exchange, new for each request and connection */
    uint64_t phase_since_ms;
    enum phase phase;
    uint32_t next_free;
    bool in_use, keep_alive, head_only, told_continue, closing;
    bool rx_stopped;
    char *input;
    uint32_t input_capacity, input_used;
    uint32_t request_bytes; /* head and body of the request that is handed over */
    size_t scanned;
    uint64_t lingered_bytes;
    char peer[48];
};

struct http_server {
    uv_loop_t *loop;
    uv_poll_t listener;
    uv_timer_t sweep;
    int listen_fd;
    uint16_t port;
    bool listening, draining, closed;
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct http_server_options options;
    char *every_answer;
    struct http_server_events events;
    struct http_server_counts counts;
    uint32_t pending, free_head, advancing;
    uint64_t last_serial;
    struct http_head head; /* of the request being looked at */
    unsigned char *output; /* LWS_PRE bytes, then an answer */
    size_t output_capacity;
    struct connection *connections;
};

static void advance(struct http_server *server, struct connection *connection);

/* ---------------------------------------------------------------- connections and their memory */

static struct connection *take_connection(struct http_server *server, struct lws *wsi) {
    struct connection *connection = &server->connections[server->free_head];
    server->free_head = connection->next_free;
    memset(connection, 0, sizeof *connection);
    connection->wsi = wsi;
    connection->in_use = true;
    connection->serial = ++server->last_serial;
    connection->phase = PHASE_READING;
    connection->phase_since_ms = uv_now(server->loop);
    server->counts.connections++;
    return connection;
}

static void free_input(struct http_server *server, struct connection *connection) {
    server->counts.input_bytes -= connection->input_capacity;
    free(connection->input);
    connection->input = NULL;
    connection->input_capacity = connection->input_used = 0;
    connection->scanned = 0;
}

static void give_back_connection(struct http_server *server, struct connection *connection) {
    if (connection->phase == PHASE_PENDING) {
        server->pending--;
    }
    free_input(server, connection);
    connection->in_use = false;
    connection->phase = PHASE_FREE;
    connection->wsi = NULL;
    connection->serial = 0;
    connection->next_free = server->free_head;
    server->free_head = (uint32_t)(connection - server->connections);
    server->counts.connections--;
}

/* Reading goes on between requests only: a client that sends more than it reads is held up by TCP, and one that has
 * closed its sending side still gets its answer. */
static void set_reading(struct connection *connection) {
    bool stop = connection->phase == PHASE_PENDING || connection->phase == PHASE_WRITING;
    if (stop != connection->rx_stopped) {
        connection->rx_stopped = stop;
        lws_rx_flow_control(connection->wsi, !stop);
    }
}

static void enter(struct http_server *server, struct connection *connection, enum phase phase) {
    connection->phase = phase;
    connection->phase_since_ms = uv_now(server->loop);
    if (phase != PHASE_PENDING) { /* most requests are answered at once: see hand_over */
        set_reading(connection);
    }
}

/* Marks it for its end: inside its own callback that returns -1, else the sweep does it. (libwebsockets' own
 * asynchronous kill waits for a timer that it does not arm on a foreign loop.) */
static void kill_connection(struct connection *connection) { connection->closing = true; }

/* Outside of libwebsockets' callbacks only; the connection is given back when this returns. */
static void end_connection(struct connection *connection) {
    lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
}

/* Room for `bytes` of input in all; false when the server holds too much. */
static bool reserve_input(struct http_server *server, struct connection *connection, size_t bytes) {
    if (bytes <= connection->input_capacity) {
        return true;
    }
    size_t capacity = connection->input_capacity ? connection->input_capacity : INPUT_BYTES_MIN;
    while (capacity < bytes) {
        capacity *= 2;
    }
    if (server->counts.input_bytes + capacity - connection->input_capacity > server->options.input_bytes_max) {
        return false;
    }
    char *input = realloc(connection->input, capacity);
    if (!input) {
        return false;
    }
    server->counts.input_bytes += capacity - connection->input_capacity;
    connection->input = input;
    connection->input_capacity = (uint32_t)capacity;
    return true;
}

/* ---------------------------------------------------------------- answers */

static const char *reason_phrase(int status) {
    switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Answer";
    }
}

static bool reserve_output(struct http_server *server, size_t bytes) {
    if (bytes + LWS_PRE <= server->output_capacity) {
        return true;
    }
    unsigned char *output = realloc(server->output, bytes + LWS_PRE);
    if (!output) {
        return false;
    }
    server->output = output;
    server->output_capacity = bytes + LWS_PRE;
    return true;
}

static bool write_bytes(struct connection *connection, unsigned char *bytes, size_t size) {
    if (lws_write(connection->wsi, bytes, size, LWS_WRITE_RAW) < 0) {
        kill_connection(connection);
        return false;
    }
    return true;
}

/* Head and body in one write. False if the connection is lost. */
static bool write_answer(struct http_server *server, struct connection *connection, const struct http_answer *answer) {
    struct text type = text_is_absent(answer->content_type) ? TEXT("application/json") : answer->content_type;
    const char *every = server->every_answer ? server->every_answer : "";
    size_t most = 512 + strlen(every) + type.size + answer->headers.size + answer->body.size;
    if (!reserve_output(server, most)) {
        kill_connection(connection);
        return false;
    }
    char *out = (char *)server->output + LWS_PRE;
    int n = snprintf(out, most, "HTTP/1.1 %d %s\r\n", answer->status, reason_phrase(answer->status));
    if (answer->status != 204) {
        n += snprintf(out + n, most - (size_t)n, "content-type: %.*s\r\ncontent-length: %u\r\n", (int)type.size,
            type.data, answer->body.size);
    }
    n += snprintf(out + n, most - (size_t)n, "%s%.*s%s\r\n", every, (int)answer->headers.size,
        answer->headers.data ? answer->headers.data : "", connection->keep_alive ? "" : "connection: close\r\n");
    if (answer->body.size && !connection->head_only && answer->status != 204) {
        memcpy(out + n, answer->body.data, answer->body.size);
        n += (int)answer->body.size;
    }
    server->counts.answers++;
    return write_bytes(connection, (unsigned char *)out, (size_t)n);
}

/* Our side is done: the client is told, and gets a moment to close, so that the answer reaches it. */
static void linger(struct http_server *server, struct connection *connection) {
    free_input(server, connection);
    enter(server, connection, PHASE_LINGERING);
    if (!server->options.tls_key_file) {
        shutdown(lws_get_socket_fd(connection->wsi), SHUT_WR);
    }
}

/* After an answer is written: the next request, or the end. */
static void finish_answer(struct http_server *server, struct connection *connection) {
    if (lws_partial_buffered(connection->wsi)) {
        enter(server, connection, PHASE_WRITING);
        lws_callback_on_writable(connection->wsi);
        return;
    }
    if (!connection->keep_alive || server->draining) {
        linger(server, connection);
        return;
    }
    uint32_t rest = connection->input_used - connection->request_bytes;
    memmove(connection->input, connection->input + connection->request_bytes, rest);
    connection->input_used = rest;
    connection->request_bytes = 0;
    connection->scanned = 0;
    connection->told_continue = false;
    enter(server, connection, PHASE_READING);
}

void http_server_answer(struct http_server *server, struct http_exchange exchange, const struct http_answer *answer) {
    struct connection *connection = &server->connections[exchange.slot];
    if (connection->serial != exchange.serial || connection->phase != PHASE_PENDING || connection->closing) {
        server->counts.too_late++;
        return;
    }
    server->pending--;
    connection->phase = PHASE_WRITING;
    connection->serial = ++server->last_serial;
    connection->keep_alive = connection->keep_alive && !server->draining;
    if (write_answer(server, connection, answer)) {
        finish_answer(server, connection);
        advance(server, connection);
    }
}

/* Answers a request that is not handed over, and ends the connection. */
static void refuse(
    struct http_server *server, struct connection *connection, int status, const struct http_head *head) {
    server->counts.faults++;
    connection->keep_alive = false;
    connection->head_only = head && head->method == HTTP_HEAD;
    connection->request_bytes = connection->input_used;
    struct http_answer answer = {
        .status = status, .body = server->events.on_refused(server->events.context, status, head)};
    if (status == 503) {
        answer.headers = TEXT("retry-after: 1\r\n");
    }
    if (write_answer(server, connection, &answer)) {
        finish_answer(server, connection);
    }
}

/* ---------------------------------------------------------------- requests */

static bool needs_length(enum http_method method) {
    return method == HTTP_POST || method == HTTP_PUT || method == HTTP_PATCH;
}

/* 0, or the status to refuse this head with. */
static int judge_head(const struct http_server *server, const struct http_head *head) {
    if (head->has_encoding || (needs_length(head->method) && !head->has_length)) {
        return 411;
    }
    return head->length > server->options.body_bytes_max ? 413 : 0;
}

static void hand_over(struct http_server *server, struct connection *connection, size_t head_bytes) {
    struct http_request request = {.head = &server->head,
        .body = {connection->input + head_bytes, (uint32_t)server->head.length},
        .peer = connection->peer};
    connection->request_bytes = (uint32_t)(head_bytes + server->head.length);
    connection->keep_alive = server->head.keep_alive;
    connection->head_only = server->head.method == HTTP_HEAD;
    connection->serial = ++server->last_serial;
    enter(server, connection, PHASE_PENDING);
    server->pending++;
    server->counts.requests++;
    struct http_exchange exchange = {(uint32_t)(connection - server->connections), connection->serial};
    server->events.on_request(server->events.context, exchange, &request);
    if (connection->phase == PHASE_PENDING) {
        set_reading(connection);
    }
}

/* The body is not all there: make room for it, and say so to a client that waits for that. */
static void await_body(struct http_server *server, struct connection *connection, size_t request_bytes) {
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (!reserve_input(server, connection, request_bytes)) {
        refuse(server, connection, 503, &server->head);
    } else if (server->head.wants_continue && !connection->told_continue && reserve_output(server, sizeof go_on)) {
        connection->told_continue = true;
        memcpy(server->output + LWS_PRE, go_on, sizeof go_on - 1);
        write_bytes(connection, server->output + LWS_PRE, sizeof go_on - 1);
    }
}

/* Looks at what has arrived; true if a request was handed over or refused, so that it is worth looking again. */
static bool take_request(struct http_server *server, struct connection *connection) {
    size_t head_bytes = 0;
    int state =
        http_head_parse(connection->input, connection->input_used, &server->head, &head_bytes, &connection->scanned);
    if (state == HTTP_HEAD_MORE) {
        return false;
    }
    if (state == HTTP_HEAD_DONE) {
        state = judge_head(server, &server->head);
        if (state == 0 && connection->input_used < head_bytes + server->head.length) {
            connection->scanned = 0; /* the head is parsed again when the body is there */
            await_body(server, connection, head_bytes + server->head.length);
            return false;
        }
        if (state == 0) {
            hand_over(server, connection, head_bytes);
            return true;
        }
        refuse(server, connection, state, &server->head);
        return false;
    }
    refuse(server, connection, state, NULL);
    return false;
}

static void advance(struct http_server *server, struct connection *connection) {
    uint32_t index = (uint32_t)(connection - server->connections);
    if (server->advancing == index) {
        return; /* answered inside on_request: the loop below goes on by itself */
    }
    uint32_t outer = server->advancing;
    server->advancing = index;
    while (connection->phase == PHASE_READING && !connection->closing && connection->input_used &&
           take_request(server, connection)) {
    }
    server->advancing = outer;
}

/* Negative: close the connection. */
static int on_bytes(struct http_server *server, struct connection *connection, const char *bytes, size_t size) {
    if (connection->closing) {
        return -1;
    }
    if (connection->phase == PHASE_LINGERING) {
        connection->lingered_bytes += size;
        return connection->lingered_bytes > LINGER_BYTES_MAX ? -1 : 0;
    }
    if (connection->input_used == 0 && connection->phase == PHASE_READING) {
        connection->phase_since_ms = uv_now(server->loop);
    }
    if (!reserve_input(server, connection, connection->input_used + size)) {
        if (connection->phase != PHASE_READING) {
            return -1;
        }
        refuse(server, connection, 503, NULL);
        return 0;
    }
    memcpy(connection->input + connection->input_used, bytes, size);
    connection->input_used += (uint32_t)size;
    advance(server, connection);
    return connection->closing ? -1 : 0;
}

static int on_writable(struct http_server *server, struct connection *connection) {
    if (connection->phase == PHASE_WRITING && !connection->closing) {
        finish_answer(server, connection);
        advance(server, connection);
    }
    return connection->closing ? -1 : 0;
}

static int on_socket(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size) {
    (void)user;
    struct connection *connection = lws_get_opaque_user_data(wsi);
    if (!connection) {
        return reason == LWS_CALLBACK_RAW_RX ? -1 : 0;
    }
    struct http_server *server = lws_context_user(lws_get_context(wsi));
    switch (reason) {
    case LWS_CALLBACK_RAW_RX: return on_bytes(server, connection, in, size);
    case LWS_CALLBACK_RAW_WRITEABLE: return on_writable(server, connection);
    case LWS_CALLBACK_RAW_CLOSE:
    case LWS_CALLBACK_WSI_DESTROY:
        lws_set_opaque_user_data(wsi, NULL);
        give_back_connection(server, connection);
        return 0;
    default: return 0;
    }
}

/* ---------------------------------------------------------------- time limits */

static bool is_overdue(const struct http_server *server, const struct connection *connection, uint64_t now_ms) {
    uint64_t age_ms = now_ms > connection->phase_since_ms ? now_ms - connection->phase_since_ms : 0;
    switch (connection->phase) {
    case PHASE_READING:
        return age_ms > (connection->input_used ? server->options.request_timeout_ms : server->options.idle_timeout_ms);
    case PHASE_WRITING: return age_ms > server->options.write_timeout_ms;
    case PHASE_LINGERING: return age_ms > LINGER_MS;
    default: return false; /* PENDING: whoever was handed the request keeps its own deadline */
    }
}

static void sweep_connection(struct http_server *server, struct connection *connection, uint64_t now_ms) {
    if (connection->phase == PHASE_READING && !connection->input_used) {
        free_input(server, connection);
    }
    if (!is_overdue(server, connection, now_ms)) {
        return;
    }
    if (connection->phase == PHASE_READING && connection->input_used) {
        server->counts.timeouts++;
        refuse(server, connection, 408, NULL);
        return;
    }
    server->counts.timeouts += connection->phase == PHASE_WRITING;
    kill_connection(connection);
}

static void on_sweep(uv_timer_t *timer) {
    struct http_server *server = timer->data;
    uint64_t now_ms = uv_now(server->loop);
    for (uint32_t i = 0; i < server->options.connections_max && server->counts.connections; i++) {
        struct connection *connection = &server->connections[i];
        if (connection->in_use && !connection->closing) {
            sweep_connection(server, connection, now_ms);
        }
        if (connection->in_use && connection->closing) {
            end_connection(connection);
        }
    }
}

/* ---------------------------------------------------------------- listening */

static void name_peer(const struct sockaddr_storage *from, char *peer, size_t bytes) {
    const void *address = from->ss_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)from)->sin6_addr
                                                      : (const void *)&((const struct sockaddr_in *)from)->sin_addr;
    if (!inet_ntop(from->ss_family, address, peer, (socklen_t)bytes)) {
        snprintf(peer, bytes, "?");
    }
    if (strncmp(peer, "::ffff:", 7) == 0 && strchr(peer, '.')) {
        memmove(peer, peer + 7, strlen(peer + 7) + 1);
    }
}

static void adopt(struct http_server *server, int fd, const struct sockaddr_storage *from) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    lws_sock_file_fd_type socket_fd = {.sockfd = fd};
    struct lws *wsi =
        lws_adopt_descriptor_vhost(server->vhost, LWS_ADOPT_SOCKET | LWS_ADOPT_ALLOW_SSL, socket_fd, "requests", NULL);
    if (!wsi) { /* which closed the socket */
        server->counts.refused++;
        return;
    }
    struct connection *connection = take_connection(server, wsi);
    name_peer(from, connection->peer, sizeof connection->peer);
    lws_set_opaque_user_data(wsi, connection);
    server->counts.accepted++;
}

static void on_knock(uv_poll_t *poll, int status, int events) {
    struct http_server *server = poll->data;
    (void)status;
    (void)events;
    for (uint32_t i = 0; i < ACCEPTS_PER_EVENT; i++) {
        struct sockaddr_storage from;
        socklen_t size = sizeof from;
        int fd = accept4(server->listen_fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        if (server->free_head == NOBODY) {
            server->counts.refused++;
            close(fd);
        } else {
            adopt(server, fd, &from);
        }
    }
}

/* Negative errno on failure. */
static int bind_and_listen(const struct addrinfo *at) {
    int one = 1;
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol);
    if (fd < 0) {
        return -errno;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, at->ai_addr, at->ai_addrlen) != 0 || listen(fd, 4096) != 0) {
        int fault = -errno;
        close(fd);
        return fault;
    }
    return fd;
}

static uint16_t port_of(int fd) {
    struct sockaddr_storage at = {0};
    socklen_t size = sizeof at;
    getsockname(fd, (struct sockaddr *)&at, &size);
    return ntohs(
        at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port : ((struct sockaddr_in *)&at)->sin_port);
}

static int start_listening(struct http_server *server, const char **why) {
    char port[8];
    snprintf(port, sizeof port, "%u", server->options.port);
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    const char *address = server->options.address ? server->options.address : "127.0.0.1";
    if (getaddrinfo(address, port, &hints, &found) != 0) {
        *why = "the address to listen on is not one of this machine";
        return STATUS_INVALID;
    }
    int fd = bind_and_listen(found);
    freeaddrinfo(found);
    if (fd < 0) {
        *why = fd == -EADDRINUSE      ? "the port is taken: stop what listens there, or choose another"
               : fd == -EACCES        ? "listening on that port needs more rights: choose one from 1024 on"
               : fd == -EADDRNOTAVAIL ? "the address to listen on is not one of this machine"
                                      : "the address cannot be listened on";
        return STATUS_REFUSED;
    }
    server->listen_fd = fd;
    server->port = port_of(fd);
    server->listening = true;
    uv_poll_init(server->loop, &server->listener, fd);
    server->listener.data = server;
    return uv_poll_start(&server->listener, UV_READABLE, on_knock) == 0 ? STATUS_OK : STATUS_NO_MEMORY;
}

static void on_listener_closed(uv_handle_t *handle) {
    struct http_server *server = handle->data;
    close(server->listen_fd);
}

static void stop_listening(struct http_server *server) {
    if (server->listening) {
        server->listening = false;
        uv_close((uv_handle_t *)&server->listener, on_listener_closed);
    }
}

/* ---------------------------------------------------------------- opening and closing */

static const struct lws_protocols protocols[] = {
    {.name = "requests", .callback = on_socket, .rx_buffer_size = READ_BYTES, .tx_packet_size = 65536},
    LWS_PROTOCOL_LIST_TERM,
};

static void log_fault(int level, const char *line) {
    (void)level;
    fprintf(stderr, "libwebsockets: %s", line);
}

static bool open_context(struct http_server *server) {
    void *loops[] = {server->loop};
    bool tls = server->options.tls_key_file != NULL;
    lws_set_log_level(LLL_ERR, log_fault);
    struct lws_context_creation_info info = {0};
    info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    info.options |= tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0;
    info.foreign_loops = loops;
    info.user = server;
    info.pcontext = &server->context; /* NULL once it is freed */
    info.pt_serv_buf_size = READ_BYTES + LWS_PRE;
    info.gid = (gid_t)-1;
    info.uid = (uid_t)-1;
    server->context = lws_create_context(&info);
    if (!server->context) {
        return false;
    }
    info.options = tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0;
    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info.protocols = protocols;
    info.vhost_name = "requests";
    info.ssl_cert_filepath = tls ? server->options.tls_certificate_file : NULL;
    info.ssl_private_key_filepath = tls ? server->options.tls_key_file : NULL;
    info.alpn = "http/1.1";
    server->vhost = lws_create_vhost(server->context, &info);
    return server->vhost != NULL;
}

static bool make_connections(struct http_server *server) {
    uint32_t count = server->options.connections_max;
    server->connections = calloc(count, sizeof *server->connections);
    server->free_head = NOBODY;
    server->advancing = NOBODY;
    for (uint32_t i = count; server->connections && i-- > 0;) {
        server->connections[i].next_free = server->free_head;
        server->free_head = i;
    }
    return server->connections != NULL;
}

static bool take_options(struct http_server *server, const struct http_server_options *options) {
    struct http_server_options *own = &server->options;
    *own = *options;
    own->address = options->address ? strdup(options->address) : NULL;
    own->tls_certificate_file = options->tls_certificate_file ? strdup(options->tls_certificate_file) : NULL;
    own->tls_key_file = options->tls_key_file ? strdup(options->tls_key_file) : NULL;
    server->every_answer = options->every_answer ? strdup(options->every_answer) : NULL;
    own->connections_max = own->connections_max ? own->connections_max : 10000;
    own->body_bytes_max = own->body_bytes_max ? own->body_bytes_max : 65536;
    own->input_bytes_max = own->input_bytes_max ? own->input_bytes_max : UINT64_C(64) << 20;
    own->request_timeout_ms = own->request_timeout_ms ? own->request_timeout_ms : 10000;
    own->idle_timeout_ms = own->idle_timeout_ms ? own->idle_timeout_ms : 65000;
    own->write_timeout_ms = own->write_timeout_ms ? own->write_timeout_ms : 10000;
    return make_connections(server) && reserve_output(server, READ_BYTES);
}

static void on_sweep_closed(uv_handle_t *handle) { (void)handle; }

static int start(struct http_server *server, const char **why) {
    if (!open_context(server)) {
        *why = server->options.tls_key_file
                   ? "the TLS certificate or key cannot be used: both must be PEM files, and belong together"
                   : "libwebsockets cannot start: is libwebsockets-evlib-uv installed?";
        return STATUS_INVALID;
    }
    int status = start_listening(server, why);
    if (status != STATUS_OK) {
        return status;
    }
    return uv_timer_start(&server->sweep, on_sweep, SWEEP_MS, SWEEP_MS) == 0 ? STATUS_OK : STATUS_NO_MEMORY;
}

struct http_server *http_server_open(uv_loop_t *loop, const struct http_server_options *options,
    const struct http_server_events *events, int *status, const char **why) {
    struct http_server *server = calloc(1, sizeof *server);
    *status = STATUS_NO_MEMORY;
    *why = "out of memory";
    if (!server) {
        return NULL;
    }
    server->loop = loop;
    server->events = *events;
    uv_timer_init(loop, &server->sweep);
    server->sweep.data = server;
    if (take_options(server, options)) {
        *status = start(server, why);
    }
    if (*status == STATUS_OK) {
        *why = NULL;
        return server;
    }
    http_server_close(server);
    uv_run(loop, UV_RUN_DEFAULT); /* nothing else can be on a loop whose server does not open: see the header */
    http_server_free(server);
    return NULL;
}

uint16_t http_server_port(const struct http_server *server) { return server->port; }

uint32_t http_server_pending(const struct http_server *server) { return server->pending; }

struct http_server_counts http_server_counts(const struct http_server *server) { return server->counts; }

void http_server_drain(struct http_server *server) {
    server->draining = true;
    stop_listening(server);
    for (uint32_t i = 0; i < server->options.connections_max; i++) {
        struct connection *connection = &server->connections[i];
        if (connection->in_use && !connection->closing && connection->phase == PHASE_READING) {
            linger(server, connection);
        }
    }
}

void http_server_close(struct http_server *server) {
    if (server->closed) {
        return;
    }
    server->closed = true;
    stop_listening(server);
    uv_close((uv_handle_t *)&server->sweep, on_sweep_closed);
    if (server->context) {
        lws_context_destroy(server->context);
    }
}

void http_server_free(struct http_server *server) {
    for (int i = 0; i < 3 && server->context;
        i++) { /* on a foreign loop it goes in steps, the last after the loop has run out */
        lws_context_destroy(server->context);
    }
    for (uint32_t i = 0; server->connections && i < server->options.connections_max; i++) {
        free(server->connections[i].input);
    }
    free((char *)(uintptr_t)server->options.address);
    free((char *)(uintptr_t)server->options.tls_certificate_file);
    free((char *)(uintptr_t)server->options.tls_key_file);
    free(server->every_answer);
    free(server->output);
    free(server->connections);
    free(server);
}
