/* What NEW, REPLACE and LIST must pass, in the order of enum reason, and what they become. */
#include "core/book_inside.h"

/* ---- numbers ---------------------------------------------------------------------------------------------- */

/* Units are units in any instrument. */
static inline enum decimal_fit read_units(const struct decimal *decimal, struct decimal_unit unit, int64_t *units) {
    if (decimal->state == DECIMAL_UNITS && decimal->mantissa <= (uint64_t)PRICE_TICKS_MAX) {
        *units = (int64_t)decimal->mantissa;
        return DECIMAL_FITS;
    }
    int64_t value = *units;
    enum decimal_fit fit = decimal_to_units(*decimal, unit, &value);
    *units = value;
    return fit;
}

/* Of all numbers of a command. */
struct faults {
    bool off_tick, off_lot, out_of_range;
};

static enum reason first_fault(struct faults faults) {
    return faults.off_tick       ? REASON_OFF_TICK
           : faults.off_lot      ? REASON_OFF_LOT
           : faults.out_of_range ? REASON_OUT_OF_RANGE
                                 : REASON_NONE;
}

/* Reads a number that is there. */
static inline void read_number(struct faults *faults, bool *is_off, const struct decimal *decimal,
    struct decimal_unit unit, int64_t least, int64_t greatest, int64_t *value) {
    if (decimal->state == DECIMAL_ABSENT) return;
    enum decimal_fit fit = read_units(decimal, unit, value);
    if (fit == DECIMAL_OFF_UNIT)
        *is_off = true;
    else if (fit != DECIMAL_FITS || *value < least || *value > greatest)
        faults->out_of_range = true;
}

static bool has_limit(const struct command *command) {
    return command->order_type == ORDER_LIMIT || command->order_type == ORDER_STOP_LIMIT ||
           command->order_type == ORDER_TRAILING_STOP;
}

static inline void read_price(
    const struct instrument *i, struct faults *faults, const struct decimal *decimal, int64_t *price_ticks) {
    read_number(faults, &faults->off_tick, decimal, i->tick, i->price_ticks_min, i->price_ticks_max, price_ticks);
}

static inline void read_quantity(
    const struct instrument *i, struct faults *faults, const struct decimal *decimal, int64_t *quantity_lots) {
    read_number(faults, &faults->off_lot, decimal, i->lot, i->quantity_lots_min, i->quantity_lots_max, quantity_lots);
}

void book_read_changes(const struct book *book, const struct command *command, struct book_terms *terms) {
    const struct instrument *i = &book->instrument;
    struct faults faults = {0};
    read_price(i, &faults, &command->price, &terms->price_ticks);
    read_quantity(i, &faults, &command->quantity, &terms->quantity_lots);
    read_price(i, &faults, &command->stop_price, &terms->stop_price_ticks);
    if (command->has_expire_time) terms->expire_time_ms = command->expire_time_ms;
    terms->reason = first_fault(faults);
}

void book_read_terms(const struct book *book, const struct command *command, struct book_terms *terms) {
    const struct instrument *i = &book->instrument;
    struct faults faults = {0};
    if (has_limit(command)) read_price(i, &faults, &command->price, &terms->price_ticks);
    read_quantity(i, &faults, &command->quantity, &terms->quantity_lots);
    read_price(i, &faults, &command->stop_price, &terms->stop_price_ticks);
    read_number(
        &faults, &faults.off_tick, &command->trailing_amount, i->tick, 1, PRICE_TICKS_MAX, &terms->trailing_ticks);
    read_number(&faults, &faults.off_tick, &command->max_slippage, i->tick, 0, PRICE_TICKS_MAX, &terms->slippage_ticks);
    read_number(&faults, &faults.off_lot, &command->display_quantity, i->lot, i->clip_lots_min, terms->quantity_lots,
        &terms->clip_lots);
    if (command->has_trailing_bps && (command->trailing_bps < 1 || command->trailing_bps > 9999))
        faults.out_of_range = true;
    if (command->has_expire_time) terms->expire_time_ms = command->expire_time_ms;
    terms->reason = first_fault(faults);
}

bool book_is_notional_too_large(int64_t price_ticks, int64_t quantity_lots) {
    return (unsigned __int128)price_ticks * (unsigned __int128)quantity_lots > (unsigned __int128)1 << 63;
}

bool book_is_notional_too_small(const struct book *book, int64_t price_ticks, int64_t quantity_lots) {
    return price_ticks &&
           (unsigned __int128)price_ticks * (unsigned __int128)quantity_lots < book->instrument.notional_units_min;
}

bool book_is_out_of_band(const struct book *book, int64_t price_ticks) {
    const struct price_distance *band = &book->instrument.band;
    if (!(book->special & BOOK_HAS_BAND)) return false;
    int64_t reference = book->has_last_price ? book->last_price_ticks : book->instrument.reference_price_ticks;
    if (!reference) return false;
    int64_t distance = band->ticks ? band->ticks : reference * band->basis_points / 10000;
    return price_ticks > reference + distance || price_ticks < reference - distance;
}

/* ---- checks of one order ---------------------------------------------------------------------------------- */

static bool rests(enum time_in_force tif) { return tif == TIF_GTC || tif == TIF_GTD || tif == TIF_DAY; }

static bool is_stop(const struct command *command) { return command->order_type >= ORDER_STOP; }

static enum time_in_force time_in_force(const struct command *command, int64_t price_ticks) {
    if (command->time_in_force != TIF_NONE) return command->time_in_force;
    return price_ticks ? TIF_GTC : TIF_IOC;
}

/* What needs nothing but the numbers and the instrument. */
static enum reason check_numbers(const struct book *book, const struct book_terms *terms) {
    if (terms->reason != REASON_NONE) return terms->reason;
    if (book_is_notional_too_large(terms->price_ticks, terms->quantity_lots)) return REASON_OUT_OF_RANGE;
    return book_is_notional_too_small(book, terms->price_ticks, terms->quantity_lots) ? REASON_MIN_NOTIONAL
                                                                                      : REASON_NONE;
}

static bool is_due(const struct book_input *input, const struct command *command) {
    return command->time_in_force == TIF_GTD && command->expire_time_ms <= input->log_time_ms;
}

static enum reason check_state(const struct book *book, const struct command *command, int64_t price_ticks) {
    if (book->state == TRADING_STATE_HALTED) return REASON_HALTED;
    if (book->state == TRADING_STATE_CLOSED) return REASON_CLOSED;
    if (book->state == TRADING_STATE_TRADING || is_stop(command)) return REASON_NONE;
    bool is_refused =
        command->order_type == ORDER_MARKET || command->post_only || !rests(time_in_force(command, price_ticks));
    return is_refused ? REASON_AUCTION : REASON_NONE;
}

/* As book_crosses would be without the order that is replaced. */
static bool crosses_without(const struct book *book, enum side side, int64_t price_ticks, uint32_t gone) {
    enum side other = book_other_side(side);
    const struct ladder *ladder = &book->ladders[other];
    uint64_t key = ladder->best;
    if (gone && key != LADDER_EMPTY) {
        const struct level *best = ladder_find(ladder, book->arena, key);
        if (best->head == gone && best->tail == gone) key = ladder_next(ladder, book->arena, key);
    }
    return key <= ladder_key(other, price_ticks);
}

static bool is_trailing_full(const struct book *book, uint32_t gone) {
    if (!book->specials) return false;
    bool is_gone =
        gone && book->orders[gone].order_type == ORDER_TRAILING_STOP && book_place(book, gone) != PLACE_LEVEL;
    return book->specials->trail_count - is_gone >= TRAILING_STOPS_PER_SYMBOL_MAX;
}

/* PRICE_BAND, POST_ONLY and the limit of trailing stops, as if `gone` were not there. */
static enum reason check_market(
    const struct book *book, const struct command *command, const struct book_terms *terms, uint32_t gone) {
    if (command->order_type == ORDER_LIMIT && book_is_out_of_band(book, terms->price_ticks)) return REASON_PRICE_BAND;
    if (command->post_only && crosses_without(book, command->side, terms->price_ticks, gone)) return REASON_POST_ONLY;
    if (command->order_type == ORDER_TRAILING_STOP && is_trailing_full(book, gone)) return REASON_CAPACITY;
    return REASON_NONE;
}

enum reason book_check_entry(const struct book *book, uint32_t slot, int64_t log_time_ms) {
    const struct order *order = &book->orders[slot];
    if (order->time_in_force == TIF_GTD && book_extra(book, slot)->expire_time_ms <= log_time_ms)
        return REASON_OUT_OF_RANGE;
    int64_t price_ticks = (int64_t)order->price_ticks;
    if (order->order_type == ORDER_LIMIT && book_is_out_of_band(book, price_ticks)) return REASON_PRICE_BAND;
    if (order->post_only && book_crosses(book, order->side, price_ticks)) return REASON_POST_ONLY;
    return order->order_type == ORDER_TRAILING_STOP && is_trailing_full(book, 0) ? REASON_CAPACITY : REASON_NONE;
}

/* ---- answers ---------------------------------------------------------------------------------------------- */

void book_reject(struct book *book, struct book_output *out, enum reason reason) {
    book_answer(
        book, out, (struct book_event){.type = EVENT_REJECTED, .reason = (uint8_t)reason}, book->run.id_hash, 0);
    book->run.phase = BOOK_IDLE;
}

static uint8_t accepted_detail(uint32_t side, uint32_t order_type, uint32_t time_in_force) {
    return (uint8_t)(side | order_type << 1 | time_in_force << 4);
}

/* Of the command's own order, which has no slot. */
static void accept_own(struct book *book, struct book_output *out) {
    const struct book_run *run = &book->run;
    book_answer(book, out,
        (struct book_event){.type = EVENT_ACCEPTED,
            .detail = accepted_detail(run->side, run->order_type, run->time_in_force),
            .price_ticks = run->price_ticks,
            .quantity_lots = run->quantity_lots,
            .leaves_lots = run->quantity_lots},
        run->id_hash, 0);
}

void book_accept(struct book *book, struct book_output *out, uint32_t slot) {
    const struct order *order = &book->orders[slot];
    int64_t quantity_lots = (int64_t)order_record_of(book->arena, slot)->quantity_lots;
    book_answer(book, out,
        (struct book_event){.type = EVENT_ACCEPTED,
            .detail = accepted_detail(order->side, order->order_type, order->time_in_force),
            .order_slot = slot,
            .price_ticks = (int64_t)order->price_ticks,
            .quantity_lots = quantity_lots,
            .leaves_lots = quantity_lots,
            .rest = book_extra(book, slot)->stop_price_ticks},
        order->id_hash, 0);
}

/* ---- what it becomes -------------------------------------------------------------------------------------- */

static void load_run(struct book *book, const struct command *command, const struct book_terms *terms) {
    struct book_run *run = &book->run;
    run->slot = 0;
    run->side = command->side;
    run->order_type = command->order_type;
    run->time_in_force = (uint8_t)time_in_force(command, terms->price_ticks);
    run->post_only = command->post_only;
    run->price_ticks = terms->price_ticks;
    run->quantity_lots = run->leaves_lots = terms->quantity_lots;
    run->self_trade = command->user_id.size ? command->self_trade : SELF_TRADE_NONE;
    run->is_watched = run->self_trade != SELF_TRADE_NONE;
    run->is_ended = false;
    run->slippage_ticks = terms->slippage_ticks;
    if (run->is_watched) run->account_tag = book_account_tag(rolling_id(command->user_id));
}

static void start_own(struct book *book, struct book_output *out) {
    accept_own(book, out);
    book->run.phase = BOOK_MATCHING;
    if (__builtin_expect(book->run.time_in_force == TIF_FOK, 0)) book_start_scan(book, true);
}

void book_end_scan(struct book *book, struct book_output *out, const struct command *command, bool is_enough) {
    (void)command;
    struct book_run *run = &book->run;
    run->phase = is_enough ? BOOK_MATCHING : BOOK_CAUSING;
    if (!run->is_accepted && is_enough)
        accept_own(book, out);
    else if (!run->is_accepted)
        book_reject(book, out, REASON_CAPACITY);
    else if (!is_enough)
        book_expire_taker(book, out, REASON_FOK);
}

/* An order of book->run in a slot, with its extra, at no place yet. */
static uint32_t add_special(struct book *book, const struct command *command, const struct book_terms *terms) {
    uint32_t slot = book_add_order(book, command, true);
    struct order_extra *extra = book_extra(book, slot);
    extra->clip_lots = terms->clip_lots;
    extra->expire_time_ms = command->time_in_force == TIF_GTD ? terms->expire_time_ms : 0;
    extra->stop_price_ticks = terms->stop_price_ticks;
    extra->trailing_ticks = terms->trailing_ticks;
    extra->trailing_bps = command->has_trailing_bps ? command->trailing_bps : 0;
    extra->slippage_ticks = terms->slippage_ticks;
    if (extra->clip_lots) {
        book->specials->icebergs++;
        book->special |= BOOK_HAS_ICEBERGS;
    }
    return slot;
}

/* Accepts an order with a slot; its turn comes. */
static void enter(struct book *book, struct book_output *out, uint32_t slot) {
    book_accept(book, out, slot);
    if (book->orders[slot].time_in_force == TIF_GTD) book_add_time(book, slot);
    book_queue(book, slot, PLACE_TO_RUN);
    book->run.phase = BOOK_QUEUE;
}

static bool needs_slot(const struct command *command) {
    return is_stop(command) || command->time_in_force == TIF_GTD || command->display_quantity.state != DECIMAL_ABSENT ||
           (command->self_trade == SELF_TRADE_DECREMENT && command->user_id.size);
}

/* ---- NEW -------------------------------------------------------------------------------------------------- */

/* A limit or market order without anything that only some orders have, in a book that looks out for nothing. */
static bool is_plain(const struct book *book, const struct command *command) {
    const uint32_t watched = BOOK_NOT_TRADING | BOOK_HAS_BAND | BOOK_HAS_COLLAR | BOOK_HAS_LEAST_NOTIONAL;
    return !((book->special & watched) | (uint32_t)(command->order_type > ORDER_MARKET) | command->self_trade |
             command->display_quantity.state | command->max_slippage.state | (uint32_t)command->has_expire_time |
             (uint32_t)(command->action != ACTION_NEW));
}

/* Price and quantity of a plain order. */
static inline enum reason read_plain(
    const struct book *book, const struct command *command, int64_t *price_ticks, int64_t *quantity_lots) {
    const struct instrument *i = &book->instrument;
    enum decimal_fit price_fit = DECIMAL_FITS, quantity_fit;
    bool has_price = command->order_type == ORDER_LIMIT;
    *price_ticks = *quantity_lots = 0;
    if (has_price) price_fit = read_units(&command->price, i->tick, price_ticks);
    quantity_fit = read_units(&command->quantity, i->lot, quantity_lots);
    bool is_in_range = (price_fit | quantity_fit) == DECIMAL_FITS &&
                       (!has_price || (*price_ticks >= i->price_ticks_min && *price_ticks <= i->price_ticks_max)) &&
                       *quantity_lots >= i->quantity_lots_min && *quantity_lots <= i->quantity_lots_max &&
                       !book_is_notional_too_large(*price_ticks, *quantity_lots);
    return is_in_range                        ? REASON_NONE
           : price_fit == DECIMAL_OFF_UNIT    ? REASON_OFF_TICK
           : quantity_fit == DECIMAL_OFF_UNIT ? REASON_OFF_LOT
                                              : REASON_OUT_OF_RANGE;
}

static void apply_plain(struct book *book, const struct book_input *input, struct book_output *out) {
    const struct command *command = input->command;
    struct book_run *run = &book->run;
    bool is_market = command->order_type == ORDER_MARKET;
    int64_t price_ticks, quantity_lots;
    enum reason reason = read_plain(book, command, &price_ticks, &quantity_lots);
    if (reason == REASON_NONE && input->cancelled_before) reason = REASON_CANCELLED_BEFORE;
    if (reason == REASON_NONE && command->post_only && book_crosses(book, command->side, price_ticks))
        reason = REASON_POST_ONLY;
    if (reason != REASON_NONE) {
        book_reject(book, out, reason);
        return;
    }
    run->slot = 0;
    run->side = command->side;
    run->order_type = command->order_type;
    run->time_in_force = command->time_in_force != TIF_NONE ? command->time_in_force : is_market ? TIF_IOC : TIF_GTC;
    run->post_only = command->post_only;
    run->self_trade = SELF_TRADE_NONE;
    run->is_watched = run->is_ended = false;
    run->price_ticks = price_ticks;
    run->quantity_lots = run->leaves_lots = quantity_lots;
    run->limit_key = is_market ? LADDER_EMPTY - 1 : ladder_key(book_other_side(run->side), price_ticks);
    if (__builtin_expect(book->open_orders >= OPEN_ORDERS_PER_SYMBOL_MAX, 0) && rests(run->time_in_force))
        book_start_scan(book, false);
    else
        start_own(book, out);
}

/* Everything else that is one order. */
static enum reason check_order(const struct book *book, const struct book_input *input, const struct command *command,
    const struct book_terms *terms, uint32_t replaced) {
    if (terms->reason == REASON_NONE && is_due(input, command)) return REASON_OUT_OF_RANGE;
    enum reason reason = check_numbers(book, terms);
    if (reason == REASON_NONE) reason = check_state(book, command, terms->price_ticks);
    if (reason == REASON_NONE && input->cancelled_before) reason = REASON_CANCELLED_BEFORE;
    if (reason == REASON_NONE && command->action == ACTION_REPLACE && !replaced) reason = REASON_UNKNOWN;
    return reason == REASON_NONE ? check_market(book, command, terms, replaced) : reason;
}

static void apply_special(struct book *book, const struct book_input *input, struct book_output *out) {
    const struct command *command = input->command;
    struct book_terms terms = {.slippage_ticks = -1};
    uint32_t replaced = command->action == ACTION_REPLACE ? book_find_replaced(book, command) : 0;
    book_read_terms(book, command, &terms);
    enum reason reason = check_order(book, input, command, &terms, replaced);
    bool is_full = !replaced && book->open_orders >= OPEN_ORDERS_PER_SYMBOL_MAX;
    if (reason == REASON_NONE && is_full && is_stop(command)) reason = REASON_CAPACITY;
    if (reason != REASON_NONE) {
        book_reject(book, out, reason);
        return;
    }
    if (replaced) book_finish(book, out, replaced, EVENT_CANCELLED, REASON_REPLACED, 0);
    load_run(book, command, &terms);
    if (is_full && rests(book->run.time_in_force)) {
        book->run.limit_key = book_limit_key(book);
        book_start_scan(book, false); /* what is filled at once needs no slot */
    } else if (needs_slot(command)) {
        enter(book, out, add_special(book, command, &terms));
    } else {
        book->run.limit_key = book_limit_key(book);
        start_own(book, out);
    }
}

void book_apply_new(struct book *book, const struct book_input *input, struct book_output *out) {
    if (__builtin_expect(is_plain(book, input->command), 1))
        apply_plain(book, input, out);
    else
        apply_special(book, input, out);
}

/* ---- LIST ------------------------------------------------------------------------------------------------- */

/* How many of a list's orders enter with it. */
static uint32_t entering(const struct command *list) {
    return list->contingency == CONTINGENCY_OCO ? list->order_count : 1;
}

/* The least in the order of enum reason, as far as there is one. */
static enum reason lesser(enum reason a, enum reason b) {
    return a == REASON_NONE || (b != REASON_NONE && b < a) ? b : a;
}

static bool is_list_too_many(const struct book *book, const struct command *list) {
    uint32_t trailing = book->specials ? book->specials->trail_count : 0;
    for (uint32_t i = 0; i < entering(list); i++) trailing += list->orders[i].order_type == ORDER_TRAILING_STOP;
    return trailing > TRAILING_STOPS_PER_SYMBOL_MAX ||
           book->open_orders + list->order_count > OPEN_ORDERS_PER_SYMBOL_MAX;
}

/* One order of a list by itself. */
static enum reason check_listed(const struct book *book, const struct book_input *input, const struct command *command,
    const struct book_terms *terms, bool enters) {
    if (!enters) return check_numbers(book, terms);
    if (terms->reason == REASON_NONE && is_due(input, command)) return REASON_OUT_OF_RANGE;
    enum reason reason = check_numbers(book, terms);
    if (reason == REASON_NONE) reason = check_state(book, command, terms->price_ticks);
    return reason == REASON_NONE ? check_market(book, command, terms, 0) : reason;
}

static enum reason check_list(const struct book *book, const struct book_input *input, struct book_terms *terms) {
    const struct command *list = input->command;
    enum reason reason = REASON_NONE;
    for (uint32_t i = 0; i < list->order_count; i++) {
        terms[i] = (struct book_terms){.slippage_ticks = -1};
        book_read_terms(book, &list->orders[i], &terms[i]);
        reason = lesser(reason, check_listed(book, input, &list->orders[i], &terms[i], i < entering(list)));
    }
    if (input->cancelled_before) reason = lesser(reason, REASON_CANCELLED_BEFORE);
    return is_list_too_many(book, list) ? lesser(reason, REASON_CAPACITY) : reason;
}

static uint32_t add_listed(struct book *book, const struct command *command, const struct book_terms *terms) {
    struct book_run *run = &book->run;
    load_run(book, command, terms);
    run->id_hash = rolling_id(command->order_id);
    run->client_hash = id_client_hash(rolling_id(command->user_id), command->client_order_id);
    return add_special(book, command, terms);
}

void book_apply_list(struct book *book, const struct book_input *input, struct book_output *out) {
    const struct command *list = input->command;
    struct book_terms terms[LIST_ORDERS_MAX];
    CHECK(list->order_count >= 2 && list->order_count <= LIST_ORDERS_MAX, "a decoder let a list of this size through");
    enum reason reason = check_list(book, input, terms);
    if (reason != REASON_NONE) {
        book_reject(book, out, reason);
        return;
    }
    uint32_t group = book_add_group(book, list);
    for (uint32_t i = 0; i < list->order_count; i++) {
        uint32_t slot = add_listed(book, &list->orders[i], &terms[i]);
        book_join(book, slot, group, i);
        if (i < entering(list))
            enter(book, out, slot);
        else
            book_wait_for_parent(book, slot);
    }
}
