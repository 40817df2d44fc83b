#include "bench/reference/ledger.h"

#include "core/limits.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES_MAX = 2 + 2 * ID_BYTES_MAX };

static size_t make_key(enum ledger_kind kind, struct text account, struct text id, char key[KEY_BYTES_MAX]) {
    key[0] = (char)kind;
    if (account.size) memcpy(key + 1, account.data, account.size);
    key[1 + account.size] = 0;
    memcpy(key + 2 + account.size, id.data, id.size);
    return 2 + account.size + id.size;
}

static void forget_oldest(struct ledger *ledger) {
    struct ledger_note *note = ledger->oldest;
    ledger->oldest = note->next;
    if (!ledger->oldest) ledger->newest = NULL;
    if (note->again) {
        note->again->last = note->last;
        dictionary_put(&ledger->notes, note->bytes, note->key_bytes, note->again);
    } else {
        dictionary_remove(&ledger->notes, note->bytes, note->key_bytes);
    }
    free(note);
}

void ledger_deinit(struct ledger *ledger) {
    while (ledger->oldest) forget_oldest(ledger);
    dictionary_deinit(&ledger->notes);
}

void ledger_move(struct ledger *ledger, int64_t offset, int64_t time_ms) {
    while (ledger->oldest && (time_ms - ledger->oldest->time_ms > REPEAT_WINDOW_MS ||
                                 offset - ledger->oldest->offset > REPEAT_WINDOW_RECORDS))
        forget_oldest(ledger);
}

const struct ledger_note *ledger_find(
    const struct ledger *ledger, enum ledger_kind kind, struct text account, struct text id) {
    char key[KEY_BYTES_MAX];
    return dictionary_find(&ledger->notes, key, make_key(kind, account, id, key));
}

static void put_behind(struct ledger *ledger, struct ledger_note *note) {
    struct ledger_note *oldest = dictionary_find(&ledger->notes, note->bytes, note->key_bytes);
    if (oldest) {
        oldest->last->again = note;
        oldest->last = note;
    } else {
        note->last = note;
        dictionary_put(&ledger->notes, note->bytes, note->key_bytes, note);
    }
}

void ledger_write(struct ledger *ledger, enum ledger_kind kind, struct text account, struct text id, int64_t offset,
    int64_t time_ms, struct text content, struct text original) {
    char key[KEY_BYTES_MAX];
    size_t key_bytes = make_key(kind, account, id, key);
    struct ledger_note *note = reference_allocate(sizeof *note + key_bytes + content.size + original.size);
    note->offset = offset;
    note->time_ms = time_ms;
    note->key_bytes = key_bytes;
    note->content_bytes = content.size;
    note->original_bytes = original.size;
    memcpy(note->bytes, key, key_bytes);
    if (content.size) memcpy(note->bytes + key_bytes, content.data, content.size);
    if (original.size) memcpy(note->bytes + key_bytes + content.size, original.data, original.size);
    if (ledger->newest)
        ledger->newest->next = note;
    else
        ledger->oldest = note;
    ledger->newest = note;
    put_behind(ledger, note);
}

bool ledger_says(const struct ledger_note *note, struct text content) {
    return note->content_bytes == content.size &&
           memcmp(note->bytes + note->key_bytes, content.data, content.size) == 0;
}

struct text ledger_original(const struct ledger_note *note) {
    return (struct text){note->bytes + note->key_bytes + note->content_bytes, (uint32_t)note->original_bytes};
}
