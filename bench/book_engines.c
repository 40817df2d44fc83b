#include "bench/book_engines.h"

#include "bench/endpoints.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

const struct book_engine book_engines[] = {
    {"floor-read", "floor", "read", BOOK_FLOOR},
    {"floor-touch", "floor", "touch2", BOOK_FLOOR},
    {"floor-dependent", "floor", "dep", BOOK_FLOOR},
    {"plain", "plain", NULL, BOOK_PLAIN},
    {"full", "full", NULL, BOOK_FULL},
    {"full-pf", "full-pf", NULL, BOOK_FULL},
    {"full-huge", "full-huge", NULL, BOOK_FULL},
    {"full-huge-pf", "full-huge-pf", NULL, BOOK_FULL},
    {"full-hash", "full-hash", NULL, BOOK_FULL_HASH},
    {"full-hash-pf", "full-hash-pf", NULL, BOOK_FULL_HASH},
    {"full-hash-huge", "full-hash-huge", NULL, BOOK_FULL_HASH},
    {"full-hash-huge-pf", "full-hash-huge-pf", NULL, BOOK_FULL_HASH},
    {"shardbook-text", "shardbook-text", NULL, BOOK_TEXT},
    {"shardbook-handle", "shardbook-handle", NULL, BOOK_HANDLE},
};
const size_t book_engine_count = sizeof book_engines / sizeof book_engines[0];

enum { OUTPUT_BYTES = 65536, WORDS_MAX = 16 };

static bool program_path(const char *program, enum book_run_kind kind, char *path, size_t path_bytes) {
    char directory[512];
    if (!endpoints_program_directory(directory, sizeof directory)) return false;
    snprintf(path, path_bytes, "%s/book/%s%s", directory, kind == BOOK_RUN_COUNTED ? "counted/" : "", program);
    return true;
}

bool book_engine_is_built(const struct book_engine *engine, enum book_run_kind kind) {
    char path[640];
    return program_path(engine->program, kind, path, sizeof path) && access(path, X_OK) == 0;
}

/* ---- a child and what it says ----------------------------------------------------------------------------- */

static void become(const char *const *words, const char *setting, int output) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    if (setting) putenv((char *)(uintptr_t)setting);
    execvp(words[0], (char *const *)(uintptr_t)words);
    dprintf(STDERR_FILENO, "%s", strerror(errno));
    _exit(127);
}

static void read_all(int from, char *said) {
    size_t size = 0;
    ssize_t got;
    char spill[4096];
    while ((got = read(from, size + 1 < OUTPUT_BYTES ? said + size : spill,
                size + 1 < OUTPUT_BYTES ? OUTPUT_BYTES - 1 - size : sizeof spill)) != 0) {
        if (got < 0 && errno != EINTR) break;
        if (got > 0 && size + 1 < OUTPUT_BYTES) size += (size_t)got;
    }
    said[size] = 0;
}

/* Runs words[0] and keeps both of its outputs. */
static bool run_words(const char *const *words, const char *setting, char *said, char *problem, size_t problem_bytes) {
    int ends[2], status = 0;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        snprintf(problem, problem_bytes, "no pipe: %s", strerror(errno));
        return false;
    }
    pid_t pid = fork();
    if (pid == 0) become(words, setting, ends[1]);
    close(ends[1]);
    if (pid > 0) read_all(ends[0], said);
    close(ends[0]);
    if (pid < 0) {
        snprintf(problem, problem_bytes, "no process: %s", strerror(errno));
        return false;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    said[strcspn(said, "\n")] = 0;
    snprintf(problem, problem_bytes, "%.300s ended with %s %d: %.200s", words[0],
        WIFSIGNALED(status) ? "signal" : "exit code", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
        said);
    return false;
}

bool book_program_run(const char *program, const char **words, char *problem, size_t problem_bytes) {
    static char said[OUTPUT_BYTES];
    char path[640];
    if (!program_path(program, BOOK_RUN_TIMED, path, sizeof path)) return false;
    words[0] = path;
    return run_words(words, NULL, said, problem, problem_bytes);
}

/* ---- what its lines mean ---------------------------------------------------------------------------------- */

/* RUN,engine,profile,cpu,wall,MiB,trades,quantity,SAME|DIFF|PARTIAL,HASHOK|HASHDIFF|nomaker */
static bool read_run(const char *line, struct book_measure *measure) {
    char trades[16], hash[16];
    if (sscanf(line, "RUN,%*[^,],%*c,%lf,%lf,%*d,%*u,%*u,%15[A-Z],%15[A-Za-z]", &measure->cpu_ns, &measure->wall_ns,
            trades, hash) != 4)
        return false;
    measure->is_checked = true;
    measure->same_trades = strcmp(trades, "SAME") == 0 && strcmp(hash, "HASHOK") == 0;
    return true;
}

static bool read_line(const char *line, struct book_measure *measure) {
    const char *at;
    if (strncmp(line, "RUN,", 4) == 0) return read_run(line, measure);
    if (strncmp(line, "LAT,", 4) == 0)
        return (at = strstr(line, ",p99.9=")) && sscanf(at, ",p99.9=%lf", &measure->p999_ns) == 1;
    if (strncmp(line, "FLOOR,", 6) == 0) return sscanf(line, "FLOOR,%*[^,],%*c,%lf", &measure->wall_ns) == 1;
    if (strncmp(line, "IDLE,", 5) == 0) sscanf(line, "IDLE,%lf", &measure->bytes_per_idle_symbol);
    if ((at = strstr(line, "Collected : "))) return sscanf(at, "Collected : %" SCNu64, &measure->instructions) == 1;
    return false;
}

static bool read_said(char *said, struct book_measure *measure) {
    bool found = false;
    for (char *line; (line = strsep(&said, "\n"));) found |= read_line(line, measure);
    return found;
}

static void put_words(const char *words[WORDS_MAX], const char *path, const struct book_engine *engine,
    const struct book_run *run, char operations[24]) {
    int count = 0;
    if (run->kind == BOOK_RUN_COUNTED) {
        words[count++] = "valgrind";
        words[count++] = "--tool=callgrind";
        words[count++] = "--callgrind-out-file=/dev/null";
    }
    words[count++] = path;
    words[count++] = run->stream;
    if (engine->mode) words[count++] = engine->mode;
    if (run->kind == BOOK_RUN_LATENCY) words[count++] = "lat";
    if (run->kind == BOOK_RUN_COUNTED) {
        snprintf(operations, 24, "%" PRIu64, run->operations);
        words[count++] = "run";
        words[count++] = operations;
    }
    words[count] = NULL;
}

bool book_engine_run(const struct book_engine *engine, const struct book_run *run, struct book_measure *measure,
    char *problem, size_t problem_bytes) {
    static char said[OUTPUT_BYTES];
    char path[640], operations[24];
    const char *words[WORDS_MAX];
    *measure = (struct book_measure){0};
    if (!program_path(engine->program, run->kind, path, sizeof path)) {
        snprintf(problem, problem_bytes, "this program's directory cannot be found");
        return false;
    }
    put_words(words, path, engine, run, operations);
    if (!run_words(words, run->setting, said, problem, problem_bytes)) return false;
    if (read_said(said, measure)) return true;
    snprintf(problem, problem_bytes, "%s said nothing that can be read", path);
    return false;
}
