/* Rules as tables that a person can read: commands, and the events that they must give, one a line.
 *
 *   > NEW id user side quantity price|MARKET [IOC|FOK|GTC] [POST] [client=C] [REPEAT=original|TAKEN] [BEFORE] [fault=N]
 *   > CANCEL id|client=C user [cmd=K]
 *   > MODIFY id user [quantity=Q] [price=P] [cmd=K]
 *   > CANCEL_ALL user [BUY|SELL] [cmd=K]
 *   > BOOK                     the levels, bids best first, then asks
 *
 * "-" for a user: none. Lines behind a command are its events; a step's end shows as "...". */
#ifndef SHARDBOOK_TESTS_CORE_SCENARIO_H
#define SHARDBOOK_TESTS_CORE_SCENARIO_H

#include "core/book.h"

/* Plays the lines up to NULL on a fresh book, checking its invariants after each step. Returns NULL, or what
 * differs, in static memory. */
const char *scenario_play(const char *const *lines);

/* A mapped arena for tests; never given back. */
struct arena *scenario_arena(uint64_t orders_max);

#endif
