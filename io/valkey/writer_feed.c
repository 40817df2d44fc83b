#include "io/valkey/writer.h"

#include "core/rolling_hash.h"

#include <stdlib.h>

enum {
    FIRST_SLOTS = 256,
    FIRST_LEVELS = 64,
    SNAPSHOT_PATIENCE_MS = 3000, /* then it is asked for again */
    SYMBOLS_PAUSE_MS = 250,
    SNAPSHOT_PAUSE_MS_MIN = 100,  /* of one symbol: a snapshot costs its worker time, ... */
    SNAPSHOT_PAUSE_MS_MAX = 4000, /* ... the more often it is lost the rarer it is asked for ... */
    SNAPSHOT_GOOD_MS = 5000,      /* ... until one has been good for so long */
    READ_US_MAX = 5000,           /* then the connection has its turn */
    READ_RECORDS_A_LOOK = 256     /* at the clock */
};

/* ---------------------------------------------------------------- symbols */

/* The slot of the name, or the empty one where it would go. */
static struct writer_symbol **find_slot(struct writer_symbol **slots, uint32_t slot_count, struct text name) {
    uint32_t at = (uint32_t)(rolling_id(name) >> 32) & (slot_count - 1);
    while (slots[at] && !text_equal((struct text){slots[at]->name, slots[at]->name_bytes}, name))
        at = (at + 1) & (slot_count - 1);
    return &slots[at];
}

struct writer_symbol *writer_symbols_find(const struct valkey_writer *writer, struct text name) {
    return writer->slot_count ? *find_slot(writer->slots, writer->slot_count, name) : NULL;
}

static void grow_slots(struct valkey_writer *writer) {
    uint32_t count = writer->slot_count ? 2 * writer->slot_count : FIRST_SLOTS;
    struct writer_symbol **slots = calloc(count, sizeof *slots);
    if (!slots) writer_out_of_memory();
    for (uint32_t i = 0; i < writer->slot_count; i++)
        if (writer->slots[i])
            *find_slot(slots, count, (struct text){writer->slots[i]->name, writer->slots[i]->name_bytes}) =
                writer->slots[i];
    free(writer->slots);
    writer->slots = slots;
    writer->slot_count = count;
}

static struct writer_symbol *add_symbol(struct valkey_writer *writer, const struct feed_record *record) {
    if (2 * (writer->symbol_count + 1) > writer->slot_count) grow_slots(writer);
    struct writer_symbol *symbol = calloc(1, sizeof *symbol);
    if (!symbol) writer_out_of_memory();
    memcpy(symbol->name, record->symbol.data, record->symbol.size);
    symbol->name_bytes = (uint8_t)record->symbol.size;
    symbol->partition = record->partition;
    symbol->snapshot_pause_ms = SNAPSHOT_PAUSE_MS_MIN;
    symbol->instrument = record->instrument;
    symbol->has_settings = false;
    symbol->next_of_partition = writer->of_partition[symbol->partition];
    writer->of_partition[symbol->partition] = symbol;
    *find_slot(writer->slots, writer->slot_count, record->symbol) = symbol;
    writer->symbol_count++;
    counter_add(&writer->counters.symbols, 1);
    writer_resync_forget(writer, symbol);
    writer_feed_want_snapshot(writer, symbol);
    return symbol;
}

struct writer_symbol *writer_symbols_get(struct valkey_writer *writer, const struct feed_record *record) {
    struct writer_symbol *symbol = writer_symbols_find(writer, record->symbol);
    if (symbol) return symbol;
    bool is_usable = record->symbol.size > 0 && record->symbol.size < sizeof symbol->name && record->partition >= 0 &&
                     record->partition < PARTITIONS;
    return is_usable ? add_symbol(writer, record) : NULL;
}

static void free_symbol(struct writer_symbol *symbol) {
    order_batch_close(symbol->batch);
    held_events_clear(&symbol->hold);
    free(depth_memory(&symbol->depth));
    free(symbol);
}

void writer_symbols_free(struct valkey_writer *writer) {
    for (uint32_t i = 0; i < writer->slot_count; i++)
        if (writer->slots[i]) free_symbol(writer->slots[i]);
    free(writer->slots);
}

/* ---------------------------------------------------------------- snapshots asked for */

void writer_feed_want_snapshot(struct valkey_writer *writer, struct writer_symbol *symbol) {
    if (symbol->snapshot_wanted || symbol->snapshot_asked || symbol->name[0] == '#') return;
    symbol->snapshot_wanted = true;
    symbol->next_snapshot = NULL;
    if (writer->snapshots.last)
        writer->snapshots.last->next_snapshot = symbol;
    else
        writer->snapshots.first = symbol;
    writer->snapshots.last = symbol;
    writer->snapshots.count++;
}

static struct writer_symbol *take_wanted(struct valkey_writer *writer) {
    struct writer_symbol *symbol = writer->snapshots.first;
    writer->snapshots.first = symbol->next_snapshot;
    if (!writer->snapshots.first) writer->snapshots.last = NULL;
    writer->snapshots.count--;
    symbol->snapshot_wanted = false;
    return symbol;
}

static void unask(struct valkey_writer *writer, uint32_t at) {
    writer->asked[at]->snapshot_asked = false;
    writer->asked[at] = writer->asked[--writer->asked_count];
}

static void unask_symbol(struct valkey_writer *writer, const struct writer_symbol *symbol) {
    for (uint32_t i = 0; symbol->snapshot_asked && i < writer->asked_count; i++)
        if (writer->asked[i] == symbol) {
            unask(writer, i);
            return;
        }
}

static bool needs_snapshot(const struct writer_symbol *symbol) {
    return !symbol->depth_valid || symbol->state == SYMBOL_SNAPSHOT;
}

/* Those that were not told in time are wanted again. */
static void give_up_waiting(struct valkey_writer *writer, uint64_t now_ms) {
    for (uint32_t i = writer->asked_count; i-- > 0;) {
        struct writer_symbol *symbol = writer->asked[i];
        if (now_ms - symbol->snapshot_asked_ms < SNAPSHOT_PATIENCE_MS) continue;
        unask(writer, i);
        symbol->depth_loading = symbol->orders_loading = false;
        if (needs_snapshot(symbol)) writer_feed_want_snapshot(writer, symbol);
    }
}

/* Asks for one; false if the worker takes no more questions now. */
static bool ask_one(struct valkey_writer *writer, struct writer_symbol *symbol, uint64_t now_ms) {
    struct feed *feed = writer->options.feed;
    int status = feed->ask_snapshot(feed, (struct text){symbol->name, symbol->name_bytes});
    symbol->snapshot_not_before_ms = now_ms + symbol->snapshot_pause_ms;
    if (status != STATUS_OK) {
        writer_feed_want_snapshot(writer, symbol);
        return false;
    }
    symbol->snapshot_asked = true;
    symbol->snapshot_asked_ms = now_ms;
    writer->asked[writer->asked_count++] = symbol;
    return true;
}

void writer_feed_ask(struct valkey_writer *writer) {
    uint64_t now_ms = writer_now_ms(writer);
    struct feed *feed = writer->options.feed;
    if (writer->symbols_wanted && now_ms >= writer->symbols_not_before_ms && feed->ask_symbols(feed) == STATUS_OK) {
        writer->symbols_wanted = false;
        writer->symbols_not_before_ms = now_ms + SYMBOLS_PAUSE_MS;
    }
    give_up_waiting(writer, now_ms);
    for (uint32_t left = writer->snapshots.count; left > 0 && writer->asked_count < writer->snapshots_at_once; left--) {
        struct writer_symbol *symbol = take_wanted(writer);
        if (!needs_snapshot(symbol)) continue;
        if (symbol->snapshot_not_before_ms > now_ms)
            writer_feed_want_snapshot(writer, symbol);
        else if (!ask_one(writer, symbol, now_ms))
            return;
    }
}

/* ---------------------------------------------------------------- what waits to be written: depth, settings */

static void queue_dirty(struct valkey_writer *writer, struct writer_symbol *symbol) {
    if (symbol->dirty_queued) return;
    symbol->dirty_queued = true;
    symbol->next_dirty = writer->dirty;
    writer->dirty = symbol;
}

void writer_feed_mark_dirty(struct valkey_writer *writer, struct writer_symbol *symbol) {
    symbol->depth_dirty = true;
    queue_dirty(writer, symbol);
}

static bool wants_settings(const struct writer_symbol *symbol) {
    return symbol->has_settings && !symbol->settings_told && symbol->name[0] != '#';
}

void writer_feed_want_settings(struct valkey_writer *writer, struct writer_symbol *symbol) {
    if (wants_settings(symbol)) queue_dirty(writer, symbol);
}

static bool is_same_unit(struct decimal_unit a, struct decimal_unit b) {
    return a.mantissa == b.mantissa && a.places == b.places;
}

static bool is_same_distance(struct price_distance a, struct price_distance b) {
    return a.ticks == b.ticks && a.basis_points == b.basis_points;
}

static bool is_same_instrument(const struct instrument *a, const struct instrument *b) {
    return is_same_unit(a->tick, b->tick) && is_same_unit(a->lot, b->lot) &&
           a->quantity_lots_min == b->quantity_lots_min && a->quantity_lots_max == b->quantity_lots_max &&
           a->clip_lots_min == b->clip_lots_min && a->notional_units_min == b->notional_units_min &&
           is_same_distance(a->band, b->band) && is_same_distance(a->collar, b->collar) &&
           a->reference_price_ticks == b->reference_price_ticks;
}

/* Of records that tell all of it. */
static void note_settings(
    struct valkey_writer *writer, struct writer_symbol *symbol, const struct instrument *instrument) {
    if (!symbol->has_settings || !is_same_instrument(&symbol->instrument, instrument)) {
        symbol->instrument = *instrument;
        symbol->has_settings = true;
        symbol->settings_told = false;
    }
    writer_feed_want_settings(writer, symbol);
}

/* Of a level, which tells no more than the units. */
static void note_units(struct writer_symbol *symbol, const struct instrument *instrument) {
    if (is_same_unit(symbol->instrument.tick, instrument->tick) &&
        is_same_unit(symbol->instrument.lot, instrument->lot))
        return;
    symbol->instrument = *instrument;
    symbol->has_settings = false;
}

static void grow_depth(struct writer_symbol *symbol) {
    uint32_t capacity = symbol->depth.capacity ? 2 * symbol->depth.capacity : FIRST_LEVELS;
    void *memory = capacity <= DEPTH_LEVELS_PER_SIDE_MAX ? malloc(depth_bytes(capacity)) : NULL;
    if (!memory) writer_out_of_memory();
    if (symbol->depth.capacity)
        free(depth_move(&symbol->depth, memory, capacity));
    else
        depth_init(&symbol->depth, memory, capacity);
}

static void apply_level(struct valkey_writer *writer, struct writer_symbol *symbol, const struct feed_record *record) {
    if (!symbol->depth.capacity) grow_depth(symbol);
    enum depth_result result;
    while ((result = depth_apply(&symbol->depth, (enum side)record->side, record->price_ticks, record->total_lots)) ==
           DEPTH_NO_ROOM)
        grow_depth(symbol);
    symbol->depth_fseq = record->fseq;
    note_units(symbol, &record->instrument);
    if (symbol->depth_valid) writer_feed_mark_dirty(writer, symbol);
}

static bool is_due(const struct valkey_writer *writer, const struct writer_symbol *symbol, uint64_t now_ms) {
    return writer_link_has_room(writer) &&
           (symbol->depth_written_ms == 0 || now_ms - symbol->depth_written_ms >= writer->options.depth_tick_ms);
}

void writer_feed_write_dirty(struct valkey_writer *writer) {
    uint64_t now_ms = writer_now_ms(writer);
    struct writer_symbol *symbol = writer->dirty;
    writer->dirty = NULL;
    while (symbol) {
        struct writer_symbol *next = symbol->next_dirty;
        symbol->dirty_queued = false;
        if (wants_settings(symbol) && writer_link_has_room(writer)) writer_link_send_settings(writer, symbol);
        if (symbol->depth_valid && is_due(writer, symbol, now_ms)) {
            symbol->depth_written_ms = now_ms;
            writer_link_send_depth(writer, symbol);
        }
        if (symbol->depth_dirty && symbol->depth_valid) /* without it the snapshot's end marks it again */
            writer_feed_mark_dirty(writer, symbol);
        writer_feed_want_settings(writer, symbol);
        symbol = next;
    }
}

/* ---------------------------------------------------------------- records */

static void on_level(struct valkey_writer *writer, struct writer_symbol *symbol, const struct feed_record *record) {
    if (symbol->depth_valid)
        apply_level(writer, symbol, record);
    else if (!symbol->depth_loading)
        writer_feed_want_snapshot(writer, symbol);
}

static void note_last_price(
    struct valkey_writer *writer, struct writer_symbol *symbol, const struct feed_record *record) {
    note_settings(writer, symbol, &record->instrument);
    symbol->has_last_price = record->event.has_last_price;
    symbol->last_price_ticks = record->event.last_price_ticks;
}

static void on_snapshot_begin(
    struct valkey_writer *writer, struct writer_symbol *symbol, const struct feed_record *record) {
    depth_clear(&symbol->depth);
    symbol->depth_valid = false;
    symbol->depth_loading = true;
    symbol->depth_fseq = record->fseq;
    symbol->orders_loading = symbol->state == SYMBOL_SNAPSHOT;
    note_last_price(writer, symbol, record);
}

static void on_snapshot_order(
    struct valkey_writer *writer, struct writer_symbol *symbol, const struct feed_record *record) {
    if (!symbol->orders_loading || symbol->state != SYMBOL_SNAPSHOT) return;
    struct order_batch *batch = writer_link_batch(writer, symbol, true);
    size_t before = order_batch_bytes(batch);
    order_batch_add_open(batch, &record->event, record->fseq);
    writer_link_count_batch(writer, before, batch);
}

static void on_snapshot_end(
    struct valkey_writer *writer, struct writer_symbol *symbol, const struct feed_record *record) {
    if (!symbol->depth_loading) return;
    symbol->depth_loading = false;
    symbol->depth_valid = true;
    symbol->depth_valid_since_ms = writer_now_ms(writer);
    symbol->depth_fseq = record->fseq;
    unask_symbol(writer, symbol);
    if (writer->snapshots_at_once < SNAPSHOTS_MAX) writer->snapshots_at_once++;
    writer_feed_mark_dirty(writer, symbol);
    if (symbol->orders_loading) writer_resync_on_snapshot_end(writer, symbol, record->fseq);
    symbol->orders_loading = false;
    if (symbol->state == SYMBOL_SNAPSHOT)
        writer_feed_want_snapshot(writer, symbol); /* it began before the refill did */
    writer_resync_on_head(writer, symbol, record->fseq);
}

static void on_ready(struct valkey_writer *writer, struct writer_symbol *symbol, const struct feed_record *record) {
    note_last_price(writer, symbol, record);
    if (!symbol->depth_valid && !symbol->depth_loading) writer_feed_want_snapshot(writer, symbol);
    writer_resync_on_head(writer, symbol, record->fseq);
}

static void on_record(struct valkey_writer *writer, const struct feed_record *record) {
    struct writer_symbol *symbol = writer_symbols_get(writer, record);
    if (!symbol) return;
    if (record->fseq > symbol->head) symbol->head = record->fseq;
    switch ((enum feed_kind)record->kind) {
    case FEED_EVENT:
        note_settings(writer, symbol, &record->instrument);
        writer_resync_on_event(writer, symbol, &record->event, record->bytes);
        break;
    case FEED_LEVEL: on_level(writer, symbol, record); break;
    case FEED_SNAPSHOT_BEGIN: on_snapshot_begin(writer, symbol, record); break;
    case FEED_SNAPSHOT_LEVEL:
        if (symbol->depth_loading) apply_level(writer, symbol, record);
        break;
    case FEED_SNAPSHOT_ORDER: on_snapshot_order(writer, symbol, record); break;
    case FEED_SNAPSHOT_END: on_snapshot_end(writer, symbol, record); break;
    case FEED_READY: on_ready(writer, symbol, record); break;
    }
}

/* ---------------------------------------------------------------- overtaken */

static void lengthen_pause(const struct valkey_writer *writer, struct writer_symbol *symbol) {
    bool was_good = symbol->depth_valid && writer_now_ms(writer) - symbol->depth_valid_since_ms > SNAPSHOT_GOOD_MS;
    uint64_t pause_ms = was_good ? SNAPSHOT_PAUSE_MS_MIN : 2 * symbol->snapshot_pause_ms;
    symbol->snapshot_pause_ms = pause_ms < SNAPSHOT_PAUSE_MS_MAX ? pause_ms : SNAPSHOT_PAUSE_MS_MAX;
}

static void on_lost(struct valkey_writer *writer, struct writer_symbol *symbol) {
    lengthen_pause(writer, symbol);
    symbol->depth_valid = symbol->depth_loading = symbol->orders_loading = false;
    unask_symbol(writer, symbol);
    writer_feed_want_snapshot(writer, symbol);
}

/* Events are missed by their numbers, also those of symbols that fall silent: all are asked where they stand. Depth has
 * no such numbers. */
static void on_overtaken(struct valkey_writer *writer) {
    struct feed *feed = writer->options.feed;
    uint64_t lost = feed->lost_partitions ? feed->lost_partitions : UINT64_MAX;
    feed->lost_partitions = 0;
    counter_add(&writer->counters.overtaken, 1);
    writer->symbols_wanted = true;
    writer->snapshots_at_once = 1; /* they may be what lapped us */
    for (int32_t p = 0; p < PARTITIONS; p++)
        for (struct writer_symbol *symbol = lost >> p & 1 ? writer->of_partition[p] : NULL; symbol;
            symbol = symbol->next_of_partition)
            on_lost(writer, symbol);
}

void writer_feed_read(struct valkey_writer *writer, int max, bool *more) {
    struct feed *feed = writer->options.feed;
    uint64_t until_ns = uv_hrtime() + READ_US_MAX * UINT64_C(1000);
    writer->feed_is_empty = false;
    for (int i = 0; i < max; i++) {
        if (i % READ_RECORDS_A_LOOK == READ_RECORDS_A_LOOK - 1 && uv_hrtime() > until_ns) break;
        if (writer->is_ready && !writer_link_has_room(writer)) return; /* replies bring us back */
        int status = feed->next(feed, &writer->record);
        if (status == STATUS_OK) {
            on_record(writer, &writer->record);
        } else if (status == STATUS_OVERTAKEN) {
            on_overtaken(writer);
        } else {
            writer->feed_is_empty = true;
            return;
        }
    }
    *more = true;
}
