/* route:{S} in Valkey: read, set by the one script that keeps the larger v, repaired. */
#include "ops/ctl.h"

#include "io/json/json_route.h"
#include "io/valkey_client/valkey_client.h"
#include "ops/ctl_moves.h"

#include <inttypes.h>
#include <stdio.h>

enum { ANSWER_TIMEOUT_MS = 5000, KEYS_AT_ONCE = 256, SCAN_KEYS_MAX = 4096 };

/* Sets the record unless the one there has the same v or a larger one; answers 1 or 0. */
static const char set_script[] = "local old = redis.call('GET', KEYS[1]) "
                                 "if old then local good, record = pcall(cjson.decode, old) "
                                 "if good and type(record) == 'table' and tonumber(record.v) and tonumber(record.v) >= "
                                 "tonumber(ARGV[2]) then return 0 end end "
                                 "redis.call('SET', KEYS[1], ARGV[1]) return 1";

/* One connection, used for one command at a time. */
struct valkey_line {
    uv_loop_t loop;
    uv_timer_t deadline;
    struct valkey_client *client;
    const char *why; /* the last refusal */
    char why_text[256];
    bool up, answered, late;
    void (*on_answer)(void *context, const struct redisReply *reply);
    void *context;
};

static void on_up(void *context) {
    struct valkey_line *line = context;
    line->up = true;
    uv_stop(&line->loop);
}

static void on_refused(void *context, const char *why) {
    struct valkey_line *line = context;
    snprintf(line->why_text, sizeof line->why_text, "%s", why);
}

static void on_deadline(uv_timer_t *timer) {
    struct valkey_line *line = timer->data;
    line->late = true;
    uv_stop(&line->loop);
}

static void line_close(struct valkey_line *line) {
    if (line->client) valkey_client_close(line->client);
    uv_close((uv_handle_t *)&line->deadline, NULL);
    uv_run(&line->loop, UV_RUN_DEFAULT);
    uv_loop_close(&line->loop);
}

/* Connects, or complains and returns false. */
static bool line_open(struct valkey_line *line, const struct valkey_options *to) {
    *line = (struct valkey_line){0};
    const struct valkey_client_options options = {.host = to->host,
        .port = to->port,
        .user = to->user,
        .password = to->password,
        .tls = to->tls,
        .tls_ca_file = to->ca_file};
    const struct valkey_client_events events = {.on_up = on_up, .on_refused = on_refused, .context = line};
    int status;
    uv_loop_init(&line->loop);
    uv_timer_init(&line->loop, &line->deadline);
    line->deadline.data = line;
    line->client = valkey_client_open(&line->loop, &options, &events, &status, &line->why);
    if (!line->client) {
        ctl_complain(CTL_FAILED, "valkey: %s", line->why ? line->why : status_name(status));
        line_close(line);
        return false;
    }
    uv_timer_start(&line->deadline, on_deadline, ANSWER_TIMEOUT_MS, 0);
    while (!line->up && !line->late) uv_run(&line->loop, UV_RUN_DEFAULT);
    uv_timer_stop(&line->deadline);
    if (line->up) return true;
    ctl_complain(CTL_FAILED, "cannot reach Valkey at %s:%u: %s; see --valkey and --valkey-password-file", to->host,
        to->port, *line->why_text ? line->why_text : "no answer");
    line_close(line);
    return false;
}

static void on_reply(void *context, const struct redisReply *reply) {
    struct valkey_line *line = context;
    line->answered = true;
    line->on_answer(line->context, reply);
    uv_stop(&line->loop);
}

/* Sends a command and waits; false, after a complaint, when no answer or an error came. */
static bool ask(struct valkey_line *line, const struct text *words, size_t count,
    void (*on_answer)(void *context, const struct redisReply *reply), void *context) {
    line->answered = line->late = false;
    line->on_answer = on_answer;
    line->context = context;
    int status = valkey_client_command(line->client, words, count, on_reply, line);
    if (status != STATUS_OK) {
        ctl_complain(CTL_FAILED, "valkey: %s", status_name(status));
        return false;
    }
    uv_timer_start(&line->deadline, on_deadline, ANSWER_TIMEOUT_MS, 0);
    while (!line->answered && !line->late) uv_run(&line->loop, UV_RUN_DEFAULT);
    uv_timer_stop(&line->deadline);
    if (!line->answered) ctl_complain(CTL_FAILED, "Valkey did not answer in %d ms", ANSWER_TIMEOUT_MS);
    return line->answered;
}

/* -- one record ------------------------------------------------------------------------------------------------ */

struct found {
    bool answered, exists;
    char bytes[ROUTE_BYTES_MAX];
    size_t size;
};

static void complain_error(const struct redisReply *reply) {
    struct text error = valkey_reply_error(reply);
    ctl_complain(
        CTL_FAILED, "valkey: %.*s", error.size ? (int)error.size : 15, error.size ? error.data : "connection lost");
}

static void on_record(void *context, const struct redisReply *reply) {
    struct found *found = context;
    struct text text = valkey_reply_text(reply);
    found->answered = text.data || valkey_reply_is_nil(reply);
    found->exists = text.data != NULL;
    found->size = text.size < sizeof found->bytes ? text.size : sizeof found->bytes;
    if (text.data) memcpy(found->bytes, text.data, found->size);
    if (!found->answered) complain_error(reply);
}

static bool get_record(struct valkey_line *line, struct text symbol, struct found *found) {
    char key[6 + SYMBOL_BYTES_MAX + 1];
    int bytes = snprintf(key, sizeof key, "route:%.*s", (int)symbol.size, symbol.data);
    const struct text words[] = {TEXT("GET"), {key, (uint32_t)bytes}};
    *found = (struct found){0};
    return ask(line, words, 2, on_record, found) && found->answered;
}

/* What a record says; a missing or unreadable one says ACTIVE with v 0. */
static struct route route_of(struct json_decoder *decoder, const struct found *found) {
    struct route route = {0};
    if (!found->exists || !json_route_decode(decoder, found->bytes, found->size, &route)) return (struct route){0};
    return route;
}

static const char *route_word(uint8_t status) {
    return status == ROUTE_ACTIVE ? "ACTIVE" : status == ROUTE_MIGRATING ? "MIGRATING" : "UNKNOWN";
}

static void print_record(
    const struct ctl *ctl, struct text symbol, const struct found *found, const struct route *route, int index) {
    if (ctl->json) {
        printf("%s{\"symbol\":\"%.*s\",\"status\":\"%s\",\"stored\":%s", index ? "," : "", (int)symbol.size,
            symbol.data, route_word(route->status), found->exists ? "true" : "false");
        if (route->has_v) printf(",\"v\":%" PRIu64, route->v);
        if (route->has_epoch) printf(",\"epoch\":%" PRIu64, route->epoch);
        putchar('}');
    } else if (found->exists) {
        printf("%-10.*s %s  %.*s\n", (int)symbol.size, symbol.data, route_word(route->status), (int)found->size,
            found->bytes);
    } else {
        printf("%-10.*s ACTIVE  (no record)\n", (int)symbol.size, symbol.data);
    }
}

int ctl_route_get(struct ctl *ctl, const char *const *words, size_t count) {
    struct valkey_line line;
    struct json_decoder decoder;
    struct found found;
    struct text symbol;
    int code = CTL_DONE;
    for (size_t i = 0; i < count; i++)
        if (!ctl_symbol(words[i], &symbol)) return CTL_USAGE;
    if (!json_decoder_init(&decoder, ROUTE_BYTES_MAX)) return ctl_complain(CTL_FAILED, "no memory");
    if (!line_open(&line, &ctl->valkey)) {
        json_decoder_deinit(&decoder);
        return CTL_FAILED;
    }
    if (ctl->json) printf("{\"schema\":\"shardbook.routes/1\",\"routes\":[");
    for (size_t i = 0; code == CTL_DONE && i < count; i++) {
        if (get_record(&line, text_of(words[i]), &found)) {
            struct route route = route_of(&decoder, &found);
            print_record(ctl, text_of(words[i]), &found, &route, (int)i);
        } else {
            code = CTL_FAILED;
        }
    }
    if (ctl->json) printf("]}\n");
    line_close(&line);
    json_decoder_deinit(&decoder);
    return code;
}

/* -- setting ----------------------------------------------------------------------------------------------------- */

static void on_set(void *context, const struct redisReply *reply) {
    int *result = context;
    int64_t value;
    *result = valkey_reply_integer(reply, &value) ? (int)value : -1;
    if (*result < 0) complain_error(reply);
}

/* 1: set; 0: a record with that v or a larger one is there; -1: failed, after a complaint. */
static int put_record(struct valkey_line *line, struct text symbol, const struct route *route) {
    char key[6 + SYMBOL_BYTES_MAX + 1], value[ROUTE_BYTES_MAX], version[24];
    int key_bytes = snprintf(key, sizeof key, "route:%.*s", (int)symbol.size, symbol.data);
    size_t value_bytes = json_route_encode(route, value, sizeof value);
    int version_bytes = snprintf(version, sizeof version, "%" PRIu64, route->v);
    const struct text words[] = {TEXT("EVAL"), text_of(set_script), TEXT("1"), {key, (uint32_t)key_bytes},
        {value, (uint32_t)value_bytes}, {version, (uint32_t)version_bytes}};
    int result = -1;
    return ask(line, words, sizeof words / sizeof *words, on_set, &result) ? result : -1;
}

/* The next record with this status: v = 2 x epoch + (ACTIVE ? 1 : 0), larger than the one there and of no smaller epoch
 * than the log's. */
static struct route next_route(const struct route *old, uint8_t status, uint64_t log_epoch, struct text symbol) {
    uint64_t active = status == ROUTE_ACTIVE, least = old->has_v ? old->v + 1 : active ? 1 : 2;
    uint64_t epoch = (least - active + 1) / 2;
    if (epoch < log_epoch) epoch = log_epoch;
    return (struct route){.status = status,
        .has_epoch = true,
        .epoch = epoch,
        .has_v = true,
        .v = 2 * epoch + active,
        .has_partition = true,
        .partition = home_partition(symbol)};
}

/* Changes one record to `status`, whatever others do meanwhile. */
static int set_route(const struct ctl *ctl, struct valkey_line *line, struct json_decoder *decoder, struct text symbol,
    uint8_t status, uint64_t log_epoch) {
    struct found found;
    for (int try = 0; try < 10; try++) {
        if (!get_record(line, symbol, &found)) return CTL_FAILED;
        struct route old = route_of(decoder, &found), next = next_route(&old, status, log_epoch, symbol);
        int result = put_record(line, symbol, &next);
        if (result < 0) return CTL_FAILED;
        if (result == 0) continue;
        if (ctl->json)
            printf("{\"schema\":\"shardbook.route/1\",\"symbol\":\"%.*s\",\"status\":\"%s\",\"epoch\":%" PRIu64
                   ",\"v\":%" PRIu64 "}\n",
                (int)symbol.size, symbol.data, route_word(status), next.epoch, next.v);
        else
            printf("%.*s is %s (v %" PRIu64 ")\n", (int)symbol.size, symbol.data, route_word(status), next.v);
        return CTL_DONE;
    }
    return ctl_complain(CTL_FAILED, "route of %.*s: somebody else keeps changing it", (int)symbol.size, symbol.data);
}

int ctl_route_set(struct ctl *ctl, const char *const *words, size_t count) {
    struct valkey_line line;
    struct json_decoder decoder;
    struct text symbol;
    (void)count;
    bool active = strcmp(words[1], "ACTIVE") == 0;
    if (!ctl_symbol(words[0], &symbol)) return CTL_USAGE;
    if (!active && strcmp(words[1], "MIGRATING") != 0)
        return ctl_complain(CTL_USAGE, "route set: '%s' is no status; give ACTIVE or MIGRATING", words[1]);
    if (!json_decoder_init(&decoder, ROUTE_BYTES_MAX)) return ctl_complain(CTL_FAILED, "no memory");
    int code = CTL_FAILED;
    if (line_open(&line, &ctl->valkey)) {
        code = set_route(ctl, &line, &decoder, symbol, active ? ROUTE_ACTIVE : ROUTE_MIGRATING, 0);
        line_close(&line);
    }
    json_decoder_deinit(&decoder);
    return code;
}

/* -- repair -------------------------------------------------------------------------------------------------------- */

struct symbols {
    char names[SCAN_KEYS_MAX][SYMBOL_BYTES_MAX + 1];
    size_t count;
    char cursor[24];
    bool failed;
};

static void on_scanned(void *context, const struct redisReply *reply) {
    struct symbols *symbols = context;
    struct text cursor = valkey_reply_text(valkey_reply_at(reply, 0));
    const struct redisReply *keys = valkey_reply_at(reply, 1);
    symbols->failed = cursor.size == 0 || cursor.size >= sizeof symbols->cursor;
    if (symbols->failed) {
        complain_error(reply);
        return;
    }
    memcpy(symbols->cursor, cursor.data, cursor.size);
    symbols->cursor[cursor.size] = 0;
    for (size_t i = 0; i < valkey_reply_count(keys) && symbols->count < SCAN_KEYS_MAX; i++) {
        struct text key = valkey_reply_text(valkey_reply_at(keys, i));
        struct text symbol = {key.data + 6, key.size > 6 ? key.size - 6 : 0};
        if (symbol_is_valid(symbol)) {
            memcpy(symbols->names[symbols->count], symbol.data, symbol.size);
            symbols->names[symbols->count++][symbol.size] = 0;
        }
    }
}

static bool scan_symbols(struct valkey_line *line, struct symbols *symbols) {
    strcpy(symbols->cursor, "0");
    do {
        const struct text words[] = {
            TEXT("SCAN"), text_of(symbols->cursor), TEXT("MATCH"), TEXT("route:*"), TEXT("COUNT"), TEXT("1000")};
        if (!ask(line, words, sizeof words / sizeof *words, on_scanned, symbols) || symbols->failed) return false;
    } while (strcmp(symbols->cursor, "0") != 0);
    return true;
}

/* Makes one MIGRATING route ACTIVE again, unless its move is still open. */
static int repair_route(struct ctl *ctl, struct valkey_line *line, struct json_decoder *decoder, struct text symbol) {
    struct found found;
    struct symbol_moves moves;
    if (!get_record(line, symbol, &found)) return CTL_FAILED;
    if (route_of(decoder, &found).status == ROUTE_ACTIVE) return CTL_DONE;
    if (!symbol_moves_find(ctl, symbol, &moves)) return CTL_FAILED;
    if (moves.open)
        return ctl_complain(CTL_FAILED,
            "%.*s: its move %s is open; wait for its end, or: shardbookctl symbol move-cancel %.*s", (int)symbol.size,
            symbol.data, moves.mid, (int)symbol.size, symbol.data);
    return set_route(ctl, line, decoder, symbol, ROUTE_ACTIVE, moves.epoch);
}

static int repair_all(
    struct ctl *ctl, struct valkey_line *line, struct json_decoder *decoder, const char *const *words, size_t count) {
    static struct symbols symbols;
    struct text symbol;
    int code = CTL_DONE;
    if (count == 0 && !scan_symbols(line, &symbols)) return CTL_FAILED;
    size_t total = count ? count : symbols.count;
    for (size_t i = 0; i < total; i++) {
        if (!ctl_symbol(count ? words[i] : symbols.names[i], &symbol)) return CTL_USAGE;
        int one = repair_route(ctl, line, decoder, symbol);
        code = one != CTL_DONE ? one : code;
    }
    ctl_progress(ctl, "looked at %zu routes", total);
    return code;
}

int ctl_route_repair(struct ctl *ctl, const char *const *words, size_t count) {
    struct valkey_line line;
    struct json_decoder decoder;
    if (!json_decoder_init(&decoder, ROUTE_BYTES_MAX)) return ctl_complain(CTL_FAILED, "no memory");
    int code = CTL_FAILED;
    if (line_open(&line, &ctl->valkey)) {
        code = repair_all(ctl, &line, &decoder, words, count);
        line_close(&line);
    }
    json_decoder_deinit(&decoder);
    return code;
}
