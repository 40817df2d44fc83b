#include "bench/verdict.h"

#include "bench/verify/verification.h"

#include <string.h>

static void describe(struct verdict *verdict, const struct verification_findings *found) {
    const struct verify_difference *d = &found->events->first;
    if (d->kind == VERIFY_SAME) {
        snprintf(verdict->difference, sizeof verdict->difference,
            "misdirected records were not carried as they must be: see shardbook-verify");
        return;
    }
    snprintf(verdict->difference, sizeof verdict->difference,
        "%s, symbol %.*s, fseq %llu, orders %d/%lld, fills offset %lld\n  expected: %.*s\n  seen:     %.*s",
        verify_kind_name(d->kind), (int)d->symbol.size, d->symbol.data ? d->symbol.data : "",
        (unsigned long long)d->fseq, d->partition, (long long)d->orders_offset, (long long)d->fills_offset,
        d->expected.data ? (int)(d->expected.size < 400 ? d->expected.size : 400) : 7,
        d->expected.data ? d->expected.data : "nothing",
        d->seen.data ? (int)(d->seen.size < 400 ? d->seen.size : 400) : 7, d->seen.data ? d->seen.data : "nothing");
}

void verdict_reach(struct verdict *verdict, const struct kafka_settings *kafka, int timeout_ms) {
    struct verification_options options = {.kafka = *kafka, .timeout_ms = timeout_ms, .silence_ms = 30000};
    memset(verdict, 0, sizeof *verdict);
    options.kafka.client_id = "shardbook-bench-verify";
    struct verification *verification = verification_run(&options, verdict->problem, sizeof verdict->problem);
    if (!verification) return;
    struct verification_findings found = verification_findings(verification);
    verdict->read = true;
    verdict->same = found.same;
    verdict->orders = found.orders->records;
    verdict->events = found.events->expected;
    verdict->matched = found.events->matched;
    verdict->trades = found.orders->fills;
    verdict->seconds = found.seconds;
    if (!found.same) describe(verdict, &found);
    verification_close(verification);
}

void verdict_print(const struct verdict *verdict, FILE *out) {
    if (!verdict->read)
        fprintf(out, "not verified: %s\n", verdict->problem);
    else if (verdict->same)
        fprintf(out,
            "verified: all %llu events of %llu records (%llu trades) are those of the reference book (%.1f s)\n",
            (unsigned long long)verdict->events, (unsigned long long)verdict->orders,
            (unsigned long long)verdict->trades, verdict->seconds);
    else
        fprintf(out, "DIFFERENT: %llu of %llu events agree with the reference book; the first difference: %s\n",
            (unsigned long long)verdict->matched, (unsigned long long)verdict->events, verdict->difference);
}

void verdict_add(const struct verdict *verdict, yyjson_mut_doc *doc, yyjson_mut_val *root) {
    yyjson_mut_val *object = yyjson_mut_obj_add_obj(doc, root, "verification");
    yyjson_mut_obj_add_bool(doc, object, "same", verdict->same);
    yyjson_mut_obj_add_uint(doc, object, "orders", verdict->orders);
    yyjson_mut_obj_add_uint(doc, object, "events", verdict->events);
    yyjson_mut_obj_add_uint(doc, object, "matched", verdict->matched);
    yyjson_mut_obj_add_uint(doc, object, "trades", verdict->trades);
    if (!verdict->same)
        yyjson_mut_obj_add_str(doc, object, "problem", verdict->read ? verdict->difference : verdict->problem);
}

int verdict_exit_code(const struct verdict *verdict) { return !verdict->read ? 1 : verdict->same ? 0 : 3; }
