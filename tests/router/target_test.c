#include "router/target.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

static struct fault parse(struct target *target, enum http_method method, const char *path, const char *query) {
    return target_parse(target, method, text_of(path), query ? text_of(query) : TEXT_NONE);
}

struct way {
    enum http_method method;
    char path[40], query[80];
    int status;
    enum call call;
};

ParameterizedTestParameters(target, ways) {
    static struct way ways[] = {
        {HTTP_POST, "/orders", "", 0, CALL_NEW},
        {HTTP_POST, "/prod/orders", "", 0, CALL_NEW},
        {HTTP_POST, "/orders/", "", 0, CALL_NEW},
        {HTTP_POST, "/prod/orders/test", "", 0, CALL_TEST},
        {HTTP_POST, "/orders/replace", "", 0, CALL_REPLACE},
        {HTTP_POST, "/prod/orders/list", "", 0, CALL_LIST},
        {HTTP_GET, "/orders/list", "", 405, CALL_LIST},
        {HTTP_POST, "/orders/abc", "", 405, CALL_NEW},
        {HTTP_DELETE, "/orders/abc", "symbol=AAPL", 0, CALL_CANCEL},
        {HTTP_DELETE, "/orders", "symbol=AAPL&clientOrderId=x", 0, CALL_CANCEL},
        {HTTP_DELETE, "/orders", "symbol=AAPL", 0, CALL_CANCEL_ALL},
        {HTTP_DELETE, "/orders", "symbol=AAPL&side=SELL", 0, CALL_CANCEL_ALL},
        {HTTP_DELETE, "/orders", "symbol=AAPL&side=sell", 400, CALL_CANCEL_ALL},
        {HTTP_DELETE, "/orders", "", 400, CALL_CANCEL_ALL},
        {HTTP_DELETE, "/orders/abc", "", 400, CALL_CANCEL},
        {HTTP_DELETE, "/orders/abc", "symbol=aapl", 400, CALL_CANCEL},
        {HTTP_DELETE, "/orders/abc", "symbol=AAPL&symbol=MSFT", 400, CALL_CANCEL},
        {HTTP_DELETE, "/orders/a%2", "symbol=AAPL", 400, CALL_CANCEL},
        {HTTP_DELETE, "/orders/a%00b", "symbol=AAPL", 400, CALL_CANCEL},
        {HTTP_PATCH, "/orders/abc", "", 0, CALL_MODIFY},
        {HTTP_GET, "/orders/abc", "", 0, CALL_ORDER},
        {HTTP_HEAD, "/orders/abc", "", 0, CALL_ORDER},
        {HTTP_GET, "/orders", "clientOrderId=c&symbol=AAPL", 0, CALL_FIND_ORDER},
        {HTTP_GET, "/orders", "clientOrderId=c", 400, CALL_FIND_ORDER},
        {HTTP_GET, "/orders", "symbol=AAPL", 400, CALL_FIND_ORDER},
        {HTTP_GET, "/depth", "symbol=AAPL&limit=5", 0, CALL_DEPTH},
        {HTTP_GET, "/depth", "symbol=AAPL&limit=0", 400, CALL_DEPTH},
        {HTTP_GET, "/depth", "symbol=AAPL&limit=-1", 400, CALL_DEPTH},
        {HTTP_GET, "/depth", "symbol=AAPL&limit=99999999999999999999", 400, CALL_DEPTH},
        {HTTP_GET, "/trades", "symbol=AAPL&other=ignored&&x", 0, CALL_TRADES},
        {HTTP_GET, "/time", "", 0, CALL_TIME},
        {HTTP_GET, "/prod/symbols", "", 0, CALL_SYMBOLS},
        {HTTP_GET, "/healthz", "", 0, CALL_HEALTH},
        {HTTP_GET, "/readyz", "", 0, CALL_READY},
        {HTTP_GET, "/metrics", "", 0, CALL_METRICS},
        {HTTP_OPTIONS, "/orders", "", 0, CALL_PREFLIGHT},
        {HTTP_OPTIONS, "/nowhere", "", 404, CALL_PREFLIGHT},
        {HTTP_POST, "/orders", "wait=ack", 400, CALL_NEW},
        {HTTP_PUT, "/orders", "", 405, CALL_NEW},
        {HTTP_POST, "/depth", "", 405, CALL_NEW},
        {HTTP_OTHER, "/time", "", 405, CALL_NEW},
        {HTTP_GET, "/", "", 404, CALL_NEW},
        {HTTP_GET, "/prod", "", 404, CALL_NEW},
        {HTTP_GET, "/production/orders", "", 404, CALL_NEW},
        {HTTP_GET, "/orders/a/b", "", 404, CALL_NEW},
        {HTTP_GET, "/ordersx", "", 404, CALL_NEW},
    };
    return cr_make_param_array(struct way, ways, sizeof ways / sizeof *ways);
}

ParameterizedTest(struct way *way, target, ways) {
    struct target target;
    struct fault fault = parse(&target, way->method, way->path, way->query);
    cr_assert_eq(fault.status, way->status, "%s?%s: %d", way->path, way->query, fault.status);
    if (way->status == 0) {
        cr_assert_eq(target.call, way->call, "%s?%s: %s", way->path, way->query, call_name(target.call));
    } else {
        cr_assert(fault.error.size > 0);
    }
}

Test(target, parameters_are_decoded) {
    struct target target;
    struct fault fault =
        parse(&target, HTTP_DELETE, "/orders/c%C3%A9%2Fx", "symbol=AAPL&clientOrderId=a+b%26&limit=7&userId=u");
    cr_assert_eq(fault.status, 0);
    cr_assert(text_equal(target.order_id, TEXT("c\xc3\xa9/x")));
    cr_assert(text_equal(target.client_order_id, TEXT("a b&")));
    cr_assert(text_equal(target.user_id, TEXT("u")));
    cr_assert_eq(target.limit, 7);
}

Test(target, ids_have_64_bytes_at_most) {
    struct target target;
    char path[200] = "/orders/";
    memset(path + 8, 'x', 64);
    cr_assert_eq(parse(&target, HTTP_GET, path, NULL).status, 0);
    cr_assert_eq(target.order_id.size, 64);
    memset(path + 8, 'x', 65);
    cr_assert_eq(parse(&target, HTTP_GET, path, NULL).status, 400);
}

Test(target, what_is_public) {
    cr_assert(call_needs_key(CALL_NEW) && call_needs_key(CALL_TIME) && call_needs_key(CALL_DEPTH) &&
              call_needs_key(CALL_ORDER));
    cr_assert(!call_needs_key(CALL_HEALTH) && !call_needs_key(CALL_READY) && !call_needs_key(CALL_PREFLIGHT));
    cr_assert_str_eq(target_methods(TEXT("/prod/orders")), "GET, POST, DELETE, OPTIONS");
    cr_assert_null(target_methods(TEXT("/x")));
}
