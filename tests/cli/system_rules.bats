#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Blocks that libc, libstdc++ and the loader keep by design are apart from what is not freed.
# shellcheck disable=SC2154

load common

@test "system rules: a C++ program that loses 7 bytes has not freed them, and no exception pool" {
	cat >lose.cpp <<-'END'
		#include <cstdio>
		static void *volatile lost;
		int main() { lost = new char[7]; std::puts("a buffer of stdio"); return 0; }
	END
	g++ -g -O0 -o lose lose.cpp
	heaptally run -o lose.tally -- ./lose >card 2>&1
	grep -q '^  not freed 1 block, 7 B, from 1 place$' card
	grep -qE '^ +kept by system libraries [0-9.]+ KiB in [0-9]+ blocks$' card
	try 0 heaptally top --at exit lose.tally
	grep -qE '^lose [0-9]+, at exit \(.*\): 7 B in 1 block, by line$' out
	grep -qE '^kept by system libraries [0-9.]+ KiB in [0-9]+ blocks$' out
	try 0 heaptally top lose.tally
	grep -q '^not freed 1 block, 7 B  (--at exit)$' out
}

@test "system rules: a C program keeps nothing but the buffer of stdio" {
	cat >tidy.c <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		int main(void) { free(malloc(9)); puts("a buffer of stdio"); return 0; }
	END
	gcc -g -O0 -fno-builtin -o tidy tidy.c
	heaptally run -o tidy.tally -- ./tidy >card 2>&1
	grep -q '^  not freed nothing$' card
	for words in '' '--at exit'; do
		# shellcheck disable=SC2086
		try 0 heaptally top $words --show-system-rules tidy.tally
		grep -qE '[1-9][0-9.]* (KiB|B) in 1 block: buffers of stdio: _IO_file_doallocate of libc$' out
	done
	try 0 heaptally top --at peak --show-system-rules tidy.tally
	grep -q 'system libraries are for the end of a process' out
}

@test "system rules: they can be switched off, and numbers for programs have all" {
	cat >tidy.c <<-'END'
		#include <stdio.h>
		int main(void) { puts("a buffer of stdio"); return 0; }
	END
	gcc -g -O0 -o tidy tidy.c
	heaptally run -q -o tidy.tally -- ./tidy
	blocks=$(heaptally top --at exit --format json tidy.tally | jq .totals.live_blocks)
	[ "$blocks" -gt 0 ]
	try 0 heaptally top --at exit --no-system-rules tidy.tally
	grep -qE " in $blocks blocks?, by line$" out
	run grep -c 'kept by system' out
	[ "$output" = 0 ]
}

@test "system rules: what the program itself calls so, or asks a library for, is its own" {
	cat >own.c <<-'END'
		#include <stdlib.h>
		#include <string.h>
		static void *volatile kept[3];
		__attribute__((noinline)) char *setlocale(int category, const char *name)
		{
			kept[0] = malloc(100 + category);
			return (char *)name;
		}
		static int compare(const void *a, const void *b)
		{
			if (!kept[1])
				kept[1] = malloc(200);
			return *(const int *)a - *(const int *)b;
		}
		int main(void)
		{
			int numbers[] = {2, 1};
			setlocale(0, "");
			qsort(numbers, 2, sizeof(*numbers), compare);
			kept[2] = strdup("12345");
			return 0;
		}
	END
	gcc -g -O0 -fno-builtin -o own own.c
	heaptally run -q -o own.tally -- ./own
	try 0 heaptally top --at exit own.tally
	grep -q ', at exit (.*): 306 B in 3 blocks, by line$' out
}

@test "system rules: info, diff and JSON tell of them, too" {
	cat >lose.cpp <<-'END'
		#include <cstdio>
		static void *volatile lost;
		int main() { lost = new char[SIZE]; std::puts("a buffer of stdio"); return 0; }
	END
	for size in 7 107; do
		g++ -g -O0 -DSIZE=$size -o lose lose.cpp
		heaptally run -q -o $size.tally -- ./lose
	done
	try 0 heaptally info 7.tally
	grep -qE '^ +[0-9.]+ KiB in [0-9]+ blocks are kept by system libraries, by design$' out
	try 0 heaptally info --format json 7.tally
	jq -e '.live_blocks == .system.live_blocks + 1 and .live_bytes == .system.live_bytes + 7' out
	jq -e '([.system.rules[].live_bytes] | add) == .system.live_bytes' out
	jq -e '.system.rules[] | select(.what == "buffers of stdio" and .function == "_IO_file_doallocate")' out
	try 0 heaptally top --format json --at exit 7.tally
	jq -e '.system.live_blocks > 0 and .totals.live_blocks == .system.live_blocks + 1' out
	try 0 heaptally top --format json 7.tally
	jq -e '.system == null' out
	try 0 heaptally diff --at exit --all 7.tally 107.tally
	grep -qE '^  by system +[0-9.]+ KiB +[0-9.]+ KiB +\+0 B +\+0\.0 %$' out
	grep -qE '^\+100 B +\+0 +107 B +main ' out
	[ "$(grep -cE 'lose\.cpp|libstdc|libc\.so' out)" = 1 ]
	try 0 heaptally diff --at exit --format json 7.tally 107.tally
	jq -e '.old_system.live_bytes == .system.live_bytes and .system.live_bytes > 0' out
	# Against a moment at which they are not known, all of it is compared.
	try 0 heaptally diff 7.tally@peak 107.tally@exit
	run grep -c 'by system' out
	[ "$output" = 0 ]
}
