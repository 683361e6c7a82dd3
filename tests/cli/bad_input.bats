#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Bad input gets one clear line and a documented exit status.
# shellcheck disable=SC2154

load common

record()
{
	heaptally run -q -o run.tally -- "$programs/wordindex" "$srcdir/NEWS" >/dev/null
}

@test "run: no such command is 127" {
	try 127 heaptally run -- no-such-command-here
	says 'no-such-command-here'
	[ -z "$(ls -A -- *.tally 2>/dev/null)" ]
}

@test "run: no such file is 127" {
	try 127 heaptally run -- ./no-such-file
	says 'no-such-file'
}

@test "run: a file that cannot be executed is 126" {
	echo text >plain
	chmod 644 plain
	try 126 heaptally run -- ./plain
	says 'plain'
}

@test "run: without a command is 125" {
	try 125 heaptally run
	usage 'command|COMMAND'
}

@test "run: an unknown option is 125" {
	try 125 heaptally run --no-such-option -- true
	usage 'no-such-option'
}

@test "run: a static program is 125 and says why" {
	try 125 heaptally run -- "$programs/static" 1 return
	says 'static'
}

@test "run: a program of 32 bits is 125 and says why" {
	echo 'void _start(void) { for (;;) ; }' >small.c
	gcc -m32 -fPIC -nostdlib -c small.c 2>/dev/null || skip "the compiler has no -m32"
	ld -m elf_i386 -pie --dynamic-linker /lib/ld-linux.so.2 -o small small.o 2>/dev/null ||
		skip "the linker has no elf_i386"
	try 125 heaptally run -- ./small
	says '32'
}

@test "run: a set-user-ID program is 125 and says why" {
	cp "$programs/exits" raised
	if [ "$(id -u)" = 0 ]; then
		chown nobody raised && chmod 4755 raised
		program=./raised
	else
		program=$(command -v su) || skip "no set-user-ID program here"
		[ -u "$program" ] || skip "su is not set-user-ID here"
	fi
	try 125 heaptally run -- "$program"
	says 'set-user-ID|setuid'
}

@test "run: a program with its own malloc runs, and the report says which" {
	try 0 heaptally run -o own.tally -- "$programs/own_malloc"
	grep -q 'own malloc' err
	grep -q 'own_malloc' err
}

@test "run: an unwritable output directory keeps no program from running" {
	# The tally is kept with the recordings.
	export XDG_RUNTIME_DIR=$PWD
	try 3 heaptally run -o /no/such/directory/x.tally -- "$programs/exits" 10 exit
	grep -q '^heaptally: /no/such/directory/x.tally: ' err
}

@test "run: nowhere to put a recording keeps no program from running" {
	export HEAPTALLY=out=/no/such/directory/x.recording
	try 3 env LD_PRELOAD="$HEAPTALLY_LIBRARY" "$programs/exits" 10 exit
	[ ! -s err ]
}

@test "a word that the runtime does not know is named by the reports" {
	HEAPTALLY=out=$PWD/odd.recording:colour=red LD_PRELOAD=$HEAPTALLY_LIBRARY \
		"$programs/exits" 10 exit || true
	try 0 heaptally info odd.recording
	grep -q 'HEAPTALLY' out
}

@test "an unknown command is 2" {
	try 2 heaptally no-such-command
	usage 'no-such-command'
}

@test "a program or a file instead of a command is 2, and says what is meant" {
	record
	try 2 heaptally ./run.tally
	says 'did you mean .heaptally top \./run\.tally.'
	try 2 heaptally "$programs/exits" 10
	says 'did you mean .heaptally run -- .*/exits.'
	try 2 heaptally tpo
	says 'did you mean .heaptally top.'
	try 2 heaptally ls -l
	says 'did you mean .heaptally run -- ls.'
}

@test "no command at all is 2" {
	try 2 heaptally
	grep -q 'heaptally' err
}

@test "top, info, diff, snapshot: a missing file is 2" {
	try 2 heaptally top missing.tally
	says 'missing.tally'
	try 2 heaptally info missing.tally
	says 'missing.tally'
	try 2 heaptally diff missing.tally missing.tally
	says 'missing.tally'
	try 2 heaptally snapshot missing.tally
	says 'missing.tally'
}

@test "top: no operand and no tally here is 2" {
	try 2 heaptally top
	says 'tally'
}

@test "top, info: a foreign file is 2" {
	own_device null 3
	for file in "$srcdir/COPYING" null "$programs/exits"; do
		try 2 heaptally top "$file"
		says "${file##*/}"
		try 2 heaptally info "$file"
		says "${file##*/}"
	done
	try 2 heaptally top "$programs/exits"
	says 'exits: not a file of heaptally, but a program, .*heaptally run'
	printf 'desc: --time-unit=B\ncmd: ./app\n' >massif.out
	printf '{"dhatFileVersion":2}' >dhat.out
	printf 'v 10500 3\nx app\n' >heaptrack.app
	printf '\037\213\010' >heaptrack.app.gz
	for file in massif.out:massif dhat.out:DHAT heaptrack.app:heaptrack heaptrack.app.gz:heaptrack; do
		try 2 heaptally top "./${file%:*}"
		says "not a file of heaptally, but .*${file#*:}"
	done
}

@test "an empty file is 2, and said to be empty" {
	: >empty.tally
	for words in 'top FILE' 'info FILE' 'diff FILE FILE' 'snapshot FILE' 'timeline FILE' \
		'block FILE 0x10' 'annotate demo.c FILE' 'top --refresh 1 FILE' 'mark FILE x'; do
		# shellcheck disable=SC2086
		try 2 heaptally ${words//FILE/empty.tally}
		says 'empty\.tally: the file is empty$'
	done
}

@test "mark, clear, reset-peak, pause, resume: a snapshot cannot be asked" {
	record
	for words in 'mark FILE x' 'clear FILE' 'reset-peak FILE' 'pause FILE' 'resume FILE'; do
		# shellcheck disable=SC2086
		try 2 heaptally ${words//FILE/run.tally}
		says 'run\.tally: a snapshot; only a running process takes requests$'
	done
	try 2 heaptally mark "$srcdir/COPYING" x
	says 'COPYING: not a file of heaptally'
}

@test "top, info: a tally cut anywhere is 2, and one line" {
	record
	size=$(stat -c %s run.tally)
	for bytes in 1 17 $((size / 4)) $((size / 2)) $((size - 1)); do
		head -c "$bytes" run.tally >cut.tally
		try 2 heaptally top cut.tally
		says 'cut.tally'
		try 2 heaptally info cut.tally
		says 'cut.tally'
	done
}

@test "top, info: a recording cut anywhere is 2, and one line" {
	HEAPTALLY=out=$PWD/whole.recording LD_PRELOAD=$HEAPTALLY_LIBRARY \
		"$programs/wordindex" "$srcdir/NEWS" >/dev/null
	try 0 heaptally info whole.recording
	for bytes in 1 8 100 4095 4096 65536; do
		head -c "$bytes" whole.recording >cut.recording
		try 2 heaptally top cut.recording
		says 'cut.recording'
		try 2 heaptally info cut.recording
		says 'cut.recording'
	done
}

@test "top, info, snapshot: a process that is not traced is 2" {
	for command in top info snapshot; do
		try 2 heaptally "$command" $$
		says "$$"
	done
}

@test "top: unknown keys, columns, formats, moments and numbers are 2" {
	record
	try 2 heaptally top --by colour run.tally
	usage 'colour'
	try 2 heaptally top --sort colour run.tally
	usage 'colour'
	try 2 heaptally top --format colour run.tally
	usage 'colour'
	try 2 heaptally top --at colour run.tally
	usage 'colour'
	try 2 heaptally top --at snap:99 run.tally
	says 'snap:99'
	try 2 heaptally top -n many run.tally
	usage 'many'
}

@test "top: an unknown option is 2" {
	try 2 heaptally top --no-such-option
	usage 'no-such-option'
}

@test "diff: one operand or three are 2" {
	record
	try 2 heaptally diff run.tally
	[ -s err ]
	try 2 heaptally diff run.tally run.tally run.tally
	[ -s err ]
}
