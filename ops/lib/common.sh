# shellcheck shell=bash
# Shared by the scripts of ops/ (source it): where things are, messages, waiting with a deadline, processes.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/shardbook
me=ops/$(basename "$0")
export repo cache KCAT_CONFIG=$repo/ops/kafka/kcat.conf

say() { printf '%s: %s\n' "$me" "$*" >&2; }
die() { say "$*"; exit 1; }

# in_env SCRIPT ARG...: goes on inside Debian 13 (see ops/env), by running the script again there if need be.
in_env() {
    [ -n "${SHARDBOOK_ENV-}" ] || exec "$repo/ops/env" "$@"
}

# The header comment of the script, as its help.
usage() { sed -n '2,/^[^#]/{/^#/!d;s/^# \{0,1\}//;p}' "$0"; }

# wait_until SECONDS CONDITION ARG...: true as soon as the condition holds, false after the deadline or, if `wait_pid` is
# set, when that process has ended.
wait_until() {
    local deadline=$(($(date +%s%N) / 1000000 + $1 * 1000))
    shift
    until "$@"; do
        [ -z "${wait_pid-}" ] || [ -d "/proc/$wait_pid" ] || return 1
        [ $(($(date +%s%N) / 1000000)) -lt $deadline ] || return 1
        sleep 0.05
    done
}

# A process is remembered as "PID START", START being its start time in clock ticks, so that a reused pid does not count.
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }
remember_process() { echo "$1 $(start_time "$1")" >"$2"; }
# The pid in a file written so, if that process still runs. A zombie does not, unless it has other threads: a process that was
# killed has its ports until the last of them is gone.
running_pid() {
    local pid start state threads began
    read -r pid start 2>/dev/null <"$1" || return 1
    read -r state threads began <<<"$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d ' ' -f 1,18,20)"
    [ -n "$state" ] && [ "$began" = "$start" ] && { [ "$state" != Z ] || [ "$threads" -gt 1 ]; } || return 1
    echo "$pid"
}

port_taken() { [ -n "$(ss -Hltn "sport = :$1")" ]; }
# Who listens on a port, for a message.
port_owner() { ss -Hltnp "sport = :$1" | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1, pid \2/p' | head -n 1; }

# free_ports N: N free loopback ports, below the range that the kernel hands out to clients.
free_ports() {
    local port found=0
    while [ $found -lt "$1" ]; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        port_taken $port || { echo $port; found=$((found + 1)); }
    done
}
