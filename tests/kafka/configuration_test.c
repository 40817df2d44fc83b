#include "io/configuration/configuration.h"
#include "io/configuration/valkey_options.h"
#include "io/kafka/settings.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct option_row options[] = {TITLE_ROW("Things"),
    TEXT_ROW("name", "T_NAME GUIDE_NAME", "nobody", "NAME", "what it is called"),
    COUNT_ROW("workers", "T_WORKERS", "2", 1, 64, "how many"), SWITCH_ROW("json", NULL, "false", "as JSON"),
    SECRET_ROW("password", "T_PASSWORD T_TOKEN", "the password"),
    CHOICE_ROW("idle", "T_IDLE", "block", "block|yield|spin", "how to wait"), KAFKA_OPTION_ROWS, VALKEY_OPTION_ROWS};

static bool check(const struct configuration *configuration, char *problem, size_t problem_bytes) {
    struct kafka_settings kafka;
    struct valkey_options valkey;
    return kafka_settings_read(configuration, &kafka, problem, problem_bytes) &&
           valkey_options_read(configuration, &valkey, problem, problem_bytes);
}

static const struct program program = {.name = "tried",
    .purpose = "a program for tests",
    .examples = "  tried --workers 3\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .argument_count_max = 2,
    .check = check};

static char directory[] = "/tmp/configuration_test_XXXXXX";

static void setup(void) {
    static const char *const names[] = {"T_NAME", "GUIDE_NAME", "T_WORKERS", "T_PASSWORD", "T_TOKEN", "T_PASSWORD_FILE",
        "T_TOKEN_FILE", "T_IDLE", "SHARDBOOK_CONFIG", "SHARDBOOK_KAFKA", "MSK_BOOTSTRAP_SERVERS", "ORDERS_TOPIC",
        "SHARDBOOK_ORDERS_TOPIC", "SHARDBOOK_PENDING_TOPIC", "SHARDBOOK_FILLS_TOPIC", "VALKEY_HOST", "SHARDBOOK_VALKEY",
        "SHARDBOOK_VALKEY_PORT", "VALKEY_PORT", "VALKEY_AUTH_TOKEN", "SHARDBOOK_VALKEY_PASSWORD_FILE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) unsetenv(names[i]);
    cr_assert(mkdtemp(directory));
    cr_redirect_stdout();
    cr_redirect_stderr();
}

static char *file_with(const char *name, const char *text) {
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    return path;
}

static void teardown(void) {
    char command[160];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    cr_assert_eq(system(command), 0);
}

TestSuite(configuration, .init = setup, .fini = teardown);

#define READ(code, ...) read_with(code, (char *[]){(char[]){"tried"}, __VA_ARGS__ __VA_OPT__(, ) NULL})

static struct configuration *read_with(int *code, char **argv) {
    int argc = 0;
    while (argv[argc]) argc++;
    return configuration_read(&program, argc, argv, code);
}

static void expect_refusal(const char *said, char **argv) {
    int code;
    cr_assert_null(read_with(&code, argv));
    cr_assert_eq(code, 2, "exit code %d", code);
    fflush(stderr);
    char text[1024] = "";
    FILE *errors = cr_get_redirected_stderr();
    size_t bytes = fread(text, 1, sizeof text - 1, errors);
    text[bytes] = 0;
    cr_assert(strstr(text, said), "'%s' does not contain '%s'", text, said);
}

#define REFUSED(said, ...) expect_refusal(said, (char *[]){(char[]){"tried"}, __VA_ARGS__, NULL})

Test(configuration, defaults_and_flags) {
    int code;
    struct configuration *c = READ(&code, (char[]){"--workers"}, (char[]){"7"}, (char[]){"word"}, (char[]){"--json"},
        (char[]){"--idle=spin"}, (char[]){"--"}, (char[]){"--other"});
    cr_assert(c);
    cr_assert_eq(code, CONFIGURATION_GO_ON);
    cr_assert_eq(configuration_count(c, "workers"), 7);
    cr_assert(configuration_switch(c, "json"));
    cr_assert_str_eq(configuration_text(c, "idle"), "spin");
    cr_assert_str_eq(configuration_text(c, "name"), "nobody");
    cr_assert_null(configuration_text(c, "password"));
    cr_assert_eq(configuration_argument_count(c), 2);
    cr_assert_str_eq(configuration_argument(c, 1), "--other");
    cr_assert(configuration_is_given(c, "workers"));
    cr_assert_not(configuration_is_given(c, "name"));
    configuration_close(c);
}

Test(configuration, flag_over_environment_over_file_over_default) {
    int code;
    char *path = file_with("conf", "# remark\nname = \"of file\"\nT_WORKERS=5\nidle=yield\nGUIDE_NAME=second\n");
    setenv("T_WORKERS", "6", 1);
    setenv("T_IDLE", "", 1); /* empty: not given */
    struct configuration *c = READ(&code, (char[]){"--config"}, path, (char[]){"--name"}, (char[]){"of flag"});
    cr_assert(c);
    cr_assert_str_eq(configuration_text(c, "name"), "of flag");
    cr_assert_eq(configuration_count(c, "workers"), 6);
    cr_assert_str_eq(configuration_text(c, "idle"), "yield");
    configuration_close(c);
}

Test(configuration, environment_names_in_order) {
    int code;
    setenv("GUIDE_NAME", "guide", 1);
    struct configuration *c = READ(&code);
    cr_assert_str_eq(configuration_text(c, "name"), "guide");
    configuration_close(c);
    setenv("T_NAME", "ours", 1);
    c = READ(&code);
    cr_assert_str_eq(configuration_text(c, "name"), "ours");
    configuration_close(c);
}

Test(configuration, secrets) {
    int code;
    char *path = file_with("secret", "s3cret\n");
    struct configuration *c = READ(&code, (char[]){"--password-file"}, path);
    cr_assert_str_eq(configuration_text(c, "password"), "s3cret");
    configuration_close(c);
    setenv("T_TOKEN_FILE", path, 1);
    c = READ(&code);
    cr_assert_str_eq(configuration_text(c, "password"), "s3cret");
    configuration_close(c);
    setenv("T_TOKEN", "of environment", 1);
    c = READ(&code);
    cr_assert_str_eq(configuration_text(c, "password"), "of environment");
    cr_assert_null(getenv("T_TOKEN"), "a secret stays out of the environment of what is started");
    configuration_close(c);
}

Test(configuration, secret_as_flag) { REFUSED("--password-file FILE", (char[]){"--password"}, (char[]){"x"}); }
Test(configuration, secret_file_missing) { REFUSED("/nowhere", (char[]){"--password-file=/nowhere"}); }
Test(configuration, misspelt) { REFUSED("did you mean workers", (char[]){"--worker"}, (char[]){"3"}); }
Test(configuration, unknown) { REFUSED("--help lists all", (char[]){"--zzzzzzzz"}); }
Test(configuration, short_option) { REFUSED("unknown option -w", (char[]){"-w"}); }
Test(configuration, no_value) { REFUSED("--workers N", (char[]){"--workers"}); }
Test(configuration, no_number) { REFUSED("1 to 64", (char[]){"--workers"}, (char[]){"many"}); }
Test(configuration, too_large) { REFUSED("1 to 64", (char[]){"--workers"}, (char[]){"65"}); }
Test(configuration, no_choice) { REFUSED("block|yield|spin", (char[]){"--idle"}, (char[]){"sleep"}); }
Test(configuration, no_switch) { REFUSED("true or false", (char[]){"--json=perhaps"}); }
Test(configuration, too_many_words) { REFUSED("one argument too many", (char[]){"a"}, (char[]){"b"}, (char[]){"c"}); }
Test(configuration, file_missing) { REFUSED("cannot read", (char[]){"--config=/nowhere/conf"}); }
Test(configuration, file_unknown_key) {
    REFUSED(":2: unknown option nane; did you mean name", (char[]){"--config"}, file_with("conf", "\nnane=x\n"));
}
Test(configuration, file_no_setting) {
    REFUSED(":1: no KEY=VALUE", (char[]){"--config"}, file_with("conf", "hello\n"));
}
Test(configuration, checked_as_a_whole) {
    REFUSED("neither HOST nor HOST:PORT", (char[]){"--valkey"}, (char[]){"a:b:"});
}
Test(configuration, one_name_for_two_topics) { REFUSED("both 'orders'", (char[]){"--fills-topic=orders"}); }
Test(configuration, no_topic_name) { REFUSED("is no topic name", (char[]){"--fills-topic=a b"}); }
Test(configuration, property_file_decides_nothing_of_ours) {
    REFUSED("'acks' is not for this file", (char[]){"--kafka-property-file"},
        file_with("p", "security.protocol=SASL_SSL\nacks=1\n"));
}
Test(configuration, property_file_shows_no_secret) {
    int code;
    char *path = file_with("p", "sasl.mechanism=SCRAM-SHA-512\nssl.key.password=hush\nssl.nonsense.secret=hush\n");
    cr_assert_null(READ(&code, (char[]){"--kafka-property-file"}, path));
    cr_assert_eq(code, 2);
    char text[1024] = "";
    fflush(stderr);
    text[fread(text, 1, sizeof text - 1, cr_get_redirected_stderr())] = 0;
    cr_assert(strstr(text, "ssl.nonsense.secret"));
    cr_assert_null(strstr(text, "hush"));
}

Test(configuration, property_file_without_token_maker) {
    REFUSED("SCRAM-SHA-512", (char[]){"--kafka-property-file"},
        file_with("p", "security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER\n"));
}

Test(configuration, property_file_good) {
    int code;
    struct configuration *c = READ(&code, (char[]){"--kafka-property-file"},
        file_with("p",
            "# MSK\nsecurity.protocol = SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\nsasl.username=u\nsasl.password=p=q\n"));
    cr_assert(c);
    configuration_close(c);
}

Test(configuration, print_masks_secrets_and_names_origins) {
    int code;
    setenv("T_PASSWORD", "hush", 1);
    setenv("MSK_BOOTSTRAP_SERVERS", "b-1:9098", 1);
    cr_assert_null(READ(&code, (char[]){"--print-config"}, (char[]){"--workers=9"}));
    cr_assert_eq(code, 0);
    fflush(stdout);
    char text[8192] = "";
    text[fread(text, 1, sizeof text - 1, cr_get_redirected_stdout())] = 0;
    cr_assert(strstr(text, "workers=9    # flag --workers\n"));
    cr_assert(strstr(text, "kafka=b-1:9098    # environment MSK_BOOTSTRAP_SERVERS\n"));
    cr_assert(strstr(text, "password=********    # environment T_PASSWORD\n"));
    cr_assert(strstr(text, "name=nobody    # default\n"));
    cr_assert_null(strstr(text, "hush"));
}

Test(configuration, help_is_one_screen_wide_and_ends_in_examples) {
    int code;
    cr_assert_null(READ(&code, (char[]){"--help"}));
    cr_assert_eq(code, 0);
    fflush(stdout);
    static char text[16384];
    text[fread(text, 1, sizeof text - 1, cr_get_redirected_stdout())] = 0;
    const char *end = strstr(text, "\nExamples\n  tried --workers 3\n");
    cr_assert(end && strlen(end) == strlen("\nExamples\n  tried --workers 3\n"));
    for (char *at = text, *line; (line = strsep(&at, "\n"));) cr_assert_leq(strlen(line), 120, "%s", line);
}

Test(configuration, guide_names) {
    int code;
    struct valkey_options valkey;
    struct kafka_settings kafka;
    char problem[256];
    setenv("VALKEY_HOST", "cache.example.com:6380", 1);
    setenv("VALKEY_PORT", "6379", 1);
    setenv("VALKEY_AUTH_TOKEN", "token", 1);
    setenv("ORDERS_TOPIC", "my-orders", 1);
    struct configuration *c = READ(&code);
    cr_assert(c);
    cr_assert(valkey_options_read(c, &valkey, problem, sizeof problem));
    cr_assert_str_eq(valkey.host, "cache.example.com");
    cr_assert_eq(valkey.port, 6380);
    cr_assert_str_eq(valkey.password, "token");
    cr_assert(kafka_settings_read(c, &kafka, problem, sizeof problem));
    cr_assert_str_eq(kafka.topics[TOPIC_ORDERS], "my-orders");
    cr_assert_str_eq(kafka.topics[TOPIC_PENDING], "pending-orders");
    configuration_close(c);
}

Test(configuration, addresses) {
    static const struct {
        const char *address, *host;
        uint16_t port;
    } good[] = {{"a", "a", 9}, {"a:1", "a", 1}, {"1.2.3.4:65535", "1.2.3.4", 65535}, {"[::1]:70", "::1", 70},
        {"[::1]", "::1", 9}, {"::1", "::1", 9}};
    static const char *const bad[] = {
        "", ":1", "a:", "a:0", "a:65536", "a:1x", "[::1", "[::1]x", "a b", "http://a", "[]:1"};
    char host[32];
    uint16_t port;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        cr_assert(address_parse(good[i].address, 9, host, sizeof host, &port), "%s", good[i].address);
        cr_assert_str_eq(host, good[i].host);
        cr_assert_eq(port, good[i].port);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_not(address_parse(bad[i], 9, host, sizeof host, &port), "%s", bad[i]);
}
