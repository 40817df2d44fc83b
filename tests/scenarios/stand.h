/* The server's engine and the reference book side by side on one log in memory, record by record, in one thread: real
 * decoders, repeats, tombstones, control records and encoders on both sides, nothing of one shared with the other. */
#ifndef SHARDBOOK_TESTS_SCENARIOS_STAND_H
#define SHARDBOOK_TESTS_SCENARIOS_STAND_H

#include "bench/reference/reference.h"
#include "core/book.h"

#include <stdbool.h>
#include <stdint.h>

struct stand;

/* Events as topic fills has them, in its order. Views live until the next stand_apply. */
struct stand_events {
    struct text *bytes;
    uint32_t count, room;
};

/* Both without any symbol. Never fails (no memory ends the program). Close with stand_close. One thread per stand. */
struct stand *stand_open(void);
void stand_close(struct stand *stand);

/* Appends a record of orders, a command's or (is_control) a control record's value, to a partition and lets both answer
 * it. The offsets of a partition count from 0. */
void stand_apply(struct stand *stand, int32_t partition, struct text value, bool is_control, int64_t timestamp_ms);

/* The answers to the last record. */
const struct stand_events *stand_server(const struct stand *stand);
const struct stand_events *stand_reference(const struct stand *stand);

/* NULL if both answered the last record alike, byte by byte, the events of each symbol in order; else the two events
 * that differ, or the one that the other side lacks (the text that is missing is absent). The words in which a
 * move is refused do not count. */
struct stand_difference {
    struct text server, reference;
};
const struct stand_difference *stand_differing_events(const struct stand *stand);

/* NULL if both hold the same book of a symbol (state, last price, levels, orders at rest, stops that wait), else what
 * differs; static. */
const char *stand_differing_books(struct stand *stand, struct text symbol);

/* A symbol's book, NULL if it has none. */
const struct book *stand_book(const struct stand *stand, struct text symbol);

/* The reference book itself, for what else it can tell. */
const struct reference *stand_judge(const struct stand *stand);

#endif
