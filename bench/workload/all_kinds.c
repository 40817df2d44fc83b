#include "bench/workload/all_kinds.h"

#include "bench/reference/reference.h"
#include "bench/workload/maker.h"
#include "core/limits.h"

#include <stdio.h>
#include <stdlib.h>

enum { LOOK_EVERY = 5 };

/* A partition. */
struct home {
    struct maker maker;
    int64_t records;
};

struct all_kinds {
    uint64_t random;
    struct home homes[PARTITIONS];
    struct reference *reference;
    struct maker_record made;
};

/* ---- opening */

/* "K0", "K1" and so on, each to its home, until all homes have enough. */
static void name_symbols(char names[PARTITIONS][MAKER_SYMBOLS][SYMBOL_BYTES_MAX + 1]) {
    unsigned found[PARTITIONS] = {0};
    for (unsigned i = 0, missing = PARTITIONS * MAKER_SYMBOLS; missing; i++) {
        char name[SYMBOL_BYTES_MAX + 1];
        snprintf(name, sizeof name, "K%u", i);
        int32_t home = reference_home(text_of(name));
        if (found[home] == MAKER_SYMBOLS) continue;
        snprintf(names[home][found[home]++], sizeof name, "%s", name);
        missing--;
    }
}

struct all_kinds *all_kinds_open(uint64_t seed) {
    char names[PARTITIONS][MAKER_SYMBOLS][SYMBOL_BYTES_MAX + 1];
    struct all_kinds *k = calloc(1, sizeof *k);
    if (!k) abort();
    k->random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
    k->reference = reference_open();
    name_symbols(names);
    for (int32_t p = 0; p < PARTITIONS; p++) {
        maker_init(&k->homes[p].maker, seed * PARTITIONS + (uint64_t)p);
        maker_name_symbols(&k->homes[p].maker, names[p]);
    }
    return k;
}

void all_kinds_close(struct all_kinds *all_kinds) {
    if (all_kinds) reference_close(all_kinds->reference);
    free(all_kinds);
}

/* ---- records */

/* xorshift64*. */
static int32_t choose_home(struct all_kinds *k) {
    k->random ^= k->random >> 12;
    k->random ^= k->random << 25;
    k->random ^= k->random >> 27;
    return (int32_t)((k->random * UINT64_C(0x2545f4914f6cdd1d) >> 33) % PARTITIONS);
}

static void apply(struct all_kinds *k, int32_t p, const struct workload_record *record) {
    struct reference_record stored = {.partition = p,
        .offset = k->homes[p].records++,
        .timestamp_ms = k->made.timestamp_ms,
        .key = record->symbol,
        .value = record->value,
        .me_t = record->is_control ? TEXT("2") : TEXT_NONE};
    if (reference_apply(k->reference, &stored, NULL, NULL, NULL) != REFERENCE_OK) abort();
}

void all_kinds_next(struct all_kinds *k, int64_t timestamp_ms, struct workload_record *record) {
    int32_t p = choose_home(k);
    struct home *home = &k->homes[p];
    home->maker.time_ms = timestamp_ms;
    if (home->records % LOOK_EVERY == 0) maker_look(&home->maker, k->reference);
    maker_next(&home->maker, &k->made);
    *record = (struct workload_record){.symbol = text_of(home->maker.symbol),
        .value = text_of(k->made.value),
        .home = p,
        .is_control = k->made.is_control};
    k->made.timestamp_ms = timestamp_ms;
    apply(k, p, record);
}
