/* Control records in JSON. */
#ifndef SHARDBOOK_IO_JSON_JSON_CONTROL_H
#define SHARDBOOK_IO_JSON_JSON_CONTROL_H

#include "core/control.h"
#include "io/json/json_decoder.h"

#include <stdbool.h>
#include <stddef.h>

/* Decodes the value of a control record. False if it is malformed: no JSON object of at most RECORD_BYTES_MAX, a
 * repeated known key, no known kind, a `symbol` that is neither a symbol nor `*`, or a member missing or ill-formed
 * that its kind needs: symbol, mid, epoch of BEGIN, CUT, ABORT, and mode of BEGIN; symbol (not `*`) of INSTRUMENT and
 * STATE, all settings of INSTRUMENT that are there, state of STATE; mode of LISTING, and limit if it is there; userId
 * and blocked of BLOCK; version of RULES. Other ill-formed members count as absent. */
bool json_control_decode(struct json_decoder *decoder, const char *bytes, size_t size, struct control *control);

/* Writes the value of a control record from the members of *control that its kind has (`fields` is not looked at);
 * returns its bytes, 0 if out_bytes is less than CONTROL_BYTES_MAX, the kind is none, or an INSTRUMENT's least notional
 * has more than 19 significant digits. What struct control has not (claimer, deposed, instance, keyId) is left out.
 * Any thread. */
enum { CONTROL_BYTES_MAX = 2560 };
size_t json_control_encode(const struct control *control, char *out, size_t out_bytes);

#endif
