/* Events: the very bytes, and back again, in both encodings. */
#include "core/limits.h"
#include "io/decode/event_decoder.h"
#include "io/json/json_event.h"
#include "io/msgpack/msgpack_event.h"
#include "tests/codec/samples.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct event_decoder decoder;

static void open_decoder(void) { cr_assert(event_decoder_init(&decoder)); }

static void close_decoder(void) { event_decoder_deinit(&decoder); }

TestSuite(event, .init = open_decoder, .fini = close_decoder);

static bool decode(const char *bytes, size_t size, const struct instrument *instrument, struct event *event) {
    static char *copy;
    free(copy);
    copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    memset(event, 0xa5, sizeof *event);
    return event_decode(&decoder, copy, size, instrument, event);
}

Test(event, golden_bytes) {
    size_t count;
    const struct sample *samples = event_samples(&count);
    unsigned types = 0;
    for (size_t i = 0; i < count; i++) {
        char out[EVENT_BYTES_MAX];
        size_t size = json_event_encode(&samples[i].event, out, sizeof out);
        types |= 1u << samples[i].event.type;
        cr_expect(size == strlen(samples[i].json) && memcmp(out, samples[i].json, size) == 0, "\n%.*s\nis not\n%s",
            (int)size, out, samples[i].json);
    }
    cr_expect_eq(types, (1u << EVENT_TYPE_COUNT) - 2, "there is a sample of every type");
}

static void expect_same_json(const struct event *event, const char *json, const char *what) {
    char out[EVENT_BYTES_MAX];
    size_t size = json_event_encode(event, out, sizeof out);
    cr_expect(
        size == strlen(json) && memcmp(out, json, size) == 0, "%s:\n%.*s\nis not\n%s", what, (int)size, out, json);
}

Test(event, both_encodings_say_the_same) {
    size_t count;
    const struct sample *samples = event_samples(&count);
    for (size_t i = 0; i < count; i++) {
        char out[EVENT_BYTES_MAX];
        struct event back;
        const struct instrument *instrument = &samples[i].event.instrument;
        cr_assert(decode(samples[i].json, strlen(samples[i].json), instrument, &back), "%s", samples[i].json);
        expect_same_json(&back, samples[i].json, "JSON with the instrument");
        cr_expect_eq(back.price_ticks, samples[i].event.price_ticks);
        cr_expect_eq(back.taker.leaves_lots, samples[i].event.taker.leaves_lots);
        cr_assert(decode(samples[i].json, strlen(samples[i].json), NULL, &back), "%s", samples[i].json);
        expect_same_json(&back, samples[i].json, "JSON without");

        size_t size = msgpack_event_encode(&samples[i].event, out, sizeof out);
        cr_assert_gt(size, 0u, "%s", samples[i].json);
        cr_assert(decode(out, size, instrument, &back), "%s", samples[i].json);
        expect_same_json(&back, samples[i].json, "msgpack with the instrument");
        cr_assert(decode(out, size, NULL, &back), "%s", samples[i].json);
        expect_same_json(&back, samples[i].json, "msgpack without");
    }
}

/* A record of every kind whose bytes were written down by hand, so that the encoder is not its own judge. */
Test(event, golden_msgpack) {
    static const char expected[] =
        "\xde\x00\x0a\xa4type\xaf"
        "CANCEL_ALL_DONE\xa6symbol\xa4"
        "AAPL\xa4"
        "fseq\xcd\x04\x12\xa3src\x83\xa1p\x07\xa1o"
        "\xce\x00\x01\xe2\x40\xa1i\x02\xa3own\xce\x00\x01\xd4\xc1\xa9timestamp\xcf\x00\x00\x01\x9a\xec\x3c\xd1\x7b"
        "\xa9"
        "commandId\xa2k1\xa6userId\xa2u1\xa5"
        "count\x00\xa4hash\xb0"
        "9f86d081884c7d65";
    size_t count;
    const struct sample *samples = event_samples(&count);
    for (size_t i = 0; i < count; i++) {
        char out[EVENT_BYTES_MAX];
        if (samples[i].event.type != EVENT_CANCEL_ALL_DONE || samples[i].event.side != SIDE_NONE) continue;
        size_t size = msgpack_event_encode(&samples[i].event, out, sizeof out);
        cr_expect_eq(size, sizeof expected - 1);
        cr_expect_eq(memcmp(out, expected, sizeof expected - 1), 0);
    }
}

static void expect_scan(const char *bytes, size_t size, const struct event *event) {
    struct event_scan scan;
    cr_assert(event_scan(&decoder, bytes, size, &scan));
    cr_expect(scan.type == event->type && text_equal(scan.symbol, event->symbol) && scan.fseq == event->fseq);
    cr_expect(scan.src_partition == event->src_partition && scan.src_offset == event->src_offset &&
              scan.src_index == event->src_index);
    cr_expect(scan.own == event->own && scan.timestamp_ms == event->timestamp_ms && scan.hash == event->hash);
}

Test(event, scans) {
    size_t count;
    const struct sample *samples = event_samples(&count);
    for (size_t i = 0; i < count; i++) {
        char out[EVENT_BYTES_MAX];
        struct event_scan scan;
        cr_expect(json_event_scan(samples[i].json, strlen(samples[i].json), &scan), "%s", samples[i].json);
        expect_scan(samples[i].json, strlen(samples[i].json), &samples[i].event);
        expect_scan(out, msgpack_event_encode(&samples[i].event, out, sizeof out), &samples[i].event);
    }
}

/* Members in another order and spaces are no record of ours, but an event all the same. */
Test(event, a_strangers_order_of_members) {
    const char *json = " { \"hash\":\"00000000000000ff\", "
                       "\"type\":\"STATE\",\"state\":\"HALTED\",\"new\":[1,{}],\"timestamp\":4,\"own\":3,"
                       "\"src\":{\"i\":2,\"o\":1,\"p\":0},\"symbol\":\"AAPL\",\"fseq\":9 }";
    struct event_scan scan;
    cr_expect_not(json_event_scan(json, strlen(json), &scan));
    cr_assert(event_scan(&decoder, json, strlen(json), &scan));
    cr_expect(scan.type == EVENT_STATE && scan.fseq == 9 && scan.src_offset == 1 && scan.src_index == 2 &&
              scan.own == 3 && scan.hash == 255);
}

Test(event, cut_anywhere_it_is_none) {
    size_t count;
    const struct sample *samples = event_samples(&count);
    for (size_t i = 0; i < count; i++) {
        char out[EVENT_BYTES_MAX];
        struct event back;
        struct event_scan scan;
        size_t size = strlen(samples[i].json);
        for (size_t cut = 0; cut < size; cut++) {
            cr_assert_not(decode(samples[i].json, cut, NULL, &back));
            cr_assert_not(event_scan(&decoder, samples[i].json, cut, &scan));
        }
        size = msgpack_event_encode(&samples[i].event, out, sizeof out);
        for (size_t cut = 0; cut < size; cut++) cr_assert_not(decode(out, cut, NULL, &back));
    }
}

#define GOOD_HEAD "\"symbol\":\"A\",\"fseq\":1,\"src\":{\"p\":0,\"o\":0,\"i\":0},\"own\":0,\"timestamp\":0"
#define GOOD_HASH ",\"hash\":\"0000000000000000\"}"

Test(event, not_events) {
    static const char *const bad[] = {
        "{}",
        "[]",
        "{\"type\":\"NONE\"," GOOD_HEAD GOOD_HASH,
        "{\"type\":4," GOOD_HEAD GOOD_HASH,
        "{\"type\":\"STATE\",\"type\":\"STATE\"," GOOD_HEAD GOOD_HASH,
        "{\"type\":\"STATE\"," GOOD_HEAD ",\"hash\":\"000000000000000\"}",
        "{\"type\":\"STATE\"," GOOD_HEAD ",\"hash\":\"00000000000000AA\"}",
        "{\"type\":\"STATE\"," GOOD_HEAD "}",
        "{\"type\":\"STATE\"," GOOD_HEAD ",\"state\":\"A\",\"state\":\"B\"" GOOD_HASH,
        "{\"type\":\"STATE\"," GOOD_HEAD ",\"state\":5" GOOD_HASH,
        "{\"type\":\"STATE\",\"symbol\":\"a\",\"fseq\":1,\"src\":{\"p\":0,\"o\":0,\"i\":0},\"own\":0,\"timestamp\":"
        "0" GOOD_HASH,
        "{\"type\":\"STATE\",\"symbol\":\"#x\",\"fseq\":1,\"src\":{\"p\":0,\"o\":0,\"i\":0},\"own\":0,\"timestamp\":"
        "0" GOOD_HASH,
        "{\"type\":\"STATE\",\"symbol\":\"A\",\"fseq\":-1,\"src\":{\"p\":0,\"o\":0,\"i\":0},\"own\":0,\"timestamp\":"
        "0" GOOD_HASH,
        "{\"type\":\"STATE\",\"symbol\":\"A\",\"fseq\":1.0,\"src\":{\"p\":0,\"o\":0,\"i\":0},\"own\":0,\"timestamp\":"
        "0" GOOD_HASH,
        "{\"type\":\"STATE\",\"symbol\":\"A\",\"fseq\":1,\"src\":{\"p\":10,\"o\":0,\"i\":0},\"own\":0,\"timestamp\":"
        "0" GOOD_HASH,
        "{\"type\":\"STATE\",\"symbol\":\"A\",\"fseq\":1,\"src\":{\"p\":0,\"o\":0},\"own\":0,\"timestamp\":0" GOOD_HASH,
        "{\"type\":\"STATE\",\"symbol\":\"A\",\"fseq\":1,\"src\":5,\"own\":0,\"timestamp\":0" GOOD_HASH,
        "{\"type\":\"EXPIRED\"," GOOD_HEAD ",\"leaves\":\"1.5\",\"cumulative\":\"1\",\"reason\":\"IOC\"" GOOD_HASH,
        "{\"type\":\"EXPIRED\"," GOOD_HEAD ",\"leaves\":\"-1\",\"reason\":\"IOC\"" GOOD_HASH,
        "{\"type\":\"EXPIRED\"," GOOD_HEAD ",\"leaves\":1,\"reason\":\"IOC\"" GOOD_HASH,
        "{\"type\":\"EXPIRED\"," GOOD_HEAD ",\"reason\":\"WHY\"" GOOD_HASH,
        "{\"type\":\"EXPIRED\"," GOOD_HEAD ",\"reason\":\"\"" GOOD_HASH,
        "{\"type\":\"EXPIRED\"," GOOD_HEAD ",\"orderId\":\"\"" GOOD_HASH,
        "{\"type\":\"FILL\"," GOOD_HEAD ",\"taker\":[]" GOOD_HASH,
        "{\"type\":\"FILL\"," GOOD_HEAD ",\"taker\":{\"orderId\":\"a\",\"orderId\":\"a\"}" GOOD_HASH,
        "{\"type\":\"FILL\"," GOOD_HEAD ",\"price\":\"0.0000000000001\"" GOOD_HASH,
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct event event;
        cr_expect_not(decode(bad[i], strlen(bad[i]), NULL, &event), "%s", bad[i]);
    }
    struct event event;
    const struct instrument nickels = {.tick = {5, 2}, .lot = {1, 0}};
    const char *off = "{\"type\":\"FILL\"," GOOD_HEAD ",\"price\":\"0.07\"" GOOD_HASH;
    cr_expect(decode(off, strlen(off), NULL, &event));
    cr_expect_not(decode(off, strlen(off), &nickels, &event));
}

static char worst[ID_BYTES_MAX];

/* The room that a caller has is enough whatever the ids are, and one byte too few is noticed. */
Test(event, largest_events_fit) {
    memset(worst, 1, sizeof worst);
    static char letters[2048];
    memset(letters, 'x', sizeof letters);
    struct text id = {worst, ID_BYTES_MAX};
    for (unsigned type = EVENT_ACCEPTED; type < EVENT_TYPE_COUNT; type++) {
        const struct event event = {.type = (uint8_t)type,
            .symbol = TEXT("ABCDEFGHIJ"),
            .fseq = UINT64_MAX,
            .reason = REASON_MALFORMED,
            .has_price = true,
            .has_stop_price = true,
            .has_last_price = true,
            .has_indicative = true,
            .order_id = id,
            .client_order_id = id,
            .command_id = id,
            .user_id = id,
            .list_id = type == EVENT_ACCEPTED ? id : TEXT_NONE,
            .original_order_id = type == EVENT_DUPLICATE ? id : TEXT_NONE,
            .taker = {id, id, id, INT64_MAX, INT64_MAX},
            .maker = {id, id, id, INT64_MAX, INT64_MAX},
            .price_ticks = INT64_MAX,
            .quantity_lots = INT64_MAX,
            .control_fields = type == EVENT_CONTROL ? (struct text){letters, sizeof letters} : TEXT_NONE,
            .instrument = {{UINT32_MAX, 12}, {UINT32_MAX, 12}, 1, 1, 1, 1}};
        char out[EVENT_BYTES_MAX + 1];
        out[EVENT_BYTES_MAX] = 'z';
        size_t size = json_event_encode(&event, out, EVENT_BYTES_MAX);
        cr_expect(size > 0 && size <= EVENT_BYTES_MAX && out[EVENT_BYTES_MAX] == 'z', "type %u: %zu", type, size);
        cr_expect_eq(json_event_encode(&event, out, 64), 0u);
        cr_expect_eq(msgpack_event_encode(&event, out, 64), 0u);
    }
    struct event none = {.symbol = TEXT("A")};
    char out[EVENT_BYTES_MAX];
    cr_expect_eq(json_event_encode(&none, out, sizeof out), 0u);
    none.type = EVENT_TYPE_COUNT;
    cr_expect_eq(json_event_encode(&none, out, sizeof out), 0u);
    cr_expect_eq(msgpack_event_encode(&none, out, sizeof out), 0u);
}

static void expect_escape(uint32_t size, uint32_t at, unsigned c) {
    char id[ID_BYTES_MAX], out[EVENT_BYTES_MAX];
    memset(id, 'a', sizeof id);
    id[at] = (char)c;
    struct event back;
    struct event event = {
        .type = EVENT_DUPLICATE, .symbol = TEXT("A"), .order_id = {id, size}, .instrument = instrument_default()};
    size_t bytes = json_event_encode(&event, out, sizeof out);
    bool escaped = memchr(out, '\\', bytes) != NULL;
    cr_assert_eq(escaped, c < 0x20 || c == '"' || c == '\\', "%u at %u of %u", c, at, size);
    cr_assert(
        decode(out, bytes, NULL, &back) && text_equal(back.order_id, event.order_id), "%u at %u of %u", c, at, size);
}

Test(event, escapes_in_every_position) {
    for (uint32_t at = 0; at < 20; at++)
        for (unsigned c = 1; c < 0x80; c++) expect_escape(20, at, c);
    static const unsigned char borders[] = {0x01, 0x1f, 0x20, 0x21, '"', '#', '[', '\\', ']', 0x7f};
    for (uint32_t size = 1; size <= 50; size++)
        for (uint32_t at = 0; at < size; at++)
            for (size_t i = 0; i < sizeof borders; i++) expect_escape(size, at, borders[i]);
}

/* Numbers and hashes of every length, as printf writes them. */
Test(event, numbers_as_the_library_writes_them) {
    uint64_t state = 3;
    for (int i = 0; i < 20000; i++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
        uint64_t number = state >> i % 64;
        char out[EVENT_BYTES_MAX], expected[512];
        struct event event = {.type = EVENT_FILL,
            .symbol = TEXT("A"),
            .fseq = number,
            .trade_id = number,
            .own = (int64_t)(number >> 1),
            .timestamp_ms = (int64_t)(number >> 2),
            .hash = number,
            .side = SIDE_BUY,
            .price_ticks = (int64_t)(number >> 24),
            .quantity_lots = (int64_t)(number >> 30),
            .instrument = instrument_default()};
        size_t size = json_event_encode(&event, out, sizeof out);
        snprintf(expected, sizeof expected,
            "{\"type\":\"FILL\",\"symbol\":\"A\",\"fseq\":%llu,\"src\":{\"p\":0,\"o\":0,\"i\":0},\"own\":%lld,"
            "\"timestamp\":%"
            "lld,\"tradeId\":%llu,\"price\":\"%llu.%02llu\",\"quantity\":\"%lld\",\"takerSide\":\"BUY\",\"taker\":{"
            "\"leaves\":"
            "\"0\",\"cumulative\":\"0\"},\"maker\":{\"leaves\":\"0\",\"cumulative\":\"0\"},\"hash\":\"%016llx\"}",
            (unsigned long long)number, (long long)event.own, (long long)event.timestamp_ms, (unsigned long long)number,
            (unsigned long long)event.price_ticks / 100, (unsigned long long)event.price_ticks % 100,
            (long long)event.quantity_lots, (unsigned long long)number);
        cr_assert_eq(size, strlen(expected), "%.*s", (int)size, out);
        cr_assert(memcmp(out, expected, size) == 0, "%.*s is not %s", (int)size, out, expected);
    }
}
