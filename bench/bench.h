/* The tasks of shardbook-bench. Each reads its own options from argv (argv[0] is the task's name), prints its result on
 * standard output and returns the exit code: 0 done, 1 failed or no valid measurement, 2 usage, 3 verification differs.
 */
#ifndef SHARDBOOK_BENCH_BENCH_H
#define SHARDBOOK_BENCH_BENCH_H

int bench_rest(int argc, char **argv);
int bench_market(int argc, char **argv);
int bench_pipeline(int argc, char **argv);
int bench_book(int argc, char **argv);

#endif
