/* Plays scenario files (README.md beside this file has their form) through the server's engine and the reference book,
 * and says what differs, where.
 *
 *   run_scenarios FOLDER|FILE... */
#include "core/partition.h"
#include "tests/scenarios/stand.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <yyjson.h>

enum {
    LINES_MAX = 4096,
    LINE_BYTES = 2048,
    BOOK_BYTES = 1 << 16,
    EVENTS_OF_A_STEP_MAX = 1024,
    START_MS = 1000000 /* log time before the first record that tells its own */
};

struct step {
    uint64_t number, times; /* played so often, # being 1, 2, ... */
    const char *record;
    const char *events[EVENTS_OF_A_STEP_MAX];
    uint32_t event_count;
};

struct scenario {
    const char *path;
    char lines[LINES_MAX][LINE_BYTES];
    uint32_t line_count;
    struct step step; /* the one being read */
    char book[BOOK_BYTES];
    bool has_book;
    char book_symbol[SYMBOL_BYTES_MAX + 1];
    struct stand *stand;
    int32_t partition;
    int64_t time_ms;
    uint64_t number, round; /* of the step being played */
    uint32_t differences, steps, events;
};

static void differ(struct scenario *scenario, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void differ(struct scenario *scenario, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s, step %" PRIu64, scenario->path, scenario->number);
    if (scenario->step.times > 1) fprintf(stderr, " (# is %" PRIu64 ")", scenario->round);
    fprintf(stderr, ": ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    scenario->differences++;
}

/* ---- events */

/* The member that a path of names and points leads to. */
static yyjson_val *member_at(yyjson_val *object, const char *path, size_t bytes) {
    const char *point = memchr(path, '.', bytes);
    if (!point) return yyjson_obj_getn(object, path, bytes);
    size_t head = (size_t)(point - path);
    return member_at(yyjson_obj_getn(object, path, head), point + 1, bytes - head - 1);
}

/* A string's text, a number as it is written, true or false; "-" for a member that is not there. */
static struct text value_text(yyjson_val *value) {
    if (!value) return TEXT("-");
    if (yyjson_is_bool(value)) return yyjson_get_bool(value) ? TEXT("true") : TEXT("false");
    if (yyjson_is_str(value) || yyjson_is_raw(value))
        return (struct text){unsafe_yyjson_get_str(value), (uint32_t)yyjson_get_len(value)};
    return TEXT("{}");
}

/* True if an event is of the type named first and has every member named behind it. */
static bool fits(const char *expected, yyjson_val *event) {
    size_t bytes = strcspn(expected, " ");
    struct text type = value_text(yyjson_obj_get(event, "type"));
    if (type.size != bytes || memcmp(type.data, expected, bytes) != 0) return false;
    for (const char *at = expected + bytes; *at;) {
        at += strspn(at, " ");
        size_t word = strcspn(at, " "), name = strcspn(at, "=");
        if (name >= word) return word == 0;
        struct text value = value_text(member_at(event, at, name));
        if (value.size != word - name - 1 || memcmp(value.data, at + name + 1, value.size) != 0) return false;
        at += word;
    }
    return true;
}

static bool event_fits(const char *expected, struct text bytes) {
    yyjson_doc *document = yyjson_read(bytes.data, bytes.size, YYJSON_READ_NUMBER_AS_RAW);
    bool good = fits(expected, yyjson_doc_get_root(document));
    yyjson_doc_free(document);
    return good;
}

/* Inside a step that is played several times, # is the count. */
static void put_count(const struct scenario *scenario, const char *text, char *out, size_t room) {
    size_t at = 0;
    for (; *text && at + 24 < room; text++) {
        if (scenario->step.times > 1 && *text == '#')
            at += (size_t)snprintf(out + at, room - at, "%" PRIu64, scenario->round);
        else
            out[at++] = *text;
    }
    out[at] = 0;
}

static void compare_events(struct scenario *scenario, const char *whose, const struct stand_events *got) {
    char expected[LINE_BYTES];
    uint32_t count = scenario->step.event_count, most = got->count > count ? got->count : count;
    for (uint32_t i = 0; i < most; i++) {
        bool has_both = i < count && i < got->count;
        expected[0] = 0;
        if (i < count) put_count(scenario, scenario->step.events[i], expected, sizeof expected);
        if (has_both && event_fits(expected, got->bytes[i])) continue;
        differ(scenario, "event %u of the %s\n  expected %s\n  got      %.*s", i + 1, whose,
            expected[0] ? expected : "nothing more", i < got->count ? (int)got->bytes[i].size : 12,
            i < got->count ? got->bytes[i].data : "nothing more");
        return;
    }
}

/* ---- steps */

/* Its log time, and its partition if it names a symbol; true if it is a control record. A record that cannot be read
 * as JSON is a command that tells neither. */
static bool look_at_record(struct scenario *scenario, const char *record) {
    yyjson_doc *document = yyjson_read(record, strlen(record), YYJSON_READ_NUMBER_AS_RAW);
    yyjson_val *root = yyjson_doc_get_root(document);
    struct text time = value_text(yyjson_obj_get(root, "timestamp"));
    struct text symbol = value_text(yyjson_obj_get(root, "symbol"));
    bool is_control = yyjson_obj_get(root, "kind") != NULL;
    if (time.size > 0 && time.data[0] >= '0' && time.data[0] <= '9') scenario->time_ms = strtoll(time.data, NULL, 10);
    if (symbol_is_valid(symbol)) scenario->partition = home_partition(symbol);
    yyjson_doc_free(document);
    return is_control;
}

static void play_once(struct scenario *scenario) {
    char record[LINE_BYTES];
    put_count(scenario, scenario->step.record, record, sizeof record);
    bool is_control = look_at_record(scenario, record);
    stand_apply(scenario->stand, scenario->partition, text_of(record), is_control, scenario->time_ms);
    compare_events(scenario, "server", stand_server(scenario->stand));
    compare_events(scenario, "reference book", stand_reference(scenario->stand));
    scenario->steps++;
    scenario->events += stand_server(scenario->stand)->count;
    const struct stand_difference *difference = stand_differing_events(scenario->stand);
    if (difference && !scenario->differences)
        differ(scenario, "the bytes differ\n  reference %.*s\n  server    %.*s", (int)difference->reference.size,
            difference->reference.data, (int)difference->server.size, difference->server.data);
}

static void play_step(struct scenario *scenario) {
    if (!scenario->step.record) return;
    scenario->number = scenario->step.number;
    for (uint64_t n = 1; n <= scenario->step.times && !scenario->differences; n++) {
        scenario->round = n;
        play_once(scenario);
    }
    scenario->step = (struct step){0};
}

/* ---- the book at the end */

struct writer {
    char bytes[BOOK_BYTES];
    size_t at;
};

static void write_words(struct writer *writer, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void write_words(struct writer *writer, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int bytes = vsnprintf(writer->bytes + writer->at, BOOK_BYTES - writer->at, format, args);
    va_end(args);
    if (bytes > 0 && writer->at + (size_t)bytes < BOOK_BYTES) writer->at += (size_t)bytes;
}

static const char *number_text(int64_t units, struct decimal_unit unit) {
    static char texts[4][48];
    static unsigned next;
    char *text = texts[next++ % 4];
    text[decimal_format(units, unit, text)] = 0;
    return text;
}

/* The orders of a price stand together in the visit. */
static void write_orders(struct writer *writer, const struct book *book, const struct event *order) {
    bool is_sell = order->side == SIDE_SELL;
    struct depth_level level = {0};
    const char *last = strrchr(writer->bytes, '\n');
    char head[128], price[48];
    snprintf(price, sizeof price, "%s", number_text(order->price_ticks, order->instrument.tick));
    snprintf(head, sizeof head, "\n%s %s ", is_sell ? "ask" : "bid", price);
    if (last && strncmp(last, head, strlen(head)) == 0) {
        write_words(writer, ",");
    } else {
        book_levels(book, order->side, is_sell ? order->price_ticks - 1 : order->price_ticks + 1, &level, 1);
        write_words(writer, "%s%s:", head, number_text(level.total_lots, order->instrument.lot));
    }
    write_words(writer, " %.*s %s", (int)order->order_id.size, order->order_id.data,
        number_text(order->leaves_lots, order->instrument.lot));
}

static void write_waiting(struct writer *writer, const struct event *order) {
    write_words(writer, "\nstop %.*s %s", (int)order->order_id.size, order->order_id.data,
        number_text(order->leaves_lots, order->instrument.lot));
}

struct children {
    struct writer *writer;
    struct decimal_unit lot;
};

/* The server's book does not show them. */
static void write_child(void *context, const struct reference_order *order) {
    struct children *children = context;
    if (order->where == REFERENCE_WAITS_AS_CHILD)
        write_words(children->writer, "\nchild %.*s %s", (int)order->order_id.size, order->order_id.data,
            number_text(order->leaves_lots, children->lot));
}

static void write_book(struct writer *writer, const struct stand *stand, struct text symbol) {
    const struct book *book = stand_book(stand, symbol);
    struct book_cursor cursor = {0};
    struct event order;
    write_words(writer, "\nBOOK %.*s", (int)symbol.size, symbol.data);
    if (!book) return;
    struct text state = trading_state_name(book_state(book));
    write_words(writer, " %.*s", (int)state.size, state.data);
    while (book_next_order(book, &cursor, &order))
        if (cursor.side == SIDE_NONE)
            write_waiting(writer, &order);
        else
            write_orders(writer, book, &order);
    struct children children = {writer, book->instrument.lot};
    reference_orders(stand_judge(stand), symbol, write_child, &children);
}

static void compare_book(struct scenario *scenario) {
    static struct writer got;
    if (!scenario->has_book) {
        differ(scenario, "the file tells no BOOK at its end");
        return;
    }
    got = (struct writer){0};
    write_book(&got, scenario->stand, text_of(scenario->book_symbol));
    if (strcmp(got.bytes, scenario->book) != 0)
        differ(scenario, "the server's book\nexpected%s\ngot%s", scenario->book, got.bytes);
    const char *words = stand_differing_books(scenario->stand, text_of(scenario->book_symbol));
    if (words) differ(scenario, "server and reference book: %s", words);
}

/* ---- files */

static void read_step(struct scenario *scenario, const char *line) {
    char *end;
    scenario->step.number = scenario->number = strtoull(line, &end, 10);
    scenario->step.times = *end == 'x' ? strtoull(end + 1, &end, 10) : 1;
    if (*end != '.' || scenario->step.times == 0) differ(scenario, "no such step: %s", line);
    end += *end == '.';
    scenario->step.record = end + strspn(end, " ");
}

static void read_book_line(struct scenario *scenario, const char *line) {
    size_t at = strlen(scenario->book);
    if (!scenario->has_book) sscanf(line, "BOOK %10[A-Z0-9]", scenario->book_symbol);
    scenario->has_book = true;
    snprintf(scenario->book + at, BOOK_BYTES - at, "\n%s", line);
}

/* Plays a step when the next begins. */
static void read_line(struct scenario *scenario, const char *line) {
    if (*line == '#' || *line == 0) return;
    if (scenario->has_book || strncmp(line, "BOOK", 4) == 0) {
        play_step(scenario);
        read_book_line(scenario, line);
    } else if (*line >= '0' && *line <= '9') {
        play_step(scenario);
        read_step(scenario, line);
    } else if (scenario->step.record && scenario->step.event_count < EVENTS_OF_A_STEP_MAX) {
        scenario->step.events[scenario->step.event_count++] = line;
    } else {
        differ(scenario, "a line that belongs to no step: %s", line);
    }
}

static void read_lines(struct scenario *scenario, FILE *file) {
    while (scenario->line_count < LINES_MAX && fgets(scenario->lines[scenario->line_count], LINE_BYTES, file) &&
           !scenario->differences) {
        char *line = scenario->lines[scenario->line_count++];
        line += strspn(line, " ");
        line[strcspn(line, "\r\n")] = 0;
        for (size_t end = strlen(line); end && line[end - 1] == ' ';) line[--end] = 0;
        read_line(scenario, line);
    }
    if (scenario->line_count == LINES_MAX) differ(scenario, "the file has more than %d lines", LINES_MAX);
}

struct tally {
    uint32_t files, failed;
    uint64_t steps, events;
};

static void play_file(const char *path, struct tally *tally) {
    static struct scenario scenario;
    FILE *file = fopen(path, "r");
    memset(&scenario, 0, sizeof scenario);
    scenario.path = path;
    scenario.time_ms = START_MS;
    scenario.partition = home_partition(TEXT("AAPL"));
    scenario.stand = stand_open();
    if (file)
        read_lines(&scenario, file);
    else
        differ(&scenario, "it cannot be read");
    if (file) fclose(file);
    if (!scenario.differences) play_step(&scenario);
    if (!scenario.differences && !scenario.steps) differ(&scenario, "there is no step in it");
    if (!scenario.differences) compare_book(&scenario);
    stand_close(scenario.stand);
    tally->files++;
    tally->failed += scenario.differences != 0;
    tally->steps += scenario.steps;
    tally->events += scenario.events;
}

static int is_shown(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static void play_all(const char *path, struct tally *tally) {
    struct dirent **entries;
    struct stat status;
    size_t bytes = strlen(path);
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        int count = scandir(path, &entries, is_shown, alphasort);
        for (int i = 0; i < count; i++) {
            char *inner = NULL;
            if (asprintf(&inner, "%s/%s", path, entries[i]->d_name) < 0) abort();
            play_all(inner, tally);
            free(inner);
            free(entries[i]);
        }
        if (count >= 0) free(entries);
    } else if (bytes > 9 && strcmp(path + bytes - 9, ".scenario") == 0) {
        play_file(path, tally);
    }
}

int main(int argc, char **argv) {
    struct tally tally = {0};
    for (int i = 1; i < argc; i++) play_all(argv[i], &tally);
    printf("%u scenarios, %" PRIu64 " steps, %" PRIu64 " events, %u scenarios differ\n", tally.files, tally.steps,
        tally.events, tally.failed);
    return tally.failed || tally.files == 0;
}
