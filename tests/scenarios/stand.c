#include "tests/scenarios/stand.h"

#include "core/partition.h"
#include "io/memory/memory_log.h"
#include "shards/codecs.h"
#include "shards/engine.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stand {
    struct memory_log *log;
    struct codecs codecs;
    struct engine engine;
    struct reference *reference;
    struct stand_events server_events, reference_events;
    char *kept; /* the reference's events, one behind the other */
    size_t kept_bytes, kept_room;
    int64_t read[PARTITIONS]; /* of fills */
    struct stand_difference difference;
};

static void must(bool condition, const char *words) {
    if (condition) return;
    fprintf(stderr, "%s\n", words);
    abort();
}

/* One thread does everything: who finds the ring full empties it. */
static void empty_ring(void *context) {
    struct stand *stand = context;
    for (int written = 1; written > 0;)
        if ((written = fills_writer_step(&stand->engine.fills, 0)) < 0) must(false, stand->engine.words);
    atomic_store(&stand->engine.workers[0].ring.gate_bell.armed, true);
}

struct stand *stand_open(void) {
    struct stand *stand = aligned_alloc(alignof(struct stand), sizeof *stand);
    struct engine_options options = engine_options_default();
    struct engine_codecs ports;
    must(stand != NULL, "no memory");
    memset(stand, 0, sizeof *stand);
    options.workers = 1;
    options.pins_workers = false;
    options.feeds = 0;
    options.ring_bytes = UINT64_C(1) << 22;
    options.link_bytes = UINT64_C(1) << 16;
    options.open_orders_max = 1 << 17;
    stand->log = memory_log_open();
    stand->reference = reference_open();
    must(stand->log && codecs_init(&stand->codecs, 1, false, &ports), "no memory");
    if (engine_open(&stand->engine, memory_log_store(stand->log), &ports, &options) != STATUS_OK)
        must(false, stand->engine.words);
    struct ring_bell *bell = &stand->engine.workers[0].ring.gate_bell;
    bell->ring = empty_ring;
    bell->context = stand;
    atomic_store(&bell->armed, true);
    return stand;
}

void stand_close(struct stand *stand) {
    engine_stop(&stand->engine, 0);
    engine_close(&stand->engine);
    codecs_deinit(&stand->codecs);
    reference_close(stand->reference);
    memory_log_close(stand->log);
    free(stand->server_events.bytes);
    free(stand->reference_events.bytes);
    free(stand->kept);
    free(stand);
}

/* ---- answers */

static void add_event(struct stand_events *events, struct text bytes) {
    if (events->count == events->room) {
        events->room = events->room ? 2 * events->room : 64;
        events->bytes = realloc(events->bytes, events->room * sizeof *events->bytes);
        must(events->bytes != NULL, "no memory");
    }
    events->bytes[events->count++] = bytes;
}

/* Kept as offsets while the piece may still move. */
static void keep_event(void *context, const struct reference_event *event) {
    struct stand *stand = context;
    if (stand->kept_bytes + event->bytes.size > stand->kept_room) {
        stand->kept_room = 2 * (stand->kept_room + event->bytes.size);
        stand->kept = realloc(stand->kept, stand->kept_room);
        must(stand->kept != NULL, "no memory");
    }
    memcpy(stand->kept + stand->kept_bytes, event->bytes.data, event->bytes.size);
    stand->kept_bytes += event->bytes.size;
    add_event(&stand->reference_events, (struct text){NULL, event->bytes.size});
}

static void ask_reference(struct stand *stand, const struct reference_record *record) {
    stand->reference_events.count = 0;
    stand->kept_bytes = 0;
    must(reference_apply(stand->reference, record, keep_event, stand, NULL) == REFERENCE_OK,
        "the reference book refuses the record's place");
    const char *at = stand->kept;
    for (uint32_t i = 0; i < stand->reference_events.count; i++) {
        stand->reference_events.bytes[i].data = at;
        at += stand->reference_events.bytes[i].size;
    }
}

static void ask_server(struct stand *stand) {
    struct log_record record;
    stand->server_events.count = 0;
    for (int moved = 1; moved > 0;) {
        int taken = worker_step(&stand->engine.workers[0], 0), written = fills_writer_step(&stand->engine.fills, 0);
        if (taken < 0 || written < 0) must(false, stand->engine.words);
        moved = taken + written;
    }
    for (int32_t p = 0; p < PARTITIONS; p++)
        for (; stand->read[p] < memory_log_end(stand->log, TOPIC_FILLS, p); stand->read[p]++) {
            must(memory_log_read(stand->log, TOPIC_FILLS, p, stand->read[p], &record) == STATUS_OK,
                "topic fills cannot be read back");
            add_event(&stand->server_events, record.value);
        }
}

void stand_apply(struct stand *stand, int32_t partition, struct text value, bool is_control, int64_t timestamp_ms) {
    static const struct log_header control = {{"me-t", 4}, {"2", 1}};
    struct log_append record = {.topic = TOPIC_ORDERS,
        .partition = partition,
        .key = TEXT("AAPL"),
        .value = value,
        .headers = is_control ? &control : NULL,
        .header_count = is_control};
    int64_t offset = memory_log_append(stand->log, &record, timestamp_ms);
    must(offset >= 0, "the log in memory is full");
    ask_reference(stand, &(struct reference_record){.partition = partition,
                             .offset = offset,
                             .timestamp_ms = timestamp_ms,
                             .key = record.key,
                             .value = value,
                             .me_t = is_control ? control.value : TEXT_NONE});
    ask_server(stand);
}

const struct stand_events *stand_server(const struct stand *stand) { return &stand->server_events; }
const struct stand_events *stand_reference(const struct stand *stand) { return &stand->reference_events; }

/* ---- differences between answers */

static bool begins(struct text text, const char *with) {
    size_t size = strlen(with);
    return text.size >= size && memcmp(text.data, with, size) == 0;
}

static uint32_t text_find(struct text text, const char *what) {
    const char *at = memmem(text.data, text.size, what, strlen(what));
    return at ? (uint32_t)(at - text.data) : text.size;
}

static bool is_refusal(struct text event, uint32_t head) {
    return head < event.size &&
           !begins((struct text){event.data + head, event.size - head}, ",\"result\":\"ACCEPTED\"");
}

/* In which words a move was refused is nobody's rule; that it was, and its fields, are. */
static bool is_same_refusal(struct text server, struct text reference) {
    enum { HASH_BYTES = sizeof ",\"hash\":\"0123456789abcdef\"}" - 1 };
    uint32_t head = text_find(reference, ",\"result\":\"");
    struct text kind = {reference.data + text_find(reference, "\"kind\":\"") + 8, 5};
    bool is_move = begins(kind, "BEGIN") || begins(kind, "CUT") || begins(kind, "ABORT");
    return is_move && is_refusal(reference, head) && is_refusal(server, head) && server.size > HASH_BYTES &&
           memcmp(server.data, reference.data, head) == 0 &&
           memcmp(server.data + server.size - HASH_BYTES, reference.data + reference.size - HASH_BYTES, HASH_BYTES) ==
               0;
}

static bool is_same(struct text server, struct text reference) {
    return text_equal(server, reference) ||
           (begins(reference, "{\"type\":\"CONTROL\"") && is_same_refusal(server, reference));
}

static struct text symbol_of(struct text event) {
    static const char name[] = "\"symbol\":\"";
    uint32_t at = text_find(event, name) + sizeof name - 1;
    if (at >= event.size) return TEXT_NONE;
    return (struct text){event.data + at, text_find((struct text){event.data + at, event.size - at}, "\"")};
}

/* The n-th event of a symbol, absent if there are fewer. */
static struct text event_of(const struct stand_events *events, struct text symbol, uint32_t n) {
    for (uint32_t i = 0; i < events->count; i++)
        if (text_equal(symbol_of(events->bytes[i]), symbol) && n-- == 0) return events->bytes[i];
    return TEXT_NONE;
}

static uint32_t place_in_symbol(const struct stand_events *events, uint32_t i) {
    struct text symbol = symbol_of(events->bytes[i]);
    uint32_t n = 0;
    for (uint32_t k = 0; k < i; k++) n += text_equal(symbol_of(events->bytes[k]), symbol);
    return n;
}

/* A TICK expires in several symbols, whose order among themselves is nobody's rule. */
static bool find_counterpart(struct stand *stand, uint32_t i) {
    const struct stand_events *server = &stand->server_events, *reference = &stand->reference_events;
    if (i < server->count) {
        struct text symbol = symbol_of(server->bytes[i]);
        struct text other = event_of(reference, symbol, place_in_symbol(server, i));
        if (other.size && is_same(server->bytes[i], other)) return true;
        stand->difference = (struct stand_difference){.server = server->bytes[i], .reference = other};
        return false;
    }
    struct text symbol = symbol_of(reference->bytes[i]);
    stand->difference = (struct stand_difference){
        .server = event_of(server, symbol, place_in_symbol(reference, i)), .reference = reference->bytes[i]};
    return false;
}

const struct stand_difference *stand_differing_events(const struct stand *stand) {
    struct stand *s = (struct stand *)(uintptr_t)stand; /* the difference is kept in it */
    uint32_t n = s->server_events.count, m = s->reference_events.count, most = n > m ? n : m;
    for (uint32_t i = 0; i < most; i++) {
        if (i < n && i < m && is_same(s->server_events.bytes[i], s->reference_events.bytes[i])) continue;
        if (!find_counterpart(s, i)) return &s->difference;
    }
    return NULL;
}

/* ---- differences between books */

const struct book *stand_book(const struct stand *stand, struct text symbol) {
    const struct partition *home = &stand->engine.partitions[home_partition(symbol)];
    const struct symbol *found = name_table_find(&home->table, symbol);
    return found ? &found->book : NULL;
}

const struct reference *stand_judge(const struct stand *stand) { return stand->reference; }

struct visit {
    const struct book *book;
    struct book_cursor cursor;
    const char *difference;
};

static void compare_order(void *context, const struct reference_order *expected) {
    struct visit *visit = context;
    struct event got;
    if (visit->difference || expected->where == REFERENCE_WAITS_AS_CHILD) return; /* which the server's book hides */
    if (!book_next_order(visit->book, &visit->cursor, &got))
        visit->difference = "the server's book lacks an order";
    else if (!text_equal(got.order_id, expected->order_id) ||
             !text_equal(got.client_order_id, expected->client_order_id) ||
             !text_equal(got.user_id, expected->user_id) || (got.side == SIDE_SELL) != expected->sell ||
             (visit->cursor.side == SIDE_NONE) != (expected->where == REFERENCE_WAITS_AS_STOP))
        visit->difference = "the books hold other orders, or in another order";
    else if (got.price_ticks != expected->price_ticks || got.quantity_lots != expected->quantity_lots ||
             got.leaves_lots != expected->leaves_lots || got.cumulative_lots != expected->cumulative_lots)
        visit->difference = "an order has other numbers";
}

static const char *compare_orders(struct stand *stand, const struct book *book, struct text symbol) {
    struct visit visit = {.book = book};
    struct event extra;
    reference_orders(stand->reference, symbol, compare_order, &visit);
    if (!visit.difference && book_next_order(book, &visit.cursor, &extra))
        return "the server's book has an order too many";
    return visit.difference;
}

static const char *compare_levels(struct stand *stand, const struct book *book, struct text symbol, enum side side) {
    struct reference_level expected;
    struct depth_level got;
    int64_t after = 0;
    for (uint64_t i = 0; reference_level(stand->reference, symbol, side == SIDE_SELL, i, &expected); i++) {
        if (book_levels(book, side, after, &got, 1) != 1) return "the server's book lacks a level";
        if (got.price_ticks != expected.price_ticks || got.total_lots != expected.total_lots)
            return "the books' levels differ";
        after = got.price_ticks;
    }
    return book_levels(book, side, after, &got, 1) ? "the server's book has a level too many" : NULL;
}

static const char *compare_trading(struct stand *stand, const struct book *book, struct text symbol) {
    struct reference_trading expected;
    int64_t last = 0;
    reference_trading(stand->reference, symbol, &expected);
    if (!text_equal(trading_state_name(book_state(book)), text_of(expected.state))) return "the states differ";
    bool has_last = book_last_price(book, &last);
    return has_last == expected.has_last_price && (!has_last || last == expected.last_price_ticks)
               ? NULL
               : "the last prices differ";
}

const char *stand_differing_books(struct stand *stand, struct text symbol) {
    const struct book *book = stand_book(stand, symbol);
    uint64_t fseq, hash;
    bool has_stream = reference_position(stand->reference, symbol, &fseq, &hash);
    if (!book || !has_stream) return (book == NULL) == !has_stream ? NULL : "one of them has no such symbol";
    const char *difference = compare_trading(stand, book, symbol);
    if (!difference) difference = compare_orders(stand, book, symbol);
    if (!difference) difference = compare_levels(stand, book, symbol, SIDE_BUY);
    if (!difference) difference = compare_levels(stand, book, symbol, SIDE_SELL);
    return difference;
}
