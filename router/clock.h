/* The two clocks. */
#ifndef SHARDBOOK_ROUTER_CLOCK_H
#define SHARDBOOK_ROUTER_CLOCK_H

#include <stdint.h>
#include <time.h>

/* For time limits and durations. */
static inline uint64_t clock_monotonic_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* For timestamps that others read: milliseconds since 1970. */
static inline int64_t clock_calendar_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
