/* Events of topic fills, either encoding: what was read is written as the same bytes again and again, and the quick
 * scan says what the whole event says. */
#include "core/limits.h"
#include "io/decode/event_decoder.h"
#include "io/json/json_event.h"
#include "io/msgpack/msgpack_event.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static struct event_decoder *decoder(void) {
    static struct event_decoder it;
    static bool open;
    if (!open) MUST(open = event_decoder_init(&it));
    return &it;
}

static void must_scan_alike(const char *record, size_t size, const struct event *event) {
    struct event_scan scan;
    struct event_scan whole = event_scan_of(event);
    if (!json_event_scan(record, size, &scan)) return;
    MUST(scan.type == whole.type && text_equal(scan.symbol, whole.symbol) && scan.fseq == whole.fseq &&
         scan.hash == whole.hash);
    MUST(scan.src_partition == whole.src_partition && scan.src_offset == whole.src_offset &&
         scan.src_index == whole.src_index);
    MUST(scan.own == whole.own && scan.timestamp_ms == whole.timestamp_ms);
}

/* JSON to event to JSON; the new bytes go to `out`. */
static size_t must_go_round(const char *json, size_t size, char *out) {
    struct event event;
    struct event_scan scan;
    MUST(event_decode(decoder(), json, size, NULL, &event));
    size_t again = json_event_encode(&event, out, EVENT_BYTES_MAX);
    MUST(again == size && memcmp(out, json, size) == 0);
    MUST(json_event_scan(json, size, &scan));
    return again;
}

static void must_survive_msgpack(const struct event *event, const char *json, size_t size) {
    static char packed[EVENT_BYTES_MAX], back[EVENT_BYTES_MAX], packed_again[EVENT_BYTES_MAX];
    struct event unpacked;
    size_t packed_size = msgpack_event_encode(event, packed, sizeof packed);
    if (packed_size == 0) { /* texts of a stranger's CONTROL may be too long */
        MUST(event->type == EVENT_CONTROL);
        return;
    }
    bool is_control = event->type == EVENT_CONTROL;
    if (!event_decode(decoder(), packed, packed_size, NULL, &unpacked)) { /* numbers that became strings are longer */
        MUST(is_control);
        return;
    }
    size_t again = msgpack_event_encode(&unpacked, packed_again, sizeof packed_again);
    MUST(again == packed_size && memcmp(packed, packed_again, again) == 0);
    size_t back_size = json_event_encode(&unpacked, back, sizeof back);
    MUST(is_control || (back_size == size && memcmp(back, json, size) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static char first[EVENT_BYTES_MAX], second[EVENT_BYTES_MAX];
    const char *record = (const char *)bytes;
    struct event event;
    struct event_scan scan;
    if (!event_decode(decoder(), record, size, NULL, &event)) {
        json_event_scan(record, size, &scan);
        return 0;
    }
    must_scan_alike(record, size, &event);
    size_t first_size = json_event_encode(&event, first, sizeof first);
    MUST(first_size > 0);
    must_survive_msgpack(&event, first, first_size);
    must_go_round(first, first_size, second);
    return 0;
}
