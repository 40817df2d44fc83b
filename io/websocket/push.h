/* The push thread: trades, depth, tickers and private reports to WebSocket clients, and the server's HTTP pages, on a
 * libuv loop of its own. It reads the workers' feed and may be overtaken; what it then missed it reads again from topic
 * fills (trades, reports) or asks of the workers (depth). It never holds a worker back.
 *
 * Doors: WebSocket upgrades at / and /prod; GET /page, /healthz, /readyz, /metrics. Messages: README.md beside this
 * file. */
#ifndef SHARDBOOK_IO_WEBSOCKET_PUSH_H
#define SHARDBOOK_IO_WEBSOCKET_PUSH_H

#include "core/ports.h"
#include "io/valkey_client/valkey_client.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Settings; see push_settings_default for what is used without any. */
struct push_settings {
    const char *bind_address; /* numeric IPv4 or IPv6 address, or an interface's name */
    uint16_t port;            /* 0: the system chooses, push_port tells */
    uint32_t tick_ms;         /* 1 to 1000: what happens within one tick goes out together */
    uint32_t ticker_ms;       /* channel ticker says at most one thing per symbol in this time */
    uint32_t connections_max;
    uint32_t connections_per_address_max; /* 0: no limit */
    uint32_t subscriptions_max;           /* symbols per connection */
    uint32_t messages_per_s_max;          /* of one client, after a burst of twice as many */
    uint32_t lag_bytes_max; /* waiting for one client: from a half of it on depth gives way to snapshots, beyond it the
                               client is closed; 64 KiB being written and the socket's buffer come on top */
    uint32_t send_buffer_bytes;                           /* SO_SNDBUF of a client's socket */
    uint32_t writes_max;                                  /* per client and turn */
    uint32_t ping_s, hang_up_s;                           /* silence after which a client is pinged, and given up */
    uint32_t depth_levels;                                /* told per side */
    uint32_t mirror_levels;                               /* kept per side, at least depth_levels */
    uint32_t resume_changes, resume_bytes, resume_trades; /* per symbol, for those who come back */
    uint32_t retain_s;                                    /* a symbol without subscribers is kept resumable so long */
    uint32_t hold_bytes_max; /* events of all symbols that wait while missed ones are read again */
    uint32_t unknown_ms;     /* a symbol of which nobody says anything for so long is shown as an empty book */
    uint32_t drain_ms;       /* push_stop gives clients so long to take what waits for them */
};

struct push_settings push_settings_default(void);

/* Why settings cannot be used and how to mend them, a static sentence; NULL if they can. Any thread. */
const char *push_settings_fault(const struct push_settings *settings);

/* The contents of the HTTP pages, called on the push thread; they must not block. NULL members answer 404. */
struct push_pages {
    /* Writes Prometheus text to out, returns its bytes (at most out_bytes). */
    size_t (*write_metrics)(void *context, char *out, size_t out_bytes);
    /* Whether the server is ready; otherwise writes what is missing, terminated, to `missing`. */
    bool (*ready)(void *context, char *missing, size_t missing_bytes);
    void *context;
};

/* What the thread works with; all of it outlives the thread. */
struct push_world {
    struct feed *feed;     /* this thread is its one reader; its on_ready is set by push_start and may be called until
                              push_stop     returns, not later: stop who calls it first, or take the feed away from it */
    struct log_store *log; /* where topic fills is read again; NULL: it cannot be, and a gap is told as one */
    const char *keys_path; /* file of API keys (io/keys); NULL: nobody can authenticate. Read during push_start and by
                              push_reload_keys */
    const struct valkey_client_options
        *valkey; /* NULL: connections are not written to Valkey; read during push_start only */
    struct push_pages pages;
    void (*log_line)(
        void *context, const char *line); /* one line per change of state; NULL: stderr. Any of its threads */
    void *log_context;
};

/* Read by any thread at any time, written by the push thread. */
struct push_counters {
    _Atomic uint64_t connections; /* now */
    _Atomic uint64_t connections_total;
    _Atomic uint64_t refused;          /* upgrades refused by a limit, a bad key or a wrong path */
    _Atomic uint64_t subscriptions;    /* now, symbols of all connections */
    _Atomic uint64_t messages;         /* messages handed to the sockets */
    _Atomic uint64_t bytes;            /* and their bytes, frames included */
    _Atomic uint64_t requests;         /* messages of clients */
    _Atomic uint64_t request_errors;   /* answered with an error */
    _Atomic uint64_t slow_closes;      /* closed with 1013 for lagging */
    _Atomic uint64_t report_closes;    /* closed with 1013 because private reports could not be read again */
    _Atomic uint64_t conflated;        /* times a slow client's depth gave way to a snapshot */
    _Atomic uint64_t overtaken;        /* times the workers lapped this thread */
    _Atomic uint64_t resyncs;          /* depth snapshots asked of workers */
    _Atomic uint64_t gaps;             /* runs of events that were missed */
    _Atomic uint64_t gaps_filled;      /* and read again from topic fills */
    _Atomic uint64_t gaps_told;        /* or could not be, and were told as a gap */
    _Atomic uint64_t events;           /* taken from the feed */
    _Atomic uint64_t presence_skipped; /* commands not sent to Valkey, because it was away or full */
    _Atomic uint64_t http_requests;
    _Atomic uint64_t cpu_us; /* processor time of the push thread, brought up to date once a second */
};

struct push;

/* Starts the thread and waits until it listens. STATUS_INVALID (settings, key file; said in a line), STATUS_REFUSED
 * (cannot listen there; said in a line), STATUS_NO_MEMORY. Raises the soft limit of open files if it is too low for
 * connections_max. */
int push_start(struct push **push, const struct push_settings *settings, const struct push_world *world);

/* Where it listens. Any thread. */
uint16_t push_port(const struct push *push);

const struct push_counters *push_counters(const struct push *push);

/* Makes the thread read the key file again; a file that cannot be read or is wrong changes nothing and is said in a
 * line. Who authenticated before stays so until the connection ends. Any thread. */
void push_reload_keys(struct push *push);

/* Says serverShutdown to every client and takes no more connections; all else goes on. Any thread, once or more. */
void push_announce_stop(struct push *push);

/* Announces, sends what waits (at most drain_ms), closes every connection with 1001, ends the thread and frees
 * everything. Waits for that: about drain_ms plus a second at most. Not from the push thread. */
void push_stop(struct push *push);

#endif
