/* The whole engine over a log in memory, against the reference book: workers, moves, restarts, other doors. Threads are
 * real, so this is what runs under the thread sanitizer. */
#include "bench/reference/reference.h"
#include "bench/reference/verify.h"
#include "core/partition.h"
#include "shards/codecs.h"
#include "shards/engine.h"
#include "tests/shards/market.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifdef SHARDBOOK_SANITIZED
enum { RECORDS = 3000, HAS_VARIETY = 0 }; /* too few for the rarest events */
#else
enum { RECORDS = 30000, HAS_VARIETY = 1 };
#endif

enum { DEADLINE_MS = 60000 };

static int failures;

#define EXPECT(condition, ...)                                                                                         \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            failures++;                                                                                                \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);                                            \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fprintf(stderr, "\n");                                                                                     \
        }                                                                                                              \
    } while (0)

static void nap(void) { nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL); }

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* ---- an engine on a log ---------------------------------------------------------------------------------- */

struct server {
    struct codecs codecs;
    struct engine engine;
    _Atomic bool changed;
};

static void on_change(void *context) { atomic_store(&((struct server *)context)->changed, true); }

static int start(struct server *server, struct memory_log *log, int workers, int feeds) {
    struct engine_options options = engine_options_default();
    struct engine_codecs ports;
    options.workers = workers;
    options.feeds = feeds;
    options.pins_workers = false;
    options.ring_bytes = UINT64_C(1) << 20;
    options.link_bytes = UINT64_C(1) << 16;
    options.open_orders_max = 200000;
    atomic_init(&server->changed, false);
    if (!codecs_init(&server->codecs, workers, false, &ports)) abort();
    int status = engine_open(&server->engine, memory_log_store(log), &ports, &options);
    return status == STATUS_OK ? engine_start(&server->engine, on_change, server) : status;
}

static void stop(struct server *server, int drain_ms) {
    engine_stop(&server->engine, drain_ms);
    engine_close(&server->engine);
    codecs_deinit(&server->codecs);
}

static void attend(struct server *server) {
    if (atomic_exchange(&server->changed, false))
        EXPECT(engine_on_change(&server->engine) == STATUS_OK, "the reinjector does not start");
}

/* Everything in the log is answered and acknowledged, and what came by other doors is home. */
static bool is_settled(struct server *server, struct memory_log *log, uint64_t pending) {
    if (engine_state(&server->engine) != ENGINE_RUNNING) return false;
    const struct reinjector_counters *copies = &server->engine.reinjector.counters;
    if (counter_get(&copies->pending) + counter_get(&copies->dead_letters) < pending) return false;
    for (int32_t p = 0; p < PARTITIONS; p++)
        if (engine_durable_offset(&server->engine, p) < memory_log_end(log, TOPIC_ORDERS, p)) return false;
    return true;
}

static void settle(struct server *server, struct memory_log *log, uint64_t pending) {
    int64_t deadline_ms = now_ms() + DEADLINE_MS;
    for (int quiet = 0; quiet < 20 && now_ms() < deadline_ms; nap()) {
        attend(server);
        quiet = is_settled(server, log, pending) ? quiet + 1 : 0;
    }
    EXPECT(is_settled(server, log, pending), "not settled: state %d, %s", (int)engine_state(&server->engine),
        server->engine.words);
}

/* ---- the judge ------------------------------------------------------------------------------------------- */

static struct text header_of(const struct log_record *record, struct text name) {
    for (uint32_t i = 0; i < record->header_count; i++)
        if (text_equal(record->headers[i].name, name)) return record->headers[i].value;
    return TEXT_NONE;
}

static void expect_all(struct reference *reference, struct verify *verify, struct memory_log *log, int32_t p) {
    struct log_record record;
    for (int64_t offset = 0; offset < memory_log_end(log, TOPIC_ORDERS, p); offset++) {
        if (memory_log_read(log, TOPIC_ORDERS, p, offset, &record) != STATUS_OK) continue;
        struct reference_record input = {.partition = p,
            .offset = offset,
            .timestamp_ms = record.timestamp_ms,
            .key = record.key,
            .value = record.value,
            .me_t = header_of(&record, TEXT("me-t")),
            .me_src = header_of(&record, TEXT("me-src"))};
        reference_apply(reference, &input, verify_on_event, verify, NULL);
    }
}

static void see_all(struct verify *verify, struct memory_log *log, int32_t p) {
    struct log_record record;
    for (int64_t offset = 0; offset < memory_log_end(log, TOPIC_FILLS, p); offset++)
        if (memory_log_read(log, TOPIC_FILLS, p, offset, &record) == STATUS_OK)
            verify_see(verify, p, offset, record.key, record.value);
}

/* Topic fills holds exactly what the reference book computes from orders, each event once. */
static void judge(struct memory_log *log, const char *what) {
    struct reference *reference = reference_open();
    struct verify *verify = verify_open();
    for (int32_t p = 0; p < PARTITIONS; p++) expect_all(reference, verify, log, p);
    for (int32_t p = 0; p < PARTITIONS; p++) see_all(verify, log, p);
    verify_finish(verify);
    const struct verify_result *result = verify_result(verify);
    const struct verify_difference *first = &result->first;
    EXPECT(verify_exit_code(result) == 0, "%s: %s of %.*s fseq %llu, orders[%d]@%lld\n  expected %.*s\n  seen     %.*s",
        what, verify_kind_name(first->kind), (int)first->symbol.size, first->symbol.data ? first->symbol.data : "",
        (unsigned long long)first->fseq, (int)first->partition, (long long)first->orders_offset,
        (int)first->expected.size, first->expected.data ? first->expected.data : "", (int)first->seen.size,
        first->seen.data ? first->seen.data : "");
    EXPECT(result->repeats == 0, "%s: %llu events were written twice", what, (unsigned long long)result->repeats);
    EXPECT(result->matched > 0, "%s: nothing was compared", what);
    printf("%s: %llu events, as the reference book has them\n", what, (unsigned long long)result->matched);
    verify_close(verify);
    reference_close(reference);
}

static uint64_t pending_records(struct memory_log *log) {
    int64_t count = 0;
    for (int32_t p = 0; p < PARTITIONS; p++) count += memory_log_end(log, TOPIC_PENDING, p);
    return (uint64_t)count;
}

static int64_t lengths(struct memory_log *log) {
    int64_t count = 0;
    for (int32_t p = 0; p < PARTITIONS; p++)
        count += memory_log_end(log, TOPIC_ORDERS, p) + memory_log_end(log, TOPIC_FILLS, p);
    return count + memory_log_end(log, TOPIC_DEAD_LETTER, 0);
}

/* ---- tests ----------------------------------------------------------------------------------------------- */

/* The same log, any number of workers: the same bytes. */
static void test_workers(int workers) {
    static struct server server;
    struct memory_log *log = memory_log_open();
    struct market market;
    char what[40];
    market_init(&market, 1, 20);
    market.fault_percent = 3;
    market.repeat_percent = 2;
    EXPECT(start(&server, log, workers, 2) == STATUS_OK, "%s", server.engine.words);
    market_trade(&market, log, RECORDS);
    settle(&server, log, 0);
    stop(&server, 5000);
    snprintf(what, sizeof what, "%d workers", workers);
    judge(log, what);
    memory_log_close(log);
}

/* How many events hold this text. */
static unsigned count_events(struct memory_log *log, const char *text) {
    struct log_record record;
    unsigned count = 0;
    for (int32_t p = 0; p < PARTITIONS; p++)
        for (int64_t offset = 0; offset < memory_log_end(log, TOPIC_FILLS, p); offset++)
            if (memory_log_read(log, TOPIC_FILLS, p, offset, &record) == STATUS_OK)
                count += memmem(record.value.data, record.value.size, text, strlen(text)) != NULL;
    return count;
}

static void expect_variety(struct memory_log *log) {
    static const char *const wanted[] = {"TRIGGERED", "PREVENTED", "\"state\":\"AUCTION\"", "indicativePrice",
        "\"reason\":\"GTD\"", "\"reason\":\"DAY\"", "\"reason\":\"OCO\"", "\"reason\":\"PARENT\"",
        "\"reason\":\"REPLACED\"", "\"reason\":\"BLOCKED\"", "\"reason\":\"UNKNOWN_SYMBOL\"", "\"reason\":\"CAPACITY\"",
        "\"reason\":\"PRICE_BAND\"", "\"reason\":\"MIN_NOTIONAL\"", "\"reason\":\"HALTED\"", "\"reason\":\"CLOSED\"",
        "\"reason\":\"AUCTION\"", "BOOK_NOT_EMPTY", "\"kind\":\"BLOCK\",\"result\":\"ACCEPTED\"",
        "\"kind\":\"STATE\",\"result\":\"UNKNOWN_SYMBOL\"", "\"kind\":\"INSTRUMENT\",\"result\":\"CAPACITY\"",
        "\"listId\""};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        EXPECT(count_events(log, wanted[i]) > 0, "no event has %s", wanted[i]);
    unsigned matches = count_events(log, "\"type\":\"FILL\"") + count_events(log, "\"type\":\"PREVENTED\"");
    EXPECT(matches > count_events(log, "\"takerSide\""), "no auction traded");
}

/* Every kind of order, state and setting, with symbols that wander: the same bytes on any number of workers, and after
 * a restart not one more. */
static void test_kinds(int workers) {
    static struct server server;
    struct memory_log *log = memory_log_open();
    struct market market;
    char what[40];
    market_init(&market, 6, 40);
    market.has_all_kinds = true;
    memory_log_set_time(log, market.time_ms); /* of TICKs, whenever the server appends one */
    market.control_per_mille = 40;
    market.stranger_percent = 3;
    market.fault_percent = 1;
    market.repeat_percent = 2;
    market.wrong_partition_percent = market.pending_percent = 3;
    EXPECT(start(&server, log, workers, 2) == STATUS_OK, "%s", server.engine.words);
    for (int i = 0; i < 50; i++) {
        market_trade(&market, log, RECORDS / 50);
        market_move(&market, log, i % 5, i * 7);
    }
    settle(&server, log, 0);
    stop(&server, 5000);
    snprintf(what, sizeof what, "all kinds, %d workers", workers);
    judge(log, what);
    if (HAS_VARIETY) expect_variety(log);
    int64_t before = lengths(log);
    EXPECT(start(&server, log, 3, 0) == STATUS_OK, "%s", server.engine.words);
    settle(&server, log, 0);
    stop(&server, 5000);
    int64_t grown = lengths(log) - before;
    EXPECT(grown >= 0 && grown <= PARTITIONS, "a restart wrote %lld records", (long long)grown); /* a TICK each */
    judge(log, "all kinds, restarted");
    memory_log_close(log);
}

static uint32_t timed_symbols(const struct server *server) {
    uint32_t count = 0;
    for (int32_t p = 0; p < PARTITIONS; p++) count += atomic_load(&server->engine.partitions[p].pace.timed_symbols);
    return count;
}

static uint64_t ticks_read(const struct server *server) {
    uint64_t count = 0;
    for (int w = 0; w < server->engine.worker_count; w++)
        count += counter_get(&server->engine.workers[w].counters.ticks);
    return count;
}

#define AWAIT(server, condition)                                                                                       \
    do {                                                                                                               \
        int64_t deadline_ms = now_ms() + DEADLINE_MS;                                                                  \
        while (!(condition) && now_ms() < deadline_ms) {                                                               \
            attend(server);                                                                                            \
            nap();                                                                                                     \
        }                                                                                                              \
        EXPECT(condition, "in vain");                                                                                  \
    } while (0)

/* Where an order waits for its time and nothing else happens, the server makes time pass; afterwards it leaves the log
 * alone. A symbol away from its partition's worker is reached too. */
static void test_ticks(void) {
    static struct server server;
    static const char order[] =
        "{\"symbol\":\"S0\",\"side\":\"BUY\",\"quantity\":1,\"price\":1,\"orderType\":\"LIMIT\","
        "\"timeInForce\":\"GTD\",\"expireTime\":2000000000000,\"orderId\":\"g\"}";
    struct memory_log *log = memory_log_open();
    struct market market;
    int32_t home = home_partition(TEXT("S0"));
    struct log_append record = {.topic = TOPIC_ORDERS, .partition = home, .key = TEXT("S0"), .value = text_of(order)};
    market_init(&market, 7, 1);
    memory_log_set_time(log, 1900000000000);
    EXPECT(start(&server, log, 2, 1) == STATUS_OK, "%s", server.engine.words);
    EXPECT(memory_log_append(log, &record, -1) >= 0, "no append");
    market_move(&market, log, 0, home % 2 + 1); /* to the other worker */
    settle(&server, log, 0);
    EXPECT(timed_symbols(&server) == 1, "%u symbols wait for time", timed_symbols(&server));
    AWAIT(&server, ticks_read(&server) >= 2);
    EXPECT(count_events(log, "EXPIRED") == 0, "expired ahead of its time");
    memory_log_set_time(log, 2000000000000);
    AWAIT(&server, count_events(log, "\"reason\":\"GTD\"") == 1);
    AWAIT(&server, timed_symbols(&server) == 0);
    settle(&server, log, 0);
    stop(&server, 5000);
    judge(log, "ticks");
    int64_t before = lengths(log);
    EXPECT(start(&server, log, 1, 0) == STATUS_OK, "%s", server.engine.words);
    settle(&server, log, 0);
    EXPECT(timed_symbols(&server) == 0 && lengths(log) == before, "a restart waits for time that nobody needs");
    stop(&server, 5000);
    memory_log_close(log);
}

/* Symbols wander between workers while they trade. */
static void test_moves(void) {
    static struct server server;
    struct memory_log *log = memory_log_open();
    struct market market;
    market_init(&market, 2, 8);
    EXPECT(start(&server, log, 4, 1) == STATUS_OK, "%s", server.engine.words);
    for (int i = 0; i < 200; i++) {
        market_trade(&market, log, RECORDS / 200);
        market_move(&market, log, i % 3, i * 7);
    }
    settle(&server, log, 0);
    uint64_t adopted = 0;
    for (int w = 0; w < 4; w++) adopted += counter_get(&server.engine.workers[w].counters.adopted);
    EXPECT(adopted > 50, "only %llu symbols changed hands", (unsigned long long)adopted);
    stop(&server, 5000);
    judge(log, "moves");
    memory_log_close(log);
}

/* Orders in wrong partitions and in pending-orders come home once, over restarts too. */
static void test_other_doors(void) {
    static struct server server;
    struct memory_log *log = memory_log_open();
    struct market market;
    market_init(&market, 3, 12);
    market.wrong_partition_percent = 20;
    market.pending_percent = 20;
    market.fault_percent = 3;
    for (int i = 0; i < 3; i++) {
        market_trade(&market, log, RECORDS / 6);
        EXPECT(start(&server, log, 2, 0) == STATUS_OK, "%s", server.engine.words);
        market_trade(&market, log, RECORDS / 6);
        settle(&server, log, 0);
        stop(&server, i == 1 ? 0 : 5000);
    }
    EXPECT(start(&server, log, 2, 0) == STATUS_OK, "%s", server.engine.words);
    settle(&server, log, 0);
    stop(&server, 5000);
    judge(log, "other doors");
    int64_t before = lengths(log);
    for (int i = 0; i < 10; i++) {
        EXPECT(start(&server, log, 1 + i % 3, 0) == STATUS_OK, "%s", server.engine.words);
        settle(&server, log, 0);
        stop(&server, 5000);
    }
    EXPECT(lengths(log) == before, "the log grew from %lld to %lld records over ten restarts", (long long)before,
        (long long)lengths(log));
    EXPECT(pending_records(log) > 100, "no pending records");
    judge(log, "ten restarts");
    memory_log_close(log);
}

/* Killed with answers in flight: what was stored stays, what was not is written by the next one. */
static void test_crashes(void) {
    static struct server server;
    struct memory_log *log = memory_log_open();
    struct market market;
    market_init(&market, 4, 20);
    for (int i = 0; i < 10; i++) {
        struct memory_faults faults = {.in_flight_max = 300,
            .append_pieces_max = 7,
            .fail_after = true,
            .fail_after_records = RECORDS / 60 + RECORDS / 200 * (uint64_t)i,
            .fail_stores = i % 2 == 0};
        memory_log_set_faults(log, &faults);
        EXPECT(start(&server, log, 1 + i % 2, 0) == STATUS_OK, "%s", server.engine.words);
        market_trade(&market, log, RECORDS / 10);
        int64_t deadline_ms = now_ms() + DEADLINE_MS;
        while (engine_state(&server.engine) != ENGINE_FAILED && now_ms() < deadline_ms) {
            attend(&server);
            nap();
        }
        EXPECT(engine_state(&server.engine) == ENGINE_FAILED, "the injected failure was not noticed");
        stop(&server, 0);
    }
    memory_log_set_faults(log, &(struct memory_faults){0});
    EXPECT(start(&server, log, 1, 0) == STATUS_OK, "%s", server.engine.words);
    settle(&server, log, 0);
    stop(&server, 5000);
    judge(log, "ten crashes");
    memory_log_close(log);
}

/* No event of the greatest size fits any more. */
static bool is_full(const struct server *server) {
    const struct broadcast_ring *ring = &server->engine.workers[0].ring;
    return atomic_load(&ring->claimed) - atomic_load(&ring->gate) > ring->capacity - RING_RECORD_BYTES_MAX;
}

/* The log acknowledges nothing until the ring is full of what it was given: the worker waits, and nothing is
 * overwritten (the log compares). */
static void test_held_acknowledgements(void) {
    static struct server server;
    struct memory_log *log = memory_log_open();
    struct market market;
    market_init(&market, 6, 20);
    market_trade(&market, log, 10000); /* several rings full */
    memory_log_set_faults(log, &(struct memory_faults){.hold_acks = true});
    EXPECT(start(&server, log, 1, 0) == STATUS_OK, "%s", server.engine.words);
    for (int64_t deadline_ms = now_ms() + DEADLINE_MS; !is_full(&server) && now_ms() < deadline_ms;) nap();
    EXPECT(is_full(&server), "the ring was never full");
    memory_log_set_faults(log, &(struct memory_faults){.ack_delay_ms = 5});
    settle(&server, log, 0);
    stop(&server, 5000);
    judge(log, "held acknowledgements");
    memory_log_close(log);
}

/* Partitions of a worker, a bit for each. */
static uint32_t partitions_of(const struct server *server, int worker) {
    uint32_t bits = 0;
    for (int32_t p = 0; p < PARTITIONS; p++) bits |= (uint32_t)(server->engine.partitions[p].worker == worker) << p;
    return bits;
}

/* How many events of these partitions are in topic fills. */
static int64_t written(struct memory_log *log, uint32_t partitions) {
    int64_t events = 0;
    for (int32_t p = 0; p < PARTITIONS; p++)
        if (partitions >> p & 1) events += memory_log_end(log, TOPIC_FILLS, p);
    return events;
}

static void await_events(const struct server *server) {
    for (int64_t deadline_ms = now_ms() + DEADLINE_MS; now_ms() < deadline_ms; nap())
        if (broadcast_ring_published(&server->engine.workers[0].ring) &&
            broadcast_ring_published(&server->engine.workers[1].ring))
            return;
    EXPECT(false, "the workers answered nothing");
}

/* The log cannot say where fills end when the first events are there: they wait. Then it can say it of one worker's
 * partitions: these are written although the other's come before them. Nothing is lost. */
static void test_away_at_first_event(void) {
    static struct server server;
    struct memory_log *log = memory_log_open();
    struct market market;
    market_init(&market, 7, 20);
    EXPECT(start(&server, log, 2, 0) == STATUS_OK, "%s", server.engine.words);
    uint32_t first = partitions_of(&server, 0), others = partitions_of(&server, 1);
    memory_log_set_faults(log, &(struct memory_faults){.bounds_away = first | others});
    market_trade(&market, log, 1000);
    await_events(&server);
    for (int i = 0; i < 20; i++) nap();
    EXPECT(written(log, first | others) == 0, "events were written without a look at the end");
    memory_log_set_faults(log, &(struct memory_faults){.bounds_away = first});
    for (int64_t deadline_ms = now_ms() + 5000; !written(log, others) && now_ms() < deadline_ms;) nap();
    EXPECT(written(log, others) > 0, "who can be looked at waits for who cannot");
    EXPECT(written(log, first) == 0, "events were written without a look at the end");
    memory_log_set_faults(log, &(struct memory_faults){0});
    settle(&server, log, 0);
    stop(&server, 5000);
    judge(log, "away at the first event");
    memory_log_close(log);
}

/* A log without its beginning is refused and the gap named. */
static void test_gap(void) {
    static struct server server;
    struct memory_log *log = memory_log_open();
    struct market market;
    market_init(&market, 5, 20);
    market_trade(&market, log, 2000);
    int32_t p = 0;
    while (memory_log_end(log, TOPIC_ORDERS, p) < 10) p++;
    memory_log_trim(log, TOPIC_ORDERS, p, 5);
    EXPECT(start(&server, log, 1, 0) == STATUS_GAP, "a gap was accepted");
    EXPECT(strstr(server.engine.words, "offsets 0 to 4 are gone"), "the gap is not named: %s", server.engine.words);
    stop(&server, 0);
    memory_log_close(log);
}

int main(void) {
    test_gap();
    test_workers(1);
    test_workers(2);
    test_workers(4);
    test_ticks();
    if (HAS_VARIETY) test_kinds(1);
    if (HAS_VARIETY) test_kinds(2);
    test_kinds(4);
    test_moves();
    test_other_doors();
    test_crashes();
    test_held_acknowledgements();
    test_away_at_first_event();
    if (failures) fprintf(stderr, "%d failed\n", failures);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
