/* OCO, OTO and OTOCO: what one order of a list does to the others. */
#include "core/book_inside.h"

enum { ROLE_PARENT = 0, ROLE_NONE = 3 };

uint32_t book_add_group(struct book *book, const struct command *command) {
    struct book_specials *specials = book_take_specials(book);
    uint32_t piece = pool_take(&specials->groups, book->arena, ORDER_EXTRA_BYTES);
    struct order_group *group = pool_at(book->arena, ORDER_EXTRA_BYTES, piece);
    *group = (struct order_group){.contingency = command->contingency, .list_id_bytes = (uint8_t)command->list_id.size};
    memcpy(group->list_id, command->list_id.data, command->list_id.size);
    return piece;
}

void book_join(struct book *book, uint32_t slot, uint32_t piece, uint32_t role) {
    struct order_extra *extra = book_extra(book, slot);
    extra->group = piece;
    extra->role = (uint8_t)role;
    struct order_group *group = book_group(book, extra);
    group->members[role] = slot;
    group->references++;
}

void book_wait_for_parent(struct book *book, uint32_t slot) {
    book_extra(book, slot)->place = PLACE_CHILD;
    book->specials->timed_children += book->orders[slot].time_in_force == TIF_GTD;
    book_remember(book, slot);
}

void book_unref_group(struct book *book, uint32_t piece) {
    struct order_group *group = pool_at(book->arena, ORDER_EXTRA_BYTES, piece);
    if (--group->references == 0) pool_give(&book->specials->groups, book->arena, ORDER_EXTRA_BYTES, piece);
}

static bool is_parent(const struct order_group *group, uint32_t role) {
    return group->contingency != CONTINGENCY_OCO && role == ROLE_PARENT;
}

/* The role of the other leg of an OCO. */
static uint32_t other_leg(const struct order_group *group, uint32_t role) {
    if (group->contingency == CONTINGENCY_OCO) return 1 - role;
    return group->contingency == CONTINGENCY_OTOCO && role != ROLE_PARENT ? 3 - role : ROLE_NONE;
}

void book_on_fill(struct book *book, struct book_output *out, uint32_t slot) {
    const struct order_extra *extra = book_extra(book, slot);
    if (!extra->group) return;
    struct order_group *group = book_group(book, extra);
    uint32_t other = other_leg(group, extra->role);
    if (other == ROLE_NONE || group->is_settled) return;
    group->is_settled = true;
    if (group->members[other]) book_finish(book, out, group->members[other], EVENT_CANCELLED, REASON_OCO, 0);
}

void book_on_filled(struct book *book, uint32_t slot) {
    struct book_specials *specials = book->specials;
    const struct order_extra *extra = book_extra(book, slot);
    if (!extra->group || !is_parent(book_group(book, extra), extra->role)) return;
    struct order_group *group = book_group(book, extra);
    if (!group->members[1] && !group->members[2]) return;
    group->next_filled = 0;
    if (specials->filled_last)
        ((struct order_group *)pool_at(book->arena, ORDER_EXTRA_BYTES, specials->filled_last))->next_filled =
            extra->group;
    else
        specials->filled_first = extra->group;
    specials->filled_last = extra->group;
    book->special |= BOOK_HAS_CAUSED;
}

void book_on_end(struct book *book, struct book_output *out, uint32_t slot) {
    const struct order_extra *extra = book_extra(book, slot);
    if (!extra->group || !is_parent(book_group(book, extra), extra->role)) return;
    const struct order_group *group = book_group(book, extra);
    for (uint32_t role = 1; role < LIST_ORDERS_MAX; role++)
        if (group->members[role] && book_is_child(book, group->members[role]))
            book_finish(book, out, group->members[role], EVENT_CANCELLED, REASON_PARENT, 0);
}
