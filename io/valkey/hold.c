#include "io/valkey/hold.h"

#include <stdlib.h>

struct held {
    uint64_t bytes; /* of the whole entry, a multiple of 8 */
    uint32_t packed_bytes, text_bytes;
};

enum { FIRST_CAPACITY = 16 * 1024 };

static size_t entry_bytes_max(struct text bytes) { return sizeof(struct held) + EVENT_PACKED_BYTES_MAX + bytes.size + 8; }

void hold_clear(struct hold *hold)
{
    free(hold->bytes);
    *hold = (struct hold){0};
}

static const struct held *oldest(const struct hold *hold) { return (const struct held *)(hold->bytes + hold->begin); }

void hold_drop(struct hold *hold)
{
    hold->begin += oldest(hold)->bytes;
    if (hold->begin == hold->end) {
        hold->begin = hold->end = 0;
        hold->first = hold->last = 0;
    } else {
        hold->first++;
    }
}

static void move_to_front(struct hold *hold)
{
    memmove(hold->bytes, hold->bytes + hold->begin, hold->end - hold->begin);
    hold->end -= hold->begin;
    hold->begin = 0;
}

static bool grow(struct hold *hold, size_t bytes_max)
{
    size_t capacity = hold->capacity ? 2 * hold->capacity : FIRST_CAPACITY;
    if (capacity > bytes_max)
        capacity = bytes_max;
    unsigned char *bytes = capacity > hold->capacity ? realloc(hold->bytes, capacity) : NULL;
    if (!bytes)
        return false;
    hold->bytes = bytes;
    hold->capacity = capacity;
    return true;
}

/* Makes room for `need` bytes at the end; returns the events dropped for it, or sets *failed. */
static uint64_t make_room(struct hold *hold, size_t need, size_t bytes_max, bool *failed)
{
    uint64_t dropped = 0;
    while (hold->end + need > hold->capacity) {
        if (hold->begin > hold->capacity / 2 || (hold->begin && hold->capacity >= bytes_max)) {
            move_to_front(hold);
        } else if (!grow(hold, bytes_max)) {
            if (!hold->first) {
                *failed = true;
                break;
            }
            for (size_t least = hold->capacity / 4; hold->first && hold->begin < least; dropped++)
                hold_drop(hold);
        }
    }
    return dropped;
}

uint64_t hold_add(struct hold *hold, const struct event *event, struct text bytes, size_t bytes_max)
{
    bool failed = false;
    uint64_t dropped = 0;
    if (hold->first && event->fseq != hold->last + 1) {
        dropped = hold->last - hold->first + 1;
        hold->begin = hold->end = 0;
        hold->first = hold->last = 0;
    }
    dropped += make_room(hold, entry_bytes_max(bytes), bytes_max, &failed);
    if (failed)
        return dropped + 1;
    unsigned char *at = hold->bytes + hold->end;
    struct held held = {.packed_bytes = event_pack(event, at + sizeof held), .text_bytes = bytes.size};
    if (bytes.size)
        memcpy(at + sizeof held + held.packed_bytes, bytes.data, bytes.size);
    held.bytes = (sizeof held + held.packed_bytes + bytes.size + 7) & ~(uint64_t)7;
    memcpy(at, &held, sizeof held);
    hold->end += held.bytes;
    hold->first = hold->first ? hold->first : event->fseq;
    hold->last = event->fseq;
    return dropped;
}

bool hold_peek(const struct hold *hold, struct event *event, struct text *bytes)
{
    if (!hold->first)
        return false;
    const unsigned char *packed = (const unsigned char *)(oldest(hold) + 1);
    event_unpack(packed, event);
    *bytes = (struct text){(const char *)packed + oldest(hold)->packed_bytes, oldest(hold)->text_bytes};
    return true;
}
