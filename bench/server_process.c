#include "bench/server_process.h"

#include "bench/endpoints.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STOP_MS = 20000, STEP_MS = 10 };

static void find_program(const char *name, char *out, size_t out_bytes) {
    char directory[512];
    if (endpoints_program_directory(directory, sizeof directory)) {
        snprintf(out, out_bytes, "%s/%s", directory, name);
        if (access(out, X_OK) == 0) return;
    }
    snprintf(out, out_bytes, "%s", name);
}

static void become(const char *const *words, int output, int log) {
    char path[600];
    char *copies[SERVER_PROCESS_WORDS_MAX + 1];
    int count = 0;
    find_program(words[0], path, sizeof path);
    copies[count++] = path;
    for (; words[count] && count < SERVER_PROCESS_WORDS_MAX; count++) copies[count] = strdup(words[count]);
    copies[count] = NULL;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_IGN); /* Ctrl-C is for us; we end it */
    dup2(output, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    for (char **at = environ; *at; at++) /* nothing of a stack that runs here may reach it */
        if (strncmp(*at, "SHARDBOOK_", 10) == 0 && strncmp(*at, "SHARDBOOK_ENV=", 14) != 0) **at = '_';
    execvp(path, copies);
    fprintf(stderr, "%s cannot be started\n", path);
    _exit(127);
}

bool server_process_start(
    struct server_process *process, const char *const *words, char *problem, size_t problem_bytes) {
    int ends[2];
    memset(process, 0, sizeof *process);
    snprintf(process->log_path, sizeof process->log_path, "/tmp/shardbook-bench-XXXXXX");
    int log = mkostemp(process->log_path, O_CLOEXEC);
    if (log < 0 || pipe2(ends, O_CLOEXEC) < 0) {
        snprintf(problem, problem_bytes, "no file in /tmp or no pipe for %s", words[0]);
        return false;
    }
    fflush(NULL);
    process->pid = fork();
    if (process->pid == 0) become(words, ends[1], log);
    close(ends[1]);
    close(log);
    process->output = ends[0];
    fcntl(process->output, F_SETFL, O_NONBLOCK);
    if (process->pid < 0) snprintf(problem, problem_bytes, "%s: no process", words[0]);
    return process->pid > 0;
}

static void end_of_log(const struct server_process *process, char *out, size_t out_bytes) {
    FILE *log = fopen(process->log_path, "re");
    char bytes[400] = "";
    if (!log) return;
    fseek(log, 0, SEEK_END);
    long size = ftell(log);
    fseek(log, size > 399 ? size - 399 : 0, SEEK_SET);
    bytes[fread(bytes, 1, sizeof bytes - 1, log)] = 0;
    fclose(log);
    snprintf(out, out_bytes, "%s", bytes);
}

bool server_process_lives(struct server_process *process) {
    int status;
    if (process->pid > 0 && waitpid(process->pid, &status, WNOHANG) == process->pid) process->pid = 0;
    return process->pid > 0;
}

bool server_process_await_ready(struct server_process *process, int timeout_ms, char *problem, size_t problem_bytes) {
    struct pollfd wait = {.fd = process->output, .events = POLLIN};
    char words[400] = "";
    if (process->ready) return true;
    poll(&wait, 1, timeout_ms);
    if (process->said_size >
        sizeof process->said / 2) { /* only the end counts, and a bit more in case the word is cut */
        memmove(process->said, process->said + process->said_size - 16, 16);
        process->said_size = 16;
    }
    ssize_t got = read(process->output, process->said + process->said_size, sizeof process->said / 2 - 1);
    process->said_size += got > 0 ? (size_t)got : 0;
    process->said[process->said_size] = 0;
    process->ready = strcasestr(process->said, "ready") != NULL;
    if (!process->ready && !server_process_lives(process)) {
        end_of_log(process, words, sizeof words);
        snprintf(problem, problem_bytes, "the process ended before it was ready; its last words (%s): %s",
            process->log_path, words);
    }
    return process->ready;
}

/* ---- CPU time */

static bool read_times(const char *path, char name[32], double *seconds) {
    char line[1024];
    unsigned long user, system;
    FILE *file = fopen(path, "re");
    bool good = file && fgets(line, sizeof line, file);
    if (file) fclose(file);
    char *begin = good ? strchr(line, '(') : NULL, *end = good ? strrchr(line, ')') : NULL;
    if (!begin || !end || sscanf(end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        return false;
    *end = 0;
    snprintf(name, 32, "%s", begin + 1);
    *seconds = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    return true;
}

static int by_seconds(const void *a, const void *b) {
    const struct thread_time *x = a, *y = b;
    return (x->seconds < y->seconds) - (x->seconds > y->seconds);
}

static int add_time(struct thread_time *times, int count, const char *name, double seconds) {
    int i = 0;
    while (i < count && strcmp(times[i].name, name) != 0) i++;
    if (i == SERVER_PROCESS_THREADS_MAX) return count;
    if (i == count) snprintf(times[count++].name, sizeof times[0].name, "%s", name);
    times[i].seconds += seconds;
    times[i].threads++;
    return count;
}

int server_process_times(const struct server_process *process, struct thread_time times[SERVER_PROCESS_THREADS_MAX]) {
    char path[128], name[32];
    double seconds;
    int count = 0;
    memset(times, 0, SERVER_PROCESS_THREADS_MAX * sizeof times[0]);
    snprintf(path, sizeof path, "/proc/%d/task", (int)process->pid);
    DIR *directory = opendir(path);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/stat", (int)process->pid, entry->d_name);
        if (read_times(path, name, &seconds)) count = add_time(times, count, name, seconds);
    }
    if (directory) closedir(directory);
    qsort(times, (size_t)count, sizeof times[0], by_seconds);
    return count;
}

double server_process_cpu_of(pid_t pid) {
    char path[64], name[32];
    double seconds = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    return pid > 0 && read_times(path, name, &seconds) ? seconds : 0;
}

/* ---- stopping */

static void pause_ms(long ms) {
    struct timespec pause = {.tv_nsec = ms * 1000000};
    nanosleep(&pause, NULL);
}

bool server_process_stop(struct server_process *process, char *problem, size_t problem_bytes) {
    int status = -1;
    pid_t gone = process->pid > 0 ? 0 : -1;
    if (process->pid > 0) kill(process->pid, SIGTERM);
    for (int waited = 0; gone == 0 && waited < STOP_MS; waited += STEP_MS) {
        gone = waitpid(process->pid, &status, WNOHANG);
        if (gone == 0) pause_ms(STEP_MS);
    }
    if (gone == 0) {
        kill(process->pid, SIGKILL);
        waitpid(process->pid, &status, 0);
        status = -1;
    }
    bool good = gone > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (good)
        unlink(process->log_path);
    else
        snprintf(problem, problem_bytes, "the process did not end well (status %d); its log is %s", status,
            process->log_path);
    close(process->output);
    process->pid = 0;
    return good;
}

uint16_t server_process_free_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0 || bind(probe, (struct sockaddr *)&address, size) < 0 ||
        getsockname(probe, (struct sockaddr *)&address, &size) < 0)
        address.sin_port = 0;
    if (probe >= 0) close(probe);
    return ntohs(address.sin_port);
}
