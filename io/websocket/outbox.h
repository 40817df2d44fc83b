/* What waits to be sent to one client: references to shared frames, in order, with a count of their bytes.
 *
 * Threads: one at a time (the push thread). Running out of memory aborts with last words. */
#ifndef SHARDBOOK_IO_WEBSOCKET_OUTBOX_H
#define SHARDBOOK_IO_WEBSOCKET_OUTBOX_H

#include "io/websocket/frames.h"

#include <stddef.h>
#include <stdint.h>

/* What may happen to a message whose client is slow. Bits. */
enum outbox_kind {
    OUTBOX_KEPT = 1,  /* trades, reports, answers: sent, or the connection ends */
    OUTBOX_DEPTH = 2, /* may give way to the newest depth */
    OUTBOX_TICKER = 4 /* may give way to the newest ticker */
};

struct outbox_entry {
    struct frames *frames;
    uint8_t kind; /* enum outbox_kind */
};

struct outbox {
    struct outbox_entry *entries; /* ring */
    uint32_t first, count, capacity;
    uint64_t bytes; /* of all frames waiting */
};

void outbox_init(struct outbox *outbox);
void outbox_deinit(struct outbox *outbox);

/* Puts frames at the end and retains them. */
void outbox_add(struct outbox *outbox, struct frames *frames, enum outbox_kind kind);

/* Takes every message of these kinds (bits) out, wherever it stands; returns the kinds of which there were any. */
uint32_t outbox_drop(struct outbox *outbox, uint32_t kinds);

/* The next bytes to send: the first piece in place, or several small ones put together in scratch (scratch_bytes
 * large). Absent when nothing waits. Release *taken pieces once they are sent. */
struct text outbox_next(const struct outbox *outbox, unsigned char *scratch, size_t scratch_bytes, uint32_t *taken);

/* Gives the first `taken` pieces back; returns how many messages they held. */
uint32_t outbox_release(struct outbox *outbox, uint32_t taken);

#endif
