#include "io/websocket/push.h"

#include "core/check.h"
#include "core/partition.h"
#include "io/websocket/door.h"
#include "io/websocket/push_thread.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum {
    RECORDS_PER_PASS = 20000, /* then the sockets have their turn */
    ASKS_PER_PASS = 64,       /* snapshots asked of workers */
    PATIENCE_PASSES = 3,      /* for the levels of an event */
    ASK_AGAIN_MS = 1000,
    READY_ASK_MS = 100,
    SWEEP_S = 5,
    SPARE_FILES = 512, /* descriptors beside those of clients */
    LOST_MS = 60000,   /* after being overtaken, what is missed is looked for from there on */
    ENDING_MS = 10,    /* between looks at whether the end is near */
    CLOSING_MS = 500   /* for close frames at the end */
};

int64_t push_wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void push_log(const struct push_world *world, const char *format, ...) {
    char line[512];
    va_list values;
    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    if (world->log_line)
        world->log_line(world->log_context, line);
    else
        fprintf(stderr, "push: %s\n", line);
}

static void schedule(struct push *push, uint64_t delay_ms);

void push_touch(struct push *push, struct market *market) {
    if (market->is_touched) return;
    market->is_touched = true;
    market->next_touched = push->touched;
    push->touched = market;
}

void push_hurry(struct push *push) { schedule(push, 0); }

/* ---- publishing ---- */

/* Backwards: a client that is closed by a send leaves its place to one that was served already. */
static void publish(struct market *market, enum market_channel channel, struct frames *frames, enum outbox_kind kind) {
    for (uint32_t i = market->subscriber_count[channel]; i-- > 0;)
        connection_send(market->subscribers[channel][i]->connection, frames, kind);
}

static void publish_trades(struct market *market) {
    if (!market->tick_trades) return;
    publish(market, MARKET_TRADES, market->tick_trades, OUTBOX_KEPT);
    frames_release(market->tick_trades);
    market->tick_trades = NULL;
}

/* Who is owed a snapshot gets it once its socket takes more. */
static void ask_owing(struct market *market) {
    for (uint32_t i = 0; i < market->subscriber_count[MARKET_DEPTH]; i++)
        if (market->subscribers[MARKET_DEPTH][i]->owes_depth)
            connection_ask(market->subscribers[MARKET_DEPTH][i]->connection);
}

/* The levels of the last event may not have been read yet: what is told as the state after an event must be that. */
static bool is_unfinished(const struct push *push, struct market *market) {
    if (!market->ends_in_event || market->touched_at != push->pass || market->patience == PATIENCE_PASSES) {
        market->patience = 0;
        return false;
    }
    market->patience++;
    return true;
}

/* True if it must wait for the next pass. */
static bool publish_depth(struct push *push, struct market *market) {
    bool is_snapshot;
    if (market->change_count == 0 && !market->must_retell) return false;
    if (is_unfinished(push, market)) return true;
    struct frames *frames = market_tell_depth(market, &push->limits, push->epoch, &push->scratch, &is_snapshot);
    for (uint32_t i = market->subscriber_count[MARKET_DEPTH]; frames && i-- > 0;) {
        struct subscription *subscription = market->subscribers[MARKET_DEPTH][i];
        if (subscription->owes_depth && !is_snapshot) continue;
        subscription->owes_depth = false;
        connection_send(subscription->connection, frames, OUTBOX_DEPTH);
    }
    frames_release(frames);
    if (market->state == MARKET_DEPTH_LIVE) ask_owing(market);
    return false;
}

/* True if the ticker has something to say but it is not yet time. */
static bool publish_ticker(struct push *push, struct market *market) {
    if (!market->ticker_moved || market->subscriber_count[MARKET_TICKER] == 0 || market->state != MARKET_DEPTH_LIVE)
        return false;
    int64_t now_ms = (int64_t)uv_now(&push->loop);
    if (market->ticker_told_ms && now_ms - market->ticker_told_ms < push->settings.ticker_ms) return true;
    struct frames *frames = market_ticker(market, &push->scratch);
    for (uint32_t i = 0; i < market->subscriber_count[MARKET_TICKER]; i++)
        market->subscribers[MARKET_TICKER][i]->owes_ticker = false;
    publish(market, MARKET_TICKER, frames, OUTBOX_TICKER);
    frames_release(frames);
    market->ticker_told_ms = now_ms;
    market->ticker_moved = false;
    return false;
}

/* While the server recovers, a symbol that nobody speaks of may be one that is not there yet. */
static bool is_server_ready(struct push *push) {
    const struct push_pages *pages = &push->world.pages;
    char missing[256];
    if (!pages->ready || push->is_ready || uv_now(&push->loop) < push->ready_asked_ms + READY_ASK_MS)
        return !pages->ready || push->is_ready;
    push->ready_asked_ms = uv_now(&push->loop);
    push->is_ready = pages->ready(pages->context, missing, sizeof missing);
    return push->is_ready;
}

/* Asks the workers for the depth of a market that somebody watches and that is not known. True while it is not. */
static bool ask_depth(struct push *push, struct market *market, uint32_t *asks_left) {
    int64_t now_ms = (int64_t)uv_now(&push->loop);
    if (market->state >= MARKET_DEPTH_LOADING ||
        !(market->subscriber_count[MARKET_DEPTH] || market->subscriber_count[MARKET_TICKER]))
        return false;
    if (market->state == MARKET_DEPTH_ASKED && now_ms - market->asked_ms < ASK_AGAIN_MS) {
        if (!market->is_known && now_ms - market->asked_ms >= push->settings.unknown_ms && is_server_ready(push))
            market_begin_empty(market);
        return true;
    }
    if (*asks_left == 0 || push->world.feed->ask_snapshot(push->world.feed, market_symbol(market)) == STATUS_FULL)
        return true;
    --*asks_left;
    push_count(&push->counters.resyncs, 1);
    market->state = MARKET_DEPTH_ASKED;
    market->asked_ms = now_ms;
    return true;
}

/* Publishes what moved; what must be looked at again stays touched. */
static void publish_touched(struct push *push) {
    struct market *touched = push->touched;
    uint32_t asks_left = ASKS_PER_PASS;
    push->touched = NULL;
    while (touched) {
        struct market *market = touched;
        touched = market->next_touched;
        bool is_waiting = ask_depth(push, market, &asks_left);
        publish_trades(market);
        is_waiting |= publish_depth(push, market);
        is_waiting |= publish_ticker(push, market);
        market->is_touched = false;
        if (is_waiting) push_touch(push, market);
    }
}

/* ---- the feed ---- */

static bool is_watched(const struct push *push, const struct market *market) {
    return market->is_wanted || push->accounts.count;
}

void push_tell_gap(struct push *push, struct market *market, uint64_t from, uint64_t to) {
    push_count(&push->counters.gaps_told, 1);
    push_log(&push->world, "events %llu to %llu of %.*s were missed and cannot be read again", (unsigned long long)from,
        (unsigned long long)to, (int)market->name_bytes, market->name);
    message_gap(&push->message, market_symbol(market), TEXT("trades"), from, to);
    struct frames *frames = frames_of(message_view(&push->message));
    publish_trades(market);
    publish(market, MARKET_TRADES, frames, OUTBOX_KEPT);
    frames_release(frames);
    market->trades_after = to;
    market->trade_count = 0;
    reports_close_all(push);
}

void push_deliver(struct push *push, struct market *market, const struct event *event, struct text bytes) {
    if (event->type == EVENT_FILL) {
        struct trade trade = {.fseq = event->fseq,
            .trade_id = event->trade_id,
            .price_ticks = event->price_ticks,
            .quantity_lots = event->quantity_lots,
            .timestamp_ms = event->timestamp_ms,
            .taker_side = event->side,
            .tick = event->instrument.tick,
            .lot = event->instrument.lot};
        market_on_trade(market, &trade, &push->scratch);
        if (market->tick_trades && market->tick_trades->size >= FRAMES_BYTES) publish_trades(market);
        push_touch(push, market);
    }
    reports_on_event(push, event, bytes);
}

/* The feed says that the market stands at `fseq`, and the last event seen is an earlier one: what lies between was
 * missed. */
static void on_gap(struct push *push, struct market *market, uint64_t fseq) {
    uint64_t delivered = market->fseq;
    market->fseq = fseq;
    market_forget_depth(market);
    push_touch(push, market);
    if (!is_watched(push, market) && !market->hold) return;
    int64_t lost_from = push->lost_from[market->partition];
    if (push->resync)
        hold_begin(push, market, delivered, lost_from >= 0 ? lost_from : push->checkpoint[market->partition]);
    else
        push_tell_gap(push, market, delivered + 1, fseq);
}

static void on_event(struct push *push, struct market *market, const struct feed_record *record) {
    push_count(&push->counters.events, 1);
    if (market->is_known && record->fseq <= market->fseq) return; /* a repeat */
    if (!market->is_known && record->fseq > 1)
        market_forget_depth(market); /* it was there before we listened */
    else if (!market->is_known && market->state != MARKET_DEPTH_LIVE)
        market_begin_empty(market);
    else if (market->is_known && record->fseq > market->fseq + 1)
        on_gap(push, market, record->fseq - 1);
    market->is_known = true;
    market->fseq = record->fseq;
    push_touch(push, market);
    if (market->hold)
        hold_event(push, market, &record->event, record->bytes);
    else
        push_deliver(push, market, &record->event, record->bytes);
}

/* A record that says where the symbol stands. */
static void on_position(struct push *push, struct market *market, const struct feed_record *record) {
    if (!market->is_known) {
        market->is_known = true;
        market->fseq = record->fseq;
        market->trades_after = record->fseq;
    } else if (record->fseq > market->fseq) {
        on_gap(push, market, record->fseq);
    }
    if (record->event.has_last_price) {
        market->has_last = true;
        market->last_price_ticks = record->event.last_price_ticks;
        market->last_tick = record->instrument.tick;
    }
}

static void on_ready_symbol(struct push *push, struct market *market, const struct feed_record *record) {
    bool was_known = market->is_known;
    on_position(push, market, record);
    if (was_known) return;
    if (record->fseq == 0 && market->state != MARKET_DEPTH_LIVE)
        market_begin_empty(market);
    else if (record->fseq > 0)
        market_forget_depth(market);
    push_touch(push, market);
}

static bool is_same_unit(struct decimal_unit a, struct decimal_unit b) {
    return a.mantissa == b.mantissa && a.places == b.places;
}

/* Levels told in other units mean nothing any more. */
static void on_instrument(struct market *market, const struct instrument *instrument) {
    bool is_same = is_same_unit(market->instrument.tick, instrument->tick) &&
                   is_same_unit(market->instrument.lot, instrument->lot);
    if (!is_same && market->is_known) market_forget_depth(market);
    market->instrument = *instrument;
}

static void on_record(struct push *push, const struct feed_record *record) {
    struct market *market = subscriptions_get(&push->subscriptions, record->symbol, record->partition);
    market->touched_at = push->pass;
    market->ends_in_event = record->kind == FEED_EVENT;
    switch ((enum feed_kind)record->kind) {
    case FEED_EVENT:
        on_instrument(market, &record->instrument);
        on_event(push, market, record);
        break;
    case FEED_LEVEL:
        market_on_level(market, &push->limits, (enum side)record->side, record->price_ticks, record->total_lots);
        push_touch(push, market);
        break;
    case FEED_SNAPSHOT_BEGIN:
        on_instrument(market, &record->instrument);
        on_position(push, market, record);
        if (market->state != MARKET_DEPTH_LIVE) market_on_snapshot_begin(market);
        break;
    case FEED_SNAPSHOT_LEVEL:
        if (market->state == MARKET_DEPTH_LOADING)
            market_on_level(market, &push->limits, (enum side)record->side, record->price_ticks, record->total_lots);
        break;
    case FEED_SNAPSHOT_ORDER: break;
    case FEED_SNAPSHOT_END:
        market_on_snapshot_end(market);
        push_touch(push, market);
        break;
    case FEED_READY:
        on_instrument(market, &record->instrument);
        on_ready_symbol(push, market, record);
        break;
    }
}

/* Markets of lost partitions whose levels may have been among what was lost. */
static void doubt(void *context, struct market *market) {
    struct push *push = context;
    bool is_lost = push->world.feed->lost_partitions >> market->partition & 1;
    bool is_recent = market->state == MARKET_DEPTH_LOADING || market->touched_at >= push->quiet_pass_before;
    if (!is_lost || !is_recent || market->state < MARKET_DEPTH_LOADING) return;
    market_forget_depth(market);
    push_touch(push, market);
}

static void on_overtaken(struct push *push) {
    struct feed *feed = push->world.feed;
    push_count(&push->counters.overtaken, 1);
    subscriptions_each(&push->subscriptions, doubt, push);
    for (int32_t partition = 0; partition < PARTITIONS; partition++)
        if (feed->lost_partitions >> partition & 1 &&
            (push->lost_from[partition] < 0 || push->lost_from[partition] > push->checkpoint[partition]))
            push->lost_from[partition] = push->checkpoint[partition];
    push->lost_at_ms = uv_now(&push->loop);
    push->has_sampled = false;
    push->must_ask_symbols =
        true; /* each says where it stands: so also a symbol shows its gap that has no further event */
    feed->lost_partitions = 0;
}

/* The feed was read to its end: what is missed from now on lies behind the sample. */
static void on_quiet(struct push *push) {
    push->quiet_pass_before = push->quiet_pass;
    push->quiet_pass = push->pass;
    if (!push->has_sampled) return;
    memcpy(push->checkpoint, push->sampled, sizeof push->checkpoint);
    push->has_sampled = false;
}

/* Returns how many records there were. */
static uint32_t take_feed(struct push *push) {
    struct feed *feed = push->world.feed;
    uint32_t taken = 0;
    push->pass++;
    while (taken < RECORDS_PER_PASS) {
        struct feed_record record;
        int status = feed->next(feed, &record);
        if (status == STATUS_EMPTY) {
            on_quiet(push);
            break;
        }
        taken++;
        if (status == STATUS_OVERTAKEN)
            on_overtaken(push);
        else
            on_record(push, &record);
    }
    if (push->must_ask_symbols && feed->ask_symbols(feed) == STATUS_OK) push->must_ask_symbols = false;
    return taken;
}

/* ---- passes ---- */

static void on_tick(uv_timer_t *timer);

static void schedule(struct push *push, uint64_t delay_ms) {
    if (uv_is_active((uv_handle_t *)&push->tick) && uv_timer_get_due_in(&push->tick) <= delay_ms) return;
    uv_timer_start(&push->tick, on_tick, delay_ms, 0);
}

/* One pass: take what there is, tell it, sleep if there is nothing. */
static void pass(struct push *push) {
    struct feed *feed = push->world.feed;
    push->passed_at_ms = uv_now(&push->loop);
    if (push->resync) {
        push->has_sampled |= resync_sampled(push->resync, push->sampled);
        hold_on_found(push, resync_take(push->resync));
    }
    uint32_t taken = take_feed(push);
    publish_touched(push);
    if (taken >= RECORDS_PER_PASS)
        schedule(push, 1);
    else if (taken || push->touched || push->must_ask_symbols || feed->park(feed) == STATUS_FULL)
        schedule(push, push->settings.tick_ms);
}

static void on_tick(uv_timer_t *timer) { pass(timer->data); }

/* ---- what happens now and then ---- */

static void sweep_market(void *context, struct market *market) {
    struct push *push = context;
    int64_t now_ms = (int64_t)uv_now(&push->loop);
    if (market_subscribers(market)) {
        market->wanted_until_ms = 0;
        return;
    }
    if (!market->is_wanted || market->hold || market->is_touched) return;
    if (market->wanted_until_ms == 0)
        market->wanted_until_ms = now_ms + (market->is_known ? (int64_t)push->settings.retain_s * 1000 : 0);
    if (now_ms >= market->wanted_until_ms) market_unwant(market);
}

static void forget_unknown(struct push *push) {
    for (uint32_t i = 0; i < push->subscriptions.bucket_count; i++)
        for (struct market *market = push->subscriptions.buckets[i], *next; market; market = next) {
            next = market->next;
            if (!market->is_known && !market->is_wanted) subscriptions_forget(&push->subscriptions, market);
        }
}

static uint64_t thread_cpu_us(void) {
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
}

static void on_second(uv_timer_t *timer) {
    struct push *push = timer->data;
    uint64_t events = atomic_load_explicit(&push->counters.events, memory_order_relaxed), now_ms = uv_now(&push->loop);
    if (push->resync && events != push->sampled_events) {
        resync_sample(push->resync);
        push->sampled_events = events;
    }
    for (struct connection *connection = push->connections; connection; connection = connection->next)
        connection_beat(connection);
    presence_sweep(push);
    atomic_store_explicit(&push->counters.cpu_us, thread_cpu_us(), memory_order_relaxed);
    if (++push->seconds % SWEEP_S) return;
    subscriptions_each(&push->subscriptions, sweep_market, push);
    forget_unknown(push);
    if (push->lost_at_ms &&
        now_ms - push->lost_at_ms > LOST_MS) { /* every symbol has said by now whether it lost something */
        memset(push->lost_from, 0xff, sizeof push->lost_from);
        push->lost_at_ms = 0;
    }
}

/* ---- stopping ---- */

static void announce(struct push *push) {
    if (push->is_announced) return;
    push->is_announced = true;
    message_shutdown(&push->message);
    struct frames *frames = frames_of(message_view(&push->message));
    for (struct connection *connection = push->connections; connection; connection = connection->next)
        connection_send(connection, frames, OUTBOX_KEPT);
    frames_release(frames);
}

static bool is_drained(const struct push *push) {
    const struct connection *connection = push->connections;
    while (connection &&
           (connection->is_closing || (connection->outbox.count == 0 && !lws_partial_buffered(connection->wsi))))
        connection = connection->next;
    return connection == NULL;
}

static void close_everything(struct push *push) {
    uv_close((uv_handle_t *)&push->wake, NULL);
    uv_close((uv_handle_t *)&push->tick, NULL);
    uv_close((uv_handle_t *)&push->second, NULL);
    uv_close((uv_handle_t *)&push->ending, NULL);
    presence_stop(push);
    door_close(push);
}

/* First what waits goes out, then every connection is closed, then all handles are. */
static void on_ending(uv_timer_t *timer) {
    struct push *push = timer->data;
    uint64_t now_ms = uv_now(&push->loop);
    if (!push->is_closing && (is_drained(push) || now_ms >= push->stop_at_ms)) {
        push->is_closing = true;
        push->stop_at_ms = now_ms + CLOSING_MS;
        for (struct connection *connection = push->connections; connection; connection = connection->next)
            connection_close(connection, 1001, "The server stops.");
    }
    if (push->is_closing && (!push->connections || now_ms >= push->stop_at_ms)) close_everything(push);
}

static void begin_stop(struct push *push) {
    if (uv_is_active((uv_handle_t *)&push->ending)) return;
    announce(push);
    push->stop_at_ms = uv_now(&push->loop) + push->settings.drain_ms;
    uv_timer_start(&push->ending, on_ending, ENDING_MS, ENDING_MS);
}

/* ---- the thread ---- */

static void open_keys(struct push *push) {
    char problem[512] = "";
    push->start_status = STATUS_OK;
    if (push->keys_path) push->keys = keys_open(push->keys_path, &push->start_status, problem, sizeof problem);
    if (push->start_status != STATUS_OK) push_log(&push->world, "the key file cannot be used: %s", problem);
}

static void reload_keys(struct push *push) {
    char problem[512] = "";
    if (!push->keys) return;
    if (keys_reload(push->keys, problem, sizeof problem) == STATUS_OK)
        push_log(&push->world, "%zu API keys read", keys_count(push->keys));
    else
        push_log(&push->world, "the key file cannot be used, the keys stay as they are: %s", problem);
}

/* The first thing after a pause is told at once; what follows within the tick goes together. */
static void on_wake(uv_async_t *async) {
    struct push *push = async->data;
    if (atomic_exchange(&push->is_told_to_reload, false)) reload_keys(push);
    if (atomic_load(&push->is_told_to_stop))
        begin_stop(push);
    else if (atomic_load(&push->is_told_to_announce))
        announce(push);
    uint64_t since_ms = uv_now(&push->loop) - push->passed_at_ms;
    schedule(push, since_ms >= push->settings.tick_ms ? 0 : push->settings.tick_ms - since_ms);
}

/* Any thread. */
static void wake(void *context) {
    struct push *push = context;
    uv_async_send(&push->wake);
}

static void init_tables(struct push *push) {
    subscriptions_init(&push->subscriptions);
    accounts_init(&push->accounts);
    addresses_init(&push->addresses);
    market_scratch_init(&push->scratch);
    message_init(&push->message);
    push->ping = frames_of_ping();
    memset(push->checkpoint, 0xff, sizeof push->checkpoint);
    memset(push->lost_from, 0xff, sizeof push->lost_from);
    CHECK(json_decoder_init(&push->decoder, CLIENT_MESSAGE_BYTES_MAX), "no memory for decoding clients' messages");
}

static void forget_hold(void *context, struct market *market) { hold_free(context, market); }

static void deinit_tables(struct push *push) {
    subscriptions_each(&push->subscriptions, forget_hold, push);
    subscriptions_deinit(&push->subscriptions);
    accounts_deinit(&push->accounts);
    addresses_deinit(&push->addresses);
    market_scratch_deinit(&push->scratch);
    message_deinit(&push->message);
    frames_release(push->ping);
    json_decoder_deinit(&push->decoder);
    if (push->keys) keys_close(push->keys);
}

/* Opens from the sink to the source; on failure start_status says why. */
static void open_doors(struct push *push) {
    open_keys(push);
    if (push->start_status == STATUS_OK) push->start_status = presence_start(push);
    if (push->start_status == STATUS_OK) push->start_status = door_open(push);
    if (push->start_status == STATUS_OK && push->world.log) {
        push->resync = resync_start(push->world.log, wake, push);
        push->start_status = push->resync ? STATUS_OK : STATUS_NO_MEMORY;
    }
}

static void run(void *context) {
    struct push *push = context;
    push->wake.data = push->tick.data = push->second.data = push->ending.data = push;
    uv_timer_init(&push->loop, &push->tick);
    uv_timer_init(&push->loop, &push->second);
    uv_timer_init(&push->loop, &push->ending);
    init_tables(push);
    open_doors(push);
    bool is_open = push->start_status == STATUS_OK;
    if (is_open) {
        push->must_ask_symbols = true;
        uv_timer_start(&push->second, on_second, 1000, 1000);
        schedule(push, 0);
    } else {
        close_everything(push);
    }
    uv_sem_post(&push->started);
    uv_run(&push->loop, UV_RUN_DEFAULT);
    while (push->lws) { /* libwebsockets ends in two calls, the loop's run between them */
        door_close(push);
        uv_run(&push->loop, UV_RUN_DEFAULT);
    }
    if (push->resync) resync_stop(push->resync);
    deinit_tables(push);
}

/* Clients need descriptors: takes as many as the system gives. */
static void make_room_for_files(struct push *push) {
    struct rlimit limit;
    rlim_t wanted = (rlim_t)push->settings.connections_max + SPARE_FILES;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= wanted) return;
    push->settings.connections_max =
        limit.rlim_cur > 2 * SPARE_FILES ? (uint32_t)(limit.rlim_cur - SPARE_FILES) : SPARE_FILES;
    push_log(&push->world,
        "the limit of open files (%llu) allows %u connections: raise it (LimitNOFILE, ulimit -n) for more",
        (unsigned long long)limit.rlim_cur, push->settings.connections_max);
}

static struct push *make(const struct push_settings *settings, const struct push_world *world) {
    struct push *push = calloc(1, sizeof *push);
    if (!push) return NULL;
    push->settings = *settings;
    push->world = *world;
    push->epoch = (uint64_t)push_wall_ms();
    push->keys_path = world->keys_path ? strdup(world->keys_path) : NULL;
    push->limits = (struct market_limits){.depth_levels = settings->depth_levels,
        .mirror_levels = settings->mirror_levels,
        .resume_changes = settings->resume_changes,
        .resume_bytes = settings->resume_bytes,
        .resume_trades = settings->resume_trades};
    make_room_for_files(push);
    return push;
}

static void destroy(struct push *push) {
    uv_sem_destroy(&push->started);
    CHECK(uv_loop_close(&push->loop) == 0, "the push thread's loop ended with open handles");
    free(push->keys_path);
    free(push);
}

int push_start(struct push **result, const struct push_settings *settings, const struct push_world *world) {
    *result = NULL;
    const char *fault = push_settings_fault(settings);
    if (fault) {
        push_log(world, "%s", fault);
        return STATUS_INVALID;
    }
    struct push *push = make(settings, world);
    if (!push) return STATUS_NO_MEMORY;
    CHECK(uv_loop_init(&push->loop) == 0 && uv_async_init(&push->loop, &push->wake, on_wake) == 0 &&
              uv_sem_init(&push->started, 0) == 0,
        "no event loop for the push thread");
    push->world.feed->on_ready = wake;
    push->world.feed->on_ready_context = push;
    CHECK(uv_thread_create(&push->thread, run, push) == 0, "no thread for push");
    uv_sem_wait(&push->started);
    if (push->start_status == STATUS_OK) {
        *result = push;
        return STATUS_OK;
    }
    int status = push->start_status;
    uv_thread_join(&push->thread);
    destroy(push);
    return status;
}

uint16_t push_port(const struct push *push) { return push->port; }

const struct push_counters *push_counters(const struct push *push) { return &push->counters; }

void push_reload_keys(struct push *push) {
    atomic_store(&push->is_told_to_reload, true);
    wake(push);
}

void push_announce_stop(struct push *push) {
    atomic_store(&push->is_told_to_announce, true);
    wake(push);
}

void push_stop(struct push *push) {
    atomic_store(&push->is_told_to_stop, true);
    wake(push);
    uv_thread_join(&push->thread);
    destroy(push);
}
