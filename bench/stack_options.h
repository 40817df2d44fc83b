/* Options of tasks that use a running stack: flags first, then what its endpoints.json says. */
#ifndef SHARDBOOK_BENCH_STACK_OPTIONS_H
#define SHARDBOOK_BENCH_STACK_OPTIONS_H

#include "bench/endpoints.h"
#include "bench/order_mix.h"
#include "io/configuration/configuration.h"
#include "io/kafka/settings.h"

#define STACK_OPTION_ROWS                                                                                              \
    TITLE_ROW("Where (without these: build/run/endpoints.json, as ops/stack and ops/demo write it)"),                  \
        TEXT_ROW("endpoints", "SHARDBOOK_ENDPOINTS", NULL, "FILE", "another endpoints.json"),                          \
        TEXT_ROW("rest", "SHARDBOOK_REST", NULL, "URL", "router, like http://127.0.0.1:8080"),                         \
        TEXT_ROW("websocket", "SHARDBOOK_WEBSOCKET", NULL, "URL", "server, like ws://127.0.0.1:8081"),                 \
        SECRET_ROW("api-key", "SHARDBOOK_API_KEY", "API key")

#define STACK_ORDER_ROWS(rate_, symbols_, connections_)                                                                \
    COUNT_ROW("rate", NULL, rate_, 1, 1000000, "requests a second, whatever the answers do (open loop)"),              \
        COUNT_ROW(                                                                                                     \
            "symbols", NULL, symbols_, 1, ORDER_MIX_SYMBOLS_MAX, "how many symbols; AAPL, GOOGL, MSFT are the first"), \
        COUNT_ROW("connections", NULL, connections_, 1, 10000, "HTTP connections kept open"),                          \
        COUNT_ROW("seed", NULL, "1", 0, INT64_MAX, "the same seed draws the same orders"),                             \
        CHOICE_ROW("mix", NULL, "realistic", "realistic|orders|crossing",                                              \
            "realistic has cancels and changes; crossing trades at once")

/* Reads endpoints.json as far as options do not say it all. False with a message on standard error. */
bool stack_options_read(
    const struct configuration *configuration, const char *who, bool needs_kafka, struct endpoints *endpoints);

/* Kafka's settings: the option if it was given, else the endpoints'. */
struct kafka_settings stack_options_kafka(const struct configuration *configuration, const struct endpoints *endpoints);

enum order_mix_kind stack_options_mix(const struct configuration *configuration);

#endif
