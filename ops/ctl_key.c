#include "ops/ctl.h"

#include "io/keys/keys.h"

#include <stdio.h>

static bool key_file(const struct ctl *ctl, const char **path) {
    *path = configuration_text(ctl->configuration, "file");
    if (!*path) ctl_complain(CTL_USAGE, "say which file of API keys: --file FILE (or SHARDBOOK_API_KEYS)");
    return *path != NULL;
}

int ctl_key_create(struct ctl *ctl, const char *const *words, size_t count) {
    const char *path, *account = configuration_text(ctl->configuration, "account");
    char key[KEY_TEXT_BYTES], problem[512];
    struct key_owner owner;
    (void)words;
    (void)count;
    if (!key_file(ctl, &path)) return CTL_USAGE;
    if (!account) return ctl_complain(CTL_USAGE, "say whose key: --account NAME");
    int status = keys_create(path, text_of(account), key, &owner, problem, sizeof problem);
    if (status != STATUS_OK) return ctl_complain(status == STATUS_INVALID ? CTL_USAGE : CTL_FAILED, "%s", problem);
    if (!ctl->json) {
        printf("%s\n", key);
        ctl_progress(ctl, "key %s of account %s; it is shown this once. Running programs take it up on SIGHUP.",
            owner.id, owner.account);
        return CTL_DONE;
    }
    printf("{\"schema\":\"shardbook.key/1\",\"account\":");
    ctl_print_text(text_of(owner.account));
    printf(",\"keyId\":\"%s\",\"key\":\"%s\"}\n", owner.id, key);
    return CTL_DONE;
}

struct listing {
    const struct ctl *ctl;
    int printed;
};

static void on_key(void *context, const struct key_owner *owner) {
    struct listing *listing = context;
    if (!listing->ctl->json) {
        printf("%-12s %s\n", owner->id, owner->account);
        return;
    }
    printf("%s{\"keyId\":\"%s\",\"account\":", listing->printed++ ? "," : "", owner->id);
    ctl_print_text(text_of(owner->account));
    putchar('}');
}

int ctl_key_list(struct ctl *ctl, const char *const *words, size_t count) {
    const char *path;
    char problem[512];
    struct listing listing = {.ctl = ctl};
    (void)words;
    (void)count;
    if (!key_file(ctl, &path)) return CTL_USAGE;
    if (ctl->json) printf("{\"schema\":\"shardbook.keys/1\",\"keys\":[");
    int status = keys_list(path, on_key, &listing, problem, sizeof problem);
    if (ctl->json) printf("]}\n");
    return status == STATUS_OK ? CTL_DONE : ctl_complain(CTL_FAILED, "%s", problem);
}

int ctl_key_revoke(struct ctl *ctl, const char *const *words, size_t count) {
    const char *path;
    char problem[512];
    struct key_owner owner;
    (void)count;
    if (!key_file(ctl, &path)) return CTL_USAGE;
    int status = keys_revoke(path, text_of(words[0]), &owner, problem, sizeof problem);
    if (status != STATUS_OK) return ctl_complain(CTL_FAILED, "%s", problem);
    if (!ctl->json) {
        printf("revoked key %s of account %s\n", owner.id, owner.account);
        return CTL_DONE;
    }
    printf("{\"schema\":\"shardbook.key/1\",\"account\":");
    ctl_print_text(text_of(owner.account));
    printf(",\"keyId\":\"%s\",\"revoked\":true}\n", owner.id);
    return CTL_DONE;
}
