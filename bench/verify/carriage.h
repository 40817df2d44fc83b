/* Follows records from the wrong door to their copies in `orders`: each misdirected or pending record must have one
 * copy that was applied, with the same bytes. Holds what is outstanding on either side. One thread at a time. */
#ifndef SHARDBOOK_BENCH_VERIFY_CARRIAGE_H
#define SHARDBOOK_BENCH_VERIFY_CARRIAGE_H

#include "bench/reference/dictionary.h"
#include "core/text.h"

#include <stdint.h>

/* All zero is empty. */
struct carriage {
    struct dictionary open; /* by topic, partition and offset */
    uint64_t origins, copies;
    uint64_t without_copy;   /* origins whose copy was not seen yet */
    uint64_t without_origin; /* copies whose origin was not seen yet */
    uint64_t altered;        /* copies that do not say what their origin says */
};

void carriage_deinit(struct carriage *carriage);

/* A record that has to be carried. */
void carriage_on_origin(
    struct carriage *carriage, struct text topic, int32_t partition, int64_t offset, struct text value);

/* A copy that was applied; value data NULL: a VOID, which stands for whatever its origin says. */
void carriage_on_copy(
    struct carriage *carriage, struct text topic, int32_t partition, int64_t offset, struct text value);

#endif
