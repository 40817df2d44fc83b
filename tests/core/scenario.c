#include "tests/core/scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LINES_MAX = 4096, LINE_BYTES = 256, WORDS_MAX = 16 };

struct play {
    struct book book;
    struct book_output out;
    char got[LINES_MAX][LINE_BYTES];
    int got_count;
    uint64_t fseq, hash;
    int64_t offset;
    char words[WORDS_MAX][LINE_BYTES];
    int word_count;
};

static char difference[2048];

struct arena *scenario_arena(uint64_t orders_max) {
    struct arena *arena = aligned_alloc(64, sizeof *arena);
    void *memory =
        mmap(NULL, arena_bytes(orders_max), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (!arena || memory == MAP_FAILED) abort();
    arena_init(arena, memory, orders_max);
    return arena;
}

static void say(struct play *play, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct play *play, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (play->got_count < LINES_MAX) vsnprintf(play->got[play->got_count++], LINE_BYTES, format, args);
    va_end(args);
}

#define T(t) (int)((t).size ? (t).size : 1), ((t).size ? (t).data : "-")

static void say_order(struct play *play, const struct event *e, const char *name) {
    char by[LINE_BYTES] = "", client[LINE_BYTES] = "";
    if (e->command_id.size) snprintf(by, sizeof by, " by %.*s", T(e->command_id));
    if (e->client_order_id.size) snprintf(client, sizeof client, "/%.*s", T(e->client_order_id));
    char reason[32] = "";
    if (e->reason) snprintf(reason, sizeof reason, " %.*s", T(reason_name(e->reason)));
    switch (e->type) {
    case EVENT_ACCEPTED:
        if (e->has_price)
            say(play, "%s %.*s%s %.*s %.*s %.*s %ld @ %ld", name, T(e->order_id), client, T(side_name(e->side)),
                T(order_type_name(e->order_type)), T(time_in_force_name(e->time_in_force)), (long)e->leaves_lots,
                (long)e->price_ticks);
        else
            say(play, "%s %.*s%s %.*s %.*s %.*s %ld", name, T(e->order_id), client, T(side_name(e->side)),
                T(order_type_name(e->order_type)), T(time_in_force_name(e->time_in_force)), (long)e->leaves_lots);
        return;
    case EVENT_DUPLICATE:
        say(play, "%s %.*s%s of %.*s%s", name, T(e->order_id), client, T(e->original_order_id), by);
        return;
    case EVENT_CANCELLED:
    case EVENT_EXPIRED:
        say(play, "%s %.*s%s%s left %ld filled %ld%s", name, T(e->order_id), client, reason, (long)e->leaves_lots,
            (long)e->cumulative_lots, by);
        return;
    case EVENT_MODIFIED:
        say(play, "%s %.*s%s %ld @ %ld left %ld %s%s", name, T(e->order_id), client, (long)e->quantity_lots,
            (long)e->price_ticks, (long)e->leaves_lots, e->kept_priority ? "kept" : "lost", by);
        return;
    case EVENT_CANCEL_ALL_DONE: say(play, "%s %.*s %lu%s", name, T(e->user_id), (unsigned long)e->count, by); return;
    default: say(play, "%s %.*s%s%s%s", name, T(e->order_id), client, reason, by);
    }
}

static void say_event(struct play *play, const struct event *e) {
    if (e->type != EVENT_FILL) {
        char name[32];
        snprintf(name, sizeof name, "%.*s", T(event_type_name(e->type)));
        say_order(play, e, name);
        return;
    }
    say(play, "FILL %lu %s %ld @ %ld taker %.*s %ld/%ld maker %.*s %ld/%ld", (unsigned long)e->trade_id,
        e->side == SIDE_BUY ? "BUY" : "SELL", (long)e->quantity_lots, (long)e->price_ticks, T(e->taker.order_id),
        (long)e->taker.leaves_lots, (long)e->taker.cumulative_lots, T(e->maker.order_id), (long)e->maker.leaves_lots,
        (long)e->maker.cumulative_lots);
}

static void say_book(struct play *play) {
    for (enum side side = SIDE_BUY; side <= SIDE_SELL; side++) {
        struct depth_level levels[64];
        uint32_t count = book_levels(&play->book, side, 0, levels, 64);
        char line[LINE_BYTES] = "";
        for (uint32_t i = 0; i < count; i++)
            snprintf(line + strlen(line), sizeof line - strlen(line), " %ld@%ld", (long)levels[i].total_lots,
                (long)levels[i].price_ticks);
        say(play, "%s%s", side == SIDE_BUY ? "bids" : "asks", line);
    }
}

static void check_numbering(struct play *play, const struct event *e) {
    if (e->fseq != ++play->fseq)
        say(play, "fseq %lu instead of %lu", (unsigned long)e->fseq, (unsigned long)play->fseq);
    bool is_fill = e->type == EVENT_FILL;
    struct rolling_input in = {.type = e->type,
        .fseq = e->fseq,
        .src_offset = (uint64_t)play->offset,
        .price_ticks = e->has_price ? (uint64_t)e->price_ticks : 0,
        .order = rolling_id(is_fill ? e->taker.order_id : e->order_id),
        .maker = is_fill ? rolling_id(e->maker.order_id) : 0};
    if (e->type == EVENT_ACCEPTED || is_fill || e->type == EVENT_MODIFIED)
        in.quantity_lots = (uint64_t)e->quantity_lots;
    in.leaves_lots = (uint64_t)(is_fill ? e->taker.leaves_lots : e->leaves_lots);
    play->hash = rolling_add(play->hash, &in);
    if (e->hash != play->hash || book_hash(&play->book) == 0) say(play, "the hash is not that of the printed members");
}

static void say_step(struct play *play, const struct book_input *input, bool is_last) {
    for (uint32_t i = 0; i < play->out.event_count; i++) {
        struct event e;
        book_view(&play->book, input, &play->out.events[i], &e);
        check_numbering(play, &e);
        say_event(play, &e);
    }
    if (!is_last) say(play, "...");
    book_check(&play->book);
    play->out.event_count = play->out.level_count = 0;
}

static void run(struct play *play, struct book_input *input) {
    input->src_offset = play->offset += 7;
    enum book_progress progress = book_apply(&play->book, input, &play->out);
    for (;;) {
        say_step(play, input, progress == BOOK_DONE);
        if (progress == BOOK_DONE) return;
        progress = book_step(&play->book, input, &play->out);
    }
}

static const char *option(const struct play *play, const char *name) {
    size_t size = strlen(name);
    for (int i = 0; i < play->word_count; i++)
        if (strncmp(play->words[i], name, size) == 0 && (play->words[i][size] == '=' || play->words[i][size] == 0))
            return play->words[i] + size + (play->words[i][size] == '=');
    return NULL;
}

static struct text text_or_none(const char *string) {
    return string && strcmp(string, "-") != 0 ? text_of(string) : TEXT_NONE;
}

static void read_new(struct play *play, struct book_input *input, struct command *c) {
    c->order_id = text_or_none(play->words[1]);
    c->user_id = text_or_none(play->words[2]);
    c->side = strcmp(play->words[3], "BUY") == 0 ? SIDE_BUY : SIDE_SELL;
    c->quantity = decimal_parse(text_of(play->words[4]));
    c->order_type = strcmp(play->words[5], "MARKET") == 0 ? ORDER_MARKET : ORDER_LIMIT;
    if (c->order_type == ORDER_LIMIT) c->price = decimal_parse(text_of(play->words[5]));
    c->time_in_force = option(play, "IOC")   ? TIF_IOC
                       : option(play, "FOK") ? TIF_FOK
                       : option(play, "GTC") ? TIF_GTC
                                             : TIF_NONE;
    c->post_only = option(play, "POST");
    input->cancelled_before = option(play, "BEFORE");
}

static void read_options(struct play *play, struct book_input *input, struct command *c) {
    c->client_order_id = text_or_none(option(play, "client"));
    c->command_id = text_or_none(option(play, "cmd"));
    if (option(play, "fault")) c->fault = (uint8_t)atoi(option(play, "fault"));
    if (option(play, "quantity")) c->quantity = decimal_parse(text_of(option(play, "quantity")));
    if (option(play, "price")) c->price = decimal_parse(text_of(option(play, "price")));
    input->original_order_id = text_or_none(option(play, "REPEAT"));
    input->verdict = option(play, "REPEAT") ? BOOK_REPEAT : option(play, "TAKEN") ? BOOK_ID_TAKEN : BOOK_FRESH;
}

static void play_command(struct play *play) {
    struct command c;
    struct book_input input = {.command = &c};
    const char *verb = play->words[0];
    command_init(&c);
    if (strcmp(verb, "BOOK") == 0) {
        say_book(play);
        return;
    }
    read_options(play, &input, &c);
    if (strcmp(verb, "NEW") == 0) {
        read_new(play, &input, &c);
    } else if (strcmp(verb, "CANCEL_ALL") == 0) {
        c.action = ACTION_CANCEL_ALL;
        c.user_id = text_of(play->words[1]);
        c.side = option(play, "BUY") ? SIDE_BUY : option(play, "SELL") ? SIDE_SELL : SIDE_NONE;
    } else {
        c.action = strcmp(verb, "CANCEL") == 0 ? ACTION_CANCEL : ACTION_MODIFY;
        if (strncmp(play->words[1], "client=", 7) != 0) c.order_id = text_of(play->words[1]);
        c.user_id = text_of(play->words[2]);
    }
    run(play, &input);
}

static void split(struct play *play, const char *line) {
    play->word_count = 0;
    for (const char *at = line; *at && play->word_count < WORDS_MAX;) {
        size_t size = strcspn(at, " ");
        memcpy(play->words[play->word_count], at, size);
        play->words[play->word_count++][size] = 0;
        at += size + strspn(at + size, " ");
    }
}

/* Compares what a command gave with the lines up to the next command; where that is. */
static const char *const *compare(struct play *play, const char *command, const char *const *lines) {
    int i = 0;
    for (; *lines && lines[0][0] != '>'; lines++, i++)
        if (i >= play->got_count || strcmp(*lines, play->got[i]) != 0) break;
    if (i < play->got_count || (*lines && lines[0][0] != '>')) {
        snprintf(difference, sizeof difference, "after \"%s\", line %d: expected \"%s\", got \"%s\"", command, i + 1,
            *lines && lines[0][0] != '>' ? *lines : "(nothing)", i < play->got_count ? play->got[i] : "(nothing)");
        return NULL;
    }
    return lines;
}

const char *scenario_play(const char *const *lines) {
    static struct play play;
    struct arena *arena = scenario_arena(4096);
    struct instrument instrument = instrument_default();
    instrument.tick = (struct decimal_unit){1, 0};
    memset(&play, 0, sizeof play);
    book_init(&play.book, arena, &instrument);
    while (lines && *lines) {
        const char *command = *lines++;
        split(&play, command + 2);
        play.got_count = 0;
        play_command(&play);
        lines = compare(&play, command, lines);
    }
    book_deinit(&play.book);
    munmap(arena->orders, arena_bytes(4096));
    free(arena);
    return lines ? NULL : difference;
}
