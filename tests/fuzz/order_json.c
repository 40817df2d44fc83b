/* Orders in JSON: the same command in msgpack must have the same content and the same fault. */
#include "core/limits.h"
#include "io/decode/command_decoder.h"
#include "tests/codec/pack.h"
#include "tests/fuzz/fuzz.h"

static struct command_decoder *decoder(void) {
    static struct command_decoder it;
    static bool open;
    if (!open) MUST(open = command_decoder_init(&it));
    return &it;
}

static void must_be_consistent(const struct command *c) {
    MUST(c->fault == REASON_NONE || (c->fault >= REASON_MALFORMED && c->fault <= REASON_INVALID_COMBINATION));
    MUST((c->bad & ~c->present) == 0);
    MUST(c->fault != REASON_NONE || c->bad == 0);
    MUST(c->fault != REASON_MALFORMED || c->present == 0);
    MUST(text_is_absent(c->symbol) || symbol_is_valid(c->symbol));
    MUST(c->fault != REASON_NONE || !text_is_absent(c->symbol));
    MUST(
        c->order_id.size <= ID_BYTES_MAX && c->user_id.size <= ID_BYTES_MAX && c->client_order_id.size <= ID_BYTES_MAX);
    MUST(c->action <= ACTION_COUNT && c->side <= SIDE_NONE && c->order_type <= ORDER_TYPE_NONE &&
         c->time_in_force <= TIF_NONE);
}

static void must_be_a_list(const struct command *c) {
    MUST(c->action == ACTION_LIST && c->orders);
    for (uint32_t i = 0; i < c->order_count && i < LIST_ORDERS_MAX; i++) {
        if (!text_is_absent(c->symbol)) must_be_consistent(&c->orders[i]);
        MUST(c->orders[i].order_count == 0 && c->orders[i].orders == NULL);
        MUST(text_equal(c->orders[i].symbol, c->symbol) && text_equal(c->orders[i].user_id, c->user_id));
        MUST(c->fault != REASON_NONE || c->orders[i].fault == REASON_NONE);
    }
    MUST(c->fault != REASON_NONE || c->order_count == (c->contingency == CONTINGENCY_OTOCO ? 3 : 2));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const char *json = (const char *)bytes;
    struct command command, again, map;
    struct packed packed;
    command_decode(decoder(), json, size, &command);
    must_be_consistent(&command);
    if (command.order_count) must_be_a_list(&command);
    uint64_t content = command_content_hash(&command);
    command_decode(decoder(), json, size, &again);
    MUST(command_content_hash(&again) == content && again.fault == command.fault);
    bool is_json = size && (json[0] == '{' || json[0] == ' ' || json[0] == '\t' || json[0] == '\n' || json[0] == '\r');
    if (!is_json || size > RECORD_BYTES_MAX) return 0;
    if (!pack_json(json, size, &packed)) {
        MUST(command.fault == REASON_MALFORMED);
        return 0;
    }
    if (packed.depth < 31 && packed.size <= RECORD_BYTES_MAX) {
        uint64_t present = command.present, bad = command.bad;
        command_decode(decoder(), packed.bytes, packed.size, &map);
        MUST(map.fault == command.fault && map.present == present && map.bad == bad);
        MUST(command_content_hash(&map) == content);
    }
    packed_free(&packed);
    return 0;
}
