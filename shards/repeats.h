/* The repeat check: has a record of the same symbol carried this id before? */
#ifndef SHARDBOOK_SHARDS_REPEATS_H
#define SHARDBOOK_SHARDS_REPEATS_H

#include "core/book.h"
#include "shards/id_window.h"

/* Where a command stands in its home log. */
struct log_position {
    int64_t offset;
    int64_t log_time_ms;
    uint64_t origin; /* of a re-injected record: its source; else 0 */
};

/* What the check found. */
struct repeat {
    uint8_t verdict;               /* enum book_verdict */
    struct text original_order_id; /* BOOK_REPEAT: a view into the window until its next use */
};

/* Looks the command's own id up, then its clientOrderId, in the window before `position`, and judges by the oldest
 * record that carried it; the command is remembered, whatever it is. `ids` are its command_ids_of. Its own id must be
 * decoded, or it is fresh and leaves nothing. STATUS_OK or STATUS_NO_MEMORY. */
int repeats_check(struct id_window *window, const struct command *command, const struct command_ids *ids,
    struct log_position position, struct repeat *repeat);

/* Has the processor fetch what repeats_check will read first for a command whose own id has this rolling_id. Any number
 * of commands before its turn; changes nothing. */
void repeats_prefetch(const struct id_window *window, uint64_t symbol_hash, uint64_t id_hash);

/* Has the processor fetch what tombstones_find will read first for this command; changes nothing. */
void tombstones_prefetch(const struct id_window *window, const struct command *command, const struct command_ids *ids);

/* A cancel found nothing to cancel: remember it for its account. STATUS_OK or STATUS_NO_MEMORY. */
int tombstones_add(struct id_window *window, const struct command *cancel, struct log_position position);

/* Was this order, or one of this list, cancelled before it came? `ids` are the command's. */
bool tombstones_find(struct id_window *window, const struct command *command, const struct command_ids *ids,
    struct log_position position);

#endif
