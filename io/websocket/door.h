/* The listening socket and what libwebsockets says about those who come through it.
 *
 * Threads: the push thread. */
#ifndef SHARDBOOK_IO_WEBSOCKET_DOOR_H
#define SHARDBOOK_IO_WEBSOCKET_DOOR_H

struct push;

/* Listens on push->loop as the settings say. STATUS_REFUSED (said in a line). Fills in push->lws and push->port. */
int door_open(struct push *push);

/* Ends every socket at once; run the loop until it has no handles, and as long as push->lws is set afterwards do both
 * again. */
void door_close(struct push *push);

#endif
