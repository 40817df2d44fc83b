#include "shards/delivery.h"

#include <stddef.h>

/* The flat form: the struct, its instrument and its list's orders if it has them, the texts of all of these. */

static const size_t delivery_texts[] = {
    offsetof(struct delivery, original_order_id),
    offsetof(struct delivery, control_kind),
    offsetof(struct delivery, control_result),
    offsetof(struct delivery, control_fields),
};

static const size_t command_texts[] = {
    offsetof(struct command, symbol),
    offsetof(struct command, order_id),
    offsetof(struct command, client_order_id),
    offsetof(struct command, command_id),
    offsetof(struct command, user_id),
    offsetof(struct command, cancel_order_id),
    offsetof(struct command, list_id),
};

enum {
    DELIVERY_TEXTS = sizeof delivery_texts / sizeof delivery_texts[0],
    COMMAND_TEXTS = sizeof command_texts / sizeof command_texts[0]
};

_Static_assert(
    sizeof(struct delivery) % 8 == 0 && sizeof(struct command) % 8 == 0 && sizeof(struct instrument) % 8 == 0,
    "each begins aligned behind the other");

static uint32_t order_count(const struct delivery *delivery) {
    uint32_t count = delivery->command.orders ? delivery->command.order_count : 0;
    return count < LIST_ORDERS_MAX ? count : LIST_ORDERS_MAX;
}

static uint32_t texts_bytes(const void *from, const size_t *places, int count) {
    uint32_t bytes = 0;
    for (int i = 0; i < count; i++) {
        struct text text;
        memcpy(&text, (const char *)from + places[i], sizeof text);
        bytes += text.size;
    }
    return bytes;
}

uint32_t delivery_packed_bytes(const struct delivery *delivery) {
    uint32_t orders = order_count(delivery);
    uint32_t bytes = (uint32_t)(sizeof *delivery + orders * sizeof(struct command));
    if (delivery->instrument) bytes += sizeof *delivery->instrument;
    bytes += texts_bytes(delivery, delivery_texts, DELIVERY_TEXTS);
    bytes += texts_bytes(&delivery->command, command_texts, COMMAND_TEXTS);
    for (uint32_t i = 0; i < orders; i++)
        bytes += texts_bytes(&delivery->command.orders[i], command_texts, COMMAND_TEXTS);
    return bytes;
}

static char *pack_bytes(char *at, const void *from, size_t bytes) {
    if (bytes) memcpy(at, from, bytes);
    return at + bytes;
}

static char *pack_texts(char *at, const void *from, const size_t *places, int count) {
    for (int i = 0; i < count; i++) {
        struct text text;
        memcpy(&text, (const char *)from + places[i], sizeof text);
        at = pack_bytes(at, text.data, text.size);
    }
    return at;
}

void delivery_pack(const struct delivery *delivery, void *out) {
    uint32_t orders = order_count(delivery);
    char *at = pack_bytes(out, delivery, sizeof *delivery);
    if (delivery->instrument) at = pack_bytes(at, delivery->instrument, sizeof *delivery->instrument);
    at = pack_bytes(at, delivery->command.orders, orders * sizeof(struct command));
    at = pack_texts(at, delivery, delivery_texts, DELIVERY_TEXTS);
    at = pack_texts(at, &delivery->command, command_texts, COMMAND_TEXTS);
    for (uint32_t i = 0; i < orders; i++)
        at = pack_texts(at, &delivery->command.orders[i], command_texts, COMMAND_TEXTS);
}

static const char *unpack_texts(const char *at, void *to, const size_t *places, int count) {
    for (int i = 0; i < count; i++) {
        struct text text;
        memcpy(&text, (char *)to + places[i], sizeof text);
        text.data = text.size ? at : NULL;
        memcpy((char *)to + places[i], &text, sizeof text);
        at += text.size;
    }
    return at;
}

void delivery_unpack(const void *packed, struct delivery *delivery, struct command *orders) {
    memcpy(delivery, packed, sizeof *delivery);
    uint32_t count = order_count(delivery);
    const char *at = (const char *)packed + sizeof *delivery;
    if (delivery->instrument) {
        delivery->instrument = (const struct instrument *)(const void *)at;
        at += sizeof *delivery->instrument;
    }
    if (count) {
        memcpy(orders, at, count * sizeof *orders);
        delivery->command.orders = orders;
        at += count * sizeof *orders;
    }
    at = unpack_texts(at, delivery, delivery_texts, DELIVERY_TEXTS);
    at = unpack_texts(at, &delivery->command, command_texts, COMMAND_TEXTS);
    for (uint32_t i = 0; i < count; i++) at = unpack_texts(at, &orders[i], command_texts, COMMAND_TEXTS);
}
