/* A record that could not be decoded, on its way to orders-dead-letter. */
#ifndef SHARDBOOK_SHARDS_DEAD_LETTER_H
#define SHARDBOOK_SHARDS_DEAD_LETTER_H

#include "core/ports.h"
#include "core/reason.h"

#include <stdint.h>

enum { DEAD_LETTER_VALUE_BYTES_MAX = 32768, DEAD_LETTER_PACKED_BYTES_MAX = 80 * 1024, DEAD_LETTER_OWN_HEADERS = 5 };

/* Writes the flat form of a record and its reason to out (DEAD_LETTER_PACKED_BYTES_MAX bytes, 8-byte aligned); the
 * value is cut at DEAD_LETTER_VALUE_BYTES_MAX and headers that do not fit are left out. Returns the bytes written, a
 * multiple of 8. Any thread. */
uint32_t dead_letter_pack(const struct log_record *record, enum reason reason, void *out);

/* What is needed to append a dead letter; views into the flat form and into itself. */
struct dead_letter {
    struct log_append append;
    struct log_header headers[LOG_HEADERS_MAX + DEAD_LETTER_OWN_HEADERS];
    char partition[12], offset[24];
};

/* Fills in *letter from the flat form; `source_topic` is the name of the topic it came from. */
void dead_letter_unpack(
    const void *packed, struct text orders_topic, struct text pending_topic, struct dead_letter *letter);

/* Reads where a record of orders-dead-letter came from; false if its headers do not say. */
bool dead_letter_source(const struct log_record *record, struct text orders_topic, struct text pending_topic,
    uint8_t *topic, int32_t *partition, int64_t *offset);

/* True if it is there because it could not be carried home, not because it could not be decoded. */
bool dead_letter_is_void(const struct log_record *record);

#endif
