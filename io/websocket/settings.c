#include "io/websocket/push.h"

struct push_settings push_settings_default(void) {
    return (struct push_settings){
        .bind_address = "127.0.0.1",
        .port = 0,
        .tick_ms = 5,
        .ticker_ms = 100,
        .connections_max = 12000,
        .connections_per_address_max = 0,
        .subscriptions_max = 200,
        .messages_per_s_max = 20,
        .lag_bytes_max = 1 << 20,
        .send_buffer_bytes = 128 * 1024,
        .writes_max = 8,
        .ping_s = 25,
        .hang_up_s = 60,
        .depth_levels = 1000,
        .mirror_levels = 65536,
        .resume_changes = 256,
        .resume_bytes = 256 * 1024,
        .resume_trades = 256,
        .retain_s = 60,
        .hold_bytes_max = 64 << 20,
        .unknown_ms = 250,
        .drain_ms = 1000,
    };
}

const char *push_settings_fault(const struct push_settings *s) {
    if (!s->bind_address || !s->bind_address[0])
        return "the address to listen on is empty: give one, such as 127.0.0.1";
    if (s->tick_ms < 1 || s->tick_ms > 1000) return "tick_ms must be 1 to 1000";
    if (s->connections_max < 1 || s->connections_max > 1000000) return "connections_max must be 1 to 1000000";
    if (s->subscriptions_max < 1 || s->messages_per_s_max < 1 || s->writes_max < 1)
        return "subscriptions_max, messages_per_s_max and writes_max must be at least 1";
    if (s->depth_levels < 1 || s->depth_levels > 10000) return "depth_levels must be 1 to 10000";
    if (s->mirror_levels < s->depth_levels || s->mirror_levels > 1u << 22)
        return "mirror_levels must be at least depth_levels and at most 4194304";
    if (s->lag_bytes_max < 16384 || s->lag_bytes_max / 256 < s->depth_levels)
        return "lag_bytes_max must be at least 16384 and at least 256 times depth_levels, so that a snapshot fits";
    if (s->send_buffer_bytes < 4096) return "send_buffer_bytes must be at least 4096";
    if (s->ping_s < 1 || s->hang_up_s <= s->ping_s || s->hang_up_s > 3600)
        return "ping_s must be at least 1 and hang_up_s greater than it, at most 3600";
    if (s->resume_changes > 65536 || s->resume_trades > 65536)
        return "resume_changes and resume_trades may be at most 65536";
    return 0;
}
