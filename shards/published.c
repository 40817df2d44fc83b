#include "shards/published.h"

#include "shards/dead_letter.h"
#include "shards/log_scan.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATIENCE_MS = 30000 };

struct reading {
    struct published *published;
    const struct published *known; /* what was read before, where symbols go on; NULL: they begin */
    struct event_scanner *scanner;
    struct text orders_topic, pending_topic;
    int status;
};

static struct published_symbol *find_or_add(
    const struct reading *reading, const struct event_scan *scan, int32_t partition) {
    struct published_symbol *symbol = name_table_find(&reading->published->symbols, scan->symbol);
    if (symbol) return symbol;
    symbol = calloc(1, sizeof *symbol);
    if (!symbol) return NULL;
    const struct published_symbol *known = reading->known ? published_find(reading->known, scan->symbol) : NULL;
    *symbol = known ? *known : (struct published_symbol){.name = name_of(scan->symbol), .partition = partition};
    if (name_table_add(&reading->published->symbols, scan->symbol, symbol) == STATUS_OK) return symbol;
    free(symbol);
    return NULL;
}

static void on_event(void *context, const struct log_record *record) {
    struct reading *reading = context;
    struct event_scan scan;
    if (reading->status != STATUS_OK || !reading->scanner->scan(reading->scanner, record->value, &scan))
        return; /* a stranger's record in our topic is not ours to judge */
    struct published_symbol *symbol = find_or_add(reading, &scan, record->partition);
    if (!symbol) {
        reading->status = STATUS_NO_MEMORY;
        return;
    }
    reading->published->events++;
    if (scan.fseq <= symbol->fseq) return; /* a repeat: readers drop it, and so do we */
    if (scan.fseq != symbol->fseq + 1) {
        fprintf(stderr, "fatal: topic fills lacks event %llu of %.*s before offset %lld of partition %d\n",
            (unsigned long long)symbol->fseq + 1, (int)scan.symbol.size, scan.symbol.data, (long long)record->offset,
            (int)record->partition);
        reading->status = STATUS_GAP;
        return;
    }
    symbol->fseq = scan.fseq;
    symbol->hash = scan.hash;
}

static void on_dead_letter(void *context, const struct log_record *record) {
    struct reading *reading = context;
    uint8_t topic;
    int32_t partition;
    int64_t offset;
    if (!dead_letter_source(record, reading->orders_topic, reading->pending_topic, &topic, &partition, &offset)) return;
    if (topic == TOPIC_ORDERS && dead_letter_is_void(record))
        return; /* the reinjector's: not in the order of the worker's own */
    int64_t *last = &reading->published->dead_letter_offset[topic][partition];
    if (offset > *last) *last = offset;
}

static void on_record(void *context, const struct log_record *record) {
    if (record->topic == TOPIC_FILLS)
        on_event(context, record);
    else
        on_dead_letter(context, record);
}

static int stretch_of(struct log_store *store, uint8_t topic, int32_t partition, struct log_stretch *stretch) {
    *stretch = (struct log_stretch){.topic = topic, .partition = partition};
    return store->bounds(store, topic, partition, &stretch->begin, &stretch->end);
}

int published_read(struct published *published, struct log_store *store, struct event_scanner *scanner,
    struct text orders_topic, struct text pending_topic) {
    struct reading reading = {published, NULL, scanner, orders_topic, pending_topic, STATUS_OK};
    struct log_stretch stretches[PARTITIONS + 1];
    *published = (struct published){0};
    memset(published->dead_letter_offset, 0xff, sizeof published->dead_letter_offset);
    for (int32_t p = 0; p < PARTITIONS; p++) {
        int status = stretch_of(store, TOPIC_FILLS, p, &stretches[p]);
        if (status != STATUS_OK) return status;
        published->fills_end[p] = stretches[p].end;
    }
    int status = stretch_of(store, TOPIC_DEAD_LETTER, 0, &stretches[PARTITIONS]);
    if (status == STATUS_OK) status = log_scan(store, stretches, PARTITIONS + 1, PATIENCE_MS, on_record, &reading);
    return status == STATUS_OK ? reading.status : status;
}

int published_catch_up(struct published *published, const struct published *known, struct log_store *store,
    struct event_scanner *scanner, int32_t partition) {
    struct reading reading = {published, known, scanner, TEXT_NONE, TEXT_NONE, STATUS_OK};
    struct log_stretch stretch;
    int status = stretch_of(store, TOPIC_FILLS, partition, &stretch);
    if (status != STATUS_OK) return status;
    stretch.begin = published->fills_end[partition];
    if (stretch.begin < stretch.end) status = log_scan(store, &stretch, 1, PATIENCE_MS, on_record, &reading);
    if (reading.status != STATUS_OK) return reading.status;
    if (status == STATUS_OK) published->fills_end[partition] = stretch.end;
    return status;
}

void published_deinit(struct published *published) {
    for (uint32_t i = 0; i < published->symbols.capacity; i++) free(published->symbols.slots[i].value);
    name_table_deinit(&published->symbols);
}

const struct published_symbol *published_find(const struct published *published, struct text symbol) {
    return name_table_find(&published->symbols, symbol);
}
