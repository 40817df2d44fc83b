#include "io/msgpack/msgpack_decoder.h"

#include "io/msgpack/msgpack_reader.h"

#include <stdio.h>
#include <stdlib.h>

/* Objects of usual records fit into this; larger records take more for as long as they are read. */
enum { ZONE_BYTES = 16384, SCRATCH_BYTES = 4096 };

bool msgpack_decoder_init(struct msgpack_decoder *decoder, size_t bytes_max) {
    *decoder = (struct msgpack_decoder){.bytes_max = bytes_max};
    decoder->zone = msgpack_zone_new(ZONE_BYTES);
    decoder->scratch = malloc(SCRATCH_BYTES);
    if (decoder->zone && decoder->scratch) return true;
    msgpack_decoder_deinit(decoder);
    return false;
}

void msgpack_decoder_deinit(struct msgpack_decoder *decoder) {
    if (decoder->zone) msgpack_zone_free(decoder->zone);
    free(decoder->scratch);
    *decoder = (struct msgpack_decoder){0};
}

static void end_without_memory(void) {
    fprintf(stderr, "io/msgpack: out of memory while a record was read; a restart replays it\n");
    abort();
}

bool msgpack_read(struct msgpack_decoder *decoder, const char *bytes, size_t size, msgpack_object *object) {
    size_t end = 0;
    /* msgpack-c allocates what a record claims to hold before it looks whether that is there. */
    if (size > decoder->bytes_max || !msgpack_is_well_formed(bytes, size)) return false;
    msgpack_zone_clear(decoder->zone);
    msgpack_unpack_return result = msgpack_unpack(bytes, size, &end, decoder->zone, object);
    if (result == MSGPACK_UNPACK_NOMEM_ERROR) end_without_memory();
    return result == MSGPACK_UNPACK_SUCCESS && end == size;
}
