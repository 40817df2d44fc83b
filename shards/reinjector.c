#include "shards/reinjector.h"

#include "core/check.h"
#include "core/partition.h"
#include "shards/dead_letter.h"

#include <stdlib.h>
#include <time.h>

enum { RECORDS_PER_POLL = 256, IDLE_MS = 50, FULL_MS = 5, TICK_SILENCE_MS = 1000, NONE = -1, OWN_HEADERS = 2 };

static uint8_t topic_of(int source) { return source >= PARTITIONS ? TOPIC_PENDING : TOPIC_ORDERS; }

static int32_t partition_of(int source) { return source % PARTITIONS; }

int reinjector_open(struct reinjector *reinjector, struct log_store *store, struct command_reader *commands,
    const struct published *published, struct text orders_topic, struct text pending_topic) {
    int status;
    memset(reinjector, 0, sizeof *reinjector);
    reinjector->commands = commands;
    reinjector->published = published;
    reinjector->orders_topic = orders_topic;
    reinjector->pending_topic = pending_topic;
    memset(reinjector->landed, 0xff, sizeof reinjector->landed);
    pthread_mutex_init(&reinjector->lock, NULL);
    for (int p = 0; p < PARTITIONS; p++) {
        reinjector->noticed[p] = reinjector->reading[p] = (struct misdirected){NONE, NONE};
        reinjector->done[p] = reinjector->clocks[p].ticked = NONE;
        atomic_init(&reinjector->first_open[p], INT64_MAX);
    }
    for (int source = 0; source < SOURCES; source++) {
        int64_t end;
        status = store->bounds(store, topic_of(source), partition_of(source), &reinjector->begin[source], &end);
        if (status != STATUS_OK) return status;
    }
    reinjector->reader = store->open_reader(store, &status);
    if (!reinjector->reader) return status;
    reinjector->writer = store->open_writer(store, &status);
    return reinjector->writer ? STATUS_OK : status;
}

void reinjector_close(struct reinjector *reinjector) {
    if (reinjector->reader) reinjector->reader->close(reinjector->reader);
    if (reinjector->writer) reinjector->writer->close(reinjector->writer);
    for (int source = 0; source < SOURCES; source++) {
        for (uint32_t i = 0; i < reinjector->chains[source].capacity; i++)
            free(reinjector->chains[source].slots[i].value);
        name_table_deinit(&reinjector->chains[source]);
    }
    pthread_mutex_destroy(&reinjector->lock);
}

/* ---- what the workers notice ----------------------------------------------------------------------------- */

void reinjector_notice_misdirected(struct reinjector *reinjector, int32_t partition, int64_t offset) {
    pthread_mutex_lock(&reinjector->lock);
    struct misdirected *noticed = &reinjector->noticed[partition];
    if (noticed->first == NONE) noticed->first = offset;
    noticed->last = offset;
    if (atomic_load(&reinjector->first_open[partition]) == INT64_MAX)
        atomic_store(&reinjector->first_open[partition], offset);
    atomic_store(&reinjector->has_notices, true);
    pthread_mutex_unlock(&reinjector->lock);
}

void reinjector_notice_gap(
    struct reinjector *reinjector, struct text symbol, const struct source_position *position, int64_t watermark) {
    pthread_mutex_lock(&reinjector->lock);
    if (reinjector->gap_count < GAP_NOTICES_MAX) /* the copies behind it leave gaps too and say so again */
        reinjector->gaps[reinjector->gap_count++] =
            (struct gap_notice){name_of(symbol), source_index(position->topic, position->partition), watermark};
    atomic_store(&reinjector->has_notices, true);
    pthread_mutex_unlock(&reinjector->lock);
}

/* ---- chains ---------------------------------------------------------------------------------------------- */

static struct chain *find_or_add_chain(struct reinjector *reinjector, int source, struct text symbol) {
    struct chain *chain = name_table_find(&reinjector->chains[source], symbol);
    if (chain) return chain;
    chain = malloc(sizeof *chain);
    CHECK(chain && name_table_add(&reinjector->chains[source], symbol, chain) == STATUS_OK, "no memory for a chain");
    chain->offset = NONE;
    return chain;
}

int reinjector_restore(struct reinjector *reinjector, struct text symbol, int source, int64_t offset) {
    find_or_add_chain(reinjector, source, symbol)->offset = offset;
    int64_t *landed = &reinjector->landed[source][home_partition(symbol)];
    if (offset > *landed) *landed = offset;
    return STATUS_OK;
}

static int seek(struct reinjector *reinjector, int source, int64_t offset) {
    struct log_reader *reader = reinjector->reader;
    int64_t from = offset > reinjector->begin[source] ? offset : reinjector->begin[source];
    int status = reader->seek(reader, topic_of(source), partition_of(source), from);
    if (status == STATUS_OK && topic_of(source) == TOPIC_ORDERS) {
        reinjector->done[partition_of(source)] = from - 1;
        status = reader->pause(reader, TOPIC_ORDERS, partition_of(source), false);
    }
    if (status != STATUS_OK) reinjector->failure = status;
    return status;
}

static int rewind_source(struct reinjector *reinjector, int source, int64_t offset) {
    if (topic_of(source) == TOPIC_PENDING) return seek(reinjector, source, offset);
    struct misdirected *reading = &reinjector->reading[partition_of(source)];
    if (reinjector->done[partition_of(source)] > reading->last) reading->last = reinjector->done[partition_of(source)];
    reading->first = offset;
    return seek(reinjector, source, offset);
}

/* The sender goes back to what the symbol's home has applied; records of other symbols on the way are skipped by
 * their own chains. */
static void heed_gap(struct reinjector *reinjector, const struct gap_notice *gap) {
    struct text symbol = name_text(&gap->symbol);
    struct chain *chain = find_or_add_chain(reinjector, gap->source, symbol);
    if (chain->offset <= gap->watermark) return; /* gone back already */
    chain->offset = gap->watermark;
    reinjector->landed[gap->source][home_partition(symbol)] = NONE;
    counter_add(&reinjector->counters.rewinds, 1);
    rewind_source(reinjector, gap->source, gap->watermark + 1);
}

static void heed_misdirected(struct reinjector *reinjector, int32_t partition, struct misdirected noticed) {
    struct misdirected *reading = &reinjector->reading[partition];
    if (noticed.first == NONE) return;
    bool is_idle = reading->first == NONE;
    reading->last = noticed.last > reading->last ? noticed.last : reading->last;
    if (!is_idle) return;
    reading->first = noticed.first;
    seek(reinjector, source_index(TOPIC_ORDERS, partition), noticed.first);
}

static void heed_notices(struct reinjector *reinjector) {
    if (!atomic_load(&reinjector->has_notices)) return;
    struct misdirected noticed[PARTITIONS];
    struct gap_notice gaps[GAP_NOTICES_MAX];
    pthread_mutex_lock(&reinjector->lock);
    atomic_store(&reinjector->has_notices, false);
    memcpy(noticed, reinjector->noticed, sizeof noticed);
    for (int p = 0; p < PARTITIONS; p++) reinjector->noticed[p] = (struct misdirected){NONE, NONE};
    uint32_t gap_count = reinjector->gap_count;
    memcpy(gaps, reinjector->gaps, gap_count * sizeof gaps[0]);
    reinjector->gap_count = 0;
    pthread_mutex_unlock(&reinjector->lock);
    for (int32_t p = 0; p < PARTITIONS; p++) heed_misdirected(reinjector, p, noticed[p]);
    for (uint32_t i = 0; i < gap_count; i++) heed_gap(reinjector, &gaps[i]);
}

/* ---- sending --------------------------------------------------------------------------------------------- */

enum { TOKEN_COPY = 0, TOKEN_TICK };

static void on_ack(void *context, const struct log_ack *ack) {
    struct reinjector *reinjector = context;
    if (ack->status != STATUS_OK) reinjector->failure = STATUS_FATAL;
    if (ack->token == TOKEN_TICK) reinjector->clocks[ack->partition].ticked = ack->offset;
    reinjector->acknowledged++;
}

/* STATUS_INVALID: the record is larger than the topic takes; every other failure is the reinjector's. */
static int send(struct reinjector *reinjector, const struct log_append *append) {
    while (reinjector->failure == STATUS_OK) {
        int taken = reinjector->writer->append(reinjector->writer, append, 1);
        if (taken == 1) reinjector->sent++;
        if (taken == 1 || taken == STATUS_INVALID) return taken == 1 ? STATUS_OK : STATUS_INVALID;
        if (taken < 0 || atomic_load(&reinjector->stop)) reinjector->failure = taken < 0 ? taken : STATUS_FATAL;
        int got = reinjector->failure == STATUS_OK
                      ? reinjector->writer->poll(reinjector->writer, FULL_MS, on_ack, reinjector)
                      : 0;
        if (got < 0) reinjector->failure = got;
    }
    return reinjector->failure;
}

static bool is_ours(struct text name) { return text_equal(name, TEXT("me-t")) || text_equal(name, TEXT("me-src")); }

static void add_header(struct log_append *append, struct log_header *headers, struct text name, struct text value) {
    headers[append->header_count++] = (struct log_header){name, value};
}

static void dead_letter(struct reinjector *reinjector, const struct log_record *record, enum reason reason) {
    static _Thread_local _Alignas(8) unsigned char packed[DEAD_LETTER_PACKED_BYTES_MAX];
    if (record->topic == TOPIC_PENDING &&
        record->offset <= reinjector->published->dead_letter_offset[TOPIC_PENDING][record->partition])
        return; /* written before a restart */
    dead_letter_pack(record, reason, packed);
    struct dead_letter letter;
    dead_letter_unpack(packed, reinjector->orders_topic, reinjector->pending_topic, &letter);
    send(reinjector, &letter.append);
    counter_add(&reinjector->counters.dead_letters, 1);
}

/* A copy with its marks may be larger than the topic takes: an empty record goes in its place, so that the chain goes
 * on, and the original to the dead letters. */
static void send_void(struct reinjector *reinjector, const struct log_record *record, struct log_append append) {
    dead_letter(reinjector, record, REASON_CAPACITY);
    append.header_count = OWN_HEADERS;
    append.value = TEXT_NONE;
    send(reinjector, &append);
    counter_add(&reinjector->counters.voids, 1);
}

static void send_copy(
    struct reinjector *reinjector, const struct log_record *record, struct text symbol, struct chain *chain) {
    char mark[320];
    struct source_position position = {record->topic, record->partition, record->offset, chain->offset};
    struct text topic = record->topic == TOPIC_PENDING ? reinjector->pending_topic : reinjector->orders_topic;
    struct text source = {mark, source_position_format(&position, topic, mark)};
    struct log_header headers[LOG_HEADERS_MAX + 2];
    struct log_append append = {.topic = TOPIC_ORDERS,
        .partition = home_partition(symbol),
        .key = symbol,
        .value = record->value,
        .headers = headers};
    add_header(&append, headers, TEXT("me-t"), TEXT("1"));
    add_header(&append, headers, TEXT("me-src"), source);
    for (uint32_t i = 0; i < record->header_count && append.header_count < LOG_HEADERS_MAX; i++)
        if (!is_ours(record->headers[i].name))
            add_header(&append, headers, record->headers[i].name, record->headers[i].value);
    if (send(reinjector, &append) == STATUS_INVALID) send_void(reinjector, record, append);
    counter_add(record->topic == TOPIC_PENDING ? &reinjector->counters.pending : &reinjector->counters.misdirected, 1);
    chain->offset = record->offset;
}

/* ---- reading --------------------------------------------------------------------------------------------- */

static bool is_control(const struct log_record *record) {
    uint32_t held = record->header_count < LOG_HEADERS_MAX ? record->header_count : LOG_HEADERS_MAX;
    for (uint32_t i = 0; i < held; i++)
        if (text_equal(record->headers[i].name, TEXT("me-t"))) return text_equal(record->headers[i].value, TEXT("2"));
    return false;
}

static bool was_sent(const struct reinjector *reinjector, int source, const struct log_record *record,
    struct text symbol, const struct chain *chain) {
    return record->offset <= chain->offset || record->offset <= reinjector->landed[source][home_partition(symbol)];
}

static void reinject(struct reinjector *reinjector, const struct log_record *record, struct text symbol) {
    int source = source_index(record->topic, record->partition);
    struct name name = name_of(symbol); /* the command's views end with the next decode */
    struct chain *chain = find_or_add_chain(reinjector, source, name_text(&name));
    if (!was_sent(reinjector, source, record, name_text(&name), chain))
        send_copy(reinjector, record, name_text(&name), chain);
}

static void on_record(void *context, const struct log_record *record) {
    struct reinjector *reinjector = context;
    if (reinjector->failure != STATUS_OK) return;
    if (record->topic == TOPIC_ORDERS) reinjector->done[record->partition] = record->offset;
    if (record->topic == TOPIC_ORDERS && (is_control(record) || reinjector->reading[record->partition].first == NONE ||
                                             record->offset > reinjector->reading[record->partition].last))
        return;
    struct command command;
    reinjector->commands->decode(reinjector->commands, record->value, &command);
    bool has_symbol = !text_is_absent(command.symbol);
    if (record->topic == TOPIC_PENDING && !has_symbol)
        dead_letter(reinjector, record, command.fault);
    else if (has_symbol && (record->topic == TOPIC_PENDING || home_partition(command.symbol) != record->partition))
        reinject(reinjector, record, command.symbol);
}

/* Stretches that are read to their ends are put aside, so that live orders are not read twice. */
static void finish_stretches(struct reinjector *reinjector) {
    for (int32_t p = 0; p < PARTITIONS; p++) {
        struct misdirected *reading = &reinjector->reading[p];
        if (reading->first == NONE || reinjector->done[p] < reading->last) continue;
        *reading = (struct misdirected){NONE, NONE};
        reinjector->reader->pause(reinjector->reader, TOPIC_ORDERS, p, true);
    }
}

/* Once every copy is acknowledged, nothing read so far is open. */
static void settle(struct reinjector *reinjector) {
    if (reinjector->sent != reinjector->acknowledged) return;
    pthread_mutex_lock(&reinjector->lock);
    for (int p = 0; p < PARTITIONS; p++)
        if (reinjector->reading[p].first == NONE)
            atomic_store(&reinjector->first_open[p],
                reinjector->noticed[p].first == NONE ? INT64_MAX : reinjector->noticed[p].first);
    pthread_mutex_unlock(&reinjector->lock);
}

int64_t reinjector_durable(const struct reinjector *reinjector, int32_t partition) {
    return atomic_load(&reinjector->first_open[partition]);
}

/* Where a pending partition is read from: behind the greatest offset that every home is known to have. A home that
 * never had one keeps the reading at the beginning; what is read again is skipped. */
static int64_t resume_offset(const struct reinjector *reinjector, int source) {
    int64_t least = INT64_MAX;
    for (int home = 0; home < PARTITIONS; home++)
        if (reinjector->landed[source][home] < least) least = reinjector->landed[source][home];
    return least + 1;
}

int reinjector_begin(struct reinjector *reinjector) {
    for (int32_t p = 0; p < PARTITIONS; p++) {
        int source = source_index(TOPIC_PENDING, p);
        int status = seek(reinjector, source, resume_offset(reinjector, source));
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

/* ---- time ------------------------------------------------------------------------------------------------ */

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* True if something waits for time, no record came for TICK_SILENCE_MS, and the last TICK was read. */
static bool is_tick_due(struct tick_clock *clock, const struct partition_pace *pace, int64_t now) {
    int64_t next_offset = atomic_load_explicit(&pace->next_offset, memory_order_relaxed);
    if (clock->since_ms == 0 || next_offset != clock->next_offset) {
        clock->next_offset = next_offset;
        clock->since_ms = now;
    }
    return atomic_load_explicit(&pace->timed_symbols, memory_order_relaxed) &&
           now - clock->since_ms >= TICK_SILENCE_MS && next_offset > clock->ticked;
}

static void append_ticks(struct reinjector *reinjector) {
    static const struct log_header control = {{"me-t", 4}, {"2", 1}};
    int64_t now = now_ms();
    for (int32_t p = 0; p < PARTITIONS; p++) {
        if (!reinjector->paces[p] || !is_tick_due(&reinjector->clocks[p], reinjector->paces[p], now)) continue;
        struct log_append tick = {.topic = TOPIC_ORDERS,
            .partition = p,
            .value = reinjector->tick,
            .header_count = 1,
            .headers = &control,
            .token = TOKEN_TICK};
        reinjector->clocks[p].ticked = INT64_MAX;
        if (send(reinjector, &tick) == STATUS_INVALID) reinjector->failure = STATUS_INVALID;
        counter_add(&reinjector->counters.ticks, 1);
    }
}

int reinjector_step(struct reinjector *reinjector, int timeout_ms) {
    heed_notices(reinjector);
    append_ticks(reinjector);
    bool is_waiting = reinjector->sent != reinjector->acknowledged;
    int got = reinjector->reader->poll(reinjector->reader, is_waiting && timeout_ms > FULL_MS ? FULL_MS : timeout_ms,
        RECORDS_PER_POLL, on_record, reinjector);
    if (got < 0 && got != STATUS_AWAY) reinjector->failure = got;
    finish_stretches(reinjector);
    int acks = reinjector->writer->poll(reinjector->writer, 0, on_ack, reinjector);
    if (acks < 0) reinjector->failure = acks;
    settle(reinjector);
    return reinjector->failure != STATUS_OK ? reinjector->failure : (got > 0 ? got : 0) + acks;
}

static void *run(void *argument) {
    struct reinjector *reinjector = argument;
    while (!atomic_load_explicit(&reinjector->stop, memory_order_relaxed)) {
        if (reinjector_step(reinjector, IDLE_MS) < 0) {
            if (!atomic_load(&reinjector->stop))
                reinjector->failed(reinjector->context, "re-injecting into orders failed");
            break;
        }
    }
    return NULL;
}

int reinjector_start(struct reinjector *reinjector) {
    if (pthread_create(&reinjector->thread, NULL, run, reinjector) != 0) return STATUS_NO_MEMORY;
    reinjector->has_thread = true;
    return STATUS_OK;
}

void reinjector_stop(struct reinjector *reinjector) {
    atomic_store(&reinjector->stop, true);
    if (!reinjector->has_thread) return;
    reinjector->reader->wake(reinjector->reader);
    pthread_join(reinjector->thread, NULL);
    reinjector->has_thread = false;
}
