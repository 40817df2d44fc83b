#include "shards/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct engine_options engine_options_default(void) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    long workers = processors > 4   ? processors - 2
                   : processors < 2 ? processors
                                    : 2; /* the rest for librdkafka's threads */
    return (struct engine_options){.workers = workers > PARTITIONS ? PARTITIONS : (int)workers,
        .idle = processors >= 8 ? IDLE_YIELD : IDLE_BLOCK,
        .pins_workers = processors > 2,
        .feeds = ENGINE_FEEDS_MAX,
        .ring_bytes = UINT64_C(16) << 20,
        .link_bytes = UINT64_C(1) << 20,
        .open_orders_max = UINT64_C(16) << 20,
        .orders_topic = TEXT("orders"),
        .pending_topic = TEXT("pending-orders")};
}

/* ---- state ----------------------------------------------------------------------------------------------- */

enum engine_state engine_state(const struct engine *engine) { return (enum engine_state)atomic_load(&engine->state); }

static void set_state(struct engine *engine, enum engine_state state) {
    atomic_store(&engine->state, (int)state);
    if (engine->on_change) engine->on_change(engine->context);
}

static void on_failed(void *context, const char *words) {
    struct engine *engine = context;
    pthread_mutex_lock(&engine->lock);
    if (engine_state(engine) != ENGINE_FAILED) snprintf(engine->words, sizeof engine->words, "%s", words);
    pthread_mutex_unlock(&engine->lock);
    set_state(engine, ENGINE_FAILED);
}

/* ---- what workers say ------------------------------------------------------------------------------------ */

static void on_misdirected(void *context, int32_t partition, int64_t offset) {
    struct engine *engine = context;
    reinjector_notice_misdirected(&engine->reinjector, partition, offset);
}

static void on_gap(void *context, struct text symbol, const struct source_position *position, int64_t watermark) {
    struct engine *engine = context;
    reinjector_notice_gap(&engine->reinjector, symbol, position, watermark);
}

static void restore_marks(struct engine *engine, struct text name, const struct watermarks *watermarks) {
    for (uint32_t i = 0; i < watermarks->count; i++)
        reinjector_restore(&engine->reinjector, name, watermarks->marks[i].source, watermarks->marks[i].offset);
}

static void restore_partition(struct engine *engine, const struct partition *partition) {
    for (uint32_t i = 0; i < partition->symbol_count; i++)
        restore_marks(engine, symbol_name(partition->symbols[i]), &partition->symbols[i]->watermarks);
    for (uint32_t i = 0; i < partition->strangers.capacity; i++) {
        const struct name_slot *slot = &partition->strangers.slots[i];
        if (slot->value) restore_marks(engine, name_text(&slot->name), slot->value);
    }
}

/* On the worker's own thread: its partitions are at rest. */
static void on_recovered(void *context, int worker) {
    struct engine *engine = context;
    pthread_mutex_lock(&engine->lock);
    for (int32_t p = 0; p < PARTITIONS; p++)
        if (engine->partitions[p].worker == worker) restore_partition(engine, &engine->partitions[p]);
    bool all = ++engine->recovered_workers == engine->options.workers;
    pthread_mutex_unlock(&engine->lock);
    int recovering = ENGINE_RECOVERING; /* another thread may fail at this very moment: that must not be forgotten */
    bool is_running = all && atomic_compare_exchange_strong(&engine->state, &recovering, ENGINE_RUNNING);
    if (is_running && engine->on_change) engine->on_change(engine->context);
}

/* ---- opening --------------------------------------------------------------------------------------------- */

static int refuse(struct engine *engine, int status, const char *words) {
    if (status != STATUS_OK && !engine->words[0])
        snprintf(engine->words, sizeof engine->words, "%s (%s)", words, status_name(status));
    return status;
}

static int open_arena(struct engine *engine) {
    engine->arena_memory_bytes = arena_bytes(engine->options.open_orders_max);
    void *memory = mmap(
        NULL, engine->arena_memory_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return refuse(engine, STATUS_NO_MEMORY, "the order arena cannot be mapped: ask for fewer open orders");
    madvise(memory, engine->arena_memory_bytes, MADV_HUGEPAGE); /* a hint; without it only slower */
    engine->arena_memory = memory;
    arena_init(&engine->arena, memory, engine->options.open_orders_max);
    return STATUS_OK;
}

/* A log whose beginning is gone cannot be replayed: what was in it would silently be missing from every book. */
static int check_beginning(struct engine *engine, int32_t p, int64_t begin) {
    if (begin == 0) return STATUS_OK;
    if (engine->options.accepts_gap) {
        fprintf(stderr,
            "warning: orders[%d] begins at offset %" PRId64
            ", not at 0; going on without what is missing, as --accept-gap says\n",
            (int)p, begin);
        return STATUS_OK;
    }
    snprintf(engine->words, sizeof engine->words,
        "orders[%d] begins at offset %" PRId64 ": offsets 0 to %" PRId64
        " are gone and its books cannot be replayed; restore them "
        "(and raise the topic's retention), or start with --accept-gap to go on without them",
        (int)p, begin, begin - 1);
    return STATUS_GAP;
}

static int open_partition(struct engine *engine, int32_t p) {
    struct worker *worker = &engine->workers[p % engine->options.workers];
    int64_t begin, end;
    int status = engine->store->bounds(engine->store, TOPIC_ORDERS, p, &begin, &end);
    if (status != STATUS_OK)
        return refuse(engine, status, "topic orders cannot be read: is the broker there, and do the topics exist?");
    if ((status = check_beginning(engine, p, begin)) != STATUS_OK) return status;
    struct partition_settings settings = {.orders_topic = engine->options.orders_topic,
        .pending_topic = engine->options.pending_topic,
        .published = &engine->published,
        .arena = &engine->arena,
        .workers = engine->options.workers};
    struct partition_doors doors = worker_partition_doors(worker);
    struct partition *partition = &engine->partitions[p];
    if ((status = partition_init(partition, p, worker->index, &settings, &doors)) != STATUS_OK)
        return refuse(engine, status, "no memory for a partition");
    engine->partition_count++;
    partition->commands = worker->commands;
    partition->controls = worker->controls;
    partition->counters = &worker->counters;
    partition->replay_end = end;
    engine->replay_records += end - begin;
    worker->partitions[p] = partition;
    return refuse(engine, worker->reader->seek(worker->reader, TOPIC_ORDERS, p, begin), "topic orders cannot be read");
}

static int open_links(struct engine *engine, struct worker *worker) {
    for (int from = 0; from < engine->options.workers; from++) {
        worker->adoptions_tail[from] = &worker->adoptions[from];
        if (from != worker->index && worker_link_init(&worker->links[from], engine->options.link_bytes) != STATUS_OK)
            return refuse(engine, STATUS_NO_MEMORY, "no memory for the rings between workers");
    }
    return STATUS_OK;
}

static int open_worker(struct engine *engine, int index) {
    struct worker *worker = &engine->workers[index];
    int status;
    *worker = (struct worker){.index = index,
        .count = engine->options.workers,
        .processor = engine->options.pins_workers ? (int)(index % sysconf(_SC_NPROCESSORS_ONLN)) : -1,
        .idle = engine->options.idle,
        .workers = engine->workers,
        .commands = engine->codecs.commands[index],
        .controls = engine->codecs.controls[index],
        .published = &engine->published,
        .doors = {.misdirected = on_misdirected,
            .gap = on_gap,
            .recovered = on_recovered,
            .failed = on_failed,
            .context = engine}};
    pthread_mutex_init(&worker->asks_lock, NULL);
    engine->worker_count++;
    if ((status = broadcast_ring_init(&worker->ring, engine->options.ring_bytes)) != STATUS_OK)
        return refuse(engine, status, "a worker's ring cannot be made");
    worker->answers.ring = &worker->ring;
    worker->answers.write_event = engine->codecs.write_event;
    worker->answers.has_feeds = engine->options.feeds > 0;
    worker->answers.worker = (uint8_t)index;
    worker->answers.stop = &worker->stop;
    worker->answers.counters = &worker->counters;
    worker->reader = engine->store->open_reader(engine->store, &status);
    return worker->reader ? open_links(engine, worker) : refuse(engine, status, "no reader for a worker");
}

static int open_workers(struct engine *engine) {
    size_t bytes = (sizeof(struct worker) * (size_t)engine->options.workers + 63) & ~(size_t)63;
    engine->workers = aligned_alloc(64, bytes);
    if (!engine->workers) return refuse(engine, STATUS_NO_MEMORY, "no memory for workers");
    int status = STATUS_OK;
    for (int i = 0; i < engine->options.workers && status == STATUS_OK; i++) status = open_worker(engine, i);
    for (int32_t p = 0; p < PARTITIONS && status == STATUS_OK; p++) status = open_partition(engine, p);
    return status;
}

static int open_feeds(struct engine *engine) {
    for (int i = 0; i < engine->options.feeds; i++) {
        int status = feed_reader_init(&engine->feeds[i], engine->workers, engine->options.workers);
        if (status != STATUS_OK) return refuse(engine, status, "no memory for a feed");
        engine->feed_count++;
    }
    return STATUS_OK;
}

static int open_writers(struct engine *engine) {
    const struct engine_options *options = &engine->options;
    int status = fills_writer_open(&engine->fills, engine->store, engine->workers, options->workers, &engine->published,
        engine->codecs.scanner, options->orders_topic, options->pending_topic);
    if (status != STATUS_OK) return refuse(engine, status, "topic fills cannot be written");
    engine->has_fills = true;
    engine->fills.failed = on_failed;
    engine->fills.context = engine;
    engine->has_reinjector = true;
    status = reinjector_open(&engine->reinjector, engine->store, engine->codecs.commands[options->workers],
        &engine->published, options->orders_topic, options->pending_topic);
    for (int32_t p = 0; p < PARTITIONS; p++) engine->reinjector.paces[p] = &engine->partitions[p].pace;
    engine->reinjector.tick = engine->codecs.tick;
    engine->reinjector.failed = on_failed;
    engine->reinjector.context = engine;
    return status == STATUS_OK ? status : refuse(engine, status, "topic pending-orders cannot be read");
}

static int check_options(struct engine *engine) {
    const struct engine_options *options = &engine->options;
    if (options->workers >= 1 && options->workers <= WORKERS_MAX && options->feeds >= 0 &&
        options->feeds <= ENGINE_FEEDS_MAX)
        return STATUS_OK;
    return refuse(engine, STATUS_INVALID, "workers must be 1 to 16 and feeds 0 to 2");
}

int engine_open(struct engine *engine, struct log_store *store, const struct engine_codecs *codecs,
    const struct engine_options *options) {
    memset(engine, 0, sizeof *engine);
    engine->options = *options;
    engine->codecs = *codecs;
    engine->store = store;
    pthread_mutex_init(&engine->lock, NULL);
    int status = check_options(engine);
    if (status == STATUS_OK)
        status =
            published_read(&engine->published, store, codecs->scanner, options->orders_topic, options->pending_topic);
    if (status != STATUS_OK)
        return refuse(engine, status,
            "topics fills and orders-dead-letter cannot be read: is the broker there, and do the topics exist?");
    if ((status = open_arena(engine)) != STATUS_OK || (status = open_workers(engine)) != STATUS_OK ||
        (status = open_feeds(engine)) != STATUS_OK)
        return status;
    return open_writers(engine);
}

struct feed *engine_feed(struct engine *engine, int index) { return &engine->feeds[index].feed; }

/* ---- running --------------------------------------------------------------------------------------------- */

int engine_start(struct engine *engine, void (*on_change)(void *context), void *context) {
    engine->on_change = on_change;
    engine->context = context;
    int status = fills_writer_start(&engine->fills);
    for (int i = 0; i < engine->options.workers && status == STATUS_OK; i++) status = worker_start(&engine->workers[i]);
    return status;
}

int engine_on_change(struct engine *engine) {
    if (engine_state(engine) != ENGINE_RUNNING || engine->reinjector.has_thread) return STATUS_OK;
    int status = reinjector_begin(&engine->reinjector);
    return status == STATUS_OK ? reinjector_start(&engine->reinjector) : status;
}

/* From the source to the sink, so that nothing that was answered is left behind. */
void engine_stop(struct engine *engine, int drain_ms) {
    if (engine->has_reinjector) reinjector_stop(&engine->reinjector);
    for (int i = 0; i < engine->worker_count; i++) worker_stop(&engine->workers[i]);
    if (engine->has_fills) fills_writer_stop(&engine->fills, drain_ms);
    if (engine_state(engine) != ENGINE_FAILED) atomic_store(&engine->state, ENGINE_STOPPED);
}

static void close_worker(struct engine *engine, struct worker *worker) {
    if (worker->reader) worker->reader->close(worker->reader);
    for (int from = 0; from < engine->options.workers; from++) worker_link_deinit(&worker->links[from]);
    broadcast_ring_deinit(&worker->ring);
    pthread_mutex_destroy(&worker->asks_lock);
}

void engine_close(struct engine *engine) {
    if (engine->has_reinjector) reinjector_close(&engine->reinjector);
    if (engine->has_fills) fills_writer_close(&engine->fills);
    for (int i = 0; i < engine->feed_count; i++) feed_reader_deinit(&engine->feeds[i]);
    for (int i = 0; i < engine->partition_count; i++) partition_deinit(&engine->partitions[i]);
    for (int i = 0; i < engine->worker_count; i++) close_worker(engine, &engine->workers[i]);
    free(engine->workers);
    if (engine->arena_memory) munmap(engine->arena_memory, engine->arena_memory_bytes);
    published_deinit(&engine->published);
    pthread_mutex_destroy(&engine->lock);
}

int64_t engine_durable_offset(const struct engine *engine, int32_t partition) {
    int64_t answered = fills_writer_durable(&engine->fills, partition);
    int64_t reinjected = reinjector_durable(&engine->reinjector, partition);
    return answered < reinjected ? answered : reinjected;
}
