#include "shards/codecs.h"

#include "io/json/json_event.h"
#include "io/msgpack/msgpack_event.h"

static bool decode_control(struct control_reader *reader, struct text value, struct control *control) {
    struct control_codec *codec = (struct control_codec *)reader;
    return json_control_decode(&codec->json, value.data, value.size, control);
}

static bool scan_event(struct event_scanner *scanner, struct text value, struct event_scan *scan) {
    struct scanner_codec *codec = (struct scanner_codec *)scanner;
    return event_scan(&codec->events, value.data, value.size, scan);
}

static bool init_worker(struct codecs *codecs, int i, struct engine_codecs *ports) {
    codecs->controls[i].reader.decode = decode_control;
    ports->commands[i] = &codecs->commands[i].reader;
    ports->controls[i] = &codecs->controls[i].reader;
    return command_decoder_init(&codecs->commands[i]) && json_decoder_init(&codecs->controls[i].json, RECORD_BYTES_MAX);
}

bool codecs_init(struct codecs *codecs, int workers, bool msgpack_events, struct engine_codecs *ports) {
    memset(codecs, 0, sizeof *codecs);
    *ports = (struct engine_codecs){
        .write_event = msgpack_events ? msgpack_event_encode : json_event_encode, .scanner = &codecs->scanner.scanner};
    const struct control tick = {.kind = CONTROL_TICK};
    ports->tick = (struct text){codecs->tick, (uint32_t)json_control_encode(&tick, codecs->tick, sizeof codecs->tick)};
    codecs->workers = workers;
    codecs->scanner.scanner.scan = scan_event;
    for (int i = 0; i < workers; i++)
        if (!init_worker(codecs, i, ports)) return false;
    ports->commands[workers] = &codecs->commands[workers].reader;
    return command_decoder_init(&codecs->commands[workers]) && event_decoder_init(&codecs->scanner.events);
}

void codecs_deinit(struct codecs *codecs) {
    for (int i = 0; i < codecs->workers; i++) {
        command_decoder_deinit(&codecs->commands[i]);
        json_decoder_deinit(&codecs->controls[i].json);
    }
    command_decoder_deinit(&codecs->commands[codecs->workers]);
    event_decoder_deinit(&codecs->scanner.events);
}
