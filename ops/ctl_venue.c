/* Symbols of the venue: which there are, their settings and states. Everything goes through the log. */
#include "core/instrument_terms.h"
#include "ops/ctl_streams.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- list ------------------------------------------------------------------------------------------------ */

static void print_stream(const struct ctl_stream *stream, bool json, bool is_first) {
    struct text state = trading_state_name((enum trading_state)stream->state);
    const char *settings = stream->settings ? stream->settings : "";
    if (json)
        printf("%s{\"symbol\":\"%s\",\"partition\":%d,\"state\":\"%.*s\",\"fseq\":%" PRIu64 ",\"settings\":{%s}}",
            is_first ? "" : ",", stream->symbol, (int)stream->partition, (int)state.size, state.data, stream->fseq,
            settings);
    else
        printf("%-10s  %9d  %-7.*s  %12" PRIu64 "  %s\n", stream->symbol, (int)stream->partition, (int)state.size,
            state.data, stream->fseq, stream->settings ? settings : "defaults");
}

int ctl_symbol_list(struct ctl *ctl, const char *const *words, size_t count) {
    struct ctl_log log;
    struct ctl_streams streams;
    (void)words;
    (void)count;
    if (!ctl_log_open(&log, ctl)) return CTL_FAILED;
    bool is_read = ctl_streams_read(&log, &streams);
    if (is_read && ctl->json) printf("{\"schema\":\"shardbook.symbols/1\",\"symbols\":[");
    if (is_read && !ctl->json)
        printf("%-10s  %9s  %-7s  %12s  %s\n", "symbol", "partition", "state", "events", "settings");
    for (size_t i = 0; is_read && i < streams.count; i++) print_stream(&streams.streams[i], ctl->json, i == 0);
    if (is_read && ctl->json) printf("]}\n");
    ctl_streams_deinit(&streams);
    ctl_log_close(&log);
    return is_read ? CTL_DONE : CTL_FAILED;
}

/* ---- settings -------------------------------------------------------------------------------------------- */

static bool read_distance(const struct ctl *ctl, const char *option, struct price_distance *distance) {
    const char *text = configuration_text(ctl->configuration, option);
    char *unit = NULL;
    if (!text) return true;
    long long number = text[0] >= '0' && text[0] <= '9' ? strtoll(text, &unit, 10) : -1;
    if (unit && strcmp(unit, "ticks") == 0) distance->ticks = number;
    if (unit && strcmp(unit, "bps") == 0) distance->basis_points = number;
    if (price_distance_is_valid(*distance)) return true;
    ctl_complain(CTL_USAGE, "--%s '%s' is no distance: give 1 to 1099511627776 as 500ticks, or 1 to 9999 as 250bps",
        option, text);
    return false;
}

/* The option that a member of an INSTRUMENT record comes from. */
static const char *option_of(const char *member) {
    static const char *const names[][2] = {{"minQuantity", "min-quantity"}, {"maxQuantity", "max-quantity"},
        {"minNotional", "min-notional"}, {"minClip", "min-clip"}, {"referencePrice", "reference-price"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i][0], member) == 0) return names[i][1];
    return member;
}

static struct text text_option(const struct ctl *ctl, const char *option) {
    const char *text = configuration_text(ctl->configuration, option);
    return text ? text_of(text) : TEXT_NONE;
}

static bool read_instrument(const struct ctl *ctl, struct instrument *instrument) {
    struct instrument_terms terms = {.tick = text_option(ctl, "tick"),
        .lot = text_option(ctl, "lot"),
        .quantity_min = text_option(ctl, "min-quantity"),
        .quantity_max = text_option(ctl, "max-quantity"),
        .notional_min = text_option(ctl, "min-notional"),
        .clip_min = text_option(ctl, "min-clip"),
        .reference_price = text_option(ctl, "reference-price")};
    if (!read_distance(ctl, "band", &terms.band) || !read_distance(ctl, "collar", &terms.collar)) return false;
    const char *wrong = instrument_read(&terms, instrument);
    if (!wrong) return true;
    const char *option = option_of(wrong), *given = configuration_text(ctl->configuration, option);
    ctl_complain(CTL_USAGE,
        "--%s %s is wrong or does not go with the others: decimals like 0.05, prices whole ticks, quantities whole "
        "lots, at most 2^40 of them",
        option, given ? given : "(its default)");
    return false;
}

static uint8_t state_option(const struct ctl *ctl) {
    struct text state = text_of(configuration_text(ctl->configuration, "state"));
    uint8_t found = TRADING_STATE_TRADING;
    for (unsigned i = 0; i < TRADING_STATE_COUNT; i++)
        if (text_equal(state, trading_state_name((enum trading_state)i))) found = (uint8_t)i;
    return found;
}

static const char *why_refused(const char *result) {
    if (strcmp(result, "BOOK_NOT_EMPTY") == 0)
        return ": another tick or lot needs an empty book; halt the symbol and cancel its orders first";
    if (strcmp(result, "CAPACITY") == 0) return ": its partition has as many as it may";
    if (strcmp(result, "UNKNOWN_SYMBOL") == 0) return ": it is not listed; shardbookctl symbol add lists it";
    return "";
}

static int print_symbol(
    const struct ctl *ctl, const char *schema, const struct control *control, const struct ctl_answer *answer) {
    struct text kind = control_kind_name(control->kind), state = trading_state_name(control->state);
    int home = home_partition(control->symbol);
    if (ctl->json)
        printf("{\"schema\":\"%s\",\"symbol\":\"%.*s\",\"partition\":%d,\"offset\":%" PRId64
               ",\"result\":\"%s\",\"seconds\":%.3f}\n",
            schema, (int)control->symbol.size, control->symbol.data, home, answer->offset, answer->result,
            answer->seconds);
    else if (answer->accepted)
        printf("%.*s has its settings by %.*s at %d/%" PRId64 "; if it is new it is %.*s\n", (int)control->symbol.size,
            control->symbol.data, (int)kind.size, kind.data, home, answer->offset, (int)state.size, state.data);
    if (answer->accepted) return CTL_DONE;
    return ctl_complain(CTL_FAILED, "%.*s of %.*s at %d/%" PRId64 " was refused: %s%s", (int)kind.size, kind.data,
        (int)control->symbol.size, control->symbol.data, home, answer->offset, answer->result,
        why_refused(answer->result));
}

int ctl_symbol_add(struct ctl *ctl, const char *const *words, size_t count) {
    struct ctl_log log;
    struct ctl_answer answer;
    struct control control = {.kind = CONTROL_INSTRUMENT, .state = state_option(ctl)};
    (void)count;
    if (!ctl_symbol(words[0], &control.symbol) || !read_instrument(ctl, &control.instrument)) return CTL_USAGE;
    if (!ctl_log_open(&log, ctl)) return CTL_FAILED;
    int code = ctl_log_decide(&log, &control, &answer) ? print_symbol(ctl, "shardbook.symbol-add/1", &control, &answer)
                                                       : CTL_FAILED;
    ctl_log_close(&log);
    return code;
}

/* ---- states ---------------------------------------------------------------------------------------------- */

static int print_state(
    const struct ctl *ctl, const struct control *control, const struct ctl_answer *answer, bool is_first) {
    struct text symbol = control->symbol, state = trading_state_name((enum trading_state)control->state);
    int home = home_partition(symbol);
    if (ctl->json)
        printf("%s{\"symbol\":\"%.*s\",\"partition\":%d,\"offset\":%" PRId64 ",\"result\":\"%s\"}", is_first ? "" : ",",
            (int)symbol.size, symbol.data, home, answer->offset, answer->result);
    else if (answer->accepted)
        printf("%.*s is %.*s, by STATE at %d/%" PRId64 "%s\n", (int)symbol.size, symbol.data, (int)state.size,
            state.data, home, answer->offset,
            answer->is_first ? "; nobody used this symbol before: is it the right one?" : "");
    if (answer->accepted) return CTL_DONE;
    return ctl_complain(CTL_FAILED, "STATE of %.*s at %d/%" PRId64 " was refused: %s%s", (int)symbol.size, symbol.data,
        home, answer->offset, answer->result, why_refused(answer->result));
}

static int print_states(
    const struct ctl *ctl, const struct control *controls, const struct ctl_answer *answers, size_t count) {
    int code = CTL_DONE;
    struct text state = trading_state_name((enum trading_state)controls[0].state);
    if (ctl->json)
        printf(
            "{\"schema\":\"shardbook.symbol-state/1\",\"state\":\"%.*s\",\"symbols\":[", (int)state.size, state.data);
    for (size_t i = 0; i < count; i++)
        if (print_state(ctl, &controls[i], &answers[i], i == 0) != CTL_DONE) code = CTL_FAILED;
    if (ctl->json) printf("]}\n");
    return code;
}

static int set_states(struct ctl *ctl, const char *const *words, size_t count, enum trading_state to) {
    struct control controls[CTL_CONTROLS_MAX];
    struct ctl_answer answers[CTL_CONTROLS_MAX];
    struct ctl_log log;
    for (size_t i = 0; i < count; i++) {
        controls[i] = (struct control){.kind = CONTROL_STATE, .state = (uint8_t)to};
        if (!ctl_symbol(words[i], &controls[i].symbol)) return CTL_USAGE;
    }
    if (!ctl_log_open(&log, ctl)) return CTL_FAILED;
    bool is_answered = ctl_log_decide_each(&log, controls, (int)count, answers);
    int code = is_answered ? print_states(ctl, controls, answers, count) : CTL_FAILED;
    ctl_log_close(&log);
    return code;
}

int ctl_symbol_halt(struct ctl *ctl, const char *const *words, size_t count) {
    return set_states(ctl, words, count, TRADING_STATE_HALTED);
}

int ctl_symbol_resume(struct ctl *ctl, const char *const *words, size_t count) {
    return set_states(ctl, words, count, TRADING_STATE_TRADING);
}

int ctl_symbol_auction(struct ctl *ctl, const char *const *words, size_t count) {
    return set_states(ctl, words, count, TRADING_STATE_AUCTION);
}

int ctl_symbol_close(struct ctl *ctl, const char *const *words, size_t count) {
    return set_states(ctl, words, count, TRADING_STATE_CLOSED);
}

/* ---- listing --------------------------------------------------------------------------------------------- */

int ctl_symbol_listing(struct ctl *ctl, const char *const *words, size_t count) {
    struct ctl_log log;
    struct ctl_answer answers[PARTITIONS];
    struct control control = {.kind = CONTROL_LISTING,
        .listing = strcmp(words[0], "CLOSED") == 0 ? LISTING_CLOSED : LISTING_OPEN,
        .limit = (uint32_t)configuration_count(ctl->configuration, "limit")};
    (void)count;
    if (strcmp(words[0], "OPEN") != 0 && strcmp(words[0], "CLOSED") != 0)
        return ctl_complain(CTL_USAGE, "'%s' is no way of listing: say OPEN or CLOSED", words[0]);
    if (!ctl_log_open(&log, ctl)) return CTL_FAILED;
    bool is_answered = ctl_log_decide_everywhere(&log, &control, answers);
    ctl_log_close(&log);
    if (!is_answered) return CTL_FAILED;
    if (ctl->json)
        printf("{\"schema\":\"shardbook.symbol-listing/1\",\"mode\":\"%s\",\"limit\":%u,", words[0], control.limit);
    if (!ctl->json)
        printf("listing is %s, at most %u symbols in each partition, by LISTING at", words[0], control.limit);
    return ctl_print_everywhere(ctl, &control, answers);
}
