#include "io/keys/keys.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/keys_test_XXXXXX";
static char path[64], problem[512];

static void setup(void) {
    cr_assert(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/api-keys", directory);
}

static void teardown(void) {
    char command[160];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    cr_assert_eq(system(command), 0);
}

TestSuite(keys, .init = setup, .fini = teardown);

static void write_file(const char *text) {
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
}

static char *read_file(char *text, size_t bytes) {
    FILE *file = fopen(path, "r");
    text[fread(text, 1, bytes - 1, file)] = 0;
    fclose(file);
    return text;
}

Test(keys, created_found_reloaded_and_revoked) {
    char first[KEY_TEXT_BYTES], second[KEY_TEXT_BYTES];
    struct key_owner owner, owner2, found;
    int status;
    cr_assert_eq(keys_create(path, TEXT("user123"), first, &owner, problem, sizeof problem), STATUS_OK);
    cr_assert_eq(strlen(first), 43);
    cr_assert_eq(strspn(first, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
    struct stat made;
    cr_assert_eq(stat(path, &made), 0);
    cr_assert_eq(made.st_mode & 0777, 0600);

    struct keys *keys = keys_open(path, &status, problem, sizeof problem);
    cr_assert(keys, "%s", problem);
    cr_assert(keys_find(keys, text_of(first), &found));
    cr_assert_str_eq(found.account, "user123");
    cr_assert_str_eq(found.id, owner.id);
    first[0] ^= 1;
    cr_assert_not(keys_find(keys, text_of(first), &found));
    first[0] ^= 1;
    cr_assert_not(keys_find(keys, TEXT_NONE, &found));

    cr_assert_eq(keys_create(path, TEXT("user456"), second, &owner2, problem, sizeof problem), STATUS_OK);
    cr_assert_str_neq(first, second);
    cr_assert_not(keys_find(keys, text_of(second), &found));
    cr_assert_eq(keys_reload(keys, problem, sizeof problem), STATUS_OK);
    cr_assert(keys_find(keys, text_of(second), &found));
    cr_assert_str_eq(found.account, "user456");
    cr_assert_eq(keys_count(keys), 2);

    cr_assert_eq(keys_revoke(path, text_of(owner.id), &found, problem, sizeof problem), STATUS_OK);
    cr_assert_str_eq(found.account, "user123");
    cr_assert_eq(keys_revoke(path, text_of(owner.id), &found, problem, sizeof problem), STATUS_EMPTY);
    cr_assert_eq(keys_reload(keys, problem, sizeof problem), STATUS_OK);
    cr_assert_not(keys_find(keys, text_of(first), &found));
    cr_assert(keys_find(keys, text_of(second), &found));
    keys_close(keys);
}

Test(keys, known_hash_remarks_and_mode_are_kept) {
    struct key_owner owner, found;
    char key[KEY_TEXT_BYTES], text[1024];
    int status;
    write_file("# ours\n\nuser123:demo:d5a0d5f1f7b0a4a2a0a3a1f6d1b5c9f2f5e0c7a1b3d9e8f7a6b5c4d3e2f1a0b9\n");
    cr_assert_eq(chmod(path, 0640), 0);
    cr_assert_eq(keys_create(path, TEXT("b@c d"), key, &owner, problem, sizeof problem), STATUS_OK, "%s", problem);
    struct stat kept;
    cr_assert_eq(stat(path, &kept), 0);
    cr_assert_eq(kept.st_mode & 0777, 0640);
    cr_assert(strstr(read_file(text, sizeof text), "# ours\n\nuser123:demo:d5a0"));
    cr_assert_null(strstr(text, key), "the key itself is kept nowhere");

    write_file("user123:abc:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\n"); /* SHA-256 of foo */
    struct keys *keys = keys_open(path, &status, problem, sizeof problem);
    cr_assert(keys_find(keys, TEXT("foo"), &found));
    cr_assert_str_eq(found.id, "abc");
    keys_close(keys);
}

Test(keys, a_bad_file_is_refused_and_the_old_keys_stay) {
    static const char *const bad[] = {"user123\n", "user123:abc\n",
        ":abc:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\n",
        "u:ABC:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\n",
        "u:abc:2C26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\n",
        "u:abc:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7\n",
        "u:abc:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae:x\n"};
    struct key_owner found;
    int status;
    write_file("user123:abc:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\n");
    struct keys *keys = keys_open(path, &status, problem, sizeof problem);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_file(bad[i]);
        cr_assert_eq(keys_reload(keys, problem, sizeof problem), STATUS_INVALID, "%s", bad[i]);
        cr_assert(strstr(problem, ":1: no account:key-id:sha256"));
        cr_assert(keys_find(keys, TEXT("foo"), &found));
    }
    unlink(path);
    cr_assert_eq(keys_reload(keys, problem, sizeof problem), STATUS_AWAY);
    cr_assert(keys_find(keys, TEXT("foo"), &found));
    keys_close(keys);
    cr_assert_null(keys_open(path, &status, problem, sizeof problem));
    cr_assert_eq(status, STATUS_AWAY);
    cr_assert(strstr(problem, "shardbookctl key create"));
}

Test(keys, accounts) {
    struct key_owner owner;
    char key[KEY_TEXT_BYTES];
    static const char *const bad[] = {
        "", "a:b", "a\nb", "#a", " a", "a ", "12345678901234567890123456789012345678901234567890123456789012345"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_eq(
            keys_create(path, text_of(bad[i]), key, &owner, problem, sizeof problem), STATUS_INVALID, "%s", bad[i]);
    cr_assert_neq(access(path, F_OK), 0);
}

static void count_key(void *context, const struct key_owner *owner) {
    cr_assert_eq(strncmp(owner->account, "user", 4), 0);
    ++*(int *)context;
}

Test(keys, many) {
    struct key_owner owner, found;
    char keys_made[200][KEY_TEXT_BYTES];
    char account[16];
    int status, listed = 0;
    for (int i = 0; i < 200; i++) {
        snprintf(account, sizeof account, "user%d", i);
        cr_assert_eq(keys_create(path, text_of(account), keys_made[i], &owner, problem, sizeof problem), STATUS_OK);
    }
    struct keys *keys = keys_open(path, &status, problem, sizeof problem);
    for (int i = 0; i < 200; i++) {
        snprintf(account, sizeof account, "user%d", i);
        cr_assert(keys_find(keys, text_of(keys_made[i]), &found));
        cr_assert_str_eq(found.account, account);
    }
    cr_assert_eq(keys_list(path, count_key, &listed, problem, sizeof problem), STATUS_OK);
    cr_assert_eq(listed, 200);
    keys_close(keys);
}
