/* Which partition a symbol lives in, for life. */
#ifndef SHARDBOOK_CORE_PARTITION_H
#define SHARDBOOK_CORE_PARTITION_H

#include "core/text.h"

#include <stdint.h>

/* murmur2 as Kafka's Java client and kafkajs compute it (seed 0x9747b28c): 32 bits of the key. Any thread. */
uint32_t murmur2(struct text key);

/* (murmur2(symbol) & 0x7fffffff) % PARTITIONS: the home of a symbol, the same on every machine and for
 * every topic whatever its partition count today. Any thread. */
int32_t home_partition(struct text symbol);

#endif
