#include "core/event.h"

#include <stddef.h>

/* What stands before the bytes of the texts. */
struct packed_event {
    uint64_t fseq, hash, trade_id, count;
    int64_t src_offset, own, timestamp_ms;
    int64_t price_ticks, stop_price_ticks, last_price_ticks;
    int64_t quantity_lots, leaves_lots, cumulative_lots;
    int64_t taker_leaves_lots, taker_cumulative_lots, maker_leaves_lots, maker_cumulative_lots;
    int64_t indicative_price_ticks, indicative_quantity_lots;
    struct instrument instrument;
    int32_t src_partition;
    uint32_t src_index;
    uint8_t type, side, order_type, time_in_force, reason, self_trade;
    uint8_t kept_priority, has_price, has_stop_price, has_last_price, has_indicative;
    uint16_t text_bytes[17];
};

enum { TEXTS = 17 };

/* The order of the texts in a packed event. */
static const uint16_t text_places[TEXTS] = {
    offsetof(struct event, symbol),
    offsetof(struct event, order_id),
    offsetof(struct event, client_order_id),
    offsetof(struct event, command_id),
    offsetof(struct event, user_id),
    offsetof(struct event, list_id),
    offsetof(struct event, original_order_id),
    offsetof(struct event, taker.order_id),
    offsetof(struct event, taker.client_order_id),
    offsetof(struct event, taker.user_id),
    offsetof(struct event, maker.order_id),
    offsetof(struct event, maker.client_order_id),
    offsetof(struct event, maker.user_id),
    offsetof(struct event, control_kind),
    offsetof(struct event, control_result),
    offsetof(struct event, control_fields),
    offsetof(struct event, state),
};

/* Every member that is no text, from one struct to the other; the names are the same on both sides. */
#define COPY_SCALARS(to, from)                                                                                         \
    ((to)->fseq = (from)->fseq, (to)->hash = (from)->hash, (to)->trade_id = (from)->trade_id,                          \
        (to)->count = (from)->count, (to)->src_offset = (from)->src_offset, (to)->own = (from)->own,                   \
        (to)->timestamp_ms = (from)->timestamp_ms, (to)->price_ticks = (from)->price_ticks,                            \
        (to)->stop_price_ticks = (from)->stop_price_ticks, (to)->last_price_ticks = (from)->last_price_ticks,          \
        (to)->quantity_lots = (from)->quantity_lots, (to)->leaves_lots = (from)->leaves_lots,                          \
        (to)->cumulative_lots = (from)->cumulative_lots,                                                               \
        (to)->indicative_price_ticks = (from)->indicative_price_ticks,                                                 \
        (to)->indicative_quantity_lots = (from)->indicative_quantity_lots, (to)->instrument = (from)->instrument,      \
        (to)->src_partition = (from)->src_partition, (to)->src_index = (from)->src_index, (to)->type = (from)->type,   \
        (to)->side = (from)->side, (to)->order_type = (from)->order_type, (to)->time_in_force = (from)->time_in_force, \
        (to)->reason = (from)->reason, (to)->self_trade = (from)->self_trade,                                          \
        (to)->kept_priority = (from)->kept_priority, (to)->has_price = (from)->has_price,                              \
        (to)->has_stop_price = (from)->has_stop_price, (to)->has_last_price = (from)->has_last_price,                  \
        (to)->has_indicative = (from)->has_indicative)

#define NAME(literal) {(literal), sizeof(literal) - 1}

struct text event_type_name(enum event_type type) {
    static const struct text names[EVENT_TYPE_COUNT] = {
        [EVENT_ACCEPTED] = NAME("ACCEPTED"),
        [EVENT_REJECTED] = NAME("REJECTED"),
        [EVENT_DUPLICATE] = NAME("DUPLICATE"),
        [EVENT_FILL] = NAME("FILL"),
        [EVENT_PREVENTED] = NAME("PREVENTED"),
        [EVENT_CANCELLED] = NAME("CANCELLED"),
        [EVENT_EXPIRED] = NAME("EXPIRED"),
        [EVENT_CANCEL_ALL_DONE] = NAME("CANCEL_ALL_DONE"),
        [EVENT_MODIFIED] = NAME("MODIFIED"),
        [EVENT_TRIGGERED] = NAME("TRIGGERED"),
        [EVENT_STATE] = NAME("STATE"),
        [EVENT_CONTROL] = NAME("CONTROL"),
    };
    return (unsigned)type < EVENT_TYPE_COUNT ? names[type] : TEXT_NONE;
}

static uint32_t pack_texts(const struct event *event, struct packed_event *packed) {
    char *at = (char *)(packed + 1);
    for (unsigned i = 0; i < TEXTS; i++) {
        const struct text *text = (const struct text *)((const char *)event + text_places[i]);
        packed->text_bytes[i] = (uint16_t)text->size;
        if (text->size == 0) continue;
        memcpy(at, text->data, text->size);
        at += text->size;
    }
    return (uint32_t)(at - (char *)packed);
}

uint32_t event_pack(const struct event *event, void *out) {
    struct packed_event *packed = out;
    COPY_SCALARS(packed, event);
    packed->taker_leaves_lots = event->taker.leaves_lots;
    packed->taker_cumulative_lots = event->taker.cumulative_lots;
    packed->maker_leaves_lots = event->maker.leaves_lots;
    packed->maker_cumulative_lots = event->maker.cumulative_lots;
    uint32_t bytes = pack_texts(event, packed);
    return (bytes + 7) & ~UINT32_C(7);
}

void event_unpack(const void *packed_bytes, struct event *event) {
    const struct packed_event *packed = packed_bytes;
    const char *at = (const char *)(packed + 1);
    COPY_SCALARS(event, packed);
    event->taker.leaves_lots = packed->taker_leaves_lots;
    event->taker.cumulative_lots = packed->taker_cumulative_lots;
    event->maker.leaves_lots = packed->maker_leaves_lots;
    event->maker.cumulative_lots = packed->maker_cumulative_lots;
    for (unsigned i = 0; i < TEXTS; i++) {
        uint32_t size = packed->text_bytes[i];
        *(struct text *)((char *)event + text_places[i]) = (struct text){size ? at : NULL, size};
        at += size;
    }
}
