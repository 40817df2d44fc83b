/* The workload must be the same for the same seed, hold every kind of command, and keep books small. */
#include "bench/reference/reference.h"
#include "bench/workload/workload.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

enum { RECORDS = 25000 };

struct tally {
    uint64_t events;
    struct {
        char name[48];
        uint64_t count;
    } kinds[64];
};

static void count_kind(struct tally *tally, const char *name) {
    size_t i = 0;
    while (tally->kinds[i].name[0] && strcmp(tally->kinds[i].name, name) != 0) i++;
    cr_assert_lt(i, 64u);
    snprintf(tally->kinds[i].name, sizeof tally->kinds[i].name, "%s", name);
    tally->kinds[i].count++;
}

static uint64_t count_of(const struct tally *tally, const char *name) {
    for (size_t i = 0; i < 64; i++)
        if (strcmp(tally->kinds[i].name, name) == 0) return tally->kinds[i].count;
    return 0;
}

static void on_event(void *context, const struct reference_event *event) {
    struct tally *tally = context;
    char name[48];
    yyjson_doc *document = yyjson_read(event->bytes.data, event->bytes.size, 0);
    yyjson_val *root = yyjson_doc_get_root(document);
    cr_assert(root, "no JSON: %.*s", (int)event->bytes.size, event->bytes.data);
    yyjson_val *reason = yyjson_obj_get(root, "reason");
    snprintf(name, sizeof name, "%s%s%s", yyjson_get_str(yyjson_obj_get(root, "type")), reason ? " " : "",
        reason ? yyjson_get_str(reason) : "");
    count_kind(tally, name);
    tally->events++;
    yyjson_doc_free(document);
}

/* Plays it through the reference book; 20 ms of log time a record. */
static struct reference *play(const struct workload_options *options, struct tally *tally) {
    struct workload *workload = workload_open(options);
    struct reference *reference = reference_open();
    int64_t offsets[10] = {0};
    for (int i = 0; i < RECORDS; i++) {
        struct workload_record record;
        int64_t now_ms = 1764900000000 + i * 20;
        workload_next(workload, now_ms, &record);
        cr_assert_eq(record.home, reference_home(record.symbol));
        struct reference_record in = {.partition = record.home,
            .offset = offsets[record.home]++,
            .timestamp_ms = now_ms,
            .key = record.symbol,
            .value = record.value};
        cr_assert_eq(reference_apply(reference, &in, on_event, tally, NULL), REFERENCE_OK);
    }
    workload_close(workload);
    return reference;
}

Test(workload, the_same_seed_gives_the_same_records) {
    struct workload_options options = {.seed = 3,
        .symbols = 20,
        .accounts = 30,
        .bad_per_million = 50000,
        .preset = WORKLOAD_EVERYTHING,
        .form = WORKLOAD_MIXED};
    struct workload *a = workload_open(&options), *b = workload_open(&options);
    options.seed = 4;
    struct workload *c = workload_open(&options);
    uint32_t others = 0;
    for (int i = 0; i < 5000; i++) {
        struct workload_record ra, rb, rc;
        workload_next(a, i, &ra);
        workload_next(b, i, &rb);
        workload_next(c, i, &rc);
        cr_assert(text_equal(ra.value, rb.value) && text_equal(ra.symbol, rb.symbol) && ra.home == rb.home);
        others += !text_equal(ra.value, rc.value);
    }
    cr_assert_gt(others, 4900);
    workload_close(a);
    workload_close(b);
    workload_close(c);
}

Test(workload, options_out_of_range) {
    cr_assert_null(workload_open(&(struct workload_options){.symbols = 0, .accounts = 1}));
    cr_assert_null(workload_open(&(struct workload_options){.symbols = 10001, .accounts = 1}));
    cr_assert_null(workload_open(&(struct workload_options){.symbols = 1, .accounts = 0}));
}

static void count_order(void *context, const struct reference_order *order) {
    (void)order;
    ++*(uint64_t *)context;
}

Test(workload, realistic_has_every_kind_and_nothing_bad) {
    struct workload_options options = {.seed = 1, .symbols = 20, .accounts = 50, .preset = WORKLOAD_REALISTIC};
    struct tally tally = {0};
    struct reference *reference = play(&options, &tally);
    static const char *const wanted[] = {"ACCEPTED", "FILL", "MODIFIED", "CANCELLED USER", "CANCELLED MASS",
        "CANCELLED REDUCED", "EXPIRED IOC", "EXPIRED FOK", "REJECTED UNKNOWN", "CANCEL_ALL_DONE", "REJECTED POST_ONLY"};
    static const char *const unwanted[] = {"REJECTED MALFORMED", "REJECTED BAD_FIELD", "REJECTED MISSING_FIELD",
        "REJECTED OFF_TICK", "REJECTED OUT_OF_RANGE", "REJECTED UNSUPPORTED", "DUPLICATE", "REJECTED DUPLICATE_ID"};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        cr_expect_gt(count_of(&tally, wanted[i]), 0, "no %s", wanted[i]);
    for (size_t i = 0; i < sizeof unwanted / sizeof unwanted[0]; i++)
        cr_expect_eq(count_of(&tally, unwanted[i]), 0, "%s", unwanted[i]);
    uint64_t open_orders = 0;
    reference_orders(reference, TEXT("AAPL"), count_order, &open_orders);
    cr_expect_gt(open_orders, 10);
    cr_expect_lt(open_orders, 400);
    reference_close(reference);
}

Test(workload, everything_has_everything) {
    for (int form = WORKLOAD_JSON; form <= WORKLOAD_MIXED; form++) {
        struct workload_options options = {.seed = 2,
            .symbols = 5,
            .accounts = 20,
            .bad_per_million = 30000,
            .preset = WORKLOAD_EVERYTHING,
            .form = (enum workload_form)form};
        struct tally tally = {0};
        struct reference *reference = play(&options, &tally);
        static const char *const wanted[] = {"ACCEPTED", "FILL", "MODIFIED", "DUPLICATE", "CANCELLED USER",
            "CANCELLED MASS", "CANCELLED REDUCED", "CANCEL_ALL_DONE", "EXPIRED IOC", "EXPIRED FOK",
            "EXPIRED NO_LIQUIDITY", "REJECTED DUPLICATE_ID", "REJECTED MALFORMED", "REJECTED MISSING_FIELD",
            "REJECTED BAD_FIELD", "REJECTED INVALID_COMBINATION", "REJECTED OFF_TICK",
            "REJECTED OFF_LOT", "REJECTED OUT_OF_RANGE", "REJECTED CANCELLED_BEFORE", "REJECTED UNKNOWN",
            "REJECTED POST_ONLY"};
        for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
            cr_expect_gt(count_of(&tally, wanted[i]), 0, "form %d: no %s", form, wanted[i]);
        const struct reference_counters *c = reference_counters(reference);
        cr_expect_eq(c->answered, RECORDS);
        cr_expect_eq(c->events, tally.events);
        reference_close(reference);
    }
}
