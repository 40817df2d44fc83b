#include "io/websocket/door.h"

#include "io/websocket/pages.h"
#include "io/websocket/push_thread.h"
#include "io/websocket/requests.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

enum {
    PATH_BYTES = 256,
    HTTP_SOCKETS = 256, /* beside those of clients */
    REQUEST_TIMEOUT_S = 10,
    IDLE_TIMEOUT_S = 30,
    USER_ID_PARAMETER_BYTES = 512 /* "userId=" and a value, before its length is looked at */
};

static const char api_key_header[] = "x-api-key:";

static struct push *push_of(struct lws *wsi) { return lws_context_user(lws_get_context(wsi)); }

/* ---- upgrades ---- */

static int refuse(struct push *push, struct lws *wsi, int code, const char *reason, const char *body) {
    push_count(&push->counters.refused, 1);
    return pages_answer(wsi, code, reason, "application/json", text_of(body)) ? -1 : 1;
}

static bool is_door(const char *path) {
    return strcmp(path, "/") == 0 || strcmp(path, "/prod") == 0 || strcmp(path, "/prod/") == 0;
}

/* The user that the client says it is; false if that is longer than an id may be. */
static bool read_user(struct lws *wsi, struct connection *connection) {
    char parameter[USER_ID_PARAMETER_BYTES];
    int size = lws_get_urlarg_by_name_safe(wsi, "userId=", parameter, sizeof parameter);
    if (size < 0)
        return lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_URI_ARGS) <
               USER_ID_PARAMETER_BYTES; /* else perhaps it did not fit */
    if (size > ID_BYTES_MAX) return false;
    memcpy(connection->user_id, parameter, (size_t)size);
    return strlen(connection->user_id) == (size_t)size;
}

/* False: there is a key, and it is nobody's. */
static bool read_key(struct lws *wsi, struct connection *connection) {
    char key[API_KEY_BYTES_MAX + 1];
    int size = lws_hdr_custom_length(wsi, api_key_header, sizeof api_key_header - 1);
    if (size < 0) return true;
    if (size > API_KEY_BYTES_MAX ||
        lws_hdr_custom_copy(wsi, key, sizeof key, api_key_header, sizeof api_key_header - 1) < 0)
        return false;
    return request_authenticate(connection, (struct text){key, (uint32_t)size});
}

static void take(struct connection *connection, const char *address) {
    snprintf(connection->address, sizeof connection->address, "%s", address);
    addresses_add(&connection->push->addresses, connection->address);
    lws_set_opaque_user_data(connection->wsi, connection);
}

static void leave(struct lws *wsi) {
    struct connection *connection = lws_get_opaque_user_data(wsi);
    if (!connection) return;
    lws_set_opaque_user_data(wsi, NULL);
    if (connection->address[0]) addresses_remove(&connection->push->addresses, connection->address);
    connection_free(connection);
}

static int on_upgrade(struct push *push, struct lws *wsi, const char *protocol) {
    char path[PATH_BYTES], address[ADDRESS_BYTES_MAX] = "";
    if (strcmp(protocol, "websocket") != 0)
        return refuse(
            push, wsi, 400, "Bad Request", "{\"message\":\"Only an upgrade to websocket is possible here.\"}");
    if (lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI) <= 0 || !is_door(path))
        return refuse(push, wsi, 404, "Not Found", "{\"message\":\"WebSocket is at / and /prod.\"}");
    if (push->is_announced || atomic_load(&push->counters.connections) >= push->settings.connections_max)
        return refuse(push, wsi, 503, "Service Unavailable",
            "{\"message\":\"No further connection is taken now: try again later.\"}");
    lws_get_peer_simple(wsi, address, sizeof address);
    uint32_t per_address_max = push->settings.connections_per_address_max;
    if (per_address_max && addresses_find(&push->addresses, address) >= per_address_max)
        return refuse(push, wsi, 429, "Too Many Requests",
            "{\"message\":\"This address has as many connections as it may have: use one connection for several "
            "symbols.\"}");
    struct connection *connection = connection_open(push, wsi);
    take(connection, address);
    if (!read_user(wsi, connection)) {
        leave(wsi);
        return refuse(push, wsi, 400, "Bad Request", "{\"message\":\"userId may have 1 to 64 bytes.\"}");
    }
    if (!read_key(wsi, connection)) {
        leave(wsi);
        return refuse(push, wsi, 403, "Forbidden", "{\"message\":\"Forbidden\"}");
    }
    return 0;
}

static void on_established(struct lws *wsi) {
    struct connection *connection = lws_get_opaque_user_data(wsi);
    int bytes = (int)connection->push->settings.send_buffer_bytes;
    if (setsockopt(lws_get_socket_fd(wsi), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) != 0)
        push_log(&connection->push->world, "a client's send buffer cannot be limited: %s", strerror(errno));
    presence_on_connected(connection->push, connection);
}

/* Comes for every socket that was taken, and at the very end for the listening one. */
static void on_destroyed(struct lws *wsi) {
    struct push *push = push_of(wsi);
    leave(wsi);
    if (push->sockets) push->sockets--;
}

/* ---- everything ---- */

static int on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size) {
    struct connection *connection = wsi ? lws_get_opaque_user_data(wsi) : NULL;
    (void)user;
    switch (reason) {
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
        return push_of(wsi)->sockets >= push_of(wsi)->settings.connections_max + HTTP_SOCKETS;
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED: push_of(wsi)->sockets++; return 0;
    case LWS_CALLBACK_HTTP: return pages_on_request(push_of(wsi), wsi, (struct text){in, (uint32_t)size});
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return on_upgrade(push_of(wsi), wsi, in);
    case LWS_CALLBACK_ESTABLISHED: on_established(wsi); return 0;
    case LWS_CALLBACK_RECEIVE: return connection ? connection_on_received(connection, in, size) : -1;
    case LWS_CALLBACK_RECEIVE_PONG:
        if (connection) connection_on_pong(connection);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE: return connection ? connection_on_writable(connection) : -1;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        return connection && connection->is_closing ? -1 : 0; /* the answer to ours, or to be answered by lws */
    case LWS_CALLBACK_CLOSED: leave(wsi); return 0;
    case LWS_CALLBACK_WSI_DESTROY: on_destroyed(wsi); return 0;
    default: return 0;
    }
}

static const struct lws_protocols protocols[] = {
    {.name = "shardbook",
        .callback = on_lws,
        .rx_buffer_size = CLIENT_MESSAGE_BYTES_MAX,
        .tx_packet_size = WRITE_BYTES_MAX},
    LWS_PROTOCOL_LIST_TERM,
};

/* libwebsockets keeps its timers in one sorted list: with one for each of 10,000 clients every answer to a ping walks
 * it. connection_beat does it instead. */
static const lws_retry_bo_t no_heartbeat = {0};

int door_open(struct push *push) {
    const struct push_settings *settings = &push->settings;
    void *loops[1] = {&push->loop};
    struct lws_context_creation_info info = {
        .port = settings->port,
        .iface = settings->bind_address,
        .protocols = protocols,
        .foreign_loops = loops,
        .user = push,
        .pcontext = &push->lws, /* NULL again once all of it is freed */
        .gid = (gid_t)-1,
        .uid = (uid_t)-1,
        .timeout_secs = REQUEST_TIMEOUT_S,
        .timeout_secs_ah_idle = REQUEST_TIMEOUT_S,
        .keepalive_timeout = IDLE_TIMEOUT_S,
        .retry_and_idle_policy = &no_heartbeat,
        .options =
            LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND,
    };
    if (!strchr(settings->bind_address, ':')) info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
    lws_set_log_level(0, NULL); /* what matters is said by push_log */
    push->lws = lws_create_context(&info);
    struct lws_vhost *vhost =
        push->lws ? lws_create_vhost(push->lws, &info) : NULL; /* apart: a context that fails leaks */
    if (!vhost) {
        push_log(&push->world, "cannot listen on %s port %u: is the port taken, or the address not of this machine?",
            settings->bind_address, settings->port);
        return STATUS_REFUSED;
    }
    push->port = (uint16_t)lws_get_vhost_listen_port(vhost);
    return STATUS_OK;
}

void door_close(struct push *push) {
    if (push->lws) lws_context_destroy(push->lws);
}
