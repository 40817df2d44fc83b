#include "io/json/json_instrument.h"

size_t json_instrument_encode(struct text symbol, const struct instrument *instrument, char *out) {
    struct control control = {.kind = CONTROL_INSTRUMENT,
        .symbol = symbol,
        .instrument = *instrument,
        .state = TRADING_STATE_COUNT}; /* none: STATE records change it, settings do not */
    size_t size = json_control_encode(&control, out, CONTROL_BYTES_MAX);
    if (size) return size;
    control.instrument.notional_units_min = 0;
    return json_control_encode(&control, out, CONTROL_BYTES_MAX);
}

bool json_instrument_decode(
    struct json_decoder *decoder, struct text bytes, struct text symbol, struct instrument *instrument) {
    struct control control;
    if (!json_control_decode(decoder, bytes.data, bytes.size, &control) || control.kind != CONTROL_INSTRUMENT ||
        !text_equal(control.symbol, symbol))
        return false;
    *instrument = control.instrument;
    return true;
}
