/* The Valkey writer against a real Valkey: after whatever happened, it must hold what the whole history implies.
 * valkey_writer_test SCENARIO */
#include "io/json/json_depth.h"
#include "io/json/json_event.h"
#include "io/json/json_instrument.h"
#include "io/valkey/valkey_writer.h"
#include "tests/valkey/market.h"
#include "tests/valkey/server.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef SHARDBOOK_SANITIZED
enum { SCALE = 4 };
#else
enum { SCALE = 1 };
#endif

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                                  \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

/* A market, a Valkey and a writer between them. */
struct stage {
    struct server server;
    struct market *market;
    struct valkey_writer *writer;
    struct json_decoder decoder;
    struct valkey_writer_options options;
    uint64_t lines;
};

static bool read_event(void *context, struct text value, struct event *event) {
    return json_event_decode(context, value.data, value.size, NULL, event);
}

static void say(void *context, const char *line) {
    struct stage *stage = context;
    stage->lines++;
    fprintf(stderr, "  [%s]\n", line);
}

static void start_writer(struct stage *stage) {
    int status;
    const char *why;
    stage->options.feed = market_feed(stage->market);
    stage->options.store = market_store(stage->market);
    stage->writer = valkey_writer_start(&stage->options, &status, &why);
    if (!stage->writer) {
        fprintf(stderr, "writer: %s\n", why);
        exit(1);
    }
}

/* A feed that rang for a writer that is gone would ring nowhere. */
static void end_writer(struct stage *stage, uint32_t drain_ms) {
    market_silence(stage->market);
    valkey_writer_stop(stage->writer, drain_ms);
    stage->writer = NULL;
}

static void stop_writer(struct stage *stage) {
    end_writer(stage, 0);
    market_new_feed(stage->market);
}

static void set_stage(struct stage *stage, const struct market_options *market, bool keeps) {
    memset(stage, 0, sizeof *stage);
    server_start(&stage->server, keeps);
    stage->market = market_open(market);
    REQUIRE(json_decoder_init(&stage->decoder, EVENT_BYTES_MAX));
    stage->options = (struct valkey_writer_options){.client = {.host = "127.0.0.1",
                                                        .port = stage->server.port,
                                                        .password = server_password,
                                                        .command_timeout_ms = 30000}, /* more than a machine stalls */
        .read_event = read_event,
        .read_event_context = &stage->decoder,
        .write_depth = json_depth_encode,
        .depth_bytes_max = JSON_DEPTH_BYTES_MAX(DEPTH_LEVELS),
        .write_instrument = json_instrument_encode,
        .say = say,
        .say_context = stage,
        .stream_length = market->stream_length,
        .check_ms = 200};
}

#define COUNTER(stage, name) atomic_load(&valkey_writer_counters((stage)->writer)->name)

#define AWAIT(condition)                                                                                               \
    do {                                                                                                               \
        for (int i_ = 0; i_ < 2000 * SCALE && !(condition); i_++) usleep(10000);                                       \
        REQUIRE(condition);                                                                                            \
    } while (0)

static void await_up(const struct stage *stage) { AWAIT(COUNTER(stage, up) == 1); }

/* Until the writer noticed that it lost its server so often: a slow one would take two deaths for one. */
static void await_losses(const struct stage *stage, uint64_t losses) {
    AWAIT(COUNTER(stage, losses) >= losses);
    REQUIRE(COUNTER(stage, losses) == losses);
}

/* In the middle of what is played: the writer is at work, and `left` commands are still to come. */
static void await_middle(const struct stage *stage, uint64_t left) {
    market_wait_for(stage->market, left);
    await_up(stage);
}

static void print_counters(const struct stage *stage) {
    fprintf(stderr,
        "  events %" PRIu64 " fills %" PRIu64 " batches %" PRIu64 " gaps %" PRIu64 " errors %" PRIu64
        " catch-ups %" PRIu64 " refills %" PRIu64 " overtaken %" PRIu64 " skipped %" PRIu64 " log %" PRIu64
        " depths %" PRIu64 " swept %" PRIu64 " losses %" PRIu64 " live %" PRIu64 "/%" PRIu64 " window %" PRIu64
        "/%" PRIu64 " held %" PRIu64 " us/trip %" PRIu64 "\n",
        COUNTER(stage, events), COUNTER(stage, fills), COUNTER(stage, batches), COUNTER(stage, gaps),
        COUNTER(stage, errors), COUNTER(stage, catch_ups), COUNTER(stage, refills), COUNTER(stage, overtaken),
        COUNTER(stage, skipped), COUNTER(stage, log_records), COUNTER(stage, depths), COUNTER(stage, swept),
        COUNTER(stage, losses), COUNTER(stage, symbols_live), COUNTER(stage, symbols),
        COUNTER(stage, window_commands_peak), COUNTER(stage, window_bytes_peak), COUNTER(stage, held_bytes_peak),
        COUNTER(stage, round_trips) ? COUNTER(stage, round_trip_us_sum) / COUNTER(stage, round_trips) : 0);
}

/* Waits until Valkey holds what it must. */
static void settle(struct stage *stage, bool all_ended) {
    const char *difference = "not looked at";
    market_wait(stage->market);
    struct picture *picture = market_picture(stage->market);
    time_t until = time(NULL) + 20 * SCALE;
    while (difference && time(NULL) < until) {
        usleep(50000);
        redisContext *connection = server_connect(&stage->server);
        difference = COUNTER(stage, symbols_live) == COUNTER(stage, symbols)
                         ? picture_compare(picture, connection, all_ended)
                         : "a symbol is not live";
        redisFree(connection);
    }
    print_counters(stage);
    if (difference) {
        fprintf(stderr, "differs: %s\n", difference);
        exit(1);
    }
    AWAIT(COUNTER(stage, window_commands) <= 1); /* the check of the mark */
    REQUIRE(COUNTER(stage, undecodable) == 0);
}

static void end_stage(struct stage *stage) {
    if (stage->writer) end_writer(stage, 1000);
    market_close(stage->market);
    json_decoder_deinit(&stage->decoder);
    server_end(&stage->server);
}

/* ---------------------------------------------------------------- scenarios */

static const struct market_options usual = {.symbols = 5, .ring_places = 200000, .stream_length = 1000, .seed = 42};
static const struct market_options whole = {.symbols = 5, .ring_places = 200000, .stream_length = 1000000, .seed = 43};

/* Nothing happens but trade; then trade again, and the end drains. */
static void normal(void) {
    struct stage stage;
    set_stage(&stage, &usual, false);
    start_writer(&stage);
    market_play(stage.market, 30000 / SCALE, 20000);
    settle(&stage, true);
    REQUIRE(COUNTER(&stage, refills) == 0);
    REQUIRE(COUNTER(&stage, gaps) == 0);
    REQUIRE(COUNTER(&stage, errors) == 0);
    REQUIRE(COUNTER(&stage, events) == market_events(stage.market));
    REQUIRE(COUNTER(&stage, fills) == picture_fills(market_picture(stage.market)));
    market_play(stage.market, 5000, 0);
    market_wait(stage.market);
    end_writer(&stage, 5000);
    redisContext *connection = server_connect(&stage.server);
    const char *difference = picture_compare(market_picture(stage.market), connection, true);
    redisFree(connection);
    if (difference) fprintf(stderr, "after the end: %s\n", difference);
    REQUIRE(!difference);
    end_stage(&stage);
}

/* A writer that was not there for a while, and one that finds everything as it should be. */
static void restart(void) {
    struct stage stage;
    set_stage(&stage, &usual, false);
    start_writer(&stage);
    market_play(stage.market, 5000, 0);
    settle(&stage, true);
    stop_writer(&stage);
    start_writer(&stage);
    settle(&stage, true);
    REQUIRE(COUNTER(&stage, events) == 0 && COUNTER(&stage, refills) == 0);
    stop_writer(&stage);
    market_play(stage.market, 20000, 0);
    market_wait(stage.market);
    start_writer(&stage);
    market_play(stage.market, 20000 / SCALE, 5000);
    settle(&stage, true);
    REQUIRE(COUNTER(&stage, refills) == 0); /* the log had all that was missing */
    REQUIRE(COUNTER(&stage, catch_ups) > 0);
    end_stage(&stage);
}

/* A writer that was away for longer than it is willing to read: from the book and the tail. */
static void restart_far(void) {
    struct stage stage;
    set_stage(&stage, &usual, false);
    stage.options.refill_records = 10000;
    start_writer(&stage);
    market_play(stage.market, 20000 / SCALE, 0);
    settle(&stage, true);
    stop_writer(&stage);
    market_play(stage.market, 60000, 0);
    market_wait(stage.market);
    start_writer(&stage);
    market_play(stage.market, 10000 / SCALE, 5000);
    settle(&stage, false);
    REQUIRE(COUNTER(&stage, refills) >= 1);
    REQUIRE(COUNTER(&stage, swept) > 0);
    end_stage(&stage);
}

/* Emptied while orders stream in, and while nothing happens. */
static void flush(void) {
    struct stage stage;
    set_stage(&stage, &whole, false);
    start_writer(&stage);
    market_play(stage.market, 20000 / SCALE, 10000 / SCALE);
    for (uint64_t i = 0; i < 2; i++) {
        await_middle(&stage, (13000 - 7000 * i) / SCALE);
        AWAIT(COUNTER(&stage, events) >= 1000); /* there is something of each symbol to be lost */
        server_do(&stage.server, "FLUSHALL");
    }
    settle(&stage, true);
    REQUIRE(COUNTER(&stage, refills) >= 5);
    uint64_t refills = COUNTER(&stage, refills);
    server_do(&stage.server, "FLUSHALL");
    settle(&stage, true);
    REQUIRE(COUNTER(&stage, refills) >= refills + 5);
    server_do(&stage.server, "SCRIPT FLUSH");
    market_play(stage.market, 2000, 0);
    settle(&stage, true);
    end_stage(&stage);
}

/* Symbols of one partition, whose snapshots come while its log is read for others and goes on growing: each must still
 * get its whole tail, not what is read from there on. */
static void flush_crowd(void) {
    struct stage stage;
    struct market_options options = whole;
    options.symbols = 40;
    options.one_partition = true;
    set_stage(&stage, &options, false);
    start_writer(&stage);
    market_play(stage.market, 8000 / SCALE, 0);
    settle(&stage, true);
    for (int i = 0; i < 4; i++) {
        market_play(stage.market, 4000 / SCALE, 8000 / SCALE);
        server_do(&stage.server, "FLUSHALL");
        settle(&stage, true);
    }
    REQUIRE(COUNTER(&stage, refills) >= 4 * options.symbols);
    REQUIRE(COUNTER(&stage, errors) == 0);
    end_stage(&stage);
}

/* The same with a stream and a reach that are shorter than history. */
static void flush_short(void) {
    struct stage stage;
    struct market_options options = usual;
    options.stream_length = 100;
    set_stage(&stage, &options, false);
    stage.options.refill_records = 3000;
    start_writer(&stage);
    market_play(stage.market, 40000 / SCALE, 10000);
    await_middle(&stage, 25000 / SCALE);
    server_do(&stage.server, "FLUSHALL");
    settle(&stage, false);
    server_do(&stage.server, "FLUSHALL");
    settle(&stage, false);
    end_stage(&stage);
}

/* Killed and started again: with what its append-only file kept (up to a second is lost), with nothing, and with an old
 * file. */
static void killed(void) {
    struct stage stage;
    set_stage(&stage, &whole, true);
    start_writer(&stage);
    market_play(stage.market, 24000 / SCALE, 8000 / SCALE);
    for (uint64_t i = 0; i < 2; i++) {
        await_middle(&stage, (16000 - 8000 * i) / SCALE);
        server_kill(&stage.server);
        if (i == 0) market_wait_for(stage.market, 11000 / SCALE); /* away for a while, and for a moment */
        await_losses(&stage, i + 1);
        server_restart(&stage.server);
    }
    settle(&stage, true);
    REQUIRE(COUNTER(&stage, losses) == 2);
    market_play(stage.market, 8000 / SCALE, 8000);
    server_kill(&stage.server);
    stage.server.keeps = false;
    server_restart(&stage.server); /* empty */
    settle(&stage, true);
    server_do(&stage.server, "SAVE"); /* an old file ... */
    market_play(stage.market, 8000 / SCALE, 0);
    settle(&stage, true);
    server_kill(&stage.server);
    server_restart(&stage.server); /* ... is what comes back */
    settle(&stage, true);
    end_stage(&stage);
}

/* Stopped for longer than the command timeout, and then let go, with what it had in its sockets. */
static void stopped(void) {
    struct stage stage;
    set_stage(&stage, &whole, false);
    stage.options.client.command_timeout_ms = 1000;
    start_writer(&stage);
    market_play(stage.market, 50000 / SCALE, 10000);
    await_middle(&stage, 40000);
    kill(stage.server.pid, SIGSTOP);
    AWAIT(COUNTER(&stage, losses) >= 1);
    market_wait_for(stage.market, 15000); /* it has tried again meanwhile */
    kill(stage.server.pid, SIGCONT);
    settle(&stage, true);
    end_stage(&stage);
}

/* A wrong password is tried again slowly, and works once it is right. */
static void password(void) {
    struct stage stage;
    set_stage(&stage, &usual, false);
    stage.options.client.password = "wrong";
    start_writer(&stage);
    market_play(stage.market, 2000, 0);
    AWAIT(COUNTER(&stage, refusals) >= 1);
    usleep(2500000); /* what must not happen cannot be waited for */
    REQUIRE(COUNTER(&stage, up) == 0);
    REQUIRE(COUNTER(&stage, connects) == 0);
    REQUIRE(COUNTER(&stage, refusals) == 1); /* told once */
    REQUIRE(stage.lines == 1);
    redisContext *connection = server_connect(&stage.server);
    redisReply *reply = redisCommand(connection, "INFO stats");
    const char *line = reply ? strstr(reply->str, "total_connections_received:") : NULL;
    REQUIRE(line && atoi(strchr(line, ':') + 1) < 10); /* tries */
    freeReplyObject(reply);
    freeReplyObject(redisCommand(connection, "CONFIG SET requirepass wrong"));
    await_up(&stage);
    freeReplyObject(redisCommand(connection, "CONFIG SET requirepass %b", server_password, strlen(server_password)));
    redisFree(connection);
    settle(&stage, true);
    end_stage(&stage);
}

/* A feed with little room: the writer is overtaken again and again. */
static void overtaken(void) {
    struct stage stage;
    struct market_options options = whole;
    options.ring_places = 8000;
    set_stage(&stage, &options, false);
    stage.options.window_commands = 16;
    stage.options.window_bytes = 256 << 10;
    start_writer(&stage);
    market_play(stage.market, 500, 0);
    settle(&stage, true);
    for (int i = 0; i < 2; i++) {
        kill(stage.server.pid, SIGSTOP); /* the window fills, nothing more is read */
        market_play(stage.market, 6000, 0);
        market_wait(stage.market);
        kill(stage.server.pid, SIGCONT);
        settle(&stage, true);
    }
    market_play(stage.market, 6000 / SCALE, 3000 / SCALE);
    settle(&stage, true);
    REQUIRE(COUNTER(&stage, overtaken) > 0);
    REQUIRE(COUNTER(&stage, losses) == 0);
    end_stage(&stage);
}

/* A Valkey that does not answer for a while: what is in flight stays within its limits. */
static void slow(void) {
    struct stage stage;
    struct market_options options = whole;
    options.ring_places = 20000;
    set_stage(&stage, &options, false);
    stage.options.window_commands = 32;
    stage.options.window_bytes = 1 << 20;
    stage.options.held_bytes = 2 << 20;
    start_writer(&stage);
    market_play(stage.market, 1000, 0);
    settle(&stage, true);
    for (int i = 0; i < 2; i++) {
        kill(stage.server.pid, SIGSTOP);
        market_play(stage.market, 30000, 0);
        market_wait(stage.market);
        kill(stage.server.pid, SIGCONT);
        settle(&stage, true);
    }
    REQUIRE(COUNTER(&stage, losses) == 0);
    REQUIRE(COUNTER(&stage, overtaken) > 0);
    REQUIRE(COUNTER(&stage, window_commands_peak) >= 16);
    REQUIRE(COUNTER(&stage, window_commands_peak) <= 32 + 320);
    REQUIRE(COUNTER(&stage, window_bytes_peak) <= (1 << 20) + (1 << 19));
    REQUIRE(COUNTER(&stage, held_bytes_peak) <= 2 << 20);
    end_stage(&stage);
}

/* Topic fills comes later than the feed, and is away for a while. */
static void log_lags(void) {
    struct stage stage;
    set_stage(&stage, &whole, false);
    start_writer(&stage);
    market_play(stage.market, 40000 / SCALE, 8000);
    await_middle(&stage, 36000 / SCALE);
    market_lag_log(stage.market, true);
    server_do(&stage.server, "FLUSHALL");
    market_wait_for(stage.market, 24000 / SCALE);
    memory_log_set_faults(market_log(stage.market), &(struct memory_faults){.away = true});
    market_lag_log(stage.market, false);
    market_wait_for(stage.market, 20000 / SCALE);
    memory_log_set_faults(market_log(stage.market), &(struct memory_faults){.read_pieces_max = 7});
    settle(&stage, true);
    end_stage(&stage);
}

/* One of the things that can happen to a Valkey or to a writer. */
static void happen(struct stage *stage) {
    switch (rand() % 6) {
    case 0: server_do(&stage->server, "FLUSHALL"); break;
    case 1:
        server_kill(&stage->server);
        usleep((unsigned)(rand() % 500000));
        server_restart(&stage->server);
        break;
    case 2:
        kill(stage->server.pid, SIGSTOP);
        usleep((unsigned)(rand() % 2500000));
        kill(stage->server.pid, SIGCONT);
        break;
    case 3:
        stop_writer(stage);
        start_writer(stage);
        break;
    case 4: server_do(&stage->server, "SCRIPT FLUSH"); break;
    default: server_do(&stage->server, "DEL fseq:SYM1 fseq:SYM3"); break;
    }
}

/* Everything at once. The seed says what happens after what; the moment at which it happens is the machine's. */
static void play_chaos(uint64_t seed, int rounds) {
    fprintf(stderr, "  seed %" PRIu64 "\n", seed);
    struct stage stage;
    struct market_options options = whole;
    options.ring_places = 20000;
    options.symbols = 12;
    options.seed = seed;
    srand((unsigned)seed);
    set_stage(&stage, &options, true);
    stage.options.client.command_timeout_ms = 1000;
    start_writer(&stage);
    for (int i = 0; i < rounds; i++) {
        market_play(stage.market, (uint64_t)(rand() % (8000 / SCALE)), rand() % 3 ? 8000 : 0);
        usleep((unsigned)(rand() % 700000));
        happen(&stage);
    }
    market_play(stage.market, 500, 0); /* what was taken from a symbol is noticed at its next event */
    settle(&stage, true);
    end_stage(&stage);
}

/* The same seeds every time: they failed once. Others with SEED=..., or with SHARDBOOK_LONG set, from the clock. */
static void chaos(void) {
    static const uint64_t seeds[] = {3, 1795388824};
    int rounds = getenv("ROUNDS") ? atoi(getenv("ROUNDS")) : 8;
    if (getenv("SEED")) {
        play_chaos(strtoull(getenv("SEED"), NULL, 10), rounds);
        return;
    }
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) play_chaos(seeds[i], rounds);
    for (uint64_t i = 0; getenv("SHARDBOOK_LONG") && i < 10; i++)
        play_chaos((uint64_t)time(NULL) + i * 1000003, rounds);
}

/* Seconds of CPU that a process has used, of all its threads. */
static double cpu_s(pid_t pid) {
    clockid_t clock;
    struct timespec used;
    REQUIRE(clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &used) == 0);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* How fast it is: events that wait in the feed, applied by a Valkey on the same machine. */
static void speed(void) {
    struct stage stage;
    struct market_options options = {
        .symbols = 20, .ring_places = 2000000, .stream_length = 1000, .seed = 7, .many_fills = true};
    uint64_t orders = getenv("ORDERS") ? strtoull(getenv("ORDERS"), NULL, 10) : 50000;
    set_stage(&stage, &options, false);
    stage.options.client.command_timeout_ms = 60000;
    start_writer(&stage);
    market_play(stage.market, 100, 0);
    settle(&stage, true);
    kill(stage.server.pid, SIGSTOP);
    market_play(stage.market, orders, 0);
    market_wait(stage.market);
    uint64_t before = COUNTER(&stage, fills), batches = COUNTER(&stage, batches);
    struct timespec begin, end;
    double server_cpu = cpu_s(stage.server.pid), own_cpu = cpu_s(getpid());
    kill(stage.server.pid, SIGCONT);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    while (COUNTER(&stage, events) < market_events(stage.market)) usleep(1000);
    clock_gettime(CLOCK_MONOTONIC, &end);
    server_cpu = cpu_s(stage.server.pid) - server_cpu;
    own_cpu = cpu_s(getpid()) - own_cpu;
    double done = (double)(COUNTER(&stage, fills) - before);
    fprintf(stderr, "  CPU a fill: Valkey %.1f us, writer %.1f us: a core each gives %.0f fills/s\n",
        server_cpu / done * 1e6, own_cpu / done * 1e6, done / (server_cpu > own_cpu ? server_cpu : own_cpu));
    double seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
    fprintf(stderr, "  %.0f fills/s, %.0f events/s\n", (double)(COUNTER(&stage, fills) - before) / seconds,
        (double)market_events(stage.market) / seconds);
    redisContext *connection = server_connect(&stage.server);
    redisReply *reply = redisCommand(connection, "INFO commandstats");
    fprintf(stderr, "%s", getenv("STATS") ? reply->str : "");
    fprintf(stderr, "  %.0f events a batch\n",
        (double)market_events(stage.market) / (double)(COUNTER(&stage, batches) - batches));
    freeReplyObject(reply);
    redisFree(connection);
    settle(&stage, true);
    end_stage(&stage);
}

static const struct {
    const char *name;
    void (*run)(void);
} scenarios[] = {{"normal", normal}, {"restart", restart}, {"restart_far", restart_far}, {"flush", flush},
    {"flush_crowd", flush_crowd}, {"flush_short", flush_short}, {"killed", killed}, {"stopped", stopped},
    {"password", password}, {"overtaken", overtaken}, {"slow", slow}, {"log_lags", log_lags}, {"chaos", chaos},
    {"speed", speed}};

int main(int argc, char **argv) {
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++)
        if (argc == 2 && strcmp(argv[1], scenarios[i].name) == 0) {
            scenarios[i].run();
            return 0;
        }
    fprintf(stderr, "usage: valkey_writer_test SCENARIO, one of:\n");
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) fprintf(stderr, "  %s\n", scenarios[i].name);
    return 2;
}
