#include "router/order_numbers.h"

#include "core/reason.h"

#include <stdio.h>

/* One number, and what it must be. */
struct demand {
    enum field field;
    struct decimal value;
    struct decimal_unit unit;
    int64_t least, most;
};

/* ---------------------------------------------------------------- words */

static const char *text_of_units(int64_t units, struct decimal_unit unit, char out[48]) {
    out[decimal_format(units, unit, out)] = 0;
    return out;
}

static struct fault wrong(enum field field, char *words) {
    return (struct fault){400, CODE_PRECISION, text_of(words), field_name(field), 0};
}

static struct fault wrong_price(const struct demand *demand, char *words) {
    static const char *const counts[DECIMAL_PLACES_MAX + 1] = {
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"};
    char least[48], unit[48];
    text_of_units(demand->least, demand->unit, least);
    const char *form = demand->field == FIELD_MAX_SLIPPAGE ? "price distance" : "number";
    if (demand->unit.mantissa == 1) {
        snprintf(words, NUMBER_WORDS_BYTES, "%s must be a %s of at least %s with at most %s decimal place%s",
            field_name(demand->field).data, form, demand->least ? least : "0", counts[demand->unit.places],
            demand->unit.places == 1 ? "" : "s");
    } else {
        snprintf(words, NUMBER_WORDS_BYTES, "%s must be a %s of at least %s, a multiple of %s",
            field_name(demand->field).data, form, demand->least ? least : "0", text_of_units(1, demand->unit, unit));
    }
    return wrong(demand->field, words);
}

static struct fault wrong_quantity(const struct demand *demand, char *words) {
    char least[48], most[48], unit[48];
    text_of_units(demand->least, demand->unit, least);
    text_of_units(demand->most, demand->unit, most);
    if (demand->unit.mantissa == 1 && demand->unit.places == 0) {
        snprintf(words, NUMBER_WORDS_BYTES, "%s must be a whole number from %s to %s", field_name(demand->field).data,
            least, most);
    } else {
        snprintf(words, NUMBER_WORDS_BYTES, "%s must be a multiple of %s from %s to %s", field_name(demand->field).data,
            text_of_units(1, demand->unit, unit), least, most);
    }
    return wrong(demand->field, words);
}

/* ---------------------------------------------------------------- checks */

/* What is absent fits. */
static bool fits(const struct demand *demand) {
    int64_t units;
    return demand->value.state == DECIMAL_ABSENT ||
           (decimal_to_units(demand->value, demand->unit, &units) == DECIMAL_FITS && units >= demand->least &&
               units <= demand->most);
}

static bool is_given(struct decimal value) { return value.state != DECIMAL_ABSENT; }

/* What the numbers, each good by itself, must be together. */
static struct fault check_together(const struct command *order, const struct instrument *rules) {
    int64_t shown = 0, lots = 0, ticks = 0;
    if (!is_given(order->quantity)) {
        return (struct fault){0};
    }
    decimal_to_units(order->quantity, rules->lot, &lots);
    if (is_given(order->display_quantity)) {
        decimal_to_units(order->display_quantity, rules->lot, &shown);
    }
    if (is_given(order->price)) {
        decimal_to_units(order->price, rules->tick, &ticks);
    }
    if (shown > lots) {
        return (struct fault){400, CODE_PRECISION, TEXT("displayQuantity must be at most the quantity"),
            field_name(FIELD_DISPLAY_QUANTITY), 0};
    }
    if (ticks && (unsigned __int128)ticks * (unsigned __int128)lots < rules->notional_units_min) {
        return (struct fault){400, CODE_PRECISION,
            TEXT("price times quantity is below the least that this symbol trades"), field_name(FIELD_QUANTITY), 0};
    }
    return (struct fault){0};
}

static struct fault check_order(const struct command *order, const struct instrument *rules, char *words) {
    const int64_t ticks_min = rules->price_ticks_min, ticks_max = rules->price_ticks_max;
    const struct demand demands[] = {
        {FIELD_QUANTITY, order->quantity, rules->lot, rules->quantity_lots_min, rules->quantity_lots_max},
        {FIELD_PRICE, order->price, rules->tick, ticks_min, ticks_max},
        {FIELD_STOP_PRICE, order->stop_price, rules->tick, ticks_min, ticks_max},
        {FIELD_TRAILING_AMOUNT, order->trailing_amount, rules->tick, ticks_min, ticks_max},
        {FIELD_DISPLAY_QUANTITY, order->display_quantity, rules->lot, rules->clip_lots_min, rules->quantity_lots_max},
        {FIELD_MAX_SLIPPAGE, order->max_slippage, rules->tick, 0, ticks_max},
    };
    bool is_change = order->action == ACTION_MODIFY; /* which has no more than the first three */
    for (size_t i = 0; i < (is_change ? 3 : sizeof demands / sizeof *demands); i++) {
        bool is_quantity = demands[i].field == FIELD_QUANTITY || demands[i].field == FIELD_DISPLAY_QUANTITY;
        if (!fits(&demands[i])) {
            return is_quantity ? wrong_quantity(&demands[i], words) : wrong_price(&demands[i], words);
        }
    }
    return is_change ? (struct fault){0} : check_together(order, rules);
}

static struct fault check_list(const struct command *list, const struct instrument *rules, char *words) {
    for (uint32_t i = 0; i < list->order_count; i++) {
        struct fault fault = check_order(&list->orders[i], rules, words);
        if (fault.status) {
            fault.order = (uint8_t)(i + 1);
            return fault;
        }
    }
    return (struct fault){0};
}

struct fault order_numbers_check(const struct command *command, const struct instrument *rules, char *words) {
    switch (command->action) {
    case ACTION_LIST: return check_list(command, rules, words);
    case ACTION_NEW:
    case ACTION_REPLACE:
    case ACTION_MODIFY: return check_order(command, rules, words);
    default: return (struct fault){0};
    }
}
