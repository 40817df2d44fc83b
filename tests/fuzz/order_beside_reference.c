/* Two records beside the reference book's own reader, which shares no code with ours: the same fault, the same fields,
 * and two records have the same content here if and only if they have there. The first two bytes say how long the first
 * record is. */
#include "bench/reference/request.h"
#include "core/limits.h"
#include "io/decode/command_decoder.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

struct reading {
    struct command command;
    struct request request;
    uint64_t hash;
    char content[REQUEST_CONTENT_BYTES];
    size_t content_bytes;
};

static struct command_decoder *decoder(void) {
    static struct command_decoder it;
    static bool open;
    if (!open) MUST(open = command_decoder_init(&it));
    return &it;
}

static void must_have_text(const struct request *request, enum field field, struct text text) {
    MUST(text_equal(request_text(request, field), text));
}

static void must_have_choice(const struct request *request, enum field field, int ours, int none) {
    int theirs = request_choice(request, field);
    MUST(theirs < 0 ? ours == none : ours == theirs);
}

static void must_have_number(const struct request *request, enum field field, struct decimal decimal) {
    const struct request_value *value = &request->values[field];
    MUST((value->shape == REQUEST_GOOD) == (decimal.state != DECIMAL_ABSENT));
    if (value->shape != REQUEST_GOOD) return;
    for (uint8_t places = 0; places <= DECIMAL_PLACES_MAX; places += 2) {
        int64_t ours = 0, theirs = 0;
        enum decimal_fit fit = decimal_to_units(decimal, (struct decimal_unit){1, places}, &ours);
        enum number_fit their_fit = number_in_units(&value->number, (struct number_unit){1, places}, &theirs);
        MUST((int)fit == (int)their_fit && (fit != DECIMAL_FITS || ours == theirs));
    }
}

static void must_have_integer(const struct request *request, enum field field, bool is_there, int64_t ours) {
    const struct request_value *value = &request->values[field];
    MUST((value->shape == REQUEST_GOOD) == is_there && (!is_there || value->integer == ours));
}

static void must_say_the_same(const struct command *c, const struct request *r) {
    for (unsigned field = FIELD_NONE + 1; field < FIELD_COUNT; field++) {
        MUST((c->present >> field & 1) == request_has(r, (enum field)field));
        MUST((c->bad >> field & 1) == (r->values[field].shape == REQUEST_ILL));
    }
    MUST((int)c->action == (int)r->action);
    must_have_text(r, FIELD_SYMBOL, c->symbol);
    must_have_text(r, FIELD_ORDER_ID, c->order_id);
    must_have_text(r, FIELD_CLIENT_ORDER_ID, c->client_order_id);
    must_have_text(r, FIELD_COMMAND_ID, c->command_id);
    must_have_text(r, FIELD_USER_ID, c->user_id);
    must_have_text(r, FIELD_CANCEL_ORDER_ID, c->cancel_order_id);
    must_have_text(r, FIELD_LIST_ID, c->list_id);
    MUST(text_equal(request_own_id(r), command_own_id(c)));
    must_have_choice(r, FIELD_SIDE, c->side, SIDE_NONE);
    must_have_choice(r, FIELD_ORDER_TYPE, c->order_type, ORDER_TYPE_NONE);
    must_have_choice(r, FIELD_TIME_IN_FORCE, c->time_in_force, TIF_NONE);
    must_have_choice(r, FIELD_SELF_TRADE_PREVENTION, c->self_trade, SELF_TRADE_NONE);
    must_have_choice(r, FIELD_CONTINGENCY, c->contingency - 1, -1);
    must_have_number(r, FIELD_QUANTITY, c->quantity);
    must_have_number(r, FIELD_PRICE, c->price);
    must_have_number(r, FIELD_STOP_PRICE, c->stop_price);
    must_have_number(r, FIELD_TRAILING_AMOUNT, c->trailing_amount);
    must_have_number(r, FIELD_DISPLAY_QUANTITY, c->display_quantity);
    must_have_number(r, FIELD_MAX_SLIPPAGE, c->max_slippage);
    must_have_integer(r, FIELD_TIMESTAMP, c->has_timestamp, c->timestamp_ms);
    must_have_integer(r, FIELD_EXPIRE_TIME, c->has_expire_time, c->expire_time_ms);
    must_have_integer(r, FIELD_TRAILING_BPS, c->has_trailing_bps, c->trailing_bps);
    MUST(c->post_only == (r->values[FIELD_POST_ONLY].shape == REQUEST_GOOD && r->values[FIELD_POST_ONLY].flag));
}

static void read_both(const char *bytes, size_t size, struct reading *reading) {
    static const char nothing[1];
    command_decode(decoder(), bytes, size, &reading->command);
    request_read((struct text){size ? bytes : nothing, (uint32_t)size}, &reading->request);
    MUST(reading->command.fault == request_fault(&reading->request));
    if (reading->request.malformed) return;
    must_say_the_same(&reading->command, &reading->request);
    reading->hash = command_content_hash(&reading->command);
    reading->content_bytes = request_content(&reading->request, reading->content);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static struct reading first, second;
    if (size < 2) return 0;
    size_t cut = ((size_t)bytes[0] << 8 | bytes[1]) % (size - 1);
    const char *records = (const char *)bytes + 2;
    read_both(records, cut, &first);
    read_both(records + cut, size - 2 - cut, &second);
    if (first.request.malformed || second.request.malformed) return 0;
    bool same =
        first.content_bytes == second.content_bytes && memcmp(first.content, second.content, first.content_bytes) == 0;
    MUST((first.hash == second.hash) == same);
    return 0;
}
