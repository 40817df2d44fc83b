/* The value of a record in `orders` or `pending-orders`, as the guide writes it. Pure. */
#ifndef SHARDBOOK_ROUTER_RECORD_H
#define SHARDBOOK_ROUTER_RECORD_H

#include "core/command.h"
#include "core/instrument.h"

#include <stddef.h>

/* The most bytes of a record: ids escaped at their longest. */
enum { RECORD_VALUE_BYTES_MAX = 4096 };

/* Writes a checked command (request.h, order_numbers.h) of a symbol with these settings, with its ids; returns its
 * bytes. The guide's members come first, in the guide's order; prices and quantities are JSON numbers with exactly the
 * places of tick and lot. Any thread. */
size_t record_write(const struct command *command, const struct instrument *rules, char *out);

#endif
