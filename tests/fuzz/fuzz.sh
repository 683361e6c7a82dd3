#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Any bytes as a recording, as a tally, as a graph and as a core file, every report of those, and any bytes as all other text
# that is parsed: ten seconds of libFuzzer each, or FUZZ_SECONDS. The bytes that break something are
# left in the directory FUZZ_KEEP, when it is given. FUZZ_ONLY has some of: readers reports texts;
# the reports, which take a minute to compile, are left out without it.
set -u
: "${srcdir:?}" "${builddir:?}"
seconds=${FUZZ_SECONDS:-10}
memory_mb=1024
input_seconds=25
sanitizers=("-fsanitize=fuzzer,address,undefined" -fno-sanitize-recover=undefined)

scratch=$(mktemp -d)
number=0
failed=0
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
	echo "not ok $number - $1"
	failed=1
}

# compile NAME SOURCE-OR-LIBRARY...
compile()
{
	local name=$1
	shift

	clang -g -O1 -std=gnu11 -D_GNU_SOURCE "${sanitizers[@]}" -I"$builddir" -I"$srcdir/tools" \
		-I"$srcdir/lib" -I"$srcdir/lib/include" -I"$srcdir/tests/unit" -o "$scratch/$name" \
		"$srcdir"/tools/util/*.c "$@" >"$scratch/log" 2>&1
}

corpus_of_readers()
{
	"$builddir/tests/fuzz/make_corpus" "$corpus" >"$scratch/log" 2>&1 || return 1
	printf '"%s"\n' PROC STRS MODS LOCS FRMS NODE SITE MOMT MOMV SMPL mARK pAUS bLKI bLKS lIFE DONE \
		pYTH ENDS >"$scratch/words"
}

# One text for each parser; the first character chooses it. %b has the control characters.
corpus_of_texts()
{
	local text name=0

	while IFS= read -r text; do
		name=$((name + 1))
		printf '%b' "$text" >"$corpus/$name"
	done <<-'END'
		ffunction=a*,size=1K..64K,line=3\na.c
		ffile=[!a-c]?.c:12,thread=7,age=10s..,generation=0..2,domain=malloc,allocator=calloc\nb
		sleak:^foo*bar$\nfoobar
		btotal:function=parse_*=+10%
		bpeak=+5MiB
		n1.5 GiB
		n12.5s
		odir=/a\\\\:b:out=%p.%e:frames=12:children=@12345:realloc=origin:start=off:threads=on:blocks=on
		g[a-c]?*.[!x]\nab.c
		d_ZNSt6vectorIiSaIiEE7reserveEm
		d_ZZN3foo3barEiENKUlRK3RowE_clES2_.part.0
		d_RNvCs1234_7mycrate3foo
		d_D8demangle4testFZv
		e\0033[31m\0302\0233\0342\0200\0256\n
		#!/usr/bin/env -S python3 -B\n
	END
	echo 'void *malloc(unsigned long n) { return (void *)n; } void _start(void) {}' >"$scratch/tiny.c"
	clang -w -nostdlib -shared -fPIC -o "$corpus/shared" "$scratch/tiny.c" >"$scratch/log" 2>&1 &&
		clang -w -nostdlib -static -o "$corpus/static" "$scratch/tiny.c" >"$scratch/log" 2>&1 &&
		printf '"%s"\n' function= file= module= thread= allocator= domain= size= age= generation= \
			line= leak: frames= children= peak= live= total= >"$scratch/words"
}

# run NAME OPTION...: what is there is fed to the fuzzer of this name.
run()
{
	local name=$1 runs status
	shift

	UBSAN_OPTIONS=print_stacktrace=1 "$scratch/$name" -max_total_time="$seconds" \
		-rss_limit_mb="$memory_mb" -timeout="$input_seconds" -dict="$scratch/words" \
		-artifact_prefix="$scratch/found-" -print_final_stats=1 ${FUZZ_SEED:+-seed="$FUZZ_SEED"} \
		"$@" "$corpus" >"$scratch/log" 2>&1 &
	child=$!
	wait "$child"
	status=$?
	child=
	[ "$status" -eq 0 ] || { fail "$name bear any bytes" && return; }
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$scratch/log")
	[ "${runs:-0}" -gt 20 ] || { fail "the fuzzer $name ran" && return; }
	grep '^stat::' "$scratch/log" | sed 's/^/# /'
	grep 'cov:' "$scratch/log" | tail -n 1 | sed 's/^/# /'
	echo "ok $number - $name bear any bytes ($runs inputs in $seconds seconds)"
}

fuzz_readers()
{
	compile fuzz_readers "$srcdir"/tests/fuzz/fuzz_readers.c \
		"$srcdir"/tools/{image,model}/*.c "$srcdir"/tools/read/{anchor_graph,glibc_words,graph_file,memory,process_memory,snapshot,tally}*.c -lzstd ||
		{ fail "the fuzzer of readers is built" && return; }
	corpus_of_readers || { fail "the corpus of readers is made" && return; }
	run fuzz_readers -max_len=131072 -len_control=0
}

fuzz_reports()
{
	local sources

	mapfile -t sources < <(find "$srcdir"/tools/{image,model,read,symbols,run,view,export} -name '*.c' ! -name launch.c)
	compile fuzz_reports "$srcdir"/tests/fuzz/fuzz_{readers,reports}.c "${sources[@]}" \
		"$builddir"/tools/export/pprof.pb-c.c -lzstd -liberty -ldw -lelf -lm -lprotobuf-c -lz || { fail "the fuzzer of reports is built" && return; }
	corpus_of_readers || { fail "the corpus of reports is made" && return; }
	run fuzz_reports -max_len=131072 -len_control=0
}

fuzz_texts()
{
	compile fuzz_texts "$srcdir"/tests/fuzz/fuzz_texts.c \
		"$srcdir"/tools/model/*.c \
		"$srcdir"/tools/{symbols/{demangle,encoding},run/{elf_facts,elf_look,program_path,target}}.c "$srcdir"/lib/base/options.c -liberty -lelf ||
		{ fail "the fuzzer of texts is built" && return; }
	corpus_of_texts || { fail "the corpus of texts is made" && return; }
	run fuzz_texts -max_len=20000
}

command -v clang >/dev/null || skip "clang is not installed"
echo 'int LLVMFuzzerTestOneInput(const char *b, unsigned long n) { return b == 0 && n > 9; }' >"$scratch/probe.c"
clang "${sanitizers[@]}" -o "$scratch/probe" "$scratch/probe.c" 2>/dev/null ||
	skip "clang's runtime for -fsanitize=fuzzer,address,undefined is not installed"

read -r -a chosen <<<"${FUZZ_ONLY:-readers texts}"
echo "1..${#chosen[@]}"
for one in "${chosen[@]}"; do
	number=$((number + 1))
	corpus=$scratch/corpus-$one
	mkdir "$corpus"
	case $one in
	readers) fuzz_readers ;;
	reports) fuzz_reports ;;
	texts) fuzz_texts ;;
	*) fail "$one is readers, reports or texts" ;;
	esac
done
exit $failed
