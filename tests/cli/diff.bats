#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# heaptally diff: moved lines, hidden groups and budgets, of two builds whose numbers are known.
# shellcheck disable=SC2154

load common

# The new build has three more lines before `grow`, which holds 3000 bytes instead of 2000; `same`
# keeps 5000, the 300 of `leave` are gone, the 400 of `come` are new. Both peak with 100000 more.
setup_file()
{
	cd "$BATS_FILE_TMPDIR" || return 1
	cat >two.c <<-'END'
		#include <stdlib.h>

		static void *volatile kept;

		__attribute__((noinline)) static void grow(int n)
		{
			for (int i = 0; i < n; i++)
				kept = malloc(10);
		}
		__attribute__((noinline)) static void same(void) { kept = malloc(5000); }
		__attribute__((noinline)) void leave(void) { kept = malloc(300); }
		__attribute__((noinline)) void come(void) { kept = malloc(400); }
		int main(void)
		{
			same();
			grow(COUNT);
			ONCE();
			free(malloc(100000));
			return 0;
		}
	END
	mkdir new
	sed '5s/^/\n\n\n/' two.c >new/two.c
	gcc -g -O0 -fno-builtin -DCOUNT=200 -DONCE=leave -o two two.c
	gcc -g -O0 -fno-builtin -DCOUNT=300 -DONCE=come -o new/two new/two.c
	"$HEAPTALLY_COMMAND" run -q -o old.tally -- ./two
	"$HEAPTALLY_COMMAND" run -q -o new.tally -- new/two
}

# two STATUS OPTION...: the diff of the two runs.
two()
{
	local status=$1

	shift
	try "$status" heaptally diff "$BATS_FILE_TMPDIR/old.tally" "$BATS_FILE_TMPDIR/new.tally" "$@"
}

@test "diff: moved lines say where they were, unchanged ones are hidden unless --all" {
	two 0 --at exit
	grep -qE '^from exit \([^)]*\) to exit \([^)]*\), by line \(moved lines matched by function\)$' out
	grep -qE '^ *\+1000 B +\+100 +2\.9 KiB +grow +.*two\.c:11 +was :8$' out
	grep -qE '^ *\+400 B +\+1 +400 B +new +come +.*two\.c:15$' out
	grep -qE '^ *-300 B +-1 +0 B +gone +leave +.*two\.c:11$' out
	[ "$(sed -n '/change  *blocks/,$p' out | sed -n '2,4s/.*B  *\(new\|gone\|\)  *\(grow\|come\|leave\) .*/\2/p' |
		tr '\n' ' ')" = 'grow come leave ' ]
	grep -q '^(2 unchanged; --all shows them)$' out
	run grep -c same out
	[ "$output" = 0 ]
	two 0 --at exit --all
	grep -qE '^ *\+0 B +\+0 +4\.9 KiB +same +.*two\.c:13 +was :10$' out
	two 0 --at exit --format json
	jq -e '[.groups[] | select(.live_bytes_diff == 0)] | length == 2' out
	jq -e '.totals.live_bytes_diff == 1100 and .groups[0].old_line == 8' out
}

@test "diff: a title for both at the peak, and no word of moved lines where none moved" {
	two 0
	grep -q '^at the peak, by line (moved lines' out
	try 0 heaptally diff "$BATS_FILE_TMPDIR/old.tally@peak" "$BATS_FILE_TMPDIR/old.tally@exit"
	grep -qE '^from the peak \([^)]*\) to exit \([^)]*\), by line$' out
}

# One run that peaks early and ends with 2000 bytes more, and one that only allocates and frees.
@test "diff: what changed is shown, wherever it is" {
	cat >early.c <<-'END'
		#include <heaptally.h>
		#include <stdlib.h>
		static void *volatile kept;
		__attribute__((noinline)) static void serve(void) { kept = malloc(KEPT); }
		int main(void)
		{
			free(malloc(1 << 20));
			heaptally_snapshot("warm" NAME);
			serve();
			for (int i = 0; i < PASSED; i++)
				free(malloc(100));
			heaptally_snapshot("late" NAME);
			return 0;
		}
	END
	gcc -g -O0 -fno-builtin -I "$srcdir/lib/include" -DKEPT=1000 -DPASSED=3 -DNAME='"1"' -o early early.c
	heaptally run -q -o 1.tally -- ./early
	gcc -g -O0 -fno-builtin -I "$srcdir/lib/include" -DKEPT=3000 -DPASSED=3 -DNAME='"2"' -o early early.c
	heaptally run -q -o 2.tally -- ./early
	gcc -g -O0 -fno-builtin -I "$srcdir/lib/include" -DKEPT=1000 -DPASSED=5 -DNAME='"3"' -o early early.c
	heaptally run -q -o 3.tally -- ./early
	try 0 heaptally diff 1.tally 2.tally
	grep -qE '^at the peak: no change$' out
	grep -qE '^from exit \([^)]*\) to exit \([^)]*\), by line$' out
	grep -qE '^\+2\.0 KiB +\+0 +2\.9 KiB +serve +.*early\.c:4$' out
	try 0 heaptally diff 1.tally 3.tally
	grep -qE '^at the peak: no change$' out
	grep -qE '^at the peak, bytes ever allocated, by line$' out
	grep -qE '^\+200 B +\+2 +500 B +main +.*early\.c:11$' out
	try 0 heaptally diff --at exit 1.tally 3.tally
	grep -qE '^\+200 B +\+2 +500 B +main +.*early\.c:11$' out
	try 0 heaptally diff --only-growth 3.tally 1.tally
	grep -q '^nothing has grown$' out
	try 0 heaptally diff 1.tally 1.tally
	grep -q '^no differences$' out
	# The program lived when it took these: now, on both sides; and against its end.
	try 0 heaptally diff warm3 late3
	grep -qE '^from now \([^)]*\) to now \([^)]*\), by line$' out
	grep -qE '^\+1000 B +\+1 +1000 B +new +serve +.*early\.c:4$' out
	try 0 heaptally diff warm3 3.tally
	grep -qE '^from now \([^)]*\) to exit \([^)]*\), by line$' out
	try 0 heaptally diff 3.tally@exit late3
	grep -q '^no differences$' out
	try 0 heaptally top late3
	sed -n 1p out | grep -qE '^early [0-9]+, now \([^)]*\): 1000 B in 1 block, by line$'
	try 0 heaptally top 3.tally
	sed -n 1p out | grep -qE '^early [0-9]+, at the peak \([^)]*\): 1\.0 MiB in 1 block'
	try 0 heaptally annotate early.c late3
	sed -n 1p out | grep -qE '^early\.c, early [0-9]+ now \([^)]*\): 1000 B live '
}

# Two checkouts, of which only one constant differs; main.c is in two folders of each.
@test "diff: two checkouts of a program have the same files" {
	for tree in main pr; do
		mkdir -p build/$tree/src/a build/$tree/src/b
		cat >build/$tree/src/a/main.c <<-'END'
			#include <stdlib.h>
			void *volatile kept[99];
			void other(void);
			__attribute__((noinline)) static void same(void) { kept[0] = malloc(5000); }
			__attribute__((noinline)) static void grow(void) { kept[1] = malloc(SIZE); }
			int main(void) { same(); grow(); other(); return 0; }
		END
		cat >build/$tree/src/b/main.c <<-'END'
			#include <stdlib.h>
			extern void *volatile kept[99];
			__attribute__((noinline)) static void same(void) { kept[2] = malloc(3000); }
			void other(void) { same(); kept[3] = malloc(4000); }
		END
	done
	gcc -g -O0 -fno-builtin -DSIZE=1000 -o app "$PWD"/build/main/src/[ab]/main.c
	heaptally run -q -o main.tally -- ./app
	gcc -g -O0 -fno-builtin -DSIZE=1500 -o app "$PWD"/build/pr/src/[ab]/main.c
	heaptally run -q -o pr.tally -- ./app
	for option in '' "--path-map=$PWD/build/main=$PWD/build/pr/"; do
		try 0 heaptally diff ${option:+"$option"} main.tally pr.tally
		grep -qx "$PWD/build/main is taken for $PWD/build/pr" out
		grep -qE '^\+500 B +\+0 +1\.5 KiB +grow +.*build/pr/src/a/main\.c:5$' out
		grep -qx '(3 unchanged; --all shows them)' out
		for by in line function file stack; do
			try 0 heaptally diff ${option:+"$option"} --by $by --format json main.tally pr.tally
			jq -e '[.groups[] | select(.live_bytes_diff != 0)] | length == 1' out
		done
	done
	try 2 heaptally diff --path-map /no=/where main.tally pr.tally
	says 'no source file of main.tally is below /no'
	try 2 heaptally diff --path-map /no main.tally pr.tally
	usage 'not of the form OLD=NEW'
}

@test "diff: a filter with a line is about the line of the new build, on both sides" {
	two 0 --at exit --include '*two.c:11,function=grow' --format json
	jq -e '.totals.live_bytes == 3000 and .totals.live_bytes_diff == 1000' out
}

@test "diff: budgets on the whole program, absolute, as a change and as a share" {
	two 0 --budget peak=+1.1% --budget live=+1100 --budget total=108400 --budget blocks=302
	[ ! -s err ]
	two 1 --budget peak=+1%
	says 'peak went from 104\.8 KiB to 105\.9 KiB \(\+1\.0 %\), the budget is \+1%'
	grep -qE '^peak .* \+1\.0 % +over budget \(\+1%\)$' out
	two 1 --budget live=+1099
	says 'live went from 7\.1 KiB to 8\.2 KiB \(\+15\.1 %\), the budget is \+1099'
	two 1 --budget total=108399
	two 1 --budget blocks=301
	says 'blocks went from 202 to 302 \(\+49\.5 %\), the budget is 301'
	two 1 --budget allocs=+49%
	two 0 --budget allocs=+50%
	two 1 --budget live=-1
}

@test "diff: budgets on some sites, by a filter" {
	two 0 --at exit --budget 'function=grow=+50%' --budget 'live:function=grow=3000' \
		--budget '*two.c:11,function=grow=+1000' --budget 'blocks:function=*=302' --budget '*/two.c=8400'
	[ ! -s err ]
	two 1 --at exit --budget 'function=grow=+49%'
	says 'function=grow went from 2\.0 KiB to 2\.9 KiB \(\+50\.0 %\), the budget is \+49%'
	two 1 --at exit --budget 'live:function=grow=2999'
	two 1 --budget '*two.c:11,function=grow=+999'
	two 1 --budget 'blocks:function=*=301'
	two 1 --budget 'total:*/two.c=8K'
	two 1 --budget 'function=main=99999'
	two 0 --at exit --budget 'function=main=0'
	# What the filters of the report leave out counts all the same.
	two 1 --at exit --exclude 'function=grow' --budget 'function=grow=+49%'
	two 0 --at exit --budget 'function=main=5000'
	two 1 --at exit --any-frame --budget 'function=main=5000'
}

@test "diff: one line for each broken budget, in their order" {
	two 1 --budget live=0 --budget peak=+5% --budget 'function=same=1K' --format json
	[ "$(sed 's/ went.*//' err)" = "$(printf 'heaptally: live\nheaptally: function=same')" ]
	jq -e . out
}

@test "diff: a budget that matches nothing cannot be judged: 2, and what to write" {
	two 2 --budget 'function=nobody=1K'
	says 'function=nobody: nothing matches this budget, in OLD or NEW; a pattern has to match a'
	[ ! -s out ]
	two 2 --budget peak=0 --budget total:two.c=1KiB
	says "total:two\\.c: nothing matches .*; the file is /.*/two\\.c; write '\\*/two\\.c'$"
	two 2 --budget 'domain=pool=1'
	says 'domain=pool: nothing matches this budget, in OLD or NEW$'
}

@test "diff: a budget on what only one side has is judged, at any moment" {
	two 0 --at exit --budget 'function=leave=1'
	two 1 --at exit --budget 'function=come=399'
	two 0 --at exit --budget 'function=come=400'
	# What allocates only after the first snapshot is no typo there. If that is late, it is there.
	cat >late.c <<-'END'
		#include <stdlib.h>
		#include <unistd.h>
		static void *volatile kept;
		__attribute__((noinline)) void late(void) { kept = malloc(400); }
		int main(void)
		{
			kept = malloc(1);
			usleep(300000);
			late();
			return 0;
		}
	END
	gcc -g -O0 -fno-builtin -o late late.c
	heaptally run -q --every 0.05 -o late.tally -- ./late
	try 0 heaptally diff --budget 'function=late=400' late.tally@snap:1 late.tally@snap:1
	[ ! -s err ]
	try 2 heaptally diff --budget 'function=later=400' late.tally@snap:1 late.tally@snap:1
	says 'later: nothing matches'
}

@test "diff: a budget that is none is one line and 2" {
	for budget in peak peak= =5 peak=abc peak=5% peak=+% peak=+-5 paek=+5% colour=1 peak:=5 \
		'*.c:0x=abc' 'line=x=5' 'colour=red=5' 'a.c,=5' 'size=4K..=5' 'thread=1=5' \
		peak=99999999999999999999; do
		two 2 --budget "$budget"
		usage "${budget%%=*}"
		[ ! -s out ]
	done
}
