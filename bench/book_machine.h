/* What processor a figure belongs to. */
#ifndef SHARDBOOK_BENCH_BOOK_MACHINE_H
#define SHARDBOOK_BENCH_BOOK_MACHINE_H

enum { BOOK_CACHES_MAX = 8 };

struct book_cache {
    char name[8]; /* "L1d", "L1i", "L2", "L3" */
    long kib;
};

struct book_machine {
    char processor[128]; /* as the system names it, or "unknown" */
    long processors;     /* online */
    struct book_cache caches[BOOK_CACHES_MAX];
    int cache_count;
};

/* Of the first processor. */
struct book_machine book_machine_look(void);

#endif
