/* shardbook-verify: is `fills` what `orders` demands? */
#include "bench/verify/verification.h"
#include "core/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yyjson.h>

static const struct option_row options[] = {
    TITLE_ROW("Where"),
    TEXT_ROW(
        "kafka", "SHARDBOOK_KAFKA MSK_BOOTSTRAP_SERVERS", "127.0.0.1:9092", "HOST:PORT,...", "brokers to start from"),
    TEXT_ROW("kafka-property-file", "SHARDBOOK_KAFKA_PROPERTY_FILE", NULL, "FILE",
        "KEY=VALUE lines: security.protocol, sasl.*, ssl.*"),
    TEXT_ROW("orders-topic", "SHARDBOOK_ORDERS_TOPIC ORDERS_TOPIC", "orders", "NAME", "topic of orders"),
    TEXT_ROW("fills-topic", "SHARDBOOK_FILLS_TOPIC", "fills", "NAME", "topic of events"),
    TEXT_ROW(
        "pending-topic", "SHARDBOOK_PENDING_TOPIC", "pending-orders", "NAME", "topic of orders while a symbol moves"),
    TITLE_ROW("How"),
    SWITCH_ROW(
        "with-pending", NULL, "false", "check also that every record of pending-orders was carried to orders, once"),
    COUNT_ROW("timeout", NULL, "10", 0, 3600, "seconds to wait for fills, once orders is read"),
    COUNT_ROW("silence", NULL, "30", 1, 3600, "seconds after which a broker that says nothing is given up"),
    SWITCH_ROW("no-repeats", NULL, "false", "an event that is in fills twice is a difference too"),
    SWITCH_ROW("json", NULL, "false", "the result as JSON"),
};

static const struct program program = {
    .name = "shardbook-verify",
    .purpose = "Computes from topic orders, with a plain reference book, every event that topic fills must hold, and "
               "compares.",
    .notes = "Both topics are read from their first record. What comes into orders after the start is not judged.\n"
             "Exit code: 0 the same, 3 different (the first difference is printed), 1 the topics could not be read, 2 "
             "wrong usage.",
    .examples = "  shardbook-verify --kafka 127.0.0.1:19092\n"
                "  shardbook-verify --kafka 127.0.0.1:19092 --with-pending --timeout 60 --json\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

struct view {
    bool terminal;
};

static void show_progress(void *context, uint64_t orders, uint64_t fills) {
    const struct view *view = context;
    if (view->terminal)
        fprintf(stderr, "\r%llu orders, %llu fills read ", (unsigned long long)orders, (unsigned long long)fills);
}

/* ---- the result as text */

static void print_line(const char *name, uint64_t value) {
    printf("  %-34s %12llu\n", name, (unsigned long long)value);
}

static void print_if(const char *name, uint64_t value) {
    if (value) print_line(name, value);
}

static void print_orders(const struct reference_counters *c) {
    printf("orders\n");
    print_line("records", c->records);
    print_line("commands answered", c->answered);
    print_if("control records answered", c->controls);
    print_if("misdirected", c->misdirected);
    print_if("re-injected and applied", c->copies);
    print_if("dropped by a watermark", c->watermark_drops);
    print_if("voids", c->voids);
    print_if("voids dropped", c->void_drops);
    print_if("ticks", c->ticks);
    print_if("malformed control records", c->malformed_control);
}

static void print_events(const struct verify_result *r) {
    printf("fills\n");
    print_line("events seen", r->seen);
    print_line("events expected", r->expected);
    print_line("the same", r->matched);
    print_if("seen again, unchanged", r->repeats);
    print_if("gaps", r->gaps);
    print_if("missing", r->missing);
    print_if("surplus", r->surplus);
    print_if("altered", r->altered);
    print_if("out of order", r->out_of_order);
    print_if("seen again, but other", r->repeats_differing);
    print_if("no events at all", r->not_events);
    print_if("later, not judged", r->later);
}

static void print_carried(const struct carriage *c) {
    if (c->without_copy + c->without_origin + c->altered == 0) return;
    printf("carried\n");
    print_if("records without a copy in orders", c->without_copy);
    print_if("copies of nothing", c->without_origin);
    print_if("copies that say something else", c->altered);
}

static void print_difference(const struct verify_difference *d) {
    if (d->kind == VERIFY_SAME) return;
    printf("first difference: %s, symbol %.*s, fseq %llu, partition %d, orders offset %lld, fills offset %lld\n",
        verify_kind_name(d->kind), (int)d->symbol.size, d->symbol.data ? d->symbol.data : "",
        (unsigned long long)d->fseq, d->partition, (long long)d->orders_offset, (long long)d->fills_offset);
    printf("  expected: %.*s\n", d->expected.data ? (int)d->expected.size : 7,
        d->expected.data ? d->expected.data : "nothing");
    printf("  seen:     %.*s\n", d->seen.data ? (int)d->seen.size : 7, d->seen.data ? d->seen.data : "nothing");
}

static void print_text(const struct verification_findings *found, bool same) {
    print_orders(found->orders);
    print_events(found->events);
    print_carried(found->carried);
    print_difference(&found->events->first);
    printf("%s in %.1f s\n", same ? "the same" : "DIFFERENT", found->seconds);
}

/* ---- the result as JSON */

static void add_count(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, uint64_t value) {
    yyjson_mut_obj_add_uint(doc, object, name, value);
}

static void add_orders(
    yyjson_mut_doc *doc, yyjson_mut_val *root, const struct reference_counters *c, uint64_t pending) {
    yyjson_mut_val *o = yyjson_mut_obj_add_obj(doc, root, "orders");
    add_count(doc, o, "records", c->records);
    add_count(doc, o, "answered", c->answered);
    add_count(doc, o, "controls", c->controls);
    add_count(doc, o, "misdirected", c->misdirected);
    add_count(doc, o, "copies", c->copies);
    add_count(doc, o, "watermarkDrops", c->watermark_drops);
    add_count(doc, o, "voids", c->voids);
    add_count(doc, o, "voidDrops", c->void_drops);
    add_count(doc, o, "ticks", c->ticks);
    add_count(doc, o, "malformedControl", c->malformed_control);
    add_count(doc, o, "trades", c->fills);
    add_count(doc, o, "pending", pending);
}

static void add_events(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct verify_result *r) {
    yyjson_mut_val *o = yyjson_mut_obj_add_obj(doc, root, "fills");
    add_count(doc, o, "seen", r->seen);
    add_count(doc, o, "expected", r->expected);
    add_count(doc, o, "matched", r->matched);
    add_count(doc, o, "repeats", r->repeats);
    add_count(doc, o, "gaps", r->gaps);
    add_count(doc, o, "missing", r->missing);
    add_count(doc, o, "surplus", r->surplus);
    add_count(doc, o, "altered", r->altered);
    add_count(doc, o, "outOfOrder", r->out_of_order);
    add_count(doc, o, "repeatsDiffering", r->repeats_differing);
    add_count(doc, o, "notEvents", r->not_events);
    add_count(doc, o, "later", r->later);
}

static void add_carried(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct carriage *c) {
    yyjson_mut_val *o = yyjson_mut_obj_add_obj(doc, root, "carried");
    add_count(doc, o, "origins", c->origins);
    add_count(doc, o, "copies", c->copies);
    add_count(doc, o, "withoutCopy", c->without_copy);
    add_count(doc, o, "withoutOrigin", c->without_origin);
    add_count(doc, o, "altered", c->altered);
}

static void add_text(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *name, struct text text) {
    if (text.data)
        yyjson_mut_obj_add_strn(doc, object, name, text.data, text.size);
    else
        yyjson_mut_obj_add_null(doc, object, name);
}

static void add_difference(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct verify_difference *d) {
    if (d->kind == VERIFY_SAME) return;
    yyjson_mut_val *o = yyjson_mut_obj_add_obj(doc, root, "first");
    yyjson_mut_obj_add_str(doc, o, "kind", verify_kind_name(d->kind));
    add_text(doc, o, "symbol", d->symbol);
    add_count(doc, o, "fseq", d->fseq);
    yyjson_mut_obj_add_int(doc, o, "partition", d->partition);
    yyjson_mut_obj_add_int(doc, o, "ordersOffset", d->orders_offset);
    yyjson_mut_obj_add_int(doc, o, "fillsOffset", d->fills_offset);
    add_text(doc, o, "expected", d->expected);
    add_text(doc, o, "seen", d->seen);
}

static void print_json(const struct verification_findings *found, bool same) {
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    yyjson_mut_obj_add_str(doc, root, "schema", "shardbook.verify/1");
    yyjson_mut_obj_add_bool(doc, root, "same", same);
    yyjson_mut_obj_add_real(doc, root, "seconds", found->seconds);
    add_orders(doc, root, found->orders, found->pending_records);
    add_events(doc, root, found->events);
    add_carried(doc, root, found->carried);
    add_difference(doc, root, &found->events->first);
    char *json = yyjson_mut_write(doc, YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL);
    puts(json ? json : "{\"schema\":\"shardbook.verify/1\",\"same\":false}");
    free(json);
    yyjson_mut_doc_free(doc);
}

/* ---- the program */

static struct verification_options options_from(const struct configuration *configuration, struct view *view) {
    struct verification_options run = {.kafka = {.brokers = configuration_text(configuration, "kafka"),
                                           .property_file = configuration_text(configuration, "kafka-property-file"),
                                           .client_id = "shardbook-verify"},
        .with_pending = configuration_switch(configuration, "with-pending"),
        .timeout_ms = (int)configuration_count(configuration, "timeout") * 1000,
        .silence_ms = (int)configuration_count(configuration, "silence") * 1000,
        .on_progress = show_progress,
        .progress_context = view};
    run.kafka.topics[TOPIC_ORDERS] = configuration_text(configuration, "orders-topic");
    run.kafka.topics[TOPIC_FILLS] = configuration_text(configuration, "fills-topic");
    run.kafka.topics[TOPIC_PENDING] = configuration_text(configuration, "pending-topic");
    return run;
}

int main(int argc, char **argv) {
    int exit_code = 0;
    struct configuration *configuration = configuration_read(&program, argc, argv, &exit_code);
    if (!configuration) return exit_code;
    char problem[1024] = "";
    struct view view = {.terminal = isatty(STDERR_FILENO)};
    struct verification_options run = options_from(configuration, &view);
    struct verification *verification = verification_run(&run, problem, sizeof problem);
    if (view.terminal) fprintf(stderr, "\r%40s\r", "");
    if (!verification) {
        fprintf(stderr, "shardbook-verify: %s\n", problem);
        configuration_close(configuration);
        return 1;
    }
    struct verification_findings found = verification_findings(verification);
    bool same = found.same && !(configuration_switch(configuration, "no-repeats") && found.events->repeats);
    if (configuration_switch(configuration, "json"))
        print_json(&found, same);
    else
        print_text(&found, same);
    verification_close(verification);
    configuration_close(configuration);
    return same ? 0 : 3;
}
