/* Runs a fuzz target without a fuzzer: every file of the directories named, each also cut at every place and with every
 * byte changed in a few ways. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <string.h>

enum { FILE_BYTES_MAX = 1 << 17, CHANGED_BYTES_MAX = 600 };

/* A heap copy of exactly that size, so that a sanitizer sees every step too far. */
static void feed(const char *bytes, size_t size) {
    uint8_t *copy = malloc(size ? size : 1);
    MUST(copy);
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void feed_changed(char *bytes, size_t size) {
    static const char changes[] = {
        0, '"', '\\', '{', '}', ',', '-', '.', '9', ' ', (char)0x80, (char)0xc1, (char)0xde, (char)0xff};
    size_t limit = size < CHANGED_BYTES_MAX ? size : CHANGED_BYTES_MAX;
    for (size_t i = 0; i < limit; i++) {
        char kept = bytes[i];
        feed(bytes, i);
        for (size_t c = 0; c < sizeof changes; c++) {
            bytes[i] = changes[c];
            feed(bytes, size);
        }
        bytes[i] = kept;
    }
}

static int replay_directory(const char *path) {
    static char bytes[FILE_BYTES_MAX], file_path[4096];
    int files = 0;
    DIR *directory = opendir(path);
    if (!directory) return 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        snprintf(file_path, sizeof file_path, "%s/%s", path, entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(file_path, "rb");
        if (!file) continue;
        size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        feed(bytes, size);
        feed_changed(bytes, size);
        files++;
    }
    closedir(directory);
    return files;
}

int main(int argc, char **argv) {
    int files = 0;
    for (int i = 1; i < argc; i++) files += replay_directory(argv[i]);
    printf("%d inputs and their changes\n", files);
    return files ? 0 : 1; /* an empty corpus tests nothing */
}
