/* How much a key, or an address, may ask for: the guide's usage plan and its firewall rule. Time comes from outside. */
#ifndef SHARDBOOK_ROUTER_RATE_LIMIT_H
#define SHARDBOOK_ROUTER_RATE_LIMIT_H

#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

struct usage_plan {
    uint32_t rate_per_s;      /* refill of a key's bucket; 0: no limit */
    uint32_t burst;           /* its size */
    uint64_t quota_per_month; /* 0: no limit */
};

enum allowance { ALLOWED = 0, TOO_FAST, QUOTA_SPENT };

enum { RATE_NAME_BYTES = 64 };

/* What one key has used. */
struct key_usage {
    char name[RATE_NAME_BYTES]; /* of the key; empty: the place is free */
    uint64_t tokens_micro;      /* millionths of a request */
    uint64_t filled_us;
    int32_t month;       /* year * 12 + month of the counts below */
    uint64_t counted;    /* this month, by everybody as far as known */
    uint64_t unreported; /* of these: not yet added to the shared count */
    uint64_t reporting;  /* of these: on their way there */
};

struct rate_limit {
    struct usage_plan plan;
    struct key_usage *keys; /* open addressing by name */
    uint32_t capacity, used;
};

/* Room for `capacity` keys, a power of two; false without memory. */
bool rate_limit_init(struct rate_limit *limit, struct usage_plan plan, uint32_t capacity);
void rate_limit_deinit(struct rate_limit *limit);

/* Counts one request of the key and says whether it may go on; one that may not costs nothing. now_us is monotonic,
 * month = year * 12 + month of the calendar (UTC). A key for which there is no place any more is TOO_FAST.
 * *retry_after_s is set unless ALLOWED, for QUOTA_SPENT to 0: the caller knows the calendar. */
enum allowance rate_limit_take(
    struct rate_limit *limit, struct text key, uint64_t now_us, int32_t month, uint32_t *retry_after_s);

/* Forgets the keys that used nothing since and owe no report, and lets the table grow to `capacity` (a power of two; it
 * never shrinks): after a reload of the keys. */
void rate_limit_forget_idle(struct rate_limit *limit, uint64_t now_us, uint64_t idle_us, uint32_t capacity);

/* Requests of one address per minute, in fixed minutes, in a table that forgets with each minute. */
struct address_limit {
    uint32_t per_minute; /* 0: no limit */
    uint64_t minute;
    struct address_count {
        char address[48];
        uint32_t count;
    } *addresses;
    uint32_t capacity, used;
};

bool address_limit_init(struct address_limit *limit, uint32_t per_minute, uint32_t capacity);
void address_limit_deinit(struct address_limit *limit);

/* False: this address has had its requests of this minute; *retry_after_s until the next. When the table is full, new
 * addresses share one count. */
bool address_limit_take(struct address_limit *limit, const char *address, uint64_t now_us, uint32_t *retry_after_s);

#endif
