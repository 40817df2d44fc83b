/* The codecs that the engine's threads use, one set each: the server's choice of libraries. */
#ifndef SHARDBOOK_SHARDS_CODECS_H
#define SHARDBOOK_SHARDS_CODECS_H

#include "io/decode/command_decoder.h"
#include "io/decode/event_decoder.h"
#include "io/json/json_control.h"
#include "io/json/json_decoder.h"
#include "shards/engine.h"

struct control_codec {
    struct control_reader reader; /* first: the port */
    struct json_decoder json;
};

struct scanner_codec {
    struct event_scanner scanner; /* first: the port */
    struct event_decoder events;
};

struct codecs {
    struct command_decoder commands[WORKERS_MAX + 1];
    struct control_codec controls[WORKERS_MAX];
    struct scanner_codec scanner;
    char tick[CONTROL_BYTES_MAX];
    int workers;
};

/* Allocates for `workers` workers and fills *ports, which views *codecs. `msgpack_events`: write topic fills in
 * msgpack, not JSON. False without memory. */
bool codecs_init(struct codecs *codecs, int workers, bool msgpack_events, struct engine_codecs *ports);
void codecs_deinit(struct codecs *codecs);

#endif
