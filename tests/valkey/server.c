#include "tests/valkey/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

const char server_password[] = "correct horse";

static void fail(const char *what) {
    fprintf(stderr, "test server: %s\n", what);
    abort();
}

static uint16_t free_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        fail("no free port");
    close(fd);
    return ntohs(address.sin_port);
}

static redisContext *try_connect(const struct server *server) {
    redisContext *connection = redisConnectWithTimeout("127.0.0.1", server->port, (struct timeval){1, 0});
    redisReply *reply = connection && !connection->err ? redisCommand(connection, "AUTH %s", server_password) : NULL;
    bool is_up = reply && reply->type == REDIS_REPLY_STATUS;
    freeReplyObject(reply);
    reply = is_up ? redisCommand(connection, "PING") : NULL;
    is_up = reply && reply->type == REDIS_REPLY_STATUS;
    freeReplyObject(reply);
    if (is_up) return connection;
    if (connection) redisFree(connection);
    return NULL;
}

redisContext *server_connect(const struct server *server) {
    for (int i = 0; i < 100; i++) {
        redisContext *connection = try_connect(server);
        if (connection) return connection;
        usleep(50000);
    }
    fail("it does not answer");
    return NULL;
}

void server_restart(struct server *server) {
    char port[8];
    snprintf(port, sizeof port, "%u", server->port);
    server->pid = fork();
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        execlp("valkey-server", "valkey-server", "--port", port, "--bind", "127.0.0.1", "--requirepass",
            server_password, "--dir", server->directory, "--save", "", "--appendonly", server->keeps ? "yes" : "no",
            "--appendfsync", "everysec", "--enable-debug-command", "yes", (char *)NULL);
        _exit(127);
    }
    redisFree(server_connect(server));
}

void server_start(struct server *server, bool keeps) {
    *server = (struct server){.port = free_port(), .keeps = keeps};
    snprintf(server->directory, sizeof server->directory, "/tmp/shardbook-valkey-test-XXXXXX");
    if (!mkdtemp(server->directory)) fail("no directory");
    server_restart(server);
}

void server_kill(struct server *server) {
    if (!server->pid) return;
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

void server_end(struct server *server) {
    char command[128];
    server_kill(server);
    snprintf(command, sizeof command, "rm -rf '%s'", server->directory);
    if (system(command) != 0) fail("its directory stays");
}

void server_do(const struct server *server, const char *command) {
    redisContext *connection = server_connect(server);
    redisReply *reply = redisCommand(connection, command);
    if (!reply || reply->type == REDIS_REPLY_ERROR) fail(reply ? reply->str : "no reply");
    freeReplyObject(reply);
    redisFree(connection);
}
