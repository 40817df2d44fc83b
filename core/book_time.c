/* GTD orders by the time at which they expire, first in first out among equals. */
#include "core/book_inside.h"

void book_add_time(struct book *book, uint32_t slot) {
    struct book_specials *specials = book->specials;
    struct order_extra *extra = book_extra(book, slot);
    struct level *at = ladder_enter(&specials->times, book->arena, (uint64_t)extra->expire_time_ms);
    extra->time_next = 0;
    extra->time_prev = at->tail;
    if (at->tail)
        book_extra(book, at->tail)->time_next = slot;
    else
        at->head = slot;
    at->tail = slot;
    extra->is_timed = true;
    specials->timed++;
    book->special |= BOOK_HAS_TIMED;
}

void book_remove_time(struct book *book, uint32_t slot) {
    struct book_specials *specials = book->specials;
    struct order_extra *extra = book_extra(book, slot);
    uint64_t key = (uint64_t)extra->expire_time_ms;
    struct level *at = ladder_get(&specials->times, book->arena, key);
    if (extra->time_prev)
        book_extra(book, extra->time_prev)->time_next = extra->time_next;
    else
        at->head = extra->time_next;
    if (extra->time_next)
        book_extra(book, extra->time_next)->time_prev = extra->time_prev;
    else
        at->tail = extra->time_prev;
    if (!at->head) ladder_leave(&specials->times, book->arena, key);
    extra->is_timed = false;
    if (--specials->timed == 0) book->special &= ~(uint32_t)BOOK_HAS_TIMED;
}

bool book_expire_due(struct book *book, struct book_output *out, int64_t log_time_ms) {
    if (!(book->special & BOOK_HAS_TIMED)) return true;
    struct ladder *times = &book->specials->times;
    while (times->best != LADDER_EMPTY && (int64_t)times->best <= log_time_ms) {
        if (!book_has_room(out)) return false;
        uint32_t slot = ladder_get(times, book->arena, times->best)->head;
        book_finish(book, out, slot, EVENT_EXPIRED, REASON_GTD, 0);
    }
    return true;
}
