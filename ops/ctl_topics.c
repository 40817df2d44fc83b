#include "ops/ctl.h"

#include "core/status.h"
#include "io/kafka/topics.h"

#include <stdio.h>

#define DAY_MS INT64_C(86400000)

struct report {
    const struct ctl *ctl;
    int printed;
    bool is_untold; /* a broker did not tell a topic's settings */
};

static void on_finding(void *context, enum topic_finding finding, const char *topic, const char *text) {
    static const char *const names[] = {"in order", "created", "differs", "missing", "unknown"};
    struct report *report = context;
    report->is_untold |= finding == TOPIC_UNKNOWN;
    if (report->ctl->json) {
        printf("%s{\"topic\":", report->printed++ ? "," : "");
        ctl_print_text(text_of(topic));
        printf(",\"finding\":\"%s\",\"text\":", names[finding]);
        ctl_print_text(text_of(text));
        putchar('}');
    } else if (finding == TOPIC_IN_ORDER || finding == TOPIC_CREATED) {
        printf("%-20s %s\n", topic, names[finding]);
    } else {
        ctl_complain(CTL_FAILED, "topic %s %s", topic, text);
    }
}

int ctl_topics_ensure(struct ctl *ctl, const char *const *words, size_t count) {
    (void)words;
    (void)count;
    struct topics_wanted wanted = topics_wanted_defaults();
    wanted.replication = (int)configuration_count(ctl->configuration, "replication");
    wanted.min_insync_replicas = (int)configuration_count(ctl->configuration, "min-insync-replicas");
    wanted.retention_ms = configuration_count(ctl->configuration, "retention-days") * DAY_MS;
    wanted.create = !configuration_switch(ctl->configuration, "check-only");
    if (wanted.min_insync_replicas > wanted.replication)
        return ctl_complain(CTL_USAGE, "--min-insync-replicas is more than --replication; no record could be written");

    struct report report = {.ctl = ctl};
    if (ctl->json) printf("{\"schema\":\"shardbook.topics/1\",\"topics\":[");
    int status = topics_ensure(&ctl->kafka, &wanted, on_finding, &report);
    if (ctl->json) printf("],\"result\":\"%s\"}\n", status_name(status));
    if (status == STATUS_AWAY)
        return ctl_complain(
            CTL_FAILED, "no answer from %s; is the broker up, and is --kafka its address?", ctl->kafka.brokers);
    if (status == STATUS_REFUSED && report.is_untold)
        return ctl_complain(CTL_FAILED, "not every topic could be checked: this user must be allowed DescribeConfigs "
                                        "(the embedded broker of ops/demo "
                                        "never tells settings; it makes its topics itself)");
    if (status == STATUS_REFUSED) return ctl_complain(CTL_FAILED, "the topics are not as they must be");
    return status == STATUS_OK ? CTL_DONE : CTL_FAILED;
}
