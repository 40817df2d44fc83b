/* Counts what a program allocates, its C library included, and says so at its end. */
#include <stdio.h>
#include <stdlib.h>

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

static unsigned allocations;
static char buffer[4096]; /* of stdout, which would allocate one */

void *malloc(size_t bytes) { return allocations++, __libc_malloc(bytes); }
void *calloc(size_t count, size_t bytes) { return allocations++, __libc_calloc(count, bytes); }
void *realloc(void *memory, size_t bytes) { return allocations++, __libc_realloc(memory, bytes); }
void *aligned_alloc(size_t alignment, size_t bytes) { return allocations++, __libc_memalign(alignment, bytes); }

__attribute__((constructor)) static void start(void) { setvbuf(stdout, buffer, _IOFBF, sizeof buffer); }
__attribute__((destructor)) static void tell(void) { printf("%u allocations\n", allocations); }
