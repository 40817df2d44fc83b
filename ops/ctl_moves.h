/* What the log says about the moves of a symbol. */
#ifndef SHARDBOOK_OPS_CTL_MOVES_H
#define SHARDBOOK_OPS_CTL_MOVES_H

#include "ops/ctl_log.h"

struct symbol_moves {
    bool moved;     /* there was a move at all */
    bool open;      /* the last BEGIN has no CUT or ABORT yet */
    uint64_t epoch; /* of the last move, 0: none */
    int64_t offset; /* of the last accepted record, in orders[home] */
    char kind[16];  /* of that record */
    char mid[ID_BYTES_MAX + 1];
    bool has_worker; /* the BEGIN was seen on the way back */
    int64_t worker;
};

/* Reads fills[home] backwards until the last accepted BEGIN, CUT or ABORT of the symbol; false after a complaint. */
bool symbol_moves_read(struct ctl_log *log, struct text symbol, struct symbol_moves *moves);

/* The same with a log of its own. */
bool symbol_moves_find(struct ctl *ctl, struct text symbol, struct symbol_moves *moves);

#endif
