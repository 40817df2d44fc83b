#include "shards/log_scan.h"

#include <stdlib.h>

enum { POLL_MS = 50, QUIET_POLLS_MAX = 200, RECORDS_PER_POLL = 4096 };

struct scan {
    const struct log_stretch *stretches;
    int count;
    int64_t *next;
    void (*on_record)(void *context, const struct log_record *record);
    void *context;
};

static void on_scanned(void *context, const struct log_record *record) {
    struct scan *scan = context;
    for (int i = 0; i < scan->count; i++) {
        const struct log_stretch *stretch = &scan->stretches[i];
        if (stretch->topic != record->topic || stretch->partition != record->partition) continue;
        if (record->offset < stretch->end) scan->on_record(scan->context, record);
        scan->next[i] = record->offset + 1;
    }
}

static bool is_read(const struct scan *scan) {
    for (int i = 0; i < scan->count; i++)
        if (scan->next[i] < scan->stretches[i].end) return false;
    return true;
}

/* Behind the last record of `orders` there may be marks of other people's transactions, which are never delivered: then
 * silence is the end. Nobody but us writes to `fills`, so there it is a broker that is slow, and what it holds back
 * must not be taken for missing. */
static int end_in_silence(const struct scan *scan) {
    for (int i = 0; i < scan->count; i++)
        if (scan->next[i] < scan->stretches[i].end && scan->stretches[i].topic == TOPIC_FILLS) return STATUS_AWAY;
    return STATUS_OK;
}

static int read_all(struct scan *scan, struct log_reader *reader, int patience_ms) {
    int quiet_polls = 0, away_ms = 0;
    while (!is_read(scan)) {
        int got = reader->poll(reader, POLL_MS, RECORDS_PER_POLL, on_scanned, scan);
        if (got < 0 && got != STATUS_AWAY) return got;
        if (got == STATUS_AWAY && (away_ms += POLL_MS) > patience_ms) return STATUS_AWAY;
        quiet_polls = got == 0 ? quiet_polls + 1 : 0;
        if (quiet_polls > QUIET_POLLS_MAX) return end_in_silence(scan);
    }
    return STATUS_OK;
}

int log_scan(struct log_store *store, const struct log_stretch *stretches, int count, int patience_ms,
    void (*on_record)(void *context, const struct log_record *record), void *context) {
    int status = STATUS_OK;
    struct scan scan = {stretches, count, calloc((size_t)count + 1, sizeof(int64_t)), on_record, context};
    struct log_reader *reader = scan.next ? store->open_reader(store, &status) : NULL;
    if (!scan.next) status = STATUS_NO_MEMORY;
    for (int i = 0; reader && status == STATUS_OK && i < count; i++) {
        scan.next[i] = stretches[i].begin;
        if (stretches[i].begin < stretches[i].end)
            status = reader->seek(reader, stretches[i].topic, stretches[i].partition, stretches[i].begin);
    }
    if (reader && status == STATUS_OK) status = read_all(&scan, reader, patience_ms);
    if (reader) reader->close(reader);
    free(scan.next);
    return status;
}
