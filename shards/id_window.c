#include "shards/id_window.h"

#include "core/short_text.h"
#include "core/status.h"
#include "shards/table_memory.h"

#include <assert.h>
#include <stddef.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { RECORD_UNIT = 8, REFERENCE_UNIT = 4, AHEAD_BYTES = 256 /* of what comes next, to be fetched */ };
enum { BYTES_MIN = 4096, CHUNKS_MIN = 2, KEYS_PER_CHUNK = 7 /* at most, on average */, HASH_BITS = 32 };

static_assert(sizeof(struct id_chunk) == 64, "an index chunk is a cache line");
static_assert(offsetof(struct id_record, links) == 20 && sizeof(struct id_link) == 12, "records are dense");
static_assert(1 + ID_KEY_PARTS * (ID_BYTES_MAX + 1) <= UINT8_MAX, "a key's text may be longer than a link says");

void id_window_deinit(struct id_window *window) {
    table_memory_free(window->bytes, window->capacity);
    table_memory_free(window->chunks, window->chunk_count * sizeof *window->chunks);
    *window = (struct id_window){0};
}

/* ---- records --------------------------------------------------------------------------------------------- */

static char *at_position(const struct id_window *window, uint64_t position) {
    return window->bytes + (position & (window->capacity - 1));
}

static struct id_record *record_at(const struct id_window *window, uint64_t position) {
    return (struct id_record *)at_position(window, position);
}

static uint32_t reference_of(uint64_t record_position, uint32_t number) {
    uint64_t position = record_position + offsetof(struct id_record, links) + number * sizeof(struct id_link);
    return (uint32_t)(position / REFERENCE_UNIT);
}

static struct id_link *link_of(const struct id_window *window, uint32_t reference) {
    uint64_t first = window->first / REFERENCE_UNIT;
    return (struct id_link *)at_position(window, (first + (uint32_t)(reference - (uint32_t)first)) * REFERENCE_UNIT);
}

static uint64_t next_record(const struct id_window *window, uint64_t position) {
    return position + (uint64_t)record_at(window, position)->units * RECORD_UNIT;
}

static uint64_t origin_of(const struct id_record *record) {
    uint64_t origin = 0;
    if (record->has_origin) memcpy(&origin, &record->links[record->link_count], sizeof origin);
    return origin;
}

static const struct id_record *record_of(const struct id_link *link) {
    return (const struct id_record *)((const char *)(link - link->number) - offsetof(struct id_record, links));
}

/* ---- keys: stored as the kind, then each part with a NUL behind it; parts hold no NUL ---------------------- */

struct id_key id_key_of(char kind, struct text first, struct text second, struct text third) {
    const struct text parts[ID_KEY_PARTS] = {first, second, third};
    struct id_key key = id_key_begin(kind);
    for (int i = 0; i < ID_KEY_PARTS && parts[i].size; i++) id_key_add(&key, parts[i], rolling_id(parts[i]));
    return key;
}

static inline char *key_write(const struct id_key *key, char *at) {
    *at++ = key->kind;
    for (int i = 0; i < key->count; i++) {
        at = short_put(at, key->parts[i]);
        *at++ = 0;
    }
    return at;
}

static const char *text_of_link(const struct id_link *link) { return (const char *)record_of(link) + link->text_from; }

static bool key_is(const struct id_key *key, const struct id_link *link) {
    if (link->hash != key->hash || link->text_bytes != key->bytes) return false;
    const char *at = text_of_link(link);
    if (*at++ != key->kind) return false;
    for (int i = 0; i < key->count; i++) {
        uint32_t size = key->parts[i].size;
        if (!short_equal(at, key->parts[i].data, size) || at[size] != 0) return false;
        at += size + 1;
    }
    return true;
}

struct text id_record_own_id(const struct id_record *record) {
    const char *first = text_of_link(&record->links[0]) + 1;
    const char *end = first + record->links[0].text_bytes - 2, *at = end;
    while (at > first && at[-1]) at--;
    return (struct text){at, (uint32_t)(end - at)};
}

/* ---- index: the newest link of each key ------------------------------------------------------------------ */

struct place {
    uint64_t chunk;
    int slot; /* -1: not found */
};

/* A bit for each slot with this tag. */
static uint32_t match(const struct id_chunk *chunk, uint16_t tag) {
#ifdef __SSE2__
    const __m128i wanted = _mm_set1_epi16((int16_t)tag);
    const __m128i *tags = (const __m128i *)chunk; /* and what follows them */
    __m128i low = _mm_cmpeq_epi16(_mm_load_si128(tags), wanted);
    __m128i high = _mm_cmpeq_epi16(_mm_load_si128(tags + 1), wanted);
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(low, high)) & ((1u << ID_CHUNK_SLOTS) - 1);
#else
    uint32_t matches = 0;
    for (int i = 0; i < ID_CHUNK_SLOTS; i++) matches |= (uint32_t)(chunk->tags[i] == tag) << i;
    return matches;
#endif
}

static uint16_t tag_of(uint32_t hash) { return (uint16_t)hash ? (uint16_t)hash : 1; }

static uint64_t home_chunk(const struct id_window *window, uint32_t hash) {
    return (uint64_t)hash >> window->chunk_shift;
}

static uint64_t next_chunk(const struct id_window *window, uint64_t chunk) {
    return (chunk + 1) & (window->chunk_count - 1);
}

static struct place index_find(const struct id_window *window, const struct id_key *key) {
    uint16_t tag = tag_of(key->hash);
    for (uint64_t chunk = home_chunk(window, key->hash);; chunk = next_chunk(window, chunk)) {
        for (uint32_t matches = match(&window->chunks[chunk], tag); matches; matches &= matches - 1) {
            int slot = __builtin_ctz(matches);
            if (key_is(key, link_of(window, window->chunks[chunk].references[slot])))
                return (struct place){chunk, slot};
        }
        if (__builtin_expect(!window->chunks[chunk].overflows, 1)) return (struct place){chunk, -1};
    }
}

static inline void chunk_put(struct id_chunk *chunk, int slot, uint32_t hash, uint32_t reference) {
    chunk->tags[slot] = tag_of(hash);
    chunk->references[slot] = reference;
}

static void index_put(struct id_window *window, uint32_t hash, uint32_t reference) {
    uint64_t chunk = home_chunk(window, hash);
    uint32_t free_slots;
    for (; !(free_slots = match(&window->chunks[chunk], 0)); chunk = next_chunk(window, chunk))
        if (window->chunks[chunk].overflows < UINT16_MAX) window->chunks[chunk].overflows++;
    chunk_put(&window->chunks[chunk], __builtin_ctz(free_slots), hash, reference);
}

/* Puts a key into its home if that tells at a glance that nobody carried it; false if it must be looked for. */
static inline bool index_put_fresh(struct id_window *window, uint32_t hash, uint32_t reference) {
    struct id_chunk *home = &window->chunks[home_chunk(window, hash)];
    uint32_t free_slots = match(home, 0);
    if (__builtin_expect((match(home, tag_of(hash)) | home->overflows) || !free_slots, 0)) return false;
    chunk_put(home, __builtin_ctz(free_slots), hash, reference);
    return true;
}

/* Of the key whose oldest link it is. */
static struct place index_place_of(const struct id_window *window, const struct id_link *oldest, uint32_t reference) {
    for (uint64_t chunk = home_chunk(window, oldest->hash);; chunk = next_chunk(window, chunk))
        for (uint32_t matches = match(&window->chunks[chunk], tag_of(oldest->hash)); matches; matches &= matches - 1) {
            int slot = __builtin_ctz(matches);
            uint32_t newest = window->chunks[chunk].references[slot];
            if (newest == reference || link_of(window, newest)->next == reference) return (struct place){chunk, slot};
        }
}

static void index_remove(struct id_window *window, uint32_t hash, struct place place) {
    for (uint64_t chunk = home_chunk(window, hash); chunk != place.chunk; chunk = next_chunk(window, chunk))
        if (window->chunks[chunk].overflows < UINT16_MAX) window->chunks[chunk].overflows--;
    window->chunks[place.chunk].tags[place.slot] = 0;
}

/* ---- room ------------------------------------------------------------------------------------------------ */

static void index_all(struct id_window *window) {
    for (uint64_t at = window->first; at != window->next; at = next_record(window, at)) {
        const struct id_record *record = record_at(window, at);
        for (uint32_t i = 0; i < record->link_count; i++)
            if (record->links[i].is_newest) index_put(window, record->links[i].hash, reference_of(at, i));
    }
}

static int grow_index(struct id_window *window) {
    uint64_t count = window->chunk_count ? 2 * window->chunk_count : CHUNKS_MIN;
    struct id_chunk *chunks = table_memory_new(count * sizeof *chunks);
    if (!chunks) return STATUS_NO_MEMORY;
    table_memory_free(window->chunks, window->chunk_count * sizeof *chunks);
    window->chunks = chunks;
    window->chunk_count = count;
    window->chunk_shift = HASH_BITS - __builtin_ctzll(count);
    index_all(window);
    return STATUS_OK;
}

static uint64_t end_of_lap(uint64_t at, uint64_t lap, uint64_t last) {
    uint64_t end = (at | (lap - 1)) + 1;
    return end < last ? end : last;
}

/* In place: what stood in an odd lap of the former size moves up by it. */
static int grow_bytes(struct id_window *window) {
    uint64_t former = window->capacity, capacity = former ? 2 * former : BYTES_MIN;
    char *bytes = table_memory_grow(window->bytes, former, capacity);
    if (!bytes) return STATUS_NO_MEMORY;
    window->bytes = bytes;
    window->capacity = capacity;
    for (uint64_t at = window->first, end; at < window->next; at = end) {
        end = end_of_lap(at, former, window->next);
        if (at & former) memcpy(bytes + (at & (capacity - 1)), bytes + (at & (former - 1)), end - at);
    }
    return STATUS_OK;
}

/* Where `bytes` more lie in one piece; what is left of a lap that is too short is skipped. */
static inline uint64_t place_for(const struct id_window *window, uint64_t bytes) {
    uint64_t rest = window->capacity - (window->next & (window->capacity - 1));
    return rest < bytes ? window->next + rest : window->next;
}

static inline bool has_room(const struct id_window *window, uint64_t bytes, uint32_t keys) {
    return place_for(window, bytes) + bytes - window->first <= window->capacity &&
           window->key_count + keys <= window->chunk_count * KEYS_PER_CHUNK;
}

__attribute__((noinline)) static int grow(struct id_window *window, uint64_t bytes, uint32_t keys) {
    while (window->key_count + keys > window->chunk_count * KEYS_PER_CHUNK)
        if (grow_index(window) != STATUS_OK) return STATUS_NO_MEMORY;
    while (!has_room(window, bytes, keys))
        if (grow_bytes(window) != STATUS_OK) return STATUS_NO_MEMORY;
    return STATUS_OK;
}

/* ---- the window ------------------------------------------------------------------------------------------ */

static int64_t later(int64_t value, int64_t by) { return value > INT64_MAX - by ? INT64_MAX : value + by; }

/* Says until which offset and time the first record stays. */
static void set_due(struct id_window *window) {
    window->due_offset = window->due_time_ms = INT64_MAX;
    if (id_window_is_empty(window)) return;
    const struct id_record *first = record_at(window, window->first);
    uint32_t records = (uint32_t)window->newest_offset - first->offset;
    uint32_t time_ms = (uint32_t)window->newest_time_ms - first->log_time_ms;
    window->due_offset = later(window->newest_offset - records, REPEAT_WINDOW_RECORDS);
    window->due_time_ms = later(window->newest_time_ms - time_ms, REPEAT_WINDOW_MS);
}

/* What is the oldest of all is the oldest of its key. */
static void forget_link(struct id_window *window, const struct id_link *link, uint32_t reference) {
    struct place place = index_place_of(window, link, reference);
    uint32_t newest = window->chunks[place.chunk].references[place.slot];
    if (newest != reference) {
        link_of(window, newest)->next = link->next;
        return;
    }
    index_remove(window, link->hash, place);
    window->key_count--;
}

static void forget_first(struct id_window *window) {
    const struct id_record *record = record_at(window, window->first);
    for (uint32_t i = 0; i < record->link_count; i++)
        forget_link(window, &record->links[i], reference_of(window->first, i));
    window->first = next_record(window, window->first);
    if (id_window_is_empty(window)) window->first = window->next = 0; /* what comes lies in memory that is warm */
    set_due(window);
}

void id_window_forget(struct id_window *window, int64_t offset, int64_t log_time_ms) {
    while (id_window_is_due(window, offset, log_time_ms)) forget_first(window);
}

void id_window_prefetch(const struct id_window *window, uint32_t key_hash) {
    if (window->chunk_count) __builtin_prefetch(&window->chunks[home_chunk(window, key_hash)], 1);
}

/* Of the links of a key, from the oldest on, the first record of another origin. */
static const struct id_record *first_of_others(
    const struct id_window *window, const struct id_link *newest, uint64_t origin) {
    const struct id_link *link = link_of(window, newest->next);
    while (origin && origin_of(record_of(link)) == origin) {
        if (link == newest) return NULL;
        link = link_of(window, link->next);
    }
    return record_of(link);
}

const struct id_record *id_window_find(const struct id_window *window, const struct id_key *key, uint64_t origin) {
    if (id_window_is_empty(window)) return NULL;
    struct place place = index_find(window, key);
    if (place.slot < 0) return NULL;
    return first_of_others(window, link_of(window, window->chunks[place.chunk].references[place.slot]), origin);
}

static inline uint64_t bytes_of(const struct id_statement *statement, const struct id_key *keys, uint32_t count) {
    uint64_t bytes = offsetof(struct id_record, links) + count * sizeof(struct id_link);
    if (statement->origin) bytes += sizeof statement->origin;
    for (uint32_t i = 0; i < count; i++) bytes += keys[i].bytes;
    return (bytes + RECORD_UNIT - 1) / RECORD_UNIT * RECORD_UNIT;
}

/* Returns its position. */
static inline uint64_t place_record(struct id_window *window, uint64_t bytes) {
    uint64_t position = place_for(window, bytes);
    if (__builtin_expect(position != window->next, 0)) {
        if (id_window_is_empty(window))
            window->first = position;
        else
            record_at(window, window->newest)->units += (uint16_t)((position - window->next) / RECORD_UNIT);
    }
    window->newest = position;
    window->next = position + bytes;
    __builtin_prefetch(at_position(window, window->next + AHEAD_BYTES), 1);
    return position;
}

static inline void write_record(struct id_record *record, const struct id_statement *statement,
    const struct id_key *keys, uint32_t count, uint64_t bytes) {
    record->content_hash = statement->content_hash;
    record->offset = (uint32_t)statement->offset;
    record->log_time_ms = (uint32_t)statement->log_time_ms;
    record->units = (uint16_t)(bytes / RECORD_UNIT);
    record->link_count = (uint8_t)count;
    record->has_origin = statement->origin != 0;
    char *text = (char *)&record->links[count];
    if (record->has_origin) text = mempcpy(text, &statement->origin, sizeof statement->origin);
    for (uint32_t i = 0; i < count; i++) {
        record->links[i] = (struct id_link){.hash = keys[i].hash,
            .text_from = (uint16_t)(text - (char *)record),
            .text_bytes = (uint8_t)keys[i].bytes,
            .number = (uint8_t)(i & 0x7f),
            .is_newest = true};
        text = key_write(&keys[i], text);
    }
}

/* Puts a link behind the others of its key, whose newest is at `place`; returns what `found` says. */
static const struct id_record *join_others(
    struct id_window *window, struct place place, struct id_link *link, uint32_t reference, uint64_t origin) {
    struct id_link *newest = link_of(window, window->chunks[place.chunk].references[place.slot]);
    const struct id_record *found = first_of_others(window, newest, origin);
    link->next = newest->next;
    newest->next = reference;
    newest->is_newest = false;
    window->chunks[place.chunk].references[place.slot] = reference;
    return found;
}

/* The same, or into the index if it is the first of its key. */
static inline const struct id_record *join(
    struct id_window *window, const struct id_key *key, struct id_link *link, uint32_t reference, uint64_t origin) {
    if (__builtin_expect(!index_put_fresh(window, key->hash, reference), 0)) {
        struct place place = index_find(window, key);
        if (place.slot >= 0) return join_others(window, place, link, reference, origin);
        index_put(window, key->hash, reference);
    }
    link->next = reference;
    window->key_count++;
    return NULL;
}

static inline __attribute__((always_inline)) int add(struct id_window *window, const struct id_statement *statement,
    const struct id_key *keys, uint32_t count, const struct id_record *found[]) {
    uint64_t bytes = bytes_of(statement, keys, count);
    if (__builtin_expect(!has_room(window, bytes, count), 0) && grow(window, bytes, count) != STATUS_OK)
        return STATUS_NO_MEMORY;
    uint64_t position = place_record(window, bytes);
    struct id_record *record = record_at(window, position);
    write_record(record, statement, keys, count, bytes);
    window->newest_offset = statement->offset;
    window->newest_time_ms = statement->log_time_ms;
    if (__builtin_expect(position == window->first, 0)) set_due(window);
    for (uint32_t i = 0; i < count; i++)
        found[i] = join(window, &keys[i], &record->links[i], reference_of(position, i), statement->origin);
    return STATUS_OK;
}

int id_window_add(struct id_window *window, const struct id_statement *statement, const struct id_key *keys,
    uint32_t count, const struct id_record *found[]) {
    return add(window, statement, keys, count, found);
}

int id_window_add_one(struct id_window *window, const struct id_statement *statement, const struct id_key *key,
    const struct id_record **found) {
    return add(window, statement, key, 1, found);
}
