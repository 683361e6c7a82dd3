# SPDX-License-Identifier: LGPL-2.1-or-later
# The fault scorecard: one small target per scenario, and the program that runs and judges them.

fault_programs = \
	tests/faults/api_table \
	tests/faults/boot \
	tests/faults/cancel \
	tests/faults/children \
	tests/faults/closefrom \
	tests/faults/deepbind \
	tests/faults/descriptors \
	tests/faults/destructors \
	tests/faults/dlopen_storm \
	tests/faults/environment \
	tests/faults/exactness \
	tests/faults/exceptions \
	tests/faults/exec_chain \
	tests/faults/exit_race \
	tests/faults/fibers \
	tests/faults/footprint \
	tests/faults/fork_storm \
	tests/faults/leak \
	tests/faults/moved_root \
	tests/faults/own_malloc_exported \
	tests/faults/own_malloc_hidden \
	tests/faults/plain \
	tests/faults/registers \
	tests/faults/signals \
	tests/faults/single_thread \
	tests/faults/small_stacks \
	tests/faults/static_program \
	tests/faults/threads

# Plugins and preloads are made by plain rules: libtool would hide them behind wrapper scripts and
# insist on names and folders of its own.
fault_plugins = \
	tests/faults/boot_plugin.so \
	tests/faults/hostile_shim.so \
	tests/faults/origin/lib/ours.so \
	tests/faults/origin/libcaller.so \
	tests/faults/origin/own/theirs.so \
	tests/faults/origin/program \
	tests/faults/reentrant_malloc.so

if HAVE_CXX
fault_plugins += \
	tests/faults/storm_plugin.so \
	tests/faults/throw_plugin.so
endif

fault_sources = \
	tests/faults/boot_plugin.c \
	tests/faults/hostile_shim.c \
	tests/faults/reentrant_malloc.c \
	tests/faults/runpath.c \
	tests/faults/runpath_library.c \
	tests/faults/runpath_plugin.c \
	tests/faults/storm_plugin.cpp \
	tests/faults/throw_plugin.cpp

fault_scripts = \
	tests/faults/judge.py \
	tests/faults/processes.py \
	tests/faults/scenarios.py \
	tests/faults/scenarios_children.py \
	tests/faults/scenarios_limits.py \
	tests/faults/scenarios_program.py \
	tests/faults/scenarios_reader.py \
	tests/faults/scenarios_threads.py \
	tests/faults/scorecard \
	tests/faults/suites \
	tests/faults/tracers.py

check_PROGRAMS += $(fault_programs)
check_LIBRARIES += tests/faults/libtarget.a
check_DATA += $(fault_plugins)
EXTRA_DIST += tests/faults/README.md $(fault_sources) $(fault_scripts)
CLEANFILES += $(fault_plugins)

# Without builtins the compiler neither drops nor merges calls of the allocation functions.
fault_cppflags = $(AM_CPPFLAGS) -I$(srcdir)/tests/faults
fault_cflags = $(AM_CFLAGS) -fno-builtin -fno-omit-frame-pointer
fault_shared = -O2 -g -fPIC -shared -fno-plt -fno-builtin -D_GNU_SOURCE -I$(builddir)

tests_faults_libtarget_a_SOURCES = tests/faults/target.c tests/faults/target.h
tests_faults_libtarget_a_CPPFLAGS = $(fault_cppflags)
tests_faults_libtarget_a_CFLAGS = $(fault_cflags)

tests_faults_api_table_SOURCES = tests/faults/api_table.c
tests_faults_api_table_CPPFLAGS = $(fault_cppflags)
tests_faults_api_table_CFLAGS = $(fault_cflags)
tests_faults_api_table_LDADD = tests/faults/libtarget.a

tests_faults_boot_SOURCES = tests/faults/boot.c
tests_faults_boot_CPPFLAGS = $(fault_cppflags)
tests_faults_boot_CFLAGS = $(fault_cflags)
tests_faults_boot_LDFLAGS = -rdynamic
tests_faults_boot_LDADD = tests/faults/libtarget.a

tests_faults_cancel_SOURCES = tests/faults/cancel.c
tests_faults_cancel_CPPFLAGS = $(fault_cppflags)
tests_faults_cancel_CFLAGS = $(fault_cflags)
tests_faults_cancel_LDADD = tests/faults/libtarget.a

tests_faults_children_SOURCES = tests/faults/children.c
tests_faults_children_CPPFLAGS = $(fault_cppflags)
tests_faults_children_CFLAGS = $(fault_cflags)
tests_faults_children_LDADD = tests/faults/libtarget.a

tests_faults_closefrom_SOURCES = tests/faults/closefrom.c
tests_faults_closefrom_CPPFLAGS = $(fault_cppflags)
tests_faults_closefrom_CFLAGS = $(fault_cflags)
tests_faults_closefrom_LDADD = tests/faults/libtarget.a

tests_faults_deepbind_SOURCES = tests/faults/deepbind.c
tests_faults_deepbind_CPPFLAGS = $(fault_cppflags)
tests_faults_deepbind_CFLAGS = $(fault_cflags)
tests_faults_deepbind_LDFLAGS = -rdynamic
tests_faults_deepbind_LDADD = tests/faults/libtarget.a

tests_faults_descriptors_SOURCES = tests/faults/descriptors.c
tests_faults_descriptors_CPPFLAGS = $(fault_cppflags)
tests_faults_descriptors_CFLAGS = $(fault_cflags)
tests_faults_descriptors_LDADD = tests/faults/libtarget.a

tests_faults_destructors_SOURCES = tests/faults/destructors.c
tests_faults_destructors_CPPFLAGS = $(fault_cppflags)
tests_faults_destructors_CFLAGS = $(fault_cflags)
tests_faults_destructors_LDADD = tests/faults/libtarget.a

tests_faults_dlopen_storm_SOURCES = tests/faults/dlopen_storm.c
tests_faults_dlopen_storm_CPPFLAGS = $(fault_cppflags)
tests_faults_dlopen_storm_CFLAGS = $(fault_cflags)
tests_faults_dlopen_storm_LDADD = tests/faults/libtarget.a

tests_faults_environment_SOURCES = tests/faults/environment.c
tests_faults_environment_CPPFLAGS = $(fault_cppflags)
tests_faults_environment_CFLAGS = $(fault_cflags)
tests_faults_environment_LDADD = tests/faults/libtarget.a

tests_faults_exactness_SOURCES = tests/faults/exactness.c
tests_faults_exactness_CPPFLAGS = $(fault_cppflags)
tests_faults_exactness_CFLAGS = $(fault_cflags)
tests_faults_exactness_LDADD = tests/faults/libtarget.a

tests_faults_exceptions_SOURCES = tests/faults/exceptions.c
tests_faults_exceptions_CPPFLAGS = $(fault_cppflags)
tests_faults_exceptions_CFLAGS = $(fault_cflags)
tests_faults_exceptions_LDADD = tests/faults/libtarget.a

tests_faults_exec_chain_SOURCES = tests/faults/exec_chain.c
tests_faults_exec_chain_CPPFLAGS = $(fault_cppflags)
tests_faults_exec_chain_CFLAGS = $(fault_cflags)
tests_faults_exec_chain_LDADD = tests/faults/libtarget.a

tests_faults_exit_race_SOURCES = tests/faults/exit_race.c
tests_faults_exit_race_CPPFLAGS = $(fault_cppflags)
tests_faults_exit_race_CFLAGS = $(fault_cflags)
tests_faults_exit_race_LDADD = tests/faults/libtarget.a

tests_faults_fibers_SOURCES = tests/faults/fibers.c
tests_faults_fibers_CPPFLAGS = $(fault_cppflags)
tests_faults_fibers_CFLAGS = $(fault_cflags)
tests_faults_fibers_LDADD = tests/faults/libtarget.a

tests_faults_footprint_SOURCES = tests/faults/footprint.c
tests_faults_footprint_CPPFLAGS = $(fault_cppflags)
tests_faults_footprint_CFLAGS = $(fault_cflags)
tests_faults_footprint_LDADD = tests/faults/libtarget.a

tests_faults_fork_storm_SOURCES = tests/faults/fork_storm.c
tests_faults_fork_storm_CPPFLAGS = $(fault_cppflags)
tests_faults_fork_storm_CFLAGS = $(fault_cflags)
tests_faults_fork_storm_LDADD = tests/faults/libtarget.a

tests_faults_leak_SOURCES = tests/faults/leak.c
tests_faults_leak_CPPFLAGS = $(fault_cppflags)
tests_faults_leak_CFLAGS = $(fault_cflags)
tests_faults_leak_LDADD = tests/faults/libtarget.a

tests_faults_moved_root_SOURCES = tests/faults/moved_root.c
tests_faults_moved_root_CPPFLAGS = $(fault_cppflags)
tests_faults_moved_root_CFLAGS = $(fault_cflags)
tests_faults_moved_root_LDADD = tests/faults/libtarget.a

tests_faults_own_malloc_exported_SOURCES = tests/faults/own_malloc.c tests/faults/reentrant_malloc.c
tests_faults_own_malloc_exported_CPPFLAGS = $(fault_cppflags)
tests_faults_own_malloc_exported_CFLAGS = $(fault_cflags)
tests_faults_own_malloc_exported_LDFLAGS = -rdynamic
tests_faults_own_malloc_exported_LDADD = tests/faults/libtarget.a

tests_faults_own_malloc_hidden_SOURCES = tests/faults/own_malloc.c tests/faults/reentrant_malloc.c
tests_faults_own_malloc_hidden_CPPFLAGS = $(fault_cppflags)
tests_faults_own_malloc_hidden_CFLAGS = $(fault_cflags) -fvisibility=hidden
tests_faults_own_malloc_hidden_LDADD = tests/faults/libtarget.a

tests_faults_plain_SOURCES = tests/faults/own_malloc.c
tests_faults_plain_CPPFLAGS = $(fault_cppflags)
tests_faults_plain_CFLAGS = $(fault_cflags)
tests_faults_plain_LDADD = tests/faults/libtarget.a

tests_faults_registers_SOURCES = tests/faults/registers.c
tests_faults_registers_CPPFLAGS = $(fault_cppflags)
tests_faults_registers_CFLAGS = $(fault_cflags)
tests_faults_registers_LDADD = tests/faults/libtarget.a

tests_faults_signals_SOURCES = tests/faults/signals.c
tests_faults_signals_CPPFLAGS = $(fault_cppflags)
tests_faults_signals_CFLAGS = $(fault_cflags)
tests_faults_signals_LDADD = tests/faults/libtarget.a

tests_faults_single_thread_SOURCES = tests/faults/single_thread.c
tests_faults_single_thread_CPPFLAGS = $(fault_cppflags)
tests_faults_single_thread_CFLAGS = $(fault_cflags)
tests_faults_single_thread_LDADD = tests/faults/libtarget.a

tests_faults_small_stacks_SOURCES = tests/faults/small_stacks.c
tests_faults_small_stacks_CPPFLAGS = $(fault_cppflags)
tests_faults_small_stacks_CFLAGS = $(fault_cflags)
tests_faults_small_stacks_LDFLAGS = -Wl,-z,now
tests_faults_small_stacks_LDADD = tests/faults/libtarget.a

tests_faults_static_program_SOURCES = tests/faults/own_malloc.c
tests_faults_static_program_CPPFLAGS = $(fault_cppflags)
tests_faults_static_program_CFLAGS = $(fault_cflags)
tests_faults_static_program_LDFLAGS = -all-static
tests_faults_static_program_LDADD = tests/faults/libtarget.a

tests_faults_threads_SOURCES = tests/faults/threads.c
tests_faults_threads_CPPFLAGS = $(fault_cppflags)
tests_faults_threads_CFLAGS = $(fault_cflags)
tests_faults_threads_LDADD = tests/faults/libtarget.a

tests/faults/boot_plugin.so: tests/faults/boot_plugin.c
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(CC) $(CFLAGS) -std=gnu11 $(fault_shared) -o $@ $(srcdir)/tests/faults/boot_plugin.c

tests/faults/hostile_shim.so: tests/faults/hostile_shim.c
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(CC) $(CFLAGS) -std=gnu11 $(fault_shared) -o $@ $(srcdir)/tests/faults/hostile_shim.c

tests/faults/reentrant_malloc.so: tests/faults/reentrant_malloc.c
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(CC) $(CFLAGS) -std=gnu11 $(fault_shared) -o $@ $(srcdir)/tests/faults/reentrant_malloc.c

tests/faults/storm_plugin.so: tests/faults/storm_plugin.cpp
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(CXX) $(CXXFLAGS) $(fault_shared) -o $@ $(srcdir)/tests/faults/storm_plugin.cpp

tests/faults/throw_plugin.so: tests/faults/throw_plugin.cpp
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(CXX) $(CXXFLAGS) $(fault_shared) -o $@ $(srcdir)/tests/faults/throw_plugin.cpp

tests/faults/origin/lib/ours.so: tests/faults/runpath_plugin.c
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(CC) $(CFLAGS) -std=gnu11 $(fault_shared) -DWHOAMI='"of the library"' -o $@ $(srcdir)/tests/faults/runpath_plugin.c

tests/faults/origin/own/theirs.so: tests/faults/runpath_plugin.c
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(CC) $(CFLAGS) -std=gnu11 $(fault_shared) -DWHOAMI='"of the program"' -o $@ $(srcdir)/tests/faults/runpath_plugin.c

tests/faults/origin/libcaller.so: tests/faults/runpath_library.c
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(CC) $(CFLAGS) -std=gnu11 $(fault_shared) -Wl,-rpath,'$$ORIGIN/lib',--enable-new-dtags -o $@ $(srcdir)/tests/faults/runpath_library.c

tests/faults/origin/program: tests/faults/runpath.c tests/faults/libtarget.a tests/faults/origin/libcaller.so
	$(AM_V_GEN)$(CC) $(CFLAGS) -std=gnu11 -rdynamic -D_GNU_SOURCE -I$(builddir) -I$(srcdir)/tests/faults \
		-Wl,-rpath,'$$ORIGIN:$$ORIGIN/own',--enable-new-dtags \
		-o $@ $(srcdir)/tests/faults/runpath.c tests/faults/libtarget.a \
		-Ltests/faults/origin -lcaller

scorecard_run = srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' \
	HEAPTALLY_COMMAND='$(abs_top_builddir)/tools/heaptally' \
	HEAPTALLY_LIBRARY='$(abs_top_builddir)/lib/.libs/libheaptally.so' \
	$(PYTHON3) -B $(srcdir)/tests/faults/scorecard

.PHONY: scorecard suites

suites_run = builddir='$(abs_top_builddir)' \
	HEAPTALLY_LIBRARY='$(abs_top_builddir)/lib/.libs/libheaptally.so' \
	$(PYTHON3) -B $(srcdir)/tests/faults/suites

# make scorecard SCORECARD_FLAGS='--only 7,8 --tracer heaptally': with flags the suites are left out.
scorecard: all $(fault_programs) $(fault_plugins)
	@bad=0; \
	$(scorecard_run) $(SCORECARD_FLAGS) || bad=1; \
	test -n "$(SCORECARD_FLAGS)" || $(suites_run) $(SUITES_FLAGS) || bad=1; \
	exit $$bad

suites: all
	@$(suites_run) $(SUITES_FLAGS)

if HAVE_PYTHON3
TESTS += tests/faults/quick.sh
endif
EXTRA_DIST += tests/faults/quick.sh
