/* A control record: what changes ownership and settings, through the log like everything else. */
#ifndef SHARDBOOK_CORE_CONTROL_H
#define SHARDBOOK_CORE_CONTROL_H

#include "core/instrument.h"
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

/* What may be done with a symbol's orders. */
enum trading_state { TRADING_STATE_TRADING = 0, TRADING_STATE_HALTED, TRADING_STATE_AUCTION, TRADING_STATE_CLOSED };
enum { TRADING_STATE_COUNT = 4 };

enum listing_mode { LISTING_OPEN = 0, LISTING_CLOSED };

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
    int64_t worker;      /* not negative */
    uint8_t state;       /* enum trading_state; of a STATE always there; of an INSTRUMENT where the symbol starts */
    uint8_t listing;     /* enum listing_mode; of a LISTING always there */
    bool blocked;        /* of a BLOCK always there */
    uint32_t limit;      /* of a LISTING: 1 to SYMBOLS_PER_PARTITION_MAX */
    uint64_t version;    /* of a RULES always there */
    struct text user_id; /* of a BLOCK never absent */
    struct instrument instrument; /* of an INSTRUMENT complete, with defaults where the record says nothing */
    struct text fields; /* for the CONTROL event: the well-formed fields of this kind in the README's order, encoded
                           JSON members without braces, `symbol` and `kind` left out */
};

/* "BEGIN" and so on; static. Any thread. */
struct text control_kind_name(enum control_kind kind);
enum control_kind control_kind_find(struct text name);

/* "TRADING" and so on; static, absent for others. Any thread. */
struct text trading_state_name(enum trading_state state);

/* "OPEN", "CLOSED"; static. Any thread. */
struct text listing_mode_name(enum listing_mode mode);

/* "DIRECT", "PARKED"; static. Any thread. */
struct text move_mode_name(enum move_mode mode);

#endif
