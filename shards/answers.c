#include "shards/answers.h"

#include "core/check.h"
#include "shards/dead_letter.h"

#include <stdarg.h>
#include <stdio.h>

/* Field by field where it stays: a copy would wait for all of them. */
static void begin_head(
    const struct answers *answers, enum ring_kind kind, struct symbol *symbol, struct ring_head *head) {
    head->kind = (uint8_t)kind;
    head->symbol_bytes = symbol->name.size;
    head->after_worker = symbol->after_worker;
    head->worker = answers->worker;
    memcpy(head->symbol, symbol->name.bytes, sizeof head->symbol);
    head->partition = symbol->partition;
    head->fseq = book_fseq(&symbol->book);
    head->src_offset = 0;
    head->after_position = symbol->after_position;
    head->packed_bytes = head->text_bytes = 0;
    symbol->after_worker = RING_NO_WORKER; /* said once, by the first record after a hand-over */
}

static struct ring_head head_of(const struct answers *answers, enum ring_kind kind, struct symbol *symbol) {
    struct ring_head head;
    begin_head(answers, kind, symbol, &head);
    return head;
}

static void write_record(struct answers *answers, struct ring_head *head, const void *packed, const void *text) {
    uint64_t stalls = answers->ring->stalls;
    broadcast_ring_write(answers->ring, head, packed, text, answers->stop);
    if (answers->ring->stalls != stalls) counter_add(&answers->counters->ring_stalls, 1);
}

static void encode(struct answers *answers, const struct event *event, struct ring_head *head, char *text) {
    head->fseq = event->fseq;
    head->src_offset = event->src_offset;
    head->text_bytes = (uint32_t)answers->write_event(event, text, EVENT_BYTES_MAX);
    CHECK(head->text_bytes > 0, "an event does not fit its limit");
}

static void write_event_for_feeds(struct answers *answers, struct symbol *symbol, const struct event *event) {
    struct ring_head head = head_of(answers, RING_EVENT, symbol);
    encode(answers, event, &head, answers->text);
    head.packed_bytes = event_pack(event, answers->packed);
    write_record(answers, &head, answers->packed, answers->text);
}

/* Nobody lags behind: the event is written where it stays. */
static void write_event_in_place(struct answers *answers, struct symbol *symbol, const struct event *event) {
    uint64_t stalls = answers->ring->stalls;
    struct ring_head *head = broadcast_ring_reserve(answers->ring, EVENT_BYTES_MAX, answers->stop);
    if (answers->ring->stalls != stalls) counter_add(&answers->counters->ring_stalls, 1);
    if (!head) return;
    begin_head(answers, RING_EVENT, symbol, head);
    encode(answers, event, head, (char *)(head + 1));
    broadcast_ring_commit(answers->ring, head);
}

static void write_event(struct answers *answers, struct symbol *symbol, const struct event *event) {
    if (answers->has_feeds)
        write_event_for_feeds(answers, symbol, event);
    else
        write_event_in_place(answers, symbol, event);
}

static void write_level(
    struct answers *answers, struct symbol *symbol, enum ring_kind kind, uint8_t side, struct depth_level level) {
    const struct instrument *instrument = &symbol->book.instrument;
    struct ring_level packed = {level.price_ticks, level.total_lots, instrument->tick, instrument->lot, side};
    struct ring_head head = head_of(answers, kind, symbol);
    head.packed_bytes = sizeof packed;
    write_record(answers, &head, &packed, NULL);
}

static void write_levels(struct answers *answers, struct symbol *symbol) {
    for (uint32_t i = 0; i < answers->output.level_count; i++) {
        const struct level_change *change = &answers->output.levels[i];
        write_level(
            answers, symbol, RING_LEVEL, change->side, (struct depth_level){change->price_ticks, change->total_lots});
    }
}

__attribute__((format(printf, 2, 3))) static void refuse(struct answers *answers, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (!answers->refusal[0]) vsnprintf(answers->refusal, sizeof answers->refusal, format, arguments);
    va_end(arguments);
    answers->ring->is_closed = true; /* nothing may be said any more */
}

/* True if topic fills holds the event already; then, at the last one it holds, ours must be the same. */
static bool is_published(
    struct answers *answers, const struct symbol *symbol, const struct book_event *event, int64_t src_offset) {
    if (event->fseq > symbol->published_fseq) return false;
    if (event->fseq == symbol->published_fseq && event->hash != symbol->published_hash)
        refuse(answers,
            "topic fills has another event %llu of %.*s than this program computes from offset %lld of orders[%d] "
            "(hash %016llx there, "
            "%016llx here): run the program that wrote it, or a version with its rules",
            (unsigned long long)event->fseq, (int)symbol->name.size, symbol->name.bytes, (long long)src_offset,
            (int)symbol->partition, (unsigned long long)symbol->published_hash, (unsigned long long)event->hash);
    return true;
}

static void count_event(struct worker_counters *counters, uint8_t type) {
    if (type == EVENT_FILL)
        counter_add(&counters->fills, 1);
    else if (type == EVENT_REJECTED)
        counter_add(&counters->rejected, 1);
}

/* Writes the output of one step; returns the index of the next event of this record. */
static uint32_t write_output(
    struct answers *answers, const struct delivery *delivery, const struct book_input *input, uint32_t index) {
    struct symbol *symbol = delivery->symbol;
    bool news = false;
    for (uint32_t i = 0; i < answers->output.event_count; i++, index++) {
        const struct book_event *book_event = &answers->output.events[i];
        count_event(answers->counters, book_event->type);
        if (is_published(answers, symbol, book_event, delivery->offset)) {
            counter_add(&answers->counters->suppressed, 1);
            continue;
        }
        struct event event;
        book_view(&symbol->book, input, book_event, &event);
        event.symbol = symbol_name(symbol);
        event.src_partition = symbol->partition;
        event.src_offset = delivery->offset;
        event.src_index = index;
        event.own = symbol->own;
        event.timestamp_ms = delivery->log_time_ms;
        if (book_event->type == EVENT_CONTROL) {
            event.control_kind = delivery->control_kind;
            event.control_result = delivery->control_result;
            event.control_fields = delivery->control_fields;
        }
        write_event(answers, symbol, &event);
        news = true;
    }
    counter_add(&answers->counters->events, answers->output.event_count);
    if (answers->has_feeds && (news || book_fseq(&symbol->book) > symbol->published_fseq))
        write_levels(answers, symbol);
    return index;
}

/* Applies one input and writes all that comes of it, numbered from `index` on; the last step's events stay in `output`.
 * Returns the next number. */
static uint32_t apply(
    struct answers *answers, const struct delivery *delivery, const struct book_input *input, uint32_t index) {
    struct book *book = &delivery->symbol->book;
    answers->output.event_count = answers->output.level_count = 0;
    enum book_progress progress = book_apply(book, input, &answers->output);
    index = write_output(answers, delivery, input, index);
    while (progress == BOOK_MORE) {
        answers->output.event_count = answers->output.level_count = 0;
        progress = book_step(book, input, &answers->output);
        index = write_output(answers, delivery, input, index);
    }
    return index;
}

/* The record's own answer is its last event: what time ended comes before it. */
static bool is_cancel_of_nothing(const struct answers *answers, const struct delivery *delivery) {
    const struct command *command = &delivery->command;
    if (command->action != ACTION_CANCEL || delivery->verdict != BOOK_FRESH || command->fault != REASON_NONE ||
        answers->output.event_count == 0)
        return false;
    const struct book_event *answer = &answers->output.events[answers->output.event_count - 1];
    return answer->type == EVENT_REJECTED && answer->reason == REASON_UNKNOWN;
}

void answers_command(struct answers *answers, const struct delivery *delivery) {
    struct symbol *symbol = delivery->symbol;
    struct log_position position = {.offset = delivery->offset, .log_time_ms = delivery->log_time_ms};
    struct book_input input = {.kind = BOOK_COMMAND,
        .command = &delivery->command,
        .ids = &delivery->ids,
        .src_offset = delivery->offset,
        .log_time_ms = delivery->log_time_ms,
        .verdict = delivery->verdict,
        .original_order_id = delivery->original_order_id,
        .cancelled_before = tombstones_find(&symbol->tombstones, &delivery->command, &delivery->ids, position),
        .blocked = delivery->blocked};
    apply(answers, delivery, &input, 0);
    if (is_cancel_of_nothing(answers, delivery))
        CHECK(tombstones_add(&symbol->tombstones, &delivery->command, position) == STATUS_OK,
            "no memory for a tombstone");
}

static const struct command no_command = {
    .action = ACTION_COUNT, .side = SIDE_NONE, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE};

static struct book_input input_of(const struct delivery *delivery, enum book_input_kind kind) {
    return (struct book_input){.kind = (uint8_t)kind,
        .command = &no_command,
        .src_offset = delivery->offset,
        .log_time_ms = delivery->log_time_ms,
        .state = delivery->state,
        .instrument = delivery->instrument};
}

/* Other units need a book that is empty once time has ended what was due. */
static void answer_instrument(struct answers *answers, const struct delivery *delivery) {
    struct book_input time = input_of(delivery, BOOK_TICK);
    uint32_t index = apply(answers, delivery, &time, 0);
    bool is_taken = book_takes_instrument(&delivery->symbol->book, delivery->instrument);
    struct delivery decided = *delivery;
    struct book_input input = input_of(delivery, is_taken ? BOOK_INSTRUMENT : BOOK_CONTROL);
    if (!is_taken) decided.control_result = TEXT("BOOK_NOT_EMPTY");
    apply(answers, &decided, &input, index);
}

void answers_control(struct answers *answers, const struct delivery *delivery) {
    if (delivery->input == BOOK_INSTRUMENT) {
        answer_instrument(answers, delivery);
        return;
    }
    struct book_input input = input_of(delivery, (enum book_input_kind)delivery->input);
    apply(answers, delivery, &input, 0);
}

static void say_if_timeless(const struct delivery *delivery) {
    if (!book_needs_time(&delivery->symbol->book))
        atomic_store_explicit(&delivery->symbol->timeless_at, delivery->offset, memory_order_relaxed);
}

void answers_tick(struct answers *answers, const struct delivery *delivery) {
    struct book_input input = input_of(delivery, BOOK_TICK);
    apply(answers, delivery, &input, 0);
    say_if_timeless(delivery);
}

/* ---- what feeds ask for ---------------------------------------------------------------------------------- */

static void write_last_price(struct answers *answers, struct symbol *symbol, enum ring_kind kind) {
    struct event event = {
        .symbol = symbol_name(symbol), .fseq = book_fseq(&symbol->book), .instrument = symbol->book.instrument};
    event.has_last_price = book_last_price(&symbol->book, &event.last_price_ticks);
    struct ring_head head = head_of(answers, kind, symbol);
    head.packed_bytes = event_pack(&event, answers->packed);
    write_record(answers, &head, answers->packed, NULL);
}

static void write_side(struct answers *answers, struct symbol *symbol, enum side side) {
    struct depth_level levels[64];
    int64_t after_price_ticks = 0;
    uint32_t count;
    while ((count = book_levels(&symbol->book, side, after_price_ticks, levels, 64)) > 0) {
        for (uint32_t i = 0; i < count; i++) write_level(answers, symbol, RING_SNAPSHOT_LEVEL, side, levels[i]);
        after_price_ticks = levels[count - 1].price_ticks;
    }
}

static void write_orders(struct answers *answers, struct symbol *symbol) {
    struct book_cursor cursor = {0};
    struct event order;
    while (book_next_order(&symbol->book, &cursor, &order)) {
        order.symbol = symbol_name(symbol);
        order.fseq = book_fseq(&symbol->book);
        struct ring_head head = head_of(answers, RING_SNAPSHOT_ORDER, symbol);
        head.packed_bytes = event_pack(&order, answers->packed);
        write_record(answers, &head, answers->packed, NULL);
    }
}

void answers_snapshot(struct answers *answers, struct symbol *symbol) {
    if (!answers->has_feeds) return;
    write_last_price(answers, symbol, RING_SNAPSHOT_BEGIN);
    write_side(answers, symbol, SIDE_BUY);
    write_side(answers, symbol, SIDE_SELL);
    write_orders(answers, symbol);
    struct ring_head end = head_of(answers, RING_SNAPSHOT_END, symbol);
    write_record(answers, &end, NULL, NULL);
}

void answers_ready(struct answers *answers, const struct delivery *delivery) {
    struct symbol *symbol = delivery->symbol;
    say_if_timeless(delivery);
    if (book_fseq(&symbol->book) < symbol->published_fseq)
        refuse(answers,
            "topic fills holds event %llu of %.*s, but orders yields only %llu: orders was truncated or replaced",
            (unsigned long long)symbol->published_fseq, (int)symbol->name.size, symbol->name.bytes,
            (unsigned long long)book_fseq(&symbol->book));
    if (answers->has_feeds && symbol->name.bytes[0] != '#') write_last_price(answers, symbol, RING_READY);
}

/* ---- for the fills writer -------------------------------------------------------------------------------- */

void answers_mark(struct answers *answers, int32_t partition, int64_t offset) {
    struct ring_head head = {.kind = RING_MARK,
        .after_worker = RING_NO_WORKER,
        .worker = answers->worker,
        .partition = partition,
        .src_offset = offset};
    write_record(answers, &head, NULL, NULL);
}

void answers_dead_letter(struct answers *answers, const struct log_record *record, enum reason reason) {
    static _Thread_local _Alignas(8) unsigned char packed[DEAD_LETTER_PACKED_BYTES_MAX];
    struct ring_head head = {.kind = RING_DEAD_LETTER,
        .after_worker = RING_NO_WORKER,
        .worker = answers->worker,
        .partition = record->partition,
        .src_offset = record->offset};
    head.packed_bytes = dead_letter_pack(record, reason, packed);
    write_record(answers, &head, packed, NULL);
    counter_add(&answers->counters->dead_letters, 1);
}
