/* shardbook-bench market: plays a lively market on the running stack, and shows it. */
#include "bench/bench.h"
#include "bench/stack_options.h"
#include "bench/trading.h"
#include "bench/verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char who[] = "shardbook-bench market";

enum { ROWS_MAX = 12, TAPE = 8, TRADE_LINES_PER_SECOND = 10, PRICE_BYTES = 24 };

static const struct option_row options[] = {
    STACK_OPTION_ROWS,
    TITLE_ROW("What"),
    COUNT_ROW("orders", NULL, "0", 0, 1000000000, "requests to send; 0: until interrupted"),
    STACK_ORDER_ROWS("50", "6", "16"),
    SWITCH_ROW("verify", NULL, "false", "compare every event of the log with the reference book at the end"),
    KAFKA_OPTION_ROWS,
};

static bool check(const struct configuration *configuration, char *problem, size_t problem_bytes) {
    struct kafka_settings kafka;
    return kafka_settings_read(configuration, &kafka, problem, problem_bytes);
}

static const struct program program = {
    .name = "shardbook-bench market",
    .purpose = "Plays a lively market on the running stack and shows trades and depth as they happen.",
    .notes = "On a terminal a live view, elsewhere lines (at most ten trades a second are shown one by one).\n"
             "Exit code: 0 all answered and, with --verify, the events are the reference book's; 1 failed, 2 wrong "
             "usage, 3 they differ.",
    .examples = "  shardbook-bench market\n  shardbook-bench market --orders 10000 --rate 1000 --verify\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .check = check,
};

/* One symbol as the public sees it. */
struct row {
    char symbol[12];
    char last[PRICE_BYTES], last_quantity[PRICE_BYTES];
    char side;
    uint64_t trades;
    char best[2][2][PRICE_BYTES]; /* by side: price, quantity; empty: none */
    bool changed;
};

struct screen {
    bool terminal;
    uint32_t rows;
    struct row row[ROWS_MAX];
    char tape[TAPE][96];
    uint64_t taped;
    uint32_t shown_now, hidden_now; /* trades of this second, as lines */
    double second;
    int drawn; /* lines on the terminal that the next drawing replaces */
    struct level_map *depth[ROWS_MAX][2];
};

/* ---- depth: the client's side of it */

enum { LEVELS_MAX = 4096 };

/* The levels of one side, best first. */
struct level_map {
    uint32_t count;
    struct level {
        double price;
        char text[PRICE_BYTES], quantity[PRICE_BYTES];
    } levels[LEVELS_MAX];
};

static void put_level(struct level_map *map, bool bids, const char *price, const char *quantity) {
    double value = strtod(price, NULL);
    uint32_t i = 0;
    while (i < map->count && (bids ? map->levels[i].price > value : map->levels[i].price < value)) i++;
    bool there = i < map->count && strcmp(map->levels[i].text, price) == 0;
    if (strcmp(quantity, "0") == 0) {
        if (there) memmove(&map->levels[i], &map->levels[i + 1], (--map->count - i) * sizeof map->levels[0]);
        return;
    }
    if (!there) {
        if (i == LEVELS_MAX) return;
        if (map->count == LEVELS_MAX) map->count--; /* the farthest one: only the best is shown */
        memmove(&map->levels[i + 1], &map->levels[i], (map->count++ - i) * sizeof map->levels[0]);
        map->levels[i].price = value;
        snprintf(map->levels[i].text, PRICE_BYTES, "%s", price);
    }
    snprintf(map->levels[i].quantity, PRICE_BYTES, "%s", quantity);
}

static void take_side(struct screen *screen, uint32_t at, int side, yyjson_val *levels) {
    struct level_map *map = screen->depth[at][side];
    struct row *row = &screen->row[at];
    yyjson_val *level;
    size_t i, count;
    yyjson_arr_foreach(levels, i, count, level) {
        const char *price = yyjson_get_str(yyjson_arr_get(level, 0)),
                   *quantity = yyjson_get_str(yyjson_arr_get(level, 1));
        if (price && quantity) put_level(map, side == 0, price, quantity);
    }
    memset(row->best[side], 0, sizeof row->best[side]);
    if (map->count) {
        memcpy(row->best[side][0], map->levels[0].text, PRICE_BYTES);
        memcpy(row->best[side][1], map->levels[0].quantity, PRICE_BYTES);
    }
}

static void on_depth(struct screen *screen, uint32_t at, yyjson_val *root) {
    if (yyjson_get_bool(yyjson_obj_get(root, "snapshot")))
        screen->depth[at][0]->count = screen->depth[at][1]->count = 0;
    take_side(screen, at, 0, yyjson_obj_get(root, "b"));
    take_side(screen, at, 1, yyjson_obj_get(root, "a"));
    screen->row[at].changed = true;
}

/* ---- trades */

static void on_trade(struct screen *screen, uint32_t at, yyjson_val *root) {
    struct row *row = &screen->row[at];
    const char *price = yyjson_get_str(yyjson_obj_get(root, "p")),
               *quantity = yyjson_get_str(yyjson_obj_get(root, "q"));
    const char *side = yyjson_get_str(yyjson_obj_get(root, "side"));
    if (!price || !quantity || !side) return;
    row->trades++;
    row->changed = true;
    row->side = *side;
    snprintf(row->last, PRICE_BYTES, "%s", price);
    snprintf(row->last_quantity, PRICE_BYTES, "%s", quantity);
    char *line = screen->tape[screen->taped++ % TAPE];
    snprintf(line, sizeof screen->tape[0], "%-6s %10s x %-6s %s", row->symbol, price, quantity, side);
    if (screen->terminal) return;
    if (screen->shown_now < TRADE_LINES_PER_SECOND) printf("trade  %s\n", line);
    screen->shown_now++;
}

static void on_message(void *context, struct text message) {
    struct screen *screen = context;
    yyjson_doc *doc = yyjson_read(message.data, message.size, 0);
    yyjson_val *root = yyjson_doc_get_root(doc);
    const char *type = yyjson_get_str(yyjson_obj_get(root, "type")),
               *symbol = yyjson_get_str(yyjson_obj_get(root, "s"));
    for (uint32_t i = 0; type && symbol && i < screen->rows; i++) {
        if (strcmp(screen->row[i].symbol, symbol) != 0) continue;
        if (strcmp(type, "trade") == 0)
            on_trade(screen, i, root);
        else if (strcmp(type, "depth") == 0)
            on_depth(screen, i, root);
    }
    yyjson_doc_free(doc);
}

/* ---- drawing */

static void draw_screen(struct screen *screen, const struct trading *trading, double seconds) {
    const struct trading_counters *c = &trading->counters;
    if (screen->drawn) printf("\033[%dA", screen->drawn);
    printf("\033[K%.0f s   %" PRIu64 " requests   %" PRIu64 " accepted   %" PRIu64
           " trades   order to fill p50 %.1f ms   (Ctrl-C ends it)\n\033[K\n",
        seconds, c->sent, c->accepted, c->trades, (double)histogram_at(&trading->to_fill, 0.5) / 1000);
    printf("\033[K\033[1m%-7s %10s %8s   %8s %10s | %-10s %-8s\033[0m\n", "symbol", "last", "trades", "bid qty", "bid",
        "ask", "ask qty");
    for (uint32_t i = 0; i < screen->rows; i++) {
        const struct row *row = &screen->row[i];
        printf("\033[K%-7s \033[%dm%10s\033[0m %8" PRIu64 "   %8s %10s | %-10s %-8s\n", row->symbol,
            row->side == 'B'   ? 32
            : row->side == 'S' ? 31
                               : 0,
            row->last, row->trades, row->best[0][1], row->best[0][0], row->best[1][0], row->best[1][1]);
    }
    printf("\033[K\n");
    for (uint64_t i = 0; i < TAPE; i++)
        printf("\033[K  %s\n", screen->taped > i ? screen->tape[(screen->taped - 1 - i) % TAPE] : "");
    screen->drawn = (int)screen->rows + 4 + TAPE;
    fflush(stdout);
}

/* Once a second: how deep the books are, and what was not shown. */
static void print_lines(struct screen *screen, const struct trading *trading, double seconds) {
    if (seconds - screen->second < 1) return;
    screen->second = seconds;
    if (screen->shown_now > TRADE_LINES_PER_SECOND)
        printf("       and %u more trades\n", screen->shown_now - TRADE_LINES_PER_SECOND);
    screen->shown_now = 0;
    for (uint32_t i = 0; i < screen->rows; i++) {
        struct row *row = &screen->row[i];
        if (row->changed)
            printf("depth  %-6s %8s @ %-10s | %10s @ %-8s  %" PRIu64 " trades\n", row->symbol, row->best[0][1],
                row->best[0][0], row->best[1][0], row->best[1][1], row->trades);
        row->changed = false;
    }
    printf("%5.0f s  %" PRIu64 " accepted, %" PRIu64 " trades\n", seconds, trading->counters.accepted,
        trading->counters.trades);
    fflush(stdout);
}

static void on_tick(void *context, const struct trading *trading, double seconds) {
    struct screen *screen = context;
    for (; screen->rows < trading->mix.symbols && screen->rows < ROWS_MAX; screen->rows++)
        snprintf(screen->row[screen->rows].symbol, sizeof screen->row[0].symbol, "%s",
            order_mix_symbol(&trading->mix, screen->rows));
    if (screen->terminal)
        draw_screen(screen, trading, seconds);
    else
        print_lines(screen, trading, seconds);
}

/* ---- the run */

static bool open_screen(struct screen *screen) {
    *screen = (struct screen){.terminal = isatty(STDOUT_FILENO)};
    for (int i = 0; i < ROWS_MAX * 2; i++)
        if (!(screen->depth[i / 2][i % 2] = calloc(1, sizeof(struct level_map)))) return false;
    return true;
}

static void close_screen(struct screen *screen) {
    for (int i = 0; i < ROWS_MAX * 2; i++) free(screen->depth[i / 2][i % 2]);
}

static void print_summary(const struct trading *trading) {
    const struct trading_counters *c = &trading->counters;
    printf("\n%" PRIu64 " requests in %.1f s: %" PRIu64 " accepted (%" PRIu64 " new orders), %" PRIu64
           " refused, %" PRIu64 " rate limited, %" PRIu64 " unknown, %" PRIu64 " dropped\n",
        c->planned, trading->seconds, c->accepted, c->new_orders, c->refused, c->throttled, c->unknown, c->dropped);
    printf("%" PRIu64 " trades seen over WebSocket; order to acknowledgement p50 %.1f ms, p99 %.1f ms; to the fill p50 "
           "%.1f ms, p99 %.1f ms\n",
        c->trades, (double)histogram_at(&trading->to_acknowledgement, 0.5) / 1000,
        (double)histogram_at(&trading->to_acknowledgement, 0.99) / 1000,
        (double)histogram_at(&trading->to_fill, 0.5) / 1000, (double)histogram_at(&trading->to_fill, 0.99) / 1000);
}

/* Why the play did not go as it must; NULL: it did. */
static const char *trouble(const struct trading *trading) {
    const struct trading_counters *c = &trading->counters;
    if (c->sent > 0 && c->accepted != c->sent) return trading->first_refusal;
    if (*trading->websocket_end) return trading->websocket_end;
    return c->accepted > 20 && c->trades == 0 ? "no trade was seen over WebSocket" : NULL;
}

static int play(const struct configuration *configuration, const struct endpoints *endpoints, struct trading *trading,
    struct screen *screen) {
    char problem[1024] = "";
    int code = 0;
    struct trading_options run = {.rest = endpoints->rest,
        .websocket = endpoints->websocket,
        .api_key = endpoints->api_key,
        .rate = (double)configuration_count(configuration, "rate"),
        .orders = (uint64_t)configuration_count(configuration, "orders"),
        .symbols = (uint32_t)configuration_count(configuration, "symbols"),
        .connections = (uint32_t)configuration_count(configuration, "connections"),
        .seed = (uint64_t)configuration_count(configuration, "seed"),
        .mix = stack_options_mix(configuration),
        .with_depth = true,
        .on_message = on_message,
        .on_tick = on_tick,
        .context = screen};
    if (!trading_run(trading, &run, problem, sizeof problem)) {
        fprintf(stderr, "%s: %s\n", who, problem);
        return 1;
    }
    print_summary(trading);
    fflush(stdout);
    if (trouble(trading)) {
        fprintf(stderr, "%s: not all went well: %s\n", who, trouble(trading));
        code = 1;
    }
    if (configuration_switch(configuration, "verify")) {
        struct verdict verdict;
        struct kafka_settings kafka = stack_options_kafka(configuration, endpoints);
        verdict_reach(&verdict, &kafka, 20000);
        verdict_print(&verdict, stdout);
        code = verdict_exit_code(&verdict) ? verdict_exit_code(&verdict) : code;
    }
    return code;
}

int bench_market(int argc, char **argv) {
    int code;
    struct endpoints endpoints;
    struct screen screen;
    struct configuration *configuration = configuration_read(&program, argc, argv, &code);
    if (!configuration) return code;
    struct trading *trading = calloc(1, sizeof *trading);
    code = 1;
    if (open_screen(&screen) && trading &&
        stack_options_read(configuration, who, configuration_switch(configuration, "verify"), &endpoints))
        code = play(configuration, &endpoints, trading, &screen);
    close_screen(&screen);
    if (trading) trading_deinit(trading);
    free(trading);
    configuration_close(configuration);
    return code;
}
