#include "bench/web_socket.h"

#include "core/check.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { OP_CONTINUE = 0, OP_TEXT = 1, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

/* A write under way; its bytes behind it. */
struct writing {
    uv_write_t write;
    uint32_t size;
    unsigned char bytes[];
};

static void on_nothing_left(uv_handle_t *handle) { (void)handle; }

static void fail(struct web_socket *socket, const char *why) {
    if (socket->state == WEB_SOCKET_CLOSED) return;
    socket->state = WEB_SOCKET_CLOSED;
    uv_close((uv_handle_t *)&socket->socket, on_nothing_left);
    socket->events.on_closed(socket, why);
}

static void on_written(uv_write_t *write, int status) {
    struct web_socket *socket = write->handle->data;
    free(write->data);
    if (status < 0 && status != UV_ECANCELED) fail(socket, uv_strerror(status));
}

static bool send_bytes(struct web_socket *socket, struct writing *writing) {
    uv_buf_t buffer = uv_buf_init((char *)writing->bytes, writing->size);
    writing->write.data = writing;
    if (uv_write(&writing->write, (uv_stream_t *)&socket->socket, &buffer, 1, on_written) == 0) return true;
    free(writing);
    return false;
}

/* A client's frame is masked; which mask does not matter to a server of ours, so it is all zero. */
static bool send_frame(struct web_socket *socket, unsigned op, struct text payload) {
    struct writing *writing = malloc(sizeof *writing + payload.size + 8);
    unsigned at = 0;
    if (!writing) return false;
    writing->bytes[at++] = (unsigned char)(0x80 | op);
    if (payload.size < 126) {
        writing->bytes[at++] = (unsigned char)(0x80 | payload.size);
    } else {
        writing->bytes[at++] = 0x80 | 126;
        writing->bytes[at++] = (unsigned char)(payload.size >> 8);
        writing->bytes[at++] = (unsigned char)payload.size;
    }
    memset(writing->bytes + at, 0, 4);
    if (payload.size) memcpy(writing->bytes + at + 4, payload.data, payload.size);
    writing->size = at + 4 + payload.size;
    return send_bytes(socket, writing);
}

bool web_socket_send(struct web_socket *socket, struct text message) {
    return socket->state == WEB_SOCKET_OPEN && message.size <= WEB_SOCKET_OUT_BYTES - 16 &&
           send_frame(socket, OP_TEXT, message);
}

/* ---- frames in */

struct frame {
    unsigned op;
    bool final;
    struct text payload;
    size_t bytes; /* of all of it */
};

/* 1: a whole frame at the start of `bytes`; 0: something is missing; -1: none that a server may send. */
static int read_frame(const char *bytes, size_t size, struct frame *frame) {
    const unsigned char *at = (const unsigned char *)bytes;
    uint64_t length, head = 2;
    if (size < 2) return 0;
    if (at[1] & 0x80 || at[0] & 0x70) return -1;
    length = at[1] & 0x7f;
    if (length >= 126) {
        unsigned places = length == 126 ? 2 : 8;
        if (size < 2 + places) return 0;
        length = 0;
        for (unsigned i = 0; i < places; i++) length = length << 8 | at[2 + i];
        head += places;
    }
    if (length > WEB_SOCKET_IN_BYTES - 16) return -1;
    *frame = (struct frame){at[0] & 0xf, at[0] >> 7, {bytes + head, (uint32_t)length}, head + length};
    return size >= head + length;
}

static void on_close_frame(struct web_socket *socket, struct text payload) {
    unsigned code =
        payload.size >= 2 ? (unsigned)(unsigned char)payload.data[0] << 8 | (unsigned char)payload.data[1] : 1005;
    int words = payload.size > 2 ? (int)payload.size - 2 : 0;
    snprintf(socket->why, sizeof socket->why, "the server closed with %u%s%.*s", code, words ? " " : "", words,
        words ? payload.data + 2 : "");
    fail(socket, socket->why);
}

/* Frames of one message are put together; most have only one. */
static void on_part(struct web_socket *socket, const struct frame *frame) {
    if (frame->final && socket->fragment_bytes == 0) {
        socket->events.on_message(socket, frame->payload);
        return;
    }
    if (socket->fragment_bytes + frame->payload.size > WEB_SOCKET_IN_BYTES) {
        fail(socket, "a message is too long");
        return;
    }
    memcpy(socket->fragments + socket->fragment_bytes, frame->payload.data, frame->payload.size);
    socket->fragment_bytes += frame->payload.size;
    if (frame->final) {
        struct text whole = {socket->fragments, socket->fragment_bytes};
        socket->fragment_bytes = 0;
        socket->events.on_message(socket, whole);
    }
}

static void on_frame(struct web_socket *socket, const struct frame *frame) {
    if (frame->op == OP_TEXT || frame->op == OP_CONTINUE)
        on_part(socket, frame);
    else if (frame->op == OP_PING)
        send_frame(socket, OP_PONG, frame->payload);
    else if (frame->op == OP_CLOSE)
        on_close_frame(socket, frame->payload);
}

static void take_frames(struct web_socket *socket) {
    size_t taken = 0;
    struct frame frame;
    int found = 0;
    while (socket->state == WEB_SOCKET_OPEN &&
           (found = read_frame(socket->in + taken, socket->received - taken, &frame)) > 0) {
        taken += frame.bytes;
        on_frame(socket, &frame);
    }
    memmove(socket->in, socket->in + taken, socket->received - taken);
    socket->received -= (uint32_t)taken;
    if (found < 0) fail(socket, "the server sent what is no WebSocket frame");
}

/* ---- opening */

static void take_upgrade(struct web_socket *socket) {
    char *end = memmem(socket->in, socket->received, "\r\n\r\n", 4);
    if (!end) return;
    if (socket->received < 12 || memcmp(socket->in + 9, "101", 3) != 0) {
        snprintf(socket->why, sizeof socket->why, "the server refused the WebSocket: %.*s",
            (int)strcspn(socket->in, "\r"), socket->in);
        fail(socket, socket->why);
        return;
    }
    socket->received -= (uint32_t)(end + 4 - socket->in);
    memmove(socket->in, end + 4, socket->received);
    socket->state = WEB_SOCKET_OPEN;
    socket->events.on_open(socket);
    take_frames(socket);
}

static void on_room(uv_handle_t *handle, size_t size, uv_buf_t *buffer) {
    struct web_socket *socket = handle->data;
    (void)size;
    *buffer = uv_buf_init(socket->in + socket->received, WEB_SOCKET_IN_BYTES - socket->received);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
    struct web_socket *socket = stream->data;
    (void)buffer;
    if (size < 0) {
        fail(socket, size == UV_EOF ? "the server closed the connection" : uv_strerror((int)size));
        return;
    }
    socket->received += (uint32_t)size;
    if (socket->state == WEB_SOCKET_UPGRADING)
        take_upgrade(socket);
    else if (socket->state == WEB_SOCKET_OPEN)
        take_frames(socket);
}

static bool send_upgrade(struct web_socket *socket) {
    struct writing *writing = malloc(sizeof *writing + 1024);
    unsigned char random[16], key[32];
    if (!writing || RAND_bytes(random, sizeof random) != 1) {
        free(writing);
        return false;
    }
    EVP_EncodeBlock(key, random, sizeof random);
    int size = snprintf((char *)writing->bytes, 1024,
        "GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: %s\r\n%s%s%s\r\n",
        socket->host, (char *)key, *socket->api_key ? "x-api-key: " : "", socket->api_key,
        *socket->api_key ? "\r\n" : "");
    writing->size = (uint32_t)size;
    return send_bytes(socket, writing);
}

static void on_connected(uv_connect_t *connect, int status) {
    struct web_socket *socket = connect->data;
    if (socket->state != WEB_SOCKET_CONNECTING) return;
    socket->state = WEB_SOCKET_UPGRADING;
    if (status < 0)
        fail(socket, uv_strerror(status));
    else if (uv_read_start((uv_stream_t *)&socket->socket, on_room, on_read) < 0 || !send_upgrade(socket))
        fail(socket, "no upgrade could be asked for");
}

bool web_socket_open(struct web_socket *socket, uv_loop_t *loop, const struct sockaddr *address, const char *host,
    const char *api_key, const struct web_socket_events *events) {
    *socket = (struct web_socket){
        .events = *events, .in = malloc(WEB_SOCKET_IN_BYTES), .fragments = malloc(WEB_SOCKET_IN_BYTES)};
    if (!socket->in || !socket->fragments) {
        web_socket_free(socket);
        return false;
    }
    snprintf(socket->host, sizeof socket->host, "%s", host);
    snprintf(socket->api_key, sizeof socket->api_key, "%s", api_key ? api_key : "");
    CHECK(uv_tcp_init(loop, &socket->socket) == 0, "libuv gives no socket");
    socket->socket.data = socket->connect.data = socket;
    uv_tcp_nodelay(&socket->socket, 1);
    if (uv_tcp_connect(&socket->connect, &socket->socket, address, on_connected) < 0) fail(socket, "no socket");
    return true;
}

void web_socket_close(struct web_socket *socket) {
    static const char normal[] = {3, (char)0xe8}; /* 1000 */
    if (socket->state == WEB_SOCKET_CLOSED) return;
    if (socket->state == WEB_SOCKET_OPEN) send_frame(socket, OP_CLOSE, (struct text){normal, sizeof normal});
    socket->state = WEB_SOCKET_CLOSED;
    uv_close((uv_handle_t *)&socket->socket, on_nothing_left);
}

void web_socket_free(struct web_socket *socket) {
    free(socket->in);
    free(socket->fragments);
    socket->in = socket->fragments = NULL;
}
