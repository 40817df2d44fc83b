/* The leaves that workers stand on, one by one. */
#include "core/check.h"
#include "core/limits.h"
#include "shards/account_set.h"
#include "shards/broadcast_ring.h"
#include "shards/dead_letter.h"
#include "shards/delivery.h"
#include "shards/id_window.h"
#include "shards/move.h"
#include "shards/name_table.h"
#include "shards/repeats.h"
#include "shards/table_memory.h"
#include "shards/unacknowledged.h"
#include "shards/watermarks.h"
#include "shards/worker_link.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- rings ----------------------------------------------------------------------------------------------- */

enum { RING_BYTES = 512 * 1024 };

static _Atomic bool never, always = true;

static bool write_event(struct broadcast_ring *ring, uint64_t fseq, const char *text, const _Atomic bool *stop) {
    struct ring_head head = {
        .kind = RING_EVENT, .fseq = fseq, .after_worker = RING_NO_WORKER, .text_bytes = (uint32_t)strlen(text)};
    return broadcast_ring_write(ring, &head, NULL, text, stop);
}

/* Records of odd lengths over several laps come out as they went in, in place and copied. */
Test(broadcast_ring, keeps_order_over_laps) {
    struct broadcast_ring ring;
    cr_assert_eq(broadcast_ring_init(&ring, RING_BYTES), STATUS_OK);
    ring.laggard_count = 1;
    uint64_t gate = 0, lagging = 0;
    static _Alignas(8) unsigned char copy[RING_RECORD_BYTES_MAX];
    static char text[1200];
    memset(text, 'x', sizeof text);
    for (uint64_t fseq = 1; fseq <= 5000; fseq++) {
        size_t size = fseq * 7 % 1100;
        text[size] = 0;
        cr_assert(write_event(&ring, fseq, text, &never));
        text[size] = 'x';
        broadcast_ring_publish(&ring);
        const struct ring_head *head = broadcast_ring_peek(&ring, &gate);
        cr_assert(head && head->fseq == fseq && head->text_bytes == size);
        cr_assert(size == 0 || (ring_text(head)[0] == 'x' && ring_text(head)[size - 1] == 'x'));
        gate += head->bytes;
        broadcast_ring_release(&ring, gate);
        cr_assert_eq(broadcast_ring_copy(&ring, &lagging, copy), STATUS_OK);
        cr_assert_eq(((struct ring_head *)(void *)copy)->fseq, fseq);
    }
    cr_assert_null(broadcast_ring_peek(&ring, &gate));
    cr_assert_eq(broadcast_ring_copy(&ring, &lagging, copy), STATUS_EMPTY);
    broadcast_ring_deinit(&ring);
}

/* A reader that was lapped is told, once, and goes on with what is new. */
Test(broadcast_ring, tells_a_lapped_reader) {
    struct broadcast_ring ring;
    cr_assert_eq(broadcast_ring_init(&ring, RING_BYTES), STATUS_OK);
    uint64_t gate = 0, lagging = 0;
    static _Alignas(8) unsigned char copy[RING_RECORD_BYTES_MAX];
    for (uint64_t fseq = 1; fseq <= 20000; fseq++) {
        cr_assert(write_event(&ring, fseq, "some text of an event", &never));
        broadcast_ring_publish(&ring);
        broadcast_ring_release(&ring, gate = broadcast_ring_published(&ring));
    }
    cr_assert_eq(broadcast_ring_copy(&ring, &lagging, copy), STATUS_OVERTAKEN);
    cr_assert_eq(broadcast_ring_copy(&ring, &lagging, copy), STATUS_EMPTY);
    cr_assert(write_event(&ring, 20001, "new", &never));
    broadcast_ring_publish(&ring);
    cr_assert_eq(broadcast_ring_copy(&ring, &lagging, copy), STATUS_OK);
    cr_assert_eq(((struct ring_head *)(void *)copy)->fseq, 20001);
    broadcast_ring_deinit(&ring);
}

/* The holding reader is never lapped: the writer waits, and once told to stop, nothing follows what was not written. */
Test(broadcast_ring, closes_when_stopped_at_the_gate) {
    struct broadcast_ring ring;
    cr_assert_eq(broadcast_ring_init(&ring, RING_BYTES), STATUS_OK);
    uint64_t written = 0, gate = 0, seen = 0;
    while (write_event(&ring, written + 1, "filling it up", &always)) written++;
    cr_assert_gt(written, 1000);
    const struct ring_head *head;
    while ((head = broadcast_ring_peek(&ring, &gate)) != NULL) {
        cr_assert_eq(head->fseq, ++seen);
        gate += head->bytes;
    }
    cr_assert_eq(seen, written, "the writer published what it had before it waited");
    broadcast_ring_release(&ring, gate);
    cr_assert_not(write_event(&ring, written + 2, "too late", &never));
    broadcast_ring_deinit(&ring);
}

static void count_bell(void *context) { ++*(int *)context; }

Test(broadcast_ring, rings_an_armed_bell_once) {
    struct broadcast_ring ring;
    int rung = 0;
    cr_assert_eq(broadcast_ring_init(&ring, RING_BYTES), STATUS_OK);
    ring.gate_bell.ring = count_bell;
    ring.gate_bell.context = &rung;
    cr_assert(broadcast_ring_arm(&ring, &ring.gate_bell, 0));
    for (uint64_t fseq = 1; fseq <= 3; fseq++) {
        cr_assert(write_event(&ring, fseq, "ding", &never));
        broadcast_ring_publish(&ring);
    }
    cr_assert_eq(rung, 1);
    cr_assert_not(broadcast_ring_arm(&ring, &ring.gate_bell, 0), "there is something to read");
    broadcast_ring_deinit(&ring);
}

/* Acknowledgements in any order: the ring is needed from the oldest event that lacks one. */
Test(unacknowledged, position_is_that_of_the_oldest) {
    struct unacknowledged events;
    cr_assert_eq(unacknowledged_init(&events), STATUS_OK);
    cr_assert_eq(unacknowledged_position(&events, 400), 400);
    for (uint64_t end = 408; end <= 432; end += 8) unacknowledged_add(&events, end - 8, end);
    cr_assert_eq(unacknowledged_position(&events, 800), 400);
    unacknowledged_store(&events, 1);
    unacknowledged_store(&events, 3);
    cr_assert_eq(unacknowledged_position(&events, 800), 400);
    unacknowledged_store(&events, 0);
    cr_assert_eq(unacknowledged_position(&events, 800), 416);
    unacknowledged_store(&events, 2);
    cr_assert_eq(unacknowledged_position(&events, 800), 800);
    unacknowledged_add(&events, 1200, 1208); /* much lay between that was no event: it stays released */
    cr_assert_eq(unacknowledged_position(&events, 1208), 1200);
    cr_assert_eq(unacknowledged_room(&events), UNACKNOWLEDGED_MAX - 1);
    unacknowledged_deinit(&events);
}

/* Over several laps, as full as it may be. */
Test(unacknowledged, wraps_around) {
    struct unacknowledged events;
    cr_assert_eq(unacknowledged_init(&events), STATUS_OK);
    uint64_t added = 0, stored = 0;
    for (int lap = 0; lap < 5; lap++) {
        for (; unacknowledged_room(&events) > 0; added++) unacknowledged_add(&events, 8 * added, 8 * added + 8);
        cr_assert_eq(added - stored, UNACKNOWLEDGED_MAX);
        cr_assert_eq(unacknowledged_position(&events, 8 * added), 8 * stored);
        for (int i = 0; i < UNACKNOWLEDGED_MAX / 3; i++) unacknowledged_store(&events, stored++);
        cr_assert_eq(unacknowledged_position(&events, 8 * added), 8 * stored);
    }
    unacknowledged_deinit(&events);
}

/* From the heap into huge pages and on, and what it holds goes along. */
Test(table_memory, keeps_what_it_holds) {
    size_t bytes = 4096, had = 0;
    unsigned char *memory = NULL;
    for (; bytes <= (size_t)16 << 20; had = bytes, bytes *= 2) {
        memory = table_memory_grow(memory, had, bytes);
        cr_assert(memory);
        for (size_t i = 0; i < had; i += 997) cr_assert_eq(memory[i], (unsigned char)(i * 7));
        for (size_t i = 0; i < bytes; i += 997) memory[i] = (unsigned char)(i * 7);
    }
    table_memory_free(memory, had);
    table_memory_free(NULL, 0);
    for (size_t size = 512; size <= (size_t)8 << 20; size *= 16) {
        const unsigned char *zeroed = memory = table_memory_new(size);
        for (size_t i = 0; i < size; i++) cr_assert_eq(zeroed[i], 0);
        table_memory_free(memory, size);
    }
}

Test(worker_link, keeps_order_and_pushes_back) {
    struct worker_link link;
    cr_assert_eq(worker_link_init(&link, 65536), STATUS_OK);
    uint32_t written = 0, read = 0, bytes;
    for (int round = 0; round < 200; round++) {
        char *room;
        while ((room = worker_link_offer(&link, 4 + written % 3000)) != NULL) {
            memcpy(room, &written, 4);
            memset(room + 4, (int)(written & 0x7f), written % 3000);
            written++;
            worker_link_commit(&link);
        }
        for (int i = 0; i < 5; i++) {
            const char *record = worker_link_peek(&link, &bytes);
            cr_assert(record);
            uint32_t number;
            memcpy(&number, record, 4);
            cr_assert_eq(number, read);
            cr_assert_eq(bytes, 4 + read % 3000);
            cr_assert(bytes == 4 || record[bytes - 1] == (char)(read & 0x7f));
            read++;
            worker_link_release(&link);
        }
    }
    cr_assert_gt(written, 1000);
    worker_link_deinit(&link);
}

/* ---- what a window remembers ----------------------------------------------------------------------------- */

static struct command new_order(const char *id, const char *client, const char *user, const char *price) {
    struct command command;
    command_init(&command);
    command.symbol = TEXT("AAPL");
    command.side = SIDE_BUY;
    command.order_type = ORDER_LIMIT;
    command.order_id = text_of(id);
    command.client_order_id = text_of(client);
    command.user_id = text_of(user);
    command.price = decimal_parse(text_of(price));
    command.present = UINT64_C(1) << FIELD_PRICE;
    return command;
}

static struct repeat check_at(struct id_window *window, struct command command, int64_t offset, int64_t time_ms) {
    struct repeat repeat;
    struct log_position position = {.offset = offset, .log_time_ms = time_ms};
    struct command_ids ids = command_ids_of(&command);
    cr_assert_eq(repeats_check(window, &command, &ids, position, &repeat), STATUS_OK);
    return repeat;
}

Test(repeats, judges_by_id_then_client_id) {
    struct id_window window = {0};
    cr_assert_eq(check_at(&window, new_order("a", "c1", "ann", "1"), 0, 0).verdict, BOOK_FRESH);
    cr_assert_eq(
        check_at(&window, new_order("a", "c1", "ann", "1.00"), 1, 0).verdict, BOOK_REPEAT, "the same in other words");
    cr_assert_eq(check_at(&window, new_order("a", "c1", "ann", "2"), 2, 0).verdict, BOOK_ID_TAKEN);
    struct repeat by_client = check_at(&window, new_order("b", "c1", "ann", "1"), 3, 0);
    cr_assert_eq(by_client.verdict, BOOK_REPEAT);
    cr_assert(text_equal(by_client.original_order_id, TEXT("a")));
    cr_assert_eq(check_at(&window, new_order("z", "c1", "bob", "1"), 4, 0).verdict, BOOK_FRESH, "another account");
    struct repeat of_repeat = check_at(&window, new_order("b", "c2", "ann", "1"), 4, 0);
    cr_assert_eq(of_repeat.verdict, BOOK_ID_TAKEN, "a repeat leaves its own id, too");
    cr_assert_eq(check_at(&window, new_order("", "c1", "ann", "9"), 5, 0).verdict, BOOK_FRESH, "no id of its own");
    id_window_deinit(&window);
}

Test(repeats, window_ends_by_time) {
    struct id_window window = {0};
    struct command a = new_order("a", NULL, "ann", "1");
    check_at(&window, a, 0, 1000);
    cr_assert_eq(check_at(&window, a, 1, 1000 + REPEAT_WINDOW_MS).verdict, BOOK_REPEAT);
    cr_assert_eq(check_at(&window, a, 2, 1000 + 2 * REPEAT_WINDOW_MS).verdict, BOOK_REPEAT, "of the repeat");
    const int64_t next_ms = 1001 + 3 * REPEAT_WINDOW_MS, far_ms = INT64_C(1) << 32;
    cr_assert_eq(check_at(&window, a, 3, next_ms).verdict, BOOK_FRESH);
    cr_assert_eq(check_at(&window, a, 4, next_ms + 1 + far_ms).verdict, BOOK_FRESH, "far away, with near low bits");
    id_window_deinit(&window);
}

Test(repeats, window_ends_by_records) {
    struct id_window window = {0};
    struct command a = new_order("a", NULL, "ann", "1");
    check_at(&window, a, 0, 0);
    cr_assert_eq(check_at(&window, a, REPEAT_WINDOW_RECORDS, 0).verdict, BOOK_REPEAT);
    const int64_t next = 2 * REPEAT_WINDOW_RECORDS + 1, far = INT64_C(1) << 32;
    cr_assert_eq(check_at(&window, a, next, 0).verdict, BOOK_FRESH);
    cr_assert_eq(check_at(&window, a, next + 1 + far, 0).verdict, BOOK_FRESH, "far away, with near low bits");
    id_window_deinit(&window);
}

/* What was said first under an id judges for as long as it is in the window, then what was said next. */
Test(repeats, are_judged_by_the_oldest) {
    struct id_window window = {0};
    struct command one = new_order("a", "c", "ann", "1"), two = new_order("a", "c", "ann", "2");
    struct command other = new_order("b", "c", "ann", "2");
    check_at(&window, one, 0, 0);
    cr_assert_eq(check_at(&window, two, 1, 10).verdict, BOOK_ID_TAKEN);
    cr_assert_eq(check_at(&window, two, 2, REPEAT_WINDOW_MS).verdict, BOOK_ID_TAKEN);
    cr_assert_eq(check_at(&window, two, 3, REPEAT_WINDOW_MS + 1).verdict, BOOK_REPEAT);
    struct repeat repeat = check_at(&window, other, 4, REPEAT_WINDOW_MS + 2);
    cr_assert_eq(repeat.verdict, BOOK_REPEAT);
    cr_assert(text_equal(repeat.original_order_id, TEXT("a")));
    cr_assert_eq(check_at(&window, one, 5, REPEAT_WINDOW_MS + 2).verdict, BOOK_ID_TAKEN);
    id_window_deinit(&window);
}

/* Two orders of an account in one record. */
static struct command list_of(const char *id, const struct command orders[2]) {
    struct command list;
    command_init(&list);
    list.action = ACTION_LIST;
    list.contingency = CONTINGENCY_OCO;
    list.symbol = TEXT("AAPL");
    list.list_id = text_of(id);
    list.user_id = TEXT("ann");
    list.orders = orders;
    list.order_count = 2;
    return list;
}

/* A list and each of its orders are known by their ids; an order of a list is never the repeat of another record. */
Test(repeats, of_a_list_are_all_its_ids) {
    struct id_window window = {0};
    const struct command orders[] = {new_order("a", "ca", "ann", "1"), new_order("b", NULL, "ann", "2")};
    const struct command others[] = {new_order("c", "ca", "ann", "1"), new_order("d", NULL, "ann", "2")};
    const struct command twice[] = {new_order("e", NULL, "ann", "1"), new_order("e", NULL, "ann", "2")};
    cr_assert_eq(check_at(&window, list_of("l", orders), 0, 0).verdict, BOOK_FRESH);
    struct repeat repeat = check_at(&window, list_of("l", orders), 1, 0);
    cr_assert(repeat.verdict == BOOK_REPEAT && text_equal(repeat.original_order_id, TEXT("l")));
    cr_assert_eq(check_at(&window, list_of("l", others), 2, 0).verdict, BOOK_ID_TAKEN, "another content");
    cr_assert_eq(check_at(&window, list_of("m", orders), 3, 0).verdict, BOOK_ID_TAKEN, "its orders were given");
    cr_assert_eq(check_at(&window, new_order("b", NULL, "ann", "2"), 4, 0).verdict, BOOK_ID_TAKEN, "by a list");
    cr_assert_eq(check_at(&window, new_order("l", NULL, "ann", "2"), 5, 0).verdict, BOOK_ID_TAKEN, "one name space");
    cr_assert_eq(check_at(&window, new_order("n", "ca", "ann", "1"), 6, 0).verdict, BOOK_ID_TAKEN);
    cr_assert_eq(check_at(&window, new_order("o", "ca", "bob", "1"), 7, 0).verdict, BOOK_FRESH, "another account");
    cr_assert_eq(check_at(&window, list_of("p", twice), 8, 0).verdict, BOOK_FRESH, "another mistake");
    cr_assert_eq(check_at(&window, new_order("f", NULL, "ann", "1"), 9, 0).verdict, BOOK_FRESH);
    const struct command given[] = {new_order("g", NULL, "ann", "1"), new_order("f", NULL, "ann", "1")};
    cr_assert_eq(check_at(&window, list_of("q", given), 10, 0).verdict, BOOK_ID_TAKEN, "by a NEW of the same content");
    id_window_deinit(&window);
}

static bool was_cancelled(struct id_window *window, const struct command *command, struct log_position position) {
    struct command_ids ids = command_ids_of(command);
    return tombstones_find(window, command, &ids, position);
}

Test(repeats, tombstones_are_found_by_any_order_of_a_list) {
    struct id_window window = {0};
    struct log_position position = {.offset = 1, .log_time_ms = 1};
    const struct command orders[] = {new_order("a", NULL, "ann", "1"), new_order("b", "cb", "ann", "2")};
    struct command cancel = new_order(NULL, "cb", "ann", NULL), list = list_of("l", orders);
    cancel.action = ACTION_CANCEL;
    cr_assert_not(was_cancelled(&window, &list, position));
    cr_assert_eq(tombstones_add(&window, &cancel, position), STATUS_OK);
    cr_assert(was_cancelled(&window, &list, position));
    list.order_count = 1;
    cr_assert_not(was_cancelled(&window, &list, position));
    cr_assert_not(was_cancelled(&window, &cancel, position), "a cancel is not asked");
    id_window_deinit(&window);
}

Test(repeats, tombstones_are_the_accounts_own) {
    struct id_window window = {0};
    struct command cancel = new_order("a", NULL, "ann", "1"), by_client = new_order(NULL, "c", "ann", "1");
    struct log_position at = {.offset = 5, .log_time_ms = 50};
    cancel.action = by_client.action = ACTION_CANCEL;
    cr_assert_eq(tombstones_add(&window, &cancel, at), STATUS_OK);
    cr_assert_eq(tombstones_add(&window, &by_client, at), STATUS_OK);
    struct command mine = new_order("a", NULL, "ann", "1"), others = new_order("a", NULL, "bob", "1"),
                   client = new_order("z", "c", "ann", "1");
    cr_assert(was_cancelled(&window, &mine, at));
    cr_assert_not(was_cancelled(&window, &others, at));
    cr_assert(was_cancelled(&window, &client, at));
    at.log_time_ms += REPEAT_WINDOW_MS + 1;
    cr_assert_not(was_cancelled(&window, &mine, at));
    id_window_deinit(&window);
}

/* Against a plain list: random adds, finds and expiry over many growths and laps; some keys come again and again. */
Test(id_window, agrees_with_a_list) {
    enum { COUNT = 60000, KEYS = 3000 };
    const uint64_t start = (UINT64_C(1) << 34) - (64 << 10); /* references begin anew on the way */
    struct id_window window = {.first = start, .next = start};
    static int64_t times[COUNT];
    static unsigned keys[COUNT], oldest_of[KEYS]; /* the list, and where to look for a key's oldest from */
    uint64_t state = 7;
    int64_t time_ms = 0;
    for (unsigned offset = 0; offset < COUNT; offset++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
        unsigned key = (unsigned)(state >> 40) % (state >> 60 ? KEYS : 7);
        keys[offset] = key;
        times[offset] = time_ms += (int64_t)(state >> 20) % (offset < COUNT / 2 ? 80 : 20);
        unsigned *oldest = &oldest_of[key];
        while (*oldest < offset && (keys[*oldest] != key || time_ms - times[*oldest] > REPEAT_WINDOW_MS)) ++*oldest;
        char text[64];
        int size =
            snprintf(text, sizeof text, "k%u-%.*s", key, (int)(key % 40), "0123456789012345678901234567890123456789");
        struct id_key id = id_key_of('k', (struct text){text, (uint32_t)size}, TEXT_NONE, TEXT_NONE);
        struct id_statement statement = {.offset = offset, .log_time_ms = time_ms};
        id_window_expire(&window, offset, time_ms);
        const struct id_record *found = id_window_find(&window, &id, 0);
        cr_assert_eq(found != NULL, *oldest < offset, "offset %u key %u", offset, key);
        cr_assert(!found || found->offset == *oldest);
        cr_assert_eq(id_window_add(&window, &statement, &id, 1, &found), STATUS_OK);
        cr_assert_eq(found != NULL, *oldest < offset);
        cr_assert(!found || (found->offset == *oldest && text_equal(id_record_own_id(found), id.parts[0])));
    }
    id_window_deinit(&window);
}

/* A re-injected record is no repeat of what came from the same place. */
Test(id_window, looks_past_its_own_origin) {
    struct id_window window = {0};
    struct id_key key = id_key_of('o', TEXT("AAPL"), TEXT("a"), TEXT_NONE);
    struct id_statement own = {.offset = 1, .origin = 9}, other = {.offset = 2};
    const struct id_record *found;
    cr_assert(id_window_add(&window, &own, &key, 1, &found) == STATUS_OK && !found);
    cr_assert(id_window_add(&window, &own, &key, 1, &found) == STATUS_OK && !found);
    cr_assert(id_window_add(&window, &other, &key, 1, &found) == STATUS_OK && found->offset == 1);
    cr_assert_eq(id_window_find(&window, &key, 9)->offset, 2);
    cr_assert_eq(id_window_find(&window, &key, 0)->offset, 1);
    id_window_deinit(&window);
}

/* ---- watermarks and moves -------------------------------------------------------------------------------- */

Test(watermarks, chain) {
    struct watermarks watermarks = {0};
    struct source_position first = {TOPIC_PENDING, 3, 10, -1}, second = {TOPIC_PENDING, 3, 15, 10},
                           other = {TOPIC_ORDERS, 3, 2, -1};
    cr_assert_eq(watermarks_check(&watermarks, &second), WATERMARK_GAP);
    cr_assert_eq(watermarks_check(&watermarks, &first), WATERMARK_FOLLOWS);
    watermarks_set(&watermarks, &first);
    cr_assert_eq(watermarks_check(&watermarks, &first), WATERMARK_REPEAT);
    cr_assert_eq(watermarks_check(&watermarks, &second), WATERMARK_FOLLOWS);
    cr_assert_eq(watermarks_check(&watermarks, &other), WATERMARK_FOLLOWS, "each source has its own");
    watermarks_deinit(&watermarks);
}

static bool parse(const char *value, struct source_position *position) {
    return source_position_parse(text_of(value), TEXT("orders"), TEXT("pending-orders"), position);
}

Test(watermarks, source_is_parsed_strictly) {
    struct source_position position;
    cr_assert(parse("pending-orders/7/12/-", &position));
    cr_assert(
        position.topic == TOPIC_PENDING && position.partition == 7 && position.offset == 12 && position.previous == -1);
    cr_assert(parse("orders/0/12/11", &position) && position.previous == 11);
    char text[320];
    cr_assert(text_equal(
        (struct text){text, source_position_format(&position, TEXT("orders"), text)}, TEXT("orders/0/12/11")));
    static const char *const wrong[] = {"", "orders", "orders/0/12", "orders/0/12/", "orders/10/1/-", "orders/0/12/12",
        "orders/0/-1/-", "x/0/1/-", "orders/0/1/-x", "orders/0/1/0x", "orders//1/-", "orders/0/99999999999999999999/-"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_assert_not(parse(wrong[i], &position), "%s", wrong[i]);
}

Test(move, first_decision_wins) {
    struct move move = {0};
    cr_assert_eq(move_end(&move, 1, TEXT("m")), MOVE_NOT_OPEN);
    cr_assert_eq(move_begin(&move, 2, TEXT("m"), 1), MOVE_WRONG_EPOCH);
    cr_assert_eq(move_begin(&move, 1, TEXT("m"), 1), MOVE_ACCEPTED);
    cr_assert_eq(move_begin(&move, 2, TEXT("n"), 1), MOVE_OPEN);
    cr_assert_eq(move_end(&move, 1, TEXT("n")), MOVE_WRONG_ID);
    cr_assert_eq(move_end(&move, 2, TEXT("m")), MOVE_WRONG_EPOCH);
    cr_assert_eq(move_end(&move, 1, TEXT("m")), MOVE_ACCEPTED);
    cr_assert_eq(move_end(&move, 1, TEXT("m")), MOVE_NOT_OPEN, "a late CUT or ABORT");
    cr_assert_eq(move_begin(&move, 2, TEXT("n"), 0), MOVE_ACCEPTED);
}

/* ---- accounts -------------------------------------------------------------------------------------------- */

/* Ten thousand come and go in turns; who is in is in, whatever left beside them. */
Test(account_set, has_who_was_added_and_not_removed) {
    struct account_set set = {0};
    char name[16];
    cr_assert_not(account_set_has(&set, TEXT("ann")));
    account_set_remove(&set, TEXT("ann"));
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof name, "user-%d", i);
        cr_assert_eq(account_set_add(&set, text_of(name)), STATUS_OK);
        cr_assert_eq(account_set_add(&set, text_of(name)), STATUS_OK);
        snprintf(name, sizeof name, "user-%d", i / 3 * 2);
        if (i % 3 == 2) account_set_remove(&set, text_of(name));
    }
    uint32_t found = 0;
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof name, "user-%d", i);
        bool was_removed = i % 2 == 0 && i / 2 * 3 + 2 < 10000;
        cr_assert_eq(account_set_has(&set, text_of(name)), !was_removed, "%s", name);
        found += !was_removed;
    }
    cr_assert_eq(set.count, found);
    cr_assert_not(account_set_has(&set, TEXT_NONE));
    account_set_deinit(&set);
}

/* ---- flat forms ------------------------------------------------------------------------------------------ */

Test(delivery, survives_its_flat_form) {
    static _Alignas(8) char flat[LINK_RECORD_BYTES_MAX];
    struct delivery delivery = {
        .kind = DELIVERY_COMMAND, .partition = 3, .offset = 77, .command = new_order("a-1", NULL, "ann", "1.5")};
    struct delivery back;
    struct command orders[LIST_ORDERS_MAX];
    cr_assert_leq(delivery_packed_bytes(&delivery), LINK_RECORD_BYTES_MAX);
    delivery_pack(&delivery, flat);
    delivery_unpack(flat, &back, orders);
    cr_assert(text_equal(back.command.order_id, TEXT("a-1")) && text_equal(back.command.user_id, TEXT("ann")));
    cr_assert_null(back.command.client_order_id.data);
    cr_assert_null(back.command.orders);
    cr_assert(back.offset == 77 && back.command.price.mantissa == 15);
}

/* A list with ids as long as they may be fits, and its orders come back whole. */
Test(delivery, carries_a_list) {
    static _Alignas(8) char flat[LINK_RECORD_BYTES_MAX];
    static char long_id[ID_BYTES_MAX + 1];
    memset(long_id, 'i', ID_BYTES_MAX);
    struct command orders[LIST_ORDERS_MAX], room[LIST_ORDERS_MAX];
    for (int i = 0; i < LIST_ORDERS_MAX; i++) orders[i] = new_order(long_id, long_id, long_id, i ? "2.5" : "1.5");
    struct delivery delivery = {.kind = DELIVERY_COMMAND,
        .original_order_id = text_of(long_id),
        .command = {.action = ACTION_LIST,
            .list_id = TEXT("l-1"),
            .user_id = text_of(long_id),
            .orders = orders,
            .order_count = 7}};
    struct delivery back;
    cr_assert_leq(delivery_packed_bytes(&delivery), LINK_RECORD_BYTES_MAX);
    delivery_pack(&delivery, flat);
    memset(orders, 0, sizeof orders);
    delivery_unpack(flat, &back, room);
    cr_assert(text_equal(back.command.list_id, TEXT("l-1")) && back.command.order_count == 7);
    for (int i = 0; i < LIST_ORDERS_MAX; i++) {
        const struct command *order = &back.command.orders[i];
        cr_assert(text_equal(order->order_id, text_of(long_id)) && text_equal(order->symbol, TEXT("AAPL")));
        cr_assert(text_equal(order->client_order_id, text_of(long_id)) && order->price.mantissa == (i ? 25 : 15));
    }
}

Test(delivery, carries_settings) {
    static _Alignas(8) char flat[LINK_RECORD_BYTES_MAX];
    struct instrument instrument = instrument_default();
    instrument.collar.ticks = 99;
    struct delivery delivery = {.kind = DELIVERY_CONTROL,
        .control_kind = TEXT("INSTRUMENT"),
        .control_result = TEXT("ACCEPTED"),
        .control_fields = TEXT("\"tick\":0.01"),
        .instrument = &instrument};
    struct delivery back;
    struct command orders[LIST_ORDERS_MAX];
    delivery_pack(&delivery, flat);
    instrument.collar.ticks = 0;
    delivery_unpack(flat, &back, orders);
    cr_assert_eq(back.instrument->collar.ticks, 99);
    cr_assert(text_equal(back.control_kind, TEXT("INSTRUMENT")) && text_equal(back.control_result, TEXT("ACCEPTED")));
    cr_assert(text_equal(back.control_fields, TEXT("\"tick\":0.01")));
}

Test(dead_letter, keeps_the_original_and_says_where_it_came_from) {
    static _Alignas(8) unsigned char flat[DEAD_LETTER_PACKED_BYTES_MAX];
    static char value[40000];
    memset(value, 'v', sizeof value);
    struct log_header header = {TEXT("h"), TEXT("was there")};
    struct log_record record = {.topic = TOPIC_PENDING,
        .partition = 4,
        .offset = 99,
        .key = TEXT("AAPL"),
        .value = {value, sizeof value},
        .has_value = true,
        .header_count = 1,
        .headers = &header};
    struct dead_letter letter;
    dead_letter_pack(&record, REASON_BAD_FIELD, flat);
    dead_letter_unpack(flat, TEXT("orders"), TEXT("pending-orders"), &letter);
    cr_assert(text_equal(letter.append.key, TEXT("AAPL")) && letter.append.value.size == DEAD_LETTER_VALUE_BYTES_MAX);
    struct log_record back = {.header_count = letter.append.header_count, .headers = letter.headers};
    uint8_t topic;
    int32_t partition;
    int64_t offset;
    cr_assert(dead_letter_source(&back, TEXT("orders"), TEXT("pending-orders"), &topic, &partition, &offset));
    cr_assert(topic == TOPIC_PENDING && partition == 4 && offset == 99);
    bool truncated = false, original = false;
    for (uint32_t i = 0; i < letter.append.header_count; i++) {
        truncated |= text_equal(letter.headers[i].name, TEXT("truncated"));
        original |= text_equal(letter.headers[i].value, TEXT("was there"));
    }
    cr_assert(truncated && original);
}

Test(dead_letter, tells_empty_from_absent) {
    static _Alignas(8) unsigned char flat[DEAD_LETTER_PACKED_BYTES_MAX];
    struct log_record none = {.partition = 4, .offset = 99},
                      empty = {.key = {"", 0}, .value = {"", 0}, .has_value = true};
    struct dead_letter letter;
    dead_letter_pack(&none, REASON_MALFORMED, flat);
    dead_letter_unpack(flat, TEXT("orders"), TEXT("pending-orders"), &letter);
    cr_assert(!letter.append.key.data && !letter.append.value.data);
    dead_letter_pack(&empty, REASON_MALFORMED, flat);
    dead_letter_unpack(flat, TEXT("orders"), TEXT("pending-orders"), &letter);
    cr_assert(letter.append.key.data && letter.append.value.data);
}

Test(name_table, finds_what_was_added) {
    struct name_table table = {0};
    static int values[5000];
    for (int i = 0; i < 5000; i++) {
        char name[12];
        snprintf(name, sizeof name, "N%d", i);
        cr_assert_eq(name_table_add(&table, text_of(name), &values[i]), STATUS_OK);
    }
    for (int i = 0; i < 5000; i++) {
        char name[12];
        snprintf(name, sizeof name, "N%d", i);
        cr_assert_eq(name_table_find(&table, text_of(name)), &values[i]);
    }
    cr_assert_null(name_table_find(&table, TEXT("N5000")));
    name_table_deinit(&table);
}
