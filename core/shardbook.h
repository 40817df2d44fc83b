/* libshardbook: the matching book by itself. Include this, link with -lshardbook; C11 with GCC or Clang, 64-bit
 * little-endian Linux, the C library and nothing else. core/example/trade.c is a whole program. What a user needs to
 * know:
 *
 * Memory. All of it is the caller's: a struct arena over arena_bytes(orders_max) bytes, a struct book for each symbol,
 * a struct book_output for each thread. Nothing is allocated, ever; of the arena, zeros from
 * a multiple of 64 on, only what is touched becomes real, so map it without reserving. The limits are the caller's to
 * keep: an arena that is used up, like a program error, stops the process with a line on stderr. Books of one arena
 * share its memory; book_deinit gives a book's share back.
 *
 * What goes in. One struct book_input after the other, in one order: `src_offset`, which is part of the hash, and
 * `log_time_ms`, the only clock, never go back. Its kind says what it carries:
 * - BOOK_REQUEST: a struct request: NEW, CANCEL, MODIFY, REPLACE of limit and market orders; fast in a book by slots.
 * - BOOK_COMMAND: a struct command: every kind of order and list, ids of up to 64 bytes. Start with command_init, set
 *   members and their bits in `present`, end with command_check.
 * - BOOK_TICK: time moved: what is due ends. While book_needs_time says so, send one now and then.
 * - BOOK_STATE, BOOK_INSTRUMENT, BOOK_CONTROL: halt, auction, close; settings of the symbol; what only leaves a trace.
 *
 * Prices are ticks and quantities lots, from 1 to 2^40, never floating point.
 *
 * Which order is meant. A book finds orders by id; after book_use_slots by the slot that the request carries instead:
 * put out.slot to 0, apply a NEW or REPLACE, and if it is not 0 keep it beside the order until its last event. An order
 * has its slot for life; a slot whose order ended is given to another, so the id is compared, and a stale slot is
 * answered REJECTED (UNKNOWN). Repeated ids are noticed among open orders only; in a book by slots by nobody.
 *
 * Fast. core/short_road.h, to be included beside this, has book_request, which is book_apply for a request compiled
 * into the caller, and book_prefetch for callers that know what comes next.
 *
 * What comes out. book_apply, and while it answers BOOK_MORE book_step with the same input, put at most BOOK_EVENTS_MAX
 * events and BOOK_LEVELS_MAX changed levels into the output, which the caller empties before each. So no step takes
 * long, however much one order sets off. A struct book_event has 64 bytes of numbers; book_view makes a struct event of
 * it, whose texts are good until the next step: look at what you need before. Trades, refusals and ends are all events;
 * no function fails in another way.
 *
 * Reading. book_levels, book_next_order, book_last_price, book_open_orders, book_state, between two steps.
 *
 * Threads. A book is one thread's at a time; hand it to another by anything that orders memory. Books of one arena may
 * be on different threads at once, since the arena's own stacks are lock-free. Nothing here starts a thread or waits.
 *
 * Determinism. Events, their numbers and their hash depend on the inputs and on nothing else: not on the machine, the
 * arena's size or what other books do. Same inputs, same book_hash; same open orders, same book_state_hash. book_dump
 * and book_load carry a book, everything that decides its future included, in pieces to another process of the same
 * version on the same kind of machine. A loaded book has its orders in other slots.
 *
 * Structs are the caller's memory and part of the binary interface: what is compiled against one minor version is
 * linked with it (the library's soname says so). Members that no comment here or at their declaration gives you are not
 * yours. */
#ifndef SHARDBOOK_CORE_SHARDBOOK_H
#define SHARDBOOK_CORE_SHARDBOOK_H

#include "core/arena.h"
#include "core/book.h"
#include "core/book_types.h"
#include "core/command.h"
#include "core/control.h"
#include "core/decimal.h"
#include "core/depth.h"
#include "core/event.h"
#include "core/instrument.h"
#include "core/limits.h"
#include "core/reason.h"
#include "core/request.h"
#include "core/text.h"

#endif
