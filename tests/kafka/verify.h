/* Checks for tests with a main() of their own: a failed one says where and ends the program. */
#ifndef SHARDBOOK_TESTS_KAFKA_VERIFY_H
#define SHARDBOOK_TESTS_KAFKA_VERIFY_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define VERIFY(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);                                    \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

#define VERIFY_EQUAL(actual, expected)                                                                                 \
    do {                                                                                                               \
        int64_t actual_ = (int64_t)(actual), expected_ = (int64_t)(expected);                                          \
        if (actual_ != expected_) {                                                                                    \
            fprintf(stderr, "%s:%d: %s is %" PRId64 ", expected %" PRId64 "\n", __FILE__, __LINE__, #actual, actual_,  \
                expected_);                                                                                            \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

#endif
