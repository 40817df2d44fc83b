/* The one door out of a worker: what its books answer goes to its ring, once. */
#ifndef SHARDBOOK_SHARDS_ANSWERS_H
#define SHARDBOOK_SHARDS_ANSWERS_H

#include "core/book.h"
#include "core/ports.h"
#include "shards/broadcast_ring.h"
#include "shards/counters.h"
#include "shards/delivery.h"
#include "shards/repeats.h"
#include "shards/symbol.h"

/* Belongs to one worker's thread. */
struct answers {
    struct broadcast_ring *ring;
    event_writer write_event;
    bool has_feeds; /* somebody lags behind: levels and packed events are wanted */
    uint8_t worker;
    const _Atomic bool *stop;
    struct worker_counters *counters;
    char refusal[320]; /* why this worker must not go on; empty: it may */
    struct book_output output;
    char text[EVENT_BYTES_MAX];
    _Alignas(8) unsigned char packed[EVENT_PACKED_BYTES_MAX];
};

/* Applies a command to the symbol's book and writes every answer that topic fills does not hold yet. If the book's hash
 * differs from what was published, this program computes otherwise than the one before: the reason is in `refusal` and
 * nothing is written any more. */
void answers_command(struct answers *answers, const struct delivery *delivery);

/* Applies a control record that home decided, as far as the book must not add a reason of its own, and writes its
 * CONTROL event and what follows from it. */
void answers_control(struct answers *answers, const struct delivery *delivery);

/* Moves the symbol's time and writes what that ends. */
void answers_tick(struct answers *answers, const struct delivery *delivery);

/* Writes the symbol's whole state for the feeds. */
void answers_snapshot(struct answers *answers, struct symbol *symbol);

/* Writes where the symbol stands for the feeds; a refusal if topic fills is ahead of the log. */
void answers_ready(struct answers *answers, const struct delivery *delivery);

/* Writes that everything of a partition below `offset` was answered. */
void answers_mark(struct answers *answers, int32_t partition, int64_t offset);

/* Writes a record that could not be decoded, for topic orders-dead-letter. */
void answers_dead_letter(struct answers *answers, const struct log_record *record, enum reason reason);

#endif
