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

/* NULL: the partition has as many symbols as it may. */
static struct symbol *find_or_list_symbol(struct partition *partition, struct text name) {
    struct symbol *symbol = find_symbol(partition, name);
    if (symbol || partition->symbol_count == SYMBOLS_PER_PARTITION_MAX) return symbol;
    if (partition->symbol_count == partition->symbol_room) {
        uint32_t room = partition->symbol_room ? 2 * partition->symbol_room : 64;
        struct symbol **wider = realloc(partition->symbols, room * sizeof(struct symbol *));
        CHECK(wider, "no memory for another symbol");
        partition->symbols = wider;
        partition->symbol_room = room;
    }
    symbol = make_symbol(partition, name);
    CHECK(name_table_add(&partition->table, name, symbol) == STATUS_OK, "no memory for another symbol");
    partition->symbols[partition->symbol_count++] = symbol;
    counter_add(&partition->counters->symbols, 1);
    return symbol;
}

int partition_init(struct partition *partition, int32_t number, int worker, const struct partition_settings *settings,
    const struct partition_doors *doors) {
    *partition = (struct partition){.number = number,
        .worker = worker,
        .log_time_ms = INT64_MIN,
        .settings = *settings,
        .doors = *doors,
        .marked_offset = -1};
    char name[8];
    snprintf(name, sizeof name, "#%" PRId32, number);
    partition->pseudo = make_symbol(partition, text_of(name));
    return STATUS_OK;
}

void partition_deinit(struct partition *partition) {
    for (uint32_t i = 0; i < partition->symbol_count; i++) free_symbol(partition->symbols[i]);
    if (partition->pseudo) free_symbol(partition->pseudo);
    free(partition->symbols);
    name_table_deinit(&partition->table);
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

static void deliver_command(
    struct partition *partition, struct symbol *symbol, const struct log_record *record, struct repeat repeat) {
    struct delivery delivery = delivery_of(partition, DELIVERY_COMMAND, symbol, record->offset);
    delivery.verdict = repeat.verdict;
    delivery.original_order_id = repeat.original_order_id;
    delivery.command = partition->command;
    partition->doors.deliver(partition->doors.context, &delivery);
}

static void answer_in_pseudo(struct partition *partition, const struct log_record *record) {
    name_command(partition, &partition->command, record->offset);
    deliver_command(partition, partition->pseudo, record, (struct repeat){.verdict = BOOK_FRESH});
}

/* The symbol is at home here: judge the command and send it to its book. */
static void take_own(
    struct partition *partition, const struct log_record *record, const struct source_position *source) {
    struct command *command = &partition->command;
    struct symbol *symbol = find_or_list_symbol(partition, command->symbol);
    if (!symbol) {
        command->fault = REASON_CAPACITY;
        answer_in_pseudo(partition, record);
        return;
    }
    if (source) CHECK(watermarks_set(&symbol->watermarks, source) == STATUS_OK, "no memory for a watermark");
    struct log_position position = {.offset = record->offset, .log_time_ms = partition->log_time_ms};
    if (source)
        position.origin =
            (uint64_t)(source_index(source->topic, source->partition) + 1) << 56 | (uint64_t)source->offset;
    struct repeat repeat;
    CHECK(repeats_check(&partition->repeats, command->symbol, command, position, &repeat) == STATUS_OK,
        "no memory for the repeat window");
    name_command(partition, command, record->offset);
    deliver_command(partition, symbol, record, repeat);
}

static void take_command(struct partition *partition, const struct log_record *record) {
    struct command *command = &partition->command;
    if (text_is_absent(command->symbol)) {
        partition->doors.dead_letter(partition->doors.context, record, command->fault);
        answer_in_pseudo(partition, record);
    } else if (home_partition(command->symbol) != partition->number) {
        counter_add(&partition->counters->misdirected, 1);
        partition->doors.misdirected(partition->doors.context, partition->number, record->offset);
    } else {
        if (is_undecodable(command)) partition->doors.dead_letter(partition->doors.context, record, command->fault);
        take_own(partition, record, NULL);
    }
}

/* ---- re-injected records --------------------------------------------------------------------------------- */

/* True if the copy follows what was applied from its source; else it is counted and, for a gap, its sender told. */
static bool follows_watermark(struct partition *partition, struct text name, const struct source_position *source) {
    static const struct watermarks none = {0};
    const struct symbol *symbol = find_symbol(partition, name);
    const struct watermarks *watermarks = symbol ? &symbol->watermarks : &none;
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
    struct symbol *symbol = find_or_list_symbol(partition, name);
    if (symbol) CHECK(watermarks_set(&symbol->watermarks, source) == STATUS_OK, "no memory for a watermark");
}

static void take_copy(
    struct partition *partition, const struct log_record *record, const struct source_position *source) {
    struct command *command = &partition->command;
    if (text_is_absent(command->symbol) || home_partition(command->symbol) != partition->number) {
        take_command(partition, record); /* a forged mark, or a copy gone astray: like any other record */
        return;
    }
    if (!follows_watermark(partition, command->symbol, source)) return;
    if (is_undecodable(command)) partition->doors.dead_letter(partition->doors.context, record, command->fault);
    take_own(partition, record, source);
}

/* ---- control records ------------------------------------------------------------------------------------- */

static void deliver_control(struct partition *partition, struct symbol *symbol, const struct log_record *record,
    const struct control *control, enum move_result result, int hand_to) {
    struct delivery delivery = delivery_of(partition, DELIVERY_CONTROL, symbol, record->offset);
    delivery.control_kind = control_kind_name(control->kind);
    delivery.control_result = move_result_name(result);
    delivery.control_fields = control->fields;
    delivery.sets_own = control->kind == CONTROL_CUT && result == MOVE_ACCEPTED;
    delivery.hand_to = hand_to;
    partition->doors.deliver(partition->doors.context, &delivery);
    if (hand_to != HAND_TO_NOBODY) symbol->placed_on = hand_to;
}

static enum move_result decide_move(struct move *move, const struct control *control) {
    switch (control->kind) {
    case CONTROL_BEGIN:
        return control->mode == MOVE_DIRECT ? move_begin(move, control->epoch, control->mid, control->worker)
                                            : MOVE_UNSUPPORTED;
    case CONTROL_CUT:
    case CONTROL_ABORT: return move_end(move, control->epoch, control->mid);
    default: return MOVE_UNSUPPORTED;
    }
}

static void take_symbol_control(
    struct partition *partition, const struct log_record *record, const struct control *control) {
    struct symbol *symbol = find_or_list_symbol(partition, control->symbol);
    if (!symbol) {
        deliver_control(partition, partition->pseudo, record, control, MOVE_UNSUPPORTED, HAND_TO_NOBODY);
        return;
    }
    enum move_result result = decide_move(&symbol->move, control);
    int hand_to = HAND_TO_NOBODY;
    if (control->kind == CONTROL_CUT && result == MOVE_ACCEPTED) {
        int target = (int)(symbol->move.worker % partition->settings.workers);
        hand_to = target == symbol->placed_on ? HAND_TO_NOBODY : target;
    }
    deliver_control(partition, symbol, record, control, result, hand_to);
}

static void take_control(struct partition *partition, const struct log_record *record) {
    struct control control;
    bool is_well_formed =
        record->has_value && partition->controls->decode(partition->controls, record->value, &control);
    bool is_of_all = is_well_formed && (text_is_absent(control.symbol) || text_equal(control.symbol, TEXT("*")));
    if (!is_well_formed || (!is_of_all && home_partition(control.symbol) != partition->number))
        counter_add(&partition->counters->malformed_controls, 1);
    else if (control.kind == CONTROL_TICK)
        counter_add(&partition->counters->ticks, 1);
    else if (is_of_all)
        deliver_control(partition, partition->pseudo, record, &control, MOVE_UNSUPPORTED, HAND_TO_NOBODY);
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
    partition->commands->decode(partition->commands, record->value, &partition->command);
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
        partition->commands->decode(partition->commands, record->value, &partition->command);
        take_copy(partition, record, &source);
    } else {
        take_plain(partition, record);
    }
}

void partition_take(struct partition *partition, const struct log_record *record) {
    CHECK(record->offset >= partition->next_offset, "an offset of orders goes back");
    partition->next_offset = record->offset + 1;
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
