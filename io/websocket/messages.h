/* What the server says over a WebSocket, as JSON text. Pure: it knows neither sockets nor subscribers.
 *
 * Prices and quantities are decimal strings, with the places of the symbol's tick and lot. Text of clients and of
 * orders is escaped as in topic fills: only `"`, `\` and control characters.
 *
 * Threads: one at a time per struct message. Running out of memory aborts with last words. */
#ifndef SHARDBOOK_IO_WEBSOCKET_MESSAGES_H
#define SHARDBOOK_IO_WEBSOCKET_MESSAGES_H

#include "core/depth.h"
#include "core/event.h"
#include "core/instrument.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

/* Text that grows. Every message_* function below but init and deinit replaces what was there. */
struct message {
    char *bytes;
    uint32_t size, capacity;
};

void message_init(struct message *message);
void message_deinit(struct message *message);

static inline struct text message_view(const struct message *message) {
    return (struct text){message->bytes, message->size};
}

/* One public trade: nobody's ids. */
struct trade {
    uint64_t fseq;     /* of its FILL */
    uint64_t trade_id; /* counts the symbol's trades from 1 */
    int64_t price_ticks, quantity_lots, timestamp_ms;
    uint8_t taker_side; /* enum side */
    struct decimal_unit tick, lot;
};

/* {"type":"trade","s":"AAPL","seq":1042,"p":"150.00","q":"30","side":"BUY","T":1764900000123,"t":17} */
void message_trade(struct message *message, struct text symbol, const struct trade *trade);

/* A change of depth, or with is_snapshot the whole of it. Levels best first; views of the caller's. */
struct depth_message {
    struct text symbol;
    const struct instrument *instrument;
    uint64_t epoch;
    uint64_t previous_u, first_u, last_u; /* pu, U, u: numbers of events; of a snapshot all are u */
    bool is_snapshot;
    const struct depth_level *sides[2]; /* by enum side; total 0: the level is gone */
    uint32_t counts[2];
};

/* {"type":"depth","s":"AAPL","ep":7,"pu":1041,"U":1042,"u":1044,"b":[["150.00","300"]],"a":[["150.05","0"]]}; a
 * snapshot says "snapshot":true behind "ep". */
void message_depth(struct message *message, const struct depth_message *depth);

/* Best prices and the last trade; what there is not is left out. */
struct ticker {
    uint64_t u;
    bool has_bid, has_ask, has_last;
    struct depth_level bid, ask;
    int64_t last_price_ticks;
    struct decimal_unit last_tick;
};

/* {"type":"ticker","s":"AAPL","u":1044,"b":["150.00","300"],"a":["150.05","20"],"p":"150.00"} */
void message_ticker(
    struct message *message, struct text symbol, const struct instrument *instrument, const struct ticker *ticker);

/* {"type":"report","account":"user123","event":{...}}: the event as in topic fills. `event_json` is that one's JSON. */
void message_report(struct message *message, struct text account, struct text event_json);

/* As message_report for FILL and PREVENTED: of taker and maker only those that are the account's. */
void message_party_report(struct message *message, struct text account, const struct event *event);

/* {"type":"ack","action":"subscribe","ep":7,"symbols":[..],"channels":[..]}; count 0 leaves a list out. */
struct ack_message {
    struct text action;
    uint64_t epoch;      /* 0: left out */
    struct text account; /* of auth */
    const struct text *symbols;
    uint32_t symbol_count;
    const struct text *channels;
    uint32_t channel_count;
};
void message_ack(struct message *message, const struct ack_message *ack);

/* {"type":"error","code":"BAD_SYMBOL","message":"..."}: `text` says how to mend it; `subject`, if any, is what it is
 * about. */
void message_error(struct message *message, struct text code, struct text text, struct text subject);

/* {"type":"gap","s":"AAPL","channel":"trades","from":5,"to":9}: events of these numbers cannot be sent again. */
void message_gap(struct message *message, struct text symbol, struct text channel, uint64_t from, uint64_t to);

/* {"type":"pong","T":1764900000123} */
void message_pong(struct message *message, int64_t now_ms);

/* {"type":"serverShutdown","message":"..."} */
void message_shutdown(struct message *message);

/* {"userId":"user123","connectedAt":1764900000123}: the value of Valkey's ws:{connectionId}. */
void message_presence(struct message *message, struct text user_id, int64_t connected_ms);

#endif
