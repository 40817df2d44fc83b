/* What a control record says. */
#ifndef SHARDBOOK_BENCH_REFERENCE_DIRECTIVE_H
#define SHARDBOOK_BENCH_REFERENCE_DIRECTIVE_H

#include "bench/reference/order.h"
#include "bench/reference/settings.h"
#include "core/limits.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

enum directive_kind {
    DIRECTIVE_BEGIN,
    DIRECTIVE_CUT,
    DIRECTIVE_ABORT,
    DIRECTIVE_RELEASE,
    DIRECTIVE_CLAIM,
    DIRECTIVE_RESIGN,
    DIRECTIVE_INSTRUMENT,
    DIRECTIVE_STATE,
    DIRECTIVE_LISTING,
    DIRECTIVE_BLOCK,
    DIRECTIVE_RULES,
    DIRECTIVE_KEY,
    DIRECTIVE_TICK
};
enum { DIRECTIVE_KINDS = DIRECTIVE_TICK + 1 };
enum directive_state { DIRECTIVE_TRADING, DIRECTIVE_HALTED, DIRECTIVE_AUCTION, DIRECTIVE_CLOSED };

enum { DIRECTIVE_FIELDS_BYTES = 8192 };

/* Of each kind what it needs is there and well formed. */
struct directive {
    bool malformed; /* nothing else means anything */
    enum directive_kind kind;
    const char *kind_name;  /* static */
    bool symbol_is_all;     /* "*" */
    struct order_id symbol; /* absent: no symbol, or "*" */
    struct order_id mid;
    uint64_t epoch;
    bool parked;                /* BEGIN */
    enum directive_state state; /* STATE; of an INSTRUMENT TRADING if it says nothing */
    bool listing_closed;        /* LISTING */
    uint64_t limit;
    struct order_id user_id; /* BLOCK */
    bool blocked;
    uint64_t version;                    /* RULES */
    struct settings settings;            /* INSTRUMENT, complete */
    char fields[DIRECTIVE_FIELDS_BYTES]; /* its well-formed members, each behind a comma, for the CONTROL event */
    uint32_t fields_bytes;
};

/* Reads a control record's value. */
void directive_read(struct text value, struct directive *directive);

/* "TRADING" and so on; static. */
const char *directive_state_name(enum directive_state state);

#endif
