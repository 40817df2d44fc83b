#include "bench/endpoints.h"

#include "io/configuration/configuration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yyjson.h>

bool endpoints_program_directory(char *out, size_t out_bytes) {
    ssize_t size = readlink("/proc/self/exe", out, out_bytes - 1);
    if (size <= 0) return false;
    out[size] = 0;
    char *slash = strrchr(out, '/');
    if (slash) *slash = 0;
    return slash != NULL;
}

bool endpoints_split(const char *url, char *host, size_t host_bytes, uint16_t *port) {
    char address[300];
    const char *begin = strstr(url, "://");
    begin = begin ? begin + 3 : url;
    size_t size = strcspn(begin, "/?");
    if (size == 0 || size >= sizeof address) return false;
    memcpy(address, begin, size);
    address[size] = 0;
    return address_parse(address, 80, host, host_bytes, port);
}

static void copy_text(yyjson_val *object, const char *name, char *out, size_t out_bytes) {
    const char *text = yyjson_get_str(yyjson_obj_get(object, name));
    snprintf(out, out_bytes, "%s", text ? text : "");
}

/* The file names a path from the checkout's root; we may stand elsewhere. */
static void find_password_file(const char *named, struct endpoints *endpoints) {
    char directory[512];
    snprintf(endpoints->valkey_password_file, sizeof endpoints->valkey_password_file, "%s", named);
    if (!*named || *named == '/' || access(named, R_OK) == 0 ||
        !endpoints_program_directory(directory, sizeof directory - 32))
        return;
    snprintf(endpoints->valkey_password_file, sizeof endpoints->valkey_password_file, "%.400s/../../%.180s", directory,
        named);
}

static void take_members(yyjson_val *root, struct endpoints *endpoints) {
    char host[256], file[512];
    yyjson_val *valkey = yyjson_obj_get(root, "valkey");
    copy_text(root, "rest", endpoints->rest, sizeof endpoints->rest);
    copy_text(root, "websocket", endpoints->websocket, sizeof endpoints->websocket);
    copy_text(root, "apiKey", endpoints->api_key, sizeof endpoints->api_key);
    copy_text(root, "kafka", endpoints->kafka, sizeof endpoints->kafka);
    copy_text(valkey, "host", host, sizeof host);
    copy_text(valkey, "passwordFile", file, sizeof file);
    if (*host)
        snprintf(
            endpoints->valkey, sizeof endpoints->valkey, "%s:%d", host, yyjson_get_int(yyjson_obj_get(valkey, "port")));
    find_password_file(file, endpoints);
    endpoints->server_pid = yyjson_get_sint(yyjson_obj_get(yyjson_obj_get(root, "pids"), "server"));
    endpoints->kafka_pid = yyjson_get_sint(yyjson_obj_get(yyjson_obj_get(root, "pids"), "kafka"));
}

static bool read_file(const char *path, struct endpoints *endpoints, char *problem, size_t problem_bytes) {
    yyjson_read_err error;
    yyjson_doc *doc = yyjson_read_file(path, 0, NULL, &error);
    if (!doc || !yyjson_is_obj(yyjson_doc_get_root(doc))) {
        snprintf(problem, problem_bytes, "%s cannot be read: %s", path, doc ? "no JSON object" : error.msg);
        yyjson_doc_free(doc);
        return false;
    }
    snprintf(endpoints->path, sizeof endpoints->path, "%s", path);
    take_members(yyjson_doc_get_root(doc), endpoints);
    yyjson_doc_free(doc);
    return true;
}

bool endpoints_read(const char *path, struct endpoints *endpoints, char *problem, size_t problem_bytes) {
    char candidates[3][600], directory[512];
    const char *run = getenv("SHARDBOOK_RUN_DIR");
    memset(endpoints, 0, sizeof *endpoints);
    if (path) return read_file(path, endpoints, problem, problem_bytes);
    snprintf(candidates[0], sizeof candidates[0], "%s/endpoints.json", run ? run : "build/run");
    snprintf(candidates[1], sizeof candidates[1], "build/run/endpoints.json");
    *candidates[2] = 0;
    if (endpoints_program_directory(directory, sizeof directory))
        snprintf(candidates[2], sizeof candidates[2], "%s/../run/endpoints.json", directory);
    for (int i = 0; i < (run ? 1 : 3); i++)
        if (access(candidates[i], R_OK) == 0) return read_file(candidates[i], endpoints, problem, problem_bytes);
    snprintf(problem, problem_bytes,
        "no stack runs here (there is no %s): start one with 'ops/stack up' or 'ops/demo', or name the addresses",
        candidates[0]);
    return false;
}
