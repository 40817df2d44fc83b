/* What the shards need of the world, as the shards see it. Kafka is one implementation (io/kafka), memory another
 * (io/memory, for tests and simulation). Each port is a struct of functions whose first argument is the port itself;
 * an implementation embeds it as its first member. */
#ifndef SHARDBOOK_CORE_PORTS_H
#define SHARDBOOK_CORE_PORTS_H

#include "core/command.h"
#include "core/control.h"
#include "core/event.h"
#include "core/event_scan.h"
#include "core/status.h"
#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The topics, by what they are for; an implementation knows their names. */
enum topic {
    TOPIC_ORDERS = 0,
    TOPIC_PENDING,
    TOPIC_FILLS,
    TOPIC_DEAD_LETTER,
    TOPIC_SNAPSHOTS,
    TOPIC_STATUS,
    TOPIC_COUNT
};

struct log_header {
    struct text name;
    struct text value;
};

enum { LOG_HEADERS_MAX = 16 };

/* One record read. Views live until the callback returns. */
struct log_record {
    uint8_t topic; /* enum topic */
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    struct text key;
    struct text value; /* absent value: data NULL; an empty one has data != NULL */
    bool has_value;
    uint32_t header_count; /* headers beyond LOG_HEADERS_MAX are counted here and not held */
    const struct log_header *headers;
};

/* One record to write. Views are copied before append returns, but for the value of one that `stays`. */
struct log_append {
    uint8_t topic; /* enum topic */
    int32_t partition;
    struct text key;
    struct text value; /* data NULL: a record without a value */
    uint32_t header_count;
    const struct log_header *headers;
    uint64_t token; /* given back with the acknowledgement */
    bool stays;     /* the value stays as it is until the acknowledgement or the writer's close: no copy is needed */
};

/* A reader of several (topic, partition) sources, each from a given offset; records of one partition come in order.
 * One thread polls it. */
struct log_reader {
    /* Waits at most timeout_ms (0: not at all) for records and calls on_record for each that is there, at most
     * `max` of them. Returns how many, or a negative enum status (AWAY is passing; GAP: the log no longer holds the
     * position asked for; FATAL). */
    int (*poll)(struct log_reader *reader, int timeout_ms, int max,
        void (*on_record)(void *context, const struct log_record *record), void *context);
    /* Makes a poll that waits return soon. Any thread. */
    void (*wake)(struct log_reader *reader);
    /* Goes on reading a source from `offset`; replaces its position or adds it. Only between polls, same thread. */
    int (*seek)(struct log_reader *reader, uint8_t topic, int32_t partition, int64_t offset);
    /* Stops or resumes delivery of a source. Only between polls, same thread. */
    int (*pause)(struct log_reader *reader, uint8_t topic, int32_t partition, bool paused);
    void (*close)(struct log_reader *reader);
};

struct log_ack {
    uint64_t token;
    int status; /* enum status; anything but OK means: this writer is done for, stop and recover */
    uint8_t topic;
    int32_t partition;
    int64_t offset;
};

/* A writer whose records of one partition are stored in the order appended, once each. One thread uses it. */
struct log_writer {
    /* Takes up to `count` records in order; returns how many it took (fewer: full, poll and come again), or a negative
     * status. */
    int (*append)(struct log_writer *writer, const struct log_append *records, int count);
    /* Calls on_ack for what was stored or failed, waiting at most timeout_ms for the first. Returns how many, or
     * a negative status. */
    int (*poll)(struct log_writer *writer, int timeout_ms, void (*on_ack)(void *context, const struct log_ack *ack),
        void *context);
    /* Makes a poll that waits return soon. Any thread. */
    void (*wake)(struct log_writer *writer);
    /* Records taken and not yet acknowledged. */
    uint64_t (*in_flight)(const struct log_writer *writer);
    /* Drops what is in flight. When it returns, nothing of it is read any more. */
    void (*close)(struct log_writer *writer);
};

/* Opens readers and writers and answers questions about the log; any thread, one call at a time. */
struct log_store {
    /* A reader without sources; NULL with *status on failure. The caller closes it. */
    struct log_reader *(*open_reader)(struct log_store *store, int *status);
    struct log_writer *(*open_writer)(struct log_store *store, int *status);
    /* The first offset held and the one after the last, at this moment. */
    int (*bounds)(struct log_store *store, uint8_t topic, int32_t partition, int64_t *begin, int64_t *end);
    void (*close)(struct log_store *store);
};

/* Decodes a value of orders into a command; the views live until the next call of the same decoder. Never fails: see
 * command->fault. One decoder per thread. */
struct command_reader {
    void (*decode)(struct command_reader *reader, struct text value, struct command *command);
};

/* Decodes the value of a control record; false if it is malformed. The views live until the next call. One per thread.
 */
struct control_reader {
    bool (*decode)(struct control_reader *reader, struct text value, struct control *control);
};

/* Reads what recovery needs of a record of fills; false if it is none of ours. Views live until the next call. One per
 * thread at a time. */
struct event_scanner {
    bool (*scan)(struct event_scanner *scanner, struct text value, struct event_scan *scan);
};

/* Writes one event in the form of topic fills; returns its bytes, at most EVENT_BYTES_MAX. Any thread. */
typedef size_t (*event_writer)(const struct event *event, char *out, size_t out_bytes);

/* ------------------------------------------------------------------------------------------------------------
 * The feed: what the workers say, for readers that may lag (Valkey writer, push thread). */

enum feed_kind {
    FEED_EVENT = 1,      /* an event, as numbered and published */
    FEED_LEVEL,          /* one price level's new total (0: gone), after the event `fseq` */
    FEED_SNAPSHOT_BEGIN, /* a symbol's state follows, asked for by somebody: forget its levels and orders */
    FEED_SNAPSHOT_LEVEL,
    FEED_SNAPSHOT_ORDER, /* an open order, as ACCEPTED with leaves and cumulative as they stand */
    FEED_SNAPSHOT_END,
    FEED_READY /* a symbol after recovery: it stands at `fseq`; also for a symbol without any new event */
};

/* Views live until the next call on the same feed. */
struct feed_record {
    uint8_t kind; /* enum feed_kind */
    uint8_t side; /* FEED_LEVEL, FEED_SNAPSHOT_LEVEL */
    struct text symbol;
    int32_t partition;               /* the symbol's home */
    uint64_t fseq;                   /* the event's, or the last event the record reflects */
    int64_t price_ticks, total_lots; /* levels */
    struct instrument instrument;    /* places of prices and quantities */
    struct event event; /* FEED_EVENT, FEED_SNAPSHOT_ORDER; of SNAPSHOT_BEGIN and READY the last trade, if any, as
                           has_last_price, last_price_ticks */
    struct text bytes;  /* FEED_EVENT: as in topic fills */
};

/* One reader's view over all workers' rings: events of one symbol come in the order of fseq. One thread reads it. */
struct feed {
    /* STATUS_OK: *record is the next one. STATUS_EMPTY: none now. STATUS_OVERTAKEN: records were lost (of every symbol
     * that `lost_partitions` names by bit); the caller goes on reading and resynchronises by fseq: the next event of a
     * symbol tells by its number whether something is missing; ask for a snapshot of what is. */
    int (*next)(struct feed *feed, struct feed_record *record);
    /* Asks the symbol's worker to say its whole state in this feed (all feeds hear it). STATUS_FULL: ask again later.
     */
    int (*ask_snapshot)(struct feed *feed, struct text symbol);
    /* Asks every worker for FEED_READY of each of its symbols. */
    int (*ask_symbols)(struct feed *feed);
    /* Declares that the reader sleeps until on_ready is called (from a worker's thread, at most once per park; it must
     * only wake, e.g. uv_async_send). Returns STATUS_FULL if there is something to read already: then do not sleep. */
    int (*park)(struct feed *feed);
    void (*on_ready)(void *context);
    void *on_ready_context;
    uint64_t lost_partitions; /* bit p: a record of partition p may have been lost since last cleared by the reader */
    uint64_t overtaken;       /* times this reader was overtaken */
};

#endif
