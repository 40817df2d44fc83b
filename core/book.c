/* The coordinator: which checks a command passes, in their order, and what it becomes. */
#include "core/book_inside.h"

void book_init(struct book *book, struct arena *arena, const struct instrument *instrument) {
    *book =
        (struct book){.arena = arena, .orders = arena->orders, .records = arena->records, .instrument = *instrument};
    ladder_init(&book->ladders[SIDE_BUY]);
    ladder_init(&book->ladders[SIDE_SELL]);
}

void book_deinit(struct book *book) {
    if (book->first_block) arena_give_blocks(book->arena, book->first_block, book->last_block);
    ladder_clear(&book->ladders[SIDE_BUY], book->arena);
    ladder_clear(&book->ladders[SIDE_SELL], book->arena);
    id_index_clear(&book->ids, book->arena);
    pool_clear(&book->long_texts, book->arena);
    *book = (struct book){0};
}

static enum book_progress reject(struct book *book, struct book_output *out, enum reason reason) {
    book_answer(
        book, out, (struct book_event){.type = EVENT_REJECTED, .reason = (uint8_t)reason}, book->run.id_hash, 0);
    return BOOK_DONE;
}

static bool is_client_open(const struct book *book, const struct command *command) {
    return command->client_order_id.size && command->user_id.size &&
           id_index_find_client(
               &book->ids, book->arena, book->run.client_hash, command->user_id, command->client_order_id);
}

/* Looks at what the shard's repeat check found, and at ids that are still open; 0 if the command is new. */
static enum event_type find_repeat(const struct book *book, const struct book_input *input) {
    const struct command *command = input->command;
    const enum event_type verdict = input->verdict == BOOK_FRESH    ? 0
                                    : input->verdict == BOOK_REPEAT ? EVENT_DUPLICATE
                                                                    : EVENT_REJECTED;
    if (verdict) return verdict;
    bool names_order = command->order_id.size && (command->action == ACTION_NEW || command->action == ACTION_REPLACE);
    if (names_order && id_index_find_order(&book->ids, book->arena, book->run.id_hash, command->order_id))
        return EVENT_REJECTED;
    return names_order && is_client_open(book, command) ? EVENT_REJECTED : 0;
}

static enum book_progress answer_repeat(struct book *book, struct book_output *out, enum event_type type) {
    if (type == EVENT_REJECTED) return reject(book, out, REASON_DUPLICATE_ID);
    book_answer(book, out, (struct book_event){.type = EVENT_DUPLICATE}, book->run.id_hash, 0);
    return BOOK_DONE;
}

/* The price and quantity of a command in ticks and lots; what it does not give stays as it was. */
struct values {
    int64_t price_ticks, quantity_lots;
    enum reason reason; /* the first of OFF_TICK, OFF_LOT and OUT_OF_RANGE that applies, else NONE */
};

static bool is_notional_too_large(int64_t price_ticks, int64_t quantity_lots) {
    return (unsigned __int128)price_ticks * (unsigned __int128)quantity_lots > (unsigned __int128)1 << 63;
}

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

/* Price and quantity where they are given. */
static inline struct values read_values(
    const struct book *book, const struct command *command, bool has_price, bool has_quantity, struct values values) {
    const struct instrument *instrument = &book->instrument;
    enum decimal_fit price_fit = DECIMAL_FITS, quantity_fit = DECIMAL_FITS;
    if (has_price) price_fit = read_units(&command->price, instrument->tick, &values.price_ticks);
    if (has_quantity) quantity_fit = read_units(&command->quantity, instrument->lot, &values.quantity_lots);
    bool is_in_range = (price_fit | quantity_fit) == DECIMAL_FITS &&
                       (!has_price || (values.price_ticks >= instrument->price_ticks_min &&
                                          values.price_ticks <= instrument->price_ticks_max)) &&
                       (!has_quantity || (values.quantity_lots >= instrument->quantity_lots_min &&
                                             values.quantity_lots <= instrument->quantity_lots_max));
    values.reason = is_in_range                        ? REASON_NONE
                    : price_fit == DECIMAL_OFF_UNIT    ? REASON_OFF_TICK
                    : quantity_fit == DECIMAL_OFF_UNIT ? REASON_OFF_LOT
                                                       : REASON_OUT_OF_RANGE;
    return values;
}

/* The worst key of the other side that the taker of book->run may trade at. */
static uint64_t limit_key(const struct book_run *run) {
    if (run->order_type == ORDER_MARKET) return LADDER_EMPTY - 1;
    return ladder_key(run->side == SIDE_BUY ? SIDE_SELL : SIDE_BUY, run->price_ticks);
}

static void start_scan(struct book *book, bool is_accepted) {
    book->run.is_accepted = is_accepted;
    book->run.scan_lots = 0;
    book->run.scan_key = book->ladders[book->run.side == SIDE_BUY ? SIDE_SELL : SIDE_BUY].best;
    book->run.phase = BOOK_SCANNING;
}

static void accept(struct book *book, struct book_output *out) {
    const struct book_run *run = &book->run;
    book_answer(book, out,
        (struct book_event){.type = EVENT_ACCEPTED,
            .price_ticks = run->price_ticks,
            .quantity_lots = run->quantity_lots,
            .leaves_lots = run->quantity_lots},
        run->id_hash, 0);
}

static enum book_progress go_on(struct book *book, const struct book_input *input, struct book_output *out);

static void read_new(struct book_run *run, const struct command *command, int64_t price_ticks, int64_t quantity_lots) {
    bool is_market = command->order_type == ORDER_MARKET;
    run->slot = 0;
    run->side = command->side;
    run->order_type = command->order_type;
    run->time_in_force = command->time_in_force != TIF_NONE ? command->time_in_force : is_market ? TIF_IOC : TIF_GTC;
    run->post_only = command->post_only;
    run->price_ticks = price_ticks;
    run->quantity_lots = run->leaves_lots = quantity_lots;
    run->limit_key = limit_key(run);
}

static enum book_progress apply_new(struct book *book, const struct book_input *input, struct book_output *out) {
    const struct command *command = input->command;
    struct book_run *run = &book->run;
    struct values values = read_values(book, command, command->order_type != ORDER_MARKET, true, (struct values){0});
    if (values.reason == REASON_NONE && is_notional_too_large(values.price_ticks, values.quantity_lots))
        values.reason = REASON_OUT_OF_RANGE;
    if (values.reason != REASON_NONE) return reject(book, out, values.reason);
    if (input->cancelled_before) return reject(book, out, REASON_CANCELLED_BEFORE);
    read_new(run, command, values.price_ticks, values.quantity_lots);
    if (run->post_only && book_crosses(book, run->side, run->price_ticks)) return reject(book, out, REASON_POST_ONLY);
    if (run->time_in_force == TIF_GTC && book->open_orders >= OPEN_ORDERS_PER_SYMBOL_MAX) {
        start_scan(book, false);
        return go_on(book, input, out);
    }
    accept(book, out);
    run->phase = BOOK_MATCHING;
    if (__builtin_expect(run->time_in_force == TIF_FOK, 0)) start_scan(book, true);
    return go_on(book, input, out);
}

/* The open order of the command's account that a cancel or modify means; 0 if there is none. */
static uint32_t find_own_order(const struct book *book, const struct command *command) {
    if (!command->order_id.size)
        return id_index_find_client(
            &book->ids, book->arena, book->run.client_hash, command->user_id, command->client_order_id);
    uint32_t slot = id_index_find_order(&book->ids, book->arena, book->run.id_hash, command->order_id);
    return slot && order_is_of(book->arena, slot, command->user_id) ? slot : 0;
}

static enum book_progress end_by_command(
    struct book *book, struct book_output *out, uint32_t slot, enum reason reason) {
    book_unlink(book, out, slot);
    book_answer(book, out,
        (struct book_event){.type = EVENT_CANCELLED,
            .reason = (uint8_t)reason,
            .flags = BOOK_EVENT_BY_COMMAND,
            .order_slot = slot,
            .leaves_lots = (int64_t)book->orders[slot].leaves_lots},
        book->orders[slot].id_hash, 0);
    book_end_order(book, slot);
    return BOOK_DONE;
}

static enum book_progress apply_cancel(struct book *book, const struct book_input *input, struct book_output *out) {
    uint32_t slot = find_own_order(book, input->command);
    return slot ? end_by_command(book, out, slot, REASON_USER) : reject(book, out, REASON_UNKNOWN);
}

static void answer_modified(struct book *book, struct book_output *out, uint32_t slot, const struct values *values,
    int64_t leaves_lots, bool kept_priority) {
    book_answer(book, out,
        (struct book_event){.type = EVENT_MODIFIED,
            .flags = BOOK_EVENT_BY_COMMAND | (kept_priority ? BOOK_EVENT_KEPT_PRIORITY : 0),
            .order_slot = slot,
            .price_ticks = values->price_ticks,
            .quantity_lots = values->quantity_lots,
            .leaves_lots = leaves_lots},
        book->orders[slot].id_hash, 0);
}

/* The same price and not more than before: the order stays where it is. */
static enum book_progress modify_in_place(
    struct book *book, struct book_output *out, uint32_t slot, const struct values *values, int64_t leaves_lots) {
    struct order *order = &book->orders[slot];
    enum side side = order->side;
    int64_t less = (int64_t)order->leaves_lots - leaves_lots;
    book->records[slot].quantity_lots = (uint64_t)values->quantity_lots;
    order->leaves_lots = (uint64_t)leaves_lots;
    if (less) {
        struct level *level = ladder_get(&book->ladders[side], book->arena, ladder_key(side, values->price_ticks));
        level->total_lots -= less;
        book_note_level(out, side, values->price_ticks, level->total_lots);
    }
    answer_modified(book, out, slot, values, leaves_lots, true);
    return BOOK_DONE;
}

/* Takes the order out and lets it come in again as a taker. */
static enum book_progress modify_and_match(struct book *book, const struct book_input *input, struct book_output *out,
    uint32_t slot, const struct values *values, int64_t leaves_lots) {
    struct book_run *run = &book->run;
    struct order *order = &book->orders[slot];
    book_unlink(book, out, slot);
    book->records[slot].quantity_lots = (uint64_t)values->quantity_lots;
    order->leaves_lots = (uint64_t)leaves_lots;
    order->price_ticks = (uint64_t)values->price_ticks;
    answer_modified(book, out, slot, values, leaves_lots, false);
    run->slot = slot;
    run->side = order->side;
    run->order_type = ORDER_LIMIT;
    run->time_in_force = order->time_in_force;
    run->id_hash = order->id_hash;
    run->price_ticks = values->price_ticks;
    run->quantity_lots = values->quantity_lots;
    run->leaves_lots = leaves_lots;
    run->limit_key = limit_key(run);
    run->phase = BOOK_MATCHING;
    return go_on(book, input, out);
}

static enum book_progress apply_modify(struct book *book, const struct book_input *input, struct book_output *out) {
    const struct command *command = input->command;
    uint32_t slot = find_own_order(book, command);
    const struct order *order = &book->orders[slot];
    struct values old = {0};
    if (slot)
        old = (struct values){(int64_t)order->price_ticks, (int64_t)book->records[slot].quantity_lots, REASON_NONE};
    struct values new = read_values(
        book, command, command->price.state != DECIMAL_ABSENT, command->quantity.state != DECIMAL_ABSENT, old);
    if (new.reason != REASON_NONE) return reject(book, out, new.reason);
    if (!slot) return reject(book, out, REASON_UNKNOWN);
    int64_t leaves_lots = new.quantity_lots - (old.quantity_lots - (int64_t)order->leaves_lots);
    if (leaves_lots <= 0) return end_by_command(book, out, slot, REASON_REDUCED);
    if (is_notional_too_large(new.price_ticks, new.quantity_lots)) return reject(book, out, REASON_OUT_OF_RANGE);
    if (new.price_ticks == old.price_ticks &&new.quantity_lots <= old.quantity_lots)
        return modify_in_place(book, out, slot, &new, leaves_lots);
    if (order->post_only && book_crosses(book, order->side, new.price_ticks))
        return reject(book, out, REASON_POST_ONLY);
    return modify_and_match(book, input, out, slot, &new, leaves_lots);
}

static enum book_progress apply_cancel_all(struct book *book, const struct book_input *input, struct book_output *out) {
    struct book_run *run = &book->run;
    enum side side = input->command->side;
    run->cancel_side = side == SIDE_NONE ? SIDE_BUY : side;
    run->cancel_last_side = side == SIDE_NONE ? SIDE_SELL : side;
    run->user_hash = rolling_id(input->command->user_id);
    run->cancel_slot = 0;
    run->cancel_count = 0;
    run->scan_key = book->ladders[run->cancel_side].best;
    run->phase = BOOK_CANCELLING;
    return go_on(book, input, out);
}

static void end_scan(struct book *book, struct book_output *out, bool is_enough) {
    struct book_run *run = &book->run;
    run->phase = is_enough ? BOOK_MATCHING : BOOK_IDLE;
    if (!run->is_accepted && is_enough)
        accept(book, out);
    else if (!run->is_accepted)
        reject(book, out, REASON_CAPACITY);
    else if (!is_enough)
        book_answer(book, out,
            (struct book_event){.type = EVENT_EXPIRED, .reason = REASON_FOK, .leaves_lots = run->leaves_lots},
            run->id_hash, 0);
}

static enum book_progress go_on(struct book *book, const struct book_input *input, struct book_output *out) {
    struct book_run *run = &book->run;
    if (run->phase == BOOK_SCANNING) {
        enum book_scan scan = book_scan(book);
        if (scan == BOOK_SCAN_MORE) return BOOK_MORE;
        end_scan(book, out, scan == BOOK_SCAN_ENOUGH);
    }
    if (run->phase == BOOK_MATCHING && !book_match(book, out, input->command)) return BOOK_MORE;
    if (run->phase == BOOK_CANCELLING && !book_cancel_all(book, out, input->command)) return BOOK_MORE;
    run->phase = BOOK_IDLE;
    return BOOK_DONE;
}

static void hash_ids(struct book_run *run, const struct command *command) {
    run->id_hash = rolling_id(command->order_id);
    if (command->client_order_id.size)
        run->client_hash = id_client_hash(rolling_id(command->user_id), command->client_order_id);
}

enum book_progress book_apply(struct book *book, const struct book_input *input, struct book_output *out) {
    CHECK(book->run.phase == BOOK_IDLE, "a command was started in the middle of another");
    const struct command *command = input->command;
    book_recycle(book, true);
    book->run.src_offset = input->src_offset;
    if (input->kind == BOOK_TICK) return BOOK_DONE;
    if (input->kind != BOOK_COMMAND) {
        book_answer(book, out, (struct book_event){.type = EVENT_CONTROL}, 0, 0);
        return BOOK_DONE;
    }
    hash_ids(&book->run, command);
    enum event_type repeat = find_repeat(book, input);
    if (repeat) return answer_repeat(book, out, repeat);
    if (command->fault != REASON_NONE) return reject(book, out, command->fault);
    switch (command->action) {
    case ACTION_NEW: return apply_new(book, input, out);
    case ACTION_CANCEL: return apply_cancel(book, input, out);
    case ACTION_MODIFY: return apply_modify(book, input, out);
    case ACTION_CANCEL_ALL: return apply_cancel_all(book, input, out);
    default: return reject(book, out, REASON_UNSUPPORTED);
    }
}

enum book_progress book_step(struct book *book, const struct book_input *input, struct book_output *out) {
    CHECK(book->run.phase != BOOK_IDLE, "a step without a command that has more to answer");
    book_recycle(book, false);
    return go_on(book, input, out);
}

void book_start_in(struct book *book, enum trading_state state) {
    CHECK(book->fseq == 0, "a book with a past starts in another state");
    (void)state;
}

bool book_takes_instrument(const struct book *book, const struct instrument *instrument) {
    (void)instrument;
    return book->open_orders == 0;
}

enum trading_state book_state(const struct book *book) {
    (void)book;
    return TRADING_STATE_TRADING;
}

bool book_needs_time(const struct book *book) {
    (void)book;
    return false;
}
