/* Keys land where kafkajs and Kafka's Java client put them, and where librdkafka's murmur2_random puts them. */
#include "core/partition.h"

#include <criterion/criterion.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>

Test(partition, golden) {
    /* By kafkajs 2.2.4 (DefaultPartitioner) for 10 partitions. */
    static const struct {
        const char *symbol;
        int32_t partition;
    } golden[] = {{"AAPL", 7}, {"GOOGL", 1}, {"MSFT", 2}, {"AMZN", 1}, {"TSLA", 1}, {"NVDA", 7}, {"META", 4}, {"A", 8},
        {"BRKB", 8}, {"0", 6}, {"0123456789", 8}, {"ZZZZZZZZZZ", 9}};
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++)
        cr_assert_eq(home_partition(text_of(golden[i].symbol)), golden[i].partition, "%s", golden[i].symbol);
}

Test(partition, murmur2_of_kafka) {
    /* From the tests of Kafka's Java client (UtilsTest.testMurmur2). */
    static const struct {
        const char *key;
        int32_t hash;
    } golden[] = {{"21", -973932308}, {"foobar", -790332482}, {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829}, {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971}};
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++)
        cr_assert_eq((int32_t)murmur2(text_of(golden[i].key)), golden[i].hash, "%s", golden[i].key);
}

Test(partition, agrees_with_librdkafka) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    char why[128], symbol[16];
    uint32_t state = 12345;
    rd_kafka_conf_t *quiet = rd_kafka_conf_new();
    rd_kafka_conf_set(quiet, "log_level", "3", NULL, 0); /* it has no brokers, and says so */
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, quiet, why, sizeof why);
    cr_assert(rk, "%s", why);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, "orders", NULL);
    for (int i = 0; i < 100000; i++) {
        uint32_t size = 1 + (uint32_t)i % 10;
        for (uint32_t j = 0; j < size; j++) {
            state = state * 1664525 + 1013904223;
            symbol[j] = letters[(state >> 16) % 36];
        }
        int32_t theirs = rd_kafka_msg_partitioner_murmur2_random(topic, symbol, size, 10, NULL, NULL);
        cr_assert_eq(home_partition((struct text){symbol, size}), theirs, "%.*s", (int)size, symbol);
    }
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(rk);
}
