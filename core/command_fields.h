/* What a field of a record means for a command, whatever the encoding: decoders hand over what they read, name by
 * name, and the readings of ARCHITECTURE.md are decided here once. */
#ifndef SHARDBOOK_CORE_COMMAND_FIELDS_H
#define SHARDBOOK_CORE_COMMAND_FIELDS_H

#include "core/command.h"

#include <stdbool.h>
#include <stdint.h>

/* Each puts one field that is there and not null into the command, or marks it as badly formed. The caller sees to it
 * that no field comes twice and that texts are UTF-8; texts are kept as views. Any thread, one per command. */

/* A string. */
void command_take_text(struct command *command, enum field field, struct text text);

/* A number as it is written (JSON number syntax, perhaps with a sign). */
void command_take_number(struct command *command, enum field field, struct text number);

/* A non-negative integer: of a decimal field its value, as 150 stands for 150.00. */
void command_take_integer(struct command *command, enum field field, uint64_t value);

/* A non-negative integer: of a decimal field the count of ticks or lots. */
void command_take_units(struct command *command, enum field field, uint64_t value);

void command_take_boolean(struct command *command, enum field field, bool value);

/* An array; what is in it is not looked at. */
void command_take_array(struct command *command, enum field field);

/* Anything else. */
void command_take_bad(struct command *command, enum field field);

/* The number of an enumeration in the array form; `value` may be any. */
void command_take_ordinal(struct command *command, enum field field, uint64_t value);

/* True for fields that are prices, distances of prices or quantities. */
bool field_is_decimal(enum field field);

/* Turns the command into one of which nothing could be decoded. */
void command_set_malformed(struct command *command);

#endif
