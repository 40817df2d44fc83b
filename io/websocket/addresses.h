/* How many connections each address has, for a limit per address.
 *
 * Threads: one at a time. Running out of memory aborts with last words. */
#ifndef SHARDBOOK_IO_WEBSOCKET_ADDRESSES_H
#define SHARDBOOK_IO_WEBSOCKET_ADDRESSES_H

#include <stdint.h>

struct addresses {
    struct address_count **buckets;
    uint32_t bucket_count; /* a power of two */
    uint32_t count;        /* addresses with a connection */
};

void addresses_init(struct addresses *addresses);
void addresses_deinit(struct addresses *addresses);

/* Connections of an address, given as text. */
uint32_t addresses_find(const struct addresses *addresses, const char *address);

void addresses_add(struct addresses *addresses, const char *address);

/* Takes back one addresses_add. */
void addresses_remove(struct addresses *addresses, const char *address);

#endif
