# shellcheck shell=bash
# Helpers for integration tests in bash. A test is an executable tests/integration/NAME.test (any language): exit 0 passes,
# 77 skips, all else fails; it prints what it saw. ops/test runs each inside Debian 13, some at a time, with the
# programs of build/release on PATH, in a scratch directory of its own, with these variables:
#
#   SHARDBOOK_SOURCE_DIR   the checkout
#   SHARDBOOK_RUN_DIR      for ops/stack: the test's own, with free ports in SHARDBOOK_{KAFKA,VALKEY,REST,WS}_PORT
#   SHARDBOOK_*_TOPIC      names of its own for the topics (ORDERS, PENDING, FILLS, DEAD_LETTER, SNAPSHOTS, STATUS)
#   SHARDBOOK_LONG         set under ops/test --nightly: be thorough
#
# Lines of its header (anywhere in the first 30) say what it needs; the runner has it up before the test starts:
#
#   # needs: kafka         a broker shared with other tests (do not stop it): SHARDBOOK_KAFKA; its topics are made
#   # needs: own-kafka     a broker of its own, which it may kill (ops/stack kill kafka; ops/stack up kafka)
#   # needs: own-kafka quick-return  that broker is back 2 s after a kill -9, not 9; a stall of 2 s then looks like a death
#   # needs: mock          the embedded broker, of its own
#   # needs: valkey        a Valkey of its own: SHARDBOOK_VALKEY, SHARDBOOK_VALKEY_PASSWORD_FILE
#   # needs: server router with the above; several words may stand on the line
#   # needs: root          skipped for others (network namespaces, mounts)
#   # timeout: 120         seconds (180 without)
#   # nightly: yes         only under --nightly
#
# What is left running is killed afterwards. Output and logs, and if it failed the data, stay in build/integration/NAME/ until
# the next run.
#
# In bash: . "$SHARDBOOK_SOURCE_DIR/ops/lib/integration.sh"

set -euo pipefail
. "$SHARDBOOK_SOURCE_DIR/ops/lib/common.sh"
me=$(basename "$0" .test)

stack() { "$SHARDBOOK_SOURCE_DIR/ops/stack" "$@"; }
skip() { echo "skipped: $*"; exit 77; }
fail() { echo "FAILED: $*"; exit 1; }

# A member of endpoints.json: endpoint rest, endpoint pids.server
endpoint() { jq -r ".$1" "$SHARDBOOK_RUN_DIR/endpoints.json"; }

# expect WHAT EXPECTED ACTUAL
expect() {
    [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"
    echo "ok: $1: $3"
}

# eventually SECONDS WHAT COMMAND ARG...: the command must succeed before the deadline.
eventually() {
    local seconds=$1 what=$2
    shift 2
    wait_until "$seconds" "$@" || fail "$what: not within $seconds s"
    echo "ok: $what"
}

# http METHOD PATH [CURL-ARG...]: to the router with the demo key; leaves $status and $body
# (so call it plainly, not in a subshell).
http() {
    local method=$1 path=$2 answer
    shift 2
    answer=$(curl -s -m 10 -X "$method" -H "x-api-key: $(endpoint apiKey)" -H 'content-type: application/json' \
        -w '\n%{http_code}' "$@" "$(endpoint rest)$path") || true
    status=${answer##*$'\n'} body=${answer%$'\n'*}
    export status body
}

valkey() {
    local valkey=${SHARDBOOK_VALKEY:-127.0.0.1:$SHARDBOOK_VALKEY_PORT}
    REDISCLI_AUTH=$(cat "${SHARDBOOK_VALKEY_PASSWORD_FILE:-$SHARDBOOK_RUN_DIR/valkey.password}") \
        valkey-cli -h "${valkey%:*}" -p "${valkey##*:}" --no-auth-warning "$@"
}

# records TOPIC [KCAT-ARG...]: all records of a topic as they are now, one a line.
records() {
    local topic=$1
    shift
    kcat -b "$(endpoint kafka)" -C -t "$topic" -o beginning -e -q "$@"
}
