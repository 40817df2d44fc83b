#include "io/websocket/requests.h"

#include "core/partition.h"
#include "io/json/json_client_message.h"
#include "io/websocket/push_thread.h"

#include <stdio.h>

static void say_error(struct connection *connection, struct text code, struct text text, struct text subject) {
    struct push *push = connection->push;
    push_count(&push->counters.request_errors, 1);
    message_error(&push->message, code, text, subject);
    connection_say(connection, message_view(&push->message));
}

static void say_ack(struct connection *connection, struct text action, const struct client_message *request) {
    struct push *push = connection->push;
    struct ack_message ack = {
        .action = action, .epoch = push->epoch, .symbols = request->symbols, .symbol_count = request->symbol_count};
    struct text channels[4];
    for (uint32_t bit = 0; bit < 4; bit++)
        if (request->channels & 1u << bit)
            channels[ack.channel_count++] = client_channel_name((enum client_channel)(1u << bit));
    ack.channels = channels;
    message_ack(&push->message, &ack);
    connection_say(connection, message_view(&push->message));
}

/* ---- auth ---- */

bool request_authenticate(struct connection *connection, struct text api_key) {
    struct push *push = connection->push;
    struct key_owner owner;
    if (!push->keys || !keys_find(push->keys, api_key, &owner)) return false;
    accounts_leave(&push->accounts, connection);
    snprintf(connection->account, sizeof connection->account, "%s", owner.account);
    return true;
}

static void authenticate(struct connection *connection, const struct client_message *request) {
    struct push *push = connection->push;
    bool had_reports = connection->reports_of != NULL;
    if (!request_authenticate(connection, request->api_key)) {
        say_error(connection, TEXT("BAD_API_KEY"),
            TEXT("This key is not known. Check it, or have one made with shardbookctl key create."), TEXT_NONE);
        return;
    }
    if (had_reports) accounts_join(&push->accounts, connection);
    presence_on_authenticated(push, connection);
    struct ack_message ack = {.action = TEXT("auth"), .account = text_of(connection->account)};
    message_ack(&push->message, &ack);
    connection_say(connection, message_view(&push->message));
}

/* ---- subscribe ---- */

/* Whether the connection may have these symbols too. */
static bool is_within_limit(const struct connection *connection, const struct client_message *request) {
    uint32_t more = 0;
    for (uint32_t i = 0; i < request->symbol_count; i++) {
        const struct market *market = subscriptions_find(&connection->push->subscriptions, request->symbols[i]);
        bool is_repeated = false;
        for (uint32_t j = 0; j < i && !is_repeated; j++)
            is_repeated = text_equal(request->symbols[i], request->symbols[j]);
        more += !is_repeated && !(market && connection_find(connection, market));
    }
    return connection->subscription_count + more <= connection->push->settings.subscriptions_max;
}

static bool is_allowed(struct connection *connection, const struct client_message *request) {
    if (request->channels & CHANNEL_ORDERS && !connection->account[0]) {
        say_error(connection, TEXT("NOT_AUTHENTICATED"),
            TEXT("The channel orders is private: send {\"action\":\"auth\",\"apiKey\":\"...\"} first, or connect with "
                 "the header x-api-key."),
            TEXT("orders"));
        return false;
    }
    if (!is_within_limit(connection, request)) {
        say_error(connection, TEXT("TOO_MANY_SUBSCRIPTIONS"),
            TEXT("This connection has as many symbols as it may have: unsubscribe from some, or open another "
                 "connection."),
            TEXT_NONE);
        return false;
    }
    return true;
}

static void send_resumed(void *context, struct frames *frames) { connection_send(context, frames, OUTBOX_DEPTH); }

static void begin_depth(
    struct connection *connection, struct subscription *subscription, const struct client_message *request) {
    struct push *push = connection->push;
    subscription_join(subscription, MARKET_DEPTH);
    bool can_resume = request->has_since && request->since_epoch == push->epoch;
    subscription->owes_depth = false;
    subscription->owes_depth =
        !can_resume || !market_resume_depth(subscription->market, request->since_u, send_resumed, connection);
}

static void begin_trades(
    struct connection *connection, struct subscription *subscription, const struct client_message *request) {
    struct push *push = connection->push;
    struct market *market = subscription->market;
    subscription_join(subscription, MARKET_TRADES);
    if (!request->has_since || request->since_u == market->fseq) return;
    struct frames *frames = NULL;
    if (request->since_epoch == push->epoch &&
        market_resume_trades(market, request->since_u, &push->scratch, &frames)) {
        if (frames) connection_send(connection, frames, OUTBOX_KEPT);
    } else if (request->since_u < market->fseq) {
        message_gap(&push->message, market_symbol(market), TEXT("trades"), request->since_u + 1, market->fseq);
        connection_say(connection, message_view(&push->message));
    }
    frames_release(frames);
}

static void subscribe_to(struct connection *connection, struct text symbol, const struct client_message *request) {
    struct push *push = connection->push;
    struct market *market = subscriptions_get(&push->subscriptions, symbol, home_partition(symbol));
    bool is_new = !connection_find(connection, market);
    struct subscription *subscription = connection_subscribe(connection, market);
    market_want(market, &push->limits);
    if (request->channels & CHANNEL_TRADES) begin_trades(connection, subscription, request);
    if (request->channels & CHANNEL_DEPTH && !connection->is_closing) begin_depth(connection, subscription, request);
    if (request->channels & CHANNEL_TICKER && !connection->is_closing)
        subscription->owes_ticker = subscription_join(subscription, MARKET_TICKER);
    if (is_new && !connection->is_closing) presence_on_subscribed(push, connection, symbol);
    if (market->state == MARKET_DEPTH_UNKNOWN) push_touch(push, market);
}

static void subscribe(struct connection *connection, struct client_message *request) {
    struct push *push = connection->push;
    if (request->channels == 0) request->channels = CHANNEL_TRADES;
    if (!is_allowed(connection, request)) return;
    say_ack(connection, TEXT("subscribe"), request);
    if (request->channels & CHANNEL_ORDERS && !connection->is_closing) accounts_join(&push->accounts, connection);
    for (uint32_t i = 0; i < request->symbol_count && !connection->is_closing; i++)
        subscribe_to(connection, request->symbols[i], request);
    connection_ask(connection); /* for the snapshots */
    push_hurry(push);
}

/* ---- unsubscribe ---- */

static void unsubscribe(struct connection *connection, struct client_message *request) {
    struct push *push = connection->push;
    uint8_t channels = request->channels ? request->channels : CHANNEL_TRADES | CHANNEL_DEPTH | CHANNEL_TICKER;
    if (request->symbol_count == 0)
        for (struct subscription *at = connection->subscriptions, *next; at; at = next) {
            next = at->next;
            connection_unsubscribe(connection, at, channels);
        }
    for (uint32_t i = 0; i < request->symbol_count; i++) {
        struct market *market = subscriptions_find(&push->subscriptions, request->symbols[i]);
        struct subscription *subscription = market ? connection_find(connection, market) : NULL;
        if (subscription) connection_unsubscribe(connection, subscription, channels);
    }
    if (request->channels & CHANNEL_ORDERS) accounts_leave(&push->accounts, connection);
    say_ack(connection, TEXT("unsubscribe"), request);
}

void request_handle(struct connection *connection, struct text message) {
    struct push *push = connection->push;
    struct client_message request;
    push_count(&push->counters.requests, 1);
    enum client_fault fault = json_client_message_decode(&push->decoder, message.data, message.size, &request);
    if (fault != CLIENT_OK) {
        say_error(connection, client_fault_name(fault), client_fault_text(fault), TEXT_NONE);
        return;
    }
    switch ((enum client_action)request.action) {
    case CLIENT_SUBSCRIBE: subscribe(connection, &request); break;
    case CLIENT_UNSUBSCRIBE: unsubscribe(connection, &request); break;
    case CLIENT_AUTH: authenticate(connection, &request); break;
    case CLIENT_PING:
        message_pong(&push->message, push_wall_ms());
        connection_say(connection, message_view(&push->message));
        break;
    }
}
