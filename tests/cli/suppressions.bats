#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# --suppressions: the rules of LeakSanitizer, and its own opinion where the compiler has it.
# shellcheck disable=SC2154

load common

# Not freed: 100 bytes of cache_insert, twice, 30 of lose, and 5 of main.
build()
{
	cat >leaks.c <<-'END'
		#include <stdlib.h>

		__attribute__((noinline)) static char *get(int size) { return malloc(size); }
		__attribute__((noinline)) static void cache_insert(void) { get(100)[0] = 1; }
		__attribute__((noinline)) static void lose(void) { get(30)[0] = 1; }

		int main(void)
		{
			char *volatile lost;

			cache_insert();
			cache_insert();
			lose();
			lost = malloc(5);
			lost = NULL;
			return lost != NULL;
		}
	END
	gcc -g -O0 -fno-builtin "$@" -o leaks leaks.c
	printf '# known\n\nleak:^cache_\nleak:nothing_like_it\n' >rules
}

@test "suppressions: top leaves out what matches, and counts it" {
	build
	heaptally run -q -o leaks.tally -- ./leaks
	try 0 heaptally top --suppressions rules --format json leaks.tally
	[ "$(jq -c '[.process.moment, .totals.live_bytes, ([.groups[].live_bytes] | add)]' out)" = \
		'["at exit",35,35]' ]
	[ "$(jq -c '.suppressed | map([.pattern, .live_bytes, .live_blocks])' out)" = \
		'[["^cache_",200,2],["nothing_like_it",0,0]]' ]
	try 0 heaptally top --suppressions rules leaks.tally
	grep -q '^suppressed 200 B in 2 blocks by 1 of 2 rules$' out
	grep -q '200 B in 2 blocks: leak:^cache_$' out
	run grep -c nothing_like_it out
	[ "$output" = 0 ]
}

@test "suppressions: diff leaves out what matches on both sides" {
	build
	heaptally run -q -o leaks.tally -- ./leaks
	try 0 heaptally diff --suppressions rules --format json leaks.tally leaks.tally
	[ "$(jq -c '[.totals.live_bytes, .totals.live_bytes_diff, .suppressed[0].live_bytes]' out)" = \
		'[35,0,200]' ]
	try 0 heaptally diff --suppressions rules leaks.tally leaks.tally
	grep -q '^suppressed 200 B in 2 blocks' out
}

@test "suppressions: LeakSanitizer counts the same" {
	build -fsanitize=leak 2>/dev/null || skip "the compiler has no -fsanitize=leak"
	LSAN_OPTIONS=suppressions=rules ./leaks 2>lsan || true
	grep -q 'LeakSanitizer: detected' lsan || skip "LeakSanitizer does not run here"
	theirs=$(sed -nE 's/^SUMMARY: .* ([0-9]+) byte\(s\) leaked.*/\1/p' lsan)
	suppressed=$(sed -nE 's/^ +([0-9]+) +([0-9]+) +\^cache_$/\1 \2/p' lsan)
	build
	heaptally run -q -o leaks.tally -- ./leaks
	heaptally top --suppressions rules --format json leaks.tally >out
	[ "$(jq .totals.live_bytes out)" = "$theirs" ]
	[ "$(jq -r '.suppressed[0] | "\(.live_blocks) \(.live_bytes)"' out)" = "$suppressed" ]
}

@test "suppressions: bad input is one line and 2" {
	build
	heaptally run -q -o leaks.tally -- ./leaks
	try 2 heaptally top --suppressions no-such-file leaks.tally
	says 'no-such-file'
	try 2 heaptally top --suppressions . leaks.tally
	says '\.'
	printf 'leak:x\nrace:y\n' >wrong
	try 2 heaptally top --suppressions wrong leaks.tally
	usage 'wrong:2: race:y'
	try 2 heaptally top --suppressions rules --at peak leaks.tally
	says 'peak'
	try 2 heaptally diff --suppressions rules leaks.tally@peak leaks.tally
	says 'peak'
}
