#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The reports of a program whose allocations are known: exits.c and wordindex.c.
# shellcheck disable=SC2154

load common

@test "run prints the card on stderr, passes the output, and writes the default file" {
	try 3 heaptally run -- "$programs/exits" 10000 exit
	[ ! -s out ]
	grep -q '10,000 allocated' err
	grep -q '234.4 KiB' err
	ls heaptally.exits.*.tally
}

@test "run -q prints nothing" {
	try 3 heaptally run -q -o run.tally -- "$programs/exits" 10000 exit
	[ ! -s out ] && [ ! -s err ]
	[ -s run.tally ]
}

@test "run passes stdin, stdout and stderr" {
	printf 'one\ntwo\n' >in
	try 0 heaptally run -q -o run.tally -- sh -c 'cat; echo problem >&2' <in
	cmp in out
	[ "$(cat err)" = problem ]
}

@test "top names the line of the only site" {
	heaptally run -q -o run.tally -- "$programs/exits" 10000 exit || true
	line=$(grep -n 'malloc(BLOCK_BYTES)' "$srcdir/tests/programs/exits.c" | cut -d: -f1)
	try 0 heaptally top run.tally
	grep -qE "234.4 KiB .* 10,000 .*main +.*exits.c:$line" out
}

@test "the card's next commands can be pasted" {
	try 3 heaptally run -- "$programs/exits" 10 exit
	[ "$(grep -c '^  \(next\|    \)      heaptally top .*  # [a-z]' err)" = 3 ]
	mkdir sub
	try 3 heaptally run -o sub/run.tally -- "$programs/exits" 10 exit
	[ "$(grep -c 'heaptally top .*sub/run.tally  *# ' err)" = 3 ]
}

@test "top: what is sorted by comes first, its shares beside it" {
	heaptally run -q -o run.tally -- "$programs/wordindex" "$srcdir/COPYING" >/dev/null
	while read -r column titles; do
		try 0 heaptally top --sort "$column" run.tally
		[ "$(sed -n '3s/^ *//p' out | tr -s ' ')" = "$titles" ]
	done <<-'END'
		live live % sum% blocks average allocs where
		blocks blocks % sum% live average allocs where
		allocs allocs % sum% live blocks average where
		total total % sum% live blocks average allocs where
		temporary temporary % sum% live blocks average allocs where
	END
	try 0 heaptally top --sort allocs -n 1 run.tally
	heaptally top --sort allocs -n 1 --format json run.tally >allocs.json
	[ "$(sed -n 4p out | awk '{ gsub(",", ""); print $1 }')" = "$(jq '.groups[0].total_blocks' allocs.json)" ]
}

@test "no two empty lines follow each other" {
	heaptally run -q -o run.tally -- "$programs/wordindex" "$srcdir/COPYING" >/dev/null
	for words in 'top --by stack -n 0' 'top --by stack -n 1' 'top --by line' \
		'top --by stack --include none' 'diff --by stack run.tally@exit' \
		'diff --by stack -n 1 run.tally@exit' 'diff --by stack run.tally' \
		'diff --by stack --all -n 0 run.tally' 'diff run.tally@exit'; do
		# shellcheck disable=SC2086
		try 0 heaptally $words run.tally
		cat -s out >squeezed
		cmp squeezed out
		[ "$(grep -c '^$' out)" -gt 0 ]
	done
}

@test "top: values of JSON, CSV and tracemalloc" {
	heaptally run -q -o run.tally -- "$programs/exits" 10000 exit || true
	try 0 heaptally top --format json run.tally
	[ "$(jq -c '[.totals.live_bytes,.totals.live_blocks,.groups[0].total_bytes]' out)" = \
		'[240000,10000,240000]' ]
	[ "$(jq -r '.groups[0].frames[0].function' out)" = main ]
	try 0 heaptally top --format csv run.tally
	head -n 1 out | grep -q live_bytes
	[ "$(wc -l <out)" = 2 ]
	grep -q 240000 out
	try 0 heaptally top --format tracemalloc run.tally
	grep -qE '^.*exits\.c:[0-9]+: size=234 KiB, count=10000, average=24 B$' out
}

@test "CSV has of a group what JSON has: its key, and nothing of a single site" {
	heaptally run -q -o run.tally -- "$programs/wordindex" "$srcdir/COPYING" >/dev/null
	for key in line function file module stack; do
		heaptally top --by "$key" -n 0 --format json run.tally >groups
		jq -r '.groups[].frames[0] | [.function, .file, .line, .module, .offset] |
			map(. // "" | tostring) | join(",")' groups >wanted
		for words in 'top run.tally' 'diff --all run.tally run.tally'; do
			# shellcheck disable=SC2086
			try 0 heaptally $words --by "$key" -n 0 --format csv
			columns=$(head -n 1 out | sed 's/,function,file,line,module,offset$//')
			# Names with commas are quoted.
			tail -n +2 out | tr -d '"' |
				cut -d , -f "$(($(tr , '\n' <<<"$columns" | wc -l) + 1))-" | sort >found
			[ -s found ]
			sort wanted | cmp - found
		done
	done
	try 0 heaptally top --by function --format csv run.tally
	grep -qE ',main,/[^,]*wordindex\.c,,/[^,]*wordindex,$' out
	try 0 heaptally top --by file --format csv run.tally
	grep -qE '^[0-9,]*,/[^,]*wordindex\.c,,,$' out
	try 0 heaptally top --by allocator --format csv run.tally
	[ "$(head -n 1 out | grep -o 'allocator.*')" = allocator,function,file,line,module,offset ]
	grep -qE '^[0-9,]*,malloc,,,,,$' out
}

@test "top: every key adds up to the totals" {
	heaptally run -q -o run.tally -- "$programs/wordindex" "$srcdir/COPYING" >/dev/null
	for key in line function file module stack; do
		try 0 heaptally top --by "$key" -n 0 --format json run.tally
		jq -e '([.groups[].peak_bytes] | add) == .totals.peak_bytes and
			([.groups[].total_blocks] | add) == .totals.total_blocks and
			(.groups | length) > 0' out
	done
}

@test "top: --include and --exclude part the sites" {
	heaptally run -q -o run.tally -- "$programs/wordindex" "$srcdir/COPYING" >/dev/null
	heaptally top -n 0 --format json run.tally >all
	heaptally top -n 0 --format json --include 'function=remember_excerpt' run.tally >in
	heaptally top -n 0 --format json --exclude 'function=remember_excerpt' run.tally >rest
	total=$(jq '[.groups[].total_blocks] | add' all)
	some=$(jq '[.groups[].total_blocks] | add // 0' in)
	others=$(jq '[.groups[].total_blocks] | add // 0' rest)
	[ "$some" -gt 0 ]
	[ "$some" -lt "$total" ]
	[ $((some + others)) = "$total" ]
}

@test "diff of two runs shows the change, and of one run none" {
	heaptally run -q -o old.tally -- "$programs/exits" 10000 return
	heaptally run -q -o new.tally -- "$programs/exits" 10500 return
	try 0 heaptally diff --format json old.tally new.tally
	[ "$(jq -c '[.totals.live_blocks_diff,.groups[0].live_bytes_diff,.groups[0].live_bytes]' \
		out)" = '[500,12000,252000]' ]
	try 0 heaptally diff --format json old.tally old.tally
	jq -e '[.groups[].live_bytes_diff, .totals.live_bytes_diff] | all(. == 0)' out
}

@test "diff --only-growth hides what shrank, in the column that is sorted by" {
	heaptally run -q -o run.tally -- "$programs/wordindex" "$srcdir/COPYING" >/dev/null
	heaptally diff --format json run.tally@peak run.tally@exit >all
	try 0 heaptally diff --only-growth --format json run.tally@peak run.tally@exit
	jq -e '[.groups[].live_bytes_diff] | any(. < 0)' all
	jq -e '[.groups[].live_bytes_diff] | all(. > 0)' out
	[ "$(jq '[.groups[] | select(.live_bytes_diff > 0)] | length' all)" = \
		"$(jq '.groups | length' out)" ]
	[ "$(jq .totals.live_bytes_diff all)" = "$(jq .totals.live_bytes_diff out)" ]
	try 0 heaptally diff --only-growth --format json run.tally@exit run.tally@peak
	jq -e '.groups | length > 0' out
	try 2 heaptally diff --all --only-growth run.tally run.tally
	usage 'only-growth'
}

@test "--by allocator parts by the function that was called" {
	cat >calls.c <<-'END'
		#include <stdlib.h>
		void *volatile kept[3];
		int main(void)
		{
			kept[0] = malloc(10);
			kept[1] = calloc(4, 5);
			kept[2] = aligned_alloc(64, 128);
			return 0;
		}
	END
	gcc -g -fno-builtin -o calls calls.c
	heaptally run -q -o calls.tally -- ./calls
	try 0 heaptally top --by allocator --at exit --format json calls.tally
	[ "$(jq -c '.groups | map([.frames[0].function, .live_bytes])' out)" = \
		'[["aligned_alloc",128],["calloc",20],["malloc",10]]' ]
	try 0 heaptally top --include allocator=calloc --at exit --format json calls.tally
	[ "$(jq .totals.live_bytes out)" = 20 ]
}

@test "--by thread and thread= say so when threads were not recorded" {
	heaptally run -q -o run.tally -- "$programs/exits" 10 return
	try 2 heaptally top --by thread run.tally
	says 'threads were not recorded'
	try 2 heaptally diff --exclude thread=1 run.tally run.tally
	says 'threads were not recorded'
}

@test "info lists the snapshots" {
	heaptally run -q -o run.tally --every 0.05 -- sleep 0.3
	try 0 heaptally info run.tally
	grep -qE '^ +snap:1 .* in [0-9,]+ blocks$' out
	[ "$(grep -c '^ *snap:' out)" = "$(heaptally info --format json run.tally |
		jq '.moments | length')" ]
}

@test "diff matches functions that moved to another line of a rebuilt program" {
	sed 's/^int$/\n\n\nint/' "$srcdir/tests/programs/exits.c" >exits.c
	mkdir one two
	gcc -g -O1 -fno-builtin -o one/exits "$srcdir/tests/programs/exits.c"
	gcc -g -O1 -fno-builtin -o two/exits exits.c
	heaptally run -q -o old.tally -- one/exits 10000 return
	heaptally run -q -o new.tally -- two/exits 10200 return
	try 0 heaptally diff --format json old.tally new.tally
	[ "$(jq '.groups | length' out)" = 1 ]
	[ "$(jq '.groups[0].live_blocks_diff' out)" = 200 ]
}

@test "a tally is read where the program is gone" {
	cp "$programs/exits" exits
	heaptally run -q -o run.tally -- ./exits 10000 return
	heaptally top --format json run.tally >before
	rm exits
	heaptally top --format json run.tally >after
	cmp before after
	grep -q '"main"' after
}

@test "--every keeps snapshots, and moments select them" {
	heaptally run -q -o run.tally --every 0.1 -- sh -c 'sleep 1'
	try 0 heaptally top --at snap:1 run.tally
	try 0 heaptally top --at snap:-1 run.tally
	try 0 heaptally top --at 0.5s run.tally
	try 0 heaptally top run.tally@peak
	try 0 heaptally diff run.tally@snap:1 run.tally@exit
}

@test "--frames cuts stacks, counts them, and keeps the totals" {
	heaptally run -q -o run.tally --frames 2 -- "$programs/wordindex" "$srcdir/NEWS" >/dev/null
	heaptally run -q -o all.tally -- "$programs/wordindex" "$srcdir/NEWS" >/dev/null
	heaptally info --format json run.tally >few
	heaptally info --format json all.tally >all
	jq -e '.cut_stacks > 0' few
	[ "$(jq .cut_stacks all)" = 0 ]
	[ "$(jq .total_bytes few)" = "$(jq .total_bytes all)" ]
	heaptally top --by stack -n 0 --raw-frames --format json run.tally >stacks
	jq -e '[.groups[].frames | map(select(.module != null and .inlined == false)) | length] |
		max <= 2' stacks
}

@test "names with control characters are escaped in text and valid in JSON" {
	cp "$programs/exits" $'odd\033[31m\nname'
	heaptally run -q -o run.tally -- $'./odd\033[31m\nname' 10 return
	try 0 heaptally top --by module run.tally
	run grep -c $'\033' out
	[ "$output" = 0 ]
	try 0 heaptally top --by module --format json run.tally
	jq -e '.groups[0].frames[0].module | contains("\u001b")' out
}

@test "--help and --version work for every command" {
	try 0 heaptally --help
	try 0 heaptally --library
	[ "$(cat out)" = "$(realpath "$HEAPTALLY_LIBRARY")" ]
	HEAPTALLY_LIBRARY=/no/such.so try 2 heaptally --library
	says 'libheaptally.so: not found'
	try 0 heaptally --version
	grep -qE '^heaptally.* [0-9]+\.[0-9]+' out
	for command in run top diff annotate timeline snapshot list info block blocks; do
		try 0 heaptally "$command" --help
		grep -q Usage: out
		mv out help
		try 0 heaptally "$command" -h
		cmp out help
	done
	try 0 heaptally top run.tally -h
	grep -q Usage: out
	# The words of the program are its own, and what follows -- is no option.
	for separator in -- ''; do
		# shellcheck disable=SC2086
		try 0 heaptally run -q -f -o run.tally $separator echo -h
		[ "$(cat out)" = -h ]
	done
	try 2 heaptally top -- -h
	says '-h: '
}

@test "every report goes to a file, in the format of its extension" {
	heaptally run -q --blocks -o run.tally -- "$programs/wordindex" "$srcdir/README.md" >/dev/null
	for command in top 'diff run.tally' 'annotate wordindex.c' timeline blocks info; do
		# shellcheck disable=SC2086
		rm -f report.json
		# shellcheck disable=SC2086
		heaptally $command --format json run.tally >expected.json
		# shellcheck disable=SC2086
		try 0 heaptally $command -o report.json run.tally
		cmp expected.json report.json
		[ ! -s out ] && [ ! -s err ]
		# shellcheck disable=SC2086
		heaptally $command run.tally >expected
		# shellcheck disable=SC2086
		try 2 heaptally $command --format text --output report.json run.tally
		cmp expected.json report.json
		# shellcheck disable=SC2086
		try 0 heaptally $command --format text --force --output report.json run.tally
		cmp expected report.json
	done
	heaptally timeline --format svg run.tally >expected
	heaptally timeline -o heap.svg run.tally
	heaptally timeline --svg old.svg run.tally
	cmp expected heap.svg
	cmp expected old.svg
	cp run.tally kept.tally
	try 2 heaptally top -f -o run.tally run.tally
	cmp kept.tally run.tally
	try 2 heaptally top -o no/such/folder.txt run.tally
	says 'no/such/folder.txt: No such file'
	try 2 heaptally top --refresh 1 -o file.txt $$
	usage 'output'
}

@test "an unknown format of any report is one line with the known ones" {
	heaptally run -q --blocks -o run.tally -- "$programs/exits" 1 >/dev/null || true
	for command in top 'diff run.tally' 'annotate a.c' timeline blocks block info list; do
		# shellcheck disable=SC2086
		try 2 heaptally $command --format colour run.tally
		says 'colour: not one of text, json'
		# shellcheck disable=SC2086
		heaptally $command --help | tr -d '\n' >help
		sed 's/.*not one of //; s/, /\n/g' err | while read -r name; do
			grep -E "format=FORMAT.* $name +\(" help || touch missing
		done
		[ ! -e missing ]
	done
	try 2 heaptally top --format mprof run.tally
	says 'mprof: not one of'
}
