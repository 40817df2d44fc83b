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

/* The eight digits of a value below 10^8, zeros in front, the first one in the lowest byte. Any thread. */
static inline uint64_t eight_digits(uint32_t value) {
    uint64_t fours = value / 10000 | (uint64_t)(value % 10000) << 32;
    uint64_t hundreds = fours * 10486 >> 20 & UINT64_C(0x0000007f0000007f);
    uint64_t pairs = hundreds | (fours - 100 * hundreds) << 16;
    uint64_t tens = pairs * 103 >> 10 & UINT64_C(0x000f000f000f000f);
    return (tens | (pairs - 10 * tens) << 8) + UINT64_C(0x3030303030303030);
}

/* Writes the digits of value (at least one) so that they end before `end`; returns the first. Any thread. */
static inline char *digits_before(char *end, uint64_t value) {
    for (; value >= 100000000; value /= 100000000) {
        uint64_t eight = eight_digits((uint32_t)(value % 100000000));
        end -= 8;
        memcpy(end, &eight, 8);
    }
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

/* Writes the digits of value (at least one) from `at` on, nothing behind them; returns where the next piece goes. Most
 * values have few. Any thread. */
static inline char *digits_put(char *at, uint64_t value) {
    if (value < 10) {
        *at = (char)('0' + value);
        return at + 1;
    }
    if (value < 100) {
        memcpy(at, digit_pairs + value * 2, 2);
        return at + 2;
    }
    if (value < 1000) {
        *at = (char)('0' + value / 100);
        memcpy(at + 1, digit_pairs + value % 100 * 2, 2);
        return at + 3;
    }
    if (value < 10000) {
        memcpy(at, digit_pairs + value / 100 * 2, 2);
        memcpy(at + 2, digit_pairs + value % 100 * 2, 2);
        return at + 4;
    }
    char *end = at + digit_count(value);
    digits_before(end, value);
    return end;
}

#endif
