/* Holds the topics of a broker against each other: reads `orders` from its first record, computes with the reference
 * book what `fills` must hold, and compares. Nothing of the server's code takes part. */
#ifndef SHARDBOOK_BENCH_VERIFY_VERIFICATION_H
#define SHARDBOOK_BENCH_VERIFY_VERIFICATION_H

#include "bench/reference/reference.h"
#include "bench/reference/verify.h"
#include "bench/verify/carriage.h"
#include "io/kafka/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct verification_options {
    struct kafka_settings kafka;
    bool with_pending; /* follow pending-orders too */
    int timeout_ms;    /* how long to wait, once `orders` is read, for `fills` to be complete */
    int silence_ms;    /* how long a broker may say nothing before it is given up */
    void (*on_progress)(void *context, uint64_t orders, uint64_t fills); /* about every 200 ms; may be NULL */
    void *progress_context;
};

struct verification;

/* Reads and compares until `fills` is complete for what `orders` held at the start (and for the copies of what was
 * misdirected) or time is up. NULL, with the reason in problem, if the topics could not be read. Ends at about
 * silence_ms in the worst case. Close the result. */
struct verification *verification_run(const struct verification_options *options, char *problem, size_t problem_bytes);
void verification_close(struct verification *verification);

/* What was found; views of the verification. */
struct verification_findings {
    const struct reference_counters *orders;
    const struct verify_result *events;
    const struct carriage *carried;
    uint64_t pending_records;
    uint64_t fills_records;
    double seconds;
    bool same; /* events agree, everything misdirected was carried, and the counters add up to the records */
};
struct verification_findings verification_findings(const struct verification *verification);

#endif
