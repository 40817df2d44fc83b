#include "ops/ctl_streams.h"

#include "core/rolling_hash.h"
#include "io/decode/event_decoder.h"

#include <stdio.h>
#include <stdlib.h>

/* Streams in the order of their first event, and where each is by its symbol: index + 1, linear probing. */
struct reading {
    struct ctl_log *log;
    struct event_decoder decoder;
    struct ctl_streams *streams;
    size_t room;
    uint32_t *slots;
    size_t slot_count;
    bool is_out_of_memory;
};

static uint32_t *slot_of(const struct reading *reading, struct text symbol) {
    size_t at = (size_t)(rolling_id(symbol) >> 32) & (reading->slot_count - 1);
    while (reading->slots[at] && !text_equal(text_of(reading->streams->streams[reading->slots[at] - 1].symbol), symbol))
        at = (at + 1) & (reading->slot_count - 1);
    return &reading->slots[at];
}

static bool grow(struct reading *reading) {
    struct ctl_streams *streams = reading->streams;
    size_t room = reading->room ? 2 * reading->room : 256;
    struct ctl_stream *wider = realloc(streams->streams, room * sizeof *wider);
    if (wider) streams->streams = wider;
    uint32_t *slots = calloc(2 * room, sizeof *slots);
    if (!wider || !slots) {
        free(slots);
        return false;
    }
    free(reading->slots);
    reading->slots = slots;
    reading->slot_count = 2 * room;
    reading->room = room;
    for (size_t i = 0; i < streams->count; i++) *slot_of(reading, text_of(wider[i].symbol)) = (uint32_t)i + 1;
    return true;
}

/* NULL without memory. */
static struct ctl_stream *get_stream(struct reading *reading, struct text symbol) {
    struct ctl_streams *streams = reading->streams;
    if (streams->count == reading->room && !grow(reading)) return NULL;
    uint32_t *slot = slot_of(reading, symbol);
    if (!*slot) {
        struct ctl_stream *stream = &streams->streams[streams->count++];
        *stream = (struct ctl_stream){.partition = home_partition(symbol), .state = TRADING_STATE_TRADING};
        memcpy(stream->symbol, symbol.data, symbol.size);
        *slot = (uint32_t)streams->count;
    }
    return &streams->streams[*slot - 1];
}

static void take_settings(struct reading *reading, struct ctl_stream *stream, const struct log_record *record) {
    struct event event;
    struct control control;
    if (!event_decode(&reading->decoder, record->value.data, record->value.size, NULL, &event) ||
        !text_equal(event.control_kind, TEXT("INSTRUMENT")) || !text_equal(event.control_result, TEXT("ACCEPTED")))
        return;
    free(stream->settings);
    stream->settings = strndup(event.control_fields.size ? event.control_fields.data : "", event.control_fields.size);
    if (!stream->settings) reading->is_out_of_memory = true;
    struct text symbol = text_of(stream->symbol); /* the event's ends with the next decoding */
    if (event.fseq == 1 && ctl_log_control(reading->log, record, symbol, &event, &control))
        stream->state = control.state;
}

static void take_state(struct reading *reading, struct ctl_stream *stream, const struct log_record *record) {
    struct event event;
    if (!event_decode(&reading->decoder, record->value.data, record->value.size, NULL, &event)) return;
    for (unsigned i = 0; i < TRADING_STATE_COUNT; i++)
        if (text_equal(event.state, trading_state_name((enum trading_state)i))) stream->state = (uint8_t)i;
}

static void on_record(void *context, const struct log_record *record) {
    struct reading *reading = context;
    struct event_scan scan;
    if (!record->has_value || !event_scan(&reading->decoder, record->value.data, record->value.size, &scan) ||
        !symbol_is_valid(scan.symbol))
        return;
    struct ctl_stream *stream = get_stream(reading, scan.symbol);
    if (!stream) {
        reading->is_out_of_memory = true;
        return;
    }
    if (scan.fseq <= stream->fseq) return; /* written twice */
    stream->fseq = scan.fseq;
    if (scan.type == EVENT_STATE) take_state(reading, stream, record);
    if (scan.type == EVENT_CONTROL) take_settings(reading, stream, record);
}

static int compare(const void *left, const void *right) {
    return strcmp(((const struct ctl_stream *)left)->symbol, ((const struct ctl_stream *)right)->symbol);
}

static bool read_all(struct reading *reading) {
    for (int32_t p = 0; p < PARTITIONS; p++) {
        int64_t begin, end;
        if (!ctl_log_bounds(reading->log, TOPIC_FILLS, p, &begin, &end)) return false;
        ctl_progress(reading->log->ctl, "reading fills %d: %lld records", (int)p, (long long)(end - begin));
        if (end > begin && !ctl_log_read(reading->log, TOPIC_FILLS, p, begin, end, on_record, reading)) return false;
    }
    return true;
}

bool ctl_streams_read(struct ctl_log *log, struct ctl_streams *streams) {
    struct reading reading = {.log = log, .streams = streams};
    *streams = (struct ctl_streams){0};
    bool is_well = event_decoder_init(&reading.decoder);
    reading.is_out_of_memory = !is_well;
    is_well = is_well && read_all(&reading);
    if (reading.is_out_of_memory) ctl_complain(CTL_FAILED, "no memory for the symbols of topic fills");
    event_decoder_deinit(&reading.decoder);
    free(reading.slots);
    if (streams->count) qsort(streams->streams, streams->count, sizeof *streams->streams, compare);
    return is_well && !reading.is_out_of_memory;
}

void ctl_streams_deinit(struct ctl_streams *streams) {
    for (size_t i = 0; i < streams->count; i++) free(streams->streams[i].settings);
    free(streams->streams);
    *streams = (struct ctl_streams){0};
}
