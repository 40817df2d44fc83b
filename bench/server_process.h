/* Programs that a measurement starts for itself, a server above all: started, watched, stopped. */
#ifndef SHARDBOOK_BENCH_SERVER_PROCESS_H
#define SHARDBOOK_BENCH_SERVER_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SERVER_PROCESS_THREADS_MAX = 64, SERVER_PROCESS_WORDS_MAX = 64 };

struct server_process {
    pid_t pid;
    int output;        /* what it says on standard output */
    char log_path[64]; /* of its standard error */
    char said[512];
    size_t said_size;
    bool ready; /* it said `ready` */
};

/* CPU time of one thread, or of several of one name together. */
struct thread_time {
    char name[32];
    double seconds;
    int threads;
};

/* Starts words[0] (looked for beside this program first, then on PATH; words end with NULL) so that it ends with us. */
bool server_process_start(
    struct server_process *process, const char *const *words, char *problem, size_t problem_bytes);

/* Waits up to timeout_ms for `ready` on its output; true if it came by now. False without problem text: not yet. It
 * writes into problem when the process has ended. */
bool server_process_await_ready(struct server_process *process, int timeout_ms, char *problem, size_t problem_bytes);

/* True while it runs. */
bool server_process_lives(struct server_process *process);

/* CPU time so far, by thread name, greatest first; returns how many names. */
int server_process_times(const struct server_process *process, struct thread_time times[SERVER_PROCESS_THREADS_MAX]);

/* SIGTERM, and SIGKILL after 20 s; true if it ended well. Its log is deleted then, else named in problem. */
bool server_process_stop(struct server_process *process, char *problem, size_t problem_bytes);

/* A loopback TCP port that nobody listens on now. */
uint16_t server_process_free_port(void);

/* Kernel CPU time of any process in seconds; 0 if it is not there. */
double server_process_cpu_of(pid_t pid);

#endif
