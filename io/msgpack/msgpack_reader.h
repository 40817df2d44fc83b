/* Reading with msgpack-c, for the decoders of this folder only. */
#ifndef SHARDBOOK_IO_MSGPACK_MSGPACK_READER_H
#define SHARDBOOK_IO_MSGPACK_MSGPACK_READER_H

#include "core/text.h"
#include "io/msgpack/msgpack_decoder.h"

#include <msgpack.h>

/* The most containers in one another. */
enum { MSGPACK_CONTAINERS_MAX = 32 };

/* Reads the one object that the bytes are; false if they are too long, not msgpack, more or less than one object,
 * deeper than MSGPACK_CONTAINERS_MAX, or a string in it is not UTF-8. It lives until the decoder's next reading and
 * views the bytes. Ends the process if memory runs out: that is no answer to a record. */
bool msgpack_read(struct msgpack_decoder *decoder, const char *bytes, size_t size, msgpack_object *object);

/* Whether the bytes have that form, without reading them. Any thread. */
bool msgpack_is_well_formed(const char *bytes, size_t size);

static inline struct text msgpack_text_of(const msgpack_object *object) {
    return (struct text){object->via.str.ptr, object->via.str.size};
}

#endif
