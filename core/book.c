/* The coordinator: what a record becomes, step by step. */
#include "core/book_inside.h"

void book_init(struct book *book, struct arena *arena, const struct instrument *instrument) {
    *book =
        (struct book){.arena = arena, .orders = arena->orders, .records = arena->records, .instrument = *instrument};
    ladder_init(&book->ladders[SIDE_BUY]);
    ladder_init(&book->ladders[SIDE_SELL]);
    book->slot_count = arena->block_count * ARENA_ORDERS_PER_BLOCK;
    book_set_special(book);
}

void book_use_slots(struct book *book) {
    CHECK(book->fseq == 0, "a book with a past finds its orders another way");
    book->special |= BOOK_BY_SLOT;
}

uint64_t book_request_id(const struct book *book, uint32_t slot) { return road_request_id(book, slot); }

void book_deinit(struct book *book) {
    if (book->first_block) arena_give_blocks(book->arena, book->first_block, book->last_block);
    ladder_clear(&book->ladders[SIDE_BUY], book->arena);
    ladder_clear(&book->ladders[SIDE_SELL], book->arena);
    id_index_clear(&book->ids, book->arena);
    pool_clear(&book->long_texts, book->arena);
    if (book->specials) {
        book_clear_specials(book);
        arena_give_pages(book->arena, BOOK_SPECIALS_SIZE, book->specials_page, book->specials_page);
    }
    *book = (struct book){0};
}

void book_start_in(struct book *book, enum trading_state state) {
    CHECK(book->fseq == 0, "a book with a past starts in another state");
    book_take_specials(book);
    book->state = (uint8_t)state;
    book_set_special(book);
}

bool book_takes_instrument(const struct book *book, const struct instrument *instrument) {
    const struct instrument *now = &book->instrument;
    bool is_same = instrument->tick.mantissa == now->tick.mantissa && instrument->tick.places == now->tick.places &&
                   instrument->lot.mantissa == now->lot.mantissa && instrument->lot.places == now->lot.places;
    return is_same || book->open_orders == 0;
}

enum trading_state book_state(const struct book *book) { return book->state; }

bool book_needs_time(const struct book *book) {
    return book->special & (BOOK_HAS_TIMED | BOOK_IN_AUCTION) || (book->specials && book->specials->timed_children);
}

/* ---- who is meant ----------------------------------------------------------------------------------------- */

static uint32_t find_order(const struct book *book, struct text order_id, struct text user_id) {
    uint32_t slot = id_index_find_order(&book->ids, book->arena, rolling_id(order_id), order_id);
    return slot && order_is_of(book->arena, slot, user_id) ? slot : 0;
}

/* The open order in the slot that was asked for, if it has the id and is the account's. */
static uint32_t find_in_slot(const struct book *book, struct text order_id, struct text user_id) {
    uint32_t slot = book->run.asked_slot;
    if (!slot || slot >= book->slot_count || !book->orders[slot].leaves_lots) return 0;
    bool is_it = book->orders[slot].id_hash == rolling_id(order_id) && order_is_of(book->arena, slot, user_id);
    return is_it ? slot : 0;
}

uint32_t book_find_own(const struct book *book, const struct command *command) {
    if (book_is_by_slot(book)) return find_in_slot(book, command->order_id, command->user_id);
    if (!command->order_id.size)
        return id_index_find_client(
            &book->ids, book->arena, book->run.client_hash, command->user_id, command->client_order_id);
    uint32_t slot = id_index_find_order(&book->ids, book->arena, book->run.id_hash, command->order_id);
    return slot && order_is_of(book->arena, slot, command->user_id) ? slot : 0;
}

uint32_t book_find_replaced(const struct book *book, const struct command *command) {
    uint32_t slot =
        (book_is_by_slot(book) ? find_in_slot : find_order)(book, command->cancel_order_id, command->user_id);
    return slot && !book_is_child(book, slot) ? slot : 0;
}

static bool is_open(const struct book *book, const struct command *command) {
    return command->order_id.size &&
           id_index_find_order(&book->ids, book->arena, rolling_id(command->order_id), command->order_id);
}

/* True if an open order of the account, but for `gone`, has the command's clientOrderId. */
static bool is_client_open(const struct book *book, const struct command *command, uint32_t gone) {
    if (!command->client_order_id.size || !command->user_id.size) return false;
    uint32_t slot = id_index_find_client(&book->ids, book->arena,
        id_client_hash(rolling_id(command->user_id), command->client_order_id), command->user_id,
        command->client_order_id);
    return slot && slot != gone;
}

static bool is_any_listed_open(const struct book *book, const struct command *list) {
    for (uint32_t i = 0; i < list->order_count && i < LIST_ORDERS_MAX && list->orders; i++)
        if (is_open(book, &list->orders[i]) || is_client_open(book, &list->orders[i], 0)) return true;
    return false;
}

/* As book->run has them hashed. */
static inline bool is_own_id_open(const struct book *book, const struct command *command) {
    if (id_index_find_order(&book->ids, book->arena, book->run.id_hash, command->order_id))
        return command->order_id.size;
    return command->client_order_id.size && command->user_id.size &&
           id_index_find_client(
               &book->ids, book->arena, book->run.client_hash, command->user_id, command->client_order_id);
}

/* A command whose own id could not be decoded is not looked at: its fault is the answer. */
static bool is_any_id_open(const struct book *book, const struct command *command) {
    if (!command_own_id(command).size) return false;
    switch (command->action) {
    case ACTION_NEW: return is_own_id_open(book, command);
    case ACTION_REPLACE:
        return is_open(book, command) || is_client_open(book, command, book_find_replaced(book, command));
    case ACTION_LIST: return is_any_listed_open(book, command);
    default: return false;
    }
}

/* ---- commands --------------------------------------------------------------------------------------------- */

/* Looks at what the shard's repeat check found, and at ids that are still open; false if the command is new. */
static bool answer_repeat(struct book *book, const struct book_input *input, struct book_output *out) {
    if (input->verdict == BOOK_REPEAT) {
        book_answer(book, out, (struct book_event){.type = EVENT_DUPLICATE}, book->run.id_hash, 0);
        book->run.phase = BOOK_IDLE;
        return true;
    }
    if (input->verdict == BOOK_FRESH && !is_any_id_open(book, input->command)) return false;
    book_reject(book, out, REASON_DUPLICATE_ID);
    return true;
}

static void apply_cancel(struct book *book, const struct book_input *input, struct book_output *out) {
    uint32_t slot = book_find_own(book, input->command);
    if (!slot) {
        book_reject(book, out, REASON_UNKNOWN);
        return;
    }
    book_finish(book, out, slot, EVENT_CANCELLED, REASON_USER, BOOK_EVENT_BY_COMMAND);
    book->run.phase = BOOK_IDLE;
}

static bool is_cancel(const struct command *command) {
    return command->action == ACTION_CANCEL || command->action == ACTION_CANCEL_ALL;
}

/* What the decoder found, and BLOCKED at its place in between. */
static enum reason find_fault(const struct book_input *input) {
    const struct command *command = input->command;
    if (command->fault != REASON_NONE && command->fault < REASON_BLOCKED) return command->fault;
    return input->blocked && !is_cancel(command) ? REASON_BLOCKED : command->fault;
}

static void hash_ids(struct book_run *run, const struct book_input *input) {
    const struct command *command = input->command;
    run->id_hash = book_id_hash(input);
    if (command->client_order_id.size)
        run->client_hash = id_client_hash(rolling_id(command->user_id), command->client_order_id);
}

static void start_command(struct book *book, const struct book_input *input, struct book_output *out) {
    const struct command *command = input->command;
    hash_ids(&book->run, input);
    if (answer_repeat(book, input, out)) return;
    if (__builtin_expect(command->fault | input->blocked, 0)) {
        enum reason fault = find_fault(input);
        if (fault != REASON_NONE) {
            book_reject(book, out, fault);
            return;
        }
    }
    switch (command->action) {
    case ACTION_NEW:
    case ACTION_REPLACE: book_apply_new(book, input, out); return;
    case ACTION_CANCEL: apply_cancel(book, input, out); return;
    case ACTION_MODIFY: book_apply_modify(book, input, out); return;
    case ACTION_CANCEL_ALL: book_start_cancelling(book, command); return;
    case ACTION_LIST: book_apply_list(book, input, out); return;
    default: book_reject(book, out, REASON_UNSUPPORTED);
    }
}

/* ---- control records -------------------------------------------------------------------------------------- */

static void answer_control(struct book *book, struct book_output *out) {
    book_answer(book, out, (struct book_event){.type = EVENT_CONTROL}, 0, 0);
    book->run.phase = BOOK_IDLE;
}

static void take_instrument(struct book *book, const struct book_input *input) {
    const struct instrument *instrument = input->instrument;
    const struct instrument *now = &book->instrument;
    CHECK(book_takes_instrument(book, instrument), "tick or lot change while orders are open");
    bool is_same = instrument->tick.mantissa == now->tick.mantissa && instrument->tick.places == now->tick.places &&
                   instrument->lot.mantissa == now->lot.mantissa && instrument->lot.places == now->lot.places;
    if (!is_same) {
        book->has_last_price = false;
        book->last_price_ticks = 0;
    }
    book->instrument = *instrument;
    if (book->specials) {
        book->specials->is_priced = false;                                 /* the reference may be another */
        if (book->fseq == 1) book->specials->told_ms = input->log_time_ms; /* it began the auction, if there is one */
    }
    book_set_special(book);
}

static void start_state(struct book *book, const struct book_input *input) {
    book_take_specials(book);
    book->run.is_state_new = book->state != input->state;
    book->state = input->state;
    book_set_special(book);
    book_start_pricing(book);
    book->run.phase = BOOK_ANNOUNCING;
}

/* Trading goes on: the children of parents that filled, and every stop that the last price satisfies. */
static void resume(struct book *book) {
    if (book->has_last_price && book->special & BOOK_HAS_STOPS) book_on_print(book, book->last_price_ticks);
    book->run.phase = BOOK_CAUSING;
}

/* What follows from a state. */
static void follow_state(struct book *book) {
    book->run.phase = BOOK_IDLE;
    if (!book->run.is_state_new) return;
    if (book->state == TRADING_STATE_CLOSED) book_start_cancelling(book, NULL);
    if (book->state != TRADING_STATE_TRADING) return;
    if (book_is_crossed(book)) {
        book_start_pricing(book);
        book->run.phase = BOOK_PRICING;
    } else {
        resume(book);
    }
}

static void start(struct book *book, const struct book_input *input, struct book_output *out) {
    book->run.phase = BOOK_IDLE;
    switch ((enum book_input_kind)input->kind) {
    case BOOK_REQUEST:
    case BOOK_COMMAND: start_command(book, input, out); return;
    case BOOK_TICK: return;
    case BOOK_CONTROL: answer_control(book, out); return;
    case BOOK_STATE:
        answer_control(book, out);
        start_state(book, input);
        return;
    case BOOK_INSTRUMENT: answer_control(book, out); take_instrument(book, input);
    }
}

/* ---- steps ------------------------------------------------------------------------------------------------ */

static bool expire(struct book *book, const struct book_input *input, struct book_output *out) {
    if (!book_expire_due(book, out, input->log_time_ms)) return false;
    book->run.phase = BOOK_STARTING;
    if (!book_is_indication_due(book, input->log_time_ms)) return true;
    book_start_pricing(book);
    book->run.phase = BOOK_INDICATING;
    return true;
}

static bool scan(struct book *book, const struct book_input *input, struct book_output *out) {
    if (!book_has_room(out)) return false;
    if (book->run.slot && out->event_count) return false; /* one such scan a step is enough */
    enum book_scan found = book_scan(book, input->command);
    if (found == BOOK_SCAN_MORE) return false;
    book_end_scan(book, out, input->command, found == BOOK_SCAN_ENOUGH);
    return true;
}

/* A taker is done. */
static void after_taker(struct book *book) {
    book->run.phase = book->special & (BOOK_HAS_STOPS | BOOK_HAS_CAUSED) ? BOOK_CAUSING : BOOK_IDLE;
}

static bool uncross(struct book *book, struct book_output *out) {
    if (!book_uncross(book, out)) return false;
    if (book_is_crossed(book)) {
        book_start_pricing(book);
        book->run.phase = BOOK_PRICING;
    } else {
        resume(book);
    }
    return true;
}

/* Goes on with the phase until it is done, then sets the next; false if that needs another step. */
static bool go_on_with_phase(struct book *book, const struct book_input *input, struct book_output *out) {
    struct book_run *run = &book->run;
    switch ((enum book_phase)run->phase) {
    case BOOK_IDLE: return true;
    case BOOK_EXPIRING: return expire(book, input, out);
    case BOOK_INDICATING:
        if (!book_has_room(out) || !book_indicate(book, out, input->log_time_ms, false)) return false;
        run->phase = BOOK_STARTING;
        return true;
    case BOOK_STARTING:
        if (!book_has_room(out)) return false;
        start(book, input, out);
        return true;
    case BOOK_SCANNING: return scan(book, input, out);
    case BOOK_MATCHING:
        if (!book_match(book, out, input->command)) return false;
        after_taker(book);
        return true;
    case BOOK_CAUSING:
        if (book->specials && !book_collect(book)) return false;
        run->phase = BOOK_QUEUE;
        return true;
    case BOOK_QUEUE:
        if (!book->specials) run->phase = BOOK_IDLE;
        return !book->specials || book_run_queue(book, input, out);
    case BOOK_CANCELLING:
        if (!book_cancel(book, out, input->command)) return false;
        run->phase = BOOK_IDLE;
        return true;
    case BOOK_ANNOUNCING:
        if (!book_has_room(out) || !book_indicate(book, out, input->log_time_ms, true)) return false;
        follow_state(book);
        return true;
    case BOOK_PRICING:
        if (!book_price(book)) return false;
        run->phase = BOOK_UNCROSSING;
        return true;
    case BOOK_UNCROSSING: return uncross(book, out);
    }
    return true;
}

/* In debug builds a book is checked so often that it costs as much as the commands, at every one while it is small. */
static void check_now_and_then(const struct book *book) {
#ifdef SHARDBOOK_BOOK_CHECKED
    const struct ladder *bids = &book->ladders[SIDE_BUY], *asks = &book->ladders[SIDE_SELL];
    uint64_t cost = book->open_orders + (bids->size + asks->size) / 64;
    if (book->fseq % (1 + cost / 64) == 0) book_check(book);
#else
    (void)book;
#endif
}

static enum book_progress go_on(struct book *book, const struct book_input *input, struct book_output *out) {
    enum book_progress progress = BOOK_DONE;
    while (book->run.phase != BOOK_IDLE && progress == BOOK_DONE)
        if (!go_on_with_phase(book, input, out)) progress = BOOK_MORE;
    check_now_and_then(book);
    return progress;
}

static void start_with_specials(struct book *book) {
    book->specials->trail_visits = 0;
    book->run.phase = BOOK_EXPIRING;
}

static enum book_progress apply(struct book *book, const struct book_input *input, struct book_output *out) {
    if (book->special & (BOOK_HAS_TIMED | BOOK_IN_AUCTION | BOOK_HAS_STOPS))
        start_with_specials(book);
    else
        start(book, input, out);
    return go_on(book, input, out);
}

/* A request on the general road: the same as a command. */
static enum book_progress as_command(struct book *book, const struct book_input *request, struct book_output *out,
    enum book_progress (*road)(struct book *book, const struct book_input *input, struct book_output *out)) {
    struct command command;
    struct book_input input = *request;
    request_to_command(request->request, &command);
    input.kind = BOOK_COMMAND;
    input.command = &command;
    input.ids = NULL;
    book->run.asked_slot = request->request->slot;
    return road(book, &input, out);
}

enum book_progress book_general_road(
    struct book *book, const struct book_input *input, struct book_output *out, bool is_begun) {
    book->run.src_offset = input->src_offset;
    if (input->kind == BOOK_REQUEST) return as_command(book, input, out, is_begun ? go_on : apply);
    return is_begun ? go_on(book, input, out) : apply(book, input, out);
}

/* What only some books look out for keeps a command off the short road; icebergs are met at their levels. */
static bool is_plain(const struct book *book) { return !(book->special & ~(uint32_t)BOOK_HAS_ICEBERGS); }

/* The short road does not look at what the shard found. */
static bool is_unjudged(const struct book_input *input) {
    return !input->verdict && !input->cancelled_before && !input->blocked;
}

enum book_progress book_apply_generally(struct book *book, const struct book_input *input, struct book_output *out) {
    if (book->special & BOOK_HAS_WASTE) {
        book_recycle(book, true);
        return book_apply(book, input, out);
    }
    return book_general_road(book, input, out, false);
}

/* What the short road for commands does not take. */
__attribute__((noinline)) static enum book_progress apply_other(
    struct book *book, const struct book_input *input, struct book_output *out) {
    CHECK(book->run.phase == BOOK_IDLE, "a record was started in the middle of another");
    if (input->kind == BOOK_REQUEST && road_is_open(book) && is_unjudged(input))
        return book_apply_request(book, input, out);
    return book_apply_generally(book, input, out);
}

enum book_progress book_apply(struct book *book, const struct book_input *input, struct book_output *out) {
    if (input->kind == BOOK_COMMAND && is_unjudged(input) && is_plain(book) && book->run.phase == BOOK_IDLE)
        return book_apply_command(book, input, out);
    return apply_other(book, input, out);
}

enum book_progress book_step(struct book *book, const struct book_input *input, struct book_output *out) {
    CHECK(book->run.phase != BOOK_IDLE, "a step without a command that has more to answer");
    book_recycle(book, false);
    return input->kind == BOOK_REQUEST ? as_command(book, input, out, go_on) : go_on(book, input, out);
}
