#include "io/http/http_head.h"
#include "router/target.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct http_head head, other;
    struct target target;
    size_t head_bytes = 0, other_bytes = 0, scanned = 0;
    char *bytes = malloc(size ? size : 1); /* exactly as long, so that a byte too far is seen */
    memcpy(bytes, data, size);
    int state = http_head_parse(bytes, size, &head, &head_bytes, &scanned);
    if (state == HTTP_HEAD_DONE) {
        MUST(head_bytes <= size);
        scanned = 0;
        int again = HTTP_HEAD_MORE;
        for (size_t n = 0; n <= size && again == HTTP_HEAD_MORE; n++) {
            again = http_head_parse(bytes, n, &other, &other_bytes, &scanned);
        }
        MUST(again == HTTP_HEAD_DONE && other_bytes == head_bytes && other.length == head.length);
        struct fault fault = target_parse(&target, head.method, head.path, head.query);
        MUST(fault.status || target.order_id.size <= 64);
    }
    free(bytes);
    return 0;
}
