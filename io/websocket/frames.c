#include "io/websocket/frames.h"

#include "core/check.h"

#include <stdlib.h>

enum { FIN_TEXT = 0x81, FIN_CLOSE = 0x88, FIN_PING = 0x89, LENGTH_16 = 126, LENGTH_64 = 127 };

static struct frames *resize(struct frames *frames, uint32_t capacity) {
    struct frames *resized = realloc(frames, sizeof *frames + FRAMES_LEAD + capacity);
    CHECK(resized, "no memory for frames");
    resized->capacity = capacity;
    return resized;
}

struct frames *frames_open(uint32_t capacity) {
    struct frames *frames = resize(NULL, capacity);
    frames->references = 1;
    frames->size = 0;
    frames->messages = 0;
    return frames;
}

uint32_t frame_header(uint64_t payload_bytes, unsigned char *out) {
    uint32_t length_bytes = payload_bytes < LENGTH_16 ? 0 : payload_bytes <= UINT16_MAX ? 2 : 8;
    out[0] = FIN_TEXT;
    out[1] = length_bytes == 0 ? (unsigned char)payload_bytes : length_bytes == 2 ? LENGTH_16 : LENGTH_64;
    for (uint32_t i = 0; i < length_bytes; i++)
        out[2 + i] = (unsigned char)(payload_bytes >> 8 * (length_bytes - 1 - i));
    return 2 + length_bytes;
}

void frames_append(struct frames **frames, struct text payload) {
    struct frames *to = *frames;
    CHECK(to->references == 1, "a shared piece of frames was appended to");
    uint32_t need = to->size + FRAME_HEADER_BYTES_MAX + payload.size;
    if (need > to->capacity) to = resize(to, need > 2 * to->capacity ? need : 2 * to->capacity);
    unsigned char *at = to->bytes + FRAMES_LEAD + to->size;
    uint32_t header_bytes = frame_header(payload.size, at);
    memcpy(at + header_bytes, payload.data, payload.size);
    to->size += header_bytes + payload.size;
    to->messages++;
    *frames = to;
}

struct frames *frames_of(struct text payload) {
    struct frames *frames = frames_open(payload.size + FRAME_HEADER_BYTES_MAX);
    frames_append(&frames, payload);
    return frames;
}

struct frames *frames_of_close(uint16_t code, struct text reason) {
    uint32_t reason_bytes = reason.size < CLOSE_REASON_BYTES_MAX ? reason.size : CLOSE_REASON_BYTES_MAX;
    struct frames *frames = frames_open(4 + CLOSE_REASON_BYTES_MAX);
    unsigned char *at = frames->bytes + FRAMES_LEAD;
    at[0] = FIN_CLOSE;
    at[1] = (unsigned char)(2 + reason_bytes);
    at[2] = (unsigned char)(code >> 8);
    at[3] = (unsigned char)code;
    memcpy(at + 4, reason.data, reason_bytes);
    frames->size = 4 + reason_bytes;
    return frames;
}

struct frames *frames_of_ping(void) {
    static const unsigned char ping[] = {FIN_PING, 4, 'b', 'e', 'a', 't'};
    struct frames *frames = frames_open(sizeof ping);
    memcpy(frames->bytes + FRAMES_LEAD, ping, sizeof ping);
    frames->size = sizeof ping;
    return frames;
}

struct frames *frames_retain(struct frames *frames) {
    frames->references++;
    return frames;
}

void frames_release(struct frames *frames) {
    if (frames && --frames->references == 0) free(frames);
}
