/* What a record of `orders` says, read plainly: a value for every known field. One thread at a time. */
#ifndef SHARDBOOK_BENCH_REFERENCE_REQUEST_H
#define SHARDBOOK_BENCH_REFERENCE_REQUEST_H

#include "bench/reference/number.h"
#include "core/limits.h"
#include "core/reason.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

enum request_action {
    REQUEST_NEW,
    REQUEST_CANCEL,
    REQUEST_MODIFY,
    REQUEST_REPLACE,
    REQUEST_CANCEL_ALL,
    REQUEST_LIST,
    REQUEST_UNKNOWN
};
enum { REQUEST_BUY, REQUEST_SELL };
enum { REQUEST_LIMIT, REQUEST_MARKET, REQUEST_STOP, REQUEST_STOP_LIMIT, REQUEST_TRAILING_STOP };
enum { REQUEST_GTC, REQUEST_IOC, REQUEST_FOK, REQUEST_GTD, REQUEST_DAY, REQUEST_AON };
enum { REQUEST_PREVENT_NOTHING, REQUEST_EXPIRE_TAKER, REQUEST_EXPIRE_MAKER, REQUEST_EXPIRE_BOTH, REQUEST_DECREMENT };
enum { REQUEST_OCO, REQUEST_OTO, REQUEST_OTOCO };
enum { REQUEST_ORDERS_MAX = 3 };

enum request_shape { REQUEST_ABSENT, REQUEST_ILL, REQUEST_GOOD };

/* One field. Only the member that the field's form has (request_form_of) means anything, and only when GOOD. */
struct request_value {
    enum request_shape shape;
    uint8_t size;
    char bytes[ID_BYTES_MAX]; /* ids and the symbol */
    int choice;               /* enumerations: place in the list of names */
    bool flag;
    int64_t integer;
    struct number number;
};

struct request {
    bool malformed; /* nothing else means anything */
    enum request_action action;
    struct request_value values[FIELD_COUNT]; /* by enum field */
    struct request *orders;                   /* of a LIST: its first orders, until the next request_read */
    uint32_t order_count;                     /* as many as the record has */
};

enum request_form {
    REQUEST_FORM_CHOICE,
    REQUEST_FORM_SYMBOL,
    REQUEST_FORM_ID,
    REQUEST_FORM_ACCOUNT,
    REQUEST_FORM_DECIMAL,
    REQUEST_FORM_INTEGER,
    REQUEST_FORM_FLAG,
    REQUEST_FORM_ARRAY
};

/* Reads a record's value, JSON or msgpack as its first byte says. */
void request_read(struct text value, struct request *request);

/* How many of a list's orders are there to look at. */
uint32_t request_orders(const struct request *request);

/* MALFORMED, MISSING_FIELD, BAD_FIELD, UNSUPPORTED or INVALID_COMBINATION, the first that applies; or NONE. */
enum reason request_fault(const struct request *request);

/* True of a LIST whose orders are to be read. When its reader has read all else, it begins, fills and ends the first
 * REQUEST_ORDERS_MAX of them one by one, counts all, and sets FIELD_ORDERS ill if one is no order at all. */
bool request_settles_as_list(struct request *request);
struct request *request_begin_order(struct request *list);
void request_end_order(struct request *list, struct request *order);

/* The fields' common view, for what reads one of the forms of record. */
enum request_form request_form_of(enum field field);
enum field request_field_named(const char *name, size_t bytes);
void request_set_text(struct request *request, enum field field, const char *bytes, size_t size);
void request_set_ill(struct request *request, enum field field);
bool request_utf8_is_valid(const char *bytes, size_t size);
void request_read_json(struct text value, struct request *request);
void request_read_msgpack(struct text value, struct request *request);

bool request_has(const struct request *request, enum field field);         /* there, well formed or not */
struct text request_text(const struct request *request, enum field field); /* absent unless well formed */
int request_choice(const struct request *request, enum field field);       /* -1 unless well formed */

/* The id the command itself carries; absent if it has none or it is ill-formed. */
struct text request_own_id(const struct request *request);

/* Writes what the record says, own id and timestamp aside, so that two records that say the same give the same
 * bytes; out holds REQUEST_CONTENT_BYTES, returns the bytes written. */
enum { REQUEST_CONTENT_BYTES = 8192 };
size_t request_content(const struct request *request, char *out);

bool request_symbol_is_proper(struct text symbol);

/* NEW and REPLACE, and the orders of a LIST. */
bool request_is_order(const struct request *request);
/* True if the order is a market order when it trades: MARKET, STOP, TRAILING_STOP without price. */
bool request_is_market(const struct request *request);
bool request_flag(const struct request *request, enum field field); /* false unless well formed */

#endif
