#include "io/websocket/connection.h"

#include "core/check.h"
#include "io/websocket/push_thread.h"
#include "io/websocket/requests.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    CLOSE_GRACE_MS = 5000,     /* for the close frame to get through a full socket, and to be answered */
    OUTBOX_ENTRIES_MAX = 8192, /* pieces waiting for one client count as lag too */
    ALLOWANCE_UNIT = 1000      /* of one message */
};

_Static_assert(FRAMES_LEAD >= LWS_PRE, "lws_write wants LWS_PRE bytes free in front");

static void make_id(char *id) {
    unsigned char random[CONNECTION_ID_BYTES / 2];
    CHECK(RAND_bytes(random, sizeof random) == 1, "no random bytes for a connection's id");
    for (size_t i = 0; i < sizeof random; i++) snprintf(id + 2 * i, 3, "%02x", random[i]);
}

struct connection *connection_open(struct push *push, struct lws *wsi) {
    struct connection *connection = calloc(1, sizeof *connection);
    CHECK(connection, "no memory for a connection");
    connection->push = push;
    connection->wsi = wsi;
    connection->connected_ms = push_wall_ms();
    connection->allowance_at_ms = connection->heard_ms = uv_now(&push->loop);
    connection->allowance_ms_scaled = (uint64_t)2 * push->settings.messages_per_s_max * ALLOWANCE_UNIT;
    make_id(connection->id);
    outbox_init(&connection->outbox);
    connection->next = push->connections;
    if (connection->next) connection->next->previous = connection;
    push->connections = connection;
    push_count(&push->counters.connections, 1);
    push_count(&push->counters.connections_total, 1);
    return connection;
}

/* Takes it out of everything that would send to it. */
static void detach(struct connection *connection) {
    struct push *push = connection->push;
    presence_on_closed(push, connection);
    accounts_leave(&push->accounts, connection);
    for (struct subscription *at = connection->subscriptions; at; at = at->next)
        for (int channel = 0; channel < MARKET_CHANNELS; channel++)
            subscription_leave(at, (enum market_channel)channel);
    push_discount(&push->counters.subscriptions, connection->subscription_count);
    connection->subscription_count = 0;
    outbox_deinit(&connection->outbox);
}

void connection_free(struct connection *connection) {
    struct push *push = connection->push;
    if (!connection->is_closing) detach(connection);
    while (connection->subscriptions) {
        struct subscription *gone = connection->subscriptions;
        connection->subscriptions = gone->next;
        free(gone);
    }
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        push->connections = connection->next;
    if (connection->next) connection->next->previous = connection->previous;
    frames_release(connection->close_frame);
    free(connection->received);
    free(connection);
    push_discount(&push->counters.connections, 1);
}

void connection_ask(struct connection *connection) {
    if (connection->is_asked) return;
    connection->is_asked = true;
    lws_callback_on_writable(connection->wsi);
}

void connection_close(struct connection *connection, uint16_t code, const char *reason) {
    if (connection->is_closing) return;
    detach(connection);
    connection->is_closing = true;
    connection->close_frame = frames_of_close(code, text_of(reason));
    connection->drop_at_ms = uv_now(&connection->push->loop) + CLOSE_GRACE_MS;
    connection_ask(connection);
}

/* ---- sending ---- */

/* Depth and ticker that wait are forgotten; the client gets their newest state once it has taken the rest. */
static void conflate(struct connection *connection) {
    uint32_t dropped = outbox_drop(&connection->outbox, OUTBOX_DEPTH | OUTBOX_TICKER);
    if (!dropped) return;
    push_count(&connection->push->counters.conflated, 1);
    for (struct subscription *at = connection->subscriptions; at; at = at->next) {
        at->owes_depth |= dropped & OUTBOX_DEPTH && subscription_has(at, MARKET_DEPTH);
        at->owes_ticker |= dropped & OUTBOX_TICKER && subscription_has(at, MARKET_TICKER);
    }
}

static bool is_lagging(const struct connection *connection, uint32_t part) {
    const struct push_settings *settings = &connection->push->settings;
    return connection->outbox.bytes > settings->lag_bytes_max / part ||
           connection->outbox.count > OUTBOX_ENTRIES_MAX / part;
}

void connection_send(struct connection *connection, struct frames *frames, enum outbox_kind kind) {
    if (connection->is_closing) return;
    outbox_add(&connection->outbox, frames, kind);
    if (is_lagging(connection, 2)) conflate(connection);
    if (is_lagging(connection, 1)) {
        push_count(&connection->push->counters.slow_closes, 1);
        connection_close(connection, 1013, "Too slow: read faster or subscribe to less, then connect again.");
        return;
    }
    connection_ask(connection);
}

void connection_say(struct connection *connection, struct text message) {
    struct frames *frames = frames_of(message);
    connection_send(connection, frames, OUTBOX_KEPT);
    frames_release(frames);
}

bool connection_write_frames(struct lws *wsi, struct text frames) {
    unsigned char *bytes = (unsigned char *)(uintptr_t)frames.data; /* lws_write only reads them in this mode */
    return lws_write(wsi, bytes, frames.size, LWS_WRITE_HTTP) >= 0;
}

/* Queues one snapshot or ticker that the client is owed and that can be told; false if there is none. */
static bool pay(struct connection *connection) {
    struct push *push = connection->push;
    for (struct subscription *at = connection->subscriptions; at; at = at->next) {
        struct frames *frames =
            at->owes_depth ? market_depth_snapshot(at->market, &push->limits, push->epoch, &push->scratch) : NULL;
        enum outbox_kind kind = OUTBOX_DEPTH;
        if (frames) {
            at->owes_depth = false;
        } else if (at->owes_ticker && at->market->state == MARKET_DEPTH_LIVE) {
            frames = market_ticker(at->market, &push->scratch);
            at->owes_ticker = false;
            kind = OUTBOX_TICKER;
        }
        if (!frames) continue;
        connection_send(connection, frames, kind);
        frames_release(frames);
        return true;
    }
    return false;
}

static bool write_some(struct connection *connection) {
    struct push *push = connection->push;
    uint32_t taken;
    struct text bytes = outbox_next(&connection->outbox, push->write_bytes + FRAMES_LEAD, WRITE_BYTES_MAX, &taken);
    if (!connection_write_frames(connection->wsi, bytes)) return false;
    push_count(&push->counters.bytes, bytes.size);
    push_count(&push->counters.messages, outbox_release(&connection->outbox, taken));
    return true;
}

/* The close frame is written here and the socket left to the client's answer or the timeout: asked to close by
 * lws_close_reason and a nonzero result, libwebsockets as Debian builds it closes a second time at once when it runs on
 * libuv, and the frame is never sent. */
static int send_close(struct connection *connection) {
    struct frames *frames = connection->close_frame;
    if (!frames) return 0;
    if (lws_partial_buffered(connection->wsi)) {
        connection_ask(connection);
        return 0;
    }
    bool is_sent = connection_write_frames(connection->wsi, frames_text(frames));
    frames_release(frames);
    connection->close_frame = NULL;
    return is_sent ? 0 : -1;
}

int connection_on_writable(struct connection *connection) {
    connection->is_asked = false;
    for (uint32_t i = 0; i < connection->push->settings.writes_max && !connection->is_closing; i++) {
        if (connection->outbox.count == 0 && !pay(connection)) return 0;
        if (connection->is_closing) break;
        if (!write_some(connection)) return -1;
        if (lws_partial_buffered(connection->wsi)) break; /* the socket is full; lws sends the rest first */
    }
    if (connection->is_closing) return send_close(connection);
    connection_ask(connection);
    return 0;
}

/* ---- receiving ---- */

/* Counts a message against the client's rate; false if it sends too many. */
static bool is_within_rate(struct connection *connection) {
    struct push *push = connection->push;
    uint64_t rate = push->settings.messages_per_s_max, now_ms = uv_now(&push->loop);
    uint64_t most = 2 * rate * ALLOWANCE_UNIT;
    connection->allowance_ms_scaled +=
        (now_ms - connection->allowance_at_ms) * rate; /* a message each 1000 / rate ms */
    connection->allowance_at_ms = now_ms;
    if (connection->allowance_ms_scaled > most) connection->allowance_ms_scaled = most;
    if (connection->allowance_ms_scaled < ALLOWANCE_UNIT) return false;
    connection->allowance_ms_scaled -= ALLOWANCE_UNIT;
    return true;
}

static void on_message(struct connection *connection, struct text message) {
    if (!is_within_rate(connection))
        connection_close(connection, 1008, "Too many messages: send fewer in a second.");
    else if (lws_frame_is_binary(connection->wsi))
        connection_close(connection, 1003, "Send text frames with JSON.");
    else
        request_handle(connection, message);
}

static void keep(struct connection *connection, const char *bytes, size_t size) {
    if (!connection->received) {
        connection->received = malloc(CLIENT_MESSAGE_BYTES_MAX);
        CHECK(connection->received, "no memory for a client's message");
    }
    memcpy(connection->received + connection->received_bytes, bytes, size);
    connection->received_bytes += (uint32_t)size;
}

int connection_on_received(struct connection *connection, const char *bytes, size_t size) {
    connection_on_pong(connection); /* whatever it says, it lives */
    if (connection->is_closing) return 0;
    bool is_end = lws_is_final_fragment(connection->wsi) && lws_remaining_packet_payload(connection->wsi) == 0;
    if (connection->received_bytes + size > CLIENT_MESSAGE_BYTES_MAX) {
        connection_close(connection, 1009, "A message may have 4096 bytes: split it.");
        return 0;
    }
    if (is_end && connection->received_bytes == 0) {
        on_message(connection, (struct text){size ? bytes : "", (uint32_t)size});
        return 0;
    }
    keep(connection, bytes, size);
    if (!is_end) return 0;
    struct text message = {connection->received, connection->received_bytes};
    connection->received_bytes = 0;
    on_message(connection, message);
    free(connection->received);
    connection->received = NULL;
    return 0;
}

/* ---- heartbeat ---- */

void connection_on_pong(struct connection *connection) {
    connection->heard_ms = uv_now(&connection->push->loop);
    connection->is_pinged = false;
}

/* Ends the socket whatever state it is in: libwebsockets sees it hang up. (Its own timeouts need its timers, see
 * door.c.) */
static void drop(const struct connection *connection) { shutdown(lws_get_socket_fd(connection->wsi), SHUT_RDWR); }

void connection_beat(struct connection *connection) {
    struct push *push = connection->push;
    uint64_t now_ms = uv_now(&push->loop), silent_ms = now_ms - connection->heard_ms;
    if (connection->is_closing) {
        if (now_ms >= connection->drop_at_ms) drop(connection);
    } else if (silent_ms >= (uint64_t)push->settings.hang_up_s * 1000) {
        drop(connection); /* nobody is there to be told */
    } else if (silent_ms >= (uint64_t)push->settings.ping_s * 1000 && !connection->is_pinged) {
        connection->is_pinged = true;
        connection_send(connection, push->ping, OUTBOX_KEPT);
    }
}

/* ---- subscriptions ---- */

struct subscription *connection_find(const struct connection *connection, const struct market *market) {
    struct subscription *at = connection->subscriptions;
    while (at && at->market != market) at = at->next;
    return at;
}

struct subscription *connection_subscribe(struct connection *connection, struct market *market) {
    struct subscription *subscription = connection_find(connection, market);
    if (subscription) return subscription;
    subscription = calloc(1, sizeof *subscription);
    CHECK(subscription, "no memory for a subscription");
    subscription->connection = connection;
    subscription->market = market;
    subscription->next = connection->subscriptions;
    connection->subscriptions = subscription;
    connection->subscription_count++;
    push_count(&connection->push->counters.subscriptions, 1);
    return subscription;
}

void connection_unsubscribe(struct connection *connection, struct subscription *subscription, uint8_t channels) {
    for (int channel = 0; channel < MARKET_CHANNELS; channel++)
        if (channels & 1u << channel) subscription_leave(subscription, (enum market_channel)channel);
    subscription->owes_depth &= subscription_has(subscription, MARKET_DEPTH);
    subscription->owes_ticker &= subscription_has(subscription, MARKET_TICKER);
    if (!subscription_is_idle(subscription)) return;
    presence_on_unsubscribed(connection->push, connection, market_symbol(subscription->market));
    struct subscription **at = &connection->subscriptions;
    while (*at != subscription) at = &(*at)->next;
    *at = subscription->next;
    free(subscription);
    connection->subscription_count--;
    push_discount(&connection->push->counters.subscriptions, 1);
}
