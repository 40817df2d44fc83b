/* The neutral streams as files, made once by book/gen and kept. */
#ifndef SHARDBOOK_BENCH_BOOK_STREAMS_H
#define SHARDBOOK_BENCH_BOOK_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum book_profile {
    BOOK_PASSIVE,
    BOOK_REALISTIC,
    BOOK_AGGRESSIVE,
    BOOK_SYMBOLS, /* realistic, its 100 symbols dealt out to 1,000 */
    BOOK_PROFILE_COUNT
};

extern const char *const book_profile_names[BOOK_PROFILE_COUNT];

struct book_streams {
    char directory[600];
    char paths[BOOK_PROFILE_COUNT][700];
};

/* Finds or makes the streams of these profiles (bit 1 << enum book_profile), in `directory`, or without one in
 * book/streams beside this program, or where that cannot be written in $TMPDIR/shardbook-streams. False with a
 * sentence in problem. */
bool book_streams_make(struct book_streams *streams, const char *directory, unsigned profiles, uint64_t orders,
    uint64_t seed, char *problem, size_t problem_bytes);

#endif
