/* A feed that a test writes: a small exchange whose events, levels and snapshots are those a worker would say, with the
 * same events in topic fills of a log in memory. It loses records on demand, as a ring that laps its reader does.
 *
 * Threads: the feed's side belongs to its reader; scripted_feed_* may be called by any other thread. */
#ifndef SHARDBOOK_TESTS_WEBSOCKET_SCRIPTED_FEED_H
#define SHARDBOOK_TESTS_WEBSOCKET_SCRIPTED_FEED_H

#include "core/ports.h"

struct memory_log;
struct scripted_feed;

struct scripted_feed *scripted_feed_open(struct memory_log *log); /* NULL: no log */
void scripted_feed_close(struct scripted_feed *feed);
struct feed *scripted_feed_port(struct scripted_feed *feed);

/* While set, records go to the log but not to the reader. */
void scripted_feed_lose(struct scripted_feed *feed, bool is_losing);

/* The reader is told that it was overtaken, in the symbol's partition. */
void scripted_feed_overtake(struct scripted_feed *feed, const char *symbol);

/* Several records appear to the reader at once. */
void scripted_feed_hold(struct scripted_feed *feed);
void scripted_feed_release(struct scripted_feed *feed);

/* Both return the event's fseq. Names may be NULL. */
uint64_t scripted_feed_trade(struct scripted_feed *feed, const char *symbol, enum side taker_side, int64_t price_ticks,
    int64_t lots, const char *taker, const char *maker);
uint64_t scripted_feed_accepted(struct scripted_feed *feed, const char *symbol, const char *user, const char *order,
    enum side side, int64_t price_ticks, int64_t lots);

/* A level's new total, after the symbol's last event. */
void scripted_feed_level(
    struct scripted_feed *feed, const char *symbol, enum side side, int64_t price_ticks, int64_t total_lots);

/* The total as the exchange has it. */
int64_t scripted_feed_total(struct scripted_feed *feed, const char *symbol, enum side side, int64_t price_ticks);
uint32_t scripted_feed_levels(struct scripted_feed *feed, const char *symbol, enum side side);

uint32_t scripted_feed_snapshots(struct scripted_feed *feed); /* asked for so far */

#endif
