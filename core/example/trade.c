/* Two sellers, a buyer who takes the first and a part of the second, and a cancel of the rest by its slot.
 * cc trade.c $(pkg-config --cflags --libs shardbook) && ./a.out */
#include <core/shardbook.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ORDERS_MAX = 1024 };
static struct arena arena;
static _Alignas(64) struct book book;
static struct book_output out;

static void print(const struct book_input *input) {
    for (uint32_t i = 0; i < out.event_count; i++) {
        struct event event;
        book_view(&book, input, &out.events[i], &event);
        struct text type = event_type_name(event.type);
        printf("%" PRIu64 " %.*s %" PRId64 " @ %" PRId64 ", %" PRId64 " left\n", event.fseq, (int)type.size, type.data,
            event.quantity_lots, event.price_ticks, out.events[i].leaves_lots);
    }
}

/* Where the order rests, 0 if it does not. */
static uint32_t apply(const struct request *request) {
    static int64_t offset;
    const struct book_input input = {.kind = BOOK_REQUEST, .request = request, .src_offset = offset++};
    out.event_count = out.level_count = out.slot = 0;
    enum book_progress progress = book_apply(&book, &input, &out);
    for (print(&input); progress == BOOK_MORE; print(&input)) {
        out.event_count = out.level_count = 0;
        progress = book_step(&book, &input, &out);
    }
    return out.slot;
}

int main(void) {
    const struct instrument instrument = instrument_default();
    void *memory = aligned_alloc(64, arena_bytes(ORDERS_MAX));
    if (!memory) return 1;
    arena_init(&arena, memory, ORDERS_MAX);
    book_init(&book, &arena, &instrument);
    book_use_slots(&book);
    apply(&(struct request){.id = 1, .side = SIDE_SELL, .price_ticks = 15005, .quantity_lots = 100});
    uint32_t slot = apply(&(struct request){.id = 2, .side = SIDE_SELL, .price_ticks = 15010, .quantity_lots = 50});
    apply(&(struct request){.id = 3, .side = SIDE_BUY, .price_ticks = 15010, .quantity_lots = 120});
    apply(&(struct request){.action = ACTION_CANCEL, .id = 2, .slot = slot});
    printf("hash %016" PRIx64 ", %" PRIu64 " open\n", book_hash(&book), book_open_orders(&book));
    book_deinit(&book);
    free(memory);
}
