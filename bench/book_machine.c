#include "bench/book_machine.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void find_processor(struct book_machine *machine) {
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");
    snprintf(machine->processor, sizeof machine->processor, "unknown");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "model name", 10) != 0) continue;
        const char *name = strchr(line, ':');
        if (name) snprintf(machine->processor, sizeof machine->processor, "%s", name + 1 + strspn(name + 1, " "));
        machine->processor[strcspn(machine->processor, "\n")] = 0;
        break;
    }
    if (file) fclose(file);
}

static bool read_word(int cache, const char *what, char word[32]) {
    char path[128];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", cache, what);
    FILE *file = fopen(path, "r");
    bool good = file && fscanf(file, "%31s", word) == 1;
    if (file) fclose(file);
    return good;
}

static void find_caches(struct book_machine *machine) {
    char level[32], type[32], size[32];
    for (int i = 0; i < BOOK_CACHES_MAX; i++) {
        if (!read_word(i, "level", level) || !read_word(i, "type", type) || !read_word(i, "size", size)) return;
        struct book_cache *cache = &machine->caches[machine->cache_count++];
        snprintf(cache->name, sizeof cache->name, "L%.2s%s", level,
            strcmp(type, "Data") == 0          ? "d"
            : strcmp(type, "Instruction") == 0 ? "i"
                                               : "");
        sscanf(size, "%ld", &cache->kib);
    }
}

struct book_machine book_machine_look(void) {
    struct book_machine machine = {.processors = sysconf(_SC_NPROCESSORS_ONLN)};
    find_processor(&machine);
    find_caches(&machine);
    return machine;
}
