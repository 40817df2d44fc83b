/* The life of a slot: taken, at rest, unlinked, ended, free again. */
#include "core/book_inside.h"
#include "core/short_text.h"

_Static_assert(sizeof(struct book_specials) <= (ARENA_PAGE_BYTES << BOOK_SPECIALS_SIZE), "specials fit their piece");

void book_add_block(struct book *book) {
    uint32_t block = arena_take_block(book->arena);
    arena_link_block(book->arena, block, book->first_block);
    if (!book->first_block) book->last_block = block;
    book->first_block = block;
    book->blocks++;
    for (uint32_t i = ARENA_ORDERS_PER_BLOCK; i-- > 0;) {
        book->orders[block_first_slot(block) + i].words[0] = 0; /* whoever had it last: nothing open has this slot */
        book->orders[block_first_slot(block) + i].next = book->free_slot;
        book->free_slot = block_first_slot(block) + i;
    }
}

static char *take_long_texts(struct book *book, uint32_t slot) {
    uint32_t piece = pool_take(&book->long_texts, book->arena, ORDER_LONG_TEXTS_BYTES);
    book->records[slot].long_texts = piece;
    return pool_at(book->arena, ORDER_LONG_TEXTS_BYTES, piece);
}

static void put_record(struct book *book, uint32_t slot, const struct command *command, bool is_long) {
    struct order_record *record = &book->records[slot];
    struct text order_id = command->order_id, client_order_id = command->client_order_id, user_id = command->user_id;
    CHECK(order_id.size <= ID_BYTES_MAX && client_order_id.size <= ID_BYTES_MAX && user_id.size <= ID_BYTES_MAX,
        "a decoder let an id through that is longer than 64 bytes");
    order_record_write(record, book->run.quantity_lots, order_id, client_order_id, user_id);
    char *at = __builtin_expect(is_long, 0) ? take_long_texts(book, slot) : record->texts;
    short_put(short_put(short_put(at, order_id), client_order_id), user_id);
}

static void put_extra(struct book *book, uint32_t slot) {
    struct book_specials *specials = book_take_specials(book);
    uint32_t piece = pool_take(&specials->extras, book->arena, ORDER_EXTRA_BYTES);
    book->records[slot].extra = piece;
    *book_extra(book, slot) = (struct order_extra){.slippage_ticks = -1};
}

uint32_t book_add_order(struct book *book, const struct command *command, bool is_special) {
    const struct book_run *run = &book->run;
    uint32_t room = is_special ? ORDER_SPECIAL_TEXT_BYTES : ORDER_TEXT_BYTES;
    bool is_long = command->order_id.size + command->client_order_id.size + command->user_id.size > room;
    bool has_client = command->user_id.size && command->client_order_id.size && !book_is_by_slot(book);
    uint32_t slot = book_take_slot(book);
    struct order *order = &book->orders[slot];
    order_write(order, run->leaves_lots,
        (struct order_kind){.side = run->side,
            .time_in_force = run->time_in_force,
            .order_type = run->order_type,
            .self_trade = command->self_trade,
            .post_only = run->post_only,
            .long_texts = is_long,
            .has_client = has_client,
            .special = is_special},
        run->price_ticks, book_account_tag(rolling_id(command->user_id)));
    order->id_hash = run->id_hash;
    put_record(book, slot, command, is_long);
    if (__builtin_expect(is_special, 0)) put_extra(book, slot);
    if (!book_is_by_slot(book)) id_index_add(&book->ids, book->arena, run->id_hash, ID_ORDER, slot);
    if (has_client) id_index_add(&book->ids, book->arena, run->client_hash, ID_CLIENT, slot);
    book->open_orders++;
    return slot;
}

static void append(struct book *book, struct book_output *out, uint32_t slot) {
    struct order *order = &book->orders[slot];
    enum side side = order->side;
    int64_t price_ticks = (int64_t)order->price_ticks;
    struct level *level = ladder_enter(&book->ladders[side], book->arena, ladder_key(side, price_ticks));
    order->next = 0;
    order->prev = level->tail;
    if (level->tail)
        book->orders[level->tail].next = slot;
    else
        level->head = slot;
    level->tail = slot;
    level->total_lots += (int64_t)order->leaves_lots;
    if (out) book_note_level(out, side, price_ticks, level->total_lots);
    book_remember(book, slot);
}

void book_rest_showing(struct book *book, struct book_output *out, uint32_t slot, int64_t reserve_lots) {
    if (book->orders[slot].special) {
        book_extra(book, slot)->place = PLACE_LEVEL;
        book_extra(book, slot)->reserve_lots = reserve_lots;
    }
    append(book, out, slot);
}

/* What an order does not show when it comes to rest. */
static void hide(struct book *book, uint32_t slot) {
    struct order *order = &book->orders[slot];
    struct order_extra *extra = book_extra(book, slot);
    int64_t leaves = (int64_t)order->leaves_lots;
    extra->place = PLACE_LEVEL;
    extra->reserve_lots = extra->clip_lots && leaves > extra->clip_lots ? leaves - extra->clip_lots : 0;
    order->leaves_lots = (uint64_t)(leaves - extra->reserve_lots);
}

void book_rest(struct book *book, struct book_output *out, uint32_t slot) {
    if (__builtin_expect(book->orders[slot].special, 0)) hide(book, slot);
    append(book, out, slot);
    out->slot = slot;
}

void book_unlink(struct book *book, struct book_output *out, uint32_t slot) {
    struct order *order = &book->orders[slot];
    enum side side = order->side;
    int64_t price_ticks = (int64_t)order->price_ticks;
    uint64_t key = ladder_key(side, price_ticks);
    struct level *level = ladder_get(&book->ladders[side], book->arena, key);
    book_forget(book, slot);
    if (order->prev)
        book->orders[order->prev].next = order->next;
    else
        level->head = order->next;
    if (order->next)
        book->orders[order->next].prev = order->prev;
    else
        level->tail = order->prev;
    level->total_lots -= (int64_t)order->leaves_lots;
    book_note_level(out, side, price_ticks, level->total_lots);
    if (!level->head) ladder_leave(&book->ladders[side], book->arena, key);
    if (__builtin_expect(order->special, 0)) {
        order->leaves_lots += (uint64_t)book_extra(book, slot)->reserve_lots;
        book_extra(book, slot)->reserve_lots = 0;
    }
}

static uint64_t client_hash_of(const struct book *book, uint32_t slot) {
    struct order_texts texts = order_texts(book->arena, slot);
    return id_client_hash(rolling_id(texts.user_id), texts.client_order_id);
}

/* Nothing names the order any more. */
static void leave_specials(struct book *book, uint32_t slot) {
    struct order_extra *extra = book_extra(book, slot);
    struct book_specials *specials = book->specials;
    if (extra->is_timed) book_remove_time(book, slot);
    if (extra->group) book_group(book, extra)->members[extra->role] = 0;
    if (extra->place == PLACE_CHILD && book->orders[slot].time_in_force == TIF_GTD) specials->timed_children--;
    if (extra->clip_lots && --specials->icebergs == 0) book->special &= ~(uint32_t)BOOK_HAS_ICEBERGS;
}

void book_end_order(struct book *book, uint32_t slot) {
    struct order *order = &book->orders[slot];
    if (!book_is_by_slot(book)) id_index_remove(&book->ids, book->arena, order->id_hash, ID_ORDER, slot);
    if (order->has_client) id_index_remove(&book->ids, book->arena, client_hash_of(book, slot), ID_CLIENT, slot);
    if (__builtin_expect(order->special, 0)) leave_specials(book, slot);
    book->freed_pieces += (uint32_t)(order->long_texts + order->special);
    order->leaves_lots = 0; /* the slot names nothing open */
    order->next = book->freed_first;
    if (!book->freed_first) book->freed_last = slot;
    book->freed_first = slot;
    book->special |= BOOK_HAS_WASTE;
    book->open_orders--;
    book_note_if_empty(book);
}

static void give_extra(struct book *book, uint32_t slot) {
    uint32_t group = book_extra(book, slot)->group;
    if (group) book_unref_group(book, group);
    pool_give(&book->specials->extras, book->arena, ORDER_EXTRA_BYTES, book->records[slot].extra);
}

static void give_pieces(struct book *book) {
    for (uint32_t slot = book->freed_first; slot && book->freed_pieces; slot = book->orders[slot].next) {
        if (book->orders[slot].long_texts) {
            pool_give(&book->long_texts, book->arena, ORDER_LONG_TEXTS_BYTES, book->records[slot].long_texts);
            book->freed_pieces--;
        }
        if (book->orders[slot].special) {
            give_extra(book, slot);
            book->freed_pieces--;
        }
    }
}

/* An empty book keeps nothing that it would not have needed for a few orders. */
static void give_memory(struct book *book) {
    arena_give_blocks(book->arena, book->first_block, book->last_block);
    book->first_block = book->last_block = book->blocks = book->free_slot = 0;
    id_index_clear(&book->ids, book->arena);
    ladder_clear(&book->ladders[SIDE_BUY], book->arena);
    ladder_clear(&book->ladders[SIDE_SELL], book->arena);
    if (book->specials) book_clear_specials(book);
}

void book_recycle(struct book *book, bool is_idle) {
    if (book->freed_first) {
        if (__builtin_expect(book->freed_pieces != 0, 0)) give_pieces(book);
        book->orders[book->freed_last].next = book->free_slot;
        book->free_slot = book->freed_first;
        book->freed_first = book->freed_last = 0;
    }
    if (__builtin_expect(is_idle && book->open_orders == 0 && book->blocks > BOOK_BLOCKS_KEPT, 0)) give_memory(book);
    if (book->open_orders || book->blocks <= BOOK_BLOCKS_KEPT) book->special &= ~(uint32_t)BOOK_HAS_WASTE;
}

static void init_ladders(struct book_specials *specials) {
    for (int side = SIDE_BUY; side <= SIDE_SELL; side++) {
        ladder_init(&specials->stops[side]);
        ladder_init(&specials->trailed[side]);
    }
    ladder_init(&specials->times);
}

struct book_specials *book_take_specials(struct book *book) {
    if (book->specials) return book->specials;
    book->specials_page = arena_take_pages(book->arena, BOOK_SPECIALS_SIZE);
    book->specials = arena_page(book->arena, book->specials_page);
    *book->specials = (struct book_specials){0};
    init_ladders(book->specials);
    return book->specials;
}

void book_clear_specials(struct book *book) {
    struct book_specials *specials = book->specials;
    for (int side = SIDE_BUY; side <= SIDE_SELL; side++) {
        ladder_clear(&specials->stops[side], book->arena);
        ladder_clear(&specials->trailed[side], book->arena);
    }
    ladder_clear(&specials->times, book->arena);
    pool_clear(&specials->extras, book->arena);
    pool_clear(&specials->groups, book->arena);
}

uint64_t book_weight_of_special(const struct book *book, uint32_t slot) {
    const struct order_extra *extra = book_extra(book, slot);
    uint64_t w = (uint64_t)extra->reserve_lots + (uint64_t)extra->clip_lots * UINT64_C(0x1b39896a51a8749b) +
                 (uint64_t)extra->expire_time_ms * UINT64_C(0x53cb9f0c747ea2eb) +
                 (uint64_t)extra->stop_price_ticks * UINT64_C(0x2c829abe1f4532e1) +
                 (uint64_t)extra->trailing_ticks * UINT64_C(0xc584133ac916ab3d) +
                 (uint64_t)extra->trailing_bps * UINT64_C(0x06c45d188009454f) +
                 (uint64_t)extra->slippage_ticks * UINT64_C(0x6e789e6aa1b965f5);
    uint64_t waits = extra->place == PLACE_LEVEL ? 0 : extra->place + (uint64_t)extra->is_started * 16;
    uint64_t watermark = extra->is_started ? (uint64_t)extra->watermark_ticks : 0;
    w += waits * UINT64_C(0xe220a8397b1dcdaf) + watermark * ROLLING_HASH_MULTIPLIER;
    return book_weight(&book->orders[slot]) + book->orders[slot].id_hash * w;
}

enum { PLAIN_MOST = INT32_MAX };

/* Up to 2^31, so that no product of the two is too large. */
static void set_plain_range(struct book *book) {
    const struct instrument *i = &book->instrument;
    int64_t price_max = i->price_ticks_max < PLAIN_MOST ? i->price_ticks_max : PLAIN_MOST;
    int64_t quantity_max = i->quantity_lots_max < PLAIN_MOST ? i->quantity_lots_max : PLAIN_MOST;
    book->plain_price_ticks_min = i->price_ticks_min;
    book->plain_price_ticks_span = (uint64_t)(price_max - i->price_ticks_min);
    book->plain_quantity_lots_min = i->quantity_lots_min;
    book->plain_quantity_lots_span = (uint64_t)(quantity_max - i->quantity_lots_min);
}

/* Then that range means nothing. */
static bool is_least_large(const struct instrument *instrument) {
    return instrument->price_ticks_min > PLAIN_MOST || instrument->quantity_lots_min > PLAIN_MOST;
}

void book_set_special(struct book *book) {
    set_plain_range(book);
    const struct instrument *instrument = &book->instrument;
    uint32_t kept = book->special & (BOOK_HAS_TIMED | BOOK_HAS_STOPS | BOOK_HAS_ICEBERGS | BOOK_HAS_CAUSED |
                                        BOOK_BY_SLOT | BOOK_HAS_WASTE);
    uint32_t state = book->state == TRADING_STATE_TRADING   ? 0
                     : book->state == TRADING_STATE_AUCTION ? BOOK_NOT_TRADING | BOOK_IN_AUCTION
                                                            : BOOK_NOT_TRADING;
    bool has_band = instrument->band.ticks || instrument->band.basis_points;
    bool has_collar = instrument->collar.ticks || instrument->collar.basis_points;
    book->special = kept | state | (has_band ? BOOK_HAS_BAND : 0) | (has_collar ? BOOK_HAS_COLLAR : 0) |
                    (instrument->notional_units_min ? BOOK_HAS_LEAST_NOTIONAL : 0) |
                    (is_least_large(instrument) ? BOOK_HAS_LARGE_LEAST : 0);
}
