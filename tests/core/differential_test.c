/* The server's engine beside the reference book on random records of every kind (bench/workload/maker.h): every event
 * must be the same bytes, and the whole books the same all along. A difference is shrunk to the fewest records that
 * show it and printed as a scenario file.
 *
 *   core_differential [seed [rounds [records of a round]]]
 *
 * At the end it tells how often each event type and reason came; if enough was played, one that never came fails it. */
#include "bench/workload/maker.h"
#include "core/event_fields.h"
#include "core/partition.h"
#include "tests/scenarios/stand.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

enum { LOOK_EVERY = 5, COMPARE_EVERY = 48, ENOUGH_FOR_COVERAGE = 100000, NOTHING = -1 };
#ifdef SHARDBOOK_SANITIZED
enum { CHECK_EVERY = 1 };
#else
enum { CHECK_EVERY = 8 };
#endif

static const char *const symbols[] = {"AAPL", "NVDA", "SAP", "VOD"};

struct tally {
    uint64_t records, events, types[EVENT_TYPE_COUNT], reasons[REASON_COUNT];
};

/* ---- what was met */

static struct text member_of(struct text event, const char *name) {
    const char *at = memmem(event.data, event.size, name, strlen(name));
    if (!at) return TEXT_NONE;
    at += strlen(name);
    const char *quote = memchr(at, '"', (size_t)(event.data + event.size - at));
    return quote ? (struct text){at, (uint32_t)(quote - at)} : TEXT_NONE;
}

static enum reason reason_named(struct text name) {
    for (unsigned i = 1; i < REASON_COUNT; i++)
        if (text_equal(reason_name((enum reason)i), name)) return (enum reason)i;
    return REASON_NONE;
}

static void count_events(struct tally *tally, const struct stand_events *events) {
    tally->records++;
    tally->events += events->count;
    for (uint32_t i = 0; i < events->count; i++) {
        tally->types[event_type_find(member_of(events->bytes[i], "{\"type\":\""))]++;
        tally->reasons[reason_named(member_of(events->bytes[i], "\"reason\":\""))]++;
    }
}

static int tell_coverage(const struct tally *tally) {
    int never = 0;
    printf("%" PRIu64 " events of %" PRIu64 " records are the same:", tally->events, tally->records);
    for (unsigned i = 1; i < EVENT_TYPE_COUNT; i++) {
        struct text name = event_type_name((enum event_type)i);
        printf("%s%.*s %" PRIu64, i % 8 == 1 ? "\n  " : ", ", (int)name.size, name.data, tally->types[i]);
        never += tally->types[i] == 0;
    }
    for (unsigned i = 1; i < REASON_COUNT; i++) {
        struct text name = reason_name((enum reason)i);
        printf("%s%.*s %" PRIu64, i % 8 == 1 ? "\n  " : ", ", (int)name.size, name.data, tally->reasons[i]);
        never += tally->reasons[i] == 0;
    }
    printf("\n");
    if (!never || tally->records < ENOUGH_FOR_COVERAGE) return 0;
    fprintf(stderr, "%d of them never came: the records are not random enough\n", never);
    return 1;
}

/* ---- one record */

static const char *compare_books(struct stand *stand) {
    for (unsigned i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        const char *words = stand_differing_books(stand, text_of(symbols[i]));
        if (words) return words;
    }
    return NULL;
}

static void check_books(const struct stand *stand) {
    for (unsigned i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        const struct book *book = stand_book(stand, text_of(symbols[i]));
        if (book) book_check(book);
    }
}

/* What differs after a record, NULL if nothing. */
static const char *play_record(struct stand *stand, const struct maker_record *record, bool compares_books) {
    stand_apply(stand, home_partition(TEXT("AAPL")), text_of(record->value), record->is_control, record->timestamp_ms);
    if (stand_differing_events(stand)) return "the events differ";
    return compares_books ? compare_books(stand) : NULL;
}

/* ---- a difference, made short and told */

/* The first record of a list after which they differ, or NOTHING. */
static int64_t play_list(const struct maker_record *records, const uint32_t *which, uint32_t count) {
    struct stand *stand = stand_open();
    int64_t at = NOTHING;
    for (uint32_t i = 0; i < count && at == NOTHING; i++)
        if (play_record(stand, &records[which[i]], count < 200 || i % COMPARE_EVERY == 0 || i + 1 == count)) at = i;
    stand_close(stand);
    return at;
}

/* Leaves out whatever can be left out, in smaller and smaller pieces, until nothing can. */
static uint32_t shrink(const struct maker_record *records, uint32_t *which, uint32_t count) {
    uint32_t *fewer = malloc(count * sizeof *fewer), before;
    do {
        before = count;
        for (uint32_t piece = (count + 1) / 2; piece; piece /= 2)
            for (uint32_t from = 0; from < count && count > 1;) {
                uint32_t size = from + piece > count ? count - from : piece;
                memcpy(fewer, which, from * sizeof *which);
                memcpy(fewer + from, which + from + size, (count - from - size) * sizeof *which);
                int64_t at = play_list(records, fewer, count - size);
                if (at == NOTHING) {
                    from += piece;
                } else {
                    count = (uint32_t)at + 1;
                    memcpy(which, fewer, count * sizeof *which);
                }
            }
    } while (count < before);
    free(fewer);
    return count;
}

static void print_value(const char *prefix, const char *name, yyjson_val *value) {
    static const char *const left_out[] = {"type", "symbol", "fseq", "own", "hash", "text", "timestamp"};
    size_t index, count;
    yyjson_val *key, *inner;
    for (unsigned i = 0; !*prefix && i < sizeof left_out / sizeof left_out[0]; i++)
        if (strcmp(name, left_out[i]) == 0) return;
    if (yyjson_is_obj(value) && strcmp(name, "src") != 0) {
        yyjson_obj_foreach(value, index, count, key, inner) print_value(name, yyjson_get_str(key), inner);
    } else if (yyjson_is_str(value) || yyjson_is_raw(value)) {
        fprintf(stderr, " %s%s%s=%s", prefix, *prefix ? "." : "", name, unsafe_yyjson_get_str(value));
    } else if (yyjson_is_bool(value)) {
        fprintf(stderr, " %s%s%s=%s", prefix, *prefix ? "." : "", name, yyjson_get_bool(value) ? "true" : "false");
    }
}

static void print_event(const char *before, struct text bytes) {
    yyjson_doc *document = yyjson_read(bytes.data, bytes.size, YYJSON_READ_NUMBER_AS_RAW);
    size_t index, count;
    yyjson_val *key, *value, *root = yyjson_doc_get_root(document);
    struct text type = member_of(bytes, "{\"type\":\"");
    fprintf(stderr, "%s%.*s", before, (int)type.size, type.data);
    yyjson_obj_foreach(root, index, count, key, value) print_value("", yyjson_get_str(key), value);
    fprintf(stderr, "\n");
    yyjson_doc_free(document);
}

/* Its members, and the time when it was stored as `timestamp`, which says the same to a reader of scenarios. */
static void print_record(uint32_t number, const struct maker_record *record) {
    const char *value = record->value;
    if (*value == '{' && value[1] != '}')
        fprintf(stderr, "%u. {\"timestamp\":%" PRId64 ",%s\n", number, record->timestamp_ms, value + 1);
    else
        fprintf(stderr, "%u. %s\n", number, value);
}

/* As a scenario, with the reference book's events and, where they differ, the server's as comments. */
static void tell_scenario(const struct maker_record *records, const uint32_t *which, uint32_t count) {
    struct stand *stand = stand_open();
    for (uint32_t i = 0; i < count; i++) {
        const char *words = play_record(stand, &records[which[i]], true);
        print_record(i + 1, &records[which[i]]);
        const struct stand_events *expected = stand_reference(stand), *got = stand_server(stand);
        for (uint32_t e = 0; e < expected->count; e++) print_event("   ", expected->bytes[e]);
        for (uint32_t e = 0; words && e < got->count; e++) print_event("#  server: ", got->bytes[e]);
        if (words) fprintf(stderr, "# %s\n", words);
        const struct stand_difference *difference = words ? stand_differing_events(stand) : NULL;
        if (difference)
            fprintf(stderr, "# reference %.*s\n# server    %.*s\n", (int)difference->reference.size,
                difference->reference.data ? difference->reference.data : "", (int)difference->server.size,
                difference->server.data ? difference->server.data : "");
    }
    stand_close(stand);
}

static int tell_difference(const struct maker_record *records, uint32_t count, uint64_t seed, const char *words) {
    uint32_t *which = malloc(count * sizeof *which);
    fprintf(stderr, "# seed %" PRIu64 ": after %u records %s; the shortest that shows a difference:\n\n", seed, count,
        words);
    for (uint32_t i = 0; i < count; i++) which[i] = i;
    count = shrink(records, which, count);
    tell_scenario(records, which, count);
    free(which);
    return 1;
}

/* ---- rounds */

static int play_round(uint64_t seed, struct maker_record *records, uint32_t count, struct tally *tally) {
    static struct maker maker;
    struct stand *stand = stand_open();
    const char *words = NULL;
    uint32_t i = 0;
    maker_init(&maker, seed);
    for (; i < count && !words; i++) {
        maker_next(&maker, &records[i]);
        words = play_record(stand, &records[i], i % COMPARE_EVERY == 0 || i + 1 == count);
        count_events(tally, stand_server(stand));
        if (i % LOOK_EVERY == 0) maker_look(&maker, stand_judge(stand));
        if (i % CHECK_EVERY == 0) check_books(stand);
    }
    stand_close(stand);
    return words ? tell_difference(records, i, seed, words) : 0;
}

int main(int argc, char **argv) {
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, rounds = argc > 2 ? strtoull(argv[2], NULL, 10) : 20;
    uint32_t count = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 15000;
    struct maker_record *records = malloc(count * sizeof *records);
    struct tally tally = {0};
    int code = 0;
    for (uint64_t round = 0; round < rounds && code == 0; round++)
        code = play_round(seed + round, records, count, &tally);
    free(records);
    return code ? code : tell_coverage(&tally);
}
