#include "bench/book_figures.h"

#include "bench/book_machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

/* ---- what follows ----------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, int count) {
    double sorted[BOOK_RUNS_MAX];
    if (!count) return 0;
    memcpy(sorted, values, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, compare);
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

double book_series_median(const struct book_series *series) { return median(series->ns, series->runs); }

double book_series_p999(const struct book_series *series) { return median(series->p999_ns, series->latency_runs); }

double book_series_least(const struct book_series *series) {
    double least = 0;
    for (int i = 0; i < series->runs; i++)
        if (i == 0 || series->ns[i] < least) least = series->ns[i];
    return least;
}

double book_figures_instructions(const struct book_figures *figures, const struct book_series *series) {
    if (!series->instructions[1] || figures->counted[1] <= figures->counted[0]) return 0;
    return (double)(series->instructions[1] - series->instructions[0]) /
           (double)(figures->counted[1] - figures->counted[0]);
}

static double cost(const struct book_figures *figures, const struct book_series *series) {
    return series->runs ? book_series_median(series) : book_figures_instructions(figures, series);
}

int book_figures_best(const struct book_figures *figures, enum book_profile profile, enum book_group group) {
    int best = -1;
    double least = 0;
    for (size_t e = 0; e < book_engine_count; e++) {
        double its = cost(figures, &figures->series[profile][e][BOOK_PLAIN_SETTING]);
        if (book_engines[e].group != group || its <= 0 || (best >= 0 && its >= least)) continue;
        best = (int)e;
        least = its;
    }
    return best;
}

double book_ratio(double ours, double theirs) { return theirs > 0 ? ours / theirs : 0; }

bool book_figures_agree(const struct book_figures *figures) {
    for (int p = 0; p < BOOK_PROFILE_COUNT; p++)
        for (size_t e = 0; e < book_engine_count; e++)
            for (int s = 0; s < BOOK_SETTING_COUNT; s++)
                if (figures->series[p][e][s].differs) return false;
    return true;
}

/* Ours in one mode beside the reference it is measured by. */
struct verdict {
    const char *name;
    const struct book_series *ours, *theirs;
    const char *reference; /* its name */
    double ratio, least_ratio, p999_ratio, instruction_ratio;
};

static bool judge(
    const struct book_figures *figures, enum book_profile profile, enum book_group group, struct verdict *verdict) {
    int ours = book_figures_best(figures, profile, group);
    int theirs = book_figures_best(figures, profile, group == BOOK_HANDLE ? BOOK_FULL : BOOK_FULL_HASH);
    if (ours < 0 || theirs < 0) return false;
    verdict->ours = &figures->series[profile][ours][BOOK_PLAIN_SETTING];
    verdict->theirs = &figures->series[profile][theirs][BOOK_PLAIN_SETTING];
    verdict->name = group == BOOK_HANDLE ? "handle" : "text";
    verdict->reference = book_engines[theirs].name;
    verdict->ratio = book_ratio(book_series_median(verdict->ours), book_series_median(verdict->theirs));
    verdict->least_ratio = book_ratio(book_series_least(verdict->ours), book_series_least(verdict->theirs));
    verdict->p999_ratio = book_ratio(book_series_p999(verdict->ours), book_series_p999(verdict->theirs));
    verdict->instruction_ratio = book_ratio(
        book_figures_instructions(figures, verdict->ours), book_figures_instructions(figures, verdict->theirs));
    return true;
}

static const enum book_group judged[] = {BOOK_HANDLE, BOOK_TEXT};

/* ---- as text ---------------------------------------------------------------------------------------------- */

static void print_machine(void) {
    struct book_machine machine = book_machine_look();
    printf("%s, %ld processors", machine.processor, machine.processors);
    for (int i = 0; i < machine.cache_count; i++) printf(", %s %ld KiB", machine.caches[i].name, machine.caches[i].kib);
    printf("\n");
}

static const char *setting_title(int setting) {
    static const char *const titles[BOOK_SETTING_COUNT] = {
        "", " + 99 idle symbols for each", " + a symbol that uses stops, icebergs", " its symbols use stops, icebergs"};
    return titles[setting];
}

static void print_series(const struct book_figures *figures, size_t engine, int setting, const struct book_series *s) {
    char name[64];
    snprintf(name, sizeof name, "%s%s", book_engines[engine].name, setting_title(setting));
    printf("  %-52s", name);
    if (s->runs) printf(" %8.2f ns %8.2f ns least", book_series_median(s), book_series_least(s));
    if (s->latency_runs) printf("  p99.9 %.0f ns", book_series_p999(s));
    if (s->instructions[1]) printf(" %8.1f instructions", book_figures_instructions(figures, s));
    if (s->differs) printf("  TRADES DIFFER");
    printf("\n");
}

static void print_verdict(const struct verdict *v) {
    printf("  %s mode to %s:", v->name, v->reference);
    if (v->ratio > 0) printf(" %.2f (least of both %.2f)", v->ratio, v->least_ratio);
    if (v->p999_ratio > 0) printf(", p99.9 %.2f", v->p999_ratio);
    if (v->instruction_ratio > 0) printf(" %.2f of its instructions", v->instruction_ratio);
    printf("\n");
}

static void print_idle(const struct book_figures *figures) {
    for (size_t e = 0; e < book_engine_count; e++) {
        const struct book_series *alone = &figures->series[BOOK_SYMBOLS][e][BOOK_PLAIN_SETTING],
                                 *among = &figures->series[BOOK_SYMBOLS][e][BOOK_WITH_IDLE];
        if (alone->runs && among->runs)
            printf("  %s, 1,000 symbols among 100,000 to 1,000 alone: %.2f; %.0f bytes for an idle symbol\n",
                book_engines[e].name, book_ratio(book_series_median(among), book_series_median(alone)),
                among->bytes_per_idle_symbol);
    }
}

void book_figures_print(const struct book_figures *figures) {
    struct verdict verdict;
    print_machine();
    for (int p = 0; p < BOOK_PROFILE_COUNT; p++) {
        if (!(figures->profiles & 1u << p)) continue;
        printf("%s, per operation\n", book_profile_names[p]);
        for (size_t e = 0; e < book_engine_count; e++)
            for (int s = 0; s < BOOK_SETTING_COUNT; s++)
                if (figures->series[p][e][s].runs || figures->series[p][e][s].instructions[1])
                    print_series(figures, e, s, &figures->series[p][e][s]);
        for (size_t i = 0; i < sizeof judged / sizeof judged[0]; i++)
            if (judge(figures, (enum book_profile)p, judged[i], &verdict)) print_verdict(&verdict);
    }
    print_idle(figures);
}

/* ---- as JSON ---------------------------------------------------------------------------------------------- */

static void add_positive(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, double value) {
    if (value > 0) yyjson_mut_obj_add_real(doc, object, name, value);
}

static void add_machine(yyjson_mut_doc *doc, yyjson_mut_val *root) {
    struct book_machine machine = book_machine_look();
    yyjson_mut_obj_add_strcpy(doc, root, "cpu", machine.processor);
    yyjson_mut_obj_add_int(doc, root, "cpus", machine.processors);
    yyjson_mut_val *caches = yyjson_mut_obj_add_obj(doc, root, "caches_kib");
    for (int i = 0; i < machine.cache_count; i++)
        yyjson_mut_obj_add(
            caches, yyjson_mut_strcpy(doc, machine.caches[i].name), yyjson_mut_int(doc, machine.caches[i].kib));
}

static void add_series(yyjson_mut_doc *doc, yyjson_mut_val *engines, const struct book_figures *figures, size_t engine,
    int setting, const struct book_series *s) {
    static const char *const suffixes[BOOK_SETTING_COUNT] = {"", "_among_idle", "_features_beside", "_features_inside"};
    char name[64];
    snprintf(name, sizeof name, "%s%s", book_engines[engine].name, suffixes[setting]);
    for (char *c = name; *c; c++)
        if (*c == '-') *c = '_';
    yyjson_mut_val *object = yyjson_mut_obj(doc);
    yyjson_mut_obj_add(engines, yyjson_mut_strcpy(doc, name), object);
    add_positive(doc, object, "ns_per_op", book_series_median(s));
    add_positive(doc, object, "least_ns_per_op", book_series_least(s));
    add_positive(doc, object, "p999_ns", book_series_p999(s));
    add_positive(doc, object, "instructions_per_op", book_figures_instructions(figures, s));
    if (s->is_checked) yyjson_mut_obj_add_bool(doc, object, "same_trades", !s->differs);
}

static void add_verdict(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct verdict *v, bool is_text) {
    yyjson_mut_obj_add_str(doc, object, is_text ? "text_reference" : "reference", v->reference);
    add_positive(doc, object, is_text ? "text_ratio_to_reference" : "ratio_to_reference", v->ratio);
    add_positive(doc, object, is_text ? "text_least_ratio_to_reference" : "least_ratio_to_reference", v->least_ratio);
    add_positive(doc, object, is_text ? "text_p999_ratio_to_reference" : "p999_ratio_to_reference", v->p999_ratio);
    add_positive(doc, object, is_text ? "text_instruction_ratio_to_reference" : "instruction_ratio_to_reference",
        v->instruction_ratio);
}

static void add_idle(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct book_figures *figures) {
    for (size_t e = 0; e < book_engine_count; e++) {
        const struct book_series *alone = &figures->series[BOOK_SYMBOLS][e][BOOK_PLAIN_SETTING],
                                 *among = &figures->series[BOOK_SYMBOLS][e][BOOK_WITH_IDLE];
        bool is_text = book_engines[e].group == BOOK_TEXT;
        if (!among->runs) continue;
        add_positive(doc, object, is_text ? "text_ratio_to_active_alone" : "ratio_to_active_alone",
            book_ratio(book_series_median(among), book_series_median(alone)));
        add_positive(doc, object, is_text ? "text_bytes_per_idle_symbol" : "bytes_per_idle_symbol",
            among->bytes_per_idle_symbol);
    }
}

static void add_profile(
    yyjson_mut_doc *doc, yyjson_mut_val *profiles, const struct book_figures *figures, enum book_profile p) {
    struct verdict verdict;
    yyjson_mut_val *object = yyjson_mut_obj_add_obj(doc, profiles, book_profile_names[p]);
    for (size_t i = 0; i < sizeof judged / sizeof judged[0]; i++)
        if (judge(figures, p, judged[i], &verdict)) add_verdict(doc, object, &verdict, judged[i] == BOOK_TEXT);
    if (p == BOOK_SYMBOLS) add_idle(doc, object, figures);
    yyjson_mut_val *engines = yyjson_mut_obj_add_obj(doc, object, "engines");
    for (size_t e = 0; e < book_engine_count; e++)
        for (int s = 0; s < BOOK_SETTING_COUNT; s++)
            if (figures->series[p][e][s].runs || figures->series[p][e][s].instructions[1])
                add_series(doc, engines, figures, e, s, &figures->series[p][e][s]);
}

void book_figures_print_json(const struct book_figures *figures) {
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    yyjson_mut_obj_add_str(doc, root, "schema", "shardbook.bench.book/1");
    add_machine(doc, root);
    yyjson_mut_obj_add_uint(doc, root, "orders", figures->orders);
    yyjson_mut_obj_add_uint(doc, root, "seed", figures->seed);
    yyjson_mut_obj_add_int(doc, root, "runs", figures->runs);
    yyjson_mut_obj_add_bool(doc, root, "same_trades", book_figures_agree(figures));
    yyjson_mut_val *profiles = yyjson_mut_obj_add_obj(doc, root, "profiles");
    for (int p = 0; p < BOOK_PROFILE_COUNT; p++)
        if (figures->profiles & 1u << p) add_profile(doc, profiles, figures, (enum book_profile)p);
    char *json = yyjson_mut_write(doc, YYJSON_WRITE_NOFLAG, NULL);
    puts(json ? json : "{}");
    free(json);
    yyjson_mut_doc_free(doc);
}
