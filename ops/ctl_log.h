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

/* A record to append to `orders`, which is answered by an event. */
struct ctl_question {
    const char *name; /* for complaints */
    int32_t partition;
    struct text key, value;
    bool is_control; /* else a CANCEL_ALL */
};

/* Its answer. */
struct ctl_answer {
    int64_t offset; /* of the record in orders */
    bool is_there, accepted;
    bool is_first;   /* nothing was known of the symbol before */
    char result[64]; /* "ACCEPTED", "CANCEL_ALL_DONE", or why refused */
    uint64_t count;  /* of a CANCEL_ALL: the orders that it ended */
    double seconds;  /* from append to answer read */
};

/* Appends the records, in order, and waits for the event of each in fills; false after a complaint (then
 * answer->offset is -1 of what was not written, is_there false of what is not answered). */
bool ctl_log_ask(struct ctl_log *log, const struct ctl_question *questions, int count, struct ctl_answer *answers);

/* The same for control records, at most CTL_CONTROLS_MAX, each in the home of its symbol. */
enum { CTL_CONTROLS_MAX = 32 };
bool ctl_log_decide_each(struct ctl_log *log, const struct control *controls, int count, struct ctl_answer *answers);

/* The same for one. */
bool ctl_log_decide(struct ctl_log *log, const struct control *control, struct ctl_answer *answer);

/* The same for one without a symbol, in every partition. */
bool ctl_log_decide_everywhere(
    struct ctl_log *log, const struct control *control, struct ctl_answer answers[PARTITIONS]);

/* Prints the answers of ctl_log_decide_everywhere: in JSON members and the closing brace behind what the caller began,
 * else the places, and ends the line. The exit code, after a complaint about the first that was refused. */
int ctl_print_everywhere(
    const struct ctl *ctl, const struct control *control, const struct ctl_answer answers[PARTITIONS]);

#endif
