/* One connection to Valkey on a libuv loop: it authenticates, notices silence, and comes back by itself for as long
 * as it is open. Commands are taken only while it is up and only up to a limit; each is answered once.
 *
 * Threads: everything on the loop's thread. */
#ifndef SHARDBOOK_IO_VALKEY_CLIENT_VALKEY_CLIENT_H
#define SHARDBOOK_IO_VALKEY_CLIENT_VALKEY_CLIENT_H

#include "core/status.h"
#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct redisReply; /* of hiredis; readers that want no more than texts and numbers use valkey_reply_* below */
struct valkey_client;

/* Strings are copied by valkey_client_open. Numbers of 0 take the default named. */
struct valkey_client_options {
    const char *host; /* "name", "name:port", "1.2.3.4:port", "[::1]:port" or "::1"; a port in it wins over `port` */
    uint16_t port;    /* 6379 */
    const char *user; /* NULL or "": the default user */
    const char *password; /* NULL or "": no AUTH; never logged */
    bool tls;
    const char *tls_ca_file;     /* NULL: the system's authorities */
    const char *tls_server_name; /* NULL: the host; the certificate must be for it */
    bool tls_skip_verify;        /* any certificate is taken */
    uint32_t connect_timeout_ms; /* 3000: look-up, connect, TLS, AUTH and PING together */
    uint32_t command_timeout_ms; /* 3000: silence for so long while something waits for an answer ends the connection */
    uint32_t back_off_min_ms;    /* 50: pause before the second try, doubled for each further one */
    uint32_t back_off_max_ms;    /* 2000; a refused password waits this long at once */
    uint32_t in_flight_max;      /* 1024 commands */
};

/* What the client tells; any of them may be NULL. They may send commands, but not close the client. */
struct valkey_client_events {
    void (*on_up)(void *context);                    /* authenticated and answering */
    void (*on_down)(void *context, const char *why); /* was up; every command in flight was answered with NULL before */
    void (*on_refused)(void *context, const char *why); /* a try failed; called when `why` differs from the last one */
    void *context;
};

/* Called once per command taken: `reply` as hiredis has it, gone after the call, or NULL: the connection was lost, and
 * whether the command ran is unknown. Error replies of Valkey are replies. */
typedef void (*valkey_on_reply)(void *context, const struct redisReply *reply);

/* Starts connecting; returns NULL with *status INVALID (host or TLS options; *why says it, static or thread-local text)
 * or NO_MEMORY. */
struct valkey_client *valkey_client_open(uv_loop_t *loop, const struct valkey_client_options *options,
    const struct valkey_client_events *events, int *status, const char **why);

/* Answers what is in flight with NULL, ends the connection without on_down, and frees the client once the loop has
 * run its handles' ends: run the loop afterwards. Not from inside a callback of this client. */
void valkey_client_close(struct valkey_client *client);

bool valkey_client_is_up(const struct valkey_client *client);

/* Sends a command of `count` words (binary safe; copied). on_reply may be NULL. STATUS_AWAY: not up; STATUS_FULL:
 * in_flight_max reached; on both nothing was taken. Replies come in the order of commands. */
int valkey_client_command(
    struct valkey_client *client, const struct text *words, size_t count, valkey_on_reply on_reply, void *context);

uint32_t valkey_client_in_flight(const struct valkey_client *client);

/* Round trip of the last answered command that found the line idle, in microseconds; 0 before the first. */
uint64_t valkey_client_round_trip_us(const struct valkey_client *client);

/* Counted since open. */
struct valkey_client_counts {
    uint64_t connects, losses, refusals, commands, full;
};
struct valkey_client_counts valkey_client_counts(const struct valkey_client *client);

/* Splits "host:port" as described above; host (at most `bytes` with its end) and *port (untouched if none is named).
 * False if it has no valid form or does not fit. */
bool valkey_client_split_host(const char *given, char *host, size_t bytes, uint16_t *port);

/* Readers of a reply; all take NULL. A text is absent unless the reply is a string or status; views the reply. */
struct text valkey_reply_text(const struct redisReply *reply);
struct text valkey_reply_error(const struct redisReply *reply); /* absent unless it is an error */
bool valkey_reply_is_nil(const struct redisReply *reply);
bool valkey_reply_integer(const struct redisReply *reply, int64_t *value);              /* false unless an integer */
size_t valkey_reply_count(const struct redisReply *reply);                              /* of an array, else 0 */
const struct redisReply *valkey_reply_at(const struct redisReply *reply, size_t index); /* NULL beyond the end */

#endif
