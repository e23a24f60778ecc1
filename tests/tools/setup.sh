#!/bin/sh
# setup.sh - which tools Origami needs, and from which Debian package they come.
#
#   setup.sh need GROUP...   make sure that the tools of these groups are here. What is
#                            missing is named; on a terminal we ask before installing it;
#                            as root without a terminal (CI, containers), or with YES=1,
#                            it is installed
#   setup.sh doctor          every tool: its version, or the command that installs it
#
# This is the one table of tools. A tool is a program, or a file when it has slashes.
# It must run on a bare Debian 12 with git and make: plain sh, nothing else.
tools() {
	cat <<-'END'
	# group         tool                                   package
	x86_64          gcc                                    gcc
	x86_64          /usr/lib/x86_64-linux-gnu/libc.a       libc6-dev
	x86_64          nasm                                   nasm
	s390x           s390x-linux-gnu-gcc                    gcc-s390x-linux-gnu
	s390x           /usr/s390x-linux-gnu/lib/libc.a        libc6-dev-s390x-cross
	s390x           /usr/s390x-linux-gnu/include/asm/unistd.h  linux-libc-dev-s390x-cross
	ramdisk         python3                                python3
	run-x86_64      qemu-system-x86_64                     qemu-system-x86
	run-s390x       qemu-system-s390x                      qemu-system-misc
	grub            grub-mkrescue                          grub-common
	grub            /usr/lib/grub/i386-pc/multiboot2.mod   grub-pc-bin
	grub            xorriso                                xorriso
	grub            mformat                                mtools
	efi             gcc                                    gcc
	efi             /usr/lib/crt0-efi-x86_64.o             gnu-efi
	efi             /usr/share/ovmf/OVMF.fd                ovmf
	efi             mformat                                mtools
	ipl             xorriso                                xorriso
	debug           gdb-multiarch                          gdb-multiarch
	check           clang-format                           clang-format
	check           prove                                  perl
	check           patch                                  patch
	linux-tests     /usr/src/linux-source-6.1.tar.xz       linux-source-6.1
	linux-tests     xz                                     xz-utils
	linux-module    /usr/lib/x86_64-linux-gnu/libelf.so.1  libelf1
	browser         chromium                               chromium
	browser         chromedriver                           chromium-driver
	END
}

present() {
	case $1 in
	*/*) [ -e "$1" ] ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

# The packages of the missing tools of the given groups, each once.
missing() {
	tools | while read -r group tool package; do
		case " $* " in *" $group "*) present "$tool" || echo "$package" ;; esac
	done | sort -u | tr '\n' ' '
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

install_packages() {
	apt="env DEBIAN_FRONTEND=noninteractive apt-get -qq"
	# The lists may be absent or old: then update them and try once more.
	as_root $apt install -y --no-install-recommends "$@" >/dev/null 2>&1 ||
		{ as_root $apt update &&
		as_root $apt install -y --no-install-recommends "$@" >/dev/null; }
}

may_install() {
	[ "${YES:-}" = 1 ] && return 0
	if [ -t 0 ] && [ -t 2 ]; then
		printf 'Install them now? [y/N] ' >&2
		read -r answer
		case $answer in [yY]*) return 0 ;; *) return 1 ;; esac
	fi
	[ "$(id -u)" = 0 ]
}

need() {
	packages=$(missing "$@")
	[ -z "$packages" ] && return 0
	echo "This needs packages that are not installed: $packages" >&2
	if ! command -v apt-get >/dev/null; then
		echo "There is no apt-get here: install their counterparts by hand." >&2
		return 1
	fi
	if may_install; then
		echo "Installing $packages" >&2
		install_packages $packages && packages=$(missing "$@")
		[ -z "$packages" ] && return 0
		echo "Could not install: $packages" >&2
	fi
	echo "Fix: apt-get install --no-install-recommends $packages" >&2
	return 1
}

version() {
	case $1 in
	*/*) dpkg-query -W -f '${Version}' "$2" 2>/dev/null || echo present ;;
	nasm) nasm -v ;;
	xorriso) xorriso -version 2>/dev/null | head -n 1 ;;
	prove | mformat) "$1" --version 2>&1 | head -n 1 ;;
	*) "$1" --version 2>/dev/null | head -n 1 ;;
	esac
}

doctor() {
	tools | grep -v '^#' | {
		absent=
		while read -r group tool package; do
			if present "$tool"; then
				printf '  ok       %-12s %-24s %s\n' "$group" \
					"${tool##*/}" "$(version "$tool" "$package")"
			else
				printf '  MISSING  %-12s %-24s apt-get install %s\n' \
					"$group" "${tool##*/}" "$package"
				absent="$absent $package"
			fi
		done
		if [ -n "$absent" ]; then
			echo "Fix all: apt-get install --no-install-recommends$absent"
			exit 1
		fi
		echo "All tools are here."
	}
}

case ${1:-} in
need)
	shift
	need "$@"
	;;
doctor) doctor ;;
*)
	sed -n '2,/^tools/s/^# \{0,1\}//p' "$0"
	exit 2
	;;
esac
