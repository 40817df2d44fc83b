#include "bench/reference/settings.h"

enum { BASIS_POINTS = 10000 };

struct settings settings_default(void) {
    return (struct settings){.tick = {1, 2}, .lot = {1, 0}, .quantity_min = 1, .quantity_max = 1000000, .clip_min = 1};
}

static bool is_equal(struct number_unit a, struct number_unit b) {
    return a.mantissa == b.mantissa && a.places == b.places;
}

bool settings_have_equal_units(const struct settings *a, const struct settings *b) {
    return is_equal(a->tick, b->tick) && is_equal(a->lot, b->lot);
}

int64_t settings_ticks_from(struct settings_distance distance, int64_t price) {
    if (distance.ticks) return distance.ticks;
    return distance.basis_points ? price * distance.basis_points / BASIS_POINTS : -1;
}
