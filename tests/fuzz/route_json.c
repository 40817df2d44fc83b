/* Route records: what was read and written again reads the same. */
#include "io/json/json_route.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static struct json_decoder *decoder(void) {
    static struct json_decoder it;
    static bool open;
    if (!open) MUST(open = json_decoder_init(&it, ROUTE_BYTES_MAX));
    return &it;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct route route;
    char first[ROUTE_BYTES_MAX], second[ROUTE_BYTES_MAX];
    if (!json_route_decode(decoder(), (const char *)bytes, size, &route)) return 0;
    MUST(route.status <= ROUTE_UNKNOWN && route.partition >= 0 && route.partition < 10);
    size_t first_size = json_route_encode(&route, first, sizeof first);
    MUST((first_size == 0) == (route.status == ROUTE_UNKNOWN));
    if (first_size == 0) return 0;
    MUST(json_route_decode(decoder(), first, first_size, &route));
    MUST(json_route_encode(&route, second, sizeof second) == first_size && memcmp(first, second, first_size) == 0);
    return 0;
}
