/* Records go in, events are kept and looked at by their fields: what the tests of the reference book share. */
#ifndef SHARDBOOK_TESTS_REFERENCE_TRANSCRIPT_H
#define SHARDBOOK_TESTS_REFERENCE_TRANSCRIPT_H

#include "bench/reference/reference.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRANSCRIPT_EVENTS = 256, AAPL_HOME = 7 };

struct transcript {
    struct reference *reference;
    int64_t offsets[10];
    int64_t time_ms;
    enum reference_fate fate; /* of the last record */
    size_t count;             /* events of the last record */
    char *events[TRANSCRIPT_EVENTS];
};

void transcript_open(struct transcript *t);
void transcript_close(struct transcript *t);

/* Applies a record to a partition at its next offset; in `value` each ' stands for a double quote. Events of the record
 * before are gone. */
void transcript_say(struct transcript *t, int32_t partition, const char *value);
/* The same for AAPL's home. */
void transcript_aapl(struct transcript *t, const char *value);
/* Any bytes, any headers (NULL: none); value data NULL: no value. */
void transcript_record(
    struct transcript *t, int32_t partition, struct text key, struct text value, const char *me_t, const char *me_src);

/* Expects the i-th event of the last record to be of a type and to have the given fields: "price=10.00 taker.orderId=b
 * -commandId", where
 * - means that the field is not there. Fails the test with both texts if not. */
#define EXPECT_EVENT(t, i, type, fields) transcript_expect(t, i, type, fields, __FILE__, __LINE__)
/* Expects how many events the last record had. */
#define EXPECT_COUNT(t, n) transcript_expect_count(t, n, __FILE__, __LINE__)

void transcript_expect(
    struct transcript *t, size_t i, const char *type, const char *fields, const char *file, int line);
void transcript_expect_count(struct transcript *t, size_t count, const char *file, int line);

#endif
