# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# common.bash - what the command tests share: a directory of their own, and assertions

setup()
{
	unset LD_PRELOAD HEAPTALLY
	export LC_ALL=C.UTF-8 XDG_CACHE_HOME=/dev/null
	programs=$builddir/tests/programs
	cd "$BATS_TEST_TMPDIR" || return 1
	# Numbers of processes come again: no recording of another case may be taken for one of this.
	usual_place=$(mktemp -d "${XDG_RUNTIME_DIR:-/dev/shm}/heaptally-case.XXXXXX") || return 1
	export XDG_RUNTIME_DIR=$usual_place
}

teardown()
{
	rm -rf "$usual_place"
}

heaptally()
{
	"$HEAPTALLY_COMMAND" "$@"
}

# own_device NAME MINOR: ./NAME, a device that only this test sees; unprivileged, a link to the one
# that it cannot harm.
own_device()
{
	if [ "$(id -u)" != 0 ]; then
		ln -s "/dev/$1" "$1"
	elif ! { mknod -m 666 "$1" c 1 "$2" && head -c 0 "$1"; } 2>/dev/null; then
		skip "device nodes cannot be made here"
	fi
}

# try STATUS COMMAND...: run it into the files out and err, and want this status.
try()
{
	local wanted=$1 status=0

	shift
	"$@" >out 2>err || status=$?
	if [ "$status" != "$wanted" ]; then
		echo "status $status, not $wanted: $*"
		cat out err
		return 1
	fi
}

# says PATTERN: standard error is exactly one line of ours, and matches.
says()
{
	if [ "$(wc -l <err)" != 1 ] || ! grep -qE "^heaptally[a-z ]*: .*($1)" err; then
		echo "wanted one line with '$1', got:"
		cat err
		return 1
	fi
}

# usage PATTERN: the same with argp's pointer to --help below it, which may need two lines.
usage()
{
	if [ "$(wc -l <err)" -gt 3 ] || ! grep -qE "^heaptally[a-z ]*: .*($1)" err; then
		echo "wanted a line with '$1' and at most two more, got:"
		cat err
		return 1
	fi
}
