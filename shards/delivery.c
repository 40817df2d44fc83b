#include "shards/delivery.h"

#include <stddef.h>

/* Where the texts of a delivery are. */
static const size_t text_places[] = {
    offsetof(struct delivery, original_order_id),
    offsetof(struct delivery, command.symbol),
    offsetof(struct delivery, command.order_id),
    offsetof(struct delivery, command.client_order_id),
    offsetof(struct delivery, command.command_id),
    offsetof(struct delivery, command.user_id),
    offsetof(struct delivery, command.cancel_order_id),
    offsetof(struct delivery, command.list_id),
    offsetof(struct delivery, control_kind),
    offsetof(struct delivery, control_result),
    offsetof(struct delivery, control_fields),
};

enum { TEXT_PLACES = sizeof text_places / sizeof text_places[0] };

static struct text text_at(const struct delivery *delivery, size_t place) {
    struct text text;
    memcpy(&text, (const char *)delivery + place, sizeof text);
    return text;
}

uint32_t delivery_packed_bytes(const struct delivery *delivery) {
    uint32_t bytes = sizeof *delivery;
    for (int i = 0; i < TEXT_PLACES; i++) bytes += text_at(delivery, text_places[i]).size;
    return bytes;
}

void delivery_pack(const struct delivery *delivery, void *out) {
    memcpy(out, delivery, sizeof *delivery);
    char *at = (char *)out + sizeof *delivery;
    for (int i = 0; i < TEXT_PLACES; i++) {
        struct text text = text_at(delivery, text_places[i]);
        if (text.size) {
            memcpy(at, text.data, text.size);
            at += text.size;
        }
    }
}

void delivery_unpack(const void *packed, struct delivery *delivery) {
    memcpy(delivery, packed, sizeof *delivery);
    const char *at = (const char *)packed + sizeof *delivery;
    for (int i = 0; i < TEXT_PLACES; i++) {
        struct text text = text_at(delivery, text_places[i]);
        text.data = text.size ? at : NULL;
        memcpy((char *)delivery + text_places[i], &text, sizeof text);
        at += text.size;
    }
}
