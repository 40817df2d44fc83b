/* Ways onto the short road (core/short_road.h) and off it: plain commands, whose ids are texts, and what is too rare to
 * be compiled into callers. */
#if defined __GNUC__ && !defined __clang__
/* Two 8-byte stores of the caller, read as one of 16 bytes, would have to reach the cache first. */
#pragma GCC optimize("no-tree-slp-vectorize")
#endif

#include "core/book_inside.h"
#include "core/request.h"
#include "core/short_text.h"

#define APART static __attribute__((noinline))

/* An entrant in numbers, as road_kind packs them: a function that takes these does not make its caller's stand in
 * memory. */
ROAD struct entrant unpack(
    uint64_t id_hash, int64_t price_ticks, int64_t quantity_lots, uint32_t kind, uint64_t account) {
    return (struct entrant){.id_hash = id_hash,
        .price_ticks = price_ticks,
        .quantity_lots = quantity_lots,
        .side = kind & 0xff,
        .order_type = kind >> 8 & 0xff,
        .time_in_force = kind >> 16,
        .account = account};
}

/* The record of an order without clientOrderId, whose texts fit. */
ROAD void put_record(
    struct book *book, uint32_t slot, int64_t quantity_lots, struct text order_id, struct text user_id) {
    struct order_record *record = &book->records[slot];
    order_record_write(record, quantity_lots, order_id, TEXT_NONE, user_id);
    short_put(short_put(record->texts, order_id), user_id);
}

/* ---- what the road leaves to others ------------------------------------------------------------------------ */

/* Ids and account of a request take 8 bytes each. */
void road_put_account(struct book *book, uint32_t slot, uint64_t id, uint64_t account, int64_t quantity_lots) {
    struct text order_id = {(const char *)&id, sizeof id};
    struct text user_id = {(const char *)&account, account ? sizeof account : 0};
    put_record(book, slot, quantity_lots, order_id, user_id);
    book->orders[slot].account_tag = account ? book_account_tag(rolling_id(user_id)) : 0;
}

bool road_is_of_account(const struct book *book, uint32_t slot, uint64_t account) {
    struct text user_id = account ? (struct text){(const char *)&account, sizeof account} : TEXT_NONE;
    return order_is_of(book->arena, slot, user_id);
}

/* With texts that do not fit into its record. */
APART uint32_t add_generally(struct book *book, const struct entrant *entrant, int64_t leaves_lots) {
    struct book_run *run = &book->run;
    run->id_hash = entrant->id_hash;
    run->leaves_lots = leaves_lots;
    run->quantity_lots = entrant->quantity_lots;
    run->price_ticks = entrant->price_ticks;
    run->side = (uint8_t)entrant->side;
    run->order_type = (uint8_t)entrant->order_type;
    run->time_in_force = (uint8_t)entrant->time_in_force;
    run->post_only = false;
    return book_add_order(book, entrant->command, false);
}

uint32_t road_add_command(struct book *book, const struct entrant *entrant, int64_t leaves_lots) {
    struct text order_id = entrant->command->order_id, user_id = entrant->command->user_id;
    if (ROAD_UNLIKELY(order_id.size + user_id.size > ORDER_TEXT_BYTES))
        return add_generally(book, entrant, leaves_lots);
    uint32_t slot = book_take_slot(book), next_slot = book->free_slot;
    struct order *order = &book->orders[slot];
    road_prefetch(&book->orders[next_slot]); /* for the next order: who looks ahead cannot know this slot */
    road_prefetch(&book->records[next_slot]);
    uint64_t kind = entrant->side | entrant->time_in_force << 1;
    order->words[0] = (uint64_t)leaves_lots | kind << ROAD_KIND_SHIFT;
    order->words[1] = (uint64_t)entrant->price_ticks | (uint64_t)book_account_tag(entrant->account) << ORDER_TAG_SHIFT;
    order->id_hash = entrant->id_hash;
    put_record(book, slot, entrant->quantity_lots, order_id, user_id);
    id_index_add_at(&book->ids, book->arena, entrant->home, entrant->id_hash, ID_ORDER, slot);
    book->open_orders++;
    return slot;
}

void road_leave_index(struct book *book, uint64_t id_hash, uint32_t slot) {
    id_index_remove(&book->ids, book->arena, id_hash, ID_ORDER, slot);
}

void road_hand_over(struct book *book, const struct entrant *entrant, uint64_t limit_key, int64_t leaves_lots,
    uint32_t ended_first, uint32_t ended_last) {
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
    CHECK(!book->freed_first, "the short road was taken although slots wait to be freed");
    book->freed_first = ended_first;
    book->freed_last = ended_last;
    if (ended_first) book->special |= BOOK_HAS_WASTE;
}

enum book_progress road_take_general(struct book *book, const struct request *request, int64_t src_offset,
    int64_t log_time_ms, struct book_output *out, bool is_begun) {
    const struct book_input input = {
        .kind = BOOK_REQUEST, .request = request, .src_offset = src_offset, .log_time_ms = log_time_ms};
    if (is_begun) return book_general_road(book, &input, out, true);
    out->event_count = out->level_count = 0;
    return book_apply_generally(book, &input, out);
}

bool road_trade_request(struct book *book, struct book_output *out, int64_t src_offset, uint64_t id_hash,
    int64_t price_ticks, int64_t quantity_lots, uint32_t kind, uint64_t account) {
    const struct entrant entrant = unpack(id_hash, price_ticks, quantity_lots, kind, account);
    struct road road = road_begin(book, src_offset, out);
    return road_trade(book, out, &road, &entrant, true);
}

enum book_progress road_replace(struct book *book, const struct request *request, int64_t src_offset,
    int64_t log_time_ms, struct book_output *out) {
    uint64_t replaced_hash = road_request_hash(request->replaced_id);
    if (ROAD_UNLIKELY(!road_admits(book, request))) return road_leave(book, request, src_offset, log_time_ms, out);
    struct order *order = road_find(book, request->slot, replaced_hash, request->account);
    if (ROAD_UNLIKELY(!order)) {
        bool is_gone = road_is_vacant(book, request->slot, replaced_hash);
        return is_gone ? road_reject_unknown(book, request->id, src_offset, out)
                       : road_leave(book, request, src_offset, log_time_ms, out);
    }
    const struct entrant entrant = road_entrant(request);
    struct road road = road_begin(book, src_offset, out);
    road_cancel(book, &road, order, request->slot, REASON_REPLACED);
    bool is_done = road_trade(book, out, &road, &entrant, true);
    return ROAD_LIKELY(is_done) ? BOOK_DONE : road_go_on(book, request, src_offset, log_time_ms, out);
}

enum book_progress book_apply_request(struct book *book, const struct book_input *input, struct book_output *out) {
    return book_request(book, input->request, input->src_offset, input->log_time_ms, out);
}

/* ---- commands --------------------------------------------------------------------------------------------- */

/* Units count as they are; text is read as the instrument's. */
ROAD bool read_units(const struct decimal *decimal, struct decimal_unit unit, int64_t *units) {
    if (decimal->state == DECIMAL_UNITS) {
        *units = (int64_t)decimal->mantissa;
        return decimal->mantissa <= (uint64_t)PRICE_TICKS_MAX;
    }
    return decimal_to_units(*decimal, unit, units) == DECIMAL_FITS;
}

ROAD bool is_plain_new(const struct command *command) {
    bool is_limit = command->order_type == ORDER_LIMIT &&
                    (1u << command->time_in_force & (1u << TIF_GTC | 1u << TIF_IOC | 1u << TIF_DAY | 1u << TIF_NONE));
    bool is_market =
        command->order_type == ORDER_MARKET && (1u << command->time_in_force & (1u << TIF_IOC | 1u << TIF_NONE));
    return (is_limit | is_market) & !(command->self_trade | command->post_only | command->display_quantity.state |
                                        command->max_slippage.state | command->client_order_id.size);
}

ROAD bool read_command(const struct book *book, const struct book_input *input, struct entrant *entrant) {
    const struct command *command = input->command;
    bool is_market = command->order_type == ORDER_MARKET;
    *entrant = (struct entrant){.id_hash = book_id_hash(input),
        .side = command->side,
        .order_type = command->order_type,
        .time_in_force = command->time_in_force != TIF_NONE ? command->time_in_force
                         : is_market                        ? TIF_IOC
                                                            : TIF_GTC,
        .account = input->ids ? input->ids->user_id : rolling_id(command->user_id),
        .command = command};
    int64_t price_ticks = book->plain_price_ticks_min;
    if (!is_market && !read_units(&command->price, book->instrument.tick, &price_ticks)) return false;
    if (!read_units(&command->quantity, book->instrument.lot, &entrant->quantity_lots)) return false;
    if (!is_market) entrant->price_ticks = price_ticks;
    return road_is_in_range(book, price_ticks, entrant->quantity_lots) &&
           book->open_orders < OPEN_ORDERS_PER_SYMBOL_MAX;
}

/* A command that trades, or may not rest. */
APART bool trade_command(struct book *book, const struct book_input *input, struct book_output *out, uint64_t id_hash,
    int64_t price_ticks, int64_t quantity_lots, uint32_t kind, uint64_t account, struct id_bucket *home) {
    struct entrant entrant = unpack(id_hash, price_ticks, quantity_lots, kind, account);
    entrant.command = input->command;
    entrant.home = home;
    struct road road = road_begin(book, input->src_offset, out);
    return road_trade(book, out, &road, &entrant, false);
}

APART enum book_progress new_command(struct book *book, const struct book_input *input, struct book_output *out) {
    const struct command *command = input->command;
    struct entrant entrant;
    if (!is_plain_new(command) || !read_command(book, input, &entrant))
        return book_general_road(book, input, out, false);
    struct id_place place = id_index_look(&book->ids, book->arena, entrant.id_hash, command->order_id);
    if (place.slot) return book_general_road(book, input, out, false);
    entrant.home = place.home;
    bool may_rest = entrant.order_type == ORDER_LIMIT && entrant.time_in_force != TIF_IOC;
    if (may_rest && !road_crosses(book, entrant.side, entrant.price_ticks)) {
        struct road road = road_begin(book, input->src_offset, out);
        road_settle(book, out, &road, &entrant, false);
        return BOOK_DONE;
    }
    bool is_done = trade_command(book, input, out, entrant.id_hash, entrant.price_ticks, entrant.quantity_lots,
        road_kind(&entrant), entrant.account, entrant.home);
    return ROAD_LIKELY(is_done) ? BOOK_DONE : book_general_road(book, input, out, true);
}

APART enum book_progress cancel_command(struct book *book, const struct book_input *input, struct book_output *out) {
    const struct command *command = input->command;
    if (!command->order_id.size) return book_general_road(book, input, out, false);
    struct id_place place = id_index_look(&book->ids, book->arena, book_id_hash(input), command->order_id);
    uint32_t slot = place.slot;
    struct order *order = &book->orders[slot];
    if (!slot || (order->words[0] & ROAD_NOT_PLAIN) || !order_is_of(book->arena, slot, command->user_id))
        return book_general_road(book, input, out, false);
    struct road road = road_begin(book, input->src_offset, out);
    road_cancel(book, &road, order, slot, REASON_USER);
    road_end(book, &road, out);
    id_index_remove_at(&book->ids, book->arena, place.home, place.matches, order->id_hash, ID_ORDER, slot);
    road_free_ended(book, &road);
    return BOOK_DONE;
}

enum book_progress book_apply_command(struct book *book, const struct book_input *input, struct book_output *out) {
    const struct command *command = input->command;
    if (!command->fault && command->action == ACTION_NEW) return new_command(book, input, out);
    if (!command->fault && command->action == ACTION_CANCEL) return cancel_command(book, input, out);
    return book_general_road(book, input, out, false);
}
