/* Options of a program, from four places: flag over environment over file (--config FILE) over default. Each program
 * declares one table; help, checks and the printing of all values with their origin follow from it. */
#ifndef SHARDBOOK_IO_CONFIGURATION_CONFIGURATION_H
#define SHARDBOOK_IO_CONFIGURATION_CONFIGURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_TEXT,   /* any text */
    OPTION_COUNT,  /* an integer from min to max */
    OPTION_SWITCH, /* --flag, --no-flag or --flag=true; true, false, yes, no, on, off, 1, 0 elsewhere */
    OPTION_SECRET, /* a text never printed; also as --flag-file FILE, NAME_FILE=FILE; never itself given as a flag */
    OPTION_CHOICE, /* one of the words in `placeholder`, separated by | */
    OPTION_TITLE   /* no option: `text` heads the following ones in the help */
};

struct option_row {
    enum option_kind kind;
    const char *name;        /* "kafka": --kafka VALUE; in files also this name */
    const char *environment; /* names, separated by spaces; the first one that is set counts: "SHARDBOOK_KAFKA
                                MSK_BOOTSTRAP_SERVERS" */
    const char *fallback;    /* default as text; NULL: none */
    int64_t min, max;        /* OPTION_COUNT */
    const char *placeholder; /* "HOST:PORT" in the help */
    const char *text;        /* one line: what it does */
};

/* Shorthands for tables. */
#define TITLE_ROW(text_) {.kind = OPTION_TITLE, .text = (text_)}
#define TEXT_ROW(name_, environment_, fallback_, placeholder_, text_)                                                  \
    {.kind = OPTION_TEXT,                                                                                              \
        .name = (name_),                                                                                               \
        .environment = (environment_),                                                                                 \
        .fallback = (fallback_),                                                                                       \
        .placeholder = (placeholder_),                                                                                 \
        .text = (text_)}
#define COUNT_ROW(name_, environment_, fallback_, min_, max_, text_)                                                   \
    {.kind = OPTION_COUNT,                                                                                             \
        .name = (name_),                                                                                               \
        .environment = (environment_),                                                                                 \
        .fallback = (fallback_),                                                                                       \
        .min = (min_),                                                                                                 \
        .max = (max_),                                                                                                 \
        .placeholder = "N",                                                                                            \
        .text = (text_)}
#define SWITCH_ROW(name_, environment_, fallback_, text_)                                                              \
    {.kind = OPTION_SWITCH, .name = (name_), .environment = (environment_), .fallback = (fallback_), .text = (text_)}
#define SECRET_ROW(name_, environment_, text_)                                                                         \
    {.kind = OPTION_SECRET, .name = (name_), .environment = (environment_), .placeholder = "FILE", .text = (text_)}
#define CHOICE_ROW(name_, environment_, fallback_, choices_, text_)                                                    \
    {.kind = OPTION_CHOICE,                                                                                            \
        .name = (name_),                                                                                               \
        .environment = (environment_),                                                                                 \
        .fallback = (fallback_),                                                                                       \
        .placeholder = (choices_),                                                                                     \
        .text = (text_)}

struct configuration;

struct program {
    const char *name;     /* "shardbook-router" */
    const char *purpose;  /* one line */
    const char *usage;    /* after the name: "[OPTION...]"; NULL: this */
    const char *notes;    /* printed between options and examples; may be NULL */
    const char *examples; /* lines, each indented by two spaces and ended by a newline */
    const struct option_row *options;
    size_t option_count;
    size_t argument_count_max; /* arguments that are no options; 0: none are allowed */
    /* Looks at the values as a whole; writes what is wrong and how to mend it into problem and returns false. May be
     * NULL. */
    bool (*check)(const struct configuration *configuration, char *problem, size_t problem_bytes);
};

enum { CONFIGURATION_GO_ON = -1 };

/* Reads all sources. Returns NULL with *exit_code when the program should end now: 0 after --help, --version,
 * --print-config,
 * --check-config; 2 after a message on standard error that says what is wrong and how to mend it; 1 without memory.
 * Otherwise *exit_code is CONFIGURATION_GO_ON and the caller owns the result. `program` and its tables must outlive it.
 * argv is not kept, but for the arguments. Secrets in argv never occur; those from the environment are removed from it.
 */
struct configuration *configuration_read(const struct program *program, int argc, char **argv, int *exit_code);

/* Wipes secrets. */
void configuration_close(struct configuration *configuration);

/* Values by the name in the table; a name or kind that is not in it is a program error and aborts. Any thread. Texts
 * live as long as the configuration; NULL: given nowhere and no default. An empty text counts as not given. */
const char *configuration_text(const struct configuration *configuration, const char *name); /* TEXT, SECRET, CHOICE */
int64_t configuration_count(const struct configuration *configuration, const char *name);
bool configuration_switch(const struct configuration *configuration, const char *name);
/* Whether the value came from somewhere else than the default. */
bool configuration_is_given(const struct configuration *configuration, const char *name);

/* Arguments that are no options, in order; views of argv. */
size_t configuration_argument_count(const struct configuration *configuration);
const char *configuration_argument(const struct configuration *configuration, size_t index);

/* Splits "host", "host:port", "[v6]:port" or "::1"; a port that is absent becomes default_port. False when it is none
 * of these or the port is not 1 to 65535. */
bool address_parse(const char *address, uint16_t default_port, char *host, size_t host_bytes, uint16_t *port);

#endif
