/* How far each source of re-injected records has been applied to one symbol. One thread at a time. */
#ifndef SHARDBOOK_SHARDS_WATERMARKS_H
#define SHARDBOOK_SHARDS_WATERMARKS_H

#include "core/limits.h"
#include "core/ports.h"

#include <stdbool.h>
#include <stdint.h>

/* `me-src`: <topic>/<partition>/<offset>/<previous offset or ->. */
struct source_position {
    uint8_t topic; /* enum topic: ORDERS or PENDING */
    int32_t partition;
    int64_t offset;
    int64_t previous; /* -1: none */
};

enum { SOURCE_COUNT = 2 * PARTITIONS };

/* 0 .. SOURCE_COUNT - 1. */
static inline int source_index(uint8_t topic, int32_t partition) {
    return (topic == TOPIC_PENDING ? PARTITIONS : 0) + partition;
}

struct watermark {
    uint8_t source; /* source_index */
    int64_t offset;
};

/* Zeroed is empty. Most symbols have none, few more than one. */
struct watermarks {
    struct watermark *marks;
    uint32_t count;
};

enum watermark_verdict { WATERMARK_FOLLOWS, WATERMARK_REPEAT, WATERMARK_GAP };

void watermarks_deinit(struct watermarks *watermarks);

/* The last offset applied from a source, or -1. */
int64_t watermarks_get(const struct watermarks *watermarks, int source);

/* Does the record follow what was applied? */
enum watermark_verdict watermarks_check(const struct watermarks *watermarks, const struct source_position *position);

/* STATUS_OK or STATUS_NO_MEMORY. */
int watermarks_set(struct watermarks *watermarks, const struct source_position *position);

/* Parses the value of `me-src`, given the names of topics ORDERS and PENDING; false if it is not well formed or names
 * another topic. */
bool source_position_parse(
    struct text value, struct text orders_topic, struct text pending_topic, struct source_position *position);

/* Writes it; at most 320 bytes, not terminated; returns how many. */
uint32_t source_position_format(const struct source_position *position, struct text topic, char *out);

#endif
