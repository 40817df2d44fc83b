/* shardbook-bench book: our book beside the plain reference book, on the same streams, in turns. */
#include "bench/bench.h"
#include "bench/book_engines.h"
#include "bench/book_figures.h"
#include "bench/book_streams.h"
#include "io/configuration/configuration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char who[] = "shardbook-bench book";

enum { COUNTED_ORDERS = 600000 };

static const struct option_row options[] = {
    TEXT_ROW("profiles", NULL, "passive,realistic,aggressive,symbols", "NAME,...",
        "streams: passive, realistic, aggressive, symbols"),
    COUNT_ROW("orders", NULL, "2000000", 10000, 50000000,
        "operations of each stream (600000 with --instructions, unless given)"),
    COUNT_ROW("runs", NULL, "5", 1, BOOK_RUNS_MAX, "rounds; medians count"),
    COUNT_ROW("seed", NULL, "1", 0, INT64_MAX, "the same seed makes the same streams"),
    TEXT_ROW("streams", NULL, NULL, "DIRECTORY", "where streams are kept: book/streams beside this program"),
    SWITCH_ROW("instructions", NULL, "false", "count instructions per operation in place of time (needs valgrind)"),
    SWITCH_ROW("json", NULL, "false", "the result as JSON"),
};

static bool read_profiles(const char *names, unsigned *profiles) {
    char copy[256];
    snprintf(copy, sizeof copy, "%s", names);
    *profiles = 0;
    for (char *at = copy, *name; (name = strsep(&at, ","));) {
        int found = -1;
        for (int i = 0; i < BOOK_PROFILE_COUNT; i++)
            if (strcmp(name, book_profile_names[i]) == 0) found = i;
        if (found < 0) return false;
        *profiles |= 1u << found;
    }
    return true;
}

static bool check_options(const struct configuration *configuration, char *problem, size_t problem_bytes) {
    unsigned profiles;
    if (read_profiles(configuration_text(configuration, "profiles"), &profiles)) return true;
    snprintf(problem, problem_bytes,
        "--profiles takes names from passive, realistic, aggressive and symbols, separated by commas");
    return false;
}

static const struct program program = {
    .name = "shardbook-bench book",
    .purpose = "Cost of an operation on our book beside the plain reference book, on the same streams, in turns.",
    .notes =
        "passive: one symbol, 1,000 live orders; realistic: 100 symbols, 95,000 live orders; aggressive: half of the "
        "orders trade; symbols:\n"
        "realistic dealt out to 1,000 symbols, alone and among 99,000 without orders. floor: reading the stream, and "
        "touching one line per order.\n"
        "plain: the reference sketch; full: with level totals, events and rolling hash; hash: ids through a hash "
        "table; huge: huge pages;\n"
        "pf: it prefetches ahead. handle mode (an id carries its slot) is measured by the best `full`, text mode (ids "
        "as texts, repeat check on)\n"
        "by the best `full-hash`. Times are CPU time. Exit code: 0 done, 1 failed, 2 wrong usage, 3 trades differ from "
        "the stream's.",
    .examples = "  shardbook-bench book\n  shardbook-bench book --profiles realistic --runs 11 --json\n"
                "  shardbook-bench book --instructions\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .check = check_options,
};

struct book_bench {
    struct book_streams streams;
    struct book_figures figures;
    bool counts;
    char problem[512];
};

static void say(const char *words) {
    if (isatty(STDERR_FILENO)) fprintf(stderr, "\r%s\033[K", words);
}

static bool is_ours(const struct book_engine *engine) {
    return engine->group == BOOK_TEXT || engine->group == BOOK_HANDLE;
}

/* ---- time ------------------------------------------------------------------------------------------------- */

static void keep(struct book_series *series, const struct book_measure *measure, bool is_floor) {
    series->ns[series->runs++] = is_floor ? measure->wall_ns : measure->cpu_ns;
    series->is_checked |= measure->is_checked;
    series->differs |= measure->is_checked && !measure->same_trades;
    series->bytes_per_idle_symbol = measure->bytes_per_idle_symbol;
}

static bool time_one(struct book_bench *bench, enum book_profile profile, size_t e, enum book_setting setting) {
    const struct book_engine *engine = &book_engines[e];
    struct book_series *series = &bench->figures.series[profile][e][setting];
    struct book_run run = {.kind = BOOK_RUN_TIMED,
        .stream = bench->streams.paths[profile],
        .setting = setting == BOOK_WITH_IDLE ? "SHARDBOOK_BENCH_IDLE=99" : NULL};
    struct book_measure measure;
    if (!book_engine_run(engine, &run, &measure, bench->problem, sizeof bench->problem)) return false;
    keep(series, &measure, engine->group == BOOK_FLOOR);
    if (profile != BOOK_REALISTIC || engine->group == BOOK_FLOOR) return true;
    run.kind = BOOK_RUN_LATENCY;
    if (!book_engine_run(engine, &run, &measure, bench->problem, sizeof bench->problem)) return false;
    series->p999_ns[series->latency_runs++] = measure.p999_ns;
    return true;
}

/* All engines of one profile once, one after the other. */
static bool time_profile(struct book_bench *bench, enum book_profile profile) {
    for (size_t e = 0; e < book_engine_count; e++) {
        if (!book_engine_is_built(&book_engines[e], BOOK_RUN_TIMED)) continue;
        if (profile == BOOK_SYMBOLS && !is_ours(&book_engines[e])) continue;
        if (!time_one(bench, profile, e, BOOK_PLAIN_SETTING)) return false;
        if (profile == BOOK_SYMBOLS && !time_one(bench, profile, e, BOOK_WITH_IDLE)) return false;
    }
    return true;
}

static bool time_all(struct book_bench *bench) {
    char words[64];
    for (int round = 0; round < bench->figures.runs; round++)
        for (int p = 0; p < BOOK_PROFILE_COUNT; p++) {
            if (!(bench->figures.profiles & 1u << p)) continue;
            snprintf(words, sizeof words, "round %d of %d, %s", round + 1, bench->figures.runs, book_profile_names[p]);
            say(words);
            if (!time_profile(bench, (enum book_profile)p)) return false;
        }
    return true;
}

/* ---- instructions ----------------------------------------------------------------------------------------- */

static bool count_one(struct book_bench *bench, enum book_profile profile, size_t e, enum book_setting setting) {
    static const char *const settings[BOOK_SETTING_COUNT] = {
        NULL, NULL, "SHARDBOOK_BENCH_FEATURES=beside", "SHARDBOOK_BENCH_FEATURES=inside"};
    struct book_measure measure;
    for (int i = 0; i < 2; i++) {
        struct book_run run = {.kind = BOOK_RUN_COUNTED,
            .stream = bench->streams.paths[profile],
            .setting = settings[setting],
            .operations = bench->figures.counted[i]};
        if (!book_engine_run(&book_engines[e], &run, &measure, bench->problem, sizeof bench->problem)) return false;
        bench->figures.series[profile][e][setting].instructions[i] = measure.instructions;
    }
    return true;
}

static bool count_all(struct book_bench *bench) {
    char words[96];
    for (int p = 0; p < BOOK_SYMBOLS; p++)
        for (size_t e = 0; e < book_engine_count && bench->figures.profiles & 1u << p; e++) {
            if (!book_engine_is_built(&book_engines[e], BOOK_RUN_COUNTED)) continue;
            snprintf(words, sizeof words, "counting %s, %s", book_profile_names[p], book_engines[e].name);
            say(words);
            if (!count_one(bench, (enum book_profile)p, e, BOOK_PLAIN_SETTING)) return false;
            for (int s = BOOK_FEATURES_BESIDE; s <= BOOK_FEATURES_INSIDE && is_ours(&book_engines[e]); s++)
                if (!count_one(bench, (enum book_profile)p, e, (enum book_setting)s)) return false;
        }
    return true;
}

/* ---- the whole -------------------------------------------------------------------------------------------- */

static void read_options(struct book_bench *bench, const struct configuration *configuration) {
    struct book_figures *figures = &bench->figures;
    bench->counts = configuration_switch(configuration, "instructions");
    read_profiles(configuration_text(configuration, "profiles"), &figures->profiles);
    if (bench->counts) figures->profiles &= ~(1u << BOOK_SYMBOLS);
    figures->orders = bench->counts && !configuration_is_given(configuration, "orders")
                          ? COUNTED_ORDERS
                          : (uint64_t)configuration_count(configuration, "orders");
    figures->seed = (uint64_t)configuration_count(configuration, "seed");
    figures->runs = (int)configuration_count(configuration, "runs");
    figures->counted[0] = figures->orders / 3;
    figures->counted[1] = figures->orders;
}

static bool measure(struct book_bench *bench, const char *directory) {
    say("making streams");
    if (!book_streams_make(&bench->streams, directory, bench->figures.profiles, bench->figures.orders,
            bench->figures.seed, bench->problem, sizeof bench->problem))
        return false;
    return bench->counts ? count_all(bench) : time_all(bench);
}

int bench_book(int argc, char **argv) {
    int code;
    struct configuration *configuration = configuration_read(&program, argc, argv, &code);
    if (!configuration) return code;
    struct book_bench *bench = calloc(1, sizeof *bench);
    if (!bench) return 1;
    read_options(bench, configuration);
    bool good = measure(bench, configuration_text(configuration, "streams"));
    say("");
    if (!good)
        fprintf(stderr, "%s: %s\n", who, bench->problem);
    else if (configuration_switch(configuration, "json"))
        book_figures_print_json(&bench->figures);
    else
        book_figures_print(&bench->figures);
    code = !good ? 1 : book_figures_agree(&bench->figures) ? 0 : 3;
    free(bench);
    configuration_close(configuration);
    return code;
}
