/* What topic fills says of every symbol. */
#ifndef SHARDBOOK_OPS_CTL_STREAMS_H
#define SHARDBOOK_OPS_CTL_STREAMS_H

#include "ops/ctl_log.h"

struct ctl_stream {
    char symbol[SYMBOL_BYTES_MAX + 1];
    int32_t partition;
    uint64_t fseq;
    uint8_t state;  /* enum trading_state */
    char *settings; /* members of its last accepted INSTRUMENT, without braces; NULL: the defaults */
};

struct ctl_streams {
    struct ctl_stream *streams; /* by symbol */
    size_t count;
};

/* Reads fills from its beginning; false after a complaint. The caller frees with ctl_streams_deinit in any case. */
bool ctl_streams_read(struct ctl_log *log, struct ctl_streams *streams);
void ctl_streams_deinit(struct ctl_streams *streams);

#endif
