#include "core/check.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void check_failed(const char *file, int line, const char *words) {
    fprintf(stderr, "%s:%d: the program is wrong and stops: %s\n", file, line, words);
    abort();
}
