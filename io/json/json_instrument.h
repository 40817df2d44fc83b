/* The value of instrument:{S} in JSON: the settings in force as an INSTRUMENT record would set them, without `state`.
 */
#ifndef SHARDBOOK_IO_JSON_JSON_INSTRUMENT_H
#define SHARDBOOK_IO_JSON_JSON_INSTRUMENT_H

#include "core/instrument.h"
#include "io/json/json_control.h"

#include <stdbool.h>
#include <stddef.h>

/* Writes the settings of a symbol to out (CONTROL_BYTES_MAX); returns their bytes. A least notional that no record can
 * name is left out. Any thread. */
size_t json_instrument_encode(struct text symbol, const struct instrument *instrument, char *out);

/* Reads them back. False if it is anything but the settings of `symbol`. */
bool json_instrument_decode(
    struct json_decoder *decoder, struct text bytes, struct text symbol, struct instrument *instrument);

#endif
