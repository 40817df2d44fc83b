/* A WebSocket client on a bare socket: it sees every byte, and can misbehave. For one thread. Calls that cannot go on
 * end the test with a message. */
#ifndef SHARDBOOK_TESTS_WEBSOCKET_RAW_CLIENT_H
#define SHARDBOOK_TESTS_WEBSOCKET_RAW_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct raw_client {
    int socket;
    char *bytes; /* received and not yet looked at */
    size_t size, capacity;
    char *message; /* the last text or close reason, terminated */
    size_t message_bytes, message_capacity;
    int close_code; /* of a close frame, else 0 */
    uint64_t received_bytes;
};

enum raw_kind { RAW_TIMEOUT = 0, RAW_TEXT, RAW_PING, RAW_CLOSE, RAW_END };

/* Connects to 127.0.0.1 and upgrades; `headers` are further lines, each ended by \r\n. Returns the HTTP status, 101 for
 * success; *client must be closed in any case. receive_bytes: SO_RCVBUF, 0: as the system has it. */
int raw_open(struct raw_client *client, uint16_t port, const char *path, const char *headers, int receive_bytes);
void raw_close(struct raw_client *client);

/* Sends one frame, masked as a client must. */
void raw_send_frame(struct raw_client *client, uint8_t first_byte, const void *payload, size_t size);
void raw_say(struct raw_client *client, const char *text);

/* The next frame within timeout_ms; client->message has its text. Pings are answered. Aborts on a frame that a server
 * may not send. */
enum raw_kind raw_read(struct raw_client *client, int timeout_ms);

/* The next text within two seconds; ends the test if something else or nothing comes. */
const char *raw_expect(struct raw_client *client);

/* One HTTP request; returns the status and the whole answer in body (terminated). */
int raw_http(uint16_t port, const char *method, const char *path, char *body, size_t body_bytes);

#endif
