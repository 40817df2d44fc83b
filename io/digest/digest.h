/* Digests of OpenSSL, for ids that follow from what they name. */
#ifndef SHARDBOOK_IO_DIGEST_DIGEST_H
#define SHARDBOOK_IO_DIGEST_DIGEST_H

#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

enum { SHA256_BYTES = 32 };

/* SHA-256 of the bytes; false only if OpenSSL cannot. Any thread. */
bool digest_sha256(struct text bytes, uint8_t digest[SHA256_BYTES]);

#endif
