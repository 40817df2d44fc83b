#!/usr/bin/env bash
# tests/core/library_test.sh BUILD: libshardbook as somebody else uses it: installed, its example compiled there by a plain
# C compiler, with the shared and with the static library. The example allocates its arena and nothing else, what it
# prints is right, and the libraries need the C library alone and show the public symbols alone.
set -euo pipefail
build=$1 core=$PWD/core counting=$PWD/tests/core/counting_malloc.c
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
fail() { echo "$*" >&2; exit 1; }

cmake --install "$build" --component library --prefix "$there/usr" >"$there/log" || fail "it cannot be installed: $(cat "$there/log")"
cd "$there"
package=$(find usr -name shardbook.pc)
export PKG_CONFIG_PATH=$there/${package%/*}
library_dir=$(pkg-config --variable=libdir shardbook)
example=$(find "$there/usr" -name trade.c)
read -ra flags <<<"$(pkg-config --cflags shardbook)"
read -ra libraries <<<"$(pkg-config --libs shardbook)"

expected='1 ACCEPTED 100 @ 15005, 100 left
2 ACCEPTED 50 @ 15010, 50 left
3 ACCEPTED 120 @ 15010, 120 left
4 FILL 100 @ 15005, 20 left
5 FILL 20 @ 15010, 0 left
6 CANCELLED 0 @ 0, 30 left'
must_be_right() { # PROGRAM
    local got
    got=$(LD_LIBRARY_PATH=$library_dir "$1") || fail "$1 fails"
    [ "$(head -n 6 <<<"$got")" = "$expected" ] || fail "$1 prints"$'\n'"$got"
    grep -qE '^hash [0-9a-f]{16}, 0 open$' <<<"$got" || fail "$1 ends with $(tail -n 2 <<<"$got")"
    [ "$(tail -n 1 <<<"$got")" = "1 allocations" ] || fail "$1: $(tail -n 1 <<<"$got") in place of the arena alone"
}

strict=(-std=c11 -Wall -Wextra -Wpedantic -Werror)
cc "${strict[@]}" "${flags[@]}" "$example" "$counting" "${libraries[@]}" -o shared
must_be_right ./shared
cc "${strict[@]}" "${flags[@]}" "$example" "$counting" "$library_dir/libshardbook.a" -o static
must_be_right ./static
for header in usr/include/shardbook/core/*.h; do # each by itself
    cc "${strict[@]}" "${flags[@]}" -fsyntax-only -include "$header" -x c /dev/null || fail "$header does not stand alone"
done

symbols() { nm "$@" | awk 'NF > 1 {print $NF}' | sed 's/@.*//' | sort -u; }
diff <(sort "$core/shardbook.symbols") <(symbols -D --defined-only "$library_dir/libshardbook.so") || fail "libshardbook.so shows other symbols"
diff <(sort "$core/shardbook.symbols") <(symbols -g --defined-only "$library_dir/libshardbook.a") || fail "libshardbook.a shows other symbols"
needed=$(objdump -p "$library_dir/libshardbook.so" | awk '$1 == "NEEDED" {print $2}' | grep -v '^libm\.so\.6$' | tr '\n' ' ')
[ "$needed" = "libc.so.6 " ] || fail "libshardbook.so needs $needed"
! symbols -u "$library_dir/libshardbook.a" | grep -E 'alloc|free|mmap|brk|pthread|time|open$|read$|write$' || fail "the library allocates, or asks the system"
echo "libshardbook: $(wc -l <"$core/shardbook.symbols") symbols, needs libc alone; its example runs with both libraries and allocates its arena alone"
