#include "bench/stack_options.h"

#include <stdio.h>
#include <string.h>

static void override(const struct configuration *configuration, const char *name, char *out, size_t out_bytes) {
    const char *given = configuration_text(configuration, name);
    if (given) snprintf(out, out_bytes, "%s", given);
}

bool stack_options_read(
    const struct configuration *configuration, const char *who, bool needs_kafka, struct endpoints *endpoints) {
    char problem[1024] = "";
    bool found = endpoints_read(configuration_text(configuration, "endpoints"), endpoints, problem, sizeof problem);
    override(configuration, "rest", endpoints->rest, sizeof endpoints->rest);
    override(configuration, "websocket", endpoints->websocket, sizeof endpoints->websocket);
    override(configuration, "api-key", endpoints->api_key, sizeof endpoints->api_key);
    if (configuration_is_given(configuration, "kafka"))
        override(configuration, "kafka", endpoints->kafka, sizeof endpoints->kafka);
    if (*endpoints->rest && *endpoints->websocket && *endpoints->api_key && (*endpoints->kafka || !needs_kafka))
        return true;
    if (found)
        snprintf(problem, sizeof problem,
            "%s lacks rest, websocket, apiKey or kafka: start the stack, or give --rest, --websocket, --api-key-file "
            "and --kafka",
            endpoints->path);
    fprintf(stderr, "%s: %s\n", who, problem);
    return false;
}

struct kafka_settings stack_options_kafka(
    const struct configuration *configuration, const struct endpoints *endpoints) {
    struct kafka_settings kafka;
    char problem[512];
    kafka_settings_read(
        configuration, &kafka, problem, sizeof problem); /* what is wrong with it was said by the check */
    kafka.brokers = endpoints->kafka;
    return kafka;
}

enum order_mix_kind stack_options_mix(const struct configuration *configuration) {
    const char *mix = configuration_text(configuration, "mix");
    return strcmp(mix, "orders") == 0     ? ORDER_MIX_ORDERS
           : strcmp(mix, "crossing") == 0 ? ORDER_MIX_CROSSING
                                          : ORDER_MIX_REALISTIC;
}
