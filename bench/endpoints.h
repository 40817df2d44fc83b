/* Where the running stack listens, as ops/stack and ops/demo wrote it down. */
#ifndef SHARDBOOK_BENCH_ENDPOINTS_H
#define SHARDBOOK_BENCH_ENDPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Empty texts and port 0: not there. */
struct endpoints {
    char path[512]; /* of the file they were read from */
    char rest[256], websocket[256], api_key[256], kafka[512];
    char valkey[300];               /* HOST:PORT */
    char valkey_password_file[600]; /* a path that can be opened from here */
    int64_t server_pid, kafka_pid;
};

/* Reads `path`; NULL: $SHARDBOOK_RUN_DIR/endpoints.json, build/run/endpoints.json from here, or ../run/endpoints.json
 * beside the program, the first one that exists. False, with *endpoints empty and the reason in problem, if there is
 * none. One thread. */
bool endpoints_read(const char *path, struct endpoints *endpoints, char *problem, size_t problem_bytes);

/* The directory of this program, without a slash at its end; false if the system does not say. */
bool endpoints_program_directory(char *out, size_t out_bytes);

/* Splits "http://host:port/anything" (any scheme); port 80 if there is none. */
bool endpoints_split(const char *url, char *host, size_t host_bytes, uint16_t *port);

#endif
