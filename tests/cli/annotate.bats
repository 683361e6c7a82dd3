#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# heaptally annotate: every number stands beside the line that made it.
# shellcheck disable=SC2154

load common

# A program of which every line is known: 9 makes 20 blocks and 10 of them stay, 16 calls it.
build()
{
	cat >demo.c <<-'END'
		#include <stdlib.h>

		void *volatile kept[20];

		__attribute__((noinline)) static void
		make(int i)
		{
			/* A comment	with a tab. */
			kept[i] = malloc(100);
			if (i % 2)
				free(kept[i]);
		}
		int main(void)
		{
			for (int i = 0; i < 20; i++)
				make(i);
			return 0;
		}
	END
	gcc -g -O0 -fno-builtin -o demo demo.c
	heaptally run -q -o demo.tally -- ./demo
}

@test "annotate: numbers stand beside their line, and every line is printed" {
	build
	try 0 heaptally annotate --at exit demo.c demo.tally
	grep -qE '^ *1000 B +1.1 KiB +2.0 KiB +10 +20 +10 +9 +kept\[i\] = malloc\(100\);$' out
	[ "$(grep -cE '^ +[0-9]+( |$)' out)" = 17 ]
	grep -qE '^ +8 +/\* A comment +with a tab\. \*/$' out
	run grep -c "$(printf '\t')" out
	[ "$output" = 0 ]
}

@test "annotate: JSON has the lines with numbers, which add up" {
	build
	try 0 heaptally annotate --at exit --format json demo.c demo.tally
	[ "$(jq -c '.lines | map([.line, .live_bytes, .live_blocks, .total_bytes, .total_blocks])' \
		out)" = '[[9,1000,10,2000,20]]' ]
	[ "$(jq -c '[.totals.live_bytes, .warning]' out)" = '[1000,null]' ]
	[ "$(jq -r '.file' out)" = "$(realpath demo.c)" ]
	jq -e '.lines[0].code | endswith("kept[i] = malloc(100);")' out
}

@test "annotate: --cumulative counts callers, --context hides the rest" {
	build
	try 0 heaptally annotate --cumulative --format json demo.c demo.tally
	[ "$(jq -c '.lines | map([.line, .total_blocks])' out)" = '[[9,20],[16,20]]' ]
	try 0 heaptally annotate -C 1 demo.c demo.tally
	[ "$(grep -cE '^ +(8|10)  ' out)" = 2 ]
	[ "$(grep -cE '^ +[0-9]+( |$)' out)" = 2 ]
	[ "$(grep -cE '^ +\.\.\.$' out)" = 2 ]
}

@test "annotate: a moment, and the newest tally of the folder" {
	build
	try 0 heaptally annotate --at peak --format json demo.c
	[ "$(jq '.lines[0].live_bytes' out)" = 1100 ]
	try 0 heaptally annotate --format json demo.c demo.tally@peak
	[ "$(jq '.lines[0].live_bytes' out)" = 1100 ]
}

# What is live at the peak is the peak: one column says it.
@test "annotate: of a run that ended, the peak" {
	build
	try 0 heaptally annotate demo.c demo.tally
	sed -n 1p out | grep -qE '^demo\.c, demo [0-9]+ at the peak \([^)]*\): 1\.1 KiB live '
	grep -qE '^ *live +total +blocks +allocs +temporary +line$' out
	grep -qE '^ *1\.1 KiB +2\.0 KiB +11 +20 +10 +9 +kept\[i\] = malloc\(100\);$' out
}

@test "annotate: a missing source leaves the numbers and says so" {
	build
	rm demo.c
	try 0 heaptally annotate demo.c demo.tally
	grep -q 'the source is missing' out
	grep -qE '^ *1\.1 KiB .* 9$' out
	try 0 heaptally annotate --format json demo.c demo.tally
	[ "$(jq -c '[.source, .lines[0].code]' out)" = '[null,null]' ]
}

@test "annotate: a source newer than the recording, or than the binary, is said to be" {
	build
	touch -d '1 hour' demo.c
	try 0 heaptally annotate demo.c demo.tally
	grep -q 'newer than the recording' out
	touch -d '1 hour ago' demo.c
	touch -d '2 hours ago' demo
	try 0 heaptally annotate demo.c demo.tally
	grep -q "newer than $(realpath demo)" out
	touch -d '3 hours ago' demo.c
	try 0 heaptally annotate demo.c demo.tally
	run grep -c newer out
	[ "$output" = 0 ]
}

@test "annotate: a source that moved, or lost lines, keeps every number" {
	build
	mkdir elsewhere
	head -n 4 demo.c >elsewhere/demo.c
	rm demo.c
	try 0 heaptally annotate elsewhere/demo.c demo.tally
	grep -q "built from $PWD/demo.c" out
	grep -qE '^ *1\.1 KiB .* 9 +\(the file has no such line any more\)$' out
}

@test "annotate: one name of two files is 2, more of the path is enough" {
	mkdir one two
	printf 'void *f(void);\n#include <stdlib.h>\nvoid *volatile p;\n%s\n' \
		'int main(void) { p = f(); p = malloc(1); return 0; }' >one/same.c
	printf '#include <stdlib.h>\nvoid *f(void) { return malloc(2); }\n' >two/same.c
	gcc -g -O0 -fno-builtin -o same one/same.c two/same.c
	heaptally run -q -o same.tally -- ./same
	try 2 heaptally annotate same.c same.tally
	says 'same.c.* or .*same.c'
	try 0 heaptally annotate --format json two/same.c same.tally
	[ "$(jq -c '.lines | map([.line, .live_bytes])' out)" = '[[2,2]]' ]
}

@test "annotate: bad input is one line and 2" {
	build
	try 2 heaptally annotate
	usage 'source file'
	try 2 heaptally annotate demo.c demo.tally demo.tally
	usage 'one source file'
	try 2 heaptally annotate nothing.c demo.tally
	says 'nothing.c'
	try 2 heaptally annotate demo.c no-such.tally
	says 'no-such.tally'
	try 2 heaptally annotate --at snap:99 demo.c demo.tally
	says 'snap:99'
	try 2 heaptally annotate --process nobody demo.c demo.tally
	says 'nobody'
	for words in '--format csv' '--context few' '--context -1' '--color pink' '--bogus'; do
		# shellcheck disable=SC2086
		try 2 heaptally annotate $words demo.c demo.tally
		usage '.'
	done
}
