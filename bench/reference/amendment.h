/* MODIFY. */
#ifndef SHARDBOOK_BENCH_REFERENCE_AMENDMENT_H
#define SHARDBOOK_BENCH_REFERENCE_AMENDMENT_H

#include "bench/reference/desk.h"

void amendment_modify(struct desk *desk, const struct request *request);

#endif
