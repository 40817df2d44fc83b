/* What the command groups of shardbookctl share. Results go to standard output, progress and complaints to standard
 * error. */
#ifndef SHARDBOOK_OPS_CTL_H
#define SHARDBOOK_OPS_CTL_H

#include "core/command.h"
#include "core/partition.h"
#include "io/configuration/configuration.h"
#include "io/configuration/valkey_options.h"
#include "io/kafka/settings.h"

#include <stdbool.h>
#include <stddef.h>

enum { CTL_DONE = 0, CTL_FAILED = 1, CTL_USAGE = 2 };

struct ctl {
    const struct configuration *configuration;
    struct kafka_settings kafka;
    struct valkey_options valkey;
    bool json;     /* --json */
    bool terminal; /* progress may be shown */
};

/* Each runs one command and returns the exit code. `words` are the arguments behind the command's name. */
int ctl_topics_ensure(struct ctl *ctl, const char *const *words, size_t count);
int ctl_key_create(struct ctl *ctl, const char *const *words, size_t count);
int ctl_key_list(struct ctl *ctl, const char *const *words, size_t count);
int ctl_key_revoke(struct ctl *ctl, const char *const *words, size_t count);
int ctl_route_get(struct ctl *ctl, const char *const *words, size_t count);
int ctl_route_set(struct ctl *ctl, const char *const *words, size_t count);
int ctl_route_repair(struct ctl *ctl, const char *const *words, size_t count);
int ctl_symbol_move(struct ctl *ctl, const char *const *words, size_t count);
int ctl_symbol_move_status(struct ctl *ctl, const char *const *words, size_t count);
int ctl_symbol_move_cancel(struct ctl *ctl, const char *const *words, size_t count);
int ctl_symbol_list(struct ctl *ctl, const char *const *words, size_t count);
int ctl_symbol_listing(struct ctl *ctl, const char *const *words, size_t count);
int ctl_symbol_add(struct ctl *ctl, const char *const *words, size_t count);
int ctl_symbol_halt(struct ctl *ctl, const char *const *words, size_t count);
int ctl_symbol_resume(struct ctl *ctl, const char *const *words, size_t count);
int ctl_symbol_auction(struct ctl *ctl, const char *const *words, size_t count);
int ctl_symbol_close(struct ctl *ctl, const char *const *words, size_t count);
int ctl_user_cancel_all(struct ctl *ctl, const char *const *words, size_t count);
int ctl_user_block(struct ctl *ctl, const char *const *words, size_t count);
int ctl_user_unblock(struct ctl *ctl, const char *const *words, size_t count);
int ctl_lag(struct ctl *ctl, const char *const *words, size_t count);
int ctl_trace(struct ctl *ctl, const char *const *words, size_t count);

/* "shardbookctl: ..." on standard error; returns `code`. */
int ctl_complain(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line of progress on standard error, on a terminal only. */
void ctl_progress(const struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The symbol in `word`, or a complaint and false. */
bool ctl_symbol(const char *word, struct text *symbol);

/* Prints a quoted JSON string. */
void ctl_print_text(struct text text);

#endif
