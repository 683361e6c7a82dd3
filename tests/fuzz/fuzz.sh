#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Any bytes as a recording and as a tally: ten seconds of libFuzzer, or FUZZ_SECONDS of them. The
# bytes that break a reader are left in the directory FUZZ_KEEP, when it is given.
set -u
: "${srcdir:?}" "${builddir:?}"
seconds=${FUZZ_SECONDS:-10}
memory_mb=1024
input_seconds=25
sanitizers=("-fsanitize=fuzzer,address,undefined" -fno-sanitize-recover=undefined)

scratch=$(mktemp -d)
child=
trap '[ -z "$child" ] || kill "$child" 2>/dev/null; rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

skip()
{
	echo "1..0 # SKIP $1"
	exit 0
}

fail()
{
	sed 's/^/# /' "$scratch/log"
	[ -z "${FUZZ_KEEP:-}" ] || find "$scratch" -maxdepth 1 -name 'found-*' -exec cp -v {} "$FUZZ_KEEP" \;
	echo "not ok 1 - $1"
	exit 1
}

compile()
{
	local sources=("$srcdir"/tests/fuzz/fuzz_readers.c
		"$srcdir"/tools/{profile,snapshot*,tally*,block*}.c "$srcdir"/tools/util/*.c)

	clang -g -O1 -std=gnu11 "${sanitizers[@]}" -I"$builddir" -I"$srcdir/tools" \
		-I"$srcdir/lib/include" -I"$srcdir/tests/unit" -o "$scratch/fuzz_readers" "${sources[@]}" -lzstd
}

command -v clang >/dev/null || skip "clang is not installed"
echo 'int LLVMFuzzerTestOneInput(const char *b, unsigned long n) { return b == 0 && n > 9; }' >"$scratch/probe.c"
clang "${sanitizers[@]}" -o "$scratch/probe" "$scratch/probe.c" 2>/dev/null ||
	skip "clang's runtime for -fsanitize=fuzzer,address,undefined is not installed"

echo "1..1"
compile >"$scratch/log" 2>&1 || fail "the fuzzer is built"
mkdir "$scratch/corpus"
"$builddir/tests/fuzz/make_corpus" "$scratch/corpus" >"$scratch/log" 2>&1 || fail "the corpus is made"
for word in PROC STRS MODS LOCS FRMS NODE SITE MOMT MOMV SMPL mARK pAUS bLKI bLKS lIFE DONE ENDS; do
	echo "\"$word\""
done >"$scratch/words"
UBSAN_OPTIONS=print_stacktrace=1 "$scratch/fuzz_readers" -max_total_time="$seconds" -max_len=131072 \
	-len_control=0 -rss_limit_mb=$memory_mb -timeout=$input_seconds -dict="$scratch/words" \
	-artifact_prefix="$scratch/found-" -print_final_stats=1 ${FUZZ_SEED:+-seed="$FUZZ_SEED"} \
	"$scratch/corpus" >"$scratch/log" 2>&1 &
child=$!
wait "$child" || fail "the readers bear any bytes"
child=
runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$scratch/log")
[ "${runs:-0}" -gt 20 ] || fail "the fuzzer ran"
grep '^stat::' "$scratch/log" | sed 's/^/# /'
grep 'cov:' "$scratch/log" | tail -n 1 | sed 's/^/# /'
echo "ok 1 - the readers bear any bytes ($runs inputs in $seconds seconds)"
