/* LIST: orders of which one cancels the other (OCO), or that enter when another is filled (OTO, OTOCO). */
#ifndef SHARDBOOK_BENCH_REFERENCE_LIST_H
#define SHARDBOOK_BENCH_REFERENCE_LIST_H

#include "bench/reference/desk.h"

void list_enter(struct desk *desk, const struct request *request);

/* The children of an order that was filled completely. */
void list_enter_children(struct desk *desk, struct order *parent);

/* An order had its FILL or its TRIGGERED: the other of its OCO is cancelled. */
void list_on_trade(struct desk *desk, struct order *order);

/* An order of an OCO ends without having traded: nothing ties the other any more. */
void list_separate(struct order *order);

#endif
