/* What a symbol remembers of the last minute of its log: the ids that its records carried, and the cancels that found
 * nothing. */
#ifndef SHARDBOOK_BENCH_REFERENCE_LEDGER_H
#define SHARDBOOK_BENCH_REFERENCE_LEDGER_H

#include "bench/reference/dictionary.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

/* A remembered record, under one key. */
struct ledger_note {
    struct ledger_note *next;  /* later */
    struct ledger_note *again; /* the next later one under the same key */
    struct ledger_note *last;  /* of the oldest under a key: the latest one */
    int64_t offset, time_ms;
    size_t key_bytes, content_bytes, original_bytes;
    char bytes[]; /* key, content, original id */
};

/* All zero is an empty ledger. */
struct ledger {
    struct dictionary notes;
    struct ledger_note *oldest, *newest;
};

enum ledger_kind {
    LEDGER_OWN_ID = 'i',
    LEDGER_CLIENT_ORDER = 'c',
    LEDGER_CANCELLED_ORDER = 'x',
    LEDGER_CANCELLED_CLIENT = 'y'
};

void ledger_deinit(struct ledger *ledger);

/* Forgets what is outside the window as seen from a record at this offset and log time. Both never go back. */
void ledger_move(struct ledger *ledger, int64_t offset, int64_t time_ms);

/* The oldest that is remembered under (kind, account, id), NULL if nothing is. The account is absent for LEDGER_OWN_ID.
 */
const struct ledger_note *ledger_find(
    const struct ledger *ledger, enum ledger_kind kind, struct text account, struct text id);

/* Remembers, behind what is there under the same key. */
void ledger_write(struct ledger *ledger, enum ledger_kind kind, struct text account, struct text id, int64_t offset,
    int64_t time_ms, struct text content, struct text original);

bool ledger_says(const struct ledger_note *note, struct text content);
struct text ledger_original(const struct ledger_note *note);

#endif
