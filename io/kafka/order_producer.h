/* The router's way into the log: orders produced from a libuv loop, each answered on that loop once the broker has it.
 * Everything here belongs to the loop's thread. */
#ifndef SHARDBOOK_IO_KAFKA_ORDER_PRODUCER_H
#define SHARDBOOK_IO_KAFKA_ORDER_PRODUCER_H

#include "core/ports.h"
#include "io/kafka/settings.h"

#include <uv.h>

struct order_producer;

struct order_producer_settings {
    int message_timeout_ms; /* an order not acknowledged by then is given up: 5,000 to 30,000 */
    int linger_ms;          /* waits so long for company in a batch: 0 to 5 */
    int in_flight_max;      /* more unacknowledged orders than this are STATUS_FULL: 1 to 1,000,000 */
};

/* 10 s, 1 ms, 10,000. */
struct order_producer_settings order_producer_defaults(void);

/* Told once for each order that was taken. STATUS_OK: stored at `offset` of `partition` by all in-sync replicas.
 * STATUS_REFUSED: the broker will not have this record. STATUS_AWAY: not stored, or perhaps stored: nobody knows (the
 * guide's 5xx). offset is -1 unless OK. Must not close the producer. */
typedef void (*order_on_ack)(void *context, int status, int32_t partition, int64_t offset);

struct order_producer_counts {
    uint64_t in_flight;                         /* taken and not answered */
    uint64_t taken, acknowledged, failed, full; /* since open; full: refused with STATUS_FULL */
    uint64_t reopened;                          /* times the producer handle had to be made anew after a fatal error */
    bool up;                                    /* the brokers are believed to be reachable */
};

/* Connects lazily; asks for the metadata of both topics at once and keeps `loop` busy with one handle. Copies the
 * settings. NULL with *status INVALID (a setting; a line on standard error says which) or NO_MEMORY. */
struct order_producer *order_producer_open(
    const struct kafka_settings *kafka, const struct order_producer_settings *settings, uv_loop_t *loop, int *status);

/* Produces `value` to the symbol's home partition of `topic` (TOPIC_ORDERS or TOPIC_PENDING) with key `symbol`. Copies
 * everything. STATUS_OK: taken, on_ack follows from the loop; orders of one partition are stored in the order sent.
 * STATUS_FULL: too many are in flight. STATUS_INVALID: no such door, value over RECORD_BYTES_MAX, or too many headers.
 * STATUS_NO_MEMORY. In all but OK on_ack is not called. */
int order_producer_send(struct order_producer *producer, uint8_t topic, struct text symbol, struct text value,
    const struct log_header *headers, uint32_t header_count, order_on_ack on_ack, void *context);

/* While the brokers are away this asks them whether they are back, at most twice a second and for 20 ms. */
void order_producer_count(struct order_producer *producer, struct order_producer_counts *counts);

/* Waits up to timeout_ms (blocking the loop) for what is in flight, answers the rest with STATUS_AWAY, closes the
 * handle; on_closed (may be NULL) follows from the loop, and then the producer is gone. */
void order_producer_close(
    struct order_producer *producer, int timeout_ms, void (*on_closed)(void *context), void *context);

#endif
