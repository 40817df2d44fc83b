#include "shards/partition.h"

#include "core/check.h"
#include "core/partition.h"
#include "shards/broadcast_ring.h"
#include "shards/repeats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- symbols --------------------------------------------------------------------------------------------- */

static struct symbol *make_symbol(struct partition *partition, struct text name) {
    struct symbol *symbol = aligned_alloc(64, (sizeof *symbol + 63) & ~(size_t)63);
    CHECK(symbol, "no memory for another symbol");
    memset(symbol, 0, sizeof *symbol);
    symbol->name = name_of(name);
    symbol->partition = partition->number;
    symbol->placed_on = partition->worker;
    atomic_init(&symbol->holder, partition->worker);
    symbol->after_worker = RING_NO_WORKER;
    const struct published_symbol *published = published_find(partition->settings.published, name);
    if (published) {
        symbol->published_fseq = published->fseq;
        symbol->published_hash = published->hash;
    }
    struct instrument instrument = instrument_default();
    book_init(&symbol->book, partition->settings.arena, &instrument);
    return symbol;
}

static void free_symbol(struct symbol *symbol) {
    book_deinit(&symbol->book);
    id_window_deinit(&symbol->tombstones);
    watermarks_deinit(&symbol->watermarks);
    free(symbol);
}

static struct symbol *find_symbol(const struct partition *partition, struct text name) {
    return name_table_find(&partition->table, name);
}

static void *grow_pointers(void *pointers, uint32_t *room) {
    *room = *room ? 2 * *room : 64;
    void *wider = realloc(pointers, *room * sizeof(void *));
    CHECK(wider, "no memory for another symbol");
    return wider;
}

/* Why a name that is no symbol here cannot become one; NONE: it can. */
static enum reason refuse_listing(const struct partition *partition, bool by_instrument) {
    if (partition->listing == LISTING_CLOSED && !by_instrument) return REASON_UNKNOWN_SYMBOL;
    return partition->symbol_count >= partition->symbols_max ? REASON_CAPACITY : REASON_NONE;
}

static struct symbol *list_symbol(struct partition *partition, struct text name) {
    if (partition->symbol_count == partition->symbol_room)
        partition->symbols = grow_pointers(partition->symbols, &partition->symbol_room);
    struct symbol *symbol = make_symbol(partition, name);
    struct watermarks *known = name_table_find(&partition->strangers, name);
    if (known) {
        symbol->watermarks = *known;
        *known = (struct watermarks){0};
    }
    CHECK(name_table_add(&partition->table, name, symbol) == STATUS_OK, "no memory for another symbol");
    partition->symbols[partition->symbol_count++] = symbol;
    counter_add(&partition->counters->symbols, 1);
    return symbol;
}

/* NULL: it is not there and cannot be listed, *why. */
static struct symbol *find_or_list_symbol(
    struct partition *partition, struct text name, bool by_instrument, enum reason *why) {
    struct symbol *symbol = find_symbol(partition, name);
    *why = symbol ? REASON_NONE : refuse_listing(partition, by_instrument);
    return symbol || *why != REASON_NONE ? symbol : list_symbol(partition, name);
}

/* ---- time ------------------------------------------------------------------------------------------------ */

static void say_timed(struct partition *partition) {
    atomic_store_explicit(&partition->pace.timed_symbols, partition->timed_count, memory_order_relaxed);
}

/* The record at `offset` may leave the symbol in need of time: from now on it gets each TICK, until its book says that
 * it needs none. */
static void note_timed(struct partition *partition, struct symbol *symbol, int64_t offset) {
    symbol->timed_at = offset;
    if (symbol->is_timed) return;
    if (partition->timed_count == partition->timed_room)
        partition->timed = grow_pointers(partition->timed, &partition->timed_room);
    partition->timed[partition->timed_count++] = symbol;
    symbol->is_timed = true;
    say_timed(partition);
}

static bool is_timeless(const struct symbol *symbol) {
    return atomic_load_explicit(&symbol->timeless_at, memory_order_relaxed) > symbol->timed_at;
}

/* Symbols whose books said that they need no time get no more TICKs. */
static void forget_timeless(struct partition *partition) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < partition->timed_count; i++) {
        struct symbol *symbol = partition->timed[i];
        symbol->is_timed = !is_timeless(symbol);
        if (symbol->is_timed) partition->timed[kept++] = symbol;
    }
    partition->timed_count = kept;
    say_timed(partition);
}

static bool is_good_till_date(const struct command *command) {
    if (command->time_in_force == TIF_GTD) return true;
    uint32_t decoded = command->order_count < LIST_ORDERS_MAX ? command->order_count : LIST_ORDERS_MAX;
    for (uint32_t i = 0; command->orders && i < decoded; i++)
        if (command->orders[i].time_in_force == TIF_GTD) return true;
    return false;
}

int partition_init(struct partition *partition, int32_t number, int worker, const struct partition_settings *settings,
    const struct partition_doors *doors) {
    *partition = (struct partition){.number = number,
        .worker = worker,
        .log_time_ms = INT64_MIN,
        .settings = *settings,
        .doors = *doors,
        .marked_offset = -1,
        .symbols_max = SYMBOLS_PER_PARTITION_MAX};
    char name[8];
    snprintf(name, sizeof name, "#%" PRId32, number);
    partition->pseudo = make_symbol(partition, text_of(name));
    return STATUS_OK;
}

static void free_strangers(struct partition *partition) {
    for (uint32_t i = 0; i < partition->strangers.capacity; i++) {
        if (!partition->strangers.slots[i].value) continue;
        watermarks_deinit(partition->strangers.slots[i].value);
        free(partition->strangers.slots[i].value);
    }
    name_table_deinit(&partition->strangers);
}

void partition_deinit(struct partition *partition) {
    for (uint32_t i = 0; i < partition->symbol_count; i++) free_symbol(partition->symbols[i]);
    if (partition->pseudo) free_symbol(partition->pseudo);
    free(partition->symbols);
    free(partition->timed);
    name_table_deinit(&partition->table);
    free_strangers(partition);
    account_set_deinit(&partition->blocked);
    id_window_deinit(&partition->repeats);
}

/* ---- commands -------------------------------------------------------------------------------------------- */

static bool has_own_command_id(const struct command *command) {
    return command->action == ACTION_CANCEL || command->action == ACTION_MODIFY || command->action == ACTION_CANCEL_ALL;
}

/* A stranger's cancel without an id of its own is named after its place in the log. */
static void name_command(struct partition *partition, struct command *command, int64_t offset) {
    if (!has_own_command_id(command) || (command->present & UINT64_C(1) << FIELD_COMMAND_ID) ||
        command->fault == REASON_MALFORMED)
        return;
    if (command->fault == REASON_BAD_FIELD && command->fault_field == FIELD_ACTION) return;
    int size =
        snprintf(partition->made_id, sizeof partition->made_id, "%" PRId32 "-%" PRId64, partition->number, offset);
    command->command_id = (struct text){partition->made_id, (uint32_t)size};
}

static bool is_undecodable(const struct command *command) {
    return command->fault == REASON_MALFORMED || command->fault == REASON_MISSING_FIELD ||
           command->fault == REASON_BAD_FIELD;
}

static struct delivery delivery_of(
    const struct partition *partition, enum delivery_kind kind, struct symbol *symbol, int64_t offset) {
    return (struct delivery){.kind = (uint8_t)kind,
        .symbol = symbol,
        .partition = partition->number,
        .offset = offset,
        .log_time_ms = partition->log_time_ms,
        .hand_to = HAND_TO_NOBODY};
}

/* Who is blocked may still cancel. */
static bool is_blocked(const struct partition *partition, const struct command *command) {
    bool is_barred = command->action == ACTION_NEW || command->action == ACTION_MODIFY ||
                     command->action == ACTION_REPLACE || command->action == ACTION_LIST;
    return partition->blocked.count && is_barred && account_set_has(&partition->blocked, command->user_id);
}

static void deliver_command(
    struct partition *partition, struct symbol *symbol, const struct log_record *record, const struct repeat *repeat) {
    struct delivery *delivery = &partition->delivery; /* what only other kinds have stays empty in it */
    delivery->kind = DELIVERY_COMMAND;
    delivery->verdict = repeat->verdict;
    delivery->blocked = symbol != partition->pseudo && is_blocked(partition, &delivery->command);
    delivery->symbol = symbol;
    delivery->partition = partition->number;
    delivery->offset = record->offset;
    delivery->log_time_ms = partition->log_time_ms;
    delivery->original_order_id = repeat->verdict == BOOK_REPEAT ? repeat->original_order_id : TEXT_NONE;
    delivery->hand_to = HAND_TO_NOBODY;
    partition->doors.deliver(partition->doors.context, delivery);
}

static void answer_in_pseudo(struct partition *partition, const struct log_record *record) {
    struct command *command = &partition->delivery.command;
    name_command(partition, command, record->offset);
    partition->delivery.ids = command_ids_of(command);
    const struct repeat fresh = {.verdict = BOOK_FRESH};
    deliver_command(partition, partition->pseudo, record, &fresh);
}

/* Where the watermarks of a name that is no symbol are; NULL: there are as many of those as there may be. */
static struct watermarks *find_or_add_stranger(struct partition *partition, struct text name) {
    struct watermarks *watermarks = name_table_find(&partition->strangers, name);
    if (watermarks || partition->strangers.count == STRANGERS_MAX) return watermarks;
    watermarks = calloc(1, sizeof *watermarks);
    CHECK(watermarks && name_table_add(&partition->strangers, name, watermarks) == STATUS_OK,
        "no memory for a watermark");
    return watermarks;
}

static void set_watermark(
    struct partition *partition, struct symbol *symbol, struct text name, const struct source_position *source) {
    struct watermarks *watermarks = symbol ? &symbol->watermarks : find_or_add_stranger(partition, name);
    if (watermarks) CHECK(watermarks_set(watermarks, source) == STATUS_OK, "no memory for a watermark");
}

/* A full partition answers CAPACITY to everything; a closed one leaves the decoder's own faults. */
static void take_unlisted(struct partition *partition, const struct log_record *record,
    const struct source_position *source, enum reason why) {
    if (source) set_watermark(partition, NULL, partition->delivery.command.symbol, source);
    if (why == REASON_CAPACITY || !is_undecodable(&partition->delivery.command))
        partition->delivery.command.fault = (uint8_t)why;
    answer_in_pseudo(partition, record);
}

/* What the symbol's book will read at random is on its way while the command is judged. */
static void prefetch_book(const struct partition *partition, const struct symbol *symbol, const struct delivery *next) {
    if (!symbol_is_held_by(symbol, partition->worker)) return;
    tombstones_prefetch(&symbol->tombstones, &next->command, &next->ids);
    id_index_prefetch(&symbol->book.ids, partition->settings.arena, next->ids.order_id);
}

/* The symbol, NULL if it is none yet, is at home here: judge the command and send it to its book. */
static void take_own(struct partition *partition, struct symbol *symbol, const struct log_record *record,
    const struct source_position *source) {
    struct command *command = &partition->delivery.command;
    enum reason why;
    if (!symbol) symbol = find_or_list_symbol(partition, command->symbol, false, &why);
    if (!symbol) {
        take_unlisted(partition, record, source, why);
        return;
    }
    if (source) set_watermark(partition, symbol, command->symbol, source);
    struct log_position position = {.offset = record->offset, .log_time_ms = partition->log_time_ms};
    if (source)
        position.origin =
            (uint64_t)(source_index(source->topic, source->partition) + 1) << 56 | (uint64_t)source->offset;
    struct command_ids *ids = &partition->delivery.ids;
    *ids = command_ids_of(command);
    prefetch_book(partition, symbol, &partition->delivery);
    struct repeat repeat;
    CHECK(repeats_check(&partition->repeats, command, ids, position, &repeat) == STATUS_OK,
        "no memory for the repeat window");
    name_command(partition, command, record->offset);
    if (is_good_till_date(command)) note_timed(partition, symbol, record->offset);
    deliver_command(partition, symbol, record, &repeat);
}

static void take_command(struct partition *partition, const struct log_record *record) {
    struct command *command = &partition->delivery.command;
    struct symbol *symbol = find_symbol(partition, command->symbol); /* only names at home here are */
    if (text_is_absent(command->symbol)) {
        partition->doors.dead_letter(partition->doors.context, record, command->fault);
        answer_in_pseudo(partition, record);
    } else if (!symbol && home_partition(command->symbol) != partition->number) {
        counter_add(&partition->counters->misdirected, 1);
        partition->doors.misdirected(partition->doors.context, partition->number, record->offset);
    } else {
        if (is_undecodable(command)) partition->doors.dead_letter(partition->doors.context, record, command->fault);
        take_own(partition, symbol, record, NULL);
    }
}

/* ---- re-injected records --------------------------------------------------------------------------------- */

/* A name whose watermark is not kept: what comes of it is answered without one. */
static bool is_beyond_count(const struct partition *partition) {
    return partition->strangers.count == STRANGERS_MAX && refuse_listing(partition, false) != REASON_NONE;
}

/* True if the copy follows what was applied from its source; else it is counted and, for a gap, its sender told. */
static bool follows_watermark(struct partition *partition, struct text name, const struct source_position *source) {
    static const struct watermarks none = {0};
    const struct symbol *symbol = find_symbol(partition, name);
    const struct watermarks *known = symbol ? &symbol->watermarks : name_table_find(&partition->strangers, name);
    const struct watermarks *watermarks = known ? known : &none;
    if (!known && is_beyond_count(partition)) return true;
    enum watermark_verdict verdict = watermarks_check(watermarks, source);
    if (verdict == WATERMARK_REPEAT) counter_add(&partition->counters->dropped_repeat, 1);
    if (verdict == WATERMARK_GAP) {
        counter_add(&partition->counters->dropped_gap, 1);
        partition->doors.gap(partition->doors.context, name, source,
            watermarks_get(watermarks, source_index(source->topic, source->partition)));
    }
    return verdict == WATERMARK_FOLLOWS;
}

static void take_void(
    struct partition *partition, const struct log_record *record, const struct source_position *source) {
    counter_add(&partition->counters->voids, 1);
    struct text name = record->key;
    if (!symbol_is_valid(name) || home_partition(name) != partition->number ||
        !follows_watermark(partition, name, source))
        return;
    enum reason why;
    set_watermark(partition, find_or_list_symbol(partition, name, false, &why), name, source);
}

static void take_copy(
    struct partition *partition, const struct log_record *record, const struct source_position *source) {
    struct command *command = &partition->delivery.command;
    if (text_is_absent(command->symbol) || home_partition(command->symbol) != partition->number) {
        take_command(partition, record); /* a forged mark, or a copy gone astray: like any other record */
        return;
    }
    if (!follows_watermark(partition, command->symbol, source)) return;
    if (is_undecodable(command)) partition->doors.dead_letter(partition->doors.context, record, command->fault);
    take_own(partition, NULL, record, source);
}

/* ---- control records ------------------------------------------------------------------------------------- */

/* How a control record was decided, and what its symbol's book is to make of it. */
struct decision {
    struct text result;
    uint8_t input; /* enum book_input_kind */
    int hand_to;
};

static struct decision decided(struct text result) {
    return (struct decision){.result = result, .input = BOOK_CONTROL, .hand_to = HAND_TO_NOBODY};
}

static struct decision refused(enum reason reason) { return decided(reason_name(reason)); }

static struct decision accepted(enum book_input_kind input) {
    return (struct decision){.result = TEXT("ACCEPTED"), .input = (uint8_t)input, .hand_to = HAND_TO_NOBODY};
}

static void deliver_control(struct partition *partition, struct symbol *symbol, const struct log_record *record,
    const struct control *control, const struct decision *decision) {
    struct delivery delivery = delivery_of(partition, DELIVERY_CONTROL, symbol, record->offset);
    delivery.input = decision->input;
    delivery.state = control->state;
    delivery.instrument = decision->input == BOOK_INSTRUMENT ? &control->instrument : NULL;
    delivery.control_kind = control_kind_name(control->kind);
    delivery.control_result = decision->result;
    delivery.control_fields = control->fields;
    delivery.sets_own = control->kind == CONTROL_CUT && text_equal(decision->result, TEXT("ACCEPTED"));
    delivery.hand_to = decision->hand_to;
    partition->doors.deliver(partition->doors.context, &delivery);
    if (decision->hand_to != HAND_TO_NOBODY) symbol->placed_on = decision->hand_to;
}

static struct decision decide_move(
    const struct partition *partition, struct symbol *symbol, const struct control *control) {
    bool begins = control->kind == CONTROL_BEGIN;
    if (begins && control->mode != MOVE_DIRECT) return refused(REASON_UNSUPPORTED);
    enum move_result result = begins ? move_begin(&symbol->move, control->epoch, control->mid, control->worker)
                                     : move_end(&symbol->move, control->epoch, control->mid);
    struct decision decision = decided(move_result_name(result));
    if (control->kind == CONTROL_CUT && result == MOVE_ACCEPTED) {
        int target = (int)(symbol->move.worker % partition->settings.workers);
        decision.hand_to = target == symbol->placed_on ? HAND_TO_NOBODY : target;
    }
    return decision;
}

static struct decision decide_for_symbol(
    const struct partition *partition, struct symbol *symbol, const struct control *control) {
    switch (control->kind) {
    case CONTROL_BEGIN:
    case CONTROL_CUT:
    case CONTROL_ABORT: return decide_move(partition, symbol, control);
    case CONTROL_STATE: return accepted(BOOK_STATE);
    case CONTROL_INSTRUMENT: return accepted(BOOK_INSTRUMENT); /* its book may still refuse it */
    default: return refused(REASON_UNSUPPORTED);
    }
}

static void take_symbol_control(
    struct partition *partition, const struct log_record *record, const struct control *control) {
    enum reason why;
    bool by_instrument = control->kind == CONTROL_INSTRUMENT, is_new = !find_symbol(partition, control->symbol);
    struct symbol *symbol = find_or_list_symbol(partition, control->symbol, by_instrument, &why);
    if (!symbol) {
        struct decision refusal = refused(why);
        deliver_control(partition, partition->pseudo, record, control, &refusal);
        return;
    }
    if (is_new && by_instrument) book_start_in(&symbol->book, (enum trading_state)control->state);
    bool starts_auction =
        (control->kind == CONTROL_STATE || (is_new && by_instrument)) && control->state == TRADING_STATE_AUCTION;
    if (starts_auction) note_timed(partition, symbol, record->offset);
    struct decision decision = decide_for_symbol(partition, symbol, control);
    deliver_control(partition, symbol, record, control, &decision);
}

static struct decision set_listing(struct partition *partition, const struct control *control) {
    partition->listing = control->listing;
    partition->symbols_max = control->limit;
    return accepted(BOOK_CONTROL);
}

static struct decision set_block(struct partition *partition, const struct control *control) {
    struct account_set *blocked = &partition->blocked;
    if (!control->blocked)
        account_set_remove(blocked, control->user_id);
    else if (blocked->count == BLOCKED_PER_PARTITION_MAX && !account_set_has(blocked, control->user_id))
        return refused(REASON_CAPACITY);
    else
        CHECK(account_set_add(blocked, control->user_id) == STATUS_OK, "no memory for a blocked account");
    return accepted(BOOK_CONTROL);
}

static void take_partition_control(
    struct partition *partition, const struct log_record *record, const struct control *control) {
    enum { RULES_VERSION = 1 };
    struct decision decision;
    switch (control->kind) {
    case CONTROL_LISTING: decision = set_listing(partition, control); break;
    case CONTROL_BLOCK: decision = set_block(partition, control); break;
    case CONTROL_RULES:
        decision = control->version == RULES_VERSION ? accepted(BOOK_CONTROL) : refused(REASON_UNSUPPORTED);
        break;
    default: decision = refused(REASON_UNSUPPORTED);
    }
    deliver_control(partition, partition->pseudo, record, control, &decision);
}

/* Expires what is due in every symbol that may need it. */
static void take_tick(struct partition *partition, const struct log_record *record) {
    counter_add(&partition->counters->ticks, 1);
    forget_timeless(partition);
    for (uint32_t i = 0; i < partition->timed_count; i++) {
        struct delivery delivery = delivery_of(partition, DELIVERY_TICK, partition->timed[i], record->offset);
        partition->doors.deliver(partition->doors.context, &delivery);
    }
}

/* Of all symbols of the partition, whatever symbol such a record may name. */
static bool is_of_partition(const struct control *control) {
    return control->kind == CONTROL_LISTING || control->kind == CONTROL_BLOCK || control->kind == CONTROL_RULES ||
           control->kind == CONTROL_KEY || text_is_absent(control->symbol) || text_equal(control->symbol, TEXT("*"));
}

static bool is_at_home(const struct partition *partition, const struct control *control) {
    return text_is_absent(control->symbol) || text_equal(control->symbol, TEXT("*")) ||
           home_partition(control->symbol) == partition->number;
}

static void take_control(struct partition *partition, const struct log_record *record) {
    struct control control;
    if (!record->has_value || !partition->controls->decode(partition->controls, record->value, &control) ||
        !is_at_home(partition, &control))
        counter_add(&partition->counters->malformed_controls, 1);
    else if (control.kind == CONTROL_TICK)
        take_tick(partition, record);
    else if (is_of_partition(&control))
        take_partition_control(partition, record, &control);
    else
        take_symbol_control(partition, record, &control);
}

/* ---- the log --------------------------------------------------------------------------------------------- */

static struct text header_of(const struct log_record *record, struct text name) {
    uint32_t held = record->header_count < LOG_HEADERS_MAX ? record->header_count : LOG_HEADERS_MAX;
    for (uint32_t i = 0; i < held; i++)
        if (text_equal(record->headers[i].name, name)) return record->headers[i].value;
    return TEXT_NONE;
}

static void take_plain(struct partition *partition, const struct log_record *record) {
    partition->commands->decode(partition->commands, record->value, &partition->delivery.command);
    take_command(partition, record);
}

static void take_marked(struct partition *partition, const struct log_record *record) {
    struct text mark = header_of(record, TEXT("me-t"));
    struct source_position source;
    if (text_equal(mark, TEXT("2"))) {
        take_control(partition, record);
    } else if (text_equal(mark, TEXT("1")) &&
               source_position_parse(header_of(record, TEXT("me-src")), partition->settings.orders_topic,
                   partition->settings.pending_topic, &source)) {
        if (!record->has_value) {
            take_void(partition, record, &source);
            return;
        }
        partition->commands->decode(partition->commands, record->value, &partition->delivery.command);
        take_copy(partition, record, &source);
    } else {
        take_plain(partition, record);
    }
}

void partition_take(struct partition *partition, const struct log_record *record) {
    CHECK(record->offset >= partition->next_offset, "an offset of orders goes back");
    partition->next_offset = record->offset + 1;
    atomic_store_explicit(&partition->pace.next_offset, partition->next_offset, memory_order_relaxed);
    if (record->timestamp_ms > partition->log_time_ms) partition->log_time_ms = record->timestamp_ms;
    counter_add(&partition->counters->records, 1);
    if (record->header_count)
        take_marked(partition, record);
    else
        take_plain(partition, record);
}

/* ---- what feeds ask -------------------------------------------------------------------------------------- */

static void ask(struct partition *partition, struct symbol *symbol, enum delivery_kind kind) {
    struct delivery delivery = delivery_of(partition, kind, symbol, partition->next_offset);
    partition->doors.deliver(partition->doors.context, &delivery);
}

void partition_ask_symbols(struct partition *partition) {
    for (uint32_t i = 0; i < partition->symbol_count; i++) ask(partition, partition->symbols[i], DELIVERY_READY);
    ask(partition, partition->pseudo, DELIVERY_READY);
    forget_timeless(partition);
}

void partition_ask_snapshot(struct partition *partition, struct text symbol) {
    struct symbol *found = find_symbol(partition, symbol);
    if (found) ask(partition, found, DELIVERY_SNAPSHOT);
}

bool partition_knows_published(const struct partition *partition) {
    const struct name_table *table = &partition->settings.published->symbols;
    for (uint32_t i = 0; i < table->capacity; i++) {
        const struct published_symbol *published = table->slots[i].value;
        if (!published || published->partition != partition->number ||
            find_symbol(partition, name_text(&published->name)) ||
            text_equal(name_text(&published->name), symbol_name(partition->pseudo)))
            continue;
        fprintf(stderr,
            "fatal: topic fills knows %.*s in partition %d, orders does not: orders was truncated or replaced\n",
            (int)published->name.size, published->name.bytes, (int)partition->number);
        return false;
    }
    return true;
}
