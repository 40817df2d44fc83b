/* One partition of orders, read by its worker: which command is whose, in what order, and whether it counts. */
#ifndef SHARDBOOK_SHARDS_PARTITION_H
#define SHARDBOOK_SHARDS_PARTITION_H

#include "core/arena.h"
#include "core/ports.h"
#include "shards/account_set.h"
#include "shards/counters.h"
#include "shards/delivery.h"
#include "shards/id_window.h"
#include "shards/name_table.h"
#include "shards/published.h"
#include "shards/symbol.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { STRANGERS_MAX = SYMBOLS_PER_PARTITION_MAX };

/* What a partition needs of its worker. */
struct partition_doors {
    void (*deliver)(void *context, struct delivery *delivery); /* to the worker that holds delivery->symbol */
    void (*dead_letter)(void *context, const struct log_record *record, enum reason reason);
    void (*misdirected)(void *context, int32_t partition, int64_t offset); /* to be re-injected into its home */
    void (*gap)(void *context, struct text symbol, const struct source_position *position, int64_t watermark);
    void *context;
};

/* Fixed after the start. */
struct partition_settings {
    struct text orders_topic, pending_topic; /* names, as me-src has them */
    const struct published *published;
    struct arena *arena;
    int workers;
};

/* What decides when a TICK is wanted, told to whoever appends it. */
struct partition_pace {
    _Atomic int64_t next_offset;    /* read up to here */
    _Atomic uint32_t timed_symbols; /* that log time alone may change something of */
};

/* Belongs to one worker's thread, but for `pace`. */
struct partition {
    int32_t number;
    int worker; /* its own */
    int64_t next_offset;
    int64_t log_time_ms;
    int64_t replay_end;    /* the log's end as seen at the start */
    int64_t marked_offset; /* what the last mark said */
    bool is_recovered;
    uint32_t forwarded_to; /* workers that were ever sent something of this partition, by bit */
    struct id_window repeats;
    struct name_table table;
    struct symbol **symbols; /* in order of their first record */
    uint32_t symbol_count, symbol_room;
    struct symbol *pseudo; /* "#<partition>" */
    struct symbol **timed; /* those that may need time, in no order; they get each TICK */
    uint32_t timed_count, timed_room;
    struct partition_pace pace;

    /* settings of all its symbols, from the log */
    uint8_t listing; /* enum listing_mode */
    uint32_t symbols_max;
    struct account_set blocked;
    struct name_table strangers; /* names that were never listed, to their struct watermarks */

    struct partition_settings settings;
    struct partition_doors doors;
    struct command_reader *commands;
    struct control_reader *controls;
    struct worker_counters *counters;
    struct delivery delivery; /* of the command being taken, decoded in its place */
    char made_id[48];         /* the commandId of a command that has none */
};

/* `number` within 0 .. PARTITIONS - 1; starts before offset 0. STATUS_OK or STATUS_NO_MEMORY. */
int partition_init(struct partition *partition, int32_t number, int worker, const struct partition_settings *settings,
    const struct partition_doors *doors);

/* After every thread that might hold one of its symbols has stopped. */
void partition_deinit(struct partition *partition);

/* Takes the next record of the log. An offset that goes back stops the process. */
void partition_take(struct partition *partition, const struct log_record *record);

/* Asks every symbol's holder to say where it stands. */
void partition_ask_symbols(struct partition *partition);

/* Asks one symbol's holder for its state; nothing happens for a symbol that is not there. */
void partition_ask_snapshot(struct partition *partition, struct text symbol);

/* Checks, after replay, that the log yielded every symbol that topic fills knows; false with a line on stderr. */
bool partition_knows_published(const struct partition *partition);

#endif
