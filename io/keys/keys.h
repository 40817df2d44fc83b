/* API keys: who may act as which account.
 *
 * The file has one key on each line, `account:key-id:sha256` (the id 1 to 32 of a-z 0-9 -, the SHA-256 of the key as 64
 * lower-case hex digits); empty lines and lines beginning with # are skipped. The account is 1 to 64 bytes of printable
 * UTF-8 without a colon. An account may have several keys. The key itself, 256 random bits as 43 characters of
 * base64url, is printed once when it is made and kept nowhere: a hash of something so random needs no salt. Changes are
 * written to a new file, which then takes the old one's place. */
#ifndef SHARDBOOK_IO_KEYS_KEYS_H
#define SHARDBOOK_IO_KEYS_KEYS_H

#include "core/status.h"
#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KEY_ACCOUNT_BYTES = 65, KEY_ID_BYTES = 33, KEY_TEXT_BYTES = 44, KEYS_MAX = 100000 }; /* with the ending 0 */

struct key_owner {
    char account[KEY_ACCOUNT_BYTES];
    char id[KEY_ID_BYTES];
};

/* The keys of a file, held by one thread; each thread that asks has its own. */
struct keys;

/* Reads the file. NULL with the reason and how to mend it in problem, *status INVALID (a line is wrong), AWAY (cannot
 * be read), NO_MEMORY. */
struct keys *keys_open(const char *path, int *status, char *problem, size_t problem_bytes);
void keys_close(struct keys *keys);

/* Reads the file again; what is held stays as it is unless STATUS_OK. Statuses as keys_open. */
int keys_reload(struct keys *keys, char *problem, size_t problem_bytes);

size_t keys_count(const struct keys *keys);

/* Whose key this is; false: nobody's. *owner is filled only if true. The hash is compared in a time that does not
 * depend on where it differs. */
bool keys_find(const struct keys *keys, struct text presented, struct key_owner *owner);

/* What follows is for shardbookctl. All return a status with the reason in problem; one process at a time changes a
 * file (the others wait for its lock). */

/* Makes a key for an account; writes its text, which is nowhere else, and its id. The file is made, mode 0600, if it is
 * not there. */
int keys_create(const char *path, struct text account, char key[KEY_TEXT_BYTES], struct key_owner *owner, char *problem,
    size_t problem_bytes);

/* Takes a key away. STATUS_EMPTY: no key has this id. */
int keys_revoke(const char *path, struct text id, struct key_owner *owner, char *problem, size_t problem_bytes);

/* Calls for each key, in the order of the file. */
int keys_list(const char *path, void (*on_key)(void *context, const struct key_owner *owner), void *context,
    char *problem, size_t problem_bytes);

#endif
