/* Moving one symbol: which control records count. Every reader of the log decides alike. */
#ifndef SHARDBOOK_SHARDS_MOVE_H
#define SHARDBOOK_SHARDS_MOVE_H

#include "core/limits.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

enum move_phase { MOVE_STABLE = 0, MOVE_PREPARED };

/* Zeroed: stable, never moved. */
struct move {
    uint8_t phase; /* enum move_phase */
    uint64_t epoch;
    int64_t worker; /* BEGIN's target worker, before the modulo */
    char mid[ID_BYTES_MAX];
    uint8_t mid_bytes;
};

enum move_result {
    MOVE_ACCEPTED = 0,
    MOVE_OPEN,     /* BEGIN while a move is open */
    MOVE_NOT_OPEN, /* CUT or ABORT without one */
    MOVE_WRONG_EPOCH,
    MOVE_WRONG_ID
};

/* BEGIN: accepted if no move is open and epoch is the symbol's + 1; then the symbol is PREPARED. `mid` at most
 * ID_BYTES_MAX. */
enum move_result move_begin(struct move *move, uint64_t epoch, struct text mid, int64_t worker);

/* CUT and ABORT: accepted if they name the open move; the first ends it. */
enum move_result move_end(struct move *move, uint64_t epoch, struct text mid);

/* For `result` of a CONTROL event; static. */
struct text move_result_name(enum move_result result);

#endif
