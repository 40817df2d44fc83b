#include "bench/verify/carriage.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parcel {
    bool is_copy, is_void;
    uint32_t size;
    char bytes[];
};

static void free_parcel(void *context, void *value) {
    (void)context;
    free(value);
}

void carriage_deinit(struct carriage *carriage) {
    dictionary_each(&carriage->open, free_parcel, NULL);
    dictionary_deinit(&carriage->open);
}

static size_t make_key(struct text topic, int32_t partition, int64_t offset, char key[300]) {
    return (size_t)snprintf(
        key, 300, "%.*s/%d/%lld", (int)(topic.size < 250 ? topic.size : 250), topic.data, partition, (long long)offset);
}

static struct parcel *wrap(struct text value, bool is_copy) {
    struct parcel *parcel = reference_allocate(sizeof *parcel + value.size);
    *parcel = (struct parcel){.is_copy = is_copy, .is_void = !value.data, .size = value.size};
    if (value.size) memcpy(parcel->bytes, value.data, value.size);
    return parcel;
}

/* Brings the two sides together; true if `value` met its counterpart. */
static bool meet(struct carriage *carriage, const char *key, size_t key_bytes, struct text value, bool is_copy) {
    struct parcel *other = dictionary_find(&carriage->open, key, key_bytes);
    if (!other || other->is_copy == is_copy) return false;
    bool void_copy = is_copy ? !value.data : other->is_void;
    if (!void_copy && (other->size != value.size || memcmp(other->bytes, value.data, value.size) != 0))
        carriage->altered++;
    dictionary_remove(&carriage->open, key, key_bytes);
    free(other);
    return true;
}

void carriage_on_origin(
    struct carriage *carriage, struct text topic, int32_t partition, int64_t offset, struct text value) {
    char key[300];
    size_t bytes = make_key(topic, partition, offset, key);
    carriage->origins++;
    if (meet(carriage, key, bytes, value, false)) {
        carriage->without_origin--;
        return;
    }
    carriage->without_copy++;
    dictionary_put(&carriage->open, key, bytes, wrap(value, false));
}

void carriage_on_copy(
    struct carriage *carriage, struct text topic, int32_t partition, int64_t offset, struct text value) {
    char key[300];
    size_t bytes = make_key(topic, partition, offset, key);
    carriage->copies++;
    if (meet(carriage, key, bytes, value, true)) {
        carriage->without_copy--;
        return;
    }
    /* The watermark lets one copy of an origin through, so the key cannot be taken by another copy. */
    carriage->without_origin++;
    dictionary_put(&carriage->open, key, bytes, wrap(value, true));
}
