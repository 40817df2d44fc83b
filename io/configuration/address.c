#include "io/configuration/configuration.h"
#include "io/configuration/valkey_options.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool port_parse(const char *text, uint16_t *port) {
    uint32_t number = 0;
    if (!*text) return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        number = number * 10 + (uint32_t)(*text - '0');
        if (number > 65535) return false;
    }
    *port = (uint16_t)number;
    return number > 0;
}

bool address_parse(const char *address, uint16_t default_port, char *host, size_t host_bytes, uint16_t *port) {
    const char *end, *colon = strchr(address, ':');
    const char *begin = address;
    *port = default_port;
    if (*address == '[') {
        begin++;
        end = strchr(address, ']');
        if (!end || (end[1] && (end[1] != ':' || !port_parse(end + 2, port)))) return false;
    } else if (colon && !strchr(colon + 1, ':')) {
        end = colon;
        if (!port_parse(colon + 1, port)) return false;
    } else {
        end = address + strlen(address);
    }
    size_t length = (size_t)(end - begin);
    if (length == 0 || length >= host_bytes || strcspn(begin, " /@") < length) return false;
    memcpy(host, begin, length);
    host[length] = 0;
    struct in6_addr v6;
    return !memchr(host, ':', length) || inet_pton(AF_INET6, host, &v6) == 1;
}

bool valkey_options_read(
    const struct configuration *configuration, struct valkey_options *options, char *problem, size_t problem_bytes) {
    const char *address = configuration_text(configuration, "valkey");
    *options = (struct valkey_options){.user = configuration_text(configuration, "valkey-user"),
        .password = configuration_text(configuration, "valkey-password"),
        .tls = configuration_switch(configuration, "valkey-tls"),
        .ca_file = configuration_text(configuration, "valkey-ca-file")};
    if (!address_parse(address, (uint16_t)configuration_count(configuration, "valkey-port"), options->host,
            sizeof options->host, &options->port)) {
        snprintf(problem, problem_bytes, "--valkey: '%s' is neither HOST nor HOST:PORT", address);
        return false;
    }
    if (options->user && !options->password) {
        snprintf(
            problem, problem_bytes, "valkey-user is given without a password; give --valkey-password-file FILE too");
        return false;
    }
    return true;
}
