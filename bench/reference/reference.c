#include "bench/reference/reference.h"

#include "bench/reference/answer.h"
#include "bench/reference/cancellation.h"
#include "bench/reference/desk.h"
#include "bench/reference/directive.h"
#include "bench/reference/murmur.h"
#include "bench/reference/stops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sequence { /* a partition: its desks, its time, what holds for all its symbols */
    struct dictionary desks;
    struct desk *first, **end; /* the same in the order of their first records */
    struct desk *pseudo;       /* "#<partition>" */
    int64_t last_offset, log_time_ms;
    bool listing_closed;
    uint64_t symbols_max;
    struct dictionary blocked;    /* accounts; the values say nothing */
    struct dictionary watermarks; /* by symbol and source, of listed symbols and others */
    struct dictionary strangers;  /* names that were not listed when their first watermark was kept */
};

struct reference {
    struct sequence partitions[PARTITIONS];
    struct reference_counters counters;
    struct text orders_topic, pending_topic;
    struct request request; /* the record at hand, or */
    struct directive directive;
};

struct reference *reference_open(void) {
    struct reference *reference = reference_allocate(sizeof *reference);
    reference_name_topics(reference, TEXT("orders"), TEXT("pending-orders"));
    for (int p = 0; p < PARTITIONS; p++) {
        char name[16];
        snprintf(name, sizeof name, "#%d", p);
        struct sequence *sequence = &reference->partitions[p];
        sequence->pseudo = desk_open(text_of(name));
        sequence->end = &sequence->first;
        sequence->last_offset = -1;
        sequence->symbols_max = SYMBOLS_PER_PARTITION_MAX;
    }
    return reference;
}

void reference_name_topics(struct reference *reference, struct text orders, struct text pending) {
    reference->orders_topic = orders;
    reference->pending_topic = pending;
}

static void close_desk(void *context, void *value) {
    (void)context;
    desk_close(value);
}

static void free_value(void *context, void *value) {
    (void)context;
    free(value);
}

void reference_close(struct reference *reference) {
    if (!reference) return;
    for (int p = 0; p < PARTITIONS; p++) {
        dictionary_each(&reference->partitions[p].desks, close_desk, NULL);
        dictionary_deinit(&reference->partitions[p].desks);
        dictionary_deinit(&reference->partitions[p].blocked);
        dictionary_each(&reference->partitions[p].watermarks, free_value, NULL);
        dictionary_deinit(&reference->partitions[p].watermarks);
        dictionary_deinit(&reference->partitions[p].strangers);
        desk_close(reference->partitions[p].pseudo);
    }
    free(reference);
}

const struct reference_counters *reference_counters(const struct reference *reference) { return &reference->counters; }

int32_t reference_home(struct text symbol) { return murmur_home(symbol); }

/* ---- me-src */

static bool read_digits(struct text part, int64_t max, int64_t *number) {
    *number = 0;
    if (part.size == 0 || part.size > 18) return false;
    for (uint32_t i = 0; i < part.size; i++) {
        if (part.data[i] < '0' || part.data[i] > '9') return false;
        *number = *number * 10 + (part.data[i] - '0');
    }
    return *number <= max;
}

/* Takes what is before the next '/' off the front; false if there is none. */
static bool take_part(struct text *rest, struct text *part) {
    const char *slash = rest->size ? memchr(rest->data, '/', rest->size) : NULL;
    if (!slash) return false;
    *part = (struct text){rest->data, (uint32_t)(slash - rest->data)};
    *rest = (struct text){slash + 1, rest->size - part->size - 1};
    return true;
}

bool reference_read_origin(struct text me_src, struct reference_origin *origin) {
    struct text rest = me_src, partition, offset;
    int64_t number = 0;
    if (!take_part(&rest, &origin->topic) || !take_part(&rest, &partition) || !take_part(&rest, &offset) ||
        !read_digits(partition, PARTITIONS - 1, &number) || !read_digits(offset, INT64_MAX, &origin->offset))
        return false;
    origin->partition = (int32_t)number;
    origin->previous = -1;
    if (text_equal(rest, TEXT("-"))) return true;
    return read_digits(rest, INT64_MAX, &origin->previous) && origin->previous < origin->offset;
}

bool reference_names_symbol(struct text value) {
    struct request request;
    request_read(value, &request);
    return !request.malformed && request_text(&request, FIELD_SYMBOL).size;
}

/* True if a record was carried from one of our topics, and where from. */
static bool is_carried(
    const struct reference *reference, const struct reference_record *record, struct reference_origin *origin) {
    return text_equal(record->me_t, TEXT("1")) && reference_read_origin(record->me_src, origin) &&
           (text_equal(origin->topic, reference->orders_topic) || text_equal(origin->topic, reference->pending_topic));
}

/* ---- where a record goes */

/* Why a symbol cannot have a desk: UNKNOWN_SYMBOL, CAPACITY, or NONE. */
static enum reason refusal_to_list(const struct sequence *sequence, struct text symbol, bool lists_itself) {
    if (dictionary_find(&sequence->desks, symbol.data, symbol.size)) return REASON_NONE;
    if (sequence->listing_closed && !lists_itself) return REASON_UNKNOWN_SYMBOL;
    return sequence->desks.count < sequence->symbols_max ? REASON_NONE : REASON_CAPACITY;
}

/* The desk of a symbol that may have one, made if it is new. */
static struct desk *desk_of(struct sequence *sequence, struct text symbol, bool *is_new) {
    struct desk *desk = dictionary_find(&sequence->desks, symbol.data, symbol.size);
    *is_new = !desk;
    if (desk) return desk;
    desk = desk_open(symbol);
    dictionary_put(&sequence->desks, symbol.data, symbol.size, desk);
    *sequence->end = desk;
    sequence->end = &desk->next;
    return desk;
}

/* Of a name that is not listed; false if there are as many of those as have watermarks. */
static bool is_remembered(struct sequence *sequence, struct text symbol) {
    static char there;
    if (dictionary_find(&sequence->strangers, symbol.data, symbol.size)) return true;
    if (sequence->strangers.count == SYMBOLS_PER_PARTITION_MAX) return false;
    dictionary_put(&sequence->strangers, symbol.data, symbol.size, &there);
    return true;
}

/* True if a copy follows its symbol's watermark for its source, which then moves, whether the symbol is listed or not.
 */
static bool follows_watermark(
    struct sequence *sequence, struct text symbol, bool is_listed, const struct reference_origin *origin) {
    char key[300];
    size_t bytes = (size_t)snprintf(key, sizeof key, "%.*s/%.*s/%d", (int)symbol.size, symbol.data,
        (int)origin->topic.size, origin->topic.data, origin->partition);
    int64_t *watermark = dictionary_find(&sequence->watermarks, key, bytes);
    bool follows = (watermark ? *watermark : -1) == origin->previous;
    if (!is_listed && !watermark && sequence->strangers.count == SYMBOLS_PER_PARTITION_MAX &&
        !dictionary_find(&sequence->strangers, symbol.data, symbol.size))
        return true;
    if (!follows || (!is_listed && !is_remembered(sequence, symbol))) return follows;
    if (!watermark) {
        watermark = reference_allocate(sizeof *watermark);
        dictionary_put(&sequence->watermarks, key, bytes, watermark);
    }
    *watermark = origin->offset;
    return true;
}

/* A command for which no symbol stands is answered by the pseudo-symbol. */
static enum reference_fate answer_nameless(
    struct reference *reference, struct sequence *sequence, struct occasion *occasion, enum reason reason) {
    desk_begin(sequence->pseudo, occasion);
    answer_reject(sequence->pseudo, &reference->request, reason);
    desk_end(sequence->pseudo);
    reference->counters.answered++;
    return REFERENCE_ANSWERED;
}

/* Of a symbol that is not listed what could not be read comes first. */
static enum reason reason_unlisted(const struct request *request, enum reason refusal) {
    enum reason fault = request_fault(request);
    bool first = refusal == REASON_UNKNOWN_SYMBOL && fault != REASON_NONE && fault < REASON_UNKNOWN_SYMBOL;
    return first ? fault : refusal;
}

/* A command, from its own sender (origin NULL) or re-injected. */
static enum reference_fate on_command(struct reference *reference, struct sequence *sequence, struct occasion *occasion,
    const struct reference_record *record, const struct reference_origin *origin) {
    struct request *request = &reference->request;
    bool is_new;
    request_read(record->value, request);
    struct text symbol = request->malformed ? TEXT_NONE : request_text(request, FIELD_SYMBOL);
    if (symbol.size == 0) return answer_nameless(reference, sequence, occasion, request_fault(request));
    if (murmur_home(symbol) != record->partition) {
        reference->counters.misdirected++;
        return REFERENCE_MISDIRECTED;
    }
    enum reason refusal = refusal_to_list(sequence, symbol, false);
    if (origin && !follows_watermark(sequence, symbol, refusal == REASON_NONE, origin)) {
        reference->counters.watermark_drops++;
        return REFERENCE_DROPPED;
    }
    if (refusal != REASON_NONE) {
        answer_nameless(reference, sequence, occasion, reason_unlisted(request, refusal));
        reference->counters.copies += origin != NULL;
        return origin ? REFERENCE_COPY : REFERENCE_ANSWERED;
    }
    struct desk *desk = desk_of(sequence, symbol, &is_new);
    struct text account = request_text(request, FIELD_USER_ID);
    occasion->blocked = account.size && dictionary_find(&sequence->blocked, account.data, account.size);
    desk_begin(desk, occasion);
    desk_answer(desk, request);
    desk_end(desk);
    reference->counters.answered++;
    reference->counters.copies += origin != NULL;
    return origin ? REFERENCE_COPY : REFERENCE_ANSWERED;
}

static enum reference_fate on_void(struct reference *reference, struct sequence *sequence,
    const struct reference_record *record, const struct reference_origin *origin) {
    bool is_new, good = request_symbol_is_proper(record->key) && murmur_home(record->key) == record->partition;
    bool is_listed = good && refusal_to_list(sequence, record->key, false) == REASON_NONE;
    if (!good || !follows_watermark(sequence, record->key, is_listed, origin)) {
        reference->counters.void_drops++;
        return REFERENCE_DROPPED;
    }
    if (is_listed) desk_of(sequence, record->key, &is_new);
    reference->counters.voids++;
    return REFERENCE_VOID;
}

/* ---- control records */

static const char accepted[] = "ACCEPTED";

static const char *decide_begin(struct desk *desk, const struct directive *directive) {
    if (directive->parked) return "UNSUPPORTED";
    if (desk->move_open) return "MOVE_OPEN";
    if (directive->epoch != desk->epoch + 1) return "WRONG_EPOCH";
    desk->move_open = true;
    desk->epoch = directive->epoch;
    desk->move_id = directive->mid;
    return accepted;
}

static const char *decide_end(struct desk *desk, const struct directive *directive) {
    if (!desk->move_open) return "NO_MOVE_OPEN";
    if (directive->epoch != desk->epoch) return "WRONG_EPOCH";
    if (!text_equal(order_text(&directive->mid), order_text(&desk->move_id))) return "WRONG_MID";
    desk->move_open = false;
    return accepted;
}

static const char *decide_instrument(struct desk *desk, const struct directive *directive, bool is_new) {
    bool same = settings_have_equal_units(&desk->settings, &directive->settings);
    if (!same && desk->shelf.open_orders > 0) return "BOOK_NOT_EMPTY";
    if (!same) desk->has_last_price = false;
    desk->settings = directive->settings;
    if (is_new) {
        desk->state = directive->state;
        desk->told_ms = desk->at->log_time_ms;
    }
    return accepted;
}

/* A control record of one symbol. */
static const char *decide(struct desk *desk, const struct directive *directive, bool is_new) {
    switch (directive->kind) {
    case DIRECTIVE_BEGIN: return decide_begin(desk, directive);
    case DIRECTIVE_CUT:
    case DIRECTIVE_ABORT: return decide_end(desk, directive);
    case DIRECTIVE_INSTRUMENT: return decide_instrument(desk, directive, is_new);
    case DIRECTIVE_STATE: return accepted;
    default: return "UNSUPPORTED";
    }
}

static void answer_symbol(struct sequence *sequence, struct occasion *occasion, const struct directive *directive) {
    bool is_new;
    struct desk *desk = desk_of(sequence, order_text(&directive->symbol), &is_new);
    desk_begin(desk, occasion);
    const char *result = decide(desk, directive, is_new);
    answer_control(desk, directive, result);
    if (directive->kind == DIRECTIVE_CUT && result == accepted)
        desk->own = occasion->offset; /* CUT's own event is still its source's */
    if (directive->kind == DIRECTIVE_STATE) desk_enter_state(desk, directive->state);
    desk_end(desk);
}

static const char *decide_block(struct sequence *sequence, const struct directive *directive) {
    static char something;
    const struct order_id *user = &directive->user_id;
    if (!directive->blocked) {
        dictionary_remove(&sequence->blocked, user->bytes, user->size);
        return accepted;
    }
    bool is_there = dictionary_find(&sequence->blocked, user->bytes, user->size);
    if (!is_there && sequence->blocked.count >= BLOCKED_PER_PARTITION_MAX) return "CAPACITY";
    dictionary_put(&sequence->blocked, user->bytes, user->size, &something);
    return accepted;
}

/* A control record of no symbol in particular. */
static const char *decide_for_all(struct sequence *sequence, const struct directive *directive) {
    switch (directive->kind) {
    case DIRECTIVE_LISTING:
        sequence->listing_closed = directive->listing_closed;
        sequence->symbols_max = directive->limit;
        return accepted;
    case DIRECTIVE_BLOCK: return decide_block(sequence, directive);
    case DIRECTIVE_RULES: return directive->version == 1 ? accepted : "UNSUPPORTED";
    default: return "UNSUPPORTED";
    }
}

static void answer_pseudo(
    struct sequence *sequence, struct occasion *occasion, const struct directive *directive, const char *result) {
    desk_begin(sequence->pseudo, occasion);
    answer_control(sequence->pseudo, directive, result);
    desk_end(sequence->pseudo);
}

static bool is_for_all(const struct directive *directive) {
    return directive->kind == DIRECTIVE_LISTING || directive->kind == DIRECTIVE_BLOCK ||
           directive->kind == DIRECTIVE_RULES || directive->kind == DIRECTIVE_KEY || directive->symbol.size == 0;
}

static void answer_directive(struct sequence *sequence, struct occasion *occasion, const struct directive *directive) {
    struct text symbol = order_text(&directive->symbol);
    if (is_for_all(directive)) {
        answer_pseudo(sequence, occasion, directive, decide_for_all(sequence, directive));
        return;
    }
    switch (refusal_to_list(sequence, symbol, directive->kind == DIRECTIVE_INSTRUMENT)) {
    case REASON_UNKNOWN_SYMBOL: answer_pseudo(sequence, occasion, directive, "UNKNOWN_SYMBOL"); break;
    case REASON_CAPACITY: answer_pseudo(sequence, occasion, directive, "CAPACITY"); break;
    default: answer_symbol(sequence, occasion, directive);
    }
}

/* Time moves in all symbols of the partition. */
static void tick(struct sequence *sequence, struct occasion *occasion) {
    for (struct desk *desk = sequence->first; desk; desk = desk->next) {
        desk_begin(desk, occasion);
        desk_end(desk);
    }
}

static enum reference_fate on_control(struct reference *reference, struct sequence *sequence, struct occasion *occasion,
    const struct reference_record *record) {
    struct directive *directive = &reference->directive;
    directive_read(record->value, directive);
    struct text symbol = order_text(&directive->symbol);
    if (directive->malformed || (symbol.size && murmur_home(symbol) != record->partition)) {
        reference->counters.malformed_control++;
        return REFERENCE_COUNTED;
    }
    if (directive->kind == DIRECTIVE_TICK) {
        tick(sequence, occasion);
        reference->counters.ticks++;
        return REFERENCE_COUNTED;
    }
    answer_directive(sequence, occasion, directive);
    reference->counters.controls++;
    return REFERENCE_CONTROL;
}

/* ---- the coordinator */

struct counted_context {
    struct reference *reference;
    reference_on_event *on_event;
    void *context;
};

static void count_event(void *context, const struct reference_event *event) {
    struct counted_context *counted = context;
    counted->reference->counters.events++;
    counted->reference->counters.fills +=
        event->bytes.size > 13 && memcmp(event->bytes.data, "{\"type\":\"FILL\"", 14) == 0;
    if (counted->on_event) counted->on_event(counted->context, event);
}

static enum reference_fate apply(struct reference *reference, struct sequence *sequence, struct occasion *occasion,
    const struct reference_record *record) {
    struct reference_origin origin;
    if (text_equal(record->me_t, TEXT("2"))) return on_control(reference, sequence, occasion, record);
    if (!is_carried(reference, record, &origin)) return on_command(reference, sequence, occasion, record, NULL);
    if (!record->value.data) return on_void(reference, sequence, record, &origin);
    return on_command(reference, sequence, occasion, record, &origin);
}

enum reference_status reference_apply(struct reference *reference, const struct reference_record *record,
    reference_on_event *on_event, void *context, enum reference_fate *fate) {
    if (record->partition < 0 || record->partition >= PARTITIONS) return REFERENCE_BAD_PARTITION;
    struct sequence *sequence = &reference->partitions[record->partition];
    if (record->offset <= sequence->last_offset) return REFERENCE_OFFSET_WENT_BACK;
    sequence->last_offset = record->offset;
    if (record->timestamp_ms > sequence->log_time_ms) sequence->log_time_ms = record->timestamp_ms;
    reference->counters.records++;

    struct counted_context counted = {reference, on_event, context};
    struct occasion occasion = {.partition = record->partition,
        .offset = record->offset,
        .log_time_ms = sequence->log_time_ms,
        .on_event = count_event,
        .context = &counted};
    enum reference_fate result = apply(reference, sequence, &occasion, record);
    if (fate) *fate = result;
    return REFERENCE_OK;
}

/* ---- the books as they stand */

static const struct desk *desk_named(const struct reference *reference, struct text symbol) {
    if (symbol.size == 2 && symbol.data[0] == '#' && symbol.data[1] >= '0' && symbol.data[1] <= '9')
        return reference->partitions[symbol.data[1] - '0'].pseudo;
    return symbol.size ? dictionary_find(&reference->partitions[murmur_home(symbol)].desks, symbol.data, symbol.size)
                       : NULL;
}

bool reference_position(const struct reference *reference, struct text symbol, uint64_t *fseq, uint64_t *hash) {
    const struct desk *desk = desk_named(reference, symbol);
    *fseq = desk ? desk->fseq : 0;
    *hash = desk ? desk->hash : 0;
    return desk != NULL;
}

bool reference_level(
    const struct reference *reference, struct text symbol, bool sell, uint64_t i, struct reference_level *level) {
    const struct desk *desk = desk_named(reference, symbol);
    if (!desk || i >= desk->shelf.sides[sell].count) return false;
    const struct shelf_level *found = &desk->shelf.sides[sell].levels[i];
    *level = (struct reference_level){.price_ticks = found->price, .total_lots = shelf_level_total(found)};
    for (const struct order *order = found->first; order; order = order->next) level->orders++;
    return true;
}

static struct reference_order view_of(const struct order *order) {
    struct reference_order view = {.order_id = order_text(&order->order_id),
        .client_order_id = order_text(&order->client_order_id),
        .user_id = order_text(&order->user_id),
        .list_id = order_text(&order->list_id),
        .where = order->place == ORDER_RESTS   ? REFERENCE_RESTS
                 : order->place == ORDER_WAITS ? REFERENCE_WAITS_AS_STOP
                                               : REFERENCE_WAITS_AS_CHILD,
        .sell = order->side == REQUEST_SELL,
        .price_ticks = order->price,
        .quantity_lots = order->quantity,
        .leaves_lots = order->leaves,
        .cumulative_lots = order->filled,
        .prevented_lots = order->prevented,
        .shown_lots = order->place == ORDER_RESTS ? order->shown : 0,
        .stop_price_ticks = order->stop_price,
        .trigger_price_ticks = order->place == ORDER_WAITS ? stops_trigger_price(order) : 0,
        .has_watermark = order->has_watermark,
        .watermark_ticks = order->watermark,
        .expire_time_ms = order->expire_time_ms};
    view.reserve_lots = order->place == ORDER_RESTS ? order->leaves - order->shown : 0;
    return view;
}

uint64_t reference_orders(const struct reference *reference, struct text symbol,
    void (*visit)(void *context, const struct reference_order *order), void *context) {
    const struct desk *desk = desk_named(reference, symbol);
    struct order_row row = {0};
    if (desk) cancellation_collect(desk, &row);
    for (size_t i = 0, entered = row.count; i < entered; i++)
        for (int child = 0; child < 2; child++)
            if (row.orders[i]->children[child]) order_row_add(&row, row.orders[i]->children[child]);
    for (size_t i = 0; i < row.count; i++) {
        struct reference_order view = view_of(row.orders[i]);
        visit(context, &view);
    }
    uint64_t count = row.count;
    order_row_deinit(&row);
    return count;
}

bool reference_trading(const struct reference *reference, struct text symbol, struct reference_trading *trading) {
    const struct desk *desk = desk_named(reference, symbol);
    *trading = (struct reference_trading){0};
    if (!desk) return false;
    *trading = (struct reference_trading){.state = directive_state_name(desk->state),
        .has_last_price = desk->has_last_price,
        .last_price_ticks = desk->last_price,
        .trades = desk->trades};
    return true;
}
