#include "shards/broadcast_ring.h"

#include "core/check.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

_Static_assert(sizeof(struct ring_head) == 56, "the head is written word by word");

enum { LINE_BYTES = 64, AHEAD_BYTES = 1024 /* what a few records take */ };

int broadcast_ring_init(struct broadcast_ring *ring, uint64_t capacity) {
    if (capacity < 4 * RING_RECORD_BYTES_MAX || (capacity & (capacity - 1)) != 0) return STATUS_INVALID;
    memset(ring, 0, sizeof *ring);
    ring->bytes = aligned_alloc(4096, capacity);
    if (!ring->bytes) return STATUS_NO_MEMORY;
    memset(ring->bytes, 0, capacity); /* touch the pages before the first event has to */
    ring->capacity = capacity;
    return STATUS_OK;
}

void broadcast_ring_deinit(struct broadcast_ring *ring) {
    free(ring->bytes);
    ring->bytes = NULL;
}

/* Words are stored with release and loaded with acquire, so that a lapped reader, which reads while the writer
 * writes, is no data race and its look at `claimed` comes after its last word. On x86 both are plain moves. */
static void store_words(unsigned char *at, const unsigned char *from, uint32_t bytes) {
    _Atomic uint64_t *to = (_Atomic uint64_t *)(void *)at;
    uint64_t word;
    for (; bytes >= 8; bytes -= 8, from += 8) {
        memcpy(&word, from, 8);
        atomic_store_explicit(to++, word, memory_order_release);
    }
    if (bytes) {
        word = 0;
        memcpy(&word, from, bytes);
        atomic_store_explicit(to, word, memory_order_release);
    }
}

/* Without readers that may be lapped nobody reads what is being written. */
static void store(const struct broadcast_ring *ring, uint64_t position, const void *source, uint32_t bytes) {
    unsigned char *at = ring->bytes + (position & (ring->capacity - 1));
    if (ring->laggard_count)
        store_words(at, source, bytes);
    else if (bytes)
        memcpy(at, source, bytes);
}

static void load_words(void *target, const unsigned char *at, uint32_t bytes) {
    const _Atomic uint64_t *from = (const _Atomic uint64_t *)(const void *)at;
    unsigned char *to = target;
    for (uint32_t i = 0; i < bytes; i += 8) {
        uint64_t word = atomic_load_explicit(&from[i / 8], memory_order_acquire);
        memcpy(to + i, &word, 8);
    }
}

static void ring_bell_if_armed(struct ring_bell *bell) {
    if (atomic_load(&bell->armed) && atomic_exchange(&bell->armed, false)) bell->ring(bell->context);
}

void broadcast_ring_publish(struct broadcast_ring *ring) {
    if (ring->published_seen == ring->position) return;
    ring->published_seen = ring->position;
    atomic_store(&ring->published, ring->position);
    ring_bell_if_armed(&ring->gate_bell);
    for (uint32_t i = 0; i < ring->laggard_count; i++) ring_bell_if_armed(&ring->laggard_bells[i]);
}

__attribute__((noinline)) static bool wait_for_room(
    struct broadcast_ring *ring, uint64_t end, const _Atomic bool *stop) {
    ring->gate_seen = atomic_load_explicit(&ring->gate, memory_order_acquire);
    if (end - ring->gate_seen <= ring->capacity) return true;
    broadcast_ring_publish(ring);
    ring->stalls++;
    while (end - ring->gate_seen > ring->capacity) {
        if (atomic_load_explicit(stop, memory_order_relaxed)) return false;
        nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
        ring->gate_seen = atomic_load_explicit(&ring->gate, memory_order_acquire);
    }
    return true;
}

static void claim(struct broadcast_ring *ring, uint64_t end) {
    atomic_store_explicit(&ring->claimed, end, memory_order_release);
}

/* Fills the rest of a lap that a record does not fit into; a rest of under one head stays as it is: readers know
 * that no record begins there. */
static void write_pad(struct broadcast_ring *ring, uint64_t rest) {
    claim(ring, ring->position + rest);
    if (rest >= sizeof(struct ring_head)) {
        struct ring_head pad = {.bytes = (uint32_t)rest, .kind = RING_PAD, .after_worker = RING_NO_WORKER};
        store(ring, ring->position, &pad, sizeof pad);
    }
    ring->position += rest;
}

/* Of a record with this head. */
static uint32_t record_bytes(const struct ring_head *head) {
    return (uint32_t)sizeof *head + head->packed_bytes + ((head->text_bytes + 7u) & ~7u);
}

/* Moves `position` to where so many bytes lie in one piece and may be written. */
static bool make_room(struct broadcast_ring *ring, uint32_t bytes, const _Atomic bool *stop) {
    uint64_t rest = ring->capacity - (ring->position & (ring->capacity - 1));
    uint64_t skip = rest < bytes ? rest : 0;
    uint64_t end = ring->position + skip + bytes;
    bool has_room = end - ring->gate_seen <= ring->capacity;
    if (ring->is_closed || !(has_room || wait_for_room(ring, end, stop))) {
        ring->is_closed = true;
        return false;
    }
    if (skip) write_pad(ring, skip);
    return true;
}

bool broadcast_ring_write(struct broadcast_ring *ring, struct ring_head *head, const void *packed, const void *text,
    const _Atomic bool *stop) {
    head->bytes = record_bytes(head);
    if (!make_room(ring, head->bytes, stop)) return false;
    claim(ring, ring->position + head->bytes);
    store(ring, ring->position, head, sizeof *head);
    store(ring, ring->position + sizeof *head, packed, head->packed_bytes);
    store(ring, ring->position + sizeof *head + head->packed_bytes, text, head->text_bytes);
    ring->position += head->bytes;
    return true;
}

struct ring_head *broadcast_ring_reserve(struct broadcast_ring *ring, uint32_t bytes_max, const _Atomic bool *stop) {
    CHECK(ring->laggard_count == 0, "readers that may be lapped read word by word");
    if (!make_room(ring, (uint32_t)sizeof(struct ring_head) + bytes_max, stop)) return NULL;
    return (void *)(ring->bytes + (ring->position & (ring->capacity - 1)));
}

/* As many bytes further on as there were here, so that over time every line is fetched once. */
void broadcast_ring_commit(struct broadcast_ring *ring, struct ring_head *head) {
    head->bytes = record_bytes(head);
    for (uint32_t line = 0; line < head->bytes; line += LINE_BYTES)
        __builtin_prefetch(&ring->bytes[(ring->position + AHEAD_BYTES + line) & (ring->capacity - 1)], 1);
    ring->position += head->bytes;
    claim(ring, ring->position);
}

static uint64_t to_next_lap(const struct broadcast_ring *ring, uint64_t position) {
    uint64_t rest = ring->capacity - (position & (ring->capacity - 1));
    return rest < sizeof(struct ring_head) ? rest : 0;
}

void broadcast_ring_prefetch(const struct broadcast_ring *ring, const struct ring_head *head, uint64_t cursor) {
    uint64_t ahead = cursor + AHEAD_BYTES;
    if (ahead + head->bytes > broadcast_ring_published(ring)) return; /* not from under the writer's hands */
    for (uint32_t line = 0; line < head->bytes; line += LINE_BYTES)
        __builtin_prefetch(&ring->bytes[(ahead + line) & (ring->capacity - 1)]);
}

const struct ring_head *broadcast_ring_peek(const struct broadcast_ring *ring, uint64_t *cursor) {
    uint64_t published = atomic_load_explicit(&ring->published, memory_order_acquire);
    while (*cursor < published) {
        uint64_t skip = to_next_lap(ring, *cursor);
        if (skip) {
            *cursor += skip;
            continue;
        }
        const struct ring_head *head = (const void *)(ring->bytes + (*cursor & (ring->capacity - 1)));
        if (head->kind != RING_PAD) return head;
        *cursor += head->bytes;
    }
    return NULL;
}

void broadcast_ring_release(struct broadcast_ring *ring, uint64_t position) {
    atomic_store_explicit(&ring->gate, position, memory_order_release);
}

static bool still_there(const struct broadcast_ring *ring, uint64_t position) {
    return atomic_load_explicit(&ring->claimed, memory_order_acquire) - position <= ring->capacity;
}

static int overtaken(const struct broadcast_ring *ring, uint64_t *cursor) {
    *cursor = broadcast_ring_published(ring);
    return STATUS_OVERTAKEN;
}

int broadcast_ring_copy(const struct broadcast_ring *ring, uint64_t *cursor, void *record) {
    struct ring_head head;
    uint64_t published = atomic_load_explicit(&ring->published, memory_order_acquire);
    while (*cursor < published) {
        uint64_t skip = to_next_lap(ring, *cursor);
        if (skip) {
            *cursor += skip;
            continue;
        }
        const unsigned char *at = ring->bytes + (*cursor & (ring->capacity - 1));
        load_words(&head, at, sizeof head);
        if (!still_there(ring, *cursor)) return overtaken(ring, cursor);
        if (head.kind != RING_PAD) {
            load_words(record, at, head.bytes);
            if (!still_there(ring, *cursor)) return overtaken(ring, cursor);
            *cursor += head.bytes;
            return STATUS_OK;
        }
        *cursor += head.bytes;
    }
    return STATUS_EMPTY;
}

uint64_t broadcast_ring_published(const struct broadcast_ring *ring) {
    return atomic_load_explicit(&ring->published, memory_order_acquire);
}

bool broadcast_ring_arm(const struct broadcast_ring *ring, struct ring_bell *bell, uint64_t cursor) {
    atomic_store(&bell->armed, true);
    if (atomic_load(&ring->published) == cursor) return true;
    atomic_store(&bell->armed, false);
    return false;
}
