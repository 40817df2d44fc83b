/* One event of each kind with the bytes that it must have in topic fills. */
#ifndef SHARDBOOK_TESTS_CODEC_SAMPLES_H
#define SHARDBOOK_TESTS_CODEC_SAMPLES_H

#include "core/event.h"

#include <stddef.h>

struct sample {
    struct event event;
    const char *json;
};

/* Static; `count` is set to how many there are. */
const struct sample *event_samples(size_t *count);

#endif
