#include "bench/reference/verify.h"

#include "bench/reference/dictionary.h"
#include "core/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An event that waits for its counterpart. */
struct waiting {
    struct waiting *next;
    uint64_t fseq;
    int32_t partition;
    int64_t src_offset, fills_offset;
    uint32_t size;
    char bytes[];
};

struct waiting_list {
    struct waiting *first, *last;
};

struct stream { /* a symbol, in one partition */
    struct stream *next;
    int32_t partition;
    uint32_t symbol_bytes;
    char symbol[16];
    struct waiting_list expected, seen;
    uint64_t last_seen; /* greatest fseq seen */
    uint64_t *digests;  /* by fseq - 1; 0: never seen */
    uint64_t digest_room;
};

struct verify {
    struct dictionary streams; /* by partition and symbol */
    struct stream *all;
    struct verify_result result;
    uint64_t outstanding;
    int64_t limits[PARTITIONS];                /* -1: none */
    struct waiting *kept_expected, *kept_seen; /* of the first difference */
    struct stream kept_stream;
};

struct verify *verify_open(void) {
    struct verify *verify = reference_allocate(sizeof *verify);
    for (int p = 0; p < PARTITIONS; p++) verify->limits[p] = -1;
    return verify;
}

static void free_list(struct waiting_list *list) {
    for (struct waiting *at = list->first, *next; at; at = next) {
        next = at->next;
        free(at);
    }
}

void verify_close(struct verify *verify) {
    if (!verify) return;
    for (struct stream *stream = verify->all, *next; stream; stream = next) {
        next = stream->next;
        free_list(&stream->expected);
        free_list(&stream->seen);
        free(stream->digests);
        free(stream);
    }
    dictionary_deinit(&verify->streams);
    free(verify->kept_expected);
    free(verify->kept_seen);
    free(verify);
}

static struct stream *stream_of(struct verify *verify, int32_t partition, struct text symbol) {
    char key[20];
    size_t bytes = symbol.size + 1;
    key[0] = (char)('0' + partition);
    memcpy(key + 1, symbol.data, symbol.size);
    struct stream *stream = dictionary_find(&verify->streams, key, bytes);
    if (!stream) {
        stream = reference_allocate(sizeof *stream);
        stream->partition = partition;
        stream->symbol_bytes = symbol.size;
        memcpy(stream->symbol, symbol.data, symbol.size);
        stream->next = verify->all;
        verify->all = stream;
        dictionary_put(&verify->streams, key, bytes, stream);
    }
    return stream;
}

static struct waiting *waiting_of(
    struct text bytes, uint64_t fseq, int32_t partition, int64_t src_offset, int64_t fills_offset) {
    struct waiting *waiting = reference_allocate(sizeof *waiting + bytes.size);
    *waiting = (struct waiting){.fseq = fseq,
        .partition = partition,
        .src_offset = src_offset,
        .fills_offset = fills_offset,
        .size = bytes.size};
    if (bytes.size) memcpy(waiting->bytes, bytes.data, bytes.size);
    return waiting;
}

static void append(struct waiting_list *list, struct waiting *waiting) {
    if (list->last)
        list->last->next = waiting;
    else
        list->first = waiting;
    list->last = waiting;
}

static struct waiting *take_first(struct waiting_list *list) {
    struct waiting *first = list->first;
    list->first = first->next;
    if (!list->first) list->last = NULL;
    first->next = NULL;
    return first;
}

static struct text bytes_of(const struct waiting *waiting) {
    return waiting ? (struct text){waiting->bytes, waiting->size} : TEXT_NONE;
}

static struct waiting *copy_of(const struct waiting *waiting) {
    if (!waiting) return NULL;
    return waiting_of(bytes_of(waiting), waiting->fseq, waiting->partition, waiting->src_offset, waiting->fills_offset);
}

/* Keeps a difference if it is the first. */
static void note_difference(struct verify *verify, enum verify_kind kind, const struct stream *stream,
    const struct waiting *expected, const struct waiting *seen) {
    struct verify_difference *first = &verify->result.first;
    if (first->kind != VERIFY_SAME) return;
    const struct waiting *named = expected ? expected : seen;
    verify->kept_expected = copy_of(expected);
    verify->kept_seen = copy_of(seen);
    if (stream) verify->kept_stream = *stream;
    *first = (struct verify_difference){.kind = kind,
        .symbol = {verify->kept_stream.symbol, verify->kept_stream.symbol_bytes},
        .fseq = named->fseq,
        .partition = named->partition,
        .orders_offset = named->src_offset,
        .fills_offset = seen ? seen->fills_offset : -1,
        .expected = bytes_of(verify->kept_expected),
        .seen = bytes_of(verify->kept_seen)};
}

static bool starts_with(struct text bytes, const char *prefix) {
    size_t size = strlen(prefix);
    return bytes.size >= size && memcmp(bytes.data, prefix, size) == 0;
}

/* ---- the two queues of a symbol */

static void pair(struct verify *verify, struct stream *stream) {
    struct waiting *expected = take_first(&stream->expected), *seen = take_first(&stream->seen);
    verify->outstanding--;
    if (text_equal(bytes_of(expected), bytes_of(seen))) {
        verify->result.matched++;
    } else {
        verify->result.altered++;
        note_difference(verify, VERIFY_ALTERED, stream, expected, seen);
    }
    free(expected);
    free(seen);
}

static void drop_expected(struct verify *verify, struct stream *stream) {
    struct waiting *expected = take_first(&stream->expected);
    verify->outstanding--;
    verify->result.missing++;
    note_difference(verify, VERIFY_MISSING, stream, expected, stream->seen.first);
    free(expected);
}

static void drop_seen(struct verify *verify, struct stream *stream) {
    struct waiting *seen = take_first(&stream->seen);
    int64_t limit = verify->limits[seen->partition];
    if (limit >= 0 && seen->src_offset >= limit) {
        verify->result.later++;
    } else {
        verify->result.surplus++;
        note_difference(verify, VERIFY_SURPLUS, stream, NULL, seen);
    }
    free(seen);
}

/* Both queues have growing fseq. */
static void settle(struct verify *verify, struct stream *stream) {
    while (stream->expected.first && stream->seen.first) {
        if (stream->expected.first->fseq == stream->seen.first->fseq)
            pair(verify, stream);
        else if (stream->expected.first->fseq < stream->seen.first->fseq)
            drop_expected(verify, stream);
        else
            drop_seen(verify, stream);
    }
}

void verify_expect(struct verify *verify, const struct reference_event *event) {
    struct stream *stream = stream_of(verify, event->partition, event->symbol);
    append(&stream->expected, waiting_of(event->bytes, event->fseq, event->partition, event->src_offset, -1));
    verify->outstanding++;
    verify->result.expected++;
    settle(verify, stream);
}

void verify_on_event(void *context, const struct reference_event *event) { verify_expect(context, event); }

/* ---- what the topic holds */

static bool take_literal(struct text *rest, const char *literal) {
    size_t size = strlen(literal);
    if (!starts_with(*rest, literal)) return false;
    *rest = (struct text){rest->data + size, rest->size - (uint32_t)size};
    return true;
}

static bool take_integer(struct text *rest, int64_t *number) {
    uint32_t i = 0;
    *number = 0;
    for (; i < rest->size && rest->data[i] >= '0' && rest->data[i] <= '9' && i < 18; i++)
        *number = *number * 10 + (rest->data[i] - '0');
    *rest = (struct text){rest->data + i, rest->size - i};
    return i > 0;
}

static bool take_until_quote(struct text *rest, struct text *word) {
    const char *quote = rest->size ? memchr(rest->data, '"', rest->size) : NULL;
    if (!quote) return false;
    *word = (struct text){rest->data, (uint32_t)(quote - rest->data)};
    *rest = (struct text){quote + 1, rest->size - word->size - 1};
    return true;
}

struct head {
    struct text symbol;
    int64_t fseq, src_partition, src_offset;
};

/* The members that every event begins with. */
static bool read_head(struct text bytes, struct head *head) {
    struct text type;
    return take_literal(&bytes, "{\"type\":\"") && take_until_quote(&bytes, &type) &&
           take_literal(&bytes, ",\"symbol\":\"") && take_until_quote(&bytes, &head->symbol) &&
           take_literal(&bytes, ",\"fseq\":") && take_integer(&bytes, &head->fseq) &&
           take_literal(&bytes, ",\"src\":{\"p\":") && take_integer(&bytes, &head->src_partition) &&
           take_literal(&bytes, ",\"o\":") && take_integer(&bytes, &head->src_offset) && head->fseq >= 1 &&
           head->symbol.size >= 1 && head->symbol.size < 16;
}

/* 64 bits that two different events do not share by accident; never 0. */
static uint64_t digest_of(struct text bytes) {
    uint64_t digest = bytes.size;
    for (uint32_t at = 0; at < bytes.size; at += 8) {
        uint64_t word = 0;
        memcpy(&word, bytes.data + at, bytes.size - at < 8 ? bytes.size - at : 8);
        digest = (digest ^ word) * UINT64_C(0xff51afd7ed558ccd);
        digest ^= digest >> 32;
    }
    return digest | 1;
}

/* Remembers an event; false if its fseq jumps too far to be an honest stream. */
static bool remember(struct stream *stream, uint64_t fseq, uint64_t digest) {
    static const uint64_t jump_max = UINT64_C(1) << 24;
    if (fseq > stream->last_seen + jump_max) return false;
    if (fseq > stream->digest_room) {
        uint64_t room = stream->digest_room ? stream->digest_room * 2 : 1024;
        while (room < fseq) room *= 2;
        uint64_t *digests = reference_allocate(room * sizeof *digests);
        if (stream->digests) memcpy(digests, stream->digests, stream->digest_room * sizeof *digests);
        free(stream->digests);
        stream->digests = digests;
        stream->digest_room = room;
    }
    stream->digests[fseq - 1] = digest;
    return true;
}

/* An event whose fseq is not greater than one seen before. */
static void see_again(struct verify *verify, struct stream *stream, const struct waiting *seen, uint64_t digest) {
    uint64_t before = stream->digests[seen->fseq - 1];
    if (before == digest) {
        verify->result.repeats++;
    } else if (before == 0) {
        verify->result.out_of_order++;
        note_difference(verify, VERIFY_OUT_OF_ORDER, stream, NULL, seen);
    } else {
        verify->result.repeats_differing++;
        note_difference(verify, VERIFY_REPEAT_DIFFERS, stream, NULL, seen);
    }
}

static void refuse(struct verify *verify, enum verify_kind kind, int32_t partition, int64_t offset, struct text value) {
    struct waiting *seen = waiting_of(value, 0, partition, -1, offset);
    verify->result.not_events++;
    note_difference(verify, kind, NULL, NULL, seen);
    free(seen);
}

void verify_see(struct verify *verify, int32_t partition, int64_t offset, struct text key, struct text value) {
    struct head head;
    verify->result.seen++;
    if (partition < 0 || partition >= PARTITIONS || !read_head(value, &head) || !text_equal(key, head.symbol)) {
        refuse(verify, VERIFY_NOT_AN_EVENT, partition, offset, value);
        return;
    }
    if (head.src_partition != partition) {
        refuse(verify, VERIFY_WRONG_PARTITION, partition, offset, value);
        return;
    }
    struct stream *stream = stream_of(verify, partition, head.symbol);
    struct waiting *seen = waiting_of(value, (uint64_t)head.fseq, partition, head.src_offset, offset);
    uint64_t digest = digest_of(value);
    if (seen->fseq <= stream->last_seen) {
        see_again(verify, stream, seen, digest);
        free(seen);
        return;
    }
    if (!remember(stream, seen->fseq, digest)) {
        refuse(verify, VERIFY_NOT_AN_EVENT, partition, offset, value);
        free(seen);
        return;
    }
    verify->result.gaps += seen->fseq != stream->last_seen + 1;
    stream->last_seen = seen->fseq;
    append(&stream->seen, seen);
    settle(verify, stream);
}

/* ---- the end */

void verify_limit(struct verify *verify, int32_t partition, int64_t orders_end) {
    verify->limits[partition] = orders_end;
}

uint64_t verify_outstanding(const struct verify *verify) { return verify->outstanding; }

void verify_finish(struct verify *verify) {
    for (struct stream *stream = verify->all; stream; stream = stream->next) {
        settle(verify, stream);
        while (stream->expected.first) drop_expected(verify, stream);
        while (stream->seen.first) drop_seen(verify, stream);
    }
}

const struct verify_result *verify_result(const struct verify *verify) { return &verify->result; }

int verify_exit_code(const struct verify_result *r) {
    bool same = r->first.kind == VERIFY_SAME &&
                r->missing + r->surplus + r->altered + r->out_of_order + r->repeats_differing + r->not_events == 0;
    return same ? 0 : 3;
}

const char *verify_kind_name(enum verify_kind kind) {
    static const char *const names[] = {
        "SAME", "ALTERED", "MISSING", "SURPLUS", "OUT_OF_ORDER", "REPEAT_DIFFERS", "NOT_AN_EVENT", "WRONG_PARTITION"};
    return kind <= VERIFY_WRONG_PARTITION ? names[kind] : "?";
}
