/* What Valkey itself runs of the writer: everything that must happen at once or not at all. */
#ifndef SHARDBOOK_IO_VALKEY_SCRIPTS_H
#define SHARDBOOK_IO_VALKEY_SCRIPTS_H

/* Applies one symbol's batch.
 *
 * Keys: fseq:{S} fills:{S} last:{S} depth:{S}. Arguments: mode, first and last fseq, hash after the last, token of the
 * refill, greatest length of the stream, seconds that an ended order is kept, symbol, elements (enum batch_op), last
 * price, log time in ms until when repeats of orders are unknown that the refill did not see (0: it saw all). Answers
 * [done, stored]: done 0 is a gap, and nothing was changed; stored is the fseq that stands then.
 *
 * Modes: apply: the next events of the chain. clear: forget the symbol, a refill of this token begins. fill: part of
 * that refill, whose tail begins at `first`. open: the refill is complete up to `last`, `first` is the snapshot's fseq.
 * depth: only what the elements say. */
extern const char valkey_apply_script[];

/* One step of a search for open orders that a refill left behind. Arguments: cursor, how many keys to look at. Answers
 * [next cursor, how many were deleted]. */
extern const char valkey_sweep_script[];

#endif
