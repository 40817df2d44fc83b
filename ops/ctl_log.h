/* The log as shardbookctl uses it: reads a stretch, appends a control record, waits for its answer. */
#ifndef SHARDBOOK_OPS_CTL_LOG_H
#define SHARDBOOK_OPS_CTL_LOG_H

#include "core/control.h"
#include "core/event.h"
#include "core/ports.h"
#include "io/json/json_decoder.h"
#include "io/msgpack/msgpack_decoder.h"
#include "ops/ctl.h"

struct ctl_log {
    struct ctl *ctl;
    struct log_store *store;
    struct log_writer *writer; /* once it is wanted */
    struct json_decoder json;
    struct msgpack_decoder msgpack;
    int wait_ms;
};

/* Connects; false after a complaint. The caller closes it. */
bool ctl_log_open(struct ctl_log *log, struct ctl *ctl);
void ctl_log_close(struct ctl_log *log);

/* First and next offset of a partition; false after a complaint. */
bool ctl_log_bounds(struct ctl_log *log, uint8_t topic, int32_t partition, int64_t *begin, int64_t *end);

/* Calls for each record from begin to before end; false after a complaint. */
bool ctl_log_read(struct ctl_log *log, uint8_t topic, int32_t partition, int64_t begin, int64_t end,
    void (*on_record)(void *context, const struct log_record *record), void *context);

/* Decodes a record of fills, JSON or msgpack; false if it is no event. Texts live until the next call. */
bool ctl_log_event(struct ctl_log *log, const struct log_record *record, struct event *event);

/* Whether the record is a CONTROL event of the symbol, and then what it says: *control has the fields of the record
 * that was decided on. Texts live until the next call. */
bool ctl_log_control(struct ctl_log *log, const struct log_record *record, struct text symbol, struct event *event,
    struct control *control);

/* Opens the writer ahead of its first record, which then does not wait for the producer's id (a second); false after a
 * complaint. */
bool ctl_log_want_writer(struct ctl_log *log);

/* A control record's answer. */
struct ctl_answer {
    int64_t offset; /* of the record in orders[home] */
    bool accepted;
    char result[64]; /* "ACCEPTED" or why refused */
    double seconds;  /* from append to answer read */
};

/* Appends the record to orders[home of its symbol] and waits for its CONTROL event in fills; false after a complaint
 * (then answer->offset is -1 if nothing was written, else where it stands, unanswered). */
bool ctl_log_decide(struct ctl_log *log, const struct control *control, struct ctl_answer *answer);

#endif
