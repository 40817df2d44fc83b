/* Plays every rule of a folder: NAME.txt, in the words of scenario.h. Says which differ, and where.
 *
 *   rules FOLDER [NAME.txt...] */
#include "tests/core/scenario.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 4096, LINE_BYTES = 512 };

struct rule {
    char text[LINES_MAX][LINE_BYTES];
    const char *lines[LINES_MAX + 1];
    int count;
};

/* Comments and empty lines are left out, indents and line ends taken off. */
static void add_line(struct rule *rule, char *line) {
    line[strcspn(line, "\r\n")] = 0;
    line += strspn(line, " ");
    if (*line == 0 || *line == '#') return;
    snprintf(rule->text[rule->count], LINE_BYTES, "%s", line);
    rule->lines[rule->count] = rule->text[rule->count];
    rule->lines[++rule->count] = NULL;
}

static bool read_rule(const char *path, struct rule *rule) {
    char line[LINE_BYTES];
    FILE *file = fopen(path, "r");
    rule->count = 0;
    while (file && rule->count < LINES_MAX && fgets(line, sizeof line, file)) add_line(rule, line);
    if (file) fclose(file);
    return rule->count > 0;
}

static bool plays(const char *folder, const char *name) {
    static struct rule rule;
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    const char *difference = read_rule(path, &rule) ? scenario_play(rule.lines) : "there is no rule in it";
    if (difference) fprintf(stderr, "%s: %s\n", path, difference);
    return !difference;
}

static int is_rule(const struct dirent *entry) {
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".txt") == 0;
}

static int play_all(const char *folder) {
    struct dirent **entries;
    int count = scandir(folder, &entries, is_rule, alphasort), failed = 0;
    for (int i = 0; i < count; i++) {
        failed += !plays(folder, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0) free(entries);
    printf("%d rules, %d differ\n", count < 0 ? 0 : count, failed);
    return failed || count <= 0;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "which folder? For instance tests/core/rules\n");
        return 2;
    }
    if (argc == 2) return play_all(argv[1]);
    int failed = 0;
    for (int i = 2; i < argc; i++) failed += !plays(argv[1], argv[i]);
    return failed != 0;
}
