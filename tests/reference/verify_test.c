/* The comparison must be right about what is right, and must not miss what is wrong. */
#include "bench/reference/verify.h"
#include "bench/workload/workload.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORDS = 4000, EVENTS_MAX = 20000 };

/* A record of topic fills, as the server would have written it. */
struct published {
    int32_t partition;
    char symbol[16];
    char *bytes;
    size_t size;
};

static struct published topic[EVENTS_MAX];
static size_t topic_size;
static struct verify *verify;

static void publish(void *context, const struct reference_event *event) {
    (void)context;
    struct published *p = &topic[topic_size++];
    cr_assert_lt(topic_size, (size_t)EVENTS_MAX);
    p->partition = event->partition;
    snprintf(p->symbol, sizeof p->symbol, "%.*s", (int)event->symbol.size, event->symbol.data);
    p->bytes = strndup(event->bytes.data, event->bytes.size);
    p->size = event->bytes.size;
    verify_expect(verify, event);
}

/* Plays the workload, always the same; its events go to `on_event`. */
static void play(void (*on_event)(void *, const struct reference_event *), void *context) {
    struct workload_options options = {
        .seed = 7, .symbols = 5, .accounts = 4, .bad_per_million = 20000, .preset = WORKLOAD_EVERYTHING};
    struct workload *workload = workload_open(&options);
    struct reference *reference = reference_open();
    int64_t offsets[10] = {0};
    for (int i = 0; i < RECORDS; i++) {
        struct workload_record record;
        workload_next(workload, 1764900000000 + i, &record);
        struct reference_record in = {.partition = record.home,
            .offset = offsets[record.home]++,
            .timestamp_ms = 1764900000000 + i,
            .key = record.symbol,
            .value = record.value};
        cr_assert_eq(reference_apply(reference, &in, on_event, context, NULL), REFERENCE_OK);
    }
    cr_assert_gt(reference_counters(reference)->fills, 500);
    reference_close(reference);
    workload_close(workload);
}

/* `topic` is what should be published, and `verify` expects it. */
static void start(void) {
    verify = verify_open();
    play(publish, NULL);
}

static void finish(void) {
    verify_close(verify);
    for (size_t i = 0; i < topic_size; i++) free(topic[i].bytes);
}

TestSuite(verify, .init = start, .fini = finish);

static void see(size_t i) {
    static int64_t offset;
    verify_see(verify, topic[i].partition, offset++, text_of(topic[i].symbol),
        (struct text){topic[i].bytes, (uint32_t)topic[i].size});
}

static void see_range(size_t from, size_t to) {
    for (size_t i = from; i < to; i++) see(i);
}

/* The first event from `from` on whose symbol has another one behind it; *next is that one. */
static size_t with_successor(size_t from, size_t *next) {
    for (*next = from + 1; strcmp(topic[from].symbol, topic[*next].symbol) != 0; ++*next)
        cr_assert_lt(*next + 1, topic_size);
    return from;
}

static const struct verify_result *judge(int exit_code) {
    verify_finish(verify);
    const struct verify_result *result = verify_result(verify);
    cr_assert_eq(verify_exit_code(result), exit_code);
    return result;
}

static void expect_first(const struct verify_result *result, enum verify_kind kind, size_t i) {
    cr_assert_eq(
        result->first.kind, kind, "expected %s, got %s", verify_kind_name(kind), verify_kind_name(result->first.kind));
    cr_assert_eq(result->first.partition, topic[i].partition);
    cr_assert(text_equal(result->first.symbol, text_of(topic[i].symbol)));
}

Test(verify, the_same) {
    see_range(0, topic_size);
    cr_assert_eq(verify_outstanding(verify), 0);
    const struct verify_result *result = judge(0);
    cr_assert_eq(result->matched, topic_size);
    cr_assert_eq(result->expected, topic_size);
    cr_assert_eq(result->first.kind, VERIFY_SAME);
}

Test(verify, a_dropped_event) {
    see_range(0, 1000);
    see_range(1001, topic_size);
    const struct verify_result *result = judge(3);
    cr_assert_eq(result->missing, 1);
    cr_assert_eq(result->gaps, 1);
    cr_assert_eq(result->matched, topic_size - 1);
    expect_first(result, VERIFY_MISSING, 1000);
    cr_assert(text_equal(result->first.expected, text_of(topic[1000].bytes)));
    cr_assert_gt(result->first.seen.size, 0);
}

Test(verify, the_last_event_dropped) {
    see_range(0, topic_size - 1);
    cr_assert_eq(verify_outstanding(verify), 1);
    const struct verify_result *result = judge(3);
    cr_assert_eq(result->missing, 1);
    cr_assert_eq(result->gaps, 0);
    expect_first(result, VERIFY_MISSING, topic_size - 1);
}

Test(verify, a_doubled_event_is_no_difference_but_counted) {
    see_range(0, 1001);
    see(1000);
    see_range(500, 600);
    see_range(1001, topic_size);
    const struct verify_result *result = judge(0);
    cr_assert_eq(result->repeats, 101);
    cr_assert_eq(result->matched, topic_size);
}

Test(verify, a_doubled_event_that_changed) {
    see_range(0, 1500);
    topic[1000].bytes[topic[1000].size - 3] ^= 1; /* in the hash */
    see(1000);
    topic[1000].bytes[topic[1000].size - 3] ^= 1;
    see_range(1500, topic_size);
    const struct verify_result *result = judge(3);
    cr_assert_eq(result->repeats_differing, 1);
    expect_first(result, VERIFY_REPEAT_DIFFERS, 1000);
}

Test(verify, swapped_events) {
    size_t next, i = with_successor(1000, &next);
    see_range(0, i);
    see(next);
    see_range(i + 1, next);
    see(i);
    see_range(next + 1, topic_size);
    const struct verify_result *result = judge(3);
    cr_assert_eq(result->gaps, 1);
    cr_assert_eq(result->missing, 1);
    cr_assert_eq(result->out_of_order, 1);
    expect_first(result, VERIFY_MISSING, i);
}

Test(verify, swapped_numbers_are_altered_events) {
    size_t next, i = with_successor(2000, &next);
    struct published kept = topic[i];
    topic[i] = topic[next];
    topic[next] = kept;
    char *fseq_i = strstr(topic[i].bytes, "\"fseq\":") + 7, *fseq_next = strstr(topic[next].bytes, "\"fseq\":") + 7;
    size_t digits = strcspn(fseq_i, ",");
    cr_assert_eq(digits, strcspn(fseq_next, ","));
    char swap[24];
    memcpy(swap, fseq_i, digits);
    memcpy(fseq_i, fseq_next, digits);
    memcpy(fseq_next, swap, digits);
    see_range(0, topic_size);
    const struct verify_result *result = judge(3);
    cr_assert_eq(result->altered, 2);
    expect_first(result, VERIFY_ALTERED, i);
}

Test(verify, any_altered_byte) {
    for (size_t at = 0; at < 40; at++) {
        size_t i = 1000 + at * 17;
        topic[i].bytes[topic[i].size - 1 - at] ^= 1;
    }
    see_range(0, topic_size);
    const struct verify_result *result = judge(3);
    cr_assert_eq(result->altered, 40);
    expect_first(result, VERIFY_ALTERED, 1000);
    cr_assert_eq(result->first.fills_offset, 1000);
}

/* One more event of the first one's symbol, from record 99999 of its partition; it is record 77 of fills. */
static void see_one_more(void) {
    char bytes[512];
    uint64_t fseq = 1;
    for (size_t i = 0; i < topic_size; i++) fseq += strcmp(topic[i].symbol, topic[0].symbol) == 0;
    snprintf(bytes, sizeof bytes,
        "{\"type\":\"FILL\",\"symbol\":\"%s\",\"fseq\":%llu,\"src\":{\"p\":%d,\"o\":99999,\"i\":0},\"own\":0}",
        topic[0].symbol, (unsigned long long)fseq, topic[0].partition);
    verify_see(verify, topic[0].partition, 77, text_of(topic[0].symbol), text_of(bytes));
}

Test(verify, a_surplus_event) {
    see_range(0, topic_size);
    see_one_more();
    const struct verify_result *result = judge(3);
    cr_assert_eq(result->surplus, 1);
    expect_first(result, VERIFY_SURPLUS, 0);
    cr_assert_eq(result->first.fills_offset, 77);
}

Test(verify, an_event_of_a_later_record_is_not_judged) {
    see_range(0, topic_size);
    verify_limit(verify, topic[0].partition, 99999);
    see_one_more();
    cr_assert_eq(judge(0)->later, 1);
}

Test(verify, what_is_no_event) {
    see_range(0, topic_size);
    verify_see(verify, 3, 5, TEXT("AAPL"), TEXT("junk"));
    const struct verify_result *result = judge(3);
    cr_assert_eq(result->not_events, 1);
    cr_assert_eq(result->first.kind, VERIFY_NOT_AN_EVENT);
    cr_assert(text_equal(result->first.seen, TEXT("junk")));
}

Test(verify, a_key_that_is_not_the_symbol) {
    see_range(0, 100);
    verify_see(verify, topic[100].partition, 100, TEXT("OTHER"), text_of(topic[100].bytes));
    see_range(100, topic_size);
    cr_assert_eq(judge(3)->first.kind, VERIFY_NOT_AN_EVENT);
}

Test(verify, an_event_in_another_partition) {
    see_range(0, 100);
    verify_see(verify, (topic[100].partition + 1) % 10, 100, text_of(topic[100].symbol), text_of(topic[100].bytes));
    see_range(101, topic_size);
    cr_assert_eq(judge(3)->first.kind, VERIFY_WRONG_PARTITION);
}

static void control_case(const char *seen_bytes, int exit_code) {
    static const char expected[] =
        "{\"type\":\"CONTROL\",\"symbol\":\"AAPL\",\"fseq\":1,\"src\":{\"p\":7,\"o\":3,"
        "\"i\":0},\"own\":0,\"timestamp\":5,"
        "\"kind\":\"CUT\",\"result\":\"NO_MOVE\",\"mid\":\"m\",\"epoch\":4,\"hash\":\"0123456789abcdef\"}";
    struct verify *own = verify_open();
    struct reference_event event = {
        .partition = 7, .src_offset = 3, .symbol = TEXT("AAPL"), .fseq = 1, .bytes = text_of(expected)};
    verify_expect(own, &event);
    verify_see(own, 7, 0, TEXT("AAPL"), text_of(seen_bytes));
    verify_finish(own);
    cr_assert_eq(verify_exit_code(verify_result(own)), exit_code, "%s", seen_bytes);
    verify_close(own);
}

#define CONTROL_WITH(own, timestamp, fields, hash)                                                                     \
    "{\"type\":\"CONTROL\",\"symbol\":\"AAPL\",\"fseq\":1,\"src\":{\"p\":7,\"o\":3,\"i\":0},\"own\":" own              \
    ",\"timestamp\":" timestamp fields ",\"hash\":\"" hash "\"}"
#define CUT_FIELDS ",\"kind\":\"CUT\",\"result\":\"NO_MOVE\",\"mid\":\"m\",\"epoch\":4"

Test(verify, control_events_are_compared_to_the_last_byte) {
    control_case(CONTROL_WITH("0", "5", CUT_FIELDS, "0123456789abcdef"), 0);
    control_case(CONTROL_WITH("1", "5", CUT_FIELDS, "0123456789abcdef"), 3);
    control_case(CONTROL_WITH("0", "6", CUT_FIELDS, "0123456789abcdef"), 3);
    control_case(CONTROL_WITH("0", "5", CUT_FIELDS, "0123456789abcdee"), 3);
    control_case(CONTROL_WITH("0", "5", ",\"kind\":\"CUT\"", "0123456789abcdef"), 3);
    control_case(CONTROL_WITH("0", "5", CUT_FIELDS "4", "0123456789abcdef"), 3);
}

/* fills may be read before orders: then it is the other side that waits. */
Test(verify, the_order_of_reading_does_not_matter) {
    struct verify *other = verify_open();
    for (size_t i = 0; i < topic_size; i++)
        verify_see(other, topic[i].partition, (int64_t)i, text_of(topic[i].symbol),
            (struct text){topic[i].bytes, (uint32_t)topic[i].size});
    play(verify_on_event, other);
    verify_finish(other);
    cr_assert_eq(verify_exit_code(verify_result(other)), 0);
    cr_assert_eq(verify_result(other)->matched, topic_size);
    verify_close(other);
}
