/* The programs that `shardbook-bench book` compares, each a child process over one stream. */
#ifndef SHARDBOOK_BENCH_BOOK_ENGINES_H
#define SHARDBOOK_BENCH_BOOK_ENGINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum book_group {
    BOOK_FLOOR,     /* reads the stream and touches lines: no book */
    BOOK_PLAIN,     /* the reference sketch, without totals, events and hash */
    BOOK_FULL,      /* with them: what handle mode is measured by */
    BOOK_FULL_HASH, /* and with ids through a hash table: what text mode is measured by */
    BOOK_TEXT,      /* ours, ids as texts, repeat check on */
    BOOK_HANDLE     /* ours, an id carries its slot */
};

struct book_engine {
    const char *name;
    const char *program; /* in book/ beside this program */
    const char *mode;    /* FLOOR: which probe; else NULL */
    enum book_group group;
};

enum { BOOK_ENGINES_MAX = 24 };

extern const struct book_engine book_engines[];
extern const size_t book_engine_count;

/* What one run of a program said. */
struct book_measure {
    double cpu_ns, wall_ns; /* per operation; of a floor wall_ns alone */
    bool is_checked;        /* it is a book, and the next member counts */
    bool same_trades;       /* as the stream's header has them, makers and takers included */
    double p999_ns;         /* latency run: of a single operation */
    double bytes_per_idle_symbol;
    uint64_t instructions; /* counted run: of the whole process */
};

enum book_run_kind { BOOK_RUN_TIMED, BOOK_RUN_LATENCY, BOOK_RUN_COUNTED };

struct book_run {
    enum book_run_kind kind;
    const char *stream;
    const char *setting; /* NAME=VALUE for its environment, or NULL */
    uint64_t operations; /* COUNTED: how many of the stream */
};

/* Runs a program to its end. False with a sentence in problem. */
bool book_engine_run(const struct book_engine *engine, const struct book_run *run, struct book_measure *measure,
    char *problem, size_t problem_bytes);

/* True if the program was built. */
bool book_engine_is_built(const struct book_engine *engine, enum book_run_kind kind);

/* Runs book/PROGRAM with these words (the first is replaced by its path; NULL at the end), its output thrown away.
 * False with a sentence in problem. */
bool book_program_run(const char *program, const char **words, char *problem, size_t problem_bytes);

#endif
