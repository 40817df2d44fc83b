/* What topic fills holds when a server starts, and what comes to it a moment later. */
#include "io/json/json_event.h"
#include "io/memory/memory_log.h"
#include "shards/codecs.h"
#include "shards/published.h"

#include <criterion/criterion.h>

enum { PARTITION = 7 };

static struct memory_log *venue;
static struct codecs codecs;
static struct engine_codecs ports;
static struct published published, late;

static void publish(const char *symbol, uint64_t fseq) {
    char text[EVENT_BYTES_MAX];
    struct event event = {.type = EVENT_CANCEL_ALL_DONE,
        .symbol = text_of(symbol),
        .fseq = fseq,
        .hash = fseq * 3,
        .side = SIDE_NONE,
        .instrument = instrument_default()};
    size_t size = json_event_encode(&event, text, sizeof text);
    struct log_append append = {
        .topic = TOPIC_FILLS, .partition = PARTITION, .key = text_of(symbol), .value = {text, (uint32_t)size}};
    cr_assert(size > 0);
    cr_assert_geq(memory_log_append(venue, &append, -1), 0);
}

/* A server that starts while fills holds the first two events of a symbol. */
static void start(void) {
    venue = memory_log_open();
    cr_assert(venue && codecs_init(&codecs, 1, false, &ports));
    publish("AAPL", 1);
    publish("AAPL", 2);
    int status =
        published_read(&published, memory_log_store(venue), ports.scanner, TEXT("orders"), TEXT("pending-orders"));
    cr_assert_eq(status, STATUS_OK);
    memcpy(late.fills_end, published.fills_end, sizeof late.fills_end);
}

static void stop(void) {
    published_deinit(&published);
    published_deinit(&late);
    codecs_deinit(&codecs);
    memory_log_close(venue);
}

static int catch_up(void) {
    return published_catch_up(&late, &published, memory_log_store(venue), ports.scanner, PARTITION);
}

TestSuite(published, .init = start, .fini = stop);

Test(published, goes_on_with_a_predecessors_last_batch) {
    publish("AAPL", 3);
    publish("SAP", 1);
    publish("AAPL", 4);
    cr_assert_eq(catch_up(), STATUS_OK);
    cr_assert_eq(published_find(&late, TEXT("AAPL"))->fseq, 4);
    cr_assert_eq(published_find(&late, TEXT("AAPL"))->hash, 12);
    cr_assert_eq(published_find(&late, TEXT("SAP"))->fseq, 1);
}

Test(published, is_left_alone_by_repeats) {
    publish("AAPL", 2);
    cr_assert_eq(catch_up(), STATUS_OK);
    cr_assert_eq(published_find(&late, TEXT("AAPL"))->fseq, 2);
}

Test(published, refuses_a_gap_behind_what_is_known) {
    publish("AAPL", 4);
    cr_assert_eq(catch_up(), STATUS_GAP);
}
