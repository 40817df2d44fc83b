#include "shards/fills_writer.h"

#include "core/check.h"
#include "shards/dead_letter.h"

#include <stdio.h>
#include <time.h>

enum { IDLE_MS = 100, ACK_MS = 5, ROUND_NS = 200000, GATHER_NS = 1000000, GATHER_FROM = 64, TOKEN_WORKER_SHIFT = 56 };

static void on_bell(void *context) {
    struct fills_writer *fills = context;
    fills->writer->wake(fills->writer);
}

int fills_writer_open(struct fills_writer *fills, struct log_store *store, struct worker *workers, int worker_count,
    const struct published *published, struct event_scanner *scanner, struct text orders_topic,
    struct text pending_topic) {
    int status;
    *fills = (struct fills_writer){.store = store,
        .workers = workers,
        .worker_count = worker_count,
        .scanner = scanner,
        .published = published,
        .orders_topic = orders_topic,
        .pending_topic = pending_topic};
    memcpy(fills->late.fills_end, published->fills_end, sizeof fills->late.fills_end);
    fills->writer = store->open_writer(store, &status);
    if (!fills->writer) return status;
    for (int i = 0; i < worker_count; i++) {
        if ((status = unacknowledged_init(&fills->unacknowledged[i])) != STATUS_OK) {
            fills_writer_close(fills);
            return status;
        }
        workers[i].ring.gate_bell.ring = on_bell;
        workers[i].ring.gate_bell.context = fills;
    }
    return STATUS_OK;
}

void fills_writer_close(struct fills_writer *fills) {
    if (fills->writer) fills->writer->close(fills->writer);
    fills->writer = NULL;
    for (int i = 0; i < fills->worker_count; i++) unacknowledged_deinit(&fills->unacknowledged[i]);
    published_deinit(&fills->late);
}

/* ---- durability ------------------------------------------------------------------------------------------ */

static bool is_acknowledged(const struct fills_writer *fills, int32_t partition, const struct pending_mark *mark) {
    return fills->fills_acknowledged[partition] >= mark->fills &&
           fills->dead_letters_acknowledged >= mark->dead_letters;
}

static void settle_marks(struct fills_writer *fills, int32_t partition) {
    int64_t durable = INT64_MAX;
    for (int w = 0; w < fills->worker_count; w++) {
        struct mark_queue *queue = &fills->marks[partition][w];
        while (queue->count && is_acknowledged(fills, partition, &queue->marks[queue->first % MARKS_MAX])) {
            queue->durable = queue->marks[queue->first++ % MARKS_MAX].offset;
            queue->count--;
        }
        if (queue->is_used && queue->durable < durable) durable = queue->durable;
    }
    if (durable != INT64_MAX) atomic_store_explicit(&fills->durable[partition], durable, memory_order_release);
}

/* A mark that finds the queue full takes the newest one's place, since it says more; were it left out, and the last of
 * its log, the durable offset would stop before the end. */
static void take_mark(struct fills_writer *fills, const struct ring_head *head) {
    struct mark_queue *queue = &fills->marks[head->partition][head->worker];
    queue->is_used = true;
    if (queue->count < MARKS_MAX) queue->count++;
    queue->marks[(queue->first + queue->count - 1) % MARKS_MAX] =
        (struct pending_mark){head->src_offset, fills->fills_appended[head->partition], fills->dead_letters_appended};
    settle_marks(fills, head->partition);
}

int64_t fills_writer_durable(const struct fills_writer *fills, int32_t partition) {
    return atomic_load_explicit(&fills->durable[partition], memory_order_acquire);
}

/* The token of a worker's event; dead letters have none. */
static uint64_t token_of(int worker, uint64_t number) { return (uint64_t)worker << TOKEN_WORKER_SHIFT | number; }

static void note_stored(struct fills_writer *fills, uint64_t token) {
    uint64_t worker = token >> TOKEN_WORKER_SHIFT;
    unacknowledged_store(&fills->unacknowledged[worker], token & ((UINT64_C(1) << TOKEN_WORKER_SHIFT) - 1));
}

static void on_ack(void *context, const struct log_ack *ack) {
    struct fills_writer *fills = context;
    if (ack->status != STATUS_OK) {
        fills->failure = STATUS_FATAL;
        return;
    }
    counter_add(&fills->counters.acknowledged, 1);
    if (ack->topic == TOPIC_DEAD_LETTER) {
        fills->dead_letters_acknowledged++;
    } else {
        fills->fills_acknowledged[ack->partition]++;
        note_stored(fills, ack->token);
    }
}

/* ---- from the rings to the log --------------------------------------------------------------------------- */

static struct text name_in(const struct ring_head *head) { return (struct text){head->symbol, head->symbol_bytes}; }

/* A predecessor's last batch may have reached the topic after it was read at the start, so the first new event of a
 * partition waits for a look at its end: of those that wait, that which was looked at in vain least often is next. */
static bool is_caught_up(struct fills_writer *fills, int32_t partition) {
    if (fills->has_caught_up[partition]) return true;
    if (fills->wanted < 0 || fills->vain_looks[partition] < fills->vain_looks[fills->wanted]) fills->wanted = partition;
    return false;
}

static bool is_late_repeat(struct fills_writer *fills, const struct ring_head *head) {
    const struct published_symbol *late = published_find(&fills->late, name_in(head));
    if (!late || head->fseq > late->fseq) return false;
    counter_add(&fills->counters.late_repeats, 1);
    return true;
}

/* The ring keeps the event where it lies until it is acknowledged. */
static struct log_append append_of(const struct ring_head *head, uint64_t token) {
    return (struct log_append){.topic = TOPIC_FILLS,
        .partition = head->partition,
        .key = name_in(head),
        .value = {ring_text(head), head->text_bytes},
        .token = token,
        .stays = true};
}

static void release(struct fills_writer *fills, int worker) {
    broadcast_ring_release(
        &fills->workers[worker].ring, unacknowledged_position(&fills->unacknowledged[worker], fills->cursors[worker]));
}

static void note_taken(struct fills_writer *fills, int worker, int taken) {
    for (int i = 0; i < taken; i++) {
        fills->fills_appended[fills->batch[i].partition]++;
        unacknowledged_add(&fills->unacknowledged[worker], fills->cursors[worker], fills->batch_end[i]);
        fills->cursors[worker] = fills->batch_end[i];
    }
    counter_add(&fills->counters.written, (uint64_t)taken);
}

/* After a failure nothing is released and no acknowledgement is looked at any more. */
static void append_batch(struct fills_writer *fills, int worker, int count, uint64_t end) {
    int taken = count ? fills->writer->append(fills->writer, fills->batch, count) : 0;
    if (taken < 0) {
        fills->failure = taken;
        return;
    }
    note_taken(fills, worker, taken);
    if (taken < count)
        counter_add(&fills->counters.full, 1);
    else
        fills->cursors[worker] = end;
    release(fills, worker);
}

/* True if the log took it. */
static bool append_dead_letter(struct fills_writer *fills, const struct ring_head *head) {
    struct dead_letter letter;
    dead_letter_unpack(ring_packed(head), fills->orders_topic, fills->pending_topic, &letter);
    int taken = fills->writer->append(fills->writer, &letter.append, 1);
    if (taken < 0) fills->failure = taken;
    if (taken != 1) return false;
    fills->dead_letters_appended++;
    counter_add(&fills->counters.dead_letters, 1);
    return true;
}

/* The first record of a symbol's new holder waits until the former holder's are read. */
static bool must_wait(const struct fills_writer *fills, const struct ring_head *head) {
    return head->after_worker != RING_NO_WORKER && fills->cursors[head->after_worker] < head->after_position;
}

/* Takes what lies in one worker's ring up to a full batch; a record that is not an event of fills ends the batch, so
 * that everything keeps its order. Returns how many records it went over. */
static int drain_ring(struct fills_writer *fills, int worker) {
    struct broadcast_ring *ring = &fills->workers[worker].ring;
    const struct unacknowledged *unacknowledged = &fills->unacknowledged[worker];
    uint64_t at = fills->cursors[worker];
    int count = 0, seen = 0;
    const struct ring_head *head;
    while (count < FILLS_BATCH_MAX && seen < 4 * FILLS_BATCH_MAX && (head = broadcast_ring_peek(ring, &at)) != NULL) {
        broadcast_ring_prefetch(ring, head, at);
        if (must_wait(fills, head) || unacknowledged_room(unacknowledged) == (uint32_t)count) break;
        if (head->kind == RING_EVENT && !is_caught_up(fills, head->partition)) break;
        if (head->kind == RING_EVENT && !is_late_repeat(fills, head)) {
            fills->batch_end[count] = at + head->bytes;
            fills->batch[count] = append_of(head, token_of(worker, unacknowledged->next + (uint64_t)count));
            count++;
        } else if (head->kind == RING_MARK || head->kind == RING_DEAD_LETTER) {
            append_batch(fills, worker, count, at);
            bool is_taken = fills->failure == STATUS_OK && fills->cursors[worker] == at &&
                            (head->kind == RING_MARK || append_dead_letter(fills, head));
            if (!is_taken) return seen;
            if (head->kind == RING_MARK) take_mark(fills, head);
            count = 0;
            fills->cursors[worker] = at + head->bytes;
        }
        at += head->bytes;
        seen++;
    }
    if (fills->failure == STATUS_OK) append_batch(fills, worker, count, at);
    return seen;
}

/* ---- the last look ---------------------------------------------------------------------------------------- */

static int64_t monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* The broker does not say: the events wait. A look may take its whole timeout, so the rings have as long before the
 * next one. */
static void note_vain_look(struct fills_writer *fills, int32_t partition, int64_t since_ms) {
    int64_t now_ms = monotonic_ms();
    fills->looks_again_ms = now_ms + (now_ms - since_ms);
    if (fills->vain_looks[partition]++ == 0)
        fprintf(stderr, "warning: where partition %d of topic fills ends cannot be read; its events wait\n",
            (int)partition);
}

/* Looks at a partition's end; returns whether its events go on. Who stops does not wait for a broker that is silent. */
static bool catch_up(struct fills_writer *fills, int32_t partition) {
    int64_t now_ms = monotonic_ms();
    bool is_stopping = atomic_load_explicit(&fills->stop, memory_order_relaxed);
    if (now_ms < fills->looks_again_ms || (is_stopping && fills->vain_looks[partition])) return false;
    int status = published_catch_up(&fills->late, fills->published, fills->store, fills->scanner, partition);
    fills->has_caught_up[partition] = status == STATUS_OK;
    if (status == STATUS_AWAY)
        note_vain_look(fills, partition, now_ms);
    else if (status != STATUS_OK)
        fills->failure = status;
    return status == STATUS_OK;
}

/* ---- the step -------------------------------------------------------------------------------------------- */

static int poll_acks(struct fills_writer *fills, int timeout_ms) {
    int got = fills->writer->poll(fills->writer, timeout_ms, on_ack, fills);
    counter_set(&fills->counters.in_flight, fills->writer->in_flight(fills->writer));
    if (got > 0)
        for (int32_t p = 0; p < PARTITIONS; p++) settle_marks(fills, p);
    for (int i = 0; i < fills->worker_count && got > 0; i++) release(fills, i);
    return got;
}

static bool arm_bells(struct fills_writer *fills) {
    for (int i = 0; i < fills->worker_count; i++)
        if (!broadcast_ring_arm(&fills->workers[i].ring, &fills->workers[i].ring.gate_bell, fills->cursors[i]))
            return false;
    return true;
}

static void pause_ns(long ns) { nanosleep(&(struct timespec){.tv_nsec = ns}, NULL); }

/* While something is in flight more will come: looking now and then costs less than being woken for every batch. Where
 * much comes, it goes to the log in larger lots, or the log's own threads would wake for each few events. */
static void pause_a_round(int moved) {
    if (moved == 0) pause_ns(ROUND_NS);
    if (moved >= GATHER_FROM && moved < FILLS_BATCH_MAX) pause_ns(GATHER_NS);
}

int fills_writer_step(struct fills_writer *fills, int timeout_ms) {
    int moved = 0;
    fills->wanted = -1;
    for (int i = 0; i < fills->worker_count && fills->failure == STATUS_OK; i++) moved += drain_ring(fills, i);
    if (fills->failure == STATUS_OK && fills->wanted >= 0) moved += catch_up(fills, fills->wanted);
    bool is_busy = moved > 0 || fills->writer->in_flight(fills->writer) > 0;
    if (!is_busy && timeout_ms > 0 && !arm_bells(fills)) is_busy = true;
    int got = fills->failure == STATUS_OK ? poll_acks(fills, is_busy ? 0 : timeout_ms) : 0;
    if (is_busy && timeout_ms > 0) pause_a_round(moved);
    if (got < 0) fills->failure = got;
    return fills->failure != STATUS_OK ? fills->failure : moved + got;
}

/* ---- the thread ------------------------------------------------------------------------------------------ */

static bool is_drained(const struct fills_writer *fills) {
    for (int i = 0; i < fills->worker_count; i++)
        if (fills->cursors[i] != broadcast_ring_published(&fills->workers[i].ring)) return false;
    return fills->writer->in_flight(fills->writer) == 0;
}

static void *run(void *argument) {
    struct fills_writer *fills = argument;
    while (!atomic_load_explicit(&fills->stop, memory_order_relaxed)) {
        if (fills_writer_step(fills, IDLE_MS) < 0) {
            fills->failed(fills->context, "writing fills failed");
            break;
        }
    }
    return NULL;
}

int fills_writer_start(struct fills_writer *fills) {
    if (pthread_create(&fills->thread, NULL, run, fills) != 0) return STATUS_NO_MEMORY;
    fills->has_thread = true;
    return STATUS_OK;
}

void fills_writer_stop(struct fills_writer *fills, int drain_ms) {
    atomic_store(&fills->stop, true);
    if (fills->has_thread) {
        fills->writer->wake(fills->writer);
        pthread_join(fills->thread, NULL);
        fills->has_thread = false;
    }
    int64_t deadline_ms = monotonic_ms() + drain_ms;
    while (fills->failure == STATUS_OK && !is_drained(fills) && monotonic_ms() < deadline_ms)
        fills_writer_step(fills, ACK_MS);
}
