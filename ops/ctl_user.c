/* Accounts: end all their orders, take no more from them. Everything goes through the log. */
#include "core/limits.h"
#include "io/json/json_writer.h"
#include "ops/ctl_streams.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

enum { SYMBOLS_AT_ONCE = 512, CANCEL_BYTES_MAX = 1024 };

static bool read_account(const char *word, struct text *user_id) {
    *user_id = text_of(word);
    if (user_id->size >= 1 && user_id->size <= ID_BYTES_MAX) return true;
    ctl_complain(CTL_USAGE, "'%s' is no account: a userId has 1 to %d bytes", word, ID_BYTES_MAX);
    return false;
}

/* ---- cancel-all ------------------------------------------------------------------------------------------ */

struct cancel_all {
    struct ctl_log log;
    struct text user_id;
    char run[40]; /* what the commandIds begin with */
    int64_t time_ms;
    uint64_t orders;
    size_t symbols, refused;
    char values[SYMBOLS_AT_ONCE][CANCEL_BYTES_MAX];
    struct ctl_question questions[SYMBOLS_AT_ONCE];
    struct ctl_answer answers[SYMBOLS_AT_ONCE];
};

static void name_run(struct cancel_all *cancel) {
    uint32_t number = 0;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (getrandom(&number, sizeof number, 0) != sizeof number) number = (uint32_t)now.tv_nsec;
    cancel->time_ms = now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
    snprintf(cancel->run, sizeof cancel->run, "ctl-%" PRId64 "-%08" PRIx32, cancel->time_ms, number);
}

static struct ctl_question write_cancel(const struct cancel_all *cancel, struct text symbol, char *value) {
    int head = snprintf(value, CANCEL_BYTES_MAX,
        "{\"action\":\"CANCEL_ALL\",\"symbol\":\"%.*s\",\"userId\":", (int)symbol.size, symbol.data);
    char *at = json_put_text(value + head, cancel->user_id);
    at += snprintf(at, (size_t)(value + CANCEL_BYTES_MAX - at), ",\"timestamp\":%" PRId64 ",\"commandId\":\"%s-%.*s\"}",
        cancel->time_ms, cancel->run, (int)symbol.size, symbol.data);
    return (struct ctl_question){.name = "CANCEL_ALL",
        .partition = home_partition(symbol),
        .key = symbol,
        .value = {value, (uint32_t)(at - value)}};
}

static void print_canceled(struct cancel_all *cancel, int i) {
    struct text symbol = cancel->questions[i].key;
    const struct ctl_answer *answer = &cancel->answers[i];
    if (cancel->log.ctl->json)
        printf("%s{\"symbol\":\"%.*s\",\"partition\":%d,\"offset\":%" PRId64 ",\"result\":\"%s\",\"count\":%" PRIu64
               "}",
            cancel->symbols ? "," : "", (int)symbol.size, symbol.data, (int)cancel->questions[i].partition,
            answer->offset, answer->result, answer->count);
    else if (answer->accepted && answer->count)
        printf("%.*s: %" PRIu64 " cancelled, by CANCEL_ALL at %d/%" PRId64 "\n", (int)symbol.size, symbol.data,
            answer->count, (int)cancel->questions[i].partition, answer->offset);
    if (!answer->accepted)
        ctl_complain(CTL_FAILED, "CANCEL_ALL of %.*s at %d/%" PRId64 " was refused: %s", (int)symbol.size, symbol.data,
            (int)cancel->questions[i].partition, answer->offset, answer->result);
    cancel->refused += !answer->accepted;
    cancel->orders += answer->count;
    cancel->symbols++;
}

static bool cancel_in(struct cancel_all *cancel, const struct text *symbols, int count) {
    for (int i = 0; i < count; i++) cancel->questions[i] = write_cancel(cancel, symbols[i], cancel->values[i]);
    if (!ctl_log_ask(&cancel->log, cancel->questions, count, cancel->answers)) return false;
    for (int i = 0; i < count; i++) print_canceled(cancel, i);
    return true;
}

static bool cancel_everywhere(struct cancel_all *cancel) {
    struct ctl_streams streams;
    struct text symbols[SYMBOLS_AT_ONCE];
    bool is_well = ctl_streams_read(&cancel->log, &streams);
    for (size_t done = 0; is_well && done < streams.count;) {
        int count = 0;
        while (count < SYMBOLS_AT_ONCE && done < streams.count)
            symbols[count++] = text_of(streams.streams[done++].symbol);
        is_well = cancel_in(cancel, symbols, count);
    }
    ctl_streams_deinit(&streams);
    return is_well;
}

/* A result that was begun is ended, also when something failed on the way. */
static int end_result(const struct cancel_all *cancel, bool is_well) {
    const char *result = is_well && !cancel->refused ? "OK" : "FAILED";
    if (cancel->log.ctl->json)
        printf("],\"count\":%" PRIu64 ",\"result\":\"%s\"}\n", cancel->orders, result);
    else if (is_well)
        printf("%.*s: %" PRIu64 " orders cancelled, %zu symbols asked\n", (int)cancel->user_id.size,
            cancel->user_id.data, cancel->orders, cancel->symbols);
    return is_well && !cancel->refused ? CTL_DONE : CTL_FAILED;
}

int ctl_user_cancel_all(struct ctl *ctl, const char *const *words, size_t count) {
    static struct cancel_all cancel;
    const char *word = configuration_text(ctl->configuration, "symbol");
    struct text symbol;
    (void)count;
    if (!read_account(words[0], &cancel.user_id) || (word && !ctl_symbol(word, &symbol))) return CTL_USAGE;
    name_run(&cancel);
    if (!ctl_log_open(&cancel.log, ctl)) return CTL_FAILED;
    if (ctl->json) {
        printf("{\"schema\":\"shardbook.user-cancel-all/1\",\"userId\":");
        ctl_print_text(cancel.user_id);
        printf(",\"symbols\":[");
    }
    int code = end_result(&cancel, word ? cancel_in(&cancel, &symbol, 1) : cancel_everywhere(&cancel));
    ctl_log_close(&cancel.log);
    return code;
}

/* ---- block ----------------------------------------------------------------------------------------------- */

static int set_blocked(struct ctl *ctl, const char *word, bool blocked) {
    struct ctl_log log;
    struct ctl_answer answers[PARTITIONS];
    struct control control = {.kind = CONTROL_BLOCK, .blocked = blocked};
    if (!read_account(word, &control.user_id)) return CTL_USAGE;
    if (!ctl_log_open(&log, ctl)) return CTL_FAILED;
    bool is_answered = ctl_log_decide_everywhere(&log, &control, answers);
    ctl_log_close(&log);
    if (!is_answered) return CTL_FAILED;
    if (ctl->json) {
        printf("{\"schema\":\"shardbook.user-block/1\",\"userId\":");
        ctl_print_text(control.user_id);
        printf(",\"blocked\":%s,", blocked ? "true" : "false");
    } else {
        printf("%s %s, by BLOCK at", word, blocked ? "may cancel and no more" : "may trade");
    }
    return ctl_print_everywhere(ctl, &control, answers);
}

int ctl_user_block(struct ctl *ctl, const char *const *words, size_t count) {
    (void)count;
    return set_blocked(ctl, words[0], true);
}

int ctl_user_unblock(struct ctl *ctl, const char *const *words, size_t count) {
    (void)count;
    return set_blocked(ctl, words[0], false);
}
