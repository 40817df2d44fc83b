/* Ids that come again, and cancels that came before their order. */
#ifndef SHARDBOOK_BENCH_REFERENCE_REPEATS_H
#define SHARDBOOK_BENCH_REFERENCE_REPEATS_H

#include "bench/reference/desk.h"

/* Remembers the ids that a record carries; answers it and says true if one of them was given before. */
bool repeats_answer(struct desk *desk, const struct request *request);

/* A CANCEL that found nothing stops its order for a while. */
void repeats_leave_tombstone(struct desk *desk, const struct request *request);
bool repeats_was_cancelled(const struct desk *desk, struct text account, const struct request *order);

#endif
