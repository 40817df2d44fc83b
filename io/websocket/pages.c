#include "io/websocket/pages.h"

#include "core/check.h"
#include "io/websocket/push_thread.h"

#include <stdio.h>
#include <stdlib.h>

enum { HEAD_BYTES = 512, METRICS_BYTES_MAX = 1 << 20, MISSING_BYTES = 1024 };

/* Made from page.html by the build. */
extern const unsigned char page_html[];
extern const unsigned page_html_bytes;

static bool is_head(struct lws *wsi) { return lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0; }

/* One lws_write for head and body: a segment and a system call less. */
int pages_answer(struct lws *wsi, int code, const char *reason, const char *type, struct text body) {
    unsigned char *piece = malloc(LWS_PRE + HEAD_BYTES + body.size);
    CHECK(piece, "no memory for an answer");
    char *head = (char *)piece + LWS_PRE;
    size_t size = (size_t)snprintf(head, HEAD_BYTES,
        "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %u\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\n\r\n",
        code, reason, type, body.size);
    if (!is_head(wsi) && body.size) {
        memcpy(head + size, body.data, body.size);
        size += body.size;
    }
    int written = lws_write(wsi, piece + LWS_PRE, size, LWS_WRITE_HTTP_FINAL);
    free(piece);
    return written < 0;
}

static int answer_text(struct lws *wsi, int code, const char *reason, struct text body) {
    return pages_answer(wsi, code, reason, "text/plain; charset=utf-8", body);
}

static int answer_json(struct lws *wsi, int code, const char *reason, const char *body) {
    return pages_answer(wsi, code, reason, "application/json", text_of(body));
}

static int answer_metrics(struct push *push, struct lws *wsi) {
    const struct push_pages *pages = &push->world.pages;
    if (!pages->write_metrics)
        return answer_json(wsi, 404, "Not Found", "{\"message\":\"This server has no metrics.\"}");
    char *out = malloc(METRICS_BYTES_MAX);
    CHECK(out, "no memory for metrics");
    struct text body = {out, (uint32_t)pages->write_metrics(pages->context, out, METRICS_BYTES_MAX)};
    int result = pages_answer(wsi, 200, "OK", "text/plain; version=0.0.4; charset=utf-8", body);
    free(out);
    return result;
}

static int answer_ready(struct push *push, struct lws *wsi) {
    const struct push_pages *pages = &push->world.pages;
    char missing[MISSING_BYTES] = "";
    if (push->is_announced) return answer_text(wsi, 503, "Service Unavailable", TEXT("stopping\n"));
    if (!pages->ready || pages->ready(pages->context, missing, sizeof missing))
        return answer_text(wsi, 200, "OK", TEXT("ready\n"));
    char line[MISSING_BYTES + 32];
    snprintf(line, sizeof line, "not ready: %s\n", missing);
    return answer_text(wsi, 503, "Service Unavailable", text_of(line));
}

static int answer(struct push *push, struct lws *wsi, struct text path) {
    if (text_equal(path, TEXT("/healthz"))) return answer_text(wsi, 200, "OK", TEXT("ok\n"));
    if (text_equal(path, TEXT("/readyz"))) return answer_ready(push, wsi);
    if (text_equal(path, TEXT("/metrics"))) return answer_metrics(push, wsi);
    if (text_equal(path, TEXT("/page")) || text_equal(path, TEXT("/page/")))
        return pages_answer(
            wsi, 200, "OK", "text/html; charset=utf-8", (struct text){(const char *)page_html, page_html_bytes});
    if (text_equal(path, TEXT("/")) || text_equal(path, TEXT("/prod")))
        return answer_json(
            wsi, 426, "Upgrade Required", "{\"message\":\"Connect here by WebSocket, or open /page in a browser.\"}");
    return answer_json(wsi, 404, "Not Found",
        "{\"message\":\"Not found. There are /page, /healthz, /readyz, /metrics, and WebSocket at /.\"}");
}

int pages_on_request(struct push *push, struct lws *wsi, struct text path) {
    push_count(&push->counters.http_requests, 1);
    if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) <= 0 && !is_head(wsi)) {
        answer_json(wsi, 405, "Method Not Allowed", "{\"message\":\"Only GET and HEAD are answered here.\"}");
        return -1; /* a body may follow, which nobody wants to read */
    }
    if (answer(push, wsi, path)) return -1;
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}
