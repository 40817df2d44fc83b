#include "core/depth.h"
#include "io/json/json_depth.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void expect_json(const struct depth *depth, uint64_t fseq, uint32_t levels, const char *json) {
    const struct instrument instrument = instrument_default();
    char out[JSON_DEPTH_BYTES_MAX(20)];
    size_t size = json_depth_encode(fseq, depth, levels, &instrument, out);
    cr_expect(size == strlen(json) && memcmp(out, json, size) == 0, "%.*s is not %s", (int)size, out, json);
}

Test(depth, as_in_valkey) {
    struct depth_level memory[2 * 4];
    struct depth depth;
    cr_assert_eq(sizeof memory, depth_bytes(4));
    depth_init(&depth, memory, 4);
    expect_json(&depth, 0, 20, "{\"u\":0,\"b\":[],\"a\":[]}");
    cr_expect_eq(depth_apply(&depth, SIDE_BUY, 14999, 5), DEPTH_CHANGED);
    cr_expect_eq(depth_apply(&depth, SIDE_BUY, 15000, 300), DEPTH_CHANGED);
    cr_expect_eq(depth_apply(&depth, SIDE_SELL, 15010, 1), DEPTH_CHANGED);
    cr_expect_eq(depth_apply(&depth, SIDE_SELL, 15005, 2), DEPTH_CHANGED);
    cr_expect_eq(depth_apply(&depth, SIDE_SELL, 15005, 2), DEPTH_SAME);
    cr_expect_eq(depth_apply(&depth, SIDE_SELL, 15006, 0), DEPTH_SAME);
    expect_json(&depth, 1042, 20,
        "{\"u\":1042,\"b\":[[\"150.00\",\"300\"],[\"149.99\",\"5\"]],\"a\":[[\"150.05\",\"2\"],[\"150.10\",\"1\"]]}");
    expect_json(&depth, 1042, 1, "{\"u\":1042,\"b\":[[\"150.00\",\"300\"]],\"a\":[[\"150.05\",\"2\"]]}");
    cr_expect_eq(depth_apply(&depth, SIDE_SELL, 15005, 0), DEPTH_CHANGED);
    expect_json(
        &depth, 1043, 20, "{\"u\":1043,\"b\":[[\"150.00\",\"300\"],[\"149.99\",\"5\"]],\"a\":[[\"150.10\",\"1\"]]}");
    depth_clear(&depth);
    expect_json(&depth, 1043, 20, "{\"u\":1043,\"b\":[],\"a\":[]}");
}

Test(depth, a_level_of_the_largest_numbers_fits) {
    const struct instrument fine = {.tick = {UINT32_MAX, 12}, .lot = {UINT32_MAX, 12}};
    char out[96];
    cr_expect_leq(json_level_encode((struct depth_level){INT64_MAX, INT64_MAX}, &fine, out), sizeof out);
}

Test(depth, no_room_changes_nothing) {
    struct depth_level small[2 * 2], large[2 * 3];
    struct depth depth;
    depth_init(&depth, small, 2);
    depth_apply(&depth, SIDE_BUY, 1, 1);
    depth_apply(&depth, SIDE_BUY, 2, 2);
    depth_apply(&depth, SIDE_SELL, 9, 9);
    cr_expect_eq(depth_apply(&depth, SIDE_BUY, 3, 3), DEPTH_NO_ROOM);
    cr_expect_eq(depth_count(&depth, SIDE_BUY), 2u);
    cr_expect_eq(depth_apply(&depth, SIDE_BUY, 2, 5), DEPTH_CHANGED, "a level that is there needs no room");
    cr_expect_eq(depth_move(&depth, large, 3), small);
    memset(small, 0xff, sizeof small);
    cr_expect_eq(depth_apply(&depth, SIDE_BUY, 3, 3), DEPTH_CHANGED);
    cr_expect(depth_at(&depth, SIDE_BUY, 0).price_ticks == 3 && depth_at(&depth, SIDE_BUY, 1).total_lots == 5);
    cr_expect(depth_at(&depth, SIDE_BUY, 2).price_ticks == 1 && depth_at(&depth, SIDE_SELL, 0).total_lots == 9);
    cr_expect_eq(depth_memory(&depth), large);
}

enum { PRICES = 200 };

static void expect_like(const struct depth *depth, enum side side, const int64_t *totals) {
    uint32_t i = 0;
    for (int step = 0; step < PRICES; step++) {
        int price = side == SIDE_BUY ? PRICES - step : step + 1;
        if (totals[price] == 0) continue;
        cr_assert_lt(i, depth_count(depth, side));
        cr_assert(
            depth_at(depth, side, i).price_ticks == price && depth_at(depth, side, i).total_lots == totals[price]);
        i++;
    }
    cr_assert_eq(i, depth_count(depth, side));
}

Test(depth, random_changes_like_a_plain_table) {
    int64_t totals[2][PRICES + 1] = {0};
    struct depth depth;
    unsigned seed = 5;
    depth_init(&depth, malloc(depth_bytes(PRICES)), PRICES);
    for (int round = 0; round < 20000; round++) {
        enum side side = (enum side)(rand_r(&seed) & 1);
        int price = rand_r(&seed) % PRICES + 1;
        int64_t total = rand_r(&seed) % 3 ? rand_r(&seed) % 5 : 0;
        bool changes = totals[side][price] != total;
        totals[side][price] = total;
        cr_assert_eq(depth_apply(&depth, side, price, total), changes ? DEPTH_CHANGED : DEPTH_SAME);
        expect_like(&depth, side, totals[side]);
    }
    free(depth_memory(&depth));
}
