/* A set of accounts, by value. One thread at a time. */
#ifndef SHARDBOOK_SHARDS_ACCOUNT_SET_H
#define SHARDBOOK_SHARDS_ACCOUNT_SET_H

#include "core/limits.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

struct account_slot {
    uint8_t bytes; /* of the userId; 0: empty */
    char user_id[ID_BYTES_MAX];
};

/* Zeroed is empty and holds no memory; grows by doubling. */
struct account_set {
    struct account_slot *slots;
    uint32_t capacity, count;
};

void account_set_deinit(struct account_set *set);

/* An absent userId is in no set. */
bool account_set_has(const struct account_set *set, struct text user_id);

/* Adds an account of 1 to ID_BYTES_MAX bytes, which may be there already. STATUS_OK or STATUS_NO_MEMORY. */
int account_set_add(struct account_set *set, struct text user_id);

/* Takes an account out, if it is there. */
void account_set_remove(struct account_set *set, struct text user_id);

#endif
