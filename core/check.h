/* Always-on checks: what can only be false if the program is wrong, or if memory that was promised is not there. */
#ifndef SHARDBOOK_CORE_CHECK_H
#define SHARDBOOK_CORE_CHECK_H

/* Prints its last words to stderr and aborts; a restart replays the log. Any thread. */
_Noreturn void check_failed(const char *file, int line, const char *words);

/* Stays in release builds. `words` says what is wrong, for who reads the log. */
#define CHECK(condition, words)                                                                                        \
    do {                                                                                                               \
        if (__builtin_expect(!(condition), 0)) check_failed(__FILE__, __LINE__, words);                                \
    } while (0)

#endif
