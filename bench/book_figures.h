/* What `shardbook-bench book` measured, and what follows from it. */
#ifndef SHARDBOOK_BENCH_BOOK_FIGURES_H
#define SHARDBOOK_BENCH_BOOK_FIGURES_H

#include "bench/book_engines.h"
#include "bench/book_streams.h"

enum { BOOK_RUNS_MAX = 51 };

/* One engine over one stream, by round. */
struct book_series {
    double ns[BOOK_RUNS_MAX];      /* per operation: CPU time, of a floor wall time */
    double p999_ns[BOOK_RUNS_MAX]; /* realistic */
    int runs, latency_runs;
    bool is_checked, differs; /* its trades were compared; in some run they were not the stream's */
    double bytes_per_idle_symbol;
    uint64_t instructions[2]; /* of a short and of a long run */
};

/* A second setting in which ours is measured; the first is plain. */
enum book_setting {
    BOOK_PLAIN_SETTING,
    BOOK_WITH_IDLE,       /* BOOK_SYMBOLS: 99 symbols without orders for each one with */
    BOOK_FEATURES_BESIDE, /* counted: another symbol uses stops and icebergs */
    BOOK_FEATURES_INSIDE, /* counted: the stream's own symbols do */
    BOOK_SETTING_COUNT
};

struct book_figures {
    unsigned profiles; /* bit 1 << enum book_profile */
    uint64_t orders, seed;
    int runs;
    uint64_t counted[2]; /* operations of the short and of the long counted run */
    struct book_series series[BOOK_PROFILE_COUNT][BOOK_ENGINES_MAX][BOOK_SETTING_COUNT];
};

/* Nothing there: 0. */
double book_series_median(const struct book_series *series);
double book_series_least(const struct book_series *series);
double book_series_p999(const struct book_series *series);
double book_figures_instructions(const struct book_figures *figures, const struct book_series *series);

/* The engine of that group with the least median in plain setting (counted: with the fewest instructions), or -1. */
int book_figures_best(const struct book_figures *figures, enum book_profile profile, enum book_group group);

/* An engine's figure over another's, 0 if one is missing. */
double book_ratio(double ours, double theirs);

/* True if every book that was timed traded as the stream's header says. */
bool book_figures_agree(const struct book_figures *figures);

void book_figures_print(const struct book_figures *figures);
void book_figures_print_json(const struct book_figures *figures);

#endif
