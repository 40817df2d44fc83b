#include "io/valkey/writer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FEED_RECORDS_PER_ROUND = 16384,
    LOG_RECORDS_PER_ROUND = 128,
    SCAN_TICK_MS = 3, /* the log does not call */
    BUSY_TICK_MS = 10
};

/* ---------------------------------------------------------------- small things of everybody */

uint64_t writer_now_ms(const struct valkey_writer *writer) { return uv_now(&writer->loop); }

void writer_say(struct valkey_writer *writer, const char *format, ...) {
    char line[320];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (writer->options.say)
        writer->options.say(writer->options.say_context, line);
    else
        fprintf(stderr, "valkey writer: %s\n", line);
}

void writer_want_round(struct valkey_writer *writer) { writer->round_wanted = true; }

void writer_new_token(struct valkey_writer *writer, char *token, size_t bytes) {
    snprintf(token, bytes, "%016" PRIx64 "-%" PRIu64, writer->token_seed, ++writer->token_count);
}

void writer_out_of_memory(void) {
    fprintf(stderr, "valkey writer: out of memory\n");
    abort();
}

/* ---------------------------------------------------------------- the round */

static bool is_scanning(const struct valkey_writer *writer) {
    for (int32_t p = 0; p < PARTITIONS; p++)
        if (writer->scans[p].participants) return true;
    return false;
}

static uint64_t tick_ms(const struct valkey_writer *writer) {
    if (writer->is_ready && is_scanning(writer)) return SCAN_TICK_MS;
    bool is_busy = writer->stopping || writer->symbols_wanted || writer->snapshots.count || writer->asked_count ||
                   (writer->is_ready && (writer->questions.count || writer->dirty || writer->sweep_wanted));
    return is_busy ? BUSY_TICK_MS : writer->options.check_ms;
}

static void on_tick(uv_timer_t *timer);
static void on_idle(uv_idle_t *idle) { writer_want_round(idle->data); }

/* Sleeps until somebody calls, unless there is more to do. */
static void rest(struct valkey_writer *writer, bool more) {
    struct feed *feed = writer->options.feed;
    if (!more && writer->feed_is_empty && feed->park(feed) == STATUS_FULL) more = true;
    if (more)
        uv_idle_start(&writer->idle, on_idle);
    else
        uv_idle_stop(&writer->idle);
    uv_timer_start(&writer->tick, on_tick, tick_ms(writer), 0);
}

/* Nothing is left to write, or there is no time, or nobody to write to. */
static bool is_drained(const struct valkey_writer *writer) {
    bool is_written = writer->feed_is_empty && writer->window_commands == 0 && !writer->dirty &&
                      !writer->questions.count && !is_scanning(writer) && writer->refilling == 0;
    return is_written || !writer->is_ready || writer_now_ms(writer) >= writer->stop_at_ms;
}

static void close_all(struct valkey_writer *writer) {
    writer->is_ready = false;
    valkey_client_close(writer->client);
    uv_close((uv_handle_t *)&writer->wake, NULL);
    uv_close((uv_handle_t *)&writer->check, NULL);
    uv_close((uv_handle_t *)&writer->idle, NULL);
    uv_close((uv_handle_t *)&writer->tick, NULL);
}

static bool end_if_asked(struct valkey_writer *writer) {
    uint32_t drain_ms = atomic_load_explicit(&writer->stop_drain_ms, memory_order_acquire);
    if (drain_ms && !writer->stopping) {
        writer->stopping = true;
        writer->stop_at_ms = writer_now_ms(writer) + drain_ms - 1;
    }
    if (!writer->stopping || !is_drained(writer)) return false;
    close_all(writer);
    return true;
}

static void run_round(struct valkey_writer *writer) {
    bool more = false;
    writer->round_wanted = false;
    writer_feed_ask(writer);
    writer_resync_questions(writer);
    writer_resync_join_all(writer);
    writer_feed_read(writer, FEED_RECORDS_PER_ROUND, &more);
    writer_scan_read(writer, LOG_RECORDS_PER_ROUND, &more);
    writer_link_flush_all(writer);
    writer_feed_write_dirty(writer);
    writer_link_check(writer);
    if (!end_if_asked(writer)) rest(writer, more);
}

/* ---------------------------------------------------------------- the loop's calls */

static void on_wake(uv_async_t *wake) { writer_want_round(wake->data); }
static void on_tick(uv_timer_t *timer) { run_round(timer->data); }

static void on_check(uv_check_t *check) {
    struct valkey_writer *writer = check->data;
    if (writer->round_wanted && !uv_is_closing((uv_handle_t *)check)) run_round(writer);
}

static void on_feed_ready(void *context) {
    struct valkey_writer *writer = context;
    uv_async_send(&writer->wake);
}

static void run_thread(void *context) {
    struct valkey_writer *writer = context;
    uv_run(&writer->loop, UV_RUN_DEFAULT);
}

/* ---------------------------------------------------------------- start and stop */

static void default_to(uint32_t *option, uint32_t otherwise) {
    if (*option == 0) *option = otherwise;
}

static const char *take_options(struct valkey_writer *writer, const struct valkey_writer_options *options) {
    struct valkey_writer_options *own = &writer->options;
    *own = *options;
    default_to(&own->stream_length, 1000);
    default_to(&own->order_keep_s, 86400);
    default_to(&own->depth_tick_ms, 20);
    default_to(&own->window_commands, 128);
    default_to(&own->window_bytes, 8 << 20);
    default_to(&own->held_bytes, 64 << 20);
    default_to(&own->refill_records, 1000000);
    default_to(&own->check_ms, 500);
    own->client.in_flight_max = own->window_commands + SLACK_COMMANDS + 1;
    if (own->window_commands > LINK_COMMANDS_MAX) return "the Valkey window may have at most 4096 commands";
    if (!own->feed || !own->store || !own->read_event || !own->write_depth || !own->depth_bytes_max ||
        !own->write_instrument)
        return "the Valkey writer needs a feed, a log, and functions for events and depth";
    if (own->depth_bytes_max > BATCH_BYTES_MAX / 2) return "the Valkey writer takes no depth of that size";
    return NULL;
}

static void init_handles(struct valkey_writer *writer) {
    uv_async_init(&writer->loop, &writer->wake, on_wake);
    uv_check_init(&writer->loop, &writer->check);
    uv_idle_init(&writer->loop, &writer->idle);
    uv_timer_init(&writer->loop, &writer->tick);
    writer->wake.data = writer->check.data = writer->idle.data = writer->tick.data = writer;
    uv_check_start(&writer->check, on_check);
    uv_timer_start(&writer->tick, on_tick, 0, 0);
}

static void free_writer(struct valkey_writer *writer) {
    writer_symbols_free(writer);
    writer_link_deinit(writer);
    free(writer);
}

static struct valkey_writer *new_writer(const struct valkey_writer_options *options, int *status, const char **why) {
    struct valkey_writer *writer = calloc(1, sizeof *writer);
    if (!writer) return NULL;
    *why = take_options(writer, options);
    if (*why) {
        *status = STATUS_INVALID;
        free(writer);
        return NULL;
    }
    *why = "out of memory";
    if (!writer_link_init(writer) ||
        uv_random(NULL, NULL, &writer->token_seed, sizeof writer->token_seed, 0, NULL) != 0 ||
        uv_loop_init(&writer->loop) != 0) {
        free_writer(writer);
        return NULL;
    }
    writer->symbols_wanted = true;
    writer->snapshots_at_once = SNAPSHOTS_MAX;
    snprintf(writer->sweep_cursor, sizeof writer->sweep_cursor, "0");
    return writer;
}

/* Ends everything that lives on the loop and frees the writer. No thread runs it. */
static void destroy(struct valkey_writer *writer) {
    uv_run(&writer->loop, UV_RUN_DEFAULT);
    writer_scan_close(writer);
    uv_loop_close(&writer->loop);
    free_writer(writer);
}

struct valkey_writer *valkey_writer_start(const struct valkey_writer_options *options, int *status, const char **why) {
    *status = STATUS_NO_MEMORY;
    *why = "out of memory";
    struct valkey_writer *writer = new_writer(options, status, why);
    if (!writer) return NULL;
    struct valkey_client_events events = writer_link_events(writer);
    writer->client = valkey_client_open(&writer->loop, &writer->options.client, &events, status, why);
    if (!writer->client) {
        destroy(writer);
        return NULL;
    }
    init_handles(writer);
    options->feed->on_ready = on_feed_ready;
    options->feed->on_ready_context = writer;
    if (uv_thread_create(&writer->thread, run_thread, writer) != 0) {
        *status = STATUS_NO_MEMORY;
        *why = "a thread cannot be started";
        close_all(writer);
        destroy(writer);
        return NULL;
    }
    *status = STATUS_OK;
    *why = NULL;
    return writer;
}

void valkey_writer_stop(struct valkey_writer *writer, uint32_t drain_ms) {
    atomic_store_explicit(
        &writer->stop_drain_ms, drain_ms < UINT32_MAX ? drain_ms + 1 : drain_ms, memory_order_release);
    uv_async_send(&writer->wake);
    uv_thread_join(&writer->thread);
    destroy(writer);
}

const struct valkey_writer_counters *valkey_writer_counters(const struct valkey_writer *writer) {
    return &writer->counters;
}
