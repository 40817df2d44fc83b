/* How orders end, and whom they take along. */
#ifndef SHARDBOOK_BENCH_REFERENCE_ENDING_H
#define SHARDBOOK_BENCH_REFERENCE_ENDING_H

#include "bench/reference/desk.h"

/* The order may be anywhere. Children that wait for it are cancelled directly behind it, unless it was filled; the
 * other order of its OCO is left alone. Its memory stays until the record is done. */
void ending_cancel(struct desk *desk, struct order *order, struct text command_id, enum reason reason);
void ending_expire(struct desk *desk, struct order *order, enum reason reason);
/* A FILL or PREVENTED left it nothing. */
void ending_filled(struct desk *desk, struct order *order);
void ending_prevented(struct desk *desk, struct order *order);
/* A child that could not enter. */
void ending_rejected(struct desk *desk, struct order *order, enum reason reason);

#endif
