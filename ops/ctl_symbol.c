/* Moving a symbol between the workers of one server: BEGIN and CUT in the log, mode DIRECT. */
#include "ops/ctl_moves.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

struct symbol_move {
    struct ctl_log log;
    struct text symbol;
    uint64_t epoch;
    int64_t worker;
    char mid[ID_BYTES_MAX + 1];
    struct ctl_answer begin, cut;
    double seconds;
};

static void make_mid(char mid[ID_BYTES_MAX + 1]) {
    uint64_t number = 0;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (getrandom(&number, sizeof number, 0) != sizeof number) number = (uint64_t)now.tv_nsec;
    snprintf(mid, ID_BYTES_MAX + 1, "%" PRId64 "-%08" PRIx64, (int64_t)now.tv_sec, number >> 32);
}

/* Sends one record and tells how it was decided; false after a complaint. */
static bool decide(struct symbol_move *move, enum control_kind kind, struct ctl_answer *answer) {
    const struct control control = {.kind = (uint8_t)kind,
        .mode = kind == CONTROL_BEGIN ? MOVE_DIRECT : MOVE_NONE,
        .has_epoch = true,
        .has_worker = kind == CONTROL_BEGIN,
        .symbol = move->symbol,
        .mid = text_of(move->mid),
        .epoch = move->epoch,
        .worker = move->worker};
    struct text name = control_kind_name(kind);
    if (!ctl_log_decide(&move->log, &control, answer)) return false;
    if (!answer->accepted) {
        ctl_complain(CTL_FAILED, "%.*s at %d/%" PRId64 " was refused: %s%s", (int)name.size, name.data,
            home_partition(move->symbol), answer->offset, answer->result,
            strcmp(answer->result, "WRONG_EPOCH") == 0 ? " (somebody else moved the symbol meanwhile; try again)" : "");
        return false;
    }
    ctl_progress(move->log.ctl, "%.*s accepted at %d/%" PRId64 " (%.3f s)", (int)name.size, name.data,
        home_partition(move->symbol), answer->offset, answer->seconds);
    return true;
}

static void print_move(const struct symbol_move *move) {
    if (!move->log.ctl->json) {
        printf("%.*s is on worker %" PRId64 " (modulo the number of workers): move %s, epoch %" PRIu64
               ", BEGIN %d/%" PRId64 ", CUT %d/%" PRId64 ", %.3f s\n",
            (int)move->symbol.size, move->symbol.data, move->worker, move->mid, move->epoch,
            home_partition(move->symbol), move->begin.offset, home_partition(move->symbol), move->cut.offset,
            move->seconds);
        return;
    }
    printf("{\"schema\":\"shardbook.symbol-move/1\",\"symbol\":\"%.*s\",\"mid\":", (int)move->symbol.size,
        move->symbol.data);
    ctl_print_text(text_of(move->mid));
    printf(",\"epoch\":%" PRIu64 ",\"worker\":%" PRId64 ",\"partition\":%d,\"begin\":{\"offset\":%" PRId64
           ",\"seconds\":%.3f},\"cut\":{\"offset\":%" PRId64
           ",\"seconds\":%.3f},\"seconds\":%.3f,\"result\":\"ACCEPTED\"}\n",
        move->epoch, move->worker, home_partition(move->symbol), move->begin.offset, move->begin.seconds,
        move->cut.offset, move->cut.seconds, move->seconds);
}

/* Finds the epoch; false after a complaint. */
static bool prepare(struct symbol_move *move) {
    struct symbol_moves moves;
    const char *mid = configuration_text(move->log.ctl->configuration, "mid");
    if (!configuration_switch(move->log.ctl->configuration, "dry-run") && !ctl_log_want_writer(&move->log))
        return false;
    if (!symbol_moves_read(&move->log, move->symbol, &moves)) return false;
    if (moves.open) {
        ctl_complain(CTL_FAILED,
            "%.*s: the move %s (epoch %" PRIu64
            ") is still open; wait for its end, or: shardbookctl symbol move-cancel %.*s",
            (int)move->symbol.size, move->symbol.data, moves.mid, moves.epoch, (int)move->symbol.size,
            move->symbol.data);
        return false;
    }
    move->epoch = moves.epoch + 1;
    if (mid)
        snprintf(move->mid, sizeof move->mid, "%s", mid);
    else
        make_mid(move->mid);
    return true;
}

static int move_symbol(struct symbol_move *move) {
    struct timespec began, ended;
    clock_gettime(CLOCK_MONOTONIC, &began);
    if (!prepare(move)) return CTL_FAILED;
    if (configuration_switch(move->log.ctl->configuration, "dry-run")) {
        printf("%.*s would move to worker %" PRId64 " with epoch %" PRIu64
               ", by BEGIN and CUT in orders/%d; nothing was written\n",
            (int)move->symbol.size, move->symbol.data, move->worker, move->epoch, home_partition(move->symbol));
        return CTL_DONE;
    }
    if (!decide(move, CONTROL_BEGIN, &move->begin) || !decide(move, CONTROL_CUT, &move->cut)) return CTL_FAILED;
    clock_gettime(CLOCK_MONOTONIC, &ended);
    move->seconds = (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9;
    print_move(move);
    return CTL_DONE;
}

int ctl_symbol_move(struct ctl *ctl, const char *const *words, size_t count) {
    struct symbol_move move = {0};
    const char *mid = configuration_text(ctl->configuration, "mid");
    (void)count;
    if (!ctl_symbol(words[0], &move.symbol)) return CTL_USAGE;
    if (!configuration_is_given(ctl->configuration, "to-worker"))
        return ctl_complain(CTL_USAGE, "say where to: --to-worker N, counted from 0");
    if (mid && strlen(mid) > ID_BYTES_MAX) return ctl_complain(CTL_USAGE, "--mid: at most %d bytes", ID_BYTES_MAX);
    move.worker = configuration_count(ctl->configuration, "to-worker");
    if (!ctl_log_open(&move.log, ctl)) return CTL_FAILED;
    int code = move_symbol(&move);
    ctl_log_close(&move.log);
    return code;
}

int ctl_symbol_move_status(struct ctl *ctl, const char *const *words, size_t count) {
    struct text symbol;
    struct symbol_moves moves;
    (void)count;
    if (!ctl_symbol(words[0], &symbol)) return CTL_USAGE;
    if (!symbol_moves_find(ctl, symbol, &moves)) return CTL_FAILED;
    if (ctl->json) {
        printf("{\"schema\":\"shardbook.move-status/1\",\"symbol\":\"%.*s\",\"partition\":%d,\"epoch\":%" PRIu64
               ",\"open\":%s",
            (int)symbol.size, symbol.data, home_partition(symbol), moves.epoch, moves.open ? "true" : "false");
        if (moves.moved) {
            printf(",\"last\":{\"kind\":\"%s\",\"offset\":%" PRId64 ",\"mid\":", moves.kind, moves.offset);
            ctl_print_text(text_of(moves.mid));
            putchar('}');
        }
        if (moves.has_worker) printf(",\"worker\":%" PRId64, moves.worker);
        printf("}\n");
    } else if (!moves.moved) {
        printf("%.*s was never moved (epoch 0, partition %d)\n", (int)symbol.size, symbol.data, home_partition(symbol));
    } else {
        printf("%.*s: epoch %" PRIu64 ", move %s %s: %s accepted at %d/%" PRId64 "\n", (int)symbol.size, symbol.data,
            moves.epoch, moves.mid, moves.open ? "is open" : "has ended", moves.kind, home_partition(symbol),
            moves.offset);
    }
    return CTL_DONE;
}

static int cancel_open_move(struct symbol_move *move) {
    struct symbol_moves moves;
    if (!symbol_moves_read(&move->log, move->symbol, &moves)) return CTL_FAILED;
    if (!moves.open)
        return ctl_complain(CTL_FAILED, "%.*s has no open move", (int)move->symbol.size, move->symbol.data);
    move->epoch = moves.epoch;
    snprintf(move->mid, sizeof move->mid, "%s", moves.mid);
    if (!decide(move, CONTROL_ABORT, &move->begin)) return CTL_FAILED;
    if (move->log.ctl->json) {
        printf("{\"schema\":\"shardbook.move-cancel/1\",\"symbol\":\"%.*s\",\"epoch\":%" PRIu64 ",\"offset\":%" PRId64
               ",\"mid\":",
            (int)move->symbol.size, move->symbol.data, move->epoch, move->begin.offset);
        ctl_print_text(text_of(move->mid));
        printf("}\n");
    } else {
        printf("%.*s stays where it is: move %s ended by ABORT at %d/%" PRId64 "\n", (int)move->symbol.size,
            move->symbol.data, move->mid, home_partition(move->symbol), move->begin.offset);
    }
    return CTL_DONE;
}

int ctl_symbol_move_cancel(struct ctl *ctl, const char *const *words, size_t count) {
    struct symbol_move move = {0};
    (void)count;
    if (!ctl_symbol(words[0], &move.symbol)) return CTL_USAGE;
    if (!ctl_log_open(&move.log, ctl)) return CTL_FAILED;
    int code = cancel_open_move(&move);
    ctl_log_close(&move.log);
    return code;
}
