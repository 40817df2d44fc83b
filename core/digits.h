/* Decimal digits of integers, quickly. */
#ifndef SHARDBOOK_CORE_DIGITS_H
#define SHARDBOOK_CORE_DIGITS_H

#include <stdint.h>
#include <string.h>

/* "00" to "99". */
extern const char digit_pairs[200];

/* How many digits a value has; 1 for 0. Any thread. */
static inline unsigned digit_count(uint64_t value) {
    static const uint64_t powers[20] = {0, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
        10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000, 10000000000000000,
        100000000000000000, 1000000000000000000, 10000000000000000000u};
    unsigned bits = 64 - (unsigned)__builtin_clzll(value | 1);
    unsigned guess = bits * 1233 >> 12; /* bits times the logarithm of 2 */
    return guess + (value >= powers[guess]);
}

/* Writes the digits of value (at least one) so that they end before `end`; returns the first. Any thread. */
static inline char *digits_before(char *end, uint64_t value) {
    for (; value >= 100; value /= 100) {
        end -= 2;
        memcpy(end, digit_pairs + value % 100 * 2, 2);
    }
    if (value >= 10) {
        end -= 2;
        memcpy(end, digit_pairs + value * 2, 2);
    } else {
        *--end = (char)('0' + value);
    }
    return end;
}

#endif
