#include "router/answers.h"
#include "router/metrics.h"
#include "router/queries.h"

#include <criterion/criterion.h>
#include <string.h>

static char out[METRICS_BYTES_MAX];

static const char *ended(struct text text) {
    static char copy[ANSWER_BYTES_MAX + 1];
    memcpy(copy, text.data, text.size);
    copy[text.size] = 0;
    return copy;
}

Test(answers, gateway_errors_are_byte_for_byte) {
    cr_assert_str_eq(ended(answer_forbidden), "{\"message\":\"Forbidden\"}");
    cr_assert_str_eq(ended(answer_too_many_requests), "{\"message\":\"Too Many Requests\"}");
    cr_assert_str_eq(ended(answer_limit_exceeded), "{\"message\":\"Limit Exceeded\"}");
    struct fault fault = {.status = 403, .error = TEXT("not told")};
    cr_assert_str_eq(ended(answer_fault(out, &fault, TEXT("r"))), "{\"message\":\"Forbidden\"}");
}

Test(answers, a_bad_order_says_how_to_mend_it) {
    struct fault fault = {400, CODE_PRECISION, TEXT("price must be so"), TEXT("price"), 0};
    cr_assert_str_eq(ended(answer_fault(out, &fault, TEXT("r1"))),
        "{\"message\":\"Invalid request body\",\"error\":\"price must be so\",\"code\":-1111,"
        "\"field\":\"price\",\"requestId\":\"r1\"}");
}

Test(answers, an_order_has_the_guides_three_members_first) {
    struct order_outcome outcome = {
        .call = CALL_NEW, .symbol = TEXT("AAPL"), .order_id = TEXT("1-a"), .timestamp_ms = 5};
    cr_assert_str_eq(ended(answer_stored(out, &outcome, TEXT("orders"))),
        "{\"message\":\"Order "
        "accepted\",\"topic\":\"orders\",\"symbol\":\"AAPL\",\"orderId\":\"1-a\",\"timestamp\":5}");
    outcome.client_order_id = TEXT("c\"");
    cr_assert_str_eq(ended(answer_stored(out, &outcome, TEXT("pending-orders"))),
        "{\"message\":\"Order accepted\",\"topic\":\"pending-orders\",\"symbol\":\"AAPL\",\"orderId\":"
        "\"1-a\",\"clientOrderId\":\"c\\\"\",\"timestamp\":5}");
}

Test(answers, a_list_names_its_orders) {
    struct order_outcome outcome = {.call = CALL_LIST,
        .symbol = TEXT("AAPL"),
        .list_id = TEXT("l"),
        .timestamp_ms = 5,
        .orders = {{TEXT("l-1"), TEXT_NONE}, {TEXT("c-2"), TEXT("mine")}},
        .order_count = 2};
    cr_assert_str_eq(ended(answer_stored(out, &outcome, TEXT("orders"))),
        "{\"message\":\"List "
        "accepted\",\"topic\":\"orders\",\"symbol\":\"AAPL\",\"listId\":\"l\",\"orders\":[{\"orderId\":"
        "\"l-1\"},{\"orderId\":\"c-2\",\"clientOrderId\":\"mine\"}],\"timestamp\":5}");
    struct fault fault = {400, CODE_FIELD, TEXT("postOnly must be so"), TEXT("postOnly"), 2};
    cr_assert_str_eq(ended(answer_fault(out, &fault, TEXT("r"))),
        "{\"message\":\"Invalid request body\",\"error\":\"postOnly must be so\",\"code\":-1130,"
        "\"field\":\"postOnly\",\"order\":2,\"requestId\":\"r\"}");
}

Test(answers, readiness_names_what_is_missing) {
    cr_assert_str_eq(ended(answer_ready(out, true, true, true, false)), "{\"ready\":true,\"missing\":[]}");
    cr_assert_str_eq(
        ended(answer_ready(out, false, false, false, false)), "{\"ready\":false,\"missing\":[\"kafka\",\"valkey\"]}");
    cr_assert_str_eq(ended(answer_ready(out, false, true, false, true)),
        "{\"ready\":false,\"missing\":[\"valkey\"],\"draining\":true}");
}

static const char *cut(const char *stored, uint32_t levels) {
    size_t bytes = depth_cut(text_of(stored), TEXT("AAPL"), levels, out, sizeof out);
    out[bytes] = 0;
    return bytes ? out : NULL;
}

Test(depth, is_cut_to_the_levels_asked_for) {
    const char *stored = "{\"u\":1042,\"b\":[[\"150.00\",\"300\"],[\"149.99\",\"1\"]],\"a\":[[\"150.05\",\"7\"]]}";
    cr_assert_str_eq(cut(stored, 20),
        "{\"symbol\":\"AAPL\",\"u\":1042,\"b\":[[\"150.00\",\"300\"],[\"149.99\",\"1\"]],\"a\":[[\"150.05\",\"7\"]]}");
    cr_assert_str_eq(
        cut(stored, 1), "{\"symbol\":\"AAPL\",\"u\":1042,\"b\":[[\"150.00\",\"300\"]],\"a\":[[\"150.05\",\"7\"]]}");
    cr_assert_str_eq(cut("{\"u\":0,\"b\":[],\"a\":[]}", 5), "{\"symbol\":\"AAPL\",\"u\":0,\"b\":[],\"a\":[]}");
}

Test(depth, of_another_form_is_refused) {
    cr_assert_null(cut("", 1));
    cr_assert_null(cut("{}", 1));
    cr_assert_null(cut("{\"u\":x,\"b\":[],\"a\":[]}", 1));
    cr_assert_null(cut("{\"u\":1,\"b\":[[\"1\"", 1));
    cr_assert_null(cut("{\"u\":1,\"b\":[]}", 1));
    cr_assert_null(cut("{\"u\":1,\"b\":[[[1]]],\"a\":[]}", 1));
    cr_assert_null(cut("{\"u\":1,\"b\":[]],\"a\":[", 1));
}

Test(metrics, are_prometheus_text) {
    struct metrics metrics = {0};
    struct metrics_gauges gauges = {.kafka_up = true, .in_flight = 3};
    metrics_count(&metrics, CALL_NEW, RESULT_ACCEPTED);
    metrics_count(&metrics, CALL_NEW, RESULT_ACCEPTED);
    metrics_latency(&metrics, 900);
    metrics_latency(&metrics, 9000000);
    out[metrics_write(&metrics, &gauges, out, sizeof out)] = 0;
    cr_assert(strstr(out, "\nshardbook_router_requests_total{call=\"new\",result=\"accepted\"} 2\n"));
    cr_assert(strstr(out, "_bucket{le=\"0.0005\"} 0\n") && strstr(out, "_bucket{le=\"0.001\"} 1\n") &&
              strstr(out, "_bucket{le=\"+Inf\"} 2\n"));
    cr_assert(strstr(out, "\nshardbook_router_order_to_ack_seconds_count 2\n"));
    cr_assert(strstr(out, "\nshardbook_router_in_flight 3\n") && strstr(out, "\nshardbook_router_kafka_up 1\n"));
    for (const char *line = out; *line; line = strchr(line, '\n') + 1) {
        cr_assert(*line == '#' || strncmp(line, "shardbook_router_", 17) == 0, "%.40s", line);
    }
}
