/* The server on its loop in one thread, clients with plain sockets in another: what libwebsockets' own HTTP role gets
 * wrong, and what the network does. */
#include "io/http/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int failures;
#define EXPECT(condition, ...)                                                                                         \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            failures++;                                                                                                \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);                                            \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fputc('\n', stderr);                                                                                       \
        }                                                                                                              \
    } while (0)

/* ---------------------------------------------------------------- the server: answers with what it was asked */

struct late {
    struct http_exchange exchange;
    uv_timer_t timer;
    char body[512];
};

static struct http_server *server;
static uv_loop_t loop;
static uv_async_t stop;
static atomic_bool draining;

static void answer_with(struct http_exchange exchange, const char *body) {
    http_server_answer(server, exchange, &(struct http_answer){.status = 200, .body = text_of(body)});
}

static void on_late_closed(uv_handle_t *handle) { free(handle->data); }

static void on_late(uv_timer_t *timer) {
    struct late *late = timer->data;
    answer_with(late->exchange, late->body);
    uv_close((uv_handle_t *)timer, on_late_closed);
}

static void on_request(void *context, struct http_exchange exchange, const struct http_request *request) {
    (void)context;
    char body[512];
    snprintf(body, sizeof body, "%.*s %.*s [%.*s]", (int)http_method_name(request->head->method).size,
        http_method_name(request->head->method).data, (int)request->head->path.size, request->head->path.data,
        (int)(request->body.size < 200 ? request->body.size : 200), request->body.data);
    if (text_equal(request->head->path, TEXT("/large"))) {
        char *large = malloc(4 << 20);
        memset(large, 'x', 4 << 20);
        http_server_answer(server, exchange, &(struct http_answer){.status = 200, .body = {large, 4 << 20}});
        free(large);
    } else if (memmem(request->head->path.data, request->head->path.size, "late", 4)) {
        struct late *late = malloc(sizeof *late);
        late->exchange = exchange;
        memcpy(late->body, body, sizeof body);
        uv_timer_init(&loop, &late->timer);
        late->timer.data = late;
        uv_timer_start(&late->timer, on_late, 100, 0);
    } else {
        answer_with(exchange, body);
    }
}

static struct text on_refused(void *context, int status, const struct http_head *head) {
    (void)context;
    (void)head;
    static char body[32];
    snprintf(body, sizeof body, "{\"refused\":%d}", status);
    return text_of(body);
}

static void on_stop(uv_async_t *async) {
    if (atomic_load(&draining)) {
        http_server_close(server);
        uv_close((uv_handle_t *)async, NULL);
    } else {
        atomic_store(&draining, true);
        http_server_drain(server);
    }
}

static void *serve(void *unused) {
    uv_run(&loop, UV_RUN_DEFAULT);
    return unused;
}

/* ---------------------------------------------------------------- the clients */

static int dial(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(http_server_port(server)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval limit = {5, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void say(int fd, const char *bytes) {
    size_t size = strlen(bytes), sent = 0;
    while (sent < size) {
        ssize_t n = send(fd, bytes + sent, size - sent, MSG_NOSIGNAL);
        if (n <= 0) {
            return;
        }
        sent += (size_t)n;
    }
}

/* Reads until the peer closes or `want` is there; returns what came, static. *ended: the peer closed properly. */
static const char *hear(int fd, const char *want, bool *ended) {
    static char all[65536];
    size_t size = 0;
    *ended = false;
    while (size < sizeof all - 1) {
        ssize_t n = recv(fd, all + size, sizeof all - 1 - size, 0);
        if (n <= 0) {
            *ended = n == 0;
            break;
        }
        size += (size_t)n;
        all[size] = 0;
        if (want && strstr(all, want)) {
            break;
        }
    }
    all[size] = 0;
    return all;
}

static int count(const char *all, const char *word) {
    int n = 0;
    for (const char *at = all; (at = strstr(at, word)); at += strlen(word)) {
        n++;
    }
    return n;
}

static void pause_ms(long ms) { nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL); }

static void exchange_bytes(const char *name, const char *sent, const char *wanted_last, int answers) {
    bool ended;
    int fd = dial();
    say(fd, sent);
    const char *all = hear(fd, wanted_last, &ended);
    EXPECT(strstr(all, wanted_last), "%s: got <%s>", name, all);
    EXPECT(count(all, "HTTP/1.1 ") == answers, "%s: got <%s>", name, all);
    close(fd);
}

static void test_framing(void) {
    exchange_bytes("get", "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a []", 1);
    exchange_bytes("post", "POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "POST /a [abc]", 1);
    exchange_bytes("empty post", "POST /a HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "POST /a []", 1);
    exchange_bytes("two posts in one segment, first late",
        "POST /late HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST /b HTTP/1.1\r\nContent-Length: 2\r\n\r\nde",
        "POST /b [de]", 2);
    exchange_bytes("get and post in one segment, first late",
        "GET /late HTTP/1.1\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 2\r\n\r\nde", "POST /b [de]", 2);
    exchange_bytes("three", "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n", "GET /3 []", 3);
    exchange_bytes("bytes after the body", "POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc{junk}\r\n\r\n",
        "{\"refused\":400}", 2);
    exchange_bytes("chunked", "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "{\"refused\":411}", 1);
    exchange_bytes("no length", "POST /a HTTP/1.1\r\n\r\nabc", "{\"refused\":411}", 1);
    exchange_bytes("both", "POST /a HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        "{\"refused\":411}", 1);
    exchange_bytes("two lengths", "POST /a HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "{\"refused\":400}", 1);
    exchange_bytes("negative length", "POST /a HTTP/1.1\r\nContent-Length: -3\r\n\r\nabcd", "{\"refused\":400}", 1);
    exchange_bytes("too much", "POST /a HTTP/1.1\r\nContent-Length: 65537\r\n\r\n", "{\"refused\":413}", 1);
    exchange_bytes("junk", "\x16\x03\x01junk", "{\"refused\":400}", 1);
    exchange_bytes("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "{\"refused\":505}", 1);
    exchange_bytes("expect", "POST /a HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n", 1);
    exchange_bytes("close", "GET /a HTTP/1.1\r\nConnection: close\r\n\r\n", "GET /a []", 1);
}

static void test_slowly(void) {
    bool ended;
    int fd = dial();
    static const char request[] = "POST /slow HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
    for (size_t i = 0; i < sizeof request - 1; i++) {
        send(fd, request + i, 1, MSG_NOSIGNAL);
        pause_ms(2);
    }
    const char *all = hear(fd, "[hello]", &ended);
    EXPECT(strstr(all, "POST /slow [hello]"), "byte by byte: <%s>", all);
    close(fd);
    fd = dial(); /* never finishes: the limit of this server is 1.5 s */
    say(fd, "POST /slow HTTP/1.1\r\nContent-Length: 5\r\n\r\nhe");
    all = hear(fd, NULL, &ended);
    EXPECT(strstr(all, "{\"refused\":408}") && ended, "slow-loris: <%s>", all);
    close(fd);
    fd = dial();
    all = hear(fd, NULL, &ended); /* says nothing: the idle limit is 1.5 s */
    EXPECT(ended && !*all, "idle: <%s>", all);
    close(fd);
}

static void test_half_closed(void) {
    bool ended;
    int fd = dial();
    say(fd, "GET /late HTTP/1.1\r\n\r\n");
    shutdown(fd, SHUT_WR);
    const char *all = hear(fd, NULL, &ended);
    EXPECT(strstr(all, "GET /late []") && ended, "half-closed: <%s>", all);
    close(fd);
}

static void test_gone_before_the_answer(void) {
    for (int i = 0; i < 20; i++) {
        int fd = dial();
        struct linger reset = {1, 0};
        say(fd, "GET /late HTTP/1.1\r\n\r\n");
        pause_ms(2);
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
    }
    pause_ms(300);
    exchange_bytes("after the lost ones", "GET /a HTTP/1.1\r\n\r\n", "GET /a []", 1);
}

static void test_megabyte_of_junk(void) {
    bool ended;
    char *junk = malloc((1 << 20) + 1);
    memset(junk, 'j', 1 << 20);
    junk[1 << 20] = 0;
    int fd = dial();
    say(fd, "POST /a HTTP/1.1\r\nContent-Length: 1048576\r\n\r\n");
    say(fd, junk);
    const char *all = hear(fd, NULL, &ended);
    EXPECT(strstr(all, "HTTP/1.1 413 ") && strstr(all, "{\"refused\":413}"), "1 MB body: <%.200s>", all);
    close(fd);
    fd = dial();
    say(fd, junk);
    all = hear(fd, NULL, &ended);
    EXPECT(strstr(all, "HTTP/1.1 414 "), "1 MB request line: <%.200s>", all);
    close(fd);
    fd = dial();
    say(fd, "GET / HTTP/1.1\r\nx: ");
    say(fd, junk);
    all = hear(fd, NULL, &ended);
    EXPECT(strstr(all, "HTTP/1.1 431 "), "1 MB header: <%.200s>", all);
    close(fd);
    free(junk);
}

static void test_slow_reader(void) {
    static char buffer[1 << 16];
    int fd = dial();
    int small = 65536;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    say(fd, "GET /large HTTP/1.1\r\n\r\nGET /after HTTP/1.1\r\nConnection: close\r\n\r\n");
    size_t total = 0;
    ssize_t n;
    char last[256] = "";
    while ((n = recv(fd, buffer, sizeof buffer, 0)) > 0) {
        total += (size_t)n;
        size_t keep = (size_t)n < sizeof last - 1 ? (size_t)n : sizeof last - 1;
        memcpy(last, buffer + n - keep, keep);
        last[keep] = 0;
    }
    EXPECT(total > 4u << 20, "slow reader got %zu", total);
    EXPECT(strstr(last, "GET /after []"), "the request behind: <%s>", last);
    close(fd);
}

static void test_connection_cap(void) {
    int fds[40], answered = 0;
    bool ended;
    for (int i = 0; i < 40; i++) { /* the server takes 32 */
        fds[i] = dial();
        say(fds[i], "GET /a HTTP/1.1\r\n\r\n");
    }
    for (int i = 0; i < 40; i++) {
        answered += strstr(hear(fds[i], "GET /a []", &ended), "GET /a []") != NULL;
        close(fds[i]);
    }
    EXPECT(answered == 32, "%d connections were answered", answered);
    pause_ms(200);
}

static void test_drain(void) {
    bool ended;
    int busy = dial(), idle = dial();
    say(busy, "GET /late HTTP/1.1\r\n\r\n");
    pause_ms(30);
    uv_async_send(&stop);
    while (!atomic_load(&draining)) {
        pause_ms(5);
    }
    EXPECT(!*hear(idle, NULL, &ended) && ended, "an idle connection is closed");
    const char *all = hear(busy, NULL, &ended);
    EXPECT(strstr(all, "GET /late []") && strstr(all, "connection: close") && ended,
        "a busy one is answered first: <%s>", all);
    int late = dial();
    EXPECT(late < 0, "nobody is let in any more");
    close(busy);
    close(idle);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&loop);
    struct http_server_options options = {.connections_max = 32, .request_timeout_ms = 1500, .idle_timeout_ms = 1500};
    struct http_server_events events = {.on_request = on_request, .on_refused = on_refused};
    int status;
    const char *why;
    server = http_server_open(&loop, &options, &events, &status, &why);
    if (!server) {
        fprintf(stderr, "http_server_open: %s: %s\n", status_name(status), why);
        return 1;
    }
    uv_async_init(&loop, &stop, on_stop);
    pthread_t thread;
    pthread_create(&thread, NULL, serve, NULL);
    test_framing();
    test_slowly();
    test_half_closed();
    test_gone_before_the_answer();
    test_megabyte_of_junk();
    test_slow_reader();
    pause_ms(300);
    test_connection_cap();
    test_drain();
    uv_async_send(&stop);
    pthread_join(thread, NULL);
    struct http_server_counts counts = http_server_counts(server);
    EXPECT(counts.connections == 0 && counts.input_bytes == 0, "%llu connections, %llu bytes are left",
        (unsigned long long)counts.connections, (unsigned long long)counts.input_bytes);
    http_server_free(server);
    EXPECT(uv_loop_close(&loop) == 0, "the loop has handles left");
    puts(failures ? "http_server_test: failed" : "http_server_test: passed");
    return failures != 0;
}
