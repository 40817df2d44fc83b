#include "io/keys/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIGEST_BYTES = 32, SECRET_BYTES = 32, LINE_BYTES = 512, PATH_BYTES = 4096, PRESENTED_BYTES_MAX = 256 };

struct key {
    uint8_t digest[DIGEST_BYTES];
    struct key_owner owner;
};

struct key_table {
    struct key *keys; /* by digest, once sorted */
    size_t count, capacity;
};

struct keys {
    char *path;
    struct key_table table;
};

/* -- lines -------------------------------------------------------------------------------------------------------- */

static bool account_is_valid(const char *account, size_t bytes) {
    if (bytes == 0 || bytes >= KEY_ACCOUNT_BYTES) return false;
    for (size_t i = 0; i < bytes; i++)
        if ((unsigned char)account[i] < 0x20 || account[i] == 0x7f || account[i] == ':') return false;
    return account[0] != '#' && account[0] != ' ' && account[bytes - 1] != ' ';
}

static bool id_is_valid(const char *id, size_t bytes) {
    return bytes > 0 && bytes < KEY_ID_BYTES && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") >= bytes;
}

static int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

static bool digest_parse(const char *hex, uint8_t digest[DIGEST_BYTES]) {
    if (strlen(hex) != 2 * DIGEST_BYTES) return false;
    for (int i = 0; i < DIGEST_BYTES; i++) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        digest[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool line_parse(const char *line, struct key *key) {
    const char *first = strchr(line, ':'), *second = first ? strchr(first + 1, ':') : NULL;
    *key = (struct key){0};
    if (!second || !account_is_valid(line, (size_t)(first - line)) ||
        !id_is_valid(first + 1, (size_t)(second - first - 1)) || !digest_parse(second + 1, key->digest))
        return false;
    memcpy(key->owner.account, line, (size_t)(first - line));
    memcpy(key->owner.id, first + 1, (size_t)(second - first - 1));
    return true;
}

static bool table_add(struct key_table *table, const struct key *key) {
    if (table->count == table->capacity) {
        size_t capacity = table->capacity ? table->capacity * 2 : 16;
        struct key *keys = realloc(table->keys, capacity * sizeof *keys);
        if (!keys) return false;
        table->keys = keys;
        table->capacity = capacity;
    }
    table->keys[table->count++] = *key;
    return true;
}

/* Reads the lines; a status. */
static int read_lines(FILE *file, const char *path, struct key_table *table, char *problem, size_t problem_bytes) {
    char line[LINE_BYTES];
    struct key key;
    for (int number = 1; fgets(line, sizeof line, file); number++) {
        size_t bytes = strcspn(line, "\r\n");
        bool complete = line[bytes] != 0 || feof(file);
        line[bytes] = 0;
        if (complete && (*line == 0 || *line == '#')) continue;
        if (!complete || !line_parse(line, &key)) {
            snprintf(problem, problem_bytes,
                "%s:%d: no account:key-id:sha256; take the line out, or make keys with: shardbookctl key create", path,
                number);
            return STATUS_INVALID;
        }
        if (table->count >= KEYS_MAX) {
            snprintf(problem, problem_bytes, "%s: more than %d keys; revoke some", path, KEYS_MAX);
            return STATUS_INVALID;
        }
        if (!table_add(table, &key)) return STATUS_NO_MEMORY;
    }
    if (!ferror(file)) return STATUS_OK;
    snprintf(problem, problem_bytes, "cannot read %s: %s", path, strerror(errno));
    return STATUS_AWAY;
}

static int table_read(const char *path, struct key_table *table, char *problem, size_t problem_bytes) {
    *table = (struct key_table){0};
    FILE *file = fopen(path, "re");
    if (!file) {
        snprintf(problem, problem_bytes,
            "cannot read the API keys in %s: %s; make one with: shardbookctl key create --account NAME --file %s", path,
            strerror(errno), path);
        return STATUS_AWAY;
    }
    int status = read_lines(file, path, table, problem, problem_bytes);
    fclose(file);
    if (status == STATUS_NO_MEMORY) snprintf(problem, problem_bytes, "no memory for the keys of %s", path);
    if (status != STATUS_OK) {
        free(table->keys);
        *table = (struct key_table){0};
    }
    return status;
}

/* -- finding ------------------------------------------------------------------------------------------------------ */

static int by_digest(const void *a, const void *b) {
    return memcmp(((const struct key *)a)->digest, ((const struct key *)b)->digest, DIGEST_BYTES);
}

static bool digest_of(struct text secret, uint8_t digest[DIGEST_BYTES]) {
    size_t bytes;
    return EVP_Q_digest(NULL, "SHA256", NULL, secret.data, secret.size, digest, &bytes) == 1 && bytes == DIGEST_BYTES;
}

static uint64_t digest_head(const uint8_t *digest) {
    uint64_t head = 0;
    for (int i = 0; i < 8; i++) head = head << 8 | digest[i];
    return head;
}

/* The first key whose digest begins with `head` or more. */
static size_t lower_bound(const struct key_table *table, uint64_t head) {
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (digest_head(table->keys[middle].digest) < head)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The search looks at eight bytes of a hash, from which nobody finds a key; all 32 are then compared in constant time.
 */
bool keys_find(const struct keys *keys, struct text presented, struct key_owner *owner) {
    uint8_t digest[DIGEST_BYTES];
    if (presented.size == 0 || presented.size > PRESENTED_BYTES_MAX || !digest_of(presented, digest)) return false;
    uint64_t head = digest_head(digest);
    for (size_t i = lower_bound(&keys->table, head);
        i < keys->table.count && digest_head(keys->table.keys[i].digest) == head; i++)
        if (CRYPTO_memcmp(keys->table.keys[i].digest, digest, DIGEST_BYTES) == 0) {
            *owner = keys->table.keys[i].owner;
            return true;
        }
    return false;
}

int keys_reload(struct keys *keys, char *problem, size_t problem_bytes) {
    struct key_table table;
    int status = table_read(keys->path, &table, problem, problem_bytes);
    if (status != STATUS_OK) return status;
    if (table.count > 1) qsort(table.keys, table.count, sizeof *table.keys, by_digest);
    free(keys->table.keys);
    keys->table = table;
    return STATUS_OK;
}

struct keys *keys_open(const char *path, int *status, char *problem, size_t problem_bytes) {
    struct keys *keys = calloc(1, sizeof *keys);
    *status = STATUS_NO_MEMORY;
    snprintf(problem, problem_bytes, "no memory for API keys");
    if (!keys) return NULL;
    keys->path = strdup(path);
    if (keys->path) *status = keys_reload(keys, problem, problem_bytes);
    if (*status == STATUS_OK) return keys;
    keys_close(keys);
    return NULL;
}

void keys_close(struct keys *keys) {
    free(keys->table.keys);
    free(keys->path);
    free(keys);
}

size_t keys_count(const struct keys *keys) { return keys->table.count; }

/* -- changing ----------------------------------------------------------------------------------------------------- */

/* Holds PATH.lock until closed; -1 with the reason in problem. */
static int lock_file(const char *path, char *problem, size_t problem_bytes) {
    char lock[PATH_BYTES];
    if (snprintf(lock, sizeof lock, "%s.lock", path) >= (int)sizeof lock) {
        snprintf(problem, problem_bytes, "the path of the key file is too long");
        return -1;
    }
    int fd = open(lock, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX) == 0) return fd;
    snprintf(problem, problem_bytes, "cannot lock %s: %s", lock, strerror(errno));
    if (fd >= 0) close(fd);
    return -1;
}

/* Copies the lines of `from` (NULL: none) but the one whose key has the id `without` (NULL: all). */
static bool copy_lines(FILE *from, FILE *to, const char *without) {
    char line[LINE_BYTES], bare[LINE_BYTES];
    struct key key;
    while (from && fgets(line, sizeof line, from)) {
        snprintf(bare, sizeof bare, "%.*s", (int)strcspn(line, "\r\n"), line);
        if (without && line_parse(bare, &key) && strcmp(key.owner.id, without) == 0) continue;
        if (fprintf(to, "%s\n", bare) < 0) return false;
    }
    return !from || !ferror(from);
}

static bool write_key(FILE *file, const struct key *key) {
    fprintf(file, "%s:%s:", key->owner.account, key->owner.id);
    for (int i = 0; i < DIGEST_BYTES; i++) fprintf(file, "%02x", key->digest[i]);
    return fputc('\n', file) != EOF;
}

/* A new file at `temporary` with the owner and mode of the old one, else 0600. */
static FILE *open_new(const char *temporary, const char *path) {
    struct stat old;
    bool had_one = stat(path, &old) == 0;
    int fd = open(temporary, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) return NULL;
    if (had_one &&
        ((fchown(fd, old.st_uid, old.st_gid) != 0 && errno != EPERM) || fchmod(fd, old.st_mode & 0660) != 0)) {
        close(fd);
        return NULL;
    }
    return fdopen(fd, "w");
}

/* Writes the old lines without one key and with another to a new file and puts it in the old one's place. */
static int replace_file(
    const char *path, const char *without, const struct key *with, char *problem, size_t problem_bytes) {
    char temporary[PATH_BYTES + 8];
    snprintf(temporary, sizeof temporary, "%s.new", path);
    FILE *from = fopen(path, "re"), *to = open_new(temporary, path);
    bool ok = to && copy_lines(from, to, without) && (!with || write_key(to, with)) && fflush(to) == 0 &&
              fsync(fileno(to)) == 0;
    if (from) fclose(from);
    if (to && fclose(to) != 0) ok = false;
    if (ok && rename(temporary, path) == 0) return STATUS_OK;
    snprintf(problem, problem_bytes, "cannot write %s: %s", path, strerror(errno));
    unlink(temporary);
    return STATUS_AWAY;
}

/* 43 characters of base64url for 32 random bytes. */
static bool make_secret(char key[KEY_TEXT_BYTES]) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint8_t bytes[SECRET_BYTES + 1] = {0};
    if (RAND_priv_bytes(bytes, SECRET_BYTES) != 1) return false;
    for (int i = 0; i < KEY_TEXT_BYTES - 1; i++) {
        int bit = i * 6;
        unsigned pair = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];
        key[i] = letters[pair >> (10 - bit % 8) & 63];
    }
    key[KEY_TEXT_BYTES - 1] = 0;
    OPENSSL_cleanse(bytes, sizeof bytes);
    return true;
}

static bool id_is_taken(const struct key_table *table, const char *id) {
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->keys[i].owner.id, id) == 0) return true;
    return false;
}

static bool make_id(const struct key_table *table, char id[KEY_ID_BYTES]) {
    uint8_t bytes[5];
    do {
        if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
        snprintf(id, KEY_ID_BYTES, "%02x%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4]);
    } while (id_is_taken(table, id));
    return true;
}

/* The table of a file that may not be there yet. */
static int read_old(const char *path, struct key_table *table, char *problem, size_t problem_bytes) {
    *table = (struct key_table){0};
    return access(path, F_OK) != 0 && errno == ENOENT ? STATUS_OK : table_read(path, table, problem, problem_bytes);
}

static int create_locked(
    const char *path, struct key *key, char secret[KEY_TEXT_BYTES], char *problem, size_t problem_bytes) {
    struct key_table table;
    int status = read_old(path, &table, problem, problem_bytes);
    if (status != STATUS_OK) return status;
    bool made = table.count < KEYS_MAX && make_id(&table, key->owner.id) && make_secret(secret) &&
                digest_of((struct text){secret, KEY_TEXT_BYTES - 1}, key->digest);
    if (!made)
        snprintf(problem, problem_bytes,
            table.count >= KEYS_MAX ? "the file is full; revoke some keys" : "no random numbers to be had");
    free(table.keys);
    return made ? replace_file(path, NULL, key, problem, problem_bytes) : STATUS_REFUSED;
}

int keys_create(const char *path, struct text account, char secret[KEY_TEXT_BYTES], struct key_owner *owner,
    char *problem, size_t problem_bytes) {
    struct key key = {0};
    if (!account_is_valid(account.data, account.size)) {
        snprintf(problem, problem_bytes, "an account is 1 to 64 printable bytes without a colon");
        return STATUS_INVALID;
    }
    memcpy(key.owner.account, account.data, account.size);
    int lock = lock_file(path, problem, problem_bytes);
    if (lock < 0) return STATUS_AWAY;
    int status = create_locked(path, &key, secret, problem, problem_bytes);
    close(lock);
    *owner = key.owner;
    return status;
}

static int revoke_locked(
    const char *path, const char *id, struct key_owner *owner, char *problem, size_t problem_bytes) {
    struct key_table table;
    int status = table_read(path, &table, problem, problem_bytes);
    if (status != STATUS_OK) return status;
    status = STATUS_EMPTY;
    for (size_t i = 0; i < table.count; i++)
        if (strcmp(table.keys[i].owner.id, id) == 0) {
            *owner = table.keys[i].owner;
            status = STATUS_OK;
        }
    free(table.keys);
    if (status == STATUS_OK) return replace_file(path, id, NULL, problem, problem_bytes);
    snprintf(problem, problem_bytes, "no key has the id %s; shardbookctl key list shows them", id);
    return status;
}

int keys_revoke(const char *path, struct text id, struct key_owner *owner, char *problem, size_t problem_bytes) {
    char wanted[KEY_ID_BYTES];
    if (id.size == 0 || id.size >= KEY_ID_BYTES) {
        snprintf(problem, problem_bytes, "a key id has 1 to %d characters; shardbookctl key list shows them",
            KEY_ID_BYTES - 1);
        return STATUS_INVALID;
    }
    snprintf(wanted, sizeof wanted, "%.*s", (int)id.size, id.data);
    int lock = lock_file(path, problem, problem_bytes);
    if (lock < 0) return STATUS_AWAY;
    int status = revoke_locked(path, wanted, owner, problem, problem_bytes);
    close(lock);
    return status;
}

int keys_list(const char *path, void (*on_key)(void *context, const struct key_owner *owner), void *context,
    char *problem, size_t problem_bytes) {
    struct key_table table;
    int status = table_read(path, &table, problem, problem_bytes);
    for (size_t i = 0; status == STATUS_OK && i < table.count; i++) on_key(context, &table.keys[i].owner);
    if (status == STATUS_OK) free(table.keys);
    return status;
}
