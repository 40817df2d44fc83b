#include "router/rate_limit.h"

#include <stdlib.h>
#include <string.h>

static uint32_t hash_of(const char *bytes, size_t size) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ (uint8_t)bytes[i]) * 16777619u;
    }
    return hash ^ hash >> 15;
}

/* ---------------------------------------------------------------- keys */

bool rate_limit_init(struct rate_limit *limit, struct usage_plan plan, uint32_t capacity) {
    *limit = (struct rate_limit){.plan = plan, .capacity = capacity, .keys = calloc(capacity, sizeof *limit->keys)};
    return limit->keys != NULL;
}

void rate_limit_deinit(struct rate_limit *limit) { free(limit->keys); }

static uint64_t bucket_micro(const struct rate_limit *limit) { return (uint64_t)limit->plan.burst * 1000000; }

/* The key's place, or the free one where it belongs; NULL when there is none. */
static struct key_usage *find_usage(const struct rate_limit *limit, struct text key) {
    uint32_t mask = limit->capacity - 1;
    uint32_t at = hash_of(key.data, key.size) & mask;
    for (uint32_t i = 0; i < limit->capacity; i++, at = (at + 1) & mask) {
        struct key_usage *usage = &limit->keys[at];
        if (!usage->name[0] || (strncmp(usage->name, key.data, key.size) == 0 && !usage->name[key.size])) {
            return usage;
        }
    }
    return NULL;
}

static struct key_usage *get_usage(struct rate_limit *limit, struct text key, uint64_t now_us, int32_t month) {
    if (key.size == 0 || key.size >= RATE_NAME_BYTES) {
        return NULL;
    }
    struct key_usage *usage = find_usage(limit, key);
    if (usage && !usage->name[0]) {
        if (limit->used + 1 >= limit->capacity) {
            return NULL;
        }
        limit->used++;
        memcpy(usage->name, key.data, key.size);
        usage->tokens_micro = bucket_micro(limit);
        usage->filled_us = now_us;
        usage->month = month;
    }
    return usage;
}

static void fill_bucket(const struct rate_limit *limit, struct key_usage *usage, uint64_t now_us) {
    uint64_t passed_us = now_us > usage->filled_us ? now_us - usage->filled_us : 0;
    if (passed_us > 3600u * UINT64_C(1000000)) {
        passed_us = 3600u * UINT64_C(1000000); /* by then every bucket is full */
    }
    uint64_t tokens = usage->tokens_micro + passed_us * limit->plan.rate_per_s;
    uint64_t most = bucket_micro(limit);
    usage->tokens_micro = tokens < most ? tokens : most;
    usage->filled_us = now_us;
}

static void turn_month(struct key_usage *usage, int32_t month) {
    if (usage->month != month) {
        usage->month = month;
        usage->counted = usage->unreported = usage->reporting = 0;
    }
}

enum allowance rate_limit_take(
    struct rate_limit *limit, struct text key, uint64_t now_us, int32_t month, uint32_t *retry_after_s) {
    struct key_usage *usage = get_usage(limit, key, now_us, month);
    *retry_after_s = 1;
    if (!usage) {
        return TOO_FAST;
    }
    fill_bucket(limit, usage, now_us);
    turn_month(usage, month);
    if (limit->plan.rate_per_s && usage->tokens_micro < 1000000) {
        return TOO_FAST;
    }
    if (limit->plan.quota_per_month && usage->counted >= limit->plan.quota_per_month) {
        *retry_after_s = 0;
        return QUOTA_SPENT;
    }
    usage->tokens_micro -= limit->plan.rate_per_s ? 1000000 : 0;
    usage->counted++;
    usage->unreported++;
    *retry_after_s = 0;
    return ALLOWED;
}

void rate_limit_forget_idle(struct rate_limit *limit, uint64_t now_us, uint64_t idle_us, uint32_t capacity) {
    struct rate_limit fresh;
    if (capacity < limit->capacity) {
        capacity = limit->capacity;
    }
    if (!rate_limit_init(&fresh, limit->plan, capacity)) {
        return;
    }
    for (uint32_t i = 0; i < limit->capacity; i++) {
        struct key_usage *usage = &limit->keys[i];
        bool idle = now_us - usage->filled_us > idle_us && !usage->unreported && !usage->reporting;
        if (usage->name[0] && !idle) {
            *find_usage(&fresh, text_of(usage->name)) = *usage;
            fresh.used++;
        }
    }
    rate_limit_deinit(limit);
    *limit = fresh;
}

/* ---------------------------------------------------------------- addresses */

bool address_limit_init(struct address_limit *limit, uint32_t per_minute, uint32_t capacity) {
    *limit = (struct address_limit){.per_minute = per_minute, .capacity = capacity};
    limit->addresses = per_minute ? calloc(capacity, sizeof *limit->addresses) : NULL;
    return !per_minute || limit->addresses;
}

void address_limit_deinit(struct address_limit *limit) { free(limit->addresses); }

/* The first place is for the addresses that find none. */
static struct address_count *find_count(struct address_limit *limit, const char *address) {
    uint32_t places = limit->capacity - 1;
    uint32_t at = hash_of(address, strlen(address)) % places;
    bool full = limit->used >= places / 4 * 3;
    for (uint32_t i = 0; i < places; i++, at = (at + 1) % places) {
        struct address_count *count = &limit->addresses[1 + at];
        if (strcmp(count->address, address) == 0) {
            return count;
        }
        if (!count->address[0]) {
            if (full) {
                break;
            }
            limit->used++;
            memcpy(count->address, address, strlen(address) + 1);
            return count;
        }
    }
    return &limit->addresses[0];
}

bool address_limit_take(struct address_limit *limit, const char *address, uint64_t now_us, uint32_t *retry_after_s) {
    *retry_after_s = 0;
    if (!limit->per_minute || !*address || strlen(address) >= sizeof limit->addresses->address) {
        return true;
    }
    uint64_t minute = now_us / 60000000;
    if (minute != limit->minute) {
        limit->minute = minute;
        limit->used = 0;
        memset(limit->addresses, 0, limit->capacity * sizeof *limit->addresses);
    }
    struct address_count *count = find_count(limit, address);
    if (count->count >= limit->per_minute) {
        *retry_after_s = (uint32_t)(60 - now_us / 1000000 % 60);
        return false;
    }
    count->count++;
    return true;
}
