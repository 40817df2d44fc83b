#include "shards/worker.h"

#include "core/check.h"

#include <sched.h>
#include <stdio.h>
#include <time.h>

enum { RECORDS_PER_POLL = 512, PARK_MS = 100, QUIET_POLLS_MAX = 100, PAUSE_NS = 20000 };

static int serve_links(struct worker *worker);

static void pause_briefly(void) { nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL); }

static bool is_stopping(const struct worker *worker) {
    return atomic_load_explicit(&worker->stop, memory_order_relaxed);
}

void worker_wake(struct worker *worker) {
    if (atomic_load(&worker->is_parked) && atomic_exchange(&worker->is_parked, false))
        worker->reader->wake(worker->reader);
}

static void wake_receivers(struct worker *worker) {
    for (int to = 0; worker->to_wake; to++)
        if (worker->to_wake & 1u << to) {
            worker->to_wake &= ~(1u << to);
            worker_wake(&worker->workers[to]);
        }
}

/* ---- sending to other workers ---------------------------------------------------------------------------- */

static bool try_send(struct worker *worker, int to, const struct delivery *delivery) {
    uint32_t bytes = delivery_packed_bytes(delivery);
    CHECK(bytes <= LINK_RECORD_BYTES_MAX, "a delivery is longer than a link takes");
    struct worker_link *link = &worker->workers[to].links[worker->index];
    void *room = worker_link_offer(link, bytes);
    if (!room) return false;
    delivery_pack(delivery, room);
    worker_link_commit(link);
    worker->to_wake |= 1u << to;
    counter_add(&worker->counters.forwarded, 1);
    return true;
}

/* Symbols that found the link full go first: what follows them in the log must not overtake them. */
static bool send_adoptions(struct worker *worker, int to) {
    while (worker->adoptions[to]) {
        struct symbol *symbol = worker->adoptions[to], *next = symbol->next_adoption;
        struct delivery adopt = {
            .kind = DELIVERY_ADOPT, .symbol = symbol, .partition = symbol->partition, .hand_to = HAND_TO_NOBODY};
        if (!try_send(worker, to, &adopt)) return false;
        worker->adoptions[to] = next; /* the symbol is no longer ours to look at */
        if (!next) worker->adoptions_tail[to] = &worker->adoptions[to];
    }
    return true;
}

/* Waits for room. The inbound links are served meanwhile, so that two workers cannot block each other. */
static void send(struct worker *worker, int to, const struct delivery *delivery) {
    bool stalled = false;
    while (!(send_adoptions(worker, to) && try_send(worker, to, delivery))) {
        if (is_stopping(worker)) {
            worker->ring.is_closed = true; /* what was not delivered must not be followed by anything */
            return;
        }
        if (!stalled) counter_add(&worker->counters.link_stalls, 1);
        stalled = true;
        wake_receivers(worker);
        broadcast_ring_publish(&worker->ring);
        if (serve_links(worker) == 0) pause_briefly();
    }
}

/* ---- the symbols held here ------------------------------------------------------------------------------- */

static void hand_over(struct worker *worker, struct symbol *symbol, int to) {
    /* Nobody's until it is adopted: it may come back here, and what follows it must not find it here before. */
    atomic_store_explicit(&symbol->holder, HELD_BY_NOBODY, memory_order_release);
    symbol->after_worker = (uint8_t)worker->index;
    symbol->after_position = worker->ring.position;
    symbol->next_adoption = NULL;
    *worker->adoptions_tail[to] = symbol;
    worker->adoptions_tail[to] = &symbol->next_adoption;
    send_adoptions(worker, to);
}

static void apply_control(struct worker *worker, const struct delivery *delivery) {
    struct symbol *symbol = delivery->symbol;
    answers_control(&worker->answers, delivery);
    if (delivery->sets_own) symbol->own = delivery->offset;
    if (delivery->hand_to != HAND_TO_NOBODY) hand_over(worker, symbol, delivery->hand_to);
}

static void adopt(struct worker *worker, struct symbol *symbol) {
    atomic_store_explicit(&symbol->holder, worker->index, memory_order_release);
    counter_add(&worker->counters.adopted, 1);
}

static void apply(struct worker *worker, const struct delivery *delivery) {
    switch (delivery->kind) {
    case DELIVERY_COMMAND: answers_command(&worker->answers, delivery); break;
    case DELIVERY_CONTROL: apply_control(worker, delivery); break;
    case DELIVERY_TICK: answers_tick(&worker->answers, delivery); break;
    case DELIVERY_ADOPT: adopt(worker, delivery->symbol); break;
    case DELIVERY_MARK: answers_mark(&worker->answers, delivery->partition, delivery->offset); break;
    case DELIVERY_SNAPSHOT: answers_snapshot(&worker->answers, delivery->symbol); break;
    case DELIVERY_READY: answers_ready(&worker->answers, delivery); break;
    default: CHECK(false, "a delivery of no known kind");
    }
}

/* A delivery for a symbol that is still on its way from a third worker waits, and what is behind it in its link. */
static int serve_link(struct worker *worker, int from) {
    struct worker_link *link = &worker->links[from];
    uint32_t bytes;
    const void *packed;
    int served = 0;
    while (served < RECORDS_PER_POLL && (packed = worker_link_peek(link, &bytes)) != NULL) {
        struct delivery delivery;
        struct command orders[LIST_ORDERS_MAX];
        delivery_unpack(packed, &delivery, orders);
        bool needs_symbol = delivery.kind != DELIVERY_ADOPT && delivery.kind != DELIVERY_MARK;
        if (needs_symbol && !symbol_is_held_by(delivery.symbol, worker->index)) break;
        apply(worker, &delivery);
        worker_link_release(link);
        served++;
    }
    return served;
}

static int serve_links(struct worker *worker) {
    if (worker->is_serving) return 0;
    worker->is_serving = true;
    int served = 0;
    for (int from = 0; from < worker->count; from++)
        if (from != worker->index) served += serve_link(worker, from);
    for (int to = 0; to < worker->count; to++)
        if (to != worker->index) send_adoptions(worker, to);
    worker->is_serving = false;
    return served;
}

/* ---- doors of the partitions ----------------------------------------------------------------------------- */

/* False if the worker was told to stop before the symbol came. */
static bool await_symbol(struct worker *worker, const struct symbol *symbol) {
    while (!symbol_is_held_by(symbol, worker->index)) {
        if (is_stopping(worker)) return false;
        wake_receivers(worker);
        broadcast_ring_publish(&worker->ring);
        if (serve_links(worker) == 0) pause_briefly();
    }
    return true;
}

static void deliver(void *context, struct delivery *delivery) {
    struct worker *worker = context;
    int to = delivery->symbol->placed_on;
    if (to == worker->index) {
        if (await_symbol(worker, delivery->symbol))
            apply(worker, delivery);
        else
            worker->ring.is_closed = true;
        return;
    }
    worker->partitions[delivery->partition]->forwarded_to |= 1u << to;
    send(worker, to, delivery);
}

static void dead_letter(void *context, const struct log_record *record, enum reason reason) {
    struct worker *worker = context;
    if (record->offset > worker->published->dead_letter_offset[TOPIC_ORDERS][record->partition])
        answers_dead_letter(&worker->answers, record, reason);
}

static void misdirected(void *context, int32_t partition, int64_t offset) {
    struct worker *worker = context;
    worker->doors.misdirected(worker->doors.context, partition, offset);
}

static void gap(void *context, struct text symbol, const struct source_position *position, int64_t watermark) {
    struct worker *worker = context;
    worker->doors.gap(worker->doors.context, symbol, position, watermark);
}

struct partition_doors worker_partition_doors(struct worker *worker) {
    return (struct partition_doors){
        .deliver = deliver, .dead_letter = dead_letter, .misdirected = misdirected, .gap = gap, .context = worker};
}

/* ---- the log --------------------------------------------------------------------------------------------- */

static void on_record(void *context, const struct log_record *record) {
    struct worker *worker = context;
    struct partition *partition = worker->partitions[record->partition];
    CHECK(partition, "a record of a partition that another worker owns");
    partition_take(partition, record);
}

static void mark(struct worker *worker, struct partition *partition) {
    answers_mark(&worker->answers, partition->number, partition->next_offset);
    struct delivery delivery = {.kind = DELIVERY_MARK,
        .partition = partition->number,
        .offset = partition->next_offset,
        .hand_to = HAND_TO_NOBODY};
    for (int to = 0; to < worker->count; to++)
        if (partition->forwarded_to & 1u << to) send(worker, to, &delivery);
    partition->marked_offset = partition->next_offset;
}

/* A tail without records (markers of foreign transactions) counts as read once the log stays silent. */
static bool has_reached_end(const struct worker *worker, const struct partition *partition) {
    return partition->next_offset >= partition->replay_end || worker->quiet_polls > QUIET_POLLS_MAX;
}

static bool finish_recovery(struct worker *worker) {
    worker->is_recovered = true;
    for (int32_t p = 0; p < PARTITIONS; p++) {
        struct partition *partition = worker->partitions[p];
        if (!partition) continue;
        if (!partition_knows_published(partition)) {
            worker->doors.failed(worker->doors.context, "topic fills is ahead of orders");
            return false;
        }
        partition_ask_symbols(partition);
    }
    worker->doors.recovered(worker->doors.context, worker->index);
    return true;
}

static bool follow_progress(struct worker *worker) {
    bool all_recovered = true;
    for (int32_t p = 0; p < PARTITIONS; p++) {
        struct partition *partition = worker->partitions[p];
        if (!partition) continue;
        if (partition->next_offset != partition->marked_offset) mark(worker, partition);
        partition->is_recovered = partition->is_recovered || has_reached_end(worker, partition);
        all_recovered = all_recovered && partition->is_recovered;
    }
    return worker->is_recovered || !all_recovered || finish_recovery(worker);
}

/* ---- questions of the feeds ------------------------------------------------------------------------------ */

int worker_ask(struct worker *worker, struct text symbol) {
    int status = STATUS_FULL;
    pthread_mutex_lock(&worker->asks_lock);
    uint32_t count = atomic_load(&worker->ask_count);
    if (count < WORKER_ASKS_MAX) {
        worker->asks[count].symbol = name_of(symbol);
        atomic_store(&worker->ask_count, count + 1);
        status = STATUS_OK;
    }
    pthread_mutex_unlock(&worker->asks_lock);
    worker_wake(worker);
    return status;
}

static void answer_ask(struct worker *worker, const struct worker_ask *asked) {
    for (int32_t p = 0; p < PARTITIONS; p++)
        if (worker->partitions[p] && asked->symbol.size)
            partition_ask_snapshot(worker->partitions[p], name_text(&asked->symbol));
        else if (worker->partitions[p])
            partition_ask_symbols(worker->partitions[p]);
}

static int serve_asks(struct worker *worker) {
    if (!worker->is_recovered || atomic_load(&worker->ask_count) == 0) return 0;
    struct worker_ask asks[WORKER_ASKS_MAX];
    pthread_mutex_lock(&worker->asks_lock);
    uint32_t count = atomic_load(&worker->ask_count);
    memcpy(asks, worker->asks, count * sizeof asks[0]);
    atomic_store(&worker->ask_count, 0);
    pthread_mutex_unlock(&worker->asks_lock);
    for (uint32_t i = 0; i < count; i++) answer_ask(worker, &asks[i]);
    return (int)count;
}

/* ---- the step -------------------------------------------------------------------------------------------- */

static bool has_inbound(const struct worker *worker) {
    if (worker->is_recovered && atomic_load(&worker->ask_count)) return true;
    for (int from = 0; from < worker->count; from++)
        if (from != worker->index && worker_link_has_records(&worker->links[from])) return true;
    return false;
}

/* Says that it sleeps before it looks a last time, so that who comes later knows to wake it. */
static int poll_log(struct worker *worker, int timeout_ms) {
    if (timeout_ms > 0) {
        atomic_store(&worker->is_parked, true);
        if (has_inbound(worker))
            timeout_ms = 1; /* also when the head of a link waits for a symbol that a third worker sends */
    }
    int got = worker->reader->poll(worker->reader, timeout_ms, RECORDS_PER_POLL, on_record, worker);
    atomic_store(&worker->is_parked, false);
    worker->quiet_polls = got == 0 && timeout_ms >= PARK_MS ? worker->quiet_polls + 1 : 0;
    return got == STATUS_AWAY ? 0 : got;
}

int worker_step(struct worker *worker, int timeout_ms) {
    int served = serve_links(worker) + serve_asks(worker);
    broadcast_ring_publish(&worker->ring);
    wake_receivers(worker);
    int got = poll_log(worker, served ? 0 : timeout_ms);
    if (got < 0) return got;
    bool is_well = follow_progress(worker);
    if (worker->answers.refusal[0]) {
        worker->doors.failed(worker->doors.context, worker->answers.refusal);
        return STATUS_FATAL;
    }
    broadcast_ring_publish(&worker->ring);
    wake_receivers(worker);
    return is_well ? served + got : STATUS_FATAL;
}

/* ---- the thread ------------------------------------------------------------------------------------------ */

static void pin(const struct worker *worker) {
    if (worker->processor < 0) return;
    cpu_set_t processors;
    CPU_ZERO(&processors);
    CPU_SET(worker->processor, &processors);
    if (pthread_setaffinity_np(pthread_self(), sizeof processors, &processors) != 0)
        fprintf(stderr, "warning: worker %d cannot be pinned to processor %d: it runs where the system likes\n",
            worker->index, worker->processor);
}

static void *run(void *argument) {
    struct worker *worker = argument;
    pin(worker);
    while (!is_stopping(worker)) {
        int done = worker_step(worker, worker->idle == IDLE_BLOCK ? PARK_MS : 0);
        if (done < 0) {
            worker->doors.failed(worker->doors.context,
                done == STATUS_GAP ? "orders no longer holds the offset to go on from" : "reading orders failed");
            break;
        }
        if (done == 0 && worker->idle == IDLE_YIELD) sched_yield();
    }
    return NULL;
}

int worker_start(struct worker *worker) {
    if (pthread_create(&worker->thread, NULL, run, worker) != 0) return STATUS_NO_MEMORY;
    worker->has_thread = true;
    return STATUS_OK;
}

void worker_stop(struct worker *worker) {
    atomic_store(&worker->stop, true);
    if (!worker->has_thread) return;
    worker->reader->wake(worker->reader);
    pthread_join(worker->thread, NULL);
    worker->has_thread = false;
}
