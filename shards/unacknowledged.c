#include "shards/unacknowledged.h"

#include "core/check.h"
#include "core/status.h"

#include <stdlib.h>

enum { IS_STORED = 1 }; /* positions are multiples of 8 */

static uint64_t *place(const struct unacknowledged *events, uint64_t number) {
    return &events->ends[number & (UNACKNOWLEDGED_MAX - 1)];
}

int unacknowledged_init(struct unacknowledged *events) {
    *events = (struct unacknowledged){.ends = malloc(UNACKNOWLEDGED_MAX * sizeof(uint64_t))};
    return events->ends ? STATUS_OK : STATUS_NO_MEMORY;
}

void unacknowledged_deinit(struct unacknowledged *events) {
    free(events->ends);
    events->ends = NULL;
}

uint32_t unacknowledged_room(const struct unacknowledged *events) {
    return (uint32_t)(UNACKNOWLEDGED_MAX - (events->next - events->first));
}

void unacknowledged_add(struct unacknowledged *events, uint64_t cursor, uint64_t end) {
    CHECK(events->next - events->first < UNACKNOWLEDGED_MAX, "more events on their way than may be");
    if (events->first == events->next) events->settled = cursor;
    *place(events, events->next++) = end;
}

void unacknowledged_store(struct unacknowledged *events, uint64_t number) {
    CHECK(number - events->first < events->next - events->first, "an acknowledgement of no event on its way");
    *place(events, number) |= IS_STORED;
    while (events->first != events->next && *place(events, events->first) & IS_STORED)
        events->settled = *place(events, events->first++) & ~(uint64_t)IS_STORED;
}

uint64_t unacknowledged_position(const struct unacknowledged *events, uint64_t cursor) {
    return events->first == events->next ? cursor : events->settled;
}
