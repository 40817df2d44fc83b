#include "bench/bench.h"
#include <stdio.h>
int bench_pipeline(int argc, char **argv)
{
    (void)argc; (void)argv;
    return 1;
}
