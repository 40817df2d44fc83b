/* Two sellers, a buyer who takes the first and a part of the second, and a cancel of the rest by its slot.
 * cc trade.c $(pkg-config --cflags --libs shardbook) && ./a.out */
#include <core/shardbook.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct arena arena;
static _Alignas(64) struct book book;
static struct book_output out;

/* Prints what becomes of a request; where its order rests, 0 if it does not. */
static uint32_t apply(const struct request *request, int64_t offset) {
    const struct book_input input = {.kind = BOOK_REQUEST, .request = request, .src_offset = offset};
    enum book_progress progress = BOOK_MORE;
    out.slot = 0;
    for (bool is_begun = false; progress == BOOK_MORE; is_begun = true) {
        out.event_count = out.level_count = 0;
        progress = (is_begun ? book_step : book_apply)(&book, &input, &out);
        for (uint32_t i = 0; i < out.event_count; i++) {
            struct event event;
            book_view(&book, &input, &out.events[i], &event);
            struct text type = event_type_name((enum event_type)event.type);
            printf("%" PRIu64 " %.*s %" PRId64 " @ %" PRId64 ", %" PRId64 " left\n", event.fseq, (int)type.size,
                type.data, event.quantity_lots, event.price_ticks, out.events[i].leaves_lots);
        }
    }
    return out.slot;
}

int main(void) {
    const struct instrument instrument = instrument_default();
    char *memory = calloc(1, arena_bytes(1024) + 63); /* real only where it is touched */
    if (!memory) return 1;
    arena_init(&arena, memory + (-(uintptr_t)memory & 63), 1024);
    book_init(&book, &arena, &instrument);
    book_use_slots(&book);
    apply(&(struct request){.id = 1, .side = SIDE_SELL, .price_ticks = 15005, .quantity_lots = 100}, 0);
    uint32_t slot = apply(&(struct request){.id = 2, .side = SIDE_SELL, .price_ticks = 15010, .quantity_lots = 50}, 1);
    apply(&(struct request){.id = 3, .side = SIDE_BUY, .price_ticks = 15010, .quantity_lots = 120}, 2);
    apply(&(struct request){.action = ACTION_CANCEL, .id = 2, .slot = slot}, 3);
    printf("hash %016" PRIx64 ", %" PRIu64 " open\n", book_hash(&book), book_open_orders(&book));
    book_deinit(&book);
    free(memory);
}
