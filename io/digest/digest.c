#include "io/digest/digest.h"

#include <openssl/sha.h>

bool digest_sha256(struct text bytes, uint8_t digest[SHA256_BYTES]) {
    return SHA256((const unsigned char *)bytes.data, bytes.size, digest) != NULL;
}
