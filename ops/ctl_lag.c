/* How far the server is behind: its metrics beside the ends of the log. */
#include "ops/ctl_log.h"

#include "core/limits.h"

#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { METRICS_BYTES_MAX = 4194304, ANSWER_TIMEOUT_S = 5 };

/* Connects to HOST:PORT; -1 after a complaint. */
static int connect_to(const char *address) {
    char host[256], service[8];
    uint16_t port;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    const struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};
    if (!address_parse(address, 8081, host, sizeof host, &port)) {
        ctl_complain(CTL_USAGE, "--server: '%s' is neither HOST nor HOST:PORT", address);
        return -1;
    }
    snprintf(service, sizeof service, "%u", port);
    int fd = -1;
    if (getaddrinfo(host, service, &hints, &found) == 0)
        for (struct addrinfo *at = found; at && fd < 0; at = at->ai_next) {
            fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
            setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
            setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
            if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
                close(fd);
                fd = -1;
            }
        }
    if (found) freeaddrinfo(found);
    if (fd < 0) ctl_complain(CTL_FAILED, "no server listens at %s; see --server", address);
    return fd;
}

/* Reads until the other side closes; the caller frees it; NULL: nothing came. */
static char *read_to_end(int fd) {
    char *text = malloc(METRICS_BYTES_MAX + 1);
    size_t bytes = 0;
    ssize_t got = 1;
    while (text && bytes < METRICS_BYTES_MAX && (got = read(fd, text + bytes, METRICS_BYTES_MAX - bytes)) > 0)
        bytes += (size_t)got;
    if (!text || bytes == 0) {
        free(text);
        return NULL;
    }
    text[bytes] = 0;
    return text;
}

/* The server's /metrics, or NULL after a complaint. The caller frees it. */
static char *read_metrics(const char *address) {
    static const char request[] = "GET /metrics HTTP/1.0\r\nHost: shardbook\r\nConnection: close\r\n\r\n";
    int fd = connect_to(address);
    if (fd < 0) return NULL;
    char *text = write(fd, request, sizeof request - 1) == sizeof request - 1 ? read_to_end(fd) : NULL;
    close(fd);
    if (text && strncmp(text, "HTTP/1.", 7) == 0 && strncmp(text + 8, " 200", 4) == 0) return text;
    free(text);
    ctl_complain(CTL_FAILED, "%s gives no metrics; is it a Shardbook server's address?", address);
    return NULL;
}

/* The offset before which everything of a partition is answered and stored, as the server says; -1: it does not say. */
static int64_t durable_offset(const char *metrics, int32_t partition) {
    char name[64];
    int bytes = snprintf(name, sizeof name, "\nshardbook_durable_offset{partition=\"%d\"} ", partition);
    const char *line = strstr(metrics, name);
    return line ? strtoll(line + bytes, NULL, 10) : -1;
}

static void print_row(const struct ctl *ctl, int32_t partition, int64_t current, int64_t end) {
    int64_t lag = end > current ? end - current : 0;
    if (ctl->json)
        printf("%s{\"partition\":%d,\"currentOffset\":%" PRId64 ",\"logEndOffset\":%" PRId64 ",\"lag\":%" PRId64 "}",
            partition ? "," : "", partition, current, end, lag);
    else
        printf("%-20s %9d %15" PRId64 " %15" PRId64 " %10" PRId64 "\n", ctl->kafka.topics[TOPIC_ORDERS], partition,
            current, end, lag);
}

static int print_lag(struct ctl_log *log, const char *metrics) {
    int64_t begin, end;
    if (durable_offset(metrics, 0) < 0)
        return ctl_complain(CTL_FAILED, "the server does not say how far it is (shardbook_durable_offset)");
    if (log->ctl->json)
        printf("{\"schema\":\"shardbook.lag/1\",\"partitions\":[");
    else
        printf("%-20s %9s %15s %15s %10s\n", "TOPIC", "PARTITION", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG");
    for (int32_t p = 0; p < PARTITIONS; p++) {
        if (!ctl_log_bounds(log, TOPIC_ORDERS, p, &begin, &end)) return CTL_FAILED;
        int64_t current = durable_offset(metrics, p);
        print_row(log->ctl, p, current > begin ? current : begin, end);
    }
    if (log->ctl->json) printf("]}\n");
    return CTL_DONE;
}

int ctl_lag(struct ctl *ctl, const char *const *words, size_t count) {
    struct ctl_log log;
    (void)words;
    (void)count;
    char *metrics = read_metrics(configuration_text(ctl->configuration, "server"));
    if (!metrics) return CTL_FAILED;
    int code = CTL_FAILED;
    if (ctl_log_open(&log, ctl)) {
        code = print_lag(&log, metrics);
        ctl_log_close(&log);
    }
    free(metrics);
    return code;
}
