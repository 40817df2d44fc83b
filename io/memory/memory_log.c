#include "io/memory/memory_log.h"

#include "core/check.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { PARTITIONS_MAX = 64, SOURCES_MAX = TOPIC_COUNT * PARTITIONS_MAX, TAKE_MAX = 64 };

/* One record with its texts behind it; never changes once it is in the log, so it is read without the lock. */
struct stored {
    struct stored *next_allocated;
    struct log_record record;
    struct log_header headers[];
};

struct partition_log {
    struct stored **slots; /* slot i: offset base + i; NULL in a hole */
    int64_t base, end;     /* base: offset of slots[0], never changes once something is stored */
    int64_t begin;         /* first offset that readers may have */
    int64_t capacity;
};

struct memory_reader {
    struct log_reader port;
    struct memory_log *log;
    struct memory_reader *next;
    pthread_cond_t wakeup;
    bool woken;
    int source_count, next_source;
    struct source {
        uint8_t topic;
        bool paused;
        int32_t partition;
        int64_t position;
    } sources[SOURCES_MAX];
};

struct pending_ack {
    struct log_ack ack;
    int64_t due_ms;
    struct text given, stored; /* of a record whose value stays where it was given */
};

struct memory_writer {
    struct log_writer port;
    struct memory_log *log;
    struct memory_writer *next;
    pthread_cond_t wakeup;
    bool woken, failed;
    struct pending_ack *acks; /* ring of ack_capacity, a power of two */
    uint64_t ack_first, ack_end, ack_capacity;
};

struct memory_log {
    struct log_store port;
    pthread_mutex_t lock; /* everything below */
    struct partition_log partitions[TOPIC_COUNT][PARTITIONS_MAX];
    int32_t partition_count[TOPIC_COUNT];
    struct memory_reader *readers;
    struct memory_writer *writers;
    struct stored *allocated;
    struct memory_faults faults;
    int64_t time_ms;
};

static int64_t monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t append_time_ms(const struct memory_log *log) {
    if (log->time_ms >= 0) return log->time_ms;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void cond_init_monotonic(pthread_cond_t *cond) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* Waits until signalled or until deadline_ms; false at the deadline. */
static bool wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_ms) {
    struct timespec deadline = {.tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000};
    return pthread_cond_timedwait(cond, lock, &deadline) != ETIMEDOUT;
}

/* -- records ------------------------------------------------------------------------------------------------ */

static struct partition_log *partition_find(struct memory_log *log, uint8_t topic, int32_t partition) {
    if (topic >= TOPIC_COUNT || partition < 0 || partition >= log->partition_count[topic]) return NULL;
    return &log->partitions[topic][partition];
}

static struct text copy_text(char **to, struct text from) {
    if (!from.data) return TEXT_NONE;
    struct text copy = {*to, from.size};
    if (from.size) memcpy(*to, from.data, from.size);
    *to += from.size + 1; /* so that an empty text has an address of its own */
    return copy;
}

static struct stored *stored_new(const struct log_append *from) {
    uint32_t kept = from->header_count < LOG_HEADERS_MAX ? from->header_count : LOG_HEADERS_MAX;
    size_t bytes = sizeof(struct stored) + kept * sizeof(struct log_header) + from->key.size + from->value.size + 2;
    for (uint32_t i = 0; i < kept; i++) bytes += (size_t)from->headers[i].name.size + from->headers[i].value.size + 2;
    struct stored *stored = malloc(bytes);
    if (!stored) return NULL;
    char *to = (char *)(stored->headers + kept);
    stored->record = (struct log_record){.topic = from->topic,
        .partition = from->partition,
        .key = copy_text(&to, from->key),
        .value = copy_text(&to, from->value),
        .has_value = from->value.data != NULL,
        .header_count = from->header_count,
        .headers = kept ? stored->headers : NULL};
    for (uint32_t i = 0; i < kept; i++)
        stored->headers[i] =
            (struct log_header){copy_text(&to, from->headers[i].name), copy_text(&to, from->headers[i].value)};
    return stored;
}

static bool reserve_slot(struct partition_log *partition) {
    int64_t used = partition->end - partition->base;
    if (used < partition->capacity) return true;
    int64_t capacity = partition->capacity ? partition->capacity * 2 : 64;
    struct stored **slots = realloc(partition->slots, (size_t)capacity * sizeof *slots);
    if (!slots) return false;
    partition->slots = slots;
    partition->capacity = capacity;
    return true;
}

static void wake_readers_of(struct memory_log *log, uint8_t topic, int32_t partition) {
    for (struct memory_reader *reader = log->readers; reader; reader = reader->next)
        for (int i = 0; i < reader->source_count; i++)
            if (reader->sources[i].topic == topic && reader->sources[i].partition == partition) {
                pthread_cond_signal(&reader->wakeup);
                break;
            }
}

/* Stores a copy and returns its offset or a negative status. The lock is held. */
static int64_t store_locked(struct memory_log *log, const struct log_append *record, int64_t timestamp_ms) {
    struct partition_log *partition = partition_find(log, record->topic, record->partition);
    if (!partition) return STATUS_INVALID;
    struct stored *stored = stored_new(record);
    if (!stored || !reserve_slot(partition)) {
        free(stored);
        return STATUS_NO_MEMORY;
    }
    stored->next_allocated = log->allocated;
    log->allocated = stored;
    stored->record.offset = partition->end;
    stored->record.timestamp_ms = timestamp_ms >= 0 ? timestamp_ms : append_time_ms(log);
    partition->slots[partition->end - partition->base] = stored;
    return partition->end++;
}

int64_t memory_log_append(struct memory_log *log, const struct log_append *record, int64_t timestamp_ms) {
    pthread_mutex_lock(&log->lock);
    int64_t offset = store_locked(log, record, timestamp_ms);
    if (offset >= 0) wake_readers_of(log, record->topic, record->partition);
    pthread_mutex_unlock(&log->lock);
    return offset;
}

int memory_log_read(
    struct memory_log *log, uint8_t topic, int32_t partition, int64_t offset, struct log_record *record) {
    int status = STATUS_OK;
    pthread_mutex_lock(&log->lock);
    struct partition_log *from = partition_find(log, topic, partition);
    if (!from)
        status = STATUS_INVALID;
    else if (offset < from->begin)
        status = STATUS_GAP;
    else if (offset >= from->end || !from->slots[offset - from->base])
        status = STATUS_EMPTY;
    else
        *record = from->slots[offset - from->base]->record;
    pthread_mutex_unlock(&log->lock);
    return status;
}

int64_t memory_log_begin(struct memory_log *log, uint8_t topic, int32_t partition) {
    pthread_mutex_lock(&log->lock);
    struct partition_log *of = partition_find(log, topic, partition);
    int64_t begin = of ? of->begin : STATUS_INVALID;
    pthread_mutex_unlock(&log->lock);
    return begin;
}

int64_t memory_log_end(struct memory_log *log, uint8_t topic, int32_t partition) {
    pthread_mutex_lock(&log->lock);
    struct partition_log *of = partition_find(log, topic, partition);
    int64_t end = of ? of->end : STATUS_INVALID;
    pthread_mutex_unlock(&log->lock);
    return end;
}

void memory_log_skip(struct memory_log *log, uint8_t topic, int32_t partition, int64_t count) {
    pthread_mutex_lock(&log->lock);
    struct partition_log *in = partition_find(log, topic, partition);
    for (; in && count > 0 && reserve_slot(in); count--) in->slots[in->end++ - in->base] = NULL;
    pthread_mutex_unlock(&log->lock);
}

void memory_log_trim(struct memory_log *log, uint8_t topic, int32_t partition, int64_t begin) {
    pthread_mutex_lock(&log->lock);
    struct partition_log *in = partition_find(log, topic, partition);
    if (in && begin > in->begin) in->begin = begin < in->end ? begin : in->end;
    pthread_mutex_unlock(&log->lock);
}

void memory_log_truncate(struct memory_log *log, uint8_t topic, int32_t partition, int64_t end) {
    pthread_mutex_lock(&log->lock);
    struct partition_log *in = partition_find(log, topic, partition);
    if (in && end < in->end) {
        in->end = end > in->base ? end : in->base;
        if (in->begin > in->end) in->begin = in->end;
        wake_readers_of(log, topic, partition);
    }
    pthread_mutex_unlock(&log->lock);
}

/* -- reader ------------------------------------------------------------------------------------------------- */

/* Moves up to `max` records of one source into `taken`; counts them, or STATUS_GAP. The lock is held. */
static int take_from_source(struct memory_log *log, struct source *source, int max, struct stored **taken) {
    struct partition_log *partition = partition_find(log, source->topic, source->partition);
    if (source->position < partition->begin || source->position > partition->end) return STATUS_GAP;
    int count = 0;
    for (; count < max && source->position < partition->end; source->position++) {
        struct stored *stored = partition->slots[source->position - partition->base];
        if (stored) taken[count++] = stored;
    }
    return count;
}

/* Takes from the sources in turn, so that none starves. The lock is held. */
static int take_records(struct memory_reader *reader, int max, struct stored **taken) {
    int count = 0;
    for (int tried = 0; tried < reader->source_count && count < max; tried++) {
        struct source *source = &reader->sources[reader->next_source];
        reader->next_source = (reader->next_source + 1) % reader->source_count;
        if (source->paused) continue;
        int got = take_from_source(reader->log, source, max - count, taken + count);
        if (got < 0 && count == 0) return got;
        count += got > 0 ? got : 0;
    }
    return count;
}

/* Waits for the first records: how many, 0 at the deadline or when woken, or a status. */
static int wait_for_records(struct memory_reader *reader, int timeout_ms, int max, struct stored **taken) {
    struct memory_log *log = reader->log;
    int64_t deadline_ms = timeout_ms > 0 ? monotonic_ms() + timeout_ms : 0;
    int count = 0;
    pthread_mutex_lock(&log->lock);
    for (;;) {
        int limit =
            log->faults.read_pieces_max > 0 && log->faults.read_pieces_max < max ? log->faults.read_pieces_max : max;
        count = log->faults.away ? 0 : take_records(reader, limit, taken);
        if (count != 0 || reader->woken || timeout_ms <= 0 || !wait_until(&reader->wakeup, &log->lock, deadline_ms))
            break;
    }
    if (count == 0 && log->faults.away) count = STATUS_AWAY;
    reader->woken = false;
    pthread_mutex_unlock(&log->lock);
    return count;
}

static int reader_poll(struct log_reader *port, int timeout_ms, int max,
    void (*on_record)(void *context, const struct log_record *record), void *context) {
    struct stored *taken[TAKE_MAX];
    int total = 0;
    while (total < max) {
        int limit = max - total < TAKE_MAX ? max - total : TAKE_MAX;
        int count = wait_for_records((struct memory_reader *)port, total ? 0 : timeout_ms, limit, taken);
        if (count <= 0) return total ? total : count;
        for (int i = 0; i < count; i++) on_record(context, &taken[i]->record);
        total += count;
        if (count < limit) break;
    }
    return total;
}

static void reader_wake(struct log_reader *port) {
    struct memory_reader *reader = (struct memory_reader *)port;
    pthread_mutex_lock(&reader->log->lock);
    reader->woken = true;
    pthread_cond_signal(&reader->wakeup);
    pthread_mutex_unlock(&reader->log->lock);
}

static struct source *source_find(struct memory_reader *reader, uint8_t topic, int32_t partition) {
    for (int i = 0; i < reader->source_count; i++)
        if (reader->sources[i].topic == topic && reader->sources[i].partition == partition) return &reader->sources[i];
    return NULL;
}

static int reader_seek(struct log_reader *port, uint8_t topic, int32_t partition, int64_t offset) {
    struct memory_reader *reader = (struct memory_reader *)port;
    int status = STATUS_OK;
    pthread_mutex_lock(&reader->log->lock);
    struct source *source = source_find(reader, topic, partition);
    if (!partition_find(reader->log, topic, partition) || offset < 0)
        status = STATUS_INVALID;
    else if (source)
        source->position = offset;
    else
        reader->sources[reader->source_count++] =
            (struct source){.topic = topic, .partition = partition, .position = offset};
    pthread_mutex_unlock(&reader->log->lock);
    return status;
}

static int reader_pause(struct log_reader *port, uint8_t topic, int32_t partition, bool paused) {
    struct memory_reader *reader = (struct memory_reader *)port;
    pthread_mutex_lock(&reader->log->lock);
    struct source *source = source_find(reader, topic, partition);
    if (source) source->paused = paused;
    pthread_mutex_unlock(&reader->log->lock);
    return source ? STATUS_OK : STATUS_INVALID;
}

static void reader_close(struct log_reader *port) {
    struct memory_reader *reader = (struct memory_reader *)port;
    pthread_mutex_lock(&reader->log->lock);
    struct memory_reader **link = &reader->log->readers;
    while (*link != reader) link = &(*link)->next;
    *link = reader->next;
    pthread_mutex_unlock(&reader->log->lock);
    pthread_cond_destroy(&reader->wakeup);
    free(reader);
}

static struct log_reader *store_open_reader(struct log_store *store, int *status) {
    struct memory_log *log = (struct memory_log *)store;
    struct memory_reader *reader = calloc(1, sizeof *reader);
    *status = reader ? STATUS_OK : STATUS_NO_MEMORY;
    if (!reader) return NULL;
    reader->port = (struct log_reader){reader_poll, reader_wake, reader_seek, reader_pause, reader_close};
    reader->log = log;
    cond_init_monotonic(&reader->wakeup);
    pthread_mutex_lock(&log->lock);
    reader->next = log->readers;
    log->readers = reader;
    pthread_mutex_unlock(&log->lock);
    return &reader->port;
}

/* -- writer ------------------------------------------------------------------------------------------------- */

/* What was promised to stay is compared when it is acknowledged. The lock is held. */
static void note_given(struct memory_writer *writer, const struct log_append *record, int64_t offset) {
    const struct partition_log *partition = partition_find(writer->log, record->topic, record->partition);
    struct pending_ack *pending = &writer->acks[(writer->ack_end - 1) & (writer->ack_capacity - 1)];
    pending->given = record->value;
    pending->stored = partition->slots[offset - partition->base]->record.value;
}

static bool push_ack(struct memory_writer *writer, const struct log_append *record, int status, int64_t offset) {
    if (writer->ack_end - writer->ack_first == writer->ack_capacity) {
        uint64_t capacity = writer->ack_capacity ? writer->ack_capacity * 2 : 256;
        struct pending_ack *acks = malloc(capacity * sizeof *acks);
        if (!acks) return false;
        for (uint64_t i = writer->ack_first; i < writer->ack_end; i++)
            acks[i & (capacity - 1)] = writer->acks[i & (writer->ack_capacity - 1)];
        free(writer->acks);
        writer->acks = acks;
        writer->ack_capacity = capacity;
    }
    writer->acks[writer->ack_end++ & (writer->ack_capacity - 1)] =
        (struct pending_ack){.ack = {.token = record->token,
                                 .status = status,
                                 .topic = record->topic,
                                 .partition = record->partition,
                                 .offset = offset},
            .due_ms = writer->log->faults.ack_delay_ms > 0 ? monotonic_ms() + writer->log->faults.ack_delay_ms : 0};
    if (record->stays && offset >= 0) note_given(writer, record, offset);
    return true;
}

/* Takes one record as the faults allow; returns whether it was taken or a negative status. The lock is held. */
static int take_append(struct memory_writer *writer, const struct log_append *record) {
    struct memory_faults *faults = &writer->log->faults;
    if (faults->full || (faults->in_flight_max && writer->ack_end - writer->ack_first >= faults->in_flight_max))
        return 0;
    bool fails = writer->failed || (faults->fail_after && faults->fail_after_records == 0);
    int64_t offset = -1;
    if (!fails || (!writer->failed && faults->fail_stores)) {
        offset = store_locked(writer->log, record, -1);
        if (offset < 0) return (int)offset;
        wake_readers_of(writer->log, record->topic, record->partition);
    }
    if (!push_ack(writer, record, fails ? STATUS_FATAL : STATUS_OK, fails ? -1 : offset)) return STATUS_NO_MEMORY;
    writer->failed = fails;
    if (faults->fail_after && faults->fail_after_records > 0) faults->fail_after_records--;
    return 1;
}

static int writer_append(struct log_writer *port, const struct log_append *records, int count) {
    struct memory_writer *writer = (struct memory_writer *)port;
    int taken = 0, status = STATUS_OK;
    pthread_mutex_lock(&writer->log->lock);
    if (writer->failed) status = STATUS_FATAL;
    int limit = writer->log->faults.append_pieces_max;
    while (status == STATUS_OK && taken < count && !(limit > 0 && taken >= limit)) {
        int got = take_append(writer, &records[taken]);
        if (got == 0) break;
        if (got < 0)
            status = got;
        else
            taken++;
    }
    pthread_mutex_unlock(&writer->log->lock);
    return status != STATUS_OK && taken == 0 ? status : taken;
}

/* When the first acknowledgement may go out: 0 now, -1 nobody knows. */
static int64_t first_ack_due_ms(const struct memory_writer *writer) {
    if (writer->ack_first == writer->ack_end || writer->log->faults.hold_acks) return -1;
    int64_t due_ms = writer->acks[writer->ack_first & (writer->ack_capacity - 1)].due_ms;
    return due_ms <= monotonic_ms() ? 0 : due_ms;
}

static void wait_for_ack(struct memory_writer *writer, int timeout_ms) {
    int64_t deadline_ms = monotonic_ms() + timeout_ms;
    for (;;) {
        int64_t due_ms = first_ack_due_ms(writer);
        if (due_ms == 0 || writer->woken || monotonic_ms() >= deadline_ms) return;
        wait_until(&writer->wakeup, &writer->log->lock, due_ms > 0 && due_ms < deadline_ms ? due_ms : deadline_ms);
    }
}

static int writer_poll(
    struct log_writer *port, int timeout_ms, void (*on_ack)(void *context, const struct log_ack *ack), void *context) {
    struct memory_writer *writer = (struct memory_writer *)port;
    int count = 0;
    pthread_mutex_lock(&writer->log->lock);
    if (timeout_ms > 0) wait_for_ack(writer, timeout_ms);
    writer->woken = false;
    while (first_ack_due_ms(writer) == 0) {
        struct pending_ack pending = writer->acks[writer->ack_first++ & (writer->ack_capacity - 1)];
        pthread_mutex_unlock(&writer->log->lock);
        CHECK(text_equal(pending.given, pending.stored), "a value that was to stay has changed on its way");
        on_ack(context, &pending.ack);
        count++;
        pthread_mutex_lock(&writer->log->lock);
    }
    pthread_mutex_unlock(&writer->log->lock);
    return count;
}

static void writer_wake(struct log_writer *port) {
    struct memory_writer *writer = (struct memory_writer *)port;
    pthread_mutex_lock(&writer->log->lock);
    writer->woken = true;
    pthread_cond_signal(&writer->wakeup);
    pthread_mutex_unlock(&writer->log->lock);
}

static uint64_t writer_in_flight(const struct log_writer *port) {
    const struct memory_writer *writer = (const struct memory_writer *)port;
    pthread_mutex_lock(&writer->log->lock);
    uint64_t count = writer->ack_end - writer->ack_first;
    pthread_mutex_unlock(&writer->log->lock);
    return count;
}

static void writer_close(struct log_writer *port) {
    struct memory_writer *writer = (struct memory_writer *)port;
    pthread_mutex_lock(&writer->log->lock);
    struct memory_writer **link = &writer->log->writers;
    while (*link != writer) link = &(*link)->next;
    *link = writer->next;
    pthread_mutex_unlock(&writer->log->lock);
    pthread_cond_destroy(&writer->wakeup);
    free(writer->acks);
    free(writer);
}

static struct log_writer *store_open_writer(struct log_store *store, int *status) {
    struct memory_log *log = (struct memory_log *)store;
    struct memory_writer *writer = calloc(1, sizeof *writer);
    *status = writer ? STATUS_OK : STATUS_NO_MEMORY;
    if (!writer) return NULL;
    writer->port = (struct log_writer){writer_append, writer_poll, writer_wake, writer_in_flight, writer_close};
    writer->log = log;
    cond_init_monotonic(&writer->wakeup);
    pthread_mutex_lock(&log->lock);
    writer->next = log->writers;
    log->writers = writer;
    pthread_mutex_unlock(&log->lock);
    return &writer->port;
}

/* -- store -------------------------------------------------------------------------------------------------- */

static int store_bounds(struct log_store *store, uint8_t topic, int32_t partition, int64_t *begin, int64_t *end) {
    struct memory_log *log = (struct memory_log *)store;
    int status = STATUS_OK;
    pthread_mutex_lock(&log->lock);
    struct partition_log *of = partition_find(log, topic, partition);
    if (log->faults.away || log->faults.bounds_away >> partition & 1)
        status = STATUS_AWAY;
    else if (!of)
        status = STATUS_INVALID;
    else {
        *begin = of->begin;
        *end = of->end;
    }
    pthread_mutex_unlock(&log->lock);
    return status;
}

static void store_close(struct log_store *store) { (void)store; }

struct memory_log *memory_log_open(void) {
    struct memory_log *log = calloc(1, sizeof *log);
    if (!log) return NULL;
    log->port = (struct log_store){store_open_reader, store_open_writer, store_bounds, store_close};
    pthread_mutex_init(&log->lock, NULL);
    log->time_ms = -1;
    for (int topic = 0; topic < TOPIC_COUNT; topic++)
        log->partition_count[topic] = topic == TOPIC_DEAD_LETTER || topic == TOPIC_STATUS ? 1 : 10;
    return log;
}

void memory_log_close(struct memory_log *log) {
    for (struct stored *stored = log->allocated, *next; stored; stored = next) {
        next = stored->next_allocated;
        free(stored);
    }
    for (int topic = 0; topic < TOPIC_COUNT; topic++)
        for (int partition = 0; partition < log->partition_count[topic]; partition++)
            free(log->partitions[topic][partition].slots);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

struct log_store *memory_log_store(struct memory_log *log) { return &log->port; }

int32_t memory_log_partitions(const struct memory_log *log, uint8_t topic) {
    return topic < TOPIC_COUNT ? log->partition_count[topic] : 0;
}

void memory_log_set_time(struct memory_log *log, int64_t timestamp_ms) {
    pthread_mutex_lock(&log->lock);
    log->time_ms = timestamp_ms;
    pthread_mutex_unlock(&log->lock);
}

void memory_log_set_faults(struct memory_log *log, const struct memory_faults *faults) {
    pthread_mutex_lock(&log->lock);
    log->faults = *faults;
    for (struct memory_reader *reader = log->readers; reader; reader = reader->next)
        pthread_cond_signal(&reader->wakeup);
    for (struct memory_writer *writer = log->writers; writer; writer = writer->next)
        pthread_cond_signal(&writer->wakeup);
    pthread_mutex_unlock(&log->lock);
}
