/* The inside of the Valkey writer, shared by its files. Everything belongs to the writer's thread.
 *
 *   writer.c         thread, loop, and the round: ask, read, send, rest
 *   writer_link.c    the connection: what is in flight, its limits, what the replies mean
 *   writer_feed.c    what a record of the feed does to a symbol
 *   writer_resync.c  where a symbol stands, and its way back to LIVE
 *   writer_scan.c    reading topic fills again, partition by partition
 *
 * A symbol's states:
 *
 *   UNKNOWN -ask what Valkey has-> ASKED -it continues----------------> BEHIND -log and held events meet-> LIVE
 *                                    '---too old, or of another log---> SNAPSHOT -of the book-> TAIL -of the topic->
 * BEHIND
 *
 * and from anywhere back to UNKNOWN when a connection is lost, a batch meets a gap, or Valkey was emptied. While a
 * symbol is not LIVE, the newest events that the feed tells of it are held; those that do not fit are read from the
 * log. */
#ifndef SHARDBOOK_IO_VALKEY_WRITER_H
#define SHARDBOOK_IO_VALKEY_WRITER_H

#include "core/limits.h"
#include "io/valkey/held_events.h"
#include "io/valkey/order_batch.h"
#include "io/valkey/valkey_writer.h"

#include <inttypes.h>
#include <uv.h>

struct redisReply;

enum writer_symbol_state { SYMBOL_UNKNOWN = 0, SYMBOL_ASKED, SYMBOL_SNAPSHOT, SYMBOL_TAIL, SYMBOL_BEHIND, SYMBOL_LIVE };

enum {
    SESSION_TOKEN_BYTES = 40,
    BATCHES_MAX = 48,     /* symbols with a batch in the making */
    SNAPSHOTS_MAX = 8,    /* asked for and not yet told */
    SLACK_COMMANDS = 320, /* beyond window_commands, for what one round may send when the window was just not full */
    LINK_COMMANDS_MAX = 4096
};

struct writer_symbol {
    char name[12];
    uint8_t name_bytes;
    uint8_t state; /* enum writer_symbol_state */
    int32_t partition;
    struct instrument instrument; /* what levels tell of it: tick and lot ... */
    bool has_settings;            /* ... and all of it */
    bool settings_told;           /* to Valkey */
    struct writer_symbol *next_of_partition;

    uint64_t head;        /* the greatest fseq that the feed told of */
    uint64_t applied;     /* BEHIND, LIVE: everything up to here was sent */
    uint64_t base;        /* TAIL: the snapshot's fseq */
    uint64_t tail;        /* TAIL: sent from the log up to here, 0 nothing yet */
    uint64_t stored_hash; /* BEHIND: hash after `applied` as Valkey has it; 0 unknown */
    uint64_t tail_hash;
    uint64_t tail_first;             /* where it began */
    int64_t tail_time_ms;            /* log time of its end */
    uint64_t tail_since_ms;          /* when TAIL began */
    uint32_t session;                /* replies to what was sent in an earlier one do not count */
    char token[SESSION_TOKEN_BYTES]; /* of the refill */
    bool refill_wanted;              /* UNKNOWN: do not ask, begin a refill */
    uint64_t not_before_ms;          /* UNKNOWN: wait until then */
    uint32_t failures;               /* in a row */
    uint32_t times_ahead;            /* Valkey was found ahead of the feed, in a row */
    bool queued;                     /* in writer->questions */
    struct writer_symbol *next_question;

    struct held_events hold;
    struct order_batch *batch; /* in the making */

    struct depth depth;
    bool depth_valid, depth_loading, depth_dirty, depth_force;
    bool orders_loading; /* SNAPSHOT: the snapshot being told is told to Valkey too */
    bool dirty_queued;
    bool snapshot_wanted, snapshot_asked; /* queued in writer->snapshots; asked for */
    uint64_t depth_fseq, depth_written_ms, snapshot_asked_ms, snapshot_not_before_ms, snapshot_pause_ms,
        depth_valid_since_ms;
    bool has_last_price;
    int64_t last_price_ticks;
    struct writer_symbol *next_snapshot, *next_dirty;

    /* Of the scan of the partition. */
    uint32_t scan_round; /* the round that looked for it */
    bool reached;
    uint32_t fills_seen;
};

struct writer_symbol_queue {
    struct writer_symbol *first, *last;
    uint32_t count;
};

enum sent_kind {
    SENT_BATCH = 1,
    SENT_REFILL,
    SENT_DEPTH,
    SENT_SETTINGS,
    SENT_QUESTION,
    SENT_MARK,
    SENT_SWEEP,
    SENT_LOAD_APPLY,
    SENT_LOAD_SWEEP
};

/* A command in flight. */
struct sent {
    struct valkey_writer *writer;
    struct writer_symbol *symbol;
    struct sent *next_free;
    uint8_t kind; /* enum sent_kind */
    bool is_clear;
    uint32_t session, bytes, events, fills;
    uint64_t first, last, sent_ns;
};

enum scan_state { SCAN_IDLE = 0, SCAN_BACK, SCAN_FORWARD };

/* Reading one partition of topic fills: backwards in windows until everybody's place is found, then forwards. */
struct writer_scan {
    uint8_t state;         /* enum scan_state */
    uint32_t participants; /* symbols in BEHIND or TAIL */
    uint32_t round;
    bool again;                 /* somebody's place was not in what is read */
    int64_t log_begin, log_end; /* when the round began */
    int64_t window_begin, window_end, window_records;
    int64_t resume;   /* who was reading before this round goes on here */
    int64_t position; /* the next offset to come */
    uint64_t started_ms, moved_ms, retry_ms;
};

struct writer_script {
    const char *text;
    char sha[48]; /* empty: not loaded */
};

struct valkey_writer {
    struct valkey_writer_options options;
    struct valkey_writer_counters counters;
    uv_thread_t thread;
    uv_loop_t loop;
    uv_async_t wake;
    uv_check_t check;
    uv_idle_t idle;
    uv_timer_t tick;
    _Atomic uint32_t stop_drain_ms; /* 0: run; else stop, within so many ms - 1 */
    uint64_t stop_at_ms;
    bool stopping, round_wanted;

    /* link */
    struct valkey_client *client;
    struct writer_script apply, sweep;
    bool is_ready; /* connected, scripts loaded, mark set */
    char mark[SESSION_TOKEN_BYTES + 16];
    bool mark_asked;
    uint64_t mark_ms;
    struct sent *sents, *free_sents;
    uint32_t window_commands;
    uint64_t window_bytes;
    struct ops ops;
    char *depth_json;
    char told_error[96];

    /* symbols */
    struct writer_symbol **slots; /* open addressing by name */
    uint32_t slot_count, symbol_count;
    struct writer_symbol *of_partition[PARTITIONS];
    struct writer_symbol_queue questions, snapshots;
    struct writer_symbol *dirty; /* depths and settings to write */
    struct order_batch *free_batches[BATCHES_MAX];
    uint32_t free_batch_count;
    struct writer_symbol *open_batches[BATCHES_MAX]; /* symbols with a batch, oldest first */
    uint32_t open_batch_count;
    uint64_t open_batch_bytes;
    uint64_t held_bytes;

    /* feed */
    struct feed_record record;
    struct writer_symbol *asked[SNAPSHOTS_MAX];
    uint32_t asked_count;
    uint32_t snapshots_at_once; /* at most SNAPSHOTS_MAX */
    bool symbols_wanted;        /* feed->ask_symbols is to be called */
    uint64_t symbols_not_before_ms;
    bool feed_is_empty;

    /* scan */
    struct log_reader *reader;
    uint64_t reader_retry_ms;
    struct writer_scan scans[PARTITIONS];
    struct event log_event;
    bool log_is_away;

    /* sweep */
    bool sweep_wanted, sweep_asked;
    char sweep_cursor[24];
    uint32_t refilling; /* symbols in SNAPSHOT or TAIL */
    uint64_t token_seed, token_count;
};

static inline void counter_add(_Atomic uint64_t *counter, uint64_t by) {
    atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}
static inline void counter_set(_Atomic uint64_t *counter, uint64_t to) {
    atomic_store_explicit(counter, to, memory_order_relaxed);
}

/* writer.c */
uint64_t writer_now_ms(const struct valkey_writer *writer);
void writer_say(struct valkey_writer *writer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void writer_want_round(struct valkey_writer *writer); /* a round before the loop sleeps again */
void writer_new_token(struct valkey_writer *writer, char *token, size_t bytes);
_Noreturn void writer_out_of_memory(void); /* as every other program error: last words, abort */

/* writer_link.c */
struct valkey_client_events writer_link_events(struct valkey_writer *writer);
bool writer_link_init(struct valkey_writer *writer);
void writer_link_deinit(struct valkey_writer *writer);
bool writer_link_has_room(const struct valkey_writer *writer); /* ready, and one more event may be taken */
/* Sends the symbol's batch, if it has one. */
void writer_link_flush(struct valkey_writer *writer, struct writer_symbol *symbol);
void writer_link_flush_all(struct valkey_writer *writer);
/* The batch to add to, of this kind, with room; sends what must go before. */
struct order_batch *writer_link_batch(struct valkey_writer *writer, struct writer_symbol *symbol, bool is_refill);
void writer_link_count_batch(struct valkey_writer *writer, size_t bytes_before, const struct order_batch *batch);
void writer_link_drop_batch(struct valkey_writer *writer, struct writer_symbol *symbol);
void writer_link_send_question(struct valkey_writer *writer, struct writer_symbol *symbol);
void writer_link_send_clear(struct valkey_writer *writer, struct writer_symbol *symbol);
void writer_link_send_open(struct valkey_writer *writer, struct writer_symbol *symbol);
void writer_link_send_depth(struct valkey_writer *writer, struct writer_symbol *symbol);
void writer_link_send_settings(struct valkey_writer *writer, struct writer_symbol *symbol);
void writer_link_check(struct valkey_writer *writer); /* asks now and then whether Valkey was emptied; sweeps */

/* writer_feed.c */
void writer_feed_read(struct valkey_writer *writer, int max, bool *more);
void writer_feed_ask(struct valkey_writer *writer); /* snapshots and symbols that are wanted */
void writer_feed_want_snapshot(struct valkey_writer *writer, struct writer_symbol *symbol);
void writer_feed_write_dirty(struct valkey_writer *writer); /* depths and settings */
void writer_feed_mark_dirty(struct valkey_writer *writer, struct writer_symbol *symbol);
void writer_feed_want_settings(
    struct valkey_writer *writer, struct writer_symbol *symbol); /* written if Valkey was not told */
struct writer_symbol *writer_symbols_find(const struct valkey_writer *writer, struct text name);
struct writer_symbol *writer_symbols_get(
    struct valkey_writer *writer, const struct feed_record *record); /* makes it if it is new */
void writer_symbols_free(struct valkey_writer *writer);

/* writer_resync.c */
void writer_resync_set_state(
    struct valkey_writer *writer, struct writer_symbol *symbol, enum writer_symbol_state state);
/* Back to UNKNOWN: what is in flight does not count any more. */
void writer_resync_forget(struct valkey_writer *writer, struct writer_symbol *symbol);
void writer_resync_forget_all(struct valkey_writer *writer);
/* The same after a failure: not at once, and if `refill` without asking. */
void writer_resync_failed(struct valkey_writer *writer, struct writer_symbol *symbol, bool refill);
void writer_resync_want_refill(struct valkey_writer *writer, struct writer_symbol *symbol);
void writer_resync_questions(struct valkey_writer *writer); /* asks for as many as there is room */
void writer_resync_on_stored(
    struct valkey_writer *writer, struct writer_symbol *symbol, uint64_t fseq, uint64_t hash, bool is_filling);
void writer_resync_on_event(
    struct valkey_writer *writer, struct writer_symbol *symbol, const struct event *event, struct text bytes);
void writer_resync_on_head(
    struct valkey_writer *writer, struct writer_symbol *symbol, uint64_t fseq); /* READY, snapshot */
void writer_resync_on_snapshot_end(struct valkey_writer *writer, struct writer_symbol *symbol, uint64_t fseq);
void writer_resync_on_log(
    struct valkey_writer *writer, struct writer_symbol *symbol, const struct event *event, struct text bytes);
void writer_resync_join_all(struct valkey_writer *writer); /* held events whose turn has come */
/* Whether what is read of its partition was chosen with it in mind. */
bool writer_scan_is_of_round(const struct valkey_writer *writer, const struct writer_symbol *symbol);
bool writer_scan_has_place(const struct valkey_writer *writer,
    const struct writer_symbol *symbol); /* what follows it must be in what is read */
void writer_resync_open(
    struct valkey_writer *writer, struct writer_symbol *symbol); /* the refill is complete up to base */

/* writer_scan.c */
void writer_scan_read(struct valkey_writer *writer, int max, bool *more);
void writer_scan_close(struct valkey_writer *writer);

#endif
