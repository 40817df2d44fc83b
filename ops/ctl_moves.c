#include "ops/ctl_moves.h"

#include <inttypes.h>
#include <stdio.h>

enum { WINDOW_RECORDS = 20000, WINDOW_RECORDS_MAX = 2000000 };

struct search {
    struct ctl_log *log;
    struct text symbol;
    struct symbol_moves *moves;
};

static bool is_of_a_move(uint8_t kind) { return kind == CONTROL_BEGIN || kind == CONTROL_CUT || kind == CONTROL_ABORT; }

static void on_fill(void *context, const struct log_record *record) {
    struct search *search = context;
    struct symbol_moves *moves = search->moves;
    struct event event;
    struct control control;
    if (!ctl_log_control(search->log, record, search->symbol, &event, &control) || !is_of_a_move(control.kind) ||
        !text_equal(event.control_result, TEXT("ACCEPTED")))
        return;
    if (control.kind == CONTROL_BEGIN || control.epoch != moves->epoch)
        moves->has_worker = control.kind == CONTROL_BEGIN && control.has_worker;
    if (moves->has_worker && control.kind == CONTROL_BEGIN) moves->worker = control.worker;
    moves->moved = true;
    moves->open = control.kind == CONTROL_BEGIN;
    moves->epoch = control.epoch;
    moves->offset = event.src_offset;
    snprintf(moves->kind, sizeof moves->kind, "%.*s", (int)event.control_kind.size, event.control_kind.data);
    snprintf(moves->mid, sizeof moves->mid, "%.*s", (int)control.mid.size, control.mid.data);
}

bool symbol_moves_read(struct ctl_log *log, struct text symbol, struct symbol_moves *moves) {
    int64_t begin, end, window = WINDOW_RECORDS;
    int32_t home = home_partition(symbol);
    struct search search = {log, symbol, moves};
    *moves = (struct symbol_moves){0};
    if (!ctl_log_bounds(log, TOPIC_FILLS, home, &begin, &end)) return false;
    while (end > begin && !moves->moved) {
        int64_t from = end - begin > window ? end - window : begin;
        if (window > WINDOW_RECORDS)
            ctl_progress(log->ctl, "looking for moves of %.*s in fills %d/%" PRId64 " to %" PRId64, (int)symbol.size,
                symbol.data, home, from, end);
        if (!ctl_log_read(log, TOPIC_FILLS, home, from, end, on_fill, &search)) return false;
        end = from;
        window = window < WINDOW_RECORDS_MAX ? window * 2 : window;
    }
    return true;
}

bool symbol_moves_find(struct ctl *ctl, struct text symbol, struct symbol_moves *moves) {
    struct ctl_log log;
    if (!ctl_log_open(&log, ctl)) return false;
    bool found = symbol_moves_read(&log, symbol, moves);
    ctl_log_close(&log);
    return found;
}
