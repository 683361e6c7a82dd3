# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# litter.sh - what a run leaves behind: files, device nodes, processes
#
# The tests get a TMPDIR of their own, which has to be empty afterwards. Elsewhere only names of ours
# are looked at, because other programs work in /tmp and /dev/shm too; in /dev nothing may change but
# what the kernel makes. A process of ours has the run's mark in its environment.

# Inode, type and name of all that could be ours.
list_places()
{
	{
		find /dev -xdev -maxdepth 1 \( -type f -o -name null -o -name full -o -name zero \) -printf '%i %y %p\n'
		find /tmp /var/tmp /dev/shm -xdev -maxdepth 2 \
			-name '*heaptally*' ! -path "$TMPDIR*" ! -path "$XDG_RUNTIME_DIR*" -printf '%i %y %p\n'
	} 2>/dev/null | LC_ALL=C sort -u
}

list_processes()
{
	local directory

	for directory in /proc/[0-9]*; do
		if grep -qsz "^CHECK_MARK=$mark\$" "$directory/environ"; then
			printf 'process %s: %s\n' "${directory#/proc/}" "$(tr '\0' ' ' <"$directory/cmdline")"
		fi
	done 2>/dev/null
}

# Call before the tests, in the shell that starts them.
watch_litter()
{
	mark=$$.$RANDOM
	TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/heaptally-check.XXXXXX") || exit 1
	# Tests that become another user have to get to their directory.
	chmod 755 "$TMPDIR"
	# Recordings without a place of their own, which nobody wants afterwards. In memory, as theirs is.
	XDG_RUNTIME_DIR=$(mktemp -d /dev/shm/heaptally-check.XXXXXX) ||
		XDG_RUNTIME_DIR=$(mktemp -d /tmp/heaptally-check.XXXXXX) || exit 1
	trap 'rm -rf "$TMPDIR" "$XDG_RUNTIME_DIR"' EXIT
	trap 'exit 1' HUP INT TERM
	list_places >litter.before
	export TMPDIR XDG_RUNTIME_DIR CHECK_MARK=$mark
}

# Call after them: one line for each thing that is there and was not. What others are just making and
# removing is not there for long.
find_litter()
{
	local round

	unset CHECK_MARK
	for round in 1 2 3 4 5 6; do
		{
			list_places | LC_ALL=C comm -13 litter.before - | sed 's/^[0-9]* . /left behind: /'
			find "$TMPDIR" -mindepth 1 -maxdepth 3 -printf 'left behind: %p %Tc\n'
			list_processes | sed 's/^/left behind: /'
		} >litter.now
		[ -s litter.now ] || break
		[ "$round" = 6 ] || sleep 1
	done
	cat litter.now
}
