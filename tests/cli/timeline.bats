#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# heaptally timeline: the curve of a program whose steps are known.
# shellcheck disable=SC2154

load common

# Line 9 takes 8 blocks of 1 MiB, one in 20 ms or what it is told (so long that a busy machine
# samples it), line 13 gives 6 of them back.
setup_file()
{
	cd "$BATS_FILE_TMPDIR" || return 1
	cat >wave.c <<-'END'
		#include <stdlib.h>
		#include <unistd.h>
		static void *volatile kept[8];

		int main(int argc, char **argv)
		{
			useconds_t step = argc > 1 ? atoi(argv[1]) : 20000;
			for (int i = 0; i < 8; i++) {
				kept[i] = malloc(1 << 20);
				usleep(step);
			}
			for (int i = 0; i < 6; i++) {
				free(kept[i]);
				usleep(step);
			}
			return 0;
		}
	END
	gcc -g -O0 -fno-builtin -o wave wave.c
	"$HEAPTALLY_COMMAND" run -q --every 0.05 -o wave.tally -- ./wave
	# It goes on when `run` has a snapshot of the mark, which may be late, but is not missing.
	cat >marked.c <<-'END'
		#include <heaptally.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <unistd.h>

		static void *volatile kept;

		static void wait_for(const char *label)
		{
			while (access(label, F_OK) != 0)
				usleep(1000);
		}
		int main(void)
		{
			heaptally_mark("load all");
			kept = malloc(3 << 20);
			wait_for("seen.load all");
			usleep(50000);
			heaptally_mark("serve");
			free(kept);
			wait_for("seen.serve");
			return 0;
		}
	END
	gcc -I "$srcdir/lib/include" -o marked marked.c
	export XDG_RUNTIME_DIR=$PWD
	"$HEAPTALLY_COMMAND" run -q -o marked.tally -- ./marked &
	for label in 'load all' serve; do
		until "$HEAPTALLY_COMMAND" info "marked@mark:$label" >seen 2>&1; do
			kill -0 $! || return 1
			sleep 0.01
		done
		: >"seen.$label"
	done
	wait $!
}

@test "timeline: title, bars, axis, snapshots, who grew and who fell" {
	try 0 heaptally timeline "$BATS_FILE_TMPDIR/wave.tally"
	head -n 1 out | grep -qE '^wave [0-9]+ +live heap, MiB +peak 8\.0 at '
	sed -n 2p out | grep -qE '^ +8\.0 \| .*█'
	grep -qE '^ +0 \+-{60}$' out
	grep -qE '^snapshots +snap:[0-9]+ ' out
	grep -qE 'snap:[0-9]+ +.* 2\.0 MiB  exit$' out
	grep -qE '^resident +[0-9.]+ MiB at most, at .*, as sampled$' out
	grep -qE '^who grew +start - .* \+8\.0 MiB +main .*wave\.c:9$' out
	grep -qE '^who fell +.* -6\.0 MiB +main .*wave\.c:9$' out
}

@test "timeline: no UTF-8, no blocks" {
	LC_ALL=C try 0 heaptally timeline "$BATS_FILE_TMPDIR/wave.tally"
	sed -n 2p out | grep -q '#'
	run grep -c '[^ -~]' out
	[ "$output" = 0 ]
}

@test "timeline: JSON has the exact peak, points in order, and the changes" {
	try 0 heaptally timeline --format json "$BATS_FILE_TMPDIR/wave.tally"
	jq -e '.peak.live_bytes == 8388608 and .peak.live_bytes == ([.points[].live_bytes] | max)
		and .points[-1].live_bytes == 2097152
		and ([.points[].time_seconds] | . == sort)
		and ([.points[] | select(.resident_bytes != null)] | length) > 0
		and (.snapshots[-1].live_blocks == 2)
		and (.grew[0] | .live_bytes_diff == 8388608 and .frames[0].line == 9)
		and (.fell[0] | .live_bytes_diff == -6291456 and .live_blocks_diff == -6)' out
}

@test "timeline: a window leaves out what is not in it" {
	try 0 heaptally timeline --format json --window 0.1,0.2s "$BATS_FILE_TMPDIR/wave.tally"
	jq -e '.from_seconds == 0.1 and .to_seconds == 0.2 and
		([.points[].time_seconds] | length > 0 and min >= 0.1 and max <= 0.2) and
		([.snapshots[].time_seconds] | all(. >= 0.1 and . <= 0.2))' out
	try 0 heaptally timeline --format json --window 0.1, "$BATS_FILE_TMPDIR/wave.tally"
	jq -e '.to_seconds > 0.2 and ([.points[].time_seconds] | min >= 0.1)' out
}

# What mprof's reader does: words parted by one blank, numbers, lines of known words.
@test "timeline: mprof's format as its reader has it" {
	try 0 heaptally timeline --format mprof "$BATS_FILE_TMPDIR/wave.tally"
	sed -n 1p out | grep -qE '^CMDLINE .*/wave$'
	[ "$(sed 1d out | grep -vcE '^MEM [0-9]+\.[0-9]+ [0-9]{10}\.[0-9]+$')" = 0 ]
	[ "$(awk '$1 == "MEM" && $2 > most { most = $2 } END { print most }' out)" = 8.000000 ]
	awk '$1 == "MEM" { if ($3 < last) exit 1; last = $3 }' out
}

@test "timeline: mprof itself reads the curve and the marks" {
	python=/usr/bin/python3
	"$python" -c 'import mprof' 2>/dev/null || skip "mprof is not installed"
	try 0 heaptally timeline --format mprof "$BATS_FILE_TMPDIR/marked.tally"
	mv out mprofile_20260101000000.dat
	try 0 "$python" - <<-'END'
		import mprof
		data = mprof.read_mprofile_file("mprofile_20260101000000.dat")
		print(data["cmd_line"].strip().endswith("/marked"), len(data["mem_usage"]) > 2,
		      max(data["mem_usage"]), sorted(data["func_timestamp"]))
		((start, end, before, after, level),) = data["func_timestamp"]["load_all"]
		print(0.04 < end - start < 30, before, after, level)
	END
	[ "$(cat out)" = "$(printf '%s\n' "True True 3.0 ['load_all', 'serve']" 'True 0.0 3.0 0')" ]
	try 0 "$python" -m mprof peak
	grep -q '3.000 MiB' out
}

# The snapshot of a mark comes when `run` looks; by then the 3 MiB are there, or all but surely so.
@test "a snapshot that came after its mark says what has changed since" {
	tally=$BATS_FILE_TMPDIR/marked.tally
	try 0 heaptally info --format json "$tally"
	[ "$(jq -c '.marks | map([.label, .live_bytes])' out)" = '[["load all",0],["serve",3145728]]' ]
	try 0 heaptally top --format json "$tally@mark:load all"
	[ "$(jq -c '.process.mark | [.label, .live_bytes]' out)" = '["load all",0]' ]
	case $(heaptally top "$tally@mark:load all" | head -n 1) in
	*', at mark load all ('*'), taken '*' after it with +3.0 MiB: 3.0 MiB in 1 block'*) ;;
	*', at mark load all ('*'): 0 B in 0 blocks'*) ;;
	*', at mark load all ('*'), taken '*' after it: 0 B in 0 blocks'*) ;;
	*) heaptally top "$tally@mark:load all" && false ;;
	esac
	case $(heaptally top "$tally@mark:serve" | head -n 1) in
	*', at mark serve ('*'), taken '*' after it with -3.0 MiB: 0 B in 0 blocks'*) ;;
	*', at mark serve ('*'): 3.0 MiB in 1 block'*) ;;
	*', at mark serve ('*'), taken '*' after it: 3.0 MiB in 1 block'*) ;;
	*) heaptally top "$tally@mark:serve" && false ;;
	esac
}

# The last snapshot of a program that ended right after its mark bears the name of that, too.
@test "the lateness of a mark is no word on the peak, nor on the end" {
	cat >late.c <<-'END'
		#include <heaptally.h>
		#include <stdlib.h>

		int main(void)
		{
			static void *volatile kept;

			kept = malloc(1000000);
			free(kept);
			heaptally_mark("done");
			kept = malloc(60000);
			return 0;
		}
	END
	gcc -I "$srcdir/lib/include" -o late late.c
	try 0 heaptally run -q -o late.tally -- ./late
	for at in '' @peak @exit; do
		try 0 heaptally top "late.tally$at"
		sed -n 1p out | grep -qE ', at (the peak|exit) \([^)]*\): (976|58)\.6 KiB in 1 block'
		try 0 heaptally top --format json "late.tally$at"
		jq -e '.process.mark == null' out
	done
	try 0 heaptally diff late.tally@peak late.tally@exit
	[ "$(grep -c taken out)" = 0 ]
	try 0 heaptally top late.tally@mark:done
	sed -n 1p out | grep -qE ', at mark done \([^)]*\)(, taken .* after it( with \+58\.6 KiB)?)?: '
	try 0 heaptally top --format json late.tally@mark:done
	jq -e '.process.mark.label == "done" and .process.moment == "at mark done"' out
}

# 5 MB for a while, then a reset or a clear, and 1000 bytes. `run` may be too late to see the 5 MB.
@test "a peak before a reset or a clear: the card, the title and top say which is which" {
	cat >again.c <<-'END'
		#include <heaptally.h>
		#include <stdlib.h>
		#include <unistd.h>

		int main(int argc, char **argv)
		{
			static void *volatile kept;

			(void)argv;
			kept = malloc(5000000);
			usleep(200000);
			free(kept);
			if (argc > 1)
				heaptally_clear();
			else
				heaptally_reset_peak();
			kept = malloc(1000);
			return 0;
		}
	END
	gcc -I "$srcdir/lib/include" -o again again.c
	try 0 heaptally run -o reset.tally -- ./again
	grep -qE '^  heap .* peak 1000 B at [^ ]+ [a-z]+ \(4\.8 MiB before a reset\), 1000 B at exit$' err
	try 0 heaptally timeline reset.tally
	sed -n 1p out | grep -qE '( peak 4\.8 at [^,]+, before it was reset at [^,]+|; 4\.8 MiB before .*, not drawn)$'
	try 0 heaptally top reset.tally
	tr '\n' ' ' <out | tr -s ' ' | grep -qE ': 1000 B in 1 block, .*, peak reset at [^:]+: the peak is that since'
	try 0 heaptally run -o clear.tally -- ./again clear
	grep -qE '^  heap .* \(4\.8 MiB before a clear\), ' err
	try 0 heaptally timeline clear.tally
	sed -n 1p out | grep -qE '( peak 4\.8 at [^,]+, before a clear at [^,]+|; 4\.8 MiB before .*, not drawn)$'
	# Nobody sampled this one.
	HEAPTALLY=out=plain.recording LD_PRELOAD=$HEAPTALLY_LIBRARY ./again clear
	try 0 heaptally timeline plain.recording
	sed -n 1p out | grep -qE 'live heap, B +peak 1000 at [^,;]+; 4\.8 MiB before [^,;]+, not drawn$'
}

@test "timeline: the picture is XML with both curves" {
	try 0 heaptally timeline --svg heap.svg "$BATS_FILE_TMPDIR/wave.tally"
	[ ! -s out ]
	grep -q 'peak 8.0 MiB at' heap.svg
	grep -q 'class="live" d="M' heap.svg
	grep -q 'class="rss" d="M' heap.svg
	# Sizes of the grid are round, and the line that held most is named with what it held.
	python3 - heap.svg <<-'END'
		import re, sys
		labels = re.findall(r'text-anchor="end">([0-9.]+) MiB<', open(sys.argv[1]).read().split('text-anchor="middle"')[0])
		step = float(labels[0])
		assert float("%e" % step) in (1, 2, 5), labels
		assert [float(label) for label in labels] == [step * (i + 1) for i in range(len(labels))], labels
	END
	grep -A 1 '>8\.0 MiB<' heap.svg | grep -q 'main  .*wave\.c:9<'
	python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse("heap.svg")'
	try 0 heaptally timeline --svg - "$BATS_FILE_TMPDIR/wave.tally"
	cmp out heap.svg
}

@test "timeline: a run without --every has a curve, resident memory, who grew and who fell" {
	try 0 heaptally run -q -o plain.tally -- "$BATS_FILE_TMPDIR/wave" 200000
	try 0 heaptally timeline --format json plain.tally
	jq -e '.peak.live_bytes == 8388608 and (.snapshots | length) == 1
		and ([.points[] | select(.resident_bytes != null)] | length) >= 3
		and ([.points[].live_bytes] | unique | length) >= 5
		and .grew[0].live_bytes_diff == 8388608 and .fell[0].live_bytes_diff == -6291456' out
}

# Taking in what ended is work for each process once, and must not make the next sample wait.
@test "timeline: a program that comes after many others has a curve too" {
	try 0 heaptally run -q -o after.tally -- sh -c \
		"for i in 1 2 3 4 5 6 7 8; do /bin/ls / >/dev/null; done; exec '$BATS_FILE_TMPDIR/wave' 200000"
	try 0 heaptally timeline --format json --process wave after.tally
	jq -e '[.points[] | select(.resident_bytes != null)] | length >= 3' out
}

@test "timeline: a program without allocations, and one without samples" {
	try 0 heaptally run -q -o none.tally -- "$programs/exits" 0 return
	try 0 heaptally timeline none.tally
	try 0 heaptally timeline --svg none.svg none.tally
	try 0 heaptally timeline --format mprof none.tally
	HEAPTALLY=out=plain.recording LD_PRELOAD=$HEAPTALLY_LIBRARY "$BATS_FILE_TMPDIR/wave"
	try 0 heaptally timeline plain.recording
	grep -q '^hint .*? is not.*heaptally run' out
	# When the peak was is known, and what came before it is not.
	grep -qE '^ +\|\?\?+.*█' out
	grep -qE '^who fell .* -6\.0 MiB' out
}

@test "timeline: bad input is one line and 2" {
	tally=$BATS_FILE_TMPDIR/wave.tally
	for window in '' x 1 2,1 1,1 -1,2 1,2,3 1,x '1e400,'; do
		try 2 heaptally timeline "--window=$window" "$tally"
		usage 'window'
	done
	try 2 heaptally timeline --window 1000000,1000001 "$tally"
	says 'ended after'
	try 2 heaptally timeline --format csv "$tally"
	usage 'csv'
	try 2 heaptally timeline "$tally" "$tally"
	usage 'one file'
	try 2 heaptally timeline no-such.tally
	says 'no-such.tally'
	try 2 heaptally timeline --svg no-such-folder/heap.svg "$tally"
	says 'no-such-folder'
}

@test "timeline: a picture replaces only such pictures, and stays when a new one cannot be written" {
	tally=$BATS_FILE_TMPDIR/wave.tally
	cp "$tally" copy.tally
	echo 'int main(void) { return 0; }' >leaky.c
	cp leaky.c kept.c
	for file in copy.tally leaky.c; do
		try 2 heaptally timeline --svg "$file" "$tally"
		says "$file: exists and is not a picture of heaptally"
	done
	cmp copy.tally "$tally"
	cmp leaky.c kept.c
	try 0 heaptally timeline --svg heap.svg "$tally"
	echo '<!-- old -->' >>heap.svg
	cp heap.svg old.svg
	(
		ulimit -f 1
		try 2 heaptally timeline --svg heap.svg "$tally"
	)
	says 'heap.svg: File too large'
	cmp heap.svg old.svg
	try 0 heaptally timeline --svg heap.svg "$tally"
	[ "$(grep -c old heap.svg)" = 0 ]
	try 0 heaptally timeline --force --svg leaky.c "$tally"
	cmp leaky.c heap.svg
	[ "$(find . -type f | wc -l)" = 7 ]
}
