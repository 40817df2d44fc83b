#include "tests/valkey/market.h"

#include "core/arena.h"
#include "core/book.h"
#include "core/partition.h"
#include "io/json/json_depth.h"
#include "io/json/json_event.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { ORDERS_MAX = 1 << 21, RECENT = 512, ASKS_MAX = 64, LAGGING_MAX = 1 << 20, ID_ROOM = 24 };

struct place {
    uint8_t kind, side;
    uint32_t symbol;
    uint64_t fseq;
    int64_t price_ticks, total_lots, last_price_ticks;
    bool has_last_price;
    uint32_t packed_bytes, text_bytes;
    unsigned char *bytes; /* packed event, then text */
};

struct market_symbol {
    char name[SYMBOL_BYTES_MAX + 1];
    int32_t partition;
    struct book book;
    char recent[RECENT][ID_ROOM];
    uint8_t recent_user[RECENT];
    uint32_t recent_count;
    uint64_t level_fseq;
    int64_t middle_ticks;
};

struct lagging {
    int32_t partition;
    uint32_t symbol, size;
    char *bytes;
};

struct market {
    struct feed feed; /* first: a feed is its market */
    struct market_options options;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool ends, is_parked, is_silent, is_reading;
    uint64_t to_play, per_s;
    struct market_symbol *symbols;
    struct arena arena;
    size_t arena_size;
    void *arena_memory;

    struct place *places;
    uint64_t head, cursor;
    unsigned char *reading; /* what the reader views */
    uint32_t asked[ASKS_MAX];
    uint32_t asked_count;
    bool symbols_asked;

    struct memory_log *log;
    struct lagging *lagging;
    uint32_t lagging_count;
    bool log_lags;
    struct picture *picture;
    uint64_t random, order_count, offset, events;
    int64_t time_ms;
    struct book_output out;
};

/* ---------------------------------------------------------------- the feed, writer's side */

static struct place *next_place(struct market *market) {
    struct place *place = &market->places[market->head % market->options.ring_places];
    free(place->bytes);
    *place = (struct place){0};
    market->head++;
    return place;
}

static void ring_bell(struct market *market) {
    if (!market->is_parked || market->is_silent) return;
    market->is_parked = false;
    market->feed.on_ready(market->feed.on_ready_context);
}

static void say_event(
    struct market *market, uint32_t symbol, uint8_t kind, const struct event *event, struct text bytes) {
    struct place *place = next_place(market);
    static unsigned char packed[EVENT_PACKED_BYTES_MAX] __attribute__((aligned(8)));
    place->kind = kind;
    place->symbol = symbol;
    place->fseq = event->fseq;
    place->packed_bytes = event_pack(event, packed);
    place->text_bytes = bytes.size;
    place->bytes = malloc(place->packed_bytes + bytes.size + 1);
    memcpy(place->bytes, packed, place->packed_bytes);
    if (bytes.size) memcpy(place->bytes + place->packed_bytes, bytes.data, bytes.size);
}

static void say_level(
    struct market *market, uint32_t symbol, uint8_t kind, uint64_t fseq, enum side side, struct depth_level level) {
    struct place *place = next_place(market);
    place->kind = kind;
    place->side = (uint8_t)side;
    place->symbol = symbol;
    place->fseq = fseq;
    place->price_ticks = level.price_ticks;
    place->total_lots = level.total_lots;
}

static void say_mark(struct market *market, uint32_t symbol, uint8_t kind) {
    struct place *place = next_place(market);
    place->kind = kind;
    place->symbol = symbol;
    place->fseq = book_fseq(&market->symbols[symbol].book);
    place->has_last_price = book_last_price(&market->symbols[symbol].book, &place->last_price_ticks);
}

static void say_snapshot(struct market *market, uint32_t at) {
    struct market_symbol *symbol = &market->symbols[at];
    struct depth_level level;
    struct book_cursor cursor = {0};
    struct event order;
    uint64_t fseq = book_fseq(&symbol->book);
    say_mark(market, at, FEED_SNAPSHOT_BEGIN);
    for (int side = SIDE_BUY; side <= SIDE_SELL; side++)
        for (int64_t after = 0; book_levels(&symbol->book, (enum side)side, after, &level, 1) == 1;
            after = level.price_ticks)
            say_level(market, at, FEED_SNAPSHOT_LEVEL, fseq, (enum side)side, level);
    while (book_next_order(&symbol->book, &cursor, &order)) {
        order.fseq = fseq;
        order.symbol = text_of(symbol->name);
        say_event(market, at, FEED_SNAPSHOT_ORDER, &order, TEXT_NONE);
    }
    say_mark(market, at, FEED_SNAPSHOT_END);
}

static void serve_asks(struct market *market) {
    if (market->symbols_asked)
        for (uint32_t i = 0; i < market->options.symbols; i++)
            if (book_fseq(&market->symbols[i].book)) say_mark(market, i, FEED_READY);
    market->symbols_asked = false;
    for (uint32_t i = 0; i < market->asked_count; i++) say_snapshot(market, market->asked[i]);
    market->asked_count = 0;
}

/* ---------------------------------------------------------------- the feed, reader's side */

static void fill_record(struct market *market, const struct place *place, struct feed_record *record) {
    const struct market_symbol *symbol = &market->symbols[place->symbol];
    record->kind = place->kind;
    record->side = place->side;
    record->symbol = text_of(symbol->name);
    record->partition = symbol->partition;
    record->fseq = place->fseq;
    record->price_ticks = place->price_ticks;
    record->total_lots = place->total_lots;
    record->instrument = instrument_default();
    if (place->bytes) {
        memcpy(market->reading, place->bytes, place->packed_bytes + place->text_bytes);
        event_unpack(market->reading, &record->event);
        record->bytes = (struct text){(const char *)market->reading + place->packed_bytes, place->text_bytes};
    } else {
        record->event =
            (struct event){.has_last_price = place->has_last_price, .last_price_ticks = place->last_price_ticks};
    }
}

static int next(struct feed *feed, struct feed_record *record) {
    struct market *market = (struct market *)feed;
    int status = STATUS_OK;
    pthread_mutex_lock(&market->lock);
    if (market->head - market->cursor > market->options.ring_places) {
        market->cursor = market->head;
        feed->lost_partitions |= (1u << PARTITIONS) - 1;
        feed->overtaken++;
        status = STATUS_OVERTAKEN;
    } else if (market->cursor == market->head) {
        status = STATUS_EMPTY;
    } else {
        fill_record(market, &market->places[market->cursor++ % market->options.ring_places], record);
    }
    pthread_mutex_unlock(&market->lock);
    return status;
}

static int ask_snapshot(struct feed *feed, struct text symbol) {
    struct market *market = (struct market *)feed;
    int status = STATUS_INVALID;
    pthread_mutex_lock(&market->lock);
    for (uint32_t i = 0; i < market->options.symbols; i++)
        if (text_equal(text_of(market->symbols[i].name), symbol))
            status = market->asked_count < ASKS_MAX ? (int)(market->asked[market->asked_count++] = i, STATUS_OK)
                                                    : STATUS_FULL;
    pthread_cond_signal(&market->changed);
    pthread_mutex_unlock(&market->lock);
    return status;
}

static int ask_symbols(struct feed *feed) {
    struct market *market = (struct market *)feed;
    pthread_mutex_lock(&market->lock);
    market->symbols_asked = true;
    pthread_cond_signal(&market->changed);
    pthread_mutex_unlock(&market->lock);
    return STATUS_OK;
}

static int park(struct feed *feed) {
    struct market *market = (struct market *)feed;
    pthread_mutex_lock(&market->lock);
    market->is_parked = market->cursor == market->head;
    int status = market->is_parked ? STATUS_OK : STATUS_FULL;
    pthread_mutex_unlock(&market->lock);
    return status;
}

/* ---------------------------------------------------------------- what is played */

static uint64_t draw(struct market *market, uint64_t below) {
    market->random ^= market->random << 13;
    market->random ^= market->random >> 7;
    market->random ^= market->random << 17;
    return market->random % below;
}

static void write_log(struct market *market, uint32_t symbol, struct text bytes) {
    struct log_append record = {.topic = TOPIC_FILLS,
        .partition = market->symbols[symbol].partition,
        .key = text_of(market->symbols[symbol].name),
        .value = bytes};
    if (!market->log_lags) {
        if (memory_log_append(market->log, &record, market->time_ms) < 0) abort();
        return;
    }
    if (market->lagging_count == LAGGING_MAX) abort();
    struct lagging *lagging = &market->lagging[market->lagging_count++];
    *lagging = (struct lagging){
        .partition = record.partition, .symbol = symbol, .size = bytes.size, .bytes = malloc(bytes.size)};
    memcpy(lagging->bytes, bytes.data, bytes.size);
}

static void publish(struct market *market, uint32_t at, const struct book_input *input) {
    struct market_symbol *symbol = &market->symbols[at];
    static char bytes[EVENT_BYTES_MAX];
    for (uint32_t i = 0; i < market->out.event_count; i++) {
        struct event event;
        book_view(&symbol->book, input, &market->out.events[i], &event);
        event.symbol = text_of(symbol->name);
        event.src_partition = symbol->partition;
        event.src_offset = input->src_offset;
        event.src_index = i;
        event.timestamp_ms = market->time_ms;
        size_t size = json_event_encode(&event, bytes, sizeof bytes);
        if (size == 0) abort();
        struct text text = {bytes, (uint32_t)size};
        picture_on_event(market->picture, &event, text);
        say_event(market, at, FEED_EVENT, &event, text);
        write_log(market, at, text);
        market->events++;
    }
    uint64_t fseq = book_fseq(&symbol->book);
    for (uint32_t i = 0; i < market->out.level_count; i++) {
        const struct level_change *level = &market->out.levels[i];
        say_level(market, at, FEED_LEVEL, fseq, (enum side)level->side,
            (struct depth_level){level->price_ticks, level->total_lots});
        symbol->level_fseq = fseq;
    }
}

static void apply(struct market *market, uint32_t at, const struct book_input *input) {
    struct book *book = &market->symbols[at].book;
    market->out.event_count = market->out.level_count = 0;
    enum book_progress progress = book_apply(book, input, &market->out);
    publish(market, at, input);
    while (progress == BOOK_MORE) {
        market->out.event_count = market->out.level_count = 0;
        progress = book_step(book, input, &market->out);
        publish(market, at, input);
    }
}

static struct decimal in_units(int64_t units) {
    return (struct decimal){.mantissa = (uint64_t)units, .state = DECIMAL_UNITS};
}

static void remember(struct market_symbol *symbol, const char *id, uint8_t user) {
    uint32_t at = symbol->recent_count++ % RECENT;
    snprintf(symbol->recent[at], ID_ROOM, "%s", id);
    symbol->recent_user[at] = user;
}

static void fill_new(struct market *market, uint32_t at, struct command *command, char *id, char *user, char *client) {
    struct market_symbol *symbol = &market->symbols[at];
    uint8_t who = (uint8_t)draw(market, 8);
    snprintf(id, ID_ROOM, "o%llu-%s", (unsigned long long)++market->order_count, symbol->name);
    snprintf(user, ID_ROOM, "user%u", who);
    snprintf(client, ID_ROOM, "c%llu", (unsigned long long)draw(market, 4000));
    command->action = ACTION_NEW;
    command->order_id = text_of(id);
    command->user_id = who ? text_of(user) : TEXT_NONE;
    command->client_order_id = draw(market, 3) ? TEXT_NONE : text_of(client);
    command->side = (uint8_t)draw(market, 2);
    command->order_type = draw(market, 12) ? ORDER_LIMIT : ORDER_MARKET;
    command->time_in_force = draw(market, 6) ? TIF_NONE : draw(market, 2) ? TIF_IOC : TIF_FOK;
    if (market->options.many_fills) {
        command->side = (uint8_t)(symbol->recent_count & 1);
        command->order_type = ORDER_LIMIT;
        command->time_in_force = TIF_NONE;
    }
    if (draw(market, 512) == 0) symbol->middle_ticks += (int64_t)draw(market, 21) - 10;
    int64_t away = market->options.many_fills ? 0 : (int64_t)draw(market, 40) - 8;
    command->price = in_units(command->side == SIDE_BUY ? symbol->middle_ticks - away : symbol->middle_ticks + away);
    command->quantity = in_units(market->options.many_fills ? 10 : 1 + (int64_t)draw(market, 300));
    remember(symbol, id, who);
}

static void fill_other(struct market *market, uint32_t at, struct command *command, char *id, char *user) {
    struct market_symbol *symbol = &market->symbols[at];
    uint32_t pick = (uint32_t)draw(market, symbol->recent_count < RECENT ? symbol->recent_count : RECENT);
    snprintf(id, ID_ROOM, "%s", symbol->recent[pick]);
    snprintf(user, ID_ROOM, "user%u", symbol->recent_user[pick]);
    command->action = draw(market, 3) ? ACTION_CANCEL : ACTION_MODIFY;
    command->order_id = text_of(id);
    command->user_id = text_of(user);
    command->command_id = TEXT("k");
    command->quantity =
        command->action == ACTION_MODIFY ? in_units(1 + (int64_t)draw(market, 300)) : (struct decimal){0};
    if (command->action == ACTION_MODIFY && draw(market, 2))
        command->price = in_units(symbol->middle_ticks + (int64_t)draw(market, 30) - 15);
    if (draw(market, 400) == 0) {
        command->action = ACTION_CANCEL_ALL;
        command->order_id = TEXT_NONE;
        command->side = SIDE_NONE;
    }
}

static void play_one(struct market *market) {
    uint32_t at = (uint32_t)draw(market, market->options.symbols);
    struct market_symbol *symbol = &market->symbols[at];
    struct command command;
    char id[ID_ROOM], user[ID_ROOM], client[ID_ROOM];
    command_init(&command);
    command.symbol = text_of(symbol->name);
    command.side = SIDE_NONE;
    command.order_type = ORDER_TYPE_NONE;
    command.time_in_force = TIF_NONE;
    bool is_new = symbol->recent_count < 4 || market->options.many_fills || draw(market, 10) < 7;
    if (is_new)
        fill_new(market, at, &command, id, user, client);
    else
        fill_other(market, at, &command, id, user);
    struct book_input input = {
        .command = &command, .src_offset = (int64_t)market->offset++, .log_time_ms = ++market->time_ms};
    if (is_new && !market->options.many_fills && draw(market, 50) == 0 &&
        symbol->recent_count > 10) { /* an id that was carried before */
        snprintf(id, ID_ROOM, "%s",
            symbol->recent[draw(market, symbol->recent_count < RECENT ? symbol->recent_count - 1 : RECENT)]);
        command.order_id = text_of(id);
        input.verdict = BOOK_ID_TAKEN;
    }
    apply(market, at, &input);
}

/* ---------------------------------------------------------------- the worker */

static uint64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void wait_a_little(struct market *market) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 2000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&market->changed, &market->lock, &until);
}

static void *work(void *context) {
    struct market *market = context;
    pthread_mutex_lock(&market->lock);
    uint64_t began_us = now_us(), played = 0;
    while (!market->ends) {
        serve_asks(market);
        if (market->to_play == 0) {
            ring_bell(market);
            wait_a_little(market);
            began_us = now_us();
            played = 0;
            continue;
        }
        uint64_t due = market->per_s ? (now_us() - began_us) * market->per_s / 1000000 : played + 64;
        for (; played < due && market->to_play; played++, market->to_play--) play_one(market);
        ring_bell(market);
        if (market->per_s) wait_a_little(market);
        pthread_mutex_unlock(&market->lock); /* the reader's turn */
        pthread_mutex_lock(&market->lock);
        if (market->to_play == 0) pthread_cond_broadcast(&market->changed);
    }
    pthread_mutex_unlock(&market->lock);
    return NULL;
}

/* ---------------------------------------------------------------- opening and driving it */

static void init_symbols(struct market *market) {
    struct instrument instrument = instrument_default();
    market->symbols = calloc(market->options.symbols, sizeof *market->symbols);
    for (uint32_t i = 0; i < market->options.symbols; i++) {
        struct market_symbol *symbol = &market->symbols[i];
        snprintf(symbol->name, sizeof symbol->name, "SYM%u", i);
        symbol->partition = home_partition(text_of(i && market->options.one_partition ? "SYM0" : symbol->name));
        symbol->middle_ticks = 10000 + 100 * i;
        book_init(&symbol->book, &market->arena, &instrument);
    }
}

struct market *market_open(const struct market_options *options) {
    struct market *market = aligned_alloc(64, (sizeof *market + 63) & ~(size_t)63);
    memset(market, 0, sizeof *market);
    market->options = *options;
    market->random = options->seed | 1;
    market->time_ms = 1764900000000;
    market->feed = (struct feed){.next = next, .ask_snapshot = ask_snapshot, .ask_symbols = ask_symbols, .park = park};
    market->places = calloc(options->ring_places, sizeof *market->places);
    market->reading = aligned_alloc(8, EVENT_PACKED_BYTES_MAX + EVENT_BYTES_MAX);
    market->lagging = calloc(LAGGING_MAX, sizeof *market->lagging);
    market->arena_size = arena_bytes(ORDERS_MAX);
    market->arena_memory =
        mmap(NULL, market->arena_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    arena_init(&market->arena, market->arena_memory, ORDERS_MAX);
    market->log = memory_log_open();
    market->picture = picture_open(options->stream_length);
    init_symbols(market);
    pthread_mutex_init(&market->lock, NULL);
    pthread_cond_init(&market->changed, NULL);
    pthread_create(&market->thread, NULL, work, market);
    return market;
}

void market_close(struct market *market) {
    pthread_mutex_lock(&market->lock);
    market->ends = true;
    pthread_mutex_unlock(&market->lock);
    pthread_join(market->thread, NULL);
    for (uint32_t i = 0; i < market->options.ring_places; i++) free(market->places[i].bytes);
    for (uint32_t i = 0; i < market->options.symbols; i++) book_deinit(&market->symbols[i].book);
    picture_close(market->picture);
    memory_log_close(market->log);
    munmap(market->arena_memory, market->arena_size);
    free(market->places);
    free(market->reading);
    free(market->lagging);
    free(market->symbols);
    pthread_mutex_destroy(&market->lock);
    pthread_cond_destroy(&market->changed);
    free(market);
}

void market_play(struct market *market, uint64_t commands, uint64_t per_s) {
    pthread_mutex_lock(&market->lock);
    market->to_play += commands;
    market->per_s = per_s;
    pthread_cond_broadcast(&market->changed);
    pthread_mutex_unlock(&market->lock);
}

void market_wait_for(struct market *market, uint64_t left) {
    pthread_mutex_lock(&market->lock);
    while (market->to_play > left) wait_a_little(market);
    pthread_mutex_unlock(&market->lock);
}

void market_wait(struct market *market) { market_wait_for(market, 0); }

void market_new_feed(struct market *market) {
    pthread_mutex_lock(&market->lock);
    market->cursor = market->head;
    market->is_parked = market->is_silent = false;
    market->feed.lost_partitions = 0;
    pthread_mutex_unlock(&market->lock);
}

void market_silence(struct market *market) {
    pthread_mutex_lock(&market->lock);
    market->is_silent = true;
    pthread_mutex_unlock(&market->lock);
}

void market_lag_log(struct market *market, bool lags) {
    pthread_mutex_lock(&market->lock);
    market->log_lags = lags;
    for (uint32_t i = 0; !lags && i < market->lagging_count; i++) {
        write_log(market, market->lagging[i].symbol, (struct text){market->lagging[i].bytes, market->lagging[i].size});
        free(market->lagging[i].bytes);
    }
    if (!lags) market->lagging_count = 0;
    pthread_mutex_unlock(&market->lock);
}

struct feed *market_feed(struct market *market) { return &market->feed; }
struct log_store *market_store(struct market *market) { return memory_log_store(market->log); }
struct memory_log *market_log(struct market *market) { return market->log; }

static void draw_depth(struct market *market, struct market_symbol *symbol) {
    static char json[JSON_DEPTH_BYTES_MAX(DEPTH_LEVELS) + 1];
    struct depth_level memory[2 * DEPTH_LEVELS], levels[DEPTH_LEVELS];
    struct depth depth;
    struct instrument instrument = instrument_default();
    depth_init(&depth, memory, DEPTH_LEVELS);
    for (int side = SIDE_BUY; side <= SIDE_SELL; side++) {
        uint32_t count = book_levels(&symbol->book, (enum side)side, 0, levels, DEPTH_LEVELS);
        for (uint32_t i = 0; i < count; i++)
            depth_apply(&depth, (enum side)side, levels[i].price_ticks, levels[i].total_lots);
    }
    json[json_depth_encode(0, &depth, DEPTH_LEVELS, &instrument, json)] = 0;
    picture_set_depth(market->picture, text_of(symbol->name), strchr(json, ','), symbol->level_fseq);
}

struct picture *market_picture(struct market *market) {
    pthread_mutex_lock(&market->lock);
    for (uint32_t i = 0; i < market->options.symbols; i++)
        if (book_fseq(&market->symbols[i].book)) draw_depth(market, &market->symbols[i]);
    pthread_mutex_unlock(&market->lock);
    return market->picture;
}

uint64_t market_events(const struct market *market) { return market->events; }
