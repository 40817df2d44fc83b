#include "router/quota.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEEP_SECONDS = 40 * 24 * 3600 };

/* One addition on its way. */
struct report {
    struct quota *quota;
    char name[RATE_NAME_BYTES];
    int32_t month;
    uint64_t count;
};

static struct tm date_of(int64_t calendar_ms) {
    time_t seconds = (time_t)(calendar_ms / 1000);
    struct tm date;
    gmtime_r(&seconds, &date);
    return date;
}

int32_t quota_month(int64_t calendar_ms) {
    struct tm date = date_of(calendar_ms);
    return (date.tm_year + 1900) * 12 + date.tm_mon;
}

uint32_t quota_month_ends_in_s(int64_t calendar_ms) {
    struct tm date = date_of(calendar_ms);
    struct tm next = {.tm_year = date.tm_year, .tm_mon = date.tm_mon + 1, .tm_mday = 1};
    return (uint32_t)(timegm(&next) - (time_t)(calendar_ms / 1000));
}

/* The same key's usage, if it still is of that month. Names are unique, and the table may have moved meanwhile. */
static struct key_usage *find_again(struct rate_limit *limit, const struct report *report) {
    for (uint32_t i = 0; i < limit->capacity; i++) {
        struct key_usage *usage = &limit->keys[i];
        if (strcmp(usage->name, report->name) == 0 && usage->month == report->month) {
            return usage;
        }
    }
    return NULL;
}

static void on_reported(void *context, const struct redisReply *reply) {
    struct report *report = context;
    struct key_usage *usage = find_again(report->quota->limit, report);
    int64_t total;
    bool counted = valkey_reply_integer(reply, &total) && total >= 0;
    if (!counted) {
        report->quota->metrics->quota_report_failures++;
    }
    if (usage && counted) {
        usage->reporting = 0;
        usage->counted = (uint64_t)total + usage->unreported;
    } else if (usage) {
        usage->unreported += usage->reporting;
        usage->reporting = 0;
    }
    free(report);
}

static struct text key_of(const struct report *report, char *out, size_t bytes) {
    int n = snprintf(out, bytes, "quota:%s:%04d%02d", report->name, report->month / 12, report->month % 12 + 1);
    return (struct text){out, (uint32_t)n};
}

static void send_report(struct quota *quota, struct key_usage *usage) {
    char key_bytes[RATE_NAME_BYTES + 32], count_bytes[24], keep_bytes[24];
    struct report *report = malloc(sizeof *report);
    if (!report) {
        return;
    }
    *report = (struct report){.quota = quota, .month = usage->month, .count = usage->unreported};
    memcpy(report->name, usage->name, sizeof report->name);
    struct text key = key_of(report, key_bytes, sizeof key_bytes);
    struct text count = {
        count_bytes, (uint32_t)snprintf(count_bytes, sizeof count_bytes, "%llu", (unsigned long long)report->count)};
    struct text keep = {keep_bytes, (uint32_t)snprintf(keep_bytes, sizeof keep_bytes, "%d", KEEP_SECONDS)};
    struct text add[] = {TEXT("INCRBY"), key, count};
    struct text expire[] = {TEXT("EXPIRE"), key, keep};
    if (valkey_client_command(quota->valkey, add, 3, on_reported, report) != STATUS_OK) {
        free(report);
        return;
    }
    usage->reporting = usage->unreported;
    usage->unreported = 0;
    quota->metrics->quota_reports++;
    (void)valkey_client_command(quota->valkey, expire, 3, NULL, NULL); /* refused: the next report asks again */
}

void quota_report(struct quota *quota) {
    if (!quota->limit->plan.quota_per_month || !quota->limit->used || !valkey_client_is_up(quota->valkey)) {
        return;
    }
    for (uint32_t i = 0; i < quota->limit->capacity; i++) {
        struct key_usage *usage = &quota->limit->keys[i];
        if (usage->name[0] && usage->unreported && !usage->reporting) {
            send_report(quota, usage);
        }
    }
}
