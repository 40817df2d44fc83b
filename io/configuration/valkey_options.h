/* Rows for the option table of a program that talks to Valkey, and what they say. The guide's names are kept. */
#ifndef SHARDBOOK_IO_CONFIGURATION_VALKEY_OPTIONS_H
#define SHARDBOOK_IO_CONFIGURATION_VALKEY_OPTIONS_H

#include "io/configuration/configuration.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VALKEY_OPTION_ROWS                                                                                             \
    TITLE_ROW("Valkey"),                                                                                               \
        TEXT_ROW("valkey", "SHARDBOOK_VALKEY VALKEY_HOST", "127.0.0.1", "HOST[:PORT]",                                 \
            "where Valkey is; a port given here counts"),                                                              \
        COUNT_ROW("valkey-port", "SHARDBOOK_VALKEY_PORT VALKEY_PORT", "6379", 1, 65535, "its port"),                   \
        TEXT_ROW("valkey-user", "SHARDBOOK_VALKEY_USER VALKEY_USER", NULL, "NAME",                                     \
            "user of its ACL; none: the default user"),                                                                \
        SECRET_ROW(                                                                                                    \
            "valkey-password", "SHARDBOOK_VALKEY_PASSWORD VALKEY_AUTH_TOKEN", "file with its password or auth token"), \
        SWITCH_ROW(                                                                                                    \
            "valkey-tls", "SHARDBOOK_VALKEY_TLS VALKEY_TLS", "false", "talk TLS to it, its certificate checked"),      \
        TEXT_ROW("valkey-ca-file", "SHARDBOOK_VALKEY_CA_FILE", NULL, "FILE",                                           \
            "certificates that are trusted; none: the system's")

/* Texts belong to the configuration, but for host. */
struct valkey_options {
    char host[256];
    uint16_t port;
    const char *user;     /* NULL: none */
    const char *password; /* NULL: none */
    bool tls;
    const char *ca_file; /* NULL: the system's */
};

/* Fills *options from a configuration whose table has VALKEY_OPTION_ROWS; false, with the reason in problem, if the
 * address cannot be understood. For a program's check and for its start. */
bool valkey_options_read(
    const struct configuration *configuration, struct valkey_options *options, char *problem, size_t problem_bytes);

#endif
