/* The C interface of the public matching engine benchmark (flash1-dev/matching-engine-benchmark), in our own words:
 * what an engine offers as a shared library, and the forms that pass between it and the harness. The harness calls all
 * engine_* from one thread; drain of a transport belongs to another. Layouts are the interface: fixed for ever. */
#ifndef SHARDBOOK_BENCH_HARNESS_ENGINE_API_H
#define SHARDBOOK_BENCH_HARNESS_ENGINE_API_H

#include <stdint.h>

enum { HARNESS_BUY = 0, HARNESS_SELL = 1 };

/* A limit order, good till cancelled or immediate or cancel. */
struct harness_new {
    uint64_t order_id, sequence;
    int64_t price_ticks;
    uint32_t quantity;
    uint8_t side, is_ioc;
    uint8_t unused[2];
};

struct harness_cancel {
    uint64_t order_id, sequence;
};

/* Cancel and new under the same id: the order's place in the queue is lost. */
struct harness_modify {
    uint64_t order_id, sequence;
    int64_t price_ticks;
    uint32_t quantity;
    uint8_t side; /* the order's own */
    uint8_t unused[3];
};

enum harness_message_type { HARNESS_NEW = 0, HARNESS_CANCEL, HARNESS_MODIFY };

struct harness_message {
    uint8_t type; /* enum harness_message_type */
    uint8_t unused[7];
    union {
        struct harness_new new_order;
        struct harness_cancel cancel;
        struct harness_modify modify;
    };
};

enum harness_report_type {
    HARNESS_ORDER_ACK = 0,
    HARNESS_TRADE,      /* at the maker's price, with the taker's sequence number */
    HARNESS_CANCEL_ACK, /* also of what an immediate order could not fill: the order's side and price */
    HARNESS_MODIFY_ACK,
    HARNESS_CANCEL_REJECT, /* the order is not open */
    HARNESS_MODIFY_REJECT
};

struct harness_report {
    uint8_t type, side;
    uint8_t unused[6];
    uint64_t sequence, order_id;
    int64_t price_ticks;
    uint32_t quantity, unused_too;
    uint64_t maker_order_id, taker_order_id; /* TRADE */
    uint64_t unused_last;
};

_Static_assert(sizeof(struct harness_new) == 32, "the harness's layout");
_Static_assert(sizeof(struct harness_cancel) == 16, "the harness's layout");
_Static_assert(sizeof(struct harness_modify) == 32, "the harness's layout");
_Static_assert(sizeof(struct harness_message) == 40, "the harness's layout");
_Static_assert(sizeof(struct harness_report) == 64, "the harness's layout");

/* How reports get from the matching thread to the draining one. */
struct harness_transport {
    void *(*create)(uint32_t capacity);                             /* NULL: failed */
    int (*push)(void *handle, const struct harness_report *report); /* 0: full */
    uint32_t (*drain)(void *handle, struct harness_report *out, uint32_t max);
    void (*flush)(void *handle); /* the matching thread: shows what is not visible yet */
    void (*destroy)(void *handle);
};

#define HARNESS_EXPORT __attribute__((visibility("default")))

HARNESS_EXPORT void engine_init(uint64_t nonce, const struct harness_transport *transport, void *sink);
HARNESS_EXPORT void engine_shutdown(void);
HARNESS_EXPORT void engine_on_new_order(const struct harness_new *message);
HARNESS_EXPORT void engine_on_cancel(const struct harness_cancel *message);
HARNESS_EXPORT void engine_on_modify(const struct harness_modify *message);
/* `count` messages, each finished and its reports in the transport before the next is looked at. May be absent: then
 * each message comes by its own call, and its reports must be in the transport when engine_flush returns. */
HARNESS_EXPORT void engine_on_batch(const struct harness_message *messages, uint32_t count);
HARNESS_EXPORT void engine_flush(void);
HARNESS_EXPORT int64_t engine_query_best_bid(void); /* INT64_MIN: none */
HARNESS_EXPORT int64_t engine_query_best_ask(void); /* INT64_MAX: none */
HARNESS_EXPORT uint64_t engine_query_depth_at(int64_t price_ticks, uint8_t side);
/* The engine's own transport instead of the harness's. Its push may be left unused. */
HARNESS_EXPORT const struct harness_transport *engine_get_transport(void);

#endif
