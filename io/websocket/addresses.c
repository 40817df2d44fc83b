#include "io/websocket/addresses.h"

#include "core/check.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS_FIRST = 64 };

struct address_count {
    struct address_count *next;
    uint32_t connections;
    char address[];
};

void addresses_init(struct addresses *addresses) {
    *addresses = (struct addresses){.bucket_count = BUCKETS_FIRST};
    addresses->buckets = calloc(BUCKETS_FIRST, sizeof *addresses->buckets);
    CHECK(addresses->buckets, "no memory for addresses");
}

void addresses_deinit(struct addresses *addresses) {
    for (uint32_t i = 0; i < addresses->bucket_count; i++) {
        while (addresses->buckets[i]) {
            struct address_count *gone = addresses->buckets[i];
            addresses->buckets[i] = gone->next;
            free(gone);
        }
    }
    free(addresses->buckets);
    *addresses = (struct addresses){0};
}

static struct address_count **place_of(const struct addresses *addresses, const char *address) {
    uint32_t h = 2166136261u;
    for (const char *at = address; *at; at++) h = (h ^ (unsigned char)*at) * 16777619u;
    struct address_count **at = &addresses->buckets[(h ^ h >> 15) & (addresses->bucket_count - 1)];
    while (*at && strcmp((*at)->address, address) != 0) at = &(*at)->next;
    return at;
}

static void grow(struct addresses *addresses) {
    struct addresses old = *addresses;
    addresses->bucket_count = 2 * old.bucket_count;
    addresses->buckets = calloc(addresses->bucket_count, sizeof *addresses->buckets);
    CHECK(addresses->buckets, "no memory for addresses");
    for (uint32_t i = 0; i < old.bucket_count; i++) {
        for (struct address_count *count = old.buckets[i], *next; count; count = next) {
            next = count->next;
            count->next = NULL;
            *place_of(addresses, count->address) = count;
        }
    }
    free(old.buckets);
}

uint32_t addresses_find(const struct addresses *addresses, const char *address) {
    const struct address_count *count = *place_of(addresses, address);
    return count ? count->connections : 0;
}

void addresses_add(struct addresses *addresses, const char *address) {
    if (addresses->count == addresses->bucket_count) grow(addresses);
    struct address_count **place = place_of(addresses, address);
    if (!*place) {
        *place = calloc(1, sizeof **place + strlen(address) + 1);
        CHECK(*place, "no memory for addresses");
        memcpy((*place)->address, address, strlen(address) + 1);
        addresses->count++;
    }
    (*place)->connections++;
}

void addresses_remove(struct addresses *addresses, const char *address) {
    struct address_count **place = place_of(addresses, address);
    CHECK(*place, "an address was taken back that was never counted");
    if (--(*place)->connections) return;
    struct address_count *gone = *place;
    *place = gone->next;
    free(gone);
    addresses->count--;
}
