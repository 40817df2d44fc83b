/* A log in memory behind the port log_store: for tests and simulation. It keeps everything until it is closed, lets a
 * test write and read beside the readers and writers of the port, and fails on demand. Several threads may use one log;
 * one reader or writer belongs to one thread, as the port says. */
#ifndef SHARDBOOK_IO_MEMORY_MEMORY_LOG_H
#define SHARDBOOK_IO_MEMORY_MEMORY_LOG_H

#include "core/ports.h"

struct memory_log;

/* What goes wrong on demand. Zero: nothing does. */
struct memory_faults {
    int read_pieces_max;         /* a poll hands out at most so many records, 0: as many as asked for */
    int append_pieces_max;       /* an append takes at most so many records, 0: all */
    uint64_t in_flight_max;      /* a writer takes no more while so many are not acknowledged, 0: no limit */
    int ack_delay_ms;            /* acknowledgements come so much later */
    bool hold_acks;              /* no acknowledgement is handed out while set */
    bool full;                   /* every append takes 0 records while set */
    bool away;                   /* every poll of a reader and bounds answer STATUS_AWAY while set */
    uint32_t bounds_away;        /* bounds alone do, of partitions whose bit is set */
    bool fail_after;             /* arms the next two */
    uint64_t fail_after_records; /* so many more records are taken from writers and acknowledged; the next fails ... */
    bool fail_stores;            /* ... and is stored all the same (its fate is unknown to the writer), or is not */
};

/* An empty log with 10 partitions in orders, pending-orders, fills and book-snapshots and 1 in the others; NULL without
 * memory. The caller closes it, after all readers and writers. */
struct memory_log *memory_log_open(void);
void memory_log_close(struct memory_log *log);

/* The log's port; it lives as long as the log. Its close() does nothing, so that a test can stop and start a server on
 * the same log. */
struct log_store *memory_log_store(struct memory_log *log);

/* How many partitions a topic has. Any thread. */
int32_t memory_log_partitions(const struct memory_log *log, uint8_t topic);

/* Timestamp given to records of writers from now on, as a broker's LogAppendTime; -1 (at first): the system's
 * clock. Any thread. */
void memory_log_set_time(struct memory_log *log, int64_t timestamp_ms);

/* Replaces the faults; takes effect at once. Any thread. */
void memory_log_set_faults(struct memory_log *log, const struct memory_faults *faults);

/* Appends one record (token is ignored) with this timestamp (-1: as a writer's) and wakes who waits for it. Returns its
 * offset, or a negative enum status (INVALID: no such topic or partition, NO_MEMORY). Faults do not apply. Any thread.
 */
int64_t memory_log_append(struct memory_log *log, const struct log_append *record, int64_t timestamp_ms);

/* Reads one record back. Views live until the log is closed. STATUS_EMPTY at the end and in a hole, STATUS_GAP before
 * the beginning, STATUS_INVALID without such a partition. Any thread. */
int memory_log_read(
    struct memory_log *log, uint8_t topic, int32_t partition, int64_t offset, struct log_record *record);

/* The first offset held and the one after the last. Any thread. */
int64_t memory_log_begin(struct memory_log *log, uint8_t topic, int32_t partition);
int64_t memory_log_end(struct memory_log *log, uint8_t topic, int32_t partition);

/* Leaves out `count` offsets, as markers of foreign transactions do. Any thread. */
void memory_log_skip(struct memory_log *log, uint8_t topic, int32_t partition, int64_t count);

/* Forgets what lies before `begin` (retention), or from `end` on (a lost tail). Readers that stand there are answered
 * STATUS_GAP. Views of earlier reads stay good. Any thread. */
void memory_log_trim(struct memory_log *log, uint8_t topic, int32_t partition, int64_t begin);
void memory_log_truncate(struct memory_log *log, uint8_t topic, int32_t partition, int64_t end);

#endif
