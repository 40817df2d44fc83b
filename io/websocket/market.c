#include "io/websocket/market.h"

#include "core/check.h"

#include <stdlib.h>

enum { DEPTH_CAPACITY_FIRST = 16, CHANGES_FIRST = 64, CHANGES_MAX = 16384 };

static void *must_have(void *memory) {
    CHECK(memory, "no memory for a market");
    return memory;
}

void market_scratch_init(struct market_scratch *scratch) { *scratch = (struct market_scratch){0}; }

void market_scratch_deinit(struct market_scratch *scratch) {
    message_deinit(&scratch->message);
    free(scratch->sides[SIDE_BUY]);
    free(scratch->sides[SIDE_SELL]);
    market_scratch_init(scratch);
}

static void scratch_add(struct market_scratch *scratch, enum side side, struct depth_level level) {
    if (scratch->counts[side] == scratch->capacity[side]) {
        uint32_t capacity = scratch->capacity[side] ? 2 * scratch->capacity[side] : 64;
        scratch->sides[side] = must_have(realloc(scratch->sides[side], capacity * sizeof level));
        scratch->capacity[side] = capacity;
    }
    scratch->sides[side][scratch->counts[side]++] = level;
}

void market_init(struct market *market, struct text symbol, int32_t partition) {
    *market = (struct market){.partition = partition, .instrument = instrument_default()};
    market->name_bytes = (uint8_t)symbol.size;
    memcpy(market->name, symbol.data, symbol.size);
}

static void resume_drop_first(struct market_resume *resume) {
    struct frames *frames = resume->frames[resume->first];
    resume->bytes -= frames->size;
    resume->first = (resume->first + 1) % resume->slots;
    resume->count--;
    frames_release(frames);
}

static void resume_clear(struct market_resume *resume) {
    while (resume->count) resume_drop_first(resume);
}

static void resume_add(struct market_resume *resume, uint64_t previous_u, struct frames *frames) {
    if (resume->slots == 0) return;
    if (!resume->frames) {
        resume->frames = must_have(malloc(resume->slots * sizeof *resume->frames));
        resume->previous_u = must_have(malloc(resume->slots * sizeof *resume->previous_u));
    }
    while (resume->count == resume->slots || (resume->count && resume->bytes + frames->size > resume->bytes_max))
        resume_drop_first(resume);
    uint32_t slot = (resume->first + resume->count) % resume->slots;
    resume->frames[slot] = frames_retain(frames);
    resume->previous_u[slot] = previous_u;
    resume->bytes += frames->size;
    resume->count++;
}

static void drop_snapshot(struct market *market) {
    frames_release(market->snapshot);
    market->snapshot = NULL;
}

void market_unwant(struct market *market) {
    resume_clear(&market->resume);
    free(market->resume.frames);
    free(market->resume.previous_u);
    market->resume = (struct market_resume){0};
    drop_snapshot(market);
    free(market->changes);
    market->changes = NULL;
    market->change_count = market->change_capacity = 0;
    free(market->trades);
    market->trades = NULL;
    market->trade_slots = market->trade_first = market->trade_count = 0;
    frames_release(market->tick_trades);
    market->tick_trades = NULL;
    market->is_wanted = false;
}

void market_deinit(struct market *market) {
    market_unwant(market);
    free(depth_memory(&market->depth));
    for (int channel = 0; channel < MARKET_CHANNELS; channel++) free(market->subscribers[channel]);
}

uint32_t market_subscribers(const struct market *market) {
    return market->subscriber_count[MARKET_TRADES] + market->subscriber_count[MARKET_DEPTH] +
           market->subscriber_count[MARKET_TICKER];
}

/* ---- the mirror of the book's levels ---- */

static bool is_worse(enum side side, int64_t a_ticks, int64_t b_ticks) {
    return side == SIDE_BUY ? a_ticks < b_ticks : a_ticks > b_ticks;
}

static int64_t find_total(const struct depth *depth, enum side side, int64_t price_ticks) {
    uint32_t low = 0, high = depth_count(depth, side);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct depth_level level = depth_at(depth, side, middle);
        if (level.price_ticks == price_ticks) return level.total_lots;
        if (is_worse(side, price_ticks, level.price_ticks))
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

static void grow_depth(struct market *market, uint32_t capacity) {
    void *memory = must_have(malloc(depth_bytes(capacity)));
    if (market->depth.capacity == 0)
        depth_init(&market->depth, memory, capacity);
    else
        free(depth_move(&market->depth, memory, capacity));
}

static int64_t worst_price(const struct depth *depth, enum side side) {
    return depth_at(depth, side, depth_count(depth, side) - 1).price_ticks;
}

static void note_change(struct market *market, enum side side, int64_t price_ticks, int64_t told_lots) {
    if (market->change_count == CHANGES_MAX) { /* so much has changed that telling everything is no more */
        market->must_retell = true;
        return;
    }
    if (market->change_count == market->change_capacity) {
        market->change_capacity = market->change_capacity ? 2 * market->change_capacity : CHANGES_FIRST;
        market->changes = must_have(realloc(market->changes, market->change_capacity * sizeof *market->changes));
    }
    market->changes[market->change_count] = (struct market_change){
        .price_ticks = price_ticks, .told_lots = told_lots, .place = market->change_count, .side = (uint8_t)side};
    market->change_count++;
}

/* Whether changes are told as such; otherwise the next thing to tell is everything. */
static bool is_being_told(const struct market *market) {
    return market->is_wanted && market->state == MARKET_DEPTH_LIVE && !market->must_retell;
}

/* A full side forgets its worst level for a better one. */
static enum depth_result apply_to_full(struct market *market, enum side side, int64_t price_ticks, int64_t total_lots) {
    market->is_cut[side] = true;
    struct depth_level worst = depth_at(&market->depth, side, depth_count(&market->depth, side) - 1);
    if (is_worse(side, price_ticks, worst.price_ticks)) return DEPTH_SAME;
    if (is_being_told(market)) note_change(market, side, worst.price_ticks, worst.total_lots);
    depth_apply(&market->depth, side, worst.price_ticks, 0);
    return depth_apply(&market->depth, side, price_ticks, total_lots);
}

static enum depth_result mirror(struct market *market, const struct market_limits *limits, enum side side,
    int64_t price_ticks, int64_t total_lots) {
    struct depth *depth = &market->depth;
    if (market->is_cut[side] && depth_count(depth, side) && is_worse(side, price_ticks, worst_price(depth, side)))
        return DEPTH_SAME; /* beyond what is known without a hole */
    if (depth->capacity == 0)
        grow_depth(market, DEPTH_CAPACITY_FIRST < limits->mirror_levels ? DEPTH_CAPACITY_FIRST : limits->mirror_levels);
    enum depth_result result = depth_apply(depth, side, price_ticks, total_lots);
    if (result != DEPTH_NO_ROOM) return result;
    if (depth->capacity >= limits->mirror_levels) return apply_to_full(market, side, price_ticks, total_lots);
    grow_depth(market, 2 * depth->capacity < limits->mirror_levels ? 2 * depth->capacity : limits->mirror_levels);
    return depth_apply(depth, side, price_ticks, total_lots);
}

void market_on_level(struct market *market, const struct market_limits *limits, enum side side, int64_t price_ticks,
    int64_t total_lots) {
    if (market->state < MARKET_DEPTH_LOADING) return;
    bool is_told = is_being_told(market);
    int64_t before_lots = is_told ? find_total(&market->depth, side, price_ticks) : 0;
    if (mirror(market, limits, side, price_ticks, total_lots) != DEPTH_CHANGED) return;
    market->ticker_moved = true;
    if (is_told) note_change(market, side, price_ticks, before_lots);
    if (market->state == MARKET_DEPTH_LIVE && market->is_cut[side] &&
        depth_count(&market->depth, side) < limits->depth_levels)
        market_forget_depth(market); /* the window reaches levels that were forgotten */
}

void market_forget_depth(struct market *market) {
    market->state = MARKET_DEPTH_UNKNOWN;
    market->must_retell = true;
    market->change_count = 0;
    drop_snapshot(market);
}

void market_on_snapshot_begin(struct market *market) {
    market_forget_depth(market);
    market->state = MARKET_DEPTH_LOADING;
    market->is_cut[SIDE_BUY] = market->is_cut[SIDE_SELL] = false;
    if (market->depth.capacity) depth_clear(&market->depth);
}

void market_on_snapshot_end(struct market *market) {
    if (market->state != MARKET_DEPTH_LOADING) return;
    market->state = MARKET_DEPTH_LIVE;
    market->must_retell = true;
    market->ticker_moved = true;
}

void market_begin_empty(struct market *market) {
    market_on_snapshot_begin(market);
    market_on_snapshot_end(market);
}

/* ---- telling it ---- */

static void note_edges(struct market *market, const struct market_limits *limits) {
    for (int side = SIDE_BUY; side <= SIDE_SELL; side++) {
        market->edges.is_set[side] = depth_count(&market->depth, (enum side)side) > limits->depth_levels;
        if (market->edges.is_set[side])
            market->edges.ticks[side] = depth_at(&market->depth, (enum side)side, limits->depth_levels - 1).price_ticks;
    }
}

void market_want(struct market *market, const struct market_limits *limits) {
    if (market->is_wanted) return;
    market->is_wanted = true;
    market->resume.slots = limits->resume_changes;
    market->resume.bytes_max = limits->resume_bytes;
    market->trade_slots = limits->resume_trades;
    market->trades_after = market->fseq;
    market->told_u = market->fseq;
    market->must_retell = false;
    note_edges(market, limits);
}

static bool is_within(const struct market_edges *edges, enum side side, int64_t price_ticks) {
    return !edges->is_set[side] || !is_worse(side, price_ticks, edges->ticks[side]);
}

/* By side, best first, then in the order of happening. */
static int compare_changes(const void *left, const void *right) {
    const struct market_change *a = left, *b = right;
    if (a->side != b->side) return a->side < b->side ? -1 : 1;
    if (a->price_ticks != b->price_ticks) return is_worse((enum side)a->side, a->price_ticks, b->price_ticks) ? 1 : -1;
    return a->place < b->place ? -1 : a->place > b->place;
}

/* Sorts and keeps the first of each price, which knows what was told. */
static void settle_changes(struct market *market) {
    if (market->change_count < 2) return;
    qsort(market->changes, market->change_count, sizeof *market->changes, compare_changes);
    uint32_t kept = 1;
    for (uint32_t i = 1; i < market->change_count; i++) {
        const struct market_change *last = &market->changes[kept - 1], *change = &market->changes[i];
        if (change->side != last->side || change->price_ticks != last->price_ticks) market->changes[kept++] = *change;
    }
    market->change_count = kept;
}

static bool has_change(const struct market *market, enum side side, int64_t price_ticks) {
    uint32_t low = 0, high = market->change_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct market_change *change = &market->changes[middle];
        if (change->side == (uint8_t)side && change->price_ticks == price_ticks) return true;
        struct market_change wanted = {.side = (uint8_t)side, .price_ticks = price_ticks};
        if (compare_changes(change, &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static void collect_changed(
    const struct market *market, const struct market_edges *before, struct market_scratch *scratch) {
    for (uint32_t i = 0; i < market->change_count; i++) {
        const struct market_change *change = &market->changes[i];
        enum side side = (enum side)change->side;
        int64_t total_lots = find_total(&market->depth, side, change->price_ticks);
        int64_t was_lots = is_within(before, side, change->price_ticks) ? change->told_lots : 0;
        if (!is_within(&market->edges, side, change->price_ticks)) total_lots = 0;
        if (was_lots != total_lots) scratch_add(scratch, side, (struct depth_level){change->price_ticks, total_lots});
    }
}

/* Levels that did not change and that the window's moved edge lets in. */
static void collect_let_in(const struct market *market, const struct market_limits *limits,
    const struct market_edges *before, enum side side, struct market_scratch *scratch) {
    if (!before->is_set[side]) return;
    uint32_t i = depth_count(&market->depth, side);
    if (i > limits->depth_levels) i = limits->depth_levels;
    while (i-- > 0) {
        struct depth_level level = depth_at(&market->depth, side, i);
        if (!is_worse(side, level.price_ticks, before->ticks[side])) break;
        if (!has_change(market, side, level.price_ticks)) scratch_add(scratch, side, level);
    }
}

/* Levels that did not change and that the window's moved edge leaves out. */
static void collect_left_out(const struct market *market, const struct market_limits *limits,
    const struct market_edges *before, enum side side, struct market_scratch *scratch) {
    for (uint32_t i = limits->depth_levels; i < depth_count(&market->depth, side); i++) {
        struct depth_level level = depth_at(&market->depth, side, i);
        if (!is_within(before, side, level.price_ticks)) break;
        if (!has_change(market, side, level.price_ticks))
            scratch_add(scratch, side, (struct depth_level){level.price_ticks, 0});
    }
}

static int compare_bids(const void *left, const void *right) {
    int64_t a = ((const struct depth_level *)left)->price_ticks, b = ((const struct depth_level *)right)->price_ticks;
    return a > b ? -1 : a < b;
}

static int compare_asks(const void *left, const void *right) { return compare_bids(right, left); }

static void collect_difference(
    struct market *market, const struct market_limits *limits, struct market_scratch *scratch) {
    struct market_edges before = market->edges;
    settle_changes(market);
    note_edges(market, limits);
    collect_changed(market, &before, scratch);
    for (int side = SIDE_BUY; side <= SIDE_SELL; side++) {
        collect_let_in(market, limits, &before, (enum side)side, scratch);
        collect_left_out(market, limits, &before, (enum side)side, scratch);
        if (scratch->counts[side] > 1)
            qsort(scratch->sides[side], scratch->counts[side], sizeof(struct depth_level),
                side == SIDE_BUY ? compare_bids : compare_asks);
    }
}

static void collect_window(
    const struct market *market, const struct market_limits *limits, struct market_scratch *scratch) {
    for (int side = SIDE_BUY; side <= SIDE_SELL; side++)
        for (uint32_t i = 0; i < depth_count(&market->depth, (enum side)side) && i < limits->depth_levels; i++)
            scratch_add(scratch, (enum side)side, depth_at(&market->depth, (enum side)side, i));
}

static struct frames *frame_depth(const struct market *market, struct market_scratch *scratch, uint64_t epoch,
    uint64_t previous_u, bool is_snapshot) {
    struct depth_message depth = {
        .symbol = market_symbol(market),
        .instrument = &market->instrument,
        .epoch = epoch,
        .previous_u = previous_u,
        .first_u = previous_u < market->told_u ? previous_u + 1 : market->told_u,
        .last_u = market->told_u,
        .is_snapshot = is_snapshot,
        .sides = {scratch->sides[SIDE_BUY], scratch->sides[SIDE_SELL]},
        .counts = {scratch->counts[SIDE_BUY], scratch->counts[SIDE_SELL]},
    };
    message_depth(&scratch->message, &depth);
    return frames_of(message_view(&scratch->message));
}

struct frames *market_depth_snapshot(
    struct market *market, const struct market_limits *limits, uint64_t epoch, struct market_scratch *scratch) {
    if (market->state != MARKET_DEPTH_LIVE || !market->is_wanted || market->must_retell) return NULL;
    if (!market->snapshot) {
        scratch->counts[SIDE_BUY] = scratch->counts[SIDE_SELL] = 0;
        collect_window(market, limits, scratch);
        market->snapshot = frame_depth(market, scratch, epoch, market->told_u, true);
    }
    return frames_retain(market->snapshot);
}

static struct frames *retell(
    struct market *market, const struct market_limits *limits, uint64_t epoch, struct market_scratch *scratch) {
    market->must_retell = false;
    market->change_count = 0;
    market->told_u = market->fseq;
    resume_clear(&market->resume);
    drop_snapshot(market);
    note_edges(market, limits);
    return market_depth_snapshot(market, limits, epoch, scratch);
}

struct frames *market_tell_depth(struct market *market, const struct market_limits *limits, uint64_t epoch,
    struct market_scratch *scratch, bool *is_snapshot) {
    *is_snapshot = market->must_retell;
    if (market->state != MARKET_DEPTH_LIVE || !market->is_wanted) return NULL;
    if (market->must_retell) return retell(market, limits, epoch, scratch);
    if (market->change_count == 0) return NULL;
    scratch->counts[SIDE_BUY] = scratch->counts[SIDE_SELL] = 0;
    collect_difference(market, limits, scratch);
    market->change_count = 0;
    if (scratch->counts[SIDE_BUY] == 0 && scratch->counts[SIDE_SELL] == 0) return NULL;
    uint64_t previous_u = market->told_u;
    market->told_u = market->fseq;
    drop_snapshot(market);
    struct frames *frames = frame_depth(market, scratch, epoch, previous_u, false);
    resume_add(&market->resume, previous_u, frames);
    return frames;
}

bool market_resume_depth(
    const struct market *market, uint64_t u, void (*on_frames)(void *context, struct frames *frames), void *context) {
    if (market->state != MARKET_DEPTH_LIVE || !market->is_wanted || market->must_retell) return false;
    if (u == market->told_u) return true;
    const struct market_resume *resume = &market->resume;
    uint32_t i = 0;
    while (i < resume->count && resume->previous_u[(resume->first + i) % resume->slots] != u) i++;
    if (i == resume->count) return false;
    for (; i < resume->count; i++) on_frames(context, resume->frames[(resume->first + i) % resume->slots]);
    return true;
}

/* ---- trades and ticker ---- */

static void remember_trade(struct market *market, const struct trade *trade) {
    if (market->trade_slots == 0) {
        market->trades_after = trade->fseq;
        return;
    }
    if (!market->trades) market->trades = must_have(malloc(market->trade_slots * sizeof *market->trades));
    if (market->trade_count == market->trade_slots) {
        market->trades_after = market->trades[market->trade_first].fseq;
        market->trade_first = (market->trade_first + 1) % market->trade_slots;
        market->trade_count--;
    }
    market->trades[(market->trade_first + market->trade_count++) % market->trade_slots] = *trade;
}

static void frame_trade(
    const struct market *market, const struct trade *trade, struct market_scratch *scratch, struct frames **frames) {
    message_trade(&scratch->message, market_symbol(market), trade);
    if (!*frames) *frames = frames_open(256);
    frames_append(frames, message_view(&scratch->message));
}

void market_on_trade(struct market *market, const struct trade *trade, struct market_scratch *scratch) {
    market->has_last = true;
    market->last_price_ticks = trade->price_ticks;
    market->last_tick = trade->tick;
    market->ticker_moved = true;
    if (!market->is_wanted) return;
    remember_trade(market, trade);
    if (market->subscriber_count[MARKET_TRADES]) frame_trade(market, trade, scratch, &market->tick_trades);
}

bool market_resume_trades(
    const struct market *market, uint64_t fseq, struct market_scratch *scratch, struct frames **frames) {
    *frames = NULL;
    if (!market->is_wanted || fseq < market->trades_after || fseq > market->fseq) return false;
    for (uint32_t i = 0; i < market->trade_count; i++) {
        const struct trade *trade = &market->trades[(market->trade_first + i) % market->trade_slots];
        if (trade->fseq > fseq) frame_trade(market, trade, scratch, frames);
    }
    return true;
}

struct frames *market_ticker(const struct market *market, struct market_scratch *scratch) {
    struct ticker ticker = {.u = market->fseq,
        .has_last = market->has_last,
        .last_price_ticks = market->last_price_ticks,
        .last_tick = market->last_tick};
    if (market->state == MARKET_DEPTH_LIVE) {
        ticker.has_bid = depth_count(&market->depth, SIDE_BUY) > 0;
        ticker.has_ask = depth_count(&market->depth, SIDE_SELL) > 0;
        if (ticker.has_bid) ticker.bid = depth_at(&market->depth, SIDE_BUY, 0);
        if (ticker.has_ask) ticker.ask = depth_at(&market->depth, SIDE_SELL, 0);
    }
    message_ticker(&scratch->message, market_symbol(market), &market->instrument, &ticker);
    return frames_of(message_view(&scratch->message));
}
