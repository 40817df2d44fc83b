#include "io/websocket/reports.h"

#include "core/check.h"
#include "io/json/json_event.h"
#include "io/websocket/push_thread.h"

#include <stdlib.h>

enum { BUCKETS_FIRST = 64 };

void accounts_init(struct accounts *accounts) {
    *accounts = (struct accounts){.bucket_count = BUCKETS_FIRST};
    accounts->buckets = calloc(BUCKETS_FIRST, sizeof *accounts->buckets);
    CHECK(accounts->buckets, "no memory for accounts");
}

void accounts_deinit(struct accounts *accounts) {
    CHECK(accounts->count == 0, "accounts are freed while connections use them");
    free(accounts->buckets);
    *accounts = (struct accounts){0};
}

static struct account **place_of(const struct accounts *accounts, struct text name) {
    uint32_t h = 2166136261u;
    for (uint32_t i = 0; i < name.size; i++) h = (h ^ (unsigned char)name.data[i]) * 16777619u;
    struct account **at = &accounts->buckets[(h ^ h >> 15) & (accounts->bucket_count - 1)];
    while (*at && !text_equal((struct text){(*at)->name, (*at)->name_bytes}, name)) at = &(*at)->next;
    return at;
}

static void grow(struct accounts *accounts) {
    struct accounts old = *accounts;
    accounts->bucket_count = 2 * old.bucket_count;
    accounts->buckets = calloc(accounts->bucket_count, sizeof *accounts->buckets);
    CHECK(accounts->buckets, "no memory for accounts");
    for (uint32_t i = 0; i < old.bucket_count; i++) {
        for (struct account *account = old.buckets[i], *next; account; account = next) {
            next = account->next;
            account->next = NULL;
            *place_of(accounts, (struct text){account->name, account->name_bytes}) = account;
        }
    }
    free(old.buckets);
}

struct account *accounts_find(const struct accounts *accounts, struct text name) {
    return accounts->count == 0 || text_is_absent(name) ? NULL : *place_of(accounts, name);
}

void accounts_join(struct accounts *accounts, struct connection *connection) {
    if (connection->reports_of) return;
    struct text name = text_of(connection->account);
    CHECK(!text_is_absent(name), "reports for a connection without an account");
    if (accounts->count == accounts->bucket_count) grow(accounts);
    struct account **place = place_of(accounts, name);
    if (!*place) {
        *place = calloc(1, sizeof **place + name.size);
        CHECK(*place, "no memory for an account");
        (*place)->name_bytes = name.size;
        memcpy((*place)->name, name.data, name.size);
        accounts->count++;
    }
    connection->reports_of = *place;
    connection->previous_of_account = NULL;
    connection->next_of_account = (*place)->connections;
    if (connection->next_of_account) connection->next_of_account->previous_of_account = connection;
    (*place)->connections = connection;
}

void accounts_leave(struct accounts *accounts, struct connection *connection) {
    struct account *account = connection->reports_of;
    if (!account) return;
    if (connection->previous_of_account)
        connection->previous_of_account->next_of_account = connection->next_of_account;
    else
        account->connections = connection->next_of_account;
    if (connection->next_of_account) connection->next_of_account->previous_of_account = connection->previous_of_account;
    connection->reports_of = NULL;
    if (account->connections) return;
    struct account **place = place_of(accounts, (struct text){account->name, account->name_bytes});
    *place = account->next;
    free(account);
    accounts->count--;
}

static void tell(struct push *push, struct account *account) {
    struct frames *frames = frames_of(message_view(&push->message));
    for (struct connection *connection = account->connections, *next; connection; connection = next) {
        next = connection->next_of_account; /* a send may close it and take it out, and the account with the last one */
        connection_send(connection, frames, OUTBOX_KEPT);
    }
    frames_release(frames);
}

static void tell_party(struct push *push, struct text name, const struct event *event) {
    struct account *account = accounts_find(&push->accounts, name);
    if (!account) return;
    message_party_report(&push->message, name, event);
    tell(push, account);
}

static void tell_owner(struct push *push, const struct event *event, struct text bytes) {
    struct account *account = accounts_find(&push->accounts, event->user_id);
    if (!account) return;
    struct text json = bytes;
    if (bytes.size == 0 || bytes.data[0] != '{')
        json = (struct text){
            push->event_json, (uint32_t)json_event_encode(event, push->event_json, sizeof push->event_json)};
    message_report(&push->message, event->user_id, json);
    tell(push, account);
}

void reports_on_event(struct push *push, const struct event *event, struct text bytes) {
    if (push->accounts.count == 0) return;
    if (event->type != EVENT_FILL && event->type != EVENT_PREVENTED) {
        tell_owner(push, event, bytes);
        return;
    }
    tell_party(push, event->taker.user_id, event);
    if (!text_equal(event->taker.user_id, event->maker.user_id)) tell_party(push, event->maker.user_id, event);
}

void reports_close_all(struct push *push) {
    for (struct connection *connection = push->connections, *next; connection; connection = next) {
        next = connection->next;
        if (!connection->reports_of) continue;
        push_count(&push->counters.report_closes, 1);
        connection_close(connection, 1013, "Reports were missed: connect again and ask for your orders.");
    }
}
