#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Bad words of the reports: keys, globs, processes of others, addresses, sources. One clear line and
# the exit status of the man page. Budgets are in diff.bats, files in bad_input.bats.
# shellcheck disable=SC2154

load common

setup_file()
{
	cd "$BATS_FILE_TMPDIR" || return 1
	cat >demo.c <<-'END'
		#include <stdlib.h>
		void *volatile kept;
		int main(void)
		{
			kept = malloc(100);
			return 0;
		}
	END
	gcc -g -O0 -fno-builtin -o demo demo.c
	"$HEAPTALLY_COMMAND" run -q --blocks -o demo.tally -- ./demo
}

@test "an unknown key of --by, --sort, --format and filters names the known ones" {
	cd "$BATS_FILE_TMPDIR"
	for command in 'top' 'diff demo.tally'; do
		# shellcheck disable=SC2086
		for words in '--by colour' '--sort colour' '--format colour' '--color colour'; do
			try 2 heaptally $command $words demo.tally
			usage 'colour: not one of'
		done
		# shellcheck disable=SC2086
		try 2 heaptally $command --include colour=red demo.tally
		usage 'colour: unknown key of a filter; there are file, line, function, '
	done
	try 2 heaptally blocks --sort colour demo.tally
	usage 'colour: not one of'
	try 2 heaptally timeline --format colour demo.tally
	usage 'colour'
}

@test "a misspelt option or value: what may have been meant" {
	cd "$BATS_FILE_TMPDIR"
	for words in 'top --by stak:stack' 'top --sort lvie:live' 'top --format jsn:json' \
		'top --color alwys:always' 'blocks --sort sise:size' 'top --bye line:--by' \
		'diff --buget peak=1:--budget' 'run --blcoks -- true:--blocks' 'top -by stack:--by'; do
		status=2
		[[ $words != run* ]] || status=125
		# shellcheck disable=SC2086
		try $status heaptally ${words%:*}
		usage "did you mean ${words#*:}\\?"
	done
	# Half a name is a whole one, and what a program is given is its own.
	try 0 heaptally top --sor live demo.tally
	try 0 heaptally run -q -o words.tally -- ./demo --blcoks
	try 2 heaptally top --no-such-option demo.tally
	run grep -c 'did you mean' err
	[ "$output" = 0 ]
}

@test "a project's file: options for all commands, and what is wrong with it" {
	cat >wrap.c <<-'END'
		#include <stdlib.h>
		static void *volatile kept[9];
		static int n;
		__attribute__((noinline, noclone)) void take(size_t bytes) { kept[n++] = malloc(bytes); }
		__attribute__((noinline, noclone)) void *my_zalloc(size_t bytes)
		{
			return kept[n++] = calloc(1, bytes);
		}
		#define F(i) __attribute__((noinline, noclone)) static void f##i(void) { take(1000 + i); }
		F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8)
		int main(void)
		{
			f1(), f2(), f3(), f4(), f5(), f6(), f7(), f8();
			my_zalloc(100);
			return 0;
		}
	END
	gcc -g -O0 -fno-builtin -o wrap wrap.c
	heaptally run -o wrap.tally -- ./wrap 2>card
	grep -qE '^  at peak .* take +wrap.c:4$' card
	grep -qE "^  hint .*take has 98.8 % of it from 8 stacks: --wrapper 'take' names" card
	try 0 heaptally top wrap.tally
	grep -qE "^hint .*--wrapper 'take' names" out
	grep -qE '^ +100 B .* main +wrap.c:14$' out
	# Also below it; what is typed comes on top.
	printf '# names\n\n  wrapper take  \nexclude function=f1\nbudget peak=1B\n' >.heaptally
	mkdir below
	heaptally run -f -o wrap.tally -- ./wrap 2>card
	grep -qE '^  at peak .* f[1-8] +wrap.c:10 +.8 functions.' card
	cd below
	try 0 heaptally top --exclude function=f2 ../wrap.tally
	[ "$(grep -c 'take\|f1\|f2' out)" = 0 ]
	grep -q 'by line, filtered' out
	try 1 heaptally diff ../wrap.tally ../wrap.tally
	HEAPTALLY_PROJECT='' try 0 heaptally diff ../wrap.tally ../wrap.tally
	printf 'wrapper my_zalloc\n' >.heaptally
	try 0 heaptally top ../wrap.tally
	grep -q ' take ' out
	printf 'wraper take\n' >.heaptally
	try 2 heaptally top ../wrap.tally
	says '\.heaptally:1: wraper: not one of .* did you mean wrapper\?'
	try 125 heaptally run -- true
	printf 'wrapper\n' >.heaptally
	try 2 heaptally top ../wrap.tally
	says '\.heaptally:1: wrapper: has no value'
	chmod 666 .heaptally
	try 0 heaptally top ../wrap.tally
	says 'others can write it'
	HEAPTALLY_PROJECT=nothing try 2 heaptally top ../wrap.tally
	says 'nothing: No such file'
}

@test "what looks like a wrapper: without a name, too, and only what several call" {
	cat >wrap.c <<-'END'
		#include <stdlib.h>
		static void *volatile kept[20];
		static int n;
		__attribute__((noinline, noclone)) static void take(size_t bytes)
		{
			kept[n++] = malloc(bytes);
		}
		__attribute__((noinline, noclone)) static void load(void)
		{
			kept[n++] = malloc(50000);
			kept[n++] = malloc(50000);
			kept[n++] = malloc(50000);
			kept[n++] = malloc(50000);
			kept[n++] = malloc(50000);
			kept[n++] = malloc(50000);
			kept[n++] = malloc(50000);
			kept[n++] = malloc(50000);
			kept[n++] = malloc(50000);
		}
		int main(int argc, char **argv)
		{
			(void)argv;
			if (argc > 1)
				load();
			take(1001), take(1002), take(1003), take(1004);
			take(1005), take(1006), take(1007), take(1008);
			return 0;
		}
	END
	gcc -g -O0 -fno-builtin -o wrap wrap.c
	strip -o stripped wrap
	heaptally run -q -o wrap.tally -- ./wrap 1
	try 0 heaptally top --by function wrap.tally
	grep -qE ' 98\.[0-9] .* load +wrap.c$' out
	[ "$(grep -c 'hint' out)" = 0 ]
	heaptally run -q -o stripped.tally -- ./stripped
	try 0 heaptally top stripped.tally
	wrapper=$(sed -n "s/^hint .* 8 stacks: --wrapper '\(.*\)' names who.*/\1/p" out)
	[[ $wrapper == stripped+0x* ]]
	grep -qF " $wrapper" out
	try 0 heaptally top -n 0 --wrapper "$wrapper" stripped.tally
	[ "$(grep -cE '^ *100[1-8] B .* stripped\+0x' out)" = 8 ]
	[ "$(grep -cF " $wrapper" out)" = 0 ]
	echo "wrapper $wrapper" >.heaptally
	heaptally top --format json stripped.tally >document
	jq -e '[.groups[] | select(.live_bytes > 1000)] | length == 8' document
}

@test "a glob that cannot be meant" {
	cd "$BATS_FILE_TMPDIR"
	for glob in '' ',' 'a.c,' ',a.c' 'function=f,,line=3'; do
		try 2 heaptally top --include "$glob" demo.tally
		usage 'a filter has an empty condition'
	done
	try 2 heaptally top --exclude line=many demo.tally
	usage 'many: not a line'
	# As Python's fnmatch has it: a bracket that is not closed stands for itself.
	try 0 heaptally top --include '[demo.c' demo.tally
	grep -q 'nothing passes the filters; a pattern has to match a whole name' out
	printf '+*.c\nmain.c\n' >filters
	try 2 heaptally top --filter-file filters demo.tally
	usage 'filters:2: main.c: a filter begins with'
	printf '# known\n+line=x\n' >filters
	try 2 heaptally top --filter-file filters demo.tally
	usage 'filters:2: x: not a line number'
	try 2 heaptally top --filter-file . demo.tally
	says '\.: Is a directory'
	try 2 heaptally top --filter-file no-such-filters demo.tally
	says 'no-such-filters: No such file'
}

# hints FILTER HINT: HINT is all that a report says of a filter that nothing passes.
hints()
{
	try 0 heaptally top --include "$1" hints.tally
	[ "$(grep '^nothing passes' out)" = "nothing passes the filters${2:+; $2}" ]
}

@test "nothing passes the filters: what may have been meant" {
	cat >hints.cpp <<-'END'
		#include <stdlib.h>
		void *volatile kept;
		struct pool { void grow(int size, int count) { kept = calloc(size, count); } };
		int main(void)
		{
			pool().grow(100, 3);
			return 0;
		}
	END
	g++ -g -O0 -o hints "$PWD/hints.cpp"
	heaptally run -q --blocks -o hints.tally -- ./hints
	hints hints.cpp "the file is $PWD/hints.cpp; write '*/hints.cpp'"
	hints hints.cpp:3 "the file is $PWD/hints.cpp; write '*/hints.cpp:3'"
	hints "${PWD##*/}/hints.c*" "the file is $PWD/hints.cpp; write '*/${PWD##*/}/hints.c*'"
	hints grow "did you mean 'function=*::grow(*'?"
	hints function=pool::grow "did you mean 'function=pool::grow(*'?"
	hints hints "did you mean 'module=hints'?"
	hints module=hin "the module is $PWD/hints; write 'module=hin*'"
	hints function=main 'what matches has allocated nothing itself; with --any-frame what it called counts'
	hints nobody "a pattern has to match a whole name, as '*/name.c' or 'function=name*'"
	# These are about no names, and so are filters whose names are right.
	for filter in size=1G.. age=10d.. generation=2 domain=x allocator=free '*/hints.cpp:77'; do
		hints "$filter" ''
	done
	try 0 heaptally blocks --include hints.cpp hints.tally
	grep -qF "; the file is $PWD/hints.cpp; write '*/hints.cpp'" out
	try 0 heaptally diff --include hints.cpp hints.tally hints.tally
	grep -qF "; the file is $PWD/hints.cpp; write '*/hints.cpp'" out
	# What the hints say is right.
	for filter in '*/hints.cpp' '*/hints.cpp:3' 'function=*::grow(*' 'function=pool::grow(*' 'module=hin*'; do
		try 0 heaptally top --include "$filter" hints.tally
		grep -q '300 B' out
	done
	try 0 heaptally top --any-frame --include function=main hints.tally
	grep -q '300 B' out
}

@test "a process of another user" {
	pid=1
	if [ "$(id -u)" = 0 ]; then
		command -v setpriv >/dev/null || skip "setpriv is not installed"
		setpriv --reuid 65534 --regid 65534 --clear-groups sleep 600 3>&- &
		pid=$!
		until [ "$(stat -c %u "/proc/$pid")" = 65534 ]; do sleep 0.01; done
	fi
	for words in 'top PID' 'info PID' 'snapshot PID' 'timeline PID' 'annotate demo.c PID' \
		'diff PID PID' 'top --refresh 1 PID' 'blocks PID' 'block PID 0x10' 'mark PID x' \
		'clear PID' 'reset-peak PID' 'pause PID' 'resume PID'; do
		# shellcheck disable=SC2086
		try 2 heaptally ${words//PID/$pid} || break
		says "$pid: belongs to another user" || break
		words=
	done
	[ "$pid" = 1 ] || kill "$pid"
	[ -z "$words" ]
}

@test "a number that is no process, or one that is not traced" {
	for words in 'top PID' 'info PID' 'timeline PID' 'blocks PID' 'block PID 0x10' 'mark PID x'; do
		for pid in $$ 4194305 99999999999; do
			# shellcheck disable=SC2086
			try 2 heaptally ${words//PID/$pid}
			says "$pid: "
			[ ! -s out ]
		done
	done
}

@test "an address outside any block is 1, what is no address is 2" {
	cd "$BATS_FILE_TMPDIR"
	try 1 heaptally block demo.tally 0x10
	[ "$(cat out)" = "0x10 is in no block that lives; of freed ones a snapshot file knows nothing" ]
	for address in '' 0x zz 0x1g 0x10000000000000000 1.5 ' 1' '1 '; do
		try 2 heaptally block demo.tally "$address"
		usage "$address: not an address"
	done
	try 2 heaptally block demo.tally
	usage 'an address'
	"$HEAPTALLY_COMMAND" run -q -o plain.tally -- ./demo
	try 2 heaptally block plain.tally 0x10
	says 'single blocks were not recorded'
	try 2 heaptally blocks plain.tally
	says 'start the program with .heaptally run --blocks., and take snapshots of it with --blocks'
	try 2 heaptally top --by size plain.tally
	says 'single blocks were not recorded'
}

# build: demo.c and demo in the directory of the test, older than its recording.
build()
{
	cp "$BATS_FILE_TMPDIR/demo.c" demo.c
	touch -d '2 hours ago' demo.c
	gcc -g -O0 -fno-builtin -o demo demo.c
	touch -d '1 hour ago' demo
	heaptally run -q --blocks -o demo.tally -- ./demo
}

# each PATTERN: what quotes source lines says PATTERN in one line, or where it is empty no warning.
each()
{
	local address command warnings

	address=$(heaptally blocks --format csv demo.tally | tail -n 1 | cut -d , -f 1)
	for command in 'top --by stack demo.tally' 'diff --by stack --all demo.tally demo.tally' \
		"block demo.tally $address" 'annotate demo.c demo.tally'; do
		# shellcheck disable=SC2086
		try 0 heaptally $command
		warnings=$(grep '^warning' out) || true
		[ -n "$1" ] || [ -z "$warnings" ] || return 1
		[ -z "$1" ] || [[ $warnings =~ ^warning\ \ \ [^$'\n']*$1 ]] || return 1
		grep -q 'main  *demo.c:5\|kept = malloc' out || return 1
	done
}

@test "a source newer than the recording, newer than the binary, and a missing one" {
	build
	each ''
	grep -q 'kept = malloc(100);' out
	touch -d '30 minutes ago' demo.c
	each 'newer than .*/demo: lines may have moved$'
	touch -d '1 hour' demo.c
	each 'newer than the recording: lines may have moved$'
	rm demo.c
	try 0 heaptally top --by stack demo.tally
	grep -q 'main  demo.c:5' out
	[ "$(grep -c 'kept = malloc' out || true)" = 0 ]
	try 0 heaptally annotate demo.c demo.tally
	grep -qE '^warning   the source is missing' out
}
