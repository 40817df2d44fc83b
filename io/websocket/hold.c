#include "io/websocket/hold.h"

#include "core/check.h"
#include "io/websocket/push_thread.h"

#include <stdlib.h>

struct held {
    struct text bytes;
    uint32_t size;
    _Alignas(8) unsigned char packed[]; /* of event_pack, then the bytes */
};

static void drop_held(struct push *push, struct hold *hold) {
    for (uint32_t i = 0; i < hold->count; i++) free(hold->held[i]);
    push->held_bytes -= hold->bytes;
    hold->bytes = 0;
    hold->count = 0;
}

void hold_free(struct push *push, struct market *market) {
    struct hold *hold = market->hold;
    if (!hold) return;
    drop_held(push, hold);
    free(hold->held);
    free(hold);
    market->hold = NULL;
}

static void ask(struct push *push, const struct market *market) {
    const struct hold *hold = market->hold;
    struct resync_want want = {.symbol_bytes = market->name_bytes,
        .partition = market->partition,
        .instrument = market->instrument,
        .from = hold->delivered + 1,
        .to = hold->to,
        .begin = hold->begin};
    memcpy(want.symbol, market->name, sizeof want.symbol);
    resync_ask(push->resync, &want);
}

void hold_begin(struct push *push, struct market *market, uint64_t delivered, int64_t begin) {
    push_count(&push->counters.gaps, 1);
    struct hold *hold = market->hold;
    if (hold) { /* a want is on its way; when it ends the rest is asked for */
        drop_held(push, hold);
        hold->to = market->fseq;
        return;
    }
    market->hold = hold = calloc(1, sizeof *hold);
    CHECK(hold, "no memory for a hold");
    hold->delivered = delivered;
    hold->to = market->fseq;
    hold->begin = begin;
    ask(push, market);
}

void hold_event(struct push *push, struct market *market, const struct event *event, struct text bytes) {
    struct hold *hold = market->hold;
    _Alignas(8) unsigned char packed[EVENT_PACKED_BYTES_MAX];
    uint32_t packed_bytes = event_pack(event, packed), size = (uint32_t)sizeof(struct held) + packed_bytes + bytes.size;
    if (push->held_bytes + size > push->settings.hold_bytes_max) {
        drop_held(push, hold);
        hold->to = event->fseq;
        return;
    }
    if (hold->count == hold->capacity) {
        hold->capacity = hold->capacity ? 2 * hold->capacity : 16;
        hold->held = realloc(hold->held, hold->capacity * sizeof(struct held *));
        CHECK(hold->held, "no memory for a hold");
    }
    struct held *held = malloc(size);
    CHECK(held, "no memory for a held event");
    memcpy(held->packed, packed, packed_bytes);
    if (bytes.size) memcpy(held->packed + packed_bytes, bytes.data, bytes.size);
    held->bytes = (struct text){(char *)held->packed + packed_bytes, bytes.size};
    held->size = size;
    hold->held[hold->count++] = held;
    hold->bytes += size;
    push->held_bytes += size;
}

/* Everything missing was told, or was told to be lost: what waited follows. */
static void end_hold(struct push *push, struct market *market) {
    struct hold *hold = market->hold;
    for (uint32_t i = 0; i < hold->count; i++) {
        struct event event;
        event_unpack(hold->held[i]->packed, &event);
        push_deliver(push, market, &event, hold->held[i]->bytes);
    }
    hold_free(push, market);
}

static void on_found_event(struct push *push, struct market *market, const struct resync_found *found) {
    struct hold *hold = market->hold;
    hold->begin = found->next_offset;
    if (found->fseq <= hold->delivered || found->fseq > hold->to) return;
    if (found->fseq > hold->delivered + 1) push_tell_gap(push, market, hold->delivered + 1, found->fseq - 1);
    struct event event;
    event_unpack(found->packed, &event);
    push_deliver(push, market, &event, found->bytes);
    hold->delivered = found->fseq;
}

static void on_found_end(struct push *push, struct market *market, const struct resync_found *found) {
    struct hold *hold = market->hold;
    if (found->kind == RESYNC_FAILED) {
        push_tell_gap(push, market, hold->delivered + 1, hold->to);
        end_hold(push, market);
        return;
    }
    hold->begin = found->next_offset;
    if (hold->delivered < hold->to && found->fseq < hold->to) { /* more was missed meanwhile */
        ask(push, market);
        return;
    }
    if (hold->delivered < hold->to) push_tell_gap(push, market, hold->delivered + 1, hold->to);
    push_count(&push->counters.gaps_filled, 1);
    end_hold(push, market);
}

void hold_on_found(struct push *push, struct resync_found *found) {
    while (found) {
        struct resync_found *next = found->next;
        struct market *market =
            subscriptions_find(&push->subscriptions, (struct text){found->symbol, found->symbol_bytes});
        if (market && market->hold) {
            if (found->kind == RESYNC_EVENT)
                on_found_event(push, market, found);
            else
                on_found_end(push, market, found);
        }
        free(found);
        found = next;
    }
}
