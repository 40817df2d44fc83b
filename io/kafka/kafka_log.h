/* Kafka behind the port log_store.
 *
 * Each reader has a consumer handle of its own: librdkafka parses 180 ns a message on one thread per broker
 * connection, so readers that shared a handle would share that ceiling; a seek, pause or full queue of one reader
 * cannot touch another; and two readers may stand in the same partition. No consumer group is used: positions are ours.
 *
 * Readers see what is committed and what is not (isolation.level=read_uncommitted): records of foreign open or aborted
 * transactions count as any other; every reader must see the same log.
 *
 * Each writer has two idempotent producer handles, one for the topics with records up to 64 KiB (orders,
 * pending-orders), one for the others: a broker's max.message.bytes bounds the batch, not only the record. */
#ifndef SHARDBOOK_IO_KAFKA_KAFKA_LOG_H
#define SHARDBOOK_IO_KAFKA_KAFKA_LOG_H

#include "core/ports.h"
#include "io/kafka/settings.h"

struct kafka_log_settings {
    struct kafka_settings kafka;
    int metadata_timeout_ms; /* opening and bounds wait so long for a broker */
    int message_timeout_ms;  /* writers: 0: a record is tried for ever; else given up, which is fatal for the writer */
    int linger_ms;           /* writers: 0 to 5 */
    int queue_records;       /* writers: taken and not acknowledged */
    int queue_kbytes;
    int fetch_wait_ms;      /* readers: a broker without records answers after so long; 1 on a mock broker */
    int read_ahead_records; /* each reader: no more is fetched while so many wait to be polled; one fetch may come on
                               top, of 128 KiB for each partition */
    int read_ahead_kbytes;
};

/* For a server: 10 s, for ever, 1 ms, 200,000 records, 256 MiB; 10 ms, 10,000 records, 4 MiB. The kafka member is
 * zero. */
struct kafka_log_settings kafka_log_defaults(void);

/* Connects and checks that all topics are there with their partition counts. Copies the settings. NULL after one line
 * on standard error with *status AWAY (no broker answered), REFUSED (a topic is missing or has another number of
 * partitions, or the broker does not let us in), INVALID (a setting), NO_MEMORY. The caller closes it after its readers
 * and writers.
 *
 * Beyond the port: a writer's append answers STATUS_INVALID when the first record is larger than its topic can hold (64
 * KiB with key and headers in orders and pending-orders, 1 MiB else); a reader's poll that found nothing answers
 * STATUS_AWAY (after its timeout) for as long as no broker can be reached. */
struct log_store *kafka_log_open(const struct kafka_log_settings *settings, int *status);

#endif
