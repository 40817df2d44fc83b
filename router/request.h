/* Whether a decoded order, or change of one, may go into the log: the router's checks of form, in the guide's order.
 * What depends on the symbol's settings is judged by order_numbers.h. Pure. */
#ifndef SHARDBOOK_ROUTER_REQUEST_H
#define SHARDBOOK_ROUTER_REQUEST_H

#include "core/command.h"
#include "router/fault.h"
#include "router/target.h"

/* Checks the members of a new order as the body had them: their form, and what the kind of order needs. A sound one
 * gets its price taken away if it is a MARKET or STOP order, which needs none. orderId, timestamp, commandId and
 * everything that is no member of a new order are not looked at: the router does not take them over. */
struct fault request_check_new(struct command *command);

/* The same of an order that replaces another (decoded as REPLACE unless it says otherwise). */
struct fault request_check_replace(struct command *command);

/* The same of a list (decoded as LIST unless it says otherwise) and its orders, which are copied to `orders`
 * (LIST_ORDERS_MAX); command->orders views these then. */
struct fault request_check_list(struct command *command, struct command *orders);

/* When it has its ids: whether the fields of a checked NEW, REPLACE or LIST go together, as the engine will judge.
 * `orders` is what command->orders views, NULL if it is no list. */
struct fault request_check_combination(struct command *command, struct command *orders);

/* Checks the body of PATCH /orders/{orderId} together with its target, and fills in the symbol, which either may name.
 */
struct fault request_check_modify(struct command *command, const struct target *target);

/* Whose the command is. `account` is the API key's, absent in open mode. A userId that disagrees is 403; else
 * command->user_id is what counts, perhaps absent. */
struct fault request_identify(struct command *command, struct text account);

#endif
