#include "io/decode/event_decoder.h"

#include "core/limits.h"
#include "io/json/json_event.h"
#include "io/msgpack/msgpack_event.h"

bool event_decoder_init(struct event_decoder *decoder) {
    *decoder = (struct event_decoder){0};
    if (json_decoder_init(&decoder->json, EVENT_BYTES_MAX) && msgpack_decoder_init(&decoder->msgpack, EVENT_BYTES_MAX))
        return true;
    event_decoder_deinit(decoder);
    return false;
}

void event_decoder_deinit(struct event_decoder *decoder) {
    json_decoder_deinit(&decoder->json);
    msgpack_decoder_deinit(&decoder->msgpack);
}

static bool is_msgpack_map(const char *bytes, size_t size) {
    unsigned char first = size ? (unsigned char)bytes[0] : 0;
    return (first >= 0x80 && first <= 0x8f) || first == 0xde || first == 0xdf;
}

static bool scan_decoded(struct event_decoder *decoder, const char *bytes, size_t size, struct event_scan *scan) {
    struct event event;
    if (!json_event_decode(&decoder->json, bytes, size, NULL, &event)) return false;
    *scan = event_scan_of(&event);
    return true;
}

bool event_scan(struct event_decoder *decoder, const char *bytes, size_t size, struct event_scan *scan) {
    if (is_msgpack_map(bytes, size)) return msgpack_event_scan(&decoder->msgpack, bytes, size, scan);
    return json_event_scan(bytes, size, scan) || scan_decoded(decoder, bytes, size, scan);
}

bool event_decode(struct event_decoder *decoder, const char *bytes, size_t size, const struct instrument *instrument,
    struct event *event) {
    if (is_msgpack_map(bytes, size)) return msgpack_event_decode(&decoder->msgpack, bytes, size, instrument, event);
    return json_event_decode(&decoder->json, bytes, size, instrument, event);
}
