#include "bench/reference/reference.h"

#include "bench/reference/desk.h"
#include "bench/reference/directive.h"
#include "bench/reference/murmur.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sequence { /* a partition: its desks, its time */
    struct dictionary desks;
    struct desk *pseudo; /* "#<partition>" */
    int64_t last_offset, log_time_ms;
};

struct reference {
    struct sequence partitions[PARTITIONS];
    struct reference_counters counters;
    struct text orders_topic, pending_topic;
    struct request request; /* the record at hand */
};

struct reference *reference_open(void) {
    struct reference *reference = reference_allocate(sizeof *reference);
    reference_name_topics(reference, TEXT("orders"), TEXT("pending-orders"));
    for (int p = 0; p < PARTITIONS; p++) {
        char name[8];
        snprintf(name, sizeof name, "#%d", p);
        reference->partitions[p].pseudo = desk_open(text_of(name));
        reference->partitions[p].last_offset = -1;
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

void reference_close(struct reference *reference) {
    if (!reference) return;
    for (int p = 0; p < PARTITIONS; p++) {
        dictionary_each(&reference->partitions[p].desks, close_desk, NULL);
        dictionary_deinit(&reference->partitions[p].desks);
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

/* True if a copy follows the desk's watermark for its source, which then moves. */
static bool follows_watermark(struct desk *desk, const struct reference_origin *origin) {
    char source[280];
    size_t bytes = (size_t)snprintf(
        source, sizeof source, "%.*s/%d", (int)origin->topic.size, origin->topic.data, origin->partition);
    int64_t *watermark = dictionary_find(&desk->watermarks, source, bytes);
    if ((watermark ? *watermark : -1) != origin->previous) return false;
    if (!watermark) {
        watermark = reference_allocate(sizeof *watermark);
        dictionary_put(&desk->watermarks, source, bytes, watermark);
    }
    *watermark = origin->offset;
    return true;
}

/* ---- where a record goes */

/* The desk of a symbol, made if it is new; NULL if the partition has as many symbols as it may. */
static struct desk *desk_of(struct sequence *sequence, struct text symbol) {
    struct desk *desk = dictionary_find(&sequence->desks, symbol.data, symbol.size);
    if (!desk && sequence->desks.count < SYMBOLS_PER_PARTITION_MAX) {
        desk = desk_open(symbol);
        dictionary_put(&sequence->desks, symbol.data, symbol.size, desk);
    }
    return desk;
}

/* A command whose record names no symbol is answered by the pseudo-symbol. */
static enum reference_fate answer_nameless(
    struct reference *reference, struct sequence *sequence, struct occasion *occasion) {
    desk_reject(sequence->pseudo, occasion, &reference->request, request_fault(&reference->request));
    reference->counters.answered++;
    return REFERENCE_ANSWERED;
}

/* A command, from its own sender (origin NULL) or re-injected. */
static enum reference_fate on_command(struct reference *reference, struct sequence *sequence, struct occasion *occasion,
    const struct reference_record *record, const struct reference_origin *origin) {
    struct request *request = &reference->request;
    request_read(record->value, request);
    struct text symbol = request->malformed ? TEXT_NONE : request_text(request, FIELD_SYMBOL);
    if (symbol.size == 0) return answer_nameless(reference, sequence, occasion);
    if (murmur_home(symbol) != record->partition) {
        reference->counters.misdirected++;
        return REFERENCE_MISDIRECTED;
    }
    struct desk *desk = desk_of(sequence, symbol);
    if (!desk) {
        desk_reject(sequence->pseudo, occasion, request, REASON_CAPACITY);
        reference->counters.answered++;
        return REFERENCE_ANSWERED;
    }
    if (origin && !follows_watermark(desk, origin)) {
        reference->counters.watermark_drops++;
        return REFERENCE_DROPPED;
    }
    desk_answer(desk, occasion, request);
    reference->counters.answered++;
    reference->counters.copies += origin != NULL;
    return origin ? REFERENCE_COPY : REFERENCE_ANSWERED;
}

static enum reference_fate on_void(struct reference *reference, struct sequence *sequence,
    const struct reference_record *record, const struct reference_origin *origin) {
    struct desk *desk = NULL;
    if (request_symbol_is_proper(record->key) && murmur_home(record->key) == record->partition)
        desk = desk_of(sequence, record->key);
    if (!desk || !follows_watermark(desk, origin)) {
        reference->counters.void_drops++;
        return REFERENCE_DROPPED;
    }
    reference->counters.voids++;
    return REFERENCE_VOID;
}

/* ---- control records */

static const char *decide_begin(struct desk *desk, const struct directive *directive) {
    if (directive->mode == DIRECTIVE_PARKED) return "UNSUPPORTED";
    if (desk->move_open) return "MOVE_OPEN";
    if (directive->epoch != desk->epoch + 1) return "EPOCH";
    desk->move_open = true;
    desk->epoch = directive->epoch;
    desk->move_id = shelf_id_of((struct text){directive->mid, directive->mid_bytes});
    return "ACCEPTED";
}

static const char *decide_end(struct desk *desk, const struct directive *directive) {
    struct text mid = {directive->mid, directive->mid_bytes};
    if (!desk->move_open) return "NO_MOVE";
    if (directive->epoch != desk->epoch || !text_equal(mid, shelf_text(&desk->move_id))) return "OTHER_MOVE";
    desk->move_open = false;
    return "ACCEPTED";
}

static const char *decide(struct desk *desk, const struct directive *directive) {
    if (directive->symbol_is_all || directive->symbol_bytes == 0) return "UNSUPPORTED";
    switch (directive->kind) {
    case DIRECTIVE_BEGIN: return decide_begin(desk, directive);
    case DIRECTIVE_CUT:
    case DIRECTIVE_ABORT: return decide_end(desk, directive);
    default: return "UNSUPPORTED";
    }
}

static enum reference_fate on_control(struct reference *reference, struct sequence *sequence, struct occasion *occasion,
    const struct reference_record *record) {
    struct directive directive;
    directive_read(record->value, &directive);
    struct text symbol = {directive.symbol, directive.symbol_bytes};
    if (directive.malformed || (symbol.size && murmur_home(symbol) != record->partition)) {
        reference->counters.malformed_control++;
        return REFERENCE_COUNTED;
    }
    if (directive.kind == DIRECTIVE_TICK) {
        reference->counters.ticks++;
        return REFERENCE_COUNTED;
    }
    struct desk *desk = symbol.size ? desk_of(sequence, symbol) : sequence->pseudo;
    const char *result = desk ? decide(desk, &directive) : "CAPACITY";
    struct report report = {.type = REPORT_CONTROL, .control_kind = directive.kind_name, .control_result = result};
    desk_report(desk ? desk : sequence->pseudo, occasion, &report);
    if (desk && directive.kind == DIRECTIVE_CUT && strcmp(result, "ACCEPTED") == 0)
        desk->own = record->offset; /* CUT's own event is still its source's */
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
    for (const struct shelf_order *order = found->first; order; order = order->next) level->orders++;
    return true;
}

static struct reference_order view_of(const struct shelf_order *order) {
    return (struct reference_order){.order_id = shelf_text(&order->order_id),
        .client_order_id = shelf_text(&order->client_order_id),
        .user_id = shelf_text(&order->user_id),
        .sell = order->side == REQUEST_SELL,
        .price_ticks = order->price,
        .quantity_lots = order->quantity,
        .leaves_lots = order->leaves,
        .cumulative_lots = order->filled};
}

uint64_t reference_orders(const struct reference *reference, struct text symbol,
    void (*visit)(void *context, const struct reference_order *order), void *context) {
    const struct desk *desk = desk_named(reference, symbol);
    uint64_t count = 0;
    for (int side = 0; desk && side < 2; side++) {
        for (size_t i = 0; i < desk->shelf.sides[side].count; i++) {
            for (const struct shelf_order *order = desk->shelf.sides[side].levels[i].first; order;
                order = order->next) {
                struct reference_order view = view_of(order);
                visit(context, &view);
                count++;
            }
        }
    }
    return count;
}
