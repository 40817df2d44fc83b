/* spread FROM TO: deals the orders of each symbol of a stream out to ten symbols, by order id, and works the expected
 * trades out anew with the reference book. What a stream of the generator's 100 symbols becomes is one of 1,000. */
#include "bench/neutral/stream.h"
#include <stdio.h>
static uint64_t trades, quantity, notional, hash;
#define RB_TRADE(m, t, p, q)                                                                                           \
    (trades++, quantity += (q), notional += (uint64_t)(p) * (q), hash = trade_hash(hash, m, t, p, q))
#include "bench/neutral/refbook.h"

enum { SPREAD = 10 };

/* An order that was dead in its old symbol may live in its new one; a replace must still move its price. */
static void move_price(rec_t *r) {
    const rbo_t *order = &rb_pool[rb_get(r->id)];
    if (r->op == OP_REPLACE && rb_get(r->id) && order->price16 == r->price) r->price += order->side ? 1 : -1;
}

static void apply(const rec_t *r) {
    switch (r->op) {
    case OP_LIMIT: rb_limit(r->sym, r->id, r->side, r->price, r->qty); break;
    case OP_MARKET: rb_market(r->sym, r->id, r->side, r->qty); break;
    case OP_IOC: rb_ioc(r->sym, r->id, r->side, r->price, r->qty); break;
    case OP_CANCEL: rb_cancel(r->sym, r->id); break;
    case OP_REPLACE: rb_replace(r->sym, r->id, r->price, r->qty); break;
    default: break;
    }
}

int main(int argc, char **argv) {
    hdr_t header;
    rec_t record;
    FILE *from = argc == 3 ? fopen(argv[1], "rb") : NULL, *to = argc == 3 ? fopen(argv[2], "wb") : NULL;
    if (!from || !to || fread(&header, sizeof header, 1, from) != 1 || header.magic != MAGIC ||
        header.nsym * SPREAD > 65536) {
        fprintf(stderr, "spread: FROM must be a stream of at most %d symbols, TO a file to write\n", 65536 / SPREAD);
        return 2;
    }
    header.nsym *= SPREAD;
    rb_init((uint32_t)header.nsym, header.max_id, (uint32_t)header.nops + 1);
    fwrite(&header, sizeof header, 1, to);
    header.max_live = 0;
    while (fread(&record, sizeof record, 1, from) == 1) {
        record.sym = (uint16_t)(record.sym * SPREAD + record.id % SPREAD);
        move_price(&record);
        apply(&record);
        if (rb_live > header.max_live) header.max_live = rb_live;
        fwrite(&record, sizeof record, 1, to);
    }
    header.trades = trades, header.qty = quantity, header.notional = notional, header.hash = hash;
    rewind(to);
    fwrite(&header, sizeof header, 1, to);
    if (fclose(to) != 0) {
        perror("spread");
        return 1;
    }
    return 0;
}
