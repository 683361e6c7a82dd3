# SPDX-License-Identifier: LGPL-2.1-or-later
# The promises of the runtime: a test for each, named after it. Most use the fault targets.

promise_programs = \
	tests/promises/address_space \
	tests/promises/churn \
	tests/promises/crowd \
	tests/promises/fork_in_handler \
	tests/promises/generations \
	tests/promises/inject \
	tests/promises/locked \
	tests/promises/odd_stacks \
	tests/promises/other_groups \
	tests/promises/raw_clone \
	tests/promises/seccomp \
	tests/promises/stack_goes_away \
	tests/promises/stack_paint \
	tests/promises/steady \
	tests/promises/stepped \
	tests/promises/stopped_table \
	tests/promises/vfork \
	tests/promises/wander

promise_tests = \
	tests/promises/address_space.py \
	tests/promises/api_surface.py \
	tests/promises/between_fork_and_exec.py \
	tests/promises/bootstrap.py \
	tests/promises/chroot.py \
	tests/promises/closefrom.py \
	tests/promises/crowd.py \
	tests/promises/errno_kept.py \
	tests/promises/exports_only.py \
	tests/promises/foreign_dlclose.py \
	tests/promises/fork_in_handler.py \
	tests/promises/hostile_places.py \
	tests/promises/keeps_no_descriptor_no_thread.py \
	tests/promises/locked.py \
	tests/promises/malloc_debug.py \
	tests/promises/memory_bounded.py \
	tests/promises/needed_only.py \
	tests/promises/never_allocates.py \
	tests/promises/no_exception_hijack.py \
	tests/promises/no_syscall_in_steady_state.py \
	tests/promises/odd_stacks.py \
	tests/promises/old_libc.py \
	tests/promises/other_groups.py \
	tests/promises/own_new.py \
	tests/promises/own_unwinder.py \
	tests/promises/raw_clone.py \
	tests/promises/seccomp_filter.py \
	tests/promises/setuid.py \
	tests/promises/signal_handlers.py \
	tests/promises/stack_bounded.py \
	tests/promises/stack_goes_away.py \
	tests/promises/stepped.py \
	tests/promises/stopped_table.py \
	tests/promises/survives_failing_syscalls.py \
	tests/promises/tls_at_most_64.py \
	tests/promises/tls_destructors.py \
	tests/promises/vfork_children.py \
	tests/promises/watched_under_load.py

if HAVE_PYTHON3
TESTS += $(promise_tests)
endif
check_PROGRAMS += $(promise_programs)
promise_plugins = \
	tests/promises/churn_one.so \
	tests/promises/churn_two.so \
	tests/promises/counting_malloc.so

check_DATA += $(promise_plugins)
CLEANFILES += $(promise_plugins)
EXTRA_DIST += \
	$(promise_tests) \
	tests/promises/traced.py \
	tests/promises/churn_plugin.c \
	tests/promises/counting_malloc.c

tests_promises_address_space_SOURCES = tests/promises/address_space.c
tests_promises_address_space_CPPFLAGS = $(fault_cppflags)
tests_promises_address_space_CFLAGS = $(fault_cflags)
tests_promises_address_space_LDADD = tests/faults/libtarget.a

tests_promises_churn_SOURCES = tests/promises/churn.c
tests_promises_churn_CPPFLAGS = $(fault_cppflags)
tests_promises_churn_CFLAGS = $(fault_cflags)
tests_promises_churn_LDADD = tests/faults/libtarget.a

tests_promises_fork_in_handler_SOURCES = tests/promises/fork_in_handler.c
tests_promises_fork_in_handler_CPPFLAGS = $(fault_cppflags)
tests_promises_fork_in_handler_CFLAGS = $(fault_cflags)
tests_promises_fork_in_handler_LDADD = tests/faults/libtarget.a

tests_promises_generations_SOURCES = tests/promises/generations.c
tests_promises_generations_CPPFLAGS = $(fault_cppflags)
tests_promises_generations_CFLAGS = $(fault_cflags)
tests_promises_generations_LDADD = tests/faults/libtarget.a

tests_promises_inject_SOURCES = tests/promises/inject.c
tests_promises_inject_CFLAGS = $(AM_CFLAGS)

tests_promises_locked_SOURCES = tests/promises/locked.c
tests_promises_locked_CFLAGS = $(fault_cflags) -fno-builtin

# Its functions stand next to each other, in the order of the text.
tests_promises_odd_stacks_CFLAGS = $(fault_cflags) -fno-toplevel-reorder -falign-functions=1
tests_promises_odd_stacks_SOURCES = tests/promises/odd_stacks.c

tests_promises_other_groups_SOURCES = tests/promises/other_groups.c
tests_promises_other_groups_CPPFLAGS = $(fault_cppflags)
tests_promises_other_groups_CFLAGS = $(fault_cflags)
tests_promises_other_groups_LDADD = tests/faults/libtarget.a

tests_promises_raw_clone_SOURCES = tests/promises/raw_clone.c
tests_promises_raw_clone_CPPFLAGS = $(fault_cppflags)
tests_promises_raw_clone_CFLAGS = $(fault_cflags)
tests_promises_raw_clone_LDADD = tests/faults/libtarget.a

tests_promises_seccomp_SOURCES = tests/promises/seccomp.c
tests_promises_seccomp_CPPFLAGS = $(fault_cppflags)
tests_promises_seccomp_CFLAGS = $(fault_cflags)
tests_promises_seccomp_LDADD = tests/faults/libtarget.a

tests_promises_stack_paint_SOURCES = tests/promises/stack_paint.c
tests_promises_stack_paint_CPPFLAGS = $(fault_cppflags)
tests_promises_stack_paint_CFLAGS = $(fault_cflags)
tests_promises_stack_paint_LDFLAGS = -Wl,-z,now
tests_promises_stack_paint_LDADD = tests/faults/libtarget.a

tests_promises_steady_SOURCES = tests/promises/steady.c
tests_promises_steady_CPPFLAGS = $(fault_cppflags)
tests_promises_steady_CFLAGS = $(fault_cflags)
tests_promises_steady_LDADD = tests/faults/libtarget.a

tests_promises_stepped_SOURCES = tests/promises/stepped.c
tests_promises_stepped_CPPFLAGS = $(fault_cppflags) -I$(srcdir)/lib/include
tests_promises_stepped_CFLAGS = $(fault_cflags)
tests_promises_stepped_LDADD = tests/faults/libtarget.a

tests_promises_crowd_SOURCES = tests/promises/crowd.c
tests_promises_crowd_CFLAGS = $(fault_cflags) -fno-builtin

tests_promises_stopped_table_SOURCES = tests/promises/stopped_table.c
tests_promises_stopped_table_CFLAGS = $(fault_cflags) -fno-builtin

# Its frames are chained by rbp.
tests_promises_stack_goes_away_CFLAGS = $(fault_cflags) -fno-omit-frame-pointer
tests_promises_stack_goes_away_SOURCES = tests/promises/stack_goes_away.c
tests_promises_vfork_SOURCES = tests/promises/vfork.c
tests_promises_vfork_CPPFLAGS = $(fault_cppflags)
tests_promises_vfork_CFLAGS = $(fault_cflags)
tests_promises_vfork_LDADD = tests/faults/libtarget.a

tests_promises_wander_SOURCES = tests/promises/wander.c

tests/promises/churn_one.so tests/promises/churn_two.so: tests/promises/churn_plugin.c
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(CC) $(CFLAGS) -std=gnu11 $(fault_shared) -o $@ $(srcdir)/tests/promises/churn_plugin.c

tests/promises/counting_malloc.so: tests/promises/counting_malloc.c
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(CC) $(CFLAGS) -std=gnu11 $(fault_shared) -o $@ $(srcdir)/tests/promises/counting_malloc.c
