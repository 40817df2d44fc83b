/* Why a request is not done, as the client is told. */
#ifndef SHARDBOOK_ROUTER_FAULT_H
#define SHARDBOOK_ROUTER_FAULT_H

#include "core/text.h"

#include <stdint.h>

/* Numbers of the families that trading clients know. */
enum fault_code {
    CODE_NONE = 0,
    CODE_UNKNOWN_FATE = -1007, /* nobody knows whether it was done */
    CODE_MALFORMED = -1100,
    CODE_MISSING = -1102,
    CODE_PRECISION = -1111,
    CODE_TIME_IN_FORCE = -1115,
    CODE_ORDER_TYPE = -1116,
    CODE_SIDE = -1117,
    CODE_SYMBOL = -1121,
    CODE_COMBINATION = -1128,
    CODE_FIELD = -1130,
    CODE_REJECTED = -2010,
    CODE_CANCEL_REJECTED = -2011,
    CODE_NO_SUCH_ORDER = -2013
};

/* A zeroed fault is none. Texts are static unless who made it says otherwise. */
struct fault {
    int status; /* of HTTP; 0: no fault */
    enum fault_code code;
    struct text error; /* what is wrong and how to mend it */
    struct text field; /* the member or parameter it is about; absent: none */
    uint8_t order;     /* of a list: which of its orders, from 1; 0: the list itself, or no list */
};

#endif
