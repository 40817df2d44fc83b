/* Whether bytes are UTF-8. */
#ifndef SHARDBOOK_CORE_UTF8_H
#define SHARDBOOK_CORE_UTF8_H

#include "core/text.h"

#include <stdbool.h>

/* True if the text is well-formed UTF-8 (RFC 3629: shortest forms, no surrogates, at most U+10FFFF). NUL is a
 * character like any other; empty text is well formed. Any thread. */
bool utf8_is_valid(struct text text);

#endif
