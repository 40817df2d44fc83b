#include "io/valkey/writer.h"

enum {
    HELD_BYTES_PER_SYMBOL_MAX = 1 << 20,
    RETRY_MS_MIN = 100,
    RETRY_MS_MAX = 5000,
    AHEAD_MS = 500, /* Valkey knows more than the feed told: the feed is asked to catch up ... */
    AHEAD_TIMES = 6 /* ... so many times */
};

static bool is_refilling(uint8_t state) { return state == SYMBOL_SNAPSHOT || state == SYMBOL_TAIL; }
static bool reads_log(uint8_t state) { return state == SYMBOL_BEHIND || state == SYMBOL_TAIL; }

void writer_resync_set_state(
    struct valkey_writer *writer, struct writer_symbol *symbol, enum writer_symbol_state state) {
    struct writer_scan *scan = &writer->scans[symbol->partition];
    scan->participants += reads_log((uint8_t)state) - reads_log(symbol->state);
    writer->refilling += is_refilling((uint8_t)state) - is_refilling(symbol->state);
    if ((state == SYMBOL_LIVE) != (symbol->state == SYMBOL_LIVE))
        counter_add(&writer->counters.symbols_live, state == SYMBOL_LIVE ? 1 : (uint64_t)-1);
    if (reads_log((uint8_t)state) && !reads_log(symbol->state)) {
        symbol->scan_round = 0;
        scan->again = true;
    }
    symbol->state = (uint8_t)state;
}

/* ---------------------------------------------------------------- back to UNKNOWN */

static void queue_question(struct valkey_writer *writer, struct writer_symbol *symbol) {
    if (symbol->queued) return;
    symbol->queued = true;
    symbol->next_question = NULL;
    if (writer->questions.last)
        writer->questions.last->next_question = symbol;
    else
        writer->questions.first = symbol;
    writer->questions.last = symbol;
    writer->questions.count++;
}

static struct writer_symbol *take_question(struct valkey_writer *writer) {
    struct writer_symbol *symbol = writer->questions.first;
    writer->questions.first = symbol->next_question;
    if (!writer->questions.first) writer->questions.last = NULL;
    writer->questions.count--;
    symbol->queued = false;
    return symbol;
}

void writer_resync_forget(struct valkey_writer *writer, struct writer_symbol *symbol) {
    symbol->session++;
    symbol->settings_told = false;
    writer_link_drop_batch(writer, symbol);
    writer_resync_set_state(writer, symbol, SYMBOL_UNKNOWN);
    queue_question(writer, symbol);
}

void writer_resync_forget_all(struct valkey_writer *writer) {
    for (int32_t p = 0; p < PARTITIONS; p++)
        for (struct writer_symbol *symbol = writer->of_partition[p]; symbol; symbol = symbol->next_of_partition)
            writer_resync_forget(writer, symbol);
}

void writer_resync_failed(struct valkey_writer *writer, struct writer_symbol *symbol, bool refill) {
    uint64_t pause_ms = symbol->failures < 6 ? (uint64_t)RETRY_MS_MIN << symbol->failures : RETRY_MS_MAX;
    symbol->failures++;
    writer_resync_forget(writer, symbol);
    symbol->not_before_ms = writer_now_ms(writer) + pause_ms;
    symbol->refill_wanted = refill;
}

void writer_resync_want_refill(struct valkey_writer *writer, struct writer_symbol *symbol) {
    writer_resync_forget(writer, symbol);
    symbol->refill_wanted = true;
}

/* ---------------------------------------------------------------- events held, and their turn */

static void show_held(struct valkey_writer *writer) {
    counter_set(&writer->counters.held_bytes, writer->held_bytes);
    if (writer->held_bytes > atomic_load_explicit(&writer->counters.held_bytes_peak, memory_order_relaxed))
        counter_set(&writer->counters.held_bytes_peak, writer->held_bytes);
}

static void hold_event(
    struct valkey_writer *writer, struct writer_symbol *symbol, const struct event *event, struct text bytes) {
    struct held_events *hold = &symbol->hold;
    size_t before = hold->capacity;
    size_t left = writer->held_bytes < writer->options.held_bytes ? writer->options.held_bytes - writer->held_bytes : 0;
    size_t most = before + left < HELD_BYTES_PER_SYMBOL_MAX ? before + left : HELD_BYTES_PER_SYMBOL_MAX;
    counter_add(&writer->counters.skipped, held_events_add(hold, event, bytes, most));
    writer->held_bytes += hold->capacity - before;
    show_held(writer);
}

static void clear_hold(struct valkey_writer *writer, struct writer_symbol *symbol) {
    writer->held_bytes -= symbol->hold.capacity;
    held_events_clear(&symbol->hold);
    show_held(writer);
}

/* The next event of the chain goes into the symbol's batch. */
static void apply_event(
    struct valkey_writer *writer, struct writer_symbol *symbol, const struct event *event, struct text bytes) {
    struct order_batch *batch = writer_link_batch(writer, symbol, false);
    size_t before = order_batch_bytes(batch);
    order_batch_add(batch, event, bytes);
    writer_link_count_batch(writer, before, batch);
    symbol->applied = event->fseq;
    symbol->stored_hash = 0;
}

static void drop_applied(struct writer_symbol *symbol) {
    while (symbol->hold.first && symbol->hold.first <= symbol->applied) held_events_drop(&symbol->hold);
}

/* BEHIND ends when the held events continue what was applied and have all had their turn, or nothing is missing. As far
 * as the window goes; the rest in a later round. */
static void try_join(struct valkey_writer *writer, struct writer_symbol *symbol) {
    struct event event;
    struct text bytes;
    if (symbol->state != SYMBOL_BEHIND) return;
    drop_applied(symbol);
    while (symbol->state == SYMBOL_BEHIND && symbol->hold.first == symbol->applied + 1 &&
           writer_link_has_room(writer) && held_events_peek(&symbol->hold, &event, &bytes)) {
        apply_event(writer, symbol, &event, bytes);
        held_events_drop(&symbol->hold);
    }
    if (symbol->state == SYMBOL_BEHIND && symbol->applied >= symbol->head && !symbol->hold.first) {
        clear_hold(writer, symbol);
        writer_resync_set_state(writer, symbol, SYMBOL_LIVE);
    }
}

static void become_behind(struct valkey_writer *writer, struct writer_symbol *symbol) {
    writer_resync_set_state(writer, symbol, SYMBOL_BEHIND);
    try_join(writer, symbol);
    if (symbol->state == SYMBOL_BEHIND) counter_add(&writer->counters.catch_ups, 1);
}

void writer_resync_on_event(
    struct valkey_writer *writer, struct writer_symbol *symbol, const struct event *event, struct text bytes) {
    if (symbol->state == SYMBOL_LIVE && event->fseq == symbol->applied + 1) {
        apply_event(writer, symbol, event, bytes);
        return;
    }
    if ((symbol->state == SYMBOL_LIVE || symbol->state == SYMBOL_BEHIND) && event->fseq <= symbol->applied) return;
    hold_event(writer, symbol, event, bytes);
    if (symbol->state == SYMBOL_LIVE)
        become_behind(writer, symbol);
    else
        try_join(writer, symbol);
}

void writer_resync_on_head(struct valkey_writer *writer, struct writer_symbol *symbol, uint64_t fseq) {
    if (symbol->state == SYMBOL_LIVE && fseq > symbol->applied) become_behind(writer, symbol);
}

/* ---------------------------------------------------------------- comparing with what Valkey has */

static void begin_refill(struct valkey_writer *writer, struct writer_symbol *symbol) {
    symbol->refill_wanted = false;
    symbol->tail = symbol->tail_first = symbol->base = symbol->tail_hash = 0;
    symbol->depth_force = true;
    writer_new_token(writer, symbol->token, sizeof symbol->token);
    counter_add(&writer->counters.refills, 1);
    bool has_book = symbol->name[0] != '#';
    symbol->orders_loading = false;
    symbol->base = has_book ? 0 : symbol->head;
    symbol->tail_since_ms = writer_now_ms(writer);
    writer_resync_set_state(writer, symbol, has_book ? SYMBOL_SNAPSHOT : SYMBOL_TAIL);
    if (has_book) writer_feed_want_snapshot(writer, symbol);
    writer_link_send_clear(writer, symbol); /* may put it back to UNKNOWN */
}

void writer_resync_questions(struct valkey_writer *writer) {
    uint64_t now_ms = writer_now_ms(writer);
    for (uint32_t left = writer->questions.count; left > 0 && writer_link_has_room(writer); left--) {
        struct writer_symbol *symbol = take_question(writer);
        if (symbol->state != SYMBOL_UNKNOWN) continue;
        if (symbol->not_before_ms > now_ms) {
            queue_question(writer, symbol);
        } else if (symbol->refill_wanted) {
            begin_refill(writer, symbol);
        } else {
            writer_resync_set_state(writer, symbol, SYMBOL_ASKED);
            writer_link_send_question(writer, symbol);
        }
    }
}

/* After a crash Valkey may be ahead of what the recovering server has said so far: it is given time. */
static bool is_given_time(struct valkey_writer *writer, struct writer_symbol *symbol) {
    if (symbol->times_ahead++ >= AHEAD_TIMES) return false;
    writer_resync_forget(writer, symbol);
    symbol->not_before_ms = writer_now_ms(writer) + AHEAD_MS;
    return true;
}

void writer_resync_on_stored(
    struct valkey_writer *writer, struct writer_symbol *symbol, uint64_t fseq, uint64_t hash, bool is_filling) {
    if (symbol->state != SYMBOL_ASKED) return;
    writer_feed_want_settings(writer, symbol);
    bool begins_here = fseq > 0 || symbol->head == 0 || symbol->hold.first == 1;
    if (is_filling || !begins_here) {
        begin_refill(writer, symbol);
        return;
    }
    if (fseq > symbol->head) {
        if (!is_given_time(writer, symbol)) begin_refill(writer, symbol);
        return;
    }
    symbol->times_ahead = 0;
    symbol->applied = fseq;
    symbol->stored_hash = hash;
    become_behind(writer, symbol);
}

/* ---------------------------------------------------------------- refill */

void writer_resync_open(struct valkey_writer *writer, struct writer_symbol *symbol) {
    writer_link_flush(writer, symbol);
    if (symbol->state != SYMBOL_TAIL) return;
    symbol->applied = symbol->base;
    symbol->stored_hash = 0;
    symbol->times_ahead = 0;
    writer_link_send_open(writer, symbol);
    writer_feed_mark_dirty(writer, symbol);
    if (symbol->state == SYMBOL_TAIL) become_behind(writer, symbol);
}

void writer_resync_on_snapshot_end(struct valkey_writer *writer, struct writer_symbol *symbol, uint64_t fseq) {
    writer_link_flush(writer, symbol);
    if (symbol->state != SYMBOL_SNAPSHOT) return;
    symbol->base = fseq;
    symbol->tail_since_ms = writer_now_ms(writer);
    writer_resync_set_state(writer, symbol, SYMBOL_TAIL);
    if (fseq == 0) writer_resync_open(writer, symbol);
}

static void add_to_tail(
    struct valkey_writer *writer, struct writer_symbol *symbol, const struct event *event, struct text bytes) {
    struct order_batch *batch = writer_link_batch(writer, symbol, true);
    size_t before = order_batch_bytes(batch);
    if (!symbol->tail) symbol->tail_first = event->fseq;
    symbol->tail_time_ms = event->timestamp_ms;
    order_batch_add(batch, event, bytes);
    writer_link_count_batch(writer, before, batch);
    symbol->tail = event->fseq;
    symbol->tail_hash = event->hash;
}

/* What is read is behind the symbol's place. */
static void look_again(struct valkey_writer *writer, struct writer_symbol *symbol) {
    symbol->scan_round = 0;
    writer->scans[symbol->partition].again = true;
}

/* Returns whether the event belongs to the tail. A symbol that came while others were being read forwards waits for a
 * round of its own: what is read meanwhile is not where its tail begins. */
static bool on_tail(
    struct valkey_writer *writer, struct writer_symbol *symbol, const struct event *event, struct text bytes) {
    if (event->fseq <= symbol->tail || !writer_scan_is_of_round(writer, symbol)) return true;
    if (symbol->tail && event->fseq > symbol->tail + 1 && !writer_scan_has_place(writer, symbol)) {
        look_again(writer, symbol);
        return true;
    }
    if (event->fseq <= symbol->base) add_to_tail(writer, symbol, event, bytes);
    if (event->fseq >= symbol->base) writer_resync_open(writer, symbol);
    return event->fseq <= symbol->base;
}

/* ---------------------------------------------------------------- the log's events */

static bool is_of_another_log(const struct writer_symbol *symbol, const struct event *event) {
    return event->fseq == symbol->applied && symbol->stored_hash && event->hash != symbol->stored_hash;
}

void writer_resync_on_log(
    struct valkey_writer *writer, struct writer_symbol *symbol, const struct event *event, struct text bytes) {
    if (symbol->state == SYMBOL_TAIL && on_tail(writer, symbol, event, bytes)) return;
    if (symbol->state != SYMBOL_BEHIND) return;
    if (is_of_another_log(symbol, event)) {
        writer_say(writer, "what Valkey has of %s is of another log: filling it again", symbol->name);
        writer_resync_want_refill(writer, symbol);
    } else if (event->fseq == symbol->applied + 1) {
        apply_event(writer, symbol, event, bytes);
        try_join(writer, symbol);
    } else if (event->fseq > symbol->applied + 1) {
        if (writer_scan_has_place(writer, symbol)) /* the log itself has a hole */
            writer_resync_want_refill(writer, symbol);
        else
            look_again(writer, symbol);
    }
}

void writer_resync_join_all(struct valkey_writer *writer) {
    for (int32_t p = 0; p < PARTITIONS; p++)
        for (struct writer_symbol *symbol = writer->scans[p].participants ? writer->of_partition[p] : NULL;
            symbol && writer_link_has_room(writer); symbol = symbol->next_of_partition)
            if (symbol->state == SYMBOL_BEHIND) try_join(writer, symbol);
}
