#include "bench/harness/report_ring.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CAPACITY_MIN (UINT64_C(1) << 20)
#define HUGE_PAGE (UINT64_C(2) << 20)

/* Touched before the clock, in huge pages if there are. */
static bool map_records(struct report_ring *ring, uint64_t capacity) {
    ring->memory_bytes = capacity * sizeof(struct ring_record) + HUGE_PAGE;
    ring->memory = mmap(NULL, ring->memory_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (ring->memory == MAP_FAILED) return false;
    uintptr_t first = ((uintptr_t)ring->memory + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
    ring->records = (struct ring_record *)first;
    madvise(ring->records, capacity * sizeof(struct ring_record), MADV_HUGEPAGE);
    memset(ring->records, 0, capacity * sizeof(struct ring_record));
    return true;
}

static void *create(uint32_t wanted) {
    uint64_t capacity = CAPACITY_MIN;
    while (capacity < wanted) capacity *= 2;
    struct report_ring *ring = aligned_alloc(64, (sizeof *ring + 63) & ~(size_t)63);
    if (!ring) return NULL;
    memset(ring, 0, sizeof *ring);
    if (!map_records(ring, capacity)) {
        free(ring);
        return NULL;
    }
    ring->mask = capacity - 1;
    ring->free_until = capacity;
    return ring;
}

static void destroy(void *handle) {
    struct report_ring *ring = handle;
    munmap(ring->memory, ring->memory_bytes);
    free(ring);
}

static void flush(void *handle) { report_ring_publish(handle); }

void report_ring_await_room(struct report_ring *ring) {
    report_ring_publish(ring);
    while (
        (ring->free_until = atomic_load_explicit(&ring->drained, memory_order_acquire) + ring->mask + 1) == ring->next)
        __builtin_ia32_pause();
}

static inline struct harness_report widen(struct report_ring *ring, const struct ring_record *record) {
    struct harness_report report = {.type = record->type,
        .side = record->side,
        .sequence = record->sequence,
        .order_id = record->order_id,
        .price_ticks = record->price_ticks,
        .quantity = record->quantity};
    if (record->type == HARNESS_TRADE) {
        report.sequence = ring->taker_sequence;
        report.order_id = report.taker_order_id = ring->taker_id;
        report.maker_order_id = record->order_id;
    } else {
        ring->taker_sequence = record->sequence;
        ring->taker_id = record->order_id;
    }
    return report;
}

static uint32_t drain(void *handle, struct harness_report *out, uint32_t max) {
    struct report_ring *ring = handle;
    if (ring->at == ring->seen) ring->seen = atomic_load_explicit(&ring->written, memory_order_acquire);
    uint64_t there = ring->seen - ring->at;
    uint32_t count = there < max ? (uint32_t)there : max;
    for (uint32_t i = 0; i < count; i++) out[i] = widen(ring, &ring->records[(ring->at + i) & ring->mask]);
    ring->at += count;
    if (count) atomic_store_explicit(&ring->drained, ring->at, memory_order_release);
    return count;
}

const struct harness_transport *report_ring_transport(void) {
    static const struct harness_transport transport = {
        .create = create, .drain = drain, .flush = flush, .destroy = destroy};
    return &transport;
}
