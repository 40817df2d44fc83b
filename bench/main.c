/* shardbook-bench: which task? */
#include "bench/bench.h"
#include "bench/endpoints.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The comparison is a program of its own; it stands beside this one. */
static int run_verify(char **argv) {
    char directory[512], path[600];
    if (endpoints_program_directory(directory, sizeof directory)) {
        snprintf(path, sizeof path, "%s/shardbook-verify", directory);
        argv[0] = path;
        execv(path, argv);
    }
    fprintf(stderr, "shardbook-bench: shardbook-verify cannot be started: %s; is it beside this program?\n",
        strerror(errno));
    return 1;
}

int main(int argc, char **argv) {
    const char *task = argc > 1 ? argv[1] : "";
    if (strcmp(task, "pipeline") == 0) return bench_pipeline(argc - 1, argv + 1);
    if (strcmp(task, "book") == 0) return bench_book(argc - 1, argv + 1);
    if (strcmp(task, "market") == 0) return bench_market(argc - 1, argv + 1);
    if (strcmp(task, "verify") == 0) return run_verify(argv + 1);
    if (strcmp(task, "rest") == 0) return bench_rest(argc - 1, argv + 1);
    if (argc > 1 && *task != '-') {
        fprintf(stderr, "shardbook-bench: there is no task '%s': rest, pipeline, book, market or verify (see --help)\n",
            task);
        return 2;
    }
    return bench_rest(argc, argv);
}
