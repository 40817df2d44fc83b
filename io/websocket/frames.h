/* Server frames of WebSocket, made once and sent to any number of clients: frames from a server are not masked, so the
 * bytes are the same for everybody. A piece of frames holds whole messages only and is shared by counting references.
 *
 * Threads: one at a time (the push thread). Running out of memory aborts with last words. */
#ifndef SHARDBOOK_IO_WEBSOCKET_FRAMES_H
#define SHARDBOOK_IO_WEBSOCKET_FRAMES_H

#include "core/text.h"

#include <stddef.h>
#include <stdint.h>

enum {
    FRAMES_LEAD = 32,         /* bytes free before the first frame: what lws_write wants there */
    FRAMES_BYTES = 32 * 1024, /* a piece that has grown so far is finished and another begun */
    FRAME_HEADER_BYTES_MAX = 10
};

struct frames {
    uint32_t references;
    uint32_t size, capacity; /* bytes of frames, without the lead */
    uint32_t messages;
    unsigned char bytes[]; /* FRAMES_LEAD, then the frames */
};

/* An empty piece with one reference, the caller's. */
struct frames *frames_open(uint32_t capacity);

/* Appends one text message as a final frame. May move the piece, so it must not be shared yet (aborts otherwise). */
void frames_append(struct frames **frames, struct text payload);

/* One message alone in a piece of its own, with one reference, the caller's. */
struct frames *frames_of(struct text payload);

struct frames *frames_retain(struct frames *frames);

/* Gives one reference back; NULL is let pass. */
void frames_release(struct frames *frames);

static inline struct text frames_text(const struct frames *frames) {
    return (struct text){(const char *)frames->bytes + FRAMES_LEAD, frames->size};
}

/* A close frame in a piece of its own; at most CLOSE_REASON_BYTES_MAX bytes of the reason are sent. */
enum { CLOSE_REASON_BYTES_MAX = 123 };
struct frames *frames_of_close(uint16_t code, struct text reason);

/* A ping frame. It has a payload: libwebsockets does not tell of an empty pong. */
struct frames *frames_of_ping(void);

/* Writes the header of an unmasked final text frame to out (FRAME_HEADER_BYTES_MAX bytes), returns its bytes. */
uint32_t frame_header(uint64_t payload_bytes, unsigned char *out);

#endif
