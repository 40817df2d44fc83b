/* The parts of io/websocket that know no sockets. */
#include "io/websocket/addresses.h"
#include "io/websocket/frames.h"
#include "io/websocket/market.h"
#include "io/websocket/messages.h"
#include "io/websocket/outbox.h"
#include "io/websocket/push.h"
#include "io/websocket/subscriptions.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static void expect_text(struct text actual, const char *expected) {
    cr_assert(actual.size == strlen(expected) && memcmp(actual.data, expected, actual.size) == 0, "%.*s\nis not\n%s",
        (int)actual.size, actual.data, expected);
}

/* ---- frames ---- */

Test(frames, headers_of_all_lengths) {
    static const struct {
        uint64_t payload_bytes;
        uint32_t header_bytes;
        unsigned char header[10];
    } rows[] = {
        {0, 2, {0x81, 0}},
        {125, 2, {0x81, 125}},
        {126, 4, {0x81, 126, 0, 126}},
        {65535, 4, {0x81, 126, 0xff, 0xff}},
        {65536, 10, {0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}},
        {UINT64_C(0x123456789a), 10, {0x81, 127, 0, 0, 0, 0x12, 0x34, 0x56, 0x78, 0x9a}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned char out[FRAME_HEADER_BYTES_MAX];
        uint32_t bytes = frame_header(rows[i].payload_bytes, out);
        cr_assert_eq(bytes, rows[i].header_bytes);
        cr_assert_arr_eq(out, rows[i].header, bytes);
    }
}

Test(frames, several_messages_in_one_piece) {
    struct frames *frames = frames_open(4);
    frames_append(&frames, TEXT("one"));
    frames_append(&frames, TEXT(""));
    frames_append(&frames, TEXT("three"));
    cr_assert_eq(frames->messages, 3);
    static const char expected[] = "\x81\x03one\x81\x00\x81\x05three";
    cr_assert_eq(frames->size, sizeof expected - 1);
    cr_assert_arr_eq(frames->bytes + FRAMES_LEAD, expected, sizeof expected - 1);
    frames_release(frames);
}

Test(frames, close_has_code_and_reason) {
    struct frames *frames = frames_of_close(1013, TEXT("slow"));
    cr_assert_eq(frames->size, 8);
    cr_assert_arr_eq(frames->bytes + FRAMES_LEAD, "\x88\x06\x03\xf5slow", 8);
    frames_release(frames);
    char long_reason[200];
    memset(long_reason, 'x', sizeof long_reason);
    frames = frames_of_close(1000, (struct text){long_reason, sizeof long_reason});
    cr_assert_eq(frames->size, 127, "a control frame has at most 125 bytes");
    cr_assert_eq(frames->bytes[FRAMES_LEAD + 1], 125);
    frames_release(frames);
}

/* ---- messages ---- */

static const struct instrument fine = {.tick = {5, 3}, .lot = {1, 1}};

Test(messages, forms) {
    struct message message;
    message_init(&message);
    struct trade trade = {.fseq = 1042,
        .trade_id = 17,
        .price_ticks = 15000,
        .quantity_lots = 30,
        .timestamp_ms = 1764900000123,
        .taker_side = SIDE_BUY,
        .tick = {1, 2},
        .lot = {1, 0}};
    message_trade(&message, TEXT("AAPL"), &trade);
    expect_text(message_view(&message), "{\"type\":\"trade\",\"s\":\"AAPL\",\"seq\":1042,\"p\":\"150.00\",\"q\":\"30\","
                                        "\"side\":\"BUY\",\"T\":1764900000123,\"t\":17}");
    trade.taker_side = SIDE_NONE; /* an auction's */
    message_trade(&message, TEXT("AAPL"), &trade);
    expect_text(message_view(&message), "{\"type\":\"trade\",\"s\":\"AAPL\",\"seq\":1042,\"p\":\"150.00\",\"q\":\"30\","
                                        "\"T\":1764900000123,\"t\":17}");
    struct depth_level bids[] = {{30000, 300}, {29999, 5}}, asks[] = {{30010, 0}};
    struct depth_message depth = {.symbol = TEXT("AAPL"),
        .instrument = &fine,
        .epoch = 7,
        .previous_u = 1041,
        .first_u = 1042,
        .last_u = 1044,
        .sides = {bids, asks},
        .counts = {2, 1}};
    message_depth(&message, &depth);
    expect_text(message_view(&message),
        "{\"type\":\"depth\",\"s\":\"AAPL\",\"ep\":7,\"pu\":1041,\"U\":1042,\"u\":1044,"
        "\"b\":[[\"150.000\",\"30.0\"],[\"149.995\",\"0.5\"]],\"a\":[[\"150.050\",\"0.0\"]]}");
    depth.is_snapshot = true;
    depth.counts[0] = depth.counts[1] = 0;
    message_depth(&message, &depth);
    expect_text(message_view(&message), "{\"type\":\"depth\",\"s\":\"AAPL\",\"ep\":7,\"snapshot\":true,\"pu\":1041,"
                                        "\"U\":1042,\"u\":1044,\"b\":[],\"a\":[]}");
    struct ticker ticker = {
        .u = 5, .has_bid = true, .bid = {30000, 10}, .has_last = true, .last_price_ticks = 15001, .last_tick = {1, 2}};
    message_ticker(&message, TEXT("X"), &fine, &ticker);
    expect_text(message_view(&message),
        "{\"type\":\"ticker\",\"s\":\"X\",\"u\":5,\"b\":[\"150.000\",\"1.0\"],\"p\":\"150.01\"}");
    message_error(&message, TEXT("BAD"), TEXT("say \"it\" \\ right\n"), TEXT("x"));
    expect_text(message_view(&message),
        "{\"type\":\"error\",\"code\":\"BAD\",\"message\":\"say \\\"it\\\" \\\\ right\\u000a\",\"subject\":\"x\"}");
    message_gap(&message, TEXT("X"), TEXT("trades"), 5, 9);
    expect_text(message_view(&message), "{\"type\":\"gap\",\"s\":\"X\",\"channel\":\"trades\",\"from\":5,\"to\":9}");
    message_pong(&message, 12);
    expect_text(message_view(&message), "{\"type\":\"pong\",\"T\":12}");
    message_presence(&message, TEXT("user123"), 12);
    expect_text(message_view(&message), "{\"userId\":\"user123\",\"connectedAt\":12}");
    struct ack_message ack = {.action = TEXT("unsubscribe")};
    message_ack(&message, &ack);
    expect_text(message_view(&message), "{\"type\":\"ack\",\"action\":\"unsubscribe\"}");
    message_deinit(&message);
}

Test(messages, a_party_sees_its_own_side) {
    struct message message;
    message_init(&message);
    struct event event = {.type = EVENT_PREVENTED,
        .side = SIDE_BUY,
        .symbol = TEXT("A"),
        .fseq = 2,
        .src_partition = 3,
        .src_offset = 4,
        .src_index = 1,
        .own = 9,
        .timestamp_ms = 5,
        .price_ticks = 100,
        .quantity_lots = 1,
        .self_trade = SELF_TRADE_DECREMENT,
        .hash = 0xab,
        .instrument = instrument_default()};
    event.taker = (struct event_party){TEXT("t"), TEXT("tc"), TEXT("me"), 1, 2};
    event.maker = (struct event_party){TEXT("m"), TEXT("mc"), TEXT("other"), 3, 4};
    message_party_report(&message, TEXT("me"), &event);
    expect_text(message_view(&message),
        "{\"type\":\"report\",\"account\":\"me\",\"event\":{\"type\":\"PREVENTED\",\"symbol\":\"A\",\"fseq\":2,\"src\":"
        "{\"p\":3,\"o\":4,\"i\":1},"
        "\"own\":9,\"timestamp\":5,\"price\":\"1.00\",\"quantity\":\"1\",\"takerSide\":\"BUY\","
        "\"taker\":{\"orderId\":\"t\",\"clientOrderId\":\"tc\",\"userId\":\"me\",\"leaves\":\"1\",\"cumulative\":\"2\"}"
        ","
        "\"mode\":\"DECREMENT\",\"hash\":\"00000000000000ab\"}}");
    message_deinit(&message);
}

/* ---- outbox ---- */

Test(outbox, order_bytes_and_conflation) {
    struct outbox outbox;
    unsigned char scratch[64];
    uint32_t taken;
    outbox_init(&outbox);
    cr_assert(text_is_absent(outbox_next(&outbox, scratch, sizeof scratch, &taken)));
    struct frames *kept = frames_of(TEXT("kept")), *depth = frames_of(TEXT("depth")),
                  *ticker = frames_of(TEXT("ticker"));
    for (int i = 0; i < 100; i++) {
        outbox_add(&outbox, kept, OUTBOX_KEPT);
        outbox_add(&outbox, depth, OUTBOX_DEPTH);
    }
    outbox_add(&outbox, ticker, OUTBOX_TICKER);
    cr_assert_eq(outbox.bytes, 100 * (6 + 7) + 8);
    cr_assert_eq(depth->references, 101);
    cr_assert_eq(outbox_drop(&outbox, OUTBOX_DEPTH), OUTBOX_DEPTH);
    cr_assert_eq(depth->references, 1);
    cr_assert_eq(outbox.count, 101);
    cr_assert_eq(outbox_drop(&outbox, OUTBOX_DEPTH), 0);
    struct text bytes = outbox_next(&outbox, scratch, sizeof scratch, &taken);
    cr_assert_eq(taken, 10);
    cr_assert_eq(bytes.size, 60);
    cr_assert_eq(bytes.data, (const char *)scratch);
    cr_assert_eq(outbox_release(&outbox, taken), 10);
    bytes = outbox_next(&outbox, scratch, 8, &taken);
    cr_assert_eq(taken, 1, "two do not fit");
    cr_assert_eq(bytes.data, (const char *)kept->bytes + FRAMES_LEAD, "one piece is sent in place");
    outbox_release(&outbox, 91);
    cr_assert_eq(outbox.count, 0);
    cr_assert_eq(outbox.bytes, 0);
    cr_assert_eq(outbox.capacity, 0, "what is large and empty gives its memory back");
    outbox_add(&outbox, kept, OUTBOX_KEPT);
    outbox_deinit(&outbox);
    cr_assert_eq(kept->references, 1);
    frames_release(kept);
    frames_release(depth);
    frames_release(ticker);
}

/* ---- market: the window that is told, against a plain list ---- */

enum { PRICES = 60 };

struct view {
    int64_t total[2][PRICES];
};

/* Applies the JSON of a depth message to a view, by looking for its levels. */
static void see(struct view *view, struct text frame) {
    char text[65536];
    const char *at = memchr(frame.data, '{', frame.size);
    snprintf(text, sizeof text, "%.*s", (int)(frame.data + frame.size - at), at);
    if (strstr(text, "\"snapshot\":true")) memset(view, 0, sizeof *view);
    for (int side = 0; side < 2; side++) {
        char *list = strstr(text, side == 0 ? "\"b\":[" : "\"a\":["),
             *end = list ? strstr(list, side == 0 ? "],\"a\"" : "]}") : NULL;
        cr_assert(list && end, "%s", text);
        for (char *level = strstr(list, "[\""); level && level < end; level = strstr(level + 1, "[\"")) {
            int whole, part;
            long long lots;
            cr_assert_eq(sscanf(level, "[\"%d.%d\",\"%lld\"]", &whole, &part, &lots), 3, "%s", level);
            view->total[side][whole * 100 + part] = lots;
        }
    }
}

static void expect_window(const struct view *view, int64_t book[2][PRICES], uint32_t levels) {
    for (int side = 0; side < 2; side++) {
        uint32_t rank = 0;
        for (int i = 0; i < PRICES; i++) {
            int price = side == SIDE_BUY ? PRICES - 1 - i : i;
            bool is_shown = book[side][price] && rank++ < levels;
            cr_assert_eq(view->total[side][price], is_shown ? book[side][price] : 0,
                "side %d price %d: %ld told, %ld there", side, price, (long)view->total[side][price],
                (long)book[side][price]);
        }
    }
}

static void play_market(uint32_t levels, uint32_t mirrored, unsigned seed) {
    struct market_limits limits = {.depth_levels = levels,
        .mirror_levels = mirrored,
        .resume_changes = 16,
        .resume_bytes = 4096,
        .resume_trades = 4};
    struct market market;
    struct market_scratch scratch;
    struct view view = {0};
    static int64_t book[2][PRICES];
    memset(book, 0, sizeof book);
    market_scratch_init(&scratch);
    market_init(&market, TEXT("AAPL"), 7);
    market_begin_empty(&market);
    market_want(&market, &limits);
    srand(seed);
    uint64_t u = 0;
    for (int round = 0; round < 3000; round++) {
        int changes = rand() % 6;
        for (int i = 0; i < changes; i++) {
            int side = rand() % 2, price = 1 + rand() % (PRICES - 1);
            book[side][price] = rand() % 3 ? rand() % 1000 : 0;
            market.fseq++;
            market_on_level(&market, &limits, (enum side)side, price, book[side][price]);
        }
        if (market.state == MARKET_DEPTH_UNKNOWN) { /* the window outgrew what was kept */
            cr_assert_lt(mirrored, PRICES);
            market_on_snapshot_begin(&market);
            for (int side = 0; side < 2; side++)
                for (int price = 1; price < PRICES; price++)
                    if (book[side][price]) market_on_level(&market, &limits, (enum side)side, price, book[side][price]);
            market_on_snapshot_end(&market);
        }
        bool is_snapshot;
        struct frames *frames = market_tell_depth(&market, &limits, 1, &scratch, &is_snapshot);
        if (frames) {
            cr_assert(market.told_u == market.fseq && (is_snapshot || market.told_u > u));
            u = market.told_u;
            see(&view, frames_text(frames));
        }
        frames_release(frames);
        expect_window(&view, book, levels);
        if (round % 100 == 0) { /* who comes now sees the same */
            struct view late = {0};
            frames = market_depth_snapshot(&market, &limits, 1, &scratch);
            cr_assert(frames);
            see(&late, frames_text(frames));
            cr_assert_arr_eq(&late, &view, sizeof view);
            frames_release(frames);
        }
    }
    market_deinit(&market);
    market_scratch_deinit(&scratch);
}

Test(market, window_of_everything) { play_market(1000, 1000, 1); }
Test(market, window_of_ten) { play_market(10, 1000, 2); }
Test(market, window_of_one) { play_market(1, 64, 3); }
Test(market, window_with_little_kept) { play_market(5, 9, 4); }
Test(market, window_with_nothing_more_kept) { play_market(5, 5, 5); }

static void count_frames(void *context, struct frames *frames) {
    (void)frames;
    ++*(int *)context;
}

Test(market, resume_within_the_ring_only) {
    struct market_limits limits = {
        .depth_levels = 10, .mirror_levels = 10, .resume_changes = 4, .resume_bytes = 100000, .resume_trades = 2};
    struct market market;
    struct market_scratch scratch;
    bool is_snapshot;
    int resent = 0;
    market_scratch_init(&scratch);
    market_init(&market, TEXT("AAPL"), 7);
    market_begin_empty(&market);
    market_want(&market, &limits);
    frames_release(market_tell_depth(&market, &limits, 1, &scratch, &is_snapshot));
    for (int i = 1; i <= 6; i++) {
        market.fseq = (uint64_t)i;
        market_on_level(&market, &limits, SIDE_BUY, i, i);
        frames_release(market_tell_depth(&market, &limits, 1, &scratch, &is_snapshot));
        struct trade trade = {.fseq = (uint64_t)i,
            .trade_id = (uint64_t)i,
            .price_ticks = 1,
            .quantity_lots = 1,
            .tick = {1, 2},
            .lot = {1, 0}};
        market_on_trade(&market, &trade, &scratch);
    }
    cr_assert(!market_resume_depth(&market, 1, count_frames, &resent) && resent == 0, "change 2 is no longer held");
    cr_assert(market_resume_depth(&market, 2, count_frames, &resent) && resent == 4);
    cr_assert(market_resume_depth(&market, 6, count_frames, &resent) && resent == 4, "nothing is missing");
    cr_assert(!market_resume_depth(&market, 7, count_frames, &resent), "nobody told this");
    struct frames *frames;
    cr_assert(!market_resume_trades(&market, 3, &scratch, &frames));
    cr_assert(market_resume_trades(&market, 4, &scratch, &frames) && frames && frames->messages == 2);
    frames_release(frames);
    cr_assert(market_resume_trades(&market, 6, &scratch, &frames) && !frames);
    cr_assert(!market_resume_trades(&market, 7, &scratch, &frames));
    market_deinit(&market);
    market_scratch_deinit(&scratch);
}

/* ---- tables ---- */

Test(subscriptions, markets_are_found_and_forgotten) {
    struct subscriptions subscriptions;
    subscriptions_init(&subscriptions);
    char name[16];
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "S%d", i);
        struct market *market = subscriptions_get(&subscriptions, text_of(name), i % 10);
        cr_assert_eq(market, subscriptions_get(&subscriptions, text_of(name), 3));
        market->is_known = i % 2;
    }
    cr_assert_eq(subscriptions.market_count, 2000);
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "S%d", i);
        struct market *market = subscriptions_find(&subscriptions, text_of(name));
        cr_assert(market && text_equal(market_symbol(market), text_of(name)) && market->partition == i % 10);
        subscriptions_forget(&subscriptions, market);
    }
    cr_assert_eq(subscriptions.market_count, 1000, "what the feed has named stays");
    cr_assert_null(subscriptions_find(&subscriptions, TEXT("S0")));
    cr_assert_not_null(subscriptions_find(&subscriptions, TEXT("S1")));
    subscriptions_deinit(&subscriptions);
}

Test(subscriptions, joining_and_leaving) {
    struct subscriptions subscriptions;
    struct subscription all[50] = {0};
    subscriptions_init(&subscriptions);
    struct market *market = subscriptions_get(&subscriptions, TEXT("A"), 1);
    for (int i = 0; i < 50; i++) {
        all[i].market = market;
        cr_assert(subscription_join(&all[i], MARKET_TRADES) && !subscription_join(&all[i], MARKET_TRADES));
    }
    srand(1);
    for (int i = 0; i < 5000; i++) {
        struct subscription *one = &all[rand() % 50];
        bool was_there = subscription_has(one, MARKET_TRADES);
        cr_assert(was_there ? subscription_leave(one, MARKET_TRADES) : subscription_join(one, MARKET_TRADES));
        uint32_t count = 0;
        for (int j = 0; j < 50; j++) {
            count += subscription_has(&all[j], MARKET_TRADES);
            cr_assert(!subscription_has(&all[j], MARKET_TRADES) ||
                      market->subscribers[MARKET_TRADES][all[j].places[MARKET_TRADES] - 1] == &all[j]);
        }
        cr_assert_eq(market->subscriber_count[MARKET_TRADES], count);
    }
    subscriptions_forget(&subscriptions, market);
    cr_assert_eq(subscriptions.market_count, 1, "not while somebody is there");
    subscriptions_deinit(&subscriptions);
}

Test(addresses, counts) {
    struct addresses addresses;
    char text[32];
    addresses_init(&addresses);
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "10.0.%d.%d", i / 100, i % 100);
        addresses_add(&addresses, text);
        addresses_add(&addresses, text);
    }
    cr_assert_eq(addresses.count, 1000);
    cr_assert_eq(addresses_find(&addresses, "10.0.3.7"), 2);
    cr_assert_eq(addresses_find(&addresses, "10.0.30.7"), 0);
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "10.0.%d.%d", i / 100, i % 100);
        addresses_remove(&addresses, text);
        cr_assert_eq(addresses_find(&addresses, text), 1);
        addresses_remove(&addresses, text);
    }
    cr_assert_eq(addresses.count, 0);
    addresses_deinit(&addresses);
}

Test(settings, faults) {
    struct push_settings settings = push_settings_default();
    cr_assert_null(push_settings_fault(&settings));
    settings.hang_up_s = settings.ping_s;
    cr_assert_not_null(push_settings_fault(&settings));
    settings = push_settings_default();
    settings.mirror_levels = settings.depth_levels - 1;
    cr_assert_not_null(push_settings_fault(&settings));
    settings = push_settings_default();
    settings.lag_bytes_max = 20000;
    cr_assert_not_null(push_settings_fault(&settings), "a snapshot would not fit");
}
