/* Orders by seed for the engine's tests: every kind of command and of mistake, into a log in memory. */
#ifndef SHARDBOOK_TESTS_SHARDS_MARKET_H
#define SHARDBOOK_TESTS_SHARDS_MARKET_H

#include "io/memory/memory_log.h"

#include <stdbool.h>
#include <stdint.h>

struct market {
    uint64_t state;
    uint64_t count;
    int symbols;
    int64_t time_ms;
    unsigned wrong_partition_percent, pending_percent, fault_percent, repeat_percent;
    bool has_all_kinds;         /* every kind of order, lists, replacements */
    unsigned stranger_percent;  /* of records name one of 300 further symbols */
    unsigned control_per_mille; /* states, settings, listing, blocked accounts, ticks */
    char last_ids[256][24];
    char last_value[4096];
    struct {
        char id[24];
        uint64_t user;
    } latest[64];                   /* order of each symbol that may rest */
    int last_symbol, last_stranger; /* 0: none */
    uint64_t epochs[64];            /* moves so far, by symbol */
};

/* `symbols` 1 to 64. */
void market_init(struct market *market, uint64_t seed, int symbols);

/* Appends `count` records to the log. */
void market_trade(struct market *market, struct memory_log *log, uint64_t count);

/* Appends BEGIN and CUT for a direct move of symbol number `symbol` to a worker. */
void market_move(struct market *market, struct memory_log *log, int symbol, int worker);

/* "S0" and so on. */
void market_symbol(int number, char out[8]);

#endif
