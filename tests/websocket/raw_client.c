#include "tests/websocket/raw_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void fail(const char *why) {
    fprintf(stderr, "raw client: %s\n", why);
    exit(1);
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int connect_to(uint16_t port, int receive_bytes) {
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (s < 0) fail("no socket");
    if (receive_bytes) setsockopt(s, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    if (connect(s, (struct sockaddr *)&address, sizeof address) != 0) fail("cannot connect");
    return s;
}

static void send_all(int s, const void *bytes, size_t size) {
    const char *at = bytes;
    while (size) {
        ssize_t sent = send(s, at, size, MSG_NOSIGNAL);
        if (sent <= 0) return; /* the server closed: what it said shows */
        at += sent;
        size -= (size_t)sent;
    }
}

/* Reads more; false at the end of the stream or after the time. */
static bool receive(struct raw_client *client, int64_t until_ms, bool *is_end) {
    struct pollfd ready = {.fd = client->socket, .events = POLLIN};
    int64_t left_ms = until_ms - now_ms();
    *is_end = false;
    if (poll(&ready, 1, left_ms > 0 ? (int)left_ms : 0) <= 0) return false;
    if (client->capacity - client->size < 65536) {
        client->capacity = client->capacity ? 2 * client->capacity : 131072;
        client->bytes = realloc(client->bytes, client->capacity);
    }
    ssize_t got = recv(client->socket, client->bytes + client->size, client->capacity - client->size - 1, 0);
    *is_end = got <= 0;
    if (got <= 0) return false;
    client->size += (size_t)got;
    client->received_bytes += (uint64_t)got;
    client->bytes[client->size] = 0;
    return true;
}

static void consume(struct raw_client *client, size_t bytes) {
    memmove(client->bytes, client->bytes + bytes, client->size - bytes);
    client->size -= bytes;
}

int raw_open(struct raw_client *client, uint16_t port, const char *path, const char *headers, int receive_bytes) {
    char request[2048];
    *client = (struct raw_client){.socket = connect_to(port, receive_bytes)};
    int size = snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n",
        path, headers ? headers : "");
    send_all(client->socket, request, (size_t)size);
    int64_t until_ms = now_ms() + 5000;
    char *end = NULL;
    bool is_end;
    while ((!client->bytes || !(end = strstr(client->bytes, "\r\n\r\n"))) && receive(client, until_ms, &is_end));
    if (!end) return 0;
    int status = atoi(client->bytes + strlen("HTTP/1.1 "));
    consume(client, (size_t)(end + 4 - client->bytes));
    return status;
}

void raw_close(struct raw_client *client) {
    close(client->socket);
    free(client->bytes);
    free(client->message);
    *client = (struct raw_client){.socket = -1};
}

void raw_send_frame(struct raw_client *client, uint8_t first_byte, const void *payload, size_t size) {
    unsigned char *frame = malloc(size + 14);
    static const unsigned char mask[4] = {0x12, 0x34, 0x56, 0x78};
    size_t at = 0;
    frame[at++] = first_byte;
    if (size < 126) {
        frame[at++] = (unsigned char)(0x80 | size);
    } else if (size < 65536) {
        frame[at++] = 0x80 | 126;
        frame[at++] = (unsigned char)(size >> 8);
        frame[at++] = (unsigned char)size;
    } else {
        frame[at++] = 0x80 | 127;
        for (int shift = 56; shift >= 0; shift -= 8) frame[at++] = (unsigned char)((uint64_t)size >> shift);
    }
    memcpy(frame + at, mask, 4);
    at += 4;
    for (size_t i = 0; i < size; i++) frame[at + i] = ((const unsigned char *)payload)[i] ^ mask[i & 3];
    send_all(client->socket, frame, at + size);
    free(frame);
}

void raw_say(struct raw_client *client, const char *text) { raw_send_frame(client, 0x81, text, strlen(text)); }

/* The bytes of the first frame if it is whole, else 0. */
static size_t frame_size(const struct raw_client *client, size_t *header, size_t *payload) {
    const unsigned char *b = (const unsigned char *)client->bytes;
    if (client->size < 2) return 0;
    if (b[1] & 0x80) fail("a server's frame is masked");
    *payload = b[1] & 0x7f;
    *header = *payload < 126 ? 2 : *payload == 126 ? 4 : 10;
    if (client->size < *header) return 0;
    if (*header > 2) {
        *payload = 0;
        for (size_t i = 2; i < *header; i++) *payload = *payload << 8 | b[i];
    }
    return client->size < *header + *payload ? 0 : *header + *payload;
}

static void keep_message(struct raw_client *client, const char *text, size_t size) {
    if (client->message_capacity < size + 1) {
        client->message_capacity = 2 * size + 64;
        client->message = realloc(client->message, client->message_capacity);
    }
    memcpy(client->message, text, size);
    client->message[size] = 0;
    client->message_bytes = size;
}

static enum raw_kind take_frame(struct raw_client *client, size_t header, size_t payload) {
    unsigned char first = (unsigned char)client->bytes[0];
    const char *text = client->bytes + header;
    enum raw_kind kind = RAW_TEXT;
    if (!(first & 0x80) || first & 0x70) fail("a frame is not final or has reserved bits");
    switch (first & 0x0f) {
    case 1: keep_message(client, text, payload); break;
    case 8:
        kind = RAW_CLOSE;
        client->close_code = payload >= 2 ? ((unsigned char)text[0] << 8 | (unsigned char)text[1]) : 1005;
        keep_message(client, text + (payload >= 2 ? 2 : 0), payload >= 2 ? payload - 2 : 0);
        break;
    case 9:
        kind = RAW_PING;
        raw_send_frame(client, 0x8a, text, payload);
        break;
    case 10: kind = RAW_PING; break;
    default: fail("a frame of an unknown kind");
    }
    consume(client, header + payload);
    return kind;
}

enum raw_kind raw_read(struct raw_client *client, int timeout_ms) {
    int64_t until_ms = now_ms() + timeout_ms;
    for (;;) {
        size_t header, payload;
        if (client->size && frame_size(client, &header, &payload)) return take_frame(client, header, payload);
        bool is_end;
        if (!receive(client, until_ms, &is_end)) return is_end ? RAW_END : RAW_TIMEOUT;
    }
}

const char *raw_expect(struct raw_client *client) {
    enum raw_kind kind;
    do kind = raw_read(client, 5000);
    while (kind == RAW_PING);
    if (kind != RAW_TEXT) {
        fprintf(stderr, "raw client: kind %d, close code %d\n", kind, client->close_code);
        fail("a text was expected");
    }
    return client->message;
}

int raw_http(uint16_t port, const char *method, const char *path, char *body, size_t body_bytes) {
    struct raw_client client = {.socket = connect_to(port, 0)};
    char request[512];
    int size =
        snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", method, path);
    send_all(client.socket, request, (size_t)size);
    bool is_end = false;
    int64_t until_ms = now_ms() + 5000;
    while (receive(&client, until_ms, &is_end));
    snprintf(body, body_bytes, "%s", client.bytes ? client.bytes : "");
    int status = client.bytes ? atoi(client.bytes + strlen("HTTP/1.1 ")) : 0;
    raw_close(&client);
    return status;
}
