/* The book beside the reference book: the same random records go through decoder, book and encoder here, and as bytes
 * into the reference; every event must be the same bytes, and the open orders the same at the end. A difference
 * is shrunk to the fewest records that show it.
 *
 *   differential [seed [rounds [records of a round]]]
 *
 * Records are more than a repeat window apart in time, so that ids may come again: the window is the shards' concern.
 */
#include "bench/reference/reference.h"
#include "core/book.h"
#include "core/depth.h"
#include "core/partition.h"
#include "io/json/json_command.h"
#include "io/json/json_event.h"
#include "tests/core/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_BYTES = 640, LEVELS = 1 << 14, EVENTS_KEPT = 1 << 16, BETWEEN_RECORDS_MS = REPEAT_WINDOW_MS + 1000 };

#define SYMBOL "AAPL"

struct record {
    char value[VALUE_BYTES];
};

/* Makes records; what it does next depends on the seed alone. */
struct maker {
    uint64_t random;
    uint64_t next_id;
    int64_t middle, spread, wander;
    uint32_t users, quantity_max, take_percent, cancel_percent;
    bool far_prices;
    const char *user_name;
};

struct pair {
    struct book book;
    struct book_output out;
    struct reference *reference;
    struct json_decoder decoder;
    struct arena *arena;
    struct depth depth; /* fed by level changes alone */
    void *depth_memory;
    char *expected[EVENTS_KEPT]; /* events of one record */
    size_t expected_bytes[EVENTS_KEPT];
    uint32_t expected_count, got_count;
    const char *difference;
    char difference_text[3 * EVENT_BYTES_MAX];
    uint64_t events;
};

static uint64_t next_random(struct maker *m) {
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return m->random;
}

static uint64_t below(struct maker *m, uint64_t n) { return (next_random(m) >> 11) % n; }

static bool percent(struct maker *m, uint32_t p) { return below(m, 100) < p; }

/* Another kind of market. */
static void change_regime(struct maker *m) {
    static const int64_t spreads[] = {3, 10, 40, 300, 3000, 100000};
    m->spread = spreads[below(m, 6)];
    m->wander = (int64_t)below(m, 3) * (m->spread / 8 + 1);
    m->users = 2 + (uint32_t)below(m, 6);
    m->quantity_max = percent(m, 30) ? 3 : percent(m, 50) ? 100 : 1000000;
    m->take_percent = (uint32_t)below(m, 50);
    m->cancel_percent = (uint32_t)below(m, 50);
    m->far_prices = percent(m, 40);
    m->user_name = percent(m, 70) ? "user" : "user-whose-name-takes-all-the-room-that-a-name-has-in-an-order";
    if (percent(m, 20)) m->middle = 1 + (int64_t)below(m, 1 << 24);
}

static struct maker new_maker(uint64_t seed) {
    struct maker m = {.random = seed * UINT64_C(0x9E3779B97F4A7C15) + 88172645463325252, .middle = 15000};
    for (int i = 0; i < 8; i++) next_random(&m);
    change_regime(&m);
    return m;
}

static int64_t random_price(struct maker *m) {
    if (m->far_prices && percent(m, 5)) return 1 + (int64_t)below(m, PRICE_TICKS_MAX);
    int64_t price = m->middle + (int64_t)below(m, (uint64_t)m->spread) - m->spread / 2;
    return price < 1 ? 1 : price;
}

/* Now and then one that no order can have. */
static void put_price(struct maker *m, char *out) {
    static const char *const odd[] = {
        "0", "0.001", "150.005", "1e308", "123456789012345678901234567890", "10995116277.77", "1e2", "0.00", "15e-1"};
    int64_t price = random_price(m);
    if (below(m, 300) == 0)
        sprintf(out, "%s", odd[below(m, 9)]);
    else
        sprintf(out, percent(m, 50) ? "%ld.%02ld" : "\"%ld.%02ld\"", (long)(price / 100), (long)(price % 100));
}

static void put_quantity(struct maker *m, char *out) {
    static const char *const odd[] = {"0", "1.5", "1000001", "1e6", "1.0", "99999999999999999999999"};
    if (below(m, 300) == 0)
        sprintf(out, "%s", odd[below(m, 6)]);
    else
        sprintf(out, "%lu", (unsigned long)(1 + below(m, m->quantity_max)));
}

/* An id used lately, so that most of them are of open orders; ids come again after a while. */
static uint64_t recent_id(struct maker *m) {
    uint64_t back = below(m, percent(m, 80) ? 60 : 2000);
    return m->next_id > back ? m->next_id - back : 0;
}

static void put_id(struct maker *m, uint64_t id, char *out) {
    (void)m;
    if (id % 17 == 3)
        sprintf(out, "a-very-long-order-id-of-sixty-four-bytes-in-all-0123456789-%05lu", (unsigned long)(id % 100000));
    else
        sprintf(out, "1764900000123-%lu", (unsigned long)id);
}

static void make_new(struct maker *m, char *at) {
    char id[80], price[64], quantity[64];
    put_id(m, percent(m, 97) ? m->next_id++ : recent_id(m), id);
    put_price(m, price);
    put_quantity(m, quantity);
    bool is_market = percent(m, m->take_percent / 3);
    at += sprintf(at,
        "{\"symbol\":\"" SYMBOL
        "\",\"orderId\":\"%s\",\"side\":\"%s\",\"quantity\":%s,\"orderType\":\"%s\",\"timestamp\":1764900000123",
        id, percent(m, 50) ? "BUY" : "SELL", quantity, is_market ? "MARKET" : "LIMIT");
    if (!is_market || percent(m, 50)) at += sprintf(at, ",\"price\":%s", price);
    if (percent(m, 90)) at += sprintf(at, ",\"userId\":\"%s%lu\"", m->user_name, (unsigned long)below(m, m->users));
    if (percent(m, 30))
        at += sprintf(at, ",\"clientOrderId\":\"c-%lu\"", (unsigned long)(percent(m, 80) ? m->next_id : recent_id(m)));
    if (percent(m, m->take_percent))
        at += sprintf(at, ",\"timeInForce\":\"%s\"", percent(m, 50) ? "IOC" : percent(m, 80) ? "FOK" : "GTC");
    if (percent(m, 10)) at += sprintf(at, ",\"postOnly\":%s", percent(m, 90) ? "true" : "false");
    sprintf(at, "}");
}

static char *start_command(struct maker *m, char *at, const char *action) {
    at += sprintf(at, "{\"action\":\"%s\",\"symbol\":\"" SYMBOL "\",\"userId\":\"%s%lu\"", action, m->user_name,
        (unsigned long)below(m, m->users));
    if (percent(m, 70)) at += sprintf(at, ",\"commandId\":\"k%lu\"", (unsigned long)next_random(m));
    return at;
}

static void make_cancel(struct maker *m, char *at) {
    char id[80];
    put_id(m, recent_id(m), id);
    at = start_command(m, at, "CANCEL");
    if (percent(m, 80))
        at += sprintf(at, ",\"orderId\":\"%s\"", id);
    else
        at += sprintf(at, ",\"clientOrderId\":\"c-%lu\"", (unsigned long)recent_id(m));
    sprintf(at, "}");
}

static void make_modify(struct maker *m, char *at) {
    char id[80], price[64], quantity[64];
    put_id(m, recent_id(m), id);
    put_price(m, price);
    put_quantity(m, quantity);
    at = start_command(m, at, "MODIFY");
    at += sprintf(at, ",\"orderId\":\"%s\"", id);
    bool has_price = percent(m, 60);
    if (has_price) at += sprintf(at, ",\"price\":%s", price);
    if (!has_price || percent(m, 50)) at += sprintf(at, ",\"quantity\":%s", quantity);
    sprintf(at, "}");
}

static void make_cancel_all(struct maker *m, char *at) {
    at = start_command(m, at, "CANCEL_ALL");
    if (percent(m, 50)) at += sprintf(at, ",\"side\":\"%s\"", percent(m, 50) ? "BUY" : "SELL");
    sprintf(at, "}");
}

static void make_faulty(struct maker *m, char *at) {
    static const char *const faulty[] = {
        "{\"symbol\":\"" SYMBOL "\"}",
        "{\"symbol\":\"" SYMBOL
        "\",\"orderId\":\"x\",\"side\":\"UP\",\"quantity\":1,\"price\":1,\"orderType\":\"LIMIT\"}",
        "{\"symbol\":\"" SYMBOL
        "\",\"orderId\":\"x\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"LIMIT\",\"userId\":\"u\\u0001\\\"\"}",
        "{\"symbol\":\"" SYMBOL "\",\"orderId\":\"x\",\"side\":\"BUY\",\"quantity\":1,\"price\":1,\"orderType\":"
        "\"LIMIT\",\"timeInForce\":\"GTD\"}",
        "{\"symbol\":\"" SYMBOL
        "\",\"orderId\":\"x\",\"side\":\"BUY\",\"quantity\":1,\"orderType\":\"MARKET\",\"postOnly\":true}",
        "{\"symbol\":\"" SYMBOL "\",\"action\":\"MODIFY\",\"userId\":\"user1\",\"orderId\":\"x\"}",
        "{\"symbol\":\"" SYMBOL "\",\"action\":\"CANCEL\",\"userId\":\"user1\"}",
        "{\"symbol\":\"" SYMBOL
        "\",\"action\":\"REPLACE\",\"orderId\":\"1764900000123-5\",\"cancelOrderId\":\"y\",\"side\":\"BUY\","
        "\"quantity\":1,\"price\":1,\"orderType\":\"LIMIT\",\"userId\":\"user1\"}",
        "{\"symbol\":\"" SYMBOL "\",\"action\":\"JUMP\"}",
    };
    strcpy(at, faulty[below(m, sizeof faulty / sizeof *faulty)]);
}

static void make_record(struct maker *m, struct record *record) {
    if (below(m, 700) == 0) change_regime(m);
    m->middle += (int64_t)below(m, (uint64_t)m->wander * 2 + 1) - m->wander;
    if (m->middle < 1) m->middle = 1;
    if (percent(m, m->cancel_percent))
        make_cancel(m, record->value);
    else if (percent(m, 15))
        make_modify(m, record->value);
    else if (below(m, 400) == 0)
        make_cancel_all(m, record->value);
    else if (below(m, 200) == 0)
        make_faulty(m, record->value);
    else
        make_new(m, record->value);
}

static void keep_expected(void *context, const struct reference_event *event) {
    struct pair *pair = context;
    if (pair->expected_count == EVENTS_KEPT) abort();
    uint32_t i = pair->expected_count++;
    pair->expected[i] = realloc(pair->expected[i], event->bytes.size + 1);
    memcpy(pair->expected[i], event->bytes.data, event->bytes.size);
    pair->expected_bytes[i] = event->bytes.size;
}

static void differ(struct pair *pair, const char *what, const char *expected, size_t expected_bytes, const char *got,
    size_t got_bytes) {
    snprintf(pair->difference_text, sizeof pair->difference_text, "%s\n  reference: %.*s\n  book:      %.*s", what,
        (int)expected_bytes, expected, (int)got_bytes, got);
    pair->difference = pair->difference_text;
}

static void compare_event(struct pair *pair, const struct event *event) {
    char bytes[EVENT_BYTES_MAX];
    size_t size = json_event_encode(event, bytes, sizeof bytes);
    uint32_t i = pair->got_count++;
    pair->events++;
    if (i >= pair->expected_count)
        differ(pair, "an event too many", "", 0, bytes, size);
    else if (size != pair->expected_bytes[i] || memcmp(bytes, pair->expected[i], size) != 0)
        differ(pair, "events differ", pair->expected[i], pair->expected_bytes[i], bytes, size);
}

static void follow_levels(struct pair *pair) {
    for (uint32_t i = 0; i < pair->out.level_count; i++) {
        const struct level_change *change = &pair->out.levels[i];
        if (depth_apply(&pair->depth, change->side, change->price_ticks, change->total_lots) == DEPTH_NO_ROOM) abort();
    }
}

static void compare_step(struct pair *pair, const struct book_input *input) {
    follow_levels(pair);
    for (uint32_t i = 0; i < pair->out.event_count && !pair->difference; i++) {
        struct event event;
        book_view(&pair->book, input, &pair->out.events[i], &event);
        event.symbol = TEXT(SYMBOL);
        event.src_partition = home_partition(event.symbol);
        event.src_offset = input->src_offset;
        event.src_index = pair->got_count;
        event.timestamp_ms = input->log_time_ms;
        compare_event(pair, &event);
    }
    pair->out.event_count = pair->out.level_count = 0;
}

static void play_in_book(struct pair *pair, const char *value, int64_t offset, int64_t time_ms) {
    struct command command;
    char made_up[64];
    json_command_decode(&pair->decoder, value, strlen(value), &command);
    bool needs_id =
        command.action == ACTION_CANCEL || command.action == ACTION_MODIFY || command.action == ACTION_CANCEL_ALL;
    if (needs_id && text_is_absent(command.command_id)) {
        snprintf(made_up, sizeof made_up, "%d-%ld", home_partition(TEXT(SYMBOL)), (long)offset);
        command.command_id = text_of(made_up);
    }
    struct book_input input = {.command = &command, .src_offset = offset, .log_time_ms = time_ms};
    enum book_progress progress = book_apply(&pair->book, &input, &pair->out);
    compare_step(pair, &input);
    while (progress == BOOK_MORE) {
        progress = book_step(&pair->book, &input, &pair->out);
        compare_step(pair, &input);
    }
}

static void play_record(struct pair *pair, const char *value, int64_t offset) {
    int64_t time_ms = 1000000 + offset * BETWEEN_RECORDS_MS;
    struct reference_record record = {.partition = home_partition(TEXT(SYMBOL)),
        .offset = offset,
        .timestamp_ms = time_ms,
        .key = TEXT(SYMBOL),
        .value = {value, (uint32_t)strlen(value)}};
    pair->expected_count = pair->got_count = 0;
    if (reference_apply(pair->reference, &record, keep_expected, pair, NULL) != REFERENCE_OK) abort();
    play_in_book(pair, value, offset, time_ms);
    if (!pair->difference && pair->got_count < pair->expected_count)
        differ(
            pair, "an event is missing", pair->expected[pair->got_count], pair->expected_bytes[pair->got_count], "", 0);
}

static void compare_order(void *context, const struct reference_order *expected) {
    struct {
        struct pair *pair;
        struct book_cursor cursor;
    } *visit = context;
    struct event got;
    if (visit->pair->difference) return;
    if (!book_next_order(&visit->pair->book, &visit->cursor, &got) || !text_equal(got.order_id, expected->order_id) ||
        !text_equal(got.client_order_id, expected->client_order_id) || !text_equal(got.user_id, expected->user_id) ||
        (got.side == SIDE_SELL) != expected->sell || got.price_ticks != expected->price_ticks ||
        got.quantity_lots != expected->quantity_lots || got.leaves_lots != expected->leaves_lots ||
        got.cumulative_lots != expected->cumulative_lots)
        differ(visit->pair, "open orders differ", expected->order_id.data, expected->order_id.size, got.order_id.data,
            got.order_id.size);
}

static void compare_books(struct pair *pair) {
    struct {
        struct pair *pair;
        struct book_cursor cursor;
    } visit = {.pair = pair};
    struct event extra;
    reference_orders(pair->reference, TEXT(SYMBOL), compare_order, &visit);
    if (!pair->difference && book_next_order(&pair->book, &visit.cursor, &extra))
        differ(pair, "an order too many", "", 0, extra.order_id.data, extra.order_id.size);
}

/* Levels as the changes tell, as the book tells, as the reference has them. */
static void compare_levels(struct pair *pair, enum side side) {
    struct reference_level expected;
    struct depth_level got;
    int64_t after = 0;
    uint32_t i = 0;
    for (; reference_level(pair->reference, TEXT(SYMBOL), side == SIDE_SELL, i, &expected); i++) {
        bool has_level = book_levels(&pair->book, side, after, &got, 1) == 1 && i < depth_count(&pair->depth, side);
        struct depth_level told = has_level ? depth_at(&pair->depth, side, i) : (struct depth_level){0};
        if (!has_level || got.price_ticks != expected.price_ticks || got.total_lots != expected.total_lots ||
            told.price_ticks != expected.price_ticks || told.total_lots != expected.total_lots) {
            differ(pair, "levels differ", "", 0, "", 0);
            return;
        }
        after = got.price_ticks;
    }
    if (book_levels(&pair->book, side, after, &got, 1) != 0 || depth_count(&pair->depth, side) != i)
        differ(pair, "a level too many", "", 0, "", 0);
}

static void start(struct pair *pair) {
    struct instrument instrument = instrument_default();
    book_init(&pair->book, pair->arena, &instrument);
    pair->reference = reference_open();
    pair->difference = NULL;
    pair->out.event_count = pair->out.level_count = 0;
    depth_init(&pair->depth, pair->depth_memory, LEVELS);
}

static void stop(struct pair *pair) {
    book_deinit(&pair->book);
    reference_close(pair->reference);
}

/* Index of the first record after which they differ, or -1. */
static int64_t play(
    struct pair *pair, const struct record *records, const uint32_t *which, uint32_t count, bool check) {
    start(pair);
    uint32_t i = 0;
    for (; i < count && !pair->difference; i++) {
        play_record(pair, records[which[i]].value, i);
        if (!pair->difference && (i % 512 == 511 || i + 1 == count)) compare_books(pair);
        for (enum side side = SIDE_BUY; side <= SIDE_SELL && !pair->difference && i % 64 == 63; side++)
            compare_levels(pair, side);
        if (check && i % 16 == 0) book_check(&pair->book);
    }
    stop(pair);
    return pair->difference ? (int64_t)i - 1 : -1;
}

/* Leaves out whatever can be left out, in smaller and smaller pieces. */
static uint32_t shrink(struct pair *pair, const struct record *records, uint32_t *which, uint32_t count) {
    uint32_t *fewer = malloc(count * sizeof *fewer);
    for (uint32_t piece = count / 2; piece; piece /= 2)
        for (uint32_t from = 0; from < count && count > 1;) {
            uint32_t size = from + piece > count ? count - from : piece;
            memcpy(fewer, which, from * sizeof *which);
            memcpy(fewer + from, which + from + size, (count - from - size) * sizeof *which);
            int64_t at = play(pair, records, fewer, count - size, false);
            if (at < 0) {
                from += piece;
            } else {
                count = (uint32_t)at + 1;
                memcpy(which, fewer, count * sizeof *which);
            }
        }
    free(fewer);
    return count;
}

static int report(struct pair *pair, const struct record *records, uint32_t *which, uint32_t count, uint64_t seed) {
    fprintf(stderr, "seed %lu: they differ after %u records\n%s\n", (unsigned long)seed, count, pair->difference);
    count = shrink(pair, records, which, count);
    play(pair, records, which, count, false);
    fprintf(stderr, "the shortest that shows it, %u records:\n", count);
    for (uint32_t i = 0; i < count; i++) fprintf(stderr, "%s\n", records[which[i]].value);
    fprintf(stderr, "%s\n", pair->difference ? pair->difference : "(no difference any more)");
    return 1;
}

static void free_pair(struct pair *pair) {
    for (uint32_t i = 0; i < EVENTS_KEPT; i++) free(pair->expected[i]);
    json_decoder_deinit(&pair->decoder);
    free(depth_memory(&pair->depth));
    free(pair->arena);
    free(pair);
}

int main(int argc, char **argv) {
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint32_t rounds = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 20;
    uint32_t count = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 15000;
    struct pair *pair = calloc(1, sizeof *pair);
    struct record *records = malloc(count * sizeof *records);
    uint32_t *which = malloc(count * sizeof *which);
    pair->arena = scenario_arena(1 << 16);
    pair->depth_memory = malloc(depth_bytes(LEVELS));
    if (!json_decoder_init(&pair->decoder, RECORD_BYTES_MAX)) return 1;
    for (uint32_t round = 0; round < rounds; round++) {
        struct maker maker = new_maker(seed + round);
        for (uint32_t i = 0; i < count; i++) {
            make_record(&maker, &records[i]);
            which[i] = i;
        }
        int64_t at = play(pair, records, which, count, true);
        if (at >= 0) return report(pair, records, which, (uint32_t)at + 1, seed + round);
    }
    printf("%lu events of %lu records are the same\n", (unsigned long)pair->events, (unsigned long)rounds * count);
    free_pair(pair);
    free(records);
    free(which);
    return 0;
}
