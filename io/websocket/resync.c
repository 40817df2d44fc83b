#include "io/websocket/resync.h"

#include "core/check.h"
#include "io/decode/event_decoder.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
    WANTS_MAX = 256,           /* served by one reading */
    FOUND_BYTES_MAX = 8 << 20, /* the thread waits while so much is not taken */
    POLL_MS = 100,
    POLL_RECORDS = 1000,
    PATIENCE_MS = 30000 /* at the end of the topic without anything that is wanted */
};

struct wanted {
    struct resync_want want;
    struct wanted *next;
};

struct resync {
    struct log_store *log;
    void (*on_found)(void *context);
    void *context;
    pthread_t thread;
    struct event_decoder decoder; /* the thread's */

    pthread_mutex_t mutex;
    pthread_cond_t moved;
    struct wanted *first_wanted, **last_wanted;
    struct resync_found *first_found, **last_found;
    uint64_t found_bytes;
    struct log_reader *reader; /* to be woken when it must stop */
    bool must_stop, must_sample, has_sampled;
    int64_t ends[PARTITIONS];
};

/* One reading of a partition for some wants. The thread's own. */
struct reading {
    struct resync *resync;
    struct resync_want wants[WANTS_MAX];
    bool is_done[WANTS_MAX];
    uint64_t expected[WANTS_MAX];
    uint32_t count, left;
    bool has_hole;    /* a want's first events lie before where reading began */
    bool is_at_start; /* reading began where the topic begins */
    int64_t next_offset;
    int64_t moved_at_ms;
    _Alignas(8) unsigned char packed[EVENT_PACKED_BYTES_MAX];
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sleep_unlocked(struct resync *resync, int64_t ms) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += ms % 1000 * 1000000;
    until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&resync->mutex);
    if (!resync->must_stop) pthread_cond_timedwait(&resync->moved, &resync->mutex, &until);
    pthread_mutex_unlock(&resync->mutex);
}

static bool is_stopping(struct resync *resync) {
    pthread_mutex_lock(&resync->mutex);
    bool must_stop = resync->must_stop;
    pthread_mutex_unlock(&resync->mutex);
    return must_stop;
}

/* ---- results ---- */

static void give(struct resync *resync, struct resync_found *found) {
    pthread_mutex_lock(&resync->mutex);
    while (resync->found_bytes > FOUND_BYTES_MAX && !resync->must_stop)
        pthread_cond_wait(&resync->moved, &resync->mutex);
    bool was_empty = !resync->first_found;
    *resync->last_found = found;
    resync->last_found = &found->next;
    resync->found_bytes += found->size;
    pthread_mutex_unlock(&resync->mutex);
    if (was_empty) resync->on_found(resync->context);
}

static struct resync_found *make_found(
    const struct resync_want *want, enum resync_kind kind, uint64_t fseq, uint32_t extra) {
    struct resync_found *found = calloc(1, sizeof *found + extra);
    CHECK(found, "no memory for a missed event");
    found->kind = (uint8_t)kind;
    memcpy(found->symbol, want->symbol, sizeof found->symbol);
    found->symbol_bytes = want->symbol_bytes;
    found->fseq = fseq;
    found->size = (uint32_t)sizeof *found + extra;
    return found;
}

static void give_event(
    struct reading *reading, const struct resync_want *want, const struct event *event, struct text value) {
    uint32_t packed_bytes = event_pack(event, reading->packed);
    struct resync_found *found = make_found(want, RESYNC_EVENT, event->fseq, packed_bytes + value.size);
    memcpy(found->packed, reading->packed, packed_bytes);
    memcpy(found->packed + packed_bytes, value.data, value.size);
    found->bytes = (struct text){(char *)found->packed + packed_bytes, value.size};
    found->next_offset = reading->next_offset;
    give(reading->resync, found);
}

static void give_end(struct reading *reading, uint32_t i, enum resync_kind kind) {
    struct resync_found *found = make_found(&reading->wants[i], kind, reading->wants[i].to, 0);
    found->next_offset = reading->next_offset;
    give(reading->resync, found);
    reading->is_done[i] = true;
    reading->left--;
}

static void give_up(struct reading *reading) {
    for (uint32_t i = 0; i < reading->count; i++)
        if (!reading->is_done[i]) give_end(reading, i, RESYNC_FAILED);
}

/* ---- reading ---- */

static bool decode(struct reading *reading, const struct resync_want *want, struct text value, struct event *event) {
    struct event_decoder *decoder = &reading->resync->decoder;
    return event_decode(decoder, value.data, value.size, &want->instrument, event) ||
           event_decode(decoder, value.data, value.size, NULL, event); /* the instrument may have been another then */
}

static void on_wanted_record(struct reading *reading, uint32_t i, const struct log_record *record) {
    const struct resync_want *want = &reading->wants[i];
    struct event event;
    if (!decode(reading, want, record->value, &event) || event.fseq < reading->expected[i]) return;
    if (event.fseq > reading->expected[i] && !reading->is_at_start) {
        reading->has_hole = true; /* it began too late: read from the beginning instead */
        return;
    }
    if (event.fseq <= want->to) give_event(reading, want, &event, record->value);
    reading->expected[i] = event.fseq + 1;
    reading->moved_at_ms = now_ms();
    if (event.fseq >= want->to) give_end(reading, i, RESYNC_DONE);
}

static void on_record(void *context, const struct log_record *record) {
    struct reading *reading = context;
    reading->next_offset = record->offset + 1;
    for (uint32_t i = 0; i < reading->count && !reading->has_hole; i++) {
        const struct resync_want *want = &reading->wants[i];
        if (!reading->is_done[i] && text_equal(record->key, (struct text){want->symbol, want->symbol_bytes}))
            on_wanted_record(reading, i, record);
    }
}

static int64_t first_offset(struct reading *reading, bool from_start) {
    int64_t begin, end, first = INT64_MAX;
    if (reading->resync->log->bounds(reading->resync->log, TOPIC_FILLS, reading->wants[0].partition, &begin, &end) !=
        STATUS_OK)
        return -1;
    for (uint32_t i = 0; i < reading->count; i++)
        if (!reading->is_done[i] && reading->wants[i].begin < first) first = reading->wants[i].begin;
    reading->is_at_start = from_start || first <= begin;
    return reading->is_at_start ? begin : first;
}

static struct log_reader *open_at(struct reading *reading, bool from_start, int *status) {
    struct resync *resync = reading->resync;
    int64_t offset = first_offset(reading, from_start);
    *status = STATUS_AWAY;
    struct log_reader *reader = offset < 0 ? NULL : resync->log->open_reader(resync->log, status);
    if (!reader) return NULL;
    reading->has_hole = false;
    reading->next_offset = offset;
    *status = reader->seek(reader, TOPIC_FILLS, reading->wants[0].partition, offset);
    pthread_mutex_lock(&resync->mutex);
    resync->reader = reader;
    pthread_mutex_unlock(&resync->mutex);
    return reader;
}

static void close_reader(struct resync *resync, struct log_reader *reader) {
    pthread_mutex_lock(&resync->mutex);
    resync->reader = NULL;
    pthread_mutex_unlock(&resync->mutex);
    reader->close(reader);
}

/* Reads until nothing is left, a hole shows, or the log refuses; returns the last status. */
static int read_on(struct reading *reading, struct log_reader *reader) {
    while (reading->left && !reading->has_hole && !is_stopping(reading->resync)) {
        int got = reader->poll(reader, POLL_MS, POLL_RECORDS, on_record, reading);
        if (got == STATUS_AWAY)
            sleep_unlocked(reading->resync, POLL_MS);
        else if (got < 0 && got != STATUS_EMPTY)
            return got;
        else if (got <= 0 && now_ms() - reading->moved_at_ms > PATIENCE_MS)
            return STATUS_GAP;
    }
    return STATUS_OK;
}

static void serve(struct reading *reading) {
    bool from_start = false;
    while (reading->left && !is_stopping(reading->resync)) {
        int status;
        reading->moved_at_ms = now_ms();
        struct log_reader *reader = open_at(reading, from_start, &status);
        if (status == STATUS_OK) status = read_on(reading, reader);
        if (reader) close_reader(reading->resync, reader);
        if (reading->has_hole)
            from_start = true;
        else if (status == STATUS_AWAY)
            sleep_unlocked(reading->resync, 10 * POLL_MS);
        else if (status != STATUS_OK)
            give_up(reading);
    }
}

/* Takes the wants of one partition, with the mutex held. */
static void take_wants(struct resync *resync, struct reading *reading) {
    int32_t partition = resync->first_wanted->want.partition;
    reading->resync = resync;
    reading->count = 0;
    struct wanted **at = &resync->first_wanted;
    while (*at && reading->count < WANTS_MAX) {
        struct wanted *wanted = *at;
        if (wanted->want.partition != partition) {
            at = &wanted->next;
            continue;
        }
        reading->is_done[reading->count] = false;
        reading->expected[reading->count] = wanted->want.from;
        reading->wants[reading->count++] = wanted->want;
        *at = wanted->next;
        free(wanted);
    }
    reading->left = reading->count;
    for (resync->last_wanted = &resync->first_wanted; *resync->last_wanted;)
        resync->last_wanted = &(*resync->last_wanted)->next;
}

static void sample(struct resync *resync) {
    int64_t ends[PARTITIONS];
    for (int32_t partition = 0; partition < PARTITIONS; partition++) {
        int64_t begin;
        if (resync->log->bounds(resync->log, TOPIC_FILLS, partition, &begin, &ends[partition]) != STATUS_OK)
            ends[partition] = -1;
    }
    pthread_mutex_lock(&resync->mutex);
    memcpy(resync->ends, ends, sizeof ends);
    resync->has_sampled = true;
    pthread_mutex_unlock(&resync->mutex);
}

static void *run(void *context) {
    struct resync *resync = context;
    struct reading *reading = malloc(sizeof *reading);
    CHECK(reading, "no memory for reading missed events");
    pthread_mutex_lock(&resync->mutex);
    while (!resync->must_stop) {
        bool must_sample = resync->must_sample, must_read = resync->first_wanted != NULL;
        if (!must_sample && !must_read) {
            pthread_cond_wait(&resync->moved, &resync->mutex);
            continue;
        }
        resync->must_sample = false;
        if (must_read) take_wants(resync, reading);
        pthread_mutex_unlock(&resync->mutex);
        if (must_sample) sample(resync);
        if (must_read) serve(reading);
        pthread_mutex_lock(&resync->mutex);
    }
    pthread_mutex_unlock(&resync->mutex);
    free(reading);
    return NULL;
}

/* ---- what other threads call ---- */

static void init_conditions(struct resync *resync) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&resync->moved, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&resync->mutex, NULL);
}

static void release(struct resync *resync) {
    while (resync->first_wanted) {
        struct wanted *gone = resync->first_wanted;
        resync->first_wanted = gone->next;
        free(gone);
    }
    while (resync->first_found) {
        struct resync_found *gone = resync->first_found;
        resync->first_found = gone->next;
        free(gone);
    }
    pthread_cond_destroy(&resync->moved);
    pthread_mutex_destroy(&resync->mutex);
    event_decoder_deinit(&resync->decoder);
    free(resync);
}

struct resync *resync_start(struct log_store *log, void (*on_found)(void *context), void *context) {
    struct resync *resync = calloc(1, sizeof *resync);
    if (!resync) return NULL;
    resync->log = log;
    resync->on_found = on_found;
    resync->context = context;
    resync->last_wanted = &resync->first_wanted;
    resync->last_found = &resync->first_found;
    resync->must_sample = true;
    init_conditions(resync);
    if (event_decoder_init(&resync->decoder) && pthread_create(&resync->thread, NULL, run, resync) == 0) return resync;
    release(resync);
    return NULL;
}

void resync_stop(struct resync *resync) {
    pthread_mutex_lock(&resync->mutex);
    resync->must_stop = true;
    if (resync->reader) resync->reader->wake(resync->reader);
    pthread_cond_broadcast(&resync->moved);
    pthread_mutex_unlock(&resync->mutex);
    pthread_join(resync->thread, NULL);
    release(resync);
}

void resync_ask(struct resync *resync, const struct resync_want *want) {
    struct wanted *wanted = malloc(sizeof *wanted);
    CHECK(wanted, "no memory for a want");
    wanted->want = *want;
    wanted->next = NULL;
    pthread_mutex_lock(&resync->mutex);
    *resync->last_wanted = wanted;
    resync->last_wanted = &wanted->next;
    pthread_cond_broadcast(&resync->moved);
    pthread_mutex_unlock(&resync->mutex);
}

void resync_sample(struct resync *resync) {
    pthread_mutex_lock(&resync->mutex);
    resync->must_sample = true;
    pthread_cond_broadcast(&resync->moved);
    pthread_mutex_unlock(&resync->mutex);
}

bool resync_sampled(struct resync *resync, int64_t ends[PARTITIONS]) {
    pthread_mutex_lock(&resync->mutex);
    bool has_sampled = resync->has_sampled;
    resync->has_sampled = false;
    memcpy(ends, resync->ends, sizeof resync->ends);
    pthread_mutex_unlock(&resync->mutex);
    return has_sampled;
}

struct resync_found *resync_take(struct resync *resync) {
    pthread_mutex_lock(&resync->mutex);
    struct resync_found *found = resync->first_found;
    resync->first_found = NULL;
    resync->last_found = &resync->first_found;
    resync->found_bytes = 0;
    pthread_cond_broadcast(&resync->moved);
    pthread_mutex_unlock(&resync->mutex);
    return found;
}
