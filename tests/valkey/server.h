/* A Valkey of the test's own: with a password, on a free port of loopback, its files in a directory of its own. */
#ifndef SHARDBOOK_TESTS_VALKEY_SERVER_H
#define SHARDBOOK_TESTS_VALKEY_SERVER_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct server {
    uint16_t port;
    pid_t pid;
    bool keeps; /* append-only file, so that a restart finds its contents */
    char directory[64];
};

extern const char server_password[];

/* Starts it and waits until it answers; aborts the test if it does not. `keeps`: see above. */
void server_start(struct server *server, bool keeps);

/* Starts it again on the same port and directory. */
void server_restart(struct server *server);

/* SIGKILL, and waits for the end. */
void server_kill(struct server *server);

/* Kills it and deletes its directory. */
void server_end(struct server *server);

/* A connection, authenticated; aborts if there is none within 5 s. The caller frees it. */
redisContext *server_connect(const struct server *server);

/* Runs a command and throws the reply away; aborts on an error. */
void server_do(const struct server *server, const char *command);

#endif
