# SPDX-License-Identifier: LGPL-2.1-or-later
# The runtime: what is preloaded into the traced program. It needs libc and the loader only.

pkglib_LTLIBRARIES += lib/libheaptally.la

# Everything but what is exported; the unit tests link it without the hooks.
runtime_modules = \
	lib/arena.c \
	lib/arena.h \
	lib/base.h \
	lib/block_details.c \
	lib/block_details.h \
	lib/block_table.c \
	lib/block_table.h \
	lib/boot_alloc.c \
	lib/boot_alloc.h \
	lib/counters.c \
	lib/counters.h \
	lib/elf_symbol.c \
	lib/elf_symbol.h \
	lib/frame_table.c \
	lib/frame_table.h \
	lib/hash.h \
	lib/include/recording.h \
	lib/lock.c \
	lib/lock.h \
	lib/module_table.c \
	lib/module_table.h \
	lib/options.c \
	lib/options.h \
	lib/os.c \
	lib/os.h \
	lib/pools.c \
	lib/pools.h \
	lib/process.c \
	lib/process.h \
	lib/real.c \
	lib/real.h \
	lib/record.c \
	lib/record.h \
	lib/recording_copy.c \
	lib/recording_copy.h \
	lib/recording_map.c \
	lib/recording_map.h \
	lib/recording_space.c \
	lib/recording_space.h \
	lib/request.c \
	lib/request.h \
	lib/thread.c \
	lib/thread.h \
	lib/trace_table.c \
	lib/trace_table.h \
	lib/unwind.c \
	lib/unwind.h \
	lib/unwind_branches.c \
	lib/unwind_branches.h \
	lib/unwind_full.c \
	lib/unwind_full.h \
	lib/unwind_library.c \
	lib/unwind_library.h \
	lib/unwind_rules.c \
	lib/unwind_rules.h \
	lib/watch.c \
	lib/watch.h

lib_libheaptally_la_SOURCES = \
	$(runtime_modules) \
	lib/api.c \
	lib/include/heaptally.h \
	lib/hooks.h \
	lib/hooks_dlclose.c \
	lib/hooks_fork.c \
	lib/hooks_malloc.c \
	lib/init.c

# gcc turns malloc followed by memset inside our own calloc into a call of calloc, so the allocation
# functions must not be builtins here.
runtime_builtins = \
	-fno-builtin-aligned_alloc \
	-fno-builtin-calloc \
	-fno-builtin-free \
	-fno-builtin-malloc \
	-fno-builtin-memalign \
	-fno-builtin-posix_memalign \
	-fno-builtin-pvalloc \
	-fno-builtin-realloc \
	-fno-builtin-reallocarray \
	-fno-builtin-valloc

lib_libheaptally_la_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE

# RUNTIME_CFLAGS leave out vector registers: a program may call malloc with a stack that is aligned to
# eight bytes only, where an aligned store of sixteen would end it. To let gcc realign the stack is no
# way out: the hooks would then misread the frame of their caller.
# The largest frames are those of the start, on the main thread's stack or on one of our own.
lib_libheaptally_la_CFLAGS = $(AM_CFLAGS) \
	-O2 -g \
	-fvisibility=hidden \
	-ftls-model=initial-exec \
	-fno-omit-frame-pointer \
	$(runtime_builtins) \
	-Wframe-larger-than=4096 \
	$(RUNTIME_CFLAGS) $(RUNTIME_LTO)

# Constructors need no start files, and those of Debian have no mark for shadow stacks.
lib_libheaptally_la_LDFLAGS = \
	-XCClinker -nostartfiles \
	-module -avoid-version -shared \
	-Wl,-z,now -Wl,-z,relro -Wl,-z,nodelete -Wl,-z,defs \
	-Wl,--version-script=$(srcdir)/lib/libheaptally.map

lib_libheaptally_la_DEPENDENCIES = $(srcdir)/lib/libheaptally.map

include_HEADERS += lib/include/heaptally.h
pkgconfig_DATA += lib/heaptally.pc

# `make install prefix=...` may say another place than configure knew.
install-data-hook:
	$(SED) -i 's|^prefix=.*|prefix=$(prefix)|' '$(DESTDIR)$(pkgconfigdir)/heaptally.pc'

EXTRA_DIST += lib/libheaptally.map
