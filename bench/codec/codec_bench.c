/* codec-bench: nanoseconds for each way in and out of a record; the best of several rounds, because other work on the
 * machine only ever adds. */
#include "core/event.h"
#include "core/limits.h"
#include "io/decode/command_decoder.h"
#include "io/decode/event_decoder.h"
#include "io/json/json_event.h"
#include "io/msgpack/msgpack_event.h"

#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 15, REPEATS = 100000 };

struct subject {
    struct command_decoder commands;
    struct event_decoder events;
    struct event event;
    const char *bytes;
    size_t size;
    uint64_t sum; /* keeps the compiler from leaving work out */
    char out[EVENT_BYTES_MAX];
};

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void measure(const char *name, void (*work)(struct subject *), struct subject *subject) {
    double best = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_ns();
        for (int i = 0; i < REPEATS; i++) work(subject);
        double each = (now_ns() - start) / REPEATS;
        best = each < best ? each : best;
    }
    printf("%-44s %7.1f ns  %4zu bytes\n", name, best, subject->size);
}

static void decode_command(struct subject *subject) {
    struct command command;
    command_decode(&subject->commands, subject->bytes, subject->size, &command);
    if (command.fault) {
        fprintf(stderr, "codec-bench: the record is answered %s\n", reason_name(command.fault).data);
        exit(1);
    }
    subject->sum += command.order_id.size + command.price.mantissa;
}

static void hash_command(struct subject *subject) {
    struct command command;
    command_decode(&subject->commands, subject->bytes, subject->size, &command);
    subject->sum += command_content_hash(&command);
}

static void encode_json(struct subject *subject) {
    subject->event.fseq++;
    subject->size = json_event_encode(&subject->event, subject->out, sizeof subject->out);
    subject->sum += (unsigned char)subject->out[subject->size - 3];
}

static void encode_msgpack(struct subject *subject) {
    subject->event.fseq++;
    subject->size = msgpack_event_encode(&subject->event, subject->out, sizeof subject->out);
    subject->sum += (unsigned char)subject->out[subject->size - 3];
}

static void scan_event(struct subject *subject) {
    struct event_scan scan;
    subject->sum += event_scan(&subject->events, subject->out, subject->size, &scan);
    subject->sum += scan.hash;
}

static void decode_event(struct subject *subject) {
    struct event event;
    subject->sum += event_decode(&subject->events, subject->out, subject->size, NULL, &event);
    subject->sum += event.hash;
}

static void pack_event(struct subject *subject) {
    static uint64_t packed[EVENT_PACKED_BYTES_MAX / 8];
    struct event event;
    subject->event.fseq++;
    subject->size = event_pack(&subject->event, packed);
    event_unpack(packed, &event);
    subject->sum += event.fseq;
}

static void set_command(struct subject *subject, const char *json) {
    subject->bytes = json;
    subject->size = strlen(json);
}

static void pack_text(msgpack_packer *packer, const char *text) {
    msgpack_pack_str_with_body(packer, text, strlen(text));
}

static void pack_array(msgpack_sbuffer *buffer) {
    msgpack_packer packer;
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, 13);
    msgpack_pack_int(&packer, 1);
    msgpack_pack_int(&packer, ACTION_NEW);
    pack_text(&packer, "AAPL");
    pack_text(&packer, "1764900000123-k3j9x0a1b");
    pack_text(&packer, "user123");
    msgpack_pack_int64(&packer, 1764900000123);
    msgpack_pack_int(&packer, SIDE_BUY);
    msgpack_pack_int(&packer, ORDER_LIMIT);
    msgpack_pack_nil(&packer);
    msgpack_pack_int(&packer, 100);
    msgpack_pack_int(&packer, 15000);
    msgpack_pack_nil(&packer);
    msgpack_pack_nil(&packer);
}

static const char guide_order[] =
    "{\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":100,\"price\":150.00,\"orderType\":\"LIMIT\",\"userId\":"
    "\"user123\",\"timestamp\":1764900000123,\"orderId\":\"1764900000123-k3j9x0a1b\"}";
static const char full_order[] = "{\"action\":\"NEW\",\"symbol\":\"AAPL\",\"side\":\"BUY\",\"quantity\":\"100\","
                                 "\"price\":\"150.00\",\"orderType\":\"LIMIT\",\"userId\":"
                                 "\"user123\",\"timestamp\":1764900000123,\"orderId\":\"1764900000123-k3j9x0a1b\","
                                 "\"clientOrderId\":\"my-order-000017\",\"timeInForce\":"
                                 "\"GTC\",\"postOnly\":true}";
static const char cancel[] =
    "{\"action\":\"CANCEL\",\"symbol\":\"AAPL\",\"orderId\":\"1764900000123-k3j9x0a1b\",\"userId\":\"user123\","
    "\"timestamp\":1764900000123,\"commandId\":\"1764900000124-abcdefghi\"}";

static struct event fill(void) {
    return (struct event){.type = EVENT_FILL,
        .side = SIDE_BUY,
        .symbol = TEXT("AAPL"),
        .fseq = 1042,
        .src_partition = 7,
        .src_offset = 123456,
        .src_index = 2,
        .own = 120001,
        .timestamp_ms = 1764900000123,
        .hash = UINT64_C(0x9f86d081884c7d65),
        .trade_id = 977,
        .has_price = true,
        .price_ticks = 15000,
        .quantity_lots = 30,
        .taker = {TEXT("1764900000123-k3j9x0a1b"), TEXT_NONE, TEXT("user123"), 70, 30},
        .maker = {TEXT("1764900000100-0a1b2c3d4"), TEXT_NONE, TEXT("user456"), 0, 30},
        .instrument = instrument_default()};
}

int main(void) {
    static struct subject subject;
    if (!command_decoder_init(&subject.commands) || !event_decoder_init(&subject.events)) {
        fprintf(stderr, "codec-bench: out of memory\n");
        return 1;
    }
    set_command(&subject, guide_order);
    measure("decode the guide's order, JSON", decode_command, &subject);
    measure("  the same and hash its content", hash_command, &subject);
    set_command(&subject, full_order);
    measure("decode an order with twelve fields, JSON", decode_command, &subject);
    set_command(&subject, cancel);
    measure("decode a cancel, JSON", decode_command, &subject);

    msgpack_sbuffer buffer;
    msgpack_sbuffer_init(&buffer);
    pack_array(&buffer);
    subject.bytes = buffer.data;
    subject.size = buffer.size;
    measure("decode the guide's order, msgpack array", decode_command, &subject);
    msgpack_sbuffer_destroy(&buffer);

    subject.event = fill();
    measure("encode a fill, JSON", encode_json, &subject);
    measure("scan it", scan_event, &subject);
    measure("decode it", decode_event, &subject);
    measure("encode a fill, msgpack map", encode_msgpack, &subject);
    measure("decode it", decode_event, &subject);
    measure("pack and unpack a fill for a ring", pack_event, &subject);
    command_decoder_deinit(&subject.commands);
    event_decoder_deinit(&subject.events);
    fprintf(stderr, "(%llu)\n", (unsigned long long)subject.sum);
    return 0;
}
