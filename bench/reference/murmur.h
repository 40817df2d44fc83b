/* Where a symbol lives, written from the definition of murmur2 in Kafka's Java client. */
#ifndef SHARDBOOK_BENCH_REFERENCE_MURMUR_H
#define SHARDBOOK_BENCH_REFERENCE_MURMUR_H

#include "core/text.h"

#include <stdint.h>

uint32_t murmur_of(struct text key);

/* (murmur2 & 0x7fffffff) % 10. */
int32_t murmur_home(struct text symbol);

#endif
