#include "tests/websocket/scripted_feed.h"

#include "core/depth.h"
#include "core/partition.h"
#include "io/json/json_event.h"
#include "io/memory/memory_log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { SYMBOLS_MAX = 256, LEVELS_MAX = 16384 };

struct entry {
    struct entry *next;
    struct feed_record record;
    bool is_overtaken;
    int32_t lost_partition;
    char symbol[16];
    uint32_t bytes_size;
    _Alignas(8) unsigned char packed[EVENT_PACKED_BYTES_MAX];
    char bytes[1024];
};

struct exchange_symbol {
    char name[16];
    int32_t partition;
    uint64_t fseq, trade_id;
    int64_t last_price_ticks;
    struct depth depth;
};

struct scripted_feed {
    struct feed port;
    struct memory_log *log;
    pthread_mutex_t mutex;
    struct entry *first, **last;
    struct entry *held_first, **held_last;
    struct entry *current; /* the reader's */
    bool is_parked, is_losing, is_holding;
    uint32_t symbol_count, snapshots;
    struct exchange_symbol symbols[SYMBOLS_MAX];
};

static struct exchange_symbol *find(struct scripted_feed *feed, struct text name) {
    for (uint32_t i = 0; i < feed->symbol_count; i++)
        if (text_equal(text_of(feed->symbols[i].name), name)) return &feed->symbols[i];
    return NULL;
}

static struct exchange_symbol *get(struct scripted_feed *feed, const char *name) {
    struct exchange_symbol *symbol = find(feed, text_of(name));
    if (symbol) return symbol;
    symbol = &feed->symbols[feed->symbol_count++];
    snprintf(symbol->name, sizeof symbol->name, "%s", name);
    symbol->partition = home_partition(text_of(name));
    depth_init(&symbol->depth, malloc(depth_bytes(LEVELS_MAX)), LEVELS_MAX);
    return symbol;
}

/* With the mutex held. The entry's record and texts are set by the caller. */
static void put(struct scripted_feed *feed, struct entry *entry) {
    entry->next = NULL;
    if (feed->is_holding) {
        *feed->held_last = entry;
        feed->held_last = &entry->next;
        return;
    }
    *feed->last = entry;
    feed->last = &entry->next;
    if (feed->is_parked) {
        feed->is_parked = false;
        feed->port.on_ready(feed->port.on_ready_context);
    }
}

static struct entry *make(struct exchange_symbol *symbol, enum feed_kind kind) {
    struct entry *entry = calloc(1, sizeof *entry);
    memcpy(entry->symbol, symbol->name, sizeof entry->symbol);
    entry->record = (struct feed_record){.kind = (uint8_t)kind, .partition = symbol->partition, .fseq = symbol->fseq};
    entry->record.symbol = text_of(entry->symbol);
    entry->record.instrument = instrument_default();
    return entry;
}

static void put_state(struct scripted_feed *feed, struct exchange_symbol *symbol, enum feed_kind kind) {
    struct entry *entry = make(symbol, kind);
    struct event event = {.symbol = text_of(symbol->name), .fseq = symbol->fseq, .instrument = instrument_default()};
    event.has_last_price = symbol->trade_id > 0;
    event.last_price_ticks = symbol->last_price_ticks;
    event_pack(&event, entry->packed);
    put(feed, entry);
}

static int next(struct feed *port, struct feed_record *record) {
    struct scripted_feed *feed = (struct scripted_feed *)port;
    pthread_mutex_lock(&feed->mutex);
    free(feed->current);
    struct entry *entry = feed->current = feed->first;
    if (entry) {
        feed->first = entry->next;
        if (!feed->first) feed->last = &feed->first;
    }
    pthread_mutex_unlock(&feed->mutex);
    if (!entry) return STATUS_EMPTY;
    if (entry->is_overtaken) {
        port->lost_partitions |= UINT64_C(1) << entry->lost_partition;
        port->overtaken++;
        return STATUS_OVERTAKEN;
    }
    *record = entry->record;
    record->symbol = text_of(entry->symbol);
    if (record->kind == FEED_EVENT || record->kind == FEED_READY || record->kind == FEED_SNAPSHOT_BEGIN)
        event_unpack(entry->packed, &record->event);
    record->bytes = (struct text){entry->bytes, entry->bytes_size};
    return STATUS_OK;
}

static void put_side(struct scripted_feed *feed, struct exchange_symbol *symbol, enum side side) {
    for (uint32_t i = 0; i < depth_count(&symbol->depth, side); i++) {
        struct entry *entry = make(symbol, FEED_SNAPSHOT_LEVEL);
        entry->record.side = (uint8_t)side;
        entry->record.price_ticks = depth_at(&symbol->depth, side, i).price_ticks;
        entry->record.total_lots = depth_at(&symbol->depth, side, i).total_lots;
        put(feed, entry);
    }
}

static int ask_snapshot(struct feed *port, struct text name) {
    struct scripted_feed *feed = (struct scripted_feed *)port;
    pthread_mutex_lock(&feed->mutex);
    struct exchange_symbol *symbol = find(feed, name);
    feed->snapshots++;
    if (symbol) {
        put_state(feed, symbol, FEED_SNAPSHOT_BEGIN);
        put_side(feed, symbol, SIDE_BUY);
        put_side(feed, symbol, SIDE_SELL);
        put(feed, make(symbol, FEED_SNAPSHOT_END));
    }
    pthread_mutex_unlock(&feed->mutex);
    return STATUS_OK;
}

static int ask_symbols(struct feed *port) {
    struct scripted_feed *feed = (struct scripted_feed *)port;
    pthread_mutex_lock(&feed->mutex);
    for (uint32_t i = 0; i < feed->symbol_count; i++) put_state(feed, &feed->symbols[i], FEED_READY);
    pthread_mutex_unlock(&feed->mutex);
    return STATUS_OK;
}

static int park(struct feed *port) {
    struct scripted_feed *feed = (struct scripted_feed *)port;
    pthread_mutex_lock(&feed->mutex);
    feed->is_parked = feed->first == NULL;
    int status = feed->is_parked ? STATUS_OK : STATUS_FULL;
    pthread_mutex_unlock(&feed->mutex);
    return status;
}

struct scripted_feed *scripted_feed_open(struct memory_log *log) {
    struct scripted_feed *feed = calloc(1, sizeof *feed);
    feed->port = (struct feed){.next = next, .ask_snapshot = ask_snapshot, .ask_symbols = ask_symbols, .park = park};
    feed->log = log;
    feed->last = &feed->first;
    feed->held_last = &feed->held_first;
    pthread_mutex_init(&feed->mutex, NULL);
    return feed;
}

void scripted_feed_close(struct scripted_feed *feed) {
    for (struct entry *entry = feed->first, *after; entry; entry = after) {
        after = entry->next;
        free(entry);
    }
    free(feed->current);
    for (uint32_t i = 0; i < feed->symbol_count; i++) free(depth_memory(&feed->symbols[i].depth));
    pthread_mutex_destroy(&feed->mutex);
    free(feed);
}

struct feed *scripted_feed_port(struct scripted_feed *feed) { return &feed->port; }

void scripted_feed_lose(struct scripted_feed *feed, bool is_losing) {
    pthread_mutex_lock(&feed->mutex);
    feed->is_losing = is_losing;
    pthread_mutex_unlock(&feed->mutex);
}

void scripted_feed_overtake(struct scripted_feed *feed, const char *symbol) {
    struct entry *entry = calloc(1, sizeof *entry);
    entry->is_overtaken = true;
    entry->lost_partition = home_partition(text_of(symbol));
    pthread_mutex_lock(&feed->mutex);
    put(feed, entry);
    pthread_mutex_unlock(&feed->mutex);
}

void scripted_feed_hold(struct scripted_feed *feed) {
    pthread_mutex_lock(&feed->mutex);
    feed->is_holding = true;
    pthread_mutex_unlock(&feed->mutex);
}

void scripted_feed_release(struct scripted_feed *feed) {
    pthread_mutex_lock(&feed->mutex);
    feed->is_holding = false;
    while (feed->held_first) {
        struct entry *entry = feed->held_first;
        feed->held_first = entry->next;
        put(feed, entry);
    }
    feed->held_last = &feed->held_first;
    pthread_mutex_unlock(&feed->mutex);
}

/* With the mutex held: numbers the event, writes it to the log and, unless it gets lost, to the reader. */
static uint64_t put_event(struct scripted_feed *feed, struct exchange_symbol *symbol, struct event *event) {
    symbol->fseq++;
    event->symbol = text_of(symbol->name);
    event->fseq = symbol->fseq;
    event->src_partition = symbol->partition;
    event->src_offset = (int64_t)symbol->fseq + 1000;
    event->timestamp_ms = 1764900000000 + (int64_t)symbol->fseq;
    event->hash = symbol->fseq * UINT64_C(0x9e3779b97f4a7c15);
    event->instrument = instrument_default();
    struct entry *entry = make(symbol, FEED_EVENT);
    event_pack(event, entry->packed);
    char bytes[EVENT_BYTES_MAX];
    entry->bytes_size = (uint32_t)json_event_encode(event, bytes, sizeof bytes);
    memcpy(entry->bytes, bytes, entry->bytes_size);
    if (feed->log) {
        struct log_append record = {.topic = TOPIC_FILLS, .partition = symbol->partition, .key = text_of(symbol->name)};
        record.value = (struct text){bytes, entry->bytes_size};
        memory_log_append(feed->log, &record, -1);
    }
    if (feed->is_losing)
        free(entry);
    else
        put(feed, entry);
    return symbol->fseq;
}

uint64_t scripted_feed_trade(struct scripted_feed *feed, const char *name, enum side taker_side, int64_t price_ticks,
    int64_t lots, const char *taker, const char *maker) {
    pthread_mutex_lock(&feed->mutex);
    struct exchange_symbol *symbol = get(feed, name);
    char taker_order[32], maker_order[32];
    snprintf(taker_order, sizeof taker_order, "taker-%llu", (unsigned long long)symbol->trade_id + 1);
    snprintf(maker_order, sizeof maker_order, "maker-%llu", (unsigned long long)symbol->trade_id + 1);
    struct event event = {
        .type = EVENT_FILL, .side = (uint8_t)taker_side, .has_price = true, .price_ticks = price_ticks};
    event.quantity_lots = lots;
    event.trade_id = ++symbol->trade_id;
    event.taker =
        (struct event_party){.order_id = text_of(taker_order), .user_id = text_of(taker), .cumulative_lots = lots};
    event.maker = (struct event_party){
        .order_id = text_of(maker_order), .user_id = text_of(maker), .leaves_lots = 7, .cumulative_lots = lots};
    symbol->last_price_ticks = price_ticks;
    uint64_t fseq = put_event(feed, symbol, &event);
    pthread_mutex_unlock(&feed->mutex);
    return fseq;
}

uint64_t scripted_feed_accepted(struct scripted_feed *feed, const char *name, const char *user, const char *order,
    enum side side, int64_t price_ticks, int64_t lots) {
    pthread_mutex_lock(&feed->mutex);
    struct event event = {.type = EVENT_ACCEPTED, .side = (uint8_t)side, .has_price = true, .price_ticks = price_ticks};
    event.order_type = ORDER_LIMIT;
    event.time_in_force = TIF_GTC;
    event.order_id = text_of(order);
    event.user_id = text_of(user);
    event.quantity_lots = event.leaves_lots = lots;
    uint64_t fseq = put_event(feed, get(feed, name), &event);
    pthread_mutex_unlock(&feed->mutex);
    return fseq;
}

void scripted_feed_level(
    struct scripted_feed *feed, const char *name, enum side side, int64_t price_ticks, int64_t total_lots) {
    pthread_mutex_lock(&feed->mutex);
    struct exchange_symbol *symbol = get(feed, name);
    depth_apply(&symbol->depth, side, price_ticks, total_lots);
    if (!feed->is_losing) {
        struct entry *entry = make(symbol, FEED_LEVEL);
        entry->record.side = (uint8_t)side;
        entry->record.price_ticks = price_ticks;
        entry->record.total_lots = total_lots;
        put(feed, entry);
    }
    pthread_mutex_unlock(&feed->mutex);
}

int64_t scripted_feed_total(struct scripted_feed *feed, const char *name, enum side side, int64_t price_ticks) {
    int64_t total_lots = 0;
    pthread_mutex_lock(&feed->mutex);
    struct exchange_symbol *symbol = get(feed, name);
    for (uint32_t i = 0; i < depth_count(&symbol->depth, side); i++)
        if (depth_at(&symbol->depth, side, i).price_ticks == price_ticks)
            total_lots = depth_at(&symbol->depth, side, i).total_lots;
    pthread_mutex_unlock(&feed->mutex);
    return total_lots;
}

uint32_t scripted_feed_levels(struct scripted_feed *feed, const char *name, enum side side) {
    pthread_mutex_lock(&feed->mutex);
    uint32_t levels = depth_count(&get(feed, name)->depth, side);
    pthread_mutex_unlock(&feed->mutex);
    return levels;
}

uint32_t scripted_feed_snapshots(struct scripted_feed *feed) {
    pthread_mutex_lock(&feed->mutex);
    uint32_t snapshots = feed->snapshots;
    pthread_mutex_unlock(&feed->mutex);
    return snapshots;
}
