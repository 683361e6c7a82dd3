# SPDX-License-Identifier: LGPL-2.1-or-later
# The runtime: what is preloaded into the traced program. It needs libc and the loader only.

pkglib_LTLIBRARIES += lib/libheaptally.la

# Everything but what is exported; the unit tests link it without the hooks.
runtime_modules = \
	lib/arch/arch.h \
	lib/arch/x86_64/frame.h \
	lib/arch/x86_64/machine.h \
	lib/arch/x86_64/registers.h \
	lib/arch/x86_64/system_call.h \
	lib/base/base.h \
	lib/base/elf_patch.c \
	lib/base/elf_patch.h \
	lib/base/elf_symbol.c \
	lib/base/elf_symbol.h \
	lib/base/executable.c \
	lib/base/executable.h \
	lib/base/hash.h \
	lib/base/loader.c \
	lib/base/loader.h \
	lib/base/lock.c \
	lib/base/lock.h \
	lib/base/options.c \
	lib/base/options.h \
	lib/base/os.c \
	lib/base/os.h \
	lib/base/os_call.h \
	lib/base/os_file.c \
	lib/base/os_file.h \
	lib/base/os_memory.c \
	lib/base/os_memory.h \
	lib/base/own_memory.c \
	lib/base/own_memory.h \
	lib/base/proc_text.c \
	lib/base/proc_text.h \
	lib/base/sort.c \
	lib/base/sort.h \
	lib/base/thread_layout.c \
	lib/base/thread_layout.h \
	lib/capture/python.c \
	lib/capture/python.h \
	lib/capture/python_code.c \
	lib/capture/python_code.h \
	lib/capture/python_frames.c \
	lib/capture/python_frames.h \
	lib/capture/python_layout.c \
	lib/capture/python_layout.h \
	lib/capture/python_stack.c \
	lib/capture/python_stack.h \
	lib/capture/unwind.c \
	lib/capture/unwind.h \
	lib/capture/unwind_branches.c \
	lib/capture/unwind_branches.h \
	lib/capture/unwind_copies.c \
	lib/capture/unwind_copies.h \
	lib/capture/unwind_cut.c \
	lib/capture/unwind_cut.h \
	lib/capture/unwind_finish.c \
	lib/capture/unwind_finish.h \
	lib/capture/unwind_full.c \
	lib/capture/unwind_full.h \
	lib/capture/unwind_hook.c \
	lib/capture/unwind_hook.h \
	lib/capture/unwind_library.c \
	lib/capture/unwind_library.h \
	lib/capture/unwind_memory.c \
	lib/capture/unwind_memory.h \
	lib/capture/unwind_rules.c \
	lib/capture/unwind_rules.h \
	lib/capture/unwind_stack.c \
	lib/capture/unwind_stack.h \
	lib/capture/unwind_walk.c \
	lib/capture/unwind_walk.h \
	lib/data/block.h \
	lib/data/block_details.c \
	lib/data/block_details.h \
	lib/data/block_side.c \
	lib/data/block_side.h \
	lib/data/block_table.c \
	lib/data/block_table.h \
	lib/data/counters.c \
	lib/data/counters.h \
	lib/data/domain_table.c \
	lib/data/domain_table.h \
	lib/data/frame_table.c \
	lib/data/frame_table.h \
	lib/data/mapping_table.c \
	lib/data/mapping_table.h \
	lib/data/module_table.c \
	lib/data/module_table.h \
	lib/data/trace_table.c \
	lib/data/trace_table.h \
	lib/data/watch.c \
	lib/data/watch.h \
	lib/include/anchor.h \
	lib/include/exec_log.h \
	lib/include/glibc_heap.h \
	lib/include/graph.h \
	lib/include/thread_layout.h \
	lib/include/option_words.h \
	lib/include/recording.h \
	lib/leaks.c \
	lib/leaks.h \
	lib/mapping_heritage.c \
	lib/mapping_heritage.h \
	lib/memory/arena.c \
	lib/memory/arena.h \
	lib/memory/boot_alloc.c \
	lib/memory/boot_alloc.h \
	lib/memory/real.c \
	lib/memory/real.h \
	lib/own_anchor.c \
	lib/own_anchor.h \
	lib/pools.c \
	lib/pools.h \
	lib/process.c \
	lib/process.h \
	lib/reach/allocator_memory.c \
	lib/reach/allocator_memory.h \
	lib/reach/far_places.c \
	lib/reach/far_places.h \
	lib/reach/graph_writer.c \
	lib/reach/graph_writer.h \
	lib/reach/kernel_words.c \
	lib/reach/kernel_words.h \
	lib/reach/look.c \
	lib/reach/look.h \
	lib/reach/memory_map.c \
	lib/reach/memory_map.h \
	lib/reach/memory_room.c \
	lib/reach/memory_room.h \
	lib/reach/nodes.c \
	lib/reach/nodes.h \
	lib/reach/objects.c \
	lib/reach/objects.h \
	lib/reach/parked.c \
	lib/reach/parked.h \
	lib/reach/pointer.c \
	lib/reach/pointer.h \
	lib/reach/proc_list.c \
	lib/reach/proc_list.h \
	lib/reach/process_stat.c \
	lib/reach/process_stat.h \
	lib/reach/ranges.c \
	lib/reach/ranges.h \
	lib/reach/roots.c \
	lib/reach/roots.h \
	lib/reach/scan.c \
	lib/reach/scan.h \
	lib/reach/thread_locals.c \
	lib/reach/thread_locals.h \
	lib/record.c \
	lib/record.h \
	lib/record_domain.c \
	lib/record_domain.h \
	lib/record_mapping.c \
	lib/record_mapping.h \
	lib/recording/exec_notes.c \
	lib/recording/exec_notes.h \
	lib/recording/recording_file.c \
	lib/recording/recording_file.h \
	lib/recording/recording_identity.c \
	lib/recording/recording_identity.h \
	lib/recording/recording_map.c \
	lib/recording/recording_map.h \
	lib/recording/recording_output.c \
	lib/recording/recording_output.h \
	lib/recording/recording_space.c \
	lib/recording/recording_space.h \
	lib/recording_copy.c \
	lib/recording_copy.h \
	lib/request.c \
	lib/request.h \
	lib/start.c \
	lib/start.h \
	lib/thread.c \
	lib/thread.h \
	lib/thread_gate.c \
	lib/thread_gate.h \
	lib/twin.c \
	lib/twin.h

lib_libheaptally_la_SOURCES = \
	$(runtime_modules) \
	lib/api.c \
	lib/include/heaptally.h \
	lib/hooks.h \
	lib/hooks_access.c \
	lib/hooks_dlclose.c \
	lib/hooks_exec.c \
	lib/hooks_fork.c \
	lib/hooks_lock.c \
	lib/hooks_malloc.c \
	lib/hooks_mmap.c \
	lib/hooks_own.c \
	lib/hooks_python.c \
	lib/init.c \
	lib/python_objects.c \
	lib/python_objects.h

# gcc turns malloc followed by memset inside our own calloc into a call of calloc, so the allocation
# functions must not be builtins here. clang calls bcmp where memcmp is written.
runtime_builtins = \
	-fno-builtin-aligned_alloc \
	-fno-builtin-bcmp \
	-fno-builtin-calloc \
	-fno-builtin-free \
	-fno-builtin-malloc \
	-fno-builtin-memalign \
	-fno-builtin-posix_memalign \
	-fno-builtin-pvalloc \
	-fno-builtin-realloc \
	-fno-builtin-reallocarray \
	-fno-builtin-valloc

lib_libheaptally_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/lib -D_GNU_SOURCE

# What the runtime cannot do without. Automake puts CFLAGS behind all others, so that a user can
# override what is a default; these are none, and go behind CFLAGS. A distribution's flags ask for
# stack protectors, which read a word that a thread being made does not have yet, and for checked
# copies of libc's functions, which print and abort.
# RUNTIME_CFLAGS leave out vector registers: a program may call malloc with a stack that is aligned to
# eight bytes only, where an aligned store of sixteen would end it. To let gcc realign the stack is no
# way out: the hooks would then misread the frame of their caller.
runtime_last_cflags = \
	-fvisibility=hidden \
	-ftls-model=initial-exec \
	-fno-omit-frame-pointer \
	-U_FORTIFY_SOURCE -Wp,-U_FORTIFY_SOURCE \
	$(runtime_builtins) \
	$(RUNTIME_CFLAGS)

# The largest frames are those of the start, on the main thread's stack or on one of our own.
lib_libheaptally_la_CFLAGS = $(AM_CFLAGS) -O2 -g -Wframe-larger-than=4096 $(RUNTIME_LTO)

# GNU make's; by way of variables, or automake takes them for rules that replace its own. What is
# linked as a whole is compiled once more then.
runtime_library = lib/libheaptally.la
$(lib_libheaptally_la_OBJECTS): override CFLAGS += $(runtime_last_cflags)
$(runtime_library): private override CFLAGS += $(runtime_last_cflags)

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
