#include "shards/worker_link.h"

#include "core/status.h"

#include <stdlib.h>
#include <string.h>

/* Each record is an 8-byte length and its bytes; length 0 sends the reader to the next lap. */
enum { LENGTH_BYTES = 8 };

int worker_link_init(struct worker_link *link, uint64_t capacity) {
    if (capacity < 4 * LINK_RECORD_BYTES_MAX || (capacity & (capacity - 1)) != 0) return STATUS_INVALID;
    memset(link, 0, sizeof *link);
    link->bytes = aligned_alloc(4096, capacity);
    if (!link->bytes) return STATUS_NO_MEMORY;
    link->capacity = capacity;
    return STATUS_OK;
}

void worker_link_deinit(struct worker_link *link) {
    free(link->bytes);
    link->bytes = NULL;
}

static uint64_t *length_at(struct worker_link *link, uint64_t position) {
    return (uint64_t *)(void *)(link->bytes + (position & (link->capacity - 1)));
}

static uint64_t record_bytes(uint64_t payload_bytes) { return LENGTH_BYTES + ((payload_bytes + 7) & ~UINT64_C(7)); }

static bool has_room(struct worker_link *link, uint64_t end) {
    if (end - link->released_seen <= link->capacity) return true;
    link->released_seen = atomic_load_explicit(&link->released, memory_order_acquire);
    return end - link->released_seen <= link->capacity;
}

void *worker_link_offer(struct worker_link *link, uint32_t bytes) {
    uint64_t need = record_bytes(bytes);
    uint64_t rest = link->capacity - (link->position & (link->capacity - 1));
    uint64_t skip = rest < need ? rest : 0;
    if (!has_room(link, link->position + skip + need)) return NULL;
    if (skip) {
        *length_at(link, link->position) = 0;
        link->position += skip;
    }
    uint64_t *length = length_at(link, link->position);
    *length = bytes;
    return length + 1;
}

void worker_link_commit(struct worker_link *link) {
    link->position += record_bytes(*length_at(link, link->position));
    atomic_store(&link->published, link->position);
}

const void *worker_link_peek(struct worker_link *link, uint32_t *bytes) {
    uint64_t published = atomic_load_explicit(&link->published, memory_order_acquire);
    if (link->cursor == published) return NULL;
    uint64_t *length = length_at(link, link->cursor);
    if (*length == 0) {
        link->cursor += link->capacity - (link->cursor & (link->capacity - 1));
        length = length_at(link, link->cursor);
    }
    *bytes = (uint32_t)*length;
    return length + 1;
}

void worker_link_release(struct worker_link *link) {
    link->cursor += record_bytes(*length_at(link, link->cursor));
    atomic_store_explicit(&link->released, link->cursor, memory_order_release);
}

bool worker_link_has_records(const struct worker_link *link) {
    return atomic_load(&link->published) != atomic_load_explicit(&link->released, memory_order_relaxed);
}
