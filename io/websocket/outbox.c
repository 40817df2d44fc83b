#include "io/websocket/outbox.h"

#include "core/check.h"

#include <stdlib.h>

enum { ENTRIES_FIRST = 8, ENTRIES_KEPT = 64 }; /* an empty outbox with more than these gives its memory back */

void outbox_init(struct outbox *outbox) { *outbox = (struct outbox){0}; }

static struct outbox_entry *entry_at(const struct outbox *outbox, uint32_t i) {
    return &outbox->entries[(outbox->first + i) & (outbox->capacity - 1)];
}

void outbox_deinit(struct outbox *outbox) {
    outbox_release(outbox, outbox->count);
    free(outbox->entries);
    outbox_init(outbox);
}

static void grow(struct outbox *outbox) {
    uint32_t capacity = outbox->capacity ? 2 * outbox->capacity : ENTRIES_FIRST;
    struct outbox_entry *entries = malloc(capacity * sizeof *entries);
    CHECK(entries, "no memory for an outbox");
    for (uint32_t i = 0; i < outbox->count; i++) entries[i] = *entry_at(outbox, i);
    free(outbox->entries);
    outbox->entries = entries;
    outbox->capacity = capacity;
    outbox->first = 0;
}

void outbox_add(struct outbox *outbox, struct frames *frames, enum outbox_kind kind) {
    if (outbox->count == outbox->capacity) grow(outbox);
    outbox->count++;
    *entry_at(outbox, outbox->count - 1) = (struct outbox_entry){frames_retain(frames), (uint8_t)kind};
    outbox->bytes += frames->size;
}

uint32_t outbox_drop(struct outbox *outbox, uint32_t kinds) {
    uint32_t kept = 0, dropped = 0;
    for (uint32_t i = 0; i < outbox->count; i++) {
        struct outbox_entry entry = *entry_at(outbox, i);
        if (entry.kind & kinds) {
            dropped |= entry.kind;
            outbox->bytes -= entry.frames->size;
            frames_release(entry.frames);
        } else {
            *entry_at(outbox, kept++) = entry;
        }
    }
    outbox->count = kept;
    return dropped;
}

struct text outbox_next(const struct outbox *outbox, unsigned char *scratch, size_t scratch_bytes, uint32_t *taken) {
    *taken = 0;
    if (outbox->count == 0) return TEXT_NONE;
    const struct frames *first = entry_at(outbox, 0)->frames;
    *taken = 1;
    if (outbox->count == 1 || first->size + entry_at(outbox, 1)->frames->size > scratch_bytes)
        return frames_text(first);
    uint32_t bytes = 0, i = 0;
    for (; i < outbox->count; i++) {
        struct text piece = frames_text(entry_at(outbox, i)->frames);
        if (bytes + piece.size > scratch_bytes) break;
        memcpy(scratch + bytes, piece.data, piece.size);
        bytes += piece.size;
    }
    *taken = i;
    return (struct text){(const char *)scratch, bytes};
}

uint32_t outbox_release(struct outbox *outbox, uint32_t taken) {
    uint32_t messages = 0;
    for (uint32_t i = 0; i < taken; i++) {
        struct frames *frames = entry_at(outbox, 0)->frames;
        messages += frames->messages;
        outbox->bytes -= frames->size;
        frames_release(frames);
        outbox->first++;
        outbox->count--;
    }
    if (outbox->count == 0 && outbox->capacity > ENTRIES_KEPT) {
        free(outbox->entries);
        outbox_init(outbox);
    }
    return messages;
}
