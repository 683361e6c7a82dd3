#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Living, stopped and dead processes: run, list, snapshot, info.
# shellcheck disable=SC2154,SC2094,SC2016

load common

# Recordings of these tests are found in their own directory and nowhere else.
own_place()
{
	export XDG_RUNTIME_DIR=$PWD/place TMPDIR=$PWD/place
	mkdir -m 700 place
}

# A traced process that holds 1000 blocks of 24 bytes until its input ends. Sets pid and input.
start_holder()
{
	cat >holder.c <<-'C'
		#include <stdio.h>
		#include <stdlib.h>
		int main(void)
		{
			static char *blocks[1000];
			for (int i = 0; i < 1000; i++)
				blocks[i] = malloc(24);
			if (write(1, "ready\n", 6) != 6)
				return 1;
			while (read(0, blocks[0], 1) > 0)
				;
			return 0;
		}
	C
	gcc -g -O1 -fno-builtin -include unistd.h -o holder holder.c
	mkfifo input output
	LD_PRELOAD=$HEAPTALLY_LIBRARY ./holder <input >output &
	pid=$!
	exec 8>input 9<output
	read -r ready <&9
	[ "$ready" = ready ]
}

stop_holder()
{
	exec 8>&-
	wait "$pid"
}

@test "a living process: list, info, top, snapshot" {
	own_place
	start_holder
	heaptally list --format json >list
	heaptally info --format json "$pid" >info
	heaptally top --format json "$pid" >top
	try 0 heaptally snapshot -o now.tally "$pid"
	heaptally info --format json now.tally >kept
	heaptally diff now.tally "$pid" >changes
	stop_holder
	jq -e --arg pid "$pid" '.recordings[] | select(.pid == ($pid | tonumber)) |
		.state == "running" and .command == "holder" and .live_bytes == 24000' list
	jq -e '.state == "running" and .live_blocks == 1000 and .live_bytes == 24000' info
	jq -e '.totals.live_bytes == 24000' top
	jq -e '.state == "running" and .live_blocks == 1000' kept
	grep -q '"main"' top
	grep -qE '^now +23\.4 KiB +23\.4 KiB +\+0 B' changes
}

@test "a stopped process is read as it stands" {
	own_place
	start_holder
	kill -STOP "$pid"
	heaptally info --format json "$pid" >info
	try 0 heaptally snapshot "$pid"
	kill -CONT "$pid"
	stop_holder
	jq -e '.live_blocks == 1000' info
	[ -s "heaptally.holder.$pid.tally" ]
}

@test "a process that exited, and one that was killed, left their recordings" {
	own_place
	start_holder
	stop_holder
	heaptally info --format json "$pid" >info
	jq -e '.state == "exited" and .live_blocks == 1000' info
	rm -f input output
	start_holder
	kill -KILL "$pid"
	stop_holder || true
	heaptally info --format json "$pid" >info
	jq -e '.state == "ended" and .live_blocks == 1000' info
	try 0 heaptally snapshot -o dead.tally "$pid"
	heaptally list --format json >list
	[ "$(jq '.recordings | map(select(.command == "holder")) | length' list)" = 2 ]
}

@test "a recording at out=PATH is found by its process id" {
	own_place
	export HEAPTALLY=out=$PWD/elsewhere
	start_holder
	unset HEAPTALLY
	heaptally info --format json "$pid" >info
	stop_holder
	jq -e '.live_blocks == 1000' info
	heaptally info --format json elsewhere >info
	jq -e '.state == "exited"' info
}

@test "run leaves no recordings behind" {
	own_place
	heaptally run -q -o run.tally -- sh -c 'true; ls >/dev/null; ls >/dev/null'
	[ -z "$(find place -type f)" ]
	[ -z "$(find place -name 'run.*')" ]
}

@test "run: every descendant is in the tally, --no-children leaves them out" {
	own_place
	heaptally run -q -o all.tally -- sh -c 'ls >/dev/null; ls >/dev/null; exit 0'
	heaptally run -q -o one.tally --no-children -- sh -c 'ls >/dev/null; exit 0'
	heaptally info --format json all.tally >all
	heaptally info --format json one.tally >one
	[ "$(jq '[.processes[] | select(.command == "ls")] | length' all)" = 2 ]
	[ "$(jq -c '[.processes[].command]' one)" = '["sh"]' ]
	heaptally info --format json --process sh all.tally >shell
	[ "$(jq -r .command shell)" = sh ]
	try 2 heaptally info --process nobody all.tally
	says 'nobody.*ls'
}

@test "a process that runs its own program again is one of its name, and a long name is known" {
	own_place
	cp "$programs/exits" a_program_with_a_long_name
	heaptally run -q -o run.tally -- ./a_program_with_a_long_name 10 exit || [ $? = 3 ]
	try 0 heaptally info --process a_program_with_a_long_name run.tally
	try 2 heaptally info --process a_program_with run.tally
	cp "$(command -v bash)" runs_itself_again
	LD_PRELOAD=$HEAPTALLY_LIBRARY ./runs_itself_again -c 'exec ./runs_itself_again -c "kill -KILL \$\$"' || true
	[ "$(find place -name '*.recording' | wc -l)" = 2 ]
	try 0 heaptally info runs_itself_again
}

@test "run: descendants that ended are taken in while the program runs" {
	own_place
	# The shell looks at the directory of its own recordings, as the launcher made it.
	heaptally run -q -o run.tally -- sh -c '
		directory=${HEAPTALLY#dir=}
		directory=${directory%%:*}
		for i in 1 2 3 4 5 6 7 8; do ls >/dev/null; done
		for i in $(seq 100); do
			set -- "$directory"/ls.*.recording
			[ -e "$1" ] || exit 0
			sleep 0.1
		done
		exit 1'
	heaptally info --format json run.tally >info
	[ "$(jq '[.processes[] | select(.command == "ls")] | length' info)" -ge 8 ]
}

@test "run: a daemon that goes on keeps its recording" {
	own_place
	mkfifo gate
	heaptally run -q -o run.tally -- sh -c '(read -r line <gate; ls >/dev/null) & exit 5' ||
		[ $? = 5 ]
	# Nobody waited for the daemon: it may not have allocated yet.
	for _ in {1..100}; do
		heaptally list --format json >list
		jq -e '[.recordings[] | select(.state == "running")] | length >= 1' list && break
		sleep 0.1
	done
	echo go >gate
	jq -e '[.recordings[] | select(.state == "running")] | length >= 1' list
}

@test "run: the status of programs that are killed, and of signals to heaptally" {
	try 137 heaptally run -q -o run.tally -- sh -c 'kill -9 $$'
	heaptally info --format json run.tally >info
	jq -e '.signal == 9 and .exit_status == null and .state == "ended"' info
	try 7 heaptally run -q -f -o run.tally -- sh -c \
		'trap "exit 7" TERM; kill -TERM $PPID; while :; do sleep 0.05; done'
	heaptally info --format json run.tally >info
	[ "$(jq -c '[.processes[].exit_status | values]' info)" = '[7]' ]
}

@test "run: other preloads and options of the user stay" {
	HEAPTALLY=frames=3 LD_PRELOAD=libm.so.6 heaptally run -q -o run.tally -- \
		sh -c 'echo "$LD_PRELOAD"; echo "$HEAPTALLY"' >out
	grep -qE '^/.*libheaptally.so:libm.so.6$' out
	grep -qE '^dir=/.*:frames=3$' out
	try 125 env HEAPTALLY=colour=red "$HEAPTALLY_COMMAND" run -- true
	says 'colour=red'
}

@test "run: a library path that LD_PRELOAD cannot hold, also for children that outlive the run" {
	own_place
	for folder in 'a b:c' 'a$LIB' 'b$ORIGIN' 'c${PLATFORM}'; do
		mkdir "$folder"
		cp "$HEAPTALLY_LIBRARY" "$folder/libheaptally.so"
		export HEAPTALLY_LIBRARY="$PWD/$folder/libheaptally.so"
		rm -f gate late
		mkfifo gate late
		# What waits at the gate has no recording of its own that would keep anything.
		try 0 heaptally run -q -f -o run.tally -- sh -c '"$0" 100 return; (unset HEAPTALLY
			read -r line <gate; exec /bin/echo late >late 2>&1) & exit 0' "$programs/exits"
		[ ! -s err ]
		heaptally info --format json --process exits run.tally >info
		jq -e '.total_blocks == 100' info
		rm -rf place/heaptally/run.*
		echo go >gate
		[ "$(cat late)" = late ]
		try 0 heaptally --library
		says 'LD_PRELOAD cannot hold'
		[ "$(cat out)" = "$HEAPTALLY_LIBRARY" ]
	done
	export HEAPTALLY_LIBRARY="$builddir/lib/.libs/libheaptally.so"
	try 0 heaptally --library
	[ ! -s err ]
}

@test "run: the tally of an unwritable place is put with the recordings" {
	own_place
	try 3 heaptally run -q -o missing/x.tally -- "$programs/exits" 100 exit
	path=$(sed -n 's/^heaptally: the tally is //p' err)
	heaptally info --format json "$path" >info
	jq -e '.total_blocks == 100 and .exit_status == 3' info
}

@test "run, snapshot, timeline: no device, directory or input is replaced, by --force neither" {
	heaptally run -q -o good.tally -- "$programs/exits" 10 return
	cp good.tally kept
	cp "$programs/exits" prog
	mkdir folder
	ln -s folder link
	refused=(folder link)
	if mknod node c 1 3 2>/dev/null; then
		ln -s node to-node
		refused+=(node to-node)
	fi
	for place in "${refused[@]}"; do
		for force in '' -f; do
			# shellcheck disable=SC2086 # no word when empty
			{
				try 125 heaptally run $force -o "$place" -- touch started
				says 'is a (directory|device)'
				try 2 heaptally snapshot $force -o "$place" good.tally
				says 'is a (directory|device)'
				try 2 heaptally timeline $force --svg "$place" good.tally
				says 'is a (directory|device)'
			}
		done
	done
	try 125 heaptally run -f -o prog -- ./prog 10 return
	says 'prog: is read by this command'
	try 125 heaptally run -f -o good.tally -- cat good.tally
	says 'good.tally: is read by this command'
	try 125 heaptally run -o - -- touch started
	says "standard output is the program's"
	try 2 heaptally snapshot -f -o ./good.tally good.tally@exit
	says 'good.tally: is read by this command'
	for picture in good.tally ./good.tally; do
		try 2 heaptally timeline -f --svg "$picture" good.tally
		says 'good.tally: is read by this command'
	done
	cmp good.tally kept
	cmp prog "$programs/exits"
	[ ! -e started ]
	[ ! -e node ] || [ -c node ]
	[ "$(find . -type f | sort | tr '\n' ' ')" = './err ./good.tally ./kept ./out ./prog ' ]
}

@test "what a command reads besides its operands is not replaced either" {
	own_place
	echo 'int main(void) { return __builtin_malloc(77) == 0; }' >p.c
	gcc -g -o p p.c
	heaptally run -q --graph -o good.tally -- ./p
	echo '+file=*p.c' >filters
	echo 'leak:nothing' >known
	: >.heaptally
	ln good.graph other.graph
	ln p.c other.c
	ln good.tally other.tally
	md5sum -- *.graph *.c filters known .heaptally good.tally >sums
	refuses() {
		try 2 heaptally "$@"
		says 'is read by this command'
		md5sum --quiet -c sums
	}
	for place in good.graph other.graph; do
		refuses retained -f -o "$place" good.tally
		refuses leaks -f -o "$place" good.tally
	done
	refuses top -f -o filters --filter-file filters good.tally
	refuses export -f -o known --format folded --suppressions known good.tally
	refuses info -o .heaptally good.tally
	for place in p.c other.c; do
		refuses annotate -f -o "$place" p.c good.tally
		refuses report -f -o "$place" --format html --with-source good.tally
	done
	refuses growth -f -o good.tally other.tally good.tally
	try 0 heaptally top -f -o known good.tally
	grep -q 'p.c:1$' known
}

@test "run: a FIFO is written into when it has a reader, and nobody waits when it has none" {
	own_place
	mkfifo gate
	cat gate >copy.tally &
	try 0 heaptally run -q -o gate -- "$programs/exits" 10 return
	wait $!
	heaptally info --format json copy.tally >info
	jq -e '.total_blocks == 10' info
	try 3 heaptally run -q -o gate -- "$programs/exits" 10 exit
	grep -q '^heaptally: gate: cannot be written: ' err
	grep -q '^heaptally: the tally is ' err
	[ -p gate ]
}

@test "run: a limit on the size of files leaves the program its status" {
	for status in 0 3; do
		(
			ulimit -f 0
			got=0
			heaptally run -q -o limited.tally -- sh -c "exit $status" 2>&1 || got=$?
			printf 'status %s\n' $got
		) | cat >said
		grep -qx "status $status" said
		grep -q 'ulimit -f' said
	done
	[ ! -e limited.tally ]
}

@test "snapshot: to standard output goes the tally alone" {
	heaptally run -q -o good.tally -- "$programs/exits" 10 return
	try 0 heaptally snapshot -o - good.tally
	cmp out good.tally
}

@test "two runs that end in one file: both tallies are kept, and it is said" {
	own_place
	mkfifo gate
	heaptally run -q -o x.tally -- sh -c 'read -r line <gate; exit 4' 2>slow &
	try 0 heaptally run -q -o x.tally -- "$programs/exits" 20 return
	echo go >gate
	status=0
	wait $! || status=$?
	[ "$status" = 4 ]
	heaptally info --format json x.tally >info
	jq -e '.total_blocks == 20' info
	grep -q '^heaptally: x.tally: exists' slow
	path=$(sed -n 's/^heaptally: the tally is //p' slow)
	heaptally info --format json "$path" >info
	jq -e '.exit_status == 4' info
}

@test "run: links stay links" {
	touch real.tally
	ln -s real.tally link.tally
	try 0 heaptally run -q -o link.tally -- true
	[ -L link.tally ] && [ -s real.tally ]
}

@test "run: an executable without recording is an error" {
	HEAPTALLY_LIBRARY=/lib/x86_64-linux-gnu/libm.so.6 try 125 heaptally run -q -- true
	says 'no recording'
	HEAPTALLY_LIBRARY=/no/such/library try 125 heaptally run -q -- true
	says 'HEAPTALLY_LIBRARY'
}

@test "a stripped program is named by its debug file, and only by the right one" {
	cp "$programs/exits" exits
	objcopy --only-keep-debug exits exits.debug
	objcopy --strip-all --add-gnu-debuglink=exits.debug exits
	heaptally run -q -o run.tally -- ./exits 100 return
	heaptally top --format json run.tally >top
	[ "$(jq -r '.groups[0].frames[0].function' top)" = main ]
	mv exits.debug hidden
	mkdir .debug
	mv hidden .debug/exits.debug
	heaptally run -q -f -o run.tally -- ./exits 100 return
	heaptally top --format json run.tally >top
	[ "$(jq -r '.groups[0].frames[0].function' top)" = main ]
	cp "$programs/wordindex" .debug/exits.debug
	heaptally run -q -f -o run.tally -- ./exits 100 return
	heaptally top --format json run.tally >top
	[ "$(jq -r '.groups[0].frames[0].function' top)" = null ]
}

@test "run: a place that is gone at the end does not lose the tally" {
	own_place
	mkdir full
	try 3 heaptally run -q -o full/x.tally -- sh -c 'rmdir full; exec "$0" 100 exit' \
		"$programs/exits"
	grep -q '^heaptally: full/x.tally: cannot be written: ' err
	path=$(sed -n 's/^heaptally: the tally is //p' err)
	heaptally info --format json "$path" >info
	jq -e '.total_blocks >= 100' info
}

@test "run, snapshot: a file that exists is replaced by --force only" {
	echo precious >run.tally
	try 125 heaptally run -o run.tally -- touch started
	grep -qF 'run.tally: exists; --force replaces it' err
	heaptally run -q -o other.tally -- "$programs/exits" 10 return
	try 2 heaptally snapshot -o run.tally other.tally
	[ "$(cat run.tally)" = precious ]
	[ ! -e started ]
	try 0 heaptally snapshot -q -f -o run.tally other.tally
	cmp run.tally other.tally
	try 0 heaptally run -q --force -o run.tally -- "$programs/exits" 20 return
	heaptally info --format json run.tally >info
	jq -e '.total_blocks >= 20' info
	heaptally snapshot -q other.tally
	heaptally snapshot -q other.tally
	[ "$(find . -name 'heaptally.exits.*.tally' | wc -l)" -eq 2 ]
}

@test "run: a name that it chose itself and that is taken at the end is not replaced" {
	own_place
	# Of another namespace there may be a process of the same number.
	try 0 heaptally run -q -- sh -c 'echo precious >heaptally.sh.$$.tally; true'
	first=$(find . -name 'heaptally.sh.*.tally' ! -name '*-2.tally')
	[ "$(cat "$first")" = precious ]
	says "the tally is $(basename "${first%.tally}")-2.tally"
	[ "$(wc -l <err)" -eq 1 ]
	heaptally info --format json "${first%.tally}-2.tally" >info
	jq -e '.command == "sh"' info
	[ "$(find . -name '*.tally' | wc -l)" -eq 2 ]
}

@test "a number that is the name of a file is that file, for all reading commands" {
	heaptally run -q --blocks -o $$ -- "$programs/exits" 10 return
	for words in 'top PID' 'top PID@peak' 'info PID' 'snapshot -q -f -o copy.tally PID' \
		'timeline PID' 'diff PID PID' 'blocks PID'; do
		# shellcheck disable=SC2086
		try 0 heaptally ${words//PID/$$}
		[ ! -s err ]
	done
	try 1 heaptally block $$ 0x10
	try 2 heaptally top --refresh 1 $$
	says "$$: no recording; --refresh is for a process"
}
