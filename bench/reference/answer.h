/* The events of a desk, each from what it tells. */
#ifndef SHARDBOOK_BENCH_REFERENCE_ANSWER_H
#define SHARDBOOK_BENCH_REFERENCE_ANSWER_H

#include "bench/reference/desk.h"

/* Numbers, hashes and writes one event of the desk at work. */
void answer_report(struct desk *desk, struct report *report);

/* The commandId of a command: its own, or for want of one its place in the log. */
struct text answer_command_id(const struct desk *desk, const struct request *request, char made[ID_BYTES_MAX]);

void answer_reject(struct desk *desk, const struct request *request, enum reason reason);
void answer_duplicate(struct desk *desk, const struct request *request, struct text original);
void answer_accepted(struct desk *desk, const struct order *order);
/* A list's child that cannot enter. */
void answer_rejected_child(struct desk *desk, const struct order *order, enum reason reason);
/* FILL of an auction has no taker's side. */
void answer_fill(struct desk *desk, const struct order *taker, const struct order *maker, int64_t price,
    int64_t quantity, bool in_auction);
void answer_prevented(
    struct desk *desk, const struct order *taker, const struct order *maker, int64_t price, int64_t quantity);
/* CANCELLED or EXPIRED. */
void answer_end(
    struct desk *desk, enum report_type type, const struct order *order, struct text command_id, enum reason reason);
void answer_cancel_all_done(struct desk *desk, const struct request *request, uint64_t count);
void answer_modified(struct desk *desk, const struct order *order, struct text command_id, bool kept_priority);
void answer_triggered(struct desk *desk, const struct order *order);
/* Price 0: without an indication. */
void answer_state(struct desk *desk, int64_t indicative_price, int64_t indicative_quantity);
void answer_control(struct desk *desk, const struct directive *directive, const char *result);

#endif
