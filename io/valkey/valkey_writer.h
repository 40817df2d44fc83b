/* Keeps Valkey equal to what the workers say: fills, depth, last trade, orders (table "Valkey" of the README). It reads
 * a feed on a thread and loop of its own and may lag as it likes: nobody waits for it. What it misses (overtaken,
 * Valkey away, flushed or set back to an old file) it reads again from topic fills, or, too far back, clears the symbol
 * and fills it from a snapshot of the book and the tail of the topic.
 *
 * Keys of its own, beside those that readers know:
 *   instrument:{S}  the symbol's settings, as an INSTRUMENT record that would set them, for the router; written when
 * they differ from what was last written, and anew with every connection
 *   fseq:{S}        hash: `fseq` and `hash` of the last event that Valkey holds of the symbol; `base`: the snapshot of
 * its last refill; `partial`: until this log time orders may be unknown that it did not see; `filling`: a refill is not
 * complete, the symbol's keys are not to be trusted writer:{token}  expires; gone while we are connected: Valkey was
 * emptied
 *
 * order:{orderId} has beside the fields of the table `fseq`, the event that changed it last (a refill sets the
 * snapshot's). `status`: ACCEPTED, PARTIALLY_FILLED  open FILLED, CANCELLED, EXPIRED  ended; `leaves` of the last two
 * is what was taken off, `reason` says why REJECTED                    never entered; `reason` says why It has no
 * expiry while open. An order that ended before what a refill reads again is not restored, and of one that was accepted
 * before that only what its later events tell.
 *
 * One writer per Valkey; no Valkey cluster (the scripts touch keys that they do not declare); maxmemory-policy
 * noeviction. */
#ifndef SHARDBOOK_IO_VALKEY_VALKEY_WRITER_H
#define SHARDBOOK_IO_VALKEY_VALKEY_WRITER_H

#include "core/depth.h"
#include "core/ports.h"
#include "io/valkey_client/valkey_client.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct valkey_writer;

enum { VALKEY_ROUND_TRIP_BUCKETS = 24, INSTRUMENT_BYTES_MAX = 2560 };

/* Any thread may read them, each by itself, relaxed. Those marked "now" go up and down, all others only up. */
struct valkey_writer_counters {
    _Atomic uint64_t up; /* now: 1 connected and ready, else 0; alert on 0 */
    _Atomic uint64_t connects, losses, refusals;
    _Atomic uint64_t batches;       /* applied by Valkey */
    _Atomic uint64_t events, fills; /* in them */
    _Atomic uint64_t repeats;       /* batches that Valkey had already */
    _Atomic uint64_t gaps;          /* batches that did not continue what Valkey had */
    _Atomic uint64_t errors;        /* replies that were errors; alert on an increase */
    _Atomic uint64_t catch_ups;     /* symbols that fell behind and were continued from topic fills */
    _Atomic uint64_t refills;       /* symbols cleared and filled again */
    _Atomic uint64_t overtaken;     /* times the feed lapped us */
    _Atomic uint64_t skipped;       /* events of the feed not taken because they are to be read from topic fills */
    _Atomic uint64_t log_records;   /* read again from topic fills */
    _Atomic uint64_t undecodable;   /* of them not understood; alert on any */
    _Atomic uint64_t depths;        /* written */
    _Atomic uint64_t swept;         /* open orders deleted because a refill did not find them */
    _Atomic uint64_t symbols;       /* now: known */
    _Atomic uint64_t symbols_live;  /* now: of them up to date */
    _Atomic uint64_t window_commands, window_bytes; /* now: sent and not answered */
    _Atomic uint64_t window_commands_peak, window_bytes_peak;
    _Atomic uint64_t held_bytes; /* now: events that wait for what they follow */
    _Atomic uint64_t held_bytes_peak;
    _Atomic uint64_t round_trips, round_trip_us_sum;
    _Atomic uint64_t round_trip_buckets[VALKEY_ROUND_TRIP_BUCKETS]; /* bucket i: less than 2^i us, and not in one
                                                                       before; the last: all others */
};

/* Numbers of 0 take the default named. What pointers point to stays the caller's and must live until
 * valkey_writer_stop has returned. */
struct valkey_writer_options {
    struct valkey_client_options client; /* in_flight_max is set by the writer */
    struct feed *feed;                   /* on_ready is set by the writer */
    struct log_store *store;             /* for this writer alone */

    /* Decodes a value of topic fills; prices and quantities in units that *event's instrument names, whatever they
     * are. False if it is none. Texts live until the next call. Writer's thread. (json_event_decode without an
     * instrument) */
    bool (*read_event)(void *context, struct text value, struct event *event);
    void *read_event_context;
    /* Writes {"u":...}, at most `levels` levels a side; returns its bytes. (json_depth_encode) */
    size_t (*write_depth)(
        uint64_t fseq, const struct depth *depth, uint32_t levels, const struct instrument *instrument, char *out);
    size_t depth_bytes_max; /* of one, at DEPTH_LEVELS levels */
    /* Writes a symbol's settings, at most INSTRUMENT_BYTES_MAX; returns their bytes. (json_instrument_encode) */
    size_t (*write_instrument)(struct text symbol, const struct instrument *instrument, char *out);

    /* One line per change of state, without its end; never a secret. NULL: to stderr. Writer's thread. */
    void (*say)(void *context, const char *line);
    void *say_context;

    uint32_t stream_length;   /* 1000: of fills:{S} */
    uint32_t order_keep_s;    /* 86400: an ended order's keys expire then */
    uint32_t depth_tick_ms;   /* 20: depth:{S} is written once in so long at most */
    uint32_t window_commands; /* 128: in flight at most ... */
    uint32_t window_bytes; /* 8 MiB: ... and so much; no event is taken beyond (a few commands of bookkeeping may be) */
    uint32_t held_bytes;   /* 64 MiB: of events that wait */
    uint32_t refill_records; /* 1,000,000: so far back in a partition of topic fills a symbol is searched */
    uint32_t check_ms;       /* 500: how often to look whether Valkey was emptied */
};

/* Starts the thread; it connects, and goes on trying for as long as it runs. The program ignores SIGPIPE. NULL with
 * *status and *why (static text): INVALID, NO_MEMORY. */
struct valkey_writer *valkey_writer_start(const struct valkey_writer_options *options, int *status, const char **why);

/* Writes what the feed still has, for at most drain_ms, then ends the thread and frees everything. Nobody may call the
 * feed's on_ready any more when this begins. Any thread but the writer's. */
void valkey_writer_stop(struct valkey_writer *writer, uint32_t drain_ms);

/* Lives until valkey_writer_stop. Any thread. */
const struct valkey_writer_counters *valkey_writer_counters(const struct valkey_writer *writer);

#endif
