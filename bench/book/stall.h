/* What the two adapters of our book to bench/neutral/driver.h share: memory, symbols, the rehearsal. */
#ifndef SHARDBOOK_BENCH_BOOK_STALL_H
#define SHARDBOOK_BENCH_BOOK_STALL_H

#include "bench/neutral/driver.h"
#include "core/book.h"
#include "core/partition.h"
#include "shards/symbol.h"

#include <stdbool.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

enum { STALL_RECORDS_PER_MS = 1024 /* how fast log time passes */ };

/* The driver hands an engine the header only; what must be known of the stream before the clock starts (ids as a
 * client writes them, the slot that an id carries) comes from reading the file once more. */
static const char *stall_path;

__attribute__((constructor)) static void stall_find_stream(int argc, char **argv) {
    stall_path = argc > 1 ? argv[1] : NULL;
}

static void stall_fail(const char *words) {
    fprintf(stderr, "%s: %s\n", ENGINE, words);
    exit(2);
}

/* Zeroed, touched, in huge pages if the system gives them: as bench/neutral/refbook.h has it with RB_HUGE. */
static void *stall_memory(size_t bytes) {
    const size_t huge = 2u << 20;
    bytes = (bytes + huge - 1) & ~(huge - 1);
    char *memory = mmap(NULL, bytes + huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) stall_fail("not enough memory");
    memory = (char *)(((uintptr_t)memory + huge - 1) & ~(uintptr_t)(huge - 1));
    madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

/* All records of the stream; unmap with stall_close_stream. */
static const rec_t *stall_open_stream(uint64_t count) {
    int file = open(stall_path, O_RDONLY);
    if (file < 0) stall_fail("the stream cannot be read again");
    const char *bytes =
        mmap(NULL, sizeof(hdr_t) + count * sizeof(rec_t), PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    close(file);
    if (bytes == MAP_FAILED) stall_fail("the stream cannot be mapped");
    return (const rec_t *)(bytes + sizeof(hdr_t));
}

static void stall_close_stream(const rec_t *records, uint64_t count) {
    munmap((char *)records - sizeof(hdr_t), sizeof(hdr_t) + count * sizeof(rec_t));
}

/* Books of all symbols of the stream. With $SHARDBOOK_BENCH_IDLE others stand between them that had one order once. */
struct stall {
    struct arena arena;
    struct book *books;
    struct book **by_symbol; /* those of the stream's symbols */
    struct book beside;      /* no symbol of the stream's */
    uint32_t symbol_count, idle_between;
    void *memory;
    uint64_t orders_max;
    int64_t offset; /* of the record at hand */
    double bytes_per_idle;
    struct book_output out;
};

static struct stall stall;

static inline struct book *stall_book(uint32_t symbol) { return stall.by_symbol[symbol]; }

static int64_t stall_time_ms(void) { return (int64_t)((uint64_t)stall.offset / STALL_RECORDS_PER_MS); }

static uint64_t stall_setting(const char *name, uint64_t otherwise) {
    const char *value = getenv(name);
    return value ? strtoull(value, NULL, 10) : otherwise;
}

static uint64_t stall_book_count(void) { return (uint64_t)stall.symbol_count * (1 + stall.idle_between); }

static void stall_prepare(const hdr_t *header) {
    stall.symbol_count = (uint32_t)header->nsym;
    stall.idle_between = (uint32_t)stall_setting("SHARDBOOK_BENCH_IDLE", 0);
    uint64_t books = stall_book_count();
    stall.orders_max = header->max_live + 2048 + 16 * books;
    stall.memory = stall_memory(arena_bytes(stall.orders_max));
    stall.books = stall_memory(books * sizeof(struct book));
    stall.by_symbol = stall_memory(stall.symbol_count * sizeof *stall.by_symbol);
    for (uint32_t i = 0; i < stall.symbol_count; i++)
        stall.by_symbol[i] = &stall.books[(uint64_t)i * (1 + stall.idle_between)];
}

static struct decimal stall_units(uint64_t value) {
    return (struct decimal){.mantissa = value, .state = DECIMAL_UNITS};
}

static struct command stall_command(enum action action, const char *id) {
    struct command command;
    command_init(&command);
    command.action = (uint8_t)action;
    command.order_id = text_of(id);
    command.side = SIDE_NONE;
    command.order_type = ORDER_TYPE_NONE;
    command.time_in_force = TIF_NONE;
    return command;
}

/* Before the clock. */
static void stall_apply(struct book *book, const struct command *command, enum event_type answer) {
    struct book_input input = {.command = command};
    stall.out.event_count = stall.out.level_count = 0;
    if (book_apply(book, &input, &stall.out) != BOOK_DONE || stall.out.event_count != 1 ||
        stall.out.events[0].type != answer)
        stall_fail("an order before the stream was not answered as expected");
}

static void stall_place(struct book *book, const char *id, enum side side, enum order_type type, uint64_t price_ticks,
    uint64_t lots, uint64_t shown_lots) {
    struct command command = stall_command(ACTION_NEW, id);
    command.side = (uint8_t)side;
    command.order_type = (uint8_t)type;
    if (type == ORDER_STOP)
        command.stop_price = stall_units(price_ticks);
    else
        command.price = stall_units(price_ticks);
    command.quantity = stall_units(lots);
    if (shown_lots) command.display_quantity = stall_units(shown_lots);
    stall_apply(book, &command, EVENT_ACCEPTED);
}

/* Stops and icebergs on both sides, where the market of the streams never comes. */
static void stall_use_features(struct book *book) {
    char id[16];
    for (int i = 0; i < 4; i++) {
        enum side side = i & 1 ? SIDE_SELL : SIDE_BUY;
        snprintf(id, sizeof id, "stop-%d", i);
        stall_place(book, id, side, ORDER_STOP, side == SIDE_BUY ? 36000 + (unsigned)i : 29000 - (unsigned)i, 10, 0);
        snprintf(id, sizeof id, "iceberg-%d", i);
        stall_place(
            book, id, side, ORDER_LIMIT, side == SIDE_BUY ? 29000 - (unsigned)i : 36000 + (unsigned)i, 1000, 10);
    }
}

/* $SHARDBOOK_BENCH_FEATURES: `beside`, a symbol beside the stream's uses stops and icebergs; `inside`, theirs do. */
static void stall_fill_features(void) {
    const char *where = getenv("SHARDBOOK_BENCH_FEATURES");
    if (where && strcmp(where, "beside") == 0) stall_use_features(&stall.beside);
    for (uint32_t i = 0; where && strcmp(where, "inside") == 0 && i < stall.symbol_count; i++)
        stall_use_features(stall_book(i));
}

/* The symbols between the stream's had one order once, which was cancelled. What the server holds of such a symbol is
 * its struct symbol and what its book took of the arena. */
static void stall_fill_idle(void) {
    uint64_t idle = 0;
    size_t before = arena_used_bytes(&stall.arena);
    for (uint64_t i = 0; i < stall_book_count(); i++) {
        if (i % (1 + stall.idle_between) == 0) continue;
        struct command cancel = stall_command(ACTION_CANCEL, "idle");
        stall_place(&stall.books[i], "idle", SIDE_BUY, ORDER_LIMIT, 32768, 1, 0);
        stall_apply(&stall.books[i], &cancel, EVENT_CANCELLED);
        idle++;
    }
    stall.bytes_per_idle =
        idle ? (double)(arena_used_bytes(&stall.arena) - before) / (double)idle + sizeof(struct symbol) : 0;
}

/* Zero again what a rehearsal used, touched before the clock like the reference's memory. */
static void stall_clear(void) {
    if (!stall.arena.orders) return;
    size_t blocks = stall.arena.fresh_block, slots = blocks * ARENA_ORDERS_PER_BLOCK;
    memset(stall.arena.orders, 0, slots * sizeof(struct order));
    memset(stall.arena.records, 0, slots * sizeof(struct order_record));
    memset(stall.arena.pages, 0, (size_t)stall.arena.fresh_page * ARENA_PAGE_BYTES);
}

/* Empty books, as after a start. */
static void stall_open(void) {
    stall_clear();
    arena_init(&stall.arena, stall.memory, stall.orders_max);
    struct instrument instrument = instrument_default();
    for (uint64_t i = 0; i < stall_book_count(); i++) book_init(&stall.books[i], &stall.arena, &instrument);
    book_init(&stall.beside, &stall.arena, &instrument);
#ifdef STALL_USES_SLOTS
    for (uint32_t i = 0; i < stall.symbol_count; i++) book_use_slots(stall_book(i));
#endif
    stall_fill_idle();
    stall_fill_features();
}

/* The last words before the clock starts. */
static void stall_report(void) {
    if (stall.idle_between) printf("IDLE,%.0f\n", stall.bytes_per_idle);
}

static void stall_close(void) {
    for (uint64_t i = 0; i < (uint64_t)stall.symbol_count * (1 + stall.idle_between); i++) book_deinit(&stall.books[i]);
    book_deinit(&stall.beside);
}

static void stall_forget_trades(void) { g_trades = g_qty = g_notional = g_hash = 0; }

#endif
