# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# sanitize.sh - the tests of check once more, in programs that gcc's sanitizers watch
#
# build/asan has the command and its unit tests with AddressSanitizer and UndefinedBehaviorSanitizer;
# the tests of the command line and of meanings run against it, with the runtime of build/. build/tsan
# has the data structures of the runtime with ThreadSanitizer. The runtime itself cannot be watched in
# its host: a sanitizer brings its own malloc.

sanitize_packages=(bats check clang jq libclang-rt-14-dev python3)
export sanitize_packages

# configure_for FOLDER FLAGS
configure_for()
{
	mkdir -p "$1"
	[ -e "$1/Makefile" ] || (cd "$1" && ../../configure -q CFLAGS="-g -O1 -fno-omit-frame-pointer $2")
	# What it prints when it is older than its sources must not get into a variable.
	make -s -C "$1" Makefile >/dev/null
}

variable()
{
	make -s --eval "print-variable: ; @echo \$($1)" print-variable
}

# watched NAME COMMAND...: run a test that prints TAP, show what failed, and count.
watched()
{
	local name=$1 log=${1//\//-}.log status
	shift

	timeout 600 "$@" >"$log" 2>&1
	status=$?
	grep -E '^not ok|SUMMARY: |runtime error:' "$log" | grep -v '# SKIP' | sed "s|^|$name: |"
	all_passed=$((all_passed + $(grep '^ok ' "$log" | grep -vc '# skip\|# SKIP')))
	all_skipped=$((all_skipped + $(grep -ci '^ok .*# skip\|^1\.\.0 # skip' "$log")))
	all_failed=$((all_failed + $(grep -c '^not ok' "$log")))
	if [ "$status" -ne 0 ] && ! grep -q '^not ok' "$log"; then
		echo "$name: status $status, see build/${PWD##*/}/$log"
		all_failed=$((all_failed + 1))
	fi
}

watch_memory()
{
	local tests test

	configure_for asan "-fsanitize=address,undefined -fno-sanitize-recover=undefined" || return 1
	cd asan || return 1
	tests=$(variable tools_unit_tests)
	# shellcheck disable=SC2086
	make -s -j "$(nproc)" tools/heaptally $tests >make.log 2>&1 || { tail -n 20 make.log; return 1; }
	export CK_TAP_LOG_FILE_NAME=- HEAPTALLY_COMMAND=$PWD/tools/heaptally
	for test in $tests; do
		watched "$test" "$test"
	done
	# Some tests have the user preload something into the command itself.
	export ASAN_OPTIONS=verify_asan_link_order=0
	for test in "$srcdir"/tests/cli/*.bats; do
		watched "tests/cli/${test##*/}" bats --formatter tap "$test"
	done
	# One of these measures memory: what is freed may not wait for long.
	export ASAN_OPTIONS=$ASAN_OPTIONS:quarantine_size_mb=1
	for test in $(variable python_tests | tr ' ' '\n' | grep -E '^tests/(cli|semantics)/'); do
		watched "$test" env PYTHONPATH="$srcdir/tests" python3 -B "$srcdir/$test"
	done
	FUZZ_ONLY="readers reports texts" watched tests/fuzz/fuzz.sh bash "$srcdir/tests/fuzz/fuzz.sh"
	cd ..
}

watch_threads()
{
	local tests=(tests/unit/test_races tests/unit/test_trace_table) test

	configure_for tsan "-fsanitize=thread" || return 1
	cd tsan || return 1
	make -s -j "$(nproc)" "${tests[@]}" >make.log 2>&1 || { tail -n 20 make.log; return 1; }
	# A long history: a race whose other side was forgotten matches no suppression.
	export TSAN_OPTIONS=history_size=7:suppressions=$srcdir/tests/unit/tsan.suppressions
	for test in "${tests[@]}"; do
		watched "$test" "$test"
	done
	cd ..
}

# Called in build/, when everything is built.
sanitize()
{
	local folder=$PWD

	srcdir=$(cd .. && pwd)
	builddir=$folder
	HEAPTALLY_LIBRARY=$folder/lib/.libs/libheaptally.so
	export srcdir builddir HEAPTALLY_LIBRARY
	# shellcheck disable=SC2046
	make -s -j "$(nproc)" $(variable check_PROGRAMS) >check.log 2>&1
	watch_memory || all_failed=$((all_failed + 1))
	cd "$folder" || return
	watch_threads || all_failed=$((all_failed + 1))
	cd "$folder" || return
}
