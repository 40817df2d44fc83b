/* What a field of a record means for a command, whatever the encoding: decoders hand over what they read, name by
 * name, and the readings of ARCHITECTURE.md are decided here once. */
#ifndef SHARDBOOK_CORE_COMMAND_FIELDS_H
#define SHARDBOOK_CORE_COMMAND_FIELDS_H

#include "core/command.h"
#include "core/limits.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Each puts one field that is there and not null into the command, or marks it as badly formed. The caller sees to it
 * that no field comes twice and that texts are UTF-8; texts are kept as views. Any thread, one per command. */

/* A string. */
void command_take_text(struct command *command, enum field field, struct text text);

/* Where in struct command the id of a field stands; 0: the field is no id. */
extern const uint16_t command_id_places[FIELD_COUNT];

/* As command_take_text, of a text that holds no NUL: most are ids, and those cost little. */
static inline void command_take_plain_text(struct command *command, enum field field, struct text text) {
    uint16_t place = command_id_places[field];
    if (place && text.size - 1 < ID_BYTES_MAX) {
        command->present |= UINT64_C(1) << field;
        memcpy((char *)command + place, &text, sizeof text);
    } else {
        command_take_text(command, field, text);
    }
}

/* A number as it is written (JSON number syntax, perhaps with a sign). */
void command_take_number(struct command *command, enum field field, struct text number);

/* A non-negative integer: of a decimal field its value, as 150 stands for 150.00. */
void command_take_integer(struct command *command, enum field field, uint64_t value);

/* mantissa * 10^-decimals, of at most 18 digits, 1 to 18 of them decimals. */
void command_take_fixed(struct command *command, enum field field, uint64_t mantissa, int16_t decimals);

/* A non-negative integer: of a decimal field the count of ticks or lots. */
void command_take_units(struct command *command, enum field field, uint64_t value);

void command_take_boolean(struct command *command, enum field field, bool value);

/* An array; what is in it is for command_take_orders. */
void command_take_array(struct command *command, enum field field);

/* Anything else. */
void command_take_bad(struct command *command, enum field field);

/* The number of an enumeration in the array form; `value` may be any. */
void command_take_ordinal(struct command *command, enum field field, uint64_t value);

/* True for fields that are prices, distances of prices or quantities. */
bool field_is_decimal(enum field field);

/* True of a LIST with an array of orders. When all its other fields are taken, its decoder puts the first
 * LIST_ORDERS_MAX of them into memory of its own, each begun by command_init and ended by command_end_order, and hands
 * them over with command_take_orders, or calls command_take_bad if not all are of the form that an order has. */
bool command_has_orders(const struct command *command);

/* Gives an order symbol, userId and timestamp of its list, marks as badly formed what it says otherwise, and checks it
 * as a NEW. */
void command_end_order(struct command *order, const struct command *list);

/* `count` as the record has it; `orders` must live as long as the list. */
void command_take_orders(struct command *list, const struct command *orders, uint32_t count);

/* Turns the command into one of which nothing could be decoded. */
void command_set_malformed(struct command *command);

#endif
