#include "shards/move.h"

enum move_result move_begin(struct move *move, uint64_t epoch, struct text mid, int64_t worker) {
    if (move->phase != MOVE_STABLE) return MOVE_OPEN;
    if (epoch != move->epoch + 1) return MOVE_WRONG_EPOCH;
    move->phase = MOVE_PREPARED;
    move->epoch = epoch;
    move->worker = worker;
    move->mid_bytes = (uint8_t)mid.size;
    memcpy(move->mid, mid.data, mid.size);
    return MOVE_ACCEPTED;
}

enum move_result move_end(struct move *move, uint64_t epoch, struct text mid) {
    if (move->phase != MOVE_PREPARED) return MOVE_NOT_OPEN;
    if (epoch != move->epoch) return MOVE_WRONG_EPOCH;
    if (!text_equal((struct text){move->mid, move->mid_bytes}, mid)) return MOVE_WRONG_ID;
    move->phase = MOVE_STABLE;
    return MOVE_ACCEPTED;
}

struct text move_result_name(enum move_result result) {
    static const char *const names[] = {"ACCEPTED", "MOVE_OPEN", "NO_MOVE_OPEN", "WRONG_EPOCH", "WRONG_MID"};
    return text_of(names[result]);
}
