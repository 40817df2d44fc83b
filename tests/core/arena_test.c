/* Threads that take blocks and pages of one arena, use them, and give them back, while books wander between the
 * threads. A plain program, for ThreadSanitizer. */
#include "core/book.h"
#include "tests/core/scenario.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 2, ROUNDS = 20000, HELD = 64, BOOKS = 8, COMMANDS_PER_TURN = 200, TURNS = 300 };

static struct arena *arena;
static _Atomic(struct book *) places[BOOKS]; /* books that nobody works on */

static void fail(const char *words) {
    fprintf(stderr, "%s\n", words);
    exit(1);
}

static uint64_t step_random(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *state >> 33;
}

/* Marks all of a piece, and finds nobody else's mark there later. */
static void use_pages(uint64_t *random, uint32_t *held, uint32_t *sizes, unsigned char mark) {
    uint32_t i = (uint32_t)(step_random(random) % HELD);
    if (!held[i]) {
        sizes[i] = (uint32_t)(step_random(random) % 4);
        held[i] = arena_take_pages(arena, sizes[i]);
        memset(arena_page(arena, held[i]), mark, (size_t)ARENA_PAGE_BYTES << sizes[i]);
        return;
    }
    const unsigned char *bytes = arena_page(arena, held[i]);
    for (size_t k = 0; k < (size_t)ARENA_PAGE_BYTES << sizes[i]; k += 64)
        if (bytes[k] != mark) fail("a page has two owners");
    arena_give_pages(arena, sizes[i], held[i], held[i]);
    held[i] = 0;
}

static void use_blocks(uint64_t *random, uint32_t *held, uint64_t mark) {
    uint32_t i = (uint32_t)(step_random(random) % HELD);
    if (!held[i]) {
        held[i] = arena_take_block(arena);
        for (uint32_t k = 0; k < ARENA_ORDERS_PER_BLOCK; k++)
            arena->orders[block_first_slot(held[i]) + k].id_hash = mark;
        return;
    }
    for (uint32_t k = 0; k < ARENA_ORDERS_PER_BLOCK; k++)
        if (arena->orders[block_first_slot(held[i]) + k].id_hash != mark) fail("a block has two owners");
    arena_give_blocks(arena, held[i], held[i]);
    held[i] = 0;
}

static void *take_and_give(void *argument) {
    uint64_t mark = (uint64_t)(uintptr_t)argument, random = mark * 977;
    uint32_t pages[HELD] = {0}, sizes[HELD] = {0}, blocks[HELD] = {0};
    for (int round = 0; round < ROUNDS; round++) {
        use_pages(&random, pages, sizes, (unsigned char)mark);
        use_blocks(&random, blocks, mark);
    }
    for (int i = 0; i < HELD; i++) {
        if (pages[i]) arena_give_pages(arena, sizes[i], pages[i], pages[i]);
        if (blocks[i]) arena_give_blocks(arena, blocks[i], blocks[i]);
    }
    return NULL;
}

static void play_command(struct book *book, uint64_t *random, struct book_output *out) {
    char id[32];
    struct command c;
    command_init(&c);
    c.action = step_random(random) % 3 ? ACTION_NEW : ACTION_CANCEL;
    c.order_id =
        (struct text){id, (uint32_t)snprintf(id, sizeof id, "%lu", (unsigned long)(step_random(random) % 500))};
    c.user_id = TEXT("ann");
    c.side = step_random(random) % 2;
    c.order_type = ORDER_LIMIT;
    c.price =
        (struct decimal){1 + step_random(random) % 400 * (step_random(random) % 50 ? 1 : 100000), 0, DECIMAL_UNITS};
    c.quantity = (struct decimal){1 + step_random(random) % 10, 0, DECIMAL_UNITS};
    struct book_input input = {.command = &c, .src_offset = (int64_t)book_fseq(book)};
    enum book_progress progress = book_apply(book, &input, out);
    for (;;) {
        out->event_count = out->level_count = 0;
        if (progress == BOOK_DONE) return;
        progress = book_step(book, &input, out);
    }
}

/* Takes whichever book lies there, works on it, and puts it where another thread may take it. */
static void *work_on_books(void *argument) {
    uint64_t random = (uint64_t)(uintptr_t)argument * 31;
    struct book_output *out = calloc(1, sizeof *out);
    for (int turn = 0; turn < TURNS;) {
        struct book *book = atomic_exchange(&places[step_random(&random) % BOOKS], NULL);
        if (!book) continue;
        for (int i = 0; i < COMMANDS_PER_TURN; i++) play_command(book, &random, out);
        book_check(book);
        turn++;
        struct book *none = NULL;
        while (!atomic_compare_exchange_strong(&places[step_random(&random) % BOOKS], &none, book)) none = NULL;
    }
    free(out);
    return NULL;
}

static void run_threads(void *(*work)(void *)) {
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work, (void *)(i + 1))) fail("no thread");
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

/* Whatever a server may ask for can be laid out: its last page still has a number, and so have its smallest pieces. */
static void lay_out_the_largest(void) {
    const uint64_t orders[] = {1024, 16777216, 33554432};
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        struct arena *largest = scenario_arena(orders[i]);
        if (largest->page_count > UINT32_MAX / (ARENA_PAGE_BYTES / 16)) fail("pieces without a number");
        free(largest);
    }
}

int main(void) {
    static struct book books[BOOKS];
    struct instrument instrument = instrument_default();
    lay_out_the_largest();
    arena = scenario_arena(1 << 16);
    run_threads(take_and_give);
    size_t used = arena_used_bytes(arena);
    for (int i = 0; i < BOOKS; i++) {
        book_init(&books[i], arena, &instrument);
        atomic_store(&places[i], &books[i]);
    }
    run_threads(work_on_books);
    for (int i = 0; i < BOOKS; i++) {
        book_check(&books[i]);
        book_deinit(&books[i]);
    }
    printf("%zu bytes before the books, %zu with them\n", used, arena_used_bytes(arena));
    free(arena);
    return 0;
}
