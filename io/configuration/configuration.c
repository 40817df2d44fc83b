#include "io/configuration/configuration.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#ifndef SHARDBOOK_VERSION
#define SHARDBOOK_VERSION "0.1.0"
#endif

enum {
    FILE_BYTES_MAX = 65536,
    ARGUMENTS_MAX = 64,
    NAME_MAX_BYTES = 128,
    EXIT_USAGE = 2,
    HELP_COLUMN = 36,
    HELP_WIDTH = 118
};

enum origin { ORIGIN_DEFAULT = 0, ORIGIN_FILE, ORIGIN_ENVIRONMENT, ORIGIN_FLAG };

struct value {
    char *text; /* NULL: none */
    enum origin origin;
    char from[NAME_MAX_BYTES]; /* the environment name, the flag or the file with its line */
    int64_t count;             /* OPTION_COUNT, OPTION_SWITCH */
};

struct configuration {
    const struct program *program;
    struct value *values; /* one for each row */
    const char *arguments[ARGUMENTS_MAX];
    size_t argument_count;
    const char *file;
    bool print, check;
};

/* -- messages ----------------------------------------------------------------------------------------------- */

static bool complain(const struct configuration *configuration, const char *format, ...) {
    va_list arguments;
    fprintf(stderr, "%s: ", configuration->program->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return false;
}

static size_t edit_distance(const char *a, const char *b) {
    size_t row[64], b_length = strlen(b);
    if (b_length >= 63) return 63;
    for (size_t j = 0; j <= b_length; j++) row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b_length];
}

/* The option's name most like `word`, or NULL if none is near. */
static const char *nearest_name(const struct program *program, const char *word) {
    const char *nearest = NULL;
    size_t least = strlen(word) / 3 + 2;
    for (size_t i = 0; i < program->option_count; i++) {
        const char *name = program->options[i].name;
        if (name && edit_distance(word, name) < least) {
            least = edit_distance(word, name);
            nearest = name;
        }
    }
    return nearest;
}

static bool complain_unknown(const struct configuration *configuration, const char *where, const char *word) {
    const char *nearest = nearest_name(configuration->program, word);
    if (nearest)
        return complain(
            configuration, "%sunknown option %s; did you mean %s? (--help lists all)", where, word, nearest);
    return complain(configuration, "%sunknown option %s (--help lists all)", where, word);
}

/* -- help --------------------------------------------------------------------------------------------------- */

/* Prints words from column HELP_COLUMN on, broken at HELP_WIDTH. */
static void print_wrapped(int column, const char *text) {
    while (*text) {
        size_t length = strcspn(text, " ");
        if (column > HELP_COLUMN && column + 1 + (int)length > HELP_WIDTH) {
            printf("\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        }
        column += printf("%s%.*s", column > HELP_COLUMN ? " " : "", (int)length, text);
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_option(const struct option_row *row) {
    char text[1024];
    int column = printf("  --%s%s%s%s", row->name, row->kind == OPTION_SECRET ? "-file" : "",
        row->placeholder ? " " : "", row->placeholder ? row->placeholder : "");
    if (column >= HELP_COLUMN - 1) {
        printf("\n%*s", HELP_COLUMN, "");
        column = HELP_COLUMN;
    }
    column += printf("%*s", HELP_COLUMN - column, "");
    bool switched_off = row->kind == OPTION_SWITCH && row->fallback && strcmp(row->fallback, "false") == 0;
    bool has_default = row->fallback && *row->fallback && !switched_off;
    snprintf(text, sizeof text, "%s%s%s%s%s%s%s", row->text, has_default || row->environment ? " [" : "",
        has_default ? row->fallback : "", has_default && row->environment ? "; " : "",
        row->environment ? row->environment : "", row->kind == OPTION_SECRET && row->environment ? ", ..._FILE" : "",
        has_default || row->environment ? "]" : "");
    print_wrapped(column, text);
}

static void print_help(const struct program *program) {
    printf("%s: %s\n\nUsage: %s %s\n", program->name, program->purpose, program->name,
        program->usage ? program->usage : "[OPTION...]");
    for (size_t i = 0; i < program->option_count; i++) {
        if (program->options[i].kind == OPTION_TITLE)
            printf("\n%s\n", program->options[i].text);
        else
            print_option(&program->options[i]);
    }
    printf("\nAlways\n");
    printf("  --config FILE                     KEY=VALUE lines, keys as above or the names in brackets "
           "[SHARDBOOK_CONFIG]\n"
           "  --check-config, --print-config    check all values; print them with their origin, secrets masked\n"
           "  --help, --version\n");
    printf(
        "A flag counts before an environment name [in brackets], that before the file. --no-NAME puts a switch off.\n");
    if (program->notes) printf("\n%s\n", program->notes);
    if (program->examples) printf("\nExamples\n%s", program->examples);
}

/* -- values ------------------------------------------------------------------------------------------------- */

static void forget(char *text) {
    if (text) explicit_bzero(text, strlen(text));
    free(text);
}

/* Whether a value from `origin` may replace what is there: later sources are read first. */
static bool value_put(struct value *value, const char *text, enum origin origin, const char *from) {
    if (value->text && value->origin > origin) return true;
    forget(value->text);
    value->text = strdup(text);
    value->origin = origin;
    snprintf(value->from, sizeof value->from, "%s", from);
    return value->text != NULL;
}

/* The whole of a small file without the line end at its end, or NULL with errno. The caller frees it. */
static char *read_small_file(const char *path) {
    FILE *file = fopen(path, "re");
    char *text = file ? malloc(FILE_BYTES_MAX + 1) : NULL;
    if (!text) {
        if (file) fclose(file);
        return NULL;
    }
    size_t bytes = fread(text, 1, FILE_BYTES_MAX + 1, file);
    bool bad = ferror(file) || bytes > FILE_BYTES_MAX || memchr(text, 0, bytes);
    int problem = ferror(file) ? errno : bytes > FILE_BYTES_MAX ? EFBIG : EINVAL;
    fclose(file);
    if (bad) {
        free(text);
        errno = problem;
        return NULL;
    }
    while (bytes && (text[bytes - 1] == '\n' || text[bytes - 1] == '\r')) bytes--;
    text[bytes] = 0;
    return text;
}

static bool value_put_from_file(
    struct configuration *configuration, struct value *value, const char *path, enum origin origin, const char *from) {
    char *text = read_small_file(path);
    if (!text)
        return complain(configuration,
            "%s: cannot read the file %s: %s; name a readable file that holds nothing but the secret", from, path,
            strerror(errno));
    bool put = value_put(value, text, origin, from);
    forget(text);
    return put;
}

static size_t row_find(const struct program *program, const char *name, size_t length) {
    for (size_t i = 0; i < program->option_count; i++)
        if (program->options[i].name && strlen(program->options[i].name) == length &&
            strncmp(program->options[i].name, name, length) == 0)
            return i;
    return SIZE_MAX;
}

/* Calls with each word of a row's environment names; the word's length, 0 at the end. */
static size_t next_word(const char **at, const char **word) {
    *word = *at + strspn(*at, " ");
    size_t length = strcspn(*word, " ");
    *at = *word + length;
    return length;
}

/* -- flags -------------------------------------------------------------------------------------------------- */

enum flag_result { FLAG_TAKEN, FLAG_TAKEN_TWO, FLAG_WRONG, FLAG_ENDS };

static bool is_word(const char *text, size_t length, const char *word) {
    return strlen(word) == length && strncmp(text, word, length) == 0;
}

/* The flags every program has. FLAG_WRONG: none of them. */
static enum flag_result read_common_flag(
    struct configuration *configuration, const char *name, size_t length, const char *value, bool attached) {
    if (is_word(name, length, "help")) {
        print_help(configuration->program);
        return FLAG_ENDS;
    }
    if (is_word(name, length, "version")) {
        printf("%s %s\n", configuration->program->name, SHARDBOOK_VERSION);
        return FLAG_ENDS;
    }
    if (is_word(name, length, "check-config") || is_word(name, length, "print-config")) {
        *(name[0] == 'c' ? &configuration->check : &configuration->print) = true;
        return FLAG_TAKEN;
    }
    if (is_word(name, length, "config") && value) {
        configuration->file = value;
        return attached ? FLAG_TAKEN : FLAG_TAKEN_TWO;
    }
    return FLAG_WRONG;
}

static enum flag_result put_flag(struct configuration *configuration, size_t index, const char *name, size_t length,
    const char *value, bool attached) {
    const struct option_row *row = &configuration->program->options[index];
    char from[NAME_MAX_BYTES];
    snprintf(from, sizeof from, "--%.*s", (int)length, name);
    bool needs_value = row->kind != OPTION_SWITCH;
    if (needs_value && !value) {
        complain(configuration, "%s needs a value: %s %s", from, from, row->placeholder ? row->placeholder : "VALUE");
        return FLAG_WRONG;
    }
    const char *text = needs_value || attached ? value : "true";
    if (!value_put(&configuration->values[index], text, ORIGIN_FLAG, from)) return FLAG_WRONG;
    return needs_value && !attached ? FLAG_TAKEN_TWO : FLAG_TAKEN;
}

/* Reads the option at argv[0] (`--name`, `--name=value` or `--name value`). */
static enum flag_result read_flag(struct configuration *configuration, char **argv, int argc) {
    const struct program *program = configuration->program;
    const char *name = argv[0] + 2, *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const char *value = equals ? equals + 1 : argc > 1 ? argv[1] : NULL;

    enum flag_result common = read_common_flag(configuration, name, length, value, equals != NULL);
    if (common != FLAG_WRONG) return common;

    size_t index = row_find(program, name, length);
    if (index != SIZE_MAX && program->options[index].kind != OPTION_SECRET)
        return put_flag(configuration, index, name, length, value, equals != NULL);
    if (index != SIZE_MAX) {
        complain(configuration,
            "--%.*s: secrets are not given on the command line, where others can see them; put it into a file and give "
            "--%.*s-file FILE",
            (int)length, name, (int)length, name);
        return FLAG_WRONG;
    }
    if (length > 3 && strncmp(name, "no-", 3) == 0 && !equals) {
        index = row_find(program, name + 3, length - 3);
        if (index != SIZE_MAX && program->options[index].kind == OPTION_SWITCH)
            return value_put(&configuration->values[index], "false", ORIGIN_FLAG, argv[0]) ? FLAG_TAKEN : FLAG_WRONG;
    }
    if (length > 5 && strncmp(name + length - 5, "-file", 5) == 0) {
        index = row_find(program, name, length - 5);
        if (index != SIZE_MAX && program->options[index].kind == OPTION_SECRET) {
            char from[NAME_MAX_BYTES];
            snprintf(from, sizeof from, "--%.*s", (int)length, name);
            if (!value) {
                complain(configuration, "%s needs a value: %s FILE", from, from);
                return FLAG_WRONG;
            }
            if (!value_put_from_file(configuration, &configuration->values[index], value, ORIGIN_FLAG, from))
                return FLAG_WRONG;
            return equals ? FLAG_TAKEN : FLAG_TAKEN_TWO;
        }
    }
    char word[NAME_MAX_BYTES];
    snprintf(word, sizeof word, "%.*s", (int)length, name);
    complain_unknown(configuration, "", word);
    return FLAG_WRONG;
}

static bool take_argument(struct configuration *configuration, const char *argument) {
    size_t max = configuration->program->argument_count_max;
    if (configuration->argument_count >= (max < ARGUMENTS_MAX ? max : ARGUMENTS_MAX))
        return complain(configuration, "'%s' is one argument too many (--help shows the usage)", argument);
    configuration->arguments[configuration->argument_count++] = argument;
    return true;
}

static enum flag_result read_command_line(struct configuration *configuration, int argc, char **argv) {
    bool options_ended = false;
    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i];
        if (!options_ended && strcmp(argument, "--") == 0) {
            options_ended = true;
        } else if (!options_ended && strcmp(argument, "-h") == 0) {
            print_help(configuration->program);
            return FLAG_ENDS;
        } else if (!options_ended && strncmp(argument, "--", 2) == 0) {
            enum flag_result result = read_flag(configuration, argv + i, argc - i);
            if (result == FLAG_WRONG || result == FLAG_ENDS) return result;
            i += result == FLAG_TAKEN_TWO;
        } else if (!options_ended && argument[0] == '-' && argument[1]) {
            complain(configuration, "unknown option %s; options are written in full, as --help lists them", argument);
            return FLAG_WRONG;
        } else if (!take_argument(configuration, argument)) {
            return FLAG_WRONG;
        }
    }
    return FLAG_TAKEN;
}

/* -- environment -------------------------------------------------------------------------------------------- */

static bool read_environment_name(struct configuration *configuration, size_t index, const char *name) {
    struct value *value = &configuration->values[index];
    bool is_secret = configuration->program->options[index].kind == OPTION_SECRET;
    const char *text = getenv(name);
    if (text && *text) {
        bool put = value_put(value, text, ORIGIN_ENVIRONMENT, name);
        if (is_secret) unsetenv(name);
        return put;
    }
    if (!is_secret) return true;
    char file_name[NAME_MAX_BYTES];
    snprintf(file_name, sizeof file_name, "%s_FILE", name);
    const char *path = getenv(file_name);
    return !path || !*path || value_put_from_file(configuration, value, path, ORIGIN_ENVIRONMENT, file_name);
}

static bool read_environment(struct configuration *configuration) {
    const struct program *program = configuration->program;
    for (size_t i = 0; i < program->option_count; i++) {
        const char *at = program->options[i].environment, *word;
        if (!at || configuration->values[i].origin == ORIGIN_FLAG) continue;
        for (size_t length;
            (length = next_word(&at, &word)) && configuration->values[i].origin != ORIGIN_ENVIRONMENT;) {
            char name[NAME_MAX_BYTES];
            snprintf(name, sizeof name, "%.*s", (int)length, word);
            if (!read_environment_name(configuration, i, name)) return false;
        }
    }
    if (!configuration->file) {
        configuration->file = getenv("SHARDBOOK_CONFIG");
        if (configuration->file && !*configuration->file) configuration->file = NULL;
    }
    return true;
}

/* -- file --------------------------------------------------------------------------------------------------- */

/* The row that a key of the file means, by its name or one of its environment names; *is_file: it ends in _FILE or
 * -file. */
static size_t row_by_key(const struct program *program, const char *key, bool *is_file) {
    size_t length = strlen(key);
    *is_file = false;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < program->option_count; i++) {
            const struct option_row *row = &program->options[i];
            if (!row->name || (pass == 1 && row->kind != OPTION_SECRET)) continue;
            if (is_word(key, length, row->name)) return i;
            const char *at = row->environment ? row->environment : "", *word;
            for (size_t word_length; (word_length = next_word(&at, &word));)
                if (word_length == length && strncmp(word, key, length) == 0) return i;
        }
        if (length <= 5 || strcasecmp(key + length - 5, key[length - 5] == '_' ? "_FILE" : "-file") != 0)
            return SIZE_MAX;
        length -= 5;
        *is_file = true;
    }
    return SIZE_MAX;
}

static char *trim(char *text) {
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length && strchr(" \t\r", text[length - 1])) text[--length] = 0;
    if (length >= 2 && (text[0] == '"' || text[0] == '\'') && text[length - 1] == text[0]) {
        text[length - 1] = 0;
        text++;
    }
    return text;
}

static bool read_line(struct configuration *configuration, char *line, int number) {
    char where[NAME_MAX_BYTES], *key = trim(line);
    snprintf(where, sizeof where, "%.100s:%d", configuration->file, number);
    if (*key == 0 || *key == '#') return true;
    char *equals = strchr(key, '=');
    if (!equals)
        return complain(configuration, "%s: no KEY=VALUE; write one setting on each line, remarks after #", where);
    *equals = 0;
    key = trim(key);
    char *text = trim(equals + 1);
    bool is_file;
    size_t index = row_by_key(configuration->program, key, &is_file);
    if (index == SIZE_MAX) {
        char prefix[NAME_MAX_BYTES + 4];
        snprintf(prefix, sizeof prefix, "%s: ", where);
        return complain_unknown(configuration, prefix, key);
    }
    struct value *value = &configuration->values[index];
    if (value->origin > ORIGIN_FILE) return true;
    return is_file ? value_put_from_file(configuration, value, text, ORIGIN_FILE, where)
                   : value_put(value, text, ORIGIN_FILE, where);
}

static bool read_configuration_file(struct configuration *configuration) {
    if (!configuration->file) return true;
    char *text = read_small_file(configuration->file), *at = text, *line;
    if (!text)
        return complain(configuration, "--config: cannot read %s: %s; name a readable file of KEY=VALUE lines",
            configuration->file, strerror(errno));
    bool ok = true;
    for (int number = 1; ok && (line = strsep(&at, "\n")); number++) ok = read_line(configuration, line, number);
    free(text);
    return ok;
}

/* -- checks ------------------------------------------------------------------------------------------------- */

static bool check_count(const struct configuration *configuration, const struct option_row *row, struct value *value) {
    char *end;
    errno = 0;
    long long count = strtoll(value->text, &end, 10);
    if (errno || end == value->text || *end || isspace((unsigned char)value->text[0]) || count < row->min ||
        count > row->max)
        return complain(configuration, "%s: '%s' is not possible; give a whole number from %" PRId64 " to %" PRId64,
            value->from, value->text, row->min, row->max);
    value->count = count;
    return true;
}

static bool check_switch(const struct configuration *configuration, struct value *value) {
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(value->text, words[i]) == 0) {
            value->count = i & 1;
            return true;
        }
    return complain(configuration, "%s: '%s' is not possible; give true or false", value->from, value->text);
}

static bool check_choice(
    const struct configuration *configuration, const struct option_row *row, const struct value *value) {
    size_t wanted = strlen(value->text);
    for (const char *at = row->placeholder; *at;) {
        size_t length = strcspn(at, "|");
        if (length == wanted && strncmp(at, value->text, length) == 0) return true;
        at += length + (at[length] == '|');
    }
    return complain(
        configuration, "%s: '%s' is not possible; give one of %s", value->from, value->text, row->placeholder);
}

static bool check_value(struct configuration *configuration, size_t index) {
    const struct option_row *row = &configuration->program->options[index];
    struct value *value = &configuration->values[index];
    if (value->text && !*value->text) { /* an empty text counts as not given */
        free(value->text);
        *value = (struct value){0};
    }
    if (!value->text && row->fallback && !value_put(value, row->fallback, ORIGIN_DEFAULT, "default")) return false;
    if (!value->text) return true;
    switch (row->kind) {
    case OPTION_COUNT: return check_count(configuration, row, value);
    case OPTION_SWITCH: return check_switch(configuration, value);
    case OPTION_CHOICE: return check_choice(configuration, row, value);
    default: return true;
    }
}

static bool check_all(struct configuration *configuration) {
    const struct program *program = configuration->program;
    for (size_t i = 0; i < program->option_count; i++)
        if (program->options[i].kind != OPTION_TITLE && !check_value(configuration, i)) return false;
    char problem[512] = "";
    if (program->check && !program->check(configuration, problem, sizeof problem))
        return complain(configuration, "%s", problem);
    return true;
}

static void print_values(const struct configuration *configuration) {
    static const char *const origins[] = {"default", "file", "environment", "flag"};
    for (size_t i = 0; i < configuration->program->option_count; i++) {
        const struct option_row *row = &configuration->program->options[i];
        const struct value *value = &configuration->values[i];
        if (row->kind == OPTION_TITLE) continue;
        const char *shown = !value->text ? "" : row->kind == OPTION_SECRET ? "********" : value->text;
        if (value->text && value->origin != ORIGIN_DEFAULT)
            printf("%s=%s    # %s %s\n", row->name, shown, origins[value->origin], value->from);
        else
            printf("%s=%s    # %s\n", row->name, shown, value->text ? "default" : "not given");
    }
}

/* -- the whole ---------------------------------------------------------------------------------------------- */

static bool read_sources(struct configuration *configuration) {
    return read_environment(configuration) && read_configuration_file(configuration) && check_all(configuration);
}

/* CONFIGURATION_GO_ON or the exit code. */
static int read_all(struct configuration *configuration, int argc, char **argv) {
    enum flag_result result = read_command_line(configuration, argc, argv);
    if (result == FLAG_ENDS) return 0;
    if (result == FLAG_WRONG || !read_sources(configuration)) return EXIT_USAGE;
    if (configuration->print) print_values(configuration);
    if (configuration->check) printf("%s: the configuration is in order\n", configuration->program->name);
    return configuration->print || configuration->check ? 0 : CONFIGURATION_GO_ON;
}

struct configuration *configuration_read(const struct program *program, int argc, char **argv, int *exit_code) {
    struct configuration *configuration = calloc(1, sizeof *configuration);
    struct value *values = calloc(program->option_count + 1, sizeof *values);
    *exit_code = 1;
    if (!configuration || !values) {
        free(configuration);
        free(values);
        return NULL;
    }
    configuration->program = program;
    configuration->values = values;
    *exit_code = read_all(configuration, argc, argv);
    if (*exit_code == CONFIGURATION_GO_ON) return configuration;
    configuration_close(configuration);
    return NULL;
}

void configuration_close(struct configuration *configuration) {
    for (size_t i = 0; i < configuration->program->option_count; i++) forget(configuration->values[i].text);
    free(configuration->values);
    free(configuration);
}

static const struct value *value_get(const struct configuration *configuration, const char *name, unsigned kinds) {
    size_t index = row_find(configuration->program, name, strlen(name));
    if (index == SIZE_MAX || !(kinds >> configuration->program->options[index].kind & 1)) {
        fprintf(stderr, "%s: program error: option '%s' is not in the table or of another kind\n",
            configuration->program->name, name);
        abort();
    }
    return &configuration->values[index];
}

const char *configuration_text(const struct configuration *configuration, const char *name) {
    return value_get(configuration, name, 1u << OPTION_TEXT | 1u << OPTION_SECRET | 1u << OPTION_CHOICE)->text;
}

int64_t configuration_count(const struct configuration *configuration, const char *name) {
    return value_get(configuration, name, 1u << OPTION_COUNT)->count;
}

bool configuration_switch(const struct configuration *configuration, const char *name) {
    return value_get(configuration, name, 1u << OPTION_SWITCH)->count != 0;
}

bool configuration_is_given(const struct configuration *configuration, const char *name) {
    const struct value *value = value_get(configuration, name, ~0u);
    return value->text && value->origin != ORIGIN_DEFAULT;
}

size_t configuration_argument_count(const struct configuration *configuration) { return configuration->argument_count; }

const char *configuration_argument(const struct configuration *configuration, size_t index) {
    return index < configuration->argument_count ? configuration->arguments[index] : NULL;
}
