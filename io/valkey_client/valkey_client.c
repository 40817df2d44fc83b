#include "io/valkey_client/valkey_client.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <hiredis/hiredis_ssl.h>
/* The adapter is C of a looser style than ours. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wshadow"
#include <hiredis/adapters/libuv.h>
#pragma GCC diagnostic pop

#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 512, HOST_BYTES = 256, WHY_BYTES = 192 };

enum phase { PHASE_WAITING, PHASE_LOOKING_UP, PHASE_GREETING, PHASE_UP, PHASE_CLOSED };

/* A command on its way. */
struct call {
    struct valkey_client *client;
    valkey_on_reply on_reply;
    void *context;
    struct call *next_free;
    uint64_t sent_ns; /* 0: it did not find the line idle */
};

struct valkey_client {
    uv_loop_t *loop;
    uv_timer_t timer; /* WAITING: next try; LOOKING_UP, GREETING: deadline; UP: looks for silence */
    uv_getaddrinfo_t lookup;
    bool looking_up; /* `lookup` belongs to libuv */
    bool timer_closed;
    enum phase phase;

    char host[HOST_BYTES];
    char server_name[HOST_BYTES];
    char port[8];
    uint16_t port_number;
    char *user, *password;
    SSL_CTX *tls;
    bool tls_skip_verify;
    uint32_t connect_timeout_ms, command_timeout_ms, back_off_min_ms, back_off_max_ms;

    redisAsyncContext *connection;
    uint32_t tries; /* failed ones since the last time up */
    bool bad_password;
    uint64_t waiting_since_ms; /* the oldest unanswered command's, or the last answer's time; 0: nothing waits */
    uint64_t round_trip_us;
    char why[WHY_BYTES];  /* of this failure */
    char told[WHY_BYTES]; /* of the last on_refused */

    struct valkey_client_events events;
    struct valkey_client_counts counts;
    uint32_t in_flight, in_flight_max;
    struct call *calls, *free_calls;
};

static void start_try(struct valkey_client *client);
static void lose(struct valkey_client *client, const char *why);

/* ---------------------------------------------------------------- options */

static bool copy_host(const char *from, size_t size, char *host, size_t bytes) {
    if (size == 0 || size >= bytes) {
        return false;
    }
    memcpy(host, from, size);
    host[size] = 0;
    return true;
}

static bool parse_port(const char *digits, uint16_t *port) {
    char *end;
    unsigned long value = strtoul(digits, &end, 10);
    if (*digits < '0' || *digits > '9' || *end || value == 0 || value > 65535) {
        return false;
    }
    *port = (uint16_t)value;
    return true;
}

bool valkey_client_split_host(const char *given, char *host, size_t bytes, uint16_t *port) {
    if (!given) {
        return false;
    }
    if (given[0] == '[') {
        const char *end = strchr(given, ']');
        return end && copy_host(given + 1, (size_t)(end - given - 1), host, bytes) &&
               (end[1] == 0 || (end[1] == ':' && parse_port(end + 2, port)));
    }
    const char *colon = strchr(given, ':');
    bool bare_v6 = colon && strchr(colon + 1, ':');
    if (!colon || bare_v6) {
        return copy_host(given, strlen(given), host, bytes);
    }
    return copy_host(given, (size_t)(colon - given), host, bytes) && parse_port(colon + 1, port);
}

static const char *open_tls(struct valkey_client *client, const struct valkey_client_options *options) {
    client->tls = SSL_CTX_new(TLS_client_method());
    if (!client->tls || SSL_CTX_set_min_proto_version(client->tls, TLS1_2_VERSION) != 1) {
        return "TLS cannot be set up";
    }
    client->tls_skip_verify = options->tls_skip_verify;
    SSL_CTX_set_verify(client->tls, options->tls_skip_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (options->tls_ca_file && *options->tls_ca_file) {
        if (SSL_CTX_load_verify_locations(client->tls, options->tls_ca_file, NULL) != 1) {
            return "the file of TLS authorities cannot be read: it must hold certificates in PEM";
        }
    } else if (SSL_CTX_set_default_verify_paths(client->tls) != 1) {
        return "the system's TLS authorities cannot be read: name a file";
    }
    return NULL;
}

static uint32_t or_default(uint32_t given, uint32_t otherwise) { return given ? given : otherwise; }

static char *copy_or_null(const char *string) { return string && *string ? strdup(string) : NULL; }

static bool make_calls(struct valkey_client *client) {
    client->calls = calloc(client->in_flight_max, sizeof *client->calls);
    for (uint32_t i = 0; client->calls && i < client->in_flight_max; i++) {
        client->calls[i].client = client;
        client->calls[i].next_free = client->free_calls;
        client->free_calls = &client->calls[i];
    }
    return client->calls != NULL;
}

static const char *take_options(struct valkey_client *client, const struct valkey_client_options *options) {
    client->port_number = options->port ? options->port : 6379;
    if (!valkey_client_split_host(options->host, client->host, sizeof client->host, &client->port_number)) {
        return "the Valkey host must be NAME, NAME:PORT or [ADDRESS]:PORT";
    }
    snprintf(client->port, sizeof client->port, "%u", client->port_number);
    const char *name = options->tls_server_name && *options->tls_server_name ? options->tls_server_name : client->host;
    if (!copy_host(name, strlen(name), client->server_name, sizeof client->server_name)) {
        return "the TLS server name is too long";
    }
    client->user = copy_or_null(options->user);
    client->password = copy_or_null(options->password);
    client->connect_timeout_ms = or_default(options->connect_timeout_ms, 3000);
    client->command_timeout_ms = or_default(options->command_timeout_ms, 3000);
    client->back_off_min_ms = or_default(options->back_off_min_ms, 50);
    client->back_off_max_ms = or_default(options->back_off_max_ms, 2000);
    client->in_flight_max = or_default(options->in_flight_max, 1024);
    return options->tls ? open_tls(client, options) : NULL;
}

static void free_client(struct valkey_client *client) {
    if (client->password) {
        OPENSSL_cleanse(client->password, strlen(client->password));
    }
    free(client->user);
    free(client->password);
    free(client->calls);
    SSL_CTX_free(client->tls);
    free(client);
}

struct valkey_client *valkey_client_open(uv_loop_t *loop, const struct valkey_client_options *options,
    const struct valkey_client_events *events, int *status, const char **why) {
    *status = STATUS_NO_MEMORY;
    *why = "out of memory";
    struct valkey_client *client = calloc(1, sizeof *client);
    if (!client) {
        return NULL;
    }
    client->loop = loop;
    client->events = *events;
    const char *fault = take_options(client, options);
    if (fault) {
        *status = STATUS_INVALID;
        *why = fault;
        free_client(client);
        return NULL;
    }
    if (!make_calls(client)) {
        free_client(client);
        return NULL;
    }
    uv_timer_init(loop, &client->timer);
    client->timer.data = client;
    client->lookup.data = client;
    start_try(client);
    *status = STATUS_OK;
    *why = NULL;
    return client;
}

/* ---------------------------------------------------------------- failing and trying again */

static uint64_t pause_ms(const struct valkey_client *client) {
    if (client->bad_password) {
        return client->back_off_max_ms;
    }
    uint64_t pause = client->back_off_min_ms;
    for (uint32_t i = 1; i < client->tries && pause < client->back_off_max_ms; i++) {
        pause *= 2;
    }
    return pause < client->back_off_max_ms ? pause : client->back_off_max_ms;
}

static void on_pause_over(uv_timer_t *timer) { start_try(timer->data); }

static void tell_refused(struct valkey_client *client) {
    if (strcmp(client->why, client->told) == 0) {
        return;
    }
    memcpy(client->told, client->why, sizeof client->told);
    if (client->events.on_refused) {
        client->events.on_refused(client->events.context, client->why);
    }
}

static void tell_down(struct valkey_client *client) {
    client->counts.losses++;
    if (client->events.on_down) {
        client->events.on_down(client->events.context, client->why);
    }
}

/* Leaves whatever phase it is in for WAITING. */
static void lose(struct valkey_client *client, const char *why) {
    if (client->phase == PHASE_WAITING || client->phase == PHASE_CLOSED) {
        return;
    }
    bool was_up = client->phase == PHASE_UP;
    snprintf(client->why, sizeof client->why, "%s", why);
    client->phase = PHASE_WAITING;
    client->waiting_since_ms = 0;
    client->tries++;
    redisAsyncContext *connection = client->connection;
    client->connection = NULL;
    if (connection) {
        redisAsyncFree(connection); /* inside one of its own callbacks it goes when that returns */
    }
    uv_timer_start(&client->timer, on_pause_over, pause_ms(client), 0);
    if (was_up) {
        tell_down(client);
    } else {
        client->counts.refusals++;
        tell_refused(client);
    }
}

static void on_deadline(uv_timer_t *timer) { lose(timer->data, "no answer within the connect timeout"); }

static void on_silence_check(uv_timer_t *timer) {
    struct valkey_client *client = timer->data;
    if (client->waiting_since_ms && uv_now(client->loop) - client->waiting_since_ms > client->command_timeout_ms) {
        lose(client, "no answer within the command timeout");
    }
}

/* ---------------------------------------------------------------- a try: look up, connect, greet */

static void come_up(struct valkey_client *client) {
    client->phase = PHASE_UP;
    client->tries = 0;
    client->bad_password = false;
    client->told[0] = 0;
    client->counts.connects++;
    uint64_t look_ms = client->command_timeout_ms / 4 + 1;
    uv_timer_start(&client->timer, on_silence_check, look_ms, look_ms);
    if (client->events.on_up) {
        client->events.on_up(client->events.context);
    }
}

static void refuse(struct valkey_client *client, const redisReply *reply) {
    client->bad_password = strncmp(reply->str, "WRONGPASS", 9) == 0 || strncmp(reply->str, "NOAUTH", 6) == 0 ||
                           strncmp(reply->str, "ERR AUTH", 8) == 0 || strncmp(reply->str, "NOPERM", 6) == 0;
    char why[WHY_BYTES];
    snprintf(why, sizeof why, "%s", reply->str);
    lose(client, why);
}

static void on_greeted(redisAsyncContext *connection, void *raw, void *context) {
    struct valkey_client *client = context;
    const redisReply *reply = raw;
    if (connection != client->connection || client->phase != PHASE_GREETING || !reply) {
        return;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        refuse(client, reply);
    } else {
        come_up(client);
    }
}

static void on_authenticated(redisAsyncContext *connection, void *raw, void *context) {
    struct valkey_client *client = context;
    const redisReply *reply = raw;
    if (connection == client->connection && reply && reply->type == REDIS_REPLY_ERROR) {
        refuse(client, reply);
    }
}

static void greet(struct valkey_client *client) {
    redisAsyncContext *connection = client->connection;
    if (client->password && client->user) {
        redisAsyncCommand(connection, on_authenticated, client, "AUTH %s %s", client->user, client->password);
    } else if (client->password) {
        redisAsyncCommand(connection, on_authenticated, client, "AUTH %s", client->password);
    }
    redisAsyncCommand(connection, on_greeted, client, "PING");
}

static void on_connected(const redisAsyncContext *connection, int status) {
    struct valkey_client *client = connection->data;
    if (connection != client->connection || status == REDIS_OK) {
        return;
    }
    char why[WHY_BYTES];
    snprintf(why, sizeof why, "%s", connection->errstr ? connection->errstr : "cannot connect");
    client->connection = NULL; /* hiredis frees it after this call */
    lose(client, why);
}

static void on_disconnected(const redisAsyncContext *connection, int status) {
    (void)status;
    struct valkey_client *client = connection->data;
    if (connection != client->connection) {
        return;
    }
    char why[WHY_BYTES];
    snprintf(
        why, sizeof why, "%s", connection->errstr && *connection->errstr ? connection->errstr : "connection closed");
    client->connection = NULL;
    lose(client, why);
}

static bool start_tls(struct valkey_client *client) {
    SSL *ssl = SSL_new(client->tls);
    if (!ssl) {
        return false;
    }
    X509_VERIFY_PARAM *verify = SSL_get0_param(ssl);
    bool named =
        client->tls_skip_verify || X509_VERIFY_PARAM_set1_ip_asc(verify, client->server_name) == 1 ||
        (SSL_set1_host(ssl, client->server_name) == 1 && SSL_set_tlsext_host_name(ssl, client->server_name) == 1);
    ERR_clear_error();
    if (!named) {
        SSL_free(ssl);
        return false;
    }
    return redisInitiateSSL(&client->connection->c, ssl) == REDIS_OK; /* which owns ssl from here on, or freed it */
}

static void connect_to(struct valkey_client *client, const char *address) {
    redisOptions options = {0};
    REDIS_OPTIONS_SET_TCP(&options, address, client->port_number);
    redisAsyncContext *connection = redisAsyncConnectWithOptions(&options);
    if (!connection) {
        lose(client, "out of memory");
        return;
    }
    client->connection = connection;
    connection->data = client;
    if (connection->err) {
        char why[WHY_BYTES];
        snprintf(why, sizeof why, "%s", connection->errstr);
        lose(client, why);
    } else if (redisLibuvAttach(connection, client->loop) != REDIS_OK) {
        lose(client, "the loop takes no more connections");
    } else if (client->tls && !start_tls(client)) {
        lose(client, "TLS cannot start");
    } else {
        client->phase = PHASE_GREETING;
        redisAsyncSetConnectCallback(connection, on_connected);
        redisAsyncSetDisconnectCallback(connection, on_disconnected);
        greet(client);
    }
}

static void on_looked_up(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found) {
    struct valkey_client *client = lookup->data;
    client->looking_up = false;
    if (client->phase == PHASE_CLOSED) {
        if (client->timer_closed) {
            free_client(client);
        }
    } else if (client->phase == PHASE_WAITING) {
        /* it came too late; the timer tries again */
    } else if (status != 0) {
        lose(client, uv_strerror(status));
    } else {
        char address[64];
        int named = getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST);
        if (named == 0) {
            connect_to(client, address);
        } else {
            lose(client, "the host's address cannot be read");
        }
    }
    uv_freeaddrinfo(found);
}

static void start_try(struct valkey_client *client) {
    client->phase = PHASE_LOOKING_UP;
    uv_timer_start(&client->timer, on_deadline, client->connect_timeout_ms, 0);
    if (client->looking_up) {
        lose(client, "the name service does not answer");
        return;
    }
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    int result = uv_getaddrinfo(client->loop, &client->lookup, on_looked_up, client->host, client->port, &hints);
    client->looking_up = result == 0;
    if (result != 0) {
        lose(client, uv_strerror(result));
    }
}

/* ---------------------------------------------------------------- commands */

static struct call *take_call(struct valkey_client *client, valkey_on_reply on_reply, void *context) {
    struct call *call = client->free_calls;
    client->free_calls = call->next_free;
    call->on_reply = on_reply;
    call->context = context;
    call->sent_ns = client->in_flight == 0 ? uv_hrtime() : 0;
    client->in_flight++;
    return call;
}

static void give_back_call(struct call *call) {
    call->next_free = call->client->free_calls;
    call->client->free_calls = call;
    call->client->in_flight--;
}

static void note_answer(struct valkey_client *client, const struct call *call) {
    client->waiting_since_ms = client->in_flight ? uv_now(client->loop) : 0;
    if (call->sent_ns) {
        client->round_trip_us = (uv_hrtime() - call->sent_ns) / 1000;
    }
}

static void on_answered(redisAsyncContext *connection, void *reply, void *context) {
    struct call *call = context;
    struct valkey_client *client = call->client;
    valkey_on_reply on_reply = call->on_reply;
    void *on_reply_context = call->context;
    give_back_call(call);
    if (reply && connection == client->connection) {
        note_answer(client, call);
    }
    if (on_reply) {
        on_reply(on_reply_context, reply);
    }
}

int valkey_client_command(
    struct valkey_client *client, const struct text *words, size_t count, valkey_on_reply on_reply, void *context) {
    const char *argv[WORDS_MAX];
    size_t sizes[WORDS_MAX];
    if (count == 0 || count > WORDS_MAX) {
        return STATUS_INVALID;
    }
    if (client->phase != PHASE_UP || !client->connection) {
        return STATUS_AWAY;
    }
    if (!client->free_calls) {
        client->counts.full++;
        return STATUS_FULL;
    }
    for (size_t i = 0; i < count; i++) {
        argv[i] = words[i].data ? words[i].data : "";
        sizes[i] = words[i].size;
    }
    struct call *call = take_call(client, on_reply, context);
    if (redisAsyncCommandArgv(client->connection, on_answered, call, (int)count, argv, sizes) != REDIS_OK) {
        give_back_call(call);
        return STATUS_AWAY;
    }
    client->counts.commands++;
    if (!client->waiting_since_ms) {
        client->waiting_since_ms = uv_now(client->loop);
    }
    return STATUS_OK;
}

bool valkey_client_is_up(const struct valkey_client *client) { return client->phase == PHASE_UP; }

uint32_t valkey_client_in_flight(const struct valkey_client *client) { return client->in_flight; }

uint64_t valkey_client_round_trip_us(const struct valkey_client *client) { return client->round_trip_us; }

struct valkey_client_counts valkey_client_counts(const struct valkey_client *client) { return client->counts; }

/* ---------------------------------------------------------------- end */

static void on_timer_closed(uv_handle_t *handle) {
    struct valkey_client *client = handle->data;
    client->timer_closed = true;
    if (!client->looking_up) {
        free_client(client);
    }
}

void valkey_client_close(struct valkey_client *client) {
    client->phase = PHASE_CLOSED;
    redisAsyncContext *connection = client->connection;
    client->connection = NULL;
    if (connection) {
        redisAsyncFree(connection);
    }
    if (client->looking_up) {
        uv_cancel((uv_req_t *)&client->lookup);
    }
    uv_close((uv_handle_t *)&client->timer, on_timer_closed);
}

/* ---------------------------------------------------------------- replies */

struct text valkey_reply_text(const struct redisReply *reply) {
    if (!reply || (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS)) {
        return TEXT_NONE;
    }
    return (struct text){reply->str, (uint32_t)reply->len};
}

struct text valkey_reply_error(const struct redisReply *reply) {
    if (!reply || reply->type != REDIS_REPLY_ERROR) {
        return TEXT_NONE;
    }
    return (struct text){reply->str, (uint32_t)reply->len};
}

bool valkey_reply_is_nil(const struct redisReply *reply) { return reply && reply->type == REDIS_REPLY_NIL; }

bool valkey_reply_integer(const struct redisReply *reply, int64_t *value) {
    if (!reply || reply->type != REDIS_REPLY_INTEGER) {
        return false;
    }
    *value = reply->integer;
    return true;
}

size_t valkey_reply_count(const struct redisReply *reply) {
    return reply && reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
}

const struct redisReply *valkey_reply_at(const struct redisReply *reply, size_t index) {
    return index < valkey_reply_count(reply) ? reply->element[index] : NULL;
}
