#include "io/valkey/scripts.h"
#include "io/valkey/writer.h"

#include <stdio.h>
#include <stdlib.h>

enum { MARK_EXPIRES_S = 60, SWEEP_KEYS = 200, REQUEST_WORDS = 18 };
#define FOR_EVER_MS (UINT64_C(1) << 52)

/* ---------------------------------------------------------------- what is in flight */

static uint32_t sent_count(const struct valkey_writer *writer) {
    return writer->options.window_commands + SLACK_COMMANDS;
}

bool writer_link_init(struct valkey_writer *writer) {
    uint32_t count = sent_count(writer);
    writer->sents = calloc(count, sizeof *writer->sents);
    writer->depth_json = malloc(writer->options.depth_bytes_max);
    if (!writer->sents || !writer->depth_json || !ops_init(&writer->ops, BATCH_BYTES_MAX)) return false;
    for (uint32_t i = 0; i < count; i++) {
        writer->sents[i].next_free = writer->free_sents;
        writer->free_sents = &writer->sents[i];
    }
    writer->apply.text = valkey_apply_script;
    writer->sweep.text = valkey_sweep_script;
    return true;
}

void writer_link_deinit(struct valkey_writer *writer) {
    for (uint32_t i = 0; i < writer->free_batch_count; i++) order_batch_close(writer->free_batches[i]);
    ops_deinit(&writer->ops);
    free(writer->depth_json);
    free(writer->sents);
}

static void show_window(struct valkey_writer *writer) {
    struct valkey_writer_counters *counters = &writer->counters;
    counter_set(&counters->window_commands, writer->window_commands);
    counter_set(&counters->window_bytes, writer->window_bytes);
    if (writer->window_commands > atomic_load_explicit(&counters->window_commands_peak, memory_order_relaxed))
        counter_set(&counters->window_commands_peak, writer->window_commands);
    if (writer->window_bytes > atomic_load_explicit(&counters->window_bytes_peak, memory_order_relaxed))
        counter_set(&counters->window_bytes_peak, writer->window_bytes);
}

bool writer_link_has_room(const struct valkey_writer *writer) {
    return writer->is_ready && writer->window_commands + writer->open_batch_count < writer->options.window_commands &&
           writer->window_bytes + writer->open_batch_bytes < writer->options.window_bytes;
}

static void on_reply(void *context, const struct redisReply *reply);

/* Sends the words; false if they cannot go (the connection is lost, or more is in flight than one round should
 * ever send): what they were about must be asked anew. */
static bool send_words(struct valkey_writer *writer, const struct sent *what, const struct text *words, size_t count) {
    struct sent *sent = writer->free_sents;
    if (!sent) return false;
    struct sent *next_free = sent->next_free;
    *sent = *what;
    sent->writer = writer;
    sent->bytes = 0;
    for (size_t i = 0; i < count; i++) sent->bytes += words[i].size + 16;
    sent->session = what->symbol ? what->symbol->session : 0;
    sent->sent_ns = uv_hrtime();
    if (valkey_client_command(writer->client, words, count, on_reply, sent) != STATUS_OK) {
        sent->next_free = next_free;
        return false;
    }
    writer->free_sents = next_free;
    writer->window_commands++;
    writer->window_bytes += sent->bytes;
    show_window(writer);
    return true;
}

static struct sent take_sent(struct sent *sent) {
    struct valkey_writer *writer = sent->writer;
    struct sent copy = *sent;
    sent->next_free = writer->free_sents;
    writer->free_sents = sent;
    writer->window_commands--;
    writer->window_bytes -= copy.bytes;
    show_window(writer);
    return copy;
}

static void count_round_trip(struct valkey_writer *writer, uint64_t sent_ns) {
    uint64_t us = (uv_hrtime() - sent_ns) / 1000;
    unsigned bucket = us ? 64 - (unsigned)__builtin_clzll(us) : 0;
    if (bucket >= VALKEY_ROUND_TRIP_BUCKETS) bucket = VALKEY_ROUND_TRIP_BUCKETS - 1;
    counter_add(&writer->counters.round_trips, 1);
    counter_add(&writer->counters.round_trip_us_sum, us);
    counter_add(&writer->counters.round_trip_buckets[bucket], 1);
}

/* ---------------------------------------------------------------- requests about a symbol */

struct request {
    const char *mode;
    uint64_t first, last, hash, partial_ms;
    struct text ops, last_price;
};

static struct text digits_of(uint64_t number, char *out, size_t bytes, const char *format) {
    return (struct text){out, (uint32_t)snprintf(out, bytes, format, number)};
}

/* Runs the apply script; false as send_words. */
static bool run_apply(struct valkey_writer *writer, const struct sent *what, const struct request *request) {
    const struct writer_symbol *symbol = what->symbol;
    char keys[4][24], first[24], last[24], hash[24], length[16], keep[16], partial[24];
    static const char *const names[] = {"fseq", "fills", "last", "depth"};
    struct text words[REQUEST_WORDS] = {TEXT("EVALSHA"), text_of(writer->apply.sha), TEXT("4")};
    for (int i = 0; i < 4; i++)
        words[3 + i] =
            (struct text){keys[i], (uint32_t)snprintf(keys[i], sizeof keys[i], "%s:%s", names[i], symbol->name)};
    words[7] = text_of(request->mode);
    words[8] = digits_of(request->first, first, sizeof first, "%" PRIu64);
    words[9] = digits_of(request->last, last, sizeof last, "%" PRIu64);
    words[10] = digits_of(request->hash, hash, sizeof hash, "%016" PRIx64);
    words[11] = text_of(symbol->token);
    words[12] = digits_of(writer->options.stream_length, length, sizeof length, "%" PRIu64);
    words[13] = digits_of(writer->options.order_keep_s, keep, sizeof keep, "%" PRIu64);
    words[14] = (struct text){symbol->name, symbol->name_bytes};
    words[15] = request->ops.size ? request->ops : TEXT("\x90"); /* no elements */
    words[16] = request->last_price;
    words[17] = digits_of(request->partial_ms, partial, sizeof partial, "%" PRIu64);
    return send_words(writer, what, words, REQUEST_WORDS);
}

static void close_batch(struct valkey_writer *writer, struct writer_symbol *symbol) {
    uint32_t at = 0;
    while (writer->open_batches[at] != symbol) at++;
    memmove(writer->open_batches + at, writer->open_batches + at + 1,
        (--writer->open_batch_count - at) * sizeof writer->open_batches[0]);
    writer->open_batch_bytes -= order_batch_bytes(symbol->batch);
    writer->free_batches[writer->free_batch_count++] = symbol->batch;
    symbol->batch = NULL;
}

void writer_link_drop_batch(struct valkey_writer *writer, struct writer_symbol *symbol) {
    if (symbol->batch) close_batch(writer, symbol);
}

void writer_link_flush(struct valkey_writer *writer, struct writer_symbol *symbol) {
    struct order_batch *batch = symbol->batch;
    if (!batch) return;
    ops_clear(&writer->ops);
    order_batch_encode(batch, &writer->ops);
    struct sent what = {.symbol = symbol,
        .kind = batch->is_refill ? SENT_REFILL : SENT_BATCH,
        .first = batch->first,
        .last = batch->last,
        .events = batch->event_count,
        .fills = batch->fill_count};
    struct request request = {.mode = batch->is_refill ? "fill" : "apply",
        .first = batch->is_refill ? symbol->tail_first : batch->first,
        .last = batch->last,
        .hash = batch->last_hash,
        .ops = ops_finish(&writer->ops)};
    close_batch(writer, symbol);
    if (!run_apply(writer, &what, &request)) writer_resync_forget(writer, symbol);
}

void writer_link_flush_all(struct valkey_writer *writer) {
    while (writer->open_batch_count) writer_link_flush(writer, writer->open_batches[0]);
}

static void open_batch(struct valkey_writer *writer, struct writer_symbol *symbol, bool is_refill) {
    if (writer->open_batch_count == BATCHES_MAX) writer_link_flush(writer, writer->open_batches[0]);
    struct order_batch *batch =
        writer->free_batch_count ? writer->free_batches[--writer->free_batch_count] : order_batch_open();
    if (!batch) writer_out_of_memory();
    order_batch_clear(batch, is_refill);
    symbol->batch = batch;
    writer->open_batches[writer->open_batch_count++] = symbol;
    writer->open_batch_bytes += order_batch_bytes(batch);
}

struct order_batch *writer_link_batch(struct valkey_writer *writer, struct writer_symbol *symbol, bool is_refill) {
    if (symbol->batch && (symbol->batch->is_refill != is_refill || !order_batch_has_room(symbol->batch)))
        writer_link_flush(writer, symbol);
    if (!symbol->batch) open_batch(writer, symbol, is_refill);
    return symbol->batch;
}

void writer_link_count_batch(struct valkey_writer *writer, size_t bytes_before, const struct order_batch *batch) {
    writer->open_batch_bytes += order_batch_bytes(batch) - bytes_before;
}

void writer_link_send_clear(struct valkey_writer *writer, struct writer_symbol *symbol) {
    struct sent what = {.symbol = symbol, .kind = SENT_REFILL, .is_clear = true};
    if (!run_apply(writer, &what, &(struct request){.mode = "clear"})) writer_resync_forget(writer, symbol);
}

void writer_link_send_open(struct valkey_writer *writer, struct writer_symbol *symbol) {
    char price[40];
    struct request request = {.mode = "open",
        .first = symbol->base,
        .last = symbol->base,
        .hash = symbol->tail == symbol->base ? symbol->tail_hash : 0};
    if (symbol->tail_first != 1 && symbol->base > 0)
        request.partial_ms = symbol->tail ? (uint64_t)symbol->tail_time_ms + REPEAT_WINDOW_MS : FOR_EVER_MS;
    if (symbol->has_last_price)
        request.last_price =
            (struct text){price, (uint32_t)decimal_format(symbol->last_price_ticks, symbol->instrument.tick, price)};
    struct sent what = {.symbol = symbol, .kind = SENT_REFILL};
    if (!run_apply(writer, &what, &request)) writer_resync_forget(writer, symbol);
}

void writer_link_send_depth(struct valkey_writer *writer, struct writer_symbol *symbol) {
    size_t bytes = writer->options.write_depth(
        symbol->depth_fseq, &symbol->depth, DEPTH_LEVELS, &symbol->instrument, writer->depth_json);
    ops_clear(&writer->ops);
    ops_number(&writer->ops, OP_DEPTH);
    ops_number(&writer->ops, symbol->depth_fseq);
    ops_text(&writer->ops, (struct text){writer->depth_json, (uint32_t)bytes});
    ops_number(&writer->ops, symbol->depth_force);
    struct sent what = {.symbol = symbol, .kind = SENT_DEPTH};
    if (!run_apply(writer, &what, &(struct request){.mode = "depth", .ops = ops_finish(&writer->ops)})) return;
    symbol->depth_dirty = symbol->depth_force = false;
}

void writer_link_send_settings(struct valkey_writer *writer, struct writer_symbol *symbol) {
    char key[24], json[INSTRUMENT_BYTES_MAX];
    struct text name = {symbol->name, symbol->name_bytes};
    snprintf(key, sizeof key, "instrument:%s", symbol->name);
    size_t bytes = writer->options.write_instrument(name, &symbol->instrument, json);
    struct text words[] = {TEXT("SET"), text_of(key), {json, (uint32_t)bytes}};
    symbol->settings_told = send_words(writer, &(struct sent){.symbol = symbol, .kind = SENT_SETTINGS}, words, 3);
}

void writer_link_send_question(struct valkey_writer *writer, struct writer_symbol *symbol) {
    char key[24];
    snprintf(key, sizeof key, "fseq:%s", symbol->name);
    struct text words[] = {TEXT("HMGET"), text_of(key), TEXT("fseq"), TEXT("hash"), TEXT("filling")};
    if (!send_words(writer, &(struct sent){.symbol = symbol, .kind = SENT_QUESTION}, words, 5))
        writer_resync_forget(writer, symbol);
}

/* ---------------------------------------------------------------- the connection's own requests */

static void load(struct valkey_writer *writer, struct writer_script *script, enum sent_kind kind) {
    script->sha[0] = 0;
    struct text words[] = {TEXT("SCRIPT"), TEXT("LOAD"), text_of(script->text)};
    (void)send_words(
        writer, &(struct sent){.kind = (uint8_t)kind}, words, 3); /* if not: the connection is gone, on_down follows */
}

/* Nothing counts as ready until both are there. */
static void load_scripts(struct valkey_writer *writer) {
    writer->is_ready = false;
    load(writer, &writer->apply, SENT_LOAD_APPLY);
    load(writer, &writer->sweep, SENT_LOAD_SWEEP);
}

static void send_mark(struct valkey_writer *writer, bool only_if_there) {
    char expires[16];
    struct text words[] = {TEXT("SET"), text_of(writer->mark), TEXT("1"), TEXT("EX"), TEXT_NONE, TEXT("XX")};
    words[4] = digits_of(MARK_EXPIRES_S, expires, sizeof expires, "%" PRIu64);
    struct sent what = {.kind = SENT_MARK, .is_clear = !only_if_there};
    if (send_words(writer, &what, words, only_if_there ? 6 : 5) && only_if_there) writer->mark_asked = true;
}

static void become_ready(struct valkey_writer *writer) {
    if (writer->is_ready || !writer->apply.sha[0] || !writer->sweep.sha[0]) return;
    char token[SESSION_TOKEN_BYTES];
    writer_new_token(writer, token, sizeof token);
    snprintf(writer->mark, sizeof writer->mark, "writer:%s", token);
    writer->is_ready = true;
    writer->mark_asked = false;
    writer->mark_ms = writer_now_ms(writer);
    send_mark(writer, false);
    counter_set(&writer->counters.up, 1);
    for (int32_t p = 0; p < PARTITIONS; p++)
        for (struct writer_symbol *symbol = writer->of_partition[p]; symbol; symbol = symbol->next_of_partition) {
            symbol->depth_force = true;
            writer_feed_mark_dirty(writer, symbol);
        }
    writer_want_round(writer);
}

static void send_sweep(struct valkey_writer *writer) {
    char keys[16];
    struct text words[] = {
        TEXT("EVALSHA"), text_of(writer->sweep.sha), TEXT("0"), text_of(writer->sweep_cursor), TEXT_NONE};
    words[4] = digits_of(SWEEP_KEYS, keys, sizeof keys, "%" PRIu64);
    writer->sweep_asked = send_words(writer, &(struct sent){.kind = SENT_SWEEP}, words, 5);
}

void writer_link_check(struct valkey_writer *writer) {
    uint64_t now_ms = writer_now_ms(writer);
    if (!writer->is_ready) return;
    if (!writer->mark_asked && now_ms - writer->mark_ms >= writer->options.check_ms) {
        writer->mark_ms = now_ms;
        send_mark(writer, true);
    }
    if (writer->sweep_wanted && !writer->sweep_asked && writer->refilling == 0 && writer_link_has_room(writer))
        send_sweep(writer);
}

/* ---------------------------------------------------------------- replies */

static bool starts_with(struct text text, const char *prefix) {
    size_t size = strlen(prefix);
    return text.size >= size && memcmp(text.data, prefix, size) == 0;
}

/* One line for each new kind of error, not for each. */
static void tell_error(struct valkey_writer *writer, struct text error) {
    char line[sizeof writer->told_error];
    size_t kind = 0;
    while (kind < error.size && error.data[kind] != ' ') kind++;
    snprintf(line, sizeof line, "%.*s", (int)kind, error.data);
    if (strcmp(line, writer->told_error) == 0) return;
    memcpy(writer->told_error, line, sizeof line);
    writer_say(writer, "Valkey refuses a command: %.*s", (int)error.size, error.data);
}

static void on_error(struct valkey_writer *writer, const struct sent *sent, struct text error) {
    bool is_current = sent->symbol && sent->symbol->session == sent->session;
    if (starts_with(error, "NOSCRIPT")) {
        if (writer->is_ready) {
            counter_set(&writer->counters.up, 0);
            load_scripts(writer);
        }
        if (is_current) writer_resync_forget(writer, sent->symbol);
        return;
    }
    counter_add(&writer->counters.errors, 1);
    tell_error(writer, error);
    /* An error of the script itself (something of another form is in its way) goes away when the symbol is filled anew;
     * out of memory, read-only and the like do not. */
    if (is_current)
        writer_resync_failed(writer, sent->symbol, starts_with(error, "ERR") || starts_with(error, "WRONGTYPE"));
}

static void on_applied(struct valkey_writer *writer, const struct sent *sent, int64_t done, uint64_t stored) {
    bool is_current = sent->symbol->session == sent->session;
    if (!done) {
        counter_add(&writer->counters.gaps, 1);
        if (is_current) writer_resync_forget(writer, sent->symbol);
        return;
    }
    writer->told_error[0] = 0;
    if (sent->kind == SENT_DEPTH) {
        counter_add(&writer->counters.depths, 1);
        return;
    }
    if (sent->is_clear) {
        if (stored) writer->sweep_wanted = true; /* orders may be there that the snapshot does not know */
        return;
    }
    counter_add(&writer->counters.batches, 1);
    counter_add(&writer->counters.events, sent->events);
    counter_add(&writer->counters.fills, sent->fills);
    if (is_current) sent->symbol->failures = 0;
    if (sent->kind == SENT_BATCH &&
        stored > sent->last) { /* Valkey knows more than we told: another log's, or another writer's */
        counter_add(&writer->counters.repeats, 1);
        if (is_current) writer_resync_forget(writer, sent->symbol);
    }
}

static void on_question(struct valkey_writer *writer, const struct sent *sent, const struct redisReply *reply) {
    if (sent->symbol->session != sent->session) return;
    char digits[32];
    struct text fseq = valkey_reply_text(valkey_reply_at(reply, 0));
    struct text hash = valkey_reply_text(valkey_reply_at(reply, 1));
    snprintf(digits, sizeof digits, "%.*s", (int)fseq.size, fseq.size ? fseq.data : "");
    uint64_t stored = strtoull(digits, NULL, 10);
    snprintf(digits, sizeof digits, "%.*s", (int)hash.size, hash.size ? hash.data : "");
    bool is_filling = !valkey_reply_is_nil(valkey_reply_at(reply, 2));
    writer_resync_on_stored(writer, sent->symbol, stored, strtoull(digits, NULL, 16), is_filling);
}

static void on_mark(struct valkey_writer *writer, const struct sent *sent, const struct redisReply *reply) {
    if (sent->is_clear) return;
    writer->mark_asked = false;
    if (!valkey_reply_is_nil(reply) || !writer->is_ready) return;
    writer_say(writer, "Valkey was emptied: filling it again");
    writer->is_ready = false;
    writer_resync_forget_all(writer);
    become_ready(writer);
}

static void on_loaded(struct valkey_writer *writer, struct writer_script *script, const struct redisReply *reply) {
    struct text sha = valkey_reply_text(reply);
    if (sha.size && sha.size < sizeof script->sha)
        snprintf(script->sha, sizeof script->sha, "%.*s", (int)sha.size, sha.data);
    become_ready(writer);
}

static void on_swept(struct valkey_writer *writer, const struct redisReply *reply) {
    struct text cursor = valkey_reply_text(valkey_reply_at(reply, 0));
    int64_t gone = 0;
    (void)valkey_reply_integer(valkey_reply_at(reply, 1), &gone);
    counter_add(&writer->counters.swept, (uint64_t)gone);
    snprintf(
        writer->sweep_cursor, sizeof writer->sweep_cursor, "%.*s", (int)cursor.size, cursor.size ? cursor.data : "0");
    if (strcmp(writer->sweep_cursor, "0") == 0 || cursor.size == 0) {
        snprintf(writer->sweep_cursor, sizeof writer->sweep_cursor, "0");
        writer->sweep_wanted = false;
    }
}

static void on_answer(struct valkey_writer *writer, const struct sent *sent, const struct redisReply *reply) {
    int64_t done = 0, stored = 0;
    switch ((enum sent_kind)sent->kind) {
    case SENT_BATCH:
    case SENT_REFILL:
    case SENT_DEPTH:
        (void)valkey_reply_integer(valkey_reply_at(reply, 0), &done);
        (void)valkey_reply_integer(valkey_reply_at(reply, 1), &stored);
        on_applied(writer, sent, done, (uint64_t)stored);
        break;
    case SENT_SETTINGS: break;
    case SENT_QUESTION: on_question(writer, sent, reply); break;
    case SENT_MARK: on_mark(writer, sent, reply); break;
    case SENT_SWEEP: on_swept(writer, reply); break;
    case SENT_LOAD_APPLY: on_loaded(writer, &writer->apply, reply); break;
    case SENT_LOAD_SWEEP: on_loaded(writer, &writer->sweep, reply); break;
    }
}

static void on_reply(void *context, const struct redisReply *reply) {
    struct sent sent = take_sent(context);
    struct valkey_writer *writer = sent.writer;
    if (sent.kind == SENT_SWEEP) writer->sweep_asked = false;
    if (!reply) return; /* lost; on_down follows */
    count_round_trip(writer, sent.sent_ns);
    struct text error = valkey_reply_error(reply);
    if (!text_is_absent(error)) {
        if (sent.kind == SENT_MARK) writer->mark_asked = false;
        on_error(writer, &sent, error);
    } else {
        on_answer(writer, &sent, reply);
    }
    writer_want_round(writer);
}

/* ---------------------------------------------------------------- up and down */

static void on_up(void *context) {
    struct valkey_writer *writer = context;
    counter_add(&writer->counters.connects, 1);
    writer_say(writer, "connected to Valkey");
    load_scripts(writer);
}

static void on_down(void *context, const char *why) {
    struct valkey_writer *writer = context;
    counter_add(&writer->counters.losses, 1);
    counter_set(&writer->counters.up, 0);
    writer->is_ready = false;
    writer->sweep_asked = writer->mark_asked = false;
    snprintf(writer->sweep_cursor, sizeof writer->sweep_cursor, "0");
    writer_say(writer, "lost Valkey: %s; trying again", why);
    writer_resync_forget_all(writer);
    writer_want_round(writer);
}

static void on_refused(void *context, const char *why) {
    struct valkey_writer *writer = context;
    counter_add(&writer->counters.refusals, 1);
    writer_say(writer, "cannot use Valkey: %s; trying again", why);
}

struct valkey_client_events writer_link_events(struct valkey_writer *writer) {
    return (struct valkey_client_events){
        .on_up = on_up, .on_down = on_down, .on_refused = on_refused, .context = writer};
}
