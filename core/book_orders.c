/* The life of a slot: taken, at rest, unlinked, ended, free again. */
#include "core/book_inside.h"
#include "core/short_text.h"

enum {
    LONG_TEXTS_BYTES = 256,
    BLOCKS_KEPT = 64 /* an empty book with more gives its memory back */
};

static void add_block(struct book *book) {
    uint32_t block = arena_take_block(book->arena);
    arena_link_block(book->arena, block, book->first_block);
    if (!book->first_block) book->last_block = block;
    book->first_block = block;
    book->blocks++;
    for (uint32_t i = ARENA_ORDERS_PER_BLOCK; i-- > 0;) {
        book->orders[block_first_slot(block) + i].next = book->free_slot;
        book->free_slot = block_first_slot(block) + i;
    }
}

static uint32_t take_slot(struct book *book) {
    if (__builtin_expect(!book->free_slot, 0)) add_block(book);
    uint32_t slot = book->free_slot;
    book->free_slot = book->orders[slot].next;
    return slot;
}

static char *take_long_texts(struct book *book, uint32_t slot) {
    uint32_t piece = pool_take(&book->long_texts, book->arena, LONG_TEXTS_BYTES);
    book->records[slot].long_texts = piece;
    return pool_at(book->arena, LONG_TEXTS_BYTES, piece);
}

static void put_record(struct book *book, uint32_t slot, const struct command *command, bool is_long) {
    struct order_record *record = &book->records[slot];
    struct text order_id = command->order_id, client_order_id = command->client_order_id, user_id = command->user_id;
    CHECK(order_id.size <= ID_BYTES_MAX && client_order_id.size <= ID_BYTES_MAX && user_id.size <= ID_BYTES_MAX,
        "a decoder let an id through that is longer than 64 bytes");
    order_record_write(record, book->run.quantity_lots, order_id, client_order_id, user_id);
    char *at = __builtin_expect(is_long, 0) ? take_long_texts(book, slot) : record->texts;
    short_put(short_put(short_put(at, order_id), client_order_id), user_id);
}

uint32_t book_add_order(struct book *book, const struct command *command) {
    const struct book_run *run = &book->run;
    bool is_long = command->order_id.size + command->client_order_id.size + command->user_id.size > ORDER_TEXT_BYTES;
    bool has_client = command->user_id.size && command->client_order_id.size;
    uint32_t slot = take_slot(book);
    struct order *order = &book->orders[slot];
    order_write(order, run->leaves_lots, run->side, run->time_in_force, run->post_only, is_long, has_client,
        run->price_ticks, book_account_tag(rolling_id(command->user_id)));
    order->id_hash = run->id_hash;
    put_record(book, slot, command, is_long);
    id_index_add(&book->ids, book->arena, run->id_hash, ID_ORDER, slot);
    if (has_client) id_index_add(&book->ids, book->arena, run->client_hash, ID_CLIENT, slot);
    book->open_orders++;
    return slot;
}

void book_rest(struct book *book, struct book_output *out, uint32_t slot) {
    struct order *order = &book->orders[slot];
    enum side side = order->side;
    int64_t price_ticks = (int64_t)order->price_ticks;
    struct level *level = ladder_enter(&book->ladders[side], book->arena, ladder_key(side, price_ticks));
    order->next = 0;
    order->prev = level->tail;
    if (level->tail)
        book->orders[level->tail].next = slot;
    else
        level->head = slot;
    level->tail = slot;
    level->total_lots += (int64_t)order->leaves_lots;
    book_note_level(out, side, price_ticks, level->total_lots);
}

void book_unlink(struct book *book, struct book_output *out, uint32_t slot) {
    struct order *order = &book->orders[slot];
    enum side side = order->side;
    int64_t price_ticks = (int64_t)order->price_ticks;
    uint64_t key = ladder_key(side, price_ticks);
    struct level *level = ladder_get(&book->ladders[side], book->arena, key);
    if (order->prev)
        book->orders[order->prev].next = order->next;
    else
        level->head = order->next;
    if (order->next)
        book->orders[order->next].prev = order->prev;
    else
        level->tail = order->prev;
    level->total_lots -= (int64_t)order->leaves_lots;
    book_note_level(out, side, price_ticks, level->total_lots);
    if (!level->head) ladder_leave(&book->ladders[side], book->arena, key);
}

static uint64_t client_hash_of(const struct book *book, uint32_t slot) {
    struct order_texts texts = order_texts(book->arena, slot);
    return id_client_hash(rolling_id(texts.user_id), texts.client_order_id);
}

void book_end_order(struct book *book, uint32_t slot) {
    struct order *order = &book->orders[slot];
    id_index_remove(&book->ids, book->arena, order->id_hash, ID_ORDER, slot);
    if (order->has_client) id_index_remove(&book->ids, book->arena, client_hash_of(book, slot), ID_CLIENT, slot);
    book->freed_long_texts += order->long_texts;
    order->next = book->freed_first;
    if (!book->freed_first) book->freed_last = slot;
    book->freed_first = slot;
    book->open_orders--;
}

static void give_long_texts(struct book *book) {
    for (uint32_t slot = book->freed_first; slot && book->freed_long_texts; slot = book->orders[slot].next)
        if (book->orders[slot].long_texts) {
            pool_give(&book->long_texts, book->arena, LONG_TEXTS_BYTES, book->records[slot].long_texts);
            book->freed_long_texts--;
        }
}

/* An empty book keeps nothing that it would not have needed for a few orders. */
static void give_memory(struct book *book) {
    arena_give_blocks(book->arena, book->first_block, book->last_block);
    book->first_block = book->last_block = book->blocks = book->free_slot = 0;
    id_index_clear(&book->ids, book->arena);
    ladder_clear(&book->ladders[SIDE_BUY], book->arena);
    ladder_clear(&book->ladders[SIDE_SELL], book->arena);
}

void book_recycle(struct book *book, bool is_idle) {
    if (book->freed_first) {
        if (__builtin_expect(book->freed_long_texts != 0, 0)) give_long_texts(book);
        book->orders[book->freed_last].next = book->free_slot;
        book->free_slot = book->freed_first;
        book->freed_first = book->freed_last = 0;
    }
    if (__builtin_expect(is_idle && book->open_orders == 0 && book->blocks > BLOCKS_KEPT, 0)) give_memory(book);
}
