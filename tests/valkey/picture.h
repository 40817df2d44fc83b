/* What Valkey must hold, put together from the whole history by other means than the writer's: slowly, in plain maps.
 */
#ifndef SHARDBOOK_TESTS_VALKEY_PICTURE_H
#define SHARDBOOK_TESTS_VALKEY_PICTURE_H

#include "core/event.h"
#include "tests/valkey/server.h"

struct picture;

/* `stream_length` as the writer's. */
struct picture *picture_open(uint32_t stream_length);
void picture_close(struct picture *picture);

/* The next event of a symbol, in order. */
void picture_on_event(struct picture *picture, const struct event *event, struct text bytes);

/* The depth that a symbol has now, as JSON behind its "u", and the least u that may stand there. */
void picture_set_depth(struct picture *picture, struct text symbol, const char *levels_json, uint64_t u_min);

/* Compares everything. `all_ended`: also that every ended order is there, with all fields. Returns NULL, or the first
 * difference in static memory. */
const char *picture_compare(struct picture *picture, redisContext *connection, bool all_ended);

uint64_t picture_fills(const struct picture *picture);
uint64_t picture_orders(const struct picture *picture);

#endif
