/* Rules as text that a person can read: commands, and under each the events that it must give.
 *
 *   # a comment
 *   > NEW id user side quantity price|MARKET [IOC|FOK|GTC] [POST] [client=C] [BEFORE] [fault=N]
 *         [REPEAT=original|TAKEN]
 *   > CANCEL id|client=C user [cmd=K]
 *   > MODIFY id user [quantity=Q] [price=P] [cmd=K]
 *   > CANCEL_ALL user [BUY|SELL] [cmd=K]
 *   > BOOK                     the levels, bids best first, then asks
 *       an event, indented
 *
 * "-" for a user: none. The tick is 1. Between two steps of one command stands "...". BEFORE: a tombstone is there;
 * REPEAT, TAKEN: what the repeat check found; fault: a number of enum reason. */
#ifndef SHARDBOOK_TESTS_CORE_SCENARIO_H
#define SHARDBOOK_TESTS_CORE_SCENARIO_H

#include "core/book.h"

/* Plays the lines up to NULL on a fresh book, checking its invariants after each step. Returns NULL, or what
 * differs, in static memory. */
const char *scenario_play(const char *const *lines);

/* A mapped arena for tests; never given back. */
struct arena *scenario_arena(uint64_t orders_max);

#endif
