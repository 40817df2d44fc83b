/* One book on which rules are played: short ways to say a record and to expect its events. */
#ifndef SHARDBOOK_TESTS_REFERENCE_STAGE_H
#define SHARDBOOK_TESTS_REFERENCE_STAGE_H

#include "tests/reference/transcript.h"

extern struct transcript t;

void stage_open(void);
void stage_close(void);

/* A new order: id, side, type, quantity, price (NULL: none), further members, each behind a comma. In all of these '
 * stands for a double quote. */
void order(
    const char *id, const char *side, const char *type, const char *quantity, const char *price, const char *more);
void limit(const char *id, const char *side, const char *quantity, const char *price, const char *user);

/* A record of AAPL: the members behind its symbol. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
/* A control record, whole, in AAPL's home. */
void control(const char *value);
void state(const char *name);
/* An order traded away so that this is the last price. */
void print(const char *price);

/* Expects the last record's events in short, joined by ", ": "ACCEPTED id", "REJECTED id REASON", "DUPLICATE original",
 * "FILL price*quantity taker maker", "PREVENTED price*quantity taker maker", "CANCELLED id leaves REASON",
 * "EXPIRED id leaves REASON", "MODIFIED id quantity leaves kept" (or lost), "TRIGGERED id stop last", "DONE count",
 * "STATE state" (with " price*quantity"), "CONTROL kind result". */
#define TELLS(events) stage_tells(events, __FILE__, __LINE__)
void stage_tells(const char *events, const char *file, int line);

/* The i-th level of a side. */
void expect_level(bool sell, uint64_t i, int64_t price, int64_t total);
void expect_empty(bool sell);

#endif
