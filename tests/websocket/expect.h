/* What the tests of the push thread expect, and pauses between: for the test's own thread. */
#ifndef SHARDBOOK_TESTS_WEBSOCKET_EXPECT_H
#define SHARDBOOK_TESTS_WEBSOCKET_EXPECT_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Ends the program with exit code 1, the place and what printf makes of the rest, unless the condition holds. */
#define EXPECT(condition, ...)                                                                                         \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);                                            \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fputc('\n', stderr);                                                                                       \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

static inline void sleep_ms(int ms) { nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL); }

#endif
