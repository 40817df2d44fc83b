/* Orders in msgpack: what our own check lets through msgpack-c must be able to read, and nothing else gets there. */
#include "core/limits.h"
#include "io/decode/command_decoder.h"
#include "io/msgpack/msgpack_command.h"
#include "io/msgpack/msgpack_reader.h"
#include "tests/fuzz/fuzz.h"

static struct command_decoder *decoder(void) {
    static struct command_decoder it;
    static bool open;
    if (!open) MUST(open = command_decoder_init(&it));
    return &it;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const char *record = (const char *)bytes;
    struct command command, again;
    msgpack_object object;
    bool well_formed = size <= RECORD_BYTES_MAX && msgpack_is_well_formed(record, size);
    MUST(msgpack_read(&decoder()->msgpack, record, size, &object) == well_formed);

    msgpack_command_decode(&decoder()->msgpack, record, size, &command);
    MUST(well_formed || command.fault == REASON_MALFORMED);
    MUST((command.bad & ~command.present) == 0 && (command.fault != REASON_NONE || command.bad == 0));
    MUST(text_is_absent(command.symbol) || symbol_is_valid(command.symbol));
    MUST(command.order_count == 0 || (command.action == ACTION_LIST && command.orders));
    for (uint32_t i = 0; i < command.order_count && i < LIST_ORDERS_MAX; i++)
        MUST(command.fault != REASON_NONE || command.orders[i].fault == REASON_NONE);
    uint64_t content = command_content_hash(&command);
    msgpack_command_decode(&decoder()->msgpack, record, size, &again);
    MUST(again.fault == command.fault && command_content_hash(&again) == content);

    command_decode(decoder(), record, size, &again);
    bool is_container = size && ((bytes[0] >= 0x80 && bytes[0] <= 0x9f) || (bytes[0] >= 0xdc && bytes[0] <= 0xdf));
    MUST(!is_container || again.fault == command.fault);
    return 0;
}
