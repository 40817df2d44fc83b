/* A symbol as the shards know it: its place at home, and its book where it lives. */
#ifndef SHARDBOOK_SHARDS_SYMBOL_H
#define SHARDBOOK_SHARDS_SYMBOL_H

#include "core/book.h"
#include "shards/id_window.h"
#include "shards/move.h"
#include "shards/name_table.h"
#include "shards/watermarks.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { HELD_BY_NOBODY = -1 };

/* Two halves with two owners. The home half belongs to the worker of the symbol's partition, which reads its log. The
 * book half belongs to the worker that holds the symbol; it changes hands by LINK_ADOPT alone. The name never changes.
 */
struct symbol {
    struct name name;
    int32_t partition;

    /* home half */
    int placed_on; /* the worker that the log sends the symbol's commands to */
    struct move move;
    struct watermarks watermarks;
    int64_t timed_at; /* offset of the last record that may have left it in need of time */
    bool is_timed;    /* among its partition's timed symbols */

    /* Which worker holds the book half: written by that worker when it adopts the symbol, and when it gives it away. */
    _Alignas(64) _Atomic int holder;

    /* With all records below this offset applied the book needed no time: said by its holder, read at home. */
    _Atomic int64_t timeless_at;

    /* book half */
    int64_t own;                             /* offset of the last accepted CUT */
    uint64_t published_fseq, published_hash; /* what topic fills holds since before the start */
    uint8_t after_worker;                    /* who held it before: its ring must be read ... */
    uint64_t after_position;                 /* ... this far before this holder's next record */
    struct id_window tombstones;
    struct book book;
    struct symbol *next_adoption; /* while it waits for room in a link */
};

static inline struct text symbol_name(const struct symbol *symbol) { return name_text(&symbol->name); }

/* Whether this worker holds the book half: it may look into it then. On that worker's thread. */
static inline bool symbol_is_held_by(const struct symbol *symbol, int worker) {
    return atomic_load_explicit(&symbol->holder, memory_order_acquire) == worker;
}

#endif
