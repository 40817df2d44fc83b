/* The histogram behind every latency table, against sorted samples. */
#include "bench/histogram.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { SAMPLES = 20000 };

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* From 1 us to hours, as likely in each power of two. */
static uint64_t draw(uint64_t *random) {
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*random >> 33) >> (*random >> 28) % 31;
}

Test(histogram, quantiles_are_within_two_percent_of_the_sorted_samples) {
    static struct histogram histogram;
    static uint64_t samples[SAMPLES];
    static const double shares[] = {0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0};
    uint64_t random = 7, sum = 0;
    for (int i = 0; i < SAMPLES; i++) {
        samples[i] = draw(&random);
        sum += samples[i];
        histogram_add(&histogram, samples[i]);
    }
    qsort(samples, SAMPLES, sizeof samples[0], by_value);
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        uint64_t exact = samples[(size_t)(shares[i] * SAMPLES + 0.999999) - 1],
                 found = histogram_at(&histogram, shares[i]);
        cr_assert(found >= exact && (double)found <= (double)exact * 1.02 + 1, "share %f: %llu for %llu", shares[i],
            (unsigned long long)found, (unsigned long long)exact);
    }
    cr_assert_eq(histogram.total, SAMPLES);
    cr_assert_eq(histogram.sum_us, sum);
    cr_assert_eq(histogram.min_us, samples[0]);
    cr_assert_eq(histogram.max_us, samples[SAMPLES - 1]);
}

Test(histogram, empty_says_nothing) {
    static struct histogram histogram;
    cr_assert_eq(histogram_at(&histogram, 0.99), 0);
    cr_assert_eq(histogram.total, 0);
}

Test(histogram, every_duration_has_a_bucket) {
    static const uint64_t edges[] = {
        0, 1, 63, 64, 65, 127, 128, 4095, 4096, UINT32_MAX - 1, UINT32_MAX, UINT64_C(1) << 40, UINT64_MAX};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        struct histogram *histogram = calloc(1, sizeof *histogram);
        uint64_t kept = edges[i] > UINT32_MAX ? UINT32_MAX : edges[i];
        histogram_add(histogram, edges[i]);
        cr_assert_eq(histogram_at(histogram, 0.5), kept);
        cr_assert_eq(histogram_at(histogram, 1), kept);
        free(histogram);
    }
}
