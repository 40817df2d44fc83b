#include "shards/table_memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LARGE_BYTES = 128 << 10, HUGE_PAGE_BYTES = 2 << 20, LINE_BYTES = 64 };

static bool is_large(size_t bytes) { return bytes >= LARGE_BYTES; }

static void *map(size_t bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static void *heap_new(size_t bytes) {
    void *memory = aligned_alloc(LINE_BYTES, (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES);
    if (memory) memset(memory, 0, bytes);
    return memory;
}

void *table_memory_new(size_t bytes) {
    if (!is_large(bytes)) return heap_new(bytes);
    void *memory = map(bytes);
    if (memory && bytes >= HUGE_PAGE_BYTES) madvise(memory, bytes, MADV_HUGEPAGE); /* a wish */
    return memory;
}

void *table_memory_grow(void *memory, size_t bytes, size_t wanted) {
    if (!is_large(wanted)) return realloc(memory, wanted);
    if (is_large(bytes)) {
        void *moved = mremap(memory, bytes, wanted, MREMAP_MAYMOVE);
        return moved == MAP_FAILED ? NULL : moved;
    }
    void *wider = map(wanted);
    if (!wider) return NULL;
    if (bytes) memcpy(wider, memory, bytes);
    free(memory);
    return wider;
}

void table_memory_free(void *memory, size_t bytes) {
    if (!is_large(bytes))
        free(memory);
    else if (memory)
        munmap(memory, bytes);
}
