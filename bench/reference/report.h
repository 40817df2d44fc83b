/* One event as topic `fills` has it: its members, its place in the rolling hash, its bytes. */
#ifndef SHARDBOOK_BENCH_REFERENCE_REPORT_H
#define SHARDBOOK_BENCH_REFERENCE_REPORT_H

#include "bench/reference/number.h"
#include "core/limits.h"
#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum report_type {
    REPORT_ACCEPTED = 1,
    REPORT_REJECTED,
    REPORT_DUPLICATE,
    REPORT_FILL,
    REPORT_PREVENTED,
    REPORT_CANCELLED,
    REPORT_EXPIRED,
    REPORT_CANCEL_ALL_DONE,
    REPORT_MODIFIED,
    REPORT_TRIGGERED,
    REPORT_STATE,
    REPORT_CONTROL
};

struct report_party {
    struct text order_id, client_order_id, user_id;
    int64_t leaves, cumulative;
};

/* Views live as long as their owners say. Numbers count ticks and lots; a member that its type does not have is 0. */
struct report {
    enum report_type type;
    struct number_unit tick, lot;
    struct text symbol;
    uint64_t fseq;
    int32_t src_partition;
    int64_t src_offset;
    uint32_t src_index;
    int64_t own, timestamp_ms;
    uint64_t hash; /* the stream's, this event included */

    struct text order_id, client_order_id, command_id, user_id, list_id, original_order_id;
    const char *side, *order_type, *time_in_force, *reason, *explanation; /* NULL: left out */
    int64_t price, stop_price, last_price;                                /* 0: left out */
    int64_t quantity, leaves, cumulative;
    uint64_t trade_id, count;
    bool kept_priority;
    struct report_party taker, maker;
    const char *mode, *state;                      /* of PREVENTED, STATE */
    int64_t indicative_price, indicative_quantity; /* of STATE; price 0: both left out */
    const char *control_kind, *control_result;
    struct text control_fields; /* members, each behind a comma */
};

/* The stream's hash after this event, from the one before it. */
uint64_t report_hash(uint64_t before, const struct report *report);

/* Writes the event's JSON to out (EVENT_BYTES_MAX), returns its size. */
size_t report_write(const struct report *report, char *out);

#endif
