# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# setup.sh - what quickstart and check share: Debian packages and the build in build/

build_packages=(
	autoconf automake gcc libc6-dev libdw-dev libelf-dev libiberty-dev libmicrohttpd-dev libncurses-dev libprotobuf-c-dev libtool
	libunwind-dev libxxhash-dev libzstd-dev make pkg-config protobuf-c-compiler uthash-dev zlib1g-dev
)
export build_packages

# Of the packages that were wanted, those of which this release has no alternative.
unavailable=()

say()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

is_installed()
{
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# A package that only another one provides has no candidate of its own, and is none.
is_available()
{
	apt-cache policy "$1" 2>/dev/null | grep -q '^ *Candidate: [^(]'
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

# Nothing that is installed gives way to what we want.
install()
{
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends --no-remove "$@"
}

# satisfied WANTED: one of the alternatives is installed, or its COMMAND is there.
satisfied()
{
	local one

	for one in ${1//|/ }; do
		[ "$one" = "${one%/*}" ] || ! command -v "${one#*/}" >/dev/null || return 0
		! is_installed "${one%/*}" || return 0
	done
	return 1
}

# The first alternative that this release has, or nothing.
available_of()
{
	local one

	for one in ${1//|/ }; do
		! is_available "${one%/*}" || { echo "${one%/*}"; return; }
	done
}

# LLVM's libunwind has the name of the header that we need, and conflicts with the package that has it.
tell_of_conflicts()
{
	local name

	name=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' 'libunwind-[0-9]*-dev' 2>/dev/null |
		sed -n 's/^installed //p')
	[ -z "$name" ] || is_installed libunwind-dev ||
		say "$name is in the way of libunwind-dev; as root, run: apt-get remove $name"
}

# Install what is missing of the arguments: PACKAGE, PACKAGE/COMMAND, which any COMMAND in PATH
# satisfies, or such alternatives with | between them. When they do not install together, each is
# tried alone. What this release does not have goes into `unavailable`, under its first name.
install_missing()
{
	local missing=() packages=() wanted package log status=0

	for wanted; do
		satisfied "$wanted" || missing+=("$wanted")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if ! command -v apt-get >/dev/null; then
		say "this is no Debian; install the equivalents of: ${missing[*]}"
		return 1
	fi
	log=$(mktemp)
	as_root apt-get update >"$log" 2>&1 || status=1
	for wanted in "${missing[@]}"; do
		package=$(available_of "$wanted")
		if [ -n "$package" ]; then
			packages+=("$package")
		elif [ "$status" = 0 ]; then
			wanted=${wanted%%|*}
			unavailable+=("${wanted%/*}")
		fi
	done
	[ ${#unavailable[@]} -eq 0 ] || say "this release has no ${unavailable[*]}"
	if [ ${#packages[@]} -gt 0 ]; then
		say "installing ${packages[*]}"
		install_all "$log" "${packages[@]}" || status=1
	fi
	[ "$status" = 0 ] || tail -n 20 "$log" >&2
	rm -f "$log"
	return $status
}

# install_all LOG PACKAGE...
install_all()
{
	local log=$1 package status=0

	shift
	! install "$@" >>"$log" 2>&1 || return 0
	for package; do
		install "$package" >>"$log" 2>&1 || { say "cannot install $package"; status=1; }
	done
	tell_of_conflicts
	return $status
}

# What configure would find otherwise: its arguments, the compilers, and the tools of the tests.
configure_key()
{
	local tool

	printf '%s\n' "$@" "CC=${CC-}" "CXX=${CXX-}" "CPPFLAGS=${CPPFLAGS-}" "CFLAGS=${CFLAGS-}" \
		"CXXFLAGS=${CXXFLAGS-}" "LDFLAGS=${LDFLAGS-}"
	for tool in bats clang-format-14 g++ mandoc python3 shellcheck valgrind; do
		command -v "$tool"
	done
	pkg-config --modversion check 2>/dev/null
}

# reconfigure_when_changed CONFIGURE-ARGUMENT...: configure remembers which tools were missing, and
# objects know nothing of the options that they were made with.
reconfigure_when_changed()
{
	local key

	key=$(configure_key "$@")
	[ -e build/Makefile ] || return 0
	if [ ! -e build/configured ] || [ "$key" != "$(cat build/configured)" ]; then
		make -s -C build clean >build.log 2>&1 || rm -rf build
		mkdir -p build
		rm -f build/Makefile build/config.status
	fi
}

# build_all [--exactly] CONFIGURE-ARGUMENT...: bring build/ up to date, and end the script when that
# fails. Makes nothing that is up to date. An existing build keeps its configuration, unless it has
# to be --exactly this one.
build_all()
{
	local exactly=no

	[ "$1" != --exactly ] || { exactly=yes; shift; }
	[ -e configure ] || autoreconf -fi >build.log 2>&1 || build_failed autoreconf
	mkdir -p build
	[ "$exactly" = no ] || reconfigure_when_changed "$@"
	[ -e build/tools/heaptally ] || say "building in build/, half a minute"
	if [ ! -e build/Makefile ]; then
		(cd build && "$OLDPWD/configure" "$@") >build.log 2>&1 || build_failed configure
		configure_key "$@" >build/configured
	fi
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
