/* shardbookctl: what operators do by hand. This file finds the command; each group has a file of its own, ctl_*.c. */
#include "ops/ctl.h"

#include "io/json/json_writer.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct option_row options[] = {TITLE_ROW("Result"),
    SWITCH_ROW("json", NULL, "false", "print the result as JSON"), TITLE_ROW("topics ensure"),
    COUNT_ROW("replication", "SHARDBOOK_REPLICATION", "1", 1, 9, "replicas of each partition, at least"),
    COUNT_ROW("min-insync-replicas", "SHARDBOOK_MIN_INSYNC_REPLICAS", "1", 1, 9, "of these must be in sync, at least"),
    COUNT_ROW("retention-days", "SHARDBOOK_RETENTION_DAYS", "7", 7, 36500, "records are kept so long, at least"),
    SWITCH_ROW("check-only", NULL, "false", "make nothing, only look"), TITLE_ROW("key"),
    TEXT_ROW("file", "SHARDBOOK_API_KEYS", NULL, "FILE", "the file of hashed API keys"),
    TEXT_ROW("account", NULL, NULL, "NAME", "whose key it is (userId of the orders)"), TITLE_ROW("symbol move"),
    COUNT_ROW("to-worker", NULL, NULL, 0, 1023, "the worker that is to hold the symbol"),
    TEXT_ROW("mid", NULL, NULL, "ID", "the move's id; none: a new one"),
    COUNT_ROW("wait-ms", NULL, "10000", 100, 600000, "wait so long for each answer of the server"),
    SWITCH_ROW("dry-run", NULL, "false", "find out everything, write nothing"), TITLE_ROW("lag"),
    TEXT_ROW("server", "SHARDBOOK_SERVER", "127.0.0.1:8081", "HOST:PORT", "where the server listens"),
    TITLE_ROW("symbol add (what is not given has its default, also of a symbol that is there)"),
    TEXT_ROW("tick", NULL, "0.01", "DECIMAL", "prices are whole ticks, printed with its places"),
    TEXT_ROW("lot", NULL, "1", "DECIMAL", "quantities are whole lots, printed with its places"),
    TEXT_ROW("min-quantity", NULL, NULL, "DECIMAL", "least quantity of an order; none: 1 lot"),
    TEXT_ROW("max-quantity", NULL, NULL, "DECIMAL", "greatest; none: 1,000,000 lots"),
    TEXT_ROW("min-notional", NULL, NULL, "DECIMAL", "least price times quantity of an order with a price"),
    TEXT_ROW("min-clip", NULL, NULL, "DECIMAL", "least displayQuantity; none: 1 lot"),
    TEXT_ROW("band", NULL, NULL, "DISTANCE", "limit prices as far from the last trade, like 500ticks or 250bps"),
    TEXT_ROW("collar", NULL, NULL, "DISTANCE", "market orders go as far from the best opposite price"),
    TEXT_ROW("reference-price", NULL, NULL, "DECIMAL", "what counts before the first trade"),
    CHOICE_ROW("state", NULL, "TRADING", "TRADING|HALTED|AUCTION|CLOSED", "of a new symbol"),
    TITLE_ROW("symbol listing"), COUNT_ROW("limit", NULL, "65536", 1, 65536, "symbols of a partition, at most"),
    TITLE_ROW("trace, user cancel-all"),
    TEXT_ROW("symbol", NULL, NULL, "SYMBOL", "of the order; where to cancel, none: everywhere"),
    COUNT_ROW("last", NULL, "1000000", 1, 1000000000, "look at so many records of each topic, from the end"),
    KAFKA_OPTION_ROWS, VALKEY_OPTION_ROWS};

static const char notes[] =
    "Commands\n"
    "  topics ensure                        make the topics that are missing and check all of them\n"
    "  key create|list|revoke KEY-ID        the API keys in --file; create prints the key, this once\n"
    "  symbol list                          every symbol with its state and settings, as topic fills tells them\n"
    "  symbol add SYMBOL                    list it, or change its settings; all of them\n"
    "  symbol halt|resume|auction|close SYMBOL...  cancels only; trade; collect for one price; end of the day\n"
    "  symbol listing OPEN|CLOSED           whether an order may name a symbol that was not added\n"
    "  user cancel-all USER                 end all open orders of an account\n"
    "  user block|unblock USER              take no orders from it; cancels go on\n"
    "  symbol move SYMBOL --to-worker N     move a live symbol to another worker of its server\n"
    "  symbol move-status SYMBOL            the symbol's epoch and whether a move is open\n"
    "  symbol move-cancel SYMBOL            end an open move; the symbol stays where it is\n"
    "  route get SYMBOL...                  what the routers are told: orders or pending-orders\n"
    "  route set SYMBOL ACTIVE|MIGRATING    tell them; orders parked by MIGRATING are drained all the same\n"
    "  route repair [SYMBOL...]             make ACTIVE again what is MIGRATING without an open move\n"
    "  lag                                  how far the server is behind, partition by partition\n"
    "  trace ORDERID --symbol SYMBOL        the whole road of one order through the topics\n"
    "Exit codes: 0 done, 1 failed, 2 usage.";

static const char examples[] =
    "  shardbookctl topics ensure --kafka b-1:9098,b-2:9098 --replication 3 --min-insync-replicas 2\n"
    "  shardbookctl key create --account user123 --file api-keys\n"
    "  shardbookctl symbol add TSLA --tick 0.05 --lot 10 --band 500bps --state AUCTION\n"
    "  shardbookctl user cancel-all user123 --symbol AAPL\n"
    "  shardbookctl symbol move AAPL --to-worker 1\n"
    "  shardbookctl route get AAPL --valkey 127.0.0.1:6379 --valkey-password-file valkey.password\n";

struct command_row {
    const char *group, *name;    /* name NULL: the group is the command */
    size_t words_min, words_max; /* behind the name */
    int (*run)(struct ctl *ctl, const char *const *words, size_t count);
};

static const struct command_row commands[] = {
    {"topics", "ensure", 0, 0, ctl_topics_ensure},
    {"key", "create", 0, 0, ctl_key_create},
    {"key", "list", 0, 0, ctl_key_list},
    {"key", "revoke", 1, 1, ctl_key_revoke},
    {"symbol", "list", 0, 0, ctl_symbol_list},
    {"symbol", "listing", 1, 1, ctl_symbol_listing},
    {"symbol", "add", 1, 1, ctl_symbol_add},
    {"symbol", "halt", 1, 32, ctl_symbol_halt},
    {"symbol", "resume", 1, 32, ctl_symbol_resume},
    {"symbol", "auction", 1, 32, ctl_symbol_auction},
    {"symbol", "close", 1, 32, ctl_symbol_close},
    {"user", "cancel-all", 1, 1, ctl_user_cancel_all},
    {"user", "block", 1, 1, ctl_user_block},
    {"user", "unblock", 1, 1, ctl_user_unblock},
    {"symbol", "move", 1, 1, ctl_symbol_move},
    {"symbol", "move-status", 1, 1, ctl_symbol_move_status},
    {"symbol", "move-cancel", 1, 1, ctl_symbol_move_cancel},
    {"route", "get", 1, 32, ctl_route_get},
    {"route", "set", 2, 2, ctl_route_set},
    {"route", "repair", 0, 32, ctl_route_repair},
    {"lag", NULL, 0, 0, ctl_lag},
    {"trace", NULL, 1, 1, ctl_trace},
};

static bool check(const struct configuration *configuration, char *problem, size_t problem_bytes) {
    struct kafka_settings kafka;
    struct valkey_options valkey;
    return kafka_settings_read(configuration, &kafka, problem, problem_bytes) &&
           valkey_options_read(configuration, &valkey, problem, problem_bytes);
}

static const struct program program = {.name = "shardbookctl",
    .purpose = "what operators of Shardbook do by hand",
    .usage = "COMMAND [WORD...] [OPTION...]",
    .notes = notes,
    .examples = examples,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .argument_count_max = 34,
    .check = check};

int ctl_complain(int code, const char *format, ...) {
    va_list arguments;
    fprintf(stderr, "%s: ", program.name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return code;
}

void ctl_progress(const struct ctl *ctl, const char *format, ...) {
    va_list arguments;
    if (!ctl->terminal) return;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

bool ctl_symbol(const char *word, struct text *symbol) {
    *symbol = text_of(word);
    if (symbol_is_valid(*symbol)) return true;
    ctl_complain(CTL_USAGE, "'%s' is no symbol; a symbol is 1 to 10 of A-Z and 0-9", word);
    return false;
}

void ctl_print_text(struct text text) {
    char *quoted = malloc(JSON_TEXT_BYTES_MAX(text.size));
    if (quoted) fwrite(quoted, 1, (size_t)(json_put_text(quoted, text) - quoted), stdout);
    free(quoted);
}

static const struct command_row *command_find(const char *group, const char *name) {
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].group, group) == 0 &&
            (!commands[i].name || (name && strcmp(commands[i].name, name) == 0)))
            return &commands[i];
    return NULL;
}

static int run(struct ctl *ctl) {
    const char *words[34];
    size_t count = configuration_argument_count(ctl->configuration);
    for (size_t i = 0; i < count; i++) words[i] = configuration_argument(ctl->configuration, i);
    if (count == 0) return ctl_complain(CTL_USAGE, "a command is missing; --help lists them");
    const struct command_row *command = command_find(words[0], count > 1 ? words[1] : NULL);
    if (!command)
        return ctl_complain(CTL_USAGE, "there is no command '%s%s%s'; --help lists them", words[0],
            count > 1 ? " " : "", count > 1 ? words[1] : "");
    size_t name_words = command->name ? 2 : 1;
    if (count - name_words < command->words_min || count - name_words > command->words_max)
        return ctl_complain(CTL_USAGE, "%s: too %s words behind it; --help shows how it is called",
            words[name_words - 1], count - name_words < command->words_min ? "few" : "many");
    return command->run(ctl, words + name_words, count - name_words);
}

int main(int argc, char **argv) {
    int code;
    char problem[512];
    struct configuration *configuration = configuration_read(&program, argc, argv, &code);
    if (!configuration) return code;
    signal(SIGPIPE, SIG_IGN);
    struct ctl ctl = {.configuration = configuration,
        .json = configuration_switch(configuration, "json"),
        .terminal = isatty(STDERR_FILENO)};
    kafka_settings_read(configuration, &ctl.kafka, problem, sizeof problem); /* checked already */
    valkey_options_read(configuration, &ctl.valkey, problem, sizeof problem);
    ctl.kafka.client_id = program.name;
    code = run(&ctl);
    if (fflush(stdout) != 0 || ferror(stdout)) code = code == CTL_DONE ? CTL_FAILED : code;
    configuration_close(configuration);
    return code;
}
