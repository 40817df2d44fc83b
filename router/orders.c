#include "router/orders.h"

#include "core/rolling_hash.h"
#include "io/json/json_instrument.h"
#include "io/json/json_route.h"
#include "io/json/json_writer.h"
#include "router/clock.h"
#include "router/order_id.h"
#include "router/order_numbers.h"
#include "router/record.h"
#include "router/route_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum ticket_state { TICKET_FREE, TICKET_WAITING, TICKET_SENT, TICKET_ABANDONED };

/* orderId, clientOrderId, commandId, userId, cancelOrderId, listId, and the first two of each order of a list. */
enum { IDS_BYTES_MAX = (6 + 2 * LIST_ORDERS_MAX) * ID_BYTES_MAX };

/* Of what is asked of Valkey. */
enum { DECODED_BYTES_MAX = CONTROL_BYTES_MAX };
_Static_assert((int)DECODED_BYTES_MAX >= (int)ROUTE_BYTES_MAX, "routes are smaller than settings");

/* An order or change under way. */
struct ticket {
    struct orders *orders;
    struct route_entry *entry;
    struct ticket *next;            /* free list, or the symbol's queue */
    struct ticket *older, *younger; /* all that are not answered, by age */
    enum ticket_state state;
    struct order_outcome outcome;                         /* its ids view `ids` */
    struct command command, list_orders[LIST_ORDERS_MAX]; /* theirs too */
    uint32_t ids_size;
    char ids[IDS_BYTES_MAX];
};

struct orders {
    struct orders_settings settings;
    struct valkey_client *valkey;
    struct order_producer *producer;
    struct metrics *metrics;
    orders_on_done on_done;
    void *on_done_context;
    struct route_cache routes;
    struct json_decoder decoder; /* for routes and settings */
    struct ticket *tickets, *free_tickets;
    uint32_t fresh_tickets; /* how many from the front were ever used */
    struct ticket *oldest, *youngest;
    uint32_t in_flight, waiting;
    uint64_t oldest_route_ms;
    uint64_t now_us; /* of the call being served */
    char producer_name[16];
    char fault_words[NUMBER_WORDS_BYTES];
    char value[RECORD_VALUE_BYTES_MAX]; /* of the record being sent */
};

/* A look-up on its way. */
struct look {
    struct orders *orders;
    struct route_entry *entry;
};

static void pump(struct orders *orders, struct route_entry *entry);
static void on_route(void *context, const struct redisReply *reply);

static uint64_t now_ms_of(const struct orders *orders) { return orders->now_us / 1000; }

/* ---------------------------------------------------------------- tickets */

static struct ticket *take_ticket(struct orders *orders) {
    struct ticket *ticket = orders->free_tickets;
    if (ticket) {
        orders->free_tickets = ticket->next;
    } else {
        ticket = &orders->tickets[orders->fresh_tickets++];
    }
    orders->in_flight++;
    ticket->next = NULL;
    ticket->older = orders->youngest;
    ticket->younger = NULL;
    if (orders->youngest) {
        orders->youngest->younger = ticket;
    } else {
        orders->oldest = ticket;
    }
    orders->youngest = ticket;
    return ticket;
}

static void free_ticket(struct orders *orders, struct ticket *ticket) {
    ticket->state = TICKET_FREE;
    ticket->next = orders->free_tickets;
    orders->free_tickets = ticket;
}

static void leave_ages(struct orders *orders, struct ticket *ticket) {
    *(ticket->older ? &ticket->older->younger : &orders->oldest) = ticket->younger;
    *(ticket->younger ? &ticket->younger->older : &orders->youngest) = ticket->older;
    orders->in_flight--;
}

static void join_queue(struct orders *orders, struct ticket *ticket) {
    struct route_entry *entry = ticket->entry;
    *(entry->last ? &entry->last->next : &entry->first) = ticket;
    entry->last = ticket;
    ticket->next = NULL;
    ticket->state = TICKET_WAITING;
    orders->waiting++;
}

static void leave_queue(struct orders *orders, struct ticket *ticket) {
    struct route_entry *entry = ticket->entry;
    struct ticket *before = NULL;
    for (struct ticket *at = entry->first; at != ticket; at = at->next) {
        before = at;
    }
    *(before ? &before->next : &entry->first) = ticket->next;
    if (entry->last == ticket) {
        entry->last = before;
    }
    orders->waiting--;
}

static void tell(struct orders *orders, struct ticket *ticket, enum order_fate fate) {
    ticket->outcome.fate = fate;
    ticket->outcome.pending_door = ticket->entry->door == TOPIC_PENDING;
    ticket->outcome.symbol = route_entry_symbol(ticket->entry);
    orders->on_done(orders->on_done_context, &ticket->outcome);
}

/* Answers a ticket that is in no queue, and frees it. */
static void finish(struct orders *orders, struct ticket *ticket, enum order_fate fate) {
    leave_ages(orders, ticket);
    tell(orders, ticket, fate);
    free_ticket(orders, ticket);
}

/* ---------------------------------------------------------------- the log */

static enum order_fate fate_of(int status) {
    return status == STATUS_OK ? FATE_STORED : status == STATUS_REFUSED ? FATE_REFUSED : FATE_UNKNOWN;
}

static void on_acknowledged(void *context, int status, int32_t partition, int64_t offset) {
    (void)partition;
    (void)offset;
    struct ticket *ticket = context;
    struct orders *orders = ticket->orders;
    struct route_entry *entry = ticket->entry;
    orders->now_us = clock_monotonic_us();
    entry->in_flight--;
    if (status == STATUS_OK) {
        orders->metrics->records[entry->door == TOPIC_PENDING]++;
    }
    if (ticket->state == TICKET_ABANDONED) {
        orders->metrics->late_acknowledgements += status == STATUS_OK;
        free_ticket(orders, ticket);
    } else {
        finish(orders, ticket, fate_of(status));
    }
    if (entry->first && entry->in_flight == 0) {
        pump(orders, entry);
    }
}

static struct text put_number(char *out, uint64_t number) {
    return (struct text){out, (uint32_t)(json_put_unsigned(out, number) - out)};
}

/* Hands the record to the producer. STATUS_OK: on_acknowledged follows. */
static int produce(struct orders *orders, struct ticket *ticket) {
    struct route_entry *entry = ticket->entry;
    char v[24], n[24];
    struct log_header headers[] = {{TEXT("me-v"), put_number(v, entry->v)},
        {TEXT("me-p"), {orders->producer_name, sizeof orders->producer_name}},
        {TEXT("me-n"), put_number(n, entry->sequence + 1)}};
    struct text value = {orders->value, (uint32_t)record_write(&ticket->command, &entry->settings, orders->value)};
    int status = order_producer_send(orders->producer, entry->door, route_entry_symbol(entry), value, headers,
        sizeof headers / sizeof *headers, on_acknowledged, ticket);
    if (status == STATUS_OK) {
        entry->sequence++;
        entry->in_flight++;
        ticket->state = TICKET_SENT;
    }
    return status;
}

/* ---------------------------------------------------------------- routes */

static bool is_stale(const struct orders *orders, const struct route_entry *entry, uint32_t most_ms) {
    return entry->looked_ms == 0 || now_ms_of(orders) - entry->looked_ms > most_ms;
}

/* Asks Valkey for the symbol's route and settings; without it the last known ones count for as long as fresh ones
 * would. */
static void look(struct orders *orders, struct route_entry *entry) {
    char route[6 + SYMBOL_BYTES_MAX + 1], settings[11 + SYMBOL_BYTES_MAX + 1];
    snprintf(route, sizeof route, "route:%s", entry->symbol);
    snprintf(settings, sizeof settings, "instrument:%s", entry->symbol);
    struct text words[] = {TEXT("MGET"), text_of(route), text_of(settings)};
    struct look *context = malloc(sizeof *context);
    if (context) {
        *context = (struct look){orders, entry};
    }
    if (context && valkey_client_command(orders->valkey, words, 3, on_route, context) == STATUS_OK) {
        entry->looking = true;
        entry->asked_ms = now_ms_of(orders);
        orders->metrics->route_lookups++;
        return;
    }
    free(context);
    if (is_stale(orders, entry, orders->settings.route_age_max_ms)) {
        entry->looked_ms = now_ms_of(orders);
        orders->metrics->route_fallbacks++;
    }
}

static void take_route(struct orders *orders, struct route_entry *entry, struct text value) {
    struct route route = {0};
    if (!text_is_absent(value) &&
        (!json_route_decode(&orders->decoder, value.data, value.size, &route) || route.status == ROUTE_UNKNOWN)) {
        orders->metrics->route_lookup_failures++; /* nothing we understand: the last known route stays */
        return;
    }
    entry->migrating = route.status == ROUTE_MIGRATING;
    entry->v = route.has_v ? route.v : 0;
}

/* Absent: the default. What is there and not understood changes nothing. */
static void take_settings(struct orders *orders, struct route_entry *entry, struct text value) {
    uint64_t id = text_is_absent(value) ? 0 : rolling_id(value);
    if (id == entry->settings_id) {
        return;
    }
    if (!id) {
        entry->settings = instrument_default();
    } else if (!json_instrument_decode(&orders->decoder, value, route_entry_symbol(entry), &entry->settings)) {
        orders->metrics->route_lookup_failures++;
        return;
    }
    entry->settings_id = id;
}

/* A route is as old as its question, but a Valkey slower than that must not stop the symbol for ever. */
static void note_age(const struct orders *orders, struct route_entry *entry) {
    uint64_t now_ms = now_ms_of(orders), half_ms = orders->settings.route_age_max_ms / 2;
    entry->looked_ms = now_ms - entry->asked_ms < half_ms ? entry->asked_ms : now_ms - half_ms;
}

static void on_route(void *context, const struct redisReply *reply) {
    struct look look_up = *(struct look *)context;
    struct orders *orders = look_up.orders;
    struct route_entry *entry = look_up.entry;
    free(context);
    orders->now_us = clock_monotonic_us();
    entry->looking = false;
    note_age(orders, entry);
    if (valkey_reply_count(reply) == 2) {
        take_route(orders, entry, valkey_reply_text(valkey_reply_at(reply, 0)));
        take_settings(orders, entry, valkey_reply_text(valkey_reply_at(reply, 1)));
    } else {
        orders->metrics->route_lookup_failures++;
    }
    pump(orders, entry);
}

/* ---------------------------------------------------------------- the door of a symbol */

/* True if the first in the symbol's queue goes no further: its numbers are wrong, or it was only to be tested. */
static bool ends_here(struct orders *orders, struct route_entry *entry) {
    struct ticket *ticket = entry->first;
    ticket->outcome.fault = order_numbers_check(&ticket->command, &entry->settings, orders->fault_words);
    if (!ticket->outcome.fault.status && ticket->outcome.call != CALL_TEST) {
        return false;
    }
    leave_queue(orders, ticket);
    finish(orders, ticket, ticket->outcome.fault.status ? FATE_INVALID : FATE_SOUND);
    return true;
}

/* Sends what waits for the symbol, as far as its route is fresh and its door free. */
static void pump(struct orders *orders, struct route_entry *entry) {
    uint32_t age_max_ms = orders->settings.route_age_max_ms;
    while (entry->first) {
        if (!entry->looking && is_stale(orders, entry, age_max_ms / 2)) {
            look(orders, entry); /* before it is too old, so that nobody waits for the answer */
        }
        if (entry->looking && is_stale(orders, entry, age_max_ms)) {
            return; /* on_route goes on */
        }
        if (ends_here(orders, entry)) {
            continue;
        }
        uint8_t door = entry->migrating ? TOPIC_PENDING : TOPIC_ORDERS;
        if (door != entry->door && entry->in_flight) {
            orders->metrics->door_waits++;
            return; /* on_acknowledged goes on */
        }
        entry->door = door;
        uint64_t age_ms = now_ms_of(orders) - entry->looked_ms;
        orders->oldest_route_ms = age_ms > orders->oldest_route_ms ? age_ms : orders->oldest_route_ms;
        struct ticket *ticket = entry->first;
        leave_queue(orders, ticket);
        int status = produce(orders, ticket);
        if (status != STATUS_OK) {
            finish(orders, ticket, status == STATUS_INVALID ? FATE_REFUSED : FATE_NOT_SENT);
        }
    }
}

/* Copies an id into the ticket. */
static struct text keep_id(struct ticket *ticket, struct text id) {
    char *copy = ticket->ids + ticket->ids_size;
    memcpy(copy, id.size ? id.data : "", id.size);
    ticket->ids_size += id.size;
    return (struct text){id.size ? copy : NULL, id.size};
}

static void keep_list_orders(struct ticket *ticket, const struct command *list) {
    for (uint32_t i = 0; i < list->order_count; i++) {
        struct command *kept = &ticket->list_orders[i];
        *kept = list->orders[i];
        kept->symbol = route_entry_symbol(ticket->entry);
        kept->user_id = kept->command_id = kept->cancel_order_id = kept->list_id = TEXT_NONE;
        kept->order_id = keep_id(ticket, list->orders[i].order_id);
        kept->client_order_id = keep_id(ticket, list->orders[i].client_order_id);
        ticket->outcome.orders[i] = (struct order_ids){kept->order_id, kept->client_order_id};
    }
}

/* Copies all that will be needed when its turn comes. */
static void keep_command(struct ticket *ticket, const struct command *command) {
    struct order_outcome *outcome = &ticket->outcome;
    struct command *kept = &ticket->command;
    ticket->ids_size = 0;
    *kept = *command;
    kept->symbol = route_entry_symbol(ticket->entry);
    kept->user_id = keep_id(ticket, command->user_id);
    kept->cancel_order_id = keep_id(ticket, command->cancel_order_id);
    kept->orders = ticket->list_orders;
    outcome->order_id = kept->order_id = keep_id(ticket, command->order_id);
    outcome->client_order_id = kept->client_order_id = keep_id(ticket, command->client_order_id);
    outcome->command_id = kept->command_id = keep_id(ticket, command->command_id);
    outcome->list_id = kept->list_id = keep_id(ticket, command->list_id);
    outcome->order_count = command->order_count;
    keep_list_orders(ticket, command);
}

int orders_submit(struct orders *orders, struct http_exchange exchange, enum call call, const struct command *command,
    uint64_t now_us) {
    orders->now_us = now_us;
    bool has_room = orders->free_tickets || orders->fresh_tickets < orders->settings.in_flight_max;
    struct route_entry *entry = has_room ? route_cache_get(&orders->routes, command->symbol, now_us / 1000) : NULL;
    if (!entry) {
        return STATUS_FULL;
    }
    struct ticket *ticket = take_ticket(orders);
    ticket->orders = orders;
    ticket->entry = entry;
    ticket->outcome.exchange = exchange;
    ticket->outcome.call = call;
    ticket->outcome.began_us = now_us;
    ticket->outcome.timestamp_ms = command->timestamp_ms;
    keep_command(ticket, command);
    join_queue(orders, ticket);
    pump(orders, entry);
    return STATUS_OK;
}

void orders_tick(struct orders *orders, uint64_t now_us) {
    orders->now_us = now_us;
    while (
        orders->oldest && now_us - orders->oldest->outcome.began_us > orders->settings.deadline_ms * UINT64_C(1000)) {
        struct ticket *ticket = orders->oldest;
        if (ticket->state == TICKET_WAITING) {
            leave_queue(orders, ticket);
            finish(orders, ticket, FATE_NOT_SENT);
        } else {
            leave_ages(orders, ticket);
            ticket->state = TICKET_ABANDONED; /* on_acknowledged frees it */
            tell(orders, ticket, FATE_UNKNOWN);
        }
    }
}

/* ---------------------------------------------------------------- opening and closing */

struct orders *orders_open(const struct orders_settings *settings, struct valkey_client *valkey,
    struct order_producer *producer, struct metrics *metrics, orders_on_done on_done, void *context) {
    struct orders *orders = calloc(1, sizeof *orders);
    if (!orders) {
        return NULL;
    }
    orders->settings = *settings;
    orders->valkey = valkey;
    orders->producer = producer;
    orders->metrics = metrics;
    orders->on_done = on_done;
    orders->on_done_context = context;
    random_name(orders->producer_name);
    orders->tickets = calloc(settings->in_flight_max, sizeof *orders->tickets); /* touched only as far as used */
    if (!orders->tickets || !route_cache_init(&orders->routes, settings->symbols_max) ||
        !json_decoder_init(&orders->decoder, DECODED_BYTES_MAX)) {
        orders_close(orders);
        return NULL;
    }
    return orders;
}

void orders_close(struct orders *orders) {
    json_decoder_deinit(&orders->decoder);
    route_cache_deinit(&orders->routes);
    free(orders->tickets);
    free(orders);
}

uint32_t orders_in_flight(const struct orders *orders) { return orders->in_flight; }

uint32_t orders_waiting(const struct orders *orders) { return orders->waiting; }

uint32_t orders_symbols(const struct orders *orders) { return orders->routes.used; }

uint64_t orders_take_oldest_route_ms(struct orders *orders) {
    uint64_t oldest_ms = orders->oldest_route_ms;
    orders->oldest_route_ms = 0;
    return oldest_ms;
}
