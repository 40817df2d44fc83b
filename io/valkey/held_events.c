#include "io/valkey/held_events.h"

#include <stdlib.h>

struct held {
    uint64_t bytes; /* of the whole entry, a multiple of 8 */
    uint32_t packed_bytes, text_bytes;
};

enum { FIRST_CAPACITY = 16 * 1024 };

static size_t entry_bytes_max(struct text bytes) {
    return sizeof(struct held) + EVENT_PACKED_BYTES_MAX + bytes.size + 8;
}

void held_events_clear(struct held_events *events) {
    free(events->bytes);
    *events = (struct held_events){0};
}

static const struct held *oldest(const struct held_events *events) {
    return (const struct held *)(events->bytes + events->begin);
}

void held_events_drop(struct held_events *events) {
    events->begin += oldest(events)->bytes;
    if (events->begin == events->end) {
        events->begin = events->end = 0;
        events->first = events->last = 0;
    } else {
        events->first++;
    }
}

static void move_to_front(struct held_events *events) {
    memmove(events->bytes, events->bytes + events->begin, events->end - events->begin);
    events->end -= events->begin;
    events->begin = 0;
}

static bool grow(struct held_events *events, size_t bytes_max) {
    size_t capacity = events->capacity ? 2 * events->capacity : FIRST_CAPACITY;
    if (capacity > bytes_max) capacity = bytes_max;
    unsigned char *bytes = capacity > events->capacity ? realloc(events->bytes, capacity) : NULL;
    if (!bytes) return false;
    events->bytes = bytes;
    events->capacity = capacity;
    return true;
}

/* Makes room for `need` bytes at the end; returns the events dropped for it, or sets *failed. */
static uint64_t make_room(struct held_events *events, size_t need, size_t bytes_max, bool *failed) {
    uint64_t dropped = 0;
    while (events->end + need > events->capacity) {
        if (events->begin > events->capacity / 2 || (events->begin && events->capacity >= bytes_max)) {
            move_to_front(events);
        } else if (!grow(events, bytes_max)) {
            if (!events->first) {
                *failed = true;
                break;
            }
            for (size_t least = events->capacity / 4; events->first && events->begin < least; dropped++)
                held_events_drop(events);
        }
    }
    return dropped;
}

uint64_t held_events_add(struct held_events *events, const struct event *event, struct text bytes, size_t bytes_max) {
    bool failed = false;
    uint64_t dropped = 0;
    if (events->first && event->fseq != events->last + 1) {
        dropped = events->last - events->first + 1;
        events->begin = events->end = 0;
        events->first = events->last = 0;
    }
    dropped += make_room(events, entry_bytes_max(bytes), bytes_max, &failed);
    if (failed) return dropped + 1;
    unsigned char *at = events->bytes + events->end;
    struct held held = {.packed_bytes = event_pack(event, at + sizeof held), .text_bytes = bytes.size};
    if (bytes.size) memcpy(at + sizeof held + held.packed_bytes, bytes.data, bytes.size);
    held.bytes = (sizeof held + held.packed_bytes + bytes.size + 7) & ~(uint64_t)7;
    memcpy(at, &held, sizeof held);
    events->end += held.bytes;
    events->first = events->first ? events->first : event->fseq;
    events->last = event->fseq;
    return dropped;
}

bool held_events_peek(const struct held_events *events, struct event *event, struct text *bytes) {
    if (!events->first) return false;
    const unsigned char *packed = (const unsigned char *)(oldest(events) + 1);
    event_unpack(packed, event);
    *bytes = (struct text){(const char *)packed + oldest(events)->packed_bytes, oldest(events)->text_bytes};
    return true;
}
