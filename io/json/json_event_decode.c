#include "core/control.h"
#include "core/limits.h"
#include "io/json/json_event.h"
#include "io/json/json_reader.h"
#include "io/json/json_value.h"

/* ---- The scan: the beginning and the end of a record, as put_head and put_hash of json_event.c write them. */

struct cursor {
    const char *at, *end;
};

static bool skip(struct cursor *cursor, const char *literal, size_t size)
{
    if ((size_t)(cursor->end - cursor->at) < size || memcmp(cursor->at, literal, size) != 0)
        return false;
    cursor->at += size;
    return true;
}

#define SKIP(cursor, literal) skip((cursor), (literal), sizeof(literal) - 1)

static bool scan_digits(struct cursor *cursor, uint64_t most, uint64_t *number)
{
    const char *first = cursor->at;
    uint64_t sum = 0;
    for (; cursor->at < cursor->end && (unsigned char)(*cursor->at - '0') < 10; cursor->at++) {
        unsigned digit = (unsigned)(*cursor->at - '0');
        if (sum > (most - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *number = sum;
    return cursor->at > first && (*first != '0' || cursor->at == first + 1);
}

static bool scan_signed(struct cursor *cursor, int64_t *number)
{
    uint64_t digits;
    bool negative = SKIP(cursor, "-");
    if (!scan_digits(cursor, INT64_MAX, &digits))
        return false;
    *number = negative ? -(int64_t)digits : (int64_t)digits;
    return true;
}

/* A name in quotes, of which none of ours has an escape. */
static bool scan_name(struct cursor *cursor, struct text *name)
{
    const char *end = memchr(cursor->at, '"', (size_t)(cursor->end - cursor->at));
    if (!end)
        return false;
    *name = (struct text){cursor->at, (uint32_t)(end - cursor->at)};
    cursor->at = end + 1;
    return true;
}

static enum event_type type_of(struct text name)
{
    for (unsigned type = EVENT_ACCEPTED; type < EVENT_TYPE_COUNT; type++)
        if (text_equal(event_type_name((enum event_type)type), name))
            return (enum event_type)type;
    return 0;
}

static bool is_stream_name(struct text symbol)
{
    bool is_partition = symbol.size == 2 && symbol.data[0] == '#' && symbol.data[1] >= '0' && symbol.data[1] < '0' + PARTITIONS;
    return is_partition || symbol_is_valid(symbol);
}

static bool scan_source(struct cursor *cursor, struct event_scan *scan)
{
    int64_t partition;
    uint64_t index;
    if (!SKIP(cursor, ",\"src\":{\"p\":") || !scan_signed(cursor, &partition) || partition != (int32_t)partition)
        return false;
    if (!SKIP(cursor, ",\"o\":") || !scan_signed(cursor, &scan->src_offset))
        return false;
    if (!SKIP(cursor, ",\"i\":") || !scan_digits(cursor, UINT32_MAX, &index))
        return false;
    scan->src_partition = (int32_t)partition;
    scan->src_index = (uint32_t)index;
    return SKIP(cursor, "}");
}

static bool scan_head(struct cursor *cursor, struct event_scan *scan)
{
    struct text type;
    if (!SKIP(cursor, "{\"type\":\"") || !scan_name(cursor, &type) || !(scan->type = (uint8_t)type_of(type)))
        return false;
    if (!SKIP(cursor, ",\"symbol\":\"") || !scan_name(cursor, &scan->symbol) || !is_stream_name(scan->symbol))
        return false;
    if (!SKIP(cursor, ",\"fseq\":") || !scan_digits(cursor, UINT64_MAX, &scan->fseq) || !scan_source(cursor, scan))
        return false;
    if (!SKIP(cursor, ",\"own\":") || !scan_signed(cursor, &scan->own))
        return false;
    return SKIP(cursor, ",\"timestamp\":") && scan_signed(cursor, &scan->timestamp_ms) && SKIP(cursor, ",");
}

static bool scan_hash(struct cursor *cursor, uint64_t *hash)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < 16; i++) {
        char c = cursor->at[i];
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
        if (digit == 16)
            return false;
        sum = sum << 4 | digit;
    }
    cursor->at += 16;
    *hash = sum;
    return true;
}

bool json_event_scan(const char *bytes, size_t size, struct event_scan *scan)
{
    static const size_t tail_bytes = sizeof "\"hash\":\"0123456789abcdef\"}" - 1;
    struct cursor head = {bytes, bytes + size};
    if (!scan_head(&head, scan) || (size_t)(head.end - head.at) < tail_bytes)
        return false;
    struct cursor tail = {head.end - tail_bytes, head.end};
    return tail.at[-1] == ',' && SKIP(&tail, "\"hash\":\"") && scan_hash(&tail, &scan->hash) && SKIP(&tail, "\"}");
}

/* ---- The whole event. */

struct event_reading {
    yyjson_val *object;
    struct event *event;
    bool any_unit; /* units are taken from the places printed */
    bool has_tick, has_lot;
};

static bool find_text(yyjson_val *object, const char *name, struct text *text)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    if (!value)
        return true;
    if (!yyjson_is_str(value))
        return false;
    *text = json_text_of(value);
    return true;
}

static bool find_unsigned(yyjson_val *object, const char *name, uint64_t *number)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    return !value || json_unsigned_of(value, UINT64_MAX, number);
}

/* The number of a name in an enumeration; left as it is if the member is absent. */
static bool find_name(yyjson_val *object, const char *name, unsigned first, unsigned count, struct text (*name_of)(unsigned), uint8_t *number)
{
    struct text text = TEXT_NONE;
    if (!find_text(object, name, &text))
        return false;
    if (!text.data)
        return true;
    for (unsigned i = first; i < count; i++) {
        if (text_equal(name_of(i), text)) {
            *number = (uint8_t)i;
            return true;
        }
    }
    return false;
}

static struct text name_side(unsigned i)
{
    return side_name((enum side)i);
}

static struct text name_order_type(unsigned i)
{
    return order_type_name((enum order_type)i);
}

static struct text name_time_in_force(unsigned i)
{
    return time_in_force_name((enum time_in_force)i);
}

static struct text name_reason(unsigned i)
{
    return reason_name((enum reason)i);
}

static struct text name_self_trade(unsigned i)
{
    return self_trade_name((enum self_trade)i);
}

/* The unit's places are those of the first decimal seen, if any will do. */
static bool read_decimal(struct text text, bool any_unit, bool *has_unit, struct decimal_unit *unit, int64_t *units)
{
    if (any_unit && !*has_unit)
        *unit = (struct decimal_unit){.mantissa = 1, .places = decimal_places(text)};
    *has_unit = true;
    return unit->places <= DECIMAL_PLACES_MAX && decimal_read(text, *unit, units);
}

static bool find_price(struct event_reading *reading, const char *name, bool *has, int64_t *ticks)
{
    struct text text = TEXT_NONE;
    if (!find_text(reading->object, name, &text))
        return false;
    if (!text.data)
        return true;
    *has = true;
    return read_decimal(text, reading->any_unit, &reading->has_tick, &reading->event->instrument.tick, ticks);
}

static bool find_quantity(struct event_reading *reading, yyjson_val *object, const char *name, int64_t *lots)
{
    struct text text = TEXT_NONE;
    if (!find_text(object, name, &text))
        return false;
    return !text.data || read_decimal(text, reading->any_unit, &reading->has_lot, &reading->event->instrument.lot, lots);
}

static bool read_source(yyjson_val *object, struct event *event)
{
    yyjson_val *source = yyjson_obj_get(object, "src");
    int64_t partition, offset;
    uint64_t index;
    if (!yyjson_is_obj(source) || !json_integer_of(yyjson_obj_get(source, "p"), &partition) || partition != (int32_t)partition)
        return false;
    if (!json_integer_of(yyjson_obj_get(source, "o"), &offset) || !json_unsigned_of(yyjson_obj_get(source, "i"), UINT32_MAX, &index))
        return false;
    event->src_partition = (int32_t)partition;
    event->src_offset = offset;
    event->src_index = (uint32_t)index;
    return true;
}

static bool read_hash(yyjson_val *object, struct event *event)
{
    yyjson_val *value = yyjson_obj_get(object, "hash");
    if (!yyjson_is_str(value) || unsafe_yyjson_get_len(value) != 16)
        return false;
    struct cursor cursor = {unsafe_yyjson_get_str(value), unsafe_yyjson_get_str(value) + 16};
    return scan_hash(&cursor, &event->hash);
}

static bool read_head(yyjson_val *object, struct event *event)
{
    struct text type = TEXT_NONE;
    if (!find_text(object, "type", &type) || !(event->type = (uint8_t)type_of(type)))
        return false;
    if (!find_text(object, "symbol", &event->symbol) || !is_stream_name(event->symbol))
        return false;
    if (!json_unsigned_of(yyjson_obj_get(object, "fseq"), UINT64_MAX, &event->fseq) || !read_source(object, event))
        return false;
    return json_integer_of(yyjson_obj_get(object, "own"), &event->own) &&
           json_integer_of(yyjson_obj_get(object, "timestamp"), &event->timestamp_ms) && read_hash(object, event);
}

static bool read_ids(yyjson_val *object, struct event *event)
{
    return find_text(object, "orderId", &event->order_id) && find_text(object, "clientOrderId", &event->client_order_id) &&
           find_text(object, "commandId", &event->command_id) && find_text(object, "userId", &event->user_id) &&
           find_text(object, "listId", &event->list_id) && find_text(object, "originalOrderId", &event->original_order_id) &&
           find_text(object, "state", &event->state);
}

static bool read_names(yyjson_val *object, struct event *event)
{
    const char *side = event->type == EVENT_FILL || event->type == EVENT_PREVENTED ? "takerSide" : "side";
    return find_name(object, side, 0, SIDE_NONE, name_side, &event->side) &&
           find_name(object, "orderType", 0, ORDER_TYPE_NONE, name_order_type, &event->order_type) &&
           find_name(object, "timeInForce", 0, TIF_NONE, name_time_in_force, &event->time_in_force) &&
           find_name(object, "reason", 1, REASON_COUNT, name_reason, &event->reason) &&
           (event->type != EVENT_PREVENTED ||
            find_name(object, "mode", 0, SELF_TRADE_DECREMENT + 1, name_self_trade, &event->self_trade));
}

static bool read_numbers(struct event_reading *reading)
{
    struct event *event = reading->event;
    yyjson_val *object = reading->object;
    return find_price(reading, "price", &event->has_price, &event->price_ticks) &&
           find_price(reading, "stopPrice", &event->has_stop_price, &event->stop_price_ticks) &&
           find_price(reading, "lastPrice", &event->has_last_price, &event->last_price_ticks) &&
           find_price(reading, "indicativePrice", &event->has_indicative, &event->indicative_price_ticks) &&
           find_quantity(reading, object, "indicativeQuantity", &event->indicative_quantity_lots) &&
           find_quantity(reading, object, "quantity", &event->quantity_lots) &&
           find_quantity(reading, object, "leaves", &event->leaves_lots) &&
           find_quantity(reading, object, "cumulative", &event->cumulative_lots) &&
           find_unsigned(object, "tradeId", &event->trade_id) && find_unsigned(object, "count", &event->count);
}

static bool read_party(struct event_reading *reading, const char *name, struct event_party *party)
{
    yyjson_val *object = yyjson_obj_get(reading->object, name);
    if (!object)
        return true;
    return yyjson_is_obj(object) && find_text(object, "orderId", &party->order_id) &&
           find_text(object, "clientOrderId", &party->client_order_id) && find_text(object, "userId", &party->user_id) &&
           find_quantity(reading, object, "leaves", &party->leaves_lots) &&
           find_quantity(reading, object, "cumulative", &party->cumulative_lots);
}

static bool read_kept_priority(yyjson_val *object, struct event *event)
{
    yyjson_val *value = yyjson_obj_get(object, "keptPriority");
    event->kept_priority = yyjson_is_true(value);
    return !value || yyjson_is_bool(value);
}

static bool is_head_or_answer(struct text name)
{
    static const struct text names[] = {{"type", 4}, {"symbol", 6},    {"fseq", 4}, {"src", 3}, {"own", 3},
                                        {"timestamp", 9}, {"kind", 4}, {"result", 6}, {"hash", 4}};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (text_equal(names[i], name))
            return true;
    return false;
}

/* What a CONTROL event says beside its own members is the record's fields. */
static bool read_control(struct json_decoder *decoder, yyjson_val *object, struct event *event)
{
    char *const out = decoder->scratch;
    struct json_room room = {out, out + CONTROL_FIELDS_BYTES_MAX};
    if (!find_text(object, "kind", &event->control_kind) || !find_text(object, "result", &event->control_result))
        return false;
    yyjson_obj_iter members = yyjson_obj_iter_with(object);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&members));)
        if (!is_head_or_answer(json_text_of(key)) && !json_put_member(&room, key, yyjson_obj_iter_get_val(key)))
            return false;
    if (room.at > out)
        event->control_fields = (struct text){out + 1, (uint32_t)(room.at - out - 1)}; /* without the first comma */
    return true;
}

static bool ids_fit(const struct event *event)
{
    const struct text ids[] = {event->order_id,       event->client_order_id,       event->command_id,    event->user_id,
                               event->list_id,        event->original_order_id,     event->taker.order_id, event->taker.client_order_id,
                               event->taker.user_id,  event->maker.order_id,        event->maker.client_order_id,
                               event->maker.user_id,  event->control_kind,          event->control_result, event->state};
    for (unsigned i = 0; i < sizeof ids / sizeof ids[0]; i++)
        if (ids[i].size > ID_BYTES_MAX)
            return false;
    return true;
}

bool json_event_decode(struct json_decoder *decoder, const char *bytes, size_t size, const struct instrument *instrument,
                       struct event *event)
{
    yyjson_val *object = json_read_object(decoder, bytes, size);
    *event = (struct event){.side = SIDE_NONE, .order_type = ORDER_TYPE_NONE, .time_in_force = TIF_NONE};
    event->instrument = instrument ? *instrument : instrument_default();
    struct event_reading reading = {.object = object, .event = event, .any_unit = !instrument};
    if (!object || !read_head(object, event))
        return false;
    if (event->type == EVENT_CONTROL)
        return read_control(decoder, object, event) && ids_fit(event);
    return read_ids(object, event) && read_names(object, event) && read_numbers(&reading) &&
           read_party(&reading, "taker", &event->taker) && read_party(&reading, "maker", &event->maker) &&
           read_kept_priority(object, event) && ids_fit(event);
}
