#include "bench/book_streams.h"

#include "bench/book_engines.h"
#include "bench/endpoints.h"
#include "bench/neutral/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const book_profile_names[BOOK_PROFILE_COUNT] = {"passive", "realistic", "aggressive", "symbols"};

static bool can_write(const char *directory) {
    return (mkdir(directory, 0755) == 0 || errno == EEXIST) && access(directory, W_OK | X_OK) == 0;
}

static bool choose_directory(struct book_streams *streams, const char *given, char *problem, size_t problem_bytes) {
    char beside[512];
    const char *temporary = getenv("TMPDIR");
    if (given) {
        snprintf(streams->directory, sizeof streams->directory, "%s", given);
        if (can_write(given)) return true;
    } else {
        if (endpoints_program_directory(beside, sizeof beside)) {
            snprintf(streams->directory, sizeof streams->directory, "%s/book/streams", beside);
            if (can_write(streams->directory)) return true;
        }
        snprintf(streams->directory, sizeof streams->directory, "%s/shardbook-streams",
            temporary && *temporary ? temporary : "/tmp");
        if (can_write(streams->directory)) return true;
    }
    snprintf(problem, problem_bytes, "streams cannot be written to %s: %s; name another directory with --streams",
        streams->directory, strerror(errno));
    return false;
}

/* Whole, and of this form. */
static bool is_there(const char *path, uint64_t orders) {
    hdr_t header;
    struct stat stat_;
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    bool good = fread(&header, sizeof header, 1, file) == 1 && header.magic == MAGIC && header.nops == orders &&
                fstat(fileno(file), &stat_) == 0 && (uint64_t)stat_.st_size == sizeof header + orders * sizeof(rec_t);
    fclose(file);
    return good;
}

/* `gen PROFILE ORDERS SEED FILE`, or `spread FROM FILE`; under another name until it is whole. */
static bool make(struct book_streams *streams, enum book_profile profile, uint64_t orders, uint64_t seed, char *problem,
    size_t problem_bytes) {
    static const char *const letters[] = {"a", "b", "c"};
    char unfinished[720], orders_text[24], seed_text[24];
    snprintf(unfinished, sizeof unfinished, "%s.%ld", streams->paths[profile], (long)getpid());
    snprintf(orders_text, sizeof orders_text, "%" PRIu64, orders);
    snprintf(seed_text, sizeof seed_text, "%" PRIu64, seed);
    bool spreads = profile == BOOK_SYMBOLS;
    const char *spread_words[] = {NULL, streams->paths[BOOK_REALISTIC], unfinished, NULL};
    const char *gen_words[] = {NULL, spreads ? NULL : letters[profile], orders_text, seed_text, unfinished, NULL};
    if (!book_program_run(spreads ? "spread" : "gen", spreads ? spread_words : gen_words, problem, problem_bytes))
        return false;
    if (is_there(unfinished, orders) && rename(unfinished, streams->paths[profile]) == 0) return true;
    unlink(unfinished);
    snprintf(
        problem, problem_bytes, "the stream %s could not be written whole; is the disk full?", streams->paths[profile]);
    return false;
}

bool book_streams_make(struct book_streams *streams, const char *directory, unsigned profiles, uint64_t orders,
    uint64_t seed, char *problem, size_t problem_bytes) {
    if (!choose_directory(streams, directory, problem, problem_bytes)) return false;
    if (profiles & 1u << BOOK_SYMBOLS) profiles |= 1u << BOOK_REALISTIC;
    for (int i = 0; i < BOOK_PROFILE_COUNT; i++) {
        snprintf(streams->paths[i], sizeof streams->paths[i], "%s/%s-%" PRIu64 "-%" PRIu64 ".bin", streams->directory,
            book_profile_names[i], orders, seed);
        if (!(profiles & 1u << i) || is_there(streams->paths[i], orders)) continue;
        if (!make(streams, (enum book_profile)i, orders, seed, problem, problem_bytes)) return false;
    }
    return true;
}
