/* The short road: plain orders that trade with plain orders or rest, and cancels and replaces of them, in a book that
 * looks out for nothing special. A command's numbers stay in registers from its first event to its last. What is not
 * plain takes the general road (book.c), from its start or from where it stands, to the same events. */
#if defined __GNUC__ && !defined __clang__
/* Two 8-byte stores of the caller, read as one of 16 bytes, would have to reach the cache first. */
#pragma GCC optimize("no-tree-slp-vectorize")
#endif

#include "core/book_inside.h"
#include "core/request.h"
#include "core/short_text.h"

#define INLINE static inline __attribute__((always_inline))
#define APART static __attribute__((noinline))
#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* ---- events ----------------------------------------------------------------------------------------------- */

/* The stream's position and the place of the next event, while one command is answered. */
struct answers {
    uint64_t fseq, hash;
    uint64_t source; /* what the record's offset adds to each hash */
    struct book_event *next;
};

/* The first answers of a step: the output is empty. */
INLINE struct answers begin_answers(const struct book *book, int64_t src_offset, struct book_output *out) {
    return (struct answers){book->fseq, book->hash, rolling_source((uint64_t)src_offset), out->events};
}

INLINE void end_answers(struct book *book, const struct answers *answers, struct book_output *out) {
    book->fseq = answers->fseq;
    book->hash = answers->hash;
    out->event_count = (uint32_t)(answers->next - out->events);
}

INLINE void answer(struct answers *answers, struct book_event event, uint64_t order_hash, uint64_t maker_hash) {
    struct book_event *e = answers->next++;
    event.fseq = ++answers->fseq;
    event.hash = answers->hash = rolling_add_from(answers->hash, answers->source,
        &(struct rolling_input){.type = event.type,
            .fseq = event.fseq,
            .price_ticks = (uint64_t)event.price_ticks,
            .quantity_lots = (uint64_t)event.quantity_lots,
            .leaves_lots = (uint64_t)event.leaves_lots,
            .order = order_hash,
            .maker = maker_hash});
    *e = event;
}

INLINE void note_level(struct book_output *out, uint32_t side, int64_t price_ticks, int64_t total_lots) {
    struct level_change *change = &out->levels[out->level_count++];
    change->price_ticks = price_ticks;
    change->total_lots = total_lots;
    change->side = (uint8_t)side;
}

/* ---- orders ----------------------------------------------------------------------------------------------- */

/* A plain order that comes in: its numbers, and where its ids and account are. */
struct entrant {
    uint64_t id_hash;
    int64_t price_ticks, quantity_lots;
    uint32_t side, order_type, time_in_force;
    const struct command *command; /* NULL: it is a request */
    const struct request *request;
};

enum { KIND_SHIFT = 48 };
#define LEAVES_MASK ((UINT64_C(1) << KIND_SHIFT) - 1)

/* Of words[0]: an order with any of these trades and ends on the general road. */
#define NOT_PLAIN_BITS (ORDER_LONG_TEXTS_BIT | ORDER_CLIENT_BIT | ORDER_SPECIAL_BIT)

INLINE int64_t leaves_of(const struct order *order) { return (int64_t)(order->words[0] & LEAVES_MASK); }

INLINE int64_t price_of(const struct order *order) { return (int64_t)(order->words[1] & LEAVES_MASK); }

/* What an order with these words adds to the hash over the open orders: book_weight, from registers. */
INLINE uint64_t weight_of(uint64_t id_hash, uint64_t word, int64_t price_ticks) {
    return id_hash * ((word & (LEAVES_MASK | ORDER_KIND_BITS)) + (uint64_t)price_ticks * ORDER_PRICE_WEIGHT);
}

/* Ids and account of a request take 8 bytes each. */
APART void put_account(struct book *book, uint32_t slot, const struct entrant *entrant) {
    const struct request *request = entrant->request;
    struct order_record *record = &book->records[slot];
    struct text id = {(const char *)&request->id, sizeof request->id};
    struct text account = {(const char *)&request->account, request->account ? sizeof request->account : 0};
    order_record_write(record, entrant->quantity_lots, id, TEXT_NONE, account);
    short_put(short_put(record->texts, id), account);
    book->orders[slot].account_tag = request->account ? book_account_tag(rolling_id(account)) : 0;
}

/* Makes an order of a request, at no level yet. Nobody's whole order needs no record until somebody reads it. */
INLINE uint32_t add_request(struct book *book, const struct entrant *entrant, int64_t leaves_lots) {
    uint32_t slot = book_take_slot(book);
    struct order *order = &book->orders[slot];
    bool needs_record = entrant->request->account || leaves_lots != entrant->quantity_lots;
    uint64_t kind = entrant->side | entrant->time_in_force << 1;
    order->words[0] = (uint64_t)leaves_lots | kind << KIND_SHIFT | (needs_record ? 0 : ORDER_UNWRITTEN_BIT);
    order->words[1] = (uint64_t)entrant->price_ticks;
    order->id_hash = entrant->id_hash;
    if (UNLIKELY(needs_record)) put_account(book, slot, entrant);
    book->open_orders++;
    return slot;
}

APART uint32_t add_command(struct book *book, const struct entrant *entrant, int64_t leaves_lots) {
    struct book_run *run = &book->run;
    run->id_hash = entrant->id_hash;
    run->leaves_lots = leaves_lots;
    run->quantity_lots = entrant->quantity_lots;
    run->price_ticks = entrant->price_ticks;
    run->side = (uint8_t)entrant->side;
    run->order_type = (uint8_t)entrant->order_type;
    run->time_in_force = (uint8_t)entrant->time_in_force;
    run->post_only = entrant->command->post_only;
    return book_add_order(book, entrant->command, false);
}

/* Puts an order at the tail of its level. */
INLINE void rest(struct book *book, struct book_output *out, const struct entrant *entrant, int64_t leaves_lots) {
    uint32_t slot =
        entrant->command ? add_command(book, entrant, leaves_lots) : add_request(book, entrant, leaves_lots);
    struct order *order = &book->orders[slot];
    struct level *level =
        ladder_enter(&book->ladders[entrant->side], book->arena, ladder_key(entrant->side, entrant->price_ticks));
    uint32_t tail = level->tail;
    order->next = 0;
    order->prev = tail;
    *(tail ? &book->orders[tail].next : &level->head) = slot;
    level->tail = slot;
    int64_t total_lots = level->total_lots += leaves_lots;
    note_level(out, entrant->side, entrant->price_ticks, total_lots);
    uint64_t word = (uint64_t)leaves_lots | (uint64_t)(entrant->side | entrant->time_in_force << 1) << KIND_SHIFT;
    book->orders_hash += weight_of(entrant->id_hash, word, entrant->price_ticks);
    out->slot = slot;
}

/* Takes a plain order off its level. */
INLINE void unlink(struct book *book, struct book_output *out, const struct order *order, uint64_t word) {
    uint32_t side = (uint32_t)(word >> KIND_SHIFT & 1), next = order->next, prev = order->prev;
    int64_t price_ticks = price_of(order), leaves_lots = (int64_t)(word & LEAVES_MASK);
    uint64_t key = ladder_key(side, price_ticks);
    struct ladder *ladder = &book->ladders[side];
    struct level *level = ladder_get(ladder, book->arena, key);
    book->orders_hash -= weight_of(order->id_hash, word, price_ticks);
    *(prev ? &book->orders[prev].next : &level->head) = next;
    *(next ? &book->orders[next].prev : &level->tail) = prev;
    int64_t total_lots = level->total_lots -= leaves_lots;
    note_level(out, side, price_ticks, total_lots);
    if (!total_lots) ladder_leave(ladder, book->arena, key);
}

/* ---- the sweep -------------------------------------------------------------------------------------------- */

/* Leaves the makers of a level that were filled, still linked from first to last, to the end of the step: its events
 * show them. */
INLINE void end_makers(struct book *book, uint32_t first, uint32_t last, uint32_t count) {
    book->orders[last].next = book->freed_first;
    if (!book->freed_first) book->freed_last = last;
    book->freed_first = first;
    book->open_orders -= count;
}

/* Trades along one level until the taker or the level is empty, an order is not plain, or the step is full. Returns
 * what is left of the taker. */
INLINE int64_t sweep_level(struct book *book, struct book_output *out, struct answers *answers,
    const struct entrant *entrant, int64_t leaves_lots, struct level *level, int64_t price_ticks, bool is_by_slot) {
    const struct book_event *full = out->events + BOOK_EVENTS_MAX - BOOK_EVENTS_SPARE;
    const uint64_t stops = NOT_PLAIN_BITS;
    const uint64_t price_weight = (uint64_t)price_ticks * ORDER_PRICE_WEIGHT;
    const int64_t before_lots = leaves_lots;
    struct order *orders = book->orders;
    uint64_t trades = book->trades, weight = 0;
    uint32_t first = level->head, slot = first, last = 0, ended = 0;
    do {
        struct order *maker = &orders[slot];
        uint64_t word = maker->words[0];
        if (UNLIKELY(word & stops)) break;
        int64_t has_lots = (int64_t)(word & LEAVES_MASK), lots = has_lots < leaves_lots ? has_lots : leaves_lots;
        bool is_gone = has_lots <= leaves_lots;
        leaves_lots -= lots;
        maker->words[0] = word - (uint64_t)lots;
        weight += maker->id_hash * (is_gone ? (word & (LEAVES_MASK | ORDER_KIND_BITS)) + price_weight : (uint64_t)lots);
        answer(answers,
            (struct book_event){.type = EVENT_FILL,
                .flags = entrant->side == SIDE_SELL ? BOOK_EVENT_SELL : 0,
                .maker_slot = slot,
                .trade = (uint32_t)++trades,
                .price_ticks = price_ticks,
                .quantity_lots = lots,
                .leaves_lots = leaves_lots,
                .rest = has_lots - lots},
            entrant->id_hash, maker->id_hash);
        if (!is_gone) {
            if (is_by_slot && (word & ORDER_UNWRITTEN_BIT)) order_write_request(book->arena, slot, has_lots);
            break;
        }
        if (!is_by_slot) id_index_remove(&book->ids, book->arena, maker->id_hash, ID_ORDER, slot);
        ended++;
        last = slot;
        slot = maker->next;
    } while (slot && leaves_lots && LIKELY(answers->next <= full));
    book->trades = trades;
    book->orders_hash -= weight;
    if (ended) end_makers(book, first, last, ended);
    level->head = slot;
    *(slot ? &orders[slot].prev : &level->tail) = 0;
    level->total_lots -= before_lots - leaves_lots;
    return leaves_lots;
}

/* Trades as long as everything is plain; what is left. */
INLINE int64_t sweep(struct book *book, struct book_output *out, struct answers *answers, const struct entrant *entrant,
    uint64_t limit_key, bool is_by_slot) {
    uint32_t side = entrant->side ^ 1;
    struct ladder *ladder = &book->ladders[side];
    const struct book_event *full = out->events + BOOK_EVENTS_MAX - BOOK_EVENTS_SPARE;
    const uint64_t stops = NOT_PLAIN_BITS;
    int64_t leaves_lots = entrant->quantity_lots, price_ticks = 0;
    uint64_t key = ladder->best;
    while (leaves_lots && key <= limit_key && LIKELY(answers->next <= full)) {
        struct level *level = ladder_get(ladder, book->arena, key);
        if (UNLIKELY(book->orders[level->head].words[0] & stops)) break;
        price_ticks = ladder_price(side, key);
        leaves_lots = sweep_level(book, out, answers, entrant, leaves_lots, level, price_ticks, is_by_slot);
        note_level(out, side, price_ticks, level->total_lots);
        if (!level->head) ladder_leave(ladder, book->arena, key);
        key = ladder->best;
    }
    if (price_ticks) {
        book->last_price_ticks = price_ticks;
        book->has_last_price = true;
    }
    return leaves_lots;
}

/* The general road goes on with the sweep. */
APART void hand_over(struct book *book, const struct entrant *entrant, uint64_t limit_key, int64_t leaves_lots) {
    struct book_run *run = &book->run;
    run->id_hash = entrant->id_hash;
    run->slot = 0;
    run->side = (uint8_t)entrant->side;
    run->order_type = (uint8_t)entrant->order_type;
    run->time_in_force = (uint8_t)entrant->time_in_force;
    run->post_only = false;
    run->self_trade = SELF_TRADE_NONE;
    run->is_watched = run->is_ended = false;
    run->price_ticks = entrant->price_ticks;
    run->quantity_lots = entrant->quantity_lots;
    run->leaves_lots = leaves_lots;
    run->slippage_ticks = -1;
    run->limit_key = limit_key;
    run->phase = BOOK_MATCHING;
}

INLINE void accept(struct answers *answers, const struct entrant *entrant) {
    answer(answers,
        (struct book_event){.type = EVENT_ACCEPTED,
            .detail = (uint8_t)(entrant->side | entrant->order_type << 1 | entrant->time_in_force << 4),
            .price_ticks = entrant->price_ticks,
            .quantity_lots = entrant->quantity_lots,
            .leaves_lots = entrant->quantity_lots},
        entrant->id_hash, 0);
}

/* An order that trades, or may not rest. */
INLINE void trade(struct book *book, struct book_output *out, struct answers *answers, const struct entrant *entrant,
    bool is_by_slot) {
    bool is_market = entrant->order_type == ORDER_MARKET;
    uint64_t limit_key = is_market ? LADDER_EMPTY - 1 : ladder_key(entrant->side ^ 1, entrant->price_ticks);
    accept(answers, entrant);
    int64_t leaves_lots = sweep(book, out, answers, entrant, limit_key, is_by_slot);
    bool is_swept = !leaves_lots || book->ladders[entrant->side ^ 1].best > limit_key;
    if (leaves_lots && is_swept && entrant->time_in_force == TIF_IOC)
        answer(answers,
            (struct book_event){.type = EVENT_EXPIRED,
                .reason = is_market ? REASON_NO_LIQUIDITY : REASON_IOC,
                .leaves_lots = leaves_lots},
            entrant->id_hash, 0);
    end_answers(book, answers, out);
    if (UNLIKELY(!is_swept))
        hand_over(book, entrant, limit_key, leaves_lots);
    else if (leaves_lots && entrant->time_in_force != TIF_IOC)
        rest(book, out, entrant, leaves_lots);
}

/* An order that meets nothing and rests. */
INLINE void settle(struct book *book, struct book_output *out, struct answers *answers, const struct entrant *entrant) {
    accept(answers, entrant);
    end_answers(book, answers, out);
    rest(book, out, entrant, entrant->quantity_lots);
}

/* ---- requests --------------------------------------------------------------------------------------------- */

/* True if price and quantity are within the instrument's range, and small enough that their product is. */
INLINE bool is_in_range(const struct book *book, int64_t price_ticks, int64_t quantity_lots) {
    return !((uint64_t)(price_ticks - book->plain_price_ticks_min) > book->plain_price_ticks_span) &
           !((uint64_t)(quantity_lots - book->plain_quantity_lots_min) > book->plain_quantity_lots_span);
}

INLINE uint64_t request_hash(uint64_t id) { return rolling_mix(8 ^ id); }

/* True if no open order with this id is in the slot. */
INLINE bool is_vacant(const struct book *book, uint32_t slot, uint64_t id_hash) {
    const struct order *order = &book->orders[slot];
    return slot >= book->slot_count || !leaves_of(order) || order->id_hash != id_hash;
}

/* The plain order that a request names, in its level; NULL if it is another, or none. */
INLINE struct order *find_plain(const struct book *book, uint32_t slot, uint64_t id_hash, uint64_t account) {
    struct order *order = &book->orders[slot];
    if (UNLIKELY(is_vacant(book, slot, id_hash))) return NULL;
    uint16_t tag = account ? book_account_tag(request_hash(account)) : 0;
    if (UNLIKELY((order->words[0] & NOT_PLAIN_BITS) || order->account_tag != tag)) return NULL;
    if (LIKELY(!account && (order->words[0] & ORDER_UNWRITTEN_BIT))) return order;
    struct text user_id = account ? (struct text){(const char *)&account, sizeof account} : TEXT_NONE;
    return order_is_of(book->arena, slot, user_id) ? order : NULL;
}

/* Ends a plain order by its owner's will; its slot is free at once, for nothing takes one before the events were
 * viewed. */
INLINE void cancel(struct book *book, struct book_output *out, struct answers *answers, struct order *order,
    uint32_t slot, enum reason reason) {
    uint64_t word = order->words[0];
    int64_t leaves_lots = (int64_t)(word & LEAVES_MASK);
    unlink(book, out, order, word);
    answer(answers,
        (struct book_event){.type = EVENT_CANCELLED,
            .reason = (uint8_t)reason,
            .flags = BOOK_EVENT_BY_COMMAND,
            .order_slot = slot,
            .leaves_lots = leaves_lots},
        order->id_hash, 0);
    order->words[0] = word & ~LEAVES_MASK;
    book->open_orders--;
}

INLINE void end_replaced(struct book *book, struct order *order, uint32_t slot) {
    order->next = book->freed_first;
    if (!book->freed_first) book->freed_last = slot;
    book->freed_first = slot;
}

INLINE void free_slot(struct book *book, struct order *order, uint32_t slot) {
    order->next = book->free_slot;
    book->free_slot = slot;
}

/* Of orderType * 8 + timeInForce: the kinds that need nothing but a sweep and a rest. */
enum { KINDS_PER_TYPE = 8 };
#define KIND_BIT(type, tif) (UINT64_C(1) << ((type) * KINDS_PER_TYPE + (tif)))
#define PLAIN_KINDS                                                                                                    \
    (KIND_BIT(ORDER_LIMIT, TIF_GTC) | KIND_BIT(ORDER_LIMIT, TIF_IOC) | KIND_BIT(ORDER_LIMIT, TIF_DAY) |                \
        KIND_BIT(ORDER_MARKET, TIF_IOC))

INLINE bool is_plain_request(const struct request *request) {
    uint32_t kind = (uint32_t)request->order_type * KINDS_PER_TYPE + request->time_in_force;
    return kind < 64 && (PLAIN_KINDS >> kind & 1) && !(request->self_trade | request->post_only);
}

INLINE struct entrant entrant_of(const struct request *request) {
    return (struct entrant){.id_hash = request_hash(request->id),
        .price_ticks = request->order_type == ORDER_MARKET ? 0 : request->price_ticks,
        .quantity_lots = request->quantity_lots,
        .side = request->side,
        .order_type = request->order_type,
        .time_in_force = request->time_in_force,
        .request = request};
}

/* True if the order is plain, within the instrument's range and may come to rest. */
INLINE bool is_admitted(const struct book *book, const struct request *request) {
    bool is_market = request->order_type == ORDER_MARKET;
    return request->side <= SIDE_SELL && is_plain_request(request) &&
           is_in_range(book, is_market ? book->plain_price_ticks_min : request->price_ticks, request->quantity_lots) &&
           book->open_orders < OPEN_ORDERS_PER_SYMBOL_MAX;
}

/* The same for the usual one, a limit order that stays until it is cancelled. */
INLINE bool is_usual(const struct book *book, const struct request *request) {
    uint32_t kind = request->order_type | request->time_in_force | request->self_trade | request->post_only;
    return LIKELY(!(kind | (uint32_t)(request->side > SIDE_SELL))) &&
           LIKELY(is_in_range(book, request->price_ticks, request->quantity_lots)) &&
           LIKELY(book->open_orders < OPEN_ORDERS_PER_SYMBOL_MAX);
}

/* Any plain order of a request, from its own place in the step. */
INLINE enum book_progress trade_request(
    struct book *book, const struct book_input *input, struct book_output *out, struct answers answers) {
    const struct entrant entrant = entrant_of(input->request);
    book->run.quantity_lots = entrant.quantity_lots;
    trade(book, out, &answers, &entrant, true);
    return LIKELY(book->run.phase == BOOK_IDLE) ? BOOK_DONE : book_general_road(book, input, out, true);
}

APART enum book_progress new_to_trade(struct book *book, const struct book_input *input, struct book_output *out) {
    if (UNLIKELY(!is_admitted(book, input->request))) return book_general_road(book, input, out, false);
    return trade_request(book, input, out, begin_answers(book, input->src_offset, out));
}

APART enum book_progress new_request(struct book *book, const struct book_input *input, struct book_output *out) {
    const struct request *request = input->request;
    if (!is_usual(book, request) || book_crosses(book, request->side, request->price_ticks))
        return new_to_trade(book, input, out);
    const struct entrant entrant = {.id_hash = request_hash(request->id),
        .price_ticks = request->price_ticks,
        .quantity_lots = request->quantity_lots,
        .side = request->side,
        .request = request};
    struct answers answers = begin_answers(book, input->src_offset, out);
    settle(book, out, &answers, &entrant);
    return BOOK_DONE;
}

/* An order that is not there. */
APART enum book_progress reject_unknown(struct book *book, const struct book_input *input, struct book_output *out) {
    struct answers answers = begin_answers(book, input->src_offset, out);
    answer(&answers, (struct book_event){.type = EVENT_REJECTED, .reason = REASON_UNKNOWN},
        request_hash(input->request->id), 0);
    end_answers(book, &answers, out);
    return BOOK_DONE;
}

APART enum book_progress cancel_request(struct book *book, const struct book_input *input, struct book_output *out) {
    const struct request *request = input->request;
    struct order *order = find_plain(book, request->slot, request_hash(request->id), request->account);
    if (UNLIKELY(!order)) {
        bool is_gone = is_vacant(book, request->slot, request_hash(request->id));
        return is_gone ? reject_unknown(book, input, out) : book_general_road(book, input, out, false);
    }
    struct answers answers = begin_answers(book, input->src_offset, out);
    cancel(book, out, &answers, order, request->slot, REASON_USER);
    end_answers(book, &answers, out);
    free_slot(book, order, request->slot);
    return BOOK_DONE;
}

APART enum book_progress replace_request(struct book *book, const struct book_input *input, struct book_output *out) {
    const struct request *request = input->request;
    struct order *order = find_plain(book, request->slot, request_hash(request->replaced_id), request->account);
    if (UNLIKELY(!order || !is_admitted(book, request))) {
        bool is_gone = is_vacant(book, request->slot, request_hash(request->replaced_id)) && is_admitted(book, request);
        return is_gone ? reject_unknown(book, input, out) : book_general_road(book, input, out, false);
    }
    struct answers answers = begin_answers(book, input->src_offset, out);
    cancel(book, out, &answers, order, request->slot, REASON_REPLACED);
    end_replaced(book, order, request->slot);
    return trade_request(book, input, out, answers);
}

enum book_progress book_apply_request(struct book *book, const struct book_input *input, struct book_output *out) {
    uint32_t action = input->request->action;
    if (action == ACTION_NEW) return new_request(book, input, out);
    if (action == ACTION_CANCEL) return cancel_request(book, input, out);
    return action == ACTION_REPLACE ? replace_request(book, input, out) : book_general_road(book, input, out, false);
}

/* ---- commands --------------------------------------------------------------------------------------------- */

/* Nothing that only some commands have. */
INLINE bool is_plain_command(const struct book_input *input) {
    return !(input->verdict | input->blocked | input->cancelled_before | input->command->fault);
}

/* Units count as they are; text is read as the instrument's. */
INLINE bool read_units(const struct decimal *decimal, struct decimal_unit unit, int64_t *units) {
    if (decimal->state == DECIMAL_UNITS) {
        *units = (int64_t)decimal->mantissa;
        return decimal->mantissa <= (uint64_t)PRICE_TICKS_MAX;
    }
    return decimal_to_units(*decimal, unit, units) == DECIMAL_FITS;
}

INLINE bool is_plain_new(const struct command *command) {
    bool is_limit = command->order_type == ORDER_LIMIT &&
                    (1u << command->time_in_force & (1u << TIF_GTC | 1u << TIF_IOC | 1u << TIF_DAY | 1u << TIF_NONE));
    bool is_market =
        command->order_type == ORDER_MARKET && (1u << command->time_in_force & (1u << TIF_IOC | 1u << TIF_NONE));
    return (is_limit | is_market) & !(command->self_trade | command->post_only | command->display_quantity.state |
                                        command->max_slippage.state | command->client_order_id.size);
}

INLINE bool read_command(const struct book *book, const struct command *command, struct entrant *entrant) {
    bool is_market = command->order_type == ORDER_MARKET;
    *entrant = (struct entrant){.id_hash = rolling_id(command->order_id),
        .side = command->side,
        .order_type = command->order_type,
        .time_in_force = command->time_in_force != TIF_NONE ? command->time_in_force
                         : is_market                        ? TIF_IOC
                                                            : TIF_GTC,
        .command = command};
    int64_t price_ticks = book->plain_price_ticks_min;
    if (!is_market && !read_units(&command->price, book->instrument.tick, &price_ticks)) return false;
    if (!read_units(&command->quantity, book->instrument.lot, &entrant->quantity_lots)) return false;
    if (!is_market) entrant->price_ticks = price_ticks;
    return is_in_range(book, price_ticks, entrant->quantity_lots) && book->open_orders < OPEN_ORDERS_PER_SYMBOL_MAX;
}

APART enum book_progress new_command(struct book *book, const struct book_input *input, struct book_output *out) {
    const struct command *command = input->command;
    struct entrant entrant;
    if (!is_plain_new(command) || !read_command(book, command, &entrant) ||
        id_index_find_order(&book->ids, book->arena, entrant.id_hash, command->order_id))
        return book_general_road(book, input, out, false);
    struct answers answers = begin_answers(book, input->src_offset, out);
    book->run.quantity_lots = entrant.quantity_lots;
    if (entrant.order_type == ORDER_MARKET || entrant.time_in_force == TIF_IOC ||
        book_crosses(book, entrant.side, entrant.price_ticks))
        trade(book, out, &answers, &entrant, false);
    else
        settle(book, out, &answers, &entrant);
    return LIKELY(book->run.phase == BOOK_IDLE) ? BOOK_DONE : book_general_road(book, input, out, true);
}

APART enum book_progress cancel_command(struct book *book, const struct book_input *input, struct book_output *out) {
    const struct command *command = input->command;
    if (!command->order_id.size) return book_general_road(book, input, out, false);
    uint32_t slot = id_index_find_order(&book->ids, book->arena, rolling_id(command->order_id), command->order_id);
    struct order *order = &book->orders[slot];
    if (!slot || (order->words[0] & NOT_PLAIN_BITS) || !order_is_of(book->arena, slot, command->user_id))
        return book_general_road(book, input, out, false);
    struct answers answers = begin_answers(book, input->src_offset, out);
    cancel(book, out, &answers, order, slot, REASON_USER);
    end_answers(book, &answers, out);
    id_index_remove(&book->ids, book->arena, order->id_hash, ID_ORDER, slot);
    free_slot(book, order, slot);
    return BOOK_DONE;
}

enum book_progress book_apply_command(struct book *book, const struct book_input *input, struct book_output *out) {
    uint32_t action = input->command->action;
    bool is_plain = is_plain_command(input) && !book->by_slot;
    if (is_plain && action == ACTION_NEW) return new_command(book, input, out);
    if (is_plain && action == ACTION_CANCEL) return cancel_command(book, input, out);
    return book_general_road(book, input, out, false);
}
