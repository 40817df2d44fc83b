/* `shardbook-bench book` as somebody runs it: every engine trades as the streams' headers say. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

static yyjson_doc *run(const char *arguments) {
    static char said[1 << 20];
    char line[1500];
    const char *directory = getenv("SHARDBOOK_BINARY_DIR");
    cr_assert(directory, "SHARDBOOK_BINARY_DIR must name the build directory");
    snprintf(line, sizeof line, "%s/shardbook-bench book --runs 1 --json %s", directory, arguments);
    FILE *pipe = popen(line, "r");
    size_t size = fread(said, 1, sizeof said - 1, pipe);
    cr_assert_eq(pclose(pipe), 0, "%.*s", (int)size, said);
    yyjson_doc *doc = yyjson_read(said, size, 0);
    cr_assert(doc, "no JSON");
    return doc;
}

static void check_engine(const char *profile, const char *name, yyjson_val *engine) {
    yyjson_val *same = yyjson_obj_get(engine, "same_trades");
    cr_assert_gt(yyjson_get_num(yyjson_obj_get(engine, "ns_per_op")), 0, "%s %s", profile, name);
    if (strncmp(name, "floor", 5) == 0)
        cr_assert(!same);
    else
        cr_assert(yyjson_is_true(same), "%s %s", profile, name);
}

Test(bench_book, every_engine_trades_alike) {
    yyjson_doc *doc = run("--orders 120000 --profiles passive,realistic,aggressive");
    yyjson_val *profiles = yyjson_obj_get(yyjson_doc_get_root(doc), "profiles"), *key, *engine;
    static const char *const names[] = {"passive", "realistic", "aggressive"};
    for (size_t i = 0; i < 3; i++) {
        yyjson_val *profile = yyjson_obj_get(profiles, names[i]);
        size_t index, count, checked = 0;
        yyjson_obj_foreach(yyjson_obj_get(profile, "engines"), index, count, key, engine) {
            check_engine(names[i], yyjson_get_str(key), engine);
            checked++;
        }
        cr_assert_geq(checked, 13);
        cr_assert_gt(yyjson_get_num(yyjson_obj_get(profile, "text_ratio_to_reference")), 0);
    }
    yyjson_doc_free(doc);
}

Test(bench_book, an_idle_symbol_takes_at_most_four_kib) {
    yyjson_doc *doc = run("--orders 30000 --profiles symbols");
    yyjson_val *symbols = yyjson_ptr_get(yyjson_doc_get_root(doc), "/profiles/symbols");
    cr_assert(yyjson_is_true(yyjson_obj_get(yyjson_doc_get_root(doc), "same_trades")));
    double bytes = yyjson_get_num(yyjson_obj_get(symbols, "text_bytes_per_idle_symbol"));
    cr_assert_gt(bytes, 0);
    cr_assert_leq(bytes, 4096);
    yyjson_doc_free(doc);
}
