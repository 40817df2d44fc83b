/* A whole log of commands and control records, chosen byte by byte (bench/workload/maker.h), through the server's
 * engine and the reference book: the same events, the same books, and every invariant of ours after each record. */
#include "bench/workload/maker.h"
#include "core/partition.h"
#include "tests/fuzz/fuzz.h"
#include "tests/scenarios/stand.h"

enum { RECORDS_MAX = 400, LOOK_EVERY = 4 };

static const char *const symbols[] = {"AAPL", "NVDA", "SAP", "VOD"};

static void play(struct stand *stand, const struct maker_record *record) {
    stand_apply(stand, home_partition(TEXT("AAPL")), text_of(record->value), record->is_control, record->timestamp_ms);
    const struct stand_difference *difference = stand_differing_events(stand);
    if (difference)
        fprintf(stderr, "%s\nreference %.*s\nserver    %.*s\n", record->value, (int)difference->reference.size,
            difference->reference.data ? difference->reference.data : "", (int)difference->server.size,
            difference->server.data ? difference->server.data : "");
    MUST(!difference);
    for (unsigned i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        const struct book *book = stand_book(stand, text_of(symbols[i]));
        if (book) book_check(book);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static struct maker maker;
    static struct maker_record record;
    struct stand *stand = stand_open();
    maker_init_bytes(&maker, bytes, size);
    for (int i = 0; i < RECORDS_MAX && !maker_is_spent(&maker); i++) {
        if (i % LOOK_EVERY == 0) maker_look(&maker, stand_judge(stand));
        maker_next(&maker, &record);
        play(stand, &record);
    }
    for (unsigned i = 0; i < sizeof symbols / sizeof symbols[0]; i++)
        MUST(!stand_differing_books(stand, text_of(symbols[i])));
    stand_close(stand);
    return 0;
}
