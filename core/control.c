#include "core/control.h"

#define NAME(literal) {(literal), sizeof(literal) - 1}

static const struct text kinds[CONTROL_KIND_COUNT] = {
    [CONTROL_BEGIN] = NAME("BEGIN"),
    [CONTROL_CUT] = NAME("CUT"),
    [CONTROL_ABORT] = NAME("ABORT"),
    [CONTROL_RELEASE] = NAME("RELEASE"),
    [CONTROL_CLAIM] = NAME("CLAIM"),
    [CONTROL_RESIGN] = NAME("RESIGN"),
    [CONTROL_TICK] = NAME("TICK"),
    [CONTROL_STATE] = NAME("STATE"),
    [CONTROL_INSTRUMENT] = NAME("INSTRUMENT"),
    [CONTROL_LISTING] = NAME("LISTING"),
    [CONTROL_BLOCK] = NAME("BLOCK"),
    [CONTROL_RULES] = NAME("RULES"),
    [CONTROL_KEY] = NAME("KEY"),
};

struct text control_kind_name(enum control_kind kind) {
    return (unsigned)kind < CONTROL_KIND_COUNT ? kinds[kind] : TEXT_NONE;
}

enum control_kind control_kind_find(struct text name) {
    for (unsigned i = CONTROL_NONE + 1; i < CONTROL_KIND_COUNT; i++)
        if (text_equal(kinds[i], name)) return (enum control_kind)i;
    return CONTROL_NONE;
}

struct text trading_state_name(enum trading_state state) {
    static const struct text names[TRADING_STATE_COUNT] = {
        NAME("TRADING"), NAME("HALTED"), NAME("AUCTION"), NAME("CLOSED")};
    return (unsigned)state < TRADING_STATE_COUNT ? names[state] : TEXT_NONE;
}

struct text listing_mode_name(enum listing_mode mode) {
    return mode == LISTING_CLOSED ? TEXT("CLOSED") : mode == LISTING_OPEN ? TEXT("OPEN") : TEXT_NONE;
}

struct text move_mode_name(enum move_mode mode) {
    static const struct text modes[] = {[MOVE_DIRECT] = NAME("DIRECT"), [MOVE_PARKED] = NAME("PARKED")};
    return (unsigned)mode <= MOVE_PARKED ? modes[mode] : TEXT_NONE;
}
