#include "bench/histogram.h"

enum { SUB = 1 << HISTOGRAM_SUB_BITS };

/* Values below 64 have a bucket each; above, each power of two has 64. */
static uint32_t bucket_of(uint64_t value) {
    if (value < SUB) return (uint32_t)value;
    uint32_t shift = 63u - (uint32_t)__builtin_clzll(value) - HISTOGRAM_SUB_BITS;
    return ((shift + 1) << HISTOGRAM_SUB_BITS) + (uint32_t)((value >> shift) - SUB);
}

static uint64_t upper_edge(uint32_t bucket) {
    if (bucket < SUB) return bucket;
    uint32_t shift = (bucket >> HISTOGRAM_SUB_BITS) - 1;
    return (((uint64_t)SUB + bucket % SUB + 1) << shift) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t duration_us) {
    uint64_t value = duration_us > UINT32_MAX ? UINT32_MAX : duration_us;
    histogram->counts[bucket_of(value)]++;
    histogram->min_us = histogram->total == 0 || value < histogram->min_us ? value : histogram->min_us;
    histogram->max_us = value > histogram->max_us ? value : histogram->max_us;
    histogram->sum_us += value;
    histogram->total++;
}

uint64_t histogram_at(const struct histogram *histogram, double share) {
    uint64_t rank = (uint64_t)(share * (double)histogram->total + 0.999999), seen = 0;
    if (histogram->total == 0) return 0;
    rank = rank < 1 ? 1 : rank > histogram->total ? histogram->total : rank;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->counts[i];
        if (seen >= rank) {
            uint64_t edge = upper_edge(i);
            return edge < histogram->max_us ? edge : histogram->max_us;
        }
    }
    return histogram->max_us;
}

void histogram_print(const struct histogram *histogram, FILE *out) {
    uint64_t seen = 0;
    fprintf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS && seen < histogram->total; i++) {
        if (histogram->counts[i] == 0) continue;
        seen += histogram->counts[i];
        double share = (double)seen / (double)histogram->total, value_ms = (double)upper_edge(i) / 1000;
        fprintf(out, "%12.3f %2.12f %10llu", value_ms, share, (unsigned long long)seen);
        if (seen < histogram->total) fprintf(out, " %14.2f", 1 / (1 - share));
        fputc('\n', out);
    }
    fprintf(out, "#[Mean    = %12.3f, Total count    = %12llu]\n#[Max     = %12.3f]\n",
        histogram->total ? (double)histogram->sum_us / (double)histogram->total / 1000 : 0.0,
        (unsigned long long)histogram->total, (double)histogram->max_us / 1000);
}
