/* A ladder against a plain sorted array: prices dense, wide and thin, and far, through growth, moves of the window, and
 * markets that thin out and fill again. */
#include "core/ladder.h"
#include "tests/core/scenario.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 4096, STEPS = 6000, CHECK_EVERY = 64 };

/* What the ladder must hold: keys in order, and a slot for each. */
struct model {
    uint64_t keys[KEYS_MAX];
    uint32_t slots[KEYS_MAX];
    uint32_t count;
};

static uint64_t step_random(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *state >> 33;
}

/* The first of the model's keys that is not less. */
static uint32_t model_from(const struct model *model, uint64_t key) {
    uint32_t at = 0;
    while (at < model->count && model->keys[at] < key) at++;
    return at;
}

static uint64_t model_key(const struct model *model, uint32_t at) {
    return at < model->count ? model->keys[at] : LADDER_EMPTY;
}

static void enter(struct ladder *ladder, struct arena *arena, struct model *model, uint64_t key, uint32_t slot) {
    uint32_t at = model_from(model, key);
    struct level *level = ladder_enter(ladder, arena, key);
    if (model_key(model, at) != key) {
        if (level->head || level->tail || level->total_lots) cr_assert_fail("a level that is made is not empty");
        memmove(&model->keys[at + 1], &model->keys[at], (model->count - at) * sizeof model->keys[0]);
        memmove(&model->slots[at + 1], &model->slots[at], (model->count - at) * sizeof model->slots[0]);
        model->count++;
        model->keys[at] = key;
    } else if (level->head != model->slots[at]) {
        cr_assert_fail("entered another level than the key's");
    }
    model->slots[at] = slot;
    *level = (struct level){slot, slot, slot};
}

static void leave(struct ladder *ladder, struct arena *arena, struct model *model, uint32_t at) {
    uint64_t key = model->keys[at];
    struct level *level = ladder_get(ladder, arena, key);
    if (level->head != model->slots[at] || level->total_lots != model->slots[at]) cr_assert_fail("got another level");
    *level = (struct level){0};
    ladder_leave(ladder, arena, key);
    model->count--;
    memmove(&model->keys[at], &model->keys[at + 1], (model->count - at) * sizeof model->keys[0]);
    memmove(&model->slots[at], &model->slots[at + 1], (model->count - at) * sizeof model->slots[0]);
}

static void compare(const struct ladder *ladder, const struct arena *arena, const struct model *model) {
    ladder_check(ladder, arena);
    uint64_t key = ladder->best;
    for (uint32_t at = 0; at < model->count; at++, key = ladder_next(ladder, arena, key)) {
        if (key != model->keys[at]) cr_assert_fail("the order of levels is wrong");
        const struct level *level = ladder_find(ladder, arena, key);
        if (!level || level->head != model->slots[at]) cr_assert_fail("found another level");
    }
    if (key != LADDER_EMPTY) cr_assert_fail("a level too many");
}

/* What a stretch of steps is like. */
struct stretch {
    uint64_t low, span;   /* of keys */
    uint32_t levels;      /* about so many exist in the end */
    uint64_t drift;       /* keys that the market moves at each step */
    uint32_t far_percent; /* of the keys anywhere at all */
};

static uint64_t random_key(const struct stretch *stretch, uint32_t step, uint64_t *random) {
    if (step_random(random) % 100 < stretch->far_percent) return step_random(random) * 977 & LADDER_KEY_MASK;
    return stretch->low + stretch->drift * step + step_random(random) % stretch->span;
}

/* A key of the model, a neighbour's or any: its next, and whether there is a level. */
static void ask(const struct ladder *ladder, const struct arena *arena, const struct model *model, uint64_t key) {
    uint32_t at = model_from(model, key);
    bool is_there = model_key(model, at) == key;
    if (ladder_next(ladder, arena, key) != model_key(model, at + is_there)) cr_assert_fail("another next level");
    if ((ladder_find(ladder, arena, key) != NULL) != is_there) cr_assert_fail("a level is there or is not");
    if (ladder->best != model_key(model, 0)) cr_assert_fail("another best level");
}

static void run(
    struct ladder *ladder, struct arena *arena, struct model *model, const struct stretch *stretch, uint64_t *random) {
    for (uint32_t step = 0; step < STEPS; step++) {
        uint64_t key = random_key(stretch, step, random);
        bool is_more = model->count < stretch->levels ? step_random(random) % 8 : step_random(random) % 8 == 0;
        if ((is_more && model->count < KEYS_MAX) || !model->count)
            enter(ladder, arena, model, key, (uint32_t)step_random(random) | 1);
        else /* the best, often: that is what trades */
            leave(ladder, arena, model, step_random(random) % 2 ? 0 : (uint32_t)(step_random(random) % model->count));
        ask(ladder, arena, model, key);
        ask(ladder, arena, model, model->count ? model->keys[step_random(random) % model->count] : 0);
        if (step % CHECK_EVERY == 0) compare(ladder, arena, model);
    }
}

static void run_all(const struct stretch *stretches, size_t count, uint64_t seed) {
    struct arena *arena = scenario_arena(4096);
    struct model *model = calloc(1, sizeof *model);
    struct ladder ladder;
    ladder_init(&ladder);
    for (size_t i = 0; i < count; i++) run(&ladder, arena, model, &stretches[i], &seed);
    while (model->count) leave(&ladder, arena, model, model->count / 2);
    compare(&ladder, arena, model);
    ladder_clear(&ladder, arena);
    compare(&ladder, arena, model);
    free(model);
    free(arena);
}

Test(ladder, dense) {
    const struct stretch stretches[] = {{1000, 200, 100, 0, 0}, {1100, 3000, 900, 0, 1}, {900, 100, 5, 1, 0}};
    run_all(stretches, sizeof stretches / sizeof stretches[0], 1);
}

Test(ladder, wide_and_thin) {
    const struct stretch stretches[] = {{30000, 40000, 100, 0, 0}, {30000, 40000, 20, 0, 1}, {30000, 40000, 3, 0, 0},
        {20000, 60000, 120, 3, 2}, {0, 20000, 60, 0, 0}};
    for (uint64_t seed = 1; seed <= 8; seed++) run_all(stretches, sizeof stretches / sizeof stretches[0], seed);
}

Test(ladder, from_thin_to_flat_and_wider) {
    const struct stretch stretches[] = {{50000, 3000, 20, 0, 0}, {50000, 3000, 1500, 0, 0}, {50000, 3000, 10, 0, 0},
        {45000, 15000, 60, 0, 0}, {40000, 50000, 4000, 0, 1}, {40000, 50000, 10, 0, 0}, {60000, 50000, 2000, 7, 0}};
    for (uint64_t seed = 1; seed <= 3; seed++) run_all(stretches, sizeof stretches / sizeof stretches[0], seed);
}

Test(ladder, moves_and_far) {
    const struct stretch stretches[] = {{UINT64_C(1) << 40, 30000, 100, 50, 5}, {5000, 200000, 80, 0, 20},
        {UINT64_C(1) << 30, UINT64_C(1) << 20, 40, 0, 0}, {LADDER_KEY_MASK - 40000, 40000, 200, 0, 0}};
    for (uint64_t seed = 1; seed <= 5; seed++) run_all(stretches, sizeof stretches / sizeof stretches[0], seed);
}

/* Keys whose homes in the hash are near each other, as somebody may choose them. */
Test(ladder, keys_that_meet) {
    struct arena *arena = scenario_arena(4096);
    struct model *model = calloc(1, sizeof *model);
    struct ladder ladder;
    ladder_init(&ladder);
    enter(&ladder, arena, model, 70000, 1);
    for (uint32_t key = 65536; key < 131072; key++)
        if ((key * UINT32_C(0x9E3779B1) >> 16 & 1023) < 12 && model->count < 700)
            enter(&ladder, arena, model, key, key);
    compare(&ladder, arena, model);
    for (uint32_t at = 5; model->count; at = at * 7 + 3) leave(&ladder, arena, model, at % model->count);
    compare(&ladder, arena, model);
    ladder_clear(&ladder, arena);
    free(model);
    free(arena);
}
