# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# setup.sh - what quickstart and check share: Debian packages and the build in build/

build_packages=(
	autoconf automake gcc libc6-dev libdw-dev libelf-dev libiberty-dev libtool libunwind-dev
	libxxhash-dev libzstd-dev make pkg-config uthash-dev
)
export build_packages

say()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

is_installed()
{
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		say "not root and no sudo; as root, run: $*"
		return 1
	fi
}

install()
{
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# Install what is missing of the arguments: PACKAGE, or PACKAGE/COMMAND, which any COMMAND in PATH
# satisfies. When they do not install together, each is tried alone.
install_missing()
{
	local missing=() wanted package log status=0

	for wanted; do
		package=${wanted%/*}
		[ "$package" = "$wanted" ] || ! command -v "${wanted#*/}" >/dev/null || continue
		is_installed "$package" || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if ! command -v apt-get >/dev/null; then
		say "this is no Debian; install the equivalents of: ${missing[*]}"
		return 1
	fi
	say "installing ${missing[*]}"
	log=$(mktemp)
	as_root apt-get update >"$log" 2>&1 || status=1
	if ! install "${missing[@]}" >>"$log" 2>&1; then
		for package in "${missing[@]}"; do
			install "$package" >>"$log" 2>&1 || { say "cannot install $package"; status=1; }
		done
		[ "$status" = 0 ] || tail -n 20 "$log" >&2
	fi
	rm -f "$log"
	return $status
}

# Bring build/ up to date. Makes nothing that is up to date; ends the script when it fails.
build_all()
{
	[ -e configure ] || autoreconf -fi >build.log 2>&1 || build_failed autoreconf
	mkdir -p build
	[ -e build/tools/heaptally ] || say "building in build/, half a minute"
	[ -e build/Makefile ] || (cd build && "$OLDPWD/configure" "$@") >build.log 2>&1 ||
		build_failed configure
	build_target all
}

build_target()
{
	make -s -C build -j "$(nproc)" "$@" >build.log 2>&1 || build_failed make
	rm -f build.log
}

build_failed()
{
	cat build.log >&2
	say "$1 failed; the output above is also in build.log"
	exit 1
}
