#include "io/json/json_decoder.h"

#include "io/json/json_reader.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* yyjson's memory: pieces one behind the other, the youngest may grow in place, nothing is given back. Its
 * two pieces (a copy of the text, the values, which grow) always fit: yyjson says how much is enough. */

static void *take(void *context, size_t size) {
    struct json_decoder *decoder = context;
    size_t rounded = (size + 15) & ~(size_t)15;
    if (rounded < size || rounded > decoder->memory_bytes - decoder->used) return NULL;
    decoder->last = decoder->used;
    decoder->used += rounded;
    return decoder->memory + decoder->last;
}

static void *grow(void *context, void *piece, size_t old_size, size_t size) {
    struct json_decoder *decoder = context;
    if ((char *)piece == decoder->memory + decoder->last) {
        decoder->used = decoder->last;
        return take(decoder, size);
    }
    void *copy = take(decoder, size);
    if (copy) memcpy(copy, piece, old_size < size ? old_size : size);
    return copy;
}

static void give_back(void *context, void *piece) {
    (void)context;
    (void)piece;
}

bool json_decoder_init(struct json_decoder *decoder, size_t bytes_max) {
    size_t memory_bytes = yyjson_read_max_memory_usage(bytes_max, YYJSON_READ_NUMBER_AS_RAW) + 64;
    *decoder = (struct json_decoder){.memory_bytes = memory_bytes, .bytes_max = bytes_max};
    json_flat_init(&decoder->flat);
    decoder->memory = malloc(memory_bytes + JSON_SCRATCH_BYTES);
    decoder->scratch = decoder->memory ? decoder->memory + memory_bytes : NULL;
    return decoder->memory != NULL;
}

void json_decoder_deinit(struct json_decoder *decoder) {
    free(decoder->memory);
    *decoder = (struct json_decoder){0};
}

yyjson_val *json_read_object(struct json_decoder *decoder, const char *bytes, size_t size) {
    if (size == 0 || size > decoder->bytes_max) return NULL;
    const yyjson_alc memory = {take, grow, give_back, decoder};
    decoder->used = 0;
    /* yyjson copies the text unless told to read in place, so the bytes stay as they are. */
    char *text = (char *)(uintptr_t)bytes;
    yyjson_doc *document = yyjson_read_opts(text, size, YYJSON_READ_NUMBER_AS_RAW, &memory, NULL);
    yyjson_val *root = document ? yyjson_doc_get_root(document) : NULL;
    return root && unsafe_yyjson_is_obj(root) ? root : NULL;
}

bool json_unsigned_of(yyjson_val *value, uint64_t most, uint64_t *number) {
    if (!yyjson_is_raw(value)) return false;
    struct text digits = json_number_of(value);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < digits.size; i++) {
        unsigned digit = (unsigned)(digits.data[i] - '0');
        if (digit > 9 || sum > (UINT64_MAX - digit) / 10) return false;
        sum = sum * 10 + digit;
    }
    *number = sum;
    return sum <= most;
}
