/* A small exchange for tests: real books on a thread of their own, their events in a log in memory and in a feed whose
 * ring has as many places as the test wants, with the picture of what Valkey must hold beside it. */
#ifndef SHARDBOOK_TESTS_VALKEY_MARKET_H
#define SHARDBOOK_TESTS_VALKEY_MARKET_H

#include "core/ports.h"
#include "io/memory/memory_log.h"
#include "tests/valkey/picture.h"

struct market;

struct market_options {
    uint32_t symbols;
    uint32_t ring_places; /* of the feed */
    uint32_t stream_length;
    uint64_t seed;
    bool many_fills;    /* for measuring: nearly every order trades at once */
    bool one_partition; /* all symbols share the one of topic fills that SYM0 has */
};

struct market *market_open(const struct market_options *options);
void market_close(struct market *market);

/* The next `commands` commands are played at most at `per_s` a second (0: as fast as it goes). Returns at once. */
void market_play(struct market *market, uint64_t commands, uint64_t per_s);

/* Waits until all commands were played, or all but `left` of them. */
void market_wait(struct market *market);
void market_wait_for(struct market *market, uint64_t left);

/* Before the reader ends: the feed rings no more, while what is in it may still be read. */
void market_silence(struct market *market);

/* A server that starts anew: whoever reads the feed next finds nothing in it but what comes from here on, and
 * is told where each symbol stands. No reader may be at work. */
void market_new_feed(struct market *market);

/* Leaves all commands' events out of topic fills from here on until it is called again with false, then they
 * follow: a fills writer that lags. */
void market_lag_log(struct market *market, bool lags);

struct feed *market_feed(struct market *market);
struct log_store *market_store(struct market *market);
struct memory_log *market_log(struct market *market);

/* While no command plays: the picture with every symbol's depth. */
struct picture *market_picture(struct market *market);

uint64_t market_events(const struct market *market);

#endif
