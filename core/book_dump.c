/* A book as bytes, and back: everything that decides its future, order by order. */
#include "core/book_inside.h"

/* What a dump consists of, in this order. All numbers are the machine's own; a dump is read by the kind of machine that
 * wrote it, and by a program of the same version. */
enum dump_kind { DUMP_HEAD = 1, DUMP_ORDER, DUMP_TIME, DUMP_END };

enum { DUMP_VERSION = 1, DUMP_TEXTS = 5 };

#define DUMP_MAGIC UINT64_C(0x6b6f6f6264726873)

struct dump_head {
    uint64_t magic, version;
    uint64_t fseq, hash, trades;
    uint64_t state, has_last_price;
    int64_t last_price_ticks;
    uint64_t tick_mantissa, tick_places, lot_mantissa, lot_places;
    int64_t price_ticks_min, price_ticks_max, quantity_lots_min, quantity_lots_max, clip_lots_min;
    uint64_t notional_units_min;
    int64_t band_ticks, band_bps, collar_ticks, collar_bps, reference_price_ticks;
    uint64_t has_told;
    int64_t told_ms, told_price_ticks, told_lots;
};

/* Behind it its texts: orderId, clientOrderId, userId, and of an order in a list listId and the orderId of another of
 * its orders that is open. */
struct dump_order {
    int64_t leaves_lots, reserve_lots, price_ticks, quantity_lots, prevented_lots;
    int64_t clip_lots, expire_time_ms, stop_price_ticks, watermark_ticks, trailing_ticks, trailing_bps, slippage_ticks;
    uint8_t side, time_in_force, order_type, self_trade, post_only, special, place, is_started;
    uint8_t is_listed, contingency, role, is_settled;
    uint8_t sizes[DUMP_TEXTS];
    uint8_t zero[7];
};

/* Behind it an orderId: GTD orders in the order in which they end. */
struct dump_time {
    uint64_t size;
};

struct dump_end {
    uint64_t state_hash;
};

_Static_assert(sizeof(struct dump_order) == 12 * 8 + 24, "no padding, so that equal books give equal bytes");
_Static_assert(
    sizeof(struct dump_head) + 3 * (8 + sizeof(struct dump_order) + DUMP_TEXTS * ID_BYTES_MAX) <= BOOK_DUMP_BYTES_MIN,
    "an order with its children fits");

/* ---- writing ---------------------------------------------------------------------------------------------- */

static char *put(char *at, const void *bytes, size_t size) {
    if (size) memcpy(at, bytes, size);
    return at + size;
}

static char *put_kind(char *at, uint64_t kind) { return put(at, &kind, sizeof kind); }

static char *put_head(const struct book *book, char *at) {
    const struct instrument *i = &book->instrument;
    struct dump_head head = {.magic = DUMP_MAGIC,
        .version = DUMP_VERSION,
        .fseq = book->fseq,
        .hash = book->hash,
        .trades = book->trades,
        .state = book->state,
        .has_last_price = book->has_last_price,
        .last_price_ticks = book->last_price_ticks,
        .tick_mantissa = i->tick.mantissa,
        .tick_places = i->tick.places,
        .lot_mantissa = i->lot.mantissa,
        .lot_places = i->lot.places,
        .price_ticks_min = i->price_ticks_min,
        .price_ticks_max = i->price_ticks_max,
        .quantity_lots_min = i->quantity_lots_min,
        .quantity_lots_max = i->quantity_lots_max,
        .clip_lots_min = i->clip_lots_min,
        .notional_units_min = i->notional_units_min,
        .band_ticks = i->band.ticks,
        .band_bps = i->band.basis_points,
        .collar_ticks = i->collar.ticks,
        .collar_bps = i->collar.basis_points,
        .reference_price_ticks = i->reference_price_ticks};
    if (book->specials) {
        head.has_told = book->specials->has_told;
        head.told_ms = book->specials->told_ms;
        head.told_price_ticks = book->specials->told_price_ticks;
        head.told_lots = book->specials->told_lots;
    }
    return put(put_kind(at, DUMP_HEAD), &head, sizeof head);
}

static void describe_extra(const struct book *book, uint32_t slot, struct dump_order *d) {
    const struct order_extra *extra = book_extra(book, slot);
    d->reserve_lots = extra->reserve_lots;
    d->clip_lots = extra->clip_lots;
    d->expire_time_ms = extra->expire_time_ms;
    d->stop_price_ticks = extra->stop_price_ticks;
    d->watermark_ticks = extra->watermark_ticks;
    d->trailing_ticks = extra->trailing_ticks;
    d->trailing_bps = extra->trailing_bps;
    d->slippage_ticks = extra->slippage_ticks;
    d->place = extra->place;
    d->is_started = extra->is_started;
}

/* The listId, and the orderId of another order of the list that is open. */
static void describe_group(const struct book *book, uint32_t slot, struct dump_order *d, struct text *texts) {
    const struct order_extra *extra = book_extra(book, slot);
    if (!extra->group) return;
    const struct order_group *group = book_group(book, extra);
    d->is_listed = true;
    d->contingency = group->contingency;
    d->role = extra->role;
    d->is_settled = group->is_settled;
    texts[3] = (struct text){group->list_id, group->list_id_bytes};
    for (uint32_t role = LIST_ORDERS_MAX; role-- > 0;)
        if (role != extra->role && group->members[role])
            texts[4] = order_texts(book->arena, group->members[role]).order_id;
}

static char *put_order(const struct book *book, char *at, uint32_t slot) {
    const struct order *order = &book->orders[slot];
    struct order_texts ids = order_texts(book->arena, slot);
    struct text texts[DUMP_TEXTS] = {ids.order_id, ids.client_order_id, ids.user_id};
    struct dump_order d = {.leaves_lots = (int64_t)order->leaves_lots,
        .price_ticks = (int64_t)order->price_ticks,
        .quantity_lots = (int64_t)order_record_of(book->arena, slot)->quantity_lots,
        .prevented_lots = (int64_t)order_record_of(book->arena, slot)->prevented_lots,
        .side = order->side,
        .time_in_force = order->time_in_force,
        .order_type = order->order_type,
        .self_trade = order->self_trade,
        .post_only = order->post_only,
        .special = order->special};
    if (order->special) describe_extra(book, slot, &d);
    if (order->special) describe_group(book, slot, &d, texts);
    for (int i = 0; i < DUMP_TEXTS; i++) d.sizes[i] = (uint8_t)texts[i].size;
    at = put(put_kind(at, DUMP_ORDER), &d, sizeof d);
    for (int i = 0; i < DUMP_TEXTS; i++) at = put(at, texts[i].data, texts[i].size);
    return at;
}

/* An order, and of a parent directly behind it the children that wait for it. */
static char *put_family(const struct book *book, char *at, uint32_t slot) {
    at = put_order(book, at, slot);
    if (!book->orders[slot].special || !book_extra(book, slot)->group) return at;
    const struct order_extra *extra = book_extra(book, slot);
    const struct order_group *group = book_group(book, extra);
    for (uint32_t role = 1; role < LIST_ORDERS_MAX && extra->role == 0; role++)
        if (group->members[role] && book_is_child(book, group->members[role]))
            at = put_order(book, at, group->members[role]);
    return at;
}

static char *put_time(const struct book *book, char *at, uint32_t slot) {
    struct text id = order_texts(book->arena, slot).order_id;
    struct dump_time time = {id.size};
    return put(put(put_kind(at, DUMP_TIME), &time, sizeof time), id.data, id.size);
}

/* The slot behind `slot` in the order of time, 0 behind the last. */
static uint32_t time_behind(const struct book *book, uint32_t slot) {
    const struct ladder *times = &book->specials->times;
    uint64_t key = times->best;
    if (slot) {
        const struct order_extra *extra = book_extra(book, slot);
        if (extra->time_next) return extra->time_next;
        key = ladder_next(times, book->arena, (uint64_t)extra->expire_time_ms);
    }
    return key == LADDER_EMPTY ? 0 : ladder_find(times, book->arena, key)->head;
}

size_t book_dump(const struct book *book, struct book_dump_cursor *cursor, void *out, size_t out_bytes) {
    CHECK(book->run.phase == BOOK_IDLE, "a book is dumped in the middle of a record");
    CHECK(out_bytes >= BOOK_DUMP_BYTES_MIN, "too little room for a piece of a dump");
    char *at = out;
    const char *last = at + out_bytes - BOOK_DUMP_BYTES_MIN; /* from here on everything fits */
    struct event event;
    if (cursor->section == 0) {
        at = put_head(book, at);
        cursor->section = DUMP_ORDER;
    }
    while (cursor->section == DUMP_ORDER && at <= last) {
        if (book_next_order(book, &cursor->order, &event))
            at = put_family(book, at, cursor->order.slot);
        else
            cursor->section = DUMP_TIME;
    }
    while (cursor->section == DUMP_TIME && at <= last) {
        cursor->time_slot = book->specials ? time_behind(book, cursor->time_slot) : 0;
        if (cursor->time_slot)
            at = put_time(book, at, cursor->time_slot);
        else
            cursor->section = DUMP_END;
    }
    if (cursor->section == DUMP_END && at <= last) {
        struct dump_end end = {book_state_hash(book)};
        at = put(put_kind(at, DUMP_END), &end, sizeof end);
        cursor->section = DUMP_END + 1;
    }
    return (size_t)(at - (char *)out);
}

/* ---- reading ---------------------------------------------------------------------------------------------- */

struct dump_reader {
    const char *at, *end;
};

static bool get(struct dump_reader *reader, void *to, size_t size) {
    if ((size_t)(reader->end - reader->at) < size) return false;
    memcpy(to, reader->at, size);
    reader->at += size;
    return true;
}

static bool get_text(struct dump_reader *reader, uint64_t size, struct text *text) {
    if (size > ID_BYTES_MAX || (size_t)(reader->end - reader->at) < size) return false;
    *text = size ? (struct text){reader->at, (uint32_t)size} : TEXT_NONE;
    reader->at += size;
    return true;
}

static bool is_head_sound(const struct dump_head *head) {
    return head->magic == DUMP_MAGIC && head->version == DUMP_VERSION && head->state < TRADING_STATE_COUNT &&
           head->tick_mantissa >= 1 && head->tick_mantissa <= UINT32_MAX && head->tick_places <= DECIMAL_PLACES_MAX &&
           head->lot_mantissa >= 1 && head->lot_mantissa <= UINT32_MAX && head->lot_places <= DECIMAL_PLACES_MAX;
}

static bool load_head(struct book *book, struct dump_reader *reader) {
    struct dump_head head;
    if (book->fseq || book->open_orders || !get(reader, &head, sizeof head) || !is_head_sound(&head)) return false;
    book->fseq = head.fseq;
    book->hash = head.hash;
    book->trades = head.trades;
    book->state = (uint8_t)head.state;
    book->has_last_price = head.has_last_price;
    book->last_price_ticks = head.last_price_ticks;
    book->instrument = (struct instrument){.tick = {(uint32_t)head.tick_mantissa, (uint8_t)head.tick_places},
        .lot = {(uint32_t)head.lot_mantissa, (uint8_t)head.lot_places},
        .price_ticks_min = head.price_ticks_min,
        .price_ticks_max = head.price_ticks_max,
        .quantity_lots_min = head.quantity_lots_min,
        .quantity_lots_max = head.quantity_lots_max,
        .clip_lots_min = head.clip_lots_min,
        .notional_units_min = head.notional_units_min,
        .band = {head.band_ticks, head.band_bps},
        .collar = {head.collar_ticks, head.collar_bps},
        .reference_price_ticks = head.reference_price_ticks};
    struct book_specials *specials = book_take_specials(book);
    specials->has_told = head.has_told;
    specials->told_ms = head.told_ms;
    specials->told_price_ticks = head.told_price_ticks;
    specials->told_lots = head.told_lots;
    book_set_special(book);
    return true;
}

static bool is_amount(int64_t value, int64_t least) { return value >= least && value <= PRICE_TICKS_MAX; }

static bool is_order_sound(const struct dump_order *d) {
    bool is_waiting = d->place != PLACE_LEVEL;
    bool is_trailing = d->order_type == ORDER_TRAILING_STOP;
    return is_amount(d->leaves_lots, 1) && is_amount(d->reserve_lots, 0) && is_amount(d->price_ticks, 0) &&
           is_amount(d->quantity_lots, 1) && is_amount(d->prevented_lots, 0) && is_amount(d->clip_lots, 0) &&
           is_amount(d->stop_price_ticks, 0) && is_amount(d->watermark_ticks, 0) && is_amount(d->trailing_ticks, 0) &&
           is_amount(d->trailing_bps, 0) && is_amount(d->slippage_ticks, -1) && d->expire_time_ms >= 0 &&
           d->side <= SIDE_SELL && d->time_in_force < TIF_AON && d->order_type < ORDER_TYPE_NONE &&
           d->self_trade <= SELF_TRADE_DECREMENT && d->place <= PLACE_CHILD && d->place != PLACE_TRAILED &&
           (is_waiting || d->price_ticks) && (d->special || !(is_waiting || d->is_listed)) &&
           (d->place != PLACE_STOP || (!is_trailing && d->stop_price_ticks)) &&
           (d->place != PLACE_TRAILING || is_trailing) && d->contingency <= CONTINGENCY_OTOCO &&
           d->role < LIST_ORDERS_MAX && d->sizes[0] && (d->time_in_force != TIF_GTD || d->special);
}

/* The order of book->run in a slot of its own, nowhere yet. */
static uint32_t load_slot(struct book *book, const struct dump_order *d, const struct text *texts) {
    struct book_run *run = &book->run;
    struct command command;
    command_init(&command);
    command.order_id = texts[0];
    command.client_order_id = texts[1];
    command.user_id = texts[2];
    command.self_trade = d->self_trade;
    run->id_hash = rolling_id(texts[0]);
    run->client_hash = id_client_hash(rolling_id(texts[2]), texts[1]);
    run->side = d->side;
    run->order_type = d->order_type;
    run->time_in_force = d->time_in_force;
    run->post_only = d->post_only;
    run->price_ticks = d->price_ticks;
    run->quantity_lots = d->quantity_lots;
    run->leaves_lots = d->leaves_lots;
    uint32_t slot = book_add_order(book, &command, d->special);
    order_record_of(book->arena, slot)->prevented_lots = (uint64_t)d->prevented_lots;
    return slot;
}

static void load_extra(struct book *book, uint32_t slot, const struct dump_order *d) {
    struct order_extra *extra = book_extra(book, slot);
    extra->clip_lots = d->clip_lots;
    extra->expire_time_ms = d->expire_time_ms;
    extra->stop_price_ticks = d->stop_price_ticks;
    extra->watermark_ticks = d->watermark_ticks;
    extra->trailing_ticks = d->trailing_ticks;
    extra->trailing_bps = d->trailing_bps;
    extra->slippage_ticks = d->slippage_ticks;
    extra->is_started = d->is_started;
    if (!extra->clip_lots) return;
    book->specials->icebergs++;
    book->special |= BOOK_HAS_ICEBERGS;
}

/* Joins the group of another of its orders that is there already, else begins it. */
static bool load_group(struct book *book, uint32_t slot, const struct dump_order *d, const struct text *texts) {
    uint32_t mate = id_index_find_order(&book->ids, book->arena, rolling_id(texts[4]), texts[4]);
    uint32_t piece = mate && book->orders[mate].special ? book_extra(book, mate)->group : 0;
    if (!piece) {
        piece = book_add_group(book, &(struct command){.contingency = d->contingency, .list_id = texts[3]});
        ((struct order_group *)pool_at(book->arena, ORDER_EXTRA_BYTES, piece))->is_settled = d->is_settled;
    }
    if (((struct order_group *)pool_at(book->arena, ORDER_EXTRA_BYTES, piece))->members[d->role]) return false;
    book_join(book, slot, piece, d->role);
    return true;
}

/* To where it was, what it shows included. */
static void load_place(struct book *book, uint32_t slot, const struct dump_order *d) {
    if (d->place == PLACE_CHILD)
        book_wait_for_parent(book, slot);
    else if (d->place != PLACE_LEVEL)
        book_put_waiting(book, slot);
    else
        book_rest_showing(book, NULL, slot, d->reserve_lots);
}

static bool load_order(struct book *book, struct dump_reader *reader) {
    struct dump_order d;
    struct text texts[DUMP_TEXTS];
    if (!get(reader, &d, sizeof d) || !is_order_sound(&d)) return false;
    for (int i = 0; i < DUMP_TEXTS; i++)
        if (!get_text(reader, d.sizes[i], &texts[i])) return false;
    if (id_index_find_order(&book->ids, book->arena, rolling_id(texts[0]), texts[0])) return false;
    uint32_t slot = load_slot(book, &d, texts);
    if (d.special) load_extra(book, slot, &d);
    if (d.is_listed && !load_group(book, slot, &d, texts)) return false;
    load_place(book, slot, &d);
    book->specials->untimed += d.time_in_force == TIF_GTD && d.place != PLACE_CHILD;
    return true;
}

static bool load_time(struct book *book, struct dump_reader *reader) {
    struct dump_time time;
    struct text id;
    if (!get(reader, &time, sizeof time) || !get_text(reader, time.size, &id)) return false;
    uint32_t slot = id_index_find_order(&book->ids, book->arena, rolling_id(id), id);
    if (!slot || book->orders[slot].time_in_force != TIF_GTD || book_extra(book, slot)->is_timed) return false;
    if (book_is_child(book, slot)) return false;
    book_add_time(book, slot);
    book->specials->untimed--;
    return true;
}

static bool load_end(const struct book *book, struct dump_reader *reader) {
    struct dump_end end;
    return get(reader, &end, sizeof end) && reader->at == reader->end && book->specials &&
           book->specials->untimed == 0 && end.state_hash == book_state_hash(book);
}

enum book_load book_load(struct book *book, const void *bytes, size_t size) {
    struct dump_reader reader = {bytes, (const char *)bytes + size};
    while (reader.at < reader.end) {
        uint64_t kind;
        bool is_good = get(&reader, &kind, sizeof kind);
        if (is_good && kind == DUMP_END) return load_end(book, &reader) ? BOOK_LOAD_DONE : BOOK_LOAD_BAD;
        is_good = is_good && ((kind == DUMP_HEAD && load_head(book, &reader)) ||
                                 (kind == DUMP_ORDER && book->specials && load_order(book, &reader)) ||
                                 (kind == DUMP_TIME && book->specials && load_time(book, &reader)));
        if (!is_good) return BOOK_LOAD_BAD;
    }
    return BOOK_LOAD_MORE;
}
