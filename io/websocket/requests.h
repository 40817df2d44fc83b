/* What a client asks for, done.
 *
 * Threads: the push thread. */
#ifndef SHARDBOOK_IO_WEBSOCKET_REQUESTS_H
#define SHARDBOOK_IO_WEBSOCKET_REQUESTS_H

#include "core/text.h"

#include <stdbool.h>

struct connection;

/* Does what one whole message asks and answers it: ack, pong or error. It may close the connection. */
void request_handle(struct connection *connection, struct text message);

/* Finds whose key this is; false if nobody's. On success the connection acts for that account from now on. */
bool request_authenticate(struct connection *connection, struct text api_key);

#endif
