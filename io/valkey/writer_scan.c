#include "io/valkey/writer.h"

enum {
    WINDOW_RECORDS_MIN = 1024,
    WINDOW_RECORDS_MAX = 128 * 1024,
    AGAIN_MS = 200, /* a scan is begun again at most so often */
    RETRY_MS = 200, /* the log is away */
    REOPEN_MS = 1000,
    WINDOW_PATIENCE_MS = 1000, /* offsets at a window's end may hold no record */
    TAIL_PATIENCE_MS = 5000    /* nothing of the symbol in what is searched: there is nothing to restore */
};

static bool is_participant(const struct writer_symbol *symbol) {
    return symbol->state == SYMBOL_BEHIND || symbol->state == SYMBOL_TAIL;
}

static int seek(struct valkey_writer *writer, int32_t partition, int64_t offset) {
    writer->scans[partition].position = offset;
    writer->scans[partition].moved_ms = writer_now_ms(writer);
    int status = writer->reader->seek(writer->reader, TOPIC_FILLS, partition, offset);
    return status < 0 ? status : writer->reader->pause(writer->reader, TOPIC_FILLS, partition, false);
}

/* Not now: from the beginning, later. */
static void give_up(struct valkey_writer *writer, int32_t partition, uint64_t pause_ms) {
    struct writer_scan *scan = &writer->scans[partition];
    if (scan->state != SCAN_IDLE) (void)writer->reader->pause(writer->reader, TOPIC_FILLS, partition, true);
    scan->state = SCAN_IDLE;
    scan->retry_ms = writer_now_ms(writer) + pause_ms;
}

/* ---------------------------------------------------------------- backwards */

static void look_back(struct valkey_writer *writer, struct writer_symbol *symbol, struct text value) {
    struct event *event = &writer->log_event;
    if (symbol->reached || symbol->scan_round != writer->scans[symbol->partition].round) return;
    if (!writer->options.read_event(writer->options.read_event_context, value, event)) {
        counter_add(&writer->counters.undecodable, 1);
        return;
    }
    uint64_t place = symbol->state == SYMBOL_BEHIND ? symbol->applied : symbol->tail;
    symbol->fills_seen += event->type == EVENT_FILL;
    symbol->reached =
        event->fseq == 1 || (place && event->fseq <= place + 1) ||
        (symbol->state == SYMBOL_TAIL && !symbol->tail && symbol->fills_seen >= writer->options.stream_length);
}

/* Begins a round: looks for the places of all participants but those that go on from where they read. */
static void look_for_everybody(struct valkey_writer *writer, int32_t partition, bool goes_on) {
    struct writer_scan *scan = &writer->scans[partition];
    uint32_t last_round = scan->round++;
    scan->again = false;
    scan->resume = INT64_MAX;
    for (struct writer_symbol *symbol = writer->of_partition[partition]; symbol; symbol = symbol->next_of_partition) {
        if (!is_participant(symbol)) continue;
        symbol->reached = goes_on && symbol->scan_round == last_round;
        symbol->scan_round = scan->round;
        symbol->fills_seen = 0;
        if (symbol->reached) scan->resume = scan->position;
    }
}

bool writer_scan_is_of_round(const struct valkey_writer *writer, const struct writer_symbol *symbol) {
    return symbol->scan_round == writer->scans[symbol->partition].round;
}

bool writer_scan_has_place(const struct valkey_writer *writer, const struct writer_symbol *symbol) {
    return symbol->reached && writer_scan_is_of_round(writer, symbol);
}

static bool is_somebody_missing(const struct valkey_writer *writer, int32_t partition) {
    for (const struct writer_symbol *symbol = writer->of_partition[partition]; symbol;
        symbol = symbol->next_of_partition)
        if (is_participant(symbol) && symbol->scan_round == writer->scans[partition].round && !symbol->reached)
            return true;
    return false;
}

/* Who follows on nothing that the log still has (or that is worth reading) is filled anew. */
static void refill_missing(struct valkey_writer *writer, int32_t partition) {
    for (struct writer_symbol *symbol = writer->of_partition[partition]; symbol; symbol = symbol->next_of_partition)
        if ((symbol->state == SYMBOL_BEHIND || (symbol->state == SYMBOL_TAIL && symbol->tail)) &&
            symbol->scan_round == writer->scans[partition].round && !symbol->reached)
            writer_resync_want_refill(writer, symbol);
}

static int begin_window(struct valkey_writer *writer, int32_t partition, int64_t end, int64_t records) {
    struct writer_scan *scan = &writer->scans[partition];
    scan->window_records = records;
    scan->window_end = end;
    scan->window_begin = end - records > scan->log_begin ? end - records : scan->log_begin;
    return seek(writer, partition, scan->window_begin);
}

static void begin_scan(struct valkey_writer *writer, int32_t partition) {
    struct writer_scan *scan = &writer->scans[partition];
    struct log_store *store = writer->options.store;
    look_for_everybody(writer, partition, scan->state == SCAN_FORWARD);
    int status = store->bounds(store, TOPIC_FILLS, partition, &scan->log_begin, &scan->log_end);
    if (status >= 0) status = begin_window(writer, partition, scan->log_end, WINDOW_RECORDS_MIN);
    if (status < 0) {
        give_up(writer, partition, RETRY_MS);
        return;
    }
    scan->state = SCAN_BACK;
    scan->started_ms = writer_now_ms(writer);
}

static void end_window(struct valkey_writer *writer, int32_t partition) {
    struct writer_scan *scan = &writer->scans[partition];
    bool is_enough =
        scan->window_begin <= scan->log_begin || scan->log_end - scan->window_begin >= writer->options.refill_records;
    int status;
    if (is_enough || !is_somebody_missing(writer, partition)) {
        refill_missing(writer, partition);
        scan->state = SCAN_FORWARD;
        status = seek(writer, partition, scan->window_begin < scan->resume ? scan->window_begin : scan->resume);
    } else {
        int64_t records = scan->window_records < WINDOW_RECORDS_MAX ? 2 * scan->window_records : WINDOW_RECORDS_MAX;
        status = begin_window(writer, partition, scan->window_begin, records);
    }
    if (status < 0) give_up(writer, partition, RETRY_MS);
}

/* ---------------------------------------------------------------- forwards */

static void read_forward(struct valkey_writer *writer, struct writer_symbol *symbol, struct text value) {
    if (!writer->options.read_event(writer->options.read_event_context, value, &writer->log_event)) {
        counter_add(&writer->counters.undecodable, 1);
        return;
    }
    writer_resync_on_log(writer, symbol, &writer->log_event, value);
}

static void on_record(void *context, const struct log_record *record) {
    struct valkey_writer *writer = context;
    struct writer_scan *scan = &writer->scans[record->partition];
    if (record->topic != TOPIC_FILLS || scan->state == SCAN_IDLE || record->offset < scan->position) return;
    scan->position = record->offset + 1;
    scan->moved_ms = writer_now_ms(writer);
    counter_add(&writer->counters.log_records, 1);
    struct writer_symbol *symbol = writer_symbols_find(writer, record->key);
    if (!symbol || !record->has_value || !is_participant(symbol)) return;
    if (scan->state == SCAN_FORWARD)
        read_forward(writer, symbol, record->value);
    else if (record->offset < scan->window_end)
        look_back(writer, symbol, record->value);
}

/* A refill of a symbol of which the log shows nothing is complete without it. */
static void open_what_has_no_tail(struct valkey_writer *writer, int32_t partition) {
    uint64_t now_ms = writer_now_ms(writer);
    for (struct writer_symbol *symbol = writer->of_partition[partition]; symbol; symbol = symbol->next_of_partition)
        if (symbol->state == SYMBOL_TAIL && !symbol->tail && writer_scan_is_of_round(writer, symbol) &&
            now_ms - symbol->tail_since_ms > TAIL_PATIENCE_MS)
            writer_resync_open(writer, symbol);
}

static bool is_somebody_new(const struct valkey_writer *writer, int32_t partition) {
    for (const struct writer_symbol *symbol = writer->of_partition[partition]; symbol;
        symbol = symbol->next_of_partition)
        if (is_participant(symbol) && symbol->scan_round != writer->scans[partition].round) return true;
    return false;
}

/* ---------------------------------------------------------------- rounds */

static void step(struct valkey_writer *writer, int32_t partition) {
    struct writer_scan *scan = &writer->scans[partition];
    uint64_t now_ms = writer_now_ms(writer);
    if (scan->participants == 0) {
        if (scan->state != SCAN_IDLE) give_up(writer, partition, 0);
    } else if (scan->state == SCAN_IDLE) {
        if (now_ms >= scan->retry_ms) begin_scan(writer, partition);
    } else if (scan->state == SCAN_BACK) {
        if (scan->position >= scan->window_end || now_ms - scan->moved_ms > WINDOW_PATIENCE_MS)
            end_window(writer, partition);
    } else if (scan->again && now_ms - scan->started_ms >= AGAIN_MS) {
        scan->again = false;
        if (is_somebody_new(writer, partition)) begin_scan(writer, partition);
    } else if (scan->position >= scan->log_end) {
        open_what_has_no_tail(writer, partition);
    }
}

static bool is_reader_there(struct valkey_writer *writer) {
    if (writer->reader) return true;
    if (writer_now_ms(writer) < writer->reader_retry_ms) return false;
    int status;
    writer->reader = writer->options.store->open_reader(writer->options.store, &status);
    if (!writer->reader) writer->reader_retry_ms = writer_now_ms(writer) + REOPEN_MS;
    return writer->reader != NULL;
}

void writer_scan_close(struct valkey_writer *writer) {
    for (int32_t p = 0; p < PARTITIONS; p++) writer->scans[p].state = SCAN_IDLE;
    if (writer->reader) writer->reader->close(writer->reader);
    writer->reader = NULL;
}

static void tell_log(struct valkey_writer *writer, bool is_away, int status) {
    if (is_away == writer->log_is_away) return;
    writer->log_is_away = is_away;
    if (is_away)
        writer_say(writer, "cannot read topic fills (%s); what Valkey misses waits", status_name(status));
    else
        writer_say(writer, "topic fills can be read again");
}

/* Time in which we did not read says nothing about what a window holds: without this, a Valkey or a log that stands
 * still for a second looks like a log without the symbol's events, and it is filled anew for nothing. */
static void hold_patience(struct valkey_writer *writer) {
    for (int32_t p = 0; p < PARTITIONS; p++) writer->scans[p].moved_ms = writer_now_ms(writer);
}

static void on_failure(struct valkey_writer *writer, int status) {
    tell_log(writer, true, status);
    hold_patience(writer);
    writer->reader_retry_ms = writer_now_ms(writer) + RETRY_MS;
    if (status == STATUS_AWAY) return;
    for (int32_t p = 0; status == STATUS_GAP && p < PARTITIONS; p++) give_up(writer, p, RETRY_MS);
    if (status != STATUS_GAP) {
        writer_scan_close(writer);
        writer->reader_retry_ms = writer_now_ms(writer) + REOPEN_MS;
    }
}

static bool is_anything_to_read(const struct valkey_writer *writer) {
    for (int32_t p = 0; p < PARTITIONS; p++)
        if (writer->scans[p].participants || writer->scans[p].state != SCAN_IDLE) return true;
    return false;
}

static bool can_read(struct valkey_writer *writer) {
    return is_reader_there(writer) && writer_now_ms(writer) >= writer->reader_retry_ms && writer_link_has_room(writer);
}

void writer_scan_read(struct valkey_writer *writer, int max, bool *more) {
    if (!is_anything_to_read(writer)) return;
    if (!can_read(writer)) {
        hold_patience(writer);
        return;
    }
    for (int32_t p = 0; p < PARTITIONS; p++) step(writer, p);
    if (!writer_link_has_room(writer)) return;
    int count = writer->reader->poll(writer->reader, 0, max, on_record, writer);
    if (count < 0) {
        on_failure(writer, count);
    } else if (count > 0) {
        tell_log(writer, false, STATUS_OK);
        *more = true;
    }
}
