/* Whether prices and quantities fit the settings of their symbol, which are known only when its route is. Pure. */
#ifndef SHARDBOOK_ROUTER_ORDER_NUMBERS_H
#define SHARDBOOK_ROUTER_ORDER_NUMBERS_H

#include "core/command.h"
#include "core/instrument.h"
#include "router/fault.h"

/* The first number of a checked command (request.h) that is off its tick or lot or out of range; the fault's text may
 * view `words`, of NUMBER_WORDS_BYTES. */
enum { NUMBER_WORDS_BYTES = 256 };
struct fault order_numbers_check(const struct command *command, const struct instrument *rules, char *words);

#endif
