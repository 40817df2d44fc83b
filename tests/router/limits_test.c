#include "router/order_id.h"
#include "router/quota.h"
#include "router/rate_limit.h"
#include "router/route_cache.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { SECOND = 1000000 };

static int take_many(struct rate_limit *limit, const char *key, uint64_t now_us, int count, enum allowance *last) {
    uint32_t retry;
    int allowed = 0;
    for (int i = 0; i < count; i++) {
        *last = rate_limit_take(limit, text_of(key), now_us, 24000, &retry);
        allowed += *last == ALLOWED;
        cr_assert((*last == TOO_FAST) == (retry == 1));
    }
    return allowed;
}

Test(rate_limit, bursts_then_refills) {
    struct rate_limit limit;
    enum allowance last;
    cr_assert(rate_limit_init(&limit, (struct usage_plan){1000, 2000, 0}, 64));
    cr_assert_eq(take_many(&limit, "a", 5 * SECOND, 2500, &last), 2000);
    cr_assert_eq(last, TOO_FAST);
    cr_assert_eq(take_many(&limit, "b", 5 * SECOND, 2500, &last), 2000, "each key has its own bucket");
    cr_assert_eq(take_many(&limit, "a", 5 * SECOND + SECOND / 2, 2500, &last), 500);
    cr_assert_eq(take_many(&limit, "a", 5 * SECOND + SECOND / 2 + 1000, 10, &last), 1, "one a millisecond");
    cr_assert_eq(take_many(&limit, "a", UINT64_C(86400) * SECOND, 2500, &last), 2000, "never more than the burst");
    rate_limit_deinit(&limit);
}

Test(rate_limit, quota_is_per_month_and_costs_nothing_when_spent) {
    struct rate_limit limit;
    uint32_t retry;
    cr_assert(rate_limit_init(&limit, (struct usage_plan){0, 1, 3}, 64));
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(rate_limit_take(&limit, TEXT("a"), 1, 24000, &retry), ALLOWED);
    }
    cr_assert_eq(rate_limit_take(&limit, TEXT("a"), 1, 24000, &retry), QUOTA_SPENT);
    cr_assert_eq(rate_limit_take(&limit, TEXT("a"), 2, 24001, &retry), ALLOWED, "a new month");
    rate_limit_deinit(&limit);
}

Test(rate_limit, a_full_table_refuses_and_forgetting_makes_room) {
    struct rate_limit limit;
    enum allowance last;
    char key[16];
    cr_assert(rate_limit_init(&limit, (struct usage_plan){1000, 2000, 0}, 16));
    for (int i = 0; i < 15; i++) {
        snprintf(key, sizeof key, "k%d", i);
        cr_assert_eq(take_many(&limit, key, SECOND, 1, &last), 1);
        limit.keys[0].unreported = 0;
    }
    cr_assert_eq(take_many(&limit, "new", SECOND, 1, &last), 0);
    for (int i = 0; i < 16; i++) {
        limit.keys[i].unreported = 0;
    }
    take_many(&limit, "k3", 100 * SECOND, 1, &last);
    rate_limit_forget_idle(&limit, 100 * SECOND, 10 * SECOND, 32);
    cr_assert_eq(limit.capacity, 32);
    cr_assert_eq(limit.used, 1);
    cr_assert_eq(take_many(&limit, "new", 100 * SECOND, 1, &last), 1);
    rate_limit_deinit(&limit);
}

Test(address_limit, counts_by_minute) {
    struct address_limit limit;
    uint32_t retry;
    cr_assert(address_limit_init(&limit, 3, 64));
    for (int i = 0; i < 3; i++) {
        cr_assert(address_limit_take(&limit, "10.0.0.1", UINT64_C(61) * SECOND, &retry));
    }
    cr_assert(!address_limit_take(&limit, "10.0.0.1", UINT64_C(61) * SECOND, &retry));
    cr_assert_eq(retry, 59);
    cr_assert(address_limit_take(&limit, "10.0.0.2", UINT64_C(61) * SECOND, &retry));
    cr_assert(address_limit_take(&limit, "10.0.0.1", UINT64_C(120) * SECOND, &retry));
    address_limit_deinit(&limit);
}

Test(address_limit, a_flood_of_addresses_shares_one_count) {
    struct address_limit limit;
    uint32_t retry;
    char address[32];
    int allowed = 0;
    cr_assert(address_limit_init(&limit, 5, 64));
    for (int i = 0; i < 1000; i++) {
        snprintf(address, sizeof address, "10.0.%d.%d", i / 250, i % 250);
        allowed += address_limit_take(&limit, address, 0, &retry);
    }
    cr_assert_leq(allowed, 64 + 5);
    cr_assert_geq(allowed, 45);
    address_limit_deinit(&limit);
}

Test(quota, months) {
    cr_assert_eq(quota_month(0), 1970 * 12);
    cr_assert_eq(quota_month(INT64_C(1764900000123)), 2025 * 12 + 11);
    cr_assert_eq(quota_month_ends_in_s(INT64_C(1764547199000)), 1, "30 November 2025, 23:59:59");
    cr_assert_eq(quota_month_ends_in_s(INT64_C(1764547200000)), 31 * 86400);
}

Test(route_cache, keeps_what_is_in_use_and_forgets_the_rest) {
    struct route_cache cache;
    char symbol[12];
    cr_assert(route_cache_init(&cache, 64));
    struct route_entry *busy = route_cache_get(&cache, TEXT("BUSY"), 1000);
    busy->in_flight = 1;
    busy->sequence = 70;
    for (int i = 0; i < 47; i++) {
        snprintf(symbol, sizeof symbol, "S%d", i);
        struct route_entry *entry = route_cache_get(&cache, text_of(symbol), 1000);
        cr_assert_not_null(entry);
        entry->sequence = 100;
    }
    cr_assert_null(route_cache_get(&cache, TEXT("MORE"), 2000), "all were used just now");
    struct route_entry *more = route_cache_get(&cache, TEXT("MORE"), 100000);
    cr_assert_not_null(more);
    cr_assert_eq(more->sequence, 100, "no sequence number is used twice");
    cr_assert_eq(route_cache_get(&cache, TEXT("BUSY"), 100000), busy);
    cr_assert_eq(busy->sequence, 70);
    route_cache_deinit(&cache);
}

Test(order_id, has_the_guides_form) {
    char a[ORDER_ID_BYTES_MAX], b[ORDER_ID_BYTES_MAX];
    struct text id = order_id_random(1764900000123, a), other = order_id_random(1764900000123, b);
    cr_assert_eq(id.size, 23);
    cr_assert_eq(memcmp(id.data, "1764900000123-", 14), 0);
    for (int i = 14; i < 23; i++) {
        cr_assert((a[i] >= '0' && a[i] <= '9') || (a[i] >= 'a' && a[i] <= 'z'));
    }
    cr_assert(!text_equal(id, other));
}

Test(order_id, every_base36_character_comes_about_as_often) {
    int counts[128] = {0};
    char id[ORDER_ID_BYTES_MAX];
    for (int i = 0; i < 40000; i++) {
        struct text text = order_id_random(0, id);
        for (uint32_t k = 2; k < text.size; k++) {
            counts[(unsigned char)id[k]]++;
        }
    }
    for (const char *c = "0123456789abcdefghijklmnopqrstuvwxyz"; *c; c++) {
        cr_assert(counts[(unsigned char)*c] > 9400 && counts[(unsigned char)*c] < 10600, "%c: %d of 10000", *c,
            counts[(unsigned char)*c]);
    }
}

Test(order_id, follows_from_account_symbol_and_client_order_id) {
    char a[ORDER_ID_BYTES_MAX], b[ORDER_ID_BYTES_MAX];
    struct text id = order_id_derived(TEXT("user123"), TEXT("AAPL"), TEXT("c1"), a);
    cr_assert(text_equal(id, TEXT("c-330936b0f4c892d2e3b0e00f8ed09cc2bba50cfd")), "sha256sum says so");
    cr_assert(text_equal(id, order_id_derived(TEXT("user123"), TEXT("AAPL"), TEXT("c1"), b)));
    cr_assert(!text_equal(id, order_id_derived(TEXT("user12"), TEXT("3AAPL"), TEXT("c1"), b)));
    cr_assert(!text_equal(id, order_id_derived(TEXT("user123"), TEXT("AAPL"), TEXT("c2"), b)));
}
