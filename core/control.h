/* A control record: what changes ownership and settings, through the log like everything else. */
#ifndef SHARDBOOK_CORE_CONTROL_H
#define SHARDBOOK_CORE_CONTROL_H

#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

enum control_kind {
    CONTROL_NONE = 0,
    CONTROL_BEGIN,
    CONTROL_CUT,
    CONTROL_ABORT,
    CONTROL_RELEASE,
    CONTROL_CLAIM,
    CONTROL_RESIGN,
    CONTROL_TICK,
    CONTROL_INSTRUMENT,
    CONTROL_STATE,
    CONTROL_LISTING,
    CONTROL_BLOCK,
    CONTROL_RULES,
    CONTROL_KEY,
    CONTROL_KIND_COUNT
};

enum move_mode { MOVE_NONE = 0, MOVE_DIRECT, MOVE_PARKED };

/* The most that `fields` of a control can hold. */
enum { CONTROL_FIELDS_BYTES_MAX = 2048 };

/* A well-formed control record. Texts view the record or the decoder's scratch and live until the decoder's next call.
 */
struct control {
    uint8_t kind; /* enum control_kind */
    uint8_t mode; /* enum move_mode; of a BEGIN never MOVE_NONE */
    bool has_epoch, has_worker;
    struct text symbol; /* a valid symbol, "*", or absent; of BEGIN, CUT and ABORT never absent */
    struct text mid;    /* the move's id, 1 to 64 bytes; of BEGIN, CUT and ABORT never absent */
    uint64_t epoch;     /* of BEGIN, CUT and ABORT always there */
    struct text source, target;
    int64_t worker;     /* not negative */
    struct text fields; /* for the CONTROL event: the well-formed fields of this kind in the README's order, encoded
                           JSON members without braces, `symbol` and `kind` left out */
};

/* "BEGIN" and so on; static. Any thread. */
struct text control_kind_name(enum control_kind kind);
enum control_kind control_kind_find(struct text name);

/* "DIRECT", "PARKED"; static. Any thread. */
struct text move_mode_name(enum move_mode mode);

#endif
