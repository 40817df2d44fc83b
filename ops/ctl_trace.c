/* The whole road of one order: every record that names it, in orders, pending-orders, the dead letters and fills. */
#include "ops/ctl_log.h"

#include "core/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEPS_MAX = 10000, VALUE_BYTES_SHOWN = 4096 };

struct step {
    uint8_t topic;
    int32_t partition;
    int64_t offset, timestamp_ms;
    char *value; /* printable */
};

struct trace {
    struct ctl *ctl;
    struct text id;
    struct step steps[STEPS_MAX];
    size_t count, missed;
};

/* Whether the value names the id: in JSON as a whole string, in msgpack as bytes. */
static bool names(struct text value, struct text id) {
    bool json = value.size > 0 && (value.data[0] == '{' || value.data[0] == ' ' || value.data[0] == '\n');
    const char *end = value.data + value.size;
    for (const char *at = value.data; value.size && (at = memmem(at, (size_t)(end - at), id.data, id.size)); at++)
        if (!json || (at > value.data && at[-1] == '"' && at + id.size < end && at[id.size] == '"')) return true;
    return false;
}

/* A copy with what cannot be printed as dots. */
static char *printable(struct text value) {
    size_t bytes = value.size < VALUE_BYTES_SHOWN ? value.size : VALUE_BYTES_SHOWN;
    char *copy = malloc(bytes + 1);
    for (size_t i = 0; copy && i < bytes; i++)
        copy[i] = (unsigned char)value.data[i] < 0x20 || value.data[i] == 0x7f ? '.' : value.data[i];
    if (copy) copy[bytes] = 0;
    return copy;
}

static void on_record(void *context, const struct log_record *record) {
    struct trace *trace = context;
    if (!record->has_value || !names(record->value, trace->id)) return;
    if (trace->count == STEPS_MAX) {
        trace->missed++;
        return;
    }
    trace->steps[trace->count++] =
        (struct step){record->topic, record->partition, record->offset, record->timestamp_ms, printable(record->value)};
}

static bool read_partition(struct ctl_log *log, uint8_t topic, int32_t partition, int64_t last, struct trace *trace) {
    int64_t begin, end;
    if (!ctl_log_bounds(log, topic, partition, &begin, &end)) return false;
    if (end - begin > last) begin = end - last;
    ctl_progress(
        log->ctl, "reading %s %d/%" PRId64 " to %" PRId64, log->ctl->kafka.topics[topic], partition, begin, end);
    return begin == end || ctl_log_read(log, topic, partition, begin, end, on_record, trace);
}

/* By time; at the same time in the order of the road. */
static int by_time(const void *a, const void *b) {
    static const int place[TOPIC_COUNT] = {
        [TOPIC_PENDING] = 0, [TOPIC_ORDERS] = 1, [TOPIC_DEAD_LETTER] = 2, [TOPIC_FILLS] = 3};
    const struct step *x = a, *y = b;
    if (x->timestamp_ms != y->timestamp_ms) return x->timestamp_ms < y->timestamp_ms ? -1 : 1;
    if (x->topic != y->topic) return place[x->topic] - place[y->topic];
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static void print_steps(const struct trace *trace) {
    if (trace->ctl->json) printf("{\"schema\":\"shardbook.trace/1\",\"steps\":[");
    for (size_t i = 0; i < trace->count; i++) {
        const struct step *step = &trace->steps[i];
        if (!trace->ctl->json) {
            printf("%" PRId64 "  %-18s %d/%-10" PRId64 " %s\n", step->timestamp_ms,
                trace->ctl->kafka.topics[step->topic], step->partition, step->offset, step->value);
            continue;
        }
        printf("%s{\"topic\":", i ? "," : "");
        ctl_print_text(text_of(trace->ctl->kafka.topics[step->topic]));
        printf(",\"partition\":%d,\"offset\":%" PRId64 ",\"timestamp\":%" PRId64 ",\"value\":", step->partition,
            step->offset, step->timestamp_ms);
        ctl_print_text(text_of(step->value));
        putchar('}');
    }
    if (trace->ctl->json)
        printf("],\"left_out\":%zu}\n", trace->missed);
    else if (trace->missed)
        ctl_complain(CTL_DONE, "%zu further records name the order; they are left out", trace->missed);
}

int ctl_trace(struct ctl *ctl, const char *const *words, size_t count) {
    static struct trace trace;
    struct ctl_log log;
    struct text symbol;
    const char *name = configuration_text(ctl->configuration, "symbol");
    (void)count;
    if (!name) return ctl_complain(CTL_USAGE, "say of which symbol: --symbol SYMBOL");
    if (!ctl_symbol(name, &symbol)) return CTL_USAGE;
    if (strlen(words[0]) == 0 || strlen(words[0]) > ID_BYTES_MAX)
        return ctl_complain(CTL_USAGE, "an order id has 1 to %d bytes", ID_BYTES_MAX);
    trace.ctl = ctl;
    trace.id = text_of(words[0]);
    if (!ctl_log_open(&log, ctl)) return CTL_FAILED;
    int64_t last = configuration_count(ctl->configuration, "last");
    int32_t home = home_partition(symbol);
    bool ok = read_partition(&log, TOPIC_PENDING, home, last, &trace) &&
              read_partition(&log, TOPIC_ORDERS, home, last, &trace) &&
              read_partition(&log, TOPIC_DEAD_LETTER, 0, last, &trace) &&
              read_partition(&log, TOPIC_FILLS, home, last, &trace);
    if (ok) {
        qsort(trace.steps, trace.count, sizeof *trace.steps, by_time);
        print_steps(&trace);
    }
    for (size_t i = 0; i < trace.count; i++) free(trace.steps[i].value);
    ctl_log_close(&log);
    if (ok && trace.count == 0)
        return ctl_complain(CTL_FAILED, "no record of %s names %s among the last %" PRId64 " of each topic (--last)",
            name, words[0], last);
    return ok ? CTL_DONE : CTL_FAILED;
}
