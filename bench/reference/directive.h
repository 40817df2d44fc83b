/* What a control record says, as far as this book follows it. */
#ifndef SHARDBOOK_BENCH_REFERENCE_DIRECTIVE_H
#define SHARDBOOK_BENCH_REFERENCE_DIRECTIVE_H

#include "core/limits.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

enum directive_kind { DIRECTIVE_BEGIN, DIRECTIVE_CUT, DIRECTIVE_ABORT, DIRECTIVE_TICK, DIRECTIVE_OTHER };
enum directive_mode { DIRECTIVE_DIRECT, DIRECTIVE_PARKED };

struct directive {
    bool malformed; /* nothing else means anything */
    enum directive_kind kind;
    const char *kind_name; /* static */
    enum directive_mode mode;
    bool symbol_is_all;    /* "*" */
    uint32_t symbol_bytes; /* 0: no symbol, or "*" */
    char symbol[SYMBOL_BYTES_MAX];
    uint32_t mid_bytes;
    char mid[ID_BYTES_MAX];
    uint64_t epoch;
};

/* Reads a control record's value. */
void directive_read(struct text value, struct directive *directive);

#endif
