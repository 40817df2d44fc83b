#include "router/router.h"

#include "core/limits.h"
#include "io/json/json_command.h"
#include "router/answers.h"
#include "router/clock.h"
#include "router/fault.h"
#include "router/order_id.h"
#include "router/queries.h"
#include "router/quota.h"
#include "router/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROUTE_AGE_MAX_MS = 100,
    SYMBOLS_MAX = 65536,
    KEYS_FEW = 16384, /* places for keys' usage */
    KEYS_MANY = 262144,
    ADDRESSES = 65536,
    READY_WITHOUT_VALKEY_MS = 10000,
    IDLE_KEY_US = 600000000
};

struct router {
    struct router_settings settings;
    struct router_parts parts;
    struct rate_limit rate;
    struct address_limit addresses;
    struct quota quota;
    struct orders *orders;
    struct queries queries;
    struct json_decoder decoder; /* of bodies */
    struct metrics metrics;
    bool draining, valkey_was_up;
    uint64_t opened_us;
    char *page; /* for metrics */
};

/* One request while it is judged. */
struct asking {
    struct router *router;
    struct http_exchange exchange;
    const struct http_request *request;
    uint64_t now_us;
    int64_t calendar_ms;
    bool has_owner;
    struct key_owner owner;
    struct target target;
};

/* ---------------------------------------------------------------- answering */

static void answer_with(
    struct router *router, struct http_exchange exchange, int status, struct text headers, struct text body) {
    http_server_answer(
        router->parts.http, exchange, &(struct http_answer){.status = status, .headers = headers, .body = body});
}

static enum request_result result_of(const struct fault *fault) {
    switch (fault->status) {
    case 400: return RESULT_INVALID;
    case 403: return RESULT_FORBIDDEN;
    case 404:
    case 405: return RESULT_NOT_FOUND;
    case 503: return fault->code == CODE_UNKNOWN_FATE ? RESULT_UNKNOWN : RESULT_UNAVAILABLE;
    default: return RESULT_FAILED;
    }
}

static void answer_fault_with(struct router *router, struct http_exchange exchange, enum call call,
    const struct fault *fault, struct text headers) {
    char body[ANSWER_BYTES_MAX], name[16];
    metrics_count(&router->metrics, call, result_of(fault));
    if (fault->status == 503) {
        headers = TEXT("retry-after: 1\r\n");
    }
    answer_with(router, exchange, fault->status, headers, answer_fault(body, fault, random_name(name)));
}

static void refuse(const struct asking *asking, const struct fault *fault) {
    answer_fault_with(asking->router, asking->exchange, asking->target.call, fault, TEXT_NONE);
}

static void answer_ok(const struct asking *asking, struct text body) {
    metrics_count(&asking->router->metrics, asking->target.call, RESULT_OK);
    answer_with(asking->router, asking->exchange, 200, TEXT_NONE, body);
}

static void refuse_as_too_much(const struct asking *asking, enum request_result result, uint32_t retry_after_s) {
    char headers[64];
    int n = snprintf(headers, sizeof headers, "retry-after: %u\r\n", retry_after_s);
    metrics_count(&asking->router->metrics, asking->target.call, result);
    answer_with(asking->router, asking->exchange, 429, (struct text){headers, (uint32_t)n},
        result == RESULT_QUOTA_SPENT ? answer_limit_exceeded : answer_too_many_requests);
}

struct text router_on_refused(void *context, int status, const struct http_head *head) {
    static char body[ANSWER_BYTES_MAX];
    struct router *router = *(struct router **)context;
    char name[16];
    (void)head;
    if (router) {
        metrics_count(&router->metrics, CALL_COUNT, RESULT_REFUSED);
    }
    return answer_refusal(body, status, random_name(name));
}

/* ---------------------------------------------------------------- who asks, and how often */

static bool is_loopback(const char *peer) { return strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0; }

/* Whether the request may go on as far as its key is concerned. */
static bool find_owner(struct asking *asking) {
    const struct router *router = asking->router;
    struct text presented = http_head_find(asking->request->head, TEXT("x-api-key"));
    if (router->parts.keys && presented.size && http_head_count(asking->request->head, TEXT("x-api-key")) == 1) {
        asking->has_owner = keys_find(router->parts.keys, presented, &asking->owner);
    }
    bool needs_key = call_needs_key(asking->target.call) ||
                     (asking->target.call == CALL_METRICS && !is_loopback(asking->request->peer));
    bool nobody_has_keys = router->settings.open_mode && !router->parts.keys;
    return asking->has_owner || !needs_key || nobody_has_keys;
}

/* False: the request was answered with 429. */
static bool is_within_limits(struct asking *asking) {
    struct router *router = asking->router;
    uint32_t retry_after_s;
    if (!call_needs_key(asking->target.call)) {
        return true;
    }
    struct text name = asking->has_owner ? text_of(asking->owner.id) : TEXT("open");
    enum allowance allowance =
        rate_limit_take(&router->rate, name, asking->now_us, quota_month(asking->calendar_ms), &retry_after_s);
    if (allowance == TOO_FAST) {
        refuse_as_too_much(asking, RESULT_RATE_LIMITED, retry_after_s);
    } else if (allowance == QUOTA_SPENT) {
        refuse_as_too_much(asking, RESULT_QUOTA_SPENT, quota_month_ends_in_s(asking->calendar_ms));
    }
    return allowance == ALLOWED;
}

/* Whose account counts: the key's, unless open mode lets the client choose. */
static struct text account_of(const struct asking *asking) {
    return asking->has_owner ? text_of(asking->owner.account) : TEXT_NONE;
}

/* ---------------------------------------------------------------- orders and changes */

static struct fault identify(const struct asking *asking, struct command *command) {
    struct text account = account_of(asking);
    if (text_is_absent(command->user_id)) {
        command->user_id = asking->target.user_id;
    }
    if (!asking->router->settings.open_mode) {
        return request_identify(command, account);
    }
    if (text_is_absent(command->user_id)) {
        command->user_id = account;
    }
    return (struct fault){0};
}

static struct fault need_account(const struct command *command) {
    if (command->action != ACTION_NEW && text_is_absent(command->user_id)) {
        return (struct fault){400, CODE_MISSING, TEXT("userId is required in open mode: ?userId="), TEXT("userId"), 0};
    }
    return (struct fault){0};
}

/* Room for the ids that the router gives to one command. */
struct given_ids {
    char own[ORDER_ID_BYTES_MAX], orders[LIST_ORDERS_MAX][ORDER_ID_BYTES_MAX];
};

static void give_order_id(const struct asking *asking, struct command *command, char *memory) {
    bool derived = command->client_order_id.size && command->user_id.size;
    command->command_id = TEXT_NONE;
    command->order_id = derived ? order_id_derived(command->user_id, command->symbol, command->client_order_id, memory)
                                : order_id_random(asking->calendar_ms, memory);
}

/* A retry gives the same ids to the list and each order if the list or its first order has a clientOrderId. */
static void give_list_ids(
    const struct asking *asking, struct command *list, struct command *orders, struct given_ids *given) {
    struct text client = list->client_order_id.size ? list->client_order_id : orders[0].client_order_id;
    list->order_id = list->command_id = TEXT_NONE;
    list->list_id = client.size ? list_id_derived(list->user_id, list->symbol, client, given->own)
                                : order_id_random(asking->calendar_ms, given->own);
    for (uint32_t i = 0; i < list->order_count; i++) {
        struct command *order = &orders[i];
        order->order_id = order->client_order_id.size
                              ? order_id_derived(list->user_id, list->symbol, order->client_order_id, given->orders[i])
                              : list_order_id(list->list_id, i + 1, given->orders[i]);
    }
}

static void give_ids(
    const struct asking *asking, struct command *command, struct command *orders, struct given_ids *given) {
    command->timestamp_ms = asking->calendar_ms;
    if (command->action == ACTION_NEW || command->action == ACTION_REPLACE) {
        command->list_id = TEXT_NONE;
        give_order_id(asking, command, given->own);
    } else if (command->action == ACTION_LIST) {
        give_list_ids(asking, command, orders, given);
    } else {
        command->list_id = TEXT_NONE;
        command->command_id = order_id_random(asking->calendar_ms, given->own);
    }
}

/* Whose it is, its ids, and whether its fields go together. */
static struct fault complete(
    const struct asking *asking, struct command *command, struct command *orders, struct given_ids *given) {
    bool places_orders =
        command->action == ACTION_NEW || command->action == ACTION_REPLACE || command->action == ACTION_LIST;
    struct fault fault = identify(asking, command);
    if (!fault.status) {
        fault = need_account(command);
    }
    if (fault.status) {
        return fault;
    }
    give_ids(asking, command, orders, given);
    return places_orders ? request_check_combination(command, orders) : fault;
}

/* `orders` are a list's, else NULL. */
static void submit(const struct asking *asking, struct command *command, struct command *orders) {
    struct router *router = asking->router;
    struct given_ids given;
    struct fault fault = complete(asking, command, orders, &given);
    if (fault.status) {
        refuse(asking, &fault);
        return;
    }
    if (orders_submit(router->orders, asking->exchange, asking->target.call, command, asking->now_us) != STATUS_OK) {
        fault =
            (struct fault){503, CODE_NONE, TEXT("too much is under way; nothing was done, try again"), TEXT_NONE, 0};
        refuse(asking, &fault);
    }
}

/* The body is of that action unless it names one. */
static void decode(const struct asking *asking, enum action action, struct command *command) {
    struct text body = asking->request->body;
    json_command_decode_as(&asking->router->decoder, body.data, body.size, action, command);
}

static void do_order(const struct asking *asking) {
    struct command command;
    bool replaces = asking->target.call == CALL_REPLACE;
    decode(asking, replaces ? ACTION_REPLACE : ACTION_NEW, &command);
    struct fault fault = replaces ? request_check_replace(&command) : request_check_new(&command);
    if (fault.status) {
        refuse(asking, &fault);
    } else {
        submit(asking, &command, NULL);
    }
}

static void do_list(const struct asking *asking) {
    struct command command, orders[LIST_ORDERS_MAX];
    decode(asking, ACTION_LIST, &command);
    struct fault fault = request_check_list(&command, orders);
    if (fault.status) {
        refuse(asking, &fault);
    } else {
        submit(asking, &command, orders);
    }
}

static void do_modify(const struct asking *asking) {
    struct command command;
    decode(asking, ACTION_NEW, &command);
    struct fault fault = request_check_modify(&command, &asking->target);
    if (fault.status) {
        refuse(asking, &fault);
        return;
    }
    command.action = ACTION_MODIFY;
    command.order_id = asking->target.order_id;
    command.client_order_id = TEXT_NONE;
    submit(asking, &command, NULL);
}

static void do_cancel(const struct asking *asking) {
    struct command command;
    command_init(&command);
    command.action = asking->target.call == CALL_CANCEL ? ACTION_CANCEL : ACTION_CANCEL_ALL;
    command.symbol = asking->target.symbol;
    command.order_id = asking->target.order_id;
    command.client_order_id = asking->target.order_id.size ? TEXT_NONE : asking->target.client_order_id;
    if (asking->target.side.size) {
        command.side = text_equal(asking->target.side, TEXT("BUY")) ? SIDE_BUY : SIDE_SELL;
    }
    submit(asking, &command, NULL);
}

static struct fault fault_of(enum order_fate fate) {
    switch (fate) {
    case FATE_UNKNOWN:
        return (struct fault){503, CODE_UNKNOWN_FATE,
            TEXT("nobody knows whether this is in the log: ask for it by clientOrderId, or send it again with the same "
                 "one"),
            TEXT_NONE, 0};
    case FATE_NOT_SENT: return (struct fault){503, CODE_NONE, TEXT("this is not in the log: try again"), TEXT_NONE, 0};
    default: return (struct fault){500, CODE_NONE, TEXT("the log does not take this; it is not in it"), TEXT_NONE, 0};
    }
}

static void on_order_done(void *context, const struct order_outcome *outcome) {
    struct router *router = context;
    char body[ANSWER_BYTES_MAX];
    if (outcome->fate == FATE_SOUND) {
        metrics_count(&router->metrics, outcome->call, RESULT_OK);
        answer_with(router, outcome->exchange, 200, TEXT_NONE, answer_sound(body, outcome->symbol));
        return;
    }
    if (outcome->fate != FATE_STORED) {
        struct fault fault = outcome->fate == FATE_INVALID ? outcome->fault : fault_of(outcome->fate);
        answer_fault_with(router, outcome->exchange, outcome->call, &fault, TEXT_NONE);
        return;
    }
    const char *topic = outcome->pending_door ? router->settings.pending_topic : router->settings.orders_topic;
    metrics_latency(&router->metrics, clock_monotonic_us() - outcome->began_us);
    metrics_count(&router->metrics, outcome->call, RESULT_ACCEPTED);
    answer_with(router, outcome->exchange, 200, TEXT_NONE, answer_stored(body, outcome, text_of(topic)));
}

/* ---------------------------------------------------------------- questions */

static void on_query_done(
    void *context, struct http_exchange exchange, enum call call, const struct fault *fault, struct text body) {
    struct router *router = context;
    if (fault->status) {
        answer_fault_with(router, exchange, call, fault, TEXT_NONE);
        return;
    }
    metrics_count(&router->metrics, call, RESULT_OK);
    answer_with(router, exchange, 200, TEXT_NONE, body);
}

static void do_query(const struct asking *asking) {
    struct command identity;
    command_init(&identity);
    struct fault fault = identify(asking, &identity);
    if (fault.status) {
        refuse(asking, &fault);
        return;
    }
    queries_ask(&asking->router->queries, asking->exchange, &asking->target, identity.user_id);
}

static bool kafka_is_up(const struct router *router) {
    struct order_producer_counts counts;
    order_producer_count(router->parts.producer, &counts);
    return counts.up;
}

static void do_ready(const struct asking *asking) {
    struct router *router = asking->router;
    char body[ANSWER_BYTES_MAX];
    bool kafka_up = kafka_is_up(router), valkey_up = valkey_client_is_up(router->parts.valkey);
    bool can_do_without =
        router->valkey_was_up || asking->now_us - router->opened_us > READY_WITHOUT_VALKEY_MS * UINT64_C(1000);
    bool ready = kafka_up && (valkey_up || can_do_without) && !router->draining;
    metrics_count(&router->metrics, CALL_READY, ready ? RESULT_OK : RESULT_UNAVAILABLE);
    answer_with(router, asking->exchange, ready ? 200 : 503, ready ? TEXT_NONE : TEXT("retry-after: 1\r\n"),
        answer_ready(body, ready, kafka_up, valkey_up, router->draining));
}

static void do_metrics(const struct asking *asking) {
    struct router *router = asking->router;
    struct http_server_counts http = http_server_counts(router->parts.http);
    struct valkey_client_counts valkey = valkey_client_counts(router->parts.valkey);
    struct order_producer_counts kafka;
    order_producer_count(router->parts.producer, &kafka);
    struct metrics_gauges gauges = {
        .in_flight = orders_in_flight(router->orders),
        .waiting = orders_waiting(router->orders),
        .routes = orders_symbols(router->orders),
        .keys = router->parts.keys ? keys_count(router->parts.keys) : 0,
        .connections = http.connections,
        .connections_accepted = http.accepted,
        .connections_refused = http.refused,
        .connection_timeouts = http.timeouts,
        .input_bytes = http.input_bytes,
        .kafka_up = kafka.up,
        .valkey_up = valkey_client_is_up(router->parts.valkey),
        .kafka_in_flight = kafka.in_flight,
        .kafka_reopened = kafka.reopened,
        .valkey_round_trip_us = valkey_client_round_trip_us(router->parts.valkey),
        .valkey_losses = valkey.losses,
        .oldest_route_ms = orders_take_oldest_route_ms(router->orders),
    };
    metrics_count(&router->metrics, CALL_METRICS, RESULT_OK);
    size_t bytes = metrics_write(&router->metrics, &gauges, router->page, METRICS_BYTES_MAX);
    http_server_answer(router->parts.http, asking->exchange,
        &(struct http_answer){.status = 200,
            .content_type = TEXT("text/plain; version=0.0.4; charset=utf-8"),
            .body = {router->page, (uint32_t)bytes}});
}

static void do_preflight(const struct asking *asking) {
    char headers[256];
    const char *methods = target_methods(asking->request->head->path);
    int n = snprintf(headers, sizeof headers,
        "access-control-allow-methods: %s\r\naccess-control-allow-headers: content-type, "
        "x-api-key\r\naccess-control-max-age: 600\r\n",
        methods ? methods : "OPTIONS");
    metrics_count(&asking->router->metrics, CALL_PREFLIGHT, RESULT_OK);
    answer_with(asking->router, asking->exchange, 204, (struct text){headers, (uint32_t)n}, TEXT_NONE);
}

/* ---------------------------------------------------------------- a request */

static void dispatch(const struct asking *asking) {
    char body[ANSWER_BYTES_MAX];
    switch (asking->target.call) {
    case CALL_NEW:
    case CALL_TEST:
    case CALL_REPLACE: do_order(asking); break;
    case CALL_LIST: do_list(asking); break;
    case CALL_CANCEL:
    case CALL_CANCEL_ALL: do_cancel(asking); break;
    case CALL_MODIFY: do_modify(asking); break;
    case CALL_ORDER:
    case CALL_FIND_ORDER:
    case CALL_DEPTH:
    case CALL_TRADES: do_query(asking); break;
    case CALL_SYMBOLS: answer_ok(asking, answer_symbols(body)); break;
    case CALL_TIME: answer_ok(asking, answer_time(body, asking->calendar_ms)); break;
    case CALL_HEALTH: answer_ok(asking, TEXT("{\"alive\":true}")); break;
    case CALL_READY: do_ready(asking); break;
    case CALL_METRICS: do_metrics(asking); break;
    case CALL_PREFLIGHT:
    case CALL_COUNT: do_preflight(asking); break;
    }
}

static void refuse_target(struct asking *asking, const struct fault *fault) {
    char allow[96];
    const char *methods = fault->status == 405 ? target_methods(asking->request->head->path) : NULL;
    int n = methods ? snprintf(allow, sizeof allow, "allow: %s\r\n", methods) : 0;
    enum call call = fault->status == 400 ? asking->target.call : CALL_COUNT;
    answer_fault_with(asking->router, asking->exchange, call, fault, (struct text){allow, (uint32_t)n});
}

void router_on_request(void *context, struct http_exchange exchange, const struct http_request *request) {
    struct router *router = *(struct router **)context;
    struct asking asking;
    uint32_t retry_after_s;
    asking.router = router;
    asking.exchange = exchange;
    asking.request = request;
    asking.now_us = clock_monotonic_us();
    asking.calendar_ms = clock_calendar_ms();
    asking.has_owner = false;
    struct fault fault = target_parse(&asking.target, request->head->method, request->head->path, request->head->query);
    if (fault.status == 404 || fault.status == 405) {
        refuse_target(&asking, &fault);
    } else if (call_needs_key(asking.target.call) &&
               !address_limit_take(&router->addresses, request->peer, asking.now_us, &retry_after_s)) {
        refuse_as_too_much(&asking, RESULT_ADDRESS_LIMITED, retry_after_s);
    } else if (!find_owner(&asking)) {
        refuse(&asking, &(struct fault){.status = 403});
    } else if (!is_within_limits(&asking)) {
        return; /* answered */
    } else if (fault.status) {
        refuse_target(&asking, &fault);
    } else {
        dispatch(&asking);
    }
}

/* ---------------------------------------------------------------- opening and closing */

/* Places for the keys' usage, most of them free. */
static uint32_t usage_places(const struct router *router) {
    size_t keys = router->parts.keys ? keys_count(router->parts.keys) : 0;
    return keys < KEYS_FEW / 4 ? KEYS_FEW : KEYS_MANY;
}

static bool open_parts(struct router *router) {
    const struct router_settings *settings = &router->settings;
    struct orders_settings orders = {.in_flight_max = settings->in_flight_max,
        .deadline_ms = settings->deadline_ms,
        .route_age_max_ms = ROUTE_AGE_MAX_MS,
        .symbols_max = SYMBOLS_MAX};
    router->orders =
        orders_open(&orders, router->parts.valkey, router->parts.producer, &router->metrics, on_order_done, router);
    router->page = malloc(METRICS_BYTES_MAX);
    return router->orders && router->page &&
           queries_init(&router->queries, router->parts.valkey, on_query_done, router) &&
           json_decoder_init(&router->decoder, RECORD_BYTES_MAX) &&
           rate_limit_init(&router->rate, settings->plan, usage_places(router)) &&
           address_limit_init(&router->addresses, settings->requests_per_minute_per_address, ADDRESSES);
}

struct router *router_open(const struct router_settings *settings, const struct router_parts *parts) {
    struct router *router = calloc(1, sizeof *router);
    if (!router) {
        return NULL;
    }
    router->settings = *settings;
    router->parts = *parts;
    router->opened_us = clock_monotonic_us();
    if (!open_parts(router)) {
        router_close(router);
        return NULL;
    }
    router->quota = (struct quota){&router->rate, parts->valkey, &router->metrics};
    return router;
}

void router_close(struct router *router) {
    if (router->orders) {
        orders_close(router->orders);
    }
    queries_deinit(&router->queries);
    json_decoder_deinit(&router->decoder);
    rate_limit_deinit(&router->rate);
    address_limit_deinit(&router->addresses);
    free(router->page);
    free(router);
}

void router_tick(struct router *router) {
    router->valkey_was_up = router->valkey_was_up || valkey_client_is_up(router->parts.valkey);
    orders_tick(router->orders, clock_monotonic_us());
}

void router_report_quota(struct router *router) { quota_report(&router->quota); }

void router_on_keys_read(struct router *router, bool ok) {
    if (ok) {
        router->metrics.key_reloads++;
        rate_limit_forget_idle(&router->rate, clock_monotonic_us(), IDLE_KEY_US, usage_places(router));
    } else {
        router->metrics.key_reload_failures++;
    }
}

void router_drain(struct router *router) { router->draining = true; }

uint32_t router_in_flight(const struct router *router) { return orders_in_flight(router->orders); }
